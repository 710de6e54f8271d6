"""Mantel-Haenszel, Breslow-Day, the exact conditional test, against R, statsmodels and SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from equity import proportions as pr

# R, datasets::UCBAdmissions: admitted of applied, men, then women, departments A to F
UCB = (
    np.array([512, 353, 120, 138, 53, 22]),
    np.array([825, 560, 325, 417, 191, 373]),
    np.array([89, 17, 202, 131, 94, 24]),
    np.array([108, 25, 593, 375, 393, 341]),
)
# R, example(mantelhaen.test): cured, penicillin at once, then delayed; from Agresti 1990, 231-237
RABBITS = ([0, 3, 6, 5, 2], [6, 6, 6, 6, 2], [0, 0, 2, 6, 5], [5, 6, 6, 6, 5])


def drawn(seed: int, strata: int = 5, size: int = 60):
    rng = np.random.default_rng(seed)
    m1, m2 = rng.integers(5, size, strata), rng.integers(5, size, strata)
    return rng.binomial(m1, 0.4), m1, rng.binomial(m2, 0.55), m2


def peer(x1, n1, x2, n2) -> StratifiedTable:
    tables = np.array([x1, np.subtract(n1, x1), x2, np.subtract(n2, x2)], dtype=float)
    return StratifiedTable(tables.reshape(2, 2, -1))


class TestPublished:
    def test_berkeley_in_r(self) -> None:
        """mantelhaen.test(UCBAdmissions): 0.9046968 (0.7719074, 1.0603298)."""
        assert_allclose(pr.pooled_odds_ratio(*UCB), [0.9046968, 0.7719074, 1.0603298], atol=5e-8)

    def test_berkeley_in_r_with_and_without_correction(self) -> None:
        """X-squared 1.4269 (p 0.2323) with the correction, 1.5246 (p 0.2169) without."""
        with_it = pr.mantel_haenszel(*UCB, correction=True)
        assert_allclose([with_it.chi2, with_it.p_value], [1.4269, 0.2323], atol=5e-5)
        without = pr.mantel_haenszel(*UCB)
        assert_allclose([without.chi2, without.p_value], [1.5246, 0.2169], atol=5e-5)

    def test_berkeley_departments_differ(self) -> None:
        """Breslow-Day 18.825514 with 5 degrees of freedom, p .002071."""
        test = pr.breslow_day(*UCB)
        assert_allclose(test.breslow_day, 18.825514, atol=5e-7)
        assert_allclose([test.p_value, test.p_breslow_day], 0.002071, atol=5e-7)
        assert test.df == 5

    def test_rabbits_classical(self) -> None:
        """mantelhaen.test(Rabbits): 3.9286, p 0.04747, odds ratio 7 (1.026713, 47.725133)."""
        test = pr.mantel_haenszel(*RABBITS, correction=True)
        assert_allclose(test.chi2, 3.928571, atol=5e-7)
        assert_allclose(test.p_value, 0.04747226, atol=5e-9)
        assert_allclose(pr.pooled_odds_ratio(*RABBITS), [7, 1.026713, 47.725133], atol=5e-7)

    def test_rabbits_exact(self) -> None:
        """mantelhaen.test(Rabbits, exact = TRUE): p 0.0399449, odds ratio 10.36102, S 16."""
        found = pr.exact_conditional(*RABBITS)
        assert_allclose(found.p_value, 0.0399449, atol=5e-8)
        # R looks for it to 1.2e-4 only
        assert_allclose(found.odds_ratio, 10.36102, rtol=1e-4)
        assert np.sum(RABBITS[0]) == 16

    def test_rabbits_strata_without_information(self) -> None:
        """At the lowest dose all died, at the highest all lived: two of five tell nothing."""
        assert pr.informative(*RABBITS).tolist() == [False, True, True, True, False]
        assert pr.mantel_haenszel(*RABBITS).strata == 3


@pytest.mark.parametrize("seed", range(12))
class TestAgainstPeers:
    def test_statsmodels(self, seed) -> None:
        """Ratios, interval and both tests, where all strata tell something."""
        tables = drawn(seed)
        other = peer(*tables)
        odds = pr.pooled_odds_ratio(*tables, confidence_level=0.9)
        assert_allclose(odds.ratio, other.oddsratio_pooled)
        assert_allclose(odds[1:], other.oddsratio_pooled_confint(alpha=0.1))
        assert_allclose(pr.pooled_risk_ratio(*tables).ratio, other.riskratio_pooled)
        for correction in (False, True):
            mine, theirs = (
                pr.mantel_haenszel(*tables, correction=correction),
                other.test_null_odds(correction=correction),
            )
            assert_allclose([mine.chi2, mine.p_value], [theirs.statistic, theirs.pvalue])
        for adjust, name in ((False, "breslow_day"), (True, "tarone")):
            assert_allclose(
                getattr(pr.breslow_day(*tables), name), other.test_equal_odds(adjust).statistic
            )

    def test_one_stratum_is_fisher_woolf_katz(self, seed) -> None:
        """Of one table: Fisher's p-value, Woolf's, Katz's and SciPy's conditional interval."""
        a, m1, b, m2 = (v[:1] for v in drawn(seed))
        table = np.array([[a[0], (m1 - a)[0]], [b[0], (m2 - b)[0]]])
        exact = pr.exact_conditional(a, m1, b, m2)
        assert_allclose(exact.p_value, stats.fisher_exact(table).pvalue, rtol=1e-6)
        other = stats.contingency.odds_ratio(table, kind="conditional")
        ends = other.confidence_interval(0.95)
        assert_allclose(exact[1:], [other.statistic, ends.low, ends.high], rtol=1e-5)
        half = stats.norm.ppf(0.975) * np.sqrt((1 / table).sum())
        odds = pr.pooled_odds_ratio(a, m1, b, m2)
        assert_allclose(np.log(odds[1:]), np.log(odds.ratio) + [-half, half])
        assert_allclose(pr.pooled_risk_ratio(a, m1, b, m2)[1:], np.ravel(pr.katz(a, m1, b, m2)))

    def test_exact_by_brute_force(self, seed) -> None:
        """Every combination of tables written out, with their probabilities."""
        a, m1, b, m2 = drawn(seed, strata=3, size=9)
        k = a + b
        each = [
            [(j, stats.hypergeom(p + q, t, p).pmf(j)) for j in range(max(0, t - q), min(p, t) + 1)]
            for p, q, t in zip(m1, m2, k, strict=True)
        ]
        sums: dict[int, float] = {}
        for way in itertools.product(*each):
            at = sum(j for j, _ in way)
            sums[at] = sums.get(at, 0) + float(np.prod([p for _, p in way]))
        seen = sums[int(a.sum())]
        expected = sum(p for p in sums.values() if p <= seen * (1 + 1e-7))
        assert_allclose(pr.exact_conditional(a, m1, b, m2).p_value, expected)


@pytest.mark.parametrize("seed", range(6))
def test_exact_homogeneity_by_brute_force(seed) -> None:
    """Zelen: of all tables with these totals and this sum, those no likelier than was seen."""
    a, m1, b, m2 = RABBITS if not seed else drawn(seed, strata=3, size=9)
    a, m1, b, m2 = (np.array(v)[pr.informative(a, m1, b, m2)] for v in (a, m1, b, m2))
    laws = [stats.hypergeom(p + q, t, p) for p, q, t in zip(m1, m2, a + b, strict=True)]
    ways = itertools.product(*(range(int(d.support()[0]), int(d.support()[1]) + 1) for d in laws))
    size = {
        w: float(np.prod([d.pmf(j) for d, j in zip(laws, w, strict=True)]))
        for w in ways
        if sum(w) == a.sum()
    }
    seen = size[tuple(int(v) for v in a)]
    expected = sum(p for p in size.values() if p <= seen * (1 + 1e-7)) / sum(size.values())
    test = pr.breslow_day(a, m1, b, m2)
    assert test.sparse
    assert_allclose(test.p_exact, expected)


def test_exact_homogeneity_drawn_is_that_of_all_tables(monkeypatch) -> None:
    """Where there are too many ways, 10,000 are drawn: within the error of the draws."""
    from equity.proportions import _conditional

    tables = [np.array(v, dtype=float) for v in drawn(5, strata=4, size=25)]
    monkeypatch.setattr(_conditional, "DRAWS", 60_000)
    every = _conditional.homogeneity_p(*tables, 0.0)
    monkeypatch.setattr(_conditional, "DRAWS", 5_000)
    some = _conditional.homogeneity_p(*tables, -0.5)
    assert some == _conditional.homogeneity_p(*tables, -0.5)
    assert every != some and abs(every - some) < 4 * np.sqrt(every * (1 - every) / 5_000)


def test_homogeneity_is_exact_only_where_chi_square_is_rough() -> None:
    """Berkeley has thousands of applicants, the rabbits are 58."""
    assert not pr.breslow_day(*UCB).sparse and np.isnan(pr.breslow_day(*UCB).p_exact)
    few = pr.breslow_day(*RABBITS)
    assert few.sparse and few.p_value < 0.05 < few.p_exact


def test_greenland_robins_by_hand() -> None:
    """The variance of the logarithm as Greenland and Robins write it, of one example."""
    tables = tuple(np.array(v, dtype=float) for v in ([3, 6], [16, 10], [25, 35], [43, 50]))
    a, m1, b, m2 = tables
    n = m1 + m2
    ratio = (a * m2 / n).sum() / (b * m1 / n).sum()
    part = ((m1 * m2 * (a + b) - a * b * n) / n**2).sum()
    half = 1.959963985 * np.sqrt(part / ((a * m2 / n).sum() * (b * m1 / n).sum()))
    assert_allclose(
        pr.pooled_risk_ratio(*tables), [ratio, ratio * np.exp(-half), ratio * np.exp(half)]
    )


def test_a_stratum_where_all_passed_counts_in_the_ratio_of_rates_only() -> None:
    """It has a ratio of 1, and no odds ratio."""
    tables = [3, 8], [10, 8], [6, 9], [10, 9]
    alone = [3], [10], [6], [10]
    assert pr.pooled_odds_ratio(*tables).ratio == pr.pooled_odds_ratio(*alone).ratio
    both, one = pr.pooled_risk_ratio(*tables).ratio, pr.pooled_risk_ratio(*alone).ratio
    assert one < both < 1


def test_many_comparisons_at_once() -> None:
    """Strata are the last axis: an array of comparisons is each of them by itself."""
    each = [drawn(seed) for seed in range(6)]
    together = [np.stack(v).reshape(2, 3, 5) for v in zip(*each, strict=True)]
    calls = {
        "ratio": lambda *t: pr.pooled_odds_ratio(*t).low,
        "risk": lambda *t: pr.pooled_risk_ratio(*t).high,
        "test": lambda *t: pr.mantel_haenszel(*t).p_value,
        "same": lambda *t: pr.breslow_day(*t).p_value,
        "exact": lambda *t: pr.exact_conditional(*t).high,
    }
    for call in calls.values():
        assert_allclose(call(*together).ravel(), [float(call(*t)) for t in each])


class TestEdges:
    def test_nothing_told(self) -> None:
        """No people, nobody passed, everybody passed: no figure, and no warning."""
        tables = [0, 0, 4], [0, 5, 4], [1, 0, 6], [3, 5, 6]
        assert not pr.informative(*tables).any()
        assert np.isnan(pr.mantel_haenszel(*tables).p_value)
        assert np.isnan(pr.breslow_day(*tables).p_value)
        assert np.isnan(pr.exact_conditional(*tables).p_value)
        assert np.isnan(pr.pooled_odds_ratio(*tables).ratio)

    def test_nobody_of_one_group(self) -> None:
        """An odds ratio of 0 has an exact upper end and none by Robins, Breslow and Greenland."""
        tables = [0, 0], [8, 9], [4, 5], [10, 12]
        found = pr.pooled_odds_ratio(*tables)
        assert found.ratio == 0 and np.isnan(found.low) and np.isnan(found.high)
        exact = pr.exact_conditional(*tables)
        assert exact.odds_ratio == 0 == exact.low and 0 < exact.high < 1
        turned = pr.exact_conditional(*tables[2:], *tables[:2])
        assert np.isinf(turned.odds_ratio) and np.isinf(turned.high)
        assert_allclose(turned.low, 1 / exact.high)
        assert np.isnan(pr.breslow_day(*tables).p_value)

    def test_missing_counts_are_strata_without_people(self) -> None:
        """NaN in a stratum leaves that stratum out."""
        got = pr.mantel_haenszel([3, np.nan], [10, 5], [6, 2], [11, 4])
        assert got.strata == 1
        assert_allclose(got.chi2, pr.mantel_haenszel([3], [10], [6], [11]).chi2)

    def test_too_many_sums_have_no_exact_test(self) -> None:
        """Beyond the limit it is missing, and chi-square is there."""
        big = [2000], [5000], [2100], [5000]
        assert np.isnan(pr.exact_conditional(*big).p_value)
        assert pr.mantel_haenszel(*big).p_value > 0

    def test_large_counts_never_give_zero(self) -> None:
        """A probability too small to store is the smallest that can be."""
        p = pr.mantel_haenszel([10], [100_000], [90_000], [100_000]).p_value
        assert 0 < p < 1e-300
        assert 0 < pr.exact_conditional([0], [900], [900], [900]).p_value < 1e-300

    def test_rules_are_told(self) -> None:
        """Counts that cannot be, and a level that is none."""
        with pytest.raises(ValueError, match="x1 must not be larger than n1"):
            pr.mantel_haenszel([5], [4], [1], [3])
        with pytest.raises(ValueError, match="confidence_level"):
            pr.exact_conditional([1], [4], [1], [3], confidence_level=95)

    def test_mantel_and_fleiss(self) -> None:
        """`room` is the distance of the expected sum from the nearer end of what was possible."""
        test = pr.mantel_haenszel([1], [5], [3], [15])
        assert_allclose([test.expected, test.room], [1.0, 1.0])
