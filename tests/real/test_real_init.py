"""What `equity init` proposes for real files of four agencies."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from equity.proposal import propose

pytestmark = pytest.mark.real
DATA = Path(__file__).parents[2].parent / "shared" / "data"
WORKFORCE = DATA / "workforce"


@pytest.fixture(autouse=True)
def real_files() -> None:
    if not DATA.is_dir():
        pytest.skip("the real files are not beside this repository")


def proposed(*files: Path) -> tuple[dict[str, Any], str]:
    proposal = propose(files, folder=DATA)
    text = re.sub(r"(?m)^# DECIDE: ", "", proposal.text)
    return tomllib.loads(text), " ".join(q for _, q in proposal.questions)


def test_four_snapshots_of_nashville() -> None:
    days = ("20160401", "20160701", "20170701", "20200101")
    given, asked = proposed(*(WORKFORCE / "nashville_metro" / f"{d}.csv" for d in days))
    table = given["workforce"]
    assert table["columns"] == {
        "race": "Ethnic Code Description",
        "sex": "Gender",
        "title": "Title",
        "job_category": ["EEO Job Cat Desc", "EEO Job Category Description"],
        "department": ["Current Dept Description", "Current Department"],
        "hire_date": "Date Started",
        "status": "Employment Status",
    }
    assert table["date_from"] == "file"
    assert "20160701.csv holds exactly the records of 20160401.csv" in asked
    assert asked.count("holds exactly") == 1


def test_police_of_nashville() -> None:
    given, _ = proposed(WORKFORCE / "nashville_police_2010-2021.csv")
    columns = given["workforce"]["columns"]
    assert columns["race"] == "race_ethnicity"
    assert columns["year"] == "year"
    assert (columns["sex"], columns["title"], columns["hire_date"]) == (
        "gender",
        "job_desc",
        "date_started",
    )


def test_baltimore_in_two_systems() -> None:
    folder = WORKFORCE / "baltimore"
    given, _ = proposed(folder / "2018-05-03_bpd_peoplesoft_deid.xlsx")
    table = given["workforce"]
    assert (table["format"], table["date_from"]) == ("peoplesoft", "file")
    assert table["columns"]["race"] == "Ethnic Group"
    assert table["columns"]["hire_date"] == "Service Date"
    given, _ = proposed(folder / "2021-11-24_bpd_workday_deid.xlsx")
    table = given["workforce"]
    assert (table["format"], table["header_row"]) == ("workday", 2)
    assert table["columns"]["race"] == "Race/Ethnicity (Locale Sensitive)"
    assert (table["columns"]["sex"], table["columns"]["title"]) == ("Gender", "Job Profile")
    assert table["columns"]["hire_date"] == "Original Hire Date"


def test_prince_georges_county() -> None:
    given, _ = proposed(WORKFORCE / "prince_georges_pd_sworn_oct2021_deid.xlsx")
    table = given["workforce"]
    assert table["header_row"] == 2
    assert table["columns"] == {
        "race": "Race",
        "sex": "Gender",
        "rank": "Rank",
        "department": "District/Division",
        "hire_date": "Appointed",
    }


def test_los_angeles_totals_and_chicago_exits() -> None:
    given, _ = proposed(DATA / "applicants" / "los_angeles_2013-2015.csv")
    assert given["applicants"]["format"] == "applicant_totals"
    given, _ = proposed(
        WORKFORCE / "chicago_police_2017-04.csv",
        WORKFORCE / "chicago_police_exits_2015-2024.csv",
    )
    assert given["workforce"]["columns"]["exit_date"] == "resignation_date"
    assert given["exits"]["columns"]["exit_reason"] == "vacate_description"
