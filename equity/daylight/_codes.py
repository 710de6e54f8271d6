"""Daylight of rows whose dates, seconds and places are known by number (`equity.counts`).

The rules are those of `equity.daylight._rows`, and the evenings those of `sun_table`. Only the
rows of the hours that are dark on some days are looked up; the others are outside the window.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from equity.daylight._evenings import COLUMNS, DAY, DAY_KEY, NEVER, PLACE_KEY, sun_table
from equity.daylight._places import Place

__all__ = ["columns"]

LABELS = ("outside the window", "dark", "light", "twilight", "no sunset")
OUTSIDE, DARK, LIGHT, TWILIGHT, NO_SUNSET = 1, 2, 3, 4, 5
STEPS = DAY // 300
FARTHEST = 30  # days from a change of the clocks


class TooFarNorth(ValueError):
    """Dusk comes after midnight: the rows are looked up by their engine instead."""


class _Sun:
    """The evenings of all days between two, of the places met so far."""

    def __init__(self, date: Any, second: Any, place: Any, locate: Callable[[list], Any]) -> None:
        self.date, self.second, self.place, self.locate = date, second, place, locate
        self.first = np.datetime64(int(date.low), "D")
        self.days = date.high - date.low + 1
        self.table = np.empty((0, 4), np.int32)
        self.change = np.empty(0, np.int32)
        self.low, self.high, self.all_known = NEVER, -1, True
        self.wanted: set[str] = set()
        self._lock, self._built = threading.Lock(), 0

    def meet(self) -> None:
        """Work out the evenings of places that have not been met before."""
        with self._lock:
            size = 1 if self.place is None else self.place.size
            if size <= self._built:
                return
            there: list[Place | None] = (
                [self.locate([])]
                if self.place is None
                else [None, *self.locate(self.place.values[1:size])]
            )
            found = [_evenings(self.first, self.days, place) for place in there]
            table = np.concatenate(found)
            window = table[table[:, 2] < NEVER]
            if len(window) and window[:, 3].max() >= DAY:
                raise TooFarNorth("dusk comes after midnight")
            self.low = int(window[:, 2].min(initial=NEVER))
            self.high = int(window[:, 3].max(initial=-1))
            known = table[:, 2] < NEVER
            self.all_known = bool(known[0 if self.place is None else self.days :].all())
            self.table, self.change = np.ascontiguousarray(table[:, :4]), table[:, 4].copy()
            self._built = size

    def where(self, batch: Any) -> np.ndarray:
        """Return for each row its line in the table; of an unknown date that of an unknown day."""
        days = batch.codes("date")
        if self.place is None:
            return np.maximum(days, 1) - 1
        place = batch.codes(self.place.name)
        self.meet()
        return place * np.int32(self.days) + (np.maximum(days, 1) - 1)

    def look_up(self, batch: Any) -> None:
        """Give the batch the codes of those of the columns that are wanted."""
        if self.place is not None:
            # a dictionary that brings a new place is read before the bounds of the evenings
            self.place.meet(batch)
        self.meet()
        second = batch.codes("second_of_day")
        base = self.second.low - 1  # of code 0
        hours = (second > max(0, self.low - base - 1)) & (second <= self.high - base)
        at = np.flatnonzero(hours)
        (sunset, dusk, earliest, latest), clock, unknown = self._near(batch, at, second, base)
        inside = (clock >= earliest) & (clock <= latest)
        sets = sunset < NEVER
        near = np.full(len(at), NO_SUNSET, np.uint8)
        near[sets] = TWILIGHT
        near[(clock < sunset) & sets] = LIGHT
        near[clock >= dusk] = DARK
        near[~inside] = OUTSIDE
        near[unknown] = 0
        if "daylight" in self.wanted:
            label = np.full(batch.rows, OUTSIDE, np.uint8)
            label[at] = near
            label *= self._known(batch, second, base)
            batch.store("daylight", label)
        if "is_dark" in self.wanted:
            told = ((near == DARK) | (near == LIGHT)).view(np.uint8)
            dark = np.zeros(batch.rows, np.uint8)
            dark[at] = told + (near == DARK)
            batch.store("is_dark", dark)
        if "minutes_since_dusk" in self.wanted:
            shown = (dusk < NEVER) & ((near == DARK) | (near == LIGHT) | (near == TWILIGHT))
            minutes = np.zeros(batch.rows, np.int32)
            minutes[at] = np.where(shown, (clock - dusk + DAY) // 300 + 1, 0)
            batch.store("minutes_since_dusk", minutes)

    def _near(
        self, batch: Any, at: np.ndarray, second: np.ndarray, base: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        part = batch.part(at)
        sun = self.table.take(self.where(part), axis=0)
        unknown = (part.codes("date") == 0) | (sun[:, 2] >= NEVER)
        return sun.T, second.take(at) + np.int32(base), unknown

    def _known(self, batch: Any, second: np.ndarray, base: int) -> np.ndarray:
        """Return 1 where second, date and place are known, else 0."""
        known = second > 0
        if self.second.low < 0 or self.second.high >= DAY:
            clock = second + base
            known &= (clock >= 0) & (clock < DAY)
        whole = (self.place is None or self.place.complete(batch)) and self.date.complete(batch)
        if not (whole and self.all_known):
            known &= batch.codes("date") > 0
            known &= self.table[:, 2].take(self.where(batch)) < NEVER
        return known.view(np.uint8)


class _Looked:
    """One of the four columns."""

    def __init__(self, sun: _Sun, name: str, kind: pa.DataType, values: list[Any]) -> None:
        self.sun, self.name, self.kind, self.values = sun, name, kind, [None, *values]

    def want(self) -> None:
        """Say that the column will be asked for."""
        self.sun.wanted.add(self.name)

    @property
    def size(self) -> int:
        return len(self.values)

    def array(self) -> pa.Array:
        return pa.array(self.values, self.kind)

    def codes(self, batch: Any) -> np.ndarray:
        if self.name == "days_from_change":
            change = self.sun.change.take(self.sun.where(batch))
            there = (change < NEVER) & (batch.codes("date") > 0)
            return np.where(there, change + (FARTHEST + 1), 0).astype(np.int32)
        self.sun.look_up(batch)
        return batch.codes(self.name)


def columns(
    column: Callable[[str], Any],
    kinds: Mapping[str, Any],
    place: str | None,
    locate: Callable[[list], Any],
) -> dict[str, Any] | None:
    """Return the four columns of `add_daylight`; None where dates or places are no numbers.

    column : gives the column of a name, known by number.
    locate : gives the places of some names; of none, the one place of all rows.
    """
    texts = place is None or pa.types.is_string(kinds[place])
    if not texts or not pa.types.is_date32(kinds["date"]):
        return None
    date, second = column("date"), column("second_of_day")
    where = None if place is None else column(place)
    if not (hasattr(date, "low") and hasattr(second, "low")) or (
        where is not None and not hasattr(where, "meet")
    ):
        return None
    if not -DAY <= second.low <= second.high < 10 * DAY:
        return None
    sun = _Sun(date, second, where, locate)
    minutes = [5 * step for step in range(-STEPS, STEPS)]
    kind_of: dict[str, tuple[pa.DataType, list[Any]]] = {
        "daylight": (pa.string(), list(LABELS)),
        "is_dark": (pa.bool_(), [False, True]),
        "minutes_since_dusk": (pa.int64(), minutes),
        "days_from_change": (pa.int64(), list(range(-FARTHEST, FARTHEST + 1))),
    }
    return {name: _Looked(sun, name, *told) for name, told in kind_of.items()}


@lru_cache(maxsize=10_000)
def _evenings(first: np.datetime64, days: int, place: Place | None) -> np.ndarray:
    """Return sunset, dusk, start and end of the window, and days from the change, of each day.

    A day that is out of bounds, or a place that is not known, has NEVER.
    """
    table = np.full((days, 5), NEVER, np.int32)
    if place is None:
        return table
    dates = pd.DatetimeIndex(pd.to_datetime(first + np.arange(days)))
    number = dates.year * 10_000 + dates.month * 100 + dates.day
    pairs = pd.DataFrame({DAY_KEY: np.asarray(number, np.int64), PLACE_KEY: ""})
    sun = sun_table(pairs, {"": place})
    row = pd.Index(pairs[DAY_KEY]).get_indexer(pd.Index(sun[DAY_KEY]))
    names = ("sunset", "dusk", "earliest", "latest", "change")
    table[row] = sun[[COLUMNS[name] for name in names]].to_numpy()
    return table
