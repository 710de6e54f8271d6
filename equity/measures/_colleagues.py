"""Each officer against the others: cells of stops, and who of the colleagues is a benchmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from equity import proportions
from equity.measures._cells import keys
from equity.measures._local_fdr import LocalFdr, local_fdr
from equity.measures._propensity import Against, against_colleagues
from equity.proportions._arrays import two_sided_normal

__all__ = ["Verdict", "Workplace", "without_those_who_differ"]

BALANCED = 0.25
"""Largest standardised difference after weighting that is accepted (Stuart 2010, p. 11)."""
APART = 0.2
"""Local false discovery rate up to which an officer is said to differ (Efron 2010, p. 79)."""
ALPHA = 0.05
ROUNDS = 10
MOST = 0.10  # of the officers: an empirical null needs nine in ten that belong to it


@dataclass(frozen=True)
class Verdict:
    """Who can be compared, and who of them stands apart."""

    usable: np.ndarray
    thin: np.ndarray
    unbalanced: np.ndarray
    z: np.ndarray
    p_value: np.ndarray
    p_adjusted: np.ndarray
    local: LocalFdr
    differs: np.ndarray


class Workplace:
    """The stops of all officers in cells of place, hour and so on, and who is the benchmark."""

    def __init__(
        self, frame: pd.DataFrame, group: str, of_group: str, officer: str, by: list[str]
    ):
        n = frame["n"].to_numpy(dtype=float, na_value=np.nan)
        if np.isnan(n).any() or (n < 0).any():
            raise ValueError(
                "Column 'n' must hold counts of 0 or more, without gaps. Make the table with "
                "equity.count."
            )
        who, self.names = keys(frame[officer])
        codes = np.column_stack([keys(frame[c])[0] for c in by])
        known = frame[group].notna().to_numpy()
        yes = (frame[group] == of_group).fillna(False).to_numpy(dtype=bool)
        size, named = len(self.names), who >= 0
        self.unknown = np.bincount(who[named & ~known], n[named & ~known], minlength=size)
        self.have = np.bincount(who[named & known], n[named & known], minlength=size)

        # colleagues are all others, also those whose key is not recorded
        take = known & (codes >= 0).all(axis=1) & (n > 0)
        who, codes, n, yes = who[take], codes[take], n[take], yes[take]
        self.levels, cell = np.unique(codes, axis=0, return_inverse=True)
        cell, cells = cell.ravel(), len(self.levels)
        self.total = np.bincount(cell, n, minlength=cells).astype(float)
        self.positive = np.bincount(cell, np.where(yes, n, 0.0), minlength=cells).astype(float)
        order = np.argsort(who, kind="stable")
        ends = np.searchsorted(who[order], np.arange(size + 1))
        self.own: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for i in range(size):
            rows = order[ends[i] : ends[i + 1]]
            at, where = np.unique(cell[rows], return_inverse=True)
            mine = np.bincount(where, n[rows], minlength=len(at)).astype(float)
            hits = np.bincount(where, np.where(yes[rows], n[rows], 0.0), minlength=len(at))
            self.own.append((at, mine, hits.astype(float)))
        self.out: set[int] = set()

    def against(self, i: int, minimum: int) -> Against:
        """Compare an officer with all others, without those who have been taken out."""
        at, mine, hits = self.own[i]
        if mine.sum() < minimum:  # too few, whoever works beside them
            return Against(float(mine.sum()), float(hits.sum()))
        total, positive = self.total, self.positive
        if i in self.out:
            total, positive = total.copy(), positive.copy()
            total[at] += mine
            positive[at] += hits
        return against_colleagues(self.levels, total, positive, at, mine, hits)

    def take_out(self, i: int) -> None:
        """Leave an officer's stops out of what the others are held against."""
        at, mine, hits = self.own[i]
        self.total[at] -= mine
        self.positive[at] -= hits
        self.out.add(i)

    def beside(self, i: int) -> np.ndarray:
        """Return which officers may have this one among their colleagues."""
        at = self.own[i][0]
        near = np.ones((len(self.own), len(at)), dtype=bool)
        for j in range(self.levels.shape[1]):
            visited = np.zeros((len(self.own), int(self.levels[:, j].max(initial=0)) + 1), bool)
            for k, (cells, _, _) in enumerate(self.own):
                visited[k, self.levels[cells, j]] = True
            near &= visited[:, self.levels[at, j]]
        return np.asarray(near.any(axis=1))


def without_those_who_differ(work: Workplace, minimum: int) -> tuple[list[Against], Verdict]:
    """Compare each officer, then again without the colleagues who stand apart themselves.

    One who stands far out moves the benchmark of those who work beside them, who then seem to
    stand apart the other way. So the farthest is taken out first and those beside are compared
    anew, until nobody new stands apart ("purification", as Holland and Thayer (1988) do with the
    items of a test), or a tenth of the officers is out.
    """
    found = [work.against(i, minimum) for i in range(len(work.names))]
    verdict = _verdict(found, minimum)
    for _ in range(ROUNDS):
        room = int(MOST * verdict.usable.sum()) - len(work.out)
        farthest = np.argsort(-np.abs(np.nan_to_num(verdict.z)), kind="stable")
        wanted = [i for i in farthest if verdict.differs[i] and i not in work.out]
        again = np.zeros(len(found), dtype=bool)
        new = []
        for i in wanted:
            if len(new) < room and not again[i]:  # not beside one who is taken out just now
                again |= work.beside(i)
                new.append(i)
        if not new:
            break
        for i in new:
            work.take_out(i)
        found = [work.against(i, minimum) if again[i] else f for i, f in enumerate(found)]
        verdict = _verdict(found, minimum)
    return found, verdict


def _verdict(found: list[Against], minimum: int) -> Verdict:
    n, effective, after, z = (
        np.array([getattr(f, a) for f in found]) for a in ("n", "effective_n", "after", "z")
    )
    enough = n >= minimum
    thin = enough & (effective < minimum)
    unbalanced = enough & ~thin & (after > BALANCED)
    usable = enough & ~thin & ~unbalanced
    z = np.where(usable, z, np.nan)
    p_value = two_sided_normal(z)[0]
    p_adjusted = proportions.benjamini_hochberg(p_value)
    local = local_fdr(z)
    differs = ~np.isnan(z)
    if not local.empirical:
        differs &= np.where(np.isnan(z), 1.0, p_adjusted) <= ALPHA
    if not np.isnan(local.fdr).all():
        differs &= np.where(np.isnan(local.fdr), 1.0, local.fdr) <= APART
    return Verdict(usable, thin, unbalanced, z, p_value, p_adjusted, local, differs)
