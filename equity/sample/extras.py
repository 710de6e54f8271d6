"""Beats, force, cameras and complaints: drawn apart from the rest, which stays as it was.

Beats follow from the group and the district; force follows from the arrest, complaints from the
group, cameras from the year alone: there, no group differs from another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["BEATS", "COLUMNS", "MISSING", "benchmark_truth", "draw_extras", "extra_truth"]

COLUMNS = ("beat", "force_used", "body_camera_on", "complaint_made")
PER_DISTRICT = 4
BEATS = tuple(f"{letter}{i}" for letter in "CNEHWS" for i in range(1, PER_DISTRICT + 1))
"""In the order of the districts, whose initials they bear."""

# Every tuple below is in the order of the groups unless it says otherwise.
BEAT_SHARE = (0.31, 0.27, 0.23, 0.19)  # of a district's stops, before the tilt
BEAT_TILT = (-0.10, 0.25, 0.15, -0.15, 0.0)  # log, from each beat of a district to the next
FORCE_IF_ARRESTED = (0.070, 0.110, 0.085, 0.060, 0.070)
FORCE_OTHERWISE = (0.0015, 0.0030, 0.0025, 0.0010, 0.0015)
COMPLAINT = (0.0050, 0.0100, 0.0070, 0.0035, 0.0050)
CAMERA = (0.62, 0.86, 0.95)  # by year, the same for every group
MISSING = {"force_used": 0.004, "body_camera_on": 0.03}  # independent of everything else


def extra_truth(
    groups: Sequence[str],
    districts: Sequence[str],
    where: np.ndarray,
    arrest: np.ndarray,
    years: Sequence[int],
    year_share: np.ndarray,
) -> dict[str, Any]:
    """Return what is true of these columns, given the truth of the rest."""
    force = arrest * FORCE_IF_ARRESTED + (1 - arrest) * FORCE_OTHERWISE
    camera = float((np.array(CAMERA) * year_share).sum())
    share = (where[:, :, None] * _beat_share()[:, None, :]).reshape(len(groups), -1)

    def by(values: Any) -> dict[str, float]:
        return {g: round(float(v), 6) for g, v in zip(groups, values, strict=True)}

    return {
        "beats": {
            d: list(BEATS[i * PER_DISTRICT : (i + 1) * PER_DISTRICT])
            for i, d in enumerate(districts)
        },
        "beat_share": {
            g: {b: round(float(v), 6) for b, v in zip(BEATS, row, strict=True)}
            for g, row in zip(groups, share, strict=True)
        },
        "force_rate": by(force),
        "body_camera_rate": by([camera] * len(groups)),
        "body_camera_rate_by_year": {str(y): c for y, c in zip(years, CAMERA, strict=True)},
        "complaint_rate": by(COMPLAINT),
    }


def benchmark_truth(
    groups: Sequence[str],
    districts: Sequence[str],
    stops: np.ndarray,
    residents: Mapping[str, Mapping[str, int]],
    adults: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """Return stop rates against the first group: by district, and per adult.

    `stops` are the expected stops of each group (rows) in each district (columns).
    """

    def against_first(number: np.ndarray, people: np.ndarray) -> dict[str, float]:
        rate = number / people
        return {g: round(float(v), 6) for g, v in zip(groups, rate / rate[0], strict=True)}

    def column(people: Mapping[str, int]) -> np.ndarray:
        return np.array([people[g] for g in groups], dtype=float)

    all_adults = sum(map(column, adults.values()), np.zeros(len(groups)))
    return {
        "stop_rate_ratio_by_district": {
            d: against_first(stops[:, i], column(residents[d])) for i, d in enumerate(districts)
        },
        "stop_rate_ratio_adults": against_first(stops.sum(axis=1), all_adults),
    }


def draw_extras(
    streams: Sequence[np.random.Generator],
    group: np.ndarray,
    district: np.ndarray,
    year: np.ndarray,
    arrested: np.ndarray,
    lost: Mapping[str, np.ndarray],
) -> dict[str, list[str]]:
    """Return the columns as text, each from a stream of its own; NA where `lost` says so."""
    beat_stream, force_stream, camera_stream, complaint_stream = streams
    edges = np.cumsum(_beat_share(), axis=1)[group]
    within = (beat_stream.random(len(group))[:, None] >= edges[:, :-1]).sum(axis=1)
    beat = np.array(BEATS, dtype=object)[district * PER_DISTRICT + within]
    beat[lost["beat"]] = "NA"
    chance = np.where(
        arrested, np.array(FORCE_IF_ARRESTED)[group], np.array(FORCE_OTHERWISE)[group]
    )
    return {
        "beat": beat.tolist(),
        "force_used": _flag(force_stream, chance, MISSING["force_used"]),
        "body_camera_on": _flag(camera_stream, np.array(CAMERA)[year], MISSING["body_camera_on"]),
        "complaint_made": _flag(complaint_stream, np.array(COMPLAINT)[group], 0.0),
    }


def _beat_share() -> np.ndarray:
    """Return each group's (rows) share of a district's stops in each of its beats."""
    steps = np.arange(PER_DISTRICT)
    weight = np.array(BEAT_SHARE) * np.exp(np.array(BEAT_TILT)[:, None] * steps)
    return weight / weight.sum(axis=1, keepdims=True)


def _flag(rng: np.random.Generator, chance: np.ndarray, missing: float) -> list[str]:
    values = np.where(rng.random(len(chance)) < chance, "TRUE", "FALSE").astype(object)
    values[rng.random(len(chance)) < missing] = "NA"
    return values.tolist()
