"""Test of equal hit rates (Knowles, Persico and Todd): Pearson's chi-square over groups."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from equity import proportions as pr
from equity.measures import kpt_test


def counts(rows, **columns) -> pd.DataFrame:
    """Rows: group, finds, searches [, district]; without a ground."""
    return pd.DataFrame(
        [
            {
                "race": group,
                "district": district[0] if district else "all",
                "n": n,
                "search_conducted": n,
                "search_conducted_known": n,
                "contraband_found": x,
                "contraband_found_known": n,
            }
            | columns
            for group, x, n, *district in rows
        ]
    )


# Agresti, An Introduction to Categorical Data Analysis (2nd ed. 2007), table 2.6: malformations of
# infants by their mothers' alcohol consumption (from Graubard and Korn 1987)
AGRESTI = [("0", 48, 17114), ("<1", 38, 14502), ("1-2", 5, 793), ("3-5", 1, 127), ("6+", 1, 38)]


def one(rows, **kw) -> pd.Series:
    return kpt_test(counts(rows), group="race", **kw).iloc[0]


def test_a_textbook_table() -> None:
    """Agresti: X2 = 12.1, df = 4, P = 0.02; some expected counts are small."""
    row = one(AGRESTI)
    assert (round(row.chi2, 1), row.df, round(row.p_chi2, 2)) == (12.1, 4, 0.02)
    assert (row.x, row.x_known, row.groups) == (93, 32574, 5)
    assert row.expected_least < 1
    assert row.p_value == row.p_exact != row.p_chi2


def test_the_exact_p_value_is_that_of_an_independent_program() -> None:
    """SciPy's chi-square of tables that it draws itself; within five standard errors."""
    table = [[x, n - x] for _, x, n in AGRESTI]
    method = stats.MonteCarloMethod(n_resamples=20_000, rng=np.random.default_rng(7))
    p = stats.chi2_contingency(table, correction=False, method=method).pvalue
    row = one(AGRESTI)
    assert abs(row.p_exact - p) < 5 * np.sqrt(p * (1 - p) * (1 / 20_000 + 1 / 20_000))
    assert "20,000 drawn tables" in row.method


def test_a_few_tables_are_counted_one_by_one() -> None:
    """All tables with the same totals, by brute force with SciPy's probabilities."""
    rows = [("a", 3, 6), ("b", 0, 5), ("c", 4, 7)]
    row = one(rows)
    n, found = np.array([6, 5, 7]), 7
    law = stats.random_table(n, [found, n.sum() - found])
    p, observed = 0.0, row.chi2
    for x in itertools.product(*(range(k + 1) for k in n)):
        if sum(x) == found:
            table = np.column_stack((x, n - np.array(x)))
            chi2 = stats.chi2_contingency(table, correction=False).statistic
            p += law.pmf(table) * (chi2 >= observed - 1e-9)
    assert_allclose(row.p_exact, p)
    assert row.method.endswith("test: chi-square, exact")


def test_large_counts_are_those_of_an_independent_program() -> None:
    """SciPy's chi-square without Yates' correction, and no exact p-value."""
    rows = [("black", 402, 1584), ("hispanic", 218, 867), ("white", 226, 666)]
    row = one(rows)
    test = stats.chi2_contingency([[x, n - x] for _, x, n in rows], correction=False)
    assert_allclose((row.chi2, row.df, row.p_value), (test.statistic, test.dof, test.pvalue))
    assert_allclose(row.expected_least, test.expected_freq.min())
    assert np.isnan(row.p_exact)
    assert row.method.endswith("test: Pearson chi-square")


def test_of_two_groups_it_is_the_square_of_z() -> None:
    """Chi-square with one degree of freedom is the pooled z of `proportions`, squared."""
    row = one([("black", 40, 200), ("white", 60, 200)])
    z, p, _ = pr.pooled_z(40, 200, 60, 200)
    assert_allclose((row.chi2, row.p_value), (z**2, p))


def test_the_same_counts_give_the_same_p_value_whatever_else_is_tested() -> None:
    """Drawn tables are seeded, and each stratum draws its own."""
    alone = one(AGRESTI).p_exact
    rows = [(g, x, n, "here") for g, x, n in AGRESTI] + [
        ("0", 1, 9, "there"),
        ("<1", 7, 9, "there"),
    ]
    both = kpt_test(counts(rows), group="race", within="district").set_index("stratum")
    assert both.p_exact["here"] == alone
    assert_allclose(both.p_adjusted, pr.holm(both.p_value))


def test_groups_without_a_counted_search_are_named_and_left_out() -> None:
    """They change neither the statistic nor its degrees of freedom."""
    rows = [("black", 40, 200), ("white", 60, 200)]
    row = one([*rows, ("asian", 0, 0), ("other", 0, 0)])
    assert row.groups == 2 and row.df == 1
    assert row.chi2 == one(rows).chi2
    assert pd.isna(row.reason)  # nobody of them was even stopped
    stops = pd.concat([counts(rows), counts([("asian", 0, 0)]).assign(n=30)])
    row = kpt_test(stops, group="race").iloc[0]
    assert row.reason == "left out, no counted search: asian"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("black", 4, 20)], "counted searches of one group only, black"),
        ([("black", 0, 20), ("white", 0, 30)], "no search found anything"),
        ([("black", 20, 20), ("white", 30, 30)], "every search found something"),
        ([("black", 0, 0), ("white", 0, 0)], "no counted search of any group"),
    ],
)
def test_where_there_is_no_test_the_reason_is_said(rows, words) -> None:
    """Missing, with words, and never a p-value of 1."""
    row = one(rows)
    assert words in row.reason
    assert np.isnan(row.chi2) and np.isnan(row.p_value) and pd.isna(row.df)
    assert pd.isna(row.lowest)


def test_more_outcomes_than_searches_leave_a_group_out() -> None:
    """An error of the file is named, and the others are tested."""
    frame = counts([("asian", 9, 90), ("black", 40, 200), ("white", 60, 200)])
    frame.loc[0, ["search_conducted", "search_conducted_known"]] = 50
    row = kpt_test(frame, group="race").iloc[0]
    assert row.groups == 2
    assert row.reason == ("contraband_found is recorded for more stops than were searched: asian")


def test_searches_are_chosen_as_for_hit_rates() -> None:
    """By law: left out and counted; unknown outcomes too; unknown group beside it."""
    frame = counts([("black", 40, 200), ("white", 60, 200)], search_basis="consent")
    law = counts([("black", 40, 50), ("white", 30, 40)], search_basis="inventory")
    nobody = counts([(None, 3, 5)], search_basis="consent")
    unknown = counts([("white", 0, 7)], search_basis="consent").assign(contraband_found_known=0)
    row = kpt_test(pd.concat([frame, law, nobody, unknown]), group="race").iloc[0]
    assert row.chi2 == one([("black", 40, 200), ("white", 60, 200)]).chi2
    assert (row.n, row.left_out_basis, row.left_out_unknown, row.unknown) == (497, 90, 7, 5)
    assert row.n == row.x_known + row.left_out_basis + row.left_out_unknown


def test_lowest_and_highest_are_groups_large_enough() -> None:
    """One find in one search is no highest rate, where two groups are large enough."""
    row = one([("asian", 1, 1), ("black", 40, 200), ("white", 60, 200)])
    assert (row.lowest, row.lowest_rate, row.highest, row.highest_rate) == (
        "black", 0.2, "white", 0.3,
    )  # fmt: skip
    assert (row.highest_x, row.highest_x_known) == (60, 200)
    assert_allclose((row.lowest_low, row.lowest_high), pr.wilson(40, 200))
    small = one([("asian", 1, 1), ("black", 4, 20)])
    assert (small.lowest, small.highest) == ("black", "asian")


def test_equal_rates_have_no_lowest() -> None:
    """Chi-square 0, p-value 1, and nobody is named."""
    row = one([("black", 40, 200), ("white", 80, 400)])
    assert_allclose((row.chi2, row.p_value), (0, 1), atol=1e-12)
    assert pd.isna(row.lowest) and pd.isna(row.highest)


def test_the_reference_is_checked_and_changes_nothing() -> None:
    """It is taken for symmetry with the other measures."""
    rows = [("black", 40, 200), ("white", 60, 200)]
    pd.testing.assert_series_equal(one(rows, reference="white"), one(rows))
    with pytest.raises(ValueError, match="reference='asian' is not one of the groups"):
        one(rows, reference="asian")


def test_the_shape_is_fixed() -> None:
    """Whatever is counted, the same columns."""
    assert " ".join(kpt_test(counts(AGRESTI), group="race").columns) == (
        "stratum groups n x x_known rate chi2 df p_value p_adjusted p_chi2 p_exact "
        "expected_least lowest lowest_x lowest_x_known lowest_rate lowest_low lowest_high "
        "highest highest_x highest_x_known highest_rate highest_low highest_high "
        "left_out_basis left_out_unknown unknown method reason"
    )
