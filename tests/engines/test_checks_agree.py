"""Three ways of counting agree on every rule of every suite.

Great Expectations over DuckDB judges a load, our SQL splits it, and Great Expectations over a
pandas frame and over Spark, which evaluate the same Expectations by other code, are the second
opinions.
"""

from __future__ import annotations

import copy
import datetime as dt
import random
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from data_checks import check, judge, sql
from equity.tables import PIPELINES, TABLES

TODAY = dt.date(2025, 6, 30)
STAGES = ("qualified", "oral board", "interview", "order", "hired")
DATES = {f"{stage}_date": "date" for stage in STAGES}
CONTEXT = {
    "today": TODAY,
    "groups": ("white", "black", "o'hara"),
    "stages": STAGES,
    "bounding_box": (41.0, 42.0, -73.0, -72.0),
}
SQL_TYPES = {"flag": "BOOLEAN", "date": "DATE", "integer": "BIGINT", "number": "DOUBLE"}
VALUES: dict[str, list[object]] = {
    "flag": [None, True, False],
    "date": [None, "2024-05-01", "2025-06-30", "2025-07-01", "1850-01-01", "2010-02-03"],
    "integer": [None, 0, 5, 30, 2020, 2024, 2030, -1, 86_399, 86_400, 3000],
    "number": [None, 0.0, -0.5, 41.5, -72.5, 91.0, 181.0, "nan", "inf", 12.0],
    "text": [None, "a", "b", "c", "d", "e'f", "Total: 7"],
}
WORDS = ["white", "black", "o'hara", "White", "female", "vehicular", "arrest", "k9", "odd", None]


def kinds_of(table: str) -> dict[str, str]:
    kinds = {c.name: c.kind for c in TABLES[table].columns}
    return kinds | (dict.fromkeys(STAGES, "flag") | DATES if table in PIPELINES else {})


def make(path: Path, table: str, rows: int, seed: int, leave_out: tuple[str, ...] = ()) -> Path:
    """Write random rows: every kind of value that a rule can meet, planted everywhere."""
    chance = random.Random(seed)
    kinds = {k: v for k, v in kinds_of(table).items() if k not in leave_out}
    names = list(kinds)
    parsed = [n for n in names if kinds[n] not in ("text", "category") and n != "source_row"]
    data = []
    for i in range(rows):
        cells = [chance.choice(VALUES.get(kinds[n], WORDS)) for n in names]
        cells[names.index("source_file")] = chance.choice(["a.csv", "b.csv"])
        if "source_row" in names:
            cells[names.index("source_row")] = i + 2
        cells += [chance.choice([None, "", "NA", "31/31", "x"]) for _ in parsed]
        data.append(cells)
        if chance.random() < 0.2:
            data.append(list(cells))
    names += [f"raw_{n}" for n in parsed]
    stored = {n: SQL_TYPES.get(kinds.get(n, "text"), "VARCHAR") for n in names}
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t ({', '.join(f'{sql.q(n)} {stored[n]}' for n in names)})")
        if data:
            con.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(names))})", data)
        con.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    return path


@dataclass
class Seen:
    """What one check saw: its tables, the Expectations on each, our counts and the verdicts."""

    wanted: dict[str, list] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    ours: dict[str, tuple[int, int]] = field(default_factory=dict)
    theirs: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)

    def ours_on(self, view: str) -> dict[str, tuple[int, int]]:
        return {e.meta["rule"]: self.ours[e.meta["rule"]] for e in self.wanted[view]}


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that checks a file and says what Great Expectations and our SQL saw."""
    seen = Seen()
    judged, counts = judge.judge, sql.counts

    def keep(database: Path, wanted: Any, **more: Any) -> Any:
        with duckdb.connect(str(database)) as con:
            seen.tables = {v: con.execute(f"SELECT * FROM {v}").df() for v in wanted}
        verdicts = judged(database, wanted, **more)
        assert not [v.because for v in verdicts.values() if v.because]
        seen.wanted = dict(wanted)
        seen.theirs = {i: (v.tested, v.bad) for i, v in verdicts.items()}
        return verdicts

    def add(*args: Any) -> Any:
        found = counts(*args)
        seen.ours |= found
        return found

    def look(path: Path, table: str) -> Seen:
        monkeypatch.setattr(judge, "judge", keep)
        monkeypatch.setattr(sql, "counts", add)
        out = {"good": tmp_path / "good.parquet", "quarantine": tmp_path / "aside.csv"}
        report = check(table=table, data=path, context=CONTEXT, **out)
        assert not [r.because for r in report.rules if "differ" in r.because]
        return seen

    return look


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("table", TABLES)
def test_great_expectations_and_our_sql_agree_on_every_rule(looked, tmp_path, table, seed):
    seen = looked(make(tmp_path / "data.parquet", table, 80, seed), table)
    assert seen.theirs == seen.ours
    assert {*seen.wanted} == {"checked", "summary"}
    # The defects do reach the rules: nearly all on rows find some.
    rows = seen.ours_on("checked")
    assert sum(bad > 0 for _, bad in rows.values()) >= 0.85 * len(rows)


@pytest.mark.parametrize("table", TABLES)
def test_they_agree_on_an_empty_file(looked, tmp_path, table):
    seen = looked(make(tmp_path / "data.parquet", table, 0, 0), table)
    assert seen.theirs == seen.ours
    assert set(seen.ours_on("checked").values()) == {(0, 0)}


@pytest.mark.parametrize("table", TABLES)
def test_they_agree_when_columns_are_missing(looked, tmp_path, table):
    gone = (
        "date",
        "subject_race",
        "search_conducted",
        "stop_id",
        "oral board",
        "moe",
        "exit_date",
    )
    whole = {c for c in kinds_of(table) if c not in gone}
    seen = looked(make(tmp_path / "data.parquet", table, 60, 5, leave_out=gone), table)
    assert len(whole) < len(kinds_of(table))
    assert seen.theirs == seen.ours


@pytest.mark.parametrize("table", TABLES)
def test_the_pandas_engine_agrees_too(looked, tmp_path, table):
    seen = looked(make(tmp_path / "data.parquet", table, 80, 11), table)
    frame = seen.tables["checked"]
    for column, kind in kinds_of(table).items():
        if kind == "flag" and column in frame:
            frame[column] = frame[column].astype("boolean")
        if kind == "date":
            frame[column] = pd.to_datetime(frame[column], errors="coerce").astype("datetime64[ns]")
    for view, wanted in seen.wanted.items():
        assert judged(seen.tables[view], wanted) == seen.ours_on(view), view


@pytest.mark.spark
def test_the_spark_engine_agrees_too(looked, tmp_path, spark_session):
    # Each kind of rule, on few columns: Spark plans each rule anew, and takes 40 s for the 60
    # rules of all columns. SQLite is no further opinion: it has neither dates nor yes and no.
    few = {"date", "search_conducted", "search_basis", "contraband_found", "subject_race"}
    gone = tuple(c for c in kinds_of("stops") if c not in {*few, "source_file", "source_row"})
    for table, leave_out in (("residents", ()), ("stops", gone)):
        seen = looked(make(tmp_path / f"{table}.parquet", table, 60, 3, leave_out), table)
        copy_of = tmp_path / f"{table} rows.parquet"
        rows = seen.tables["checked"]
        duckdb.from_df(rows, connection=duckdb.connect()).write_parquet(str(copy_of))
        frame = spark_session.read.parquet(str(copy_of))
        assert judged(frame, seen.wanted["checked"], spark=True) == seen.ours_on("checked")


def judged(frame: Any, expectations: list, *, spark: bool = False) -> dict:
    """Return what Great Expectations counts on an engine of its own: rule -> (tested, bad)."""
    gx = judge.load()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        sources = context.data_sources
        source = sources.add_spark("p", persist=False) if spark else sources.add_pandas("p")
        asset = source.add_dataframe_asset("rows")
        definition = gx.ValidationDefinition(
            name="v",
            data=asset.add_batch_definition_whole_dataframe("all"),
            suite=context.suites.add(
                gx.ExpectationSuite(name="s", expectations=[copy.copy(e) for e in expectations])
            ),
        )
        results = context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": frame}, result_format=judge.COUNTS
        )
    read = {r.expectation_config.meta["rule"]: judge.read_result(r) for r in results.results}
    assert not [v.because for v in read.values() if v.because]
    return {i: (v.tested, v.bad) for i, v in read.items()}


def test_an_expectation_without_translation_is_refused():
    gx = judge.load()
    mean = gx.expectations.ExpectColumnMeanToBeBetween(column="n", min_value=0)
    with pytest.raises(TypeError, match="ExpectColumnMeanToBeBetween has no translation to SQL"):
        sql.bad_sql(mean)
