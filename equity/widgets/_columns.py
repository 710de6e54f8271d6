"""Tables as a page shows them: plain values, a heading and a number format for every column."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Columns", "describe", "plain", "records"]

Columns = Iterable[str] | Mapping[str, str | tuple[str, str]] | None

# what no measure returns, but a table may hold
_MORE = {
    "share_known": ("Group known", "percent"),
    "n_known": ("Group known", "whole"),
    "missing": ("No records", "flag"),
    "thin": ("Few records", "flag"),
    "undated": ("Without a date", "whole"),
}


def _known(measure: str) -> dict[str, tuple[str, str]]:
    """Return column -> (heading, format), as the chart of the measure words them."""
    from equity.charts import COLUMNS

    out = dict(_MORE)
    for table in [*COLUMNS.values(), COLUMNS.get(measure, [])]:
        first = table is COLUMNS.get(measure)
        for key, heading, kind in table:
            if first or key not in out:
                out[key] = (heading, kind)
    return out


def describe(
    frame: pd.DataFrame, columns: Columns = None, measure: str = ""
) -> list[dict[str, str]]:
    """Return key, heading and format of the columns to show.

    columns : names; or name -> heading; or name -> (heading, format). None: those that
        `equity.charts.COLUMNS` lists for the measure, else all; without a `stratum` that is "all"
        throughout, and without `reason`, whose text stands in the empty cells.
        Formats: text, whole, number, percent, points, ratio, per_thousand, p, flag.
    """
    known = _known(measure)
    if columns is None:
        names = _usual(frame, measure)
        if "stratum" in names and (frame["stratum"] == "all").all():
            names.remove("stratum")
        wanted: Mapping[str, Any] = dict.fromkeys(names)
    else:
        wanted = columns if isinstance(columns, Mapping) else dict.fromkeys(columns)
    strangers = [key for key in wanted if key not in frame.columns]
    if strangers:
        raise ValueError(
            f"columns={strangers[0]!r} is not in the table. It has: "
            f"{', '.join(map(str, frame.columns))}."
        )
    out = []
    for key, given in wanted.items():
        heading, kind = _default(str(key), frame, known)
        if isinstance(given, str):
            heading = given
        elif given is not None:
            heading, kind = given
        out.append({"key": str(key), "heading": heading, "format": kind})
    return out


def records(
    frame: pd.DataFrame, keys: Iterable[str], words: Mapping[str, Mapping[Any, str]] | None = None
) -> list[dict[str, Any]]:
    """Return rows as JSON takes them, keys replaced by words."""
    words = words or {}
    keys = list(keys)
    columns = {}
    for key in keys:
        values = [plain(v) for v in frame[key].tolist()]
        names = words.get(key)
        columns[key] = [names.get(v, v) for v in values] if names else values
    return [dict(zip(keys, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def plain(value: Any) -> Any:
    """Return a value as JSON takes it: what is missing or infinite becomes None."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return str(value)


def _usual(frame: pd.DataFrame, measure: str) -> list[Any]:
    from equity.charts import COLUMNS

    listed = [key for key, _, _ in COLUMNS.get(measure, []) if key in frame]
    return [c for c in listed or frame.columns if c != "reason"]


def _default(
    key: str, frame: pd.DataFrame, known: Mapping[str, tuple[str, str]]
) -> tuple[str, str]:
    if key in known:
        return known[key]
    column = frame[key]
    heading = key.replace("_", " ")
    heading = heading[:1].upper() + heading[1:]
    if pd.api.types.is_bool_dtype(column):
        return heading, "flag"
    if key == "year" or not pd.api.types.is_numeric_dtype(column):
        return heading, "text"
    return heading, "whole" if pd.api.types.is_integer_dtype(column) else "number"
