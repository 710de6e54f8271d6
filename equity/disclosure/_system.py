"""Everything an attacker knows about the published cells, as one sparse system of equations.

Unknown are the counts of each combination of groups (of each quantity: all, and of each flag yes,
no and not known). Cells that sum the same unknowns are one: they are hidden or shown together.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from equity.disclosure._cells import Cell, Part
from equity.disclosure._solver import Program


@dataclass
class System:
    """The equations. Columns: unknowns, then of each group of cells what it is, is more, is less.

    `unknown`: one row per unknown: number of the part, of the combination, of the quantity.
    `cell_of`: of each cell its group (-1: the cell is zero). `values`: of each group (the truth;
    None where only what is published is known). `rules`: in words, what is known of the stages.
    """

    parts: Mapping[str, Part]
    unknown: np.ndarray
    cell_of: np.ndarray
    groups: int
    matrix: sparse.csc_array
    low: np.ndarray
    high: np.ndarray
    rules: list[str]
    of_group: sparse.csr_array  # groups x unknowns: what each group of cells is the sum of

    def groups_of(self, solution: np.ndarray) -> np.ndarray:
        """Return what the groups of cells are when the unknowns are given."""
        return np.asarray(self.of_group @ solution)

    @property
    def cell(self) -> np.ndarray:
        """Columns of the groups of cells (what is more and less follow)."""
        return len(self.unknown) + np.arange(self.groups)

    def program(self, strategy: int = 1, whole: bool = False, **options) -> Program:
        """Return the system as a linear program, with every cell free to be 0 or more."""
        lower = np.zeros(self.matrix.shape[1])
        upper = np.full(self.matrix.shape[1], np.inf)
        kinds = None
        if whole:
            kinds = np.arange(self.matrix.shape[1]) < len(self.unknown)
        return Program(
            self.matrix,
            self.low,
            self.high,
            lower,
            upper,
            whole=kinds,
            strategy=strategy,
            options=options,
        )

    def totals(self, solution: np.ndarray) -> np.ndarray:
        """Return what the groups of cells are in a solution."""
        here, k = self.cell, self.groups
        return solution[here] + solution[here + k] - solution[here + 2 * k]


def _children(cell: Cell, part: Part, at: Mapping) -> list[int] | None:
    """Return the fewest cells that a cell is the total of; None where there are none."""
    table, assignment, quantity = cell.key
    told = dict(assignment)
    best = None
    for column in part.columns:
        if column in told:
            continue
        below = []
        for value in part.values[column]:
            told_too = told | {column: value}
            key = (table, tuple((c, told_too[c]) for c in part.columns if c in told_too), quantity)
            if key not in at:
                break
            below.append(at[key])
        else:
            if best is None or len(below) < len(best):
                best = below
    return best


def _stages(part: Part) -> list[tuple[list[int], list[int], str]]:
    """Return what is known of the stages: the sum of some quantities is at most that of others."""
    found = []
    if not part.chain:
        return found
    for j, (before, after) in enumerate(itertools.pairwise(part.flags)):
        yes, no = 1 + 3 * j, 2 + 3 * j
        yes_next, no_next = yes + 3, no + 3
        tries = [
            [([yes_next, no_next], [yes], f"{after} is known only of those with {before}")],
            [
                ([yes_next], [yes], f"{after} only with {before}"),
                ([no], [no_next], f"no {after} without {before}"),
            ],
        ]
        for rules in tries:
            holds = [
                rule
                for rule in rules
                if (part.truth[:, rule[0]].sum(1) <= part.truth[:, rule[1]].sum(1)).all()
            ]
            found += holds
            if holds:
                break
    return found


def _links(parts: Sequence[Part]) -> list[list[tuple[int, np.ndarray, int, float]]]:
    """Return equal totals of two tables, as (part, combinations, quantity, sign)."""
    found = []
    for (i, a), (j, b) in itertools.combinations(enumerate(parts), 2):
        common = [c for c in a.columns if c in b.columns]
        for quantity in [q for q in a.quantities if q in b.quantities]:
            qa, qb = a.quantities.index(quantity), b.quantities.index(quantity)
            done: list[set] = []
            for size in range(len(common), -1, -1):
                for columns in itertools.combinations(common, size):
                    sides = []
                    for part in (a, b):
                        under: dict[tuple, list[int]] = {}
                        at = [part.columns.index(c) for c in columns]
                        for row, code in enumerate(part.codes[:, at].tolist()):
                            key = tuple(
                                part.values[c][v] for c, v in zip(columns, code, strict=True)
                            )
                            under.setdefault(key, []).append(row)
                        sides.append(under)
                    agree, all_ = set(), sorted(set(sides[0]) | set(sides[1]))
                    for key in all_:
                        left = np.array(sides[0].get(key, []), dtype=np.int64)
                        right = np.array(sides[1].get(key, []), dtype=np.int64)
                        if a.truth[left, qa].sum() == b.truth[right, qb].sum():
                            agree.add(key)
                            found.append([(i, left, qa, 1.0), (j, right, qb, -1.0)])
                    done.append(agree)
                    if len(agree) == len(all_) and size == len(common):
                        break  # everything coarser follows
                else:
                    continue
                break
    return found


def build(parts: Mapping[str, Part], cells: Sequence[Cell]) -> System:
    """Return the system of equations of all cells of a body."""
    names = list(parts)
    alive = {n: np.ones(p.truth.shape, dtype=bool) for n, p in parts.items()}
    for cell in cells:
        if cell.value == 0:
            if cell.quantity:
                alive[cell.key[0]][cell.under, cell.quantity] = False
            else:
                alive[cell.key[0]][cell.under, :] = False
    number, unknown, place = 0, [], {}
    for i, name in enumerate(names):
        rows, quantities = np.nonzero(alive[name])
        index = np.full(alive[name].shape, -1, dtype=np.int64)
        index[rows, quantities] = number + np.arange(len(rows))
        number += len(rows)
        place[name] = index
        unknown.append(np.stack([np.full(len(rows), i), rows, quantities], axis=1))
    unknowns = np.concatenate(unknown) if unknown else np.zeros((0, 3), dtype=np.int64)

    at, group_of, finest = {c.key: i for i, c in enumerate(cells)}, {}, []
    cell_of, sums = np.full(len(cells), -1), []
    for i, cell in enumerate(cells):
        if cell.value == 0:
            continue
        under = place[cell.key[0]][cell.under, cell.quantity]
        mark = np.sort(under[under >= 0]).tobytes()
        if mark not in group_of:
            group_of[mark] = len(finest)
            finest.append(i)
            sums.append(under[under >= 0])
        cell_of[i] = group = group_of[mark]
        if len(cell.key[1]) > len(cells[finest[group]].key[1]):
            finest[group] = i
    k = len(finest)

    entries: list[tuple[int, np.ndarray, np.ndarray]] = []
    low, high = [], []

    def add(columns, signs, least: float, most: float) -> None:
        if len(columns):
            entries.append((len(low), np.asarray(columns), np.asarray(signs, dtype=float)))
            low.append(least)
            high.append(most)

    for group, i in enumerate(finest):
        cell = cells[i]
        below = _children(cell, parts[cell.key[0]], at)
        own = [number + group, number + k + group, number + 2 * k + group]
        if below is None:
            under = place[cell.key[0]][cell.under, cell.quantity]
            under = under[under >= 0]
            add([*under, *own], [*np.ones(len(under)), -1, -1, 1], 0, 0)
        else:
            inside = [number + g for g in cell_of[below] if g >= 0]
            columns = [c + shift * k for c in inside for shift in range(3)]
            add([*columns, *own], [1, 1, -1] * len(inside) + [-1, -1, 1], 0, 0)
    rules = []
    for name in names:
        part, index = parts[name], place[name]
        for j in range(len(part.flags)):
            for row in index[:, [0, 1 + 3 * j, 2 + 3 * j, 3 + 3 * j]]:
                there = row >= 0
                add(row[there], np.array([1, -1, -1, -1])[there], 0, 0)
        for before, after in itertools.pairwise(part.flags):
            if f"{after}: lost" in part.quantities:
                wanted = (f"{after}: no", f"{before}: no", f"{after}: lost")
                for row in index[:, [part.quantities.index(q) for q in wanted]]:
                    there = row >= 0
                    add(row[there], np.array([1, -1, -1])[there], 0, 0)
        for smaller, larger, said in _stages(part):
            rules.append(said)
            signs = np.array([-1.0] * len(smaller) + [1.0] * len(larger))
            for row in index[:, smaller + larger]:
                there = row >= 0
                if (row[: len(smaller)] >= 0).any():
                    add(row[there], signs[there], 0, np.inf)
    for link in _links(list(parts.values())):
        columns, signs = [], []
        for i, under, quantity, sign in link:
            found = place[names[i]][under, quantity]
            found = found[found >= 0]
            columns += found.tolist()
            signs += [sign] * len(found)
        add(columns, signs, 0, 0)
    matrix = sparse.csc_array(
        (
            np.concatenate([e[2] for e in entries]) if entries else np.zeros(0),
            (
                np.concatenate([np.full(len(e[1]), e[0]) for e in entries]) if entries else [],
                np.concatenate([e[1] for e in entries]) if entries else [],
            ),
        ),
        shape=(len(low), number + 3 * k),
    )
    starts = np.cumsum([0, *(len(s) for s in sums)])
    of_group = sparse.csr_array(
        (np.ones(starts[-1], dtype=np.int64), np.concatenate([*sums, np.zeros(0, int)]), starts),
        shape=(k, number),
    )
    return System(
        parts,
        unknowns,
        cell_of,
        k,
        matrix,
        np.array(low),
        np.array(high),
        sorted(set(rules)),
        of_group,
    )
