"""Employees as the EEO-4 report sums them up: job category by sex by race, a number in each cell.

Source : State and Local Government Information Report (EEO-4), EEOC Form 164, and its instruction
    booklet: eight job categories, women and men, seven groups of race and ethnicity (five on the
    form of before 2005), salary bands; full-time, other than full-time, and new hires apart.
Checked : on made-up files only (tests/spec/test_sources_eeo4.py): the EEOC keeps the reports of
    agencies confidential, and no real one was at hand.
Gaps : one person is not one row here, so nothing can be said of hire dates or ranks.
    New hires are among the employees already and are set aside, and so are rows of totals, once
    they agree with their parts. Elected officials and their staff are not in the report.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from equity import groups
from equity.sources import (
    _columns,
    _eeo4_rows,
    _files,
    _matrix,
    _people,
    _preset,
    _snapshots,
    _text,
)
from equity.tables import RACE_UNKNOWN, WORKFORCE

__all__ = ["COLUMNS", "JOB_CATEGORIES", "RACES", "read", "standardize"]

COLUMNS: dict[str, str | list[str]] = {
    "job_category": ["Job Category", "Job Categories", "EEO-4 Job Category", "EEO Job Category"],
    "salary_band": ["Annual Salary", "Salary Band", "Salary", "Annual Salary (in thousands)"],
    "department": ["Function", "Department", "Agency"],
    "sex": ["Sex", "Gender"],
}
"""Our column -> what it may be called; a file with a column of sex has rows for each."""

RACES: dict[str, str] = {
    "native hawaiian or other pacific islander": "nhpi",
    "nhopi": "nhpi",
    "asian or pacific islander": "asian_pacific",
    "american indian or alaskan native": "aian",
    "american indian or alaska native": "aian",
    "two or more races": "multiple",
}
"""Words of the form besides those of `equity.groups.HR_RACE_LABELS` -> the group they name."""

JOB_CATEGORIES: dict[str, tuple[str, bool | None]] = {
    "officials administrators": ("Officials and Administrators", None),
    "professionals": ("Professionals", None),
    "technicians": ("Technicians", None),
    "protective service": ("Protective Service Workers", None),
    "protective service sworn": ("Protective Service Workers", True),
    "protective service non sworn": ("Protective Service Workers", False),
    "paraprofessionals": ("Paraprofessionals", None),
    "para professionals": ("Paraprofessionals", None),
    "administrative support": ("Administrative Support", None),
    "skilled craft": ("Skilled Craft Workers", None),
    "service maintenance": ("Service-Maintenance", None),
}
"""Category in plain words -> as the form calls it, and whether its people are sworn."""

SEX_WORDS: dict[str, str] = {
    **dict.fromkeys(("female", "females", "women", "f"), "female"),
    **dict.fromkeys(("male", "males", "men", "m"), "male"),
}
"""Word of a header -> the sex that it names."""

_SEX = re.compile(rf"\b(?:{'|'.join(SEX_WORDS)})\b")
_LETTER = re.compile(r"[(](?:columns? )?[a-q](?: ?(?:-|through|to) ?[a-q])?[)]$|^[a-q][.)] ")
"""The letter that the form gives a column: "White (B)", "Total (Columns B-K)"."""


def read(
    path: str | Path | Sequence[str | Path],
    *,
    columns: _people.Headers | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    year: int | None = None,
    date: str | dt.date | None = None,
    header_row: int | list[int] = 1,
    sheet: str | list[str] | None = None,
    encoding: str | None = None,
) -> Any:
    """Read an EEO-4 summary (CSV, Parquet or .xlsx) as a DuckDB relation.

    Who works here, by job category? Where "Male" and "Female" stand above the groups, name both
    rows: header_row=[2, 3]. For all else see `standardize`.
    """
    return standardize(
        _files.scan(path, header_row=header_row, sheet=sheet, encoding=encoding),
        columns=columns,
        values=values,
        scheme=scheme,
        year=year,
        date=date,
    )


def standardize(
    frame: Any,
    *,
    columns: _people.Headers | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    year: int | None = None,
    date: str | dt.date | None = None,
) -> Any:
    """Bring an EEO-4 summary of any engine into the workforce table, in that engine.

    Parameters
    ----------
    frame : pandas, Polars, DuckDB or Spark frame, one row per job category (and salary band), one
        column per group, whose name says sex and race: "Male White", "Black - F".
    columns : only what differs from `COLUMNS`.
    values : "race" -> {words of a header: group of the scheme, or why it is not known}, and
        "job_category" -> {words of the file: ours}.
    scheme : the groups to return; the form of before 2005 needs "us1977".
    year, date : of the report. Without a year it is that of `date`.

    Returns
    -------
    frame of the same engine
        One row for each cell, with `weight`, the number of people. `sworn` where the categories
        part protective service workers into sworn and not. Rows of a file that count nobody, or
        people counted elsewhere, say why in `not_a_record` and have no weight.

    Raises
    ------
    ValueError
        If a header or a category has no meaning, or a total is not the sum of its cells.

    What it cannot show: ranks, years of service, or who joined and left.

    Examples
    --------
    >>> import pandas as pd
    >>> form = pd.DataFrame({"Job Category": ["1. Professionals", "TOTAL"], "Total": ["5", "5"],
    ...                      "Male White": ["3", "3"], "Female White": ["2", "2"]})
    >>> standardize(form, year=2021)[["job_category", "race", "sex", "weight"]].values.tolist()
    [['Professionals', 'white', 'male', 3], ['Professionals', 'white', 'female', 2]]
    """
    constants = _snapshots.constants_of(columns or {}, year, date)
    named = _preset.columns_of(frame, COLUMNS, columns, needed=("job_category",))
    given = _columns.value_maps(values, ["race", "job_category"], what="workforce")
    source, single, others = _snapshots.one_of_several(_text.start(frame), named)
    names = source.collect_schema().names()
    found = _columns.match_headers(names, single, what="The EEO-4 file", hint=others, frame=source)
    rest = [c for c in names if c not in {*found.values(), *_eeo4_rows.OWN}]
    cells, sums = _cells(rest, "sex" in found, given.get("race", {}), scheme)
    found |= {_matrix.cell(i): header for i, (header, *_) in enumerate(cells)}
    totals = {f"total {i}": header for i, header in enumerate(sums)}
    rows = _matrix.collected(
        _matrix.shaped(source, found | totals, len(cells), numbers=list(totals), fill=False)
    )
    reading = _eeo4_rows.Reading(
        categories=JOB_CATEGORIES,
        words=given.get("job_category", {}),
        cells=cells,
        totals={key: (header, sums[header]) for key, header in totals.items()},
        sexes=_people.sex_labels({}),
        fill="salary_band" in found or "sex" in found,
    )
    made = reading.rows(rows.to_arrow().to_pylist())
    if "source_row" not in names:  # a row that is no record is kept only to be traced in its file
        made = [row for row in made if row.get("not_a_record") is None]
    kinds: dict[str, str] = {c.name: c.kind for c in WORKFORCE.columns}
    used = {c for row in made for c, value in row.items() if value is not None}
    order = (*kinds, "source_sheet", "employment", *named, "not_a_record")
    always = {"race", "race_unknown", "sex", "job_category", "weight", *constants}
    kept = [c for c in dict.fromkeys(order) if c in used | always]
    types = {c: kinds.get(c, "text").replace("category", "text") for c in kept}
    return _matrix.like(frame, [{**constants, **row} for row in made], types)


def _cells(
    headers: Sequence[str], by_rows: bool, races: Mapping[str, str | None], scheme: str
) -> tuple[list[tuple[str, str | None, str | None, str | None]], dict[str, str | None]]:
    """Return the columns that count a group (header, race, why not known, sex), and the totals.

    A total is header -> the sex that it adds up, None for all.
    """
    told = {label: value for label, value in races.items() if value in RACE_UNKNOWN}
    known = _people.race_labels(
        scheme,
        {label: None if label in told else value for label, value in races.items()},
        known=groups.HR_RACE_LABELS | RACES,
    )
    cells: list[tuple[str, str | None, str | None, str | None]] = []
    sums: dict[str, str | None] = {}
    strange = []
    for header in headers:
        text = _LETTER.sub("", re.sub(r"[_\s]+", " ", header).strip().casefold())
        said = _SEX.search(text)
        sex = SEX_WORDS[said[0]] if said else None
        race = " ".join(re.sub(r"[(] ?[)]", " ", _SEX.sub(" ", text)).split()).strip(" ,-–—:/")
        if "total" in text or text in ("all", "all employees") or (said and not race):
            sums[header] = sex
            continue
        label = race if race in known else _people.plain(race, known)
        if label is not None and (sex or by_rows):
            why = told.get(label, groups.UNKNOWN_REASONS.get(label, "not stated"))
            cells.append((header, known[label], None if known[label] else why, sex))
        elif said or label is not None:
            strange.append(header)
    if strange or not cells:
        listed = ", ".join(map(repr, strange)) or "none of " + ", ".join(map(repr, headers))
        raise ValueError(
            "Of an EEO-4 table each column of numbers must say sex and race: 'Male White'. "
            f"These do not: {listed}. If the names stand in two rows, give both: header_row = "
            "[2, 3]. If a group is called otherwise, say in [workforce.values.race] what it means."
        )
    split = [h for h, race, *_ in cells if race and race not in groups.scheme(scheme).groups]
    if split:
        raise ValueError(
            f"{', '.join(map(repr, split))} would have to be split in scheme={scheme!r}. Use "
            'scheme="us1977" for this table and its benchmark.'
        )
    facts = [cell[1:] for cell in cells]
    twice = [cell[0] for cell in cells if facts.count(cell[1:]) > 1]
    if twice:
        raise ValueError(
            f"{', '.join(map(repr, twice))} count the same group. Keep one, or rename the other."
        )
    return cells, sums
