"""A yes/no rate of each group month by month, with the months that are missing or thin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from equity import proportions
from equity.measures._cells import (
    NOT_KNOWN,
    Reasons,
    cells,
    frame_of,
    key,
    need,
    need_flag,
    tidy,
    whole,
)
from equity.measures._months import cut_off, serial_of
from equity.measures.coverage import HALF, THIN

__all__ = ["trend"]


def trend(
    counts: Any,
    *,
    of: str,
    group: str,
    reference: str,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Follow a rate month by month, for each group, with its ratio to a reference group.

    Did the share of each group that was searched (arrested, ...) change over time, and did its
    distance from the reference group?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts by `year`, `month` and `group` (and `within`), with the flag `of` counted.
    of : name of a counted flag, such as "search_conducted".
    group : column that holds the groups.
    reference : the group to compare with.
    within : column of strata, each followed by itself.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, month (from the first to the last of the table, also those
        without records) and group: `n` records, of which `x_known` have a known outcome and `x` a
        yes; `rate` with `low` and `high`; `ratio` to the reference of the same month with its
        interval; `missing` (no record of anyone in this month); `thin` (fewer than half as many
        records as in the median month, or a month that the file does not cover whole); `unknown`
        records without a known group in this month; `method`; `reason` why a figure is missing
        or a month is marked.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, counts that cannot be,
        or where no record has a date.

    Notes
    -----
    It cannot show why a rate changes: a new form or a new law moves it as much as what officers
    do. Intervals are of single months; of many months some leave out 1 by chance. Whether the
    first or last month is whole is known only from the file's dates, which a CountTable carries.
    Intervals: Wilson (JASA 1927), Koopman (Biometrics 1984); the marks of months as in
    `equity.coverage`.

    Examples
    --------
    >>> stops = pd.DataFrame({
    ...     "year": [2023, 2023, 2024], "month": [11, 11, 1], "race": ["black", "white", "white"],
    ...     "n": [50, 90, 80], "searched": [5, 3, 4], "searched_known": [50, 90, 80],
    ... })
    >>> table = trend(stops, of="searched", group="race", reference="white")
    >>> table[["month", "group", "x", "x_known", "missing"]].values.tolist()[1:3]
    [[11, 'white', 3, 90, False], [12, 'black', 0, 0, True]]
    """
    frame = frame_of(counts)
    columns = [("group", group), *([("within", within)] if within else [])]
    need(frame, [*columns, ("year", "year"), ("month", "month"), ("n", "n")])
    need_flag(frame, "of", of)
    folded = cells(frame, group=group, within=within, columns=["n"])
    folded.column_of(reference)
    serial, dated = serial_of(frame)
    if not frame.loc[dated, "n"].sum():
        raise ValueError("No record has a date, so nothing can be said about its month.")
    rows = frame[dated].assign(_month=serial)
    months = np.arange(serial[rows["n"] > 0].min(), serial[rows["n"] > 0].max() + 1)
    undated = int(frame.loc[~dated, "n"].sum())
    cut = cut_off(counts)
    strata = None if within is None else rows[within].map(key, na_action="ignore")
    parts = []
    for stratum in folded.strata:
        part = rows
        if strata is not None:
            part = rows[strata.isna() if stratum == NOT_KNOWN else strata == stratum]
        numbers = _by_month(part, months, folded.groups, group, of)
        parts.append(
            _follow(stratum, months, folded.groups, reference, of, numbers, cut, undated,
                    confidence_level)
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _by_month(
    part: pd.DataFrame, months: np.ndarray, groups: tuple[str, ...], group: str, of: str
) -> dict[str, np.ndarray]:
    """Return n, x, known of shape (months, groups), and records of an unknown group by month."""
    no_group = part[group].isna()
    left = part[no_group].groupby("_month")["n"].sum().reindex(months, fill_value=0)
    out: dict[str, np.ndarray] = {"unknown": left.to_numpy(dtype=float)}
    out |= {c: np.zeros((len(months), len(groups))) for c in ("n", "x", "known")}
    if no_group.all():
        return out
    flags = ["n", of, f"{of}_known"]
    found = cells(part[~no_group], group=group, within="_month", columns=flags)
    at = np.array([int(s) for s in found.strata]) - months[0]
    inside = (at >= 0) & (at < len(months))
    where = np.ix_(at[inside], [groups.index(g) for g in found.groups])
    for name, column in zip(("n", "x", "known"), flags, strict=True):
        out[name][where] = found[column][inside]
    return out


def _follow(
    stratum: str,
    months: np.ndarray,
    groups: tuple[str, ...],
    reference: str,
    of: str,
    numbers: dict[str, np.ndarray],
    cut: dict[int, str],
    undated: int,
    confidence_level: float,
) -> pd.DataFrame:
    n, x, known, unknown = (numbers[c] for c in ("n", "x", "known", "unknown"))
    at = groups.index(reference)
    own = np.arange(len(groups))[None, :] == at
    everyone = n.sum(axis=1) + unknown
    missing = everyone == 0
    usual = np.median(everyone[~missing]) if (~missing).any() else 0.0
    few = ~missing & (everyone < THIN * usual)
    partial = np.array([cut.get(int(m), "") for m in months], dtype=object)
    thin = few | (~missing & (partial != ""))

    low, high = proportions.wilson(x, known, confidence_level=confidence_level)
    b, m = (np.broadcast_to(v[:, [at]], v.shape) for v in (x, known))
    tested = ~own & (known > 0) & (m > 0)
    four = [np.where(tested, v, np.nan) for v in (x, known, b, m)]
    ratio_low, ratio_high = proportions.koopman(*four, confidence_level=confidence_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(known > 0, x / known, np.nan)
        ratio = np.where((known > 0) & (b > 0), (x * m) / (known * b), np.nan)
    zero = tested & (b == 0)
    ratio_low = np.where(zero & (x == 0), np.nan, ratio_low)
    ratio_high = np.where(np.isnan(ratio), np.nan, ratio_high)

    reasons = Reasons(n.shape)
    gone = np.broadcast_to(missing[:, None], n.shape)
    reasons.add(gone, "no records in this month")
    reasons.add(~gone & (n == 0), "nobody of this group in this month")
    reasons.add((n > 0) & (known == 0), f"{of} is not known for anyone of this group")
    reasons.add(~own & (known > 0) & (m == 0), f"no ratio: no known outcome for {reference}")
    reasons.add(zero, f"no ratio: the rate of {reference} is 0")
    reasons.add(own & (known > 0) & (x == 0), "no ratio: the rate of the reference is 0")
    words = np.broadcast_to(partial[:, None], n.shape)
    reasons.add(~gone & (words != ""), words)
    reasons.add(
        np.broadcast_to(few[:, None], n.shape), "fewer than half as many records as in the "
        "median month"
    )  # fmt: skip
    with np.errstate(invalid="ignore"):
        hardly = ~missing & (n.sum(axis=1) < HALF * everyone)
    reasons.add(hardly[:, None], "the group is not recorded in most records of this month")
    also = f"; {undated:,} records without a date left out" if undated else ""

    def each(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, len(groups))

    return tidy(
        {
            "stratum": np.full(n.size, stratum, dtype=object),
            "year": each(months // 12),
            "month": each(months % 12 + 1),
            "group": np.tile(np.array(groups), len(months)),
            "reference": np.full(n.size, reference, dtype=object),
            "n": whole(n),
            "x": whole(x),
            "x_known": whole(known),
            "rate": rate,
            "low": low,
            "high": high,
            "ratio": ratio,
            "ratio_low": ratio_low,
            "ratio_high": ratio_high,
            "missing": each(missing),
            "thin": each(thin),
            "unknown": each(whole(unknown)),
            "method": np.full(n.size, f"rate: Wilson; ratio: Koopman score{also}", dtype=object),
            "reason": reasons.column(),
        }
    )
