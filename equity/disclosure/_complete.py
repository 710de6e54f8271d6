"""Whole tables of counts that agree with everything published, and differ in what is hidden.

Made from published numbers only: the true counts are not known here. Figures computed from such
tables show what a reader can know: one that is the same on all of them follows from what is
published, one that differs depends on hidden numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from equity.disclosure._body import Disclosed
from equity.disclosure._solver import Program, Stuck
from equity.disclosure._system import System

WHOLE = 1e-6
NODES = 2000  # of the search for whole numbers, at most
FAR = 100  # times the minimum: beyond where a hidden number can be
STEPS = (1, -1, 2, -2, 5, -5, 20, -20)  # how far a number is moved that is the same on all draws


@dataclass
class Completer:
    """What is published of a body: `shown`: of each group of cells its value, -1 where hidden."""

    system: System
    shown: np.ndarray
    frames: Mapping[str, pd.DataFrame]  # without rows: columns and their types
    minimum: int
    unused: Mapping[str, tuple[str, ...]]  # flags of the tables that no margin uses

    def draw(self, draws: int, seed: int) -> list[np.ndarray]:
        """Return, for each draw, a whole number for each unknown of the system.

        With more than one draw, further ones follow until nothing hidden is the same on all.
        """
        system, random = self.system, np.random.default_rng(seed)
        hidden = np.flatnonzero(self.shown < 0)
        found: list[np.ndarray] = []
        cells: list[np.ndarray] = []
        program = self._program(whole=False)
        for _ in range(max(draws, 1)):
            target = random.integers(1, 2 * self.minimum, len(hidden)).astype(float)
            price = random.uniform(0.5, 1.5, len(hidden))
            if len(cells) % 2:  # as far as can be: what looks settled nearby may not be so there
                far = random.random(len(hidden)) < 0.5
                target = np.where(far, 1.0, FAR * self.minimum)
            if cells:
                before, same = np.array(cells)[:, hidden], _same(cells, hidden)
                away = random.integers(1, self.minimum, len(hidden))
                away = np.where(random.random(len(hidden)) < 0.5, -away, away)
                away = np.where(before[0] + away < 1, np.abs(away), away)
                target = np.where(same, before[0] + away, target)
                price = np.where(same, 3 * price, price)
            solution = self._near(program, hidden, target, price)
            found.append(solution)
            cells.append(system.groups_of(solution))
        if len(cells) > 1:
            self._steer(program, hidden, found, cells, random)
            self._singly(program, hidden, found, cells)
        return found

    def _steer(self, program: Program, hidden, found: list, cells: list, random) -> None:
        """Steer the last draw, so that less is the same on all of them."""
        for _ in range(12):
            same = _same(cells, hidden)
            if not same.any():
                return
            before, last = np.array(cells)[:, hidden], len(cells) - 1
            target, price = before[last].astype(float), np.full(len(hidden), 0.01)
            way = np.where(random.random(len(hidden)) < 0.5, -3.0, 3.0)
            way = np.where(before[0] + way < 1, 3.0, way)
            target = np.where(same, before[0] + way, target)
            price = np.where(same, random.uniform(0.5, 1.5, len(hidden)), price)
            solution = self._near(program, hidden, target, price)
            trial = self.system.groups_of(solution)
            if _same([*cells[:last], trial], hidden).sum() < same.sum():
                found[last], cells[last] = solution, trial

    def _singly(self, program: Program, hidden, found: list, cells: list) -> None:
        """Add draws until nothing hidden is the same on all: one group of cells at a time."""
        stuck = np.zeros(len(hidden), dtype=bool)
        while True:
            same = np.flatnonzero(_same(cells, hidden) & ~stuck)
            if not len(same):
                break
            one, now = int(same[0]), cells[0][hidden]
            for step in STEPS:
                if now[one] + step < 1:
                    continue
                target, price = now.astype(float), np.zeros(len(hidden))
                target[one], price[one] = now[one] + step, 1.0
                try:
                    solution = self._near(program, hidden, target, price)
                except Disclosed:  # no whole numbers that way, within the limits
                    continue
                trial = self.system.groups_of(solution)
                if trial[hidden[one]] != now[one]:
                    found.append(solution)
                    cells.append(trial)
                    break
            else:
                stuck[one] = True
        if stuck.any():
            raise Disclosed(
                f"{int(stuck.sum())} hidden numbers were the same on all tables that were made, "
                "so figures of them could not be told from what is known. Make the tables "
                "coarser: fewer columns, wider groups."
            )

    def _program(self, whole: bool) -> Program:
        options = {"mip_max_nodes": NODES, "mip_rel_gap": 0.5, "presolve": "on"} if whole else {}
        program = self.system.program(strategy=1, whole=whole, **options)
        here, k = self.system.cell, self.system.groups
        known = self.shown >= 0
        program.bounds(here[known], self.shown[known], self.shown[known])
        for shift in (1, 2):
            program.bounds(here[known] + shift * k, 0, 0)
        return program

    def _near(self, program: Program, hidden, target, price) -> np.ndarray:
        """Return whole numbers that fit what is published, as near to the targets as can be."""
        answer = self._aim(program, hidden, target, price)
        number = len(self.system.unknown)
        if answer is None:
            raise Disclosed("Nothing fits the published numbers: they contradict one another.")
        if np.abs(answer[:number] - np.round(answer[:number])).max(initial=0) > WHOLE:
            near = self._program(whole=True)  # first close by, which is quick
            least = np.maximum(np.floor(answer[:number]) - 1, 0)
            near.bounds(np.arange(number), least, np.ceil(answer[:number]) + 1)
            try:
                answer = self._aim(near, hidden, target, price)
            except Disclosed:
                answer = None
            if answer is None:
                answer = self._aim(self._program(whole=True), hidden, target, price)
            if answer is None:
                raise Disclosed("No whole numbers fit the published numbers.")
        return np.round(answer[:number]).astype(np.int64)

    def _aim(self, program: Program, hidden, target, price) -> np.ndarray | None:
        here, k = self.system.cell[hidden], self.system.groups
        program.bounds(here, target, target)
        program.bounds(here + 2 * k, 0, target - 1)
        program.cost(price, here + k)
        program.cost(price, here + 2 * k)
        try:
            return program.solve()
        except Stuck as stuck:
            raise Disclosed(
                "No whole numbers that fit the published ones were found within the limits of "
                "the search; tables that are less fine are easier."
            ) from stuck

    def tables(self, solution: np.ndarray) -> dict[str, pd.DataFrame]:
        """Return the tables of a solution, in the shape in which they were given."""
        found = {}
        for i, (name, part) in enumerate(self.system.parts.items()):
            mine = self.system.unknown[:, 0] == i
            counts = np.zeros((len(part.codes), len(part.quantities)), dtype=np.int64)
            counts[self.system.unknown[mine, 1], self.system.unknown[mine, 2]] = solution[mine]
            keep = counts[:, 0] > 0
            empty, codes, counts = self.frames[name], part.codes[keep], counts[keep]
            columns = {}
            for column in empty.columns:
                if column in part.columns:
                    raw = part.raw[column]
                    values = [raw[c] for c in codes[:, part.columns.index(column)]]
                elif column == "n":
                    values = counts[:, 0]
                elif column in part.flags:
                    values = counts[:, 1 + 3 * part.flags.index(column)]
                elif column.removesuffix("_known") in part.flags:
                    at = 1 + 3 * part.flags.index(column.removesuffix("_known"))
                    values = counts[:, at] + counts[:, at + 1]
                elif column.removesuffix("_known") in self.unused.get(name, ()):
                    values = np.zeros(len(codes), dtype=np.int64)  # a flag that no margin uses
                else:
                    values = [None] * len(codes)
                columns[column] = _typed(values, empty[column].dtype, len(codes))
            found[name] = pd.DataFrame(columns)
        return found


def _same(cells: list[np.ndarray], hidden: np.ndarray) -> np.ndarray:
    """Return which of the hidden groups of cells are the same on all draws."""
    before = np.array(cells)[:, hidden]
    return (before == before[0]).all(axis=0)


def _typed(values, dtype, length: int) -> pd.Series:
    series = pd.Series(values, index=range(length), dtype="object")
    try:
        return series.astype(dtype)
    except (TypeError, ValueError):
        return series.astype("Int64" if dtype.kind in "iu" else "object")
