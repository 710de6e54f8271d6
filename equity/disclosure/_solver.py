"""A thin hand on HiGHS (highspy): linear programs that are solved again and again.

The solver is deterministic here: one thread, a fixed seed, no limit by the clock.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse


class Stuck(RuntimeError):
    """The solver found no answer within its limits."""


class Program:
    """Minimise ``cost @ x`` subject to ``low <= A x <= high`` and bounds on `x`, warm.

    Parameters
    ----------
    matrix : sparse rows x columns.
    low, high : of the rows.  lower, upper : of the columns.
    whole : columns that must be whole numbers (None: none).
    strategy : 1 = dual simplex (bounds change), 4 = primal simplex (the objective changes).
    """

    def __init__(
        self,
        matrix: sparse.spmatrix | sparse.sparray,
        low: np.ndarray,
        high: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        *,
        whole: np.ndarray | None = None,
        strategy: int = 1,
        options: dict[str, Any] | None = None,
    ) -> None:
        columns = sparse.csc_array(matrix)
        columns.sum_duplicates()
        self.columns = columns.shape[1]
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = columns.shape
        lp.a_matrix_.num_row_, lp.a_matrix_.num_col_ = columns.shape
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = columns.indptr.astype(np.int32)
        lp.a_matrix_.index_ = columns.indices.astype(np.int32)
        lp.a_matrix_.value_ = columns.data.astype(float)
        lp.col_cost_ = np.zeros(self.columns)
        lp.col_lower_, lp.col_upper_ = np.array(lower, float), np.array(upper, float)
        lp.row_lower_, lp.row_upper_ = np.array(low, float), np.array(high, float)
        if whole is not None:
            kinds = [highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger]
            lp.integrality_ = [kinds[int(w)] for w in whole]
        self.whole = whole is not None
        self.highs = highspy.Highs()
        settings: dict[str, Any] = {
            "log_to_console": False,
            "output_flag": False,
            "threads": 1,
            "parallel": "off",
            "random_seed": 1,
            "simplex_strategy": strategy,
            **({} if self.whole else {"presolve": "off", "solver": "simplex"}),
            **(options or {}),
        }
        for name, value in settings.items():
            self.highs.setOptionValue(name, value)
        self.highs.passModel(lp)
        self._all = np.arange(self.columns, dtype=np.int32)

    def bounds(self, which: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> None:
        """Set the bounds of some columns."""
        which = np.atleast_1d(np.asarray(which, np.int32))
        lower = np.ascontiguousarray(np.broadcast_to(np.asarray(lower, float), which.shape))
        upper = np.ascontiguousarray(np.broadcast_to(np.asarray(upper, float), which.shape))
        self.highs.changeColsBounds(len(which), which, lower, upper)

    def cost(self, cost: ArrayLike, which: ArrayLike | None = None) -> None:
        """Set what is minimised (for some columns)."""
        which = self._all if which is None else np.atleast_1d(np.asarray(which, np.int32))
        cost = np.ascontiguousarray(np.broadcast_to(np.asarray(cost, float), which.shape))
        self.highs.changeColsCost(len(which), which, cost)

    def row(self, which: np.ndarray, values: np.ndarray, low: float, high: float) -> None:
        """Add one row."""
        which, values = np.asarray(which, np.int32), np.asarray(values, float)
        self.highs.addRow(low, high, len(which), which, values)

    def solve(self) -> np.ndarray | None:
        """Return `x` at the optimum, None where there is no solution; `Stuck` where unknown."""
        status = highspy.HighsModelStatus
        for again in (False, True):
            self.highs.run()
            found = self.highs.getModelStatus()
            if found == status.kOptimal:
                return np.asarray(self.highs.getSolution().col_value)
            if found == status.kInfeasible:
                return None
            if self.whole and self.highs.getInfo().primal_solution_status == 2:
                return np.asarray(self.highs.getSolution().col_value)  # the best within limits
            if not again:
                self.highs.clearSolver()  # numerical trouble: once more from scratch
        raise Stuck(self.highs.modelStatusToString(found))

    def duals(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the reduced costs of the columns and the duals of the rows."""
        solution = self.highs.getSolution()
        return np.asarray(solution.col_dual), np.asarray(solution.row_dual)

    @property
    def value(self) -> float:
        """What was minimised, at the optimum."""
        return self.highs.getInfo().objective_function_value
