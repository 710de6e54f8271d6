"""Opens CSV files lazily, whatever their encoding, and says in words what is broken in them."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from equity.sources import _headers, _rows
from equity.sources._broken import (
    check_merged,
    check_merged_cells,
    ends_in_quote,
    lost_rows,
    plain_error,
    too_long,
)
from equity.sources._encoding import IN_MEMORY_BYTES, look_through, wrong_encoding
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

__all__ = ["CHECKED_BYTES", "open_csv"]

CHECKED_BYTES = 1 << 31
"""CSV files up to this size are read through once when they are opened, to say what is broken."""
MANY_COLUMNS = 200
"""DuckDB takes long to make sense of statements about more columns than this."""


def open_csv(
    path: Path, encoding: str | None, header_rows: Sequence[int], delimiter: str | None
) -> duckdb.DuckDBPyRelation:
    """Open one CSV file, see `equity.sources._files.scan`."""
    look = look_through(path, encoding)
    head, lines, delimiter = _csv_header(path, look.encoding, header_rows, delimiter)
    headers = [head[n - 1] for n in header_rows]
    names, unnamed = column_names(_rows.joined(headers) if headers[1:] else headers[0])
    small = path.stat().st_size <= IN_MEMORY_BYTES
    # DuckDB counts the lines of a header in its own way if there are line breaks in its cells
    awkward = lines != header_rows[-1] or len(names) > MANY_COLUMNS
    if look.awkward or (small and awkward):
        return _held(path, look.encoding, header_rows, delimiter, len(names))
    options = (
        f"{quoted_path(path)}, auto_detect = false, delim = {literal(delimiter)}, quote = '\"', "
        f"escape = '\"', header = false, skip = {header_rows[-1]}, "
        f"encoding = '{'utf-8' if look.encoding == 'utf-8' else 'latin-1'}', columns = {{"
        + ", ".join(f"{literal(n)}: 'VARCHAR'" for n in names)
        + "}"
    )
    count = None
    if path.stat().st_size <= CHECKED_BYTES:
        try:
            options, count = _checked(options)
        except duckdb.Error as error:
            if small:  # Python reads some of what DuckDB does not, and knows which line is broken
                return _held(path, look.encoding, header_rows, delimiter, len(names))
            raise plain_error(error, path.name) from None
    columns = ", ".join(identifier(n) for n in names)
    relation = select(
        f"{columns}, row_number() OVER () + {header_rows[-1]} AS source_row, "
        f"{literal(path.name)} AS source_file FROM read_csv({options})"
    )
    # DuckDB leaves out rows without a word where a quotation mark is out of place
    if count is not None and look.lines != count + lines:
        check_merged(relation, names, delimiter, path.name)
        if look.lines != count + lines + _breaks(relation, names, look.end):
            if small:
                return _held(path, look.encoding, header_rows, delimiter, len(names))
            if not look.blank_lines:
                raise lost_rows(path.name, look.lines, count)
    relation = _without_blank_columns(relation, names, unnamed)
    if look.empty_rows:
        texts = (f"nullif(trim({identifier(n)}, {literal(SPACES)}), '')" for n in names)
        relation = relation.filter(f"coalesce({', '.join(texts)}) IS NOT NULL")
    if small:
        relation = _not_records(relation, names, headers, head[: header_rows[0] - 1])
    return with_rows(relation, path)


def _without_blank_columns(
    relation: duckdb.DuckDBPyRelation, names: list[str], unnamed: list[str]
) -> duckdb.DuckDBPyRelation:
    """Take the last columns off, and out of `names`, that have neither a name nor a value."""
    last: list[str] = []
    while (
        len(last) < min(len(unnamed), len(names) - 1)
        and unnamed[-1 - len(last)] == names[-1 - len(last)]
    ):
        last.append(names[-1 - len(last)])
    if not last:
        return relation
    filled = relation.aggregate(", ".join(f"count({identifier(n)})" for n in last)).fetchall()[0]
    blank = list(itertools.takewhile(lambda n: not filled[last.index(n)], last))
    if not blank:
        return relation
    del names[-len(blank) :]
    return relation.project(f"* EXCLUDE ({', '.join(map(identifier, blank))})")


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
    alone = f"len(list_filter([{', '.join(texts)}], lambda text: text IS NOT NULL)) = 1"
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


def _checked(options: str) -> tuple[str, int]:
    """Read a CSV file through once, and count its rows; rows that end early are allowed."""
    slow = f"{options}, null_padding = true, parallel = false"
    try:
        return options, _count(options)
    except duckdb.Error as error:
        short = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", str(error))
        if not short or int(short[2]) > int(short[1]):
            raise
    return slow, _count(slow)


def _breaks(relation: duckdb.DuckDBPyRelation, names: Sequence[str], end: str) -> int:
    """Return the number of line breaks in the cells of a relation."""
    mark = f"chr({ord(end)})"
    cells = (f"coalesce(length({c}) - length(replace({c}, {mark}, '')), 0)" for c in
             map(identifier, names))  # fmt: skip
    return int(relation.aggregate(f"sum({' + '.join(cells)})").fetchall()[0][0] or 0)


def _count(options: str) -> int:
    return select(f"count(*) FROM read_csv({options})").fetchall()[0][0]


def _csv_header(
    path: Path, encoding: str, header_rows: Sequence[int], delimiter: str | None
) -> tuple[list[list[str]], int, str]:
    """Return the rows down to the last header row, how many lines they are, and the delimiter."""
    with path.open(encoding=encoding, newline="") as file:
        try:
            lines = list(itertools.islice(_lines(file), header_rows[-1] + 50))
        except UnicodeError:
            raise wrong_encoding(path.name) from None

    def head(mark: str, *, strict: bool = False) -> tuple[list[list[str]], int]:
        reader = csv.reader(lines, delimiter=mark, strict=strict)
        return [next(reader, []) for _ in range(header_rows[-1])], reader.line_num

    def columns(mark: str) -> tuple[bool, int]:
        try:
            return True, len(head(mark, strict=True)[0][-1])
        except csv.Error:  # another character follows a closing quotation mark: it is that one
            return False, len(head(mark)[0][-1])

    marks = [delimiter] if delimiter else [",", ";", "\t", "|"]
    try:
        with _long_cells():
            best = max(marks, key=columns)
            above, used = head(best)
    except (csv.Error, TypeError, ValueError):
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


def _held(
    path: Path, encoding: str, header_rows: Sequence[int], delimiter: str, width: int
) -> duckdb.DuckDBPyRelation:
    """Read a CSV file by Python's own reader, and hold it in memory."""
    with path.open(encoding=encoding, newline="") as file, _long_cells():
        rows = _csv_rows(file, delimiter, path, header_rows[-1], width)
        return in_memory(rows, header_rows, path)


def _lines(file: io.TextIOBase) -> Iterator[str]:
    """Yield the lines without the mark at their beginning, which may be there more than once."""
    yield re.sub("^(?:\ufeff|\u00ef\u00bb\u00bf)+", "", file.readline())
    yield from file


def _csv_rows(
    file: io.TextIOBase, delimiter: str, path: Path, last: int, width: int
) -> Iterator[Sequence[str | None]]:
    reader = csv.reader(_lines(file), delimiter=delimiter, strict=True)
    begins = number = 0
    try:
        for number, row in enumerate(reader, start=1):
            while len(row) > width and number > last and not row[-1].strip(SPACES):
                row.pop()
            if len(row) > width and number > last:
                title = _headers.where(_headers.ORIGINS[path.name]) if width < 3 else ""
                words = too_long(path.name, begins + 1, len(row), width)
                raise ValueError(f"{words}{title}")
            if reader.line_num > begins + 1 and number > last:
                check_merged_cells(row, width, delimiter, path.name, number)
            begins = reader.line_num
            yield row
    except UnicodeError:
        raise wrong_encoding(path.name) from None
    except csv.Error:
        raise ends_in_quote(path.name, begins + 1) from None


@contextlib.contextmanager
def _long_cells() -> Iterator[None]:
    """Let Python read cells of any length; the limit is one for the whole process."""
    before = csv.field_size_limit(1 << 30)
    try:
        yield
    finally:
        csv.field_size_limit(before)
