"""Chart of stops per resident against a reference group, for one benchmark or several."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from equity.charts import _axes, _draw, _findings, _hidden, _hidden_stops, _marks, _words
from equity.charts._common import (
    allowance,
    alternative,
    axis_title,
    block_names,
    cannot,
    group_words,
    level,
    part_name,
    reference_words,
    remarks,
    unknown_words,
)
from equity.charts._stop_headline import headline, nothing

if TYPE_CHECKING:
    import altair as alt

__all__ = ["stop_rates"]

_NEEDED = (
    "stratum",
    "benchmark",
    "group",
    "reference",
    "n",
    "population",
    "ratio",
    "ratio_low",
    "ratio_high",
)


_NO_NUMBER = "no number of people of this group"
_NOT_THERE = "no number in the benchmark"  # short enough to stand beside a name on a narrow page


def stop_rates(
    table: pd.DataFrame,
    *,
    what: str = "stopped",
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw stops per resident of each group as a ratio to the reference, on a log axis.

    Parameters
    ----------
    table : what `equity.stop_rates` returns; several benchmarks stand side by side.
    what : what was done to those counted, for titles.
    who, labels, strata_label, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show who was on the road: residents are not drivers, and those stopped may live
    elsewhere.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    frame["benchmark"] = frame["benchmark"].astype(object).where(frame["benchmark"].notna(), None)
    interval = level(confidence_level)
    ratio = _words.ratio
    several = frame["benchmark"].nunique() > 1
    strata = frame["stratum"].nunique() > 1

    def value(row: dict) -> str | None:
        if row["is_reference"] and _words.given(row["ratio"]):
            return "1"
        if not _words.given(row["ratio"]):
            return f"{ratio(row['ratio_low'])} or more" if _findings.size(row) else None
        ends = _words.span(row["ratio_low"], row["ratio_high"], ratio)
        return f"{ratio(row['ratio'])} {ends}".strip()

    def missing(row: dict) -> str | None:
        if row["is_reference"] and row["n"] == 0 and not _words.given(row["ratio"]):
            return "the comparison, with no stops"
        words = None if _findings.size(row) else cannot(row, "ratio")
        return _NOT_THERE if words and _NO_NUMBER in words else words

    def note(row: dict) -> str | None:
        if not _words.given(row["population"]):
            return None
        return f"{_words.whole(row['population'])} in benchmark"

    frame["value"] = _draw.apply(value, frame)
    frame["n_text"] = _draw.apply(lambda r: _hidden_stops.number_of(r, "n", "stops"), frame)
    frame["note"] = _draw.apply(note, frame)
    frame["missing"] = _draw.apply(missing, frame)
    if several and not strata:
        # the benchmarks of one group under one another: the choice of benchmark is the point
        heads = [
            f"{label} · {n}" for label, n in zip(frame["label"], frame["n_text"], strict=True)
        ]
        names = frame["label"].tolist()
        frame["n_text"] = _draw.apply(lambda r: f"{_hidden.count(r, 'population')} people", frame)
        frame["note"] = pd.Series(None, index=frame.index, dtype=object)
        frame["label"] = frame["short"] = frame["benchmark"].astype(str)
        who_is = names
    else:
        heads = block_names(frame, ("stratum", "benchmark"), {"stratum": part_name(strata_label)})
        who_is = frame["label"].tolist()
    frame["group_label"] = who_is
    frame["aria"] = [
        ", ".join(
            x
            for x in (
                str(row["stratum"]) if strata else "",
                words,
                f"benchmark {row['benchmark']}" if several else "",
                "the comparison" if row["is_reference"] and row["value"] else "",
                f"{row['value']} times"
                if row["value"] and not row["is_reference"]
                else row["missing"],
                _hidden_stops.number_of(row, "n", "stops"),
                f"{_words.whole(row['population'])} in benchmark"
                if _words.given(row["population"])
                else "",
            )
            if x
        )
        for words, row in zip(who_is, _draw.rows_of(frame), strict=True)
    ]
    frame["stops"] = _draw.apply(lambda r: _hidden.count(r, "n"), frame)
    frame["residents"] = _draw.apply(lambda r: _hidden.count(r, "population"), frame)
    sentences = frame["aria"].tolist()
    page = _draw.Page(frame["label"].tolist(), len(frame), alone=several and not strata)
    frame = _draw.clip(frame, "ratio", "ratio_low", "ratio_high", log=True)
    frame = _shared_out(frame)
    if frame["is_reference"].any():
        frame.loc[frame["is_reference"], ["start", "end", "least", "most"]] = math.nan
    frame, height = _draw.place(frame, heads, page)
    bands = bool(frame["least"].notna().any())

    tips = [
        *(
            [alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))]
            if strata
            else []
        ),
        alt.Tooltip("group_label:N", title="Group"),
        alt.Tooltip("benchmark:N", title="Benchmark"),
        alt.Tooltip("value:N", title=f"Ratio ({interval})"),
        *(
            [alt.Tooltip("range:N", title="However unknown groups are shared out")]
            if bands
            else []
        ),
        alt.Tooltip("stops:N", title="Stops"),
        alt.Tooltip("residents:N", title="People in the benchmark"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    other = _words.listed(
        [_words.name(k, labels) for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
        or ["the reference"]
    )
    x = alt.X(
        "at:Q",
        scale=_axes.x_scale(page, log=True),
        axis=_axes.axis_log(axis_title(frame, labels)),
    )
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0.8, 1.25),
        *_marks.line_at(page, height, x, 1, f"as often as {other}"),
        *_band(frame, page, height, x),
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height),
    ]
    rows = _draw.rows_of(frame)
    title = headline(
        rows, what=what, who=who, labels=labels, alpha=1 - confidence_level, strata=strata_label
    )
    names = [str(b) for b in dict.fromkeys(frame["benchmark"]) if b is not None]
    reference = reference_words(frame, labels)
    benchmark = "Benchmarks: " if several else "Benchmark: "
    benchmark += _words.listed(names) if names else "not named"
    total = _hidden.n_words(frame.drop_duplicates(["stratum", "group"]), "stops")
    shown = (
        f"How often each group was {what} for its number in the benchmark, as a ratio; lines "
        f"show the {interval}"
    )
    subtitle = [
        ", ".join(filter(None, [shown, total])),
        f"{reference}. {benchmark}",
        *_hidden.legend(frame),
        *allowance(_findings.side(r, 1 - confidence_level) for r in rows),
        *remarks(frame, "ratio"),
        *filter(None, [_band_words(frame), _widened(frame)]),
        "The benchmark does not count who was on the road, and those stopped may live elsewhere",
    ]
    intro = f"{group_words(frame, 'group_label')}, {interval}. {reference}. {benchmark}."
    drawn = any(_findings.size(r) or r["is_reference"] and r["value"] for r in rows)
    if rows and not drawn and not any(_hidden.lost(r, "ratio") for r in rows):
        counted = [
            f"{r['group_label']}, {_hidden.count(r, 'n')} stops"
            for r in _draw.rows_of(frame.drop_duplicates(["stratum", "group"]))
        ]
        return _draw.words_only(
            frame,
            title=nothing(rows),
            subtitle=[f"{total}. {benchmark}", *filter(None, [_band_words(frame)])],
            description=alternative(nothing(rows), intro, counted),
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


def _shared_out(frame: pd.DataFrame) -> pd.DataFrame:
    """Add `least`, `most` and `range`: where the ratio lies however unknown groups are."""
    nothing = pd.Series(math.nan, index=frame.index)
    least, most, unknown = (
        pd.to_numeric(frame[c]).astype(float) if c in frame else nothing
        for c in ("ratio_least", "ratio_most", "unknown")
    )
    at = pd.to_numeric(frame["ratio"]).astype(float)
    given = least.notna() & most.notna() & (unknown > 0) & (at > 0)
    frame = frame.assign(least=least.where(given), most=most.where(given))
    words = _draw.apply(
        lambda r: (
            f"{_words.ratio(r['least'])} to {_words.ratio(r['most'])}"
            if _words.given(r["least"])
            else None
        ),
        frame,
    )
    # a band many times as wide as everything else would leave no room for it
    ends = {"least": np.maximum(frame["least"], at / 8), "most": np.minimum(frame["most"], at * 8)}
    return frame.assign(range=words, **ends)


def _band(frame: pd.DataFrame, page: _draw.Page, height: int, x: alt.X) -> list[alt.Chart]:
    """Draw that range as a pale band behind the interval."""
    import altair as alt

    if not frame["least"].notna().any():
        return []
    return [
        _marks.layer("rule", strokeWidth=11, strokeOpacity=0.3, yOffset=page.mark_dy, aria=False)
        .encode(
            x=_marks.on("least", x),
            x2=alt.X2("most:Q"),
            y=_marks.y_at("y", height),
            color=alt.Color("colour:N", scale=None),
        )
        .transform_filter(_marks.valid("least", "most"))
    ]


def _band_words(frame: pd.DataFrame) -> str | None:
    """Return how many stops have no known group, and how far that could move the ratios."""
    left = unknown_words(frame, "stops")
    shown = frame[frame["least"].notna() & ~frame["is_reference"]]
    if not left or shown.empty:
        return left
    rows = _draw.rows_of(shown)
    text = f"{left}. The pale bands show how far a ratio could move if these were all of one group"
    if len(rows) <= 4:
        ranges = [f"{r['group_label']} {r['range']}" for r in rows]
        text += f": {'; '.join(ranges)}"
    return text


def _widened(frame: pd.DataFrame) -> str | None:
    """Return by how much intervals were widened, where that was asked for."""
    if "dispersion" not in frame:
        return None
    factor = pd.to_numeric(frame["dispersion"])[~frame["is_reference"]].astype(float)
    if not (factor > 1).any():
        return None
    low, high = (_words.times(v) for v in (factor.min(), factor.max()))
    size = f"{high} times" if low == high else f"{low} to {high} times"
    return f"Intervals are {size} as wide as chance alone would make them: stops vary by area"
