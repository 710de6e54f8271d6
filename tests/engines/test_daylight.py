"""Daylight is the same on every engine: that of the rules, applied by hand in plain Python."""

from __future__ import annotations

import datetime as dt
import functools
import math
import random
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import equity as eq

HEADER = ["stop", "date", "second_of_day", "town"]
COLUMNS = ["daylight", "is_dark", "minutes_since_dusk", "days_from_change"]
TOWNS = {
    "Hartford": (41.77, -72.69, "America/New_York"),
    "O'Fallon": (38.81, -90.7, "America/Chicago"),
    "Fairbanks": (64.84, -147.72, "America/Anchorage"),
    "Tromsø": (69.65, 18.96, "Europe/Oslo"),
    "Dunedin": (-45.87, 170.5, "Pacific/Auckland"),
    "Phoenix": (33.45, -112.07, "America/Phoenix"),
    "Atlantis": (None, None, None),  # not known where it is
}
PLACES: dict[str, Any] = {
    role: {town: place[i] for town, place in TOWNS.items()}
    for i, role in enumerate(["latitude", "longitude", "timezone"])
} | {"place": "town"}
Rows = list[tuple]

dates = st.one_of(st.none(), st.dates(dt.date(2021, 11, 1), dt.date(2023, 2, 28)))
seconds = st.one_of(
    st.none(),
    st.integers(0, 86_399),
    st.integers(15 * 3600, 23 * 3600),
    st.sampled_from([-1, 0, 86_399, 86_400]),
)
lists = st.lists(
    st.tuples(dates, seconds, st.one_of(st.none(), st.sampled_from(sorted(TOWNS)))), max_size=25
)


# --- the same rows on each engine ---------------------------------------------------------------


def as_pandas(rows: Rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=HEADER)
    return frame.astype(
        {"stop": "int64", "date": "datetime64[us]", "second_of_day": "Int64", "town": "str"}
    )


def as_pandas_objects(rows: Rows) -> pd.DataFrame:
    """Dates and text as Python objects, numbers as floats with NaN, rows not numbered from 0."""
    frame = pd.DataFrame(rows, columns=HEADER, dtype=object)
    frame["date"] = frame["date"].astype(object)
    frame["second_of_day"] = frame["second_of_day"].astype(float)
    if not len(rows) or frame["date"].isna().all():  # a column of nothing has no type to see
        frame["date"] = pd.to_datetime(frame["date"])
    if not len(rows) or frame["town"].isna().all():
        frame["town"] = frame["town"].astype("str")
    return frame.set_axis([5] * len(rows), axis=0)


def as_pandas_arrow(rows: Rows) -> pd.DataFrame:
    return as_polars(rows).to_pandas(use_pyarrow_extension_array=True)


def as_pandas_category(rows: Rows) -> pd.DataFrame:
    return as_pandas(rows).astype({"town": "category"})


def as_polars(rows: Rows) -> pl.DataFrame:
    schema = {"stop": pl.Int64, "date": pl.Date, "second_of_day": pl.Int32, "town": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def as_polars_other_types(rows: Rows) -> pl.DataFrame:
    return as_polars(rows).with_columns(
        pl.col("date").cast(pl.Datetime) + pl.duration(hours=13),
        pl.col("second_of_day").cast(pl.Float64).fill_null(math.nan),
        pl.col("town").cast(pl.Categorical),
    )


def as_duckdb(rows: Rows, connection: Any = duckdb) -> duckdb.DuckDBPyRelation:
    arrow = as_polars(rows).to_arrow()  # noqa: F841 (read by name)
    return connection.sql("SELECT * FROM arrow")


def as_duckdb_elsewhere(rows: Rows) -> duckdb.DuckDBPyRelation:
    return as_duckdb(rows, duckdb.connect())


def as_duckdb_closed(rows: Rows) -> duckdb.DuckDBPyRelation:
    """On a connection that may not read Python's variables, as careful offices set it."""
    connection = duckdb.connect()
    arrow = as_polars(rows).to_arrow()  # noqa: F841 (read by name)
    connection.sql("CREATE TABLE stops AS SELECT * FROM arrow")
    connection.execute("SET enable_external_access = false")
    return connection.table("stops")


@functools.cache
def spark_session() -> Any:
    pyspark = pytest.importorskip("pyspark.sql")
    return (
        pyspark.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )


def as_spark(rows: Rows) -> Any:
    kinds = "stop long, date date, second_of_day long, town string"
    return spark_session().createDataFrame(rows, schema=kinds)


QUICK = {
    "pandas": as_pandas,
    "pandas-objects": as_pandas_objects,
    "pandas-arrow": as_pandas_arrow,
    "pandas-category": as_pandas_category,
    "polars": as_polars,
    "polars-other-types": as_polars_other_types,
    "polars-lazy": lambda rows: as_polars(rows).lazy(),
    "duckdb": as_duckdb,
    "duckdb-elsewhere": as_duckdb_elsewhere,
    "duckdb-closed": as_duckdb_closed,
}
ENGINES = [
    *(pytest.param(make, id=name) for name, make in QUICK.items()),
    pytest.param(as_spark, id="spark", marks=pytest.mark.spark),
]


# --- the rules by hand --------------------------------------------------------------------------


@functools.cache
def evening(town: str, day: dt.date) -> tuple[float, float]:
    latitude, longitude, timezone = TOWNS[town]
    return year_of_evenings(latitude, longitude, timezone, day.year)[day]


@functools.cache
def window(town: str, year: int) -> tuple[float, float]:
    dusks = [dusk for _, dusk in year_of_evenings(*TOWNS[town], year).values()]
    dusks = [math.ceil(dusk * 60) for dusk in dusks if dusk == dusk]
    return min(dusks), max(dusks)


@functools.cache
def year_of_evenings(latitude, longitude, timezone, year) -> dict[dt.date, tuple[float, float]]:
    times = eq.sun_times(
        pd.date_range(f"{year}-01-01", f"{year}-12-31"),
        latitude=latitude,
        longitude=longitude,
        timezone=timezone,
    )
    days = [d.date() for d in times["date"]]
    return dict(zip(days, zip(times["sunset"], times["dusk"], strict=True), strict=True))


CHANGES = {
    "America/New_York": ["2021-11-07", "2022-03-13", "2022-11-06", "2023-03-12"],
    "America/Chicago": ["2021-11-07", "2022-03-13", "2022-11-06", "2023-03-12"],
    "America/Anchorage": ["2021-11-07", "2022-03-13", "2022-11-06", "2023-03-12"],
    "Europe/Oslo": ["2021-10-31", "2022-03-27", "2022-10-30", "2023-03-26"],
    "Pacific/Auckland": ["2021-09-26", "2022-04-03", "2022-09-25", "2023-04-02"],
    "America/Phoenix": [],
}


def by_hand(day: dt.date | None, second: int | None, town: str | None) -> tuple:
    if day is None or town is None or town == "Atlantis":
        return None, None, None, None
    days = [(day - dt.date.fromisoformat(c)).days for c in CHANGES[TOWNS[town][2]]]
    change = min((d for d in days if abs(d) <= 30), key=abs, default=None)
    if second is None or not 0 <= second < 86_400:
        return None, None, None, change
    first, last = window(town, day.year)
    if second + 86_400 <= last:
        second, day = second + 86_400, day - dt.timedelta(days=1)
    if not first <= second <= last:
        return "outside the window", None, None, change
    sunset, dusk = (t * 60 for t in evening(town, day))  # NaN: no comparison is true
    since = None if dusk != dusk else math.floor((second - math.ceil(dusk)) / 300) * 5
    if second >= dusk:
        return "dark", True, since, change
    if second < sunset:
        return "light", False, since, change
    if second >= sunset:
        return "twilight", None, since, change
    return "no sunset", None, None, change


def numbered(moments: list[tuple]) -> Rows:
    return [(i, *moment) for i, moment in enumerate(moments)]


def found(frame: Any) -> list[tuple]:
    """Return the four columns of any engine's frame as plain Python, by the number of the stop."""
    if isinstance(frame, pd.DataFrame):
        plain = frame.astype(object).where(frame.notna(), None)
        records = plain.to_dict("records")
    elif isinstance(frame, pl.LazyFrame):
        records = frame.collect().to_dicts()
    elif isinstance(frame, pl.DataFrame):
        records = frame.to_dicts()
    elif isinstance(frame, duckdb.DuckDBPyRelation):
        records = [dict(zip(frame.columns, row, strict=True)) for row in frame.fetchall()]
    else:
        records = [row.asDict() for row in frame.collect()]
    records.sort(key=lambda record: record["stop"])
    return [tuple(record[c] for c in COLUMNS) for record in records]


def moments_of_a_few_years(number: int) -> list[tuple]:
    draw = random.Random(8)
    return [
        (
            draw.choice(
                [None, *[dt.date(2021, 11, 1) + dt.timedelta(days=d) for d in range(480)]]
            ),
            draw.choice([None, draw.randrange(-5, 86_405), draw.randrange(14 * 3600, 86_400)]),
            draw.choice([None, *TOWNS]),
        )
        for _ in range(number)
    ]


# --- tests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", ENGINES)
def test_every_engine_gives_what_the_rules_give(make):
    moments = moments_of_a_few_years(1200)
    expected = [by_hand(*moment) for moment in moments]
    assert {row[0] for row in expected} == {
        None, "dark", "light", "twilight", "outside the window", "no sunset"
    }  # fmt: skip
    assert found(eq.add_daylight(make(numbered(moments)), **PLACES)) == expected


@pytest.mark.parametrize("make", QUICK.values(), ids=QUICK)
@settings(max_examples=10, deadline=None)
@given(moments=lists)
def test_random_rows_with_gaps_get_the_same_on_every_engine(make, moments):
    got = found(eq.add_daylight(make(numbered(moments)), **PLACES))
    assert got == [by_hand(*moment) for moment in moments]


@pytest.mark.parametrize("make", ENGINES)
def test_one_place_needs_no_column(make):
    moments = [(day, second, "Hartford") for day, second, _ in moments_of_a_few_years(200)]
    latitude, longitude, timezone = TOWNS["Hartford"]
    got = eq.add_daylight(
        make(numbered(moments)), latitude=latitude, longitude=longitude, timezone=timezone
    )
    assert found(got) == [by_hand(*moment) for moment in moments]


@pytest.mark.parametrize("make", ENGINES)
def test_a_cohort_of_any_engine_is_counted_alike(make):
    rows = numbered(moments_of_a_few_years(300))

    def counted(of: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        drivers = eq.Cohort(of).drop(eq.col("town") == "Phoenix", because="another study")
        cohort = eq.add_daylight(drivers, **PLACES).keep(
            eq.col("daylight").is_in(["dark", "light"]), because="in the dark or in daylight"
        )
        counts = eq.count(cohort, by=["daylight", "is_dark", "minutes_since_dusk", "month"])
        assert counts.ledger.equals(cohort.ledger)
        assert cohort.ledger.iloc[:2].equals(drivers.ledger)
        return counts.table, counts.ledger

    for ours, reference in zip(counted(make(rows)), counted(as_pandas(rows)), strict=True):
        pd.testing.assert_frame_equal(ours, reference)


@pytest.mark.parametrize("make", ENGINES)
def test_the_frame_that_comes_back_is_of_its_engine(make):
    rows = make(numbered(moments_of_a_few_years(30)))
    got = eq.add_daylight(rows, **PLACES)
    assert type(got) is type(rows)  # a lazy frame stays lazy
    assert list(got.columns if not isinstance(got, pl.LazyFrame) else got.collect_schema()) == [
        *HEADER,
        *COLUMNS,
    ]
    again = eq.add_daylight(got, **PLACES)
    assert found(again) == found(got)


@pytest.mark.parametrize("make", [as_polars, QUICK["polars-lazy"]], ids=["eager", "lazy"])
def test_polars_rows_keep_their_order(make):
    got = eq.add_daylight(make(numbered(moments_of_a_few_years(3000))), **PLACES)
    stops = got.lazy().collect()["stop"]
    assert stops.is_sorted()


def test_types_are_those_of_the_contract():
    rows = numbered(moments_of_a_few_years(30))
    got = eq.add_daylight(as_polars(rows), **PLACES).schema
    assert [got[c] for c in COLUMNS] == [pl.String, pl.Boolean, pl.Int64, pl.Int64]
    relation = eq.add_daylight(as_duckdb(rows), **PLACES)
    kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
    assert [kinds[c] for c in COLUMNS] == ["VARCHAR", "BOOLEAN", "BIGINT", "BIGINT"]


def test_a_lazy_source_is_read_for_its_dates_and_places_only():
    """The rows are not collected: what is collected from them is one row for each date."""
    import narwhals as nw

    seen: list[int] = []
    collect = nw.LazyFrame.collect

    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        frame = collect(self, *args, **kwargs)
        seen.append(len(frame))
        return frame

    moments = [(dt.date(2022, 3, 1 + i % 3), 60_000 + i, "Hartford") for i in range(500)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nw.LazyFrame, "collect", watched)
        eq.add_daylight(as_duckdb(numbered(moments)), **PLACES)
        eq.add_daylight(as_polars(numbered(moments)).lazy(), **PLACES)
    assert seen == [3, 3]


def test_other_kinds_of_frames_are_refused_with_the_way_out():
    arrow = as_polars(numbered(moments_of_a_few_years(5))).to_arrow()
    with pytest.raises(TypeError, match="frame of pyarrow.*Convert the rows"):
        eq.add_daylight(arrow, **PLACES)
    with pytest.raises(TypeError):
        eq.add_daylight([1, 2], **PLACES)
