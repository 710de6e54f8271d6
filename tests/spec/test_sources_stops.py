"""Any table of stops by a mapping: several columns for one flag, words for yes and no, weights."""

from __future__ import annotations

from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pytest

import equity as eq
from equity.sources import stops

ENGINES: dict[str, Any] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "polars lazy": pl.LazyFrame,
    "duckdb": lambda rows: duckdb.from_arrow(pl.DataFrame(rows).to_arrow()),
}

ROWS: dict[str, list[str | None]] = {
    "No": ["1", "2", "3", "4", "5", "6"],
    "When": ["2017-01-01 06:00:42", "2017-07-01 03:30", "2017-03-12 08:00:00Z", "NA", "x", None],
    "Race": ["Black", "East African", "White ", "Unknown", "Native American", "white"],
    "Ethnicity": ["N", "H", None, "Hispanic", "U", "Not Hispanic"],
    "Person": ["YES", "NO", "NO", "NO", "NA", "perhaps"],
    "Car": ["NO", "NO", "YES", None, "NA", "NO"],
    "Ground": ["Consent", None, "Search Warrant", None, None, None],
    "Found": ["TRUE", "FALSE", "FALSE", "TRUE", "FALSE", "NA"],
    "Result": ["Arrest", "Ticket", "Verbal Warning", None, "Unknown", "Warning"],
}
COLUMNS: dict[str, Any] = {
    "stop_id": "no",
    "date": "When",
    "subject_race": "Race",
    "search_conducted": ["Person", "Car"],
}
VALUES = {"subject_race": {"East African": "black"}}


def frame(got: Any) -> pd.DataFrame:
    table = nw.from_native(got)
    return (table.collect() if isinstance(table, nw.LazyFrame) else table).to_pandas()


def listed(got: Any, column: str) -> list[Any]:
    return [None if pd.isna(v) else v for v in frame(got)[column].astype(object)]


def made(engine: str = "pandas", rows: dict[str, Any] | None = None, **more: Any) -> Any:
    given: dict[str, Any] = {"columns": COLUMNS, "values": VALUES} | more
    return stops.standardize(ENGINES[engine](rows or ROWS), **given)


@pytest.fixture(params=[*ENGINES, pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest) -> str:
    """Return the name of an engine; Spark is started when it is asked for."""
    if request.param == "spark":
        ENGINES["spark"] = request.getfixturevalue("spark_frame")
    return request.param


class TestOnEveryEngine:
    def test_a_flag_of_several_columns_is_yes_where_any_is(self, engine: str) -> None:
        got = made(engine)
        # no beside nothing, and nothing beside nothing, is not known; neither is "perhaps"
        assert listed(got, "search_conducted") == [True, False, True, None, None, None]
        # what was read, and what could not be: the data checks compare the two
        assert listed(got, "raw_search_conducted") == ["YES", "NO", "NO", None, None, "perhaps"]

    def test_utc_becomes_the_local_day_and_time(self, engine: str) -> None:
        got = made(engine, times="UTC", timezone="America/Chicago")
        days = [d and str(d)[:10] for d in listed(got, "date")]
        assert days == ["2017-01-01", "2017-06-30", "2017-03-12", None, None, None]
        # winter 6 h behind, summer 5 h; on March 12 the clocks go forward at 08:00 UTC
        assert listed(got, "second_of_day") == [42, 81_000, 10_800, None, None, None]
        assert listed(got, "raw_date")[:4] == ["2017-01-01 06:00:42", "2017-07-01 03:30",
                                               "2017-03-12 08:00:00Z", None]  # fmt: skip

    def test_date_and_time_in_two_columns_in_utc(self, engine: str) -> None:
        rows = {"D": ["2017-07-01", "7/1/2017", None], "T": ["03:30", "3:30 AM", "03:30"]}
        rows |= {"Race": ["White"] * 3}
        columns = {"date": "D", "time": "T", "subject_race": "Race"}
        got = made(engine, rows, columns=columns, values=None, times="UTC",
                   timezone="America/Chicago")  # fmt: skip
        assert [d and str(d)[:10] for d in listed(got, "date")] == ["2017-06-30"] * 2 + [None]
        assert listed(got, "second_of_day") == [81_000, 81_000, None]

    def test_hispanic_goes_before_race(self, engine: str) -> None:
        got = made(engine, columns=COLUMNS | {"subject_ethnicity": "Ethnicity"})
        assert listed(got, "subject_race") == [
            "black", "hispanic", "white", "hispanic", "other", "white",
        ]  # fmt: skip
        assert "subject_ethnicity" not in frame(got).columns

    def test_a_flag_may_come_from_words_and_from_blanks(self, engine: str) -> None:
        columns = COLUMNS | {
            "search_conducted": "Ground",
            "search_basis": "Ground",
            "arrest_made": "Result",
            "contraband_found": "Found",
        }
        values = VALUES | {
            "search_conducted": {"*": "yes", "": "no"},
            "arrest_made": {"arrest": "yes", "unknown": "", "*": "no"},
        }
        got = made(engine, columns=columns, values=values)
        assert listed(got, "search_conducted") == [True, False, True, False, False, False]
        assert listed(got, "search_basis") == ["consent", None, "warrant", None, None, None]
        assert listed(got, "arrest_made") == [True, False, False, None, None, False]
        # "no contraband" without a search says nothing; contraband without one is left to be told
        assert listed(got, "contraband_found") == [True, None, False, True, None, None]
        assert listed(got, "raw_contraband_found") == ["TRUE", None, "FALSE", "TRUE", None, None]
        # a word that means "not known" was read
        assert listed(got, "raw_arrest_made") == [
            "Arrest", "Ticket", "Verbal Warning", None, None, "Warning",
        ]  # fmt: skip

    def test_a_weight_and_a_year(self, engine: str) -> None:
        rows = {"Y": ["2015", "2016.0", "then"], "Race": ["White"] * 3, "N": ["3", "1,000", "-1"]}
        columns = {"year": "Y", "subject_race": "Race", "weight": "N"}
        got = made(engine, rows, columns=columns, values=None)
        assert listed(got, "year") == [2015, 2016, None]
        assert listed(got, "weight") == [3, 1000, -1]
        assert "date" not in frame(got).columns
        whole = frame(got).astype({"weight": "Int64", "year": "Int64"})[:2]
        counts = eq.count(whole, by=["subject_race", "year"], weight="weight")
        assert counts.table["n"].tolist() == [3, 1000]


def test_closed_vocabularies_take_common_words() -> None:
    got = made(columns=COLUMNS | {"outcome": "Result"})
    assert listed(got, "outcome") == ["arrest", "citation", "warning", None, None, "warning"]


@pytest.mark.parametrize(
    ("columns", "values", "says"),
    [
        ({"subject_race": "Race"}, {}, "'Race' holds values .* 'East African'"),
        ({"search_basis": "Found"}, VALUES, r"no rule maps.*'TRUE'.*stops.values.search_basis"),
        ({"outcome": "Found"}, VALUES, r"stops.values.outcome.*Groups: warning, citation"),
        ({"subject_ethnicity": "Found"}, VALUES, "stops.values.subject_ethnicity"),
        (
            {"arrest_made": "Result"},
            VALUES | {"arrest_made": {"Arrest": "yes"}},
            r"'Result' holds values .*'Ticket', 'Unknown', 'Verbal Warning', 'Warning'.*yes, no",
        ),
        ({}, VALUES | {"search_conducted": {"x": "maybe"}}, r"leads to 'maybe'.*yes/no"),
        ({}, VALUES | {"subject_race": {"East African": "afro"}}, "leads to 'afro'"),
        ({}, VALUES | {"date": {"x": ""}}, "values has a map for 'date'"),
        ({"serch_conducted": "Car"}, VALUES, "Is it 'search_conducted'"),
        ({"hour": "When"}, VALUES, "'hour', which is made from 'second_of_day'"),
        ({"year": "When"}, VALUES, "in two ways"),
        ({"district": ["Car", "Person"]}, VALUES, "Only a yes/no column can be made of several"),
        ({"search_conducted": []}, VALUES, "without a column of the file"),
        ({"search_conducted": ["Person", "Cra"]}, VALUES, r"no column 'Cra' for .*near: 'Car'"),
        ({"time": "When", "second_of_day": "When"}, VALUES, "'second_of_day' twice"),
    ],
)
def test_what_cannot_be_is_said(columns: Any, values: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        made(columns=COLUMNS | columns, values=values)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"times": "utc", "timezone": "UTC"}, "'local', 'UTC'"),
        ({"times": "UTC"}, "needs timezone"),
        ({"times": "UTC", "timezone": "America/Chicgo"}, "America/Chicago"),
        ({"columns": {"date": "When"}}, "holds 'subject_race'"),
        ({"columns": {"subject_race": "Race"}}, "does not say when"),
        ({"year": 2017}, "in two ways"),
        (
            {"columns": COLUMNS | {"subject_ethnicity": "Ethnicity"}, "scheme": "uk5"},
            "no group 'hispanic'",
        ),
    ],
)
def test_what_cannot_be_read_is_said(more: dict[str, Any], says: str) -> None:
    values = {"subject_race": {"east african": "black", "native american": "other"}}
    with pytest.raises(ValueError, match=says):
        made(**{"values": values} | more)


def test_the_time_may_stand_in_the_column_of_the_date() -> None:
    rows = {"When": ["2017-01-01 06:00:42", "1/3/2019 9:08", "1/3/2019 9:08 PM"]}
    rows["Race"] = ["White"] * 3
    columns = {"date": "When", "time": "When", "subject_race": "Race"}
    got = made("duckdb", rows, columns=columns, values=None)
    assert listed(got, "second_of_day") == [21_642, 32_880, 76_080]


def test_one_year_for_all() -> None:
    got = made(columns={"subject_race": "Race"}, year=2017)
    assert listed(got, "year") == [2017] * 6


def test_further_columns_are_kept_as_text() -> None:
    got = made(columns=COLUMNS | {"shift": "Car"})
    assert listed(got, "shift")[0] == "NO"


def test_a_typed_frame_is_taken_as_it_is() -> None:
    rows = pd.DataFrame(
        {
            "When": pd.to_datetime(["2017-07-01 03:30:00"]),
            "Race": ["White"],
            "Person": [True],
            "Car": pd.array([None], "boolean"),
            "N": [4],
        }
    )
    columns = COLUMNS | {"weight": "N"}
    del columns["stop_id"]
    got = stops.standardize(rows, columns=columns, times="UTC", timezone="America/Chicago")
    assert (listed(got, "search_conducted"), listed(got, "weight")) == ([True], [4])
    assert listed(got, "second_of_day") == [81_000]


def test_a_file_is_read_when_it_is_used(tmp_path) -> None:
    path = tmp_path / "stops.csv"
    path.write_text("Title\nD,R,Person,Car,Other\n2020-01-01,White,Y,N,x\n", encoding="utf-8")
    got = stops.read(
        path,
        columns={"date": "D", "subject_race": "R", "search_conducted": ["Person", "Car"]},
        header_row=2,
    )
    assert isinstance(got, duckdb.DuckDBPyRelation)
    counted = got.aggregate("search_conducted, count(*)", "search_conducted")
    assert counted.fetchall() == [(True, 1)]
    plan = counted.explain()
    assert "JOIN" not in plan.upper()
    assert got.aggregate("min(source_row), min(source_file)").fetchall() == [(3, "stops.csv")]
