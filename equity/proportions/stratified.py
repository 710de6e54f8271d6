"""Two groups compared within strata, and over all of them: Mantel-Haenszel and exact tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from equity.proportions._arrays import SMALLEST, pairs, two_sided_normal, z_of
from equity.proportions._conditional import (
    EXACT_LIMIT,
    coefficients,
    homogeneity_p,
    limits,
    two_sided_p,
)

__all__ = [
    "EXACT_LIMIT",
    "ExactTest",
    "Homogeneity",
    "MantelHaenszelTest",
    "PooledRatio",
    "breslow_day",
    "exact_conditional",
    "informative",
    "mantel_haenszel",
    "pooled_odds_ratio",
    "pooled_risk_ratio",
]


class PooledRatio(NamedTuple):
    """A ratio over all strata, with the ends of its interval; each without the last axis."""

    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class MantelHaenszelTest:
    """Observed and expected passes of the first group, chi-square (1 degree of freedom), p-value.

    `strata` have told something. `room` is the distance from `expected` to the nearer end of what
    was possible: below 5 the chi-square distribution is not to be trusted (Mantel and Fleiss).
    """

    chi2: np.ndarray
    p_value: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    variance: np.ndarray
    strata: np.ndarray
    room: np.ndarray


@dataclass(frozen=True)
class Homogeneity:
    """Breslow-Day's statistic without and with Tarone's correction, `df`, and its p-value.

    `p_value` is that of `tarone`, `p_breslow_day` that of the statistic without correction.
    `sparse`: fewer than 1 is fitted in a cell, or fewer than 5 in more than a fifth of the cells,
    so that chi-square is rough (Cochran's rule); `p_exact` (Zelen's) is made only there.
    """

    breslow_day: np.ndarray
    tarone: np.ndarray
    df: np.ndarray
    p_value: np.ndarray
    p_breslow_day: np.ndarray
    sparse: np.ndarray
    p_exact: np.ndarray


class ExactTest(NamedTuple):
    """Exact conditional p-value, the conditional estimate of the odds ratio and its interval."""

    p_value: np.ndarray
    odds_ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray


def _tables(x1: Any, n1: Any, x2: Any, n2: Any) -> tuple[np.ndarray, ...]:
    """Return the four counts of one shape; a stratum that is not known is one without people."""
    return tuple(np.nan_to_num(v) for v in (np.atleast_1d(t) for t in pairs(x1, n1, x2, n2)))


def informative(x1: Any, n1: Any, x2: Any, n2: Any) -> np.ndarray:
    """Return which strata tell anything about an odds ratio.

    A stratum tells nothing where one of the groups is empty, or where nobody or everybody of both
    passed: then its totals leave one table only.

    Parameters
    ----------
    x1, n1, x2, n2 : counts, `x1 <= n1` and `x2 <= n2`.

    Examples
    --------
    >>> informative([3, 0, 4], [5, 4, 4], [1, 0, 2], [6, 9, 2]).tolist()
    [True, False, False]
    """
    a, m1, b, m2 = _tables(x1, n1, x2, n2)
    return (m1 > 0) & (m2 > 0) & (a + b > 0) & (a + b < m1 + m2)


def pooled_odds_ratio(
    x1: Any, n1: Any, x2: Any, n2: Any, *, confidence_level: float = 0.95
) -> PooledRatio:
    """Mantel-Haenszel's odds ratio over strata, with the interval of Robins, Breslow, Greenland.

    If the odds ratio were the same in all strata, how large would it be?

    Parameters
    ----------
    x1, n1, x2, n2 : counts, strata along the last axis, `x1 <= n1` and `x2 <= n2`.
    confidence_level : two-sided level, between 0 and 1.

    Returns
    -------
    PooledRatio
        0 or infinite where all strata point to it, without an interval then; NaN where no stratum
        tells anything.

    Notes
    -----
    It cannot show whether the strata agree: see `breslow_day`. Source: Mantel and Haenszel,
    Journal of the National Cancer Institute 22 (1959), 719-748; Robins, Breslow and Greenland,
    Biometrics 42 (1986), 311-323. With one stratum the interval is Woolf's.

    Examples
    --------
    Admissions to six departments at Berkeley, men against women (Bickel and others 1975):

    >>> found = pooled_odds_ratio([512, 353, 120, 138, 53, 22], [825, 560, 325, 417, 191, 373],
    ...                           [89, 17, 202, 131, 94, 24], [108, 25, 593, 375, 393, 341])
    >>> [round(float(v), 6) for v in found]
    [0.904697, 0.771907, 1.06033]
    """
    z = z_of(confidence_level)
    a, m1, b, m2 = _tables(x1, n1, x2, n2)
    n = np.where(m1 + m2 > 0, m1 + m2, 1.0)
    c, d = m1 - a, m2 - b
    r, s = a * d / n, b * c / n
    p, q = (a + d) / n, (b + c) / n
    top, bottom = r.sum(axis=-1), s.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = top / bottom
        variance = (
            (p * r).sum(axis=-1) / top**2
            + (p * s + q * r).sum(axis=-1) / (top * bottom)
            + (q * s).sum(axis=-1) / bottom**2
        ) / 2
    return _with_limits(ratio, variance, z)


def pooled_risk_ratio(
    x1: Any, n1: Any, x2: Any, n2: Any, *, confidence_level: float = 0.95
) -> PooledRatio:
    """Mantel-Haenszel's ratio of rates over strata, with the interval of Greenland and Robins.

    If one group passed so many times as often as the other in all strata, how many times?

    Parameters
    ----------
    x1, n1, x2, n2 : counts, strata along the last axis, `x1 <= n1` and `x2 <= n2`.
    confidence_level : two-sided level, between 0 and 1.

    Returns
    -------
    PooledRatio
        As `pooled_odds_ratio`. A stratum where everybody passed has a ratio of 1 and counts here,
        though it says nothing of an odds ratio.

    Notes
    -----
    Source: Greenland and Robins, Biometrics 41 (1985), 55-68. With one stratum the interval is
    Katz's.

    Examples
    --------
    >>> found = pooled_risk_ratio([3, 6], [16, 10], [25, 35], [43, 50])
    >>> [round(float(v), 4) for v in found]
    [0.5698, 0.3377, 0.9614]
    """
    z = z_of(confidence_level)
    a, m1, b, m2 = _tables(x1, n1, x2, n2)
    n = np.where(m1 + m2 > 0, m1 + m2, 1.0)
    top, bottom = (a * m2 / n).sum(axis=-1), (b * m1 / n).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = top / bottom
        spread = (m1 * m2 * (a + b) - a * b * n) / n**2
        variance = spread.sum(axis=-1) / (top * bottom)
    return _with_limits(ratio, variance, z)


def _with_limits(ratio: np.ndarray, variance: np.ndarray, z: float) -> PooledRatio:
    can = np.isfinite(variance) & (variance > 0) & (ratio > 0) & np.isfinite(ratio)
    half = z * np.sqrt(np.where(can, variance, 0.0))
    with np.errstate(invalid="ignore", over="ignore"):
        ends = (np.where(can, ratio * np.exp(sign * half), np.nan) for sign in (-1, 1))
        return PooledRatio(ratio, *ends)


def mantel_haenszel(
    x1: Any, n1: Any, x2: Any, n2: Any, *, correction: bool = False
) -> MantelHaenszelTest:
    """Test whether two groups pass equally often within strata, over all strata together.

    Given who was there in each stratum, did the first group pass more or less often than chance
    would have it?

    Parameters
    ----------
    x1, n1, x2, n2 : counts, strata along the last axis, `x1 <= n1` and `x2 <= n2`.
    correction : subtract one half from the distance first (Yates's continuity correction), which
        makes p-values too large; it is here to meet published figures that used it.

    Returns
    -------
    MantelHaenszelTest
        NaN where no stratum tells anything.

    Notes
    -----
    It cannot see a difference that goes one way in some strata and the other way in the rest.
    Source: Mantel and Haenszel, Journal of the National Cancer Institute 22 (1959), 719-748;
    Mantel and Fleiss, American Journal of Epidemiology 112 (1980), 129-134, for `room`.

    Examples
    --------
    Penicillin at once or later, five doses (R's documentation of mantelhaen.test):

    >>> cured = [0, 3, 6, 5, 2], [6, 6, 6, 6, 2], [0, 0, 2, 6, 5], [5, 6, 6, 6, 5]
    >>> test = mantel_haenszel(*cured, correction=True)
    >>> round(float(test.chi2), 4), round(float(test.p_value), 5), int(test.strata)
    (3.9286, 0.04747, 3)
    """
    a, m1, b, m2 = _tables(x1, n1, x2, n2)
    used = informative(a, m1, b, m2)
    a, m1, b, m2 = (np.where(used, v, 0.0) for v in (a, m1, b, m2))
    k, n = a + b, np.where(used, m1 + m2, 2.0)
    each = m1 * k / n
    variance = (each * m2 / n * (n - k) / (n - 1)).sum(axis=-1)
    observed, expected = a.sum(axis=-1), each.sum(axis=-1)
    least = np.maximum(0.0, k - m2).sum(axis=-1)
    most = np.minimum(m1, k).sum(axis=-1)
    strata = used.sum(axis=-1)
    far = np.abs(observed - expected)
    if correction:
        far = np.where(far >= 0.5, far - 0.5, far)
    with np.errstate(invalid="ignore", divide="ignore"):
        chi2 = np.where(strata > 0, far**2 / variance, np.nan)
    p = two_sided_normal(np.sqrt(chi2))[0]
    nothing = strata == 0
    room = np.minimum(expected - least, most - expected)
    p, observed, expected, variance, room = (
        np.where(nothing, np.nan, v) for v in (p, observed, expected, variance, room)
    )
    return MantelHaenszelTest(chi2, p, observed, expected, variance, strata, room)


def breslow_day(x1: Any, n1: Any, x2: Any, n2: Any) -> Homogeneity:
    """Test whether the odds ratio is the same in all strata (Breslow-Day, Tarone's correction).

    May the strata be described by one number?

    Parameters
    ----------
    x1, n1, x2, n2 : counts, strata along the last axis, `x1 <= n1` and `x2 <= n2`.

    Returns
    -------
    Homogeneity
        NaN with fewer than two strata that tell anything, or where the pooled odds ratio is 0 or
        infinite.

    Notes
    -----
    It needs people in every stratum: with few, chi-square is rough and `p_exact` is to be read,
    and both seldom reject, so that "not rejected" does not show that the strata agree. `p_exact`
    is how likely the sum of passes is spread over strata as it is, or less likely, at equal odds
    ratios; of more than 10,000 ways so many are drawn (seeded). Source: Breslow and Day,
    Statistical Methods in Cancer Research 1 (1980), 142; Tarone, Biometrika 72 (1985), 91-95;
    Zelen, Biometrika 58 (1971), 129-137; Cochran, Biometrics 10 (1954), 417-451.

    Examples
    --------
    >>> test = breslow_day([512, 353, 120, 138, 53, 22], [825, 560, 325, 417, 191, 373],
    ...                    [89, 17, 202, 131, 94, 24], [108, 25, 593, 375, 393, 341])
    >>> round(float(test.tarone), 4), int(test.df), round(float(test.p_value), 6)
    (18.8255, 5, 0.002071)
    """
    a, m1, b, m2 = _tables(x1, n1, x2, n2)
    ratio = pooled_odds_ratio(a, m1, b, m2).ratio
    used = informative(a, m1, b, m2)
    df = np.maximum(used.sum(axis=-1) - 1, 0).astype(float)
    can = (df > 0) & np.isfinite(ratio) & (ratio > 0)
    theta = np.where(can, ratio, 1.0)[..., None]
    a, m1, b, m2 = (np.where(used, v, w) for v, w in ((a, 1.0), (m1, 2.0), (b, 1.0), (m2, 2.0)))
    fit = _fitted(theta, m1, a + b, m2)
    k = a + b
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = 1 / (1 / fit + 1 / (m1 - fit) + 1 / (k - fit) + 1 / (m2 - k + fit))
        part = np.where(used, (a - fit) ** 2 / variance, 0.0)
        plain = part.sum(axis=-1)
        off = np.where(used, a - fit, 0.0).sum(axis=-1)
        tarone = plain - off**2 / np.where(used, variance, 0.0).sum(axis=-1)
    plain, tarone = (np.where(can, np.maximum(v, 0.0), np.nan) for v in (plain, tarone))
    p, p_plain = (
        np.where(can, np.maximum(special.chdtrc(df, v), SMALLEST), np.nan) for v in (tarone, plain)
    )
    fitted = np.stack([fit, m1 - fit, k - fit, m2 - k + fit])
    cells = 4 * used.sum(axis=-1)
    few = (used & (fitted < 5)).sum(axis=(0, -1)) > 0.2 * cells
    sparse = can & (few | (used & (fitted < 1)).any(axis=(0, -1)))
    exact = np.full(can.shape, np.nan)
    for at in np.ndindex(can.shape):
        if sparse[at]:
            keep = used[at]
            own = [v[at][keep] for v in (a, m1, b, m2)]
            exact[at] = homogeneity_p(own[0], own[1], own[2], own[3], float(np.log(ratio[at])))
    df = np.where(can, df, np.nan)
    return Homogeneity(plain, tarone, df, p, p_plain, sparse, exact)


def _fitted(theta: np.ndarray, m1: np.ndarray, k: np.ndarray, m2: np.ndarray) -> np.ndarray:
    """Return the passes of the first group that give the odds ratio `theta` at these totals.

    The root of (1 - theta) A^2 + b A - theta m1 k = 0 between 0 and min(m1, k), by whichever of
    its two forms does not subtract like from like.
    """
    linear = m2 - k + theta * (m1 + k)
    square, last = 1 - theta, theta * m1 * k
    root = np.sqrt(np.maximum(linear**2 + 4 * square * last, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(linear >= 0, 2 * last / (linear + root), (root - linear) / (2 * square))


def exact_conditional(
    x1: Any, n1: Any, x2: Any, n2: Any, *, confidence_level: float = 0.95, interval: bool = True
) -> ExactTest:
    """Exact test of equal odds in all strata, given the totals of each.

    With so many passes in each stratum, how rare is a sum of the first group like this or rarer?

    Parameters
    ----------
    x1, n1, x2, n2 : counts, strata along the last axis, `x1 <= n1` and `x2 <= n2`.
    confidence_level : two-sided level of the interval, between 0 and 1.
    interval : if False the estimate and the interval are NaN, which is faster.

    Returns
    -------
    ExactTest
        The p-value adds up all sums that are no likelier than the observed one. The interval
        (Cornfield, Gart) is open at one end where the observed sum is the least or the largest
        possible: 0, or infinity. NaN where no stratum tells anything, or where more than
        `EXACT_LIMIT` different sums are possible.

    Notes
    -----
    Source: Gart, Review of the International Statistical Institute 39 (1971), 148-169; Mehta,
    Patel and Gray, JASA 80 (1985), 969-973. As mantelhaen.test(exact = TRUE) of R.

    Examples
    --------
    >>> found = exact_conditional([0, 3, 6, 5, 2], [6, 6, 6, 6, 2], [0, 0, 2, 6, 5],
    ...                           [5, 6, 6, 6, 5])
    >>> round(float(found.p_value), 5), round(float(found.odds_ratio), 5)
    (0.03994, 10.36105)
    """
    z_of(confidence_level)
    tables = _tables(x1, n1, x2, n2)
    used = informative(*tables)
    shape = used.shape[:-1]
    out = np.full((4, int(np.prod(shape))), np.nan)
    rows = [v.reshape(-1, used.shape[-1]) for v in (*tables, used)]
    for i, (a, m1, b, m2, keep) in enumerate(zip(*rows, strict=True)):
        found = coefficients(*(v[keep.astype(bool)] for v in (a, m1, b, m2)))
        if found is None:
            continue
        logs, at = found
        out[0, i] = two_sided_p(logs, at)
        if interval:
            out[1:, i] = limits(logs, at, 1 - confidence_level)
    return ExactTest(*(v.reshape(shape) for v in out))
