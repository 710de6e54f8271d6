"""Laws of the comparison of officers: what must not matter, and what must turn round."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equity.measures import officers
from equity.measures._local_fdr import local_fdr

LAW = settings(max_examples=25, deadline=None)
FIGURES = ["n", "x", "share", "benchmark", "effective_n", "low", "high", "odds_ratio", "z"]


@st.composite
def stops(draw) -> pd.DataFrame:
    """Five officers over places and hours; a few groups and places are not known."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rows = []
    for i in range(5):
        like = rng.dirichlet(np.ones(6))
        for cell in range(6):
            for race in ("black", "white", "other", None):
                share = {"black": 0.3, "white": 0.5, "other": 0.15, None: 0.05}[race]
                n = int(rng.poisson(200 * like[cell] * share))
                place = None if rng.random() < 0.03 else f"d{cell % 3}"
                rows.append((f"o{i}", place, cell // 3, race, n))
    return pd.DataFrame(rows, columns=["officer_id", "district", "hour", "race", "n"])


def same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    assert_allclose(a[FIGURES].to_numpy(float), b[FIGURES].to_numpy(float), rtol=1e-6, atol=1e-8)


@LAW
@given(stops(), st.integers(0, 100))
def test_the_order_of_rows_and_how_they_are_split_do_not_matter(frame, seed) -> None:
    """Rows shuffled, and one row of n as rows of 1 and n - 1, give the same figures."""
    table = officers(frame, group="race", of_group="black")
    less = frame.assign(n=(frame["n"] - 1).clip(lower=0))
    one = frame.assign(n=(frame["n"] > 0).astype(int))
    split = pd.concat([less, one]).sample(frac=1, random_state=seed)
    again = officers(split, group="race", of_group="black")
    same(table, again)
    assert table["reason"].equals(again["reason"])


@LAW
@given(stops())
def test_groups_that_are_not_looked_at_are_one(frame) -> None:
    """Other groups may be called by one name or by several."""
    table = officers(frame, group="race", of_group="black")
    merged = frame.assign(race=frame["race"].replace({"other": "white"}))
    same(table, officers(merged, group="race", of_group="black"))


@LAW
@given(stops())
def test_the_other_side_is_the_mirror_image(frame) -> None:
    """All others against this group: the odds ratio is the reciprocal, z changes its sign."""
    merged = frame.assign(race=frame["race"].replace({"other": "white"}))
    black = officers(merged, group="race", of_group="black")
    white = officers(merged, group="race", of_group="white")
    assert_allclose(black["z"], -white["z"], rtol=1e-5, atol=1e-6)
    assert_allclose(black["odds_ratio"], 1 / white["odds_ratio"], rtol=1e-5)
    assert_allclose(black["benchmark"], 1 - white["benchmark"], atol=1e-7)
    assert_allclose(black["difference"], -white["difference"], atol=1e-7)


@LAW
@given(stops())
def test_a_column_with_one_value_tells_nothing_new(frame) -> None:
    table = officers(frame, group="race", of_group="black")
    more = frame.assign(type="vehicular")
    same(table, officers(more, group="race", of_group="black", by=["district", "hour", "type"]))


@LAW
@given(stops())
def test_figures_lie_where_they_can(frame) -> None:
    table = officers(frame, group="race", of_group="black").dropna(subset=["odds_ratio"])
    assert table["benchmark"].between(0, 1).all()
    assert (table["effective_n"] <= frame["n"].sum()).all()
    assert (table["low"] <= table["difference"]).all()
    assert (table["difference"] <= table["high"]).all()
    assert (table["odds_low"] <= table["odds_ratio"]).all()
    assert (table["odds_ratio"] <= table["odds_high"]).all()


@LAW
@given(st.integers(0, 10**6), st.integers(12, 300))
def test_local_fdr_is_a_probability_and_does_not_depend_on_the_order(seed, size) -> None:
    rng = np.random.default_rng(seed)
    z = np.concatenate([rng.standard_normal(size), rng.normal(4, 1, size // 20)])
    order = rng.permutation(len(z))
    got, again = local_fdr(z), local_fdr(z[order])
    assert ((got.fdr >= 0) & (got.fdr <= 1)).all()
    assert_allclose(got.fdr[order], again.fdr, atol=1e-3)
