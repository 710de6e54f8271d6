"""Tests of two proportions: Fisher, mid-p, Boschloo and the pooled z, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special

from equity.proportions._arrays import LN10, from_log10, pairs, two_sided_normal
from equity.proportions._exact import two_sided

__all__ = [
    "BOSCHLOO_LIMIT",
    "TwoByTwo",
    "boschloo",
    "fisher",
    "mid_p",
    "pooled_z",
    "two_by_two_test",
]

BOSCHLOO_LIMIT = 200
"""Boschloo's test is made for at most this many people in both groups together, as it is slow."""
SMALL_EXPECTED = 30
"""Below this many expected in any of the four cells the default test is mid-p, else z."""


def _log_pmf(k: np.ndarray, m1: np.ndarray, m2: np.ndarray, events: np.ndarray) -> np.ndarray:
    def choose(m: np.ndarray, j: np.ndarray) -> np.ndarray:
        return special.gammaln(m + 1) - special.gammaln(j + 1) - special.gammaln(m - j + 1)

    return choose(m1, k) + choose(m2, events - k) - choose(m1 + m2, events)


def _log_step(k: np.ndarray, m1: np.ndarray, m2: np.ndarray, events: np.ndarray) -> np.ndarray:
    return np.log((m1 - k) * (events - k)) - np.log((k + 1) * (m2 - events + k + 1))


def _conditional(
    a: np.ndarray, m1: np.ndarray, b: np.ndarray, m2: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log P(table), P(no likelier table) as its multiple, and where both exist."""
    with np.errstate(invalid="ignore"):
        can = (m1 > 0) & (m2 > 0)
    at, weight = np.full(a.shape, np.nan), np.full(a.shape, np.nan)
    x, n1, y, n2 = a[can], m1[can], b[can], m2[can]
    events, total = x + y, n1 + n2
    mirrored = x * total > n1 * events
    x, n1, n2 = np.where(mirrored, y, x), np.where(mirrored, n2, n1), np.where(mirrored, n1, n2)
    spread = np.maximum(total - 1, 1)
    sd = np.sqrt(events * n1 / total * n2 / total * (total - events) / spread)
    low, high = np.maximum(0, events - n2), np.minimum(n1, events)
    at[can], weight[can] = two_sided(_log_pmf, _log_step, (n1, n2, events), x, low, high, sd)
    return at, weight, can


def fisher(x1: Any, n1: Any, x2: Any, n2: Any) -> np.ndarray:
    """Fisher's exact test, two-sided.

    With these totals, how rare is a table like this or rarer?
    Tables no likelier than the observed one are added up (the minimum-likelihood rule, as in R and
    SciPy). With few people it is too cautious: `mid_p` and `boschloo` find more of what is there.

    Parameters
    ----------
    x1, n1, x2, n2 : counts, `x1 <= n1` and `x2 <= n2`.

    Returns
    -------
    ndarray
        Probabilities; NaN where a group is empty or something is not known.

    Notes
    -----
    Source: Fisher, Journal of the Royal Statistical Society 98 (1935), 39-54.

    Examples
    --------
    2 of 10 against 15 of 25 (Morris 2017):

    >>> float(fisher(2, 10, 15, 25).round(4))
    0.0599
    """
    at, weight, _ = _conditional(*(np.atleast_1d(v) for v in pairs(x1, n1, x2, n2)))
    p = _probability((at + np.log(weight)) / LN10)
    return p.reshape(np.broadcast_shapes(*(np.shape(v) for v in (x1, n1, x2, n2))))


def mid_p(x1: Any, n1: Any, x2: Any, n2: Any) -> np.ndarray:
    """Fisher's test with half the observed table's own probability left out (Lancaster's mid-p).

    Parameters
    ----------
    x1, n1, x2, n2 : counts, `x1 <= n1` and `x2 <= n2`.

    Returns
    -------
    ndarray
        Probabilities; NaN where a group is empty, nobody or everybody has the event, or something
        is not known.

    Notes
    -----
    Source: Lancaster, JASA 56 (1961), 223-234; Fagerland, Lydersen and Laake, Statistical Analysis
    of Contingency Tables (2017), ch. 4.

    Examples
    --------
    >>> float(mid_p(2, 10, 15, 25).round(4))
    0.0437
    """
    a, m1, b, m2 = (np.atleast_1d(v) for v in pairs(x1, n1, x2, n2))
    at, weight, _ = _conditional(a, m1, b, m2)
    p = _probability(_mid(at, weight, a, m1, b, m2))
    return p.reshape(np.broadcast_shapes(*(np.shape(v) for v in (x1, n1, x2, n2))))


def _mid(at: np.ndarray, weight: np.ndarray, *table: np.ndarray) -> np.ndarray:
    a, m1, b, m2 = table
    with np.errstate(invalid="ignore"):
        one_table = (a + b == 0) | (a + b == m1 + m2)
        return np.where(one_table, np.nan, (at + np.log(weight - 0.5)) / LN10)


def _probability(log10_p: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(log10_p), np.nan, from_log10(log10_p))


def pooled_z(x1: Any, n1: Any, x2: Any, n2: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pooled z statistic of two proportions, its two-sided probability and its log10.

    This is the "standard deviations" test of the courts; its square is Pearson's chi-square.

    Parameters
    ----------
    x1, n1, x2, n2 : counts, `x1 <= n1` and `x2 <= n2`.

    Notes
    -----
    It needs large counts. Source: Hazelwood School District v. United States, 433 U.S. 299 (1977),
    notes 14 and 17; Morris and Lobsenz, Personnel Psychology 53 (2000), 89-111.

    Examples
    --------
    >>> z, p, _ = pooled_z(2, 10, 15, 25)
    >>> round(float(z), 6), round(float(p), 8)
    (-2.138963, 0.03243865)
    """
    a, m1, b, m2 = pairs(x1, n1, x2, n2)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = (a + b) / (m1 + m2)
        z = (a / m1 - b / m2) / np.sqrt(p * (1 - p) * (1 / m1 + 1 / m2))
    z = np.where(np.isfinite(z), z, np.nan)
    probability, log10_p = two_sided_normal(z)
    return z, np.where(np.isnan(z), np.nan, probability), log10_p


def boschloo(x1: Any, n1: Any, x2: Any, n2: Any) -> np.ndarray:
    """Boschloo's exact test, two-sided: Fisher's test without holding both totals fixed.

    One-sided it is never less powerful than Fisher's; two-sided, as here, it mostly finds more,
    but may find less in single tables, since the two-sided rules differ. NaN for more than
    `BOSCHLOO_LIMIT` people.

    Parameters
    ----------
    x1, n1, x2, n2 : counts, `x1 <= n1` and `x2 <= n2`.

    Notes
    -----
    The two groups are the two samples. (SciPy takes samples as *columns*: a table laid out with
    groups as rows answers another question there.) Twice the smaller one-sided probability, as in
    SciPy. Source: Boschloo, Statistica Neerlandica 24 (1970), 1-35.

    Examples
    --------
    >>> float(boschloo(2, 10, 15, 25).round(4))
    0.0366
    """
    tables = pairs(x1, n1, x2, n2)
    flat = np.column_stack([np.ravel(v) for v in tables])
    return np.array([_boschloo(*row) for row in flat]).reshape(tables[0].shape)


@lru_cache(maxsize=4096)
def _boschloo(a: float, m1: float, b: float, m2: float) -> float:
    if not (m1 > 0 and m2 > 0) or m1 + m2 > BOSCHLOO_LIMIT:
        return float("nan")
    n1, n2, x, events = int(m1), int(m2), int(a), int(a + b)
    at_most, at_least = _one_sided(n1, n2)
    observed = at_most[x, events], at_least[x, events]
    best = 1.0
    for side, statistic in enumerate((at_most, at_least)):
        if observed[side] <= min(observed) or min(observed) > 0.2:  # else it cannot be the smaller
            tail = (statistic <= observed[side] * (1 + 1e-13)).sum(axis=1)
            best = min(best, _largest(tail, n1, n2, side))
    return min(1.0, 2 * best)


@lru_cache(maxsize=256)
def _one_sided(n1: int, n2: int) -> tuple[np.ndarray, np.ndarray]:
    """Return P(X <= x) and P(X >= x) given the events, by x (rows) and events (columns).

    Impossible tables are infinite, so that they are in no tail.
    """
    x, events = np.arange(n1 + 1)[:, None], np.arange(n1 + n2 + 1)[None, :]
    y = events - x
    possible = (y >= 0) & (y <= n2)
    logs = _ways(n1)[x] + _ways(n2)[np.clip(y, 0, n2)] - _ways(n1 + n2)[events]
    pmf = np.where(possible, np.exp(logs), 0.0)
    at_most = np.cumsum(pmf, axis=0)
    at_least = np.cumsum(pmf[::-1], axis=0)[::-1]
    return np.where(possible, at_most, np.inf), np.where(possible, at_least, np.inf)


@lru_cache(maxsize=512)
def _ways(n: int) -> np.ndarray:
    k = np.arange(n + 1.0)
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def _binomials(n: int, q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return P(k), P(the c smallest k), P(the c largest k), by q (rows) and k or c (columns)."""
    k = np.arange(n + 1.0)
    with np.errstate(under="ignore"):
        pmf = np.exp(_ways(n) + k * np.log(q)[:, None] + (n - k) * np.log1p(-q)[:, None])
    none = np.zeros((len(q), 1))
    smallest = np.hstack((none, np.cumsum(pmf, axis=1)))
    largest = np.hstack((none, np.cumsum(pmf[:, ::-1], axis=1)))
    return pmf, smallest, largest


_GRID = np.sin(np.linspace(0, np.pi / 2, 259)[1:-1]) ** 2  # finer near 0 and 1


@lru_cache(maxsize=512)
def _on_grid(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return _binomials(n, _GRID)


def _largest(tail: np.ndarray, n1: int, n2: int, side: int) -> float:
    """Return the largest probability of a tail over the unknown common proportion.

    In each row of the tail lie the tables with the `tail[x]` most extreme y: the largest where x
    is at most (side 0), the smallest where x is at least (side 1).
    """

    def size(first: np.ndarray, second: tuple[np.ndarray, ...]) -> np.ndarray:
        return (first * second[2 - side][:, tail]).sum(axis=1)

    sizes = size(_on_grid(n1)[0], _on_grid(n2))
    peaks = np.argsort(sizes)[-3:]
    step = np.pi / 2 / 258
    around = np.concatenate([(p + 1) * step + np.linspace(-step, step, 17) for p in peaks])
    for _ in range(2):  # the surface is smooth between grid points: zoom in on the best
        q = np.sin(np.clip(around, 1e-6, np.pi / 2 - 1e-6)) ** 2
        fine = size(_binomials(n1, q)[0], _binomials(n2, q))
        step /= 8
        around = around[fine.argmax()] + np.linspace(-step, step, 17)
    return float(max(sizes.max(), fine.max()))


@dataclass(frozen=True)
class TwoByTwo:
    """Tests of `x1` of `n1` against `x2` of `n2`, each in the shape of the counts.

    `p_value` is the default (mid-p below 30 expected in any cell, else z), `method` its name;
    `log10_p_value` is the same on the decimal log scale, where nothing underflows.
    """

    p_value: np.ndarray
    log10_p_value: np.ndarray
    method: np.ndarray
    z: np.ndarray
    p_z: np.ndarray
    p_fisher: np.ndarray
    p_mid: np.ndarray
    p_boschloo: np.ndarray


def two_by_two_test(x1: Any, n1: Any, x2: Any, n2: Any, *, beside: bool = True) -> TwoByTwo:
    """Test two proportions, by a test chosen beforehand, with the others beside it.

    Could chance alone have made them this different?

    The choice of test is fixed beforehand: mid-p where fewer than 30 are expected in any of the
    four cells, else z. The other tests stand beside it, so that nobody shops for one.

    Parameters
    ----------
    x1, n1, x2, n2 : counts, `x1 <= n1` and `x2 <= n2`.
    beside : make the other tests too; if False they are NaN, which is faster.

    Returns
    -------
    TwoByTwo
        NaN where a group is empty, where nobody or everybody has the event (then only one table
        was possible and there is nothing to test), or where something is not known.

    Notes
    -----
    It cannot say why two proportions differ, nor that they are the same. Source: Morris, in Morris
    and Dunleavy (eds.), Adverse Impact Analysis (2017), ch. 7.

    Examples
    --------
    >>> test = two_by_two_test(2, 10, 15, 25)
    >>> str(test.method), float(test.p_value.round(4)), float(test.p_fisher.round(4))
    ('mid-p', 0.0437, 0.0599)
    """
    tables = pairs(x1, n1, x2, n2)
    shape = tables[0].shape
    a, m1, b, m2 = (np.atleast_1d(v) for v in tables)
    z, p_z, log10_z = pooled_z(a, m1, b, m2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (a + b) / (m1 + m2)
        expected = np.minimum(m1, m2) * np.minimum(share, 1 - share)
        small = expected < SMALL_EXPECTED
    exact = small | (beside & ~np.isnan(a))
    log10_fisher, log10_mid = np.full(a.shape, np.nan), np.full(a.shape, np.nan)
    at, weight, _ = _conditional(*(v[exact] for v in (a, m1, b, m2)))
    log10_fisher[exact] = (at + np.log(weight)) / LN10
    log10_mid[exact] = _mid(at, weight, *(v[exact] for v in (a, m1, b, m2)))
    log10_p = np.where(small, log10_mid, log10_z)
    method = np.where(np.isnan(log10_p), "none", np.where(small, "mid-p", "z"))
    none = np.full(a.shape, np.nan)

    def out(values: np.ndarray) -> np.ndarray:
        return values.reshape(shape)

    return TwoByTwo(
        out(_probability(log10_p)),
        out(log10_p),
        out(method),
        out(z),
        out(p_z),
        out(_probability(log10_fisher) if beside else none),
        out(_probability(log10_mid) if beside else none),
        out(boschloo(a, m1, b, m2) if beside else none),
    )
