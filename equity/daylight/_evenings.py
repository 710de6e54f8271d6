"""The evenings of the dates and places that occur, in whole seconds of the local clock."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from equity.daylight._places import Place
from equity.daylight._sun import (
    FIRST,
    LAST,
    changes_nearby,
    evenings,
    highest_sun,
    noon_offsets,
)

__all__ = ["COLUMNS", "DAY", "DAY_KEY", "NEVER", "PLACE_KEY", "sun_table"]

NEVER = 10_000_000
"""Stands in the engine for a time that does not come, so that no comparison meets a null."""
DAY = 86_400  # seconds
OFF_NOON = 240  # minutes between 12:00 and the highest sun beyond which zone and place disagree
NEAR_CHANGE = 30  # days

DAY_KEY, PLACE_KEY = "_daylight_day", "_daylight_place"
_SUN = ("sunset", "dusk", "sunset_before", "dusk_before", "earliest", "latest", "change")
COLUMNS = {name: f"_daylight_{name}" for name in _SUN}
"""What the sun table tells -> its column; names that no file has."""


def sun_table(pairs: pd.DataFrame, places: dict[Any, Place | None]) -> pd.DataFrame:
    """Return for each pair of day and place its evening and the one before, in whole seconds."""
    number = pairs[DAY_KEY].to_numpy(dtype=np.int64)
    year, month, date = number // 10_000, number // 100 % 100, number % 100
    months = (year - 1970) * 12 + month - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]") + (date - 1)
    known = (days >= FIRST) & (days <= LAST)
    index = np.zeros(len(pairs), dtype=np.int64)  # of the place among `places`
    if PLACE_KEY in pairs:
        index = pd.Index(list(places)).get_indexer(pd.Index(pairs[PLACE_KEY]))
    there = list(places.values())
    zone = dict.fromkeys(p.zone for p in there if p)
    parts = [np.empty((0, len(COLUMNS)), dtype=np.int64)]
    rows = [np.empty(0, dtype=np.int64)]
    for one in zone:
        here = [i for i, p in enumerate(there) if p and p.zone == one]
        mine = np.flatnonzero(known & np.isin(index, here))
        if len(mine):
            rows.append(mine)
            inside = {list(places)[i]: there[i] for i in here}
            at = np.searchsorted(here, index[mine])
            parts.append(_zone_table(days[mine], at, inside, one))
    keys = pairs.iloc[np.concatenate(rows)].reset_index(drop=True)
    values = pd.DataFrame(np.concatenate(parts), columns=list(COLUMNS.values()))
    return pd.concat([keys.astype({DAY_KEY: "int64"}), values], axis=1)


def _zone_table(
    days: np.ndarray, at: np.ndarray, places: dict[Any, Any], zone: ZoneInfo
) -> np.ndarray:
    """Return the rows of the sun table in one time zone; `at` is the place of each day."""
    years = np.unique(days.astype("datetime64[Y]"))
    # all days of the years that occur, and the evening before the first of each
    first, next_first = years.astype("datetime64[D]"), (years + 1).astype("datetime64[D]")
    each = [np.arange(a - 1, b) for a, b in zip(first, next_first, strict=True)]
    span = np.unique(np.concatenate(each))
    offsets = noon_offsets(span, zone)
    for key, place in places.items():
        _refuse_other_zone(key, place, offsets[0])
    lat = np.array([p.latitude for p in places.values()])
    lng = np.array([p.longitude for p in places.values()])
    sunset, dusk = (_seconds(minutes) for minutes in evenings(span, offsets, lat, lng, zone))
    earliest, latest = np.zeros((2, len(years), len(lat)), dtype=np.int64)
    of_year = span.astype("datetime64[Y]")
    for i, year in enumerate(years):
        comes = dusk[of_year == year]
        earliest[i] = comes.min(axis=0)
        latest[i] = np.where(comes < NEVER, comes, -1).max(axis=0)
    never = earliest == NEVER  # where dusk never comes, the whole day is the window
    earliest[never], latest[never] = 0, DAY - 1
    day = np.searchsorted(span, days)
    year = np.searchsorted(years, days.astype("datetime64[Y]"))
    change = changes_nearby(days, zone, NEAR_CHANGE)
    columns = {
        "sunset": sunset[day, at],
        "dusk": dusk[day, at],
        "sunset_before": sunset[day - 1, at],
        "dusk_before": dusk[day - 1, at],
        "earliest": earliest[year, at],
        "latest": latest[year, at],
        "change": np.where(np.isnan(change), NEVER, change).astype(np.int64),
    }
    return np.column_stack([columns[name] for name in COLUMNS])


def _refuse_other_zone(key: Any, place: Place, offset: float) -> None:
    highest = highest_sun(offset, place.longitude)
    if abs(highest - 720) > OFF_NOON:
        clock = f"{int(highest) // 60:02d}:{int(highest) % 60:02d}"
        of = "" if key is None else f" of {key!r}"
        raise ValueError(
            f"longitude={place.longitude:g} and timezone={place.zone.key!r}{of} do not belong "
            f"together: the sun would stand highest at {clock} by that clock. Give the zone of "
            "the place (west of Greenwich the longitude is negative). Times in UTC are converted "
            "to local date and time first."
        )


def _seconds(minutes: np.ndarray) -> np.ndarray:
    """Return whole seconds, rounded up: a whole second is before one exactly if before the other.

    A rounding that would land a hair above a whole second stays on it.
    """
    happens = np.isfinite(minutes)
    seconds = np.ceil(np.where(happens, minutes, 0.0) * 60 - 1e-6)
    return np.where(happens, seconds, NEVER).astype(np.int64)
