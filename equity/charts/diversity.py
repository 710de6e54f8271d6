"""Chart of one-number indices of a workforce, each beside the range that chance alone gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _hidden, _marks, _words
from equity.charts._common import alternative, block_names, cannot, unknown_words
from equity.charts._style import PALETTE, REFERENCE_COLOUR

if TYPE_CHECKING:
    import altair as alt

__all__ = ["diversity"]

_NEEDED = (
    *("stratum", "benchmark", "index", "n", "groups", "workforce", "community", "value"),
    *("null_mean", "null_low", "null_high", "p_value", "p_adjusted", "reason"),
)
_INDEX = {
    "dissimilarity": "Distance (dissimilarity)",
    "blau": "Mixture (Blau)",
    "theil": "Mixture (Theil)",
}
_SHORT = {"dissimilarity": "Distance", "blau": "Mixture, Blau", "theil": "Mixture, Theil"}
_MEANS = (
    "Distance: the part of the people who would have to be of another group to match the "
    "benchmark. Mixture: 0, all of one group; 1, all groups equally large"
)


def diversity(
    table: pd.DataFrame,
    *,
    what: str = "workforce",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw each index as a dot, and in grey the range of as many people drawn at random.

    Parameters
    ----------
    table : what `equity.diversity` returns.
    what : the body of people, for titles: "workforce", "sworn officers".
    labels, strata_label : as in `equity.charts.rates`.
    confidence_level : that of the table.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show which group is missing or too many, nor why.
    """
    import altair as alt

    names = {**(labels or {}), **_INDEX}
    alpha = 1 - confidence_level
    frame = _draw.prepare(table, _NEEDED, None)
    frame = _draw.prepare(frame.assign(group=frame["index"]), _NEEDED, names)
    frame["short"] = [_SHORT.get(i, i) for i in frame["index"]]
    own, low, high = (
        pd.to_numeric(frame[c]).astype(float) for c in ("workforce", "null_low", "null_high")
    )
    community = pd.to_numeric(frame["community"]).astype(float)
    base = community.fillna(0.0)
    frame["chance_low"], frame["chance_high"] = (base + low).clip(0, 1), (base + high).clip(0, 1)
    frame["told"] = _draw.apply(lambda r: told(r, alpha), frame)  # `value` becomes words below
    both = {True: (PALETTE["orange"], "diamond"), False: (PALETTE["blue"], "circle")}
    beyond = frame["told"].isin(["above", "below"])
    frame["colour"] = [both[bool(b)][0] for b in beyond]
    frame["shape"] = [both[bool(b)][1] for b in beyond]

    def value(row: dict) -> str | None:
        if not _words.given(row["workforce"]):
            return None
        text = f"{row['workforce']:.2f}"
        if _words.given(row["community"]):
            text += f", benchmark {row['community']:.2f}"
        return text

    frame["value"] = _draw.apply(value, frame)
    frame["note"] = _draw.apply(
        lambda r: (
            f"chance alone {r['chance_low']:.2f}–{r['chance_high']:.2f}"
            if r["value"] and not _hidden.lost(r, "chance_low", "chance_high")
            else None
        ),
        frame,
    )
    frame["n_text"] = _draw.apply(
        lambda r: (
            f"{_people(r)} in {r['groups']} groups" if _words.given(r["groups"]) else _people(r)
        ),
        frame,
    )
    frame["n_short"] = _draw.apply(_people, frame)
    frame["missing"] = _draw.apply(lambda r: cannot(r, "workforce"), frame)
    several = frame["benchmark"].nunique() > 1
    strata = frame["stratum"].nunique() > 1
    heads = block_names(frame, ("stratum", "benchmark"), {})
    frame["aria"] = [
        ", ".join(
            str(w)
            for w in (
                head,
                r["label"],
                r["value"] or r["missing"],
                r["note"],
                _SAID[r["told"]] if r["value"] else None,
                r["n_text"],
            )
            if w
        )
        for head, r in zip(heads, _draw.rows_of(frame), strict=True)
    ]
    sentences = frame["aria"].tolist()
    page = _draw.Page([*_INDEX.values(), "0,000 people in 0 groups"], len(frame))
    frame = _draw.clip(
        frame.assign(_low=own, _high=own), "workforce", "_low", "_high", log=False
    ).drop(columns=["_low", "_high"])
    frame, height = _draw.place(frame, heads, page, room=6)
    tips = [
        *(
            [alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))]
            if strata
            else []
        ),
        alt.Tooltip("label:N", title="Index"),
        alt.Tooltip("value:N", title=_words.sentence(what)),
        alt.Tooltip("note:N", title="As many people drawn at random"),
        alt.Tooltip("benchmark:N", title="Benchmark"),
        alt.Tooltip("n_text:N", title="People"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    axis = _axes.axis_percent("Index, from 0 to 1")
    axis.labelExpr = "format(datum.value, '.2~f')"
    x = alt.X("at:Q", scale=_axes.x_scale(page, log=False), axis=axis)
    grey = {"color": REFERENCE_COLOUR, "aria": False, "yOffset": page.mark_dy}
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0, 0.1),
        _marks.layer("rule", strokeWidth=12, strokeOpacity=0.6, **grey)
        .encode(x=_marks.on("chance_low", x), x2=alt.X2("chance_high:Q"),
                y=_marks.y_at("y", height))
        .transform_filter(_marks.valid("at", "chance_low")),
        _marks.layer("tick", orient="vertical", thickness=3, size=16,
                     opacity=1, **grey)
        .encode(x=_marks.on("community", x), y=_marks.y_at("y", height))
        .transform_filter(_marks.valid("at", "community")),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height, brief=True),
    ]  # fmt: skip
    rows = _draw.rows_of(frame)
    title = headline(rows, what=what, strata=strata_label)
    title = _hidden.with_closing(title, rows, "workforce", by="none")
    marks = [str(b) for b in dict.fromkeys(frame["benchmark"]) if isinstance(b, str)]
    benchmark = f"benchmark{'s' if several else ''}: " + (
        _words.listed(marks) if marks else "not named"
    )
    n = _hidden.n_words(_hidden.first_known(frame, "n", "stratum"), "people", before=", n = ")
    n = n.replace(" people", "")
    level = f"{100 * confidence_level:.4g}%"
    subtitle = [
        f"Dots: the {what}{n}; an orange diamond lies beyond what chance alone "
        "explains, with the number of comparisons allowed for",
        f"Grey bands: {level} of as many people drawn at random from the benchmark; grey ticks: "
        f"the benchmark itself; {benchmark}",
        _MEANS,
        *_notes(frame, labels),
        *_hidden.legend(frame),
        *filter(None, [unknown_words(frame, "people")]),
        "One number does not show which group is missing or too many, nor why",
    ]
    intro = f"Indices of the {what} beside the range of chance, {benchmark}."
    intro += _hidden.named(rows, "workforce")
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


_SAID = {
    "above": "more than chance explains",
    "below": "less than chance explains",
    "unclear": "no more and no less than chance could give",
    "few": "too few people to tell",
    "missing": "",
    "hidden": "",
}
_LEFT = "left out, nobody in the counts: "


def _notes(frame: pd.DataFrame, labels: Mapping[str, str] | None) -> list[str]:
    """Return which groups are left out, and how many parts have too few people to tell."""
    said = [p for r in frame["reason"] if isinstance(r, str) for p in r.split("; ")]
    absent = dict.fromkeys(p for p in said if p.startswith(_LEFT))
    out = [
        "Left out, nobody recorded (they may not be kept apart): "
        + _words.listed([_words.name(g, labels) for g in words.removeprefix(_LEFT).split(", ")])
        for words in absent
    ]
    few = [str(r["stratum"]) for r in _draw.rows_of(frame) if r["told"] == "few"]
    if names := list(dict.fromkeys(few)):
        out.append("Too few people to tell" + ("" if names == ["all"] else f": {_listed(names)}"))
    return out


def _people(row: Mapping) -> str:
    text = _hidden.count(row, "n")
    return "people: hidden" if text == _hidden.WORD else f"{text} people"


def _listed(names: list[str]) -> str:
    return _words.listed(names[:5]) if len(names) < 6 else ", ".join(names[:5]) + ", ..."


def told(row: Mapping, alpha: float) -> str:
    """Return whether a figure lies above or below chance, is unclear, missing or hidden."""
    p = row["p_adjusted"] if _words.given(row["p_adjusted"]) else row["p_value"]
    if _hidden.row_hidden(row):
        p = row["p_adjusted"] if _words.given(row["p_adjusted"]) else row.get("p_most")
        if not all(_words.given(v) for v in (p, row["value"], row["null_mean"])):
            return "hidden"
    if not (_words.given(p) and _words.given(row["value"])):
        return "missing"
    if "too few people" in str(row["reason"]):
        return "few"
    if p >= alpha:  # type: ignore[operator]
        return "unclear"
    return "above" if row["value"] > row["null_mean"] else "below"


def headline(rows: list[dict], *, what: str, strata: str | None) -> str:
    """Return whether the workforce is further from the benchmark than chance explains."""
    if not rows:
        return "There are no figures to show"
    names = list(dict.fromkeys(r["benchmark"] for r in rows))
    verb = f"{what} {'are' if what.endswith('s') else 'is'}"
    named = f"the benchmark “{names[0]}”" if len(names) > 1 else "the benchmark"
    apart = [r for r in rows if r["index"] == "dissimilarity" and r["benchmark"] == names[0]]
    known = [r for r in apart if r["stratum"] != "not known"] or apart
    ways = [r["told"] for r in known]
    if none := _hidden.none_shown(rows, "workforce", by="none", what="The figure"):
        return none
    if known and all(w == "hidden" for w in ways):
        return f"Whether the {verb} further from {named} than chance alone explains is hidden"
    if not known or all(w in ("missing", "hidden") for w in ways):
        return "No index can be computed from these numbers"
    if all(w in ("few", "missing", "hidden") for w in ways):
        if "hidden" in ways:
            return "In the parts that are shown there are too few people to tell of chance"
        return "There are too few people to tell whether more than chance is at work"
    if len(known) > 1:
        number = ways.count("above")
        text = f"In none of {len(known)} {_words.plural(strata, len(known))}"
        text = _words.for_parts(number, len(known), strata) if number else text
        text += f", the {verb} further from {named} than "
        text += "chance alone explains"
        for way, words in (
            ("below", "closer than chance would make it"),
            ("few", "there are too few people to tell"),
            ("hidden", "it is hidden"),
        ):
            if ways.count(way):
                text += f"; in {ways.count(way)}, {words}"
        return text
    row, way = known[0], ways[0]
    if way == "above":
        text = (
            f"The {verb} further from {named} than chance alone explains: "
            f"{_words.percent(row['workforce'])} of the people, "
            + (f"about {row['workforce'] * row['n']:,.0f}, " if _words.given(row["n"]) else "")
            + "would have to be of another group to match it"
        )
    elif way == "below":
        text = f"The {verb} closer to {named} than people drawn at random would be"
    else:
        text = f"The {verb} no further from {named} than people drawn at random could be"
    return text + _by_others(rows, names, way)


def _by_others(rows: list[dict], names: list[str], way: str) -> str:
    other = {
        r["benchmark"]: r["told"]
        for r in rows
        if r["index"] == "dissimilarity" and r["benchmark"] in names[1:]
    }
    out = ""
    for end, words in (
        ("above", "it is further"),
        ("unclear", "no difference from chance can be told"),
        ("below", "it is closer"),
    ):
        found = [f"“{name}”" for name, w in other.items() if w == end != way]
        if found:
            out += f"; by {_words.listed(found)}, {words}"
    return out
