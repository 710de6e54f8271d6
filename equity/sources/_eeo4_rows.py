"""Goes down the rows of an EEO-4 table: headings, categories, bands, totals, new hires."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from equity.sources import _matrix, _rows

__all__ = ["NEW_HIRES", "OWN", "Reading"]

OWN = ("source_file", "source_row", "source_sheet", "not_a_record")
NEW_HIRES = "new hires, who are among the employees already"
Cell = tuple[str, str | None, str | None, str | None]

_SECTIONS: tuple[tuple[str, str], ...] = (
    (r"new hires?", NEW_HIRES),
    (r"other than full[- ]?time|part[- ]?time", "part-time"),
    (r"full[- ]?time", "full-time"),
)
"""Words of a heading -> the employment of the people below it."""


@dataclass
class Reading:
    """Makes a row of each cell of an EEO-4 table, whose totals it checks.

    categories : category in plain words -> (ours, whether sworn); words : the analyst's.
    cells : for each column that counts: header, race, why it is not known, sex.
    totals : working name -> (header, the sex that the column adds up; None for all).
    sexes : label of a column of sex -> sex. fill : a blank category is that of the row above.
    """

    categories: Mapping[str, tuple[str, bool | None]]
    words: Mapping[str, str | None]
    cells: Sequence[Cell]
    totals: Mapping[str, tuple[str, str | None]]
    sexes: Mapping[str, str | None]
    fill: bool
    strange: list[str] = field(default_factory=list)

    def rows(self, table: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows of our table, or raise for a total or a category."""
        made = list(self._made(table))
        if self.strange:
            known = dict.fromkeys(ours for ours, _ in self.categories.values())
            raise ValueError(
                f"These are no job categories of the EEO-4 report: "
                f"{', '.join(map(repr, dict.fromkeys(self.strange)))}. Say in the section "
                f"[workforce.values.job_category] what each means. The categories: "
                f"{', '.join(known)}."
            )
        return made

    def _made(self, table: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        sheet: Any = None
        section = category = sex = None
        sums = _Sums()
        for place, row in enumerate(table, start=1):
            own = {c: row[c] for c in OWN if c in row}
            where = f"Row {own.get('source_row') or place}"
            if sheet != (sheet := (own.get("source_file"), own.get("source_sheet"))):
                section = category = sex = None
                sums = _Sums()
            label = row["job_category"]
            numbers = [row[_matrix.cell(i)] for i in range(len(self.cells))]
            if all(n is None for n in [*numbers, *(row[t] for t in self.totals)]):
                told = _section(label)
                if told:
                    section, category, sums = told, None, _Sums()
                elif label and _plain(label) in self.categories:
                    category = label
                yield own | {"not_a_record": own.get("not_a_record") or _rows.HEADING}
                continue
            why = own.get("not_a_record")
            if why == _rows.TOTAL or (
                label and re.match(r"(?:grand |sub-?)?totals?\b", _plain(label))
            ):
                self._check_down(where, sums, row, numbers)
                yield own | {"not_a_record": _rows.TOTAL}
                continue
            if why:
                yield own
                continue
            if label is None and not (self.fill and category):
                raise ValueError(
                    f"{where} has numbers and no job category. Write the category in every row."
                )
            category = label or category
            sex = self._sex(where, row, sex)
            self._check_across(where, row, numbers, sex)
            sums.add(row, numbers, self.totals)
            if section == NEW_HIRES:
                yield own | {"not_a_record": NEW_HIRES}
                continue
            about = own | self._about(str(category))
            about |= {c: row[c] for c in ("salary_band", "department") if row.get(c)}
            about |= {"employment": section}
            for (_, race, unknown, of), number in zip(self.cells, numbers, strict=True):
                yield about | {
                    "race": race,
                    "race_unknown": unknown,
                    "sex": of or sex,
                    "weight": number or 0,
                }

    def _about(self, label: str) -> dict[str, Any]:
        plain = _plain(label)
        mapped = self.words.get(label.casefold(), label)
        found = self.categories.get(plain)
        if mapped != label:
            known = {ours: ours for ours, _ in self.categories.values()}
            again = self.categories.get(_plain(mapped)) if mapped else None
            return {"job_category": again[0] if again else known.get(mapped or "", mapped)}
        if found is None:
            self.strange.append(label)
            return {}
        return {"job_category": found[0], "sworn": found[1]}

    def _sex(self, where: str, row: Mapping[str, Any], before: str | None) -> str | None:
        if "sex" not in row:
            return None
        if row["sex"] is None:
            return before
        label = str(row["sex"]).casefold()
        if label not in self.sexes:
            raise ValueError(
                f"{where}: {row['sex']!r} is not a sex. Write Male or Female, or drop the row."
            )
        return self.sexes[label]

    def _check_across(
        self, where: str, row: Mapping[str, Any], numbers: Sequence[int | None], sex: str | None
    ) -> None:
        for name, (header, of) in self.totals.items():
            parts = [
                n or 0
                for (*_, s), n in zip(self.cells, numbers, strict=True)
                if of is None or (s or sex) == of
            ]
            if row[name] is not None and row[name] != sum(parts):
                raise ValueError(
                    f"{where}: {header!r} is {row[name]}, and its cells add up to {sum(parts)}. "
                    "Correct the file."
                )

    def _check_down(
        self, where: str, sums: _Sums, row: Mapping[str, Any], numbers: Sequence[int | None]
    ) -> None:
        given = [*numbers, *(row[t] for t in self.totals)]
        headers = [*(c[0] for c in self.cells), *(header for header, _ in self.totals.values())]
        if not any(_agree(given, parts) for parts in (sums.since, sums.all)):
            parts = sums.all or [0] * len(given)
            header, number, found = next(
                (h, g, p)
                for h, g, p in zip(headers, given, parts, strict=True)
                if g not in (None, p)
            )
            raise ValueError(
                f"{where}, a row of totals: {header!r} is {number}, and the rows above add up to "
                f"{found}. Correct the file."
            )
        sums.since = []


@dataclass
class _Sums:
    """What each column adds up to, since the last row of totals and in all."""

    since: list[int] = field(default_factory=list)
    all: list[int] = field(default_factory=list)

    def add(
        self, row: Mapping[str, Any], numbers: Sequence[int | None], totals: Iterable[str]
    ) -> None:
        more = [n or 0 for n in [*numbers, *(row[t] for t in totals)]]
        for name in ("since", "all"):
            had = getattr(self, name) or [0] * len(more)
            setattr(self, name, [a + b for a, b in zip(had, more, strict=True)])


def _agree(given: Sequence[int | None], parts: Sequence[int]) -> bool:
    parts = parts or [0] * len(given)
    return all(g in (None, p) for g, p in zip(given, parts, strict=True))


def _section(label: str | None) -> str | None:
    for pattern, section in _SECTIONS:
        if label and re.search(rf"\b(?:{pattern})\b", label, re.IGNORECASE):
            return section
    return None


def _plain(label: str) -> str:
    """Return a category without its number, "and", "workers" and signs."""
    text = re.sub(r"^\W*[0-9]{1,3}[a-z]?[.):\s-]+", "", label.casefold())
    text = re.sub(r"[(]incl.*[)]", " ", text).replace("services", "service")
    words = re.sub(r"[^a-z]+", " ", text).split()
    return " ".join(w for w in words if w not in ("and", "workers", "worker", "personnel"))
