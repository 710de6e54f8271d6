"""The veil of darkness: against published figures and against a fit of statsmodels on rows."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import interpolate, stats

from equity.measures import daylight_shares, veil_of_darkness
from equity.measures._spline import knots, natural_spline, quantiles, spline_columns

CALL = {"group": "race", "reference": "white"}
SAN_DIEGO = pd.DataFrame(
    {
        "race": ["black", "black", "white", "white"],
        "is_dark": [False, True, False, True],
        "clock_bin": 228,
        "date": "2019-03-01",
        "n": [1029, 766, 2038, 1414],
    }
)


def drawn(text: str) -> pd.DataFrame:
    """Read a small table drawn as text; a dash is missing."""
    table = pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")
    return table.assign(is_dark=table["is_dark"].astype("boolean"))


def made(n: int = 4000, *, seed: int = 1, places: int = 4, dates: int = 60) -> pd.DataFrame:
    """Return stops, one a row, whose group depends on place, clock, date and darkness."""
    random = np.random.default_rng(seed)
    day = random.integers(0, dates, n)
    place = random.integers(0, places, n)
    clock = np.clip(random.normal(234, 14, n).round(), 205, 262)
    dusk = 234 + 24 * np.sin(2 * np.pi * day / dates)
    dark = clock >= dusk
    eta = -0.4 + 0.3 * place - 0.3 * dark + 0.02 * (clock - 234)
    eta += random.normal(0, 0.4, dates)[day]
    black = random.random(n) < 1 / (1 + np.exp(-eta))
    asian = ~black & (random.random(n) < 0.3)
    twilight = (clock < dusk) & (clock >= dusk - 5)
    when = np.datetime64("2022-01-01", "s") + day.astype("timedelta64[D]") * 6
    return pd.DataFrame(
        {
            "race": np.select([black, asian], ["black", "asian"], "white"),
            "is_dark": pd.array(np.where(twilight, None, dark), dtype="boolean"),  # type: ignore
            "clock_bin": pd.array(clock, dtype="Int64"),
            "minutes_since_dusk": (np.floor(clock - dusk) * 5).astype(int),
            "date": when,
            "district": np.array(["north", "south", "east", "west", "port", "hill"])[place],
        }
    )


def cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Count rows by all their columns."""
    return rows.groupby(list(rows.columns), dropna=False).size().rename("n").reset_index()


def r_ns(x: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return what R's `ns` does: B-splines whose second derivative is 0 at both ends."""
    ends = at[[0, -1]]
    t = np.concatenate([[ends[0]] * 4, at[1:-1], [ends[1]] * 4])
    basis = [interpolate.BSpline(t, row, 3) for row in np.eye(len(t) - 4)]
    const = np.array([[b(e, 2) for b in basis[1:]] for e in ends]).T
    q = np.linalg.qr(const, mode="complete")[0]
    return (np.column_stack([b(x) for b in basis[1:]]) @ q)[:, 2:]


def on_rows(rows: pd.DataFrame, key: str, *, categories=(), df=6, cluster="date"):
    """Fit by statsmodels, row by row: the coefficient, its clustered and its model error."""
    import statsmodels.api as sm

    pair = rows[rows["race"].isin([key, "white"]) & rows["is_dark"].notna()]
    x = pair["clock_bin"].to_numpy(dtype=float)
    columns = [np.ones(len(pair)), pair["is_dark"].to_numpy(dtype=float)]
    if df:
        inner = np.quantile(x, np.arange(1, df) / df)
        columns.append(r_ns(x, np.concatenate([[x.min()], inner, [x.max()]])))
    for c in categories:
        columns.append(pd.get_dummies(pair[c], drop_first=True).to_numpy(dtype=float))
    model = sm.GLM(
        (pair["race"] == key).to_numpy(dtype=float),
        np.column_stack(columns),
        family=sm.families.Binomial(),
    )
    settled = {"tol": 1e-11, "tol_criterion": "params"}
    plain = model.fit(**settled)
    groups = pd.factorize(pair[cluster])[0]
    robust = model.fit(**settled, cov_type="cluster", cov_kwds={"groups": groups})
    return plain.params[1], robust.bse[1], plain.bse[1]


# ---- published figures ----------------------------------------------------------------------


def test_san_diego_2019() -> None:
    """Light and dark stops: Black 1029/766, white 2038/1414: 1.073 (.956-1.204), dark v light."""
    row = veil_of_darkness(SAN_DIEGO, **CALL, df=0, cluster=None).iloc[0]
    assert_allclose([row.odds_ratio, row.low, row.high], [1.073, 0.956, 1.204], atol=5e-4)
    assert (row.n, row.n_dark, row.n_light, row.x_dark, row.x_light) == (
        *(5247, 2180, 3067, 766, 1029),
    )
    se = np.sqrt(1 / 1029 + 1 / 766 + 1 / 2038 + 1 / 1414)  # Woolf
    assert_allclose([row.se, row.se_model], se, rtol=1e-9)
    assert_allclose(row.log_odds, np.log(766 * 2038 / 1029 / 1414), rtol=1e-9)
    assert_allclose(row.p_value, 2 * stats.norm.sf(abs(row.log_odds) / se), rtol=1e-9)
    assert row.p_adjusted == row.p_value and pd.isna(row.clusters)


def test_the_natural_spline_gives_what_r_printed_for_women() -> None:
    """R: lm(weight ~ ns(height, df = 5), data = women), as printed with seven digits."""
    height = np.arange(58.0, 73.0)
    weight = np.array([115, 117, 120, 123, 126, 129, 132, 135, 139, 142, 146, 150, 154, 159, 164])
    at = knots(height, np.ones(15), 5)
    assert_allclose(at, [58, 60.8, 63.6, 66.4, 69.2, 72])
    ours = np.column_stack([np.ones(15), natural_spline(height, at)])
    theirs = np.column_stack([np.ones(15), r_ns(height, at)])
    found, *_ = np.linalg.lstsq(theirs, weight, rcond=None)
    printed = [114.74466, 15.94736, 25.16949, 33.25822, 50.78938, 45.03633]
    assert_allclose(np.abs(found), printed, atol=5e-6)  # the sign of a column is the solver's
    fitted = ours @ np.linalg.lstsq(ours, weight, rcond=None)[0]
    assert_allclose(fitted, theirs @ found, rtol=1e-10)
    # the least height is where R's columns are 0: its intercept, and that one's error
    hat = ours @ np.linalg.inv(ours.T @ ours) @ ours.T
    sigma = np.sqrt(np.sum((weight - fitted) ** 2) / 9)
    assert_allclose([fitted[0], sigma * np.sqrt(hat[0, 0])], [114.74466, 0.2337541], atol=5e-6)


# ---- independent programs -------------------------------------------------------------------


@pytest.mark.parametrize("key", ["black", "asian"])
@pytest.mark.parametrize(
    ("options", "theirs"),
    [
        ({}, {}),
        ({"within": "district"}, {"categories": ["district"]}),
        ({"within": "district", "df": 3}, {"categories": ["district"], "df": 3}),
        ({"df": 1}, {"df": 1}),
        ({"df": 0}, {"df": 0}),
        ({"within": "district", "also": "weekday"}, {"categories": ["district", "weekday"]}),
        ({"also": ["month", "district"]}, {"categories": ["month", "district"]}),
        ({"within": "district", "cluster": "officer_id"}, {"categories": ["district"],
                                                           "cluster": "officer_id"}),
    ],
)  # fmt: skip
def test_cells_give_what_statsmodels_gives_on_rows(key, options, theirs) -> None:
    """Coefficient and both errors of a fit on rows, with dummies for places and R's ns."""
    rows = made()
    if "officer_id" in options.values():
        rows["officer_id"] = np.arange(len(rows)) % 37
    table = veil_of_darkness(cells(rows), **CALL, **options).set_index("group")
    rows = rows.assign(weekday=rows["date"].dt.day_of_week, month=rows["date"].dt.month)
    log_odds, se, se_model = on_rows(rows, key, **theirs)
    row = table.loc[key]
    assert_allclose(row.log_odds, log_odds, atol=1e-10)
    assert_allclose(row.se, se, rtol=1e-8)
    assert_allclose(row.se_model, se_model, rtol=1e-8)
    freedom = row.clusters - 1
    reach = stats.t.ppf(0.975, freedom) * row.se
    assert_allclose(np.log([row.low, row.high]), [log_odds - reach, log_odds + reach], atol=1e-7)
    assert_allclose(row.p_value, 2 * stats.t.sf(abs(row.log_odds / row.se), freedom), rtol=1e-7)


def test_places_are_combinations_of_columns() -> None:
    """Two columns of places are one effect for each combination."""
    rows = made().assign(shift=lambda r: np.where(r.clock_bin % 2 == 0, "a", "b"))
    table = veil_of_darkness(cells(rows), **CALL, within=["district", "shift"])
    both = cells(rows.assign(both=rows["district"] + rows["shift"]))
    pd.testing.assert_series_equal(
        table["log_odds"], veil_of_darkness(both, **CALL, within="both")["log_odds"]
    )
    assert "district x shift (8 places)" in table["method"].iloc[0]


def test_the_spline_spans_what_scipy_interpolates() -> None:
    """Natural cubic splines through the knots (scipy) are sums of ours, and as many."""
    at = np.array([204.0, 220, 228, 236, 240, 250, 262])
    x = np.linspace(204, 262, 117)
    theirs = interpolate.CubicSpline(at, np.eye(7), bc_type="natural")(x)
    ours = np.column_stack([np.ones(117), natural_spline(x, at)])
    assert ours.shape == theirs.shape
    left = theirs - ours @ np.linalg.lstsq(ours, theirs, rcond=None)[0]
    assert_allclose(left, 0, atol=1e-11)


def test_the_spline_is_smooth_and_straight_outside() -> None:
    """Second derivatives are 0 at and beyond both ends, and do not jump at the knots."""
    at = np.array([0.0, 2, 3, 7, 10])
    x = np.linspace(-5, 15, 20001)
    second = np.diff(natural_spline(x, at), 2, axis=0) / (x[1] - x[0]) ** 2
    beyond = (x[1:-1] < -0.01) | (x[1:-1] > 10.01)
    assert_allclose(second[beyond], 0, atol=1e-6)
    assert np.abs(np.diff(second, axis=0)).max() < 1e-3


def test_quantiles_of_counted_values_are_those_of_the_records() -> None:
    """Type 7, as R and numpy give it for the values one by one."""
    random = np.random.default_rng(3)
    for _ in range(50):
        values = random.permutation(40)[: random.integers(1, 12)].astype(float)
        weights = random.integers(1, 6, len(values))
        at = np.arange(1, 6) / 6
        assert_allclose(
            quantiles(values, weights, at), np.quantile(np.repeat(values, weights), at)
        )


def test_few_clock_times_take_fewer_columns() -> None:
    """A spline of three clock times has two columns at most, and of one none."""
    x, w = np.repeat([1.0, 2.0, 3.0], 4), np.arange(1.0, 13.0)
    columns = spline_columns(x, w, 6)
    assert columns.shape == (12, 2)
    assert_allclose(columns.T @ (columns * w[:, None]), w.sum() * np.eye(2), atol=1e-9)
    assert spline_columns(np.ones(3), np.ones(3), 6).shape == (3, 0)


# ---- the table ------------------------------------------------------------------------------


def test_columns_are_fixed_and_rows_are_groups_by_models() -> None:
    """One row for each group but the reference; with robustness for each model."""
    names = (
        "model group reference n n_dark n_light x_dark x_light share_dark share_light log_odds "
        "se se_model odds_ratio low high clusters p_value p_adjusted left_out unknown method "
        "reason"
    )
    counts = cells(made())
    table = veil_of_darkness(counts, **CALL, within="district", robustness=True)
    assert " ".join(table.columns) == names
    assert table["model"].unique().tolist() == [
        "main",
        "no adjustment",
        "without place",
        "with weekday",
        "with season (month)",
        "clock time, a line (1 df)",
        *(f"clock time, {df} df" for df in range(2, 6)),
        "around clock changes",
    ]
    assert table["group"].tolist() == ["asian", "black"] * 11
    assert (table["reference"] == "white").all()
    only = veil_of_darkness(counts[counts["race"] == "white"], **CALL)
    assert " ".join(only.columns) == names and only.empty
    assert only.dtypes.astype(str).to_dict() == table.dtypes.astype(str).to_dict()


def test_each_model_is_the_one_that_it_names() -> None:
    """A robustness row is what the same call gives on its own."""
    counts = cells(made())
    table = veil_of_darkness(counts, **CALL, within="district", robustness=True)
    figures = ["log_odds", "se", "p_adjusted", "n"]
    for model, options in {
        "main": {"within": "district"},
        "no adjustment": {"df": 0},
        "without place": {},
        "with weekday": {"within": "district", "also": "weekday"},
        "with season (month)": {"within": "district", "also": "month"},
        "clock time, 4 df": {"within": "district", "df": 4},
    }.items():
        own = veil_of_darkness(counts, **CALL, **options)[figures]
        ours = table.loc[table["model"] == model, figures].reset_index(drop=True)
        pd.testing.assert_frame_equal(ours, own)


def test_around_clock_changes_takes_those_days_or_says_why_not() -> None:
    """Only days up to 30 from a change; without the column a row with the reason."""
    rows = made()
    table = veil_of_darkness(cells(rows), **CALL, robustness=True)
    row = table[table["model"] == "around clock changes"].iloc[0]
    assert row.reason == "the counts have no days_from_change" and np.isnan(row.odds_ratio)
    days = (rows["date"] - pd.Timestamp("2022-03-13")).dt.days
    near = days.abs() <= 30
    rows["days_from_change"] = days.where(days.abs() <= 40).astype("Int64")
    table = veil_of_darkness(cells(rows), **CALL, robustness=True)
    row = table[table["model"] == "around clock changes"].iloc[1]
    alone = veil_of_darkness(cells(rows[near]), **CALL).iloc[1]
    assert row.n == alone.n > 0
    assert_allclose([row.log_odds, row.se], [alone.log_odds, alone.se], rtol=1e-10)


def test_several_groups_are_adjusted_by_holm() -> None:
    """Over the groups of a model, not over the models."""
    table = veil_of_darkness(cells(made(n=1500)), **CALL)
    p = table["p_value"].to_numpy()
    assert_allclose(table["p_adjusted"].min(), min(2 * p.min(), 1))
    assert_allclose(table["p_adjusted"].max(), max(2 * p.min(), p.max()))


def test_twilight_and_what_is_not_known_is_counted() -> None:
    """`left_out` are stops of the pair that were not used, `unknown` those without a group."""
    counts = pd.concat(
        [
            SAN_DIEGO,
            drawn("""
             race   is_dark  clock_bin        date    n
             black        -        228  2019-03-01   11
             white        -        228  2019-03-01    5
             asian        -        228  2019-03-01  100
             white     True        228           -    2
             -         True        228  2019-03-01    7
            """),
        ]
    )
    table = veil_of_darkness(counts, **CALL, df=0).set_index("group")
    assert table.loc["black", ["n", "left_out", "unknown"]].tolist() == [5247, 18, 7]
    row = table.loc["asian"]
    assert (row.n, row.left_out, row.unknown) == (3452, 107, 7)
    assert "in darkness, no stop of this group" in row.reason
    assert np.isnan(row.odds_ratio) and np.isnan(row.p_value)


def test_a_place_with_one_group_only_is_left_out_and_said() -> None:
    """It fits without error and tells nothing: the same figures as without it."""
    rows = made()
    more = rows[rows["race"] != "black"].head(150).assign(district="island", race="white")
    one, two = (
        veil_of_darkness(cells(r), **CALL, within="district").set_index("group").loc["black"]
        for r in (rows, pd.concat([rows, more]))
    )
    assert_allclose([two.log_odds, two.se], [one.log_odds, one.se], rtol=1e-9)
    dark = more["is_dark"].notna().sum()
    assert two.left_out == one.left_out + 150 and two.n == one.n
    assert two.reason == (
        f"1 of 5 places hold stops of one group only and are left out ({dark:,} stops)"
    )


# ---- what cannot be told --------------------------------------------------------------------


def reason_of(table: pd.DataFrame) -> str:
    """Return why the only row has no figure."""
    row = table.iloc[0]
    figures = row[["log_odds", "se", "odds_ratio", "low", "high", "p_value", "p_adjusted"]]
    assert figures.isna().all()
    return str(row["reason"])


@pytest.mark.parametrize(
    ("keep", "reason"),
    [
        ("is_dark == True", "no stop in daylight"),
        ("is_dark == False", "no stop in darkness"),
        ("not (is_dark == True and race == 'black')", "in darkness, no stop of this group"),
        ("not (is_dark == False and race == 'white')", "in daylight, no stop of white"),
        (
            "(is_dark == True) == (race == 'black')",
            "in darkness, no stop of white; in daylight, no stop of this group",
        ),
    ],
)
def test_an_empty_corner_has_no_odds_ratio(keep, reason) -> None:
    """A count of 0 leaves no estimate, and says which."""
    counts = SAN_DIEGO.query(keep)
    for options in ({"df": 0, "cluster": None}, {}):
        assert reason_of(veil_of_darkness(counts, **CALL, **options)) == reason


def test_nothing_known_at_all_has_a_reason() -> None:
    """All in twilight, or all clock times missing."""
    counts = SAN_DIEGO.assign(is_dark=pd.array([None] * 4, dtype="boolean"))
    words = "no stop of the two groups of which it is known whether it was dark"
    table = veil_of_darkness(counts, **CALL)
    assert reason_of(table) == words and table.left_out[0] == 5247
    assert reason_of(veil_of_darkness(SAN_DIEGO.assign(clock_bin=np.nan), **CALL)) == words


def test_darkness_that_is_the_clock_time_cannot_be_told_from_it() -> None:
    """If at every clock time it is always dark or always light, a spline may be the darkness."""
    counts = SAN_DIEGO.assign(clock_bin=[200, 240, 200, 240])
    assert "darkness cannot be told from clock time" in reason_of(
        veil_of_darkness(counts, **CALL, cluster=None)
    )


def test_separation_within_places_has_a_reason() -> None:
    """No corner is empty, but in each place darkness tells the groups apart without error."""
    counts = drawn("""
     race   is_dark  clock_bin        date  district   n
     black     True        230  2020-01-01         a  10
     white    False        230  2020-01-02         a  20
     white    False        230  2020-01-03         b   7
     black     True        230  2020-01-04         b   9
     black    False        230  2020-01-05         c   9
     white     True        230  2020-01-05         d   9
    """)
    text = reason_of(veil_of_darkness(counts, **CALL, within="district"))
    assert text == (
        "in darkness, no stop of white; "
        "in daylight, no stop of this group (where both groups are stopped)"
    )
    apart = counts[counts["district"].isin(["c", "d"])].assign(is_dark=[True, False])
    apart = pd.concat([apart, apart.assign(is_dark=[False, True])])
    assert (
        reason_of(veil_of_darkness(apart, **CALL, within="district"))
        == "no value of district has stops of both groups"
    )


def test_what_is_separated_is_left_out_and_the_rest_is_estimated() -> None:
    """Cells that a clock time or a category fits without error leave the estimate as it is."""
    counts = pd.concat(
        [
            SAN_DIEGO.assign(kind="a", spot="x"),
            SAN_DIEGO.assign(kind="b", spot="x", n=[100, 90, 80, 95]),
            SAN_DIEGO.assign(kind="a", spot="y", n=[10, 9, 8, 9]),
            # alone in its combination: kind b at spot y has its effect and only white people
            SAN_DIEGO.tail(2).assign(kind="c", spot="y", n=[50, 60]),
        ]
    )
    call = CALL | {"df": 0, "cluster": None, "within": "spot", "also": "kind"}
    row = veil_of_darkness(counts, **call).iloc[0]
    rest = veil_of_darkness(counts[counts["kind"] != "c"], **call).iloc[0]
    assert_allclose([row.log_odds, row.se], [rest.log_odds, rest.se], rtol=1e-9)
    assert row.left_out == 110 and "(110 stops)" in row.reason


def test_separation_that_only_the_fit_can_see() -> None:
    """Late stops are all of one group: the line in time goes to infinity, darkness does not."""
    early = SAN_DIEGO.assign(clock_bin=200)
    # at 201 all light stops are white and all dark stops too: only the slope can fit them
    late = SAN_DIEGO.tail(2).assign(clock_bin=201, n=[30, 40])
    row = veil_of_darkness(pd.concat([early, late]), **CALL, df=1, cluster=None).iloc[0]
    only = veil_of_darkness(early, **CALL, df=0, cluster=None).iloc[0]
    assert_allclose(row.log_odds, only.log_odds, rtol=1e-6)
    assert row.n == 5247 and row.left_out == 70
    assert row.reason.startswith("70 stops are left out: among stops like them in all else")
    # here darkness itself is what tells them apart, once the hour is allowed for
    counts = drawn("""
     race   is_dark  clock_bin        date   n
     black    False        200  2020-01-01  10
     white    False        200  2020-01-02   5
     white     True        200  2020-01-02   5
     black    False        210  2020-01-02   5
     black     True        210  2020-01-03   5
     white     True        210  2020-01-03   8
    """)
    assert "tells the two groups apart" in reason_of(
        veil_of_darkness(counts, **CALL, df=1, cluster=None)
    )


def test_one_cluster_leaves_an_estimate_without_interval() -> None:
    """Errors by date need two dates; few dates are said."""
    row = veil_of_darkness(SAN_DIEGO, **CALL, df=0).iloc[0]
    assert_allclose(row.odds_ratio, 1.0729, atol=5e-5)
    assert np.isnan([row.se, row.low, row.high, row.p_value]).all() and row.se_model > 0
    assert row.clusters == 1 and row.reason == "no interval: all stops have one date"
    few = veil_of_darkness(cells(made(dates=12)), **CALL, df=1).iloc[0]
    assert few.reason == "only 12 values of date: the interval may be too narrow"
    assert few.low < few.odds_ratio < few.high


def test_few_dates_of_one_kind_take_the_larger_error() -> None:
    """Two dates that are alike would have an error of 0; three stops by night hardly more."""
    twice = pd.concat([SAN_DIEGO, SAN_DIEGO.assign(date="2019-03-02")])
    row = veil_of_darkness(twice, **CALL, df=0).iloc[0]
    assert row.se == row.se_model > 0 and row.clusters == 2
    assert_allclose(row.high / row.odds_ratio, np.exp(stats.t.ppf(0.975, 1) * row.se))
    tiny = veil_of_darkness(
        twice.assign(n=[900, 1, 1, 900] * 2), **CALL, df=0, confidence_level=0.9999
    ).iloc[0]
    assert np.isnan(tiny.high) and tiny.low >= 0 and tiny.reason.endswith("; no upper limit")
    rows = made()
    night = (rows["race"] == "black") & rows["is_dark"].fillna(False)
    thin = rows[~night | (rows.index < rows.index[night][3])]
    row = veil_of_darkness(cells(thin), **CALL).set_index("group").loc["black"]
    assert row.x_dark == 3 and row.se >= row.se_model
    assert row.reason == (
        "stops of this group in darkness are of only 3 values of date: the larger of the "
        "clustered and the model's error is taken"
    )


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"reference": "green"}, "reference='green' is not one of the groups: black, white"),
        ({}, {"dark": "night"}, "dark='night': there is no such column"),
        ({}, {"within": ["beat"]}, "within='beat': there is no such column"),
        ({}, {"also": "shift"}, "also='shift': there is no such column"),
        ({}, {"cluster": "officer_id"}, "pass cluster=None for the errors of the model"),
        ({}, {"df": -1}, "df=-1 must be a whole number of 0 or more"),
        ({}, {"df": 2.5}, "df=2.5 must be a whole number"),
        ({}, {"confidence_level": 95}, "confidence_level=95 must lie between 0 and 1"),
        ({"clock_bin": "19:05"}, {}, "clock='clock_bin' must hold numbers"),
        ({"is_dark": ["yes", "no", "yes", "no"]}, {}, "dark='is_dark' must hold True, False"),
        ({"n": [1, 2, 3, -4]}, {}, "Column 'n' must hold counts of 0 or more"),
        ({"race": None}, {}, "No row of the counts has a known 'race'"),
    ],
)
def test_errors_name_the_rule_the_value_and_the_way_out(change, options, words) -> None:
    """A call that cannot be answered says why."""
    with pytest.raises(ValueError) as error:
        veil_of_darkness(SAN_DIEGO.assign(**change), **(CALL | options))
    assert words in str(error.value)


def test_too_many_categories_are_sent_to_the_places() -> None:
    """201 values of a further column."""
    counts = pd.concat([SAN_DIEGO] * 60, ignore_index=True).assign(beat=range(240))
    with pytest.raises(ValueError, match=r"also='beat' has 240 values; at most 200 .* within="):
        veil_of_darkness(counts, **CALL, also="beat")


def test_a_season_is_three_months() -> None:
    """Derived from the date, as text dates are read too."""
    rows = made()
    text = rows.assign(date=rows["date"].dt.strftime("%Y-%m-%d"))
    by_month = rows["date"].dt.month.map(lambda m: m % 12 // 3)
    one = veil_of_darkness(cells(text), **CALL, also="season")
    two = veil_of_darkness(cells(rows.assign(quarter=by_month)), **CALL, also="quarter")
    assert_allclose(one["log_odds"], two["log_odds"], rtol=1e-9)


# ---- the picture's figures ------------------------------------------------------------------


def test_daylight_shares_count_every_stop_of_the_pair() -> None:
    """Bins of 15 minutes; twilight is counted apart and has no share."""
    rows = made()
    table = daylight_shares(cells(rows), **CALL)
    assert " ".join(table.columns) == (
        "minutes group reference n x share low high daylight left_out unknown method reason"
    )
    for key, part in table.groupby("group"):
        pair = rows[rows["race"].isin([key, "white"])]
        assert part["n"].sum() == len(pair)
        assert part["x"].sum() == (pair["race"] == key).sum()
        dark = pair[pair["is_dark"].fillna(False)]
        assert part.loc[part["daylight"] == "dark", "n"].sum() == len(dark)
        at = pair[pair["minutes_since_dusk"].between(15, 29) & pair["is_dark"].notna()]
        row = part[part["minutes"] == 15].iloc[0]
        assert (row.n, row.x, row.daylight) == (len(at), (at["race"] == key).sum(), "dark")
        assert_allclose(row.share, row.x / row.n)
        low, high = stats.binomtest(row.x, row.n).proportion_ci(method="wilson")
        assert_allclose([row.low, row.high], [low, high], rtol=1e-9)
    twilight = table[table["daylight"] == "twilight"]
    assert len(twilight) and twilight["share"].isna().all() and twilight["reason"].notna().all()
    there = table.loc[table["daylight"] != "twilight", ["share", "low", "high"]]
    assert there.notna().to_numpy().all()


def test_daylight_shares_say_what_is_left_out() -> None:
    """Stops without a time since dusk, and without a group; and a table of one group."""
    counts = drawn("""
     race   is_dark  minutes_since_dusk   n
     black     True                   5  10
     white     True                  10  30
     black        -                   -   4
     -         True                  20   6
    """)
    table = daylight_shares(counts, **CALL, width=5)
    assert table[["minutes", "n", "x", "left_out", "unknown"]].values.tolist() == [
        [5, 10, 10, 4, 6],
        [10, 30, 0, 4, 6],
    ]
    empty = daylight_shares(counts[counts["race"] == "white"], **CALL)
    assert empty.empty and list(empty.columns) == list(table.columns)
    for width in (12, 0, True):
        with pytest.raises(ValueError, match="must be a multiple of 5 minutes"):
            daylight_shares(counts, **CALL, width=width)
    with pytest.raises(ValueError, match="reference='blue' is not one of the groups"):
        daylight_shares(counts, group="race", reference="blue")


def test_stops_at_clock_times_that_are_only_light_or_only_dark_are_said():
    """One month: hardly any clock time is both, and the curve decides."""
    rows = made(3000, dates=6)
    month = rows[rows["is_dark"].notna()]
    late = month["clock_bin"].astype(int) >= 234
    month = month.assign(is_dark=late.astype("boolean"))
    mixed = month["clock_bin"].astype(int) == 236
    flipped = month["is_dark"].to_numpy(dtype=bool) ^ (mixed & (month.index % 2 == 0))
    month = month.assign(is_dark=pd.array(flipped, dtype="boolean"))
    found = veil_of_darkness(cells(month), df=2, **CALL).iloc[-1]
    assert "at clock times that are both light and dark" in found["reason"]
    whole = veil_of_darkness(cells(made()), **CALL).iloc[-1]
    assert "clock times that are both" not in str(whole["reason"])


def test_an_odds_ratio_that_could_be_anything_is_not_printed():
    """13 stops: the fit holds, and says nothing."""
    few = pd.concat([made(14, seed=s, dates=14, places=1) for s in range(60)], keys=range(60))
    for seed in range(60):
        table = veil_of_darkness(cells(few.loc[seed]), df=6, cluster=None, **CALL)
        told = table["log_odds"].notna()
        assert (table.loc[told, "se_model"] <= 10).all()
        assert table.loc[~told, "reason"].notna().all()
