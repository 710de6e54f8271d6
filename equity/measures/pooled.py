"""One figure over years or postings: pooled where the strata agree, withheld where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import (
    NOT_KNOWN,
    Cells,
    cells,
    frame_of,
    need,
    need_flag,
    tidy,
    whole,
)
from equity.measures._pool import pooled_rows, strata_rows
from equity.measures._stages import read_stages, still_running
from equity.proportions import holm

__all__ = ["pooled"]

RUNNING = "early failures count and late passes do not yet, so rates are too low"

POOLED = "pooled"
"""The stratum of the pooled row, which stands last."""


def pooled(
    counts: Any,
    *,
    group: str,
    reference: str,
    within: str,
    stages: Sequence[str] | None = None,
    of: str | None = None,
    homogeneity_level: float = 0.05,
    correction: bool = False,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Compare groups within each year or posting, and over all of them where these agree.

    Over all years together, but each year compared within itself: does one group pass less often
    than another?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts by `group` and `within`, with a counted flag for each stage, or for `of`.
    group : column that holds the groups.
    reference : the group to compare with, the same in all strata and at all stages.
    within : column of strata, such as the year or the posting. Rows of which it is not known are
        shown, but are in no pool.
    stages : the flags in order, each nested in the one before; a last stage, the "bottom line",
        stands for the whole. Either `stages` or `of`.
    of : one flag that is no stage.
    homogeneity_level : the pooled figure is withheld where the p-value of homogeneity is below.
    correction : Yates's continuity correction in chi-square, as some published figures have it.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stage, group (without the reference) and stratum, and below them the row
        of all: `stratum` is "pooled". `x` of `n` with a known outcome passed, of the reference
        `x_reference` of `n_reference`; `expected` is `x` if both groups passed equally often
        within strata; `odds_ratio` with `low` and `high`, `risk_ratio` (the impact ratio) with its
        interval; `p_value`, and `p_adjusted` (Holm) for so many `comparisons`: of a pooled row
        all pooled ones (groups by stages), of a stratum those of all strata. In the pooled row
        only: `n`, `x` and `expected` over the strata that tell something; `chi2` with `p_chi2`,
        and `p_exact`; `strata` used and `strata_without_information`, whose names are in
        `left_out`; `breslow_day` with `breslow_day_df`, `tarone` (with Tarone's correction) and
        `p_tarone`; `p_homogeneity`,
        which is `p_tarone`, or, where strata are sparse, the exact one (Zelen); `homogeneous`,
        missing where it cannot be tested; and `withheld`: then the ratios and their test are
        missing. `unknown` people without a known group, the `method`, the `reason` why a figure
        is missing.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, stages that are not
        nested, both or neither of `stages` and `of`.

    Notes
    -----
    It cannot show that the strata agree: with few people in each, a difference between them is
    seldom found. Nor why groups differ, nor who applied in which stratum: where one group applies
    mostly where few pass, it passes less often over all although it does not within any stratum.
    The odds ratio is farther from 1 than the risk ratio, most where many pass. Where results of a
    later stage are open, the bottom line is that of the outcomes known so far and may mislead, as
    `reason` says: choose strata that are closed. A stratum in which
    nobody or everybody of both groups passed tells nothing of odds and is left out; where
    everybody passed it counts in the risk ratio, as a ratio of 1. The test is chi-square without
    continuity correction, or, where there is little room (Mantel and Fleiss: less than 5 between
    the expected sum and the least or largest possible), the exact conditional one. Source: Mantel
    and Haenszel, Journal of the National Cancer Institute 22 (1959), 719-748; Robins, Breslow and
    Greenland, Biometrics 42 (1986), 311-323; Greenland and Robins, Biometrics 41 (1985), 55-68;
    Tarone, Biometrika 72 (1985), 91-95; Zelen, Biometrika 58 (1971), 129-137; Bickel, Hammel and
    O'Connell, Science 187 (1975), 398-404.

    Examples
    --------
    Two years in which Black candidates had about half the odds:

    >>> import pandas as pd
    >>> hiring = pd.DataFrame({
    ...     "year": [2022, 2022, 2023, 2023], "race": ["black", "white"] * 2,
    ...     "n": [80, 200, 90, 180], "hired": [12, 52, 15, 50], "hired_known": [80, 200, 90, 180],
    ... })
    >>> table = pooled(hiring, group="race", reference="white", of="hired", within="year")
    >>> table[["stratum", "x", "odds_ratio", "p_value"]].round(3).values.tolist()
    [['2022', 12, 0.502, 0.05], ['2023', 15, 0.52, 0.042], ['pooled', 27, 0.512, 0.005]]
    """
    if not 0 <= homogeneity_level < 1:
        raise ValueError(
            f"homogeneity_level must lie between 0 and 1, but is {homogeneity_level!r}. "
            "For 5 % write 0.05."
        )
    got = _read(counts, group=group, within=within, stages=stages, of=of)
    at = got.folded.column_of(reference)
    others = [i for i in range(len(got.folded.groups)) if i != at]
    strata = got.folded.strata
    if POOLED in strata:
        raise ValueError(
            f"A value of {within!r} is {POOLED!r}, which is the name of the row of all strata. "
            "Give this value another name."
        )
    x, n = (np.moveaxis(v[..., others], 1, -1) for v in (got.x, got.n))
    b, m = (np.broadcast_to(np.moveaxis(v[..., [at]], 1, -1), x.shape) for v in (got.x, got.n))
    part = strata_rows(x, n, b, m, reference, confidence_level)
    in_pool = np.array([s != NOT_KNOWN for s in strata])
    both = pooled_rows(
        *(v[..., in_pool] for v in (x, n, b, m)),
        names=np.array([s for s in strata if s != NOT_KNOWN], dtype=object),
        apart=np.array(not in_pool.all()),
        level=homogeneity_level,
        correction=correction,
        confidence_level=confidence_level,
    )
    single = len(got.names) == 2  # the bottom line of one stage is that stage
    part["p_adjusted"], part["comparisons"] = _adjusted(part["p_value"], None, single)
    tested = both.pop("tested")
    both["p_adjusted"], both["comparisons"] = _adjusted(both["p_value"], tested, single)

    groups = [got.folded.groups[i] for i in others]
    size = (len(got.names), len(groups), len(strata) + 1)
    joined = {c: _joined(part.get(c), both.get(c), size) for c in {**part, **both}}
    joined["reason"] = _with_running(joined["reason"], got.running, at, others, in_pool)
    unknown = np.concatenate([got.unknown, got.unknown.sum(axis=1, keepdims=True)], axis=1)
    words = {"stratum": [*strata, POOLED], "stage": list(got.names), "group": groups}
    named = {
        c: np.broadcast_to(np.array(v, dtype=object).reshape(shape), size)
        for (c, v), shape in zip(words.items(), ((1, 1, -1), (-1, 1, 1), (1, -1, 1)), strict=True)
    }
    counted = ("comparisons", "strata", "strata_without_information", "breslow_day_df")
    flags = ("homogeneous", "withheld")
    out: dict[str, Any] = {
        **named,
        "reference": np.full(size, reference, dtype=object),
        "n": whole(joined["n"]),
        "x": whole(joined["x"]),
        "n_reference": whole(joined["n_reference"]),
        "x_reference": whole(joined["x_reference"]),
    }
    for column in _FIGURES:
        values = joined[column]
        if column in counted:
            out[column] = pd.Series(values.ravel()).astype("Int64")
        elif column in flags:
            out[column] = pd.Series([None if v != v else bool(v) for v in values.ravel()]).astype(
                "boolean"
            )
        elif column == "left_out":
            out[column] = pd.Series([w or None for w in values.ravel()], dtype="str")
        else:
            out[column] = values.astype(float)
    out["unknown"] = whole(np.broadcast_to(unknown[:, None, :], size))
    out["method"] = joined["method"]
    out["reason"] = pd.Series([w or None for w in joined["reason"].ravel()], dtype="str")
    return tidy(out)


_FIGURES = (
    *("expected", "odds_ratio", "low", "high", "risk_ratio", "ratio_low", "ratio_high"),
    *("chi2", "p_chi2", "p_exact", "p_value", "p_adjusted", "comparisons"),
    *("strata", "strata_without_information", "left_out"),
    *(
        "breslow_day",
        "breslow_day_df",
        "tarone",
        "p_tarone",
        "p_homogeneity",
        "homogeneous",
        "withheld",
    ),
)


@dataclass(frozen=True)
class _Counts:
    """Counts of shape (stages, strata, groups): with a known outcome, and passed."""

    names: tuple[str, ...]
    folded: Cells
    n: np.ndarray
    x: np.ndarray
    unknown: np.ndarray
    running: np.ndarray
    """Still in the running, shape (strata, groups)."""


def _with_running(
    words: np.ndarray, running: np.ndarray, at: int, others: list[int], in_pool: np.ndarray
) -> np.ndarray:
    """Add to the bottom line how many of both groups are still in the running."""
    both = (running[:, others] + running[:, [at]]).T
    both = np.concatenate([both, both[:, in_pool].sum(axis=1, keepdims=True)], axis=1)
    told = still_running(both) + ": " + RUNNING
    words = words.copy()
    joined = np.where(words[-1] == "", told, words[-1] + "; " + told)
    words[-1] = np.where(both > 0, joined, words[-1])
    return words


def _read(
    counts: Any, *, group: str, within: str, stages: Sequence[str] | None, of: str | None
) -> _Counts:
    if (stages is None) == (of is None):
        raise ValueError(
            f"stages={stages!r} and of={of!r}: name either the stages of a selection, or one flag "
            "as `of`."
        )
    if of is None:
        got = read_stages(counts, group=group, stages=stages or (), within=within)
        return _Counts(got.names, got.folded, got.x_known, got.x, got.unknown, got.running)
    frame = frame_of(counts)
    need(frame, [("group", group), ("within", within), ("n", "n")])
    need_flag(frame, "of", of)
    folded = cells(frame, group=group, within=within, columns=["n", of, f"{of}_known"])
    x, known = folded[of], folded[f"{of}_known"]
    if (x > known).any() or (known > folded["n"]).any():
        raise ValueError(
            f"of={of!r}: more people are a yes than are known, or more are known than there are. "
            "Make the table with equity.count."
        )
    nobody = np.zeros_like(x)
    return _Counts((of,), folded, known[None], x[None], folded.unknown["n"][None], nobody)


def _adjusted(
    p: np.ndarray, tested: np.ndarray | None, single: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Adjust by Holm, and say for how many comparisons; those withheld were comparisons too."""
    own = p[:1] if single else p
    there = ~np.isnan(p) if tested is None else tested.astype(bool)
    made = int((there[:1] if single else there).sum())
    adjusted = holm(own, comparisons=made)
    number = np.where(np.isnan(p), np.nan, made)
    return (np.concatenate([adjusted, adjusted]) if single else adjusted), number


def _joined(
    part: np.ndarray | None, both: np.ndarray | None, size: tuple[int, int, int]
) -> np.ndarray:
    """Return the figures of the strata with those of the pooled row behind them."""
    words = any(v is not None and v.dtype == object for v in (part, both))
    blank: Any = "" if words else np.nan
    kind = object if words else float
    out = np.full(size, blank, dtype=kind)
    if part is not None:
        out[..., :-1] = part
    if both is not None:
        out[..., -1] = both
    return out
