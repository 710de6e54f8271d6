"""Opens CSV files lazily, whatever their encoding, and says in words what is broken in them."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from equity.sources import _headers, _rows
from equity.sources._relation import (
    column_names,
    identifier,
    in_memory,
    literal,
    quoted_path,
    select,
    with_rows,
)
from equity.sources._text import SPACES

__all__ = ["open_csv", "plain_error"]

CHUNK = 1 << 23
CHECKED_BYTES = 1 << 31
"""CSV files up to this size are read through once when they are opened, to say what is broken."""
_EMPTY = re.compile(
    rb'\n(?:[ \t]|\xc2\xa0)*(?:"(?:[ \t]|\xc2\xa0)*")?[ \t]*[,;\t|]|\n[ \t]+(?:[\r\n]|$)'
)
"""A line whose first cell is blank, which may therefore be a line without any value."""
IN_MEMORY_BYTES = 1 << 28
"""Above this size a CSV file with blank lines stays lazy; its row numbers then leave them out."""


def open_csv(
    path: Path, encoding: str | None, header_rows: Sequence[int], delimiter: str | None
) -> duckdb.DuckDBPyRelation:
    """Open one CSV file, see `equity.sources._files.scan`."""
    found, awkward, empty_rows = _look_through(path, encoding)
    head, lines, delimiter = _csv_header(path, found, header_rows, delimiter)
    headers = [head[n - 1] for n in header_rows]
    if awkward:
        with path.open(encoding=found, newline="") as file:
            return in_memory(_csv_rows(file, delimiter, path), header_rows, path)
    names, unnamed = column_names(_rows.joined(headers) if headers[1:] else headers[0])
    options = (
        f"{quoted_path(path)}, auto_detect = false, delim = {literal(delimiter)}, quote = '\"', "
        f"escape = '\"', header = false, skip = {lines}, "
        f"encoding = '{'latin-1' if found == 'cp1252' else 'utf-8'}', columns = {{"
        + ", ".join(f"{literal(n)}: 'VARCHAR'" for n in names)
        + "}"
    )
    if path.stat().st_size <= CHECKED_BYTES:
        options = _checked(options, path, len(names))
    columns = ", ".join(identifier(n) for n in names)
    relation = select(
        f"{columns}, row_number() OVER () + {header_rows[-1]} AS source_row, "
        f"{literal(path.name)} AS source_file FROM read_csv({options})"
    )
    while unnamed and unnamed[-1] == names[-1]:
        last = identifier(unnamed.pop())
        if relation.filter(f"{last} IS NOT NULL").limit(1).fetchall():
            break
        names.pop()
        relation = relation.project(f"* EXCLUDE ({last})")
    if empty_rows:
        texts = (f"nullif(trim({identifier(n)}, {literal(SPACES)}), '')" for n in names)
        relation = relation.filter(f"coalesce({', '.join(texts)}) IS NOT NULL")
    if path.stat().st_size <= IN_MEMORY_BYTES:
        relation = _not_records(relation, names, headers, head[: header_rows[0] - 1])
    return with_rows(relation, path)


def _not_records(
    relation: duckdb.DuckDBPyRelation,
    names: Sequence[str],
    headers: Sequence[Sequence[str]],
    above: Sequence[Sequence[str]],
) -> duckdb.DuckDBPyRelation:
    """Add `not_a_record` if rows are totals, repeated headers, headings or notes."""
    texts = [f"nullif(trim({identifier(n)}, {literal(SPACES)}), '')" for n in names]
    labels = [f"regexp_matches({t}, {literal(_rows.MAY_BE_TOTAL)})" for t in texts[:2]]
    again = [
        f"lower({t}) = {literal(cell.strip(SPACES).lower())}"
        for header in headers
        for t, cell in list(zip(texts, header, strict=False))[:3]
        if cell.strip(SPACES)
    ]
    alone = f"{' + '.join(f'CAST({t} IS NOT NULL AS INTEGER)' for t in texts)} = 1"
    some = relation.filter(
        " OR ".join(f"coalesce({sql}, FALSE)" for sql in [*labels, *again, alone])
    )
    judge = _rows.Judge(headers, above)
    found: dict[str, list[int]] = {}
    for *cells, number in some.project(
        ", ".join(identifier(n) for n in [*names, "source_row"])
    ).fetchall():
        if why := judge(cells):
            found.setdefault(why, []).append(number)
    if not found:
        return relation
    cases = " ".join(
        f"WHEN source_row IN ({', '.join(map(str, numbers))}) THEN {literal(why)}"
        for why, numbers in found.items()
    )
    return relation.project(f"*, CASE {cases} END AS not_a_record")


def plain_error(error: BaseException, name: str = "The file") -> ValueError:
    """Say in words what DuckDB found broken in a CSV file, without quoting the broken row."""
    text = str(error)
    line = re.search(r"Line: (\d+)", text)
    where = f"{name}, line {line[1]}," if line else f"{name}"
    if found := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text):
        return ValueError(
            f"{where} has {found[2]} values, the header has {found[1]} columns. Often a comma "
            "stands inside a value that is not in quotation marks, or the column names are in a "
            "lower row (then say so with header_row). Export the file again, or repair the line."
        )
    if "quote" in text:
        return ValueError(
            f"{where} has a quotation mark that is not closed, or text after a closing one. "
            "Export the file again, or repair the line."
        )
    if re.search("unicode|utf-?8|latin-1", text, re.I):
        return ValueError(
            f"{name} holds characters that its encoding does not have. Save it as 'CSV UTF-8', or "
            "name its encoding, such as encoding='latin-1'."
        )
    return ValueError(f"{where} cannot be read as CSV. Save it again as CSV (UTF-8) or .xlsx.")


def _checked(options: str, path: Path, width: int) -> str:
    """Read a CSV file through once; rows that end early are allowed, other broken rows are not."""
    slow = f"{options}, null_padding = true, parallel = false"
    try:
        select(f"count(*) FROM read_csv({options})").fetchall()
        return options
    except duckdb.Error as error:
        short = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", str(error))
        if not short or int(short[2]) > int(short[1]):
            words = str(plain_error(error, path.name))
            title = _headers.where(_headers.ORIGINS[path.name]) if width < 3 else ""
            raise ValueError(words + title) from None
    try:
        select(f"count(*) FROM read_csv({slow})").fetchall()
    except duckdb.Error as error:
        raise plain_error(error, path.name) from None
    return slow


def _look_through(path: Path, encoding: str | None) -> tuple[str, bool, bool]:
    """Return the encoding, whether DuckDB cannot read the file itself, and if rows may be empty.

    DuckDB knows UTF-8 and ISO 8859-1, not the Windows code page that adds curly quotation marks;
    and it skips blank lines, after which its row numbers would be wrong.
    """
    try:
        name = codecs.lookup(encoding).name if encoding else "utf-8"
    except LookupError:
        raise ValueError(
            f"encoding={encoding!r} is not known. Common ones are 'utf-8', 'cp1252' (Windows) "
            "and 'latin-1'."
        ) from None
    name = {"iso8859-1": "cp1252", "utf-8-sig": "utf-8"}.get(name, name)
    decoder = codecs.getincrementaldecoder("utf-8")()
    windows = blank = empty = False
    tail = b""
    with path.open("rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16", True, True
        file.seek(0)
        while chunk := file.read(CHUNK):
            if name == "utf-8":
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    if encoding:
                        raise plain_error(ValueError("utf-8"), path.name) from None
                    name = "cp1252"
            text = tail + chunk
            if b"\x00" in text and not encoding:
                raise ValueError(
                    f"{path.name} is not text: it holds zero bytes. If it comes from a "
                    "spreadsheet, save it as .xlsx or 'CSV UTF-8'."
                )
            blank = blank or re.search(rb"\n\r?\n\r?[^\r\n]", text) is not None
            empty = empty or _EMPTY.search(text) is not None
            windows = windows or re.search(rb"[\x80-\x9f]", text) is not None
            tail = text[-64:]
    if path.stat().st_size > IN_MEMORY_BYTES:
        blank = False
    return name, blank or name not in ("utf-8", "cp1252") or (name == "cp1252" and windows), empty


def _csv_header(
    path: Path, encoding: str, header_rows: Sequence[int], delimiter: str | None
) -> tuple[list[list[str]], int, str]:
    """Return the rows down to the last header row, how many lines they are, and the delimiter."""
    with path.open(encoding=encoding.replace("utf-8", "utf-8-sig"), newline="") as file:
        try:
            lines = [line for _, line in zip(range(header_rows[-1] + 50), file, strict=False)]
        except (UnicodeDecodeError, UnicodeError):
            raise plain_error(ValueError("unicode"), path.name) from None

    def head(mark: str) -> tuple[list[list[str]], int]:
        reader = csv.reader(lines, delimiter=mark)
        return [next(reader, []) for _ in range(header_rows[-1])], reader.line_num

    marks = [delimiter] if delimiter else [",", ";", "\t", "|"]
    try:
        best = max(marks, key=lambda mark: len(head(mark)[0][-1]))
        above, used = head(best)
    except (csv.Error, TypeError):
        raise ValueError(
            f"The header of {path.name} cannot be read as CSV. Check header_row={header_rows[-1]} "
            f"and delimiter={delimiter!r}."
        ) from None
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # further down something may be broken: said elsewhere
        rows.extend(csv.reader(lines, delimiter=best))
    origin = _headers.note(path.name, header_rows[-1], rows)
    for number in header_rows:
        if any(cell.strip(SPACES) for cell in above[number - 1]):
            continue
        raise ValueError(
            f"Row {number} of {path.name}, where the column names should be, is empty. Say in "
            f"which row they are with header_row.{_headers.where(origin)}"
        )
    return above, used, best


def _csv_rows(file: io.TextIOBase, delimiter: str, path: Path) -> Iterator[Sequence[str | None]]:
    try:
        for row in csv.reader(file, delimiter=delimiter, strict=True):
            yield [cell.lstrip("\ufeff") if i == 0 else cell for i, cell in enumerate(row)]
    except UnicodeError:
        raise plain_error(ValueError("unicode"), path.name) from None
    except csv.Error as error:
        raise plain_error(ValueError(f"quote {error}"), path.name) from None
