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
    assert address.shown == "Shown: District South; Year of the roster: 2022."


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
    assert panel.shown == "Shown: District: East Side; Year 2022."
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
