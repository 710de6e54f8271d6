"""Logistic regression on counted cells, with the effects of places profiled out exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Fit", "Levels", "clustered", "fold", "informative", "logit"]

_TOLERANCE = 1e-9  # of the linear predictor; one step later the error is its square
_STEPS = 60
_PATIENCE = 15  # steps after which a fit that still moves is looked at for separation
_CERTAIN = 1e-6  # a fitted share this near 0 or 1 is no longer an estimate
_INDEPENDENT = 1e-9  # part of a column's variance that must be its own
_TABLE = 4  # entries of a table of two codes for each cell; beyond, columns are summed one by one


@dataclass(frozen=True)
class Levels:
    """Columns of a design that are the same for all cells of a level (a clock time, a weekday)."""

    code: np.ndarray
    """The level of each cell."""
    values: np.ndarray
    """The columns in each level."""


@dataclass(frozen=True)
class Fit:
    """The coefficient of the last column of the design; NaN, and `fault`, where there is none."""

    coefficient: float
    se: float
    """Standard error of the model: independent stops."""
    terms: int
    """Coefficients in all: independent columns, and one for each place."""
    places: int
    used: np.ndarray
    """Cells that took part; the others are separated: only one outcome, fitted without error."""
    fitted: np.ndarray
    """Fitted share in each cell (NaN where it is not used)."""
    influence: np.ndarray
    """What a residual of 1 in the cell moves the coefficient by."""
    fault: str = ""
    """"dependent" (the column is a sum of the others), "separated" or "diverged"."""


def fold(codes: Sequence[np.ndarray]) -> np.ndarray:
    """Return one code for each distinct combination of codes of 0 or more, from 0 upwards."""
    one, size = np.zeros(len(codes[0]), dtype=np.int64), 1
    for code in codes:
        width = int(code.max(initial=0)) + 1
        if size * width > 2**60:
            one, size = _close(one, size)
        one, size = one * width + code, size * width
    return _close(one, size)[0]


def _close(code: np.ndarray, size: int) -> tuple[np.ndarray, int]:
    """Return the codes without gaps, in their order, and how many there are."""
    if size > 16 * len(code):
        code, found = pd.factorize(code, sort=True)
        return code, len(found)
    there = np.zeros(size, dtype=bool)
    there[code] = True
    rank = np.cumsum(there)
    return (rank - 1)[code], int(rank[-1]) if size else 0


def informative(
    factors: Sequence[np.ndarray], positive: np.ndarray, total: np.ndarray
) -> np.ndarray:
    """Return which cells are left once levels with only one outcome are taken out.

    A level (a place, a weekday) in which all stops are of one group fits without error, whatever
    the other coefficients are; it tells nothing of them. Taking it out may leave another such.
    """
    left = total > 0
    while True:
        before = left
        for level in factors:
            both = np.bincount(level, weights=np.where(left, total, 0.0))
            yes = np.bincount(level, weights=np.where(left, positive, 0.0))
            left = left & ((yes > 0) & (yes < both))[level]
        if left.sum() == before.sum():
            return left


def logit(
    design: Sequence[Levels], place: np.ndarray, positive: np.ndarray, total: np.ndarray
) -> Fit:
    """Fit `positive` of `total` in each cell by columns and places; answer for the last column.

    Newton's method with halved steps; the places are a block of their own (Schur complement), so
    that their number hardly matters, and no column is ever written out for the cells: what a step
    needs are sums by pairs of levels. Every place must hold both outcomes (see `informative`).
    Cells that are separated (the columns tell their outcome without error) say nothing about the
    other coefficients and are left out; where the last column is what separates, the fault says
    so. Source: Albert and Anderson, Biometrika 71 (1984), 1-10; Correia, Guimaraes and Zylkin,
    Stata Journal 20 (2020), 95-115.
    """
    used = np.ones(len(total), dtype=bool)
    while True:
        kept = design if used.all() else [Levels(b.code[used], b.values) for b in design]
        found, separated = _newton(kept, place[used], positive[used], total[used])
        if separated is None:
            break
        at = np.flatnonzero(used)
        used[at[separated]] = False
        used[used] = informative([place[used]], positive[used], total[used])
        if not used.any():
            found = _none("separated", 0)
            break
    fault = found.fault
    if fault == "dependent" and not used.all():
        fault = "separated"
    fitted, influence = np.full(len(used), np.nan), np.zeros(len(used))
    if not fault:
        fitted[used], influence[used] = found.fitted, found.influence
    return Fit(
        found.coefficient, found.se, found.terms, found.places, used, fitted, influence, fault
    )


def _none(fault: str, cells: int) -> Fit:
    nothing = np.full(cells, np.nan)
    return Fit(np.nan, np.nan, 0, 0, np.ones(cells, dtype=bool), nothing, nothing, fault)


def _newton(
    design: Sequence[Levels], place: np.ndarray, y: np.ndarray, w: np.ndarray
) -> tuple[Fit, np.ndarray | None]:
    """Return the fit, or the cells that are separated, where that keeps it from settling."""
    place = fold([place])
    places = int(place.max(initial=-1)) + 1
    x, unit = _standard(design, w)
    keep = _independent(x, place, places, w)
    if not keep[-1]:
        return _none("dependent", len(w)), None
    x = _chosen(x, keep)
    yes, all_ = _sums(place, places, y), _sums(place, places, w)
    eta = (np.log(yes) - np.log(all_ - yes))[place]
    mu, likelihood = _at(eta, y, w)
    for step in range(_STEPS):
        weight, residual = w * mu * (1 - mu), y - w * mu
        information, between = _information(x, place, places, weight)
        left = _sums(place, places, residual)
        weights = np.maximum(_sums(place, places, weight), 1e-300)
        score = _across(x, residual) - between.T @ left
        try:
            change = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            return _none("diverged", len(w)), None
        moved = _along(x, change, place, left / weights - between @ change)
        size = 1.0
        while True:
            mu, after = _at(eta + size * moved, y, w)
            if after >= likelihood - 1e-11 * abs(likelihood) or size <= 1e-6:
                break
            size /= 2
        eta, likelihood = eta + size * moved, after
        if size == 1.0 and np.abs(moved).max() < _TOLERANCE:
            break
        if step >= _PATIENCE:
            certain = ((y == 0) & (mu < _CERTAIN)) | ((y == w) & (mu > 1 - _CERTAIN))
            if certain.any():
                return _none("separated", len(w)), certain
    else:
        return _none("diverged", len(w)), None
    weight = w * mu * (1 - mu)
    information, between = _information(x, place, places, weight)
    mine = np.linalg.solve(information, np.eye(len(information))[-1])  # its row of the inverse
    influence = _along(x, mine, place, -(between @ mine)) / unit
    return (
        Fit(
            # the coefficient, read back from the fitted values: exact up to the last step
            float(influence @ (weight * eta)),
            float(np.sqrt(mine[-1]) / unit),
            len(information) + places,
            places,
            np.ones(len(w), dtype=bool),
            mu,
            influence,
        ),
        None,
    )


def clustered(moves: np.ndarray, cluster: np.ndarray, *, stops: float, terms: int) -> float:
    """Return the standard error that allows for stops of one cluster being alike.

    moves : residual times influence of each cell; cluster : codes from 0 upwards, each there.
    The factor for few clusters and few stops is G / (G - 1) * (N - 1) / (N - k), with N the
    stops, not the cells (Cameron and Miller, Journal of Human Resources 50 (2015), 317-372).
    NaN with fewer than two clusters.
    """
    number = int(cluster.max(initial=-1)) + 1
    if number < 2 or stops <= terms:
        return float("nan")
    together = np.bincount(cluster, weights=moves, minlength=number)
    factor = number / (number - 1) * (stops - 1) / (stops - terms)
    return float(np.sqrt(factor * together @ together))


def _sums(place: np.ndarray, places: int, values: np.ndarray) -> np.ndarray:
    return np.bincount(place, weights=values, minlength=places)


def _by_level(block: Levels, code: np.ndarray, levels: int, weight: np.ndarray) -> np.ndarray:
    """Return the weighted sums of a block's columns in each level of another code."""
    width = len(block.values)
    if levels * width <= _TABLE * len(code):
        table = np.bincount(code * width + block.code, weights=weight, minlength=levels * width)
        return table.reshape(levels, width) @ block.values
    rows = (weight * column[block.code] for column in block.values.T)
    return np.column_stack([_sums(code, levels, row) for row in rows])


def _information(
    x: Sequence[Levels], place: np.ndarray, places: int, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the information without what the places take, and the mean of x in each place."""
    sums = np.column_stack([_by_level(block, place, places, weight) for block in x])
    ends = np.cumsum([0, *(block.values.shape[1] for block in x)])
    gram = np.empty((ends[-1], ends[-1]))
    for i, one in enumerate(x):
        mine = slice(ends[i], ends[i + 1])
        own = _sums(one.code, len(one.values), weight)
        gram[mine, mine] = one.values.T @ (own[:, None] * one.values)
        for j, two in enumerate(x[:i]):
            theirs = slice(ends[j], ends[j + 1])
            both = one.values.T @ _by_level(two, one.code, len(one.values), weight)
            gram[mine, theirs], gram[theirs, mine] = both, both.T
    between = sums / np.maximum(_sums(place, places, weight), 1e-300)[:, None]
    return gram - between.T @ sums, between


def _across(x: Sequence[Levels], values: np.ndarray) -> np.ndarray:
    """Return the sum of each column times the values of the cells."""
    parts = [_sums(block.code, len(block.values), values) @ block.values for block in x]
    return np.concatenate(parts)


def _along(
    x: Sequence[Levels], by: np.ndarray, place: np.ndarray, of_place: np.ndarray
) -> np.ndarray:
    """Return for each cell the columns times `by`, and what its place adds."""
    out, start = of_place[place], 0
    for block in x:
        end = start + block.values.shape[1]
        out += (block.values @ by[start:end])[block.code]
        start = end
    return out


def _standard(design: Sequence[Levels], w: np.ndarray) -> tuple[list[Levels], float]:
    """Return the design with columns of mean 0 and variance 1, and what the last was divided by.

    Columns that do not vary stay 0.
    """
    out, scale = [], np.ones(1)
    for block in design:
        share = _sums(block.code, len(block.values), w) / w.sum()
        values = block.values - share @ block.values
        scale = np.sqrt(share @ values**2)
        scale = np.where(scale > 0, scale, 1.0)
        out.append(Levels(block.code, values / scale))
    return out, float(scale[-1])


def _chosen(x: Sequence[Levels], keep: np.ndarray) -> list[Levels]:
    """Return the design with the columns of `keep` only."""
    ends = np.cumsum([0, *(block.values.shape[1] for block in x)])
    parts = [keep[a:b] for a, b in zip(ends, ends[1:], strict=False)]
    return [
        Levels(block.code, block.values[:, part])
        for block, part in zip(x, parts, strict=True)
        if part.any()
    ]


def _independent(
    x: Sequence[Levels], place: np.ndarray, places: int, weight: np.ndarray
) -> np.ndarray:
    """Return which columns are no sum of those before them and of the places."""
    rest, _ = _information(x, place, places, weight)
    whole = weight.sum()
    own = [_sums(block.code, len(block.values), weight) @ block.values**2 for block in x]
    least = _INDEPENDENT * np.maximum(np.concatenate(own), 1e-12 * whole)
    kept = np.zeros(len(rest), dtype=bool)
    for j in range(len(rest)):
        kept[j] = rest[j, j] > least[j]
        if kept[j]:
            rest = rest - np.outer(rest[:, j], rest[j]) / rest[j, j]
    return kept


def _at(eta: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the fitted shares, and the logarithm of the likelihood."""
    small = np.exp(-np.abs(eta))
    mu = np.where(eta < 0, small, 1.0) / (1 + small)
    return mu, float(y @ eta - w @ (np.maximum(eta, 0.0) + np.log1p(small)))
