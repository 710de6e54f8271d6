"""One question per file: counts in, a tidy table out, figures beside the counts they rest on."""

from equity.measures.adverse_impact import adverse_impact
from equity.measures.clock import clock
from equity.measures.coverage import coverage
from equity.measures.daylight_shares import daylight_shares
from equity.measures.evidence_ladder import evidence_ladder
from equity.measures.hit_rates import hit_rates
from equity.measures.kpt_test import kpt_test
from equity.measures.officers import officers
from equity.measures.rates import rates
from equity.measures.recording import recording
from equity.measures.representation import representation
from equity.measures.robust_outcome_test import robust_outcome_test
from equity.measures.stage_decomposition import stage_decomposition
from equity.measures.standardized_rates import standardized_rates
from equity.measures.stop_rates import stop_rates
from equity.measures.threshold_test import threshold_test
from equity.measures.trend import trend
from equity.measures.veil_of_darkness import veil_of_darkness

__all__ = [
    "adverse_impact",
    "clock",
    "coverage",
    "daylight_shares",
    "evidence_ladder",
    "hit_rates",
    "kpt_test",
    "officers",
    "rates",
    "recording",
    "representation",
    "robust_outcome_test",
    "stage_decomposition",
    "standardized_rates",
    "stop_rates",
    "threshold_test",
    "trend",
    "veil_of_darkness",
]
