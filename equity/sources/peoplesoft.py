"""Employees as PeopleSoft exports them: numbered ethnic groups, dates of service and of rehire.

Source : Oracle PeopleSoft Human Resources, an export of job data as agencies release it.
Checked : Baltimore police, 2018-05-03 (Maryland public records release): 2,998 people. What the
    codes 1-7 mean was read off the same people under labels (crosswalk of 1,347 white, 1,330
    Black, 249 Hispanic ...). For all 1,913 people who are also in the city's Workday export of
    2021, Service Date is the date of first hire there.
Gaps : code 4 is Asian or Pacific Islander together, so the scheme is us1977 unless told
    otherwise. Only one agency's export was at hand: others may number the groups in another way.
    Then say so in values.race. One row per job, where someone has two, are two rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from equity.sources import _files, _people, _preset, roster

__all__ = ["COLUMNS", "RACES", "read", "standardize"]

RACES: dict[str, str] = {
    "1": "white",
    "2": "black",
    "3": "hispanic",
    "4": "asian_pacific",
    "5": "aian",
}
"""Ethnic Group -> the finest group that it names."""

NOT_KNOWN: dict[str, str] = {"6": "not asked", "7": "not stated"}
"""Ethnic Group -> why race is not known: 6 is "Not Applicable (Non-U.S.)", 7 "Not Specified"."""

COLUMNS: dict[str, str | list[str]] = {
    "person_id": ["EMPLID", "Empl ID", "Employee ID", "ID"],
    "race": ["Ethnic Group", "ETHNIC_GRP_CD", "Ethnic Grp"],
    "sex": ["SEX", "Gender"],
    "title": ["Job Title", "JOBTITLE", "Descr"],
    "job_code": ["Job Code", "JOBCODE"],
    "department": ["Department", "Dept Descr", "DEPTID", "Dept ID", "Location"],
    "hire_date": ["Service Date", "SERVICE_DT", "Original Hire Date", "Hire Date", "HIRE_DT"],
    "rehire_date": ["Rehire Date", "REHIRE_DT", "Last Hire Date"],
    "promotion_date": ["Promotion Date", "JOB_ENTRY_DT"],
    "exit_date": ["Termination Date", "TERMINATION_DT", "Term Date"],
    "exit_reason": ["Action Reason", "ACTION_REASON", "Termination Reason"],
    "status": ["Empl Status", "EMPL_STATUS", "HR Status", "HR_STATUS"],
}
"""Our column -> what it may be called; those that a file does not have are left out."""


def read(
    path: str | Path | Sequence[str | Path],
    *,
    columns: _people.Headers | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1977",
    rules: Mapping[str, Mapping[str, Any]] | None = None,
    year: int | None = None,
    date: str | dt.date | None = None,
    date_from: str | None = None,
    table: str = "workforce",
    header_row: int | list[int] = 1,
    sheet: str | list[str] | None = None,
    encoding: str | None = None,
) -> Any:
    """Read a PeopleSoft export (CSV, Parquet or .xlsx), or several, as a DuckDB relation.

    Who works here? The arguments are those of `equity.sources.roster.read`; `columns` and
    `values` are needed only for what differs from `COLUMNS` and `RACES`.
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
    scheme: str = "us1977",
    rules: Mapping[str, Mapping[str, Any]] | None = None,
    year: int | None = None,
    date: str | dt.date | None = None,
    date_from: str | None = None,
    table: str = "workforce",
) -> Any:
    """Bring a PeopleSoft export of any engine into the workforce table, in that engine.

    The arguments, what is returned and the errors are those of `equity.sources.roster`.
    `hire_date` is the service date, which is that of first appointment; `rehire_date` and
    `promotion_date` stand beside it as dates.

    What it cannot show: whether a break in service counted; that is in the job history.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"EMPLID": ["a", "b", "c"], "Ethnic Group": ["2", "04", "7"],
    ...                        "Service Date": ["2007-06-14", "1/20/2015", " "]})
    >>> table = standardize(people, year=2018)
    >>> table[["race", "race_unknown"]].values.tolist()
    [['black', nan], ['asian_pacific', nan], [nan, 'not stated']]
    """
    given = {k: dict(v) for k, v in (values or {}).items()}
    return roster.standardize(
        frame,
        columns=_preset.columns_of(frame, COLUMNS, columns),
        values=given | {"race": NOT_KNOWN | given.get("race", {})},
        scheme=scheme,
        rules=rules,
        year=year,
        date=date,
        date_from=date_from,
        table=table,
        labels=RACES,
    )
