"""Local false discovery rate with an empirical null: which of many z-values stand apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from equity.measures._spline import knots, natural_spline

__all__ = ["ENOUGH", "LocalFdr", "local_fdr"]

ENOUGH = 50
"""From this many z-values on, the null is estimated; with fewer it is the standard normal."""
LEAST = 10
_BINS = 120


@dataclass(frozen=True)
class LocalFdr:
    """The local false discovery rate of each z-value, and the null that it is measured against."""

    fdr: np.ndarray
    mean: float
    sd: float
    share: float
    """Estimated share of z-values that belong to the null."""
    empirical: bool


def local_fdr(z: np.ndarray) -> LocalFdr:
    """Return the probability that each z-value belongs to the null, given where it lies.

    The density of all z-values is a Poisson regression on a natural spline of binned counts
    (Lindsey's method); the null is a normal fitted by maximum likelihood to the z-values in the
    middle, where nearly all belong to it. Its standard deviation is never taken below 1, so that
    luck in the middle makes nobody stand apart. NaN stays NaN; fewer than 10 give none.

    Source: Efron, Journal of the American Statistical Association 99 (2004), 96-104; Efron,
    Large-Scale Inference (2010), ch. 5 and 6, with the central interval of the R package locfdr.
    """
    known = np.flatnonzero(~np.isnan(z))
    out = np.full(len(z), np.nan)
    values = z[known]
    if len(values) < LEAST:
        return LocalFdr(out, 0.0, 1.0, 1.0, False)
    empirical = len(values) >= ENOUGH
    mean, sd, share = _null(values) if empirical else (0.0, 1.0, 1.0)
    density = _density(values)
    null = np.exp(-(((values - mean) / sd) ** 2) / 2) / (sd * np.sqrt(2 * np.pi))
    out[known] = np.clip(share * null / density, 0.0, 1.0)
    return LocalFdr(out, mean, sd, share, empirical)


def _null(z: np.ndarray) -> tuple[float, float, float]:
    """Return mean, standard deviation and share of the null, from the z-values in the middle."""
    middle = float(np.median(z))
    low, high = np.quantile(z, [0.25, 0.75])
    reach = 4.3 * np.exp(-0.26 * np.log10(len(z))) * (high - low) / (2 * 0.6745)
    inside = z[np.abs(z - middle) <= reach]
    ends = np.array([middle - reach, middle + reach])

    def height(at: np.ndarray) -> float:
        mean, sd = at[0], np.exp(at[1])
        mass = np.diff(special.ndtr((ends - mean) / sd))[0]
        if mass <= 0:
            return np.inf
        square = (((inside - mean) / sd) ** 2).mean() / 2
        return float(np.log(sd) + square + np.log(mass))

    start = np.array([inside.mean(), np.log(max(inside.std(), 1e-3))])
    found = optimize.minimize(height, start, method="Nelder-Mead")
    mean, sd = float(found.x[0]), max(float(np.exp(found.x[1])), 1.0)
    mass = float(np.diff(special.ndtr((ends - mean) / sd))[0])
    return mean, sd, min(len(inside) / len(z) / mass, 1.0)


def _density(z: np.ndarray) -> np.ndarray:
    """Return the density of all z-values, at each of them."""
    pad = 0.05 * (z.max() - z.min()) + 1e-6
    edges = np.linspace(z.min() - pad, z.max() + pad, _BINS + 1)
    number = np.histogram(z, edges)[0].astype(float)
    middle = (edges[1:] + edges[:-1]) / 2
    df = 7 if len(z) >= 500 else 5 if len(z) >= ENOUGH else 3
    at = knots(z, np.ones(len(z)), df)
    at[0], at[-1] = middle[0], middle[-1]
    basis = np.column_stack([np.ones(_BINS), natural_spline(middle, at)])
    basis[:, 1:] = (basis[:, 1:] - basis[:, 1:].mean(axis=0)) / basis[:, 1:].std(axis=0)
    beta = np.zeros(basis.shape[1])
    beta[0] = np.log(number.mean())
    weak = 1e-6 * np.eye(len(beta))
    for _ in range(200):
        mean = np.exp(np.clip(basis @ beta, -30, 30))
        step = np.linalg.solve(basis.T @ (basis * mean[:, None]) + weak, basis.T @ (number - mean))
        step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        beta += step
        if np.abs(step).max() < 1e-9:
            break
    fitted = np.exp(np.clip(basis @ beta, -30, 30)) / (len(z) * (edges[1] - edges[0]))
    return np.interp(z, middle, fitted)
