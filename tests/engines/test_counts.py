"""One counting function, every engine: the same rows give the identical table."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import equity as eq

ROWS = [
    # race, district, date, second, searched, found, weight
    ("black", "north", dt.date(2022, 12, 31), 86399, True, True, 2),
    ("black", "north", dt.date(2023, 1, 1), 0, True, None, 1),
    ("black", "south", dt.date(2023, 1, 1), 3600, False, None, 5),
    ("white", "north", dt.date(2023, 2, 5), 7199, None, None, 1),
    ("white", None, dt.date(2023, 2, 6), 299, True, False, 3),
    (None, None, None, None, False, None, 1),
    ("white", "north", dt.date(2023, 2, 5), 300, None, None, 4),
]
NAMES = ["race", "district", "date", "second_of_day", "searched", "found", "weight"]


def as_pandas() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS, columns=NAMES)
    return frame.astype(
        {
            "race": "str",
            "district": "str",
            "date": "datetime64[us]",
            "second_of_day": "Int64",
            "searched": "boolean",
            "found": "boolean",
        }
    )


def as_pandas_objects() -> pd.DataFrame:
    """As an analyst's own pd.DataFrame(...) leaves them: object columns, with None."""
    frame = pd.DataFrame(ROWS, columns=NAMES)
    frame["searched"] = frame["searched"].astype(object)
    frame["found"] = frame["found"].astype(object)
    return frame


def as_polars() -> pl.DataFrame:
    return pl.DataFrame(ROWS, schema=NAMES, orient="row")


def as_duckdb() -> duckdb.DuckDBPyRelation:
    arrow = as_polars().to_arrow()  # noqa: F841 (read by name)
    return duckdb.sql("SELECT * FROM arrow")


def as_spark():
    pyspark = pytest.importorskip("pyspark.sql")
    session = (
        pyspark.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    kinds = (
        "race string, district string, date date, second_of_day long, searched boolean, "
        "found boolean, weight long"
    )
    return session.createDataFrame(ROWS, schema=kinds)


ENGINES = [
    pytest.param(as_pandas, id="pandas"),
    pytest.param(as_pandas_objects, id="pandas-objects"),
    pytest.param(as_polars, id="polars"),
    pytest.param(lambda: as_polars().lazy(), id="polars-lazy"),
    pytest.param(as_duckdb, id="duckdb"),
    pytest.param(as_spark, id="spark", marks=pytest.mark.spark),
]


@pytest.fixture(params=ENGINES)
def rows(request):
    return request.param()


def expected(by, of, weight=None):
    """Count by hand, in plain Python."""
    cells: dict[tuple, dict[str, int]] = {}
    for row in (dict(zip(NAMES, r, strict=True)) for r in ROWS):
        day, second = row["date"], row["second_of_day"]
        row["year"] = day and day.year
        row["month"] = day and day.month
        row["weekday"] = day and day.isoweekday()
        row["hour"] = None if second is None else second // 3600
        row["clock_bin"] = None if second is None else second // 300
        cell = cells.setdefault(
            tuple(row[b] for b in by),
            {"n": 0} | {name: 0 for f in of for name in (f, f"{f}_known")},
        )
        size = row[weight] if weight else 1
        cell["n"] += size
        for f in of:
            cell[f] += size * (row[f] is True)
            cell[f"{f}_known"] += size * (row[f] is not None)
    return cells


def found(table: pd.DataFrame, by) -> dict:
    plain = table.astype(object).where(table.notna(), None)
    rows = plain.to_dict("records")

    def key(value):
        return value.date() if isinstance(value, dt.datetime) else value

    return {
        tuple(key(r[b]) for b in by): {k: v for k, v in r.items() if k not in by} for r in rows
    }


@pytest.mark.parametrize(
    ("by", "of", "weight"),
    [
        (["race"], ["searched", "found"], None),
        (["race", "district"], ["searched"], None),
        (["race", "year", "month", "weekday"], ["found"], None),
        (["hour", "clock_bin"], [], None),
        (["date", "searched"], ["found"], None),
        (["race"], ["searched", "found"], "weight"),
    ],
)
def test_every_engine_counts_what_a_person_would_count(rows, by, of, weight):
    counts = eq.count(rows, by=by, of=of, weight=weight)
    assert found(counts.table, by) == expected(by, of, weight)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_tables_are_identical_to_the_dtype_and_the_order_of_rows(engine):
    by, of = ["race", "district", "year", "date"], ["searched", "found"]
    reference = eq.count(as_pandas(), by=by, of=of).table
    table = eq.count(engine(), by=by, of=of).table
    pd.testing.assert_frame_equal(table, reference, check_exact=True)
    assert [str(t) for t in table.dtypes[:4]] == ["str", "str", "Int64", "datetime64[us]"]
    assert (table.dtypes[4:] == np.int64).all()


def test_the_ledger_tells_who_was_left_out(rows):
    cohort = (
        eq.Cohort(rows)
        .keep(eq.col("race") == "white", because="one group only")
        .drop(eq.col("searched"), because="searched people answer another question")
    )
    # white: 3 rows; searched is True in one of them and not known in two, which stay
    assert cohort.ledger[["rows", "left_out"]].to_numpy().tolist() == [[7, 0], [3, 4], [2, 1]]
    counts = eq.count(cohort, by=["race"])
    assert counts.table["n"].sum() == 2
    assert counts.ledger.equals(cohort.ledger)


def test_a_weighted_ledger_adds_the_weights(rows):
    cohort = eq.Cohort(rows, weight="weight").drop(
        eq.col("district").is_null(), because="district not recorded"
    )
    assert cohort.ledger["rows"].tolist() == [17, 13]
    assert eq.count(cohort, by=["race"]).table["n"].sum() == 13


def test_counting_leaves_the_input_as_it_was():
    frame = as_pandas_objects()
    before = frame.copy(deep=True)
    eq.count(frame, by=["race", "year"], of=["searched"])
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"by": ["rase"]}, "'rase' cannot be counted"),
        ({"by": []}, "name at least one column"),
        ({"by": ["race", "race"]}, "'race' is given twice"),
        ({"by": ["race"], "weight": "nothing"}, "weight='nothing' is not a column"),
    ],
)
def test_bad_requests_are_refused_in_words(rows, call, says):
    with pytest.raises(ValueError, match=says):
        eq.count(rows, **call)


def test_a_flag_that_is_not_boolean_is_refused(rows):
    with pytest.raises(TypeError, match="not boolean"):
        eq.count(rows, by=["race"], of=["district"])


def test_missing_weights_are_refused():
    frame = as_polars().with_columns(weight=pl.when(pl.col("weight") > 3).then(None).otherwise(1))
    with pytest.raises(ValueError, match="missing or negative in 2 rows"):
        eq.count(frame, by=["race"], weight="weight")


@pytest.mark.parametrize("because", ["", "  ", None])
def test_a_step_without_a_reason_is_refused(rows, because):
    with pytest.raises(ValueError, match="states no reason"):
        eq.Cohort(rows).keep(eq.col("race") == "white", because=because)


def test_a_date_of_which_nothing_is_known_has_no_year_and_text_is_no_date():
    races = ["white", "black"]
    unknown = pd.DataFrame({"race": races, "date": pd.Series([None, None], dtype=object)})
    counted = eq.count(unknown, by=["year"]).table
    assert counted["year"].isna().tolist() == [True] and counted["n"].tolist() == [2]
    for rows in (pd.DataFrame, pl.DataFrame):
        text = rows({"race": races, "date": ["2024-01-31", "31.01.2024"]})
        with pytest.raises(TypeError, match="'year' is made from 'date', which is String here"):
            eq.count(text, by=["race", "year"])
