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
    row = focal.iloc[0]
    served = [sum((1 - h) ** t for t in range(60)) for h in (0.01, 0.01 * ratio)]
    held = _holds(row["lost_low"], row["lost_high"], served[0] - served[1])
    yield "retention: months lost, difference", "focal", held


def _waits(chance: np.random.Generator, *, ratio: float, ask: bool = False) -> Iterator[Seen]:
    rows = []
    for race, n in SIZES.items():
        days = np.ceil(chance.weibull(2, n) * 100 * (ratio if race == "focal" else 1)).astype(int)
        until = chance.integers(60, 400, n)
        rows += [
            (race, "hired", int(min(d, u)), bool(d <= u)) for d, u in zip(days, until, strict=True)
        ]
    frame = pd.DataFrame(rows, columns=["race", "stage", "days", "reached"])
    frame = frame.astype({"reached": "boolean"})
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
    """Make a difference as large as the one that could be seen: 80 % should see it."""
    n1, n2, p2 = 150, 600, 0.5
    plan = pd.DataFrame(
        {"race": ["ref", "focal"], "n": [n2, n1], "passed": [300, 75], "passed_known": [n2, n1]}
    )
    table = eq.adverse_impact(plan, stages=["passed"], **PAIR)
    gap = abs(float(table.query("group == 'focal'")["detectable_difference"].iloc[0]))
    seen = plan.assign(passed=[chance.binomial(n2, p2), chance.binomial(n1, p2 - gap)])
    row = eq.adverse_impact(seen, stages=["passed"], **PAIR).query("group == 'focal'").iloc[0]
    yield (
        "adverse_impact: the detectable difference is seen (80 %)",
        "focal",
        _below(row["p_value"]),
    )


def _projection(chance: np.random.Generator) -> Iterator[Seen]:
    """Count three years of hiring and leaving, then follow ten, person by person."""
    share, leave, hires = 0.3, 0.08, 40
    rows, focal, others = [], 60, 340
    for year in (2023, 2024, 2025):
        new = chance.binomial(hires, share)
        for race, n, joined in (("focal", focal, new), ("ref", others, hires - new)):
            last = year == 2025
            gone = 0 if last else int(chance.binomial(n, leave))
            rows.append((race, year, n, min(joined, n), n, gone, 0 if last else n))
            if race == "focal":
                left_focal = gone
            else:
                left_others = gone
        if year < 2025:
            arrives = chance.binomial(hires, share)
            focal += arrives - left_focal
            others += hires - arrives - left_others
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
