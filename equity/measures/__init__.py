"""One question per file: counts in, a tidy table out, figures beside the counts they rest on."""

from equity.measures.adverse_impact import adverse_impact
from equity.measures.clock import clock
from equity.measures.coverage import coverage
from equity.measures.daylight_shares import daylight_shares
from equity.measures.diversity import diversity
from equity.measures.evidence_ladder import evidence_ladder
from equity.measures.exits import exits
from equity.measures.funnel import funnel
from equity.measures.hit_rates import hit_rates
from equity.measures.kpt_test import kpt_test
from equity.measures.missing_bounds import missing_bounds
from equity.measures.officers import officers
from equity.measures.parity_projection import parity_projection
from equity.measures.pooled import pooled
from equity.measures.rates import rates
from equity.measures.recording import recording
from equity.measures.representation import representation
from equity.measures.representation_trend import representation_trend
from equity.measures.retention import retention
from equity.measures.robust_outcome_test import robust_outcome_test
from equity.measures.stage_decomposition import stage_decomposition
from equity.measures.standardized_rates import standardized_rates
from equity.measures.stop_rates import stop_rates
from equity.measures.threshold_test import threshold_test
from equity.measures.time_to_stage import time_to_stage
from equity.measures.trend import trend
from equity.measures.veil_of_darkness import veil_of_darkness

__all__ = [
    "adverse_impact",
    "clock",
    "coverage",
    "daylight_shares",
    "diversity",
    "evidence_ladder",
    "exits",
    "funnel",
    "hit_rates",
    "kpt_test",
    "missing_bounds",
    "officers",
    "parity_projection",
    "pooled",
    "rates",
    "recording",
    "representation",
    "representation_trend",
    "retention",
    "robust_outcome_test",
    "stage_decomposition",
    "standardized_rates",
    "stop_rates",
    "threshold_test",
    "time_to_stage",
    "trend",
    "veil_of_darkness",
]
