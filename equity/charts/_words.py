"""The words of every chart: names of groups, and numbers as text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

import pandas as pd

__all__ = [
    "all_alike",
    "done",
    "for_parts",
    "given",
    "at_least",
    "listed",
    "name",
    "percent",
    "people",
    "plain_ratio",
    "plural",
    "rank",
    "ratio",
    "reason",
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
    "other": ("Other", "Other", "{} recorded as Other"),
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
    "body_camera_on": "recorded by a body camera",
    "complaint_made": "in a stop with a complaint",
    "hired": "hired",
    "promoted": "promoted",
}


def rank(key: object) -> int:
    """Return the place of a group among the known ones; strangers come after them."""
    known = list(_GROUPS)
    if key in _GROUPS:
        return known.index(key)  # type: ignore[arg-type]
    if both := _crossed(str(key)):
        return len(known) * (1 + known.index(both[0])) + known.index(both[1])
    return len(known) * (1 + len(known))


_SEXES = {"female": "women", "male": "men", "nonbinary": "nonbinary people"}


def _crossed(key: str) -> tuple[str, str] | None:
    """Return race and sex of a group that is both, "black female"; else None."""
    race, _, sex = str(key).rpartition(" ")
    return (race, sex) if race in _GROUPS and sex in _SEXES else None


def given(value: object) -> bool:
    """Return whether a figure is there: not missing, not NaN, not infinite."""
    if value is None or value is pd.NA or value is pd.NaT:
        return False
    return not (isinstance(value, float) and not math.isfinite(value))


def name(key: str, labels: Mapping[str, str] | None = None, *, short: bool = False) -> str:
    """Return the words for a group: those in `labels`, else ours, else the key itself."""
    if both := _crossed(key):
        words = str((labels or {}).get(key) or sentence(people(key)))
        brief = (_GROUPS[both[0]][1], {"female": "women", "male": "men"}.get(both[1], both[1]))
        return ", ".join(brief) if short and len(words) > 14 else words
    if labels and key in labels and labels[key] != _GROUPS.get(key, ("",))[0]:
        return _cut(str(labels[key])) if short else str(labels[key])
    if key in _GROUPS:
        return _GROUPS[key][1 if short else 0]
    return _cut(key) if short else key


_ROOM = 20
"""Letters of the name of a group that fit on a narrow page."""


def _cut(words: str) -> str:
    """Return the words, or those at their beginning that fit on a narrow page."""
    if len(words) <= _ROOM:
        return words
    start = words[: _ROOM - 1]
    return (start.rsplit(" ", 1)[0] if " " in start else start).rstrip(" ,;") + "…"


def people(key: str, labels: Mapping[str, str] | None = None, who: str = "people") -> str:
    """Return the group as people, for a sentence: "Black people", "women", "people of ..."."""
    if both := _crossed(key):
        return _crossed_people(*both, (labels or {}).get(key), who)
    if labels and key in labels and labels[key] != _GROUPS.get(key, ("",))[0]:
        return f"{labels[key]} {who}" if key in _GROUPS else f"{who} in the group {labels[key]}"
    if key in ("female", "male") and who == "people":
        return {"female": "women", "male": "men"}[key]
    if key in _GROUPS:
        return _GROUPS[key][2].format(who)
    return f"{who} in the group {key}"


def _crossed_people(race: str, sex: str, label: object, who: str) -> str:
    """Return "Black women", "Black female applicants", "nonbinary Asian people"."""
    phrase = _GROUPS[race][2]
    if sex == "nonbinary":
        ours = {w: f"nonbinary {phrase.format(w)}" for w in ("people", who)}
    else:
        ours = {who: phrase.format(f"{sex} {who}")} | {"people": phrase.format(_SEXES[sex])}
    if label is None or label == sentence(ours["people"]):
        return ours[who]
    return str(label) if who == "people" else f"{who} in the group {label}"


def stage_name(key: str) -> str:
    """Return the words for a stage."""
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def done(what: str | None) -> str | None:
    """Return the participle for a yes/no column ("search_conducted": "searched")."""
    if what is None:
        return None
    return _FLAGS.get(what, what.replace("_", " "))


_HAS: dict[str, str] = {
    "search_conducted": "has a search",
    "frisk_performed": "has a frisk",
    "arrest_made": "has an arrest",
    "citation_issued": "has a citation",
    "warning_issued": "has a warning",
    "force_used": "has force used",
    "body_camera_on": "has a body camera on",
    "complaint_made": "has a complaint",
    "contraband_found": "found contraband",
}


def all_alike(yes: bool, what: str | None, unit: str) -> str:
    """Return that every record, or none, is a yes: "Every stop here has a search, ..."."""
    one = {"people": "person", "searches": "search"}.get(unit, unit.removesuffix("s"))
    has = _HAS.get(what or "") or (f"is a yes for “{done(what)}”" if what else "is a yes")
    return f"{'Every' if yes else 'No'} {one} here {has}, so there is no share to compare"


def plural(noun: str | None, number: int) -> str:
    """Return a noun for a number of strata; "parts" where the caller named none."""
    word = (noun or "part").strip()
    word = word[:1].lower() + word[1:] if word[1:].islower() else word
    if number == 1 or word.endswith("s"):
        return word
    if word.endswith(("x", "ch", "sh")):
        return word + "es"
    ends_in_y = word.endswith("y") and word[-2:-1] not in "aeiou"
    return word[:-1] + "ies" if ends_in_y else word + "s"


def for_parts(number: int, whole: int, noun: str | None) -> str:
    """Return "In both postings", "In 1 of 3 postings", "For both women and men"."""
    if number == whole == 2 and (noun or "").strip().lower() == "sex":
        return "For both women and men"
    some = "both" if number == whole == 2 else f"all {whole}" if number == whole > 1 else ""
    return f"In {some or f'{number} of {whole}'} {plural(noun, whole)}"


def sentence(words: str) -> str:
    """Return the words with a capital first letter."""
    return words[:1].upper() + words[1:]


def listed(words: list[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


_NO_SUM = "a stage has no figure, so there is no sum"
_WHOLE_PERCENT = re.compile(r"(\d)\.0%")


def reason(words: object) -> str | None:
    """Return the reason of a measure as a chart says it: "no total", "under 2%"."""
    if not isinstance(words, str):
        return None
    return _WHOLE_PERCENT.sub(r"\1%", words.replace(_NO_SUM, "no total: a stage has no figure"))


def shorten(words: object, limit: int = 60) -> str:
    """Return the first clause of a reason, at most `limit` characters."""
    text = "" if not isinstance(words, str) else words.strip().removeprefix("no ratio: ")
    complete = text.startswith(("no total: ", "not judged: "))
    for mark in (". ", "; ") if complete else (". ", "; ", ": ", " ("):
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


def plain_ratio(value: object) -> str:
    """Return a ratio as beside a mark, for a sentence: "2.21", "1.8" for 1.80; "0.50"."""
    text = ratio(value)
    small = text.startswith("0.")
    return text.rstrip("0").rstrip(".") if "." in text and not small else text


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
    """Return a ratio for a headline: "2.3", "0.70", "1.04"; never rounded to 1 unless it is 1.

    Below 1 it has two digits, as beside its mark.
    """
    if 0 < value < 0.995:
        return _decimals(value)
    if value >= 9.95:
        return f"{value:,.0f}"
    if value >= 1.95:
        return f"{value:.1f}".removesuffix(".0")
    for digits in range(2, 7):
        text = f"{value:.{digits}f}"
        if (float(text) != 1 or value == 1) and (float(text) != 0 or value == 0):
            return text.rstrip("0").rstrip(".") if float(text) != 1 else "1"
    return f"{value:.1g}" if value < 0.5 else "about 1"


def at_least(value: float) -> str:
    """Return a lower limit above 1 for a headline, rounded down: "9.3", "1.004", else "1"."""
    for digits in (0,) if value >= 10 else (1,) if value >= 2 else range(2, 7):
        text = f"{math.floor(value * 10**digits + 1e-9) / 10**digits:,.{digits}f}"
        if float(text.replace(",", "")) > 1:
            return text.rstrip("0").rstrip(".") if digits else text
    return "1"
