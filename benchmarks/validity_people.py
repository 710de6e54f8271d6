"""Draws applicants, careers and workforces whose truth is known; `validity.py` asks the measures.

Groups: a reference of 600 people and a focal group of 150, so that chance has its say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

import equity as eq

__all__ = ["FIGURES", "TESTS", "coverage", "false_alarms"]

FIGURES = ("focal",)
TESTS = ("focal", "all groups")
ALPHA = 0.05
PAIR: dict[str, Any] = {"group": "race", "reference": "ref"}
SIZES = {"ref": 600, "focal": 150}
YEARS = range(2018, 2024)
Seen = tuple[str, str, bool | None]


def coverage(seed: int) -> list[Seen]:
    """Hold the intervals of one redraw against the truth."""
    chance = np.random.default_rng([seed, 11])
    return [
        *_pooled(chance, odds=0.6),
        *_bounds(chance),
        *_service(chance, ratio=1.5),
        *_waits(chance, ratio=1.3),
        *_exits(chance, ratio=2.0),
        *_projection(chance),
    ]


def false_alarms(seed: int) -> list[Seen]:
    """Ask the tests about a redraw in which the groups do not differ."""
    chance = np.random.default_rng([seed, 12])
    return [
        *_pooled(chance, odds=1.0, ask=True),
        *_service(chance, ratio=1.0, ask=True),
        *_waits(chance, ratio=1.0, ask=True),
        *_exits(chance, ratio=1.0, ask=True),
        *_diversity(chance),
        *_power(chance),
    ]


def _holds(low: Any, high: Any, true: float) -> bool | None:
    known = pd.notna(low) and pd.notna(high) and math.isfinite(float(low))
    return bool(low <= true <= high) if known else None


def _below(p: Any) -> bool | None:
    return bool(p < ALPHA) if pd.notna(p) else None


# ---------------------------------------------------------------------------------- applicants


def _pooled(chance: np.random.Generator, *, odds: float, ask: bool = False) -> Iterator[Seen]:
    """Draw six years whose pass rates differ, with one odds ratio in all of them."""
    rows = []
    for i, year in enumerate(YEARS):
        base = 0.2 + 0.1 * i
        for race, n in (("ref", 100), ("focal", 25)):
            times = odds if race == "focal" else 1.0
            p = times * base / (1 - base + times * base)
            x = int(chance.binomial(n, p))
            rows.append((race, year, n, x, n))
    counts = pd.DataFrame(rows, columns=["race", "year", "n", "passed", "passed_known"])
    table = eq.pooled(counts, stages=["passed"], within="year", **PAIR)
    row = table[(table["stratum"] == "pooled") & (table["group"] == "focal")].iloc[0]
    if ask:
        yield "pooled: Mantel-Haenszel", "focal", _below(row["p_value"])
        yield "pooled: Breslow-Day with Tarone", "all groups", _below(row["p_homogeneity"])
        return
    yield "pooled: odds ratio", "focal", _holds(row["low"], row["high"], odds)


def _bounds(chance: np.random.Generator) -> Iterator[Seen]:
    """Draw people of whom a fifth do not state their race, more in one group and if passed."""
    cells: dict[tuple[str | None, bool], int] = {}
    truth = {}
    for race, n in SIZES.items():
        passed = chance.random(n) < (0.5 if race == "ref" else 0.4)
        truth[race] = passed.mean()
        silent = chance.random(n) < np.where(passed, 0.3, 0.1) * (1.5 if race == "focal" else 0.8)
        for known, ok in zip(~silent, passed, strict=True):
            key = (race if known else None, bool(ok))
            cells[key] = cells.get(key, 0) + 1
    rows = [
        (race, sum(v for (r, _), v in cells.items() if r == race), cells.get((race, True), 0))
        for race in ("ref", "focal", None)
    ]
    counts = pd.DataFrame(rows, columns=["race", "n", "passed"])
    counts["passed_known"] = counts["n"]
    table = eq.missing_bounds(counts, stages=["passed"], **PAIR)
    row = table[table["group"] == "focal"].iloc[0]
    true = truth["focal"] / truth["ref"]
    held = _holds(row["ratio_least"], row["ratio_most"], true)
    yield "missing_bounds: impact ratio (always)", "focal", held


# ------------------------------------------------------------------------------------- careers


def _spells(chance: np.random.Generator, ratio: float) -> pd.DataFrame:
    """Months of service with a constant hazard; two in three are followed from later on."""
    parts = []
    for race, n in SIZES.items():
        monthly = 0.01 * (ratio if race == "focal" else 1.0)
        service = chance.geometric(monthly, size=4 * n)
        entered = np.where(chance.random(4 * n) < 1 / 3, 0, chance.integers(0, 60, 4 * n))
        until = entered + chance.integers(12, 96, 4 * n)
        seen = service > entered  # the others left before anybody looked
        left = service <= until
        months = np.where(left, service, until)
        frame = pd.DataFrame({"race": race, "entered": entered, "months": months, "left": left})
        parts.append(frame[seen].head(n))
    return pd.concat(parts, ignore_index=True)


def _service(chance: np.random.Generator, *, ratio: float, ask: bool = False) -> Iterator[Seen]:
    spells = _spells(chance, ratio).astype({"left": "boolean"})
    counts = eq.count(spells, by=["race", "entered", "months"], of=["left"])
    table = eq.retention(counts, **PAIR)
    focal = table[table["group"] == "focal"]
    if ask:
        yield "retention: log-rank", "focal", _below(focal["p_value"].iloc[0])
        return
    for month in (12, 60):
        row = focal[focal["months"] == month].iloc[0]
        true = (1 - 0.01 * ratio) ** month
        yield (
            f"retention: still there, {month} months",
            "focal",
            _holds(row["low"], row["high"], true),
        )
    yield from _snapshots(chance, ratio)
    row = focal.iloc[0]
    served = [sum((1 - h) ** t for t in range(60)) for h in (0.01, 0.01 * ratio)]
    held = _holds(row["lost_low"], row["lost_high"], served[0] - served[1])
    yield "retention: months lost, difference", "focal", held


def _snapshots(chance: np.random.Generator, ratio: float) -> Iterator[Seen]:
    """Take seven yearly rosters of people who leave at a constant rate, and nothing else."""
    rosters = pd.date_range("2018-07-01", periods=7, freq="YS-JUL")
    parts = []
    for race, n in SIZES.items():
        months = chance.uniform(-120, 72, 3 * n)  # from the first roster
        out = months + chance.exponential(100 / (ratio if race == "focal" else 1.0), 3 * n)
        hired = rosters[0] + pd.to_timedelta((months * 30.4375).round(), unit="D")
        for i, date in enumerate(rosters):
            here = (months <= 12 * i) & (out > 12 * i)
            who = [f"{race}{k}" for k in np.flatnonzero(here)]
            given = {"person_id": who, "race": race, "date": date, "hire_date": hired[here]}
            parts.append(pd.DataFrame(given))
    spells = eq.service_spells(pd.concat(parts, ignore_index=True))
    counts = eq.count(spells, by=["race", "entered", "months"], of=["left"])
    table = eq.retention(counts, resolution=12, **PAIR)
    row = table[(table["group"] == "focal") & (table["months"] == 60)].iloc[0]
    true = math.exp(-ratio * 48 / 100)
    held = _holds(row["low"], row["high"], true)
    yield "retention: yearly rosters alone, 60 months after 12", "focal", held


def _waits(chance: np.random.Generator, *, ratio: float, ask: bool = False) -> Iterator[Seen]:
    """Follow a year of applicants until it is over; fewer of one group pass, whoever waits."""
    parts = []
    for race, n in SIZES.items():
        slow = ratio if race == "focal" else 1.0
        days = np.ceil(chance.weibull(2, 3 * n) * 100 * slow).astype(int)
        applied = chance.integers(0, 365, 3 * n)
        passed = chance.random(3 * n) < (0.3 if race == "focal" else 0.6)
        told = applied + days <= 365 + 210
        stop = np.where(told, days, 365 + 210 - applied)
        frame = pd.DataFrame({"race": race, "stage": "hired", "days": stop, "reached": told})
        parts.append(frame[passed | ~told])  # who failed waits no longer
    frame = pd.concat(parts, ignore_index=True).astype({"reached": "boolean"})
    counts = eq.count(frame, by=["race", "stage", "days"], of=["reached"])
    row = eq.time_to_stage(counts, **PAIR).query("group == 'focal'").iloc[0]
    if ask:
        yield "time_to_stage: log-rank", "focal", _below(row["p_value"])
        return
    median = math.ceil(100 * ratio * math.sqrt(math.log(2)))
    yield "time_to_stage: median", "focal", _holds(row["low"], row["high"], median)


def _exits(chance: np.random.Generator, *, ratio: float, ask: bool = False) -> Iterator[Seen]:
    spells = _spells(chance, ratio)
    reason = np.where(chance.random(len(spells)) < 0.5, "retired", "resigned")
    spells["exit_reason"] = pd.Series(reason).where(spells["left"])
    counts = eq.count(
        spells.astype({"left": "boolean"}),
        by=["race", "entered", "months", "exit_reason"],
        of=["left"],
    )
    table = eq.exits(counts, **PAIR)
    row = table[(table["group"] == "focal") & (table["exit_reason"] == "resigned")].iloc[0]
    if ask:
        yield "exits: one reason", "focal", _below(row["p_value"])
        return
    yield "exits: ratio of rates", "focal", _holds(row["ratio_low"], row["ratio_high"], ratio)


# ------------------------------------------------------------------------------------ workforce


def _diversity(chance: np.random.Generator) -> Iterator[Seen]:
    """Draw a workforce from the community itself."""
    people = {"a": 6000, "b": 2500, "c": 1000, "d": 500}
    shares = np.array(list(people.values())) / sum(people.values())
    staff = pd.DataFrame({"race": list(people), "n": chance.multinomial(120, shares)})
    town = pd.DataFrame({"race": list(people), "n": list(people.values())})
    table = eq.diversity(staff, town, group="race", draws=500, seed=int(chance.integers(1 << 30)))
    for row in table.to_dict("records"):
        yield f"diversity: {row['index']}", "all groups", _below(row["p_value"])


def _power(chance: np.random.Generator) -> Iterator[Seen]:
    """Make one difference as large as the page says could be seen: 80 % should see it, or more.

    Three stages and four groups; the decision is that of the page, by the adjusted p-value.
    """
    sizes, stages, p = {"ref": 2400, "focal": 800, "b": 900, "c": 500}, ["s1", "s2", "s3"], 0.5

    def drawn(rate: float) -> pd.DataFrame:
        rows = []
        for race, n in sizes.items():
            row: dict[str, Any] = {"race": race, "n": n}
            x = n
            for stage in stages:
                x = int(chance.binomial(x, rate if (race, stage) == ("focal", "s2") else p))
                row |= {stage: x, f"{stage}_known": n}
            rows.append(row)
        return pd.DataFrame(rows)

    def focal(counts: pd.DataFrame) -> pd.Series:
        table = eq.adverse_impact(counts, stages=stages, **PAIR)
        return table.query("group == 'focal' and stage == 's2'").iloc[0]

    plan = pd.DataFrame([
        {"race": r, "n": n} | {s: n // 2 ** (i + 1) for i, s in enumerate(stages)}
        | {f"{s}_known": n for s in stages}
        for r, n in sizes.items()
    ])  # fmt: skip
    gap = abs(float(focal(plan)["detectable_difference"]))
    yield (
        "adverse_impact: the detectable difference is seen (80 %)",
        "focal",
        _below(focal(drawn(p - gap))["p_adjusted"]),
    )


def _projection(chance: np.random.Generator) -> Iterator[Seen]:
    """Count three years of hiring and leaving, then follow ten, person by person."""
    share, leave, hires = 0.3, 0.08, 40
    rows, focal, others = [], 60, 340
    new = 0
    for year in (2023, 2024, 2025):
        for race, n, joined in (("focal", focal, new), ("ref", others, hires - new)):
            last = year == 2025
            gone = 0 if last else int(chance.binomial(n, leave))
            first = year == 2023
            asked = 0 if first else n
            rows.append((race, year, n, 0 if first else joined, asked, gone, 0 if last else n))
            if race == "focal":
                left_focal = gone
            else:
                left_others = gone
        if year < 2025:
            new = chance.binomial(hires, share)
            focal += new - left_focal
            others += hires - new - left_others
    names = ["race", "year", "n", "joined", "joined_known", "left", "left_known"]
    counts = pd.DataFrame(rows, columns=names)
    table = eq.parity_projection(
        counts, group="race", focal="focal", target=0.3, hires=hires, years=10, draws=400,
        seed=int(chance.integers(1 << 30)),
    )  # fmt: skip
    now = [int(r[2]) for r in rows[-2:]]
    for _ in range(10):
        new = chance.binomial(hires, share)
        now[0] += new - chance.binomial(now[0], leave)
        now[1] += hires - new - chance.binomial(now[1], leave)
    row = table[table["ahead"] == 10].iloc[0]
    yield (
        "parity_projection: share after 10 years",
        "focal",
        _holds(row["low"], row["high"], now[0] / sum(now)),
    )
