"""Intervals and tests for counts, over whole arrays; knows nothing of people.

Every function takes counts as numbers or arrays of one shape (or shapes that broadcast) and
answers in that shape. A count that is not known is NaN and gives NaN; 0 of 0 gives NaN; a count
that cannot be (negative, not whole, more than there are) raises ValueError.
"""

from equity.proportions.adjust import benjamini_hochberg, holm
from equity.proportions.binomial import BinomialTest, binomial_test
from equity.proportions.intervals import (
    Interval,
    clopper_pearson,
    difference_interval,
    katz,
    koopman,
    miettinen_nurminen,
    newcombe,
    proportion_interval,
    ratio_interval,
    wilson,
)
from equity.proportions.log_rank import LogRank, log_rank
from equity.proportions.power import detectable_below, two_proportion_power
from equity.proportions.rate_ratio import RateRatio, rate_ratio
from equity.proportions.stratified import (
    EXACT_LIMIT,
    ExactTest,
    Homogeneity,
    MantelHaenszelTest,
    PooledRatio,
    breslow_day,
    exact_conditional,
    informative,
    mantel_haenszel,
    pooled_odds_ratio,
    pooled_risk_ratio,
)
from equity.proportions.survival import (
    LifeTable,
    Quantile,
    RestrictedMean,
    Survival,
    kaplan_meier,
    life_table,
    restricted_mean,
    restricted_mean_difference,
    survival_quantile,
)
from equity.proportions.two_by_two import (
    BOSCHLOO_LIMIT,
    TwoByTwo,
    boschloo,
    fisher,
    mid_p,
    pooled_z,
    two_by_two_test,
)

__all__ = [
    "BOSCHLOO_LIMIT",
    "BinomialTest",
    "EXACT_LIMIT",
    "ExactTest",
    "Homogeneity",
    "Interval",
    "LifeTable",
    "LogRank",
    "Quantile",
    "MantelHaenszelTest",
    "PooledRatio",
    "RateRatio",
    "RestrictedMean",
    "Survival",
    "TwoByTwo",
    "benjamini_hochberg",
    "binomial_test",
    "boschloo",
    "breslow_day",
    "clopper_pearson",
    "detectable_below",
    "difference_interval",
    "exact_conditional",
    "fisher",
    "holm",
    "kaplan_meier",
    "informative",
    "katz",
    "koopman",
    "life_table",
    "log_rank",
    "mantel_haenszel",
    "mid_p",
    "miettinen_nurminen",
    "newcombe",
    "pooled_odds_ratio",
    "pooled_risk_ratio",
    "pooled_z",
    "proportion_interval",
    "rate_ratio",
    "ratio_interval",
    "restricted_mean",
    "restricted_mean_difference",
    "survival_quantile",
    "two_by_two_test",
    "two_proportion_power",
    "wilson",
]
