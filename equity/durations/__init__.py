"""How long people stay and wait: who joined and left between snapshots, service, waits.

Rows of people become rows with durations here: completed months of service with delayed entry,
and days from application to a stage with those still waiting. Counts and life tables follow.
"""

from equity.durations.flows import add_flows
from equity.durations.service import service_spells
from equity.durations.waits import stage_waits

__all__ = ["add_flows", "service_spells", "stage_waits"]
