"""What may be said of a comparison, and the headline that a table of comparisons allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from equity.charts import _hidden
from equity.charts._words import at_least, for_parts, given, sentence, times

__all__ = ["certain", "concerned", "finding", "over_parts", "side", "size"]

_MORE = {"above": "more", "below": "less"}


def side(row: Mapping, alpha: float = 0.05) -> str:
    """Return what a comparison says of no difference (a ratio of 1).

    "above" or "below": its interval excludes 1, and the p-value adjusted for the number of
    comparisons, where there is one, is below `alpha`; "alone": the interval excludes 1 but the
    adjusted p-value does not reach; "unclear": the interval includes 1; "missing": no figure;
    "hidden": what would be read is hidden. A hidden p-value stands for the most that it can be.
    Where the ratio has no interval (nobody in the reference group, say), the interval of the
    difference is read instead, and where there is none, the test and the sign of the difference.
    """
    found = _side(row, alpha)
    if not _hidden.row_hidden(row) or found == "missing":
        return found if not _hidden.row_hidden(row) else "hidden"
    if found in _MORE and "p_adjusted" in row and not given(_adjusted(row)):
        return "hidden"
    ends = [given(row.get(k)) for k in ("ratio_low", "ratio_high")]
    return "hidden" if found == "unclear" and any(ends) and not all(ends) else found


def _adjusted(row: Mapping) -> object:
    """Return the p-value adjusted for the number of comparisons, or the most that it can be."""
    return row["p_adjusted"] if given(row.get("p_adjusted")) else row.get("p_most")


def _side(row: Mapping, alpha: float) -> str:
    low, high, even = row.get("ratio_low"), row.get("ratio_high"), 1.0
    if not (given(low) or given(high)):
        low, high, even = row.get("difference_low"), row.get("difference_high"), 0.0
    adjusted = _adjusted(row)
    p = adjusted if given(adjusted) else row.get("p_value")
    if not (given(low) or given(high)):
        way = _way(row)
        if way is None or not given(p):
            return "missing"
        if way == 0 or p >= alpha:  # type: ignore[operator]
            return "unclear"
        return "above" if way > 0 else "below"
    above = given(low) and low > even  # type: ignore[operator]
    below = given(high) and high < even  # type: ignore[operator]
    if not (above or below):
        return "unclear" if given(row.get("ratio")) or given(p) else "missing"
    if given(adjusted) and adjusted >= alpha:  # type: ignore[operator]
        return "alone"
    return "above" if above else "below"


def _way(row: Mapping) -> float | None:
    """Return a number whose sign says on which side of the reference a group is."""
    if given(row.get("ratio")):
        return row["ratio"] - 1
    return row["difference"] if given(row.get("difference")) else None


def size(row: Mapping) -> str | None:
    """Return how large a ratio is, "2.3 times" or "at least 9.3 times"; None where none is known.

    A reference group of whom nobody was counted leaves no ratio, but a lower limit of it.
    """
    if given(row.get("ratio")):
        ends = any(given(row.get(k)) for k in ("ratio_low", "ratio_high"))
        return f"{times(row['ratio'])} times" if ends else None
    low = row.get("ratio_low")
    least = at_least(low) if given(low) else "1"  # type: ignore[arg-type]
    return f"at least {least} times" if least != "1" else None


def certain(row: Mapping) -> float:
    """Return how far from 1 even the nearer end of the interval is, on the log scale."""
    ends = [float(row[k]) for k in ("ratio_low", "ratio_high") if given(row.get(k))]
    return min((abs(math.log(v)) if v > 0 else math.inf for v in ends), default=0.0)


def concerned(row: Mapping) -> tuple[float, float]:
    """Return how many people or events a difference is, then how clear it is.

    A headline names the difference that concerns most people, not the ratio that is farthest from
    1: that is often a small group's.
    """
    n = row.get("x_known", row.get("n"))
    if given(row.get("expected")) and given(row.get("n")):
        number = abs(row["n"] - row["expected"])
    elif given(row.get("difference")) and given(n):
        number = abs(row["difference"]) * float(n)  # type: ignore[arg-type]
    else:
        number = 0.0
    return number, certain(row)


def finding(
    rows: list[dict],
    *,
    say: Callable[[dict], str],
    more: Callable[[dict, str], str],
    name: Callable[[dict], str],
    alpha: float = 0.05,
    strata: str | None = None,
) -> str:
    """Return the headline: the clear difference that concerns most people, or that none is clear.

    rows : one per group and stratum, the reference included; `say(row)` words a ratio whose
    `size` is known, `more(row, "more" or "less")` a direction without its size, `name(row)` the
    group alone.
    """
    if not rows:
        return "There are no figures to show"
    compared = [r for r in rows if r["group"] != r["reference"]]
    if not compared:
        return "There is only one group, and nothing to compare it with"
    parts = {r["stratum"] for r in compared} - {"not known"}
    if len(parts) > 1:
        compared = [r for r in compared if r["stratum"] != "not known"]
    sides = [side(r, alpha) for r in compared]
    if gone := _hidden.part_of([s == "hidden" for s in sides], "comparison"):
        there = [r for r, s in zip(compared, sides, strict=True) if s != "hidden"]
        if not there:
            return f"No comparison between groups is shown: {gone}"
        if len(parts) < 2:
            said = finding(there, say=say, more=more, name=name, alpha=alpha, strata=strata)
            return f"{_hidden.others_shown(said)}; {gone}"
    if all(s in ("missing", "hidden") for s in sides):
        return "No comparison between groups can be computed from these numbers"
    clear = [(r, s) for r, s in zip(compared, sides, strict=True) if s in _MORE]
    if not clear:
        tail = f"; {gone}" if gone else ""
        if "alone" in sides:
            return (
                "No clear difference between groups can be told "
                f"once the number of comparisons is allowed for{tail}"
            )
        return f"No clear difference between groups can be told from these numbers{tail}"
    if len(parts) > 1:
        return over_parts(
            compared,
            sides,
            name=name,
            strata=strata,
            phrase=lambda row, way: more(row, _MORE[way]),
            words={way: f"{word} often" for way, word in _MORE.items()},
        )
    best, way = max(clear, key=lambda pair: concerned(pair[0]))
    text = say(best) if size(best) else sentence(more(best, _MORE[way]))
    others = len(compared) - 1
    also = len(clear) - 1
    if not others:
        return text
    if also == others:
        rest = f"all {also} other groups also differ"
        return f"{text}; {'the other group also differs' if also == 1 else rest} clearly"
    if also:
        verb = "group also differs" if also == 1 else "groups also differ"
        return f"{text}; {also} other {verb} clearly"
    rest = "the other group" if others == 1 else f"any of the {others} other groups"
    return f"{text}; no clear difference can be told for {rest}"


def over_parts(
    rows: list[dict],
    sides: list[str],
    *,
    phrase: Callable[[dict, str], str],
    words: Mapping[str, str],
    name: Callable[[dict], str],
    strata: str | None,
) -> str:
    """Return in how many strata a group differs, and which groups differ the other way.

    The group that differs clearly in most strata leads; `phrase(row, way)` words it for "above"
    or "below", `words[way]` is the direction alone.
    """
    tally: dict[str, dict[str, Any]] = {}
    for row, s in zip(rows, sides, strict=True):
        none = {"row": row, "above": 0, "below": 0, "unclear": 0, "missing": 0, "hidden": 0}
        none["all"] = 0
        one = tally.setdefault(row["group"], none)
        one["all"] += 1
        one["unclear" if s == "alone" else s] += 1
    best = max(tally.values(), key=lambda t: t["above"] + t["below"])
    first, second = ("above", "below") if best["above"] >= best["below"] else ("below", "above")
    number = best["all"]
    text = f"{for_parts(best[first], number, strata)}, "
    text += phrase(best["row"], first)
    for state, say in (
        (second, words[second]),
        ("unclear", "no clear difference can be told"),
        ("missing", "no comparison can be computed"),
        ("hidden", "the comparison is hidden"),
    ):
        if best[state]:
            text += f"; in {best[state]}, {say}"
    others = [(t, way) for t in tally.values() if t is not best for way in words if t[way]]
    others.sort(key=lambda pair: (pair[1] != second, -pair[0][pair[1]]))
    opposed = sum(way == second for _, way in others)
    named = others[: max(2, opposed)]
    for t, way in named:
        text += f"; {name(t['row'])}, {words[way]} in {_part(t[way], t['all'])}"
    left = len({t["row"]["group"] for t, _ in others} - {t["row"]["group"] for t, _ in named})
    if left:
        text += f"; {left} other group{'s differ' if left > 1 else ' differs'} clearly in some"
    gone = _hidden.part_of([s == "hidden" for s in sides], "comparison")
    return f"{text}; {gone}" if gone and tally.keys() != {best["row"]["group"]} else text


def _part(number: int, whole: int) -> str:
    if number == whole == 2:
        return "both"
    return f"all {whole}" if number == whole > 1 else f"{number} of {whole}"
