"""How many rows each combination of a table's groups and flags has: one array, added to."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from equity.counts._codes import Batch, Column, Text, Unfit, combined
from equity.engine import threads

__all__ = ["Cells", "Found", "Met", "Wide"]

MOST = 1 << 23
"""The most cells of one table that are held in memory, for each processor: 64 MB."""
FEW = 1 << 20
"""Up to so many cells a table is held as it is, without looking for codes that do not occur."""
AT_ONCE = 1 << 24
"""Rows that are sorted at once where a table is wide, shared by the processors: 64 MB of codes."""
SOME = 1 << 17
"""Groups whose values are looked up at once."""
WIDEST_TABLE = 1 << 25
"""The most combinations that a table may have: their codes and numbers are 512 MB."""
FLAGS = 3
"""So many flags are counted together (27 combinations): of more only their sums are needed."""


@dataclass(frozen=True)
class Found:
    """The groups of a table that occur, in the order of their values, with their numbers.

    values : name of a column to group by -> its values in their order.
    codes : one number for each group, whose digits are places in these values.
    numbers : name -> one number for each group.
    """

    values: Mapping[str, pa.Array]
    codes: np.ndarray
    numbers: Mapping[str, np.ndarray]

    def places(self, name: str) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the first of some groups, and the places of all these in a column's values."""
        names = list(self.values)
        step = math.prod(len(self.values[n]) for n in names[names.index(name) + 1 :])
        kind = self.codes.dtype.type
        cap = kind(len(self.values[name]))
        for start in range(0, len(self.codes), SOME):
            some = self.codes[start : start + SOME] // kind(step)
            yield start, some - some // cap * cap  # what is left of a division, but quicker


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
        other.flush()
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

    def found(self) -> Found:
        """Return the groups that occur, in order of their values, with `n` and the flags."""
        self.flush()
        if self.caps is None:
            raise Unfit("no rows are left")
        flat = [c.reshape(-1, 3 ** len(p)) for c, p in zip(self.counts, self.packs, strict=True)]
        there = np.flatnonzero(flat[0].any(axis=1) if self.packs[0] else flat[0])
        arrays = [self.columns[name].array() for name in self.by]
        if self.met.worth:
            arrays = [a.take(pa.array(c)) for a, c in zip(arrays, self.met.codes, strict=True)]
        arrays = [array[:cap] for array, cap in zip(arrays, self.caps, strict=True)]
        ranks = [_ranks(array) for array in arrays]
        codes = _put_in_order(there.copy(), ranks, self.caps)
        order = codes.argsort()
        kept = [f[there.take(order)] for f in flat]
        numbers = {"n": kept[0].sum(axis=1)}
        for pack, cells in zip(self.packs, kept, strict=True):
            for i, flag in enumerate(pack):
                each = cells.reshape(len(there), -1, 3, 3**i).sum(axis=(1, 3))
                numbers[flag] = each[:, 2]
                numbers[f"{flag}_known"] = each[:, 1] + each[:, 2]
        return Found(_named(self.by, arrays, ranks), codes.take(order), numbers)


class Wide:
    """The same for a table of which few combinations occur, and many could: sorted codes.

    As many codes as there are combinations are held, and those of some millions of rows. In a
    code each column has a digit, that of a missing value last, so that mostly the order of the
    codes is already that of the values.
    """

    def __init__(
        self, by: Sequence[str], of: Sequence[str], columns: Mapping[str, Column], met: Met
    ) -> None:
        self.by, self.of, self.columns, self.met = tuple(by), tuple(of), columns, met
        self.caps = (*met.caps, *(3 for _ in of))
        # half as wide is sorted in half the time
        self.kind = np.uint32 if math.prod(self.caps) < 1 << 32 else np.int64
        self._waiting = np.empty(0, self.kind)
        self._rows = 0
        self._runs: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, batch: Batch) -> None:
        """Count the rows of a batch."""
        parts = []
        for name, cap in zip(self.by, self.met.caps, strict=True):
            codes = batch.codes(name).astype(np.uint32)
            if self.columns[name].size > cap:
                raise Unfit(f"{name} has more and more values")
            codes -= np.uint32(1)  # of a missing value then the greatest number there is
            parts.append(np.minimum(codes, np.uint32(cap - 1), out=codes))
        parts += [batch.codes(name).astype(np.uint32) for name in self.of]
        if self._rows + batch.rows > len(self._waiting):
            self._flush(batch.rows)
        end = self._rows + batch.rows
        self._waiting[self._rows : end] = combined(parts, self.caps, batch.rows, self.kind)
        self._rows = end

    def _flush(self, rows: int) -> None:
        """Count what has been waiting, and make room for so many rows and more."""
        if self._rows:
            self._runs.append(_run(self._waiting[: self._rows]))
            self._rows = 0
            if sum(len(r[0]) for r in self._runs[1:]) > len(self._runs[0][0]):
                self._runs = [_merged(self._runs)]
        if rows > len(self._waiting):
            # one large array goes back to the system when it is done with, many small ones do not
            self._waiting = np.empty(max(rows, AT_ONCE // threads()), self.kind)

    def join(self, other: Any) -> None:
        """Add the counts of another processor."""
        self._runs += other._runs
        waiting = [one._waiting[: one._rows] for one in (self, other)]
        self._waiting, self._rows = np.concatenate(waiting), self._rows + other._rows

    def found(self) -> Found:
        """Return the groups that occur, in order of their values, with `n` and the flags."""
        arrays = [self.columns[name].array() for name in self.by]
        arrays = [
            pa.concat_arrays([array[1:cap], pa.nulls(cap - len(array[1:cap]), array.type)])
            for array, cap in zip(arrays, self.met.caps, strict=True)
        ]
        flags = 3 ** len(self.of)
        ranks = [_ranks(array) for array in arrays]
        runs = [(_put_in_order(r, ranks, self.met.caps, flags), n) for r, n in self._runs]
        if self._rows:
            codes = _put_in_order(self._waiting[: self._rows], ranks, self.met.caps, flags)
            runs.append(_run(codes))
        if not runs:
            raise Unfit("no rows are left")
        codes, n = _merged(runs) if self._runs else runs[0]
        self._runs, self._waiting = [], self._waiting[:0].copy()
        if not self.of:
            return Found(_named(self.by, arrays, ranks), codes, {"n": n})
        group = codes // flags
        start = _starts(group)
        numbers = {"n": np.add.reduceat(n, start)}
        for i, flag in enumerate(self.of):
            digit = codes // 3 ** (len(self.of) - 1 - i) % 3
            for name, some in ((flag, digit == 2), (f"{flag}_known", digit > 0)):
                numbers[name] = np.add.reduceat(np.where(some, n, 0), start)
        return Found(_named(self.by, arrays, ranks), group.take(start), numbers)


def _starts(codes: np.ndarray) -> np.ndarray:
    """Return where in sorted codes another one begins."""
    new = np.empty(len(codes), bool)
    new[0] = True
    np.not_equal(codes[1:], codes[:-1], out=new[1:])
    return np.flatnonzero(new)


def _run(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort codes where they stand; return those that occur, and how often each does."""
    codes.sort()
    start = _starts(codes)
    n = np.empty(len(start), np.int64)
    np.subtract(start[1:], start[:-1], out=n[:-1])
    n[-1] = len(codes) - start[-1]
    return codes.take(start), n


def _merged(runs: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Return several runs as one; each is of codes that occur once in it, in any order."""
    codes = np.concatenate([r[0] for r in runs])
    n = np.concatenate([r[1] for r in runs])
    order = codes.argsort(kind="stable")  # which merges runs that are sorted already
    codes, n = codes.take(order), n.take(order)
    start = _starts(codes)
    if len(start) > WIDEST_TABLE:
        raise Unfit("there are too many combinations")
    return codes.take(start), np.add.reduceat(n, start)


def _ranks(array: pa.Array) -> np.ndarray | None:
    """Return the place of each value in their order, missing ones last; None: they stand so."""
    order = pc.call_function("array_sort_indices", [array]).to_numpy()
    if (order[1:] > order[:-1]).all():
        return None
    ranks = np.empty(len(array), np.int64)
    ranks[order] = range(len(array))
    return ranks


def _put_in_order(
    codes: np.ndarray,
    ranks: Sequence[np.ndarray | None],
    caps: Sequence[int],
    step: int = 1,
) -> np.ndarray:
    """Make the digit of each column the rank of its value, where the codes stand; return them."""
    kind = codes.dtype.type
    for rank, cap in zip(reversed(ranks), reversed(caps), strict=True):
        if rank is not None:
            # differences may wrap below zero, and come back when they are added
            by = ((rank - np.arange(cap)) * step).astype(kind)
            for start in range(0, len(codes), SOME):
                some = codes[start : start + SOME]
                some += by.take(some // kind(step) % kind(cap))
        step *= cap
    return codes


def _named(
    by: Sequence[str], arrays: Sequence[pa.Array], ranks: Sequence[np.ndarray | None]
) -> dict[str, pa.Array]:
    """Return the values of each column in their order."""
    there = zip(by, arrays, ranks, strict=True)
    return {name: a if r is None else a.take(pa.array(np.argsort(r))) for name, a, r in there}


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
