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

__all__ = ["Rank", "Rule", "Suite"]

_GX_SEVERITY = {"stop the load": "critical", "set the row aside": "warning", "warn": "info"}


@dataclass(frozen=True)
class Rule:
    """One rule of a suite; `expectation` is None where a column that it needs is not there.

    needs : the columns of the checked view that it reads, helpers included.
    reason : what is wrong with a row, as the quarantine file says it.
    shows : the column whose values say what is wrong.
    unless : the id of a rule that says it better; a row that breaks both gives only that reason.
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


@dataclass(frozen=True)
class Rank:
    """A column that numbers rows that share a key (1 = the first), made before the checks run.

    keys : the columns of the key; None: every column of the delivered row.
    only_if_any : a row is numbered only where one of these columns holds a value.
    unless : a row that this other rank numbers above 1 is passed over.
    """

    name: str
    keys: tuple[str, ...] | None
    only_if_any: tuple[str, ...] = ()
    unless: str | None = None


@dataclass
class Suite:
    """The rules of one table, in order.

    table : the declaration.
    prefix, keys : a rule's id is the prefix and the place of its key in `keys`. New rules are
        added at the end of `keys`, so that an id means the same rule in every load.
    types : the columns that are there and can be read -> kind.
    context : what the agency knows: today, groups, stages, bounding box.
    """

    table: Table
    prefix: str
    keys: tuple[str, ...]
    types: Mapping[str, str]
    context: Mapping[str, Any]
    rules: list[Rule] = field(default_factory=list)
    helpers: dict[str, str] = field(default_factory=dict)
    ranks: list[Rank] = field(default_factory=list)

    def id(self, key: str) -> str:
        """Return the id of the rule called `key`."""
        try:
            return f"{self.prefix}{self.keys.index(key) + 1:02d}"
        except ValueError:
            raise ValueError(
                f"{key!r} is not in the list of rules of {self.table.name}: add it at the end."
            ) from None

    def has(self, *columns: str) -> bool:
        """Whether all these columns are there."""
        return all(
            c in self.types or c in self.helpers or c in {r.name for r in self.ranks}
            for c in columns
        )

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
        for module in (*shared, *([other] if other else []), self.table.name):
            digest.update("".join((folder / f"{module}.py").read_text("utf-8").split()).encode())
        return digest.hexdigest()[:12]

    def column(self, name: str) -> Any:
        """Return a column for a condition (`when=`)."""
        from great_expectations.expectations.row_conditions import Column

        return Column(name)

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
            )
        )


def _bound(value: Any) -> Any:
    # GX takes the bounds of a date column as datetimes: text is refused, and so are dates.
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value
