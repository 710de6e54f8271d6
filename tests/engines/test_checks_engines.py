"""One table with planted defects gives one report, whatever engine holds it.

What each rule must find is counted by hand: each defect is planted in a named row, on top of rows
that break no rule. Every engine is then asked for the whole report and the rows set aside.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_checks import check, run, sql, structure
from data_checks.frames import as_parquet
from equity.tables import TABLES as DECLARED

TODAY = dt.date(2025, 6, 30)
GROUPS = ("white", "black", "hispanic")
SEXES = ("female", "male")
TYPES = {
    "text": pa.string(), "date": pa.date32(), "integer": pa.int64(), "number": pa.float64(),
    "flag": pa.bool_(),
}  # fmt: skip
DDL = {"text": "string", "date": "date", "integer": "bigint", "number": "double",
       "flag": "boolean"}  # fmt: skip

STOPS = {
    "source_file": "text", "source_row": "integer", "stop_id": "text", "date": "date",
    "second_of_day": "integer", "latitude": "number", "longitude": "number",
    "subject_age": "integer", "subject_race": "text", "subject_sex": "text", "type": "text",
    "outcome": "text", "search_conducted": "flag", "search_basis": "text",
    "contraband_found": "flag",
}  # fmt: skip
WORKFORCE = {
    "source_file": "text", "source_row": "integer", "person_id": "text", "date": "date",
    "race": "text", "sex": "text", "title": "text", "sworn": "flag", "hire_date": "date",
    "weight": "integer",
}  # fmt: skip
STAGES = ("written", "oral", "hired")
APPLICANTS = {
    "source_file": "text", "source_row": "integer", "applicant_id": "text", "date": "date",
    "race": "text", "sex": "text", **dict.fromkeys(STAGES, "flag"),
}  # fmt: skip
RESIDENTS = {
    "source_file": "text", "place": "text", "year": "integer", "race": "text", "n": "number",
    "moe": "number",
}  # fmt: skip


def stops() -> dict[str, list[Any]]:
    """Return 70 stops: rows 30 to 39 searched, of 50 and 51 it is not known, the rest not."""
    rows: dict[str, list[Any]] = {
        "source_file": ["a.csv"] * 70,
        "source_row": [i + 2 for i in range(70)],
        "stop_id": [f"s{i}" for i in range(70)],
        "date": [dt.date(2024, 1, 1) + dt.timedelta(days=7 * i) for i in range(70)],
        "second_of_day": [(i * 3_701 + 61) % 86_400 for i in range(70)],
        "latitude": [41.5 + i / 1000 for i in range(70)],
        "longitude": [-72.5 - i / 1000 for i in range(70)],
        "subject_age": [20 + i % 50 for i in range(70)],
        "subject_race": [GROUPS[i % 3] for i in range(70)],
        "subject_sex": [SEXES[i % 2] for i in range(70)],
        "type": ["vehicular"] * 70,
        "outcome": ["citation" if i % 2 else "warning" for i in range(70)],
        "search_conducted": [30 <= i < 40 for i in range(70)],
        "search_basis": ["consent" if 30 <= i < 40 else None for i in range(70)],
        "contraband_found": [i % 2 == 0 if 30 <= i < 40 else None for i in range(70)],
    }
    plant(rows, "date", {0: None, 1: dt.date(2025, 7, 1), 2: dt.date(1850, 1, 1)})
    plant(rows, "subject_race", {5: "White"} | dict.fromkeys((6, 7, 8, 9), None))
    plant(rows, "subject_sex", {10: "x"})
    plant(rows, "type", {11: "boat"})
    plant(rows, "search_conducted", {50: None, 51: None})
    plant(rows, "search_basis", {12: "consent"})
    plant(rows, "contraband_found", {13: True, 30: None})
    plant(rows, "subject_age", {14: 111, 16: None})
    plant(rows, "second_of_day", {15: 86_400})
    plant(rows, "latitude", {17: None, 18: 91.0, 19: float("nan")})
    for name, values in rows.items():  # row 40 is row 20 again
        if name != "source_row":
            values[40] = values[20]
    plant(rows, "stop_id", {41: "s21"})
    return rows


def workforce() -> dict[str, list[Any]]:
    """Return 40 people."""
    rows: dict[str, list[Any]] = {
        "source_file": ["b.csv"] * 40,
        "source_row": [i + 2 for i in range(40)],
        "person_id": [f"p{i}" for i in range(40)],
        "date": [dt.date(2025, 1, 1)] * 40,
        "race": [GROUPS[i % 3] for i in range(40)],
        "sex": [SEXES[i % 2] for i in range(40)],
        "title": ["Officer" if i % 4 else "Clerk" for i in range(40)],
        "sworn": [i % 4 > 0 for i in range(40)],
        "hire_date": [dt.date(2000 + i % 20, 3, 1) for i in range(40)],
        "weight": [1] * 40,
    }
    plant(rows, "hire_date", {0: dt.date(2025, 2, 1), 1: dt.date(1929, 12, 31), 2: None})
    plant(rows, "race", {3: "wite", 4: None, 5: None, 6: None})
    plant(rows, "sex", {7: "?"})
    plant(rows, "weight", {8: -1, 9: None})
    plant(rows, "person_id", {20: "p10", 21: None})
    plant(rows, "race", {20: rows["race"][10]})
    plant(rows, "sex", {20: rows["sex"][10]})
    plant(rows, "sworn", {11: None})
    return rows


def applicants() -> dict[str, list[Any]]:
    """Return 40 applications: 30 pass the written test, of these 20 the oral, of these 10."""
    rows: dict[str, list[Any]] = {
        "source_file": ["c.csv"] * 40,
        "source_row": [i + 2 for i in range(40)],
        "applicant_id": [f"a{i}" for i in range(40)],
        "date": [dt.date(2024, 2, 1) + dt.timedelta(days=i) for i in range(40)],
        "race": [GROUPS[i % 3] for i in range(40)],
        "sex": [SEXES[i % 2] for i in range(40)],
        "written": [i < 30 for i in range(40)],
        "oral": [i < 20 for i in range(40)],
        "hired": [i < 10 for i in range(40)],
    }
    plant(rows, "written", {0: False, 1: None})
    plant(rows, "oral", {2: None, 39: None})
    plant(rows, "date", {3: dt.date(2025, 7, 1), 4: None})
    plant(rows, "applicant_id", {35: "a34"})
    plant(rows, "race", {5: "None", 6: None})
    return rows


def residents() -> dict[str, list[Any]]:
    """Return two places of three groups; one place lacks a group and one number is negative."""
    return {
        "source_file": ["d.csv"] * 5,
        "place": ["Riverton"] * 3 + ["Hill"] * 2,
        "year": [2023] * 4 + [None],
        "race": ["white", "black", "hispanic", "white", "black"],
        "n": [500.0, 300.0, float("nan"), -1.0, 20.5],
        "moe": [10.0, None, None, float("nan"), 4.0],
    }


def plant(rows: dict[str, list[Any]], name: str, values: dict[int, Any]) -> None:
    for i, value in values.items():
        rows[name][i] = value


FOUND: dict[str, dict[str, tuple[str, int, int]]] = {
    "stops": {
        "S01": ("passed", 2, 0), "S03": ("passed", 15, 0), "S04": ("passed", 1, 0),
        "S07": ("failed", 70, 1), "S09": ("failed", 69, 1), "S10": ("failed", 69, 1),
        "S11": ("failed", 70, 1), "S12": ("failed", 69, 1), "S13": ("failed", 66, 1),
        "S14": ("failed", 70, 4), "S15": ("failed", 70, 1), "S16": ("failed", 70, 1),
        "S17": ("passed", 70, 0), "S18": ("passed", 11, 0), "S19": ("failed", 58, 1),
        "S20": ("failed", 58, 1), "S21": ("failed", 10, 1), "S22": ("passed", 70, 2),
        "S23": ("failed", 69, 1), "S24": ("failed", 70, 1), "S25": ("failed", 68, 1),
        "S26": ("passed", 70, 0), "S28": ("nothing to test", 0, 0),
    },
    "workforce": {
        "W07": ("nothing to test", 0, 0), "W08": ("passed", 40, 0), "W10": ("failed", 39, 1),
        "W11": ("passed", 39, 0), "W12": ("failed", 39, 1), "W13": ("failed", 39, 1),
        "W16": ("failed", 37, 1), "W17": ("failed", 40, 3), "W18": ("failed", 40, 1),
        "W26": ("passed", 38, 0), "W33": ("failed", 39, 1),
    },
    "applicants": {
        "A09": ("failed", 39, 1), "A10": ("passed", 39, 0), "A11": ("failed", 40, 1),
        "A16": ("failed", 39, 1), "A17": ("passed", 40, 1),
        # written, of the 19 marked for the oral board and number 2, hired without a word on it
        "A19": ("failed", 19, 1), "A20": ("failed", 20, 1),
        # oral, of the 10 who were hired
        "A23": ("passed", 9, 0), "A24": ("failed", 10, 1),
    },
    "residents": {
        "R04": ("passed", 1, 0), "R07": ("passed", 5, 0), "R09": ("passed", 5, 0),
        "R10": ("failed", 5, 1), "R11": ("failed", 4, 1), "R13": ("passed", 2, 0),
        "R14": ("failed", 5, 3), "R17": ("passed", 5, 0), "R18": ("failed", 5, 2),
        "R19": ("passed", 4, 0),
    },
}  # fmt: skip
"""Table -> rule -> what it must find."""
ASIDE = {
    "stops": [0, 1, 2, 5, 10, 11, 12, 13, 14, 15, 40, 41],
    "workforce": [0, 1, 3, 7, 8, 20],
    "applicants": [0, 3, 5, 35],
    "residents": [],
}
"""Table -> the numbers of the rows that break a rule that sets rows aside."""
TABLES = {
    "stops": (STOPS, stops),
    "workforce": (WORKFORCE, workforce),
    "applicants": (APPLICANTS, applicants),
    "residents": (RESIDENTS, residents),
}
CONTEXT = {"today": TODAY, "groups": GROUPS, "stages": STAGES}


def arrow(kinds: dict[str, str], rows: dict[str, list[Any]]) -> pa.Table:
    return pa.table({c: pa.array(v, TYPES[kinds.get(c, "text")]) for c, v in rows.items()})


def pandas_classic(table: pa.Table) -> pd.DataFrame:
    """Return what pandas makes by itself: 1.0 beside NaN, objects, times for dates."""
    frame = pd.DataFrame(table.to_pydict())
    for field in table.schema:
        if pa.types.is_date32(field.type):
            frame[field.name] = pd.to_datetime(frame[field.name])
    return frame.set_index(pd.Index([7] * len(frame), name="index"))


def pandas_nullable(table: pa.Table) -> pd.DataFrame:
    kinds = {
        pa.string(): pd.StringDtype(), pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(),
        pa.float64(): pd.Float64Dtype(),
    }  # fmt: skip
    frame = table.to_pandas(types_mapper=kinds.get)
    name = next(f.name for f in table.schema if pa.types.is_string(f.type))
    return frame.assign(**{name: frame[name].astype("category")})


def file(table: pa.Table, folder: Path) -> Path:
    pq.write_table(table, folder / "one.parquet")
    return folder / "one.parquet"


def parts(table: pa.Table, folder: Path) -> Path:
    """Write the rows as three files, in a folder as Spark leaves it."""
    target = folder / "rows"
    target.mkdir()
    third = max(1, len(table) // 3)
    for i in range(3):
        size = None if i == 2 else third
        pq.write_table(table.slice(i * third, size), target / f"part-{i}.snappy.parquet")
    (target / "_SUCCESS").touch()
    (target / ".part-0.snappy.parquet.crc").touch()
    return target


ENGINES = {
    "pandas classic": lambda t, _: pandas_classic(t),
    "pandas nullable": lambda t, _: pandas_nullable(t),
    "pandas pyarrow": lambda t, _: t.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda t, _: pl.from_arrow(t),
    "polars lazy": lambda t, _: pl.from_arrow(t).lazy(),
    "pyarrow": lambda t, _: t,
    "duckdb": lambda t, _: duckdb.from_arrow(t, connection=duckdb.connect()),
    "folder of parts": parts,
}


@pytest.fixture(params=[*ENGINES, pytest.param("spark", marks=pytest.mark.spark)])
def held(request: pytest.FixtureRequest) -> Any:
    """Return a function (Arrow table, folder) -> the same rows as one engine holds them."""
    if request.param != "spark":
        return ENGINES[request.param]
    session = request.getfixturevalue("spark_session")
    ddl = {TYPES[kind]: words for kind, words in DDL.items()}

    def spark(table: pa.Table, _: Path) -> Any:
        schema = ", ".join(f"`{f.name}` {ddl[f.type]}" for f in table.schema)
        return session.createDataFrame(list(zip(*table.to_pydict().values(), strict=True)), schema)

    return spark


def looked_at(data: Any, table: str, folder: Path) -> Any:
    """Return the report as plain values, and the rows set aside with their reasons."""
    folder.mkdir(exist_ok=True)
    aside = folder / "aside.csv"
    report = check(
        table=table, data=data, good=folder / "good.parquet",
        quarantine=aside, context=CONTEXT,
    )  # fmt: skip
    rules = [
        (r.id, r.outcome, r.tested, r.bad, r.share, r.examples, r.rows, r.because)
        for r in report.rules
    ]
    rows = []
    if aside.exists():
        with aside.open(encoding="utf-8-sig", newline="") as lines:
            rows = [(r["source_row"], r["reasons"]) for r in csv.DictReader(lines)]
    return report.usable, report.rows_in, report.rows_good, rules, rows


@functools.cache
def expected(table: str, what: str, folder: Path) -> Any:
    """Return the report of the Parquet file: what every other engine is compared with."""
    folder.mkdir(exist_ok=True)
    return looked_at(file(variant(table, what), folder), table, folder)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function (table, variant) -> the report of the Parquet file."""
    folder = tmp_path_factory.mktemp("reference")
    return lambda table, what: expected(table, what, folder / f"{table} {what}")


def rows_of(query: str) -> list[tuple]:
    with duckdb.connect() as con:
        return con.execute(query).fetchall()


def variant(table: str, what: str) -> pa.Table:
    """Return the planted table, changed as one file in a hundred is."""
    kinds, make = TABLES[table]
    rows = make()
    whole = arrow(kinds, rows)
    if what == "empty":
        return whole.slice(0, 0)
    if what == "missing column":
        return whole.drop_columns(["subject_race"])
    if what == "capitals":
        return whole.rename_columns([c.replace("subject_r", "Subject_R") for c in rows])
    if what == "text booleans":
        words = [None if v is None else str(v) for v in rows["search_conducted"]]
        place = whole.schema.get_field_index("search_conducted")
        return whole.set_column(place, "search_conducted", pa.array(words, pa.string()))
    return whole


@pytest.mark.parametrize("table", TABLES)
def test_every_planted_defect_is_found_and_nothing_else(reference, table):
    usable, rows_in, rows_good, rules, aside = reference(table, "planted")
    got = {rule: tuple(rest) for rule, *rest, _, _, _, _ in rules}
    assert {i: got[i] for i in FOUND[table]} == FOUND[table]
    assert [int(row) - 2 for row, _ in aside] == ASIDE[table]
    assert rows_in - rows_good == len(ASIDE[table])
    # a benchmark is used whole or not at all
    assert usable == (table != "residents")


def test_every_engine_gives_the_same_report(reference, held, tmp_path):
    data = held(variant("stops", "planted"), tmp_path)
    assert looked_at(data, "stops", tmp_path) == reference("stops", "planted")


@pytest.mark.parametrize("table", ["workforce", "applicants", "residents"])
def test_every_engine_brings_the_same_rows_before_the_rules(held, table, tmp_path):
    # The report follows from these rows alone; above it is compared as a whole.
    told = profile(held(variant(table, "planted"), tmp_path), tmp_path, table)
    assert told == profile(file(variant(table, "planted"), tmp_path), tmp_path, table)
    assert len(told[-1]) == len(variant(table, "planted"))


FAULTS = ("text booleans", "empty", "missing column", "capitals")


def test_every_engine_brings_the_same_fault_before_the_rules(held, tmp_path):
    # What the rules make of it is tested below; all that they are told is this.
    for what in FAULTS:
        folder = tmp_path / what
        folder.mkdir()
        told = profile(held(variant("stops", what), folder), folder)
        assert told == profile(file(variant("stops", what), folder), folder), what


def profile(data: Any, folder: Path, table: str = "stops") -> Any:
    """Return what is said of the columns, and the rows as every rule reads them."""
    stages = STAGES if table == "applicants" else ()
    with duckdb.connect() as con:
        path = as_parquet(data, folder / "made")
        seen = structure.profile(con, path, DECLARED[table], stages)
        suite = run.build(table, seen.kinds, CONTEXT)
        sql.prepare(con, suite, data=path, columns=seen.columns, raw=None, raw_columns=())
        rows = con.execute("SELECT * FROM base ORDER BY check_row").fetchall()
    return seen.kinds, seen.rows, seen.missing, seen.misspelt, seen.wrong_type, rows


@pytest.mark.parametrize(
    ("what", "stopped_by", "silent"),
    [
        ("text booleans", "S03", ("S19", "S20", "S21", "S22")),
        ("empty", "S04", ("S07", "S09", "S13", "S19", "S23")),
        ("missing column", "S01", ("S13", "S14")),
        ("capitals", "S02", ("S13", "S14")),
    ],
)
def test_a_fault_of_the_whole_file_stops_the_load(reference, what, stopped_by, silent):
    usable, _, _, rules, _ = reference("stops", what)
    outcome = {rule: said for rule, said, *_ in rules}
    assert not usable
    assert outcome[stopped_by] == "failed"
    assert {outcome[i] for i in silent} == {
        "nothing to test" if what == "empty" else "could not run"
    }


def test_as_parquet_keeps_every_value_of_pandas_or_says_which_column(tmp_path):
    zone = dt.timezone(dt.timedelta(hours=5))
    frame = pd.DataFrame(
        {
            "mixed": pd.Series([1, "a", None], dtype=object),
            "flag": pd.Series([True, None, float("nan")], dtype=object),
            "words": pd.Series(["True", "False", None], dtype=object),
            "mixed days": [dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 5), None],
            "huge": pd.Series([2**70, 1, None], dtype=object),
            "whole": [1.0, None, 3.0],
            "halves": [1.5, None, 3.0],
            "kind": pd.Categorical(["x", None, "y"]),
            "month": pd.PeriodIndex(["2024-01", "2024-02", None], freq="M"),
            "seconds": pd.to_datetime(["2024-01-01", None, "2024-02-01"]).astype("datetime64[s]"),
            "there": pd.to_datetime(["2024-01-01", None, None]).tz_localize("America/New_York"),
            "zones": pd.Series(
                [dt.datetime(2024, 1, 1, 1, tzinfo=zone), None, None], dtype=object
            ),
        }
    )
    midnight = dt.datetime(2024, 1, 1)
    path = as_parquet(frame, tmp_path)
    assert rows_of(f"FROM '{path}'") == [
        ("1", True, "True", "2024-01-01", str(2**70), 1, 1.5, "x", "2024-01", midnight, midnight,
         dt.datetime(2024, 1, 1, 1)),
        ("a", None, "False", "2024-01-01 05:00:00", "1", None, None, None, "2024-02", None, None,
         None),
        (None, None, None, None, None, 3, 3.0, "y", None, dt.datetime(2024, 2, 1), None, None),
    ]  # fmt: skip


REFUSED = {
    "no columns": (pd.DataFrame(), "no columns"),
    "one name": (pd.DataFrame([[1, 2]], columns=["a", "a"]), "one name .*'a', 'a'"),
    "capitals": (pl.DataFrame({"race": [1], "Race": [1]}), "one name .*'race', 'Race'"),
    "a length of time": (
        pd.DataFrame({"wait": [dt.timedelta(1)]}),
        "'wait' holds lengths of time",
    ),
    "not text": (
        pd.DataFrame({"a": pd.Series(["\ud800"], dtype=object)}),
        r"'a' cannot be kept \(UnicodeEncodeError\)",
    ),
    "a fault of the frame": (
        pl.LazyFrame({"a": ["secret"]}).with_columns(pl.col("a").cast(pl.Int64)),
        "polars frame could not be read",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_kept_is_refused_without_a_value(case, tmp_path):
    frame, words = REFUSED[case]
    with pytest.raises(ValueError, match=words) as caught:
        as_parquet(frame, tmp_path)
    assert "secret" not in str(caught.value)


def test_what_is_no_frame_is_refused(tmp_path):
    with pytest.raises(TypeError, match="type list. Give the path"):
        as_parquet([1], tmp_path)


def test_parts_are_numbered_as_one_file_in_the_order_of_their_names(tmp_path):
    folder = parts(variant("stops", "planted"), tmp_path)
    for data in (folder, str(folder / "part-*.parquet")):
        path = as_parquet(data, tmp_path / "made")
        numbered = rows_of(f"SELECT file_row_number, source_row FROM {sql.parquet(path)}")
        assert numbered == [(i, i + 2) for i in range(70)]
    one = folder / "part-1.snappy.parquet"
    assert as_parquet(one, tmp_path / "made") == one


def test_a_column_in_the_names_of_folders_is_read(tmp_path):
    for place in ("01", "2", "__HIVE_DEFAULT_PARTITION__"):
        (tmp_path / f"district={place}").mkdir()
        pq.write_table(pa.table({"a": [1]}), tmp_path / f"district={place}" / "part-0.parquet")
    path = as_parquet(tmp_path, tmp_path / "made")
    assert rows_of(f"FROM '{path}'") == [(1, "01"), (1, "2"), (1, None)]
    # and is not made of the folder above a single file
    alone = tmp_path / "district=2" / "part-0.parquet"
    assert rows_of(f"FROM {sql.parquet(as_parquet(alone, tmp_path))}") == [(1, 0)]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: pq.write_table(pa.table({"b": [1]}), f / "part-9.parquet"), "the same columns"),
        (lambda f: (f / "part-9.parquet").write_text("no Parquet"), "could not be read"),
        (lambda f: (f / "_delta_log").mkdir(), "of the kind Delta"),
        (lambda f: (f / "_temporary").mkdir(), "not written to its end"),
        (lambda f: [p.unlink() for p in f.glob("part*")], "is no Parquet file"),
    ],
)
def test_a_folder_that_may_hold_other_rows_is_refused(spoil, words, tmp_path):
    folder = parts(variant("stops", "planted"), tmp_path)
    spoil(folder)
    with pytest.raises(ValueError, match=words):
        as_parquet(folder, tmp_path / "made")


def test_nan_is_missing_whatever_the_statistics_of_the_file_say(tmp_path):
    # The statistics that Arrow and Spark write leave NaN out, and DuckDB would believe them:
    # github.com/duckdb/duckdb/issues/25521. Rule R10 above would pass without `can_have_nan`.
    path = tmp_path / "n.parquet"
    pq.write_table(pa.table({"n": [500.0, float("nan"), -1.0]}), path)
    found = rows_of(f"SELECT count_if(isnan(n)), count_if(n > 1000) FROM {sql.parquet(path)}")
    assert found == [(1, 1)]
