"""Counts of durations folded into life tables: strata x groups x times, with a reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from equity.measures._cells import NOT_KNOWN, Cells, cells, key
from equity.proportions import LifeTable, life_table, log_rank

__all__ = [
    "MINIMUM",
    "Durations",
    "against",
    "durations_of",
    "minimum_of",
    "one_sided",
    "positions",
]

MINIMUM = 10
"""Fewer people than this at risk leave a curve that one person more or less would move by a tenth
of itself: its figures are not stated. The same convention as elsewhere for small numbers."""

APART = 0.05
"""So far apart may be the shares of those who left and of those who stayed of whom a part is not
known: a share or rate within parts is off by about as much."""


@dataclass(frozen=True)
class Durations:
    """Rows that can be used, with their place in `folded`, and how many people cannot be."""

    folded: Cells
    """Column `n` (all people), `left_out` (of them, those who cannot be used)."""
    slot: np.ndarray
    """Of each row that can be used: stratum * groups + group."""
    time: np.ndarray
    entered: np.ndarray
    n: np.ndarray
    x: np.ndarray
    rows: np.ndarray
    """Which rows of the table these are."""

    def table(self, times: np.ndarray | None = None) -> LifeTable:
        """Return the life table, of shape (strata, groups, times)."""
        shape = self.folded.shape
        out = life_table(
            self.time,
            self.n,
            self.x,
            entered=self.entered,
            slot=self.slot,
            slots=shape[0] * shape[1],
            times=times,
        )
        deep = [v.reshape(*shape, len(out.times)) for v in (out.at_risk, out.events)]
        return LifeTable(out.times, *deep)

    def count(self, weights: np.ndarray) -> np.ndarray:
        """Return a sum of the rows by stratum and group."""
        size = int(np.prod(self.folded.shape))
        return np.bincount(self.slot, weights=weights, minlength=size).reshape(self.folded.shape)


def positions(values: pd.Series, names: tuple[str, ...], *, missing: int = -1) -> np.ndarray:
    """Return for each value its place among `names`; `missing` where it is not known."""
    codes, found = pd.factorize(values)
    where = {name: i for i, name in enumerate(names)}
    return np.array([*(where.get(key(v), missing) for v in found), missing])[codes]


def durations_of(
    frame: pd.DataFrame,
    *,
    group: str,
    within: str | None,
    time: str,
    event: str,
    entered: str | None = None,
) -> Durations:
    """Fold rows of counts with a duration; who has none that can be used is counted apart.

    A row is used where its time is known and not negative and people's event is known. Whoever
    entered at 0 is at risk from the first moment on, so that an event at time 0 counts; whoever
    entered later is at risk after that time. An empty `entered` is not known, and left out.
    """
    end = frame[time].to_numpy(dtype=float, na_value=np.nan)
    start = np.zeros(len(frame))
    if entered is not None:
        start = frame[entered].to_numpy(dtype=float, na_value=np.nan)
    everyone = frame["n"].to_numpy(dtype=float, na_value=np.nan)
    known = frame[f"{event}_known"].to_numpy(dtype=float, na_value=np.nan)
    x = frame[event].to_numpy(dtype=float, na_value=np.nan)
    # cells() refuses counts that cannot be; people beyond n are an error of the file
    if (known > everyone).any() or (x > known).any():
        raise ValueError(
            f"{event!r} counts more people than there are: {event} must be at most {event}_known, "
            "and that at most n. Make the table with equity.count."
        )
    start = np.where(start <= 0, np.where(start < 0, np.nan, -1.0), start)
    with np.errstate(invalid="ignore"):
        good = (end >= 0) & (start < end)
    narrow = frame[[group, *([within] if within else [])]].assign(
        n=everyone, left_out=np.where(good, everyone - known, everyone)
    )
    folded = cells(narrow, group=group, within=within, columns=["n", "left_out"])
    column = positions(frame[group], folded.groups)
    row = np.zeros(len(frame), dtype=np.int64)
    if within is not None:
        last = folded.strata.index(NOT_KNOWN) if NOT_KNOWN in folded.strata else -1
        row = positions(frame[within], folded.strata, missing=last)
    used = good & (column >= 0) & (known > 0)
    slot = row * len(folded.groups) + column
    return Durations(
        folded, slot[used], end[used], start[used], known[used], x[used], np.flatnonzero(used)
    )


def against(table: LifeTable, at: int) -> np.ndarray:
    """Return the log-rank p-value of each group against the reference at position `at`.

    Shape (strata, groups); NaN for the reference itself. Only the two groups are in each test.
    """
    pair = [
        np.stack((v, np.broadcast_to(v[..., at : at + 1, :], v.shape)), axis=-2)
        for v in (table.at_risk, table.events)
    ]
    own = np.arange(table.at_risk.shape[-2]) == at
    return np.where(own, np.nan, log_rank(*pair).p_value)


def minimum_of(minimum: int) -> int:
    """Return the fewest at risk, or raise ValueError: a whole number of 1 or more."""
    if isinstance(minimum, bool) or not isinstance(minimum, int | np.integer) or minimum < 1:
        raise ValueError(
            f"minimum={minimum!r} must be a whole number of 1 or more: the fewest people at risk "
            "of whom a figure is stated."
        )
    return int(minimum)


def one_sided(frame: pd.DataFrame, within: str | None, event: str) -> str | None:
    """Return in words that the strata are known of those who left otherwise than of who stayed.

    People without a stratum are in none; if they are mostly leavers, those of every stratum seem
    to stay, and the other way round.
    """
    if within is None:
        return None
    known = ~frame[within].isna().to_numpy()
    left = frame[event].to_numpy(dtype=float, na_value=0.0)
    stayed = frame[f"{event}_known"].to_numpy(dtype=float, na_value=0.0) - left
    if not left.sum() or not stayed.sum():
        return None
    if not stayed[known].sum():
        return f"{within} is known only of those who left"
    gone, here = (float(v[~known].sum() / v.sum()) for v in (left, stayed))
    if abs(gone - here) < APART:
        return None
    return (
        f"{within} is not known of {100 * gone:.0f} % of those who left, but of "
        f"{100 * here:.0f} % of those who stayed"
    )
