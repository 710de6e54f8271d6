"""Arithmetic with estimates and their margins of error, as the US Census Bureau prescribes it.

Every function takes estimates with their margins (at one confidence level, the Bureau's is 90 %)
as numbers or arrays, and gives an estimate with its margin at the same level. All are
approximations: they leave out how the estimates move together, which only the Bureau knows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "Z90",
    "Estimate",
    "percent_change",
    "product",
    "proportion",
    "ratio",
    "shares",
    "standard_error",
    "total",
]

Z90 = 1.645
"""The Bureau's factor between a standard error and a margin of error at 90 %."""


class Estimate(NamedTuple):
    """An estimate and its margin of error."""

    value: np.ndarray
    moe: np.ndarray


def _array(value: Any, name: str, *, margin: bool = False) -> np.ndarray:
    try:
        if hasattr(value, "to_numpy"):
            out = np.asarray(value.to_numpy(dtype=float, na_value=np.nan))
        else:
            out = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be a number or an array of numbers, not {type(value).__name__}."
        ) from None
    if margin and (out[~np.isnan(out)] < 0).any():
        raise ValueError(
            f"{name} must not be negative, but is {out[out < 0].flat[0]:.15g}. Negative codes "
            "such as -555555555 (controlled: margin 0) or -222222222 (not available: NaN) must be "
            "translated first; equity.sources.acs does that."
        )
    return out


def _both(value: Any, moe: Any, names: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    v, m = np.broadcast_arrays(_array(value, names[0]), _array(moe, names[1], margin=True))
    return v, m


def standard_error(moe: Any) -> np.ndarray:
    """Return the standard error of an estimate from its margin of error at 90 %.

    Parameters
    ----------
    moe : margin of error at 90 %, in the unit of the estimate; 0 for a controlled estimate.

    Notes
    -----
    Source: US Census Bureau, Understanding and Using ACS Data (2018), ch. 7.

    Examples
    --------
    >>> float(standard_error(5070).round(1))
    3082.1
    """
    return _array(moe, "moe", margin=True) / Z90


def total(values: Any, moes: Any, *, axis: int | None = None) -> Estimate:
    """Sum of estimates, with margin `sqrt(sum of squared margins)`.

    Parameters
    ----------
    values, moes : estimates and their margins, in one shape.
    axis : along which to add; all, if None.

    Notes
    -----
    The Bureau counts the margin of several zero estimates once only; here each counts, which errs
    on the wide side. Source: US Census Bureau, Understanding and Using ACS Data (2018), ch. 8.

    Examples
    --------
    Never-married women in three counties around Washington:

    >>> women = total([135_173, 43_104, 24_842], [3_860, 2_642, 1_957])
    >>> int(women.value), round(float(women.moe))
    (203119, 5070)
    """
    v, m = _both(values, moes, ("values", "moes"))
    return Estimate(np.sum(v, axis=axis), np.sqrt(np.sum(m**2, axis=axis)))


def proportion(x: Any, x_moe: Any, y: Any, y_moe: Any) -> Estimate:
    """Part of a whole, with margin `sqrt(x_moe^2 - p^2 y_moe^2) / y`.

    Where the number under the root is negative the formula of `ratio` is used, as the Bureau says.
    The whole must be an estimate that the Bureau publishes with a margin of its own; for a whole
    that you add up yourself see `shares`.

    Parameters
    ----------
    x, x_moe : the part and its margin.
    y, y_moe : the whole, of which `x` is a part, and its margin.

    Returns
    -------
    Estimate
        NaN where the whole is 0 or something is not known.

    Notes
    -----
    Source: US Census Bureau, Understanding and Using ACS Data (2018), ch. 8.

    Examples
    --------
    >>> share = proportion(203_119, 5_070, 630_498, 831)
    >>> float(share.value.round(3)), float(share.moe.round(3))
    (0.322, 0.008)
    """
    return _quotient(x, x_moe, y, y_moe, part=True)


def shares(values: Any, moes: Any, *, axis: int | None = None) -> Estimate:
    """Share of each part in the sum of all parts, where the sum has no margin of its own.

    The margin is `sqrt((1 - p)^2 moe^2 + p^2 (sum of the other parts' moe^2)) / sum`: what the
    error of each part does to the share, with errors that are independent of each other.

    Parameters
    ----------
    values, moes : all parts and their margins, in one shape.
    axis : along which they are parts of one whole; all, if None.

    Returns
    -------
    Estimate
        In the shape of the parts; NaN where the sum is 0 or a part is not known.

    Notes
    -----
    It cannot show how the Bureau's control of a total ties the parts together: where the total is
    published with its margin, use `proportion`. Source: the delta method, as in the Bureau's
    Understanding and Using ACS Data (2018), ch. 8, for functions of independent estimates.

    Examples
    --------
    >>> share = shares([7_000, 1_500, 1_000, 500], [300, 200, 180, 120])
    >>> share.value.tolist(), share.moe.round(4).tolist()
    ([0.7, 0.15, 0.1, 0.05], [0.0225, 0.0179, 0.0166, 0.0116])
    """
    v, m = _both(values, moes, ("values", "moes"))
    squares = m**2
    everyone = np.sum(v, axis=axis, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(everyone > 0, v / everyone, np.nan)
        others = np.maximum(np.sum(squares, axis=axis, keepdims=True) - squares, 0.0)
        return Estimate(p, np.sqrt((1 - p) ** 2 * squares + p**2 * others) / everyone)


def ratio(x: Any, x_moe: Any, y: Any, y_moe: Any) -> Estimate:
    """Ratio of two estimates where neither is part of the other.

    Parameters
    ----------
    x, x_moe, y, y_moe : numerator and denominator with their margins.

    Returns
    -------
    Estimate
        With margin `sqrt(x_moe^2 + r^2 y_moe^2) / y`; NaN where `y` is 0.

    Notes
    -----
    Source: US Census Bureau, Understanding and Using ACS Data (2018), ch. 8.

    Examples
    --------
    Never-married men for each never-married woman:

    >>> men = ratio(226_840, 5_556, 203_119, 5_070)
    >>> float(men.value.round(3)), float(men.moe.round(3))
    (1.117, 0.039)
    """
    return _quotient(x, x_moe, y, y_moe, part=False)


def _quotient(x: Any, x_moe: Any, y: Any, y_moe: Any, *, part: bool) -> Estimate:
    a, ma = _both(x, x_moe, ("x", "x_moe"))
    b, mb = _both(y, y_moe, ("y", "y_moe"))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(b != 0, a / b, np.nan)
        wide = ma**2 + value**2 * mb**2
        narrow = ma**2 - value**2 * mb**2
        radicand = np.where(narrow < 0, wide, narrow) if part else wide
        return Estimate(value, np.sqrt(radicand) / np.abs(b))


def product(x: Any, x_moe: Any, y: Any, y_moe: Any) -> Estimate:
    """Product of two estimates, with margin `sqrt(x^2 y_moe^2 + y^2 x_moe^2)`.

    Parameters
    ----------
    x, x_moe, y, y_moe : the factors and their margins; a percentage is given as a proportion.

    Notes
    -----
    Source: US Census Bureau, Understanding and Using ACS Data (2018), ch. 8.

    Examples
    --------
    Owner-occupied homes that are detached houses, from their number and their share:

    >>> houses = product(74_506_512, 228_238, 0.824, 0.001)
    >>> round(float(houses.value)), round(float(houses.moe))
    (61393366, 202289)
    """
    a, ma = _both(x, x_moe, ("x", "x_moe"))
    b, mb = _both(y, y_moe, ("y", "y_moe"))
    return Estimate(a * b, np.sqrt(a**2 * mb**2 + b**2 * ma**2))


def percent_change(earlier: Any, earlier_moe: Any, later: Any, later_moe: Any) -> Estimate:
    """Percent change from an earlier to a later estimate, in percent.

    Parameters
    ----------
    earlier, earlier_moe, later, later_moe : estimates of periods that do not overlap.

    Returns
    -------
    Estimate
        100 x (later - earlier) / earlier, with the margin of the ratio times 100.

    Notes
    -----
    Source: US Census Bureau, Understanding and Using ACS Data (2018), ch. 8.

    Examples
    --------
    >>> change = percent_change(135_173, 3_860, 139_301, 4_047)
    >>> float(change.value.round(2)), float(change.moe.round(2))
    (3.05, 4.2)
    """
    quotient = ratio(later, later_moe, earlier, earlier_moe)
    return Estimate(100 * (quotient.value - 1), 100 * quotient.moe)
