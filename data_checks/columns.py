"""What is told of the columns of a file of stops: those without any value, and years for dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from data_checks.report import WARN
from data_checks.sql import parquet, q
from data_checks.structure import Profile
from data_checks.suite import Suite

__all__ = ["MOST_NAMED", "column_rules"]

MOST_NAMED = 12
"""So many columns without a value are named."""

OWN = re.compile(r"source_(file|row|sheet)|not_a_record|column \d+( \(\d+\))?")
"""Columns that reading adds, or names."""

BLANK = ("", "NA", "N/A", "NULL")


def column_rules(
    con: duckdb.DuckDBPyConnection,
    suite: Suite,
    seen: Profile,
    *,
    raw: Path | None,
    raw_columns: Sequence[str],
) -> None:
    """Put the rules on the columns of the delivered file into the suite."""
    _empty(con, suite, seen, raw, raw_columns)
    if "date:whole" in suite.keys:
        _dated(suite, seen)


def _empty(
    con: duckdb.DuckDBPyConnection,
    suite: Suite,
    seen: Profile,
    raw: Path | None,
    raw_columns: Sequence[str],
) -> None:
    names = [c for c in raw_columns if not OWN.fullmatch(c)]
    found: tuple = ()
    if raw is not None and names and seen.rows:
        blank = ", ".join(f"'{word}'" for word in BLANK)
        chosen = [f"count_if(trim(CAST({q(c)} AS VARCHAR)) NOT IN ({blank}))" for c in names]
        found = con.execute(f"SELECT {', '.join(chosen)} FROM {parquet(raw)}").fetchone() or ()
    filled = dict(zip(names, found, strict=False))
    empty = [c for c, n in filled.items() if not n]
    ours = [c.name for c in suite.table.columns if seen.columns.get(c.name) == "NULL"]
    named = ", ".join(f"“{c}”" for c in empty[:MOST_NAMED])
    more = f" and {len(empty) - MOST_NAMED} more" if len(empty) > MOST_NAMED else ""
    lost = f" So nothing is known of: {', '.join(ours)}." if ours else ""
    suite.facts(
        "empty columns",
        list(filled.items()),
        1,
        None,
        says="Every column of the delivered file holds a value in at least one row.",
        severity=WARN,
        columns=tuple(empty[:MOST_NAMED]),
        unit="columns",
        because="there are no delivered rows to look at",
        do=f"Without any value: {named}{more}.{lost} Ask whether the agency does not record this, "
        "or the export has lost it.",
    )


def _dated(suite: Suite, seen: Profile) -> None:
    years_alone = "year" in seen.columns and "date" not in seen.columns and seen.rows > 0
    there = "date" in seen.columns
    suite.facts(
        "date:whole",
        [("years alone", 0)] if years_alone else [],
        1,
        None,
        says="Every stop has a date, not its year alone.",
        severity=WARN,
        columns=("date",),
        unit="files",
        because=f"the file has {'dates' if there else 'no column date'}",
        do="Ask for the dates and times of the stops. With years alone nothing can be shown by "
        "month, hour or daylight, and the rules on dates have nothing to test.",
    )
