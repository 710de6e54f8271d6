"""Sets the rows that break a rule aside, with their reasons; what is left is written for use."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from data_checks.sql import bad_sql, literal, parquet, q, traced
from data_checks.suite import Rule

__all__ = ["FORMULA", "no_records", "set_aside", "write_good", "write_quarantine"]

FORMULA = "[\\s\u00a0\ufeff']*[=+@\uff1d\uff0b\uff0d\uff20-]|'*[\\t\\r\\n]"
"""What a cell begins with that a spreadsheet would run when it opens a CSV file (OWASP, "CSV
Injection"): such a cell is written with an apostrophe before it, which makes it text."""
BOM = "\ufeff"  # so that Excel reads the file as UTF-8


def set_aside(
    con: duckdb.DuckDBPyConnection, rules: Sequence[Rule], kinds: Mapping[str, str]
) -> int:
    """Fill the table `aside` (check_row, reasons) and return how many rows it holds.

    `rules` are those that set rows aside and that some row breaks.
    """
    if not rules:
        return 0
    bad = {r.id: bad_sql(r.expectation) for r in rules}
    reasons = []
    for rule in rules:
        when = bad[rule.id]
        if rule.unless in bad:
            when += f" AND NOT {bad[rule.unless]}"
        reasons.append(f"CASE WHEN {when} THEN {_reason(rule, kinds)} END")
    con.execute(
        "INSERT INTO aside "
        f"SELECT check_row, concat_ws('; ', {', '.join(reasons)}) AS reasons "
        f"FROM checked WHERE {' OR '.join(bad.values())}"
    )
    found = con.execute("SELECT count(*) FROM aside").fetchone() or (0,)
    return int(found[0])


def no_records(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> int:
    """Return how many of the rows set aside need nothing done: totals, headings and notes."""
    bad = [bad_sql(r.expectation) for r in rules if r.expected]
    if not bad:
        return 0
    found = con.execute(f"SELECT count(*) FROM checked WHERE {' OR '.join(bad)}").fetchone()
    return int((found or (0,))[0])


def _reason(rule: Rule, kinds: Mapping[str, str]) -> str:
    if rule.shows is None or rule.shows not in kinds:
        return literal(rule.reason)
    value = f"CAST({q(rule.shows)} AS VARCHAR)"
    return f"{literal(rule.reason)} || coalesce(': ' || {value}, '')"


def write_good(con: duckdb.DuckDBPyConnection, data: Path, good: Path) -> int:
    """Write the rows that are not set aside, as they were, and return how many they are."""
    good.parent.mkdir(parents=True, exist_ok=True)
    part = good.with_name(good.name + ".part")
    found = con.execute("SELECT count(*) FROM aside").fetchone() or (0,)
    if not found[0] and data.resolve() != good.resolve():
        shutil.copyfile(data, part)
        part.replace(good)
        found = con.execute(f"SELECT count(*) FROM {parquet(good)}").fetchone() or (0,)
        return int(found[0])
    found = con.execute(
        f"COPY (SELECT * EXCLUDE (file_row_number) FROM {parquet(data)} "
        "WHERE file_row_number NOT IN (SELECT check_row FROM aside)) "
        f"TO {literal(str(part))} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchone() or (0,)
    part.replace(good)
    return int(found[0])


def write_quarantine(
    con: duckdb.DuckDBPyConnection,
    quarantine: Path,
    *,
    data: Path,
    columns: Sequence[str],
    raw: Path | None,
    raw_columns: Sequence[str],
) -> None:
    """Write the rows set aside: file, row, reasons, then the columns as they were delivered."""
    place = ("source_file", "source_row")
    if raw is not None and traced(raw, raw_columns, columns):
        names = [c for c in raw_columns if c not in place]
        join = (
            f"LEFT JOIN (SELECT * FROM {parquet(raw)} "
            "QUALIFY row_number() OVER (PARTITION BY source_file, source_row) = 1) r "
            "ON r.source_file = base.source_file AND r.source_row = base.source_row"
        )
    else:
        names = [c for c in columns if c not in place]
        join = f"LEFT JOIN {parquet(data)} r ON r.file_row_number = base.check_row"
    cells = "".join(f", {_cell(f'r.{q(c)}')} AS {q(_header(c))}" for c in names)
    quarantine.parent.mkdir(parents=True, exist_ok=True)
    body = quarantine.with_name(quarantine.name + ".body")
    part = quarantine.with_name(quarantine.name + ".part")
    con.execute(
        f"COPY (SELECT {_cell('base.source_file')} AS source_file, base.source_row, "
        f"{_cell('reasons')} AS reasons{cells} "
        f"FROM aside JOIN base USING (check_row) {join} ORDER BY check_row) "
        f"TO {literal(str(body))} (FORMAT csv, HEADER, FORCE_QUOTE *)"
    )
    with body.open("rb") as source, part.open("wb") as target:
        target.write(BOM.encode())
        shutil.copyfileobj(source, target)
    body.unlink()
    part.replace(quarantine)


def _cell(column: str) -> str:
    # So that taking one apostrophe away gives the cell again, a cell that has apostrophes before a
    # formula gets another. Numbers such as -72.7 are left alone.
    words = f"CAST({column} AS VARCHAR)"
    return (
        f"CASE WHEN regexp_matches({words}, {literal(f'^(?:{FORMULA})')}) "
        f"AND TRY_CAST({words} AS DOUBLE) IS NULL THEN '''' || {words} ELSE {words} END"
    )


def _header(name: str) -> str:
    return f"'{name}" if re.match(FORMULA, name) else name
