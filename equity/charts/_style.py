"""The look of every chart: palette, marks of a group, fonts, ink of light and dark pages."""

from __future__ import annotations

from typing import Any

__all__ = ["FONT", "PALETTE", "REFERENCE_COLOUR", "marks", "structure", "theme"]

PALETTE: dict[str, str] = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "purple": "#AA4499",
    "grey": "#767676",
}
"""Each has a contrast of at least 3:1 on white and on #111; told apart by colour-blind readers."""

REFERENCE_COLOUR = PALETTE["grey"]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK = {
    False: {"page": "#ffffff", "ink": "#1a1a1a", "soft": "#4d4d4d", "grid": "#e3e3e3"},
    True: {"page": "#111111", "ink": "#f0f0f0", "soft": "#c4c4c4", "grid": "#3a3a3a"},
}

_COLOURS = ("blue", "orange", "green", "purple")
_SHAPES = ("circle", "square", "diamond", "triangle-up")
_ALL = [(colour, shape) for shape in _SHAPES for colour in _COLOURS]
_OWN = {  # in the order of rows: those who share a colour stand apart
    "white": ("purple", "circle"),
    "black": ("blue", "circle"),
    "hispanic": ("orange", "square"),
    "asian": ("green", "diamond"),
    "asian_pacific": ("green", "diamond"),
    "nhpi": ("purple", "triangle-up"),
    "aian": ("blue", "square"),
    "mena": ("green", "circle"),
    "multiple": ("orange", "diamond"),
    "mixed": ("orange", "triangle-up"),
    "other": ("purple", "square"),
    "female": ("blue", "circle"),
    "male": ("orange", "square"),
    "nonbinary": ("green", "diamond"),
}


def marks(groups: list[str]) -> dict[str, tuple[str, str]]:
    """Return group -> (colour, shape), for groups in the order of their rows.

    A known group looks the same in every chart, unless one of the two groups before it has its
    colour: neighbours never share one, also where the reference is taken out from between them.
    """
    kept = {_OWN[g] for g in groups if g in _OWN}
    free = [(c, s) for s in _SHAPES for c in _COLOURS if (c, s) not in kept]
    look: dict[str, tuple[str, str]] = {}
    for g in groups:
        before = [colour for colour, _ in list(look.values())[-2:]]
        own = _OWN.get(g)
        if own is None or own[0] in before or own in look.values():
            unused = [pair for pair in free if pair not in look.values()]
            own = next(pair for pair in [*unused, *free, *_ALL] if pair[0] not in before)
        look[g] = own
    return {g: (PALETTE[colour], shape) for g, (colour, shape) in look.items()}


def structure() -> dict[str, Any]:
    """Return the part of the look without ink, which every chart carries: fonts and sizes."""
    return {
        "font": FONT,
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "fontSize": 18,
            "fontWeight": 700,
            "lineHeight": 23,
            "subtitleFontSize": 13,
            "subtitleLineHeight": 18,
            "subtitlePadding": 6,
            "offset": 14,
        },
        "axis": {
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": 400,
            "titleAnchor": "start",
            "titlePadding": 8,
            "labelPadding": 5,
            "domain": False,
            "ticks": False,
            "gridWidth": 1,
        },
        "text": {"fontSize": 13, "baseline": "middle"},
    }


def theme(*, dark: bool = False) -> dict[str, Any]:
    """Return the whole Vega-Lite configuration of a light or a dark page.

    Text and grid take their ink from here, marks bring theirs from `PALETTE`: a page shows a
    chart in dark mode by embedding its specification with `config=theme(dark=True)`.

    >>> theme()["text"]["color"], theme(dark=True)["text"]["color"]
    ('#1a1a1a', '#f0f0f0')
    """
    ink = INK[dark]
    config = structure()
    config["background"] = ink["page"]
    config["title"] |= {"color": ink["ink"], "subtitleColor": ink["soft"]}
    config["axis"] |= {
        "labelColor": ink["soft"],
        "titleColor": ink["soft"],
        "gridColor": ink["grid"],
    }
    config["text"] |= {"color": ink["ink"]}
    config["legend"] = {"labelColor": ink["ink"], "titleColor": ink["ink"], "labelFontSize": 12}
    return config
