"""The rungs of the ladder: what each asks, assumes and cannot show, and its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from equity.measures.hit_rates import hit_rates
from equity.measures.kpt_test import kpt_test
from equity.measures.rates import rates
from equity.measures.robust_outcome_test import robust_outcome_test
from equity.measures.standardized_rates import standardized_rates
from equity.measures.stop_rates import stop_rates
from equity.measures.veil_of_darkness import veil_of_darkness

ALL = "all"
"""The group of a rung that asks about all groups at once."""


@dataclass(frozen=True)
class Rung:
    """One test: its name, what it asks, and the words that go with its answer."""

    name: str
    question: str
    figure: str
    none: float
    """The value of the figure that means no difference."""
    sign: int
    """1 where a figure above `none` is to the disadvantage of the group, -1 where one below."""
    assumes: str
    cannot_show: str
    rows: Callable[..., Iterator[dict[str, Any]]]
    needs: tuple[str, ...] = ()
    """The flags of the stops without which it cannot be computed."""

    def lacking(self, stops: Any) -> str:
        """Say what the counts of stops do not hold; "" where nothing is lacking."""
        there = _columns(stops)
        return "; ".join(
            f"the records do not say {_SAYS[f]}" for f in self.needs if f not in there
        )


_SAYS = {
    "search_conducted": "whether there was a search",
    "contraband_found": "whether contraband was found",
}


def _of(row: Any, figure: str, *, n: str = "x_known", low: str = "", high: str = "") -> dict:
    """Take a measure's row over: the figure, its interval, its n and its test."""
    return {
        "group": row["group"],
        "value": row[figure],
        "low": row[low or f"{figure}_low"],
        "high": row[high or f"{figure}_high"],
        "n": row[n],
        "p_value": row.get("p_value"),
        "p_adjusted": row.get("p_adjusted"),
        "method": row["method"],
        "reason": row["reason"],
    }


def _others(table: pd.DataFrame) -> Iterator[Any]:
    for row in table.to_dict("records"):
        if row["group"] != row["reference"]:
            yield row


def _stops(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not seen.residents:
        raise ValueError("no benchmark: the agency's file names no residents to compare with")
    there = {name: table for name, table in seen.residents.items() if table is not None}
    if not there:
        raise ValueError("no benchmark counts the residents of this district")
    table = stop_rates(seen.stops, there, **asked)
    several = len(there) > 1
    for row in _others(table):
        yield _of(row, "ratio", n="n") | {"against": row["benchmark"] if several else ""}


def _daylight(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if seen.daylight is None:
        raise ValueError(
            "stops by daylight were not counted; that needs the time of each stop, and the place "
            "and time zone of the agency"
        )
    within = {"within": "district"} if "district" in _columns(seen.daylight) else {}
    for row in _others(veil_of_darkness(seen.daylight, **within, **asked)):
        yield _of(row, "odds_ratio", n="n", low="low", high="high")


def _searches(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in _others(rates(seen.stops, of="search_conducted", **asked)):
        yield _of(row, "ratio")


def _same_age_and_sex(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    by = [c for c in ("subject_sex", "age_band") if c in _columns(seen.ages)]
    if "age_band" not in by:
        raise ValueError("stops by age were not counted")
    for row in _others(standardized_rates(seen.ages, of="search_conducted", by=by, **asked)):
        yield _of(row, "ratio")


def _finds(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in _others(hit_rates(seen.stops, **asked)):
        yield _of(row, "ratio")


def _finds_of_all(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in kpt_test(seen.stops, **_without(asked, "confidence_level")).to_dict("records"):
        yield {
            "group": ALL,
            "value": row["chi2"],
            "n": row["x_known"],
            "p_value": row["p_value"],
            "p_adjusted": row["p_adjusted"],
            "method": row["method"],
            "reason": row["reason"],
        }


def _both(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    way = {"lower bar for this group": 1, "higher bar for this group": -1, "inconclusive": 0}
    for row in _others(robust_outcome_test(seen.stops, **asked)):
        found = _of(row, "hit_ratio", n="searches", low="hit_low", high="hit_high")
        said = row["conclusion"]
        yield found | {"says": way.get(said) if isinstance(said, str) else None}


def _thresholds(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if seen.thresholds is None:
        raise ValueError("the threshold test was not fitted; `equity count` fits it")
    table = getattr(seen.thresholds, "table", seen.thresholds)
    main = table[(table["stratum"] == ALL) & (table["prior_scale"] == 1.0)]
    if not len(main):
        raise ValueError("the threshold test was not fitted for these groups")
    if main["reference"].iloc[0] != asked["reference"]:
        raise ValueError(
            f"the threshold test was fitted against {main['reference'].iloc[0]} only; compare "
            "with that group to see it"
        )
    for row in _others(main):
        yield _of(row, "difference", n="x")


def _columns(counts: Any) -> list[str]:
    return list(getattr(counts, "table", counts).columns) if counts is not None else []


def _without(asked: dict[str, Any], name: str) -> dict[str, Any]:
    return {k: v for k, v in asked.items() if k != name}


RUNGS = (
    Rung(
        "stop_rates",
        "Stopped more often than its number among residents would suggest?",
        "times as many stops for each resident",
        1.0,
        1,
        "that residents are like the people whom officers could stop",
        "how much, where and when people of each group drive and walk, nor who is a visitor",
        _stops,
    ),
    Rung(
        "veil_of_darkness",
        "A different share of stops when it is too dark to see a face?",
        "times the odds that a stop is of this group, after dark to daylight",
        1.0,
        -1,
        "that officers see race less well after dark, and that at one clock time the same people "
        "are on the road in light and in darkness",
        "anything about stops at other hours; street lights and the seasons weaken it",
        _daylight,
    ),
    Rung(
        "rates",
        "Once stopped, searched more often?",
        "times as often searched",
        1.0,
        1,
        "that stops of each group are alike in reason, place and hour",
        "whether those stops differed in what would make anybody search",
        _searches,
        ("search_conducted",),
    ),
    Rung(
        "standardized_rates",
        "Still searched more often at the same age and sex?",
        "times as often searched, at the same age and sex",
        1.0,
        1,
        "that stops of one age and sex are alike in everything else",
        "differences in reason, place and hour, which age and sex do not take away",
        _same_age_and_sex,
    ),
    Rung(
        "hit_rates",
        "Do searches find contraband less often?",
        "times as often found, when searched by choice",
        1.0,
        -1,
        "that the people searched differ between groups only in the bar that they had to pass",
        "the bar itself: groups can differ in how plain suspicious signs are (infra-marginality)",
        _finds,
        ("search_conducted", "contraband_found"),
    ),
    Rung(
        "kpt_test",
        "Are all groups' searches equally successful?",
        "chi-square over all groups",
        0.0,
        0,
        "that officers, if they needed the same evidence, would find equally often in every group",
        "which group differs, and which way",
        _finds_of_all,
        ("search_conducted", "contraband_found"),
    ),
    Rung(
        "robust_outcome_test",
        "Searched more often, and with less found?",
        "times as often found",
        1.0,
        -1,
        "that a person of higher risk is also likelier to be searched, whatever the group",
        "anything where the two rates do not point the same way: then it does not conclude",
        _both,
        ("search_conducted", "contraband_found"),
    ),
    Rung(
        "threshold_test",
        "Searched on less suspicion?",
        "points of difference in the chance of contraband at which officers search",
        0.0,
        -1,
        "a model: how suspicion spreads among the guilty and the innocent of each group and area",
        "the threshold as a fact: another model can give another answer, even another sign",
        _thresholds,
    ),
)
"""In the order in which they are read: each asks for less to be assumed, or more to be known."""
