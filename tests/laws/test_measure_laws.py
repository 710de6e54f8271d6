"""Laws that hold for every count table: invented tables, no examples."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import (
    adverse_impact,
    hit_rates,
    rates,
    representation,
    stage_decomposition,
    stop_rates,
)

GROUPS = ("aian", "black", "white")
LAW = settings(max_examples=60, deadline=None)
TABLES = settings(max_examples=20, deadline=None)


@st.composite
def pairs(draw, largest: int = 400) -> tuple[int, int, int, int]:
    """Two groups with counts; empty, none and all included."""
    n1, n2 = draw(st.integers(0, largest)), draw(st.integers(0, largest))
    return draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2


@st.composite
def counts(draw, strata: int = 2) -> pd.DataFrame:
    """A count table: groups (one of them not known) x strata, with nested flags."""
    rows = []
    for stratum in range(strata):
        for group in (*GROUPS, None):
            n = draw(st.integers(0, 120))
            known = draw(st.integers(0, n))
            x = draw(st.integers(0, known))
            y = draw(st.integers(0, x))
            rows.append((f"s{stratum}", group, n, x, known, y, known))
    columns = ["district", "race", "n", "test", "test_known", "hired", "hired_known"]
    return pd.DataFrame(rows, columns=columns)


@st.composite
def residents(draw) -> pd.DataFrame:
    """Residents of the same groups, with margins of error."""
    n = [draw(st.integers(0, 5000)) for _ in GROUPS]
    return pd.DataFrame({"race": GROUPS, "n": n, "moe": [draw(st.integers(0, 200)) for _ in n]})


@LAW
@given(pairs())
def test_every_interval_contains_its_estimate(table) -> None:
    """Low <= estimate <= high, wherever all three exist."""
    a, n1, b, n2 = table
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p2 = np.divide(float(a), n1), np.divide(float(b), n2)
        estimates = {"one": p1, "gap": p1 - p2, "ratio": p1 / p2}
    intervals = [
        ("one", pr.wilson(a, n1)),
        ("one", pr.clopper_pearson(a, n1)),
        ("gap", pr.newcombe(*table)),
        ("gap", pr.miettinen_nurminen(*table)),
        ("ratio", pr.koopman(*table)),
        ("ratio", pr.katz(*table)),
    ]
    for name, (low, high) in intervals:
        if not np.isnan(low) and not np.isnan(estimates[name]):
            assert low <= estimates[name] * (1 + 1e-9) + 1e-9
            assert high >= estimates[name] * (1 - 1e-9) - 1e-9


@LAW
@given(pairs())
def test_swapping_the_groups_mirrors_intervals_and_keeps_tests(table) -> None:
    """The ratio's limits invert, the difference's change sign, no test changes."""
    a, n1, b, n2 = table
    swapped = (b, n2, a, n1)
    for method in (pr.newcombe, pr.miettinen_nurminen):
        low, high = method(*table)
        back = method(*swapped)
        assert_allclose((low, high), (-back.high, -back.low), atol=1e-9)
    low, high = pr.koopman(*table)
    back = pr.koopman(*swapped)
    with np.errstate(divide="ignore"):
        assert_allclose((low, high), (1 / back.high, 1 / back.low), rtol=1e-6)
    one, two = pr.two_by_two_test(*table), pr.two_by_two_test(*swapped)
    for name in ("p_value", "p_fisher", "p_mid", "p_boschloo", "p_z"):
        assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-6)
    assert_allclose(one.z, -two.z)


@LAW
@given(pairs(largest=90))
def test_probabilities_lie_between_0_and_1_and_never_are_0(table) -> None:
    """And mid-p is below Fisher, Boschloo not above twice its one-sided self."""
    test = pr.two_by_two_test(*table)
    for p in (test.p_value, test.p_fisher, test.p_mid, test.p_boschloo, test.p_z):
        assert np.isnan(p) or 0 < p <= 1
    if not np.isnan(test.p_mid):
        assert test.p_mid <= test.p_fisher


@LAW
@given(pairs(), st.integers(2, 9))
def test_more_of_the_same_narrows_the_interval(table, times: int) -> None:
    """The same proportions of more people: the estimate stays, the interval shrinks."""
    a, n1, b, n2 = table
    more = tuple(times * v for v in table)
    for method in (pr.newcombe, pr.koopman):
        low, high = method(*table)
        low2, high2 = method(*more)
        if np.isfinite(low) and np.isfinite(high):
            assert high2 - low2 <= high - low + 1e-9


@LAW
@given(st.lists(st.floats(0, 1), max_size=12), st.randoms())
def test_adjusted_probabilities(p: list[float], random) -> None:
    """Never smaller than the raw one, in the same order, whatever the order of the input."""
    for adjust in (pr.holm, pr.benjamini_hochberg):
        adjusted = adjust(p)
        assert (adjusted >= np.array(p) - 1e-12).all() and (adjusted <= 1).all()
        order = list(range(len(p)))
        random.shuffle(order)
        assert_allclose(adjust([p[i] for i in order]), adjusted[order])
    assert (pr.holm(p) >= pr.benjamini_hochberg(p) - 1e-12).all()


@TABLES
@given(counts())
def test_swapping_the_reference_inverts_the_ratio(frame: pd.DataFrame) -> None:
    """Rates: ratio of black to white times white to black is 1, differences cancel."""
    one = rates(frame, of="test", group="race", reference="white").set_index("group")
    two = rates(frame, of="test", group="race", reference="black").set_index("group")
    product = one.ratio["black"] * two.ratio["white"]
    assert np.isnan(product) or product == 0 or np.isclose(product, 1)
    assert_allclose(one.difference["black"], -two.difference["white"])
    assert_allclose(one.p_value["black"], two.p_value["white"], rtol=1e-6)


@TABLES
@given(counts(), residents())
def test_swapping_the_reference_of_stop_rates(frame: pd.DataFrame, people: pd.DataFrame) -> None:
    """Ratio, limits and p-value are those of the inverse."""
    one = stop_rates(frame, people, group="race", reference="white").set_index("group")
    two = stop_rates(frame, people, group="race", reference="black").set_index("group")
    a, b = one.loc["black"], two.loc["white"]
    if a.ratio > 0 and b.ratio > 0:
        assert_allclose(
            [a.ratio, a.ratio_low, a.ratio_high],
            [1 / b.ratio, 1 / b.ratio_high, 1 / b.ratio_low],
            rtol=1e-6,
        )
        assert_allclose(a.p_value, b.p_value, rtol=1e-6)
        assert a.ratio_low <= a.ratio <= a.ratio_high


def every_measure(frame: pd.DataFrame, people: pd.DataFrame, within: str | None) -> dict:
    """Return the table of each measure."""
    stages = {"group": "race", "stages": ["test", "hired"], "within": within}
    return {
        "rates": rates(frame, of="test", group="race", reference="white", within=within),
        "hit_rates": hit_rates(
            frame, of="hired", searches="test", group="race", reference="white", within=within
        ),
        "stop_rates": stop_rates(frame, people, group="race", reference="white", within=within),
        "representation": representation(frame, people, group="race", within=within),
        "adverse_impact": adverse_impact(frame, **stages),
        "stage_decomposition": stage_decomposition(frame, **stages, reference="white"),
    }


@TABLES
@given(counts(), residents(), st.randoms())
def test_the_order_of_rows_does_not_matter(frame, people, random) -> None:
    """Shuffled rows, or rows cut in two, give the same tables."""
    order = list(range(len(frame)))
    random.shuffle(order)
    cut = frame.copy()
    numbers = ["n", "test", "test_known", "hired", "hired_known"]
    cut[numbers] = 0
    shuffled = pd.concat([frame.iloc[order], cut], ignore_index=True)
    for within in (None, "district"):
        ours = every_measure(frame, people, within)
        theirs = every_measure(shuffled, people.iloc[::-1], within)
        for name, table in ours.items():
            pd.testing.assert_frame_equal(table, theirs[name])


@TABLES
@given(counts(), residents())
def test_strata_add_up_to_the_whole(frame: pd.DataFrame, people: pd.DataFrame) -> None:
    """Counts within districts add up to the counts without, in every measure."""
    whole, parts = (every_measure(frame, people, w) for w in (None, "district"))
    for name in ("rates", "stop_rates", "adverse_impact", "hit_rates", "representation"):
        keys = ["stage", "group"] if name == "adverse_impact" else ["group"]
        counted = [c for c in ("n", "x", "unknown") if c in whole[name]]
        added = parts[name].groupby(keys)[counted].sum()
        pd.testing.assert_frame_equal(added, whole[name].set_index(keys)[counted].sort_index())


@TABLES
@given(counts(), residents())
def test_missing_figures_have_reasons_and_probabilities_are_such(frame, people) -> None:
    """A rate or ratio that is missing says why; every p lies above 0 and up to 1."""
    for within in (None, "district"):
        for name, table in every_measure(frame, people, within).items():
            for figure in ("rate", "selection_rate", "ratio", "impact_ratio", "log_ratio"):
                if figure in table:
                    assert table[table[figure].isna()].reason.notna().all(), (name, figure)
            for column in [c for c in table if c.startswith("p_")]:
                p = table[column].dropna()
                assert ((p > 0) & (p <= 1)).all(), (name, column)
            numbers = table.select_dtypes("float")
            assert not np.isinf(numbers.to_numpy()).any(), name


@TABLES
@given(counts())
def test_log_stage_ratios_add_to_the_bottom_line(frame: pd.DataFrame) -> None:
    """The sum of the stages is the last row; with all known it is the ratio of the whole."""
    frame = frame.assign(test_known=frame.n, hired_known=frame.n)
    table = stage_decomposition(
        frame, group="race", stages=["test", "hired"], reference="white", within="district"
    )
    impact = adverse_impact(
        frame, group="race", stages=["test", "hired"], reference="white", within="district"
    ).set_index(["stratum", "group", "stage"])
    for key, part in table.groupby(["stratum", "group"]):
        logs = part.set_index("stage").log_ratio
        assert_allclose(logs["test"] + logs["hired"], logs["bottom line"], atol=1e-12)
        if not np.isnan(logs["bottom line"]):
            assert_allclose(
                np.exp(logs["bottom line"]), impact.impact_ratio[(*key, "bottom line")]
            )


@TABLES
@given(counts(strata=1), residents())
def test_representation_shortfalls_cancel(frame: pd.DataFrame, people: pd.DataFrame) -> None:
    """What one group is short another is over; hiring what is needed closes the gap."""
    table = representation(frame, people, group="race")
    if table.n.iloc[0] > 0 and people.n.sum() > 0:
        assert_allclose(table.shortfall_exact.sum(), 0, atol=1e-6)
        known = table[table.hires_needed.notna()]
        for _, row in known.iterrows():
            assert (row.x + row.hires_needed) / (row.n + row.hires_needed) >= (
                row.population_share - 1e-9
            )


@LAW
@given(pairs())
def test_four_fifths_agrees_with_fractions(table) -> None:
    """Below four-fifths exactly when the fraction a n2 / (b n1) is below 4/5."""
    from fractions import Fraction

    a, n1, b, n2 = table
    pool = pd.DataFrame(
        {"race": ["focal", "other"], "n": [n1, n2], "hired": [a, b], "hired_known": [n1, n2]}
    )
    row = adverse_impact(
        pool, group="race", stages=["hired"], reference="other", minimum_share=0
    ).iloc[0]
    if n1 and n2 and b:
        assert row.below_four_fifths == (Fraction(a, n1) / Fraction(b, n2) < Fraction(4, 5))
    else:
        assert pd.isna(row.below_four_fifths)
