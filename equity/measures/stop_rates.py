"""How often is each group stopped for its number of residents: the benchmark test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from equity import proportions
from equity.measures._benchmark import Benchmark, benchmarks
from equity.measures._cells import Cells, Reasons, cells, frame_of, need, tidy, whole

__all__ = ["stop_rates"]


def stop_rates(
    counts: Any,
    residents: pd.DataFrame | dict[str, pd.DataFrame],
    *,
    group: str,
    reference: str,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Count the stops of each group for each resident of it, against a reference group.

    How many times as often are people of each group stopped as the reference group, counted
    against the people who live there?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of stops by `group` (and `within`).
    residents : DataFrame, or dict of benchmark name to DataFrame
        One row for each group: `n` people, `moe` their margin of error at 90 % (0 if controlled,
        missing if not known; no column `moe`: a full count). The groups are in a column named as
        `group`, or without "subject_", or "race". Several benchmarks stand side by side, since
        the choice drives the answer.
    group : column of the counts that holds the groups.
    reference : the group to compare with.
    within : column of strata. If residents have it too (districts), each stratum has its own
        residents; else all strata are held against the same ones, and `method` says so.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, benchmark and group: `n` stops and their `share`; `population`
        with `population_moe` and `population_share`; stops `expected` if they fell as residents
        do; `rate` in stops per resident; `ratio` to the reference with its interval, in which the
        margin of error of the residents is included; `p_value`, and `p_adjusted` for all
        comparisons with one benchmark (Holm). Where the reference has no stop there is no ratio,
        and `ratio_low` says how many times as often at least; `unknown` stops without a known
        group; `method`; `reason` why a figure is missing, or what to keep in mind (different
        periods, no margin).

    Raises
    ------
    ValueError
        Where counts have a group that the residents have not (the two must use one scheme), where
        residents of several places or years are mixed, or a column or the reference is not there.

    Notes
    -----
    Residents are not the people on the road: commuters, visitors, hours of driving and where
    police are sent all differ, so a ratio cannot show why stops differ. Stops can exceed
    residents; they are counts, not people. Source: Rothman, Greenland and Lash, Modern
    Epidemiology (2008), ch. 14; Pierson and others, Nature Human Behaviour 4 (2020), 736-745;
    US Census Bureau, Understanding and Using ACS Data (2018), ch. 7 and 8.

    Examples
    --------
    Philadelphia, 2017:

    >>> import pandas as pd
    >>> stops = pd.DataFrame({"race": ["black", "white"], "n": [204_420, 50_698]})
    >>> people = pd.DataFrame({"race": ["black", "white"], "n": [648_846, 548_312]})
    >>> table = stop_rates(stops, people, group="race", reference="white")
    >>> table[["group", "ratio", "ratio_low", "ratio_high"]].round(3).values.tolist()[0]
    ['black', 3.407, 3.374, 3.441]
    """
    frame = frame_of(counts)
    need(frame, [("group", group), *([("within", within)] if within else []), ("n", "n")])
    folded = cells(frame, group=group, within=within, columns=["n"])
    folded.column_of(reference)
    tables = [
        _against(b, folded, reference, confidence_level)
        for b in benchmarks(counts, frame, residents, folded, group, within)
    ]
    if len(tables) == 1:
        return tables[0]
    order = {s: i for i, s in enumerate(folded.strata)}
    side_by_side = pd.concat(tables, ignore_index=True)
    return side_by_side.sort_values(
        "stratum", key=lambda s: s.map(order), kind="stable", ignore_index=True
    )


def _against(
    mark: Benchmark, folded: Cells, reference: str, confidence_level: float
) -> pd.DataFrame:
    stops = mark.widen(folded["n"], folded)
    people, se = mark.population, mark.se
    at = mark.groups.index(reference)
    own = np.arange(len(mark.groups)) == at
    everyone = stops.sum(axis=1, keepdims=True)
    here = np.broadcast_to(mark.counted, stops.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(everyone > 0, stops / everyone, np.nan)
        rate = np.where((people > 0) & here, stops / people, np.nan)
        compared = np.where(here & ~own, stops, np.nan)
        found = proportions.rate_ratio(
            compared,
            people,
            stops[:, [at]],
            people[:, [at]],
            se1=se,
            se2=se[:, [at]],
            confidence_level=confidence_level,
        )
    # no stop of the reference: the ratio has no upper end, but a lower one, and can be tested
    ratio, high = (np.where(np.isfinite(v), v, np.nan) for v in (found.ratio, found.high))
    low, p = found.low, found.p_value
    ratio = np.where(own & ~np.isnan(rate) & (rate > 0), 1.0, ratio)

    reasons = Reasons(stops.shape)
    reasons.add(np.isnan(people), f"no number of people of this group in {mark.name}")
    reasons.add(people == 0, f"{mark.name}: 0 people of this group, so no rate")
    reasons.add(
        ~here & (people > 0),
        "no stop of this group anywhere in the counts: it may be recorded under another group",
    )
    other = people[:, [at]]
    reasons.add(~own & here & (people > 0) & ~(other > 0), f"no ratio: no number of {reference}")
    zero = here & (people > 0) & (other > 0) & (stops[:, [at]] == 0)
    reasons.add(zero, f"no ratio: no stop of {reference}")
    least = np.array([f"{v:.2g}" if v == v else "" for v in low.flat], dtype=object)
    at_least = "a ratio of " + least.reshape(low.shape) + " or more fits the counts"
    reasons.add(zero & ~np.isnan(low), at_least)
    reasons.add(mark.no_margin, "margin of error of the residents not known, left out")
    reasons.add(np.full(stops.shape, bool(mark.remark)), mark.remark)

    names = np.where(found.method == "exact", "ratio: exact binomial, benchmark error added",
                     "ratio: log, benchmark error included")  # fmt: skip
    names = np.where(found.method == "none", "", names).astype(object)
    also = f"; {mark.method}" if mark.method else ""
    method = np.where(names == "", mark.method, names + also)
    strata = np.repeat(np.array(folded.strata), len(mark.groups))
    return tidy(
        {
            "stratum": strata,
            "benchmark": np.full(stops.size, mark.name, dtype=object),
            "group": np.tile(np.array(mark.groups), len(folded.strata)),
            "reference": np.full(stops.size, reference, dtype=object),
            "n": whole(stops),
            "share": share,
            "population": people,
            "population_moe": mark.moe,
            "population_share": mark.share,
            "expected": everyone * mark.share,
            "rate": rate,
            "ratio": ratio,
            "ratio_low": low,
            "ratio_high": high,
            "p_value": p,
            "p_adjusted": proportions.holm(p),
            "unknown": np.repeat(whole(folded.unknown["n"]), len(mark.groups)),
            "method": method,
            "reason": reasons.column(),
        }
    )
