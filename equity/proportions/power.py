"""How large a difference of two proportions so many people could show."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special

from equity.proportions._arrays import numbers, refuse

__all__ = ["detectable_below", "two_proportion_power"]


def two_proportion_power(p1: Any, n1: Any, p2: Any, n2: Any, *, alpha: float = 0.05) -> np.ndarray:
    """Chance that a two-sided test of two proportions finds the difference between them.

    If the true proportions are `p1` and `p2`, how often would so many people show it?

    Parameters
    ----------
    p1, p2 : true proportions, between 0 and 1.
    n1, n2 : how many people in each group, 0 or more.
    alpha : level of the test, between 0 and 1.

    Returns
    -------
    ndarray
        Probabilities; NaN where a group is empty or something is not known.

    Raises
    ------
    ValueError
        For a proportion outside 0..1, a negative number of people, or an `alpha` outside 0..1.

    Notes
    -----
    By Cohen's h, the difference of arcsines, whose error hardly depends on the proportions. It
    cannot replace the exact power where fewer than about 10 people are in a group. Source: Cohen,
    Statistical Power Analysis for the Behavioral Sciences, 2nd ed. (1988), ch. 6.

    Examples
    --------
    Cohen's h of 0.50 with 63 in each group, table 6.4.1: power .80.

    >>> p = np.sin(np.arcsin(np.sqrt(0.5)) - 0.25) ** 2
    >>> float(two_proportion_power(p, 63, 0.5, 63).round(2))
    0.8
    """
    _between(alpha, "alpha")
    first, second = _share(p1, "p1"), _share(p2, "p2")
    h = 2 * np.abs(np.arcsin(np.sqrt(first)) - np.arcsin(np.sqrt(second)))
    return np.asarray(_power(h / _error(n1, n2), alpha))


def detectable_below(
    p2: Any, n1: Any, n2: Any, *, power: float = 0.8, alpha: float = 0.05
) -> np.ndarray:
    """Highest proportion below `p2` that a two-sided test would tell from it with this power.

    With so many people, how far below the others must a group be, to be seen?

    Parameters
    ----------
    p2 : proportion of the group that is compared with, taken as true.
    n1, n2 : how many people in the group, and in the group that it is compared with.
    power : chance of finding the difference, between `alpha` and 1.
    alpha : level of the test, between 0 and 1.

    Returns
    -------
    ndarray
        Proportions below `p2`. NaN where even a proportion of 0 would not be seen so often, where
        a group is empty, or where something is not known.

    Raises
    ------
    ValueError
        For a proportion outside 0..1, a negative number of people, or a `power` that is not
        between `alpha` and 1.

    Notes
    -----
    It cannot say that there is no smaller difference: only that these people would often not show
    it. Source: Cohen (1988), ch. 6, as in `two_proportion_power`.

    Examples
    --------
    Of 100 people 60 passed. Of 50 others, 36 % or fewer must pass for it to be seen.

    >>> float(detectable_below(0.6, 50, 100).round(3))
    0.36
    >>> bool(np.isnan(detectable_below(0.1, 12, 100)))
    True
    """
    _between(alpha, "alpha")
    if not alpha < power < 1:
        raise ValueError(
            f"power must lie between alpha ({alpha!r}) and 1, but is {power!r}. "
            "For 80 % write 0.8."
        )
    h = _shift(power, alpha) * _error(n1, n2)
    angle = np.arcsin(np.sqrt(_share(p2, "p2"))) - h / 2
    with np.errstate(invalid="ignore"):
        return np.where(angle >= 0, np.sin(angle) ** 2, np.nan)


def _between(value: float, name: str) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie between 0 and 1, but is {value!r}. For 5 % write 0.05.")


def _share(value: Any, name: str) -> np.ndarray:
    p = numbers(value, name)
    with np.errstate(invalid="ignore"):
        refuse(name, p, (p < 0) | (p > 1), "must lie between 0 and 1", "For 5 % write 0.05.")
    return p


def _error(n1: Any, n2: Any) -> np.ndarray:
    """Return the standard error of the difference of arcsines; NaN where a group is empty."""
    a, b = numbers(n1, "n1"), numbers(n2, "n2")
    with np.errstate(invalid="ignore", divide="ignore"):
        for name, n in (("n1", a), ("n2", b)):
            refuse(name, n, n < 0, "must be 0 or more", "Give numbers of people.")
        return np.where((a > 0) & (b > 0), np.sqrt(1 / a + 1 / b), np.nan)


def _power(shift: Any, alpha: float) -> Any:
    """Return the power of a two-sided normal test whose statistic is moved by `shift`."""
    limit = -special.ndtri(alpha / 2)
    return special.ndtr(shift - limit) + special.ndtr(-shift - limit)


@lru_cache(maxsize=64)
def _shift(power: float, alpha: float) -> float:
    """Return how many standard errors a statistic must be moved to reach the power."""
    low, high = 0.0, float(-special.ndtri(alpha / 2) + max(0.0, float(special.ndtri(power)))) + 1
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _power(middle, alpha) < power else (low, middle)
    return (low + high) / 2
