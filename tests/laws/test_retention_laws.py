"""Laws of life tables: what is added up stays, who is followed longer lowers no hazard."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import exits, retention, time_to_stage

LAW = settings(max_examples=25, deadline=None)
ROW = st.tuples(
    st.sampled_from(["black", "white"]),
    st.integers(0, 20),
    st.integers(0, 40),
    st.integers(1, 40),
    st.floats(0, 1),
    st.sampled_from(["north", "south"]),
    st.sampled_from(["resigned", "retired"]),
)
ROWS = st.lists(ROW, min_size=2, max_size=25)


def spells(rows) -> pd.DataFrame:
    names = ["race", "entered", "more", "n", "share", "part", "exit_reason"]
    frame = pd.DataFrame(rows, columns=names)
    pair = [("white", 0, 30, 12, 0.25, "north", "resigned")]
    pair += [("black", 0, 30, 12, 0.25, "south", "retired")]
    frame = pd.concat([frame, pd.DataFrame(pair, columns=names)], ignore_index=True)
    left = np.floor(frame.share * frame.n).astype(int)
    months = frame.entered + frame.more
    frame = frame.assign(months=months, left=left, left_known=frame.n)
    return frame.assign(exit_reason=frame.exit_reason.where(left > 0))


def stays(frame, **kw) -> pd.DataFrame:
    return retention(frame, group="race", reference="white", horizon=36, **kw)


@LAW
@given(ROWS)
def test_counts_of_parts_add_up(rows) -> None:
    """People at risk and leaving in all parts are those of the whole."""
    frame = spells(rows)
    whole, parts = stays(frame), stays(frame, within="part")
    columns = ["n_at_risk", "left", "n", "x", "left_out"]
    added = parts.groupby(["group", "months"])[columns].sum()
    pd.testing.assert_frame_equal(
        added, whole.set_index(["group", "months"])[columns].sort_index(), check_dtype=False
    )
    both = [exits(frame, group="race", reference="white", within=w) for w in ("part", None)]
    keys = ["exit_reason", "group"]
    years = both[0].assign(y=both[0].person_years.fillna(0)).groupby(keys)[["x", "y"]].sum()
    total = both[1].set_index(keys)[["x", "person_years"]]
    assert years.x.to_dict() == total.x.to_dict()
    assert (years.y <= total.person_years.reindex(years.index) + 1e-9).all()


@LAW
@given(ROWS, st.randoms(use_true_random=False))
def test_rows_may_be_split_and_shuffled(rows, random) -> None:
    """A row of n people is n rows of one; their order does not matter."""
    frame = spells(rows)
    one = frame.loc[frame.index.repeat(frame.n)].copy()
    place = one.groupby(level=0).cumcount()
    one = one.assign(left=(place < one.left).astype(int), n=1, left_known=1)
    order = list(range(len(one)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(stays(one.iloc[order]), stays(frame))
    a, b = (
        exits(f, group="race", reference="white").sort_values(["exit_reason", "group"])
        for f in (one.iloc[order], frame)
    )
    pd.testing.assert_frame_equal(a.reset_index(drop=True), b.reset_index(drop=True))


@LAW
@given(ROWS, st.integers(1, 30))
def test_being_followed_longer_never_raises_a_hazard(rows, longer) -> None:
    """Who stays and is seen for more months is more at risk, and the curve falls no lower."""
    frame = spells(rows)
    frame = frame.assign(left=np.where(frame.left == frame.n, frame.n, 0))
    later = frame.assign(months=frame.months + np.where(frame.left == 0, longer, 0))
    tables = [
        pr.life_table(f.months, f.n, f.left, entered=f.entered - 1, times=np.arange(120))
        for f in (frame, later)
    ]
    with np.errstate(invalid="ignore"):
        first, second = (np.nan_to_num(t.events / t.at_risk) for t in tables)
    assert (second <= first + 1e-12).all()
    a, b = (pr.kaplan_meier(t).survival for t in tables)
    known = ~np.isnan(a)
    assert (b[known] >= a[known] - 1e-12).all()


@LAW
@given(ROWS)
def test_shares_fall_and_ends_hold_them(rows) -> None:
    """The curve never rises; every figure lies in its interval; months lost are in range."""
    table = stays(spells(rows), minimum=1)
    for _, part in table.groupby("group"):
        there = part.survival.dropna().to_numpy()
        assert (np.diff(there) <= 1e-12).all()
    there = table.dropna(subset=["survival"])
    assert (there.low <= there.survival + 1e-12).all()
    assert (there.survival <= there.high + 1e-12).all()
    mean = table.dropna(subset=["restricted_mean", "rm_low"])
    assert (mean.rm_low <= mean.restricted_mean + 1e-9).all()
    assert mean.months_lost.between(-1e-9, 36 + 1e-9).all()


@LAW
@given(ROWS)
def test_the_reference_and_the_group_change_places(rows) -> None:
    """The p-value stays, and the difference changes its sign."""
    frame = spells(rows)
    one = stays(frame).query("group == 'black'").iloc[0]
    other = retention(frame, group="race", reference="black", horizon=36)
    other = other.query("group == 'white'").iloc[0]
    assert_allclose(one.p_value, other.p_value, rtol=1e-9)
    assert_allclose(one.lost_difference, -other.lost_difference, atol=1e-9)
    assert_allclose(one.lost_low, -other.lost_high, atol=1e-9)


@LAW
@given(ROWS)
def test_quartiles_stand_in_order(rows) -> None:
    """First quartile, median, third; and the median within its ends."""
    frame = spells(rows).rename(
        columns={"months": "days", "left": "reached", "left_known": "reached_known"}
    )
    table = time_to_stage(frame, group="race", reference="white", stage="part", minimum=1)
    for below, above in (("quartile_1", "median"), ("median", "quartile_3"), ("low", "median"),
                         ("median", "high")):  # fmt: skip
        both = table[[below, above]].dropna()
        assert (both[below] <= both[above]).all()


def test_intervals_cover_and_chance_seldom_finds_a_difference() -> None:
    """Delayed entry and censoring, 300 drawn files: near 95 % covered, near 5 % found."""
    rng = np.random.default_rng(11)
    covered, lost, found, used = 0, 0, 0, 0
    hazard, horizon = 0.01, 60
    truth = (1 - hazard) ** horizon
    mean = sum((1 - hazard) ** (k + 1) for k in range(horizon))
    inside = 0
    for _ in range(300):
        size = 600
        hire = rng.integers(-60, 90, size)
        stay = rng.geometric(hazard, size) - 1
        entered, end = np.maximum(0, -hire), 90 - hire
        frame = pd.DataFrame(
            {"race": np.where(np.arange(size) < 200, "black", "white"), "entered": entered,
             "months": np.minimum(stay, end), "n": 1, "left": (stay < end).astype(int)}
        ).assign(left_known=1)  # fmt: skip
        table = retention(frame[stay >= entered], group="race", reference="white")
        row = table[(table.group == "black") & (table.months == horizon)].iloc[0]
        if np.isnan(row.survival):
            continue
        used += 1
        covered += row.low <= truth <= row.high
        lost += row.lost_low <= 0 <= row.lost_high
        found += row.p_value < 0.05
        inside += row.rm_low <= mean <= row.rm_high
    assert used > 285
    assert 0.92 <= covered / used <= 0.98
    assert 0.92 <= lost / used <= 0.98
    assert 0.92 <= inside / used <= 0.98
    assert 0.02 <= found / used <= 0.085
