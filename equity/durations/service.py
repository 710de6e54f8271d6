"""Periods of service: how long each person stayed, since when they were followed, and why not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw

from equity.durations import _engine, _leavers, _periods, _snapshots
from equity.durations._calendar import day_number, given_day

__all__ = ["resolution", "service_spells"]

DAYS_IN_A_MONTH = 365.25 / 12


def service_spells(
    rows: Any,
    *,
    exits: Any = None,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
) -> Any:
    """Return one row for each person and period of service, with its length and how it ended.

    How long do people stay, and who is still there?

    Parameters
    ----------
    rows : Cohort or frame
        The workforce table: one snapshot with `exit_date`, or several snapshots with `person_id`,
        or one of these with `exits`. A pandas, Polars, DuckDB or Spark frame.
    exits : frame, optional
        The exits table (who left, when and why), matched on `person_id`. Of any engine.
    start : date, optional
        Since when leavers are in the file. Without it: with `exits`, the date of the first exit;
        in one snapshot with `exit_date`, the beginning (all who ever left are taken to be in it).
    end : date, optional
        The last date that the files know of; without it that of the last snapshot. A roster
        without dates needs it.

    Returns
    -------
    frame of the engine of `rows` (a Cohort gives its rows), in no order, with

    - race, sex, race_unknown, sworn, job_category, rank : as of the first record of the period;
      of people known only from `exits`, as of the exit, as far as that table has the columns;
    - hire_date, and `hire_cohort`, its five years, such as "2015-2019";
    - `entered` : completed months of service when the person was first followed (0: from hire);
    - `months` : completed months of service when they left or were last known to be there;
    - `left` : True, or False for who was still in service then; `exit_reason`, `exit_year`;
    - `trouble` : missing, or in words why the period cannot be used. `entered` and `months` are
      then missing. Nobody is left out: set these rows aside by ``trouble`` and say how many.

    Raises
    ------
    ValueError
        Several snapshots without `person_id`, no date at all, or nothing that says who left.
    TypeError
        A date that is text, or a frame of another engine.

    Notes
    -----
    The rules:

    - A month is completed on the day of the same number (on the first of the next month where
      there is none).
    - Who is not in the next snapshot left in the **middle** between the two, unless an exit gives
      the date. A year without a date is a snapshot of its first of July. Copies of the snapshot
      before (see :func:`add_flows`) are passed over.
    - Who is gone from a snapshot and there in a later one has **two periods**. The second counts
      from the hire date if that is later than the first period, else its start is not known.
    - `hire_date` is the earliest that the snapshots of the period give.
    - An exit dated after `end` has not happened yet: the person is in service at `end`.
    - Exits that match no period become periods of their own. They can be used where no snapshot
      falls into them; else the roster should have had the person, and those who left would be
      in without those who stayed.
    - Rows of one snapshot with the same `person_id` are one person. In a roster of one snapshot,
      different hire dates are different periods. Rows that contradict each other in race, sex,
      hire or exit date are in trouble: the number may stand for several people.
    - A Cohort's steps are applied first: a person who moves to a post that is left out would
      appear to leave. Give all rows, and choose among the periods.

    **Delayed entry.** A roster shows those who were hired long ago only if they stayed. They are
    at risk of leaving from `entered` on and not before, or early exits would be too rare: Hosmer,
    Lemeshow and May, Applied Survival Analysis, 2nd ed. (2008), section 7.4; Kalbfleisch and
    Prentice, The Statistical Analysis of Failure Time Data, 2nd ed. (2002), section 1.3 (left
    truncation). Measures compare `entered` and `months`: a person who enters and leaves within
    the same completed month adds nothing.

    **First record.** A rank or police powers that came later are not looked at: only who stays
    gets them, so that they would seem to make people stay (immortal time: Suissa, American
    Journal of Epidemiology 167 (2008), 492-499). The first record may come months after the hire,
    and an exit has the last state: who changed in between is in different parts by whether they
    stayed. Of what changes soon after the hire, compare with care.

    It cannot show who was hired and gone between two snapshots (without exits), nor leave within
    a period of service. Exit dates by the middle may be off by half the time between snapshots:
    :func:`equity.retention` has `resolution` for that.

    Examples
    --------
    >>> import pandas as pd
    >>> roster = pd.DataFrame({
    ...     "race": ["black", "white", "white"],
    ...     "date": pd.to_datetime(["2017-04-30"] * 3),
    ...     "hire_date": pd.to_datetime(["2015-01-31", "2010-06-15", "2012-01-01"]),
    ...     "exit_date": pd.to_datetime(["2016-01-30", None, "2011-12-01"]),
    ... })
    >>> spells = service_spells(roster)
    >>> print(spells[["hire_cohort", "entered", "months", "left", "trouble"]].to_string())
      hire_cohort  entered  months   left                  trouble
    0   2015-2019        0      11   True                      NaN
    1   2010-2014        0      82  False                      NaN
    2   2010-2014     <NA>    <NA>   True  left before being hired
    """
    since, until = given_day("start", start), given_day("end", end)
    frame, back = _engine.lazily(rows)
    frame = _snapshots.seen(frame)
    schema = frame.collect_schema()
    snapshots = _snapshots.find(frame)
    dates = snapshots.different
    if until is None and not dates:
        raise ValueError(
            "These rows have neither 'date' nor 'year' of the snapshot, so nobody knows until "
            'when people were followed. Give end="2017-04-30", the date of the file.'
        )
    if len(dates) > 1 and "person_id" not in schema:
        raise ValueError(
            f"There are {len(dates)} snapshots and no column 'person_id', so nobody can be "
            "followed from one to the next. Name the column with the key of the person, or give "
            "one snapshot with exit_date."
        )
    if len(dates) < 2 and "exit_date" not in schema and exits is None:
        raise ValueError(
            "One snapshot without 'exit_date' does not say who left. Give exits=, a table of "
            "exits with the same person_id, or several snapshots."
        )
    until = until if until is not None else max(dates)
    periods = _periods.of(frame, dates, until)
    if exits is not None:
        leavers = _leavers.read(_engine.beside(exits, frame))
        since = since or _leavers.first(leavers)
        periods = _leavers.joined(periods, leavers, dates)
    has_exits = exits is not None or "exit_date" in schema
    spells = _periods.measured(
        periods, since, until, dates, has_exits, from_hire=len(dates) < 2 and exits is None
    )
    return back(spells)


def resolution(rows: Any, *, exits: Any = None) -> int | None:
    """Return to how many months the dates of leaving are known: the largest gap of the snapshots.

    None where the days themselves are in the files (`exits`, or `exit_date` in `rows`), and where
    there are no two snapshots that differ.

    Examples
    --------
    >>> import pandas as pd
    >>> dates = pd.to_datetime(["2019-07-01", "2020-07-01", "2022-01-01"])
    >>> resolution(pd.DataFrame({"person_id": ["a", "b", "c"], "date": dates}))
    18
    """
    frame = _snapshots.seen(_engine.lazily(rows)[0])
    if exits is not None:
        return None
    if "exit_date" in frame.collect_schema():
        dated = frame.select((~nw.col("exit_date").is_null()).any().alias("dated"))
        if _engine.collected(dated)[0]["dated"]:
            return None
    days = [day_number(d) for d in _snapshots.find(frame).different]
    gaps = [other - one for one, other in zip(days, days[1:], strict=False)]
    return max(1, round(max(gaps) / DAYS_IN_A_MONTH)) if gaps else None
