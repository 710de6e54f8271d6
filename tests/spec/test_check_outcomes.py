"""Four outcomes: a rule that judged no row has not passed, nor has one that could not be judged.

Every rule of every suite is asked, on files in which no row, no value or no column is there, and
with a Great Expectations that fails, is silent, or counts otherwise than we do.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data_checks import Report, check, judge, run, sql, structure
from data_checks.report import STOP, WARN
from equity.tables import PIPELINES, TABLES

STAGES = ("written", "oral", "hired")
CONTEXT = {
    "today": dt.date(2025, 6, 30),
    "groups": ("white", "black"),
    "stages": STAGES,
    "bounding_box": (41.0, 42.0, -73.0, -72.0),
}
STORED = {"flag": "BOOLEAN", "date": "DATE", "integer": "BIGINT", "number": "DOUBLE"}
OF_THE_FILE = {"columns", "names", "types", "rows"}
"""Rules about the columns themselves, and whether there are rows: of an empty file too."""


def kinds(table: str) -> dict[str, str]:
    declared = {c.name: c.kind for c in TABLES[table].columns}
    if table in PIPELINES:
        declared |= dict.fromkeys(STAGES, "flag") | {f"{s}_date": "date" for s in STAGES}
    parsed = [c for c, k in declared.items() if k in STORED and c != "source_row"]
    return declared | {f"raw_{c}": "text" for c in parsed}


def write(path: Path, columns: dict[str, str], rows: int, **values: Any) -> Path:
    """Write a file of these columns with equal rows: the given values, and nothing else."""
    chosen = ", ".join(
        f"CAST({sql.literal(values.get(c))} AS {STORED.get(kind, 'VARCHAR')}) AS {sql.q(c)}"
        for c, kind in columns.items()
    )
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT {chosen} FROM range({rows})) TO '{path}' (FORMAT parquet)")
    return path


def checked(table: str, path: Path) -> Report:
    folder = path.parent
    return check(
        table=table, data=path, good=folder / "good.parquet", quarantine=folder / "aside.csv",
        context=CONTEXT,
    )  # fmt: skip


def suite_of(table: str, path: Path):
    """Return the suite for a file, what the file holds, and our counts of its row rules."""
    stages = STAGES if table in PIPELINES else ()
    with duckdb.connect() as con:
        seen = structure.profile(con, path, TABLES[table], stages)
        suite = run.build(table, seen.kinds, CONTEXT)
        sql.prepare(con, suite, data=path, columns=seen.columns, raw=None, raw_columns=())
        rules = [r for r in suite.rules if r.expectation is not None and r.view == "checked"]
        return suite, seen, rules, sql.counts(con, rules)


@pytest.mark.parametrize("table", TABLES)
def test_no_rule_passes_in_a_file_without_rows(table, tmp_path):
    report = checked(table, write(tmp_path / "data.parquet", kinds(table), 0))
    suite = run.build(table, {}, CONTEXT)
    about_file = {suite.id(key) for key in OF_THE_FILE}
    silent = [r for r in report.rules if r.id not in about_file]
    assert {r.outcome for r in silent} == {"nothing to test"}
    assert all(r.because and not r.tested and not r.bad and r.share is None for r in silent)
    assert not report.usable


@pytest.mark.parametrize("table", TABLES)
def test_no_rule_on_values_passes_where_no_value_is(table, tmp_path):
    path = write(tmp_path / "data.parquet", kinds(table), 3)
    report = checked(table, path)
    suite, seen, rules, _ = suite_of(table, path)
    got = {r.id: r for r in report.rules}
    # whether there is a value, without a condition, is asked of every row
    on_values = [
        r
        for r in rules
        if {*r.needs} <= {*seen.kinds}
        and (
            not type(r.expectation).__name__.endswith("BeNull")
            or (
                r.expectation.row_condition is not None
                # that the row is a record at all: every row of this file is one
                and r.expectation.row_condition != suite.records()
            )
        )
    ]
    assert len(on_values) >= 4
    assert {r.id: got[r.id].outcome for r in on_values} == {
        r.id: "nothing to test" for r in on_values
    }
    assert not [r.id for r in report.rules if r.outcome == "passed" and not r.tested]


@pytest.mark.parametrize("table", TABLES)
def test_a_rule_whose_column_is_missing_says_so(table, tmp_path):
    report = checked(table, write(tmp_path / "data.parquet", {"source_file": "text"}, 3))
    suite, _, rules, _ = suite_of(table, tmp_path / "data.parquet")
    there = {r.id for r in rules}
    without = {r.id for r in suite.rules if r.expectation is None}
    outcomes = {r.id: r for r in report.rules if r.id in without and r.id not in there}
    assert len(outcomes) >= 6
    assert {r.outcome for r in outcomes.values()} <= {"could not run", "nothing to test"}
    assert all(r.because for r in outcomes.values())
    # where the column is one that every file needs, the rule could not run
    needed = {c.name for c in TABLES[table].columns if c.required and c.or_else is None} | (
        {*STAGES} if table in PIPELINES else set()
    )
    for rule in outcomes.values():
        if needed & {*rule.columns}:
            assert rule.outcome == "could not run", rule.id
    assert not report.usable


@pytest.mark.parametrize(
    ("searched", "basis", "silent", "loud"),
    [
        (None, None, ("S19", "S20", "S21"), ()),
        (True, "consent", ("S19", "S20"), ("S21",)),
        (False, None, ("S21",), ("S19", "S20")),
    ],
)
def test_a_condition_that_no_row_fulfils_is_no_pass(tmp_path, searched, basis, silent, loud):
    path = write(
        tmp_path / "data.parquet", kinds("stops"), 4, date=dt.date(2025, 1, 1),
        subject_race="white", search_conducted=searched, search_basis=basis,
    )  # fmt: skip
    got = {r.id: r for r in checked("stops", path).rules}
    assert {got[i].outcome for i in silent} == {"nothing to test"}
    assert all(got[i].because for i in silent)
    assert [got[i].tested for i in loud] == [4] * len(loud)
    assert not {"nothing to test", "could not run"} & {got[i].outcome for i in loud}


@pytest.mark.parametrize("table", TABLES)
def test_nothing_passes_when_great_expectations_fails(table, tmp_path, monkeypatch):
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a value of somebody's row")

    monkeypatch.setattr(judge, "judge", broken)
    report = checked(table, write(tmp_path / "data.parquet", kinds(table), 3))
    assert not [r.id for r in report.rules if r.outcome in ("passed", "failed")]
    lost = [r for r in report.rules if r.outcome == "could not run"]
    assert {r.because for r in lost} == {"Great Expectations stopped with RuntimeError"}
    assert not report.usable


@pytest.mark.parametrize("table", TABLES)
def test_a_rule_counted_in_two_ways_could_not_run(table, tmp_path):
    path = write(tmp_path / "data.parquet", kinds(table), 3)
    _, seen, rules, counted = suite_of(table, path)
    assert rules
    for rule in rules:
        tested, bad = counted[rule.id]
        right = judge.Verdict((bad / tested <= rule.allowed) if tested else True, tested, bad)
        assert told(rule, seen, counted, right).outcome != "could not run"
        wrong = (
            replace(right, bad=bad + 1),
            replace(right, tested=tested + 1),
            replace(right, because="Great Expectations could not evaluate it"),
            None,
            *([replace(right, success=not right.success)] if tested else []),
        )
        for verdict in wrong:
            result = told(rule, seen, counted, verdict)
            assert result.outcome == "could not run", (rule.id, verdict)
            assert result.because
            # what stops the load or sets rows aside and did not run lets nothing through
            assert Report(table, 3, 3, 0, (result,)).usable == (rule.severity == WARN)
            assert Report(table, 3, 3, 0, (result,)).exit_code == 1 + (rule.severity != WARN)


def told(rule: Any, seen: Any, counted: Any, verdict: judge.Verdict | None):
    verdicts = {} if verdict is None else {rule.id: verdict}
    return run._result(rule, seen, counted, verdicts, {})


def test_a_load_stops_where_one_rule_was_counted_otherwise(tmp_path, monkeypatch):
    real = judge.judge

    def off_by_one(*args: Any, **kwargs: Any) -> dict[str, judge.Verdict]:
        found = real(*args, **kwargs)
        return found | {"S23": replace(found["S23"], bad=1)}

    monkeypatch.setattr(judge, "judge", off_by_one)
    columns = {c: k for c, k in kinds("stops").items() if not c.startswith("raw_")}
    path = write(
        tmp_path / "data.parquet", columns, 4, date=dt.date(2025, 1, 1), subject_race="white",
        subject_age=30,
    )  # fmt: skip
    report = checked("stops", path)
    broken = [r for r in report.rules if r.outcome == "could not run"]
    assert [(r.id, r.severity != STOP) for r in broken] == [("S23", True)]
    assert "finds 1 of 4" in broken[0].because
    assert "0 of 4" in broken[0].because
    assert (report.usable, report.exit_code) == (False, 2)
    assert not (tmp_path / "good.parquet").exists()
