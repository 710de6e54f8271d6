"""Three ways of counting agree on every rule of every suite.

Great Expectations over DuckDB judges a load, our SQL splits it, and Great Expectations over a
pandas frame, which evaluates the same Expectations by other code, is the second opinion.
"""

from __future__ import annotations

import copy
import datetime as dt
import random
import warnings
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from data_checks import judge, run, sql, structure
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


def counted(folder: Path, path: Path, table: str):
    """Return the suite, the counts of our SQL, the verdicts of GX, and the rows as a frame."""
    database = folder / "check.duckdb"
    stages = STAGES if table in PIPELINES else ()
    with duckdb.connect(str(database)) as con:
        seen = structure.profile(con, path, TABLES[table], stages)
        suite = run.build(table, seen.kinds, CONTEXT)
        sql.prepare(con, suite, data=path, columns=seen.columns, raw=None, raw_columns=())
        rules = [r for r in suite.rules if r.expectation is not None]
        ours = sql.counts(con, rules)
        frame = con.execute("SELECT * FROM checked").df()
    theirs = judge.judge(database, "checked", [r.expectation for r in rules], config={})
    return suite, rules, ours, theirs, frame


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("table", TABLES)
def test_great_expectations_and_our_sql_agree_on_every_rule(tmp_path, table, seed):
    path = make(tmp_path / "data.parquet", table, 80, seed)
    suite, rules, ours, theirs, _ = counted(tmp_path, path, table)
    # Every column is there, so every rule runs, but the one for rosters without a date and the
    # one for rows that the reader knew as no records: it was not asked.
    read_rows = table in ("workforce", "exits", *PIPELINES)
    assert len(suite.rules) - len(rules) == (table == "workforce") + read_rows
    assert {i: (v.tested, v.bad) for i, v in theirs.items()} == ours
    assert not [v.because for v in theirs.values() if v.because]
    # The defects do reach the rules: nearly all find some.
    assert sum(bad > 0 for _, bad in ours.values()) >= 0.85 * len(rules)


@pytest.mark.parametrize("table", TABLES)
def test_they_agree_on_an_empty_file(tmp_path, table):
    path = make(tmp_path / "data.parquet", table, 0, 0)
    _, _, ours, theirs, _ = counted(tmp_path, path, table)
    assert {i: (v.tested, v.bad) for i, v in theirs.items()} == ours
    assert set(ours.values()) == {(0, 0)}


@pytest.mark.parametrize("table", TABLES)
def test_they_agree_when_columns_are_missing(tmp_path, table):
    gone = (
        "date",
        "subject_race",
        "search_conducted",
        "stop_id",
        "oral board",
        "moe",
        "exit_date",
    )
    path = make(tmp_path / "data.parquet", table, 60, 5, leave_out=gone)
    suite, rules, ours, theirs, _ = counted(tmp_path, path, table)
    assert len(rules) < len(suite.rules)
    assert {i: (v.tested, v.bad) for i, v in theirs.items()} == ours


@pytest.mark.parametrize("table", TABLES)
def test_the_pandas_engine_agrees_too(tmp_path, table):
    path = make(tmp_path / "data.parquet", table, 80, 11)
    _, rules, ours, _, frame = counted(tmp_path, path, table)
    for column, kind in kinds_of(table).items():
        if kind == "flag" and column in frame:
            frame[column] = frame[column].astype("boolean")
        if kind == "date":
            frame[column] = pd.to_datetime(frame[column], errors="coerce").astype("datetime64[ns]")
    found = judged_by_pandas(frame, [r.expectation for r in rules])
    assert {i: (v.tested, v.bad) for i, v in found.items()} == ours


def judged_by_pandas(frame: pd.DataFrame, expectations: list):
    gx = judge.load()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("p").add_dataframe_asset("rows")
        definition = gx.ValidationDefinition(
            name="v",
            data=asset.add_batch_definition_whole_dataframe("all"),
            suite=context.suites.add(
                gx.ExpectationSuite(name="s", expectations=[copy.copy(e) for e in expectations])
            ),
        )
        results = context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": frame}, result_format="BASIC"
        )
    return {r.expectation_config.meta["rule"]: judge.read_result(r) for r in results.results}


def test_an_expectation_without_translation_is_refused():
    gx = judge.load()
    mean = gx.expectations.ExpectColumnMeanToBeBetween(column="n", min_value=0)
    with pytest.raises(TypeError, match="ExpectColumnMeanToBeBetween has no translation to SQL"):
        sql.bad_sql(mean)
