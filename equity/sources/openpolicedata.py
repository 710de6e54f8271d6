"""Stops as OpenPoliceData standardises them: one set of columns for the portals of many cities.

Source : the Python package openpolicedata (`Table.standardize()`, then `to_csv`); its columns and
    labels are those of openpolicedata/defs.py.
Checked : against defs.py only, on made-up rows (tests/spec/test_sources_openpolicedata.py); no
    file that the package wrote was at hand, and no published total.
Gaps : the package standardises who and when, not what happened: searches, finds and outcomes stay
    under the names of each city, and are named in `columns`. A table with officers and subjects
    in its rows (SUBJECT_OR_OFFICER) is refused. INCIDENT_ID is not taken for the number of the
    stop, because several people may share it. A date that stands for a month or a year is the
    first of it. An age in ranges is not read. "OTHER OR UNKNOWN" cannot be taken apart and is read
    as other; "MIDDLE EASTERN / SOUTH ASIAN" belongs to no group and has to be mapped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from equity.sources import _columns, _files, _text, stops

__all__ = ["read", "standardize"]

RACES = {
    "white": "white",
    "black": "black",
    "hispanic/latino": "hispanic",
    "asian": "asian",
    "south asian": "asian",
    "asian/pacific islander": "asian_pacific",
    "hawaiian/pacific islander": "nhpi",
    "indigenous": "aian",
    "middle eastern": "mena",
    "multiple": "multiple",
    "other": "other",
    "other or unknown": "other",
    "other/unknown": "other",
}
"""Label in lower case, without spaces around strokes -> the finest group that it names."""

UNKNOWN = ("unknown", "unspecified")

GENDERS: dict[str, str | None] = {
    "male": "male",
    "female": "female",
    "transgender male": "male",
    "transgender female": "female",
    "gender non-binary": "nonbinary",
    "gender non-conforming": "nonbinary",
    "transgender or gender non-conforming": "nonbinary",
    "transgender": None,
    "other": None,
    "unspecified": None,
}

WHO_AND_WHEN: dict[str, tuple[str, ...]] = {
    "date": ("DATE", "DATETIME"),
    "subject_race": ("SUBJECT_RE_GROUP", "SUBJECT_RACE/ETHNICITY", "SUBJECT_RACE"),
    "subject_sex": ("SUBJECT_GENDER",),
    "subject_age": ("SUBJECT_AGE",),
    "department_name": ("AGENCY",),
}
"""Our column -> theirs, the first that is there."""

ETHNICITY = "SUBJECT_ETHNICITY"
BOTH_IN_ROWS = "SUBJECT_OR_OFFICER"


def read(
    path: str | Path | Sequence[str | Path],
    *,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "stanford",
    times: str = "local",
    timezone: str | None = None,
) -> Any:
    """Read a table that openpolicedata wrote (CSV, Parquet or .xlsx), as a DuckDB relation.

    Which stops did the agency record? One row per person stopped; see `standardize`.
    """
    return standardize(
        _files.scan(path),
        columns=columns,
        values=values,
        scheme=scheme,
        times=times,
        timezone=timezone,
    )


def standardize(
    frame: Any,
    *,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "stanford",
    times: str = "local",
    timezone: str | None = None,
) -> Any:
    """Bring a table in OpenPoliceData's standard columns into the stops table, in its engine.

    Parameters
    ----------
    frame : pandas, Polars, DuckDB or Spark frame, one row per person stopped.
    columns : further columns, ours -> theirs, such as {"search_conducted": "search_performed"};
        they go before the standard ones. As in `equity.sources.stops`.
    values : our column -> {word in the file: our value, "" if not known}.
    scheme, times, timezone : as in `equity.sources.stops`.

    Returns
    -------
    frame of the same engine
        As of `equity.sources.stops`. Race is SUBJECT_RE_GROUP (race and ethnicity together) where
        that is there, else race, with Hispanic taken from SUBJECT_ETHNICITY.

    Raises
    ------
    ValueError
        If there is no date or race, if officers and subjects share the rows, or if a word has no
        meaning; every such word is listed.

    What it cannot show: searches and their outcomes, unless `columns` names them; who was stopped
    twice.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"DATE": ["2021-05-01"], "TIME": ["23:10:00"],
    ...                       "SUBJECT_RACE": ["WHITE"], "SUBJECT_ETHNICITY": ["HISPANIC/LATINO"],
    ...                       "searched": ["Y"]})
    >>> stops = standardize(table, columns={"search_conducted": "searched"})
    >>> stops.iloc[0, 1:4].astype("str").tolist()
    ['83400', 'hispanic', 'True']
    """
    source = _text.start(frame)
    there = source.collect_schema().names()
    named = {stops.ALIASES.get(c, c): names for c, names in (columns or {}).items()}
    if _columns.find_header(there, BOTH_IN_ROWS) is not None:
        raise ValueError(
            f"This table has officers and subjects in its rows (column {BOTH_IN_ROWS}). Write a "
            f"table of the rows in which {BOTH_IN_ROWS} is SUBJECT, and rename its columns "
            "OFFICER/SUBJECT_... to SUBJECT_..., or every officer would count as stopped."
        )
    for ours, theirs in WHO_AND_WHEN.items():
        header = next((h for t in theirs if (h := _columns.find_header(there, t))), None)
        if header is not None and not (ours == "date" and "year" in named):
            named.setdefault(ours, header)
    clock = _clock(source, there, named)
    if clock is not None:
        named.setdefault("second_of_day", clock)
    race, ethnicity = named.get("subject_race"), _columns.find_header(there, ETHNICITY)
    if ethnicity is not None and race == _columns.find_header(there, "SUBJECT_RACE"):
        named.setdefault("subject_ethnicity", ethnicity)
    if "subject_race" not in named or not {"date", "year"} & set(named):
        _columns.match_headers(
            there,
            {"date": "DATE", "subject_race": "SUBJECT_RACE"},
            what="The stops file",
            hint="These are not OpenPoliceData's standard columns: call Table.standardize() "
            'before writing the file, or read it with format = "stops".',
            frame=source,
        )
    return stops.standardize(
        frame,
        columns=named,
        values=_with_unknown(values or {}, named),
        scheme=scheme,
        times=times,
        timezone=timezone,
        races={label: group for words, group in RACES.items() for label in _spelt(words)},
        sexes=GENDERS,
    )


def _clock(source: Any, there: Sequence[str], named: Mapping[str, Any]) -> str | None:
    """Return the column that holds the time of the stop; of a column of dates, if any has one."""
    if (time := _columns.find_header(there, "TIME")) is not None:
        return time
    if (both := _columns.find_header(there, "DATETIME")) is not None:
        return both
    date = named.get("date")
    header = _columns.find_header(there, date) if isinstance(date, str) else None
    if header is None:
        return None
    dtype = source.collect_schema()[header]
    if dtype == nw.Datetime:
        time = nw.col(header).dt
        timed = source.filter((time.hour() != 0) | (time.minute() != 0))
    elif dtype in (nw.String, nw.Unknown):
        midnight = nw.col(header).str.contains("[ T]+0?0:00(?::00(?:[.]0+)?)?$")
        timed = source.filter(nw.col(header).str.contains("[0-9]:[0-9][0-9]") & ~midnight)
    else:
        return None
    head = timed.select(nw.col(header)).head(1)
    head = head.collect() if isinstance(head, nw.LazyFrame) else head
    return header if len(head) else None


def _spelt(label: str) -> tuple[str, ...]:
    """Return a label as versions of the package spell it: with and without spaces at strokes."""
    return (label, label.replace("/", " / "))


def _with_unknown(
    values: Mapping[str, Mapping[str, str]], named: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """Return the analyst's words, with the package's own words for not known before them."""
    out = {column: dict(words) for column, words in values.items()}
    for column in ("subject_race", "subject_ethnicity"):
        if column in named:
            more = dict.fromkeys(
                (*UNKNOWN, "middle eastern") if column != "subject_race" else UNKNOWN, ""
            )
            out[column] = more | {
                str(k).strip().casefold(): v for k, v in out.get(column, {}).items()
            }
    return out
