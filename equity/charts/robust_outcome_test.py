"""Chart of the robust outcome test: how often searched against how often found, as ratios."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from equity.charts import _draw, _hidden, _hidden_stops, _outcome, _words
from equity.charts._common import (
    alternative,
    cannot,
    group_words,
    level,
    unknown_words,
)
from equity.charts._marks import GREY
from equity.charts._robust_headline import TOO_FEW, WAYS, few, headline

if TYPE_CHECKING:
    import altair as alt

__all__ = ["robust_outcome_test"]

_NEEDED = (
    *("stratum", "group", "reference", "n", "x", "x_known", "hits", "searches"),
    *("search_ratio", "search_low", "search_high", "hit_ratio", "hit_low", "hit_high"),
    *("conclusion", "reads"),
)
_SIDES = ((9, -10), (9, 12), (-9, -10), (-9, 12))  # of a mark, in pixels
_CORNERS = (  # words, at the right, at the bottom
    (("searched more,", "found less:", "lower bar"), True, True),
    (("searched less,", "found more:", "higher bar"), False, False),
    (("searched more,", "found more:", "cannot tell"), True, False),
    (("searched less,", "found less:", "cannot tell"), False, True),
)


def robust_outcome_test(
    table: pd.DataFrame,
    *,
    what: str = "contraband",
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw each group by its search rate and its hit rate, as ratios to the reference.

    The reference lies where the two lines cross. Only two corners lead to a conclusion, and only
    for a group that is clearly in one of them: its mark is filled. With several strata, there is
    a panel for each group and a mark for each stratum.

    Parameters
    ----------
    table : what `equity.robust_outcome_test` returns.
    what : what searches are for, for titles.
    who, labels, strata_label, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show whether the condition of the test holds, nor why a bar is lower.
    """
    import altair as alt

    what = {"contraband_found": "contraband"}.get(what, what)
    frame = _draw.prepare(table, _NEEDED, labels)
    interval = level(confidence_level)
    several = frame["stratum"].nunique() > 1
    frame["conclusion"] = frame["conclusion"].astype(object).where(frame["conclusion"].notna())
    frame = _placed(frame)
    frame["search_text"] = _draw.apply(lambda r: _ratio(r, "search"), frame)
    frame["hit_text"] = _draw.apply(lambda r: _ratio(r, "hit"), frame)
    frame["n_text"] = _draw.apply(
        lambda r: (
            f"{_hidden.count(r, 'x')} searches in {_hidden.count(r, 'x_known')} stops, "
            f"{_hidden.count(r, 'hits')} finds in {_hidden.count(r, 'searches')} searches"
        ),
        frame,
    )
    frame["missing"] = _draw.apply(lambda r: cannot(r, "conclusion"), frame)
    frame["reads"] = frame["reads"].astype(object).where(frame["reads"].notna(), None)
    gone = [
        not _words.given(r["search_at"]) and _hidden.row_hidden(r) for r in _draw.rows_of(frame)
    ]
    frame = _hidden_stops.strip_rows(
        frame, gone, _words.plural(strata_label or "part", 2) if several else ""
    )
    frame["mark_label"] = frame["stratum"] if several else frame["short"]
    frame["few"] = _draw.apply(few, frame).astype(bool)
    frame["concluded"] = frame["conclusion"].isin(list(WAYS)) & ~frame["few"]
    # names of parts are long: a mark at the right has its name at the left, so none is cut
    frame["label_place"] = _label_places(frame) if not several else 2 * (frame["search_at"] > 1)
    frame["aria"] = _draw.apply(lambda r: _aria(r, several), frame)
    frame["order"] = range(len(frame))
    parts = _outcome.panels(frame, labels, frame["search_at"].notna())
    if not several:
        frame["panel"] = 0
        parts = [_outcome.Panel(0, "", False)]
    others = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    reference = "Compared with " + (
        _words.listed([_words.name(k, labels) for k in others]) if others else "the reference"
    )
    tips = [
        *([alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))] * several),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("search_text:N", title="Search rate, ratio"),
        alt.Tooltip("hit_text:N", title="Hit rate, ratio"),
        alt.Tooltip("n_text:N", title="Counts"),
        alt.Tooltip("reads:N", title="Reads"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    layers = [_panel(p, tips, several=several) for p in parts]
    rows = _draw.rows_of(frame)
    title = headline(rows, what=what, who=who, labels=labels, strata=strata_label)
    stops = _hidden.n_words(frame, "stops", "x_known", before="")
    searches = _hidden.n_words(frame, "searches", "searches", before="")
    counted = " and ".join(filter(None, [stops, searches]))
    counted = f", n = {counted} of the groups compared" if counted else ""
    subtitle = [
        "Across: how many times as often searched; upwards: how many times as often something "
        f"was found; crosses show the {interval}{counted}",
        f"{reference}, where the two lines cross. A filled mark is a conclusion; a hollow one is "
        "not"
        + (f", or has {TOO_FEW} on either side" if frame["few"].any() else "")
        + "; an arm with an arrow goes on",
        *_hidden.legend(frame),
        *(["Hatched below the picture: who is hidden"] if any(gone) else []),
        *_numbers(rows, several),
        *_chosen_only(table),
        *_undrawn(rows, several),
        *_outcome.left_out(table, " of the groups compared"),
        *filter(None, [unknown_words(frame, "stops")]),
        "It holds if, among people of equal risk, the group's share rises or falls steadily with "
        "the risk; the counts cannot show that, nor why a bar would be lower",
        _outcome.INFRA_MARGINALITY,
    ]
    intro = f"{group_words(frame)}, {interval}. {reference}."
    return _outcome.stack(
        frame,
        layers,
        title=title,
        subtitle=subtitle,
        description=alternative(
            title, intro, [*(w for w in frame["strip_aria"] if w), *frame["aria"].tolist()]
        ),
    )


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    """Add where each mark and the arms of its cross stand; only where both ratios are there."""
    for way in ("search", "hit"):
        frame = _draw.clip(frame, f"{way}_ratio", f"{way}_low", f"{way}_high", log=True)
        names = {c: f"{way}_{c}" for c in ("at", "start", "end", "cut_low", "cut_high")}
        frame = frame.drop(columns=list(names.values()), errors="ignore").rename(columns=names)
    both = frame["search_at"].notna() & frame["hit_at"].notna()
    columns = [f"{way}_{c}" for way in ("search", "hit") for c in ("at", "start", "end")]
    frame[columns] = frame[columns].where(both)
    for way, room in (("search", 1.2), ("hit", 1.5)):  # no side is smaller; words have room
        ends = frame[[f"{way}_at", f"{way}_start", f"{way}_end"]].to_numpy(dtype=float)
        ends = np.abs(np.log(ends[ends > 0]))
        reach = room * max(0.4, float(np.nanmax(ends, initial=0.0)))
        frame[f"{way}_least"], frame[f"{way}_most"] = np.exp(-reach), np.exp(reach)
    return frame


def _label_places(frame: pd.DataFrame) -> pd.Series:
    """Return on which side of its mark each label stands, so that none hides another.

    Reckoned for a narrow page, where marks are closest: a label takes the first of four sides on
    which it meets no other label or mark, and stays on the page.
    """
    out = pd.Series(0, index=frame.index)
    wide, tall = 250.0, float(_outcome.HEIGHT)
    marks: dict[Any, tuple[float, float]] = {}
    for i, row in zip(frame.index, _draw.rows_of(frame), strict=True):
        if _words.given(row["search_at"]):
            across, up = (
                (math.log(row[f"{w}_at"]) / math.log(row[f"{w}_most"]) + 1) / 2
                for w in ("search", "hit")
            )
            marks[i] = (wide * across, tall * (1 - up))
    taken = [(x - 7, x + 7, y - 7, y + 7) for x, y in marks.values()]
    for i, (x, y) in marks.items():
        long = 7.2 * min(18, len(str(frame.loc[i, "mark_label"])))

        def box(side: int, x: float = x, y: float = y, long: float = long) -> tuple[float, ...]:
            dx, dy = _SIDES[side]
            left = x + dx if dx > 0 else x + dx - long
            return left, left + long, y + dy - 7, y + dy + 7

        def cost(side: int, box: Any = box) -> float:
            left, right, top, bottom = box(side)
            met = sum(left < b and a < right and top < d and c < bottom for a, b, c, d in taken)
            return met + 2 * (left < 0 or right > wide)

        out[i] = min(range(4), key=cost)
        taken.append(box(out[i]))  # type: ignore[arg-type]
    return out


def _panel(panel: _outcome.Panel, tips: list[alt.Tooltip], *, several: bool) -> list[alt.Chart]:
    import altair as alt

    def x(field: str | float) -> Any:
        return _outcome.x_of(field, log=True, title="Search rate, ratio (log scale)")

    def y(field: str | float) -> Any:
        return panel.y_of(field, log=True, title="Hit rate, ratio (log scale)")

    once = "datum.order == 0"
    quiet = _outcome.quiet
    right, bottom = alt.ExprRef("width"), panel.bottom
    shade = {"color": GREY, "fillOpacity": 0.14, "clip": False}
    colour = alt.Color("colour:N", scale=None)
    mine = f"{panel.mine} && isValid(datum.search_at)"
    layers = [
        quiet("rect", **shade)
        .encode(x=x(1), x2=alt.X2Value(right), y=y(1), y2=alt.Y2Value(bottom))
        .transform_filter(once),
        quiet("rect", **shade)
        .encode(x=x(1), x2=alt.X2Value(0), y=y(1), y2=alt.Y2Value(panel.top))
        .transform_filter(once),
        *(
            quiet("point", opacity=0, size=1)
            .encode(x=x(f"search_{end}"), y=y(f"hit_{end}"))
            .transform_filter(once)
            for end in ("least", "most")
        ),
        quiet("rule", color=GREY, strokeWidth=1.5)
        .encode(x=x(1), y=alt.YValue(panel.top), y2=alt.Y2Value(bottom))
        .transform_filter(once),
        quiet("rule", color=GREY, strokeWidth=1.5)
        .encode(y=y(1), x=alt.XValue(0), x2=alt.X2Value(right))
        .transform_filter(once),
        *(_corner(panel, *corner) for corner in _CORNERS),
        *(panel.heading() if several else []),
    ]
    faint = 0.4 if several else 1
    for concluded, seen in (("!datum.concluded", faint), ("datum.concluded", 1)):
        arms = {"strokeWidth": 2, "strokeCap": "round", "opacity": seen}
        keep = f"{mine} && {concluded}"
        layers += [
            quiet("rule", **arms)
            .encode(x=x("search_start"), x2=alt.X2("search_end:Q"), y=y("hit_at"), color=colour)
            .transform_filter(f"{keep} && isValid(datum.search_start)"),
            quiet("rule", **arms)
            .encode(y=y("hit_start"), y2=alt.Y2("hit_end:Q"), x=x("search_at"), color=colour)
            .transform_filter(f"{keep} && isValid(datum.hit_start)"),
            *_outcome.arrows(x, y, keep, opacity=seen),
            _outcome.dots(
                x("search_at"),
                y("hit_at"),
                keep,
                tips,
                filled=concluded == "datum.concluded",
                strokeWidth=2.5,
                opacity=1,
            ),
        ]
    named = mine + (" && datum.concluded" if several else "")
    for side, (dx, dy) in enumerate(_SIDES):
        align = "left" if dx > 0 else "right"
        layers.append(
            quiet("text", align=align, dx=dx, dy=dy, fontWeight="bold", fontSize=12, limit=130)
            .encode(x=x("search_at"), y=y("hit_at"), text=alt.Text("mark_label:N"))
            .transform_filter(f"{named} && datum.label_place == {side}")
        )
    return layers


def _corner(panel: _outcome.Panel, words: tuple[str, ...], right: bool, bottom: bool) -> alt.Chart:
    import altair as alt

    return (
        _outcome.quiet(
            "text",
            text=list(words),
            align="right" if right else "left",
            baseline="bottom" if bottom else "top",
            fontSize=12,
            lineHeight=15,
            fontStyle="italic",
            opacity=0.8,
            dx=-6 if right else 6,
            dy=-36 if bottom else 6,
        )
        .encode(
            x=alt.XValue(alt.ExprRef("width") if right else 0),
            y=alt.YValue(panel.bottom if bottom else panel.top),
        )
        .transform_filter("datum.order == 0")
    )


def _ratio(row: dict, way: str) -> str | None:
    if not _words.given(row[f"{way}_ratio"]):
        return None
    ends = _words.span(row[f"{way}_low"], row[f"{way}_high"], _words.ratio)
    return f"{_words.ratio(row[f'{way}_ratio'])} {ends}".strip()


def _numbers(rows: list[dict], several: bool) -> list[str]:
    """Return the two ratios of each group, which a plane without numbers beside marks lacks."""
    said = [
        f"{r['label']} {_words.ratio(r['search_ratio'])} and {_words.ratio(r['hit_ratio'])}"
        for r in rows
        if _words.given(r["search_ratio"]) and _words.given(r["hit_ratio"])
    ]
    if several or not said:
        return []
    return ["Times as often searched, and times as often found: " + "; ".join(said)]


def _chosen_only(table: pd.DataFrame) -> list[str]:
    """Return why the search ratio is not that of all searches."""
    if "left_out_basis" not in table or not pd.to_numeric(table["left_out_basis"]).fillna(0).sum():
        return []
    return [
        "Only searches that officers chose to make count, so the ratio of search rates is not "
        "that of all searches, such as those after an arrest"
    ]


def _aria(row: dict, several: bool) -> str:
    words = [row["stratum"]] if several else []
    words.append(row["label"])
    if row["search_text"]:
        words.append(f"searched {row['search_text']} times as often")
    if row["hit_text"]:
        words.append(f"found {row['hit_text']} times as often")
    words.append(row["missing"] or row["reads"] or _hidden.WORD)
    return ", ".join(str(w) for w in [*words, row["n_text"]])


def _undrawn(rows: list[dict], several: bool) -> list[str]:
    """Return the sentence about those who have no place on the plane."""
    said = []
    for row in rows:
        if _words.given(row["search_at"]) or row["hidden_here"]:
            continue
        name = f"{row['stratum']}, {row['label']}" if several else row["label"]
        if row["hit_ratio"] == 0:
            one = row["searches"] == 1
            why = "its one search found nothing" if one else "no search found anything"
        else:
            why = row["why"] or "no ratio"
        said.append(f"{name} ({why})")
    if not said:
        return []
    rest = len(said) - 6
    return ["Not drawn: " + "; ".join(said[:6]) + (f"; and {rest} more" if rest > 0 else "")]
