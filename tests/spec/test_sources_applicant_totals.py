"""Applicants that are counted already: margins that add up, and what each column means."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from equity.sources import applicant_totals

LA = pd.DataFrame(
    {
        "Fiscal Year": ["2013-2014", "2014-2015"],
        "Job Number": ["9206 OP", "1223 P"],
        "Job Description": ["311 DIRECTOR 9206", "ACCOUNTING CLERK 1223"],
        "Apps Received": ["54", "1,000"],
        "Female": ["20", "600"],
        "Male": ["31", "400"],
        "Unknown_Gender": ["3", "-"],
        "Black": ["25", "200"],
        "Hispanic": ["18", "200"],
        "Asian": ["1", "100"],
        "Caucasian": ["6", "300"],
        "American Indian/ Alaskan Native": ["0", ""],
        "Filipino": ["2", "100"],
        "Unknown_Ethnicity": ["2", "100"],
    }
)


def test_each_margin_is_told_apart_and_whole() -> None:
    got = applicant_totals.standardize(LA)
    total = got.groupby(["margin", "posting"])["weight"].sum()
    assert total.tolist() == [54, 1000, 54, 1000]
    first = got[got["posting"].eq("311 DIRECTOR 9206")]
    races = first[first["margin"].eq("race")]
    assert dict(zip(races["race"].fillna("-"), races["weight"], strict=True)) == {
        "black": 25,
        "hispanic": 18,
        "asian": 3,  # Asian and Filipino
        "white": 6,
        "aian": 0,
        "-": 2,
    }
    assert races["race_unknown"].dropna().tolist() == ["not stated"]
    sexes = first[first["margin"].eq("sex")]
    assert sexes["sex"].fillna("-").tolist() == ["female", "male", "-"]
    assert sexes["race"].isna().all() and sexes["race_unknown"].isna().all()
    assert got.groupby("posting")["year"].first().tolist() == [2013, 2014]


def test_other_names_and_groups() -> None:
    table = pd.DataFrame(
        {"Job": ["a"], "All": [5], "W": [2], "API": [2], "Decl": [1], "note": ["x"]}
    )
    got = applicant_totals.standardize(
        table,
        columns={"posting": "Job", "total": ["Number", "All"], "note": "note"},
        groups={"race": {"white": "W", "asian_pacific": "API", "declined": "Decl"}, "sex": {}},
        scheme="us1977",
    )
    assert got["race"].fillna("-").tolist() == ["white", "asian_pacific", "-"]
    assert got["race_unknown"].fillna("-").tolist() == ["-", "-", "declined"]
    assert got["weight"].tolist() == [2, 2, 1] and set(got["note"]) == {"x"}


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (
            {"Male": ["31", "4"]},
            {},
            "In 1 rows the columns of sex do not add up to 'Apps Received': "
            "'ACCOUNTING CLERK 1223' (604 instead of 1000)",
        ),
        ({"Black": ["24", "1"]}, {}, "'311 DIRECTOR 9206' (53 instead of 54)"),
        ({"Black": ["many", "1"]}, {}, "'Black' holds something that is not a whole number"),
        ({}, {"columns": {"total": "Aps"}}, "no column 'Aps' for 'total'"),
        ({}, {"groups": {"race": {"purple": "Black"}}}, "names 'purple', which is no group"),
        ({}, {"groups": {"race": {"asian_pacific": "Asian"}}}, "'asian_pacific', which is no gr"),
        ({}, {"groups": {"sex": {"x?": "Male"}}}, "groups.sex names 'x?'"),
        ({}, {"groups": {"age": {"old": "Male"}}}, "it can have race and sex"),
        ({}, {"groups": {"sex": {"male": "Men"}}}, "no column 'Men' for the number of a group"),
    ],
)
def test_errors(change: dict[str, Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        applicant_totals.standardize(LA.assign(**change), **options)
    assert words in str(caught.value)
