"""The adapters on public records as offices export them.

The figures were counted in the raw files without the adapters (csv, openpyxl, a plain query), or
are stated in METHODS.md (the Nashville oracle).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from equity.sources import acs, opp, roster

DATA = Path(__file__).parents[2].parent / "shared" / "data"
POPULATION, WORKFORCE = DATA / "population", DATA / "workforce"
FACTFINDER = POPULATION / "acs_2017_county_B03002_factfinder_latin1.csv"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here"),
]


def counts(relation: Any, column: str) -> dict[Any, int]:
    return dict(relation.aggregate(f"{column}, count(*)", column).fetchall())


def test_hartford() -> None:
    stops = opp.read(DATA / "stops" / "opp_ct_hartford.csv")
    assert counts(stops, "subject_race") == {
        "black": 7185,
        "white": 6110,
        "hispanic": 5146,
        "asian_pacific": 176,
        "other": 29,
    }
    assert counts(stops, "search_conducted") == {True: 5213, False: 13433}
    assert counts(stops, "contraband_found") == {True: 85, False: 5128, None: 13433}
    assert counts(stops, "outcome") == {
        "citation": 11893,
        "warning": 3464,
        "arrest": 729,
        None: 2560,
    }
    assert counts(stops, "search_basis") == {
        "probable cause": 5051,
        "consent": 127,
        "other": 35,
        None: 13433,
    }
    assert counts(stops, "subject_sex") == {"male": 11566, "female": 7080}
    assert counts(stops, "date IS NULL") == {False: 18642, True: 4}
    assert stops.aggregate("min(source_row), max(source_row)").fetchall() == [(2, 18647)]
    unread = [c for c in stops.columns if c.startswith("raw_")]
    for raw in unread:
        assert counts(stops, f"{raw} IS NOT NULL AND {raw[4:]} IS NULL") == {False: 18646}, raw


@pytest.mark.parametrize(
    ("file", "places", "people", "black", "year"),
    [
        ("ACSDT5Y2013.B03002-Data_mecklenburg_bg.csv", 555, 947_135, 286_750, 2013),
        ("ACSDT5Y2020.B03002-Data_cook_county_block_groups.csv", 4002, 5_169_517, 1_184_373, 2020),
        ("ACSDT5Y2022.B03002-Data_mecklenburg_bg.csv", 624, 1_115_403, 344_497, 2022),
    ],
)
def test_block_groups(file: str, places: int, people: int, black: int, year: int) -> None:
    table = acs.read(POPULATION / file, place=None)
    assert table["place"].nunique() == places
    assert table["n"].sum() == people
    assert table.loc[table["race"] == "black", "n"].sum() == black
    assert set(table["year"]) == {year}
    assert set(table["universe"]) == {"residents"}
    assert table["moe"].notna().all()


def test_davidson_county() -> None:
    table = acs.read(FACTFINDER, place="Davidson County, Tennessee", year=2017)
    groups = table.set_index("race")
    assert table["n"].sum() == 678_322
    assert groups.loc["black", ["n", "moe", "controlled"]].tolist() == [184_942, 921, False]
    assert groups.loc["hispanic", ["n", "moe", "controlled"]].tolist() == [68_326, 0, True]
    assert round(100 * groups["n"]["black"] / table["n"].sum(), 2) == 27.26
    by_code = acs.read(FACTFINDER, place="0500000US47037", year=2017)
    assert by_code.equals(table)


def test_hartford_county_in_stanfords_groups() -> None:
    table = acs.read(FACTFINDER, place="Hartford County, Connecticut", scheme="stanford")
    groups = table.set_index("race")["n"]
    assert groups.sum() == 897_417
    assert groups.to_dict() == {
        "white": 560_997,
        "black": 114_711,
        "hispanic": 154_977,
        "asian_pacific": 45_178 + 195,
        "other": 897_417 - 560_997 - 114_711 - 154_977 - 45_373,
    }
    assert round(table.set_index("race")["moe"]["asian_pacific"] ** 2) == 724**2 + 113**2


def test_every_county_and_its_letters() -> None:
    table = acs.read(FACTFINDER, place=None)
    assert (table["place"].nunique(), table["n"].sum()) == (3142, 321_004_407)
    assert "Doña Ana County, New Mexico" in set(table["place"])


def test_a_county_of_two_states() -> None:
    with pytest.raises(ValueError, match="Davidson County, North Carolina; Davidson County, Ten"):
        acs.read(FACTFINDER, place="Davidson County")


def test_census_api() -> None:
    file = POPULATION / "census_api_sample_acs1_2018_B03002_states.json"
    table = acs.read(file, place="California", year=2018)
    assert table[["place_id", "race", "n", "moe", "controlled"]].to_numpy().tolist() == [
        ["06", "white", 14_495_479, 6952, False],
        ["06", "black", 2_179_078, 12_343, False],
        ["06", "hispanic", 15_540_142, 0, True],
    ]
    assert set(table["universe"]) == {
        "residents who are White, Black, Hispanic (the file has no others)"
    }
    with pytest.raises(ValueError, match="'stanford' needs"):
        # "other" of Stanford would lack its parts only if one of them were there
        acs.standardize(
            duckdb.sql("SELECT 'x' AS NAME, '1' AS B03002_005E, '2' AS B03002_003E"),
            scheme="stanford",
        )


SWORN = {
    "sworn": {
        "column": "title",
        "starts_with": ["Police"],
        "any_of": ["Officer", "Sergeant", "Lieutenant", "Captain", "Commander", "Chief"],
        "none_of": ["Trainee"],
    }
}
NASHVILLE = {
    "person_id": "person_key",
    "race": "race_ethnicity",
    "sex": "gender",
    "title": "job_desc",
    "department": "dept_desc",
    "year": "year",
    "hire_date": "date_started",
}


def test_nashville_police() -> None:
    people = roster.read(
        WORKFORCE / "nashville_police_2010-2021.csv",
        columns=NASHVILLE,
        rules=SWORN,
        scheme="us1977",
    )
    assert counts(people, "year") == {
        2010: 1902,
        2011: 1816,
        2012: 2029,
        2013: 1933,
        2014: 1930,
        2015: 1954,
        2016: 2014,
        2017: 2024,
        2018: 2105,
        2019: 1974,
        2020: 1977,
        2021: 1987,
    }
    assert counts(people, "race") == {
        "white": 18_250,
        "black": 4384,
        "hispanic": 423,
        "asian_pacific": 284,
        "multiple": 257,
        "aian": 30,
        None: 17,
    }
    assert counts(people.filter("hire_date IS NULL AND raw_hire_date IS NOT NULL"), "1") == {}
    sworn = people.filter("year = 2017 AND sworn")
    assert counts(sworn, "1") == {1: 1447}
    assert counts(sworn, "race")["black"] == 162


def test_nashville_police_needs_the_coarser_scheme() -> None:
    with pytest.raises(ValueError, match=r"'Asian or Pacific Islander'.* scheme=\"us1977\""):
        roster.read(WORKFORCE / "nashville_police_2010-2021.csv", columns=NASHVILLE)


OLD = {
    "race": "Ethnic Code Description",
    "sex": "Gender",
    "title": "Title",
    "department": "Current Dept Description",
    "job_category": "EEO Job Cat Desc",
    "hire_date": "Date Started",
    "grade": "Pay Grade/Step",
}
NEW = OLD | {
    "department": "Current Department",
    "job_category": "EEO Job Category Description",
}


@pytest.mark.parametrize(
    ("file", "columns", "rows", "women", "races"),
    [
        ("20160401", OLD, 9057, 3350, (6292, 2429, 191, 79, 14, 2, 50)),
        ("20160701", OLD, 9057, 3350, (6292, 2429, 191, 79, 14, 2, 50)),
        ("20170701", OLD, 9522, 3557, (6358, 2570, 218, 90, 22, 207, 57)),
        ("20200101", NEW, 9538, 3661, (6331, 2638, 260, 96, 22, 191, 0)),
    ],
)
def test_nashville_metro(
    file: str, columns: dict[str, str], rows: int, women: int, races: tuple[int, ...]
) -> None:
    people = roster.read(
        WORKFORCE / "nashville_metro" / f"{file}.csv",
        columns=columns,
        scheme="us1977",
        date=f"{file[:4]}-{file[4:6]}-{file[6:]}",
    )
    keys = ("white", "black", "hispanic", "asian_pacific", "aian", "multiple", None)
    found = counts(people, "race")
    assert tuple(found.get(k, 0) for k in keys) == races
    assert counts(people, "sex") == {"female": women, "male": rows - women}
    assert counts(people, "year") == {int(file[:4]): rows}
    assert counts(people, "hire_date IS NULL") == {False: rows}


def test_prince_georges() -> None:
    file = WORKFORCE / "prince_georges_pd_sworn_oct2021_deid.xlsx"
    columns = {"race": "Race", "sex": "Gender", "title": "Rank", "hire_date": "Appointed"}
    with pytest.raises(ValueError, match="Row 2 looks like the column names: set header_row = 2"):
        roster.read(file, columns=columns)
    people = roster.read(
        file,
        columns=columns,
        header_row=2,
        date="2021-10-01",
        values={"race": {"Native Hawaiian/Pacific Islander": "nhpi"}},
    )
    assert counts(people, "race") == {
        "black": 646,
        "white": 605,
        "hispanic": 161,
        "asian": 54,
        "nhpi": 3,
        "other": 2,
        "aian": 2,
    }
    assert counts(people, "sex") == {"male": 1257, "female": 216}
    assert people.aggregate("min(source_row), max(source_row)").fetchall() == [(3, 1475)]


def test_baltimore_peoplesoft_by_its_codes() -> None:
    people = roster.read(
        WORKFORCE / "baltimore" / "2018-05-03_bpd_peoplesoft_deid.xlsx",
        columns={
            "race": "Ethnic Group",
            "sex": "SEX",
            "title": "Job Title",
            "hire_date": "Service Date",
            "person_id": "EMPLID",
        },
        values={
            "race": {
                "1": "white",
                "2": "black",
                "3": "hispanic",
                "4": "asian_pacific",
                "5": "aian",
                "6": "",
                "7": "",
            }
        },
        scheme="us1977",
        date="2018-05-03",
    )
    assert counts(people, "race") == {
        "white": 1347,
        "black": 1331,
        "hispanic": 249,
        "asian_pacific": 58,
        "aian": 7,
        None: 6,
    }
    assert counts(people, "sex") == {"male": 2259, "female": 739}


def test_baltimore_workday_with_a_title_row_and_statutes_in_cells() -> None:
    file = WORKFORCE / "baltimore" / "2021-11-24_bpd_workday_deid.xlsx"
    columns = {
        "race": "Race/Ethnicity (Locale Sensitive)",
        "title": "Job Profile",
        "hire_date": "Hire Date",
        "station": "Location (2)",
    }
    people = roster.read(file, columns=columns, header_row=2)  # a statute is never a race
    assert counts(people, "race_unknown") == {"withheld": 2861}
    assert counts(people, "race") == {None: 2861}
    assert counts(people, "source_file") == {file.name: 2861}
