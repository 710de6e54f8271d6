"""Real workbooks read as they are: Baltimore's two, Prince George's County's, Wethersfield's."""

from __future__ import annotations

from pathlib import Path

import pytest

from equity.sources._files import scan

pytestmark = pytest.mark.real
DATA = Path(__file__).parents[2].parent / "shared" / "data"
BALTIMORE = DATA / "workforce" / "baltimore"


@pytest.fixture(autouse=True)
def real_files() -> None:
    if not DATA.is_dir():
        pytest.skip("the real files are not beside this repository")


@pytest.mark.parametrize(
    ("name", "header_row", "rows", "first"),
    [
        ("workforce/baltimore/2018-05-03_bpd_peoplesoft_deid.xlsx", 1, 2998, "Location"),
        ("workforce/baltimore/2021-11-24_bpd_workday_deid.xlsx", 2, 2861, "Worker"),
        ("workforce/prince_georges_pd_sworn_oct2021_deid.xlsx", 2, 1473, "Last Name"),
        ("stops/ctrp3_wethersfield_2019q1.xlsx", 1, 901, "CreatedDate"),
    ],
)
def test_every_row_is_read_and_none_is_taken_for_a_total(
    name: str, header_row: int, rows: int, first: str
) -> None:
    # rows as openpyxl numbers them, less those of the header and above
    relation = scan(DATA / name, header_row=header_row)
    assert relation.columns[0] == first
    assert "not_a_record" not in relation.columns
    numbers = [n for (n,) in relation.project("source_row").fetchall()]
    assert sorted(numbers) == list(range(header_row + 1, header_row + rows + 1))


def test_all_visible_sheets_of_baltimore_are_the_one_that_is_not_empty() -> None:
    path = BALTIMORE / "2018-05-03_bpd_peoplesoft_deid.xlsx"
    relation = scan(path, sheet="*")
    assert relation.aggregate("source_sheet, count(*)").fetchall() == [("Sheet1", 2998)]


def test_the_second_location_of_workday_is_told_apart() -> None:
    relation = scan(BALTIMORE / "2021-11-24_bpd_workday_deid.xlsx", header_row=2)
    assert "Location (2)" in relation.columns


@pytest.mark.parametrize(
    "name",
    [
        "workforce/nashville_metro/20160401.csv",
        "workforce/nashville_metro/20200101.csv",
        "workforce/nashville_police_2010-2021.csv",
        "workforce/chicago_police_2017-04.csv",
        "workforce/chicago_police_exits_2015-2024.csv",
        "applicants/los_angeles_2013-2015.csv",
    ],
)
def test_no_row_of_these_files_is_a_total_or_a_note(name: str) -> None:
    assert "not_a_record" not in scan(DATA / name).columns
