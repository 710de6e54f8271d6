"""Parts of the charts of rates: nothing to compare, too few searches, and what is hidden of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _draw, _hidden, _words
from equity.charts._common import alternative, unknown_words

if TYPE_CHECKING:
    import altair as alt

__all__ = ["alike", "all_alike", "in_all", "its_rate", "rests", "small"]

_FIGURES = ("rate", "ratio", "ratio_low", "ratio_high", "difference", "p_value", "p_adjusted")
_ENDS = ("difference_low", "difference_high", "p_most")


def all_alike(table: pd.DataFrame, what: str | None, unit: str) -> str | None:
    """Return the sentence that every known outcome is a yes, or a no; None where they differ.

    Nor is it said where a count is hidden: that one may be the other way.
    """
    if not {"x", "x_known"} <= set(table.columns):
        return None
    (x, whole), (known, also) = (_hidden.total(table, c) for c in ("x", "x_known"))
    if not (whole and also and x is not None and known) or 0 < x < known:
        return None
    return _words.all_alike(x > 0, what, unit)


def alike(frame: pd.DataFrame, title: str, shown: str, unit: str) -> alt.LayerChart:
    """Return a chart of the words alone: there is no share to compare."""
    subtitle = [
        ", ".join(filter(None, [shown, _hidden.n_words(frame, unit, "x_known")])),
        *_hidden.legend(frame),
        *filter(None, [unknown_words(frame, unit)]),
    ]
    said = [
        f"{name}, {_hidden.n_words(part, unit, 'x_known', before='') or _hidden.WORD}"
        for name, part in frame.groupby("label", sort=False)
    ]
    return _draw.words_only(
        frame, title=title, subtitle=subtitle, description=alternative(title, f"{shown}.", said)
    )


def in_all(frame: pd.DataFrame, column: str) -> str:
    """Return how many there are: "40 in all", "40 of those shown", "how many is hidden"."""
    total, whole = _hidden.total(frame, column)
    if total is None:
        return "how many is hidden"
    return f"{total:,.0f} {'in all' if whole else 'in those shown'}"


def its_rate(rows: list[dict]) -> str:
    """Return that a dashed line marks the rate of the reference, or that this is hidden."""
    own = [r for r in rows if r["is_reference"]]
    if own and all(_hidden.lost(r, "rate") for r in own):
        return "; its rate is hidden"
    return "; a dashed line marks its rate"


def rests(rows: list[dict], minimum: int) -> tuple[list[dict], list[dict]]:
    """Return the rows that a headline may speak of, and those that rest on too few searches.

    Of a row whose number of searches is hidden nothing is claimed: it stays, as a hidden one.
    """
    own = {r["stratum"]: r for r in rows if r["is_reference"]}
    kept, few = [], []
    for row in rows:
        both = [row, own.get(row["stratum"], {})]
        if row["is_reference"] or _hidden.lost(row, "x_known", "ratio"):
            kept.append(row if row["is_reference"] else _blank(row))
        elif any(_hidden.lost(r, "x_known") for r in both):
            kept.append(_blank(row))
        elif all(_words.given(r.get("x_known")) and r["x_known"] >= minimum for r in both):
            kept.append(row)
        elif _words.given(row["x_known"]) and row["x_known"]:
            few.append(row)
    return kept, few


def _blank(row: dict) -> dict:
    """Return the row as a hidden one, without the figures that a headline reads."""
    reason = row["reason"] if _hidden.row_hidden(row) else "Hidden: the comparison is"
    return row | dict.fromkeys((*_FIGURES, *_ENDS)) | {"reason": reason}


def small(rows: list[dict], kept: list[dict], few: list[dict], total: str) -> str:
    """Return what a headline says of the comparisons that rest on too few searches."""
    if not few:
        return ""
    if all(r["is_reference"] for r in kept):
        return f"Too few searches to say more: {total}"
    if len({r["stratum"] for r in rows}) > 1:
        number = len({(r["stratum"], r["group"]) for r in few})
        each = "comparison rests" if number == 1 else "comparisons rest"
        return f"; {number} more {each} on too few searches"
    others = "1 other group" if len(few) == 1 else f"{len(few)} other groups"
    return f"; there are too few searches of {others} to say more"
