"""Rosters, applicants and tables of counts give the same people on every engine."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw
import pandas as pd
import pytest

from equity.sources import applicant_totals, applicants, eeo4, neogov, peoplesoft, roster, workday


def rows_of(frame: Any, columns: list[str]) -> list[tuple[Any, ...]]:
    table = nw.from_native(frame).select(*columns)
    table = table.collect() if isinstance(table, nw.LazyFrame) else table
    found = [tuple(map(plain, row)) for row in table.iter_rows()]
    return sorted(found, key=str)


def plain(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    return value.date() if isinstance(value, dt.datetime) else value


STACKED = {
    "source_file": ["20160401.csv", "20160401.csv", "2020-01-01.csv", "2020-01-01.csv"],
    "Race": ["White", "GP §4-301", "ASIAN / PACIFIC ISLANDER", "Declined"],
    "Sex": ["F", "BPD Ofc # 4 GP §§ 4-343", "M", ""],
    "Cat Desc": ["Professionals", None, None, None],
    "Category": [None, None, "Technicians", ""],
    "Title": ["Sergeant", "§ 4-343", "Police Officer", None],
    "Status": ["1", "0", "1", "01"],
}


def test_snapshots_under_changed_headers(engine: Any) -> None:
    got = roster.standardize(
        engine(STACKED),
        columns={
            "race": "race",
            "sex": "sex",
            "job_category": ["Cat Desc", "Category"],
            "title": "title",
            "status": "status",
        },
        values={"status": {"1": "active", "0": "left"}},
        rules={
            "rank": {
                "officer": {"column": "title", "any_of": ["officer"]},
                "sergeant": {"column": "title", "any_of": ["sergeant"]},
            }
        },
        scheme="us1977",
        date_from="file",
    )
    kept = ["date", "year", "race", "race_unknown", "sex", "job_category", "title", "rank"]
    first, last = dt.date(2016, 4, 1), dt.date(2020, 1, 1)
    assert rows_of(got, kept) == sorted(
        [
            (first, 2016, "white", None, "female", "Professionals", "Sergeant", "sergeant"),
            (first, 2016, None, "withheld", None, None, None, None),
            (
                last,
                2020,
                "asian_pacific",
                None,
                "male",
                "Technicians",
                "Police Officer",
                "officer",
            ),
            (last, 2020, None, "declined", None, None, None, None),
        ],
        key=str,
    )


def test_rows_that_are_no_records_are_empty(engine: Any) -> None:
    rows = {
        "Race": ["White", "Race", None],
        "Start": ["1/2/2020", "Start", None],
        "not_a_record": [None, "repeated header", None],
    }
    got = roster.standardize(engine(rows), columns={"race": "race", "hire_date": "start"})
    kept = ["race", "race_unknown", "hire_date", "raw_hire_date", "not_a_record"]
    assert rows_of(got, kept) == sorted(
        [
            ("white", None, dt.date(2020, 1, 2), "1/2/2020", None),
            (None, None, None, None, "repeated header"),
            (None, "not stated", None, None, None),
        ],
        key=str,
    )


def test_peoplesoft_and_workday(engine: Any) -> None:
    rows = {
        "EMPLID": ["a", "b", "c", "d"],
        "Ethnic Group": ["1", "04", "6", "7"],
        "SEX": ["M", "F", "F", ""],
        "Service Date": ["2007-06-14", "1/20/2015", "", "soon"],
        "Rehire Date": [" ", "2018-01-01", "", ""],
    }
    got = peoplesoft.standardize(engine(rows), year=2018)
    kept = ["person_id", "race", "race_unknown", "sex", "hire_date", "rehire_date"]
    assert rows_of(got, kept) == [
        ("a", "white", None, "male", dt.date(2007, 6, 14), None),
        ("b", "asian_pacific", None, "female", dt.date(2015, 1, 20), dt.date(2018, 1, 1)),
        ("c", None, "not asked", "female", None, None),
        ("d", None, "not stated", None, None, None),
    ]
    rows = {
        "Worker": ["a", "b", "c"],
        "Job Profile": ["41111 - Police Officer", "Chief - Acting", "§ 4-301"],
        "Race/Ethnicity (Locale Sensitive)": [
            "White (Not Hispanic or Latino) (United States of America)",
            "42 U.S.C. 2000e-8(e)",
            None,
        ],
        "Hire Date": ["2020-01-01", "2010-01-01", ""],
        "Original Hire Date": ["2000-01-01", "", ""],
    }
    got = workday.standardize(engine(rows))
    kept = ["person_id", "race", "race_unknown", "title", "job_code", "hire_date", "rehire_date"]
    assert rows_of(got, kept) == [
        (
            "a",
            "white",
            None,
            "Police Officer",
            "41111",
            dt.date(2000, 1, 1),
            dt.date(2020, 1, 1),
        ),
        ("b", None, "withheld", "Chief - Acting", None, None, dt.date(2010, 1, 1)),
        ("c", None, "not stated", None, None, None, None),
    ]


def test_dispositions_and_dates(engine: Any) -> None:
    rows = {
        "Race": ["White", "Black", "Asian", "White"],
        "Code": ["001", "nq", "W", None],
        "Tested on": ["2020-03-01", "", "3/2/2020", ""],
    }
    got = applicants.standardize(
        engine(rows),
        columns={"race": "race"},
        stages={"tested": {"date": "tested on"}, "hired": {}},
        disposition={
            "column": "code",
            "passed": ["1"],
            "failed": {"NQ": "tested"},
            "withdrew": {"w": "hired"},
        },
    )
    assert rows_of(got, ["race", "tested", "tested_date", "hired"]) == [
        ("asian", True, dt.date(2020, 3, 2), None),
        ("black", False, None, False),
        ("white", None, None, None),
        ("white", True, dt.date(2020, 3, 1), True),
    ]
    rows = {"Ethnicity": ["White", "Black"], "SQ": ["Y", "N"], "AH": ["2020-05-01", ""]}
    got = neogov.standardize(engine(rows))
    assert rows_of(got, ["race", "screened", "hired", "hired_date"]) == [
        ("black", False, False, None),
        ("white", True, True, dt.date(2020, 5, 1)),
    ]


def test_totals_of_applicants(engine: Any) -> None:
    rows = {
        "source_row": ["2", "3"],
        "Job": ["Clerk", "Total"],
        "Year": ["2013-2014", None],
        "All": ["1,003", "1003"],
        "W": ["1,000", "1000"],
        "Asian": ["2", "2"],
        "Filipino": ["1", "1"],
        "F": ["1003", "1003"],
        "M": ["-", None],
        "not_a_record": [None, "total row"],
    }
    got = applicant_totals.standardize(
        engine(rows),
        columns={"posting": "Job", "total": "All", "year": "Year"},
        groups={
            "race": {"white": "W", "asian": ["Asian", "Filipino"]},
            "sex": {"female": "F", "male": "M"},
        },
    )
    kept = ["source_row", "posting", "year", "margin", "race", "sex", "weight", "not_a_record"]
    assert rows_of(got, kept) == [
        (2, "Clerk", 2013, "race", "asian", None, 3, None),
        (2, "Clerk", 2013, "race", "white", None, 1000, None),
        (2, "Clerk", 2013, "sex", None, "female", 1003, None),
        (2, "Clerk", 2013, "sex", None, "male", 0, None),
        (3, "Total", None, None, None, None, None, "total row"),
    ]


def test_the_eeo4_summary(engine: Any) -> None:
    rows = {
        "source_row": ["4", "5", "6"],
        "Job Category": ["4. Protective Service: Sworn", "Technicians", "TOTAL"],
        "Male White": ["3", "1", "4"],
        "Female White": ["2", None, "2"],
        "Total": ["5", "1", "6"],
    }
    got = eeo4.standardize(engine(rows), date="2021-06-30")
    kept = ["source_row", "year", "job_category", "sworn", "race", "sex", "weight", "not_a_record"]
    assert rows_of(got, kept) == [
        (4, 2021, "Protective Service Workers", True, "white", "female", 2, None),
        (4, 2021, "Protective Service Workers", True, "white", "male", 3, None),
        (5, 2021, "Technicians", None, "white", "female", 0, None),
        (5, 2021, "Technicians", None, "white", "male", 1, None),
        (6, 2021, None, None, None, None, None, "total row"),
    ]


@pytest.mark.parametrize("name", ["applicant_totals", "eeo4"])
def test_types_of_tables_of_counts(name: str) -> None:
    table = pd.DataFrame({"Job Category": ["Technicians"], "All": ["1"], "Male White": ["1"]})
    if name == "eeo4":
        got = eeo4.standardize(table, columns={"total": "All"})
    else:
        got = applicant_totals.standardize(
            table,
            columns={"posting": "Job Category", "total": "All"},
            groups={"race": {"white": "Male White"}, "sex": {}},
        )
    types = {c: str(t) for c, t in got.dtypes.items()}
    assert types["weight"] == "Int64" and types["race"] == types["sex"] == "str"
