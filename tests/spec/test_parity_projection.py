"""Projection of a group's share: hand computation, closed forms, matrices, and drawn people."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import equity as eq
from equity.measures import parity_projection

NOW = pd.DataFrame({"sex": ["female", "male"], "n": [10, 90]})


def project(staff=NOW, **kw) -> pd.DataFrame:
    usual = {"group": "sex", "focal": "female", "target": 0.3}
    return parity_projection(staff, **(usual | kw))


def snapshots(rows) -> pd.DataFrame:
    """Rows: sex, year, n, joined, joined_known, left, left_known."""
    columns = ["sex", "year", "n", "joined", "joined_known", "left", "left_known"]
    return pd.DataFrame(rows, columns=columns)


THREE = snapshots(
    [  # sex, year, staff, joined of known, left of known
        ("female", 2022, 100, 0, 0, 8, 100),
        ("male", 2022, 400, 0, 0, 20, 400),
        ("female", 2023, 104, 12, 104, 4, 104),
        ("male", 2023, 408, 28, 408, 28, 408),
        ("female", 2024, 112, 12, 112, 0, 0),
        ("male", 2024, 410, 30, 410, 0, 0),
        (None, 2024, 5, 5, 5, 0, 0),
    ]
)


# ------------------------------------------------------------ by hand


def test_a_hand_computation() -> None:
    """100 women, 400 men; 5 % of women and 10 % of men leave; 50 are hired, 40 % of them women.

    Women: 100 -> 95 + 20 = 115 -> 109.25 + 20 = 129.25. Men: 400 -> 360 + 30 = 390 -> 381.
    In the end 20 / 0.05 = 400 women and 30 / 0.10 = 300 men.
    """
    staff = pd.DataFrame({"sex": ["female", "male"], "n": [100, 400]})
    rates = {"female": 0.05, "others": 0.10}
    table = project(staff, hires=50, hire_share=0.4, exit_rates=rates, target=0.25, years=100)
    assert_allclose(table.x[:3], [100, 115, 129.25])
    assert_allclose(table.n[:3], [500, 505, 510.25])
    assert_allclose(table.share[:3], [0.2, 115 / 505, 129.25 / 510.25])
    assert table.years_to_target[0] == 2
    assert_allclose(table.steady_share[0], 4 / 7)
    assert_allclose(table.n.iloc[-1], 700, rtol=0.005)
    assert table.reason.isna().all()


def test_the_share_closes_its_gap_by_the_part_that_leaves_each_year() -> None:
    """Every post filled again, the same exits d for all: s(t) = h - (h - s0) (1 - d)^t."""
    table = project(hire_share=0.45, exit_rates=0.07, years=60)
    t = np.arange(61)
    assert_allclose(table.share, 0.45 - 0.35 * 0.93**t, rtol=1e-12)
    assert_allclose(table.n, 100, rtol=1e-12)
    first = np.log((0.45 - 0.3) / 0.35) / np.log(0.93)
    assert table.years_to_target[0] == np.ceil(first)


@pytest.mark.parametrize("exits", [(0.06, 0.06), (0.04, 0.09), (0.11, 0.03)])
def test_the_geometric_recursion(exits) -> None:
    """n(t) = n0 d^t + H h (1 - d^t) / (1 - d), d = 1 - exit rate."""
    rates = dict(zip(("female", "others"), exits, strict=True))
    table = project(hires=12, hire_share=0.35, exit_rates=rates, years=80)
    t = np.arange(81)
    x, other = (
        start * (1 - e) ** t + 12 * h * (1 - (1 - e) ** t) / e
        for start, h, e in zip((10, 90), (0.35, 0.65), exits, strict=True)
    )
    assert_allclose(table.x, x, rtol=1e-12)
    assert_allclose(table.share, x / (x + other), rtol=1e-12)


def test_where_it_settles_is_the_steady_structure_of_the_textbook() -> None:
    """Bartholomew, Forbes and McClean, ch. 4: n* = R r (I - P)^-1, with their matrices."""
    stay = np.diag([1 - 0.05, 1 - 0.08])
    hired = 20 * np.array([0.3, 0.7])
    settled = hired @ np.linalg.inv(np.eye(2) - stay)
    after = np.array([10.0, 90.0])
    for _ in range(30):
        after = after @ stay + hired
    rates = {"female": 0.05, "others": 0.08}
    table = project(hires=20, hire_share=0.3, exit_rates=rates)
    assert_allclose(table.steady_share, settled[0] / settled.sum())
    assert_allclose([table.x.iloc[-1], table.n.iloc[-1]], [after[0], after.sum()])


def test_a_published_plan() -> None:
    """London's police (Action Plan of 2020): 16 % in 2022, 40 % of recruits from then on, 21 % in
    2024 and 28 % in 2030. The rate at which places are filled anew that gives the last figure
    gives the one before within two points.
    """
    staff = pd.DataFrame({"race": ["minority", "white"], "n": [1600, 8400], "year": 2022})

    def share(rate: float) -> pd.Series:
        table = parity_projection(
            staff, group="race", focal="minority", target=0.28, hire_share=0.4, exit_rates=rate,
            years=8, draws=0,
        )  # fmt: skip
        return table.set_index("year").share

    rate = 1 - 0.5 ** (1 / 8)  # half of the gap of 24 points is left after eight years
    assert_allclose(share(rate)[2030], 0.28)
    assert abs(share(rate)[2024] - 0.21) < 0.02


# ------------------------------------------------------------ the share that is needed


@pytest.mark.parametrize("hires", [None, 12, 7.5])
@pytest.mark.parametrize("exits", [(0.06, 0.06), (0.04, 0.09), (0.11, 0.03)])
def test_the_share_needed_gives_the_target(hires, exits) -> None:
    rates = dict(zip(("female", "others"), exits, strict=True))
    kw = {"hires": hires, "exit_rates": rates, "draws": 0}
    table = project(hire_share=0.1, by_year=15, **kw)
    needed = table.share_needed[0]
    assert 0 < needed < 1
    assert_allclose(project(hire_share=needed, **kw).share[15], 0.3, rtol=1e-12)


def test_the_share_needed_in_closed_form() -> None:
    """h = (q (o D^T + H S_o) - (1-q) x d^T) / (H ((1-q) S_x + q S_o))."""
    rates, q, t, hires = {"female": 0.04, "others": 0.09}, 0.3, 12, 11
    d, big = 0.96**t, 0.91**t
    s_x, s_o = (1 - d) / 0.04, (1 - big) / 0.09
    h = (q * (90 * big + hires * s_o) - (1 - q) * 10 * d) / (hires * ((1 - q) * s_x + q * s_o))
    table = project(hire_share=0.2, hires=hires, exit_rates=rates, by_year=t, draws=0)
    assert_allclose(table.share_needed[0], h, rtol=1e-12)


def test_out_of_reach_is_said_with_what_is_the_most() -> None:
    table = project(hire_share=0.5, exit_rates=0.05, by_year=2, draws=0)
    assert np.isnan(table.share_needed[0])
    most = 1 - 0.9 * 0.95**2
    assert (
        f"if everybody hired were of this group, the share would be {100 * most:.1f}%"
        in (table.reason[0])
    )


def test_nothing_is_needed_where_it_is_reached_anyhow() -> None:
    table = project(target=0.05, hire_share=0.3, exit_rates=0.01, by_year=5, draws=0)
    assert table.share_needed[0] == 0
    assert table.years_to_target[0] == 0


# ------------------------------------------------------------ never


def test_a_share_that_levels_off_below_is_said() -> None:
    table = project(hire_share=0.24, exit_rates=0.07)
    assert table.years_to_target.isna().all()
    assert table.reason[0] == (
        "the target is not reached: with this hiring share the share levels off at 24.0%"
    )


def test_too_slow_is_not_never() -> None:
    table = project(hire_share=0.5, exit_rates=0.01)
    assert table.reason[0] == (
        "the target is not reached within 30 years: the share levels off at 50.0%, so later"
    )


def test_a_target_that_is_lost_again_is_said() -> None:
    now = pd.DataFrame({"sex": ["female", "male"], "n": [40, 60], "year": 2025})
    table = project(now, hire_share=0.1, exit_rates=0.1)
    assert table.years_to_target[0] == 0
    assert "below the target again in 2029; the share levels off at 10.0%" in table.reason[0]


# ------------------------------------------------------------ from counts


def test_rates_are_those_of_the_flags() -> None:
    table = project(THREE, by_year=2035)
    first = table.iloc[0]
    assert (first.year, first.x, first.n, first.unknown) == (2024, 112, 522, 5)
    assert (first.hired_x, first.hired_n) == (24, 82)
    assert (first.left_focal, first.left_focal_n) == (12, 204)
    assert (first.left_others, first.left_others_n) == (48, 808)
    assert_allclose(first.hire_share, 24 / 82)
    assert_allclose(first.exit_rate_focal, 12 / 204)
    assert_allclose(first.hires, 112 * 12 / 204 + 410 * 48 / 808)


def test_snapshots_two_years_apart_give_the_rate_of_one() -> None:
    """19 of 100 gone after two years is 10 % a year."""
    two = THREE.assign(year=THREE.year.map({2022: 2020, 2023: 2022, 2024: 2024}))
    two["left"] = (two.left_known * 0.19).round().astype(int)
    table = project(two)
    assert_allclose(table.exit_rate_focal[0], 0.1, atol=0.002)
    apart = THREE.assign(year=THREE.year.map({2022: 2021, 2023: 2023, 2024: 2024}))
    r = project(apart).exit_rate_focal[0]
    assert_allclose(100 * (1 - (1 - r) ** 2) + 104 * r, 12, rtol=1e-9)


def test_what_is_given_is_used_and_what_is_not_is_counted() -> None:
    table = project(THREE, exit_rates={"others": 0.2})
    assert_allclose(table.exit_rate_others, 0.2)
    assert_allclose(table.exit_rate_focal, 12 / 204)
    assert table.left_others_n.isna().all()
    assert "partly given" in table.method[0]


def test_few_people_are_said() -> None:
    few = THREE.assign(joined=[0, 0, 1, 2, 0, 1, 0], n=[100, 400, 93, 382, 89, 355, 5])
    few["joined_known"] = [0, 0, 93, 382, 89, 355, 5]
    few["left_known"] = [100, 400, 93, 382, 0, 0, 0]
    assert (
        "the share among hires rests on 4 hires: too few people to tell it closely"
        in (project(few).reason[0])
    )


def test_the_goal_is_about_recruits() -> None:
    table = parity_projection(THREE, group="sex", goal=eq.THIRTY_BY_30, exit_rates=0.06, draws=0)
    first = table.iloc[0]
    assert (first.hire_share, first.target, first.by_year) == (0.3, 0.3, 2030)
    assert "it is about recruits, not about the whole workforce" in first.method
    assert "recruits who leave before the next snapshot are not in `joined`" in first.method
    assert "approached and not reached" in first.reason
    own = parity_projection(THREE, group="sex", goal=eq.THIRTY_BY_30, hire_share=0.4, draws=0)
    assert own.hire_share[0] == 0.4


# ------------------------------------------------------------ who came from other posts


def academy(share: float = 0.15) -> pd.DataFrame:
    """Officers come by way of the academy (not sworn, 50 % women); few are laterals (10 %)."""
    rng = np.random.default_rng(8)
    people = 4000
    lateral = rng.random(people) < share
    day = pd.Timestamp("2005-01-01")
    hired = day + pd.to_timedelta(rng.integers(0, 365 * 21, people), "D")
    out = hired + pd.to_timedelta((rng.exponential(1 / 0.08, people) * 365.25).astype(int), "D")
    sex = np.where(rng.random(people) < np.where(lateral, 0.1, 0.5), "female", "male")
    rows = []
    for year in range(2021, 2026):
        now = pd.Timestamp(year, 7, 1)
        here = (hired <= now) & (out > now)
        sworn = lateral | ((now - hired).days >= 365)
        columns = {"person_id": np.arange(people).astype(str), "sex": sex, "sworn": sworn}
        rows.append(pd.DataFrame(columns)[here].assign(year=year))
    flows = eq.add_flows(pd.concat(rows, ignore_index=True))
    return eq.count(flows, by=["sex", "year", "sworn"], of=["joined", "left"]).table


def test_who_becomes_sworn_has_entered_although_nobody_hired_them_then() -> None:
    """In the long run 0.15 x 10 % and 0.85 x 50 % of those who enter are women: 44 %."""
    counts = academy()
    sworn = counts[counts.sworn.astype(bool)]
    table = project(sworn, target=0.45, by_year=2030)
    first = table.iloc[0]
    assert abs(first.hire_share - 0.44) < 2 * np.sqrt(0.44 * 0.56 / first.hired_n)
    assert abs(first.steady_share - 0.44) < 0.03
    assert (table.low[1:] < 0.44).all() and (table.high[1:] > 0.44).all()
    by = sworn.groupby("year")[["n", "joined", "left"]].sum()
    came = by.n.iloc[-1] - by.n.iloc[0] + by.left.iloc[:-1].sum()  # n(t+1) - n(t) + left
    assert (first.hired_n, first.moved_n) == (came, came - by.joined.sum())
    assert f"{first.moved_n} of the {came} who entered came from other posts" in first.reason
    assert "who came from other posts" in first.method
    everybody = project(counts, target=0.45).iloc[0]
    assert (everybody.moved_x, everybody.moved_n) == (0, 0)
    assert "other posts" not in everybody.reason


def test_a_part_that_people_leave_for_other_posts_tells_no_rates() -> None:
    counts = academy()
    trainees = counts[~counts.sworn.astype(bool)]
    with pytest.raises(ValueError, match="more people moved from here to other posts than came"):
        project(trainees)
    with pytest.raises(ValueError, match="The exit rates cannot be counted"):
        project(trainees, hire_share=0.5)
    given = project(trainees, hire_share=0.5, exit_rates=0.1).iloc[0]
    assert given.hire_share == 0.5 and pd.isna(given.moved_n)


def test_who_moved_is_the_gap_in_the_numbers() -> None:
    """10 women more than came and stayed in 2023; 1 man fewer in 2024."""
    more = THREE.copy()
    more["n"] = [100, 400, 114, 408, 122, 409, 5]
    more["joined_known"] = [0, 0, 114, 408, 122, 409, 5]
    more["left_known"] = [100, 400, 114, 408, 0, 0, 0]
    first = project(more).iloc[0]
    assert (first.hired_x, first.hired_n) == (34, 92)
    assert (first.moved_x, first.moved_n) == (10, 10)
    assert (first.left_focal, first.left_others) == (12, 49)
    assert "10 of the 92 who entered came from other posts" in first.reason
    assert "1 who moved to other posts (or had their group recorded anew) counts as left" in (
        first.reason
    )
    unmoved = project(THREE).iloc[0]
    assert (unmoved.moved_x, unmoved.moved_n) == (0, 0)


def test_a_whole_unit_that_comes_over_is_no_hiring() -> None:
    merged = THREE.copy()
    merged["n"] = merged["joined_known"] = [100, 400, 104, 408, 112, 810, 5]
    with pytest.raises(ValueError, match="400 people came from other posts, .* too many"):
        project(merged)
    assert project(merged, hire_share=0.3).left_others[0] == 48


def test_one_snapshot_cannot_tell_who_came_from_other_posts() -> None:
    one = THREE[THREE.year == 2023]
    with pytest.raises(ValueError, match="a snapshot is missing"):
        project(one)
    assert project(one, hire_share=0.3).left_focal[0] == 4
    with pytest.raises(ValueError, match="the flag 'left' is missing beside 'joined'"):
        project(THREE.drop(columns=["left", "left_known"]), exit_rates=0.1)


def test_a_snapshot_that_copies_the_one_before_tells_nothing() -> None:
    copied = THREE.assign(
        joined_known=[0, 0, 0, 0, 112, 410, 5], left_known=[0, 0, 104, 408, 0, 0, 0]
    )
    copied.loc[copied.joined_known == 0, "joined"] = 0
    copied.loc[copied.left_known == 0, "left"] = 0
    first = project(copied).iloc[0]
    assert (first.hired_x, first.hired_n, first.moved_n) == (12, 42, 0)


# ------------------------------------------------------------ the band


def agents(rng, years, *, share, exits, start, hires) -> np.ndarray:
    """One future, person by person."""
    people = [True] * start[0] + [False] * start[1]
    out = [start[0] / sum(start)]
    for _ in range(years):
        people = [p for p in people if rng.random() >= exits[0 if p else 1]]
        people += [rng.random() < share for _ in range(hires)]
        out.append(sum(people) / len(people))
    return np.array(out)


def test_the_band_is_that_of_people_who_are_drawn_one_by_one() -> None:
    rng = np.random.default_rng(4)
    kw = {"share": 0.4, "exits": (0.05, 0.1), "start": (10, 90), "hires": 9}
    drawn = np.array([agents(rng, 12, **kw) for _ in range(1500)])
    rates = {"female": 0.05, "others": 0.1}
    table = project(hires=9, hire_share=0.4, exit_rates=rates, years=12, draws=20_000)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    assert_allclose(table.low, low, atol=0.012)
    assert_allclose(table.high, high, atol=0.012)
    assert_allclose(table.share, drawn.mean(axis=0), atol=0.005)


def test_counted_rates_widen_the_band() -> None:
    counted = project(THREE)
    given = project(
        THREE,
        hire_share=counted.hire_share[0],
        exit_rates={
            "female": counted.exit_rate_focal[0],
            "others": counted.exit_rate_others[0],
        },
    )
    assert_allclose(counted.share, given.share)
    width = counted.high - counted.low
    assert (width[5:] > 1.2 * (given.high - given.low)[5:]).all()


def test_the_band_starts_from_what_is_known_and_its_ends_reach_the_target_before_and_after() -> (
    None
):
    table = project(hire_share=0.5, exit_rates=0.08)
    first = table.iloc[0]
    assert first.low == first.high == first.share
    assert first.years_low < first.years_to_target < first.years_high
    assert table.high[first.years_low] >= 0.3 > table.high[first.years_low - 1]
    assert table.low[first.years_high] >= 0.3 > table.low[first.years_high - 1]


def test_the_same_seed_gives_the_same_band() -> None:
    kw = {"hire_share": 0.5, "exit_rates": 0.08}
    pd.testing.assert_frame_equal(project(**kw), project(**kw))
    assert (project(seed=2, **kw).low != project(**kw).low).any()
    none = project(draws=0, **kw)
    assert none.low.isna().all() and "no band: draws=0" in none.reason[0]


def test_it_answers_at_once() -> None:
    took = []
    for _ in range(8):
        start = time.process_time()  # whatever else the machine does
        project(THREE, by_year=2045)
        took.append(time.process_time() - start)
    assert min(took) < 0.05, "13 ms on a quiet machine"


# ------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"exit_rates": 0.1}, "The counts do not say who was hired"),
        ({"hire_share": 0.1}, "The counts do not say who left"),
        ({"hire_share": 30, "exit_rates": 0.1}, "hire_share=30 must be between 0 and 1"),
        ({"hire_share": 0.3, "exit_rates": 6}, "between 0 and 1, such as 0.06"),
        ({"hire_share": 0.3, "exit_rates": {"male": 0.1}}, "names 'male'"),
        ({"target": 30}, "target=30.0 must be a share"),
        ({"focal": "women"}, "focal='women' is not one of the groups of 'sex': female, male"),
        ({"hires": 5, "growth": 2}, "Give one of the two"),
        ({"focal": None}, "Say which group is followed"),
        ({"group": "gender"}, "there is no such column"),
        ({"years": 0}, "years=0 must be 1 to 100"),
    ],
)
def test_what_cannot_be_is_refused_in_words(given, says) -> None:
    with pytest.raises(ValueError, match=says):
        project(**given)


def test_a_year_of_old_is_no_year_to_reach_it_by() -> None:
    table = project(THREE, by_year=2020)
    assert "by 2020 is not 1 to 100 years from now" in table.reason[0]


def test_growth_adds_posts() -> None:
    table = project(hire_share=0.5, exit_rates=0.1, growth=5)
    assert_allclose(table.n, 100 + 5 * np.arange(31))
    shrinking = project(hire_share=0.5, exit_rates=0.1, growth=-20)
    assert (shrinking.n > 0).all(), "no more posts are cut than people leave"


def test_a_workforce_that_ends_has_no_share() -> None:
    table = project(hires=0, hire_share=0.3, exit_rates=1.0, by_year=3)
    assert table.n[1] == 0 and table.share[1:].isna().all() and table.high[1:].isna().all()
    assert "nobody would be left" in table.reason[0]
    assert table.share_needed.isna().all()


def test_without_hires_it_does_not_level_off() -> None:
    for kw in ({"hires": 0}, {"growth": -50}):
        table = project(hire_share=0.5, exit_rates=0.1, **kw)
        assert table.steady_share.isna().all()
        assert "nobody is hired in the first year" in table.reason[0]
