"""Natural cubic splines with knots that are said: the space of R's `ns`, in a plain basis."""

from __future__ import annotations

import numpy as np

__all__ = ["knots", "natural_spline", "quantiles", "spline_columns"]


def quantiles(values: np.ndarray, weights: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return quantiles of values that stand for `weights` records each.

    The rule is type 7 of Hyndman and Fan (1996), the default of R and of numpy: what it gives for
    the records one by one. The weights are counts.
    """
    order = np.argsort(values, kind="stable")
    value, ends = values[order], np.cumsum(weights[order])
    place = np.asarray(at, dtype=float) * (ends[-1] - 1)
    under = np.floor(place)
    low = value[np.searchsorted(ends, under, side="right")]
    high = value[np.searchsorted(ends, np.minimum(under + 1, ends[-1] - 1), side="right")]
    return low + (place - under) * (high - low)


def knots(values: np.ndarray, weights: np.ndarray, df: int) -> np.ndarray:
    """Return the knots of a natural spline with `df` columns: both ends, and quantiles between.

    For `df` 6 these are the quantiles at 1/6 ... 5/6 between the least and the largest value, as
    in R's `ns(x, df = 6)`. Knots that fall together, or on an end, are one; of few distinct
    values, no more knots are taken than there are values.
    """
    values, weights = values[weights > 0], weights[weights > 0]
    distinct = np.unique(values)
    inner = quantiles(values, weights, np.arange(1, df) / df)
    inner = np.unique(inner[(inner > distinct[0]) & (inner < distinct[-1])])
    inner = inner[: max(len(distinct) - 2, 0)]
    return np.unique(np.concatenate([distinct[[0, -1]], inner]))


def natural_spline(x: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the natural cubic spline of `x` with knots `at`, without its constant.

    Columns: one fewer than there are knots. Beyond the first and the last knot it is a straight
    line. Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009),
    equations 5.4 and 5.5, p. 145.
    """
    if len(at) < 2:
        return np.empty((len(x), 0))
    span = at[-1] - at[0]
    u, t = (np.asarray(x, dtype=float) - at[0]) / span, (at - at[0]) / span
    cubes = np.maximum(u[:, None] - t, 0.0) ** 3
    d = (cubes[:, :-1] - cubes[:, -1:]) / (t[-1] - t[:-1])
    return np.column_stack([u, d[:, :-1] - d[:, -1:]])


def spline_columns(x: np.ndarray, weights: np.ndarray, df: int) -> np.ndarray:
    """Return the spline of `x` in columns that are orthogonal over the records.

    The same space as `natural_spline`, without the part that is constant; columns that are not
    independent of those before them are left out.
    """
    distinct, where = np.unique(x, return_inverse=True)
    total = np.bincount(where, weights=weights, minlength=len(distinct))
    basis = natural_spline(distinct, knots(distinct, total, df))
    root = np.sqrt(total)[:, None]
    q, r = np.linalg.qr(root * np.column_stack([np.ones(len(distinct)), basis]))
    size = np.abs(np.diag(r))
    keep = np.flatnonzero(size > 1e-10 * size[0])[1:]
    return (q[:, keep] * np.sqrt(total.sum()) / root)[where]
