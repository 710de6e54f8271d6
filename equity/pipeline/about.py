"""What a count file says of itself: agency, sources, dates, checks and the words for its keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import duckdb

from equity import __version__, groups
from equity.agency import Agency, Input
from equity.durations.service import resolution
from equity.pipeline.files import sha256
from equity.pipeline.plan import Step
from equity.sources.police_uk import TIMEZONE as LONDON
from equity.tables import AGE_BANDS

__all__ = ["about_agency", "about_check", "about_table"]

UNKNOWN = {
    "declined": "Declined to say",
    "withheld": "Withheld by law or policy",
    "not asked": "Not asked",
    "not stated": "Not stated",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def about_agency(agency: Agency) -> dict[str, Any]:
    """Return what every count file says of the agency, and of when it was made."""
    place = agency.agency
    return {
        "agency": place.name,
        "place": place.place,
        "fictional": place.fictional,
        "timezone": place.timezone,
        "contact": place.contact,
        "made": dt.date.today().isoformat(),
        "equity_version": __version__,
    }


def about_table(
    agency: Agency, step: Step, rows: duckdb.DuckDBPyRelation, report: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a count file says of the rows that it counts."""
    given = agency.inputs[step.table]
    scheme = groups.scheme(agency.scheme(step.table))
    first = last = None
    if "date" in rows.columns:
        first, last = rows.aggregate("min(date), max(date)").fetchall()[0]
    made_anew = step.made in ("spells", "waits")
    about = {
        **about_agency(agency),
        "table": step.table,
        "title": step.title if made_anew else given.title or step.title,
        "sources": [{"file": p.name, "sha256": sha256(p)} for p in agency.paths(step.table)],
        "first_date": first and str(first)[:10],
        "last_date": last and str(last)[:10],
        "rows_in": report["rows_in"],
        "rows_set_aside": report["rows_set_aside"],
        "checks": [{k: v for k, v in rule.items() if k != "rows"} for rule in report["rules"]],
        **about_check(report),
        "notes": _notes(agency, step, rows),
        "scheme": {"name": scheme.name, "title": scheme.title, "note": scheme.note},
        "labels": _labels(step, given, dict(scheme.labels)),
        "stages": [{"name": s.name, "label": s.label or s.name} for s in given.stages],
    }
    if step.made == "spells" and "exits" not in agency.inputs and "person_id" in rows.columns:
        about["resolution"] = resolution(rows)  # to how many months it is known when people left
    if "area" in step.by:
        about["area"] = given.area
    return about


def about_check(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return which version of which rules accepted the rows, who judged them, and when."""
    keys = {"on": "checked_on", "suite": "suite_version", "by": "engine", "load": "load"}
    return {"checked": {ours: report[theirs] for ours, theirs in keys.items()}}


def _notes(agency: Agency, step: Step, rows: duckdb.DuckDBPyRelation) -> list[str]:
    """Return sentences on what was done to the rows that a reader has to know of."""
    notes = []
    given = agency.inputs[step.table]
    if given.format == "police_uk":
        notes.append(f"Times were in UTC and were converted to {LONDON}.")
    elif given.times == "UTC":
        notes.append(f"Times were in UTC and were converted to {agency.agency.timezone}.")
    if "margin" in rows.columns:
        notes.append(
            "The file has totals only, by race and by sex, not single people: race and sex "
            "together cannot be told, nor how far each person came."
        )
    elif "weight" in rows.columns:
        number, weight = rows.aggregate("count(*), coalesce(sum(weight), 0)").fetchall()[0]
        notes.append(f"{number:,} rows of the file stand for {int(weight):,} {step.table}.")
    return notes


def _labels(step: Step, given: Input, race: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return the words for the keys of each column, in the order in which they are shown."""
    stops = step.table == "stops"
    words = {
        "subject_race" if stops else "race": race,
        "subject_sex" if stops else "sex": {
            key: groups.label(key) for key in ("female", "male", "nonbinary")
        },
        "sworn": {"true": "Sworn officers", "false": "Civilian employees"},
        "age_band": {band: band for _, band in AGE_BANDS},
        "hour": {str(h): f"{h}:00 to {h}:59" for h in range(24)},
        "weekday": {str(i): day for i, day in enumerate(WEEKDAYS, 1)},
        "rank": {str(v): str(v) for v in given.rules.get("rank", {})},
        "race_unknown": UNKNOWN,
        "stage": {s.name: s.label or s.name for s in given.stages},
        "is_dark": {"true": "After dusk", "false": "Before sunset"},
    }
    return {column: keys for column, keys in words.items() if column in step.by}
