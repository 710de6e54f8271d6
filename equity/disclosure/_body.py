"""What is to be protected: the tables of one body of records, and the margins of them shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

__all__ = ["Disclosed", "Margin", "Table", "hidden_reason"]


class Disclosed(ValueError):
    """Something would be given away: nothing may be published until a table is coarser."""


@dataclass(frozen=True)
class Table:
    """Counts of one body of records: how many in each combination of groups, and how many yes.

    Attributes
    ----------
    frame : the `by` columns, `n` (records), and for each flag ``f`` of `of` the columns ``f`` (how
        many yes) and ``f_known`` (how many yes or no); the shape of a count table. A missing value
        in a `by` column is a category of its own, "not known".
    by, of : names of the columns counted by, and of the flags.
    chain : the flags are stages in this order: who passed a stage had passed the one before. What
        of this holds in every row is taken as known to everybody.
    untold : columns of people's groups -> the value that stands for "not known". How many people
        (`n`) did not say what they are tells of nobody what they are, so it is published however
        few they are, unless another of these columns is told in the same cell. What became of
        them is protected like everything else.

    Raises
    ------
    ValueError
        A column is not there, or a count is missing, negative or not whole, or yes exceeds known,
        or known exceeds `n`.
    """

    frame: pd.DataFrame
    by: tuple[str, ...]
    of: tuple[str, ...] = ()
    chain: bool = False
    untold: Mapping[str, str] = field(default_factory=dict)
    unresolved: bool = False
    prized: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is not a table of counts."""
        object.__setattr__(self, "by", tuple(self.by))
        object.__setattr__(self, "of", tuple(self.of))
        wanted = [*self.by, "n", *(c for f in self.of for c in (f, f"{f}_known"))]
        lacking = [c for c in wanted if c not in self.frame.columns]
        if lacking:
            raise ValueError(f"The table has no column {lacking[0]!r}.")
        for column in wanted[len(self.by) :]:
            values = pd.to_numeric(self.frame[column])
            if values.isna().any() or (values < 0).any() or (values % 1 != 0).any():
                raise ValueError(f"{column!r} holds something that is not a count (0, 1, 2 ...).")
        for flag in self.of:
            yes, known = self.frame[flag], self.frame[f"{flag}_known"]
            if (yes > known).any() or (known > self.frame["n"]).any():
                raise ValueError(
                    f"{flag!r}: there must be yes <= known <= n in every row of the table."
                )


@dataclass(frozen=True)
class Margin:
    """One table of a page: counts by some columns, of a part, with all its totals.

    Attributes
    ----------
    table : the name of a table of the body.
    by : the columns told apart. All totals over them are published too.
    where : the part that is counted: column -> a value, or a list of values that are summed. None
        is no choice, as in ``CountTable.where``; a missing value (``pd.NA``, or any missing value
        within a list) is the category "not known".
    of : flags: of each, the numbers yes, no and not known are published.
    weight : how much it matters that the numbers of this table are shown: 1 the most. Tables of
        more weight are protected first, and what is hidden in tables of less weight afterwards is
        chosen so that they stay as they are, where that can be.
    """

    table: str
    by: tuple[str, ...]
    where: Mapping[str, Any] = field(default_factory=dict)
    of: tuple[str, ...] = ()
    weight: float = field(default=1.0, compare=False)  # it does not tell which table it is

    def __post_init__(self) -> None:
        """Take lists for tuples; a column stands either in `by` or in `where`."""
        object.__setattr__(self, "by", tuple(self.by))
        object.__setattr__(self, "of", tuple(self.of))
        object.__setattr__(
            self, "where", {c: v for c, v in dict(self.where).items() if v is not None}
        )


def hidden_reason(minimum: int) -> str:
    """Return the words that stand where a number is hidden, the same for every hidden number.

    They do not tell whether the number itself is small or only would give a small one away.

    >>> hidden_reason(10)
    'Hidden: fewer than 10 people, or it would give such a number away'
    """
    return f"Hidden: fewer than {minimum} people, or it would give such a number away"
