"""Arrays of counts: checked, broadcast to one shape, as floats with NaN for what is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

LN10 = float(np.log(10.0))
SMALLEST = float(np.finfo(float).tiny)
"""A probability smaller than this cannot be stored; it is returned as this, never as 0."""


def numbers(value: Any, name: str) -> np.ndarray:
    """Return `value` as floats; None, NaN and pandas' NA become NaN."""
    try:
        if hasattr(value, "to_numpy"):
            return np.asarray(value.to_numpy(dtype=float, na_value=np.nan))
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be a number or an array of numbers, not {type(value).__name__}."
        ) from None


def refuse(name: str, values: np.ndarray, bad: np.ndarray, rule: str, way_out: str) -> None:
    """Raise ValueError with the rule and the first value that breaks it, if any does."""
    if bad.any():
        raise ValueError(f"{name} {rule}, but is {values[bad].flat[0]:.15g}. {way_out}")


def whole(name: str, value: Any) -> np.ndarray:
    """Return counts as floats, or raise ValueError: whole numbers of 0 or more, or NaN."""
    counts = numbers(value, name)
    with np.errstate(invalid="ignore"):
        bad = (counts < 0) | (counts != np.floor(counts)) | np.isinf(counts)
    refuse(
        name,
        counts,
        bad & ~np.isnan(counts),
        "must be a whole number of 0 or more",
        "Give counts, not rates or weighted sums.",
    )
    return counts


def parts(x: Any, n: Any, *, names: tuple[str, str] = ("x", "n")) -> tuple[np.ndarray, np.ndarray]:
    """Return `x` and `n` of one shape, with `x <= n`; where one is NaN, both are."""
    some, all_ = np.broadcast_arrays(whole(names[0], x), whole(names[1], n))
    with np.errstate(invalid="ignore"):
        over = some > all_
    if over.any():
        raise ValueError(
            f"{names[0]} must not be larger than {names[1]}, but is {some[over].flat[0]:.15g} of "
            f"{all_[over].flat[0]:.15g}. Count the same people above and below the line."
        )
    unknown = np.isnan(some) | np.isnan(all_)
    return np.where(unknown, np.nan, some), np.where(unknown, np.nan, all_)


def pairs(x1: Any, n1: Any, x2: Any, n2: Any) -> tuple[np.ndarray, ...]:
    """Return four arrays of one shape; where one is NaN, all are."""
    a, m1 = parts(x1, n1, names=("x1", "n1"))
    b, m2 = parts(x2, n2, names=("x2", "n2"))
    a, m1, b, m2 = np.broadcast_arrays(a, m1, b, m2)
    unknown = np.isnan(a) | np.isnan(b)
    return tuple(np.where(unknown, np.nan, v) for v in (a, m1, b, m2))


def z_of(confidence_level: float) -> float:
    """Return the normal quantile of a two-sided level, or raise ValueError."""
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level must lie between 0 and 1, but is {confidence_level!r}. "
            "For 95 % write 0.95."
        )
    return float(special.ndtri(0.5 + confidence_level / 2))


def two_sided_normal(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the two-sided probability of `z`, and its decimal logarithm."""
    log10_p = (np.log(2.0) + special.log_ndtr(-np.abs(z))) / LN10
    return from_log10(log10_p), log10_p


def from_log10(log10_p: np.ndarray) -> np.ndarray:
    """Return probabilities in 0..1 from decimal logarithms; none becomes 0."""
    with np.errstate(under="ignore"):
        return np.clip(np.exp(np.minimum(log10_p, 0.0) * LN10), SMALLEST, 1.0)
