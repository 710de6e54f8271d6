"""Tables as a page shows them: plain values, a heading and a number format for every column."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Columns", "describe", "plain", "records", "words_of"]

Columns = Iterable[str] | Mapping[str, str | tuple[str, str]] | None

# what no measure returns, but a table may hold
_MORE = {
    "share_known": ("Group known", "percent"),
    "n_known": ("Group known", "whole"),
    "missing": ("No records", "flag"),
    "thin": ("Few records", "flag"),
    "undated": ("Without a date", "whole"),
}

# values of files, in the words of a page
_VALUES = {"pedestrian": "Pedestrians", "vehicular": "Drivers"}
_SMALL = ("a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to")
_ROMAN = ("III", "VII", "VIII")
_ABBREVIATION = 3  # a value so short may be one, and stays as it is


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
    """Return key, heading and format of the columns, and which are for the download only.

    columns : names; or name -> heading; or name -> (heading, format). None: those that
        `equity.charts.COLUMNS` lists for the measure, else all; without a `stratum` that is "all"
        throughout, and without `reason`, whose text stands in the empty cells.
        Formats: text, whole, number, percent, points, ratio, per_thousand, p, flag.
    """
    from equity.charts import ON_PAGE

    known = _known(measure)
    brief = ON_PAGE.get(measure) if columns is None else None
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
        said = {"key": str(key), "heading": heading, "format": kind}
        # what a page has no room for is in the download
        out.append(said if brief is None or key in brief else said | {"only": "download"})
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


def words_of(counts: Any, column: str) -> dict[Any, str]:
    """Return key -> words for the values of a column of counts, as a page shows them.

    The words that the counts carry; else those of a word that is known; else a value written all
    in capitals or all in small letters gets capitals as a name has them.
    """
    labels = dict(counts.labels(column))
    if column not in counts.by:
        return labels
    texts = [v for v in counts.values(column) if isinstance(v, str) and v not in labels]
    made = {v: _VALUES.get(v.lower()) or _as_name(v) for v in texts}
    taken = [*labels.values(), *made.values()]
    # two values that differ in their capitals only stay as they are
    return labels | {v: word for v, word in made.items() if taken.count(word) == 1}


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


def _as_name(text: str) -> str:
    if not (text.isupper() or text.islower()) or len(text) <= _ABBREVIATION:
        return text
    words = text.split(" ")
    return " ".join(_capital(w, first=not i, upper=text.isupper()) for i, w in enumerate(words))


def _capital(word: str, *, first: bool, upper: bool) -> str:
    if word.lower() in _SMALL and not first:
        return word.lower()
    if upper and (any(c.isdigit() for c in word) or len(word) < _ABBREVIATION or word in _ROMAN):
        return word  # K9, NE, III
    return re.sub(r"[^\W\d_]+(?:'[sS]\b)?", lambda m: m.group().capitalize(), word)


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
