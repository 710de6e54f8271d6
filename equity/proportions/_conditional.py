"""The distribution of a sum of passes over strata, given the totals of each stratum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from equity.proportions._arrays import SMALLEST
from equity.proportions._exact import TIES

EXACT_LIMIT = 2_000
"""With more different sums than this there is no exact test; chi-square is as good there."""


def coefficients(
    a: np.ndarray, m1: np.ndarray, b: np.ndarray, m2: np.ndarray
) -> tuple[np.ndarray, int] | None:
    """Return the log probability of each possible sum at an odds ratio of 1, and which was seen.

    Strata of which each leaves a choice. None without any, or with more than `EXACT_LIMIT` sums.
    """
    k = a + b
    least, most = np.maximum(0.0, k - m2), np.minimum(m1, k)
    if not len(a) or (most - least).sum() > EXACT_LIMIT:
        return None
    total = np.ones(1)
    for low, high, one, both, other in zip(least, most, m1, k, m2, strict=True):
        j = np.arange(low, high + 1)
        logs = _choose(one, j) + _choose(other, both - j) - _choose(one + other, both)
        with np.errstate(under="ignore"):
            total = np.convolve(total, np.exp(logs))
    with np.errstate(divide="ignore", under="ignore"):
        return np.log(total / total.sum()), int((a - least).sum())


DRAWS = 10_000
"""So many ways to spread a sum are looked at one by one; of more, so many are drawn."""
SEED = 19710101
"""Of the draws: the same counts give the same p-value every time."""


def homogeneity_p(
    a: np.ndarray, m1: np.ndarray, b: np.ndarray, m2: np.ndarray, log_theta: float
) -> float:
    """Return how likely the sum is spread over strata as it is, or less likely (Zelen's test).

    Given the sum the odds ratio is of no account; `log_theta`, an estimate, keeps the numbers in
    range. NaN with more than `EXACT_LIMIT` sums.
    """
    k = a + b
    least, most = np.maximum(0.0, k - m2), np.minimum(m1, k)
    if (most - least).sum() > EXACT_LIMIT:
        return float("nan")
    logs = []
    for low, high, one, both, other in zip(least, most, m1, k, m2, strict=True):
        j = np.arange(low, high + 1)
        each = _choose(one, j) + _choose(other, both - j) + j * log_theta
        logs.append(each - special.logsumexp(each))
    at = (a - least).astype(int)
    seen = sum(each[i] for each, i in zip(logs, at, strict=True))
    if np.prod([float(len(each)) for each in logs]) <= DRAWS:
        total, sums = np.zeros(1), np.zeros(1, dtype=int)
        for each in logs:
            total = np.add.outer(total, each).ravel()
            sums = np.add.outer(sums, np.arange(len(each))).ravel()
        total = total[sums == at.sum()]
        weights = np.exp(total - special.logsumexp(total))
        return float(min(1.0, weights[total <= seen + TIES].sum()))
    drawn = _spread(logs, int(at.sum()))
    return float(((drawn <= seen + TIES).sum() + 1) / (DRAWS + 1))


def _spread(logs: list[np.ndarray], total: int) -> np.ndarray:
    """Return the log probability of ways drawn at random to spread a sum over strata."""
    rng = np.random.default_rng(SEED)
    after = [np.ones(1)]
    with np.errstate(under="ignore"):
        each = [np.exp(v) for v in logs]
        for pmf in each[:0:-1]:
            after.append(np.convolve(after[-1], pmf))
    left, out = np.full(DRAWS, total), np.zeros(DRAWS)
    for pmf, log, rest in zip(each, logs, after[::-1], strict=True):
        uniform = rng.random(DRAWS)
        order = np.argsort(left, kind="stable")
        values, starts = np.unique(left[order], return_index=True)
        for value, here in zip(values, np.split(order, starts[1:]), strict=True):
            j = np.arange(max(0, value - len(rest) + 1), min(len(pmf) - 1, value) + 1)
            steps = np.cumsum(pmf[j] * rest[value - j])
            place = np.searchsorted(steps, uniform[here] * steps[-1], side="right")
            taken = j[np.minimum(place, len(j) - 1)]
            out[here] += log[taken]
            left[here] -= taken
    return out


def _choose(n: np.ndarray, j: np.ndarray) -> np.ndarray:
    return special.gammaln(n + 1) - special.gammaln(j + 1) - special.gammaln(n - j + 1)


def two_sided_p(logs: np.ndarray, at: int) -> float:
    """Return the probability of all sums that are no likelier than the observed one."""
    with np.errstate(under="ignore"):
        p = float(np.exp(logs[logs <= logs[at] + TIES]).sum())
    return min(1.0, max(p, SMALLEST))


def limits(logs: np.ndarray, at: int, alpha: float) -> tuple[float, float, float]:
    """Return the conditional estimate of the odds ratio and the exact ends of its interval."""
    last = len(logs) - 1
    k = np.arange(len(logs), dtype=float)

    def tilted(log_theta: float) -> np.ndarray:
        moved = logs + k * log_theta
        with np.errstate(under="ignore"):
            size = np.exp(moved - moved.max())
        return size / size.sum()

    def mean(t: float) -> float:
        return float(tilted(t) @ k) - at

    def at_least(t: float) -> float:
        return float(tilted(t)[at:].sum()) - alpha / 2

    def at_most(t: float) -> float:
        return alpha / 2 - float(tilted(t)[: at + 1].sum())

    middle = 0.0 if at == 0 else np.inf if at == last else np.exp(_root(mean))
    low = 0.0 if at == 0 else np.exp(_root(at_least))
    high = np.inf if at == last else np.exp(_root(at_most))
    return float(middle), float(low), float(high)


def _root(rising: Callable[[float], float]) -> float:
    """Return where a rising function of the log odds ratio is 0, by halving."""
    low, high = -1.0, 1.0
    while rising(low) > 0 and low > -700:
        low *= 2
    while rising(high) < 0 and high < 700:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2
