"""Does the workforce look like the community: each group's share of both, and how many short."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from equity import proportions
from equity.measures._benchmark import Benchmark, benchmarks
from equity.measures._cells import Cells, Reasons, cells, frame_of, need, rounded_up, tidy, whole
from equity.measures._workforce import as_benchmarks, screens
from equity.proportions import holm

__all__ = ["representation"]

FEW = 30
"""Below this many expected, in the group or outside it, the test is exact; so is the interval, and
also below this many counted."""
INCLUDED = " with benchmark error"
NOBODY = "nobody of this group in the counts"
"""How the reason begins where a group of the benchmark may not be kept apart in the counts."""


def representation(
    workforce: Any,
    residents: Any,
    *,
    group: str,
    within: str | None = None,
    growth: int = 0,
    include_unknown: bool = False,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Share of each group among employees beside its share of the community.

    Is each group among the employees as often as among the people who live here, and how many
    people would it take?

    Parameters
    ----------
    workforce : CountTable or DataFrame
        Counts of employees by `group` (and `within`), of one date: do not add up snapshots.
    residents : DataFrame or CountTable, or dict of benchmark name to either
        One row for each group: `n` people, `moe` their margin of error at 90 % (0 if controlled,
        missing if not known; no column `moe`: a full count). `place_n` and `place_moe`, if given,
        are the published total of the place and its margin, on which the error of a share rests;
        without them the groups' errors are taken as independent. Several benchmarks (residents,
        adults, labour force, applicants) stand side by side. A CountTable, such as that of the
        applicants, is added up by group; its people without a known group are left out.
        Residents by race and sex serve `race`, `sex` and `race_sex`.
    group : column of the counts that holds the groups: race, sex, or both crossed.
    within : column of strata (year, rank, job category, sworn, hire cohort, sex). If residents
        have it too, each stratum has its own; else all are held against the same ones, and
        `method` says so.
    growth : posts to be added to the workforce (to each stratum), 0 or more.
    include_unknown : whether employees without a known group count in the total `n`, as many
        published figures have it. It takes them for people of none of the groups, so every share
        comes out a little low; `method` then says so. By default they are left out.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, benchmark and group: `x` of `n` employees with a known group,
        their `share` with `low` and `high`; `population` of `population_total`,
        `population_share` with its standard error; `ratio` of the shares with its interval;
        `difference` of the shares; `expected` employees at the share of the community;
        `shortfall` in whole persons, rounded up (negative: more than expected), and
        `shortfall_exact`: so many would have to be of this group instead of another, at constant
        size; `hires_needed`: so many of this group hired in addition, with nobody leaving;
        `growth` and `hires_needed_growth`: so many of this group, at least 0, among so many new
        posts, with nobody leaving (more than `growth`: those posts alone are not enough);
        `z` with the error of the benchmark, and two-sided `p_value`: that of `z`, or, where fewer
        than 30 are expected in the group or outside it, the exact binomial one, averaged over the
        error of the benchmark; `p_exact` (binomial) without that error; `p_adjusted`: `p_value`
        for all comparisons with one benchmark (Holm); four screens of utilisation analysis, yes
        or no: `screen_any_difference` (share below that of the community), `screen_whole_person`
        (at least one whole person short), `screen_80` (ratio below 0.8), `screen_two_sd` (`z` of
        -2 or less); `unknown` employees without a known group;
        `method`; `reason` why a figure is missing, or what to keep in mind. A group of the
        benchmark that is nowhere in the counts has a share of 0 and no ratio, shortfall, test or
        screen: it may not be kept apart there. If it is, add a row for it with `n` 0.

    Raises
    ------
    ValueError
        Where counts have a group that the residents have not (the two must use one scheme), where
        residents of several places or years are mixed or have no group, a column is not there, or
        `growth` is not a whole number of 0 or more.

    Notes
    -----
    Shares, ratio and shortfall describe the employees as they are (a census). Intervals and tests
    read them as the outcome of a process that could have come out otherwise. They cannot show why
    shares differ: who applied, who was qualified, who left. The screens are rules of thumb that
    ask for a closer look; they answer differently (the first is met by one person too few among
    thousands, the last hardly ever by a small unit), and none is a finding. Personnel systems
    with one code count Hispanic as a race: compare with a census table that counts Hispanic
    people of any race apart. Source: Hazelwood School District v. United States, 433 U.S. 299
    (1977), note 14; US Census Bureau, Understanding and Using ACS Data (2018), ch. 7 and 8.
    Screens: 41 CFR 60-2.15 and its preamble, 65 Federal Register 68022 (2000).

    Examples
    --------
    Hazelwood 1977: 10 Black teachers of 282 hired, where 15.4 % of the teachers in the area were
    Black.

    >>> import pandas as pd
    >>> hired = pd.DataFrame({"race": ["black", "other"], "n": [10, 272]})
    >>> area = pd.DataFrame({"race": ["black", "other"], "n": [154, 846]})
    >>> table = representation(hired, area, group="race")
    >>> table[["group", "x", "expected", "shortfall", "hires_needed"]].round(1).values.tolist()[0]
    ['black', 10, 43.4, 34, 40]
    """
    added = _posts(growth)
    residents = as_benchmarks(residents, group, within)
    frame = frame_of(workforce, what="workforce")
    need(frame, [("group", group), *([("within", within)] if within else []), ("n", "n")])
    folded = cells(frame, group=group, within=within, columns=["n"])
    tables = [
        _against(b, folded, confidence_level, added, include_unknown=include_unknown)
        for b in benchmarks(workforce, frame, residents, folded, group, within)
    ]
    if len(tables) == 1:
        return tables[0]
    order = {s: i for i, s in enumerate(folded.strata)}
    return pd.concat(tables, ignore_index=True).sort_values(
        "stratum", key=lambda s: s.map(order), kind="stable", ignore_index=True
    )


def _posts(growth: Any) -> int:
    whole_number = isinstance(growth, int | np.integer) and not isinstance(growth, bool)
    if not whole_number or growth < 0:
        raise ValueError(
            f"growth={growth!r} must be a whole number of posts to be added, 0 or more. For a "
            "workforce that shrinks, see `shortfall`."
        )
    return int(growth)


def _against(
    mark: Benchmark,
    folded: Cells,
    confidence_level: float,
    growth: int,
    *,
    include_unknown: bool,
) -> pd.DataFrame:
    x = mark.widen(folded["n"], folded)
    unknown = np.reshape(folded.unknown["n"], (-1, 1)) if include_unknown else 0
    n = np.broadcast_to(x.sum(axis=1, keepdims=True) + unknown, x.shape)
    q, se = mark.share, mark.share_se
    kept = np.broadcast_to(mark.counted, x.shape)
    low, high = proportions.wilson(x, n, confidence_level=confidence_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, x / n, np.nan)
        people = (n * mark.population) * kept  # 0 gives no ratio
        ratio = np.where(people > 0, (x * mark.total) / people, np.nan)
        difference = share - q
        expected = n * q
        short = np.where((n > 0) & kept, expected - x, np.nan)
        needed = np.where(q < 1, np.maximum(short, 0.0) / (1 - q), np.nan)
        grown = np.where(np.isnan(short), np.nan, np.maximum(q * (n + growth) - x, 0.0))
        z = difference / np.sqrt(q * (1 - q) / n + se**2)
        z = np.where(np.isfinite(z) & kept, z, np.nan)
        rare = np.fmin(expected, n - expected) < FEW
        few = rare | (np.fmin(x, n - x) < FEW)
    ratio_low, ratio_high = _ratio_limits(x, n, q, se, ratio, few, confidence_level)
    p = np.where(np.isnan(z), np.nan, 2 * special.ndtr(-np.abs(z)))
    p = np.where(p == 0, np.finfo(float).tiny, p)  # never 0: see z for how far out it is
    tested = np.where(np.isnan(z), np.nan, x)
    exact = proportions.binomial_test(tested, n, q).p_value
    unsure = rare & (se > 0)
    blurred = proportions.binomial_test(np.where(unsure, tested, np.nan), n, q, se=se).p_value
    p = np.where(rare, np.where(unsure, blurred, exact), p)

    reasons = Reasons(x.shape)
    reasons.add(n == 0, "nobody with a known group")
    missing = np.isnan(mark.population)
    reasons.add(missing, f"no number of people of this group in {mark.name}")
    reasons.add(
        ~missing & np.isnan(q),
        f"no share of the community: {mark.name} is not complete",
    )
    reasons.add(q == 0, f"{mark.name}: 0 people of this group, so no ratio and no test")
    reasons.add(q == 1, f"{mark.name}: everyone is of this group, so no test")
    reasons.add(
        ~kept & (n > 0),
        f"{NOBODY}: there are none, or it is not kept apart there; no ratio and no test",
    )
    reasons.add(mark.no_margin, "margin of error of the residents not known, left out")
    with np.errstate(invalid="ignore"):
        beyond = (growth > 0) & (np.ceil(np.round(grown, 9)) > growth)
    reasons.add(beyond, f"the {growth:,} new posts alone are not enough")
    reasons.add(np.full(x.shape, bool(mark.remark)), mark.remark)
    interval = np.where(few, "exact binomial", "log")
    included = np.where(se > 0, INCLUDED, "").astype(object)  # without a margin none is in it
    interval = np.where(np.isnan(ratio), "", "; ratio: " + interval.astype(object) + included)
    test = np.where(rare, "exact binomial", "z")
    test = np.where(np.isnan(z), "", "; test: " + test.astype(object) + included)
    method = "share: Wilson" + interval + test
    if mark.method:
        method = method + f"; {mark.method}"
    if include_unknown:
        method = method + "; people without a known group count in the total"
    total = np.broadcast_to(mark.total, x.shape)
    return tidy(
        {
            "stratum": np.repeat(np.array(folded.strata), len(mark.groups)),
            "benchmark": np.full(x.size, mark.name, dtype=object),
            "group": np.tile(np.array(mark.groups), len(folded.strata)),
            "n": whole(n),
            "x": whole(x),
            "share": share,
            "low": low,
            "high": high,
            "population": mark.population,
            "population_total": total,
            "population_share": q,
            "population_share_se": np.where(np.isnan(q), np.nan, se),
            "ratio": ratio,
            "ratio_low": ratio_low,
            "ratio_high": ratio_high,
            "difference": difference,
            "expected": np.where(n > 0, expected, np.nan),
            "shortfall": rounded_up(short),
            "shortfall_exact": short,
            "hires_needed": rounded_up(needed),
            "growth": np.full(x.size, growth, dtype=np.int64),
            "hires_needed_growth": rounded_up(grown),
            "z": z,
            "p_value": p,
            "p_exact": exact,
            "p_adjusted": holm(p),
            **screens(x, n, mark.population, total, short, z),
            "unknown": np.repeat(whole(folded.unknown["n"]), len(mark.groups)),
            "method": method,
            "reason": reasons.column(),
        }
    )


def _ratio_limits(
    x: np.ndarray,
    n: np.ndarray,
    q: np.ndarray,
    se: np.ndarray,
    ratio: np.ndarray,
    few: np.ndarray,
    confidence_level: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return `exp(ln ratio ± z sqrt((1-s)/(n s) + (se/q)^2))`, or exact limits where few.

    The exact limits are Clopper and Pearson's of the share over the benchmark, whose error is
    added on the log scale.
    """
    quantile = float(special.ndtri(0.5 + confidence_level / 2))
    low, high = proportions.clopper_pearson(x, n, confidence_level=confidence_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        margin = quantile * se / q
        width = np.hypot(quantile * np.sqrt(1 / x - 1 / n), margin)
        down = np.where(few, np.hypot(np.log(x / n) - np.log(low), margin), width)
        up = np.where(few, np.hypot(np.log(high) - np.log(x / n), margin), width)
        lower, upper = ratio * np.exp(-down), ratio * np.exp(up)
        none = (x == 0) & ~np.isnan(ratio)  # no estimate to start from: the margins add
        beyond = high / q * np.exp(margin)
    return np.where(none, 0.0, lower), np.where(none, beyond, upper)
