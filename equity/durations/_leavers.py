"""The exits table beside the snapshots: which exit ends which period, and those that end none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from equity.durations._engine import collected, text
from equity.durations._periods import COLUMNS, GROUPS, NO_PERSON, plain, told
from equity.durations._snapshots import PERSON, WHEN

__all__ = ["first", "joined", "read"]

_FAR = 100_000_000
_REASON = "_reason"


def read(exits: Any) -> Any:
    """Return the exits with the columns of a period that they have, one for person and date."""
    schema = exits.collect_schema()
    if "exit_date" not in schema:
        raise ValueError(
            "exits has no column 'exit_date', so it does not say when people left. It has: "
            f"{', '.join(schema.names())}."
        )
    rows = plain(
        exits.with_columns(
            text(schema, "person_id").alias(PERSON), nw.lit(None, dtype=nw.Int64).alias(WHEN)
        )
    )
    known = ~nw.col(PERSON).is_null() & ~nw.col("_exit").is_null()
    rest = [*GROUPS, "hire_date", "_hire", "exit_reason"]
    once = rows.filter(known).group_by(PERSON, "_exit").agg(*(nw.col(c).max() for c in rest))
    order = [PERSON, "_exit", *rest]
    return nw.concat([once.select(*order), rows.filter(~known).select(*order)])


def first(leavers: Any) -> int | None:
    """Return the date of the first exit: since when leavers are known of."""
    return collected(leavers.select(nw.col("_exit").min().alias("day")))[0]["day"]


def joined(periods: Any, leavers: Any, dates: Sequence[int]) -> Any:
    """Return the periods with the exits that end them, and the other exits as their own."""
    known = leavers.filter(~nw.col(PERSON).is_null() & ~nw.col("_exit").is_null())
    days = known.select(PERSON, nw.col("_exit").alias("_day"))
    mine = periods.filter(~nw.col(PERSON).is_null()).select(
        PERSON, "_period", "_first", "_last", "_next", nw.col("_exit").alias("_told")
    )
    day = nw.col("_day")
    pairs = mine.join(days, on=PERSON, how="inner")
    # where the roster itself gives the exit, that of the same month in the other table is it
    told_day = nw.col("_told")
    same = (day // 100 == told_day // 100).fill_null(False)
    inside = (told_day.is_null() & (day >= nw.col("_first"))) | same
    pairs = pairs.filter(inside & (nw.col("_next").is_null() | (day < nw.col("_next"))))
    # the first after the person was last seen; else the last before that
    pairs = pairs.with_columns(
        _key=nw.when(day >= nw.col("_last")).then(day).otherwise(_FAR - day)
    )
    pairs = pairs.group_by(PERSON, "_period").agg(nw.col("_key").min())
    key = nw.col("_key")
    pairs = pairs.select(
        PERSON,
        nw.col("_period"),
        nw.when(key > _FAR // 2).then(_FAR - key).otherwise(key).cast(nw.Int64).alias("_day"),
    )
    reasons = known.select(
        PERSON, nw.col("_exit").alias("_day"), nw.col("exit_reason").alias(_REASON)
    )
    matched = pairs.join(reasons, on=[PERSON, "_day"], how="left")
    with_exit = periods.join(matched, on=[PERSON, "_period"], how="left")
    late = nw.col("_exit").is_null() & (nw.col("_day") < nw.col("_last")).fill_null(False)
    with_exit = with_exit.with_columns(told(late, "seen in service after the date of the exit"))
    with_exit = with_exit.with_columns(
        nw.coalesce(nw.col("_day"), nw.col("_exit")).alias("_exit"),
        nw.coalesce(nw.col(_REASON), nw.col("exit_reason")).alias("exit_reason"),
    )
    used = pairs.select(PERSON, nw.col("_day").alias("_exit"))
    rest = leavers.join(used, on=[PERSON, "_exit"], how="anti")
    return nw.concat([with_exit.select(*COLUMNS), _alone(rest, dates).select(*COLUMNS)])


def _alone(rest: Any, dates: Sequence[int]) -> Any:
    """Return exits that end no period of the roster as periods of their own."""
    nothing = nw.lit(None, dtype=nw.Int64)
    made = rest.with_columns(
        _period=nothing,
        _first=nothing,
        _last=nothing,
        _next=nothing,
        _gone=nothing,
        trouble=nw.lit(None, dtype=nw.String),
    )
    made = made.with_columns(told(nw.col("_exit").is_null(), "no exit date"))
    made = made.with_columns(told(nw.col(PERSON).is_null(), NO_PERSON))
    backwards = (nw.col("_exit") < nw.col("_hire")).fill_null(False)
    made = made.with_columns(told(backwards, "left before being hired"))
    between = nw.lit(False)
    for date in dates:
        between = between | ((nw.col("_hire") <= date) & (nw.col("_exit") > date)).fill_null(False)
    made = made.with_columns(told(between, "in service on the date of a roster without them"))
    if dates:
        later = (nw.col("_hire") > dates[-1]).fill_null(False)
        made = made.with_columns(
            told(later, "hired after the last roster: known only because they left")
        )
    return made
