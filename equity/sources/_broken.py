"""Says in words what is broken in a CSV file, without quoting a value of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from equity.sources._encoding import wrong_encoding
from equity.sources._relation import identifier

__all__ = [
    "check_merged",
    "check_merged_cells",
    "ends_in_quote",
    "lost_rows",
    "plain_error",
    "too_long",
]

_BREAK = re.compile(r"\r\n|\r|\n")


def plain_error(error: BaseException, name: str = "The file") -> ValueError:
    """Say in words what DuckDB found broken in a CSV file, without quoting the broken row."""
    text = str(error)
    line = re.search(r"Line: (\d+)", text)
    if found := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text):
        return too_long(name, line[1] if line else None, int(found[2]), int(found[1]))
    if re.search("maximum line size", text, re.I):
        return ValueError(
            f"{_where(name, line[1] if line else None)} is longer than 2 million characters, in "
            "a file that is too large to be held in memory. Most often a quotation mark is not "
            "closed. Export the file again, or repair the line."
        )
    if "invalid state" in text:
        return ValueError(
            f"{name} has lines that end in different ways, or a quotation mark that is not "
            "closed. Export the file again, or save it again as CSV (UTF-8)."
        )
    if "quote" in text:
        return ends_in_quote(name, line[1] if line else None)
    if re.search("unicode|utf-?8|latin-1", text, re.I):
        return wrong_encoding(name)
    return ValueError(
        f"{_where(name, line[1] if line else None)} cannot be read as CSV. Save it again as CSV "
        "(UTF-8) or .xlsx."
    )


def ends_in_quote(name: str, line: object) -> ValueError:
    """Return the error of a quotation mark that is not closed."""
    return ValueError(
        f"{_where(name, line)} has a quotation mark that is not closed, or text after a closing "
        "one. Export the file again, or repair the line."
    )


def too_long(name: str, line: object, found: int, width: int) -> ValueError:
    """Return the error of a row with more values than there are columns."""
    return ValueError(
        f"{_where(name, line)} has {found} values, the header has {width} columns. Often a comma "
        "stands inside a value that is not in quotation marks, or the column names are in a "
        "lower row (then say so with header_row). Export the file again, or repair the line."
    )


def lost_rows(name: str, lines: int, rows: int) -> ValueError:
    """Return the error of a file of which not every line is a row, a header or in a cell."""
    return ValueError(
        f"{name} has {lines:,} lines, of which only {rows:,} rows could be made. Most often a "
        "quotation mark is not closed. Export the file again."
    )


def check_merged(
    relation: duckdb.DuckDBPyRelation, names: Sequence[str], delimiter: str, name: str
) -> None:
    """Raise ValueError if rows of a relation hold further rows in one cell, see below."""
    broken = " OR ".join(
        f"contains({identifier(n)}, chr(10)) OR contains({identifier(n)}, chr(13))" for n in names
    )
    cells = ", ".join(identifier(n) for n in [*names, "source_row"])
    for batch in relation.filter(broken).project(cells).to_arrow_reader(10_000):
        for *row, number in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            check_merged_cells(row, len(names), delimiter, name, number)


def check_merged_cells(
    row: Sequence[str | None], width: int, delimiter: str, name: str, number: int
) -> None:
    """Raise ValueError if a cell of several lines would, without quotation marks, be whole rows.

    A quotation mark that stands alone in a row makes one cell of everything up to the next one:
    the rows between would be lost without a word. In prose a space follows a comma, so that such
    commas are not counted.
    """
    if width < 3:
        return
    mark = re.compile(re.escape(delimiter) + r"(?=[^ ]|$)")
    for place, cell in enumerate(row):
        if not cell or ("\n" not in cell and "\r" not in cell):
            continue
        first, *between, last = (len(mark.findall(line)) for line in _BREAK.split(cell))
        whole = all(count == width - 1 for count in between) and place <= last < width
        if whole and place + first == width - 1 and (between or first or last):
            raise ValueError(
                f"Row {number} of {name} holds {len(between) + 2} lines in one cell, and they "
                "look like rows of their own. Most often a quotation mark is not closed. Repair "
                "it, or take the line breaks out of the cell, and export the file again."
            )


def _where(name: str, line: object) -> str:
    return f"{name}, line {line}," if line else name
