"""What a check found: one result per rule, and how many rows may be used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from equity.tables import TABLES

__all__ = ["ASIDE", "STOP", "WARN", "Outcome", "Report", "RuleResult", "Severity", "ShownTable"]

FORMAT = 1
"""The form of the JSON: a key that changes its meaning or goes away makes it the next."""

Severity = Literal["stop the load", "set the row aside", "warn"]
Outcome = Literal["passed", "failed", "could not run", "nothing to test"]

STOP: Severity = "stop the load"
ASIDE: Severity = "set the row aside"
WARN: Severity = "warn"
_UNREAD = "00"
_ROWS, _SET_ASIDE = "04", "06"
"""The places, in every suite, of the rules that a row is left and not too many are set aside."""


@dataclass(frozen=True)
class RuleResult:
    """One rule and what came of it.

    id : short and stable from load to load (`S01`).
    says : the rule in plain words.
    severity : what happens when it fails.
    outcome : passed, failed, could not run (why: `because`), or nothing to test.
    tested, bad : how many rows (or columns, see `unit`) were tested, and how many break the rule.
    share, allowed : `bad / tested`, and how much of that is still let through; 0..1.
    examples : at most three values that break it; none from a column that identifies a person.
    columns : the columns that it reads.
    do : how to mend it.
    rows : where the first ten rows that break it are, for those who mend the file: "row 17".
    expected : whether rows that break it are in order, such as a row of totals: nothing is to do.
    reason : what is wrong where it is broken; of a row, as the extract of rows set aside says it.
    """

    id: str
    says: str
    severity: Severity
    outcome: Outcome
    tested: int | None = None
    bad: int | None = None
    share: float | None = None
    allowed: float = 0.0
    examples: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    unit: str = "rows"
    because: str = ""
    do: str = ""
    rows: tuple[str, ...] = ()
    expected: bool = False
    reason: str = ""

    @property
    def open(self) -> bool:
        """Whether the rule asks for a person's attention: it failed or could not run."""
        return self.outcome == "could not run" or (self.outcome == "failed" and not self.expected)

    @property
    def word(self) -> str:
        """The outcome as a page says it; a rule that warns and failed is a warning."""
        if self.outcome != "failed":
            return self.outcome
        if self.expected:
            return "nothing to do"
        return "warning" if self.severity == WARN else "failed"

    @property
    def wrong(self) -> str:
        """What is wrong, as a sentence; of a rule that could not run, what it would test."""
        reason = self.reason.rstrip(".")
        if self.outcome != "failed":
            return self.says
        if not reason or reason == self.says.rstrip("."):
            return f"Broken: {self.says}"
        return f"{reason[:1].upper()}{reason[1:]}."


@dataclass(frozen=True)
class ShownTable:
    """A small table of categories and counts, shown beside the rules; never of single people."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What the suite of one table found in one file.

    `rows_in == rows_good + rows_set_aside`, always. Of the rows set aside, `rows_expected` need
    nothing done: they are totals, repeated headers, headings or notes. `usable` is False when a
    rule that stops the load failed, or a rule that stops the load or sets rows aside could not
    run: then nothing is written for use, and `rows_good` says how many rows broke no rule. `label`
    is what a page calls the table, `tables` what is shown besides the rules, `headers` what the
    file calls our columns, `load` the check of all files that this one was part of,
    `workbook_file` the rows set aside for a spreadsheet program, or `workbook_note` why there is
    no such file.
    """

    table: str
    rows_in: int
    rows_good: int
    rows_set_aside: int
    rules: tuple[RuleResult, ...]
    data_file: str = ""
    quarantine_file: str = ""
    checked_on: str = ""
    suite_version: str = ""
    engine: str = ""
    fictional: bool = False
    label: str = ""
    tables: tuple[ShownTable, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    load: str = ""
    workbook_file: str = ""
    workbook_note: str = ""
    rows_expected: int = 0

    @classmethod
    def unread(cls, table: str, because: str, **more: Any) -> Report:
        """Return the report of files that cannot be used as they are: the load stops.

        Either they cannot be read, or equity.toml does not yet say what is in them.

        `because` says why, in whole sentences that quote no record.
        """
        rule = RuleResult(
            f"{table[0].upper()}{_UNREAD}",
            "The file can be read, and equity.toml says what is in it.",
            STOP,
            "failed",
            1,
            1,
            1.0,
            because=because.rstrip("."),
            unit="files",
            do="Do what the reason says, in equity.toml or in the file; then check again.",
            reason="the file cannot be used yet",
        )
        return cls(table, 0, 0, 0, (rule,), **more)

    @property
    def usable(self) -> bool:
        """Whether the rows that are left may be counted."""
        return not any(
            (r.severity == STOP and r.open)
            or (r.severity == ASIDE and r.outcome == "could not run")
            for r in self.rules
        )

    @property
    def warnings(self) -> tuple[RuleResult, ...]:
        """The rules that warn and failed or could not run."""
        return tuple(r for r in self.rules if r.severity == WARN and r.open)

    @property
    def exit_code(self) -> int:
        """0: every record can be used. 1: usable, but look (records set aside, or a warning).

        2: not usable. Totals, headings and notes are no records: where they alone are set aside,
        it is 0.
        """
        if not self.usable:
            return 2
        return 1 if self.rows_to_mend or self.warnings else 0

    @property
    def unreadable(self) -> bool:
        """Whether no row was looked at, see `unread`."""
        return any(rule.id == self.unread_id for rule in self.rules)

    @property
    def unread_id(self) -> str:
        """The id of the rule of a file that cannot be used as it is."""
        return f"{self.table[0].upper()}{_UNREAD}"

    @property
    def rows_to_mend(self) -> int:
        """How many rows are set aside that are records: somebody has to look at them."""
        return self.rows_set_aside - self.rows_expected

    def columns_of(self, rule: RuleResult) -> dict[str, str]:
        """Return the columns of a rule -> what the file calls them.

        Columns that the file lacks, such as a year told by equity.toml, are left out if it has
        another one of them.
        """
        known = {c.name for c in TABLES[self.table].columns} if self.headers else set()
        there = [c for c in rule.columns if c in self.headers or c not in known]
        return {c: self.headers.get(c, c) for c in there or rule.columns}

    @property
    def sentence(self) -> str:
        """The verdict in one sentence.

        >>> Report("stops", 10, 9, 1, ()).sentence
        '9 of 10 rows can be used; 1 was set aside; no warnings.'
        """
        if not self.usable:
            stops = [r for r in self.rules if r.severity != WARN and r.open]
            stops = [r for r in stops if r.severity == STOP or r.outcome == "could not run"]
            why = "1 rule stops" if len(stops) == 1 else f"{len(stops)} rules stop"
            if self.unreadable:
                return f"The file cannot be used yet: {stops[0].because}."
            if not self.rows_in:
                return "There are no rows that could be used."
            rows = _count(self.rows_in, "row")
            return f"None of the {rows} can be used: {why} the load. {self._first(stops)}"
        w = len(self.warnings)
        aside = self.rows_to_mend
        said = f"{f'{aside:,}' if aside else 'none'} {'was' if aside == 1 else 'were'} set aside"
        return (
            f"{self.rows_good:,} of {_count(self.rows_in, 'row')} can be used; "
            f"{no_records(said if aside else '', self.rows_expected) or said}; "
            f"{_count(w, 'warning') if w else 'no warnings'}."
        )

    def _first(self, stops: list[RuleResult]) -> str:
        """Say the first rule that stops the load, and what lies behind it."""
        many = [r for r in stops if r.id[1:] == _SET_ASIDE]
        # that no row is left says less than that too many are set aside
        first = many[0] if many and stops[0].id[1:] == _ROWS else stops[0]
        word = "It" if len(stops) == 1 else "The first"
        if first.outcome == "could not run":
            return f"{word} could not be tested ({first.because}): “{first.says}”"
        said = f"{word} says: “{first.says}”"
        broken = [r for r in self.rules if r.severity == ASIDE and r.outcome == "failed"]
        if first.id[1:] == _SET_ASIDE and broken:  # the cause is the rule that most rows break
            most = max(broken, key=lambda r: (r.bad or 0, r.id))  # the later says it closer
            said += f" Most rows break this one: “{most.says}”"
        return said

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, the verdict included."""
        return {
            "format": FORMAT,
            **asdict(self),
            "usable": self.usable,
            "exit_code": self.exit_code,
            "sentence": self.sentence,
        }

    def to_json(self, path: Path | str) -> None:
        """Write the report for machines; `from_json` reads it."""
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False)
        write_text(Path(path), text + "\n")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Report:
        """Return the report that `to_dict` described."""
        kept = {k: v for k, v in values.items() if k in cls.__dataclass_fields__}
        rules = (
            RuleResult(
                **{
                    **{k: v for k, v in r.items() if k in RuleResult.__dataclass_fields__},
                    "examples": tuple(r.get("examples", ())),
                    "columns": tuple(r.get("columns", ())),
                    "rows": tuple(r.get("rows", ())),
                }
            )
            for r in kept.pop("rules", ())
        )
        tables = (
            ShownTable(
                t["caption"], tuple(t["columns"]), tuple(map(tuple, t["rows"])), t.get("note", "")
            )
            for t in kept.pop("tables", ())
        )
        return cls(**kept, rules=tuple(rules), tables=tuple(tables))

    @classmethod
    def from_json(cls, path: Path | str) -> Report:
        """Read a report that `to_json` wrote."""
        return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))

    def to_html(
        self,
        path: Path | str,
        *,
        title: str | None = None,
        data_file: str | None = None,
        quarantine_file: str | None = None,
    ) -> None:
        """Write the report as one page that needs nothing else.

        `data_file` and `quarantine_file` are the names shown (a folder before them is left out).
        """
        from data_checks.page import write_page

        named = replace(
            self,
            data_file=Path(data_file or self.data_file).name,
            quarantine_file=Path(quarantine_file or self.quarantine_file).name,
        )
        write_page({self.table: named}, path, title=title, fictional=self.fictional)


def no_records(said: str, n: int) -> str:
    """Add to what is said of the rows set aside that `n` others are no records.

    >>> no_records("3 were set aside", 2)
    '3 were set aside; 2 more are totals or notes (nothing to do)'
    """
    if not n:
        return said
    are = "is a total or a note" if n == 1 else "are totals or notes"
    return f"{said}; {n:,} more {are} (nothing to do)" if said else f"{n:,} {are} (nothing to do)"


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)


def _count(n: int, thing: str) -> str:
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"
