"""Opens a file that nobody has described: which sheets belong together, where names stand."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from equity.proposal._look import LOOK_AT, Looked, fill, header_of
from equity.proposal._names import columns_of, table_of
from equity.sources import _files, _headers
from equity.sources._encoding import look_through
from equity.sources._workbook import sheet_rows

__all__ = ["look"]

Cells = Sequence[Sequence[str | None]]
Header = int | list[int]


def look(path: Path) -> Looked:
    """Look at a file; what is in the way is said in `trouble`."""
    found = Looked(path)
    try:
        _layout(found)
        relation = _files.scan(path, header_row=found.header_row, sheet=found.sheet)
        fill(found, relation)
    except (ValueError, OSError) as error:
        found.trouble = str(error)
    return found


def _layout(found: Looked) -> None:
    """Find out sheets, header rows and encoding."""
    head = _files._head(found.path)
    if head.startswith(b"PAR1"):
        return
    if head.startswith(b"PK\x03\x04"):
        _workbook(found)
        return
    encoding = look_through(found.path, None).encoding
    found.encoding = encoding
    with found.path.open(encoding=encoding.replace("utf-8", "utf-8-sig"), newline="") as file:
        lines = [line for _, line in zip(range(LOOK_AT), file, strict=False)]
    tables = [list(csv.reader(lines, delimiter=mark)) for mark in (",", ";", "\t", "|")]
    best = max(tables, key=lambda rows: sum(map(len, rows)))
    at = _sure(found, header_of(best))
    found.header_row = at
    found.titles = {"": _above(best, at)}


def _sure(found: Looked, row: Header | None) -> Header:
    if row is None:
        raise ValueError(
            f"in {found.path.name} no row looks like the names of the columns. Put a row with "
            "names above the records, and run equity init again."
        )
    return row


def _above(rows: Cells, at: Header) -> str:
    first = at if isinstance(at, int) else at[0]
    return " | ".join(c.strip() for row in rows[: first - 1] for c in row if c and c.strip())


def _workbook(found: Looked) -> None:
    """Choose the sheets of a workbook: that of people, and those that hold the same."""
    pages = sheet_rows(found.path, LOOK_AT)
    heads: dict[str, Header] = {}
    names: dict[str, set[str]] = {}
    for sheet, rows in pages.items():
        at = header_of(rows)
        if at is not None:
            last = at if isinstance(at, int) else at[-1]
            heads[sheet] = at
            names[sheet] = {_headers.fold(c) for c in rows[last - 1] if c}
    if not heads:
        _sure(found, None)

    def people(sheet: str) -> bool:
        return bool(re.search(r"race|ethnic|gender|\bsex", " ".join(names[sheet])))

    main = max(heads, key=lambda n: (people(n), len(names[n])))
    alike = [n for n in heads if 2 * len(names[n] & names[main]) >= len(names[main])]
    others = [n for n in heads if n not in alike and people(n)]
    if others or any(names[n] != names[main] for n in alike):
        alike = _same_meaning(found, main, [*alike, *others], heads)
    found.header_row = heads[alike[0]]
    found.titles = {n: _above(pages[n], heads[n]) for n in alike}
    told = [n for n, _ in found.left_out]
    found.other_sheets = tuple(n for n in pages if n not in alike and n not in told)
    if len(alike) > 1:
        found.sheet = "*" if len(alike) == len(pages) else alike
    elif alike[0] != next(iter(pages)):
        found.sheet = alike[0]


def _same_meaning(
    found: Looked, main: str, sheets: Sequence[str], heads: dict[str, Header]
) -> list[str]:
    """Return the sheets that hold the same table as `main`, in their order; tell of the others."""
    parts: dict[str, Looked] = {}
    for sheet in [n for n in heads if n in sheets]:
        part = Looked(found.path, header_row=heads[sheet], sheet=sheet)
        try:
            fill(part, _files.scan(found.path, header_row=heads[sheet], sheet=sheet))
        except (ValueError, OSError) as error:
            found.left_out.append((sheet, str(error).rstrip(".")))
            continue
        parts[sheet] = part
    if main not in parts:
        return [main]
    table, form, _ = table_of(parts[main])
    ours = set(columns_of(parts[main], table)) if form in ("roster", "applicants") else set()
    alike: list[str] = []
    for sheet, part in parts.items():
        other, other_form, _ = table_of(part)
        same = columns_of(part, table) if ours and other == table else {}
        wide = set(part.columns) == set(parts[main].columns)
        if sheet == main or not part.rows or wide:
            alike.append(sheet)
        elif other and (other, other_form) != (table, form):
            found.left_out.append((sheet, f"it seems to be [{other}], not [{table}]"))
        elif "race" in same and 2 * len(ours & set(same)) >= len(ours):
            alike.append(sheet)
        else:
            found.left_out.append((sheet, f"its columns are others than those of {main!r}"))
    alike = _rows_found(found, alike, main, parts)
    if len(alike) > 1:
        found.parts = [parts[n] for n in alike if parts[n].rows]
    return alike


def _rows_found(found: Looked, alike: list[str], main: str, parts: dict[str, Looked]) -> list[str]:
    """Leave out sheets of which another row would be read as the names of the columns."""
    first = alike[0]
    kept = []
    for sheet in alike:
        part = parts[sheet]
        if sheet != first and part.header_row != parts[first].header_row:
            try:
                both = _files.scan(
                    found.path, header_row=parts[first].header_row, sheet=[first, sheet]
                )
                fine = set(part.columns) <= set(both.columns)
            except (ValueError, OSError):
                fine = False
            if not fine:
                row = parts[first].header_row
                found.left_out.append(
                    (sheet, f"its names are in row {part.header_row}, those of {first!r} in {row}")
                )
                continue
        kept.append(sheet)
    return kept if main in kept else [main]
