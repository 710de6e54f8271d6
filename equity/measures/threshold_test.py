"""How much suspicion was enough for a search: the threshold test of searches and finds by area."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from equity.measures import _threshold_sampler as sampling
from equity.measures._cells import NOT_KNOWN, Reasons, frame_of, tidy, whole
from equity.measures._searches import DISCRETIONARY, Searches, more_words, searches_of
from equity.measures._threshold_fit import Fit, fit

__all__ = ["threshold_test"]


def threshold_test(
    counts: Any,
    *,
    group: str,
    reference: str,
    within: str,
    of: str = "contraband_found",
    searches: str = "search_conducted",
    basis: str | None = "search_basis",
    discretionary: Sequence[str] = DISCRETIONARY,
    prior_scales: Sequence[float] = (0.5, 1.0, 1.5),
    chains: int = 4,
    draws: int = 1000,
    tune: int = 500,
    seed: int = 1,
    minimum_areas: int = 3,
    minimum_searches: int = 50,
    confidence_level: float = 0.95,
    tell: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Suspicion at which officers search, by group, inferred from searches and finds by area.

    How likely did it have to be that a person carried contraband before an officer searched, and
    was that the same for all groups?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts by `group`, `within` and, if it is known, `basis`, with the flags `of` and
        `searches` counted; `searches` may also be a column of the table itself (True or False).
    group : column that holds the groups.
    reference : the group to compare with.
    within : column of areas, such as beats or departments; at least `minimum_areas` of them.
    of : the counted flag of a find; known only where a search was made.
    searches : the flag of a search.
    basis, discretionary : the ground of a search, and the grounds that leave the officer a choice,
        as in `hit_rates`. A stop with another kind of search counts as one without a search.
    prior_scales : factors by which the scale of every prior is multiplied (of `t_r`, `sigma_t` and
        the means, 1; of groups about their mean and of areas, 0.1); one set of rows for each.
    chains, draws, tune, seed : of the sampler: chains, draws of each that are kept, and before
        them draws that are not; the same seed gives the same figures on the same machine. The
        main fit, that of scale 1 (or the first of `prior_scales` without it), is made once more
        with twice the draws where it falls short; the others are not.
    minimum_areas : with fewer areas no threshold is given.
    minimum_searches : a group with fewer discretionary searches is left out.
    confidence_level : level of all intervals, between 0 and 1.
    tell : is given short sentences on the progress.

    Returns
    -------
    DataFrame
        One row for each prior scale, area (`stratum`; "all" first) and group. `n` stops, `x`
        searches and `hits`, their rates and those of the model, and how far these are apart:
        `search_rms`, `hit_rms` (weighted by stops, by searches), and `search_covered`,
        `hit_covered`, the share of areas whose rate lies in the 95 % predictive interval.
        `threshold` is a chance of contraband (0 to 1), `difference` is that to the reference;
        over all areas they are weighted by the area's stops of all groups. `rhat` and `ess` are
        the worst of the whole fit. `left_out_basis` searches count as no search; stops with
        `left_out_unknown` searches (outcome not known) are left out, as are the other stops in
        `left_out` (area not known, or whether there was a search).

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, or a number out of range.

    Notes
    -----
    Thresholds are missing, with the reason, where they cannot be trusted: too few areas or
    searches, R-hat above 1.01, an effective sample size below 400, more than 5 divergences in
    1,000 draws, or no sampler. The main fit is tried once more, with twice the draws; a fit at
    another prior scale is not, and its rows then say that it did not converge at that scale.

    It cannot show a threshold as a fact. It infers one from a model of signals that nobody can
    see; another family of signals gives another level, and can give another sign. Thresholds of
    different models cannot be compared. Levels follow the priors much more than differences do:
    with simulated counts, intervals of levels often missed the truth, those of differences
    seldom. Source: Pierson, Corbett-Davies and Goel, Fast threshold tests for detecting
    discrimination, AISTATS (2018), PMLR 84, 96-105; the hierarchical form is that of Simoiu and
    others, StanCon (2018).

    Examples
    --------
    >>> import pandas as pd
    >>> beats = pd.DataFrame({
    ...     "beat": ["1", "1", "2", "2"], "race": ["black", "white"] * 2, "n": [900, 1000] * 2,
    ...     "search_conducted": [90, 60] * 2, "search_conducted_known": [900, 1000] * 2,
    ...     "contraband_found": [18, 18] * 2, "contraband_found_known": [90, 60] * 2,
    ... })
    >>> table = threshold_test(beats, group="race", reference="white", within="beat")
    >>> table[["group", "hit_rate", "threshold", "reason"]].values.tolist()[0]
    ['black', 0.2, nan, 'the model needs at least 3 areas with stops, and there are 2']
    """
    _check(prior_scales, chains, draws, tune, confidence_level)
    counted = searches_of(
        frame_of(counts),
        group=group,
        of=of,
        searches=searches,
        basis=basis,
        discretionary=discretionary,
        within=within,
    )
    at = counted.folded.column_of(reference)
    seen = _Seen.of(counted, minimum_searches, more_words(of))
    refused = _refusal(seen, at, minimum_areas)
    tables = []
    scales = [float(s) for s in prior_scales]
    main = 1.0 if 1.0 in scales else scales[0]
    for scale in scales:
        found: Fit | None = None
        if not refused:
            found = fit(
                seen.data,
                seen.used,
                at,
                scale=scale,
                chains=chains,
                draws=draws,
                tune=tune,
                seed=seed,
                confidence_level=confidence_level,
                retry=scale == main,
                tell=None if tell is None else _say(tell, scale),
            )
        if found is not None and found.why and scale != main:
            found = replace(found, why=f"at this prior scale {found.why}")
        tables.append(_rows(seen, found, refused, at, scale, counted.said))
    return pd.concat(tables, ignore_index=True)


@dataclass(frozen=True)
class _Seen:
    """Counts by area and group, and which cells can go into the model."""

    groups: tuple[str, ...]
    areas: tuple[str, ...]
    data: dict[str, np.ndarray]
    """By area and group: `n`, of them `stops` that can count, `searches`, `hits`, `other` and
    `silent` searches that do not."""
    nowhere: np.ndarray
    """Stops of each group whose area is not known."""
    unknown: np.ndarray
    """Stops without a group: of all areas, then of each."""
    wrong: np.ndarray
    """Cells with more outcomes than searches."""
    few: np.ndarray
    """Groups with too few searches."""
    minimum: int
    too_many: str

    @classmethod
    def of(cls, counted: Searches, minimum: int, too_many: str) -> _Seen:
        folded = counted.folded
        known = np.array([s != NOT_KNOWN for s in folded.strata], dtype=bool)
        wrong = (folded["apart"] > 0)[known]
        data = {
            "n": folded["n"],
            "stops": np.maximum(folded["asked"] - counted.unknown_outcome, 0.0),
            "searches": folded["known"],
            "hits": folded["hits"],
            "other": folded["other"],
            "silent": counted.unknown_outcome,
        }
        data = {name: values[known] for name, values in data.items()}
        for name in ("stops", "searches", "hits"):
            data[name] = np.where(wrong, 0.0, data[name])
        unknown = folded.unknown["n"]
        return cls(
            groups=folded.groups,
            areas=tuple(s for s in folded.strata if s != NOT_KNOWN),
            data=data,
            nowhere=folded["n"][~known].sum(axis=0),
            unknown=np.append(unknown.sum(), unknown[known]),
            wrong=wrong,
            few=data["searches"].sum(axis=0) < minimum,
            minimum=minimum,
            too_many=too_many,
        )

    @property
    def used(self) -> np.ndarray:
        """Cells that go into the model."""
        return (self.data["stops"] > 0) & ~self.few[None, :]

    @property
    def n_areas(self) -> int:
        """Areas that go into the model."""
        return int(self.used.any(axis=1).sum())

    def with_all(self, name: str) -> np.ndarray:
        """Return a count for all areas together, then for each."""
        return np.vstack([self.data[name].sum(axis=0), self.data[name]])


def _refusal(seen: _Seen, reference: int, minimum_areas: int) -> str:
    """Return why nothing can be fitted; empty where it can."""
    if seen.few[reference]:
        return (
            f"the reference, {seen.groups[reference]}, has fewer than {seen.minimum} searches: "
            f"{int(seen.data['searches'][:, reference].sum())}"
        )
    if (~seen.few).sum() < 2:
        return f"only one group has at least {seen.minimum} searches"
    if seen.n_areas < minimum_areas:
        return (
            f"the model needs at least {minimum_areas} areas with stops, and there are "
            f"{seen.n_areas}"
        )
    return sampling.INSTALL if sampling.sampler() is None else ""


def _check(
    scales: Sequence[float], chains: int, draws: int, tune: int, confidence_level: float
) -> None:
    if not len(scales) or any(not 0 < s < np.inf for s in scales):
        raise ValueError(
            f"prior_scales={tuple(scales)!r} must be positive numbers, such as (0.5, 1.0, 1.5)."
        )
    for name, value, least in (("chains", chains, 2), ("draws", draws, 100), ("tune", tune, 100)):
        if value < least:
            raise ValueError(f"{name}={value!r} must be at least {least}.")
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level={confidence_level!r} must lie between 0 and 1, such as 0.95."
        )


def _say(tell: Callable[[str], None], scale: float) -> Callable[[str], None]:
    return lambda text: tell(f"threshold test, prior scale {scale:g}: {text}")


def _reasons(seen: _Seen, found: Fit | None, refused: str, reference: int) -> Reasons:
    """Return why figures are missing: of all areas together, then of each, by group."""
    shape = (len(seen.areas) + 1, len(seen.groups))
    none = np.zeros(shape[1], dtype=bool)
    reasons = Reasons(shape)
    reasons.add(np.vstack([none, seen.wrong]), seen.too_many)
    if refused:
        reasons.add(np.ones(shape, dtype=bool), refused)
        return reasons
    few = [
        f"left out, with fewer than {seen.minimum} searches ({int(s)})"
        for s in seen.data["searches"].sum(axis=0)
    ]
    reasons.add(np.broadcast_to(seen.few, shape), np.array(few, dtype=object))
    empty = (seen.data["stops"] == 0) & ~seen.wrong & ~seen.few
    reasons.add(np.vstack([none, empty]), "no stops of this group in this area")
    used = np.vstack([~seen.few, seen.used])
    if found is not None and not found.converged:
        reasons.add(used, found.why)
    elif found is not None:
        alone = used & np.isnan(found.figures["difference"])
        reasons.add(alone, f"no comparison: no stops of {seen.groups[reference]} in the same area")
    return reasons


def _rows(
    seen: _Seen, found: Fit | None, refused: str, reference: int, scale: float, chosen: str
) -> pd.DataFrame:
    """Return the rows of one prior scale: all areas together, then each."""
    rows, columns = len(seen.areas) + 1, len(seen.groups)
    size = rows * columns
    n, x, hits = (seen.with_all(name) for name in ("stops", "searches", "hits"))
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = {"search_rate": x / n, "hit_rate": hits / x}
    lost = seen.with_all("n") - n
    lost[0] += seen.nowhere
    missing = np.full((rows, columns), np.nan)
    given = dict.fromkeys(Fit.FIGURES, missing) if found is None else found.figures
    method = (
        f"hierarchical fast threshold model, priors x {scale:g}: posterior mean and interval "
        f"of equal tails, by NUTS; {chosen}"
    )
    return tidy(
        {
            "stratum": np.repeat(np.array(["all", *seen.areas]), columns),
            "group": np.tile(np.array(seen.groups), rows),
            "reference": np.full(size, seen.groups[reference]),
            "prior_scale": np.full(size, scale),
            "n": whole(n),
            "x": whole(x),
            "hits": whole(hits),
            **rates,
            **given,
            "rhat": np.full(size, np.nan if found is None else found.rhat),
            "ess": np.full(size, np.nan if found is None else found.ess),
            "divergences": np.full(size, 0 if found is None else found.divergences),
            "areas": np.full(size, seen.n_areas),
            "draws": np.full(size, 0 if found is None else found.draws),
            "converged": np.full(size, found is not None and found.converged),
            "left_out_basis": whole(seen.with_all("other")),
            "left_out_unknown": whole(seen.with_all("silent")),
            "left_out": whole(lost),
            "unknown": np.repeat(whole(seen.unknown), columns),
            "method": np.full(size, method),
            "reason": _reasons(seen, found, refused, reference).column(),
        }
    )
