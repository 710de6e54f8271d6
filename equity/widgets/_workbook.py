"""A figure's table as a workbook: numbers as numbers, headings in words, notes on a sheet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["workbook"]

# how each format of a column is written: a number format, and what the number is multiplied with
_FORMATS: dict[str, tuple[str, float]] = {
    "whole": ("#,##0", 1),
    "number": ("#,##0.0", 1),
    "ratio": ("0.00", 1),
    "percent": ("0.0%", 1),
    "points": ("+0.0;-0.0;0.0", 100),
    "per_thousand": ("0.0", 1000),
    "p": ("0.000", 1),
}
_REASON = "reason"
_WIDEST = 48


def workbook(
    columns: Sequence[Mapping[str, str]],
    rows: Sequence[Mapping[str, Any]],
    notes: Mapping[str, str],
    *,
    fictional: bool = False,
) -> bytes:
    """Return an XLSX of a table as a page has it, and of what is said about it.

    Parameters
    ----------
    columns : key, heading and format of each column.
    rows : its rows, with the keys of the columns and, where figures are missing, `reason`.
    notes : what stands on the second sheet: name -> words; those without words are left out.
    fictional : whether the agency does not exist: the sheets say so.

    Text that begins like a formula stays text.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet: Any = book.active
    mark = " (fictional)" if fictional else ""
    sheet.title = f"Numbers{mark}"
    listed = [dict(c) for c in columns]
    if not any(c["key"] == _REASON for c in listed) and any(r.get(_REASON) for r in rows):
        listed.append({"key": _REASON, "heading": "Why a figure is missing", "format": "text"})
    for at, column in enumerate(listed, start=1):
        cell = sheet.cell(1, at)
        _write(cell, column["heading"])
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="bottom")
        style, times = _FORMATS.get(column["format"], ("General", 1))
        longest = min(len(column["heading"]), 16)
        for down, row in enumerate(rows, start=2):
            cell, value = sheet.cell(down, at), row.get(column["key"])
            if isinstance(value, bool):
                value = "yes" if value else "no"
            if isinstance(value, int | float):
                cell.value = value * times if times != 1 else value
                cell.number_format = style
                longest = max(longest, 9)
            elif value is not None:
                _write(cell, str(value))
                longest = max(longest, len(str(value)))
        sheet.column_dimensions[get_column_letter(at)].width = min(longest, _WIDEST) + 2
    sheet.freeze_panes = "A2"
    if rows and listed:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(listed))}{len(rows) + 1}"
    about: Any = book.create_sheet("About")
    lines = [*notes.items(), *(_said(listed, rows))]
    if fictional:
        lines.insert(0, ("Fictional", "Fictional sample data: this agency does not exist."))
    for name, words in lines:
        if not words:
            continue
        about.append(["", ""])
        down = about.max_row
        _write(about.cell(down, 1), name)
        _write(about.cell(down, 2), words)
        about.cell(down, 1).font = Font(bold=True)
        for at in (1, 2):
            about.cell(down, at).alignment = Alignment(wrap_text=True, vertical="top")
    about.column_dimensions["A"].width = 24
    about.column_dimensions["B"].width = 96
    book.properties.title = notes.get("Title", "")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _said(
    columns: Iterable[Mapping[str, str]], rows: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """Return how figures were made and why some are missing, each once."""
    out = []
    for key, name in (("method", "How it was computed"), (_REASON, "Notes on figures")):
        if any(c["key"] == key for c in columns):
            words = dict.fromkeys(str(r[key]) for r in rows if r.get(key))
            out.append((name, "\n".join(words)))
    return out


def _write(cell: Any, text: str) -> None:
    """Write words as words: never a formula, nor a sign that a workbook cannot hold."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    text = ILLEGAL_CHARACTERS_RE.sub("", text)[:32767]  # the most that a cell holds
    cell.value = text
    cell.data_type = "s"
    if text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        cell.quotePrefix = True  # also after it has been edited by hand
