"""Relations on DuckDB's default connection, made of rows of text, and the names of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from equity.sources import _headers
from equity.sources._text import SPACES

__all__ = [
    "column_names",
    "identifier",
    "in_memory",
    "literal",
    "quoted_path",
    "select",
    "stacked",
    "with_rows",
]


def select(words: str) -> duckdb.DuckDBPyRelation:
    """Return the relation of a SELECT that names only files, on the default connection."""
    relation = duckdb.sql(f"SELECT {words}")
    if relation is None:  # only statements that are not a SELECT give none
        raise TypeError("duckdb.sql gave no relation for a SELECT.")
    return relation


def stacked(relations: Sequence[duckdb.DuckDBPyRelation]) -> duckdb.DuckDBPyRelation:
    """Put relations under each other by column name, apart from case, in their order."""
    names: dict[str, str] = {}
    for relation in relations:
        for column in relation.columns:
            names.setdefault(column.casefold(), column)
    parts = []
    for relation in relations:
        there = {column.casefold(): column for column in relation.columns}
        parts.append(
            relation.project(
                ", ".join(
                    f"{identifier(there[key]) if key in there else 'NULL'} AS {identifier(name)}"
                    for key, name in names.items()
                )
            )
        )
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.union(part)
    return whole


def in_memory(
    rows: Iterable[Sequence[str | None]],
    header_row: int,
    path: Path,
    *,
    sheet: str | None = None,
    sheets: Sequence[str] = (),
) -> duckdb.DuckDBPyRelation:
    """Make a relation of rows of text; a row's number is its place in `rows`, from 1."""
    first: list[Sequence[str | None]] = []
    numbers: list[int] = []
    kept: list[Sequence[str | None]] = []
    header: Sequence[str | None] = []
    for number, row in enumerate(rows, start=1):
        if number <= header_row + _headers.LOOK_AT:
            first.append(row)
        if number == header_row:
            header = row
        elif number > header_row and any(cell and cell.strip(SPACES) for cell in row):
            numbers.append(number)
            kept.append(row)
    origin = _headers.note(path.name, header_row, first, sheet=sheet, sheets=sheets)
    if not any(cell and cell.strip(SPACES) for cell in header):
        page = f", sheet {sheet!r} of {', '.join(map(repr, sheets))}" if sheet else ""
        raise ValueError(
            f"Row {header_row} of {path.name}{page}, where the column names should be, is empty. "
            f"Say in which row they are with header_row.{_headers.where(origin)}"
        )
    header = list(header)
    width = max([len(header), *map(len, kept)], default=0)
    columns = [
        pa.array([(r[i] if i < len(r) else None) or None for r in kept], pa.string())
        for i in range(width)
    ]
    header += [None] * (width - len(header))
    while header and not header[-1] and columns[-1].null_count == len(kept):
        header.pop()
        columns.pop()
    names, _ = column_names(header)
    table = pa.table(
        [*columns, pa.array(numbers, pa.int64()), pa.array([path.name] * len(kept), pa.string())],
        names=[*names, "source_row", "source_file"],
    )
    return with_rows(duckdb.from_arrow(table), path)


def column_names(header: Sequence[str | None]) -> tuple[list[str], list[str]]:
    """Return distinct column names, and those among them that were made up for an empty cell."""
    names: list[str] = []
    unnamed: list[str] = []
    taken = {"source_row", "source_file"}
    for position, cell in enumerate(header, start=1):
        stem = " ".join((cell or "").split())
        name = stem or f"column {position}"
        copy = 1
        while name.casefold() in taken:
            copy += 1
            name = f"{stem or 'column'}.{copy}"
        taken.add(name.casefold())
        names.append(name)
        if not stem:
            unnamed.append(name)
    return names, unnamed


def with_rows(relation: duckdb.DuckDBPyRelation, path: Path) -> duckdb.DuckDBPyRelation:
    """Return the relation, or raise if it has no row."""
    if not relation.limit(1).fetchall():
        raise ValueError(
            f"{path.name} has column names and no rows. Export it again, with its records."
        )
    return relation


def quoted_path(path: Path) -> str:
    """Return the path as SQL text in which `[`, `*` and `?` stand for themselves."""
    return literal(re.sub(r"([\[*?])", r"[\1]", str(path)))


def literal(text: str) -> str:
    """Return text as SQL text."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return the name of a column as SQL."""
    return '"' + name.replace('"', '""') + '"'
