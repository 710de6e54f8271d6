"""Dates of the stages of hiring, and examinations for promotion, drawn apart from the rest.

The rates of hiring stay as they were drawn; what is added is when each stage was decided, who is
still waiting on the day of the report, and why a race is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import exp
from typing import Any

import numpy as np

from equity.sample import people

__all__ = [
    "HEADER",
    "PROMOTION_DATES",
    "PROMOTION_HEADER",
    "PROMOTION_PREAMBLE",
    "PROMOTION_STAGES",
    "STAGE_DATES",
    "add_dates",
    "draw_promotions",
    "promotion_truth",
    "wait_truth",
]

# --- applicants ---------------------------------------------------------------------------------
REPORTED = date(2026, 1, 5)
"""Of the report; what was decided on it or later stands in no file."""
STAGE_DATES = {
    "qualified": "Min. Quals Date",
    "tested": "Test Date",
    "interviewed": "Interview Date",
    "offered": "Offer Date",
    "hired": "Hire Date",
}
MEDIAN_DAYS = {"qualified": 9, "tested": 34, "interviewed": 88, "offered": 112, "hired": 150}
SLOWER, SLOWER_BY, FROM = "black", 34, "interviewed"  # days, from this stage on
SPREAD = 0.25  # standard deviation of the logarithm of a person's waits
WITHHELD = 0.20  # of those who decline
DATE_AS_TEXT = 0.06

_FIRST = people.HEADER.index("Min. Quals Met")
_APPLIED, _RACE = people.HEADER.index("Date Applied"), people.HEADER.index("Race/Ethnicity")
HEADER = (
    *people.HEADER[:_FIRST],
    *(
        name
        for stage, (_, column) in people.STAGES.items()
        for name in (column, STAGE_DATES[stage])
    ),
    *people.HEADER[_FIRST + len(people.STAGES) :],
)
_KEYS = {label: key for key, label in people.RACE_LABELS.items()}


def _median(stage: str, group: str) -> int:
    stages = list(people.STAGES)
    slow = group == SLOWER and stages.index(stage) >= stages.index(FROM)
    return MEDIAN_DAYS[stage] + (SLOWER_BY if slow else 0)


def wait_truth() -> dict[str, Any]:
    """Return the true median days from application to each stage.

    All waits of a person are their median times one factor, so that later stages come later, and
    medians are exact. The factor has nothing to do with who passes.
    """
    return {
        "median_days": {s: {g: _median(s, g) for g in people.GROUPS} for s in people.STAGES},
        "spread": SPREAD,
        "until": str(REPORTED),
        "differs": [{"group": SLOWER, "from": FROM, "days": SLOWER_BY}],
    }


def add_dates(
    rng: np.random.Generator, rows: Sequence[Sequence[Any]]
) -> tuple[list[list[Any]], dict[str, Any]]:
    """Return the rows with a date beside each answer, and what was drawn by chance.

    A stage that would be decided on the day of the report or later has no answer yet. Who did not
    say a race is of the true group all the same, but nobody can tell which: they wait as most do.
    """
    factor = np.exp(rng.normal(0, SPREAD, len(rows)))
    withheld, as_text = rng.random((2, len(rows)))
    counts = {
        s: {g: {"reached": 0, "passed": 0} for g in (*people.GROUPS, "unknown")}
        for s in people.STAGES
    }
    pending = dict.fromkeys(people.STAGES, 0)
    reasons = {"declined": 0, "withheld": 0, "not stated": 0}
    made = []
    for i, old in enumerate(rows):
        row = list(old)
        group = _KEYS.get(str(row[_RACE]).strip(), "unknown")
        if group == "unknown":
            if row[_RACE] is not None and withheld[i] < WITHHELD:
                row[_RACE] = "Withheld"
            why = {None: "not stated", "Withheld": "withheld"}.get(row[_RACE], "declined")
            reasons[why] += 1
        applied = row[_APPLIED]
        applied = _read(applied) if isinstance(applied, str) else applied
        answers: list[Any] = []
        last, waiting = applied, False
        for k, stage in enumerate(people.STAGES):
            answer, day = row[_FIRST + k], None
            if answer is not None:
                day = applied + timedelta(days=max(1, round(_median(stage, group) * factor[i])))
                if day.date() >= REPORTED:
                    pending[stage] += not waiting
                    waiting, answer, day = True, None, None
            if answer is not None and day is not None:
                last = day
                counts[stage][group]["reached"] += 1
                counts[stage][group]["passed"] += answer.strip() == "Yes"
            shown = people.us(day) if day is not None and as_text[i] < DATE_AS_TEXT else day
            answers += [answer, shown]
        code = "ACTIVE" if waiting else row[-2]
        made.append([*row[:_FIRST], *answers, code, people.us(last)])
    drawn = {"counts": counts, "pending": pending, "race_unknown": reasons}
    return made, drawn


def _read(text: str) -> datetime:
    month, day, year = map(int, text.split("/"))
    return datetime(year, month, day)


# --- promotions ---------------------------------------------------------------------------------
EXAMS = (  # examination, candidates, shares in the order of people.GROUPS, women
    ("Sergeant", 62, (0.585, 0.175, 0.185, 0.030, 0.002, 0.005, 0.018), 0.16),
    ("Lieutenant", 27, (0.680, 0.135, 0.145, 0.020, 0.0, 0.005, 0.015), 0.13),
)
EXAM_YEARS = (2024, 2025)
PROMOTION_STAGES = {  # name -> (label, column)
    "written": ("Passed the written examination", "Written Exam"),
    "oral": ("Passed the oral board", "Oral Board"),
    "promoted": ("Promoted from the list", "Promoted"),
}
PROMOTION_DATES = {"written": "Written Date", "oral": "Oral Date", "promoted": "Promotion Date"}
PASSING = {"written": 0.70, "oral": 0.75, "promoted": 0.45}
PASSING_FACTOR = {("written", "black"): 0.62, ("written", "hispanic"): 0.80}
DECLINED = 0.03
PROMOTION_PREAMBLE = (
    "Riverton Police Department (FICTIONAL) - Promotional Examinations",
    "Run date: 01/05/2026 08:16 AM",
)
PROMOTION_HEADER = (
    "Candidate No.",
    "Examination",
    "Filing Date",
    "Gender",
    "Race/Ethnicity",
    *(
        name
        for stage, (_, column) in PROMOTION_STAGES.items()
        for name in (column, PROMOTION_DATES[stage])
    ),
)


def _passing(stage: str, group: str) -> float:
    return PASSING[stage] * PASSING_FACTOR.get((stage, group), 1)


def promotion_truth() -> dict[str, Any]:
    """Return the true passing rates of each stage, of those who came so far, by group."""
    rates = {s: {g: round(_passing(s, g), 6) for g in people.GROUPS} for s in PROMOTION_STAGES}
    ratio = {
        s: {g: round(v / rates[s]["white"], 6) for g, v in of.items()} for s, of in rates.items()
    }
    return {
        "scheme": "us1997",
        "stages": {name: label for name, (label, _) in PROMOTION_STAGES.items()},
        "selection_rate": rates,
        "impact_ratio": ratio,
        "reference": "white",
        "candidates": {f"{e[0]} {y}": e[1] for y in EXAM_YEARS for e in EXAMS},
    }


def draw_promotions(rng: np.random.Generator) -> tuple[list[list[Any]], dict[str, Any]]:
    """Return the candidates of four examinations, and what was drawn by chance."""
    counts = {
        s: {g: {"reached": 0, "passed": 0} for g in (*people.GROUPS, "unknown")}
        for s in PROMOTION_STAGES
    }
    rows: list[list[Any]] = []
    for year in EXAM_YEARS:
        for exam, candidates, shares, women in EXAMS:
            filed = datetime(year, 2, 1) if exam == "Sergeant" else datetime(year, 3, 1)
            for _ in range(candidates):
                group = people.GROUPS[int(rng.choice(len(people.GROUPS), p=shares))]
                luck = rng.random(len(PROMOTION_STAGES) + 2)
                race, known = people.RACE_LABELS[group], group
                if luck[-1] < DECLINED:
                    race, known = "Decline to answer", "unknown"
                answers: list[Any] = []
                going = True
                for k, stage in enumerate(PROMOTION_STAGES):
                    if not going:
                        answers += [None, None]
                        continue
                    day = filed + timedelta(days=(60, 110, 0)[k])
                    if stage == "promoted":  # as posts fall vacant
                        day = filed + timedelta(days=140 + int(150 * exp(-3 * luck[k])))
                    going = bool(luck[k] < _passing(stage, group))
                    counts[stage][known]["reached"] += 1
                    counts[stage][known]["passed"] += going
                    shown = None if stage == "promoted" and not going else day
                    answers += [("Pass" if going else "Fail") if k < 2 else "Yes", shown]
                    if stage == "promoted" and not going:
                        answers[-2] = "No"
                rows.append([
                    f"{year % 100}{exam[0]}{len(rows) + 101:04d}", f"{exam} {year}",
                    filed - timedelta(days=int(rng.integers(0, 28))),
                    "Female" if luck[-2] < women else "Male", race, *answers,
                ])  # fmt: skip
    return rows, {"rows": len(rows), "counts": counts}
