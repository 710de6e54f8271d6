"""Does the workforce look like the community: each group's share of both, and how many short."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from equity import proportions
from equity.measures._benchmark import Benchmark, benchmarks
from equity.measures._cells import Cells, Reasons, cells, frame_of, need, rounded_up, tidy, whole
from equity.proportions import holm

__all__ = ["representation"]


def representation(
    workforce: Any,
    residents: pd.DataFrame | dict[str, pd.DataFrame],
    *,
    group: str,
    within: str | None = None,
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
    residents : DataFrame, or dict of benchmark name to DataFrame
        One row for each group: `n` people, `moe` their margin of error at 90 % (0 if controlled,
        missing if not known; no column `moe`: a full count). Several benchmarks (residents,
        adults, labour force, applicants) stand side by side.
    group : column of the counts that holds the groups.
    within : column of strata (year, rank, job category). If residents have it too, each stratum
        has its own; else all are held against the same ones, and `method` says so.
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
        `z` and `p_value` with the error of the benchmark, `p_exact` (binomial) without it, both
        two-sided, `p_adjusted` for all comparisons with one benchmark (Holm); `unknown` employees
        without a known group; `method`; `reason` why a figure is missing, or what to keep in mind.

    Raises
    ------
    ValueError
        Where counts have a group that the residents have not (the two must use one scheme), where
        residents of several places or years are mixed, or a column is not there.

    Notes
    -----
    Shares, ratio and shortfall describe the employees as they are (a census). Intervals and tests
    read them as the outcome of a process that could have come out otherwise. They cannot show why
    shares differ: who applied, who was qualified, who left. Personnel systems with one code count
    Hispanic as a race: compare with a census table that counts Hispanic people of any race apart.
    Source: Hazelwood School District v. United States, 433 U.S. 299 (1977), note 14; US Census
    Bureau, Understanding and Using ACS Data (2018), ch. 7 and 8.

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
    frame = frame_of(workforce, what="workforce")
    need(frame, [("group", group), *([("within", within)] if within else []), ("n", "n")])
    folded = cells(frame, group=group, within=within, columns=["n"])
    tables = [
        _against(b, folded, confidence_level, include_unknown=include_unknown)
        for b in benchmarks(workforce, frame, residents, folded, group, within)
    ]
    if len(tables) == 1:
        return tables[0]
    order = {s: i for i, s in enumerate(folded.strata)}
    return pd.concat(tables, ignore_index=True).sort_values(
        "stratum", key=lambda s: s.map(order), kind="stable", ignore_index=True
    )


def _against(
    mark: Benchmark, folded: Cells, confidence_level: float, *, include_unknown: bool
) -> pd.DataFrame:
    x = mark.widen(folded["n"], folded)
    unknown = np.reshape(folded.unknown["n"], (-1, 1)) if include_unknown else 0
    n = np.broadcast_to(x.sum(axis=1, keepdims=True) + unknown, x.shape)
    q, se = mark.share, mark.share_se
    low, high = proportions.wilson(x, n, confidence_level=confidence_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, x / n, np.nan)
        ratio = np.where(q > 0, share / q, np.nan)
        difference = share - q
        expected = n * q
        short = np.where(n > 0, expected - x, np.nan)
        needed = np.where(q < 1, np.maximum(short, 0.0) / (1 - q), np.nan)
        z = difference / np.sqrt(q * (1 - q) / n + se**2)
        z = np.where(np.isfinite(z), z, np.nan)
    ratio_low, ratio_high = _ratio_limits(x, n, q, se, ratio, high, confidence_level)
    p = np.where(np.isnan(z), np.nan, 2 * special.ndtr(-np.abs(z)))
    p = np.where(p == 0, np.finfo(float).tiny, p)  # never 0: see z for how far out it is
    testable = ~np.isnan(z)
    exact = proportions.binomial_test(
        np.where(testable, x, np.nan), n, np.where(testable, q, np.nan)
    )

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
        np.broadcast_to(~mark.counted, x.shape) & (n > 0),
        "nobody of this group in the counts: there are none, or it is not kept apart there",
    )
    reasons.add(mark.no_margin, "margin of error of the residents not known, left out")
    reasons.add(np.full(x.shape, bool(mark.remark)), mark.remark)
    words = "share: Wilson; ratio: log with benchmark error; test: z with benchmark error"
    few = "share: Wilson; ratio: Wilson limits over the benchmark; test: z with benchmark error"
    method = np.where(x == 0, few, words).astype(object)
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
            "z": z,
            "p_value": p,
            "p_exact": exact.p_value,
            "p_adjusted": holm(p),
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
    high: np.ndarray,
    confidence_level: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return `exp(ln ratio ± z sqrt((1-s)/(n s) + (se/q)^2))`; with nobody, Wilson's limit."""
    quantile = float(special.ndtri(0.5 + confidence_level / 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = se / q
        width = quantile * np.sqrt(1 / x - 1 / n + relative**2)
        lower, upper = ratio * np.exp(-width), ratio * np.exp(width)
        nobody = (x == 0) & ~np.isnan(ratio)
        beyond = high / q * np.exp(quantile * relative)
    return np.where(nobody, 0.0, lower), np.where(nobody, beyond, upper)
