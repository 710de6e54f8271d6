"""Opens Excel workbooks: one sheet or several, as relations of text."""

from __future__ import annotations

import contextlib
import itertools
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from equity.sources import _headers
from equity.sources._archive import check_archive, check_sheet, damaged
from equity.sources._relation import in_memory, literal, stacked
from equity.sources._text import cell_text

__all__ = ["read_workbook", "sheet_rows", "unread_sheets"]

MAX_ROWS = 1 << 20
"""Rows that a sheet of Excel can have."""
MAX_CELLS = 100_000_000
"""Cells that are held in memory at most, about 2 GB."""

_MERGED = re.compile(rb'<mergeCell [^>]*ref="([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)"')


def read_workbook(
    path: Path, header_rows: Sequence[int], sheet: str | Sequence[str] | None
) -> duckdb.DuckDBPyRelation:
    """Open the sheets of a workbook that are asked for, see `equity.sources._files.scan`."""
    several = sheet == "*" or (sheet is not None and not isinstance(sheet, str))
    asked = None if sheet in (None, "*") else [sheet] if isinstance(sheet, str) else list(sheet)
    with _quiet(), _Book(path) as book:
        names = book.names
        for name in asked or ():
            if name not in names:
                raise ValueError(
                    f"sheet={name!r} is not in {path.name}. Its sheets are: "
                    f"{', '.join(map(repr, names))}."
                )
        relations: list[duckdb.DuckDBPyRelation] = []
        wanted: list[str] = []
        for name in asked if asked is not None else book.visible:
            first, rows = book.rows(name)
            if first is None:
                continue
            rows, lines = _named_rows(rows, header_rows, wanted)
            relation = in_memory(
                rows,
                lines,
                path,
                sheet=name,
                sheets=names,
                spans=book.spans(name, lines) if len(lines) > 1 else (),
                called=f"{path.name} [{name}]" if several else "",
            )
            if not several:
                return relation
            wanted = wanted or relation.columns
            relations.append(relation.project(f"*, {literal(name)} AS source_sheet"))
    if relations:
        return relations[0] if len(relations) == 1 else stacked(relations)
    which = f"Sheet {sheet!r}" if asked else "Every visible sheet"
    raise ValueError(f"{which} of {path.name} is empty. Name another with sheet=...")


def sheet_rows(path: Path, at_most: int) -> dict[str, list[list[str | None]]]:
    """Return the first rows of each visible sheet that is not empty, as text."""
    found = {}
    with _quiet(), _Book(path) as book:
        for name in book.visible:
            first, rows = book.rows(name)
            if first is not None:
                found[name] = list(itertools.islice(rows, at_most))
    return found


def unread_sheets(
    paths: Sequence[Path], sheet: str | Sequence[str] | None
) -> dict[str, list[str]]:
    """Return workbook -> the visible, filled sheets that are not read if `sheet` is None."""
    found = {}
    for path in paths if sheet is None else ():
        if zipfile.is_zipfile(path):
            with _quiet(), _Book(path) as book:
                filled = [name for name in book.visible if book.rows(name)[0] is not None]
                found[path.name] = filled[1:]
    return found


Row = list[str | None]


def _named_rows(
    rows: Iterator[Row], header_rows: Sequence[int], wanted: Sequence[str]
) -> tuple[Iterator[Row], Sequence[int]]:
    """Return the rows, and the row of the names on this sheet.

    It is that of the first sheet, unless another row has half of the names of the first sheet and
    that one has not: reports do not have as many title rows every year.
    """
    if not wanted or len(header_rows) > 1:
        return rows, header_rows
    names = {n for n in wanted if n not in ("source_row", "source_file", "not_a_record")}
    folded = {_headers.fold(n) for n in names}
    ahead = list(itertools.islice(rows, header_rows[0] + _headers.LOOK_AT))
    here = ahead[header_rows[0] - 1] if header_rows[0] <= len(ahead) else []
    if 2 * len(folded & {_headers.fold(c) for c in here if c}) < len(folded):
        other = _headers.names_row(enumerate(ahead, start=1), wanted=names, sure=True)
        header_rows = [other] if other else header_rows
    return itertools.chain(ahead, rows), header_rows


class _Book:
    """A workbook that is open for reading; rows come one by one."""

    def __init__(self, path: Path) -> None:
        from openpyxl import load_workbook

        check_archive(path)
        if path.suffix.lower() in (".csv", ".txt", ".tsv"):
            raise ValueError(
                f"{path.name} is an Excel workbook, though its name ends in {path.suffix}. Rename "
                "it to .xlsx, or save it as CSV."
            )
        self.path = path
        try:
            # links to other workbooks are not followed: what they gave is in the cells
            self.book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        except Exception:  # openpyxl breaks in many ways on XML that is not as it should be
            raise damaged(path) from None
        self.names = [s.title for s in self.book.worksheets]
        self.visible = [s.title for s in self.book.worksheets if s.sheet_state == "visible"]

    def __enter__(self) -> _Book:
        return self

    def __exit__(self, *error: object) -> None:
        self.book.close()

    def rows(self, name: str) -> tuple[int | None, Iterator[Row]]:
        """Return the place of the first row that is not blank, and all rows."""
        rows = self._rows(name)
        first = next(((i, r) for i, r in enumerate(rows) if any(r)), None)
        if first is None:
            return None, iter(())
        blank: list[Row] = [[] for _ in range(first[0])]
        return first[0], itertools.chain(blank, [first[1]], rows)

    def _rows(self, name: str) -> Iterator[Row]:
        page: Any = self.book[name]
        cells = 0
        try:
            check = str(page._worksheet_path).lstrip("/")
            page.reset_dimensions()  # some exports state a wrong range
        except Exception:
            raise damaged(self.path) from None
        check_sheet(self.path, check, name)
        rows = enumerate(page.rows, start=1)
        while True:
            try:
                number, cells_of_row = next(rows)
                row = [cell_text(c.value, c.number_format) for c in cells_of_row]
            except StopIteration:
                return
            except Exception:
                raise damaged(self.path) from None
            while row and row[-1] is None:  # cells that are only formatted
                row.pop()
            cells += len(row)
            if number > MAX_ROWS or cells > MAX_CELLS:
                raise ValueError(
                    f"Sheet {name!r} of {self.path.name} is too large to be read as a workbook. "
                    "Save it as CSV."
                )
            yield row

    def spans(self, name: str, lines: Sequence[int]) -> list[list[tuple[int, int]]]:
        """Return, for each of some rows, the first and last column (from 0) of merged cells."""
        page: Any = self.book[name]
        with zipfile.ZipFile(self.path) as archive:  # reading row by row does not tell of them
            text = archive.read(str(page._worksheet_path).lstrip("/"))
        found: list[list[tuple[int, int]]] = [[] for _ in lines]
        for left, top, right, bottom in _MERGED.findall(text):
            for place, line in enumerate(lines):
                if int(top) <= line <= int(bottom) and left != right:
                    found[place].append((_number(left), _number(right)))
        return found


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep openpyxl from warning of what it leaves out, such as drop-down lists and themes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
