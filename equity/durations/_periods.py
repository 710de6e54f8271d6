"""Periods of service from the snapshots of a roster, and their lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from equity.durations._calendar import code, middle, months_between
from equity.durations._engine import text
from equity.durations._snapshots import PERSON, WHEN, look_up

__all__ = ["COLUMNS", "GROUPS", "measured", "of", "plain", "told"]

GROUPS = ("race", "sex", "race_unknown", "sworn", "job_category", "rank")
COLUMNS = (
    PERSON,
    "_period",
    *GROUPS,
    "hire_date",
    "_hire",  # dates as numbers such as 20170430
    "_exit",
    "exit_reason",
    "_first",  # the first and the last snapshot of the period
    "_last",
    "_next",  # the first snapshot of the person's next period
    "_gone",  # when the person left, as the snapshots have it
    "trouble",
)
"""What a period is until it is measured."""

TWICE = "several rows of one date that contradict each other"
NO_PERSON = "no person number to be followed by"
NO_DATE = "no date of the snapshot"
BACK = "came back, and the hire date is not that of the return"
AT_ONCE = "two periods of service at once"
_CLAIMS = ("race", "sex", "_hire", "_exit")


def plain(frame: Any) -> Any:
    """Return person, snapshot, groups, dates and reason, with the types that they have here."""
    schema = frame.collect_schema()
    sworn = nw.col("sworn") if "sworn" in schema else nw.lit(None, dtype=nw.Boolean)
    hired = nw.col("hire_date") if "hire_date" in schema else nw.lit(None, dtype=nw.Date)
    words = [text(schema, c) for c in GROUPS if c != "sworn"]
    return frame.select(
        PERSON,
        WHEN,
        *words,
        text(schema, "exit_reason"),
        sworn.alias("sworn"),
        code(schema, "hire_date").alias("_hire"),
        code(schema, "exit_date").alias("_exit"),
        hired.cast(nw.Date).alias("hire_date"),
    )


def told(condition: Any, words: str) -> nw.Expr:
    """Return the words where the condition holds, else what `trouble` already says."""
    said = nw.when(nw.col("trouble").is_null() & condition).then(nw.lit(words))
    return nw.coalesce(nw.col("trouble"), said).alias("trouble")


def of(frame: Any, dates: Sequence[int], until: int) -> Any:
    """Return the periods of service that the snapshots show, with COLUMNS."""
    rows = plain(frame)
    several = len(dates) > 1
    dated = ~nw.col(WHEN).is_null() if dates else nw.lit(True)
    known = ~nw.col(PERSON).is_null()
    made = _followed(rows.filter(known & dated), dates) if several else None
    if made is None:
        made = _once(rows.filter(known & dated))
    why = nw.lit(NO_PERSON) if several else nw.lit(None, dtype=nw.String)
    alone = rows.filter(~(known & dated)).with_columns(
        _first=nw.col(WHEN),
        _last=nw.col(WHEN),
        trouble=nw.when(~dated).then(nw.lit(NO_DATE)).otherwise(why),
    )
    if several:  # those in copies of a snapshot are in the one that they copy
        alone = alone.filter(nw.col(WHEN).is_null() | _is_one_of(WHEN, dates))
    nothing = nw.lit(None, dtype=nw.Int64)
    alone = alone.with_columns(_period=nothing, _next=nothing, _gone=nothing)
    whole = nw.concat([made.select(*COLUMNS), alone.select(*COLUMNS)])
    day = nw.lit(until, dtype=nw.Int64)  # where no row says when the roster was taken
    return whole.with_columns(
        nw.coalesce(nw.col("_first"), day).alias("_first"),
        nw.coalesce(nw.col("_last"), day).alias("_last"),
    )


def _records(rows: Any, keys: Sequence[str]) -> Any:
    """Return one record for each key; where its rows contradict each other, trouble."""
    others = [c for c in rows.collect_schema().names() if c not in keys]
    claims = [c for c in _CLAIMS if c not in keys]
    made = rows.group_by(*keys).agg(
        *(nw.col(c).max().alias(c) for c in others if c != "hire_date"),
        *([nw.col("hire_date").min().alias("hire_date")] if "hire_date" in others else []),
        *(nw.col(c).min().alias(f"_least{c}") for c in claims),
    )
    differ = [(nw.col(c) != nw.col(f"_least{c}")).fill_null(False) for c in claims]
    twice = differ[0]
    for one in differ[1:]:
        twice = twice | one
    return made.with_columns(_twice=twice.cast(nw.Int64)).drop(*(f"_least{c}" for c in claims))


def _once(rows: Any) -> Any:
    """Return the periods of a single snapshot: different hire dates are different periods."""
    made = _records(rows, [PERSON, "_hire"])
    made = made.with_columns(_order=nw.col("_hire").fill_null(0))
    following = nw.col("_order").shift(-1).over(PERSON, order_by="_order")
    made = made.with_columns(_after=following)
    overlap = ~nw.col("_after").is_null() & (
        nw.col("_exit").is_null() | (nw.col("_exit") > nw.col("_after"))
    )
    nothing = nw.lit(None, dtype=nw.Int64)
    made = made.with_columns(
        trouble=nw.when(nw.col("_twice") > 0).then(nw.lit(TWICE)),
        _period=nw.col("_order").cast(nw.Int64),
        _first=nw.col(WHEN),
        _last=nw.col(WHEN),
        _next=nothing,
        _gone=nothing,
    )
    return made.with_columns(told(overlap, AT_ONCE))


def _followed(rows: Any, dates: Sequence[int]) -> Any:
    """Return the periods of people who are followed from snapshot to snapshot."""
    made = _records(rows, [PERSON, WHEN])
    made = made.with_columns(look_up(WHEN, {d: i for i, d in enumerate(dates)}).alias("_index"))
    made = made.filter(~nw.col("_index").is_null())  # the others are copies of the one before
    before = nw.col("_index").shift(1).over(PERSON, order_by="_index")
    made = made.with_columns(_before=before)
    gap = (nw.col("_index") - nw.col("_before") > 1).fill_null(False).cast(nw.Int64)
    made = made.with_columns(_gap=gap)
    made = made.with_columns(
        _period=nw.col("_gap").cum_sum().over(PERSON, order_by="_index").cast(nw.Int64)
    )
    period = (PERSON, "_period")
    made = made.with_columns(
        _first=nw.col(WHEN).min().over(*period),
        _last=nw.col(WHEN).max().over(*period),
        _hire=nw.col("_hire").min().over(*period),
        hire_date=nw.col("hire_date").min().over(*period),
        _twice=nw.col("_twice").max().over(*period),
    )
    # who the person was when first seen: rank and police powers that came later would else be
    # those of people who stayed long enough to get them
    early = nw.col(WHEN) == nw.col("_first")
    made = made.with_columns(*(nw.when(early).then(nw.col(c)).alias(c) for c in GROUPS))
    made = made.with_columns(*(nw.col(c).max().over(*period).alias(c) for c in GROUPS))
    made = made.filter(nw.col(WHEN) == nw.col("_last"))
    made = made.with_columns(
        _next=nw.col("_first").shift(-1).over(PERSON, order_by="_period"),
        _earlier=nw.col("_last").shift(1).over(PERSON, order_by="_period"),
    )
    gone = {a: middle(a, b) for a, b in zip(dates, dates[1:], strict=False)}
    unknown = ~nw.col("_earlier").is_null() & (nw.col("_hire") <= nw.col("_earlier"))
    made = made.with_columns(
        look_up("_last", gone).alias("_gone"),
        nw.when(nw.col("_twice") > 0).then(nw.lit(TWICE)).alias("trouble"),
    )
    return made.with_columns(told(unknown.fill_null(False), BACK))


def _is_one_of(column: str, values: Sequence[int]) -> nw.Expr:
    return ~look_up(column, dict.fromkeys(values, 1)).is_null()


def measured(
    periods: Any,
    since: int | None,
    until: int,
    dates: Sequence[int],
    has_exits: bool,
    *,
    from_hire: bool,
) -> Any:
    """Return the spells: months of service, those at entry, how they ended, what is in the way."""
    last_day = nw.lit(until, dtype=nw.Int64)
    exited = nw.coalesce(nw.col("_exit"), nw.col("_gone"))
    left = ~exited.is_null() & (exited <= last_day).fill_null(False)
    # without exits nobody knows what became of people after the last snapshot
    stay = until if has_exits or not dates else min(until, dates[-1])
    hire = nw.col("_hire")
    if since is not None:
        followed = nw.max_horizontal(hire, nw.lit(since, dtype=nw.Int64))
    else:
        followed = hire if from_hire else nw.lit(None, dtype=nw.Int64)
    entry = nw.max_horizontal(hire, nw.min_horizontal(nw.col("_first"), followed))
    made = periods.with_columns(
        left=left,
        _stop=nw.when(left).then(exited).otherwise(nw.lit(stay, dtype=nw.Int64)),
        _entry=entry,
    )
    stop = nw.col("_stop")
    early = (stop < hire).fill_null(False)
    made = made.with_columns(told(hire.is_null(), "no hire date"))
    made = made.with_columns(told(nw.col("left") & early, "left before being hired"))
    made = made.with_columns(told(early, "hired after the file's own date"))
    made = made.with_columns(
        told(
            (stop < nw.col("_entry")).fill_null(False) & nw.col("left"),
            "left before people were followed",
        )
    )
    made = made.with_columns(
        told((stop < nw.col("_entry")).fill_null(False), "first seen after the file's own date")
    )
    fine = nw.col("trouble").is_null()
    band = nw.col("_hire") // 50_000 * 5
    word = [band.cast(nw.Int64).cast(nw.String), (band + 4).cast(nw.Int64).cast(nw.String)]
    known_band = ~nw.col("_hire").is_null()
    return made.select(
        *GROUPS,
        "hire_date",
        nw.when(known_band).then(nw.concat_str(word, separator="-")).alias("hire_cohort"),
        nw.when(fine).then(months_between(hire, nw.col("_entry"))).alias("entered"),
        nw.when(fine).then(months_between(hire, stop)).alias("months"),
        "left",
        nw.when(nw.col("left")).then(nw.col("exit_reason")).alias("exit_reason"),
        nw.when(nw.col("left")).then((stop // 10_000).cast(nw.Int64)).alias("exit_year"),
        "trouble",
    )
