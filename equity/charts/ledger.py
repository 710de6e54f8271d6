"""Chart of who is in and who is left out: the rows that remain after each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _hidden, _marks, _words
from equity.charts._common import alternative
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt

__all__ = ["ledger"]


def ledger(
    table: pd.DataFrame, *, what: str = "records", labels: Mapping[str, str] | None = None
) -> alt.LayerChart:
    """Draw how many rows remain after each step, and how many each left out.

    Parameters
    ----------
    table : the ledger of a cohort or of a count table: `step`, `because`, `rows`, `left_out`.
    what : what a row is.
    labels : taken for the sake of a common call; steps have no labels.

    Raises ValueError where the table lacks a column. It cannot show whether those left out differ
    from those who remain.
    """
    import altair as alt

    frame = _draw.prepare(table, ("step", "because", "rows", "left_out"), None)

    def why(row: dict) -> str:
        because = row["because"] if isinstance(row["because"], str) else ""
        return _words.sentence(because.strip() or str(row["step"]))

    def out(row: dict) -> str:
        lost = row["left_out"]
        if not _words.given(lost):
            return f"left out: {_hidden.WORD if _hidden.row_hidden(row) else 'not shown'}"
        return f"{lost:,.0f} left out" if lost else "none left out"

    frame["label"] = frame["short"] = _draw.apply(why, frame)
    frame["n_text"] = _draw.apply(out, frame)
    frame["value"] = _draw.apply(
        lambda r: None if _hidden.lost(r, "rows") else f"{_words.whole(r['rows'])} {what}", frame
    )
    frame["note"] = pd.Series(None, index=frame.index, dtype=object)
    frame["missing"] = _draw.apply(
        lambda r: _hidden.WORD if _hidden.lost(r, "rows") else None, frame
    )
    legend = _hidden.legend(frame)
    if not legend:
        frame["reason"] = frame["note"]
    frame["colour"] = PALETTE["blue"]
    frame["aria"] = [
        f"{r['label']}: {r['value'] or _hidden.WORD} remain, {r['n_text']}"
        for r in _draw.rows_of(frame)
    ]
    frame["at"] = pd.to_numeric(frame["rows"]).astype(float)
    page = _draw.Page(frame["label"].tolist(), len(frame), alone=True)
    frame, height = _draw.place(frame, [""] * len(frame), page, room=4)
    tips = [
        alt.Tooltip("label:N", title="Because"),
        alt.Tooltip("rows:Q", title="Rows that remain", format=","),
        alt.Tooltip("left_out:Q", title="Left out", format=","),
    ]
    x = alt.X("at:Q", scale=_axes.x_scale(page, log=False), axis=None)
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0, 1),
        _marks.layer("rule", strokeWidth=10, yOffset=page.mark_dy)
        .encode(
            x=x,
            x2=alt.X2Datum(0),
            y=_marks.y_at("y", height),
            tooltip=tips,
            color=alt.Color("colour:N", scale=None),
            description=alt.Description("aria:N"),
        )
        .transform_filter(_marks.valid("at")),
        *_marks.words(page, height),
    ]
    rows = _draw.rows_of(frame)
    title = _hidden.with_closing(headline(rows, what=what), rows, "rows", "left_out", noun="step")
    subtitle = [f"How many {what} remain after each step, and how many it leaves out", *legend]
    text = alternative(title, subtitle[0] + ".", frame["aria"].tolist())
    return _draw.assemble(
        frame, layers, height=height, title=title, subtitle=subtitle, description=text
    )


def headline(rows: list[dict], *, what: str) -> str:
    """Return how many are in, of how many."""
    if not rows:
        return "There are no steps to show"
    last = rows[-1]["rows"]
    lost = [r["left_out"] for r in rows]
    if not _words.given(last) or not all(_words.given(v) for v in lost):
        return f"Which {what} are in, step by step"
    if not sum(lost):
        return f"All {_words.whole(last)} {what} are in"
    return f"{_words.whole(last)} of {_words.whole(last + sum(lost))} {what} are in"
