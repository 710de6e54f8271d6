"""Did the way of recording change: the share of yes, and of known, in each year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from equity import proportions
from equity.measures._cells import frame_of, key, need, need_flag, tidy, whole

__all__ = ["recording"]

CERTAIN = 0.001
"""A jump counts where chance alone would make one with a probability below this."""

POINTS = 0.20
"""A change of the share of records in which the flag is known, beyond which it is a jump too."""

ONLY_AFTER = {"contraband_found": "search_conducted"}
"""Flags that can be known only where another is a yes: of those they are a share."""


def recording(
    counts: Any, *, of: str | Sequence[str] | None = None, jump: float = 3.0
) -> pd.DataFrame:
    """Follow the share of yes of every flag by year, over all groups, and mark jumps.

    Did the way of recording change, so that years (or groups, if it changed in one place first)
    cannot be compared?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts by `year`, with flags counted.
    of : names of counted flags; None: all of them.
    jump : a share at least this many times that of the year before, or at most one over it, is
        marked, if chance alone would not make it (p below .001).

    Returns
    -------
    DataFrame
        One row for each flag and year with records: `n` records, in `x_known` of which the flag is
        known, in `x` of them a yes; `rate` with `low` and `high` (95 %); `share_known`; `times`,
        the rate divided by that of the year before; `jump`, whether that is marked, or the share
        known changed by more than 20 percentage points; the `reason` in words. For
        "contraband_found" `n` are the searches.

    Raises
    ------
    ValueError
        For a column that is not there, counts without a flag or without a year, or a `jump` of 1
        or less.

    Notes
    -----
    It cannot show whether a jump comes from the form, from the rules or from what officers do; it
    tells where to ask. A change that grows over several years is not marked. Test: pooled z, or
    mid-p where few are expected; interval: Wilson (JASA 1927). The limits are a convention of
    this library; the case that they were made for is the file of Hartford, Connecticut (Stanford
    Open Policing), where the share of stops with a search was 1.9, 57.7, 12.4 and 2.3 % in the
    years from 2013 to 2016.

    Examples
    --------
    >>> stops = pd.DataFrame({
    ...     "year": [2015, 2016], "n": [1000, 1000],
    ...     "searched": [577, 124], "searched_known": [1000, 1000],
    ... })
    >>> table = recording(stops)
    >>> table[["year", "rate", "jump"]].values.tolist()
    [[2015, 0.577, False], [2016, 0.124, True]]
    >>> table["reason"].iloc[1]
    '0.21 times the share of 2015: the way of recording may have changed'
    """
    frame = frame_of(counts)
    need(frame, [("year", "year"), ("n", "n")])
    if not jump > 1:
        raise ValueError(f"jump={jump!r} must be more than 1: 3 marks three times or a third.")
    if of is None:
        names = [str(c) for c in frame.columns if f"{c}_known" in frame.columns]
        if not names:
            raise ValueError("The counts hold no flag. Count some: equity.count(..., of=[...]).")
    else:
        names = [of] if isinstance(of, str) else list(of)
    for name in names:
        need_flag(frame, "of", name)
    dated = frame[frame["year"].notna()]
    if not dated["n"].sum():
        raise ValueError("No record has a year, so nothing can be said about years.")
    columns = list(dict.fromkeys(["n", *names, *(f"{f}_known" for f in names)]
                                 + [b for b in ONLY_AFTER.values() if b in frame]))  # fmt: skip
    years = dated.assign(_year=[int(key(y)) for y in dated["year"]])
    total = years.groupby("_year")[columns].sum().sort_index()
    total = total[total["n"] > 0]
    return pd.concat([_flag(name, total, jump) for name in names], ignore_index=True)


def _flag(name: str, total: pd.DataFrame, jump: float) -> pd.DataFrame:
    year = total.index.to_numpy(dtype=np.int64)
    x, known = (total[c].to_numpy(dtype=float) for c in (name, f"{name}_known"))
    n = total["n"].to_numpy(dtype=float)
    before = ONLY_AFTER.get(name)
    if before in total and (known <= total[before].to_numpy(dtype=float)).all():
        n = total[before].to_numpy(dtype=float)
    low, high = proportions.wilson(x, known)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(known > 0, x / known, np.nan)
        share = np.where(n > 0, known / n, np.nan)
    times, jumps = np.full(len(year), np.nan), np.zeros(len(year), dtype=bool)
    reasons: list[str | None] = [None] * len(year)
    for i in range(len(year)):
        said = []
        if known[i] == 0:
            said.append("not known in any record of this year")
        if i == 0:
            said.append("no year before")
        else:
            if year[i] - year[i - 1] > 1:
                said.append(f"compared with {year[i - 1]}: no records in between")
            words, jumps[i], times[i] = _step(x, known, rate, share, year, i, jump)
            said += words
        reasons[i] = "; ".join(said) or None
    return tidy(
        {
            "flag": np.full(len(year), name, dtype=object),
            "year": year,
            "n": whole(n),
            "x": whole(x),
            "x_known": whole(known),
            "rate": rate,
            "low": low,
            "high": high,
            "share_known": share,
            "times": times,
            "jump": jumps,
            "reason": pd.Series(reasons, dtype="str"),
        }
    )


def _step(
    x: np.ndarray,
    known: np.ndarray,
    rate: np.ndarray,
    share: np.ndarray,
    year: np.ndarray,
    i: int,
    jump: float,
) -> tuple[list[str], bool, float]:
    """Return what is to be said of a year and the one before, whether it jumps, and how far."""
    said, jumps, times = [], False, np.nan
    last = year[i - 1]
    if known[i] > 0 and known[i - 1] > 0:
        times = rate[i] / rate[i - 1] if rate[i - 1] > 0 else np.nan
        test = proportions.two_by_two_test(x[i], known[i], x[i - 1], known[i - 1])
        sure = bool(test.p_value < CERTAIN)
        if rate[i - 1] == 0:
            far = rate[i] > 0
            words = f"0 in {last} and not after it"
        else:
            far = times >= jump or times <= 1 / jump
            words = f"{times:.2g} times the share of {last}"
        if far and sure:
            jumps = True
            said.append(f"{words}: the way of recording may have changed")
        elif far and rate[i - 1] > 0:
            said.append(f"{words}, which may be chance")
        elif rate[i - 1] == 0:
            said.append(f"no factor: the share in {last} is 0")
    elif known[i] > 0:
        said.append(f"no factor: not known in any record of {last}")
    # a share that is known of none, or of no record, is 0 of what could be known
    now, then = (0.0 if np.isnan(s) else s for s in (share[i], share[i - 1]))
    if abs(now - then) > POINTS + 1e-12:
        jumps = True
        said.append(f"known in {100 * now:.0f} % of records, in {last} in {100 * then:.0f} %")
    return said, jumps, float(times)
