"""Stops under California's Racial and Identity Profiling Act (RIPA), statewide files 2018-2024.

Source : California Department of Justice, OpenJustice, "RIPA Stop Data", one row per person
    stopped, key DOJ_RECORD_ID and PERSON_NUMBER; columns of 2018-2023 and those of 2024.
Checked : no file was at hand, so that nothing was compared with a total; columns and codes follow
    descriptions of the published files and public programs that read them (HRDAG's ripadb among
    them). Names are matched without case, with the variants that were seen there.
Gaps : REASON_FOR_STOP 5, 7 and 8 change places between the sources; all three are matters of
    school and are put together. Frisks are a column of their own from 2024 only; before, they
    are in the search of the person, so that a search includes a frisk in all years. Vehicles and
    pedestrians are told apart from 2024 only; a bicycle is neither. Agencies joined from 2018
    (8) to 2022 (all): totals of the state are not comparable over the years. There are no
    coordinates and no officers. Files of one city (San Diego) and the JSON are not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from equity import groups
from equity.sources import _any, _columns, _files, _text
from equity.tables import SEXES

__all__ = ["read", "standardize"]

RACES = {
    "1": "asian",
    "2": "black",
    "3": "hispanic",
    "4": "mesa",
    "5": "aian",
    "6": "nhpi",
    "7": "white",
    "8": "multiple",
}
"""RAE_FULL -> group of the scheme "ripa"; any two perceived groups make 8."""

GENDERS = {
    "1": ("man", "male"),
    "2": ("woman", "female"),
    "3": ("transgender man", "male"),
    "4": ("transgender woman", "female"),
    "5": ("nonbinary", "nonbinary"),
    "6": ("multigender", None),
}
"""G_FULL -> (words, sex)."""

REASONS = {
    "1": "traffic violation",
    "2": "reasonable suspicion",
    "3": "parole, probation or supervision",
    "4": "outstanding warrant",
    "5": "school",
    "6": "consensual encounter and search",
    "7": "school",
    "8": "school",
    "9": "probable cause to arrest",
    "10": "mental health hold",
}
"""REASON_FOR_STOP -> words; 9 and 10 from 2024."""

TRAFFIC = {"1": "moving", "2": "equipment", "3": "non-moving"}
"""RFS_TRAFFIC_VIOLATION_TYPE -> words."""

HEADERS: dict[str, tuple[tuple[str, ...], str]] = {
    "source_file": (("source_file",), "category"),
    "source_row": (("source_row",), "integer"),
    "date": (("DATE_OF_STOP",), "date"),
    "second_of_day": (("TIME_OF_STOP",), "clock"),
    "department_name": (("AGENCY_NAME",), "category"),
    "department_id": (("AGENCY_ORI",), "category"),
    "city": (("LOC_CLOSEST_CITY", "CLOSEST_CITY"), "category"),
    "subject_age": (("AGE",), "integer"),
    "subject_race": (("RAE_FULL",), "category"),
    "gender": (("G_FULL",), "category"),
    "reason_for_stop": (("REASON_FOR_STOP",), "category"),
    "traffic_violation": (("RFS_TRAFFIC_VIOLATION_TYPE",), "category"),
    "stop_minutes": (("STOP_DURATION",), "integer"),
    "call_for_service": (("CALL_FOR_SERVICE",), "flag"),
    "limited_english": (("LIMITED_ENGLISH_FLUENCY",), "flag"),
}
"""Our column -> (its names in the files, its kind)."""

SPELLINGS: dict[str, tuple[str, ...]] = {
    "ADS_SEARCH_PERSON": ("ADS_SEARCHED_PER", "ADS_SEARCHED_PERSON"),
    "ADS_SEARCH_PROPERTY": ("ADS_SEARCHED_PROP", "ADS_SEARCHED_PROPERTY"),
    "ROS_CUSTODIAL_WITHOUT_WARRANT": (
        *("ROS_CUSTODIAL_WITHOU_WARRANT", "ROS_CUSTODIAL_WOUT_WARRANT"),
    ),
    "CED_STOLEN_PROP": ("CED_STOLEN_PROPERTY",),
}
"""A column -> its other names in the files."""

ANY_OF: dict[str, tuple[tuple[str, ...], ...]] = {
    "search_person": (("ADS_SEARCH_PERSON",), ("NFA_SEARCH_PERSON",)),
    "search_property": (("ADS_SEARCH_PROPERTY",), ("NFA_SEARCH_PROPERTY",)),
    "frisk_performed": (("NFA_TERRY_FRISK",),),
    "search_conducted": (
        ("ADS_SEARCH_PERSON", "ADS_SEARCH_PROPERTY"),
        ("NFA_SEARCH_PERSON", "NFA_SEARCH_PROPERTY", "NFA_TERRY_FRISK"),
    ),
    "arrest_made": (("ROS_CUSTODIAL_WARRANT", "ROS_CUSTODIAL_WITHOUT_WARRANT"),),
    "citation_issued": (("ROS_CITATION", "ROS_IN_FIELD_CITE_RELEASE"),),
    "warning_issued": (("ROS_WARNING",), ("ROS_WRITTEN_WARNING", "ROS_VERBAL_WARNING")),
    "handcuffed": (("ADS_HANDCUFFED",), ("OFA_HANDCUFFED",)),
    "force_used": (
        (
            *("ADS_REMOVED_VEHICLE_PHYCONTACT", "ADS_FIREARM_POINT", "ADS_FIREARM_DISCHARGE"),
            *("ADS_ELECT_DEVICE", "ADS_IMPACT_DISCHARGE", "ADS_CANINE_BITE", "ADS_BATON"),
            *("ADS_CHEM_SPRAY", "ADS_OTHER_CONTACT"),
        ),
        (
            *("OFA_REMOVED_VEHICLE_PHYCONTACT", "OFA_FIREARM_POINT", "OFA_FIREARM_DISCHARGE"),
            *("OFA_ELECT_DEVICE_POINT", "OFA_ELECT_DEVICE_STUN", "OFA_ELECT_DEVICE_DART"),
            *("OFA_IMPACT_PROJECTILE_POINT", "OFA_IMPACT_PROJECTILE_DISCHARGE"),
            *("OFA_CANINE_BITE", "OFA_BATON_USED", "OFA_CHEM_SPRAY"),
            *("OFA_PHYSICAL_COMPLIANCE", "OFA_USE_VEHICLE"),
        ),
    ),
    "contraband_recorded": (
        (
            *("CED_FIREARM", "CED_AMMUNITION", "CED_WEAPON", "CED_DRUGS", "CED_ALCOHOL"),
            *("CED_MONEY", "CED_DRUG_PARAPHERNALIA", "CED_STOLEN_PROP"),
            *("CED_ELECT_DEVICE", "CED_OTHER_CONTRABAND"),
        ),
    ),
}
"""Our flag -> the columns of which one must say yes, those of 2018-2023 before those of 2024
where they differ. Handcuffs, and weapons that were drawn and not pointed at the person, are not
counted as force."""

NONE_FOUND = "CED_NONE_CONTRABAND"

BASES: tuple[tuple[str, str], ...] = (
    ("BFS_SEARCH_WARRANT", "warrant"),
    ("BFS_INCIDENT", "incident to arrest"),
    ("BFS_VEHICLE_INVENT", "inventory"),
    ("BFS_CANINE_DETECT", "k9"),
    ("BFS_VISIBLE_CONTRABAND", "plain view"),
    ("BFS_ODOR_CONTRABAND", "probable cause"),
    ("BFS_EVIDENCE", "probable cause"),
    ("BFS_SUSPECT_WEAPON", "frisk"),
    ("BFS_OFFICER_SAFETY", "frisk"),
    ("BFS_EXIGENT_CIRCUM", "other"),
    ("BFS_PAROLE", "other"),
    ("BFS_CONSENT_GIVEN", "consent"),
    ("BFS_SCHOOL_POLICY", "other"),
)
"""Basis of the search -> ours, in the order in which one is taken where several are marked:
first what leaves the officer no choice, then what asks for most suspicion, consent late."""

TYPES = {"TOS_VEHICULAR": "vehicular", "TOS_PEDESTRIAN": "pedestrian"}


def read(
    path: str | Path | Sequence[str | Path],
    *,
    scheme: str = "ripa",
    values: Mapping[str, Mapping[str, str]] | None = None,
) -> Any:
    """Read a statewide RIPA file (CSV, Parquet or .xlsx), or several, as a DuckDB relation.

    Whom did California's agencies stop? One row per person stopped, columns as in
    `equity.tables.STOPS`. See `standardize` for the arguments, further columns and errors.
    """
    return standardize(_files.scan(path), scheme=scheme, values=values)


def standardize(
    frame: Any,
    *,
    scheme: str = "ripa",
    values: Mapping[str, Mapping[str, str]] | None = None,
    file: str | None = None,
) -> Any:
    """Bring a frame of RIPA's columns into the stops table, in the frame's own engine.

    Parameters
    ----------
    frame : pandas, Polars (eager or lazy), DuckDB or Spark frame, one row per person stopped.
    scheme : "ripa", the eight groups of the file. For another, such as "us1997", `values` has to
        say where code 4, Middle Eastern or South Asian, belongs: the census divides it.
    values : further codes: column -> {code in the file: our value, "" if not known}, such as
        {"subject_race": {"4": "asian"}}.
    file : name of the file that the rows come from, for `source_file`.

    Returns
    -------
    frame of the same engine
        The columns of `equity.tables.STOPS` that the file has, and `department_name`,
        `department_id`, `city`, `gender`, `traffic_violation`, `stop_minutes`,
        `call_for_service`, `limited_english`, `search_person`, `search_property`, `handcuffed`
        and `contraband_recorded`. A flag that several columns make is True if one says yes,
        False if all that the file has say no, else missing. A search is one of
        person or property, or a frisk. `contraband_found` is `contraband_recorded` where there
        was a search, or where that is not known. `search_basis` is one of several by a stated
        order (`BASES`). `stop_id` is the number of the stop and of the person in it.

    Raises
    ------
    ValueError
        If date or race has no column, or a code is not in the maps.

    What it cannot show: how the people would describe themselves; all of it is perceived.

    Examples
    --------
    >>> import pandas as pd
    >>> stops = pd.DataFrame({"DATE_OF_STOP": ["2022-01-03"], "RAE_FULL": ["4"],
    ...                       "ADS_SEARCHED_PER": ["1"], "CED_DRUGS": ["0"]})
    >>> columns = ["subject_race", "search_conducted", "contraband_found"]
    >>> standardize(stops)[columns].values.tolist()
    [['mesa', True, False]]
    """
    source = _text.start(frame)
    columns = source.collect_schema().names()
    found = _columns.match_headers(
        columns,
        {"date": "DATE_OF_STOP", "subject_race": "RAE_FULL"},
        what=file or "The stops file",
        frame=source,
    )
    wanted = {}
    for ours, (names, kind) in HEADERS.items():
        there = [h for n in names if (h := _columns.find_header(columns, n)) is not None]
        wanted |= {f"{ours}{i or ''}": (header, kind) for i, header in enumerate(there)}
    marks = {*TYPES, NONE_FOUND, *(b for b, _ in BASES)}
    marks |= {n for sets in ANY_OF.values() for names in sets for n in names}
    for name in sorted(marks.union(*SPELLINGS.values())):
        header = _columns.find_header(columns, name)
        if header is not None:
            wanted[name.lower()] = (header, "flag")
    for name in ("DOJ_RECORD_ID", "PERSON_NUMBER"):
        header = _columns.find_header(columns, name)
        if header is not None:
            wanted[name.lower()] = (header, "text")
    constants = {"source_file": file} if file and "source_file" not in wanted else None
    table = _text.shape(source, wanted, constants=constants)
    if "city1" in wanted:  # files of both kinds under each other
        table = table.with_columns(city=nw.coalesce(nw.col("city"), nw.col("city1")))
        table = table.drop("city1")
        del wanted["city1"]
    flags = {ours: [[n.lower() for n in s] for s in sets] for ours, sets in ANY_OF.items()}
    table = _searched(_any.any_of(_spelled(table), flags))
    table = _details(table)
    used = [c for c in table.collect_schema().names() if c.removeprefix("raw_").upper() in marks]
    table, maps, headers = _maps(table.drop(*used), wanted, values, scheme)
    headers |= {"subject_race": found["subject_race"]}
    table = _columns.relabel(
        table,
        maps,
        table="stops",
        headers=headers,
        allowed={c: tuple(v for v in dict.fromkeys(m.values()) if v) for c, m in maps.items()}
        | {"subject_race": groups.scheme(scheme).groups},
    )
    return _text.finish(table)


def _spelled(table: Any) -> Any:
    """Put the columns that are spelled in several ways under one name."""
    there = table.collect_schema().names()
    new, gone = {}, []
    for name, others in SPELLINGS.items():
        for prefix in ("", "raw_"):
            found = [c for n in (name, *others) if (c := f"{prefix}{n.lower()}") in there]
            if found:
                new[f"{prefix}{name.lower()}"] = nw.coalesce(*(nw.col(c) for c in found))
            gone += [c for c in found if c != f"{prefix}{name.lower()}"]
    return table.with_columns(**new).drop(*gone) if new else table


def _searched(table: Any) -> Any:
    """Say whether there was a search, what was found in it, and on what basis it was made."""
    there = table.collect_schema().names()
    found = nw.col("contraband_recorded") if "contraband_recorded" in there else None
    if NONE_FOUND.lower() in there:
        nothing = nw.coalesce(nw.col(NONE_FOUND.lower()), nw.lit(False))
        no = nw.when(nothing).then(~nothing)
        found = no if found is None else nw.coalesce(found, no)
    none = nw.lit(False)
    if "search_conducted" in there:
        none = nw.coalesce(~nw.col("search_conducted"), nw.lit(False))
    if found is not None:
        table = table.with_columns(contraband_recorded=found)
        pairs = {"contraband_found": "contraband_recorded"}
        if "raw_contraband_recorded" in there:
            pairs["raw_contraband_found"] = "raw_contraband_recorded"
        table = table.with_columns(
            **{ours: nw.when(~none).then(nw.col(theirs)) for ours, theirs in pairs.items()}
        )
    basis = nw.lit(None, nw.String)
    if "frisk_performed" in there:
        frisk = nw.coalesce(nw.col("frisk_performed"), nw.lit(False))
        basis = nw.when(frisk).then(nw.lit("frisk")).otherwise(basis)
    marked = [(name.lower(), ours) for name, ours in BASES if name.lower() in there]
    for name, ours in reversed(marked):
        hit = nw.coalesce(nw.col(name), nw.lit(False))
        basis = nw.when(hit).then(nw.lit(ours)).otherwise(basis)
    if marked:
        table = table.with_columns(search_basis=nw.when(~none).then(basis))
    return table


def _details(table: Any) -> Any:
    """Say the key, who was stopped, the sex and the most severe result."""
    there = table.collect_schema().names()
    new: dict[str, nw.Expr] = {}
    key = [c for c in ("doj_record_id", "person_number") if c in there]
    if "doj_record_id" in key:
        new["stop_id"] = nw.concat_str([nw.col(c) for c in key], separator="-")
    kinds = [(name.lower(), ours) for name, ours in TYPES.items() if name.lower() in there]
    if kinds:
        kind = nw.lit(None, nw.String)
        for name, ours in kinds:
            hit = nw.coalesce(nw.col(name), nw.lit(False))
            kind = nw.when(hit).then(nw.lit(ours)).otherwise(kind)
        new["type"] = kind
    if "gender" in there:
        new["subject_sex"] = nw.col("gender")
    results = ("arrest_made", "citation_issued", "warning_issued")
    outcome = nw.lit(None, nw.String)
    for flag in [f for f in reversed(results) if f in there]:
        hit = nw.coalesce(nw.col(flag), nw.lit(False))
        outcome = nw.when(hit).then(nw.lit(flag.split("_")[0])).otherwise(outcome)
    if any(f in there for f in results):
        new["outcome"] = outcome
    return table.with_columns(**new).drop(*key)


def _maps(
    table: Any,
    wanted: Mapping[str, tuple[str, str]],
    values: Mapping[str, Mapping[str, str]] | None,
    scheme: str,
) -> tuple[Any, dict[str, dict[str, str | None]], dict[str, str]]:
    """Return the maps of the coded columns with the analyst's; replace in the other columns."""
    there = table.collect_schema().names()
    known = groups.scheme(scheme).groups
    races = RACES if scheme == "ripa" else {k: _group(v, scheme) for k, v in RACES.items()}
    coded: dict[str, tuple[dict[str, str | None], Sequence[str]]] = {
        "subject_race": ({k: v for k, v in races.items() if v}, known),
        "subject_sex": ({code: sex for code, (_, sex) in GENDERS.items()}, SEXES),
        "gender": (
            {code: words for code, (words, _) in GENDERS.items()},
            tuple(words for words, _ in GENDERS.values()),
        ),
        "reason_for_stop": (dict(REASONS), tuple(REASONS.values())),
        "traffic_violation": (dict(TRAFFIC), tuple(TRAFFIC.values())),
    }
    words = [c for c, (_, kind) in wanted.items() if kind == "category" and c != "source_file"]
    words += ["subject_sex"] if "subject_sex" in there else []
    extra = _columns.value_maps(values, words, what="stops")
    maps = {
        column: codes | _columns.checked_values(extra.pop(column, {}), allowed, column)
        for column, (codes, allowed) in coded.items()
        if column in there
    }
    # spreadsheets write a code as 4.0; a 0 says that the question was not asked
    plain = {c: nw.col(c).str.replace_all("[.]0+$", "") for c in maps}
    plain["traffic_violation"] = nw.when(nw.col("traffic_violation") != "0").then(
        nw.col("traffic_violation").str.replace_all("[.]0+$", "")
    )
    table = table.with_columns(**{c: e for c, e in plain.items() if c in maps})
    headers = {c: wanted[c][0] for c in maps if c in wanted}
    if "gender" in wanted:
        headers["subject_sex"] = wanted["gender"][0]
    return _columns.replace(table, extra), maps, headers


def _group(group: str, scheme: str) -> str | None:
    """Return the group of another scheme in which all of a group of RIPA lies, if there is one."""
    if group in groups.scheme(scheme).groups:
        return group
    for source in ("us1997", "us1977"):
        try:
            return groups.crosswalk(source, scheme).get(group)
        except ValueError:
            continue
    return None
