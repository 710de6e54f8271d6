"""Stop and search in England and Wales, as published on data.police.uk.

Source : data.police.uk, one CSV per force and month (YYYY-MM-<force>-stop-and-search.csv), Open
    Government Licence v3. The second half of `DISPOSALS` is of earlier years and was not seen in
    a file.
Checked : City of London and the Metropolitan Police, September and October 2018, against a count
    of the raw files by another reader, because no published total was at hand: 148, 128, 11,630
    and 12,654 rows; exact copies of an earlier row: 0, 0, 288 and 349.
Gaps : Only searches are recorded, no stop that did not end in one: every row has a search, and a
    rate of searches among stops cannot be computed. What was found is not recorded; a find is
    read from the outcome: something was done, and where the file says so, it was linked to what
    was searched for. Rows without an outcome are not known. The Metropolitan Police leave
    "Outcome linked to object of search", "Removal of more than just outer clothing" and
    "Policing operation" empty. Officers have four groups, with no code for "Mixed"; what people
    say of themselves is in 18. Coordinates are moved to the nearest point of a fixed map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from equity import groups
from equity.sources import _columns, _files, _text, _utc
from equity.tables import SEXES

__all__ = ["read", "standardize"]

TIMEZONE = "Europe/London"

SELF_DEFINED: dict[str, str | None] = {
    "white - english/welsh/scottish/northern irish/british": "white",
    "white - irish": "white",
    "white - gypsy or irish traveller": "white",
    "white - roma": "white",
    "white - any other white background": "white",
    "mixed/multiple ethnic groups - white and black caribbean": "mixed",
    "mixed/multiple ethnic groups - white and black african": "mixed",
    "mixed/multiple ethnic groups - white and asian": "mixed",
    "mixed/multiple ethnic groups - any other mixed/multiple ethnic background": "mixed",
    "asian/asian british - indian": "asian",
    "asian/asian british - pakistani": "asian",
    "asian/asian british - bangladeshi": "asian",
    "asian/asian british - chinese": "asian",
    "asian/asian british - any other asian background": "asian",
    "black/african/caribbean/black british - african": "black",
    "black/african/caribbean/black british - caribbean": "black",
    "black/african/caribbean/black british - "
    "any other black/african/caribbean background": "black",
    "other ethnic group - arab": "other",
    "other ethnic group - any other ethnic group": "other",
    "other ethnic group - not stated": None,
}
"""Self-defined ethnicity (the census question) -> group; "Not stated" is not known."""

OFFICER_DEFINED: dict[str, str | None] = {
    "white": "white",
    "black": "black",
    "asian": "asian",
    "other": "other",
    "mixed": "mixed",
}

ETHNICITIES = {
    "self-defined": ("Self-defined ethnicity", SELF_DEFINED),
    "officer-defined": ("Officer-defined ethnicity", OFFICER_DEFINED),
}

DISPOSALS: dict[str, tuple[str | None, bool]] = {
    "a no further action disposal": (None, False),
    "arrest": ("arrest", True),
    "community resolution": (None, True),
    "khat or cannabis warning": ("warning", True),
    "penalty notice for disorder": ("citation", True),
    "summons / charged by post": ("summons", True),
    "caution (simple or conditional)": ("warning", True),
    "nothing found - no further action": (None, False),
    "suspect arrested": ("arrest", True),
    "suspect summonsed to court": ("summons", True),
    "local resolution": (None, True),
    "offender cautioned": ("warning", True),
    "offender given drugs possession warning": ("warning", True),
    "offender given penalty notice": ("citation", True),
    "article found - detailed outcome unavailable": (None, True),
    "suspected psychoactive substances seized - no further action": (None, True),
}
"""Outcome -> (ours, whether something was done); a community resolution is none of our four."""

HEADERS: dict[str, tuple[str, str]] = {
    "source_file": ("source_file", "category"),
    "source_row": ("source_row", "integer"),
    "latitude": ("Latitude", "number"),
    "longitude": ("Longitude", "number"),
    "searched": ("Type", "category"),
    "age_range": ("Age range", "category"),
    "subject_sex": ("Gender", "category"),
    "self_defined_ethnicity": ("Self-defined ethnicity", "category"),
    "officer_defined_ethnicity": ("Officer-defined ethnicity", "category"),
    "reason_for_stop": ("Object of search", "category"),
    "legislation": ("Legislation", "category"),
    "disposal": ("Outcome", "category"),
    "outcome_linked": ("Outcome linked to object of search", "flag"),
    "clothing_removed": ("Removal of more than just outer clothing", "flag"),
    "policing_operation": ("Part of a policing operation", "flag"),
    "operation": ("Policing operation", "category"),
}
"""Our column -> (its name in the files, its kind)."""

FILE_NAME = "^[0-9]{4}-[0-9]{2}-.+-stop-and-search[.][a-zA-Z]+$"


def read(
    path: str | Path | Sequence[str | Path],
    *,
    ethnicity: str = "self-defined",
    force: str | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
) -> Any:
    """Read a file of data.police.uk, or several, as a DuckDB relation.

    Whom did the force search? One row per search, columns as in `equity.tables.STOPS`, the force
    in `department_name`. See `standardize` for the arguments, further columns and errors.
    """
    return standardize(_files.scan(path), ethnicity=ethnicity, force=force, values=values)


def standardize(
    frame: Any,
    *,
    ethnicity: str = "self-defined",
    force: str | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    file: str | None = None,
) -> Any:
    """Bring a frame of data.police.uk's columns into the stops table, in the frame's own engine.

    Parameters
    ----------
    frame : pandas, Polars (eager or lazy), DuckDB or Spark frame, one row per search.
    ethnicity : "self-defined", what the person said, which is what the census asks too, or
        "officer-defined", what the officer saw. Both are kept as words besides.
    force : name of the force; without it the file's name says it ("metropolitan").
    values : further labels: column -> {label in the file: our value, "" if not known}, such as
        {"subject_sex": {"Other": "nonbinary"}}. Labels are compared without case.
    file : name of the file that the rows come from, for `source_file`.

    Returns
    -------
    frame of the same engine
        `date` and `second_of_day` on the clock of London; the file's times are UTC.
        `subject_race` in the scheme "uk5". `search_conducted` is True in every row.
        `contraband_found` stands for a find: True if the outcome is more than no further action
        and is not said to be linked to something else than what was searched for.
        `outcome` where it is a warning, citation (penalty notice), summons or arrest;
        `disposal` has the words of the file. Further: `department_name`, `searched` (person,
        vehicle or both), `age_range` (ages are not published), `legislation`, `outcome_linked`,
        `clothing_removed`, `policing_operation`, `operation`, `self_defined_ethnicity`,
        `officer_defined_ethnicity`. A column that is empty throughout is kept, and is missing
        throughout; the data checks tell. Copies of a row are kept, for the data checks too.

    Raises
    ------
    ValueError
        If the date, ethnicity or outcome has no column, or a label is not in the maps.

    What it cannot show: stops without a search, and what was found.

    Examples
    --------
    >>> import pandas as pd
    >>> stops = pd.DataFrame({"Date": ["2018-08-31T23:13:35+00:00"], "Outcome": ["Arrest"],
    ...                       "Self-defined ethnicity": ["White - Irish"]})
    >>> standardize(stops)[["date", "second_of_day", "subject_race"]].values.tolist()
    [[Timestamp('2018-09-01 00:00:00'), 815, 'white']]
    """
    if ethnicity not in ETHNICITIES:
        raise ValueError(
            f"ethnicity={ethnicity!r} is not one of: {', '.join(map(repr, ETHNICITIES))}."
        )
    header, races = ETHNICITIES[ethnicity]
    source = _text.start(frame)
    columns = source.collect_schema().names()
    found = _columns.match_headers(
        columns,
        {"date": "Date", "subject_race": header, "disposal": "Outcome"},
        what=file or "The stops file",
        frame=source,
    )
    wanted = {
        ours: (theirs, kind)
        for ours, (name, kind) in HEADERS.items()
        if (theirs := _columns.find_header(columns, name)) is not None
    }
    local = _utc.to_local(source, found["date"], TIMEZONE)
    own = [c for c in ("source_file", "source_row") if c in wanted]
    kept = {c: wanted[c] for c in own}
    kept |= {"date": ("local_date", "date"), "second_of_day": ("local_second_of_day", "integer")}
    kept |= {c: w for c, w in wanted.items() if c not in own}
    kept |= {"subject_race": (found["subject_race"], "category")}
    kept |= {"raw_date": (found["date"], "text")}
    constants: dict[str, Any] = {"search_conducted": True}
    if file and "source_file" not in kept:
        constants["source_file"] = file
    if force:
        constants["department_name"] = force
    table = _text.shape(local, kept, constants=constants)
    if not force and "source_file" in (*kept, *constants):
        table = table.with_columns(department_name=_force(nw.col("source_file")))
    table, maps = _maps(table, kept, races, values)
    table = _columns.relabel(
        table.with_columns(outcome=nw.col("disposal"), contraband_found=nw.col("disposal")),
        maps,
        table="stops",
        headers={ours: theirs for ours, (theirs, _) in kept.items()}
        | {"outcome": found["disposal"], "contraband_found": found["disposal"]},
        allowed={c: tuple(v for v in dict.fromkeys(m.values()) if v) for c, m in maps.items()},
    )
    return _text.finish(_found(table, set(kept)))


def _force(name: nw.Expr) -> nw.Expr:
    """Return the force that the name of a file as published says."""
    said = nw.when(name.str.contains(FILE_NAME)).then(name)
    return said.str.replace_all("^[0-9]{4}-[0-9]{2}-", "").str.replace_all(
        "-stop-and-search[.][a-zA-Z]+$", ""
    )


def _maps(
    table: Any,
    kept: Mapping[str, tuple[str, str]],
    races: Mapping[str, str | None],
    values: Mapping[str, Mapping[str, str]] | None,
) -> tuple[Any, dict[str, dict[str, str | None]]]:
    """Return the maps of the closed columns with the analyst's; replace in the other columns."""
    words = [c for c, (_, kind) in kept.items() if kind == "category" and c != "source_file"]
    extra = _columns.value_maps(values, words, what="stops")
    known = groups.scheme("uk5").groups
    given = _columns.checked_values(extra.pop("subject_race", {}), known, "subject_race")
    maps: dict[str, dict[str, str | None]] = {
        "subject_race": dict(races) | given,
        "outcome": {label: ours for label, (ours, _) in DISPOSALS.items()},
        "contraband_found": {k: "yes" if done else "no" for k, (_, done) in DISPOSALS.items()},
    }
    if "subject_sex" in kept:
        sexes: dict[str, str | None] = {"male": "male", "female": "female", "other": None}
        given = _columns.checked_values(extra.pop("subject_sex", {}), SEXES, "subject_sex")
        maps["subject_sex"] = sexes | given
    return _columns.replace(table, extra), maps


def _found(table: Any, have: set[str]) -> Any:
    """Say whether something was done about what was searched for."""
    done = nw.col("contraband_found") == "yes"
    if "outcome_linked" in have:
        elsewhere = nw.coalesce(~nw.col("outcome_linked"), nw.lit(False))
        done = nw.when(~nw.col("contraband_found").is_null()).then(done & ~elsewhere)
    arrest = nw.when(~nw.col("contraband_found").is_null()).then(
        nw.coalesce(nw.col("outcome") == "arrest", nw.lit(False))
    )
    return table.with_columns(contraband_found=done, arrest_made=arrest)
