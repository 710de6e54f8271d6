"""What the checks say of periods, months and times: planted gaps, defaults, rounding, wrong zones.

Every limit was worked out by hand from the counts that the test plants.
"""

from __future__ import annotations

import csv
import datetime as dt
import importlib
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from data_checks import Report, check, run
from equity.agency import AgencyError, read_agency
from equity.measures.clock import clock

pytestmark = pytest.mark.usefixtures("counted_only")

TODAY = dt.date(2026, 6, 30)
Stop = tuple[str, int, str | None]
"""Date, second of the day, race."""


JUDGE = run._judge


def checked(folder: Path, rows: list[Stop], table: str = "stops", **context: Any) -> Report:
    day = "exit_date" if table == "exits" else "date"
    race = "subject_race" if table == "stops" else "race"
    frame = pd.DataFrame(rows, columns=["day", "second", "race"])
    time = ", second AS second_of_day" if table == "stops" else ""
    key = {"stops": "stop_id", "applicants": "applicant_id"}.get(table, "person_id")
    with duckdb.connect() as con:
        con.register("frame", frame)
        con.execute(
            f"COPY (SELECT 'n' || row_number() OVER () AS {key}, CAST(day AS DATE) AS {day}, "
            f"CAST(race AS VARCHAR) AS {race}{time}, 'a.csv' AS source_file, "
            f"row_number() OVER () + 1 AS source_row FROM frame) "
            f"TO '{folder / 'data.parquet'}' (FORMAT parquet)"
        )
    return check(
        table=table,
        data=folder / "data.parquet",
        good=folder / "good.parquet",
        quarantine=folder / "aside.csv",
        context={"today": TODAY, "groups": ("white", "black")} | context,
    )


def rule(report: Report, key: str):
    keys = importlib.import_module(f"data_checks.{report.table}").KEYS
    return next(r for r in report.rules if int(r.id[1:]) == keys.index(key) + 1)


def open_rules(report: Report) -> set[str]:
    keys = importlib.import_module(f"data_checks.{report.table}").KEYS
    return {keys[int(r.id[1:]) - 1] for r in report.rules if r.open}


def months(counts: dict[str, int], *, unknown: dict[str, int] | None = None) -> list[Stop]:
    """Return so many stops in each month, on its first 28 days and at odd minutes of all hours."""
    rows: list[Stop] = []
    for month, n in counts.items():
        lost = (unknown or {}).get(month, 0)
        for i in range(n):
            day = f"{month}-{i % 28 + 1:02d}"
            rows.append((day, (i * 61 * 60 + i) % 86_400, None if i < lost else "white"))
    return rows


def of(first: int, last: int, n: int) -> dict[str, int]:
    """Return n stops in each month, counted from January 2020."""
    return {f"{2020 + m // 12}-{m % 12 + 1:02d}": n for m in range(first, last)}


# --- the period ----------------------------------------------------------------------------------


def test_rows_outside_the_period_are_set_aside(tmp_path: Path) -> None:
    rows = months(of(0, 12, 30)) + [("2019-12-31", 60, "white"), ("2021-01-01", 60, "white")]
    period = (dt.date(2020, 1, 1), dt.date(2020, 12, 31))
    report = checked(tmp_path, rows, period=period)
    assert (rule(report, "period").bad, rule(report, "period").tested) == (2, 362)
    assert report.rows_set_aside == 2 and rule(report, "period").rows == ("row 362", "row 363")
    with (tmp_path / "aside.csv").open(encoding="utf-8-sig", newline="") as file:
        reasons = [row["reasons"] for row in csv.DictReader(file)]
    assert reasons[0] == "the date is outside the period of the file: 2019-12-31"
    inside = checked(tmp_path, months(of(0, 12, 30)), period=period)
    assert rule(inside, "period").outcome == "passed"


def test_years_outside_the_period_are_set_aside(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT 2019 + (i % 10 = 0)::INTEGER AS year, 'white' AS subject_race "
            f"FROM range(100) t(i)) TO '{tmp_path / 'y.parquet'}' (FORMAT parquet)"
        )
    report = check(
        table="stops", data=tmp_path / "y.parquet", good=tmp_path / "g.parquet",
        quarantine=tmp_path / "q.csv",
        context={"period": (dt.date(2019, 1, 1), dt.date(2019, 12, 31)), "today": TODAY},
    )  # fmt: skip
    assert rule(report, "period").bad == 10


def test_dates_far_from_all_others_are_named_by_their_month(tmp_path: Path) -> None:
    # 3 of 363 rows lie 9 and 10 years before: less than 1 %
    far = [("2010-03-01", 60, "white"), ("2010-03-09", 60, "white"), ("2011-05-02", 60, "white")]
    report = checked(tmp_path, months(of(0, 12, 30)) + far)
    period = rule(report, "period")
    assert (period.outcome, period.severity, period.bad, period.tested) == (
        "failed",
        "warn",
        2,
        14,
    )
    assert period.examples == ("March 2010: 2 rows", "May 2011: 1 row")
    assert rule(report, "months:missing").outcome == "passed"  # the gap is told once
    assert report.rows_set_aside == 0


def test_a_gap_between_two_parts_of_a_file_is_no_mistyped_year(tmp_path: Path) -> None:
    both = checked(tmp_path, months(of(0, 12, 30) | of(24, 36, 30)))
    assert rule(both, "period").outcome == "passed"
    assert rule(both, "months:missing").bad == 12
    near = checked(tmp_path, months(of(0, 12, 30)) + [("2019-08-01", 60, "white")])
    assert rule(near, "period").outcome == "passed"  # four months without a row: not six
    few = checked(tmp_path, months(of(0, 3, 30)) + [("2010-08-01", 60, "white")])
    assert rule(few, "period").outcome == "passed"  # 1 of 91 is more than 1 %


# --- months --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "outcome"), [(20, "failed"), (19, "nothing to test")])
def test_a_month_without_a_row_is_missing_if_chance_does_not_explain_it(
    tmp_path: Path, n: int, outcome: str
) -> None:
    counts = of(0, 12, n)
    del counts["2020-05"], counts["2020-09"]
    for table in ("stops", "exits"):
        missing = rule(checked(tmp_path, months(counts), table), "months:missing")
        assert missing.outcome == outcome, table
        assert missing.examples == (("May 2020", "September 2020") if n == 20 else ())
    assert rule(checked(tmp_path, months(of(0, 12, 20))), "months:missing").outcome == "passed"
    two = rule(checked(tmp_path, months({"2020-01": 50, "2020-03": 50})), "months:missing")
    assert two.outcome == "nothing to test"


def test_applicants_and_rosters_need_not_come_every_month(tmp_path: Path) -> None:
    counts = {"2020-01": 100, "2020-09": 100}
    for table in ("applicants", "workforce"):
        report = checked(tmp_path, months(counts), table)
        for key in ("months:missing", "months:thin"):
            assert rule(report, key).outcome == "nothing to test"
            assert "month by month" in rule(report, key).because


@pytest.mark.parametrize(
    ("usual", "thin", "bad"),
    [
        (300, 99, 1),  # less than a third
        (300, 100, 0),  # a third
        (100, 19, 1),  # 81 fewer: more than 8 times the root of 100
        (100, 20, 0),
        (64, 1, 0),  # nothing can be thin: 8 roots of 64 are 64
    ],
)
def test_a_thin_month(tmp_path: Path, usual: int, thin: int, bad: int) -> None:
    report = checked(tmp_path, months(of(0, 12, usual) | {"2020-06": thin}))
    found = rule(report, "months:thin")
    assert (found.bad, found.tested) == (bad, 0 if usual == 64 else 11)
    if bad:
        assert found.examples == (f"June 2020: {thin} rows, around it {usual}",)


@pytest.mark.parametrize(
    ("usual", "thick", "bad"),
    [
        (300, 526, 1),  # more than 1.75 times
        (300, 525, 0),  # 1.75 times
        (100, 181, 1),  # 81 more: more than 8 times the root of 100
        (100, 180, 0),
    ],
)
def test_a_thick_month(tmp_path: Path, usual: int, thick: int, bad: int) -> None:
    report = checked(tmp_path, months(of(0, 12, usual) | {"2020-06": thick}))
    found = rule(report, "months:thin")
    assert (found.bad, found.tested) == (bad, 11)
    if bad:
        assert found.examples == (f"June 2020: {thick} rows, around it {usual}",)


def test_a_month_that_is_thin_in_every_year_is_of_its_season(tmp_path: Path) -> None:
    every = {f"{year}-02": 60 for year in (2020, 2021, 2022)}
    thin = rule(checked(tmp_path, months(of(0, 36, 300) | every)), "months:thin")
    assert (thin.outcome, thin.tested) == ("passed", 35)
    once = rule(checked(tmp_path, months(of(0, 36, 300) | {"2021-02": 60})), "months:thin")
    assert once.examples == ("February 2021: 60 rows, around it 300",)


def test_nothing_is_thin_among_months_that_swing(tmp_path: Path) -> None:
    swing = [400, 90, 700, 150, 1000, 120, 300, 900, 80, 500, 200, 800]
    counts = dict(zip(of(0, 12, 1), swing, strict=True))
    assert rule(checked(tmp_path, months(counts)), "months:thin").outcome == "passed"


def test_months_at_the_edge_are_judged_only_if_whole(tmp_path: Path) -> None:
    # the last month ends on the 10th, the first begins on the 1st and is thin
    counts = of(0, 12, 300) | {"2020-01": 20, "2020-12": 10}
    thin = rule(checked(tmp_path, months(counts)), "months:thin")
    assert (thin.bad, thin.tested) == (1, 11)
    assert thin.examples == ("January 2020: 20 rows, around it 300",)


def test_a_file_that_grows_has_no_thin_month(tmp_path: Path) -> None:
    counts = {m: 100 * 2**i // 4 for i, m in enumerate(of(0, 9, 0))}
    assert rule(checked(tmp_path, months(counts)), "months:thin").outcome == "passed"


# --- race by month -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lost", "bad"),
    [
        ({}, 0),
        ({"2020-03": 20}, 1),  # 20 %
        ({"2020-03": 9}, 0),  # 9 %: chance may make it of 5 %
        ({"2020-03": 14}, 1),  # 9 points above 5 % are 4.1 standard errors of 100 rows
        (dict.fromkeys(of(0, 8, 0), 90), 8),  # most months lost it: still told
        (dict.fromkeys(of(0, 12, 0), 30), 0),  # all alike: the rule on the file says it
        (dict.fromkeys(of(0, 12, 0), 30) | {"2020-02": 61}, 1),  # more than twice as many
        (dict.fromkeys(of(0, 12, 0), 15) | {"2020-02": 25}, 1),  # above 20 %, where 15 are usual
    ],
)
def test_race_missing_in_some_months(tmp_path: Path, lost: dict[str, int], bad: int) -> None:
    report = checked(tmp_path, months(of(0, 12, 100), unknown=lost))
    assert rule(report, "months:race known").bad == bad


def test_a_small_month_without_race_is_not_told(tmp_path: Path) -> None:
    counts = of(0, 12, 100) | {"2020-04": 10}
    for lost, bad in ((3, 0), (4, 1)):
        report = checked(tmp_path, months(counts, unknown={"2020-04": lost}), "applicants")
        assert rule(report, "months:race known").bad == bad


# --- times ---------------------------------------------------------------------------------------


def at(seconds: list[int]) -> list[Stop]:
    return [(f"2024-03-{i % 28 + 1:02d}", s, "white") for i, s in enumerate(seconds)]


def of_hours(counts: list[int], *, shift: int = 0) -> list[int]:
    """Return times at odd minutes, so many in each hour."""
    return [
        ((h + shift) % 24) * 3600 + (i * 7 + 1) % 60 * 60 + 1
        for h, n in enumerate(counts)
        for i in range(n)
    ]


DAY = [*[20] * 3, 8, 5, 6, *[20] * 18]
"""Stops by local hour: 425, rarest from 3 to 6."""


def test_midnight_that_stands_for_no_time(tmp_path: Path) -> None:
    for n, outcome in ((19, "passed"), (20, "failed")):
        report = checked(tmp_path, at(of_hours(DAY) + [0] * n))
        assert rule(report, "times:midnight").outcome == outcome
    assert rule(report, "times:midnight").examples == ("4 % of the times are 00:00",)
    everything = checked(tmp_path, at([0] * 40))
    assert rule(everything, "times:midnight").examples == ("all of the times are 00:00",)
    assert rule(checked(tmp_path, at([0] * 3)), "times:midnight").outcome == "passed"


def test_full_hours_are_rounded_and_midnight_is_one_of_them(tmp_path: Path) -> None:
    report = checked(tmp_path, at([h * 3600 for h in range(24) for _ in range(30)]))
    assert rule(report, "times:midnight").outcome == "passed"
    rounded = rule(report, "times:rounded")
    assert (rounded.outcome, rounded.examples) == ("failed", ("100 % of the times",))


@pytest.mark.parametrize(("fives", "outcome"), [(250, "passed"), (251, "failed")])
def test_rounded_times(tmp_path: Path, fives: int, outcome: str) -> None:
    seconds = [8 * 3600 + 300 * (i % 100) for i in range(fives)]
    seconds += [9 * 3600 + 60 * (5 * (i % 100) + 1) for i in range(500 - fives)]
    assert rule(checked(tmp_path, at(seconds)), "times:rounded").outcome == outcome
    few = checked(tmp_path, at(seconds[:499]))
    assert rule(few, "times:rounded").outcome == "nothing to test"


MINNEAPOLIS = (
    2944, 2353, 2257, 1412, 778, 438, 357, 640, 1325, 1657, 1981, 2144,
    2355, 2468, 2414, 2490, 1958, 2430, 2790, 2996, 2757, 3154, 3689, 4133,
)  # fmt: skip
LONDON = (
    588, 516, 339, 231, 139, 94, 31, 30, 81, 166, 269, 324,
    454, 551, 599, 815, 1062, 965, 848, 645, 678, 683, 559, 675,
)  # fmt: skip
"""Stops by local hour of two real files (shared/DATA.md), whose rows give the time in UTC."""


@pytest.mark.parametrize("shift", [0, 5, 6, 9, 14, 20])
@pytest.mark.parametrize("local", [MINNEAPOLIS, LONDON])
def test_times_of_another_zone_as_the_measure_marks_them(
    tmp_path: Path, local: tuple[int, ...], shift: int
) -> None:
    counts = [n // 20 for n in local]
    report = checked(tmp_path, at(of_hours(counts, shift=shift)))
    moved = pd.DataFrame({"hour": [(h + shift) % 24 for h in range(24)], "n": counts})
    said = clock(moved)["reason"].iloc[0]
    hours = rule(report, "times:hours")
    assert (hours.outcome == "failed") == (isinstance(said, str) and "UTC" in said)
    if shift in (0, 5, 6) and hours.outcome == "failed":
        assert "hours earlier" in hours.examples[0]
    if shift == 0:
        assert hours.outcome == "passed"
    if shift in (6, 9):
        assert hours.outcome == "failed"


def test_one_month_of_another_zone_and_a_file_unlike_the_one_before(tmp_path: Path) -> None:
    usual = of_hours([n // 20 for n in MINNEAPOLIS])
    rows = [(f"2024-{1 + i % 12:02d}-05", s, "white") for i, s in enumerate(usual)]
    moved = [(d, (s + 5 * 3600 * d.startswith("2024-12")) % 86400, r) for d, s, r in rows]
    assert rule(checked(tmp_path, rows), "times:hours").outcome == "passed"
    hours = rule(checked(tmp_path, moved), "times:hours")
    assert hours.examples == (
        "December 2024: hours like the other months if about 5 hours earlier",
    )
    later = [(d, (s + 3 * 3600) % 86400, r) for d, s, r in rows]
    last = {"format": 0, "hours": [n // 20 for n in MINNEAPOLIS]}
    assert rule(checked(tmp_path, rows, last=last), "times:hours").outcome == "passed"
    assert "all months: hours like before if about 3 hours earlier" in (
        rule(checked(tmp_path, later, last=last), "times:hours").examples
    )


def test_the_shift_that_would_fit(tmp_path: Path) -> None:
    utc = rule(checked(tmp_path, at(of_hours([n // 20 for n in MINNEAPOLIS], shift=6))),
               "times:hours")  # fmt: skip
    assert utc.examples == ("rarest 11:00 to 14:00; as local time if about 7 hours earlier",)


def test_few_times_say_nothing_of_the_zone(tmp_path: Path) -> None:
    report = checked(tmp_path, at(of_hours(DAY, shift=9)))
    hours = rule(report, "times:hours")
    assert (hours.outcome, hours.because) == ("nothing to test", "fewer than 500 times")


def test_an_even_clock_is_not_told(tmp_path: Path) -> None:
    flat = [30] * 10 + [27] * 3 + [30] * 11  # hardly rarer from 10 to 13
    assert rule(checked(tmp_path, at(of_hours(flat))), "times:hours").outcome == "passed"


def test_rows_set_aside_are_in_no_month_and_a_file_without_dates_has_none(tmp_path: Path) -> None:
    future = [("2099-01-01", 60, "white")] * 20
    report = checked(tmp_path, months(of(0, 12, 30)) + future)
    assert open_rules(report) == {"date:not in the future"}
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT 'white' AS race, 'p' || i AS person_id FROM range(30) t(i)) "
            f"TO '{tmp_path / 'p.parquet'}' (FORMAT parquet)"
        )
    report = check(table="workforce", data=tmp_path / "p.parquet", good=tmp_path / "g.parquet",
                   quarantine=tmp_path / "q.csv", context={"today": TODAY})  # fmt: skip
    for key in ("period", "months:race known", "times:midnight", "times:hours"):
        assert rule(report, key).outcome == "nothing to test"


# --- Great Expectations --------------------------------------------------------------------------


def test_great_expectations_counts_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_judge", JUDGE)
    counts = of(0, 12, 300) | {"2020-03": 0, "2020-06": 40}
    rows = months(counts, unknown={"2020-09": 300}) + at([0] * 4000)
    rows += [("2010-03-01", 60, "white")]
    report = checked(tmp_path, rows, period=None)
    keys = open_rules(report)
    # the 4,000 at midnight are in March 2024, so that all of 2021 to 2023 is missing as well
    assert keys == {
        "period", "months:missing", "months:thin", "months:race known", "times:midnight"
    }  # fmt: skip
    assert rule(report, "months:missing").bad == 1 + 38
    assert not [r for r in report.rules if r.outcome == "could not run"]


# --- the key of the agency file ------------------------------------------------------------------

AGENCY = """
[agency]
name = "A"
place = "A"
timezone = "America/New_York"

[stops]
format = "opp"
files = ["a.csv"]
period = {period}
"""


def test_the_period_of_an_agency_file(tmp_path: Path) -> None:
    path = tmp_path / "equity.toml"
    wanted = (dt.date(2024, 1, 1), dt.date(2024, 12, 31))
    for period in ('["2024-01-01", "2024-12-31"]', "[2024-01-01, 2024-12-31]"):
        path.write_text(AGENCY.format(period=period), encoding="utf-8")
        assert read_agency(path).inputs["stops"].period == wanted
    for period in ('["2024-12-31", "2024-01-01"]', '"2024"', "2024", '["2024-01-01"]', "[1, 2]"):
        path.write_text(AGENCY.format(period=period), encoding="utf-8")
        with pytest.raises(AgencyError, match="period"):
            read_agency(path)
