"""The rules on the numbers of people and on what is not known of them."""

from __future__ import annotations

from data_checks import rules
from data_checks.report import WARN
from data_checks.sql import q
from data_checks.suite import Suite

__all__ = ["people", "people_keys"]

FEWEST_OTHERS = 2
"""With fewer other columns nothing can be told from all of them being blank."""
_NUMBERS = {"person_id": "employee number", "applicant_id": "application number"}
_NUMBER = "^0*[1-9][0-9]*$"


def people_keys(*columns: str) -> tuple[str, ...]:
    """Return the keys of these rules; the first of `columns` is the number of the person."""
    return (*(f"{c}:known" for c in columns), f"{columns[0]}:zeros", f"{columns[0]}:alone")


def people(suite: Suite, number: str, *columns: str) -> None:
    """Add that the number and `columns` are mostly there, and what looks wrong with a number."""
    called = _NUMBERS[number]
    _mostly(suite, number, called, "One person in several rows is then counted several times.")
    for name in columns:
        _mostly(suite, name, rules.words(name), "These people are left out where it is needed.")
    _zeros(suite, number, called)
    _alone(suite, number, called)


def _mostly(suite: Suite, name: str, called: str, why: str) -> None:
    do = f"Fill in the {called} in the system that the file comes from, or ask why it is blank."
    rules.known(suite, name, called=called, do=f"{do} {why}")


def _zeros(suite: Suite, number: str, called: str) -> None:
    if suite.has(number):
        digits, bare = f"regexp_matches({q(number)}, '{_NUMBER}')", f"ltrim({q(number)}, '0')"
        suite.marks["check_zeros"] = (
            f"{digits} AND {bare} IN (SELECT {bare} FROM base WHERE {digits} GROUP BY 1 "
            f"HAVING count(DISTINCT {q(number)}) > 1)"
        )
    suite.one_of(
        f"{number}:zeros",
        "check_zeros",
        [False],
        says=f"No two {called}s differ in nothing but zeros in front.",
        reason=f"the {called} differs from another one only in zeros in front",
        severity=WARN,
        columns=(number,),
        do="Excel takes zeros in front away, so 001009 becomes 1009, and one person is counted as "
        "two. Format the column as Text and write the number in one way.",
    )


def _alone(suite: Suite, number: str, called: str) -> None:
    stages = [str(s) for s in suite.context.get("stages") or ()]
    names = [c.name for c in suite.table.columns if c.name != number]
    names = [c for c in names if not c.startswith("source_") and c not in _ADDED]
    cells = [c for c in (_cell(suite, name) for name in (*names, *stages)) if c]
    if suite.has(number) and len(cells) >= FEWEST_OTHERS:
        blank = " AND ".join(f"{q(c)} IS NULL" for c in cells)
        suite.marks["check_alone"] = f"{q(number)} IS NOT NULL AND {blank}"
    suite.one_of(
        f"{number}:alone",
        "check_alone",
        [False],
        says=f"No row has the {called} and nothing else in the columns that equity.toml names.",
        reason=f"the row has the {called} and nothing else",
        severity=WARN,
        columns=(number,),
        do="Look whether these rows are headings, such as a year above the rows of that year. "
        "Delete such a row: it is counted as a person. If it is a person, fill in the rest.",
    )


_ADDED = ("not_a_record", "race_unknown")
_NEVER_THE_SAME = ("hire_date", "exit_date")
"""Dates that are read from a column, never given to all rows by equity.toml."""


def _cell(suite: Suite, name: str) -> str | None:
    """Return the column that says whether the file has anything there."""
    if suite.has(f"raw_{name}"):
        return f"raw_{name}"
    kinds = {c.name: c.kind for c in suite.table.columns}
    own = kinds.get(name, "flag") in ("text", "category") or name in _NEVER_THE_SAME
    own = own or name not in kinds  # a stage without words
    return name if own and suite.has(name) else None
