"""Intervals for one proportion, and for the difference and the ratio of two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from equity.proportions._arrays import pairs, parts, z_of

__all__ = [
    "Interval",
    "clopper_pearson",
    "difference_interval",
    "katz",
    "koopman",
    "miettinen_nurminen",
    "newcombe",
    "proportion_interval",
    "ratio_interval",
    "wilson",
]


class Interval(NamedTuple):
    """Lower and upper limits, in the shape of the counts."""

    low: np.ndarray
    high: np.ndarray


def wilson(x: Any, n: Any, *, confidence_level: float = 0.95) -> Interval:
    """Wilson's score interval for one proportion.

    Under which proportions would `x` of `n` not be a surprise?

    Parameters
    ----------
    x, n : counts, `x <= n`.
    confidence_level : two-sided level, between 0 and 1.

    Notes
    -----
    Source: Wilson, JASA 22 (1927), 209-212; method 3 of Newcombe, Statistics in Medicine 17
    (1998), 857-872.

    Examples
    --------
    81 of 263 (Newcombe 1998, table I):

    >>> low, high = wilson(81, 263)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2553, 0.3662)
    """
    z = z_of(confidence_level)
    count, of = parts(x, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = count / of
        centre = (p + z * z / (2 * of)) / (1 + z * z / of)
        half = z * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
        low = np.where(count == 0, 0.0, np.clip(centre - half, 0.0, p))
        high = np.where(count == of, 1.0, np.clip(centre + half, p, 1.0))
    nothing = ~(of > 0)
    return Interval(np.where(nothing, np.nan, low), np.where(nothing, np.nan, high))


def clopper_pearson(x: Any, n: Any, *, confidence_level: float = 0.95) -> Interval:
    """Clopper and Pearson's exact interval for one proportion; never too narrow, often too wide.

    Parameters
    ----------
    x, n : counts, `x <= n`.
    confidence_level : two-sided level, between 0 and 1.

    Notes
    -----
    Source: Clopper and Pearson, Biometrika 26 (1934), 404-413; method 5 of Newcombe, Statistics in
    Medicine 17 (1998), 857-872.

    Examples
    --------
    >>> low, high = clopper_pearson(81, 263)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2527, 0.3676)
    """
    z_of(confidence_level)
    count, of = parts(x, n)
    tail = (1 - confidence_level) / 2
    low = np.where(count == 0, 0.0, special.betaincinv(np.maximum(count, 1), of - count + 1, tail))
    room = np.where(count < of, of - count, 1)
    high = np.where(count == of, 1.0, special.betaincinv(count + 1, room, 1 - tail))
    nothing = ~(of > 0)
    return Interval(np.where(nothing, np.nan, low), np.where(nothing, np.nan, high))


def newcombe(x1: Any, n1: Any, x2: Any, n2: Any, *, confidence_level: float = 0.95) -> Interval:
    """Newcombe's hybrid score interval for the difference of two proportions, `x1/n1 - x2/n2`.

    Parameters
    ----------
    x1, n1, x2, n2 : counts, `x1 <= n1` and `x2 <= n2`.
    confidence_level : two-sided level, between 0 and 1.

    Notes
    -----
    Source: method 10 of Newcombe, Statistics in Medicine 17 (1998), 873-890.

    Examples
    --------
    56 of 70 against 48 of 80 (Newcombe 1998, table II):

    >>> low, high = newcombe(56, 70, 48, 80)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0524, 0.3339)
    """
    a, m1, b, m2 = pairs(x1, n1, x2, n2)
    low1, high1 = wilson(a, m1, confidence_level=confidence_level)
    low2, high2 = wilson(b, m2, confidence_level=confidence_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p2 = a / m1, b / m2
        down = np.hypot(p1 - low1, high2 - p2)
        up = np.hypot(high1 - p1, p2 - low2)
        return Interval(np.maximum(p1 - p2 - down, -1.0), np.minimum(p1 - p2 + up, 1.0))


def miettinen_nurminen(
    x1: Any, n1: Any, x2: Any, n2: Any, *, confidence_level: float = 0.95
) -> Interval:
    """Miettinen and Nurminen's score interval for the difference of two proportions.

    Parameters
    ----------
    x1, n1, x2, n2 : counts, `x1 <= n1` and `x2 <= n2`.
    confidence_level : two-sided level, between 0 and 1.

    Notes
    -----
    Source: Miettinen and Nurminen, Statistics in Medicine 4 (1985), 213-226; the likelihood under
    a fixed difference is maximised in closed form (Farrington and Manning, Statistics in Medicine
    9 (1990), 1447-1454). Limits are found by bisection.

    Examples
    --------
    >>> low, high = miettinen_nurminen(56, 70, 48, 80)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0528, 0.3382)
    """
    z = z_of(confidence_level)
    a, m1, b, m2 = pairs(x1, n1, x2, n2)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = a / m1 - b / m2

        def surprise(delta: np.ndarray) -> np.ndarray:
            return np.abs(_difference_score(a, m1, b, m2, delta))

        low = _limit(surprise, z, estimate, np.full_like(estimate, -1.0))
        high = _limit(surprise, z, estimate, np.full_like(estimate, 1.0))
    return Interval(low, high)


def _difference_score(
    a: np.ndarray, m1: np.ndarray, b: np.ndarray, m2: np.ndarray, delta: np.ndarray
) -> np.ndarray:
    p1, p2, theta = a / m1, b / m2, m2 / m1
    c3 = 1 + theta
    c2 = -(1 + theta + p1 + theta * p2 + delta * (theta + 2))
    c1 = delta**2 + delta * (2 * p1 + theta + 1) + p1 + theta * p2
    c0 = -p1 * delta * (1 + delta)
    v = (c2 / (3 * c3)) ** 3 - c1 * c2 / (6 * c3**2) + c0 / (2 * c3)
    u = np.sign(v) * np.sqrt(np.maximum((c2 / (3 * c3)) ** 2 - c1 / (3 * c3), 0.0))
    cosine = np.where(u == 0, 0.0, v / np.where(u == 0, 1.0, u) ** 3)
    angle = (np.pi + np.arccos(np.clip(cosine, -1.0, 1.0))) / 3
    q1 = 2 * u * np.cos(angle) - c2 / (3 * c3)
    q1 = np.clip(q1, np.maximum(delta, 0.0), np.minimum(1 + delta, 1.0))
    q2 = np.clip(q1 - delta, 0.0, 1.0)
    variance = (q1 * (1 - q1) / m1 + q2 * (1 - q2) / m2) * (m1 + m2) / (m1 + m2 - 1)
    gap = p1 - p2 - delta
    return np.where(gap == 0, 0.0, gap / np.sqrt(variance))


def koopman(x1: Any, n1: Any, x2: Any, n2: Any, *, confidence_level: float = 0.95) -> Interval:
    """Koopman's score interval for the ratio of two proportions, `(x1/n1) / (x2/n2)`.

    It keeps its promise with few events, and with none: 0 of `n1` gives a lower limit of 0, 0 of
    `n2` an upper limit of infinity. With no event in either group it is NaN.

    Parameters
    ----------
    x1, n1, x2, n2 : counts, `x1 <= n1` and `x2 <= n2`.
    confidence_level : two-sided level, between 0 and 1.

    Notes
    -----
    Source: Koopman, Biometrics 40 (1984), 513-517. Limits are found by bisection.

    Examples
    --------
    36 of 40 against 16 of 80 (Koopman 1984, example 1):

    >>> low, high = koopman(36, 40, 16, 80)
    >>> round(float(low), 2), round(float(high), 2)
    (2.94, 7.15)
    """
    z = z_of(confidence_level)
    a, m1, b, m2 = pairs(x1, n1, x2, n2)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        estimate = np.log(a / m1) - np.log(b / m2)

        def surprise(log_ratio: np.ndarray) -> np.ndarray:
            return np.abs(_ratio_score(a, m1, b, m2, np.exp(log_ratio)))

        far = 40.0 + np.zeros_like(estimate)  # exp(40) is beyond any ratio of counts
        start = np.clip(estimate, -far, far)
        low = np.where(a == 0, 0.0, np.exp(_limit(surprise, z, start, -far)))
        high = np.where(b == 0, np.inf, np.exp(_limit(surprise, z, start, far)))
        nothing = (a == 0) & (b == 0) | ~((m1 > 0) & (m2 > 0))
    return Interval(np.where(nothing, np.nan, low), np.where(nothing, np.nan, high))


def _ratio_score(
    a: np.ndarray, m1: np.ndarray, b: np.ndarray, m2: np.ndarray, ratio: np.ndarray
) -> np.ndarray:
    lead = (m1 + m2) * ratio
    middle = m1 * ratio + a + m2 + b * ratio
    q2 = 2 * (a + b) / (middle + np.sqrt(np.maximum(middle**2 - 4 * lead * (a + b), 0.0)))
    q2 = np.clip(q2, 0.0, np.minimum(1.0, 1.0 / ratio))
    q1 = ratio * q2
    variance = q1 * np.maximum(1 - q1, 0.0) / m1 + ratio**2 * q2 * (1 - q2) / m2
    gap = a / m1 - ratio * (b / m2)
    return np.where(gap == 0, 0.0, gap / np.sqrt(variance))


def katz(x1: Any, n1: Any, x2: Any, n2: Any, *, confidence_level: float = 0.95) -> Interval:
    """Katz's log interval for the ratio of two proportions; too narrow with few events.

    Kept because courts and textbooks used it. With a count of 0 it does not exist (NaN): use
    `koopman`.

    Parameters
    ----------
    x1, n1, x2, n2 : counts, `x1 <= n1` and `x2 <= n2`.
    confidence_level : two-sided level, between 0 and 1.

    Notes
    -----
    Source: Katz, Baptista, Azen and Pike, Biometrics 34 (1978), 469-474.

    Examples
    --------
    26 of 48 against 206 of 259 (Connecticut v. Teal, 1982):

    >>> low, high = katz(26, 48, 206, 259)
    >>> round(float(low), 4), round(float(high), 4)
    (0.5212, 0.8899)
    """
    z = z_of(confidence_level)
    a, m1, b, m2 = pairs(x1, n1, x2, n2)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_ratio = np.log(a / m1) - np.log(b / m2)
        half = z * np.sqrt(1 / a - 1 / m1 + 1 / b - 1 / m2)
        none = ~((a > 0) & (b > 0))
        return Interval(
            np.where(none, np.nan, np.exp(log_ratio - half)),
            np.where(none, np.nan, np.exp(log_ratio + half)),
        )


def _limit(
    surprise: Callable[[np.ndarray], np.ndarray], z: float, inside: np.ndarray, far: np.ndarray
) -> np.ndarray:
    """Return where `surprise` grows past `z` on the way from `inside` to `far`, else `far`."""
    inside, outside = np.array(inside), np.array(far)
    for _ in range(52):
        middle = (inside + outside) / 2
        within = surprise(middle) <= z
        inside = np.where(within, middle, inside)
        outside = np.where(within, outside, middle)
    return (inside + outside) / 2


_ONE: Mapping[str, Callable[..., Interval]] = {
    "wilson": wilson,
    "clopper-pearson": clopper_pearson,
}
_DIFFERENCE: Mapping[str, Callable[..., Interval]] = {
    "newcombe": newcombe,
    "miettinen-nurminen": miettinen_nurminen,
}
_RATIO: Mapping[str, Callable[..., Interval]] = {"koopman": koopman, "katz": katz}


def _named(methods: Mapping[str, Callable[..., Interval]], method: str) -> Callable[..., Interval]:
    if method not in methods:
        raise ValueError(f"method={method!r} is not one of: {', '.join(methods)}.")
    return methods[method]


def proportion_interval(
    x: Any, n: Any, *, method: str = "wilson", confidence_level: float = 0.95
) -> Interval:
    """Interval for one proportion by the method's name: "wilson" or "clopper-pearson".

    Examples
    --------
    >>> float(proportion_interval(0, 20).high.round(4))
    0.1611
    """
    return _named(_ONE, method)(x, n, confidence_level=confidence_level)


def difference_interval(
    x1: Any, n1: Any, x2: Any, n2: Any, *, method: str = "newcombe", confidence_level: float = 0.95
) -> Interval:
    """Interval for a difference by the method's name: "newcombe" or "miettinen-nurminen".

    Examples
    --------
    >>> float(difference_interval(9, 10, 3, 10, method="miettinen-nurminen").low.round(4))
    0.17
    """
    return _named(_DIFFERENCE, method)(x1, n1, x2, n2, confidence_level=confidence_level)


def ratio_interval(
    x1: Any, n1: Any, x2: Any, n2: Any, *, method: str = "koopman", confidence_level: float = 0.95
) -> Interval:
    """Interval for a ratio by the method's name: "koopman" or "katz".

    Examples
    --------
    >>> float(ratio_interval(26, 48, 206, 259, method="katz").low.round(4))
    0.5212
    """
    return _named(_RATIO, method)(x1, n1, x2, n2, confidence_level=confidence_level)
