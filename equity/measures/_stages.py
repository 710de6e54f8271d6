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
    running: np.ndarray
    """Still in the running, shape (strata, groups); 0 unless a stage after the first is open.

    Early failures are known then and late passes are not: `x` of `x_known` is too low at the
    bottom line, and `in_whole_people` is to be taken.
    """


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
    later = [k < n for n, k in zip(entered[1:], known[1:], strict=True)]
    running = np.where(np.any(later, axis=0), everyone - final, 0.0) if later else 0 * everyone
    return Stages(
        (*names, BOTTOM_LINE),
        folded,
        np.stack([*entered, everyone]),
        np.stack([*known, final]),
        np.stack([*passed, passed[-1]]),
        np.stack([*unknown, folded.unknown["n"]]),
        running,
    )


def product_of_stages(
    x: np.ndarray, known: np.ndarray, entered: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the product of the stages' rates (first axis), and how many people it is worth.

    So many, all with a known outcome, would tell the rate with the same variance (delta method:
    that of its logarithm is the sum of 1/x - 1/known), but never more than have an outcome. Where
    everyone known passed a stage that is open, half a person more did not. Where nobody passed a
    stage: those of it, scaled up to the first; where everyone passed all: the fewest of a stage.
    NaN and 0 where a stage that people entered has no known outcome.
    """
    most = entered[0] - (entered - known).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        gone = np.cumsum((x == 0) & (known > 0), axis=0) > 0  # nobody enters what comes after
        after = np.concatenate([np.zeros_like(gone[:1]), gone[:-1]])
        rates = np.where(after, 1.0, x / known)
        rate = np.prod(rates, axis=0)
        before = np.cumprod(np.concatenate([np.ones_like(rates[:1]), rates[:-1]]), axis=0)
        none = np.where((rates == 0) & ~after, known / before, 0.0).sum(axis=0)
        half = np.where((x == known) & (known < entered), 0.5, 0.0)
        variance = np.where(after, 0.0, 1 / (x + half) - 1 / (known + 2 * half)).sum(axis=0)
        people = (1 - rate) / (rate * variance)
    people = np.where(rate == 0, none, np.where(rate == 1, known.min(axis=0), people))
    return rate, np.where(np.isnan(rate), 0.0, np.minimum(people, most))


def in_whole_people(got: Stages) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rate, `x` and `x_known` of all stages; those still open at the bottom line made up.

    There the rate is the product of the stages, and the counts are those of as many people as it
    is worth, rounded down; `x` never rounds to none or to all.
    """
    x, known = got.x.copy(), got.x_known.copy()
    open_ = got.running > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(known > 0, x / known, np.nan)
    if open_.any():
        product, worth = product_of_stages(x[:-1], known[:-1], got.n[:-1])
        between = (product > 0) & (product < 1)
        m = np.where(worth > 0, np.maximum(np.floor(worth + 1e-9), np.where(between, 2, 1)), 0.0)
        a = np.rint(np.where(m > 0, product, 0.0) * m)
        a = np.where(between, np.clip(a, 1, np.maximum(m - 1, 1)), a)
        rate[-1], x[-1], known[-1] = (
            np.where(open_, new, old)
            for new, old in ((product, rate[-1]), (a, x[-1]), (m, known[-1]))
        )
    return rate, x, known


def still_running(running: np.ndarray) -> np.ndarray:
    """Return "19 still in the running" for each number."""
    words = [f"{int(v):,} still in the running" for v in running.flat]
    return np.array(words, dtype=object).reshape(running.shape)


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
