"""How long the data checks take, beside one plain DuckDB scan that counts the same.

Run it with ``.venv/bin/python benchmarks/checks.py``. It makes files of stops, checks each as
`equity check` does (both ways of counting, the rows set aside, the file for use), and measures
beside it, each in a process of its own: a plain DuckDB scan with the same counts, Great
Expectations on a pandas frame with the same suite, and pandera with the rules that it can say
(where it is installed). ``--rows 1e5 1e6 1e7 1e8`` chooses the sizes; frames are left out above
1e6 rows. Seconds of processor time are compared, since other work on the machine disturbs them
least.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import importlib.util
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from data_checks import check, judge, run, sql, structure
from equity.tables import TABLES

GROUPS = ("white", "black", "hispanic", "asian")
CONTEXT: dict[str, Any] = {
    "today": dt.date(2026, 1, 1),
    "groups": GROUPS,
    "bounding_box": (41.0, 42.0, -73.0, -72.0),
}
FRAMES_UP_TO = 1_000_000
SMALL = 600
OURS = ("the suite", "and its files")
TARGETS = {1_000_000: 3.0, 10_000_000: 2.0}
MEMORY = 3_000
"""Megabytes that the whole check may take at any size."""


def make(rows: int, path: Path) -> None:
    """Write stops with one defect in a thousand rows for each of six rules."""
    some = "random() < 0.001"
    with duckdb.connect() as con:
        con.execute("SET threads = 1")
        con.execute("SELECT setseed(0.3)")
        con.execute(
            f"""
            COPY (SELECT 'stops.csv' AS source_file, i + 2 AS source_row,
              'S' || CASE WHEN {some} THEN i - 1 ELSE i END AS stop_id,
              CASE WHEN {some} THEN DATE '2031-01-01'
                ELSE DATE '2020-01-01' + CAST(random() * 1800 AS INTEGER) END AS date,
              CAST(floor(random() * 86400) AS INTEGER) AS second_of_day,
              41.5 + random() * 0.4 AS latitude, -72.5 + random() * 0.4 AS longitude,
              'D' || CAST(floor(random() * 8) AS INTEGER) AS district,
              CASE WHEN {some} THEN 150 ELSE CAST(floor(15 + random() * 60) AS INTEGER) END
                AS subject_age,
              CASE WHEN {some} THEN 'martian' ELSE
                (['white', 'black', 'hispanic', 'asian', NULL])
                [1 + CAST(floor(random() * 4.05) AS INTEGER)] END AS subject_race,
              (['male', 'female'])[1 + CAST(floor(random() * 2) AS INTEGER)] AS subject_sex,
              'vehicular' AS type,
              (['warning', 'citation', 'arrest'])[1 + CAST(floor(random() * 3) AS INTEGER)]
                AS outcome,
              random() < 0.05 AS arrest_made, random() < 0.4 AS citation_issued,
              random() < 0.5 AS warning_issued, random() < 0.05 AS frisk_performed,
              s AS search_conducted,
              CASE WHEN s OR {some} THEN 'consent' END AS search_basis,
              CASE WHEN s OR {some} THEN random() < 0.3 END AS contraband_found,
              '2020-01-01' AS raw_date, '30' AS raw_subject_age
            FROM (SELECT i, random() < 0.06 AS s FROM range({rows}) t(i)))
            TO '{path}' (FORMAT parquet, COMPRESSION zstd)
            """
        )


def suite_of(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[Any, Any]:
    """Return the suite for the file, and what its columns are."""
    seen = structure.profile(con, path, TABLES["stops"], ())
    return run.build("stops", seen.kinds, CONTEXT), seen


def plain(path: Path, folder: Path) -> None:
    """Count the same by plain SQL: a scan for the rows, a grouping for copies and for months."""
    config: dict[str, Any] = {"memory_limit": run.MEMORY, "temp_directory": str(folder)}
    with duckdb.connect(str(folder / "plain.duckdb"), config=config) as con:
        suite, _ = suite_of(con, path)
        more = [f"{text} AS {name}" for name, text in (suite.helpers | suite.marks).items()]
        more += [f"1 AS {r.name}, NULL AS {r.name}_first" for r in suite.ranks]
        more += ["file_row_number AS check_row", "FALSE AS check_set_aside"]
        con.execute(f"CREATE VIEW checked AS SELECT *, {', '.join(more)} FROM {sql.parquet(path)}")
        rules = [r for r in suite.rules if r.expectation is not None and r.view == "checked"]
        sql.counts(con, rules)
        for keys in ("stop_id", "ALL"):
            con.execute(
                f"SELECT sum(n) FROM (SELECT count(*) AS n FROM (SELECT * EXCLUDE (source_row) "
                f"FROM read_parquet('{path}')) GROUP BY {keys} HAVING n > 1)"
                if keys == "ALL"
                else f"SELECT sum(n) FROM (SELECT count(*) AS n FROM read_parquet('{path}') "
                f"GROUP BY {keys} HAVING n > 1)"
            ).fetchall()
        sql.summarize(con, suite)


def ours(path: Path, folder: Path) -> None:
    """Run the suite: both ways of counting, examples, and which rows are to be set aside."""
    check(table="stops", data=path, context=CONTEXT)


def files(path: Path, folder: Path) -> None:
    """Run the suite and write what comes of it, as `equity check` does."""
    check(
        table="stops",
        data=path,
        good=folder / "good.parquet",
        quarantine=folder / "aside.csv",
        context=CONTEXT,
    )


def frame(path: Path, folder: Path) -> None:
    """Let Great Expectations judge the same suite on a pandas frame, read with plain dtypes."""
    import pandas as pd

    gx = judge.load()
    with duckdb.connect(str(folder / "kinds.duckdb")) as con:
        suite, _ = suite_of(con, path)
    rows = pd.read_parquet(path)
    wanted = [
        r.expectation
        for r in suite.rules
        if r.expectation is not None
        and r.view == "checked"
        and set(r.needs) <= set(rows)
        and "date" not in r.needs[:1]
    ]
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all")
    definition = gx.ValidationDefinition(
        name="v",
        data=batch,
        suite=context.suites.add(gx.ExpectationSuite(name="s", expectations=wanted)),
    )
    added = context.validation_definitions.add(definition)
    added.run(batch_parameters={"dataframe": rows}, result_format="SUMMARY")


def pandera(path: Path, folder: Path) -> None:
    """Judge what pandera can say of the same rules: sets, bounds, missing values, copies."""
    import pandas as pd
    import pandera.pandas as pa  # pyright: ignore[reportMissingImports]

    columns: dict[str, Any] = {
        "subject_race": pa.Column(str, pa.Check.isin(GROUPS), nullable=True),
        "subject_sex": pa.Column(str, pa.Check.isin(["female", "male"]), nullable=True),
        "outcome": pa.Column(str, pa.Check.isin(["warning", "citation", "arrest"])),
        "type": pa.Column(str, pa.Check.isin(["vehicular", "pedestrian"])),
        "subject_age": pa.Column("int32", pa.Check.in_range(0, 110)),
        "second_of_day": pa.Column("int32", pa.Check.in_range(0, 86_399)),
        "latitude": pa.Column(float, pa.Check.in_range(41, 42)),
        "longitude": pa.Column(float, pa.Check.in_range(-73, -72)),
        "stop_id": pa.Column(str, unique=True),
    }
    only_if = pa.Check(lambda t: t["search_conducted"] | t["contraband_found"].isna())
    with contextlib.suppress(pa.errors.SchemaErrors):
        pa.DataFrameSchema(columns, checks=only_if).validate(pd.read_parquet(path), lazy=True)


WAYS: dict[str, Callable[[Path, Path], None]] = {
    "plain DuckDB scan": plain,
    "the suite": ours,
    "and its files": files,
    "Great Expectations on pandas": frame,
    "pandera": pandera,
}


def timed(way: str, path: str, times: int) -> None:
    """Print the seconds (of the clock, of the processor) and the memory of one way, as JSON."""
    if way != "pandera":
        judge.load()
    clock, used = [], []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            wall, processor = time.perf_counter(), time.process_time()
            WAYS[way](Path(path), Path(folder))
            clock.append(time.perf_counter() - wall)
            used.append(time.process_time() - processor)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps([min(clock), min(used), peak]))


def measured(way: str, path: Path, times: int) -> tuple[float, float, float]:
    """Run one way in a process of its own."""
    command = [sys.executable, __file__, "--one", way, "--file", str(path), "--times", str(times)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure, and print one table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=float, nargs="+", default=[SMALL, 1e5, 1e6, 1e7])
    options.add_argument("--folder", type=Path, help="where the files are made")
    options.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    options.add_argument("--file", help=argparse.SUPPRESS)
    options.add_argument("--times", type=int, default=3)
    given = options.parse_args()
    if given.one:
        timed(given.one, given.file, given.times)
        return
    table = Table("Rows", "What", "Seconds", "Processor", "MB", "Ratio to the scan", "At most")
    missed = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for rows in map(int, given.rows):
            path = Path(folder) / f"stops_{rows}.parquet"
            make(rows, path)
            base = 0.0
            for way in WAYS:
                frames = way in ("Great Expectations on pandas", "pandera")
                if frames and rows > FRAMES_UP_TO:
                    continue
                if way == "pandera" and importlib.util.find_spec("pandera") is None:
                    table.add_row(f"{rows:,}", way, "not installed", "", "", "", "")
                    continue
                wall, processor, peak = measured(way, path, 1 if rows > 5e7 else given.times)
                base = base or processor
                limit = TARGETS.get(rows) if way == "the suite" else None
                if (limit and processor / base > limit) or (
                    way in OURS and (peak > MEMORY or (rows == SMALL and wall >= 1))
                ):
                    missed.append(f"{way} at {rows:,}")
                table.add_row(
                    f"{rows:,}", way, f"{wall:.2f}", f"{processor:.2f}", f"{peak:,.0f}",
                    f"{processor / base:.1f}", f"{limit:g}" if limit else "",
                )  # fmt: skip
            path.unlink()
    console = Console()
    console.print(table)
    names = ("duckdb", "great-expectations", "pandas", "pyarrow")
    console.print(
        f"Python {platform.python_version()}, {', '.join(f'{n} {version(n)}' for n in names)}; "
        f"{platform.machine()}, {len(__import__('os').sched_getaffinity(0))} processors."
    )
    console.print(f"Over the limit: {', '.join(missed) or 'nothing'}.")


if __name__ == "__main__":
    main()
