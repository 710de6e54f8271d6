"""Chart of a group's share of stops by the time since dusk: one panel a group, twilight marked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from equity.charts import _draw, _hidden, _hidden_stops, _marks, _words
from equity.charts._common import alternative, group_words, level, unknown_words

if TYPE_CHECKING:
    import altair as alt

__all__ = ["daylight_shares"]

_NEEDED = ("minutes", "group", "reference", "n", "x", "share", "low", "high", "daylight")
_HEAD, _PLOT, _GAP, _LEFT = 46, 130, 16, 44
_FEW = 20
"""Bins of fewer stops are not drawn: their share is anything, and would stretch the scale."""
_STEP = "(width < 480 ? 120 : 60)"
_HOURS = f"sequence(ceil(domain('x')[0] / {_STEP}) * {_STEP}, domain('x')[1] + 1, {_STEP})"


def daylight_shares(
    table: pd.DataFrame,
    *,
    what: str = "stops",
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw the share of each group by the minutes since dusk, in daylight and in the dark.

    Parameters
    ----------
    table : what `equity.daylight_shares` returns. Each group has a panel with a scale of its own;
        bins of fewer than 20 stops are not drawn.
    what : what is counted, for titles.
    who, labels, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show a difference at the same clock time: the left side is earlier in the day.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    interval = level(confidence_level)
    frame, height, width = _placed(frame)

    def aria(row: dict) -> str:
        start, end = int(row["minutes"]), int(row["minutes"]) + width
        when = f"{start} to {end} minutes after dusk"
        if start < 0:
            when = f"{-start} to {max(-end, 0)} minutes before dusk, {row['daylight']}"
        shown = _words.share(row["share"], row["low"], row["high"])
        if row["hidden_here"]:
            return f"{row['label']}, {when}, {_hidden.WORD}"
        if row["daylight"] == "twilight":
            shown = "left out"
        return f"{row['label']}, {when}, {shown}, {_hidden.count(row, 'n')} {what}"

    gone = [_hidden.lost(r, "share") for r in _draw.rows_of(frame)]
    frame = _hidden_stops.runs(frame, gone, step=width, at="minutes")
    frame["aria"] = _draw.apply(aria, frame)
    frame["n_text"] = _draw.apply(lambda r: _hidden.count(r, "n"), frame)
    frame["value"] = _draw.apply(
        lambda r: (
            _words.share(r["share"], r["low"], r["high"])
            if _words.given(r["share"])
            else _hidden.WORD
            if r["hidden_here"]
            else None
        ),
        frame,
    )
    tips = [
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("minutes:Q", title="Minutes since dusk, from"),
        alt.Tooltip("daylight:N", title="Light"),
        alt.Tooltip("value:N", title=f"Share ({interval})"),
        alt.Tooltip("n_text:N", title=_words.sentence(what)),
        alt.Tooltip("reason:N", title="Note"),
    ]
    title = headline(_draw.rows_of(frame), what=what, who=who, labels=labels)
    keys = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    other = _words.listed([_words.name(k, labels) for k in keys] or ["the reference"])
    others = _words.listed([_words.people(k, labels, who) for k in keys] or ["the reference"])
    subtitle = [
        f"Share of each group in its {what} and those of {others} together, in steps of {width} "
        f"minutes; lines show the {interval}{_total(frame, what)}",
        "Hollow: daylight. Filled: dark. Grey band: mostly twilight, left out. Dusk is the end "
        "of civil twilight",
        *(
            [f"Bins of fewer than {_FEW} {what} are in the table only"]
            if (frame["share"].notna() & frame["y"].isna()).any()
            else []
        ),
        *_hidden.legend(frame),
        *_hidden_bins(frame, what),
        *filter(None, [unknown_words(frame, what)]),
        "The left side is earlier in the day than the right, so the hour may explain a "
        "difference: the veil of darkness compares the same clock times",
    ]
    names = dict(zip(frame["group"], frame["label"], strict=True))
    sentences = [
        f"{names[g]}, {_near(s['light'])} in the last 90 minutes of light, "
        f"{_near(s['dark'])} in the hour after dusk"
        for g, s in _around_dusk(_draw.rows_of(frame)).items()
    ]
    sentences += [
        f"{names[g]}, hidden near dusk"
        for g in dict.fromkeys(frame["group"])
        if g in _lost_near(_draw.rows_of(frame))
    ]
    intro = (
        f"Share of each group by minutes before and after dusk, {group_words(frame)}, {interval}, "
        f"{_total(frame, what).removeprefix(', ')}. Each compared with {other}, in {what} of both "
        "together."
    )
    return _draw.assemble(
        frame,
        [
            *_layers(height, tips, set(frame.loc[frame["y"].notna(), "daylight"])),
            *_hidden_stops.columns(frame, _across(), _marks.y_at("bottom", height), tips),
        ],
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
    )


def _hidden_bins(frame: pd.DataFrame, what: str) -> list[str]:
    """Return of which groups bins are hatched, and how many."""
    parts = []
    for label, rows in frame.groupby("label", sort=False):
        if number := int(rows["hidden_here"].sum()):
            parts.append(f"{label}, {number} of {len(rows)} bins")
    return [f"Hatched, hidden: {'; '.join(parts)}"] if parts else []


def _across() -> alt.X:
    """Return the place of a bin in time, with its axis."""
    import altair as alt

    scale = alt.Scale(
        range=[_LEFT, {"expr": "width - 12"}],  # type: ignore[list-item]
        zero=False,
        nice=False,
        padding=8,
    )
    label = (
        "datum.value == 0 ? 'dusk' : (datum.value > 0 ? '+' : '\u2212') + abs(datum.value) / 60 "
        "+ ' h'"
    )
    axis = alt.Axis(
        title="Hours before and after dusk",
        values=alt.ExprRef(_HOURS),
        labelExpr=label,
        labelOverlap="greedy",
        grid=False,
        ticks=True,
        domain=True,
    )
    return alt.X("middle:Q", scale=scale, axis=axis)


def _layers(height: int, tips: list, states: set[str]) -> list:
    """Return the marks: bands of twilight, scales, the line of dusk, intervals, dots.

    Only `states` have dots: a layer without marks is an empty group to a screen reader.
    """
    import altair as alt

    x = _across()
    scale, axis = x["scale"], x["axis"]
    y = _marks.y_at("y", height)
    dusk = alt.XDatum(0, scale=scale, axis=axis, type="quantitative")
    grey = _marks.GREY
    marks: dict[str, Any] = {
        "color": alt.Color("colour:N", scale=None),
        "tooltip": tips,
        "description": alt.Description("aria:N"),
        "shape": alt.Shape("shape:N", scale=None),
    }
    dot = {"opacity": 1, "size": 55, "strokeWidth": 2}
    side: dict[str, Any] = {"fontSize": 12, "fontStyle": "italic", "aria": False}
    whole = alt.X2Value(alt.ExprRef("width - 12"))
    return [
        _marks.layer("rect", color=grey, opacity=0.18, aria=False)
        .encode(
            x=_marks.on("minutes", x),
            x2=alt.X2("until:Q"),
            y=_marks.y_at("top", height),
            y2=alt.Y2("bottom:Q"),
        )
        .transform_filter("datum.band"),
        _marks.layer("rule", color=grey, opacity=0.35, strokeWidth=1, aria=False)
        .encode(x=alt.XValue(_LEFT), x2=whole, y=_marks.y_at("tick_y", height))
        .transform_filter("isValid(datum.tick)"),
        _marks.layer("text", align="right", fontSize=12, aria=False, dx=-6, baseline="middle")
        .encode(x=alt.XValue(_LEFT), y=_marks.y_at("tick_y", height), text=alt.Text("tick:N"))
        .transform_filter("isValid(datum.tick)"),
        _marks.layer(
            "text", align="left", fontSize=14, fontWeight="bold", aria=False, baseline="middle"
        )
        .encode(x=alt.XValue(0), y=_marks.y_at("head_y", height), text=alt.Text("head:N"))
        .transform_filter("isValid(datum.head)"),
        _marks.layer("rule", color=grey, strokeWidth=1.5, aria=False)
        .encode(x=dusk, y=_marks.y_at("top", height), y2=alt.Y2("bottom:Q"))
        .transform_filter("isValid(datum.head)"),
        *(
            _marks.layer("text", text=word, align=align, dx=dx, baseline="bottom", dy=-3, **side)
            .encode(x=dusk, y=_marks.y_at("top", height))
            .transform_filter("isValid(datum.head)")
            for word, align, dx in (("light", "right", -6), ("dark", "left", 6))
        ),
        _marks.layer("rule", strokeWidth=2, strokeCap="round", aria=False)
        .encode(
            x=x,
            y=_marks.y_at("y_low", height),
            y2=alt.Y2("y_high:Q"),
            color=alt.Color("colour:N", scale=None),
        )
        .transform_filter("isValid(datum.y)"),
        *(
            _marks.layer("point", filled=filled, **dot)
            .encode(x=x, y=y, **marks)
            .transform_filter(f"isValid(datum.y) && datum.daylight == '{state}'")
            for state, filled in (("light", False), ("dark", True))
            if state in states
        ),
    ]


def _placed(frame: pd.DataFrame) -> tuple[pd.DataFrame, int, int]:
    """Return each row with its place on the page, the height, and the minutes of a bin."""
    minutes = pd.to_numeric(frame["minutes"]).to_numpy(dtype=float)
    width = int(math.gcd(*np.diff(np.unique(minutes)).astype(int).tolist())) or 15
    order = {g: i for i, g in enumerate(dict.fromkeys(frame["group"]))}
    panel = np.array([order[g] for g in frame["group"]], dtype=int)
    frame = frame.assign(
        middle=minutes + width / 2,
        until=minutes + width,
        top=panel * float(_HEAD + _PLOT + _GAP) + _HEAD,
        order=range(len(frame)),
        band=False,
        **dict.fromkeys(("y", "y_low", "y_high", "tick_y", "head_y"), math.nan),
        tick=pd.Series(None, index=frame.index, dtype=object),
        head=pd.Series(None, index=frame.index, dtype=object),
    )
    frame["bottom"] = frame["top"] + _PLOT
    for at in range(len(order)):
        rows = frame.index[panel == at]
        part = frame.loc[rows]
        frame.loc[rows, "band"] = _bands(part)
        frame.loc[rows[0], "head"] = part["label"].iloc[0]
        frame.loc[rows[0], "head_y"] = part["top"].iloc[0] - 34
        few = pd.to_numeric(part["n"]).astype(float) < _FEW
        drawn = part[part["share"].notna() & ~few]
        if drawn.empty:
            continue
        least, most, ticks = _scale(drawn)
        top = part["top"].iloc[0]

        def down(value: Any, top: float = top, least: float = least, most: float = most) -> Any:
            return top + (most - np.clip(value, least, most)) / (most - least) * _PLOT

        for column, to in (("share", "y"), ("low", "y_low"), ("high", "y_high")):
            frame.loc[drawn.index, to] = down(drawn[column].to_numpy(dtype=float))
        ticks = ticks[: len(rows)]
        frame.loc[rows[: len(ticks)], "tick_y"] = [down(t) for t in ticks]
        for row, tick in zip(rows, ticks, strict=False):
            frame.loc[row, "tick"] = f"{round(100 * tick, 6):g}%"
    return frame, max(len(order) * (_HEAD + _PLOT + _GAP) - _GAP + 6, 40), width


def _bands(part: pd.DataFrame) -> list[bool]:
    """Return which rows are twilight in a bin that is mostly twilight."""
    most = part.groupby("minutes")["n"].transform("max")
    same = (part["n"] == most).fillna(False).astype(bool)
    return ((part["daylight"] == "twilight") & same).tolist()


def _scale(drawn: pd.DataFrame) -> tuple[float, float, list[float]]:
    """Return the ends of a panel's scale, and three to five round shares between them."""
    n = pd.to_numeric(drawn["n"]).astype(float)
    large = drawn[~(n < 0.25 * n.median())]
    least = min(drawn["share"].min(), large["low"].min())
    most = max(drawn["share"].max(), large["high"].max())
    room = max(0.06 * (most - least), 0.002)
    least, most = max(least - room, 0.0), min(most + room, 1.0)
    step = next(
        s * 10.0**e
        for e in range(-4, 1)
        for s in (1, 2, 5)
        if (most - least) / (s * 10.0**e) <= 4.5
    )
    first = math.ceil(least / step - 1e-9)
    return least, most, [i * step for i in range(first, math.floor(most / step + 1e-9) + 1)]


def _near(counts: list[float]) -> str:
    x, n = counts
    return f"{_words.percent(x / n)} ({x:,.0f} of {n:,.0f})"


def _total(frame: pd.DataFrame, what: str) -> str:
    """Return the stops that are shown: those of each group, and of the reference once."""
    shown = frame[frame["share"].notna() & frame["n"].notna() & frame["x"].notna()]
    if frame.empty or (shown.empty and frame["hidden_here"].any()):
        return "" if len(frame) else f", n = 0 {what}"
    by_group = shown.groupby("group")[["n", "x"]].sum()
    number = (
        float(by_group["x"].sum() + (by_group["n"] - by_group["x"]).max()) if len(shown) else 0
    )
    least = "at least " if any(_hidden.lost(r, "n", "x") for r in _draw.rows_of(frame)) else ""
    return f", n = {least}{number:,.0f} {what}"


def headline(rows: list[dict], *, what: str, who: str, labels: Mapping[str, str] | None) -> str:
    """Return the shares of the largest group on both sides of dusk, as they are."""
    if not rows:
        return "There are no figures to show"
    full = _around_dusk(rows)
    tail = _hidden.with_closing("", rows, "share", noun="bin")
    if not full and tail:
        return f"The shares on both sides of dusk are not shown{tail}"
    if not full:
        return "No share can be computed on both sides of dusk from these numbers"
    best = max(full, key=lambda g: full[g]["light"][0] + full[g]["dark"][0])
    light, dark = (_words.percent(x / n) for x, n in (full[best]["light"], full[best]["dark"]))
    name, other = (_words.people(k, labels, who) for k in (best, rows[0]["reference"]))
    said = _words.sentence(
        f"of {what} of {name} and {other}, {light} were of {name} in the last light before dusk, "
        f"and {dark} in the hour after it"
    )
    return f"{said}{tail}"


def _around_dusk(rows: list[dict]) -> dict[str, dict[str, list[float]]]:
    """Return group -> light or dark -> its stops and all, near dusk, where there are both."""
    sums: dict[str, dict[str, list[float]]] = {}
    gone = _lost_near(rows)
    for row in rows:
        if _is_near(row) and row["group"] not in gone:
            both = sums.setdefault(row["group"], {"light": [0, 0], "dark": [0, 0]})
            both[row["daylight"]][0] += row["x"]
            both[row["daylight"]][1] += row["n"]
    return {g: s for g, s in sums.items() if s["light"][1] and s["dark"][1]}


def _is_near(row: dict) -> bool:
    """Return whether a bin lies in the last 90 minutes of light, or in the hour after dusk."""
    near = row["daylight"] == "light" and row["minutes"] >= -90
    return near or (row["daylight"] == "dark" and row["minutes"] < 60)


def _lost_near(rows: list[dict]) -> set[str]:
    """Return the groups of which a count near dusk is hidden, so that no sum can be told."""
    return {
        r["group"]
        for r in rows
        if _is_near(r) and not (_words.given(r["n"]) and _words.given(r["x"]))
    }
