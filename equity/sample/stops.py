"""Stops of the fictional agency: the model with its known truth, and the draw from it.

How many stops each group has follows from stops per resident; when they happen follows from the
clock and, for drivers, from daylight; who is searched and what is found follows from a threshold
on a signal (METHODS.md, threshold test). What the model says is written to truth.json by
:func:`stop_truth`, as probabilities: not what happened to be drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from equity.daylight import sun_times
from equity.sample import extras
from equity.sample.draw import flag, pick, pick_label, sample

__all__ = ["COLUMNS", "LATITUDE", "LONGITUDE", "TIMEZONE", "draw_stops", "stop_truth"]

LATITUDE, LONGITUDE, TIMEZONE = 41.77, -72.69, "America/New_York"
FIRST, LAST = np.datetime64("2023-01-01"), np.datetime64("2025-12-31")
YEARS = 3

GROUPS = ("white", "black", "hispanic", "asian_pacific", "other")
FILE_RACE = ("white", "black", "hispanic", "asian/pacific islander", "other")
DISTRICTS = ("CENTRAL", "NORTH END", "EAST SIDE", "HARBOR", "WEST HILLS", "SOUTHGATE")
COLUMNS = (
    "raw_row_number", "date", "time", "location", "lat", "lng", "district", "subject_age",
    "subject_race", "subject_sex", "officer_id_hash", "department_name", "type", "arrest_made",
    "citation_issued", "warning_issued", "outcome", "contraband_found", "frisk_performed",
    "search_conducted", "search_vehicle", "search_basis", "reason_for_stop", *extras.COLUMNS,
)  # fmt: skip

# Every tuple below is in the order of GROUPS unless it says otherwise.
STOPS_PER_RESIDENT = (0.085, 0.170, 0.119, 0.051, 0.0425)  # a year: ratios 1, 2, 1.4, .6, .5
PEDESTRIAN = (0.10, 0.13, 0.12, 0.08, 0.11)
DARK_LOG_ODDS = (0.0, -0.25, -0.15, 0.0, 0.0)  # drivers; against white, given clock time
EVENING = (0.0, 0.25, 0.15, -0.10, 0.05)  # log of the clock's tilt to 22:00: a confounder
WHERE = (  # share of a group's stops in each district
    (0.26, 0.07, 0.12, 0.15, 0.26, 0.14),
    (0.25, 0.30, 0.14, 0.10, 0.05, 0.16),
    (0.24, 0.13, 0.24, 0.10, 0.07, 0.22),
    (0.30, 0.08, 0.14, 0.14, 0.22, 0.12),
    (0.28, 0.14, 0.16, 0.14, 0.14, 0.14),
)
CARRYING = (0.030, 0.034, 0.028, 0.020, 0.030)  # with contraband, in the first district
SIGNAL = (1.80, 1.75, 1.75, 1.70, 1.80)  # shift of their signal, in the first district
CARRYING_DISTRICT = (0.0, 0.08, -0.12, 0.05, 0.10, -0.06)  # added on the logit scale
SIGNAL_DISTRICT = (0.0, 0.05, -0.06, 0.03, -0.04, 0.06)  # added on the log scale
THRESHOLD = (0.18, 0.11, 0.10, 0.18, 0.16)  # probability of contraband above which a search is
FRISK_DRIVER = (0.012, 0.022, 0.018, 0.008, 0.012)
FRISK_PEDESTRIAN = (0.14, 0.24, 0.20, 0.10, 0.14)
ARREST_OTHER = (0.022, 0.034, 0.030, 0.012, 0.020)  # for a cause other than what a search found
ARREST_IF_FOUND = 0.45
CITED = (0.52, 0.56, 0.56, 0.50, 0.52)  # given no arrest
CITED_ARRESTED = 0.10
WARNED = (0.38, 0.31, 0.31, 0.40, 0.38)  # given no arrest
SUMMONED = 0.015  # given no arrest
FEMALE = (0.40, 0.37, 0.30, 0.36, 0.36)
AGE_MEDIAN = (38.0, 33.0, 32.0, 36.0, 34.0)
INCIDENT_TO_ARREST, INVENTORY, OTHER_SEARCH = 0.55, 0.12, 0.05  # given such an arrest, unsearched
WARRANT = 0.0008  # given no search of another kind
FOUND_OTHER_SEARCH = 0.12  # in a search that is no officer's choice
MISSING = {  # independent of everything else, except the month below
    "subject_race": 0.022, "subject_race_unknown": 0.003, "district": 0.04, "time": 0.003,
    "subject_age": 0.01, "subject_sex": 0.006, "coordinates": 0.02, "contraband_found": 0.01,
    "search_basis": 0.04,
}  # fmt: skip
GAP_MONTH, GAP_RACE_MISSING = "2024-02", 0.60  # a change of the records system
OFFICERS, PLANTED_OFFICERS, PLANTED_LOG_ODDS = 120, 3, 0.8

HOURLY = (260, 220, 150, 80, 45, 35, 60, 300, 850, 950, 1000, 980, 900, 820, 820, 1000, 1150, 1150,
          1050, 950, 880, 760, 600, 420)  # fmt: skip
WEEKDAY = (1.0, 0.98, 1.0, 1.05, 1.15, 1.0, 0.80)  # Monday first
MONTH = (0.94, 0.92, 1.0, 1.03, 1.06, 1.04, 1.02, 1.02, 1.0, 1.03, 0.98, 0.96)
YEAR = (1.0, 1.04, 0.96)
DRIVER_REASONS = {
    "Speed Related": 24, "Stop Sign": 11, "Traffic Control Signal": 11, "Cell Phone": 14,
    "Moving Violation": 9, "Registration": 8, "Display of Plates": 6, "Defective Lights": 6,
    "Seatbelt": 5, "Window Tint": 3, "Suspended License": 2, "Equipment Violation": 1,
}  # fmt: skip
PEDESTRIAN_REASONS = {
    "Reasonable Suspicion": 40, "Matched Description": 22, "Call for Service": 26,
    "Jaywalking": 12,
}  # fmt: skip
STREETS = (
    "LANTERN ST", "QUARRY RD", "MILLRACE AVE", "OLD FERRY RD", "COOPERAGE LN", "HERON ST",
    "TANNERY ST", "BEACON HILL AVE", "SALTMARSH RD", "ROPEWALK ST", "COPPER ST", "ORCHARD PL",
    "KILN ST", "WEIR ST", "SEXTANT AVE", "ALDERBROOK RD", "FOUNDRY ST", "GRANARY ST",
    "RIVERTON TPKE", "TOWPATH AVE",
)  # fmt: skip


def _logit(p: Any) -> Any:
    return np.log(p) - np.log1p(-np.asarray(p))


def _tail(x: np.ndarray) -> np.ndarray:
    """Return P(Z > x) for a standard normal Z."""
    return np.vectorize(lambda v: 0.5 * math.erfc(v / math.sqrt(2)))(x)


def _cells() -> dict[str, np.ndarray]:
    """Return the threshold model by group (rows) and district (columns)."""
    odds = _logit(CARRYING)[:, None] + np.array(CARRYING_DISTRICT)
    shift = np.exp(np.log(SIGNAL)[:, None] + np.array(SIGNAL_DISTRICT))
    signal = (_logit(THRESHOLD)[:, None] - odds + shift**2 / 2) / shift
    carrying = 1 / (1 + np.exp(-odds))
    found, not_found = carrying * _tail(signal - shift), (1 - carrying) * _tail(signal)
    return {
        "carrying": carrying, "shift": shift, "signal": signal,
        "search_rate": found + not_found, "hit_rate": found / (found + not_found), "found": found,
    }  # fmt: skip


def stop_truth(
    residents: dict[str, int],
    people: dict[str, dict[str, int]],
    adults: dict[str, dict[str, int]],
) -> dict[str, Any]:
    """Return what is true of the model.

    `residents` are the true people of each group; `people` and `adults` those by district.
    """
    cell, where = _cells(), np.array(WHERE)
    everyone = np.array([residents[g] for g in GROUPS], dtype=float)
    rate, walk = np.array(STOPS_PER_RESIDENT), np.array(PEDESTRIAN)
    expected = rate * everyone * YEARS
    search = (cell["search_rate"] * where).sum(axis=1)
    hits = (cell["found"] * where).sum(axis=1)
    other = np.array(ARREST_OTHER)
    arrest = 1 - (1 - other) * (1 - ARREST_IF_FOUND * hits)
    late = (1 - search) * other * (INCIDENT_TO_ARREST + INVENTORY + OTHER_SEARCH)
    warrant = ((1 - search) - late) * WARRANT
    frisk = (1 - walk) * FRISK_DRIVER + walk * np.array(FRISK_PEDESTRIAN)
    cited = (1 - arrest) * CITED + arrest * CITED_ARRESTED

    def by(values: Any) -> dict[str, float]:
        return {g: round(float(v), 6) for g, v in zip(GROUPS, values, strict=True)}

    def table(values: np.ndarray) -> dict[str, dict[str, float]]:
        return {
            g: {d: round(float(v), 6) for d, v in zip(DISTRICTS, row, strict=True)}
            for g, row in zip(GROUPS, values, strict=True)
        }

    return {
        "scheme": "stanford",
        "file_race": dict(zip(GROUPS, FILE_RACE, strict=True)),
        "first_date": str(FIRST),
        "last_date": str(LAST),
        "years": YEARS,
        "districts": list(DISTRICTS),
        "residents": by(everyone),
        "stops_per_resident_year": by(rate),
        "stop_rate_ratio": by(rate / rate[0]),
        "expected_stops": by(expected),
        "district_share": table(where),
        "pedestrian_share": by(walk),
        "dark_log_odds": by(DARK_LOG_ODDS) | {
            "applies_to": "vehicular",
            "meaning": "log odds of the group against white, dark v light, given clock time; "
            "0 v 1 between sunset and dusk counts half",
        },
        "search_rate_discretionary": by(search),
        "search_rate": by(search + late + warrant),
        "hit_rate": by(hits / search),
        "threshold": by(THRESHOLD),
        "model": {
            "meaning": "signal N(0,1) without, N(shift,1) with contraband; searched above signal",
            "carrying": table(cell["carrying"]),
            "shift": table(cell["shift"]),
            "signal": table(cell["signal"]),
            "search_rate_discretionary": table(cell["search_rate"]),
            "hit_rate": table(cell["hit_rate"]),
        },
        "hit_rate_not_discretionary": FOUND_OTHER_SEARCH,
        "frisk_rate": {
            "all": by(frisk), "vehicular": by(FRISK_DRIVER), "pedestrian": by(FRISK_PEDESTRIAN)
        },
        "arrest_rate": by(arrest),
        "citation_rate": by(cited),
        "warning_rate": by((1 - arrest) * WARNED),
        "female_share": by(FEMALE),
        "missing": MISSING | extras.MISSING | {f"subject_race_{GAP_MONTH}": GAP_RACE_MISSING},
        **extras.benchmark_truth(GROUPS, DISTRICTS, expected[:, None] * where, people, adults),
        **extras.extra_truth(
            GROUPS, DISTRICTS, where, arrest, range(2023, 2023 + YEARS), _year_share()
        ),
    }  # fmt: skip


def _per_day(days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how stops are spread over the days, and the year of each day, the first one 0."""
    weekday = (days.astype(np.int64) + 3) % 7
    year = days.astype("datetime64[Y]").astype(int) - (int(str(FIRST)[:4]) - 1970)
    month = days.astype("datetime64[M]").astype(int) % 12
    return np.array(WEEKDAY)[weekday] * np.array(MONTH)[month] * np.array(YEAR)[year], year


def _year_share() -> np.ndarray:
    """Return each year's share of the stops."""
    days = np.arange(FIRST, LAST + 1)
    per_day, year = _per_day(days)
    return np.bincount(year, weights=per_day) / per_day.sum()


def draw_stops(
    rng: np.random.Generator,
    residents: dict[str, int],
    streams: Sequence[np.random.Generator],
) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Return the columns of the stops file as text, and what was drawn by chance.

    The columns of `extras` are drawn from `streams`, so that they change nothing else.
    """
    days = np.arange(FIRST, LAST + 1)
    group, walking, day, minute = _happen(rng, days, residents)
    n = len(group)
    district = pick(rng, np.array(WHERE)[group])
    keys, planted = _officers(rng)
    officer = _who(rng, group, district, minute, planted)

    # searches: an officer searches where the signal exceeds the threshold
    cell = _cells()
    with_contraband = rng.random(n) < cell["carrying"][group, district]
    signal = rng.standard_normal(n) + cell["shift"][group, district] * with_contraband
    chosen = signal > cell["signal"][group, district]
    frisked = rng.random(n) < np.where(
        walking, np.array(FRISK_PEDESTRIAN)[group], np.array(FRISK_DRIVER)[group]
    )
    other_arrest = rng.random(n) < np.array(ARREST_OTHER)[group]
    draw = np.where(~chosen & other_arrest, rng.random(n), 1.0)
    incident = draw < INCIDENT_TO_ARREST
    inventory = ~incident & (draw < INCIDENT_TO_ARREST + INVENTORY)
    other = ~incident & ~inventory & (draw < INCIDENT_TO_ARREST + INVENTORY + OTHER_SEARCH)
    late = incident | inventory | other
    warrant = ~chosen & ~late & (rng.random(n) < WARRANT)
    searched = chosen | late | warrant
    found = np.where(chosen, with_contraband, rng.random(n) < FOUND_OTHER_SEARCH) & searched
    arrested = other_arrest | (chosen & found & (rng.random(n) < ARREST_IF_FOUND))

    basis = np.full(n, "NA", dtype=object)
    kinds = np.array(["probable cause", "consent", "plain view", "k9"], dtype=object)
    basis[chosen] = kinds[rng.choice(4, size=int(chosen.sum()), p=[0.52, 0.28, 0.16, 0.04])]
    basis[chosen & frisked & (rng.random(n) < 0.6)] = "frisk"
    for kind, where in (("incident to arrest", incident), ("inventory", inventory),
                        ("other", other), ("warrant", warrant)):  # fmt: skip
        basis[where] = kind
    basis[chosen & (rng.random(n) < MISSING["search_basis"])] = "NA"  # read as probable cause

    fate = rng.random(n)
    cited = np.where(arrested, fate < CITED_ARRESTED, fate < np.array(CITED)[group])
    rest = ~arrested & ~cited
    warned = rest & (fate < np.array(CITED)[group] + np.array(WARNED)[group])
    summoned = rest & (fate > 1 - SUMMONED)
    outcome = np.select([arrested, cited, summoned, warned],
                        ["arrest", "citation", "summons", "warning"], "NA")  # fmt: skip

    age = np.clip(np.array(AGE_MEDIAN)[group] * np.exp(0.36 * rng.standard_normal(n)), 16, 92)
    sex = np.where(rng.random(n) < np.array(FEMALE)[group], "female", "male")
    month = days.astype("datetime64[M]")[day]
    race_lost = np.where(month == np.datetime64(GAP_MONTH), GAP_RACE_MISSING,
                         MISSING["subject_race"])  # fmt: skip
    lost = rng.random(n)
    race = np.array(FILE_RACE, dtype=object)[group]
    race[(lost > 1 - MISSING["subject_race_unknown"])] = "unknown"
    race[lost < race_lost] = "NA"
    no_place = rng.random(n) < MISSING["coordinates"]
    lat = LATITUDE + np.array([0.0, 0.022, 0.006, -0.008, 0.004, -0.024])[district]
    lng = LONGITUDE + np.array([0.006, 0.002, 0.026, 0.018, -0.026, -0.002])[district]
    lat, lng = lat + 0.005 * rng.standard_normal(n), lng + 0.006 * rng.standard_normal(n)

    streets = [f"{a} AND {b}" for a in STREETS for b in STREETS if a != b]
    reasons = pick_label(rng, DRIVER_REASONS, n)
    on_foot = pick_label(rng, PEDESTRIAN_REASONS, n)
    columns = {
        "raw_row_number": [str(i) for i in range(1, n + 1)],
        "date": np.datetime_as_string(days)[day].tolist(),
        "time": _lose(rng, "time", np.array(CLOCK, dtype=object)[minute]),
        "location": np.array(streets, dtype=object)[rng.integers(0, len(streets), n)].tolist(),
        "lat": ["NA" if gone else f"{v:.6f}" for v, gone in zip(lat, no_place, strict=True)],
        "lng": ["NA" if gone else f"{v:.6f}" for v, gone in zip(lng, no_place, strict=True)],
        "district": _lose(rng, "district", np.array(DISTRICTS, dtype=object)[district]),
        "subject_age": _lose(rng, "subject_age", age.astype(int).astype(str).astype(object)),
        "subject_race": race.tolist(),
        "subject_sex": _lose(rng, "subject_sex", sex.astype(object)),
        "officer_id_hash": np.array(keys, dtype=object)[officer].tolist(),
        "department_name": ["Riverton (fictional)"] * n,
        "type": np.where(walking, "pedestrian", "vehicular").tolist(),
        "arrest_made": flag(arrested),
        "citation_issued": flag(cited),
        "warning_issued": flag(warned),
        "outcome": outcome.tolist(),
        "contraband_found": np.where(
            searched & (rng.random(n) >= MISSING["contraband_found"]), flag(found), "NA"
        ).tolist(),
        "frisk_performed": flag(frisked),
        "search_conducted": flag(searched),
        "search_vehicle": flag(searched & ~walking),
        "search_basis": basis.tolist(),
        "reason_for_stop": np.where(walking, on_foot, reasons).tolist(),
    }
    lost_place = {"beat": np.array(columns["district"]) == "NA"}
    columns |= extras.draw_extras(
        streams, group, district, _per_day(days)[1][day], arrested, lost_place
    )
    drawn = {
        "rows": n,
        "stops": {g: int((group == i).sum()) for i, g in enumerate(GROUPS)},
        "officers": {
            "number": OFFICERS,
            "differ": {keys[i]: PLANTED_LOG_ODDS for i in planted},
            "meaning": "log odds that this officer's stop is of a Black person, against the "
            "colleagues of the same district and shift; all others are alike",
        },
    }
    return columns, drawn


CLOCK = [f"{m // 60:02d}:{m % 60:02d}:00" for m in range(1440)]


def _happen(rng: np.random.Generator, days: np.ndarray, residents: dict[str, int]):
    """Draw who (group, on foot) is stopped when (index of day, minute), ordered by time."""
    times = sun_times(days, latitude=LATITUDE, longitude=LONGITUDE, timezone=TIMEZONE)
    sun = {name: times[name].to_numpy() for name in ("dawn", "sunrise", "sunset", "dusk")}
    per_day, _ = _per_day(days)
    minutes = np.arange(1440)
    hours = np.interp(minutes, np.arange(25) * 60, (*HOURLY, HOURLY[0]))
    evening = np.cos((minutes - 22 * 60) / 1440 * 2 * np.pi)

    parts = []
    for g, name in enumerate(GROUPS):
        expected = STOPS_PER_RESIDENT[g] * residents[name] * YEARS
        per_minute = hours * np.exp(EVENING[g] * evening)
        for walking, share in ((False, 1 - PEDESTRIAN[g]), (True, PEDESTRIAN[g])):
            n = int(rng.poisson(expected * share))
            beta = 0.0 if walking else DARK_LOG_ODDS[g]
            day, minute = np.empty(0, int), np.empty(0, int)
            while len(day) < n:  # thinning: kept with probability exp(beta * dark)
                more = int((n - len(day)) * 1.4) + 64
                d, m = sample(rng, per_day, more), sample(rng, per_minute, more)
                light = (m >= sun["sunrise"][d]) & (m <= sun["sunset"][d])
                night = (m < sun["dawn"][d]) | (m > sun["dusk"][d])
                dark = np.where(light, 0.0, np.where(night, 1.0, 0.5))
                keep = rng.random(more) < np.exp(beta * dark - max(beta, 0.0))
                day, minute = np.append(day, d[keep]), np.append(minute, m[keep])
            parts.append((np.full(n, g), np.full(n, walking), day[:n], minute[:n]))
    group, walking, day, minute = (np.concatenate(p) for p in zip(*parts, strict=True))
    order = np.lexsort((rng.random(len(day)), minute, day))
    return group[order], walking[order], day[order], minute[order]


def _officers(rng: np.random.Generator) -> tuple[list[str], list[int]]:
    """Draw the officers' keys and choose those who differ, in different districts and shifts."""
    keys: list[str] = []
    while len(keys) < OFFICERS:
        key = rng.bytes(5).hex()
        if key not in keys and not set(key) <= set("0123456789e"):  # 12e4 would be a number
            keys.append(key)
    return keys, [7 * i for i in range(PLANTED_OFFICERS)]  # districts 0, 1, 2; shifts 0, 1, 2


def _who(rng, group, district, minute, planted) -> np.ndarray:
    """Draw the officer of each stop among those of its district and shift."""
    everyone = np.arange(OFFICERS)
    busy = np.exp(0.4 * rng.standard_normal(OFFICERS))
    busy[planted] = 1.2  # enough stops to be looked at
    tilt = np.zeros(OFFICERS)
    tilt[planted] = PLANTED_LOG_ODDS
    shift = (minute - 7 * 60) % 1440 // 480  # from 7:00, 15:00 and 23:00
    officer = np.empty(len(group), dtype=int)
    black = group == GROUPS.index("black")
    for d in range(len(DISTRICTS)):
        for s in range(3):
            team = everyone[(everyone % 6 == d) & (everyone // 6 % 3 == s)]
            for is_black in (False, True):
                rows = np.flatnonzero((district == d) & (shift == s) & (black == is_black))
                weights = busy[team] * np.exp(tilt[team] * is_black)
                officer[rows] = team[sample(rng, weights, len(rows))]
    return officer


def _lose(rng: np.random.Generator, column: str, values: np.ndarray) -> list[str]:
    values[rng.random(len(values)) < MISSING[column]] = "NA"
    return values.tolist()
