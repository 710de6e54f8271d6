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
from equity.proportions.rate_ratio import RateRatio, rate_ratio
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
    "Interval",
    "RateRatio",
    "TwoByTwo",
    "benjamini_hochberg",
    "binomial_test",
    "boschloo",
    "clopper_pearson",
    "difference_interval",
    "fisher",
    "holm",
    "katz",
    "koopman",
    "mid_p",
    "miettinen_nurminen",
    "newcombe",
    "pooled_z",
    "proportion_interval",
    "rate_ratio",
    "ratio_interval",
    "two_by_two_test",
    "wilson",
]
