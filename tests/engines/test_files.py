"""Files are counted as frames are: the identical table, whatever holds the rows and how many."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import equity as eq
from equity import counts, engine

# to make a failing example smaller, files are written anew some hundred times
QUICK = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
RACES = ["black", "white", "hispanic", "ö, 'x'"]
DAYS = [dt.date(2019, 12, 31), dt.date(2020, 1, 1), dt.date(2020, 2, 29), dt.date(2021, 7, 4)]
SCHEMA = pa.schema(
    [
        ("date", pa.date32()),
        ("second_of_day", pa.int32()),
        ("subject_race", pa.string()),
        ("subject_age", pa.int16()),
        ("type", pa.string()),
        ("search_conducted", pa.bool_()),
        ("contraband_found", pa.bool_()),
        ("arrest_made", pa.bool_()),
        ("frisk_performed", pa.bool_()),
        ("weight", pa.int64()),
    ]
)


def maybe(values):
    return st.none() | st.sampled_from(values)


ROW = st.tuples(
    maybe(DAYS),
    maybe([0, 299, 300, 63_000, 68_000, 72_000, 86_399]),
    maybe(RACES),
    maybe([16, 17, 24, 25, 99]),
    maybe(["vehicular", "pedestrian"]),
    *[st.none() | st.booleans() for _ in range(4)],
    st.integers(0, 3),
)
PARTS = st.lists(st.lists(ROW, max_size=12), min_size=1, max_size=4)
"""Rows in several files, some of them empty."""


def table(rows) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in SCHEMA]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], SCHEMA)


def frames(whole: pa.Table):
    """The same rows as frames of every engine that needs no server."""
    polars: pl.DataFrame = pl.from_arrow(whole)  # type: ignore[assignment]
    pandas = whole.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    for name in ("second_of_day", "subject_age"):
        pandas[name] = pandas[name].astype("Int64")
    pandas[["subject_race", "type"]] = pandas[["subject_race", "type"]].astype("str")
    labels = pandas.assign(subject_race=pandas["subject_race"].astype("category"))
    yield "pandas", pandas
    yield "pandas categories", labels
    yield "polars", polars
    yield "polars categories", polars.lazy().with_columns(pl.col("type").cast(pl.Categorical))
    yield "duckdb", duckdb.connect().from_arrow(whole)


def files(parts: list[pa.Table], folder: Path):
    """The same rows as files."""
    whole = pa.concat_tables(parts)
    pq.write_table(whole, folder / "whole.parquet", row_group_size=5)
    yield "parquet", folder / "whole.parquet"
    pq.write_table(whole, folder / "plain.parquet", use_dictionary=False, write_statistics=False)
    yield "parquet without dictionary and statistics", folder / "plain.parquet"
    pq.write_table(dictionaries(whole), folder / "labels.parquet", row_group_size=7)
    yield "parquet of categories", folder / "labels.parquet"
    (folder / "several").mkdir()
    for i, part in enumerate(parts):
        pq.write_table(part, folder / "several" / f"part-{i}.parquet")
    yield "folder", str(folder / "several")
    yield "pattern", folder / "several" / "part-*.parquet"
    yield "list", sorted((folder / "several").iterdir())
    pl.from_arrow(whole).write_csv(folder / "rows.csv")  # type: ignore[union-attr]
    yield "csv", folder / "rows.csv"


def dictionaries(whole: pa.Table) -> pa.Table:
    for i, column in enumerate(whole.schema):
        if column.type == pa.string():
            whole = whole.set_column(i, column.name, whole[column.name].dictionary_encode())
    return whole


ASKED = [
    (["subject_race", "type"], ["search_conducted", "contraband_found"]),
    (["subject_race", "year", "month", "weekday"], ["arrest_made"]),
    (["date", "hour", "age_band", "search_conducted"], []),
    (["clock_bin"], [*SCHEMA.names[5:9]]),
    ([], ["search_conducted"]),
]


def cohort(rows, **keywords) -> eq.Cohort:
    return (
        eq.Cohort(rows, **keywords)
        .drop(eq.col("subject_race") == "hispanic", because="another question")
        .keep((eq.col("type") == "vehicular") | (eq.col("subject_age") > 17), because="grown-ups")
    )


@settings(max_examples=25, **QUICK)
@given(parts=PARTS, asked=st.sampled_from(ASKED), weighted=st.booleans(), chosen=st.booleans())
def test_files_and_frames_give_the_identical_table(
    tmp_path_factory, parts, asked, weighted, chosen
):
    by, of = asked
    tables = [table(rows) for rows in parts]
    whole = pa.concat_tables(tables)
    weight = "weight" if weighted else None
    make = cohort if chosen else eq.Cohort
    if not len(whole):
        return  # of no rows at all a CSV file and a frame know no types
    reference = eq.count(make(duckdb.connect().from_arrow(whole), weight=weight), by=by, of=of)
    folder = tmp_path_factory.mktemp("files")
    for name, rows in [*frames(whole), *files(tables, folder)]:
        found = eq.count(make(rows, weight=weight), by=by, of=of)
        pd.testing.assert_frame_equal(found.table, reference.table, check_exact=True, obj=name)
        pd.testing.assert_frame_equal(found.ledger, reference.ledger, obj=name)


@pytest.mark.spark
def test_spark_counts_the_same_with_empty_partitions(spark_session):
    kinds = {"date32[day]": "date", "string": "string", "bool": "boolean"}
    schema = ", ".join(f"{f.name} {kinds.get(str(f.type), 'int')}" for f in SCHEMA)
    rows = [
        (DAYS[i % 4], 300 * i, [*RACES, None][i % 5], i, "t", i % 3 == 0, None, i % 5 > 1, None, i)
        for i in range(30)
    ]
    spark = spark_session.createDataFrame(rows, schema).repartition(40)
    for (by, of), weight in zip(ASKED, [None, "weight"] * 3, strict=False):
        found = eq.count(cohort(spark, weight=weight), by=by, of=of)
        reference = eq.count(cohort(pl.from_arrow(table(rows)), weight=weight), by=by, of=of)
        pd.testing.assert_frame_equal(found.table, reference.table, check_exact=True)
        pd.testing.assert_frame_equal(found.ledger, reference.ledger)


@settings(max_examples=15, **QUICK)
@given(parts=PARTS, flat=st.booleans())
def test_daylight_of_files_is_that_of_frames(tmp_path_factory, parts, flat):
    tables = [table(rows) for rows in parts]
    whole = pa.concat_tables(tables)
    if not len(whole):
        return
    where = {
        "latitude": {"vehicular": 39.95, "pedestrian": None},
        "longitude": {"vehicular": -75.17, "pedestrian": -75.0},
        "timezone": "America/New_York",
        "place": "type",
    }
    if flat:
        where = {"latitude": 41.77, "longitude": -72.69, "timezone": "America/New_York"}
    by = ["subject_race", "daylight", "is_dark", "minutes_since_dusk", "days_from_change", "date"]
    path = tmp_path_factory.mktemp("files") / "rows.parquet"
    pq.write_table(whole, path, row_group_size=5)

    def lit(rows):
        there = eq.add_daylight(eq.Cohort(rows), **where)
        there = there.drop(eq.col("daylight") == "outside the window", because="never both")
        return eq.count(there, by=by, of=["arrest_made"])

    found, reference = lit(path), lit(duckdb.connect().from_arrow(whole))
    pd.testing.assert_frame_equal(found.table, reference.table, check_exact=True)
    pd.testing.assert_frame_equal(found.ledger, reference.ledger)


@pytest.mark.parametrize("north", [69.65, 41.77])
def test_where_dusk_comes_after_midnight_the_engine_counts(tmp_path, north):
    rows = [(d, s, "white", 20, "x", *[None] * 4, 1) for d in DAYS for s in range(0, 86_400, 900)]
    pq.write_table(table(rows), tmp_path / "rows.parquet")
    where = {"latitude": north, "longitude": 18.96, "timezone": "Europe/Oslo"}

    def lit(rows):
        return eq.count(eq.add_daylight(eq.Cohort(rows), **where), by=["daylight", "date"])

    reference = lit(duckdb.connect().from_arrow(table(rows)))
    found = lit(tmp_path / "rows.parquet")
    pd.testing.assert_frame_equal(found.table, reference.table, check_exact=True)


def test_folders_named_after_values_are_columns(tmp_path):
    for year, race in [(2019, "black"), (2020, "white"), (2020, None), (2021, "white")]:
        name = "__HIVE_DEFAULT_PARTITION__" if race is None else race
        folder = tmp_path / f"file_year={year}" / f"file_race={name}"
        folder.mkdir(parents=True)
        rows = [(DAYS[0], 0, "x", 20, "t", True, None, None, None, 1)] * (year - 2019)
        pq.write_table(table(rows), folder / "rows.parquet")
    of = ["search_conducted"]
    found = eq.count(tmp_path, by=["file_year", "file_race", "subject_race"], of=of)
    assert found.table.astype(object).where(found.table.notna(), None).to_numpy().tolist() == [
        [2020, "white", "x", 1, 1, 1],
        [2020, None, "x", 1, 1, 1],
        [2021, "white", "x", 2, 2, 2],
    ]


def test_a_column_that_one_file_lacks_is_missing_in_its_rows(tmp_path):
    whole = table([(DAYS[0], 0, "black", 20, "t", True, None, None, None, 1)])
    pq.write_table(whole, tmp_path / "a.parquet")
    pq.write_table(whole.drop_columns(["type", "search_conducted"]), tmp_path / "b.parquet")
    found = eq.count(tmp_path, by=["type"], of=["search_conducted"]).table
    assert found["type"].fillna("?").tolist() == ["t", "?"]
    assert found["search_conducted_known"].tolist() == [1, 0]


def test_a_column_of_two_types_goes_the_general_way(tmp_path):
    pq.write_table(pa.table({"a": pa.array([1, 2], pa.int32())}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"a": pa.array(["2", "x"])}), tmp_path / "b.parquet")
    assert eq.count(tmp_path, by=["a"]).table["n"].tolist() == [1, 2, 1]


def test_several_tables_in_one_pass_are_those_counted_one_by_one(tmp_path):
    rows = [
        (DAYS[i % 4], i % 86_400, RACES[i % 4], i % 90, "t", i % 3 == 0, None, i % 5 == 0, True, 1)
        for i in range(5_000)
    ]
    pq.write_table(table(rows), tmp_path / "rows.parquet", row_group_size=700)
    asked = {str(i): one for i, one in enumerate(ASKED)}
    made = eq.count_all(cohort(tmp_path / "rows.parquet"), asked)
    frame = eq.count_all(cohort(pl.from_arrow(table(rows))), asked)
    for name, (by, of) in asked.items():
        single = eq.count(cohort(tmp_path / "rows.parquet"), by=by, of=of)
        for other in (made[name], frame[name]):
            pd.testing.assert_frame_equal(other.table, single.table, check_exact=True)
            pd.testing.assert_frame_equal(other.ledger, single.ledger)


def test_a_flag_alone_and_among_others_in_one_pass(tmp_path):
    """Flags that are counted together are kept under a name of their own."""
    rows = [(DAYS[0], i, "x", 20, "t", i % 3 == 0, None, True, i % 2 > 0, 1) for i in range(60)]
    pq.write_table(table(rows), tmp_path / "rows.parquet")
    asked = {"one": (["type"], ["search_conducted"]), "all": (["type"], SCHEMA.names[5:9])}
    made = eq.count_all(tmp_path / "rows.parquet", asked)
    assert made["one"].table["search_conducted"].tolist() == [20]
    assert made["all"].table.iloc[0, 1:].tolist() == [60, 20, 60, 0, 0, 60, 60, 30, 60]


@pytest.mark.parametrize("few", [0, 50])
def test_tables_with_many_combinations_are_the_same(tmp_path, monkeypatch, few):
    """Codes that occur numbered anew, or sorted: what wide tables need, on small ones."""
    from equity.counts import _cells

    monkeypatch.setattr(_cells, "FEW", few)
    monkeypatch.setattr(_cells, "MOST", few)
    monkeypatch.setattr(_cells, "AT_ONCE", 100)
    monkeypatch.setattr(_cells, "SOME", 7)
    rows = [
        (DAYS[i * i % 4], i, RACES[i % 3], i % 9, None, i % 3 == 0, None, i % 5 == 0, True, 1)
        for i in range(3_000)
    ]
    pq.write_table(table(rows), tmp_path / "rows.parquet", row_group_size=400)
    for by, of in ASKED[:4]:
        found = eq.count(tmp_path / "rows.parquet", by=by, of=of)
        reference = eq.count(duckdb.connect().from_arrow(table(rows)), by=by, of=of)
        pd.testing.assert_frame_equal(found.table, reference.table, check_exact=True)


def test_a_condition_that_looks_at_other_rows_goes_the_general_way(tmp_path):
    rows = [(DAYS[0], i, "white", 20 + i, "t", *[None] * 4, 1) for i in range(10)]
    pq.write_table(table(rows), tmp_path / "rows.parquet")
    made = eq.Cohort(tmp_path / "rows.parquet").keep(
        eq.col("subject_age") > eq.col("subject_age").mean(), because="older than the mean"
    )
    from equity.counts._parquet import Pass, Unfit

    with pytest.raises(Unfit, match="other rows"):
        Pass(made, {"x": (["type"], [])}, {})


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("nothing.parquet", FileNotFoundError, "no file or folder"),
        ("nothing-*.parquet", FileNotFoundError, "named like"),
        ("rows.xlsx", ValueError, "neither CSV nor Parquet"),
        ("broken.parquet", ValueError, "cannot be read as parquet"),
        ("empty", FileNotFoundError, "no Parquet or CSV file in the folder"),
    ],
)
def test_what_cannot_be_opened_is_said_in_words(tmp_path, name, error, says):
    (tmp_path / "rows.xlsx").write_bytes(b"x")
    (tmp_path / "broken.parquet").write_bytes(b"x" * 100)
    (tmp_path / "empty").mkdir()
    with pytest.raises(error, match=says):
        eq.count(tmp_path / name, by=["a"])


def test_bad_requests_of_files_are_refused_in_words(tmp_path):
    pq.write_table(table([(DAYS[0], 0, "x", 20, "t", *[None] * 4, 1)]), tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="'rase' cannot be counted"):
        eq.count(tmp_path / "a.parquet", by=["rase"])
    with pytest.raises(TypeError, match="not boolean"):
        eq.count(tmp_path / "a.parquet", by=["type"], of=["subject_race"])
    with pytest.raises(ValueError, match="given twice"):
        eq.count(tmp_path / "a.parquet", by=["type", "type"])


def test_a_long_pass_tells_and_can_be_ended(tmp_path, monkeypatch):
    rows = [(DAYS[0], i, "white", 20, "t", *[None] * 4, 1) for i in range(2_000)]
    pq.write_table(table(rows), tmp_path / "rows.parquet", row_group_size=100)
    monkeypatch.setattr(counts._count, "EVERY", 0)
    said: list[str] = []
    eq.count(tmp_path / "rows.parquet", by=["type"], tell=said.append)
    assert said and said[-1] == "Counted 2,000 of 2,000 rows (100 %)"

    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        eq.count(tmp_path / "rows.parquet", by=["type"], tell=interrupted)


SETTINGS = """
from equity.engine import connection, threads
found = connection().sql(
    "SELECT current_setting('memory_limit'), current_setting('temp_directory'), "
    "current_setting('enable_progress_bar'), current_setting('temp_file_encryption')"
).fetchall()[0]
print(*found, threads(), sep="|")
"""


def asked(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | variables
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_memory_and_temporary_folder_are_settings(tmp_path):
    said = asked(SETTINGS, EQUITY_MEMORY="300MB", EQUITY_TEMP=str(tmp_path), EQUITY_THREADS="1")
    memory, folder, bar, secret, processors = said.stdout.strip().split("|")
    assert memory == "286.1 MiB" and folder.startswith(str(tmp_path))
    assert (bar.lower(), secret.lower(), processors) == ("false", "true", "1")
    assert not list(tmp_path.iterdir())  # gone with the process


@pytest.mark.parametrize(
    "setting", [("EQUITY_MEMORY", "much"), ("EQUITY_TEMP", "/nowhere"), ("EQUITY_THREADS", "0")]
)
def test_settings_that_cannot_be_used_are_named(setting):
    name, value = setting
    assert f"ValueError: {name}={value!r}" in asked(SETTINGS, **{name: value}).stderr


LONG = """
import sys, equity as eq
def tell(words): print("telling", flush=True)
eq.counts._count.EVERY = 0
made = eq.count([sys.argv[1]] * 4000, by=["subject_race"], tell=tell)
made.write(sys.argv[2])
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_an_interruption_leaves_nothing_half_written(tmp_path):
    rows = [(DAYS[0], i, RACES[i % 4], 20, "t", *[None] * 4, 1) for i in range(20_000)]
    path, out = tmp_path / "rows.parquet", tmp_path / "counts.parquet"
    pq.write_table(table(rows), path)
    environment = os.environ | {"EQUITY_TEMP": str(tmp_path)}
    command = [sys.executable, "-c", LONG, str(path), str(out)]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, words = running.communicate(timeout=60)
    assert "KeyboardInterrupt" in words and running.returncode != 0
    assert time.monotonic() - start < 30
    assert [p.name for p in tmp_path.iterdir()] == ["rows.parquet"]


def test_the_settings_are_those_of_our_own_connection_only():
    assert engine.connection() is engine.connection()
    own = engine.connection().sql("SELECT current_setting('temp_directory')").fetchall()
    other = duckdb.connect().sql("SELECT current_setting('temp_directory')").fetchall()
    assert own != other
