"""What is told of the delivered file: its empty and personal columns, its copies, its dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from data_checks.delivered import copy_rules
from data_checks.personal import personal_rule
from data_checks.report import WARN
from data_checks.sql import literal, parquet, q
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
    added = ("source_file", "source_row", "source_sheet", "not_a_record")
    personal_rule(con, suite, raw, [c for c in raw_columns if c not in added])
    copy_rules(con, suite, raw, raw_columns)
    if "sheets" in suite.keys:
        _sheets(suite)
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
    filled: dict[str, int] = {}
    if raw is not None and names and seen.rows:
        filled = dict.fromkeys(names, 1)
        blank = ", ".join(f"'{word}'" for word in BLANK)
        sure = _surely_filled(con, raw, blank)
        doubtful = [c for c in names if c not in sure]
        chosen = [f"count_if(trim(CAST({q(c)} AS VARCHAR)) NOT IN ({blank}))" for c in doubtful]
        if chosen:
            found = con.execute(f"SELECT {', '.join(chosen)} FROM {parquet(raw)}").fetchone() or ()
            filled |= dict(zip(doubtful, found, strict=False))
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
        reason="a column of the delivered file is blank in every row",
        severity=WARN,
        columns=tuple(empty[:MOST_NAMED]),
        unit="columns",
        because="there are no delivered rows to look at",
        do=f"Without any value: {named}{more}.{lost} Ask whether the agency does not record this, "
        "or the export has lost it.",
    )


def _surely_filled(con: duckdb.DuckDBPyConnection, raw: Path, blank: str) -> set[str]:
    """Return the columns whose lowest or highest value in some part of the file is not blank.

    The file says both of each part, so that no row is read; few columns are left to be read.
    """
    lowest, highest = (
        f"coalesce(trim(stats_{end}_value) NOT IN ({blank}), FALSE)" for end in ("min", "max")
    )
    found = con.execute(
        f"SELECT DISTINCT path_in_schema FROM parquet_metadata({literal(str(raw))}) "
        f"WHERE {lowest} OR {highest}"
    ).fetchall()
    return {name for (name,) in found}


def _sheets(suite: Suite) -> None:
    left_out = suite.context.get("unread_sheets") or {}
    suite.facts(
        "sheets",
        [
            (f"sheet “{name}” of {book} was not read" if name else book, int(bool(name)))
            for book, names in left_out.items()
            for name in names or ("",)
        ],
        None,
        0,
        says="No sheet of a workbook was left out unasked. Without a word in equity.toml only the "
        "first sheet is read.",
        severity=WARN,
        columns=("every column",),
        unit="sheets",
        because="there is no workbook, or equity.toml says which sheets are read",
        do='To read every sheet, write sheet = "*" in the section of the table in equity.toml. If '
        "the others hold notes only, name the sheet that is meant.",
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
        reason="the stops have a year and no date",
        severity=WARN,
        columns=("date",),
        unit="files",
        because=f"the file has {'dates' if there else 'no column date'}",
        do="Ask for the dates and times of the stops. With years alone nothing can be shown by "
        "month, hour or daylight, and the rules on dates have nothing to test.",
    )
