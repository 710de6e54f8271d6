"""How quick counting is: ours, DuckDB, Polars and pandas, beside only reading the columns.

Run it with ``.venv/bin/python benchmarks/counting.py --rows 1000000 10000000 --folder SCRATCH``
(100000000 rows need 1.5 GB there). Every figure is the best of several runs in a process of its
own, all contestants one after the other, because seconds differ between machines and between
hours, and ratios hardly do. The evenings of all places are given to the others as a table; ours
works them out, once in a process, which the first line of each size tells.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

AGENCIES = [f"agency {i:03d}" for i in range(100)]
LATITUDE = {name: 30.2 + i % 17 for i, name in enumerate(AGENCIES)}
LONGITUDE = {name: -75.2 - i % 40 for i, name in enumerate(AGENCIES)}
ZONES = ("America/New_York", "America/Chicago", "America/Denver")
TIMEZONE = {name: ZONES[(i % 40 >= 10) + (i % 40 >= 25)] for i, name in enumerate(AGENCIES)}
RATES = ["agency", "year", "subject_race", "subject_sex"]
FLAGS = ["search_conducted", "contraband_found", "arrest_made"]
DAYLIGHT = ["date", "agency", "clock_bin", "is_dark"]
TEXTS = ("agency", "subject_race", "subject_sex", "type", "reason_for_stop")
TEN = {
    "rates": (RATES, FLAGS),
    "races": (["subject_race", "year"], FLAGS),
    "months": (["subject_race", "year", "month"], FLAGS),
    "hours": (["hour", "year"], []),
    "reasons": (["subject_race", "subject_sex", "reason_for_stop", "year"], FLAGS),
    "ages": (["subject_race", "subject_sex", "age_band", "year"], FLAGS),
    "weekdays": (["subject_race", "weekday", "type"], FLAGS),
    "agencies by month": (["agency", "year", "month"], FLAGS),
    "types": (["agency", "type", "subject_race"], FLAGS),
    "days": (["date"], []),
}
READ = {
    "rates": ["agency", "date", "subject_race", "subject_sex", *FLAGS],
    "daylight": ["agency", "date", "second_of_day"],
    "ten tables": [
        *("agency", "date", "second_of_day", "subject_age", "subject_race", "subject_sex"),
        *("type", "reason_for_stop", *FLAGS),
    ],
}
WINDOW = (
    "second_of_day BETWEEN earliest AND latest AND (second_of_day >= dusk OR second_of_day "
    "< sunset)"
)
QUERIES = {
    "rates": f"SELECT agency, year(date) AS y, subject_race, subject_sex, {', '.join(FLAGS)}, "
    "count(*) AS n FROM stops GROUP BY ALL",
    "daylight": "SELECT date, agency, second_of_day // 300 AS bin, second_of_day >= dusk AS dark, "
    f"count(*) AS n FROM stops JOIN evenings USING (date, agency) WHERE {WINDOW} GROUP BY ALL",
}
DRAWN = """
WITH drawn AS (
  SELECT i, {numbers} FROM range({rows}) AS t(i)
), placed AS (
  SELECT *, floor(100 * u0 * u0)::INT AS a, DATE '2010-01-01' + floor(3652 * u1)::INT AS day
  FROM drawn
)
SELECT 'S' || lpad(i::VARCHAR, 9, '0') AS stop_id,
  'agency ' || lpad(a::VARCHAR, 3, '0') AS agency,
  day AS date,
  CASE WHEN u2 >= .004 THEN (86400 * ((u2 + u3 + .9) % 1))::INT % 86400 END AS second_of_day,
  round(30 + a % 17 + u4 * .4, 4)::FLOAT AS latitude,
  round(-75 - a % 40 - u5 * .4, 4)::FLOAT AS longitude,
  CASE WHEN u6 >= .03 THEN (16 + 60 * u6 * u7)::UTINYINT END AS subject_age,
  CASE WHEN u8 < .02 THEN NULL WHEN u8 < .55 THEN 'white' WHEN u8 < .75 THEN 'black'
    WHEN u8 < .92 THEN 'hispanic' WHEN u8 < .96 THEN 'asian_pacific' ELSE 'other'
    END AS subject_race,
  CASE WHEN u9 < .01 THEN NULL WHEN u9 < .66 THEN 'male' ELSE 'female' END AS subject_sex,
  CASE WHEN u10 < .9 THEN 'vehicular' ELSE 'pedestrian' END AS type,
  'reason ' || floor(12 * u11 * u11)::INT AS reason_for_stop,
  (a * 60 + floor(60 * u12))::INT AS officer_id,
  CASE WHEN u13 >= .005 THEN u13 > .95 END AS search_conducted,
  CASE WHEN u13 > .95 THEN u14 < .28 END AS contraband_found,
  CASE WHEN u15 >= .01 THEN u15 > .97 END AS arrest_made,
  CASE WHEN u7 >= .01 THEN u7 > .6 END AS citation_issued
FROM placed
"""


def stops(folder: Path, rows: int) -> Path:
    """Return the file of so many stops, drawn where it is not there yet."""
    import duckdb

    path = folder / f"stops-{rows}.parquet"
    if path.exists():
        return path
    numbers = ", ".join(
        f"hash(i * 32 + {k}) // 16777216 / 1099511627776.0 AS u{k}" for k in range(16)
    )
    draft = path.with_suffix(".part")
    drawing = duckdb.connect()
    drawing.execute("SET memory_limit = '2GB'; SET preserve_insertion_order = false")
    drawing.execute(
        f"COPY ({DRAWN.format(numbers=numbers, rows=rows)}) TO '{draft}' "
        "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 1000000)"
    )
    os.replace(draft, path)
    return path


def evenings(folder: Path) -> Path:
    """Return the table of evenings that the other contestants join."""
    import numpy as np
    import pandas as pd

    from equity.daylight._codes import _evenings
    from equity.daylight._places import several_places

    path = folder / "evenings.parquet"
    where: dict[str, Any] = {
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "timezone": TIMEZONE,
    }
    first = np.datetime64("2010-01-01")
    parts = []
    for name, place in several_places(AGENCIES, **where, column="agency").items():
        part = pd.DataFrame(_evenings(first, 3652, place)[:, :4])
        part.columns = ["sunset", "dusk", "earliest", "latest"]
        parts.append(part.assign(agency=name, date=first + np.arange(3652)))
    table = pd.concat(parts, ignore_index=True)
    table["date"] = table["date"].dt.date
    table.to_parquet(path)
    return path


def reading(task: str, path: str, _: str) -> Any:
    """Read the columns, and do nothing with them: nobody can be quicker."""
    import pyarrow.parquet as pq

    columns = READ[task]
    file = pq.ParquetFile(path, read_dictionary=[c for c in columns if c in TEXTS])
    groups = range(file.metadata.num_row_groups)
    return sum(file.read_row_group(g, columns=columns).num_rows for g in groups), 0


def ours(task: str, path: str, _: str) -> Any:
    import equity as eq

    if task == "ten tables":
        made = eq.count_all(path, TEN)
        return len(made), int(made["rates"].table["n"].sum())
    if task == "rates":
        counts = eq.count(path, by=RATES, of=FLAGS)
    else:
        lit = eq.add_daylight(
            eq.Cohort(path),
            latitude=LATITUDE,
            longitude=LONGITUDE,
            timezone=TIMEZONE,
            place="agency",
        )
        known = ~eq.col("is_dark").is_null()
        counts = eq.count(lit.keep(known, because="dark or light"), by=DAYLIGHT)
    return len(counts.table), int(counts.table["n"].sum())


def duckdb(task: str, path: str, sun: str) -> Any:
    import duckdb

    asked = duckdb.connect()
    asked.execute("SET enable_progress_bar = false")
    asked.execute(f"CREATE VIEW stops AS FROM read_parquet('{path}')")
    asked.execute(f"CREATE TEMP TABLE evenings AS FROM read_parquet('{sun}')")
    found = asked.sql(QUERIES[task]).to_arrow_table()
    return found.num_rows, found["n"].to_numpy().sum()


def polars(task: str, path: str, sun: str) -> Any:
    import polars as pl

    rows = pl.scan_parquet(path)
    if task == "rates":
        keys = [pl.col("date").dt.year().alias("y"), *(c for c in RATES if c != "year"), *FLAGS]
    else:
        second = pl.col("second_of_day")
        rows = rows.join(pl.scan_parquet(sun), on=["date", "agency"]).filter(
            second.is_between("earliest", "latest"),
            (second >= pl.col("dusk")) | (second < pl.col("sunset")),
        )
        dark = (second >= pl.col("dusk")).alias("dark")
        keys = ["date", "agency", (second // 300).alias("bin"), dark]
    found = rows.group_by(keys).agg(n=pl.len()).collect(engine="streaming")
    return len(found), found["n"].sum()


def pandas(task: str, path: str, sun: str) -> Any:
    """Read everything and group it, as one does who does not think of speed."""
    import pandas as pd

    rows = pd.read_parquet(path)
    rows["date"] = pd.to_datetime(rows["date"])
    if task == "rates":
        keys = [rows["date"].dt.year.rename("y"), *(c for c in RATES if c != "year"), *FLAGS]
    else:
        known = pd.read_parquet(sun)
        known["date"] = pd.to_datetime(known["date"])
        rows = rows.merge(known, on=["date", "agency"]).query(
            WINDOW.replace(
                "BETWEEN earliest AND latest", ">= earliest and second_of_day <= latest"
            )
            .replace("AND", "and")
            .replace("OR", "or")
        )
        keys = ["date", "agency", (rows["second_of_day"] // 300).rename("bin")]
        keys.append((rows["second_of_day"] >= rows["dusk"]).rename("dark"))
    found = rows.groupby(keys, dropna=False).size()
    return len(found), found.sum()


CONTESTANTS: dict[str, Callable[[str, str, str], Any]] = {
    "reading only": reading,
    "ours": ours,
    "DuckDB": duckdb,
    "Polars": polars,
    "pandas": pandas,
}
MOST = {"pandas": 10_000_000}
"""Beyond so many rows a contestant has no chance on a laptop."""


def one(name: str, task: str, path: str, sun: str, times: int) -> None:
    """Run one contestant in this process; print its seconds, its memory and what it found."""
    walls, cpus = [], []
    found: Any = None
    for _ in range(times):
        wall, used = time.perf_counter(), _used()
        found = CONTESTANTS[name](task, path, sun)
        walls.append(time.perf_counter() - wall)
        cpus.append(_used() - used)
    told = {"first": walls[0], "wall": min(walls), "cpu": min(cpus), "memory": _memory()}
    print(json.dumps(told | {"cells": int(found[0]), "n": int(found[1])}))


def _used() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def _memory() -> float:
    """Return the most memory held by this process, in MB; of a fork, not that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    """Measure, and print one table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    options.add_argument("--folder", type=Path, required=True, help="where the files are drawn")
    options.add_argument("--tasks", nargs="+", default=[*READ], choices=[*READ])
    options.add_argument("--times", type=int, default=3)
    options.add_argument("--one", help=argparse.SUPPRESS)
    options.add_argument("--file", help=argparse.SUPPRESS)
    given = options.parse_args()
    sun = str(given.folder / "evenings.parquet")
    if given.one:
        one(given.one, given.tasks[0], given.file, sun, given.times)
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    evenings(given.folder)
    packages = ("duckdb", "polars", "pandas", "pyarrow", "numpy")
    versions = ", ".join(f"{p} {version(p)}" for p in packages)
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors")
    print(f"{versions}\n")
    print("| rows | task | who | wall s | CPU s | x reading (CPU) | MB | first s | cells |")
    print("|---|---|---|---|---|---|---|---|---|")
    for rows in given.rows:
        path = stops(given.folder, rows)
        for task in given.tasks:
            compare(path, rows, task, given.times)


def compare(path: Path, rows: int, task: str, times: int) -> None:
    """Run all contestants of a task, and print a line of each."""
    base, cells = 0.0, {}
    for name in CONTESTANTS:
        if rows > MOST.get(name, rows) or (task == "ten tables" and name not in _OF_TEN):
            continue
        command = [sys.executable, __file__, "--one", name, "--tasks", task, "--file", str(path)]
        command += ["--folder", str(path.parent), "--times", str(times)]
        told = json.loads(subprocess.check_output(command, text=True).splitlines()[-1])
        base = base or told["cpu"]
        print(
            f"| {rows:,} | {task} | {name} | {told['wall']:.2f} | {told['cpu']:.2f} | "
            f"{told['cpu'] / base:.1f} | {told['memory']:.0f} | {told['first']:.2f} | "
            f"{told['cells']:,} |",
            flush=True,
        )
        if name != "reading only":
            cells[name] = told["n"]
    if len(set(cells.values())) > 1:
        sys.exit(f"The contestants do not agree: {cells}")


_OF_TEN = ("reading only", "ours")


if __name__ == "__main__":
    main()
