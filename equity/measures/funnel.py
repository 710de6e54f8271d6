"""How many people of each group come how far: the pipeline of hiring or promotion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import Reasons, frame_of, tidy, whole
from equity.measures._stages import Stages, read_stages

__all__ = ["APPLIED", "funnel"]

APPLIED = "applied"
"""The first stage of every funnel: everybody who is in the counts."""

STILL_OPEN = "still_open"
"""The column that says of those without a result: True still open, False withdrew."""


def funnel(
    counts: Any, *, group: str, stages: Sequence[str], within: str | None = None
) -> pd.DataFrame:
    """Count who is still in after each stage, and who was lost at it.

    Where on the way from application to the last stage do people of each group drop out?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of applicants by `group` (and `within`), with a counted flag for each stage: yes for
        those who passed it. Stages are nested: nobody passes a stage without the one before.
        If they are counted by `still_open` too, as `equity count` does where the file tells it,
        those who withdrew are told apart from those who wait.
    group : column that holds the groups.
    stages : the flags in order, such as ["qualified", "tested", "offered", "hired"].
    within : column of strata (year, posting); one funnel for each.

    Returns
    -------
    DataFrame
        One row for each stratum, stage (the first is "applied") and group. `n` people passed this
        stage; `lost` were in before it and are known not to have passed it; `withdrew` have no
        result and none is to come: they withdrew, or the file has another word for no result;
        `pending` are still open, or nothing says why there is no result. `n` of the stage before
        is the sum of the four. `share_of_applicants`: `n` of those
        of the group who applied; `share_of_stage`: the group's share of all with a known group who
        passed; `rate`: `n` of those whose result at this stage is known; `unknown` people without
        a known group passed this stage; `reason` why a figure is missing.

    Raises
    ------
    ValueError
        For a column that is not there, or stages that are not nested.

    Notes
    -----
    It cannot show why people drop out, nor, without `still_open`, who withdrew and who waits:
    then all without a result are `pending`. Nor whether groups differ by more than chance: `adverse_impact` compares them. The first stages lose most
    people nearly everywhere, since most people are in them. Source: Uniform Guidelines on Employee
    Selection Procedures, 29 CFR 1607.4C and 1607.15A(2) (1978), which ask for these numbers.

    Examples
    --------
    Connecticut v. Teal (1982): the test, then promotion.

    >>> import pandas as pd
    >>> candidates = pd.DataFrame({
    ...     "race": ["black", "white"], "n": [48, 259],
    ...     "test": [26, 206], "test_known": [48, 259],
    ...     "promoted": [11, 35], "promoted_known": [48, 259],
    ... })
    >>> table = funnel(candidates, group="race", stages=["test", "promoted"])
    >>> table[["stage", "group", "n", "lost"]].values.tolist()[2:]
    [['test', 'black', 26, 22], ['test', 'white', 206, 53], ['promoted', 'black', 11, 15], ['promoted', 'white', 35, 171]]
    """  # noqa: E501
    names = [stages] if isinstance(stages, str) else list(stages)
    if APPLIED in names:
        raise ValueError(
            f"stages={names!r}: {APPLIED!r} is the name of the first stage, everybody in the "
            "counts. Leave it out, or give the flag another name."
        )
    got = read_stages(counts, group=group, stages=names, within=within)
    folded = got.folded
    # the bottom line is left out: it is the last stage once more
    entered, known, passed = (v[:-1] for v in (got.n, got.x_known, got.x))
    applied = folded["n"]
    nothing = np.zeros_like(applied)[None]
    n = np.concatenate([applied[None], passed])
    lost = np.concatenate([nothing, known - passed])
    none = np.concatenate([nothing, entered - known])
    withdrew = np.minimum(_withdrawn(counts, got, group=group, stages=names, within=within), none)
    unknown = np.stack([folded.unknown["n"], *(folded.unknown[s] for s in names)])
    everyone = n.sum(axis=2, keepdims=True)
    result = np.concatenate([nothing, known])  # of applying there is no result
    with np.errstate(invalid="ignore", divide="ignore"):
        of_applicants = np.where(applied > 0, n / applied, np.nan)
        of_stage = np.where(everyone > 0, n / everyone, np.nan)
        rate = np.where(result > 0, n / result, np.nan)

    reasons = Reasons(n.shape)
    reasons.add(np.broadcast_to(applied == 0, n.shape), "nobody of this group applied")
    before = np.concatenate([np.ones_like(nothing), entered])
    reasons.add((before == 0) & (applied > 0), "nobody of this group entered")
    open_ = (before > 0) & (result == 0)
    open_[0] = False
    reasons.add(open_, "no outcome is known for this group")
    reasons.add(
        np.broadcast_to(everyone == 0, n.shape) & (before > 0) & ~open_, "nobody passed this stage"
    )

    def rows(values: np.ndarray) -> np.ndarray:
        """Reorder from stage, stratum, group to stratum, stage, group."""
        return values.swapaxes(0, 1)

    n_stages, n_strata, n_groups = n.shape
    order = rows(np.arange(n.size).reshape(n.shape)).ravel()
    return tidy(
        {
            "stratum": np.repeat(np.array(folded.strata), n_stages * n_groups),
            "stage": np.tile(np.repeat(np.array([APPLIED, *names]), n_groups), n_strata),
            "group": np.tile(np.array(folded.groups), n_strata * n_stages),
            "n": whole(rows(n)),
            "lost": whole(rows(lost)),
            "withdrew": whole(rows(withdrew)),
            "pending": whole(rows(none - withdrew)),
            "share_of_applicants": rows(of_applicants),
            "share_of_stage": rows(of_stage),
            "rate": rows(rate),
            "unknown": np.repeat(whole(unknown.T), n_groups),
            "reason": reasons.column().iloc[order].reset_index(drop=True),
        }
    )


def _withdrawn(
    counts: Any, got: Stages, *, group: str, stages: Sequence[str], within: str | None
) -> np.ndarray:
    """Return how many have no result at each stage although nothing is open any more."""
    frame = frame_of(counts)
    out = np.zeros((len(stages) + 1, *got.folded.shape))
    if STILL_OPEN not in frame:
        return out
    gone = frame[STILL_OPEN].eq(False).fillna(False).astype(bool)
    numbers = ["n", *stages, *(f"{s}_known" for s in stages)]
    only = frame.assign(**{c: frame[c].where(gone, 0) for c in numbers})
    theirs = read_stages(only, group=group, stages=stages, within=within)
    out[1:] = (theirs.n - theirs.x_known)[:-1]
    return out
