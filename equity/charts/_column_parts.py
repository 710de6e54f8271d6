"""Columns that the tables of several measures share: column, heading, format."""

from __future__ import annotations

__all__ = [
    "BENCHMARK",
    "END",
    "GROUP",
    "LEFT_OUT",
    "P",
    "RATIO",
    "REFERENCE",
    "STAGE",
    "STRATUM",
]

STRATUM = ["stratum", "Part", "text"]
GROUP = ["group", "Group", "text"]
REFERENCE = ["reference", "Compared with", "text"]
BENCHMARK = ["benchmark", "Benchmark", "text"]
STAGE = ["stage", "Stage", "text"]
RATIO = [
    ["ratio", "Ratio to the comparison", "ratio"],
    ["ratio_low", "Ratio, low end", "ratio"],
    ["ratio_high", "Ratio, high end", "ratio"],
]
P = [
    ["p_value", "p-value", "p"],
    ["p_adjusted", "p-value, adjusted for the number of comparisons", "p"],
]
LEFT_OUT = [
    ["n", "All searches", "whole"],
    ["left_out_basis", "Left out, legal basis", "whole"],
    ["left_out_unknown", "Left out, outcome not known", "whole"],
]
END = [
    ["unknown", "Group not known", "whole"],
    ["method", "Method", "text"],
    ["reason", "Why a figure is missing", "text"],
]
