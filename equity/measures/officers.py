"""Does an officer stop like colleagues in the same places and hours: the internal benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import Reasons, frame_of, need, tidy, whole
from equity.measures._colleagues import Verdict, Workplace, without_those_who_differ

__all__ = ["officers"]


def officers(
    counts: Any,
    *,
    group: str,
    of_group: str,
    officer: str = "officer_id",
    by: Sequence[str] = ("district", "hour"),
    minimum: int = 50,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Compare each officer's stops with those of colleagues in the same places and hours.

    Is the share of one group among an officer's stops what it is among the stops that colleagues
    make where, and when, this officer works? For review inside the agency only.

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of stops by `officer`, `group` and the columns in `by`.
    group : column that holds the groups.
    of_group : the group whose share of the stops is looked at; all other known groups are the
        rest.
    officer : column with a key for each officer.
    by : columns that say where, when and what kind of stop: the more of what officers do not
        choose, the fairer the comparison.
    minimum : an officer with fewer stops that can be compared gets no figures; whole, 10 or more.
        The weighted stops of colleagues must be worth as many.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each officer: `n` stops that can be compared (group, place and hour known, and
        colleagues there), `x` of them of the group, `share`; `benchmark`, what the share would be
        if colleagues had made these stops, worth `effective_n` stops of theirs; the `difference`
        (share less benchmark) with its interval; `odds_ratio` with `odds_low` and `odds_high`,
        its `z`, `p_value`, `p_adjusted` (Benjamini-Hochberg) and `fdr`, the estimated probability
        that this officer is one of those who do not differ; `balance_before` and `balance_after`,
        the largest standardised difference in places, hours and so on between the officer and
        colleagues, without and with weights; `differs`; `left_out` stops that cannot be compared;
        `unknown` stops without a known group; `method`; `reason` why a figure is missing.

    Raises
    ------
    ValueError
        For a column that is not there, a group that does not occur, `by` without a column or with
        one named twice, a minimum below 10, or counts that cannot be.

    Notes
    -----
    Colleagues' stops are weighted by p / (1 - p), p the probability that a stop like this one is
    the officer's, by a logistic regression on the columns in `by`; then a logistic regression of
    the group on the officer and these columns, by these weights, gives the odds ratio, with
    robust standard errors ("doubly robust": right if either model is). An officer `differs` where
    `fdr` is at most 0.2; with fewer than 50 officers, where `p_adjusted` is at most 0.05 too.
    Those who differ, the farthest first and a tenth of the officers at most, are then taken out
    of what the others are held against, since each moves the benchmark of close colleagues.

    It cannot show why an officer differs: an assignment, a call or a task that `by` does not name
    does it too. Nor does it see what all officers do alike, since each is compared with the
    others. Source: Ridgeway and MacDonald, Journal of the American Statistical Association 104
    (2009), 661-668.

    Examples
    --------
    >>> import pandas as pd
    >>> stops = pd.DataFrame({
    ...     "officer_id": ["a", "a", "b", "b", "c", "c"], "district": ["north"] * 6,
    ...     "race": ["black", "white"] * 3, "n": [60, 40, 100, 300, 90, 310],
    ... })
    >>> table = officers(stops, group="race", of_group="black", by=["district"])
    >>> table[["officer", "n", "share", "benchmark", "odds_ratio"]].round(3).values.tolist()
    [['a', 100, 0.6, 0.237, 4.816], ['b', 400, 0.25, 0.3, 0.778], ['c', 400, 0.225, 0.32, 0.617]]
    """
    frame = frame_of(counts)
    by = [by] if isinstance(by, str) else list(by)
    _check(frame, group, of_group, officer, by, minimum)
    two_sided = NormalDist().inv_cdf(0.5 + _level(confidence_level) / 2)
    work = Workplace(frame, group, of_group, officer, by)
    found, verdict = without_those_who_differ(work, minimum)

    n, x = (np.array([getattr(f, a) for f in found]) for a in ("n", "x"))
    effective, before, after = (
        np.array([getattr(f, a) for f in found]) for a in ("effective_n", "before", "after")
    )
    left_out, usable, z = work.have - n, verdict.usable, verdict.z
    reasons = Reasons(n.shape)
    reasons.add(
        (n == 0) & (left_out == 0), "no stop of this officer of a person whose group is known"
    )
    alone = (n == 0) & (left_out > 0)
    reasons.add(alone, "no stop at a place and hour that are known and where colleagues stop too")
    few = (n > 0) & (n < minimum)
    reasons.add(few, f"fewer than {minimum} stops that can be compared")
    reasons.add(verdict.thin, f"colleagues' stops like these are worth fewer than {minimum}")
    far = "no colleagues with enough stops at the same places and hours"
    reasons.add(verdict.unbalanced, far)

    def of(attribute: str) -> np.ndarray:
        return np.where(usable, [getattr(f, attribute) for f in found], np.nan)

    benchmark, gap_se, log_odds, se = (
        of(a) for a in ("benchmark", "benchmark_se", "log_odds", "se")
    )
    reasons.add(usable & (x == 0), "no odds ratio: no stop of this group")
    reasons.add(usable & (x == n), "no odds ratio: every stop is of this group")
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, x / n, np.nan)
    difference = share - benchmark
    there = ~np.isnan(z)
    differs = pd.Series(pd.array(verdict.differs, dtype="boolean")).where(there)
    size = len(n)
    return tidy(
        {
            "officer": np.array(work.names, dtype=object),
            "group": np.full(size, of_group, dtype=object),
            "reference": np.full(size, "colleagues", dtype=object),
            "n": whole(n),
            "x": whole(x),
            "share": share,
            "benchmark": benchmark,
            "effective_n": np.where(n > 0, effective, np.nan),
            "difference": difference,
            "low": difference - two_sided * gap_se,
            "high": difference + two_sided * gap_se,
            "odds_ratio": np.exp(log_odds),
            "odds_low": np.exp(log_odds - two_sided * se),
            "odds_high": np.exp(log_odds + two_sided * se),
            "z": z,
            "p_value": verdict.p_value,
            "p_adjusted": verdict.p_adjusted,
            "fdr": verdict.local.fdr,
            "balance_before": before,
            "balance_after": after,
            "differs": differs,
            "left_out": whole(left_out),
            "unknown": whole(work.unknown),
            "method": np.full(size, _method(verdict, by, len(work.out)), dtype=object),
            "reason": reasons.column(),
        }
    )


def _check(
    frame: pd.DataFrame, group: str, of_group: str, officer: str, by: list[str], minimum: int
) -> None:
    need(frame, [("group", group), ("officer", officer), *(("by", c) for c in by), ("n", "n")])
    taken = [group, officer, *by]
    twice = [c for c in taken if taken.count(c) > 1]
    if not by or twice:
        raise ValueError(
            f"by={by!r} must name columns of place, time or kind of stop, each once"
            + (f"; {twice[0]!r} is there twice." if twice else ". Name at least one.")
        )
    found = sorted(map(str, frame[group].dropna().unique()))
    if of_group not in found:
        raise ValueError(f"of_group={of_group!r} is not one of the groups: {', '.join(found)}")
    if isinstance(minimum, bool) or int(minimum) != minimum or minimum < 10:
        raise ValueError(
            f"minimum={minimum!r} must be a whole number of stops, 10 or more: with fewer, chance "
            "decides."
        )


def _level(confidence_level: float) -> float:
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level={confidence_level!r} must lie between 0 and 1, such as 0.95."
        )
    return confidence_level


def _method(verdict: Verdict, by: list[str], out: int) -> str:
    local, number = verdict.local, int(verdict.usable.sum())
    if local.empirical:
        null = (
            f"empirical null N({local.mean:.2f}, {local.sd:.2f}²) from {number} officers, "
            f"of whom it holds for {local.share:.0%}"
        )
    else:
        null = f"theoretical null N(0, 1), since {number} officers are too few to estimate one"
    return (
        f"colleagues weighted to the officer's {', '.join(by)} (odds of a logistic regression), "
        f"without {out} who differ themselves; "
        "odds ratio: doubly robust logistic regression, robust standard errors; "
        f"p_adjusted: Benjamini-Hochberg; fdr: {null}"
    )
