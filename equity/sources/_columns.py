"""Finds columns by their names, and replaces the labels in them by ours."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import narwhals as nw

from equity import groups
from equity.sources._text import SPACES

__all__ = [
    "checked_values",
    "distinct",
    "find_header",
    "lower",
    "match_headers",
    "relabel",
    "replace",
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
) -> Any:
    """Replace the labels of columns by groups; labels are matched without regard to case.

    `maps` is column -> {label in lower case: group, None if it says that the group is unknown},
    `seen` the distinct values, if they are known already. A label that is not in the map raises
    ValueError.
    """
    new = []
    for column, values in (seen or distinct(frame, list(maps))).items():
        mapping = maps[column]
        known = {v: mapping[v.casefold()] for v in values if v.casefold() in mapping}
        groups.recode(values, known, column=column)
        said = {v: group for v, group in known.items() if group is not None}
        new.append(
            nw.col(column).replace_strict(
                list(said) or ["-"], list(said.values()) or ["-"],
                default=None, return_dtype=nw.String,
            )
        )
    return frame.with_columns(*new)


def lower(column: str) -> nw.Expr:
    """Return a column in lower case."""
    return nw.col(column).str.to_lowercase()


def replace(frame: Any, maps: Mapping[str, Mapping[str, str | None]]) -> Any:
    """Replace the labels that `maps` names, without regard to case; all others stay."""
    new = []
    for column, mapping in maps.items():
        key, value = lower(column), nw.col(column)
        for label, ours in mapping.items():
            hit = key == label
            value = nw.when(~hit).then(value) if ours is None else (
                nw.when(hit).then(nw.lit(ours)).otherwise(value)
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
    return next((c for c in columns if _folded(c) == _folded(header)), None)


def match_headers(
    columns: Iterable[str],
    wanted: Mapping[str, str],
    *,
    what: str = "The file",
    hint: str = "",
) -> dict[str, str]:
    """Return our column -> column of the file, or raise naming the nearest columns there are."""
    columns = [c for c in columns if c not in ("source_row", "source_file")]
    found = {ours: find_header(columns, header) for ours, header in wanted.items()}
    problems = []
    for ours, match in found.items():
        if match is None:
            folded = {_folded(c): c for c in reversed(columns)}
            near = difflib.get_close_matches(_folded(wanted[ours]), folded, n=3, cutoff=0.6)
            meant = f" (near: {', '.join(repr(folded[n]) for n in near)})" if near else ""
            use = "" if wanted[ours] == ours else f" for {ours!r}"
            problems.append(f"{wanted[ours]!r}{use}{meant}")
    if problems:
        unnamed = sum(re.fullmatch(r"column[ .]\d+", c) is not None for c in columns)
        if unnamed > len(columns) / 2 or (len(columns) == 1 and len(wanted) > 1):
            hint = "The column names seem to be in a lower row: say which with header_row. " + hint
        there = ", ".join(map(repr, columns))
        raise ValueError(
            f"{what} has no column {'; '.join(problems)}. Its columns are: {there}. "
            f"{hint or 'Check the spelling of the names.'}".rstrip()
        )
    return {ours: match for ours, match in found.items() if match is not None}


def _folded(name: str) -> str:
    return re.sub(r"[\s\u200b\ufeff]+", "", unicodedata.normalize("NFKC", name)).casefold()
