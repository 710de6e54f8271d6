"""The rungs of the ladder: what each asks, assumes and cannot show, and its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import pandas as pd

from equity.measures._searches import ENOUGH_SEARCHES, too_few
from equity.measures.hit_rates import hit_rates
from equity.measures.kpt_test import kpt_test
from equity.measures.rates import rates
from equity.measures.recording import recording
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
        "unknown": row.get("unknown"),
        "p_value": row.get("p_value"),
        "p_adjusted": row.get("p_adjusted"),
        "method": row["method"],
        "reason": row["reason"],
    }


def _others(table: pd.DataFrame) -> Iterator[Any]:
    for row in table.to_dict("records"):
        if row["group"] != row["reference"]:
            yield row


def number(value: float) -> str:
    """Return a ratio as the charts write it: two decimals, or two significant digits."""
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    return f"{value:.{digits}f}" if size >= 0.0995 or size == 0 else f"{value:.2g}"


def _span(row: Any, figure: str, low: str, high: str) -> str:
    return f"{number(row[figure])} ({number(row[low])} to {number(row[high])})"


def _stops(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not seen.residents:
        raise ValueError("the agency's file names no residents to compare with")
    there = {name: table for name, table in seen.residents.items() if table is not None}
    if not there:
        raise ValueError("nothing tells how many people live in this district")
    table = stop_rates(seen.stops, there, **asked)
    several = len(there) > 1
    for row in _others(table):
        found = _of(row, "ratio", n="n") | {"against": row["benchmark"] if several else ""}
        if row["benchmark"] in seen.elsewhere:
            found["doubt"] = f"{row['benchmark']} is another place than the one policed"
        least, most = row["ratio_least"], row["ratio_most"]
        if least < 1 < most:
            found["note"] = (
                f"the {int(row['unknown']):,} stops without a known group could move it anywhere "
                f"from {number(least)} to {number(most)}"
            )
        yield found


def _daylight(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if seen.daylight is None:
        raise ValueError(
            "stops by daylight were not counted; that needs the time of each stop, and the place "
            "and time zone of the agency"
        )
    if not len(getattr(seen.daylight, "table", seen.daylight)):
        raise ValueError("no such stop is in this test: it is about drivers around dusk")
    within = {"within": "district"} if "district" in _columns(seen.daylight) else {}
    main = veil_of_darkness(seen.daylight, **within, **asked)
    seasonal = veil_of_darkness(seen.daylight, **within, also=("month",), **asked)
    seasons = {row["group"]: row for row in _others(seasonal)}
    for row in _others(main):
        found = _of(row, "odds_ratio", n="n", low="low", high="high")
        same = seasons.get(row["group"])
        if same is None or pd.isna(same["odds_ratio"]) or pd.isna(same["low"]):
            found["doubt"] = "it cannot be checked with the month held equal"
        elif not (same["high"] < 1 if row["odds_ratio"] < 1 else same["low"] > 1):
            held = _span(same, "odds_ratio", "low", "high")
            found["doubt"] = f"with the month held equal it is {held}"
        yield found


def _searches(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    table = rates(seen.stops, of="search_conducted", **asked)
    if (table["x"] == table["x_known"]).all():  # police.uk: no stop without a search is recorded
        raise ValueError("every stop in the records is a search, so no rate can differ")
    changed = _changed(seen)
    for row in _others(table):
        yield _of(row, "ratio") | changed


def _same_age_and_sex(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    by = [c for c in ("subject_sex", "age_band") if c in _columns(seen.ages)]
    if "age_band" not in by:
        raise ValueError("the records do not say the age of the person stopped")
    changed = _changed(seen)
    for row in _others(standardized_rates(seen.ages, of="search_conducted", by=by, **asked)):
        yield _of(row, "ratio") | changed


def _finds(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    table = _hits(seen, asked)
    counted = dict(zip(table["group"], table["x_known"], strict=True))
    about = _ground(seen) | _changed(seen)
    for row in _others(table):
        yield _of(row, "ratio") | about | _few(row, counted)


def _finds_of_all(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in kpt_test(seen.stops, **asked).to_dict("records"):
        p = row["p_value"]
        found = {
            "group": ALL,
            "value": row["chi2"],
            "n": row["x_known"],
            "unknown": row["unknown"],
            "p_value": p,
            "p_adjusted": row["p_adjusted"],
            "method": row["method"],
            "reason": row["reason"],
        }
        if p == p:
            found["result"] = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
        if too_few(row["reason"]):
            found["doubt"] = "too few searches"
        yield found | _changed(seen)


def _both(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    way = {"lower bar for this group": 1, "higher bar for this group": -1, "inconclusive": 0}
    hits = _hits(seen, asked)
    counted, changed = dict(zip(hits["group"], hits["x_known"], strict=True)), _changed(seen)
    for row in _others(robust_outcome_test(seen.stops, **asked)):
        found = _of(row, "hit_ratio", n="searches", low="hit_low", high="hit_high")
        said = row["conclusion"]
        found["says"] = way.get(said) if isinstance(said, str) else None
        if row["search_ratio"] == row["search_ratio"] and row["hit_ratio"] == row["hit_ratio"]:
            both = number(row["search_ratio"]), number(row["hit_ratio"])
            found["result"] = f"searched {both[0]}, found {both[1]}"
        yield found | changed | _few(row, counted)


def _thresholds(seen: Any, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if seen.thresholds is None:
        raise ValueError("the model was not fitted; `equity count` fits it")
    table = getattr(seen.thresholds, "table", seen.thresholds)
    if not {"stratum", "prior_scale"} <= set(table.columns):
        raise ValueError("the model could not be fitted")
    whole = table[table["stratum"] == ALL]
    main = whole[whole["prior_scale"] == 1.0]
    if not len(main):
        raise ValueError("the model was not fitted for these groups")
    if main["reference"].iloc[0] != asked["reference"]:
        raise ValueError(
            f"the model was fitted against {main['reference'].iloc[0]}; compare with that group "
            "to see it"
        )
    others = int((main["group"] != main["reference"]).sum())
    alpha = 1 - asked["confidence_level"]
    z = NormalDist().inv_cdf
    wider = z(1 - alpha / (2 * others)) / z(1 - alpha / 2)
    changed = _changed(seen)
    for row in _others(main):
        found = _of(row, "difference", n="x") | changed
        value, low, high = (row[k] for k in ("difference", "difference_low", "difference_high"))
        over = whole.loc[whole["group"] == row["group"], "difference"].dropna()
        if (over > 0).any() and (over < 0).any():
            found["doubt"] = "with narrower or wider assumptions it points the other way"
        elif value - wider * (value - low) <= 0 <= value + wider * (high - value):
            found["doubt"] = "it is not clear once the number of groups is allowed for"
        yield found


def _few(row: Any, counted: dict[str, int]) -> dict[str, str]:
    """Say so where either group has too few counted searches to read from what they found."""
    own, other = counted.get(row["group"], 0), counted.get(row["reference"], 0)
    if min(own, other) >= ENOUGH_SEARCHES:
        return {}
    return {"doubt": f"too few searches: {own} of this group, {other} of the other"}


def _hits(seen: Any, asked: dict[str, Any]) -> pd.DataFrame:
    """Return the hit rates, which two rungs ask for."""
    key = ("hits", *asked.values())
    if key not in seen.kept:
        seen.kept[key] = hit_rates(seen.stops, **asked)
    return seen.kept[key]


def _ground(seen: Any) -> dict[str, str]:
    """Say so where the ground of a search is not recorded: then all searches are taken."""
    if "search_basis" in _columns(seen.stops):
        return {}
    return {"figure": "times as often found, in all searches (their ground is not recorded)"}


def _changed(seen: Any) -> dict[str, str]:
    """Say so where the recording of searches jumped within the years that are counted."""
    if "changed" not in seen.kept:
        seen.kept["changed"] = _jumps(seen)
    return seen.kept["changed"]


def _jumps(seen: Any) -> dict[str, str]:
    columns = _columns(seen.stops)
    if not {"year", "search_conducted_known"} <= set(columns):
        return {}
    table = recording(seen.stops, of=["search_conducted"])
    years = [str(int(y)) for y in table.loc[table["jump"].fillna(False).astype(bool), "year"]]
    if not years:
        return {}
    listed = years[0] if len(years) == 1 else f"{', '.join(years[:-1])} and {years[-1]}"
    return {"doubt": f"the recording of searches jumped in {listed}: choose one year"}


def _columns(counts: Any) -> list[str]:
    return list(getattr(counts, "table", counts).columns) if counts is not None else []


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
        "anything about stops at other hours; street lights weaken it, and where other people "
        "drive in another season it can find a difference that is not there, or miss one",
        _daylight,
    ),
    Rung(
        "rates",
        "Once stopped, searched more often?",
        "times as often searched",
        1.0,
        1,
        "that stops of each group are alike in reason, place and hour, and independent of each "
        "other (officers who differ make the interval too narrow)",
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
        "that the people searched differ between groups only in the bar that they had to pass, "
        "and that searches are independent of each other",
        "the bar itself: groups can differ in how plain suspicious signs are (infra-marginality)",
        _finds,
        ("search_conducted", "contraband_found"),
    ),
    Rung(
        "kpt_test",
        "Are all groups' searches equally successful?",
        "the chance of shares so different, if all groups were alike",
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
