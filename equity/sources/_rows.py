"""Tells records from the other rows of a report: totals, repeated headers, headings and notes.

Each rule is certain by what stands in the row. A row of which it is not certain stays a record,
and the data checks look at it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from equity.sources._text import SPACES

__all__ = ["HEADING", "MAY_BE_TOTAL", "NOTE", "REPEATED", "TITLE", "TOTAL", "Judge", "joined"]

TOTAL = "total row"
REPEATED = "repeated header"
TITLE = "repeated title"
HEADING = "heading between the rows"
NOTE = "note below the table"

Cells = Sequence[str | None]

_LABEL = re.compile(
    r"\W*(?:(?:grand|over-?all|final|running|report|page|column)[\s-]*)?(?:sub[\s-]?)?totals?\W*",
    re.IGNORECASE,
)
_LONG_LABEL = re.compile(
    r"\W*(?:grand[\s-]*|sub[\s-]?)totals?\b.*"
    r"|\W*totals?\s*[:=(].*"
    r"|\W*totals?\s+(?:for|of|number|count|employees|staff|headcount|records|applicants)\b.*"
    r"|.*\b(?:sub)?totals?\W*"
    r"|\W*(?:record |row |head)?count\s*[:=].*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+($ ]*(?:[0-9][0-9,]*(?:[.][0-9]*)?|[.][0-9]+)?[)% ]*-?")
_NOTE = re.compile(
    r"(?:sources?|(?:foot)?notes?|prepared by|run (?:date|on|by|time)|report (?:run|date|generated"
    r"|created)|generated (?:on|by|at)|printed|data as of|as of|page [0-9]+|end of report"
    r"|confidential|disclaimer)\b.*|[*†‡§].*|[(\[][0-9a-z][)\]] .*",
    re.IGNORECASE | re.DOTALL,
)
_HEADING = re.compile(
    r"(?:department|dept[.]?|division|unit|bureau|district|section|job|class|classification"
    r"|position|location|organi[sz]ation|org|agency|group|cost center)\b[^:]{0,40}:.*",
    re.IGNORECASE,
)
MAY_BE_TOTAL = r"(?i)total|^\W*((record|row) |head)?count\W"
"""What the first cells of a row of totals hold, for a first look in SQL."""


class Judge:
    """Says of the rows below a header why they are not records.

    headers : the rows that hold the column names, as they stand in the file.
    above : the rows above them, which may be repeated on every page of a report.
    """

    def __init__(self, headers: Sequence[Cells], above: Iterable[Cells] = ()) -> None:
        self.headers = [[_fold(c) for c in row] for row in headers]
        self.named = max((sum(map(bool, row)) for row in self.headers), default=0)
        self.titles = {_fold(c) for row in above for c in row if c and c.strip(SPACES)}

    def __call__(self, row: Cells) -> str | None:
        """Return why a row is not a record; None if it may be one."""
        filled = [(i, c.strip(SPACES)) for i, c in enumerate(row) if c and c.strip(SPACES)]
        if not filled:
            return None
        if self._repeats(filled):
            return REPEATED
        if len(filled) == 1 and self.named >= 3:
            text = filled[0][1]
            if _NOTE.fullmatch(text):
                return NOTE
            if _fold(text) in self.titles:
                return TITLE
            if self.named >= 4 and _HEADING.fullmatch(text):
                return HEADING
        return TOTAL if self._is_total(filled) else None

    def notes(self, numbers: Sequence[int], rows: Sequence[Cells]) -> set[int]:
        """Return the places of the notes at the end: rows of one sentence, below a blank row.

        `numbers` are the numbers of the rows in the file, which tell where rows were blank.
        """
        end = len(rows)
        while end and self.named >= 3 and _sentence(rows[end - 1]):
            end -= 1
        first = next(
            (i for i in range(max(end, 1), len(rows)) if numbers[i] > numbers[i - 1] + 1),
            len(rows),
        )
        return set(range(first, len(rows)))

    def _repeats(self, filled: Sequence[tuple[int, str]]) -> bool:
        for header in self.headers:
            names = sum(map(bool, header))
            same = all(i < len(header) and _fold(c) == header[i] for i, c in filled)
            if same and len(filled) >= 2 and 2 * len(filled) >= names:
                return True
        return False

    def _is_total(self, filled: Sequence[tuple[int, str]]) -> bool:
        for place, (_, text) in enumerate(filled):
            exact = _LABEL.fullmatch(text) is not None
            if not exact and not (place == 0 and _LONG_LABEL.fullmatch(text)):
                continue
            others = [c for i, (_, c) in enumerate(filled) if i != place]
            words = sum(_NUMBER.fullmatch(c) is None for c in others)
            short = 2 * len(others) < self.named
            if words == 0 and (short or (exact and place == 0)):
                return True
            if exact and short and place == 1 and words == 1 and not _is_number(filled[0][1]):
                return True
        return False


def joined(headers: Sequence[Cells], spans: Sequence[Sequence[tuple[int, int]]] = ()) -> list[str]:
    """Return one name for each column, of the names in several rows.

    A cell of an upper row that is merged over several columns (`spans`: for each row, first and
    last column from 0) is the name of each. Where no cell of these rows is merged, as in CSV, a
    blank cell of an upper row has the name to its left, if there is a name below it.
    """
    width = max(map(len, headers))
    rows = [[(c or "").strip(SPACES) for c in row] + [""] * (width - len(row)) for row in headers]
    known = any(spans)
    for place, row in enumerate(rows[:-1]):
        below = [any(r[i] for r in rows[place + 1 :]) for i in range(width)]
        if known:
            for first, last in spans[place]:
                for column in range(first + 1, min(last, width - 1) + 1):
                    row[column] = row[column] or row[first]
            continue
        for column in range(1, width):
            if not row[column] and below[column] and below[column - 1]:
                row[column] = row[column - 1]
    return [" ".join(dict.fromkeys(row[i] for row in rows if row[i])) for i in range(width)]


def _sentence(row: Cells) -> bool:
    filled = [c.strip(SPACES) for c in row if c and c.strip(SPACES)]
    return len(filled) == 1 and re.search(r"[^\W\d_]\S*\s+\S", filled[0]) is not None


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _fold(cell: str | None) -> str:
    return " ".join((cell or "").strip(SPACES).split()).casefold()
