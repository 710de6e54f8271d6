"""One officer's stops against those of colleagues, weighted to the same places and hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

__all__ = ["Against", "against_colleagues", "odds_weights", "ridge_logit"]

RIDGE = 0.01  # a normal prior of standard deviation 10 on each effect, on the logit scale
_STEPS = 100


@dataclass(frozen=True)
class Against:
    """What one officer's stops are, and what colleagues' would be; NaN where it is not known."""

    n: float = 0.0
    x: float = 0.0
    benchmark: float = np.nan
    benchmark_se: float = np.nan
    """Of the difference between the officer's share and the benchmark."""
    log_odds: float = np.nan
    se: float = np.nan
    z: float = np.nan
    effective_n: float = np.nan
    before: float = np.nan
    after: float = np.nan


def against_colleagues(
    levels: np.ndarray,
    total: np.ndarray,
    positive: np.ndarray,
    at: np.ndarray,
    own: np.ndarray,
    own_positive: np.ndarray,
    *,
    ridge: float = RIDGE,
) -> Against:
    """Compare one officer with all others, by cells.

    Parameters
    ----------
    levels : (cells, columns) code of each column's level in each cell.
    total, positive : stops of all officers in each cell, and those of the group looked at.
    at : the cells in which the officer has stops; own, own_positive : the officer's in them.
    """
    others, others_positive = total.copy(), positive.copy()
    others[at] -= own
    others_positive[at] -= own_positive
    everywhere = others
    at, near = _support(levels, others, at)
    inside = np.isin(at, near[1], assume_unique=True)
    at, own, own_positive = near[1], own[inside], own_positive[inside]
    near = near[0]
    n, x = float(own.sum()), float(own_positive.sum())
    if not n or not len(near):
        return Against()
    rows = _design(levels, np.concatenate([near, at]), officer_from=len(near))
    far, own_rows = rows.part(slice(len(near))), rows.part(slice(len(near), None))
    m, y = others[near], others_positive[near]

    weight = odds_weights(far, own_rows, m, own, ridge=ridge)
    sum_ = float((weight * m).sum())
    effective = sum_**2 / float((weight**2 * m).sum())
    before, after = _balance(levels, everywhere, near, weight * m / sum_, at, own / n)

    # doubly robust: the group regressed on the officer and the same columns, by these weights
    if 0 < x < n:
        yes, size = np.concatenate([weight * y, own_positive]), np.concatenate([weight * m, own])
        beta, information, mean = ridge_logit(rows, yes, size, officer=True, ridge=ridge)
        w = np.concatenate([weight, np.ones(len(own))])
        # each stop's own square, not that of its cell
        meat = rows.gram(w * (yes * (1 - mean) ** 2 + (size - yes) * mean**2))
        inverse = np.linalg.inv(information)
        robust = inverse @ meat @ inverse
        stops = m.sum() + n
        robust *= stops / max(stops - len(beta), 1.0)
        log_odds, se = float(beta[1]), float(np.sqrt(robust[1, 1]))
    else:  # no odds: what colleagues do is fitted to colleagues alone
        log_odds = se = np.nan
        beta, _, _ = ridge_logit(far, weight * y, weight * m, ridge=ridge)
    beta[1] = 0.0  # as colleagues do
    expected, fitted = special.expit(own_rows @ beta), special.expit(far @ beta)
    benchmark = float((own * expected).sum() / n)
    gap = x / n - benchmark
    from_own = own_positive * (1 - expected - gap) ** 2
    from_own += (own - own_positive) * (expected + gap) ** 2
    from_others = weight**2 * (y * (1 - fitted) ** 2 + (m - y) * fitted**2) / sum_**2
    benchmark_se = float(np.sqrt(from_own.sum() / n**2 + from_others.sum()))
    if np.isnan(se):  # all or none: by the spread that the benchmark itself gives
        spread = (own * expected * (1 - expected)).sum() / n**2 + from_others.sum()
        benchmark_se = float(np.sqrt(spread))
        z = gap / benchmark_se
    else:
        z = log_odds / se
    return Against(
        n, x, benchmark, benchmark_se, log_odds, se, z, effective, before, after
    )  # fmt: skip


def odds_weights(
    others: Levels, officer: Levels, m: np.ndarray, own: np.ndarray, *, ridge: float = RIDGE
) -> np.ndarray:
    """Return p / (1 - p) for each row of `others`: p of a stop there being the officer's."""
    rows = Levels(np.vstack([others.codes, officer.codes]), others.columns)
    yes, size = np.concatenate([np.zeros(len(m)), own]), np.concatenate([m, own])
    beta, _, _ = ridge_logit(rows, yes, size, ridge=ridge)
    return np.exp(others @ beta)


class Levels:
    """A design of indicators: a constant, one for the officer, and one for each level.

    `codes` (rows, factors) says which column is 1, factor by factor; the first factor is the
    officer, where 1 is the column of their own rows and `columns` stands for none. Sums over rows
    are taken by code: much quicker than products of a matrix that is nearly all zeros.
    """

    def __init__(self, codes: np.ndarray, columns: int) -> None:
        self.codes, self.columns = codes, columns
        factors = codes.shape[1]
        self._pairs = [(i, j) for i in range(factors) for j in range(i + 1, factors)]
        self._keys: np.ndarray | None = None

    def part(self, rows: slice) -> Levels:
        """Return some of the rows."""
        return Levels(self.codes[rows], self.columns)

    def __matmul__(self, beta: np.ndarray) -> np.ndarray:
        return beta[0] + np.append(beta, 0.0)[self.codes].sum(axis=1)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of the values over the rows of each column."""
        each = np.repeat(values, self.codes.shape[1])
        out = np.bincount(self.codes.ravel(), weights=each, minlength=self.columns + 1)
        out[0] = values.sum()
        return out[: self.columns]

    def gram(self, values: np.ndarray) -> np.ndarray:
        """Return the matrix of sums of the values over the rows that two columns share."""
        wide = self.columns + 1
        if self._keys is None:
            keys = [self.codes[:, i] * wide + self.codes[:, j] for i, j in self._pairs]
            self._keys = np.concatenate(keys) if keys else np.empty(0, dtype=np.int64)
        each = np.tile(values, len(self._pairs))
        upper = np.bincount(self._keys, weights=each, minlength=wide * wide)
        out = upper.reshape(wide, wide)[: self.columns, : self.columns]
        own = self.sums(values)
        out = out + out.T + np.diag(own)
        out[0, :] = out[:, 0] = own
        return out

    def dense(self) -> np.ndarray:
        """Return the design as a matrix."""
        out = np.zeros((len(self.codes), self.columns + 1))
        np.put_along_axis(out, self.codes, 1.0, axis=1)
        out[:, 0] = 1.0
        return out[:, : self.columns]


def ridge_logit(
    x: Levels,
    yes: np.ndarray,
    total: np.ndarray,
    *,
    officer: bool = False,
    ridge: float = RIDGE,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a logistic regression in which the effects of the levels are held near 0 by a ridge.

    The constant is free, and so is the effect of the officer, which is in the model if `officer`
    says so. With a ridge every level has its column and its effect stays finite, however few stops
    it has. Newton's method with halved steps. Returns coefficients, information and fitted
    shares. Source: le Cessie and van Houwelingen, Applied Statistics 41 (1992), 191-201.
    """
    penalty = np.full(x.columns, ridge)
    penalty[0] = 0.0
    penalty[1] = 0.0 if officer else 1e12  # held at 0
    beta = np.zeros(x.columns)
    share = np.clip(yes.sum() / total.sum(), 1e-6, 1 - 1e-6)
    beta[0] = np.log(share / (1 - share))

    def height(b: np.ndarray, eta: np.ndarray) -> float:
        return float(yes @ eta - total @ np.logaddexp(0, eta) - penalty @ b**2 / 2)

    eta = x @ beta
    now = height(beta, eta)
    mean = special.expit(eta)
    information = np.diag(penalty)
    for _ in range(_STEPS):
        information = x.gram(total * mean * (1 - mean)) + np.diag(penalty)
        step = np.linalg.solve(information, x.sums(yes - total * mean) - penalty * beta)
        size, after, eta_after, then = 1.0, beta, eta, now
        while size > 1e-8:
            after = beta + size * step
            eta_after = x @ after
            then = height(after, eta_after)
            if then >= now - 1e-12 * abs(now):
                break
            size /= 2
        beta, eta, now = after, eta_after, then
        mean = special.expit(eta)
        if np.abs(size * step).max() < 1e-8:
            break
    return beta, information, mean


def _support(
    levels: np.ndarray, others: np.ndarray, at: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return the officer's cells, and (cells of colleagues, of the officer) that can be compared.

    Where the officer never is, colleagues get no weight; where no colleague is, the officer's
    stops have nothing to be held against. Leaving out one may leave out another.
    """
    first = at
    sizes = levels.max(axis=0, initial=-1) + 1
    while True:
        near = others > 0
        for j, size in enumerate(sizes):
            visited = np.zeros(size, dtype=bool)
            visited[levels[at, j]] = True
            near &= visited[levels[:, j]]
        shared = np.ones(len(at), dtype=bool)
        for j, size in enumerate(sizes):
            there = np.zeros(size, dtype=bool)
            there[levels[near, j]] = True
            shared &= there[levels[at, j]]
        if shared.all():
            return first, (np.flatnonzero(near), at)
        at = at[shared]


def _design(levels: np.ndarray, rows: np.ndarray, *, officer_from: int) -> Levels:
    """Return the design of these cells; from row `officer_from` on they are the officer's own."""
    codes, column = [np.zeros(len(rows), dtype=np.int64)], 2
    for j in range(levels.shape[1]):
        found, code = np.unique(levels[rows, j], return_inverse=True)
        if len(found) > 1:
            codes.append(column + code)
            column += len(found)
    codes[0][:officer_from] = column
    codes[0][officer_from:] = 1
    return Levels(np.column_stack(codes), column)


def _balance(
    levels: np.ndarray,
    others: np.ndarray,
    near: np.ndarray,
    weighted: np.ndarray,
    at: np.ndarray,
    own: np.ndarray,
) -> tuple[float, float]:
    """Return the largest standardised difference over all levels, before and after weighting.

    Both are in units of the standard deviation before weighting. Source: Austin, Statistics in
    Medicine 28 (2009), 3083-3107.
    """
    before = after = 0.0
    for j in range(levels.shape[1]):
        size = int(levels[:, j].max(initial=-1)) + 1
        mine = np.bincount(levels[at, j], weights=own, minlength=size)
        all_ = np.bincount(levels[:, j], weights=others / others.sum(), minlength=size)
        like = np.bincount(levels[near, j], weights=weighted, minlength=size)
        square = (mine * (1 - mine) + all_ * (1 - all_)) / 2
        safe = np.sqrt(np.where(square > 1e-12, square, np.inf))  # a level of all, or of none
        before = max(before, float((np.abs(mine - all_) / safe).max(initial=0.0)))
        after = max(after, float((np.abs(mine - like) / safe).max(initial=0.0)))
    return before, after
