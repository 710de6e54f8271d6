"""How the table of pooled comparisons is read: column, heading in plain words, format."""

from __future__ import annotations

from equity.charts._column_parts import END, GROUP, REFERENCE, STAGE, STRATUM, P

__all__ = ["COLUMNS", "ON_PAGE"]

COLUMNS: dict[str, list[list[str]]] = {
    "pooled": [
        STRATUM,
        STAGE,
        GROUP,
        REFERENCE,
        ["x", "Passed", "whole"],
        ["n", "With a known outcome", "whole"],
        ["x_reference", "Comparison: passed", "whole"],
        ["n_reference", "Comparison: with a known outcome", "whole"],
        ["expected", "Expected at the same odds", "number"],
        ["odds_ratio", "Odds ratio", "ratio"],
        ["low", "Odds ratio, low end", "ratio"],
        ["high", "Odds ratio, high end", "ratio"],
        ["risk_ratio", "Ratio of rates", "ratio"],
        ["ratio_low", "Ratio of rates, low end", "ratio"],
        ["ratio_high", "Ratio of rates, high end", "ratio"],
        ["withheld", "Withheld, parts differ", "flag"],
        ["chi2", "Chi-square (Mantel-Haenszel)", "number"],
        *P,
        ["comparisons", "Comparisons adjusted for", "whole"],
        ["p_chi2", "p-value, chi-square", "p"],
        ["p_exact", "p-value, exact", "p"],
        ["strata", "Parts used", "whole"],
        ["strata_without_information", "Parts that tell nothing", "whole"],
        ["left_out", "Left out", "text"],
        ["breslow_day", "Breslow-Day", "number"],
        ["breslow_day_df", "Degrees of freedom", "whole"],
        ["tarone", "Breslow-Day, Tarone's correction", "number"],
        ["p_tarone", "p-value, Breslow-Day with Tarone's correction", "p"],
        ["p_homogeneity", "p-value, parts agree", "p"],
        ["homogeneous", "No sign that parts differ", "flag"],
        *END,
    ],
}

ON_PAGE: dict[str, tuple[str, ...]] = {
    "pooled": (
        *("stratum", "stage", "group", "x", "n", "x_reference", "n_reference", "odds_ratio"),
        *("low", "high", "p_adjusted", "p_homogeneity", "withheld"),
    ),
}
