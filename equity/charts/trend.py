"""Chart of a yes/no rate month by month, one line for each group, with gaps left open."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from equity.charts import _draw, _hidden, _hidden_stops, _marks, _trend_words, _words
from equity.charts._common import alternative, level, reference_words
from equity.charts._rates_parts import alike, all_alike
from equity.charts._style import PALETTE
from equity.charts._trend_words import FEW

if TYPE_CHECKING:
    import altair as alt

__all__ = ["trend"]

_NEEDED = (
    *("stratum", "year", "month", "group", "reference", "x", "x_known", "rate", "low", "high"),
    *("ratio", "ratio_low", "ratio_high", "missing", "thin"),
)
_HEIGHT = 240
_DASHES = ([1, 0], [7, 4], [2, 3], [10, 3, 2, 3], [5, 2, 1, 2, 1, 2], [12, 5])
"""Of the reference and of the others in their order: each line can be told without its colour."""
_NARROW, _WIDE = 84, 136
"""Room for the names at the ends of the lines, in pixels, on narrow and on wide pages."""
_LINE = 15
_USUAL = 100
"""A group has a line where its median month has so many, or it is one of the two largest."""


def trend(
    table: pd.DataFrame,
    *,
    what: str | None = None,
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    confidence_level: float = 0.95,
    unit: str = "records",
) -> alt.LayerChart:
    """Draw the rate of each group by month, a light band for the interval, marks on thin months.

    Parameters
    ----------
    table : what `equity.trend` returns, of one stratum.
    what, who, labels, confidence_level, unit : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column, has more than one stratum or more than
    5,000 rows. It cannot show why a rate changes. Months that a published page hides interrupt
    the line, and are hatched in a lane of the group below it.
    """
    import altair as alt

    interval = level(confidence_level)
    frame = _draw.prepare(table, _NEEDED, labels)
    if frame["stratum"].nunique() > 1:
        parts = list(dict.fromkeys(frame["stratum"]))
        raise ValueError(
            f"A trend is drawn for one part; this table has {len(parts)}: "
            f"{', '.join(map(str, parts[:5]))}{', ...' if len(parts) > 5 else ''}. Keep one: "
            "table[table.stratum == ...]."
        )
    verb = _words.done(what)
    shown = f"Share of each group {verb}, by month" if verb else "Share of each group, by month"
    months = len(frame.drop_duplicates(["year", "month"]))
    only = "Only one month: nothing to follow over time" if months == 1 else None
    if (same := only or all_alike(table, what, unit)) is not None:
        return alike(frame, same, shown, unit)
    frame = _placed(_hidden_stops.verdicts(frame, "missing", "thin"))
    lanes = frame["lane"].nunique()
    lines = frame[frame["at"].notna()].drop_duplicates("label")
    domain = lines["label"].tolist()
    legend = alt.Legend(
        title=None,
        orient="top",
        direction="horizontal",
        columns=alt.ExprRef("width < 400 ? 2 : width < 640 ? 3 : 6"),
        labelLimit=150,
        symbolOpacity=1,
        symbolStrokeWidth=0,
        symbolSize=90,
    )
    colour = alt.Color(
        "label:N",
        scale=alt.Scale(domain=domain, range=lines["colour"].tolist()),
        legend=legend,
        sort=None,
    )
    shape = alt.Shape(
        "label:N",
        scale=alt.Scale(domain=domain, range=lines["shape"].tolist()),
        legend=legend,
        sort=None,
    )
    dash = alt.StrokeDash(
        "label:N",
        scale=alt.Scale(domain=domain, range=[_DASHES[i % len(_DASHES)] for i in _order(lines)]),
        legend=None,
        sort=None,
    )
    x = _time(frame)
    # lanes of hidden months stand below the lines
    above: dict[str, Any] = {"range": [_HEIGHT, 0]} if lanes else {}
    y = alt.Y(
        "at:Q",
        scale=alt.Scale(zero=True, nice=True, **above),
        axis=alt.Axis(title=None, tickCount=5, labelExpr="format(100 * datum.value, '~r') + '%'"),
    )
    tips = [
        alt.Tooltip("name:N", title="Month"),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("value:N", title=f"Rate ({interval})"),
        alt.Tooltip("n_text:N", title=_words.sentence(unit)),
        alt.Tooltip("ratio_text:N", title="Ratio to the comparison"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    run = ["label:N", "run:Q"]
    layers = [
        *_months(frame, x),
        _marks.layer("area", opacity=0.16, aria=False, line=False)
        .encode(x=x, y=_same(y, "start"), y2=alt.Y2("end:Q"), color=colour, detail=run)
        .transform_filter("isValid(datum.at)"),
        _marks.layer("line", strokeWidth=2, aria=False)
        .encode(x=x, y=y, color=colour, strokeDash=dash, detail=run)
        .transform_filter("isValid(datum.at)"),
        _marks.layer("point", filled=True, opacity=1, strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            color=colour,
            shape=shape,
            size=alt.SizeValue(alt.ExprRef("width < 500 ? 14 : 26")),
            tooltip=tips,
            description=alt.Description("aria:N"),
        )
        .transform_filter("isValid(datum.at)"),
        _marks.layer("text", align="left", dx=7, fontSize=12, aria=False, limit=_WIDE - 8)
        .encode(x=_same(x, "ends"), y=_same(y, "name_at"), text=alt.Text("end_name:N"))
        .transform_filter("isValid(datum.end_name)"),
    ]
    if not frame["at"].notna().any():
        layers = layers[: len(layers) - 4] or [_empty(x)]
    layers += _hidden_stops.lanes(frame, x, _HEIGHT, tips)
    title = _trend_words.title(frame, verb, who, labels, 1 - confidence_level)
    subtitle = _trend_words.subtitle(frame, shown, interval, unit, labels, confidence_level)
    intro = f"{shown}; {interval}. {reference_words(frame, labels)}. By year:"
    return _draw.assemble(
        frame.drop(columns=["method"], errors="ignore"),
        layers,
        height=_HEIGHT + lanes * _hidden_stops.LANE,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, _trend_words.by_year(frame)),
    )


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    """Add where each figure stands, which of them are joined, and the words of each."""
    year, month = frame["year"].astype(int), frame["month"].astype(int)
    serial = year * 12 + month - 1
    rate, low, high, known = (
        pd.to_numeric(frame[c]).astype(float) for c in ("rate", "low", "high", "x_known")
    )
    large = _large(frame, known)
    drawn = rate.notna() & ~(known < FEW) & frame["group"].isin(large)
    if not drawn.any():
        drawn = rate.notna()
    at = rate.where(drawn)
    ends = high[drawn].to_numpy()
    most = max(at.max(), float(np.quantile(ends, 0.9))) * 1.05 if drawn.any() else 1.0
    run = pd.Series(0, index=frame.index)
    for _, rows in frame.groupby("group", sort=False):
        there = rows.index[drawn[rows.index]]
        # months in a row share a number: a gap gives the next ones another
        run[there] = serial[there] - np.arange(len(there))
    first = ~serial.duplicated()

    def value(row: dict) -> str | None:
        if not _words.given(row["rate"]):
            return None
        return _words.share(row["rate"], row["low"], row["high"])

    def ratio(row: dict) -> str | None:
        if row["is_reference"] or not _words.given(row["ratio"]):
            return None
        ends = _words.span(row["ratio_low"], row["ratio_high"], _words.ratio)
        return f"{_words.ratio(row['ratio'])} {ends}".strip()

    ends = {"ends": (year + month / 12).max() if len(frame) else None}
    frame = frame.assign(
        **_end_names(frame, at, serial, most),
        **ends,
        order=range(len(frame)),
        name=[f"{calendar.month_name[m]} {y}" for y, m in zip(year, month, strict=True)],
        begin=year + (month - 1) / 12,
        middle=year + (month - 0.5) / 12,
        close=year + month / 12,
        at=at,
        start=low.where(drawn),
        end=high.where(drawn).clip(upper=most),
        run=run,
        first=first,
        value=_draw.apply(value, frame),
        n_text=_draw.apply(lambda r: _hidden.counts(r, "x", "x_known"), frame),
        ratio_text=_draw.apply(ratio, frame),
    )
    columns = ("name", "label", "value", "n_text", "ratio_text")

    def aria(row: dict) -> str:
        if _hidden.lost(row, "rate"):
            return f"{row['name']}, {row['label']}, {_hidden.WORD}"
        return ", ".join(str(row[c]) for c in columns if row[c])

    return _hidden_stops.in_lanes(frame.assign(aria=_draw.apply(aria, frame)), "rate")


def _order(lines: pd.DataFrame) -> list[int]:
    """Return for each line which dash it has: the first is that of the reference."""
    others = iter(range(1, len(lines) + 1))
    return [0 if own else next(others) for own in lines["is_reference"]]


def _end_names(
    frame: pd.DataFrame, at: pd.Series, serial: pd.Series, most: float
) -> dict[str, pd.Series]:
    """Return the name of each line at its last point, and where it stands: none on another."""
    last = serial.where(at.notna()).dropna().sort_values(kind="stable").index
    last = frame["label"][last].drop_duplicates(keep="last").index
    last = at[last].sort_values(kind="stable").index.tolist()
    step = _LINE * most / _HEIGHT
    places = [float(at[i]) for i in last]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + step)
    top = most
    for i in range(len(places) - 1, -1, -1):  # down again, where they would leave the picture
        places[i] = min(places[i], top)
        top = places[i] - step
    name = pd.Series(None, index=frame.index, dtype=object)
    name[last] = frame["short"][last]
    return {
        "end_name": name,
        "name_at": pd.Series(dict(zip(last, places, strict=True)), index=frame.index, dtype=float),
    }


def _large(frame: pd.DataFrame, known: pd.Series) -> set:
    """Return the groups whose months are large enough for a line: two others at least."""
    others = ~frame["is_reference"]
    usual = known[others & (known > 0)].groupby(frame["group"]).median()
    total = known[others].groupby(frame["group"]).sum()
    first = total.sort_values(ascending=False, kind="stable").index[:2]
    return {*usual.index[usual >= _USUAL], *first, *frame.loc[~others, "group"]}


def _time(frame: pd.DataFrame) -> alt.X:
    import altair as alt

    low = float(frame["begin"].min()) if len(frame) else 2000.0
    high = float(frame["close"].max()) if len(frame) else 2001.0
    years = list(range(int(np.ceil(low)), int(np.ceil(high))))
    starts = [low] if low % 1 and np.ceil(low) - low > 0.3 else []
    axis = alt.Axis(
        title=None,
        grid=False,
        ticks=True,
        domain=True,
        labelAlign="left",
        labelOffset=3,
        values=[*starts, *years] or [low],
        labelOverlap="greedy",
        labelExpr="format(floor(datum.value + 0.001), 'd')",
    )
    long = frame["end_name"].dropna().str.len().max() if frame["end_name"].notna().any() else 0
    wide = min(18 + 6.4 * long, _WIDE)
    room = alt.ExprRef(f"width - (width < 500 ? {min(wide, _NARROW + 16)} : {wide})")
    scale = alt.Scale(
        domain=[low, high],
        nice=False,
        zero=False,
        padding=0,
        range=[0, room],  # type: ignore
    )
    return alt.X("middle:Q", axis=axis, scale=scale)


def _same(channel: Any, field: str) -> Any:
    copy = channel.copy(deep=False)
    copy.shorthand = f"{field}:Q"
    return copy


def _empty(x: alt.X) -> alt.Chart:
    return _marks.layer("point", opacity=0, aria=False).encode(x=x)


def _months(frame: pd.DataFrame, x: alt.X) -> list[alt.Chart]:
    """Return grey strips behind thin months, and crosses in months without records."""
    import altair as alt

    out = []
    months = frame[frame["first"]]
    tips = [alt.Tooltip("name:N", title="Month"), alt.Tooltip("reason:N", title="Note")]
    if months["thin"].any():
        out.append(
            _marks.layer("rect", color=_marks.GREY, opacity=0.22, aria=False)
            .encode(x=_same(x, "begin"), x2=alt.X2("close:Q"), y=alt.YValue(0),
                    y2=alt.Y2Value(alt.ExprRef("height")), tooltip=tips)
            .transform_filter("datum.first && datum.thin")
        )  # fmt: skip
    if months["missing"].any():
        out.append(
            _marks.layer("point", shape="cross", angle=45, filled=True, size=45, opacity=1,
                         color=PALETTE["orange"])
            .encode(x=x, y=alt.YValue(_HEIGHT - 8), tooltip=tips,
                    description=alt.Description("aria:N"))
            .transform_filter("datum.first && datum.missing")
        )  # fmt: skip
    return out
