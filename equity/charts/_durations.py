"""Words and axes that the charts of durations share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _draw, _hidden, _words

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "TOO_FEW",
    "axis_number",
    "days",
    "hidden_lines",
    "lanes",
    "left_out",
    "per",
    "read_out",
    "reference_at",
    "span_of",
    "too_few_words",
]

TOO_FEW = "too few people to tell"


def axis_number(title: str) -> alt.Axis:
    """Return an axis of plain numbers from 0."""
    import altair as alt

    return alt.Axis(
        orient="top",
        title=title,
        tickCount=5,
        labelExpr="format(datum.value, ',~r')",
        grid=True,
        labelOverlap="greedy",
        zindex=0,
    )


def span_of(months: float) -> str:
    """Return months as a reader says them: "5 years", "18 months"."""
    number = round(float(months))
    if number % 12:
        return f"{number} month{'s' * (number != 1)}"
    return f"{number // 12} year{'s' * (number != 12)}"


def days(value: object) -> str:
    """Return days: whole numbers whole."""
    return f"{float(value):,.0f}" if _words.given(value) else "?"  # type: ignore[arg-type]


def per(value: object) -> str:
    """Return a rate per 100 or a number of months: one decimal below 100, two below 1."""
    if not _words.given(value):
        return "?"
    number = float(value)  # type: ignore[arg-type]
    if number == 0:
        return "0"
    size = abs(number)
    return f"{number:,.0f}" if size >= 99.95 else f"{number:.{1 if size >= 0.995 else 2}f}"


def read_out(frame: pd.DataFrame, heads: list[str]) -> list[str]:
    """Return each row as it is read out: its block, group, figure or why not, and counts."""
    parts = (
        (head, r["label"], r["value"] or r["missing"], r["note"], r["n_text"])
        for head, r in zip(heads, _draw.rows_of(frame), strict=True)
    )
    return [", ".join(w for w in row if w) for row in parts]


def reference_at(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return for each row the figure of the reference in its stratum and stage."""
    keys = ["stratum", "stage"]
    own = frame[frame["is_reference"]].drop_duplicates(keys)
    other = own.set_index(keys)[column].to_dict()
    found = [other.get(k) for k in zip(frame["stratum"], frame["stage"], strict=True)]
    return pd.Series(found, index=frame.index, dtype=float)


def hidden_lines(frame: pd.DataFrame, apart: float) -> tuple[pd.DataFrame, int]:
    """Add `gone`, `run` and `lane`: what is hidden of a line, its pieces, its lane below the plot.

    A line is not joined across what is hidden. Each group of which something is hidden has a lane
    below the lines of its panel, and below their axis: a hatched band as wide as the page, with
    words. The second value is the room for the lanes in pixels.
    """
    gone = _hidden.is_hidden(frame) & frame["survival"].isna() & ~frame["begins"].astype(bool)
    keys = [frame["stratum"], frame["group"]]
    lanes: dict[str, list[str]] = {}
    for part, group in frame.loc[gone, ["stratum", "group"]].drop_duplicates().to_numpy():
        lanes.setdefault(part, []).append(group)
    drawn = gone & ~frame[gone].duplicated(["stratum", "group"]).reindex(frame.index).eq(True)
    lane = [
        apart * lanes[part].index(group) + 14 if own else None
        for part, group, own in zip(frame["stratum"], frame["group"], drawn, strict=True)
    ]
    says = pd.Series(None, index=frame.index, dtype=object)
    for row in frame.index[drawn]:
        part, group = frame.loc[row, "stratum"], frame.loc[row, "group"]
        own = frame[(frame["stratum"] == part) & (frame["group"] == group)]
        own = own[~own["begins"].astype(bool)]
        says[row] = _when_hidden(own["months"], gone[own.index])
    frame = frame.assign(lane_when=says)
    frame = frame.assign(
        gone=gone, run=gone.groupby(keys).cumsum(), lane=pd.Series(lane, frame.index, float)
    )
    return frame, round(apart * max(map(len, lanes.values()), default=0)) + 8 * bool(lanes)


def lanes(height: int) -> list[alt.Chart]:
    """Draw a hatched band with words for each lane of `hidden_lines`."""
    import altair as alt

    from equity.charts import _marks

    wide = f"width >= {_draw.NARROW}"
    letters = f"length({wide} ? datum.lane_words : datum.lane_brief)"
    y = _marks.y_at("lane", height)
    tips = [
        alt.Tooltip("lane_aria:N", title="Still in service"),
        alt.Tooltip("reason:N", title="Why"),
    ]
    return [
        _hidden.band("0", "width", letters, aria=True)
        .encode(y=y, tooltip=tips, description=alt.Description("lane_aria:N"))
        .transform_filter("isValid(datum.lane)"),
        *(
            _marks.layer("text", align="center", fontSize=12, fontStyle="italic", aria=False,
                         opacity={"expr": test}, limit={"expr": "width"})
            .encode(x=alt.XValue(alt.ExprRef("width / 2")), y=y, text=alt.Text(field))
            .transform_filter("isValid(datum.lane)")
            for field, test in (
                ("lane_words:N", f"{wide} ? 1 : 0"), ("lane_brief:N", f"{wide} ? 0 : 1")
            )
        ),
    ]  # fmt: skip


def _when_hidden(months: pd.Series, gone: pd.Series) -> str:
    """Return "hidden", or when of all times of a line: "hidden after 6 months and 3 years"."""
    if gone.all():
        return _hidden.WORD
    at = sorted({float(m) for m in months[gone]})
    years = [f"{m / 12:g}" for m in at if m % 12 == 0]
    other = [span_of(m) for m in at if m % 12][:2]
    if len(years) > 4:
        years = [*years[:3], "more"]
    if years:
        other.append(f"{_words.listed(years)} year{'s' * (years != ['1'])}")
    return f"{_hidden.WORD} after {_words.listed(other)}"


def left_out(rows: Iterable[Mapping], why: str) -> list[str]:
    """Return how many people have no duration that can be used, once for each group and part."""
    seen: dict[tuple, float] = {}
    for row in rows:
        if _words.given(row.get("left_out")):
            seen[(row["stratum"], row.get("stage"), row["group"])] = float(row["left_out"])
    total = sum(seen.values())
    return [f"Left out because {why}: {total:,.0f}"] if total else []


def too_few_words(names: list[str]) -> list[str]:
    """Return of which groups there are too few people to tell."""
    return [f"Too few people to tell: {_words.listed(names)}"] if names else []
