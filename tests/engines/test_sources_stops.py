"""CTRP3, data.police.uk and RIPA give the same stops on every engine, and so do local times."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pytest

from equity.sources import _text, _utc, ctrp3, police_uk, ripa


@pytest.fixture(scope="module")
def spark(spark_session: Any) -> Any:
    """Let Spark's session live in another time zone than the one asked for."""
    before = spark_session.conf.get("spark.sql.session.timeZone")
    spark_session.conf.set("spark.sql.session.timeZone", "America/New_York")
    yield spark_session
    spark_session.conf.set("spark.sql.session.timeZone", before or "UTC")


@pytest.fixture
def spark_frame(spark: Any, spark_frame: Any) -> Any:
    return spark_frame


@pytest.fixture
def new_york() -> Any:
    """Let DuckDB's connection live in another time zone than the one asked for."""
    found = duckdb.sql("SELECT current_setting('TimeZone')")
    assert found is not None
    before = found.fetchall()[0][0]
    duckdb.sql("SET TimeZone = 'America/New_York'")
    yield
    duckdb.sql(f"SET TimeZone = '{before}'")


def column(frame: Any, name: str) -> list[Any]:
    table = nw.from_native(frame, pass_through=True)
    table = table.collect() if isinstance(table, nw.LazyFrame) else table
    return [plain(v) for v in table[name].to_list()]


def table_of(frame: Any, names: list[str]) -> list[tuple[Any, ...]]:
    return list(zip(*(column(frame, n) for n in names), strict=True))


def plain(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    return value.date() if isinstance(value, dt.datetime) else value


INSTANTS = {
    # the clocks of London go back at 01:00 UTC on 28 October 2018, forward on 25 March
    "2018-10-28T00:59:59Z": ("2018-10-28", 7199),
    "2018-10-28 01:00:00": ("2018-10-28", 3600),
    "2018-03-25T00:59:59.9Z": ("2018-03-25", 3599),
    "2018-03-25T01:00": ("2018-03-25", 7200),
    "2018-08-31T23:13:35+00:00": ("2018-09-01", 815),
    "2017-01-01 06:00:42 UTC": ("2017-01-01", 21_642),
    "1/1/2017 3:00 AM": ("2017-01-01", 10_800),
    "12/31/2017 11:30 PM": ("2017-12-31", 84_600),
    "2018-07-01 01:30:00-0400": ("2018-07-01", 23_400),
    "2018-11-01 00:30:00+05:30": ("2018-10-31", 68_400),
    "2018-12-31T23:30:00-01": ("2019-01-01", 1800),
    " 2018-07-01T12:00:00Z ": ("2018-07-01", 46_800),
    "9999-07-01T00:00:00Z": ("9999-07-01", 0),
    "2018-09-01": None,
    "2018-02-30T00:00:00Z": None,
    "2018-02-03T25:00:00Z": None,
    "13:00": None,
    "soon": None,
    "": None,
}


def test_instants_in_text(engine: Any) -> None:
    got = _utc.to_local(_text.start(engine({"t": [*INSTANTS, None]})), "t", "Europe/London")
    pairs = table_of(got.to_native(), ["local_date", "local_second_of_day"])
    expected = [v and (dt.date.fromisoformat(v[0]), v[1]) for v in INSTANTS.values()]
    assert [p if p[0] else None for p in pairs] == [*expected, None]
    assert all((day is None) == (second is None) for day, second in pairs)


def seconds(zone: str) -> tuple[list[dt.datetime], list[tuple[dt.date, int]]]:
    """Return instants around every change of ten years, and what the standard library says."""
    place = zoneinfo.ZoneInfo(zone)
    changes = _utc.changes(place, list(range(2010, 2020)))
    steps = (-86_401, -3601, -3600, -1, 0, 1, 3599, 3600, 7200, 86_399)
    instants = [at + dt.timedelta(seconds=s) for at, _ in changes for s in steps]
    local = [t.replace(tzinfo=dt.UTC).astimezone(place) for t in instants]
    return instants, [(t.date(), t.hour * 3600 + t.minute * 60 + t.second) for t in local]


@pytest.mark.parametrize(
    "zone", ["Europe/London", "America/Chicago", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
def test_typed_instants_are_those_of_the_standard_library(zone: str, new_york: Any) -> None:
    instants, expected = seconds(zone)
    aware = pl.DataFrame({"t": [t.replace(tzinfo=dt.UTC) for t in instants]})
    bare = pl.DataFrame({"t": instants})
    for frame in (
        bare,
        bare.lazy(),
        bare.to_pandas(),
        duckdb.from_arrow(bare.to_arrow()),
        aware,
        aware.with_columns(pl.col("t").dt.convert_time_zone("America/New_York")),
        aware.to_pandas(),
        duckdb.from_arrow(aware.to_arrow()),
    ):
        got = _utc.to_local(_text.start(frame), "t", zone).to_native()
        assert table_of(got, ["local_date", "local_second_of_day"]) == expected


@pytest.mark.spark
def test_typed_instants_on_spark(spark: Any) -> None:
    instants, expected = seconds("Europe/London")
    texts = spark.createDataFrame([(t.isoformat(" "),) for t in instants], "t string")
    aware = texts.selectExpr("CAST(concat(t, '+00:00') AS timestamp) AS t")
    bare = texts.selectExpr("CAST(t AS timestamp_ntz) AS t")
    for frame in (aware, bare):
        got = _utc.to_local(_text.start(frame), "t", "Europe/London").to_native()
        assert table_of(got, ["local_date", "local_second_of_day"]) == expected


CTRP3 = {
    "InterventionDate": [
        "Thursday, January 3, 2019",
        "2019-01-03",
        None,
        "Sept. 9, 2019",
        "2019/12/31 00:00:00",
        "Thursday",
    ],
    "InterventionDateTime": [
        "1/3/2019 8:54",
        "2019-01-03 08:54:00",
        "1/3/2019 8:54",
        None,
        None,
        "NA",
    ],
    "InterventionTime": ["8:54:00 AM", "08:54:00", None, "20:15", "0.37", ""],
    "OrganizationIdentificationID": ["CT1", "CT1", "CT2", "CT2", "CT2", "CT2"],
    "InterventionIdentificationID": ["A-1", "2.02E+19", "2.0190103E+15", "9", "1E5", None],
    "SubjectRaceCode": ["W", "w", "B", "A", "I", "B"],
    "SubjectEthnicityCode": ["H", "N", "N", "M", "N", None],
    "SubjectSexCode": ["F", "M", "m", "U", None, "X"],
    "VehicleSearchedIndicator": ["TRUE", "False", "FALSE", None, "True", "maybe"],
    "SearchAuthorizationCode": ["C", "N", "O", "N", "I", None],
    "ContrabandIndicator": ["TRUE", "True", "FALSE", "TRUE", None, "TRUE"],
    "CustodialArrestIndicator": ["FALSE", "TRUE", "FALSE", None, None, "x"],
    "InterventionDispositionCode": ["M", "V", "U", "I", "N", None],
    "InterventionLocationLatitude": [
        "41°42'36.0\"N",
        "41 42 36",
        "41.71",
        "  ",
        "41-42.6",
        "n/a",
    ],
    "InterventionLocationLongitude": [
        "72°39'18\" W",
        "72:39:18",
        "72.655",
        None,
        "-72 39.3",
        "72 99 18",
    ],
}


def test_ctrp3_is_the_same_everywhere(engine: Any) -> None:
    got = ctrp3.standardize(engine(CTRP3), file="a.csv")
    day = dt.date(2019, 1, 3)
    assert table_of(got, ["date", "second_of_day", "raw_date"]) == [
        (day, 32_040, "Thursday, January 3, 2019"),
        (day, 32_040, "2019-01-03"),
        (day, None, "1/3/2019 8:54"),
        (dt.date(2019, 9, 9), 72_900, "Sept. 9, 2019"),
        (dt.date(2019, 12, 31), None, "2019/12/31 00:00:00"),
        (None, None, "Thursday"),
    ]
    assert table_of(got, ["subject_race", "subject_sex", "raw_subject_race"]) == [
        ("hispanic", "female", "W"),
        ("white", "male", "w"),
        ("black", "male", "B"),
        ("asian_pacific", None, "A"),
        ("aian", None, "I"),
        (None, "nonbinary", "B"),
    ]
    found = ["search_conducted", "search_basis", "contraband_recorded", "contraband_found"]
    assert table_of(got, found) == [
        (True, "consent", True, True),
        (False, None, True, None),
        (True, "other", False, False),
        (False, None, True, None),
        (True, "inventory", None, None),
        (None, None, True, True),
    ]
    results = ["outcome", "arrest_made", "citation_issued", "warning_issued"]
    assert table_of(got, results) == [
        ("summons", False, False, False),
        ("arrest", True, False, True),
        ("arrest", True, False, False),
        ("citation", None, True, False),
        (None, None, False, False),
        (None, None, None, None),
    ]
    assert table_of(got, ["stop_id", "raw_stop_id"]) == [
        ("CT1 A-1", "A-1"),
        (None, "2.02E+19"),
        (None, "2.0190103E+15"),
        ("CT2 9", "9"),
        (None, "1E5"),
        (None, None),
    ]
    north = [None if v is None else round(v, 6) for v in column(got, "latitude")]
    west = [None if v is None else round(v, 6) for v in column(got, "longitude")]
    assert north == [41.71, 41.71, 41.71, None, 41.71, None]
    assert west == [-72.655, -72.655, -72.655, None, -72.655, None]
    assert column(got, "raw_longitude")[-1] == "72 99 18"
    assert set(column(got, "type")) == {"vehicular"} and set(column(got, "source_file")) == {
        "a.csv"
    }


# Spark's frames are made of text here
@pytest.mark.parametrize("engine", ["pandas", "polars", "polars lazy", "duckdb"], indirect=True)
def test_a_date_with_a_clock_is_read_as_such(engine: Any, request: Any) -> None:
    """23:14 is the 1,394th minute, which has no room in one byte; a zone's day is its own."""
    when = [dt.datetime(2024, 3, 9, 23, 14, 35), dt.datetime(1969, 12, 31, 13, 59, 59), None]
    wanted = {"date": ("x", "date"), "second_of_day": ("x", "clock")}
    said = [(dt.date(2024, 3, 9), 83_675), (dt.date(1969, 12, 31), 50_399), (None, None)]
    got = _text.finish(_text.shape(_text.start(engine({"x": when})), wanted))
    assert table_of(got, ["date", "second_of_day"]) == said
    if "duckdb" not in request.node.name:  # it shows such a moment in the zone of the session
        zone = zoneinfo.ZoneInfo("America/New_York")
        when = [w and w.replace(tzinfo=zone) for w in when]
        frame = engine({"x": when})
        if isinstance(frame, pl.DataFrame | pl.LazyFrame):
            frame = frame.with_columns(pl.col("x").dt.convert_time_zone("America/New_York"))
        got = _text.finish(_text.shape(_text.start(frame), wanted))
        assert table_of(got, ["date", "second_of_day"]) == said


POLICE_UK = {
    "Type": ["Person search", "Vehicle search", "Person search", "Person search"],
    "Date": ["2018-08-31T23:00:00+00:00", "2018-11-01T23:00:00+00:00", "2018-09-01", ""],
    "Part of a policing operation": ["False", "True", "", ""],
    "Policing operation": ["", "", "", ""],
    "Gender": ["Male", "Female", "Other", ""],
    "Age range": ["18-24", "over 34", "", ""],
    "Self-defined ethnicity": [
        "White - Irish",
        "Mixed/Multiple ethnic groups - White and Asian",
        "Other ethnic group - Not stated",
        "",
    ],
    "Officer-defined ethnicity": ["White", "Asian", "Black", ""],
    "Outcome": ["Arrest", "Community resolution", "A no further action disposal", ""],
    "Outcome linked to object of search": ["False", "", "False", "True"],
    "source_file": [
        "2018-09-metropolitan-stop-and-search.csv",
        "2018-11-avon-and-somerset-stop-and-search.csv",
        "mine.csv",
        "",
    ],
}


def test_police_uk_is_the_same_everywhere(engine: Any) -> None:
    got = police_uk.standardize(engine(POLICE_UK))
    assert table_of(got, ["date", "second_of_day", "raw_date", "department_name"]) == [
        (dt.date(2018, 9, 1), 0, "2018-08-31T23:00:00+00:00", "metropolitan"),
        (dt.date(2018, 11, 1), 82_800, "2018-11-01T23:00:00+00:00", "avon-and-somerset"),
        (None, None, "2018-09-01", None),
        (None, None, None, None),
    ]
    found = ["subject_race", "search_conducted", "contraband_found", "outcome", "arrest_made"]
    assert table_of(got, found) == [
        ("white", True, False, "arrest", True),
        ("mixed", True, True, None, False),
        (None, True, False, None, False),
        (None, True, None, None, None),
    ]
    assert column(got, "operation") == [None] * 4
    seen = police_uk.standardize(engine(POLICE_UK), ethnicity="officer-defined", force="met")
    assert table_of(seen, ["subject_race", "department_name"]) == [
        ("white", "met"),
        ("asian", "met"),
        ("black", "met"),
        (None, "met"),
    ]


RIPA = {
    "doj_record_id": ["A", "A", "B", "C"],
    "PERSON_NUMBER": ["1", "2", "1", "1"],
    "DATE_OF_STOP": ["2022-01-05", "1/5/2022", "2024-07-01", "2024-07-02"],
    "TIME_OF_STOP": ["00:05", "13:05:00", "1:05 PM", ""],
    "CLOSEST_CITY": ["Davis", "Davis", "", ""],
    "LOC_CLOSEST_CITY": ["", "", "Davis", "Davis"],
    "RAE_FULL": ["4", "1.0", "8", ""],
    "G_FULL": ["1", "4", "6", "5"],
    "AGE": ["20", "21", "22", "x"],
    "REASON_FOR_STOP": ["1", "7", "10", "2"],
    "RFS_TRAFFIC_VIOLATION_TYPE": ["2", "0", "", ""],
    "ADS_SEARCHED_PER": ["1", "0", "", ""],
    "ADS_SEARCHED_PROP": ["0", "0", "", ""],
    "ADS_HANDCUFFED": ["1", "0", "", ""],
    "ADS_BATON": ["0", "1", "", ""],
    "NFA_SEARCH_PERSON": ["", "", "0", "?"],
    "NFA_TERRY_FRISK": ["", "", "1", "0"],
    "OFA_HANDCUFFED": ["", "", "0", "1"],
    "OFA_FIREARM_POINT": ["", "", "1", "0"],
    "TOS_PEDESTRIAN": ["", "", "1", "0"],
    "TOS_VEHICULAR": ["", "", "0", "0"],
    "BFS_CONSENT_GIVEN": ["1", "", "", ""],
    "BFS_INCIDENT": ["1", "", "", ""],
    "CED_NONE_CONTRABAND": ["0", "", "1", ""],
    "CED_DRUGS": ["1", "1", "", ""],
    "ROS_CUSTODIAL_WITHOU_WARRANT": ["1", "0", "0", "0"],
    "ROS_CITATION": ["1", "0", "0", "0"],
    "ROS_WARNING": ["0", "1", "", ""],
    "ROS_VERBAL_WARNING": ["", "", "0", "1"],
}


def test_ripa_is_the_same_everywhere(engine: Any) -> None:
    got = ripa.standardize(engine(RIPA))
    first = ["stop_id", "date", "second_of_day", "subject_race", "subject_sex", "city"]
    assert table_of(got, first) == [
        ("A-1", dt.date(2022, 1, 5), 300, "mesa", "male", "Davis"),
        ("A-2", dt.date(2022, 1, 5), 47_100, "asian", "female", "Davis"),
        ("B-1", dt.date(2024, 7, 1), 47_100, "multiple", None, "Davis"),
        ("C-1", dt.date(2024, 7, 2), None, None, "nonbinary", "Davis"),
    ]
    found = [
        *("search_conducted", "frisk_performed", "search_basis", "contraband_found"),
        *("contraband_recorded", "raw_search_conducted"),
    ]
    assert table_of(got, found) == [
        (True, None, "incident to arrest", True, True, "1"),
        (False, None, None, None, True, "0"),
        (True, True, "frisk", False, False, "0"),
        (None, False, None, None, None, "?"),
    ]
    results = ["outcome", "arrest_made", "force_used", "handcuffed", "type", "reason_for_stop"]
    assert table_of(got, results) == [
        ("arrest", True, False, True, None, "traffic violation"),
        ("warning", False, True, False, None, "school"),
        (None, False, True, False, "pedestrian", "mental health hold"),
        ("warning", False, False, True, None, "reasonable suspicion"),
    ]
    assert column(got, "traffic_violation") == ["equipment", None, None, None]
    names = nw.from_native(got, pass_through=True).collect_schema().names()
    assert not [n for n in names if n.startswith(("ads_", "raw_ads_", "bfs_", "doj_"))]


def test_a_count_on_duckdb_reads_only_the_columns_that_it_needs(tmp_path: Path) -> None:
    """A join in the plan would make every count read and convert every column of the file."""
    file = tmp_path / "2018-09-x-stop-and-search.csv"
    duckdb.from_arrow(pl.DataFrame(POLICE_UK).drop("source_file").to_arrow()).write_csv(str(file))
    stops = police_uk.read(file)
    plan = stops.aggregate("second_of_day, count(*)", "second_of_day").explain()
    assert "JOIN" not in plan.upper()
    scanned = plan.split("READ_CSV")[-1]
    assert "Date" in scanned and "Outcome" not in scanned and "Age range" not in scanned
