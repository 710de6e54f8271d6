"""How large a difference could be seen: statsmodels, Cohen's tables, and every table by count."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from equity import proportions as pr


@pytest.mark.parametrize(
    "h, n", [(0.20, 392), (0.30, 174), (0.40, 98), (0.50, 63), (0.60, 44), (0.80, 25)]
)
def test_cohens_table_of_sample_sizes(h: float, n: int) -> None:
    """Cohen (1988), table 6.4.1, two-sided .05, power .80: so many in each group see h."""
    p = np.sin(np.arcsin(np.sqrt(0.5)) - h / 2) ** 2
    assert pr.two_proportion_power(p, n, 0.5, n) == pytest.approx(0.80, abs=0.01)
    low = pr.detectable_below(0.5, n, n)
    found = 2 * np.arcsin(np.sqrt(0.5)) - 2 * np.arcsin(np.sqrt(low))
    assert found == pytest.approx(h, abs=0.01)


@pytest.mark.parametrize(
    "p1, n1, p2, n2", [(0.3, 40, 0.5, 90), (0.9, 12, 0.6, 30), (0, 9, 0.2, 9)]
)
@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_power_is_that_of_statsmodels(p1, n1, p2, n2, alpha) -> None:
    """NormalIndPower with Cohen's h; both tails."""
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    h = proportion_effectsize(p1, p2)
    theirs = NormalIndPower().power(h, n1, alpha, ratio=n2 / n1)
    assert_allclose(pr.two_proportion_power(p1, n1, p2, n2, alpha=alpha), theirs, rtol=1e-9)


@pytest.mark.parametrize("power", [0.06, 0.3, 0.8, 0.99])
def test_the_detectable_rate_has_the_power(power: float) -> None:
    """There and back, over an array; half of the shapes by broadcasting."""
    p2 = np.array([[0.3], [0.6], [0.95]])
    n1 = np.array([60, 200])
    low = pr.detectable_below(p2, n1, 500, power=power)
    assert low.shape == (3, 2) and (low < p2).all()
    assert_allclose(pr.two_proportion_power(low, n1, p2, 500), power)


@pytest.mark.parametrize(
    "p2, n1, n2", [(0.6, 50, 100), (0.5, 15, 100), (0.3, 60, 300), (0.1, 150, 400), (0.8, 12, 12)]
)
def test_the_tests_that_are_made_have_about_this_power(p2: float, n1: int, n2: int) -> None:
    """Exact power of the default test, every table counted: between .69 and .88 for .80."""
    low = float(pr.detectable_below(p2, n1, n2))
    a, b = np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij")
    p = pr.two_by_two_test(a, n1, b, n2, beside=False).p_value
    chance = stats.binom.pmf(a, n1, low) * stats.binom.pmf(b, n2, p2)
    assert 0.69 < chance[p < 0.05].sum() < 0.88


def test_nothing_below_can_be_seen() -> None:
    """A rate of 0 among 12 against 10 %; a reference of 0; an empty group; an unknown rate."""
    assert np.isnan(pr.detectable_below([0.1, 0, 0.5, np.nan], [12, 50, 0, 50], 100)).all()
    assert np.isnan(pr.two_proportion_power(0.2, 0, 0.5, 10))


def test_without_a_difference_the_power_is_the_level() -> None:
    """A false alarm once in twenty."""
    assert_allclose(pr.two_proportion_power(0.3, 50, 0.3, 70), 0.05)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: pr.detectable_below(0.5, 10, 10, power=0.04), "between alpha (0.05) and 1"),
        (lambda: pr.detectable_below(50, 10, 10), "p2 must lie between 0 and 1, but is 50"),
        (lambda: pr.detectable_below(0.5, -1, 10), "n1 must be 0 or more"),
        (lambda: pr.two_proportion_power(0.5, 5, 0.5, 5, alpha=5), "For 5 % write 0.05"),
        (lambda: pr.benjamini_hochberg([0.1, 0.2], comparisons=1), "fewer than the 2"),
    ],
)
def test_errors(call, words: str) -> None:
    """An error says the rule, the value and the way out."""
    with pytest.raises(ValueError) as error:
        call()
    assert words in str(error.value)
