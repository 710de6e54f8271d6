"""Numbers of a table as a page writes them: in the words of equity/widgets/static/panel.js."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

__all__ = ["HIDDEN", "is_hidden", "listed", "meaning", "written"]

HIDDEN = re.compile(r"^Hidden: *")
_WORDS = ("text", "flag")
_PARTS = ("stratum", "benchmark", "stage", "group")  # columns that head a line of a table
_LEAST_P, _MOST_P = 0.001, 0.999


def is_hidden(row: Mapping[str, Any]) -> bool:
    """Return whether something in a row of a table is hidden to protect people."""
    return bool(HIDDEN.match(row.get("reason") or ""))


def written(value: Any, column: Mapping[str, str], reason: str | None = None) -> str:
    """Return what a cell of a table reads.

    Parameters
    ----------
    value : what the table holds; None where there is no figure.
    column : its `format`: text, flag, whole, number, percent, points, ratio, per_thousand or p.
    reason : why there is no figure; what is hidden says so in one word.

    Examples
    --------
    >>> written(0.1234, {"format": "percent"}), written(-0.021, {"format": "points"})
    ('12.3%', '−2.1')
    >>> written(None, {"format": "whole"}, "Hidden: fewer than 10 people")
    'hidden'
    """
    kind = column.get("format", "text")
    if value is None:
        if kind == "text":
            return ""
        return "hidden" if HIDDEN.match(reason or "") else reason or "not computed"
    if kind == "flag":
        return "yes" if value else "no"
    if kind == "text" or isinstance(value, bool | str) or not isinstance(value, int | float):
        return _text(value)
    return _number(value, kind)


def listed(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of a figure as the page lists it: caption, head and lines of cells.

    Each cell has its `text`, its `kind` ("", "eq-number" or "eq-missing") and whether it is a
    `head` of its line.
    """
    every: Sequence[Mapping[str, str]] = state.get("columns") or []
    columns = [c for c in every if c.get("only") != "download"]
    more = len(every) - len(columns)
    said = f". The CSV file has {more} more column{'s' if more > 1 else ''}." if more else ""
    first = next((i for i, c in enumerate(columns) if c["key"] not in _PARTS), -1)
    heads = len(columns) if first < 0 else max(1, first)
    numeric = [c.get("format") not in _WORDS for c in columns]
    lines = []
    for row in state.get("rows") or []:
        line = []
        for i, column in enumerate(columns):
            value = row.get(column["key"])
            kind = ("eq-missing" if value is None else "eq-number") if numeric[i] else ""
            text = written(value, column, row.get("reason"))
            line.append({"text": text, "kind": kind, "head": i < heads})
        lines.append(line)
    return {
        "caption": (state.get("title") or "") + said,
        "head": [
            {"text": c["heading"], "kind": "eq-number" if numeric[i] else ""}
            for i, c in enumerate(columns)
        ],
        "lines": lines,
    }


def meaning(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the line below a table that says what "hidden" means in it; "" where nothing is.

    Examples
    --------
    >>> meaning([{"reason": "Hidden: fewer than 10 people, or it would give such a number away"}])
    'hidden: fewer than 10 people, or it would give such a number away.'
    """
    for row in rows:
        if is_hidden(row):
            return f"hidden: {HIDDEN.sub('', row['reason'])}."
    return ""


def _number(value: float, kind: str) -> str:
    if kind == "whole":
        return _fixed(value, 0)
    if kind == "number":
        return _fixed(value, 0 if float(value).is_integer() else 1)
    if kind == "ratio":
        return _fixed(value, 2)
    if kind == "percent":
        small = 0 < abs(100 * value) < 0.995  # two significant digits: 0.046 is not 0.0
        digits = min(1 - math.floor(math.log10(abs(100 * value))), 6) if small else 1
        return _fixed(100 * value, digits) + "%"
    if kind == "points":
        sign = "+" if value > 0 else "\u2212" if value < 0 else ""
        return sign + _fixed(abs(100 * value), 1)
    if kind == "per_thousand":
        return _fixed(1000 * value, 1)
    if kind == "p":
        if value < _LEAST_P:
            return "under .001"
        return "over .999" if value > _MOST_P else re.sub(r"^0", "", f"{value:.3f}")
    return _text(value)


def _fixed(value: float, digits: int) -> str:
    # a browser rounds the shortest decimal that is this number, halves away from zero
    step = Decimal(1).scaleb(-digits)
    return f"{Decimal(repr(value)).quantize(step, ROUND_HALF_UP):,}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
