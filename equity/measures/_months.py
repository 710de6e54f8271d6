"""Months in a row: which there are from the first to the last, and which are not whole."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

WHOLE = 0.9
"""A month of which the file covers a smaller share of the days is not whole."""


def serial_of(frame: pd.DataFrame) -> tuple[pd.Series, np.ndarray]:
    """Return the number of the month of each row with a date, and which rows have one."""
    dated = (frame["year"].notna() & frame["month"].notna()).to_numpy(dtype=bool)
    rows = frame[dated]
    return (rows["year"].astype(int) * 12 + rows["month"].astype(int) - 1), dated


def cut_off(counts: Any) -> dict[int, str]:
    """Return the months at whose begin or end the file is cut off, and the words for it.

    Only what a CountTable says of its file tells a month that is not over from a quiet one.
    """
    about = getattr(counts, "provenance", None) or {}
    out: dict[int, str] = {}
    for name, verb in (("first_date", "begins"), ("last_date", "ends")):
        try:
            day = dt.date.fromisoformat(str(about[name])[:10])
        except (KeyError, ValueError):
            continue
        length = calendar.monthrange(day.year, day.month)[1]
        covered = length - day.day + 1 if verb == "begins" else day.day
        if covered < WHOLE * length:
            words = f"the file {verb} on {day.day} {day:%B %Y}"
            month = day.year * 12 + day.month - 1
            out[month] = f"{out[month]}; {words}" if month in out else words
    return out
