"""Collects the rules of one table: each a Great Expectations Expectation with words to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from data_checks.report import Severity
from equity.tables import Table

__all__ = ["SET_ASIDE", "Rank", "Rule", "Suite", "text"]

SET_ASIDE = "check_set_aside"
"""A column that the checked view always has; missing where a row is known to be no record."""
_GX_SEVERITY = {"stop the load": "critical", "set the row aside": "warning", "warn": "info"}


NOTHING = "SELECT NULL::VARCHAR AS name, NULL::DOUBLE AS value WHERE FALSE"
"""The query of a summary that has no row."""


@dataclass(frozen=True)
class Rule:
    """One rule of a suite; `expectation` is None where a column that it needs is not there.

    view : the table that it is about: `checked`, one row for each row of the file, or `summary`,
        one row for each month, column, group ... (`unit`).
    needs : the columns of the checked view that it reads, helpers included.
    reason : what is wrong with a row, as the quarantine file says it.
    shows : the column whose values say what is wrong.
    unless : the id of a rule that says it better; a row that breaks both gives only that reason.
    because : why there is nothing to test, where that is known beforehand.
    expected : rows that break it are set aside and nobody need do anything about them.
    """

    id: str
    says: str
    severity: Severity
    columns: tuple[str, ...]
    needs: tuple[str, ...]
    reason: str
    do: str
    shows: str | None
    allowed: float
    unless: str | None = None
    expectation: Any = None
    view: str = "checked"
    unit: str = "rows"
    because: str = ""
    expected: bool = False


@dataclass(frozen=True)
class Rank:
    """A column that numbers rows that share a key (1 = the first), made before the checks run.

    keys : the columns of the key; None: every column of the delivered row.
    only_if_any : a row is numbered only where one of these columns holds a value.
    unless : a row that this other rank numbers above 1 is passed over.
    within : another rank; rows alike here are alike there as well, where its key has a value.
    """

    name: str
    keys: tuple[str, ...] | None
    only_if_any: tuple[str, ...] = ()
    unless: str | None = None
    within: str | None = None


@dataclass
class Suite:
    """The rules of one table, in order.

    table : the declaration.
    prefix, keys : a rule's id is the prefix and the place of its key in `keys`. New rules are
        added at the end of `keys`, so that an id means the same rule in every load.
    types : the columns that are there and can be read -> kind.
    context : what the agency knows: today, groups, stages, bounding box.
    helpers : columns added to `checked`: name -> SQL.
    marks : yes or no added to `checked`, worked out once and not at every look: name -> SQL that
        is true for few rows.
    tables : tables made from `checked` once, for rules that look at its rows in groups: name ->
        query, in this order. They may leave out the rows set aside (`NOT check_set_aside`).
    summaries : rule id -> a query of `name` (text, shown) and `value` (number, tested).
    """

    table: Table
    prefix: str
    keys: tuple[str, ...]
    types: Mapping[str, str]
    context: Mapping[str, Any]
    rules: list[Rule] = field(default_factory=list)
    helpers: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    ranks: list[Rank] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)

    def id(self, key: str) -> str:
        """Return the id of the rule called `key`."""
        try:
            return f"{self.prefix}{self.keys.index(key) + 1:02d}"
        except ValueError:
            raise ValueError(
                f"{key!r} is not in the list of rules of {self.table.name}: add it at the end."
            ) from None

    def sort(self) -> None:
        """Put the rules in the order of their numbers."""
        self.rules.sort(key=lambda rule: int(rule.id[len(self.prefix) :]))

    def has(self, *columns: str) -> bool:
        """Whether all these columns are there."""
        return all(
            c in self.types
            or c in self.helpers
            or c in self.marks
            or c in {r.name for r in self.ranks} | {SET_ASIDE}
            for c in columns
        )

    @property
    def group(self) -> str:
        """The column that tells the group."""
        return "subject_race" if self.table.name == "stops" else "race"

    @property
    def day(self) -> str:
        """The column that tells when: of the stop, the application, the leaving, the list."""
        return "exit_date" if self.table.name == "exits" else "date"

    @property
    def today(self) -> date:
        """The day of the check."""
        return self.context.get("today") or date.today()

    @property
    def version(self) -> str:
        """Twelve characters that change when a rule, its words or its limits are edited.

        They do not depend on the file, the day or the agency.
        """
        folder = Path(__file__).parent
        digest = hashlib.sha256(repr(self.table).encode())
        other = {"exits": "workforce", "promotions": "applicants"}.get(self.table.name)
        shared = ("rules", "structure", "sql", "suite", "titles", "columns", "snapshots")
        shared += (
            "facts",
            "drift",
            "others",
            "months",
            "personal",
            "delivered",
            "shown",
            "people",
        )
        for module in (*shared, *([other] if other else []), self.table.name):
            digest.update("".join((folder / f"{module}.py").read_text("utf-8").split()).encode())
        return digest.hexdigest()[:12]

    def column(self, name: str) -> Any:
        """Return a column for a condition (`when=`)."""
        from great_expectations.expectations.row_conditions import Column

        return Column(name)

    def records(self, margin: str = "") -> Any:
        """Return the condition (`when=`) that a row is a record: no total, no note.

        In a file of totals, that it is one of `margin`.
        """
        from great_expectations.expectations.row_conditions import AndCondition

        parts = [self.column("margin") == margin] if margin and self.has("margin") else []
        if self.has("not_a_record"):
            parts.append(self.column("not_a_record").is_null())
        if self.has("check_total"):
            parts.append(self.column("check_total") == False)  # noqa: E712
        return AndCondition(conditions=parts) if len(parts) > 1 else next(iter(parts), None)

    def not_null(self, key: str, column: str, **more: Any) -> None:
        """Add: the column has a value."""
        self._add(key, "ExpectColumnValuesToNotBeNull", {"column": column}, [column], **more)

    def null(self, key: str, column: str, **more: Any) -> None:
        """Add: the column has no value."""
        self._add(key, "ExpectColumnValuesToBeNull", {"column": column}, [column], **more)

    def one_of(self, key: str, column: str, values: Sequence[Any], **more: Any) -> None:
        """Add: a value is one of `values`."""
        arguments = {"column": column, "value_set": list(values)}
        self._add(key, "ExpectColumnValuesToBeInSet", arguments, [column], **more)

    def between(self, key: str, column: str, low: Any, high: Any, **more: Any) -> None:
        """Add: a value is at least `low` and at most `high` (None: no limit)."""
        bounds = {"min_value": _bound(low), "max_value": _bound(high)}
        self._add(
            key, "ExpectColumnValuesToBeBetween", {"column": column, **bounds}, [column], **more
        )

    def not_after(self, key: str, first: str, last: str, **more: Any) -> None:
        """Add: `first` is not later than `last`, where both are known."""
        pair = {"column_A": last, "column_B": first, "or_equal": True}
        pair["ignore_row_if"] = "either_value_is_missing"
        self._add(key, "ExpectColumnPairValuesAToBeGreaterThanB", pair, [first, last], **more)

    def summary(
        self,
        key: str,
        query: str,
        low: float | None,
        high: float | None,
        *,
        unit: str,
        needs: Sequence[str] = (),
        **more: Any,
    ) -> None:
        """Add: each number of a query is at least `low` and at most `high`.

        query : `SELECT ... AS name, ... AS value FROM ...` over `checked` or one of `tables`: one
            row for each `unit` (months, columns, groups). `name` is shown, so it names no person;
            a `value` that is NULL is not tested.
        needs : columns without which there is nothing to test.
        """
        here = self.has(*needs)
        if here:
            self.summaries[self.id(key)] = query
        bounds = {"min_value": low, "max_value": high}
        self._add(
            key, "ExpectColumnValuesToBeBetween", {"column": self.id(key), **bounds}, needs,
            view="summary", unit=unit, **more,
        )  # fmt: skip

    def facts(
        self,
        key: str,
        numbers: Sequence[tuple[str, float | None]],
        low: float | None,
        high: float | None,
        **more: Any,
    ) -> None:
        """Add: each of these numbers, which are known already, lies between `low` and `high`."""
        rows = ", ".join(
            f"({text(name)}, {'NULL' if value is None else repr(float(value))})"
            for name, value in numbers
        )
        query = f"SELECT * FROM (VALUES {rows}) t(name, value)" if rows else NOTHING
        self.summary(key, query, low, high, **more)

    def _add(
        self,
        key: str,
        kind: str,
        arguments: dict[str, Any],
        needs: Sequence[str],
        *,
        says: str,
        severity: Severity,
        columns: Sequence[str] | None = None,
        reason: str = "",
        do: str = "",
        shows: str | None = None,
        allowed: float = 0.0,
        when: Any = None,
        when_needs: Sequence[str] = (),
        unless: str | None = None,
        view: str = "checked",
        unit: str = "rows",
        because: str = "",
        expected: bool = False,
    ) -> None:
        needs = (*needs, *when_needs)
        rule_id = self.id(key)
        if any(r.id == rule_id for r in self.rules):
            raise ValueError(f"Rule {key!r} of {self.table.name} is there twice.")
        expectation = None
        if self.has(*needs):
            import great_expectations.expectations as gxe

            more: dict[str, Any] = {} if when is None else {"row_condition": when}
            if allowed:
                more["mostly"] = round(1 - allowed, 9)
            expectation = getattr(gxe, kind)(
                **arguments,
                **more,
                description=says,
                severity=_GX_SEVERITY[severity],
                meta={"rule": rule_id},
            )
        self.rules.append(
            Rule(
                id=rule_id,
                says=says,
                severity=severity,
                columns=tuple(columns or needs),
                needs=needs,
                reason=reason or says,
                do=do,
                shows=shows,
                allowed=allowed,
                unless=unless and self.id(unless),
                expectation=expectation,
                view=view,
                unit=unit,
                because=because,
                expected=expected,
            )
        )


def text(words: str) -> str:
    """Return words as SQL."""
    return "'" + words.replace("'", "''") + "'"


def _bound(value: Any) -> Any:
    # GX takes the bounds of a date column as datetimes: text is refused, and so are dates.
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value
