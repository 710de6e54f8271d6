"""The rules about a file as a whole: its columns, their types, its rows. They need no suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from data_checks.report import STOP, WARN
from data_checks.sql import literal, parquet, q, traced
from data_checks.suite import SET_ASIDE, Suite
from equity.tables import Table

__all__ = [
    "MOST_SET_ASIDE",
    "Profile",
    "columns_of",
    "missing_because",
    "profile",
    "structure_rules",
]

MOST_SET_ASIDE = 0.20
"""When more than this share of the rows would be set aside, a wrong mapping is likelier than bad
rows, and the load stops."""

FEWEST = 20
CERTAIN = 2.0
"""So many standard errors above a fifth: of smaller groups chance alone may set more aside."""
MOST_NO_RECORDS = 0.25
"""A report with a subtotal below every three records has that share."""

STORED = {
    "flag": ("BOOLEAN",),
    "date": ("DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"),
    "integer": (
        "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
        "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    ),
    "text": ("VARCHAR",),
}  # fmt: skip
STORED["number"] = (*STORED["integer"], "DOUBLE", "FLOAT", "DECIMAL")
STORED["category"] = STORED["text"]


@dataclass
class Profile:
    """What is in a file: `columns` -> stored type, `rows`, and what is wrong with the columns."""

    columns: dict[str, str]
    rows: int
    kinds: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    misspelt: dict[str, str] = field(default_factory=dict)
    wrong_type: dict[str, str] = field(default_factory=dict)


def columns_of(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Return the columns of a Parquet file -> stored type; ValueError if it is none."""
    try:
        found = con.execute(
            f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {parquet(path)}"
        ).fetchall()
    except duckdb.Error as error:
        if 'adds column "file_row_number"' in str(error):
            raise ValueError(
                "The file has a column file_row_number, a name that the checks need for "
                "themselves. Rename that column."
            ) from None
        raise ValueError(
            f"{path.name} could not be read as a Parquet file ({type(error).__name__}). "
            "Prepare the file again from the delivered one."
        ) from None
    return {name: str(kind) for name, kind, *_ in found}


def profile(
    con: duckdb.DuckDBPyConnection, data: Path, table: Table, stages: Sequence[str]
) -> Profile:
    """Look at the columns of a file. Names are compared exactly, capitals included."""
    columns = columns_of(con, data)
    declared: dict[str, str] = {c.name: c.kind for c in table.columns}
    declared |= dict.fromkeys(stages, "flag") | {f"{s}_date": "date" for s in stages}
    required = (
        *(c.name for c in table.columns if c.required and c.or_else not in columns),
        *stages,
    )
    names = [
        name
        for (name,) in con.execute(
            f"SELECT name FROM parquet_schema({literal(str(data))}) WHERE num_children IS NULL"
        ).fetchall()
    ]
    lower = {d.lower(): d for d in declared}
    misspelt = {
        name: lower[name.lower()]
        for name in names
        if name not in declared and name.lower() in lower
    }
    there = {c: kind for c, kind in declared.items() if c in columns}
    filled = dict.fromkeys(there, 0)
    chosen = ", ".join(["count(*)", *(f"count({q(c)})" for c in there)])
    found = con.execute(f"SELECT {chosen} FROM {parquet(data)}").fetchone() or (0,)
    filled = dict(zip(there, found[1:], strict=True))
    kinds, wrong = {}, {}
    for name, kind in there.items():
        stored = columns[name].partition("(")[0]
        if stored in STORED[kind] or not filled[name] or stored.startswith("ENUM"):
            # A column without any value may be stored as anything.
            kinds[name] = kind
        else:
            wrong[name] = f"{stored.lower()} instead of {kind}"
    # What cannot be cast because it is of another type is null all through.
    for name in kinds:
        if not filled[name]:
            columns[name] = "NULL"
    for name in columns:
        if name.startswith("raw_") and name[4:] in declared:
            kinds[name] = "raw"
    if "not_a_record" in columns:
        kinds["not_a_record"] = "text"
    return Profile(
        columns=columns,
        rows=int(found[0]),
        kinds=kinds,
        required=required,
        missing=tuple(c for c in required if c not in columns),
        misspelt=misspelt,
        wrong_type=wrong,
    )


def structure_rules(
    con: duckdb.DuckDBPyConnection,
    suite: Suite,
    seen: Profile,
    *,
    raw: Path | None,
    raw_columns: Sequence[str],
) -> None:
    """Put the rules about the file as a whole into the suite."""
    hint = "".join(f" The file has {a!r}, which is not {b!r}." for a, b in seen.misspelt.items())
    whole = "Map the columns of the file in equity.toml, with capitals as they are there."
    suite.facts(
        "columns",
        [(c, int(c in seen.missing)) for c in seen.required],
        None,
        0,
        says=f"The columns that are needed are there: {', '.join(seen.required)}.",
        reason="columns that are needed are missing",
        severity=STOP,
        columns=seen.missing or seen.required,
        unit="columns",
        do=whole + hint,
    )
    suite.facts(
        "names",
        [(c, int(c in seen.misspelt)) for c in {**seen.columns, **seen.misspelt}],
        None,
        0,
        says="No column differs from a known one in capitals only.",
        reason="a column differs from a known one in capitals only",
        severity=STOP,
        columns=tuple(seen.misspelt),
        unit="columns",
        do=whole + hint,
    )
    kinds = dict.fromkeys(seen.kinds, 0.0)
    wrong = {f"{c}: {what}": 1.0 for c, what in seen.wrong_type.items()}
    suite.facts(
        "types",
        list((kinds | wrong).items()),
        None,
        0,
        says="Each column is of the kind that it should be (text, number, date, yes or no).",
        reason="a column is not of the kind that it should be",
        severity=STOP,
        columns=tuple(seen.wrong_type),
        unit="columns",
        do="Look whether the right column is mapped. If you made the file yourself, keep "
        "dates as dates and yes or no as true or false, not as text.",
    )
    suite.summary(
        "rows",
        "SELECT 'no row' AS name, count(*) FILTER (NOT check_set_aside) AS value FROM checked",
        1,
        None,
        says="There is at least one row that is a record and can be used.",
        reason="the file has no rows that can be used",
        severity=STOP,
        unit="files",
        do="Look at the reasons of the rows set aside. If none is a record, the file has totals "
        "or headings only, or the wrong sheet was read."
        if seen.rows
        else "Export the file again: it holds a header and nothing else.",
    )
    _account(con, suite, seen, raw, raw_columns)
    suite.one_of(
        "set aside",
        SET_ASIDE,
        [False],
        says=f"At most {MOST_SET_ASIDE:.0%} of the rows are set aside.",
        reason="too many rows are set aside",
        severity=STOP,
        allowed=MOST_SET_ASIDE,
        columns=("every column",),
        do="So many rows do not go wrong one by one. Look at the rules above that failed: "
        "most often a column is mapped to the wrong column of the file.",
    )
    _parts(suite)


def _parts(suite: Suite) -> None:
    """Add what the share of all rows cannot show: a group that is gone, and too few records."""
    if "set aside:groups" not in suite.keys:
        return
    group = suite.group
    suite.summary(
        "set aside:groups",
        f"SELECT {q(group)} AS name, avg(CAST(check_set_aside AS INTEGER)) - "
        f"{CERTAIN} * sqrt({MOST_SET_ASIDE * (1 - MOST_SET_ASIDE)} / count(check_set_aside)) "
        f"AS value FROM checked WHERE {q(group)} IS NOT NULL GROUP BY name "
        f"HAVING count(check_set_aside) >= {FEWEST}",
        None,
        MOST_SET_ASIDE,
        needs=(group,),
        says=f"Of no group with {FEWEST} rows or more are clearly more than {MOST_SET_ASIDE:.0%} "
        "set aside.",
        reason="too many rows of one group are set aside",
        severity=STOP,
        columns=(group,),
        unit="groups",
        because=f"there is no group with {FEWEST} rows or more",
        do="The figures would leave most of this group out, or all of it. Look at the reasons of "
        "its rows in the workbook: something goes wrong with them that does not with others.",
    )
    suite.summary(
        "no records",
        "SELECT 'the file' AS name, count(not_a_record) / count(*) AS value FROM checked "
        "HAVING count(*) > 0",
        None,
        MOST_NO_RECORDS,
        needs=("not_a_record",),
        says=f"At most {MOST_NO_RECORDS:.0%} of the rows are totals, headings, repeated headers "
        "or notes.",
        reason="very many rows are totals, headings, repeated headers or notes",
        severity=WARN,
        columns=("every column",),
        unit="files",
        because="no row was found to be one of these",
        do="Look in the workbook of rows set aside whether they are. If records are among them, "
        "fill in their other columns: a row with one cell looks like a heading.",
    )


def _account(
    con: duckdb.DuckDBPyConnection,
    suite: Suite,
    seen: Profile,
    raw: Path | None,
    raw_columns: Sequence[str],
) -> None:
    numbers: list[tuple[str, float | None]] = []
    if raw is not None and traced(raw, raw_columns, seen.columns):
        # in a file of totals one row becomes several: one for each group
        twice = "0" if suite.context.get("several") else "count(*) - count(DISTINCT (f, r))"
        keys = "CAST(source_file AS VARCHAR) AS f, CAST(source_row AS BIGINT) AS r"
        found = con.execute(
            f"WITH a AS (SELECT {keys} FROM {parquet(raw)}), b AS (SELECT {keys} FROM base), "
            "lost AS (SELECT count(*) AS n FROM a ANTI JOIN b USING (f, r)), "
            "new AS (SELECT count(*) AS n FROM b ANTI JOIN a USING (f, r)), "
            f"twice AS (SELECT {twice} AS n FROM b) "
            "SELECT lost.n, new.n, twice.n FROM lost, new, twice"
        ).fetchone() or (0, 0, 0)
        said = ("rows lost", "rows that were not in the file", "rows there twice")
        numbers = [(f"{n:,} {words}", n) for n, words in zip(found, said, strict=True)]
    suite.facts(
        "account",
        numbers,
        None,
        0,
        says="Every row of the delivered file is among the rows checked, and no other.",
        reason="the rows checked are not those of the delivered file",
        severity=STOP,
        columns=("source_file", "source_row"),
        unit="kinds of difference",
        because="the rows cannot be traced to the rows of the delivered file",
        do="Rows were lost or doubled on the way from the file to the table. Compare the number "
        "of rows with what the spreadsheet shows.",
    )


def missing_because(seen: Profile, columns: Mapping[str, object] | Sequence[str]) -> str:
    """Say why a rule on these columns cannot run; empty where a column is simply not kept."""
    columns = tuple(dict.fromkeys(columns))
    lost = [c for c in columns if c in seen.missing]
    if lost:
        return f"the column {', '.join(lost)} is missing"
    wrong = [c for c in columns if c in seen.wrong_type]
    if wrong:
        return f"the column {', '.join(wrong)} is {seen.wrong_type[wrong[0]]}"
    near = [a for a, b in seen.misspelt.items() if b in columns]
    return f"the column {near[0]} is written in other capitals" if near else ""
