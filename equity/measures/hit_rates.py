"""How often do searches find something: the outcome test of discretionary searches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import Reasons, frame_of, tidy, whole
from equity.measures._compare import compare, method_words
from equity.measures._searches import DISCRETIONARY, few_searches, more_words, searches_of
from equity.measures.rates import figures

__all__ = ["DISCRETIONARY", "hit_rates"]


def hit_rates(
    counts: Any,
    *,
    group: str,
    reference: str,
    of: str = "contraband_found",
    searches: str = "search_conducted",
    basis: str | None = "search_basis",
    discretionary: Sequence[str] = DISCRETIONARY,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Share of discretionary searches that found something, by group.

    When officers chose to search, how often were they right, and was the bar the same for all?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts by `group` (and `within`, and `basis` if it is known), with the flags `of` and
        `searches` counted; `searches` may also be a column of the table itself (True or False).
    group : column that holds the groups.
    reference : the group to compare with.
    of : the counted flag of a find; known only where a search was made.
    searches : the flag of a search.
    basis : column with the ground of the search. If it is None or not in the table, all searches
        are taken and `method` says so. A missing ground is read as probable cause (the rule of
        the Stanford Open Policing Project).
    discretionary : the grounds that count; the others are left out and counted.
    within : column of strata, such as the district; each is compared within itself.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        As `rates`, where `n` is all searches of the group, `left_out_basis` those left out for
        their ground, `left_out_unknown` those left out because their outcome is not known, and
        `x_known` what remains; `unknown` counts searches of people without a known group. The
        `reason` also marks figures that rest on fewer than 30 counted searches of the group or
        of the reference: they stand, and their intervals hold, but no chart leads with them.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, or counts that cannot be.

    Notes
    -----
    A lower hit rate suggests that less was needed to search that group, but it cannot show it:
    groups may differ in how many are plainly guilty or plainly innocent, and the rate follows
    from all of them, not from the doubtful cases at the bar (infra-marginality). Source: Becker,
    The Economics of Discrimination (1957); Knowles, Persico and Todd, Journal of Political
    Economy 109 (2001), 203-229; Pierson and others, Nature Human Behaviour 4 (2020), 736-745.

    Examples
    --------
    >>> import pandas as pd
    >>> stops = pd.DataFrame({
    ...     "race": ["black", "black", "white", "white"],
    ...     "search_basis": ["consent", "inventory", "consent", "inventory"], "n": [50, 9, 40, 5],
    ...     "search_conducted": [50, 9, 40, 5], "search_conducted_known": [50, 9, 40, 5],
    ...     "contraband_found": [10, 4, 16, 1], "contraband_found_known": [50, 9, 40, 5],
    ... })
    >>> table = hit_rates(stops, group="race", reference="white")
    >>> table[["group", "n", "left_out_basis", "x", "x_known", "rate", "ratio"]].values.tolist()
    [['black', 59, 9, 10, 50, 0.2, 0.5], ['white', 45, 5, 16, 40, 0.4, 1.0]]
    """
    counted = searches_of(
        frame_of(counts),
        group=group,
        of=of,
        searches=searches,
        basis=basis,
        discretionary=discretionary,
        within=within,
    )
    folded = counted.folded
    at = folded.column_of(reference)
    n, other, x, x_known = (folded[c] for c in ("searches", "other", "hits", "known"))
    more = folded["apart"] > 0
    reasons = Reasons(folded.shape)
    reasons.add(more, more_words(of))
    reasons.add(n == 0, "no search of this group")
    reasons.add((n > 0) & (n == other), "no discretionary search of this group")
    reasons.add((n > other) & (x_known == 0), "the outcome of no search is known")
    found = compare(
        np.where(more, 0.0, x),
        np.where(more, 0.0, x_known),
        folded.groups,
        np.full(len(folded.strata), at),
        reasons,
        confidence_level=confidence_level,
    )
    reasons.add(*few_searches(np.where(more, 0.0, x_known), at, reference))
    strata, groups = folded.rows()
    return tidy(
        {
            "stratum": strata,
            "group": groups,
            "reference": found.reference,
            "n": whole(n),
            "x": whole(x),
            "x_known": whole(x_known),
            **figures(found),
            "left_out_basis": whole(other),
            "left_out_unknown": whole(counted.unknown_outcome),
            "unknown": np.repeat(whole(folded.unknown["searches"]), len(folded.groups)),
            "method": method_words(found.test.method, counted.said),
            "reason": reasons.column(),
        }
    )
