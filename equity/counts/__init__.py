"""The one pass over rows: any engine in, a small table of counts out; rows of people end here.

Privacy room. A count table holds no person's record, but its small cells can still tell about
people: it is for inside the agency. What may leave the house is decided in `equity.disclosure`.
"""

from equity.counts._add import add_counts
from equity.counts._count import count, count_all
from equity.counts._table import CountTable, read_counts

__all__ = ["CountTable", "add_counts", "count", "count_all", "read_counts"]
