"""The suite for applicants."""

from __future__ import annotations

from typing import Any

from data_checks import rules
from data_checks.people import people, people_keys
from data_checks.report import ASIDE, STOP, WARN
from data_checks.sql import q
from data_checks.suite import Rank, Suite

PREFIX = "A"
MOST_STAGES = 20
KEYS = (
    *rules.STRUCTURE,
    "date:read", "date:mostly read", "date:not in the future", "date:not too early",
    "applicant_id:unique", "year:bounds", "year:not in the future", "year:read",
    "year:mostly read", "race:allowed", "race:known", "sex:allowed",
    *(f"stage {k}:{rule}" for k in range(1, MOST_STAGES + 1)
      for rule in ("order", "gap", "read", "mostly read")),
    "record", "weight:bounds",
    *(f"stage {k}:date" for k in range(1, MOST_STAGES + 1)),
    "not a record", "empty columns",
    *rules.FILE, *rules.MONTHS, *rules.DRIFT, *rules.OTHERS, *rules.PARTS,
    *people_keys("applicant_id", "sex"),
    "sheets",
)  # fmt: skip
"""In this order for ever: the place of a key is the rule's number. Add at the end."""


def build(suite: Suite) -> None:
    """Put the rules for applicants into the suite."""
    rules.dated(suite, "date", first=1950, because="")
    rules.repeat(
        suite,
        "applicant_id:unique",
        Rank("check_same_applicant", ("applicant_id",)),
        says="Each application is in the file once. The first row is kept.",
        reason="another row has the same application number",
        columns=("applicant_id",),
        do="Look whether the file has one row for each stage of an application. If one person "
        "applied for several postings, each application needs a number of its own.",
    )
    rules.record(suite, "applicant_id", "posting", "date")
    rules.not_a_record(suite)
    rules.person(suite)
    people(suite, "applicant_id", "sex")
    rules.read(suite, "date", "year")
    _stages(suite)
    _dates(suite)
    rules.bounds(suite, "weight")


def _stages(suite: Suite) -> None:
    stages = [str(s) for s in suite.context.get("stages") or ()]
    if len(stages) > MOST_STAGES:
        raise ValueError(
            f"{len(stages)} stages are named; at most {MOST_STAGES} can be checked. Join some."
        )
    for k, stage in enumerate(stages, start=1):
        name = rules.words(stage)
        later = stages[k:]
        there = [s for s in later if suite.has(s)]
        beyond = " or ".join(rules.words(s) for s in later)
        if later:
            conditions = [suite.column(s) == True for s in there]  # noqa: E712
            what = {
                "columns": (stage, *later),
                "when": _any(conditions),
                "when_needs": tuple(later),
            }
            suite.one_of(
                f"stage {k}:order",
                stage,
                [True],
                says=f"Whoever reached {beyond} is not marked as not reaching {name}.",
                reason=f"marked as not reaching {name}, yet as reaching a later stage",
                severity=ASIDE,
                do="Correct the stage that is wrong, or the order of the stages in equity.toml.",
                **what,
            )
            suite.not_null(
                f"stage {k}:gap",
                stage,
                says=f"For whoever reached {beyond}, the file says whether {name} was reached.",
                reason=f"not known whether {name} was reached, although a later stage was",
                severity=WARN,
                do=f"Fill in {name}. Where it is blank, the person is counted as unknown at this "
                "stage.",
                **what,
            )
        raw = f"raw_{stage}"
        read = {
            "columns": (stage,),
            "when": suite.column(raw).is_not_null() if suite.has(raw) else None,
            "when_needs": (raw,),
            "shows": raw,
            "do": "Say in equity.toml which words mean that the stage was reached and which not.",
        }
        suite.not_null(
            f"stage {k}:read",
            stage,
            says=f"Every value of {name} could be read as yes or no. A value that could not be "
            "read counts as missing.",
            reason=f"the {name} could not be read as yes or no",
            severity=WARN,
            **read,
        )
        suite.not_null(
            f"stage {k}:mostly read",
            stage,
            says=f"At least four in five values of {name} could be read as yes or no.",
            reason=f"over one in five values of {name} could not be read as yes or no",
            severity=STOP,
            allowed=rules.MOSTLY_READ,
            **read,
        )


def _dates(suite: Suite) -> None:
    """Add for each stage that its date is not before any earlier date; blank ones are passed."""
    before: list[str] = ["date"] if suite.has("date") else []
    for k, stage in enumerate(map(str, suite.context.get("stages") or ()), start=1):
        day = f"{stage}_date"
        first = "date"
        if before:
            first = f"check_before_{k}"
            # the latest of those that are known: greatest() passes over what is missing
            suite.helpers[first] = f"greatest({', '.join(map(q, before))})"
        named = [rules.words(c.removesuffix("_date")) for c in before if c != "date"]
        earlier = " or ".join(["application", *named] if "date" in before else named)
        suite.not_after(
            f"stage {k}:date",
            first,
            day,
            says=f"The date of {rules.words(stage)} is not before that of "
            f"{earlier or 'application'}. The person is counted, but not in how long the stages "
            "take.",
            reason=f"the date of {rules.words(stage)} is before an earlier one",
            severity=WARN,
            columns=(*(before or ["date"]), day),
            do="Correct the date that is wrong, or the order of the stages in equity.toml.",
        )
        before += [day] if suite.has(day) else []


def _any(conditions: list[Any]) -> Any:
    from great_expectations.expectations.row_conditions import OrCondition

    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return OrCondition(conditions=conditions)  # flat: "a | b | c" would be a nested OR, refused
