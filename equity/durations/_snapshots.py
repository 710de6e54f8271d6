"""The snapshots of a roster: their dates in order, and which are copies of the one before."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from equity.durations._calendar import code
from equity.durations._engine import collected, text
from equity.tables import WORKFORCE

__all__ = ["PERSON", "WHEN", "Snapshots", "find", "look_up", "seen"]

PERSON, WHEN = "_durations_person", "_durations_when"
COPY_FROM = 500
"""A snapshot of so many people in which nobody and nothing differs from the one before is a copy.

Where several in a hundred leave within a year and others move, five hundred do not stand still
for a month; fifteen people can.
"""
_NOT_COMPARED = {"person_id", "date", "year", "source_row", "source_file", "weight"}


@dataclass(frozen=True)
class Snapshots:
    """Dates (as numbers such as 20170430) in order, and those that copy the one before."""

    dates: tuple[int, ...]
    copies: frozenset[int]

    @property
    def different(self) -> tuple[int, ...]:
        """The dates without the copies."""
        return tuple(d for d in self.dates if d not in self.copies)


def seen(frame: Any) -> Any:
    """Add the person as text and the snapshot's date; a year alone is its first of July."""
    schema = frame.collect_schema()
    whens = [code(schema, "date")] if "date" in schema else []
    if "year" in schema:
        whens.append(nw.col("year").cast(nw.Int64) * 10_000 + 701)
    when = nw.coalesce(*whens) if whens else nw.lit(None, dtype=nw.Int64)
    return frame.with_columns(text(schema, "person_id").alias(PERSON), when.alias(WHEN))


def find(frame: Any) -> Snapshots:
    """Return the snapshots of rows that `seen` has been through; two small passes over them."""
    there = frame.filter(~nw.col(WHEN).is_null())
    sizes = {r[WHEN]: r["n"] for r in collected(there.group_by(WHEN).agg(nw.len().alias("n")))}
    dates = sorted(sizes)
    alike = [
        (one, other)
        for one, other in zip(dates, dates[1:], strict=False)
        if sizes[one] == sizes[other] >= COPY_FROM
    ]
    return Snapshots(tuple(dates), frozenset(_copies(there, alike, sizes)))


def _copies(frame: Any, alike: Sequence[tuple[int, int]], sizes: Mapping[int, int]) -> list[int]:
    """Return the later ones of pairs of snapshots that hold exactly the same records."""
    if not alike:
        return []
    schema = frame.collect_schema()
    compared = [c for c in WORKFORCE.names if c in schema and c not in _NOT_COMPARED]
    if not compared:
        return []
    records = frame.filter(~nw.col(PERSON).is_null()).select(
        PERSON, WHEN, *(text(schema, c).fill_null("") for c in compared)
    )
    keys = [PERSON, *compared]
    records = records.group_by(WHEN, *keys).agg(nw.len().alias("n"))
    later = dict(alike)
    moved = records.with_columns(look_up(WHEN, later).alias(WHEN))
    both = records.join(moved.filter(~nw.col(WHEN).is_null()), on=[WHEN, *keys, "n"], how="inner")
    same = {r[WHEN]: r["n"] for r in collected(both.group_by(WHEN).agg(nw.col("n").sum()))}
    return [other for _, other in alike if same.get(other) == sizes[other]]


def look_up(column: str, values: Mapping[int, int]) -> Any:
    """Return the value of each key, missing for others; for a few keys that Python knows."""
    if not values:
        return nw.lit(None, dtype=nw.Int64)
    (key, value), *others = values.items()
    first = nw.when(nw.col(column) == key).then(nw.lit(value, dtype=nw.Int64))
    chain = functools.reduce(
        lambda so_far, kv: so_far.when(nw.col(column) == kv[0]).then(
            nw.lit(kv[1], dtype=nw.Int64)
        ),
        others,
        first,
    )
    return chain
