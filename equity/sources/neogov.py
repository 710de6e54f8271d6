"""Applicants as NEOGOV Insight exports them: the columns of its EEO report, or its dispositions.

Source : NEOGOV Insight, one row per application. Its EEO report calls the steps AP (application
    received), SQ (passed the supplemental questionnaire), TE (training and experience), ELIG (on
    the eligible list), AI (referred and interviewed), AH (hired, authorization may be pending):
    "Advanced NEOGOV", user conference 2008.
Checked : on made-up files only (tests/spec/test_sources_neogov.py); no real export was at hand.
Gaps : an agency chooses the columns and words of its export and the codes of its dispositions, so
    codes have no meaning here until [applicants.disposition] says it. A figure is only as good as
    the rejections and hires that were recorded in Insight. Totals are read by `applicant_totals`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from equity.sources import _columns, _files, _people, _preset, applicants

__all__ = ["COLUMNS", "STAGES", "read", "standardize"]

COLUMNS: dict[str, str | list[str]] = {
    "applicant_id": ["Application ID", "ApplicationID", "Master Profile ID", "Person ID"],
    "date": ["Application Date", "Received Date", "Date Received", "Submitted Date"],
    "posting": ["Exam Plan", "Exam Number", "Exam #", "Job Posting", "Job Number", "Job Title"],
    "race": ["Ethnicity", "Race/Ethnicity", "Ethnic Origin", "Race"],
    "sex": ["Gender", "Sex"],
    "department": ["Department", "Department Name"],
}
"""Our column -> what it may be called; those that a file does not have are left out."""

STAGES: dict[str, list[str]] = {
    "received": ["AP"],
    "screened": ["SQ"],
    "rated": ["TE"],
    "eligible": ["ELIG"],
    "interviewed": ["AI"],
    "hired": ["AH", "AH/P"],
}
"""Stage -> its column, in their order; a cell is a flag or the date of the step."""


def read(
    path: str | Path | Sequence[str | Path],
    *,
    columns: _people.Headers | None = None,
    stages: Mapping[str, Any] | None = None,
    disposition: Mapping[str, Any] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    year: int | None = None,
    table: str = "applicants",
    header_row: int | list[int] = 1,
    sheet: str | list[str] | None = None,
    encoding: str | None = None,
) -> Any:
    """Read a NEOGOV export (CSV, Parquet or .xlsx), or several, as a DuckDB relation.

    Who applied, and how far did each come? For the arguments see `standardize`, and for those of
    the file `equity.sources.applicants.read`.
    """
    return standardize(
        _files.scan(path, header_row=header_row, sheet=sheet, encoding=encoding),
        columns=columns,
        stages=stages,
        disposition=disposition,
        values=values,
        scheme=scheme,
        year=year,
        table=table,
    )


def standardize(
    frame: Any,
    *,
    columns: _people.Headers | None = None,
    stages: Mapping[str, Any] | None = None,
    disposition: Mapping[str, Any] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    year: int | None = None,
    table: str = "applicants",
) -> Any:
    """Bring a NEOGOV export of any engine into the applicants table, in that engine.

    Parameters
    ----------
    columns : only what differs from `COLUMNS`.
    stages : stage -> its column, as in `equity.sources.applicants.standardize`; {} for a stage of
        `STAGES` that is called so in the file. Without it, the stages of which there is a column.
    disposition, values, scheme, year, table : as in `equity.sources.applicants.standardize`.

    Returns
    -------
    frame of the same engine, errors, and what it cannot show: see `equity.sources.applicants`.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"Ethnicity": ["White", "Declined to State"], "SQ": ["Y", "Y"],
    ...                        "ELIG": ["Y", "N"], "AH": ["5/1/2020", ""]})
    >>> standardize(people)[["race_unknown", "screened", "eligible", "hired"]].values.tolist()
    [[nan, True, True, True], ['declined', True, False, False]]
    """
    names = _preset.headers_of(frame)
    there = {
        s for s, found in STAGES.items() if any(_columns.find_header(names, h) for h in found)
    }
    if not stages and not there:
        raise ValueError(
            f"None of the columns of a NEOGOV report is here: "
            f"{', '.join(h for found in STAGES.values() for h in found)}. Its columns are: "
            f"{', '.join(map(repr, names))}. Name the stages and their columns with stages."
        )
    given = stages or {s: {} for s in STAGES if s in there}
    return applicants.standardize(
        frame,
        columns=_preset.columns_of(frame, COLUMNS, columns),
        stages={s: _spec(s, spec, s in there or not disposition) for s, spec in given.items()},
        disposition=disposition,
        values=values,
        scheme=scheme,
        year=year,
        table=table,
    )


def _spec(stage: str, given: Any, by_column: bool) -> Any:
    """Return how a stage is read: as it is given, or by the column that NEOGOV has for it."""
    if not isinstance(given, Mapping) or "column" in given or not by_column:
        return given
    return {"column": list(STAGES[stage]), **given} if stage in STAGES else given
