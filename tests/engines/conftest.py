"""Every engine in turn, for tests that draw their rows as text."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

ENGINES = [
    "pandas",
    "polars",
    "polars lazy",
    "duckdb",
    pytest.param("spark", marks=pytest.mark.spark),
]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Any:
    """Return a function that makes a frame of one engine from columns of text."""
    if request.param == "spark":
        return request.getfixturevalue("spark_frame")
    return {
        "pandas": pd.DataFrame,
        "polars": pl.DataFrame,
        "polars lazy": pl.LazyFrame,
        "duckdb": lambda rows: duckdb.from_arrow(pl.DataFrame(rows).to_arrow()),
    }[request.param]
