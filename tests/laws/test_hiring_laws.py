"""Laws of the pipeline and of its unknowns: everybody is somewhere, bounds are sharp."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import adverse_impact, funnel, missing_bounds

LAW = settings(max_examples=60, deadline=None)
TABLES = settings(max_examples=25, deadline=None)
STAGES = ["test", "hired"]


@st.composite
def counts(draw) -> pd.DataFrame:
    """Three groups and the unknown, over two years, with nested flags and open results."""
    rows = []
    for year in (2020, 2021):
        for group in ("a", "b", "c", None):
            n = draw(st.integers(0, 60))
            known = draw(st.integers(0, n))
            x = draw(st.integers(0, known))
            later = draw(st.integers(0, x))
            y = draw(st.integers(0, later))
            rows.append((year, group, n, x, known, y, later))
    columns = ["year", "race", "n", "test", "test_known", "hired", "hired_known"]
    return pd.DataFrame(rows, columns=columns)


@TABLES
@given(counts())
def test_everybody_is_still_in_or_lost_or_open(frame) -> None:
    """At each stage the people of the stage before; and nothing is a share above 1."""
    table = funnel(frame, group="race", stages=STAGES, within="year")
    by = table.groupby(["stratum", "group"], sort=False)
    before = by["n"].shift()
    rest = before.notna()
    assert (table["n"] + table["lost"] + table["pending"])[rest].eq(before[rest]).all()
    assert (table[["n", "lost", "pending"]] >= 0).all(axis=None)
    shares = table[["share_of_applicants", "share_of_stage", "rate"]]
    assert ((shares >= 0) & (shares <= 1) | shares.isna()).all(axis=None)
    of_stage = table.groupby(["stratum", "stage"])["share_of_stage"].sum(min_count=1).dropna()
    assert_allclose(of_stage, 1.0)
    later = table["stage"] != "applied"
    said = table["rate"].notna() | table["reason"].notna()
    assert said[later].all()


@TABLES
@given(counts(), st.integers(0, 100))
def test_how_rows_are_split_and_ordered_does_not_matter(frame, seed) -> None:
    """Rows in halves and shuffled: the same funnel, the same bounds."""
    if frame["race"].notna().sum() == 0 or not (frame["n"] > 0).any():
        return
    numbers = [c for c in frame if c not in ("year", "race")]
    half = frame.assign(**{c: frame[c] // 2 for c in numbers})
    rest = frame.assign(**{c: frame[c] - frame[c] // 2 for c in numbers})
    again = pd.concat([half, rest]).sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(
        funnel(frame, group="race", stages=STAGES), funnel(again, group="race", stages=STAGES)
    )
    call = {"group": "race", "stages": STAGES, "reference": "a"}
    pd.testing.assert_frame_equal(missing_bounds(frame, **call), missing_bounds(again, **call))


@st.composite
def small(draw) -> tuple[int, ...]:
    """x of n of the group, b of k of the reference, s of m of unknown group."""
    n, k, m = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(0, 5))
    return (
        *(draw(st.integers(0, n)), n),
        *(draw(st.integers(0, k)), k),
        *(draw(st.integers(0, m)), m),
    )


@LAW
@given(small())
def test_the_bounds_are_sharp(numbers) -> None:
    """Every way to give each unknown person to the group, to the reference or to neither.

    The least and the most of all of them are the bounds: no way lies beyond, and one reaches each.
    """
    x, n, b, k, s, m = numbers
    frame = pd.DataFrame(
        {
            "race": ["focal", "reference", "other", None],
            "n": [n, k, 3, m],
            "hired": [x, b, 1, s],
            "hired_known": [n, k, 3, m],
        }
    )
    table = missing_bounds(frame, group="race", of="hired", reference="reference")
    row = table[table["group"] == "focal"].iloc[0]
    rates, ratios, answers, endless = [], [], [], False
    for ways in product("FRN", repeat=m):  # the first s passed
        more = {
            who: [sum(w == who for w in part) for part in (ways[:s], ways[s:])] for who in "FR"
        }
        a, c = more["F"]
        d, e = more["R"]
        x1, n1, x2, n2 = x + a, n + a + c, b + d, k + d + e
        rates.append(x1 / n1)
        answers.append(5 * x1 * n2 < 4 * x2 * n1)
        if x2:
            ratios.append(x1 * n2 / (n1 * x2))
        endless |= x2 == 0 and x1 > 0
    assert_allclose((row.rate_least, row.rate_most), (min(rates), max(rates)))
    if ratios:
        assert_allclose(row.ratio_least, min(ratios))
    else:
        assert np.isnan(row.ratio_least)
    if b:
        assert_allclose(row.ratio_most, max(ratios))
        assert row.changes_finding == (len(set(answers)) == 2)
    else:
        assert np.isnan(row.ratio_most)
        assert ("no upper end" in row.reason) == endless


@TABLES
@given(counts())
def test_what_is_recorded_lies_in_its_range(frame) -> None:
    """Least <= recorded <= most, the same for the proportional version; chance only widens."""
    table = missing_bounds(frame, group="race", stages=STAGES, reference="a", within="year")
    table = table[table["group"] != "a"]
    order = ("ratio_low", "ratio_least", "impact_ratio", "ratio_most", "ratio_high")
    for low, high in zip(order, order[1:], strict=False):
        both = table[[low, high]].dropna()
        assert (both[low] <= both[high] * (1 + 1e-9) + 1e-9).all()
    inside = table[["ratio_least", "ratio_proportional", "ratio_most"]].dropna()
    assert inside.iloc[:, 0].le(inside.iloc[:, 1] + 1e-9).all()
    assert inside.iloc[:, 1].le(inside.iloc[:, 2] + 1e-9).all()
    same = table[(table["unknown"] == 0) & table["impact_ratio"].notna()]
    assert_allclose(same["ratio_least"], same["ratio_most"])


@TABLES
@given(counts())
def test_fewer_unknown_make_a_narrower_range(frame) -> None:
    """Leaving one unknown person out never widens it."""
    gone = frame["race"].isna()
    numbers = [c for c in frame if c not in ("year", "race")]
    less = frame.assign(**{c: frame[c].mask(gone, frame[c] // 2) for c in numbers})
    call = {"group": "race", "of": "test", "reference": "a"}
    wide, narrow = missing_bounds(frame, **call), missing_bounds(less, **call)
    for column, way in (("least", 1), ("most", -1)):
        for kind in ("rate", "ratio"):
            pair = pd.concat([wide[f"{kind}_{column}"], narrow[f"{kind}_{column}"]], axis=1)
            pair = way * pair.dropna().to_numpy()
            assert (pair[:, 0] <= pair[:, 1] + 1e-9).all()


@LAW
@given(st.floats(0.01, 1), st.integers(2, 500), st.integers(2, 500), st.floats(0.1, 0.98))
def test_power_grows_with_people_and_with_the_difference(p2, n1, n2, power) -> None:
    """What more people could see is no larger; a larger difference is seen more often."""
    low, more = pr.detectable_below(p2, [n1, n1 + 10], n2, power=power)
    if not np.isnan(low):
        assert low <= more < p2
        assert_allclose(pr.two_proportion_power(low, n1, p2, n2), power, atol=1e-7)
        assert pr.two_proportion_power(low / 2, n1, p2, n2) >= power - 1e-7


@TABLES
@given(counts())
def test_benjamini_hochberg_lies_between_the_test_and_holm(frame) -> None:
    """It asks less than Holm, and more than nothing."""
    for reference in (None, "a"):
        table = adverse_impact(frame, group="race", stages=STAGES, reference=reference)
        there = table[["p_value", "p_bh", "p_adjusted"]].dropna()
        assert (there["p_value"] <= there["p_bh"] + 1e-12).all()
        assert (there["p_bh"] <= there["p_adjusted"] + 1e-12).all()
