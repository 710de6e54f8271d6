"""The marks of a chart: dots with intervals, lines of comparison, words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from equity.charts import _hidden
from equity.charts._draw import AXIS_ROOM, Page
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "GREY",
    "arrows",
    "at_least",
    "beside",
    "dots",
    "hover",
    "intervals",
    "layer",
    "line_at",
    "on",
    "valid",
    "words",
    "y_at",
]

GREY = PALETTE["grey"]


def at_least(x: alt.X, *figures: float) -> list[alt.Chart]:
    """Return layers that show nothing and keep `figures` on the axis."""
    import altair as alt

    return [
        layer("rule", opacity=0, aria=False, color=GREY)
        .encode(
            x=alt.XDatum(v, scale=x["scale"], axis=x["axis"], type="quantitative"),
            y=alt.YValue(0),
            y2=alt.Y2Value(0),
        )
        .transform_filter("datum.order == 0")
        for v in figures
    ]


def y_at(field: str, height: int) -> alt.Y:
    """Return a place from the top of the chart, in pixels."""
    import altair as alt

    ends = [0, alt.ExprRef("height")]
    scale = alt.Scale(domain=[0, height], range=ends, zero=False, nice=False)
    return alt.Y(f"{field}:Q", scale=scale, axis=None)


def _colour() -> dict[str, Any]:
    import altair as alt

    return {"color": alt.Color("colour:N", scale=None), "description": alt.Description("aria:N")}


def layer(mark: str, **properties: Any) -> alt.Chart:
    """Return a layer without data of its own."""
    import altair as alt

    return getattr(alt.Chart(alt.Undefined), f"mark_{mark}")(**properties)


def valid(*fields: str) -> str:
    """Return a filter of the rows in which all `fields` are there."""
    return " && ".join(f"isValid(datum.{f})" for f in fields)


def intervals(page: Page, height: int, x: alt.X, *, thick: float = 3) -> alt.Chart:
    """Draw each interval as a line."""
    import altair as alt

    return (
        layer("rule", strokeWidth=thick, strokeCap="round", yOffset=page.mark_dy, aria=False)
        .encode(
            x=on("start", x),
            x2=alt.X2("end:Q"),
            y=y_at("y", height),
            color=alt.Color("colour:N", scale=None),
        )
        .transform_filter(valid("start", "end"))
    )


def on(field: str, x: alt.X) -> alt.X:
    """Return the place of another field on the same axis."""
    copy = x.copy(deep=False)
    copy.shorthand = f"{field}:Q"
    return copy


def dots(page: Page, height: int, x: alt.X, tips: list[alt.Tooltip]) -> list[alt.Chart]:
    """Draw each figure as a dot, with tooltip and description."""
    import altair as alt

    if not page.figures:
        return []
    return [
        layer(
            "point", filled=True, opacity=1, size=80 if page.compact else 130, yOffset=page.mark_dy
        )
        .encode(
            x=on("at", x),
            y=y_at("y", height),
            shape=alt.Shape("shape:N", scale=None),
            tooltip=tips,
            **_colour(),
        )
        .transform_filter(valid("at"))
    ]


def arrows(page: Page, height: int, x: alt.X) -> list[alt.Chart]:
    """Draw an arrow where an interval goes on beyond what is drawn."""
    import altair as alt

    return [
        layer(
            "point",
            filled=True,
            size=60,
            shape=f"triangle-{way}",
            aria=False,
            yOffset=page.mark_dy,
        ).encode(
            x=on(end, x),
            y=y_at("y", height),
            color=alt.Color("colour:N", scale=None),
            opacity=alt.OpacityValue(0, condition={"test": f"datum.{flag}", "value": 1}),
        )
        for end, flag, way in (("start", "cut_low", "left"), ("end", "cut_high", "right"))
    ]


def line_at(
    page: Page,
    height: int,
    x: alt.X,
    value: float,
    says: str,
    *,
    brief: str | None = None,
    dash: list[int] | None = None,
    level: int = 0,
    room: int = AXIS_ROOM,
) -> list[alt.Chart]:
    """Draw a line through all rows at a figure, with words at its top.

    `brief` are the words on a narrow page; `level` is the line of text that they stand on.
    """
    import altair as alt

    brief = brief or says
    position = alt.XDatum(value, scale=x["scale"], axis=x["axis"], type="quantitative")
    properties: dict[str, Any] = {"strokeDash": dash} if dash else {}
    top = (
        layer("rule", color=GREY, strokeWidth=1.5, aria=False, **properties)
        .encode(
            x=position, y=alt.YValue(4), y2=alt.Y2Value(alt.ExprRef(page.stretched(room)["expr"]))
        )
        .transform_filter("datum.order == 0")
    )
    line = (
        layer("rule", color=GREY, strokeWidth=1.5, aria=False, **properties, **beside(page))
        .encode(x=position, y=y_at("y", height), y2=alt.Y2("y:Q"))
        .transform_filter("!isValid(datum.missing)")
    )
    at = f"scale('x', {value})"
    long = page.where(round(6.6 * len(brief)), round(6.6 * len(says)))["expr"]
    left = f"({at} + 10 + ({long}) > width)"
    if value < 1:  # words of the side below stand on that side
        left = "true"
    text = (
        layer(
            "text",
            fontSize=12,
            aria=False,
            fontStyle="italic",
            text=page.where(f"'{_quoted(brief)}'", f"'{_quoted(says)}'"),
            align={"expr": f"{left} ? 'right' : 'left'"},
            dx={"expr": f"{left} ? max(-5, ({long}) - {at}) : 5"},
        )
        .encode(x=position, y=alt.YValue(10 + 16 * level))
        .transform_filter("datum.order == 0")
    )
    return [top, line, text]


def _quoted(text: str) -> str:
    return text.replace("\\", "").replace("'", "\u2019")


def beside(page: Page) -> dict[str, Any]:
    """Return how far a vertical line reaches in a row: where words stand above, only the mark."""
    row = page.stretch * page.row
    under = 0 if page.compact else 4
    ends = page.where(row - 20 - under, 0), page.where(row - under, page.row)
    return {"yOffset": ends[0], "y2Offset": ends[1]}


def words(page: Page, height: int, *, brief: bool = False) -> list[alt.Chart]:
    """Write beside each row: group and n at the left, `value` and `note` at the right.

    brief : rows have an `n_short` for narrow pages.
    """
    import altair as alt

    y = y_at("y", height)
    half = page.row / 2
    out = [
        layer(
            "text",
            align="left",
            fontSize=14,
            fontWeight="bold",
            aria=False,
            limit={"expr": "width"},
            dy=page.where(8 if page.compact else 0, 0),
        )
        .encode(x=alt.XValue(0), y=y_at("head_y", height), text=alt.Text("head:N"))
        .transform_filter("isValid(datum.head)"),
        layer("rule", color=GREY, strokeWidth=1, aria=False, yOffset=page.stretched(-16))
        .encode(x=alt.XValue(0), x2=alt.X2Value(alt.ExprRef("width")), y=y_at("head_y", height))
        .transform_filter("isValid(datum.head) && datum.order > 0"),
    ]
    if page.compact:
        lines = {
            "label": (8, half),
            "n": (22, half),
            "value": (22, half),
            "note": (None, None),
        }
    else:
        lines = {
            "label": (7, half - 8),
            "n": (22, half + 9),
            "value": (22, half - 8),
            "note": (37 if page.alone else 7, half + 9),
        }

    def column(field: str, name: str, **more: Any) -> None:
        narrow, wide = lines[name]
        if wide is None:
            return
        shown = {} if narrow is not None else {"opacity": page.where(0, 0.8)}
        out.append(
            layer(
                "text",
                aria=False,
                dy=page.where(narrow if narrow is not None else wide, wide),
                **{**shown, **more},
            )
            .encode(x=alt.XValue(more_x[name]), y=y, text=alt.Text(field))
            .transform_filter(f"isValid(datum.{field.split(':')[0]})")
        )

    start = alt.ExprRef(f"width < {page.narrow} ? width : width - {page.right} + 18")
    more_x = {
        "label": 0,
        "value": start,
        "note": alt.ExprRef(page.where(0, start.expr)["expr"]) if page.alone else start,
        "n": alt.ExprRef(page.where(0, page.left - 16)["expr"]) if page.compact else 0,
    }
    at_end = page.where("'right'", "'left'")
    alone = page.compact or page.alone
    small = 12
    # two layers and not a calculated field: a page can measure neither before it draws
    bold = "normal" if page.compact else "bold"
    column(
        "label:N",
        "label",
        align="left",
        fontWeight=bold,
        limit=page.where("width", page.label_room),
        opacity=page.where(1 if alone else 0, 1),
    )
    if not alone:
        column(
            "short:N",
            "label",
            align="left",
            fontWeight=bold,
            limit=150,
            opacity=page.where(1, 0),
        )
    column(
        "n_text:N",
        "n",
        align=page.where("'left'", "'right'") if page.compact else "left",
        fontSize=small,
        opacity=page.where(0 if brief else 0.8, 0.8),
    )
    if brief:
        column("n_short:N", "n", align="left", fontSize=small, opacity=page.where(0.8, 0))
    column(
        "value:N",
        "value",
        align=at_end,
        fontSize=small if page.compact else 13,
        fontWeight=bold,
    )
    column(
        "note:N",
        "note",
        align="left" if page.alone else at_end,
        fontSize=small,
        opacity=0.8,
        limit=page.where("width", page.right - 18),
    )
    if not page.gaps:
        return out
    aside: dict[str, Any] = {"align": "left"}
    if page.hidden:
        out.append(_band(page, y))
        left, right = _ends(page)
        middle = f"datum.hidden ? (({right}) - ({left})) / 2 : 0"
        aside = {"dx": {"expr": middle}, "align": {"expr": "datum.hidden ? 'center' : 'left'"}}
    out.append(
        layer(
            "text",
            fontSize=12,
            fontStyle="italic",
            aria=True,
            dy=page.mark_dy,
            **aside,
            limit=page.where(
                f"width - {page.narrow_left + page.narrow_right}",
                f"width - {page.left + page.right}",
            ),
        )
        .encode(
            x=alt.XValue(alt.ExprRef(f"width < {page.narrow} ? {page.narrow_left} : {page.left}")),
            y=y,
            text=alt.Text("missing:N"),
            tooltip=[alt.Tooltip("reason:N", title="Why")],
            description=alt.Description("aria:N"),
        )
        .transform_filter("isValid(datum.missing)")
    )
    return out


def _hatched(page: Page, y: alt.Y) -> alt.Chart:
    """Draw a hatched field where the mark of a hidden figure would stand."""
    import altair as alt

    half = _hidden.HATCH_WIDTH // 2
    middle = f"width < {page.narrow} ? {page.narrow_left + half} : {page.left + half}"
    return (
        _hidden.hatch(yOffset=page.mark_dy)
        .encode(x=alt.XValue(alt.ExprRef(middle)), y=y)
        .transform_filter("datum.hidden && isValid(datum.missing)")
    )


def _band(page: Page, y: alt.Y) -> alt.Chart:
    """Draw a hatched band over all values in the row of a hidden figure, with room for words."""
    return (
        _hidden.band(*_ends(page), "length(datum.missing)", yOffset=page.mark_dy)
        .encode(y=y)
        .transform_filter("datum.hidden && isValid(datum.missing)")
    )


def _ends(page: Page) -> tuple[str, str]:
    """Return expressions for the left and the right end of the plot, in pixels."""
    return (
        f"(width < {page.narrow} ? {page.narrow_left} : {page.left})",
        f"(width < {page.narrow} ? width - {page.narrow_right} : width - {page.right})",
    )


def hover(page: Page, height: int, tips: list[alt.Tooltip]) -> alt.Chart:
    """Let the whole row answer to the pointer, not only its dot."""
    import altair as alt

    return layer("rect", fill="transparent", aria=False, y2Offset=page.stretched(page.row)).encode(
        x=alt.XValue(0),
        x2=alt.X2Value(alt.ExprRef("width")),
        y=y_at("y", height),
        y2=alt.Y2("y:Q"),
        tooltip=tips,
    )
