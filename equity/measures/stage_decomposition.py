"""Where does a difference arise: the impact ratio of the whole, taken apart by stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from equity.measures._cells import Reasons, of_words, tidy, whole
from equity.measures._stages import (
    MINIMUM_SHARE,
    Stages,
    pairs_of,
    product_of_stages,
    read_stages,
)
from equity.proportions import holm, koopman, two_by_two_test

__all__ = ["stage_decomposition"]


def stage_decomposition(
    counts: Any,
    *,
    group: str,
    stages: Sequence[str],
    reference: str | None = None,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Contribution of each stage to the impact ratio of the whole process.

    Which stages widen the difference between two groups, and which narrow it?

    The impact ratio of the whole is the product of those of the stages, so their logarithms add.

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of applicants by `group` (and `within`), with a counted flag for each stage.
    group : column that holds the groups.
    stages : the flags in order, each nested in the one before.
    reference : the group to compare with, the same at every stage; None: the group with the
        highest rate at the bottom line, among those of at least 2 % of the applicants. Since it
        is picked for its rate, `p_adjusted` then allows for all pairs of groups.
    within : column of strata (year, posting); each is taken apart by itself.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, group (without the reference) and stage; the last stage is the
        "bottom line". `n` of the group entered with a known outcome, `x` passed; `log_ratio` is
        the logarithm of the stage's impact ratio, with `low` and `high`, and adds up to the
        bottom line; `impact_ratio` with its interval, 0 where nobody of the group passed (where
        nobody of the reference did, it is missing and `ratio_low` says how many times as often at
        least); `p_value` of the stage (mid-p below 30 expected, else z), and `p_adjusted` for all
        stages and groups of the table (Holm). The bottom line has no p-value here: that of
        `adverse_impact` counts all applicants. `share_of_total` of the bottom line, missing unless
        all stages point the same way; `unknown` people without a known group who entered; the
        `method`; `reason` why a figure is missing.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, or stages that are not
        nested.

    Notes
    -----
    It cannot show what would happen if one stage were changed: those who pass it would be others.
    Intervals of the stages are Koopman's; that of the bottom line adds up variances and is too
    narrow with few events. Where outcomes are not known the bottom line is the product of the
    stages, not `x` of all applicants. Source: Connecticut v. Teal, 457 U.S. 440 (1982), for stages
    beside the bottom line; Koopman, Biometrics 40 (1984), 513-517; Katz and others, Biometrics 34
    (1978), 469-474, for the variance of the logarithm.

    Examples
    --------
    >>> import pandas as pd
    >>> candidates = pd.DataFrame({
    ...     "race": ["black", "white"], "n": [48, 259],
    ...     "test": [26, 206], "test_known": [48, 259],
    ...     "promoted": [11, 35], "promoted_known": [48, 259],
    ... })
    >>> table = stage_decomposition(candidates, group="race", stages=["test", "promoted"],
    ...                             reference="white")
    >>> table[["stage", "log_ratio"]].round(6).values.tolist()
    [['test', -0.384153], ['promoted', 0.912327], ['bottom line', 0.528174]]
    """
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level must lie between 0 and 1, but is {confidence_level!r}. "
            "For 95 % write 0.95."
        )
    got = read_stages(counts, group=group, stages=stages, within=within)
    folded = got.folded
    at = _highest(got) if reference is None else folded.column_of(reference)
    picked, reference = reference is None, folded.groups[at]
    others = [i for i in range(len(folded.groups)) if i != at]
    n, x = got.x_known, got.x
    with np.errstate(invalid="ignore", divide="ignore"):
        log_rate = np.where((n > 0) & (x > 0), np.log(x) - np.log(n), np.nan)
        variance = 1 / x - 1 / n
    # the bottom line is what the stages add up to
    log_rate[-1] = log_rate[:-1].sum(axis=0)
    variance[-1] = variance[:-1].sum(axis=0)
    log_ratio = (log_rate - log_rate[..., [at]])[..., others]
    figures = _stage_figures(n[:-1], x[:-1], at, others, confidence_level)
    fixed = variance[-1] == 0  # everyone passed everything: a width of 0 is no width
    spread = np.sqrt(variance[-1] + variance[-1][..., [at]])[..., others]
    half = float(special.ndtri(0.5 + confidence_level / 2)) * spread
    unsure = (fixed | fixed[..., [at]])[..., others] | np.isnan(log_ratio[-1])
    with np.errstate(over="ignore"):
        ends = [np.where(unsure, np.nan, np.exp(log_ratio[-1] + s * half)) for s in (-1, 1)]
    impact, low, high = (
        np.concatenate((one, last[None]))
        for one, last in zip(figures[:3], (np.prod(figures[0], axis=0), *ends), strict=True)
    )
    impact[-1] = np.where(np.isnan(log_ratio[-1]), np.nan, impact[-1])
    p = np.concatenate((figures[3], np.full((1, *log_ratio.shape[1:]), np.nan)))
    could_be = (n > 0).sum(axis=-1) if picked else None
    adjusted = holm(p, comparisons=pairs_of(could_be, p))
    total = log_ratio[-1]
    one_way = (log_ratio[:-1] >= 0).all(axis=0) | (log_ratio[:-1] <= 0).all(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(one_way & (total != 0), log_ratio / total, np.nan)

    reasons = Reasons(log_ratio.shape)
    mine = ((n == 0) | (x == 0))[..., others]
    theirs = np.broadcast_to(((n == 0) | (x == 0))[..., [at]], log_ratio.shape)
    bottom = np.zeros(log_ratio.shape, dtype=bool)
    bottom[-1] = True
    passed = of_words(x, n)
    reasons.add(mine & ~bottom, passed[..., others] + " of this group passed: no logarithm")
    reasons.add(theirs & ~bottom, passed[..., [at]] + f" of {reference} passed: no logarithm")
    reasons.add(bottom & np.isnan(log_ratio), "a stage has no figure, so there is no sum")
    everyone = fixed[..., others] & bottom & ~np.isnan(log_ratio)
    reasons.add(everyone, "no interval: everyone of this group passed every stage")
    alone = fixed[..., [at]] & bottom & ~np.isnan(log_ratio)
    reasons.add(alone, f"no interval: everyone of {reference} passed every stage")
    split = np.broadcast_to(~one_way & ~np.isnan(total), log_ratio.shape)
    reasons.add(split, "no shares: the stages point in different directions")
    reasons.add(
        np.broadcast_to(one_way & (total == 0), log_ratio.shape), "no shares: the total is 0"
    )

    n_stages, n_strata, n_groups = log_ratio.shape

    def rows(values: np.ndarray) -> np.ndarray:
        """Reorder from stage, stratum, group to stratum, group, stage."""
        return np.moveaxis(values, 0, 2)

    unknown = np.broadcast_to(got.unknown.T[:, None, :], (n_strata, n_groups, n_stages))
    summed = np.full((1, *log_ratio.shape[1:]), "ratio: product of the stages, delta method")
    method = np.concatenate((figures[4], summed.astype(object)))
    if picked:
        method = "reference: highest rate, p-values adjusted for all pairs of groups; " + method
    order = rows(np.arange(log_ratio.size).reshape(log_ratio.shape)).ravel()
    groups = np.array([folded.groups[i] for i in others], dtype=object)
    none = np.isnan(log_ratio)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_low, log_high = (np.where(none, np.nan, np.log(v)) for v in (low, high))
    return tidy(
        {
            "stratum": np.repeat(np.array(folded.strata), n_groups * n_stages),
            "stage": np.tile(np.array(got.names), n_strata * n_groups),
            "group": np.tile(np.repeat(groups, n_stages), n_strata),
            "reference": np.full(log_ratio.size, reference, dtype=object),
            "n": whole(rows(n[..., others])),
            "x": whole(rows(x[..., others])),
            "log_ratio": rows(log_ratio),
            "low": rows(log_low),
            "high": rows(log_high),
            "impact_ratio": rows(impact),
            "ratio_low": rows(low),
            "ratio_high": rows(high),
            "p_value": rows(p),
            "p_adjusted": rows(adjusted),
            "share_of_total": rows(part),
            "unknown": whole(unknown),
            "method": rows(method),
            "reason": reasons.column().iloc[order].reset_index(drop=True),
        }
    )


def _stage_figures(
    n: np.ndarray, x: np.ndarray, at: int, others: list[int], confidence_level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the impact ratio of each stage, Koopman's limits, the p-value, and their names."""
    a, m1 = x[..., others], n[..., others]
    b, m2 = (np.broadcast_to(v[..., [at]], a.shape) for v in (x, n))
    low, high = koopman(a, m1, b, m2, confidence_level=confidence_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (a * m2) / (m1 * b)
    test = two_by_two_test(a, m1, b, m2, beside=False)
    names = test.method.astype(object)
    names = "ratio: Koopman score" + np.where(names == "none", "", "; test: " + names)
    ratio, high = (np.where(np.isfinite(v), v, np.nan) for v in (ratio, high))
    return ratio, low, high, test.p_value, names


def _highest(got: Stages) -> int:
    """Return the position of the group with the highest rate over all applicants."""
    n, x = got.x_known[-1].sum(axis=0), got.x[-1].sum(axis=0)
    everyone = got.n[-1].sum(axis=0)
    every = (v[:-1].sum(axis=1) for v in (got.x, got.x_known, got.n))
    product, worth = product_of_stages(*every)
    open_ = got.running.sum(axis=0) > 0  # else x of n, which is the product
    n = np.where(open_, worth, n)
    x = np.where(open_, np.where(worth > 0, product, 0.0) * worth, x)
    judged = (everyone >= MINIMUM_SHARE * everyone.sum()) & (n > 0)
    if not (x[judged] > 0).any():
        raise ValueError(
            "No group has anybody at the last stage, so there is none to compare with. Name a "
            "reference, or choose more applicants."
        )
    return int(np.argmax(np.where(judged, x / np.where(n > 0, n, 1), -1.0)))
