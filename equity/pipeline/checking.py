"""Reads, standardises and checks an agency's files; sets aside the rows that cannot be used."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from equity import __version__, groups, sources
from equity.agency import Agency, Benchmark, Input, Stage
from equity.pipeline.accepted import accept as keep
from equity.pipeline.accepted import compared
from equity.pipeline.files import (
    checked_rows,
    connection,
    delivered,
    marks,
    residents,
    sha256,
    slug,
    tables,
    to_parquet,
    write_text,
)
from equity.sections import FORMATS
from equity.sources._files import scan
from equity.sources._workbook import unread_sheets
from equity.tables import TABLES

__all__ = ["Tell", "check_agency"]

TOTALS = ("eeo4", "applicant_totals")
"""Formats in which one row of the file becomes several of the table."""
OWN = ("roster", "applicants", "stops")
"""Formats of which equity.toml names every column."""

Tell = Callable[[str], None]


def check_agency(
    agency: Agency,
    *,
    today: dt.date | None = None,
    data_docs: bool = False,
    accept: bool = False,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Read, standardise and check every input; set aside the rows that cannot be used.

    Parameters
    ----------
    agency : from :func:`equity.agency.read_agency`.
    today : the date after which a stop lies in the future; the machine's date if not given.
    data_docs : whether to write Great Expectations' own pages too.
    accept : a person says that the files are right: what they hold is what the next ones are
        compared with, even if records are missing beside the last accepted load.
    tell : is called with a sentence at each step.

    Returns
    -------
    dict of table name (or ``residents: <benchmark>``) -> `data_checks.Report`. Checked rows and
    rows set aside are in ``agency.private``, the result page in ``agency.checks``. A table whose
    files cannot be read has a report that says why; the others are checked all the same.
    """
    from data_checks import record, suite_version
    from data_checks.drift import lost_rows

    inputs = {name: agency.paths(name) for name in agency.inputs}
    for benchmark in agency.benchmarks:  # all files are there before the long work begins
        agency.benchmark_path(benchmark)
    stamped = marks(agency)
    reports: dict[str, Any] = {}
    today = today or dt.date.today()
    docs = agency.checks / "data_docs"
    shutil.rmtree(docs, ignore_errors=True)  # pages of an earlier load would be taken for these
    docs = docs if data_docs else None
    agency.private.mkdir(parents=True, exist_ok=True)
    (agency.private / ".gitignore").write_text("*\n", encoding="utf-8")
    _sweep(agency.private)
    with tempfile.TemporaryDirectory(
        dir=agency.private, prefix=f".work-{os.getpid()}-"
    ) as work_folder:
        work = Path(work_folder)
        benchmarks = {
            b.name: _residents(agency, b, work, today, docs, tell) for b in agency.benchmarks
        }
        usable = [name for name, report in benchmarks.items() if report.usable]
        # the workforce first: the other tables are compared with it
        for name in sorted(inputs, key=lambda name: name != "workforce"):
            reports[name] = _checked(agency, name, inputs[name], work, today, usable, docs, tell)
        reports = {name: reports[name] for name in inputs}
        reports |= {f"residents: {name}": report for name, report in benchmarks.items()}
        # only now, when everything has been checked, do results take the place of earlier ones
        (agency.private / "checked.json").unlink(missing_ok=True)
        for name in inputs:
            reports[name] = _deliver(agency, name, work, reports[name])
            keep(agency, name, work / "facts", lost=lost_rows(reports[name]), right=accept)
    load = record(
        reports,
        agency.checks,
        key=_key(agency),
        agency=agency.agency.name,
        fictional=agency.agency.fictional,
    )
    stamp = {
        "marks": stamped,
        "usable": {k: r.usable for k, r in reports.items()},
        "suites": {name: suite_version(name) for name in tables(agency)},
        "rows": {
            name: sha256(p) for name in inputs if (p := checked_rows(agency, name)).is_file()
        },
        "parts": {
            name: delivered(p) for name in inputs if (p := checked_rows(agency, name)).is_file()
        },
        "load": load,
    }
    write_text(agency.private / "checked.json", json.dumps(stamp))
    return reports


def _checked(
    agency: Agency,
    name: str,
    paths: list[Path],
    work: Path,
    today: dt.date,
    benchmarks: Collection[str],
    docs: Path | None,
    tell: Tell,
) -> Any:
    """Read, standardise and check the files of one table."""
    from data_checks import check

    given = agency.inputs[name]
    context = _context(agency, name, today, paths)
    tell(f"Reading {name}: {', '.join(p.name for p in paths)}")
    raw, rows = work / f"{name}_raw.parquet", work / f"{name}.parquet"
    page = _own_page(docs, name)
    try:
        to_parquet(
            scan(paths, encoding=given.encoding, header_row=given.header_row, sheet=given.sheet),
            raw,
        )
        to_parquet(_standardize(agency, name, raw), rows)
        tell(f"Checking {name}")
        report = check(
            table=name,
            data=rows,
            raw=raw,
            good=work / f"{name}_good.parquet",
            quarantine=work / "set_aside" / f"{name}.csv",
            context=context
            | compared(agency, name, work / "facts", benchmarks)
            | {"unread_sheets": unread_sheets(paths, given.sheet)}
            | {"data_docs": page},
            facts=work / "facts" / f"{name}.json",
        )
    except ValueError as error:
        report = _unread(agency, name, paths, today, error, page)
    return replace(report, headers=_headers(name, given))


def _residents(
    agency: Agency,
    benchmark: Benchmark,
    work: Path,
    today: dt.date,
    docs: Path | None,
    tell: Tell,
) -> Any:
    """Read and check the residents of one benchmark."""
    from data_checks import check

    tell(f"Checking the benchmark {benchmark.label}")
    paths = [agency.benchmark_path(benchmark)]
    rows = work / f"{benchmark.name}.parquet"
    page = _own_page(docs, f"residents: {benchmark.name}")
    try:
        residents(agency, benchmark, benchmark.scheme).to_parquet(rows, index=False)
        return check(
            table="residents",
            data=rows,
            raw=None,
            good=work / "residents_good.parquet",
            quarantine=work / "residents_set_aside.csv",
            context=_context(agency, "residents", today, paths, benchmark.label, benchmark.scheme)
            | {"data_docs": page},
        )
    except ValueError as error:
        return _unread(agency, "residents", paths, today, error, page, benchmark.label)


def _sweep(private: Path) -> None:
    """Remove what checks left behind that were killed: it holds records."""
    for left in private.glob(".work-*"):
        number = left.name.split("-")[1]
        if not (number.isdigit() and psutil.pid_exists(int(number))):
            shutil.rmtree(left, ignore_errors=True)


def _own_page(docs: Path | None, name: str) -> Path | None:
    """Return where Great Expectations' own page of this check is to be written, if anywhere."""
    return docs and docs / f"{slug(name)}.html"


def _unread(
    agency: Agency,
    name: str,
    paths: list[Path],
    today: dt.date,
    error: ValueError,
    page: Path | None,
    label: str = "",
) -> Any:
    """Return the report of a table whose files cannot be read, or raise what is no such thing."""
    from data_checks import Report, suite_version
    from data_checks.data_docs import write_data_docs
    from equity.widgets._safety import speaks_for_itself

    if not speaks_for_itself(error):  # a fault of ours, whose words may quote a record
        raise error
    report = Report.unread(
        name,
        " ".join(str(error).split()),
        data_file=", ".join(p.name for p in paths),
        checked_on=today.isoformat(),
        suite_version=suite_version(name),
        fictional=agency.agency.fictional,
        label=label,
    )
    if page:
        write_data_docs([], report, page)
    return report


def _headers(table: str, given: Input) -> dict[str, str]:
    """Return our columns -> what the file calls them; those that it lacks are left out."""
    # the other formats know by which names to look for their columns
    usual = {} if given.format in OWN else {c.name: c.name for c in TABLES[table].columns}
    named = {**usual, **given.columns, **{s.name: s.column for s in given.stages}}
    return {
        ours: " or ".join(theirs) if isinstance(theirs, list) else str(theirs)
        for ours, theirs in named.items()
        if theirs
    }


def _key(agency: Agency) -> str:
    """Return a digest of all that decides what a check finds, but for the day."""
    from data_checks import suite_version

    paths = [
        *(p for name in agency.inputs for p in agency.paths(name)),
        *map(agency.benchmark_path, agency.benchmarks),
    ]
    said = [
        __version__,
        agency.model_dump_json(),
        [suite_version(name) for name in tables(agency)],
        [[p.name, sha256(p)] for p in paths],
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _standardize(agency: Agency, name: str, raw: Path) -> Any:
    given = agency.inputs[name]
    frame = connection().read_parquet(str(raw))
    return getattr(sources, given.format).standardize(frame, **_arguments(agency, name))


def _arguments(agency: Agency, name: str) -> dict[str, Any]:
    """Return what the adapter of a table is told: the keys of its section that it reads."""
    given = agency.inputs[name]
    keys = FORMATS[given.format].keys
    told: dict[str, Any] = {"values": given.values}
    plain = ("columns", "date", "date_from", "ethnicity", "groups", "rules", "year")
    told |= {k: getattr(given, k) for k in plain if k in keys}
    if "scheme" in keys:
        told["scheme"] = agency.scheme(name)
    if "times" in keys:
        told |= {"times": given.times, "timezone": agency.agency.timezone}
    if len(FORMATS[given.format].tables) > 1:
        told["table"] = name
    if "stages" in keys and given.stages:
        told["stages"] = _stages(given.stages)
    if "disposition" in keys and given.disposition:
        told["disposition"] = given.disposition.model_dump()
    return told


def _stages(given: list[Stage]) -> dict[str, Any]:
    said = {
        s.name: {
            "column": s.column,
            "date": s.date,
            "reached": s.reached,
            "not": s.not_reached,
            "unknown": s.unknown,
        }
        for s in given
    }
    return {name: {k: v for k, v in spec.items() if v is not None} for name, spec in said.items()}


def _context(
    agency: Agency,
    name: str,
    today: dt.date,
    files: list[Path],
    label: str = "",
    scheme: str = "us1997",
) -> dict[str, Any]:
    place = agency.agency
    box = None
    if place.latitude is not None and place.longitude is not None:
        box = (
            place.latitude - 0.5,
            place.latitude + 0.5,
            place.longitude - 0.5,
            place.longitude + 0.5,
        )
    given = agency.inputs.get(name)
    if given is not None:
        scheme = agency.scheme(name)
    return {
        "today": today,
        "groups": groups.scheme(scheme).groups,
        "stages": tuple(s.name for s in given.stages) if given else (),
        "bounding_box": box,
        "fictional": place.fictional,
        "rules": _single(given.rules) if given else {},
        "mapped": _mapped(given) if given else {},
        "period": given.period if given else None,
        "copies": given.copies if given else "set aside",
        "several": given is not None and given.format in TOTALS,
        "label": label,
        "files": [p.name for p in files],
    }


def _mapped(given: Input) -> dict[str, list[str]]:
    """Return what the columns of the file are known for: their name there -> ours."""
    named = {**getattr(getattr(sources, given.format), "COLUMNS", {}), **given.columns}
    pairs = [(s.name, [c for c in (s.column, s.date) if c]) for s in given.stages]
    pairs += [(c, [name] if isinstance(name, str) else name) for c, name in named.items()]
    pairs += [(c, [n]) for c, groups in given.groups.items() for g in groups.values()
              for n in ([g] if isinstance(g, str) else g)]  # fmt: skip
    if given.disposition:
        pairs.append(("disposition", [given.disposition.column]))
    known: dict[str, list[str]] = {}
    for ours, names in pairs:
        for name in names:
            known.setdefault(name, []).append(ours)
    return known


def _single(rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a rule for each value, where a column has several: rank.Sergeant."""
    flat: dict[str, Any] = {}
    for name, rule in rules.items():
        if rule and all(isinstance(part, Mapping) for part in rule.values()):
            flat |= {f"{name}.{value}": part for value, part in rule.items()}
        else:
            flat[name] = rule
    return flat


def _deliver(agency: Agency, name: str, work: Path, report: Any) -> Any:
    """Put checked rows and rows set aside in their places, or take old ones away; no half file."""
    from data_checks import write_workbook

    drafts, quarantine = work / "set_aside", agency.private / "set_aside"
    drafts.mkdir(exist_ok=True)
    quarantine.mkdir(exist_ok=True)
    aside, workbook = drafts / f"{name}.csv", drafts / f"{name}.xlsx"
    report = replace(report, workbook_note=write_workbook(aside, workbook, report))
    if workbook.exists():
        report = replace(report, workbook_file=workbook.name)
    for draft, final in (
        (work / f"{name}_good.parquet", checked_rows(agency, name)),
        (aside, quarantine / aside.name),
        (workbook, quarantine / workbook.name),
    ):
        if draft.exists():
            os.replace(draft, final)
        else:
            final.unlink(missing_ok=True)
    return report
