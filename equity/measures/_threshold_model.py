"""The hierarchical fast threshold model: its log-density, and a space in which it is easy to draw.

An officer sees a signal: N(0, 1) of a person who carries nothing, N(delta, 1) of one who carries
contraband, and searches where it exceeds t. The share who carry is phi, and of a group r in an
area d: `logit phi = phi_r + phi_d`, `log delta = delta_r + delta_d`, `t = t_r + sigma_t z`.
Source: Pierson, Corbett-Davies and Goel, Fast threshold tests for detecting discrimination,
AISTATS (2018); hierarchical as in Simoiu, Corbett-Davies, Goel and Pierson, StanCon (2018).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse, special

from equity.measures._threshold_curvature import Curvature, curvature

__all__ = ["SPREAD", "Model", "Predicted", "Space", "settled"]

SPREAD = 0.1
"""Prior standard deviation of groups about their mean, and of areas about the largest one."""
_LOG_ROOT = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Predicted:
    """What parameters say of each cell; the last axis is that of the cells."""

    threshold: np.ndarray
    """Chance of contraband at which an officer searches."""
    search_rate: np.ndarray
    hit_rate: np.ndarray


@dataclass(frozen=True)
class Model:
    """Counts of the cells (group x area) that have stops, and the scale of the priors.

    `group` and `area` are positions; the effects of the area at 0 are pinned to 0. Parameters are
    kept in units of their priors, which makes all of them N(0, 1) beforehand, except `log_sigma`.
    """

    stops: np.ndarray
    searches: np.ndarray
    hits: np.ndarray
    group: np.ndarray
    area: np.ndarray
    groups: int
    areas: int
    scale: float = 1.0
    typical: float = 1.0
    """A likely value of sigma_t, and how far z is kept apart from it (by cell): with 1, the
    parameter is z as in the paper; with 0, it is the threshold itself. The model stays the same,
    but cells with many stops are easier to draw in the second way, those with few in the first."""
    apart: float | np.ndarray = 1.0

    @cached_property
    def at(self) -> dict[str, slice]:
        """Where each parameter stands in theta."""
        at, start = {}, 0
        for name, size in (
            ("t", self.groups),
            ("phi", self.groups),
            ("delta", self.groups),
            ("mu_phi", 1),
            ("mu_delta", 1),
            ("log_sigma", 1),
            ("phi_d", self.areas - 1),
            ("delta_d", self.areas - 1),
            ("z", len(self.stops)),
        ):
            at[name] = slice(start, start + size)
            start += size
        return at

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.at["z"].stop

    @cached_property
    def _ways(self) -> float:
        n, s, h = self.stops, self.searches, self.hits
        log = special.gammaln
        return float(np.sum(log(n + 1) - log(n - s + 1) - log(s - h + 1) - log(h + 1)))

    def cells(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return logit phi, delta and t of each cell; `theta` may hold draws in its first axes."""
        part = {name: theta[..., where] for name, where in self.at.items()}
        wide, near = self.scale, self.scale * SPREAD
        phi_r = wide * part["mu_phi"] + near * part["phi"]
        delta_r = wide * part["mu_delta"] + near * part["delta"]
        pinned = np.zeros((*theta.shape[:-1], 1))
        phi_d = np.concatenate([pinned, near * part["phi_d"]], axis=-1)
        delta_d = np.concatenate([pinned, near * part["delta_d"]], axis=-1)
        unit = self.typical ** (1 - self.apart) * (wide * np.exp(part["log_sigma"])) ** self.apart
        return (
            phi_r[..., self.group] + phi_d[..., self.area],
            np.exp(delta_r[..., self.group] + delta_d[..., self.area]),
            wide * part["t"][..., self.group] + unit * part["z"],
        )

    def predict(self, theta: np.ndarray) -> Predicted:
        """Return thresholds as chances, and the rates of search and find."""
        logit, delta, t = self.cells(theta)
        with_find = special.expit(logit) * special.ndtr(delta - t)
        searched = with_find + special.expit(-logit) * special.ndtr(-t)
        return Predicted(
            threshold=special.expit(logit + delta * t - delta**2 / 2),
            search_rate=searched,
            hit_rate=with_find / searched,
        )

    def log_density(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the logarithm of likelihood times priors, and its gradient.

        The likelihood is that of three outcomes: a find, a search without one, no search. The
        prior of sigma_t is written for its logarithm; the priors' constants are left out.
        """
        at, wide, cells, free = self.at, self.scale, len(self.stops), 1 - self.apart
        u, z = theta[at["log_sigma"]][0], theta[at["z"]]
        sigma = wide * np.exp(u)
        unit = self.typical**free * sigma**self.apart
        forward, back = self._linear
        linear = forward @ theta
        logit, delta = linear[:cells], np.exp(linear[cells : 2 * cells])
        t = linear[2 * cells :] + unit * z
        h, m, passed = self._outcomes
        # beyond the threshold and short of it, with contraband and without
        x = np.empty((4, cells))
        np.subtract(delta, t, out=x[0])
        np.negative(t, out=x[1])
        np.negative(x[:2], out=x[2:])
        tail = special.log_ndtr(x)
        mills = np.exp(-0.5 * x * x - _LOG_ROOT - tail)
        carrying = special.log_expit(logit)
        innocent = carrying - logit
        short = carrying + tail[2]
        unseen = np.logaddexp(short, innocent + tail[3])
        likelihood = h @ (carrying + tail[0]) + m @ (innocent + tail[1]) + passed @ unseen
        phi, missed = np.exp(carrying), np.exp(short - unseen)
        slope = np.empty((3, cells))
        missed_stops = passed * missed
        np.subtract(h + missed_stops, (h + m + passed) * phi, out=slope[0])
        by_gap = h * mills[0] - missed_stops * mills[2]
        np.multiply(by_gap, delta, out=slope[1])
        by_t = (passed - missed_stops) * mills[3] - m * mills[1] - by_gap
        slope[2] = by_t

        ratio = unit / sigma * np.ones(cells)  # z times this is N(0, 1) beforehand
        square = np.exp(2 * u)
        pull = ratio * z
        others = theta @ theta - u * u - z @ z
        prior = -0.5 * (others + pull @ pull + square) + u + np.log(ratio).sum()
        gradient = back @ slope.ravel() - theta
        gradient[at["log_sigma"]] = (
            1 - square + np.sum(self.apart * by_t * unit * z + free * (pull * pull - 1))
        )
        gradient[at["z"]] = unit * by_t - ratio * pull
        return float(likelihood + self._ways + prior), gradient

    @cached_property
    def _outcomes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Finds, searches without one, and stops without a search."""
        return self.hits, self.searches - self.hits, self.stops - self.searches

    @cached_property
    def _linear(self) -> tuple[Any, Any]:
        """Return what takes parameters to logit phi, log delta and t less z, and its transpose."""
        cells, rows = len(self.stops), np.arange(len(self.stops))
        wide, near = self.scale, self.scale * SPREAD
        far = self.area > 0
        value, row, column = [], [], []

        def add(name: str, block: int, where: np.ndarray, index: Any, size: float) -> None:
            row.append(block * cells + where)
            column.append(np.broadcast_to(self.at[name].start + index, where.shape))
            value.append(np.full(len(where), size))

        for block, name in enumerate(("phi", "delta")):
            add(f"mu_{name}", block, rows, 0, wide)
            add(name, block, rows, self.group, near)
            add(f"{name}_d", block, rows[far], self.area[far] - 1, near)
        add("t", 2, rows, self.group, wide)
        at = np.concatenate(row), np.concatenate(column)
        forward = sparse.csr_array((np.concatenate(value), at), shape=(3 * cells, self.size))
        return forward, sparse.csr_array(forward.T)

    def curvature(self, theta: np.ndarray) -> Curvature:
        """Return minus the second derivatives."""
        return curvature(
            lambda at: self.log_density(at)[1],
            theta,
            group=self.group,
            area=self.area,
            areas=self.areas,
        )

    def highest(
        self, theta: np.ndarray, held: list[int], root: Any, *, steps: int = 3000
    ) -> np.ndarray:
        """Return the most likely parameters, with those at `held` as they are, by L-BFGS.

        Steps are taken in the space that `root` whitens (see `Curvature.root`).
        """
        from scipy.optimize import minimize

        move = sparse.diags_array(np.isin(np.arange(self.size), held, invert=True) * 1.0) @ root
        move, back = sparse.csr_array(move), sparse.csr_array(move.T)

        def cost(y: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = self.log_density(theta + move @ y)
            return -value, -(back @ gradient)

        exact: Any = {"maxiter": steps, "maxfun": 9000, "maxcor": 30, "ftol": 1e-11, "gtol": 1e-4}
        found = minimize(cost, np.zeros(move.shape[1]), jac=True, method="L-BFGS-B", options=exact)
        return theta + move @ found.x


def settled(model: Model, *, turns: int = 12) -> tuple[Model, np.ndarray]:
    """Return the model with a likely sigma_t (`typical`, `apart`), and its parameters there.

    The mode of all parameters at once is no place to start from: it lies far from where most of
    the probability is. So sigma_t is raised or lowered until z has a mean square of 1.
    """
    model = replace(model, typical=1.0, apart=1.0)
    at, theta = model.at, np.zeros(model.size)
    theta[at["t"]], theta[at["mu_phi"]] = 1 / model.scale, -1 / model.scale
    theta[at["log_sigma"]] = np.log(0.3 / model.scale)
    (sigma,) = range(*at["log_sigma"].indices(model.size))
    least, most = np.log([0.02, 2.0])
    # far from the mode the curvature misleads: the first steps are taken without it
    theta = model.highest(theta, [sigma], sparse.eye_array(model.size), steps=150)
    for _ in range(turns):
        theta = model.highest(theta, [sigma], model.curvature(theta).root(sigma))
        curved = model.curvature(theta)
        spread = curved.root(sigma).power(2).sum(axis=1)[at["z"]]
        factor = np.sqrt(np.mean(theta[at["z"]] ** 2 + np.clip(spread, 0, 1)))
        new = np.clip(theta[sigma] + np.log(factor), least, most)
        near = abs(new - theta[sigma]) < 0.02
        if near:
            break
        theta[at["z"]] *= np.exp(theta[sigma] - new)
        theta[sigma] = new
    # a cell is centred only where its stops say three times more than the prior: with less,
    # sigma_t mixes slowly
    apart = np.clip(3 / np.maximum(curved.cells, 1.0), 0.0, 1.0)
    return replace(model, typical=model.scale * np.exp(theta[sigma]), apart=apart), theta


class Space:
    """A space in which the posterior is close to N(0, I): whitened, and straightened.

    The counts say little of how far the signals of the guilty stand apart (`mu_delta`), and what
    all other parameters must be follows it along a curve. So the first coordinate is `mu_delta`;
    the others say how far the rest is from that curve, in units of the curvature at the mode.
    The curve goes through the most likely values of the rest at a few places and is a cubic spline
    between them, a straight line beyond. The change of volume is the same everywhere.
    """

    def __init__(self, model: Model, theta: np.ndarray) -> None:
        from scipy.interpolate import CubicSpline

        self.model = model
        self.along = model.at["mu_delta"].start
        sigma = model.at["log_sigma"].start
        curved = model.curvature(theta)
        self.unit = float(np.sqrt(np.sum(curved.root()[[self.along]].power(2))))
        self.root = curved.root(self.along)
        self.back = sparse.csr_array(self.root.T)
        top = model.log_density(theta)[0]
        knots = {0: theta}
        for way in (-1, 1):
            point = theta
            for step in range(1, 9):
                point = point.copy()
                point[self.along] = theta[self.along] + way * step * self.unit
                point = model.highest(point, [self.along, sigma], self.root)
                knots[way * step] = point
                if step > 2 and model.log_density(point)[0] < top - 8:
                    break
        places = sorted(knots)
        self.curve = CubicSpline(places, [knots[k] for k in places], bc_type="natural")
        self.slope = self.curve.derivative()
        self.ends = float(places[0]), float(places[-1])

    def theta(self, w: np.ndarray) -> np.ndarray:
        """Return the parameters at places of this space (draws in the first axes)."""
        first = w[..., :1]
        held = np.clip(first, *self.ends)
        curve = self.curve(held[..., 0]) + self.slope(held[..., 0]) * (first - held)
        rest = w[..., 1:].reshape(-1, w.shape[-1] - 1)
        return curve + (self.root @ rest.T).T.reshape(w.shape)

    def log_density(self, w: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log-density and its gradient by `w`."""
        held = min(max(w[0], self.ends[0]), self.ends[1])
        slope = self.slope(held)
        theta = self.curve(held) + slope * (w[0] - held) + self.root @ w[1:]
        value, gradient = self.model.log_density(theta)
        return value, np.append(slope @ gradient, self.back @ gradient)
