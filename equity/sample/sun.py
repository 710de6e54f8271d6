"""Sun times at one place in local clock minutes, by which the sample tells light from dark."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

__all__ = ["sun_minutes"]

SUNSET, TWILIGHT = -0.833, -6.0  # degrees of the sun's centre: refraction and radius; civil dusk


def sun_minutes(
    days: np.ndarray, *, latitude: float, longitude: float, timezone: str
) -> dict[str, np.ndarray]:
    """Return dawn, sunrise, sunset and dusk of each day as minutes after local midnight.

    NOAA solar calculator (Meeus, *Astronomical Algorithms*, ch. 25), iterated three times; within
    seconds of an ephemeris below 60 degrees of latitude. Dawn and dusk are civil (sun at -6
    degrees). NaN where the sun does not reach the height that day.
    """
    zone = ZoneInfo(timezone)
    noon = [datetime.fromisoformat(str(d)) + timedelta(hours=12) for d in days]
    # one offset per day, at noon: clocks change at night, before dawn
    offset = np.array([zone.utcoffset(n).total_seconds() / 60 for n in noon])  # type: ignore[union-attr]
    place = (days.astype("datetime64[D]"), latitude, longitude)
    return {
        "dawn": _event(*place, TWILIGHT, -1) + offset,
        "sunrise": _event(*place, SUNSET, -1) + offset,
        "sunset": _event(*place, SUNSET, 1) + offset,
        "dusk": _event(*place, TWILIGHT, 1) + offset,
    }


def _event(days: np.ndarray, latitude: float, longitude: float, height: float, side: int):
    """Return minutes after 0h UTC at which the sun passes `height`; side -1 morning, 1 evening."""
    sin, cos, rad = np.sin, np.cos, np.radians
    midnight = days.astype(np.int64) + 2_440_587.5  # Julian day of 0h UTC
    phi = rad(latitude)
    minutes = 720 - 4 * longitude + side * 360.0
    for _ in range(3):
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
        longitude_sun = mean_long + rad(centre - 0.00569 - 0.00478 * sin(node))
        tilt = rad(23.439291 - 0.0130042 * century + 0.00256 * cos(node))
        declination = np.arcsin(sin(tilt) * sin(longitude_sun))
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
        angle = np.where(reached, np.degrees(np.arccos(np.clip(cosine, -1, 1))), np.nan)
        minutes = 720 - 4 * longitude - equation + side * 4 * angle
    return minutes
