"""What is made of the rows of employees and applicants before they are counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import duckdb
import narwhals as nw

from equity.agency import Agency, Choose
from equity.cohorts import Cohort, col
from equity.pipeline.files import connection
from equity.tables import TABLES

__all__ = ["FIRST", "chosen", "prepared"]

FIRST = {
    "spells": "all periods of service in the roster and the list of those who left",
    "waits": "a step for each applicant and stage",
}
"""What is counted anew, as the first line of its ledger says it."""
LEFT_BEFORE = "had left before the date of the snapshot"
EARLIER = "of an earlier snapshot in the same year: the last one of each year is counted"


def prepared(agency: Agency, made: str, table: str, cohort: Cohort) -> Cohort | None:
    """Return what a step counts instead of the rows of a table; None where they do not allow it.

    made : "staff" (those who work here at each snapshot, and who joined or left between two),
        "spells" (periods of service) or "waits" (days from application to each stage).
    """
    from equity.durations import service_spells, stage_waits

    if not made:
        return cohort
    rows = cohort.rows.to_native()
    if made == "staff":
        return _staff(cohort)
    if made == "spells":
        if not _tells_who_left(agency, rows):
            return None
        exits = _exits(agency)
        return _usable(service_spells(rows, exits=exits, end=_known_until(rows, exits)))
    stages = [s.name for s in agency.inputs[table].stages if f"{s.name}_date" in rows.columns]
    if not stages:
        return None
    return _usable(stage_waits(rows, stages=stages))


def _staff(cohort: Cohort) -> Cohort:
    """Leave out those who had left, and say who joined and left from one year to the next."""
    from equity.durations import add_flows

    names = cohort.rows.collect_schema().names()
    if {"exit_date", "date"} <= set(names):
        cohort = cohort.drop(col("exit_date") < col("date"), because=LEFT_BEFORE)
    earlier = _before_the_last(cohort, names)
    if not earlier:
        return add_flows(cohort)
    # counted by year, people would be in as often as there are snapshots in it
    early = nw.when(col("date").is_in(earlier)).then(nw.lit(True)).otherwise(nw.lit(False))

    def between_years(frame: Any) -> Any:
        counted = nw.from_native(add_flows(frame.filter(~early).to_native()))
        nothing = nw.lit(None, dtype=nw.Boolean)
        rest = frame.filter(early).with_columns(joined=nothing, left=nothing)
        return nw.concat([counted, rest.select(*counted.collect_schema().names())])

    return cohort.drop(early, because=EARLIER).map_rows(between_years)


def _before_the_last(cohort: Cohort, names: Collection[str]) -> list[Any]:
    """Return the dates of snapshots after which there is another one in the same year."""
    if not {"date", "year"} <= set(names):
        return []
    days = cohort.frame.select("year", "date").drop_nulls().unique().collect().rows()
    last: dict[int, Any] = {}
    for year, day in days:
        last[year] = max(day, last.get(year, day))
    return sorted({day for _, day in days} - set(last.values()))


def _tells_who_left(agency: Agency, rows: duckdb.DuckDBPyRelation) -> bool:
    """Whether there are exits, dates of leaving, or several snapshots of people with a key."""
    when = next((c for c in ("date", "year") if c in rows.columns), None)
    if when is None:
        return False
    several = rows.aggregate(f"count(DISTINCT {when})").fetchall()[0][0] > 1
    if several and "person_id" not in rows.columns:
        return False  # nobody can be followed from one to the next
    return several or "exits" in agency.inputs or "exit_date" in rows.columns


def _known_until(
    rows: duckdb.DuckDBPyRelation, exits: duckdb.DuckDBPyRelation | None
) -> dt.date | None:
    """Return the day of the last exit where it is after the last roster, else None.

    Until then the files tell who left, so until then the others are known to have stayed. Exits
    that are dated ahead have not happened yet.
    """
    if exits is None:
        return None
    past = exits.filter("exit_date <= current_date")
    last = past.aggregate("max(CAST(exit_date AS DATE))").fetchall()[0][0]
    day = "CAST(date AS DATE)" if "date" in rows.columns else "make_date(year::INTEGER, 7, 1)"
    newest = rows.aggregate(f"max({day})").fetchall()[0][0]
    return last if last and newest and last > newest else None


def _exits(agency: Agency) -> duckdb.DuckDBPyRelation | None:
    """Return the exits that the agency file keeps; None where it has none."""
    if "exits" not in agency.inputs:
        return None
    rows = connection().read_parquet(str(agency.private / "exits.parquet"))
    given = agency.inputs["exits"]
    cohort = Cohort(rows, weight=None)
    for verb in ("keep", "leave_out"):
        for rule in getattr(given, verb):
            if rule.column not in rows.columns:
                there = [n for n in rows.columns if not n.startswith(("raw_", "source_"))]
                raise ValueError(
                    f"[[exits.{verb}]] column = {rule.column!r}: this agency's file has no such "
                    f"column. It has: {', '.join(there)}."
                )
            step = cohort.keep if verb == "keep" else cohort.drop
            cohort = step(chosen("exits", rule), because=rule.because)
    return cohort.rows.to_native()


def chosen(table: str, rule: Choose) -> Any:
    """Return the condition of a rule of the agency file: never unknown."""
    flag = TABLES[table][rule.column].kind == "flag"
    values = [v == "true" for v in rule.values] if flag else rule.values
    condition = col(rule.column).is_in(values) & ~col(rule.column).is_null()
    return condition | col(rule.column).is_null() if rule.missing else condition


def _usable(found: Any) -> Cohort:
    """Leave out, with its reason, what cannot be used."""
    found = connection().from_arrow(found.to_arrow_table())  # made once, and read several times
    cohort = Cohort(found, weight=None)
    rows = nw.from_native(found)
    kinds = rows.select("trouble").unique().collect().get_column("trouble").drop_nulls().sort()
    for words in kinds.to_list():
        cohort = cohort.drop(col("trouble") == words, because=words)
    return cohort
