"""The history of loads: what each check found, kept so that the loads can be laid side by side."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from data_checks.page import write_page
from data_checks.page_loads import write_loads
from data_checks.page_parts import moment
from data_checks.report import ASIDE, FORMAT, STOP, WARN, Outcome, Report, write_text
from data_checks.suite import Suite
from equity.tables import TABLES

__all__ = ["Load", "read_loads", "record", "suite_version"]

READ = 24
"""The results of so many loads, the last ones, are read and compared."""
OUTCOMES = get_args(Outcome)


@dataclass(frozen=True)
class Load:
    """One check of all files of an agency.

    id : sorts by the time of the first look. key : digest of the files and of the rules.
    first, last : when these files were checked first, and last; UTC, ISO 8601.
    files : what a table is called -> the name of its file of results.
    reports : of the last loads, what was found; empty of earlier ones.
    problem : why the load cannot be read; "" if it can.
    """

    id: str
    key: str = ""
    first: str = ""
    last: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    reports: Mapping[str, Report] = field(default_factory=dict)
    problem: str = ""


def suite_version(table: str) -> str:
    """Return the version of the rules of a table: it changes when one of them is edited."""
    return Suite(TABLES[table], "", (), {}, {}).version


def record(
    reports: Mapping[str, Report],
    folder: Path,
    *,
    key: str,
    agency: str = "",
    fictional: bool = False,
    now: dt.datetime | None = None,
) -> str:
    """Write the results of a check, and its place among the earlier ones.

    What did this load bring, and what is different from the load before?

    Parameters
    ----------
    reports : what a table is called -> its report.
    folder : it gets `index.html` and `<table>.json` of this load, `loads/<id>/` with the same, and
        `loads.html`, the list of all loads. Each file is written whole or not at all.
    key : digest of the files and of what decides about them. If the last load has the same key,
        the files are those of that load: it is replaced, and no load is added.
    agency, fictional : see `write_page`.
    now : the time of the check; the machine's if not given.

    Returns
    -------
    str : the id of the load.

    What it cannot show: who delivered a file, or whether a rule that now passes does so because
    the files became better or because fewer of them hold the column.
    """
    now = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
    loads = folder / "loads"
    loads.mkdir(parents=True, exist_ok=True)
    for left in loads.glob(".*"):  # of a check that was interrupted
        shutil.rmtree(left, ignore_errors=True)
    earlier = read_loads(folder, reports=0)
    when = now.isoformat(timespec="seconds")
    name, seen = f"{now:%Y%m%dT%H%M%SZ}-{key[:8]}", when
    if earlier and not earlier[0].problem and earlier[0].key == key:
        name, seen = earlier[0].id, earlier[0].first
    files = {table: f"{table.replace(': ', '_')}.json" for table in reports}
    reports = {table: replace(report, load=name) for table, report in reports.items()}
    looks: dict[str, Any] = {"agency": agency, "fictional": fictional}
    about = {
        "format": FORMAT, "id": name, "key": key, "first_checked": seen, "last_checked": when,
        "files": files, "summary": _summary(reports),
    }  # fmt: skip
    new = Path(tempfile.mkdtemp(dir=loads, prefix=".new-"))
    new.chmod(0o755)  # as any other folder; it holds no record
    for table, report in reports.items():
        report.to_json(new / files[table])
    links = '<p><a href="../../loads.html">All loads</a>. This page is about one of them.</p>\n'
    write_page(reports, new / "index.html", above=links, extracts=False, **looks)
    write_text(new / "load.json", json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    if (loads / name).exists():
        os.replace(loads / name, loads / f".old-{name}")
    os.replace(new, loads / name)
    shutil.rmtree(loads / f".old-{name}", ignore_errors=True)
    again = f" Checked again: {moment(when)}; the files were the same." if seen != when else ""
    above = f'<p>Load of {moment(seen)}.{again} <a href="loads.html">All loads</a></p>\n'
    write_loads(read_loads(folder), folder / "loads.html", **looks)
    for table, report in reports.items():
        report.to_json(folder / files[table])
    write_page(reports, folder / "index.html", above=above, **looks)
    return name


def read_loads(folder: Path, *, reports: int = READ) -> list[Load]:
    """Return the loads, the newest first, the last `reports` of them with what was found."""
    places = [p for p in (folder / "loads").glob("*") if p.is_dir() and p.name[:1] != "."]
    places.sort(key=lambda p: p.name, reverse=True)
    return [_read(place, full=n < reports) for n, place in enumerate(places)]


def _read(place: Path, *, full: bool) -> Load:
    try:
        about = json.loads((place / "load.json").read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            return Load(place.name, problem="it was written by another version of equity")
        files = {str(table): Path(file).name for table, file in about["files"].items()}
        found = {t: Report.from_json(place / f) for t, f in files.items()} if full else {}
        first, last = (str(about[k]) for k in ("first_checked", "last_checked"))
        dt.datetime.fromisoformat(first)
        told = {"expected": 0, **about["summary"]}  # loads of earlier versions do not say it
        summary = {k: told[k] for k in _summary({})}
        numbers = [n for k, n in summary.items() if k != "delivered"]
        if not all(isinstance(n, int) for n in numbers) or not all(map(_sound, found.values())):
            raise TypeError
        return Load(place.name, str(about["key"]), first, last, summary, files, found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Load(place.name, problem=f"its files are damaged ({type(error).__name__})")


def _sound(report: Report) -> bool:
    """Whether what is drawn of a report is what `to_dict` wrote."""
    rows = (report.rows_in, report.rows_good, report.rows_set_aside, report.rows_expected)
    return all(isinstance(n, int) for n in rows) and all(
        rule.outcome in OUTCOMES
        and rule.severity in (STOP, ASIDE, WARN)
        and all(n is None or isinstance(n, int) for n in (rule.tested, rule.bad))
        and (rule.share is None or isinstance(rule.share, (int, float)))
        and isinstance(rule.allowed, (int, float))
        and isinstance(rule.says, str)
        for rule in report.rules
    )


def _summary(reports: Mapping[str, Report]) -> dict[str, Any]:
    """Return the numbers of a load that its line in the list of loads holds."""
    return {
        "tables": len(reports),
        "usable": sum(r.usable for r in reports.values()),
        "rows": sum(r.rows_in for r in reports.values()),
        "set_aside": sum(r.rows_set_aside for r in reports.values()),
        "expected": sum(r.rows_expected for r in reports.values()),
        "warnings": sum(len(r.warnings) for r in reports.values()),
        "delivered": [r.data_file for r in reports.values()],
    }
