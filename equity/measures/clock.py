"""Are times local: when in the day stops are rarest, which tells times of another zone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from equity import proportions
from equity.measures._cells import frame_of, need

__all__ = ["clock"]

ENOUGH = 500
"""With fewer stops the rarest hours may be so by chance."""

STRETCH = 3
"""Hours in a row that are looked at together."""

NIGHT = (2, 3, 4, 5, 6)
"""Hours between 2 and 7 in the morning: people sleep, and stops are rarest in local time."""

CERTAIN = 0.001
"""The rarest stretch must differ from the quietest one of the night by more than chance."""


def clock(counts: Any) -> pd.DataFrame:
    """Count stops by the hour of the day, and say where the times may not be local.

    Are stops rarest before dawn, as they are nearly everywhere in local time?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts by `hour` (0 to 23).

    Returns
    -------
    DataFrame
        One row for each of the 24 hours: `n` stops; their `share` of all with a known hour;
        `rarest`, whether the hour belongs to the three hours in a row with the fewest stops;
        `expected`, the stops of an hour if all had as many; `unknown` stops without an hour (the
        same on each row); `reason`: on every row what speaks against local times, or why nothing
        can be said; missing where nothing speaks against them.

    Raises
    ------
    ValueError
        For a column that is not there, an hour that is none, or where no stop has an hour.

    Notes
    -----
    It marks times whose rarest three hours lie wholly outside 2 to 7 in the morning, if there are
    at least 500 stops and the difference to the quietest hours of the night is more than chance
    (p below .001). It cannot show the zone: an agency that works at other hours looks alike, and
    times that are off by an hour or two look local. Compare with the hours of duty, and with
    records whose local time is known. The rule is a convention; it was checked on files whose
    zone is known (Minneapolis and police.uk in UTC, Hartford in local time).

    Examples
    --------
    >>> n = [90, 90, 90, 90, 90, 90, 70, 60, 40, 10, 8, 9, *[60] * 12]
    >>> table = clock(pd.DataFrame({"hour": range(24), "n": n}))
    >>> table.loc[table["rarest"], "hour"].tolist()
    [9, 10, 11]
    >>> table["reason"].iloc[0]
    'stops are rarest at 9-12: the times may be UTC, not local'
    """
    frame = frame_of(counts)
    need(frame, [("hour", "hour"), ("n", "n")])
    known = frame[frame["hour"].notna()]
    hour = pd.to_numeric(known["hour"]).to_numpy(dtype=float)
    bad = (hour < 0) | (hour > 23) | (hour != np.floor(hour))
    if bad.any():
        raise ValueError(
            f"hour={hour[bad][0]:g}: hours are whole numbers from 0 to 23. Count by `hour` with "
            "equity.count."
        )
    weights = known["n"].to_numpy(dtype=float)
    n = np.bincount(hour.astype(int), weights=weights, minlength=24)
    total = n.sum()
    if not total:
        raise ValueError("No stop has a known hour, so nothing can be said about the clock.")
    # of the hour and those after it
    stretch = np.sum([np.roll(n, -i) for i in range(STRETCH)], axis=0)
    night = [h for h in range(24) if any((h + i) % 24 in NIGHT for i in range(STRETCH))]
    quiet = min(night, key=lambda h: stretch[h])
    first = int(np.argmin(stretch))
    if stretch[first] == stretch[quiet]:
        first = quiet
    rarest = np.isin(np.arange(24), [(first + i) % 24 for i in range(STRETCH)])
    return pd.DataFrame(
        {
            "hour": np.arange(24),
            "n": np.rint(n).astype(np.int64),
            "share": n / total,
            "rarest": rarest,
            "expected": np.full(24, total / 24),
            "unknown": int(frame["n"].sum() - total),
            "reason": pd.Series([_reason(stretch, first, quiet, total)] * 24, dtype="str"),
        }
    )


def _reason(stretch: np.ndarray, first: int, quiet: int, total: float) -> str | None:
    if total < ENOUGH:
        return f"only {total:,.0f} stops with a known hour: {ENOUGH} are needed to tell"
    if first == quiet:
        return None
    a, b = stretch[first], stretch[quiet]
    when = f"{first}-{(first + STRETCH) % 24 or 24}"
    # of the stops in both stretches, half would fall into each; stretches may share hours
    p = float(proportions.binomial_test(a, a + b, 0.5).p_value)
    if p < CERTAIN:
        return f"stops are rarest at {when}: the times may be UTC, not local"
    return (
        f"stops are rarest at {when}, but hardly rarer than at {quiet}-"
        f"{(quiet + STRETCH) % 24 or 24}: it cannot be told whether the times are local"
    )
