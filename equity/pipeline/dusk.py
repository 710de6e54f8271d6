"""Stops around dusk: daylight by the sun times of the agency's place, every row accounted for."""

from __future__ import annotations

from equity.agency import Agency
from equity.cohorts import Cohort, col
from equity.daylight import add_daylight

__all__ = ["around_dusk", "placed"]

LEFT_OUT = {
    "outside the window": "outside the hours that are sometimes light and sometimes dark",
    "no sunset": "on days when the sun does not set",
}
"""Value of `daylight` -> why such a row is not in the count file. Twilight stays: the picture of
the share by minutes since dusk shows the gap."""


def placed(agency: Agency) -> bool:
    """Return whether the agency file says where the sun is to be looked at."""
    return agency.agency.latitude is not None and agency.agency.longitude is not None


def around_dusk(agency: Agency, cohort: Cohort, *, on_foot: bool) -> Cohort:
    """Add daylight to the rows and keep those of the hours around dusk, with the reasons.

    on_foot : the rows say who was stopped on foot; these are left out.
    """
    place = agency.agency  # `placed` said that both are given
    if on_foot:
        cohort = cohort.drop(
            col("type") == "pedestrian", because="on foot: the test of daylight is about drivers"
        )
    lit = add_daylight(
        cohort.drop(col("second_of_day").is_null(), because="time not known"),
        latitude=place.latitude or 0.0,
        longitude=place.longitude or 0.0,
        timezone=place.timezone,
    )
    for value, because in LEFT_OUT.items():
        lit = lit.drop(col("daylight") == value, because=because)
    return lit.drop(col("daylight").is_null(), because="date or place not known")
