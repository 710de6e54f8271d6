"""The curvature of the threshold model's density, taken apart along its own structure.

Few parameters belong to all cells; two belong to an area, and one (`z`) to a cell. A cell's own
parameter meets only its area's and those of all, an area's two meet no other area's. So a few
differences of the gradient hold all second derivatives, and a root of their inverse is made of
small blocks: it is as sparse as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["Curvature", "curvature"]

_LEAST = 0.25
"""No direction is taken to be wider than twice its prior. Where the density curves the wrong way
(far from its mode), the size of the curvature still says how far one can go."""


@dataclass(frozen=True)
class Curvature:
    """Minus the second derivatives. `area` is the area of each cell; that at 0 has no effects."""

    area: np.ndarray
    common: np.ndarray
    """(all parameters, those of all cells): the latter are the first."""
    areas: np.ndarray
    """(areas, 2, 2); zero for the area at 0, as below."""
    cells: np.ndarray
    """(cells,): of `z` with itself."""
    between: np.ndarray
    """(cells, 2): of `z` with the two parameters of its area."""

    def root(self, held: int | None = None) -> Any:
        """Return R, sparse, such that R R' is the inverse: it takes N(0, I) to this curvature.

        With `held`, a common parameter, it is the inverse for that one held; its row is zero.
        """
        n_areas, n_cells, n_common = len(self.areas), len(self.cells), self.common.shape[1]
        free = np.array([k for k in range(n_common) if k != held])
        common = self.common[:, free]
        of_areas = np.zeros((n_areas, 2, len(free)))
        for k, part in enumerate(np.split(common[n_common:-n_cells], 2)):
            of_areas[1:, k] = part
        of_cells = common[-n_cells:]

        def by_area(values: np.ndarray) -> np.ndarray:
            flat = values.reshape(n_cells, -1)
            sums = [np.bincount(self.area, column, n_areas) for column in flat.T]
            return np.stack(sums, axis=-1).reshape(n_areas, *values.shape[1:])

        # the cells' own parameters are taken out first, then those of the areas
        cells = np.maximum(np.abs(self.cells), _LEAST)
        share = self.between / cells[:, None]
        areas = self.areas - by_area(share[:, :, None] * self.between[:, None, :])
        of_areas = of_areas - by_area(share[:, :, None] * of_cells[:, None, :])
        of_areas[0] = 0
        root = _root(areas)
        root[0] = 0
        follow = root @ root.swapaxes(1, 2) @ of_areas
        rest = common[free] - of_cells.T @ (of_cells / cells[:, None])
        rest -= np.einsum("aij,aik->jk", of_areas, follow)
        first = _root(rest)

        wide = np.zeros((len(self.common), len(free)))
        wide[free] = first
        wide[n_common:-n_cells] = -np.concatenate([follow[1:, k] @ first for k in range(2)])
        slope = of_cells - np.einsum("ci,cij->cj", self.between, follow[self.area])
        wide[-n_cells:] = -(slope / cells[:, None]) @ first
        own = -np.einsum("ci,cij->cj", share, root[self.area])
        # an area's own two coordinates, then one for each cell
        step, here = n_areas - 1, np.flatnonzero(self.area)
        effect = n_common + np.arange(2)[:, None] * step
        row, column, value = [], [], []
        for i in range(2):
            for j in range(2):
                row.append(effect[i] + np.arange(step))
                column.append(j * step + np.arange(step))
                value.append(root[1:, i, j])
            row.append(len(self.common) - n_cells + here)
            column.append(i * step + self.area[here] - 1)
            value.append(own[here, i])
        row.append(len(self.common) - n_cells + np.arange(n_cells))
        column.append(2 * step + np.arange(n_cells))
        value.append(1 / np.sqrt(cells))
        narrow = sparse.coo_array(
            (np.concatenate(value), (np.concatenate(row), np.concatenate(column))),
            shape=(len(wide), 2 * step + n_cells),
        )
        return sparse.csr_array(sparse.hstack([sparse.csr_array(wide), narrow]))


def _root(curved: np.ndarray) -> np.ndarray:
    """Return a root of the inverse (of the last two axes)."""
    values, vectors = np.linalg.eigh(curved)
    return vectors / np.sqrt(np.maximum(np.abs(values), _LEAST))[..., None, :]


def curvature(
    gradient: Callable[[np.ndarray], np.ndarray],
    theta: np.ndarray,
    *,
    group: np.ndarray,
    area: np.ndarray,
    areas: int,
    step: float = 1e-4,
) -> Curvature:
    """Return the curvature by central differences of the gradient, several parameters at once.

    `theta` holds the common parameters, then the two effects of each area but the first (all of
    one, then all of the other), then `z` of each cell.
    """
    cells, effects = len(area), areas - 1
    common = len(theta) - cells - 2 * effects
    sets: list[Any] = [[k] for k in range(common)]
    sets += [slice(common + k * effects, common + (k + 1) * effects) for k in range(2)]
    sets += [len(theta) - cells + np.flatnonzero(group == g) for g in range(group.max() + 1)]
    found = np.empty((len(sets), len(theta)))
    for k, moved in enumerate(sets):
        e = np.zeros(len(theta))
        e[moved] = step
        found[k] = (gradient(theta - e) - gradient(theta + e)) / (2 * step)
    own = np.zeros((areas, 2, 2))
    for i in range(2):
        for j in range(2):
            own[1:, i, j] = found[common + i, sets[common + j]]
    between = found[common : common + 2, -cells:].T * (area > 0)[:, None]
    top = found[:common].T.copy()
    top[:common] = (top[:common] + top[:common].T) / 2
    return Curvature(
        area=area,
        common=top,
        areas=(own + own.swapaxes(1, 2)) / 2,
        cells=found[common + 2 + group, len(theta) - cells + np.arange(cells)],
        between=between,
    )
