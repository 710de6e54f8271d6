"""What a page does with files that it has not, columns that it lacks, and results made before."""

from __future__ import annotations

import pandas as pd
import pytest

import equity as eq
from equity import widgets

LABELS = {"subject_race": {"white": "White", "black": "Black", "hispanic": "Hispanic"}}


@pytest.fixture
def counts() -> eq.CountTable:
    rows = pd.DataFrame(
        {
            "subject_race": ["white"] * 30 + ["black"] * 40 + ["hispanic"] * 20,
            "district": ["A", "B"] * 45,
            "search_conducted": pd.array([True, False, False] * 30, dtype="boolean"),
        }
    )
    about = {"labels": LABELS, "agency": "Drawn"}
    return eq.count(
        rows, by=["subject_race", "district"], of=["search_conducted"], provenance=about
    )


def options(choice) -> list[str]:
    return [words for words, _ in choice.options]


def test_the_group_looked_at_is_never_the_one_compared_with(counts):
    group = widgets.choose_group(counts, {"subject_race": "Race"})
    reference = widgets.choose_reference(counts, group)
    other = widgets.choose_other(counts, group, reference)
    assert options(other) == ["Black", "Hispanic"]
    assert other.picked == "black"  # the largest of them
    reference.value = "black"
    assert options(other) == ["White", "Hispanic"]
    assert other.picked == "white"
    assert widgets.choose_other(None, group, reference).picked is None


def test_a_column_is_named_only_where_it_parts_the_counts(counts):
    assert widgets.column(counts, "district") == "district"
    assert widgets.column(counts.where(district="A"), "district") is None
    assert widgets.column(counts, "beat") is None
    assert widgets.column(None, "district") is None


def test_benchmarks_by_district_are_found_among_the_others():
    table = pd.DataFrame(
        {"benchmark": ["city", "areas"], "district": [None, "A"], "race": "white", "n": [9, 4]}
    )
    residents = eq.CountTable(table, ("benchmark", "district", "race"), (), pd.DataFrame(), {})
    assert list(widgets.by_district(residents)) == ["areas"]
    assert widgets.by_district(None) == {}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"of": "contraband_found"}, "whether contraband was found"),
        ({"of": "body_camera_on"}, "body camera on"),
        ({"of": "search_conducted", "within": "reason_for_stop"}, "the reason for stop"),
        ({"of": "search_conducted", "group": "subject_sex", "reference": "male"}, "the sex"),
    ],
)
def test_what_the_records_do_not_hold_is_said_in_words(counts, asked, said):
    panel = widgets.show(
        counts,
        eq.rates,
        eq.charts.rates,
        **{"group": "subject_race", "reference": "white"} | asked,
    )
    assert said in panel.absent and "cannot be shown" in panel.absent
    assert "column" not in panel.absent
    assert (panel.title, panel.problem) == ("", ""), "nothing went wrong"


def test_an_argument_that_is_not_given_is_looked_at_too(counts):
    panel = widgets.show(
        counts, eq.kpt_test, eq.charts.kpt_test, group="subject_race", reference="white"
    )
    assert "whether contraband was found" in panel.absent


def test_no_benchmark_by_district_is_said(counts):
    panel = widgets.show(
        counts, eq.stop_rates, eq.charts.stop_rates, residents={}, group="subject_race",
        reference="white",
    )  # fmt: skip
    assert "No benchmark" in panel.absent


def test_a_stored_result_is_shown_under_the_name_of_its_measure(counts):
    table = eq.rates(counts, of="search_conducted", group="subject_race", reference="white")
    about = {"labels": LABELS, "agency": "Drawn", "measure": {"name": "rates"}}
    stored = eq.CountTable(table, ("stratum", "group"), (), pd.DataFrame(), about)
    panel = widgets.show_result(stored, eq.charts.rates, group="subject_race")
    live = widgets.show(
        counts, eq.rates, eq.charts.rates, of="search_conducted", group="subject_race",
        reference="white", chart_options={"what": None},
    )  # fmt: skip
    assert panel.columns == live.columns
    assert panel.rows == live.rows
    part = widgets.show_result(
        stored, eq.charts.rates, group="subject_race", rows={"group": ["white", "black"]}
    )
    assert [row["group"] for row in part.rows] == ["Black", "White"]
    assert "no such records" in widgets.show_result(None, eq.charts.rates).absent


def test_evidence_is_held_together_only_where_there_are_stops(counts):
    assert widgets.evidence(None) is None
    seen = widgets.evidence(counts)
    assert seen is not None and seen.stops is counts and seen.residents == {}
    assert seen.labels("subject_race") == LABELS["subject_race"]


def test_a_count_file_says_what_was_done_to_times_and_what_its_rows_stand_for(tmp_path):
    from equity.agency import read_agency
    from equity.pipeline import check_agency, count_agency

    (tmp_path / "stops.csv").write_text(
        "when,race,number\n2024-01-05 10:00,white,30\n2024-02-05 23:00,black,12\n"
    )
    (tmp_path / "equity.toml").write_text(
        '[agency]\nname = "Drawn"\nplace = "Drawn"\ntimezone = "America/Chicago"\n'
        '[stops]\nformat = "stops"\nfiles = ["stops.csv"]\ntimes = "UTC"\n'
        '[stops.columns]\ndate = "when"\nsubject_race = "race"\nweight = "number"\n'
    )
    check_agency(read_agency(tmp_path))
    count_agency(read_agency(tmp_path))
    stops = widgets.load(tmp_path / "counts", "stops")
    assert stops is not None
    assert stops.provenance["notes"] == [
        "Times were in UTC and were converted to America/Chicago.",
        "2 rows of the file stand for 42 stops.",
    ]
    said = [p.value for p in widgets.sources(stops).children if hasattr(p, "value")]
    assert any("2 rows of the file stand for 42 stops." in words for words in said)


def test_an_empty_selection_is_said_in_plain_words():
    """Spring 2024 had no applicants of 2022: that is no lack of known races."""
    rows = pd.DataFrame({"race": ["a", "b"], "year": [2022, 2024], "posting": ["old", "spring"]})
    rows["hired"] = pd.array([True, False], dtype="boolean")
    counts = eq.count(rows, by=["race", "year", "posting"], of=["hired"])
    year = widgets.choose(counts, "year", "Year", all="All years")
    posting = widgets.choose(counts, "posting", "Posting", all="All postings")
    asked = []

    def measure(counts, **arguments):
        asked.append(counts)
        return eq.funnel(counts, stages=["hired"], **arguments)

    where = {"year": year, "posting": posting}
    panel = widgets.show(counts, measure, eq.charts.funnel, where=where, group="race")
    year.value = 2022
    asked.clear()
    posting.value = "spring"
    assert panel.absent == "Nobody is left with these choices." and not asked


def test_people_of_whom_nobody_in_the_selection_has_a_known_group_are_told_so():
    rows = pd.DataFrame({"race": ["a", "b", None], "year": [2022, 2022, 2024]})
    counts = eq.count(rows, by=["race", "year"])
    year = widgets.choose(counts, "year", "Year", all="All years")
    panel = widgets.show(
        counts, eq.representation, eq.charts.representation, where={"year": year}, group="race",
        residents=pd.DataFrame({"race": ["a", "b"], "n": [10, 20]}),
    )  # fmt: skip
    assert panel.title
    year.value = 2024
    assert panel.absent == (
        "The race or ethnicity of nobody in these records is known, so this cannot be shown."
    )


def test_a_test_of_drivers_says_so_where_others_are_chosen(counts):
    kind = widgets.choice("Who was stopped", ["vehicular", "pedestrian"], all="All", value=None)
    of_drivers = eq.CountTable(
        counts.table.assign(type="vehicular"), (*counts.by, "type"), counts.of, counts.ledger,
        counts.provenance,
    )  # fmt: skip
    asked = {"of": "search_conducted", "group": "subject_race", "reference": "white"}
    panel = widgets.show(of_drivers, eq.rates, eq.charts.rates, where={"type": kind}, **asked)
    assert panel.title
    kind.value = "pedestrian"
    assert panel.absent == "This test is for drivers only."
    place = widgets.choice("District", ["A", "C"], all="All", value="C")
    panel = widgets.show(counts, eq.rates, eq.charts.rates, where={"district": place}, **asked)
    assert panel.absent == "There are no records of this choice here (District: C)."


def test_a_model_that_was_not_run_is_told_from_one_that_cannot_be_fitted(counts):
    assert "the records lack whether contraband was found" in widgets.unfitted(counts)
    full = eq.CountTable(
        counts.table, counts.by, (*counts.of, "contraband_found"), counts.ledger, {}
    )
    assert widgets.unfitted(full).startswith("The model was not run for these counts")
    one = full.where(district="A")
    assert "cannot be fitted: the records lack the areas of stops" in widgets.unfitted(one)


def test_numbers_that_are_rounded_are_said_to_be(counts):
    """Only where the table says so, as `equity.disclosure.passes` does."""

    def rounded_to(words):
        def measure(counts, **call):
            return eq.rates(counts, **call).assign(method=words)

        return widgets.show(
            counts, measure, eq.charts.rates, of="search_conducted", group="subject_race",
            reference="white",
        ).notes  # fmt: skip

    said = rounded_to("x; numbers of people rounded to the nearest 10, figures as printed")
    assert said.endswith("Numbers of stops are rounded to tens; 0 means none.")
    assert "to the nearest 20; 0" in rounded_to("x; numbers of people rounded to the nearest 20,")
    assert "rounded" not in rounded_to("x")
