"""Tells column names from records and titles, and says in which row the column names are.

What was seen when a file was opened is kept by the file's name, in row numbers and names of
sheets only, never a value of a row: it serves the words of an error and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from equity import groups
from equity.sources._text import SPACES

__all__ = ["ORIGINS", "LOOK_AT", "Origin", "fold", "names_row", "note", "record_like", "where"]

LOOK_AT = 40
"""So many rows around the header are looked at for column names."""

_DATA = re.compile(
    r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}(?:[ T].*)?"  # a date
    r"|[0-9]{1,2}[- ][A-Za-z]{3,9}[- ,]+[0-9]{2,4}|[A-Za-z]{3,9}[. ]+[0-9]{1,2}, *[0-9]{4}"
    r"|[0-9]{1,2}:[0-9]{2}(?::[0-9.]+)?(?: ?[AaPp][Mm])?"  # a time
    r"|[-+($ ]*[0-9][0-9,]*(?:[.][0-9]*)?[)% ]*"  # a number or a sum of money
    r"|[A-Za-z]{0,3}[-# ]?[0-9][-0-9]{2,}"  # the number of a person or of a telephone
    r"|[+(]?[0-9][-0-9() .]{6,}"
    r"|[^@\s]+@[^@\s]+[.][a-z]+"
)
_YEAR = re.compile(r"(?:[A-Za-z]{2,3}[- ]?)?(?:19|20)[0-9]{2}(?:[.][0-9]+)?")
_UNNAMED = re.compile(r"column [0-9]+(?: \([0-9]+\))?")
_VAGUE = {"other", "na", "n/a", "x"}


@dataclass
class Origin:
    """Where the rows of a file come from: its header row, a likelier one, and its sheets."""

    header_row: int
    names_in: int | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = field(default=())


ORIGINS: dict[str, Origin] = {}
"""File name -> what was seen when it was last opened."""


def fold(name: str) -> str:
    """Return a name without spaces and capitals."""
    return re.sub(r"[\s\u200b\ufeff]+", "", name).casefold()


def record_like(cells: Iterable[str | None]) -> bool:
    """Return whether a row looks like somebody's record: a date, a number, one race or sex.

    Years are not counted, because columns may be called by them; nor are several races, which
    are the columns of a table of counts.
    """
    filled = _filled(cells)
    if any(_is_data(c) for c in filled):
        return True
    low = [c.casefold() for c in filled if c.casefold() not in _VAGUE]
    races = sum(c in groups.HR_RACE_LABELS for c in low)
    sexes = sum(c in groups.SEX_LABELS for c in low)
    return len(filled) > 1 and (races == 1 or sexes == 1)


def names_row(
    rows: Iterable[tuple[int, Sequence[str | None]]],
    *,
    wanted: Collection[str] = (),
    beside: Sequence[str | None] | None = None,
    sure: bool = False,
) -> int | None:
    """Return the number of the row that looks like column names; None if none clearly does.

    `wanted` are names that are looked for: a row that holds half of them is the one. Without
    them it is the first row of several words, of which hardly any is there
    twice. `beside` is a record: then it is the
    last such row that has words where the record has dates and numbers. If it has to be `sure`,
    only `wanted` counts.
    """
    rows = list(rows)
    folded = {fold(w) for w in wanted}
    for number, cells in rows:
        if folded and 2 * len(folded & {fold(c) for c in _filled(cells)}) >= len(folded):
            return number
    if sure:
        return None
    likely = []
    for number, cells in rows:
        filled = _filled(cells)
        distinct = len({c.casefold() for c in filled}) >= 0.8 * len(filled)
        words = all(re.search("[^\\W\\d_]", c) and len(c) <= 60 for c in filled)
        enough = len(filled) >= (3 if beside is None else max(2, 0.6 * len(_filled(beside))))
        if enough and distinct and words and not record_like(cells):
            likely.append((number, cells))
    if beside is None:
        return likely[0][0] if likely else None
    data = [i for i, c in enumerate(beside) if c and _is_data(c.strip(SPACES))]
    for number, cells in reversed(likely):
        if all(i < len(cells) and (cells[i] or "").strip(SPACES) for i in data):
            return number
    return None


def note(
    file: str,
    header_row: int,
    rows: Sequence[Sequence[str | None]],
    *,
    sheet: str | None = None,
    sheets: Sequence[str] = (),
) -> Origin:
    """Keep what the first rows of a file say of its header; `rows` begin with row 1."""
    header = rows[header_row - 1] if header_row <= len(rows) else []
    numbered = list(enumerate(rows, start=1))
    if record_like(header):
        likely = names_row(numbered[: header_row - 1][-LOOK_AT:], beside=header)
    else:
        likely = names_row(numbered[header_row : header_row + LOOK_AT])
    ORIGINS[file] = Origin(header_row, likely, sheet, tuple(sheets))
    return ORIGINS[file]


def where(origin: Origin) -> str:
    """Return the sentence that says which row to name, for a header that is empty or a title."""
    if origin.names_in is None:
        return ""
    return (
        f" Row {origin.names_in} looks like the column names: try header_row = {origin.names_in}."
    )


def _filled(cells: Iterable[str | None]) -> list[str]:
    found = [(c or "").strip(SPACES) for c in cells]
    return [c for c in found if c and not _UNNAMED.fullmatch(c)]


def _is_data(cell: str) -> bool:
    return bool(_DATA.fullmatch(cell)) and not _YEAR.fullmatch(cell)
