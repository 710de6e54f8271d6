"""Stanford's columns of 2017: recognised by their names, and read into the same table.

Columns and labels are those of the project's DATA-README (5harad/openpolicing); rows are made up.
Rows are drawn as text: `-` is an empty cell, `~` is a blank within a value.
"""

from __future__ import annotations

from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pytest

from equity.sources import opp

ROWS = """
id            state stop_date  stop_time county_name       driver_gender driver_age driver_race violation search_conducted search_type                          contraband_found stop_outcome     is_arrested
VT-2011-00012 VT    2011-11-27 20:15     Chittenden~County M             23         Black       Speeding  FALSE            -                                    FALSE            Citation         FALSE
RI-2005-00001 RI    2005-01-04 12:55     -                 F             NA         White       Equipment TRUE             Probable~Cause                       TRUE             Arrest~Driver    TRUE
RI-2005-00002 RI    2005-01-05 00:05     -                 M             40         Asian       -         TRUE             Probable~Cause,Incident~to~Arrest    FALSE            Arrest~Passenger TRUE
RI-2005-00003 RI    2005-02-29 24:00     -                 -             40         Hispanic    -         TRUE             Inventory,Protective~Frisk           FALSE            N/D              FALSE
RI-2005-00004 RI    2005-03-01 09:00     -                 M             40         Other       -         -                -                                    TRUE             Warning          -
RI-2005-00005 RI    2005-03-01 09:00     -                 M             40         NA          -         FALSE            -                                    TRUE             No~Action        FALSE
"""  # noqa: E501


def drawn(text: str) -> dict[str, list[str | None]]:
    head, *rows = [line.split() for line in text.strip().splitlines()]
    cells = [[None if c == "-" else c.replace("~", " ") for c in row] for row in rows]
    return {name: [row[i] for row in cells] for i, name in enumerate(head)}


ENGINES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "polars lazy": pl.LazyFrame,
    "duckdb": lambda rows: duckdb.from_arrow(pl.DataFrame(rows).to_arrow()),
}


@pytest.fixture(params=ENGINES)
def table(request: pytest.FixtureRequest) -> pd.DataFrame:
    """Return the standardised rows, as pandas, from each engine."""
    got = nw.from_native(opp.standardize(ENGINES[request.param](drawn(ROWS))))
    got = got.collect() if isinstance(got, nw.LazyFrame) else got
    return got.to_pandas()


def listed(column: pd.Series) -> list[Any]:
    return [None if v is None or v is pd.NaT or v is pd.NA or v != v else v for v in column]


def test_columns_get_our_names(table: pd.DataFrame) -> None:
    assert listed(table["stop_id"])[0] == "VT-2011-00012"
    assert [v and str(v)[:10] for v in listed(table["date"])][:4] == [
        "2011-11-27",
        "2005-01-04",
        "2005-01-05",
        None,
    ]
    assert listed(table["second_of_day"]) == [72_900, 46_500, 300, None, 32_400, 32_400]
    assert listed(table["subject_age"]) == [23, None, 40, 40, 40, 40]
    assert listed(table["reason_for_stop"])[:3] == ["Speeding", "Equipment", None]
    assert listed(table["county_name"])[0] == "Chittenden County"


def test_labels_become_ours(table: pd.DataFrame) -> None:
    assert listed(table["subject_race"]) == [
        "black",
        "white",
        "asian_pacific",
        "hispanic",
        "other",
        None,
    ]
    assert listed(table["subject_sex"]) == ["male", "female", "male", None, "male", "male"]
    assert listed(table["outcome"]) == ["citation", "arrest", "arrest", None, "warning", None]
    assert listed(table["arrest_made"]) == [False, True, True, False, None, False]


def test_of_several_grounds_the_one_that_leaves_no_choice_is_kept(table: pd.DataFrame) -> None:
    assert listed(table["search_basis"]) == [
        None,
        "probable cause",
        "incident to arrest",
        "inventory",
        None,
        None,
    ]


def test_no_contraband_without_a_search_is_missing(table: pd.DataFrame) -> None:
    # row 1: False without a search; row 5: no word on a search; row 6: contraband without one
    assert listed(table["contraband_found"]) == [None, True, False, False, True, True]
    assert listed(table["raw_contraband_found"])[0] is None  # or it would count as not read
    assert listed(table["search_conducted"]) == [False, True, True, True, None, False]


def test_what_could_not_be_read_is_kept_as_text(table: pd.DataFrame) -> None:
    assert listed(table["raw_date"])[3] == "2005-02-29"
    assert listed(table["raw_second_of_day"])[3] == "24:00"


@pytest.mark.parametrize(
    ("column", "word", "says"),
    [
        ("driver_race", "Purple", r"'driver_race' .*'Purple'.*stops.values.subject_race"),
        ("stop_outcome", "CHP 215", r"'stop_outcome' .*'chp 215'.*stops.values.outcome"),
        ("search_type", "Consent,Hunch", r"'search_type' .*'consent,hunch'.*search_basis"),
        ("driver_gender", "Q", r"'driver_gender' .*'q'"),
    ],
)
def test_a_word_without_a_meaning_is_listed(column: str, word: str, says: str) -> None:
    rows = drawn(ROWS)
    rows[column][0] = word
    with pytest.raises(ValueError, match=says):
        opp.standardize(pd.DataFrame(rows))


def test_the_analyst_says_what_a_word_means() -> None:
    rows = drawn(ROWS)
    rows["stop_outcome"][0] = "CHP 215"
    rows["search_type"][1] = "Hunch,Consent"
    got = opp.standardize(
        pd.DataFrame(rows),
        values={"outcome": {"chp 215": "citation"}, "search_basis": {"Hunch": "other"}},
    )
    assert got["outcome"][0] == "citation"
    assert got["search_basis"][1] == "consent"


def test_the_later_columns_are_preferred_where_both_are_there() -> None:
    rows = pd.DataFrame(
        {
            "date": ["2020-01-01"],
            "subject_race": ["white"],
            "stop_date": ["2019-01-01"],
            "driver_race": ["Black"],
            "contraband_found": ["FALSE"],
            "search_conducted": ["FALSE"],
        }
    )
    got = opp.standardize(rows)
    assert (str(got["date"][0])[:10], got["subject_race"][0]) == ("2020-01-01", "white")
    # 2019 and later say NA themselves; what they say is left for the data checks
    assert not got["contraband_found"][0]


def test_a_column_of_ours_that_they_do_not_have_means_something_else() -> None:
    rows = pd.DataFrame(
        {"date": ["2020-01-01"], "subject_race": ["white"], "weight": ["180"], "year": ["1998"]}
    )
    got = opp.standardize(rows)
    assert not {"weight", "year"} & set(got.columns)
