"""Applicants that are counted already: one row per posting, with a column for each sex and race.

Source : City of Los Angeles, "Job Applicants by Gender and Ethnicity", open data, fiscal years
    2013-2014 and 2014-2015; other files of this shape by `columns` and `groups`.
Checked : Los Angeles, 187 postings, 93,448 applications: the columns of sex and those of race
    each add up to "Apps Received" in every row (tests/real/test_real_people.py).
Gaps : race and sex are not crossed in such a file, so they stand in rows of their own, told apart
    by `margin`; never add the two. Filipino applicants, counted apart, are Asian here, as the US
    standard of 1997 has it. There are no stages: it says who applied, not how far they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from equity import groups as schemes
from equity.sources import _columns, _files, _matrix, _people, _preset, _snapshots, _text
from equity.tables import RACE_UNKNOWN

__all__ = ["COLUMNS", "GROUPS", "read", "standardize"]

COLUMNS: dict[str, str] = {
    "posting": "Job Description",
    "posting_number": "Job Number",
    "year": "Fiscal Year",
    "total": "Apps Received",
}
"""Our column -> that of the file; the first year of a fiscal year is its `year`."""

GROUPS: dict[str, dict[str, str | list[str]]] = {
    "sex": {"female": "Female", "male": "Male", "unknown": "Unknown_Gender"},
    "race": {
        "black": "Black",
        "hispanic": "Hispanic",
        "asian": ["Asian", "Filipino"],
        "white": "Caucasian",
        "aian": "American Indian/ Alaskan Native",
        "not stated": "Unknown_Ethnicity",
    },
}
"""Margin -> group -> the columns that count it. "unknown", or a reason such as "declined" or "not
stated", is for people of whom it is not known."""


def read(
    path: str | Path | Sequence[str | Path],
    *,
    columns: _people.Headers | None = None,
    groups: Mapping[str, Mapping[str, str | list[str]]] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    header_row: int | list[int] = 1,
    sheet: str | list[str] | None = None,
    encoding: str | None = None,
) -> Any:
    """Read totals of applicants (CSV, Parquet or .xlsx) as a DuckDB relation.

    Who applied for which posting? For the arguments see `standardize`, and for those of the file
    `equity.sources.applicants.read`.
    """
    return standardize(
        _files.scan(path, header_row=header_row, sheet=sheet, encoding=encoding),
        columns=columns,
        groups=groups,
        values=values,
        scheme=scheme,
    )


def standardize(
    frame: Any,
    *,
    columns: _people.Headers | None = None,
    groups: Mapping[str, Mapping[str, str | list[str]]] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
) -> Any:
    """Bring totals of applicants of any engine into the applicants table, in that engine.

    Parameters
    ----------
    frame : pandas, Polars, DuckDB or Spark frame, one row per posting.
    columns : what differs from `COLUMNS`; others are kept as text.
    groups : "race" or "sex" -> group -> its column or columns; a margin that is named replaces
        that of `GROUPS`.
    values : our column of words -> {text in the file: ours}.
    scheme : the groups of race to return, see `equity.groups.SCHEMES`.

    Returns
    -------
    frame of the same engine
        One row per posting, margin and column, with `weight`, the number of applicants. In rows
        with margin "sex" race is missing because it is not in this margin, and the other way
        round: count one margin at a time.

    Raises
    ------
    ValueError
        If the columns of a margin do not add up to the total of a posting, which is named.

    What it cannot show: how far anybody came, and women or men of one race.

    Examples
    --------
    >>> import pandas as pd
    >>> totals = pd.DataFrame({"Job": ["Clerk"], "All": ["3"], "F": ["2"], "M": ["1"]})
    >>> standardize(totals, columns={"posting": "Job", "total": "All"},
    ...     groups={"race": {}, "sex": {"female": "F", "male": "M"}}
    ...     )[["posting", "margin", "sex", "weight"]].values.tolist()
    [['Clerk', 'sex', 'female', 2], ['Clerk', 'sex', 'male', 1]]
    """
    given = {m: dict(g) for m, g in (GROUPS | dict(groups or {})).items() if g}
    if wrong := sorted(set(given) - {"race", "sex"}):
        raise ValueError(f"groups has {', '.join(map(repr, wrong))}; it can have race and sex.")
    cells = [
        (margin, *_meaning(margin, group, scheme), header)
        for margin, members in given.items()
        for group, headers in members.items()
        for header in ([headers] if isinstance(headers, str) else headers)
    ]
    named = _preset.columns_of(frame, COLUMNS, columns, needed=("posting", "total"))
    source = _text.start(frame)
    counted = {_matrix.cell(i): header for i, (*_, header) in enumerate(cells)}
    source, wanted, others = _snapshots.one_of_several(source, {**named, **counted})
    found = _columns.match_headers(
        source.collect_schema().names(),
        wanted,
        what="The file of totals",
        hint=others,
        frame=source,
        called=dict.fromkeys(counted, "the number of a group"),
    )
    rows = _matrix.shaped(source, found, len(cells), numbers=("total",))
    rows = _columns.replace(
        rows, _columns.value_maps(values, [c for c in named if c != "total"], what="applicants")
    )
    for margin in given:
        parts = [i for i, (m, *_) in enumerate(cells) if m == margin]
        _matrix.must_add_up(
            rows, parts, "total", label="posting", what=f"the columns of {margin}", headers=found
        )
    if "year" in named:
        first = nw.col("year").str.slice(0, 4)
        year = nw.when(first.str.contains("^(?:19|20)[0-9][0-9]$")).then(first)
        rows = rows.with_columns(year.cast(nw.Int64).alias("year"), raw_year=nw.col("year"))
    facts = [
        {"margin": m, "race": race, "race_unknown": why, "sex": sex}
        for m, race, why, sex, _ in cells
    ]
    return _text.finish(_matrix.long(rows, facts).drop("total"))


def _meaning(margin: str, group: str, scheme: str) -> tuple[str | None, str | None, str | None]:
    """Return race, why it is not known, and sex, for the people whom a column counts."""
    if margin == "sex":
        known = _people.sex_labels({})
        if group not in (*known, *_people.SEXES):
            raise ValueError(
                f"groups.sex names {group!r}. It can name {', '.join(_people.SEXES)} and unknown."
            )
        return None, None, known.get(group, group)
    if group in (*RACE_UNKNOWN, "unknown"):
        return None, "not stated" if group == "unknown" else group, None
    ours = _people.in_scheme(group, scheme)
    if ours is None:
        raise ValueError(
            f"groups.race names {group!r}, which is no group of scheme={scheme!r}. Its groups "
            f"are: {', '.join(schemes.scheme(scheme).groups)}, besides {', '.join(RACE_UNKNOWN)}."
        )
    return ours, None, None
