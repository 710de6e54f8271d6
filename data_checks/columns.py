"""What is told of the columns of a file of stops: those without any value, and years for dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from data_checks.report import WARN, RuleResult
from data_checks.sql import parquet, q
from data_checks.structure import Profile
from data_checks.suite import Suite

__all__ = ["MOST_NAMED", "column_results"]

MOST_NAMED = 12
"""So many columns without a value are named."""

OWN = re.compile(r"source_(file|row|sheet)|not_a_record|column \d+( \(\d+\))?")
"""Columns that reading adds, or names."""

BLANK = ("", "NA", "N/A", "NULL")


def column_results(
    con: duckdb.DuckDBPyConnection,
    suite: Suite,
    seen: Profile,
    *,
    raw: Path | None,
    raw_columns: Sequence[str],
) -> list[RuleResult]:
    """Return the rules that every column holds a value, and that the file has dates."""
    return [_empty(con, suite, seen, raw, raw_columns), _dated(suite, seen)]


def _empty(
    con: duckdb.DuckDBPyConnection,
    suite: Suite,
    seen: Profile,
    raw: Path | None,
    raw_columns: Sequence[str],
) -> RuleResult:
    says = "Every column of the delivered file holds a value in at least one row."
    names = [c for c in raw_columns if not OWN.fullmatch(c)]
    if raw is None or not names or not seen.rows:
        return RuleResult(
            suite.id("empty columns"), says, WARN, "nothing to test", 0, 0, unit="columns",
            because="there are no delivered rows to look at",
        )  # fmt: skip
    blank = ", ".join(f"'{word}'" for word in BLANK)
    chosen = [f"count_if(trim(CAST({q(c)} AS VARCHAR)) NOT IN ({blank}))" for c in names]
    found = con.execute(f"SELECT {', '.join(chosen)} FROM {parquet(raw)}").fetchone() or ()
    empty = [c for c, n in zip(names, found, strict=True) if not n]
    ours = [c.name for c in suite.table.columns if seen.columns.get(c.name) == "NULL"]
    named = ", ".join(f"“{c}”" for c in empty[:MOST_NAMED])
    more = f" and {len(empty) - MOST_NAMED} more" if len(empty) > MOST_NAMED else ""
    lost = f" So nothing is known of: {', '.join(ours)}." if ours else ""
    return RuleResult(
        suite.id("empty columns"),
        says,
        WARN,
        "failed" if empty else "passed",
        len(names),
        len(empty),
        len(empty) / len(names),
        examples=tuple(empty[:3]),
        columns=tuple(empty[:MOST_NAMED]),
        unit="columns",
        do=f"Without any value: {named}{more}.{lost} Ask whether the agency does not record this, "
        "or the export has lost it.",
    )  # fmt: skip


def _dated(suite: Suite, seen: Profile) -> RuleResult:
    years_alone = "year" in seen.columns and "date" not in seen.columns and seen.rows > 0
    there = "date" in seen.columns
    return RuleResult(
        suite.id("date:whole"),
        "Every stop has a date, not its year alone.",
        WARN,
        "failed" if years_alone else "nothing to test",
        seen.rows if years_alone else 0,
        seen.rows if years_alone else 0,
        1.0 if years_alone else None,
        columns=("date",),
        because="" if years_alone else f"the file has {'dates' if there else 'no column date'}",
        do="Ask for the dates and times of the stops. With years alone nothing can be shown by "
        "month, hour or daylight, and the rules on dates have nothing to test.",
    )
