"""Do the measures find what is true? The fictional agency drawn many times, its truth being known.

Run it with ``.venv/bin/python benchmarks/validity.py`` (``--redraws 400 --fits 40``; ``--quick``
for a first look). It prints how often each measure's interval holds the truth (nominal: 95 %), how
often each test sees a difference where there is none (nominal: at most 5 %), and whether known
thresholds are found again. Beside each share stands the error that the number of redraws leaves.
"""

from __future__ import annotations

import argparse
import io
import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from validity_people import FIGURES, TESTS
from validity_people import coverage as coverage_of_careers
from validity_people import false_alarms as false_alarms_of_careers

import equity as eq
from equity.sample import people, residents
from equity.sample import stops as model

ALPHA = 0.05
RACE = {"group": "subject_race", "reference": "white"}
HIRED = {"group": "race", "reference": "white"}
STAGES = list(people.STAGES)
AREAS = "beat"
EQUAL: dict[str, tuple[float, ...]] = {  # a world in which groups do not differ
    "STOPS_PER_RESIDENT": (0.12,) * 5,
    "DARK_LOG_ODDS": (0.0,) * 5,
    "CARRYING": (0.03,) * 5,
    "SIGNAL": (1.8,) * 5,
    "THRESHOLD": (0.12,) * 5,
    "ARREST_OTHER": (0.03,) * 5,
    "WHERE": (model.WHERE[0],) * 5,
}
Seen = tuple[str, str, bool | None]
"""What was looked at, whose figure it is, and whether the interval holds the truth (or whether the
test sees a difference); None where the measure gives no figure."""


# ----------------------------------------------------------------------- one redraw of the agency


def draw_stops(seed: int) -> tuple[pd.DataFrame, dict[str, Any], pd.DataFrame]:
    """Draw stops, their truth (with who was planted), and a survey of the residents."""
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(7)]
    survey, _ = residents.draw_residents(streams[0])
    true = residents.in_stop_groups(residents.TRUE_RESIDENTS)
    columns, drawn = model.draw_stops(streams[1], true, streams[2:6])
    raw = pd.DataFrame(columns).replace("NA", None)
    by_district = residents.by_district(model.DISTRICTS)
    grouped = {d: residents.in_stop_groups(p) for d, p in by_district.items()}
    truth = model.stop_truth(true, grouped, grouped) | {"drawn": drawn}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ACSDT5Y2023.B03002-Data.csv"
        path.write_bytes(survey)
        here = eq.sources.acs.read(path, place=residents.CITY, scheme="stanford")
    return eq.sources.opp.standardize(raw), truth, here


def draw_applicants(seed: int) -> tuple[eq.CountTable, dict[str, Any]]:
    """Draw applicants, counted by race with a flag for each stage."""
    rows, _ = people.draw_applicants(np.random.default_rng([seed, 1]))
    frame = pd.DataFrame(rows, columns=list(people.HEADER))
    words = {label: key for key, label in people.RACE_LABELS.items()}
    flags = {
        stage: frame[column].str.strip().map({"Yes": True, "No": False})
        for stage, (_, column) in people.STAGES.items()
    }
    reached = pd.DataFrame({"race": frame["Race/Ethnicity"].str.strip().map(words)})
    alive = pd.Series(True, index=frame.index)
    for stage, flag in flags.items():  # who did not pass a stage has not passed the next
        alive &= flag.fillna(False).astype(bool)
        reached[stage] = alive.astype("boolean")
    return eq.count(reached, by=["race"], of=STAGES), people.applicant_truth()


def draw_workforce(seed: int) -> tuple[eq.CountTable, dict[str, Any]]:
    """Draw the first roster, counted by race; its posts are filled by chance."""
    text, truth = people.draw_roster(np.random.default_rng([seed, 2]))
    frame = pd.read_csv(io.BytesIO(text), encoding="utf-8-sig", dtype=str)
    frame = frame[frame["Snapshot Date"] == frame["Snapshot Date"].iloc[0]]
    sworn = {job[0] for job in people.JOBS if job[2]}
    frame = frame[frame["Job Title"].str.strip().isin(sworn)]
    words = dict(zip(people.LABELS[0], people.WORK_GROUPS, strict=True))
    race = frame["Ethnic Code Description"].map(words).replace("unknown", None)
    return eq.count(pd.DataFrame({"race": race}), by=["race"]), truth


# ------------------------------------------------------------------------------- what is looked at


def holds(low: float, high: float, true: float) -> bool | None:
    """Return whether an interval holds the truth; None without an interval."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    return bool(low <= true <= high)


def intervals(
    table: pd.DataFrame,
    what: str,
    truth: Callable[[str], float | None],
    figure: str,
    low: str,
    high: str,
) -> Iterator[Seen]:
    """Look at the interval of every group but the reference (of a rate: of it as well)."""
    for row in table.to_dict("records"):
        group = row["group"]
        if group == row.get("reference") and figure != "rate":
            continue
        true = truth(group)
        if true is not None:
            yield what, group, holds(row[low], row[high], true)


def tests(table: pd.DataFrame, what: str) -> Iterator[Seen]:
    """Look at each group's test, and at whether any group's adjusted test sees a difference."""
    rows = table[table["group"] != table["reference"]] if "reference" in table else table
    for row in rows.to_dict("records"):
        p = row["p_value"]
        yield what, row["group"], bool(p < ALPHA) if p == p else None
    adjusted = rows["p_adjusted"].dropna()
    yield what, "any, adjusted", bool((adjusted < ALPHA).any()) if len(adjusted) else None


def looked_at(frame: pd.DataFrame) -> dict[str, eq.CountTable]:
    """Count the stops of one redraw as `equity count` does."""
    flags = ["search_conducted", "frisk_performed", "arrest_made", "citation_issued",
             "contraband_found"]  # fmt: skip
    by = ["subject_race", "subject_sex", "age_band", "search_basis"]
    drivers = frame[frame["type"] == "vehicular"]
    lit = eq.add_daylight(
        drivers,
        latitude=model.LATITUDE,
        longitude=model.LONGITUDE,
        timezone=model.TIMEZONE,
    )
    return {
        "stops": eq.count(frame, by=by, of=flags),
        "daylight": eq.count(lit, by=["subject_race", "is_dark", "clock_bin", "date", "district"]),
    }


def coverage_of_stops(seed: int) -> list[Seen]:
    """Hold every interval about stops against the truth of one redraw."""
    frame, truth, here = draw_stops(seed)
    counts = looked_at(frame)
    stops = counts["stops"]
    out: list[Seen] = []

    def ratio_of(rates: dict[str, float]) -> Callable[[str], float | None]:
        return lambda g: rates[g] / rates["white"]

    named = {"search_conducted": "search_rate", "frisk_performed": "frisk_rate",
             "arrest_made": "arrest_rate", "citation_issued": "citation_rate"}  # fmt: skip
    for flag, key in named.items():
        rates = truth[key].get("all", truth[key])
        table = eq.rates(stops, of=flag, **RACE)
        out += intervals(table, f"rates, {flag}: rate", rates.get, "rate", "low", "high")
        out += intervals(table, f"rates, {flag}: ratio", ratio_of(rates), *_ends("ratio"))
    table = eq.standardized_rates(stops, of="search_conducted", **RACE)
    # age and sex play no part in who is searched, so that the true ratio stays as it is
    out += intervals(table, "standardized_rates: ratio", ratio_of(truth["search_rate"]),
                     *_ends("ratio"))  # fmt: skip
    table = eq.hit_rates(stops, **RACE)
    out += intervals(table, "hit_rates: rate", truth["hit_rate"].get, "rate", "low", "high")
    out += intervals(table, "hit_rates: ratio", ratio_of(truth["hit_rate"]), *_ends("ratio"))
    table = eq.stop_rates(stops, here, **RACE)
    out += intervals(table, "stop_rates: ratio", truth["stop_rate_ratio"].get, *_ends("ratio"))
    table = eq.robust_outcome_test(stops, **RACE)
    searches = ratio_of(truth["search_rate_discretionary"])
    out += intervals(table, "robust_outcome_test: searches", searches, "search_ratio",
                     "search_low", "search_high")  # fmt: skip
    table = eq.veil_of_darkness(counts["daylight"], within="district", **RACE)
    odds = {g: math.exp(v) for g, v in truth["dark_log_odds"].items() if isinstance(v, float)}
    out += intervals(table, "veil_of_darkness: odds ratio", odds.get, "odds_ratio", "low", "high")
    return out


def coverage_of_hiring(seed: int) -> list[Seen]:
    """Hold every interval about applicants and workforce against the truth of one redraw."""
    applicants, truth = draw_applicants(seed)
    out: list[Seen] = []
    table = eq.adverse_impact(applicants, stages=STAGES, **HIRED)
    for stage in (*STAGES, "bottom line"):
        part = table[table["stage"] == stage]
        ratios = truth["impact_ratio"][stage]
        out += intervals(part, "adverse_impact: impact ratio", ratios.get, "impact_ratio",
                         "ratio_low", "ratio_high")  # fmt: skip
    table = eq.stage_decomposition(applicants, stages=STAGES, **HIRED)
    for stage in (*STAGES, "bottom line"):
        logs = {g: math.log(v) for g, v in truth["impact_ratio"][stage].items()}
        part = table[table["stage"] == stage]
        out += intervals(part, "stage_decomposition: log ratio", logs.get, "log_ratio",
                         "low", "high")  # fmt: skip
    workforce, truth = draw_workforce(seed)
    shares = {g: v / (1 - truth["sworn_share"]["unknown"])
              for g, v in truth["sworn_share"].items()}  # fmt: skip
    everyone = pd.DataFrame(
        {"race": list(residents.TRUE_RESIDENTS), "n": list(residents.TRUE_RESIDENTS.values())}
    )
    table = eq.representation(workforce, everyone, group="race")
    out += intervals(table, "representation: share", shares.get, "share", "low", "high")
    return out


def false_alarms(seed: int) -> list[Seen]:
    """Ask every test about a redraw in which groups do not differ."""
    before = {name: getattr(model, name) for name in EQUAL}
    try:
        for name, value in EQUAL.items():
            setattr(model, name, value)
        frame, _, here = draw_stops(seed)
    finally:
        for name, value in before.items():
            setattr(model, name, value)
    counts = looked_at(frame)
    stops = counts["stops"]
    robust = eq.robust_outcome_test(stops, **RACE)
    out = [
        *tests(eq.stop_rates(stops, here, **RACE), "stop_rates"),
        *tests(eq.rates(stops, of="search_conducted", **RACE), "rates, search_conducted"),
        *tests(eq.standardized_rates(stops, of="search_conducted", **RACE), "standardized_rates"),
        *tests(eq.hit_rates(stops, **RACE), "hit_rates"),
        *tests(robust, "robust_outcome_test"),
        *tests(eq.veil_of_darkness(counts["daylight"], within="district", **RACE),
               "veil_of_darkness"),
    ]  # fmt: skip
    kpt = eq.kpt_test(stops, **RACE)["p_value"].iloc[0]
    return [*out, ("kpt_test", "all groups", bool(kpt < ALPHA) if kpt == kpt else None)]


def thresholds(seed: int) -> list[dict[str, Any]]:
    """Fit the threshold test to one redraw; the truth is one threshold for each group."""
    frame, truth, _ = draw_stops(seed)
    by = ["subject_race", AREAS, "search_basis"]
    areas = eq.count(frame, by=by, of=["search_conducted", "contraband_found"])
    table = eq.threshold_test(areas, within=AREAS, prior_scales=(1.0,), seed=seed, **RACE)
    table = table[table["stratum"] == "all"]
    return [
        {
            "group": row["group"],
            "true": truth["threshold"][row["group"]],
            "found": row["threshold"],
            "holds": holds(row["low"], row["high"], truth["threshold"][row["group"]]),
            "gap": holds(
                row["difference_low"],
                row["difference_high"],
                truth["threshold"][row["group"]] - truth["threshold"]["white"],
            ),
            "converged": bool(row["converged"]),
        }
        for row in table.to_dict("records")
    ]


def officers(seed: int) -> list[dict[str, int]]:
    """Compare the officers of one redraw with their colleagues; three of them truly differ."""
    frame, truth, _ = draw_stops(seed)
    by = [AREAS, "hour", "weekday", "year", "type"]
    counts = eq.count(frame, by=["officer_id", "subject_race", *by])
    table = eq.officers(counts, group="subject_race", of_group="black", by=by)
    named = set(table.loc[table["differs"].fillna(False).astype(bool), "officer"])
    planted = set(truth["drawn"]["officers"]["differ"])
    found = len(named & planted)
    return [{"planted": len(planted), "found": found, "others": len(named) - found}]


def _ends(figure: str) -> tuple[str, str, str]:
    return figure, f"{figure}_low", f"{figure}_high"


# ------------------------------------------------------------------------------------ the tables


def shares(seen: list[Seen]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Return (what, group) -> yes, known, not computed."""
    tally: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for what, group, answer in seen:
        one = tally[what, group]
        if answer is None:
            one[2] += 1
        else:
            one[0] += answer
            one[1] += 1
    return {key: (a, b, c) for key, (a, b, c) in tally.items()}


def show(console: Console, title: str, seen: list[Seen], groups: list[str]) -> None:
    """Print the shares, a row for each figure and a column for each group."""
    found = shares(seen)
    table = Table("What", *groups, "All", "Error", title=title)
    for what in dict.fromkeys(key[0] for key in found):
        cells, yes, known = [], 0, 0
        for group in groups:
            a, b, lost = found.get((what, group), (0, 0, 0))
            yes, known = yes + a, known + b
            note = f" ({lost} not computed)" if lost else ""
            cells.append(f"{100 * a / b:.1f}%{note}" if b else "-")
        share = yes / known if known else math.nan
        redraws = max((found.get((what, g), (0, 0, 0))[1] for g in groups), default=0)
        error = 196 * math.sqrt(share * (1 - share) / redraws) if redraws else math.nan
        table.add_row(what, *cells, f"{100 * share:.1f}%", f"+-{error:.1f}")
    console.print(table)


def main() -> None:
    """Draw, measure, and print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--redraws", type=int, default=200)
    options.add_argument("--fits", type=int, default=20, help="redraws of the threshold test")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--quick", action="store_true", help="6 redraws, 2 fits")
    given = options.parse_args()
    redraws, fits = (6, 2) if given.quick else (given.redraws, given.fits)
    console = Console(width=150)
    seeds = range(1000, 1000 + redraws)
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:

        def every(look: Callable[[int], list[Any]], over: range) -> list[Any]:
            return [one for part in pool.map(look, over) for one in part]

        stops = list(model.GROUPS)
        console.print(f"{redraws} redraws of about 60,000 stops and 6,000 applicants")
        show(console, "How often the 95% interval holds the truth: stops",
             every(coverage_of_stops, seeds), stops)  # fmt: skip
        show(console, "How often the 95% interval holds the truth: hiring and workforce",
             every(coverage_of_hiring, seeds), list(people.GROUPS))  # fmt: skip
        show(console, "How often a test sees a difference where there is none (p < 0.05)",
             every(false_alarms, seeds), [*stops[1:], "any, adjusted", "all groups"])  # fmt: skip
        show(console, "How often the 95% interval holds the truth: applicants and careers",
             every(coverage_of_careers, seeds), list(FIGURES))  # fmt: skip
        show(console, "The same groups, no difference: how often a test sees one (p < 0.05)",
             every(false_alarms_of_careers, seeds), list(TESTS))  # fmt: skip
        found = pd.DataFrame(every(thresholds, range(5000, 5000 + fits)))
        staff = pd.DataFrame(every(officers, range(6000, 6000 + fits))).sum()
    table = Table("Group", "True", "Found, mean", "Interval holds it", "Difference to White held",
                  "Fits", "Converged", title="Known thresholds, found again")  # fmt: skip
    for group, part in found.groupby("group", sort=False):
        held, gap = (part[c].dropna().astype(int) for c in ("holds", "gap"))
        table.add_row(
            str(group), f"{part['true'].iloc[0]:.3f}", f"{part['found'].mean():.3f}",
            f"{held.sum()} of {len(held)}", f"{gap.sum()} of {len(gap)}", str(len(part)),
            f"{part['converged'].mean():.0%}",
        )  # fmt: skip
    console.print(table)
    console.print(
        f"Officers who truly differ from colleagues: {staff['found']} of {staff['planted']} found "
        f"in {fits} redraws; {staff['others']} others named"
    )


if __name__ == "__main__":
    main()
