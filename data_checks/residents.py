"""The suite for residents: a benchmark is used whole or not at all, so its rules stop the load."""

from __future__ import annotations

from data_checks import rules
from data_checks.report import STOP, WARN
from data_checks.suite import Suite

PREFIX = "R"
KEYS = (
    *rules.STRUCTURE,
    "place:present", "race:present", "race:allowed", "n:present", "n:bounds", "n:read",
    "moe:bounds", "moe:known", "moe:read", "moe:mostly read", "once", "whole", "year:bounds",
    "year:read", "year:mostly read", "sex:present", "sex:allowed", "empty columns",
    *rules.FILE,
)  # fmt: skip
"""In this order for ever: the place of a key is the rule's number. Add at the end."""


def build(suite: Suite) -> None:
    """Put the rules for residents into the suite."""
    told = [c for c in ("race", "sex") if suite.has(c)] or ["race"]
    for name in ("place", *told, "n"):
        rules.present(suite, name, severity=STOP)
    groups = tuple(suite.context.get("groups") or ())
    if groups and "race" in told:
        rules.allowed(suite, "race", groups, severity=STOP)
    if "sex" in told:
        rules.allowed(suite, "sex", severity=STOP)
    rules.read(suite, "n", severity=STOP)
    rules.bounds(suite, "n", "moe", "year", severity=STOP)
    rules.read(suite, "moe", "year")
    suite.helpers["check_moe"] = "moe" if suite.has("moe") else "NULL::DOUBLE"
    suite.not_null(
        "moe:known",
        "check_moe",
        says="At least half of the margins of error are there.",
        reason="more than half of the margins of error are missing",
        severity=WARN,
        allowed=0.5,
        columns=("moe",),
        do="Download the table with its margins of error. Without them the uncertainty of the "
        "benchmark is not known, and intervals are narrower than they should be.",
    )
    _groups(suite, groups, told)


def _groups(suite: Suite, groups: tuple[str, ...], told: list[str]) -> None:
    place = [c for c in ("place", "place_id", "district", "year", "universe") if suite.has(c)]
    if suite.has(*told) and place:
        by_sex = ["sex"] if "sex" in told else []
        suite.helpers["check_times"] = f"count(*) OVER (PARTITION BY {', '.join(place + told)})"
        if groups and "race" in told:
            within = f"PARTITION BY {', '.join(place + by_sex)}"
            named = ", ".join("'" + g.replace("'", "''") + "'" for g in groups)
            suite.helpers["check_groups"] = (
                f"count(DISTINCT race) FILTER (WHERE race IN ({named})) OVER ({within})"
            )
    suite.between(
        "once",
        "check_times",
        None,
        1,
        says="Each group is there once for each place.",
        reason="a group is there more than once for a place",
        severity=STOP,
        columns=(*told, *place),
        shows=told[0],
        do="Look whether several years, surveys or universes are in one file; choose one.",
    )
    if "race" not in told:
        return
    suite.between(
        "whole",
        "check_groups",
        len(groups) or None,
        None if groups else 0,
        says=f"All {len(groups)} groups are there for each place."
        if groups
        else "All groups are there for each place (no groups were named).",
        reason="groups are missing for a place",
        severity=STOP,
        columns=("race", *place),
        shows="place",
        do="Shares are of the whole: download the table with all its groups.",
    )
