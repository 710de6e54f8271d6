"""Residents of the fictional city: ACS table B03002 as data.census.gov exports it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = [
    "ACS_YEAR",
    "ADULTS",
    "CITY",
    "TRUE_RESIDENTS",
    "by_district",
    "by_sex",
    "draw_residents",
    "file_by_sex",
    "in_stop_groups",
    "population_file",
]

ACS_YEAR = 2023
CITY = "Riverton city, Fictional State"
COUNTY = "Harbor County, Fictional State"

# White, Black, AIAN, Asian, NHPI, other, two or more (not Hispanic); Hispanic: the true people
PLACES: dict[str, tuple[str, tuple[int, ...]]] = {
    COUNTY: ("0500000US99901", (331_000, 71_500, 900, 33_000, 160, 3_600, 19_500, 92_300)),
    CITY: ("1600000US9961800", (74_000, 45_000, 350, 8_500, 60, 900, 7_200, 44_000)),
    "Millrace town, Fictional State": (
        "1600000US9947100", (36_500, 5_200, 60, 4_100, 10, 400, 1_900, 7_400)),
    "Heron Point city, Fictional State": (
        "1600000US9933400", (48_000, 9_800, 120, 6_300, 25, 520, 2_600, 14_100)),
    "Quarry Hill CDP, Fictional State": (
        "1600000US9960250", (7_900, 310, 0, 240, 0, 0, 130, 520)),
}  # fmt: skip
GROUPS = ("white", "black", "aian", "asian", "nhpi", "other", "multiple", "hispanic")
TRUE_RESIDENTS: dict[str, int] = dict(zip(GROUPS, PLACES[CITY][1], strict=True))
# The city's own register: where its people live, in the order of the districts of the stops
LIVE = {
    "white": (0.17, 0.06, 0.13, 0.11, 0.37, 0.16),
    "black": (0.15, 0.38, 0.16, 0.08, 0.04, 0.19),
    "hispanic": (0.15, 0.14, 0.31, 0.08, 0.05, 0.27),
}
LIVE_OTHERS = (0.20, 0.12, 0.16, 0.14, 0.23, 0.15)
ADULTS = {  # share of residents who are 18 or over
    "white": 0.84, "black": 0.76, "hispanic": 0.70, "asian": 0.80, "nhpi": 0.75, "aian": 0.77,
    "multiple": 0.62, "other": 0.74,
}  # fmt: skip
WOMEN = {  # share of adults who are women
    "white": 0.515, "black": 0.545, "hispanic": 0.495, "asian": 0.530, "nhpi": 0.511,
    "aian": 0.520, "multiple": 0.525, "other": 0.500,
}  # fmt: skip
WORDS = {  # as the register calls them
    "white": "White", "black": "Black or African American", "hispanic": "Hispanic or Latino",
    "asian": "Asian", "nhpi": "Native Hawaiian or Other Pacific Islander",
    "aian": "American Indian or Alaska Native", "multiple": "Two or More Races", "other": "Other",
}  # fmt: skip
HISPANIC_SPLIT = (0.28, 0.05, 0.01, 0.004, 0.001, 0.335)  # by race alone; the rest two or more
Z90, DESIGN, SAMPLED = 1.645, 1.8, 0.125  # margin at 90 %; design effect; share of homes, 5 years
ZERO_MARGIN = 28

_RACES = (
    "White alone", "Black or African American alone", "American Indian and Alaska Native alone",
    "Asian alone", "Native Hawaiian and Other Pacific Islander alone", "Some other race alone",
    "Two or more races:",
)  # fmt: skip
_SPLIT = (
    "Two or more races:!!Two races including Some other race",
    "Two or more races:!!Two races excluding Some other race, and three or more races",
)
VARIABLES: tuple[str, ...] = (
    "Total:",
    "Total:!!Not Hispanic or Latino:",
    *(f"Total:!!Not Hispanic or Latino:!!{r}" for r in (*_RACES, *_SPLIT)),
    "Total:!!Hispanic or Latino:",
    *(f"Total:!!Hispanic or Latino:!!{r}" for r in (*_RACES, *_SPLIT)),
)


def in_stop_groups(people: dict[str, int]) -> dict[str, int]:
    """Return people by the groups that stops use (Asian with Pacific Islander, the rest other)."""
    return {
        "white": people["white"],
        "black": people["black"],
        "hispanic": people["hispanic"],
        "asian_pacific": people["asian"] + people["nhpi"],
        "other": people["aian"] + people["multiple"] + people["other"],
    }


def by_district(districts: Sequence[str], *, adults: bool = False) -> dict[str, dict[str, int]]:
    """Return district -> group -> people, exactly; all districts add up to the city's residents.

    With `adults` only those of 18 or over: the same share of a group in every district.
    """
    table: dict[str, dict[str, int]] = {d: {} for d in districts}
    for group, people in TRUE_RESIDENTS.items():
        edges = np.cumsum(LIVE.get(group, LIVE_OTHERS)) * people
        parts = np.diff(np.rint(edges), prepend=0)
        for district, number in zip(districts, parts, strict=True):
            share = ADULTS[group] if adults else 1.0
            table[district][group] = int(np.rint(number * share))
    return table


def by_sex(adults: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return group -> sex -> people, exactly, of adults by district; the register knows two."""
    table = {}
    for group, share in WOMEN.items():
        people = sum(groups[group] for groups in adults.values())
        women = int(np.rint(people * share))
        table[group] = {"female": women, "male": people - women}
    return table


def file_by_sex(table: dict[str, dict[str, int]]) -> bytes:
    """Return a plain table of people by group and sex; each group also for both sexes together."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n")
    write.writerow(["place", "race", "sex", "people"])
    for group, people in table.items():
        rows = {
            "Both sexes": people["female"] + people["male"],
            "Female": people["female"],
            "Male": people["male"],
        }
        write.writerows([CITY, WORDS[group], sex, n] for sex, n in rows.items())
    return text.getvalue().encode()


def population_file(table: dict[str, dict[str, int]], heading: str = "district") -> bytes:
    """Return a plain table of people by district and group, as a city might publish it."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n")
    write.writerow(["place", heading, "race", "people"])
    for district, people in table.items():
        write.writerows([CITY, district, WORDS[g], n] for g, n in people.items())
    return text.getvalue().encode()


def draw_residents(rng: np.random.Generator) -> tuple[bytes, dict[str, Any]]:
    """Return the file as bytes, and per place the true and the published figures.

    A published estimate is the true number plus a normal error of margin / 1.645, except that
    the total is held (as the bureau holds it to its population estimates): the White estimate
    takes up the difference.
    """
    text = io.StringIO()
    names = [f"B03002_{i:03d}{kind}" for i in range(1, 22) for kind in "EM"]
    words = [f"{kind}!!{v}" for v in VARIABLES for kind in ("Estimate", "Margin of Error")]
    write = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    write.writerow(["GEO_ID", "NAME", *names])
    write.writerow(["Geography", "Geographic Area Name", *words])
    drawn: dict[str, Any] = {}
    for place, (code, people) in PLACES.items():
        estimate, margin = _draw(rng, np.array(people), controlled=place == COUNTY)
        cells: list[str] = []
        for e, m in zip(estimate, margin, strict=True):
            cells += [str(e), "*****" if m is None else str(m)]
        write.writerow([code, place, *cells])
        at = (2, 3, 4, 5, 6, 7, 8, 11)  # B03002_003 .. _009 and _012, in the order of GROUPS
        drawn[place] = {
            "geo_id": code,
            "total": int(estimate[0]),
            "true": dict(zip(GROUPS, people, strict=True)),
            "published": {g: int(estimate[i]) for g, i in zip(GROUPS, at, strict=True)},
            "moe": {g: 0 if margin[i] is None else margin[i]
                    for g, i in zip(GROUPS, at, strict=True)},
        }  # fmt: skip
    # the bureau's files end every line in a comma
    return b"\xef\xbb\xbf" + text.getvalue().replace("\n", ",\n").encode(), drawn


def _margin(people: np.ndarray | int, total: int) -> np.ndarray:
    """Return 90 % margins of error of about the size that the bureau publishes."""
    people = np.asarray(people, dtype=float)
    variance = DESIGN * (1 - SAMPLED) / SAMPLED * people * (1 - people / total)
    return np.maximum(np.rint(Z90 * np.sqrt(variance)), ZERO_MARGIN).astype(int)


def _draw(
    rng: np.random.Generator, people: np.ndarray, *, controlled: bool
) -> tuple[list[int], list[int | None]]:
    """Return the 21 estimates and margins (None: controlled) of one place."""
    total = int(people.sum())
    margin = _margin(people, total)
    error = np.where(people > 0, margin / Z90 * rng.standard_normal(8), 0)
    published = np.maximum(np.rint(people + error), 0).astype(int)
    if controlled:
        published[-1] = people[-1]
    published[0] += total - published.sum()
    margin[0] = np.rint(np.sqrt((margin[1:-1] ** 2).sum() + (margin[-1] ** 2) * (not controlled)))
    *races, multiple, hispanic = (int(v) for v in published)
    not_hispanic = total - hispanic

    def split(whole: int, shares: tuple[float, ...]) -> list[int]:
        parts = [int(v) for v in rng.multinomial(whole, (*shares, 1 - sum(shares)))]
        return parts

    two = split(multiple, (0.34,))
    by_race = split(hispanic, HISPANIC_SPLIT)
    two_hispanic = split(by_race[-1], (0.85,))
    estimate = [total, not_hispanic, *races, multiple, *two, hispanic, *by_race, *two_hispanic]

    margins: list[int | None] = [int(m) for m in _margin(np.array(estimate), total)]
    margins[2] = int(margin[0])
    for i in range(1, 7):
        margins[2 + i] = int(margin[i])
    margins[0], margins[1], margins[11] = 74, int(margin[-1]), int(margin[-1])
    if controlled:
        margins[0] = margins[1] = margins[11] = None
    return estimate, margins
