"""Decides which values of a file may be quoted or kept: none that looks like somebody's name."""

from __future__ import annotations

import re

__all__ = ["about_somebody_sql", "may_quote"]

LONGEST_FREE = 20
"""Text that could not be read is quoted up to so many letters: longer text tells a story."""

_CAPITAL, _LETTER = "[A-ZÀ-Þ]", "[A-Za-zÀ-ɏ'’-]"
_SURE = (
    r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+\.[A-Za-z]",
    r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
    r"\(?\b[0-9]{3}\)?[-. ] ?[0-9]{3}[-. ][0-9]{4}\b",
)
"""E-mail, social security and phone numbers. These and the names are written for Python and DuckDB
alike, so that what is quoted and what is kept are told by one rule."""
_END = rf"( {_CAPITAL}{_LETTER}*\.?)*"
_NAMES = (
    rf"^{_CAPITAL}{_LETTER}*( {_LETTER}+)*[0-9]*, ?{_CAPITAL}{_LETTER}*\.?{_END}$",
    rf"^({_CAPITAL}\. ?)+{_CAPITAL}{_LETTER}+$",
    rf"\b([Mm]rs?|[Mm]s|M[RS]|MRS|[Oo]fc|OFC|[Ss]gt|SGT|[Ll]t|LT|[Dd]et|DET|[Cc]apt|[Cc]pl)\.? "
    rf"{_CAPITAL}{_LETTER}+$",
)
"""Doe, Jane Q.; J. Doe; Sgt. Doe. A bare "Jane Doe" is built like "Capitol Hill"."""
_ORDINARY = (
    "unknown|not|no|none|non|date|time|year|month|day|age|known|applicable|available|stated|given|"
    "recorded|reported|provided|yes|true|false|pending|null|missing|to|be|of|the|or|and|refused|"
    "declined|withheld|verbal|warning|pass|passed|fail|failed|failure|offer|job|test|exam|written|"
    "oral|interview|background|medical|hired|selected|withdrew|withdrawn|disqualified|eligible|in|"
    "progress|on|hold|white|black|hispanic|latino|asian|native|american|indian|pacific|islander|"
    "other|male|female|north|south|east|west|central|district|precinct|sector|zone|division|beat|"
    "area|unit|bureau|station|county|city|town|township|village|borough|street|st|avenue|ave|"
    "road|rd|boulevard|drive|lane|court|place|way|jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|"
    "nov|dec|january|february|march|april|june|july|august|september|october|november|december|"
    "mon|tue|wed|thu|fri|sat|sun|am|pm|traffic|vehicle|moving|equipment|violation"
)
"""Words that are no part of a name, or seldom."""


def about_somebody_sql(column: str) -> str:
    """Return SQL that is TRUE where a text looks like a name, a phone number or an e-mail."""
    sure, name = ("|".join(f"({p})" for p in some).replace("'", "''") for some in (_SURE, _NAMES))
    return (
        f"(regexp_matches({column}, '{sure}') OR (regexp_matches({column}, '{name}') "
        rf"AND NOT regexp_matches(lower({column}), '\b({_ORDINARY})\b')))"
    )


def may_quote(value: str, *, free: bool = False) -> bool:
    """Return whether a value may stand on a page that leaves the office.

    free : it is text that could not be read as what it should be, so that anything may be in it.
    What it cannot tell: a name of one word, and, where not `free`, names without comma, initial
    or rank.
    """
    if any(re.search(p, value) for p in _SURE):
        return False
    ordinary = re.search(rf"\b({_ORDINARY})\b", value.lower())
    names = (n.replace(_CAPITAL, "[A-Za-zÀ-ɏ]") if free else n for n in _NAMES[:1])
    if not ordinary and any(re.search(p, value) for p in (*names, *_NAMES[1:])):
        return False
    if not free:
        return True
    if len(value) > LONGEST_FREE or re.search(r"[0-9]{9}", value):
        return False
    words = re.findall(rf"{_LETTER}+", value)
    own = [w[0].isupper() and not re.fullmatch(_ORDINARY, w.lower()) for w in words]
    return not any(one and other for one, other in zip(own, own[1:], strict=False))
