"""The words of choices: on the page, in its address, in a figure's sentence; no browser needed."""

from __future__ import annotations

import pandas as pd
import pytest
import stand_in

import equity as eq
from equity import widgets
from equity.widgets._choices import slug


def counts_of(column: str, values: list) -> eq.CountTable:
    return eq.count(pd.DataFrame({column: values}), by=[column])


def options(choice) -> list[str]:
    return [words for words, _ in choice.options]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("EAST SIDE", "East Side"),
        ("HARBOR", "Harbor"),
        ("CITY OF THE LAKE", "City of the Lake"),
        ("O'HARE", "O'Hare"),
        ("ST. MARY'S", "St. Mary's"),
        ("ZONE K9 NE III", "Zone K9 NE III"),
        ("pedestrian", "Pedestrians"),
        ("vehicular", "Drivers"),
        ("day tour", "Day Tour"),
        ("McKinley", "McKinley"),
        ("NW", "NW"),
        ("CID", "CID"),
        ("1", "1"),
    ],
)
def test_a_value_of_a_file_is_shown_as_people_write_it(value, words):
    choice = widgets.choose(counts_of("district", [value, "Other Place"]), "district", "District")
    assert words in options(choice)
    assert value in [key for _, key in choice.options], "the measure gets what the file has"


def test_values_that_differ_in_capitals_only_stay_as_they_are():
    choice = widgets.choose(counts_of("district", ["HARBOR", "harbor", "NORTH"]), "district", "D")
    assert options(choice) == ["HARBOR", "North", "harbor"]


def test_numbers_and_words_that_the_counts_carry_are_left_alone():
    assert options(widgets.choose(counts_of("year", [2021, 2022]), "year", "Y")) == [
        "2021",
        "2022",
    ]
    race = widgets.choose(stand_in.counts(), "race", "Race")
    assert set(options(race)) == set(stand_in.GROUPS.values())


def test_an_address_has_the_words_of_a_choice_and_old_links_still_open():
    choice = widgets.choice(
        "Employees", [True, False], all="All", labels={False: "Civilian staff"}
    )
    bar = widgets.choices_bar(choice)
    address = bar.children[-1]
    address.asked = {"employees": "civilian-staff"}
    assert choice.picked is False
    assert address.chosen == {"employees": "civilian-staff"}
    address.asked = {"employees": "True"}
    assert choice.picked is True
    address.asked = {"employees": "False"}
    assert choice.picked is False
    assert address.missed == ""


def test_words_that_would_read_alike_in_an_address_keep_their_keys_there():
    choice = widgets.choice("Area", ["A/B", "A B", "北", "São Paulo"])
    assert list(choice.addresses.values()) == ["A/B", "A B", "北", "sao-paulo"]
    for key, text in choice.addresses.items():
        assert choice.named(text) == key
    assert choice.named("nowhere") is None
    assert slug("São Paulo") == "sao-paulo"


def test_what_an_address_asks_for_in_vain_is_told_until_something_is_chosen():
    choice = widgets.choice("District", ["North", "South"], all="All districts")
    newest = widgets.choice("Year of the roster", [2021, 2022], value=2022)
    address = widgets.choices_bar(choice, newest).children[-1]
    address.asked = {"district": "NOWHERE", "year-of-the-roster": "x" * 400}
    assert address.missed == (
        "Not available here: district NOWHERE. Showing all. "
        f"Not available here: year of the roster {'x' * 40}…. Showing 2022."
    )
    assert (choice.picked, newest.picked) == (None, 2022)
    choice.value = "South"
    assert address.missed == ""
    assert address.shown == "Shown: District: South; Year of the roster: 2022."


def test_a_hidden_choice_is_not_spoken_of():
    one = widgets.choose(None, "district", "District", all="All districts")
    assert widgets.choices_bar(one).children[-1].shown == ""


def test_a_figure_names_its_choices_and_where_its_file_ends():
    counts = stand_in.counts()
    district = widgets.choose(counts, "district", "District", all="All districts")
    year = widgets.choose(counts, "year", "Year", all="All years")
    panel = widgets.show(
        counts,
        stand_in.rates,
        stand_in.chart,
        where={"district": district, "year": year},
        of="searched",
        group="race",
        reference="white",
        filename="rates",
    )
    assert panel.shown == ""
    district.value, year.value = "EAST SIDE", 2022
    assert panel.shown == "Shown: District: East Side; Year: 2022."
    assert panel.source == (
        "Source: Scratch Police Department (fictional sample data), Stops of drivers; "
        "the file covers January 1, 2021 to December 31, 2022."
    )
    assert panel.fictional
    assert panel.filename == "rates-district-east-side-year-2022"
    district.value = year.value = ""
    assert (panel.shown, panel.filename) == ("", "rates")


def test_the_tables_about_a_file_say_that_it_is_fictional():
    panel = widgets.who(stand_in.counts(), "stops")
    assert isinstance(panel, widgets.Panel)
    assert panel.fictional and "fictional sample data" in panel.source


def asked(where, **more):
    return widgets.show(
        stand_in.counts(), stand_in.rates, stand_in.chart, where=where, of="searched",
        group="race", reference="white", filename="rates", **more,
    )  # fmt: skip


def test_a_choice_for_a_column_that_the_counts_lack_is_named_and_not_applied():
    year = widgets.choose(stand_in.counts(), "year", "Year", all="All years")
    kind = widgets.choice("Who was stopped", ["vehicular", "pedestrian"], all="All")
    force = widgets.choice("Force", ["yes", "no"], all="All")
    panel = asked({"year": year, "type": kind, "force": force})
    assert panel.follows == [year.model_id]
    assert (panel.shown, panel.unfollowed) == ("", "")
    whole = panel.rows
    kind.value = "vehicular"
    assert panel.shown == ""
    assert panel.unfollowed == "This picture does not change with: Who was stopped."
    assert (panel.rows, panel.filename, panel.problem) == (whole, "rates", "")
    year.value, force.value = 2022, "no"
    assert panel.shown == "Shown: Year: 2022."
    assert panel.unfollowed == "This picture does not change with: Who was stopped, Force."
    assert panel.rows != whole and panel.filename == "rates-year-2022"
    kind.value = force.value = ""
    assert panel.unfollowed == ""


def test_what_is_not_followed_is_computed_once():
    seen = []

    def counted(counts, **arguments):
        seen.append(1)
        return stand_in.rates(counts, **arguments)

    kind = widgets.choice("Who was stopped", ["vehicular", "pedestrian"], all="All")
    widgets.show(
        stand_in.counts(), counted, stand_in.chart, where={"type": kind}, of="searched",
        group="race", reference="white",
    )  # fmt: skip
    kind.value = "vehicular"
    assert len(seen) == 1


def test_a_fixed_value_for_a_column_that_the_counts_lack_is_a_mistake():
    panel = asked({"type": "vehicular"})
    assert "'type'" in panel.absent and panel.unfollowed == ""


def test_a_choice_that_a_figure_ignores_on_purpose_is_named():
    district = widgets.choose(stand_in.counts(), "district", "District", all="All districts")
    reference = widgets.choice("Compared with", ["white", "black"])
    panel = asked({}, unfollowed=[district, reference])
    assert panel.unfollowed == "", "as it was at first"
    district.value, reference.value = "North", "black"
    assert panel.unfollowed == "This picture does not change with: District, Compared with."
    assert panel.shown == ""


def test_a_stored_result_names_every_choice_made():
    year = widgets.choice("Year", [2021, 2022], all="All years")
    counts = stand_in.counts()
    table = stand_in.rates(counts, of="searched", group="race", reference="white")
    stored = eq.CountTable(table, ("stratum", "group"), (), pd.DataFrame(), counts.provenance)
    panel = widgets.show_result(stored, stand_in.chart, where={"year": year})
    assert panel.unfollowed == ""
    year.value = 2022
    assert (panel.shown, panel.unfollowed) == ("", "This picture does not change with: Year.")


def test_what_is_missing_is_said_in_the_words_that_are_given():
    words = "The file has no date of each stop, so months cannot be shown."
    panel = widgets.show(None, stand_in.rates, stand_in.chart, missing=words)
    assert (panel.absent, panel.problem, panel.title) == (words, "", "")
    assert widgets.show_result(None, stand_in.chart, missing=words).absent == words
    assert "no date of each stop" in widgets.who(None, "stops", missing=words).value
    assert "no such records" in widgets.show(None, stand_in.rates, stand_in.chart).absent
    assert "names no stops" in widgets.who(None, "stops").value


def test_a_choice_of_several_at_once_leaves_no_figure_at_work():
    year = widgets.choose(stand_in.counts(), "year", "Year", all="All years")
    district = widgets.choose(stand_in.counts(), "district", "District", all="All districts")
    panel = asked({"year": year, "district": district})
    states = []
    panel.observe(lambda change: states.append(change["new"]), names="busy")
    widgets.choices_bar(year, district).children[-1].asked = {"year": "2022", "district": "north"}
    assert panel.shown == "Shown: Year: 2022; District: North."
    assert states == [True, False]
    year.value = ""
    states.clear()
    year.value = 2022  # computed before
    assert states == []


RULE = {
    "id": "S14", "says": "Race is missing in at most 5% of the rows.", "severity": "warn",
    "outcome": "failed", "tested": 1000, "bad": 336, "share": 0.336, "examples": ["a-name"],
    "unit": "rows", "because": "", "do": "Ask why race is missing.",
}  # fmt: skip


def test_what_the_data_checks_found_is_listed_with_what_happened_to_the_rows():
    counts = stand_in.counts()
    aside = {**RULE, "severity": "set the row aside", "says": "No row twice.", "bad": 1,
             "tested": 9000, "share": 1 / 9000}  # fmt: skip
    columns = {**RULE, "says": "Every column holds a value.", "unit": "columns", "bad": 3}
    unable = {**RULE, "says": "A rule.", "outcome": "could not run", "bad": None, "tested": None}
    passed = {**RULE, "says": "Fine.", "outcome": "passed"}
    notes = ["Times were in UTC and were converted to America/Chicago."]
    counts.provenance.update(
        table="stops", checks=[RULE, aside, columns, unable, passed], notes=notes,
        sources=[{"file": "stops.csv", "sha256": "0" * 64}],
    )  # fmt: skip
    shown = widgets.sources(counts, counts).children
    panel = next(p for p in shown if getattr(p, "title", "") == "What the data checks found")
    assert [tuple(row.values()) for row in panel.rows] == [
        (
            "No row twice.",
            "1 of 9,000 rows",
            "Set aside: in no figure",
            "Ask why race is missing.",
        ),
        (
            RULE["says"],
            "336 of 1,000 rows (33.6%)",
            "Kept and counted",
            "Ask why race is missing.",
        ),
        (columns["says"], "3 of 1,000 columns", "Nothing is set aside", RULE["do"]),
        ("A rule.", "could not be tested", "Nothing is set aside", RULE["do"]),
    ]
    assert "a-name" not in str(panel.rows), "no value of a record"
    assert any(notes[0] in p.value for p in shown if hasattr(p, "value"))


def test_where_every_rule_held_nothing_is_listed():
    counts = stand_in.counts()
    counts.provenance.update(checks=[{**RULE, "outcome": "passed"}], sources=[{"file": "a.csv"}])
    titles = [getattr(p, "title", "") for p in widgets.sources(counts).children]
    assert "What the data checks found" not in titles
