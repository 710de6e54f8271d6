"""Counts the checked rows once, into the small files that are all that a dashboard opens."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from equity import __version__, groups
from equity.agency import Agency, Choose
from equity.cohorts import Cohort, col
from equity.counts import CountTable, count
from equity.pipeline.checking import Tell, check_agency
from equity.pipeline.files import (
    connection,
    marks,
    read_report,
    residents,
    sha256,
    swap,
    write_text,
)
from equity.tables import TABLES

__all__ = ["PLAN", "Step", "count_agency", "is_current"]

STOP_FLAGS = (
    "search_conducted",
    "frisk_performed",
    "arrest_made",
    "citation_issued",
    "warning_issued",
    "contraband_found",
)


@dataclass(frozen=True)
class Step:
    """A count file: its name, the table that it counts, by which columns, and of which flags."""

    file: str
    table: str
    by: tuple[str, ...]
    of: tuple[str, ...] = ()
    title: str = ""


PLAN = (
    Step(
        "stops",
        "stops",
        ("subject_race", "subject_sex", "district", "type", "year", "search_basis"),
        STOP_FLAGS,
        "Stops",
    ),
    Step(
        "stops_by_month", "stops", ("subject_race", "year", "month"), STOP_FLAGS, "Stops by month"
    ),
    Step(
        "workforce",
        "workforce",
        ("race", "sex", "year", "sworn", "job_category"),
        title="Workforce",
    ),
    Step("applicants", "applicants", ("race", "sex", "posting", "year"), title="Applicants"),
)
"""Every count file of rows. A column that a file does not have is left out of `by` and `of`."""


def count_agency(agency: Agency, *, tell: Tell = lambda _: None) -> list[Path]:
    """Count the checked rows once and write the count files, all that a dashboard opens.

    Checks first where the files, or equity.toml, have changed since the last check. Raises
    ValueError where a table did not pass its critical checks, naming it and the result page.
    """
    stamp = agency.private / "checked.json"
    if not stamp.is_file() or json.loads(stamp.read_text())["marks"] != marks(agency):
        check_agency(agency, tell=tell)
    unusable = [name for name, ok in json.loads(stamp.read_text())["usable"].items() if not ok]
    if unusable:
        raise ValueError(
            f"{', '.join(unusable)} cannot be counted: a check that stops the load failed. "
            f"{agency.checks / 'index.html'} says which and what to do; then run `equity check`."
        )
    agency.results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=agency.results, prefix=".counts-") as work:
        written = []
        for step in PLAN:
            if step.table in agency.inputs:
                tell(f"Counting {step.title.lower()}")
                written.append(_count(agency, step).write(Path(work) / f"{step.file}.parquet"))
        for name in agency.inputs:
            if agency.benchmarks:
                table = _benchmarks(agency, name)
                written.append(table.write(Path(work) / f"residents_{name}.parquet"))
        write_text(Path(work) / "current.json", json.dumps({"marks": marks(agency)}))
        swap(Path(work), agency.counts)
    return [agency.counts / path.name for path in written]


def is_current(agency: Agency) -> bool:
    """Return whether the count files were made from the files and the equity.toml as they are."""
    mark = agency.counts / "current.json"
    return mark.is_file() and json.loads(mark.read_text())["marks"] == marks(agency)


def _count(agency: Agency, step: Step) -> CountTable:
    rows = connection().read_parquet(str(agency.private / f"{step.table}.parquet"))
    given = agency.inputs[step.table]
    cohort = Cohort(rows)
    for verb in ("keep", "leave_out"):
        for rule in getattr(given, verb):
            if rule.column not in rows.columns:
                raise ValueError(
                    f"[[{step.table}.{verb}]] column = {rule.column!r}: this agency's file has no "
                    f"such column. It has: {', '.join(_words_of(rows))}."
                )
            chosen = _chosen(step.table, rule)
            if verb == "keep":
                cohort = cohort.keep(chosen, because=rule.because)
            else:
                cohort = cohort.drop(chosen, because=rule.because)
    have = set(rows.columns) | ({"year", "month"} if "date" in rows.columns else set())
    flags = step.of
    if step.table == "applicants":
        flags = tuple(stage.name for stage in given.stages)
    report = read_report(agency, step.table)
    counts = count(
        cohort,
        by=[c for c in step.by if c in have],
        of=[f for f in flags if f in have],
        provenance=_provenance(agency, step, rows, report),
    )
    ledger = _ledger(report, counts.ledger)
    return CountTable(counts.table, counts.by, counts.of, ledger, counts.provenance)


def _chosen(table: str, rule: Choose) -> Any:
    """Return the condition of a rule of the agency file: never unknown."""
    flag = TABLES[table][rule.column].kind == "flag"
    values = [v == "true" for v in rule.values] if flag else rule.values
    condition = col(rule.column).is_in(values) & ~col(rule.column).is_null()
    return condition | col(rule.column).is_null() if rule.missing else condition


def _words_of(rows: duckdb.DuckDBPyRelation) -> list[str]:
    return [c for c in rows.columns if not c.startswith(("raw_", "source_"))]


def _ledger(report: Mapping[str, Any], counted: pd.DataFrame) -> pd.DataFrame:
    """Put the rows that the data checks set aside before the steps of the cohort."""
    first = {"step": "start", "because": "all records in the file", "rows": report["rows_in"]}
    rows = [first | {"left_out": 0}]
    if report["rows_set_aside"]:
        rows.append(
            {
                "step": "set aside",
                "because": "records that failed a data check",
                "rows": report["rows_good"],
                "left_out": report["rows_set_aside"],
            }
        )
    return pd.concat([pd.DataFrame(rows), counted.iloc[1:]], ignore_index=True)


def _provenance(
    agency: Agency, step: Step, rows: duckdb.DuckDBPyRelation, report: Mapping[str, Any]
) -> dict[str, Any]:
    given = agency.inputs[step.table]
    scheme = groups.scheme(agency.scheme(step.table))
    sexes = {key: groups.label(key) for key in ("female", "male", "nonbinary")}
    race, sex = ("subject_race", "subject_sex") if step.table == "stops" else ("race", "sex")
    first = last = None
    if "date" in rows.columns:
        first, last = rows.aggregate("min(date), max(date)").fetchall()[0]
    return {
        **_about(agency),
        "table": step.table,
        "title": given.title or step.title,
        "sources": [{"file": p.name, "sha256": sha256(p)} for p in agency.paths(step.table)],
        "first_date": first and str(first)[:10],
        "last_date": last and str(last)[:10],
        "rows_in": report["rows_in"],
        "rows_set_aside": report["rows_set_aside"],
        "checks": report["rules"],
        "scheme": {"name": scheme.name, "title": scheme.title, "note": scheme.note},
        "labels": {
            race: dict(scheme.labels),
            sex: sexes,
            "sworn": {"true": "Sworn officers", "false": "Civilian employees"},
        },
        "stages": [{"name": s.name, "label": s.label or s.name} for s in given.stages],
    }


def _about(agency: Agency) -> dict[str, Any]:
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


def _benchmarks(agency: Agency, table: str) -> CountTable:
    """Every benchmark side by side, under the scheme of groups of `table`."""
    scheme = agency.scheme(table)
    parts = []
    for benchmark in agency.benchmarks:
        part = residents(agency, benchmark, scheme)
        parts.append(part.assign(benchmark=benchmark.label))
    frame = pd.concat(parts, ignore_index=True)
    by = tuple(c for c in ("benchmark", "place", "year", "universe", "race") if c in frame.columns)
    numbers = ("n", "moe", "controlled", "place_n", "place_moe")
    rest = [c for c in numbers if c in frame.columns]
    provenance = {
        **_about(agency),
        "table": "residents",
        "title": "Residents",
        "sources": [
            {"file": p.name, "sha256": sha256(p)}
            for p in dict.fromkeys(map(agency.benchmark_path, agency.benchmarks))
        ],
        "labels": {"race": dict(groups.scheme(scheme).labels)},
        "scheme": {"name": scheme, "title": groups.scheme(scheme).title},
        "benchmarks": [
            {
                "label": b.label,
                "place": b.place,
                "year": b.year,
                "note": b.note or _other_place(agency, b.place),
            }
            for b in agency.benchmarks
        ],
    }
    ledger = pd.DataFrame(columns=["step", "because", "rows", "left_out"])
    return CountTable(frame[[*by, *rest]], by, (), ledger, provenance)


def _other_place(agency: Agency, place: str) -> str:
    if place.casefold() == agency.agency.place.casefold():
        return ""
    return (
        f"These residents are those of {place}, not those of {agency.agency.place} alone. Where "
        "the two differ, so would every comparison."
    )
