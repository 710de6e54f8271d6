"""What the file covers, month by month: where records are missing, few, or without a group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import frame_of, need

__all__ = ["coverage"]

THIN = 0.5
"""A month is thin with fewer than this share of the records of the median month."""

HALF = 0.5
"""Below this share of records with a known group, a month says little about groups."""


def coverage(counts: Any, *, group: str) -> pd.DataFrame:
    """Count records in each month from the first to the last; mark missing and thin months.

    Is the file complete enough to compare groups and years? Shown before any rate.

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts by `year`, `month` and `group`.
    group : column that holds the groups.

    Returns
    -------
    DataFrame
        One row for each month between the first and the last, in order: `year`, `month`, `n`
        records (0 in a month without any), `n_known` with a known group, `share_known`, `missing`
        (no record), `thin` (fewer than half as many as in the median month that has any),
        `undated` (records without a date, the same on each row), and the `reason` in words why a
        month is marked.

    Raises
    ------
    ValueError
        For a column that is not there, or where no record has a date.

    Notes
    -----
    It cannot show whether a month that looks complete is complete, nor why another is not: a
    quiet month and a lost file look alike. The marks follow the practice of showing the months
    missing before any rate (Stanford Open Policing, coverage tables; NC CopWatch).

    Examples
    --------
    >>> stops = pd.DataFrame({
    ...     "year": [2023, 2023, 2024], "month": [11, 12, 2],
    ...     "race": ["white", None, "black"], "n": [90, 100, 80],
    ... })
    >>> coverage(stops, group="race")[["year", "month", "n", "missing"]].values.tolist()
    [[2023, 11, 90, False], [2023, 12, 100, False], [2024, 1, 0, True], [2024, 2, 80, False]]
    """
    frame = frame_of(counts)
    need(frame, [("group", group), ("year", "year"), ("month", "month"), ("n", "n")])
    dated = frame["year"].notna() & frame["month"].notna()
    if not frame.loc[dated, "n"].sum():
        raise ValueError("No record has a date, so nothing can be said about its month.")
    serial = (frame.loc[dated, "year"] * 12 + frame.loc[dated, "month"] - 1).astype(int)
    months = np.arange(serial.min(), serial.max() + 1)
    size = frame.loc[dated, "n"].groupby(serial).sum().reindex(months, fill_value=0)
    known = (
        frame.loc[dated & frame[group].notna(), "n"]
        .groupby(serial)
        .sum()
        .reindex(months, fill_value=0)
    )
    n, n_known = size.to_numpy(), known.to_numpy()
    missing = n == 0
    thin = ~missing & (n < THIN * np.median(n[~missing]))
    share = np.divide(n_known, n, out=np.full(len(n), np.nan), where=~missing)
    reason = np.full(len(n), None, dtype=object)
    reason[share < HALF] = "the group is not recorded in most records of this month"
    reason[thin] = "fewer than half as many records as in the median month"
    reason[missing] = "no records in this month"
    return pd.DataFrame(
        {
            "year": months // 12,
            "month": months % 12 + 1,
            "n": n,
            "n_known": n_known,
            "share_known": share,
            "missing": missing,
            "thin": thin,
            "undated": int(frame.loc[~dated, "n"].sum()),
            "reason": reason,
        }
    )
