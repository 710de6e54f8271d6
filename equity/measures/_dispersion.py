"""How much more stops vary over areas than chance makes them: the factor of overdispersion."""

from __future__ import annotations

import numpy as np
import pandas as pd

from equity.measures._benchmark import Benchmark
from equity.measures._cells import NOT_KNOWN, Cells, cells, key

FEW_AREAS = 5
"""Below this number of areas their variation says too little."""


def factor(
    stops: np.ndarray, people: np.ndarray, others: np.ndarray, other_people: np.ndarray
) -> tuple[float, int]:
    """Return sqrt(max(1, Pearson chi-square / df)), and over how many areas.

    The model is Poisson with a rate for each area and one ratio of the group to the reference.
    Given the stops of an area, those of the group are then binomial, which leaves one unknown.
    """
    both = stops + others
    with np.errstate(invalid="ignore"):
        use = (people > 0) & (other_people > 0) & (both > 0)
    number = int(use.sum())
    x, n = stops[use], both[use]
    if number < FEW_AREAS or x.sum() == 0 or x.sum() == n.sum():
        return np.nan, number
    odds = people[use] / other_people[use]
    low, high = -40.0, 40.0
    for _ in range(100):  # the expected number grows with the ratio: halve until it fits
        middle = (low + high) / 2
        expected = n / (1 + np.exp(-middle) / odds)
        low, high = (middle, high) if expected.sum() < x.sum() else (low, middle)
    share = 1 / (1 + np.exp(-(low + high) / 2) / odds)
    chi2 = ((x - n * share) ** 2 / (n * share * (1 - share))).sum()
    return float(np.sqrt(max(1.0, chi2 / (number - 1)))), number


def factors(
    mark: Benchmark, frame: pd.DataFrame, folded: Cells, group: str, within: str | None, at: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return factor and number of areas for each stratum and group, against the reference `at`."""
    shape = (len(folded.strata), len(mark.groups))
    out, areas = np.full(shape, np.nan), np.zeros(shape, dtype=int)
    if mark.areas is None or mark.areas not in frame.columns:
        return out, areas
    same = within == mark.areas
    names = None if within is None else frame[within].map(key, na_action="ignore")
    for i, stratum in enumerate(folded.strata):
        if same and i:  # one factor for all areas
            out[i], areas[i] = out[0], areas[0]
            continue
        part = frame
        if not same and names is not None:
            part = frame[names.isna() if stratum == NOT_KNOWN else names == stratum]
        if not part[group].notna().any():
            continue
        by_area = cells(part, group=group, within=mark.areas, columns=["n"])
        stops = mark.widen(by_area["n"], by_area)
        people = mark.people[stratum].unstack("group").reindex(by_area.strata)
        people = people.reindex(columns=list(mark.groups)).to_numpy(dtype=float)
        for j in range(len(mark.groups)):
            if j != at:
                found = factor(stops[:, j], people[:, j], stops[:, at], people[:, at])
                out[i, j], areas[i, j] = found
    return out, areas
