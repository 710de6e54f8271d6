"""Laws of the workforce measures: what holds for any counts, and how often chance alone alarms."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equity.measures import diversity, representation, representation_trend

LAW = settings(max_examples=60, deadline=None)
GROUPS = ["white", "black", "hispanic", "asian", "other"]


def of(counts, **more) -> pd.DataFrame:
    return pd.DataFrame({"race": GROUPS[: len(counts)], "n": list(counts), **more})


@st.composite
def bodies(draw) -> tuple[list[int], list[int]]:
    """Employees and residents of the same two to five groups."""
    size = draw(st.integers(2, 5))
    staff = draw(st.lists(st.integers(0, 400), min_size=size, max_size=size))
    town = draw(st.lists(st.integers(1, 90_000), min_size=size, max_size=size))
    assume(sum(staff) > 0)
    return staff, town


@LAW
@given(bodies(), st.integers(0, 300))
def test_hires_among_new_posts_reach_the_share_and_one_fewer_does_not(both, growth) -> None:
    """Whole persons: (x + h) / (n + growth) >= q, in whole numbers."""
    staff, town = both
    table = representation(of(staff), of(town), group="race", growth=growth)
    n, total = sum(staff), sum(town)
    for x, people, row in zip(staff, town, table.set_index("group").loc[
        GROUPS[: len(staff)]
    ].itertuples(), strict=True):  # fmt: skip
        h = row.hires_needed_growth
        assert (x + h) * total >= people * (n + growth)
        assert h == 0 or (x + h - 1) * total < people * (n + growth)
        if growth == 0:
            assert h == max(row.shortfall, 0)


@LAW
@given(bodies())
def test_every_screen_is_narrower_than_any_difference(both) -> None:
    """And any difference is a share below that of the community."""
    staff, town = both
    table = representation(of(staff), of(town), group="race")
    known = table[table.shortfall.notna()]
    wide = known.screen_any_difference
    for screen in ("screen_whole_person", "screen_80", "screen_two_sd"):
        assert (wide | ~known[screen].fillna(False)).all(), screen
    low = known.x.to_numpy() * sum(town) < known.population.to_numpy() * sum(staff)
    assert (wide.to_numpy(dtype=bool) == low).all()


@LAW
@given(bodies(), st.randoms())
def test_indices_are_bounded_and_know_no_order_of_groups(both, shuffled) -> None:
    """0 to 1; the same with the groups in another order; 0 apart from oneself."""
    staff, town = both
    table = diversity(of(staff), of(town), group="race", draws=200).set_index("index")
    bounded = table[["workforce", "null_low", "null_high", "p_value"]].loc["dissimilarity"]
    assert bounded.between(0, 1).all()
    both_bodies = table[["workforce", "community"]].stack().dropna()
    assert both_bodies.between(-1e-12, 1 + 1e-12).all()
    assert (table.null_low <= table.null_high).all() and (table.p_value > 0).all()
    order = list(range(len(staff)))
    shuffled.shuffle(order)
    other = diversity(
        of([staff[i] for i in order]), of([town[i] for i in order]), group="race", draws=200
    ).set_index("index")
    for column in ("workforce", "community", "value"):
        assert_allclose(other[column], table[column], atol=1e-12)
    itself = diversity(of(town), of(town), group="race", draws=200).set_index("index")
    assert_allclose(itself["value"], 0, atol=1e-12)


@LAW
@given(bodies())
def test_dissimilarity_is_the_largest_gap_that_any_groups_together_have(both) -> None:
    """Half the sum of the differences is the sum of those above 0: the total variation."""
    staff, town = both
    s, q = np.array(staff) / sum(staff), np.array(town) / sum(town)
    row = diversity(of(staff), of(town), group="race", draws=200).set_index("index")
    assert_allclose(row.workforce["dissimilarity"], np.maximum(s - q, 0).sum(), atol=1e-12)


def test_people_drawn_at_random_are_seldom_beyond_chance() -> None:
    """Type I error of the three indices at 5 %, with a survey as the benchmark, and without."""
    rng = np.random.default_rng(8)
    true, moe = np.array([5600, 2700, 1000, 400, 300.0]), np.array([250, 200, 150, 90, 90.0])
    times, far = 250, np.zeros((2, 3))
    for _ in range(times):
        staff = rng.multinomial(120, true / true.sum())
        survey = np.maximum(np.rint(true + moe / 1.645 * rng.standard_normal(5)), 1)
        for i, town in enumerate((of(true), of(survey, moe=moe))):
            table = diversity(of(staff), town, group="race", draws=300)
            far[i] += (table.p_value < 0.05).to_numpy()
    assert (far / times < 0.085).all(), far / times


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 3000), min_size=4, max_size=4), min_size=1, max_size=4),
    st.randoms(),
)
def test_breaks_do_not_depend_on_how_rows_are_written(years, shuffled) -> None:
    """Neither on the order of rows, nor on rows that are split; the same twice is no break."""
    rows = [(g, 2010 + i, n) for i, y in enumerate(years) for g, n in zip(GROUPS, y, strict=False)]
    assume(all(sum(y) for y in years))
    frame = pd.DataFrame(rows, columns=["race", "year", "n"])
    town = of([560, 270, 100, 40])
    one = representation_trend(frame, town, group="race")
    shuffled.shuffle(rows)
    split = [(g, y, part) for g, y, n in rows for part in (n // 3, n - n // 3)]
    other = pd.DataFrame(split, columns=["race", "year", "n"])
    two = representation_trend(other, town, group="race")
    pd.testing.assert_frame_equal(one, two)
    same = pd.concat([frame.assign(year=y) for y in (2010, 2011)])
    flat = same.groupby(["race", "year"], as_index=False)["n"].sum()
    assert not representation_trend(flat, town, group="race").break_before.any()


def test_hires_and_exits_alone_are_hardly_ever_taken_for_new_categories() -> None:
    """A fifth leave and are replaced from the town at random: 40 and 2,000 people, 10 years each.

    A generous turnover, above the 15 % that the rule takes.
    """
    rng = np.random.default_rng(5)
    q = np.array([0.5, 0.27, 0.13, 0.06, 0.04])
    seen = alarms = 0
    for size in (40, 300, 2000):
        for _ in range(12):
            staff, rows = rng.multinomial(size, [0.8, 0.12, 0.05, 0.02, 0.01]), []
            for year in range(2010, 2020):
                rows.append(of(staff, year=year))
                staff = staff - rng.binomial(staff, 0.2)
                staff = staff + rng.multinomial(size - staff.sum(), q)
            table = representation_trend(pd.concat(rows), of(1000 * q), group="race")
            seen += 9
            alarms += table.drop_duplicates("when").break_before.sum()
    assert alarms / seen < 0.02, alarms
