"""Employees: any CSV, Parquet or Excel export of a personnel system, by a mapping of its columns.

Source : the agency's own export; labels of race as in `equity.groups.HR_RACE_LABELS`.
Checked : Nashville police 2010-2021 (APM Reports): 23,645 person-years; sworn in 2017 by the rule
    in the tests 1,447, of whom 162 Black (METHODS.md, by hand).
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

from equity.sources import _columns, _files, _people, _text
from equity.tables import WORKFORCE

__all__ = ["read", "standardize"]

CONDITIONS = ("equals", "starts_with", "any_of", "none_of")
"""What a rule can ask of a text, all without regard to case; `any_of` and `none_of` look for whole
words anywhere in it. All conditions of a rule must hold."""


def read(
    path: str | Path | Sequence[str | Path],
    *,
    columns: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    rules: Mapping[str, Mapping[str, Any]] | None = None,
    year: int | None = None,
    date: str | dt.date | None = None,
    header_row: int = 1,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Any:
    """Read a roster (CSV, Parquet or .xlsx), or several alike, as a DuckDB relation.

    Who works here? One row per person and snapshot. `header_row` is the row with the column
    names, `sheet` the sheet of a workbook, `encoding` that of a CSV file (found out if not
    given); for all else see `standardize`.
    """
    frame = _files.scan(path, header_row=header_row, sheet=sheet, encoding=encoding)
    return standardize(
        frame, columns=columns, values=values, scheme=scheme, rules=rules, year=year, date=date
    )


def standardize(
    frame: Any,
    *,
    columns: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    rules: Mapping[str, Mapping[str, Any]] | None = None,
    year: int | None = None,
    date: str | dt.date | None = None,
) -> Any:
    """Bring a roster of any engine into the workforce table, in that engine.

    Parameters
    ----------
    frame : pandas, Polars, DuckDB or Spark frame, one row per person and snapshot.
    columns : our column -> column of the file, apart from case and spaces; `race` is needed.
        Names that are not of `equity.tables.WORKFORCE` are kept as text.
    values : our column -> {label in the file: our value, "" if not known}.
    scheme : the groups to return, see `equity.groups.SCHEMES`.
    rules : flag -> rule, such as {"sworn": {"column": "title", "starts_with": ["Police"],
        "any_of": ["Officer"], "none_of": ["Trainee"]}}; `column` is one of ours. A missing text
        gives a missing flag.
    year, date : of the snapshot, where no column says it. Without a year it is that of `date`.

    Returns
    -------
    frame of the same engine, with `raw_<column>` for what was parsed from text.

    Raises
    ------
    ValueError
        If a column is not there, a label of race or sex is not known, or would have to be split.

    What it cannot show: whether someone was at work; a roster lists posts that are filled.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"Ethnic": ["Black ", "Unknown"], "Title": ["Captain", "Clerk"]})
    >>> standardize(people, columns={"race": "ethnic", "title": "Title"}, year=2020,
    ...             rules={"sworn": {"column": "title", "any_of": ["Captain"]}}).values.tolist()
    [['black', 'Captain', 2020, True], [nan, 'Clerk', 2020, False]]
    """
    constants = _people.constants_of(columns, year, date)
    rows = _people.people(
        frame,
        WORKFORCE,
        columns=columns,
        values=values,
        scheme=scheme,
        constants=constants,
        extra={},
    )
    names = rows.collect_schema().names()
    flags = [_rule(name, rule, names, columns).alias(name) for name, rule in (rules or {}).items()]
    rows = _people.with_year(rows)
    return _text.finish(rows.with_columns(*flags) if flags else rows)


def _rule(
    name: str, rule: Mapping[str, Any], names: Sequence[str], columns: Mapping[str, str]
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
    if name in names:
        raise ValueError(
            f"{name!r} is a column of the file and a rule. Keep one: drop it from columns, or "
            "drop the rule."
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
