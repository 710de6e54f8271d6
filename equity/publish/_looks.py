"""What a measure looks at of what it is given: columns and flags named by its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from equity.counts import CountTable

__all__ = ["REASONS", "known_groups", "looked_at", "mark", "sums", "words_of_call"]

# what a measure looks at without being asked to: columns, and flags
_BESIDES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType({
    "parity_projection": (("year",), ("joined", "left")),
    "representation_trend": (("year",), ("joined", "left")),
    "coverage": (("year", "month"), ()),
    "clock": (("hour", "year"), ()),
    "recording": (("year",), ()),
    "trend": (("year", "month"), ()),
})  # fmt: skip
_EVERY_FLAG = ("recording",)
REASONS = ("race_unknown",)  # it is missing where the race is known


def looked_at(
    measure: Callable[..., Any], arguments: Mapping[str, Any], counts: CountTable
) -> tuple[list[str], list[str]]:
    """Return the columns and the flags of counts that a measure looks at."""
    name = str(getattr(measure, "__name__", ""))
    words = words_of_call(measure, arguments)
    columns, flags = _BESIDES.get(name, ((), ()))
    by = [c for c in dict.fromkeys([*words, *columns]) if c in counts.by]
    asked = {*words, *flags}
    return by, [f for f in counts.of if f in asked or name in _EVERY_FLAG]


def sums(counts: CountTable, by: Sequence[str], of: Sequence[str]) -> tuple[Any, ...]:
    """Return what a measure that looks at these columns and flags sees of counts."""
    by = [*by, *(c for c in REASONS if c in counts.by and c not in by)]
    numbers = ["n", *(name for flag in of for name in (flag, f"{flag}_known"))]
    if not by:
        return tuple(counts.table[numbers].sum())
    table = counts.table.groupby(by, dropna=False, observed=True)[numbers].sum().reset_index()
    return tuple(tuple(table[c].astype(object).where(table[c].notna(), None)) for c in table)


def known_groups(table: pd.DataFrame, draws: Sequence[CountTable], group: str) -> np.ndarray:
    """Return for which rows it is published how many of the group passed the stage."""
    numbers = []
    for draw in draws:
        stages = [s for s in table["stage"].unique() if s in draw.table]
        passed = draw.table.groupby(group)[stages].sum()
        numbers.append([
            passed[stage].get(who, 0) if stage in passed else -1
            for who, stage in zip(table["group"], table["stage"], strict=True)
        ])  # fmt: skip
    every = np.array(numbers)
    return (every == every[0]).all(axis=0) & (every[0] >= 0)


def mark(thing: Any) -> Any:
    """Return what tells arguments apart: tables by their identity, since they stay in place."""
    if isinstance(thing, Mapping):
        return tuple((str(key), mark(value)) for key, value in thing.items())
    if isinstance(thing, list | tuple):
        return tuple(mark(value) for value in thing)
    plain = isinstance(thing, str | int | float | bool | type(None))
    return (type(thing).__name__, thing) if plain else (id(thing), type(thing).__name__)


def _defaults(measure: Callable[..., Any]) -> dict[str, Any]:
    told = inspect.signature(measure).parameters.values()
    return {p.name: p.default for p in told if p.default is not inspect.Parameter.empty}


def words_of_call(measure: Callable[..., Any], arguments: Mapping[str, Any]) -> list[str]:
    """Return every text among the arguments of a call: columns and flags are among them."""
    return _words_in({**_defaults(measure), **arguments})


def _words_in(thing: Any) -> list[str]:
    """Return every text among arguments: names of columns and flags are among them."""
    if isinstance(thing, str):
        return [thing]
    if isinstance(thing, Mapping):
        return [w for v in thing.values() for w in _words_in(v)]
    if isinstance(thing, list | tuple):
        return [w for v in thing for w in _words_in(v)]
    return []
