"""How far the whole workforce is from the community, in one number, beside what chance gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from equity.measures._benchmark import Benchmark, benchmarks
from equity.measures._cells import Cells, Reasons, cells, frame_of, need, tidy, whole
from equity.measures._workforce import as_benchmarks
from equity.proportions import holm

__all__ = ["diversity"]

INDICES = ("dissimilarity", "blau", "theil")
FEW = 10
"""Of fewer people than this, a figure within what chance gives says next to nothing."""


def diversity(
    workforce: Any,
    residents: Any,
    *,
    group: str,
    within: str | None = None,
    draws: int = 2000,
    seed: int = 1,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Three numbers for the whole workforce, each beside what chance alone gives.

    How far is the make-up of the workforce from that of the community, and how far would as many
    people be who were drawn from it at random?

    Parameters
    ----------
    workforce, residents, group, within : as in `equity.representation`.
    draws : how many workforces are drawn at random, at least 200.
    seed : of the draws, so that the same counts give the same figures every time.
    confidence_level : part of the drawn figures that lie between `null_low` and `null_high`.

    Returns
    -------
    DataFrame
        One row for each stratum, benchmark and `index`: `n` employees of the `groups` compared;
        the figure of the `workforce` and of the `community` (none for dissimilarity, which
        compares the two); `value`, which is judged: dissimilarity itself, else workforce minus
        community (below 0: the workforce is less mixed); `null_mean`, `null_low` and `null_high`
        of that value for `n` people drawn at random from the community; two-sided `p_value`, twice
        the smaller part of the draws at least as far out, and `p_adjusted` for all figures with
        one benchmark (Holm); `unknown` employees without a known group; `method`; `reason` why a
        figure is missing, which groups are left out, or that there are too few people to tell.
        The indices run from 0 to 1. "dissimilarity": half the sum of the differences of the
        shares, the part of the employees who would have to be of another group for the shares to
        be those of the community. "blau": how often two people of the same body are of different
        groups, and "theil": the entropy of the shares; both divided by the most that so many
        groups can give.

    Raises
    ------
    ValueError
        As in `equity.representation`; fewer than 200 draws; a level that is not between 0 and 1.

    Notes
    -----
    A workforce of few people is never made up exactly as the community: its dissimilarity is
    above 0 by chance alone, and its mixture a little below the community's. Hence the draws. Each
    draws the groups of the community within their margins of error, then `n` people. A group of
    the benchmark that is nowhere in the counts is left out, and the shares of the others are
    taken among themselves: it may not be kept apart there (if it is, add a row with `n` 0). One
    number cannot show which group is missing or too many, and the last two cannot show it even in
    part: a workforce with the shares of two groups exchanged has the same figure. It cannot show
    why. Source: Duncan and Duncan, American Sociological Review 20 (1955), 210-217; Blau,
    Inequality and Heterogeneity (1977), 9; Theil, Economics and Information Theory (1967), ch. 1;
    Massey and Denton, Social Forces 67 (1988), 281-315; of chance: Carrington and Troske, Journal
    of Business and Economic Statistics 15 (1997), 402-409.

    Examples
    --------
    Of 20 employees 8 are women, where half of the community are: 10 points away, which 20 people
    drawn at random would often be.

    >>> import pandas as pd
    >>> staff = pd.DataFrame({"sex": ["female", "male"], "n": [8, 12]})
    >>> town = pd.DataFrame({"sex": ["female", "male"], "n": [5000, 5000]})
    >>> table = diversity(staff, town, group="sex")
    >>> table[["index", "workforce", "null_high"]].round(2).values.tolist()[0]
    ['dissimilarity', 0.1, 0.25]
    >>> bool(table["p_value"][0] > 0.5)
    True
    """
    if draws < 200:
        raise ValueError(f"draws={draws!r} must be at least 200: fewer give no range of chance.")
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level={confidence_level!r} must lie between 0 and 1, such as 0.95."
        )
    frame = frame_of(workforce, what="workforce")
    need(frame, [("group", group), *([("within", within)] if within else []), ("n", "n")])
    folded = cells(frame, group=group, within=within, columns=["n"])
    marks = benchmarks(
        workforce, frame, as_benchmarks(residents, group, within), folded, group, within
    )
    tables = [_against(mark, folded, draws, seed, confidence_level) for mark in marks]
    order = {s: i for i, s in enumerate(folded.strata)}
    return pd.concat(tables, ignore_index=True).sort_values(
        "stratum", key=lambda s: s.map(order), kind="stable", ignore_index=True
    )


def _against(
    mark: Benchmark, folded: Cells, draws: int, seed: int, confidence_level: float
) -> pd.DataFrame:
    kept = mark.counted
    x = mark.widen(folded["n"], folded)[:, kept]
    people, se = mark.population[:, kept], mark.se[:, kept]
    n = x.sum(axis=1)
    groups = int(kept.sum())
    size = (len(n), len(INDICES))
    found = {c: np.full(size, np.nan) for c in ("workforce", "community", *_JUDGED)}
    with np.errstate(invalid="ignore"):
        known = ~np.isnan(people).any(axis=1) & (people.sum(axis=1) > 0)
    for i in np.flatnonzero(known & (n > 0) & (groups > 1)):
        found["workforce"][i], found["community"][i], judged = _one(
            x[i], people[i], se[i], draws, seed, confidence_level
        )
        for column, values in zip(_JUDGED, judged, strict=True):
            found[column][i] = values

    reasons = Reasons(size)
    there = n[:, None] > 0
    reasons.add(~there, "nobody with a known group")
    reasons.add(there & ~known[:, None], f"no share of the community: {mark.name} is not complete")
    reasons.add(np.full(size, groups < 2), "only one group is in the counts: nothing to compare")
    told = np.array(found["p_value"] < 1 - confidence_level)
    reasons.add(
        np.array(there & (n[:, None] < FEW) & ~told), f"too few people to tell: fewer than {FEW}"
    )
    absent = [g for g, used in zip(mark.groups, kept, strict=True) if not used]
    reasons.add(
        np.full(size, bool(absent)),
        "left out, nobody in the counts: " + ", ".join(absent),
    )
    reasons.add(
        np.asarray(mark.no_margin[:, kept].any(axis=1, keepdims=True)),
        "margin of error of the residents not known, left out",
    )
    reasons.add(np.full(size, bool(mark.remark)), mark.remark)
    error = " with the error of the benchmark" if (se > 0).any() else ""
    method = f"chance: {draws:,} workforces drawn from {mark.name}{error}"
    if mark.method:
        method += f"; {mark.method}"
    each = len(INDICES)
    return tidy(
        {
            "stratum": np.repeat(np.array(folded.strata, dtype=object), each),
            "benchmark": np.full(size, mark.name, dtype=object),
            "index": np.tile(np.array(INDICES, dtype=object), len(n)),
            "n": np.repeat(whole(n), each),
            "groups": np.full(n.size * each, groups, dtype=np.int64),
            "workforce": found["workforce"],
            "community": found["community"],
            **{column: found[column] for column in _JUDGED},
            "p_adjusted": holm(found["p_value"].ravel()),
            "unknown": np.repeat(whole(folded.unknown["n"]), each),
            "method": np.full(size, method, dtype=object),
            "reason": reasons.column(),
        }
    )


_JUDGED = ("value", "null_mean", "null_low", "null_high", "p_value")


def _one(
    x: np.ndarray, people: np.ndarray, se: np.ndarray, draws: int, seed: int, level: float
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    """Return the indices of workforce and community, and what is judged of them."""
    rng = np.random.default_rng(seed)
    n, q = int(x.sum()), people / people.sum()
    true = np.broadcast_to(people, (draws, len(people)))
    if (se > 0).any():
        true = np.maximum(true + se * rng.standard_normal((draws, len(people))), 0.0)
        empty = true.sum(axis=1) == 0
        true = np.where(empty[:, None], people, true)
    shares = true / true.sum(axis=1, keepdims=True)
    drawn = rng.multinomial(n, shares) / n
    own, theirs = _indices(x / n, q), _indices(q, q)
    value = own - theirs
    null = _indices(drawn, q) - theirs
    tail = (1 - level) / 2
    low, high = np.quantile(null, [tail, 1 - tail], axis=0)
    noise = 1e-12  # the same make-up, reached by another order of sums, is as far out
    below = (null <= value + noise).sum(axis=0) + 1
    above = (null >= value - noise).sum(axis=0) + 1
    p = np.minimum(1.0, 2 * np.minimum(below, above) / (draws + 1))
    theirs = np.where(np.array(INDICES) == "dissimilarity", np.nan, theirs)
    return own, theirs, (value, null.mean(axis=0), low, high, p)


def _indices(shares: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return dissimilarity to `q`, Blau's index and Theil's entropy of shares (..., groups)."""
    k = shares.shape[-1]
    apart = np.abs(shares - q).sum(axis=-1) / 2
    blau = (1 - (shares**2).sum(axis=-1)) * k / (k - 1)
    entropy = special.entr(shares).sum(axis=-1) / np.log(k)
    return np.stack((apart, blau, entropy), axis=-1)
