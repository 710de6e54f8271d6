"""One chart per measure, under the measure's name.

Each takes the table of its measure and returns an Altair chart whose only data is the one named
data set `table`: the table's rows as they are, and columns that say where and how a row is drawn.
`COLUMNS` says how each table is read as a table.
"""

from equity.charts._columns import COLUMNS, ON_PAGE
from equity.charts._print import print_version
from equity.charts._style import PALETTE, theme
from equity.charts.adverse_impact import adverse_impact
from equity.charts.clock import clock
from equity.charts.coverage import coverage
from equity.charts.daylight_shares import daylight_shares
from equity.charts.diversity import diversity
from equity.charts.evidence_ladder import evidence_ladder
from equity.charts.exits import exits
from equity.charts.funnel import funnel
from equity.charts.kpt_test import kpt_test
from equity.charts.ledger import ledger
from equity.charts.missing_bounds import missing_bounds
from equity.charts.officers import officers
from equity.charts.outcome_scatter import outcome_scatter
from equity.charts.parity_projection import parity_projection
from equity.charts.pooled import pooled
from equity.charts.rates import hit_rates, rates
from equity.charts.recording import recording
from equity.charts.representation import representation
from equity.charts.representation_trend import representation_trend
from equity.charts.retention import retention
from equity.charts.robust_outcome_test import robust_outcome_test
from equity.charts.stage_decomposition import stage_decomposition
from equity.charts.standardized_rates import standardized_rates
from equity.charts.stop_rates import stop_rates
from equity.charts.threshold_test import threshold_test
from equity.charts.time_to_stage import time_to_stage
from equity.charts.trend import trend
from equity.charts.veil_of_darkness import veil_of_darkness

__all__ = [
    "COLUMNS",
    "ON_PAGE",
    "PALETTE",
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
    "ledger",
    "missing_bounds",
    "officers",
    "outcome_scatter",
    "parity_projection",
    "pooled",
    "print_version",
    "rates",
    "recording",
    "representation",
    "representation_trend",
    "retention",
    "robust_outcome_test",
    "stage_decomposition",
    "standardized_rates",
    "stop_rates",
    "theme",
    "threshold_test",
    "time_to_stage",
    "trend",
    "veil_of_darkness",
]
