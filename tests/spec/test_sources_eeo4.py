"""The EEO-4 report: groups from headers, totals that agree, bands, sections and new hires."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from equity.sources import eeo4

RACES = [
    "Hispanic or Latino",
    "White",
    "Black or African American",
    "Native Hawaiian or Other Pacific Islander",
    "Asian",
    "American Indian or Alaska Native",
    "Two or More Races",
]
KEYS = ["hispanic", "white", "black", "nhpi", "asian", "aian", "multiple"]
CATEGORIES = {
    "1. Officials and Administrators": "Officials and Administrators",
    "2. Professionals": "Professionals",
    "3. Technicians": "Technicians",
    "4a. Protective Service: Sworn": "Protective Service Workers",
    "4b. Protective Service: Non-sworn": "Protective Service Workers",
    "5. Paraprofessionals": "Paraprofessionals",
    "6. Administrative Support (Including Clerical and Sales)": "Administrative Support",
    "7. Skilled Craft Workers": "Skilled Craft Workers",
    "8. Service/Maintenance": "Service-Maintenance",
}


def summary() -> list[list[Any]]:
    """The 2005 form: men and women over seven groups each; cell = 10 x row + column."""
    rows: list[list[Any]] = [
        ["EEO-4 summary, city of Riverton"],
        ["Job Category", *["Male"] * 7, *["Female"] * 7, "Total"],
        [None, *RACES, *RACES, None],
    ]
    for place, category in enumerate(CATEGORIES):
        cells = [10 * place + column for column in range(14)]
        rows.append([category, *cells, sum(cells)])
    sums = [sum(row[i] for row in rows[3:]) for i in range(1, 16)]
    return [*rows, ["TOTAL", *sums]]


def workbook(folder: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    page.merge_cells("B2:H2")
    page.merge_cells("I2:O2")
    file = folder / "eeo4.xlsx"
    book.save(file)
    return file


def test_two_header_rows_and_a_row_of_totals(tmp_path: Path) -> None:
    rows = summary()
    got = eeo4.read(workbook(tmp_path, rows), header_row=[2, 3], year=2021).df()
    people = got[got["not_a_record"].isna()]
    assert len(people) == 9 * 14 and len(got) == len(people) + 1
    assert people["weight"].sum() == rows[-1][-1]
    assert set(people["year"]) == {2021}
    assert list(dict.fromkeys(people["job_category"])) == list(dict.fromkeys(CATEGORIES.values()))
    sworn = people[people["sworn"].eq(True).fillna(False).astype(bool)]
    assert sworn["race"].tolist() == KEYS * 2
    assert sworn["sex"].tolist() == ["male"] * 7 + ["female"] * 7
    assert sworn["weight"].tolist() == list(range(30, 44))
    assert people["race_unknown"].isna().all()
    assert got[got["not_a_record"].notna()]["not_a_record"].tolist() == ["total row"]


def test_totals_must_agree(tmp_path: Path) -> None:
    rows = summary()
    rows[4][-1] += 1
    with pytest.raises(ValueError, match=r"Row 5: 'Total' is 232, and its cells add up to 231"):
        eeo4.read(workbook(tmp_path, rows), header_row=[2, 3])
    rows = summary()
    rows[-1][2] -= 5
    words = r"Row 13, a row of totals: 'Male White' is 364, and the rows above add up to 369"
    with pytest.raises(ValueError, match=words):
        eeo4.read(workbook(tmp_path, rows), header_row=[2, 3])


OLD = ["Category", "Salary"] + [
    f"{race} ({letter})"
    for race, letter in zip(
        [
            f"{sex} {race}"
            for sex in ("Male", "Female")
            for race in (
                "White (not of Hispanic origin)",
                "Black (not of Hispanic origin)",
                "Hispanic",
                "Asian or Pacific Islander",
                "American Indian or Alaskan Native",
            )
        ],
        "BCDEFGHIJK",
        strict=True,
    )
]


def form_of_1999() -> pd.DataFrame:
    """Bands below each category, sections below each other, as the old form has them."""
    ones, twos = ["1"] * 10, ["2"] * 10
    rows = [
        ["A. FULL-TIME EMPLOYEES", None, *[None] * 10, None],
        ["1. OFFICIALS/ADMINISTRATORS", "$20.0-24.9", *ones, "10"],
        [None, "$25.0-32.9", *ones, "10"],
        ["Total full-time", None, *twos, "20"],
        ["B. OTHER THAN FULL-TIME EMPLOYEES", None, *[None] * 10, None],
        ["2. PROFESSIONALS", None, *twos, "20"],
        ["C. NEW HIRES DURING FISCAL YEAR", None, *[None] * 10, None],
        ["2. PROFESSIONALS", None, *ones, "10"],
        ["TOTAL", None, *ones, "10"],
    ]
    return pd.DataFrame(rows, columns=[*OLD, "Total (Columns B-K)"])


NAMES = {"job_category": "Category", "salary_band": "Salary"}


def test_bands_sections_and_new_hires() -> None:
    form = form_of_1999()
    got = eeo4.standardize(form, columns=NAMES, scheme="us1977", date="1999-06-30")
    assert got["weight"].sum() == 40  # new hires are among the employees
    by = got.groupby(["job_category", "employment"])["weight"].sum()
    assert by.to_dict() == {
        ("Officials and Administrators", "full-time"): 20,
        ("Professionals", "part-time"): 20,
    }
    assert set(got["salary_band"].dropna()) == {"$20.0-24.9", "$25.0-32.9"}
    assert list(dict.fromkeys(got["race"])) == [
        "white",
        "black",
        "hispanic",
        "asian_pacific",
        "aian",
    ]
    traced = eeo4.standardize(
        form.assign(source_row=range(2, 11)), columns=NAMES, scheme="us1977", year=1999
    )
    why = traced[traced["not_a_record"].notna()]
    assert why["source_row"].tolist() == [2, 5, 6, 8, 9, 10]
    assert why["not_a_record"].tolist()[-2] == "new hires, who are among the employees already"
    assert why["weight"].isna().all()


def test_rows_for_each_sex_and_people_of_unknown_race() -> None:
    table = pd.DataFrame(
        {
            "Job Category": ["Technicians", None, "Total"],
            "Sex": ["Male", "F", None],
            "White": ["3", "2", "5"],
            "Not Specified": ["1", "", "1"],
            "Prefers": ["0", "4", "4"],
        }
    )
    got = eeo4.standardize(table, values={"race": {"prefers": "declined"}})
    assert got["sex"].tolist() == ["male"] * 3 + ["female"] * 3
    assert got["race_unknown"].fillna("-").tolist() == ["-", "not stated", "declined"] * 2
    assert got["weight"].tolist() == [3, 1, 0, 2, 0, 4]


def one(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"Job Category": ["Professionals"], "Male White": ["1"]} | columns)


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (one(**{"Job Category": ["Wizards"]}), {}, "no job categories of the EEO-4 report: 'Wiz"),
        (one(**{"Female Martian": ["1"]}), {}, "These do not: 'Female Martian'"),
        (one(**{"White": ["1"]}), {}, "These do not: 'White'"),
        (one(**{"White - M": ["1"]}), {}, "count the same group"),
        (one(**{"Job Category": [None]}), {}, "Row 1 has numbers and no job category"),
        (one(**{"Male White": ["a few"]}), {}, "'Male White' holds something that is not a whole"),
        (one(**{"Total Male": ["2"]}), {}, "'Total Male' is 2, and its cells add up to 1"),
        (one(Sex=["?"]), {}, "'?' is not a sex"),
        (one(**{"Male Asian or Pacific Islander": ["1"]}), {}, 'Use scheme="us1977"'),
        (pd.DataFrame({"Job Category": ["Professionals"]}), {}, "header_row = [2, 3]"),
        (one(), {"columns": {"job_category": "Jbo"}}, "no column 'Jbo' for 'job_category'"),
    ],
)
def test_errors(table: pd.DataFrame, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        eeo4.standardize(table, **options)
    assert words in str(caught.value)


def test_a_category_in_other_words() -> None:
    table = one(**{"Job Category": ["Wizards"]})
    got = eeo4.standardize(table, values={"job_category": {"Wizards": "Professionals"}})
    assert got["job_category"].tolist() == ["Professionals"]
