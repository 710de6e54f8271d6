"""Finds snapshots of a roster that hold the same records, in whatever order."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from data_checks.report import WARN, RuleResult
from data_checks.sql import q
from data_checks.suite import Suite

__all__ = ["copy_result"]

FEWEST = 20
"""Snapshots of fewer people may well be alike."""
_APART = ("check_", "raw_", "source_")


def copy_result(con: duckdb.DuckDBPyConnection, suite: Suite) -> RuleResult:
    """Return the rule that no two snapshots hold the same records.

    Offices deliver one export twice under two dates. Two snapshots are alike if, without their
    dates, they hold the same rows as often, compared by a hash of 64 bits summed over the rows.
    """
    told = [c for c in ("date", "year") if suite.has(c)]
    when = [*told, "source_file"]
    cells = [
        c
        for c, kind in suite.types.items()
        if c not in when and not c.startswith(_APART) and kind != "raw"
    ]
    result = RuleResult(
        suite.id("snapshot:copy"),
        "No two snapshots hold the same records, in whatever order.",
        WARN,
        "nothing to test",
        0,
        0,
        columns=tuple(told) or ("source_file",),
        unit="snapshots",
        do="Ask for the file again: one of the two dates has the export of the other. Until then "
        "leave one of them out, because between them nothing seems to have changed.",
    )
    if not cells:
        return replace(result, because="the file has no columns to compare")
    row = ", ".join(f"coalesce(CAST({q(c)} AS VARCHAR), '')" for c in cells)
    keys = ", ".join(map(q, when))
    found = con.execute(
        f"SELECT {keys}, count(*) AS n, sum(hash({row})) AS total, bit_xor(hash({row})) AS mix "
        f"FROM checked GROUP BY {keys} HAVING count(*) >= {FEWEST} ORDER BY {keys}"
    ).fetchall()
    if len(found) < 2:
        return replace(result, because="there is one snapshot only")
    first: dict[tuple, tuple] = {}
    same = []
    for *key, n, total, mix in found:
        earlier = first.setdefault((n, total, mix), tuple(key))
        if earlier != tuple(key):
            same.append(f"{_name(key, told)} is {_name(earlier, told)} again")
    return replace(
        result,
        outcome="failed" if same else "passed",
        tested=len(found),
        bad=len(same),
        share=len(same) / len(found),
        examples=tuple(same[:3]),
    )


def _name(key: tuple | list, told: list[str]) -> str:
    *when, file = key
    return str(when[0])[:10] if told and when[0] is not None else str(file)
