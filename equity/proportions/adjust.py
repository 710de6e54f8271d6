"""Probabilities adjusted for the number of comparisons made at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from equity.proportions._arrays import numbers, refuse

__all__ = ["benjamini_hochberg", "holm"]


def _checked(p_values: Any) -> np.ndarray:
    p = numbers(p_values, "p_values")
    with np.errstate(invalid="ignore"):
        refuse("p_values", p, (p < 0) | (p > 1), "must lie between 0 and 1",
               "Give probabilities, not their logarithms.")  # fmt: skip
    return p


def _made(comparisons: int | None, given: int) -> int:
    """Return how many comparisons were made, or raise ValueError where fewer than are given."""
    made = given if comparisons is None else comparisons
    if made < given:
        raise ValueError(
            f"comparisons={made} is fewer than the {given} probabilities given. Count those "
            "that were not given too, or leave it out."
        )
    return made


def holm(p_values: Any, *, comparisons: int | None = None) -> np.ndarray:
    """Holm's adjusted probabilities, for several comparisons made at once.

    Is this one still surprising, given how many were made? The probability of even one false
    alarm among all of them is held. NaN is left out of their number and stays NaN.

    Parameters
    ----------
    p_values : probabilities between 0 and 1, of one family of comparisons.
    comparisons : how many were made, where more were looked at than are given (as where those
        given were picked for their result). Those not given are taken as larger than all that
        are, which errs on the careful side. None: as many as are given.

    Raises
    ------
    ValueError
        For a value outside 0..1, or fewer comparisons than are given.

    Notes
    -----
    Source: Holm, Scandinavian Journal of Statistics 6 (1979), 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    >>> holm([0.01, 0.04, 0.03], comparisons=6).round(2).tolist()
    [0.06, 0.16, 0.15]
    """
    p = _checked(p_values)
    out = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    values = p[known]
    order = np.argsort(values, kind="stable")
    made = _made(comparisons, len(values))
    stepped = np.maximum.accumulate(values[order] * (made - np.arange(len(values))))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    out[known] = adjusted
    return out


def benjamini_hochberg(p_values: Any, *, comparisons: int | None = None) -> np.ndarray:
    """Benjamini-Hochberg adjusted probabilities, for scans of many comparisons.

    Calling every comparison below 0.05 a finding, at most 5 % of the findings are false alarms on
    average. NaN is left out of the number of comparisons and stays NaN.

    Parameters
    ----------
    p_values : probabilities between 0 and 1, of one family of comparisons.
    comparisons : how many were made, where more were looked at than are given; as in `holm`.

    Raises
    ------
    ValueError
        For a value outside 0..1, or fewer comparisons than are given.

    Notes
    -----
    It holds for independent or positively dependent comparisons. Source: Benjamini and Hochberg,
    Journal of the Royal Statistical Society B 57 (1995), 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.04, 0.04]
    >>> benjamini_hochberg([0.01, 0.04, 0.03], comparisons=6).round(2).tolist()
    [0.06, 0.08, 0.08]
    """
    p = _checked(p_values)
    out = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    values = p[known]
    order = np.argsort(values, kind="stable")[::-1]
    made = _made(comparisons, len(values))
    ranks = np.arange(len(values), 0, -1)
    stepped = np.minimum.accumulate(values[order] * made / np.maximum(ranks, 1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    out[known] = adjusted
    return out
