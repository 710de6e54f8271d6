"""Employees as Workday exports them: report "Employee Demographics", codes before job titles.

Source : Workday Human Capital Management, a custom report of workers as agencies release it.
Checked : Baltimore police, 2021-11-24 (Maryland public records release): 2,861 people, of whom the
    release withholds every race, with the statute in the cell; 10 officers are withheld wholly.
    Original Hire Date is that of 1,913 people who are also in the city's PeopleSoft export of
    2018; for 211 people Hire Date, the latest hire, is another.
Gaps : only that one report was at hand, and its races are withheld: the labels that Workday shows,
    such as "White (Not Hispanic or Latino) (United States of America)", are read as
    `equity.sources.roster` reads them. A report names its columns as its author likes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from equity.sources import _files, _people, _preset, _text, roster

__all__ = ["COLUMNS", "read", "standardize"]

COLUMNS: dict[str, str | list[str]] = {
    "person_id": ["Worker", "Employee ID", "Worker ID"],
    "race": [
        "Race/Ethnicity (Locale Sensitive)",
        "Race/Ethnicity",
        "Ethnicity (Locale Sensitive)",
        "Ethnicity",
    ],
    "sex": ["Gender", "Sex"],
    "title": ["Job Profile", "Business Title", "Job Title"],
    "job_code": ["Job Profile", "Job Code"],
    "department": ["Supervisory Organization", "Cost Center", "Organization"],
    "hire_date": ["Original Hire Date", "Hire Date"],
    "rehire_date": "Hire Date",
    "seniority_date": "Continuous Service Date",
    "exit_date": ["Termination Date", "Last Day of Work"],
    "exit_reason": ["Termination Reason", "Primary Termination Reason"],
    "status": ["Worker Status", "Employee Status", "Status"],
}
"""Our column -> what it may be called; those that a file does not have are left out."""

_CODE = "^[A-Z0-9]+ - "
"""What stands before a title: "41111 - Police Officer"."""


def read(
    path: str | Path | Sequence[str | Path],
    *,
    columns: _people.Headers | None = None,
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
    """Read a Workday report (CSV, Parquet or .xlsx), or several, as a DuckDB relation.

    Who works here? The arguments are those of `equity.sources.roster.read`; `columns` is needed
    only for what differs from `COLUMNS`. Under the title of a report the names of the columns are
    in row 2: header_row=2.
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
    columns: _people.Headers | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    rules: Mapping[str, Mapping[str, Any]] | None = None,
    year: int | None = None,
    date: str | dt.date | None = None,
    date_from: str | None = None,
    table: str = "workforce",
) -> Any:
    """Bring a Workday report of any engine into the workforce table, in that engine.

    The arguments, what is returned and the errors are those of `equity.sources.roster`. A job
    profile is parted into `job_code` and `title`; rules see the title with its code. `hire_date`
    is that of first appointment, `rehire_date` that of the latest.

    What it cannot show: a race that a law withholds; it is missing, and `race_unknown` says so.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"Worker": ["a", "b"], "Job Profile": ["41111 - Police Officer"] * 2,
    ...     "Race/Ethnicity": ["White (United States of America)", "GP §4-301, 42 U.S.C. §2000e"]})
    >>> table = standardize(people, year=2021)
    >>> table[["race", "race_unknown", "title", "job_code"]].values.tolist()
    [['white', nan, 'Police Officer', '41111'], [nan, 'withheld', 'Police Officer', '41111']]
    """
    named = _preset.columns_of(frame, COLUMNS, columns)
    rows = nw.from_native(
        roster.standardize(
            frame,
            columns=named,
            values=values,
            scheme=scheme,
            rules=rules,
            year=year,
            date=date,
            date_from=date_from,
            table=table,
        )
    )
    new = {}
    if "title" in named:
        new["title"] = nw.col("title").str.replace_all(_CODE, "")
    if "job_code" in named:
        code = nw.col("job_code")
        coded = nw.when(code.str.contains(_CODE)).then(code.str.replace_all(" - .*$", ""))
        single = nw.when(~code.str.contains(" ")).then(code)
        new["job_code"] = nw.coalesce(coded, single)
    return _text.finish(rows.with_columns(**new) if new else rows)
