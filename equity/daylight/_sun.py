"""Sunset, dusk, sunrise and dawn by the local clock, for many days and places at once."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from equity.daylight._places import one_place

__all__ = ["changes_nearby", "evenings", "highest_sun", "noon_offsets", "sun_times"]

SUNSET, TWILIGHT = -0.833, -6.0
"""Height of the sun's centre in degrees: sunset (refraction and the sun's radius), civil dusk."""
FIRST, LAST = np.datetime64("1800-01-01"), np.datetime64("2200-12-31")
"""The days that the formula is used for; others count as not known."""
ITERATIONS = 5
AT_ONCE = 250_000  # place-days computed together, so that memory stays small

Side = Literal[-1, 1]  # morning, evening


def sun_times(dates: Any, *, latitude: float, longitude: float, timezone: str) -> pd.DataFrame:
    """Sunset, dusk, sunrise and dawn of each date at one place, by its local clock.

    When did the sun set, and when did it get dark, on the day of a stop?

    Parameters
    ----------
    dates : local calendar dates: an array, list or column of dates, or of text such as
        "2017-06-27". A missing date stays, with missing times.
    latitude, longitude : the place in degrees; south and west are negative.
    timezone : name of the place's zone in the time-zone database, such as "America/New_York".

    Returns
    -------
    DataFrame
        `date, sunset, dusk, sunrise, dawn`, one row for each of `dates` in their order. Times
        are minutes after local midnight as the clock on the wall shows them (20:30 is 1230, also
        on a day on which the clocks change). They stay with the day whose noon they surround: a
        dusk after midnight is more than 1440, a dawn before midnight is negative. A time is
        missing where the sun does not pass that height (polar day and night; white nights, which
        have a sunset but no dusk), and for dates outside the years 1800 to 2200.

    Raises
    ------
    ValueError
        A latitude or longitude off the globe, no time zone, or one that the database has not.
    TypeError
        A latitude or longitude that is no number; dates that are numbers or have a time zone.

    Notes
    -----
    Sunset and sunrise are when the sun's centre is at -0.833 degrees, dusk and dawn when it is at
    -6 degrees (civil twilight), at sea level with a level horizon. The times cannot show how dark
    it was in a street: clouds, hills, street lamps and headlights are not in them.

    Source: Meeus, Astronomical Algorithms (1998), chapters 13, 15, 25 and 28, as in NOAA's solar
    calculator, iterated at the time of the event itself. Within 8 seconds of an ephemeris
    (libastro, VSOP87) up to 60 degrees of latitude, and within a minute up to 70. Each event is
    carried from universal time to the local clock through the time-zone database on its own.

    Examples
    --------
    >>> philadelphia = {"latitude": 39.95, "longitude": -75.17, "timezone": "America/New_York"}
    >>> times = sun_times(["2017-06-27", "2017-12-07"], **philadelphia)
    >>> print(times.to_string(float_format="%.1f"))
            date  sunset   dusk  sunrise  dawn
    0 2017-06-27  1233.5 1266.2    334.1 301.3
    1 2017-12-07   995.4 1025.7    429.1 398.8
    """
    given = _days(dates)
    place = one_place(latitude=latitude, longitude=longitude, timezone=timezone)
    known = ~np.isnat(given) & (given >= FIRST) & (given <= LAST)
    days, at = np.unique(given[known], return_inverse=True)
    lat, lng = np.array([place.latitude]), np.array([place.longitude])
    shift = _shift(noon_offsets(days, place.zone), lng)
    table = pd.DataFrame({"date": given.astype("datetime64[us]")})
    events: tuple[tuple[str, float, Side], ...] = (
        ("sunset", SUNSET, 1),
        ("dusk", TWILIGHT, 1),
        ("sunrise", SUNSET, -1),
        ("dawn", TWILIGHT, -1),
    )
    for name, height, side in events:
        minutes = _local(days, _event(days, shift, lat, lng, height, side), place.zone)
        column = np.full(len(given), np.nan)
        column[known] = minutes[at, 0]
        table[name] = column
    return table


def evenings(
    days: np.ndarray, offsets: np.ndarray, lat: np.ndarray, lng: np.ndarray, zone: ZoneInfo
) -> tuple[np.ndarray, np.ndarray]:
    """Return sunset and dusk as local minutes, each of shape (days, places), for one zone."""
    sunset, dusk = (np.empty((len(days), len(lat))) for _ in range(2))
    step = max(1, AT_ONCE // max(1, len(days)))
    for first in range(0, len(lat), step):
        part = slice(first, first + step)
        shift = _shift(offsets, lng[part])
        for out, height in ((sunset, SUNSET), (dusk, TWILIGHT)):
            utc = _event(days, shift, lat[part], lng[part], height, 1)
            out[:, part] = _local(days, utc, zone)
    return sunset, dusk


def noon_offsets(days: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Return how many minutes the local clock is ahead of universal time, at noon of each day."""
    noon = [dt.datetime.combine(day, dt.time(12)) for day in days.tolist()]
    return np.array([(zone.utcoffset(at) or dt.timedelta()).total_seconds() / 60 for at in noon])


def highest_sun(offset: float, longitude: float) -> float:
    """Return the local minute at which the sun stands highest, on average over the year."""
    return (720 - 4 * longitude + offset) % 1440


def changes_nearby(days: np.ndarray, zone: ZoneInfo, within: int) -> np.ndarray:
    """Return days since (negative: until) the nearest change of the clocks; NaN beyond `within`.

    A change is where the offset from universal time at noon is not that of the day before. Where
    a zone jumps a whole day over the date line, clocks show the same time as before.
    """
    days, at = np.unique(days, return_inverse=True)
    apart = np.full(len(days), np.nan)
    around = np.arange(-within - 1, within + 1)
    span = np.unique(days[:, None] + around)  # without the years between that do not occur
    offset = noon_offsets(span, zone)
    follows = np.diff(span).astype(int) == 1
    changes = span[1:][follows & (np.diff(offset) % 1440 != 0)]
    if not len(changes):
        return apart[at]
    after = np.searchsorted(changes, days, side="right")
    since = (days - changes[np.maximum(after - 1, 0)]).astype(float)
    until = (days - changes[np.minimum(after, len(changes) - 1)]).astype(float)
    nearest = np.where((after > 0) & (np.abs(since) <= np.abs(until)), since, until)
    return np.where(np.abs(nearest) <= within, nearest, np.nan)[at]


def _days(dates: Any) -> np.ndarray:
    """Return dates of any kind as datetime64[D]."""
    array = pd.Series(np.atleast_1d(np.asarray(dates)))
    if not len(array):
        return np.empty(0, "datetime64[D]")
    if pd.api.types.is_numeric_dtype(array.dtype):
        raise TypeError(
            f"dates are numbers ({array.dtype}). Give dates, or text such as '2017-06-27'."
        )
    try:
        plain = pd.to_datetime(array, format="ISO8601")
    except (ValueError, TypeError) as error:
        raise ValueError(
            "dates cannot be read as calendar dates. Give dates, or text such as '2017-06-27'."
        ) from error
    if getattr(plain.dtype, "tz", None) is not None:
        raise TypeError(
            f"dates have a time zone ({plain.dt.tz}). Give the local calendar dates without one: "
            ".dt.tz_convert(zone).dt.tz_localize(None)."
        )
    return plain.to_numpy().astype("datetime64[D]")


def _shift(offsets: np.ndarray, lng: np.ndarray) -> np.ndarray:
    """Return the days by which the noon of a civil date is off that of the same universal date.

    Zero but near the date line: in Samoa (west of it, with an early clock) a date's noon is on
    the universal date before.
    """
    return -np.round((offsets[:, None] - 4 * lng) / 1440)


def _local(days: np.ndarray, utc: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Return the minutes after local midnight of `days` that the clock shows at an instant.

    `utc` is minutes after 0h universal time of `days`, of shape (days, places). An instant has
    one local time, so nothing is ambiguous here.
    """
    start = days.astype("datetime64[s]").astype(np.int64)[:, None]
    happens = np.isfinite(utc)
    seconds = np.floor(np.where(happens, utc, 0.0) * 60).astype(np.int64)
    instant = (start + seconds).ravel().view("datetime64[s]")
    clock = pd.DatetimeIndex(instant, tz="UTC").tz_convert(zone).tz_localize(None)
    shown = clock.to_numpy().astype("datetime64[s]").astype(np.int64).reshape(utc.shape)
    ahead = (shown - (start + seconds)) / 60
    return np.where(happens, utc + ahead, np.nan)


def _event(
    days: np.ndarray,
    shift: np.ndarray,
    lat: np.ndarray,
    lng: np.ndarray,
    height: float,
    side: Side,
) -> np.ndarray:
    """Return minutes after 0h universal time of `days` at which the sun passes `height`.

    The shape is (days, places); NaN where the sun does not pass it.
    """
    sin, cos, rad = np.sin, np.cos, np.radians
    midnight = days.astype(np.int64)[:, None] + 2_440_587.5  # Julian day of 0h universal time
    noon = 720 - 4 * lng + 1440 * shift
    phi = rad(lat)
    minutes = noon + side * 360.0
    reached = np.zeros(minutes.shape, dtype=bool)
    for _ in range(ITERATIONS):
        century = (midnight + minutes / 1440 - 2_451_545) / 36_525
        mean_long = rad(280.46646 + century * (36_000.76983 + century * 0.0003032))
        anomaly = rad(357.52911 + century * (35_999.05029 - 0.0001537 * century))
        eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
        centre = (
            sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
            + sin(2 * anomaly) * (0.019993 - 0.000101 * century)
            + sin(3 * anomaly) * 0.000289
        )
        node = rad(125.04 - 1934.136 * century)
        longitude = mean_long + rad(centre - 0.00569 - 0.00478 * sin(node))
        tilt = rad(23.439291 - 0.0130042 * century + 0.00256 * cos(node))
        declination = np.arcsin(sin(tilt) * sin(longitude))
        y = np.tan(tilt / 2) ** 2
        equation = 4 * np.degrees(
            y * sin(2 * mean_long)
            - 2 * eccentricity * sin(anomaly)
            + 4 * eccentricity * y * sin(anomaly) * cos(2 * mean_long)
            - 0.5 * y * y * sin(4 * mean_long)
            - 1.25 * eccentricity**2 * sin(2 * anomaly)
        )
        cosine = (sin(rad(height)) - sin(phi) * sin(declination)) / (cos(phi) * cos(declination))
        reached = np.abs(cosine) <= 1
        # near polar day and night a step may miss the height that the next one finds
        angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
        minutes = noon - equation + side * 4 * angle
    return np.where(reached, minutes, np.nan)
