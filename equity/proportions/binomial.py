"""The exact binomial test of one proportion against a known one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from equity.proportions._arrays import LN10, from_log10, numbers, parts, refuse
from equity.proportions._exact import two_sided

__all__ = ["BinomialTest", "binomial_test"]


class BinomialTest(NamedTuple):
    """Two-sided probabilities, and their decimal logarithms (which do not underflow)."""

    p_value: np.ndarray
    log10_p_value: np.ndarray


def _log_pmf(k: np.ndarray, n: np.ndarray, q: np.ndarray) -> np.ndarray:
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return ways + special.xlogy(k, q) + special.xlog1py(n - k, -q)


def _log_step(k: np.ndarray, n: np.ndarray, q: np.ndarray) -> np.ndarray:
    return np.log((n - k) * q) - np.log((k + 1) * (1 - q))


def binomial_test(x: Any, n: Any, q: Any) -> BinomialTest:
    """Exact two-sided binomial test of `x` of `n` against a known proportion `q`.

    How probable is a count as unlikely as this one, if each had the chance `q`?
    Outcomes no likelier than the observed one are added up (the minimum-likelihood rule).

    Parameters
    ----------
    x, n : counts, `x <= n`.
    q : proportion between 0 and 1 under the hypothesis.

    Returns
    -------
    BinomialTest
        `p_value` and `log10_p_value`; NaN where `n` is 0 or something is not known.

    Raises
    ------
    ValueError
        For counts that cannot be, or `q` outside 0..1.

    Notes
    -----
    It takes `q` as known without error. Source: Clopper and Pearson, Biometrika 26 (1934), 404;
    the two-sided rule as in R's `binom.test`.

    Examples
    --------
    10 of 282 teachers where 5.7 % of 282 would be 16 (Hazelwood v. United States, 1977):

    >>> float(binomial_test(10, 282, 0.057).p_value.round(4))
    0.1553
    """
    share = numbers(q, "q")
    with np.errstate(invalid="ignore"):
        refuse("q", share, (share < 0) | (share > 1), "must lie between 0 and 1",
               "Give a proportion, not a percentage.")  # fmt: skip
    count, of = parts(x, n)
    count, of, share = np.broadcast_arrays(count, of, share)
    log10_p = np.full(count.shape, np.nan)
    can = np.isfinite(count) & np.isfinite(share)
    with np.errstate(invalid="ignore"):
        can &= of > 0
        certain = can & ((share == 0) | (share == 1))
    log10_p[certain] = np.where(count == of * share, 0.0, -np.inf)[certain]
    can &= ~certain
    k, m, p = count[can], of[can], share[can]
    mirrored = k > m * p
    k, p = np.where(mirrored, m - k, k), np.where(mirrored, 1 - p, p)
    sd = np.sqrt(m * p * (1 - p))
    at, weight = two_sided(_log_pmf, _log_step, (m, p), k, np.zeros_like(k), m, sd)
    log10_p[can] = np.minimum((at + np.log(weight)) / LN10, 0.0)
    return BinomialTest(np.where(np.isnan(log10_p), np.nan, from_log10(log10_p)), log10_p)
