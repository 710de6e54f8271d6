"""Choices made from counts: what is on offer follows what is chosen, and nothing goes blank."""

from __future__ import annotations

import pandas as pd
import pytest

import equity as eq
from equity import widgets

LABELS = {"race": {"white": "White", "black": "Black"}, "sex": {"female": "Women", "male": "Men"}}


@pytest.fixture
def counts() -> eq.CountTable:
    rows = pd.DataFrame(
        {"race": ["black", "black", "white", None], "sex": ["female", "male", "male", "female"]}
    )
    return eq.count(rows, by=["race", "sex"], provenance={"labels": LABELS})


def options(choice) -> list[str]:
    return [words for words, _ in choice.options]


def test_the_reference_follows_the_column_that_is_compared_by(counts):
    group = widgets.choose_group(counts, {"race": "Race", "sex": "Sex"})
    reference = widgets.choose_reference(counts, group, highest="Highest rate")
    assert options(reference) == ["White", "Black", "Highest rate"]
    assert reference.picked == "white"
    group.value = "sex"
    assert options(reference) == ["Women", "Men", "Highest rate"]
    assert (reference.picked, reference.words) == ("male", "Men")
    group.value = "race"
    assert (reference.picked, reference.words) == ("white", "White")


def test_the_highest_rate_stands_for_no_named_reference(counts):
    group = widgets.choose_group(counts, {"race": "Race"})
    reference = widgets.choose_reference(counts, group, highest="Highest rate")
    reference.index = 2
    assert (reference.picked, reference.words) == (None, "Highest rate")


def test_the_highest_rate_stays_chosen_where_another_column_is_compared_by(counts):
    group = widgets.choose_group(counts, {"race": "Race", "sex": "Sex"})
    reference = widgets.choose_reference(counts, group, highest="Highest rate")
    other = widgets.choose_other(counts, group, reference)
    reference.index = 2
    assert options(other) == ["Black"], "White takes the place of the reference"
    group.value = "sex"
    assert (reference.picked, reference.words, reference.start) == (None, "Highest rate", "male")
    assert options(other) == ["Women"]
    reference.value = "female"
    assert options(other) == ["Men"]
    group.value = "race"
    assert (reference.picked, other.picked) == ("white", "black")


def test_a_figure_that_needs_one_reference_says_which_it_takes():
    rows = pd.DataFrame(
        {
            "race": ["black", "white"] * 60,
            "year": [2021, 2022, 2022, 2021] * 30,
            "hired": pd.array([True, True, False, True, False, False] * 20, dtype="boolean"),
        }
    )
    counts = eq.count(rows, by=["race", "year"], of=["hired"], provenance={"labels": LABELS})
    group = widgets.choose_group(counts, {"race": "Race"})
    reference = widgets.choose_reference(counts, group, highest="Highest rate")
    call = {"group": group, "reference": reference, "stages": ["hired"]}
    one = widgets.show(counts, eq.pooled, eq.charts.pooled, within="year", **call)
    each = widgets.show(counts, eq.adverse_impact, eq.charts.adverse_impact, **call)
    assert (one.unfollowed, each.unfollowed) == ("", "")
    before = one.rows
    reference.index = 2
    assert one.unfollowed == (
        "Compared with White here: this picture needs one group, the same throughout."
    )
    assert one.rows == before and not one.absent and each.unfollowed == ""
    reference.value = "black"
    assert one.unfollowed == "" and one.rows != before


def test_without_counts_there_is_nothing_to_choose():
    group = widgets.choose_group(None, {"race": "Race"})
    for choice in (
        widgets.choose(None, "year", "Year", all="All years"),
        widgets.choose_reference(None, group),
        widgets.choose_benchmark(None),
        widgets.choose_flag(None),
        widgets.choose_stage(None),
    ):
        assert choice.picked is None
        assert choice.layout.display == "none"


def test_the_newest_year_is_chosen_first(counts):
    rows = pd.DataFrame({"race": ["a", "b"], "year": [2021, 2023]})
    years = eq.count(rows, by=["race", "year"])
    assert widgets.choose(years, "year", "Year", newest=True).picked == 2023


def test_one_value_only_is_no_choice():
    years = eq.count(pd.DataFrame({"race": ["a"], "year": [2021]}), by=["race", "year"])
    choice = widgets.choose(years, "year", "Year", all="All years")
    assert (choice.picked, choice.layout.display) == (None, "none")


def test_several_benchmarks_can_be_seen_side_by_side_or_one_by_one():
    table = pd.DataFrame({"benchmark": ["City", "County"], "race": ["a", "a"], "n": [1.0, 2.0]})
    ledger = pd.DataFrame(columns=["step", "because", "rows", "left_out"])
    residents = eq.CountTable(table, ("benchmark", "race"), (), ledger)
    choice = widgets.choose_benchmark(residents, all="All benchmarks")
    assert options(choice) == ["All benchmarks", "City", "County"]
    assert set(choice.picked) == {"City", "County"}
    choice.index = 2
    assert set(choice.picked) == {"County"}
    choice.index = 0
    assert (set(choice.picked), choice.words) == ({"City", "County"}, "All benchmarks")


def test_a_page_lists_the_columns_to_read_and_the_download_has_them_all():
    rows = pd.DataFrame({"race": ["a", "b"], "hired": pd.array([True, False], dtype="boolean")})
    counts = eq.count(rows, by=["race"], of=["hired"])
    asked = {"group": "race", "stages": ["hired"], "reference": "b"}
    panel = widgets.show(counts, eq.adverse_impact, eq.charts.adverse_impact, **asked)
    on_page = [c["key"] for c in panel.columns if c.get("only") != "download"]
    assert 5 <= len(on_page) <= 14 < len(panel.columns)
    assert {"group", "x", "selection_rate", "impact_ratio", "below_four_fifths"} <= set(on_page)


def test_race_and_sex_at_once_is_on_offer_where_the_counts_have_it(counts):
    both = counts.crossed("race", "sex")
    assert options(widgets.choose_group(both)) == ["Race or ethnicity", "Sex", "Race and sex"]
    assert options(widgets.choose_group(counts)) == ["Race or ethnicity", "Sex"]


def test_a_figure_can_be_broken_down_by_what_the_counts_tell_apart(counts):
    one = widgets.choose_within(counts, {"sex": "Sex", "rank": "Rank"})
    assert options(one) == ["Not broken down", "Sex"] and one.picked is None
    always = widgets.choose_within(counts, {"sex": "Sex"}, all=None)
    assert options(always) == ["Sex"] and always.picked == "sex"


def test_totals_by_race_and_by_sex_are_never_added_up():
    """As Los Angeles publishes its applicants: each person once by race and once by sex."""
    rows = pd.DataFrame(
        {
            "margin": ["race", "race", "sex", "sex"],
            "race": ["white", "black", None, None],
            "sex": [None, None, "female", "male"],
            "weight": [60, 40, 30, 70],
        }
    )
    totals = eq.count(rows, by=["margin", "race", "sex"], weight="weight")
    group = widgets.choose_group(totals)
    people = widgets.by_margin(totals, group)
    for column, sizes in (("race", [40, 60]), ("sex", [30, 70])):
        group.value = column
        assert sorted(people.picked.table["n"]) == sizes
    assert widgets.by_margin(totals, "race").table["n"].sum() == 100
    assert widgets.by_margin(None, group) is None


def test_one_choice_can_stand_for_several_arguments():
    from equity.widgets._choices import Part, choices_in, resolve

    which = widgets.choice("Case", ["a", "b"])
    parts = {"x": Part(which, {"a": 1, "b": 2}), "y": [Part(which, {"a": "one", "b": "two"})]}
    assert resolve(parts) == {"x": 1, "y": ["one"]}
    which.value = "b"
    assert resolve(parts) == {"x": 2, "y": ["two"]}
    assert choices_in(parts) == [which]


def test_applicants_stand_beside_residents_as_a_benchmark(counts):
    there = pd.DataFrame({"benchmark": ["Town"] * 2, "race": ["white", "black"], "n": [70, 30]})
    residents = eq.CountTable(there, ("benchmark", "race"), (), pd.DataFrame(), {})
    chosen = widgets.choose_benchmark(
        residents, all="All", beside={"Applicants": counts, "No": None}
    )
    assert options(chosen) == ["All", "Town", "Applicants"]
    pool = chosen.picked["Applicants"].table
    assert pool.groupby("race")["n"].sum().to_dict() == {"black": 2, "white": 1}


def test_applicants_as_a_benchmark_are_told_by_race_by_sex_and_by_both():
    """Of 6 applicants the race of one and the sex of another is not known."""
    rows = pd.DataFrame(
        {
            "race": ["black", "black", "white", "white", None, "white"],
            "sex": ["female", "male", "female", "male", "female", None],
            "year": [2022, 2023, 2022, 2023, 2022, 2023],
        }
    )
    people = eq.count(rows, by=["race", "sex", "year"]).crossed("race", "sex")
    chosen = widgets.choose_benchmark(None, beside={"Applicants": people})
    found = {
        group: eq.representation(people, chosen.picked, group=group)
        for group in ("race", "sex", "race_sex")
    }
    shown = {k: t.set_index("group")["population"].to_dict() for k, t in found.items()}
    assert shown == {
        "race": {"black": 2, "white": 3},
        "sex": {"female": 3, "male": 2},
        "race_sex": {"black female": 1, "black male": 1, "white female": 1, "white male": 1},
    }
    years = eq.representation(people, chosen.picked, group="race", within="year")
    assert years["population_total"].eq(5).all()  # all years together


def test_totals_by_race_and_by_sex_do_not_tell_both_at_once():
    rows = pd.DataFrame(
        {
            "margin": ["race", "race", "sex", "sex"],
            "race": ["black", "white", None, None],
            "sex": [None, None, "female", "male"],
            "weight": pd.array([40, 60, 30, 70], "Int64"),
        }
    )
    totals = eq.count(rows, by=["margin", "race", "sex"], weight="weight").crossed("race", "sex")
    pool = widgets.choose_benchmark(None, beside={"Applicants": totals}).picked
    staff = pd.DataFrame({"sex": ["female", "male"], "race_sex": ["a female", "a male"], "n": 5})
    by_sex = eq.representation(staff, pool, group="sex").set_index("group")
    assert by_sex["population_share"].to_dict() == {"female": 0.3, "male": 0.7}
    with pytest.raises(ValueError, match="does not tell residents by race and sex at once"):
        eq.representation(staff, pool, group="race_sex")


@pytest.fixture
def staff() -> eq.CountTable:
    """Two rosters of 100: of 20 women 4 leave and 6 come, of 80 men 8 leave and 6 come."""
    rows = [
        ("female", 2024, 20, 0, 0, 4, 20),
        ("male", 2024, 80, 0, 0, 8, 80),
        ("female", 2025, 22, 6, 22, 0, 0),
        ("male", 2025, 78, 6, 78, 0, 0),
    ]
    names = ["sex", "year", "n", "joined", "joined_known", "left", "left_known"]
    table = pd.DataFrame(rows, columns=names).astype({"year": "Int64"})
    about = {"labels": {"sex": {"female": "Women", "male": "Men"}}}
    return eq.CountTable(table, ("sex", "year"), ("joined", "left"), pd.DataFrame(), about)


def test_a_plan_begins_where_the_counts_are_and_follows_what_is_moved(staff):
    from equity.widgets._choices import resolve

    group = widgets.choose_group(staff, {"sex": "Sex"})
    focal = widgets.choose_focal(staff, group)
    assert focal.picked == "female"
    plan = widgets.plan(staff, group, focal)
    share, hires, women, men, target, by_year = plan.sliders
    assert (share.value, women.value, men.value) == (0.5, 0.2, 0.1)
    assert (target.picked, by_year.picked) == (0.3, 2035)
    # untouched, the measure takes what was counted, with its uncertainty
    assert resolve(plan.arguments)["hire_share"] is None
    assert resolve(plan.arguments)["exit_rates"] == {"focal": None, "others": None}
    share.value = 0.4
    assert resolve(plan.arguments)["hire_share"] == 0.4
    assert resolve(plan.arguments)["hires"] is None
    # whoever sets how many leave has not set how many are hired: that stays as counted
    women.value = 0.1
    asked = resolve(plan.arguments)
    assert asked["exit_rates"] == {"focal": 0.1, "others": None}
    assert asked["hires"] == pytest.approx(22 * 0.2 + 78 * 0.1)
    table = eq.parity_projection(staff, group="sex", focal="female", draws=0, **asked)
    assert table["hires"].iloc[0] == pytest.approx(asked["hires"])


def test_a_plan_for_an_agency_without_a_workforce_is_no_error():
    group = widgets.choose_group(None)
    assert widgets.plan(None, group, widgets.choose_focal(None, group)).sliders


def test_worked_examples_can_be_chosen_and_are_told_with_their_source():
    case = widgets.choose_case()
    assert "Connecticut v. Teal" in options(case)
    told, shown = widgets.about_case(case), widgets.show_case(case)
    assert "457 U.S. 440" in told.value
    before = shown.title
    for words, key in case.options:
        case.value = key
        assert words.split(",")[0] in told.value or eq.case_studies.CASES[key].title in words
        assert shown.title and not shown.fictional
    assert shown.title != before


def test_a_race_that_is_known_of_nobody_stays_on_offer():
    """Withheld by law, as in Baltimore's file of 2021: the figure then says so."""
    rows = pd.DataFrame({"race": pd.Series([None, None], dtype="str"), "sex": ["female", "male"]})
    group = widgets.choose_group(eq.count(rows, by=["race", "sex"]).crossed("race", "sex"))
    assert options(group) == ["Race or ethnicity", "Sex"]


def test_a_plan_never_begins_at_zero_where_the_rates_are_not_known(staff):
    """Rosters of one year: the present share and 5 % for all, said to be assumed."""
    from equity.widgets._choices import resolve

    now = eq.CountTable(
        staff.where(year=2025).table[["sex", "year", "n"]],
        ("sex", "year"),
        (),
        staff.ledger,
        staff.provenance,
    )
    group = widgets.choose_group(now, {"sex": "Sex"})
    focal = widgets.choose_focal(now, group)
    plan = widgets.plan(now, group, focal)
    share, hires, women, men, *_ = plan.sliders
    assert (share.value, hires.value, women.value, men.value) == (0.22, 5, 0.05, 0.05)
    assert share.words == "22% assumed"
    asked = resolve(plan.arguments)
    assert (asked["hire_share"], asked["exit_rates"]) == (0.22, {"focal": 0.05, "others": 0.05})
    said = plan.note.value
    assert "hidden or not known" in said and "present share of the employees (22%)" in said
    assert "5% of every group leave" in said
    panel = widgets.show(
        now, eq.parity_projection, eq.charts.parity_projection, group=group, focal=focal,
        **plan.arguments,
    )  # fmt: skip
    assert panel.title and not panel.absent


def test_a_plan_of_counted_rates_has_nothing_to_say_of_assumptions(staff):
    group = widgets.choose_group(staff, {"sex": "Sex"})
    plan = widgets.plan(staff, group, widgets.choose_focal(staff, group))
    assert plan.note.value == "<p></p>"
    assert all(s.words.endswith("as counted") for s in plan.sliders[:4])


def _benchmarks(**sexes) -> eq.CountTable:
    rows = [(name, race, sex, 10) for name, sex in sexes.items() for race in ("black", "white")]
    table = pd.DataFrame(rows, columns=["benchmark", "race", "sex", "n"])
    return eq.CountTable(table, ("benchmark", "race", "sex"), (), pd.DataFrame(), {})


def test_residents_by_sex_are_taken_where_people_are_compared_by_sex():
    """The benchmarks without sexes go; with race they are back, and the first is chosen."""
    people = eq.count(pd.DataFrame({"race": ["black"], "sex": ["male"]}), by=["race", "sex"])
    group = widgets.choose_group(None)
    picked = widgets.choose_benchmark(
        _benchmarks(city=None, grown="female"), all="All", first=True, group=group,
        beside={"Applicants": people},
    )  # fmt: skip
    assert (picked.words, list(picked.picked)) == ("city", ["city"])
    group.value = "sex"
    assert options(picked) == ["All", "grown", "Applicants"]
    assert list(picked.picked) == ["grown"]
    picked.value = ""
    assert list(picked.picked) == ["grown", "Applicants"]
    group.value = "race"
    assert list(picked.picked) == ["city", "grown", "Applicants"]


def test_where_nobody_at_all_is_told_by_the_column_all_stay_on_offer():
    people = eq.count(pd.DataFrame({"race": ["black", "white"]}), by=["race"])
    group = widgets.choice("Compare by", {"Race": "race", "Sex": "sex"})
    made = widgets.choose_benchmark(None, "With", beside={"Applicants": people}, group=group)
    group.value = next(key for word, key in group.options if word == "Sex")
    assert [word for word, _ in made.options] == ["Applicants"]


def test_without_residents_by_sex_that_is_said_in_words():
    people = eq.count(
        pd.DataFrame({"race": ["black", "white"], "sex": ["male", "female"]}), by=["race", "sex"]
    )
    group = widgets.choose_group(people)
    picked = widgets.choose_benchmark(_benchmarks(city=None), group=group)
    panel = widgets.show(
        people, eq.representation, eq.charts.representation, group=group, residents=picked
    )
    group.value = "sex"
    assert panel.absent.startswith("No count of residents by sex is at hand")


def test_a_published_plan_begins_at_no_figure_of_one_draw(staff, tmp_path):
    """Draws that differ in who left: the rates are hidden, so an assumption stands there."""
    from equity.publish._stages import Planning, Publishing, Rules
    from equity.widgets._stage import playing

    staff.write(tmp_path / "workforce.parquet")
    other = staff.table.copy()
    other.loc[other["year"] == 2024, "left"] = [3, 9]
    other.loc[other["year"] == 2025, "joined"] = [5, 7]

    def begun(stage):
        with playing(stage):
            counts = widgets.load(tmp_path, "workforce")
            group = widgets.choose_group(counts, {"sex": "Sex"})
            plan = widgets.plan(counts, group, widgets.choose_focal(counts, group))
            words = plan.note.figure.compute()["html"]
            return [s.words for s in plan.sliders[:4]], words

    hidden, words = begun(Publishing(Rules(), {"workforce": [staff.table, other]}))
    assert hidden == ["22% assumed", "5 assumed", "5.0% assumed", "5.0% assumed"]
    assert "5% of every group leave" in words and "present share of the employees (22%)" in words
    same, words = begun(Publishing(Rules(), {"workforce": [staff.table, staff.table]}))
    assert same[2:] == ["20.0% as counted", "10.0% as counted"]
    assert words == "<p></p>"
    planning = Planning(Rules())
    assert all(w.endswith("assumed") for w in begun(planning)[0])
    assert planning.margins == {}  # what it begins with asks for nothing that a figure does not


def test_other_rows_of_the_same_table_are_not_measured_anew():
    """A choice of rows shows other rows; a choice of the reference or of a part measures again."""
    rows = pd.DataFrame({
        "race": ["white", "black", "other"] * 8, "year": [2024] * 12 + [2025] * 12,
        "searched": pd.array([True, False] * 12, dtype="boolean"),
    })  # fmt: skip
    counts = eq.count(rows, by=["race", "year"], of=["searched"])
    asked = []

    def rates(part, *, of, group, reference):
        asked.append((len(part.table), reference))
        return eq.rates(part, of=of, group=group, reference=reference)

    year = widgets.choose(counts, "year", "Year", all="All years")
    reference = widgets.choice("Compared with", ["white", "other"])
    shown = widgets.choice("Shown", ["black", "white"])
    panel = widgets.show(
        counts, rates, eq.charts.rates, where={"year": year}, rows={"group": shown},
        of="searched", group="race", reference=reference,
    )  # fmt: skip
    listed = [row["group"] for row in panel.rows]
    assert listed == ["Black"] and asked == [(6, "white")]
    shown.value = "white"
    assert [row["group"] for row in panel.rows] == ["White"] and len(asked) == 1
    year.value = 2024
    assert asked[1:] == [(3, "white")]
    reference.value = "other"
    assert asked[2:] == [(3, "other")]
