"""Laws of the threshold model: gradients, names that do not matter, and coordinates neither."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equity.measures._threshold_model import Model, Space, settled

LAW = settings(max_examples=40, deadline=None)


@st.composite
def models(draw, largest: int = 3000) -> Model:
    """A few groups and areas, some cells missing, with counts of any kind."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    groups, areas = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    there = rng.uniform(size=(areas, groups)) < 0.8
    there[0, :], there[:, 0] = True, True
    area, group = np.nonzero(there)
    n = rng.integers(1, largest, size=len(area)).astype(float)
    s = np.floor(n * rng.choice([0, 0.03, 0.4, 1], size=len(area)))
    h = np.floor(s * rng.choice([0, 0.2, 1], size=len(area)))
    return Model(
        n, s, h, group, area, groups, areas,
        scale=draw(st.sampled_from([0.5, 1.0, 1.5])),
        typical=draw(st.floats(0.05, 1)),
        apart=rng.uniform(size=len(area)),
    )  # fmt: skip


def slopes(f, theta: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Return the gradient by central differences."""
    steps = step * np.eye(len(theta))
    return np.array([(f(theta + e)[0] - f(theta - e)[0]) / (2 * step) for e in steps])


def dense(model: Model, theta: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Return minus all second derivatives, one parameter at a time."""
    steps = step * np.eye(len(theta))
    gradient = [model.log_density(theta - e)[1] - model.log_density(theta + e)[1] for e in steps]
    found = np.array(gradient) / (2 * step)
    return (found + found.T) / 2


@LAW
@given(models(), st.integers(0, 2**32 - 1))
def test_the_gradient_is_that_of_the_density(model: Model, seed: int) -> None:
    """Central differences, to the rounding that counts of this size leave."""
    theta = np.random.default_rng(seed).normal(0, 0.7, size=model.size)
    value, gradient = model.log_density(theta)
    assert np.isfinite(value) and np.isfinite(gradient).all()
    size = max(1.0, float(np.abs(gradient).max()))
    assert_allclose(slopes(model.log_density, theta) / size, gradient / size, atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(models(largest=800), st.integers(0, 2**32 - 1))
def test_the_gradient_of_the_space_follows_its_curve(model: Model, seed: int) -> None:
    """Also beyond the ends of the curve; places of many draws are those of each."""
    space = Space(*settled(model))
    w = np.random.default_rng(seed).normal(0, 1.0, size=(3, model.size))
    w[:, 0] = [0.3, space.ends[0] - 1.5, space.ends[1] + 1.5]
    for place, theta in zip(w, space.theta(w), strict=True):
        value, gradient = space.log_density(place)
        assert_allclose(value, space.model.log_density(theta)[0], rtol=1e-9, atol=1e-6)
        size = max(1.0, float(np.abs(gradient).max()))
        assert_allclose(slopes(space.log_density, place) / size, gradient / size, atol=2e-5)


@LAW
@given(models(), st.integers(0, 2**32 - 1))
def test_the_curvature_is_that_of_the_density(model: Model, seed: int) -> None:
    """From a few differences of the gradient, all that one for each parameter gives."""
    theta = np.random.default_rng(seed).normal(0, 0.4, size=model.size)
    full = dense(model, theta)
    size = max(1.0, float(np.abs(full).max()))
    found, at = model.curvature(theta), model.at
    common, here = found.common.shape[1], np.flatnonzero(model.area)
    assert_allclose(found.common / size, full[:, :common] / size, atol=1e-6)
    z = np.arange(model.size)[at["z"]]
    assert_allclose(found.cells / size, full[z, z] / size, atol=1e-6)
    for i, one in enumerate(("phi_d", "delta_d")):
        mine = at[one].start + model.area[here] - 1
        assert_allclose(found.between[here, i] / size, full[z[here], mine] / size, atol=1e-6)
        for j, two in enumerate(("phi_d", "delta_d")):
            block = np.diag(full[at[one], at[two]])
            assert_allclose(found.areas[1:, i, j] / size, block / size, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(models(), st.booleans())
def test_the_root_of_the_curvature_whitens_it(model: Model, holding: bool) -> None:
    """R' H R = I at the mode, where nothing is wider than its limit; else R' H R is at most I."""
    model, theta = settled(model)
    held = model.at["mu_delta"].start if holding else None
    root = model.curvature(theta).root(held).toarray()
    full = dense(model, theta)
    free = np.delete(np.arange(model.size), [] if held is None else [held])
    assert root.shape == (model.size, len(free))
    assert held is None or not root[held].any()
    values = np.linalg.eigvalsh(full[np.ix_(free, free)])
    white = np.linalg.eigvalsh(root.T @ full @ root)
    assert_allclose(white, 1, atol=2e-3) if values[0] > 0.26 else None
    assert white[-1] < 1.002


@LAW
@given(models(), st.integers(0, 2**32 - 1))
def test_names_of_groups_do_not_matter(model: Model, seed: int) -> None:
    """Groups in another order, with their parameters in that order: the same density."""
    rng = np.random.default_rng(seed)
    theta, order = rng.normal(0, 0.5, size=model.size), rng.permutation(model.groups)
    other, moved = replace(model, group=order[model.group]), theta.copy()
    for name in ("t", "phi", "delta"):
        moved[model.at[name]][order] = theta[model.at[name]]
    assert_allclose(other.log_density(moved)[0], model.log_density(theta)[0], rtol=1e-12)


@LAW
@given(models(), st.integers(0, 2**32 - 1))
def test_order_of_cells_does_not_matter(model: Model, seed: int) -> None:
    """Rows of the table in another order: the same density."""
    rng = np.random.default_rng(seed)
    theta, order = rng.normal(0, 0.5, size=model.size), rng.permutation(len(model.stops))
    fields = ("stops", "searches", "hits", "group", "area", "apart")
    other, moved = replace(model, **{k: getattr(model, k)[order] for k in fields}), theta.copy()
    moved[model.at["z"]] = theta[model.at["z"]][order]
    assert_allclose(other.log_density(moved)[0], model.log_density(theta)[0], rtol=1e-12)


@LAW
@given(models(), st.integers(0, 2**32 - 1))
def test_the_way_z_is_kept_does_not_change_the_model(model: Model, seed: int) -> None:
    """The same thresholds have the same density, times the change of volume."""
    theta = np.random.default_rng(seed).normal(0, 0.5, size=model.size)
    paper, same = replace(model, apart=1.0), theta.copy()
    sigma = model.scale * np.exp(theta[model.at["log_sigma"]][0])
    unit = model.typical ** (1 - model.apart) * sigma**model.apart
    same[model.at["z"]] *= unit / sigma
    assert_allclose(paper.cells(same)[2], model.cells(theta)[2])
    volume = np.log(unit / sigma).sum()
    assert_allclose(
        paper.log_density(same)[0] + volume, model.log_density(theta)[0], rtol=1e-10, atol=1e-8
    )


@LAW
@given(models(), st.integers(0, 2**32 - 1))
def test_rates_and_thresholds_are_chances(model: Model, seed: int) -> None:
    """And a threshold is never above the hit rate: those searched lie above it."""
    theta = np.random.default_rng(seed).normal(0, 0.7, size=model.size)
    said = model.predict(theta)
    for values in vars(said).values():
        assert ((values >= 0) & (values <= 1)).all()
    assert (said.threshold <= said.hit_rate + 1e-9).all()
