"""What a measure needs that the records of this agency do not hold, said in words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from equity.widgets._columns import words_of

__all__ = ["lacking", "nobody"]

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
