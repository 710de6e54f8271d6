"""Who passes each stage of hiring or promotion: selection rates, impact ratios, four-fifths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import Reasons, tidy, whole
from equity.measures._compare import compare, method_words
from equity.measures._stages import (
    MINIMUM_SHARE,
    check_share,
    highest_rate,
    in_whole_people,
    not_judged,
    pairs_of,
    read_stages,
    still_running,
)
from equity.proportions import benjamini_hochberg, detectable_below, holm

__all__ = ["adverse_impact"]

ALPHA = 0.05
"""Level of the decision, all comparisons of the table allowed for, whose power is told."""

OPEN = "rate: product of the stages, counted as so many people as it is worth (delta method)"
"""Begins the method of a bottom line where results are open."""

PICKED = "reference: highest rate, p-values adjusted for all pairs of groups"


def adverse_impact(
    counts: Any,
    *,
    group: str,
    stages: Sequence[str],
    reference: str | None = None,
    within: str | None = None,
    minimum_share: float = MINIMUM_SHARE,
    power: float = 0.8,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Compare who passes each stage, and the whole: selection rates, impact ratios, tests.

    At which stage does one group pass less often than another, by how much, and are there enough
    people to tell?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of applicants by `group` (and `within`), with a counted flag for each stage: yes for
        those who passed it. Stages are nested: nobody passes a stage without the one before.
    group : column that holds the groups.
    stages : the flags in order, such as ["qualified", "tested", "offered", "hired"].
    reference : the group to compare with. If None, at every stage the group with the highest
        selection rate, among groups that are not too small to be judged. Since it is picked for
        its rate, `p_adjusted` then allows for all pairs of groups.
    within : column of strata (year, posting); each is compared within itself.
    minimum_share : groups with a smaller share of the applicants are shown, but not judged.
    power : how often a difference must be seen to count as one that so many people could show,
        between 0.05 and 1.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, stage (the last is the "bottom line": from application to the
        last stage) and group. `n` entered the stage, `x_known` have a known outcome, `x` passed;
        `selection_rate` with `low` and `high`; `impact_ratio` to the reference with its interval;
        `below_four_fifths`, decided in whole numbers (exactly 0.80 is not below); `difference`,
        `odds_ratio`, Cohen's `cohens_h`; `shortfall_pooled` and `shortfall_reference`: so many
        more would have passed at the rate of both groups together, or of the reference;
        `rejection_ratio` of those who did not pass (to read where pass rates exceed 0.9); `z`,
        `p_value` by the test named in `method`, the other tests beside it; `p_adjusted` (Holm) and
        `p_bh` (Benjamini-Hochberg) for all judged comparisons of the table, or for all pairs of
        judged groups if no reference is named; `detectable_difference`, so far below the reference
        a true rate must lie for a two-sided test at .05 to see it as often as `power` says, and
        `detectable_ratio`, the impact ratio there: both missing where even a rate of 0 would be
        missed too often; the level is .05 over the number of comparisons that `p_adjusted` allows
        for, which `method` tells; `flip_ratio`: the impact ratio with one more of the lower group passed
        and one fewer of the other, and `too_few` where a ratio below four-fifths rests on so few
        that this reverses the order, or where no difference is found and none below could be seen;
        `share_of_pool`: share of all applicants with a known group; `judged`; `unknown` people
        without a known group; `reason` why a figure is missing or a group not judged.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, stages that are not
        nested, or a `power` that is not between 0.05 and 1.

    Notes
    -----
    It cannot show whether a stage measures what the job needs, nor who chose not to apply. A rule
    of thumb and a test can disagree. Below four-fifths describes a number, not a verdict. Among
    several groups chance alone often puts one below four-fifths of the highest. The power takes
    the reference's rate as true, is by Cohen's h, and allows for all comparisons as Bonferroni
    does; Holm's asks no more of any, so what can be seen is rather a little smaller.

    Where results at a stage after the first are open, early failures are known and late passes
    are not: `x` of `x_known` is too low at the bottom line. Its rate is then the product of the
    stages' rates, as in `stage_decomposition`; interval, test and four-fifths rest on it, counted
    as so many whole people as its variance is worth (delta method), and shortfalls are of all who
    applied. That takes those still open at a stage to pass it as often as those decided.
    Source: Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4D (1978), and
    Questions and Answers 21, 44 FR 11996 (1979); Morris, in Morris and Dunleavy (eds.), Adverse
    Impact Analysis (2017); Cohen, Statistical Power Analysis for the Behavioral Sciences (1988),
    ch. 6.

    Examples
    --------
    Connecticut v. Teal (1982): the test, then promotion.

    >>> import pandas as pd
    >>> candidates = pd.DataFrame({
    ...     "race": ["black", "white"], "n": [48, 259],
    ...     "test": [26, 206], "test_known": [48, 259],
    ...     "promoted": [11, 35], "promoted_known": [48, 259],
    ... })
    >>> table = adverse_impact(candidates, group="race", stages=["test", "promoted"],
    ...                        reference="white")
    >>> black = table[table["group"] == "black"]
    >>> black[["stage", "x", "n", "impact_ratio", "below_four_fifths"]].round(3).values.tolist()
    [['test', 26, 48, 0.681, True], ['promoted', 11, 26, 2.49, False], ['bottom line', 11, 48, 1.696, False]]
    """  # noqa: E501
    check_share(minimum_share)
    got = read_stages(counts, group=group, stages=stages, within=within)
    folded = got.folded
    n_stages, n_strata, n_groups = got.n.shape
    named = None if reference is None else folded.column_of(reference)
    applied = folded["n"]
    with np.errstate(invalid="ignore", divide="ignore"):
        pool = applied / applied.sum(axis=1, keepdims=True)
    share = np.broadcast_to(pool, got.n.shape).reshape(-1, n_groups)
    rate_of, used, known_used = in_whole_people(got)
    n, known, x = (v.reshape(-1, n_groups) for v in (got.n, known_used, used))
    own_rate = rate_of.reshape(-1, n_groups)
    running = np.concatenate([np.zeros((n_stages - 1, n_strata, n_groups)), got.running[None]])
    running = running.reshape(-1, n_groups)
    # Guidelines 1607.4D: groups under 2 % need not be judged. nan (an empty stratum) is not
    judged = share >= minimum_share
    exact = np.where(running > 0, np.where(known > 0, own_rate, 0.0) * known, x)
    at = highest_rate(exact, known, judged) if named is None else np.full(len(n), named)

    reasons = Reasons(n.shape)
    reasons.add(n == 0, "nobody of this group entered")
    reasons.add((n > 0) & (known == 0), "no outcome is known for this group")
    reasons.add(
        running > 0,
        still_running(running)
        + np.where(known > 0, ": the rate is the product of the stages", ", all of a stage"),
    )
    alone = (at < 0)[:, None] & (known > 0)
    reasons.add(alone, "no reference: no group passed, or none is large enough to be judged")
    small = ~judged & (n > 0)
    reasons.add(small, not_judged(minimum_share))
    found = compare(
        x, known, folded.groups, at, reasons, confidence_level=confidence_level, beside=True
    )
    own = found.is_reference
    there = at >= 0
    column = np.where(there, at, 0)[:, None]
    b, m, waiting = (
        np.where(there[:, None], np.take_along_axis(v, column, 1), np.nan)
        for v in (exact, known, running)
    )
    theirs = ~own & (waiting > 0) & (known > 0)
    waits = still_running(np.broadcast_to(np.nan_to_num(waiting), n.shape))
    reasons.add(theirs, "of " + found.reference + " " + waits)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(m > 0, b / m, np.nan)
        # of whole numbers where nobody is open; else of two products, 0.8 of them is not below
        made_up = ((running > 0) | theirs) & ~np.isnan(found.ratio)
        ratio = np.where(made_up, (exact * m) / (known * b), found.ratio)
        even = np.where(made_up, 1 - 1e-9, 1.0)
    more = _beside(exact, known, b, m, own)
    of_all = np.where(running > 0, n / np.where(known > 0, known, np.nan), 1.0)
    can = ~np.isnan(ratio) & judged
    below = pd.array((can & (5 * exact * m < 4 * b * known * even)).ravel(), dtype="boolean")
    below[~can.ravel()] = pd.NA
    flip, few = _flip(exact, known, b, m)
    test = found.test
    could_be = (judged & (known > 0)).sum(axis=1) if named is None else None
    p = np.where(judged, test.p_value, np.nan)
    adjusted, made = _adjusted(holm, p, could_be, n_strata, n_stages)
    level = ALPHA / max(made, 1)
    if not ALPHA < power < 1:
        detectable_below(0.5, 1, 1, power=power, alpha=ALPHA)  # which says what is wrong
    seen = detectable_below(rate, known, m, power=power, alpha=level)
    seen = np.where(judged & ~own, seen, np.nan)
    unseen = judged & ~own & np.isnan(seen) & ~(adjusted < ALPHA)
    few = (few.ravel() & below.fillna(False).astype(bool)) | unseen.ravel()
    few = pd.array(few, dtype="boolean")
    few[~can.ravel()] = pd.NA
    blind = unseen & ~np.isnan(ratio)
    reasons.add(blind, "too few people: no rate below the reference's would be seen often enough")

    def rows(values: np.ndarray) -> np.ndarray:
        """Reorder from stage, stratum, group to stratum, stage, group."""
        return values.reshape(n_stages, n_strata, n_groups).swapaxes(0, 1)

    order = rows(np.arange(n.size)).ravel()
    how = [PICKED] if named is None else []
    how += [f"could be seen: at .05 / {made:,} comparisons"] if made > 1 else []
    method = method_words(test.method, *how)
    method = np.where((running > 0) | theirs, f"{OPEN}; " + method, method)
    strata = np.array(folded.strata)
    names, groups = np.array(got.names), np.array(folded.groups)
    return tidy(
        {
            "stratum": np.repeat(strata, n_stages * n_groups),
            "stage": np.tile(np.repeat(names, n_groups), n_strata),
            "group": np.tile(groups, n_strata * n_stages),
            "reference": [name or None for name in found.reference.ravel()[order]],
            "n": whole(rows(n)),
            "x_known": whole(rows(got.x_known.reshape(-1, n_groups))),
            "x": whole(rows(got.x.reshape(-1, n_groups))),
            "selection_rate": rows(own_rate),
            "low": rows(found.low),
            "high": rows(found.high),
            "impact_ratio": rows(ratio),
            "ratio_low": rows(found.ratio_low),
            "ratio_high": rows(found.ratio_high),
            "below_four_fifths": pd.Series(below[order]),
            "difference": rows(own_rate - rate),
            "odds_ratio": rows(more["odds_ratio"]),
            "cohens_h": rows(more["cohens_h"]),
            "shortfall_pooled": rows(more["shortfall_pooled"] * of_all),
            "shortfall_reference": rows(more["shortfall_reference"] * of_all),
            "rejection_ratio": rows(more["rejection_ratio"]),
            "z": rows(test.z),
            "p_value": rows(test.p_value),
            "p_fisher": rows(test.p_fisher),
            "p_mid": rows(test.p_mid),
            "p_boschloo": rows(test.p_boschloo),
            "p_z": rows(test.p_z),
            "p_adjusted": rows(adjusted),
            "p_bh": rows(_adjusted(benjamini_hochberg, p, could_be, n_strata, n_stages)[0]),
            "detectable_difference": rows(rate - seen),
            "detectable_ratio": rows(seen / np.where(rate > 0, rate, np.nan)),
            "flip_ratio": rows(np.where(own, np.nan, flip)),
            "too_few": pd.Series(few[order]),
            "share_of_pool": rows(share),
            "judged": pd.Series(judged.ravel()[order]).astype("boolean"),
            "unknown": np.repeat(whole(got.unknown.T), n_groups),
            "method": method.ravel()[order],
            "reason": reasons.column().iloc[order].reset_index(drop=True),
        }
    )


def _adjusted(
    by: Callable[..., np.ndarray],
    p: np.ndarray,
    could_be: np.ndarray | None,
    n_strata: int,
    n_stages: int,
) -> tuple[np.ndarray, int]:
    """Adjust, for how many comparisons; the bottom line of a single stage is no second test.

    `could_be` groups of a row might have been its reference, had their rate been the highest: the
    comparison shown was then picked from among all their pairs.
    """
    once = p if n_stages > 2 else p[:n_strata]
    made = pairs_of(None if could_be is None else could_be[: len(once)], once)
    adjusted = by(once, comparisons=made)
    if made is None:
        made = int((~np.isnan(once)).sum())
    return (adjusted if n_stages > 2 else np.tile(adjusted, (2, 1))), made


def _beside(
    x: np.ndarray, known: np.ndarray, b: np.ndarray, m: np.ndarray, own: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the figures that stand beside the impact ratio."""
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p2 = x / known, b / m
        odds = x * (m - b) / (b * (known - x))
        rejected = np.where(p2 < 1, (1 - p1) / (1 - p2), np.nan)
        out = {
            "odds_ratio": np.where(np.isfinite(odds), odds, np.nan),
            "cohens_h": 2 * np.arcsin(np.sqrt(p1)) - 2 * np.arcsin(np.sqrt(p2)),
            "shortfall_pooled": known * (x + b) / (known + m) - x,
            "shortfall_reference": known * p2 - x,
            "rejection_ratio": rejected,
        }
    return {k: np.where(own | ~(known > 0), np.nan, v) for k, v in out.items()}


def _flip(
    x: np.ndarray, known: np.ndarray, b: np.ndarray, m: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Move one pass from the higher to the lower group: new ratio, and whether it reverses."""
    with np.errstate(invalid="ignore", divide="ignore"):
        lower, higher = x * m < b * known, x * m > b * known
        step = np.where(lower, 1.0, np.where(higher, -1.0, 0.0))
        a, c = x + step, b - step
        ratio = (a * m) / (known * c)
        ratio = np.where(np.isfinite(ratio) & (step != 0), ratio, np.nan)
        reversed_ = (lower & (a * m > c * known)) | (higher & (a * m < c * known))
    return ratio, reversed_
