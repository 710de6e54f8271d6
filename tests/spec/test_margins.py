"""Arithmetic with margins of error, against the Census Bureau's own examples."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from equity import margins


def test_sum_of_the_handbook() -> None:
    """ACS handbook, ch. 8: never-married women in three places: 203,119 ± 5,070."""
    value, moe = margins.total([135_173, 43_104, 24_842], [3_860, 2_642, 1_957])
    assert value == 203_119
    assert_allclose(moe, 5_070, atol=0.5)


def test_sum_of_the_2018_presentation() -> None:
    """Census Bureau presentation, 18 April 2018: children under 5, 19,866,960 ± 5,438."""
    value, moe = margins.total([10_154_024, 9_712_936], [3_778, 3_911])
    assert value == 19_866_960
    assert_allclose(moe, 5_438, atol=0.5)


def test_proportion_of_the_handbook() -> None:
    """ACS handbook, ch. 8: 203,119 ± 5,070 of 630,498 ± 831 is .322 ± .008."""
    value, moe = margins.proportion(203_119, 5_070, 630_498, 831)
    assert_allclose((value, moe), (0.322, 0.008), atol=5e-4)


def test_ratio_of_the_handbook() -> None:
    """ACS handbook, ch. 8: 226,840 ± 5,556 men to 203,119 ± 5,070 women is 1.117 ± .039."""
    value, moe = margins.ratio(226_840, 5_556, 203_119, 5_070)
    assert_allclose((value, moe), (1.117, 0.039), atol=5e-4)


def test_product_of_the_handbook() -> None:
    """ACS handbook, ch. 8: 74,506,512 ± 228,238 homes, 82.4 ± .1 % detached: ± 202,289."""
    value, moe = margins.product(74_506_512, 228_238, 0.824, 0.001)
    assert_allclose((value, moe), (61_393_366, 202_289), atol=0.6)


def test_percent_change_of_the_handbook() -> None:
    """ACS handbook, ch. 8: from 135,173 ± 3,860 to 139,301 ± 4,047 is 3.05 ± 4.20 percent."""
    value, moe = margins.percent_change(135_173, 3_860, 139_301, 4_047)
    assert_allclose((value, moe), (3.0539, 4.1981), atol=5e-5)


def test_negative_radicand_takes_the_ratio_formula() -> None:
    """Where x_moe^2 < p^2 y_moe^2 the proportion has the margin of the ratio (handbook, ch. 8)."""
    part = margins.proportion(900, 10, 1000, 50)
    assert_allclose(part.moe, margins.ratio(900, 10, 1000, 50).moe)
    assert_allclose(part.moe, np.sqrt(10**2 + 0.9**2 * 50**2) / 1000)


def test_shares_of_a_total_that_is_added_up() -> None:
    """Parts independent of each other: the margins that a simulation gives, not the Bureau's.

    White 7,000 ± 300 of 10,000: a standard error of .0137 (200,000 draws), where the formula for a
    part of a published whole, fed with the root of the sum of squares, gives .0035.
    """
    n, moe = np.array([7000, 1500, 1000, 500.0]), np.array([300, 200, 180, 120.0])
    rng = np.random.default_rng(1)
    drawn = n + moe / 1.645 * rng.standard_normal((200_000, 4))
    simulated = (drawn / drawn.sum(axis=1, keepdims=True)).std(axis=0)
    share = margins.shares(n, moe)
    assert_allclose(share.value, n / 10_000)
    assert_allclose(share.moe / 1.645, simulated, rtol=0.02)
    assert_allclose(share.moe[0] / 1.645, 0.0137, atol=5e-5)
    both = margins.shares(np.stack((n, n)), np.stack((moe, 0 * moe)), axis=1)
    assert_allclose(both.moe, np.stack((share.moe, 0 * moe)))


def test_controlled_estimates_have_no_error() -> None:
    """A controlled total (margin 0) leaves the margin of the part alone."""
    assert_allclose(margins.proportion(200, 20, 1000, 0).moe, 0.02)
    assert margins.proportion(200, 0, 1000, 0).moe == 0


def test_not_available_and_zero_are_missing() -> None:
    """NaN gives NaN, a whole of 0 gives NaN, and the rest of the array stays."""
    value, moe = margins.proportion([5, 5, np.nan], [1, 1, 1], [10, 0, 10], [2, 2, 2])
    assert np.isnan(value).tolist() == np.isnan(moe).tolist() == [False, True, True]


def test_census_codes_are_refused() -> None:
    """-555555555 is a code, not a margin: it must be translated first."""
    with pytest.raises(ValueError, match="-555555555.*must be translated first"):
        margins.total([100], [-555_555_555])
    with pytest.raises(TypeError, match="values must be a number"):
        margins.total(["1,234"], [5])
