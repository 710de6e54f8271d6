"""Laws of the veil of darkness, over many drawn tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equity.measures import daylight_shares, veil_of_darkness
from equity.measures._logit import Levels, clustered, fold, informative, logit

LAW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
CALL = {"group": "race", "reference": "white"}
FIGURES = ["log_odds", "se", "se_model", "low", "high", "p_value", "n", "left_out", "unknown"]


@st.composite
def tables(draw, *, most: int = 300) -> pd.DataFrame:
    """Return cells of stops; often thin, sometimes with whole corners empty."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.integers(5, most))
    races = np.array(["black", "white", "asian", None], dtype=object)
    share = random.dirichlet([3, 5, 1, 0.3])
    state = np.array([True, False, None], dtype=object)
    return pd.DataFrame(
        {
            "race": races[random.choice(4, size, p=share)],
            "is_dark": pd.array(
                state[random.choice(3, size, p=[0.45, 0.45, 0.1])],
                dtype="boolean",
            ),
            "clock_bin": random.integers(210, 210 + draw(st.integers(1, 40)), size),
            "minutes_since_dusk": 5 * random.integers(-30, 30, size),
            "date": np.datetime64("2021-01-01", "s")
            + random.integers(0, draw(st.integers(1, 90)), size).astype("timedelta64[D]"),
            "district": random.choice(["a", "b", "c"][: draw(st.integers(1, 3))], size),
            "n": random.integers(0, draw(st.sampled_from([2, 5, 40])), size),
        }
    )


def same(one: pd.DataFrame, two: pd.DataFrame, **tolerance: float) -> None:
    """Compare all figures of two tables, row by row."""
    for column in FIGURES:
        assert_allclose(
            one[column].to_numpy(dtype=float),
            two[column].to_numpy(dtype=float),
            **({"rtol": 1e-6, "atol": 1e-8} | tolerance),
            err_msg=column,
        )


@LAW
@given(tables(), st.sampled_from([None, "district"]))
def test_cells_rows_and_any_order_give_the_same(frame, within) -> None:
    """Each stop on its own row, in any order, is the same table, to 1e-8."""
    rows = frame.loc[frame.index.repeat(frame["n"])].assign(n=1).sample(frac=1, random_state=1)
    if rows["race"].notna().any() and {"white"} <= set(rows["race"].dropna()):
        one = veil_of_darkness(frame[frame["n"] > 0], **CALL, within=within)
        two = veil_of_darkness(rows, **CALL, within=within)
        assert_allclose(one["log_odds"], two["log_odds"], atol=1e-8, rtol=0)
        same(one, two)
        assert one["reason"].fillna("").tolist() == two["reason"].fillna("").tolist()


@LAW
@given(tables())
def test_every_row_has_a_figure_or_a_reason_and_stops_add_up(frame) -> None:
    """Nothing is raised, nothing is infinite; used and left out are all stops of the pair."""
    if "white" not in set(frame["race"].dropna()):
        return
    table = veil_of_darkness(frame, **CALL, within="district", robustness=True)
    pair = frame.groupby("race")["n"].sum()
    for row in table.itertuples():
        assert row.n + row.left_out == pair[row.group] + pair["white"]
        assert row.n == row.n_dark + row.n_light
        assert row.unknown == frame.loc[frame["race"].isna(), "n"].sum()
        if np.isnan(row.p_value):
            assert isinstance(row.reason, str) and row.reason
        else:
            assert 0 < row.p_value <= row.p_adjusted <= 1
            assert row.low < row.odds_ratio
            assert row.odds_ratio < row.high or row.reason.endswith("no upper limit")
            assert_allclose(row.odds_ratio, np.exp(row.log_odds))
    numbers = table[["log_odds", "se", "se_model", "share_dark"]].to_numpy()
    assert not np.isinf(numbers).any()


@LAW
@given(tables())
def test_exchanging_groups_or_day_and_night_turns_the_sign(frame) -> None:
    """Black against white is minus white against black; darkness is minus daylight."""
    frame = frame[frame["race"].isin(["black", "white"])]
    if set(frame["race"]) < {"black", "white"}:
        return
    one = veil_of_darkness(frame, **CALL, within="district")
    two = veil_of_darkness(frame, group="race", reference="black", within="district")
    day = frame.assign(is_dark=~frame["is_dark"])
    three = veil_of_darkness(day, **CALL, within="district")
    for other in (two, three):
        assert_allclose(one["log_odds"], -other["log_odds"], atol=1e-7)
        assert_allclose(one["se"], other["se"], rtol=1e-5, atol=1e-7)
        assert_allclose(one["p_value"], other["p_value"], rtol=1e-4, atol=1e-7)


@LAW
@given(tables(), st.integers(2, 5))
def test_what_carries_no_information_moves_nothing(frame, times) -> None:
    """Twilight is only counted; the origin and the unit of the clock do not matter."""
    if "white" not in set(frame["race"].dropna()):
        return
    one = veil_of_darkness(frame, **CALL)
    twilight = frame.assign(is_dark=pd.array([None] * len(frame), dtype="boolean"))
    two = veil_of_darkness(pd.concat([frame, twilight]), **CALL)
    more = {k: frame.loc[frame["race"] == k, "n"].sum() for k in (*two["group"], "white")}
    assert_allclose(
        two["left_out"] - one["left_out"], [more[k] + more["white"] for k in two["group"]]
    )
    same(one, two.assign(left_out=one["left_out"], unknown=one["unknown"]))
    moved = frame.assign(clock_bin=frame["clock_bin"] * times * 5.0 - 400)
    same(one, veil_of_darkness(moved, **CALL), rtol=1e-5)


@LAW
@given(tables())
def test_shares_count_each_stop_once(frame) -> None:
    """The bins of any width hold all stops of the pair; states are apart."""
    if "white" not in set(frame["race"].dropna()):
        return
    pair = frame.groupby("race")["n"].sum()
    for width in (5, 15, 60):
        table = daylight_shares(frame, **CALL, width=width)
        assert (table["minutes"] % width == 0).all()
        assert not table.duplicated(["group", "minutes", "daylight"]).any()
        for key, part in table.groupby("group"):
            assert part["n"].sum() == pair[key] + pair["white"]
            assert part["x"].sum() == pair[key]
        known = table[table["daylight"] != "twilight"]
        assert ((known["low"] <= known["share"]) & (known["share"] <= known["high"])).all()


# ---- the fit itself -------------------------------------------------------------------------


def by_cell(*columns: np.ndarray) -> list[Levels]:
    """Return columns as a design in which each cell is a level of its own."""
    return [Levels(np.arange(len(columns[0])), np.column_stack(columns))]


@LAW
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 4))
def test_profiled_places_are_dummies(seed, places, columns) -> None:
    """The same coefficient and error as with a column for each place (Newton, in full)."""
    random = np.random.default_rng(seed)
    size = 400
    place = np.append(np.arange(places), random.integers(0, places, size - places))
    x = random.normal(size=(size, columns)) @ random.normal(size=(columns, columns))
    x[:, -1] += 0.3 * random.normal(size=size)
    w = random.integers(1, 9, size).astype(float)
    y = random.binomial(w.astype(int), 1 / (1 + np.exp(-0.3 * x[:, -1] - 0.2 * place)))
    fit = logit(by_cell(x), place, y.astype(float), w)
    full = np.column_stack([np.eye(places)[place], x])
    b = np.zeros(full.shape[1])
    for _ in range(50):
        mu = 1 / (1 + np.exp(-full @ b))
        inverse = np.linalg.inv(full.T @ (full * (w * mu * (1 - mu))[:, None]))
        b = b + inverse @ (full.T @ (y - w * mu))
    assert not fit.fault and fit.used.all()
    assert_allclose(fit.coefficient, b[-1], atol=1e-8)
    assert_allclose(fit.se, np.sqrt(inverse[-1, -1]), rtol=1e-7)
    assert fit.terms == places + columns and fit.places == places
    cluster = random.integers(0, 20, size)
    cluster = np.unique(cluster, return_inverse=True)[1]
    scores = np.zeros((cluster.max() + 1, full.shape[1]))
    np.add.at(scores, cluster, full * (y - w * mu)[:, None])
    sandwich = inverse @ scores.T @ scores @ inverse
    many, n = len(scores), w.sum()
    factor = many / (many - 1) * (n - 1) / (n - fit.terms)
    se = clustered((y - w * fit.fitted) * fit.influence, cluster, stops=n, terms=fit.terms)
    assert_allclose(se, np.sqrt(factor * sandwich[-1, -1]), rtol=1e-6)


@LAW
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 40, 300]))
def test_columns_by_level_are_the_columns_of_the_cells(seed, places) -> None:
    """Whether sums of two codes fit into a table (few places) or not, and with dummies that add
    up to 1: the same fit as with every column written out.
    """
    random = np.random.default_rng(seed)
    size = 600
    place = np.append(np.arange(places), random.integers(0, places, size - places))
    tick, day = random.integers(0, 50, size), random.integers(0, 7, size)
    dark = (random.random(size) < 0.2 + 0.012 * tick).astype(int)
    curve = random.normal(size=(50, 3))
    design = [Levels(tick, curve), Levels(day, np.eye(7)), Levels(dark, np.array([[0.0], [1.0]]))]
    w = random.integers(2, 9, size).astype(float)
    y = np.minimum(1.0 + random.binomial(w.astype(int) - 1, 0.4), w - 1)
    out = [curve[tick], np.eye(7)[day], dark.astype(float)]
    one, two = logit(design, place, y, w), logit(by_cell(*out), place, y, w)
    assert not one.fault and not two.fault
    assert one.terms == two.terms == 3 + 6 + 1 + places
    assert_allclose(one.coefficient, two.coefficient, atol=1e-10)
    assert_allclose(one.se, two.se, rtol=1e-10)
    for name in ("fitted", "influence"):
        assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-8, atol=1e-12)


def test_codes_of_combinations_are_as_many_as_there_are() -> None:
    """Also where their product would not fit into a whole number of 64 bits."""
    random = np.random.default_rng(1)
    codes = [random.integers(0, 2**31, 500) for _ in range(4)]
    codes += [np.repeat(np.arange(250), 2)]
    folded = fold(codes)
    assert sorted(set(folded)) == list(range(len({*zip(*codes, strict=True)})))
    assert fold([np.zeros(3, dtype=np.int64)]).tolist() == [0, 0, 0]


def test_taking_a_level_out_may_leave_another_with_one_outcome() -> None:
    """A weekday that has both groups only through a place that goes goes too."""
    place, day = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 2, 2])
    positive, total = np.array([2.0, 3, 0, 1, 0]), np.array([2.0, 3, 4, 2, 3])
    left = informative([place, day], positive, total)
    assert left.tolist() == [False, False, False, True, True]
    assert not informative([place], np.zeros(5), total).any()


@pytest.mark.parametrize("size", [1, 3])
def test_a_column_that_is_a_sum_of_others_is_a_fault(size) -> None:
    """The last column must be its own; others that are not are left out without harm."""
    random = np.random.default_rng(5)
    x = random.normal(size=(60, size))
    place = np.arange(60) % 3
    w, y = np.full(60, 8.0), random.integers(1, 8, 60).astype(float)
    own = (place == 1).astype(float)
    fit = logit(by_cell(x, own), place, y, w)
    assert fit.fault == "dependent" and np.isnan(fit.coefficient)
    last = random.normal(size=60)
    one = logit(by_cell(x, x @ np.ones(size), own, last), place, y, w)
    two = logit(by_cell(x, last), place, y, w)
    assert_allclose([one.coefficient, one.se], [two.coefficient, two.se], rtol=1e-9)
    assert one.terms == two.terms == size + 1 + 3
