"""Chart of impact ratios, stage by stage, with the four-fifths line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
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
    remarks,
    spoken,
    unknown_words,
)
from equity.charts._impact_headline import (
    BOTTOM_LINE,
    could_see,
    headline,
    people_words,
    power_words,
    verdict,
)
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    import altair as alt

__all__ = ["adverse_impact"]

_OPEN = "still in the running"
RUNNING = (
    "Where some are still in the running, the rate at the bottom line is the product of the stages"
)
_NEEDED = (
    "stratum",
    "stage",
    "group",
    "reference",
    "n",
    "x",
    "x_known",
    "selection_rate",
    "impact_ratio",
    "ratio_low",
    "ratio_high",
    "below_four_fifths",
    "too_few",
    "judged",
)


def adverse_impact(
    table: pd.DataFrame,
    *,
    who: str = "applicants",
    what: str = "selected",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw the impact ratio of each group at each stage, and which are below four-fifths.

    Parameters
    ----------
    table : what `equity.adverse_impact` returns.
    who, what : the people and what happened to them, for titles ("applicants", "selected").
    labels : words for groups and for stages.
    strata_label, confidence_level : as in `equity.charts.rates`.

    "Below four-fifths" is what the table says, which decides it in whole numbers; the drawn ratio
    is not consulted. Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show why rates differ, nor whether a stage measures what the job needs.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    if frame["stage"].nunique() == 2:  # one stage and the bottom line, which is the same
        frame = frame[frame["stage"] != BOTTOM_LINE].reset_index(drop=True)
    interval = level(confidence_level)
    ratio = _words.ratio

    def value(row: dict) -> str | None:
        if not _words.given(row["impact_ratio"]):
            low = row["ratio_low"]
            return f"{ratio(low)} or more" if _words.given(low) and low > 1 else None
        if row["is_reference"]:
            return "1, the comparison"
        ends = _words.span(row["ratio_low"], row["ratio_high"], ratio)
        return f"{ratio(row['impact_ratio'])} {ends}".strip()

    def note(row: dict) -> str | None:
        return None if row["is_reference"] or value(row) is None else verdict(row)

    def missing(row: dict) -> str | None:
        if row["is_reference"] and row["selection_rate"] == 0:
            return "the comparison, of whom nobody passed"
        return None if value(row) else cannot(row, "impact_ratio")

    def counted(row: dict) -> str:
        text = _hidden.counts(row, "x", "x_known")
        rate = row["selection_rate"]
        open_ = re.search(rf"(?:^|; )([\d,]+) {_OPEN}", str(row.get("reason")))
        if open_:  # the rate is not x of those known
            text = f"{_words.whole(row['x'])} so far, {open_.group(1)} open"
        return text + (f" ({_words.percent(rate)})" if _words.given(rate) else "")

    def stage(key: str) -> str:
        return (labels or {}).get(key) or _words.stage_name(key)

    frame["stage_label"] = [stage(str(s)) for s in frame["stage"]]
    frame["value"] = _draw.apply(value, frame)
    frame["note"] = _draw.apply(note, frame)
    frame["n_text"] = _draw.apply(counted, frame)
    running = "reason" in frame and frame["reason"].astype(str).str.contains(_OPEN).any()
    frame["could_see"] = _draw.apply(could_see, frame)
    frame["missing"] = _draw.apply(missing, frame)
    heads = block_names(frame, ("stratum", "stage"), {"stage": stage})
    frame["aria"] = spoken(frame, "stage_label", "label")
    sentences = frame["aria"].tolist()
    room = 42
    wide = "0,000 so far, 000 open (00.0%)" if running else "0,000 of 0,000 (00.0%)"
    page = _draw.Page([*frame["label"], wide], len(frame))
    if page.compact:
        frame["value"] = _draw.apply(
            lambda r: f"{r['value']} ▼" if r["note"] == "below four-fifths" else r["value"], frame
        )
    frame["ratio"] = frame["impact_ratio"]
    frame = _draw.clip(frame, "ratio", "ratio_low", "ratio_high", log=True)
    frame.loc[frame["is_reference"], ["start", "end"]] = math.nan
    frame, height = _draw.place(frame, heads, page, room=room)

    tips = [
        *(
            [alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))]
            if frame["stratum"].nunique() > 1
            else []
        ),
        alt.Tooltip("stage_label:N", title="Stage"),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("value:N", title=f"Impact ratio ({interval})"),
        alt.Tooltip("note:N", title="Reading"),
        alt.Tooltip("n_text:N", title=_words.sentence(f"{what} of those entering")),
        alt.Tooltip("could_see:N", title="Could be seen"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    keys = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    picked = len(keys) > 1 or _picked(frame)
    one = _words.name(keys[0], labels) if len(keys) == 1 else None
    x = alt.X(
        "at:Q",
        scale=_axes.x_scale(page, log=True),
        axis=_axes.axis_log(
            "Ratio to the highest group (log scale)" if picked else axis_title(frame, labels)
        ),
    )
    band = (
        _marks.layer("rect", color=PALETTE["grey"], opacity=0.14, aria=False)
        .encode(
            x=alt.XDatum(0.8, scale=x["scale"], axis=x["axis"], type="quantitative"),
            x2=alt.X2Value(alt.ExprRef(page.where(page.narrow_left, page.left)["expr"])),
            y=alt.YValue(0),
            y2=alt.Y2Value(alt.ExprRef("height")),
        )
        .transform_filter("datum.order == 0")
    )
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0.6, 1.25),
        band,
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
        *_marks.line_at(page, height, x, 1, f"same as {one}" if one else "same rate", room=room),
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height),
    ]
    rows = _draw.rows_of(frame)
    title = headline(
        rows,
        who=who,
        what=what,
        labels=labels,
        alpha=1 - confidence_level,
        strata=strata_label,
    )
    title = _hidden.with_closing(title, rows, "impact_ratio")
    stages = frame["stage"].nunique()
    small = _small(frame)
    if picked:
        of = f" of at least {small} of {who}" if small else ""
        each = ", at each stage," if stages > 1 else ""
        reference = f"Compared{each} with the group{of} that has the highest rate, shown in grey"
    else:
        reference = (
            f"Compared with {one}, shown in grey" if keys else "No reference group is named"
        )
    below = "below four-fifths" in {verdict(r) for r in rows}
    first = frame.drop_duplicates(["stratum", "group"])
    subtitle = [
        f"Selection rate as a ratio to the comparison; lines show the {interval}"
        + _hidden.n_words(first, who, before=", n = "),
        reference + ("; ▼ = below four-fifths" if page.compact and below else ""),
        *([f"Groups under {small} of the {who} are shown but not judged"] if small else []),
        *allowance(_findings.side(r, 1 - confidence_level) for r in rows),
        *people_words(rows, labels),
        *power_words(rows, who),
        *([RUNNING] if running else []),
        *remarks(frame, "impact_ratio"),
        *_hidden.legend(frame),
        *filter(None, [unknown_words(frame, who)]),
        "“Below four-fifths” is counted in whole people; it does not show why rates differ",
    ]
    if keys and picked:
        reference += ": " + _words.listed([_words.name(k, labels) for k in keys])
    number = f"{stages} stage{'s' * (stages != 1)}"
    intro = f"Impact ratios, {number}, {group_words(frame)}, {interval}. {reference}."
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


def _picked(frame: pd.DataFrame) -> bool:
    """Return whether the measure took the group with the highest rate as the reference."""
    if "method" not in frame:
        return False
    return any("reference: highest rate" in str(m) for m in dict.fromkeys(frame["method"]))


def _small(frame: pd.DataFrame) -> str | None:
    """Return the share below which groups are not judged, "2%"; None where all are judged."""
    rows = frame[np.array([j is False for j in frame["judged"].tolist()], dtype=bool)]
    if not (pd.to_numeric(rows["n"]).fillna(0) > 0).any():
        return None
    told = [re.search(r"not judged: under ([\d.]+%)", str(r)) for r in rows["reason"]]
    return next((m.group(1) for m in told if m), "a set share")
