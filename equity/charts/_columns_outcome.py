"""How the tables of the outcome tests are read: column, heading in plain words, format."""

from __future__ import annotations

from equity.charts._column_parts import END, GROUP, LEFT_OUT, REFERENCE, STRATUM, P

__all__ = ["COLUMNS", "ON_PAGE"]

COLUMNS: dict[str, list[list[str]]] = {
    "kpt_test": [
        STRATUM,
        ["groups", "Groups compared", "whole"],
        ["x", "Searches that found something", "whole"],
        ["x_known", "Searches counted", "whole"],
        ["rate", "Hit rate, all groups", "percent"],
        ["chi2", "Chi-square", "number"],
        ["df", "Degrees of freedom", "whole"],
        *P,
        ["p_chi2", "p-value, chi-square", "p"],
        ["p_exact", "p-value, all tables with these totals", "p"],
        ["expected_least", "Fewest expected in a group", "number"],
        ["lowest", "Lowest hit rate", "text"],
        ["lowest_x", "Lowest: found something", "whole"],
        ["lowest_x_known", "Lowest: searches counted", "whole"],
        ["lowest_rate", "Lowest: hit rate", "percent"],
        ["lowest_low", "Lowest: hit rate, low end", "percent"],
        ["lowest_high", "Lowest: hit rate, high end", "percent"],
        ["highest", "Highest hit rate", "text"],
        ["highest_x", "Highest: found something", "whole"],
        ["highest_x_known", "Highest: searches counted", "whole"],
        ["highest_rate", "Highest: hit rate", "percent"],
        ["highest_low", "Highest: hit rate, low end", "percent"],
        ["highest_high", "Highest: hit rate, high end", "percent"],
        *LEFT_OUT,
        *END,
    ],
    "robust_outcome_test": [
        STRATUM,
        GROUP,
        REFERENCE,
        ["reads", "It reads", "text"],
        ["x", "Discretionary searches", "whole"],
        ["x_known", "Stops, search or not known", "whole"],
        ["search_rate", "Search rate", "percent"],
        ["search_rate_reference", "Search rate of the comparison", "percent"],
        ["search_ratio", "Search rates, ratio", "ratio"],
        ["search_low", "Search rates, ratio, low end", "ratio"],
        ["search_high", "Search rates, ratio, high end", "ratio"],
        ["hits", "Searches that found something", "whole"],
        ["searches", "Searches counted", "whole"],
        ["hit_rate", "Hit rate", "percent"],
        ["hit_rate_reference", "Hit rate of the comparison", "percent"],
        ["hit_ratio", "Hit rates, ratio", "ratio"],
        ["hit_low", "Hit rates, ratio, low end", "ratio"],
        ["hit_high", "Hit rates, ratio, high end", "ratio"],
        ["conclusion", "Conclusion", "text"],
        ["p_search", "p-value, search rates", "p"],
        ["p_hit", "p-value, hit rates", "p"],
        *P,
        ["n", "Stops", "whole"],
        *LEFT_OUT[1:],
        *END,
    ],
}

ON_PAGE: dict[str, tuple[str, ...]] = {
    "kpt_test": (
        *("stratum", "groups", "x", "x_known", "rate", "chi2", "df", "p_adjusted"),
        *("lowest", "lowest_rate", "highest", "highest_rate"),
        *("left_out_basis", "left_out_unknown"),
    ),
    "robust_outcome_test": (
        *("stratum", "group", "reads", "search_rate", "search_ratio", "search_low"),
        *("search_high", "hit_rate", "hit_ratio", "hit_low", "hit_high", "p_adjusted"),
        *("left_out_basis", "left_out_unknown"),
    ),
}
