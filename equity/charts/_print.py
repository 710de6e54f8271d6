"""A chart as a picture: a fixed width, its title broken into lines, the ink of the page."""

from __future__ import annotations

import textwrap
from typing import Any

from equity.charts._style import theme

__all__ = ["print_version"]


def print_version(chart: Any, *, width: int = 860, dark: bool = False) -> Any:
    """Return a copy of a chart for a picture or a printed page of `width` pixels.

    A chart as it is made fills the page that it stands in, and the page sets its title as text.
    A picture needs both fixed. `dark` gives it the ink and the ground of a dark page.
    """
    copy = chart.copy(deep=True)
    title = copy.title
    copy.title = title.copy()
    copy.title.text = textwrap.wrap(str(title.text), max(20, int(width / 10.2)))
    copy.title.subtitle = [
        line for text in title.subtitle for line in textwrap.wrap(text, max(28, int(width / 6.9)))
    ]
    copy.width = width
    copy.config = theme(dark=dark)
    copy.padding = 12
    return copy
