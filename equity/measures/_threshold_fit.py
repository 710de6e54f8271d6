"""One fit of the threshold model, tried twice if wanted, and its figures by area and group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from equity.measures import _threshold_sampler as sampling
from equity.measures._threshold_model import Model, Predicted

__all__ = ["Fit", "fit"]

_REPLICATES = 1000
"""Draws from which rates are predicted."""


@dataclass(frozen=True)
class Fit:
    """Figures of shape (1 + areas, groups), all areas first; thresholds only if it converged."""

    FIGURES: ClassVar[tuple[str, ...]] = (
        "search_rate_model", "hit_rate_model", "search_rms", "hit_rms",
        "search_covered", "hit_covered", "threshold", "low", "high",
        "difference", "difference_low", "difference_high",
    )  # fmt: skip
    figures: dict[str, np.ndarray]
    rhat: float
    ess: float
    divergences: int
    draws: int
    """All draws that were kept, over the chains."""
    why: str
    """What the fit fell short of; empty if it converged."""

    @property
    def converged(self) -> bool:
        """Whether the draws can be trusted."""
        return not self.why


def fit(
    data: dict[str, np.ndarray],
    used: np.ndarray,
    reference: int,
    *,
    scale: float,
    chains: int,
    draws: int,
    tune: int,
    seed: int,
    confidence_level: float,
    retry: bool,
    tell: Callable[[str], None] | None,
) -> Fit:
    """Fit the model to the cells (area, group) that are `used`.

    With `retry`, a fit that falls short is made once more, with twice the draws.
    """
    of_area = data["stops"].sum(axis=1)
    model, cell_area, cell_group, groups = _model(data, used, of_area, scale)
    at = groups.index(reference)
    why, found, values, rhat, ess = "", None, None, np.nan, np.nan
    for twice in (False, True):
        more = 2 if twice else 1
        if twice and tell is not None:
            tell(f"once more with {more * draws} draws a chain, because {why}")
        found = sampling.draw(
            model, chains=chains, draws=more * draws, tune=more * tune, seed=seed + twice,
            accept=0.95 if twice else 0.9, tell=tell,
        )  # fmt: skip
        values = found.model.predict(found.theta)
        whole = _whole(values.threshold, model, of_area[cell_area], at)
        rhat, ess = sampling.diagnose(
            np.concatenate([found.theta, values.threshold, *whole.values()], axis=-1)
        )
        why = _short(rhat, ess, found.divergences, chains * more * draws)
        if not (why and retry):
            break
    figures = _figures(
        values, whole, model, cell_area, cell_group, groups, used.shape, at,
        confidence_level, seed, thresholds=not why,
    )  # fmt: skip
    return Fit(figures, rhat, ess, found.divergences, chains * more * draws, why)


def _model(
    data: dict[str, np.ndarray], used: np.ndarray, of_area: np.ndarray, scale: float
) -> tuple[Model, np.ndarray, np.ndarray, list[int]]:
    """Return the model, and area, group and all groups of its cells; the largest area first."""
    cell_area, cell_group = np.nonzero(used)
    groups = sorted(set(cell_group.tolist()))
    areas = np.unique(cell_area)
    areas = areas[np.argsort(-of_area[areas], kind="stable")]
    place = np.empty(len(used), dtype=np.int64)
    place[areas] = np.arange(len(areas))
    model = Model(
        stops=data["stops"][used],
        searches=data["searches"][used],
        hits=data["hits"][used],
        group=np.searchsorted(groups, cell_group),
        area=place[cell_area],
        groups=len(groups),
        areas=len(areas),
        scale=scale,
    )
    return model, cell_area, cell_group, groups


def _whole(
    threshold: np.ndarray, model: Model, weight: np.ndarray, reference: int
) -> dict[str, np.ndarray]:
    """Return thresholds over all areas, by draw and group, and differences to the reference.

    A difference is taken over the areas in which both groups have stops, so that the two are
    compared in the same places.
    """
    by_area = np.full((model.areas, model.groups), -1)
    by_area[model.area, model.group] = np.arange(len(model.stops))
    heavy = np.zeros(model.areas)
    heavy[model.area] = weight
    there = by_area >= 0

    def mean(g: int, where: np.ndarray) -> np.ndarray:
        w = heavy[where]
        return threshold[..., by_area[where, g]] @ (w / w.sum())

    means, gaps = [], []
    for g in range(model.groups):
        both = there[:, g] & there[:, reference]
        means.append(mean(g, there[:, g]))
        gaps.append(
            mean(g, both) - mean(reference, both)
            if g != reference and both.any()
            else np.zeros(threshold.shape[:-1])
        )
    out = {"threshold": np.stack(means, axis=-1)}
    others = [g for g in range(model.groups) if g != reference]
    out["difference"] = np.stack([gaps[g] for g in others], axis=-1)
    return out


def _short(rhat: float, ess: float, divergences: int, draws: int) -> str:
    """Return in words what a fit falls short of."""
    said = []
    if not rhat <= sampling.MOST_RHAT:
        said.append(f"R-hat is {rhat:.3f}, above {sampling.MOST_RHAT}")
    if not ess >= sampling.LEAST_ESS:
        said.append(f"the effective sample size is {ess:.0f}, below {sampling.LEAST_ESS}")
    if divergences > sampling.MOST_DIVERGENT * draws:
        said.append(f"{divergences:,} of {draws:,} draws diverged")
    return f"the fit did not converge: {' and '.join(said)}" if said else ""


def _figures(
    values: Predicted,
    whole: dict[str, np.ndarray],
    model: Model,
    cell_area: np.ndarray,
    cell_group: np.ndarray,
    groups: list[int],
    shape: tuple[int, int],
    reference: int,
    confidence_level: float,
    seed: int,
    *,
    thresholds: bool,
) -> dict[str, np.ndarray]:
    """Return each figure for all areas (row 0) and each area, by group."""
    out = {name: np.full((shape[0] + 1, shape[1]), np.nan) for name in Fit.FIGURES}
    cell = (cell_area + 1, cell_group)
    flat = {k: v.reshape(-1, v.shape[-1]) for k, v in vars(values).items()}
    n, s, h = model.stops, model.searches, model.hits
    rng = np.random.default_rng(seed)
    some = rng.permutation(len(flat["threshold"]))[:_REPLICATES]
    for name, of, yes in (("search", n, s), ("hit", s, h)):
        rate = flat[f"{name}_rate"]
        said = rate.mean(axis=0)
        drawn = rng.binomial(of.astype(np.int64), np.clip(rate[some], 0, 1))
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        some_of = of > 0
        off = np.abs(np.divide(yes, of, out=np.full(len(of), np.nan), where=some_of) - said)
        covered = np.where(some_of, (yes >= low) & (yes <= high), np.nan)
        out[f"{name}_rate_model"][cell] = said
        out[f"{name}_rms"][cell] = off
        out[f"{name}_covered"][cell] = covered
        for k, column in enumerate(groups):
            mine = (model.group == k) & some_of
            weight = of[mine] / of[mine].sum()
            out[f"{name}_rate_model"][0, column] = weight @ said[mine]
            out[f"{name}_rms"][0, column] = np.sqrt(weight @ off[mine] ** 2)
            out[f"{name}_covered"][0, column] = covered[mine].mean()
    if not thresholds:
        return out
    ends = (1 - confidence_level) / 2, (1 + confidence_level) / 2

    def put(names: tuple[str, str, str], where: tuple, draws: np.ndarray) -> None:
        low, high = np.quantile(draws, ends, axis=0)
        for name, figure in zip(names, (draws.mean(axis=0), low, high), strict=True):
            out[name][where] = figure

    own, gap = ("threshold", "low", "high"), ("difference", "difference_low", "difference_high")
    put(own, cell, flat["threshold"])
    everywhere = {k: v.reshape(-1, v.shape[-1]) for k, v in whole.items()}
    put(own, (0, np.array(groups)), everywhere["threshold"])
    others = [g for g in range(len(groups)) if g != reference]
    put(gap, (0, np.array([groups[g] for g in others])), everywhere["difference"])
    of_reference = {int(a): k for k, a in enumerate(model.area) if model.group[k] == reference}
    pairs = [(k, of_reference[int(a)]) for k, a in enumerate(model.area) if int(a) in of_reference]
    pairs = [(k, r) for k, r in pairs if k != r]
    if pairs:
        mine, theirs = (np.array(p) for p in zip(*pairs, strict=True))
        put(gap, (cell_area[mine] + 1, cell_group[mine]),
            flat["threshold"][:, mine] - flat["threshold"][:, theirs])  # fmt: skip
    out["difference"][:, groups[reference]] = np.where(
        np.isnan(out["threshold"][:, groups[reference]]), np.nan, 0.0
    )
    for name in gap:  # no area in which both have stops
        out[name][0] = np.where(np.isnan(out["difference"][1:]).all(axis=0), np.nan, out[name][0])
    return out
