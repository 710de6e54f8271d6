"""Two-sided exact probabilities by the minimum-likelihood rule, for one-peaked distributions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

TIES = 1e-7
"""Outcomes this close in (log) probability count as equally likely, as in R's fisher.test."""

Law = Callable[..., np.ndarray]


def two_sided(
    log_pmf: Law,
    log_step: Law,
    parameters: tuple[np.ndarray, ...],
    x: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    sd: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return log P(x), and P(all outcomes at most as likely as x) as a multiple of P(x).

    `x` must lie at or below the mean (the caller reflects it). `log_step(k, *parameters)` is
    log P(k + 1) - log P(k). Sums stop 9 standard deviations and 40 steps beyond their first term:
    the distribution falls at least as fast there as beyond its peak, so what is cut off is below
    1e-15 of the sum.
    """
    at_x = log_pmf(x, *parameters)
    first = opposite(log_pmf, parameters, x, high)
    reach = np.ceil(9 * sd) + 40
    down = _run(log_step, parameters, x, np.minimum(x - low, reach), -1)
    right = first <= high
    start = np.minimum(first, high)
    up = _run(log_step, parameters, start, np.minimum(high - start, reach), +1)
    with np.errstate(under="ignore"):
        first_of_it = np.exp(np.minimum(log_pmf(start, *parameters) - at_x, TIES))
        up = np.where(right, up * first_of_it, 0.0)
    return at_x, down + up


def opposite(
    log_pmf: Law, parameters: tuple[np.ndarray, ...], x: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Return the first outcome above `x` that is no likelier than it; `high + 1` if none is."""
    at_x = log_pmf(x, *parameters)
    first, end = x + 1, high + 1
    while (open_ := first < end).any():
        middle = np.floor((first + end) / 2)
        rare = log_pmf(np.minimum(middle, high), *parameters) <= at_x + TIES
        end = np.where(open_ & rare, middle, end)
        first = np.where(open_ & ~rare, middle + 1, first)
    return first


def tail(
    log_pmf: Law,
    log_step: Law,
    parameters: tuple[np.ndarray, ...],
    x: np.ndarray,
    steps: np.ndarray,
    direction: int,
) -> np.ndarray:
    """Return log P(x and `steps` outcomes beyond it), for tails too small to be stored."""
    beyond = _run(log_step, parameters, x, steps, direction)
    return log_pmf(x, *parameters) + np.log(beyond)


def _run(
    log_step: Law,
    parameters: tuple[np.ndarray, ...],
    start: np.ndarray,
    steps: np.ndarray,
    direction: int,
) -> np.ndarray:
    """Return sum of P(k)/P(start) over start, start + direction, ... (`steps` further terms)."""
    lengths = steps.astype(np.int64)
    total = int(lengths.sum())
    if not total:
        return np.ones_like(start)
    row = np.repeat(np.arange(len(start)), lengths)
    before = np.cumsum(lengths) - lengths
    offset = np.arange(total) - before[row]
    k = start[row] + direction * offset - (direction < 0)
    logs = np.cumsum(direction * log_step(k, *(p[row] for p in parameters)))
    base = np.concatenate(([0.0], logs))[before]
    with np.errstate(under="ignore"):
        terms = np.exp(logs - base[row])
    return 1.0 + np.bincount(row, weights=terms, minlength=len(start))
