"""Chart of the odds after dark against daylight: the main estimate, and how it holds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _findings, _hidden, _hidden_stops, _marks, _words
from equity.charts._common import (
    allowance,
    alternative,
    cannot,
    group_words,
    level,
    remarks,
    unknown_words,
)

if TYPE_CHECKING:
    import altair as alt

__all__ = ["veil_of_darkness"]

_NEEDED = ("model", "group", "reference", "n", "n_dark", "odds_ratio", "low", "high")
_MAIN = "main"
_ALLOWING = re.compile(r", allowing for (.*?);")
_PARTS = re.compile(r"clock time, (\d+) df")
_MODELS = {
    "no adjustment": "Nothing held equal (no adjustment)",
    "without place": "Place not held equal",
    "with weekday": "Weekday held equal, too",
    "with season (month)": "Season held equal, too (month)",
    "clock time, a line (1 df)": "Clock time as a straight line (1 df)",
    "around clock changes": "Only days near a clock change",
}
_SIZE = {"above": "larger", "below": "smaller"}


def veil_of_darkness(
    table: pd.DataFrame,
    *,
    what: str = "stops",
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw the odds of each group after dark against daylight, on a log axis.

    Parameters
    ----------
    table : what `equity.veil_of_darkness` returns. With `robustness=True` the further models of
        each group stand below the main estimates, as smaller dots.
    what : what is counted, for titles.
    who, labels, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show what officers saw: street lamps light the dark, and no difference does not show
    that all are treated alike.
    """
    import altair as alt

    frame = _ordered(_draw.prepare(table, _NEEDED, labels))
    interval = level(confidence_level)
    several = bool((~frame["is_main"]).any())

    def value(row: dict) -> str | None:
        if not _words.given(row["odds_ratio"]):
            return None
        ends = _words.span(row["low"], row["high"], _words.ratio)
        return f"{_words.ratio(row['odds_ratio'])} {ends}".strip()

    frame["value"] = _draw.apply(value, frame)
    frame["n_text"] = _draw.apply(lambda r: _hidden_stops.number_of(r, "n", what), frame)
    frame["note"] = _draw.apply(
        lambda r: _hidden_stops.number_of(r, "n_dark", "after dark"), frame
    )
    frame["missing"] = _draw.apply(lambda r: cannot(r, "odds_ratio"), frame)
    for column in ("n", "n_dark"):
        frame[f"{column}_say"] = _draw.apply(lambda r, c=column: _hidden.count(r, c), frame)
    for column in ("share_light", "share_dark"):
        frame[f"{column}_say"] = _draw.apply(lambda r, c=column: _share_say(r, c), frame)
    frame["group_label"] = frame["label"]
    heads = [""] * len(frame)
    if several:
        main = frame["is_main"].tolist()
        names = frame["group_label"].tolist()
        heads = [
            "Main estimate" if m else f"{g}, in other models"
            for m, g in zip(main, names, strict=True)
        ]
        frame["label"] = frame["short"] = [
            g if m else _model(str(words))
            for m, g, words in zip(main, names, frame["model"], strict=True)
        ]
    frame["model_words"] = [_model(str(m)) for m in frame["model"]]
    frame["size"] = [130 if m and not several else 90 if m else 40 for m in frame["is_main"]]
    frame["aria"] = [
        ", ".join(
            x
            for x in (
                row["group_label"],
                "" if row["is_main"] else _model(str(row["model"])),
                f"odds {row['value']} times" if row["value"] else row["missing"],
                row["n_text"],
                row["note"],
            )
            if x
        )
        for row in _draw.rows_of(frame)
    ]
    sentences = frame["aria"].tolist()
    page = _draw.Page(frame["label"].tolist(), 25 if several else len(frame))
    frame = _draw.clip(frame, "odds_ratio", "low", "high", log=True)
    frame, height = _draw.place(frame, heads, page)
    tips = [
        alt.Tooltip("group_label:N", title="Group"),
        *([alt.Tooltip("model_words:N", title="Model")] if several else []),
        alt.Tooltip("value:N", title=f"Odds ratio ({interval})"),
        alt.Tooltip("n_say:N", title=_words.sentence(what)),
        alt.Tooltip("n_dark_say:N", title="Of them after dark"),
        alt.Tooltip("share_light_say:N", title="Share in daylight"),
        alt.Tooltip("share_dark_say:N", title="Share after dark"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    x = alt.X(
        "at:Q",
        scale=_axes.x_scale(page, log=True),
        axis=_axes.axis_log("Odds after dark to daylight (log scale)"),
    )
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0.8, 1.25),
        *_marks.line_at(page, height, x, 1, "the same as in daylight", brief="as in daylight"),
        _marks.intervals(page, height, x, thick=2 if several else 3),
        *_marks.arrows(page, height, x),
        *(
            dots.encode(size=alt.Size("size:Q", scale=None))
            for dots in _marks.dots(page, height, x, tips)
        ),
        *_marks.words(page, height),
    ]
    rows = [_as_ratio(r) for r in _draw.rows_of(frame)]
    main_rows = [r for r in rows if r["is_main"]]
    alpha = 1 - confidence_level
    title = headline(main_rows, what=what, who=who, labels=labels, alpha=alpha)
    keys = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    other = _words.listed([_words.name(k, labels) for k in keys] or ["the reference"])
    others = _words.listed([_words.people(k, labels, who) for k in keys] or ["the reference"])
    subtitle = [
        f"Odds that one of the {what} is of the group and not of {others}, after dark against in "
        f"daylight; lines show the {interval}{_total(main_rows, what)}",
        f"Below 1: the group's share is smaller after dark, when it is harder to see who is "
        f"driving. Above 1: larger. Compared with {other}",
        *_hidden.legend(frame),
        *_allowed(main_rows),
        *_holds(rows, name=lambda k: _words.people(k, labels, who), alpha=alpha),
        *allowance(_findings.side(r, alpha) for r in main_rows),
        *remarks(frame[frame["is_main"].astype(bool)], "odds_ratio"),
        *filter(None, [unknown_words(frame, what)]),
        "Street lamps, and who drives at which hour and season, may hide a difference or make "
        "one; no difference does not show that all are treated alike",
    ]
    intro = f"{group_words(frame, 'group_label')}, {interval}. Compared with {other}."
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the main estimates first, then group by group the other models, in their order."""
    frame = frame.assign(is_main=(frame["model"] == _MAIN).to_numpy(dtype=bool))
    groups = {g: i for i, g in enumerate(dict.fromkeys(frame["group"]))}
    models = {m: i for i, m in enumerate(dict.fromkeys(frame["model"]))}
    place = [
        (not main, groups[g], models[m])
        for main, g, m in zip(frame["is_main"], frame["group"], frame["model"], strict=True)
    ]
    order = sorted(range(len(frame)), key=place.__getitem__)
    return frame.iloc[order].reset_index(drop=True)


def _model(words: str) -> str:
    """Return a further model in plain words, with its term in brackets."""
    if found := _PARTS.fullmatch(words):
        return f"Clock time as a curve of {found[1]} parts ({found[1]} df)"
    return _MODELS.get(words) or _words.sentence(words)


def _as_ratio(row: dict) -> dict:
    """Return the row with what `_findings` reads: a ratio, and how many stops it concerns."""
    more = {"ratio": row["odds_ratio"], "ratio_low": row["low"], "ratio_high": row["high"]}
    share = row.get("share_dark")
    if share is not None and _words.given(row["odds_ratio"]) and 0 < share < 1:
        odds = share / (1 - share) / row["odds_ratio"]
        more |= {"difference": share - odds / (1 + odds), "x_known": row["n_dark"]}
    return row | more


def _share_say(row: dict, column: str) -> str | None:
    value = row.get(column)
    if _words.given(value):
        return f"{100 * float(value):.1f}%"  # type: ignore[arg-type]
    return _hidden.WORD if _hidden.row_hidden(row) else None


def _total(rows: list[dict], what: str) -> str:
    """Return the stops in use: those of each group, and of the reference once."""
    if rows and not any(_words.given(r["n"]) for r in rows):
        return ""
    own = [(r.get("x_dark") or 0) + (r.get("x_light") or 0) for r in rows]
    others = [(r["n"] or 0) - x for r, x in zip(rows, own, strict=True)]
    columns = [c for c in ("n", "x_dark", "x_light") if rows and c in rows[0]]
    least = "at least " if any(_hidden.lost(r, *columns) for r in rows) else ""
    if least:  # of a group whose own stops are hidden, all may be of the reference
        return f", n = {least}{max((r['n'] or 0) for r in rows):,.0f} {what}"
    return f", n = {sum(own) + max(others, default=0):,.0f} {what}"


def _allowed(rows: list[dict]) -> list[str]:
    """Return what the main estimate allows for, without the details of how."""
    for row in rows:
        if found := _ALLOWING.search(str(row.get("method"))):
            terms = re.sub(r" \([^)]*\)", "", found[1]).split(", ")
            return [f"Compared at the same {_words.listed(terms)}"]
    return ["Not compared at the same clock time: nothing is allowed for"] if rows else []


def _holds(rows: list[dict], *, name: Callable[[str], str], alpha: float) -> list[str]:
    """Return for the groups that differ clearly how many of the other models say the same."""
    out: dict[str, list[str]] = {}
    for row in rows:
        if not row["is_main"] or (way := _findings.side(row, alpha)) not in _SIZE:
            continue
        others = [r for r in rows if not r["is_main"] and r["group"] == row["group"]]
        told = [
            s for s in (_findings.side(r, alpha) for r in others) if s not in ("missing", "hidden")
        ]
        if not told:
            continue
        against = told.count(_other(way))
        of = f"{len(told)} other models"
        of += " that are shown" if len(told) < len(others) and _any_lost(others) else ""
        text = f"{told.count(way)} of {of} say the same, a {_SIZE[way]} share"
        text += f" after dark{f', and {against} the opposite' if against else ''}"
        out.setdefault(text, []).append(name(row["group"]))
    return [f"{_words.sentence(_words.listed(who))}: {text}" for text, who in out.items()]


def _any_lost(rows: list[dict]) -> bool:
    return any(_hidden.lost(r, "odds_ratio", "low", "high") for r in rows)


def headline(
    rows: list[dict],
    *,
    what: str,
    who: str,
    labels: Mapping[str, str] | None,
    alpha: float,
) -> str:
    """Return whose share of stops is clearly smaller, or larger, after dark."""

    def people(row: dict) -> str:
        return _words.people(row["group"], labels, who)

    if not rows:
        return "There are no figures to show"
    sides = [(r, _findings.side(r, alpha)) for r in rows]
    if gone := _hidden.part_of([s == "hidden" for _, s in sides], "comparison"):
        there = [r for r, s in sides if s != "hidden"]
        if not there:
            return f"No comparison of daylight and darkness is shown: {gone}"
        said = headline(there, what=what, who=who, labels=labels, alpha=alpha)
        return f"{_hidden.others_shown(said)}; {gone}"
    if all(s == "missing" for _, s in sides):
        if any(_words.given(r["odds_ratio"]) for r in rows):
            return (
                "No interval can be computed from these numbers, so no difference between "
                "daylight and darkness can be told"
            )
        return "No comparison of daylight and darkness can be computed from these numbers"
    clear = [(r, s) for r, s in sides if s in _SIZE]
    if not clear:
        text = "No clear difference between daylight and darkness can be told"
        alone = any(s == "alone" for _, s in sides)
        return f"{text} " + (
            "once the number of comparisons is allowed for" if alone else "from these numbers"
        )
    best, way = max(clear, key=lambda pair: _findings.concerned(pair[0]))
    same = [people(r) for r, s in clear if s == way and r is not best]
    others = [people(r) for r, s in clear if s != way]
    reference = _words.people(best["reference"], labels, who)
    text = f"{people(best)} made up a {_SIZE[way]} share of {what} after dark than in daylight, "
    text += f"compared with {reference}"
    if "clock time" in str(best.get("method")):
        text = f"At the same clock time, {text}"
    size = _words.times(best["odds_ratio"]) if math.isfinite(best["odds_ratio"]) else "?"
    text = f"{_words.sentence(text)} (odds {size} times as high)"
    if same:
        text += f"; so did {_words.listed(same)}"
    if others:
        text += f"; {_words.listed(others)} made up a {_SIZE[_other(way)]} share"
    left = len(rows) - len(clear)
    if left:
        rest = "the other group" if left == 1 == len(rows) - 1 else f"{left} other groups"
        rest = "1 other group" if left == 1 < len(rows) - 1 else rest
        text += f"; no clear difference can be told for {rest}"
    return text


def _other(way: str) -> str:
    return "above" if way == "below" else "below"
