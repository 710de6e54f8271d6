"""Did the way of recording change: the share of yes, and of known, in each year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from equity import proportions
from equity.measures._cells import frame_of, keys, need, need_flag, tidy, whole

__all__ = ["recording"]

CERTAIN = 0.001
"""A jump counts where chance alone would make one with a probability below this."""

POINTS = 0.20
"""A change of the share of records in which the flag is known, beyond which it is a jump too."""

POINTS_OF_YES = 0.15
"""A change of the share of yes that is a jump whatever the factor: from 62 to 87 %, say."""

ENOUGH = 30
"""So many yes, or so many no, must there be in the larger of the two years."""

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
    jump : a share of yes, or of no, at least this many times that of the year before, or at most
        one over it, is marked, if chance alone would not make it (p below .001).

    Returns
    -------
    DataFrame
        One row for each flag and year with records: `n` records, in `x_known` of which the flag is
        known, in `x` of them a yes; `rate` with `low` and `high` (95 %); `share_known`; `times`,
        the rate divided by that of the year before; `jump`, whether that is marked: by that
        factor, by a change of 15 percentage points or more, or since the share known changed by
        more than 20; the `reason` in words. For "contraband_found" `n` are the searches.

    Raises
    ------
    ValueError
        For a column that is not there, counts without a flag or without a year, or a `jump` of 1
        or less.

    Notes
    -----
    It cannot show whether a jump comes from the form, from the rules or from what officers do; it
    tells where to ask: a new device, such as body cameras, is marked as a new form is. A change
    that grows over several years is not marked, nor one where the larger of the two years has
    fewer than 30 yes and fewer than 30 no. Test: pooled z, or mid-p where few are expected;
    interval: Wilson (JASA 1927). The limits are a convention of this library; the case that they
    were made for is the file of Hartford, Connecticut (Stanford Open Policing), where the share
    of stops with a search was 1.9, 57.7, 12.4 and 2.3 % in the years from 2013 to 2016.

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
    code, found = keys(dated["year"])
    years = dated[columns].assign(_year=np.array([int(y) for y in found])[code])
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
            words, jumps[i], times[i] = _step(n, x, known, year, i, jump)
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
    n: np.ndarray, x: np.ndarray, known: np.ndarray, year: np.ndarray, i: int, jump: float
) -> tuple[list[str], bool, float]:
    """Return what is to be said of a year and the one before, whether it jumps, and how far."""
    said, jumps, times = [], False, np.nan
    last = year[i - 1]
    if known[i] > 0 and known[i - 1] > 0:
        rate, before = x[i] / known[i], x[i - 1] / known[i - 1]
        times = rate / before if before > 0 else np.nan
        if before == 0:
            far, words = rate > 0, f"0 in {last} and not after it"
        else:
            far = times >= jump or times <= 1 / jump
            words = f"{times:.2g} times the share of {last}"
        if not far and abs(rate - before) >= POINTS_OF_YES - 1e-12:
            far, way = True, "above" if rate > before else "below"
            words = f"{100 * abs(rate - before):.0f} points {way} the share of {last}"
        elif not far and before < 1 and not 1 / jump < (no := (1 - rate) / (1 - before)) < jump:
            far, words = True, f"{no:.2g} times the share of no of {last}"
        elif not far and before == 1 and rate < 1:
            far, words = True, f"100 % in {last} and not after it"
        p = float(proportions.two_by_two_test(x[i], known[i], x[i - 1], known[i - 1]).p_value)
        large = i if known[i] >= known[i - 1] else i - 1
        enough = max(x[large], known[large] - x[large]) >= ENOUGH
        if far and enough and p < CERTAIN:
            jumps = True
            said.append(f"{words}: the way of recording may have changed")
        elif far and before > 0:
            said.append(f"{words}, which may be chance")
        elif before == 0:
            said.append(f"no factor: the share in {last} is 0")
    elif known[i] > 0:
        said.append(f"no factor: not known in any record of {last}")
    # what is known of no record is known of none of them
    now, then = (known[j] / n[j] if n[j] > 0 else 0.0 for j in (i, i - 1))
    if abs(now - then) > POINTS + 1e-12 and _sure(known[i], n[i], known[i - 1], n[i - 1]):
        jumps = True
        said.append(f"known in {100 * now:.0f} % of records, in {last} in {100 * then:.0f} %")
    return said, jumps, float(times)


def _sure(known: float, n: float, before: float, n_before: float) -> bool:
    """Return whether there are enough records, and chance does not explain what is known."""
    if max(n, n_before) < ENOUGH:
        return False
    if not (n and n_before):
        return True
    return bool(proportions.two_by_two_test(known, n, before, n_before).p_value < CERTAIN)
