"""The suite for stops."""

from __future__ import annotations

from data_checks import rules
from data_checks.report import ASIDE, WARN
from data_checks.suite import Rank, Suite

PREFIX = "S"
PARSED = (
    "subject_age", "second_of_day", "latitude", "longitude", "arrest_made", "citation_issued",
    "warning_issued", "frisk_performed", "search_conducted", "contraband_found",
)  # fmt: skip
LATER = ("force_used", "body_camera_on", "complaint_made")
WORDED = ("subject_sex", "type", "outcome", "search_basis")
KEYS = (
    *rules.STRUCTURE,
    "date:present", "date:read", "date:not in the future", "date:not too early",
    "copy", "stop_id:unique", "subject_race:allowed", "subject_race:known",
    "subject_sex:allowed", "type:allowed", "outcome:allowed", "search_basis:allowed",
    "search_basis:only if", "contraband_found:only if", "contraband_found:stated",
    "search_conducted:known", "subject_age:bounds", "second_of_day:bounds",
    "latitude:bounds", "longitude:bounds", "place",
    *(f"{c}:{k}" for c in PARSED for k in ("read", "mostly read")),
    "record",
    *(f"{c}:{k}" for c in LATER for k in ("read", "mostly read")),
    "weight:present", "weight:read", "weight:bounds", "year:present", "year:read", "year:bounds",
    "year:not in the future", "date:whole", "contraband:without a search", "empty columns",
    *rules.FILE, *rules.MONTHS, *rules.DRIFT, *rules.OTHERS, *rules.PARTS,
    "sheets",
)  # fmt: skip
"""In this order for ever: the place of a key is the rule's number. Add at the end."""

FIRST_YEAR = 1990


def build(suite: Suite) -> None:
    """Put the rules for stops into the suite."""
    rules.read(suite, "date")
    rules.present(suite, "date")
    rules.dated(
        suite, "date", first=FIRST_YEAR, because=", when no agency recorded stops in such a file"
    )
    _copies(suite)
    if suite.context.get("groups"):
        rules.allowed(suite, "subject_race", tuple(suite.context["groups"]))
    rules.known(suite, "subject_race")
    for name in WORDED:
        rules.allowed(suite, name)
    rules.only_if(suite, "search_basis")
    rules.only_if(suite, "contraband_found")
    suite.not_null(
        "contraband_found:stated",
        "contraband_found",
        says="Where there was a search, the file says whether contraband was found, in at least "
        "95% of the searches.",
        reason="too often the file does not say whether a search found contraband",
        severity=WARN,
        allowed=0.05,
        columns=("contraband_found", "search_conducted"),
        when=suite.column("search_conducted") == True  # noqa: E712
        if suite.has("search_conducted")
        else None,
        when_needs=("search_conducted",),
        do="Ask how finds are recorded. Searches without an answer are left out of hit rates and "
        "counted apart.",
    )
    rules.known(suite, "search_conducted")
    rules.bounds(suite, "subject_age", "second_of_day")
    rules.bounds(suite, "latitude", "longitude", severity=WARN)
    _place(suite)
    rules.read(suite, *PARSED, *LATER)
    rules.record(suite, "stop_id", "date", "district")
    for name in ("weight", "year"):
        rules.read(suite, name, severity=ASIDE)
        rules.present(suite, name)
        rules.bounds(suite, name)
    suite.between(
        "year:not in the future",
        "year",
        None,
        suite.today.year,
        says=f"The year is not in the future (after {suite.today.year}).",
        reason="the year is in the future",
        severity=ASIDE,
        shows="year",
        do="Correct the year.",
    )
    _contraband(suite)


def _copies(suite: Suite) -> None:
    # Two stops may well look alike in a file that holds neither number nor time of the stop:
    # there a copy cannot be told from another stop, and no row is tested.
    telling = tuple(c for c in ("stop_id", "second_of_day") if suite.has(c))
    if telling:
        within = "check_same_stop" if suite.has("stop_id") else None
        suite.ranks.append(Rank("check_copy", None, only_if_any=telling, within=within))
    suite.between(
        "copy",
        "check_copy",
        None,
        1,
        says="No row is the same as an earlier row in every column. The first is kept.",
        reason="the same as an earlier row in every column",
        severity=WARN if suite.context.get("copies") == "keep" else ASIDE,
        columns=telling or ("stop_id",),
        shows="check_copy_first",
        do="Look whether the export was run twice or two files overlap; then each stop is "
        "counted once, and nothing need be done. In a file without numbers of stops, people who "
        "were stopped together may look alike, above all where times are rounded: ask for the "
        'numbers, or keep these rows with copies = "keep" in equity.toml.',
    )
    rules.repeat(
        suite,
        "stop_id:unique",
        Rank("check_same_stop", ("stop_id",), unless="check_copy" if telling else None),
        says="No two rows with different content share a stop number. The first is kept.",
        reason="another row, with different content, has the same stop number",
        columns=("stop_id",),
        do="Look whether the file has one row for each charge or each person of a stop, or the "
        "column mapped to stop_id is not the number of the stop.",
    )


def _contraband(suite: Suite) -> None:
    # Some formats keep what the file says of contraband apart from what a search found.
    searched = suite.has("search_conducted")
    suite.one_of(
        "contraband:without a search",
        "contraband_recorded",
        [False],
        says="No contraband is recorded where there was no search.",
        reason="contraband is recorded although there was no search",
        severity=WARN,
        columns=("contraband_recorded", "search_conducted"),
        when=suite.column("search_conducted") == False if searched else None,  # noqa: E712
        when_needs=("search_conducted",),
        do="Ask whether these were searches that nobody recorded, or finds in plain view. The "
        "stops are counted; their contraband is in no hit rate.",
    )


def _place(suite: Suite) -> None:
    box = suite.context.get("bounding_box")
    if box and suite.has("latitude", "longitude"):
        south, north, west, east = (float(b) for b in box)
        suite.helpers["check_in_box"] = (
            f"(latitude BETWEEN {south!r} AND {north!r}"
            f" AND longitude BETWEEN {west!r} AND {east!r})"
        )
    suite.one_of(
        "place",
        "check_in_box",
        [True],
        says="Every stop whose place is known lies in the agency's area.",
        reason="the place of the stop lies outside the agency's area",
        severity=WARN,
        columns=("latitude", "longitude"),
        do="Look whether latitude and longitude are interchanged, 0, or of another coordinate "
        "system. Places are not used in rates, only in daylight tests.",
    )
