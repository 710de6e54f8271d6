"""Finds columns by their names, and replaces the labels in them by ours."""

from __future__ import annotations

import difflib
import functools
import operator
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import narwhals as nw

from equity.sources import _headers, _unmapped
from equity.sources._text import SPACES

__all__ = [
    "checked_values",
    "distinct",
    "find_header",
    "lower",
    "match_headers",
    "relabel",
    "replace",
    "same_code",
    "value_maps",
]


def distinct(frame: Any, columns: Collection[str]) -> dict[str, list[str]]:
    """Return the values that each column holds, in one pass over the frame."""
    seen = frame.select(*columns).unique()
    if isinstance(seen, nw.LazyFrame):
        seen = seen.collect()
    return {c: sorted({v for v in seen[c].to_list() if isinstance(v, str)}) for c in columns}


def relabel(
    frame: Any,
    maps: Mapping[str, Mapping[str, str | None]],
    seen: Mapping[str, list[str]] | None = None,
    *,
    table: str,
    headers: Mapping[str, str],
    allowed: Mapping[str, Collection[str]],
) -> Any:
    """Replace the labels of columns by groups; labels are matched without regard to case.

    `maps` is column -> {label in lower case: group, None if it says that the group is unknown},
    `seen` the distinct values, if they are known already. A label that is not in the map raises
    ValueError, which names the column as the file does (`headers`) and the groups (`allowed`).
    """
    new = []
    for column, values in (seen or distinct(frame, list(maps))).items():
        mapping = maps[column]
        known = {v: mapping[v.casefold()] for v in values if v.casefold() in mapping}
        _unmapped.recode(
            values,
            known,
            column=headers.get(column, column),
            section=f"{table}.values.{column}",
            allowed=tuple(allowed[column]),
            frame=frame,
            ours=column,
        )
        said = {v: group for v, group in known.items() if group is not None}
        new.append(
            nw.col(column).replace_strict(
                list(said) or ["-"],
                list(said.values()) or ["-"],
                default=None,
                return_dtype=nw.String,
            )
        )
    return frame.with_columns(*new)


def lower(column: str) -> nw.Expr:
    """Return a column in lower case."""
    return nw.col(column).str.to_lowercase()


_CODE = "^[0-9]+(?:[.]0*)?$"


def same_code(one: str, other: str) -> bool:
    """Return whether two texts are one number: spreadsheets make 2 or 2.0 of the code 002."""
    return _code(one) is not None and _code(one) == _code(other)


def _code(text: str) -> str | None:
    text = text.strip(SPACES)
    if not re.fullmatch(_CODE, text):
        return None
    return re.sub("[.]0*$", "", text).lstrip("0")


def _codes(mapping: Mapping[str, str | None]) -> set[str]:
    """Return the labels that are numbers, where all are and no two are the same one."""
    codes = [_code(label) for label in mapping if label]
    alone = None not in codes and len(set(codes)) == len(codes)
    return {label for label in mapping if label} if alone else set()


def replace(frame: Any, maps: Mapping[str, Mapping[str, str | None]]) -> Any:
    """Replace the labels that `maps` names, without regard to case; all others stay.

    Where all labels are numbers, zeros before them do not count, see `same_code`.
    """
    new = []
    for column, mapping in maps.items():
        key, value = lower(column), nw.col(column)
        codes = _codes(mapping)
        if codes:
            is_code = key.str.contains(_CODE)
            plain = key.str.replace_all("[.]0*$", "").str.replace_all("^0+", "")
            key = nw.when(is_code).then(plain).otherwise(key)
        for label, ours in mapping.items():
            hit = key == (_code(label) if label in codes else label)
            value = (
                nw.when(~hit).then(value)
                if ours is None
                else (nw.when(hit).then(nw.lit(ours)).otherwise(value))
            )
        new.append(value.alias(column))
    return frame.with_columns(*new) if new else frame


def value_maps(
    values: Mapping[str, Mapping[str, str]] | None, columns: Collection[str], *, what: str
) -> dict[str, dict[str, str | None]]:
    """Return an analyst's maps with labels in lower case and None for ""; check the columns."""
    for column in values or {}:
        if column not in columns:
            raise ValueError(
                f"values has a map for {column!r}, which is not a column of words of these "
                f"{what}. Those are: {', '.join(columns)}."
            )
    return {
        column: {str(k).strip(SPACES).casefold(): v or None for k, v in labels.items()}
        for column, labels in (values or {}).items()
    }


def checked_values(
    mapping: Mapping[str, str | None], allowed: Collection[str], column: str
) -> dict[str, str | None]:
    """Return `mapping`, or raise if it leads to a value that is not allowed."""
    wrong = sorted({str(v) for v in mapping.values() if v is not None and v not in allowed})
    if wrong:
        raise ValueError(
            f"values.{column} leads to {', '.join(map(repr, wrong))}, which is not a group here. "
            f'The groups are: {", ".join(allowed)}, and "" for not known.'
        )
    return dict(mapping)


def find_header(columns: Iterable[str], header: str) -> str | None:
    """Return the column that is meant by `header`, apart from case and spaces; None if none is."""
    columns = list(columns)
    if header in columns:
        return header
    if found := next((c for c in columns if _folded(c) == _folded(header)), None):
        return found
    stem = re.sub(r" ?\(1\)$", "", header.strip(SPACES))  # the first of two of one name
    if stem != header and any(_folded(c) == _folded(f"{stem} (2)") for c in columns):
        return find_header(columns, stem)
    return None


def _same_names(
    found: Mapping[str, str], wanted: Mapping[str, str], frame: Any, what: str
) -> None:
    """Raise if a name means several columns of the file that do not hold the same."""
    if frame is None:
        return
    names = frame.collect_schema().names()
    for ours, column in found.items():
        twins = [c for c in names if re.fullmatch(re.escape(column) + r" \([0-9]+\)", c)]
        if not twins or re.search(r"\(1\)\s*$", wanted[ours]):
            continue
        schema = frame.collect_schema()
        differ = [
            (nw.col(column) != nw.col(c)) | (nw.col(column).is_null() != nw.col(c).is_null())
            for c in twins
            if schema[c] == schema[column]
        ]
        other = functools.reduce(operator.or_, differ) if differ else None
        if other is not None:
            rows = frame.filter(other.fill_null(False)).select(nw.col(column)).head(1)
            rows = rows.collect() if isinstance(rows, nw.LazyFrame) else rows
            if not len(rows):
                continue
        several = ", ".join(repr(c) for c in (f"{column} (1)", *twins))
        raise ValueError(
            f"{what} has {len(twins) + 1} columns called {column!r}, which do not hold the same. "
            f"Say which is meant for {ours!r}, counted from the left: {several}."
        )


def match_headers(
    columns: Iterable[str],
    wanted: Mapping[str, str],
    *,
    what: str = "The file",
    hint: str = "",
    frame: Any = None,
    called: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return our column -> column of the file, or raise naming the nearest columns there are.

    `frame` is looked into only to say where the column names are; `called` says what one of ours
    is called in words. A header that looks like somebody's record is never quoted.
    """
    own = ("source_row", "source_file", "not_a_record")
    columns = [c for c in columns if c not in own]
    found = {ours: find_header(columns, header) for ours, header in wanted.items()}
    missing = [ours for ours, match in found.items() if match is None]
    if not missing:
        matched = {ours: match for ours, match in found.items() if match is not None}
        _same_names(matched, wanted, frame, what)
        return matched
    origin, rows = _origin(frame)
    record = len(missing) == len(found) and _headers.record_like(columns)
    problems = []
    for ours in missing:
        folded = {_folded(c): c for c in reversed(columns)}
        near = difflib.get_close_matches(_folded(wanted[ours]), folded, n=3, cutoff=0.6)
        meant = f" (near: {', '.join(repr(folded[n]) for n in near)})" if near else ""
        use = (called or {}).get(ours, "" if wanted[ours] == ours else repr(ours))
        problems.append(f"{wanted[ours]!r}{use and f' for {use}'}{'' if record else meant}")
    said = f"{what} has no column {'; '.join(problems)}."
    if record:
        raise ValueError(f"{said} {_record_words(origin)}{_sheet_words(origin)}")
    below = _headers.names_row(rows, wanted=wanted.values())
    unnamed = sum(re.fullmatch(r"column \d+(?: \(\d+\))?", c) is not None for c in columns)
    title = unnamed > len(columns) / 2 or (len(columns) == 1 and len(wanted) > 1)
    if title and below is None and origin:
        below = origin.names_in
    matches = any(
        number == below and {_folded(w) for w in wanted.values()} & {_folded(c or "") for c in row}
        for number, row in rows
    )
    if below is not None and (title or matches):
        raise ValueError(
            f"{said} Row {below} looks like the column names: set header_row = {below}."
            f"{_sheet_words(origin)}"
        )
    if title:
        hint = "The column names seem to be in a lower row: say which with header_row. " + hint
    there = ", ".join(map(repr, columns))
    raise ValueError(
        f"{said} Its columns are: {there}. {hint or 'Check the spelling of the names.'}".rstrip()
        + _sheet_words(origin)
    )


def _origin(
    frame: Any,
) -> tuple[_headers.Origin | None, list[tuple[int, list[str | None]]]]:
    """Return where the rows of a frame come from, and its first rows with their numbers."""
    if frame is None or not {"source_row", "source_file"} <= set(frame.collect_schema().names()):
        return None, []
    head = frame.head(_headers.LOOK_AT)
    head = head.collect() if isinstance(head, nw.LazyFrame) else head
    rows = []
    for row in head.iter_rows(named=True):
        number = str(row.pop("source_row") or "")
        file = str(row.pop("source_file") or "")
        if number.isdigit():
            cells = [v if isinstance(v, str) else None for v in row.values()]
            rows.append((int(number), file, cells))
    files = {file for _, file, _ in rows}
    origin = _headers.ORIGINS.get(next(iter(files))) if len(files) == 1 else None
    return origin, sorted((n, cells) for n, _, cells in rows)


def _record_words(origin: _headers.Origin | None) -> str:
    if origin is None:
        return (
            "Its first row looks like a record and not like column names, and is not shown here. "
            "Say with header_row in which row the column names are."
        )
    row = origin.header_row
    words = f"Row {row} looks like a record and not like column names, and is not shown here. "
    if origin.names_in is not None:
        return words + (
            f"Row {origin.names_in} looks like the column names: set header_row = "
            f"{origin.names_in}."
        )
    if row > 1:
        return words + f"The names stand above it: header_row must be a smaller number than {row}."
    return words + "The file seems to have no column names: put a row with names above the first."


def _sheet_words(origin: _headers.Origin | None) -> str:
    if origin is None or origin.sheet is None:
        return ""
    others = [s for s in origin.sheets if s != origin.sheet]
    if not others:
        return f" The sheet that was read is {origin.sheet!r}, the only one of the workbook."
    return (
        f" The sheet that was read is {origin.sheet!r}. The workbook also has "
        f"{', '.join(map(repr, others))}: name the right one with sheet."
    )


def _folded(name: str) -> str:
    return _headers.fold(unicodedata.normalize("NFKC", name))
