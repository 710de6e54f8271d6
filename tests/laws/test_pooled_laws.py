"""Laws of pooled comparisons: symmetry, invariance, and how often chance alone rejects."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import pooled

LAW = settings(max_examples=80, deadline=None)


@st.composite
def tables(draw, largest: int = 40) -> tuple[np.ndarray, ...]:
    strata = draw(st.integers(1, 6))
    out = []
    for _ in range(strata):
        m1, m2 = draw(st.integers(0, largest)), draw(st.integers(0, largest))
        out.append((draw(st.integers(0, m1)), m1, draw(st.integers(0, m2)), m2))
    return tuple(np.array(v, dtype=float) for v in zip(*out, strict=True))


def close(one, other) -> None:
    assert_allclose(one, other, rtol=1e-7, atol=1e-12)


@LAW
@given(tables())
def test_the_other_way_round_is_one_over_it(t) -> None:
    """Exchange the groups: ratios turn over, tests stay."""
    a, m1, b, m2 = t
    turned = (b, m2, a, m1)
    one, other = pr.pooled_odds_ratio(*t), pr.pooled_odds_ratio(*turned)
    if np.isfinite(one.low):
        close([1 / other.ratio, 1 / other.high, 1 / other.low], one)
    risk, back = pr.pooled_risk_ratio(*t), pr.pooled_risk_ratio(*turned)
    if np.isfinite(risk.low):
        close([1 / back.ratio, 1 / back.high, 1 / back.low], risk)
    close(pr.mantel_haenszel(*t).p_value, pr.mantel_haenszel(*turned).p_value)
    close(pr.breslow_day(*t).tarone, pr.breslow_day(*turned).tarone)
    close(pr.exact_conditional(*t).p_value, pr.exact_conditional(*turned).p_value)


@LAW
@given(tables())
def test_passing_and_failing_are_symmetric_for_odds(t) -> None:
    """Count those who failed instead: the odds ratio turns over, the tests stay."""
    a, m1, b, m2 = t
    failed = (m1 - a, m1, m2 - b, m2)
    one, other = pr.pooled_odds_ratio(*t), pr.pooled_odds_ratio(*failed)
    if np.isfinite(one.low):
        close([1 / other.ratio, 1 / other.high, 1 / other.low], one)
    close(pr.mantel_haenszel(*t).chi2, pr.mantel_haenszel(*failed).chi2)
    close(pr.exact_conditional(*t).p_value, pr.exact_conditional(*failed).p_value)


@LAW
@given(tables(), st.integers(0, 9))
def test_strata_without_information_change_nothing(t, n) -> None:
    """Adding an empty stratum, or one where nobody passed: the same test and odds ratio."""
    more = tuple(np.append(v, w) for v, w in zip(t, (0, n, 0, 7), strict=True))
    close(pr.mantel_haenszel(*t).p_value, pr.mantel_haenszel(*more).p_value)
    close(pr.exact_conditional(*t).p_value, pr.exact_conditional(*more).p_value)
    close(pr.breslow_day(*t).p_value, pr.breslow_day(*more).p_value)
    close(pr.pooled_odds_ratio(*t), pr.pooled_odds_ratio(*more))


@LAW
@given(tables(), st.randoms())
def test_the_order_of_strata_is_of_no_account(t, random) -> None:
    """Any order gives the same figures."""
    order = list(range(len(t[0])))
    random.shuffle(order)
    other = tuple(v[order] for v in t)
    close(pr.pooled_odds_ratio(*t), pr.pooled_odds_ratio(*other))
    close(pr.exact_conditional(*t), pr.exact_conditional(*other))
    close(pr.breslow_day(*t).tarone, pr.breslow_day(*other).tarone)


@LAW
@given(tables(12))
def test_the_exact_interval_holds_its_estimate(t) -> None:
    """And 1, wherever the exact test says nothing at 5 % by either of its tails."""
    found = pr.exact_conditional(*t)
    if np.isnan(found.p_value):
        assert not pr.informative(*t).any()
    else:
        assert found.low <= found.odds_ratio <= found.high
        assert 0 < found.p_value <= 1


@LAW
@given(tables(15), st.integers(2, 5))
def test_equal_strata_are_never_told_apart(t, times) -> None:
    """One stratum repeated: homogeneity is not rejected, and the ratio is that of one."""
    one = tuple(v[:1] for v in t)
    many = tuple(np.repeat(v, times) for v in one)
    test = pr.breslow_day(*many)
    if np.isfinite(test.p_value):
        assert test.breslow_day < 1e-6
        close(pr.pooled_odds_ratio(*many).ratio, pr.pooled_odds_ratio(*one).ratio)


def years(rng, odds: float, runs: int) -> tuple[np.ndarray, ...]:
    """Draw files of four years, in all of which the first group has so many times the odds."""
    base = rng.uniform(0.1, 0.4, (runs, 4))
    other = base * odds / (1 - base + base * odds)
    m1, m2 = rng.integers(30, 120, (2, runs, 4))
    return rng.binomial(m1, other), m1, rng.binomial(m2, base), m2


def test_chance_alone_rejects_in_five_of_a_hundred_and_the_interval_covers() -> None:
    """With equal odds of 0.6 in all years: withheld in about 5 %, covered in about 95 %."""
    rng = np.random.default_rng(11)
    drawn = years(rng, 0.6, 4000)
    same = pr.breslow_day(*drawn)
    withheld = np.where(np.isnan(same.p_exact), same.p_value, same.p_exact) < 0.05
    assert 0.035 < withheld.mean() < 0.06
    found = pr.pooled_odds_ratio(*drawn)
    assert 0.94 < ((found.low < 0.6) & (found.high > 0.6)).mean() < 0.96
    null = pr.mantel_haenszel(*years(rng, 1.0, 4000)).p_value
    assert 0.04 < (null < 0.05).mean() < 0.06


def test_exact_tests_of_small_files_reject_at_most_so_often() -> None:
    """With a handful in each of six strata, both exact tests hold their level."""
    rng = np.random.default_rng(7)
    base = rng.uniform(0.1, 0.5, (500, 6))
    m1, m2 = rng.integers(3, 9, (500, 6)), rng.integers(5, 15, (500, 6))
    small = rng.binomial(m1, base), m1, rng.binomial(m2, base), m2
    same = pr.breslow_day(*small).p_exact
    assert np.nanmean(same < 0.05) < 0.08
    assert np.nanmean(pr.exact_conditional(*small, interval=False).p_value < 0.05) < 0.075


def test_the_measure_gives_what_the_functions_give() -> None:
    """One drawn file through the measure: the same figures."""
    a, m1, b, m2 = (v[0] for v in years(np.random.default_rng(5), 0.6, 1))
    part = {"year": range(4), "race": "black", "n": m1, "hired": a, "hired_known": m1}
    rest = {"year": range(4), "race": "white", "n": m2, "hired": b, "hired_known": m2}
    counts = pd.concat([pd.DataFrame(part), pd.DataFrame(rest)])
    row = pooled(counts, group="race", reference="white", of="hired", within="year").iloc[-1]
    assert not row.withheld
    close([row.odds_ratio, row.low, row.high], pr.pooled_odds_ratio(a, m1, b, m2))
    close(row.p_value, pr.mantel_haenszel(a, m1, b, m2).p_value)
