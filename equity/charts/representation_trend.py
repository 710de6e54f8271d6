"""Chart of each group's share of the workforce over snapshots: a panel each, breaks marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from equity.charts import _draw, _hidden, _marks, _words
from equity.charts import _snapshots as _say
from equity.charts._common import alternative, level
from equity.charts._style import PALETTE
from equity.charts.representation import not_kept

if TYPE_CHECKING:
    import altair as alt

__all__ = ["representation_trend"]

_NEEDED = (
    *("when", "benchmark", "group", "n", "x", "share", "low", "high", "population_share"),
    *("difference", "break_before", "break_reason", "change", "unknown", "reason"),
)
_HEAD, _PLOT, _GAP, _LEFT, _RIGHT = 64, 110, 20, 44, 16
_FOOT = 30
_LONG = 18
"""Letters of the name of a benchmark that fit beside its figure on a narrow page."""
_DASHES = ([], [7, 4], [2, 3], [10, 3, 2, 3])


def representation_trend(
    table: pd.DataFrame,
    *,
    what: str = "workforce",
    labels: Mapping[str, str] | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw the share of each group at every snapshot, and the share of the community in grey.

    Parameters
    ----------
    table : what `equity.representation_trend` returns. Each group has a panel with a scale of its
        own that starts at 0. Lines are not joined where the categories changed; a group of whom
        nobody is in any snapshot is named and not drawn.
    what : the body of people, for titles: "workforce", "sworn officers".
    labels, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show whether hires, exits or the community changed.
    """
    import altair as alt

    interval = level(confidence_level)
    frame = _draw.prepare(table, _NEEDED, labels)
    names = [str(b) for b in dict.fromkeys(frame["benchmark"]) if isinstance(b, str)]
    everyone = frame
    some = (pd.to_numeric(frame["x"]).fillna(0) > 0) | _hidden.is_hidden(frame)
    seen = some.groupby(frame["group"]).transform("any").astype(bool)
    frame, height = _placed(frame[seen].reset_index(drop=True), names)
    frame["value"] = _draw.apply(
        lambda r: (
            ("none recorded" if not_kept(r) else _words.share(r["share"], r["low"], r["high"]))
            if _words.given(r["share"])
            else (_hidden.WORD if _hidden.row_hidden(r) else "cannot be computed")
        ),
        frame,
    )
    frame["n_text"] = _draw.apply(lambda r: _hidden.counts(r, "x", "n"), frame)
    frame["note"] = _draw.apply(
        lambda r: f"{r['benchmark']} {_words.percent(r['population_share'])}", frame
    )
    frame["break_words"] = _draw.apply(lambda r: _say.because(r["break_reason"], labels), frame)
    frame["aria"] = _draw.apply(
        lambda r: ", ".join(
            w
            for w in (
                r["label"], str(r["when"]), r["value"], r["n_text"], r["note"],
                f"categories changed before, {r['break_words']}" if r["break_words"] else "",
            )
            if w
        ),
        frame,
    )  # fmt: skip
    tips = [
        alt.Tooltip("when:N", title="Snapshot"),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("value:N", title=f"Share of the {what} ({interval})"),
        alt.Tooltip("n_text:N", title="People"),
        alt.Tooltip("note:N", title="Share of the benchmark"),
        alt.Tooltip("break_words:N", title="Categories changed before"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    rows = _draw.rows_of(frame)
    title = _say.headline(rows, names, what=what, labels=labels)
    title = _hidden.with_closing(title, [r for r in rows if r["first"]], "share")
    subtitle = [
        f"Dots: share of the {what}, with the {interval}; {_say.sizes(everyone)}",
        _say.grey(names),
        *_say.breaks(frame),
        *_say.notes(everyone, frame),
        *_hidden.legend(everyone),
        "A change does not show whether hires, exits or the community changed",
    ]
    if frame.empty or not (frame["y"].notna() | frame["y_hidden"].notna()).any():
        return _draw.words_only(frame, title=title, subtitle=subtitle, description=title)
    intro = f"Share of the {what} at each snapshot, {interval}, beside {_words.listed(names)}."
    intro += _hidden.named(rows, "share")
    return _draw.assemble(
        frame,
        _layers(frame, height, len(names), tips),
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, _say.spoken(rows)),
    )


def _placed(frame: pd.DataFrame, names: list[str]) -> tuple[pd.DataFrame, int]:
    """Return each row with its place on the page, and the height of the page."""
    whens = list(dict.fromkeys(frame["when"]))
    spots = _times([str(w) for w in whens])
    number = {w: i for i, w in enumerate(whens)}
    panels = {g: i for i, g in enumerate(dict.fromkeys(frame["group"]))}
    panel = np.array([panels[g] for g in frame["group"]], dtype=int)
    here = np.array([number[w] for w in frame["when"]], dtype=int)
    broken = frame["break_before"].fillna(False).astype(bool).to_numpy()
    cut = np.array([any(broken[here == i]) for i in range(len(whens))], dtype=bool)
    gone = _hidden.is_hidden(frame) & frame["share"].isna()  # no line is joined across it
    first = (frame["benchmark"] == (names[0] if names else "")).to_numpy()
    x = spots[here] if len(frame) else np.array([])
    before = spots[np.maximum(here - 1, 0)] if len(frame) else np.array([])
    frame = frame.assign(
        order=range(len(frame)),
        time=x,
        broken_at=np.where(broken & first, (x + before) / 2, np.nan),
        run=(np.cumsum(cut)[here] + gone.groupby(frame["group"]).cumsum()) if len(frame) else here,
        first=first,
        bench=[names.index(b) if b in names else -1 for b in frame["benchmark"]],
        top=panel * float(_HEAD + _PLOT + _GAP) + _HEAD,
        **dict.fromkeys(("y", "y_low", "y_high", "y_mark", "tick_y"), np.nan),
        **{c: pd.Series(None, index=frame.index, dtype=object) for c in ("tick", "head", "sub")},
    )
    frame["bottom"], frame["head_y"] = frame["top"] + _PLOT, frame["top"] - 50
    frame["sub_y"], frame["says_y"] = frame["top"] - 32, frame["top"] - 8
    frame["y_hidden"] = (frame["top"] + _PLOT / 2).where(gone & first)
    frame["when_text"], frame["when_last"] = _labels_of(frame, whens, spots, panel)
    frame["break_side"] = _sides(frame, spots)
    for at in panels.values():
        _scaled(frame, frame.index[panel == at])
    bottom = len(panels) * (_HEAD + _PLOT + _GAP) - _GAP
    return frame, max(bottom + _FOOT, 40)


def _scaled(frame: pd.DataFrame, rows: pd.Index) -> None:
    """Write the heights of one panel's rows, its ticks and its head."""
    part = frame.loc[rows]
    gone = _draw.apply(not_kept, part).astype(bool)
    drawn = part["first"] & part["share"].notna() & ~gone
    share, high, n, mark = (
        pd.to_numeric(part[c]).astype(float) for c in ("share", "high", "n", "population_share")
    )
    tops = (share, high.where(~(n < n.median() / 4)))
    ends = [pd.to_numeric(v.where(drawn)).max() for v in tops]
    most = np.nanmax([*ends, mark.max(), 0.001]) * 1.06
    top = float(part["top"].iloc[0])

    def down(value: Any) -> np.ndarray:
        return top + (1 - np.minimum(np.asarray(value, dtype=float), most) / most) * _PLOT

    for column, to in (("share", "y"), ("low", "y_low"), ("high", "y_high")):
        figures = pd.to_numeric(part[column]).astype(float)
        frame.loc[rows, to] = np.where(drawn, down(figures), np.nan)
    frame.loc[rows, "y_mark"] = down(mark)
    ticks = _ticks(most)[: len(rows)]
    frame.loc[rows[: len(ticks)], "tick_y"] = [float(down(t)) for t in ticks]
    for row, tick in zip(rows, ticks, strict=False):
        frame.loc[row, "tick"] = f"{round(100 * tick, 6):g}%"
    # a group that the first benchmark does not have is told by the next one
    last = _draw.rows_of(part[part["first"]] if part["first"].any() else part)[-1]
    frame.loc[rows[0], "head"] = part["label"].iloc[0]
    gone = _hidden.lost(last, "share")
    now = "none recorded" if not_kept(last) else _words.percent(last["share"])
    own = str(last["benchmark"])
    if len(own) > _LONG and part["benchmark"].nunique() == 1:  # the notes name it
        own = "benchmark"
    sub = f"{last['when']}: {_hidden.WORD if gone else now}, {own} "
    sub += _words.percent(last["population_share"])
    frame.loc[rows[0], "sub"] = sub


def _times(whens: list[str]) -> np.ndarray:
    """Return where snapshots stand: by year or date, else one after the other."""
    years = pd.to_numeric(pd.Series(whens, dtype="object"), errors="coerce").astype(float)
    if len(years) and ((years > 1000) & (years < 3000)).all():
        return years.to_numpy()
    days = pd.to_datetime(pd.Series(whens, dtype="object"), errors="coerce", format="ISO8601")
    if len(days) and days.notna().all():
        return (days.dt.year + (days.dt.day_of_year - 1) / 365.25).to_numpy(dtype=float)
    return np.arange(len(whens), dtype=float)


def _labels_of(
    frame: pd.DataFrame, whens: list, spots: np.ndarray, panel: np.ndarray
) -> tuple[pd.Series, pd.Series]:
    """Return the names of snapshots that fit under the last panel, and that of the last one."""
    out = pd.Series(None, index=frame.index, dtype=object)
    end = out.copy()
    if not len(spots):
        return out, end
    span = max(float(spots[-1] - spots[0]), 1e-9)
    room = 0.026 * max(len(str(w)) for w in whens) + 0.04
    kept = [len(whens) - 1]
    for i in range(len(whens) - 1):
        free = all(abs(spots[i] - spots[k]) / span > room for k in kept)
        if free:
            kept.append(i)
    for i in kept:
        rows = frame.index[(frame["when"] == whens[i]) & (panel == panel.max()) & frame["first"]]
        if len(rows):
            (end if 0 < i == len(whens) - 1 else out)[rows[0]] = str(whens[i])
    return out, end


def _sides(frame: pd.DataFrame, spots: np.ndarray) -> pd.Series:
    """Return on which side of a break its words stand, if there is room for them."""
    out = pd.Series(None, index=frame.index, dtype=object)
    if not len(spots):
        return out
    span = max(float(spots[-1] - spots[0]), 1e-9)
    last = {"left": -9.0, "right": -9.0}
    for at in sorted(set(frame["broken_at"].dropna())):
        place = (at - spots[0]) / span
        side = "right" if place < 0.5 else "left"
        if place - max(last.values()) > 0.5:
            out[frame["broken_at"] == at] = side
            last[side] = place
    return out


def _ticks(most: float) -> list[float]:
    step = next(
        s * 10.0**e for e in range(-5, 1) for s in (1, 2, 5) if most / (s * 10.0**e) <= 3.5
    )
    return [i * step for i in range(int(most / step + 1e-9) + 1)]


def _layers(frame: pd.DataFrame, height: int, benchmarks: int, tips: list) -> list:
    import altair as alt

    scale = alt.Scale(
        range=[_LEFT + 8, {"expr": f"width - {_RIGHT}"}],  # type: ignore[list-item]
        zero=False,
        nice=False,
    )
    x = alt.X("time:Q", scale=scale, axis=None)
    y = _marks.y_at("y", height)
    grey, orange = _marks.GREY, PALETTE["orange"]
    colour = alt.Color("colour:N", scale=None)
    whole = alt.X2Value(alt.ExprRef(f"width - {_RIGHT - 6}"))
    small: dict[str, Any] = {"fontSize": 12, "aria": False, "baseline": "middle"}

    def words(field: str, at: str, where: alt.X | alt.XValue, **more: Any) -> alt.Chart:
        return (
            _marks.layer("text", **{**small, **more})
            .encode(x=where, y=_marks.y_at(at, height), text=alt.Text(f"{field}:N"))
            .transform_filter(f"isValid(datum.{field})")
        )

    out = [
        _marks.layer("rule", color=grey, opacity=0.35, strokeWidth=1, aria=False)
        .encode(x=alt.XValue(_LEFT), x2=whole, y=_marks.y_at("tick_y", height))
        .transform_filter("isValid(datum.tick)"),
        words("tick", "tick_y", alt.XValue(_LEFT), align="right", dx=-6),
        words("head", "head_y", alt.XValue(0), align="left", fontSize=14, fontWeight="bold"),
        words("sub", "sub_y", alt.XValue(0), align="left", opacity=0.85, limit={"expr": "width"}),
        words("when_text", "bottom", x, align="center", dy=16),
        words("when_last", "bottom", x, align="right", dx=14, dy=16),
        *(
            _marks.layer("line", color=grey, strokeWidth=2, strokeDash=_DASHES[i], aria=False)
            .encode(x=x, y=_marks.y_at("y_mark", height), detail=["group:N"])
            .transform_filter(f"datum.bench == {i} && isValid(datum.y_mark)")
            for i in range(min(benchmarks, len(_DASHES)))
        ),
        _marks.layer("rule", strokeWidth=2, opacity=0.6, strokeCap="round", aria=False)
        .encode(x=x, y=_marks.y_at("y_low", height), y2=alt.Y2("y_high:Q"), color=colour)
        .transform_filter("isValid(datum.y)"),
        _marks.layer("line", strokeWidth=2, aria=False)
        .encode(x=x, y=y, color=colour, detail=["group:N", "run:Q"])
        .transform_filter("isValid(datum.y)"),
        _marks.layer("point", filled=True, opacity=1, size=50)
        .encode(
            x=x,
            y=y,
            color=colour,
            shape=alt.Shape("shape:N", scale=None),
            tooltip=tips,
            description=alt.Description("aria:N"),
        )
        .transform_filter("isValid(datum.y)"),
    ]
    if frame["y_hidden"].notna().any():
        out += _hidden.columns(x, _marks.y_at("y_hidden", height), "y_hidden", _PLOT, tips)
    if not frame["broken_at"].notna().any():
        return out
    rule = _marks.layer("rule", color=orange, strokeWidth=2, strokeDash=[5, 3], aria=False)
    out.append(
        rule.encode(
            x=_marks.on("broken_at", x), y=_marks.y_at("says_y", height), y2=alt.Y2("bottom:Q")
        ).transform_filter("isValid(datum.broken_at)")
    )
    for side, align, dx in (("left", "right", -5), ("right", "left", 5)):
        out.append(
            _marks.layer("text", text="categories changed", align=align, dx=dx,
                         fontStyle="italic", **small)
            .encode(x=_marks.on("broken_at", x), y=_marks.y_at("says_y", height))
            .transform_filter(f"datum.break_side == '{side}'")
        )  # fmt: skip
    return out
