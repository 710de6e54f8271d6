"""Workforce against community: shares, shortfall, and the error of the benchmark."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import margins
from equity import proportions as pr
from equity.measures import representation

REAL = Path(__file__).parents[2].parent / "shared" / "data"


def drawn(text: str) -> pd.DataFrame:
    """Read a small table drawn as text; a dash is missing."""
    return pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")


# Davidson County, Tennessee, ACS 2013-2017, table B03002
DAVIDSON = drawn("""
 race           n   moe
 white     382565   357
 black     184942   921
 aian        1856   365
 asian      23894   680
 nhpi         411    99
 other       1739   586
 multiple   14589  1112
 hispanic   68326     0
""").assign(place_n=678_322, place_moe=0)


def test_hazelwood_1977() -> None:
    """Hazelwood v. United States, 433 U.S. 299 (1977), notes 11, 14 and 17.

    10 of 282: at 15.4 % expected 43.428, z -5.515; at 5.7 % expected 16.074, z -1.560.
    """
    hired = drawn("race n\nblack 10\nother 272")
    areas = {
        "with St. Louis": drawn("race n\nblack 154\nother 846"),
        "without": drawn("race n\nblack 57\nother 943"),
    }
    table = representation(hired, areas, group="race").set_index(["benchmark", "group"])
    one, two = table.loc[("with St. Louis", "black")], table.loc[("without", "black")]
    assert_allclose([one.expected, two.expected], [43.428, 16.074])
    assert_allclose([one.z, two.z], [-5.515, -1.560], atol=5e-4)
    assert one.shortfall == 34 and two.shortfall == 7
    assert_allclose(one.p_exact, pr.binomial_test(10, 282, 0.154).p_value)


def test_nashville_2017_in_round_figures() -> None:
    """Nashville police 2017: 162 of 1,447 sworn are Black, of the county 27.26 %.

    Ratio .4106, z -13.73, shortfall 232.5: with the county taken as known exactly and the three
    people without a known race among the 1,447. With the error of the survey z is -13.69.
    """
    sworn = drawn("race n\nblack 162\nwhite 1285")
    exact = representation(sworn, DAVIDSON.assign(moe=0), group="race").set_index("group")
    black = exact.loc["black"]
    assert_allclose(black.share, 0.112, atol=5e-4)
    assert_allclose(black.population_share, 0.2726, atol=5e-5)
    assert_allclose(black.ratio, 0.4106, atol=5e-5)
    assert_allclose(black.z, -13.73, atol=5e-3)
    assert_allclose(black.shortfall_exact, 232.5, atol=0.05)
    assert black.shortfall == 233
    survey = representation(sworn, DAVIDSON, group="race").set_index("group")
    assert_allclose(survey.z["black"], -13.692, atol=5e-4)


@pytest.mark.real
def test_nashville_2017_from_the_files() -> None:
    """The same from the roster and the Census file, people without a known race left out."""
    folder = REAL
    if not folder.is_dir():
        pytest.skip("the real files are not beside this repository")
    people = pd.read_csv(folder / "workforce/nashville_police_2010-2021.csv", dtype=str)
    title = people["job_desc"].str.strip()
    sworn = people[
        (people["year"] == "2017")
        & title.str.contains("Officer|Sergeant|Lieutenant|Captain|Commander|Chief")
        & ~title.str.contains("Trainee|Admin Svcs|Exec Asst")
    ]
    race = (
        sworn["race_ethnicity"]
        .str.strip()
        .map(
            {
                "White (Not of Hispanic Origin)": "white",
                "Black": "black",
                "Hispanic": "hispanic",
                "Asian or Pacific Islander": "asian_pacific",
                "American Indian/Alaskan Native": "aian",
            }
        )
    )
    counts = race.to_frame("race").assign(n=1).groupby("race", dropna=False)["n"].sum()
    file = pd.read_csv(
        folder / "population/acs_2017_county_B03002_factfinder_latin1.csv", encoding="latin-1"
    )
    county = file[file["Geography"] == "Davidson County, Tennessee"].iloc[0]
    here = "Not Hispanic or Latino: - "
    cells = {
        "white": here + "White alone",
        "black": here + "Black or African American alone",
        "aian": here + "American Indian and Alaska Native alone",
        "asian": here + "Asian alone",
        "nhpi": here + "Native Hawaiian and Other Pacific Islander alone",
        "other": here + "Some other race alone",
        "multiple": here + "Two or more races:",
        "hispanic": "Hispanic or Latino:",
    }
    residents = pd.DataFrame(
        {
            "race": cells,
            "n": {k: float(county["Estimate; " + v]) for k, v in cells.items()},
            "moe": {k: float(county["Margin of Error; " + v]) for k, v in cells.items()},
        }
    ).fillna({"moe": 0.0})  # blank = controlled
    from equity.groups import regroup

    residents = residents.assign(race=list(cells), place_n=678_322.0, place_moe=0.0)
    residents = regroup(residents, source="us1997", to="us1977")
    table = representation(counts.reset_index(), residents, group="race").set_index("group")
    black = table.loc["black"]
    assert black.x == 162 and black.n + black.unknown == 1447 and black.unknown == 3
    assert black.population_total == 678_322
    assert_allclose([black.ratio, black.z], [0.4115, -13.66], atol=5e-3)
    assert "nobody of this group in the counts" in table.reason["multiple"]


def test_columns_are_fixed() -> None:
    """The table has one shape."""
    table = representation(drawn("race n\nblack 162\nwhite 1285"), DAVIDSON, group="race")
    assert " ".join(table.columns) == (
        "stratum benchmark group n x share low high population population_total "
        "population_share population_share_se ratio ratio_low ratio_high difference expected "
        "shortfall shortfall_exact hires_needed growth hires_needed_growth z p_value p_exact "
        "p_adjusted screen_any_difference screen_whole_person screen_80 screen_two_sd unknown "
        "method reason"
    )
    assert table.dtypes[["shortfall", "hires_needed"]].eq("Int64").all()


def test_benchmark_error_is_propagated() -> None:
    """SE of the share by the handbook's proportion; then into ratio and test, term by term."""
    sworn = drawn("race n\nblack 162\nwhite 1285")
    row = representation(sworn, DAVIDSON, group="race").set_index("group").loc["black"]
    se = margins.proportion(184_942, 921, 678_322, 0).moe / 1.645
    s, q, n = 162 / 1447, 184_942 / 678_322, 1447
    assert_allclose(row.population_share_se, se)
    half = 1.959964 * np.sqrt((1 - s) / (n * s) + (se / q) ** 2)
    assert_allclose(
        np.log([row.ratio_high / row.ratio, row.ratio / row.ratio_low]), half, rtol=1e-6
    )
    assert_allclose(row.z, (s - q) / np.sqrt(q * (1 - q) / n + se**2))
    assert_allclose((row.low, row.high), pr.wilson(162, 1447))


def test_the_error_of_a_share_rests_on_the_published_total() -> None:
    """Davidson's total is controlled: White .00032, Black .00083, and Hispanic, controlled, 0."""
    sworn = drawn("race n\nblack 162\nwhite 1285")
    se = representation(sworn, DAVIDSON, group="race").set_index("group").population_share_se
    assert_allclose(se[["white", "black", "hispanic"]], [0.00032, 0.00083, 0], atol=5e-6)
    loose = DAVIDSON.assign(place_moe=400)
    se = representation(sworn, loose, group="race").set_index("group").population_share_se
    part = margins.proportion(184_942, 921, 678_322, 400).moe
    assert_allclose(se["black"], part / 1.645)


@pytest.mark.parametrize("change", ["none", "other total", "margin not known"])
def test_without_a_published_total_the_errors_are_those_of_the_parts(change: str) -> None:
    """White 7,000 ± 300 of 10,000: .0137, as by simulation; also if the total is another's."""
    people = drawn("race n moe\na 7000 300\nb 1500 200\nc 1000 180\nd 500 120")
    if change != "none":
        place = {"other total": (12_000, 0), "margin not known": (10_000, np.nan)}[change]
        people = people.assign(place_n=place[0], place_moe=place[1])
    force = drawn("race n\na 70\nb 15\nc 10\nd 5")
    table = representation(force, people, group="race").set_index("group")
    assert_allclose(table.population_share_se["a"], 0.01368, atol=5e-6)


def test_a_benchmark_without_margins_is_exact_whatever_the_total() -> None:
    """All margins 0: nothing moves, so neither does their total."""
    force = drawn("race n\nblack 162\nwhite 1285")
    table = representation(force, DAVIDSON.assign(moe=0, place_moe=5000), group="race")
    assert (table.population_share_se == 0).all()


def test_a_majority_keeps_its_promise_where_the_benchmark_is_a_survey() -> None:
    """4,000 employees drawn from the truth, a survey of it: 1 lies in 95 % of the intervals."""
    rng = np.random.default_rng(9)
    true, moe = np.array([7000, 1500, 1000, 500]), np.array([300, 200, 180, 120])
    groups, times = list("wbha"), 300
    covered = rejected = 0
    for _ in range(times):
        force = pd.DataFrame({"race": groups, "n": rng.multinomial(4000, true / true.sum())})
        survey = np.rint(true + moe / 1.645 * rng.standard_normal(4))
        people = pd.DataFrame({"race": groups, "n": survey, "moe": moe})
        row = representation(force, people, group="race").set_index("group").loc["w"]
        covered += row.ratio_low <= 1 <= row.ratio_high
        rejected += row.p_value < 0.05
    assert covered / times > 0.91 and rejected / times < 0.09  # .81 and .19 before


@pytest.mark.parametrize(
    ("x", "n", "q", "p", "low", "high"),
    [
        (2, 20, 0.02, 0.0599, 0.617, 15.85),
        (1, 400, 0.00033, 0.1237, 0.1918, 41.97),
        (3, 3, 0.5, 0.25, 0.585, 2.0),
        (0, 5, 0.3, 0.3311, 0.0, 1.739),
    ],
)
def test_few_expected_are_tested_exactly(x, n, q, p, low, high) -> None:
    """Below 30 expected: the binomial test, and Clopper and Pearson's limits over the benchmark.

    (z gave .011 for 2 of 20 at 2 %, and the log interval 1.34-18.6; 3 of 3 had no width.)
    """
    force = pd.DataFrame({"race": ["a", "b"], "n": [x, n - x]})
    area = pd.DataFrame({"race": ["a", "b"], "n": [q * 1e6, (1 - q) * 1e6]})
    row = representation(force, area, group="race").iloc[0]
    assert_allclose(row.p_value, pr.binomial_test(x, n, q).p_value)
    assert_allclose([row.p_value, row.p_exact], p, atol=5e-5)
    assert_allclose([row.ratio_low, row.ratio_high], [low, high], rtol=1e-3)
    limits = np.array(pr.clopper_pearson(x, n)) / q
    assert_allclose([row.ratio_low, row.ratio_high], limits)
    assert "ratio: exact binomial" in row.method and "test: exact binomial" in row.method
    assert "benchmark error" not in row.method  # there is none
    unsure = area.assign(moe=0.01 * area["n"])
    assert "with benchmark error" in representation(force, unsure, group="race").method[0]


def test_few_expected_and_a_survey() -> None:
    """The error of the benchmark widens both ends and raises p; by Monte Carlo for the test.

    8 of 40 where 30 % ± 5 points (standard error) live: P(at most 8 or at least 16) = .32; 16 is
    the first above 12 that is no likelier than 8.
    """
    force = drawn("race n\na 8\nb 32")
    sure = drawn("race n\na 3000\nb 7000")
    moe = 0.05 * 10_000 * 1.645
    survey = sure.assign(moe=moe, place_n=10_000, place_moe=0)
    one, two = (representation(force, t, group="race").iloc[0] for t in (sure, survey))
    assert_allclose(two.population_share_se, 0.05)
    rng = np.random.default_rng(2)
    odds = np.log(0.3 / 0.7) + 0.05 / 0.21 * rng.standard_normal(400_000)
    drawn_x = rng.binomial(40, 1 / (1 + np.exp(-odds)))
    assert_allclose(two.p_value, ((drawn_x <= 8) | (drawn_x >= 16)).mean(), atol=0.004)
    assert two.p_value > one.p_value == one.p_exact == two.p_exact
    assert two.ratio_low < one.ratio_low and two.ratio_high > one.ratio_high
    up = np.hypot(np.log(one.ratio_high / one.ratio), 1.959964 * 0.05 / 0.3)
    assert_allclose(np.log(two.ratio_high / two.ratio), up, rtol=1e-6)


def test_the_adjusted_probability_is_of_the_test_that_is_named() -> None:
    """Holm over `p_value`: exact below 30 expected, else z."""
    sworn = drawn("race n\nblack 162\nwhite 1250\nasian 30\nnhpi 5")
    people = DAVIDSON[DAVIDSON.race.isin(sworn.race)]
    table = representation(sworn, people, group="race").set_index("group")
    assert_allclose(table.p_adjusted, pr.holm(table.p_value))
    assert "test: z" in table.method["black"] and "test: exact" in table.method["nhpi"]


def test_shortfall_and_hires_needed() -> None:
    """30 of 100 where 40.05 % are expected: 11 replaced one for one, or 17 hired in addition.

    (40.05 - 30) / (1 - .4005) = 16.76: of 117 people 47 are 40.2 %, of 116 46 are 39.7 %.
    """
    force = drawn("race n\na 30\nb 70")
    area = drawn("race n\na 4005\nb 5995")
    table = representation(force, area, group="race").set_index("group")
    assert table.shortfall.to_dict() == {"a": 11, "b": -10}
    assert table.hires_needed.to_dict() == {"a": 17, "b": 0}
    assert 47 / 117 >= 0.4005 > 46 / 116
    assert_allclose(table.shortfall_exact, [10.05, -10.05])


def test_whole_shortfall_is_not_rounded_up_by_noise() -> None:
    """9 of 11 in 77 people are 63, though the computer says 63.00000000000001: 3 short, not 4."""
    force = drawn("race n\na 60\nb 17")
    area = drawn("race n\na 9\nb 2")
    assert 77 * (9 / 11) > 63
    assert representation(force, area, group="race").shortfall.tolist() == [3, -3]


def test_over_representation_is_tested_too() -> None:
    """Both directions have a p-value; two groups mirror each other."""
    table = representation(
        drawn("race n\nblack 30\nwhite 270"), drawn("race n\nblack 20\nwhite 80"), group="race"
    )
    assert_allclose(table.p_value.iloc[0], table.p_value.iloc[1])
    assert_allclose(table.p_exact.iloc[0], table.p_exact.iloc[1])
    assert_allclose(table.z.iloc[0], -table.z.iloc[1])


def test_a_group_that_is_not_in_the_counts_is_not_tested() -> None:
    """It may not be kept apart there: its share is 0, but it has no ratio, test or shortfall."""
    force = drawn("race n\nblack 120\nwhite 300")
    area = drawn("race n\nblack 3000\nwhite 6000\nmultiple 900")
    table = representation(force, area, group="race").set_index("group")
    row = table.loc["multiple"]
    assert row.share == 0 and row.x == 0 and row.expected > 38
    figures = "ratio ratio_low ratio_high z p_value p_exact p_adjusted shortfall hires_needed"
    assert row[figures.split()].isna().all()
    assert "nobody of this group in the counts" in row.reason and "no test" in row.reason
    assert_allclose(table.p_adjusted[["black", "white"]], pr.holm(table.p_value)[[0, 2]])


def test_nobody_of_a_group_that_is_kept_is_a_figure() -> None:
    """A row with 0 says that the group is kept: a ratio of 0, a shortfall and a test."""
    force = drawn("race n\nwhite 100\nblack 0")
    area = drawn("race n\nblack 20\nwhite 80")
    row = representation(force, area, group="race").set_index("group").loc["black"]
    assert row.share == 0 and row.ratio == 0 and row.ratio_low == 0 and row.shortfall == 20
    assert_allclose(row.ratio_high, pr.clopper_pearson(0, 100).high / 0.2)
    assert_allclose(row.p_value, pr.binomial_test(0, 100, 0.2).p_value)
    assert pd.isna(row.reason)


def test_nobody_and_everybody_where_many_are_expected() -> None:
    """0 of 100 where 50 are expected, and 100 of 100: limits with a width, also at the ends."""
    force = drawn("race n\na 100\nb 0")
    table = representation(force, drawn("race n\na 1\nb 1"), group="race").set_index("group")
    ends = table[["ratio_low", "ratio_high"]]
    assert_allclose(ends.loc["a"], np.array(pr.clopper_pearson(100, 100)) / 0.5)
    assert_allclose(ends.loc["b"], np.array(pr.clopper_pearson(0, 100)) / 0.5)
    assert "test: z" in table.method["a"]


def test_unknown_race_is_not_in_the_share() -> None:
    """Shares are of employees with a known group; the others are counted."""
    force = drawn("race n\nblack 10\nwhite 80\n- 10")
    row = representation(force, drawn("race n\nblack 1\nwhite 4"), group="race").iloc[0]
    assert row.n == 90 and row.unknown == 10
    assert_allclose(row.share, 10 / 90)


def test_within_job_category() -> None:
    """Each category against the same community, which `method` says."""
    force = drawn("""
     race   rank         n
     black  officer     30
     white  officer     70
     black  sergeant     2
     white  sergeant    18
    """)
    area = drawn("race n\nblack 25\nwhite 75")
    table = representation(force, area, group="race", within="rank").set_index(
        ["stratum", "group"]
    )
    assert_allclose(table.ratio[[("officer", "black"), ("sergeant", "black")]], [1.2, 0.4])
    assert "the same residents for every rank" in table.method["officer", "black"]
    assert_allclose(table.p_adjusted, pr.holm(table.p_value))


def test_trend_over_years_with_one_survey_and_with_many() -> None:
    """One survey year serves all snapshots; surveys of several years go with their year."""
    force = drawn("""
     race   year   n
     black  2016  30
     white  2016  70
     black  2017  40
     white  2017  60
    """)
    one = drawn("race year n\nblack 2017 25\nwhite 2017 75")
    many = pd.concat([one, drawn("race year n\nblack 2016 50\nwhite 2016 50")])
    ratio = {}
    for name, area in (("one", one), ("many", many)):
        table = representation(force, area, group="race", within="year")
        ratio[name] = table[table.group == "black"].set_index("stratum").ratio.to_dict()
    assert ratio == {"one": {"2016": 1.2, "2017": 1.6}, "many": {"2016": 0.6, "2017": 1.6}}


def test_empty_benchmark_cells_have_reasons() -> None:
    """0 people of a group: no ratio, no test; 0 people with a known group: no share."""
    force = drawn("race n\nblack 5\nwhite 95")
    table = representation(force, drawn("race n\nblack 0\nwhite 75"), group="race")
    black = table.set_index("group").loc["black"]
    assert np.isnan([black.ratio, black.z, black.p_value, black.p_exact]).all()
    assert "residents: 0 people of this group" in black.reason
    assert black.shortfall == -5
    assert "everyone is of this group" in table.set_index("group").reason["white"]


def test_different_groups_are_refused() -> None:
    """A roster with 'asian_pacific' does not meet a census with 'asian' and 'nhpi'."""
    with pytest.raises(ValueError, match="only the counts have asian_pacific"):
        representation(drawn("race n\nasian_pacific 3\nwhite 9"), DAVIDSON, group="race")


def test_people_without_a_known_group_are_left_out_of_the_total_unless_asked_for():
    """By hand: 30 of 100 known is .30; 30 of 120 employees is .25."""
    staff = pd.DataFrame({"race": ["black", "white", None], "n": [30, 70, 20]})
    town = pd.DataFrame({"race": ["black", "white"], "n": [500, 500]})
    left_out = representation(staff, town, group="race").set_index("group").loc["black"]
    kept = representation(staff, town, group="race", include_unknown=True)
    kept = kept.set_index("group").loc["black"]
    assert (left_out["n"], left_out["share"], left_out["shortfall"]) == (100, 0.30, 20)
    assert (kept["n"], kept["share"], kept["shortfall"]) == (120, 0.25, 30)
    assert left_out["unknown"] == kept["unknown"] == 20
    assert "without a known group" in kept["method"]


# ---- growth, screens, other benchmarks -----------------------------------------------------

SCREENS = ["screen_any_difference", "screen_whole_person", "screen_80", "screen_two_sd"]


def test_hires_needed_among_new_posts() -> None:
    """30 of 100 where 40 % are expected; 20 new posts: .4 * 120 - 30 = 18 of them; 5: more than 5.

    With no new posts it is the shortfall, and never less than 0.
    """
    force, area = drawn("race n\na 30\nb 70"), drawn("race n\na 40\nb 60")
    found = {
        growth: representation(force, area, group="race", growth=growth).set_index("group")
        for growth in (0, 5, 20)
    }
    assert {k: t.hires_needed_growth["a"] for k, t in found.items()} == {0: 10, 5: 12, 20: 18}
    assert {k: t.hires_needed_growth["b"] for k, t in found.items()} == {0: 0, 5: 0, 20: 2}
    assert found[0].shortfall["a"] == 10 and found[20].growth["a"] == 20
    assert "the 5 new posts alone are not enough" in found[5].reason["a"]
    assert found[20].reason.isna().all()
    assert (30 + 18) / 120 >= 0.4 > (30 + 17) / 120


@pytest.mark.parametrize("growth", [-1, 2.5, True, "3"])
def test_growth_is_a_number_of_posts(growth) -> None:
    """No fraction of a post, and no cut."""
    with pytest.raises(ValueError, match="whole number of posts"):
        representation(drawn("race n\na 3\nb 7"), drawn("race n\na 4\nb 6"), group="race",
                       growth=growth)  # fmt: skip


@pytest.mark.parametrize(
    ("x", "n", "share", "met"),
    [
        # a worked example of utilisation rules (BAI, affirmative action planning help pages):
        # 23.5 % of 68 where 26.8 % are available: 2.24 persons (2.22 of whole people), 21.4 % is
        # not more than 23.5 %
        (16, 68, 268, (True, True, False, False)),
        # the same source: 20 % of 40 where 30 % are available: 9.6 expected at 80 %, 8 employed
        (8, 40, 300, (True, True, True, False)),
        # Hazelwood 1977, note 14 and 17: 5.5 and 1.6 standard deviations below
        (10, 282, 154, (True, True, True, True)),
        (10, 282, 57, (True, True, True, False)),
        # by hand: half a person short; exactly .8; exactly the share; more than the share
        (2, 10, 250, (True, False, False, False)),
        (20, 100, 250, (True, True, False, False)),
        (25, 100, 250, (False, False, False, False)),
        (40, 100, 250, (False, False, False, False)),
    ],
)
def test_screens_of_utilisation(x: int, n: int, share: int, met: tuple[bool, ...]) -> None:
    """Any difference, one whole person, 80 %, two standard deviations."""
    force = pd.DataFrame({"race": ["a", "b"], "n": [x, n - x]})
    area = pd.DataFrame({"race": ["a", "b"], "n": [share, 1000 - share]})
    row = representation(force, area, group="race").iloc[0]
    assert tuple(row[SCREENS]) == met


def test_two_standard_deviations_are_met_exactly() -> None:
    """40 of 100 where half are expected: z is -2."""
    table = representation(drawn("race n\na 40\nb 60"), drawn("race n\na 1\nb 1"), group="race")
    assert_allclose(table.z, [-2, 2])
    assert table.screen_two_sd.tolist() == [True, False]


def test_screens_are_missing_where_there_is_nothing_to_screen() -> None:
    """Not False: a group that is not kept apart, a stratum of nobody, nobody in the benchmark."""
    force = drawn("race n\nblack 120\nwhite 300")
    area = drawn("race n\nblack 3000\nwhite 6000\nmultiple 900")
    table = representation(force, area, group="race").set_index("group")
    assert table.dtypes[SCREENS].eq("boolean").all()
    assert table.loc["multiple", SCREENS].isna().all()
    assert table.hires_needed_growth.isna()["multiple"]
    none = representation(
        drawn("race rank n\na x 5\nb x 5\na y 0\nb y 0"), drawn("race n\na 1\nb 1"),
        group="race", within="rank",
    )  # fmt: skip
    assert none[none.stratum == "y"][SCREENS].isna().all(axis=None)
    empty = representation(drawn("race n\na 5\nb 5"), drawn("race n\na 0\nb 9"), group="race")
    assert empty.set_index("group").loc["a", ["screen_80", "screen_two_sd"]].isna().all()


def applicants(table: pd.DataFrame):
    """Make a count table of applicants."""
    from equity.counts import CountTable

    ledger = pd.DataFrame(columns=["step", "because", "rows", "left_out"])
    return CountTable(table, ("race", "posting"), (), ledger, {"table": "applicants"})


def test_an_applicant_pool_is_a_benchmark() -> None:
    """Added up over postings, a full count; people of unknown race are left out of it."""
    pool = applicants(
        drawn("race posting n\nblack A 60\nblack B 40\nwhite A 200\nwhite B 100\n- A 90")
    )
    force = drawn("race n\nblack 20\nwhite 80")
    table = representation(force, pool, group="race").set_index("group")
    assert table.population.to_dict() == {"black": 100, "white": 300}
    assert (table.population_share_se == 0).all() and set(table.benchmark) == {"applicants"}
    assert table.shortfall["black"] == 5
    plain = representation(force, drawn("race n\nblack 100\nwhite 300"), group="race")
    same = [c for c in plain if c != "benchmark"]
    pd.testing.assert_frame_equal(plain[same], table.reset_index()[same])
    both = representation(force, {"those who applied": pool, "adults": DAVIDSON}, group="race")
    assert set(both.benchmark) == {"those who applied", "adults"}


def test_an_applicant_pool_by_the_same_strata() -> None:
    """Each posting's hires against its own applicants."""
    pool = applicants(drawn("race posting n\nblack A 60\nblack B 10\nwhite A 40\nwhite B 90"))
    hired = drawn("race posting n\nblack A 5\nblack B 2\nwhite A 5\nwhite B 8")
    table = representation(hired, pool, group="race", within="posting")
    shares = table[table.group == "black"].set_index("stratum").population_share
    assert shares.to_dict() == {"A": 0.6, "B": 0.1}


def test_women_and_men_and_race_by_sex_are_groups_like_any_other() -> None:
    """20 women of 100 where half are women; then race and sex crossed."""
    sex = representation(
        drawn("sex n\nfemale 20\nmale 80"), drawn("sex n\nfemale 1\nmale 1"), group="sex"
    )
    assert sex.set_index("group").shortfall.to_dict() == {"female": 30, "male": -30}
    groups = ["black female", "black male", "white female", "white male"]
    force = pd.DataFrame({"race_sex": groups, "n": [2, 10, 15, 73]})
    area = pd.DataFrame({"race_sex": groups, "n": [1, 1, 2, 2]})
    crossed = representation(force, area, group="race_sex").set_index("group")
    assert crossed.shortfall["black female"] == 15
    assert_allclose(crossed.ratio["black female"], 0.02 / (1 / 6))


# ---- residents who are told by race and sex ------------------------------------------------

CENSUS = drawn("""
 race   sex      n  moe place_n place_moe
 black  female 600   30    2000         0
 black  male   200   40    2000         0
 white  female 500    0    2000         0
 white  male   700   60    2000         0
""")


def test_residents_by_race_and_sex_by_hand() -> None:
    """By race 800 and 1,200; by sex 1,100 and 900; margins as the root of the squares.

    100 employees: of the 30 black ones 6 are women, of the 70 white ones 14. Black women are 600
    of 2,000, so 30 are expected and 24 short; women 1,100 of 2,000: 55 expected, 35 short.
    """
    staff = drawn("""
     race   sex     n
     black  female  6
     black  male   24
     white  female 14
     white  male   56
    """).assign(race_sex=lambda t: t.race + " " + t.sex)
    by_race, by_sex, both = (
        representation(staff, CENSUS, group=g).set_index("group")
        for g in ("race", "sex", "race_sex")
    )
    assert by_race.population.to_dict() == {"black": 800, "white": 1200}
    assert_allclose(
        by_race.population_share_se["black"],
        np.sqrt(30**2 + 40**2) / 2000 / 1.645,  # the total is controlled: no error of its own
    )
    assert by_race.shortfall.to_dict() == {"black": 10, "white": -10}
    assert by_sex.population.to_dict() == {"female": 1100, "male": 900}
    assert by_sex.shortfall.to_dict() == {"female": 35, "male": -35}
    assert_allclose(by_sex.population_share_se["male"], np.sqrt(40**2 + 60**2) / 2000 / 1.645)
    assert both.shortfall["black female"] == 24 and both.expected["black female"] == 30
    assert_allclose(both.ratio["white male"], 0.56 / 0.35)
    strata = representation(staff, CENSUS, group="race", within="sex")
    black = strata[strata.group == "black"].set_index("stratum")
    assert black.population_total.to_dict() == {"female": 1100, "male": 900}  # each its own
    assert_allclose(black.share, [6 / 20, 24 / 80])


def test_adding_up_over_sex_never_hides_anything() -> None:
    """Another place or year is still refused; a row for everybody counts people twice."""
    staff = drawn("race n\nblack 30\nwhite 70")
    two = pd.concat([CENSUS.assign(year=2020), CENSUS.assign(year=2023)])
    with pytest.raises(ValueError, match="more than one year: 2020, 2023"):
        representation(staff, two, group="race")
    both = pd.concat([CENSUS, drawn("race sex n\nblack both 800\nwhite both 1200")])
    with pytest.raises(ValueError, match="2 rows for everybody among rows by sex"):
        representation(staff, both, group="race")
    twice = pd.concat([CENSUS, CENSUS]).assign(district=list("aaaabbbb"))
    with pytest.raises(ValueError, match="more than one row for group 'black'"):
        representation(staff, twice, group="race")
    half = CENSUS.assign(n=[600, np.nan, 500, 700])
    found = representation(staff, half, group="race").set_index("group")
    assert "no number of people of this group" in found.reason["black"]


@pytest.mark.parametrize(
    ("group", "says"),
    [
        ("sex", "'Census' does not tell residents by sex, only by race. Choose another"),
        ("race_sex", "'Census' does not tell residents by race and sex at once, only by race"),
    ],
)
def test_residents_who_are_not_told_by_sex_are_no_benchmark_by_sex(group: str, says: str) -> None:
    """In words that the page can show; also where the column is there for other benchmarks."""
    staff = drawn("sex race_sex n\nfemale x~female 30\nmale x~male 70")
    for town in (DAVIDSON, DAVIDSON.assign(sex=np.nan)):
        with pytest.raises(ValueError, match=says):
            representation(staff, {"Census": town}, group=group)


def test_nobody_of_a_race_and_sex_that_both_occur_is_a_figure() -> None:
    """There are black people and women among the staff, and no black women: a share of 0."""
    staff = pd.DataFrame({"race_sex": ["black male", "white female", "white male"], "n": 20})
    town = pd.concat([CENSUS, drawn("race sex n moe\nasian female 50 0\nasian male 50 0")])
    table = representation(staff, town, group="race_sex").set_index("group")
    black = table.loc["black female"]
    assert black.share == 0 and black.ratio == 0 and black.shortfall == 18  # 60 * 600 / 2,100
    assert pd.isna(black.reason)
    assert "it is not kept apart" in table.reason["asian female"]


def test_residents_told_by_sex_alone() -> None:
    """They serve a comparison of women and men, and say why they serve no other."""
    town = drawn("sex n\nfemale 1\nmale 1").assign(race=np.nan)
    staff = drawn("race sex n\na female 20\nb male 80")
    assert representation(staff, town, group="sex").shortfall.tolist() == [30, -30]
    with pytest.raises(ValueError, match="does not tell residents by race, only by sex"):
        representation(staff, town, group="race")


def test_a_sex_that_the_residents_do_not_tell_is_left_out_and_said() -> None:
    """3 nonbinary of 103: a census of women and men has no share for them."""
    staff = drawn("sex n\nfemale 20\nmale 80\nnonbinary 3")
    table = representation(staff, drawn("sex n\nfemale 1\nmale 1"), group="sex")
    assert table.n.eq(100).all() and table.group.tolist() == ["female", "male"]
    assert table.method.str.contains("without 3 nonbinary: not told by residents").all()
    told = representation(staff, drawn("sex n\nfemale 1\nmale 1\nnonbinary 0"), group="sex")
    assert told.n.eq(103).all()
