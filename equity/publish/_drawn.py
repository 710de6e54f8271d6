"""Counts as a published page has them: several tables that agree in all that may be published."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from equity.counts import CountTable

__all__ = ["Drawn", "at", "drawn_in"]


@dataclass(frozen=True)
class Drawn(CountTable):
    """Counts whose hidden cells differ from draw to draw.

    Attributes
    ----------
    file : the count file that they are from, without its ending.
    draws : the draws, the first of which is this table; none where nothing has to be hidden.
    taken : the part of the file that this is: column -> value or values.
    crossings : column -> the columns of the file that it was made from.
    """

    file: str = ""
    draws: tuple[CountTable, ...] = ()
    taken: Mapping[str, Any] = field(default_factory=dict)
    crossings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def each(self, act: Callable[[CountTable], CountTable]) -> Drawn:
        """Return these counts with each draw made over by a function."""
        return self._from(act)

    def where(self, **choices: Any) -> Drawn:
        """Return a part of each draw, see `CountTable.where`."""
        made = {k: v for k, v in choices.items() if v is not None}
        return self._from(lambda one: one.where(**choices), taken={**self.taken, **made})

    def crossed(self, *columns: str) -> Drawn:
        """Return each draw with one more column, see `CountTable.crossed`."""
        crossings = {**self.crossings, "_".join(columns): columns}
        return self._from(lambda one: one.crossed(*columns), crossings=crossings)

    def _from(self, act: Callable[[CountTable], CountTable], **more: Any) -> Drawn:
        draws = tuple(act(one) for one in self.draws)
        first = draws[0] if draws else act(_plain(self))
        told = {f.name: getattr(first, f.name) for f in dataclasses.fields(CountTable)}
        kept = {"file": self.file, "taken": self.taken, "crossings": self.crossings}
        return Drawn(**told, **{**kept, **more}, draws=draws)


def at(thing: Any, number: int | None) -> Any:
    """Return an argument of a measure with one of their draws in place of counts.

    number : which draw; None: the counts themselves, as plain counts.
    """
    if isinstance(thing, Drawn):
        return thing.draws[number] if thing.draws and number is not None else _plain(thing)
    if isinstance(thing, Mapping):
        return {key: at(value, number) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return type(thing)(at(value, number) for value in thing)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type | CountTable):
        inner = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing) if f.init}
        return dataclasses.replace(thing, **{k: at(v, number) for k, v in inner.items()})
    return thing


def drawn_in(*things: Any) -> list[CountTable]:
    """Return the count tables among arguments, also those within mappings and dataclasses."""
    found: list[CountTable] = []
    for thing in things:
        if isinstance(thing, CountTable):
            found.append(thing)
        elif isinstance(thing, Mapping):
            found += drawn_in(*thing.values())
        elif isinstance(thing, list | tuple):
            found += drawn_in(*thing)
        elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            found += drawn_in(*(getattr(thing, f.name) for f in dataclasses.fields(thing)))
    return found


def _plain(counts: CountTable) -> CountTable:
    return CountTable(counts.table, counts.by, counts.of, counts.ledger, counts.provenance)
