"""Forest of odds ratios: each year or posting by itself, and all together where they agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _findings, _hidden, _marks, _words
from equity.charts._common import (
    allowance,
    alternative,
    block_names,
    group_words,
    level,
    unknown_words,
)

if TYPE_CHECKING:
    import altair as alt

__all__ = ["pooled"]

POOLED = "pooled"
BOTTOM_LINE = "bottom line"
_NEEDED = (
    *("stratum", "stage", "group", "reference", "n", "x", "n_reference", "x_reference"),
    *("odds_ratio", "low", "high", "p_value", "p_adjusted", "homogeneous", "withheld", "reason"),
)


def pooled(
    table: pd.DataFrame,
    *,
    who: str = "applicants",
    what: str = "selected",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw the odds ratio of each stratum with its interval, and below them that of all.

    The last row is a diamond; where the strata differ it says so in words, and nothing is drawn.

    Parameters
    ----------
    table : what `equity.pooled` returns.
    who, what : the people and what happened to them, for titles ("applicants", "selected").
    labels : words for groups, stages and strata.
    strata_label : what the strata are ("year", "posting").
    confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show that the strata agree, where each holds few people, nor why groups differ.
    """
    import altair as alt

    is_pooled = table["stratum"].eq(POOLED) if "stratum" in table else False
    frame = _draw.prepare(table.assign(is_pooled=is_pooled), _NEEDED, labels)
    if frame["stage"].nunique() == 2:  # one stage and the bottom line, which is the same
        frame = frame[frame["stage"] != BOTTOM_LINE].reset_index(drop=True)
    interval = level(confidence_level)
    alpha = 1 - confidence_level
    noun = _words.plural(strata_label, 2)
    frame["ratio"], frame["ratio_low"], frame["ratio_high"] = (
        frame[c] for c in ("odds_ratio", "low", "high")
    )
    # the diamond stands for all, whatever the mark of the group
    frame["shape"] = [
        "diamond" if p else s for p, s in zip(frame["is_pooled"], frame["shape"], strict=True)
    ]

    def stage(key: str) -> str:
        return (labels or {}).get(key) or _words.stage_name(key)

    def value(row: dict) -> str | None:
        if not _words.given(row["odds_ratio"]):
            low = row["low"]
            beyond = _words.given(low) and low > 1
            return f"{_words.ratio(low)} or more" if beyond else None
        ends = _words.span(row["low"], row["high"], _words.ratio)
        return f"{_words.ratio(row['odds_ratio'])} {ends}".strip()

    def note(row: dict) -> str | None:
        if value(row) is None:
            return None
        if row["is_pooled"]:
            if _hidden.lost(row, "homogeneous"):
                return None
            agree = row["homogeneous"] is True
            parts = _strata(noun)
            return f"no sign that {parts} differ" if agree else f"cannot tell if {parts} differ"
        said = {"above": "more often", "below": "less often"}
        side = _findings.side(row, alpha)
        return None if side == "hidden" else said.get(side, "no clear difference")

    def counted(row: dict) -> str:
        own = _hidden.counts(row, "x", "n")
        other = _hidden.counts(row, "x_reference", "n_reference")
        return own if own == other == f"numbers {_hidden.WORD}" else f"{own} v. {other}"

    frame["group_label"] = frame["label"]
    frame["stage_label"] = [stage(str(s)) for s in frame["stage"]]
    frame["label"] = [
        "All together" if p else str(s)
        for p, s in zip(frame["is_pooled"], frame["stratum"], strict=True)
    ]
    frame["short"] = [s if len(s) <= 20 else s[:19].rstrip() + "…" for s in frame["label"]]
    frame["value"] = _draw.apply(value, frame)
    frame["note"] = _draw.apply(note, frame)
    frame["counted"] = _draw.apply(counted, frame)
    frame["n_short"] = [text.split(" v. ")[0] for text in frame["counted"]]
    frame["missing"] = _draw.apply(
        lambda r: None if r["value"] else _missing(r, labels, noun), frame
    )
    write = {"stage": stage, "group": lambda g: _words.name(g, labels)}
    heads = block_names(frame, ("stage", "group"), write)
    several = ["stage_label"] if frame["stage"].nunique() > 1 else []
    frame["aria"] = [
        ", ".join(
            str(w)
            for w in (*(r[c] for c in (*several, "group_label", "label")),
                      r["value"] or r["missing"], r["note"], r["counted"])
            if isinstance(w, str) and w
        )
        for r in _draw.rows_of(frame)
    ]  # fmt: skip
    sentences = sorted(frame["aria"], key=lambda text: "All together" not in text)
    page = _draw.Page([*frame["label"], "0,000 of 0,000 v. 0,00"], len(frame))
    frame["n_text"] = frame["n_short"] if page.compact else frame["counted"]
    frame = _draw.clip(frame, "ratio", "ratio_low", "ratio_high", log=True)
    frame, height = _draw.place(frame, heads, page)

    tips = [
        alt.Tooltip("stage_label:N", title="Stage"),
        alt.Tooltip("group_label:N", title="Group"),
        alt.Tooltip("label:N", title=_words.sentence(strata_label or "part")),
        alt.Tooltip("value:N", title=f"Odds ratio ({interval})"),
        alt.Tooltip("note:N", title="Reading"),
        alt.Tooltip("counted:N", title="Counts, v. the comparison"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    keys = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    other = _words.listed([_words.name(k, labels) for k in keys] or ["the reference"])
    shown = f"Odds ratio to {other if len(other) <= 18 else 'the comparison'} (log scale)"
    x = alt.X("at:Q", scale=_axes.x_scale(page, log=True), axis=_axes.axis_log(shown))
    diamond = (
        _marks.layer(
            "point", filled=True, opacity=1, size=260, shape="diamond", aria=False,
            yOffset=page.mark_dy,
        )
        .encode(
            x=_marks.on("at", x),
            y=_marks.y_at("y", height),
            color=alt.Color("colour:N", scale=None),
        )
        .transform_filter("datum.is_pooled && isValid(datum.at)")
    )  # fmt: skip
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0.8, 1.25),
        *_marks.line_at(page, height, x, 1, f"same as {other}", brief="same odds"),
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        *_marks.dots(page, height, x, tips),
        diamond,
        *_marks.words(page, height, brief=True),
    ]
    rows = _draw.rows_of(frame)
    title = headline(rows, who=who, what=what, labels=labels, alpha=alpha, strata=strata_label)
    title = _hidden.with_closing(title, rows, "odds_ratio", by="none")
    sum_ = _total(frame)
    n = "" if sum_ is None else f", n = {sum_:,.0f} {who}"
    one = _words.plural(strata_label, 1)
    subtitle = [
        f"Odds of being {what} as a ratio to those of {other}, within each {one}; lines show the "
        f"{interval}{n}",
        f"Diamond: all together (Mantel-Haenszel), only where the {noun} do not differ by more "
        f"than chance explains ({_test_words(frame)})",
        *allowance(_findings.side(r, alpha) for r in rows),
        *_left_out(rows, noun),
        *_hidden.legend(frame),
        *filter(None, [unknown_words(frame[~frame["is_pooled"]], who)]),
        "An odds ratio is farther from 1 than the ratio of the rates; it does not show why they "
        "differ",
    ]
    intro = (
        f"Odds ratios to {other} within each {one} and over all, "
        f"{group_words(frame, 'group_label')}, {interval}."
    ) + _named(rows)
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def _test_words(frame: pd.DataFrame) -> str:
    """Return the names of the tests of homogeneity that were made."""
    methods = " ".join(str(m) for m in frame["method"]) if "method" in frame else ""
    tarone = "Breslow-Day with Tarone’s correction"
    if "Zelen" not in methods:
        return tarone
    return (
        f"{tarone}; Zelen’s exact test where few" if "Tarone" in methods else "Zelen’s exact test"
    )


def _named(rows: list[dict]) -> str:
    """Return the sentence that names the strata and groups that are hidden."""
    names = [r | {"group_label": f"{r['group_label']}, {r['label']}"} for r in rows]
    return _hidden.named(names, "odds_ratio")


def _total(frame: pd.DataFrame) -> float | None:
    """Return how many people entered, each once: those of all groups at the first stage.

    None where a part of them is hidden.
    """
    first = (
        frame[(frame["stage"] == frame["stage"].iloc[0]) & ~frame["is_pooled"]]
        if len(frame)
        else frame
    )
    theirs = _hidden.first_known(first, "n_reference", "stratum")
    if any(_hidden.lost(r, "n") for r in _draw.rows_of(first)) or any(
        _hidden.lost(r, "n_reference") for r in _draw.rows_of(theirs)
    ):
        return None
    own = pd.to_numeric(first["n"]).fillna(0).sum()
    theirs = theirs["n_reference"]
    return float(own + pd.to_numeric(theirs).fillna(0).sum())


def _strata(noun: str) -> str:
    return "strata" if noun == "parts" else noun


def _missing(row: dict, labels: Mapping[str, str] | None, noun: str) -> str:
    """Return the words that stand where a figure would."""
    if _hidden.row_hidden(row) and row["withheld"] is not True:
        return _hidden.WORD
    if row["withheld"] is True:
        return f"withheld: the {_strata(noun)} differ"
    text = str(row["reason"] or "").split("; ")[0]
    key = row["reference"]
    if isinstance(key, str):
        text = text.replace(f" of {key} passed", f" of {_words.name(key, labels)} passed")
    if text.startswith("tells nothing: "):
        return f"tells nothing: {text.split(': ')[1].split(' ')[0]} passed"
    if text.startswith("no comparison"):
        return f"nobody to compare with: {_words.name(str(key), labels)}"
    if text.startswith("no odds ratio: "):
        return "no ratio: " + text.removeprefix("no odds ratio: ")
    known = text.startswith(("no stratum", "nobody"))
    return text.split(":")[0] if known else f"cannot be computed: {text or 'no figure'}"


def _left_out(rows: list[dict], noun: str) -> list[str]:
    """Return the strata that tell nothing, named where all comparisons leave out the same."""
    said = {r.get("left_out") for r in rows if r["is_pooled"]}
    said = {s if isinstance(s, str) else "" for s in said}
    if said <= {""}:
        return []
    text = said.pop() if len(said) == 1 else ""
    if text and len(text) <= 90:
        return [f"Left out of the pool, since nobody or everybody passed: {text}"]
    return [f"{_words.sentence(noun)} in which nobody or everybody passed are not in the pool"]


def headline(
    rows: list[dict],
    *,
    who: str,
    what: str,
    labels: Mapping[str, str] | None,
    alpha: float,
    strata: str | None,
) -> str:
    """Return the finding: the pooled figure, or that the strata differ and how."""
    if not rows:
        return "There are no figures to show"
    if none := _hidden.none_shown(rows, "odds_ratio", by="none", what="The odds ratio"):
        return none
    every = [r for r in rows if r["is_pooled"]]
    gone = [_findings.side(r, alpha) == "hidden" and r["withheld"] is not True for r in every]
    if every and all(gone):
        return "The figure of all together is hidden" + _in_parts(rows, alpha, what, labels, who)
    every = [r for r, own in zip(every, gone, strict=True) if not own]
    one, many = _words.plural(strata, 1), _words.plural(strata, 2)
    within = f"Compared within each {one}"

    def names(row: dict) -> tuple[str, str]:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        return group, other

    def say(row: dict, lead: str) -> str:
        group, other = names(row)
        size = _findings.size(row)
        way = "more" if _words.given(row["low"]) and row["low"] > 1 else "less"
        if not size:
            return f"{lead}, {group} were {what} {way} often than {other}"
        return f"{lead}, the odds of {group} of being {what} were {size} those of {other}"

    def hedged(row: dict, lead: str) -> str:
        made = row.get("comparisons")
        number = f"{_words.whole(made)} comparisons" if _words.given(made) else ""
        number = number or "the number of comparisons"
        return f"{say(row, lead)}, though not clear after allowing for {number}"

    withheld = [r for r in every if r["withheld"] is True]
    sides = {id(r): _findings.side(r, alpha) for r in every}
    if len(every) == 1:
        row, side = every[0], sides[id(every[0])]
        group, other = names(row)
        if withheld:
            return _differ(rows, group, other, what, many, alpha)
        if side in ("above", "below"):
            return say(row, within)
        if side == "alone":
            return hedged(row, within)
        if side == "missing":
            return f"Over all {many}, {group} and {other} cannot be compared from these numbers"
        return f"{within}, no clear difference between {group} and {other} can be told"
    clear = [r for r in every if sides[id(r)] in ("above", "below")]
    last = [r for r in clear if r["stage"] == BOTTOM_LINE]
    alone = [r for r in every if sides[id(r)] == "alone"]
    several = len({r["stage"] for r in every}) > 1

    def at(row: dict) -> str:
        if row["stage"] == BOTTOM_LINE:
            return " at the bottom line" * several
        stage = (labels or {}).get(row["stage"]) or _words.stage_name(row["stage"])
        return f" at the stage “{stage}”" * several

    if clear:
        best = max(last or clear, key=_findings.certain)
        text = say(best, within + at(best))
        more = len(clear) - 1
        if more:
            text += f"; {more} other comparison{'s' * (more > 1)} also differ{'s' * (more == 1)}"
    elif len(withheld) == len(every):
        return f"The {many} differ in all {len(every)} comparisons, so no pooled figure is given"
    elif alone:
        best = max([r for r in alone if r["stage"] == BOTTOM_LINE] or alone, key=_findings.certain)
        text = hedged(best, within + at(best))
    else:
        text = f"{within}, no clear difference can be told"
    if withheld:
        text += (
            f"; in {len(withheld)} of {len(every)} comparisons the {many} differ, and no pooled "
            "figure is given"
        )
    return text


def _in_parts(
    rows: list[dict], alpha: float, what: str, labels: Mapping[str, str] | None, who: str
) -> str:
    """Return in how many of the parts that are shown a group differs clearly; "" for none."""
    parts = [(r, _findings.side(r, alpha)) for r in rows if not r["is_pooled"]]
    told = [(r, s) for r, s in parts if s not in ("missing", "hidden")]
    clear = [(r, s) for r, s in told if s in ("above", "below")]
    if not clear:
        return ""
    best, way = max(clear, key=lambda pair: _findings.concerned(pair[0]))
    same = [s for r, s in told if (r["group"], r["stage"]) == (best["group"], best["stage"])]
    group, other = (_words.people(best[k], labels, who) for k in ("group", "reference"))
    return (
        f"; in {same.count(way)} of {len(same)} that are shown, {group} were {what} "
        f"{'more' if way == 'above' else 'less'} often than {other}"
    )


def _differ(rows: list[dict], group: str, other: str, what: str, many: str, alpha: float) -> str:
    """Return how the strata differ, where that is why there is no pooled figure."""
    parts = [r for r in rows if not r["is_pooled"]]
    sides = [_findings.side(r, alpha) for r in parts]
    told = [s for s in sides if s not in ("missing", "hidden")]
    text = f"The {many} differ, so no pooled figure is given: "
    higher, lower = sides.count("above"), sides.count("below")
    said = [f"{w} often than {other} in {n}" for n, w in ((higher, "more"), (lower, "less")) if n]
    if not said:
        return text + f"no clear difference can be told in any one of the {len(told)}"
    text += f"{group} were {what} {_words.listed(said)} of {len(told)}"
    rest = len(told) - higher - lower
    return text + (f"; no clear difference can be told in {rest}" if rest else "")
