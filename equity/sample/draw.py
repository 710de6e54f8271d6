"""Draws from shares, and how a file spells yes and no."""

from __future__ import annotations

import numpy as np

__all__ = ["flag", "pick", "pick_label", "sample"]


def sample(rng: np.random.Generator, weights: np.ndarray, n: int) -> np.ndarray:
    """Draw n indices in proportion to `weights`."""
    edges = np.cumsum(weights)
    return np.searchsorted(edges, rng.random(n) * edges[-1], side="right")


def pick(rng: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """Draw one index per row of `shares`."""
    edges = np.cumsum(shares, axis=1)
    return (rng.random(len(shares))[:, None] * edges[:, -1:] >= edges).sum(axis=1)


def pick_label(rng: np.random.Generator, weights: dict[str, int], n: int) -> np.ndarray:
    """Draw n of the labels in proportion to their weights."""
    labels = np.array(list(weights), dtype=object)
    return labels[sample(rng, np.array(list(weights.values()), dtype=float), n)]


def flag(values: np.ndarray) -> list[str]:
    """Return yes and no as the file spells them."""
    return np.where(values, "TRUE", "FALSE").tolist()
