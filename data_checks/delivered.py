"""Finds rows, and whole files, that were delivered twice and that no key would tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data_checks.report import STOP, WARN
from data_checks.sql import cells, parquet, q, traced
from data_checks.suite import Suite

__all__ = ["copy_rules"]

FEWEST = 20
"""Files of fewer rows, or with fewer rows that differ, may well be alike."""
PART = 0.5
"""A file that holds this share of the rows of another was probably exported over its period."""
ALIKE = 0.05
"""If more than this share of the rows look like another one, the columns do not tell people apart,
and rows that look alike say nothing. In Nashville's rosters of all employees, without numbers, 1
to 3 % do; in Prince George's County's of sworn officers, hired class by class, 9 %."""
NEARLY = 0.8
"""So near comes a quick count of different values, where each row has its own."""
SAMPLE = 1_000_000
"""Of more rows, those are compared whose hash is a multiple of a number, the same in each file."""
MOST_ROWS = 10_000_000
"""Up to so many rows a single file is looked through for rows that are all there twice."""

KEYS = {
    "stops": "stop_id", "workforce": "person_id", "exits": "person_id",
    "applicants": "applicant_id", "promotions": "applicant_id",
}  # fmt: skip


@dataclass(frozen=True)
class _Unit:
    """A file, or a sheet of it: its rows, how many differ, and sums that forget their order."""

    name: str
    n: int
    different: int
    marks: tuple
    times: tuple[int, ...]


def copy_rules(
    con: duckdb.DuckDBPyConnection, suite: Suite, raw: Path | None, raw_columns: Sequence[str]
) -> None:
    """Add the rules on rows that are the same, and on files that are the same in another order."""
    table = suite.table.name
    names = [c for c in raw_columns if c not in ("source_file", "source_row", "not_a_record")]
    counted = suite.has("weight") or bool(suite.context.get("several"))
    sheet = ", source_sheet" if "source_sheet" in raw_columns else ""
    record = "WHERE not_a_record IS NULL" if "not_a_record" in raw_columns else ""
    records = (
        f"{parquet(raw)} {record}"
        if raw is not None and names and traced(raw, raw_columns)
        else ""
    )
    rows = records and (
        f"(SELECT concat_ws(', sheet ', source_file{sheet}) AS f, "
        f"CAST(source_row AS BIGINT) AS r, hash({cells(names)}) AS h FROM {records})"
    )
    # where a key tells records apart, the rule on the key finds the copies
    alone = bool(rows) and not counted and table in KEYS and not suite.has(KEYS[table])
    _rows_alike(con, suite, rows if alone and table != "stops" else "")
    said = ""
    if alone and table != "workforce":  # snapshots.py compares the lists of a roster
        said = _but_for_numbers(con, records, names)
    _files_alike(con, suite, rows, alone, said)


def _but_for_numbers(con: duckdb.DuckDBPyConnection, records: str, names: Sequence[str]) -> str:
    """Say so if the rows are all there twice, but for columns of running numbers."""
    chosen = ", ".join(f"approx_count_distinct({q(c)})" for c in names)
    total, *rough = con.execute(f"SELECT count(*), {chosen} FROM {records}").fetchone() or (0,)
    if not 2 * FEWEST <= total <= MOST_ROWS:
        return ""
    likely = [c for c, n in zip(names, rough, strict=True) if n >= NEARLY * total]
    exact = ", ".join(["0", *(f"count(DISTINCT {q(c)})" for c in likely)])
    _, *counts = con.execute(f"SELECT {exact} FROM {records}").fetchone() or (0,)
    running = [c for c, n in zip(likely, counts, strict=True) if n == total]
    others = [c for c in names if c not in running]
    if not running or not others:
        return ""
    different, times = con.execute(
        "SELECT count(*), list(DISTINCT n) FROM (SELECT count(*) AS n "
        f"FROM {records} GROUP BY hash({cells(others)}))"
    ).fetchone() or (0, [])
    often = math.gcd(*times)
    if often < 2 or different < FEWEST:
        return ""
    what = "columns" if len(running) > 1 else "column"
    return f"but for the {what} {', '.join(running[:3])}, every row is there {often} times"


def _rows_alike(con: duckdb.DuckDBPyConnection, suite: Suite, rows: str) -> None:
    found: list[tuple] = []
    if rows:
        found = con.execute(
            "WITH a AS (SELECT f, r, row_number() OVER w AS k, first_value(r) OVER w AS first "
            f"FROM {rows} WINDOW w AS (PARTITION BY f, h ORDER BY r)) "
            "SELECT f, count(*), count_if(k > 1), arg_min('row ' || r || ' as row ' || first, r) "
            "FILTER (WHERE k > 1) FROM a GROUP BY f ORDER BY f"
        ).fetchall()
    because = "the rows look alike too often to tell" if found else "no row to test it on"
    if not rows:
        because = "another rule finds the copies, or each row stands for several records"
    suite.facts(
        "whole copies",
        [
            (f"{f}: {copies:,} of {n:,} rows, such as {such}" if copies else f,
             copies if copies <= ALIKE * n else None)
            for f, n, copies, such in found
        ],
        None,
        0,
        says="No row is the same as an earlier row of its file in every column.",
        reason="rows are the same as an earlier row in every column",
        severity=WARN,
        columns=("every column",),
        unit="files",
        because=because,
        do="Look at these rows. Without numbers of people nobody can tell two people who look "
        "alike from one who is there twice, so all are counted. Ask for a number for each person.",
    )  # fmt: skip


def _files_alike(
    con: duckdb.DuckDBPyConnection, suite: Suite, rows: str, alone: bool, said: str
) -> None:
    table = suite.table.name
    several, total = False, 0
    if rows and table in KEYS:
        counts = con.execute(f"SELECT f, count(*) FROM {rows} GROUP BY f").fetchall()
        total = sum(n for _, n in counts)
        # snapshots of a roster are alike by nature: snapshots.py compares them
        several = len(counts) > 1 and table != "workforce"
    handled = suite.has(
        *{
            "stops": ("check_copy",),
            "exits": ("person_id", "exit_date"),
            "workforce": ("person_id",),
        }.get(table, ("applicant_id",))
    )
    if table == "stops" and suite.context.get("copies") == "keep":
        handled = False
    alone = alone and not handled and 0 < total <= MOST_ROWS
    told: dict[str, str] = {}
    doubled = False
    if several or alone:
        part = 1 if alone else max(1, total // SAMPLE)
        units = _units(con, rows, part)
        told = dict.fromkeys((u.name for u in units), "")
        if alone:
            for u in units:
                times = math.gcd(*u.times)
                if times > 1 and u.different >= FEWEST:
                    told[u.name], doubled = f"{u.name} holds every row {times} times", True
        if several:
            doubled = _pairs(con, units, told) or doubled
    stop = doubled and not handled
    suite.facts(
        "delivered twice",
        [(words or name, int(bool(words))) for name, words in told.items()]
        + ([(said, 1)] if said else []),
        None,
        0,
        says="No file was delivered twice: none holds the rows of another, in whatever order, nor "
        "half of them or more.",
        reason="a file seems to have been delivered twice",
        severity=STOP if stop else WARN,
        columns=("every column",),
        unit="files",
        because="snapshots are compared by another rule"
        if table == "workforce" and rows
        else "there is one file only",
        do="Take one of the two files out of equity.toml, or ask for the file that was meant: "
        + ("every record would be counted twice." if stop else "look which rows are in both. "
           "Rows that the rules on copies find are counted once."),
    )  # fmt: skip


def _units(con: duckdb.DuckDBPyConnection, rows: str, part: int) -> list[_Unit]:
    """Make the table of rows of each file by hash, and return what is known of each file."""
    con.execute(
        f"CREATE TEMP TABLE delivered AS SELECT f, CASE WHEN h % {part} = 0 THEN h END AS h, "
        f"count(*) AS n, sum(h) AS total, bit_xor(h) AS mix FROM {rows} GROUP BY 1, 2"
    )
    found = con.execute(
        "SELECT f, sum(n), count(h), (sum(n), sum(total), bit_xor(mix)), "
        "list(DISTINCT n) FILTER (WHERE h IS NOT NULL), sum(n) FILTER (WHERE h IS NOT NULL) "
        "FROM delivered GROUP BY f ORDER BY f"
    ).fetchall()
    return [
        _Unit(
            f, int(n), int(different * n / seen) if seen else 0, tuple(marks), tuple(times or ())
        )
        for f, n, different, marks, times, seen in found
    ]


def _pairs(con: duckdb.DuckDBPyConnection, units: Sequence[_Unit], told: dict[str, str]) -> bool:
    """Say of each file which earlier one it repeats; return whether one repeats another whole."""
    first: dict[tuple, str] = {}
    whole = False
    for u in units:
        earlier = first.setdefault(u.marks, u.name)
        if earlier != u.name and u.n >= FEWEST:
            told[u.name], whole = f"{u.name} is {earlier} again", True
    by_name = {u.name: u for u in units}
    shared = con.execute(
        "SELECT a.f, b.f, sum(least(a.n, b.n)), any_value(x.n), any_value(y.n) "
        "FROM delivered a JOIN delivered b ON a.h = b.h AND a.f < b.f "
        "JOIN (SELECT f, sum(n) AS n FROM delivered WHERE h IS NOT NULL GROUP BY f) x "
        "ON x.f = a.f JOIN (SELECT f, sum(n) AS n FROM delivered WHERE h IS NOT NULL GROUP BY f) "
        "y ON y.f = b.f GROUP BY a.f, b.f ORDER BY a.f, b.f"
    ).fetchall()
    for one, other, both, n_one, n_other in shared:
        a, b = by_name[one], by_name[other]
        small = min(a.n, b.n)
        telling = all(u.different >= (1 - ALIKE) * u.n for u in (a, b))
        share = both / min(n_one, n_other)
        if not told[other] and telling and small >= FEWEST and share >= PART:
            smaller = one if a.n <= b.n else other
            told[other] = f"{one} and {other} share {share:.0%} of the rows of {smaller}"
    return whole
