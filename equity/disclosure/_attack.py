"""The attack: how far each hidden cell can be narrowed down from everything that is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from equity.disclosure._solver import Program, Stuck
from equity.disclosure._system import System

NEAR = 1e-5


@dataclass
class Aims:
    """What has to be possible: of each group of cells its value, and how low and how high.

    `small`: the groups of which both ends must be reachable; of every other hidden one, one of
    them (one more or one less). `fixed`: known to everybody, cannot be hidden.
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    small: np.ndarray
    fixed: np.ndarray
    weight: np.ndarray


@dataclass
class Seen:
    """Which ends of groups of cells were reached by some solution that fits what is shown."""

    up: np.ndarray
    down: np.ndarray
    by: dict[tuple[int, int], int] = field(default_factory=dict)
    solutions: list[np.ndarray] = field(default_factory=list)

    def note(self, totals: np.ndarray, aims: Aims, hidden: np.ndarray) -> int:
        """Take note of a solution; return how many ends it reached that were not before."""
        up = hidden & ~self.up & (totals >= aims.high - NEAR)
        down = hidden & ~self.down & (totals <= aims.low + NEAR)
        self.up |= up
        self.down |= down
        fresh = [(int(g), 1) for g in np.flatnonzero(up)]
        fresh += [(int(g), -1) for g in np.flatnonzero(down)]
        if fresh:
            self.solutions.append(totals)
            self.by |= dict.fromkeys(fresh, len(self.solutions) - 1)
        return len(fresh)

    def open(self, aims: Aims, hidden: np.ndarray) -> list[tuple[int, int]]:
        """Return the ends that have not been reached yet, as (group, +1 or -1)."""
        either = ~aims.small & (self.up | self.down)
        up = np.flatnonzero(hidden & ~self.up & ~either)
        down = np.flatnonzero(hidden & ~self.down & ~either)
        return [(int(g), 1) for g in up] + [(int(g), -1) for g in down]


def one_way(ends: list[tuple[int, int]], random: np.random.Generator) -> list[tuple[int, int]]:
    """Return for each group one of its open ends, at random."""
    of: dict[int, list[int]] = {}
    for group, way in ends:
        of.setdefault(group, []).append(way)
    picks = random.random(len(of))
    return [(g, w[int(pick * len(w))]) for (g, w), pick in zip(of.items(), picks, strict=True)]


class Attack:
    """One attacker, asked again and again while cells are hidden or shown."""

    def __init__(self, system: System, aims: Aims, hidden: np.ndarray) -> None:
        self.system, self.aims = system, aims
        self.program: Program = system.program(strategy=4)
        self.hidden = np.zeros(system.groups, dtype=bool)
        here = system.cell
        self.program.bounds(here, aims.values, aims.values)
        for shift in (1, 2):
            self.program.bounds(here + shift * system.groups, 0, 0)
        self.hide(np.flatnonzero(hidden))

    def hide(self, groups: Iterable[int] | np.ndarray) -> None:
        """Let groups of cells be anything from 1 on."""
        groups = np.asarray(groups, dtype=np.int64)
        here = self.system.cell[groups]
        self.program.bounds(here, 1, np.maximum(self.aims.high[groups], 1))
        self.program.bounds(here + self.system.groups, 0, np.inf)
        self.hidden[groups] = True

    def show(self, groups: Iterable[int] | np.ndarray) -> None:
        """Let everybody know groups of cells."""
        groups = np.asarray(groups, dtype=np.int64)
        here, values = self.system.cell[groups], self.aims.values[groups]
        self.program.bounds(here, values, values)
        self.program.bounds(here + self.system.groups, 0, 0)
        self.hidden[groups] = False

    def reach(self, ends: list[tuple[int, int]], amount: float = 1.0) -> np.ndarray:
        """Return the cells in the solution that goes as far as can be to some ends together."""
        cost = np.zeros(self.program.columns)
        here, k = self.system.cell, self.system.groups
        for group, way in ends:
            cost[here[group]] -= way * amount
            if way < 0:
                cost[here[group] + k] += amount
        self.program.cost(cost)
        found = self.program.solve()
        if found is None:
            raise Stuck("nothing fits what is shown")
        return self.system.totals(found)

    def look(self, seen: Seen, singly: bool = True) -> list[tuple[int, int]]:
        """Reach every end that can be; return those that cannot (with `singly`, all for sure).

        Many at once first: each open cell is pulled up or down, at random (from a fixed seed), so
        that one solution reaches very many ends; then what is left, one by one.
        """
        random = np.random.default_rng(1)
        poor = 0
        while poor < 2:
            ends = seen.open(self.aims, self.hidden)
            if not ends:
                return []
            gained = seen.note(self.reach(one_way(ends, random)), self.aims, self.hidden)
            poor = poor + 1 if gained < 1 + len(ends) // 20 else 0
        if not singly:
            return seen.open(self.aims, self.hidden)
        failed: set[tuple[int, int]] = set()
        while True:
            left = [e for e in seen.open(self.aims, self.hidden) if e not in failed]
            if not left:
                return seen.open(self.aims, self.hidden)
            seen.note(self.reach([left[0]]), self.aims, self.hidden)
            if left[0] in seen.open(self.aims, self.hidden):
                failed.add(left[0])

    def ranges(self, groups: Iterable[int]) -> np.ndarray:
        """Return the least and most that each of some groups can be (one row each)."""
        found = []
        here, k = self.system.cell, self.system.groups
        self.program.bounds(here[self.hidden], 1, np.inf)
        for group in groups:
            ends = []
            for way in (1, -1):
                cost = np.zeros(self.program.columns)
                cost[[here[group], here[group] + k]] = way
                self.program.cost(cost)
                try:
                    ends.append(self.system.totals(self.program.solve())[group])  # pyright: ignore
                except Stuck:
                    ends.append(np.inf * -way)
            found.append(ends)
        self.hide(np.flatnonzero(self.hidden))
        return np.array(found).reshape(-1, 2)


def least_possible(system: System, values: np.ndarray, small: np.ndarray, start: np.ndarray):
    """Return how low the small cells can be at all, were every count but the zeros hidden."""
    low = start.astype(float)
    high = np.maximum(values, 1).astype(float)
    aims = Aims(values, low, high, small, small & False, low)
    attack = Attack(system, aims, np.ones(system.groups, dtype=bool))
    seen = Seen(np.ones(system.groups, dtype=bool), ~small)
    for end in attack.look(seen, singly=False):
        if not seen.down[end[0]]:
            totals = attack.reach([end])
            seen.note(totals, aims, attack.hidden)
            if not seen.down[end[0]]:
                low[end[0]] = totals[end[0]]
    return low
