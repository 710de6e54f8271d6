"""Finds columns of a delivered file that look like personal data which nobody declared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from data_checks.report import WARN
from data_checks.sql import literal, q
from data_checks.suite import Suite

__all__ = ["personal_rule"]

LOOKED_AT = 2_000
CELLS = 200_000
LONGEST = 300
"""So many rows are looked at, so many cells at most, and so many letters of each: what is personal
is so all through."""

FEWEST = 20
"""Of fewer values it cannot be said what they are; e-mail and social security numbers can."""
SHARE, APART = 0.6, 0.6
"""A column holds phone numbers, plates, addresses or names if that many of its values look so, and
that many of them differ: "Police Officer, Sergeant" looks like a name, but is there many times."""
REDACTED = 0.05
"""Where fewer differ, the name of a column says what was in it: "REMOVED", or the law why."""

_PERSON = (
    r"driver|subject|suspect|officer|employee|applicant|candidate|person|people|citizen|resident|"
    r"individual|operator|owner|passenger|defendant|arrestee|complainant|victim|witness|offender|"
    r"supervisor|respondent|member|home|residential|residence|mailing|contact|emergency"
)
_HEADERS = (
    ("a name", rf"\b(first|last|middle|full|given|family|sur|birth|maiden|nick) ?names?\b|"
               rf"\b(surname|fname|lname|mname)\b|\b({_PERSON})s? names?\b"),
    ("a date of birth", r"\b(dob|birth ?da(te|y)|date of birth|born( on)?|d o b)\b(?! age)"),
    ("a number plate", r"\b((licen[cs]e|number|vehicle|car|registration) plate|plate|vin)\b"
                       r"(?! (state|type|style|reader|year|country|province|class))"),
    ("a driving licence", r"\b(driver s?|drivers|driving|operators?) ?licen[cs]e\b"
                          r"(?! (state|type|class|status|valid|suspended|year|country|expir))|"
                          r"\blicen[cs]e (number|num|no|id)\b|\b(dln|oln|dl (number|num|no))\b"),
    ("an address", rf"\b({_PERSON})s? (street )?(street|address)\b"
                   r"(?! (city|state|county|country|postal|zip))"),
    ("a phone number", r"\b(tele|cell|mobile|home|work)? ?phones?( (number|num|no))?\b"
                       r"(?! (call|used?|use|search|seized|type|violation|while|law))"),
    ("an e-mail address", r"\be ?mails?( address(es)?)?\b"),
    ("a social security number", r"\b(ssn|social security( (number|num|no))?)\b"),
)  # fmt: skip
"""What a column is, by the words of its name. A street or a place by itself is where a stop was,
and that is nobody's home."""
_HEADERS_OF_PEOPLE = (("a name", r"^names?$"), ("an address", r"\baddress( (line )?\d)?$"))
"""And in a list of people: "Name" and "Address" can only be theirs."""
_NOT_PEOPLE = r"\b(work|office|station|agency|department|dept|business|web|ip|facility|location)\b"

_SURE = (
    ("an e-mail address", r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[a-z]{2,}"),
    (
        "a social security number",
        r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\d-])",
    ),
)
"""Patterns that nothing else has: two values that hold one are enough, in any column."""
_STREETS = "st|street|ave?|avenue|rd|road|blvd|boulevard|dr|drive|ln|lane|ct|court|pl|place|way|"
_STREETS += "ter|terrace|cir|circle|hwy|highway|pkwy|parkway|sq|square"
_PHONE = ("a phone number", r"(\+?1[-. ]?)?(\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}")
_PLATE = ("a number plate", r"[A-Z]{3}[- ]?\d{3,4}|\d{3}[- ]?[A-Z]{3}|\d[A-Z]{3}\d{3}")
_NAME = (
    "a name",
    rf"(?!.*\b({_STREETS}|county|city|town|township|village|borough)\b)"
    r"[A-Za-z][A-Za-z'’ -]+, ?[A-Za-z][A-Za-z'’-]+( [A-Za-z]\.?)?( (Jr|Sr|I+)\.?)?",
)
_HOME = ("an address", rf"\d+ .*\b({_STREETS})\b\.?( .*)?")
_LIKELY = (_PHONE, _PLATE, _NAME)


def personal_rule(
    con: duckdb.DuckDBPyConnection, suite: Suite, raw: Path | None, names: Sequence[str]
) -> None:
    """Add the rule that no delivered column looks like personal data, unless it is declared.

    `names` are the columns of the delivered file. Names of columns are looked at, and the first
    rows; no value is shown. A column that equity.toml names is known for what it is: only e-mail
    and social security numbers are told of it, and nothing if it identifies people by design.
    It cannot find names within sentences, nor what stands in later rows only.
    """
    mapped: Mapping[str, Sequence[str]] = suite.context.get("mapped") or {}
    declared = {c.name for c in suite.table.columns if c.personal}
    values = _values(con, raw, names) if raw is not None else {}
    found: list[tuple[str, float | None]] = []
    told = []
    for place, name in enumerate(names, start=1):
        ours = mapped.get(name, ())
        what = None
        if not declared & {*ours}:
            what = _by_value(values.get(name, []), suite.table.name, known=bool(ours))
            if what is None and not ours and _differ(values.get(name, []), REDACTED):
                what = _by_header(name, suite.table.name)
        # where a record was taken for the header, the name of a column is somebody's value
        shown = f"column {place}" if _of(name, _SURE + (_PHONE, _HOME)) else name
        found.append((f"“{shown}”: {what}" if what else shown, int(what is not None)))
        told += [shown] if what else []
    suite.facts(
        "personal columns",
        found if raw is not None else [],
        None,
        0,
        says="No column of the delivered file looks like names, dates of birth, number plates, "
        "licences, addresses, phone numbers, e-mail or social security numbers.",
        reason="a column looks like personal data",
        severity=WARN,
        columns=tuple(told[:12]),
        unit="columns",
        because="there are no delivered rows to look at",
        do="Delete the column, here and before the next file leaves the system that it comes "
        "from. No figure needs it: it is not read. To tell people apart use a number that means "
        "nothing elsewhere.",
    )


def _values(
    con: duckdb.DuckDBPyConnection, raw: Path, names: Sequence[str]
) -> dict[str, list[str]]:
    if not names:
        return {}
    rows = max(FEWEST * 2, min(LOOKED_AT, CELLS // len(names)))
    chosen = ", ".join(
        f"left(CAST({q(c)} AS VARCHAR), {LONGEST}) AS c{i}" for i, c in enumerate(names)
    )
    found = con.execute(
        f"SELECT {chosen} FROM read_parquet({literal(str(raw))}) LIMIT {rows}"
    ).fetchall()
    return {
        c: [v.strip() for r in found if (v := r[i]) and v.strip()] for i, c in enumerate(names)
    }


def _by_value(values: list[str], table: str, *, known: bool) -> str | None:
    """Return what the values of a column look like, if they look like anything personal."""
    for what, pattern in _SURE:
        if sum(bool(re.search(pattern, v, re.I)) for v in values) > 1:
            return what
    if known or len(values) < FEWEST or not _differ(values, APART):
        return None
    for what, pattern in _LIKELY if table == "stops" else (*_LIKELY, _HOME):
        flags = re.NOFLAG if what == _PLATE[0] else re.I
        alike = [v for v in values if re.fullmatch(pattern, v, flags)]
        if len(alike) < SHARE * len(values):
            continue
        # numbers of records begin alike, such as ABC1234; plates do not
        if what != _PLATE[0] or len({re.sub(r"[^A-Z]", "", v) for v in alike}) >= FEWEST:
            return what
    return None


def _differ(values: list[str], share: float) -> bool:
    return len({*values}) > max(1.0, share * len(values))


def _by_header(name: str, table: str) -> str | None:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.sub(r"[^a-z0-9]+", " ", words.lower()).strip()
    if re.search(_NOT_PEOPLE, words):
        return None
    return _of(words, _HEADERS if table == "stops" else _HEADERS + _HEADERS_OF_PEOPLE)


def _of(text: str, patterns: Sequence[tuple[str, str]]) -> str | None:
    return next((what for what, pattern in patterns if re.search(pattern, text, re.I)), None)
