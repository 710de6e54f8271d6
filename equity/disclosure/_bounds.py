"""The least and the most of every hidden cell, over all tables that agree with what is published.

Columns that are counted together form cliques; every clique has one unknown whole number for each
combination of its values and each answer of its flags. Cliques agree where they overlap.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from equity.disclosure._search import Block

__all__ = ["Attack", "Contradiction"]

Key = tuple[tuple[tuple[str, tuple[int, ...]], ...], str]
FILLED = 5000  # a clique that no table asks for is made up to this many combinations
NOWHERE = -1
_ANSWERS = ("yes", "no", "not known", "lost")
FAR = 1e9  # no count is larger


class Contradiction(ValueError):
    """No table agrees with everything published, or the solver cannot tell."""


class Attack:
    """The attacker's problem.

    Parameters
    ----------
    domains : column -> its values (only their number matters).
    flags, chains : the flags; and, of stages, which quantities are together at most as many as
        which others, in every combination.
    supports : columns and the combinations of them that are known to occur, others being known
        not to.
    shown : the value of each published cell.
    hidden : the cells that are known to be at least 1 (those in `shown` too are known).
    steps : two stages each, of the second of which it is told how many were lost at it.
    """

    def __init__(
        self,
        domains: Mapping[str, Sequence[str]],
        flags: Sequence[str],
        chains: Sequence[tuple[tuple[str, ...], tuple[str, ...]]],
        supports: Sequence[tuple[tuple[str, ...], np.ndarray]],
        shown: Mapping[Key, int],
        hidden: Mapping[Key, Any],
        steps: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.sizes = {c: len(v) for c, v in domains.items()}
        self.shown = shown
        self.hidden = [k for k in hidden if k not in shown]
        self._rows: list[tuple[np.ndarray, np.ndarray, float]] = []
        edges: dict[frozenset[str], set[str]] = {}
        for spot, quantity in (*shown, *hidden):
            asked = {quantity.rsplit(": ", 1)[0]} if quantity != "n" else set()
            edges.setdefault(frozenset(c for c, _ in spot), set()).update(asked)
        every = {c for edge in edges for c in edge}
        self.cliques = _cliques(list(edges), self.sizes) if every else [()]
        self.asked = [
            [f for f in flags if any(f in of and e <= set(c) for e, of in edges.items())]
            for c in self.cliques
        ]
        self.column = {k: i for i, k in enumerate(self.hidden)}
        self.total = len(self.hidden)
        self.floor = np.ones(self.total)
        self._atoms(supports)
        self._answers(chains)
        self._lost(steps)
        self._cells()
        self._agree(flags)
        self._solve_what_is_plain()

    # ----------------------------------------------------------------------------- the equations

    def _row(self, columns: Any, signs: Any, value: float) -> None:
        columns = np.asarray(columns, dtype=np.int64)
        self._rows.append(
            (columns, np.broadcast_to(np.asarray(signs, float), columns.shape), value)
        )

    def _atoms(self, supports: Sequence[tuple[tuple[str, ...], np.ndarray]]) -> None:
        """Give every combination of a clique a number, and every answer of it a column."""
        self.codes, self.first = [], []
        for clique, flags in zip(self.cliques, self.asked, strict=True):
            lengths = [self.sizes[c] for c in clique]
            found = None
            for columns, rows in supports:
                if set(clique) <= set(columns):
                    part = np.unique(rows[:, [columns.index(c) for c in clique]], axis=0)
                    flat = np.ravel_multi_index(tuple(part.T), lengths) if clique else [0]
                    found = flat if found is None else np.intersect1d(found, flat)
            if found is None:
                found = np.arange(int(np.prod(lengths or [1])))
            where = np.unravel_index(np.asarray(found), lengths) if clique else ()
            codes = np.stack(where, axis=1) if clique else np.zeros((1, 0), dtype=np.int64)
            self.codes.append(codes)
            self.first.append(self.total)
            self.total += len(codes) * (1 + len(_ANSWERS) * len(flags))

    def _of(self, clique: int, quantity: str) -> int:
        """Return the first column of a quantity in a clique; NOWHERE if it is not asked there."""
        size = len(self.codes[clique])
        if quantity == "n":
            return self.first[clique]
        flag, answer = quantity.rsplit(": ", 1)
        if flag not in self.asked[clique]:
            return NOWHERE
        place = 1 + len(_ANSWERS) * self.asked[clique].index(flag) + _ANSWERS.index(answer)
        return self.first[clique] + place * size

    def _answers(self, chains: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
        """Yes, no and not known make up everybody; who passed a stage passed those before."""
        for i, flags in enumerate(self.asked):
            at = np.arange(len(self.codes[i]))
            for flag in flags:
                parts = [self._of(i, f"{flag}: {q}") for q in ("yes", "no", "not known")]
                for a in at:
                    self._row([self.first[i] + a, *(p + a for p in parts)], [-1, 1, 1, 1], 0)
            for few, many in chains:
                parts = [self._of(i, q) for q in (*many, *few)]
                if NOWHERE in parts:
                    continue
                signs = [1] * len(many) + [-1] * (len(few) + 1)
                for a in at:  # the last column: by how many they are fewer
                    self._row([*(p + a for p in parts), self.total + a], signs, 0)
                self.total += len(at)

    def _lost(self, steps: Sequence[tuple[str, str]]) -> None:
        """Who did not pass a stage had not passed the one before, or was lost at it."""
        for i, flags in enumerate(self.asked):
            for before, after in steps:
                if before in flags and after in flags:
                    parts = [f"{after}: no", f"{before}: no", f"{after}: lost"]
                    starts = [self._of(i, q) for q in parts]
                    for a in range(len(self.codes[i])):
                        self._row([s + a for s in starts], [1, -1, -1], 0)

    def _under(self, clique: int, spot: Any) -> np.ndarray:
        """Return which combinations of a clique a cell sums."""
        inside = np.ones(len(self.codes[clique]), dtype=bool)
        for column, codes in spot:
            place = self.cliques[clique].index(column)
            values = self.codes[clique][:, place]
            inside &= values == codes[0] if len(codes) == 1 else np.isin(values, codes)
        return np.flatnonzero(inside)

    def _cells(self) -> None:
        """Every cell is the sum of its combinations, in every clique that has its columns."""
        known: dict[Any, np.ndarray] = {}
        for key in (*self.hidden, *self.shown):
            spot, quantity = key
            columns = {c for c, _ in spot}
            for i, clique in enumerate(self.cliques):
                if not columns <= set(clique):
                    continue
                start = self._of(i, quantity)
                if start == NOWHERE:
                    continue
                if (i, spot) not in known:
                    known[i, spot] = self._under(i, spot)
                under = known[i, spot] + start
                if key in self.column:
                    at = self.column[key]
                    self._row([at, *under], [-1, *[1] * len(under)], 0)
                else:
                    self._row(under, 1, self.shown[key])

    def _agree(self, flags: Sequence[str]) -> None:
        """Cliques that overlap have the same sums over what they share."""
        for quantity in ("n", *flags):
            of = ["n"] if quantity == "n" else [f"{quantity}: {q}" for q in ("yes", "no")]
            mine = [i for i in range(len(self.cliques)) if self._of(i, of[0]) != NOWHERE]
            for i, j in _tree([set(self.cliques[i]) for i in mine]):
                self._same(mine[i], mine[j], of)

    def _same(self, one: int, other: int, of: Sequence[str]) -> None:
        shared = [c for c in self.cliques[one] if c in self.cliques[other]]
        lengths = [self.sizes[c] for c in shared]
        flat = []
        for i in (one, other):
            places = [self.cliques[i].index(c) for c in shared]
            codes = self.codes[i][:, places]
            flat.append(
                np.ravel_multi_index(tuple(codes.T), lengths)
                if shared
                else np.zeros(len(codes), dtype=np.int64)
            )
        for value in np.union1d(*flat).tolist():
            spot = ()
            if shared:
                at = np.unravel_index(value, lengths)
                spot = tuple(sorted((c, (int(k),)) for c, k in zip(shared, at, strict=True)))
                spot = tuple((c, k) for c, k in spot if self.sizes[c] > 1)
            for quantity in of:
                if (spot, quantity) in self.column or (spot, quantity) in self.shown:
                    continue  # both are equal to that cell already
                here = np.flatnonzero(flat[0] == value) + self._of(one, quantity)
                there = np.flatnonzero(flat[1] == value) + self._of(other, quantity)
                signs = [1] * len(here) + [-1] * len(there)
                self._row([*here, *there], signs, 0)

    # ------------------------------------------------------------------------ what needs no search

    def _solve_what_is_plain(self) -> None:
        """Narrow every unknown as far as single equations do, and cut the rest into blocks."""
        low = np.zeros(self.total)
        low[: len(self.hidden)] = 1
        high = np.full(self.total, FAR)
        lengths = [len(c) for c, _, _ in self._rows]
        row = np.repeat(np.arange(len(self._rows)), lengths)
        col = np.concatenate([c for c, _, _ in self._rows] or [np.zeros(0, dtype=np.int64)])
        sign = np.concatenate([s for _, s, _ in self._rows] or [np.zeros(0)])
        value = np.array([v for _, _, v in self._rows])
        for _ in range(200):
            least = np.where(sign > 0, low[col], -high[col])
            most = np.where(sign > 0, high[col], -low[col])
            sums = [np.bincount(row, x, len(value)) for x in (least, most)]
            up = value[row] - (sums[0][row] - least)  # the most that this one may add
            down = value[row] - (sums[1][row] - most)
            new_low, new_high = low.copy(), high.copy()
            np.maximum.at(new_low, col, np.where(sign > 0, down, -up))
            np.minimum.at(new_high, col, np.where(sign > 0, up, -down))
            if (new_low > new_high).any():
                raise Contradiction(
                    "What is published contradicts itself: no table agrees with it."
                )
            if (new_low == low).all() and (new_high == high).all():
                break
            low, high = new_low, new_high
        self.low, self.high = low, high
        free = low < high
        rest = value - np.bincount(row, np.where(free[col], 0, sign * low[col]), len(value))
        keep = free[col]
        if (np.abs(rest[~np.isin(np.arange(len(value)), row[keep])]) > 0).any():
            raise Contradiction("What is published contradicts itself: no table agrees with it.")
        matrix = sparse.csr_array(
            (sign[keep], (row[keep], col[keep])), shape=(len(value), self.total)
        )
        graph = sparse.block_array([[None, matrix.T], [matrix, None]])
        _, self.block = connected_components(graph, directed=False)
        self._matrix, self._rest, self._made = matrix, rest, {}

    def _find(self, which: int) -> tuple[Block, np.ndarray]:
        """Return the block of an unknown, and the unknowns in it."""
        if which not in self._made:
            columns = np.flatnonzero(self.block[: self.total] == which)
            rows = np.flatnonzero(self.block[self.total :] == which)
            part = self._matrix[rows][:, columns]
            block = Block(part, self._rest[rows], self.low[columns], self.high[columns])
            self._made[which] = (block, columns)
        return self._made[which]

    # ------------------------------------------------------------------------------- what is asked

    def least(self, keys: Iterable[Key]) -> dict[Key, int]:
        """Return the exact least of some hidden cells."""
        found = self.ranges({k: (self.low[self.column[k]], -FAR) for k in keys}, only=True)
        return {k: low for k, (low, _) in found.items()}

    def ranges(
        self, reach: Mapping[Key, tuple[float, float]], *, only: bool = False
    ) -> dict[Key, tuple[int, int]]:
        """Return the least and the most found of each hidden cell (`only`: of those in `reach`).

        The search for a cell stops where `reach` is reached (without one: two different values).
        """
        found = {} if only else {k: (v, v) for k, v in self.shown.items()}
        groups: dict[int, list[Key]] = {}
        for key in reach if only else self.column:
            at = self.column[key]
            if self.low[at] == self.high[at]:
                found[key] = (int(self.low[at]), int(self.high[at]))
            else:
                groups.setdefault(int(self.block[at]), []).append(key)
        for which, keys in groups.items():
            block, columns = self._find(which)
            places = [int(np.searchsorted(columns, self.column[k])) for k in keys]
            answer = block.search(places, [reach.get(k) for k in keys])
            found |= {
                k: (self._must(a), self._must(b)) for k, (a, b) in zip(keys, answer, strict=True)
            }
        return found

    @staticmethod
    def _must(value: int | None) -> int:
        if value is None:
            raise Contradiction(
                "The solver could not tell how far a hidden count can be narrowed."
            )
        return value


def _tree(sets: Sequence[set[str]]) -> list[tuple[int, int]]:
    """Return pairs that join all sets, sharing as much as they can (a junction tree, if any)."""
    if len(sets) < 2:
        return []
    far = 1 + max(map(len, sets))
    cost = np.zeros((len(sets), len(sets)))
    for i, j in itertools.combinations(range(len(sets)), 2):
        cost[i, j] = far - len(sets[i] & sets[j])
    found = minimum_spanning_tree(sparse.csr_array(cost)).tocoo()
    return list(zip(found.row.tolist(), found.col.tolist(), strict=True))


def _cliques(edges: Sequence[frozenset[str]], sizes: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Return sets of columns that hold every edge, and that fit together like a tree.

    Columns are taken away one by one, first where that makes the smallest clique. A clique that
    would be too large is left out: its edges stay as they are.
    """
    beside = {c: set[str]() for e in edges for c in e}
    for edge in edges:
        for column in edge:
            beside[column] |= edge - {column}
    found = set(edges)
    left = set(beside)
    while left:
        column = min(left, key=lambda c: (_size(beside[c] | {c}, sizes), c))
        around = beside[column]
        if _size(around | {column}, sizes) <= FILLED:
            found.add(frozenset(around | {column}))
            for one in around:
                beside[one] |= around - {one}
        for one in around:
            beside[one].discard(column)
        left.discard(column)
        del beside[column]
    largest = [c for c in found if not any(c < other for other in found)]
    return sorted(tuple(sorted(c)) for c in largest)


def _size(columns: set[str], sizes: Mapping[str, int]) -> float:
    return float(np.prod([float(sizes[c]) for c in columns]))
