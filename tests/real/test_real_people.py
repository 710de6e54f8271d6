"""Rosters, exits and applicants on public records as offices export them.

The figures were counted in the raw files without the adapters (csv, openpyxl, pandas), or are
printed in the files themselves.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from equity.sources import applicant_totals, peoplesoft, roster, workday

DATA = Path(__file__).parents[2].parent / "shared" / "data"
WORKFORCE = DATA / "workforce"
METRO = sorted((WORKFORCE / "nashville_metro").glob("*.csv"))
LOS_ANGELES = DATA / "applicants" / "los_angeles_2013-2015.csv"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here"),
]


def counts(relation: Any, column: str) -> dict[Any, int]:
    return dict(relation.aggregate(f"{column}, count(*)", column).fetchall())


def all_read(relation: Any) -> bool:
    """Return whether every text that was parsed could be read."""
    raw = [c for c in relation.columns if c.startswith("raw_")]
    return not any(
        relation.filter(f"{c} IS NOT NULL AND {c[4:]} IS NULL").limit(1).fetchall() for c in raw
    )


DAYS = ("2016-04-01", "2016-07-01", "2017-07-01", "2020-01-01")
METRO_COLUMNS: dict[str, Any] = {
    "race": "Ethnic Code Description",
    "sex": "Gender",
    "title": "Title",
    "department": ["Current Dept Description", "Current Department"],
    "job_category": ["EEO Job Cat Desc", "EEO Job Category Description"],
    "status": "Employment Status",
    "hire_date": "Date Started",
}


@pytest.fixture(scope="module")
def metro() -> Any:
    return roster.read(METRO, columns=METRO_COLUMNS, scheme="us1977", date_from="file")


def test_four_snapshots_of_nashville_metro(metro: Any) -> None:
    keys = ("white", "black", "hispanic", "asian_pacific", "aian", "multiple", None)
    published = {  # in the order of the keys, as the files have them
        "2016-04-01": (6292, 2429, 191, 79, 14, 2, 50),
        "2016-07-01": (6292, 2429, 191, 79, 14, 2, 50),
        "2017-07-01": (6358, 2570, 218, 86 + 4, 22, 207, 57),  # four are Hawaiian or Pacific
        "2020-01-01": (6331, 2638, 260, 92 + 4, 22, 191, 0),
    }
    for day, numbers in published.items():
        snapshot = metro.filter(f"date = DATE '{day}'")
        assert counts(snapshot, "race") == {
            k: n for k, n in zip(keys, numbers, strict=True) if n
        }, day
        assert counts(snapshot, "year") == {int(day[:4]): sum(numbers)}
    assert counts(metro, "race_unknown") == {None: 37174 - 157, "not stated": 157}
    assert all_read(metro)


def test_columns_of_nashville_metro_under_both_names(metro: Any) -> None:
    police = metro.filter("department = 'Police'")
    assert counts(police, "CAST(date AS VARCHAR)") == dict(
        zip(DAYS, (1975, 1975, 1829, 1977), strict=True)
    )
    protective = metro.filter("lower(job_category) LIKE 'protective service workers'")
    assert counts(protective, "CAST(date AS VARCHAR)") == dict(
        zip(DAYS, (2379, 2379, 2155, 2350), strict=True)
    )
    assert metro.filter("job_category IS NULL").aggregate("count(*)").fetchall() == [(5,)]
    assert not [c for c in metro.columns if "salary" in c.lower()]


def test_codes_of_nashville_metro_with_and_without_zeros() -> None:
    codes = {"01": "white", "02": "black", "03": "hispanic", "04": "asian_pacific", "05": "aian"}
    read = roster.read(
        METRO,
        columns={"race": "Ethnic Code"},
        values={"race": codes | {"30": "asian_pacific", "31": "multiple", "99": "not stated"}},
        scheme="us1977",
        date_from="file",
    )
    labelled = roster.read(METRO, columns=METRO_COLUMNS, scheme="us1977", date_from="file")
    assert counts(read, "(date, race)") == counts(labelled, "(date, race)")


def test_the_second_snapshot_holds_the_records_of_the_first(metro: Any) -> None:
    same = "race, race_unknown, sex, title, department, job_category, status, hire_date"
    first, second = (
        metro.filter(f"date = DATE '2016-{month}-01'").aggregate(f"{same}, count(*)", same)
        for month in ("04", "07")
    )
    assert sorted(first.fetchall(), key=str) == sorted(second.fetchall(), key=str)


def test_baltimore_peoplesoft() -> None:
    file = WORKFORCE / "baltimore" / "2018-05-03_bpd_peoplesoft_deid.xlsx"
    people = peoplesoft.read(file, date_from="file")
    assert counts(people, "race") == {
        "white": 1347,
        "black": 1331,
        "hispanic": 249,
        "asian_pacific": 58,
        "aian": 7,
        None: 6,
    }
    assert counts(people, "race_unknown") == {None: 2992, "not asked": 3, "not stated": 3}
    assert sum(counts(people, "sex").values()) == 2998
    filled = "count(hire_date), count(rehire_date), count(promotion_date), count(DISTINCT date)"
    assert people.aggregate(filled).fetchall() == [(2998, 198, 2992, 1)]
    assert all_read(people)


def test_baltimore_peoplesoft_codes_are_those_of_the_crosswalk() -> None:
    file = WORKFORCE / "baltimore" / "ethnic_code_crosswalk_2018_observed.csv"
    labels = {
        "American Indian/Alaska Native": "aian",
        "Asian/Pacific Islander": "asian_pacific",
        "Black or African American": "black",
        "Hispanic": "hispanic",
        "Not Applicable (Non-U.S.)": "not asked",
        "Not Specified": "not stated",
        "White": "white",
    }
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    said = {
        r["Ethnic Group_a"]: labels[max(labels, key=lambda label, r=r: int(r[label]))]
        for r in rows
    }
    assert said == peoplesoft.RACES | peoplesoft.NOT_KNOWN


@pytest.fixture(scope="module")
def baltimore() -> Any:
    file = WORKFORCE / "baltimore" / "2021-11-24_bpd_workday_deid.xlsx"
    return workday.read(file, header_row=2, date_from="file")


def test_baltimore_workday_withholds_every_race(baltimore: Any) -> None:
    assert counts(baltimore, "race") == {None: 2861}
    assert counts(baltimore, "race_unknown") == {"withheld": 2861}
    assert counts(baltimore, "sex") == {"female": 748, "male": 2091, None: 22}
    filled = "count(title), count(job_code), count(department), count(hire_date)"
    assert baltimore.aggregate(filled).fetchall() == [(2851,) * 4]  # 10 people wholly withheld
    assert counts(baltimore, "title")["Police Officer"] == 1345
    assert counts(baltimore, "job_code")["41112"] == 241
    assert all_read(baltimore)
    words = [
        c for c, kind in zip(baltimore.columns, baltimore.types, strict=True) if kind == "VARCHAR"
    ]
    for column in words:
        assert not baltimore.filter(f"contains({column}, '§')").limit(1).fetchall(), column


def test_first_hire_is_the_same_in_both_exports_of_baltimore(baltimore: Any) -> None:
    file = WORKFORCE / "baltimore" / "2018-05-03_bpd_peoplesoft_deid.xlsx"
    before = peoplesoft.read(file).set_alias("b")
    both = baltimore.set_alias("a").join(before, "a.person_id = b.person_id")
    same = both.aggregate("count(*), count(*) FILTER (a.hire_date = b.hire_date)").fetchall()
    assert same == [(1913, 1913)]


def test_prince_georges_county() -> None:
    sergeant = {"column": "title", "any_of": ["Sergeant"]}
    people = roster.read(
        WORKFORCE / "prince_georges_pd_sworn_oct2021_deid.xlsx",
        header_row=2,
        columns={"race": "Race", "sex": "Gender", "hire_date": "Appointed", "title": "Rank"},
        rules={"rank": {"sergeant": sergeant}},
        date="2021-10-01",
    )
    assert counts(people, "race") == {
        "black": 646,
        "white": 605,
        "hispanic": 161,
        "asian": 54,
        "nhpi": 3,
        "aian": 2,
        "other": 2,
    }
    assert counts(people, "sex") == {"female": 216, "male": 1257}
    assert counts(people, "rank") == {"sergeant": 207, None: 1266}
    assert people.aggregate("count(hire_date)").fetchall() == [(1473,)]
    assert all_read(people)


def test_chicago_roster() -> None:
    people = roster.read(
        WORKFORCE / "chicago_police_2017-04.csv",
        columns={
            "person_id": "person_key",
            "race": "race",
            "sex": "gender",
            "rank": "current_rank",
            "status": "current_status",
            "hire_date": "appointed_date",
            "exit_date": "resignation_date",
        },
        values={"status": {"1": "active", "0": "left"}},
        scheme="us1977",
        date_from="file",
    )
    active = people.filter("status = 'active'")
    assert counts(active, "race") == {
        "white": 6170,
        "hispanic": 2849,
        "black": 2620,
        "asian_pacific": 371,
        "aian": 33,
        None: 64,
    }
    assert counts(active, "sex") == {"female": 2702, "male": 9405}
    assert counts(people, "year") == {2017: 32398}
    assert all_read(people)
    late = people.filter("exit_date > DATE '2017-04-30'")
    assert late.aggregate("count(*) > 0").fetchall() == [(True,)]  # told by the data checks


def test_chicago_exits() -> None:
    people = roster.read(
        WORKFORCE / "chicago_police_exits_2015-2024.csv",
        table="exits",
        columns={
            "person_id": "person_key",
            "race": "race",
            "sex": "gender",
            "rank": "rank",
            "hire_date": "appointed_date",
            "exit_date": "resignation_date",
            "exit_reason": "vacate_description",
        },
        scheme="us1977",
    )
    assert counts(people, "race") == {
        "white": 3422,
        "black": 1651,
        "hispanic": 1221,
        "asian_pacific": 163,
        "aian": 19,
        None: 40,
    }
    assert counts(people, "race_unknown") == {None: 6476, "not stated": 40}
    reasons = counts(people, "exit_reason")
    assert sum(reasons.values()) == 6516
    assert reasons["RESIGNED-PENSION(RETIREMENT)"] == 4297 and reasons["DEATH"] == 143
    assert all_read(people)


def test_los_angeles_applicants() -> None:
    totals = applicant_totals.read(LOS_ANGELES)
    with LOS_ANGELES.open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 187
    for margin in ("race", "sex"):
        of = totals.filter(f"margin = '{margin}'")
        sums = dict(
            of.aggregate("source_row, CAST(sum(weight) AS BIGINT)", "source_row").fetchall()
        )
        assert sums == {i: int(r["Apps Received"]) for i, r in enumerate(rows, start=2)}
    by = dict(
        totals.filter("margin = 'race'")
        .aggregate("coalesce(race, race_unknown), CAST(sum(weight) AS BIGINT)", "ALL")
        .fetchall()
    )
    assert by == {
        "black": 27027,
        "hispanic": 34065,
        "asian": 7032 + 3671,  # Asian, Filipino
        "white": 15796,
        "aian": 631,
        "not stated": 5226,
    }
    assert counts(totals.filter("sex = 'female'"), "year") == {2013: 149, 2014: 38}
