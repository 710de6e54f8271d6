"""The rules that follow from a table's declaration: present, read, allowed, bounds, only-if."""

from __future__ import annotations

from datetime import date

from data_checks.report import ASIDE, STOP, WARN, Severity
from data_checks.suite import Rank, Suite

__all__ = [
    "DRIFT", "FILE", "MONTHS", "OTHERS", "PARTS", "STRUCTURE", "allowed", "bounds", "capital",
    "dated", "known", "not_a_record", "not_early", "only_if", "person", "present", "read",
    "record", "repeat", "words",
]  # fmt: skip

STRUCTURE = ("columns", "names", "types", "rows", "account", "set aside")
"""Keys of the rules about the file as a whole; they open every suite (`data_checks.structure`)."""

FILE = ("personal columns", "whole copies", "delivered twice")
"""Keys of further rules about the delivered file, of every table (`data_checks.columns`)."""
MONTHS = (
    "period", "months:missing", "months:thin", "months:race known", "times:midnight",
    "times:rounded", "times:hours",
)  # fmt: skip
"""Keys of the rules on when things happened (`data_checks.months`)."""
DRIFT = ("drift:rows", "drift:months", "drift:groups", "drift:rates", "drift:categories")
"""Keys of the rules that compare with the last accepted load (`data_checks.drift`)."""
PARTS = ("set aside:groups", "no records")
"""Keys of the rules on what parts of the rows are set aside (`data_checks.structure`)."""
OTHERS = ("groups:residents", "groups:workforce", "above residents")
"""Keys of the rules that compare with the agency's other tables (`data_checks.others`)."""

MOSTLY_READ = 0.20
"""A column in which more than this share of the values cannot be read was probably mapped to the
wrong column of the file."""

HOW = {
    "date": "Write four digits of the year: 2024-03-31, or 3/31/2024. With two digits nobody can "
    "tell the century, nor whether the year, the month or the day comes first. A number of five "
    "digits, such as 45200, is how Excel stores a date: format the column as Date. Leave blank "
    "what is not known.",
    "time": "Write times as hours and minutes, such as 14:05.",
    "integer": "Write whole numbers without words or signs around them.",
    "number": "Write numbers without words, units or thousands separators.",
    "flag": "Write TRUE or FALSE, or yes or no.",
}


WORDS = {
    "second_of_day": "time of day",
    "type": "kind of stop",
    "search_conducted": "search",
    "contraband_found": "contraband",
    "arrest_made": "arrest",
    "citation_issued": "citation",
    "warning_issued": "warning",
    "frisk_performed": "frisk",
    "force_used": "use of force",
    "body_camera_on": "body camera",
    "complaint_made": "complaint",
    "subject_age": "age",
    "subject_race": "race",
    "subject_sex": "sex",
    "stop_id": "stop number",
    "n": "number of people",
    "moe": "margin of error",
}


def words(name: str) -> str:
    """Return a column's name as words: `hire_date` is "hire date"."""
    return WORDS.get(name, name.replace("_", " "))


def capital(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def present(suite: Suite, name: str, *, severity: Severity = ASIDE) -> None:
    """Add the rule that no value is missing."""
    told_by = f"{name}:read"
    suite.not_null(
        f"{name}:present",
        name,
        says=f"The {words(name)} is there in every row.",
        reason=f"the {words(name)} is missing",
        severity=severity,
        do=f"Fill in the {words(name)} in the system that the file comes from, and export again.",
        unless=told_by if told_by in suite.keys else None,
    )


def read(suite: Suite, *names: str, severity: Severity = WARN) -> None:
    """Add the rule that what is in the file could be read as the kind that it should be."""
    for name in names:
        column = suite.table[name]
        raw = f"raw_{name}"
        condition = suite.column(raw).is_not_null() if suite.has(raw) else None
        kind = {"flag": "yes or no", "integer": "a whole number"}.get(
            column.kind, f"a {column.kind}"
        )
        kind = "a time" if name == "second_of_day" else kind
        how = HOW["time"] if name == "second_of_day" else HOW[column.kind]
        hint = " (write four digits of the year)" if column.kind == "date" else ""
        level = ASIDE if column.present and severity == WARN else severity
        what = {"columns": (name,), "when": condition, "when_needs": (raw,), "shows": raw}
        gone = "" if level != WARN else " A value that could not be read counts as missing."
        suite.not_null(
            f"{name}:read",
            name,
            says=f"Every {words(name)} in the file could be read as {kind}{hint}.{gone}",
            reason=f"the {words(name)} could not be read as {kind}",
            severity=level,
            do=how,
            **what,
        )
        if level == WARN:
            suite.not_null(
                f"{name}:mostly read",
                name,
                says=f"At least four in five values of {words(name)} could be read as {kind}"
                f"{hint}.",
                reason=f"over one in five values of {words(name)} could not be read as {kind}",
                severity=STOP,
                allowed=MOSTLY_READ,
                do=f"Look whether equity.toml names the right column for {words(name)}. " + how,
                **what,
            )


def allowed(
    suite: Suite, name: str, values: tuple[str, ...] = (), *, severity: Severity = ASIDE
) -> None:
    """Add the rule that a value, if there is one, is of the closed vocabulary."""
    values = tuple(values) or suite.table[name].allowed
    suite.one_of(
        f"{name}:allowed",
        name,
        values,
        says=f"{capital(words(name))} is one of: {', '.join(values) or 'no groups were named'}.",
        reason=f"{words(name)} is not one of the known values",
        severity=severity,
        shows=name,
        do=f"Say in the values.{name} section of the table in equity.toml what other values mean.",
    )


def bounds(suite: Suite, *names: str, severity: Severity = ASIDE) -> None:
    """Add the rule that a number lies within the declared bounds."""
    for name in names:
        column = suite.table[name]
        low, high = (None if b is None else int(b) for b in (column.low, column.high))
        if low is not None and high is not None:
            limits = f"between {low:,} and {high:,}"
            if high >= 1900:
                limits = limits.replace(",", "")
        else:
            limits = f"at least {low}" if low is not None else f"at most {high}"
        unit = f" {column.unit}" if column.unit == "years" else ""
        if name == "second_of_day":
            limits = "between 00:00 and 23:59"
        suite.between(
            f"{name}:bounds",
            name,
            low,
            high,
            says=f"{capital(words(name))} is {limits}{unit}.",
            reason=f"{words(name)} is not {limits}{unit}",
            severity=severity,
            shows=name,
            do=f"Correct the {words(name)}, or leave it blank where it is not known.",
        )


def person(suite: Suite) -> None:
    """Add what applicants and employees share: the year, the groups, the sex."""
    bounds(suite, "year")
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
    if suite.context.get("groups"):
        allowed(suite, "race", tuple(suite.context["groups"]))
    known(suite, "race")
    allowed(suite, "sex")


def only_if(suite: Suite, name: str, *, severity: Severity = ASIDE) -> None:
    """Add the rule that a column is empty where its flag says no."""
    flag = suite.table[name].only_if
    if flag is None:
        raise ValueError(f"{name} of {suite.table.name} is declared without only_if.")
    thing = f"there was no {words(flag)}"
    suite.null(
        f"{name}:only if",
        name,
        says=f"{capital(words(name))} is blank where {thing}.",
        reason=f"{words(name)} is filled in although {thing}",
        severity=severity,
        columns=(name, flag),
        shows=name,
        when=suite.column(flag) == False if suite.has(flag) else None,  # noqa: E712
        when_needs=(flag,),
        do=f"Leave {words(name)} blank where {thing}, or correct {words(flag)}.",
    )


def known(
    suite: Suite, name: str, *, called: str = "", do: str = "", missing: float = 0.05
) -> None:
    """Add the rule that not too many values are missing; `called` is what is missing, in words.

    In a file of totals those by sex tell no race: they are not asked for one.
    """
    suite.not_null(
        f"{name}:known",
        name,
        says=f"{f'The {called}' if called else capital(words(name))} is missing in at most "
        f"{missing:.0%} of the rows.",
        reason=f"the {called or words(name)} is missing in too many rows",
        severity=WARN,
        allowed=missing,
        when=suite.records(name),
        do=do
        or f"Ask why {words(name)} is missing, and whether it is missing evenly. These rows are "
        "counted apart as unknown; they are in no group.",
    )


def dated(suite: Suite, name: str, *, first: int, because: str) -> None:
    """Add the rules that a date is not after today and not before the year `first`."""
    suite.between(
        f"{name}:not in the future",
        name,
        None,
        suite.today,
        says=f"The {words(name)} is not in the future (after {suite.today.isoformat()}).",
        reason=f"the {words(name)} is in the future",
        severity=ASIDE,
        shows=name,
        do="Correct the date; look whether day and month were taken for each other.",
    )
    not_early(suite, name, first=first, because=because)


def not_early(suite: Suite, name: str, *, first: int, because: str = "") -> None:
    """Add the rule that a date is not before the year `first`."""
    suite.between(
        f"{name}:not too early",
        name,
        date(first, 1, 1),
        None,
        says=f"The {words(name)} is not before {first}{because}.",
        reason=f"the {words(name)} is before {first}",
        severity=ASIDE,
        shows=name,
        do="Correct the date; look for years of two digits and for default dates such as 1900.",
    )


_LABEL = r"^\W*(?:(?:grand|over-?all|final|running|report|page)[\s-]*)?(?:sub[\s-]?)?totals?"
_SURE = "|".join((
    rf"{_LABEL}\W*$",
    rf"{_LABEL}\b.*[0-9][0-9,.]*\W*$",
    rf"{_LABEL}\s*[:=(]",
    r"^\W*(?:grand[\s-]*totals?|sub[\s-]?totals?)\b",
    r"\b(?:sub)?totals?(?:\W*[0-9,.]+)?\W*$",
    r"^\W*(?:sum|(?:row |record )?count|number of [a-z ]+)\s*[:=]\s*[0-9][0-9,.]*\W*$",
))  # fmt: skip
"""Words that only the label of a total has: "Grand Total", "Total applicants: 700"."""
_MAYBE = r"^\W*totals?\b"
"""Words that a job title may have as well: "Total Quality Manager"."""
LEAST_BLANK = 3
"""So many other columns must be there, all of them blank, before a row is called a total although
it has the number of a person."""


def record(suite: Suite, key: str, *labels: str) -> None:
    """Add the rule that a row is a record and not a total.

    `key` is the column that tells persons apart, `labels` are others in which the word may stand.
    A row is a total if its key says so. If the word stands in another column, the rest of the row
    decides: there is no key and fewer than half of the other columns hold a value (none may,
    where the word could be a job title), or the key is a bare number and all the rest is blank.
    """
    cells = {c.name: _cell(suite, c.name) for c in suite.table.columns}
    said = {c: t for c in (key, *labels) if (t := _text(suite, c))}
    filled = {c: sql for c, sql in cells.items() if sql and not c.startswith("source_")}
    if said:
        ways = []
        for name, text in said.items():
            sure, maybe = (f"regexp_matches(lower({text}), '{p}')" for p in (_SURE, _MAYBE))
            if name == key:
                ways.append(f"({sure} OR {maybe})")
                continue
            others = [sql for c, sql in filled.items() if c not in (name, key)]
            if not others:
                ways.append(sure)
                continue
            n = " + ".join(f"CAST({sql} AS INTEGER)" for sql in others)
            alone = f"(({sure} AND 2 * ({n}) < {len(others)}) OR ({maybe} AND {n} = 0))"
            if key not in said:
                ways.append(alone)
                continue
            ways.append(f"({said[key]} IS NULL AND {alone})")
            if len(others) >= LEAST_BLANK:
                ways.append(
                    f"(({sure} OR {maybe}) AND {n} = 0 "
                    f"AND regexp_matches({said[key]}, '^[0-9][0-9,.]*$'))"
                )
        some = " OR ".join(
            f"contains(lower({t}), '{word}')"  # far cheaper than the patterns
            for t in said.values()
            for word in ("total", "sum", "count", "number")
        )
        suite.marks["check_total"] = f"({some}) AND ({' OR '.join(ways)})"
    suite.one_of(
        "record",
        "check_total",
        [False],
        says="The row is a record, not a total.",
        reason="the row is a total, not a record",
        severity=ASIDE,
        columns=tuple(c for c in (key, *labels) if c in said) or (key,),
        expected=True,
        do="Nothing need be done: a total is not counted as a person. Exports without rows of "
        "totals are easier to check. If the row is a record, fill in its number and its other "
        "columns.",
    )


def not_a_record(suite: Suite) -> None:
    """Add the rule that the reader did not find a row to be no record, see `equity.sources`."""
    suite.null(
        "not a record",
        "not_a_record",
        says="The row is a record: no total, repeated header, heading or note.",
        reason="not a record",
        severity=ASIDE,
        columns=("not_a_record",),
        shows="not_a_record",
        expected=True,
        do="Nothing need be done: these rows are not counted as persons. Exports without rows of "
        "totals, headings and notes are easier to check.",
    )


def _text(suite: Suite, name: str) -> str | None:
    """Return the words of a column as SQL; a date says words only where it was not read."""
    column = f"raw_{name}" if suite.table[name].kind == "date" else name
    return f'"{column}"' if suite.has(column) else None


def _cell(suite: Suite, name: str) -> str | None:
    """Return whether the file has a value in a column that means something, as SQL."""
    if not suite.has(name):
        return None
    if suite.table[name].kind in ("text", "category"):
        return f'("{name}" IS NOT NULL)'
    # What was not read from text, such as the year of all rows, is no cell of this row.
    raw = f"raw_{name}"
    return f'("{raw}" IS NOT NULL AND "{name}" IS NOT NULL)' if suite.has(raw) else None


def repeat(
    suite: Suite,
    key: str,
    rank: Rank,
    *,
    says: str,
    reason: str,
    columns: tuple[str, ...],
    do: str,
    severity: Severity = ASIDE,
) -> None:
    """Add the rule that no row repeats an earlier one; it is the later ones that break it."""
    if rank.keys is None or suite.has(*rank.keys):
        suite.ranks.append(rank)
    suite.between(
        key,
        rank.name,
        None,
        1,
        says=says,
        reason=reason,
        severity=severity,
        columns=columns,
        shows=f"{rank.name}_first",
        do=do,
    )
