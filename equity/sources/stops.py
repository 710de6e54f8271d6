"""Stops from any table, CSV, Parquet or .xlsx, by a mapping of its columns and words.

Source : the agency's own export. Labels of race as in `equity.groups.HR_RACE_LABELS`.
Checked : see tests/real/test_real_agencies_stops.py, which states each file and figure:
    Minneapolis 2017 (R, carData, MplsStops: 51,920 stops in UTC), Mecklenburg County, NC (NC
    CopWatch: 11,171 rows that stand for 40,297 stops).
Gaps : one row per stop, or per kind of stop with a weight; a file with several rows for one stop
    has to be brought into that form first. Of a time in UTC the local time is computed; of a time
    in the local zone of another place it is not. Two-digit years and days before months are not
    read. A search that found nothing and one of which nothing is said are told apart only by the
    file.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from equity import groups
from equity.sources import _columns, _files, _people, _text, _utc, _yes_no
from equity.tables import DERIVED, STOPS

__all__ = ["read", "standardize"]

ALIASES = {"time": "second_of_day", "lat": "latitude", "lng": "longitude"}
"""Another name for a column of ours -> the column."""

WORDS: dict[str, dict[str, str | None]] = {
    "type": {
        "traffic": "vehicular",
        "traffic stop": "vehicular",
        "vehicle": "vehicular",
        "vehicle stop": "vehicular",
        "driver": "vehicular",
        "pedestrian stop": "pedestrian",
        "foot": "pedestrian",
    },
    "outcome": {
        "verbal warning": "warning",
        "written warning": "warning",
        "warned": "warning",
        "ticket": "citation",
        "cited": "citation",
        "arrested": "arrest",
    },
    "search_basis": {
        "canine": "k9",
        "k-9": "k9",
        "contraband in plain view": "plain view",
        "consent search": "consent",
        "protective frisk": "frisk",
        "terry frisk": "frisk",
        "search incident to arrest": "incident to arrest",
        "incident to lawful arrest": "incident to arrest",
        "search warrant": "warrant",
        "vehicle inventory": "inventory",
        "inventory search": "inventory",
    },
}
"""Column of a closed vocabulary -> label in lower case, besides the vocabulary itself -> ours."""

ETHNICITIES: dict[str, str | None] = {
    **dict.fromkeys(
        ("hispanic", "h", "latino", "hispanic/latino", "hispanic or latino", "hispanic / latino"),
        "hispanic",
    ),
    **dict.fromkeys(
        (
            "not hispanic",
            "non-hispanic",
            "nonhispanic",
            "non hispanic",
            "n",
            "not hispanic or latino",
            "not hispanic/latino",
            "non-hispanic/non-latino",
            "non-hispanic / non-latino",
        ),
        None,
    ),
}
"""Label of a separate column of ethnicity -> "hispanic", which overrides race, or None."""

_KINDS: dict[str, str] = {
    **{c.name: c.kind for c in STOPS.columns},
    "second_of_day": "clock",
    "subject_ethnicity": "category",
}
_INSTANT = "raw date and time"


def read(
    path: str | Path | Sequence[str | Path],
    *,
    columns: Mapping[str, str | Sequence[str]],
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "stanford",
    times: str = "local",
    timezone: str | None = None,
    year: int | None = None,
    header_row: int = 1,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Any:
    """Read a table of stops (CSV, Parquet or .xlsx), or several alike, as a DuckDB relation.

    Which stops did the agency record? One row per person stopped, columns as in
    `equity.tables.STOPS`. `header_row` is the row with the column names, `sheet` the sheet of a
    workbook, `encoding` that of a CSV file (found out if not given); for all else see
    `standardize`.
    """
    return standardize(
        _files.scan(path, header_row=header_row, sheet=sheet, encoding=encoding),
        columns=columns,
        values=values,
        scheme=scheme,
        times=times,
        timezone=timezone,
        year=year,
    )


def standardize(
    frame: Any,
    *,
    columns: Mapping[str, str | Sequence[str]],
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "stanford",
    times: str = "local",
    timezone: str | None = None,
    year: int | None = None,
    races: Mapping[str, str] = groups.HR_RACE_LABELS,
    sexes: Mapping[str, str | None] | None = None,
) -> Any:
    """Bring a table of stops of any engine into the stops table, in that engine.

    Parameters
    ----------
    frame : pandas, Polars, DuckDB or Spark frame, one row per person stopped; or, with a column
        `weight`, one row for so many stops.
    columns : our column -> column of the file, apart from case and spaces; `subject_race` is
        needed, and `date` or `year`. `time` may be written for `second_of_day`; it may be the
        column of the date, if that holds both. A yes/no column may be made of several: yes
        where any of them is, no where all are. `subject_ethnicity` is a second column that says
        who is Hispanic, which overrides race. Names that are not of `equity.tables.STOPS` are
        kept as text.
    values : our column -> {word in the file: our value, "" if not known}. Of a yes/no column the
        values are "yes" and "no"; there the word "*" is every other word, and "" an empty cell.
    scheme : the groups to return, see `equity.groups.SCHEMES`.
    times : "local", or "UTC" if date and time are in UTC: they are brought to `timezone`.
    timezone : name of the local time zone, needed with times="UTC".
    year : of all stops, where the file has neither a date nor a year.
    races, sexes : the labels of a publisher, see `equity.sources.openpolicedata`.

    Returns
    -------
    frame of the same engine
        The columns of `equity.tables.STOPS` that are mapped, the further ones, and
        `raw_<column>` for each that was parsed from text. "No contraband" where nobody was
        searched is missing.

    Raises
    ------
    ValueError
        If a column is not there or named twice, or a word has no meaning; every such word is
        listed.

    What it cannot show: whether a blank means "no" or "not recorded". A file with years and no
    dates has no months, no hours and no daylight.

    Examples
    --------
    >>> import pandas as pd
    >>> stops = pd.DataFrame({"when": ["2017-07-01 03:30:00", "2017-01-02 05:00:00"],
    ...                       "race": ["Black", "East African"], "person": ["YES", "NO"],
    ...                       "car": ["NO", "NO"]})
    >>> standardize(stops, times="UTC", timezone="America/Chicago",
    ...             columns={"date": "when", "subject_race": "race",
    ...                      "search_conducted": ["person", "car"]},
    ...             values={"subject_race": {"east african": "black"}},
    ... ).iloc[:, :4].astype("str").values.tolist()
    [['2017-06-30', '81000', 'black', 'True'], ['2017-01-01', '82800', 'black', 'False']]
    """
    named = _named(columns, year)
    source = _text.start(frame)
    flat = {f"{ours} {i}": name for ours, all_ in named.items() for i, name in enumerate(all_)}
    found = _columns.match_headers(
        source.collect_schema().names(),
        flat,
        what="The stops file",
        frame=source,
        called={key: repr(key.rpartition(" ")[0]) for key in flat},
    )
    headers = {ours: [found[f"{ours} {i}"] for i in range(len(n))] for ours, n in named.items()}
    maps = _maps(values, headers)
    source, wanted, carried = _timed(source, headers, times, timezone)
    for ours, theirs in headers.items():
        kind = _KINDS.get(ours, "text")
        mapped = kind == "flag" and ours in maps
        if ours not in carried and (len(theirs) > 1 or mapped):
            parts = {
                _yes_no.part(ours, i): (h, "text" if mapped else kind)
                for i, h in enumerate(theirs)
            }
            wanted |= parts
        elif ours not in carried:
            wanted[ours] = (theirs[0], kind)
    there = source.collect_schema().names()
    wanted |= {c: (c, _KINDS[c]) for c in ("source_file", "source_row") if c in there}
    rows = _text.shape(source, wanted, constants={} if year is None else {"year": year})
    rows = rows.with_columns(nw.col(_INSTANT).alias(f"raw_{ours}") for ours in carried)
    rows = _yes_no.nothing_without_a_search(_yes_no.combined(rows, headers, maps))
    rows = rows.select(*_order(rows.collect_schema().names(), headers))
    return _text.finish(_relabelled(rows, headers, maps, scheme, races, sexes or {}))


def _named(columns: Mapping[str, str | Sequence[str]], year: int | None) -> dict[str, list[str]]:
    """Return our column -> the names of its columns in the file, or raise on what cannot be."""
    named: dict[str, list[str]] = {}
    for given, theirs in columns.items():
        ours = ALIASES.get(str(given), str(given))
        names = [theirs] if isinstance(theirs, str) else [str(t) for t in theirs]
        near = difflib.get_close_matches(ours, _KINDS, n=1, cutoff=0.8)
        if ours not in _KINDS and near:
            raise ValueError(
                f"columns names {given!r}, which is not a column of stops. Is it {near[0]!r}? "
                f"Its columns are: {', '.join(_KINDS)}."
            )
        if ours in DERIVED and ours != "year":
            raise ValueError(
                f"columns names {given!r}, which is made from {DERIVED[ours][0]!r}. Name the "
                f"column of the file that holds {DERIVED[ours][0]!r}."
            )
        if ours in named or not names:
            problem = "twice" if ours in named else "without a column of the file"
            raise ValueError(f"columns names {ours!r} {problem}. Name it once, with its column.")
        if len(names) > 1 and _KINDS.get(ours) != "flag":
            flags = [c for c, kind in _KINDS.items() if kind == "flag"]
            raise ValueError(
                f"columns names several columns for {given!r}. Only a yes/no column can be made "
                f"of several: {', '.join(flags)}."
            )
        named[ours] = names
    when = [c for c in ("date", "year") if c in named] + (["year = ..."] if year else [])
    if len(when) != 1 or "subject_race" not in named:
        words = (
            "does not say which column of the file holds 'subject_race'"
            if "subject_race" not in named
            else f"says when the stops were in two ways ({' and '.join(when)})"
            if when
            else "does not say when the stops were"
        )
        raise ValueError(
            f"columns {words}. Name the column of the race, and that of the date (or, in a file "
            "without dates, of the year) in [stops.columns] of equity.toml."
        )
    return named


def _maps(
    values: Mapping[str, Mapping[str, str]] | None, headers: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, str | None]]:
    """Return the analyst's words; those of a flag lead to "yes", "no" or None."""
    values = {ALIASES.get(column, column): words for column, words in (values or {}).items()}
    usable = [c for c in headers if _KINDS.get(c, "text") in ("text", "category", "flag")]
    maps = _columns.value_maps(values, usable, what="stops")
    for column, words in maps.items():
        if _KINDS.get(column) == "flag":
            maps[column] = {k: v and str(v).casefold() for k, v in words.items()}
            wrong = sorted(
                {str(v) for v in maps[column].values() if v and v not in _yes_no.YES_NO}
            )
            if wrong:
                raise ValueError(
                    f"values.{column} leads to {', '.join(map(repr, wrong))}. It is a yes/no "
                    'column: its values are "yes", "no", and "" for not known.'
                )
    return maps


def _timed(
    source: Any, headers: Mapping[str, Sequence[str]], times: str, timezone: str | None
) -> tuple[Any, dict[str, tuple[str, str]], tuple[str, ...]]:
    """Return the frame with local dates and times, where the file has them in UTC.

    With it come the columns to select, and the names of those of ours that are made here.
    """
    if times not in ("local", "UTC"):
        raise ValueError(f"times={times!r} is not one of: 'local', 'UTC'.")
    if times == "local":
        return source, {}, ()
    if timezone is None or "date" not in headers:
        lost = "timezone, the name of the local time zone" if timezone is None else "a date"
        raise ValueError(f'times = "UTC" needs {lost}.')
    instant = date = headers["date"][0]
    clock = headers.get("second_of_day", [date])[0]
    if clock != date:
        instant = "equity date and time"
        both = [nw.col(date).cast(nw.String), nw.col(clock).cast(nw.String)]
        source = source.with_columns(nw.concat_str(both, separator=" ").alias(instant))
    local = {"date": "equity local date", "second_of_day": "equity local second"}
    source = _utc.to_local(
        source, instant, timezone, date=local["date"], second_of_day=local["second_of_day"]
    )
    wanted = {
        "date": (local["date"], "date"),
        "second_of_day": (local["second_of_day"], "integer"),
        _INSTANT: (instant, "text"),
    }
    return source, wanted, tuple(local)


def _order(there: Sequence[str], headers: Mapping[str, Sequence[str]]) -> list[str]:
    ours = [c.name for c in STOPS.columns if c.name in there]
    ours += [c for c in headers if c not in ours]
    return [*ours, *(f"raw_{c}" for c in ours if f"raw_{c}" in there)]


def _relabelled(
    rows: Any,
    headers: Mapping[str, Sequence[str]],
    maps: Mapping[str, dict[str, str | None]],
    scheme: str,
    races: Mapping[str, str],
    sexes: Mapping[str, str | None],
) -> Any:
    """Replace words by ours; in a column with a closed vocabulary every word must be known."""
    free = {c: m for c, m in maps.items() if c in headers and c not in _closed(headers)}
    rows = _columns.replace(
        rows, {c: m for c, m in free.items() if _KINDS.get(c, "text") in ("text", "category")}
    )
    race = "subject_race"
    known = {
        race: _people.race_labels(scheme, maps.get(race, {}), known=races, column=race),
    }
    allowed: dict[str, Sequence[str]] = {}
    for column in _closed(headers):
        given = maps.get(column, {})
        if column == "subject_sex":
            allowed[column] = _people.SEXES
            given = _columns.checked_values(given, allowed[column], column)
            known[column] = _people.sex_labels({}) | dict(sexes) | given
        elif column == "subject_ethnicity":
            unknown = dict.fromkeys((*groups.UNKNOWN_LABELS, "u"))
            known[column] = (
                unknown | ETHNICITIES | _columns.checked_values(given, ("hispanic",), column)
            )
            allowed[column] = ("hispanic",)
        else:
            allowed[column] = STOPS[column].allowed
            said = {v: v for v in allowed[column]}
            unknown = dict.fromkeys(groups.UNKNOWN_LABELS)
            given = _columns.checked_values(given, allowed[column], column)
            known[column] = unknown | said | WORDS[column] | given
    rows = _people.relabel(
        rows,
        known,
        scheme,
        "stops",
        {c: names[0] for c, names in headers.items()},
        race=race,
        allowed=allowed,
    )
    if "subject_ethnicity" not in headers:
        return rows
    if "hispanic" not in groups.scheme(scheme).groups:
        raise ValueError(
            f"scheme={scheme!r} has no group 'hispanic', so that the column "
            f"{headers['subject_ethnicity'][0]!r} cannot be used. Take subject_ethnicity out."
        )
    override = nw.when(~nw.col("subject_ethnicity").is_null()).then(nw.lit("hispanic"))
    race_of = override.otherwise(nw.col(race)).alias(race)
    return rows.with_columns(race_of).drop("subject_ethnicity")


def _closed(headers: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the columns in which every word must have a meaning, apart from race."""
    return [c for c in ("subject_sex", "subject_ethnicity", *WORDS) if c in headers]
