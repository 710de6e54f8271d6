"""What a load holds, in small numbers: by month and group, and the values of its categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from data_checks.shown import about_somebody_sql
from data_checks.sql import literal, q
from data_checks.suite import Suite
from equity.tables import PIPELINES

__all__ = ["FORMAT", "UNKNOWN", "add_cells", "facts_of", "flags_of", "pairs", "thing", "unit_of"]

FORMAT = 1
"""The form of the facts: those of another form are not compared."""

UNKNOWN = "not known"
"""The group of the rows that tell none."""

UNDATED = "1900-01-01"
"""The one period of a file that tells none."""

MOST_VALUES = 200
"""A column with more values is no list of categories."""

NAMED = 0.5
"""Of a column of which this share of the values look like names, no value is kept or shown."""

FREE = ("source_file", "title", "posting")
"""Categories of which every load holds new ones."""


def thing(suite: Suite) -> str:
    """Return what the rows of a table are counted as."""
    return "stops" if suite.table.name == "stops" else "people"


def add_cells(suite: Suite) -> None:
    """Make the tables `facts_cells` and `facts_values`, in one scan, where something reads them.

    facts_cells : period (month, or year: first day), group, n, and for each flag `yes_0`,
        `known_0` ... A row with a weight counts as often; totals by sex count nothing.
    facts_values : name of a category column, value, n (rows); none that may be about a person.
    """
    asked = any(suite.context.get(key) for key in ("facts", "last", "others"))
    if not asked or "facts_cells" in suite.tables:
        return
    race = suite.group
    weight = "coalesce(weight, 1)" if suite.has("weight") else "1"
    if suite.has("margin"):
        weight = f"CASE WHEN margin = 'sex' THEN 0 ELSE {weight} END"
    period = f"DATE '{UNDATED}'"
    if suite.has(suite.day):
        part = unit_of(suite).removesuffix("s")
        period = f"CAST(date_trunc('{part}', {suite.day}) AS DATE)"
    elif suite.has("year"):
        period = "make_date(year, 1, 1)"
    flags, told = flags_of(suite), _categories(suite)
    group = f"coalesce({q(race)}, '{UNKNOWN}')" if suite.has(race) else f"'{UNKNOWN}'"
    inner = [f"{period} AS period", f'{group} AS "group"', f"{weight} AS n"]
    inner += [f"{q(f)} AS flag_{i}" for i, f in enumerate(flags)]
    inner += [f"{q(c)} AS told_{i}" for i, c in enumerate(told)]
    sums = ["count(*) AS rows", "CAST(sum(n) AS BIGINT) AS n"]
    for i in range(len(flags)):
        for name, only in (("yes", f"flag_{i}"), ("known", f"flag_{i} IS NOT NULL")):
            sums.append(f"CAST(coalesce(sum(n) FILTER (WHERE {only}), 0) AS BIGINT) {name}_{i}")
    keys = [f"told_{i}" for i in range(len(told))]
    sets = ", ".join(['(period, "group")', *(f"({k})" for k in keys)])
    shown = ", ".join(['period, "group"', *keys, *sums])
    part = "CASE " + " ".join(f"WHEN GROUPING({k}) = 0 THEN {i}" for i, k in enumerate(keys))
    part = f"{part} ELSE -1 END" if keys else "-1"
    suite.tables["facts_parts"] = (
        f"SELECT {part} AS part, {shown} FROM (SELECT {', '.join(inner)} FROM checked "
        f"WHERE NOT check_set_aside) GROUP BY GROUPING SETS ({sets})"
    )
    numbers = ", ".join(["n", *pairs(flags)])
    suite.tables["facts_cells"] = (
        f'SELECT period, "group", {numbers} FROM facts_parts '
        "WHERE part = -1 AND period IS NOT NULL"
    )
    values = " UNION ALL ".join(
        f"SELECT {literal(c)} AS name, told_{i} AS value, rows AS n FROM facts_parts "
        f"WHERE part = {i} AND told_{i} IS NOT NULL" for i, c in enumerate(told)
    )  # fmt: skip
    suite.tables["facts_values"] = (
        f"SELECT name, value, n FROM (SELECT *, {about_somebody_sql('value')} AS named FROM "
        f"({values or 'SELECT NULL AS name, NULL::VARCHAR AS value, 0 AS n WHERE FALSE'})) "
        f"QUALIFY NOT named AND avg(CAST(named AS INTEGER)) OVER (PARTITION BY name) < {NAMED} "
        f"AND row_number() OVER (PARTITION BY name ORDER BY n DESC) <= {5 * MOST_VALUES}"
    )


def facts_of(con: duckdb.DuckDBPyConnection, suite: Suite) -> dict[str, Any]:
    """Return what the rows that may be used hold, as plain values; nothing of a single person.

    unit (months or years; empty if the file tells none), scheme, flags, cells (period, group,
    number, then yes and known of each flag), categories: column -> value -> rows, or None where
    there are more than 200; hours: rows of each hour of the day, empty without times.
    """
    flags = flags_of(suite)
    numbers = ", ".join(["n", *pairs(flags)])
    cells = con.execute(
        f'SELECT CAST(period AS VARCHAR), "group", {numbers} FROM facts_cells ORDER BY ALL'
    ).fetchall()
    found: dict[str, dict[str, int]] = {c: {} for c in _categories(suite)}
    for name, value, n in con.execute("SELECT * FROM facts_values ORDER BY ALL").fetchall():
        found[name][value] = n
    hours: dict[int, int] = {}
    if suite.has("second_of_day"):
        hours = dict(con.execute(
            "SELECT hour, CAST(sum(n) AS BIGINT) FROM check_cells WHERE hour IS NOT NULL "
            "GROUP BY hour"
        ).fetchall())  # fmt: skip
    return {
        "format": FORMAT,
        "hours": [hours.get(h, 0) for h in range(24)] if hours else [],
        "unit": unit_of(suite),
        "scheme": suite.context.get("scheme"),
        "flags": list(flags),
        "cells": [list(row) for row in cells],
        "categories": {c: v if len(v) <= MOST_VALUES else None for c, v in found.items()},
    }


def unit_of(suite: Suite) -> str:
    """Return what a file's time is told in: months, years, or nothing."""
    if not suite.has(suite.day):
        return "years" if suite.has("year") else ""
    return "months" if suite.table.name in ("stops", "workforce") else "years"


def flags_of(suite: Suite) -> tuple[str, ...]:
    """Return the flags of which the share of yes is followed."""
    if suite.table.name in PIPELINES:
        told = tuple(suite.context.get("stages") or ())
    else:
        told = {"stops": ("search_conducted",), "workforce": ("sworn",)}.get(suite.table.name, ())
    return tuple(f for f in told if suite.has(f))


def pairs(flags: Sequence[str]) -> list[str]:
    """Return the columns of these flags: yes_0, known_0, yes_1 ..."""
    return [f"{word}_{i}" for i in range(len(flags)) for word in ("yes", "known")]


def _categories(suite: Suite) -> tuple[str, ...]:
    kept = (c for c in suite.table.columns if c.kind == "category" and not c.personal)
    return tuple(c.name for c in kept if c.name not in FREE and suite.has(c.name))
