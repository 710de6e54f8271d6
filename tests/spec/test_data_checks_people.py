"""What the checks say of rosters, of people who left, and of the dates of stages.

Rows are drawn as text: one line a row, `-` is missing.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data_checks import Report, applicants, check, exits, promotions, workforce
from equity.tables import TABLES

SQL = {"flag": "BOOLEAN", "date": "DATE", "integer": "BIGINT", "number": "DOUBLE"}
SUITES = {"workforce": workforce, "exits": exits, "applicants": applicants}
STAGES = ("tested", "hired")


def write(path: Path, table: str, text: str) -> Path:
    head, *rows = [line.split() for line in text.strip().splitlines()]
    kinds = {c.name: SQL.get(c.kind, "VARCHAR") for c in TABLES[table].columns}
    kinds |= dict.fromkeys(STAGES, "BOOLEAN") | {f"{s}_date": "DATE" for s in STAGES}
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t ({', '.join(f'{h} VARCHAR' for h in head)})")
        cells = [[None if c == "-" else c for c in row] for row in rows]
        con.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(head))})", cells)
        chosen = ", ".join(f"CAST({h} AS {kinds.get(h, 'VARCHAR')}) AS {h}" for h in head)
        con.execute(f"COPY (SELECT {chosen} FROM t) TO '{path}' (FORMAT parquet)")
    return path


def checked(folder: Path, table: str, text: str, **context: Any) -> tuple[Report, list[str]]:
    report = check(
        table=table,
        data=write(folder / "data.parquet", table, text),
        good=folder / "good.parquet",
        quarantine=folder / "aside.csv",
        context={"today": dt.date(2025, 6, 30), "groups": ("white", "black")} | context,
    )
    if not (folder / "aside.csv").exists():
        return report, []
    with (folder / "aside.csv").open(encoding="utf-8-sig", newline="") as file:
        return report, [row["reasons"] for row in csv.DictReader(file)]


def rule(report: Report, table: str, key: str):
    suite = SUITES[table]
    number = f"{suite.PREFIX}{suite.KEYS.index(key) + 1:02d}"
    return next(r for r in report.rules if r.id == number)


def test_no_rule_has_changed_its_number() -> None:
    assert workforce.KEYS[27:36] == (
        *("record", "rule words", "exit_date:read", "exit_date:mostly read"),
        *(
            "exit_date:not before hire",
            "weight:bounds",
            "snapshot:copy",
            "not a record",
            "exit_date:mostly here",
        ),
    )
    assert applicants.KEYS[98:101] == ("record", "weight:bounds", "stage 1:date")
    assert promotions.KEYS == applicants.KEYS
    assert exits.KEYS[6] == "exit_date:read"
    assert workforce.KEYS[57:62] == (
        "person_id:known", "hire_date:known", "sex:known", "person_id:zeros", "person_id:alone",
    )  # fmt: skip


def numbered(*rows: str) -> str:
    head = "source_row source_file not_a_record person_id race sex hire_date title"
    return "\n".join([head, *(f"{k} r.csv {row}" for k, row in enumerate(rows, start=2))])


def test_rows_that_are_no_records_are_not_asked_for_race_or_a_number(tmp_path):
    people = [f"- p{k} white female 2001-01-05 Clerk" for k in range(20)]
    notes = ["note - - - - -", "heading - - - - -", "- - - - - Total"]
    report, _ = checked(tmp_path, "workforce", numbered(*people, *notes))
    for key in ("race:known", "person_id:known", "hire_date:known", "sex:known"):
        found = rule(report, "workforce", key)
        assert (found.outcome, found.tested, found.bad) == ("passed", 20, 0), key


@pytest.mark.parametrize(("blank", "outcome"), [(1, "passed"), (2, "failed")])
def test_a_number_a_day_of_hire_or_a_sex_may_be_missing_in_one_row_of_twenty(
    tmp_path, blank, outcome
):
    people = [f"- p{k} white female 2001-01-05 Clerk" for k in range(20 - blank)]
    text = numbered(*people, *["- - white - - Clerk"] * blank)
    report, _ = checked(tmp_path, "workforce", text)
    for key in ("person_id:known", "hire_date:known", "sex:known"):
        found = rule(report, "workforce", key)
        assert (found.outcome, found.bad) == (outcome, blank), key


def test_numbers_that_lost_their_zeros_and_rows_with_a_number_alone_are_noticed(tmp_path):
    report, aside = checked(
        tmp_path,
        "workforce",
        numbered(
            "- 1009 white female 2001-01-05 Clerk",
            "- 001009 white female 2001-01-05 Clerk",
            "- 1090 white female 2001-01-05 Clerk",
            "- 0 white female 2001-01-05 Clerk",
            "- 00 white female 2001-01-05 Clerk",
            "- a1 white female 2001-01-05 Clerk",
            "- 0a1 white female 2001-01-05 Clerk",
            "- 2024 - - - -",
        ),
    )
    zeros, alone = (rule(report, "workforce", f"person_id:{k}") for k in ("zeros", "alone"))
    assert (zeros.outcome, zeros.rows) == ("failed", ("row 2", "row 3"))
    assert (alone.outcome, alone.rows, aside) == ("failed", ("row 9",), [])


def test_an_application_with_a_number_and_a_stage_is_no_heading(tmp_path):
    report, _ = checked(
        tmp_path,
        "applicants",
        """
        source_row source_file applicant_id race  raw_tested tested sex
        2          a.csv       1            white Y          true   male
        3          a.csv       2            -     N          false  -
        4          a.csv       2024         -     -          -      -
        """,
        stages=STAGES,
    )
    assert rule(report, "applicants", "applicant_id:alone").rows == ("row 4",)


def roster(*snapshots: tuple[str, range]) -> str:
    """Snapshots in which person k is of one race and began on one day, in a drawn order."""
    lines = ["source_row source_file date race hire_date"]
    number = 2
    for day, people in snapshots:
        for k in people:
            hired = dt.date(2000, 1, 1) + dt.timedelta(days=k)
            race = "black" if k % 3 else "white"
            lines.append(f"{number} {day}.csv {day} {race} {hired}")
            number += 1
    return "\n".join(lines)


def test_the_same_snapshot_under_another_date_is_noticed_whatever_its_order(tmp_path):
    """As two quarterly files of Nashville: equal records, sorted differently."""
    text = roster(
        ("2016-04-01", range(30)), ("2016-07-01", range(29, -1, -1)), ("2017-07-01", range(1, 31))
    )
    found = rule(checked(tmp_path, "workforce", text)[0], "workforce", "snapshot:copy")
    assert (found.outcome, found.tested, found.bad) == ("failed", 3, 1)
    assert found.examples == ("2016-07-01 is 2016-04-01 again",)


def test_snapshots_that_differ_in_one_record_are_no_copies(tmp_path):
    text = roster(("2016-04-01", range(30)), ("2016-07-01", range(1, 31)))
    found = rule(checked(tmp_path, "workforce", text)[0], "workforce", "snapshot:copy")
    assert (found.outcome, found.tested, found.bad) == ("passed", 2, 0)


def test_a_record_twice_is_not_two_others(tmp_path):
    """A sum of hashes alone, or a combination by exclusive or, would take these for equal."""
    twice = [*range(28), 3, 3]
    other = [*range(28), 5, 5]
    text = roster(("2016-04-01", twice), ("2016-07-01", other))  # type: ignore[arg-type]
    found = rule(checked(tmp_path, "workforce", text)[0], "workforce", "snapshot:copy")
    assert found.bad == 0


@pytest.mark.parametrize("days", [("2016-04-01",), ("2016-04-01", "2016-07-01")])
def test_one_snapshot_or_few_people_are_not_compared(tmp_path, days):
    text = roster(*((day, range(19 if len(days) > 1 else 40)) for day in days))
    found = rule(checked(tmp_path, "workforce", text)[0], "workforce", "snapshot:copy")
    assert found.outcome == "nothing to test"


def test_who_left_before_being_hired_is_kept_with_a_warning(tmp_path):
    report, aside = checked(
        tmp_path,
        "exits",
        """
        source_row source_file person_id race hire_date  exit_date
        2          exits.csv   a         white 2010-01-04 2015-03-01
        3          exits.csv   b         black 2016-01-04 2015-03-01
        4          exits.csv   c         black -          2015-03-01
        5          exits.csv   d         black 2015-03-01 2015-03-01
        """,
    )
    found = rule(report, "exits", "exit_date:not before hire")
    assert (found.outcome, found.tested, found.bad, aside) == ("failed", 3, 1, [])


def test_an_exit_without_a_date_is_set_aside(tmp_path):
    rows = "\n".join(f"{k} exits.csv p{k} white 2010-01-04 2015-03-01" for k in range(4, 12))
    report, aside = checked(
        tmp_path,
        "exits",
        f"""
        source_row source_file person_id race hire_date  exit_date
        2          exits.csv   a         white 2010-01-04 -
        {rows}
        """,
    )
    assert aside == ["the exit date is missing"]
    assert report.usable


def test_stage_dates_run_forward(tmp_path):
    report, aside = checked(
        tmp_path,
        "applicants",
        """
        source_row source_file race  date       tested tested_date hired hired_date
        2          a.csv       white 2024-01-10 true   2024-02-01  true  2024-03-01
        3          a.csv       white 2024-01-10 true   2024-01-09  true  2024-01-08
        4          a.csv       black 2024-01-10 true   -           true  2024-01-01
        5          a.csv       black 2024-01-10 true   2024-01-10  false -
        """,
        stages=STAGES,
    )
    first, second = (rule(report, "applicants", f"stage {k}:date") for k in (1, 2))
    assert (first.tested, first.bad) == (3, 1)
    assert (second.tested, second.bad) == (3, 2)  # where tested is blank: before the application
    assert aside == []
    assert "tested is not before that of application" in first.says


def test_candidates_for_promotion_are_checked_by_the_rules_for_applicants(tmp_path):
    report, _ = checked(
        tmp_path,
        "promotions",
        """
        source_row source_file race  tested hired
        2          a.csv       white true   true
        3          a.csv       black false  true
        """,
        stages=STAGES,
    )
    found = next(r for r in report.rules if r.id == "P19")
    assert (found.outcome, found.bad) == ("failed", 1)


@pytest.mark.parametrize(("gone", "outcome"), [(18, "passed"), (19, "failed")])
def test_a_list_of_those_who_left_is_no_workforce(tmp_path, gone, outcome):
    lines = ["source_row source_file date race hire_date exit_date"]
    for k in range(20):
        left = f"2016-01-{k + 1:02d}" if k < gone else "-"
        lines.append(f"{k + 2} all.csv 2017-04-30 white 2000-01-{k + 1:02d} {left}")
    report, _ = checked(tmp_path, "workforce", "\n".join(lines))
    assert rule(report, "workforce", "exit_date:mostly here").outcome == outcome
