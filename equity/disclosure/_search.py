"""Many least and most values of one system of equations, found a few at a time.

A table of whole numbers that agrees with the equations is a witness: it shows at once, for every
cell, one value that the cell can have. So one linear program answers for many cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import highspy
import numpy as np
from scipy import optimize, sparse

__all__ = ["Block"]

milp: Any = optimize.milp  # its types know no sparse matrix

EXACT = 1e-6
PATIENCE = 20.0  # seconds for one question of whole numbers
STIR, STIRS = 1e-3, 4  # small prices at random, to come to another corner, and how often
Way = tuple[int, int]
"""Which place is to go where: the number of the place asked for, and +1 (up) or -1 (down)."""


class Block:
    """Whole numbers `x` with ``matrix @ x == value`` and ``low <= x <= high``."""

    def __init__(
        self, matrix: sparse.csr_array, value: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> None:
        self.matrix, self.value = matrix, value
        self.low, self.high = low, high
        self.size = len(low)

    def _start(self, at: np.ndarray) -> None:
        """Make the linear program of all questions about some unknowns, to be solved again.

        Each of them is the sum of a part up to a goal, which is what is rewarded, and a rest.
        """
        more = len(at)
        which = sparse.csr_array((np.ones(more), (np.arange(more), at)), (more, self.size))
        eye = sparse.eye_array(more, format="csr")
        matrix = sparse.csc_array(
            sparse.block_array([[self.matrix, None, None], [which, -eye, -eye]], format="csc")
        )
        lp: Any = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = matrix.shape
        lp.a_matrix_.num_row_, lp.a_matrix_.num_col_ = matrix.shape
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
        lp.a_matrix_.value_ = matrix.data.astype(float)
        lp.col_cost_ = np.zeros(matrix.shape[1])
        lp.col_lower_ = np.concatenate([self.low, np.zeros(2 * more)])
        lp.col_upper_ = np.concatenate([self.high, np.full(2 * more, np.inf)])
        lp.row_lower_ = lp.row_upper_ = np.concatenate([self.value, np.zeros(more)])
        self._random = np.random.default_rng(1)
        self._at, self._cap = at, np.full(more, np.inf)
        self._warm: Any = highspy.Highs()
        for name, setting in (
            ("log_to_console", False),
            ("output_flag", False),
            ("threads", 1),
            ("parallel", "off"),
            ("presolve", "off"),
            ("solver", "simplex"),
            ("simplex_strategy", 4),  # primal: what is asked for changes, what is known does not
        ):
            self._warm.setOptionValue(name, setting)
        self._warm.passModel(lp)

    def _ask(
        self, ways: Sequence[Way], goal: np.ndarray, stir: np.ndarray | float = 0.0
    ) -> np.ndarray | None:
        """Return what goes as far as can be some ways together, upwards no further than `goal`."""
        changed = np.flatnonzero(self._cap != goal).astype(np.int32)
        if len(changed):
            self._cap = goal.copy()
            self._warm.changeColsBounds(
                len(changed), changed + self.size, np.zeros(len(changed)), goal[changed]
            )
        cost = np.zeros(self.size + 2 * len(self._at))
        cost[: self.size] = stir
        for i, sign in ways:
            cost[self.size + i if sign > 0 else self._at[i]] -= sign
        self._warm.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        for again in (False, True):
            self._warm.run()
            if self._warm.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                return np.asarray(self._warm.getSolution().col_value)
            if not again:
                self._warm.clearSolver()  # numerical trouble: once more from scratch
        return None

    def _whole(self, cost: np.ndarray) -> np.ndarray | None:
        """Minimise in whole numbers."""
        answer = milp(
            cost,
            integrality=np.ones(self.size),
            bounds=optimize.Bounds(self.low, self.high),
            constraints=optimize.LinearConstraint(
                sparse.csc_array(self.matrix), self.value, self.value
            ),
            options={"time_limit": PATIENCE, "mip_rel_gap": 0.0},
        )
        return self._witness(answer.x)

    def _stirred(self, ways: Sequence[Way], goal: np.ndarray) -> np.ndarray | None:
        """Return a witness from other corners, about as far these ways, where there is one."""
        for _ in range(STIRS):
            x = self._ask(ways, goal, self._random.uniform(0, STIR, self.size))
            seen = None if x is None else self._witness(x[: self.size])
            if seen is not None:
                return seen
        return None

    def _witness(self, x: np.ndarray | None) -> np.ndarray | None:
        """Return a solution as whole numbers, if it is one."""
        if x is None:
            return None
        near = np.rint(x)
        if (np.abs(x - near) > EXACT).any() or (np.abs(self.matrix @ near - self.value) > 0).any():
            return None
        return near

    def _bound(
        self, i: int, sign: int, goal: np.ndarray, enough: float
    ) -> tuple[int | None, np.ndarray | None]:
        """Return how far a place can go, and a witness; `enough`: a value that will do."""
        place = int(self._at[i])
        x = self._ask([(i, sign)], goal)
        if x is None:
            return None, None
        seen = self._witness(x[: self.size])
        if seen is not None:
            return int(seen[place]), seen
        limit = x[place] + sign * EXACT
        edge = int(np.floor(limit) if sign > 0 else np.ceil(limit))
        if sign * (edge - enough) < 0:
            return edge, None  # fractions cannot reach it, so whole numbers cannot
        seen = self._stirred([(i, sign)], goal)
        if seen is None or sign * (seen[place] - enough) < 0:
            cost = np.zeros(self.size)
            cost[place] = -sign
            seen = self._whole(cost)
        return (None, None) if seen is None else (int(seen[place]), seen)

    def search(
        self, places: Sequence[int], reach: Sequence[tuple[float, float] | None]
    ) -> list[tuple[int | None, int | None]]:
        """Return the least and the most seen of each place, looking until `reach` is reached.

        None in `reach`: two different values will do. None in an answer: the solver cannot tell.
        """
        at = np.asarray(places)
        low, high = np.full(len(at), np.inf), np.full(len(at), -np.inf)
        final = np.zeros((len(at), 2), dtype=bool)  # nothing further is to be found
        lost = np.zeros((len(at), 2), dtype=bool)
        need = np.array([(np.nan, np.nan) if r is None else r for r in reach], dtype=float)
        free = np.isnan(need[:, 0])
        self._start(at)

        def take(seen: np.ndarray) -> None:
            np.minimum(low, seen[at], out=low)
            np.maximum(high, seen[at], out=high)

        def wanting(side: int) -> np.ndarray:
            short = high < need[:, 1] if side else low > need[:, 0]
            return np.where(free, low >= high, short) & ~final[:, side]

        def goal() -> np.ndarray:
            begun = np.where(np.isfinite(high), high, self.low[at])
            return np.maximum(np.where(free, begun + 1, need[:, 1]), 0)

        poor = 0
        while poor < 3:  # many together, some up and some down, as long as that brings something
            up, down = wanting(1), wanting(0)
            todo = np.flatnonzero(up | down)
            if len(todo) < 2:
                break
            rises = up[todo] & (~down[todo] | (self._random.random(len(todo)) < 0.5))
            ways = [(int(i), 1 if r else -1) for i, r in zip(todo, rises, strict=True)]
            seen = self._together(ways, goal())
            if seen is not None:
                take(seen)
            left = up.sum() + down.sum() - wanting(1).sum() - wanting(0).sum()
            poor = poor + 1 if left <= len(todo) * 0.05 else 0
        for side, sign in ((1, 1), (0, -1)):  # then one by one
            for i in np.flatnonzero(wanting(side)).tolist():
                if not wanting(side)[i]:
                    continue
                now = high[i] if side else low[i]
                enough = now + sign if free[i] else need[i, side]  # of infinite `now`: anything
                edge, seen = self._bound(i, sign, goal(), enough)
                final[i, side] = True
                if seen is not None:
                    take(seen)
                elif edge is None:
                    lost[i, side] = True
                elif side:
                    high[i] = max(high[i], edge)
                else:
                    low[i] = min(low[i], edge)
        done = ~lost & np.isfinite(np.stack([low, high], axis=1))
        return [
            (int(a) if ok[0] else None, int(b) if ok[1] else None)
            for a, b, ok in zip(low, high, done, strict=True)
        ]

    def _together(self, ways: Sequence[Way], goal: np.ndarray) -> np.ndarray | None:
        """Return a witness that goes many ways at once."""
        x = self._ask(ways, goal)
        seen = None if x is None else self._witness(x[: self.size])
        return self._stirred(ways, goal) if seen is None else seen
