"""The rows set aside as a workbook: every cell is text, and a first sheet says what to do."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data_checks.report import ASIDE, Report
from data_checks.split import FORMULA

__all__ = ["write_workbook"]

ROWS = 1_048_575  # besides the header, a sheet of .xlsx has no more
COLUMNS = 16_384
CELL = 32_767  # characters
CUT = " [cut here: the whole is in the CSV file]"
# what XML cannot hold; a workbook with it cannot be opened
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# the CSV file has an apostrophe before what a spreadsheet would run as a formula
GUARDED = re.compile(f"^'(?:{FORMULA})")
NARROW, WIDE = 14, 60
ADDED = 3
HEADERS = {"source_file": "File", "source_row": "Row", "reasons": "Why"}
"""What the first columns of the extract are called in the workbook."""


def write_workbook(aside: Path, workbook: Path, report: Report) -> str:
    """Write the rows set aside as .xlsx beside their CSV file.

    What is wrong with which row, for those who mend it in a spreadsheet program?

    Parameters
    ----------
    aside : the CSV file of `data_checks.check`; if there is none, an older workbook is removed.
    workbook : the file to write, whole or not at all.
    report : what the check found: the first sheet lists its rules, and how to mend.

    Returns
    -------
    str : "" or, where a workbook cannot hold so many rows or columns, why there is none.
    """
    workbook.unlink(missing_ok=True)
    if not aside.is_file():
        return ""
    if report.rows_set_aside > ROWS:
        return f"There is no workbook: it can hold {ROWS:,} rows, and there are more."
    csv.field_size_limit(2**31 - 1)
    with aside.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        if len(header) > COLUMNS:
            return f"There is no workbook: it can hold {COLUMNS:,} columns, and there are more."
        part = workbook.with_name(workbook.name + ".part")
        _write(part, header, rows, report)
    part.replace(workbook)
    return ""


def _write(path: Path, header: list[str], rows: Iterator[list[str]], report: Report) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    advice, sheet = book.create_sheet("What to do"), book.create_sheet("Rows set aside")
    bold, plain = WriteOnlyCell(sheet), WriteOnlyCell(sheet)
    bold.font = Font(bold=True)
    for cell in (bold, plain):
        cell.number_format = "@"  # a cell that is edited stays text, too
    for width, column in zip((10, WIDE, 12, WIDE, 30), "ABCDE", strict=True):
        advice.column_dimensions[column].width = width
    for number, name in enumerate(header, 1):
        width = WIDE if name == "reasons" else NARROW
        sheet.column_dimensions[get_column_letter(number)].width = width
    for one in (advice, sheet):
        one.freeze_panes = "A2"
    last = get_column_letter(len(header))
    sheet.auto_filter.ref = f"A1:{last}{report.rows_set_aside + 1}"
    for number, line in enumerate(_advice(report)):
        advice.append(_cells(bold if number == 0 else plain, line))
    # what we add stands first; a column of the file may have the same name
    ours = [HEADERS.get(name, name) for name in header[:ADDED]]
    theirs = ["Kind" if name == "not_a_record" else name for name in header[ADDED:]]
    sheet.append(_cells(bold, ours + theirs))
    place = header.index("source_row") if "source_row" in header else -1
    for row in rows:
        values: list[str | int] = [_unguarded(cell) for cell in row]
        if place >= 0 and row[place].isdecimal():
            values[place] = int(row[place])  # so that it sorts as a number
        sheet.append(_cells(plain, values))
    book.save(path)


def _advice(report: Report) -> Iterator[list[str | int]]:
    yield ["Rule", "What is wrong", "Rows", "How to mend it", "Columns"]
    for rule in report.rules:
        if rule.severity == ASIDE and rule.outcome == "failed":
            columns = ", ".join(report.columns_of(rule).values())
            yield [rule.id, rule.reason or f"Broken: {rule.says}", rule.bad or 0, rule.do, columns]
    yield ["", "A row that breaks several rules counts for each of them.", "", "", ""]
    yield ["", "These are records of people: keep them inside the agency.", "", "", ""]


def _cells(cell: Any, values: list[Any]) -> Iterator[Any]:
    """Give one cell again and again: it is written before the next value is put into it."""
    for value in values:
        if value == "":
            yield None
            continue
        if isinstance(value, int):
            cell.value = value
        else:
            cell.value = _writable(value)
            cell.data_type = "s"  # never a formula (=1+1) nor an error (#N/A)
        yield cell


def _unguarded(text: str) -> str:
    return text[1:] if GUARDED.match(text) else text


def _writable(text: str) -> str:
    text = ILLEGAL.sub("\ufffd", text)
    return text if len(text) <= CELL else text[: CELL - len(CUT)] + CUT
