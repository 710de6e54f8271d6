"""What is made of the rows of employees and applicants before they are counted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import duckdb
import narwhals as nw

from equity.agency import Agency
from equity.cohorts import Cohort, col
from equity.pipeline.files import connection

__all__ = ["FIRST", "prepared"]

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

    rows = cohort.rows.to_native()
    if made == "staff":
        return _staff(cohort)
    if made == "spells":
        if not _tells_who_left(agency, rows):
            return None
        return _usable(service_spells(rows, exits=_exits(agency)))
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
    if "exits" in agency.inputs or "exit_date" in rows.columns:
        return "date" in rows.columns or "year" in rows.columns
    when = next((c for c in ("date", "year") if c in rows.columns), None)
    if when is None or "person_id" not in rows.columns:
        return False
    found = rows.aggregate(f"count(DISTINCT {when})").fetchall()[0]
    return found[0] > 1


def _exits(agency: Agency) -> duckdb.DuckDBPyRelation | None:
    path = agency.private / "exits.parquet"
    return connection().read_parquet(str(path)) if "exits" in agency.inputs else None


def _usable(found: Any) -> Cohort:
    """Leave out, with its reason, what cannot be used."""
    cohort = Cohort(found, weight=None)
    rows = nw.from_native(found)
    kinds = rows.select("trouble").unique().collect().get_column("trouble").drop_nulls().sort()
    for words in kinds.to_list():
        cohort = cohort.drop(col("trouble") == words, because=words)
    return cohort
