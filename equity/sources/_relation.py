"""Relations on DuckDB's default connection, made of rows of text, and the names of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from equity.sources import _headers, _rows
from equity.sources._text import SPACES

__all__ = [
    "OWN",
    "column_names",
    "identifier",
    "in_memory",
    "literal",
    "quoted_path",
    "select",
    "stacked",
    "with_rows",
]

OWN: tuple[str, ...] = ("source_row", "source_file", "source_sheet", "not_a_record")
"""Columns that reading adds, the last two only where there is something to say in them."""


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
    header_rows: Sequence[int],
    path: Path,
    *,
    sheet: str | None = None,
    sheets: Sequence[str] = (),
    spans: Sequence[Sequence[tuple[int, int]]] = (),
    called: str = "",
) -> duckdb.DuckDBPyRelation:
    """Make a relation of rows of text; a row's number is its place in `rows`, from 1.

    Rows that are totals, repeated headers, headings or notes say so in `not_a_record`, a column
    that there is only if there is such a row. `spans` are the merged cells of the header rows,
    `called` is the name for `source_file`, if it is not that of the path.
    """
    last, called = header_rows[-1], called or path.name
    first: list[Sequence[str | None]] = []
    numbers: list[int] = []
    kept: list[Sequence[str | None]] = []
    for number, row in enumerate(rows, start=1):
        if number <= last + _headers.LOOK_AT:
            first.append(row)
        if number > last and any(cell and cell.strip(SPACES) for cell in row):
            numbers.append(number)
            kept.append(row)
    headers = [first[n - 1] if n <= len(first) else [] for n in header_rows]
    origin = _headers.note(called, last, first, sheet=sheet, sheets=sheets)
    _headers.ORIGINS[path.name] = origin
    if not all(any(cell and cell.strip(SPACES) for cell in header) for header in headers):
        empty = next(n for n, h in zip(header_rows, headers, strict=True) if not any(h))
        page = f", sheet {sheet!r} of {', '.join(map(repr, sheets))}" if sheet else ""
        raise ValueError(
            f"Row {empty} of {path.name}{page}, where the column names should be, is empty. "
            f"Say in which row they are with header_row.{_headers.where(origin)}"
        )
    header: list[str | None] = list(headers[0])
    if len(headers) > 1:
        header = list(_rows.joined(headers, spans))
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
    added: dict[str, pa.Array] = {
        "source_row": pa.array(numbers, pa.int64()),
        "source_file": pa.array([called] * len(kept), pa.string()),
    }
    judge = _rows.Judge(headers, first[: header_rows[0] - 1])
    why = [judge(row) for row in kept]
    for place in judge.notes(numbers, kept):
        why[place] = why[place] or _rows.NOTE
    if any(why):
        added["not_a_record"] = pa.array(why, pa.string())
    table = pa.table([*columns, *added.values()], names=[*names, *added])
    return with_rows(duckdb.from_arrow(table), path)


def column_names(header: Sequence[str | None]) -> tuple[list[str], list[str]]:
    """Return distinct column names, and those among them that were made up for an empty cell."""
    names: list[str] = []
    unnamed: list[str] = []
    taken = set(OWN)
    copies: dict[str, int] = {}
    for position, cell in enumerate(header, start=1):
        stem = " ".join((cell or "").split())
        name = base = stem or f"column {position}"
        while name.casefold() in taken:
            copies[base.casefold()] = copies.get(base.casefold(), 1) + 1
            name = f"{base} ({copies[base.casefold()]})"
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
