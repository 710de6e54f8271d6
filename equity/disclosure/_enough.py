"""Which rows of the results of models and curves rest on so many people that they can be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from equity.disclosure._body import hidden_reason

__all__ = [
    "FREEDOM",
    "daylight",
    "exits",
    "leaving",
    "mean_months",
    "median_days",
    "nowhere",
    "retention",
    "threshold",
    "veil",
    "veil_others",
    "waits",
]

FREEDOM = 10
"""Residual degrees of freedom of a regression, at least: as research data centres ask for."""
_P = ("p_value", "p_adjusted")


def _numbers(table: pd.DataFrame, *columns: str) -> list[np.ndarray]:
    return [table[c].to_numpy(dtype="float64", na_value=np.nan) for c in columns]


def _some(counts: np.ndarray, minimum: int) -> np.ndarray:
    """Return where there are none or enough."""
    return (counts == 0) | (counts >= minimum)


def _of_reference(table: pd.DataFrame, good: np.ndarray, by: Sequence[str]) -> np.ndarray:
    """Return for each row whether the row of its reference is good; False where there is none."""
    key = [tuple(row) for row in table[[*by, "group"]].astype(str).to_numpy().tolist()]
    other = [tuple(row) for row in table[[*by, "reference"]].astype(str).to_numpy().tolist()]
    found = dict(zip(key, good.tolist(), strict=True))
    return np.array([found.get(k, False) for k in other], dtype=bool)


def _companions(
    shown: np.ndarray, counts: np.ndarray, parts: np.ndarray, minimum: int
) -> np.ndarray:
    """Hide more of the rows of a sum, so that no hidden one is the rest of what is shown.

    `parts` says of which sum a row is a part. Hidden are the smallest further ones until the
    hidden ones of a sum leave each of them the range from 1 to ``minimum - 1``.
    """
    shown = shown.copy()
    for rows in _parts(parts):
        order = sorted(rows, key=lambda i: (counts[i], i))
        for row in [None, *order]:
            if row is not None:
                if not shown[row] or counts[row] == 0:
                    continue
                shown[row] = False
            gone = counts[[i for i in rows if not shown[i] and counts[i] > 0]]
            few = gone[gone < minimum]
            if not len(few) or (len(gone) > 1 and gone.sum() - (len(gone) - 1) >= minimum - 1):
                break
    return shown


def _key(table: pd.DataFrame, *columns: str) -> np.ndarray:
    """Return for each row the number of its combination of these columns."""
    if not len(table):
        return np.zeros(0, dtype=np.int64)
    return table.groupby(list(columns), dropna=False, sort=False).ngroup().to_numpy()


def _parts(key: np.ndarray) -> Iterator[np.ndarray]:
    """Return the rows of each combination."""
    for number in np.unique(key):
        yield np.flatnonzero(key == number)


def retention(table: pd.DataFrame, minimum: int) -> np.ndarray:
    """Points of a curve with enough people after them, and enough events (or none) between."""
    at_risk, left, n, months = _numbers(table, "n_at_risk", "left", "n", "months")
    shown = np.zeros(len(table), dtype=bool)
    for rows in _parts(_key(table, "stratum", "group")):
        last = 0.0
        for i in sorted(rows, key=lambda i: months[i]):
            between = left[i] - last
            if n[i] >= minimum and at_risk[i] >= minimum and _some(between, minimum):
                shown[i], last = True, left[i]
    return shown | (n == 0)


def mean_months(
    before: pd.DataFrame, after: pd.DataFrame, shown: np.ndarray, minimum: int
) -> None:
    """Hide the figures of whole curves where too few left, or too few did not."""
    n, x = _numbers(before, "n", "x")
    good = (x >= minimum) & _some(n - x, minimum)
    both = good & _of_reference(before, good, ["stratum", "months"])
    own = (before["group"] == before["reference"]).to_numpy(dtype=bool)
    for column in ("restricted_mean", "rm_low", "rm_high", "months_lost"):
        after[column] = after[column].where(good)
    for column in ("lost_difference", "lost_low", "lost_high"):
        after[column] = after[column].where(both | (own & good))
    for column in _P:
        after[column] = after[column].where(both)
    lost = ~good & before["months_lost"].notna().to_numpy() & shown
    words = f"months lost are hidden: {hidden_reason(minimum).removeprefix('Hidden: ')}"
    _add(after, lost, words)


def _add(table: pd.DataFrame, rows: np.ndarray, words: str) -> None:
    said = [
        r if not here else (f"{r}; {words}" if isinstance(r, str) else words)
        for r, here in zip(table["reason"], rows, strict=True)
    ]
    table["reason"] = pd.Series(said, index=table.index, dtype="object")


def waits(table: pd.DataFrame, minimum: int) -> np.ndarray:
    n, x, pending = _numbers(table, "n", "x", "pending")
    return (n == 0) | ((x >= 2 * minimum) & _some(pending, minimum))


def median_days(
    before: pd.DataFrame, after: pd.DataFrame, shown: np.ndarray, minimum: int
) -> None:
    """Hide the points of the curve beside the median where too few lie between."""
    (x,) = _numbers(before, "x")
    for column in ("low", "high", "quartile_1", "quartile_3"):
        after[column] = after[column].where(x >= 4 * minimum)
    both = shown & _of_reference(before, shown & (x > 0), ["stratum", "stage"])
    own = (before["group"] == before["reference"]).to_numpy(dtype=bool)
    after["difference"] = after["difference"].where(both | own)
    for column in _P:
        after[column] = after[column].where(both)


def exits(table: pd.DataFrame, minimum: int) -> np.ndarray:
    """Rows with enough exits for the reason, and for others; hidden ones are no rest of a sum."""
    n, x = _numbers(table, "n", "x")
    whole = (table["exit_reason"] == "any reason").to_numpy(dtype=bool)
    good = (n >= minimum) & _some(x, minimum) & (whole | _some(n - x, minimum))
    for rows in _parts(_key(table, "stratum", "group")):
        good[rows] &= bool(good[rows][whole[rows]].any())
    single = np.flatnonzero(~whole)
    part, counts, now = table.iloc[single], x[single], good[single]
    while True:  # reasons add up to all exits of a group, groups to all exits for a reason
        was = now
        for by in ("group", "exit_reason"):
            now = _companions(now, counts, _key(part, "stratum", by), minimum)
        if (now == was).all():
            break
    for rows in _parts(_key(part, "stratum", "group")):
        gone = counts[rows][~now[rows] & (counts[rows] > 0)]
        if len(gone) and gone.sum() - (len(gone) - 1) < minimum - 1:
            now[rows] = False  # too few in all: that there were none for a reason tells as well
    good[single] = now
    return good | ((n == 0) & whole)


def leaving(before: pd.DataFrame, after: pd.DataFrame, shown: np.ndarray, minimum: int) -> None:
    """Hide comparisons with a reference that is hidden."""
    both = shown & _of_reference(before, shown, ["stratum", "exit_reason"])
    for column in ("ratio", "ratio_low", "ratio_high", *_P):
        after[column] = after[column].where(both)
    near = (before["person_years"].astype("float64") / minimum).round() * minimum
    after["person_years"] = near


def veil(table: pd.DataFrame, minimum: int) -> np.ndarray:
    dark, light, x_dark, x_light = _numbers(table, "n_dark", "n_light", "x_dark", "x_light")
    least = np.minimum.reduce([x_dark, x_light, dark - x_dark, light - x_light])
    clusters = table["clusters"].to_numpy(dtype="float64", na_value=np.nan)
    return (least >= minimum) & (clusters - 1 >= FREEDOM)


def veil_others(
    before: pd.DataFrame, after: pd.DataFrame, shown: np.ndarray, minimum: int
) -> None:
    """Show the shares of the main model only: those of others differ by few stops."""
    main = (before["model"] == "main").to_numpy(dtype=bool)
    for column in ("share_dark", "share_light"):
        after[column] = after[column].where(main)


def daylight(table: pd.DataFrame, minimum: int) -> np.ndarray:
    n, x = _numbers(table, "n", "x")
    good = (x >= minimum) & (n - x >= minimum)
    for counts in (x, n - x):
        good = _companions(good, counts, _key(table, "group", "daylight"), minimum)
    return good


def threshold(table: pd.DataFrame, minimum: int) -> np.ndarray:
    n, x, hits = _numbers(table, "n", "x", "hits")
    good = (n - x >= minimum) & (hits >= minimum) & (x - hits >= minimum)
    area = (table["stratum"] != "all").to_numpy(dtype=bool)
    used = area & (n > 0) & table["threshold"].notna().to_numpy(dtype=bool)
    freedom = np.zeros(len(table))
    for rows in _parts(_key(table, "prior_scale")):
        cells = table.iloc[rows][used[rows]]
        terms = cells["group"].nunique() + cells["stratum"].nunique()
        freedom[rows] = 2 * len(cells) - 2 * terms
    good &= freedom >= FREEDOM
    part = np.flatnonzero(area)
    for counts in (hits, x - hits, n - x):
        good[part] = _companions(
            good[part], counts[part], _key(table.iloc[part], "prior_scale", "group"), minimum
        )
    return good


def nowhere(table: pd.DataFrame, minimum: int) -> np.ndarray:
    return np.zeros(len(table), dtype=bool)
