"""Daylight of rows whose dates, seconds and places are known by number (`equity.counts`).

The rules are those of `equity.daylight._rows`, and the evenings those of `sun_table`. Only the
rows of the hours that are dark on some days are looked up; the others are outside the window.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
MOST = 1 << 23
"""Evenings (days times places) that are worked out beforehand: some 300 MB."""
NONE = 65_535  # seconds, of a time that does not come


class TooFarNorth(ValueError):
    """Dusk comes after midnight: the rows are looked up by their engine instead."""


@dataclass(frozen=True)
class _Table:
    """The evenings of all days of some places, one line each, before them one of no known day.

    lines : sunset, dusk, start and end of the window in seconds after `low`, each of 16 bits, as
        one number of 64: so a line is looked up at once, and the table is small.
    change : days from the change of the clocks.
    low, high : the first and the last second at which it is dark on some day.
    """

    lines: np.ndarray
    change: np.ndarray
    low: int
    high: int
    all_known: bool


class _Sun:
    """The evenings of all days between two, of the places met so far."""

    def __init__(self, date: Any, second: Any, place: Any, locate: Callable[[list], Any]) -> None:
        self.date, self.second, self.place, self.locate = date, second, place, locate
        self.first = np.datetime64(int(date.low), "D")
        self.days = date.high - date.low + 1
        self.wanted: set[str] = set()
        self._lock, self._built, self._table = threading.Lock(), 0, None

    def table(self) -> _Table:
        """Return the evenings; those of places that have not been met before are worked out."""
        with self._lock:
            size = 1 if self.place is None else self.place.size
            if self.days * size > MOST:
                raise ValueError("there are too many evenings to work them out beforehand")
            if self._table is None or size > self._built:
                there: list[Place | None] = (
                    [self.locate([])]
                    if self.place is None
                    else [None, *self.locate(self.place.values[1:size])]
                )
                found = [_evenings(self.first, self.days, place) for place in there]
                self._table, self._built = _narrow(found), size
            return self._table

    def where(self, batch: Any) -> np.ndarray:
        """Return for each row its line in the table."""
        days = batch.codes("date")
        if self.place is None:
            return days
        return batch.codes(self.place.name) * np.int32(self.days + 1) + days

    def evening(self, batch: Any) -> tuple[_Table, np.ndarray, np.ndarray]:
        """Return the table, the rows of hours that are dark on some days, and their seconds."""
        if self.place is not None:
            # a dictionary that brings a new place is read before the bounds of the evenings
            self.place.meet(batch)
        sun = self.table()
        return sun, *self.second.between(batch, max(sun.low, 0), sun.high)

    def look_up(self, batch: Any) -> None:
        """Give the batch the codes of those of the columns that are wanted."""
        sun, at, second = self.evening(batch)
        part = batch if len(at) == batch.rows else batch.part(at)  # whose codes are of use later
        clock = (second.astype(np.int32, copy=False) - np.int32(sun.low)).astype(np.uint16)
        lines = sun.lines.take(self.where(part))
        sunset, dusk, earliest, latest = lines.view(np.uint16).reshape(-1, 4).T
        inside = (clock >= earliest) & (clock <= latest)
        sets = sunset < NONE
        dark = inside & (clock >= dusk)
        light = inside & sets & (clock < sunset)
        if "daylight" in self.wanted:
            near = np.full(len(at), NO_SUNSET, np.uint8)
            near[sets] = TWILIGHT
            near[light] = LIGHT
            near[dark] = DARK
            near[~inside] = OUTSIDE
            near[earliest == NONE] = 0
            label = np.full(batch.rows, OUTSIDE, np.uint8)
            label[at] = near
            label *= self._known(batch, sun)
            batch.store("daylight", label)
        if "is_dark" in self.wanted:
            told = np.zeros(batch.rows, np.uint8)
            told[at] = np.maximum(light.view(np.uint8), dark.view(np.uint8) * np.uint8(2))
            batch.store("is_dark", told)
        if "minutes_since_dusk" in self.wanted:
            shown = inside & (dusk < NONE) & (dark | sets)
            minutes = np.zeros(batch.rows, np.int32)
            since = clock.astype(np.int32) - dusk
            minutes[at] = np.where(shown, (since + DAY) // 300 + 1, 0)
            batch.store("minutes_since_dusk", minutes)

    def _known(self, batch: Any, sun: _Table) -> np.ndarray:
        """Return 1 where second, date and place are known, else 0."""
        second, base = batch.codes("second_of_day"), self.second.low - 1  # base: of code 0
        known = second > 0
        if self.second.low < 0 or self.second.high >= DAY:
            clock = second + base
            known &= (clock >= 0) & (clock < DAY)
        whole = (self.place is None or self.place.complete(batch)) and self.date.complete(batch)
        if not (whole and sun.all_known):
            lines = sun.lines.take(self.where(batch))
            known &= lines.view(np.uint16).reshape(-1, 4)[:, 2] < NONE
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

    def among(self, batch: Any) -> np.ndarray | None:
        if self.name in ("is_dark", "minutes_since_dusk"):
            return self.sun.evening(batch)[1]
        return None

    def codes(self, batch: Any) -> np.ndarray:
        if self.name == "days_from_change":
            where = self.sun.where(batch)  # first: it may meet new places
            change = self.sun.table().change.take(where)
            return np.where(change < NEVER, change + (FARTHEST + 1), 0).astype(np.int32)
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


def _narrow(found: list[np.ndarray]) -> _Table:
    """Return the evenings of places, each with its days, as one table."""
    unknown = np.full((1, 5), NEVER, np.int32)
    table = np.concatenate([part for one in found for part in (unknown, one)])
    window = table[table[:, 2] < NEVER]
    low, high = int(window[:, 2].min(initial=NEVER)), int(window[:, 3].max(initial=-1))
    if high >= DAY:
        raise TooFarNorth("dusk comes after midnight")
    if high - low >= NONE - 1:
        raise TooFarNorth("dusk comes at nearly all hours")
    times = np.clip(table[:, :4] - low, 0, NONE - 1)  # before the window is before it
    times[table[:, :4] == NEVER] = NONE
    places = found[1:] or found  # the first of several is that of no known place
    known = np.concatenate(places)[:, 2] < NEVER
    lines = times.astype(np.uint16).view(np.uint64).reshape(-1)
    return _Table(lines, table[:, 4].copy(), low, high, bool(known.all()))


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
