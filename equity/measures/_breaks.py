"""Where the categories of a workforce changed: moves between snapshots no hiring can make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

UNKNOWN = "not known"
RECODED = 0.1
"""Where people can be followed: a group is recoded if so large a part of it has another code."""

MANY_UNKNOWN = 0.02
"""People who come to be known, or unknown, are a break from this part of all people on."""


@dataclass(frozen=True)
class Rule:
    """What hires and exits can make of a group between two snapshots.

    jump : times as much as could be expected.
    turnover : share of the people who are replaced in a year, as a generous guess.
    least : a smaller change, in people, is never a break.
    """

    jump: float
    turnover: float
    least: int

    def __post_init__(self) -> None:
        for name, low, high in (("jump", 1, np.inf), ("turnover", 0, 1), ("least", 1, np.inf)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(
                    f"{name}={value!r} must be at least {low}"
                    + (f" and at most {high}" if high < np.inf else "")
                    + ". The defaults are jump=3, turnover=0.15, least=10."
                )


def breaks(
    x: np.ndarray,
    community: np.ndarray,
    groups: list[str],
    years: np.ndarray,
    moved: tuple[np.ndarray, np.ndarray] | None,
    rule: Rule,
) -> list[str]:
    """Return for each snapshot why the categories are others than in the one before; "" if not.

    x : people, shape (snapshots, groups), the last group being those without a known one.
    community : the largest share of each group in any benchmark, same shape.
    years : from the snapshot before to this one, shape (snapshots,).
    moved : flags `joined` and `left` in people, same shape as `x`, NaN where not known.
    """
    out = [""]
    for t in range(1, len(x)):
        before, after = x[t - 1], x[t]
        followed = None
        if moved is not None:
            stayed, arrived = before - moved[1][t - 1], after - moved[0][t]
            followed = None if np.isnan(stayed + arrived).any() else arrived - stayed
        if followed is not None:
            said = _followed(before, after, followed, groups, rule)
        else:
            said = _counted(before, after, community[t], groups, float(years[t]), rule)
        out.append("; ".join(said))
    return out


def _followed(
    before: np.ndarray, after: np.ndarray, recoded: np.ndarray, groups: list[str], rule: Rule
) -> list[str]:
    """Return the groups into or out of which people who stayed were put by another code."""
    size = np.abs(recoded)
    found = (size >= rule.least) & (size > RECODED * np.maximum(before, after))
    return [
        f"{groups[i]}: {_people(size[i])} who stayed {'got' if recoded[i] > 0 else 'lost'} "
        f"this code ({_step(before[i], after[i])})"
        for i in np.flatnonzero(found)
    ]


def _counted(
    before: np.ndarray,
    after: np.ndarray,
    community: np.ndarray,
    groups: list[str],
    years: float,
    rule: Rule,
) -> list[str]:
    """Return the groups that rose or fell by far more than hires and exits could make.

    Hires are at most the replaced and the growth; of them the group's share is that of the
    community or of the staff before, whichever is larger. Exits are the group's part of the
    replaced and of the shrinkage. Where the group was or is nobody, once as many is too many.
    """
    staff, now = before.sum(), after.sum()
    part = min(1.0, rule.turnover * years)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(staff > 0, before / staff, 0.0)
    likely = np.fmax(share, np.where(np.isnan(community), 0.0, community))
    hires = (part * staff + max(0.0, now - staff)) * likely
    exits = before * min(1.0, part + max(0.0, 1 - now / staff) if staff > 0 else 1.0)
    times = np.where((before == 0) | (after == 0), 1.0, rule.jump)
    change = after - before
    possible = times * np.where(change > 0, hires, exits)
    found = (np.abs(change) >= rule.least) & (np.abs(change) > possible)
    found |= (after == 0) & (before >= rule.least)
    found[-1] &= abs(change[-1]) >= MANY_UNKNOWN * max(staff, now)
    return [f"{groups[i]}: {_step(before[i], after[i])}" for i in np.flatnonzero(found)]


def _people(number: float) -> str:
    return f"{int(number):,} {'person' if number == 1 else 'people'}"


def _step(before: float, after: float) -> str:
    if before == 0:
        return f"nobody, then {_people(after)}"
    return f"{_people(before)}, then {'nobody' if after == 0 else f'{int(after):,}'}"


def years_apart(names: list[str]) -> np.ndarray:
    """Return the years from each snapshot to the one before; 1 where the names do not tell."""
    numbers = pd.to_numeric(pd.Series(names, dtype="object"), errors="coerce").astype(float)
    if not ((numbers > 1000) & (numbers < 3000)).all():
        days = pd.to_datetime(pd.Series(names, dtype="object"), errors="coerce", format="ISO8601")
        numbers = (days - pd.Timestamp("1970-01-01")).dt.days / 365.25
    apart = np.diff(numbers.to_numpy(dtype=float), prepend=np.nan)
    return np.where(np.isnan(apart) | (apart <= 0), 1.0, apart)
