"""Are hit rates the same for all groups: the test of Knowles, Persico and Todd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from equity.measures._cells import Reasons, frame_of, tidy, whole
from equity.measures._searches import (
    DISCRETIONARY,
    ENOUGH_SEARCHES,
    TOO_FEW,
    more_words,
    searches_of,
)
from equity.proportions import holm, wilson

__all__ = ["kpt_test"]

SMALL_EXPECTED = 5
"""Below this many finds, or searches without one, expected in any group, chi-square is not used
(Cochran's rule) and the p-value is that of the tables with the same totals."""
DRAWS = 20_000
"""So many tables at most are counted one by one; where there are more, so many are drawn."""
SEED = 20010201
"""Of the draws: the same counts give the same p-value every time."""


def kpt_test(
    counts: Any,
    *,
    group: str,
    reference: str | None = None,
    of: str = "contraband_found",
    searches: str = "search_conducted",
    basis: str | None = "search_basis",
    discretionary: Sequence[str] = DISCRETIONARY,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Test whether discretionary searches of all groups find something equally often.

    Could chance alone have made the hit rates of the groups this different?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts as for `hit_rates`.
    group : column that holds the groups.
    reference : not used in the test, which treats all groups alike; checked to be one of them.
    of, searches, basis, discretionary : as in `hit_rates`.
    within : column of strata, such as the district; one test for each.
    confidence_level : level of the intervals of the lowest and the highest hit rate.

    Returns
    -------
    DataFrame
        One row for each stratum: `groups` compared, `n` searches of them and of all other known
        groups, `x` finds of `x_known` counted searches, `rate`; Pearson's `chi2` with `df` and
        `p_chi2`; `expected_least`, the fewest finds (or searches without one) expected in a group;
        `p_exact`, only where that is below 5; `p_value`, which is `p_exact` there and `p_chi2`
        elsewhere, and `p_adjusted` for all strata (Holm); `lowest` and `highest`, the groups with
        the lowest and the highest hit rate among those in which at least 5 are expected (among
        all where there are not two such), each with its finds, searches, rate and interval;
        missing where all rates are equal, the first of several that share the lowest;
        `left_out_basis` and `left_out_unknown` as in `hit_rates`; `unknown` searches of people
        without a known group; the `method`; the `reason` why a figure is missing, which groups
        have no counted search and are left out, and that fewer than two groups have at least 30
        counted searches (the test stands, but no chart leads with it).

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, or counts that cannot be.

    Notes
    -----
    In the model of Knowles, Persico and Todd, officers who seek only finds, and people who carry
    less where they are searched more, end at equal hit rates. It cannot show by which standard
    groups are searched: without that answer of the people, rates differ although one standard is
    applied to all (infra-marginality), or agree although it is not; and it does not say which
    group differs. `p_exact` is the share of all tables with these totals whose chi-square is at
    least that of the counts: every table is counted if there are at most 20,000, else 20,000 are
    drawn (seeded), of which (b + 1) / 20,001 are at least as large. Source: Knowles, Persico and
    Todd, Journal of Political Economy 109 (2001), 203-229; Cochran, Biometrics 10 (1954), 417-451.

    Examples
    --------
    >>> import pandas as pd
    >>> searches = pd.DataFrame({
    ...     "race": ["black", "hispanic", "white"], "n": [200, 100, 200],
    ...     "search_conducted": [200, 100, 200], "search_conducted_known": [200, 100, 200],
    ...     "contraband_found": [40, 25, 60], "contraband_found_known": [200, 100, 200],
    ... })
    >>> table = kpt_test(searches, group="race")
    >>> table[["groups", "chi2", "df", "p_value", "lowest", "highest"]].round(3).values.tolist()
    [[3, 5.333, 2, 0.069, 'black', 'white']]
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
    if reference is not None:
        folded.column_of(reference)
    names = np.array(folded.groups, dtype=object)
    size = len(folded.strata)
    apart = folded["apart"] > 0
    known = np.where(apart, 0.0, folded["known"])
    hits = np.where(apart, 0.0, folded["hits"])
    used = known > 0
    reasons = Reasons((size,))
    left = ~used & (folded["n"] > 0)
    absent = left & ~apart
    reasons.add(np.any(absent, axis=1), _named("left out, no counted search: ", names, absent))
    reasons.add(np.any(apart, axis=1), _named(more_words(of) + ": ", names, apart))

    total, found = known.sum(axis=1), hits.sum(axis=1)
    groups = used.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = found / total
        own = hits / known
        fewest = known * np.minimum(rate, 1 - rate)[:, None]
        least = np.where(used, fewest, np.inf).min(axis=1)
        large = used & (fewest >= SMALL_EXPECTED)
    reasons.add(groups == 0, "no counted search of any group")
    reasons.add(
        groups == 1,
        _named("nothing to compare: counted searches of one group only, ", names, used),
    )
    several = groups > 1
    reasons.add(several & (found == 0), "no test: no search found anything")
    reasons.add(several & (found == total), "no test: every search found something")
    tested = several & (found > 0) & (found < total)
    enough = known >= ENOUGH_SEARCHES
    count = enough.sum(axis=1)
    reasons.add(tested & (count == 0), f"{TOO_FEW} of every group")
    reasons.add(tested & (count == 1), _named(f"{TOO_FEW} of every group but ", names, enough))
    chi2 = np.where(tested, _statistic(hits, known, rate), np.nan)
    df = np.where(tested, groups - 1.0, np.nan)
    p_chi2 = special.chdtrc(df, chi2)
    exact, how = np.full(size, np.nan), np.full(size, "", dtype=object)
    for i in np.flatnonzero(tested & (least < SMALL_EXPECTED)):
        exact[i], how[i] = _p_exact(hits[i, used[i]], known[i, used[i]])
    p_value = np.where(np.isnan(exact), p_chi2, exact)
    low, high = wilson(hits, known, confidence_level=confidence_level)
    named = np.where(large.sum(axis=1)[:, None] > 1, large, used)
    first = np.where(named, own, np.inf).argmin(axis=1)
    last = np.where(named, own, -np.inf).argmax(axis=1)
    both = np.take_along_axis(own, np.stack((first, last), axis=1), axis=1)
    differ = several & (both[:, 0] < both[:, 1])

    def end(at: np.ndarray, name: str) -> dict[str, Any]:
        def pick(values: np.ndarray) -> np.ndarray:
            return np.where(differ, np.take_along_axis(values, at[:, None], 1)[:, 0], np.nan)

        return {
            name: pd.Series(names[at], dtype="str").where(differ),
            f"{name}_x": pd.Series(pick(hits)).astype("Int64"),
            f"{name}_x_known": pd.Series(pick(known)).astype("Int64"),
            f"{name}_rate": pick(own),
            f"{name}_low": pick(low),
            f"{name}_high": pick(high),
        }

    test = np.where(how == "", "test: Pearson chi-square", how)
    return tidy(
        {
            "stratum": np.array(folded.strata, dtype=object),
            "groups": whole(groups),
            "n": whole(folded["searches"].sum(axis=1)),
            "x": whole(found),
            "x_known": whole(total),
            "rate": rate,
            "chi2": chi2,
            "df": pd.Series(df).astype("Int64"),
            "p_value": p_value,
            "p_adjusted": holm(p_value),
            "p_chi2": p_chi2,
            "p_exact": exact,
            "expected_least": np.where(tested, least, np.nan),
            **end(first, "lowest"),
            **end(last, "highest"),
            "left_out_basis": whole(folded["other"].sum(axis=1)),
            "left_out_unknown": whole(counted.unknown_outcome.sum(axis=1)),
            "unknown": whole(folded.unknown["searches"]),
            "method": np.where(tested, counted.said + "; " + test, counted.said),
            "reason": reasons.column(),
        }
    )


def _named(words: str, names: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Return for each row the words and the names of its groups."""
    return np.array([words + ", ".join(names[row]) for row in which], dtype=object)


def _statistic(hits: np.ndarray, known: np.ndarray, rate: Any) -> np.ndarray:
    """Return Pearson's chi-square of each row of `hits` of `known` searches."""
    expected = known * np.asarray(rate)[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        cells = (hits - expected) ** 2 / (expected * (1 - np.asarray(rate)[..., None]))
    return np.where(known > 0, cells, 0.0).sum(axis=-1)


def _p_exact(hits: np.ndarray, known: np.ndarray) -> tuple[float, str]:
    """Return the probability of a chi-square at least as large, given all totals, and how made."""
    known = known.astype(np.int64)
    found = int(hits.sum())
    rate = found / known.sum()
    observed = _statistic(hits, known, rate) * (1 - 1e-9)  # equal tables are not told apart
    tables = _all_tables(known, found)
    if tables is None:
        draws = np.random.default_rng(SEED).multivariate_hypergeometric(known, found, size=DRAWS)
        extreme = int((_statistic(draws, known, rate) >= observed).sum())
        return (extreme + 1) / (DRAWS + 1), f"test: chi-square of {DRAWS:,} drawn tables"
    log = special.gammaln
    ways = log(known + 1) - log(tables + 1) - log(known - tables + 1)
    total = known.sum()
    logs = ways.sum(axis=1) - (log(total + 1) - log(found + 1) - log(total - found + 1))
    extreme = _statistic(tables, known, rate) >= observed
    return min(1.0, float(np.exp(logs[extreme]).sum())), "test: chi-square, exact"


def _all_tables(known: np.ndarray, found: int) -> np.ndarray | None:
    """Return every way to share the finds among the groups, or None if there are too many."""
    part = np.zeros((1, 0), dtype=np.int64)
    after = known[::-1].cumsum()[::-1]
    for i, most in enumerate(known):
        left = found - part.sum(axis=1)
        rest = int(after[i] - most)
        low, high = np.maximum(0, left - rest), np.minimum(most, left)
        each = high - low + 1
        if each.sum() > DRAWS:
            return None
        start = np.repeat(each.cumsum() - each, each)
        value = np.repeat(low, each) + np.arange(each.sum()) - start
        part = np.column_stack((np.repeat(part, each, axis=0), value))
    return part
