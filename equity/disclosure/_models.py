"""The stated rule by which results computed from rows that are nearly people may be published."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from equity.disclosure import _enough
from equity.disclosure._body import Disclosed, hidden_reason

__all__ = ["RULES", "Rule", "passes"]

_WHO = ("stratum", "group", "reference")
_P = ("p_value", "p_adjusted")
_LEAST_P = 0.0005  # reads "< 0.001"


@dataclass(frozen=True)
class Rule:
    """When the rows of a measure's table may be shown, and how exactly.

    says : the rule in words, with `{k}` for the minimum.
    keys : columns that say what a row is about; always shown.
    counts : numbers of people: rounded to the nearest minimum, and missing below it.
    digits : the columns of figures, each with the decimals that are printed.
    main : the figure without which a row shows nothing.
    enough : table, minimum -> whether each row rests on enough people.
    exact : numbers of people are not rounded: the figures tell them anyway.
    refine : changes a protected table further: (before, after, shown, minimum).
    words : further columns that are no numbers of people.
    """

    says: str
    keys: tuple[str, ...]
    counts: tuple[str, ...]
    digits: Mapping[str, int]
    main: str
    enough: Callable[[pd.DataFrame, int], np.ndarray]
    refine: Callable[[pd.DataFrame, pd.DataFrame, np.ndarray, int], None] | None = None
    words: tuple[str, ...] = field(default=())
    exact: bool = False

    @property
    def needed(self) -> set[str]:
        """The columns without which the rule cannot be applied."""
        return {*self.keys, *self.counts, *self.digits, "reason", "method"}


def passes(table: pd.DataFrame, *, measure: str, minimum: int) -> pd.DataFrame:
    """Return the table of a measure as far as the stated rule lets it be published.

    Which results of models and of survival curves rest on so many people that they tell about
    none of them?

    Parameters
    ----------
    table : what the measure returned.
    measure : the name of the measure; its rule is in `RULES`.
    minimum : numbers of fewer people are hidden.

    Returns
    -------
    DataFrame
        The same rows. Of a row that rests on enough people the figures, at the precision at which
        they are printed, and the numbers of people rounded to the nearest `minimum` (of exits as
        they are: the figures tell them), which the column `method` says; a number from 1 to
        ``minimum - 1`` is missing. Of other rows nothing but what they are about, with
        ``hidden_reason(minimum)`` as `reason`. Where there is no rule for the measure, or a column
        that it needs is not there, all rows are hidden.

    Raises
    ------
    Disclosed
        For results about officers, which are never published.

    Notes
    -----
    The rule looks at one table at a time. What follows from two tables of nearly the same people,
    such as everybody and a part, it does not know: whoever publishes shows them of everybody only,
    or of parts whose counts are published anyway. Source: for curves, the grouping of
    events in `round_km` of the R package osutils, made for OpenSAFELY; for regressions, Griffiths
    and others, Handbook on Statistical Disclosure Control for Outputs (2019).

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["a"], "score": [0.2], "reason": [None]})
    >>> passes(table, measure="score", minimum=10).to_numpy().tolist()
    [['a', nan, 'Hidden: fewer than 10 people, or it would give such a number away']]
    """
    if minimum < 2:
        raise ValueError(f"minimum={minimum!r} must be 2 or more: below it nothing is hidden.")
    if measure == "officers":
        raise Disclosed("Results about officers are about single people: they are not published.")
    rule = RULES.get(measure)
    if rule is None or not rule.needed <= set(table.columns):
        keys = rule.keys if rule else _WHO
        return _hide(table.copy(), np.ones(len(table), dtype=bool), keys, minimum)
    before = table.reset_index(drop=True)
    after = before.copy()
    shown = rule.enough(before, minimum) & _whole_numbers(before, rule.counts)
    for column, digits in rule.digits.items():
        after[column] = before[column].astype("float64").round(digits)
    for column in _P:
        if column in before:
            p = before[column].astype("float64")
            after[column] = p.round(3).where(~(p < 0.001), _LEAST_P)
    for column in rule.counts:
        after[column] = rounded(before[column], minimum, exact=rule.exact)
    known = {*rule.needed, *rule.words, *_P}
    for column in set(after.columns) - known:  # nobody has looked at what it tells
        after = _blank(after, column, np.ones(len(after), dtype=bool))
    after["reason"] = pd.Series([_without_numbers(r) for r in before["reason"]], dtype="object")
    if rule.refine is not None:
        rule.refine(before, after, shown, minimum)
    nothing = after[rule.main].isna() & after["reason"].isna()
    said = "; figures as printed"
    if not rule.exact:
        said = f"; numbers of people rounded to the nearest {minimum}, figures as printed"
    after["method"] = before["method"].map(lambda m: m if pd.isna(m) else f"{m}{said}")
    after = _hide(after, ~shown | nothing.to_numpy(dtype=bool), rule.keys, minimum)
    after.index = table.index
    return after


def rounded(counts: pd.Series, minimum: int, *, exact: bool = False) -> pd.Series:
    """Return numbers of people to the nearest `minimum`, halves up; missing from 1 to it.

    exact : they are left as they are, but for those that are missing.
    """
    n = counts.astype("Int64")
    near = n if exact else (n + minimum // 2) // minimum * minimum
    return near.mask((n > 0) & (n < minimum))


def _hide(
    table: pd.DataFrame, rows: np.ndarray, keys: Sequence[str], minimum: int
) -> pd.DataFrame:
    """Blank all but the keys of some rows, and say why."""
    if "reason" not in table:
        table["reason"] = None
    for column in table.columns:
        if column not in (*keys, "reason", "method"):
            table = _blank(table, column, rows)
    if "method" in table and not set(keys) - set(_WHO) and keys == _WHO:
        table = _blank(table, "method", rows)  # of an unknown measure it may say anything
    reason = table["reason"].astype("object")
    table["reason"] = reason.mask(rows, hidden_reason(minimum)).astype("str")
    return table


def _blank(table: pd.DataFrame, column: str, rows: np.ndarray) -> pd.DataFrame:
    values = table[column]
    if pd.api.types.is_bool_dtype(values.dtype):
        blank: Any = values.astype("boolean").mask(rows, False).astype("bool")
    elif pd.api.types.is_integer_dtype(values.dtype):
        blank = values.astype("Int64").mask(rows)
    else:
        blank = values.mask(rows)
    return table.assign(**{column: blank})


def _whole_numbers(table: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return where the numbers of people are there: what is not known is not shown."""
    missing = table[list(columns)].isna().to_numpy(dtype=bool)
    return np.asarray(~missing.any(axis=1), dtype=bool)


_MONTHS = re.compile(r"\d+ months?\b")
_WAITING = re.compile(r"no comparison: [\d,]+ of [\d,]+ still wait, and [\d,]+ of [\d,]+ of \S+;")


def _without_numbers(reason: Any) -> str | None:
    """Return a reason without the parts that tell numbers of people; None if nothing is left."""
    if not isinstance(reason, str):
        return None
    reason = _WAITING.sub("no comparison: too many still wait;", reason)
    parts = [p for p in reason.split("; ") if not re.search(r"\d", _MONTHS.sub("", p))]
    parts = [p for p in parts if not re.search(r"at risk (in|after) ", p)]
    return "; ".join(parts) or None


RULES: Mapping[str, Rule] = MappingProxyType({
    "retention": Rule(
        says="A point of a curve is shown where at least {k} people are still in service, and at "
        "least {k} (or none) left since the last point shown; months lost and tests, where at "
        "least {k} left and at least {k} (or none) did not, also of the reference.",
        keys=(*_WHO, "months", "since"),
        counts=("n_at_risk", "left", "n", "x", "left_out", "unknown"),
        digits={"survival": 3, "low": 3, "high": 3, "restricted_mean": 1, "rm_low": 1,
                "rm_high": 1, "months_lost": 1, "lost_difference": 1, "lost_low": 1,
                "lost_high": 1},
        main="survival", enough=_enough.retention, refine=_enough.mean_months, words=("too_few",),
    ),
    "time_to_stage": Rule(
        says="A median is shown where at least {k} people lie on each side of it, and at least "
        "{k} (or none) still wait; quartiles and ends of intervals, with at least four times {k}.",
        keys=(*_WHO, "stage"),
        counts=("n", "x", "pending", "left_out", "unknown"),
        digits={"median": 0, "low": 0, "high": 0, "quartile_1": 0, "quartile_3": 0,
                "difference": 0},
        main="median", enough=_enough.waits, refine=_enough.median_days,
    ),
    "exits": Rule(
        says="A reason is shown where at least {k} people of the group left for it (or none), and "
        "at least {k} (or none) for others; further reasons are hidden where one would be the "
        "rest of a sum.",
        keys=(*_WHO, "exit_reason"),
        counts=("n", "x", "left_out", "unknown"),
        digits={"share": 3, "low": 3, "high": 3, "person_years": 0, "rate": 1, "rate_low": 1,
                "rate_high": 1, "ratio": 2, "ratio_low": 2, "ratio_high": 2},
        main="share", enough=_enough.exits, refine=_enough.leaving, exact=True,
    ),
    "veil_of_darkness": Rule(
        says="An odds ratio is shown where at least {k} stops of the group and {k} of the "
        "reference were in the dark, and as many in daylight, and at least 10 degrees of freedom "
        "are left (clusters less one; without clusters nothing is shown).",
        keys=("model", "group", "reference"),
        counts=("n", "n_dark", "n_light", "x_dark", "x_light", "clusters", "left_out", "unknown"),
        digits={"share_dark": 3, "share_light": 3, "log_odds": 2, "se": 2, "se_model": 2,
                "odds_ratio": 2, "low": 2, "high": 2},
        main="odds_ratio", enough=_enough.veil, refine=_enough.veil_others,
    ),
    "daylight_shares": Rule(
        says="A share is shown where it rests on at least {k} stops of the group and {k} of the "
        "reference; further bins are hidden where one would be the rest of a sum.",
        keys=("group", "reference", "minutes", "daylight"),
        counts=("n", "x", "left_out", "unknown"),
        digits={"share": 3, "low": 3, "high": 3},
        main="share", enough=_enough.daylight,
    ),
    "threshold_test": Rule(
        says="A threshold is shown where at least {k} searches found something, at least {k} did "
        "not, at least {k} stops were without a search, and at least 10 degrees of freedom are "
        "left: two rates for each area and group, less two terms for each area and each group.",
        keys=(*_WHO, "prior_scale"),
        counts=("n", "x", "hits", "left_out_basis", "left_out_unknown", "left_out", "unknown"),
        digits=dict.fromkeys(
            ("search_rate", "hit_rate", "search_rate_model", "hit_rate_model", "search_rms",
             "hit_rms", "search_covered", "hit_covered", "threshold", "low", "high", "difference",
             "difference_low", "difference_high"), 3,
        ),
        main="threshold", enough=_enough.threshold,
        words=("rhat", "ess", "divergences", "areas", "draws", "converged"),
    ),
    "robust_outcome_test": Rule(
        says="Not shown by this rule: its table does not tell the numbers of the reference. It "
        "is published where it is computed from protected counts.",
        keys=_WHO, counts=(), digits={}, main="reason", enough=_enough.nowhere,
    ),
})  # fmt: skip
"""Measure -> the rule for its table. Measures on counts by groups need none: they are computed
from protected counts. A measure that is not here shows nothing."""
