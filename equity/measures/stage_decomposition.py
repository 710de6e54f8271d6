"""Where does a difference arise: the impact ratio of the whole, taken apart by stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from equity.measures._cells import Reasons, of_words, tidy, whole
from equity.measures._stages import MINIMUM_SHARE, Stages, read_stages

__all__ = ["stage_decomposition"]


def stage_decomposition(
    counts: Any,
    *,
    group: str,
    stages: Sequence[str],
    reference: str | None = None,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Contribution of each stage to the impact ratio of the whole process.

    Which stages widen the difference between two groups, and which narrow it?

    The impact ratio of the whole is the product of those of the stages, so their logarithms add.

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of applicants by `group` (and `within`), with a counted flag for each stage.
    group : column that holds the groups.
    stages : the flags in order, each nested in the one before.
    reference : the group to compare with, the same at every stage; None: the group with the
        highest rate at the bottom line, among those of at least 2 % of the applicants.
    within : column of strata (year, posting); each is taken apart by itself.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, group (without the reference) and stage; the last stage is the
        "bottom line". `n` of the group entered with a known outcome, `x` passed; `log_ratio` is
        the logarithm of the stage's impact ratio, with `low` and `high`, and adds up to the
        bottom line; `impact_ratio` with its interval; `share_of_total` of the bottom line, missing
        unless all stages point the same way; `reason` why a figure is missing.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, or stages that are not
        nested.

    Notes
    -----
    It cannot show what would happen if one stage were changed: those who pass it would be others.
    Intervals are by the delta method and too narrow with few events. Where outcomes are not known
    the bottom line is the product of the stages, not `x` of all applicants. Source: Connecticut v.
    Teal, 457 U.S. 440 (1982), for stages beside the bottom line; Katz and others, Biometrics 34
    (1978), for the variance of the logarithm.

    Examples
    --------
    >>> import pandas as pd
    >>> candidates = pd.DataFrame({
    ...     "race": ["black", "white"], "n": [48, 259],
    ...     "test": [26, 206], "test_known": [48, 259],
    ...     "promoted": [11, 35], "promoted_known": [48, 259],
    ... })
    >>> table = stage_decomposition(candidates, group="race", stages=["test", "promoted"],
    ...                             reference="white")
    >>> table[["stage", "log_ratio"]].round(6).values.tolist()
    [['test', -0.384153], ['promoted', 0.912327], ['bottom line', 0.528174]]
    """
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level must lie between 0 and 1, but is {confidence_level!r}. "
            "For 95 % write 0.95."
        )
    got = read_stages(counts, group=group, stages=stages, within=within)
    folded = got.folded
    at = _highest(got) if reference is None else folded.column_of(reference)
    reference = folded.groups[at]
    others = [i for i in range(len(folded.groups)) if i != at]
    n, x = got.x_known, got.x
    with np.errstate(invalid="ignore", divide="ignore"):
        log_rate = np.where((n > 0) & (x > 0), np.log(x) - np.log(n), np.nan)
        variance = 1 / x - 1 / n
    # the bottom line is what the stages add up to
    log_rate[-1] = log_rate[:-1].sum(axis=0)
    variance[-1] = variance[:-1].sum(axis=0)
    log_ratio = (log_rate - log_rate[..., [at]])[..., others]
    spread = np.sqrt(variance + variance[..., [at]])[..., others]
    half = float(special.ndtri(0.5 + confidence_level / 2)) * spread
    half = np.where(np.isnan(log_ratio), np.nan, half)
    total = log_ratio[-1]
    one_way = (log_ratio[:-1] >= 0).all(axis=0) | (log_ratio[:-1] <= 0).all(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(one_way & (total != 0), log_ratio / total, np.nan)

    reasons = Reasons(log_ratio.shape)
    mine = ((n == 0) | (x == 0))[..., others]
    theirs = np.broadcast_to(((n == 0) | (x == 0))[..., [at]], log_ratio.shape)
    bottom = np.zeros(log_ratio.shape, dtype=bool)
    bottom[-1] = True
    passed = of_words(x, n)
    reasons.add(mine & ~bottom, passed[..., others] + " of this group passed: no logarithm")
    reasons.add(theirs & ~bottom, passed[..., [at]] + f" of {reference} passed: no logarithm")
    reasons.add(bottom & np.isnan(log_ratio), "a stage has no figure, so there is no sum")
    split = np.broadcast_to(~one_way & ~np.isnan(total), log_ratio.shape)
    reasons.add(split, "no shares: the stages point in different directions")
    reasons.add(
        np.broadcast_to(one_way & (total == 0), log_ratio.shape), "no shares: the total is 0"
    )

    n_stages, n_strata, n_groups = log_ratio.shape

    def rows(values: np.ndarray) -> np.ndarray:
        """Reorder from stage, stratum, group to stratum, group, stage."""
        return np.moveaxis(values, 0, 2)

    order = rows(np.arange(log_ratio.size).reshape(log_ratio.shape)).ravel()
    groups = np.array([folded.groups[i] for i in others], dtype=object)
    with np.errstate(over="ignore"):
        figures = [np.exp(v) for v in (log_ratio, log_ratio - half, log_ratio + half)]
    return tidy(
        {
            "stratum": np.repeat(np.array(folded.strata), n_groups * n_stages),
            "stage": np.tile(np.array(got.names), n_strata * n_groups),
            "group": np.tile(np.repeat(groups, n_stages), n_strata),
            "reference": np.full(log_ratio.size, reference, dtype=object),
            "n": whole(rows(n[..., others])),
            "x": whole(rows(x[..., others])),
            "log_ratio": rows(log_ratio),
            "low": rows(log_ratio - half),
            "high": rows(log_ratio + half),
            "impact_ratio": rows(figures[0]),
            "ratio_low": rows(figures[1]),
            "ratio_high": rows(figures[2]),
            "share_of_total": rows(part),
            "reason": reasons.column().iloc[order].reset_index(drop=True),
        }
    )


def _highest(got: Stages) -> int:
    """Return the position of the group with the highest rate over all applicants."""
    n, x = got.x_known[-1].sum(axis=0), got.x[-1].sum(axis=0)
    everyone = got.n[-1].sum(axis=0)
    judged = (everyone >= MINIMUM_SHARE * everyone.sum()) & (n > 0)
    if not (x[judged] > 0).any():
        raise ValueError(
            "No group has anybody at the last stage, so there is none to compare with. Name a "
            "reference, or choose more applicants."
        )
    return int(np.argmax(np.where(judged, x / np.where(n > 0, n, 1), -1.0)))
