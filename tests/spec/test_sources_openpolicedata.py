"""OpenPoliceData's standard columns: who and when by their names, the rest as the analyst says.

Columns and labels are those of openpolicedata/defs.py; rows are made up.
"""

from __future__ import annotations

from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pytest

from equity.sources import openpolicedata

TABLE: dict[str, list[str | None]] = {
    "DATE": ["2021-05-01", "2021-05-02", "2021-05-03", "2021-05-04", "2021-05-05"],
    "TIME": ["23:10:00", "00:05", None, "9:00 AM", "12:00"],
    "AGENCY": ["Here"] * 5,
    "SUBJECT_RACE": ["WHITE", "BLACK", "ASIAN / PACIFIC ISLANDER", "OTHER OR UNKNOWN", "UNKNOWN"],
    "SUBJECT_ETHNICITY": [
        "HISPANIC/LATINO",
        "NON-HISPANIC/NON-LATINO",
        None,
        "UNKNOWN",
        "HISPANIC/LATINO",
    ],
    "SUBJECT_GENDER": ["MALE", "TRANSGENDER FEMALE", "GENDER NON-BINARY", "OTHER", "UNKNOWN"],
    "SUBJECT_AGE": ["20", "30.0", None, "x", "50"],
    "RAW_race": ["W", "B", "A", "O", "U"],
    "search_performed": ["Y", "N", None, "N", "N"],
}
ENGINES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "polars lazy": pl.LazyFrame,
    "duckdb": lambda rows: duckdb.from_arrow(pl.DataFrame(rows).to_arrow()),
}


def lists(frame: Any, *columns: str) -> list[list[Any]]:
    got = nw.from_native(frame)
    got = (got.collect() if isinstance(got, nw.LazyFrame) else got).to_pandas()
    return [[None if pd.isna(v) else v for v in got[c].astype(object)] for c in columns]


@pytest.mark.parametrize("engine", ENGINES)
def test_who_and_when(engine: str) -> None:
    got = openpolicedata.standardize(
        ENGINES[engine](TABLE), columns={"search_conducted": "search_performed"}
    )
    race, sex, age, time, agency, searched = lists(
        got,
        "subject_race",
        "subject_sex",
        "subject_age",
        "second_of_day",
        "department_name",
        "search_conducted",
    )
    # Hispanic overrides race, also one that is not known
    assert race == ["hispanic", "black", "asian_pacific", "other", "hispanic"]
    assert sex == ["male", "female", "nonbinary", None, None]
    assert age == [20, 30, None, None, 50]
    assert time == [83_400, 300, None, 32_400, 43_200]
    assert agency == ["Here"] * 5
    assert searched == [True, False, None, False, False]


def test_race_and_ethnicity_together_are_preferred() -> None:
    table = pd.DataFrame(TABLE).assign(SUBJECT_RE_GROUP=["BLACK"] * 4 + ["INDIGENOUS"])
    (race,) = lists(openpolicedata.standardize(table), "subject_race")
    assert race == ["black"] * 4 + ["other"]
    (race,) = lists(openpolicedata.standardize(table, scheme="us1997"), "subject_race")
    assert race == ["black"] * 4 + ["aian"]


def test_a_finer_scheme_cannot_split_a_label() -> None:
    with pytest.raises(ValueError, match=r"'ASIAN / PACIFIC ISLANDER', which scheme='us1997'"):
        openpolicedata.standardize(pd.DataFrame(TABLE), scheme="us1997")


def test_a_label_of_no_one_group_has_to_be_mapped() -> None:
    table = pd.DataFrame(TABLE).assign(SUBJECT_RE_GROUP="MIDDLE EASTERN / SOUTH ASIAN")
    with pytest.raises(ValueError, match=r"no rule maps.*'MIDDLE EASTERN / SOUTH ASIAN'"):
        openpolicedata.standardize(table)
    values = {"subject_race": {"middle eastern / south asian": "other"}}
    (race,) = lists(openpolicedata.standardize(table, values=values), "subject_race")
    assert race == ["other"] * 5


@pytest.mark.parametrize(
    ("dates", "seconds"),
    [
        (["2021-05-01 23:10:00", "2021-05-02 00:00:00"], [83_400, 0]),
        (["5/1/2021 11:10 PM", "5/2/2021 0:00"], [83_400, 0]),
        ([pd.Timestamp("2021-05-01 23:10"), pd.Timestamp("2021-05-02")], [83_400, 0]),
    ],
)
def test_the_time_may_stand_in_the_date(dates: list[Any], seconds: list[int]) -> None:
    table = pd.DataFrame({"DATE": dates, "SUBJECT_RACE": ["WHITE", "BLACK"]})
    assert lists(openpolicedata.standardize(table), "second_of_day") == [seconds]


@pytest.mark.parametrize(
    "dates",
    [["2021-05-01", "2021-05-02"], ["2021-05-01 00:00:00"] * 2, pd.to_datetime(["2021"] * 2)],
)
def test_dates_alone_are_no_midnights(dates: Any) -> None:
    table = pd.DataFrame({"DATE": dates, "SUBJECT_RACE": ["WHITE", "BLACK"]})
    assert "second_of_day" not in openpolicedata.standardize(table).columns


def test_utc_is_brought_to_the_clock_of_the_place() -> None:
    table = pd.DataFrame({"DATE": ["2021-05-01"], "TIME": ["02:00:00"], "SUBJECT_RACE": ["WHITE"]})
    got = openpolicedata.standardize(table, times="UTC", timezone="America/Chicago")
    assert (str(got["date"][0])[:10], got["second_of_day"][0]) == ("2021-04-30", 21 * 3600)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"DATE": ["x"], "SUBJECT_OR_OFFICER": ["SUBJECT"]}, "every officer would count"),
        (
            {"stop_date": ["x"], "race": ["x"]},
            r"no column 'DATE'.*'SUBJECT_RACE'.*standardize\(\)",
        ),
    ],
)
def test_other_tables_are_refused(columns: dict[str, list[str]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        openpolicedata.standardize(pd.DataFrame(columns))


def test_a_file(tmp_path) -> None:
    path = tmp_path / "opd.csv"
    pd.DataFrame(TABLE).to_csv(path, index=False)
    stops = openpolicedata.read(path, columns={"search_conducted": "search_performed"})
    found = stops.aggregate("search_conducted, count(*)", "search_conducted").fetchall()
    assert dict(found) == {True: 1, False: 3, None: 1}
    assert stops.aggregate("min(source_row)").fetchall() == [(2,)]
