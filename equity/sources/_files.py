"""Opens the files that offices have: CSV, Parquet and Excel, as one lazy DuckDB relation of text.

The relation lives on DuckDB's default connection, the one behind `duckdb.sql(...)`. That is
deliberate: relations can only be joined on one connection, so what two adapters read, what
`equity.daylight` pushes beside it and what an analyst queries by hand can meet in one join.
The default connection stays open as long as Python runs, and so does every relation.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from equity.sources._broken import plain_error
from equity.sources._csv import CHECKED_BYTES, open_csv
from equity.sources._relation import (
    identifier,
    literal,
    quoted_path,
    select,
    stacked,
    with_rows,
)
from equity.sources._workbook import read_workbook

__all__ = ["plain_error", "scan", "starts_with"]

WRONG_FORMATS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "is a PDF. Ask for the table behind it as CSV or .xlsx"),
    (
        b"\xd0\xcf\x11\xe0",
        "is an old .xls workbook, or one with a password. Open it and save it "
        "as .xlsx without a password, or as CSV",
    ),
    (b"\x1f\x8b", "is compressed (gzip). Unpack it first"),
    (b"BZh", "is compressed (bzip2). Unpack it first"),
    (b"7z\xbc\xaf", "is a 7z archive. Unpack it first"),
    (b"Rar!", "is a RAR archive. Unpack it first"),
    (b"SQLite format 3", "is a database. Export the table as CSV"),
    (b"PK\x05\x06", "is an archive without any file in it. Export it again"),
    (b"\x89PNG", "is a picture. Ask for the table behind it as CSV or .xlsx"),
    (b"\xff\xd8\xff", "is a picture. Ask for the table behind it as CSV or .xlsx"),
    (b"GIF8", "is a picture. Ask for the table behind it as CSV or .xlsx"),
    (b"{\\rtf", "is a text document. Export the table as CSV"),
)


def scan(
    path: str | Path | Sequence[str | Path],
    *,
    encoding: str | None = None,
    header_row: int | Sequence[int] = 1,
    sheet: str | Sequence[str] | None = None,
    delimiter: str | None = None,
) -> duckdb.DuckDBPyRelation:
    """Open one file or several as a DuckDB relation in which every column is text.

    CSV of any size and Parquet are read when the relation is used, in bounded memory; a CSV file
    is read through once here, so that what is broken is said at once, and its lines are counted.
    Workbooks, and CSV files in UTF-16 or Windows-1252, with blank lines, mixed line ends, column
    names of several lines or over 200 columns, are held in memory. Parquet columns keep their
    types. Two columns are added: `source_row`, the row as a spreadsheet numbers it, and
    `source_file`. Rows and trailing columns without any value or header are left out. Several
    files are put under each other by column name. A second column called "Location" becomes
    "Location (2)".

    Rows that are certainly no records are kept, and say why in the column `not_a_record`: totals
    ("Subtotal", "Grand total", with nothing but numbers beside it), headers and titles that are
    repeated, headings ("Department: Patrol") and notes. There is no such column if no row is one.

    Parameters
    ----------
    path : a file or several, all with the same `header_row` and `sheet`.
    encoding : of a CSV file; without it UTF-8 if the bytes are UTF-8, else Windows-1252.
    header_row : the row that holds the column names, where a title stands above them; or several
        rows, such as [2, 3], whose names are joined by a space, merged cells carried to the right.
    sheet : name of the sheet of a workbook; without it the first visible one that is not empty. A
        list of names, or "*" for all that are visible and not empty: they are put under each
        other by column name; `source_sheet` says which each row is from.
    delimiter : of a CSV file; without it the one that cuts the header into most columns.
    """
    header_rows = _header_rows(header_row)
    paths = [path] if isinstance(path, (str, Path)) else list(path)
    if not paths:
        raise ValueError("No file is named. Give the path of one file, or a list of paths.")
    names = [Path(p).name for p in paths]
    twice = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if twice:
        raise ValueError(f"Two files are called {twice}. Rename one: rows are found by file name.")
    relations = [_open(Path(p), encoding, header_rows, sheet, delimiter) for p in paths]
    return relations[0] if len(relations) == 1 else stacked(relations)


def starts_with(path: Path, mark: bytes) -> bool:
    """Return whether a file's first character, apart from blanks, is `mark`."""
    return _head(path).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(mark)


def _header_rows(header_row: int | Sequence[int]) -> tuple[int, ...]:
    given = [header_row] if isinstance(header_row, int) else list(header_row)
    whole = all(isinstance(r, int) and not isinstance(r, bool) and r >= 1 for r in given)
    if not given or not whole:
        raise ValueError(
            f"header_row={header_row!r} must be a row number, 1 or more, or a list of such."
        )
    if sorted(set(given)) != given:
        raise ValueError(f"header_row={header_row!r} must name rows from top to bottom: [2, 3].")
    return tuple(given)


def _open(
    path: Path,
    encoding: str | None,
    header_rows: Sequence[int],
    sheet: str | Sequence[str] | None,
    delimiter: str | None,
) -> duckdb.DuckDBPyRelation:
    head = _head(path)
    if head.startswith(b"PAR1"):
        return _parquet(path)
    if head.startswith(b"PK\x03\x04"):
        return read_workbook(path, header_rows, sheet)
    for magic, words in WRONG_FORMATS:
        if head.startswith(magic):
            raise ValueError(f"{path.name} {words}.")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<div")):
        raise ValueError(
            f"{path.name} is a web page (HTML or XML), though its name may say otherwise. Open it "
            "in a spreadsheet and save it as .xlsx or CSV, or download the table itself."
        )
    if start.startswith((b"[", b"{")):
        raise ValueError(
            f"{path.name} is JSON, not a table with columns. Only equity.sources.acs reads JSON; "
            "for other tables export CSV or .xlsx."
        )
    return open_csv(path, encoding, header_rows, delimiter)


def _head(path: Path) -> bytes:
    if not path.exists():
        beside = sorted(p.name for p in path.parent.glob("*") if p.is_file())[:8]
        there = f" In that folder are: {', '.join(beside)}." if beside else ""
        raise ValueError(
            f"There is no file {path.name} in {path.parent}.{there} Check the name and the folder."
        )
    if path.is_dir():
        raise ValueError(f"{path.name} is a folder. Name the file, or a list of files, in it.")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise ValueError(
            f"{path.name} cannot be opened ({error.strerror}). Close it in other programs and "
            "check that you may read it."
        ) from None
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise ValueError(f"{path.name} is empty. Export it again and check that it has rows.")
    return head


def _parquet(path: Path) -> duckdb.DuckDBPyRelation:
    try:
        relation = select(f"* FROM read_parquet({quoted_path(path)})")
        if path.stat().st_size <= CHECKED_BYTES:  # pages further down may be broken
            relation.aggregate("bit_xor(hash(*COLUMNS(*)))").fetchall()
    except duckdb.Error:
        raise ValueError(
            f"{path.name} is a Parquet file that is damaged or not complete. Export it again."
        ) from None
    columns = ", ".join(identifier(c) for c in relation.columns)
    if "source_row" not in relation.columns:
        columns += ", file_row_number + 2 AS source_row"
    if "source_file" not in relation.columns:
        columns += f", {literal(path.name)} AS source_file"
    source = f"read_parquet({quoted_path(path)}, file_row_number = true)"
    return with_rows(select(f"{columns} FROM {source}"), path)
