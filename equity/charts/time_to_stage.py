"""Chart of the days from application to each stage: median, interval and the middle half."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _hidden, _marks, _words
from equity.charts._common import (
    alternative,
    block_names,
    cannot,
    group_words,
    level,
    reference_words,
    unknown_words,
)
from equity.charts._durations import (
    TOO_FEW,
    axis_number,
    days,
    left_out,
    read_out,
    reference_at,
)
from equity.charts.rates import reference_line

if TYPE_CHECKING:
    import altair as alt

__all__ = ["time_to_stage"]

NOT_COMPARED = "no comparison: "

_NEEDED = (
    *("stratum", "stage", "group", "reference", "n", "x", "pending", "median", "low", "high"),
    *("quartile_1", "quartile_3", "difference", "p_adjusted"),
)


def time_to_stage(
    table: pd.DataFrame,
    *,
    who: str = "applicants",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw the median days to each stage as dots with intervals, over a band of the middle half.

    Parameters
    ----------
    table : what `equity.time_to_stage` returns.
    who, labels, strata_label, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show how long those waited who failed or gave up, nor why a group waits longer.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    interval = level(confidence_level)
    alpha = 1 - confidence_level

    def value(row: dict) -> str | None:
        if not _words.given(row["median"]):
            return None
        return f"{days(row['median'])} {_words.span(row['low'], row['high'], days)} days"

    def note(row: dict) -> str | None:
        if row["is_reference"]:
            return "the comparison"
        if NOT_COMPARED in str(row.get("reason")):
            return "not compared: many still wait"
        if not _words.given(row["difference"]):
            return None
        gap = row["difference"]
        return f"{days(abs(gap))} {_more(gap)}" if gap else "median as long"

    frame["value"] = _draw.apply(value, frame)
    frame["note"] = _draw.apply(note, frame)
    frame["n_text"] = _draw.apply(_people, frame)
    frame["middle_half"] = _draw.apply(_middle, frame)
    frame["missing"] = _draw.apply(_missing, frame)
    heads = block_names(frame, ("stratum", "stage"), {"stage": lambda s: _until(s, labels)})
    frame["aria"] = read_out(frame, heads)
    sentences = frame["aria"].tolist()
    rows = _draw.rows_of(frame)
    title = headline(rows, who=who, labels=labels, strata=strata_label, alpha=alpha)
    title = _hidden.with_closing(title, rows, "median")
    beside = ["000 reached it, 00 wait", *frame["n_text"]]
    right = 150 if len(frame) > 24 else 176  # compact rows have no note
    page = _draw.Page([*frame["label"], beside[0]], len(frame), right=right, beside=beside)
    frame = _draw.clip(frame, "median", "low", "high", log=False)
    frame["band_start"] = frame["quartile_1"].where(frame["quartile_3"].notna())
    frame["band_end"] = frame["quartile_3"].where(frame["quartile_1"].notna())
    frame["reference_rate"] = reference_at(frame, "median")
    frame, height = _draw.place(frame, heads, page, room=6 if any(heads) else _draw.AXIS_ROOM)
    strata = frame["stratum"].nunique() > 1
    tips = [
        *([alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))] * strata),
        alt.Tooltip("stage:N", title="Until"),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("value:N", title=f"Median ({interval})"),
        alt.Tooltip("middle_half:N", title="Middle half"),
        alt.Tooltip("n_text:N", title="People"),
        alt.Tooltip("note:N", title="Compared with the reference"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    x = alt.X(
        "at:Q", scale=_axes.x_scale(page, log=False), axis=axis_number("Days since application")
    )
    band = (
        _marks.layer("rule", strokeWidth=12, strokeOpacity=0.28, yOffset=page.mark_dy, aria=False)
        .encode(
            x=_marks.on("band_start", x),
            x2=alt.X2("band_end:Q"),
            y=_marks.y_at("y", height),
            color=alt.Color("colour:N", scale=None),
        )
        .transform_filter(_marks.valid("band_start", "band_end"))
    )
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0, 7),
        *reference_line(page, height, x, "", named=False),
        band,
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height),
    ]
    reference = reference_words(frame, labels)
    subtitle = [
        f"Days from the application until each stage, of those who reached it or still wait: the "
        f"dot is the median, the line its {interval}, the pale band the middle half",
        reference + "; a dashed line marks its median",
        *_waiting(rows, labels),
        *_hidden.legend(frame),
        *left_out(rows, "their dates are not known or do not fit"),
        *filter(None, [unknown_words(frame, who)]),
        "Who failed or withdrew waits no longer and is not shown; differences are tested over "
        "the whole wait (log-rank)",
    ]
    intro = f"Median days until each stage, {group_words(frame)}, {interval}. {reference}."
    intro += _hidden.named(rows, "median")
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def _people(row: dict) -> str:
    """Return "30 reached it, 4 wait", "number hidden, 4 wait", "numbers hidden"."""
    x, wait = (_hidden.lost(row, c) for c in ("x", "pending"))
    if x and (wait or not row["pending"]):
        return f"number{'s' * wait} {_hidden.WORD}"
    text = f"number {_hidden.WORD}" if x else f"{_words.whole(row['x'])} reached it"
    if wait:
        return f"{text}, waiting {_hidden.WORD}"
    return text + (f", {_words.whole(row['pending'])} wait" if row["pending"] else "")


def _waiting(rows: list[dict], labels: Mapping[str, str] | None) -> list[str]:
    """Return until which stages so many still wait that groups are not compared."""
    stages = dict.fromkeys(r["stage"] for r in rows if NOT_COMPARED in str(r.get("reason")))
    until = [_until(s, labels).replace("Until", "until", 1) for s in stages]
    if not until:
        return []
    return [f"Not compared where many still wait, of whom some will fail: {_words.listed(until)}"]


def _more(gap: float) -> str:
    return f"day{'s' * (abs(gap) != 1)} {'longer' if gap > 0 else 'shorter'}"


def _until(stage: str, labels: Mapping[str, str] | None = None) -> str:
    label = (labels or {}).get(stage)
    return f"Until “{label}”" if label else f"Until {_words.stage_name(stage).lower()}"


def _middle(row: dict) -> str | None:
    if not _words.given(row["quartile_1"]):
        return None
    end = row["quartile_3"]
    if not _words.given(end):
        return f"{days(row['quartile_1'])} days or more"
    return f"{days(row['quartile_1'])} to {days(end)} days"


def _missing(row: dict) -> str | None:
    if _words.given(row["median"]):
        return None
    if _hidden.row_hidden(row):
        return _hidden.WORD
    if TOO_FEW in str(row.get("reason")):
        return TOO_FEW
    if "fewer than half" in str(row.get("reason")):
        return "fewer than half reached it so far"
    if row["n"] == 0:
        return "nobody of this group"
    return cannot(row, "median")


def _side(row: Mapping, alpha: float) -> str:
    """Return "above" (waits longer), "below", "apart" (equal medians), "unclear" or no more."""
    p = row["p_adjusted"] if _words.given(row["p_adjusted"]) else row.get("p_most")
    gap = row["difference"]
    if _hidden.row_hidden(row) and not (_words.given(p) and _words.given(gap)):
        return "hidden"
    if not _words.given(p):
        return "missing"
    if p >= alpha:  # type: ignore[operator]
        return "unclear"
    if not _words.given(gap) or gap == 0:
        return "apart"
    return "above" if gap > 0 else "below"


def headline(
    rows: list[dict],
    *,
    who: str,
    labels: Mapping[str, str] | None,
    strata: str | None,
    alpha: float,
) -> str:
    """Return the clear difference that concerns most days of waiting, or that none is clear."""
    if not rows:
        return "There are no figures to show"
    compared = [r for r in rows if not r["is_reference"]]
    if not compared:
        return "There is only one group, and nothing to compare it with"
    parts = {r["stratum"] for r in compared}
    sides = [_side(r, alpha) for r in compared]
    if none := _hidden.none_shown(compared, "median", what="The median wait"):
        return none
    if all(s == "hidden" for s in sides):
        return f"How long groups of {who} wait is not compared: the comparisons are hidden"
    stages = list(dict.fromkeys(r["stage"] for r in rows))
    waits = [s for s in stages if any(
        r["stage"] == s and NOT_COMPARED in str(r.get("reason")) for r in rows
    ) and not any(
        r["stage"] == s and side not in ("missing", "hidden")
        for r, side in zip(compared, sides, strict=True)
    )]  # fmt: skip
    rows = [r for r in rows if not _hidden.row_hidden(r)] or rows
    if all(s in ("missing", "hidden") for s in sides):
        if any(NOT_COMPARED in str(r.get("reason")) for r in rows):
            return f"Too many {who} still wait to compare how long groups wait"
        few = any(TOO_FEW in str(r.get("reason")) for r in rows)
        text = "No wait of two groups can be compared from these numbers"
        return "Too few people to tell how long each group waits" if few else text
    told = [(r, s) for r, s in zip(compared, sides, strict=True) if s not in ("missing", "hidden")]
    clear = [(r, s) for r, s in told if s != "unclear"]
    if not clear and waits and len(stages) > 1:
        left = len(stages) - len(waits)
        other = "the other" + ("s" if left > 1 else " one")
        are = "is" if len(waits) == 1 else "are"
        return (
            f"{len(waits)} of {len(stages)} stages {are} not compared, because many still wait; "
            f"no clear difference in how long groups wait in {other}"
        )
    if not clear:
        return "No clear difference in how long groups wait can be told from these numbers"

    def size(pair: tuple[dict, str]) -> float:
        row, _ = pair
        return (
            abs(row["difference"]) * row["n"]
            if _words.given(row["difference"]) and _words.given(row["n"])
            else 0.0
        )

    words = {"above": "longer than", "below": "less long than", "apart": "otherwise than"}
    best, way = max(clear, key=size)
    group, other = (_words.people(best[k], labels, who) for k in ("group", "reference"))
    if len(parts) > 1:
        same = [
            (r, s) for r, s in told if (r["group"], r["stage"]) == (best["group"], best["stage"])
        ]
        number = sum(s == way for _, s in same)
        return (
            f"{_words.for_parts(number, len(same), strata)}, {group} waited clearly "
            f"{words[way]} {other} {_until(best['stage'], labels).replace('Until', 'until', 1)}"
        )
    until = _until(best["stage"], labels)
    if way == "apart":
        text = f"{until}, {group} waited {words[way]} {other}, by more than chance explains"
    else:
        gap = best["difference"]
        text = (
            f"{until}, {group} waited a median of {days(best['median'])} days, "
            f"{days(abs(gap))} {_more(gap)} than {other}"
        )
    # a delay before one stage shows at all later ones: waits are counted from the application
    same = sum(r["group"] == best["group"] for r, _ in clear) - 1
    rest = len(clear) - 1 - same
    if same:
        text += f"; the same group differs at {same} other stage{'s' * (same > 1)} too"
    if rest:
        return text + f"; {rest} other difference{'s are' if rest > 1 else ' is'} clear too"
    if same:
        return text
    return text + ("; no other difference is clear" if len(told) > 1 else "")
