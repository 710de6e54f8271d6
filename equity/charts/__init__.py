"""One chart per measure, under the measure's name.

Each takes the table of its measure and returns an Altair chart whose only data is the one named
data set `table`: the table's rows as they are, and columns that say where and how a row is drawn.
`COLUMNS` says how each table is read as a table.
"""

from equity.charts._columns import COLUMNS, ON_PAGE
from equity.charts._print import print_version
from equity.charts._style import PALETTE, theme
from equity.charts.adverse_impact import adverse_impact
from equity.charts.coverage import coverage
from equity.charts.ledger import ledger
from equity.charts.rates import hit_rates, rates
from equity.charts.representation import representation
from equity.charts.stage_decomposition import stage_decomposition
from equity.charts.stop_rates import stop_rates

__all__ = [
    "COLUMNS",
    "ON_PAGE",
    "PALETTE",
    "adverse_impact",
    "coverage",
    "hit_rates",
    "ledger",
    "print_version",
    "rates",
    "representation",
    "stage_decomposition",
    "stop_rates",
    "theme",
]
