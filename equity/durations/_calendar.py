"""Dates as whole numbers such as 20170430, which every engine compares and divides alike."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw

__all__ = ["code", "code_of", "day_number", "given_day", "middle", "months_between"]


def code_of(date: dt.date) -> int:
    """Return 20170430 for 30 April 2017."""
    return date.year * 10_000 + date.month * 100 + date.day


def given_day(name: str, value: Any) -> int | None:
    """Return the number of a date that the caller gave, as text or as a date; None stays None."""
    if value is None:
        return None
    try:
        day = value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        raise ValueError(f"{name}={str(value)!r} is not a date such as 2017-04-30.") from None
    return code_of(day)


def middle(one: int, other: int) -> int:
    """Return the day in the middle of two days, the earlier of two where they are even."""
    first, last = (dt.date(n // 10_000, n // 100 % 100, n % 100) for n in (one, other))
    return code_of(first + (last - first) // 2)


def code(schema: Any, name: str) -> nw.Expr:
    """Return a date column as such a number, missing where there is no such column.

    Raises
    ------
    TypeError
        The column is not a date.
    """
    if name not in schema:
        return nw.lit(None, dtype=nw.Int64)
    kind = schema[name]
    if not (kind == nw.Date or kind == nw.Datetime):
        raise TypeError(
            f"{name!r} is {kind}, not a date. Standardize the rows first (equity.sources), or "
            "convert the column to dates."
        )
    date = nw.col(name).dt
    # of 64 bits before they are multiplied: Polars' months have 8
    year, month, day = (p.cast(nw.Int64) for p in (date.year(), date.month(), date.day()))
    return year * 10_000 + month * 100 + day


def months_between(start: Any, stop: Any) -> Any:
    """Return the completed calendar months from one such number to another.

    A month is completed on the day of the same number; where a month has no such day, on the
    first of the next.
    """
    whole = (stop // 10_000 - start // 10_000) * 12 + stop // 100 % 100 - start // 100 % 100
    short = (stop % 100 - start % 100 + 31) // 31  # 1 if the day has come, else 0
    return (whole + short - 1).cast(nw.Int64)


def day_number(number: Any) -> Any:
    """Return the days since the first of March of the year 0, so that they can be subtracted."""
    month = (number // 100 % 100 + 9) % 12  # from March
    year = number // 10_000 - month // 10
    days = year * 365 + year // 4 - year // 100 + year // 400
    return days + (153 * month + 2) // 5 + number % 100
