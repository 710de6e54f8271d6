"""Which count files there are: of which table, counted by which columns, of which flags."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from equity.tables import DERIVED

__all__ = ["DAYLIGHT", "OFFICERS", "PLAN", "Step"]

STOP_FLAGS = (
    "search_conducted",
    "frisk_performed",
    "arrest_made",
    "citation_issued",
    "warning_issued",
    "contraband_found",
    "force_used",
    "body_camera_on",
    "complaint_made",
)


@dataclass(frozen=True)
class Step:
    """A count file: its name, the table that it counts, by which columns, and of which flags.

    A column that a file does not have is left out of `by` and `of`; where one of `needs` is
    missing, there is no count file at all.
    """

    file: str
    table: str
    by: tuple[str, ...]
    of: tuple[str, ...] = ()
    title: str = ""
    needs: tuple[str, ...] = ()

    def possible(self, columns: Collection[str]) -> bool:
        """Return whether rows with these columns can be counted so."""
        return set(self.needs) <= countable(columns)


def countable(columns: Collection[str]) -> set[str]:
    """Return what can be counted by: the columns, and those that are made from them."""
    there = set(columns)
    return there | {name for name, (source, _) in DERIVED.items() if source in there}


DAYLIGHT = "daylight"
"""The count file for which daylight is looked up, by the sun times of the place."""

PLAN = (
    Step(
        "stops",
        "stops",
        ("subject_race", "subject_sex", "district", "type", "year", "search_basis"),
        STOP_FLAGS,
        "Stops",
    ),
    Step(
        "stops_by_month",
        "stops",
        ("subject_race", "year", "month", "district"),
        STOP_FLAGS,
        "Stops by month",
        ("month",),
    ),
    Step("stops_by_hour", "stops", ("hour", "year"), (), "Stops by hour", ("hour",)),
    Step(
        "stops_by_reason",
        "stops",
        ("subject_race", "subject_sex", "reason_for_stop", "district", "year", "type"),
        STOP_FLAGS,
        "Stops by reason",
        ("reason_for_stop",),
    ),
    Step(
        "stops_by_age",
        "stops",
        ("subject_race", "subject_sex", "age_band", "district", "year"),
        STOP_FLAGS,
        "Stops by age",
        ("age_band",),
    ),
    Step(
        "stops_by_area",
        "stops",
        ("subject_race", "area", "year", "type", "search_basis"),
        ("search_conducted", "contraband_found"),
        "Stops by area",
        ("area",),
    ),
    Step(
        DAYLIGHT,
        "stops",
        (
            "subject_race",
            "is_dark",
            "clock_bin",
            "minutes_since_dusk",
            "date",
            "days_from_change",
            "year",
            "district",
            "type",
        ),
        (),
        "Stops around dusk",
        ("date", "second_of_day"),
    ),
    Step(
        "workforce",
        "workforce",
        ("race", "sex", "year", "sworn", "job_category"),
        title="Workforce",
    ),
    Step("applicants", "applicants", ("race", "sex", "posting", "year"), title="Applicants"),
)
"""Every count file of rows."""

OFFICERS = Step(
    "officers",
    "stops",
    ("officer_id", "subject_race", "area", "hour", "weekday", "year", "type"),
    (),
    "Stops by officer",
    ("officer_id",),
)
"""What the comparison of officers is computed from; never written to a file."""
