"""How each measure's table is read: column, heading in plain words, format."""

from __future__ import annotations

__all__ = ["COLUMNS", "ON_PAGE"]

_STRATUM = ["stratum", "Part", "text"]
_GROUP = ["group", "Group", "text"]
_REFERENCE = ["reference", "Compared with", "text"]
_BENCHMARK = ["benchmark", "Benchmark", "text"]
_STAGE = ["stage", "Stage", "text"]
_RATIO = [
    ["ratio", "Ratio to the comparison", "ratio"],
    ["ratio_low", "Ratio, low end", "ratio"],
    ["ratio_high", "Ratio, high end", "ratio"],
]
_P = [
    ["p_value", "p-value", "p"],
    ["p_adjusted", "p-value, adjusted for the number of comparisons", "p"],
]
_END = [
    ["unknown", "Group not known", "whole"],
    ["method", "Method", "text"],
    ["reason", "Why a figure is missing", "text"],
]


def _rates(x: str, x_known: str, rate: str, more: list[list[str]]) -> list[list[str]]:
    return [
        _STRATUM,
        _GROUP,
        _REFERENCE,
        ["x", x, "whole"],
        ["x_known", x_known, "whole"],
        ["rate", rate, "percent"],
        ["low", f"{rate}, low end", "percent"],
        ["high", f"{rate}, high end", "percent"],
        *_RATIO,
        ["difference", "Difference in points", "points"],
        ["difference_low", "Difference, low end", "points"],
        ["difference_high", "Difference, high end", "points"],
        *_P,
        *more,
        *_END,
    ]


COLUMNS: dict[str, list[list[str]]] = {
    "rates": _rates("Yes", "Yes or no known", "Rate", [["n", "All records", "whole"]]),
    "hit_rates": _rates(
        "Searches that found something",
        "Searches counted",
        "Hit rate",
        [
            ["n", "All searches", "whole"],
            ["left_out_basis", "Left out, legal basis", "whole"],
            ["left_out_unknown", "Left out, outcome not known", "whole"],
        ],
    ),
    "stop_rates": [
        _STRATUM,
        _BENCHMARK,
        _GROUP,
        _REFERENCE,
        ["n", "Stops", "whole"],
        ["share", "Share of stops", "percent"],
        ["population", "People in the benchmark", "whole"],
        ["population_moe", "Margin of error (90%)", "whole"],
        ["population_share", "Share of the benchmark", "percent"],
        ["expected", "Stops expected from the share", "number"],
        ["rate", "Stops per 1,000 people, all years shown", "per_thousand"],
        *_RATIO,
        *_P,
        *_END,
    ],
    "representation": [
        _STRATUM,
        _BENCHMARK,
        _GROUP,
        ["x", "People of this group", "whole"],
        ["n", "All whose group is known", "whole"],
        ["share", "Share", "percent"],
        ["low", "Share, low end", "percent"],
        ["high", "Share, high end", "percent"],
        ["population", "People in the benchmark", "whole"],
        ["population_total", "Benchmark, all groups", "whole"],
        ["population_share", "Share of the benchmark", "percent"],
        ["population_share_se", "Its standard error, points", "points"],
        ["ratio", "Ratio to the benchmark", "ratio"],
        ["ratio_low", "Ratio, low end", "ratio"],
        ["ratio_high", "Ratio, high end", "ratio"],
        ["difference", "Difference in points", "points"],
        ["expected", "People expected from the share", "number"],
        ["shortfall", "Shortfall, whole people", "whole"],
        ["shortfall_exact", "Shortfall before rounding", "number"],
        ["hires_needed", "Hires needed if the workforce grows", "whole"],
        ["z", "z", "ratio"],
        ["p_value", "p-value", "p"],
        ["p_exact", "p-value, exact binomial", "p"],
        ["p_adjusted", "p-value, adjusted for the number of comparisons", "p"],
        *_END,
    ],
    "adverse_impact": [
        _STRATUM,
        _STAGE,
        _GROUP,
        _REFERENCE,
        ["n", "Entered", "whole"],
        ["x_known", "Result known", "whole"],
        ["x", "Passed", "whole"],
        ["selection_rate", "Selection rate", "percent"],
        ["low", "Selection rate, low end", "percent"],
        ["high", "Selection rate, high end", "percent"],
        ["impact_ratio", "Impact ratio", "ratio"],
        ["ratio_low", "Impact ratio, low end", "ratio"],
        ["ratio_high", "Impact ratio, high end", "ratio"],
        ["below_four_fifths", "Below four-fifths", "flag"],
        ["too_few", "Too few people to tell", "flag"],
        ["flip_ratio", "Ratio with one person exchanged", "ratio"],
        ["share_of_pool", "Share of the pool", "percent"],
        ["judged", "Large enough to compare", "flag"],
        ["difference", "Difference in points", "points"],
        ["odds_ratio", "Odds ratio", "ratio"],
        ["cohens_h", "Cohen's h", "ratio"],
        ["rejection_ratio", "Ratio of rejection rates", "ratio"],
        ["shortfall_pooled", "Shortfall against the rate of all", "number"],
        ["shortfall_reference", "Shortfall against the comparison", "number"],
        ["z", "z", "ratio"],
        ["p_value", "p-value", "p"],
        ["p_fisher", "p-value, Fisher", "p"],
        ["p_mid", "p-value, mid-p", "p"],
        ["p_boschloo", "p-value, Boschloo", "p"],
        ["p_z", "p-value, z", "p"],
        ["p_adjusted", "p-value, adjusted for the number of comparisons", "p"],
        *_END,
    ],
    "stage_decomposition": [
        _STRATUM,
        _STAGE,
        _GROUP,
        _REFERENCE,
        ["n", "Entered", "whole"],
        ["x", "Passed", "whole"],
        ["impact_ratio", "Ratio of this stage", "ratio"],
        ["ratio_low", "Ratio, low end", "ratio"],
        ["ratio_high", "Ratio, high end", "ratio"],
        ["log_ratio", "Logarithm of the ratio", "ratio"],
        ["low", "Logarithm, low end", "ratio"],
        ["high", "Logarithm, high end", "ratio"],
        *_P,
        ["share_of_total", "Share of the whole", "percent"],
        ["reason", "Why a figure is missing", "text"],
    ],
    "coverage": [
        ["year", "Year", "text"],
        ["month", "Month", "text"],
        ["n", "Records", "whole"],
        ["n_known", "Group known", "whole"],
        ["share_known", "Share with a known group", "percent"],
        ["missing", "No records", "flag"],
        ["thin", "Few records", "flag"],
        ["reason", "Note", "text"],
    ],
    "ledger": [
        ["step", "Step", "text"],
        ["because", "Because", "text"],
        ["rows", "Rows left", "whole"],
        ["left_out", "Left out", "whole"],
    ],
}
"""Measure -> list of [column, heading, format], in the order in which they are read.

Formats: text; whole; number; ratio; percent (of a share 0..1); points (a difference of shares, as
percentage points); per_thousand; p (a p-value); flag (yes or no).
"""

_COMPARED = ("ratio", "ratio_low", "ratio_high", "p_adjusted")

ON_PAGE: dict[str, tuple[str, ...]] = {
    "rates": ("stratum", "group", "x", "x_known", "rate", *_COMPARED),
    "hit_rates": (
        *("stratum", "group", "x", "x_known", "rate", *_COMPARED),
        *("left_out_basis", "left_out_unknown"),
    ),
    "stop_rates": (
        *("stratum", "benchmark", "group", "n", "share", "population", "population_share"),
        *_COMPARED,
    ),
    "representation": (
        *("stratum", "benchmark", "group", "x", "n", "share", "population_share"),
        *("ratio", "ratio_low", "ratio_high", "shortfall", "hires_needed", "p_adjusted"),
    ),
    "adverse_impact": (
        *("stratum", "stage", "group", "reference", "x", "x_known", "selection_rate"),
        *("impact_ratio", "ratio_low", "ratio_high", "below_four_fifths", "too_few", "judged"),
        "p_adjusted",
    ),
    "stage_decomposition": (
        *("stratum", "stage", "group", "reference", "x", "n"),
        *("impact_ratio", "ratio_low", "ratio_high", "p_adjusted"),
    ),
}
"""Measure -> the columns that a page lists; a download has all of `COLUMNS`."""
