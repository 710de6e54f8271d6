"""Chart of each group's share of the workforce against its share of a benchmark population."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _findings, _hidden, _marks, _side_by_side, _words
from equity.charts._common import (
    allowance,
    alternative,
    block_names,
    cannot,
    group_words,
    level,
    remarks,
    unknown_words,
)
from equity.charts._style import REFERENCE_COLOUR

if TYPE_CHECKING:
    import altair as alt

__all__ = ["representation"]

_NEEDED = (
    "stratum",
    "benchmark",
    "group",
    "n",
    "x",
    "share",
    "low",
    "high",
    "population_share",
    "population_share_se",
    "ratio",
    "ratio_low",
    "ratio_high",
    "shortfall",
)


def representation(
    table: pd.DataFrame,
    *,
    what: str = "workforce",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw each group's share as a dot with its interval, the benchmark as a grey tick.

    Parameters
    ----------
    table : what `equity.representation` returns. Up to four benchmarks share the row of a group,
        each with a grey mark of its own; more of them stand under one another. Over several
        strata, groups of whom nobody is in any stratum are named and not drawn.
    what : the body of people whose shares are shown, for titles: "workforce", "sworn officers".
    labels, strata_label, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show why shares differ, nor who applied or could have applied.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    strata = frame["stratum"].nunique() > 1
    everyone = frame
    if strata:  # one row for each part would say nothing but that
        lost = _draw.apply(not_kept, frame).astype(bool).groupby(frame["group"]).transform("all")
        frame = frame if lost.all() else frame[~lost].reset_index(drop=True)
    interval = level(confidence_level)
    percent = _words.percent
    z = NormalDist().inv_cdf((1 + confidence_level) / 2)
    share = pd.to_numeric(frame["population_share"]).astype(float)
    error = z * pd.to_numeric(frame["population_share_se"]).astype(float)
    frame["benchmark_low"] = (share - error).clip(lower=0)
    frame["benchmark_high"] = (share + error).clip(upper=1)

    def value(row: dict) -> str | None:
        if not _words.given(row["share"]):
            return None
        return _words.share(row["share"], row["low"], row["high"])

    def note(row: dict) -> str:
        if not _words.given(row["population_share"]):
            gone = _hidden.row_hidden(row)
            return f"benchmark {_hidden.WORD if gone else 'not known'}"
        text = f"benchmark {percent(row['population_share'])}"
        margin = row["benchmark_high"] - row["population_share"]
        if _words.given(margin) and margin >= 0.0005:
            text += f" ±{100 * margin:.1f}"
        return text

    def counted(row: dict) -> str:
        if not_kept(row):
            return "none recorded"
        text = _hidden.counts(row, "x", "n")
        if _words.given(row["shortfall"]) and _words.given(row["x"]):
            text += f"; {_words.whole(row['x'] + row['shortfall'])} would match"
        return text

    frame["value"] = _draw.apply(value, frame)
    frame["note"] = _draw.apply(note, frame)
    frame["n_text"] = _draw.apply(counted, frame)
    frame["n_short"] = _draw.apply(lambda r: counted(r).split(";")[0], frame)
    frame["missing"] = _draw.apply(lambda r: cannot(r, "share"), frame)
    names = [str(b) for b in dict.fromkeys(frame["benchmark"]) if isinstance(b, str)]
    several = len(names) > 1
    merged = several and len(names) <= _side_by_side.MOST
    under = several and not (strata or merged)
    own = _draw.apply(lambda r: f"{r['benchmark']} {r['note'].removeprefix('benchmark ')}", frame)
    frame["first"] = True
    if merged:
        frame = _side_by_side.merged_words(frame, own, names)
    frame["group_label"] = frame["label"]
    if under:  # what is the group's own stands once, at its head
        heads = _draw.apply(_head, frame).tolist()
        frame["label"] = frame["short"] = frame["benchmark"].astype(str)
    else:
        heads = block_names(frame, ("stratum",) if merged else ("stratum", "benchmark"), {})
    frame["aria"] = [
        ", ".join(
            x
            for x in (
                str(r["stratum"]) if strata else "",
                r["group_label"],
                r["value"] or r["missing"],
                r["benchmarks"] if merged else words if several else r["note"],
                r["n_text"],
            )
            if x
        )
        for r, words in zip(_draw.rows_of(frame), own, strict=True)
    ]
    first = frame["first"].to_numpy(dtype=bool)
    sentences = frame["aria"][first].tolist()
    number = int(first.sum())
    frame = frame.assign(said=frame["value"], people=frame["n_text"])
    if under:
        share = frame["note"].str.removeprefix("benchmark ")
        aim = frame["n_text"].str.extract("(; .*)", expand=False).fillna("")
        none = dict.fromkeys(("note", "n_text", "n_short"))
        frame = frame.assign(value=share + aim, benchmarks=share, **none)
    widest = max(frame["value" if under else "note"].dropna().str.len(), default=0)
    page = _draw.Page(
        [*frame["label"], "0,000 of 00,000; 000 would"[: 0 if number > 24 else None]]
        + [_side_by_side.WIDEST] * merged,
        number,
        right=max(176, round(24 + 6.3 * widest)) if merged or under else 176,
    )
    frame = _draw.clip(frame, "share", "low", "high", log=False)
    own_heads = [h for h, is_first in zip(heads, first, strict=True) if is_first]
    placed, height = _draw.place(frame[first], own_heads, page, room=6)
    frame = _side_by_side.beside_first(frame, placed) if merged else placed

    tips = [
        *(
            [alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))]
            if strata
            else []
        ),
        alt.Tooltip("group_label:N", title="Group"),
        alt.Tooltip("said:N", title=f"Share of the {what} ({interval})"),
        *([] if merged else [alt.Tooltip("benchmark:N", title="Benchmark")]),
        alt.Tooltip(
            f"{'benchmarks' if merged or under else 'note'}:N",
            title=f"Share of the benchmark{'s' if merged else ''}",
        ),
        alt.Tooltip("people:N", title="People"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    x = alt.X("at:Q", scale=_axes.x_scale(page, log=False), axis=_axes.axis_percent("Share"))
    grey = {"color": REFERENCE_COLOUR, "aria": False, "yOffset": page.mark_dy}
    tick = 14 if page.compact else 22
    known = _side_by_side.NOT_HIDDEN
    own_row = _side_by_side.of_benchmark(names[0]) if merged else "datum.first"
    layers = [
        _marks.hover(page, height, tips).transform_filter("datum.first"),
        *_marks.at_least(x, 0, 0.05),
        _marks.layer("rule", strokeWidth=1, strokeDash=[2, 2], **grey)
        .encode(x=_marks.on("at", x), x2=alt.X2("population_share:Q"), y=_marks.y_at("y", height))
        .transform_filter(_marks.valid("at", "population_share")),
        _marks.layer("rule", strokeWidth=7, strokeOpacity=1, **grey)
        .encode(
            x=_marks.on("benchmark_low", x),
            x2=alt.X2("benchmark_high:Q"),
            y=_marks.y_at("y", height),
        )
        .transform_filter(
            f"{_marks.valid('benchmark_low', 'benchmark_high')} && {own_row} && {known}"
        ),
        _marks.layer("tick", orient="vertical", thickness=3, size=tick, opacity=1, **grey)
        .encode(x=_marks.on("population_share", x), y=_marks.y_at("y", height))
        .transform_filter(f"{_marks.valid('population_share')} && {own_row} && {known}"),
        *(_side_by_side.other_marks(page, height, x, names) if merged else ()),
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height, brief=True),
    ]
    rows = _draw.rows_of(everyone)
    title = headline(
        rows,
        what=what,
        labels=labels,
        alpha=1 - confidence_level,
        strata=strata_label,
    )
    title = _hidden.with_closing(title, rows, "share")
    benchmark = f"benchmark{'s' if several else ''}: " + (
        _words.listed(names) if names else "not named"
    )
    n = _hidden.n_words(_hidden.first_known(everyone, "n", "stratum"), "", before=", n = ")
    subtitle = [
        f"Dots: share of the {what}, with the {interval}{n.replace(' ,', ',').rstrip()}",
        _side_by_side.legend(names)
        if merged
        else f"Grey ticks: share of the benchmark, with its sampling error; {benchmark}",
        *allowance(_findings.side(r, 1 - confidence_level) for r in rows if not not_kept(r)),
        *remarks(frame, "ratio"),
        *filter(None, [unknown_words(frame, "people")]),
        *_left_out(everyone, frame),
        *_hidden.legend(everyone),
        "A gap does not show why it is there, nor who applied",
    ]
    intro = (
        f"Share of the {what}, {group_words(frame, 'group_label')}, {interval}, "
        f"compared with the {benchmark}.{_hidden.named(_draw.rows_of(frame), 'share')}"
    )
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def _head(row: Mapping) -> str:
    """Return a group with its own figures, "Black, 14.8% (11.7–18.5), 62 of 419"."""
    name = row["short"] if len(row["label"]) > _side_by_side.LONG else row["label"]
    parts = name, row["value"] or row["missing"], row["n_text"].split("; ")[0]
    return ", ".join(p for p in parts if p)


def _left_out(everyone: pd.DataFrame, drawn: pd.DataFrame) -> list[str]:
    """Return the groups that are not drawn since nobody of them is in any part."""
    there = set(drawn["group"])
    absent = everyone.loc[~everyone["group"].isin(there), "label"].drop_duplicates().tolist()
    if not absent:
        return []
    return [f"Not drawn, nobody recorded (they may not be kept apart): {_words.listed(absent)}"]


def not_kept(row: Mapping) -> bool:
    """Return whether nobody of a group is in the counts at all: it may not be kept apart there."""
    reason = row.get("reason")
    return isinstance(reason, str) and "nobody of this group in the counts" in reason


def headline(
    rows: list[dict],
    *,
    what: str,
    labels: Mapping[str, str] | None,
    alpha: float,
    strata: str | None,
) -> str:
    """Return the finding: the largest clear gap in percentage points, or that none is clear."""
    if not rows:
        return "There are no figures to show"
    rows = [r for r in rows if not not_kept(r)]
    if none := _hidden.none_shown(rows, "share", what="The share"):
        return none
    sides = [_findings.side(r, alpha) for r in rows]
    if sides and all(s == "hidden" for s in sides):
        return "The comparison with the benchmark is hidden"
    if all(s in ("missing", "hidden") for s in sides):
        return "No comparison with the benchmark can be computed from these numbers"
    names = list(dict.fromkeys(r["benchmark"] for r in rows))
    clear = [
        (r, s)
        for r, s in zip(rows, sides, strict=True)
        if s in ("above", "below") and _words.given(r["share"])
    ]
    if not clear:
        tail = " once the number of comparisons is allowed for" if "alone" in sides else ""
        return f"No clear difference from the benchmark can be told{tail}"
    if len({r["stratum"] for r in rows} - {"not known"}) > 1:
        return _over_parts(rows, sides, names=names, labels=labels, strata=strata)

    def gap(row: dict) -> float:
        return abs(row["share"] - row["population_share"])

    row, way = max(clear, key=lambda pair: gap(pair[0]))
    benchmark = f"the benchmark “{row['benchmark']}”" if len(names) > 1 else "the benchmark"

    def say(row: dict, full: bool) -> str:
        people = _words.people(row["group"], labels)
        shares = _words.percent(row["share"]), _words.percent(row["population_share"])
        if not full:
            return f"{people}, {shares[0]} and {shares[1]}"
        people = _words.sentence(people)
        return f"{people} are {shares[0]} of the {what} and {shares[1]} of {benchmark}"

    text = say(row, True)
    other = [r for r, s in clear if s != way and r["benchmark"] == row["benchmark"]]
    if len(names) == 1 and other:
        text += f"; {say(max(other, key=gap), False)}"
    by_other = [
        (r, s)
        for r, s in zip(rows, sides, strict=True)
        if r["group"] == row["group"] and r["benchmark"] != row["benchmark"]
    ]
    against = [r for r, s in by_other if {s, way} == {"above", "below"}]
    if against:
        said = [f"“{r['benchmark']}” ({_words.percent(r['population_share'])})" for r in against]
        text += f"; by {_words.listed(said)} it is the other way round"
    for states, end in (
        ({"unclear", "alone"}, "no clear difference can be told"),
        ({"missing"}, "no comparison can be computed"),
        ({"hidden"}, "the comparison is hidden"),
    ):
        if found := [f"“{r['benchmark']}”" for r, s in by_other if s in states]:
            text += f"; by {_words.listed(found)}, {end}"
    return text


def _over_parts(
    rows: list[dict],
    sides: list[str],
    *,
    names: list[str],
    labels: Mapping[str, str] | None,
    strata: str | None,
) -> str:
    """Return in how many parts a group's share differs, by the first benchmark."""
    first = [
        (r, s)
        for r, s in zip(rows, sides, strict=True)
        if r["benchmark"] == names[0] and r["stratum"] != "not known"
    ]
    if not any(s in ("above", "below") for _, s in first):
        which = "first benchmark" if len(names) > 1 else "benchmark"
        return f"No clear difference from the {which} can be told"

    def name(row: dict) -> str:
        return _words.people(row["group"], labels)

    def phrase(row: dict, way: str) -> str:
        text = f"{name(row)} are a {'larger' if way == 'above' else 'smaller'} share than of "
        return text + ("the benchmark" if len(names) < 2 else f"the benchmark “{names[0]}”")

    return _findings.over_parts(
        [r for r, _ in first],
        [s for _, s in first],
        phrase=phrase,
        name=name,
        strata=strata,
        words={"above": "a larger share", "below": "a smaller share"},
    )
