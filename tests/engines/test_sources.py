"""The same rows as text give the same tables on every engine."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pytest

from equity.sources import acs, applicants, opp, roster


def rows_of(frame: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and rows of any engine as plain Python values."""
    table = nw.from_native(frame)
    table = table.collect() if isinstance(table, nw.LazyFrame) else table
    return table.columns, [tuple(map(plain, row)) for row in table.iter_rows()]


def plain(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    return value.date() if isinstance(value, dt.datetime) else value


DATES = {
    "2023-02-28": dt.date(2023, 2, 28),
    "2024-02-29": dt.date(2024, 2, 29),
    "2000-02-29": dt.date(2000, 2, 29),
    "1900-02-29": None,
    "2023-02-29": None,
    "2023-13-45": None,
    "2023-04-31": None,
    "13/45/2023": None,
    "2/29/2023": None,
    "2/29/2024": dt.date(2024, 2, 29),
    "3/7/2019": dt.date(2019, 3, 7),
    "03/07/2019 4:05 PM": dt.date(2019, 3, 7),
    " 2019-03-07T23:59:59 ": dt.date(2019, 3, 7),
    "2019-03-07T00:00:00.000Z": dt.date(2019, 3, 7),
    "2019-03-07T23:00:00Z": None,
    "3/7/19": None,
    "20190307": None,
    "NA": None,
    "": None,
    "tomorrow": None,
}
CLOCKS = {
    "00:00": 0,
    "23:59:59": 86_399,
    "7:05": 25_500,
    "12:00 AM": 0,
    "12:30 PM": 45_000,
    "3:21 pm": 55_260,
    "1:02:03 a.m.": 3_723,
    "1900-01-01 21:00:00": 75_600,
    "15:21:30.500": 55_290,
    "24:00": None,
    "13:00 PM": None,
    "7.30": None,
    "1530": None,
    "": None,
}
NUMBERS = {
    "41.75": 41.75,
    "-72.6": -72.6,
    "1,234": 1234.0,
    "12,34": None,
    "$ -": 0.0,
    "$1,234.50": 1234.5,
    "(12)": -12.0,
    "1e3": 1000.0,
    "1e999": None,
    ".5": 0.5,
    "abc": None,
    "-": None,
    "N/A": None,
}
INTEGERS = {
    "38": 38,
    "38.0": 38,
    "038": 38,
    "38.5": None,
    "1,234": 1234,
    "99999999999999999999": None,
    "thirty": None,
    "NA": None,
}
FLAGS = {
    "TRUE": True,
    "True": True,
    "1": True,
    "Y": True,
    " yes ": True,
    "FALSE": False,
    "0": False,
    "n": False,
    "No": False,
    "maybe": None,
    "2": None,
    "NA": None,
    "": None,
}


@pytest.mark.parametrize(
    ("column", "ours", "cases"),
    [
        ("date", "date", DATES),
        ("time", "second_of_day", CLOCKS),
        ("lat", "latitude", NUMBERS),
        ("subject_age", "subject_age", INTEGERS),
        ("search_conducted", "search_conducted", FLAGS),
    ],
)
def test_text_is_read_the_same_everywhere(
    engine: Any, column: str, ours: str, cases: dict[str, Any]
) -> None:
    texts = [*cases, None]
    rows = {
        "subject_race": ["white"] * len(texts),
        "date": ["2020-01-01"] * len(texts),
        column: texts,
    }
    columns, got = rows_of(opp.standardize(engine(rows)))
    value, raw = columns.index(ours), columns.index(f"raw_{ours}")
    assert {t: r[value] for t, r in zip(texts, got, strict=True)} == {**cases, None: None}
    blank = {"", "NA", "N/A", None}
    assert [r[raw] for r in got] == [None if t in blank else t.strip() for t in texts]


def test_stops_are_the_same_everywhere(engine: Any) -> None:
    rows = {
        "Date ": ["2020-01-01", "bad", "NA", "1/2/2020"],
        "SUBJECT_RACE": ["White", " asian/pacific islander ", "unknown", None],
        "type": ["Vehicular", "PEDESTRIAN", "", "tram"],
        "outcome": ["Verbal", "arrest", "NA", "Citation"],
        "source_row": ["2", "3", "4", "5"],
    }
    columns, got = rows_of(
        opp.standardize(
            engine(rows), file="a.csv", values={"outcome": {"VERBAL": "warning", "arrest": ""}}
        )
    )
    kept = ["date", "subject_race", "type", "outcome", "source_file", "source_row", "raw_date"]
    assert [tuple(r[columns.index(c)] for c in kept) for r in got] == [
        (dt.date(2020, 1, 1), "white", "vehicular", "warning", "a.csv", 2, "2020-01-01"),
        (None, "asian_pacific", "pedestrian", None, "a.csv", 3, "bad"),
        (None, None, None, None, "a.csv", 4, None),
        (dt.date(2020, 1, 2), None, "tram", "citation", "a.csv", 5, "1/2/2020"),
    ]


def test_rosters_are_the_same_everywhere(engine: Any) -> None:
    rows = {
        "Ethnic Code Description": ["Black   ", "WHITE", "05", "Declined", None],
        "Title": ["Police Officer 2", "Police Officer Trainee", "Police Officers Aide", "", "x"],
        "Sex": ["F", "male", "X", "", None],
        "Start": ["10/25/2012", "2012-10-25", "", "NA", "99/99/2012"],
    }
    columns, got = rows_of(
        roster.standardize(
            engine(rows),
            columns={
                "race": "ethnic code  description",
                "title": "title",
                "sex": "sex",
                "hire_date": "start",
            },
            values={"race": {"05": "asian", "Declined": ""}},
            rules={
                "sworn": {
                    "column": "title",
                    "starts_with": ["police"],
                    "any_of": ["Officer"],
                    "none_of": ["Trainee"],
                }
            },
            date="2017-07-01",
        )
    )
    kept = ["race", "sex", "sworn", "hire_date", "date", "year"]
    day = dt.date(2017, 7, 1)
    assert [tuple(r[columns.index(c)] for c in kept) for r in got] == [
        ("black", "female", True, dt.date(2012, 10, 25), day, 2017),
        ("white", "male", False, dt.date(2012, 10, 25), day, 2017),
        ("asian", "nonbinary", False, None, day, 2017),
        (None, None, None, None, day, 2017),
        (None, None, False, None, day, 2017),
    ]


def test_applicants_are_the_same_everywhere(engine: Any) -> None:
    rows = {
        "Race": ["White", "Black", "Hispanic", "Asian", "White", "White"],
        "Qualified": ["Yes", "No", "", "Yes", "", "No"],
        "Test": ["PASS", "", "pass", "", "", "pass"],
        "Hired": ["2020-05-01", "", "", "", "", ""],
    }
    columns, got = rows_of(
        applicants.standardize(
            engine(rows),
            columns={"race": "race"},
            stages={"qualified": "qualified", "tested": "test", "hired": "hired"},
            year=2020,
        )
    )
    kept = ["qualified", "tested", "hired", "year"]
    assert [tuple(r[columns.index(c)] for c in kept) for r in got] == [
        (True, True, True, 2020),
        (False, False, False, 2020),
        (True, True, False, 2020),  # tested, so qualified
        (True, None, False, 2020),  # a blank word is not known, a blank date is not reached
        (None, None, False, 2020),
        (False, True, False, 2020),  # what is written stays, also where it contradicts
    ]


def test_residents_are_the_same_everywhere(engine: Any) -> None:
    rows = {
        "GEO_ID": ["Geography", "16000US1"],
        "NAME": ["Geographic Area Name", "Rivertown"],
        "B03002_003E": ["Estimate!!White", "1,600"],
        "B03002_003M": ["Margin", "-555555555"],
        "B03002_004E": ["Estimate!!Black", "400"],
        "B03002_004M": ["Margin", "±40"],
    }
    got = acs.standardize(engine(rows), place="rivertown")
    assert got[["race", "n", "moe", "controlled"]].to_numpy().tolist() == [
        ["white", 1600.0, 0.0, True],
        ["black", 400.0, 40.0, False],
    ]


def test_pandas_types() -> None:
    stops = opp.standardize(
        pd.DataFrame(
            {
                "date": ["2020-01-01"],
                "subject_race": ["white"],
                "subject_age": ["38"],
                "lat": ["1"],
                "search_conducted": ["NA"],
            }
        )
    )
    assert {c: str(t) for c, t in stops.dtypes.items() if not c.startswith("raw_")} == {
        "date": "datetime64[us]",
        "latitude": "Float64",
        "subject_age": "Int64",
        "subject_race": "str",
        "search_conducted": "boolean",
    }


def test_columns_that_have_types_already() -> None:
    day = dt.date(2020, 1, 2)
    frame = pd.DataFrame(
        {
            "date": [dt.datetime(2020, 1, 2, 3, 4), None],
            "time": [dt.time(3, 4), None],
            "subject_race": pd.Categorical(["white", None]),
            "subject_age": [38.0, float("nan")],
            "search_conducted": [True, None],
            "raw_row_number": [1.0, 2.0],
        }
    )
    for stops in (frame, pl.from_pandas(frame), duckdb.from_df(frame)):
        columns, got = rows_of(opp.standardize(stops))
        assert [
            tuple(
                r[columns.index(c)]
                for c in (
                    "date",
                    "second_of_day",
                    "subject_race",
                    "subject_age",
                    "search_conducted",
                    "stop_id",
                )
            )
            for r in got
        ] == [(day, 11_040, "white", 38, True, "1"), (None, None, None, None, None, "2")]


def test_a_count_on_duckdb_reads_only_the_columns_that_it_needs(tmp_path: Path) -> None:
    """A join in the plan would make every count read and convert every column of the file."""
    file = tmp_path / "a.csv"
    file.write_text("date,time,lat,subject_race,search_conducted\n2020-01-01,1:00,1,white,TRUE\n")
    counted = opp.read(file).aggregate("search_conducted, count(*)", "search_conducted")
    plan = counted.explain()
    assert "JOIN" not in plan.upper()
    assert "search_conducted" in plan
    for other in ("time", "lat", "subject_race"):
        assert other not in plan.split("READ_CSV")[-1]
