"""The ratio of two rates per head, where the number of heads is itself an estimate."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from equity.proportions._arrays import (
    SMALLEST,
    from_log10,
    numbers,
    refuse,
    two_sided_normal,
    whole,
    z_of,
)
from equity.proportions.binomial import NODES, STORED, WEIGHTS, far_tail
from equity.proportions.intervals import clopper_pearson

__all__ = ["RateRatio", "rate_ratio"]

FEW_EVENTS = 30
"""Below this many events in either group the exact method is used."""


class RateRatio(NamedTuple):
    """The ratio with its interval and test; `method` is "log", "exact" or "none"."""

    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_value: np.ndarray
    log10_p_value: np.ndarray
    method: np.ndarray


def rate_ratio(
    x1: Any,
    base1: Any,
    x2: Any,
    base2: Any,
    *,
    se1: Any = 0.0,
    se2: Any = 0.0,
    confidence_level: float = 0.95,
) -> RateRatio:
    """Ratio of two rates, `(x1/base1) / (x2/base2)`: events may be more than heads.

    The interval is `exp(ln ratio ± z sqrt(1/x1 + 1/x2 + (se1/base1)^2 + (se2/base2)^2))`. Below 30
    events in either group it is exact (x1 given x1 + x2 is binomial), and the error of the bases
    is added to it on the log scale.

    Parameters
    ----------
    x1, x2 : counts of events.
    base1, base2 : heads (or hours, or miles), above 0.
    se1, se2 : standard errors of the bases, in the same unit; 0 if they are known exactly.
    confidence_level : two-sided level, between 0 and 1.

    Returns
    -------
    RateRatio
        NaN where a base is 0 or not known, or where neither group has an event. With `x2` = 0 the
        ratio and its upper limit are infinite; with `x1` = 0 the ratio and its lower limit are 0.

    Raises
    ------
    ValueError
        For counts that cannot be, and for a negative base or standard error.

    Notes
    -----
    It takes events as independent of each other: one person stopped many times makes the interval
    too narrow. Source: Rothman, Greenland and Lash, Modern Epidemiology (2008), ch. 14; exact:
    Przyborowski and Wilenski, Biometrika 31 (1940), 313-323.

    Examples
    --------
    Stops of Black and of white people in Philadelphia in 2017, per resident:

    >>> r = rate_ratio(204_420, 648_846, 50_698, 548_312)
    >>> round(float(r.ratio), 3), round(float(r.low), 3), round(float(r.high), 3)
    (3.407, 3.374, 3.441)
    """
    z = z_of(confidence_level)
    bases = [numbers(v, k) for v, k in ((base1, "base1"), (base2, "base2"))]
    errors = [numbers(v, k) for v, k in ((se1, "se1"), (se2, "se2"))]
    for name, v in zip(("base1", "base2", "se1", "se2"), bases + errors, strict=True):
        with np.errstate(invalid="ignore"):
            refuse(name, v, v < 0, "must not be negative", "Give a number of heads, or NaN.")
    a, b1, b, b2, e1, e2 = np.broadcast_arrays(
        whole("x1", x1), bases[0], whole("x2", x2), bases[1], *errors
    )
    shape = a.shape
    a, b1, b, b2, e1, e2 = (np.array(v, dtype=float).ravel() for v in (a, b1, b, b2, e1, e2))
    with np.errstate(invalid="ignore", divide="ignore"):
        can = (b1 > 0) & (b2 > 0) & (a + b > 0) & np.isfinite(e1) & np.isfinite(e2)
        few = can & ((a < FEW_EVENTS) | (b < FEW_EVENTS))
        log_ratio = np.log(a) - np.log(b1) - np.log(b) + np.log(b2)
        base_error = np.hypot(e1 / b1, e2 / b2)
        se = np.sqrt(1 / a + 1 / b + base_error**2)
        low, high = np.exp(log_ratio - z * se), np.exp(log_ratio + z * se)
        p, log10_p = two_sided_normal(log_ratio / se)
    low[few], high[few] = _exact_interval(
        a[few], b[few], (b2 / np.where(can, b1, 1))[few], z * base_error[few],
        log_ratio[few], confidence_level,
    )  # fmt: skip
    log10_p[few] = _exact_p(a[few], b[few], np.log(b1[few]) - np.log(b2[few]), base_error[few])
    p[few] = from_log10(log10_p[few])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ratio = (a * b2) / (b * b1)
    method = np.where(can, np.where(few, "exact", "log"), "none")

    def out(values: np.ndarray) -> np.ndarray:
        return np.where(can, values, np.nan).reshape(shape)

    return RateRatio(out(ratio), out(low), out(high), out(p), out(log10_p), method.reshape(shape))


def _exact_interval(
    a: np.ndarray,
    b: np.ndarray,
    scale: np.ndarray,
    base_margin: np.ndarray,
    log_ratio: np.ndarray,
    confidence_level: float,
) -> tuple[np.ndarray, np.ndarray]:
    low, high = clopper_pearson(a, a + b, confidence_level=confidence_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_low = np.log(low) - np.log1p(-low) + np.log(scale)
        log_high = np.log(high) - np.log1p(-high) + np.log(scale)
        # quadrature where there is an estimate to start from; else the two margins simply add
        down = np.where(b > 0, log_ratio - np.hypot(log_ratio - log_low, base_margin),
                        log_low - base_margin)  # fmt: skip
        up = np.where(a > 0, log_ratio + np.hypot(log_high - log_ratio, base_margin),
                      log_high + base_margin)  # fmt: skip
        return (
            np.where(a > 0, np.exp(down), 0.0),
            np.where(b > 0, np.exp(up), np.inf),
        )


def _exact_p(
    a: np.ndarray, b: np.ndarray, log_odds: np.ndarray, base_error: np.ndarray
) -> np.ndarray:
    """Return log10 of twice the smaller binomial tail, averaged over the error of the bases."""
    share = special.expit(log_odds[:, None] + base_error[:, None] * NODES)
    k, m = a[:, None], (a + b)[:, None]
    below = special.betainc(m - k, k + 1, 1 - share)  # P(X <= k); 1 where k = m
    below = np.where(k == m, 1.0, below) @ WEIGHTS
    above = np.where(k == 0, 1.0, special.betainc(np.maximum(k, 1), m - k + 1, share)) @ WEIGHTS
    smaller = np.minimum(below, above)
    log10_tail = np.log10(np.maximum(smaller, SMALLEST))
    for far, direction in (((below < above), -1), ((below >= above), 1)):
        far = far & (log10_tail < STORED)
        if far.any():
            log10_tail[far] = far_tail(a[far], (a + b)[far], share[far], direction)
    return np.minimum(np.log10(2.0) + log10_tail, 0.0)
