"""Who joined and who left, by group, as snapshots of a workforce tell it: shares and rates.

A part of a workforce, such as its sworn officers, is also entered from its other posts. Who came
from there neither joined nor left, but the counts tell how many: between two snapshots
`n(t+1) = n(t) - left + joined + moved`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import frame_of, need

__all__ = ["OTHERS", "Flows", "Staff", "exit_rates_of", "staff_of"]

OTHERS = "others"
"""What everybody else of a known group is called, beside the group that is followed."""


SMALL, FEW_OUT = 0.1, 2
"""More moved out than in: so many of those who left, or so many people, count as left too."""
LARGE, FEW_IN = 0.25, 5
"""More moved in than out: so many of those who were there, a year, or so many people."""


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
    """Of the focal group, and all of a known group, who entered; None where nobody knows."""
    left: tuple[Flows, Flows] | None
    """Of the focal group and of the others; None where nobody knows."""
    moved: tuple[int, int]
    """Those among the hired who came from other posts: more than went there."""
    moved_out: int
    """Those among the left who went to other posts: more than came from there."""
    hired_trouble: str | None
    """Why the share among those who entered cannot be told, although people joined."""
    left_trouble: str | None
    """Why the exit rates cannot be told, although people left."""


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
    told = _told(frame, own, known, years)
    return Staff(
        year=None if years is None else int(years.max()),
        focal=int(n[own & now].sum()),
        others=int(n[known & ~own & now].sum()),
        unknown=int(n[~known & now].sum()),
        **told,
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


def _told(
    frame: pd.DataFrame, own: np.ndarray, known: np.ndarray, years: np.ndarray | None
) -> dict[str, Any]:
    """Return who entered and who left, of the focal group and of the others, and who moved."""
    snapshots = np.zeros(1, dtype=np.int64) if years is None else np.unique(years[years >= 0])
    at = np.zeros(len(frame), dtype=np.int64) if years is None else years
    rows = known & (at >= 0)
    cell = np.where(own, 0, len(snapshots))[rows] + np.searchsorted(snapshots, at[rows])
    shape = 2, len(snapshots)

    def sums(column: str) -> np.ndarray:
        values = _whole(frame, column)[rows]
        return np.bincount(cell, weights=values, minlength=2 * shape[1]).reshape(shape)

    # the newest snapshot has no next one: whoever is known there was told otherwise, of one year
    gap = np.append(np.diff(snapshots), 1)
    nothing = np.zeros(shape)
    joined, came = nothing, nothing
    if _counted(frame, "joined"):
        joined, came = sums("joined"), sums("joined_known")
    left, asked = nothing, nothing
    if _counted(frame, "left"):
        left, asked = sums("left"), sums("left_known")
    net, whole = _net(joined, came, left, asked)
    inward, outward = np.maximum(net, 0), np.maximum(-net, 0)
    out = outward.sum(axis=1)
    gone = left.copy()
    gone[:, :-1] += outward
    both = Flows(gone[0], asked[0], gap), Flows(gone[1], asked[1], gap)
    lost = bool((out > np.maximum(FEW_OUT, SMALL * left.sum(axis=1))).any())
    many = bool((inward > np.maximum(FEW_IN, LARGE * asked[:, :-1] * gap[:-1])).any())
    entered = (joined[:, 1:] * whole + inward).sum(axis=1)
    trouble = _trouble(out, inward.sum(axis=1), lost, many, bool(whole.any()))
    if came.any() and not asked.any():
        trouble = (
            "the flag 'left' is missing beside 'joined', so nobody can tell who came from other "
            "posts"
        )
    return {
        "hired": (int(entered[0]), int(entered.sum())) if came.any() else None,
        "left": both if all(f.known.sum() for f in both) else None,
        "moved": (int(inward[0].sum()), int(inward.sum())),
        "moved_out": int(out.sum()),
        "hired_trouble": trouble,
        "left_trouble": trouble if lost else None,
    }


def _net(
    joined: np.ndarray, came: np.ndarray, left: np.ndarray, asked: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many more moved in than out, by part and pair of snapshots, and which pairs tell.

    Only people with a number are compared: of the others nobody knows whether they joined. Where
    both flags are missing, a snapshot copies the one before, and tells nothing.
    """
    whole = np.logical_and(came[:, 1:].sum(axis=0), asked[:, :-1].sum(axis=0))
    net = came[:, 1:] - joined[:, 1:] - (asked[:, :-1] - left[:, :-1])
    return net * whole, whole


def _trouble(
    out: np.ndarray, inward: np.ndarray, lost: bool, many: bool, paired: bool
) -> str | None:
    """Say why moves between posts cannot be told from hiring and leaving."""
    if lost:
        return (
            f"{out.sum():,.0f} more people moved from here to other posts than came from there, "
            "or had their group recorded anew, so those who joined and left are not all who "
            "entered and went"
        )
    if many:
        return (
            f"{inward.sum():,.0f} people came from other posts, or had their group recorded anew: "
            "too many for moves of single people, as when posts are counted another way"
        )
    if not paired:
        return (
            "a snapshot is missing: without two that follow each other nobody can tell who came "
            "from other posts"
        )
    return None
