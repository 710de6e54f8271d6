"""Runs the suite of one table: judged by Great Expectations, counted and split by DuckDB."""

from __future__ import annotations

import importlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from data_checks import (
    columns,
    drift,
    frames,
    months,
    others,
    snapshots,
    split,
    sql,
    structure,
    titles,
)
from data_checks import facts as held
from data_checks import judge as gx
from data_checks.report import ASIDE, Report, RuleResult, ShownTable, write_text
from data_checks.suite import SET_ASIDE, Rule, Suite
from equity.tables import PIPELINES, TABLES

__all__ = ["check"]

MEMORY = frames.MEMORY


def check(
    *,
    table: str,
    data: Any,
    good: Path | str | None = None,
    quarantine: Path | str | None = None,
    raw: Path | str | None = None,
    context: Mapping[str, Any] | None = None,
    facts: Path | str | None = None,
) -> Report:
    """Check the rows of one table, and set the rows that break a rule aside.

    May this file be used, and which of its rows?

    Parameters
    ----------
    table : stops, workforce, exits, applicants, promotions or residents
        (`equity.tables.TABLES`).
    data : Parquet file, folder of parts, or frame of any engine (`data_checks.frames`) with the
        columns of that table; besides, `raw_<column>` (text) for columns that were read from
        text, `source_file` and `source_row`.
    good : Parquet file to write: the rows that may be counted, unchanged and in their order. It is
        written only if the report is usable; a file of an earlier load is removed if it is not.
        Without it nothing is written for use.
    quarantine : CSV file to write: the rows set aside, with source_file, source_row, reasons, and
        the columns as delivered. If no row is set aside there is no such file.
        Without it the rows set aside are counted only.
    raw : Parquet file of the delivered rows as text, with `source_file` and `source_row`.
    context : `today` (date), `groups` (keys that a race column may hold), `stages` (of applicants,
        in order), `rules` (of a workforce: flag -> column, any_of ...), `bounding_box` (south,
        north, west, east), `fictional` (bool), `label` (what the page calls the table), `files`
        (names of the files as delivered), `copies` ("keep": stops that are the same in every
        column are counted, with a warning), `last` (facts of the last accepted load), `others`
        (of the agency's other tables, see `data_checks.others`), `scheme` (name of the groups),
        `data_docs` (HTML file to write: Great Expectations' own page of this check).
        All optional.
    facts : JSON file to write: what the rows that may be used hold, by month and group (see
        `data_checks.facts`). It is written only if the report is usable.

    Returns
    -------
    Report : `rows_in == rows_good + rows_set_aside`; one result for each rule.

    Errors: ValueError if the table is not known, a file is not there or not Parquet, or a frame
    cannot be kept as it is; TypeError if `data` is neither path nor frame.

    What it cannot show: whether what is written is true. A stop that nobody recorded, or a race
    that the officer got wrong, breaks no rule.
    """
    if table not in TABLES:
        raise ValueError(f"table={table!r} is not one of: {', '.join(TABLES)}.")
    good, quarantine, raw = (None if p is None else Path(p) for p in (good, quarantine, raw))
    if raw is not None and not raw.is_file():
        raise ValueError(f"There is no file {raw.name} to check. Prepare the data first.")
    context = {**(context or {}), "facts": facts}
    gx.load()
    # beside the rows for use, if there are any: a check that is killed leaves records only there
    inside = good.parent if good and good.parent.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="equity-check-", dir=inside) as folder:
        rows = frames.as_parquet(data, Path(folder) / "rows")
        return _check(table, rows, raw, good, quarantine, context, Path(folder))


def _check(
    table: str,
    data: Path,
    raw: Path | None,
    good: Path | None,
    quarantine: Path | None,
    context: dict[str, Any],
    folder: Path,
) -> Report:
    database = folder / "check.duckdb"
    config: dict[str, Any] = {"memory_limit": MEMORY, "temp_directory": str(folder)}
    stages = tuple(context.get("stages") or ()) if table in PIPELINES else ()
    with duckdb.connect(str(database), config=config) as con:
        seen = structure.profile(con, data, TABLES[table], stages)
        raw_columns = tuple(structure.columns_of(con, raw)) if raw is not None else ()
        suite = build(table, seen.kinds, context)
        sql.prepare(con, suite, data=data, columns=seen.columns, raw=raw, raw_columns=raw_columns)
        made = con.execute("SELECT count(*) FROM checked").fetchone() or (0,)
        if made[0] != seen.rows:
            raise RuntimeError(f"{made[0]} rows were made of {seen.rows}: a fault of this check.")
        delivered: dict[str, Any] = {"raw": raw, "raw_columns": raw_columns}
        structure.structure_rules(con, suite, seen, **delivered)
        columns.column_rules(con, suite, seen, **delivered)
        if table == "workforce":
            titles.word_rule(con, suite)
            snapshots.copy_rule(con, suite)
        suite.sort()
        runnable = {r.id: r for r in suite.rules if r.expectation is not None}
        late = [r for r in runnable.values() if r.needs == (SET_ASIDE,) or r.view == "summary"]
        counted = sql.counts(con, [r for r in runnable.values() if r not in late])
        setting = [r for i, r in runnable.items() if r.severity == ASIDE and counted[i][1]]
        aside = split.set_aside(
            con,
            setting,
            {**suite.types, **{f"{r.name}_first": "text" for r in suite.ranks}},
        )
        expected = split.no_records(con, setting)
        shown_tables: tuple[ShownTable, ...] = ()
        if table == "workforce":
            shown_tables = titles.title_table(con, suite)
        sql.summarize(con, suite)
        counted |= sql.counts(con, late)
        broken = {i: r for i, r in runnable.items() if counted[i][1]}
        shown = sql.found(con, broken)
        shown = {i: (v if _may_show(suite, broken[i]) else (), p) for i, (v, p) in shown.items()}
        named = _delivered(con)
        kept = held.facts_of(con, suite) if context["facts"] else {}
    judged: list[Any] = []
    verdicts = _judge(database, list(runnable.values()), config, judged)
    results = [_result(r, seen, counted, verdicts, shown) for r in suite.rules]
    files = context.get("files") or named or data.name
    report = Report(
        table=table,
        rows_in=seen.rows,
        rows_good=seen.rows - aside,
        rows_set_aside=aside,
        rules=tuple(results),
        data_file=files if isinstance(files, str) else ", ".join(Path(f).name for f in files),
        quarantine_file=quarantine.name if aside and quarantine else "",
        checked_on=suite.today.isoformat(),
        suite_version=suite.version,
        engine=f"Great Expectations {gx.load().__version__} on DuckDB {duckdb.__version__}",
        fictional=bool(context.get("fictional")),
        label=str(context.get("label") or ""),
        tables=shown_tables,
        rows_expected=expected,
    )
    _write(report, database, config, data, raw, good, quarantine, seen.columns, raw_columns)
    if context.get("data_docs"):
        from data_checks.data_docs import write_data_docs

        write_data_docs(judged, report, context["data_docs"])
    if kept and report.usable:
        write_text(Path(context["facts"]), json.dumps(kept, ensure_ascii=False))
    return report


def build(table: str, types: Mapping[str, str], context: Mapping[str, Any]) -> Suite:
    """Return the suite of a table for a file with these columns (name -> kind)."""
    gx.load()
    module = importlib.import_module(f"data_checks.{table}")
    suite = Suite(TABLES[table], module.PREFIX, module.KEYS, types, context)
    module.build(suite)
    if table != "residents":  # a benchmark has no dates, and nothing it should agree with
        months.month_rules(suite)
        drift.drift_rules(suite)
        others.other_rules(suite)
    return suite


def _judge(
    database: Path, rules: list[Rule], config: dict[str, Any], keep: list[Any]
) -> dict[str, gx.Verdict]:
    views: dict[str, list[Any]] = {}
    for rule in rules:
        views.setdefault(rule.view, []).append(rule.expectation)
    try:
        return gx.judge(database, views, config=config, keep=keep)
    except Exception as error:  # whatever it is: a rule that was not judged has not passed
        why = f"Great Expectations stopped with {type(error).__name__}"
        return {r.id: gx.Verdict(because=why) for r in rules}


def _result(
    rule: Rule,
    seen: structure.Profile,
    counted: Mapping[str, tuple[int, int]],
    verdicts: Mapping[str, gx.Verdict],
    shown: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]],
) -> RuleResult:
    result = RuleResult(
        rule.id, rule.says, rule.severity, "nothing to test", allowed=rule.allowed,
        columns=rule.columns, unit=rule.unit, do=rule.do, reason=rule.reason,
        expected=rule.expected,
    )  # fmt: skip
    if rule.expectation is None:
        because = structure.missing_because(seen, (*rule.columns, *rule.needs))
        if because:
            return replace(result, outcome="could not run", because=because)
        absent = [c for c in rule.columns if c not in seen.columns]
        because = f"the file has no column {', '.join(absent)}" if absent else "not asked for"
        if not absent and any(c.startswith("raw_") for c in rule.needs):
            because = "the column was not read from text"
        return replace(result, tested=0, bad=0, because=because)
    tested, bad = counted[rule.id]
    verdict = verdicts.get(rule.id, gx.Verdict(because="Great Expectations gave no result"))
    share = bad / tested if tested else None
    if not verdict.because and (verdict.tested, verdict.bad) != (tested, bad):
        because = (
            f"two ways of counting differ: Great Expectations finds {verdict.bad} of "
            f"{verdict.tested}, the query that sets rows aside {bad} of {tested}"
        )
        return replace(result, outcome="could not run", because=because)
    if verdict.because:
        return replace(result, outcome="could not run", because=verdict.because)
    if share is None:
        return replace(result, tested=0, bad=0, because=rule.because or "no row to test it on")
    if verdict.success != (share <= rule.allowed):
        because = "Great Expectations and the counts differ on whether it passed"
        return replace(result, outcome="could not run", because=because)
    examples, rows = shown.get(rule.id, ((), ()))
    return replace(
        result,
        outcome="passed" if verdict.success else "failed",
        tested=tested,
        bad=bad,
        share=share,
        examples=examples,
        rows=rows,
    )


def _delivered(con: duckdb.DuckDBPyConnection) -> str:
    """Return the names of the delivered files."""
    names = con.execute(
        "SELECT DISTINCT CAST(source_file AS VARCHAR) AS f FROM base WHERE f IS NOT NULL "
        "ORDER BY f LIMIT 21"
    ).fetchall()
    return ", ".join(Path(n).name for (n,) in names[:20]) + (", …" if len(names) > 20 else "")


def _may_show(suite: Suite, rule: Rule) -> bool:
    name = (rule.shows or "").removeprefix("raw_")
    if rule.view == "summary" or name == "not_a_record":
        return True
    if name in tuple(suite.context.get("stages") or ()):
        return True
    return any(c.name == name and not c.personal for c in suite.table.columns)


def _write(
    report: Report,
    database: Path,
    config: dict[str, Any],
    data: Path,
    raw: Path | None,
    good: Path | None,
    quarantine: Path | None,
    columns: Mapping[str, str],
    raw_columns: tuple[str, ...],
) -> None:
    if quarantine and not report.rows_set_aside:
        quarantine.unlink(missing_ok=True)
    if good and not report.usable and good.resolve() != data.resolve():
        good.unlink(missing_ok=True)
    with duckdb.connect(str(database), config=config) as con:
        if quarantine and report.rows_set_aside:
            split.write_quarantine(
                con, quarantine, data=data, columns=tuple(columns), raw=raw,
                raw_columns=raw_columns,
            )  # fmt: skip
        if good and report.usable:
            written = split.write_good(con, data, good)
            if written != report.rows_good:
                good.unlink(missing_ok=True)
                raise RuntimeError(
                    f"{written} rows were written where {report.rows_good} were counted: "
                    "a fault of this check."
                )
