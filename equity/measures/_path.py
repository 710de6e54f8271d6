"""A workforce of two parts from year to year: expected numbers, where they settle, drawn ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Rates", "needed", "path", "reached", "simulate", "steady"]


@dataclass(frozen=True)
class Rates:
    """What happens in a year: share of the first part among hires, exit rates, hires, growth."""

    hire_share: float
    exits: tuple[float, float]
    hires: float | None
    """People hired in a year; None: as many as leave, and `growth`."""
    growth: float = 0.0

    def hired(self, start: Sequence[float]) -> float:
        """Return how many are hired in the year that begins with these two parts."""
        if self.hires is not None:
            return float(self.hires)
        return max(0.0, start[0] * self.exits[0] + start[1] * self.exits[1] + self.growth)

    def with_share(self, share: float) -> Rates:
        """Return the same with another share among hires."""
        return replace(self, hire_share=share)


def path(start: Sequence[float], rates: Rates, years: int) -> tuple[np.ndarray, np.ndarray]:
    """Return expected numbers of both parts at the start and after 1, 2, ... years."""
    x, other = float(start[0]), float(start[1])
    leave, others_leave = rates.exits
    out = np.empty((2, years + 1))
    out[:, 0] = x, other
    for t in range(1, years + 1):
        hired = rates.hired((x, other))
        x = x * (1 - leave) + hired * rates.hire_share
        other = other * (1 - others_leave) + hired * (1 - rates.hire_share)
        out[:, t] = x, other
    return out[0], out[1]


def steady(rates: Rates) -> float | None:
    """Return the share at which the first part levels off; None if nobody is hired for ever.

    In the end as many of each part join as leave: `h e_o / (h e_o + (1 - h) e_f)`.
    """
    share, (leave, others_leave) = rates.hire_share, rates.exits
    if not leave and not others_leave:
        hiring = bool(rates.hires) or (rates.hires is None and rates.growth > 0)
        return share if hiring else None
    if rates.hires == 0 or (rates.hires is None and rates.growth < 0):
        return None
    ends = share * others_leave, (1 - share) * leave
    return ends[0] / sum(ends) if sum(ends) else None


def reached(share: np.ndarray, target: float) -> int | None:
    """Return the first year with at least this share, or None."""
    there = np.flatnonzero(share >= target - 1e-12)
    return int(there[0]) if len(there) else None


def needed(start: Sequence[float], rates: Rates, target: float, years: int) -> float | None:
    """Return the share among hires that gives the target after so many years; None if none does.

    0 where it is reached whoever is hired. With a fixed number of hires H the expected numbers
    are linear in the share, `x d^T + H h S` with `S = (1 - d^T) / (1 - d)`, so that
    `h = (q (o D^T + H S_o) - (1 - q) x d^T) / (H ((1 - q) S_x + q S_o))`.
    """

    def gap(share: float) -> float:
        x, other = path(start, rates.with_share(share), years)
        return float((1 - target) * x[-1] - target * other[-1])

    if not sum(part[-1] for part in path(start, rates, years)):
        return None
    if gap(0.0) >= 0:
        return 0.0
    if gap(1.0) < 0:
        return None
    if rates.hires is not None:
        # linear: two points give the line
        zero = gap(0.0)
        return min(1.0, -zero / (gap(1.0) - zero))
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) < 0 else (low, middle)
    return high


def simulate(
    start: tuple[int, int],
    rates: Rates,
    share: np.ndarray,
    exits: Sequence[np.ndarray],
    years: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return drawn shares, one row for each draw: who leaves, who is hired is a matter of chance.

    `share` and `exits` hold one value for each draw. A number of hires that is not whole is
    rounded up or down by chance, so that it is right on average.
    """
    x, other = (np.full(len(share), n, dtype=np.int64) for n in start)
    out = np.empty((len(share), years + 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        out[:, 0] = x / (x + other)
        for t in range(1, years + 1):
            gone, others_gone = rng.binomial(x, exits[0]), rng.binomial(other, exits[1])
            if rates.hires is None:
                posts = np.maximum(0.0, gone + others_gone + rates.growth)
            else:
                posts = np.full(len(share), float(rates.hires))
            if np.any(posts % 1):
                posts = np.floor(posts + rng.random(len(share)))
            posts = posts.astype(np.int64)
            new = rng.binomial(posts, share)
            x, other = x - gone + new, other - others_gone + posts - new
            out[:, t] = x / (x + other)
    return out
