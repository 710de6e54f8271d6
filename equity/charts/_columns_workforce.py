"""How the tables of the workforce family are read: column, heading in plain words, format."""

from __future__ import annotations

from equity.charts._column_parts import BENCHMARK, END, GROUP, RATIO, STRATUM, P

__all__ = ["COLUMNS", "ON_PAGE"]

_RATIO = [["ratio", "Ratio to the benchmark", "ratio"], *RATIO[1:]]
_COUNTED = [
    ["x", "People of this group", "whole"],
    ["n", "All whose group is known", "whole"],
    ["share", "Share", "percent"],
    ["low", "Share, low end", "percent"],
    ["high", "Share, high end", "percent"],
]

COLUMNS: dict[str, list[list[str]]] = {
    "representation": [
        STRATUM,
        BENCHMARK,
        GROUP,
        *_COUNTED,
        ["population", "People in the benchmark", "whole"],
        ["population_total", "Benchmark, all groups", "whole"],
        ["population_share", "Share of the benchmark", "percent"],
        ["population_share_se", "Its standard error, points", "points"],
        *_RATIO,
        ["difference", "Difference in points", "points"],
        ["expected", "People expected from the share", "number"],
        ["shortfall", "Shortfall, whole people", "whole"],
        ["shortfall_exact", "Shortfall before rounding", "number"],
        ["hires_needed", "Hires needed if the workforce grows", "whole"],
        ["growth", "Posts to be added", "whole"],
        ["hires_needed_growth", "Hires needed with those posts", "whole"],
        ["z", "z", "ratio"],
        ["p_value", "p-value", "p"],
        ["p_exact", "p-value, exact binomial", "p"],
        ["p_adjusted", "p-value, adjusted for the number of comparisons", "p"],
        ["screen_any_difference", "Screen: any difference", "flag"],
        ["screen_whole_person", "Screen: one whole person", "flag"],
        ["screen_80", "Screen: below 80%", "flag"],
        ["screen_two_sd", "Screen: two standard deviations", "flag"],
        *END,
    ],
    "representation_trend": [
        ["when", "Snapshot", "text"],
        BENCHMARK,
        GROUP,
        *_COUNTED,
        ["change", "Change since the snapshot before, points", "points"],
        ["population_share", "Share of the benchmark", "percent"],
        ["difference", "Difference in points", "points"],
        *_RATIO,
        ["break_before", "Categories changed before", "flag"],
        ["break_reason", "Seen by", "text"],
        *END,
    ],
    "diversity": [
        STRATUM,
        BENCHMARK,
        ["index", "Index", "text"],
        ["n", "All whose group is known", "whole"],
        ["groups", "Groups compared", "whole"],
        ["workforce", "Workforce", "ratio"],
        ["community", "Benchmark", "ratio"],
        ["value", "What is judged", "ratio"],
        ["null_mean", "By chance alone, mean", "ratio"],
        ["null_low", "By chance alone, low end", "ratio"],
        ["null_high", "By chance alone, high end", "ratio"],
        *P,
        *END,
    ],
}

ON_PAGE: dict[str, tuple[str, ...]] = {
    "representation": (
        *("stratum", "benchmark", "group", "x", "n", "share", "population_share"),
        *("ratio", "ratio_low", "ratio_high", "shortfall", "hires_needed", "p_adjusted"),
        *("screen_any_difference", "screen_whole_person", "screen_80", "screen_two_sd"),
    ),
    "representation_trend": (
        *("when", "benchmark", "group", "x", "n", "share", "change", "population_share"),
        *("ratio", "ratio_low", "ratio_high", "break_before", "break_reason"),
    ),
    "diversity": (
        *("stratum", "benchmark", "index", "n", "groups", "workforce", "community"),
        *("null_low", "null_high", "p_adjusted"),
    ),
}
