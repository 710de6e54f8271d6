"""Looks at a file that nobody has described: its sheets, its header, what each column holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from equity import groups
from equity.sources import _headers, _people, _text
from equity.sources._relation import OWN, identifier, literal

__all__ = ["Column", "Looked", "fill", "header_of", "words"]

LOOK_AT = 60
AT_MOST = 200_000
"""So many rows of a file are looked at."""
FEW = 60
"""A column of at most so many different texts may be one of labels, which are then looked at."""
_YES = ("yes", "no", "y", "n", "true", "false", "t", "f", "pass", "passed", "fail", "failed")
_KINDS = {
    "date": f"{_text.ISO_DATE}|{_text.US_DATE}",
    "number": f"{_text.NUMBER}|{_text.MONEY}|{_text.IN_BRACKETS}",
    "year": "^(?:19|20)[0-9]{2}(?:[.]0)?$",
    "several words": "[A-Za-z][A-Za-z.'-]*,? +[A-Za-z]",
}


@dataclass
class Column:
    """What a column holds, in shares of its filled cells; `labels` only if they are few."""

    name: str
    position: int
    filled: float = 0.0
    distinct: int = 0
    shares: dict[str, float] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    labels: tuple[tuple[str, float], ...] = ()
    rows: int = 0

    @property
    def words(self) -> str:
        """The name in small letters and digits."""
        return words(self.name)

    def share(self, kind: str) -> float:
        """Return which share of the filled cells is of a kind."""
        return self.shares.get(kind, 0.0)

    def known(self, kind: str) -> float:
        """Return which share of the filled cells is a label of race or sex that is known."""
        return sum(share for label, share in self.labels if is_known(label, kind))


@dataclass
class Looked:
    """A file, how it is to be opened, and its columns.

    parts : each sheet by itself, if sheets with other headers are read together.
    titles : sheet ("" if there is none) -> what stands above the names of its columns.
    left_out : sheets that seem to hold people and are not read, and why.
    """

    path: Path
    rows: int = 0
    header_row: int | list[int] = 1
    sheet: str | list[str] | None = None
    other_sheets: tuple[str, ...] = ()
    encoding: str = ""
    columns: dict[str, Column] = field(default_factory=dict)
    no_records: int = 0
    fingerprint: tuple[Any, ...] = ()
    trouble: str = ""
    parts: list[Looked] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def words(name: str) -> str:
    """Return a name in small letters and digits, a space for all else."""
    spread = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.sub(r"[^a-z0-9#]+", " ", spread.lower()).strip()


def is_known(label: str, kind: str) -> bool:
    """Return whether a label of race or sex needs no explanation."""
    low = label.casefold()
    if low in groups.UNKNOWN_LABELS or _people.cites_a_law(label):
        return True
    if kind == "sex":
        return low in _people.sex_labels({})
    known: dict[str, str | None] = dict(groups.HR_RACE_LABELS)
    return low in known or _people.plain(low, known) is not None


def header_of(rows: Sequence[Sequence[str | None]]) -> int | list[int] | None:
    """Return the row of the column names, or two rows of them; None if no row clearly is.

    It is the first row that fills most of the table's width with different words, above records.
    """
    filled = [[c.strip() for c in row if c and c.strip()] for row in rows]
    wide = max(map(len, filled), default=0)
    for at, cells in enumerate(filled):
        below = filled[at + 1] if at + 1 < len(filled) else []
        if _two(rows, at, cells, below, wide):
            return [at + 1, at + 2]
        if len(cells) < max(2, 0.6 * wide):
            continue
        if _names(cells) and len({c.casefold() for c in cells}) >= 0.8 * len(cells):
            return at + 1
        return None
    return None


def _names(cells: Sequence[str]) -> bool:
    said = sum(bool(re.search(r"[^\W\d_]", c)) and len(c) <= 60 for c in cells)
    if said < 0.8 * len(cells):
        return False
    if any(re.search(r"\b(?:race|ethnic|gender|sex)", c, re.I) for c in cells):
        return not any(_headers._is_data(c) for c in cells)  # "M" may be the middle initial
    return not _headers.record_like(cells)


def _two(
    rows: Sequence[Sequence[str | None]],
    at: int,
    upper: Sequence[str],
    lower: Sequence[str],
    wide: int,
) -> bool:
    """Return whether two rows together hold the names: gaps above, and repeats or gaps below."""
    if min(len(upper), len(lower)) < 2 or not (_names(upper) and _names(lower)):
        return False
    above, below = rows[at], rows[at + 1]
    width = max(len(above), len(below))
    both = [
        (bool(above[i] if i < len(above) else None), bool(below[i] if i < len(below) else None))
        for i in range(width)
    ]
    covered = sum(a or b for a, b in both)
    gaps = any(b and not a for a, b in both)
    repeats = len(set(lower)) < len(lower) or any(a and not b for a, b in both)
    return gaps and repeats and covered >= 0.9 * wide and len(upper) < covered


def fill(found: Looked, relation: duckdb.DuckDBPyRelation) -> None:
    """Look at the rows, each column by itself; labels only where they are few."""
    names = [c for c in relation.columns if c not in OWN]
    head = relation.limit(AT_MOST)
    if "not_a_record" in relation.columns:
        found.no_records = (
            head.filter("not_a_record IS NOT NULL").aggregate("count(*)").fetchall()[0][0]
        )
        head = head.filter("not_a_record IS NULL")
    texts = {
        n: f"nullif(trim(CAST({identifier(n)} AS VARCHAR), {literal(_text.SPACES)}), '')"
        for n in names
    }
    chosen = ["count(*)", f"bit_xor(hash({', '.join(texts.values())}))"]
    yes = ", ".join(map(literal, _YES))
    kinds = {**{k: f"regexp_matches({{}}, {literal(p)})" for k, p in _KINDS.items()}}
    kinds["yes or no"] = f"lower({{}}) IN ({yes}, '0', '1')"
    for text in texts.values():
        iso = f"regexp_matches({text}, {literal(_text.ISO_DATE)})"
        year = (
            f"CASE WHEN {iso} THEN {text}[1:4] WHEN regexp_matches({text}, "
            f"{literal(_text.US_DATE)}) THEN regexp_extract({text}, '[0-9]{{4}}') END"
        )
        chosen += [f"count({text})", f"count(DISTINCT {text})", f"min({year})", f"max({year})"]
        chosen += ["count_if(" + sql.replace("{}", text) + ")" for sql in kinds.values()]
    told = list(head.aggregate(", ".join(chosen)).fetchall()[0])
    found.rows, mark = int(told[0]), told[1]
    found.fingerprint = (found.rows, mark, tuple(sorted(names)))
    each = 4 + len(kinds)
    for at, name in enumerate(names):
        n, distinct, first, last, *counts = told[2 + at * each : 2 + (at + 1) * each]
        shares = {k: c / n if n else 0.0 for k, c in zip(kinds, counts, strict=True)}
        column = Column(
            name, at, n / max(found.rows, 1), distinct, shares, first or "", last or ""
        )
        column.rows = n
        if 0 < distinct <= FEW:
            rows = (
                head.aggregate(f"{texts[name]} AS v, count(*) AS n", "v")
                .filter("v IS NOT NULL")
                .order("n DESC, v")
                .fetchall()
            )
            column.labels = tuple((v, c / n) for v, c in rows)
        found.columns[name] = column
