"""Who left the fictional agency, when and why: drawn so that it agrees with the rosters.

The rosters are as they were drawn: who is gone from the next one has an exit (but for a few). To
them come those who left before the first roster, or between two, without ever standing in one.
"""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from math import exp, log
from typing import Any

import numpy as np

from equity.sample import people

__all__ = ["HEADER", "draw_exits", "exit_truth"]

KNOWN_FROM, KNOWN_UNTIL = date(2019, 7, 1), date(2026, 1, 4)
YEAR = 365.25  # days
HAZARD = -log(1 - people.LEAVING)  # a year; who stands in a roster leaves at this rate
EARLY_YEARS = 2.0
EARLY_HAZARD = {"black": 0.30}  # a year, in the first years, until first seen in a roster
NO_EXIT = 0.04  # of those who are gone from the next roster
HIRED_AGAIN = 3
HEADER = ("Employee ID", "Job Title", "Division", "Gender", "Ethnic Code Description",
          "Date Started", "Separation Date", "Separation Reason")  # fmt: skip
REASONS = {  # by years of service at exit: from these years on -> words and shares
    0: {
        "Released During Probation": 0.30,
        "Resigned - Personal": 0.38,
        "Resigned - Other Agency": 0.28,
        "Terminated": 0.04,
    },
    2: {
        "Resigned - Other Agency": 0.40,
        "Resigned - Personal": 0.36,
        "Terminated": 0.10,
        "Disability Retirement": 0.10,
        "Deceased": 0.04,
    },
    18: {"Service Retirement": 0.88, "Disability Retirement": 0.07, "Deceased": 0.05},
}
_GROUP: dict[str, str] = {label: g for labels in people.LABELS for g, label in zip(
    people.WORK_GROUPS, labels, strict=True)}  # fmt: skip
_LABEL: dict[str, str] = dict(zip(people.WORK_GROUPS, people.LABELS[1], strict=True))


def _total(group: str, years: float) -> float:
    """Return the cumulative hazard at some years of service."""
    early = EARLY_HAZARD.get(group, HAZARD)
    return early * min(years, EARLY_YEARS) + HAZARD * max(years - EARLY_YEARS, 0)


def _years(group: str, total: float) -> float:
    early = EARLY_HAZARD.get(group, HAZARD)
    if total <= early * EARLY_YEARS:
        return total / early
    return EARLY_YEARS + (total - early * EARLY_YEARS) / HAZARD


def exit_truth() -> dict[str, Any]:
    """Return the true hazards, and the share that is still there after some months."""
    groups = people.WORK_GROUPS
    return {
        "scheme": "us1997",
        "known_from": str(KNOWN_FROM),
        "known_until": str(KNOWN_UNTIL),
        "first_roster": str(people.SNAPSHOTS[0]),
        "hazard_per_year": {
            "early": {g: round(EARLY_HAZARD.get(g, HAZARD), 6) for g in groups},
            "later": {g: round(HAZARD, 6) for g in groups},
        },
        "early_months": int(EARLY_YEARS * 12),
        "survival": {
            str(m): {g: round(exp(-_total(g, m / 12)), 6) for g in groups}
            for m in (6, 12, 24, 36, 60)
        },
        "differs": [{"group": g, "early_hazard_per_year": h} for g, h in EARLY_HAZARD.items()],
    }


def draw_exits(rng: np.random.Generator, roster: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return the exits as the personnel system exports them, and what was drawn by chance."""
    staff, seen = _read(roster)
    leaving: list[tuple[date, list[Any]]] = []
    serial, never_seen, without = 2_000, 0, 0
    for person, when in seen.items():
        row = staff[person]
        group, hired, first = _GROUP[row["Ethnic Code Description"]], row["hired"], min(when)
        # those hired on the same day who had left before this person was first in a roster
        since = max(hired, KNOWN_FROM)
        low = _total(group, (since - hired).days / YEAR)
        high = _total(group, (people.SNAPSHOTS[first] - hired).days / YEAR)
        for luck in rng.random(int(rng.poisson(max(exp(high - low) - 1, 0)))):
            total = low - log(1 - luck * (1 - exp(low - high)))
            left = hired + timedelta(days=int(_years(group, total) * YEAR))
            left = min(max(left, since), people.SNAPSHOTS[first] - timedelta(days=1))
            serial += int(rng.integers(1, 9))
            never_seen += 1
            leaving.append((left, _line(rng, f"{serial:06d}", row, left)))
        # those who are gone from the next roster, or left after the last
        last = max(when)
        start = people.SNAPSHOTS[last]
        stop = people.SNAPSHOTS[last + 1] if last + 1 < len(people.SNAPSHOTS) else None
        luck, missed = rng.random(2)
        span = HAZARD * ((stop or KNOWN_UNTIL) - start).days / YEAR
        share = 1 - exp(-span)
        if stop is None and luck >= share:
            continue  # still there
        luck = luck / share if stop is None else luck
        days = int(-log(1 - luck * share) / HAZARD * YEAR)
        left = min(start + timedelta(days=days), (stop or KNOWN_UNTIL) - timedelta(days=1))
        if stop is not None and missed < NO_EXIT:
            without += 1
            continue
        leaving.append((left, _line(rng, person, row, left)))
    leaving.sort(key=lambda one: (one[0], one[1][0]))
    _hire_again([line for _, line in leaving if int(line[0]) < 10_000])
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n")
    write.writerow(HEADER)
    write.writerows(line for _, line in leaving)
    drawn = {
        "rows": len(leaving),
        "never_in_a_roster": never_seen,
        "gone_without_exit": without,
        "hired_again": HIRED_AGAIN,
        "reasons": _tally(line[-1] for _, line in leaving),
        "groups": _tally(_GROUP[line[4]] for _, line in leaving),
    }
    return b"\xef\xbb\xbf" + text.getvalue().encode(), drawn


def _read(roster: bytes) -> tuple[dict[str, dict[str, Any]], dict[str, list[int]]]:
    """Return person -> last row, and person -> numbers of the rosters that have them."""
    staff: dict[str, dict[str, Any]] = {}
    seen: dict[str, list[int]] = {}
    numbers = {people.us(day): i for i, day in enumerate(people.SNAPSHOTS)}
    for row in csv.DictReader(io.StringIO(roster.decode("utf-8-sig"), newline="")):
        hired = datetime.strptime(row["Date Started"], "%m/%d/%Y").date()
        staff[row["Employee ID"]] = row | {"hired": hired}
        seen.setdefault(row["Employee ID"], []).append(numbers[row["Snapshot Date"]])
    return staff, seen


def _line(rng: np.random.Generator, person: str, row: dict[str, Any], left: date) -> list[Any]:
    years = (left - row["hired"]).days / YEAR
    words = REASONS[max(since for since in REASONS if years >= since)]
    reason = list(words)[int(rng.choice(len(words), p=list(words.values())))]
    label = _LABEL[_GROUP[row["Ethnic Code Description"]]]
    return [person, row["Job Title"].strip(), row["Division"], row["Gender"], label,
            people.us(row["hired"]), people.us(left), reason]  # fmt: skip


def _hire_again(lines: list[list[Any]]) -> None:
    """Give a few who left the date on which they were hired again, as a system overwrites it."""
    for i, line in enumerate(lines[5 : 5 + HIRED_AGAIN]):
        line[5] = people.us(date(2025, 9, 15) + timedelta(days=14 * i))


def _tally(values: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return dict(sorted(found.items()))
