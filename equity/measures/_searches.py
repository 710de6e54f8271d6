"""Which searches an outcome test counts: those that an officer chose to make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from equity.measures._cells import Cells, cells, need, need_flag

__all__ = [
    "DISCRETIONARY",
    "ENOUGH_SEARCHES",
    "TOO_FEW",
    "UNSTATED",
    "Searches",
    "few_searches",
    "more_words",
    "searches_of",
    "too_few",
]

DISCRETIONARY = ("k9", "plain view", "consent", "probable cause", "frisk")
"""Grounds of search that leave the officer a choice (Pierson and others 2020, as in `opp`)."""
UNSTATED = "probable cause"
"""A search without a stated ground is read as this, as the Stanford Open Policing Project does."""

ENOUGH_SEARCHES = 30
"""With fewer counted searches the interval still holds, but it is no finding to be led with: one
search more or less would change it. The same convention as in the chart `outcome_scatter`."""
TOO_FEW = f"fewer than {ENOUGH_SEARCHES} counted searches"
"""How a `reason` says so; the figures beside it stand."""


@dataclass(frozen=True)
class Searches:
    """Counts by stratum and group, and what was counted, in words."""

    folded: Cells
    """Columns `n` (stops), `asked` (stops of which it is known whether there was a search),
    `searches`, `other` (of them left out for their ground), `known` (of the rest, with a known
    outcome), `hits`, `apart` (outcomes recorded beyond the searches)."""
    said: str

    @property
    def chosen(self) -> np.ndarray:
        """Searches that an officer chose to make, whether or not their outcome is known."""
        return self.folded["searches"] - self.folded["other"]

    @property
    def unknown_outcome(self) -> np.ndarray:
        """Chosen searches that are left out because their outcome is not known."""
        return np.maximum(self.chosen - self.folded["known"], 0.0)


def searches_of(
    frame: pd.DataFrame,
    *,
    group: str,
    of: str,
    searches: str,
    basis: str | None,
    discretionary: Sequence[str],
    within: str | None,
) -> Searches:
    """Count stops, searches, those that count and their finds, by stratum and group.

    `searches` is a counted flag, or a column of the table itself (True or False).
    """
    need(frame, [("group", group), *([("within", within)] if within else []), ("n", "n")])
    need(frame, [("searches", searches)])
    need_flag(frame, "of", of)
    stops = frame["n"].to_numpy(dtype=float, na_value=np.nan)
    if f"{searches}_known" in frame.columns:
        searched = frame[searches].to_numpy(dtype=float, na_value=np.nan)
        asked = frame[f"{searches}_known"].to_numpy(dtype=float, na_value=np.nan)
    else:  # a column of the table: True, False or not known
        flag = frame[searches].astype("boolean")
        searched = np.where(flag.fillna(False).to_numpy(dtype=bool), stops, 0.0)
        asked = np.where(flag.notna().to_numpy(dtype=bool), stops, 0.0)
    if basis is not None and basis in frame.columns:
        ground = frame[basis].astype(object).where(frame[basis].notna(), UNSTATED)
        chosen = ground.isin(list(discretionary)).to_numpy(dtype=bool)
        said = f"searches by {', '.join(discretionary)}, or without a stated ground"
        if UNSTATED not in discretionary:
            said = f"searches by {', '.join(discretionary)}"
    else:
        chosen = np.ones(len(frame), dtype=bool)
        said = "all searches (their ground is not in the counts)"
    known = frame[f"{of}_known"].to_numpy(dtype=float, na_value=np.nan)
    hits = frame[of].to_numpy(dtype=float, na_value=np.nan)
    taken = np.where(searched > 0, chosen, False)
    narrow = frame[[group, *([within] if within else [])]].assign(
        n=stops,
        asked=asked,
        searches=searched,
        other=np.where(chosen, 0.0, searched),
        known=np.where(taken, known, 0.0),
        hits=np.where(taken, hits, 0.0),
        apart=np.where(taken, np.maximum(known - searched, 0.0), 0.0),
    )
    columns = ["n", "asked", "searches", "other", "known", "hits", "apart"]
    return Searches(cells(narrow, group=group, within=within, columns=columns), said)


def more_words(of: str) -> str:
    """Return why there is no figure where `apart` is above 0."""
    return f"{of} is recorded for more stops than were searched"


def few_searches(known: np.ndarray, at: int, reference: str) -> tuple[np.ndarray, np.ndarray]:
    """Return where a group or its reference (column `at`) has too few searches, and the words.

    Only where both have some: where one has none there is no figure, which has its own reason.
    """
    own = (known > 0) & (known < ENOUGH_SEARCHES)
    other = np.broadcast_to(own[:, [at]], known.shape)
    words = np.where(own, f"{TOO_FEW} of this group", f"{TOO_FEW} of {reference}")
    words = np.where(own & other, f"{TOO_FEW} of this group and of {reference}", words)
    words[:, at] = f"{TOO_FEW} of this group"
    return (own | other) & (known > 0) & (known[:, [at]] > 0), words


def too_few(reason: object) -> bool:
    """Return whether a row's `reason` says that its figures rest on too few searches."""
    return isinstance(reason, str) and TOO_FEW in reason
