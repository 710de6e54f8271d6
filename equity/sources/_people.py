"""What the tables of employees and of applicants share: columns by a mapping, groups by labels."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import narwhals as nw

from equity import groups
from equity.sources import _columns, _snapshots, _text
from equity.tables import RACE_UNKNOWN, Table

__all__ = [
    "FURTHER",
    "Headers",
    "SEXES",
    "cites_a_law",
    "in_scheme",
    "people",
    "plain",
    "race_labels",
    "relabel",
    "sex_labels",
]


Headers = Mapping[str, str | list[str]]
"""Our column -> column of the file, or several names of it, of which a file has one."""

FURTHER = ("first_hire_date", "job_code", "promotion_date", "rehire_date", "seniority_date")
"""Columns besides those of a table that are near to one of them by name, and no slip."""

_LAW = re.compile(
    r"§|\bu[.]?\s?s[.]?\s?c[.]?(?=\W|$)|\bc[.]?f[.]?r[.]?(?=\W|$)|\btitle vii\b|\bact of (?:19|20)"
    r"|\bsections? [0-9]|\b(?:exempt|withheld|redacted|confidential) (?:under|by|per|pursuant)\b",
    re.IGNORECASE,
)


def cites_a_law(text: str) -> bool:
    """Return whether a cell of race or sex cites a statute: then what it held was withheld."""
    return _LAW.search(text) is not None


def people(
    frame: Any,
    table: Table,
    *,
    columns: Headers,
    values: Mapping[str, Mapping[str, str]] | None,
    scheme: str,
    constants: Mapping[str, Any],
    extra: Headers,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """Return the table's columns with race and sex as groups, and `extra` columns as text.

    `columns` is our column -> theirs, `extra` a working name -> theirs, `labels` a publisher's own
    labels of race -> the finest group that each names. Columns that are not of the table are kept
    as text, or as dates if their name ends in "_date"; a name that is nearly one of the table's is
    taken for a slip. `race_unknown` says why a race is missing. A cell that cites a statute was
    withheld: it is missing, and its text, which may name somebody, is never shown.
    """
    kinds: dict[str, str] = {c.name: c.kind for c in table.columns}
    for ours in columns:
        near = difflib.get_close_matches(ours, kinds, n=1, cutoff=0.75)
        if ours not in kinds and near and ours not in (*extra, *FURTHER):
            raise ValueError(
                f"columns names {ours!r}, which is not a column of {table.name}. Is it "
                f"{near[0]!r}? Its columns are: {', '.join(kinds)}."
            )
    for ours in (c.name for c in table.columns if c.required and c.name not in columns):
        raise ValueError(
            f"columns does not say which column of the file holds {ours!r}. Add {ours} = "
            f'"<name in the file>" to the table\'s columns in equity.toml.'
        )
    kinds |= {c: "date" for c in columns if c not in kinds and c.endswith("_date")}
    kinds |= dict.fromkeys((c for c in extra if c.startswith("raw_")), "word")
    source = _text.start(frame)
    source, single, others = _snapshots.one_of_several(source, {**columns, **extra})
    names = source.collect_schema().names()
    found = _columns.match_headers(
        names,
        single,
        what=f"The {table.name} file",
        hint=others,
        frame=source,
        called={
            raw: f"the stage {raw.removeprefix('raw_')!r}"
            if raw.startswith("raw_")
            else f"the {raw}"
            for raw in extra
        },
    )
    for ours in ("source_row", "source_file", "source_sheet", "not_a_record"):
        if ours in names:
            found.setdefault(ours, ours)
    order = [*(c for c in kinds if c in found), *(c for c in found if c not in kinds)]
    wanted = {ours: (found[ours], kinds.get(ours, "text")) for ours in order}
    rows = _ended(_text.shape(source, wanted, constants=constants))
    words = [c for c in order if kinds.get(c, "text") in ("text", "category") and c not in extra]
    maps = _columns.value_maps(values, words, what=table.name)
    said, told = _told_apart(maps.pop("race", {}))
    relabelled = {
        "race": race_labels(scheme, said, known=groups.HR_RACE_LABELS | dict(labels or {}))
    }
    if "sex" in found:
        relabelled["sex"] = sex_labels(maps.pop("sex", {}))
    rows = _without_statutes(_only_records(rows), (*relabelled, *extra))
    rows = _columns.replace(rows, maps)
    seen = _columns.distinct(rows, list(relabelled))
    there = rows.collect_schema().names()
    if "race_unknown" in kinds and "race_unknown" not in there:
        why = _why(seen["race"], relabelled["race"], told)
        if "not_a_record" in there:
            why = nw.when(nw.col("not_a_record").is_null()).then(why)
        rows = rows.with_columns(race_unknown=why)
        there.insert(there.index("race") + 1, "race_unknown")
    return relabel(rows, relabelled, scheme, table.name, found, seen=seen).select(*there)


_OPEN = "^(?:2[2-9]|[3-9][0-9])[0-9]{2}-|/(?:2[2-9]|[3-9][0-9])[0-9]{2}(?:[^0-9]|$)"


def _ended(rows: Any) -> Any:
    """Make dates of leaving from 2200 on missing: 9999-12-31 says that somebody has not left."""
    names = rows.collect_schema().names()
    if "exit_date" not in names:
        return rows
    if "raw_exit_date" in names:
        still = nw.col("raw_exit_date").str.contains(_OPEN).fill_null(False)
    else:
        still = (nw.col("exit_date").dt.year() >= 2200).fill_null(False)
    ours = [c for c in ("exit_date", "raw_exit_date") if c in names]
    return rows.with_columns(nw.when(~still).then(nw.col(c)).alias(c) for c in ours)


def _told_apart(
    given: Mapping[str, str | None],
) -> tuple[dict[str, str | None], dict[str, str]]:
    """Return an analyst's labels of race, and those that say why it is not known."""
    told = {label: value for label, value in given.items() if value in RACE_UNKNOWN}
    return {label: None if label in told else value for label, value in given.items()}, told


def _why(seen: Iterable[str], races: Mapping[str, str | None], told: Mapping[str, str]) -> nw.Expr:
    """Return why race is not known, missing where it is known."""
    told = groups.UNKNOWN_REASONS | dict(told)
    reasons: dict[str, list[str]] = {}
    for label in seen:
        low = label.casefold()
        key = low if low in races else _same_code(low, races) or plain(low, races)
        law = cites_a_law(label)
        if law if key is None else races[key] is None:
            reason = told.get(key or "", "withheld" if law else "not stated")
            reasons.setdefault(reason, []).append(label)
    text = nw.col("race")
    why = nw.when(text.is_null()).then(nw.lit("not stated"))
    for reason, labels in reasons.items():
        why = why.when(_text.is_one_of(text, labels)).then(nw.lit(reason))
    return why


def _only_records(rows: Any) -> Any:
    """Empty the rows of totals, headings and the like, which say why in `not_a_record`.

    They stay as rows, for the data checks to set them aside with that reason.
    """
    schema = rows.collect_schema()
    if "not_a_record" not in schema.names():
        return rows
    record = nw.col("not_a_record").is_null()
    keep = ("source_row", "source_file", "source_sheet", "not_a_record")
    return rows.with_columns(
        nw.when(record).then(nw.col(c)).alias(c) for c in schema.names() if c not in keep
    )


def _without_statutes(rows: Any, but: Collection[str]) -> Any:
    """Make every cell missing that holds a paragraph sign; the columns `but` are dealt with."""
    schema = rows.collect_schema()
    texts = [c for c, kind in schema.items() if kind == nw.String and c not in but]
    told = [nw.when(~nw.col(c).str.contains("§")).then(nw.col(c)).alias(c) for c in texts]
    return rows.with_columns(*told) if told else rows


def _same_code(label: str, known: Mapping[str, str | None]) -> str | None:
    """Return the code of `known` that differs from a code only by zeros in front of it."""
    same = [k for k in known if _columns.same_code(k, label)]
    return same[0] if len({known[k] for k in same}) == 1 else None


def relabel(
    rows: Any,
    maps: Mapping[str, dict[str, str | None]],
    scheme: str,
    table: str,
    headers: Mapping[str, str],
    *,
    race: str = "race",
    allowed: Mapping[str, Collection[str]] | None = None,
    seen: Mapping[str, list[str]] | None = None,
) -> Any:
    """Replace labels by ours; those of `race`, by groups of the scheme, or say what is in the way.

    `maps` is column -> {label in lower case: ours}, `allowed` column -> the words there may be,
    `seen` column -> its distinct values, if they are known already. A code may have lost the
    zeros in front; a cell of race or sex that cites a statute says that the group is not known.
    """
    seen = dict(seen or _columns.distinct(rows, list(maps)))
    for column, known in maps.items():
        for label in (v.casefold() for v in seen[column] if v.casefold() not in known):
            key = _same_code(label, known)
            if key is None and column == race:
                key = plain(label, known)
            if key is not None:
                known[label] = known[key]
            elif column in (race, "sex") and cites_a_law(label):
                known[label] = None
    races = maps[race]
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
    text = re.sub(" ?/ ?", "/", " ".join(label.split()))
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
        labels[label] = in_scheme(group, scheme) or _NEEDS_SPLIT
    given = {
        label: group and (in_scheme(group, scheme) or group) for label, group in extra.items()
    }
    return labels | _columns.checked_values(given, groups.scheme(scheme).groups, column)


def sex_labels(extra: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return label in lower case -> female, male or nonbinary, None if it says "not known"."""
    unknown: dict[str, str | None] = dict.fromkeys((*groups.UNKNOWN_LABELS, "u"))
    return unknown | groups.SEX_LABELS | _columns.checked_values(extra, SEXES, "sex")


def in_scheme(group: str, scheme: str) -> str | None:
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
