"""How the table of the threshold test is read: column, heading in plain words, format."""

from __future__ import annotations

from equity.charts._column_parts import END, GROUP, REFERENCE, STRATUM

__all__ = ["COLUMNS", "ON_PAGE"]

COLUMNS: dict[str, list[list[str]]] = {
    "threshold_test": [
        STRATUM,
        GROUP,
        REFERENCE,
        ["prior_scale", "Width of the priors, times", "ratio"],
        ["n", "Stops", "whole"],
        ["x", "Searches counted", "whole"],
        ["hits", "Searches that found something", "whole"],
        ["threshold", "Threshold, chance of contraband", "percent"],
        ["low", "Threshold, low end", "percent"],
        ["high", "Threshold, high end", "percent"],
        ["difference", "Difference to the comparison, points", "points"],
        ["difference_low", "Difference, low end", "points"],
        ["difference_high", "Difference, high end", "points"],
        ["search_rate", "Search rate", "percent"],
        ["search_rate_model", "Search rate by the model", "percent"],
        ["hit_rate", "Hit rate", "percent"],
        ["hit_rate_model", "Hit rate by the model", "percent"],
        ["search_rms", "Search rates, model off by (points)", "points"],
        ["hit_rms", "Hit rates, model off by (points)", "points"],
        ["search_covered", "Areas with the search rate as predicted", "percent"],
        ["hit_covered", "Areas with the hit rate as predicted", "percent"],
        ["converged", "Converged", "flag"],
        ["rhat", "R-hat, largest", "number"],
        ["ess", "Effective sample size, least", "whole"],
        ["divergences", "Divergences", "whole"],
        ["draws", "Draws", "whole"],
        ["areas", "Areas", "whole"],
        ["left_out_basis", "Searches of another legal basis, as no search", "whole"],
        ["left_out_unknown", "Searches left out, outcome not known", "whole"],
        ["left_out", "Stops left out", "whole"],
        *END,
    ],
}

ON_PAGE: dict[str, tuple[str, ...]] = {
    "threshold_test": (
        *("stratum", "group", "prior_scale", "n", "x", "hits", "threshold", "low", "high"),
        *("difference", "difference_low", "difference_high", "converged"),
    ),
}
