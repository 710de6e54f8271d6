"""Chart of what is in the file: records per month, with the months that are missing or thin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _draw, _hidden, _hidden_stops, _marks, _words
from equity.charts._common import alternative
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt

__all__ = ["coverage"]

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_COLOURS = {
    **{"there": "blue", "thin": "orange", "half": "purple", "missing": "orange"},
    "hidden": "grey",
}
_WORDS = {
    "missing": "No records (orange crosses)",
    "thin": "Fewer than half as many as in the median month (orange, triangles)",
    "half": "Group known for fewer than half (purple, diamonds)",
}
_MARKED = "datum.state == 'thin' || datum.state == 'half'"


def coverage(
    table: pd.DataFrame, *, what: str = "stops", labels: Mapping[str, str] | None = None
) -> alt.LayerChart:
    """Draw records per month; months without any, or with few, are marked and named.

    Parameters
    ----------
    table : what `equity.coverage` returns, or columns `year`, `month`, `n` alone: a month between
        the first and the last that has no row, or 0, is missing.
    what : what is counted.
    labels : taken for the sake of a common call; months have no labels.

    Raises ValueError where the table lacks a column. It cannot show whether the records of a
    month are complete, only that there are some. Months that a published page hides are hatched.
    """
    import altair as alt

    frame, dateless = _months(table)
    title = headline(frame, what=what)
    first, last = (frame["name"].iloc[i] if len(frame) else "none" for i in (0, -1))
    subtitle = [f"{_words.sentence(what)} per month, {first} to {last}"]
    for state, words in _WORDS.items():
        marked = (
            frame["half"] & (frame["shown"] > 0) if state == "half" else frame["state"] == state
        )
        names = frame.loc[marked, "name"].tolist()
        if names:
            subtitle.append(f"{words}: {_hidden_stops.some(names)}")
    subtitle += _hidden_stops.hatched(frame, frame["name"].tolist())
    partly = [r["name"] for r in _draw.rows_of(frame) if r["n"] is not None and r["known_hidden"]]
    if partly:
        subtitle.append(f"How many have a known group is hidden: {_hidden_stops.some(partly)}")
    if dateless is None:
        subtitle.append(f"How many {what} have no date is hidden")
    elif dateless:
        subtitle.append(f"{dateless:,} {what} without a date are not shown")
    low = int(frame["year"].min()) if len(frame) else 2000
    high = int(frame["year"].max()) + 1 if len(frame) else 2001
    axis = alt.Axis(
        title=None,
        grid=False,
        ticks=True,
        domain=True,
        labelAlign="left",
        labelOffset=3,
        values=list(range(low, high + 1)),
        labelOverlap="greedy",
        labelExpr=f"datum.value < {high} ? format(datum.value, 'd') : ''",
    )
    x = alt.X(
        "start:Q",
        axis=axis,
        scale=alt.Scale(domain=[low, high], nice=False, zero=False, padding=0),
    )
    y = alt.Y(
        "n:Q",
        axis=alt.Axis(title=None, tickCount=4, format=",d", tickMinStep=1),
        scale=alt.Scale(zero=True),
    )
    tips = [
        alt.Tooltip("name:N", title="Month"),
        alt.Tooltip("n_text:N", title=_words.sentence(what)),
        alt.Tooltip("reason:N", title="Note"),
    ]
    height = 160
    states = set(frame["state"])
    layers = [
        _marks.layer("rect")
        .encode(
            x=x,
            x2=alt.X2("end:Q"),
            y=y,
            y2=alt.Y2Datum(0),
            tooltip=tips,
            color=alt.Color("colour:N", scale=None),
            description=alt.Description("aria:N"),
        )
        .transform_filter("datum.state != 'missing' && datum.state != 'hidden'"),
        _marks.layer(
            "point",
            shape="cross",
            angle=45,
            filled=True,
            size=45,
            opacity=1,
            color=PALETTE["orange"],
        )
        .encode(
            x=alt.X("middle:Q", scale=x["scale"], axis=axis),
            y=alt.YValue(height - 8),
            tooltip=tips,
            description=alt.Description("aria:N"),
        )
        .transform_filter("datum.state == 'missing'"),
    ]
    if states & {"thin", "half"}:  # told apart without their colour, too
        shape = alt.ExprRef("datum.state == 'half' ? 'diamond' : 'triangle-down'")
        layers.append(
            _marks.layer("point", filled=True, size=40, opacity=1, aria=False, yOffset=-7)
            .encode(
                x=alt.X("middle:Q", scale=x["scale"], axis=axis),
                y=y,
                color=alt.Color("colour:N", scale=None),
                shape=alt.ShapeValue(shape),
            )
            .transform_filter(_MARKED)
        )
    bars = bool(states - {"missing", "hidden"}) or not states
    there_is = [bars, "missing" in states, *[True] * (len(layers) - 2)]
    # a layer without marks is an empty group to a screen reader
    layers = [one for one, there in zip(layers, there_is, strict=True) if there]
    middle = alt.X("middle:Q", scale=x["scale"], axis=axis)
    layers += _hidden_stops.columns(frame, middle, alt.YValue(height), tips)
    sentences = [
        f"{year}, {_hidden.n_words(part, '', before='').replace(' ,', ',').strip() or 'hidden'}"
        for year, part in frame.groupby("year")
    ]
    intro = " ".join(s + "." for s in subtitle) + " By year:"
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
    )


def _months(table: pd.DataFrame) -> tuple[pd.DataFrame, int | None]:
    """Return one row for each month from the first to the last, and how many have no date."""
    absent = [c for c in ("year", "month", "n") if c not in table]
    if absent:
        raise ValueError(
            f"The table has no column {', '.join(absent)}: pass what equity.coverage returns."
        )
    dated = table["year"].notna() & table["month"].notna()
    rest = table.loc[~dated, "n"].tolist()
    if "undated" in table and len(table):
        rest.append(table["undated"].iloc[0])
    dateless = None if not all(map(_words.given, rest)) else int(sum(map(float, rest)))
    known = table.loc[dated].astype({"year": int, "month": int})
    known = known.assign(n=pd.to_numeric(known["n"]).astype("Float64"))
    total = known.groupby(["year", "month"])["n"].sum(skipna=False)
    rows = {(r["year"], r["month"]): r for r in _draw.rows_of(known)}
    index = [y * 12 + m - 1 for y, m in rows]
    out = []
    for i in range(min(index), max(index) + 1) if index else ():
        year, month = i // 12, i % 12 + 1
        row = rows.get((year, month), {})
        number = total.get((year, month), 0)
        n = int(number) if _words.given(number) else None
        state, reason = _state(row, n)
        name = f"{_MONTHS[month - 1]} {year}"
        gap = 0.01
        out.append(
            {
                "order": i - min(index),
                "year": year,
                "month": month,
                "n": n,
                "shown": n or 0,
                "n_text": "hidden" if n is None else f"{n:,}",
                "known_hidden": _hidden.lost(row, "share_known") and "share_known" in row,
                "name": name,
                "state": state,
                "share_known": row.get("share_known"),
                "half": _half(row),
                "reason": reason,
                "start": year + (month - 1) / 12 + gap / 2,
                "middle": year + (month - 0.5) / 12,
                "end": year + month / 12 - gap / 2,
                "colour": PALETTE[_COLOURS[state]],
                "aria": _aria(name, n, reason),
            }
        )
    columns = [
        "order",
        "year",
        "month",
        "n",
        "shown",
        "n_text",
        "known_hidden",
        "name",
        "state",
        "share_known",
        "half",
        "reason",
        "start",
        "middle",
        "end",
        "colour",
        "aria",
    ]
    frame = pd.DataFrame(out, columns=columns)
    frame = frame.assign(n=frame["n"].astype("Int64"), reason=frame["reason"].astype(object))
    return _hidden_stops.runs(frame, (frame["state"] == "hidden").tolist()), dateless


def _aria(name: str, n: int | None, reason: str | None) -> str:
    said = "hidden" if n is None else f"{n:,}" if n else ""
    return ", ".join(x for x in (name, said, reason) if x)


def _state(row: Mapping, n: int | None) -> tuple[str, str | None]:
    reason = row.get("reason") if isinstance(row.get("reason"), str) else None
    if n is None:
        return "hidden", reason
    if n == 0:
        return "missing", reason or "no records in this month"
    if row.get("thin") is True:
        if _half(row):
            reason = "; ".join(filter(None, (reason, "the group is known for fewer than half")))
        return "thin", reason
    return "half" if _half(row) else "there", reason


def _half(row: Mapping) -> bool:
    share = row.get("share_known")
    return bool(_words.given(share) and share < 0.5)  # type: ignore[operator]


def headline(frame: pd.DataFrame, *, what: str) -> str:
    """Return how many records there are, over which months, and which months fall short."""
    if frame.empty:
        return f"There are no {what} with a month in this file"
    missing = int((frame["state"] == "missing").sum())
    first, last = frame["name"].iloc[0], frame["name"].iloc[-1]
    span = f"in {first}" if first == last else f"from {first} to {last}"
    hidden = int((frame["state"] == "hidden").sum())
    if hidden == len(frame) - missing and hidden:
        text = f"How many {what} there are {span} is hidden"
    else:
        text = f"{int(frame['shown'].sum()):,} {what} {span}"
    if missing:
        text += f"; {missing} month{'s' if missing > 1 else ''} between them without any"
    if hidden and hidden < len(frame) - missing:
        text += f", without those of {hidden} month{'s' if hidden > 1 else ''} that "
        text += f"{'are' if hidden > 1 else 'is'} hidden"
    thin = frame.loc[frame["state"] == "thin", "name"].tolist()
    if thin:
        where = thin[0] if len(thin) == 1 else f"{len(thin)} months"
        text += f"; in {where} there are fewer than half as many as in the median month"
    half = frame[frame["half"].astype(bool) & (frame["shown"] > 0)]
    if len(half) == 1:
        share = float(half["share_known"].iloc[0])
        known = f"{100 * share:.0f}%" if 0.01 <= share < 0.495 else _words.percent(share)
        text += f"; in {half['name'].iloc[0]} the group is known for {known} of records"
    elif len(half):
        text += f"; in {len(half)} months the group is known for fewer than half of records"
    return text
