"""Hiding further cells by linear programs: sound and fast, near the least that can be hidden."""

from __future__ import annotations

import numpy as np

from equity.disclosure._attack import NEAR, Aims, Attack, Seen, one_way
from equity.disclosure._body import Disclosed
from equity.disclosure._solver import Stuck
from equity.disclosure._system import System


class Unprotectable(Disclosed):
    """No hiding suffices: `group` is the group of cells that can be narrowed down all the same."""

    def __init__(self, group: int) -> None:
        super().__init__("A cell cannot be protected.")
        self.group = group


class _Repair:
    """The cheapest way to let one cell move as far as it must: what else has to move with it."""

    def __init__(self, system: System, aims: Aims, hidden: np.ndarray) -> None:
        self.system, self.aims = system, aims
        self.program = system.program(strategy=1)
        here, k = system.cell, system.groups
        self.program.bounds(here, aims.values, aims.values)
        free = ~aims.fixed
        self.program.bounds(here[free] + k, 0, np.inf)
        self.program.bounds(here[~free] + k, 0, 0)
        self.program.bounds(here + 2 * k, 0, np.where(free, np.maximum(aims.values - 1, 0), 0))
        self.program.cost(aims.weight, here + k)
        self.program.cost(aims.weight, here + 2 * k)
        self.hide(np.flatnonzero(hidden))

    def hide(self, groups: np.ndarray) -> None:
        here, k = self.system.cell[groups], self.system.groups
        self.program.bounds(here, 1, np.maximum(self.aims.high[groups], 1))
        self.program.bounds(here + 2 * k, 0, 0)
        self.program.cost(0, here + k)
        self.program.cost(0, here + 2 * k)

    def move(self, group: int, way: int, rounds: int = 2) -> tuple[np.ndarray, np.ndarray] | None:
        """Return what to hide, and the cells then; None where no hiding suffices."""
        here, k = self.system.cell[group], self.system.groups
        usual = 1, max(self.aims.high[group], 1)
        if way > 0:
            self.program.bounds(here, self.aims.high[group], usual[1])
        else:
            self.program.bounds([here, here + k], [1, 0], [max(self.aims.low[group], 1), 0])
        best, cells = None, self.system.cell
        open_ = np.flatnonzero(self.open)
        for again in range(rounds):
            found = self.program.solve()
            if found is None:
                break
            moved = found[cells + k] + found[cells + 2 * k]
            support = open_[moved[open_] > NEAR]
            price = float(self.aims.weight[support].sum())
            if best is None or price < best[0] - 1e-9:
                best = price, support, self.system.totals(found)
            if again + 1 < rounds and len(support) > 1:  # dearer where little was moved
                factor = np.ones(self.system.groups)
                factor[support] = 1 / np.maximum(moved[support], 0.25)
                self._price(open_, factor)
            else:
                break
        self.program.bounds([here, here + k], [usual[0], 0], [usual[1], np.inf])
        if rounds > 1:
            self._price(open_, np.ones(self.system.groups))
        return None if best is None else (best[1], best[2])

    def _price(self, groups: np.ndarray, factor: np.ndarray) -> None:
        here, k = self.system.cell[groups], self.system.groups
        price = self.aims.weight[groups] * factor[groups]
        self.program.cost(price, here + k)
        self.program.cost(price, here + 2 * k)

    open: np.ndarray

    def together(self, ends: list[tuple[int, int]], worth: float) -> tuple:
        """Return what to hide, and the cells then, to go towards many ends as far as it pays.

        One unit of the way towards an end is worth so much of what is hidden more.
        """
        cells, k = self.system.cell, self.system.groups
        cost = np.zeros(self.program.columns)
        open_ = np.flatnonzero(self.open)
        cost[cells[open_] + k] = cost[cells[open_] + 2 * k] = self.aims.weight[open_]
        for group, way in ends:
            cost[cells[group]] -= way * worth
            if way < 0:
                cost[cells[group] + k] += worth
        self.program.cost(cost)
        found = self.program.solve()
        if found is None:
            raise Stuck("nothing fits what is shown")
        cost[:] = 0
        cost[cells[open_] + k] = cost[cells[open_] + 2 * k] = self.aims.weight[open_]
        self.program.cost(cost)
        moved = found[cells + k] + found[cells + 2 * k]
        return open_[moved[open_] > NEAR], self.system.totals(found)


WORTH = [2.0**e for e in range(1, 13)]
MANY = 40  # more open ends than this are moved together, fewer one by one


def hide_more(
    system: System, aims: Aims, hidden: np.ndarray, *, forgone: set[int] | None = None
) -> np.ndarray:
    """Return which groups of cells are hidden so that every end of every hidden one is reached.

    forgone : groups of which an end cannot be reached are put here; None: that is an error.


    First many ends together, at a price that rises: what needs little more hidden is found first,
    and what is hidden once costs nothing afterwards. Then what is left, end by end.
    """
    hidden = hidden.copy()
    nothing = np.zeros(system.groups, dtype=bool)
    seen = Seen(nothing.copy(), nothing.copy())
    repair = _Repair(system, aims, hidden)
    random = np.random.default_rng(1)
    left, price = seen.open(aims, hidden), 0
    lost = set() if forgone is None else forgone
    while left:
        repair.open = ~hidden & ~aims.fixed
        if len(left) > MANY and price < len(WORTH):
            ends = one_way(left, random)
            fresh, totals = repair.together(ends, WORTH[price])
        else:
            ends = left[:1]
            ((group, way),) = ends
            found = repair.move(group, way)
            if found is None and not aims.small[group]:
                found = repair.move(group, -way)
            if found is None and forgone is not None:
                lost.add(group)
                left = [e for e in left if e[0] not in lost]
                continue
            if found is None:
                raise Unprotectable(group)
            fresh, totals = found
        if len(fresh):
            repair.hide(fresh)
            hidden[fresh] = True
        gained = seen.note(totals, aims, hidden)
        if len(ends) == 1 and not gained and not len(fresh):
            if forgone is None:
                raise Unprotectable(ends[0][0])
            lost.add(ends[0][0])
        if gained <= len(ends) // 10 and len(fresh) <= len(ends) // 20:
            price += 1
        left = [e for e in seen.open(aims, hidden) if e[0] not in lost]
        left.sort(
            key=lambda e: (
                -abs((aims.high if e[1] > 0 else aims.low)[e[0]] - aims.values[e[0]]),
                e,
            )
        )
    return hidden


def show_again(
    system: System, aims: Aims, hidden: np.ndarray, primary: np.ndarray, tries: int
) -> np.ndarray:
    """Return the hidden cells without those that need not be: tried one by one, the dearest first.

    A cell is shown again where every end of every other hidden cell can still be reached.
    """
    attack = Attack(system, aims, hidden)
    nothing = np.zeros(system.groups, dtype=bool)
    seen = Seen(nothing.copy(), nothing.copy())
    attack.look(seen)
    more = np.flatnonzero(hidden & ~primary)
    for group in more[np.argsort(-aims.weight[more], kind="stable")][:tries].tolist():
        attack.show([group])
        trial, good = Seen(nothing.copy(), nothing.copy()), True
        for totals in seen.solutions:
            if abs(totals[group] - aims.values[group]) <= NEAR:
                trial.note(totals, aims, attack.hidden)
        random = np.random.default_rng(1)
        for _ in range(4):
            left = trial.open(aims, attack.hidden)
            if len(left) > 3:
                trial.note(attack.reach(one_way(left, random)), aims, attack.hidden)
        while good:
            left = trial.open(aims, attack.hidden)
            if not left:
                break
            trial.note(attack.reach([left[0]]), aims, attack.hidden)
            good = left[0] not in trial.open(aims, attack.hidden)
        if good:
            seen = trial
        else:
            attack.hide([group])
    return attack.hidden.copy()
