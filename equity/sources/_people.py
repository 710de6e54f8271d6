"""What the tables of employees and of applicants share: columns by a mapping, groups by labels."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Collection, Mapping
from typing import Any

import narwhals as nw

from equity import groups
from equity.sources import _columns, _text
from equity.tables import Table

__all__ = [
    "SEXES",
    "constants_of",
    "people",
    "plain",
    "race_labels",
    "relabel",
    "sex_labels",
    "with_year",
]


def people(
    frame: Any,
    table: Table,
    *,
    columns: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]] | None,
    scheme: str,
    constants: Mapping[str, Any],
    extra: Mapping[str, str],
) -> Any:
    """Return the table's columns with race and sex as groups, and `extra` columns as text.

    `columns` is our column -> theirs, `extra` a working name -> theirs. Columns that are not of
    the table are kept as text; a name that is nearly one of the table's is taken for a slip.
    """
    columns = {str(k): str(v) for k, v in columns.items()}
    kinds: dict[str, str] = {c.name: c.kind for c in table.columns}
    for ours in columns:
        near = difflib.get_close_matches(ours, kinds, n=1, cutoff=0.75)
        if ours not in kinds and near:
            raise ValueError(
                f"columns names {ours!r}, which is not a column of {table.name}. Is it "
                f"{near[0]!r}? Its columns are: {', '.join(kinds)}."
            )
    for ours in (c.name for c in table.columns if c.required and c.name not in columns):
        raise ValueError(
            f"columns does not say which column of the file holds {ours!r}. Add {ours} = "
            f'"<name in the file>" to the table\'s columns in equity.toml.'
        )
    source = _text.start(frame)
    names = source.collect_schema().names()
    found = _columns.match_headers(
        names,
        columns | dict(extra),
        what=f"The {table.name} file",
        frame=source,
        called={raw: f"the stage {raw.removeprefix('raw_')!r}" for raw in extra},
    )
    for ours in ("source_row", "source_file"):
        if ours in names:
            found.setdefault(ours, ours)
    order = [*(c for c in kinds if c in found), *(c for c in found if c not in kinds)]
    wanted = {ours: (found[ours], kinds.get(ours, "text")) for ours in order}
    rows = _text.shape(source, wanted, constants=constants)
    words = [c for c in order if kinds.get(c, "text") in ("text", "category") and c not in extra]
    maps = _columns.value_maps(values, words, what=table.name)
    relabelled = {"race": race_labels(scheme, maps.pop("race", {}))}
    if "sex" in found:
        relabelled["sex"] = sex_labels(maps.pop("sex", {}))
    return relabel(_columns.replace(rows, maps), relabelled, scheme, table.name, found)


def relabel(
    rows: Any,
    maps: Mapping[str, dict[str, str | None]],
    scheme: str,
    table: str,
    headers: Mapping[str, str],
    *,
    race: str = "race",
    allowed: Mapping[str, Collection[str]] | None = None,
) -> Any:
    """Replace labels by ours; those of `race`, by groups of the scheme, or say what is in the way.

    `maps` is column -> {label in lower case: ours}, `allowed` column -> the words there may be.
    """
    seen = _columns.distinct(rows, list(maps))
    races = maps[race]
    for label in (v.casefold() for v in seen[race]):
        if label not in races and (key := plain(label, races)) is not None:
            races[label] = races[key]
    split = sorted(v for v in seen[race] if races.get(v.casefold(), "") == _NEEDS_SPLIT)
    if split:
        coarser = [
            s
            for s in ("us1977", "stanford", "us1997", "us2024")
            if _NEEDS_SPLIT not in (race_labels(s, {}).get(v.casefold()) for v in split)
        ]
        way = f'Use scheme="{coarser[0]}" for this table and its benchmark' if coarser else ""
        raise ValueError(
            f"Column {headers.get(race, race)!r} holds {', '.join(map(repr, split))}, which "
            f"scheme={scheme!r} divides "
            f"into several groups, and nobody can tell from the label into which. "
            f"{way or f'Map the label to a group of the scheme in values.{race}'}."
        )
    return _columns.relabel(
        rows,
        maps,
        seen,
        table=table,
        headers=headers,
        allowed={race: groups.scheme(scheme).groups, "sex": SEXES} | dict(allowed or {}),
    )


SEXES = tuple(dict.fromkeys(groups.SEX_LABELS.values()))
_LATINO = r"(?:hispanic|latin[oaxe])(?: ?(?:or|/|and) ?(?:hispanic|latin[oaxe]))*"
_NOT = rf"(?:not (?:of )?|non[- ]?){_LATINO}(?: origin| ethnicity)?"
_NOT_HISPANIC = rf"^{_NOT}[\s,:–—-]+|[\s,;:(–—-]*\b{_NOT}\s*[)]?$"
_ENDINGS = (
    r"\s*[(](?:united states(?: of america)?|u[.]?s[.]?a?[.]?)[)]$",
    r"(?<=\w),?\s+(?:[(]alone[)]|alone)$",
)
"""Words after a group that say that Hispanic people of it are counted as Hispanic, or in which
country the group is kept; EEO-1, EEO-4 and census tables write them in many ways."""


def plain(label: str, known: Mapping[str, str | None]) -> str | None:
    """Return the label of `known` that is left when such words are taken off; None if none is."""
    text = " ".join(label.split())
    cut = False
    while True:
        if text in known:
            return None if cut and known[text] == "hispanic" else text
        shorter = re.sub(_NOT_HISPANIC, "", text).strip()
        cut = cut or shorter != text
        for ending in _ENDINGS:
            shorter = re.sub(ending, "", shorter).strip()
        if shorter in ("", text):
            return None
        text = shorter


_NEEDS_SPLIT = "(needs a split)"


def race_labels(
    scheme: str,
    extra: Mapping[str, str | None],
    *,
    known: Mapping[str, str] = groups.HR_RACE_LABELS,
    column: str = "race",
) -> dict[str, str | None]:
    """Return label in lower case -> group of the scheme, None if it says "not known".

    `known` are the labels that a publisher uses and the finest group that each names, `extra`
    those of the analyst.
    """
    labels: dict[str, str | None] = dict.fromkeys(groups.UNKNOWN_LABELS)
    for label, group in known.items():
        labels[label] = _in_scheme(group, scheme) or _NEEDS_SPLIT
    given = {
        label: group and (_in_scheme(group, scheme) or group) for label, group in extra.items()
    }
    return labels | _columns.checked_values(given, groups.scheme(scheme).groups, column)


def sex_labels(extra: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return label in lower case -> female, male or nonbinary, None if it says "not known"."""
    unknown: dict[str, str | None] = dict.fromkeys((*groups.UNKNOWN_LABELS, "u"))
    return unknown | groups.SEX_LABELS | _columns.checked_values(extra, SEXES, "sex")


def _in_scheme(group: str, scheme: str) -> str | None:
    """Return the group of `scheme` in which all of `group` lies, None if it would be split."""
    if group in groups.scheme(scheme).groups:
        return group
    for source in ("us1997", "us1977", "us2024"):
        if group not in groups.scheme(source).groups:
            continue
        try:
            mapping = groups.crosswalk(source, scheme)
        except ValueError:
            continue
        if group in mapping:
            return mapping[group]
    return None


def constants_of(
    columns: Mapping[str, str], year: int | None, date: str | dt.date | None = None
) -> dict[str, Any]:
    """Return the year and date that all rows get; neither may also be a column."""
    given: dict[str, Any] = {}
    if date is not None:
        try:
            given["date"] = dt.date.fromisoformat(str(date)[:10])
        except ValueError:
            raise ValueError(f"date={str(date)!r} is not a date such as 2017-07-01.") from None
    if year is not None:
        if isinstance(year, bool) or not isinstance(year, int) or not 1900 <= year <= 2200:
            raise ValueError(f"year={year!r} is not a year such as 2017.")
        given["year"] = year
    elif "date" in given and "year" not in columns:
        given["year"] = given["date"].year
    for name in given:
        if name in columns:
            raise ValueError(
                f"{name} is given twice: as the column {columns[name]!r} and as {given[name]}. "
                "Keep one."
            )
    return given


def with_year(rows: Any) -> Any:
    """Add `year` from `date`, where the table has a date and no year."""
    names = rows.collect_schema().names()
    if "year" in names or "date" not in names:
        return rows
    return rows.with_columns(year=nw.col("date").dt.year().cast(nw.Int64))
