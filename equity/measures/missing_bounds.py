"""What rates and impact ratios could be if the people of unknown group were known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import Reasons, frame_of, need, tidy, whole
from equity.measures._stages import (
    MINIMUM_SHARE,
    check_share,
    highest_rate,
    not_judged,
    read_stages,
    still_running,
)
from equity.proportions import koopman

__all__ = ["WHY_UNKNOWN", "missing_bounds"]

WHY_UNKNOWN = ("declined", "withheld", "not asked", "not stated")
"""Why a group is not known. What the file leaves empty is "not stated"."""

RUNNING = "early failures count and late passes do not yet, so the rate is too low"

METHOD = (
    "range: every group that the unknown people could be of (Horowitz and Manski); with chance: "
    "Koopman score at both ends; in proportion: as the known people with the same result"
)


def missing_bounds(
    counts: Any,
    *,
    group: str,
    reference: str | None = None,
    stages: Sequence[str] | None = None,
    of: str | None = None,
    because: str | None = None,
    within: str | None = None,
    minimum_share: float = MINIMUM_SHARE,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Bound each rate and impact ratio over all groups that unknown people could be of.

    Could the answer be another if we knew the group of those of whom it is not known?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts by `group` (and `within`), missing where it is not known, with counted flags.
    group : column that holds the groups.
    reference : the group to compare with. If None, at every stage the group with the highest rate
        as recorded, as in `adverse_impact`; it stays the reference at both ends of the range, also
        where unknown people could make another group the highest.
    stages : the flags of nested stages in order, such as ["tested", "offered", "hired"].
    of : one flag, instead of `stages`.
    because : column that says why a group is not known: "declined", "withheld", "not asked" or
        "not stated". If None, `<group>_unknown` where there is such a column ("race_unknown" for
        every group column whose name starts with "race").
    within : column of strata (year, posting); each is bounded within itself.
    minimum_share : groups with a smaller share of all whose group is known are bounded, but
        `changes_finding` is missing, as `adverse_impact` does not judge them.
    confidence_level : two-sided level of `ratio_low` and `ratio_high`, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, stage (with `stages` the last is the "bottom line") and group.
        `n` people of the group have a known outcome, `x` passed, `rate` and `impact_ratio` as
        recorded. `unknown` people without a known group have a known outcome, `unknown_passed` of
        them passed, `unknown_share` is their share of all; why they are not known in
        `unknown_declined`, `unknown_withheld`, `unknown_not_asked`, `unknown_not_stated` (missing
        if the counts do not say why). `rate_least` to `rate_most` and `ratio_least` to
        `ratio_most`: the range over every way in which they could belong to this group, to the
        reference or to another, passed or not as recorded; both ends can be, none beyond.
        `ratio_low` to `ratio_high`: from the low end of the interval of the least to the high end
        of that of the most, so that chance is in it too. `ratio_proportional`: if they were of
        each group in the same shares as the known people with the same result. `changes_finding`:
        an end of the range is on the other side of four-fifths (decided in whole numbers).

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, stages that are not
        nested, both or none of `stages` and `of`, a share outside 0..1, or a reason that is not
        one of the four.

    Notes
    -----
    It cannot show which point of the range is true, nor how likely any is. The ends are the worst
    that can be, and mostly far from what is. It covers unknown groups, not unknown outcomes, which
    are left out. Where results of a later stage are open, the bottom line is that of the outcomes
    known so far, and too low; `reason` says so, and `adverse_impact` has it without this. Source:
    Horowitz and Manski, Journal of the American Statistical Association 95 (2000), 77-84; Manski,
    Partial Identification of Probability Distributions (2003), ch. 1 and 3.

    Examples
    --------
    30 of 60 women and 50 of 80 men passed, and of 10 others 4 passed and 6 did not. The least: the
    6 were women, and the 4 were men; 30 of 66 against 54 of 84.

    >>> import pandas as pd
    >>> applicants = pd.DataFrame({
    ...     "sex": ["female", "male", None], "n": [60, 80, 10],
    ...     "hired": [30, 50, 4], "hired_known": [60, 80, 10],
    ... })
    >>> table = missing_bounds(applicants, group="sex", of="hired", reference="male")
    >>> women = table[table["group"] == "female"]
    >>> women[["impact_ratio", "ratio_least", "ratio_most"]].round(3).values.tolist()
    [[0.8, 0.707, 0.914]]
    >>> women[["unknown", "unknown_passed", "changes_finding"]].values.tolist()
    [[10, 4, True]]
    """
    if (stages is None) == (of is None):
        raise ValueError(
            "Name either stages=[...], flags in their order, or of='...', one flag; not "
            f"{'both' if of is not None else 'none'}."
        )
    check_share(minimum_share)
    wanted = list(stages) if stages is not None and not isinstance(stages, str) else [stages or of]
    frame = frame_of(counts)
    need(frame, [("group", group), *([("because", because)] if because else [])])
    filled, names = _filled(frame, group, because)
    got = read_stages(filled, group=group, stages=[str(s) for s in wanted], within=within)
    known_groups = [g for g in got.folded.groups if g not in names]
    if reference is not None and reference not in known_groups:
        raise ValueError(
            f"reference={reference!r} is not one of the groups: {', '.join(known_groups)}"
        )
    last = len(got.names) if of is None else 1

    def of_groups(values: np.ndarray, groups: list[str]) -> np.ndarray:
        at = [got.folded.groups.index(g) for g in groups if g in got.folded.groups]
        return values[:last][:, :, at]

    n, x = of_groups(got.x_known, known_groups), of_groups(got.x, known_groups)
    who = list(names)
    m = of_groups(got.x_known, who).sum(axis=2, keepdims=True)
    passed = of_groups(got.x, who).sum(axis=2, keepdims=True)
    why = {
        word: of_groups(got.x_known, [g for g, w in names.items() if w == word]).sum(axis=2)
        for word in WHY_UNKNOWN
    }
    told = None not in names.values()

    n_stages, n_strata, n_groups = n.shape
    pool = of_groups(np.broadcast_to(got.folded["n"], got.n.shape), known_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        judged = pool / pool.sum(axis=2, keepdims=True) >= minimum_share
    flat = [v.reshape(-1, n_groups) for v in (x, n, judged)]
    at = (
        highest_rate(*flat).reshape(n_stages, n_strata, 1)
        if reference is None
        else np.full((n_stages, n_strata, 1), known_groups.index(reference))
    )
    own = np.arange(n_groups) == at
    b, k = (
        np.where(at >= 0, np.take_along_axis(v, np.maximum(at, 0), axis=2), 0.0) for v in (x, n)
    )
    told_reference = np.array([*known_groups, ""], dtype=object)[np.broadcast_to(at, n.shape)]
    failed = m - passed
    can = (n > 0) & (k > 0) & ~own
    least = _ratio(x, n + failed, b + passed, k + passed, can)
    most = _ratio(x + passed, n + passed, b, k + failed, can)
    ratio = _ratio(x, n, b, k, can)
    low, _ = _interval(x, n + failed, b + passed, k + passed, can, confidence_level)
    _, high = _interval(x + passed, n + passed, b, k + failed, can, confidence_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        there = np.where(n > 0, n, np.nan)
        rate = x / there
        rate_least, rate_most = x / (there + failed), (x + passed) / (there + passed)
        everyone = n.sum(axis=2, keepdims=True) + m
        share = np.where(everyone > 0, m / everyone, np.nan)
    flags = [
        _below(*table)
        for table in (
            (x, n, b, k),
            (x, n + failed, b + passed, k + passed),
            (x + passed, n + passed, b, k + failed),
        )
    ]
    turns = (flags[0] != flags[1]) | (flags[0] != flags[2])
    changes = pd.array(turns.swapaxes(0, 1).ravel(), dtype="boolean")
    changes[(np.isnan(ratio) | ~judged).swapaxes(0, 1).ravel()] = pd.NA

    reasons = Reasons(n.shape)
    reasons.add(n == 0, "nobody of this group with a known outcome")
    alone = "no reference: no group passed, or none is large enough to be judged"
    reasons.add((n > 0) & (at < 0), alone)
    none_known = (n > 0) & (k == 0) & ~own & (at >= 0)
    reasons.add(none_known, "no comparison: no known outcome for " + told_reference)
    reasons.add(~judged & (n > 0), not_judged(minimum_share))
    if of is None:
        open_ = np.zeros(n.shape)
        open_[-1] = of_groups(np.broadcast_to(got.running, got.n.shape), known_groups)[-1]
        reasons.add(open_ > 0, still_running(open_) + ": " + RUNNING)
        theirs = np.take_along_axis(open_, np.maximum(at, 0), axis=2)
        theirs = np.where((at >= 0) & ~own, theirs, 0.0)
        reasons.add(theirs > 0, "of " + told_reference + " " + still_running(theirs))
    zero = can & (b == 0)
    reasons.add(
        zero & (x + passed > 0), "no upper end: the rate of " + told_reference + " could be 0"
    )
    reasons.add(zero & (x + passed == 0), "no ratio: 0 in this group and in " + told_reference)

    def rows(values: np.ndarray) -> np.ndarray:
        """Reorder from stage, stratum, group to stratum, stage, group."""
        return np.broadcast_to(values, n.shape).swapaxes(0, 1)

    order = rows(np.arange(n.size).reshape(n.shape)).ravel()
    stage_names = np.array(got.names[:last])
    return tidy(
        {
            "stratum": np.repeat(np.array(got.folded.strata), n_stages * n_groups),
            "stage": np.tile(np.repeat(stage_names, n_groups), n_strata),
            "group": np.tile(np.array(known_groups), n_strata * n_stages),
            "reference": [name or None for name in rows(told_reference).ravel()],
            "n": whole(rows(n)),
            "x": whole(rows(x)),
            "rate": rows(rate),
            "rate_least": rows(rate_least),
            "rate_most": rows(rate_most),
            "impact_ratio": rows(np.where(own & (x > 0), 1.0, ratio)),
            "ratio_least": rows(least),
            "ratio_most": rows(most),
            "ratio_low": rows(low),
            "ratio_high": rows(high),
            "ratio_proportional": rows(
                _proportional(x, n, passed, failed, np.maximum(at, 0), can)
            ),
            "unknown": whole(rows(m)),
            "unknown_passed": whole(rows(passed)),
            "unknown_share": rows(share),
            **{
                f"unknown_{word.replace(' ', '_')}": _people(rows(value[:, :, None]), told)
                for word, value in why.items()
            },
            "changes_finding": pd.Series(changes),
            "method": np.full(
                n.size, METHOD if reference else f"reference: highest rate; {METHOD}"
            ),
            "reason": reasons.column().iloc[order].reset_index(drop=True),
        }
    )


def _filled(
    frame: pd.DataFrame, group: str, because: str | None
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """Give people of unknown group a name of their own; return the names and what they say.

    They then go through the stages as any group does.
    """
    column = because or next(
        (
            c
            for c in (f"{group}_unknown", *(["race_unknown"] if group[:4] == "race" else []))
            if c in frame
        ),
        None,
    )
    gone = frame[group].isna().to_numpy()
    words = pd.Series("group not known", index=frame.index, dtype=object)
    names: dict[str, str | None] = {"group not known": None}
    if column is not None:
        why = frame[column].astype(object).where(frame[column].notna(), "not stated")
        strange = sorted({str(w) for w in why[gone]} - set(WHY_UNKNOWN))
        if strange:
            raise ValueError(
                f"Column {column!r} says {strange[0]!r}, which is not one of: "
                f"{', '.join(WHY_UNKNOWN)}. Map it to one of them, or name another column with "
                "because=."
            )
        names = {f"group not known, {word}": word for word in WHY_UNKNOWN}
        words = "group not known, " + why.astype(str)
    values = frame[group].astype(object).where(~frame[group].isna(), words)
    if gone.all():
        raise ValueError(
            f"No row of the counts has a known {group!r}, so there is nothing to compare. "
            "Widen the choice of years, places or other filters."
        )
    return frame.assign(**{group: values}), names


def _ratio(
    x: np.ndarray, n: np.ndarray, b: np.ndarray, k: np.ndarray, can: np.ndarray
) -> np.ndarray:
    """Return the ratio of two rates; missing where that of the reference is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(can & (b > 0), (x * k) / (n * np.where(b > 0, b, np.nan)), np.nan)


def _below(x: np.ndarray, n: np.ndarray, b: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Return whether a ratio is below four-fifths, in whole numbers."""
    return 5 * x * k < 4 * b * n


def _interval(
    x: np.ndarray,
    n: np.ndarray,
    b: np.ndarray,
    k: np.ndarray,
    can: np.ndarray,
    confidence_level: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of one end of the range."""
    tables = [np.where(can, v, np.nan) for v in np.broadcast_arrays(x, n, b, k)]
    low, high = koopman(*tables, confidence_level=confidence_level)
    nothing = np.isnan(_ratio(x, n, b, k, can))
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)


def _proportional(
    x: np.ndarray,
    n: np.ndarray,
    passed: np.ndarray,
    failed: np.ndarray,
    at: np.ndarray,
    can: np.ndarray,
) -> np.ndarray:
    """Return the ratio if unknown people were as the known people with the same result."""
    y = n - x
    all_x, all_y = x.sum(axis=2, keepdims=True), y.sum(axis=2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        # where nobody known has the result, nothing says who those are that have it
        more_x = np.where(passed > 0, 1 + passed / np.where(all_x > 0, all_x, np.nan), 1.0)
        more_y = np.where(failed > 0, 1 + failed / np.where(all_y > 0, all_y, np.nan), 1.0)
        x, y = x * more_x, y * more_y
        rate = x / (x + y)
        other = np.take_along_axis(rate, at, axis=2)
        return np.where(can & (other > 0), rate / np.where(other > 0, other, np.nan), np.nan)


def _people(values: np.ndarray, told: bool) -> pd.Series:
    """Return numbers of people, missing where the counts do not say why."""
    counted = pd.Series(whole(values).ravel()).astype("Int64")
    return counted if told else counted.mask(pd.Series(True, index=counted.index))
