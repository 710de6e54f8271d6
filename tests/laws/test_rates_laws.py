"""Laws of the measures around rates: standardised, by month, by year, by hour, per resident."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equity.measures import clock, rates, recording, standardized_rates, stop_rates, trend

GROUPS = ("aian", "black", "white")
SEXES = ("female", "male")
TABLES = settings(max_examples=25, deadline=None)
STANDARD = {"of": "searched", "group": "race", "reference": "white", "by": ["sex", "age"]}
CALL = {"of": "searched", "group": "race", "reference": "white"}


@st.composite
def stops(draw, least: int = 0) -> pd.DataFrame:
    """Counts by group (one of them not known), sex, age and month."""
    rows = []
    for group in (*GROUPS, None):
        for sex in SEXES:
            for month in (1, 2, 4):
                n = draw(st.integers(least, 90))
                known = draw(st.integers(least, n))
                rows.append((group, sex, "young" if month % 2 else "old", 2024, month, n,
                             draw(st.integers(0, known)), known))  # fmt: skip
    columns = ["race", "sex", "age", "year", "month", "n", "searched", "searched_known"]
    return pd.DataFrame(rows, columns=columns)


@st.composite
def same_mix(draw) -> pd.DataFrame:
    """Groups of different size and rates, all with the same mix of sex and age."""
    mix = [draw(st.integers(10, 40)) for _ in range(4)]
    rows = []
    for group in GROUPS:
        times = draw(st.integers(1, 5))
        for i, size in enumerate(mix):
            n = times * size
            rows.append((group, SEXES[i % 2], str(i // 2), n, draw(st.integers(0, n)), n))
    return pd.DataFrame(rows, columns=["race", "sex", "age", "n", "searched", "searched_known"])


def shuffled(frame: pd.DataFrame, random) -> pd.DataFrame:
    """Return the rows in another order, each cut in two."""
    order = list(range(len(frame)))
    random.shuffle(order)
    part = frame.copy()
    numbers = [c for c in ("n", "searched", "searched_known") if c in frame]
    part[numbers] = 0
    return pd.concat([frame.iloc[order], part], ignore_index=True)


@TABLES
@given(same_mix())
def test_with_one_mix_the_standardised_rate_is_the_crude_one(frame: pd.DataFrame) -> None:
    """Where age and sex explain nothing, standardising changes nothing."""
    table = standardized_rates(frame, **STANDARD)
    assert_allclose(table.standardized_rate, table.rate)
    assert_allclose(table.ratio, table.crude_ratio)
    assert_allclose(table.covered, 1)


@TABLES
@given(stops(least=10))
def test_swapping_the_reference_inverts_the_standardised_ratio(frame: pd.DataFrame) -> None:
    """Limits and p-value are those of the inverse."""
    one = standardized_rates(frame, **STANDARD).set_index("group").loc["black"]
    two = standardized_rates(frame, **STANDARD | {"reference": "black"})
    two = two.set_index("group").loc["white"]
    assert_allclose(one.covered, two.covered)
    if one.ratio > 0 and two.ratio > 0:
        assert_allclose([one.ratio, one.ratio_low, one.ratio_high],
                        [1 / two.ratio, 1 / two.ratio_high, 1 / two.ratio_low])  # fmt: skip
        assert_allclose(one.p_value, two.p_value)
        assert np.isnan(one.ratio_low) or one.ratio_low <= one.ratio <= one.ratio_high


@TABLES
@given(stops(), st.randoms())
def test_order_and_names_do_not_matter(frame: pd.DataFrame, random) -> None:
    """Rows shuffled or cut in two, and cells renamed, give the same figures."""
    for measure, call in ((standardized_rates, STANDARD), (trend, CALL), (recording, {})):
        if measure is trend and not frame.n.sum() or measure is recording and not frame.n.sum():
            continue
        ours = measure(frame, **call)
        pd.testing.assert_frame_equal(ours, measure(shuffled(frame, random), **call))
    renamed = frame.replace({"sex": {"female": "x", "male": "a"}, "age": {"old": "a"}})
    pd.testing.assert_frame_equal(
        standardized_rates(frame, **STANDARD), standardized_rates(renamed, **STANDARD)
    )


@TABLES
@given(stops())
def test_months_add_up_to_the_rates(frame: pd.DataFrame) -> None:
    """What the months hold is what the whole holds; every missing figure has its reason."""
    if not frame.n.sum():
        return
    table = trend(frame, **CALL)
    whole = rates(frame, **CALL).set_index("group")
    added = table.groupby("group")[["n", "x", "x_known"]].sum()
    pd.testing.assert_frame_equal(added, whole[["n", "x", "x_known"]])
    assert table.drop_duplicates("month").unknown.sum() == whole.unknown.iloc[0]
    assert table[table.rate.isna() | table.ratio.isna()].reason.notna().all()
    assert (table.missing == (table.groupby(["year", "month"])["n"].transform("sum")
                              + table.unknown == 0)).all()  # fmt: skip
    if {1, 4} <= set(frame.month[frame.n > 0]):
        assert table[table.month == 3].missing.all()
    standard = standardized_rates(frame, **STANDARD)
    assert standard[standard.ratio.isna()].reason.notna().all()


@TABLES
@given(st.lists(st.integers(0, 900), min_size=24, max_size=24), st.integers(0, 23))
def test_turning_the_clock_turns_the_rarest_hours(n: list[int], by: int) -> None:
    """The rarest stretch is as rare, wherever the day begins; it is always three hours."""
    if not sum(n):
        return
    one = clock(pd.DataFrame({"hour": range(24), "n": n}))
    two = clock(pd.DataFrame({"hour": [(h + by) % 24 for h in range(24)], "n": n}))
    assert one.rarest.sum() == two.rarest.sum() == 3
    assert one.n[one.rarest].sum() == two.n[two.rarest].sum()


@st.composite
def city(draw) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stops and residents of six districts."""
    rows, people = [], []
    for district in "abcdef":
        for group in (*GROUPS, None):
            rows.append((group, district, draw(st.integers(0, 200))))
        for group in GROUPS:
            people.append((group, district, draw(st.integers(1, 5000))))
    columns = ["race", "district", "n"]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(people, columns=columns)


@TABLES
@given(city())
def test_districts_make_the_city(both) -> None:
    """Residents by district, added up, are the city's; the factor is one of all districts."""
    counts, people = both
    groups = {"group": "race", "reference": "white"}
    whole = people.groupby("race", as_index=False)["n"].sum()
    ours = stop_rates(counts, people, **groups).drop(columns="method")
    theirs = stop_rates(counts, whole, **groups).drop(columns="method")
    pd.testing.assert_frame_equal(ours, theirs)
    wide = stop_rates(counts, people, **groups, overdispersion=True).set_index("group")
    parts = stop_rates(counts, people, **groups, overdispersion=True, within="district")
    for group in ("aian", "black"):
        factor = wide.dispersion[group]
        assert np.isnan(factor) or factor >= 1
        assert_allclose(parts[parts.group == group].dispersion, factor)
        plain = ours.set_index("group").loc[group]
        if plain.ratio > 0 and factor > 1:
            row = wide.loc[group]
            assert row.ratio_low <= plain.ratio_low <= plain.ratio_high
            assert np.isnan(row.ratio_high) or plain.ratio_high <= row.ratio_high


@TABLES
@given(city(), st.randoms())
def test_no_way_to_share_out_the_unknown_leaves_the_bounds(both, random) -> None:
    """Unknown stops given to groups at random: each ratio stays within its bounds."""
    counts, people = both
    groups = {"group": "race", "reference": "white"}
    table = stop_rates(counts, people, **groups).set_index("group")
    given_out = counts.copy()
    blank = given_out.race.isna()
    given_out.loc[blank, "race"] = [random.choice(GROUPS) for _ in range(int(blank.sum()))]
    known = stop_rates(given_out, people, **groups).set_index("group")
    for group in ("aian", "black"):
        ratio, row = known.ratio[group], table.loc[group]
        if not np.isnan(row.ratio_least):
            assert np.isnan(ratio) or ratio >= row.ratio_least * (1 - 1e-9)
        if not np.isnan(row.ratio_most):
            assert np.isnan(ratio) or ratio <= row.ratio_most * (1 + 1e-9)
        assert np.isnan(row.ratio) or row.ratio_least <= row.ratio <= row.ratio_most
