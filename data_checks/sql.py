"""The same rules as SQL: counts them, says which rows break them, and splits the file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from data_checks.shown import may_quote
from data_checks.suite import Rank, Rule, Suite, text

__all__ = [
    "bad_sql",
    "cells",
    "condition_sql",
    "counts",
    "digits",
    "found",
    "literal",
    "parquet",
    "prepare",
    "q",
    "summarize",
    "tested_sql",
    "traced",
]

DUCKDB_TYPES = {
    "flag": "BOOLEAN", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE",
}  # fmt: skip


def traced(raw: Path | None, *columns: Collection[str]) -> bool:
    """Whether there are delivered rows, and each of these sets of columns says which row it is."""
    return raw is not None and all({"source_file", "source_row"} <= {*c} for c in columns)


def cells(names: Sequence[str]) -> str:
    """Return columns as SQL in which a missing value is like a blank one, to be hashed."""
    return ", ".join(f"coalesce(CAST({q(c)} AS VARCHAR), '')" for c in names)


def digits(number: str) -> str:
    """Return SQL that writes a number as a person reads it: 1,204."""
    return f"format('{{:,}}', CAST(round({number}) AS BIGINT))"


LOOKED_AT = 200
"""So many of the values that break a rule are looked through for three that differ."""
ROWS_NAMED = 10
LONGEST = 90


def q(name: str) -> str:
    """Return a quoted column name."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """Return a value as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime | date):
        return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S}'"
    return text(str(value))


def parquet(path: Path) -> str:
    """Return the rows of a Parquet file, numbered, as SQL."""
    # DuckDB else takes it from the file's statistics that no number is NaN, and they do not tell;
    # and it adds a column for each folder above that is called such as `year=2024`.
    return (
        f"read_parquet({literal(str(path))}, file_row_number=true, can_have_nan=true, "
        "hive_partitioning=false)"
    )


def condition_sql(condition: Any) -> str:
    """Return a Great Expectations row condition as SQL that is never NULL."""
    from great_expectations.expectations import row_conditions as rc

    if condition is None:
        return "TRUE"
    if isinstance(condition, rc.AndCondition | rc.OrCondition):
        word = " AND " if isinstance(condition, rc.AndCondition) else " OR "
        return "(" + word.join(condition_sql(c) for c in condition.conditions) + ")"
    if isinstance(condition, rc.NullityCondition):
        return f"({q(condition.column.name)} IS {'' if condition.is_null else 'NOT '}NULL)"
    if isinstance(condition, rc.ComparisonCondition):
        sign = str(getattr(condition.operator, "value", condition.operator))
        known = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
        if sign in known:
            compare = f"{q(condition.column.name)} {known[sign]} {literal(condition.parameter)}"
            return f"coalesce({compare}, FALSE)"
    raise TypeError(f"{type(condition).__name__} has no translation to SQL; add one to sql.py.")


def tested_sql(expectation: Any) -> str:
    """Return SQL that is TRUE for a row whose value the Expectation judges."""
    kind = type(expectation).__name__
    when = condition_sql(getattr(expectation, "row_condition", None))
    if kind in ("ExpectColumnValuesToNotBeNull", "ExpectColumnValuesToBeNull"):
        return when
    if kind == "ExpectColumnPairValuesAToBeGreaterThanB":
        a, b = q(expectation.column_A), q(expectation.column_B)
        return f"({when} AND {a} IS NOT NULL AND {b} IS NOT NULL)"
    return f"({when} AND {q(expectation.column)} IS NOT NULL)"


def bad_sql(expectation: Any) -> str:
    """Return SQL that is TRUE, never NULL, for a row that breaks the Expectation."""
    kind = type(expectation).__name__
    if kind == "ExpectColumnPairValuesAToBeGreaterThanB":
        sign = "<" if expectation.or_equal else "<="
        bad = f"{q(expectation.column_A)} {sign} {q(expectation.column_B)}"
    else:
        column = q(expectation.column)
        if kind == "ExpectColumnValuesToNotBeNull":
            bad = f"{column} IS NULL"
        elif kind == "ExpectColumnValuesToBeNull":
            bad = f"{column} IS NOT NULL"
        elif kind == "ExpectColumnValuesToBeInSet":
            bad = f"{column} NOT IN ({', '.join(map(literal, expectation.value_set))})"
        elif kind == "ExpectColumnValuesToBeBetween":
            low, high = expectation.min_value, expectation.max_value
            parts = [f"{column} < {literal(low)}"] if low is not None else []
            parts += [f"{column} > {literal(high)}"] if high is not None else []
            bad = " OR ".join(parts) or "FALSE"
        else:
            raise TypeError(f"{kind} has no translation to SQL; add one to sql.py.")
    return f"({tested_sql(expectation)} AND coalesce({bad}, FALSE))"


def prepare(
    con: duckdb.DuckDBPyConnection,
    suite: Suite,
    *,
    data: Path,
    columns: Mapping[str, str],
    raw: Path | None,
    raw_columns: Sequence[str],
) -> None:
    """Make the view `checked`: one row for each row of the file, typed, with helper columns.

    `columns` are the file's columns -> DuckDB type; `suite.types` those that are used -> kind.
    """
    chosen = [f"file_row_number AS check_row, {_value('source_file', columns)} AS source_file"]
    chosen.append(f"{_value('source_row', columns)} AS source_row")
    for name, kind in suite.types.items():
        if name not in ("source_file", "source_row"):
            chosen.append(f"{_typed(name, kind, columns[name])} AS {q(name)}")
    con.execute(f"CREATE VIEW base AS SELECT {', '.join(chosen)} FROM {parquet(data)}")
    more, joins = ["base.*"], ""
    for rank in suite.ranks:
        if rank.keys is not None:
            _alike(con, rank.name, f"SELECT hash({_row(rank.keys)}) AS h FROM base")
    for rank in suite.ranks:
        _rank(con, rank, suite.ranks, data, columns, raw, raw_columns)
        table = f"copies_{rank.name}"
        more.append(
            f"CASE WHEN {_eligible(rank)} THEN coalesce({table}.number, 1) END AS {rank.name}"
        )
        more.append(f"{table}.first AS {rank.name}_first")
        joins += f" LEFT JOIN {table} ON {table}.check_row = base.check_row"
    more += [f"{sql} AS {q(name)}" for name, sql in suite.helpers.items()]
    for name, sql in suite.marks.items():
        con.execute(f"CREATE TABLE rows_{name} AS SELECT check_row FROM base WHERE {sql}")
        more.append(f"base.check_row IN (SELECT check_row FROM rows_{name}) AS {name}")
    con.execute("CREATE TABLE aside (check_row BIGINT, reasons VARCHAR)")  # filled by split.py
    record = "base.not_a_record IS NULL" if "not_a_record" in suite.types else "TRUE"
    more.append(
        f"CASE WHEN {record} THEN base.check_row IN (SELECT check_row FROM aside) END "
        "AS check_set_aside"
    )
    con.execute(f"CREATE VIEW checked AS SELECT {', '.join(more)} FROM base{joins}")


def summarize(con: duckdb.DuckDBPyConnection, suite: Suite) -> None:
    """Make the table `summary`: a column for each rule, a row for each thing it looks at."""
    for name, query in suite.tables.items():
        con.execute(f"CREATE TABLE {q(name)} AS {query}")
    parts = ["SELECT NULL::VARCHAR AS name WHERE FALSE"] + [
        f"SELECT CAST(name AS VARCHAR) AS name, CAST(value AS DOUBLE) AS {q(rule)} FROM ({query})"
        for rule, query in suite.summaries.items()
    ]
    con.execute(f"CREATE TABLE summary AS {' UNION ALL BY NAME '.join(parts)}")


def _value(name: str, columns: Mapping[str, str]) -> str:
    return q(name) if name in columns else "NULL"


def _typed(name: str, kind: str, stored: str) -> str:
    column = q(name)
    if kind == "raw":
        text = f"trim(CAST({column} AS VARCHAR))"
        return f"CASE WHEN {text} IN ('', 'NA') THEN NULL ELSE {text} END"
    if stored.strip('"') == "NULL" or kind == "empty":
        return f"CAST(NULL AS {DUCKDB_TYPES.get(kind, 'VARCHAR')})"
    if kind == "number":  # NaN is how pandas writes a missing number
        number = f"CAST({column} AS DOUBLE)"
        return f"CASE WHEN isnan({number}) THEN NULL ELSE {number} END"
    # what the type has no room for stays impossible, so that the rules on limits find it
    # (of a missing value and a limit, DuckDB's least() gives the limit)
    if kind == "integer" and stored in ("UBIGINT", "HUGEINT"):
        held = f"CAST(greatest(least({column}, {2**63 - 1}), {1 - 2**63}) AS BIGINT)"
        return f"CASE WHEN {column} IS NOT NULL THEN {held} END"
    if kind == "date":
        held = f"least(CAST({column} AS DATE), DATE '9999-12-31')"
        return f"CASE WHEN {column} IS NOT NULL THEN greatest({held}, DATE '0001-01-01') END"
    return f"CAST({column} AS {DUCKDB_TYPES.get(kind, 'VARCHAR')})"


def _row(names: Sequence[str]) -> str:
    return ", ".join(map(q, names))


def _alike(con: duckdb.DuckDBPyConnection, name: str, hashes: str) -> None:
    """Make the table of the hashes that more than one row has."""
    con.execute(f"CREATE TABLE alike_{name} AS {hashes} GROUP BY h HAVING count(*) > 1")


def _eligible(rank: Rank) -> str:
    columns = rank.only_if_any or (rank.keys or ())[:1]
    sql = "(" + " OR ".join(f"base.{q(c)} IS NOT NULL" for c in columns) + ")"
    if rank.unless:
        sql += f" AND base.check_row NOT IN (SELECT check_row FROM copies_{rank.unless})"
    return sql


def _rank(
    con: duckdb.DuckDBPyConnection,
    rank: Rank,
    ranks: Sequence[Rank],
    data: Path,
    columns: Mapping[str, str],
    raw: Path | None,
    raw_columns: Sequence[str],
) -> None:
    """Make the small table of later copies: check_row, number (2, 3 ...), first (where it is).

    Rows are grouped by a hash first, and only the rows whose hash is not alone are compared
    value by value: exact, and in bounded memory for any size of file. Where a key says which rows
    can be alike at all (`within`), only these are looked at.
    """
    own = ("source_file", "source_row", "file_row_number")
    base = f"SELECT * FROM base WHERE {_eligible(rank)}"
    if rank.within:
        key = next(r.keys or () for r in ranks if r.name == rank.within)
        missing = " OR ".join(f"{q(k)} IS NULL" for k in key)
        base += f" AND ({missing} OR hash({_row(key)}) IN (SELECT h FROM alike_{rank.within}))"
    if rank.keys is not None:
        keys = [q(k) for k in rank.keys]
        rows = f"(SELECT check_row, source_file, source_row, {', '.join(keys)} FROM ({base}))"
    elif raw is not None and traced(raw, raw_columns, columns):
        names = [c for c in raw_columns if c not in own]
        keys = [f"k{i}" for i in range(len(names))]
        kept = ", ".join(f"r.{q(c)} AS {k}" for c, k in zip(names, keys, strict=True))
        rows = (
            f"(SELECT b.check_row, b.source_file, b.source_row, {kept} FROM ({base}) b "
            f"JOIN {parquet(raw)} r USING (source_file, source_row))"
        )
    else:
        names = [c for c in columns if c not in own]
        keys = [f"k{i}" for i in range(len(names))]
        kept = ", ".join(f"d.{q(c)} AS {k}" for c, k in zip(names, keys, strict=True))
        rows = (
            f"(SELECT b.check_row, b.source_file, b.source_row, {kept} FROM ({base}) b "
            f"JOIN {parquet(data)} d ON b.check_row = d.file_row_number)"
        )
    key = ", ".join(keys)
    window = f"(PARTITION BY {key} ORDER BY check_row)"
    if rank.keys is None:
        _alike(con, rank.name, f"SELECT hash({key}) AS h FROM {rows}")
    con.execute(
        f"CREATE TABLE copies_{rank.name} AS WITH candidates AS "
        f"(SELECT * FROM {rows} WHERE hash({key}) IN (SELECT h FROM alike_{rank.name})), "
        f"numbered AS (SELECT check_row, source_file, row_number() OVER {window} AS number, "
        f"first_value(source_row) OVER {window} AS first_row, "
        f"first_value(source_file) OVER {window} AS first_file FROM candidates) "
        "SELECT check_row, max(number) AS number, any_value('row ' || first_row || "
        "CASE WHEN first_file IS NOT DISTINCT FROM source_file THEN '' "
        "ELSE ' of ' || first_file END) AS first "
        "FROM numbered WHERE number > 1 GROUP BY check_row"
    )


def counts(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> dict[str, tuple[int, int]]:
    """Return rule id -> (values tested, values that break the rule), in one pass of each table."""
    counted: dict[str, tuple[int, int]] = {}
    for view in dict.fromkeys(r.view for r in rules):
        here = [r for r in rules if r.view == view]
        chosen = ", ".join(
            f"count_if({tested_sql(r.expectation)}), count_if({bad_sql(r.expectation)})"
            for r in here
        )
        found = con.execute(f"SELECT {chosen} FROM {view}").fetchone() or ()
        whole = [int(n or 0) for n in found]  # of no rows the count is NULL
        counted |= {r.id: (whole[2 * i], whole[2 * i + 1]) for i, r in enumerate(here)}
    return counted


def found(
    con: duckdb.DuckDBPyConnection, rules: Mapping[str, Rule]
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return rule id -> (up to three values that break it, where its first ten rows are).

    `rules` are those that some row breaks, by id. All are looked for in one pass.
    """
    shown: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    here = [r for r in rules.values() if r.view == "checked"]
    if here:
        parts = []
        for rule in here:
            bad = bad_sql(rule.expectation)
            value = f"CAST({q(rule.shows)} AS VARCHAR)" if rule.shows else "NULL::VARCHAR"
            # of a row that repeats another: which one that is
            other = value if (rule.shows or "").endswith("_first") else "NULL"
            place = f"{{'r': source_row, 'f': source_file, 'o': {other}}}"
            parts.append(
                f"arg_min({value}, check_row, {LOOKED_AT}) FILTER "
                f"(WHERE {bad} AND {value} IS NOT NULL), "
                f"arg_min({place}, check_row, {ROWS_NAMED}) FILTER (WHERE {bad})"
            )
        several = "SELECT count(DISTINCT source_file) > 1 FROM base"
        files = (con.execute(several).fetchone() or (False,))[0]
        cells = con.execute(f"SELECT {', '.join(parts)} FROM checked").fetchone() or ()
        for i, rule in enumerate(here):
            values, places = cells[2 * i] or [], cells[2 * i + 1] or []
            rows = tuple(
                f"row {p['r']}"
                + (f" of {p['f']}" if files else "")
                + (f" (the other is {p['o']})" if p["o"] else "")
                for p in places
                if p["r"] is not None
            )
            shown[rule.id] = _few(_quotable(rule, values)), rows
    for rule in rules.values():
        if rule.view == "summary":
            names = con.execute(
                f"SELECT name FROM summary WHERE {bad_sql(rule.expectation)} AND name IS NOT NULL "
                "ORDER BY rowid LIMIT 3"
            ).fetchall()
            shown[rule.id] = _few([n for (n,) in names]), ()
    return shown


def _quotable(rule: Rule, values: Sequence[str]) -> list[str]:
    """Leave out what may be about a person; other rows, and why a row is no record, are ours."""
    name = rule.shows or ""
    if name.endswith("_first") or name == "not_a_record":
        return list(values)
    return [v for v in values if may_quote(v, free=name.startswith("raw_"))]


def _few(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        v if len(v) <= LONGEST else v[: LONGEST - 1] + "…" for v in list(dict.fromkeys(values))[:3]
    )
