"""The exact binomial test of one proportion against a known one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from equity.proportions._arrays import LN10, SMALLEST, from_log10, numbers, parts, refuse
from equity.proportions._exact import opposite, tail

__all__ = ["BinomialTest", "binomial_test"]


NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
STORED = -290
"""Below this decimal logarithm a probability is made on the log scale: it can hardly be stored."""


class BinomialTest(NamedTuple):
    """Two-sided probabilities, and their decimal logarithms (which do not underflow)."""

    p_value: np.ndarray
    log10_p_value: np.ndarray


def log_pmf(k: np.ndarray, n: np.ndarray, q: np.ndarray) -> np.ndarray:
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return ways + special.xlogy(k, q) + special.xlog1py(n - k, -q)


def log_step(k: np.ndarray, n: np.ndarray, q: np.ndarray) -> np.ndarray:
    return np.log((n - k) * q) - np.log((k + 1) * (1 - q))


def binomial_test(x: Any, n: Any, q: Any, *, se: Any = 0.0) -> BinomialTest:
    """Exact two-sided binomial test of `x` of `n` against a proportion `q`.

    How probable is a count as unlikely as this one, if each had the chance `q`?
    Outcomes no likelier than the observed one are added up (the minimum-likelihood rule).

    Parameters
    ----------
    x, n : counts, `x <= n`.
    q : proportion between 0 and 1 under the hypothesis.
    se : standard error of `q`, where it is itself an estimate; 0 if it is known exactly. The
        probability of the same outcomes is then averaged over it, normal in the log odds of `q`.

    Returns
    -------
    BinomialTest
        `p_value` and `log10_p_value`; NaN where `n` is 0 or something is not known.

    Raises
    ------
    ValueError
        For counts that cannot be, `q` outside 0..1, or a negative `se`.

    Notes
    -----
    Source: Clopper and Pearson, Biometrika 26 (1934), 404;
    the two-sided rule as in R's `binom.test`.

    Examples
    --------
    10 of 282 teachers where 5.7 % of 282 would be 16 (Hazelwood v. United States, 1977):

    >>> float(binomial_test(10, 282, 0.057).p_value.round(4))
    0.1553

    If the 5.7 % had a standard error of 1 point:

    >>> float(binomial_test(10, 282, 0.057, se=0.01).p_value.round(4))
    0.2497
    """
    share = numbers(q, "q")
    with np.errstate(invalid="ignore"):
        refuse("q", share, (share < 0) | (share > 1), "must lie between 0 and 1",
               "Give a proportion, not a percentage.")  # fmt: skip
    error = numbers(se, "se")
    with np.errstate(invalid="ignore"):
        refuse("se", error, error < 0, "must not be negative", "Give a standard error, or 0.")
    count, of = parts(x, n)
    count, of, share, error = np.broadcast_arrays(count, of, share, error)
    log10_p = np.full(count.shape, np.nan)
    can = np.isfinite(count) & np.isfinite(share) & np.isfinite(error)
    with np.errstate(invalid="ignore"):
        can &= of > 0
        certain = can & ((share == 0) | (share == 1))
    log10_p[certain] = np.where(count == of * share, 0.0, -np.inf)[certain]
    can &= ~certain
    k, m, p = count[can], of[can], share[can]
    mirrored = k > m * p
    k, p = np.where(mirrored, m - k, k), np.where(mirrored, 1 - p, p)
    # outcomes no likelier than k: which they are is settled at p itself
    first, found = opposite(log_pmf, (m, p), k, m), np.empty_like(k)
    sure, blurred = error[can] == 0, error[can] > 0
    found[sure] = _tails(k[sure], first[sure], m[sure], p[sure, None])
    spread = (error[can] / (p * (1 - p)))[blurred, None] * NODES
    shares = special.expit(special.logit(p[blurred, None]) + spread)
    found[blurred] = _tails(k[blurred], first[blurred], m[blurred], shares)
    log10_p[can] = np.minimum(found, 0.0)
    return BinomialTest(np.where(np.isnan(log10_p), np.nan, from_log10(log10_p)), log10_p)


def _tails(k: np.ndarray, first: np.ndarray, m: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return log10 of P(up to `k`) + P(from `first`), for one share or averaged over many."""
    low, up, n = k[:, None], first[:, None], m[:, None]
    below = np.where(low == n, 1.0, special.betainc(np.maximum(n - low, 1), low + 1, 1 - share))
    above = special.betainc(np.minimum(up, n), np.maximum(n - up, 0) + 1, share)
    both = below + np.where(up > n, 0.0, above)
    log10_p = np.log10(np.maximum(both @ _weights(share), SMALLEST))
    far = log10_p < STORED
    if far.any():
        down = far_tail(k[far], m[far], share[far], -1)
        over = far_tail(np.minimum(first, m)[far], m[far], share[far], 1)
        over = np.where(first[far] > m[far], -np.inf, over)
        log10_p[far] = np.logaddexp(down * LN10, over * LN10) / LN10
    return log10_p


def _weights(share: np.ndarray) -> np.ndarray:
    return WEIGHTS if share.shape[1] == len(WEIGHTS) else np.ones(1)


def far_tail(k: np.ndarray, m: np.ndarray, share: np.ndarray, direction: int) -> np.ndarray:
    """Return log10 of P(k or beyond), for one share or averaged over many; it may be tiny."""
    count, of = (np.broadcast_to(v[:, None], share.shape).ravel() for v in (k, m))
    p = np.clip(share.ravel(), SMALLEST, 1 - 1e-16)
    room = count if direction < 0 else of - count
    steps = np.minimum(room, np.ceil(9 * np.sqrt(of * p * (1 - p))) + 40)
    logs = tail(log_pmf, log_step, (of, p), count, steps, direction)
    return special.logsumexp(logs.reshape(share.shape), axis=1, b=_weights(share)) / LN10
