"""The scale of the figures and its axes: ratios on a log scale, shares in percent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from equity.charts._draw import Page

if TYPE_CHECKING:
    import altair as alt

__all__ = ["axis_log", "axis_percent", "x_scale"]


def x_scale(page: Page, *, log: bool) -> alt.Scale:
    """Return the scale of the figures, its ends where the page has room for marks."""
    import altair as alt

    ends = [
        page.where(page.narrow_left, page.left),
        page.where(f"width - {page.narrow_right}", f"width - {page.right}"),
    ]
    kind: dict[str, Any] = {"type": "log", "base": 2} if log else {"type": "linear", "zero": True}
    return alt.Scale(range=ends, nice=False, padding=10, clamp=True, **kind)


_INSIDE = "datum.value >= domain('x')[0] * 0.999 && datum.value <= domain('x')[1] * 1.001"
_FEW = "[0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 10, 20, 50, 100, 1000]"
_MANY = "[0.1, 0.25, 0.5, 0.65, 0.8, 1, 1.25, 1.5, 2, 3, 4, 6, 8]"


def axis_log(title: str) -> alt.Axis:
    """Return an axis of ratios with plain labels: 0.5, 1, 2, 4.

    The ticks are chosen from two lists on the page, by the span that is shown, so that the
    specification does not depend on the figures; those outside the span are not drawn.
    """
    import altair as alt

    label = f"{_INSIDE} ? format(datum.value, datum.value >= 10 ? ',.0f' : '.2~f') : ''"
    return alt.Axis(
        orient="top",
        title=title,
        labelExpr=label,
        labelOverlap="greedy",
        grid=True,
        values=alt.ExprRef(f"domain('x')[1] / domain('x')[0] > 7 ? {_FEW} : {_MANY}"),
        gridOpacity={"condition": {"test": _INSIDE, "value": 1}, "value": 0},
        zindex=0,
    )


def axis_percent(title: str) -> alt.Axis:
    """Return an axis of shares in percent."""
    import altair as alt

    label = "format(100 * datum.value, '~r') + '%'"
    return alt.Axis(
        orient="top",
        title=title,
        tickCount=5,
        labelExpr=label,
        grid=True,
        labelOverlap="greedy",
        zindex=0,
    )
