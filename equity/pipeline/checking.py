"""Reads, standardises and checks an agency's files; sets aside the rows that cannot be used."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from equity import groups, sources
from equity.agency import Agency, Stage
from equity.pipeline.files import connection, marks, residents, slug, to_parquet, write_text
from equity.sections import FORMATS
from equity.sources._files import scan

__all__ = ["Tell", "check_agency"]

TOTALS = ("eeo4", "applicant_totals")
"""Formats in which one row of the file becomes several of the table."""

Tell = Callable[[str], None]


def check_agency(
    agency: Agency, *, today: dt.date | None = None, tell: Tell = lambda _: None
) -> dict[str, Any]:
    """Read, standardise and check every input; set aside the rows that cannot be used.

    Parameters
    ----------
    agency : from :func:`equity.agency.read_agency`.
    today : the date after which a stop lies in the future; the machine's date if not given.
    tell : is called with a sentence at each step.

    Returns
    -------
    dict of table name (or ``residents: <benchmark>``) -> `data_checks.Report`. Checked rows and
    rows set aside are in ``agency.private``, the result page in ``agency.checks``.
    """
    from data_checks import check, write_page

    inputs = {name: agency.paths(name) for name in agency.inputs}
    for benchmark in agency.benchmarks:  # all files are there before the long work begins
        agency.benchmark_path(benchmark)
    reports: dict[str, Any] = {}
    agency.private.mkdir(parents=True, exist_ok=True)
    (agency.private / ".gitignore").write_text("*\n", encoding="utf-8")
    with tempfile.TemporaryDirectory(dir=agency.private, prefix=".work-") as work_folder:
        work = Path(work_folder)
        for name, paths in inputs.items():
            given = agency.inputs[name]
            files = ", ".join(p.name for p in paths)
            tell(f"Reading {name}: {files}")
            raw, rows = work / f"{name}_raw.parquet", work / f"{name}.parquet"
            to_parquet(
                scan(
                    paths, encoding=given.encoding, header_row=given.header_row, sheet=given.sheet
                ),
                raw,
            )
            to_parquet(_standardize(agency, name, raw), rows)
            tell(f"Checking {name}")
            good, aside = work / f"{name}_good.parquet", work / "set_aside" / f"{name}.csv"
            reports[name] = check(
                table=name,
                data=rows,
                raw=raw,
                good=good,
                quarantine=aside,
                context=_context(agency, name, today or dt.date.today(), paths),
            )
        for benchmark in agency.benchmarks:
            tell(f"Checking the benchmark {benchmark.label}")
            table = residents(agency, benchmark, benchmark.scheme)
            rows = work / f"{benchmark.name}.parquet"
            table.to_parquet(rows, index=False)
            reports[f"residents: {benchmark.name}"] = check(
                table="residents",
                data=rows,
                raw=None,
                good=work / "residents_good.parquet",
                quarantine=work / "residents_set_aside.csv",
                context=_context(
                    agency,
                    "residents",
                    today or dt.date.today(),
                    [agency.benchmark_path(benchmark)],
                    benchmark.label,
                    benchmark.scheme,
                ),
            )
        # only now, when everything has been checked, do results take the place of earlier ones
        for name in inputs:
            _deliver(
                agency,
                name,
                work / f"{name}_good.parquet",
                work / "set_aside" / f"{name}.csv",
                usable=reports[name].usable,
            )
    _write_reports(agency, reports, write_page)
    stamp = {"marks": marks(agency), "usable": {k: r.usable for k, r in reports.items()}}
    write_text(agency.private / "checked.json", json.dumps(stamp))
    return reports


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
        "copies": given.copies if given else "set aside",
        "several": given is not None and given.format in TOTALS,
        "label": label,
        "files": [p.name for p in files],
    }


def _single(rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a rule for each value, where a column has several: rank.Sergeant."""
    flat: dict[str, Any] = {}
    for name, rule in rules.items():
        if rule and all(isinstance(part, Mapping) for part in rule.values()):
            flat |= {f"{name}.{value}": part for value, part in rule.items()}
        else:
            flat[name] = rule
    return flat


def _deliver(agency: Agency, name: str, good: Path, aside: Path, *, usable: bool) -> None:
    """Put checked rows and rows set aside in their places, or take old ones away; no half file."""
    quarantine = agency.private / "set_aside"
    quarantine.mkdir(exist_ok=True)
    for draft, final in (
        (good if usable else None, agency.private / f"{name}.parquet"),
        (aside, quarantine / f"{name}.csv"),
    ):
        if draft is not None and draft.exists():
            os.replace(draft, final)
        else:
            final.unlink(missing_ok=True)


def _write_reports(agency: Agency, reports: Mapping[str, Any], write_page: Any) -> None:
    agency.checks.mkdir(parents=True, exist_ok=True)
    for name, report in reports.items():
        report.to_json(agency.checks / f"{slug(name)}.json")
    write_page(
        reports,
        agency.checks / "index.html",
        agency=agency.agency.name,
        fictional=agency.agency.fictional,
    )
