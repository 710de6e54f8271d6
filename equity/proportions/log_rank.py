"""The log-rank test: could groups have the same hazard, given who was at risk when."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from equity.proportions._arrays import numbers

__all__ = ["LogRank", "log_rank"]


class LogRank(NamedTuple):
    """The test, and the events of each group: those counted, and those expected if all are alike.

    `df` is the number of groups with events expected, less one.
    """

    chi2: np.ndarray
    df: np.ndarray
    p_value: np.ndarray
    observed: np.ndarray
    expected: np.ndarray


def log_rank(at_risk: Any, events: Any, *, stratified: bool = False) -> LogRank:
    """Test whether groups have events equally often at all times (Mantel, Cox).

    Parameters
    ----------
    at_risk, events : counts by group and time, the last two axes; axes before them are tests of
        their own. As `life_table` gives them, on the same times for all groups.
    stratified : the axis before the groups holds strata: groups are compared within each, and the
        results added up.

    Returns
    -------
    LogRank
        NaN where fewer than two groups are at risk together while there are events.

    Raises
    ------
    ValueError
        Where the shapes differ, or events are more than those at risk.

    Notes
    -----
    With hazards that cross, differences cancel and the test finds nothing. Variance: the
    hypergeometric one. Source: Klein and Moeschberger, Survival Analysis (2nd ed. 2003), 7.3 and
    (strata) 7.5.

    Examples
    --------
    >>> test = log_rank([[4, 3, 2], [4, 4, 3]], [[1, 1, 1], [0, 1, 0]])
    >>> round(float(test.chi2), 3), test.expected.round(2).tolist()
    (1.72, [1.76, 2.24])
    """
    n, d = numbers(at_risk, "at_risk"), numbers(events, "events")
    if n.shape != d.shape or n.ndim < 2 + stratified:
        raise ValueError(
            f"at_risk and events must have the same shape, groups x times, but have {n.shape} and "
            f"{d.shape}. Make both with life_table, with one slot for each group."
        )
    if (d > n).any():
        raise ValueError("events must not be more than at_risk: count the same people in both.")
    total, all_events = n.sum(axis=-2, keepdims=True), d.sum(axis=-2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > 0, n / total, 0.0)
        weight = np.where(total > 1, all_events * (total - all_events) / (total - 1), 0.0)
    expected, observed = (share * all_events).sum(axis=-1), d.sum(axis=-1)
    diagonal = (share * weight).sum(axis=-1)
    cross = np.einsum("...it,...jt->...ij", share * weight, share)
    if stratified:
        expected, observed, diagonal = (v.sum(axis=-2) for v in (expected, observed, diagonal))
        cross = cross.sum(axis=-3)
    covariance = diagonal[..., None] * np.eye(diagonal.shape[-1]) - cross
    gap = observed - expected
    df = np.maximum((expected > 0).sum(axis=-1) - 1, 0)
    if gap.shape[-1] == 2:
        with np.errstate(invalid="ignore", divide="ignore"):
            chi2 = gap[..., 0] ** 2 / covariance[..., 0, 0]
        some = covariance[..., 0, 0] > 1e-12
    else:
        inverse = np.linalg.pinv(covariance, rcond=1e-10, hermitian=True)
        chi2 = np.einsum("...i,...ij,...j->...", gap, inverse, gap)
        some = np.trace(covariance, axis1=-2, axis2=-1) > 1e-12
    chi2 = np.where(some & (df > 0), chi2, np.nan)
    return LogRank(chi2, df, special.chdtrc(np.maximum(df, 1), chi2), observed, expected)
