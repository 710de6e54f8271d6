"""One table out of several draws: what is the same in all of them is shown, the rest is hidden.

The draws agree in everything that is published. A figure on which they agree too follows from
what is published; one on which they differ depends on a hidden number, and is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Hidden", "merge"]

# what names a row; everything else in a table of a measure is a figure, or words about one
_KEYS = (
    "stratum", "benchmark", "when", "year", "month", "hour", "stage", "index", "exit_reason",
    "rung", "question", "flag", "test", "series", "group", "months", "area", "place",
)  # fmt: skip
# the counts of a row: they stay where they are published, whatever else of the row is hidden
_COUNTS = ("n", "x", "x_known", "searches", "population", "population_moe", "population_total")
# what a row is compared with, and how: the same in all draws, it stays
_TOLD = ("reference", "method", "unit", "goal")
# verdicts on one figure of the row: they hold wherever that figure is shown
_RESTS_ON = {"below_four_fifths": "impact_ratio"}
# they depend on every other row of the table, and are worked out anew without the hidden groups
_FAMILY = ("p_adjusted", "p_bh")
# how many stand beside the groups: where these are hidden, the figures of the row are not
_BESIDE = ("unknown", "left_out", "pending", "still_open", "lost")
_SAME = 1e-9


class Hidden(ValueError):
    """Nothing of a table can be shown."""


def merge(
    draws: Sequence[pd.DataFrame],
    without: Sequence[pd.DataFrame],
    *,
    words: str,
) -> pd.DataFrame:
    """Return the table of a measure as far as its draws agree.

    Parameters
    ----------
    draws : the table of the measure for each draw of the counts.
    without : the same, of counts without the groups of which a row is hidden; [] where no group
        is. Of these only the adjusted p-values are taken: they allow for what is shown.
    words : the reason that stands in a row of which anything is hidden.

    Raises Hidden where the rows of the draws cannot be told apart.
    """
    names = _names(draws)
    aligned = _align(draws, names)
    same = {c: _agree([t[c] for t in aligned]) for c in aligned[0].columns}
    table = aligned[0].copy()
    figures = [c for c in table.columns if c not in names and c != "reason"]
    family = [c for c in figures if c in _FAMILY]
    own = [c for c in figures if c not in family and not c.startswith(_BESIDE)]
    varies = ~np.column_stack([same[c] for c in own or figures]).all(axis=1)
    hidden = np.zeros((len(table), len(figures)), dtype=bool)
    counted = np.column_stack([same[c] for c in own if c in _COUNTS] or [~varies]).all(axis=1)
    for j, column in enumerate(figures):
        hidden[:, j] = ~same[column]
        if column in own and column not in (*_COUNTS, *_TOLD):
            base = _RESTS_ON.get(column)
            settled = same[base] if base in same else counted & _numeric(table[column])
            hidden[:, j] |= varies & ~settled & _doubtful(table[column])
            hidden[:, j] |= ~same["n"] if "n" in same else False  # no figure without its n
        if column in family and "p_value" in same:
            hidden[:, j] |= ~same["p_value"]
    adjusted = _adjusted(without, table, names, family)
    for j, column in enumerate(figures):
        if column in adjusted:
            values, known = adjusted[column]
            hidden[:, j] &= ~known
            table[column] = table[column].where(same[column] | ~known, values)
        table[column] = _blank(table[column], hidden[:, j])
    anything = hidden[:, [c in own for c in figures]].any(axis=1)
    anything |= ~same.get("reason", np.ones(len(table), dtype=bool))
    if "reason" not in table:
        table["reason"] = pd.Series([None] * len(table), dtype=object)
    table["reason"] = table["reason"].astype(object).where(~anything, words)
    return table


def hidden_groups(table: pd.DataFrame, words: str) -> list[Any]:
    """Return the groups of which a count or every figure is hidden."""
    if "group" not in table:
        return []
    counts = [c for c in ("x", "x_known", "n") if c in table]
    gone = table["reason"].eq(words) & table[counts].isna().any(axis=1)
    return list(dict.fromkeys(table.loc[gone, "group"]))


def _names(draws: Sequence[pd.DataFrame]) -> list[str]:
    there = [c for c in draws[0].columns if c in _KEYS]
    if not there and all(len(t) == 1 for t in draws):
        return []
    if there and not any(t.duplicated(there).any() for t in draws):
        return there
    texts = [
        c for c in draws[0].columns
        if c in there or (c not in ("reason", "method") and draws[0][c].dtype.kind in "OSU")
    ]  # fmt: skip
    if texts and all(set(texts) <= set(t) and not t.duplicated(texts).any() for t in draws):
        return texts
    raise Hidden("Its rows cannot be told apart, so it is not published.")


def _align(draws: Sequence[pd.DataFrame], names: list[str]) -> list[pd.DataFrame]:
    """Bring the rows of every draw into one order; a row that one of them lacks is empty there."""
    if not names:
        return [t.reset_index(drop=True) for t in draws]
    keys = [pd.MultiIndex.from_frame(t[names].astype(object)) for t in draws]
    columns = list(draws[0].columns)
    if all(k.equals(keys[0]) for k in keys) and all(list(t) == columns for t in draws):
        return [t.reset_index(drop=True) for t in draws]
    order = list(dict.fromkeys(key for index in keys for key in index))
    out = []
    for table, index in zip(draws, keys, strict=True):
        place = {key: i for i, key in enumerate(index)}
        rows = [place.get(key, -1) for key in order]
        there = np.array(rows) >= 0
        part = table.reindex(columns=columns).iloc[np.maximum(rows, 0)].reset_index(drop=True)
        if not there.all():
            for column in columns:
                part[column] = _blank(part[column], ~there)
            for j, name in enumerate(names):
                values = [key[j] for key in order]
                part[name] = pd.Series(values, dtype=draws[0][name].dtype)
        out.append(part)
    return out


def _agree(columns: Sequence[pd.Series]) -> np.ndarray:
    """Return in which rows all draws have the same value, a missing one included."""
    first = columns[0]
    same = np.ones(len(first), dtype=bool)
    numeric = pd.api.types.is_numeric_dtype(first.dtype)
    a, gone = _plain(first, numeric), first.isna().to_numpy()
    for other in columns[1:]:
        b, lost = _plain(other, numeric), other.isna().to_numpy()
        if numeric:
            with np.errstate(invalid="ignore"):
                near = (a == b) | (np.abs(a - b) <= _SAME * np.maximum(np.abs(a), np.abs(b)))
        else:
            pairs = zip(a, b, gone | lost, strict=True)
            near = np.array([not missing and bool(x == y) for x, y, missing in pairs], dtype=bool)
        same &= np.where(gone | lost, gone & lost, near)
    return same


def _plain(column: pd.Series, numeric: bool) -> np.ndarray:
    return column.to_numpy(float, na_value=np.nan) if numeric else column.to_numpy(object)


def _numeric(column: pd.Series) -> bool:
    """Return whether a column is a measure: a share of 0 of 40 is 0 whatever else is hidden."""
    kind = column.dtype
    return pd.api.types.is_numeric_dtype(kind) and not (
        pd.api.types.is_bool_dtype(kind) or pd.api.types.is_integer_dtype(kind)
    )


def _doubtful(column: pd.Series) -> np.ndarray:
    """Return where draws may agree by chance: yes and no, words, whole numbers, 0 and 1.

    In a row of which something is hidden they are hidden too.
    """
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column):
        return np.ones(len(column), dtype=bool)
    if pd.api.types.is_integer_dtype(column.dtype):
        return np.ones(len(column), dtype=bool)
    values = column.astype("Float64").fillna(0).to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        return np.isinf(values) | (values == np.round(values))


def _adjusted(
    without: Sequence[pd.DataFrame], table: pd.DataFrame, names: list[str], family: list[str]
) -> dict[str, tuple[pd.Series, np.ndarray]]:
    """Return adjusted p-values that allow for the groups that are shown, and where they hold."""
    if not without or not family or not names:
        return {}
    out = {}
    index = pd.MultiIndex.from_frame(table[names].astype(object))
    aligned = _align(without, names)
    if not len(aligned[0]):
        return {}
    there = pd.MultiIndex.from_frame(aligned[0][names].astype(object))
    place = {key: i for i, key in enumerate(there)}
    rows = np.array([place.get(key, -1) for key in index])
    for column in family:
        same = _agree([t[column] for t in aligned])
        values = aligned[0][column].iloc[np.maximum(rows, 0)].reset_index(drop=True)
        out[column] = (values, (rows >= 0) & same[np.maximum(rows, 0)])
    return out


def _blank(column: pd.Series, where: np.ndarray) -> pd.Series:
    if not where.any():
        return column
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        return column.astype("boolean").mask(where)
    if pd.api.types.is_integer_dtype(kind):
        return column.astype("Int64").mask(where)
    if pd.api.types.is_numeric_dtype(kind):
        return column.mask(where)
    return column.astype(object).mask(where, None)
