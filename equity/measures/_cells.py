"""A count table folded into strata x groups, with errors that say what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

NOT_KNOWN = "not known"
"""The stratum of rows whose `within` column is empty: shown last, never left out."""


def frame_of(counts: Any, *, what: str = "counts") -> pd.DataFrame:
    """Return the table of a CountTable, or the frame itself; raise TypeError for anything else."""
    frame = getattr(counts, "table", counts)
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(
            f"{what} must be a count table (equity.count) or a pandas DataFrame of that shape, "
            f"not {type(counts).__name__}."
        )
    return frame


def need(frame: pd.DataFrame, columns: Iterable[tuple[str, str]], *, what: str = "counts") -> None:
    """Raise ValueError naming each (argument, column) that the frame has not, and those it has."""
    absent = [f"{role}={name!r}" for role, name in columns if name not in frame.columns]
    if absent:
        raise ValueError(
            f"{', '.join(absent)}: there is no such column in the {what}. "
            f"The columns are: {', '.join(map(str, frame.columns))}."
        )


def need_flag(frame: pd.DataFrame, role: str, flag: str) -> None:
    """Raise ValueError unless the frame counts the flag: columns `flag` and `flag_known`."""
    need(frame, [(role, flag)])
    if f"{flag}_known" not in frame.columns:
        raise ValueError(
            f"{role}={flag!r}: the counts have {flag!r} but not '{flag}_known', so it is not a "
            f"counted flag. Count it with equity.count(..., of=[{flag!r}])."
        )


@dataclass(frozen=True)
class Cells:
    """Counts by stratum and group: `values[column]` has shape (strata, groups)."""

    strata: tuple[str, ...]
    groups: tuple[str, ...]
    values: dict[str, np.ndarray]
    unknown: dict[str, np.ndarray]
    """Counts of rows without a group, by column: shape (strata,)."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of strata, number of groups."""
        return len(self.strata), len(self.groups)

    def __getitem__(self, column: str) -> np.ndarray:
        return self.values[column]

    def column_of(self, reference: str) -> int:
        """Return the position of the reference, or raise ValueError naming the groups."""
        if reference not in self.groups:
            raise ValueError(
                f"reference={reference!r} is not one of the groups: "
                f"{', '.join(sorted(self.groups))}"
            )
        return self.groups.index(reference)

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return stratum and group for each row, strata first."""
        s, g = self.shape
        return np.repeat(np.array(self.strata), g), np.tile(np.array(self.groups), s)


def key(value: Any) -> str:
    """Return a key as text: a whole number without decimals, so that 2023.0 is 2023."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def keys(values: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return a code for each row (-1 where missing) and the keys as text, in a stable order.

    Keys that read the same (1 and "1") are one. Numbers, and text that is all numbers, are
    ordered as numbers; everything else as text.
    """
    codes, found = pd.factorize(values)
    words = np.array([key(v) for v in found], dtype=object)
    same, texts = pd.factorize(words)
    try:
        order = np.argsort(texts.astype(float), kind="stable")
    except (TypeError, ValueError):
        order = np.argsort(texts.astype(str), kind="stable")
    rank = np.empty(len(texts), dtype=np.int64)
    rank[order] = np.arange(len(texts))
    return np.append(rank[same], -1)[codes], [str(texts[i]) for i in order]


def cells(frame: pd.DataFrame, *, group: str, within: str | None, columns: Sequence[str]) -> Cells:
    """Fold the frame into strata x groups and add up the columns."""
    group_code, groups = keys(frame[group])
    if not groups:
        raise ValueError(
            f"No row of the counts has a known {group!r}, so there is nothing to compare. "
            "Widen the choice of years, places or other filters."
        )
    if within is None:
        stratum_code, strata = np.zeros(len(frame), dtype=np.int64), ["all"]
    else:
        stratum_code, strata = keys(frame[within])
        if NOT_KNOWN in strata:  # in words, what an empty cell says
            at = strata.index(NOT_KNOWN)
            after = stratum_code - (stratum_code > at)
            stratum_code = np.where(stratum_code == at, -1, after)
            strata.remove(NOT_KNOWN)
        if (stratum_code < 0).any():
            stratum_code = np.where(stratum_code < 0, len(strata), stratum_code)
            strata = [*strata, NOT_KNOWN]
    n_groups = len(groups)
    slot = stratum_code * (n_groups + 1) + np.where(group_code < 0, n_groups, group_code)
    size = len(strata) * (n_groups + 1)
    values, unknown = {}, {}
    for column in dict.fromkeys(columns):
        weights = frame[column].to_numpy(dtype=float, na_value=np.nan)
        if np.isnan(weights).any() or (weights < 0).any():
            raise ValueError(
                f"Column {column!r} must hold counts of 0 or more, without gaps. "
                "Make the table with equity.count."
            )
        total = np.bincount(slot, weights=weights, minlength=size)
        total = total.reshape(len(strata), n_groups + 1)
        values[column], unknown[column] = total[:, :-1], total[:, -1]
    return Cells(tuple(strata), tuple(groups), values, unknown)


class Reasons:
    """Why figures are missing, in words, gathered row by row."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._words = np.full(shape, "", dtype=object)

    def add(self, where: np.ndarray, words: Any) -> None:
        """Add words (one text, or an array of texts) to the rows where `where` is true."""
        where = np.broadcast_to(where, self._words.shape)
        if not where.any():
            return
        new = np.broadcast_to(np.asarray(words, dtype=object), self._words.shape)[where]
        old = self._words[where]
        self._words[where] = np.where(old == "", new, old + "; " + new)

    def column(self) -> pd.Series:
        """Return the texts; missing where there is nothing to say."""
        words = self._words.ravel()
        return pd.Series([w or None for w in words], dtype="str")


def tidy(columns: dict[str, Any]) -> pd.DataFrame:
    """Build the result: flat columns in the given order, text as str, counts as int64."""
    out = {}
    for name, value in columns.items():
        if not isinstance(value, pd.Series):
            flat = np.asarray(value, dtype=object if isinstance(value, list) else None).ravel()
            value = pd.Series(flat, dtype="str") if flat.dtype.kind in "OU" else pd.Series(flat)
        out[name] = value
    return pd.DataFrame(out)


def whole(values: np.ndarray) -> np.ndarray:
    """Return counts as integers."""
    return np.rint(values).astype(np.int64)


def rounded_up(values: np.ndarray) -> pd.Series:
    """Return whole persons, rounded up (after removing noise in the 9th decimal); Int64."""
    up = np.ceil(np.round(values.ravel(), 9))
    return pd.Series(pd.array(np.where(np.isfinite(up), up, np.nan), dtype="Float64")).astype(
        "Int64"
    )


def of_words(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return "3 of 20" for each pair."""
    shape = np.broadcast_shapes(x.shape, n.shape)
    pairs = zip(np.broadcast_to(x, shape).flat, np.broadcast_to(n, shape).flat, strict=True)
    words = [f"{int(a):,} of {int(b):,}" if a == a and b == b else "" for a, b in pairs]
    return np.array(words, dtype=object).reshape(shape)
