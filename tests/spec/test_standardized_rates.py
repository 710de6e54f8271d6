"""Rates with one mix of age and sex for all groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity.measures import rates, standardized_rates

AGES = ("under 20", "20-24", "25-29", "30-34", "35-39", "40 and over")
# Fleiss, Statistical Methods for Rates and Proportions (1981), p. 249: births in Michigan and
# infants with Down syndrome, by age of the mother and birth order 1 to 5+
BIRTHS = {
    "1": (230061, 329449, 114920, 39487, 14208, 3052),
    "2": (72202, 326701, 208667, 83228, 28466, 5375),
    "3": (15050, 175702, 207081, 117300, 45026, 8660),
    "4": (2293, 68800, 132424, 98301, 46075, 9834),
    "5+": (327, 30666, 123419, 149919, 104088, 34392),
}
CASES = {
    "1": (107, 141, 60, 40, 39, 25),
    "2": (25, 150, 110, 84, 82, 39),
    "3": (3, 71, 114, 103, 108, 75),
    "4": (1, 26, 64, 89, 137, 96),
    "5+": (0, 8, 63, 112, 262, 295),
}
FLEISS = pd.DataFrame(
    [
        (order, age, n, x, n)
        for order in BIRTHS
        for age, n, x in zip(AGES, BIRTHS[order], CASES[order], strict=True)
    ],
    columns=["order", "age", "n", "case", "case_known"],
)
CALL = {"of": "case", "group": "order", "reference": "1", "by": ["age"]}


def cells(*rows: tuple, by: str = "age") -> pd.DataFrame:
    """Rows: group, cell, n, x."""
    frame = pd.DataFrame(rows, columns=["race", by, "n", "searched"])
    return frame.assign(searched_known=frame["n"])


RACES = {"of": "searched", "group": "race", "reference": "white", "by": ["age"]}


def test_fleiss_birth_order_and_down_syndrome() -> None:
    """Crude and adjusted rates as the R packages epitools and tidyrates print them.

    tidyrates, README, the data of Fleiss 1981 with the sum of all birth orders as the standard:
    crude .000563 .000676 .000833 .00115 .00167, adjusted .000923 .000912 .000851 .000927 .000755.
    """
    table = standardized_rates(FLEISS, **CALL).set_index("group")
    order = ["1", "2", "3", "4", "5+"]
    crude = [0.000563, 0.000676, 0.000833, 0.00115, 0.00167]
    adjusted = [0.000923, 0.000912, 0.000851, 0.000927, 0.000755]
    assert_allclose(table.rate[order], crude, rtol=0.005)
    assert_allclose(table.standardized_rate[order], adjusted, atol=5e-7)
    assert_allclose(table.crude_ratio["5+"], 167.114 / 56.3475, rtol=1e-5)
    assert_allclose(table.ratio["5+"], 75.529 / 92.3045, rtol=1e-5)
    assert_allclose(table.covered, 1)


def test_columns_are_fixed() -> None:
    """The table has one shape."""
    assert " ".join(standardized_rates(FLEISS, **CALL).columns) == (
        "stratum group reference n x x_known rate standardized_rate low high ratio ratio_low "
        "ratio_high crude_ratio covered p_value p_adjusted unknown method reason"
    )


def test_crude_columns_are_those_of_rates() -> None:
    """The crude rate and ratio are those of the measure without standardisation."""
    table = standardized_rates(FLEISS, **CALL)
    plain = rates(FLEISS, of="case", group="order", reference="1")
    assert_allclose(table.rate, plain.rate)
    assert_allclose(table.crude_ratio, plain.ratio)


SIZES = {"black": (500, 200, 90), "white": (300, 500, 700)}
TRUE = {"black": (0.15, 0.10, 0.05), "white": (0.10, 0.07, 0.05)}


def simulated(random: np.random.Generator, times: int) -> np.ndarray:
    """Return log standardised ratios of many draws, by arithmetic of its own."""
    total = np.array(SIZES["black"]) + np.array(SIZES["white"])
    share = {
        g: (random.binomial(SIZES[g], TRUE[g], size=(times, 3)) / SIZES[g]) @ (total / total.sum())
        for g in SIZES
    }
    return np.log(share["black"] / share["white"])


def test_the_interval_is_as_wide_as_draws_are_spread() -> None:
    """20,000 draws from known rates: the error of the log ratio is their standard deviation."""
    logs = simulated(np.random.default_rng(20), 20_000)
    rows = [
        (g, str(i), n, round(n * p))
        for g in SIZES
        for i, (n, p) in enumerate(zip(SIZES[g], TRUE[g], strict=True))
    ]
    row = standardized_rates(cells(*rows), **RACES).set_index("group").loc["black"]
    error = (np.log(row.ratio_high) - np.log(row.ratio_low)) / (2 * 1.959964)
    assert_allclose(error, logs.std(), rtol=0.03)
    assert_allclose(np.log(row.ratio), logs.mean(), atol=0.02)


def test_the_interval_holds_its_level() -> None:
    """Of 1,000 drawn tables, about 950 intervals hold the true standardised ratio."""
    random = np.random.default_rng(7)
    total = np.array(SIZES["black"]) + np.array(SIZES["white"])
    truth = (TRUE["black"] @ total) / (TRUE["white"] @ total)
    frame = cells(*((g, str(i), n, 0) for g in SIZES for i, n in enumerate(SIZES[g])))
    many = pd.concat([frame.assign(draw=d) for d in range(1000)], ignore_index=True)
    chance = np.tile([*TRUE["black"], *TRUE["white"]], 1000)
    many["searched"] = random.binomial(many["n"], chance)
    table = standardized_rates(many, **RACES, within="draw")
    black = table[table.group == "black"]
    held = ((black.ratio_low <= truth) & (truth <= black.ratio_high)).mean()
    assert 0.93 < held < 0.97
    error = (np.log(black.ratio_high / black.ratio_low) / (2 * 1.959964)).to_numpy()
    from scipy import stats

    p = 2 * stats.norm.sf(np.abs(np.log(black.ratio.to_numpy())) / error)
    assert_allclose(black.p_value, p, rtol=1e-5)


def test_only_cells_that_both_have_count() -> None:
    """An age that the reference lacks is out of both, and the rest must be large enough."""
    stops = cells(
        ("black", "young", 800, 120),
        ("black", "old", 200, 10),
        ("black", "child", 50, 40),
        ("white", "young", 300, 30),
        ("white", "old", 700, 35),
        ("white", "child", 3, 0),
    )
    row = standardized_rates(stops, **RACES).set_index("group").loc["black"]
    assert_allclose(row.covered, 1000 / 1050)
    young, old = 1100, 900
    own = (young * 120 / 800 + old * 10 / 200) / 2000
    other = (young * 30 / 300 + old * 35 / 700) / 2000
    assert_allclose([row.standardized_rate, row.ratio], [own, own / other])


def test_too_little_in_common_gives_no_figure() -> None:
    """Half of the group is of an age that the reference does not have: a reason, no ratio."""
    stops = cells(
        ("black", "young", 500, 50),
        ("black", "old", 500, 20),
        ("white", "old", 900, 30),
    )
    row = standardized_rates(stops, **RACES).set_index("group").loc["black"]
    assert np.isnan(row.standardized_rate) and np.isnan(row.ratio) and np.isnan(row.p_value)
    assert_allclose([row.rate, row.crude_ratio, row.covered], [0.07, 2.1, 0.5])
    assert row.reason == (
        "too few outcomes in combinations of age that this group and white both have: 50 %"
    )


def test_records_without_an_age_are_not_covered() -> None:
    """Unknown is a cell of nobody: with 30 % of ages unknown there is no figure."""
    stops = cells(
        ("black", "young", 700, 70),
        ("black", None, 300, 30),
        ("white", "young", 900, 45),
        ("white", None, 100, 5),
    )
    row = standardized_rates(stops, **RACES).set_index("group").loc["black"]
    assert_allclose(row.covered, 0.7)
    assert np.isnan(row.ratio) and "both have: 70 %" in row.reason


def test_few_events_have_no_interval() -> None:
    """Four searches: the ratio stands without interval and test, with the reason."""
    stops = cells(
        ("black", "young", 60, 3),
        ("black", "old", 40, 1),
        ("white", "young", 900, 90),
        ("white", "old", 900, 45),
    )
    table = standardized_rates(stops, **RACES).set_index("group")
    row = table.loc["black"]
    assert row.ratio > 0 and np.isnan(row.ratio_low) and np.isnan(row.low)
    assert row.reason == "no interval: fewer than 10 with a yes or with a no"
    assert table.low["white"] > 0 and table.ratio["white"] == 1


def test_a_thin_cell_that_stands_for_many_has_no_interval() -> None:
    """Old women: 12 of the group, 1,500 of the reference. 0 of 12 has no variance of its own, and
    with one rate for both groups 4 of 10 tests at 5 % found a difference."""
    stops = pd.DataFrame(
        {
            "race": ["asian", "asian", "white", "white"],
            "age_band": ["young", "old"] * 2,
            "n": [600, 12, 500, 1500],
            "searched": [30, 0, 25, 30],
            "searched_known": [600, 12, 500, 1500],
        }
    )
    table = standardized_rates(
        stops, of="searched", group="race", reference="white", by=["age_band"]
    )
    row = table.iloc[0]
    assert row[["ratio_low", "ratio_high", "p_value", "low"]].isna().all()
    assert row.ratio < 0.7  # the figure stays, and is far from the truth of 1
    assert row.reason == "no interval: cells with few records stand for many"
    # as many records as they stand for, and there is an interval
    stops.loc[1, ["n", "searched", "searched_known"]] = [1200, 24, 1200]
    row = standardized_rates(
        stops, of="searched", group="race", reference="white", by=["age_band"]
    ).iloc[0]
    assert row.ratio_low < 1 < row.ratio_high


def test_a_reference_that_is_never_searched() -> None:
    """No ratio to a rate of 0."""
    stops = cells(("black", "young", 60, 30), ("white", "young", 900, 0))
    row = standardized_rates(stops, **RACES).set_index("group").loc["black"]
    assert np.isnan(row.ratio) and np.isnan(row.crude_ratio) and row.standardized_rate == 0.5
    assert "no ratio: the standardised rate of white is 0" in row.reason


def test_strata_have_their_own_mix() -> None:
    """Each district is what it would be alone; a missing district is a stratum of its own."""
    a = cells(("black", "y", 500, 50), ("black", "o", 500, 20), ("white", "y", 200, 15),
              ("white", "o", 800, 30))  # fmt: skip
    b = cells(("black", "y", 300, 50), ("black", "o", 100, 20), ("white", "y", 400, 30),
              ("white", "o", 400, 30))  # fmt: skip
    both = pd.concat([a.assign(district="a"), b.assign(district=None)])
    table = standardized_rates(both, **RACES, within="district")
    assert table.stratum.unique().tolist() == ["a", "not known"]
    for stratum, alone in (("a", a), ("not known", b)):
        part = table[table.stratum == stratum].reset_index(drop=True)
        wanted = standardized_rates(alone, **RACES)
        for column in ("standardized_rate", "ratio", "ratio_low", "covered"):
            assert_allclose(part[column], wanted[column])


def test_errors() -> None:
    """What `by` must be is said."""
    with pytest.raises(ValueError, match=r"by=\[\] must name at least one column"):
        standardized_rates(FLEISS, **CALL | {"by": []})
    with pytest.raises(ValueError, match="none twice and none of order"):
        standardized_rates(FLEISS, **CALL | {"by": ["age", "order"]})
    with pytest.raises(ValueError, match="by='subject_sex'.*no such column"):
        standardized_rates(FLEISS, of="case", group="order", reference="1")
    with pytest.raises(ValueError, match="reference='9' is not one of the groups"):
        standardized_rates(FLEISS, **CALL | {"reference": "9"})
    with pytest.raises(ValueError, match="confidence_level must lie between 0 and 1"):
        standardized_rates(FLEISS, **CALL, confidence_level=95)
