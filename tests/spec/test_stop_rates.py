"""Stops per resident, with the error of the residents."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import margins
from equity import proportions as pr
from equity.measures import stop_rates


def drawn(text: str) -> pd.DataFrame:
    """Read a small table drawn as text; a dash is missing."""
    return pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")


PHILADELPHIA = drawn("""
 race           n
 black     204420
 white      50698
 hispanic   29999
""")
RESIDENTS = drawn("""
 race           n
 black     648846
 white     548312
 hispanic  221777
""")
CALL = {"group": "race", "reference": "white"}


def test_philadelphia_2017() -> None:
    """Stanford Open Policing, Philadelphia 2017: Black 3.407 (3.374-3.441), Hispanic 1.463."""
    table = stop_rates(PHILADELPHIA, RESIDENTS, **CALL).set_index("group")
    figures = table[["ratio", "ratio_low", "ratio_high"]]
    assert_allclose(figures.loc["black"], [3.407, 3.374, 3.441], atol=5e-4)
    assert_allclose(figures.loc["hispanic"], [1.463, 1.442, 1.484], atol=5e-4)
    assert_allclose(table.rate["black"], 204_420 / 648_846)
    assert table.p_value["black"] > 0  # smaller than can be stored, yet not 0


def test_columns_are_fixed() -> None:
    """The table has one shape."""
    assert " ".join(stop_rates(PHILADELPHIA, RESIDENTS, **CALL).columns) == (
        "stratum benchmark group reference n share population population_moe population_share "
        "expected rate ratio ratio_low ratio_high p_value p_adjusted unknown method reason"
    )


def test_shares_and_expected_add_up() -> None:
    """Shares add to 1, expected stops to all stops with a known group."""
    table = stop_rates(PHILADELPHIA, RESIDENTS, **CALL)
    assert_allclose([table.share.sum(), table.population_share.sum()], 1)
    assert_allclose(table.expected.sum(), 204_420 + 50_698 + 29_999)


def test_margin_of_error_of_residents_is_in_the_interval() -> None:
    """The interval has the terms (SE/B)^2 of both groups, SE = MOE / 1.645."""
    people = RESIDENTS.assign(moe=[6_000, 3_000, 0])
    table = stop_rates(PHILADELPHIA, people, **CALL).set_index("group")
    half = 1.959964 * np.sqrt(
        1 / 204_420 + 1 / 50_698 + (6_000 / 1.645 / 648_846) ** 2 + (3_000 / 1.645 / 548_312) ** 2
    )
    row = table.loc["black"]
    assert_allclose(np.log(row.ratio_high / row.ratio), half, rtol=1e-6)
    assert_allclose(np.log(row.ratio / row.ratio_low), half, rtol=1e-6)
    assert row.population_moe == 6_000 and table.population_moe["hispanic"] == 0


def test_few_stops_are_exact() -> None:
    """Below 30 stops the limits are those of the binomial given the sum."""
    stops = drawn("race n\nblack 7\nwhite 50")
    people = drawn("race n\nblack 300\nwhite 5000")
    row = stop_rates(stops, people, **CALL).set_index("group").loc["black"]
    low, high = pr.clopper_pearson(7, 57)
    assert_allclose(row.ratio_low, low / (1 - low) * 5000 / 300)
    assert_allclose(row.ratio_high, high / (1 - high) * 5000 / 300)
    assert row.method.startswith("ratio: exact binomial")


def test_stops_may_exceed_residents() -> None:
    """Stops are events: 900 stops of 100 residents are 9 each, not an error."""
    table = stop_rates(
        drawn("race n\nblack 900\nwhite 500"), drawn("race n\nblack 100\nwhite 1000"), **CALL
    )
    assert table.set_index("group").rate["black"] == 9


def test_different_groups_are_refused_naming_both_and_the_way_out() -> None:
    """Stops by Stanford's groups against residents by the US 1997 groups cannot be compared."""
    stops = drawn("race n\nwhite 50\nasian_pacific 9\nother 3")
    people = drawn("race n\nwhite 500\nasian 40\nnhpi 2\naian 3\nmultiple 20\nother 5")
    with pytest.raises(ValueError) as error:
        stop_rates(stops, people, **CALL)
    assert (
        "the counts have asian_pacific, other, white; "
        "the benchmark has aian, asian, multiple, nhpi, other, white; "
        "only the counts have asian_pacific"
    ) in str(error.value)
    assert "equity.groups.regroup" in str(error.value)
    assert "equity.sources.acs.read(..., scheme=...)" in str(error.value)


def test_a_group_that_is_never_stopped_is_shown_without_a_rate() -> None:
    """Residents of two or more races, where officers have no such code: no rate, a reason."""
    people = pd.concat([RESIDENTS, drawn("race n\nmultiple 40000")])
    row = stop_rates(PHILADELPHIA, people, **CALL).set_index("group").loc["multiple"]
    assert row.n == 0 and row.population == 40_000 and np.isnan(row.rate) and np.isnan(row.ratio)
    assert "may be recorded under another group" in row.reason


def test_no_stop_in_one_stratum_is_zero() -> None:
    """A group that is stopped elsewhere but not here has a ratio of 0 with an upper limit."""
    stops = drawn("""
     race   district    n
     white  a          80
     black  a          20
     white  b          90
    """)
    people = drawn("race n\nblack 100\nwhite 1000")
    row = stop_rates(stops, people, **CALL, within="district").set_index(["stratum", "group"])
    row = row.loc[("b", "black")]
    assert row.rate == 0 and row.ratio == 0 and row.ratio_low == 0 and row.ratio_high > 0
    assert "the same residents for every district" in row.method


def test_residents_by_district_go_with_their_district() -> None:
    """Where residents have the column of strata, each stratum has its own."""
    stops = drawn("""
     race   district    n
     white  a          80
     black  a          20
     white  b          90
     black  b          30
     white  c           5
    """)
    people = drawn("""
     race   district     n
     white  a         1000
     black  a          500
     white  b         2000
     black  b          100
    """)
    table = stop_rates(stops, people, **CALL, within="district").set_index(["stratum", "group"])
    assert_allclose(table.ratio["a", "black"], (20 / 500) / (80 / 1000))
    assert_allclose(table.ratio["b", "black"], (30 / 100) / (90 / 2000))
    assert np.isnan(table.rate["c", "white"])
    assert "no number of people of this group in residents" in table.reason["c", "white"]


def test_several_benchmarks_stand_side_by_side() -> None:
    """The choice of benchmark drives the answer; each has its own family of comparisons."""
    drivers = drawn("race n\nblack 400000\nwhite 600000\nhispanic 100000")
    table = stop_rates(PHILADELPHIA, {"residents": RESIDENTS, "drivers": drivers}, **CALL)
    assert table.benchmark.tolist() == ["residents"] * 3 + ["drivers"] * 3
    by = table.set_index(["benchmark", "group"])
    assert_allclose(by.ratio["drivers", "black"], (204_420 / 400_000) / (50_698 / 600_000))
    for _, part in table.groupby("benchmark"):
        assert_allclose(part.p_adjusted, pr.holm(part.p_value))


def test_the_name_of_one_benchmark_is_its_universe() -> None:
    """A single table is called by its universe, if it has one."""
    table = stop_rates(PHILADELPHIA, RESIDENTS.assign(universe="adults"), **CALL)
    assert set(table.benchmark) == {"adults"}


def test_subject_race_meets_race() -> None:
    """`subject_race` of the stops is `race` of the residents."""
    stops = PHILADELPHIA.rename(columns={"race": "subject_race"})
    table = stop_rates(stops, RESIDENTS, group="subject_race", reference="white")
    assert table.ratio.notna().all()


@pytest.mark.parametrize("column", ["place", "place_id", "year", "universe"])
def test_mixed_residents_are_refused(column: str) -> None:
    """Two places, years or universes in one benchmark are never added up."""
    two = pd.concat([RESIDENTS.assign(**{column: 2016}), RESIDENTS.assign(**{column: 2017})])
    with pytest.raises(ValueError, match=f"holds more than one {column}: 2016, 2017"):
        stop_rates(PHILADELPHIA, two, **CALL)


def test_doubled_residents_are_refused() -> None:
    """Two rows for one group are not added up silently."""
    two = pd.concat([RESIDENTS, RESIDENTS])
    with pytest.raises(ValueError, match="more than one row for group 'black'"):
        stop_rates(PHILADELPHIA, two, **CALL)


def test_clearly_different_periods_are_said_on_every_row() -> None:
    """Stops of 2006 against a survey that ends in 2017; stops of 2017 against it say nothing."""
    people = RESIDENTS.assign(year=2017)
    old = stop_rates(PHILADELPHIA.assign(year=2006), people, **CALL)
    assert (old.reason == "different periods: counts of 2006, residents of 2017").all()
    assert stop_rates(PHILADELPHIA.assign(year=2017), people, **CALL).reason.isna().all()
    dated = SimpleNamespace(
        table=PHILADELPHIA, provenance={"first_date": "2006-01-01", "last_date": "2007-12-31"}
    )
    reason = stop_rates(dated, people, **CALL).reason
    assert (reason == "different periods: counts of 2006-2007, residents of 2017").all()


def test_margin_not_known_is_said_and_left_out() -> None:
    """A missing margin is not 0: the interval leaves it out and the row says so."""
    people = RESIDENTS.assign(moe=[np.nan, 0, 0])
    table = stop_rates(PHILADELPHIA, people, **CALL).set_index("group")
    assert "margin of error of the residents not known" in table.reason["black"]
    assert pd.isna(table.reason["hispanic"])
    assert np.isnan(table.population_moe["black"])


def test_no_residents_and_unknown_residents_give_no_rate() -> None:
    """0 residents and a number that is not available are missing, each with its reason."""
    people = RESIDENTS.assign(n=[0, 548_312, np.nan])
    table = stop_rates(PHILADELPHIA, people, **CALL).set_index("group")
    assert np.isnan(table.ratio[["black", "hispanic"]]).all()
    assert "0 people of this group" in table.reason["black"]
    assert "no number of people of this group" in table.reason["hispanic"]
    assert np.isnan(table.population_share["white"])  # of an incomplete whole there is no share


def test_reference_without_stops_gives_no_ratio() -> None:
    """Nobody of the reference stopped: no ratio, but its lower end and the test stand.

    500 of 1,000 against 0 of 1,000: at least 136 times as often (Clopper and Pearson of 500 of
    500: .025^(1/500) = .99265, odds 135.0), p 2 x .5^500.
    """
    stops = drawn("race n\nblack 500\nwhite 0")
    people = drawn("race n\nblack 1000\nwhite 1000")
    row = stop_rates(stops, people, **CALL).set_index("group").loc["black"]
    assert row.rate == 0.5 and np.isnan(row.ratio) and np.isnan(row.ratio_high)
    least = 0.025 ** (1 / 500)
    assert_allclose(row.ratio_low, least / (1 - least))
    assert_allclose([row.p_value, row.p_adjusted], 2 * 0.5**500)
    assert row.reason == "no ratio: no stop of white; a ratio of 1.4e+02 or more fits the counts"


def test_census_arithmetic_is_used_for_shares() -> None:
    """The share of the community is that of margins.proportion."""
    people = RESIDENTS.assign(moe=[6_000, 3_000, 1_000])
    table = stop_rates(PHILADELPHIA, people, **CALL).set_index("group")
    whole = margins.total(people.n, people.moe)
    assert_allclose(
        table.population_share["black"],
        margins.proportion(648_846, 6_000, whole.value, whole.moe).value,
    )


def test_residents_without_a_group_are_refused() -> None:
    """800 of 1,000 residents without a race would raise everybody's share fivefold."""
    people = drawn("race n\nblack 100\nwhite 100\n- 800")
    with pytest.raises(ValueError, match="1 rows without a group .*'race' is empty.* 800 people"):
        stop_rates(drawn("race n\nblack 5\nwhite 50"), people, **CALL)


def test_a_year_with_decimals_is_that_year() -> None:
    """A gap turns a column of years into 2023.0; the residents of 2023 are still its own."""
    stops = drawn(
        "race year n\nblack 2023 5\nwhite 2023 50\nblack 2024 5\nwhite 2024 60\nblack - 2"
    )
    people = drawn("race year n\nblack 2023 100\nwhite 2023 1000\nblack 2024 100\nwhite 2024 1000")
    assert stops.year.dtype == "float64"
    table = stop_rates(stops, people, **CALL, within="year").set_index(["stratum", "group"])
    assert table.index.levels[0].tolist() == ["2023", "2024", "not known"]
    assert_allclose(table.ratio[[("2023", "black"), ("2024", "black")]], [1.0, 60 / 60 * 5 / 6])
    same = stop_rates(stops, people.astype({"year": float}), **CALL, within="year")
    pd.testing.assert_frame_equal(same, table.reset_index()[same.columns])


def test_errors() -> None:
    """What residents must be, and what the reference may be, is said."""
    with pytest.raises(ValueError, match="reference='White' is not one of the groups: black, his"):
        stop_rates(PHILADELPHIA, RESIDENTS, group="race", reference="White")
    with pytest.raises(TypeError, match="residents must be a pandas DataFrame or a dict"):
        stop_rates(PHILADELPHIA, 5, **CALL)
    with pytest.raises(ValueError, match="has no column 'race' and no column 'race'|no column"):
        stop_rates(PHILADELPHIA, RESIDENTS.rename(columns={"race": "ethnicity"}), **CALL)
    with pytest.raises(ValueError, match="negative number of people"):
        stop_rates(PHILADELPHIA, RESIDENTS.assign(n=-666_666_666), **CALL)
    with pytest.raises(ValueError, match="residents is empty"):
        stop_rates(PHILADELPHIA, {}, **CALL)
