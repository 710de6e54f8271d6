"""Disclosure control: which counts of people may be shown, so that no small one can be worked out.

A count of 1 to 9 people (below `minimum`) can point at a person, so it is hidden, and so is every
further number from which it could be computed or narrowed down. All tables of a site are taken
together: their totals, years, stages and common columns are linked, and each link is an equation.

The attacker assumed knows everything published, that zeros are published (a hidden count is at
least 1), which combinations of groups occur where not every combination can be modelled, and all
links. Of every hidden count of 1 to ``minimum - 1`` the attacker's range must reach from 1 (or
from the least that is possible at all for a sum of several counts of at least 1, were every count
but the zeros hidden) to at least ``minimum - 1``; of every other hidden count it must be at least
one wide.

What this cannot do: it counts on everybody knowing nothing about single people beforehand; and it
does not cover what was published elsewhere.
"""

from equity.disclosure._body import Disclosed, Margin, Table, hidden_reason
from equity.disclosure._ledger import publishable
from equity.disclosure._models import RULES, passes
from equity.disclosure._protect import Protection, protect
from equity.disclosure._releases import changed, known_from

__all__ = [
    "RULES",
    "Disclosed",
    "Margin",
    "Protection",
    "Table",
    "changed",
    "hidden_reason",
    "known_from",
    "passes",
    "protect",
    "publishable",
]
