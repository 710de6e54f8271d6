"""Who stays: shares by time since hire, months of service lost, and where there are too few."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import CountTable
from equity import proportions as pr
from equity.measures import retention


def spells(seed: int = 1, size: int = 2000, **columns) -> pd.DataFrame:
    """People one by one, first seen at any month of their service."""
    rng = np.random.default_rng(seed)
    race = rng.choice(["white", "black", "asian"], size, p=[0.5, 0.3, 0.2])
    hire = rng.integers(-40, 80, size)
    stay = rng.geometric(np.where(race == "black", 0.013, 0.01)) - 1
    entered = np.maximum(0, -hire)
    months = np.minimum(stay, 80 - hire)
    frame = pd.DataFrame(
        {"race": race, "entered": entered, "months": months, "n": 1, "left": stay < 80 - hire}
    )
    frame = frame[stay >= entered].reset_index(drop=True)
    frame["left"] = frame["left"].astype(int)
    return frame.assign(left_known=1, **columns)


def stays(frame: pd.DataFrame, **kw) -> pd.DataFrame:
    return retention(frame, group="race", reference="white", **kw)


def rows(*given) -> pd.DataFrame:
    """Rows: group, entered, months, people, of whom left."""
    frame = pd.DataFrame(list(given), columns=["race", "entered", "months", "n", "left"])
    return frame.assign(left_known=frame.n)


def usable(frame: pd.DataFrame, group: str) -> pd.DataFrame:
    """One person a row; who is seen from hire enters before month 0."""
    own = frame[frame.race == group].copy()
    own["start"] = np.where(own.entered == 0, -1, own.entered)
    return own[own.months > own.start]


def test_shares_and_the_test_agree_with_statsmodels() -> None:
    """Survival to 12, 24, ... completed months, with delayed entry; log-rank within 60 months."""
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    frame = spells()
    table = stays(frame)
    for group in ("white", "black", "asian"):
        own = usable(frame, group)
        other = SurvfuncRight(own.months, own.left, entry=own.start)
        part = table[table.group == group].set_index("months")
        for at in (6, 12, 24, 60):
            i = np.searchsorted(other.surv_times, at) - 1  # who leaves in month 12 completed it
            assert_allclose(part.survival[at], other.surv_prob[i], rtol=1e-10)
            assert part.n_at_risk[at] == ((own.start < at) & (own.months >= at)).sum()
            assert part.left[at] == ((own.months < at) & (own.left == 1)).sum()
    two = pd.concat([usable(frame, "white"), usable(frame, "black")])
    cut = two.assign(left=two.left * (two.months < 60), months=two.months.clip(upper=60))
    cut = cut[cut.start < cut.months]
    _, p = survdiff(
        cut.months.to_numpy(), cut.left.to_numpy(), cut.race.to_numpy(), entry=cut.start.to_numpy()
    )
    assert_allclose(table[table.group == "black"].p_value.iloc[0], p, rtol=1e-8, atol=1e-14)


def test_freireich_as_an_agency() -> None:
    """The leukaemia data as months: medians, chi-square and means are those published."""
    mp = [(6, 3, 3), (6, 1, 0), (7, 1, 1), (9, 1, 0), (10, 1, 1), (10, 1, 0), (11, 1, 0)]
    mp += [(13, 1, 1), (16, 1, 1), (17, 1, 0), (19, 1, 0), (20, 1, 0), (22, 1, 1), (23, 1, 1)]
    mp += [(25, 1, 0), (32, 2, 0), (34, 1, 0), (35, 1, 0)]
    placebo = [(1, 2), (2, 2), (3, 1), (4, 2), (5, 2), (8, 4), (11, 2), (12, 2), (15, 1), (17, 1)]
    placebo += [(22, 1), (23, 1)]
    frame = rows(
        *(("6-mp", 0, t, n, x) for t, n, x in mp), *(("placebo", 0, t, n, n) for t, n in placebo)
    )
    table = retention(frame, group="race", reference="placebo", horizon=36, minimum=1)
    own = table[table.group == "6-mp"].set_index("months")
    assert_allclose(own.p_value.iloc[0], 4.168809e-05, rtol=1e-6)  # chi-square 16.79
    assert round(own.survival[12], 3) == 0.753  # S(10), until the next event in week 13
    assert own.n.iloc[0] == 21 and own.x.iloc[0] == 9


def test_who_leaves_in_the_12th_month_has_not_stayed_a_year() -> None:
    """11 completed months; who leaves after 12 has stayed the year."""
    table = stays(rows(("white", 0, 11, 10, 10), ("white", 0, 12, 30, 30)), horizon=12)
    row = table.iloc[-1]
    assert (row.months, row.survival, row.left, row.n_at_risk) == (12, 0.75, 10, 30)


def test_leaving_in_the_first_month_counts() -> None:
    """0 completed months, seen from hire: at risk, and gone."""
    table = stays(rows(("white", 0, 0, 20, 20), ("white", 0, 30, 60, 0)), horizon=12)
    assert table.survival.tolist() == [0.75, 0.75] and table.months.tolist() == [6, 12]
    assert table.restricted_mean.iloc[0] == 9


def test_months_lost_are_differences_of_restricted_means() -> None:
    """Of 40 people half leave after 24 months: 12 months of the first 48 lost, 6 more."""
    frame = rows(("black", 0, 24, 20, 20), ("black", 0, 48, 20, 0),
                 ("white", 0, 24, 100, 100), ("white", 0, 48, 300, 0))  # fmt: skip
    table = stays(frame, horizon=48).drop_duplicates("group").set_index("group")
    assert table.months_lost.to_dict() == {"black": 12, "white": 6}
    own = table.loc["black"]
    assert own.lost_difference == 6 and own.restricted_mean == 36
    se = np.sqrt(24**2 * 0.25 / 40 + 24**2 * 0.1875 / 400)
    assert_allclose(
        (own.lost_low, own.lost_high), (6 - 1.959964 * se, 6 + 1.959964 * se), rtol=1e-6
    )
    assert table.loc["white"].lost_difference == 0 and np.isnan(table.loc["white"].lost_low)


def test_few_people_early_in_their_service_leave_no_curve() -> None:
    """Delayed entry: two seen from hire, one leaves; 300 more seen only after two years."""
    frame = rows(
        ("black", 0, 3, 1, 1),
        ("black", 0, 30, 1, 0),
        ("black", 24, 60, 300, 30),
        ("white", 0, 60, 300, 30),
    )
    table = stays(frame).set_index(["group", "months"])
    black = table.loc["black"]
    assert black.survival.isna().all() and black.months_lost.isna().all() and black.too_few.all()
    assert set(black.reason) == {
        "fewer than 10 at risk in the first month: too few people to tell"
    }
    assert black.n_at_risk[36] == 300 and black.n.iloc[0] == 302
    loose = stays(frame, minimum=1).set_index(["group", "months"])
    assert loose.survival[("black", 6)] == 0.5


def test_few_people_late_end_the_curve_and_say_where() -> None:
    """Eleven seen, nine of them for two years: figures until there, no mean of five years."""
    frame = rows(("black", 0, 20, 2, 0), ("black", 0, 40, 9, 1), ("white", 0, 60, 300, 30))
    black = stays(frame).query("group == 'black'").set_index("months")
    assert black.survival[12] == 1 and not black.too_few[12]
    assert black.reason[12] == "no mean of 60 months: fewer than 10 at risk after 21 months"
    assert black.too_few[24] and np.isnan(black.survival[24])
    assert black.reason[24] == "fewer than 10 at risk after 21 months: too few people to tell"
    assert not np.isnan(black.p_value[12])  # the test needs no curve to the end


def test_a_group_of_few_is_not_tested() -> None:
    """Nine people; and nobody of a group in a part."""
    frame = rows(("black", 0, 20, 9, 3), ("white", 0, 60, 300, 30)).assign(part="a")
    more = rows(("white", 0, 60, 300, 30)).assign(part="b")
    table = stays(pd.concat([frame, more]), within="part")
    black = table[table.group == "black"].drop_duplicates("stratum").set_index("stratum")
    assert black.p_value.isna().all()
    assert black.reason["b"] == "nobody of this group" and not black.too_few["b"]
    assert black.too_few["a"]


def test_who_cannot_be_used_is_counted() -> None:
    """No months, outcome not known, seen in one month only; unknown group apart."""
    frame = rows(("white", 0, 30, 100, 10), ("black", 0, 30, 50, 10), ("black", 7, 7, 3, 1),
                 (None, 0, 30, 8, 1))  # fmt: skip
    gone = rows(("black", 0, 30, 4, 0)).assign(months=np.nan)
    silent = rows(("black", 0, 30, 5, 0)).assign(left_known=0)
    odd = rows(("black", None, 30, 2, 0))
    frame = pd.concat([frame, gone, silent, odd]).astype({"months": "Float64"})
    table = stays(frame, horizon=12).drop_duplicates("group").set_index("group")
    assert table.left_out.to_dict() == {"black": 3 + 4 + 5 + 2, "white": 0}
    assert table.n["black"] == 50 and set(table.unknown) == {8}


def test_strata_are_those_of_their_own_and_missing_ones_last() -> None:
    frame = spells(2)
    frame["hire_cohort"] = np.where(frame.index % 3 == 0, "2015-2019", "2020-2024")
    frame.loc[frame.index % 7 == 0, "hire_cohort"] = None
    table = stays(frame, within="hire_cohort")
    assert list(dict.fromkeys(table.stratum)) == ["2015-2019", "2020-2024", "not known"]
    alone = stays(frame[frame.hire_cohort == "2020-2024"])
    part = table[table.stratum == "2020-2024"].reset_index(drop=True)
    columns = ["n_at_risk", "survival", "low", "months_lost", "lost_difference", "p_value"]
    pd.testing.assert_frame_equal(part[columns], alone[columns])
    first = table.drop_duplicates(["stratum", "group"])
    assert_allclose(first.p_adjusted, pr.holm(first.p_value))


def test_people_seen_only_beyond_the_horizon_are_not_counted() -> None:
    """Twenty years of service say nothing about the first five."""
    table = stays(rows(("white", 0, 60, 100, 10), ("white", 240, 260, 500, 100)))
    assert table.n.iloc[0] == 100 and table.x.iloc[0] == 0
    assert set(table.survival) == {1}


def test_nobody_leaves_and_the_interval_still_has_a_lower_end() -> None:
    table = stays(rows(("white", 0, 60, 100, 10), ("black", 0, 60, 20, 0)))
    row = table[table.group == "black"].iloc[-1]
    assert row.survival == 1 and 0.8 < row.low < 0.9 and row.high == 1
    assert "no test: nobody of this group or of white left" in row.reason
    assert row.lost_difference == 0 and row.lost_low < 0 < row.lost_high


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reference": "other"}, "reference='other' is not one of the groups"),
        ({"months": "tenure"}, "months='tenure': there is no such column"),
        ({"entered": "since"}, "entered='since': there is no such column"),
        ({"event": "n"}, "'n_known'"),
        ({"horizon": 0}, "horizon=0 must be a whole number of months"),
        ({"minimum": 0}, "minimum=0 must be a whole number"),
        ({"confidence_level": 95}, "confidence_level"),
    ],
)
def test_errors_say_the_rule_and_the_way_out(change, words) -> None:
    with pytest.raises(ValueError, match=words):
        retention(spells(), **{"group": "race", "reference": "white", **change})


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="counts more people than there are"):
        stays(rows(("white", 0, 10, 5, 6)))


def test_without_a_column_of_entry_everybody_is_seen_from_hire() -> None:
    frame = spells()
    table = stays(frame.drop(columns="entered"), entered=None)
    pd.testing.assert_frame_equal(table, stays(frame.assign(entered=0)))


def test_the_shape_is_fixed_and_it_is_quick() -> None:
    """Eight groups, 600 months: less than 30 ms, with room for a slow machine."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"race": np.repeat(list("abcdefgh"), 600), "months": np.tile(np.arange(600), 8)}
    ).assign(entered=0, n=3, left=rng.integers(0, 4, 4800), left_known=3)
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        table = retention(frame, group="race", reference="a", horizon=600)
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.03
    assert " ".join(table.columns) == (
        "stratum group reference months n_at_risk left survival low high n x restricted_mean "
        "rm_low rm_high months_lost lost_difference lost_low lost_high p_value p_adjusted since "
        "too_few left_out unknown method reason"
    )
    assert sorted(set(table.months)) == [6, *range(12, 601, 12)]
    assert stays(spells(), horizon=18).months.unique().tolist() == [6, 12, 18]
    assert stays(spells(), horizon=4).months.unique().tolist() == [4]


# ---- snapshots alone ------------------------------------------------------------------------


def yearly(seed: int, size: int = 40_000) -> pd.DataFrame:
    """People who leave at 1 in 100 a month, as yearly rosters alone show them."""
    rng = np.random.default_rng(seed)
    hire = rng.integers(0, 240, size)
    out = hire + rng.geometric(0.01, size) - 1 + rng.random(size)
    rosters = np.arange(168, 241, 12)
    first = rosters[np.minimum(np.searchsorted(rosters, hire), len(rosters) - 1)]
    after = np.searchsorted(rosters, out)
    left = after < len(rosters)
    stop = np.where(left, rosters[np.minimum(after, len(rosters) - 1)] - 6, rosters[-1])
    there = (first < out) & (first >= hire)
    frame = pd.DataFrame({"race": "white", "entered": first - hire, "months": stop - hire})
    return frame.assign(n=1, left=left.astype(int), left_known=1)[there]


def test_without_dates_of_leaving_the_first_year_is_not_stated() -> None:
    """By the middle nobody leaves in the first half year, and all later shares are too high."""
    frame = yearly(1)
    plain = stays(frame).set_index("months").survival
    assert plain[6] == 1 and plain[12] > 0.90 > 0.99**12  # what would be said
    table = stays(frame, resolution=12).set_index("months")
    assert table.survival[[6, 12]].isna().all() and not table.too_few.any()
    assert set(table.reason[[6, 12]]) == {
        "no share until then: when people left is known to within 12 months only"
    }
    assert (table.since == 12).all()
    for at in (24, 36, 60):  # of those who completed the first year
        assert_allclose(table.survival[at], 0.99 ** (at - 12), atol=0.012)
        assert table.reason[at].startswith("of those who completed 12 months: ")
    assert_allclose(table.restricted_mean[24], 12 + (1 - 0.99**48) / 0.01, atol=0.5)


def test_the_resolution_is_taken_from_the_provenance() -> None:
    frame = yearly(2, 4000)
    by = ("race", "entered", "months")
    counts = CountTable(frame, by, ("left",), pd.DataFrame(), {"resolution": 12})
    pd.testing.assert_frame_equal(stays(counts), stays(frame, resolution=12))
    unset = CountTable(frame, by, ("left",), pd.DataFrame(), {"resolution": None})
    pd.testing.assert_frame_equal(stays(unset), stays(frame))
    for value in (0, 1.5, True):
        with pytest.raises(ValueError, match="must be a whole number of months"):
            stays(frame, resolution=value)
    within = stays(frame, resolution=12, horizon=12)
    assert within[["survival", "months_lost", "p_value"]].isna().all(axis=None)
    assert within.reason.str.startswith("no share until then").all()


# ---- parts that are not known alike -----------------------------------------------------------


def test_a_part_that_is_unknown_of_leavers_states_no_share() -> None:
    """A list of leavers without the job category: everybody in each category seems to stay."""
    frame = spells(job=np.nan).astype({"job": object})
    stay = frame.left == 0
    frame.loc[stay, "job"] = "protective"
    frame.loc[(~stay) & (frame.months % 3 == 0), "job"] = "protective"
    table = stays(frame, within="job")
    assert table.survival.isna().all() and table.months_lost.isna().all()
    assert table.p_value.isna().all() and table.lost_difference.isna().all()
    assert not table.too_few.any() and (table.n_at_risk > 0).any()
    said = (
        r"no share: job is not known of \d\d % of those who left, but of 0 % of those who stayed"
    )
    assert table.reason.str.fullmatch(said).all()


def test_a_part_that_is_unknown_alike_is_stated() -> None:
    frame = spells(3)
    frame["job"] = np.where(np.arange(len(frame)) % 5 == 0, None, "protective")
    assert stays(frame, within="job").query("stratum == 'protective'").survival.notna().any()


def test_no_test_where_no_share_is_stated() -> None:
    """Few were seen from hire: no curve, and so no group that is "large enough"."""
    frame = rows(
        ("asian", 0, 3, 1, 1), ("asian", 24, 60, 300, 250),
        ("black", 0, 20, 100, 50), ("white", 0, 60, 300, 30),
    )  # fmt: skip
    table = stays(frame).drop_duplicates("group").set_index("group")
    assert np.isnan(table.p_value["asian"]) and np.isnan(table.survival["asian"])
    assert table.p_value["black"] < 0.001
    other = retention(frame, group="race", reference="asian")
    assert other.p_value.isna().all()
