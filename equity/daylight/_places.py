"""Places as the caller gives them: latitude, longitude and time zone, or why they are refused."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pandas as pd

__all__ = ["Place", "one_place", "several_places"]

WITHOUT_SUMMER = {"EST": "America/New_York", "MST": "America/Denver", "HST": "Pacific/Honolulu"}
"""Abbreviations that the database has as zones without daylight saving: a trap in summer."""


@dataclass(frozen=True)
class Place:
    """One place: degrees north, degrees east, and its time zone."""

    latitude: float
    longitude: float
    zone: ZoneInfo


def one_place(*, latitude: Any, longitude: Any, timezone: Any, where: str = "") -> Place:
    """Return the place, or raise ValueError or TypeError saying what is wrong with which value."""
    return Place(
        _degrees("latitude", latitude, 90, "north", "south", where),
        _degrees("longitude", longitude, 180, "east", "west", where),
        _zone(timezone, where),
    )


def several_places(
    names: list[str], *, latitude: Any, longitude: Any, timezone: Any, column: str
) -> dict[str, Place | None]:
    """Return the place of each name: each argument is one value for all, or place -> value.

    A name for which a mapping holds None (or NaN) is a place that is not known.
    """
    given = {
        role: {str(key): value for key, value in dict(values).items()}
        if isinstance(values, Mapping | pd.Series)
        else values
        for role, values in (
            ("latitude", latitude),
            ("longitude", longitude),
            ("timezone", timezone),
        )
    }
    for role, values in given.items():
        absent = [n for n in names if n not in values] if isinstance(values, dict) else []
        if absent:
            shown = ", ".join(map(repr, absent[:5])) + (", ..." if len(absent) > 5 else "")
            raise ValueError(
                f"{role} has no value for {len(absent)} of the {len(names)} values of "
                f"{column!r}: {shown}. Add them, or give None for a place that is not known; its "
                "rows then stay without daylight."
            )
    places: dict[str, Place | None] = {}
    for name in names:
        values = {role: v[name] if isinstance(v, dict) else v for role, v in given.items()}
        unknown = any(isinstance(given[role], dict) and _absent(v) for role, v in values.items())
        where = f" of {column} {name!r}"
        places[name] = None if unknown else one_place(**values, where=where)
    return places


def _absent(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _degrees(role: str, value: Any, most: int, plus: str, minus: str, where: str) -> float:
    if isinstance(value, Mapping | pd.Series):
        raise TypeError(
            f"{role} is a mapping of places, but no place is named. Name the column that holds "
            'the places, such as place="department", or give one number.'
        )
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(
            f"{role}={value!r}{where} is not a number. Give degrees {plus}, {minus} negative."
        )
    degrees = float(value)
    if not -most <= degrees <= most:
        swapped = " Were latitude and longitude exchanged?" if role == "latitude" else ""
        raise ValueError(
            f"{role}={degrees:g}{where} is not on the globe. Give degrees {plus} from {-most} to "
            f"{most}, {minus} negative.{swapped}"
        )
    return degrees


def _zone(timezone: Any, where: str) -> ZoneInfo:
    if isinstance(timezone, ZoneInfo):
        return timezone
    if isinstance(timezone, Mapping | pd.Series):
        raise TypeError(
            "timezone is a mapping of places, but no place is named. Name the column that holds "
            'the places, such as place="department", or give one name.'
        )
    if _absent(timezone) or timezone == "":
        raise ValueError(
            f"timezone={timezone!r}{where}: without the time zone, clock times say nothing about "
            "daylight. Give the zone's name in the time-zone database, such as "
            '"America/New_York".'
        )
    if not isinstance(timezone, str):
        raise TypeError(
            f"timezone={timezone!r}{where} is a {type(timezone).__name__}. Give the zone's name "
            'in the time-zone database, such as "America/New_York".'
        )
    if timezone in WITHOUT_SUMMER:
        raise ValueError(
            f"timezone={timezone!r}{where} is an abbreviation without daylight-saving time, and "
            "would be an hour off in the summer of most places. Name the zone by its city, such "
            f"as {WITHOUT_SUMMER[timezone]!r}."
        )
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # not there; not a name; a folder of names
        known = {name.lower(): name for name in available_timezones()}
        close = difflib.get_close_matches(timezone.lower().replace(" ", "_"), known, n=3)
        meant = f" Perhaps {' or '.join(repr(known[name]) for name in close)}?" if close else ""
        raise ValueError(
            f"timezone={timezone!r}{where} is not in the time-zone database. Give a name such as "
            f'"America/New_York".{meant}'
        ) from None
