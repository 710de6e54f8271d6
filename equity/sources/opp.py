"""Stops in the standard columns of the Stanford Open Policing Project, of 2019 or of 2017.

Source : openpolicing.stanford.edu/data, one CSV per place; 2019 and later: lib/standards.R of the
    project's `opp`; 2017: DATA-README.md of 5harad/openpolicing. Which of the two a file has is
    told by its headers (`stop_date` and `driver_race` are those of 2017).
Checked : Hartford, CT (ct_hartford, 2019-02-25) against a count of the raw file by another reader,
    because no published total by race was at hand: 18,646 stops, 4 without a date; black 7,185,
    white 6,110, hispanic 5,146, asian/pacific islander 176, other/unknown 29; 5,213 searches, 85
    with contraband. No file of 2017 was at hand: its columns are as the README states them, and
    are tried on made-up rows only.
Gaps : "other/unknown" of the 2019 files cannot be taken apart and is read as other; "unknown"
    becomes missing. The race is what the officer recorded. A date with an offset from UTC is read
    only at midnight, because the local date is not in it. Two-digit years are not read. In 2017
    Asian includes Pacific Islanders and Indians, `stop_outcome` was not made uniform over states
    (a word that is not in `OUTCOMES_2017` has to be explained in `values`), a stop of which only
    the year was known is dated the first of January, and "no contraband" was written where
    nobody was searched, which is read as missing. Of a search with several grounds the first in
    the order of `GROUNDS_2017` is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from equity import groups
from equity.sources import _columns, _files, _text, _yes_no
from equity.tables import STOPS

__all__ = ["read", "standardize"]

RACES: dict[str, str | None] = {
    "white": "white",
    "black": "black",
    "hispanic": "hispanic",
    "asian/pacific islander": "asian_pacific",
    "other": "other",
    "other/unknown": "other",
    "unknown": None,
}

RACES_2017: dict[str, str | None] = {
    "white": "white",
    "black": "black",
    "hispanic": "hispanic",
    "asian": "asian_pacific",
    "other": "other",
}

SEXES_2017 = {"m": "male", "f": "female", "male": "male", "female": "female"}

OUTCOMES_2017: dict[str, str | None] = {
    "citation": "citation",
    "warning": "warning",
    "written warning": "warning",
    "verbal warning": "warning",
    "summons": "summons",
    "arrest": "arrest",
    "arrest driver": "arrest",
    "arrest passenger": "arrest",
    "no action": None,
    "n/d": None,
}

GROUNDS_2017 = {
    "incident to arrest": "incident to arrest",
    "inventory": "inventory",
    "warrant": "warrant",
    "search warrant": "warrant",
    "k9": "k9",
    "plain view": "plain view",
    "probable cause": "probable cause",
    "consent": "consent",
    "protective frisk": "frisk",
    "terry search": "frisk",
    "reasonable suspicion": "other",
    "other": "other",
}
"""Ground of a search in 2017 -> ours. A file may name several, with commas between them: then the
first of these is kept, so that a search that law or routine asked for is not taken for a choice.
"""

RENAMED_2017 = {
    "stop_id": "id",
    "date": "stop_date",
    "second_of_day": "stop_time",
    "subject_age": "driver_age",
    "subject_race": "driver_race",
    "subject_sex": "driver_gender",
    "reason_for_stop": "violation",
    "search_basis": "search_type",
    "outcome": "stop_outcome",
    "arrest_made": "is_arrested",
}
"""Our column -> that of 2017, where the names differ."""

NOT_THEIRS = ("year", "weight")
"""Columns of ours that no file of theirs has: a column of that name means something else."""

RENAMED = {
    "stop_id": "raw_row_number",
    "second_of_day": "time",
    "latitude": "lat",
    "longitude": "lng",
    "officer_id": "officer_id_hash",
}
"""Our column -> that of 2019 and later, where the names differ."""

ALSO = {
    **dict.fromkeys(
        (
            "county_name",
            "neighborhood",
            "beat",
            "subdistrict",
            "division",
            "precinct",
            "region",
            "reporting_area",
            "sector",
            "zone",
            "department_name",
            "police_department",
            "unit",
            "violation",
            "reason_for_search",
            "officer_race",
            "officer_sex",
        ),
        "category",
    ),
    **dict.fromkeys(
        ("search_person", "search_vehicle", "contraband_drugs", "contraband_weapons"), "flag"
    ),
}
"""Further columns of theirs that are kept, with their kind."""


def read(
    path: str | Path | Sequence[str | Path],
    *,
    values: Mapping[str, Mapping[str, str]] | None = None,
) -> Any:
    """Read a stops file (CSV, Parquet or .xlsx, of any size), or several, as a DuckDB relation.

    Which stops did the agency record? One row per person stopped, columns as in
    `equity.tables.STOPS`, in the order of the file. See `standardize` for `values` and errors.
    """
    return standardize(_files.scan(path), values=values)


def standardize(
    frame: Any,
    *,
    values: Mapping[str, Mapping[str, str]] | None = None,
    file: str | None = None,
) -> Any:
    """Bring a frame of Stanford's columns into the stops table, in the frame's own engine.

    Parameters
    ----------
    frame : pandas, Polars (eager or lazy), DuckDB or Spark frame, one row per person stopped.
    values : further labels: column -> {label in the file: our value, "" if not known}, such as
        {"subject_race": {"middle eastern": "white"}}. Labels are compared without case.
    file : name of the file that the rows come from, for `source_file`.

    Returns
    -------
    frame of the same engine
        The columns of `equity.tables.STOPS` that the file has, some further ones (`ALSO`), and
        `raw_<column>` for each that was parsed from text. Optional columns that the file lacks
        are lacking. A text that cannot be read is missing, and still there in `raw_<column>`.

    Raises
    ------
    ValueError
        If `date` or `subject_race` is not there, or if a race is not in the map; of 2017, if a
        race, sex, outcome or ground of search is not.

    What it cannot show: whether a blank means "no" or "not recorded"; values outside the
    vocabulary of 2019, other than races, are kept for the data checks to judge.

    Examples
    --------
    >>> import pandas as pd
    >>> stops = pd.DataFrame({"date": ["2015-03-01"], "time": ["14:05:00"],
    ...                       "subject_race": ["asian/pacific islander"]})
    >>> standardize(stops)[["date", "second_of_day", "subject_race"]].values.tolist()
    [[Timestamp('2015-03-01 00:00:00'), 50700, 'asian_pacific']]
    """
    source = _text.start(frame)
    columns = source.collect_schema().names()
    of_2017 = _is_of_2017(columns)
    renamed = RENAMED_2017 if of_2017 else RENAMED
    kinds = {c.name: c.kind for c in STOPS.columns if c.name not in NOT_THEIRS}
    kinds |= ALSO | {"second_of_day": "clock"}
    wanted = {}
    for ours, kind in kinds.items():
        for name in (renamed.get(ours, ours), ours):
            header = _columns.find_header(columns, name)
            if header is not None:
                wanted.setdefault(ours, (header, kind))
    _columns.match_headers(
        columns,
        {c: renamed.get(c, c) if of_2017 else c for c in ("date", "subject_race")},
        what=file or "The stops file",
        hint='A file with other columns is read with format = "stops" and [stops.columns].',
        frame=source,
    )
    constants = {"source_file": file} if file and "source_file" not in wanted else None
    table = _text.shape(source, wanted, constants=constants)
    categories = [c for c in wanted if kinds[c] == "category" and c != "source_file"]
    lower = [c for c in ("type", "outcome", "search_basis", "subject_sex") if c in wanted]
    if lower:
        table = table.with_columns(*map(_columns.lower, lower))
    extra = _columns.value_maps(values, categories, what="stops")
    maps: dict[str, Mapping[str, str | None]] = {"subject_race": RACES}
    if of_2017:
        found = {
            "subject_race": RACES_2017,
            "subject_sex": SEXES_2017,
            "outcome": OUTCOMES_2017,
            "search_basis": GROUNDS_2017,
        }
        maps = {column: labels for column, labels in found.items() if column in wanted}
    allowed = {c: STOPS[c].allowed for c in maps} | {
        "subject_race": groups.scheme("stanford").groups
    }
    known = {
        column: {
            **labels,
            **_columns.checked_values(extra.pop(column, {}), allowed[column], column),
        }
        for column, labels in maps.items()
    }
    table = _columns.replace(table, extra)
    seen = _columns.distinct(table, list(known))
    if of_2017 and "search_basis" in known:
        known["search_basis"] |= _several(seen["search_basis"], known["search_basis"])
    table = _columns.relabel(
        table,
        known,
        seen,
        table="stops",
        headers={column: wanted[column][0] for column in known},
        allowed=allowed,
    )
    return _text.finish(_yes_no.nothing_without_a_search(table) if of_2017 else table)


def _is_of_2017(columns: Sequence[str]) -> bool:
    """Return whether the columns are those of 2017: of date and race, both are theirs."""
    return all(
        _columns.find_header(columns, ours) is None
        and _columns.find_header(columns, RENAMED_2017[ours]) is not None
        for ours in ("date", "subject_race")
    )


def _several(found: Sequence[str], known: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return what a search with several grounds is taken for, where each of them is known."""
    order = list(dict.fromkeys(GROUNDS_2017.values()))
    several: dict[str, str | None] = {}
    for words in (v.casefold() for v in found if "," in v):
        parts = [p.strip() for p in words.split(",") if p.strip()]
        if words not in known and all(p in known for p in parts):
            ours = [g for p in parts if (g := known[p]) is not None]
            several[words] = min(ours, key=order.index, default=None)
    return several
