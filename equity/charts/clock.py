"""Chart of stops by the hour of the day, with the hours in which they are rarest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _draw, _hidden, _hidden_stops, _marks, _words
from equity.charts._common import alternative
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    import altair as alt

__all__ = ["clock"]

_HEIGHT = 180
_MARKS = (
    "Orange with triangles: the three hours in a row with the fewest. Grey strip: 2 to 7 in "
    "the morning, where they usually are. Dashed line: if all hours had as many"
)
_NIGHT = (2, 7)
"""The strip: in local time stops are rarest between these hours nearly everywhere."""


def clock(
    table: pd.DataFrame, *, what: str = "stops", labels: Mapping[str, str] | None = None
) -> alt.LayerChart:
    """Draw stops by hour; the three hours in a row with the fewest are orange, with triangles.

    Parameters
    ----------
    table : what `equity.clock` returns.
    what : what is counted.
    labels : taken for the sake of a common call; hours have no labels.

    Raises ValueError where the table lacks a column. It cannot show of which zone times are.
    Hours that a published page hides are hatched.
    """
    import altair as alt

    frame = _draw.prepare(table, ("hour", "n", "share", "rarest", "expected"), None)
    rarest = [r is True for r in frame["rarest"].astype(object).tolist()]
    frame["n"] = pd.to_numeric(frame["n"]).astype("Int64")
    hours = [f"{int(h)}:00 to {int(h)}:59" for h in frame["hour"]]
    frame = frame.assign(
        order=range(len(frame)),
        rarest=rarest,
        name=hours,
        begin=frame["hour"] + 0.06,
        middle=frame["hour"] + 0.5,
        close=frame["hour"] + 0.94,
        colour=[PALETTE["orange" if r else "blue"] for r in rarest],
        percent=[
            _words.percent(s) if _words.given(s) else _hidden.WORD for s in frame["share"].tolist()
        ],
    )
    frame["n_text"] = _draw.apply(lambda r: _hidden.count(r, "n"), frame)
    frame["aria"] = _draw.apply(lambda r: _aria(r, what), frame)
    frame = _hidden_stops.runs(frame, frame["n"].isna().tolist(), step=1)
    title = headline(frame, what=what)
    if frame["n"].notna().any():
        title = _hidden.with_closing(title, _draw.rows_of(frame), "n", noun="hour")
    subtitle = [
        f"{_words.sentence(what)} by hour of the day as recorded"
        + _hidden_stops.sum_words(frame, "n"),
        *([_MARKS] if any(rarest) else ["Grey strip: 2 to 7 in the morning"]),
        *_hidden_stops.hatched(frame, [f"{int(h)}:00" for h in frame["hour"]]),
    ]
    unknown = frame["unknown"].iloc[0] if "unknown" in frame and len(frame) else 0
    if not _words.given(unknown):
        subtitle.append(f"How many {what} have no hour is hidden")
    elif unknown:
        subtitle.append(f"{int(unknown):,} {what} without an hour are not shown")
    subtitle.append("The picture cannot show which zone the times are of")
    scale = alt.Scale(domain=[0, 24], nice=False, zero=False, padding=0)
    axis = alt.Axis(
        title="Hour of the day",
        grid=False,
        ticks=True,
        domain=True,
        values=[0, 3, 6, 9, 12, 15, 18, 21, 24],
        format="d",
        labelOverlap="greedy",
    )
    x = alt.X("begin:Q", axis=axis, scale=scale)
    y = alt.Y(
        "n:Q",
        axis=alt.Axis(title=None, tickCount=4, format=",d", tickMinStep=1),
        scale=alt.Scale(zero=True),
    )
    tips = [
        alt.Tooltip("name:N", title="Hour"),
        alt.Tooltip("n_text:N", title=_words.sentence(what)),
        alt.Tooltip("percent:N", title="Share"),
    ]

    def once(value: float) -> alt.XDatum:
        return alt.XDatum(value, scale=scale, axis=axis, type="quantitative")

    layers = [
        _marks.layer("rect", color=_marks.GREY, opacity=0.2, aria=False)
        .encode(
            x=once(_NIGHT[0]),
            x2=alt.X2Datum(_NIGHT[1]),
            y=alt.YValue(0),
            y2=alt.Y2Value(alt.ExprRef("height")),
        )
        .transform_filter("datum.order == 0"),
        _marks.layer("rect").encode(
            x=x,
            x2=alt.X2("close:Q"),
            y=y,
            y2=alt.Y2Datum(0),
            tooltip=tips,
            color=alt.Color("colour:N", scale=None),
            description=alt.Description("aria:N"),
        )
        .transform_filter("isValid(datum.n)"),
        _marks.layer("point", filled=True, size=45, opacity=1, aria=False, yOffset=-7,
                     shape="triangle-down")
        .encode(
            x=alt.X("middle:Q", axis=axis, scale=scale),
            y=y,
            color=alt.Color("colour:N", scale=None),
        )
        .transform_filter("datum.rarest && isValid(datum.n)"),
        _marks.layer("rule", color=_marks.GREY, strokeDash=[4, 3], strokeWidth=1.5, aria=False)
        .encode(y=alt.Y("expected:Q", scale=y["scale"], axis=y["axis"]))
        .transform_filter("datum.order == 0 && isValid(datum.expected)"),
        *_hidden_stops.columns(
            frame, alt.X("middle:Q", axis=axis, scale=scale), alt.YValue(_HEIGHT), tips
        ),
    ]  # fmt: skip
    sentences = [f"{r['name'].split(':')[0]} hours, {r['n_text']}" for r in _draw.rows_of(frame)]
    return _draw.assemble(
        frame,
        layers,
        height=_HEIGHT,
        title=title,
        subtitle=subtitle,
        description=alternative(title, " ".join(f"{s}." for s in subtitle), sentences),
    )


def _aria(row: dict, what: str) -> str:
    few = ", among the fewest" if row["rarest"] else ""
    return f"{row['name']}, {row['n_text']} {what}{few}"


def headline(frame: pd.DataFrame, *, what: str) -> str:
    """Return when stops are rarest, and what speaks against local times."""
    hidden = int(frame["n"].isna().sum())
    if frame.empty or not (hidden or frame["n"].sum()):
        return f"There are no {what} with a known hour"
    hours = frame.loc[frame["rarest"], "hour"].astype(int).tolist()
    said = frame["reason"].tolist() if "reason" in frame else []
    reason = next((r for r in said if not str(r).startswith("Hidden")), None)
    if hidden and not hours:
        some = f"at {hidden} of {len(frame)} hours" if hidden < len(frame) else "at all hours"
        return f"When {what} are rarest is not shown: how many there are is hidden {some}"
    if not hours and not isinstance(reason, str) and _hidden.is_hidden(frame).any():
        return f"When {what} are rarest is hidden"
    if isinstance(reason, str):
        return _words.sentence(reason).replace("Stops", _words.sentence(what), 1)
    first = next((h for h in hours if (h - 1) % 24 not in hours), hours[0])
    end = (first + len(hours)) % 24 or 24
    text = f"{_words.sentence(what)} are rarest from {first} to {end} o’clock"
    begin, stop = _NIGHT
    inside = [begin <= h < stop for h in hours]
    if all(inside):
        return f"{text}, as is usual in local time"
    if not any(inside):
        return f"{text}, not from {begin} to {stop} as is usual in local time"
    way = "earlier" if first < begin else "later"
    return f"{text}, somewhat {way} than usual ({begin} to {stop})"
