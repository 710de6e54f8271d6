"""How the tables of who stays, who waits and who leaves are read: column, heading, format."""

from __future__ import annotations

from equity.charts._column_parts import END, GROUP, RATIO, REFERENCE, STAGE, STRATUM, P

__all__ = ["COLUMNS", "ON_PAGE"]

_LEFT_OUT = ["left_out", "Left out, months not known", "whole"]

COLUMNS: dict[str, list[list[str]]] = {
    "retention": [
        STRATUM,
        GROUP,
        REFERENCE,
        ["months", "Months since hire", "whole"],
        ["n_at_risk", "People seen in service then", "whole"],
        ["left", "Left before", "whole"],
        ["survival", "Still in service", "percent"],
        ["low", "Still in service, low end", "percent"],
        ["high", "Still in service, high end", "percent"],
        ["n", "People seen in these years", "whole"],
        ["x", "Left in these years", "whole"],
        ["months_lost", "Months of service lost, mean", "number"],
        ["lost_difference", "Months lost more than the comparison", "number"],
        ["lost_low", "Months lost more, low end", "number"],
        ["lost_high", "Months lost more, high end", "number"],
        *P,
        ["restricted_mean", "Months served, mean", "number"],
        ["rm_low", "Months served, low end", "number"],
        ["rm_high", "Months served, high end", "number"],
        ["since", "Months since hire from which it is counted", "whole"],
        ["too_few", "Too few people to tell", "flag"],
        _LEFT_OUT,
        *END,
    ],
    "time_to_stage": [
        STRATUM,
        STAGE,
        GROUP,
        REFERENCE,
        ["n", "Reached it or waits", "whole"],
        ["x", "Reached it", "whole"],
        ["pending", "Still waiting", "whole"],
        ["median", "Median days", "number"],
        ["low", "Median days, low end", "number"],
        ["high", "Median days, high end", "number"],
        ["quartile_1", "Days for the first quarter", "number"],
        ["quartile_3", "Days for three quarters", "number"],
        ["difference", "Median days more than the comparison", "number"],
        *P,
        ["left_out", "Left out, days not known", "whole"],
        *END,
    ],
    "exits": [
        STRATUM,
        ["exit_reason", "Recorded reason", "text"],
        GROUP,
        REFERENCE,
        ["x", "Exits for this reason", "whole"],
        ["n", "All exits of the group", "whole"],
        ["share", "Share of its exits", "percent"],
        ["low", "Share, low end", "percent"],
        ["high", "Share, high end", "percent"],
        ["person_years", "Years of service seen", "whole"],
        ["rate", "Exits per 100 years of service", "number"],
        ["rate_low", "Exits per 100 years, low end", "number"],
        ["rate_high", "Exits per 100 years, high end", "number"],
        *RATIO,
        *P,
        _LEFT_OUT,
        *END,
    ],
}

ON_PAGE: dict[str, tuple[str, ...]] = {
    "retention": (
        *("stratum", "group", "months", "n_at_risk", "left", "survival", "low", "high"),
        *("n", "x", "months_lost", "lost_difference", "p_adjusted", "too_few"),
    ),
    "time_to_stage": (
        *("stratum", "stage", "group", "n", "x", "pending", "median", "low", "high"),
        *("quartile_1", "quartile_3", "difference", "p_adjusted"),
    ),
    "exits": (
        *("stratum", "exit_reason", "group", "x", "n", "share", "person_years", "rate"),
        *("rate_low", "rate_high", "ratio", "ratio_low", "ratio_high", "p_adjusted"),
    ),
}
