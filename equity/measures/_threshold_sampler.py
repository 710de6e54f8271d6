"""Draws from the threshold model by nutpie, and whether they can be trusted.

nutpie and arviz belong to the optional extra `threshold`; they are imported here when a model is
fitted, and nowhere else.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from equity.measures._threshold_model import Model, Space, settled

__all__ = [
    "INSTALL",
    "Draws",
    "LEAST_ESS",
    "MOST_DIVERGENT",
    "MOST_RHAT",
    "diagnose",
    "draw",
    "sampler",
]

MOST_RHAT = 1.01
LEAST_ESS = 400
MOST_DIVERGENT = 0.005
"""Share of draws that may end in a divergence."""
INSTALL = "the sampler is not installed: run `make install`"


@dataclass(frozen=True)
class Draws:
    """Draws of the parameters, of shape (chains, draws, parameters)."""

    model: Model
    theta: np.ndarray
    divergences: int


def sampler() -> tuple[Any, Any] | None:
    """Return nutpie and arviz, or None where they are not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import arviz
            import nutpie
    except ImportError:
        return None
    return nutpie, arviz


def draw(
    model: Model,
    *,
    chains: int,
    draws: int,
    tune: int,
    seed: int,
    accept: float = 0.9,
    tell: Callable[[str], None] | None = None,
) -> Draws:
    """Draw from the posterior of a model, with NUTS in the space that fits it.

    Raises ImportError where the sampler is not installed.
    """
    found = sampler()
    if found is None:
        raise ImportError(INSTALL)
    nutpie, _ = found
    from nutpie.compiled_pyfunc import from_pyfunc

    model, theta = settled(model)
    space = Space(model, theta)
    done = [0]

    def keep(w: np.ndarray) -> dict[str, np.ndarray]:
        done[0] += 1
        return {"w": w}

    compiled = from_pyfunc(
        model.size,
        lambda: space.log_density,
        lambda *_: keep,
        [np.dtype("float64")],
        [(model.size,)],
        ["w"],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = nutpie.sample(
            compiled,
            draws=draws,
            tune=tune,
            chains=chains,
            cores=1,  # chains at once hold each other up: there is one Python
            seed=seed,
            target_accept=accept,
            progress_bar=False,
            save_warmup=False,
            blocking=False,
        )
        try:
            trace = _finish(running, done, chains * (draws + tune), tell)
        except BaseException:
            running.cancel()
            raise
    return Draws(
        model,
        space.theta(trace.posterior["w"].to_numpy()),
        int(trace.sample_stats["diverging"].sum()),
    )


def _finish(running: Any, done: list[int], total: int, tell: Callable[[str], None] | None) -> Any:
    """Wait until all draws are there, and return them; tell every quarter of them."""
    said = 0
    while True:
        try:
            return running.wait(timeout=0.2)
        except TimeoutError:  # not yet
            quarters = int(4 * done[0] / total)
            if tell is not None and said < quarters < 4:
                said = quarters
                tell(f"{25 * quarters}% of the draws")


def diagnose(values: np.ndarray) -> tuple[float, float]:
    """Return the largest R-hat and the least effective sample size of (chains, draws, figures).

    R-hat is rank-normalised; the sample size is the lesser of that of the bulk and of the tails
    (Vehtari and others, Bayesian Analysis 16 (2021), 667-718).
    """
    found = sampler()
    if found is None:
        raise ImportError(INSTALL)
    arviz = found[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = arviz.convert_to_dataset({"x": values})
        rhat = arviz.rhat(data)["x"].to_numpy()
        ess = [arviz.ess(data, method=m)["x"].to_numpy() for m in ("bulk", "tail")]
    return float(np.max(rhat)), float(np.min(ess))
