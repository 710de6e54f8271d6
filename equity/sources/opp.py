"""Stops in the standard columns of the Stanford Open Policing Project (2019 and later).

Source : openpolicing.stanford.edu/data, one CSV per place; lib/standards.R of the project's `opp`.
Checked : Hartford, CT (ct_hartford, 2019-02-25) against a count of the raw file by another reader,
    because no published total by race was at hand: 18,646 stops, 4 without a date; black 7,185,
    white 6,110, hispanic 5,146, asian/pacific islander 176, other/unknown 29; 5,213 searches, 85
    with contraband.
Gaps : "other/unknown" of the 2019 files cannot be taken apart and is read as other; "unknown"
    becomes missing. The 2017 files (stop_date, driver_race ...) have other columns and are not
    read. The race is what the officer recorded. A date with an offset from UTC is read only at
    midnight, because the local date is not in it. Two-digit years are not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from equity import groups
from equity.sources import _columns, _files, _text
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

RENAMED = {
    "stop_id": "raw_row_number",
    "second_of_day": "time",
    "latitude": "lat",
    "longitude": "lng",
    "officer_id": "officer_id_hash",
}
"""Our column -> theirs, where the names differ."""

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
        If `date` or `subject_race` is not there, or if a race is not in the map.

    What it cannot show: whether a blank means "no" or "not recorded"; values outside the
    vocabulary, other than races, are kept for the data checks to judge.

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
    kinds = {c.name: c.kind for c in STOPS.columns} | ALSO | {"second_of_day": "clock"}
    wanted = {}
    for ours, kind in kinds.items():
        for name in (RENAMED.get(ours, ours), ours):
            header = _columns.find_header(columns, name)
            if header is not None:
                wanted.setdefault(ours, (header, kind))
    _columns.match_headers(
        columns,
        {c.name: c.name for c in STOPS.columns if c.required},
        what=file or "The stops file",
        hint="Files in the Stanford columns of 2017 (stop_date, driver_race) have to be renamed.",
        frame=source,
    )
    constants = {"source_file": file} if file and "source_file" not in wanted else None
    table = _text.shape(source, wanted, constants=constants)
    categories = [c for c in wanted if kinds[c] == "category" and c != "source_file"]
    lower = [c for c in ("type", "outcome", "search_basis", "subject_sex") if c in wanted]
    if lower:
        table = table.with_columns(*map(_columns.lower, lower))
    extra = _columns.value_maps(values, categories, what="stops")
    allowed = groups.scheme("stanford").groups
    races = RACES | _columns.checked_values(extra.pop("subject_race", {}), allowed, "subject_race")
    table = _columns.replace(table, extra)
    return _text.finish(
        _columns.relabel(
            table,
            {"subject_race": races},
            table="stops",
            headers={"subject_race": wanted["subject_race"][0]},
            allowed={"subject_race": allowed},
        )
    )
