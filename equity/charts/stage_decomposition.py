"""Waterfall of a bottom-line ratio: how much each stage lowers or raises it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _findings, _hidden, _marks, _words
from equity.charts._common import (
    allowance,
    alternative,
    axis_title,
    block_names,
    cannot,
    group_words,
    level,
    reference_words,
    spoken,
    unknown_words,
)
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    import altair as alt

__all__ = ["stage_decomposition"]

BOTTOM_LINE = "bottom line"
_NEEDED = (
    "stratum",
    "stage",
    "group",
    "reference",
    "n",
    "x",
    "log_ratio",
    "impact_ratio",
    "ratio_low",
    "ratio_high",
)


def stage_decomposition(
    table: pd.DataFrame,
    *,
    who: str = "applicants",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw how each stage lowers or raises the ratio, as a waterfall on a log axis.

    Each bar starts where the stage before it ended and is as long as that stage's own ratio; the
    last bar is the bottom line, the product of all.

    Parameters
    ----------
    table : what `equity.stage_decomposition` returns.
    who : the people, for titles.
    labels : words for groups and for stages.
    strata_label, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show why a stage lowers the ratio.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    frame = frame[~frame["is_reference"]].reset_index(drop=True)
    interval = level(confidence_level)
    ratio = _words.ratio

    def stage(key: str) -> str:
        return (labels or {}).get(key) or _words.stage_name(key)

    frame = _cumulate(frame)

    def value(row: dict) -> str | None:
        if not _words.given(row["impact_ratio"]):
            return None
        ends = _words.span(row["ratio_low"], row["ratio_high"], ratio)
        return f"{ratio(row['impact_ratio'])} {ends}".strip()

    def note(row: dict) -> str | None:
        if row["stage"] == BOTTOM_LINE or not _words.given(row["impact_ratio"]):
            return "all stages together" if row["stage"] == BOTTOM_LINE else None
        clear = step_side(row, 1 - confidence_level)
        way = {"above": "raises the ratio", "below": "lowers the ratio"}.get(
            clear, "no clear effect"
        )
        if clear == "hidden":
            return None
        share = row.get("share_of_total")
        return f"{way}, {percent(share)} of it" if _words.given(share) else way

    percent = _words.percent
    frame["group_label"] = frame["label"]
    frame["stage_label"] = [stage(str(s)) for s in frame["stage"]]
    frame["value"] = _draw.apply(value, frame)
    frame["note"] = _draw.apply(note, frame)
    frame["n_text"] = _draw.apply(lambda r: _hidden.counts(r, "x", "n"), frame)
    frame["missing"] = _draw.apply(lambda r: _missing(r, 1 - confidence_level), frame)
    frame["label"] = frame["stage_label"]
    write = {"group": lambda g: _words.name(g, labels)}
    heads = block_names(frame, ("stratum", "group"), write)
    frame["aria"] = spoken(frame, "group_label", "stage_label")
    sentences = frame["aria"].tolist()
    page = _draw.Page(frame["label"].tolist(), len(frame), right=190, under=8, alone=True)
    if not page.compact:
        page.row += 14  # on a narrow page, for the line of the note
    frame, height = _draw.place(frame, heads, page)

    tips = [
        alt.Tooltip("group_label:N", title="Group"),
        alt.Tooltip("stage_label:N", title="Stage"),
        alt.Tooltip("value:N", title=f"Ratio of this stage ({interval})"),
        alt.Tooltip("note:N", title="Reading"),
        alt.Tooltip("n_text:N", title="Passed, of those entering"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    keys = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    other = _words.listed([_words.name(k, labels) for k in keys] or ["the reference"])
    x = alt.X(
        "at:Q",
        scale=_axes.x_scale(page, log=True),
        axis=_axes.axis_log(axis_title(frame, labels)),
    )
    colour = alt.Color("colour:N", scale=None)
    thick = 11 if page.compact else 16
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0.8, 1.25),
        *_marks.line_at(page, height, x, 1, f"same as {other}"),
        _marks.layer(
            "rule",
            color=PALETTE["grey"],
            strokeWidth=1,
            strokeDash=[2, 2],
            aria=False,
            yOffset=page.mark_dy,
            y2Offset=page.mark_dy,
        )
        .encode(x=_marks.on("at", x), y=_marks.y_at("y", height), y2=alt.Y2("next_y:Q"))
        .transform_calculate(next_y=f"datum.y + {page.row}")
        .transform_filter("isValid(datum.at) && datum.goes_on"),
        _marks.layer("rule", strokeWidth=thick, yOffset=page.mark_dy)
        .encode(
            x=_marks.on("start", x),
            x2=alt.X2("at:Q"),
            y=_marks.y_at("y", height),
            tooltip=tips,
            color=colour,
            description=alt.Description("aria:N"),
        )
        .transform_filter(_marks.valid("start", "at")),
        _marks.layer("rule", strokeWidth=2, aria=False, yOffset=_below(page, thick))
        .encode(
            x=_marks.on("end_low", x),
            x2=alt.X2("end_high:Q"),
            y=_marks.y_at("y", height),
            color=colour,
        )
        .transform_filter(_marks.valid("end_low", "end_high")),
        *_marks.words(page, height),
    ]
    rows = _draw.rows_of(frame)
    title = headline(rows, who=who, labels=labels, alpha=1 - confidence_level)
    title = _hidden.with_closing(title, rows, "impact_ratio")
    reference = reference_words(frame, labels).removesuffix(", who are not in these numbers")
    n = _hidden.n_words(frame.drop_duplicates(["stratum", "group"]), who, before=", n = ")
    subtitle = [
        "Each bar is one stage's ratio of selection rates: where it ends, the next begins. To the "
        "left (orange) it lowers the ratio, to the right (blue) it raises it; grey is all stages "
        "together",
        f"{reference}. Thin lines show the {interval} of a stage" + _of_drawn(n),
        *allowance(step_side(r, 1 - confidence_level) for r in rows if r["stage"] != BOTTOM_LINE),
        *filter(None, [unknown_words(frame, who)]),
        *_hidden.legend(frame),
        "It does not show why a stage lowers or raises the ratio",
    ]
    intro = f"{group_words(frame, 'group_label')}, ratio of each stage, {interval}. {reference}."
    intro += _hidden.named(rows, "impact_ratio")
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def _of_drawn(n: str) -> str:
    """Return "n = 750 applicants of the groups drawn, without those hidden"."""
    number, comma, rest = n.partition(", without")
    return f"{number} of the groups drawn{comma}{rest}" if number else ""


def _below(page: _draw.Page, thick: int) -> dict[str, str]:
    return {"expr": f"({page.mark_dy['expr']}) + {thick / 2 + 3}"}


def _cumulate(frame: pd.DataFrame) -> pd.DataFrame:
    """Add where each bar starts and ends, its interval, and its colour."""
    out = []
    points = [float(v) for v in frame["impact_ratio"] if _words.given(v) and float(v) > 0]
    least, most = min([0.3, *(p / 3 for p in points)]), max([3, *(p * 3 for p in points)])
    level_of: dict[tuple, float | None] = {}
    hidden: set[tuple] = set()
    for row in _draw.rows_of(frame):
        key = (row["stratum"], row["group"])
        total = row["stage"] == BOTTOM_LINE
        start = 1.0 if total else level_of.get(key, 1.0)
        step = row["impact_ratio"]
        drawn = start is not None and _words.given(step) and step > 0
        at = start * step if drawn else None  # type: ignore[operator]
        level_of[key] = at
        after = key in hidden
        hidden |= {key} if _hidden.lost(row, "impact_ratio") else set()
        ends = [
            min(max(start * float(row[c]), least), most)  # type: ignore[operator]
            if drawn and _words.given(row[c])
            else None
            for c in ("ratio_low", "ratio_high")
        ]
        colour = "grey" if total else ("orange" if drawn and step < 1 else "blue")
        out.append(
            {
                "start": start if drawn else None,
                "at": at,
                "end_low": ends[0],
                "end_high": ends[1],
                "colour": PALETTE[colour],
                "goes_on": drawn and not total,
                "after": after,
            }
        )
    return frame.assign(
        **{
            k: pd.Series([o[k] for o in out], index=frame.index, dtype=object)
            for k in ("start", "at", "end_low", "end_high", "colour", "goes_on", "after")
        }
    )


def _missing(row: dict, alpha: float) -> str | None:
    if _words.given(row["at"]):
        return None
    if _nobody(row):
        clear = step_side(row, alpha) == "below"
        return f"none of {_words.whole(row['n'])} passed{', clearly less often' * clear}"
    if not _words.given(row["impact_ratio"]):
        nobody = _words.given(row["n"]) and row["n"] == 0
        return "nobody of this group entered" if nobody else cannot(row, "impact_ratio")
    return f"not drawn: a stage before it {'is hidden' if row['after'] else 'cannot be computed'}"


def _nobody(row: Mapping) -> bool:
    """Return whether some of the group entered a stage and none passed it."""
    return (
        row["stage"] != BOTTOM_LINE
        and _words.given(row["x"])
        and row["x"] == 0
        and _words.given(row["n"])
        and row["n"] > 0
    )


def step_side(row: Mapping, alpha: float) -> str:
    """Return what a stage says, as `_findings.side`; where nobody passed, by the test."""
    given = {"ratio": row["impact_ratio"]}
    if not _words.given(row["impact_ratio"]) and _words.given(row["x"]):
        given["difference"] = -1 if row["x"] == 0 else 1  # else nobody of the reference passed
    return _findings.side({**row, **given}, alpha)


def headline(rows: list[dict], *, who: str, labels: Mapping[str, str] | None, alpha: float) -> str:
    """Return the finding: the stage that clearly moves the ratio most, beside the bottom line."""
    if not rows:
        return "There are no stages to take apart"
    steps = [r | {"ratio": r["impact_ratio"]} for r in rows if r["stage"] != BOTTOM_LINE]
    if none := _hidden.none_shown(steps, "impact_ratio", what="The ratio"):
        return none
    steps = _hidden.shown(steps, "impact_ratio")
    sides = [step_side(r, alpha) for r in steps]
    none = [r for r, s in zip(steps, sides, strict=True) if s == "missing"]
    if not any(_words.given(r["ratio"]) for r in steps) and len(none) == len(steps):
        return "No stage can be computed from these numbers"
    if len({r["stratum"] for r in rows}) > 1:
        return "How each stage lowers or raises the ratio, part by part"
    clear = [(r, s) for r, s in zip(steps, sides, strict=True) if s in ("above", "below")]

    def names(row: dict) -> tuple[str, str, str]:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        stage = (labels or {}).get(row["stage"]) or _words.stage_name(row["stage"])
        return group, other, stage

    if not clear:
        text = "No stage clearly lowers or raises the ratio of any group"
        if "alone" in sides:
            text += " once the number of comparisons is allowed for"
        zero = next((r for r in none if _nobody(r)), None)
        if zero:
            group, _, stage = names(zero)
            text += (
                f"; at the stage “{stage}”, none of {_words.whole(zero['n'])} {group} "
                "passed, which is not compared here"
            )
        elif none:
            text += f"; {len(none)} of {len(steps)} figures cannot be computed"
        return text

    def weight(row: dict) -> float:
        told = any(_words.given(row.get(k)) for k in ("ratio_low", "ratio_high"))
        return _findings.certain(row) if told else math.inf

    best, way = max(clear, key=lambda pair: weight(pair[0]))
    group, other, stage = names(best)
    if _nobody(best):
        return (
            f"At the stage “{stage}”, none of {_words.whole(best['n'])} {group} passed, "
            f"clearly less often than {other}"
        )
    if not _findings.size(best):
        return (
            f"At the stage “{stage}”, {group} passed {'more' if way == 'above' else 'less'} "
            f"often than {other}"
        )
    text = f"At the stage “{stage}”, {group} passed {_findings.size(best)} as often as {other}"
    against = [
        r for r, s in clear if s != way and r["group"] == best["group"] and _findings.size(r)
    ]
    if against:
        other_way = max(against, key=weight)
        text += f"; at “{names(other_way)[2]}”, {_findings.size(other_way)}"
    total = [r for r in rows if r["stage"] == BOTTOM_LINE and r["group"] == best["group"]]
    if total and _words.given(total[0]["impact_ratio"]):
        text += f"; all stages together, {_words.times(total[0]['impact_ratio'])} times"
        ends = [total[0][k] for k in ("ratio_low", "ratio_high")]
        if all(_words.given(v) for v in ends) and ends[0] <= 1 <= ends[1]:
            text += ", where a difference cannot be told from chance"
    return text
