"""What a measure needs that the records of this agency do not hold, said in words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from equity.widgets._columns import words_of

__all__ = ["elsewhere", "lacking", "nobody", "tells", "unfitted", "untold"]

SO = "so this cannot be shown."
WHETHER = {
    "contraband_found": "whether contraband was found",
    "search_conducted": "whether there was a search",
}
OF_WHOM = {
    "race": "race or ethnicity",
    "subject_race": "race or ethnicity",
    "subject_sex": "sex",
    "race_sex": "race and sex",
}
ONLY = {"vehicular": "drivers", "pedestrian": "pedestrians"}
NOT_RUN = (
    "The model was not run for these counts: it takes long, and was left out when they were made. "
    "So there is nothing to show here."
)
NOBODY = "Nobody is left with these choices."
NO_RECORDS = "No records match these choices."
NO_FLOWS = (
    "The records of this agency do not tell who joined and who left: that takes rosters of "
    "several years with the same number for each person. Set the sliders to figures of your own."
)


def lacking(counts: Any, measure: Callable[..., Any], arguments: Mapping[str, Any]) -> str:
    """Say what a measure needs that these records do not hold; "" where nothing is lacking."""
    by, of = getattr(counts, "by", None), getattr(counts, "of", None)
    if by is None or of is None:
        return ""
    usual = inspect.signature(measure).parameters
    if "stages" in usual and not arguments.get("stages", True):
        return "The records of this agency say who applied, but not how far each of them came."
    for role in ("of", "searches"):
        flag = arguments.get(role, usual[role].default if role in usual else None)
        if isinstance(flag, str) and flag not in (*of, *by):
            said = WHETHER.get(flag, f"about \u201c{flag.replace('_', ' ')}\u201d")
            return f"The records of this agency do not say {said}, {SO}"
    for role in ("group", "within"):
        column = arguments.get(role) if role in usual else None
        if isinstance(column, str) and column not in by:
            return f"The records of this agency do not say the {_words(column)}, {SO}"
        if role == "group" and isinstance(column, str) and _of_nobody(counts, column):
            return f"The {_words(column)} of nobody in these records is known{_why(counts)}, {SO}"
    if absent := _not_there(counts, usual, arguments):
        return absent
    if "hire_share" in usual and not _follows_people(counts) and None in _rates(arguments):
        return NO_FLOWS
    return ""


def _not_there(counts: Any, usual: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """Say that nobody of the group to compare with, or to follow, is among the records."""
    column = arguments.get("group")
    if not isinstance(column, str) or column not in counts.by:
        return ""
    for role, does in (("reference", "compare with"), ("focal", "follow")):
        wanted = arguments.get(role)
        if role in usual and isinstance(wanted, str) and wanted not in counts.values(column):
            words = words_of(counts, column).get(wanted, wanted)
            return f"There is nobody to {does} here: none of these records is of {words} people."
    return ""


def tells(residents: Any, group: str) -> bool:
    """Return whether a benchmark tells people by a column: race, sex, or both at once."""
    table = getattr(residents, "table", residents)
    asked = group.removeprefix("subject_")
    ours = isinstance(table, pd.DataFrame) and ("n" in table or "population" in table)
    if not ours or asked not in ("race", "sex", "race_sex"):
        return True  # what it lacks is said elsewhere

    def has(*columns: str) -> bool:
        there = all(c in table for c in columns)
        return there and bool(table[list(columns)].notna().all(axis=1).any())

    return has(asked) or (asked == "race_sex" and has("race", "sex"))


def untold(residents: Any, group: Any) -> str:
    """Say that no benchmark tells people by the column of the groups; "" where one does."""
    tables = list(residents.values()) if isinstance(residents, Mapping) else [residents]
    if not isinstance(group, str) or not tables or any(tells(t, group) for t in tables):
        return ""
    return (
        f"No count of residents by {_words(group)} is at hand, so there is nothing to compare "
        "with here."
    )


def elsewhere(counts: Any, where: Mapping[str, Any]) -> str:
    """Say that these records are of another choice than the one made; "" where they are not."""
    by = counts.by if isinstance(getattr(counts, "table", None), pd.DataFrame) else ()
    for column, chosen in where.items():
        if column not in by or chosen.picked is None:
            continue
        wanted = chosen.picked
        wanted = list(wanted) if isinstance(wanted, list | tuple | set) else [wanted]
        there = counts.values(column)
        if any(w in there for w in wanted):
            continue
        if len(there) == 1 and there[0] in ONLY:
            return f"This test is for {ONLY[there[0]]} only."
        return f"There are no records of this choice here ({chosen.sentence})."
    return ""


def unfitted(stops: Any) -> str:
    """Say why there is no threshold test: it was not run, or the records lack what it needs."""
    if stops is None:
        return "The model cannot be fitted: there are no records of stops."
    lost = []
    if "district" not in stops.by or len(stops.values("district")) < 2:
        lost.append("the areas of stops (two or more)")
    lost += [words for flag, words in WHETHER.items() if flag not in stops.of]
    if not lost:
        return NOT_RUN
    return f"The model cannot be fitted: the records lack {' and '.join(lost)}."


def nobody(counts: Any) -> str:
    """Say that the choices leave no one, before a measure is asked; "" where they leave some."""
    table = getattr(counts, "table", None)
    if not isinstance(table, pd.DataFrame):
        return ""
    if len(table) and ("n" not in table or table["n"].any()):
        return ""
    of_stops = any(str(c).startswith("subject_") for c in getattr(counts, "by", ()))
    return NO_RECORDS if of_stops else NOBODY


def _words(column: str) -> str:
    return OF_WHOM.get(column, column.replace("_", " "))


def _of_nobody(counts: Any, column: str) -> bool:
    table = getattr(counts, "table", None)
    return isinstance(table, pd.DataFrame) and len(table) > 0 and bool(table[column].isna().all())


def _why(counts: Any) -> str:
    """Say why race is not known, where all records give the same reason."""
    reasons = counts.values("race_unknown") if "race_unknown" in counts.by else []
    if len(reasons) != 1:
        return ""
    words = str(words_of(counts, "race_unknown").get(reasons[0], reasons[0]))
    return f" ({words[:1].lower()}{words[1:]})"


def _follows_people(counts: Any) -> bool:
    """Return whether the counts say of anybody whether they joined, and whether they left."""
    known = [f"{flag}_known" for flag in ("joined", "left")]
    return all(c in counts.table and counts.table[c].sum() > 0 for c in known)


def _rates(arguments: Mapping[str, Any]) -> list[Any]:
    """Return the shares that are counted unless they are given."""
    rates = arguments.get("exit_rates")
    rates = list(rates.values()) if isinstance(rates, Mapping) else [rates]
    return [arguments.get("hire_share"), *rates]
