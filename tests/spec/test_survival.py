"""Life tables of counts against published numbers and against statsmodels, person by person."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from equity import proportions as pr

# Freireich and others (1963), data of Gehan (1965): weeks of remission; 0 = still in remission
SIX_MP = [
    *[(6, 1)] * 3, (7, 1), (10, 1), (13, 1), (16, 1), (22, 1), (23, 1), (6, 0), (9, 0), (10, 0),
    (11, 0), (17, 0), (19, 0), (20, 0), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0),
]  # fmt: skip
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
# R's survival::aml (Miller 1981): weeks, maintained and not
AML = (
    [(9, 1), (13, 1), (13, 0), (18, 1), (23, 1), (28, 0), (31, 1), (34, 1), (45, 0), (48, 1),
     (161, 0)],
    [(5, 1), (5, 1), (8, 1), (8, 1), (12, 1), (16, 0), (23, 1), (27, 1), (30, 1), (33, 1),
     (43, 1), (45, 1)],
)  # fmt: skip


def table_of(*groups) -> pr.LifeTable:
    time, event, slot = (
        np.array(v)
        for v in zip(*((t, e, g) for g, rows in enumerate(groups) for t, e in rows), strict=True)
    )
    return pr.life_table(time, np.ones(len(time)), event, slot=slot, slots=len(groups))


LEUKAEMIA = table_of(SIX_MP, [(t, 1) for t in PLACEBO])


def test_the_curve_of_a_textbook() -> None:
    """Collett, and Klein and Moeschberger, table 4.1: estimate and Greenwood's standard error."""
    table = table_of(SIX_MP)
    at = np.isin(table.times, [6, 7, 10, 13, 16, 22, 23])
    curve = pr.kaplan_meier(table)
    assert table.at_risk[0, at].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert table.events[0, at].tolist() == [3, 1, 1, 1, 1, 1, 1]
    expected = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert curve.survival[0, at].round(3).tolist() == expected
    se = np.sqrt(curve.variance[0, at])
    assert_allclose(se, [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], atol=5e-5)


def test_medians_and_intervals_as_published() -> None:
    """23 and 8 weeks; by log-log 13 to open and 4 to 11, by log (R's default) 16 and 4 to 12."""
    median = pr.survival_quantile(pr.kaplan_meier(LEUKAEMIA))
    assert median.value.tolist() == [23, 8]
    assert median.low.tolist() == [13, 4]
    assert np.isnan(median.high[0]) and median.high[1] == 11
    log = pr.survival_quantile(pr.kaplan_meier(LEUKAEMIA, transform="log"))
    assert log.low.tolist() == [16, 4] and log.high[1] == 12


def test_the_log_rank_test_as_published() -> None:
    """Chi-square 16.79 on 1 degree of freedom, 9 and 21 events, 19.3 and 10.7 expected."""
    test = pr.log_rank(LEUKAEMIA.at_risk, LEUKAEMIA.events)
    assert round(float(test.chi2), 2) == 16.79 and test.df == 1
    assert test.observed.tolist() == [9, 21]
    assert test.expected.round(1).tolist() == [19.3, 10.7]


def test_what_r_prints_for_aml() -> None:
    """print(survfit(...), print.rmean=TRUE) and survdiff: means, errors, medians, chi-square."""
    table = table_of(*AML)
    mean = pr.restricted_mean(table, 161)
    assert mean.value.round(1).tolist() == [52.6, 22.7]
    assert np.sqrt(mean.variance).round(2).tolist() == [19.83, 4.18]
    median = pr.survival_quantile(pr.kaplan_meier(table, transform="log"))
    assert median.value.tolist() == [31, 23] and median.low.tolist() == [18, 8]
    assert np.isnan(median.high).all()
    test = pr.log_rank(table.at_risk, table.events)
    assert round(float(test.chi2), 1) == 3.4 and round(float(test.p_value), 4) == 0.0653


def drawn(seed: int, size: int = 300, groups: int = 3):
    rng = np.random.default_rng(seed)
    entry = rng.integers(0, 12, size)
    time = entry + rng.integers(1, 40, size)
    return time, rng.integers(0, 2, size), entry, rng.integers(0, groups, size), rng


@pytest.mark.parametrize("delayed", [False, True])
def test_the_curve_agrees_with_statsmodels(delayed) -> None:
    """SurvfuncRight on the same people, to ten digits; with delayed entry too."""
    from statsmodels.duration.survfunc import SurvfuncRight

    time, event, entry, group, _ = drawn(1)
    kw = {"entered": entry} if delayed else {}
    table = pr.life_table(time, np.ones(300), event, slot=group, slots=3, **kw)
    curve = pr.kaplan_meier(table)
    for g in range(3):
        own = group == g
        other = SurvfuncRight(time[own], event[own], entry=entry[own] if delayed else None)
        at = np.searchsorted(table.times, other.surv_times)
        assert table.at_risk[g, at].tolist() == other.n_risk.tolist()
        assert table.events[g, at].tolist() == other.n_events.tolist()
        assert_allclose(curve.survival[g, at], other.surv_prob, rtol=1e-10)
        inside = other.surv_prob > 1e-9
        se = np.sqrt(curve.variance[g, at])
        assert_allclose(se[inside], other.surv_prob_se[inside], rtol=1e-10)


def test_quantiles_agree_with_statsmodels() -> None:
    """Value and interval (cloglog is what others call log-log), at three levels."""
    from statsmodels.duration.survfunc import SurvfuncRight

    time, event, *_ = drawn(2)
    curve = pr.kaplan_meier(pr.life_table(time, np.ones(300), event))
    other = SurvfuncRight(time, event)
    for share in (0.25, 0.5, 0.7):
        found = pr.survival_quantile(curve, share)
        with np.errstate(divide="ignore", invalid="ignore"):  # its logarithm of a curve at 0
            low, high = other.quantile_ci(share)
        assert (found.value, found.low, found.high) == (other.quantile(share), low, high)


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("groups", [2, 4])
def test_the_test_agrees_with_statsmodels(groups, delayed) -> None:
    """Survdiff, of two and of four groups, with delayed entry, and over strata."""
    from statsmodels.duration.survfunc import survdiff

    time, event, entry, group, rng = drawn(3, groups=groups)
    kw = {"entered": entry} if delayed else {}
    table = pr.life_table(time, np.ones(300), event, slot=group, slots=groups, **kw)
    test = pr.log_rank(table.at_risk, table.events)
    chi2, p = survdiff(time, event, group, entry=entry if delayed else None)
    assert_allclose((test.chi2, test.p_value), (chi2, p), rtol=1e-9)
    if delayed:
        return
    strata = rng.integers(0, 3, 300)
    table = pr.life_table(
        time, np.ones(300), event, slot=strata * groups + group, slots=3 * groups
    )
    deep = [v.reshape(3, groups, -1) for v in (table.at_risk, table.events)]
    test = pr.log_rank(*deep, stratified=True)
    chi2, p = survdiff(time, event, group, strata=strata)
    assert_allclose((test.chi2, test.p_value), (chi2, p), rtol=1e-9)


def test_counts_are_the_people_they_stand_for() -> None:
    """Rows of many people, in any order, give the table of the people one by one."""
    time, event, entry, _, rng = drawn(4)
    n = rng.integers(1, 5, 300)
    x = rng.binomial(n, 0.4)
    counted = pr.life_table(time, n, x, entered=entry)
    person = np.repeat(np.arange(300), n)
    yes = np.concatenate([[1] * a + [0] * (b - a) for a, b in zip(x, n, strict=True)])
    rows = pr.life_table(time[person], np.ones(len(person)), yes, entered=entry[person])
    assert_allclose(counted.at_risk, rows.at_risk)
    assert_allclose(counted.events, rows.events)


def test_the_mean_is_the_area_and_its_variance_that_of_the_jackknife() -> None:
    """Without censoring, the mean of the times cut at the horizon, and its usual variance."""
    time = np.random.default_rng(5).integers(0, 90, 4000)
    table = pr.life_table(time, np.ones(4000), np.ones(4000), times=np.arange(91))
    mean = pr.restricted_mean(table, 60)
    cut = np.minimum(time, 60)
    assert_allclose(mean.value, cut.mean(), rtol=1e-12)
    assert_allclose(mean.variance, cut.var() / 4000, rtol=1e-9)
    gap, low, high = pr.restricted_mean_difference(mean, mean)
    assert gap == 0
    assert_allclose(high, 1.959964 * np.sqrt(2 * mean.variance), rtol=1e-6)
    assert_allclose(low, -high)


def test_while_nobody_left_the_interval_is_the_exact_one() -> None:
    """20 people of whom nobody left: 1, from 0.025 to the power of 1/20; never 100 % for sure."""
    table = pr.life_table([12], [20], [0], times=np.arange(12))
    curve = pr.kaplan_meier(table)
    assert_allclose(curve.low[-1], 0.025 ** (1 / 20))
    assert curve.high[-1] == 1
    assert_allclose(curve.low[-1], pr.clopper_pearson(20, 20).low)
    mean = pr.restricted_mean(table, 12)
    assert mean.value == mean.high == 12 and 0 < mean.low < 12


def test_where_everybody_left_the_curve_is_zero_with_an_upper_end() -> None:
    curve = pr.kaplan_meier(pr.life_table([1, 2], [5, 5], [5, 5]))
    assert curve.survival.tolist() == [0.5, 0] and curve.low[1] == 0
    assert 0 < curve.high[1] < curve.high[0]


def test_a_gap_without_anybody_at_risk_ends_the_curve() -> None:
    """After it nothing is known, although people come later."""
    table = pr.life_table([3, 20], [4, 6], [1, 2], entered=[-1, 9], times=np.arange(21))
    curve = pr.kaplan_meier(table)
    assert np.isnan(curve.survival[4:]).all() and not np.isnan(curve.survival[:4]).any()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="must be known"):
        pr.life_table([np.nan], [1], [1])
    with pytest.raises(ValueError, match="x must not be larger than n"):
        pr.life_table([1], [1], [2])
    with pytest.raises(ValueError, match="must be one of times"):
        pr.life_table([1.5], [1], [1], times=[1, 2])
    with pytest.raises(ValueError, match="transform='logit'"):
        pr.kaplan_meier(LEUKAEMIA, transform="logit")
    with pytest.raises(ValueError, match="share=1"):
        pr.survival_quantile(pr.kaplan_meier(LEUKAEMIA), 1)
    with pytest.raises(ValueError, match="horizon=0"):
        pr.restricted_mean(LEUKAEMIA, 0)
    with pytest.raises(ValueError, match="same shape"):
        pr.log_rank([[1, 2]], [[1]])
    with pytest.raises(ValueError, match="more than at_risk"):
        pr.log_rank([[1, 2], [1, 1]], [[2, 0], [0, 0]])


def test_one_group_at_risk_is_no_test() -> None:
    test = pr.log_rank([[3, 2], [0, 0]], [[1, 1], [0, 0]])
    assert np.isnan(test.chi2) and np.isnan(test.p_value)
