"""The ways out: which counts may leave the house as they are, protected, by a rule, or never."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from equity import disclosure
from equity.counts import CountTable

__all__ = ["Route", "Rules"]

_NEARLY_ROWS = ("daylight", "retention", "waits")
_NEVER = ("officers",)


class Route:
    """How counts may leave the house."""

    PUBLIC, COUNTS, MODEL, NEVER = "public", "counts", "model", "never"


@dataclass(frozen=True)
class Rules:
    """What is published, and how it is protected.

    minimum : counts of fewer people are hidden.
    public : tables whose records were declared public (`people = false`).
    """

    minimum: int = 10
    public: frozenset[str] = frozenset()

    def route(self, file: str, provenance: Mapping[str, Any]) -> str:
        """Return the way out for a count file; what is not known goes the strictest way."""
        table = provenance.get("table")
        measure = str((provenance.get("measure") or {}).get("name") or "")
        if file in _NEVER or measure in _NEVER:
            return Route.NEVER
        if table == "residents" or table in self.public:
            return Route.PUBLIC
        return Route.MODEL if file in _NEARLY_ROWS or measure else Route.COUNTS

    def told(
        self, counts: CountTable, file: str, *, untold: bool = False
    ) -> tuple[dict[str, Any], pd.DataFrame]:
        """Return the provenance and the ledger of a count file as they may be published.

        untold : how many records there are is not published, since how many are of no known
            group would follow from it.
        """
        people = self.route(file, counts.provenance) != Route.PUBLIC
        provenance, ledger = disclosure.publishable(
            counts.provenance, counts.ledger, minimum=self.minimum, people=people
        )
        if untold:
            ledger = ledger.assign(rows=pd.array([pd.NA] * len(ledger), dtype="Int64"))
            provenance["rows_in"] = None
            provenance["sources"] = (
                [{k: v for k, v in one.items() if k != "rows"} for one in provenance["sources"]]
                if "sources" in provenance
                else []
            )
        return provenance, ledger
