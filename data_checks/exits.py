"""The suite for employees who left."""

from __future__ import annotations

from data_checks import rules, workforce
from data_checks.people import people, people_keys
from data_checks.report import ASIDE
from data_checks.suite import Rank, Suite

PREFIX = "E"
KEYS = (
    *rules.STRUCTURE,
    "exit_date:read", "exit_date:mostly read", "exit_date:present", "exit_date:not too early",
    "exit_date:not before hire", "person:once a day", "race:allowed", "race:known", "sex:allowed",
    *(f"{c}:{k}" for c in ("hire_date", "sworn") for k in ("read", "mostly read")), "record",
    "not a record", "empty columns",
    *rules.FILE, *rules.MONTHS, *rules.DRIFT, *rules.OTHERS, *rules.PARTS,
    *people_keys("person_id", "hire_date", "sex"),
    "sheets", "exit_date:not in the future",
)  # fmt: skip
"""In this order for ever: the place of a key is the rule's number. Add at the end."""


def build(suite: Suite) -> None:
    """Put the rules for employees who left into the suite."""
    rules.read(suite, "exit_date", "hire_date", "sworn")
    rules.present(suite, "exit_date")
    rules.not_early(suite, "exit_date", first=1930)
    suite.between(
        "exit_date:not in the future",
        "exit_date",
        None,
        suite.today,
        says=f"Everybody in the file has left, by {suite.today.isoformat()}.",
        reason="has not left yet",
        severity=ASIDE,
        shows="exit_date",
        do="Leave out those who are still employed, or who leave later. If it is the date on "
        "which a contract ends, ask for the date of leaving.",
    )
    workforce.left(suite)
    rules.repeat(
        suite,
        "person:once a day",
        Rank("check_same_exit", ("person_id", "exit_date")),
        says="Each person leaves once on a day. The first row is kept.",
        reason="the person left on this day already",
        columns=("person_id", "exit_date"),
        do="Look whether the file has one row for each post or pay line of a person.",
        severity=ASIDE,
    )
    rules.record(suite, "person_id", "title", "department", "job_category", "exit_date")
    rules.not_a_record(suite)
    people(suite, "person_id", "hire_date", "sex")
    if suite.context.get("groups"):
        rules.allowed(suite, "race", tuple(suite.context["groups"]))
    rules.known(suite, "race")
    rules.allowed(suite, "sex")
