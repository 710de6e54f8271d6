"""Laws of the outcome tests: what is proved of them, and how often chance alone concludes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from equity.measures import kpt_test, robust_outcome_test

LAW = settings(max_examples=60, deadline=None)
MANY = 10**8
LOWER, HIGHER = "lower bar for this group", "higher bar for this group"


def table(rows) -> pd.DataFrame:
    """Rows: group, stops, searches, finds [, stratum]."""
    frame = pd.DataFrame(rows, columns=["race", "n", "s", "x", "district"][: len(rows[0])])
    return frame.assign(
        search_conducted=frame.s,
        search_conducted_known=frame.n,
        contraband_found=frame.x,
        contraband_found_known=frame.s,
    )


def policy(name: str, a: float, b: float, bar: float) -> tuple[str, int, int, int]:
    """Search everybody above the bar, of people whose risk is Beta(a, b): exact rates."""
    searched = stats.beta.sf(bar, a, b)
    found = a / (a + b) * stats.beta.sf(bar, a + 1, b)  # E[risk; risk >= bar]
    return name, MANY, round(MANY * searched), round(MANY * found)


def concludes(*rows) -> str | None:
    found = robust_outcome_test(table(list(rows)), group="race", reference="ref").iloc[0]
    return found.conclusion if isinstance(found.conclusion, str) else None


@LAW
@given(
    *(st.floats(0.1, 0.9) for _ in range(2)),
    st.floats(1, 30),
    *(st.floats(0.05, 0.95) for _ in range(2)),
)
def test_with_a_monotone_likelihood_ratio_a_conclusion_is_right(one, two, nu, bar, other) -> None:
    """Gaebler and Goel's theorem, on their own family: Beta risks of the same precision.

    The ratio of two such densities is a power of risk / (1 - risk), so it is monotone.
    """
    rows = [
        policy("g", nu * one, nu * (1 - one), bar),
        policy("ref", nu * two, nu * (1 - two), other),
    ]
    assume(min(r[2] for r in rows) > 1000)
    found = concludes(*rows)
    if found == LOWER:
        assert bar < other
    if found == HIGHER:
        assert bar > other


def test_the_same_bar_leads_to_no_conclusion_where_hit_rates_alone_mislead() -> None:
    """The paper's example of infra-marginality: Beta(2, 2.87) and Beta(2.87, 2), one bar.

    From the replication materials (the plot "inframarginality-main").
    """
    bar = stats.beta.ppf(2 / 3, 2, 2.87)
    rows = [policy("g", 2, 2.87, bar), policy("ref", 2.87, 2, bar)]
    found = robust_outcome_test(table(rows), group="race", reference="ref").iloc[0]
    assert found.hit_ratio < 1 and found.p_hit < 1e-6
    assert found.conclusion == "inconclusive"
    assert "point different ways" in found.reads


def test_without_the_condition_it_can_mislead() -> None:
    """The paper's own exception: Beta(1.5, 2) and Beta(5, 5) cross twice; one bar of 1/2.

    This is why the page says that the condition cannot be seen in the counts.
    """
    assert concludes(policy("g", 5, 5, 0.5), policy("ref", 1.5, 2, 0.5)) == LOWER


@st.composite
def stops(draw) -> list[tuple[str, int, int, int]]:
    rows = []
    for name in ("g", "ref"):
        n = draw(st.integers(1, 3000))
        s = draw(st.integers(0, n))
        rows.append((name, n, s, draw(st.integers(0, s))))
    return rows


@LAW
@given(stops())
def test_the_other_way_round_the_conclusion_is_the_opposite(rows) -> None:
    """Group and reference exchanged: the same p-value, lower for higher."""
    one = robust_outcome_test(table(rows), group="race", reference="ref").iloc[0]
    two = robust_outcome_test(table(rows), group="race", reference="g").iloc[0]
    assert_allclose(one.p_value, two.p_value, rtol=1e-6)
    opposite = {LOWER: HIGHER, HIGHER: LOWER}
    if isinstance(one.conclusion, str):
        assert opposite.get(one.conclusion, one.conclusion) == two.conclusion
    else:
        assert pd.isna(two.conclusion)


@LAW
@given(stops())
def test_a_conclusion_needs_both_intervals_on_their_side(rows) -> None:
    """Where it concludes, both ratios lie on the sides that it names, and p is the larger."""
    row = robust_outcome_test(table(rows), group="race", reference="ref").iloc[0]
    if row.conclusion in (LOWER, HIGHER):
        more = row.search_rate > row.search_rate_reference
        assert more == (row.conclusion == LOWER)
        assert (row.hit_rate < row.hit_rate_reference) == more
        assert row.p_value == max(row.p_search, row.p_hit) < 0.05


def share_concluded(n, search, hit, draws=4000, seed=5) -> float:
    """Draw group and reference many times; how often it concludes (each test on its own)."""
    rng = np.random.default_rng(seed)
    rows = []
    for i, name in enumerate(("g", "ref")):
        s = rng.binomial(n[i], search[i], draws)
        x = rng.binomial(s, hit[i])
        rows.append(pd.DataFrame({"race": name, "n": n[i], "s": s, "x": x, "d": range(draws)}))
    drawn = pd.concat(rows).rename(columns={"d": "district"})
    frame = table(drawn[["race", "n", "s", "x", "district"]].to_numpy().tolist())
    found = robust_outcome_test(frame, group="race", reference="ref", within="district")
    return float((found.p_value < 0.05).mean())


def test_chance_alone_concludes_in_at_most_5_percent() -> None:
    """Size: equal rates, and the worst cases, in which one rate differs and the other does not.

    Berger (1982): the worst case has the size of one component in one direction, 2.5 %.
    """
    margin = 3 * np.sqrt(0.025 * 0.975 / 4000)
    assert share_concluded((3000, 5000), (0.06, 0.06), (0.3, 0.3)) < 0.01
    assert share_concluded((3000, 5000), (0.12, 0.06), (0.3, 0.3)) < 0.025 + margin
    assert share_concluded((3000, 5000), (0.06, 0.06), (0.1, 0.3)) < 0.025 + margin
    assert share_concluded((300, 500), (0.12, 0.06), (0.3, 0.3)) < 0.025 + margin
    # searched more and found more: the truth is in another corner
    assert share_concluded((3000, 5000), (0.08, 0.06), (0.32, 0.3)) < 0.025


def test_it_finds_what_is_there() -> None:
    """With a clear difference in both it nearly always concludes."""
    assert share_concluded((3000, 5000), (0.12, 0.06), (0.15, 0.3), draws=500) > 0.95


def chi_squares(sizes, rate, draws=2000, seed=3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (f"g{i}", n, n, int(x), d)
        for i, n in enumerate(sizes)
        for d, x in enumerate(rng.binomial(n, rate, draws))
    ]
    return kpt_test(table(rows), group="race", within="district")


def test_the_chi_square_test_has_its_size() -> None:
    """Under equal hit rates 5 % of p-values are below 0.05; with small groups not more."""
    margin = 3 * np.sqrt(0.05 * 0.95 / 2000)
    large = chi_squares((150, 300, 600), 0.25)
    assert large.p_exact.isna().all()
    assert abs((large.p_value < 0.05).mean() - 0.05) < margin
    small = chi_squares((8, 12, 15), 0.15, draws=600)
    small = small[small.p_value.notna()]
    assert small.p_exact.notna().all()
    assert (small.p_value < 0.05).mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)


@st.composite
def groups(draw) -> list[tuple[str, int, int, int]]:
    rows = []
    for i in range(draw(st.integers(2, 4))):
        n = draw(st.integers(1, 60))
        rows.append((f"g{i}", n, n, draw(st.integers(0, n))))
    return rows


@LAW
@given(groups())
def test_chi_square_is_that_of_an_independent_program(rows) -> None:
    """SciPy, for any table; its p-value and the exact one lie between 0 and 1."""
    row = kpt_test(table(rows), group="race").iloc[0]
    found = sum(r[3] for r in rows)
    if found in (0, sum(r[1] for r in rows)):
        assert np.isnan(row.chi2)
        return
    theirs = stats.chi2_contingency([[x, n - x] for _, n, _, x in rows], correction=False)
    assert_allclose((row.chi2, row.p_chi2), (theirs.statistic, theirs.pvalue), atol=1e-9)
    assert 0 < row.p_value <= 1
    assert np.isnan(row.p_exact) == (theirs.expected_freq.min() >= 5)


@LAW
@given(groups(), st.randoms())
def test_the_order_and_the_names_of_the_groups_do_not_matter(rows, random) -> None:
    """Chi-square and its p-value treat all groups alike; drawn p-values up to their error."""
    shuffled = random.sample(rows, len(rows))
    renamed = [(f"h{i}", *row[1:]) for i, row in enumerate(shuffled)]
    one, two = (kpt_test(table(r), group="race").iloc[0] for r in (rows, renamed))
    assert_allclose((one.chi2, one.p_chi2), (two.chi2, two.p_chi2), atol=1e-9)
    assert_allclose(one.p_exact, two.p_exact, atol=0.02)
