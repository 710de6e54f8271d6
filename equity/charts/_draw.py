"""What the charts share: rows placed on the page, text beside marks, one data set, one look.

A chart is one layered view over one named data set, `table`: the rows of the measure as they are,
with columns added that say where a row stands and what is written beside it. The specification
holds no figures, so that a page can put other rows of the same groups into the same chart.
Below `NARROW` pixels the words of a row stand above its mark, else on both sides of it.
"""

from __future__ import annotations

import math
from collections import UserList
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from equity.charts import _hidden, _words
from equity.charts._style import REFERENCE_COLOUR, marks, structure

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "AXIS_ROOM",
    "NARROW",
    "Page",
    "apply",
    "assemble",
    "clip",
    "place",
    "prepare",
    "records",
    "rows_of",
    "words_only",
]

NARROW = 620
AXIS_ROOM = 26


class Page:
    """Where things stand: heights of rows, and the columns left and right of the marks.

    `labels` are the words at the left, `rows` how many rows there are; beyond 24 rows, rows are
    compact: one line each, and on a narrow page everything stands twice as far apart, the words
    above the mark. `under` is room below the mark of a row. `alone`: on a narrow page the label
    has its line to itself, and the note a line of its own. `beside` are words that share the line
    of a compact row with its label: the column has room for both, and below `narrow` pixels, where
    little would be left for the marks, the words stand above them.
    """

    def __init__(
        self,
        labels: list[str],
        rows: int,
        *,
        right: int = 176,
        under: int = 0,
        alone: bool = False,
        beside: list[str] | None = None,
    ) -> None:
        self.compact = rows > 24
        self.stretch = 2 if self.compact else 1
        self.gaps = self.figures = True
        self.hidden = False
        self.under, self.alone = under, alone
        self.row = 24 if self.compact else (58 if rows <= 8 else 52) + under
        self.head = 34 if self.compact else 30
        longest = max((len(x) for x in labels), default=8)
        self.left = int(min(310, max(150, 7.8 * longest + 18))) + (90 if self.compact else 0)
        self.label_room = self.left - 8
        self.right, self.narrow = right, NARROW
        if self.compact and beside is not None:
            self.label_room = int(min(250, max(120, 7.1 * longest + 6)))
            widest = max((len(x) for x in beside), default=0)
            self.left = self.label_room + int(6 * widest + 16) + 16
            self.narrow = max(NARROW, self.left + right + 130)
        self.narrow_left = self.narrow_right = 14

    def where(self, narrow: str | float, wide: str | float) -> dict[str, str]:
        """Return an expression with one value for narrow and one for wide pages."""
        return {"expr": f"width < {self.narrow} ? {narrow} : {wide}"}

    @property
    def mark_dy(self) -> dict[str, str]:
        """Where the mark stands below the top of its row."""
        half = self.row / 2
        return self.where(2 * self.row - 13 if self.compact else self.row - 14 - self.under, half)

    def stretched(self, y: float) -> dict[str, str]:
        """Return an expression with a distance from the top, on narrow and on wide pages."""
        return self.where(self.stretch * y, y)


def prepare(
    table: pd.DataFrame, needed: tuple[str, ...], labels: Mapping[str, str] | None
) -> pd.DataFrame:
    """Return a copy of a measure's table with the words and marks of each group.

    Within a stratum, benchmark and stage the reference comes first, then the groups in the order
    of the schemes, so that every chart reads in the same order.
    """
    missing = [c for c in needed if c not in table.columns]
    if missing:
        raise ValueError(
            f"The table has no column {', '.join(missing)}: pass the table that the measure of "
            "the same name returns."
        )
    if len(table) > 5000:
        raise ValueError(
            f"A chart shows at most 5,000 rows; this table has {len(table):,}. Choose fewer "
            "strata (within=) or filter the counts first."
        )
    frame = table.reset_index(drop=True).copy()
    if (hidden := _hidden.is_hidden(frame)).any():
        frame = _hidden.bound(frame.assign(hidden=hidden))
    if "group" not in frame:
        return frame
    frame["group"] = frame["group"].astype(object)
    reference = _column(frame, "reference")
    frame["is_reference"] = np.array(
        [_words.given(r) and g == r for g, r in zip(frame["group"], reference, strict=True)],
        dtype=bool,
    )
    frame = _ordered(frame)
    groups, own = frame["group"].tolist(), frame["is_reference"].tolist()
    if "reason" in frame:
        frame["reason"] = [_words.reason(r) for r in frame["reason"].tolist()]
    if labels and "stratum" in frame:  # the words of the table; "all" and "not known" are ours
        frame["stratum"] = [
            s if s in ("all", "not known") else labels.get(s, s) for s in frame["stratum"].tolist()
        ]
    look = marks(list(dict.fromkeys(groups)))
    each = list(zip(groups, own, strict=True))
    return frame.assign(
        label=[_words.name(g, labels) for g in groups],
        short=[_words.name(g, labels, short=True) for g in groups],
        colour=[REFERENCE_COLOUR if ref else look[g][0] for g, ref in each],
        shape=["circle" if ref else look[g][1] for g, ref in each],
        why=[
            _why(reason, key, labels)
            for reason, key in zip(
                _column(frame, "reason"), _column(frame, "reference"), strict=True
            )
        ],
    )


def _why(reason: object, reference: object, labels: Mapping[str, str] | None) -> str:
    """Return the first clause of a reason, with the words of the reference for its key."""
    text = _words.shorten(reason)
    if not isinstance(reference, str):
        return text
    if not text.endswith((f" of {reference}", f" {reference} is 0")):
        return text
    head, _, tail = text.rpartition(reference)
    return f"{head}{_words.name(reference, labels)}{tail}"


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    keys = [pd.factorize(frame[c])[0] for c in ("stratum", "benchmark", "stage") if c in frame]
    ranks = [
        -1 if own else _words.rank(g)
        for g, own in zip(frame["group"], frame["is_reference"], strict=True)
    ]
    order = np.lexsort((np.arange(len(frame)), np.array(ranks), *reversed(keys)))
    return frame.iloc[order].reset_index(drop=True)


def _column(frame: pd.DataFrame, column: str) -> list:
    return frame[column].tolist() if column in frame else [None] * len(frame)


def place(
    frame: pd.DataFrame, heads: list[str], page: Page, *, room: int = AXIS_ROOM
) -> tuple[pd.DataFrame, int]:
    """Give each row its place; `heads` names the block of each row ("" if there are no blocks).

    Rows of a block are brought together, blocks in the order in which they first appear. The page
    is told whether there are figures and gaps: a layer without marks is not drawn, since it would
    be an empty group to a screen reader.
    """
    page.gaps = bool(frame["missing"].notna().any())
    page.figures = bool(frame["at"].notna().any())
    page.hidden = "hidden" in frame and bool((frame["hidden"] & frame["missing"].notna()).any())
    order = {h: i for i, h in enumerate(dict.fromkeys(heads))}
    frame = frame.assign(_head=heads, _block=[order[h] for h in heads])
    frame = frame.sort_values("_block", kind="stable").reset_index(drop=True)
    y = float(room)
    top, head, head_y = [], [], []
    before = None
    for block, words in zip(frame["_block"], frame["_head"], strict=True):
        first = block != before
        if first and words:
            head_y.append(y + 20)
            y += page.head
        else:
            head_y.append(y)
        head.append(words if first and words else None)
        before = block
        top.append(y)
        y += page.row
    frame = frame.assign(
        order=range(len(frame)),
        y=top,
        head_y=head_y,
        head=pd.Series(head, index=frame.index, dtype=object),
    )
    return frame.drop(columns=["_head", "_block"]), int(y + 6)


def clip(frame: pd.DataFrame, value: str, low: str, high: str, *, log: bool) -> pd.DataFrame:
    """Add what is drawn: `at`, `from`, `to`, cut where they would squeeze everything else.

    An end that lies beyond is cut and drawn as an arrow; the text beside it says the full figure.
    """

    def numbers(column: str) -> np.ndarray:
        return np.array([float(v) if _words.given(v) else np.nan for v in frame[column]])

    at, start, end = numbers(value), numbers(low), numbers(high)
    # a lower limit above 1 stands for a ratio that cannot be computed, and for nothing else
    drawn = np.isfinite(at) | (log & (start > 1))
    start, end = np.where(drawn, start, np.nan), np.where(drawn, end, np.nan)
    least, most = _ends(at, start, end, log=log)
    goes_on = np.isfinite(start) & ~np.isfinite(end)
    with np.errstate(invalid="ignore"):
        frame = frame.assign(
            at=np.where(at > 0, at, np.nan) if log else at,
            start=np.clip(start, least, most),
            end=np.where(goes_on, most, np.clip(end, least, most)),
            cut_low=start < least,
            cut_high=(end > most) | goes_on,
        )
    return frame


def _ends(at: np.ndarray, start: np.ndarray, end: np.ndarray, *, log: bool) -> tuple[float, float]:
    """Return where intervals are cut: all figures fit, and the intervals of typical width.

    An interval that goes on a little beyond those, or beyond its own figure, is drawn in full; a
    cut is always at some distance of the figure, so that its arrow can be seen.
    """
    scale = np.log if log else np.asarray
    with np.errstate(invalid="ignore", divide="ignore"):
        points, lows, highs = (
            np.where(np.isfinite(v), v, np.nan) for v in (scale(at), scale(start), scale(end))
        )
    inside = np.where(np.isnan(points), np.where(np.isnan(lows), highs, lows), points)
    if np.isnan(inside).all():
        return (0.5, 2.0) if log else (0.0, 0.02)
    width = highs - lows
    whole = ~np.isnan(width)
    slack = np.log(1.6) if log else 0.6 * float(np.nanmax(inside))
    least, most = float(np.nanmin(inside)), float(np.nanmax(inside))
    if whole.any():
        typical = whole & (width <= 3 * np.median(width[whole]))
        slack = slack if log else 0.6 * highs[typical].max()
        bottom, top = lows[typical].min(), highs[typical].max()
        reach = np.maximum(lows, np.minimum(bottom, inside) - slack)
        least = np.nanmin([least, bottom, *reach])
        far = slack if log else np.maximum(slack, 0.25 * inside)
        reach = np.minimum(highs, np.maximum(top, inside) + far)
        most = np.nanmax([most, top, *reach])
    beyond = np.isfinite(start) & np.isnan(highs)
    if beyond.any():  # room for the arrow of an interval without an end
        most = max(most, float(np.max(inside[beyond])) + slack)
    if log and (open_low := (start <= 0) & np.isnan(points)).any():
        least = min(least, float(np.min(inside[open_low])) - slack)
    if not log:
        return 0.0, float(max(most, 0.02))
    return float(np.exp(min(least, -0.25))), float(np.exp(max(most, 0.25)))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as valid JSON: no NaN, no infinity, whole numbers whole."""

    def plain(value: Any) -> Any:
        if value is None or value is pd.NA or value is pd.NaT:
            return None
        if isinstance(value, (bool, np.bool_)):
            return bool(value)
        if isinstance(value, (int, np.integer)):
            return int(value)
        if isinstance(value, (float, np.floating)):
            return float(value) if math.isfinite(value) else None
        return str(value)

    return [{k: plain(v) for k, v in row.items()} for row in rows_of(frame)]


class Rows(UserList[dict[str, Any]]):
    """Rows of a chart that are plain already: Altair takes them as they are.

    It would look through each value again, several times: of a hundred districts most of the time
    that a chart takes.
    """

    _schema: ClassVar[dict[str, Any]] = {"type": "array"}  # by which Altair knows `to_dict`

    def to_dict(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        """Return the rows."""
        return self.data


def assemble(
    frame: pd.DataFrame,
    layers: list[alt.Chart],
    *,
    height: int,
    title: str,
    subtitle: list[str],
    description: str,
    page: Page | None = None,
) -> alt.LayerChart:
    """Return the chart: one view, one named data set, title, subtitle and text alternative.

    A compact `page` gets a height that follows its width: the parameter takes the place of the
    signal `height`, which the scale of `_marks.y_at` fills.
    """
    import altair as alt

    chart = alt.LayerChart(
        data=alt.NamedData(name="table"),
        datasets={"table": Rows(records(frame))},
        width="container",
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        title=alt.Title(text=title, subtitle=[_sentence(s) for s in subtitle]),
        description=description,
        config=structure(),
    )
    if page is not None and page.compact:
        tall = page.stretched(height)["expr"]
        chart.params = [alt.VariableParameter(name="height", expr=tall)]
    chart.layer = list(layers)  # set and not passed: it would be copied, deeply, several times
    return chart


def words_only(
    frame: pd.DataFrame, *, title: str, subtitle: list[str], description: str
) -> alt.LayerChart:
    """Return a low chart without axes, for a table of which nothing can be drawn."""
    import altair as alt

    says = alt.Chart(alt.Undefined).mark_text(
        text="Nothing can be drawn; the table has the counts.",
        align="left", baseline="middle", fontSize=13, fontStyle="italic", aria=False,
    ).encode(x=alt.XValue(0), y=alt.YValue(16)).transform_filter("datum.order == 0")  # fmt: skip
    return assemble(
        frame.assign(order=range(len(frame))),
        [says],
        height=32,
        title=title,
        subtitle=subtitle,
        description=description,
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def apply(f: Callable[[dict], object], frame: pd.DataFrame) -> pd.Series:
    """Return `f` of each row as a column of objects: None stays None, text stays text."""
    return pd.Series([f(row) for row in rows_of(frame)], index=frame.index, dtype=object)


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as plain values, much faster than `to_dict`."""
    columns = [str(c) for c in frame.columns]
    values = [_plain(column) for _, column in frame.items()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _plain(column: pd.Series) -> list[Any]:
    """Return the values of a column, None for what is not there and has no truth of its own."""
    values = column.tolist()
    if isinstance(column.dtype, np.dtype) and column.dtype != object:
        return values
    return [None if v is pd.NA else v for v in values]
