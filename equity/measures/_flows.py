"""Who joined and who left, by group, as snapshots of a workforce tell it: shares and rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import frame_of, need

__all__ = ["OTHERS", "Flows", "Staff", "exit_rates_of", "staff_of"]

OTHERS = "others"
"""What everybody else of a known group is called, beside the group that is followed."""


@dataclass(frozen=True)
class Flows:
    """Events among people, by snapshot: `events[j]` of `known[j]` people within `gap[j]` years."""

    events: np.ndarray
    known: np.ndarray
    gap: np.ndarray

    @property
    def total(self) -> tuple[int, int]:
        """Number of events, number of people."""
        return int(self.events.sum()), int(self.known.sum())

    def rate(self, part: Any) -> Any:
        """Return the rate of one year that gives this part of the people their event.

        `part` is the number of events over the number of people, or many such numbers. Where the
        snapshots are g years apart, the events of g years are seen at once.
        """
        gaps = np.unique(self.gap[self.known > 0])
        part = np.asarray(part, dtype=float)
        if len(gaps) == 1:
            return 1 - (1 - part) ** (1 / gaps[0])
        weight = self.known / self.known.sum()
        low, high = np.zeros_like(part), np.ones_like(part)
        for _ in range(50):
            middle = (low + high) / 2
            kept = (1 - middle[..., None]) ** self.gap
            short = ((1 - kept) * weight).sum(axis=-1) < part
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        return (low + high) / 2


@dataclass(frozen=True)
class Staff:
    """A workforce as its newest snapshot has it, and what the older ones tell of it."""

    year: int | None
    focal: int
    others: int
    unknown: int
    hired: tuple[int, int] | None
    """Of the focal group, and all of a known group, who joined; None where nobody knows."""
    left: tuple[Flows, Flows] | None
    """Of the focal group and of the others; None where nobody knows."""


def staff_of(workforce: Any, *, group: str, focal: str, when: str) -> Staff:
    """Fold a workforce into one group and the others, now and over its snapshots."""
    frame = frame_of(workforce, what="workforce")
    need(frame, [("group", group), ("n", "n")], what="workforce")
    if not len(frame):
        raise ValueError("There is nobody in the workforce that is chosen, so nothing to project.")
    known = frame[group].notna().to_numpy()
    keys = frame[group].astype("str")
    groups = sorted(keys[known].unique())
    if focal not in groups:
        raise ValueError(
            f"focal={focal!r} is not one of the groups of {group!r}: {', '.join(groups)}."
        )
    own = (keys == focal).to_numpy() & known
    n = _whole(frame, "n")
    years = _years(frame, when)
    now = np.ones(len(frame), dtype=bool) if years is None else years == years.max()
    return Staff(
        year=None if years is None else int(years.max()),
        focal=int(n[own & now].sum()),
        others=int(n[known & ~own & now].sum()),
        unknown=int(n[~known & now].sum()),
        hired=_joined(frame, own, known),
        left=_left(frame, own, known, years),
    )


def exit_rates_of(given: Any, focal: str) -> dict[str, float]:
    """Return the exit rates that are given, of the focal group and of the others."""
    if given is None:
        return {}
    if not hasattr(given, "items"):
        given = {focal: given, OTHERS: given}
    given = {focal if k == "focal" else k: v for k, v in given.items()}
    strangers = [str(k) for k in given if k not in (focal, OTHERS)]
    if strangers:
        raise ValueError(
            f"exit_rates names {strangers[0]!r}. Give one rate for everybody, or a mapping with "
            f"the keys {focal!r} and {OTHERS!r}."
        )
    out = {k: float(v) for k, v in given.items() if v is not None}
    for name, rate in out.items():
        if not 0 <= rate <= 1:
            raise ValueError(
                f"exit_rates of {name!r} is {rate!r}: it is the share that leaves in a year, "
                "between 0 and 1, such as 0.06."
            )
    return out


def _whole(frame: pd.DataFrame, column: str) -> np.ndarray:
    values = pd.to_numeric(frame[column]).fillna(-1).to_numpy(dtype=float)
    if (values < 0).any():
        raise ValueError(
            f"Column {column!r} must hold counts of 0 or more, without gaps. "
            "Make the table with equity.count."
        )
    return values


def _years(frame: pd.DataFrame, when: str) -> np.ndarray | None:
    """Return the year of each row, -1 where it is not known; None without a year at all."""
    if when not in frame:
        return None
    years = pd.to_numeric(frame[when], errors="coerce")
    if years.isna().all():
        return None
    return years.fillna(-1).to_numpy(dtype=np.int64)


def _counted(frame: pd.DataFrame, flag: str) -> bool:
    return flag in frame and f"{flag}_known" in frame


def _joined(frame: pd.DataFrame, own: np.ndarray, known: np.ndarray) -> tuple[int, int] | None:
    if not _counted(frame, "joined") or not _whole(frame, "joined_known")[known].sum():
        return None
    joined = _whole(frame, "joined")
    return int(joined[own].sum()), int(joined[known].sum())


def _left(
    frame: pd.DataFrame, own: np.ndarray, known: np.ndarray, years: np.ndarray | None
) -> tuple[Flows, Flows] | None:
    if not _counted(frame, "left"):
        return None
    left, asked = _whole(frame, "left"), _whole(frame, "left_known")
    snapshots = np.zeros(1, dtype=np.int64) if years is None else np.unique(years[years >= 0])
    at = np.zeros(len(frame), dtype=np.int64) if years is None else years
    # the newest snapshot has no next one: whoever is known there was told otherwise, of one year
    gap = np.append(np.diff(snapshots), 1)

    def flows(rows: np.ndarray) -> Flows:
        inside = [rows & (at == y) for y in snapshots]
        events, people = ([v[r].sum() for r in inside] for v in (left, asked))
        return Flows(np.array(events), np.array(people), gap)

    both = flows(own), flows(known & ~own)
    return both if all(f.known.sum() for f in both) else None
