"""Turns instants in UTC into the date and the time of day on the local clock, on every engine.

The engines' own conversions do not agree: narwhals has none for DuckDB and Spark, which keep one
time zone for the whole session. So an instant is read as text, and the offset of the local clock
is found from the time-zone database for the years that the column holds: a handful of changes,
which become plain comparisons. No join is made, so that a count still reads only the columns
that it needs. From UTC to local time there is no doubtful hour; the other way there would be.
"""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import operator
import zoneinfo
from typing import Any

import narwhals as nw

from equity.sources import _text

__all__ = ["changes", "to_local", "zone"]

_TAIL = "(?: ?(?:[Zz]|UTC|GMT|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?))?$"
_INSTANT = f"^[0-9/-]+[ T]+[0-9:.]+(?: ?[AaPp][Mm])?{_TAIL}"
_DATE, _TIME = "^[0-9/-]+[ T]+", "^[0-9/-]+[ T]+[0-9:.]+(?: ?[AaPp][Mm])? ?"
_FIRST, _LAST = 1900, 2199
_DAY = 86_400
_UTC = dt.UTC


def to_local(
    frame: Any,
    instant: str,
    timezone: str,
    *,
    date: str = "local_date",
    second_of_day: str = "local_second_of_day",
) -> Any:
    """Add the local date and the local second of the day of an instant to a narwhals frame.

    Parameters
    ----------
    frame : a narwhals frame, see `equity.sources._text.start`.
    instant : column of instants. As text: a date, a time and, if it is there, an offset (`Z`,
        `+00:00`, `-0500`, `UTC`); without one the time is UTC. As a typed column with a time
        zone: that instant; without a time zone: UTC.
    timezone : name in the time-zone database, such as "Europe/London".
    date, second_of_day : names of the two columns that are added. DuckDB and Spark do not tell
        capitals apart: a file's column "Date" would be replaced by "date".

    Returns
    -------
    narwhals frame
        The frame with a column of dates and one of integers, 0 to 86,399; fractions of a second
        are cut off. Both are missing where the text is not an instant, such as a date alone.

    Raises
    ------
    ValueError
        If the time zone is not known, or the column holds dates without times, or numbers.
    """
    place = zone(timezone)
    read = _read(frame, instant)
    years = read.select(nw.col("utc_date").dt.year().alias("year")).drop_nulls().unique()
    years = years.collect() if isinstance(years, nw.LazyFrame) else years
    found = changes(place, sorted(map(int, years["year"].to_list())))
    ordinal = _ordinal(nw.col("utc_date")) * _DAY + nw.col("utc_second")
    offset = functools.reduce(
        operator.add,
        (
            nw.when(nw.col("utc_ordinal") >= first).then(nw.lit(step)).otherwise(nw.lit(0))
            for first, step in _steps(found)
        ),
        nw.col("utc_second"),
    )
    local = read.with_columns(utc_ordinal=ordinal).with_columns(utc_second=offset)
    day, second = _carried("utc_date", "utc_second")
    return local.with_columns(day.alias(date), second.alias(second_of_day)).drop(
        "utc_date", "utc_second", "utc_ordinal"
    )


def zone(timezone: str) -> zoneinfo.ZoneInfo:
    """Return the time zone of that name, or raise ValueError with the nearest names."""
    try:
        return zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        near = difflib.get_close_matches(str(timezone), zoneinfo.available_timezones(), n=3)
        meant = f" The nearest are: {', '.join(sorted(near))}." if near else ""
        raise ValueError(
            f"timezone={timezone!r} is not a name of the time-zone database, such as "
            f"'America/Chicago' or 'Europe/London'.{meant}"
        ) from None


def changes(place: zoneinfo.ZoneInfo, years: list[int]) -> list[tuple[dt.datetime, int]]:
    """Return (from this instant, offset in seconds) for each of the years, in their order.

    Instants are UTC without a time zone. The first of January opens each year; before 1900 and
    after 2199 the offset of the nearest of those years' beginning is taken.
    """
    found = []
    for year in years:
        known = min(max(year, _FIRST), _LAST)
        day, end = dt.datetime(known, 1, 1), dt.datetime(known + 1, 1, 1)
        offset = _offset(place, day)
        found.append((dt.datetime(year, 1, 1), offset))
        while known == year and day < end:
            after = day + dt.timedelta(days=1)
            if _offset(place, after) != offset and after < end:
                low, high = day, after
                while high - low > dt.timedelta(seconds=1):
                    middle = low + (high - low) // 2
                    middle = middle.replace(microsecond=0)
                    low, high = (
                        (low, middle) if _offset(place, middle) != offset else (middle, high)
                    )
                offset = _offset(place, high)
                found.append((high, offset))
            day = after
    return found


def _offset(place: zoneinfo.ZoneInfo, instant: dt.datetime) -> int:
    offset = instant.replace(tzinfo=_UTC).astimezone(place).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _steps(found: list[tuple[dt.datetime, int]]) -> list[tuple[int, int]]:
    """Return (ordinal from which it holds, change of the offset), without those of nothing."""
    steps, before = [], 0
    for first, offset in found:
        if offset != before:
            day = first.year * 372 + first.month * 31 + first.day
            second = first.hour * 3600 + first.minute * 60 + first.second
            steps.append((day * _DAY + second, offset - before))
            before = offset
    return steps


def _ordinal(day: nw.Expr) -> nw.Expr:
    """Return a number that rises with the date; Polars would count a month in one byte."""
    year, month, number = day.dt.year(), day.dt.month(), day.dt.day()
    return year.cast(nw.Int64) * 372 + month.cast(nw.Int64) * 31 + number.cast(nw.Int64)


def _read(frame: Any, instant: str) -> Any:
    """Add the date and the second of the day in UTC, missing where there is no instant."""
    dtype = frame.collect_schema()[instant]
    if dtype == nw.Datetime and getattr(dtype, "time_zone", None) is not None:
        text = nw.col(instant).dt.to_string("%Y-%m-%dT%H:%M:%S%z")
    elif dtype == nw.Datetime:  # as text, because Spark would put it into its session's zone
        text = nw.col(instant).cast(nw.String)
    elif dtype in (nw.String, nw.Categorical, nw.Enum, nw.Unknown):
        text = nw.col(instant).cast(nw.String).str.strip_chars(_text.SPACES)
    else:
        raise ValueError(
            f"Column {instant!r} is of the type {dtype}, which has no time of day, so that its "
            "local date cannot be found. Give the column that holds date and time in UTC."
        )
    text = nw.when(text.str.contains(_INSTANT)).then(text)
    clock = nw.col("utc_text").str.replace_all(_TAIL, "")
    tail = nw.col("utc_text").str.replace_all(_TIME, "")
    digits = nw.concat_str([tail.str.replace_all("[^0-9]", ""), nw.lit("0000")]).str.slice(0, 4)
    ahead = (
        digits.str.slice(0, 2).cast(nw.Int64) * 3600 + digits.str.slice(2, 2).cast(nw.Int64) * 60
    )
    behind = nw.when(tail.str.starts_with("-")).then(ahead).otherwise(-ahead)
    rows = frame.with_columns(text.alias("utc_text")).with_columns(
        _text._date(clock).alias("utc_date"),
        (_text._clock(clock.str.replace_all(_DATE, "")) + behind).alias("utc_second"),
    )
    day, second = _carried("utc_date", "utc_second")
    return rows.with_columns(day.alias("utc_date"), second.alias("utc_second")).drop("utc_text")


def _carried(date: str, second: str) -> tuple[nw.Expr, nw.Expr]:
    """Return date and second of the day, carried where the second lies in a neighbouring day."""
    day, time = nw.col(date), nw.col(second)
    before = (day - nw.lit(dt.timedelta(days=1))).cast(nw.Date)
    after = (day + nw.lit(dt.timedelta(days=1))).cast(nw.Date)
    known = nw.when(~time.is_null()).then(day)
    carried = (
        nw.when(time < 0)
        .then(before)
        .otherwise(nw.when(time >= _DAY).then(after).otherwise(known))
    )
    within = (
        nw.when(time < 0)
        .then(time + _DAY)
        .otherwise(nw.when(time >= _DAY).then(time - _DAY).otherwise(time))
    )
    return carried, nw.when(~day.is_null()).then(within)
