"""How many rows each combination of a table's groups and flags has: one array, added to."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from equity.counts._codes import Batch, Column, Text, Unfit, combined

__all__ = ["Cells", "Met", "Wide"]

MOST = 1 << 23
"""The most cells of one table that are held in memory, for each processor: 64 MB."""
FEW = 1 << 20
"""Up to so many cells a table is held as it is, without looking for codes that do not occur."""
AT_ONCE = 1 << 21
"""Rows that are sorted at once where a table is wide."""
WIDEST_TABLE = 1 << 25
"""The most combinations that a table may have: its codes are 512 MB."""
FLAGS = 3
"""So many flags are counted together (27 combinations): of more only their sums are needed."""


class Cells:
    """How many rows each combination of a table's groups and flags has, held as one array."""

    def __init__(
        self, by: Sequence[str], of: Sequence[str], columns: Mapping[str, Column], met: Met
    ) -> None:
        self.by, self.of, self.columns, self.met = tuple(by), tuple(of), columns, met
        self.caps: tuple[int, ...] | None = None
        self.packs = [tuple(of[i : i + FLAGS]) for i in range(0, len(of), FLAGS)] or [()]
        self.counts: list[np.ndarray] = []
        self._waiting: list[list[np.ndarray]] = []
        self._flags = 3 ** len(self.packs[0])
        self._rows = 0

    def add(self, batch: Batch) -> None:
        """Count the rows of a batch."""
        codes = [batch.codes(name) for name in self.by]
        sizes = [self.columns[name].size for name in self.by]
        if self.met.worth:
            each = enumerate(zip(codes, sizes, strict=True))
            codes = [self.met.numbers(i, c, size) for i, (c, size) in each]
            sizes = [len(known) for known in self.met.codes]
        self._fit(sizes)
        assert self.caps is not None
        groups = combined(codes, self.caps, batch.rows)
        for i, pack in enumerate(self.packs):
            place = groups
            if pack:
                place = groups * np.int32(3 ** len(pack))
                place += batch.together(pack)
            self._waiting[i].append(place)
        self._rows += batch.rows
        if self._rows >= max(math.prod(self.caps) * self._flags // 4, 1):
            self.flush()

    def flush(self) -> None:
        """Add what has been waiting: counting few rows into a large array costs the array."""
        if not self._rows:
            return
        for i, parts in enumerate(self._waiting):
            place = parts[0] if len(parts) == 1 else np.concatenate(parts)
            self.counts[i] += np.bincount(place, minlength=len(self.counts[i]))
            parts.clear()
        self._rows = 0

    def join(self, other: Any) -> None:
        """Add the counts of another processor."""
        if other.caps is None:
            return
        sizes = [max(a, b) for a, b in zip(self.caps or other.caps, other.caps, strict=True)]
        self._fit(sizes)
        other._fit(list(self.caps or ()))
        for ours, theirs in zip(self.counts, other.counts, strict=True):
            ours += theirs

    def _fit(self, sizes: Sequence[int]) -> None:
        """Make room for codes that have not been met before."""
        old = self.caps
        if old is not None and all(a <= b for a, b in zip(sizes, old, strict=True)):
            return
        self.flush()
        new = tuple(sizes) if old is None else tuple(map(max, old, sizes))
        if math.prod(new) * self._flags > MOST:
            raise Unfit("there are too many combinations")
        counts = []
        for i, pack in enumerate(self.packs):
            fresh = np.zeros((*new, 3 ** len(pack)), np.int64)
            if old is not None:
                inside = tuple(slice(n) for n in old)
                fresh[inside] = self.counts[i].reshape(*old, -1)
            counts.append(fresh.reshape(-1))
        self.caps, self.counts = new, counts
        self._waiting = self._waiting or [[] for _ in self.packs]

    def table(self) -> pa.Table:
        """Return the groups that occur, in order of their values, with `n` and the flags."""
        if self.caps is None:
            raise Unfit("no rows are left")
        flat = [c.reshape(-1, 3 ** len(p)) for c, p in zip(self.counts, self.packs, strict=True)]
        there = np.flatnonzero(flat[0].any(axis=1) if self.packs[0] else flat[0])
        out, sort = _in_order(self.by, self.columns, self.caps, there, self.met)
        there = there.take(sort)
        kept = [f[there] for f in flat]
        out["n"] = kept[0].sum(axis=1)
        for pack, cells in zip(self.packs, kept, strict=True):
            for i, flag in enumerate(pack):
                each = cells.reshape(len(there), -1, 3, 3**i).sum(axis=(1, 3))
                out[flag] = each[:, 2]
                out[f"{flag}_known"] = each[:, 1] + each[:, 2]
        return pa.table(out)


class Wide:
    """The same for a table of which few combinations occur, and many could: sorted codes.

    As many codes as there are combinations are held, 16 bytes each, and those of some millions
    of rows.
    """

    def __init__(
        self, by: Sequence[str], of: Sequence[str], columns: Mapping[str, Column], met: Met
    ) -> None:
        self.by, self.of, self.columns, self.met = tuple(by), tuple(of), columns, met
        self._waiting: list[np.ndarray] = []
        self._rows = 0
        self._runs: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, batch: Batch) -> None:
        """Count the rows of a batch."""
        for name, cap in zip(self.by, self.met.caps, strict=True):
            batch.codes(name)
            if self.columns[name].size > cap:
                raise Unfit(f"{name} has more and more values")
        parts = [batch.codes(name) for name in (*self.by, *self.of)]
        caps = (*self.met.caps, *(3 for _ in self.of))
        self._waiting.append(combined(parts, caps, batch.rows, np.int64))
        self._rows += batch.rows
        if self._rows >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Sort what has been waiting, and count it."""
        if not self._rows:
            return
        place = np.concatenate(self._waiting)
        self._waiting.clear()
        self._rows = 0
        place.sort()
        start = np.flatnonzero(np.append(True, place[1:] != place[:-1]))
        self._runs.append((place.take(start), np.diff(start, append=len(place))))
        if len(self._runs) > 1 and sum(len(r[0]) for r in self._runs[1:]) > len(self._runs[0][0]):
            self._merge()

    def join(self, other: Any) -> None:
        """Add the counts of another processor."""
        self._runs += other._runs
        other._runs = []

    def _merge(self) -> tuple[np.ndarray, np.ndarray]:
        codes = np.concatenate([r[0] for r in self._runs])
        n = np.concatenate([r[1] for r in self._runs])
        self._runs.clear()
        order = codes.argsort(kind="stable")  # which merges runs that are sorted already
        codes, n = codes.take(order), n.take(order)
        start = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
        self._runs.append((codes.take(start), np.add.reduceat(n, start)))
        if len(start) > WIDEST_TABLE:
            raise Unfit("there are too many combinations")
        return self._runs[0]

    def table(self) -> pa.Table:
        """Return the groups that occur, in order of their values, with `n` and the flags."""
        if not self._runs:
            raise Unfit("no rows are left")
        codes, n = self._merge() if len(self._runs) > 1 else self._runs[0]
        flags = 3 ** len(self.of)
        group = codes // flags
        start = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
        out, sort = _in_order(self.by, self.columns, self.met.caps, group.take(start), None)
        out["n"] = np.add.reduceat(n, start).take(sort)
        for i, flag in enumerate(self.of):
            digit = codes // 3 ** (len(self.of) - 1 - i) % 3
            for name, some in ((flag, digit == 2), (f"{flag}_known", digit > 0)):
                out[name] = np.add.reduceat(np.where(some, n, 0), start).take(sort)
        return pa.table(out)


def _in_order(
    by: Sequence[str],
    columns: Mapping[str, Column],
    caps: Sequence[int],
    there: np.ndarray,
    met: Met | None,
) -> tuple[dict[str, Any], np.ndarray]:
    """Return the values of the groups `there`, in their order, and that order."""
    index = np.unravel_index(there, tuple(caps)) if by else ()
    arrays, order = [], np.zeros(len(there), np.int64)
    for i, (name, cap, at) in enumerate(zip(by, caps, index, strict=True)):
        array = columns[name].array()
        array = array.take(pa.array(met.codes[i])) if met and met.codes[i] else array
        array = array[:cap]
        rank = np.empty(len(array), np.int64)
        rank[pc.call_function("array_sort_indices", [array]).to_numpy()] = range(len(array))
        order = order * cap + rank.take(at)  # not known stands last
        arrays.append(array)
    sort = np.argsort(order)
    out: dict[str, Any] = {}
    for name, array, at in zip(by, arrays, index, strict=True):
        out[name] = array.take(pa.array(at.take(sort)))
    return out, sort


class Met:
    """How a table is held, settled with the first batch and shared by all processors.

    Where few of many codes occur, such as the hours around dusk, those that a table has met are
    numbered anew, so that they stand close. Where even then most combinations would not occur,
    the table is `Wide`.
    """

    def __init__(
        self, by: Sequence[str], of: Sequence[str], columns: Mapping[str, Column]
    ) -> None:
        self.by, self.of, self.columns = tuple(by), tuple(of), columns
        self.codes: list[list[int]] = [[] for _ in by]
        self.caps: tuple[int, ...] = ()
        self.worth = False
        self._new = [np.empty(0, np.int32)] * len(self.by)
        self._lock = threading.Lock()
        self._holds: type[Cells] | type[Wide] | None = None

    def holder(self, batch: Batch) -> Cells | Wide:
        """Return what holds the table, for one processor."""
        codes = [batch.codes(name) for name in self.by]
        sizes = [self.columns[name].size for name in self.by]
        with self._lock:
            if self._holds is None:
                self._holds = self._settled(codes, sizes)
            return self._holds(self.by, self.of, self.columns, self)

    def _settled(self, codes: list[np.ndarray], sizes: list[int]) -> type[Cells] | type[Wide]:
        flags = 3 ** min(FLAGS, len(self.of))
        if math.prod(sizes) * flags <= FEW:
            return Cells
        occur = [
            int((np.bincount(c, minlength=size) > 0).sum())
            for c, size in zip(codes, sizes, strict=True)
        ]
        if math.prod(occur) * flags <= MOST // 2:
            self.worth = True
            return Cells
        self.caps = tuple(
            size * 4 + 64 if isinstance(self.columns[name], Text) else size
            for name, size in zip(self.by, sizes, strict=True)
        )
        if math.prod(self.caps) * 3 ** len(self.of) >= 1 << 62:
            raise Unfit("there are too many combinations")
        return Wide

    def numbers(self, column: int, codes: np.ndarray, size: int) -> np.ndarray:
        """Return the new numbers of codes below `size`."""
        there = np.flatnonzero(np.bincount(codes, minlength=size))
        with self._lock:
            new, known = self._new[column], self.codes[column]
            if len(new) < size:
                new = np.append(new, np.full(size - len(new), -1, np.int32))
                self._new[column] = new
            fresh = there[new[there] < 0]
            new[fresh] = np.arange(len(known), len(known) + len(fresh))
            known.extend(fresh.tolist())
        return new.take(codes)
