"""The words of every chart: names of groups, numbers as text, and what may be said of a ratio."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pandas as pd

__all__ = [
    "certain",
    "concerned",
    "done",
    "finding",
    "given",
    "listed",
    "name",
    "percent",
    "people",
    "plural",
    "rank",
    "ratio",
    "share",
    "shorten",
    "span",
    "stage_name",
    "times",
    "whole",
]

_GROUPS: dict[str, tuple[str, str, str]] = {
    # key: label, short label for narrow screens, phrase before "people"
    "white": ("White", "White", "White {}"),
    "black": ("Black", "Black", "Black {}"),
    "hispanic": ("Hispanic", "Hispanic", "Hispanic {}"),
    "asian": ("Asian", "Asian", "Asian {}"),
    "asian_pacific": (
        "Asian or Pacific Islander",
        "Asian/Pacific",
        "Asian or Pacific Islander {}",
    ),
    "nhpi": (
        "Native Hawaiian or Pacific Islander",
        "Pacific Isl.",
        "Native Hawaiian or Pacific Islander {}",
    ),
    "aian": (
        "American Indian or Alaska Native",
        "Amer. Indian",
        "American Indian or Alaska Native {}",
    ),
    "mena": (
        "Middle Eastern or North African",
        "Mid. Eastern",
        "Middle Eastern or North African {}",
    ),
    "multiple": ("Two or more races", "Two or more", "{} of two or more races"),
    "mixed": ("Mixed", "Mixed", "{} of mixed ethnicity"),
    "other": ("Other", "Other", "{} of other groups"),
    "female": ("Women", "Women", "female {}"),
    "male": ("Men", "Men", "male {}"),
    "nonbinary": ("Nonbinary", "Nonbinary", "nonbinary {}"),
}

_FLAGS: dict[str, str] = {
    "search_conducted": "searched",
    "frisk_performed": "frisked",
    "arrest_made": "arrested",
    "citation_issued": "given a citation",
    "warning_issued": "given a warning",
    "contraband_found": "found with contraband",
    "force_used": "subjected to force",
    "hired": "hired",
    "promoted": "promoted",
}


def rank(key: object) -> int:
    """Return the place of a group among the known ones; strangers come after them."""
    return list(_GROUPS).index(key) if key in _GROUPS else len(_GROUPS)  # type: ignore[arg-type]


def given(value: object) -> bool:
    """Return whether a figure is there: not missing, not NaN, not infinite."""
    if value is None or value is pd.NA or value is pd.NaT:
        return False
    return not (isinstance(value, float) and not math.isfinite(value))


def name(key: str, labels: Mapping[str, str] | None = None, *, short: bool = False) -> str:
    """Return the words for a group: those in `labels`, else ours, else the key itself."""
    if labels and key in labels and labels[key] != _GROUPS.get(key, ("",))[0]:
        words = str(labels[key])
        return words if not short or len(words) <= 14 else words[:13].rstrip() + "…"
    if key in _GROUPS:
        return _GROUPS[key][1 if short else 0]
    return key if not short or len(key) <= 14 else key[:13].rstrip() + "…"


def people(key: str, labels: Mapping[str, str] | None = None, who: str = "people") -> str:
    """Return the group as people, for a sentence: "Black people", "women", "people of ..."."""
    if labels and key in labels and labels[key] != _GROUPS.get(key, ("",))[0]:
        return f"{labels[key]} {who}" if key in _GROUPS else f"{who} in the group {labels[key]}"
    if key in ("female", "male") and who == "people":
        return {"female": "women", "male": "men"}[key]
    if key in _GROUPS:
        return _GROUPS[key][2].format(who)
    return f"{who} in the group {key}"


def stage_name(key: str) -> str:
    """Return the words for a stage."""
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def done(what: str | None) -> str | None:
    """Return the participle for a yes/no column ("search_conducted": "searched")."""
    if what is None:
        return None
    return _FLAGS.get(what, what.replace("_", " "))


def plural(noun: str | None, number: int) -> str:
    """Return a noun for a number of strata; "parts" where the caller named none."""
    word = (noun or "part").strip()
    word = word[:1].lower() + word[1:] if word[1:].islower() else word
    if number == 1 or word.endswith("s"):
        return word
    ends_in_y = word.endswith("y") and word[-2:-1] not in "aeiou"
    return word[:-1] + "ies" if ends_in_y else word + "s"


def sentence(words: str) -> str:
    """Return the words with a capital first letter."""
    return words[:1].upper() + words[1:]


def listed(words: list[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def shorten(words: object, limit: int = 60) -> str:
    """Return the first clause of a reason, at most `limit` characters."""
    text = "" if not isinstance(words, str) else words.strip()
    for mark in (". ", "; ", ": ", " ("):
        text = text.split(mark)[0]
    text = text.rstrip(".")
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + "…"


def whole(value: object) -> str:
    """Return a count with thousands separators."""
    return f"{round(float(value)):,}" if given(value) else "not shown"  # type: ignore[arg-type]


def _decimals(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 99.95:
        return f"{value:,.0f}"
    if size >= 9.995:
        return f"{value:.1f}"
    if size >= 0.0995:
        return f"{value:.2f}"
    return f"{value:.{min(6, 1 - math.floor(math.log10(size)))}f}"


def ratio(value: object) -> str:
    """Return a ratio: two decimals below 10, two significant digits when it is small."""
    return _decimals(float(value)) if given(value) else "?"  # type: ignore[arg-type]


def percent(value: object, *, sign: bool = True) -> str:
    """Return a share as percent: one decimal, two below 1 %."""
    if not given(value):
        return "?"
    size = 100 * float(value)  # type: ignore[arg-type]
    if size == 0 or size == 100:
        text = f"{size:.0f}"
    elif abs(size) < 0.995:
        text = f"{size:.{min(6, 1 - math.floor(math.log10(abs(size))))}f}"
    elif 99.95 <= size < 100:
        text = "99.9"
    else:
        text = f"{size:.1f}"
    return text + ("%" if sign else "")


def share(value: object, low: object, high: object) -> str:
    """Return "11.2% (9.7–12.9)": a share with its interval, all to the same decimals."""
    leading = value if given(value) and value else high
    small = given(leading) and 0 < float(leading) < 0.00995  # type: ignore[arg-type]

    def write(end: object) -> str:
        size = 100 * float(end)  # type: ignore[arg-type]
        return percent(end, sign=False) if small or size in (0, 100) else f"{size:.1f}"

    return f"{percent(value)} {span(low, high, write)}".strip()


def span(low: object, high: object, write: Callable[[object], str]) -> str:
    """Return "(low–high)", with words where one end is open; "" where there is no interval."""
    if given(low) and given(high):
        return f"({write(low)}–{write(high)})"
    if given(low):
        return f"({write(low)} or more)"
    return f"({write(high)} or less)" if given(high) else ""


def times(value: float) -> str:
    """Return a ratio for a headline: "2.3", "0.68", "1.04"; never rounded to 1 unless it is 1."""
    if value >= 9.95:
        return f"{value:,.0f}"
    if value >= 1.95:
        return f"{value:.1f}".removesuffix(".0")
    for digits in range(2, 7):
        text = f"{value:.{digits}f}"
        if (float(text) != 1 or value == 1) and (float(text) != 0 or value == 0):
            return text.rstrip("0").rstrip(".") if float(text) != 1 else "1"
    return f"{value:.1g}" if value < 0.5 else "about 1"


def side(row: Mapping, alpha: float = 0.05) -> str:
    """Return what a comparison says of no difference (a ratio of 1).

    "above" or "below": its interval excludes 1, and the p-value adjusted for the number of
    comparisons, where there is one, is below `alpha`; "alone": the interval excludes 1 but the
    adjusted p-value does not reach; "unclear": the interval includes 1; "missing": no figure.
    """
    low, high = row.get("ratio_low"), row.get("ratio_high")
    if not given(row.get("ratio")) or not (given(low) or given(high)):
        return "missing"
    above = given(low) and low > 1  # type: ignore[operator]
    below = given(high) and high < 1  # type: ignore[operator]
    if not (above or below):
        return "unclear"
    adjusted = row.get("p_adjusted")
    if given(adjusted) and adjusted >= alpha:  # type: ignore[operator]
        return "alone"
    return "above" if above else "below"


def certain(row: Mapping) -> float:
    """Return how far from 1 even the nearer end of the interval is, on the log scale."""
    ends = [abs(math.log(v)) if v > 0 else math.inf
            for v in (row["ratio_low"], row["ratio_high"]) if given(v)]
    return min(ends) if ends else 0.0


def concerned(row: Mapping) -> tuple[float, float]:
    """Return how many people or events a difference is, then how clear it is.

    A headline names the difference that concerns most people, not the ratio that is farthest from
    1: that is often a small group's.
    """
    n = row.get("x_known", row.get("n"))
    if given(row.get("expected")) and given(row.get("n")):
        size = abs(row["n"] - row["expected"])
    elif given(row.get("difference")) and given(n):
        size = abs(row["difference"]) * float(n)  # type: ignore[arg-type]
    else:
        size = 0.0
    return size, certain(row)


def finding(
    rows: list[dict],
    *,
    say: Callable[[dict], str],
    more: Callable[[dict, str], str],
    alpha: float = 0.05,
    strata: str | None = None,
) -> str:
    """Return the headline: the clear difference that concerns most people, or that none is clear.

    rows : one per group and stratum, the reference included; `say(row)` words one ratio,
    `more(row, "more" or "less")` a direction without its size, for several strata.
    """
    if not rows:
        return "There are no figures to show"
    compared = [r for r in rows if r["group"] != r["reference"]]
    if not compared:
        return "There is only one group, and nothing to compare it with"
    sides = [side(r, alpha) for r in compared]
    if all(s == "missing" for s in sides):
        return "No comparison between groups can be computed from these numbers"
    clear = [(r, s) for r, s in zip(compared, sides, strict=True) if s in ("above", "below")]
    if not clear:
        if "alone" in sides:
            return (
                "No clear difference between groups can be told "
                "once the number of comparisons is allowed for"
            )
        return "No clear difference between groups can be told from these numbers"
    if len({r["stratum"] for r in compared} - {"not known"}) > 1:
        return _over_strata(compared, sides, more, strata)
    best, _ = max(clear, key=lambda pair: concerned(pair[0]))
    text = say(best)
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


def _over_strata(
    compared: list[dict], sides: list[str], more: Callable[[dict, str], str], strata: str | None
) -> str:
    tally: dict[str, dict] = {}
    for row, s in zip(compared, sides, strict=True):
        if row["stratum"] == "not known":
            continue
        one = tally.setdefault(row["group"], {"row": row, "above": 0, "below": 0, "all": 0})
        one["all"] += 1
        if s in ("above", "below"):
            one[s] += 1
    best = max(tally.values(), key=lambda t: t["above"] + t["below"])
    first, second = ("above", "below") if best["above"] >= best["below"] else ("below", "above")
    word = {"above": "more", "below": "less"}
    number = best["all"]
    part = f"all {number}" if best[first] == number else f"{best[first]} of {number}"
    text = f"In {part} {plural(strata, number)}, {more(best['row'], word[first])}"
    if best[second]:
        text += f"; in {best[second]}, {word[second]} often"
    left = number - best[first] - best[second]
    return text + (f"; in {left}, no clear difference can be told" if left else "")
