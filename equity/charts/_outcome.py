"""What the charts of searches and finds share: a plane of two rates, and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from equity.charts import _draw, _hidden, _hidden_stops, _marks, _words

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "HEIGHT",
    "INFRA_MARGINALITY",
    "Panel",
    "arrows",
    "dots",
    "left_out",
    "p_words",
    "panels",
    "quiet",
    "stack",
    "x_of",
]

HEIGHT = 300
"""Of one panel, in pixels; it is as wide as the page."""
HEAD = 40
AXIS = 10
INFRA_MARGINALITY = (
    "Hit rates can differ even where one standard is applied to all, since those searched are "
    "not alike (infra-marginality); they do not show the standard itself"
)


def left_out(table: pd.DataFrame, whose: str = "") -> list[str]:
    """Return which searches are left out, and that none are where no ground is in the counts."""
    out = []
    for column, because in (
        ("left_out_basis", "because of their legal basis"),
        ("left_out_unknown", "because their outcome is not known"),
    ):
        if column not in table:
            continue
        total, whole = _hidden.total(table, column)
        if not whole:
            number = f", at least {total:,.0f}" if total else ""
            out.append(f"Searches{whose} left out {because}: how many is hidden{number}")
        elif total:
            out.append(f"{total:,.0f} searches{whose} left out {because}")
    methods = table["method"].dropna().astype(str) if "method" in table else []
    if len(methods) and all("(their ground is not in the counts)" in m for m in methods):
        out.append(
            "All searches are counted, also those that an officer did not choose to make: their "
            "legal basis is not in the counts"
        )
    return out


def p_words(value: object) -> str:
    """Return "p = 0.03", "p < 0.001"."""
    if not _words.given(value):
        return "no p-value"
    p = float(value)  # type: ignore[arg-type]
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.0995 else f"p = {p:.2f}"


class Panel:
    """One of the panels that stand under one another: its number, and where it is."""

    def __init__(self, number: int, name: str, several: bool) -> None:
        self.number, self.name = number, name
        head = HEAD if several else HEAD / 2
        self.top = number * (HEIGHT + head) + head
        self.bottom = self.top + HEIGHT

    def y_of(self, field: str | float, *, log: bool, title: str) -> Any:
        """Return a place on the panel's own scale: of a column, or of a number."""
        import altair as alt

        kind: dict[str, Any] = {"type": "log", "base": 2} if log else {"type": "linear"}
        scale = alt.Scale(range=[self.bottom, self.top], nice=False, zero=False, **kind)
        axis = alt.Axis(
            title=title,
            titleAnchor="middle",
            orient="left",
            minExtent=42,  # for the widest labels: the room is not made anew when data change
            grid=True,
            tickCount=5,
            labelOverlap="greedy",
            labelExpr=_label(log),
            zindex=0,
        )
        if isinstance(field, str):
            return alt.Y(f"{field}:Q", scale=scale, axis=axis)
        return alt.YDatum(field, scale=scale, axis=axis, type="quantitative")

    @property
    def mine(self) -> str:
        """The rows of this panel, as a filter."""
        return f"datum.panel == {self.number}"

    def heading(self) -> list[alt.Chart]:
        """Write the panel's name above it."""
        import altair as alt

        return [
            quiet("text", align="left", fontSize=14, fontWeight="bold", text=self.name)
            .encode(x=alt.XValue(0), y=alt.YValue(self.top - 14))
            .transform_filter("datum.order == 0")
        ]


def _label(log: bool) -> str:
    if log:
        return "format(datum.value, datum.value >= 10 ? ',.0f' : '.3~r')"
    return "format(100 * datum.value, '~r') + '%'"


def x_of(field: str | float, *, log: bool, title: str) -> Any:
    """Return a place on the scale that all panels share: of a column, or of a number."""
    import altair as alt

    kind: dict[str, Any] = {"type": "log", "base": 2} if log else {"type": "linear"}
    scale = alt.Scale(nice=False, zero=False, **kind)
    axis = alt.Axis(
        title=title,
        titleAnchor="middle",
        orient="bottom",
        grid=False,
        tickCount=5,
        labelOverlap="greedy",
        labelExpr=_label(log),
        zindex=0,
    )
    if isinstance(field, str):
        return alt.X(f"{field}:Q", scale=scale, axis=axis)
    return alt.XDatum(field, scale=scale, axis=axis, type="quantitative")


def quiet(mark: str, **properties: Any) -> alt.Chart:
    """Return a layer that is not read out."""
    return _marks.layer(mark, aria=False, **properties)


def panels(frame: pd.DataFrame, labels: Mapping[str, str] | None, drawn: pd.Series) -> list[Panel]:
    """Return a panel for each group with something to draw, or one; write its number to rows."""
    groups = list(dict.fromkeys(frame["group"][drawn] if drawn.any() else frame["group"][:1]))
    frame["panel"] = [groups.index(g) if g in groups else -1 for g in frame["group"]]
    if not groups:
        return [Panel(0, "", False)]
    return [Panel(i, _words.name(g, labels), len(groups) > 1) for i, g in enumerate(groups)]


def dots(x: Any, y: Any, keep: str, tips: list[alt.Tooltip], **more: Any) -> alt.Chart:
    """Return the rows that `keep` names as dots in their group's colour and shape, read out."""
    import altair as alt

    encoding = {
        "x": x,
        "y": y,
        "color": alt.Color("colour:N", scale=None),
        "shape": alt.Shape("shape:N", scale=None),
        "description": alt.Description("aria:N"),
        "tooltip": tips,
    }
    size = more.pop("size", 110)
    if not isinstance(size, int | float):
        encoding["size"] = size
        del encoding["shape"]
        more["shape"] = "circle"
    else:
        more["size"] = size
    return _marks.layer("point", **more).encode(**encoding).transform_filter(keep)


def arrows(x_of_field: Any, y_of_field: Any, keep: str, **more: Any) -> list[alt.Chart]:
    """Draw an arrow where an arm of a cross goes on beyond what is drawn."""
    import altair as alt

    out = []
    for way, other in (("search", "hit"), ("hit", "search")):
        shapes = ("left", "right") if way == "search" else ("down", "up")
        for end, cut, shape in zip(("start", "end"), ("low", "high"), shapes, strict=True):
            across = f"{way}_{end}" if way == "search" else f"{other}_at"
            upwards = f"{way}_{end}" if way == "hit" else f"{other}_at"
            out.append(
                quiet("point", filled=True, size=50, shape=f"triangle-{shape}", **more)
                .encode(
                    x=x_of_field(across),
                    y=y_of_field(upwards),
                    color=alt.Color("colour:N", scale=None),
                )
                .transform_filter(f"{keep} && datum.{way}_cut_{cut}")
            )
    return out


def stack(
    frame: pd.DataFrame,
    parts: list[list[alt.Chart]],
    *,
    title: str,
    subtitle: list[str],
    description: str,
) -> alt.LayerChart:
    """Return the panels as one chart; each part has its own scale of heights."""
    import altair as alt

    several = len(parts) > 1
    height = int(len(parts) * (HEIGHT + (HEAD if several else HEAD / 2)))
    if "strip_line" in frame:  # below the axis of the last panel, which has its title there
        below, more = _hidden_stops.strip(frame, height + (AXIS if parts else 0))
        if more:
            parts = [*parts, below]
            height += more + (AXIS if several or len(parts) > 1 else 0)
    groups: list[Any] = []
    for layers in parts:
        group = alt.LayerChart()
        group.layer = [*layers]  # type: ignore
        groups.append(group)
    chart = _draw.assemble(
        frame, groups, height=height, title=title, subtitle=subtitle, description=description
    )
    chart.resolve = alt.Resolve(scale=alt.ScaleResolveMap(y="independent", size="shared"))
    return chart
