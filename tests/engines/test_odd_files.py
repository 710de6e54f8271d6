"""Files of odd kinds: where codes stumble, the engine counts, and the table is the same."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import equity as eq
from equity.daylight import _codes

RACES = ["white", "black", None, "white", "black", "white"]
LEAST, MOST = -(2**31), 2**31 - 1


def _case_of_names(folder):
    pq.write_table(pa.table({"race": ["a", "b"]}), folder / "1.parquet")
    pq.write_table(pa.table({"Race": ["a", "a", "c"]}), folder / "2.parquet")
    return ["race"], {"race": ["a", "b", "c"], "n": [3, 1, 1]}


def _deltas(folder):
    pq.write_table(
        pa.table({"race": RACES}),
        folder / "1.parquet",
        use_dictionary=False,
        column_encoding={"race": "DELTA_LENGTH_BYTE_ARRAY"},
    )
    return ["race"], {"race": ["black", "white", None], "n": [2, 3, 1]}


def _far_date(folder):
    days = pa.array([0, 1, None, 0, 1, 9_000_000], pa.int32()).cast(pa.date32())
    pq.write_table(pa.table({"race": RACES, "date": days}), folder / "1.parquet")
    return ["race"], {"race": ["black", "white", None], "n": [2, 3, 1]}


def _ends_of_numbers(folder):
    ages = pa.array([LEAST, LEAST, None, LEAST + 1, LEAST, LEAST], pa.int32())
    pq.write_table(pa.table({"age": ages}), folder / "1.parquet")
    return ["age"], {"age": [LEAST, LEAST + 1, None], "n": [4, 1, 1]}


def _unknown_folders(folder):
    for name, races in (("month=3", ["a"]), ("month=NULL", ["a", "b"])):
        (folder / name).mkdir()
        pq.write_table(pa.table({"race": races}), folder / name / "1.parquet")
    return ["month"], {"month": [3, None], "n": [1, 2]}


def _folders_of_one_name(folder):
    (folder / "race=a" / "race=b").mkdir(parents=True)
    pq.write_table(pa.table({"k": [1, 2]}), folder / "race=a" / "race=b" / "1.parquet")
    by_engine = duckdb.sql(
        f"SELECT race FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"
    )
    return ["race"], {"race": [by_engine.fetchall()[0][0]], "n": [2]}


CASES = (
    _case_of_names,
    _deltas,
    _far_date,
    _ends_of_numbers,
    _unknown_folders,
    _folders_of_one_name,
)


@pytest.mark.parametrize("case", CASES)
def test_odd_files_are_counted_all_the_same(tmp_path, case):
    by, expected = case(tmp_path)
    found = eq.count(tmp_path, by=by).table
    assert [None if pd.isna(v) else v for v in found[by[0]]] == expected[by[0]]
    assert found["n"].tolist() == expected["n"]


def test_a_condition_that_overflows_where_no_row_is(tmp_path):
    ones = pa.table({"a": pa.array([1, 100], pa.int8()), "b": pa.array([100, 1], pa.int8())})
    pq.write_table(ones, tmp_path / "1.parquet")
    some = eq.Cohort(tmp_path).keep(eq.col("a") * eq.col("b") > 50, because="large")
    assert eq.count(some, by=["a"]).table.to_dict("list") == {"a": [1, 100], "n": [1, 1]}


def test_values_that_only_rows_left_out_have_take_no_room(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUITY_THREADS", "1")
    random = np.random.default_rng(1)
    for year, rows, officers in ((2019, 5_000, 50), (2020, 30_000, 20_000)):
        drawn = {
            "officer": [f"{year} {i}" for i in random.integers(0, officers, rows)],
            "year": pa.array([year] * rows, pa.int32()),
            "k": pa.array(random.integers(0, 900_000, rows), pa.int32()),
            "l": pa.array(random.integers(0, 900_000, rows), pa.int32()),
        }
        pq.write_table(pa.table(drawn), tmp_path / f"{year}.parquet")
    some = eq.Cohort(tmp_path).keep(eq.col("officer") != "nobody", because="anybody")
    some = some.keep(eq.col("year") == 2019, because="one year")
    found = eq.count(some, by=["officer", "k", "l"]).table
    first = pd.read_parquet(tmp_path / "2019.parquet")
    expected = first.groupby(["officer", "k", "l"]).size()
    assert found.set_index(["officer", "k", "l"])["n"].to_dict() == expected.to_dict()


def test_one_mistyped_date_does_not_take_all_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(_codes, "_evenings", None)  # 2,024 years of them for each place
    days = [dt.date(1, 1, 1)] + [dt.date(2024, 6, 1)] * 19
    places = [f"place {i}" for i in range(20)]
    rows = {"date": days, "second_of_day": pa.array([72_000] * 20, pa.int32()), "place": places}
    pq.write_table(pa.table(rows), tmp_path / "1.parquet")
    where = dict.fromkeys(places, 41.0), dict.fromkeys(places, -72.0)
    lit = eq.add_daylight(
        eq.Cohort(tmp_path),
        latitude=where[0],
        longitude=where[1],
        timezone="America/New_York",
        place="place",
    )
    found = eq.count(lit, by=["daylight"]).table
    assert found["n"].tolist() == [19, 1] and found["daylight"].isna().tolist() == [False, True]


def test_tables_held_as_categories_can_be_added_up(tmp_path):
    tables = []
    for name, races in (("one", ["a", "b"]), ("two", ["c", "d"])):
        counts = eq.count(pd.DataFrame({"race": races * 10}), by=["race"])
        path = counts.write(tmp_path / f"{name}.parquet")
        tables.append(eq.read_counts(path, coded=True))
    found = eq.add_counts(tables).table
    assert found["race"].tolist() == ["a", "b", "c", "d"] and found["n"].tolist() == [10] * 4
