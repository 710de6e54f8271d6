"""Hidden figures where there are no rows of words: hatched columns, lanes and strips.

A bar, a dot or a point of a line that a published page hides has no height. Its place in time is
known, so a hatched column stands there; where no place is known, a strip below the picture names
who is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from equity.charts import _draw, _hidden, _marks, _words

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "COLUMN",
    "LANE",
    "STRIP",
    "columns",
    "hatched",
    "in_lanes",
    "lanes",
    "number_of",
    "runs",
    "some",
    "strip",
    "strip_rows",
    "sum_words",
    "verdicts",
]

STRIP = 24
"""Height of one line of the strip, in pixels."""
_WIDE, _TALL = 2.0, 9.0
_SCALE = 2.0  # pixels of one unit of the path: a column is 8 pixels wide and 36 high


def _path(tall: float, step: float = 2.5) -> str:
    """Return a narrow upright field with slanted strokes in it, as a path."""
    strokes = "".join(
        f"M{-_WIDE},{y + 2 * _WIDE:.1f}L{_WIDE},{y:.1f}"
        for y in (-tall + step * i for i in range(int((2 * tall - 2 * _WIDE) / step) + 1))
    )
    return f"M{-_WIDE},{-tall}H{_WIDE}V{tall}H{-_WIDE}Z{strokes}"


COLUMN = _path(_TALL)
"""The symbol of a hidden bar or point: as high whatever the hidden figure is."""
_CELL = _path(3.0, 1.0)
LANE = 30
"""Height of the lane of a group below a chart of lines, in pixels: a name, and cells below it."""


def runs(
    frame: pd.DataFrame, hidden: Sequence[bool], *, step: int = 1, at: str = "order"
) -> pd.DataFrame:
    """Add `hidden_here`, and `hidden_word` at the first of each run of hidden places.

    at : column with the place in time; places in a run are `step` apart.
    """
    word: list[str | None] = []
    before: float | None = None
    for place, own in zip(frame[at].tolist(), hidden, strict=True):
        follows = own and before is not None and 0 <= place - before <= step
        word.append(_hidden.WORD if own and not follows else None)
        before = place if own else None
    return frame.assign(
        hidden_here=pd.Series(list(map(bool, hidden)), index=frame.index, dtype=bool),
        hidden_word=pd.Series(word, index=frame.index, dtype=object),
    )


def columns(frame: pd.DataFrame, x: Any, y: Any, tips: list[Any]) -> list[alt.Chart]:
    """Draw a hatched column on `y`, its foot, in every hidden place, and "hidden" above it.

    `frame` is as `runs` returns it, with `aria`; nothing is returned where nothing is hidden.
    """
    import altair as alt

    if not frame["hidden_here"].any():
        return []
    size = (2 * _SCALE) ** 2
    high = 2 * _TALL * _SCALE
    return [
        _hidden.hatch(shape=COLUMN, size=size, yOffset=-high / 2, aria=True)
        .encode(x=x, y=y, tooltip=tips, description=alt.Description("aria:N"))
        .transform_filter("datum.hidden_here"),
        _marks.layer(
            "text", text=_hidden.WORD, angle=270, align="left", baseline="middle", fontSize=12,
            fontStyle="italic", aria=False, yOffset=-high - 5,
        )
        .encode(x=x, y=y)
        .transform_filter("isValid(datum.hidden_word)"),
    ]  # fmt: skip


def in_lanes(frame: pd.DataFrame, figure: str) -> pd.DataFrame:
    """Add `lane`, a number for each group of which a `figure` is hidden, and the lane's words."""
    hidden = [_hidden.lost(r, figure) for r in _draw.rows_of(frame)]
    groups = list(dict.fromkeys(g for g, own in zip(frame["label"], hidden, strict=True) if own))
    lane = [
        groups.index(g) if own else None for g, own in zip(frame["label"], hidden, strict=True)
    ]
    words, told = [], set()
    for label, own in zip(frame["label"].tolist(), hidden, strict=True):
        words.append(f"{label}: hidden" if own and label not in told else None)
        told |= {label} if own else set()
    return frame.assign(
        hidden_here=pd.Series(hidden, index=frame.index, dtype=bool),
        lane=pd.Series(lane, index=frame.index, dtype="Float64"),
        lane_words=pd.Series(words, index=frame.index, dtype=object),
    )


def lanes(frame: pd.DataFrame, x: Any, top: float, tips: list[Any]) -> list[alt.Chart]:
    """Draw a lane below a chart of lines for each group of `in_lanes`, with its hidden cells."""
    import altair as alt

    out = []
    for number in sorted(int(v) for v in frame["lane"].dropna().unique()):
        mine = f"datum.lane === {number}"
        at = top + number * LANE
        out += [
            _marks.layer("text", align="left", baseline="middle", fontSize=12, aria=False,
                         fontStyle="italic")
            .encode(x=alt.XValue(0), y=alt.YValue(at + 10), text=alt.Text("lane_words:N"))
            .transform_filter(f"{mine} && isValid(datum.lane_words)"),
            _hidden.hatch(shape=_CELL, size=(2 * _SCALE) ** 2, aria=True)
            .encode(x=x, y=alt.YValue(at + 23), tooltip=tips,
                    description=alt.Description("aria:N"))
            .transform_filter(mine),
        ]  # fmt: skip
    return out


def some(names: Sequence[str], limit: int = 8) -> str:
    """Return "a, b and c", and how many more there are beyond `limit`."""
    if len(names) <= limit:
        return _words.listed(list(names))
    return ", ".join(names[:limit]) + f" and {len(names) - limit} more"


def hatched(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return what hatched marks mean and where they are; none where nothing is hidden.

    frame : as `runs` returns it; `names` are the names of its rows.
    """
    out = _hidden.legend(frame)
    here = [n for n, own in zip(names, frame["hidden_here"].tolist(), strict=True) if own]
    if not here:
        return out
    where = "everywhere" if len(here) == len(frame) > 1 else some(list(dict.fromkeys(here)))
    return [*out, f"Hatched, and hidden (how high says nothing): {where}"]


def sum_words(frame: pd.DataFrame, column: str = "n", who: str = "") -> str:
    """Return ", n = 6,000 stops", with words where hidden ones are not in it; "" without any."""
    words = _hidden.n_words(frame, who, column).replace(" ,", ",").rstrip()
    return f", {words}" if words else ""


def verdicts(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the frame with yes/no columns in which a hidden or missing answer is no.

    Whoever counts the answers has to leave out hidden rows: see `_hidden.lost`.
    """
    new = {
        c: pd.Series(
            [v is True or v == 1 for v in _plain(frame[c])], index=frame.index, dtype=bool
        )
        for c in columns
    }
    return frame.assign(**new)


def _plain(column: pd.Series) -> list[Any]:
    return [None if not _words.given(v) else v for v in column.astype(object).tolist()]


def strip_rows(frame: pd.DataFrame, hidden: Sequence[bool], areas: str) -> pd.DataFrame:
    """Add `strip` (words) and `strip_line` at the first hidden row of each group.

    areas : what rows of a group are, in the plural; "" where a group has one row.
    """
    words: list[str | None] = [None] * len(frame)
    line: list[float | None] = [None] * len(frame)
    aria: list[str | None] = [None] * len(frame)
    by: dict[str, list[int]] = {}
    rows = _draw.rows_of(frame)
    for i, (row, own) in enumerate(zip(rows, hidden, strict=True)):
        if own:
            by.setdefault(str(row["label"]), []).append(i)
    for number, (label, places) in enumerate(by.items()):
        whole = sum(r["label"] == label for r in rows)
        parts = [str(rows[i]["stratum"]) for i in places]
        words[places[0]] = f"{label}: hidden"
        aria[places[0]] = f"{label}, hidden"
        if areas:
            words[places[0]] = f"{label}: hidden in {_part(len(places), whole)} {areas}"
            aria[places[0]] = f"{label}, hidden in {some(parts)}"
        line[places[0]] = float(number)
    return frame.assign(
        hidden_here=pd.Series(list(map(bool, hidden)), index=frame.index, dtype=bool),
        **{
            name: pd.Series(values, index=frame.index, dtype=object)
            for name, values in (("strip", words), ("strip_line", line), ("strip_aria", aria))
        },
    )


def _part(number: int, whole: int) -> str:
    return f"all {whole}" if number == whole > 1 else f"{number} of {whole}"


def number_of(row: Mapping[str, Any], column: str, what: str) -> str:
    """Return "1,234 stops", or "stops hidden"."""
    if _hidden.lost(row, column):
        return f"{what} {_hidden.WORD}"
    return f"{_hidden.count(row, column)} {what}"


def strip(frame: pd.DataFrame, top: float) -> tuple[list[alt.Chart], int]:
    """Return a hatched line for each group of `strip_rows`, below `top`; and their height."""
    import altair as alt

    number = int(frame["strip_line"].notna().sum())
    tips = [
        alt.Tooltip("strip_aria:N", title="Hidden"),
        alt.Tooltip("reason:N", title="Why"),
    ]
    wide = 56
    out: list[alt.Chart] = []
    for line in range(number):
        mine = f"isValid(datum.strip) && datum.strip_line === {line}"
        y = alt.YValue(top + (line + 0.5) * STRIP)
        out += [
            _hidden.hatch(aria=True, size=(wide / 8) ** 2)
            .encode(x=alt.XValue(wide / 2 + 1), y=y, tooltip=tips,
                    description=alt.Description("strip_aria:N"))
            .transform_filter(mine),
            _marks.layer("text", align="left", baseline="middle", fontSize=12, aria=False,
                         fontStyle="italic", limit={"expr": f"width - {wide + 12}"})
            .encode(x=alt.XValue(wide + 10), y=y, text=alt.Text("strip:N"))
            .transform_filter(mine),
        ]  # fmt: skip
    return out, number * STRIP
