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
        "expected rate ratio ratio_low ratio_high ratio_least ratio_most dispersion p_value "
        "p_adjusted unknown method reason"
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
     race   type        n
     white  vehicular  80
     black  vehicular  20
     white  walking    90
    """)
    people = drawn("race n\nblack 100\nwhite 1000")
    row = stop_rates(stops, people, **CALL, within="type").set_index(["stratum", "group"])
    row = row.loc[("walking", "black")]
    assert row.rate == 0 and row.ratio == 0 and row.ratio_low == 0 and row.ratio_high > 0
    assert "the same residents for every type" in row.method


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


def test_residents_mixed_in_one_of_many_districts_are_refused() -> None:
    """Each district may be of a survey of its own; no district may be of two."""
    names = ["north", "south", "east"]
    stops = pd.concat([PHILADELPHIA.assign(district=d) for d in names])
    parts = [RESIDENTS.assign(district=d, year=2016 + i) for i, d in enumerate(names)]
    table = stop_rates(stops, pd.concat(parts), within="district", **CALL)
    assert table.ratio.notna().all()
    mixed = pd.concat([*parts, RESIDENTS.assign(district="south", year=2012)])
    with pytest.raises(ValueError, match="holds more than one year: 2012, 2017"):
        stop_rates(stops, mixed, within="district", **CALL)


def test_doubled_residents_are_refused() -> None:
    """Two rows for one group are not added up silently."""
    two = pd.concat([RESIDENTS, RESIDENTS])
    with pytest.raises(ValueError, match="more than one row for group 'black'"):
        stop_rates(PHILADELPHIA, two, **CALL)


def test_periods_far_apart_give_no_figures_but_both_periods() -> None:
    """Stops of 2006 against a survey that ends in 2017; stops of 2017 against it say nothing."""
    people = RESIDENTS.assign(year=2017)
    old = stop_rates(PHILADELPHIA.assign(year=2006), people, **CALL)
    words = "more than 5 years apart: counts of 2006, residents of 2017"
    assert (old.reason == words).all()
    figures = ["rate", "ratio", "ratio_low", "ratio_high", "ratio_least", "expected", "p_value"]
    assert old[figures].isna().all(axis=None)
    assert old.n.tolist() == [204_420, 29_999, 50_698] and old.population.notna().all()
    assert stop_rates(PHILADELPHIA.assign(year=2017), people, **CALL).reason.isna().all()
    dated = SimpleNamespace(
        table=PHILADELPHIA, provenance={"first_date": "2006-01-01", "last_date": "2007-12-31"}
    )
    reason = stop_rates(dated, people, **CALL).reason
    assert (reason == "more than 5 years apart: counts of 2006-2007, residents of 2017").all()


def test_periods_somewhat_apart_are_said_and_can_be_allowed() -> None:
    """Three to five years apart: a remark. Whoever allows more years gets figures and a remark."""
    people = RESIDENTS.assign(year=2017)
    near = stop_rates(PHILADELPHIA.assign(year=2013), people, **CALL)
    assert near.ratio.notna().all()
    assert (near.reason == "different periods: counts of 2013, residents of 2017").all()
    allowed = stop_rates(PHILADELPHIA.assign(year=2006), people, **CALL, years_apart=11)
    assert allowed.ratio.notna().all()
    assert (allowed.reason == "different periods: counts of 2006, residents of 2017").all()
    over = pd.concat([PHILADELPHIA.assign(year=y) for y in (2013, 2016)])
    assert stop_rates(over, people, **CALL).reason.isna().all()
    with pytest.raises(ValueError, match="years_apart=-1 must be a number of years"):
        stop_rates(PHILADELPHIA, people, **CALL, years_apart=-1)


def test_each_year_is_held_against_the_survey_by_itself() -> None:
    """Of years from 2010 to 2017, those more than five years before the survey have no figures."""
    stops = pd.concat([PHILADELPHIA.assign(year=y) for y in (2010, 2014, 2017)])
    table = stop_rates(stops, RESIDENTS.assign(year=2017), **CALL, within="year")
    by = table[table.group == "black"].set_index("stratum")
    assert np.isnan(by.ratio["2010"])
    assert by.reason["2010"] == "more than 5 years apart: counts of 2010, residents of 2017"
    assert by.reason["2014"] == "different periods: counts of 2014, residents of 2017"
    assert by.ratio["2017"] == by.ratio["2014"] and not isinstance(by.reason["2017"], str)


# ------------------------------------------------------------------ stops without a known group


def test_bounds_are_the_range_over_every_way_to_share_out_unknown_stops() -> None:
    """All allocations of 6 unknown stops to three groups, one by one."""
    stops = drawn("race n\nblack 40\nwhite 60\nother 9\n- 6")
    people = drawn("race n\nblack 500\nwhite 1500\nother 100")
    table = stop_rates(stops, people, **CALL).set_index("group")
    ratios = [
        ((40 + b) / 500) / ((60 + w) / 1500)
        for b in range(7)
        for w in range(7 - b)  # the rest goes to the third group
    ]
    row = table.loc["black"]
    assert_allclose([row.ratio_least, row.ratio_most], [min(ratios), max(ratios)])
    assert row.ratio_least < row.ratio < row.ratio_most and row.unknown == 6
    assert table.ratio_least["white"] == table.ratio_most["white"] == 1


def test_without_unknown_stops_the_bounds_are_the_ratio() -> None:
    """Nothing to share out."""
    table = stop_rates(PHILADELPHIA, RESIDENTS, **CALL)
    assert_allclose(table.ratio_least, table.ratio)
    assert_allclose(table.ratio_most, table.ratio)


def test_bounds_where_the_reference_has_no_stop() -> None:
    """No largest ratio then; the least is that with all unknown stops given to the reference."""
    stops = drawn("race n\nblack 40\nwhite 0\n- 20")
    row = stop_rates(stops, drawn("race n\nblack 500\nwhite 1500"), **CALL).iloc[0]
    assert_allclose(row.ratio_least, (40 / 500) / (20 / 1500))
    assert np.isnan(row.ratio_most) and np.isnan(row.ratio)


# ------------------------------------------------------------------------------------ by area

DISTRICTS = drawn("""
 race   district    n
 white  a         160
 black  a         120
 white  b          90
 black  b         130
 white  c         300
 black  c          45
 white  d         210
 black  d          60
 white  e          75
 black  e          90
 white  f         140
 black  f          48
""")
LIVING = drawn("""
 race   district     n  moe
 white  a         3000  200
 black  a          900   90
 white  b         2000  150
 black  b         1500  120
 white  c         6000  300
 black  c          800   80
 white  d         4000  250
 black  d          900   90
 white  e         1500  100
 black  e         1200  100
 white  f         2800  200
 black  f          500   70
""")


def test_a_city_is_the_sum_of_its_districts() -> None:
    """Residents by district are added up for the whole; their margins as the Bureau has it."""
    table = stop_rates(DISTRICTS, LIVING, **CALL).set_index("group")
    assert_allclose(table.population["black"], 5_800)
    whole = margins.total(*(LIVING[LIVING.race == "black"][c].to_numpy() for c in ("n", "moe")))
    assert_allclose(table.population_moe["black"], whole.moe)
    assert_allclose(table.ratio["black"], (493 / 5_800) / (975 / 19_300))
    assert "residents added up over 6 of 6 values of district" in table.method["black"]


def test_counts_of_one_district_meet_the_residents_of_that_district() -> None:
    """A choice of one district must not be held against the whole city's residents."""
    one = DISTRICTS[DISTRICTS.district == "b"]
    table = stop_rates(one, LIVING, **CALL).set_index("group")
    assert table.population["black"] == 1_500
    assert "1 of 6 values of district" in table.method["black"]
    by = stop_rates(DISTRICTS, LIVING, **CALL, within="district").set_index(["stratum", "group"])
    assert_allclose(table.ratio["black"], by.ratio["b", "black"])


def test_stops_where_nobody_lives_are_said() -> None:
    """Stops in a district that the residents do not have stay in, and are named."""
    stops = pd.concat([DISTRICTS, drawn("race district n\nblack airport 7")])
    method = stop_rates(stops, LIVING, **CALL).method.iloc[0]
    assert "7 counted in airport, without residents" in method


def test_a_city_without_districts_has_no_figures_by_district() -> None:
    """Each district against the whole city's residents would be far too low, and uneven."""
    city = LIVING.groupby("race", as_index=False)["n"].sum()
    table = stop_rates(DISTRICTS, {"city": city, "districts": LIVING}, **CALL, within="district")
    by = table.groupby("benchmark")
    assert by.get_group("districts").ratio.notna().all()
    refused = by.get_group("city")
    assert refused[["rate", "ratio", "ratio_low", "p_value", "expected"]].isna().all(axis=None)
    assert (refused.reason == "city has no numbers by district, only for the whole").all()
    assert table.benchmark.tolist()[:4] == ["city", "city", "districts", "districts"]


def test_one_file_may_hold_benchmarks_with_and_without_districts() -> None:
    """The column of districts is then empty for one of them."""
    city = LIVING.groupby("race", as_index=False)["n"].sum().assign(district=None)
    whole = stop_rates(DISTRICTS, city, **CALL).set_index("group")
    assert whole.population["black"] == 5_800
    within = stop_rates(DISTRICTS, city, **CALL, within="district")
    assert within.ratio.isna().all()
    both = pd.concat([city, LIVING])
    with pytest.raises(ValueError, match="rows without 'district' among rows with one"):
        stop_rates(DISTRICTS, both, **CALL)


def test_districts_that_share_no_name_are_refused() -> None:
    """District 'a' and 'District A' are not told to be the same."""
    other = LIVING.assign(district=LIVING.district.str.upper())
    with pytest.raises(ValueError, match="share no value of 'district': .* have a, b, c, d, ..."):
        stop_rates(DISTRICTS, other, **CALL)


def test_several_columns_of_areas_need_a_choice() -> None:
    """Districts and beats in one table of residents: which is meant is asked."""
    both = LIVING.assign(beat=LIVING.district + "1")
    stops = DISTRICTS.assign(beat=DISTRICTS.district + "1")
    with pytest.raises(ValueError, match="several columns of areas: district, beat.*areas=..."):
        stop_rates(stops, both, **CALL)
    assert stop_rates(stops, both, **CALL, areas="beat").population.tolist() == [5_800, 19_300]
    with pytest.raises(ValueError, match="areas='zip': no benchmark has such a column"):
        stop_rates(stops, both, **CALL, areas="zip")


def poisson_by_area(group: str = "black"):
    """Fit area + group by statsmodels, its scale from Pearson's chi-square."""
    import statsmodels.api as sm

    both = DISTRICTS.merge(LIVING, on=["race", "district"], suffixes=("", "_people"))
    design = pd.get_dummies(both.district, dtype=float).assign(own=both.race.eq(group) * 1.0)
    model = sm.GLM(both.n, design, family=sm.families.Poisson(), offset=np.log(both.n_people))
    return model.fit(scale="X2")


def test_overdispersion_is_that_of_statsmodels() -> None:
    """Poisson with area and group: the factor is the root of Pearson's chi-square by df."""
    exact = LIVING.drop(columns="moe")
    plain = stop_rates(DISTRICTS, exact, **CALL).set_index("group").loc["black"]
    wide = (
        stop_rates(DISTRICTS, exact, **CALL, overdispersion=True).set_index("group").loc["black"]
    )
    factor = np.sqrt(poisson_by_area().scale)
    assert 2 < factor < 3
    assert plain.dispersion == 1
    assert_allclose(wide.dispersion, factor, rtol=1e-6)
    assert_allclose(wide.ratio, plain.ratio)
    half = 1.959964 * factor * np.sqrt(1 / 493 + 1 / 975)
    assert_allclose(np.log([wide.ratio_high / wide.ratio, wide.ratio / wide.ratio_low]), half)
    assert_allclose(wide.p_value, 2 * sm_tail(np.log(wide.ratio) / (half / 1.959964)), rtol=1e-5)
    assert "overdispersion over 6 areas" in wide.method


def sm_tail(z: float) -> float:
    """Return the upper tail of the normal."""
    from scipy import stats

    return float(stats.norm.sf(abs(z)))


def test_the_error_of_residents_is_not_widened() -> None:
    """The factor is how stops vary: the margin of error of the residents is added as it is."""
    wide = (
        stop_rates(DISTRICTS, LIVING, **CALL, overdispersion=True).set_index("group").loc["black"]
    )
    moe = {g: np.sqrt((LIVING[LIVING.race == g].moe ** 2).sum()) for g in ("black", "white")}
    se = np.sqrt(
        poisson_by_area().scale * (1 / 493 + 1 / 975)
        + (moe["black"] / 1.645 / 5_800) ** 2
        + (moe["white"] / 1.645 / 19_300) ** 2
    )
    assert_allclose(np.log(wide.ratio_high / wide.ratio), 1.959964 * se, rtol=1e-6)


def test_every_district_is_widened_by_the_same_factor() -> None:
    """Also where the few stops of a district have an exact interval."""
    table = stop_rates(DISTRICTS, LIVING, **CALL, within="district", overdispersion=True)
    black = table[table.group == "black"]
    assert_allclose(black.dispersion, np.sqrt(poisson_by_area().scale), rtol=1e-6)
    narrow = stop_rates(DISTRICTS, LIVING, **CALL, within="district")
    narrow = narrow[narrow.group == "black"]
    assert (black.ratio_low.to_numpy() < narrow.ratio_low.to_numpy()).all()
    assert (black.ratio_high.to_numpy() > narrow.ratio_high.to_numpy()).all()


def test_overdispersion_within_years_uses_the_areas_of_each_year() -> None:
    """Years whose areas differ vary by themselves."""
    calm = DISTRICTS.assign(year=2016, n=LIVING.n // 20)
    stops = pd.concat([calm, DISTRICTS.assign(year=2017)])
    table = stop_rates(stops, LIVING, **CALL, within="year", overdispersion=True)
    factor = table[table.group == "black"].set_index("stratum").dispersion
    assert factor["2016"] == 1
    assert_allclose(factor["2017"], np.sqrt(poisson_by_area().scale), rtol=1e-6)


def test_overdispersion_needs_areas_and_enough_of_them() -> None:
    """No areas, or four of them: the ratio stands, its interval is missing with the reason."""
    city = LIVING.groupby("race", as_index=False)["n"].sum()
    row = stop_rates(DISTRICTS, city, **CALL, overdispersion=True).set_index("group").loc["black"]
    assert row.ratio > 0 and np.isnan(row.ratio_low) and np.isnan(row.p_value)
    assert row.reason == "no interval: overdispersion needs counts and residents by area"
    few = DISTRICTS[DISTRICTS.district < "e"]
    row = stop_rates(few, LIVING, **CALL, overdispersion=True).set_index("group").loc["black"]
    assert np.isnan(row.dispersion) and np.isnan(row.ratio_high)
    assert "stops and residents of 5 areas, not 4" in row.reason


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
