"""Traffic stops in the raw layout of Connecticut's Racial Profiling Prohibition Project (CTRP3).

Source : CTRP3; one row per person stopped, 42 columns, as CSV or as the workbook behind it. The
    codes as `opp` of the Stanford Open Policing Project (lib/states/ct) and other public programs
    read them; the project's own code book was not at hand.
Checked : Wethersfield, first quarter of 2019, CSV and .xlsx, against a count of the raw file by
    another reader, because no published total was at hand: 901 stops; Hispanic 298 (white 294,
    black 4), not Hispanic white 409, black 176, Asian or Pacific Islander 18; 59 searches (20 by
    consent, 39 other), 33 with contraband; contraband without a search once; one number of a
    stop twice.
Gaps : SearchAuthorizationCode O is read as "other"; Stanford reads it as probable
    cause: values = {"search_basis": {"O": "probable cause"}} does so too. Older files in which
    Excel left a date or a time as a number (41548, 0.37) are not read; such a value is missing
    and stands in raw_date. What InterventionDurationCode means is not in the file; it is kept as
    it is. Statewide and earlier files are of the same layout and were not at hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from equity import groups
from equity.sources import _columns, _dms, _files, _text
from equity.tables import SEXES, STOPS

__all__ = ["read", "standardize"]

RACES: dict[str, str | None] = {
    "w": "white",
    "b": "black",
    "a": "asian_pacific",
    "i": "aian",
    "h": "hispanic",
    "u": None,
}
"""SubjectRaceCode, and H where SubjectEthnicityCode is H: Hispanic overrides race."""

CODES: dict[str, dict[str, str | None]] = {
    "subject_ethnicity": {"h": "hispanic", "n": "not hispanic", "m": "middle eastern"},
    "subject_sex": {"m": "male", "f": "female", "x": "nonbinary", "u": None},
    "search_basis": {"n": None, "c": "consent", "i": "inventory", "o": "other"},
    "disposition": {
        "v": "verbal warning",
        "w": "written warning",
        "i": "infraction ticket",
        "m": "misdemeanor summons",
        "u": "uniform arrest report",
        "n": "no disposition",
    },
    "technique": {"g": "general", "b": "blind", "s": "spot check"},
    "reason_group": {"v": "violation", "e": "equipment", "i": "investigation"},
}
"""Column of ours -> {code in lower case: our value, None for none or not known}."""

OUTCOMES = {
    "verbal warning": "warning",
    "written warning": "warning",
    "infraction ticket": "citation",
    "misdemeanor summons": "summons",
    "uniform arrest report": "arrest",
}

HEADERS: dict[str, tuple[tuple[str, ...], str]] = {
    "source_file": (("source_file",), "category"),
    "source_row": (("source_row",), "integer"),
    "officer_id": (("ReportingOfficerIdentificationID",), "text"),
    "department_name": (("Department Name",), "category"),
    "town": (("InterventionLocationName",), "category"),
    "subject_age": (("SubjectAge",), "integer"),
    "subject_race": (("SubjectRaceCode",), "category"),
    "subject_ethnicity": (("SubjectEthnicityCode",), "category"),
    "subject_sex": (("SubjectSexCode",), "category"),
    "resident_of_state": (("ResidentIndicator",), "flag"),
    "resident_of_town": (("TownRecidentIndicator", "TownResidentIndicator"), "flag"),
    "reason_for_stop": (
        ("ReasonForStop", "StatutoryReasonForStop", "StatuteReason"),
        "category",
    ),
    "reason_group": (("InterventionReasonCode",), "category"),
    "technique": (("InterventionTechniqueCode",), "category"),
    "duration_code": (("InterventionDurationCode",), "category"),
    "vehicle_towed": (("TowedIndicator",), "flag"),
    "disposition": (("InterventionDispositionCode",), "category"),
    "arrest_made": (("CustodialArrestIndicator",), "flag"),
    "search_conducted": (("VehicleSearchedIndicator",), "flag"),
    "search_basis": (("SearchAuthorizationCode",), "category"),
    "contraband_recorded": (("ContrabandIndicator",), "flag"),
    "is_test": (("IsaTest",), "flag"),
}
"""Our column -> (its names in the files, its kind)."""

TEXTS = (
    *("InterventionDate", "InterventionDateTime", "InterventionTime"),
    *("OrganizationIdentificationID", "InterventionIdentificationID"),
    *("InterventionLocationLatitude", "InterventionLocationLongitude"),
)
"""Columns that need more than a change of type."""

DAMAGED = "^[0-9](?:[.][0-9]+)?[eE][+]?[0-9]+$"
"""A long number that Excel has rounded to a few digits, such as 2.02E+19."""

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)


def read(
    path: str | Path | Sequence[str | Path],
    *,
    scheme: str = "us1977",
    values: Mapping[str, Mapping[str, str]] | None = None,
) -> Any:
    """Read a CTRP3 file (CSV, Parquet or .xlsx, of any size), or several, as a DuckDB relation.

    Which stops did the department report? One row per person stopped, columns as in
    `equity.tables.STOPS`. See `standardize` for the arguments, further columns and errors.
    """
    return standardize(_files.scan(path), scheme=scheme, values=values)


def standardize(
    frame: Any,
    *,
    scheme: str = "us1977",
    values: Mapping[str, Mapping[str, str]] | None = None,
    file: str | None = None,
) -> Any:
    """Bring a frame of CTRP3's columns into the stops table, in the frame's own engine.

    Parameters
    ----------
    frame : pandas, Polars (eager or lazy), DuckDB or Spark frame, one row per person stopped.
    scheme : "us1977", the finest that the codes allow, or "stanford".
    values : further codes: column -> {code in the file: our value, "" if not known}, such as
        {"search_basis": {"O": "probable cause"}}. Codes are compared without case.
    file : name of the file that the rows come from, for `source_file`.

    Returns
    -------
    frame of the same engine
        The columns of `equity.tables.STOPS` that the file has, and these: `subject_ethnicity`,
        `disposition`, `technique`, `reason_group`, `duration_code`, `department_name`, `town`,
        `resident_of_state`, `resident_of_town`, `vehicle_towed`, `is_test`, and
        `contraband_recorded`: what the file says of contraband, with or without a search.
        `contraband_found` is that where there was a search, or where that is not known, and
        missing elsewhere; so no stop is lost because contraband is recorded without a search,
        and such stops are those with `contraband_recorded` and not `search_conducted`.
        A search was conducted if VehicleSearchedIndicator or SearchAuthorizationCode says so.
        Who was arrested has the outcome arrest, whatever the disposition. A person without an
        ethnicity code has no group, because Hispanic overrides race. `stop_id` is department
        and number of the stop; a number that Excel has rounded is missing, and so is a
        coordinate that cannot be read; both stand in `raw_<column>`.

    Raises
    ------
    ValueError
        If date, race or ethnicity has no column, or a code is not in the maps.

    What it cannot show: who the driver was of several people in a car; stops of pedestrians,
    which are not reported.

    Examples
    --------
    >>> import pandas as pd
    >>> stops = pd.DataFrame({"InterventionDate": ["Thursday, January 3, 2019"],
    ...                       "InterventionTime": ["8:54:00 AM"], "SubjectRaceCode": ["W"],
    ...                       "SubjectEthnicityCode": ["H"]})
    >>> standardize(stops)[["date", "second_of_day", "subject_race"]].values.tolist()
    [[Timestamp('2019-01-03 00:00:00'), 32040, 'hispanic']]
    """
    source = _text.start(frame)
    columns = source.collect_schema().names()
    wanted, headers = _wanted(source, columns, file)
    source, computed = _computed(source, columns)
    constants: dict[str, Any] = {"type": "vehicular"}
    if file and "source_file" not in wanted:
        constants["source_file"] = file
    order = [c for c in ("source_file", "source_row") if c in wanted]
    parsed = {c: w for c, w in computed.items() if not c.startswith("raw_")}
    raw = {c: w for c, w in computed.items() if c.startswith("raw_")}
    kept = {c: wanted[c] for c in order} | parsed
    kept |= {c: w for c, w in wanted.items() if c not in order} | raw
    table = _text.shape(source, kept, constants=constants)
    table = _searched(_hispanic(table), set(kept))
    table, maps = _maps(table, kept, values, scheme)
    table = _columns.relabel(
        table,
        maps,
        table="stops",
        headers=headers,
        allowed={c: tuple(v for v in dict.fromkeys(m.values()) if v) for c, m in maps.items()},
    )
    return _text.finish(_outcome(table, set(kept)).drop("our_hispanic"))


def _wanted(
    source: Any, columns: Sequence[str], file: str | None
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Return our column -> (their column, kind), and our column -> their column for messages."""
    wanted = {}
    for ours, (names, kind) in HEADERS.items():
        found = next((h for n in names if (h := _columns.find_header(columns, n))), None)
        if found is not None:
            wanted[ours] = (found, kind)
    needed = {ours: HEADERS[ours][0][0] for ours in ("subject_race", "subject_ethnicity")}
    if _columns.find_header(columns, "InterventionDateTime") is None:
        needed["date"] = "InterventionDate"
    what = file or "The stops file"
    hint = "A file in Stanford's columns is read with equity.sources.opp."
    _columns.match_headers(columns, needed, what=what, hint=hint, frame=source)
    return wanted, {ours: header for ours, (header, _) in wanted.items()}


def _computed(source: Any, columns: Sequence[str]) -> tuple[Any, dict[str, tuple[str, str]]]:
    """Add what is made of several columns or of unusual text; return it with the names.

    It is added step by step, because an engine repeats what is nested.
    """
    texts, clocks = _texts(source, columns)
    source = source.with_columns(*(text.alias(f"our_{name}") for name, text in texts.items()))
    days = [
        f"our_{name}" for name in ("InterventionDate", "InterventionDateTime") if name in texts
    ]
    plain = {f"{day}_plain": _plain_date(nw.col(day)) for day in days}
    source = source.with_columns(*(e.alias(n) for n, e in plain.items()))
    dated = (nw.when(_text.is_date(nw.col(d))).then(nw.col(d)) for d in plain)
    new = {"our_raw_date": nw.coalesce(*map(nw.col, days)), "our_day": nw.coalesce(*dated)}
    found = {"date": ("our_date", "date"), "raw_date": ("our_raw_date", "text")}
    if clocks:
        clock = nw.col(f"our_{clocks}")
        plain_clock = clock.str.replace_all("^[0-9]+[/-][0-9]+[/-][0-9]+[ T]+", "")
        new |= {"our_raw_second": clock, "our_second": _text._clock(plain_clock)}
        found["second_of_day"] = ("our_second", "integer")
        found["raw_second_of_day"] = ("our_raw_second", "text")
    if "InterventionIdentificationID" in texts:
        number = nw.col("our_InterventionIdentificationID")
        parts: list[nw.Expr] = [nw.when(~number.str.contains(DAMAGED)).then(number)]
        if "OrganizationIdentificationID" in texts:
            parts.insert(0, nw.col("our_OrganizationIdentificationID"))
        new |= {"our_raw_stop": number, "our_stop": nw.concat_str(parts, separator=" ")}
        found |= {"stop_id": ("our_stop", "text"), "raw_stop_id": ("our_raw_stop", "text")}
    source = source.with_columns(*(e.alias(n) for n, e in new.items()))
    last = {"our_date": _text._date(nw.col("our_day"))}
    for ours in ("latitude", "longitude"):
        name = f"our_InterventionLocation{ours.capitalize()}"
        if name.removeprefix("our_") in texts:
            last[f"our_{ours}"] = _dms.degrees(nw.col(name))
            found |= {ours: (f"our_{ours}", "number"), f"raw_{ours}": (name, "text")}
    source = source.with_columns(*(e.alias(n) for n, e in last.items()))
    if "our_longitude" in last:  # all of Connecticut lies west of Greenwich
        source = source.with_columns(our_longitude=-nw.col("our_longitude").abs())
    return source, found


def _texts(source: Any, columns: Sequence[str]) -> tuple[dict[str, nw.Expr], str]:
    """Return those columns as text, and the name of the one that holds the time of day."""
    schema = source.collect_schema()
    found = {name: _columns.find_header(columns, name) for name in TEXTS}
    clock = next((n for n in ("InterventionTime", "InterventionDateTime") if found[n]), "")
    texts = {}
    for name, header in found.items():
        if header is not None:
            dtype = schema[header]
            text = _text._blank_to_null(_text._as_text(header, dtype), _text.BLANKS)
            if dtype == nw.Datetime:
                form = "%H:%M:%S" if name == "InterventionTime" else "%Y-%m-%d %H:%M:%S"
                text = nw.col(header).dt.to_string(form)
            texts[name] = text
    return texts, clock


def _plain_date(text: nw.Expr) -> nw.Expr:
    """Return "Thursday, January 3, 2019" as 1/3/2019 and 2019/1/3 as 2019-1-3; others as given."""
    plain = text.str.replace_all("(?i)^[a-z]+day,? +", "")
    for number, month in enumerate(MONTHS, start=1):
        plain = plain.str.replace_all(f"(?i)^(?:{month}|{month[:3]}t?[.]?) +", f"{number}/")
    plain = plain.str.replace_all(", +", "/")
    return (
        nw.when(~text.str.contains("^[0-9]{4}/"))
        .then(plain)
        .otherwise(text.str.replace_all("/", "-"))
    )


def _hispanic(table: Any) -> Any:
    """Put H for the race code of whoever is Hispanic, and nothing where that is not known."""
    race, ethnicity = nw.col("subject_race"), nw.col("subject_ethnicity").str.to_lowercase()
    return table.with_columns(
        raw_subject_race=race,
        subject_race=nw.when(ethnicity == "h")
        .then(nw.lit("H"))
        .otherwise(nw.when(~ethnicity.is_null()).then(race)),
        our_hispanic=ethnicity,
    )


def _searched(table: Any, have: set[str]) -> Any:
    """Say whether there was a search, and what was found in it."""
    if "search_basis" in have:
        code = nw.col("search_basis").str.to_lowercase()
        yes = nw.coalesce(code != "n", nw.lit(False))
        known = ~code.is_null()
        if "search_conducted" in have:
            yes = yes | nw.coalesce(nw.col("search_conducted"), nw.lit(False))
            known = known | ~nw.col("search_conducted").is_null()
        stated = nw.when(known).then(yes)
        table = table.with_columns(stated.alias("search_conducted"))
        have.add("search_conducted")
    if "contraband_recorded" not in have:
        return table
    pairs = {"contraband_found": "contraband_recorded"}
    if "raw_contraband_recorded" in table.collect_schema().names():
        pairs["raw_contraband_found"] = "raw_contraband_recorded"
    if "search_conducted" not in have:
        return table.with_columns(**{ours: nw.col(theirs) for ours, theirs in pairs.items()})
    none = nw.coalesce(~nw.col("search_conducted"), nw.lit(False))
    return table.with_columns(
        **{ours: nw.when(~none).then(nw.col(theirs)) for ours, theirs in pairs.items()}
    )


def _maps(
    table: Any,
    kept: Mapping[str, tuple[str, str]],
    values: Mapping[str, Mapping[str, str]] | None,
    scheme: str,
) -> tuple[Any, dict[str, dict[str, str | None]]]:
    """Return the maps of the coded columns with the analyst's; replace in the other columns."""
    words = [c for c, (_, kind) in kept.items() if kind == "category" and c != "source_file"]
    extra = _columns.value_maps(values, words, what="stops")
    known = groups.scheme(scheme).groups
    steps = groups.crosswalk("us1977", scheme)
    races = {code: group and steps[group] for code, group in RACES.items()}
    given = _columns.checked_values(extra.pop("subject_race", {}), known, "subject_race")
    maps: dict[str, dict[str, str | None]] = {"subject_race": races | given}
    for column, codes in CODES.items():
        if column not in kept:
            continue
        allowed: tuple[str, ...] = tuple(v for v in codes.values() if v)
        if column == "subject_sex":
            allowed = SEXES
        elif column == "search_basis":
            allowed = STOPS[column].allowed
        maps[column] = codes | _columns.checked_values(extra.pop(column, {}), allowed, column)
    return _columns.replace(table, extra), maps


def _outcome(table: Any, have: set[str]) -> Any:
    """Say what the stop led to: arrest before all, then what the disposition says."""
    if "disposition" not in have:
        return table
    said = nw.col("disposition")
    arrest = nw.when(said == "uniform arrest report").then(nw.lit(True))
    if "arrest_made" in have:
        arrest = arrest.otherwise(nw.col("arrest_made"))
    else:
        arrest = nw.when(~said.is_null()).then(said == "uniform arrest report")
    outcome = said.replace_strict(
        list(OUTCOMES), list(OUTCOMES.values()), default=None, return_dtype=nw.String
    )
    table = table.with_columns(arrest.alias("arrest_made"))
    return table.with_columns(
        nw.when(nw.col("arrest_made")).then(nw.lit("arrest")).otherwise(outcome).alias("outcome"),
        citation_issued=said == "infraction ticket",
        warning_issued=(said == "verbal warning") | (said == "written warning"),
    )
