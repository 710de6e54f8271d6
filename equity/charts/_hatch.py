"""The hatched marks of hidden figures: bands and columns over all values that there could be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "HATCH",
    "HATCH_WIDTH",
    "across",
    "band",
    "column",
    "columns",
    "hatch",
]


def _path() -> str:
    """Return the hatched field as a path: a frame and slanted strokes inside it."""
    wide, slant, step = 8.0, 1.0, 1.6
    number, rest = divmod(2 * wide - 2 * slant, step)  # as much room at either end
    strokes = "".join(
        f"M{x:.2f},1L{x + 2 * slant:.2f},-1"
        for x in (-wide + rest / 2 + step * i for i in range(int(number) + 1))
    )
    return f"M{-wide},-1H{wide}V1H{-wide}V-1{strokes}"


HATCH = _path()
"""A symbol for a point mark: drawn as strokes, so that it looks the same in SVG and in a picture,
in light and in dark, and with any font. Half as high as sqrt(size), 8 times as wide as high."""
_SIZE = 100.0  # the field is 10 pixels high and 80 wide
HATCH_WIDTH = 80
_UNIT, _STEP = 5, 8
"""Pixels of one unit of a path of that size, and from one stroke of a band to the next."""


_UPRIGHT = 2.0
"""Pixels of one unit of the path of a column."""


def across(left: str, right: str, letters: str) -> str:
    """Return an expression: the path of a hatched band from its left end, with a gap for words.

    left, right : expressions, the ends in pixels; letters : one for the length of the words that
    stand in the middle. The path is of the size of a band (`band`), in which a unit is 5 pixels.
    """
    wide = f"(({right}) - ({left}))"
    gap = f"(3.2 * ({letters}) + 8)"
    number = f"max(0, floor(({wide} / 2 - {gap}) / {_STEP}))"
    lean = 1
    stroke = f"l{lean},-2m{_STEP / _UNIT - lean:g},2"
    strokes = f"join(split(pad('', {number}, ' '), ' '), '{stroke}')"
    edges = (
        f"'m0,-2h' + (-{number} * {_STEP / _UNIT:g}) + 'm0,2h' + ({number} * {_STEP / _UNIT:g})"
    )
    second = f"({wide} - {number} * {_STEP}) / {_UNIT}"
    return f"'M0,1' + {strokes} + {edges} + 'M' + {second} + ',1' + {strokes} + {edges}"


def band(left: str, right: str, letters: str, **properties: Any) -> alt.Chart:
    """Return a layer of pale hatched bands as wide as all values: encode y, filter the rows."""
    import altair as alt

    path = alt.ShapeValue(alt.ExprRef(across(left, right, letters)))
    look = {"strokeWidth": 1, "strokeOpacity": 0.6, **properties}
    return hatch(**look).encode(x=alt.XValue(alt.ExprRef(left)), shape=path)


def column(high: float, *, gap: float = 0, wide: float = 12) -> str:
    """Return an upright hatched field `high` and `wide` pixels large, as the path of a symbol.

    `gap` pixels in its middle are left free for a word. It is drawn at a size of 16.
    """
    side, tall, free = (v / 2 / _UPRIGHT for v in (wide, high, gap))
    out = ""
    for top, end in ((-tall, -free), (free, tall)) if gap else ((-tall, tall),):
        number = max(1, int((end - top - 2 * side) / 3) + 1)
        step = (end - top - 2 * side) / max(1, number - 1)
        out += f"M{-side:g},{top:.2f}V{end:.2f}M{side:g},{top:.2f}V{end:.2f}"
        out += "".join(
            f"M{-side:g},{top + 2 * side + step * i:.2f}L{side:g},{top + step * i:.2f}"
            for i in range(number)
        )
    return out


def columns(
    x: alt.X, y: alt.Y | alt.YValue, field: str, high: float, tips: list[alt.Tooltip]
) -> list[alt.Chart]:
    """Return a pale hatched column as high as the plot for each row with `field`, and its word.

    y : the middle of the plot; `high` its height in pixels. A column over all values cannot be
    read as one of them.
    """
    import altair as alt

    here = f"isValid(datum.{field})"
    look = {"size": (2 * _UPRIGHT) ** 2, "strokeWidth": 1, "strokeOpacity": 0.6, "aria": True}
    return [
        hatch(shape=column(high, gap=52), **look)
        .encode(x=x, y=y, description=alt.Description("aria:N"), tooltip=tips)
        .transform_filter(here),
        alt.Chart(alt.Undefined)
        .mark_text(text="hidden", angle=270, align="center", baseline="middle", fontSize=12,
                   fontStyle="italic", aria=False)
        .encode(x=x, y=y)
        .transform_filter(here),
    ]  # fmt: skip


def hatch(*, size: float = _SIZE, **properties: Any) -> alt.Chart:
    """Return a layer of hatched fields without places: encode x (the middle) and y, filter rows.

    `shape=` may be given for another symbol. It says nothing to a screen reader: the word beside
    it does.
    """
    import altair as alt

    from equity.charts._style import PALETTE

    look = {"shape": HATCH, "filled": False, "stroke": PALETTE["grey"], "strokeWidth": 1.2}
    return alt.Chart(alt.Undefined).mark_point(**{
        **look, "fillOpacity": 0, "opacity": 1, "size": size, "aria": False, **properties
    })  # fmt: skip
