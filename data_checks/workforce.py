"""The suite for the workforce."""

from __future__ import annotations

from data_checks import rules
from data_checks.people import people, people_keys
from data_checks.report import ASIDE, WARN
from data_checks.suite import Rank, Suite

PREFIX = "W"
KEYS = (
    *rules.STRUCTURE,
    "date:read", "date:not in the future", "date:not too early", "hire_date:not after snapshot",
    "hire_date:not in the future", "hire_date:not too early", "person", "year:bounds",
    "year:not in the future", "race:allowed", "race:known", "sex:allowed",
    "date:mostly read",
    *(f"{c}:{k}" for c in ("hire_date", "year", "sworn") for k in ("read", "mostly read")),
    "person:shared key", "hire_date:not after year", "record", "rule words",
    "exit_date:read", "exit_date:mostly read", "exit_date:not before hire", "weight:bounds",
    "snapshot:copy", "not a record", "exit_date:mostly here", "empty columns",
    *rules.FILE, *rules.MONTHS, *rules.DRIFT, *rules.OTHERS, *rules.PARTS,
    *people_keys("person_id", "hire_date", "sex"),
    "sheets",
)  # fmt: skip
"""In this order for ever: the place of a key is the rule's number. Add at the end."""


MOST_LEFT = 0.90
"""With a larger share of rows with a date of leaving, a file is a list of those who left."""


def build(suite: Suite) -> None:
    """Put the rules for the workforce into the suite."""
    rules.dated(suite, "date", first=1900, because="")
    suite.not_after(
        "hire_date:not after snapshot",
        "hire_date",
        "date",
        says="Nobody was hired after the date of the list.",
        reason="hired after the date of the list",
        severity=ASIDE,
        shows="hire_date",
        do="Correct the hire date, or the date of the list in equity.toml. People who have "
        "accepted but not begun do not belong in the list.",
    )
    if suite.has("hire_date") and not suite.has("date"):
        suite.helpers["check_hire_year"] = "year(hire_date)"
    suite.not_after(
        "hire_date:not after year",
        "check_hire_year",
        "year",
        says="Nobody was hired after the year of the list.",
        reason="hired after the year of the list",
        severity=WARN,
        columns=("hire_date", "year"),
        do="Ask on which day the roster was drawn. If it was drawn later than the year that it is "
        "filed under, people who left in between are missing from it.",
    )
    rules.dated(suite, "hire_date", first=1930, because="")
    _once(suite)
    rules.record(suite, "person_id", "title", "department", "job_category", "date")
    rules.not_a_record(suite)
    rules.person(suite)
    people(suite, "person_id", "hire_date", "sex")
    rules.read(suite, "date", "hire_date", "year", "sworn", "exit_date")
    left(suite)
    suite.null(
        "exit_date:mostly here",
        "exit_date",
        says="At least one row in ten is of somebody who has not left.",
        reason="nearly everybody in the file has left",
        severity=WARN,
        allowed=MOST_LEFT,
        do="A list of those who left is not a workforce: nobody in it stays, so how long people "
        "stay cannot be told from it. Put it under [exits], beside a roster.",
    )
    rules.bounds(suite, "weight")


def left(suite: Suite) -> None:
    """Add the rule that nobody left before being hired."""
    suite.not_after(
        "exit_date:not before hire",
        "hire_date",
        "exit_date",
        says="Nobody left before being hired. Such a record is counted, but not in how long "
        "people stay.",
        reason="left before being hired",
        severity=WARN,
        shows="exit_date",
        do="Look whether these people were hired again later, and the date of first appointment "
        "was written over. Map the first date, if the file has it.",
    )


def _once(suite: Suite) -> None:
    # Rows with one key but another race or sex are two people whose keys coincide (it happens
    # with keys made from names): to drop one would lose a person, so both are kept.
    snapshot = tuple(c for c in ("date", "year") if suite.has(c))
    alike = tuple(c for c in ("race", "sex") if suite.has(c))
    rules.repeat(
        suite,
        "person",
        Rank("check_same_person", ("person_id", *snapshot, *alike)),
        says="Each employee number is in each list once. The first row is kept.",
        reason="the employee number is in this list already",
        columns=("person_id", *snapshot),
        do="Look whether the file has one row for each post or pay line of a person, or two "
        "lists without a date.",
    )
    rules.repeat(
        suite,
        "person:shared key",
        Rank("check_shared_key", ("person_id", *snapshot), unless="check_same_person"),
        says="No two people of different race or sex in a list share an employee number.",
        reason="a person of other race or sex has this employee number",
        severity=WARN,
        columns=("person_id", *snapshot, *alike),
        do="Look whether the number tells people apart, and whether race or sex was recorded in "
        "two ways for one person. Both rows are counted.",
    )
