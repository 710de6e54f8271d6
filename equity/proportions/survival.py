"""Life tables of counts: who is under observation, who left, and the curve that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from equity.proportions._arrays import numbers, parts, refuse, z_of

__all__ = [
    "LifeTable",
    "Quantile",
    "RestrictedMean",
    "Survival",
    "kaplan_meier",
    "life_table",
    "restricted_mean",
    "restricted_mean_difference",
    "survival_quantile",
]

TRANSFORMS = ("log-log", "log", "plain")


@dataclass(frozen=True)
class LifeTable:
    """How many are at risk and how many events there are, at each of `times` (the last axis)."""

    times: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray


class Survival(NamedTuple):
    """The share without the event after each of `times`, its interval and Greenwood's variance."""

    times: np.ndarray
    survival: np.ndarray
    low: np.ndarray
    high: np.ndarray
    variance: np.ndarray


class Quantile(NamedTuple):
    """The time by which a share has had the event; NaN where the curve stays above."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


class RestrictedMean(NamedTuple):
    """The mean time without the event up to a horizon, its interval and variance."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    variance: np.ndarray


def life_table(
    time: Any,
    n: Any,
    x: Any,
    *,
    entered: Any = None,
    slot: Any = None,
    slots: int = 1,
    times: Any = None,
) -> LifeTable:
    """Count who is at risk at each time, and who has the event then, from counts of people.

    Of `n` people who are last seen at `time`, `x` have the event then; the others are followed
    until then and no longer (censored, after the events of that time).

    Parameters
    ----------
    time : when people are last seen, one for each row of the counts.
    n, x : people, and those of them with the event.
    entered : when they came under observation (delayed entry): they are at risk after it, not at
        it. None: all from the start. People who are last seen when they enter are never at risk.
    slot : whole number 0, 1, ... of the table (such as a group) that a row belongs to, of `slots`.
    times : the times of the table, rising; every event up to the last of them must be at one of
        them, and later ones are not in the table. None: every time at which anyone is last seen.

    Returns
    -------
    LifeTable
        `at_risk` and `events` of shape (times,), or (slots, times) if `slot` is given.

    Raises
    ------
    ValueError
        For a time that is missing, a count that cannot be, or an event beside `times`.

    Notes
    -----
    Source: Klein and Moeschberger, Survival Analysis (2nd ed. 2003), 4.2 and (delayed entry) 4.6.

    Examples
    --------
    >>> table = life_table([6, 6, 7, 10], n=[3, 1, 1, 2], x=[3, 0, 1, 1])
    >>> table.times.tolist(), table.at_risk.tolist(), table.events.tolist()
    ([6.0, 7.0, 10.0], [7.0, 3.0, 2.0], [3.0, 1.0, 1.0])
    """
    end = numbers(time, "time").ravel()
    start = np.full(end.shape, -np.inf) if entered is None else numbers(entered, "entered").ravel()
    events, people = (np.broadcast_to(v, end.shape) for v in parts(x, n))
    for name, v in (("time", end), ("entered", start), ("n", people)):
        refuse(name, v, np.isnan(v), "must be known", "Leave such rows out, and count them.")
    seen = start < end
    grid = np.unique(end[seen]) if times is None else numbers(times, "times").ravel()
    table = np.zeros(end.shape, dtype=np.int64) if slot is None else np.asarray(slot).ravel()
    width = len(grid) + 1
    first, after = (np.searchsorted(grid, v, side="right") for v in (start, end))
    had = seen & (events > 0) & (end <= (grid[-1] if len(grid) else -np.inf))
    at = np.maximum(after - 1, 0)
    beside = had & (grid[at] != end) if len(grid) else had
    refuse("time", end, beside, "of an event must be one of times", "Add it to times.")

    def count(place: np.ndarray, who: np.ndarray, weight: np.ndarray) -> np.ndarray:
        flat = (table * width + place)[who]
        total = np.bincount(flat, weights=weight[who], minlength=slots * width)
        return total.reshape(slots, width)

    at_risk = np.cumsum(count(first, seen, people) - count(after, seen, people), axis=1)
    out = at_risk[:, :-1], count(at, had, events)[:, :-1]
    if slot is None:
        out = out[0][0], out[1][0]
    return LifeTable(grid, *out)


def kaplan_meier(
    table: LifeTable, *, confidence_level: float = 0.95, transform: str = "log-log"
) -> Survival:
    """Share without the event after each time (Kaplan and Meier), with Greenwood's interval.

    Parameters
    ----------
    table : what `life_table` returns; all its slots at once.
    confidence_level : two-sided level, between 0 and 1.
    transform : scale of the interval: "log-log" (stays between 0 and 1), "log" or "plain".

    Returns
    -------
    Survival
        NaN from the first time at which nobody is at risk, unless the curve is 0 by then. While
        nobody has had the event the variance is 0; the lower end is then the exact one of the
        fewest at risk so far, `(alpha/2) ** (1 / n)`. Where nobody is left the upper end is that
        before the last events, times the exact one of those events.

    Raises
    ------
    ValueError
        For another transform or level.

    Notes
    -----
    It takes those who are followed no longer as like those who are. Source: Klein and
    Moeschberger (2003), 4.2 to 4.3; Kalbfleisch and Prentice (1980), 14-15, for log-log.

    Examples
    --------
    Four weeks of the 6-MP patients of Freireich (1963):

    >>> curve = kaplan_meier(life_table([6, 6, 7, 99], n=[3, 1, 1, 16], x=[3, 0, 1, 0]))
    >>> curve.survival.round(4).tolist(), curve.low.round(4).tolist()
    ([0.8571, 0.8067, 0.8067], [0.6197, 0.5631, 0.5631])
    """
    if transform not in TRANSFORMS:
        raise ValueError(f"transform={transform!r} is not one of {', '.join(TRANSFORMS)}.")
    z = z_of(confidence_level)
    n, d = table.at_risk, table.events
    with np.errstate(invalid="ignore", divide="ignore"):
        s = np.cumprod(np.where(n > 0, 1 - d / n, 1.0), axis=-1)
        spread = np.cumsum(np.where(n > d, d / (n * (n - d)), 0.0), axis=-1)
        se = np.sqrt(spread)
        if transform == "log-log":
            wide = np.exp(z * se / np.abs(np.log(s)))
            low, high = s**wide, s ** (1 / wide)
        elif transform == "log":
            low, high = s * np.exp(-z * se), s * np.exp(z * se)
        else:
            low, high = s - z * s * se, s + z * s * se
    low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    half = (1 - confidence_level) / 2
    least = np.minimum.accumulate(np.maximum(n, 1), axis=-1) if n.size else n
    low, high = np.where(s == 1, half ** (1 / least), low), np.where(s == 1, 1.0, high)
    over = s == 0
    if over.any():
        first = over.argmax(axis=-1)[..., None]
        before = np.take_along_axis(high, np.maximum(first - 1, 0), axis=-1)
        last = 1 - half ** (1 / np.maximum(np.take_along_axis(n, first, axis=-1), 1))
        low = np.where(over, 0.0, low)
        high = np.where(over, np.where(first > 0, before, 1.0) * last, high)
    lost = (np.cumsum(n == 0, axis=-1) > 0) & ~over
    s, low, high, variance = (np.where(lost, np.nan, v) for v in (s, low, high, s**2 * spread))
    return Survival(table.times, s, low, high, variance)


def survival_quantile(curve: Survival, share: float = 0.5) -> Quantile:
    """Time by which a share of the people has had the event, with Brookmeyer and Crowley's ends.

    Parameters
    ----------
    curve : what `kaplan_meier` returns; its level and transform are those of the interval.
    share : between 0 and 1; 0.5 for the median.

    Returns
    -------
    Quantile
        The first time at which the curve is at `1 - share` or below, and the same of its lower
        and its upper end. NaN: not so far while anyone was followed; an upper end of NaN is open.

    Raises
    ------
    ValueError
        For a share outside 0..1.

    Notes
    -----
    Source: Brookmeyer and Crowley, Biometrics 38 (1982), 29-41.

    Examples
    --------
    >>> curve = kaplan_meier(life_table(range(1, 22), n=[1] * 21, x=[1] * 21))
    >>> [float(v) for v in survival_quantile(curve)]
    [11.0, 6.0, 15.0]
    """
    if not 0 < share < 1:
        raise ValueError(f"share={share!r} must lie between 0 and 1: 0.5 for the median.")
    times = np.append(curve.times, np.nan)

    def first(values: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            below = values <= 1 - share + 1e-12
        below = np.concatenate((below, np.ones((*below.shape[:-1], 1), dtype=bool)), axis=-1)
        return times[below.argmax(axis=-1)]

    low = np.where(curve.survival < 1, curve.low, 1.0)  # an end is a time of an event
    return Quantile(first(curve.survival), first(low), first(curve.high))


def restricted_mean(
    table: LifeTable, horizon: float, *, confidence_level: float = 0.95
) -> RestrictedMean:
    """Mean time without the event in the first `horizon` units of time: the area below the curve.

    Parameters
    ----------
    table : what `life_table` returns.
    horizon : in the unit of the times, above 0. The curve is taken as level from the last of the
        table's times to the horizon.
    confidence_level : two-sided level, between 0 and 1.

    Returns
    -------
    RestrictedMean
        NaN where nobody is at risk before the horizon. Where nobody had the event the variance is
        0, and the lower end is the horizon times the lower end of the curve. Where all who were
        at risk had it at once there is no interval.

    Raises
    ------
    ValueError
        For a horizon that is not above 0.

    Notes
    -----
    Variance: for each time of an event, the squared area that is left times d / (n (n - d)).
    Source: Klein and Moeschberger (2003), 4.5.

    Examples
    --------
    >>> m = restricted_mean(life_table([1, 2, 3, 4], n=[1] * 4, x=[1, 1, 1, 0]), 4)
    >>> round(float(m.value), 3), round(float(m.variance), 4)
    (2.5, 0.3125)
    """
    z = z_of(confidence_level)
    if not horizon > 0:
        raise ValueError(f"horizon={horizon!r} must be above 0, in the unit of the times.")
    within = table.times < horizon
    n, d = table.at_risk[..., within], table.events[..., within]
    curve = kaplan_meier(LifeTable(table.times[within], n, d), confidence_level=confidence_level)
    steps = np.diff(np.concatenate(([0.0], curve.times, [float(horizon)])))
    level = np.concatenate((np.ones((*n.shape[:-1], 1)), curve.survival), axis=-1)
    area = level * steps
    value = area.sum(axis=-1)
    left = np.cumsum(area[..., :0:-1], axis=-1)[..., ::-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = np.where((n > d) & (d > 0), left**2 * d / (n * (n - d)), 0.0)
    variance = np.where(np.isnan(value), np.nan, terms.sum(axis=-1))
    se = np.sqrt(variance)
    none = (d.sum(axis=-1) == 0) & ~np.isnan(value)
    bound = horizon * (curve.low[..., -1] if len(curve.times) else np.nan)
    wide = np.where(variance > 0, z * se, np.nan)
    low = np.where(none, bound, np.maximum(value - wide, 0.0))
    high = np.where(none, float(horizon), np.minimum(value + wide, horizon))
    return RestrictedMean(value, low, high, variance)


def restricted_mean_difference(
    one: RestrictedMean, other: RestrictedMean, *, confidence_level: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return `one - other` of two independent restricted means, and both ends of its interval.

    `sqrt(variance + variance)`; a mean without events has no variance, and its own interval
    stands for it (Zou and Donner, Statistics in Medicine 27 (2008), 1693-1702). Raises ValueError
    for a level outside 0..1.

    >>> a = restricted_mean(life_table([1, 2, 3, 4], n=[1] * 4, x=[1, 1, 1, 0]), 4)
    >>> [round(float(v), 2) for v in restricted_mean_difference(a, a)]
    [0.0, -1.55, 1.55]
    """
    z = z_of(confidence_level)

    def reach(mean: RestrictedMean) -> tuple[np.ndarray, np.ndarray]:
        wide = z * np.sqrt(mean.variance)
        some = mean.variance > 0
        return (
            np.where(some, wide, mean.value - mean.low),
            np.where(some, wide, mean.high - mean.value),
        )

    (down_one, up_one), (down_other, up_other) = reach(one), reach(other)
    difference = one.value - other.value
    return (
        difference,
        difference - np.hypot(down_one, up_other),
        difference + np.hypot(up_one, down_other),
    )
