"""Rosters and applicants by a mapping: labels, rules, stages, and errors that say the way out."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from equity.sources import applicants, opp, roster

PEOPLE = pd.DataFrame(
    {
        "Race ": ["White", "Asian or Pacific Islander", "Caucasian"],
        "Title": ["Sergeant", None, "Clerk"],
    }
)
COLUMNS = {"race": "race", "title": "title"}


def lists(frame: pd.DataFrame, columns: list[str]) -> list[list[Any]]:
    return frame[columns].astype(object).where(frame[columns].notna(), None).to_numpy().tolist()


def test_labels_reach_the_scheme() -> None:
    assert lists(roster.standardize(PEOPLE, columns=COLUMNS, scheme="us1977"), ["race"]) == [
        ["white"],
        ["asian_pacific"],
        ["white"],
    ]
    table = pd.DataFrame({"Race": ["Filipino", "Middle Eastern or North African", "aian "]})
    got = roster.standardize(
        table, columns={"race": "Race"}, scheme="stanford", values={"race": {"AIAN": "aian"}}
    )
    assert lists(got, ["race"]) == [["asian_pacific"], ["white"], ["other"]]


def test_further_columns_are_kept_as_text() -> None:
    got = roster.standardize(PEOPLE, columns=COLUMNS | {"band": "Title"}, scheme="us1977")
    assert lists(got, ["band"]) == [["Sergeant"], [None], ["Clerk"]]


def test_input_is_not_changed() -> None:
    before = PEOPLE.copy()
    roster.standardize(PEOPLE, columns=COLUMNS, scheme="us1977")
    pd.testing.assert_frame_equal(PEOPLE, before)


def test_an_empty_frame_gives_an_empty_table() -> None:
    assert len(roster.standardize(PEOPLE.iloc[:0], columns=COLUMNS)) == 0


def test_equals_and_a_missing_text() -> None:
    rules = {"sworn": {"column": "title", "equals": ["sergeant"]}}
    got = roster.standardize(PEOPLE, columns=COLUMNS, scheme="us1977", rules=rules)
    assert lists(got, ["sworn"]) == [[True], [None], [False]]


def rule(flag: str = "sworn", **conditions: Any) -> dict[str, Any]:
    return {"scheme": "us1977", "rules": {flag: conditions}}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, 'Use scheme="us1977" for this table and its benchmark'),
        ({"columns": {"title": "Title"}}, "does not say which column of the file holds 'race'"),
        ({"columns": {"race": "Rcae"}}, "no column 'Rcae' for 'race' (near: 'Race ')"),
        ({"columns": COLUMNS | {"titel": "Title"}}, "Is it 'title'?"),
        ({"values": {"race": {"x": "purple"}}}, "leads to 'purple', which is not a group here"),
        ({"values": {"rase": {}}}, "values has a map for 'rase'"),
        ({"scheme": "us1066"}, "scheme='us1066' is not known"),
        ({"year": 17}, "year=17 is not a year such as 2017"),
        ({"date": "1 July"}, "date='1 July' is not a date such as 2017-07-01"),
        ({"columns": COLUMNS | {"year": "Title"}, "year": 2017}, "year is given twice"),
        (rule(column="rank", any_of=["x"]), "column='rank'"),
        (rule(column="title", begins=["x"]), "it has 'begins'"),
        (rule(column="title", any_of="x"), "must be a list of words"),
        (rule("title", column="title", any_of=["x"]), "a column of the file and a rule"),
    ],
)
def test_roster_errors(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        roster.standardize(PEOPLE, **({"columns": COLUMNS} | options))
    assert words in str(caught.value)


def test_unmapped_labels_are_listed() -> None:
    table = pd.DataFrame({"race": ["05", "30", "White"]})
    with pytest.raises(ValueError, match="no rule maps to a group: '05', '30'"):
        roster.standardize(table, columns={"race": "race"})


FLOW = pd.DataFrame(
    {
        "Race": ["White", "White", "Black", "Black"],
        "Status": ["Hired", "Tested", "Applied", "Withdrew"],
        "Test": ["Y", "Y", "N", None],
        "Hire Date": ["2020-05-01", None, None, None],
    }
)


def flow(stages: dict[str, Any], frame: pd.DataFrame = FLOW) -> list[list[Any]]:
    got = applicants.standardize(frame, columns={"race": "Race"}, stages=stages)
    return lists(got, list(stages))


def test_stages_out_of_one_status_column() -> None:
    tested = {"column": "Status", "reached": ["Tested", "Hired"], "not": ["Applied", "Withdrew"]}
    hired = {"column": "status", "reached": ["hired"], "not": "*"}
    assert flow({"tested": tested, "hired": hired}) == [
        [True, True],
        [True, False],
        [False, False],
        [False, False],
    ]


def test_stages_by_words_and_dates() -> None:
    assert flow({"tested": "Test", "hired": "Hire Date"}) == [
        [True, True],
        [True, False],
        [False, False],
        [None, False],
    ]


def test_dates_that_are_dates_already() -> None:
    typed = FLOW.assign(**{"Hire Date": pd.to_datetime(FLOW["Hire Date"])})
    assert flow({"hired": "Hire Date"}, typed) == [[True], [False], [False], [False]]


def test_a_column_of_words_that_is_all_blank_is_unknown() -> None:
    assert flow({"tested": "Test"}, FLOW.assign(Test=None)) == [[None]] * 4


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ({}, "stages must name the stages in their order"),
        ({"hired": "Status"}, "not known whether they mean reached: 'Applied', 'Tested', 'Withdr"),
        ({"hired": {"column": "Status", "reached": "Hired"}}, "must be a list of values"),
        ({"hired": {"column": "Status", "not": ["x"]}}, "or say 'column', 'reached' and 'not'"),
        ({"hired": {"column": "Status", "reached": ["a"], "not": ["A"]}}, "as reached and as not"),
        ({"race": "Status"}, "has the name of a column"),
        ({"hired": "Statsu"}, "for the stage 'hired' (near: 'Status')"),
        ({"hired": {"column": "Status", "reached": ["Hired"], "not": ["*", "x"]}}, "holds '*'"),
        ({"hired": {"column": "Status", "reached": ["*"]}}, "holds '*' in a list"),
        ({"hired": {"column": "Status", "reached": ["a"], "unknown": ["A"]}}, "and as unknown"),
    ],
)
def test_applicant_errors(stages: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        flow(stages)
    assert words in str(caught.value)


def test_stops_errors() -> None:
    with pytest.raises(ValueError, match=r"no column 'date' .*near: 'stop_date'.*subject_race"):
        opp.standardize(pd.DataFrame({"stop_date": ["x"], "race": ["White"]}))
    stops = pd.DataFrame({"date": ["2020-01-01"], "subject_race": ["purple"]})
    with pytest.raises(ValueError, match="no rule maps to a group: 'purple'"):
        opp.standardize(stops)
    got = opp.standardize(stops, values={"subject_race": {"Purple": "other"}})
    assert got["subject_race"].tolist() == ["other"]
    with pytest.raises(TypeError, match="A frame of type list cannot be read"):
        opp.standardize([1])


def test_a_star_in_a_list_is_a_star() -> None:
    hired = {"column": "Status", "reached": ["Hired"]}
    assert flow({"hired": hired | {"not": ["*"]}}) == flow({"hired": hired | {"not": "*"}})


def test_a_withdrawal_is_not_a_failure() -> None:
    open_ = {"column": "Status", "not": "*", "unknown": ["withdrew"]}
    stages = {
        "tested": open_ | {"reached": ["Tested", "Hired"]},
        "hired": open_ | {"reached": ["Hired"]},
    }
    got = applicants.standardize(FLOW, columns={"race": "Race"}, stages=stages)
    assert lists(got, ["tested", "hired"]) == [
        [True, True],
        [True, False],
        [False, False],
        [None, None],
    ]
    assert lists(got, ["raw_hired"]) == [["Hired"], ["Tested"], ["Applied"], [None]]
    # What the stages around it say still holds: who failed the test was not hired.
    mixed = flow(
        {"tested": "Test", "hired": open_ | {"reached": ["Hired"]}},
        FLOW.assign(Test=["Y", "Y", "N", "N"]),
    )
    assert mixed[3] == [False, False]


def test_a_word_among_dates_may_mean_that_the_outcome_is_not_known() -> None:
    frame = FLOW.assign(**{"Hire Date": ["2020-05-01", "Withdrew", None, "withdrew"]})
    hired = {"column": "Hire Date", "unknown": ["Withdrew"]}
    assert flow({"hired": hired}, frame) == [[True], [None], [False], [None]]


@pytest.mark.parametrize(
    ("group", "label"),
    [
        ("white", "White (Not Hispanic or Latino)"),
        ("white", "WHITE (not of Hispanic origin)"),
        ("white", "White alone, not Hispanic or Latino"),
        ("white", "Non-Hispanic White"),
        ("white", "White (Not Hispanic or Latino) (United States of America)"),
        ("black", "Black, not Hispanic"),
        ("black", "Black or African American (Not Hispanic or Latino)"),
        ("black", "Black (non-Hispanic)"),
        ("asian", "Asian (Not Hispanic or Latino)"),
        ("asian", "Asian - not Hispanic or Latino"),
        ("nhpi", "Native Hawaiian or Other Pacific Islander (Not Hispanic or Latino)"),
        ("aian", "American Indian or Alaska Native (Not Hispanic or Latino)"),
        ("aian", "American Indian or Alaska Native alone"),
        ("multiple", "Two or More Races (Not Hispanic or Latino)"),
        ("hispanic", "Hispanic or Latino (United States of America)"),
    ],
)
def test_words_after_a_group_are_understood(group: str, label: str) -> None:
    table = pd.DataFrame({"r": [label]})
    assert lists(roster.standardize(table, columns={"race": "r"}), ["race"]) == [[group]]


@pytest.mark.parametrize("label", ["Not Hispanic or Latino", "Hispanic, not Hispanic", "Alone"])
def test_words_that_name_no_group_are_not_guessed(label: str) -> None:
    with pytest.raises(ValueError, match="no rule maps to a group"):
        roster.standardize(pd.DataFrame({"r": [label]}), columns={"race": "r"})


def test_unmapped_labels_come_with_lines_to_paste() -> None:
    frame = FLOW.assign(Race=["White", 'Xy "z"', "Black", "Blk"])
    with pytest.raises(ValueError, match=".") as caught:
        applicants.standardize(frame, columns={"race": "race"}, stages={"hired": "Hire Date"})
    said = str(caught.value)
    assert "Column 'Race' holds" in said and "'Blk'" in said
    assert "[applicants.values.race]" in said and '"Blk" = "white"' in said
    assert "Groups: white, black, hispanic" in said
    with pytest.raises(ValueError, match=r"stops\.values\.subject_race"):
        opp.standardize(pd.DataFrame({"date": ["2020-01-01"], "subject_race": ["Martian"]}))
