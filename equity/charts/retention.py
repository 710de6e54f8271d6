"""Chart of who stays: the share still in service by years since hire, a line for each group."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from equity.charts import _draw, _hidden, _marks, _words
from equity.charts._common import alternative, level, reference_words, unknown_words
from equity.charts._durations import hidden_lines, lanes, left_out, span_of, too_few_words
from equity.charts._retention_headline import headline

if TYPE_CHECKING:
    import altair as alt

__all__ = ["retention"]

_NEEDED = (
    *("stratum", "group", "reference", "months", "n_at_risk", "left", "survival", "low", "high"),
    *("n", "x", "months_lost", "lost_difference", "lost_low", "lost_high", "p_adjusted"),
    "too_few",
)
_HEAD, _PLOT, _GAP, _FOOT = 30, 230, 26, 40
_LEFT = 44
_APART = 16.0  # pixels between the words of two lines
_LANE = 20.0  # from one lane of what is hidden to the next
_NARROW_RIGHT, _BRIEF = 144, 17  # room for words on a narrow page: pixels, letters


def retention(
    table: pd.DataFrame,
    *,
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw the share still in service by years since hire, a line with intervals for each group.

    Parameters
    ----------
    table : what `equity.retention` returns; each stratum has a panel, on one scale.
    who, labels, strata_label, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show why people left, nor of whom the curve is where few were seen early.
    """
    frame = _draw.prepare(table, _NEEDED, labels)
    interval = level(confidence_level)
    everyone = _draw.rows_of(frame)
    title = headline(
        everyone, who=who, labels=labels, strata=strata_label, alpha=1 - confidence_level
    )
    horizon = float(pd.to_numeric(frame["months"]).max()) if len(frame) else 60.0
    since = float(pd.to_numeric(frame["since"]).max()) if "since" in frame and len(frame) else 0.0
    title = _hidden.with_closing(title, everyone, "survival")
    first = _hidden.first_known(frame, "n", "stratum", "group")
    n = _hidden.n_words(first, f"people seen in their first {span_of(horizon)}", before=", n = ")
    none = [
        str(name)
        for name, part in frame.groupby("label", sort=False)
        if part["survival"].isna().all()
        and (part["n"] > 0).any()
        and (part["too_few"].fillna(False).astype(bool) & ~_hidden.is_hidden(part)).any()
    ]
    reference = reference_words(frame, labels)
    subtitle = [
        f"Share of those {f'who completed {span_of(since)}' if since else 'hired'} who are still "
        f"in service; bars show the {interval}{n}",
        reference,
        *_since(since),
        *_one_sided(everyone),
        *_lost(everyone, horizon, labels),
        *too_few_words(none),
        *_ends_early(frame, horizon),
        *_hidden.legend(frame),
        *left_out(everyone, "months of service are not known"),
        *filter(None, [unknown_words(frame, "people")]),
        "It takes those hired lately as like those hired before, and does not show why people "
        "left",
    ]
    sentences = [_spoken(r) for r in everyone if _words.given(r["survival"])]
    intro = f"Share still in service by years since hire, {interval}. {reference}."
    intro += _hidden.named(everyone, "survival")
    words = {
        "title": title,
        "subtitle": subtitle,
        "description": alternative(title, intro, sentences),
    }
    if frame.empty or (frame["survival"].isna() & ~_hidden.is_hidden(frame)).all():
        return _draw.words_only(frame, **words)
    frame, height = _placed(frame, horizon)
    return _draw.assemble(
        frame, _layers(height, interval, strata_label, frame), height=height, **words
    )


def _spoken(row: dict) -> str:
    part = "" if row["stratum"] == "all" else f"{row['stratum']}, "
    shown = _words.share(row["survival"], row["low"], row["high"])
    return (
        f"{part}{row['label']}, after {span_of(row['months'])} {shown}, "
        f"{_hidden.count(row, 'n_at_risk')} seen in service then"
    )


def _lost(rows: list[dict], horizon: float, labels: Mapping[str, str] | None) -> list[str]:
    """Return the mean months of service lost by the horizon, group by group."""
    if len({r["stratum"] for r in rows}) > 1:
        return []
    said = []
    compared = False
    told: dict[str, dict] = {}
    for r in rows:  # the same at all times, and shown where it is not hidden
        if _words.given(r["months_lost"]):
            told[r["group"]] = r
    for row in told.values():
        text = f"{_words.name(row['group'], labels)} {row['months_lost']:.1f}"
        if not row["is_reference"] and all(
            _words.given(row[f"lost_{k}"]) for k in ("difference", "low", "high")
        ):
            gap, low, high = (row[f"lost_{k}"] for k in ("difference", "low", "high"))
            text += f" ({round(gap, 1) + 0.0:+.1f}, {low:.1f} to {high:.1f})".replace(
                "-", "\u2212"
            )
            compared = True
        said.append(text)
    if not said:
        return []
    other = " (difference to the comparison, with its interval)" if compared else ""
    return [
        f"Months of service lost on average in the first {span_of(horizon)}{other}: "
        + "; ".join(said)
    ]


def _since(since: float) -> list[str]:
    """Return why the curve does not begin at hire."""
    if not since:
        return []
    return [
        f"When people left is known to within {span_of(since)} only, from the lists that they are "
        "no longer in; shares are counted from then"
    ]


def _one_sided(rows: list[dict]) -> list[str]:
    """Return that the parts are not known alike of those who left and those who stayed."""
    said = (re.search(r"no share: (.+? those who (?:left|stayed))(?:;|$)", str(r.get("reason")))
            for r in rows)  # fmt: skip
    return list(dict.fromkeys(f"Not stated: {found[1]}" for found in said if found))


def _ends_early(frame: pd.DataFrame, horizon: float) -> list[str]:
    """Return whose line does not reach the horizon."""
    if frame["stratum"].nunique() > 1:
        return []
    out = []
    for name, part in frame.groupby("label", sort=False):
        there = part[part["survival"].notna()]
        last = there["months"].max() if len(there) else horizon
        if last < horizon and not _hidden.is_hidden(part[part["months"] > last]).any():
            out.append(f"{name} after {span_of(last)}")
    if not out:
        return []
    return [f"Lines end where too few are left to tell: {_words.listed(out)}"]


def _placed(frame: pd.DataFrame, horizon: float) -> tuple[pd.DataFrame, int]:
    """Return the rows that are drawn, with a start at hire, each with its place on the page."""
    start = frame.drop_duplicates(["stratum", "group"]).copy()
    drawn = frame.groupby(["stratum", "group"])["survival"].transform("count") > 0
    start = start[drawn.loc[start.index]].assign(
        survival=1.0, low=np.nan, high=np.nan, left=0, n_at_risk=np.nan, reason=None, hidden=False,
        months=lambda t: pd.to_numeric(t["since"]) if "since" in t else 0, begins=True,
    )  # fmt: skip
    frame = pd.concat([start, frame.assign(begins=False)], ignore_index=True)
    frame, extra = hidden_lines(frame, _LANE)
    begins = frame["begins"].astype(bool)
    parts = list(dict.fromkeys(frame["stratum"]))
    panel = np.array([parts.index(s) for s in frame["stratum"]], dtype=int)
    one = len(parts) == 1
    head = 8 if one else _HEAD
    top = panel * float(head + _PLOT + extra + _GAP) + head
    ends = frame[["survival", "low"]].apply(pd.to_numeric).to_numpy(dtype=float)
    least = float(np.nanmin(ends)) if np.isfinite(ends).any() else 0.8
    least = max(0.0, math.floor(least * 5 - 1e-9) / 5) if least < 0.8 else 0.8

    def down(share: Any) -> np.ndarray:
        values = np.asarray(pd.to_numeric(share), dtype=float)
        return top + (1 - values) / (1 - least) * (_PLOT - 6) + 3

    there = frame.loc[frame["survival"].notna() & ~begins, "group"]
    order = {g: i for i, g in enumerate(dict.fromkeys(there))}
    number = len(order)
    # side by side, so that no bar hides another; all start at hire
    step = min(0.9, 5 / max(number, 1)) * horizon / 60
    dodge = step * (np.array([order.get(g, 0) for g in frame["group"]]) - (number - 1) / 2)
    months = pd.to_numeric(frame["months"]).to_numpy(dtype=float)
    frame = frame.assign(
        order=range(len(frame)),
        reach=horizon + 3 * horizon / 60,
        at=np.where(begins, months, months + dodge),
        line=[f"{p} {g} {i}" for p, g, i in zip(panel, frame["group"], frame["run"], strict=True)],
        top=top,
        bottom=top + _PLOT,
        lane=top
        + _PLOT
        + np.where(panel == len(parts) - 1, _FOOT + 10, 4)
        + pd.to_numeric(frame["lane"]).astype(float),
        y=down(frame["survival"]),
        y_low=down(frame["low"]),
        y_high=down(frame["high"]),
        tick=pd.Series(None, index=frame.index, dtype=object),
        head=pd.Series(None, index=frame.index, dtype=object),
        words=pd.Series(None, index=frame.index, dtype=object),
        brief=pd.Series(None, index=frame.index, dtype=object),
        lane_words=pd.Series(None, index=frame.index, dtype=object),
        lane_brief=pd.Series(None, index=frame.index, dtype=object),
        lane_aria=pd.Series(None, index=frame.index, dtype=object),
        **dict.fromkeys(("tick_y", "words_y", "year"), math.nan),
    )
    frame["value"] = _draw.apply(
        lambda r: (
            _words.share(r["survival"], r["low"], r["high"])
            if _words.given(r["survival"]) and not r["begins"]
            else _hidden.WORD * r["gone"] or None
        ),
        frame,
    )
    frame["when"] = _draw.apply(lambda r: span_of(r["months"]), frame)
    frame["aria"] = _draw.apply(
        lambda r: (
            _spoken(r)
            if _words.given(r["survival"]) and not r["begins"]
            else f"{r['label']}, after {r['when']}: hidden" * r["gone"]
        ),
        frame,
    )
    for at, part in enumerate(parts):
        rows = frame.index[panel == at]
        if not one:
            frame.loc[rows[0], "head"] = str(part)
        step = 0.05 if least >= 0.8 else 0.1 if least >= 0.6 else 0.2
        ticks = np.arange(1, least - 1e-9, -step)[: len(rows)]
        for row, tick in zip(rows, ticks, strict=False):
            frame.loc[row, "tick"] = f"{round(100 * tick)}%"
            frame.loc[row, "tick_y"] = top[rows[0]] + (1 - tick) / (1 - least) * (_PLOT - 6) + 3
        _name_lines(frame, rows, float(top[rows[0]]))
    return frame, int(frame["bottom"].max() + _FOOT + extra + 6 * bool(extra))


def _name_lines(frame: pd.DataFrame, rows: pd.Index, top: float) -> None:
    """Write beside the end of each line of a panel its group and share, none over another."""
    part = frame.loc[rows]
    for _, lane in part[part["lane"].notna()].groupby("group", sort=False):
        row = lane.index[0]
        says = f": {frame.loc[row, 'lane_when']}"
        frame.loc[row, "lane_words"] = frame.loc[row, "label"] + says
        frame.loc[row, "lane_brief"] = frame.loc[row, "short"] + says
        frame.loc[row, "lane_aria"] = frame.loc[row, "label"] + says
    part = part[part["y"].notna() & ~part["begins"].astype(bool)]
    if part.empty:
        return
    ends = part.loc[part.groupby("group", sort=False)["months"].idxmax()].sort_values("y")
    y = ends["y"].to_numpy(dtype=float, copy=True)
    for i in range(1, len(y)):
        y[i] = max(y[i], y[i - 1] + _APART)
    over = y[-1] - (top + _PLOT) if len(y) else 0
    if over > 0:
        y -= over
        for i in range(len(y) - 2, -1, -1):
            y[i] = min(y[i], y[i + 1] - _APART)
    for row, at in zip(ends.index, y, strict=True):
        share = 100 * float(ends.loc[row, "survival"])  # type: ignore[arg-type]
        frame.loc[row, "words_y"] = at
        last = float(ends.loc[row, "months"])  # type: ignore[arg-type]
        short = last < part["months"].max()
        until = f", at {span_of(last)}" if short else ""
        frame.loc[row, "words"] = f"{share:.1f}% {frame.loc[row, 'label']}{until}"
        named = frame.loc[row, "short"]
        number = f"{share:.0f}% {named}"
        frame.loc[row, "brief"] = named if short or len(number) > _BRIEF else number


def _layers(
    height: int, interval: str, strata_label: str | None, frame: pd.DataFrame
) -> list[alt.Chart]:
    """Return the marks: scales, intervals, lines, dots, and the words at their ends."""
    import altair as alt

    longest = max((len(str(v)) for v in frame["words"].dropna()), default=8)
    right = f"(width < {_draw.NARROW} ? {_NARROW_RIGHT} : {min(360, round(7.6 * longest) + 38)})"
    grey = _marks.GREY
    scale = alt.Scale(
        range=[_LEFT, {"expr": f"width - {right}"}],  # type: ignore[list-item]
        zero=True,
        nice=False,
        padding=0,
    )
    axis = alt.Axis(
        title="Years since hire",
        values=alt.ExprRef("sequence(0, domain('x')[1] + 1, 12)"),
        labelExpr="datum.value == 0 ? 'hire' : format(datum.value / 12, 'd')",
        grid=False,
        ticks=True,
        domain=True,
        offset=int(frame["bottom"].max()) + 8 - height,
    )
    x = alt.X("at:Q", scale=scale, axis=axis)
    end = alt.X2Value(alt.ExprRef(f"width - {right}"))
    colour = alt.Color("colour:N", scale=None)
    tips = [
        alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part")),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("when:N", title="After"),
        alt.Tooltip("value:N", title=f"Still in service ({interval})"),
        alt.Tooltip("left:Q", title="Left before", format=","),
        alt.Tooltip("n_at_risk:Q", title="Seen in service then", format=","),
        alt.Tooltip("reason:N", title="Note"),
    ]
    if frame["stratum"].nunique() == 1:
        tips = tips[1:]
    drawn = "isValid(datum.y)"
    end_words = {"fontSize": 12.5, "fontWeight": "bold", "aria": False, "align": "left"}
    limit = {"expr": f"{right} - 24"}
    at_key, at_right = (alt.XValue(alt.ExprRef(f"width - {right} + {d}")) for d in (13, 22))
    return [
        _marks.layer("rule", opacity=0, aria=False, color=grey)  # the axis reaches the last year
        .encode(x=_marks.on("reach", x), y=alt.YValue(0), y2=alt.Y2Value(0))
        .transform_filter("datum.order == 0"),
        _marks.layer("rule", color=grey, opacity=0.3, strokeWidth=1, aria=False)
        .encode(x=alt.XValue(_LEFT), x2=end, y=_marks.y_at("tick_y", height))
        .transform_filter("isValid(datum.tick)"),
        _marks.layer("text", align="right", fontSize=12, aria=False, dx=-6)
        .encode(x=alt.XValue(_LEFT), y=_marks.y_at("tick_y", height), text=alt.Text("tick:N"))
        .transform_filter("isValid(datum.tick)"),
        *(
            [
                _marks.layer(
                    "text", align="left", fontSize=14, fontWeight="bold", aria=False, dy=-18
                )
                .encode(x=alt.XValue(0), y=_marks.y_at("top", height), text=alt.Text("head:N"))
                .transform_filter("isValid(datum.head)")
            ]
            if frame["head"].notna().any()
            else []
        ),
        _marks.layer("rule", strokeWidth=3.5, strokeOpacity=0.45, strokeCap="round", aria=False)
        .encode(
            x=x,
            y=_marks.y_at("y_low", height),
            y2=alt.Y2("y_high:Q"),
            color=colour,
        )
        .transform_filter(f"{drawn} && isValid(datum.value) && datum.months % 12 == 0"),
        _marks.layer("line", strokeWidth=2.5, aria=False)
        .encode(x=x, y=_marks.y_at("y", height), color=colour, detail="line:N")
        .transform_filter(drawn),
        _marks.layer("point", filled=True, opacity=1, size=60)
        .encode(
            x=x,
            y=_marks.y_at("y", height),
            color=colour,
            shape=alt.Shape("shape:N", scale=None),
            tooltip=tips,
            description=alt.Description("aria:N"),
        )
        .transform_filter(f"{drawn} && !datum.begins"),
        _marks.layer("point", filled=True, opacity=1, size=45, aria=False)
        .encode(
            x=at_key,
            y=_marks.y_at("words_y", height),
            color=colour,
            shape=alt.Shape("shape:N", scale=None),
        )
        .transform_filter("isValid(datum.words)"),
        *(
            _marks.layer(
                "text",
                opacity={"expr": f"width < {_draw.NARROW} ? {narrow} : {wide}"},
                limit=limit,
                **end_words,
            )
            .encode(
                x=at_right,
                y=_marks.y_at("words_y", height),
                text=alt.Text(field),
            )
            .transform_filter("isValid(datum.words)")
            for field, narrow, wide in (("words:N", 0, 1), ("brief:N", 1, 0))
        ),
        *(lanes(height) if frame["lane"].notna().any() else []),
    ]
