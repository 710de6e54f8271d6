"""Applicants and workforce of the fictional agency: exports as a personnel system makes them."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

__all__ = [
    "HEADER",
    "STAGES",
    "applicant_truth",
    "draw_applicants",
    "draw_roster",
    "us",
]

# --- applicants -----------------------------------------------------------------------------
APPLICANTS = 6_000
GROUPS = ("white", "black", "hispanic", "asian", "nhpi", "aian", "multiple")
POOL = (0.44, 0.25, 0.21, 0.055, 0.004, 0.008, 0.033)
WOMEN, NONBINARY = 0.27, 0.004  # independent of the group
STAGES: dict[str, tuple[str, str]] = {  # name -> (label, column of the file)
    "qualified": ("Met minimum qualifications", "Min. Quals Met"),
    "tested": ("Passed written and physical test", "Test Passed"),
    "interviewed": ("Passed interview and background", "Interview Passed"),
    "offered": ("Received a conditional offer", "Offer Made"),
    "hired": ("Hired", "Hired"),
}
SELECTION = {"qualified": 0.76, "tested": 0.62, "interviewed": 0.45, "offered": 0.38, "hired": 0.8}
GROUP_FACTOR = {("tested", "black"): 0.70}  # all others 1: parity
SEX_FACTOR = {("tested", "female"): 0.86}
DECLINED_RACE, BLANK_RACE, DECLINED_SEX = 0.035, 0.010, 0.012
RACE_LABELS = {
    "white": "White", "black": "Black or African American", "hispanic": "Hispanic or Latino",
    "asian": "Asian", "nhpi": "Native Hawaiian or Other Pacific Islander",
    "aian": "American Indian or Alaska Native", "multiple": "Two or More Races",
}  # fmt: skip
YEARS = (2022, 2023, 2024, 2025)
POSTINGS = (  # title, code, first day of applications, days open, share of the year's applicants
    ("Police Officer Recruit - Spring", "PO1", (1, 15), 60, 0.42),
    ("Police Officer Recruit - Fall", "PO2", (8, 1), 60, 0.40),
    ("Public Safety Dispatcher", "PSD", (4, 20), 30, 0.18),
)
REASONS = {"qualified": "NQ1", "tested": "DNP-TST", "interviewed": "DNP-INT", "offered": "NS-ELG",
           "hired": "WD-OFR"}  # fmt: skip
SOURCES = ("Agency website", "Job board", "Referral", "Career fair", "Social media")
HEADER = ("Applicant No.", "Requisition", "Posting Title", "Date Applied", "Gender",
          "Race/Ethnicity", "Source", *(c for _, c in STAGES.values()), "Disposition Code",
          "Status Date")  # fmt: skip
PREAMBLE = ("Riverton Police Department (FICTIONAL) - Applicant Flow Report",
            "Run date: 01/05/2026 08:14 AM")  # fmt: skip


def _rate(stage: str, group: str, sex: str) -> float:
    return SELECTION[stage] * GROUP_FACTOR.get((stage, group), 1) * SEX_FACTOR.get((stage, sex), 1)


def applicant_truth() -> dict[str, Any]:
    """Return the true selection rates by stage, of those who reached it, by group and by sex.

    Sex and group are independent and their factors multiply, so that they stay independent from
    stage to stage and a group's ratio at a stage is its factor.
    """
    pool = dict(zip(GROUPS, POOL, strict=True))
    sexes = {"female": WOMEN, "male": 1 - WOMEN - NONBINARY, "nonbinary": NONBINARY}
    by_group, by_sex, both = {}, {}, {}
    for stage in STAGES:
        both[stage] = {g: {s: round(_rate(stage, g, s), 6) for s in sexes} for g in GROUPS}
        by_group[stage] = {
            g: round(sum(w * _rate(stage, g, s) for s, w in sexes.items()), 6) for g in GROUPS
        }
        by_sex[stage] = {
            s: round(sum(w * _rate(stage, g, s) for g, w in pool.items()), 6) for s in sexes
        }
        # those who go on to the next stage
        pool = {g: w * by_group[stage][g] for g, w in pool.items()}
        sexes = {s: w * by_sex[stage][s] for s, w in sexes.items()}
        pool = {g: w / sum(pool.values()) for g, w in pool.items()}
        sexes = {s: w / sum(sexes.values()) for s, w in sexes.items()}
    bottom = {g: float(np.prod([by_group[s][g] for s in STAGES])) for g in GROUPS}
    return {
        "scheme": "us1997",
        "stages": {name: label for name, (label, _) in STAGES.items()},
        "pool": dict(zip(GROUPS, POOL, strict=True)),
        "female_share": WOMEN,
        "selection_rate": by_group,
        "selection_rate_by_sex": by_sex,
        "selection_rate_by_group_and_sex": both,
        "bottom_line": {g: round(v, 6) for g, v in bottom.items()},
        "impact_ratio": {
            stage: {g: round(v / rates["white"], 6) for g, v in rates.items()}
            for stage, rates in by_group.items()
        } | {"bottom line": {g: round(v / bottom["white"], 6) for g, v in bottom.items()}},
        "reference": "white",
        "below_four_fifths": [{"stage": "tested", "group": "black"}],
        "missing": {"race": DECLINED_RACE + BLANK_RACE, "sex": DECLINED_SEX},
    }  # fmt: skip


def draw_applicants(rng: np.random.Generator) -> tuple[list[list[Any]], dict[str, Any]]:
    """Return the rows of the sheet below its header, and what was drawn by chance."""
    n = APPLICANTS
    group = rng.choice(len(GROUPS), size=n, p=POOL)
    draw = rng.random(n)
    sex = np.where(draw < WOMEN, "female", np.where(draw < WOMEN + NONBINARY, "nonbinary", "male"))
    year = rng.choice(YEARS, size=n, p=(0.23, 0.25, 0.27, 0.25))
    posting = rng.choice(len(POSTINGS), size=n, p=[p[4] for p in POSTINGS])
    late = rng.integers(0, np.array([p[3] for p in POSTINGS])[posting])
    applied = [
        datetime(int(y), *POSTINGS[p][2]) + timedelta(days=int(d))
        for y, p, d in zip(year, posting, late, strict=True)
    ]
    order = sorted(range(n), key=applied.__getitem__)
    as_text, told, say_sex, trailing = rng.random((4, n))
    source = rng.choice(len(SOURCES), size=n, p=(0.4, 0.3, 0.14, 0.1, 0.06))
    lag = rng.integers(10, 120, size=n)
    luck = rng.random((n, len(STAGES)))

    rows: list[list[Any]] = []
    count = {s: {g: {"reached": 0, "passed": 0} for g in (*GROUPS, "unknown")} for s in STAGES}
    for serial, i in enumerate(order, start=1):
        key, gender, at = GROUPS[group[i]], str(sex[i]), applied[i]
        race, known = RACE_LABELS[key], key
        if told[i] < DECLINED_RACE + BLANK_RACE:
            race = "Decline to answer" if told[i] < DECLINED_RACE else None
            known = "unknown"
        elif trailing[i] < 0.05:
            race += "  "
        answers: list[str | None] = [None] * len(STAGES)
        code = "HIRE"
        for k, stage in enumerate(STAGES):
            passed = luck[i, k] < _rate(stage, key, gender)
            answers[k] = "Yes" if passed else "No"
            count[stage][known]["reached"] += 1
            count[stage][known]["passed"] += int(passed)
            if not passed:
                code = REASONS[stage]
                break
        if trailing[i] > 0.97:
            answers = [a and a + " " for a in answers]
        shown = {"female": "Female", "male": "Male", "nonbinary": "Non-binary"}[gender]
        title, letters, *_ = POSTINGS[posting[i]]
        rows.append([
            f"{serial:06d}", f"{at.year}-{letters}", f"{title} {at.year}",
            us(at) if as_text[i] < 0.3 else at,
            "Decline to answer" if say_sex[i] < DECLINED_SEX else shown,
            race, SOURCES[source[i]], *answers, code, us(at + timedelta(days=int(lag[i]))),
        ])  # fmt: skip
    return rows, {"rows": n, "counts": count}


def us(day: date | datetime) -> str:
    """Return a date as the system writes it, such as 7/1/2024."""
    return f"{day.month}/{day.day}/{day.year}"


# --- workforce ------------------------------------------------------------------------------
SNAPSHOTS = (date(2023, 7, 1), date(2024, 7, 1), date(2025, 7, 1))
LEAVING = 0.09  # a year
WORK_GROUPS = ("white", "black", "hispanic", "asian", "nhpi", "aian", "multiple", "unknown")
LABELS = (  # the system renamed its labels before the second snapshot
    ("White (Not of Hispanic Origin)", "Black", "Hispanic", "Asian",
     "Hawaiian or Pacific Islander", "American Indian/Alaskan Native", "Two or More Races",
     "Not Specified"),
    ("White", "Black or African American", "Hispanic or Latino", "Asian",
     "Native Hawaiian or Other Pacific Islander", "American Indian or Alaska Native",
     "Two or More Races", "Not Specified"),
)  # fmt: skip
OFFICIALS, PROTECTIVE = "Officials and Administrators", "Protective Service Workers"
_LOW = (0.60, 0.155, 0.175, 0.028, 0.001, 0.004, 0.017, 0.02)
_MID = (0.70, 0.120, 0.125, 0.018, 0.001, 0.003, 0.013, 0.02)
_TOP = (0.80, 0.080, 0.080, 0.010, 0.0, 0.0, 0.010, 0.02)
_DESK = (0.47, 0.240, 0.210, 0.038, 0.002, 0.003, 0.017, 0.02)
JOBS: tuple[tuple[str, str, bool, int, int, tuple[float, ...], float], ...] = (
    # title, EEO-4 job category, sworn, posts, pay, shares in the order of WORK_GROUPS, women
    ("Police Officer", PROTECTIVE, True, 205, 68_000, _LOW, 0.17),
    ("Police Officer 2", PROTECTIVE, True, 118, 79_500, _LOW, 0.14),
    ("Police Sergeant", PROTECTIVE, True, 58, 96_000, _MID, 0.12),
    ("Police Lieutenant", OFFICIALS, True, 26, 112_000, _MID, 0.11),
    ("Police Captain", OFFICIALS, True, 10, 128_000, _TOP, 0.10),
    ("Police Commander", OFFICIALS, True, 3, 141_000, _TOP, 0.10),
    ("Deputy Chief of Police", OFFICIALS, True, 2, 158_000, _TOP, 0.10),
    ("Chief of Police", OFFICIALS, True, 1, 186_000, _TOP, 0.10),
    ("Police Officer Trainee", PROTECTIVE, False, 24, 55_000, _LOW, 0.20),
    ("Community Service Officer", "Paraprofessionals", False, 14, 46_000, _DESK, 0.45),
    ("Public Safety Dispatcher", "Administrative Support", False, 34, 52_000, _DESK, 0.72),
    ("Records Specialist", "Administrative Support", False, 20, 44_500, _DESK, 0.80),
    ("Crime Analyst", "Professionals", False, 8, 71_000, _DESK, 0.60),
    ("Forensic Technician", "Technicians", False, 9, 60_500, _DESK, 0.55),
    ("Fleet Mechanic", "Skilled Craft", False, 6, 58_000, _DESK, 0.05),
    ("Custodian", "Service-Maintenance", False, 5, 39_000, _DESK, 0.40),
)
ROSTER_HEADER = ("Snapshot Date", "Employee ID", "Job Title", "Division", "Employment Status",
                 "EEO Job Category", "EEO Job Category Description", "Gender", "Ethnic Code",
                 "Ethnic Code Description", "Annual Salary", "Date Started")  # fmt: skip
EEO4 = (OFFICIALS, "Professionals", "Technicians", PROTECTIVE, "Paraprofessionals",
        "Administrative Support", "Skilled Craft", "Service-Maintenance")  # fmt: skip
ETHNIC_CODES = ("01", "02", "03", "04", "05", "06", "30", "99")
DIVISIONS = ("Patrol (fictional)", "Investigations (fictional)", "Support Services (fictional)")


def draw_roster(rng: np.random.Generator) -> tuple[bytes, dict[str, Any]]:
    """Return the roster of three yearly snapshots as bytes (BOM, CRLF), and its true counts."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n")
    write.writerow(ROSTER_HEADER)
    staff: list[list[Any]] = []  # job, person, group, sex, started, step
    next_id = 10_000
    counts: dict[str, Any] = {}
    rows = 0
    for index, day in enumerate(SNAPSHOTS):
        stay = rng.random(len(staff)) >= LEAVING
        staff = [p for p, kept in zip(staff, stay, strict=True) if kept]
        for j, (_, _, _, posts, _, shares, women) in enumerate(JOBS):
            for _ in range(posts - sum(p[0] == j for p in staff)):
                next_id += int(rng.integers(1, 9))
                longest = 365 if index else int((9, 16, 22, 27)[min(j, 3)] * 365)
                started = day - timedelta(days=int(rng.integers(1, longest)))
                staff.append([j, f"{next_id:06d}", int(rng.choice(8, p=shares)),
                              "F" if rng.random() < women else "M", started,
                              int(rng.integers(0, 12))])  # fmt: skip
        staff.sort(key=lambda p: (p[0], p[1]))
        tally = {kind: dict.fromkeys(WORK_GROUPS, 0) for kind in ("sworn", "civilian")}
        women_at = {"sworn": 0, "civilian": 0}
        for j, person, g, sex, started, step in staff:
            title, category, sworn, _, pay, _, _ = JOBS[j]
            kind = "sworn" if sworn else "civilian"
            tally[kind][WORK_GROUPS[g]] += 1
            women_at[kind] += sex == "F"
            pay = pay * (1 + 0.012 * step) * 1.03**index
            division = DIVISIONS[min(j // 2, 1) if sworn else 2]
            write.writerow([
                us(day), person, title.ljust(28) if step == 3 else title, division,
                "Full Time" if j < 9 or step else "Part Time", f"{EEO4.index(category) + 1:03d}",
                category, sex, ETHNIC_CODES[g], LABELS[index > 0][g], f"${pay:,.2f}", us(started),
            ])  # fmt: skip
        counts[str(day)] = {
            "total": len(staff), "groups": tally, "women": women_at,
            "titles": {job[0]: job[3] for job in JOBS},
        }  # fmt: skip
        rows += len(staff)
    sworn_posts = sum(job[3] for job in JOBS if job[2])
    share = {
        g: round(sum(job[3] * job[5][i] for job in JOBS if job[2]) / sworn_posts, 6)
        for i, g in enumerate(WORK_GROUPS)
    }
    drawn = {
        "scheme": "us1997", "rows": rows, "snapshots": [str(d) for d in SNAPSHOTS],
        "sworn_posts": sworn_posts, "sworn_share": share, "counts": counts,
    }  # fmt: skip
    return b"\xef\xbb\xbf" + text.getvalue().encode(), drawn
