"""The internal benchmark: weights, odds ratios, false discovery rates, by other programs too."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

from equity.counts import CountTable
from equity.measures import officers
from equity.measures._local_fdr import local_fdr
from equity.measures._propensity import Levels, _design, against_colleagues, odds_weights

COLUMNS = [
    "officer", "group", "reference", "n", "x", "share", "benchmark", "effective_n", "difference",
    "low", "high", "odds_ratio", "odds_low", "odds_high", "z", "p_value", "p_adjusted", "fdr",
    "balance_before", "balance_after", "differs", "left_out", "unknown", "method", "reason",
]  # fmt: skip
PLACES, HOURS = 4, 3


def simulated(
    rng: np.random.Generator,
    *,
    officers_: int = 12,
    stops: int = 400,
    log_odds: dict[int, float] | None = None,
) -> pd.DataFrame:
    """Stops one by one: officers work where they like, and the group depends on place and hour."""
    tilt = np.zeros(officers_)
    for i, value in (log_odds or {}).items():
        tilt[i] = value
    who = np.repeat(np.arange(officers_), stops)
    like_place = rng.normal(0, 0.8, (officers_, PLACES))
    like_hour = rng.normal(0, 0.8, (officers_, HOURS))

    def pick(like: np.ndarray) -> np.ndarray:
        edges = np.cumsum(special.softmax(like, axis=1), axis=1)
        return (rng.random(len(who))[:, None] > edges[who]).sum(axis=1).clip(0, like.shape[1] - 1)

    place, hour = pick(like_place), pick(like_hour)
    eta = np.array([-1.2, -0.3, 0.4, 1.0])[place] + np.array([-0.3, 0.0, 0.4])[hour] + tilt[who]
    black = rng.random(len(who)) < special.expit(eta)
    return pd.DataFrame(
        {
            "officer_id": [f"o{i:03d}" for i in who],
            "district": [f"d{i}" for i in place],
            "hour": hour,
            "race": np.where(black, "black", "white"),
        }
    )


def counted(rows: pd.DataFrame) -> pd.DataFrame:
    """The count table of rows."""
    return rows.groupby(list(rows.columns), dropna=False).size().rename("n").reset_index()


def one_officer(rows: pd.DataFrame, key: str) -> tuple:
    """The arguments of the comparison of one officer, from rows."""
    codes = np.column_stack([pd.factorize(rows[c], sort=True)[0] for c in ("district", "hour")])
    levels, cell = np.unique(codes, axis=0, return_inverse=True)
    cell, yes = cell.ravel(), rows["race"].eq("black").to_numpy(float)
    own = rows["officer_id"].eq(key).to_numpy()
    size = len(levels)
    total, positive = np.bincount(cell, minlength=size), np.bincount(cell, yes, minlength=size)
    mine = np.bincount(cell[own], minlength=size).astype(float)
    mine_yes = np.bincount(cell[own], yes[own], minlength=size)
    at = np.flatnonzero(mine)
    return levels, total.astype(float), positive, at, mine[at], mine_yes[at]


def dummies(rows: pd.DataFrame) -> np.ndarray:
    """Place and hour as indicators, the first level left out, with a constant."""
    parts = pd.get_dummies(rows[["district", "hour"]].astype(str), drop_first=True)
    return sm.add_constant(parts.to_numpy(float))


def test_weights_are_those_of_statsmodels() -> None:
    """Propensity weights on cells are the odds of a logistic regression on rows."""
    rows = simulated(np.random.default_rng(1))
    levels, total, _, at, own, _ = one_officer(rows, "o003")
    others = total.copy()
    others[at] -= own
    near = np.flatnonzero(others)
    design = _design(levels, np.concatenate([near, at]), officer_from=len(near))
    far, mine = design.part(slice(len(near))), design.part(slice(len(near), None))
    got = odds_weights(far, mine, others[near], own, ridge=1e-9)

    own_row = rows["officer_id"].eq("o003").to_numpy()
    fit = sm.GLM(own_row.astype(float), dummies(rows), family=sm.families.Binomial()).fit()
    p = fit.fittedvalues[~own_row]
    there = rows[~own_row].assign(weight=p / (1 - p)).groupby(["district", "hour"])["weight"]
    assert_allclose(got, there.first().to_numpy(), rtol=1e-6)


def test_odds_ratio_and_robust_error_are_those_of_statsmodels() -> None:
    """The weighted regression on cells is the one on rows, its robust error the sandwich."""
    rows = simulated(np.random.default_rng(2), log_odds={3: 0.7})
    got = against_colleagues(*one_officer(rows, "o003"), ridge=1e-9)
    own = rows["officer_id"].eq("o003").to_numpy()
    x = dummies(rows)
    p = sm.GLM(own.astype(float), x, family=sm.families.Binomial()).fit().fittedvalues
    weight = np.where(own, 1.0, p / (1 - p))
    y = rows["race"].eq("black").to_numpy(float)
    full = np.column_stack([x, own])
    fit = sm.GLM(y, full, family=sm.families.Binomial(), var_weights=weight).fit()
    assert got.log_odds == pytest.approx(fit.params[-1], abs=1e-7)
    mean = fit.fittedvalues
    bread = np.linalg.inv(full.T @ (full * (weight * mean * (1 - mean))[:, None]))
    meat = full.T @ (full * (weight * (y - mean))[:, None] ** 2)
    # one more column than ours, since every level has its own there: it is in the factor only
    columns = 2 + PLACES + HOURS
    factor = len(rows) / (len(rows) - columns)
    assert got.se == pytest.approx(np.sqrt((bread @ meat @ bread)[-1, -1] * factor), rel=1e-6)
    w = weight[~own]
    assert got.effective_n == pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=1e-6)
    # and the benchmark: what the same regression says of these stops, made by a colleague
    alone = full[own].copy()
    alone[:, -1] = 0
    assert got.benchmark == pytest.approx(special.expit(alone @ fit.params).mean(), abs=1e-7)


def test_the_small_ridge_hardly_moves_a_figure() -> None:
    """With the ridge that is used the log odds ratio is that without one, to the third decimal."""
    rows = simulated(np.random.default_rng(2), log_odds={3: 0.7})
    with_, without = (
        against_colleagues(*one_officer(rows, "o003"), ridge=r) for r in (0.01, 1e-9)
    )
    assert with_.log_odds == pytest.approx(without.log_odds, abs=1e-3)
    assert with_.benchmark == pytest.approx(without.benchmark, abs=1e-4)


def test_the_design_by_code_is_the_design() -> None:
    """Sums and products by code are those of the matrix of indicators."""
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 4, (30, 3))
    design = _design(levels, np.arange(30), officer_from=22)
    dense, values = design.dense(), rng.random(30)
    assert dense[:, 0].sum() == 30
    assert_allclose(dense[:, 1], np.arange(30) >= 22)
    assert_allclose(design.sums(values), dense.T @ values)
    assert_allclose(design.gram(values), dense.T @ (dense * values[:, None]))
    beta = rng.random(design.columns)
    assert_allclose(design @ beta, dense @ beta)
    assert isinstance(design.part(slice(3)), Levels)


def test_a_known_difference_is_found_and_a_confounded_one_is_not() -> None:
    """Estimates scatter around the truth; nine in ten and more of the intervals hold it."""
    rng = np.random.default_rng(4)
    errors, held, crude = [], [], []
    for _ in range(30):
        rows = simulated(rng, officers_=10, stops=300, log_odds={0: 0.8})
        table = officers(counted(rows), group="race", of_group="black")
        errors.append(np.log(table["odds_ratio"][0]) - 0.8)
        rest = table.iloc[1:]  # colleagues of the first: held against a tenth that differs
        held.extend(((rest["odds_low"] < 1) & (rest["odds_high"] > 1)).tolist())
        share = rows["race"].eq("black").groupby(rows["officer_id"]).mean()
        crude.append((share.iloc[1:] - share.iloc[1:].mean()).abs().max())
        assert (table["balance_after"] < 0.1).all()
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(len(errors))
    assert np.std(errors) < 0.2
    assert 0.88 < np.mean(held) < 0.99
    assert np.mean(crude) > 0.1  # what their stops look like without places and hours


def test_intervals_of_the_difference_hold_the_truth() -> None:
    """With no difference at all, about 95 % of the intervals hold 0 and 5 % of z exceed 1.96."""
    rng = np.random.default_rng(5)
    tables = [
        officers(counted(simulated(rng, officers_=15, stops=250)), group="race", of_group="black")
        for _ in range(20)
    ]
    table = pd.concat(tables)
    inside = (table["low"] < 0) & (table["high"] > 0)
    assert 0.92 < inside.mean() < 0.98
    assert 0.02 < (table["z"].abs() > 1.96).mean() < 0.08
    assert stats.kstest(table["z"], "norm").pvalue > 1e-3


def test_adjusted_probabilities_are_benjamini_and_hochbergs() -> None:
    rows = simulated(np.random.default_rng(6), log_odds={0: 0.8, 5: -0.9})
    table = officers(counted(rows), group="race", of_group="black")
    assert_allclose(table["p_value"], 2 * stats.norm.sf(table["z"].abs()), rtol=1e-9)
    wanted = multipletests(table["p_value"], method="fdr_bh")[1]
    assert_allclose(table["p_adjusted"], wanted, rtol=1e-9)
    assert table.loc[table["differs"], "officer"].tolist() == ["o000", "o005"]
    assert "theoretical null N(0, 1), since 12 officers" in table["method"][0]


def test_local_fdr_is_that_of_the_mixture_it_was_drawn_from() -> None:
    """Against the exact probability, for a mixture that is known."""
    rng = np.random.default_rng(7)
    z = np.concatenate([rng.standard_normal(2850), rng.normal(3, 1, 150)])
    got = local_fdr(z)
    null, apart = 0.95 * stats.norm.pdf(z), 0.05 * stats.norm.pdf(z, 3, 1)
    exact = null / (null + apart)
    assert abs(got.mean) < 0.05
    assert 1.0 <= got.sd < 1.1
    assert 0.93 < got.share < 0.99
    assert np.abs(got.fdr - exact)[z > 0].mean() < 0.03
    flagged = got.fdr <= 0.2
    assert exact[flagged].mean() < 0.12  # a false alarm in so many, on average
    assert flagged.sum() > 0.7 * (exact <= 0.2).sum()


@pytest.mark.parametrize("size", [60, 120, 500])
def test_among_alike_officers_hardly_any_stands_apart(size) -> None:
    """All null: few fall below 0.5, and in nine of ten agencies none below 0.2."""
    rng = np.random.default_rng(size)
    found = [local_fdr(rng.standard_normal(size)) for _ in range(60)]
    assert all(f.empirical for f in found)
    assert np.mean([(f.fdr < 0.5).sum() for f in found]) < 2
    assert np.mean([(f.fdr <= 0.2).any() for f in found]) < 0.2


def test_a_wider_null_is_seen() -> None:
    """Where all z-values are spread out, one must lie farther out to stand apart."""
    z = np.random.default_rng(8).normal(0.3, 1.5, 1000)
    got = local_fdr(np.append(z, [4.0, 8.0]))
    assert got.mean == pytest.approx(0.3, abs=0.15)
    assert got.sd == pytest.approx(1.5, abs=0.15)
    assert got.fdr[-2] > 0.2
    assert got.fdr[-1] < 0.05


def test_with_few_officers_the_null_is_the_theoretical_one() -> None:
    z = np.append(np.random.default_rng(9).standard_normal(30), [6.0, np.nan])
    got = local_fdr(z)
    assert not got.empirical
    assert (got.mean, got.sd, got.share) == (0.0, 1.0, 1.0)
    assert got.fdr[-2] < 0.01
    assert np.isnan(got.fdr[-1])
    assert np.isnan(local_fdr(z[:5]).fdr).all()


def test_one_row_for_each_officer_in_fixed_columns() -> None:
    rows = simulated(np.random.default_rng(10))
    rows.loc[::40, "race"] = None
    rows.loc[1::50, "district"] = None
    frame = counted(rows)
    counts = CountTable(frame, tuple(rows.columns), (), pd.DataFrame(), {})
    table = officers(counts, group="race", of_group="black")
    assert list(table.columns) == COLUMNS
    assert table["officer"].is_unique
    assert len(table) == 12
    assert (table["n"] + table["left_out"] + table["unknown"]).sum() == len(rows)
    assert table["unknown"].sum() == rows["race"].isna().sum()
    known = rows.dropna()
    assert table["x"].sum() == known["race"].eq("black").sum()
    assert_allclose(table["difference"], table["share"] - table["benchmark"])
    assert table["differs"].dtype == "boolean"
    assert table["reason"].isna().all()


def test_an_officer_with_few_stops_has_a_reason_and_no_figure() -> None:
    rows = simulated(np.random.default_rng(11))
    few = rows[rows["officer_id"] != "o002"]
    few = pd.concat([few, rows[rows["officer_id"] == "o002"].head(49)])
    table = officers(counted(few), group="race", of_group="black").set_index("officer")
    row = table.loc["o002"]
    assert row["n"] == 49
    assert row["reason"] == "fewer than 50 stops that can be compared"
    assert row[["benchmark", "odds_ratio", "z", "p_value", "fdr"]].isna().all()
    assert row["differs"] is pd.NA
    again = officers(counted(few), group="race", of_group="black", minimum=40)
    assert again["reason"].isna().all()


def test_nobody_works_where_this_officer_does() -> None:
    rows = simulated(np.random.default_rng(12))
    mine = rows["officer_id"] == "o002"
    alone = rows.assign(district=rows["district"].where(~mine, "island"))
    row = officers(counted(alone), group="race", of_group="black").set_index("officer").loc["o002"]
    assert (row["n"], row["left_out"]) == (0, 400)
    assert row["reason"].startswith("no stop at a place and hour that are known and where")
    # some of the stops there: those are left out, the others are compared
    some = rows.assign(district=rows["district"].where(~(mine & (rows.index % 4 == 0)), "island"))
    row = officers(counted(some), group="race", of_group="black").set_index("officer").loc["o002"]
    assert (row["n"], row["left_out"]) == (300, 100)
    assert np.isfinite(row["odds_ratio"])


def test_colleagues_must_have_stops_enough() -> None:
    rows = simulated(np.random.default_rng(13), officers_=3, stops=300)
    here = rows[(rows["officer_id"] == "o000")].assign(district="d9")
    others = rows[rows["officer_id"] != "o000"].reset_index(drop=True)
    others.loc[others.index % 20 == 0, "district"] = "d9"  # 30 stops where the first one works
    table = officers(counted(pd.concat([here, others])), group="race", of_group="black")
    row = table.set_index("officer").loc["o000"]
    assert row["effective_n"] < 50
    assert row["reason"] == "colleagues' stops like these are worth fewer than 50"
    assert np.isnan(row["odds_ratio"])


def test_weights_that_leave_a_difference_are_refused(monkeypatch) -> None:
    frame = counted(simulated(np.random.default_rng(17)))
    table = officers(frame, group="race", of_group="black")
    limit = float(table["balance_after"].median())
    monkeypatch.setattr(import_module("equity.measures._colleagues"), "BALANCED", limit)
    again = officers(frame, group="race", of_group="black")
    refused = again["balance_after"] > limit
    assert 0 < refused.sum() < len(again)
    assert again.loc[refused, ["benchmark", "odds_ratio", "z"]].isna().all(axis=None)
    words = "no colleagues with enough stops at the same places and hours"
    assert (again.loc[refused, "reason"] == words).all()
    assert (table["balance_before"] > table["balance_after"]).all()


def test_main_effects_do_not_see_places_and_hours_that_go_together() -> None:
    """What the docs warn of, and the way out: a column that holds both."""
    cells = [
        ("me", "a", 1, 80, 20), ("me", "b", 2, 80, 20),
        ("you", "a", 1, 240, 60), ("you", "b", 2, 240, 60),
        ("they", "a", 2, 60, 240), ("they", "b", 1, 60, 240),
    ]  # fmt: skip
    rows = [(*c[:3], g, n) for c in cells for g, n in (("black", c[3]), ("white", c[4]))]
    frame = pd.DataFrame(rows, columns=["officer_id", "district", "hour", "race", "n"])
    apart = officers(frame, group="race", of_group="black").set_index("officer")
    assert apart.loc["me", "odds_ratio"] > 2  # held against all, though only one works there
    both = frame.assign(both=frame["district"] + frame["hour"].astype(str))
    together = officers(both, group="race", of_group="black", by=["both"]).set_index("officer")
    assert together.loc["me", "odds_ratio"] == pytest.approx(1, abs=1e-3)


def test_all_or_none_of_a_group_has_a_test_but_no_odds_ratio() -> None:
    rows = simulated(np.random.default_rng(14))
    none = rows.assign(race=rows["race"].where(rows["officer_id"] != "o004", "white"))
    row = officers(counted(none), group="race", of_group="black").set_index("officer").loc["o004"]
    assert row["x"] == 0
    assert np.isnan(row["odds_ratio"])
    assert row["reason"] == "no odds ratio: no stop of this group"
    assert row["z"] < -5
    assert row["differs"]
    assert row["high"] < 0


def test_one_who_stands_far_out_does_not_make_colleagues_differ() -> None:
    """Held against a pool with the far one in it, all others would seem to be below it."""
    rng = np.random.default_rng(18)
    rows = simulated(rng, officers_=12, stops=500, log_odds={0: 2.0})
    many = rows[rows["officer_id"] == "o000"]
    frame = counted(pd.concat([rows, many, many]))  # a quarter of all stops
    table = officers(frame, group="race", of_group="black").set_index("officer")
    assert table.index[table["differs"]].tolist() == ["o000"]
    assert "without 1 who differ themselves" in table["method"].iloc[0]
    others = np.log(table.loc["o001":, "odds_ratio"])
    assert abs(others.mean()) < 0.05
    assert np.log(table.loc["o000", "odds_ratio"]) == pytest.approx(2, abs=0.3)
    alone = frame[frame["officer_id"] != "o000"]
    without = officers(alone, group="race", of_group="black").set_index("officer")
    assert_allclose(table.loc["o001":, "odds_ratio"], without["odds_ratio"], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"of_group": "green"}, "of_group='green' is not one of the groups: black, white"),
        ({"by": []}, "Name at least one"),
        ({"by": ["district", "district"]}, "'district' is there twice"),
        ({"by": ["race"]}, "'race' is there twice"),
        ({"by": ["beat"]}, "by='beat': there is no such column"),
        ({"officer": "badge"}, "officer='badge': there is no such column"),
        ({"minimum": 5}, "minimum=5 must be a whole number of stops, 10 or more"),
        ({"confidence_level": 95}, "confidence_level=95 must lie between 0 and 1"),
    ],
)
def test_wrong_arguments_are_named(change, said) -> None:
    frame = counted(simulated(np.random.default_rng(15), officers_=3, stops=60))
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        officers(frame, **({"group": "race", "of_group": "black"} | change))


def test_counts_must_be_counts() -> None:
    frame = counted(simulated(np.random.default_rng(16), officers_=3, stops=60))
    frame.loc[0, "n"] = -1
    with pytest.raises(ValueError, match="counts of 0 or more"):
        officers(frame, group="race", of_group="black")
    with pytest.raises(TypeError, match="must be a count table"):
        officers([1, 2], group="race", of_group="black")
