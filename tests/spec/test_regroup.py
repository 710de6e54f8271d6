"""Residents brought to a coarser scheme: what is added, and what is missing then."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from equity.groups import regroup

PEOPLE = pd.DataFrame(
    {
        "place": "Rivertown",
        "race": ["asian", "nhpi", "white"],
        "n": [800.0, 100, 5000],
        "moe": [30.0, 40, 100],
        "controlled": pd.array([True, False, None], dtype="boolean"),
        "place_n": 5900.0,
        "place_moe": np.nan,
    }
)


def one(residents: pd.DataFrame) -> pd.Series:
    """Return the row of the group that is made of two."""
    table = regroup(residents, source="us1997", to="us1977").set_index("race")
    return table.loc["asian_pacific"]


def test_counts_add_up_and_margins_as_squares() -> None:
    """800 ± 30 and 100 ± 40 are 900 ± 50; the total of the place stays."""
    row = one(PEOPLE)
    assert (row["n"], row["moe"], row["place_n"]) == (900, 50, 5900)
    assert np.isnan(row["place_moe"]) and not row["controlled"]
    assert list(regroup(PEOPLE, source="us1997", to="us1977")) == list(PEOPLE)


@pytest.mark.parametrize("column", ["n", "moe", "controlled"])
def test_a_sum_with_a_missing_part_is_missing(column: str) -> None:
    """A part that is not known makes the sum not known, not smaller."""
    missing = PEOPLE.copy()
    missing["controlled"] = True
    missing["controlled"] = missing["controlled"].astype("boolean")
    missing.loc[0, column] = pd.NA if column == "controlled" else np.nan
    row = one(missing)
    known = {"n": 900, "moe": 50, "controlled": True} | {column: None}
    assert {c: None if pd.isna(row[c]) else row[c] for c in known} == known
