"""What the measures of a workforce share: counts of people as a benchmark, and the screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._areas import has

SCREENS = ("any_difference", "whole_person", "80", "two_sd")
"""The four screens of utilisation analysis, in the order in which they are usually named."""


def as_benchmarks(residents: Any, group: str, within: str | None) -> dict[str, str] | Any:
    """Return the benchmarks with every count table (applicants, say) folded to a plain table.

    A count table as a benchmark is a full count: people by `group` (and by `within`, if it has
    that column). Its people without a known group are left out.
    """
    if isinstance(residents, Mapping):
        return {name: _folded(table, group, within) for name, table in residents.items()}
    return _folded(residents, group, within)


def _folded(pool: Any, group: str, within: str | None) -> Any:
    table = getattr(pool, "table", None)
    if isinstance(pool, pd.DataFrame) or not isinstance(table, pd.DataFrame):
        return pool
    column = next((c for c in (group, group.removeprefix("subject_")) if has(table, c)), None)
    if column is None or "moe" in table:
        return table  # residents as they are; or the benchmark says which column is not there
    by = [column, *([within] if within is not None and within in table else [])]
    plain = table.dropna(subset=by).groupby(by, as_index=False, observed=True)["n"].sum()
    about = getattr(pool, "provenance", None) or {}
    name = about.get("table")
    return plain.assign(universe=str(name)) if name else plain


def screens(
    x: np.ndarray,
    n: np.ndarray,
    population: np.ndarray,
    total: np.ndarray,
    short: np.ndarray,
    z: np.ndarray,
) -> dict[str, pd.Series]:
    """Return the four screens, missing where there is no shortfall or no z.

    The first and the third compare whole numbers, so that exactly 0.8 is not below 0.8.
    """
    told = ~np.isnan(short)
    with np.errstate(invalid="ignore"):
        met = {
            "any_difference": (x * total < population * n, told),
            "whole_person": (np.round(short, 9) >= 1, told),
            "80": (5 * x * total < 4 * population * n, told & (population > 0)),
            "two_sd": (np.round(z, 9) <= -2, ~np.isnan(z)),
        }
    return {
        f"screen_{name}": pd.Series(np.ravel(yes), dtype="boolean").mask(~np.ravel(known))
        for name, (yes, known) in met.items()
    }
