"""Employees: any CSV, Parquet or Excel export of a personnel system, by a mapping of its columns.

Source : the agency's own export; labels of race as in `equity.groups.HR_RACE_LABELS`.
Checked : Nashville police 2010-2021 (APM Reports): 23,645 person-years; sworn in 2017 by the rule
    in the tests 1,447, of whom 162 Black (METHODS.md, by hand). Nashville Metro 2016-2020, four
    snapshots under changed headers; Prince George's County 2021; Chicago's roster of 2017 and
    exits 2015-2024 (tests/real/test_real_people.py).
Gaps : "Asian or Pacific Islander" and the like need scheme="us1977", because nobody can split
    them. Rows of totals are rows here; the data checks set them aside. Two-digit years and days
    before months are not read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from equity.sources import _columns, _files, _people, _snapshots, _text
from equity.tables import EXITS, WORKFORCE, Table

__all__ = ["read", "standardize", "table_of"]

CONDITIONS = ("equals", "starts_with", "any_of", "none_of")
"""What a rule can ask of a text, all without regard to case; `any_of` and `none_of` look for whole
words anywhere in it. All conditions of a rule must hold."""


def read(
    path: str | Path | Sequence[str | Path],
    *,
    columns: _people.Headers,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    rules: Mapping[str, Mapping[str, Any]] | None = None,
    year: int | None = None,
    date: str | dt.date | None = None,
    date_from: str | None = None,
    table: str = "workforce",
    header_row: int | list[int] = 1,
    sheet: str | list[str] | None = None,
    encoding: str | None = None,
) -> Any:
    """Read a roster (CSV, Parquet or .xlsx), or several alike, as a DuckDB relation.

    Who works here? One row per person and snapshot. `header_row` is the row with the column
    names, `sheet` the sheet of a workbook, `encoding` that of a CSV file (found out if not
    given); for all else see `standardize`.
    """
    return standardize(
        _files.scan(path, header_row=header_row, sheet=sheet, encoding=encoding),
        columns=columns,
        values=values,
        scheme=scheme,
        rules=rules,
        year=year,
        date=date,
        date_from=date_from,
        table=table,
    )


def standardize(
    frame: Any,
    *,
    columns: _people.Headers,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    rules: Mapping[str, Mapping[str, Any]] | None = None,
    year: int | None = None,
    date: str | dt.date | None = None,
    date_from: str | None = None,
    table: str = "workforce",
    labels: Mapping[str, str] | None = None,
) -> Any:
    """Bring a roster of any engine into the workforce table, in that engine.

    Parameters
    ----------
    frame : pandas, Polars, DuckDB or Spark frame, one row per person and snapshot.
    columns : our column -> column of the file, apart from case and spaces; `race` is needed. A
        list names what the column is called in one file or another: the first that a file, or a
        sheet, has is read. Names that are not of `equity.tables.WORKFORCE` are kept as text, or
        as dates if they end in "_date". Columns that are not named, such as pay, are left out.
    values : our column -> {label in the file: our value, "" if not known}. For race, "declined",
        "withheld", "not asked" and "not stated" say why it is not known. A code that has lost
        the zeros in front of it is found all the same.
    scheme : the groups to return, see `equity.groups.SCHEMES`.
    rules : flag -> rule, such as {"sworn": {"column": "title", "starts_with": ["Police"],
        "any_of": ["Officer"], "none_of": ["Trainee"]}}; `column` is one of ours. A missing text
        gives a missing flag. Or column -> {value: rule}, such as {"rank": {"Sergeant": {"column":
        "title", "any_of": ["Sergeant"]}, ...}}: the first rule that holds gives the value.
    year, date : of the snapshot, where no column says it. Without a year it is that of `date`.
    date_from : "file" or "sheet": the names of the files, or sheets, say the day (20160401,
        2016-04-01) or the year (FY 2019) of each snapshot.
    table : "workforce", or "exits" for one row per person who left.
    labels : a publisher's own labels of race -> the finest group that each names.

    Returns
    -------
    frame of the same engine, with `raw_<column>` for what was parsed from text. `race_unknown`
        says why a race is missing. A cell that cites a statute was withheld and is missing.

    Raises
    ------
    ValueError
        If a column is not there, a label of race or sex is not known, or would have to be split.

    What it cannot show: whether someone was at work; a roster lists posts that are filled.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"Ethnic": ["Black ", "Declined"], "Title": ["Captain", "Clerk"]})
    >>> table = standardize(people, columns={"race": "ethnic", "title": "Title"}, year=2020,
    ...                     rules={"sworn": {"column": "title", "any_of": ["Captain"]}})
    >>> table[["race", "race_unknown", "title", "year", "sworn"]].values.tolist()
    [['black', nan, 'Captain', 2020, True], [nan, 'declined', 'Clerk', 2020, False]]
    """
    constants = _snapshots.constants_of(columns, year, date, date_from)
    rows = _people.people(
        frame,
        table_of(table, WORKFORCE, EXITS),
        columns=columns,
        values=values,
        scheme=scheme,
        constants=constants,
        extra={},
        labels=labels,
    )
    names = rows.collect_schema().names()
    made = [_made(name, rule, names, columns) for name, rule in (rules or {}).items()]
    rows = _snapshots.with_year(_snapshots.dates_of(rows, date_from))
    return _text.finish(rows.with_columns(*made) if made else rows)


def table_of(name: str, *tables: Table) -> Table:
    """Return the one of the tables that is called `name`."""
    for table in tables:
        if table.name == name:
            return table
    raise ValueError(f"table={name!r} must be one of {', '.join(repr(t.name) for t in tables)}.")


def _made(
    name: str, rule: Mapping[str, Any], names: Sequence[str], columns: _people.Headers
) -> nw.Expr:
    """Return a flag by a rule, or a category by a rule for each of its values."""
    if name in names:
        raise ValueError(
            f"{name!r} is a column of the file and a rule. Keep one: drop it from columns, or "
            "drop the rule."
        )
    if not rule or not all(isinstance(part, Mapping) for part in rule.values()):
        return _rule(name, rule, names, columns).alias(name)
    chosen: Any = nw
    for value, part in rule.items():
        chosen = chosen.when(_rule(f"{name}.{value}", part, names, columns)).then(nw.lit(value))
    return chosen.alias(name)


def _rule(
    name: str, rule: Mapping[str, Any], names: Sequence[str], columns: _people.Headers
) -> nw.Expr:
    """Return a flag: the text of a column fulfils all conditions of the rule."""
    wrong = sorted(set(rule) - {"column", *CONDITIONS})
    column = str(rule.get("column"))
    if wrong or column not in names or not set(rule) & set(CONDITIONS):
        raise ValueError(
            f"The rule for {name!r} must name a column of ours ({', '.join(columns)}) as 'column' "
            f"and at least one of {', '.join(CONDITIONS)}"
            + (f"; it has {', '.join(map(repr, wrong))}." if wrong else f"; column={column!r}.")
        )
    text = _columns.lower(column)
    holds = ~text.is_null()
    for condition in CONDITIONS:
        words = rule.get(condition)
        if words is None:
            continue
        if isinstance(words, str) or not words:
            raise ValueError(f"{condition} of the rule for {name!r} must be a list of words.")
        kept = text.str.contains(_pattern(condition, words))
        holds = holds & (~kept if condition == "none_of" else kept)
    return nw.when(~text.is_null()).then(holds)


def _pattern(condition: str, words: Sequence[str]) -> str:
    either = "|".join(
        re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", str(w).strip().lower()) for w in words
    )
    if condition == "equals":
        return f"^(?:{either})$"
    if condition == "starts_with":
        return f"^(?:{either})"
    return f"(?:^|[^a-z0-9])(?:{either})(?:[^a-z0-9]|$)"
