"""Counts Parquet files by codes: several tables and the ledger in one pass over their columns.

What was tried, in processor time as multiples of reading the columns alone, on 10 million stops
(`benchmarks/counting.py` measures what is built). The table of rates: plain DuckDB 3.2, with
enumerated types 6.0 (to make them costs more than they save), with its perfect-hash aggregation
or with the flags packed into one number 6.2; codes as here 2.0. Adding to the array in place
(`numpy.add.at`) instead of `bincount` saved nothing: it holds the interpreter's lock. The cells of
daylight by date, of 100 million: plain DuckDB 8, codes as here 2.1 to 2.5, of which the table that
is given back takes 0.3. Pieces of 262,144 rows instead of a million save a fifth of the memory.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from equity.cohorts import Cohort, is_in
from equity.counts._cells import Cells, Met, Wide
from equity.counts._codes import (
    Batch,
    Column,
    Constant,
    Flag,
    Text,
    Unfit,
    Whole,
    lookup,
)
from equity.engine import Files, threads

__all__ = ["Pass"]

ROWS = 1 << 18
"""Rows that a processor holds at once."""


@dataclass(frozen=True)
class _Piece:
    """One row group of one file, the columns that the file has, and those of its folders."""

    path: Path
    group: int
    rows: int
    names: tuple[str, ...]
    constants: Mapping[str, Any]


class Pass:
    """One pass over Parquet files for several tables; raises Unfit where codes do not apply."""

    def __init__(
        self,
        cohort: Cohort,
        tables: Mapping[str, tuple[Sequence[str], Sequence[str]]],
        derive: Mapping[str, tuple[str, Callable[[], Any]]],
    ) -> None:
        files = cohort.given
        if not isinstance(files, Files) or files.kind != "parquet" or cohort.weight:
            raise Unfit("not Parquet files, or weighted")
        self.cohort, self.tables, self.alias = cohort, tables, files.alias
        self.kinds = _kinds(files)
        self.pieces, self.bounds, self.odd = _pieces(files, self.kinds)
        if not self.pieces:
            raise Unfit("no rows")
        self.columns: dict[str, Column] = {}
        self.only = files.only
        if self.only and not isinstance(self._column(self.only[0]), Text):
            raise Unfit(f"{self.only[0]} is no text")
        for function in cohort.maps:
            added = function.coded(self._column, self.kinds)
            if added is None:
                raise Unfit("a column that is added cannot be looked up")
            self.columns |= added
            self.kinds |= {name: column.kind for name, column in added.items()}
        self.steps = [lookup(self.columns, self.kinds, is_in(s)) for s in cohort.steps]
        for step in self.steps:
            for name in step.sources:
                self._column(name)
        for by, of in tables.values():
            for name in (*by, *of):
                source, recipe = derive.get(name, ("", None))
                if name not in self.kinds and recipe and source in self.kinds:
                    self.columns[name] = made = lookup(self.columns, self.kinds, recipe())
                    for inner in made.sources:
                        self._column(inner)
                else:
                    self._column(name)
            for name in of:
                if self.columns[name].kind != pa.bool_():
                    raise Unfit(f"{name} is no flag")
        self.read = [n for n, c in self.columns.items() if isinstance(c, Text | Flag | Whole)]

    def _column(self, name: str) -> Column:
        """Return the column of the files, made once."""
        if name in self.columns:
            self.columns[name].want()
            return self.columns[name]
        source, kind = self.alias.get(name, name), self.kinds.get(name)
        if kind is None or source in self.odd:
            raise Unfit(f"{name} is not there, or not of one type in all files")
        constants = [p.constants[source] for p in self.pieces if source in p.constants]
        if constants:
            if len(constants) < len(self.pieces):
                raise Unfit(f"{name} is a column of some folders only")
            column: Column = _OfFolder(source, kind, constants)
        elif pa.types.is_boolean(kind):
            column = Flag(name)
        elif pa.types.is_string(kind):
            column = Text(name)
        elif (pa.types.is_integer(kind) and kind != pa.uint64()) or pa.types.is_date32(kind):
            if source not in self.bounds:
                raise Unfit(f"the files do not tell the bounds of {name}")
            column = Whole(name, kind, *self.bounds[source])
        else:
            raise Unfit(f"{name} is {kind}")
        self.columns[name] = column
        return column

    def run(self, tell: Callable[[int, int], None]) -> tuple[dict[str, Cells | Wide], list[int]]:
        """Return the cells of each table, and the rows left at the start and after each step."""
        todo, lock, stop = iter(self.pieces), threading.Lock(), threading.Event()
        whole, done = sum(p.rows for p in self.pieces), [0]
        met = {name: Met(by, of, self.columns) for name, (by, of) in self.tables.items()}
        full: set[str] = set()  # tables that have too many combinations

        def pieces() -> Iterator[_Piece]:
            while not stop.is_set():
                with lock:
                    piece = next(todo, None)
                if piece is None:
                    return
                yield piece

        def count() -> tuple[dict[str, Cells | Wide], list[int]]:
            cells: dict[str, Any] = {}
            opened: dict[Path, pq.ParquetFile] = {}
            left = [0] * (len(self.steps) + 1)
            for piece in pieces():
                for batch in self._batches(piece, opened):
                    done[0] += batch.rows
                    if self.only:
                        batch.keep(self._asked_for(batch))
                    left[0] += batch.rows
                    for i, step in enumerate(self.steps, 1):
                        if batch.rows:
                            step.keep(batch)
                        left[i] += batch.rows
                    for name in [n for n in met if n not in full] if batch.rows else ():
                        try:
                            if name not in cells:
                                cells[name] = met[name].holder(batch)
                            cells[name].add(batch)
                        except Unfit:  # the engine counts this one
                            full.add(name)
                            cells.pop(name, None)
                    if len(full) == len(met):
                        raise Unfit("no table is small enough")
                    if stop.is_set():
                        break
            return cells, left

        workers = min(threads(), len(self.pieces))
        with ThreadPoolExecutor(workers) as pool:
            try:
                running = [pool.submit(count) for _ in range(workers)]
                while any(not r.done() for r in running):
                    for one in running:
                        if one.done():
                            one.result()  # what failed in one ends all
                    _wait(running)
                    tell(done[0], whole)
                tell(done[0], whole)  # also where all were done at once
                results = [r.result() for r in running]
            except BaseException:
                stop.set()  # an interruption too: nothing is left running
                raise
        pa.default_memory_pool().release_unused()  # what reading took
        cells, left = results[0]
        for others, more in results[1:]:
            left = [a + b for a, b in zip(left, more, strict=True)]
            for name in others.keys() - full:
                try:
                    if name in cells:
                        cells[name].join(others[name])
                    else:
                        cells[name] = others[name]
                except Unfit:
                    full.add(name)
        return {name: one for name, one in cells.items() if name not in full}, left

    def _asked_for(self, batch: Batch) -> np.ndarray:
        """Return whether each row has one of the values that alone are read."""
        assert self.only is not None
        name, wanted = self.only
        codes = batch.codes(name)  # first: these may have met new values
        return np.array([v in wanted for v in self.columns[name].values]).take(codes)

    def _batches(self, piece: _Piece, opened: dict[Path, pq.ParquetFile]) -> Iterator[Batch]:
        there = {
            name: source
            for name in self.read
            if (source := self.alias.get(name, name)) in piece.names
        }
        wanted = sorted(set(there.values()))
        if not wanted:
            yield Batch(self.columns, {"": piece.constants}, piece.rows)
            return
        if piece.path not in opened:  # to open one takes as long as to read 100,000 rows
            texts = [s for n, s in there.items() if isinstance(self.columns[n], Text)]
            opened.clear()
            opened[piece.path] = pq.ParquetFile(piece.path, read_dictionary=texts)
        file = opened[piece.path]
        for part in file.iter_batches(ROWS, [piece.group], wanted, use_threads=False):
            read = {n: part.column(s) for n, s in there.items()} | {"": piece.constants}
            yield Batch(self.columns, read, part.num_rows)


class _OfFolder(Constant):
    def __init__(self, name: str, kind: pa.DataType, values: Sequence[Any]) -> None:
        self.name = name
        super().__init__(kind, [_typed(v, kind) for v in values])

    def codes(self, batch: Batch) -> np.ndarray:
        return self.of(batch, _typed(batch.read[""][self.name], self.kind))


def _wait(running: Sequence[Any]) -> None:
    from concurrent.futures import FIRST_COMPLETED, wait

    wait([r for r in running if not r.done()], timeout=0.2, return_when=FIRST_COMPLETED)


def _kinds(files: Files) -> dict[str, pa.DataType]:
    """Return each column's type, as the general pass sees it."""
    schema = files.relation.limit(0).to_arrow_table().schema
    return {f.name: f.type for f in schema if f.name != "_row"}


def _pieces(
    files: Files, kinds: Mapping[str, pa.DataType]
) -> tuple[list[_Piece], dict[str, tuple[int, int]], set[str]]:
    """Return the row groups, the bounds of whole numbers and dates, and columns of two types."""
    pieces: list[_Piece] = []
    bounds: dict[str, tuple[int, int]] = {}
    unbounded: set[str] = set()
    odd: set[str] = set()
    for path in files.paths:
        meta = pq.ParquetFile(path, memory_map=False)
        folders = _folders(path) if files.parts else {}
        names = []
        for field in meta.schema_arrow:
            kind = field.type
            if pa.types.is_dictionary(kind):
                kind = kind.value_type
            if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
                kind = pa.string()
            if field.name not in kinds and field.name.casefold() in {k.casefold() for k in kinds}:
                raise Unfit(f"{field.name} is written otherwise in other files")
            if kinds.get(field.name) == kind and field.name not in folders:
                names.append(field.name)
            else:
                odd.add(field.name)
        where = {meta.metadata.schema.column(i).path: i for i in range(len(meta.schema.names))}
        for group in range(meta.metadata.num_row_groups):
            told = meta.metadata.row_group(group)
            if not told.num_rows or _without(told, where, files.only):
                continue
            pieces.append(_Piece(path, group, told.num_rows, tuple(names), folders))
            for name in names:
                if not (pa.types.is_integer(kinds[name]) or pa.types.is_date32(kinds[name])):
                    continue
                found = told.column(where[name]).statistics
                if found is None or not found.has_min_max:
                    if found is None or found.null_count != told.num_rows:
                        unbounded.add(name)
                    continue
                low, high = map(_whole, (found.min, found.max))
                old = bounds.get(name, (low, high))
                bounds[name] = (min(low, old[0]), max(high, old[1]))
    return pieces, {name: b for name, b in bounds.items() if name not in unbounded}, odd


def _without(
    told: Any, where: Mapping[str, int], only: tuple[str, tuple[str, ...]] | None
) -> bool:
    """Whether the statistics say that no row of a row group has one of the values asked for."""
    if only is None or only[0] not in where:
        return False
    found = told.column(where[only[0]]).statistics
    if found is None or not found.has_min_max or not isinstance(found.min, str):
        return False
    # they may be cut short, and then are still below the least and above the greatest
    return not any(found.min <= value <= found.max for value in only[1])


def _whole(value: Any) -> int:
    if isinstance(value, dt.date):
        return value.toordinal() - dt.date(1970, 1, 1).toordinal()
    return int(value)


def _folders(path: Path) -> dict[str, str | None]:
    """Return the columns that the folders of a file are named after."""
    from urllib.parse import unquote

    found = (part.partition("=") for part in path.parent.parts if "=" in part)
    missing = "__HIVE_DEFAULT_PARTITION__"
    out: dict[str, str | None] = {}
    for name, _, value in found:  # of two folders of one name the outer one counts
        out.setdefault(name, None if value == missing else unquote(value))
    return out


def _typed(value: str | None, kind: pa.DataType) -> Any:
    if value is None or pa.types.is_string(kind):
        return value
    if pa.types.is_integer(kind):
        return int(value)
    raise Unfit(f"a folder's name is a {kind}")
