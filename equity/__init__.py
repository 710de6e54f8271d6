"""Who a police department hires, keeps and stops, and how that compares with its community.

The names an analyst types::

    import equity as eq

    stops = eq.sources.opp.read("stops.csv")
    cohort = eq.Cohort(stops).keep(eq.col("type") == "vehicular", because="drivers only")
    counts = eq.count(cohort, by=["subject_race"], of=["search_conducted"])
    eq.rates(counts, of="search_conducted", group="subject_race", reference="white")

Charts, widgets and the agency's file are loaded when they are first used, so that importing the
library stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from equity import groups, tables
from equity.cohorts import Cohort, col
from equity.counts import CountTable, add_counts, count, count_all, read_counts
from equity.daylight import add_daylight, sun_times
from equity.durations import add_flows, service_spells, stage_waits
from equity.measures import (
    adverse_impact,
    clock,
    coverage,
    daylight_shares,
    diversity,
    evidence_ladder,
    exits,
    funnel,
    hit_rates,
    kpt_test,
    missing_bounds,
    officers,
    parity_projection,
    pooled,
    rates,
    recording,
    representation,
    representation_trend,
    retention,
    robust_outcome_test,
    stage_decomposition,
    standardized_rates,
    stop_rates,
    threshold_test,
    time_to_stage,
    trend,
    veil_of_darkness,
)
from equity.measures.evidence_ladder import Evidence
from equity.measures.parity_projection import THIRTY_BY_30

if TYPE_CHECKING:
    from equity import agency, case_studies, charts, sample, sources, widgets

__version__ = "0.1.0"

__all__ = [
    "Cohort",
    "CountTable",
    "THIRTY_BY_30",
    "Evidence",
    "add_counts",
    "add_daylight",
    "add_flows",
    "adverse_impact",
    "agency",
    "case_studies",
    "charts",
    "clock",
    "col",
    "count",
    "count_all",
    "coverage",
    "daylight_shares",
    "diversity",
    "evidence_ladder",
    "exits",
    "funnel",
    "groups",
    "hit_rates",
    "kpt_test",
    "missing_bounds",
    "officers",
    "parity_projection",
    "pooled",
    "rates",
    "read_counts",
    "recording",
    "representation",
    "representation_trend",
    "retention",
    "robust_outcome_test",
    "sample",
    "sources",
    "service_spells",
    "stage_decomposition",
    "stage_waits",
    "standardized_rates",
    "stop_rates",
    "sun_times",
    "tables",
    "threshold_test",
    "time_to_stage",
    "trend",
    "veil_of_darkness",
    "widgets",
]

_ROOMS = ("agency", "case_studies", "charts", "sample", "sources", "widgets")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"equity.{name}")
    raise AttributeError(f"equity has no name {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS})
