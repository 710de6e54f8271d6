"""Intervals and tests for counts, against published tables and independent programs."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from operator import add, mul

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import proportions as pr


def drawn(text: str) -> pd.DataFrame:
    """Read a small table drawn as text."""
    return pd.read_csv(io.StringIO(text), sep=r"\s+")


NEWCOMBE_ONE = drawn("""
  x    n  method           low    high
 81  263  wilson           .2553  .3662
 15  148  wilson           .0624  .1605
  0   20  wilson           .0000  .1611
  1   29  wilson           .0061  .1718
 81  263  clopper-pearson  .2527  .3676
 15  148  clopper-pearson  .0578  .1617
  0   20  clopper-pearson  .0000  .1684
  1   29  clopper-pearson  .0009  .1776
""")


def test_one_proportion_newcombe_1998_table_1() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, methods 3 and 5."""
    for _, row in NEWCOMBE_ONE.iterrows():
        low, high = pr.proportion_interval(row.x, row.n, method=row.method)
        assert_allclose((low, high), (row.low, row.high), atol=5.1e-5)


NEWCOMBE_TWO = drawn("""
 x1  n1  x2  n2  method              low     high
 56  70  48  80  newcombe             .0524   .3339
  9  10   3  10  newcombe             .1705   .8090
  6   7   2   7  newcombe             .0582   .8062
  5  56   0  29  newcombe            -.0381   .1926
  0  10   0  20  newcombe            -.1611   .2775
  0  10   0  10  newcombe            -.2775   .2775
 10  10   0  20  newcombe             .6791  1.0000
 10  10   0  10  newcombe             .6075  1.0000
 56  70  48  80  miettinen-nurminen   .0528   .3382
  9  10   3  10  miettinen-nurminen   .1700   .8406
  6   7   2   7  miettinen-nurminen   .0342   .8534
  5  56   0  29  miettinen-nurminen  -.0326   .1933
  0  10   0  20  miettinen-nurminen  -.1658   .2844
  0  10   0  10  miettinen-nurminen  -.2879   .2879
 10  10   0  20  miettinen-nurminen   .7156  1.0000
 10  10   0  10  miettinen-nurminen   .6636  1.0000
""")


def test_difference_newcombe_1998_table_2() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), 873-890, table II, methods 10 and 6."""
    for method, part in NEWCOMBE_TWO.groupby("method"):
        low, high = pr.difference_interval(part.x1, part.n1, part.x2, part.n2, method=method)
        assert_allclose(low, part.low, atol=5.1e-5)
        assert_allclose(high, part.high, atol=5.1e-5)


def test_ratio_koopman_1984() -> None:
    """Koopman, Biometrics 40 (1984), 513-517: 36 of 40 against 16 of 80."""
    assert_allclose(pr.koopman(36, 40, 16, 80), (2.94, 7.15), atol=0.005)


def test_ratio_fagerland_2015() -> None:
    """Fagerland, Lydersen and Laake (2015): 7 of 34 against 1 of 34; Katz .91-54, Koopman 1.2-43.

    The paper prints 1.21 for Koopman's lower limit; ours and statsmodels' is 1.2209.
    """
    assert_allclose(pr.katz(7, 34, 1, 34), (0.91, 54), rtol=0.01)
    assert_allclose(pr.koopman(7, 34, 1, 34), (1.21, 43), rtol=0.01)


def test_ratio_katz_teal() -> None:
    """Connecticut v. Teal, 457 U.S. 440 (1982): 26 of 48 against 206 of 259."""
    assert_allclose(pr.katz(26, 48, 206, 259), (0.5212, 0.8899), atol=5e-5)


def test_ratio_against_epitools_session() -> None:
    """R epitools riskratio(16 of 128 v 24 of 256): 1.3333 (.7347317, 2.419628) by Katz."""
    assert_allclose(pr.katz(16, 128, 24, 256), (0.7347317, 2.419628), rtol=5e-7)


@pytest.mark.parametrize(
    "a, m, b, k", [(3, 20, 16, 80), (2, 10, 15, 25), (11, 26, 35, 206), (1, 29, 15, 148)]
)
def test_score_limits_are_where_the_brute_force_score_is_196(
    a: int, m: int, b: int, k: int
) -> None:
    """At its limits the score with a numerically restricted likelihood equals 1.96."""
    from scipy import optimize

    def surprise(p: float, q: float) -> float:
        p, q = np.clip([p, q], 1e-12, 1 - 1e-12)
        return -(a * np.log(p) + (m - a) * np.log1p(-p) + b * np.log(q) + (k - b) * np.log1p(-q))

    def likeliest(first: Callable[[float], float], low: float, high: float) -> float:
        options = {"xatol": 1e-13}
        return optimize.minimize_scalar(
            lambda q: surprise(first(q), q), bounds=(low, high), options=options, method="bounded"
        ).x

    for ratio in pr.koopman(a, m, b, k):
        q = likeliest(partial(mul, ratio), 0, min(1, 1 / ratio))
        variance = ratio * q * (1 - ratio * q) / m + ratio**2 * q * (1 - q) / k
        assert_allclose(abs(a / m - ratio * b / k) / np.sqrt(variance), 1.959964, rtol=1e-4)
    for gap in pr.miettinen_nurminen(a, m, b, k):
        q = likeliest(partial(add, gap), max(0, -gap), min(1, 1 - gap))
        variance = ((q + gap) * (1 - q - gap) / m + q * (1 - q) / k) * (m + k) / (m + k - 1)
        assert_allclose(abs(a / m - b / k - gap) / np.sqrt(variance), 1.959964, rtol=1e-4)


def test_intervals_against_statsmodels() -> None:
    """Wilson, Clopper-Pearson, Newcombe and Koopman agree with statsmodels on random tables."""
    from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

    rng = np.random.default_rng(7)
    n1, n2 = rng.integers(5, 400, 40), rng.integers(5, 4000, 40)
    x1, x2 = rng.integers(1, n1), rng.integers(1, n2)
    assert_allclose(pr.wilson(x1, n1), proportion_confint(x1, n1, method="wilson"), rtol=1e-9)
    assert_allclose(pr.clopper_pearson(x1, n1), proportion_confint(x1, n1, method="beta"))
    for i in range(40):
        table = x1[i], n1[i], x2[i], n2[i]
        theirs = confint_proportions_2indep(*table, method="newcomb", compare="diff")
        assert_allclose(pr.newcombe(*table), theirs, atol=1e-9)
        theirs = confint_proportions_2indep(
            *table, method="score", compare="ratio", correction=False
        )
        assert_allclose(pr.koopman(*table), theirs, rtol=1e-6)


def test_ratio_at_zero_and_full_counts() -> None:
    """Limits exist where the ratio is 0, infinite or 1 of 1; nothing is added to a count."""
    low, high = pr.koopman([0, 5, 0, 10], [10, 10, 10, 10], [5, 0, 0, 20], [20, 20, 20, 20])
    assert low[0] == 0 and 0 < high[0] < 2
    assert 1 < low[1] < np.inf and high[1] == np.inf
    assert np.isnan(low[2]) and np.isnan(high[2])
    z2 = 1.959963984540054**2
    assert_allclose(high[3], 1 + z2 / 20, rtol=1e-9)  # in closed form where everyone has it
    assert_allclose(low[3], 1 / (1 + z2 / 10), rtol=1e-9)
    assert np.isnan(pr.katz(0, 10, 5, 20)).all()


@pytest.mark.parametrize("p2, n1, n2, true", [(0.04, 30, 200, 1.0), (0.02, 100, 1000, 2.0)])
def test_koopman_covers_where_katz_does_not(p2: float, n1: int, n2: int, true: float) -> None:
    """Exact coverage with few events, by enumeration: Koopman about .95-.97, Katz below."""
    from scipy import stats

    x1, x2 = np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij")
    weight = stats.binom.pmf(x1, n1, true * p2) * stats.binom.pmf(x2, n2, p2)
    coverage = {}
    for method in ("koopman", "katz"):
        low, high = pr.ratio_interval(x1, n1, x2, n2, method=method)
        with np.errstate(invalid="ignore"):
            hit = (low <= true) & (true <= high)
        coverage[method] = float((weight * hit).sum() / weight[(x1 + x2) > 0].sum())
    assert 0.945 < coverage["koopman"] < 0.975
    assert coverage["katz"] < coverage["koopman"]


def test_tests_morris_2017() -> None:
    """Morris 2017: 2 of 10 women and 15 of 25 men.

    z -2.138963 (p .03243865), Fisher .0599, mid-p .0437. Boschloo is .0366: the .0418 that is
    sometimes given is SciPy's answer to the table laid out with groups as rows, where it takes the
    17 chosen and 18 not chosen as the samples.
    """
    test = pr.two_by_two_test(2, 10, 15, 25)
    assert_allclose(test.z, -2.138963, atol=5e-7)
    assert_allclose(test.p_z, 0.03243865, atol=5e-9)
    assert_allclose(test.p_fisher, 0.0599, atol=5e-5)
    assert_allclose(test.p_mid, 0.0437, atol=5e-5)
    assert_allclose(test.p_boschloo, 0.0366, atol=5e-5)
    assert_allclose(pr.boschloo(2, 17, 8, 18), 0.0418, atol=5e-5)
    assert test.method == "mid-p"
    assert test.p_value == test.p_mid


def test_tests_teal() -> None:
    """Connecticut v. Teal (1982): z -3.757385, Fisher .000404."""
    test = pr.two_by_two_test(26, 48, 206, 259)
    assert_allclose(test.z, -3.757385, atol=5e-7)
    assert_allclose(test.p_fisher, 0.000404, atol=5e-7)


def test_default_test_is_fixed_beforehand() -> None:
    """Mid-p below 30 expected in any cell, else z: 29 and 30 expected lie on either side."""
    test = pr.two_by_two_test([29, 31], [60, 60], [29, 29], [60, 60])
    assert test.method.tolist() == ["mid-p", "z"]
    assert test.p_value.tolist() == [test.p_mid[0], test.p_z[1]]


def test_fisher_against_scipy_on_a_grid() -> None:
    """Every table of groups up to 9 people, and random larger ones, against SciPy."""
    from scipy import stats

    tables = [
        (a, m, b, k)
        for m in (1, 2, 5, 9)
        for k in (1, 3, 8, 9)
        for a in range(m + 1)
        for b in range(k + 1)
    ]
    rng = np.random.default_rng(3)
    for _ in range(150):
        m, k = rng.integers(1, 900, 2)
        tables.append((rng.integers(0, m + 1), m, rng.integers(0, k + 1), k))
    a, m, b, k = np.array(tables).T
    theirs = [stats.fisher_exact([[a, m - a], [b, k - b]]).pvalue for a, m, b, k in tables]
    theirs = np.maximum(theirs, np.finfo(float).tiny)
    assert_allclose(pr.fisher(a, m, b, k), theirs, rtol=1e-9)


def test_boschloo_against_scipy() -> None:
    """Boschloo's test against SciPy, whose samples are columns."""
    from scipy import stats

    for a, m, b, k in ((2, 10, 15, 25), (3, 20, 16, 80), (0, 7, 4, 9), (12, 30, 5, 41)):
        theirs = stats.boschloo_exact([[a, b], [m - a, k - b]]).pvalue
        assert_allclose(pr.boschloo(a, m, b, k), theirs, rtol=1e-6)
    assert np.isnan(pr.boschloo(3, 100, 5, 101))


def test_boschloo_two_sided_may_find_less_than_fisher() -> None:
    """3 of 7 against 10 of 11: Fisher adds up rarer tables (.0474), Boschloo doubles one side."""
    assert pr.fisher(3, 7, 10, 11) < 0.05 < pr.boschloo(3, 7, 10, 11)
    assert "never less powerful than Fisher's. " not in str(pr.boschloo.__doc__)


def test_binomial_against_scipy() -> None:
    """The exact binomial test against SciPy, where SciPy does not underflow."""
    from scipy import special, stats

    rng = np.random.default_rng(5)
    n = rng.integers(1, 900, 200)
    x, q = rng.integers(0, n + 1), rng.uniform(0.01, 0.99, 200)
    theirs = [stats.binomtest(int(a), int(b), c).pvalue for a, b, c in zip(x, n, q, strict=True)]
    stored = np.array(theirs) > 1e-250
    assert stored.sum() > 150
    ours = pr.binomial_test(x, n, q)
    assert_allclose(ours.p_value[stored], np.array(theirs)[stored], rtol=1e-8)
    # the lower tail is likelier than 900 of 1,000, so only the upper one counts
    tail = special.logsumexp(stats.binom.logpmf(np.arange(900, 1001), 1000, 0.2)) / np.log(10)
    assert_allclose(pr.binomial_test(900, 1000, 0.2).log10_p_value, tail, rtol=1e-9)


def test_binomial_hazelwood() -> None:
    """Hazelwood (1977): 10 of 282 at 15.4 % and at 5.7 %; the first is far below any chance."""
    p, log10_p = pr.binomial_test(10, 282, [0.154, 0.057])
    assert p[0] < 1e-8 and log10_p[0] < -8
    assert 0.1 < p[1] < 0.2


def test_nothing_underflows() -> None:
    """A probability of 1e-5000 is not 0, and its logarithm is right."""
    test = pr.two_by_two_test(200_000, 600_000, 50_000, 550_000)
    assert test.p_value > 0 and test.p_fisher > 0
    assert test.log10_p_value < -1000
    assert pr.binomial_test(100, 20_000, 0.5).log10_p_value < -5000
    assert pr.binomial_test(100, 20_000, 0.5).p_value > 0
    far = pr.rate_ratio(204_420, 648_846, 50_698, 548_312)
    assert far.p_value > 0 and far.log10_p_value < -1000


def test_log10_p_is_the_logarithm_of_p() -> None:
    """Both scales say the same where both can be stored."""
    test = pr.two_by_two_test([2, 300], [10, 600], [15, 350], [25, 600])
    assert_allclose(10.0**test.log10_p_value, test.p_value, rtol=1e-12)


def test_rate_ratio_philadelphia_2017() -> None:
    """Philadelphia 2017: Black 3.407 (3.374-3.441), Hispanic 1.463 (1.442-1.484)."""
    r = pr.rate_ratio([204_420, 29_999], [648_846, 221_777], 50_698, 548_312)
    assert_allclose(r.ratio, [3.407, 1.463], atol=5e-4)
    assert_allclose(r.low, [3.374, 1.442], atol=5e-4)
    assert_allclose(r.high, [3.441, 1.484], atol=5e-4)


def test_rate_ratio_benchmark_error_widens_by_the_formula() -> None:
    """ln ratio ± 1.96 sqrt(1/400 + 1/900 + (20/1000)^2 + (50/4000)^2)."""
    r = pr.rate_ratio(400, 1000, 900, 4000, se1=20, se2=50)
    half = 1.959964 * np.sqrt(1 / 400 + 1 / 900 + 0.02**2 + 0.0125**2)
    assert_allclose(np.log([r.low, r.high]), np.log(r.ratio) + [-half, half], rtol=1e-6)


def test_rate_ratio_below_30_events_is_exact_against_scipy() -> None:
    """Given the sum the count is binomial: Clopper-Pearson limits, both tails doubled."""
    from scipy import stats

    r = pr.rate_ratio(7, 300, 50, 5000)
    share = 300 / 5300
    limits = stats.binomtest(7, 57, share).proportion_ci(0.95, method="exact")
    assert_allclose(r.low, limits.low / (1 - limits.low) * 5000 / 300, rtol=1e-9)
    assert_allclose(r.high, limits.high / (1 - limits.high) * 5000 / 300, rtol=1e-9)
    assert_allclose(r.p_value, 2 * stats.binom.sf(6, 57, share), rtol=1e-9)
    assert r.method == "exact"


def test_rate_ratio_exact_with_benchmark_error_is_wider_and_less_certain() -> None:
    """The error of the benchmark is not forgotten below 30 events."""
    plain, wide = pr.rate_ratio(7, 300, 50, 5000), pr.rate_ratio(7, 300, 50, 5000, se1=60)
    assert wide.low < plain.low < plain.ratio < plain.high < wide.high
    assert wide.p_value > plain.p_value


def test_rate_ratio_without_events() -> None:
    """No event in one group gives a limit, none in both gives nothing, 0 heads give nothing."""
    r = pr.rate_ratio([0, 9, 0, 5], [100, 100, 100, 0], [12, 0, 0, 7], [400, 400, 400, 10])
    assert r.ratio[0] == 0 and r.low[0] == 0 and 0 < r.high[0] < np.inf
    assert r.ratio[1] == np.inf and r.low[1] > 0 and r.high[1] == np.inf
    assert np.isnan(r.ratio[2:]).all() and r.method.tolist()[2:] == ["none", "none"]


def test_adjusted_p_values_against_statsmodels() -> None:
    """Holm and Benjamini-Hochberg as statsmodels has them; NaN is no comparison."""
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.001, 0.04, 0.03, 0.005, 0.6, 0.03, 1.0])
    assert_allclose(pr.holm(p), multipletests(p, method="holm")[1])
    assert_allclose(pr.benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1])
    gap = np.insert(p, 2, np.nan)
    assert_allclose(np.delete(pr.holm(gap), 2), pr.holm(p))
    assert np.isnan(pr.holm(gap)[2])
    assert pr.holm([]).size == 0


def test_not_known_and_nothing_are_missing() -> None:
    """NaN and 0 of 0 give NaN and leave the rest of the array alone."""
    x, n = [3, np.nan, 0, None], [10, 10, 0, 5]
    for function in (pr.wilson, pr.clopper_pearson):
        low, high = function(x, n)
        assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, True, True, True]
    for function in (pr.newcombe, pr.miettinen_nurminen, pr.koopman, pr.katz):
        low, _ = function(x, n, 4, 12)
        assert np.isnan(low).tolist() == [False, True, True, True]
    test = pr.two_by_two_test(x, n, 4, 12)
    assert np.isnan(test.p_value).tolist() == [False, True, True, True]
    assert test.method.tolist() == ["mid-p", "none", "none", "none"]
    assert np.isnan(pr.fisher(x, n, 4, 12)).tolist() == [False, True, True, True]


def test_pandas_missing_values_are_read() -> None:
    """Counts from a nullable pandas column work as they are."""
    x = pd.array([3, None], dtype="Int64")
    assert np.isnan(pr.wilson(x, pd.Series([10, 10])).low).tolist() == [False, True]


def test_only_one_possible_table_is_no_test() -> None:
    """Where nobody or everybody is chosen there is nothing to test."""
    test = pr.two_by_two_test([0, 10], [10, 10], [0, 20], [20, 20])
    assert np.isnan(test.p_value).all() and np.isnan(test.z).all()
    assert_allclose(test.p_fisher, 1.0)


@pytest.mark.parametrize(
    "call, rule",
    [
        (lambda: pr.wilson(-1, 5), "x must be a whole number of 0 or more, but is -1"),
        (lambda: pr.wilson(2.5, 5), "but is 2.5"),
        (lambda: pr.wilson(6, 5), "x must not be larger than n, but is 6 of 5"),
        (lambda: pr.newcombe(1, 2, 9, 4), "x2 must not be larger than n2"),
        (lambda: pr.wilson(1, 5, confidence_level=95), "For 95 % write 0.95"),
        (lambda: pr.ratio_interval(1, 2, 1, 2, method="wald"), "koopman, katz"),
        (lambda: pr.binomial_test(1, 2, 15.4), "Give a proportion, not a percentage"),
        (lambda: pr.rate_ratio(1, -5, 1, 5), "base1 must not be negative, but is -5"),
        (lambda: pr.holm([0.5, 1.5]), "must lie between 0 and 1, but is 1.5"),
    ],
)
def test_counts_that_cannot_be_are_refused(call, rule: str) -> None:
    """An error says the rule, the value and the way out."""
    with pytest.raises(ValueError) as error:
        call()
    assert rule in str(error.value)


def test_words_are_not_counts() -> None:
    """Text is a TypeError that names the argument."""
    with pytest.raises(TypeError, match="x must be a number"):
        pr.wilson("many", 5)


def test_import_is_light() -> None:
    """Neither scipy.stats nor statsmodels is imported until a test asks for it."""
    code = (
        "import sys, equity.proportions, equity.measures; "
        "print([m for m in ('scipy.stats', 'statsmodels', 'altair') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_exact_rate_ratio_has_no_floor_on_the_log_scale() -> None:
    """0 of 5,000 events at even chances: 2 x .5^5000, far below what can be stored."""
    found = pr.rate_ratio(0, 1e6, 5000, 1e6)
    assert_allclose(found.log10_p_value, np.log10(2) - 5000 * np.log10(2))
    assert found.p_value > 0
    other = pr.rate_ratio(5000, 1e6, 0, 1e6)
    assert_allclose(other.log10_p_value, found.log10_p_value)
    blurred = pr.rate_ratio(0, 1e6, 5000, 1e6, se1=1e5)
    assert found.log10_p_value < blurred.log10_p_value < -307


def test_binomial_test_averaged_over_the_error_of_the_proportion() -> None:
    """A tiny error changes nothing; a large one makes every count less of a surprise."""
    assert_allclose(
        pr.binomial_test(10, 282, 0.057, se=1e-9).p_value, pr.binomial_test(10, 282, 0.057).p_value
    )
    mirrored = pr.binomial_test(272, 282, 0.943, se=0.01).p_value
    assert_allclose(pr.binomial_test(10, 282, 0.057, se=0.01).p_value, mirrored)
    far = pr.binomial_test([5000, 5000], 100_000, 1e-4, se=[0, 1e-6]).log10_p_value
    assert far[0] < far[1] < -1000
    with pytest.raises(ValueError, match="se must not be negative"):
        pr.binomial_test(1, 2, 0.5, se=-1)


def test_holm_for_more_comparisons_than_are_given() -> None:
    """Those not given count as the largest: the smallest p is multiplied by all of them."""
    assert_allclose(pr.holm([0.01, 0.04, np.nan], comparisons=6), [0.06, 0.2, np.nan])
    every = pr.holm([0.01, 0.04, 1, 1, 1, 1])
    assert_allclose(pr.holm([0.01, 0.04], comparisons=6), every[:2])
    with pytest.raises(ValueError, match="comparisons=1 is fewer than the 2"):
        pr.holm([0.1, 0.2], comparisons=1)
