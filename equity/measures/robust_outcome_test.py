"""Search rate and hit rate read together: the robust outcome test of Gaebler and Goel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import Reasons, frame_of, tidy, whole
from equity.measures._compare import Comparison, compare, method_words
from equity.measures._searches import DISCRETIONARY, few_searches, more_words, searches_of
from equity.proportions import holm

__all__ = ["robust_outcome_test"]

LOWER, HIGHER = "lower bar for this group", "higher bar for this group"
INCONCLUSIVE = "inconclusive"


def robust_outcome_test(
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
    """Compare search rate and hit rate together; conclude only where both point the same way.

    Was less needed to search this group than the reference, or more?

    Searched more often **and** found less often points to a lower bar for the group; searched
    less often **and** found more often to a higher one. Whatever else is inconclusive.

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts as for `hit_rates`, of all stops: also those without a search.
    group : column that holds the groups.
    reference : the group to compare with.
    of, searches, basis, discretionary : as in `hit_rates`.
    within : column of strata, such as the district; each is compared within itself.
    confidence_level : two-sided level of all intervals, between 0 and 1; what is left of 1 is the
        probability of a conclusion that chance alone made.

    Returns
    -------
    DataFrame
        One row for each stratum and group but the reference: `n` stops, of which `x_known` say
        whether there was a search and `x` had a discretionary one; `search_rate` is
        `x / x_known`, with the reference's, and their `search_ratio` with interval; `hits` of
        `searches` (discretionary, with a known outcome) make the `hit_rate`, with the
        reference's, and their `hit_ratio` with interval; `p_search` and `p_hit`, two-sided;
        `p_value`, the larger of the two where the rates differ in opposite directions, else 1;
        `p_adjusted` for all comparisons of the table (Holm); the `conclusion`, which is "lower
        bar for this group", "higher bar for this group", "inconclusive", or missing; what it
        `reads`, in words; `left_out_basis` and `left_out_unknown` as in `hit_rates`; `unknown`
        stops of people without a known group; the `method`; the `reason` why a figure is missing,
        or that the hit rates rest on fewer than 30 counted searches of the group or the reference
        (the figures stand, but no chart leads with them).

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, or counts that cannot be.

    Notes
    -----
    Gaebler and Goel prove: if the risk that those stopped carry something is distributed in the
    two groups with a monotone likelihood ratio (among people of equal risk, the group's share
    rises, or falls, steadily with that risk), and people are searched above a bar, then at least
    one of the two comparisons is right about which bar is lower, so both are where they agree.
    One of them alone can mislead (infra-marginality). It cannot show that the condition holds,
    which the counts do not tell, nor why a bar is lower, nor anything about who is stopped.

    The test is an intersection-union test (Berger): both differences must be clear, each by its
    own two-sided test, so the p-value is the larger of the two. If the bar is not lower, one of
    the two differences is absent or the other way, and is taken as clear in the wrong direction
    with a probability of at most 2.5 %; the same holds for "higher". So at most 5 % of tests
    conclude without cause, whether or not the two tests depend on each other.

    Source: Gaebler and Goel, PNAS 122 (2025), e2416348122; Berger, Technometrics 24 (1982),
    295-300; Berger and Hsu, Statistical Science 11 (1996), 283-319.

    Examples
    --------
    >>> import pandas as pd
    >>> stops = pd.DataFrame({
    ...     "race": ["black", "white"], "n": [2000, 4000],
    ...     "search_conducted": [200, 200], "search_conducted_known": [2000, 4000],
    ...     "contraband_found": [30, 60], "contraband_found_known": [200, 200],
    ... })
    >>> row = robust_outcome_test(stops, group="race", reference="white").iloc[0]
    >>> float(row.search_ratio), float(row.hit_ratio), row.conclusion
    (2.0, 0.5, 'lower bar for this group')
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
    reference_at = np.full(len(folded.strata), folded.column_of(reference))
    more = folded["apart"] > 0
    n, asked, chosen = folded["n"], folded["asked"], counted.chosen
    over = chosen > asked
    own = Reasons(folded.shape)
    own.add(n == 0, "no stop of this group")
    own.add((n > 0) & (asked == 0), "it is not known of any stop whether there was a search")
    own.add(over, "more searches are recorded than stops")
    own.add(more, more_words(of))
    own.add((asked > 0) & (chosen == 0), "no discretionary search of this group")
    own.add((chosen > 0) & (folded["known"] == 0), "the outcome of no search is known")
    rates: list[Comparison] = []
    whys: list[np.ndarray] = []
    for x, known, bad in (
        (chosen, asked, over),
        (folded["hits"], folded["known"], more | over),
    ):
        why = Reasons(folded.shape)
        rates.append(
            compare(
                np.where(bad, 0.0, x),
                np.where(bad, 0.0, known),
                folded.groups,
                reference_at,
                why,
                confidence_level=confidence_level,
            )
        )
        whys.append(np.asarray(why.column().astype(object)).reshape(folded.shape))
    search, hit = rates
    for what, why in zip(("of search rates, ", "of hit rates, "), whys, strict=True):
        there = pd.notna(why)
        own.add(there, what + np.where(there, why, ""))

    counting = np.where(more | over, 0.0, folded["known"])
    own.add(*few_searches(counting, folded.column_of(reference), reference))

    shown = ~search.is_reference.ravel()
    alpha = 1 - confidence_level
    p_search, p_hit = search.test.p_value, hit.test.p_value
    with np.errstate(invalid="ignore"):
        way = np.sign(search.difference) * (np.sign(search.difference) == -np.sign(hit.difference))
    can = ~np.isnan(p_search) & ~np.isnan(p_hit)
    p_value = np.where(can, np.where(way != 0, np.fmax(p_search, p_hit), 1.0), np.nan)
    p_value = np.where(shown.reshape(folded.shape), p_value, np.nan)
    adjusted = holm(p_value)
    conclusion, reads = _words(search, hit, way, p_value, adjusted, alpha)

    at = folded.column_of(reference)

    def of_reference(rate: np.ndarray) -> np.ndarray:
        return np.broadcast_to(rate[:, [at]], folded.shape)

    strata, groups = folded.rows()
    unknown = np.repeat(whole(folded.unknown["n"]), len(folded.groups))
    what = f"search rate: {counted.said}, of all stops; hit rate: of those searches"
    method = method_words(hit.test.method, what, "intersection-union")
    return (
        tidy(
            {
                "stratum": strata,
                "group": groups,
                "reference": search.reference,
                "n": whole(n),
                "x": whole(chosen),
                "x_known": whole(asked),
                "search_rate": search.rate,
                "search_rate_reference": of_reference(search.rate),
                "search_ratio": search.ratio,
                "search_low": search.ratio_low,
                "search_high": search.ratio_high,
                "hits": whole(folded["hits"]),
                "searches": whole(folded["known"]),
                "hit_rate": hit.rate,
                "hit_rate_reference": of_reference(hit.rate),
                "hit_ratio": hit.ratio,
                "hit_low": hit.ratio_low,
                "hit_high": hit.ratio_high,
                "p_search": p_search,
                "p_hit": p_hit,
                "p_value": p_value,
                "p_adjusted": adjusted,
                "conclusion": conclusion,
                "reads": reads,
                "left_out_basis": whole(folded["other"]),
                "left_out_unknown": whole(counted.unknown_outcome),
                "unknown": unknown,
                "method": method,
                "reason": own.column(),
            }
        )
        .loc[shown]
        .reset_index(drop=True)
    )


def _words(
    search: Comparison,
    hit: Comparison,
    way: np.ndarray,
    p_value: np.ndarray,
    adjusted: np.ndarray,
    alpha: float,
) -> tuple[pd.Series, pd.Series]:
    """Return the conclusion of each row, and what it reads."""
    with np.errstate(invalid="ignore"):
        clear_search, clear_hit = search.test.p_value < alpha, hit.test.p_value < alpha
        concluded = (way != 0) & (adjusted < alpha)
    more = np.where(search.difference > 0, "more", "less")
    found = np.where(hit.difference > 0, "more", "less")
    rows = zip(
        *(
            v.ravel()
            for v in (
                ~np.isnan(p_value),
                concluded,
                way,
                clear_search,
                clear_hit,
                more,
                found,
                (p_value < alpha) & ~concluded,
            )
        ),
        strict=True,
    )
    conclusions, reads = [], []
    for can, conclude, sign, one, other, searched, finds, alone in rows:
        if not can:
            conclusions.append(None)
            reads.append("not computable")
            continue
        conclusions.append((LOWER if sign > 0 else HIGHER) if conclude else INCONCLUSIVE)
        if conclude:
            reads.append(f"points to a {LOWER if sign > 0 else HIGHER}")
        elif alone:
            reads.append("inconclusive: clear alone, but not for the number of comparisons made")
        elif one and other:
            reads.append(
                "inconclusive: the two rates point different ways (searched "
                f"{searched} often and found {finds} often)"
            )
        else:
            unclear = "neither rate is" if not (one or other) else None
            unclear = unclear or ("the hit rate is not" if one else "the search rate is not")
            reads.append(f"inconclusive: {unclear} clear from chance")
    return pd.Series(conclusions, dtype="str"), pd.Series(reads, dtype="str")
