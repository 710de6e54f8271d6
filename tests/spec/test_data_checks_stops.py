"""What the checks say of stops: weights, years for dates, further flags, empty columns, copies.

Rows are drawn as text: one line a row, `-` is missing.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data_checks import Report, check
from data_checks.stops import KEYS
from equity.tables import STOPS

SQL = {"flag": "BOOLEAN", "date": "DATE", "integer": "BIGINT", "number": "DOUBLE"}


def write(path: Path, text: str, *, raw: bool = False) -> Path:
    head, *rows = [line.split() for line in text.strip().splitlines()]
    kinds = {c.name: SQL.get(c.kind, "VARCHAR") for c in STOPS.columns}
    kinds = {h: "VARCHAR" if raw and h != "source_row" else kinds.get(h, "VARCHAR") for h in head}
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t ({', '.join(f'{h} VARCHAR' for h in head)})")
        cells = [[None if c == "-" else c for c in row] for row in rows]
        con.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(head))})", cells)
        chosen = ", ".join(f"CAST({h} AS {kinds[h]}) AS {h}" for h in head)
        con.execute(f"COPY (SELECT {chosen} FROM t) TO '{path}' (FORMAT parquet)")
    return path


def checked(folder: Path, text: str, *, raw: str = "", **context: Any) -> tuple[Report, list[str]]:
    """Check rows drawn as text; return the report and why rows were set aside."""
    report = check(
        table="stops",
        data=write(folder / "data.parquet", text),
        raw=write(folder / "raw.parquet", raw, raw=True) if raw else None,
        good=folder / "good.parquet",
        quarantine=folder / "aside.csv",
        context={"today": dt.date(2025, 6, 30), "groups": ("white", "black")} | context,
    )
    if not (folder / "aside.csv").exists():
        return report, []
    with (folder / "aside.csv").open(encoding="utf-8-sig", newline="") as file:
        return report, [row["reasons"] for row in csv.DictReader(file)]


def rule(report: Report, key: str):
    return next(r for r in report.rules if r.id == f"S{KEYS.index(key) + 1:02d}")


def failed(report: Report) -> set[str]:
    return {KEYS[int(r.id[1:]) - 1] for r in report.rules if r.open}


def test_no_rule_has_changed_its_number() -> None:
    """The numbers that earlier results on file go by; new rules stand behind them."""
    for place, key in {
        1: "columns", 6: "set aside", 11: "copy", 20: "contraband_found:only if", 27: "place",
        28: "subject_age:read", 47: "contraband_found:mostly read", 48: "record",
        49: "force_used:read", 55: "weight:present", 64: "empty columns",
    }.items():  # fmt: skip
        assert KEYS[place - 1] == key


GROUPED = """
source_row year raw_year subject_race weight raw_weight
2          2015 2015     white        3      3
3          2015 2015     white        3      3
4          2016 2016     black        0      0
""" + "\n".join(f"{r} 2016 2016 black 10 10" for r in range(5, 40))


class TestYearsAndWeights:
    def test_years_will_do_where_there_are_no_dates_and_that_is_told(self, tmp_path) -> None:
        report, aside = checked(tmp_path, GROUPED)
        assert report.usable and aside == []
        assert failed(report) == {"date:whole"}
        whole = rule(report, "date:whole")
        assert (whole.severity, whole.bad, whole.tested) == ("warn", 1, 1)
        for key in ("date:present", "date:read", "date:not in the future", "date:not too early"):
            assert rule(report, key).outcome == "nothing to test"
            assert rule(report, key).because == "the file has no column date"

    def test_alike_rows_are_no_copies_without_number_and_time(self, tmp_path) -> None:
        report, _ = checked(tmp_path, GROUPED)
        assert rule(report, "copy").outcome == "nothing to test"

    def test_a_file_with_neither_stops_the_load(self, tmp_path) -> None:
        report, _ = checked(tmp_path, "subject_race\nwhite")
        assert not report.usable
        assert rule(report, "columns").examples == ("date",)

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("- - white 1 1", "the year is missing"),
            ("- then white 1 1", "the year could not be read as a whole number: then"),
            ("1066 1066 white 1 1", "year is not between 1900 and 2200: 1066"),
            ("2026 2026 white 1 1", "the year is in the future: 2026"),
            ("2016 2016 white - -", "the weight is missing"),
            ("2016 2016 white - two", "the weight could not be read as a whole number: two"),
            ("2016 2016 white -2 -2", "weight is not at least 0: -2"),
        ],
    )
    def test_a_row_without_them_is_set_aside_and_says_why(self, tmp_path, row, reason) -> None:
        report, aside = checked(tmp_path, GROUPED + f"\n40 {row}")
        assert aside == [reason]
        assert report.usable


DATED = "source_row date subject_race second_of_day force_used raw_force_used body_camera_on"
DATED += " raw_body_camera_on search_conducted contraband_recorded\n"


def dated(*rows: str, clean: int = 30) -> str:
    lines = [f"{r} 2024-01-01 white {r} FALSE no TRUE Y FALSE FALSE" for r in range(2, clean + 2)]
    return DATED + "\n".join([*lines, *rows])


def test_further_flags_that_could_not_be_read_are_told(tmp_path) -> None:
    report, aside = checked(
        tmp_path,
        dated("32 2024-01-01 white 32 - some - perhaps TRUE TRUE"),
    )
    assert failed(report) == {"force_used:read", "body_camera_on:read"}
    assert rule(report, "force_used:read").says.startswith("Every use of force in the file could")
    assert rule(report, "complaint_made:read").outcome == "nothing to test"
    assert aside == []


def test_most_flags_unreadable_stop_the_load(tmp_path) -> None:
    rows = [f"{r} 2024-01-01 white {r} - some - - TRUE TRUE" for r in range(32, 52)]
    report, _ = checked(tmp_path, dated(*rows))
    assert rule(report, "force_used:mostly read").outcome == "failed"
    assert not report.usable


def test_contraband_that_is_recorded_without_a_search_is_told(tmp_path) -> None:
    report, aside = checked(tmp_path, dated("32 2024-01-01 white 32 - - - - FALSE TRUE"))
    told = rule(report, "contraband:without a search")
    assert (told.outcome, told.severity, told.bad, told.tested) == ("failed", "warn", 1, 31)
    assert aside == []


RAW = "source_file source_row date race blank NA_only Note column_5\n"


class TestEmptyColumns:
    def of(self, folder: Path, raw: str) -> Any:
        text = "source_file source_row date subject_race search_conducted\n"
        text += "a.csv 2 2024-01-01 white -\na.csv 3 2024-01-02 black -"
        report, _ = checked(folder, text, raw=raw)
        return rule(report, "empty columns")

    def test_those_without_a_value_are_named(self, tmp_path) -> None:
        told = self.of(
            tmp_path, RAW + "a.csv 2 2024-01-01 w - NA - -\na.csv 3 2024-01-02 b - NA x -"
        )
        assert (told.outcome, told.severity, told.unit) == ("failed", "warn", "columns")
        assert told.columns == ("blank", "NA_only", "column_5")
        assert "“blank”, “NA_only”" in told.do
        assert "nothing is known of: search_conducted" in told.do

    def test_a_file_without_any_passes(self, tmp_path) -> None:
        raw = "source_file source_row date race\na.csv 2 2024-01-01 w\na.csv 3 2024-01-02 b"
        assert self.of(tmp_path, raw).outcome == "passed"

    def test_without_the_delivered_rows_there_is_nothing_to_test(self, tmp_path) -> None:
        assert self.of(tmp_path, "").outcome == "nothing to test"


ALIKE = dated(*["32 2024-01-01 white 5 - - - - FALSE FALSE"] * 3)


class TestCopies:
    """In files of data.police.uk there is a time and no number of the stop."""

    def test_rows_that_are_the_same_are_set_aside(self, tmp_path) -> None:
        report, aside = checked(tmp_path, ALIKE)
        assert (rule(report, "copy").bad, len(aside)) == (2, 2)
        assert "stopped together may look alike" in rule(report, "copy").do.replace("were ", "")

    def test_they_can_be_kept_and_are_told(self, tmp_path) -> None:
        report, aside = checked(tmp_path, ALIKE, copies="keep")
        copy = rule(report, "copy")
        assert (copy.outcome, copy.severity, copy.bad) == ("failed", "warn", 2)
        assert aside == [] and report.rows_good == 33
