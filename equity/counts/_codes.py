"""Columns of Parquet files as small whole numbers, so that rows are told apart without comparing.

Parquet holds a text once and refers to it by number. The numbers are used as they are: what is
made from a column (a year, a condition) is worked out once for each of its values, by the same
engine as in the general pass, and looked up for each row. Code 0 stands for a missing value.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from equity.engine import connection

__all__ = ["Batch", "Column", "Constant", "Flag", "Lookup", "Text", "Unfit", "Whole", "lookup"]

WIDEST = 1 << 20
"""The most values (or combinations of values) for which something is worked out beforehand."""
EACH_ROW_ALONE = {
    *("col", "lit", "when_then", "all_horizontal", "any_horizontal", "is_null", "is_in"),
    *("__eq__", "__ne__", "__gt__", "__ge__", "__lt__", "__le__", "__and__", "__or__"),
    *("__rand__", "__ror__", "__invert__", "is_between", "year", "month", "weekday"),
    *("__add__", "__sub__", "__mul__", "__mod__", "__floordiv__", "dt", "when"),
}
"""What an expression may be made of: operations whose result in a row follows from that row."""


class Unfit(Exception):
    """The rows cannot be counted by codes; the general pass counts them."""


class Column:
    """A column whose values are known by number: `values` in the order of codes, from code 0."""

    values: list[Any]
    kind: pa.DataType

    @property
    def size(self) -> int:
        """How many codes there are so far."""
        return len(self.values)

    def want(self) -> None:
        """Say that the column will be asked for."""

    def codes(self, batch: Batch) -> np.ndarray:
        """Return the code of each row of the batch."""
        raise NotImplementedError

    def array(self) -> pa.Array:
        """Return the values in the order of their codes."""
        return pa.array(self.values, self.kind)

    def among(self, batch: Batch) -> np.ndarray | None:
        """Return the rows that alone can have a value, where these are known without the codes."""
        return None


class Batch:
    """Some rows of one file: their columns as read, and the codes made of them so far."""

    def __init__(self, columns: Mapping[str, Column], read: Mapping[str, Any], rows: int) -> None:
        self.columns, self.read, self.rows = columns, read, rows
        self.chosen: np.ndarray | None = None
        self.met: dict[str, np.ndarray] = {}
        self._made: dict[str, np.ndarray] = {}

    def codes(self, name: str) -> np.ndarray:
        """Return the codes of a column for the rows that are still in, made once."""
        if name not in self._made:
            self._made[name] = self.columns[name].codes(self)
        return self._made[name]

    def together(self, flags: tuple[str, ...]) -> np.ndarray:
        """Return one number for the flags of each row, the first in its lowest digit of three."""
        name = "\n".join(("", *flags))  # as no column is called
        if name not in self._made:
            parts = [self.codes(flag) for flag in reversed(flags)]
            whole = combined(parts, [3] * len(parts), self.rows, np.uint8)
            self._made[name] = whole.astype(np.int32)  # made once, added to many tables
        return self._made[name]

    def store(self, name: str, codes: np.ndarray) -> None:
        """Keep the codes of a column that were made together with those of another."""
        self._made[name] = codes

    def part(self, index: np.ndarray) -> Batch:
        """Return some of the rows that are still in, without the codes made so far."""
        part = Batch(self.columns, self.read, len(index))
        part.met = self.met
        part.chosen = index if self.chosen is None else self.chosen.take(index)
        return part

    def of_chosen(self, values: np.ndarray) -> np.ndarray:
        """Return the values of the rows that are still in."""
        return values if self.chosen is None else values.take(self.chosen)

    def keep(self, inside: np.ndarray) -> None:
        """Leave out the rows for which `inside` is False."""
        self.keep_rows(np.flatnonzero(inside))

    def keep_rows(self, index: np.ndarray) -> None:
        """Leave out all rows but these."""
        if len(index) == self.rows:
            return
        self.chosen = index if self.chosen is None else self.chosen.take(index)
        self._made = {name: codes.take(index) for name, codes in self._made.items()}
        self.rows = len(index)


class Constant(Column):
    """A column that one file has only one value of: of its folder's name, or none at all."""

    def __init__(self, kind: pa.DataType, values: Sequence[Any]) -> None:
        self.kind, self.values = kind, [None, *sorted(set(values) - {None})]
        self.code = {value: code for code, value in enumerate(self.values)}

    def of(self, batch: Batch, value: Any) -> np.ndarray:
        """Return the code of the value for each row."""
        return np.full(batch.rows, self.code[value], np.int32)


class Flag(Column):
    """A nullable boolean: 0 missing, 1 no, 2 yes."""

    kind = pa.bool_()

    def __init__(self, name: str) -> None:
        self.name, self.values = name, [None, False, True]

    def codes(self, batch: Batch) -> np.ndarray:
        array = batch.read.get(self.name)
        if array is None:
            return np.zeros(batch.rows, np.uint8)
        yes = _bits(array, 1)
        known = _bits(array, 0) if array.null_count else np.uint8(1)
        yes &= known
        yes += known
        return batch.of_chosen(yes)


class Whole(Column):
    """Whole numbers or dates between two bounds that the file's statistics tell."""

    def __init__(self, name: str, kind: pa.DataType, low: int, high: int) -> None:
        if high - low >= WIDEST:
            raise Unfit(f"{name} has too wide a range")
        self.name, self.kind, self.low, self.high = name, kind, low, high
        self.values = []
        numbers = np.arange(low - 1, high + 1)
        array = pa.array(numbers, pa.int64(), mask=numbers < low)
        self._array = array.cast(pa.int32() if pa.types.is_date32(kind) else kind).cast(kind)

    @property
    def size(self) -> int:
        return self.high - self.low + 2

    def array(self) -> pa.Array:
        return self._array

    def complete(self, batch: Batch) -> bool:
        """Whether every row of the batch has a value."""
        array = batch.read.get(self.name)
        return array is not None and not array.null_count

    def codes(self, batch: Batch) -> np.ndarray:
        array = batch.read.get(self.name)
        if array is None:
            return np.zeros(batch.rows, np.int32)
        numbers = batch.of_chosen(_numbers(array))
        if numbers.dtype != np.int32:  # narrow ones would not hold the differences
            numbers = numbers.astype(np.int64)
        codes = (numbers - (self.low - 1)).astype(np.int32, copy=False)
        if array.null_count:
            codes *= batch.of_chosen(_bits(array, 0))
        return codes

    def between(self, batch: Batch, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
        """Return which rows have a number from `low` to `high`, and these numbers."""
        array = batch.read.get(self.name)
        if array is None:
            return np.empty(0, np.int64), np.empty(0, np.int32)
        numbers = batch.of_chosen(_numbers(array))
        inside = numbers >= low
        inside &= numbers <= high
        if array.null_count:
            inside &= batch.of_chosen(_bits(array, 0)).view(bool)
        at = np.flatnonzero(inside)
        return at, numbers.take(at)


class Text(Column):
    """Text that the file holds as a dictionary; values get their codes as they are met."""

    kind = pa.string()

    def __init__(self, name: str) -> None:
        self.name, self.values = name, [None]
        self._code: dict[Any, int] = {None: 0}
        self._lock = threading.Lock()

    def meet(self, batch: Batch) -> np.ndarray:
        """Return our code of each value of the batch's dictionary, and at the end that of none."""
        if self.name in batch.met:
            return batch.met[self.name]
        array = batch.read.get(self.name)
        words = [] if array is None else array.dictionary.to_pylist()
        if len(words) >= WIDEST:
            raise Unfit(f"{self.name} has too many values")
        with self._lock:
            for word in words:
                if word not in self._code:
                    self._code[word] = len(self.values)
                    self.values.append(word)
        batch.met[self.name] = np.array([*(self._code[word] for word in words), 0], np.int32)
        return batch.met[self.name]

    def complete(self, batch: Batch) -> bool:
        """Whether every row of the batch has a value."""
        array = batch.read.get(self.name)
        return array is not None and not array.null_count and not array.dictionary.null_count

    def codes(self, batch: Batch) -> np.ndarray:
        array = batch.read.get(self.name)
        if array is None:
            return np.zeros(batch.rows, np.int32)
        ours = self.meet(batch)
        index = batch.of_chosen(_numbers(array.indices))
        if array.null_count:
            known = batch.of_chosen(_bits(array.indices, 0))
            index = np.where(known.view(bool), index, len(ours) - 1)
        return ours.take(index)


class Lookup(Column):
    """What follows from the values of other columns, worked out once for each combination."""

    def __init__(self, columns: Mapping[str, Column], sources: Sequence[str], expr: Any) -> None:
        self.columns, self.sources, self.expr = columns, tuple(sources), expr
        self.values, self.kind = [None], pa.null()
        self._table: tuple[tuple[int, ...], np.ndarray] = ((-1,), np.empty(0, np.int32))
        self._code: dict[Any, int] = {None: 0}
        self._lock = threading.Lock()

    def table(self) -> tuple[tuple[int, ...], np.ndarray]:
        """Return the sizes of the sources, and the code of each combination of their codes."""
        sizes = tuple(self.columns[name].size for name in self.sources)
        with self._lock:
            if any(a > b for a, b in zip(sizes, self._table[0], strict=False)) or (
                len(self._table[0]) != len(sizes)
            ):
                self._table = (sizes, self._work_out(sizes))
            return self._table

    def _work_out(self, sizes: tuple[int, ...]) -> np.ndarray:
        if math.prod(sizes) > WIDEST:
            raise Unfit(f"{', '.join(self.sources)} have too many combinations")
        if not sizes:
            return np.zeros(1, np.int32)
        index = np.indices(sizes).reshape(len(sizes), -1)
        there = {
            name: self.columns[name].array().take(pa.array(at))
            for name, at in zip(self.sources, index, strict=True)
        }
        found = evaluated(there, self.expr)
        self.kind = found.type
        told = found.dictionary_encode(null_encoding="encode")
        words = told.dictionary.to_pylist()
        for word in words:
            if word not in self._code:
                self._code[word] = len(self.values)
                self.values.append(word)
        ours = np.array([self._code[word] for word in words], np.int32)
        return ours.take(told.indices.to_numpy())

    def codes(self, batch: Batch) -> np.ndarray:
        parts = [batch.codes(name) for name in self.sources]
        sizes, table = self.table()  # after the codes: these may have met new values
        return table.take(combined(parts, sizes, batch.rows))

    def keep(self, batch: Batch) -> None:
        """Leave out the rows for which the expression, a condition, is not true."""
        if len(self.sources) == 1 and not self._true(self.table()[1])[0]:
            among = self.columns[self.sources[0]].among(batch)
            if among is not None:
                batch.keep_rows(among)
        batch.keep(self._holds(batch))

    def _true(self, table: np.ndarray) -> np.ndarray:
        return np.array([value is True for value in self.values]).take(table)

    def _holds(self, batch: Batch) -> np.ndarray:
        """Return for each row whether the condition is true."""
        parts = [batch.codes(name) for name in self.sources]
        sizes, table = self.table()
        true = self._true(table)
        place = combined(parts, sizes, batch.rows)
        if place.dtype == np.uint8 and len(true) <= 256:  # thrice as quick as to look up
            to = true.astype(np.uint8).tobytes().ljust(256)
            return np.frombuffer(place.tobytes().translate(to), bool)
        return true.take(place)


def combined(
    parts: Sequence[np.ndarray], sizes: Sequence[int], rows: int, kind: Any = np.int32
) -> np.ndarray:
    """Return one number for each combination of codes, below the product of the sizes."""
    if not parts:
        return np.zeros(rows, kind)
    whole = parts[0] if len(parts) == 1 else parts[0].astype(kind)
    for codes, size in zip(parts[1:], sizes[1:], strict=True):
        whole *= kind(size)
        whole += codes
    return whole


def lookup(columns: Mapping[str, Column], kinds: Mapping[str, pa.DataType], expr: Any) -> Lookup:
    """Return the column of an expression's values; raise Unfit if rows are not taken alone."""
    words = re.findall(r"([A-Za-z_]\w*)\(", repr(expr))
    if not set(words) <= EACH_ROW_ALONE:
        raise Unfit("the expression may look at other rows")
    needed = [name for name in kinds if f"col({name})" in repr(expr)]
    if not _bound({name: kinds[name] for name in needed}, expr):
        raise Unfit("the expression cannot be taken apart")
    return Lookup(columns, needed, expr)


def evaluated(columns: Mapping[str, pa.Array], expr: Any) -> pa.Array:
    """Return the values of an expression over columns, by the engine of the general pass."""
    rows = len(next(iter(columns.values())))
    table = pa.table({**columns, "_row": pa.array(range(rows), pa.int64())})
    frame = nw.from_native(connection().cursor().from_arrow(table))
    found: Any = frame.select("_row", _value=expr).collect(backend="pyarrow").to_native()
    return found.sort_by("_row")["_value"].combine_chunks()


def _bound(kinds: Mapping[str, pa.DataType], expr: Any) -> bool:
    """Whether these columns are enough for the expression."""
    empty = pa.table({"_row": pa.array([], pa.int64())} | {
        name: pa.array([], kind) for name, kind in kinds.items()
    })  # fmt: skip
    frame = nw.from_native(connection().cursor().from_arrow(empty))
    try:
        frame.select(_value=expr).collect_schema()
    except Exception:  # the engines' own errors, which narwhals translates as it can
        return False
    return True


def _bits(array: Any, buffer: int) -> np.ndarray:
    """Return the bits of an array's buffer, 0 (known) or 1 (yes), one byte for each row."""
    packed = np.frombuffer(array.buffers()[buffer], np.uint8)
    end = array.offset + len(array)
    return np.unpackbits(packed, count=end, bitorder="little")[array.offset :]


def _numbers(array: Any) -> np.ndarray:
    """Return the numbers of an array without a copy; where one is missing, any number."""
    width = array.type.bit_width // 8
    sign = "u" if pa.types.is_unsigned_integer(array.type) else "i"
    numbers = np.frombuffer(array.buffers()[1], f"{sign}{width}")
    return numbers[array.offset : array.offset + len(array)]
