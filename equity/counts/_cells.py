"""How many rows each combination of a table's groups and flags has: one array, added to."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from equity.counts._codes import Batch, Column, Unfit, combined

__all__ = ["Cells", "Met"]

MOST = 1 << 23
"""The most cells of one table that are held in memory, for each processor: 64 MB."""
FEW = 1 << 20
"""Up to so many cells a table is held as it is, without looking for codes that do not occur."""
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
        if self.met.worth(math.prod(sizes) * self._flags):
            each = enumerate(zip(codes, sizes, strict=True))
            codes = [self.met.numbers(i, c, size) for i, (c, size) in each]
            sizes = [len(known) for known in self.met.codes]
        self._fit(sizes)
        assert self.caps is not None
        groups = combined(codes, self.caps, batch.rows)
        for i, pack in enumerate(self.packs):
            place = groups
            if pack:
                flags = batch.codes(pack[-1])
                for flag in reversed(pack[:-1]):
                    flags = flags * np.uint8(3) + batch.codes(flag)
                place = groups * np.int32(3 ** len(pack))
                place += flags
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

    def join(self, other: Cells) -> None:
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
        arrays, index, order = [], np.unravel_index(there, self.caps) if self.by else (), 0
        for i, (name, cap, at) in enumerate(zip(self.by, self.caps, index, strict=True)):
            array = self.columns[name].array()
            array = array.take(pa.array(self.met.codes[i])) if self.met.codes[i] else array
            array = array[:cap]
            rank = np.empty(cap, np.int64)
            rank[pc.call_function("array_sort_indices", [array]).to_numpy()] = range(cap)
            order = order * cap + rank.take(at)  # not known stands last
            arrays.append(array)
        sort = np.argsort(order) if self.by else np.arange(len(there))
        there = there.take(sort)
        out: dict[str, Any] = {
            name: array.take(pa.array(at.take(sort)))
            for name, array, at in zip(self.by, arrays, index, strict=True)
        }
        for name in self.by:
            if pa.types.is_date32(out[name].type):
                out[name] = out[name].cast(pa.timestamp("us"))
        kept = [f[there] for f in flat]
        out["n"] = kept[0].sum(axis=1)
        for pack, cells in zip(self.packs, kept, strict=True):
            for i, flag in enumerate(pack):
                each = cells.reshape(len(there), -1, 3, 3**i).sum(axis=(1, 3))
                out[flag] = each[:, 2]
                out[f"{flag}_known"] = each[:, 1] + each[:, 2]
        return pa.table(out)


class Met:
    """The codes that a table has met of each column, numbered anew so that they stand close.

    Shared by all processors. Whether it is worth it is settled with the first batch: where few
    of many codes occur, such as the hours around dusk.
    """

    def __init__(self, columns: int) -> None:
        self.codes: list[list[int]] = [[] for _ in range(columns)]
        self._new = [np.empty(0, np.int32)] * columns
        self._lock = threading.Lock()
        self._worth: bool | None = None

    def worth(self, cells: int) -> bool:
        """Whether codes are numbered anew; `cells` is the size of the table without that."""
        with self._lock:
            if self._worth is None:
                self._worth = cells > FEW
            return self._worth

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
