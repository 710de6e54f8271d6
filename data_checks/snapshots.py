"""Finds snapshots of a roster that hold the same records, in whatever order."""

from __future__ import annotations

import duckdb

from data_checks.report import WARN
from data_checks.sql import cells, q
from data_checks.suite import Suite

__all__ = ["copy_rule"]

FEWEST = 20
"""Snapshots of fewer people may well be alike."""
_APART = ("check_", "raw_", "source_")


def copy_rule(con: duckdb.DuckDBPyConnection, suite: Suite) -> None:
    """Add the rule that no two snapshots hold the same records.

    Offices deliver one export twice under two dates. Two snapshots are alike if, without their
    dates, they hold the same rows as often, compared by a hash of 64 bits summed over the rows.
    """
    told = [c for c in ("date", "year") if suite.has(c)]
    when = [*told, "source_file"]
    compared = [
        c
        for c, kind in suite.types.items()
        if c not in when and not c.startswith(_APART) and kind != "raw"
    ]
    found = []
    if compared:
        row = cells(compared)
        keys = ", ".join(map(q, when))
        found = con.execute(
            f"SELECT {keys}, count(*) AS n, sum(hash({row})) AS total, bit_xor(hash({row})) "
            f"AS mix FROM checked GROUP BY {keys} HAVING count(*) >= {FEWEST} ORDER BY {keys}"
        ).fetchall()
    first: dict[tuple, tuple] = {}
    alike: list[tuple[str, float]] = []
    for *key, n, total, mix in found:
        earlier = first.setdefault((n, total, mix), tuple(key))
        again = earlier != tuple(key)
        words = f" is {_name(earlier, told)} again" if again else ""
        alike.append((_name(key, told) + words, int(again)))
    suite.facts(
        "snapshot:copy",
        alike if len(found) > 1 else [],
        None,
        0,
        says="No two lists hold the same records, in whatever order.",
        reason="two lists hold the same records",
        severity=WARN,
        columns=tuple(told) or ("source_file",),
        unit="lists",
        because="there is one list only" if compared else "the file has no columns to compare",
        do="Ask for the file again: one of the two dates has the export of the other. Until then "
        "leave one of them out, because between them nothing seems to have changed.",
    )


def _name(key: tuple | list, told: list[str]) -> str:
    *when, file = key
    return str(when[0])[:10] if told and when[0] is not None else str(file)
