"""One question per file: counts in, a tidy table out, figures beside the counts they rest on."""

from equity.measures.adverse_impact import adverse_impact
from equity.measures.coverage import coverage
from equity.measures.hit_rates import hit_rates
from equity.measures.rates import rates
from equity.measures.representation import representation
from equity.measures.stage_decomposition import stage_decomposition
from equity.measures.stop_rates import stop_rates

__all__ = [
    "adverse_impact",
    "coverage",
    "hit_rates",
    "rates",
    "representation",
    "stage_decomposition",
    "stop_rates",
]
