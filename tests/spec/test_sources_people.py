"""Rosters and applicants by a mapping: labels, rules, stages, and errors that say the way out."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from equity.sources import applicants, opp, peoplesoft, roster, workday

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
        ({"hired": {"column": "Status", "not": ["x"]}}, "Say too which mean reached"),
        ({"hired": {"reached": ["x"]}}, "or say 'column', 'reached' and 'not_reached'"),
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
    got = applicants.standardize(frame, columns={"race": "Race"}, stages={"hired": hired})
    assert lists(got, ["still_open"]) == [[None], [False], [None], [False]]


MIXED = ["2020-05-01", "5/2/2020", "2020-05-03", "Waived", "TBD", None]


def test_among_dates_only_the_words_need_be_named() -> None:
    frame = pd.DataFrame({"Race": ["White"] * 6, "Exam": MIXED})
    with pytest.raises(ValueError, match="reached: 'TBD', 'Waived'. Name the words") as caught:
        flow({"tested": "Exam"}, frame)
    assert "(a date)" not in str(caught.value) and "Python" not in str(caught.value)
    said = [True, True, True]
    for words, rest in (
        ({"reached": ["Waived"], "unknown": ["tbd"]}, [True, None, False]),
        ({"not_reached": "*"}, [False, False, False]),
        ({"not_reached": ["TBD"], "unknown": ["Waived"]}, [None, False, False]),
    ):
        for date in ({}, {"date": "Exam"}):
            got = flow({"tested": {"column": "Exam"} | words | date}, frame)
            assert got == [[flag] for flag in said + rest]
    kept = applicants.standardize(
        frame, columns={"race": "Race"}, stages={"tested": {"column": "Exam", "not": "*"}}
    )
    assert kept["tested_date"].notna().tolist() == [True, True, True, False, False, False]


def test_a_few_dates_among_words_are_not_taken_for_reached() -> None:
    frame = pd.DataFrame({"Race": ["White"] * 4, "Exam": ["Y", "N", "Y", "2020-05-01"]})
    with pytest.raises(ValueError, match="mean reached: dates"):
        flow({"tested": "Exam"}, frame)


def test_not_applicable_among_dates_is_not_known_and_a_blank_is_not_reached() -> None:
    cells = ["2020-05-01", "N/A", "n/a", "#N/A", "", None, "NULL"]
    frame = pd.DataFrame({"Race": ["White"] * 7, "Exam": cells})
    got = applicants.standardize(frame, columns={"race": "Race"}, stages={"tested": "Exam"})
    assert lists(got, ["tested"]) == [[True], [None], [None], [None], [False], [False], [False]]
    assert got["raw_tested"].isna().tolist() == [False] + [True] * 6
    assert "still_open" not in got.columns
    named = {"column": "Exam", "not_reached": ["N/A"]}
    assert flow({"tested": named}, frame)[1] == [False]
    words = frame.assign(Exam=["Y", "N/A", "N", "Y", "Y", None, "NULL"])
    assert [row[0] for row in flow({"tested": "Exam"}, words)] == [
        True, None, False, True, True, None, None,
    ]  # fmt: skip


def test_a_date_that_excel_shows_as_a_number() -> None:
    frame = pd.DataFrame({"Race": ["White"] * 3, "Exam": ["2020-05-01", "2020-05-02", "45200"]})
    frame["source_row"] = [2, 3, 4]
    with pytest.raises(ValueError, match=r"digits \(row 4\).*format the cells as Date") as caught:
        flow({"tested": "Exam"}, frame)
    assert "45200" not in str(caught.value)


PRIVATE = [
    "Waived - vet J. Doe",
    "see Jane Doe memo",
    "Doe, Jane",
    "DOE, JANE",
    "Sgt. Smith approved",
    "123-45-6789",
    "jane@example.org",
    "Badge 4711",
    "the officer said that he would come later",
]
SHOWN = [
    "Asian/Pacific Islander (not Hispanic)",
    "MIDDLE EASTERN / SOUTH ASIAN",
    "Black, Caribbean",
    "Blk",
    "05",
    "001",
    "2 or more",
    "Hawaiian or other Pacific islander",
]


def test_what_may_be_about_a_person_is_counted_and_not_shown() -> None:
    from equity.sources import _unmapped

    assert _unmapped.split(PRIVATE + SHOWN) == (sorted(SHOWN), sorted(PRIVATE))
    table = pd.DataFrame({"Race": ["White", "Martian", *PRIVATE]})
    with pytest.raises(
        ValueError, match="group: 'Martian' and 9 values that are not sh"
    ) as caught:
        roster.standardize(table, columns={"race": "Race"})
    assert not [v for v in PRIVATE if v in str(caught.value)]
    with pytest.raises(
        ValueError, match="not shown, because they may be about a person"
    ) as caught:
        flow({"hired": "Exam"}, pd.DataFrame({"Race": "White", "Exam": ["Y", *PRIVATE]}))
    assert not [v for v in PRIVATE if v in str(caught.value)]


def test_one_value_that_is_not_shown_is_told_by_its_row() -> None:
    table = pd.DataFrame({"Race": ["White", "123-45-6789"], "source_row": [2, 3]})
    with pytest.raises(ValueError, match=".") as caught:
        roster.standardize(table, columns={"race": "Race"})
    assert str(caught.value) == (
        "Column 'Race' holds 1 value that is not shown, because it may be about a person (row 3). "
        "No rule maps it to a group. Correct that cell, or say in equity.toml, in the section "
        "[workforce.values.race], what the value means."
    )


def test_a_formula_that_failed_is_to_be_corrected_and_not_mapped() -> None:
    table = pd.DataFrame({"Race": ["White", "#REF!"], "source_row": [2, 3]})
    with pytest.raises(ValueError, match=r"'#REF!' \(row 3\): .*Correct the formula") as caught:
        roster.standardize(table, columns={"race": "Race"})
    assert "white" not in str(caught.value)


def test_pending_is_a_word_for_who_is_still_waiting() -> None:
    frame = FLOW.assign(Status=["Hired", "Pending", "Withdrew", None])
    hired = {"column": "Status", "reached": ["Hired"], "unknown": ["Pending", "Withdrew"]}
    got = applicants.standardize(frame, columns={"race": "Race"}, stages={"hired": hired})
    assert lists(got, ["hired", "still_open"]) == [
        [True, None], [None, None], [None, False], [None, None],
    ]  # fmt: skip
    only = applicants.standardize(
        FLOW, columns={"race": "Race"}, stages={"hired": hired | {"not": "*", "unknown": ["X"]}}
    )
    assert "still_open" not in only.columns


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


METRO = pd.DataFrame(
    {
        "source_file": ["a_2016.csv", "a_2016.csv", "b_2020.csv"],
        "Race": ["White", "Black", "White"],
        "Cat Desc": ["Professionals", None, None],
        "Category": [None, "never read", "Technicians"],
        "Annual Salary": ["$56,318.21", "$ -", "160,452.89"],
    }
)
SEVERAL: dict[str, Any] = {"race": "Race", "job_category": ["Cat Desc", "Category", "Cat"]}


def test_the_first_header_that_a_file_has() -> None:
    got = roster.standardize(METRO, columns=SEVERAL, date_from="file")
    # in the first file the first header is there, so its blank cell stays blank
    assert lists(got, ["job_category", "year"]) == [
        ["Professionals", 2016],
        [None, 2016],
        ["Technicians", 2020],
    ]
    assert "date" not in got.columns and not any("Salary" in c for c in got.columns)
    without = roster.standardize(METRO.drop(columns="source_file"), columns=SEVERAL)
    assert lists(without, ["job_category"]) == [["Professionals"], [None], [None]]
    single = roster.standardize(METRO.drop(columns="Cat Desc"), columns=SEVERAL)
    assert lists(single, ["job_category"])[1] == ["never read"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("20160401.csv", "2016-04-01"),
        ("roster 2016-04-01 final.xlsx", "2016-04-01"),
        ("2016_04_01", "2016-04-01"),
        ("p2018-05-03_bpd.xlsx", "2018-05-03"),
        ("FY 2019", 2019),
        ("2016_Q1", 2016),
        ("chicago_2017-04.csv", 2017),
        ("FY2018-19", 2018),
        ("la_2013-2014.csv", 2013),
        ("20160431.csv", None),
        ("2015-2024.csv", None),
        ("20160401 and 20160701", None),
        ("roster.csv", None),
        ("id 1201612", None),
    ],
)
def test_the_day_that_a_name_says(name: str, said: str | int | None) -> None:
    table = pd.DataFrame({"Race": ["White"], "source_sheet": [name]})
    if said is None:
        with pytest.raises(ValueError, match="names no single day or year"):
            roster.standardize(table, columns={"race": "Race"}, date_from="sheet")
        return
    got = roster.standardize(table, columns={"race": "Race"}, date_from="sheet")
    day = got["date"].dt.strftime("%Y-%m-%d").iloc[0] if "date" in got else None
    assert (day or got["year"].iloc[0]) == said
    assert got["year"].iloc[0] == int(str(said)[:4])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"date_from": "name"}, 'It can be "file" or "sheet"'),
        ({"date_from": "sheet"}, "do not say from which sheet they come"),
        ({"date_from": "file", "year": 2016}, "year is given twice: by itself and by date_from"),
        ({"columns": {"race": ["Rcae", "Rase"]}}, "Nor does it have 'Rase'"),
        ({"columns": {"race": []}}, "for 'race': an empty list"),
        ({"table": "stops"}, "must be one of 'workforce', 'exits'"),
    ],
)
def test_errors_of_snapshots(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        roster.standardize(METRO, **({"columns": SEVERAL} | options))
    assert words in str(caught.value)


STATUTES = [
    "GP §4-301 and Section 709(e) of Title VII of the Civil Rights Act of 1964, 42 U.S.C. § 2000e",
    "BPD Ofc # 4 GP §§ 4-343; 4-351;",
    "Title VII",
    "42 USC 2000e-8",
    "29 C.F.R. 1602",
    "Exempt under 5-101",
    "Withheld pursuant to policy 603",
]


def test_a_statute_is_no_race_and_no_sex() -> None:
    table = pd.DataFrame({"Race": STATUTES, "Sex": STATUTES, "Start": ["§ 4-343"] * len(STATUTES)})
    got = roster.standardize(
        table, columns={"race": "Race", "sex": "Sex", "hire_date": "Start", "unit": "Start"}
    )
    assert got["race_unknown"].tolist() == ["withheld"] * len(STATUTES)
    assert got.drop(columns="race_unknown").isna().all(axis=None)
    by_hand = {"race": dict.fromkeys(STATUTES, "")}
    again = roster.standardize(table, columns={"race": "Race"}, values=by_hand)
    assert again["race_unknown"].tolist() == ["withheld"] * len(STATUTES)


def test_the_text_of_a_statute_is_never_shown() -> None:
    table = pd.DataFrame({"Race": [*STATUTES, "Xyz"], "Sex": [*STATUTES, "M"]})
    with pytest.raises(ValueError, match="'Xyz'") as caught:
        roster.standardize(table, columns={"race": "Race", "sex": "Sex"})
    said = str(caught.value)
    assert "§" not in said and "Ofc" not in said and "Title VII" not in said


def test_why_a_race_is_not_known() -> None:
    labels = ["Declined to State", "REDACTED", "Not Applicable (Non-U.S.)", "Unknown", None, "99"]
    values = {"race": {"99": "not asked", "Refuses": "declined", "-": ""}}
    table = pd.DataFrame({"Race": [*labels, "refuses", "-", "White"]})
    got = roster.standardize(table, columns={"race": "Race"}, values=values)
    assert lists(got, ["race_unknown"]) == [
        ["declined"],
        ["withheld"],
        ["not asked"],
        ["not stated"],
        ["not stated"],
        ["not asked"],
        ["declined"],
        ["not stated"],
        [None],
    ]
    assert got["race"].isna().tolist() == [True] * 8 + [False]


def test_codes_that_lost_their_zeros() -> None:
    table = pd.DataFrame({"Race": ["1", "01", "002", "0"], "Sex": ["1", "01", "2", "2"]})
    got = roster.standardize(
        table,
        columns={"race": "Race", "sex": "Sex"},
        values={
            "race": {"01": "white", "2": "black", "000": ""},
            "sex": {"01": "male", "02": "female"},
        },
    )
    assert lists(got, ["race"]) == [["white"], ["white"], ["black"], [None]]
    assert got["sex"].tolist() == ["male", "male", "female", "female"]
    with pytest.raises(ValueError, match="no rule maps to a group: '001'"):
        roster.standardize(
            table.assign(Race="001"),
            columns={"race": "Race"},
            values={"race": {"1": "white", "01": "black"}},  # two codes: which is meant?
        )


def test_ranks_from_titles() -> None:
    table = pd.DataFrame(
        {"Race": ["White"] * 4, "Title": ["Police Sergeant", "Chief of Police", "Clerk", None]}
    )
    ranks = {
        "sergeant": {"column": "title", "any_of": ["sergeant"]},
        "command": {"column": "title", "starts_with": ["chief", "major"]},
    }
    columns: dict[str, Any] = {"race": "Race", "title": "Title"}
    got = roster.standardize(table, columns=columns, rules={"rank": ranks})
    assert lists(got, ["rank"]) == [["sergeant"], ["command"], [None], [None]]
    with pytest.raises(ValueError, match=r"The rule for 'rank\.x' must name a column"):
        roster.standardize(table, columns=columns, rules={"rank": {"x": {"any_of": ["y"]}}})
    got = roster.standardize(
        table,
        columns=columns | {"rank": "Title"},
        values={"rank": {"Police Sergeant": "sergeant"}},
    )
    assert lists(got, ["rank"])[:2] == [["sergeant"], ["Chief of Police"]]


def test_people_who_left() -> None:
    table = pd.DataFrame(
        {"Race": ["White"], "Left": ["2018-08-06"], "Why": ["RETIRED"], "Start": ["1/2/1990"]}
    )
    columns: dict[str, Any] = {
        "race": "Race",
        "exit_date": "Left",
        "exit_reason": "Why",
        "hire_date": "Start",
    }
    got = roster.standardize(table, columns=columns, table="exits")
    assert got["exit_date"].dt.year.tolist() == [2018]
    assert got["exit_reason"].tolist() == ["RETIRED"]
    with pytest.raises(ValueError, match=r"\[exits\.values\.race\]"):
        roster.standardize(table.assign(Race="?"), columns=columns, table="exits")


def test_a_preset_gives_way_to_the_analyst() -> None:
    table = pd.DataFrame(
        {
            "EMPLID": ["a", "b"],
            "Ethnic Group": ["9", "2"],
            "Grade": ["x", "y"],
            "Pay": ["$1", "$2"],
        }
    )
    got = peoplesoft.standardize(
        table, columns={"rank": "Grade"}, values={"race": {"9": "multiple"}}, scheme="stanford"
    )
    assert lists(got, ["race", "rank"]) == [["other", "x"], ["black", "y"]]
    assert "Pay" not in got.columns
    with pytest.raises(ValueError, match='Use scheme="us1977"'):
        peoplesoft.standardize(table.assign(**{"Ethnic Group": "4"}), scheme="us1997")
    with pytest.raises(ValueError, match="has no column 'Ethnic Group' for 'race'"):
        peoplesoft.standardize(table.drop(columns="Ethnic Group"))


def test_a_workday_profile_without_a_code() -> None:
    table = pd.DataFrame(
        {
            "Worker": ["a", "b", "c"],
            "Race/Ethnicity": ["White", "Black", "Declined to State (United States of America)"],
            "Job Profile": ["Police Officer", "41112 - Police Sergeant - Acting", "00085"],
        }
    )
    got = workday.standardize(table)
    assert lists(got, ["race_unknown"]) == [[None], [None], ["declined"]]
    assert lists(got, ["title", "job_code"]) == [
        ["Police Officer", None],
        ["Police Sergeant - Acting", "41112"],
        ["00085", "00085"],
    ]
