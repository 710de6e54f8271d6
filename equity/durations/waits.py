"""Days from the application to each stage, with those who are still waiting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pandas as pd

from equity.durations import _engine
from equity.durations._calendar import code, day_number, given_day
from equity.durations._engine import collected, text

__all__ = ["stage_waits"]

KEPT = ("race", "sex", "race_unknown", "posting")


def stage_waits(rows: Any, *, stages: Sequence[str], end: str | dt.date | None = None) -> Any:
    """Return one row for each applicant and stage: days from application until it was reached.

    How long do people wait, and who is waiting still?

    Parameters
    ----------
    rows : Cohort or frame
        The applicants table with `date` (of the application), for each stage its flag and beside
        it `<stage>_date`. A pandas, Polars, DuckDB or Spark frame. A stage that has a date column
        and no flag is reached where it has a date, else open. A Cohort's steps are applied.
    stages : names of stages that have dates, in any order.
    end : the last date that the file knows of; without it the last date that stands in it.

    Returns
    -------
    frame of the engine of `rows`, in no order: race, sex, race_unknown, posting and year as far as
    they are there (year from `date` if not), and

    - `stage`;
    - `days` : from the application to the stage; where it is pending, to `end`;
    - `reached` : True; False where the stage is still pending at `end`;
    - `trouble` : missing, or in words why there is no wait: "did not pass" (ended there or
      before: nobody waits any more), "withdrew, or the outcome is not known", "no
      date of application", "no date of the stage", "dated
      before the application", "applied after the file's own date". `days` and `reached` are then
      missing. There are as many rows as applicants times stages.

    Raises
    ------
    ValueError
        A stage without a date column, no `date`, or no stage.
    TypeError
        A date that is text, or a frame of another engine.

    Notes
    -----
    A stage dated after `end` is pending at `end`. A stage is pending where its flag is missing and
    nothing says why; blank words and dates in the future are what a file has for that, and an
    adapter that reads a blank as "not reached" leaves nobody pending. Who withdrew, or of whom a
    word says that the outcome is not known, waits for nothing: with the flag `still_open`, which
    `equity.sources.applicants` makes, its False is not pending where the stage's flag is missing.

    Waits are those of people who stayed in the running: who failed or withdrew is not among the
    waiting, so that a median says how long it takes those whom it takes anywhere, not the chance
    of getting there (see the rates for that). Pending waits are censored: Kalbfleisch and
    Prentice, The Statistical Analysis of Failure Time Data, 2nd ed. (2002), sections 1.3 and 8.2
    (competing ends).

    It cannot show why a stage took long: the agency's queue, or the applicant's papers.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({
    ...     "race": ["black", "white", "white"],
    ...     "date": pd.to_datetime(["2020-01-01", "2020-01-01", "2020-02-01"]),
    ...     "tested": pd.array([True, None, False], dtype="boolean"),
    ...     "tested_date": pd.to_datetime(["2020-01-31", None, None]),
    ... })
    >>> waits = stage_waits(people, stages=["tested"], end="2020-03-01")
    >>> print(waits[["race", "stage", "days", "reached", "trouble"]].to_string())
        race   stage  days  reached       trouble
    0  black  tested    30     True           NaN
    1  white  tested    60    False           NaN
    2  white  tested  <NA>     <NA>  did not pass
    """
    last = given_day("end", end)
    frame, back = _engine.lazily(rows)
    schema = frame.collect_schema()
    names = [stages] if isinstance(stages, str) else list(stages)
    _validate(names, schema.names())
    dates = {stage: code(schema, f"{stage}_date") for stage in names}
    if last is None:
        last = _last_day(frame, [code(schema, "date"), *dates.values()])
    kept = [text(schema, c) for c in KEPT if c in schema]
    year = nw.col("year") if "year" in schema else nw.col("date").dt.year()
    kept.append(year.cast(nw.Int64).alias("year"))
    if "weight" in schema:
        kept.append(nw.col("weight"))
    kept.append(code(schema, "date").alias("_applied"))
    going = nw.col("still_open") if "still_open" in schema else nw.lit(None, dtype=nw.Boolean)
    kept.append(going.alias("_open"))
    long = frame.select(*kept, *_flags_and_days(names, schema, dates))
    # one pass over the rows, whatever the number of stages
    table = _engine.beside(pd.DataFrame({"stage": names}), frame)
    long = long.join(table, how="cross").with_columns(
        _day=_chosen(names, "day"), _flag=_chosen(names, "flag")
    )
    return back(_waits(long, last))


def _flags_and_days(stages: list[str], schema: Any, dates: dict[str, Any]) -> list[Any]:
    """Return for each stage its flag and its day, under working names."""
    found = []
    for i, stage in enumerate(stages):
        if stage in schema and schema[stage] != nw.Boolean:
            raise TypeError(
                f"The stage {stage!r} is {schema[stage]}, not boolean. Standardize the rows first "
                "(equity.sources)."
            )
        dated = nw.when(~dates[stage].is_null()).then(nw.lit(True))
        flag = nw.col(stage) if stage in schema else dated
        found += [flag.alias(f"_flag{i}"), dates[stage].alias(f"_day{i}")]
    return found


def _chosen(stages: list[str], what: str) -> Any:
    """Return the flag or the day of the stage that the row is about."""
    chosen: Any = nw.col(f"_{what}{len(stages) - 1}")
    for i, stage in reversed(list(enumerate(stages[:-1]))):
        chosen = nw.when(nw.col("stage") == stage).then(nw.col(f"_{what}{i}")).otherwise(chosen)
    return chosen


def _validate(stages: list[str], names: list[str]) -> None:
    if not stages:
        raise ValueError("stages=[]: name at least one stage that has dates.")
    if "date" not in names:
        raise ValueError(
            "Waits run from the application, and these rows have no column 'date'. Name the "
            "column with the date of the application."
        )
    absent = [stage for stage in stages if f"{stage}_date" not in names]
    if absent:
        there = [n for n in names if n.endswith("_date")]
        raise ValueError(
            f"The stage {absent[0]!r} has no column '{absent[0]}_date', so nobody knows when it "
            f"was reached. Columns with dates: {', '.join(there) or 'none'}."
        )


def _last_day(frame: Any, days: list[Any]) -> int:
    named = [day.max().alias(f"d{i}") for i, day in enumerate(days)]
    found = [v for v in collected(frame.select(*named))[0].values() if v is not None]
    return max(found, default=0)


def _waits(part: Any, last: int) -> Any:
    end = nw.lit(last, dtype=nw.Int64)
    applied, day, flag = nw.col("_applied"), nw.col("_day"), nw.col("_flag")
    passed = flag.fill_null(False)
    failed = (~flag).fill_null(False)
    over = flag.is_null() & (~nw.col("_open")).fill_null(False)
    future = passed & (day > end).fill_null(False)
    trouble = (
        nw.when(applied.is_null())
        .then(nw.lit("no date of application"))
        .when(applied > end)
        .then(nw.lit("applied after the file's own date"))
        .when(failed)
        .then(nw.lit("did not pass"))
        .when(over)
        .then(nw.lit("withdrew, or the outcome is not known"))
        .when(passed & day.is_null())
        .then(nw.lit("no date of the stage"))
        .when(passed & (day < applied).fill_null(False))
        .then(nw.lit("dated before the application"))
    )
    part = part.with_columns(
        trouble=trouble,
        _reached=passed & ~future,
        _stop=nw.when(passed & ~future).then(day).otherwise(end),
    )
    fine = nw.col("trouble").is_null()
    days = day_number(nw.col("_stop")) - day_number(applied)
    names = [c for c in part.collect_schema().names() if not c.startswith("_")]
    return part.select(
        *(c for c in names if c != "trouble"),
        nw.when(fine).then(days.cast(nw.Int64)).alias("days"),
        nw.when(fine).then(nw.col("_reached")).alias("reached"),
        "trouble",
    )
