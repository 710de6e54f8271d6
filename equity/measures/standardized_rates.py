"""A yes/no rate of each group as it would be if all groups had one mix of age and sex."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import (
    NOT_KNOWN,
    Reasons,
    cells,
    frame_of,
    key,
    keys,
    need,
    need_flag,
    tidy,
    whole,
)
from equity.proportions import holm
from equity.proportions._arrays import two_sided_normal

__all__ = ["standardized_rates"]

THIN = 10
"""A cell counts only where a group has at least this many records with a known outcome."""

ENOUGH = 0.8
"""Below this share of known outcomes in cells that both groups have, there is no figure."""

FEW = 10
"""With fewer outcomes of yes (or of no) in either group the normal interval does not hold.
They are also counted as what they are worth with the weights of the standard: where a cell of few
records stands for many, its 0 of 12 has no variance, and the interval would be far too narrow."""


def standardized_rates(
    counts: Any,
    *,
    of: str,
    group: str,
    reference: str,
    by: Sequence[str] = ("subject_sex", "age_band"),
    within: str | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Rates of a yes/no column, and their ratio, as if every group had the same mix of `by`.

    How many times as often would people of each group be searched (arrested, ...) as the
    reference group, if as many of both were young, old, men and women?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts by `group` and `by` (and `within`), with the flag `of` counted.
    of : name of a counted flag, such as "search_conducted".
    group : column that holds the groups.
    reference : the group to compare with.
    by : columns whose combinations are the cells, such as sex and age.
    within : column of strata; each has its own mix.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum and group: `n` records, of whom `x_known` have a known outcome
        and `x` a yes; `rate`, the crude one; `standardized_rate` with `low` and `high`; `ratio` of
        the standardised rates with `ratio_low` and `ratio_high`; `crude_ratio` beside it;
        `covered`, the share of known outcomes in cells that count (of the group or of the
        reference, whichever is smaller); `p_value`, and `p_adjusted` for all comparisons of the
        table (Holm); `unknown` records without a known group; `method`; `reason` why a figure is
        missing.

    Raises
    ------
    ValueError
        For a column that is not there or given twice, a reference that is not a group, or counts
        that cannot be.

    Notes
    -----
    The standard is the mix of everyone in the stratum whose group is known. A cell counts where
    group and reference both have at least 10 known outcomes in it; records whose cell is not
    known are in none. Below 80 % covered there is no figure, since it would describe too few.
    It cannot show why rates differ: only the columns in `by` are held equal, and within a cell
    groups can differ in all else. A standardised rate is nobody's rate; it serves to compare.
    Source: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003), ch. 19;
    interval of the ratio: Rothman, Greenland and Lash, Modern Epidemiology (2008), ch. 15 (log,
    delta method).

    Examples
    --------
    Black people stopped are more often young, and the young are searched more often; within each
    age there is no difference:

    >>> stops = pd.DataFrame({
    ...     "race": ["black", "black", "white", "white"], "age": ["young", "old"] * 2,
    ...     "n": [800, 200, 200, 800],
    ...     "searched": [160, 10, 40, 40], "searched_known": [800, 200, 200, 800],
    ... })
    >>> table = standardized_rates(
    ...     stops, of="searched", group="race", reference="white", by=["age"])
    >>> table[["group", "crude_ratio", "ratio"]].round(3).values.tolist()[0]
    ['black', 2.125, 1.0]
    """
    frame = frame_of(counts)
    by = [by] if isinstance(by, str) else list(by)
    named = [group, *([within] if within else [])]
    if not by or len({*by, *named}) < len(by) + len(named):
        raise ValueError(
            f"by={by!r} must name at least one column, none twice and none of {', '.join(named)}."
        )
    columns = [("group", group), *([("within", within)] if within else [])]
    need(frame, [*columns, *(("by", b) for b in by), ("n", "n")])
    need_flag(frame, "of", of)
    folded = cells(frame, group=group, within=within, columns=["n", of, f"{of}_known"])
    at = folded.column_of(reference)
    n, x, known = folded["n"], folded[of], folded[f"{of}_known"]
    yes, size = _by_cell(frame, folded.strata, folded.groups, group, within, by, of)
    found = _standardize(yes, size, known, at, confidence_level)

    own = np.arange(len(folded.groups))[None, :] == at
    has = np.broadcast_to(known[:, [at]] > 0, n.shape)
    reasons = Reasons(folded.shape)
    reasons.add(n == 0, "nobody of this group")
    reasons.add((n > 0) & (known == 0), f"{of} is not known for anyone of this group")
    reasons.add((known > 0) & ~has, f"no comparison: no known outcome for {reference}")
    least = np.array([f"{100 * v:.0f} %" if v == v else "" for v in found["covered"].flat])
    least = least.astype(object).reshape(n.shape)
    words = f"too few outcomes in combinations of {' and '.join(by)} that "
    words = np.where(own, words + "count: ", words + f"this group and {reference} both have: ")
    reasons.add((known > 0) & has & ~found["enough"], words + least)
    seen = found["enough"] & ~own
    zero = seen & (found["other"] == 0)
    reasons.add(zero, f"no ratio: the standardised rate of {reference} is 0")
    few = found["enough"] & found["few"] & ~zero
    thin = few & ~found["fewer"]
    reasons.add(few & ~thin, f"no interval: fewer than {FEW} with a yes or with a no")
    reasons.add(thin, "no interval: cells with few records stand for many")
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(known > 0, x / known, np.nan)
        crude = np.where(has & (known > 0) & (x[:, [at]] > 0), rate / rate[:, [at]], np.nan)
    strata, groups = folded.rows()
    return tidy(
        {
            "stratum": strata,
            "group": groups,
            "reference": np.full(n.size, reference, dtype=object),
            "n": whole(n),
            "x": whole(x),
            "x_known": whole(known),
            "rate": rate,
            **{
                c: found[c]
                for c in ("standardized_rate", "low", "high", "ratio", "ratio_low", "ratio_high")
            },
            "crude_ratio": crude,
            "covered": found["covered"],
            "p_value": found["p_value"],
            "p_adjusted": holm(found["p_value"]),
            "unknown": np.repeat(whole(folded.unknown["n"]), len(folded.groups)),
            "method": np.full(
                n.size,
                f"standardised to the {' and '.join(by)} of all; rate: logit, delta method; "
                "ratio: log, delta method; test: z of the log ratio",
                dtype=object,
            ),
            "reason": reasons.column(),
        }
    )


def _by_cell(
    frame: pd.DataFrame,
    strata: tuple[str, ...],
    groups: tuple[str, ...],
    group: str,
    within: str | None,
    by: list[str],
    of: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Return yes and known of shape (strata, groups, cells); rows of an unknown cell are out."""
    here = frame[frame[[group, *by]].notna().all(axis=1)]
    number, names = np.zeros(len(here), dtype=np.int64), 1
    for column in by:
        code, found = keys(here[column])
        number, names = number * len(found) + code, names * max(len(found), 1)
    if within is None:
        row = np.zeros(len(here), dtype=np.int64)
    else:
        words = here[within].map(key, na_action="ignore").astype(object)
        words = words.where(words.notna(), NOT_KNOWN)
        row = words.map({s: i for i, s in enumerate(strata)}).to_numpy(dtype=np.int64)
    code, found = keys(here[group])
    column = np.array([groups.index(g) for g in found], dtype=np.int64)[code]
    shape = (len(strata), len(groups), names)
    slot = np.ravel_multi_index((row, column, number), shape) if len(here) else number
    yes, known = (
        np.bincount(slot, weights=here[c].to_numpy(dtype=float), minlength=int(np.prod(shape)))
        for c in (of, f"{of}_known")
    )
    return yes.reshape(shape), known.reshape(shape)


def _standardize(
    yes: np.ndarray, size: np.ndarray, known: np.ndarray, at: int, confidence_level: float
) -> dict[str, np.ndarray]:
    """Return the figures of every group against the reference, shape (strata, groups)."""
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level must lie between 0 and 1, but is {confidence_level!r}. "
            "For 95 % write 0.95."
        )
    z = NormalDist().inv_cdf(0.5 + confidence_level / 2)
    other = size[:, [at], :]
    count = (size >= THIN) & (other >= THIN)
    standard = size.sum(axis=1, keepdims=True) * count
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = standard / standard.sum(axis=2, keepdims=True)
        inside = (size * count).sum(axis=2) / known
        other_inside = (other * count).sum(axis=2) / known[:, [at]]
        covered = np.minimum(inside, other_inside)
        covered = np.where((known > 0) & (known[:, [at]] > 0), covered, np.nan)
        enough = covered >= ENOUGH
        rate, variance = _weighted(yes, size, weight, count)
        base, base_variance = _weighted(
            np.broadcast_to(yes[:, [at], :], yes.shape), np.broadcast_to(other, size.shape),
            weight, count,
        )  # fmt: skip
        own = np.arange(size.shape[1])[None, :] == at
        fewest = [
            np.minimum((a * count).sum(axis=2), ((b - a) * count).sum(axis=2))
            for a, b in ((yes, size), (yes[:, [at], :], other))
        ]
        alike = np.where(count, (yes + yes[:, [at], :]) / (size + other), 0.0)
        fewer = np.where(own, fewest[0], np.minimum(*fewest)) < FEW
        fewest = [
            np.fmin(least, _worth(alike, of, weight, count))
            for least, of in zip(fewest, (size, other), strict=True)
        ]
        few = np.where(own, fewest[0], np.minimum(*fewest)) < FEW
        rate, base = np.where(enough, rate, np.nan), np.where(enough, base, np.nan)
        se = np.sqrt(variance) / (rate * (1 - rate))
        logit = np.log(rate) - np.log1p(-rate)
        low, high = (np.where(fewest[0] >= FEW, 1 / (1 + np.exp(-(logit + s * z * se))), np.nan)
                     for s in (-1, 1))  # fmt: skip
        ratio = np.where(base > 0, rate / base, np.nan)
        error = np.sqrt(variance / rate**2 + base_variance / base**2)
        log = np.where(few | own, np.nan, np.log(ratio))
        p, _ = two_sided_normal(log / error)
    return {
        "standardized_rate": rate,
        "low": low,
        "high": high,
        "ratio": np.where(own & ~np.isnan(ratio), 1.0, ratio),
        "ratio_low": np.exp(log - z * error),
        "ratio_high": np.exp(log + z * error),
        "p_value": p,
        "covered": covered,
        "enough": enough,
        "few": few,
        "fewer": fewer,
        "other": base,
    }


def _worth(
    rate: np.ndarray, size: np.ndarray, weight: np.ndarray, count: np.ndarray
) -> np.ndarray:
    """Return how many outcomes of yes (or of no, if fewer) the weighted records are worth.

    As many as would give a plain share the variance that the weighted one has, with the `rate`
    that group and reference have in a cell together: in a thin cell a group's own may be 0.
    """
    share = (weight * rate).sum(axis=2)
    variance = (weight**2 * np.where(count, rate * (1 - rate) / size, 0.0)).sum(axis=2)
    return share * (1 - share) / variance * np.minimum(share, 1 - share)


def _weighted(
    yes: np.ndarray, size: np.ndarray, weight: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean of the rates of cells, and its variance."""
    p = np.where(count, yes / size, 0.0)
    spread = np.where(count, p * (1 - p) / (size - 1), 0.0)  # without bias, also of few
    return (weight * p).sum(axis=2), (weight**2 * spread).sum(axis=2)
