"""Logistic regression on counted cells, with the effects of places profiled out exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

__all__ = ["Fit", "clustered", "fold", "informative", "logit"]

_TOLERANCE = 1e-9  # of the linear predictor; one step later the error is its square
_STEPS = 60
_PATIENCE = 15  # steps after which a fit that still moves is looked at for separation
_CERTAIN = 1e-6  # a fitted share this near 0 or 1 is no longer an estimate
_INDEPENDENT = 1e-9  # part of a column's variance that must be its own


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
            one = pd.factorize(one, sort=True)[0]
            size = int(one.max(initial=0)) + 1
        one, size = one * width + code, size * width
    return pd.factorize(one, sort=True)[0]


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


def logit(design: np.ndarray, place: np.ndarray, positive: np.ndarray, total: np.ndarray) -> Fit:
    """Fit `positive` of `total` in each cell by columns and places; answer for the last column.

    Newton's method with halved steps; the places are a block of their own (Schur complement), so
    that their number hardly matters. Every place must hold both outcomes (see `informative`).
    Cells that are separated (the columns tell their outcome without error) say nothing about the
    other coefficients and are left out; where the last column is what separates, the fault says
    so. Source: Albert and Anderson, Biometrika 71 (1984), 1-10; Correia, Guimaraes and Zylkin,
    Stata Journal 20 (2020), 95-115.
    """
    used = np.ones(len(total), dtype=bool)
    while True:
        found, separated = _newton(design[used], place[used], positive[used], total[used])
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
    design: np.ndarray, place: np.ndarray, y: np.ndarray, w: np.ndarray
) -> tuple[Fit, np.ndarray | None]:
    """Return the fit, or the cells that are separated, where that keeps it from settling."""
    place = np.unique(place, return_inverse=True)[1]
    places = int(place.max(initial=-1)) + 1
    mean = w @ design / w.sum()
    scale = np.sqrt(w @ (design - mean) ** 2 / w.sum())
    x = (design - mean) / np.where(scale > 0, scale, 1.0)
    keep = _independent(x, place, places, w)
    if not len(keep) or keep[-1] != design.shape[1] - 1:
        return _none("dependent", len(w)), None
    x = x[:, keep]
    yes, all_ = _sums(place, places, y), _sums(place, places, w)
    eta = (np.log(yes) - np.log(all_ - yes))[place]
    likelihood = _likelihood(eta, y, w)
    for step in range(_STEPS):
        mu = special.expit(eta)
        weight, residual = w * mu * (1 - mu), y - w * mu
        information, between = _information(x, place, places, weight)
        left = _sums(place, places, residual)
        weights = np.maximum(_sums(place, places, weight), 1e-300)
        score = x.T @ residual - between.T @ left
        try:
            change = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            return _none("diverged", len(w)), None
        moved = x @ change + (left / weights - between @ change)[place]
        size = 1.0
        while size > 1e-6:
            after = _likelihood(eta + size * moved, y, w)
            if after >= likelihood - 1e-11 * abs(likelihood):
                break
            size /= 2
        eta, likelihood = eta + size * moved, after
        if size == 1.0 and np.abs(moved).max() < _TOLERANCE:
            break
        if step >= _PATIENCE:
            mu = special.expit(eta)
            certain = ((y == 0) & (mu < _CERTAIN)) | ((y == w) & (mu > 1 - _CERTAIN))
            if certain.any():
                return _none("separated", len(w)), certain
    else:
        return _none("diverged", len(w)), None
    mu = special.expit(eta)
    weight = w * mu * (1 - mu)
    information, between = _information(x, place, places, weight)
    mine = np.linalg.solve(information, np.eye(len(keep))[-1])  # its row of the inverse
    unit = scale[-1]
    # the coefficient, read back from the fitted values: exact up to the last step
    centred = x - between[place]
    coefficient = (mine @ (centred.T @ (weight * eta))) / unit
    return (
        Fit(
            float(coefficient),
            float(np.sqrt(mine[-1]) / unit),
            len(keep) + places,
            places,
            np.ones(len(w), dtype=bool),
            mu,
            centred @ mine / unit,
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


def _information(
    x: np.ndarray, place: np.ndarray, places: int, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the information without what the places take, and the mean of x in each place."""
    weighted = x * weight[:, None]
    sums = np.column_stack([_sums(place, places, column) for column in weighted.T])
    between = sums / np.maximum(_sums(place, places, weight), 1e-300)[:, None]
    return x.T @ weighted - between.T @ sums, between


def _independent(x: np.ndarray, place: np.ndarray, places: int, weight: np.ndarray) -> np.ndarray:
    """Return the columns that are no sum of those before them and of the places, in order."""
    gram, _ = _information(x, place, places, weight)
    whole = weight.sum()
    kept: list[int] = []
    rest, own = gram.copy(), np.einsum("ij,ij,i->j", x, x, weight)
    for j in range(x.shape[1]):
        if rest[j, j] > _INDEPENDENT * max(own[j], 1e-12 * whole):
            kept.append(j)
            rest = rest - np.outer(rest[:, j], rest[j]) / rest[j, j]
    return np.array(kept, dtype=np.int64)


def _likelihood(eta: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    return float(y @ eta - w @ (np.maximum(eta, 0.0) + np.log1p(np.exp(-np.abs(eta)))))
