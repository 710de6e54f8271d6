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
    missing, there is no count file at all. `made` says what is made of the rows before they are
    counted (`equity.pipeline.people`).
    """

    file: str
    table: str
    by: tuple[str, ...]
    of: tuple[str, ...] = ()
    title: str = ""
    needs: tuple[str, ...] = ()
    made: str = ""

    def possible(self, columns: Collection[str]) -> bool:
        """Return whether rows with these columns can be counted so."""
        return set(self.needs) <= countable(columns)


def countable(columns: Collection[str]) -> set[str]:
    """Return what can be counted by: the columns, and those that are made from them."""
    there = set(columns)
    return there | {name for name, (source, _) in DERIVED.items() if source in there}


PIPELINE = ("race", "sex", "race_unknown", "posting", "year", "still_open", "margin")
"""By what applicants and candidates are counted; `still_open` where the file tells who withdrew
from who waits, `margin` where it has totals only."""

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
        (
            *("race", "sex", "race_unknown", "year", "sworn", "job_category", "rank"),
            "hire_cohort",
        ),
        ("joined", "left"),
        "Workforce",
        made="staff",
    ),
    Step(
        "retention",
        "workforce",
        (
            *("race", "sex", "sworn", "job_category", "hire_cohort"),
            *("exit_year", "exit_reason", "entered", "months"),
        ),
        ("left",),
        "Periods of service",
        ("hire_date",),
        made="spells",
    ),
    Step("applicants", "applicants", PIPELINE, title="Applicants"),
    Step(
        "waits",
        "applicants",
        ("race", "sex", "posting", "year", "stage", "days"),
        ("reached",),
        "Days to each stage",
        ("date",),
        made="waits",
    ),
    Step("promotions", "promotions", PIPELINE, title="Candidates for promotion"),
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
