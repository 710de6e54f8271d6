"""How the table of a projection is read: column, heading in plain words, format."""

from __future__ import annotations

from equity.charts._column_parts import END, GROUP

__all__ = ["COLUMNS", "ON_PAGE"]

COLUMNS: dict[str, list[list[str]]] = {
    "parity_projection": [
        ["year", "Year", "text"],
        ["ahead", "Years from now", "whole"],
        GROUP,
        ["x", "Of this group, expected", "number"],
        ["n", "All, expected", "number"],
        ["share", "Share, expected", "percent"],
        ["low", "Share, low end", "percent"],
        ["high", "Share, high end", "percent"],
        ["target", "Target", "percent"],
        ["years_to_target", "Years to the target", "whole"],
        ["years_low", "Years to the target, at the earliest", "whole"],
        ["years_high", "Years to the target, at the latest", "whole"],
        ["steady_share", "Levels off at", "percent"],
        ["by_year", "To be reached by", "text"],
        ["share_needed", "Share among those who enter needed for that", "percent"],
        ["hire_share", "Share among those who enter", "percent"],
        ["exit_rate_focal", "Of this group, leave in a year", "percent"],
        ["exit_rate_others", "Of the others, leave in a year", "percent"],
        ["hires", "Hires in the first year", "number"],
        ["hired_x", "Entered of this group, counted", "whole"],
        ["hired_n", "All who entered, counted", "whole"],
        ["moved_x", "Of this group, came from other posts", "whole"],
        ["moved_n", "All who came from other posts", "whole"],
        ["left_focal", "Of this group, left", "whole"],
        ["left_focal_n", "Of this group, stayed or left", "whole"],
        ["left_others", "Of the others, left", "whole"],
        ["left_others_n", "Of the others, stayed or left", "whole"],
        *END,
    ],
}
ON_PAGE: dict[str, tuple[str, ...]] = {
    "parity_projection": ("year", "group", "x", "n", "share", "low", "high", "target"),
}
