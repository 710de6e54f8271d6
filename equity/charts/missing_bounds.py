"""Chart of impact ratios as recorded, and of what they could be if the unknown were known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _hidden, _marks, _words
from equity.charts._common import (
    alternative,
    axis_title,
    block_names,
    cannot,
    group_words,
    level,
    reference_words,
    spoken,
)
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    import altair as alt

__all__ = ["missing_bounds"]

BOTTOM_LINE = "bottom line"
_NEEDED = (
    *("stratum", "stage", "group", "reference", "n", "x", "impact_ratio", "ratio_least"),
    *("ratio_most", "ratio_low", "ratio_high", "ratio_proportional", "unknown"),
    *("unknown_passed", "unknown_share", "changes_finding"),
)
_WHY = {
    "unknown_declined": "declined to say",
    "unknown_withheld": "withheld by law or policy",
    "unknown_not_asked": "not asked",
    "unknown_not_stated": "not stated",
}


def missing_bounds(
    table: pd.DataFrame,
    *,
    who: str = "applicants",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw each impact ratio as a dot, and as a bar the range in which it could be.

    Parameters
    ----------
    table : what `equity.missing_bounds` returns.
    who : the people, for titles.
    labels : words for groups and for stages.
    strata_label, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show which point of a range is true, nor how likely it is.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    alone = frame["group"].nunique() == 1
    if frame["stage"].nunique() == 2:  # one stage and the bottom line, which is the same
        frame = frame[frame["stage"] != BOTTOM_LINE]
    known = frame.assign(_gone=frame["unknown"].isna()).sort_values("_gone", kind="stable")
    total = known.drop_duplicates(["stratum", "stage"]).sort_index()
    frame = frame[~frame["is_reference"]].reset_index(drop=True)
    interval = level(confidence_level)
    ratio = _words.ratio

    def stage(key: str) -> str:
        return (labels or {}).get(key) or _words.stage_name(key)

    def value(row: dict) -> str | None:
        if not _words.given(row["ratio_least"]):
            return None
        ends = _words.span(row["ratio_least"], row["ratio_most"], ratio)
        dot = f"{ratio(row['impact_ratio'])} " if _words.given(row["impact_ratio"]) else ""
        return (dot + ends).strip()

    def counted(row: dict) -> str:
        unknown = f"; {_words.whole(row['unknown'])} unknown" if row["unknown"] else ""
        unknown = "; unknown: hidden" if _hidden.lost(row, "unknown") else unknown
        return _hidden.counts(row, "x", "n") + unknown

    frame["stage_label"] = [stage(str(s)) for s in frame["stage"]]
    frame["value"] = _draw.apply(value, frame)
    frame["note"] = _draw.apply(verdict, frame)
    frame["n_text"] = _draw.apply(counted, frame)
    frame["missing"] = _draw.apply(lambda r: None if value(r) else cannot(r, "ratio_least"), frame)
    frame["in_proportion"] = _draw.apply(
        lambda r: (
            ratio(r["ratio_proportional"]) if _words.given(r["ratio_proportional"]) else None
        ),
        frame,
    )
    frame["with_chance"] = _draw.apply(
        lambda r: _words.span(r["ratio_low"], r["ratio_high"], ratio) or None, frame
    )
    heads = block_names(frame, ("stratum", "stage"), {"stage": stage})
    frame["aria"] = spoken(frame, "stage_label", "label")
    sentences = frame["aria"].tolist()
    page = _draw.Page([*frame["label"], "000 of 000; 00 unknown"], len(frame))
    if page.compact:
        frame["value"] = _draw.apply(
            lambda r: f"{r['value']} ▼" if r["changes_finding"] is True else r["value"], frame
        )
    frame = _within(_draw.clip(frame, "impact_ratio", "ratio_low", "ratio_high", log=True))
    frame["at"] = frame["at"].where(frame["missing"] != _hidden.WORD)  # a dot would look certain
    room = 42
    frame, height = _draw.place(frame, heads, page, room=room)
    several = frame["stratum"].nunique() > 1
    tips = [
        *([alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))] * several),
        alt.Tooltip("stage_label:N", title="Stage"),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("value:N", title="Impact ratio, and its range"),
        alt.Tooltip("note:N", title="Reading"),
        alt.Tooltip("in_proportion:N", title="Unknown in proportion"),
        alt.Tooltip("with_chance:N", title=f"Range with the {interval}"),
        alt.Tooltip("n_text:N", title="Passed"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    x = alt.X(
        "at:Q",
        scale=_axes.x_scale(page, log=True),
        axis=_axes.axis_log(axis_title(frame, labels)),
    )
    keys = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    same = f"same as {_words.name(keys[0], labels)}" if len(keys) == 1 else "same rate"
    colour = alt.Color("colour:N", scale=None)
    y = _marks.y_at("y", height)
    thick = 9 if page.compact else 13
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0.6, 1.25),
        *_marks.line_at(
            page,
            height,
            x,
            0.8,
            "below four-fifths",
            brief="below 4/5",
            dash=[5, 3],
            level=1,
            room=room,
        ),
        *_marks.line_at(page, height, x, 1, same, room=room),
        _marks.intervals(page, height, x, thick=2),
        *_marks.arrows(page, height, x),
        _marks.layer("rule", strokeWidth=thick, aria=False, opacity=0.45, yOffset=page.mark_dy)
        .encode(x=_marks.on("least", x), x2=alt.X2("most:Q"), y=y, color=colour)
        .transform_filter(_marks.valid("least", "most")),
        _marks.layer(
            "tick",
            orient="vertical",
            thickness=2,
            size=thick + 8,
            opacity=1,
            color=PALETTE["grey"],
            aria=False,
            yOffset=page.mark_dy,
        )
        .encode(x=_marks.on("proportional", x), y=y)
        .transform_filter(_marks.valid("proportional")),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height),
    ]
    rows = _draw.rows_of(frame)
    title = headline(rows, who=who, labels=labels, strata=strata_label, alone=alone)
    title = _hidden.with_closing(title, rows, "ratio_least", "changes_finding")
    change = any(r["changes_finding"] is True for r in rows)
    subtitle = [
        "Dots: as recorded. Bars: where the ratio could be, if the unknown people were of any "
        f"group. Thin lines: the same with the {interval}. Grey ticks: unknown people shared out "
        "in proportion",
        _compared(frame, labels) + ("; ▼ = could change" if page.compact and change else ""),
        *filter(None, [_unknown(total, who)]),
        *_hidden.legend(frame),
        "The ends of a bar are the worst that can be; it does not show which point is true",
    ]
    intro = f"Impact ratios and their ranges, {group_words(frame)}. {subtitle[1]}."
    intro += _hidden.named(rows, "ratio_least", "changes_finding")
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def _compared(frame: pd.DataFrame, labels: Mapping[str, str] | None) -> str:
    """Return what each group is compared with; the reference has no row of its own."""
    text = reference_words(frame, labels).replace(", who are not in these numbers", "")
    if "method" not in frame or not frame["method"].astype(str).str.contains("highest rate").any():
        return text
    return f"{text}, the highest rate as recorded"


def _within(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the range and the tick, cut where the thin line is cut."""

    def cut(column: str, otherwise: str | None) -> list[float | None]:
        out: list[float | None] = []
        for r in _draw.rows_of(frame):
            start, end, v = r["start"], r["end"], r[column]
            if not (_words.given(start) and _words.given(end)):
                out.append(None)
            elif _words.given(v):
                out.append(min(max(float(v), start), end))
            else:
                out.append(r[otherwise] if otherwise else None)
        return out

    most = cut("ratio_most", "end")
    least = cut("ratio_least", None)
    return frame.assign(
        least=pd.Series(least, index=frame.index, dtype=object),
        most=pd.Series(most, index=frame.index, dtype=object),
        proportional=pd.Series(cut("ratio_proportional", None), index=frame.index, dtype=object),
    )


def verdict(row: Mapping) -> str | None:
    """Return whether the answer on four-fifths could be another."""
    if isinstance(why := row.get("reason"), str) and "not judged" in why:
        return "too small a share to compare"
    change = row.get("changes_finding")
    if not _words.given(change):
        return None
    if change:
        return "four-fifths: could change"
    if not row["unknown"] and not _hidden.lost(row, "unknown"):
        return "nobody unknown"
    if not _words.given(row["impact_ratio"]):
        return "four-fifths: could not change"
    return f"{'always' if row['impact_ratio'] < 0.8 else 'never'} below four-fifths"


def _unknown(total: pd.DataFrame, who: str) -> str | None:
    """Return how many people are of no known group, and why, where the counts say so."""
    if total.empty:
        return None
    last = total.drop_duplicates("stratum", keep="last")
    if any(_hidden.lost(r, "unknown") for r in _draw.rows_of(last)):
        return f"How many {who} are of no known group is hidden"
    number = int(last["unknown"].sum())
    if not number:
        return f"The group of all {who} with a known result is known"
    text = f"Group not known: {number:,} {who} with a known result"
    if len(last) == 1 and _words.given(last["unknown_share"].iloc[0]):
        text += f", {_words.percent(last['unknown_share'].iloc[0])}"
    why = [
        f"{int(pd.to_numeric(last[column]).sum()):,} {words}"
        for column, words in _WHY.items()
        if column in last and pd.to_numeric(last[column]).fillna(0).sum() > 0
    ]
    return f"{text} ({', '.join(why)})" if why else text


def headline(
    rows: list[dict],
    *,
    who: str,
    labels: Mapping[str, str] | None,
    strata: str | None,
    alone: bool = False,
) -> str:
    """Return the finding: whether the four-fifths answer could be another, and for whom."""
    if not rows:
        return (
            "There is only one group, and nothing to compare it with"
            if alone
            else ("There are no figures to show")
        )
    if none := _hidden.none_shown(
        rows, "ratio_least", "changes_finding", what="The range of the ratio"
    ):
        return none
    if not any(r["unknown"] or _hidden.lost(r, "unknown") for r in rows):
        return f"The group of all {who} is known, so no answer could be another"
    told = [r for r in rows if _words.given(r["changes_finding"])]
    if not told:
        return "No comparison between groups can be computed from these numbers"
    turns = [r for r in told if r["changes_finding"] is True]
    if not turns:
        return "Whoever the people of unknown group are, no answer on four-fifths would change"
    start = "If the unknown groups were known, the answer on four-fifths could change"
    parts = list(dict.fromkeys(r["stratum"] for r in rows))
    if len(parts) > 1:
        number = len({r["stratum"] for r in turns})
        return f"{start} in {number} of {len(parts)} {_words.plural(strata, len(parts))}"
    stages = list(dict.fromkeys(r["stage"] for r in rows))
    last = BOTTOM_LINE if BOTTOM_LINE in stages else stages[-1]
    bottom = [r for r in turns if r["stage"] == last]
    row = max(bottom or turns, key=lambda r: r["n"])
    known = _words.given(row["impact_ratio"])
    now = f"ratio {_words.ratio(row['impact_ratio'])}, " if known else "the ratio "
    ends = f"from {_words.ratio(row['ratio_least'])} "
    ends += f"to {_words.ratio(row['ratio_most'])}" if _words.given(row["ratio_most"]) else "up"
    more = len(bottom or turns) - 1
    others = f", and for {more} other group{'s' * (more > 1)}" if more and bottom else ""
    where = ""
    if len(stages) > 1:
        name = (labels or {}).get(row["stage"]) or _words.stage_name(row["stage"])
        where = (
            " at the bottom line" if bottom else f" at the stage “{name}”, not at the bottom line"
        )
    return (
        f"{start}{where} for {_words.people(row['group'], labels, who)} "
        f"({now}could be {ends}){others}"
    )
