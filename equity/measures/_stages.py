"""Stages of a selection: who entered each, whose outcome is known, and who passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from equity.measures._cells import Cells, cells, frame_of, need, need_flag

BOTTOM_LINE = "bottom line"

MINIMUM_SHARE = 0.02
"""Groups under this share of the applicants need not be judged (29 CFR 1607.4D)."""


@dataclass(frozen=True)
class Stages:
    """Counts of shape (stages, strata, groups); the last stage is the bottom line."""

    names: tuple[str, ...]
    folded: Cells
    n: np.ndarray
    x_known: np.ndarray
    x: np.ndarray
    unknown: np.ndarray
    """People without a known group who entered, shape (stages, strata)."""


def read_stages(counts: Any, *, group: str, stages: Sequence[str], within: str | None) -> Stages:
    """Fold the counts into stages, or raise ValueError where the stages are not nested.

    A flag of a stage may be recorded for those who never came so far as "no", or left empty. Where
    in every cell no more people have a known outcome than entered, it is read as left empty; else
    as "no": then those who are known to have failed before are taken off. People whose outcome
    before is not known have none here either, and are not among them.
    """
    names = [stages] if isinstance(stages, str) else list(stages)
    if not names:
        raise ValueError(
            "stages is empty: name the flags of the stages in order, such as "
            "['qualified', 'tested', 'offered', 'hired']."
        )
    twice = sorted({s for s in names if names.count(s) > 1})
    if twice or BOTTOM_LINE in names:
        raise ValueError(
            f"stages={names!r}: each stage is named once, and none is called {BOTTOM_LINE!r}."
        )
    frame = frame_of(counts)
    need(frame, [("group", group), *([("within", within)] if within else []), ("n", "n")])
    need(frame, [("stages", s) for s in names])
    for name in names:
        need_flag(frame, "stages", name)
    columns = ["n", *names, *(f"{s}_known" for s in names)]
    folded = cells(frame, group=group, within=within, columns=columns)
    _nested(folded, ["n", *names])
    everyone = folded["n"]
    entered, known, passed = [], [], []
    failed = np.zeros_like(everyone)  # known not to have passed a stage before this one
    for before, name in zip(["n", *names], names, strict=False):
        n, x, k = folded[before], folded[name], folded[f"{name}_known"]
        if before != "n" and not (k <= n).all():
            k = np.clip(k - failed, x, n)
        entered.append(n)
        known.append(np.minimum(k, n))
        passed.append(x)
        failed = failed + known[-1] - x
    stuck = np.sum([n - k for n, k in zip(entered, known, strict=True)], axis=0)
    last = folded[f"{names[-1]}_known"]
    final = np.clip(np.maximum(last, everyone - stuck), passed[-1], everyone)
    unknown = [folded.unknown["n"], *(folded.unknown[s] for s in names[:-1])]
    return Stages(
        (*names, BOTTOM_LINE),
        folded,
        np.stack([*entered, everyone]),
        np.stack([*known, final]),
        np.stack([*passed, passed[-1]]),
        np.stack([*unknown, folded.unknown["n"]]),
    )


def check_share(minimum_share: float) -> None:
    """Raise ValueError unless a smallest share is one."""
    if not 0 <= minimum_share < 1:
        raise ValueError(
            f"minimum_share must lie between 0 and 1, but is {minimum_share!r}. "
            "For 2 % write 0.02."
        )


def not_judged(minimum_share: float) -> str:
    """Return why a small group is not judged."""
    return f"not judged: under {minimum_share:.1%} of the applicants"


def highest_rate(x: np.ndarray, known: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """Return the group with the highest rate in each row (the larger one if equal), or -1."""
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(judged & (known > 0), x / known, -1.0)
    best = rate.max(axis=1, keepdims=True)
    tied = np.where((rate == best) & (best > 0), known, -1.0)
    return np.where(best[:, 0] > 0, tied.argmax(axis=1), -1)


def pairs_of(groups: np.ndarray | None, p: np.ndarray) -> int | None:
    """Return how many comparisons there are among the groups of each row, all pairs counted.

    Rows without any test count none. None (a reference was named): as many as are tested.
    """
    if groups is None:
        return None
    tested = (~np.isnan(p)).any(axis=-1)
    return int((groups * (groups - 1) // 2)[tested].sum())


def _nested(folded: Cells, columns: list[str]) -> None:
    for before, name in zip(columns, columns[1:], strict=False):
        wrong = folded[name] > folded[before]
        if wrong.any():
            s, g = (int(i[0]) for i in np.nonzero(wrong))
            where = "" if len(folded.strata) == 1 else f" in {folded.strata[s]!r}"
            earlier = "applied" if before == "n" else f"have {before!r}"
            raise ValueError(
                f"Stages must be nested: of group {folded.groups[g]!r}{where} "
                f"{int(folded[name][s, g]):,} have {name!r} but only "
                f"{int(folded[before][s, g]):,} {earlier}. Name the stages in their order, and "
                "check the file with `equity check`."
            )
