"""Counts the checked rows once, into the small files that are all that a dashboard opens."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from equity.agency import Agency, Input
from equity.cohorts import Cohort
from equity.counts import CountTable, count
from equity.engine import Files
from equity.pipeline.about import about_table
from equity.pipeline.checking import Tell
from equity.pipeline.compared import COMPARED, benchmarks
from equity.pipeline.dusk import around_dusk, placed
from equity.pipeline.files import (
    checked_rows,
    connection,
    marks,
    read_report,
    sha256,
    swap,
    write_text,
)
from equity.pipeline.parts import Parts
from equity.pipeline.people import FIRST, chosen, prepared
from equity.pipeline.plan import DAYLIGHT, OFFICERS, PLAN, Step, countable
from equity.pipeline.results import results
from equity.tables import PIPELINES

OF_A_PERSON = ("race", "sex", "race_unknown", "sworn", "job_category", "rank")
"""What a period of service tells of the person, as of its first record."""
WHAT = {"workforce": "employees", "promotions": "candidates"}
"""What the rows of a table are, where its name does not say so."""

__all__ = ["PLAN", "Step", "count_agency", "is_current", "unchecked"]


def count_agency(
    agency: Agency,
    *,
    fits: bool = True,
    verify: bool = False,
    tell: Tell = lambda _: None,
) -> list[Path]:
    """Count the checked rows once and write the count files, all that a dashboard opens.

    Rows are counted only if they were checked, and are as the check left them. The counts are in
    place before the results that take long are computed, so that the dashboards can be
    opened meanwhile; a result whose counts have not changed is not computed again. Of the files
    that were delivered only those are counted that changed (`equity.pipeline.parts`).

    Parameters
    ----------
    agency : from :func:`equity.agency.read_agency`.
    fits : whether to compute what takes minutes (the threshold test), or to leave it out.
    verify : whether to count all rows once more, and to refuse where that gives other counts.
    tell : is called with a sentence at each step.

    Raises
    ------
    ValueError
        A table was not checked since it changed, or did not pass its critical checks; the message
        names it, and the command or the page that says what to do. Or (`verify`) a full recount
        gives other counts.
    """
    why = unchecked(agency)
    if why:
        raise ValueError(f"{why}: run `equity check` first. Only checked rows are counted.")
    unusable = [name for name, ok in _stamp(agency)["usable"].items() if not ok]
    if unusable:
        raise ValueError(
            f"{', '.join(unusable)} cannot be counted: a check that stops the load failed. "
            f"{agency.checks / 'index.html'} says which and what to do; then run `equity check`."
        )
    agency.results.mkdir(parents=True, exist_ok=True)
    parts = Parts(agency, _stamp(agency).get("parts", {}), tell=tell, verify=verify)
    with _work(agency) as work:
        together = _together(agency, parts)
        made = dict(_made(agency, tell, together))
        made |= {
            f"residents_{name}": benchmarks(agency, name)
            for name in agency.inputs
            if name in COMPARED and agency.benchmarks_of(name)
        }
        wanted = results(areas=made.get("stops_by_area"), officers=_officers(agency, together))
        waiting = []
        for result in wanted:
            stored = result.stored(agency)
            if stored is not None:
                tell(f"{result.title}: the counts have not changed, so the result stays")
                made[result.name] = stored
            elif fits or result.name != "threshold_test":
                waiting.append(result)
        for name, table in made.items():
            table.write(work / f"{name}.parquet")
        (agency.counts / "current.json").unlink(missing_ok=True)
        swap(work, agency.counts)
    parts.tidy()
    for result in waiting:
        result.compute(agency, tell).write(agency.counts / f"{result.name}.parquet")
    complete = fits or all(r.name in made or r in waiting for r in wanted)
    mark = {"marks": marks(agency), "rows": _stamp(agency)["rows"], "complete": complete}
    write_text(agency.counts / "current.json", json.dumps(mark))
    return [agency.counts / f"{name}.parquet" for name in (*made, *(r.name for r in waiting))]


def unchecked(agency: Agency) -> str:
    """Return why the rows may not be counted as they are, as the begin of a sentence; "" if so."""
    stamp = _stamp(agency)
    if not stamp:
        return "The files were not checked"
    (ours, rules, *files), (we, versions, *before) = marks(agency), stamp["marks"]
    if ours != we:
        return "equity.toml, or equity itself, changed since the files were checked"
    if rules != versions:
        return "The rules of the data checks changed since the files were checked"
    changed = [Path(new[0]).name for new in files if new not in before]
    if changed:
        return f"{', '.join(changed)} was saved again, or is new, since the files were checked"
    gone = [Path(old[0]).name for old in before if old not in files]
    if gone:
        return f"{', '.join(gone)} is no longer there, but was when the files were checked"
    for name in agency.inputs:
        path = checked_rows(agency, name)
        if stamp["usable"][name] and (
            not path.is_file() or sha256(path) != stamp["rows"].get(name)
        ):
            return f"The rows of {name} in {path.name} are not as the check left them"
    return ""


def _stamp(agency: Agency) -> dict[str, Any]:
    """Return what the last check noted; nothing, if there was none or it is of another kind."""
    try:
        stamp = json.loads((agency.private / "checked.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if stamp.keys() >= {"marks", "usable", "rows"} else {}


def is_current(agency: Agency) -> bool:
    """Return whether the count files were made from the files and the equity.toml as they are."""
    path = agency.counts / "current.json"
    if not path.is_file():
        return False
    mark = json.loads(path.read_text())
    same = mark["marks"] == marks(agency) and mark.get("rows") == _stamp(agency).get("rows")
    return same and mark.get("complete", True)


@contextmanager
def _work(agency: Agency) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=agency.results, prefix=".counts-") as work:
        yield Path(work)


def _officers(agency: Agency, together: Mapping[str, CountTable]) -> CountTable | None:
    """Count the stops by officer, for the comparison; None where the rows name no officer."""
    if OFFICERS.table not in agency.inputs:
        return None
    if not OFFICERS.possible(_rows(agency, OFFICERS.table).columns):
        return None
    return _count(agency, OFFICERS, together)


def _together(agency: Agency, parts: Parts) -> dict[str, CountTable]:
    """Count what adds up over files: the steps that take the rows of a table as they are."""
    made: dict[str, CountTable] = {}
    for table in agency.inputs:
        columns = _rows(agency, table).columns
        steps = [s for s in (*PLAN, OFFICERS) if s.table == table and not s.made]
        steps = [s for s in steps if s.possible(columns)]
        plain = [s for s in steps if s.file != DAYLIGHT]
        dusk = [s for s in steps if s.file == DAYLIGHT and placed(agency)]
        for together in filter(None, (plain, dusk)):  # of the same rows, left out alike
            of_files = partial(_cohort, agency, together[0])
            have = _countable(columns, together[0])
            asked = {step.file: _columns(agency, step, have) for step in together}
            given, place = agency.inputs[table], agency.agency
            said = [given.keep, given.leave_out, given.area if table == "stops" else ""]
            if together is dusk:
                said += [place.latitude, place.longitude, place.timezone]
            made |= parts.count(table, asked, of_files, said)
    return made


def _made(
    agency: Agency, tell: Tell, together: Mapping[str, CountTable]
) -> Iterator[tuple[str, CountTable]]:
    """Count the rows of every step of the plan that the agency's files allow."""
    for step in PLAN:
        if step.table in agency.inputs:
            rows = _rows(agency, step.table)
            if step.possible(rows.columns) and (step.file != DAYLIGHT or placed(agency)):
                tell(f"Counting {step.title.lower()}")
                counts = _count(agency, step, together)
                if counts is not None:
                    yield step.file, counts


def _count(agency: Agency, step: Step, together: Mapping[str, CountTable]) -> CountTable | None:
    rows = _rows(agency, step.table)
    weight = "weight" if "weight" in rows.columns else None
    given = agency.inputs[step.table]
    counts = together.get(step.file)
    if counts is None:
        cohort = prepared(agency, step.made, step.table, _cohort(agency, step))
        if cohort is None:
            return None
        if step.made == "spells":
            cohort = _chosen_from(cohort, step, given, only=OF_A_PERSON)
        names = cohort.rows.collect_schema().names()
        by, of = _columns(agency, step, _countable(names, step))
        counts = count(cohort, by=by, of=of)
    report = read_report(agency, step.table)
    ledger = counts.ledger
    if "margin" in rows.columns:  # each person is in twice, once by race and once by sex
        one = rows.aggregate("min(margin)").fetchall()[0][0]  # race, or sex if there is only that
        once = Cohort(rows.filter(f"margin = '{one}'"), weight=weight)
        ledger = _chosen_from(once, step, given).ledger
    if step.made in FIRST:  # the ledger begins with these, not with the rows of the file
        ledger = ledger.assign(because=[FIRST[step.made], *ledger["because"].iloc[1:]])
    else:
        what = WHAT.get(step.table, step.table)
        ledger = _ledger(report, ledger, weighted=weight, what=what)
    about = about_table(agency, step, rows, report)
    return CountTable(counts.table, counts.by, counts.of, ledger, about)


def _cohort(agency: Agency, step: Step, files: Collection[str] | None = None) -> Cohort:
    """Return the rows of a step, of some delivered files or of all, before anything is made."""
    rows = _rows(agency, step.table)
    weight = "weight" if "weight" in rows.columns else None
    source: Any = rows
    if step.table == "stops" and weight is None:
        source = _source(agency, step.table, files)
    elif files is not None:
        source = rows.filter(duckdb.ColumnExpression("source_file").isin(*map(_constant, files)))
    cohort = _chosen_from(Cohort(source, weight=weight), step, agency.inputs[step.table])
    if step.file == DAYLIGHT:
        cohort = around_dusk(agency, cohort, on_foot="type" in rows.columns)
    return cohort


def _constant(text: str) -> duckdb.Expression:
    return duckdb.ConstantExpression(text)


def _countable(columns: Collection[str], step: Step) -> set[str]:
    have = countable(columns)
    if step.file == DAYLIGHT:
        have |= {"is_dark", "minutes_since_dusk", "days_from_change"}
    return have


def _columns(agency: Agency, step: Step, have: Collection[str]) -> tuple[list[str], list[str]]:
    """Return by what, and what flags, a step counts of rows that have these columns."""
    flags = step.of
    if step.table in PIPELINES and not step.made:
        flags = tuple(stage.name for stage in agency.inputs[step.table].stages)
    return [c for c in step.by if c in have], [f for f in flags if f in have]


def _chosen_from(
    cohort: Cohort, step: Step, given: Input, *, only: Collection[str] | None = None
) -> Cohort:
    """Keep and leave out the rows that the agency file names, each with its reason.

    Of periods of service, what is of the person is chosen afterwards (`only`): whoever moved to
    a post that is left out would else seem to have left.
    """
    names = cohort.rows.collect_schema().names()
    late = OF_A_PERSON if step.made == "spells" and only is None else ()
    for verb in ("keep", "leave_out"):
        for rule in getattr(given, verb):
            if rule.column in late or (only is not None and rule.column not in only):
                continue
            if rule.column not in names:
                there = [n for n in names if not n.startswith(("raw_", "source_"))]
                raise ValueError(
                    f"[[{step.table}.{verb}]] column = {rule.column!r}: this agency's file has no "
                    f"such column. It has: {', '.join(there)}."
                )
            step_of = cohort.keep if verb == "keep" else cohort.drop
            cohort = step_of(chosen(step.table, rule), because=rule.because)
    return cohort


def _rows(agency: Agency, table: str) -> duckdb.DuckDBPyRelation:
    """Return the checked rows, with the column `area` and a weight that is never missing."""
    rows = connection().read_parquet(str(checked_rows(agency, table)))
    if "weight" in rows.columns:
        rows = rows.project("* REPLACE (coalesce(weight, 1) AS weight)")
    if table != "stops":
        return rows
    area = agency.inputs[table].area
    if area in rows.columns:
        return rows.project(f'*, "{area}" AS area')
    if "area" in agency.inputs[table].model_fields_set:
        raise ValueError(
            f"[stops] area = {area!r}: this agency's file has no such column. It has: "
            f"{', '.join(_words_of(rows))}."
        )
    return rows


def _source(agency: Agency, table: str, files: Collection[str] | None) -> Files:
    """Return the checked rows of a table as a file, which is counted without being loaded."""
    rows = _rows(agency, table)
    area = agency.inputs[table].area
    alias = {"area": area} if area in rows.columns and area != "area" else {}
    only = None if files is None else ("source_file", tuple(files))
    return Files((checked_rows(agency, table),), "parquet", alias=alias, only=only)


def _words_of(rows: duckdb.DuckDBPyRelation) -> list[str]:
    return [c for c in rows.columns if not c.startswith(("raw_", "source_"))]


def _ledger(
    report: Mapping[str, Any], counted: pd.DataFrame, *, weighted: str | None, what: str
) -> pd.DataFrame:
    """Put the rows that the data checks set aside before the steps of the cohort."""
    aside = report["rows_set_aside"]
    if weighted:  # records and what they stand for are different numbers: say so, add nothing up
        because = f"all {what}; {report['rows_good']:,} records of the file stand for them"
        if aside:
            because += f", {aside:,} more failed a data check and were set aside"
        return counted.assign(because=[because, *counted["because"].iloc[1:]])
    first = {"step": "start", "because": "all records in the file", "rows": report["rows_in"]}
    rows = [first | {"left_out": 0}]
    if aside:
        rows.append(
            {
                "step": "set aside",
                "because": "records that failed a data check",
                "rows": report["rows_good"],
                "left_out": aside,
            }
        )
    return pd.concat([pd.DataFrame(rows), counted.iloc[1:]], ignore_index=True)
