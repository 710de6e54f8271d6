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
_OWN = {
    "black": ("blue", "circle"),
    "hispanic": ("orange", "square"),
    "asian": ("green", "diamond"),
    "asian_pacific": ("green", "diamond"),
    "aian": ("purple", "triangle-up"),
    "white": ("purple", "circle"),
    "multiple": ("blue", "square"),
    "mixed": ("blue", "square"),
    "nhpi": ("orange", "diamond"),
    "mena": ("orange", "triangle-up"),
    "other": ("green", "triangle-up"),
    "female": ("blue", "circle"),
    "male": ("orange", "square"),
    "nonbinary": ("green", "diamond"),
}


def marks(groups: list[str]) -> dict[str, tuple[str, str]]:
    """Return group -> (colour, shape); a known group looks the same in every chart."""
    known = {g: (PALETTE[_OWN[g][0]], _OWN[g][1]) for g in groups if g in _OWN}
    free = [
        (PALETTE[colour], shape)
        for shape in _SHAPES
        for colour in _COLOURS
        if (PALETTE[colour], shape) not in known.values()
    ]
    strangers = [g for g in groups if g not in known]
    return known | {g: free[i % len(free)] for i, g in enumerate(strangers)}


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
