"""Periods of service in Chicago's and Nashville's files; figures counted in the raw files."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import equity as eq
from equity.sources import roster

pytestmark = pytest.mark.real

CHICAGO = {"race": "race", "sex": "gender", "hire_date": "appointed_date"}


@pytest.fixture(scope="module")
def chicago(real_data: Any) -> pd.DataFrame:
    """Return the roster of 1936-2017; its key is of names and dates, so its own number is used."""
    raw = pd.read_csv(real_data / "workforce" / "chicago_police_2017-04.csv", dtype=str)
    columns = CHICAGO | {
        "person_id": "roster_1936-2017_2017-04_ID",
        "key": "person_key",
        "rank": "current_rank",
        "exit_date": "resignation_date",
    }
    return roster.standardize(raw, columns=columns, scheme="us1977", date="2017-04-30")


@pytest.fixture(scope="module")
def leavers(real_data: Any) -> pd.DataFrame:
    raw = pd.read_csv(real_data / "workforce" / "chicago_police_exits_2015-2024.csv", dtype=str)
    columns = CHICAGO | {
        "person_id": "person_key",
        "rank": "rank",
        "exit_date": "resignation_date",
        "exit_reason": "vacate_description",
    }
    return roster.standardize(raw, columns=columns, scheme="us1977", date="2024-04-30")


def test_chicagos_roster(chicago):
    spells = eq.service_spells(chicago)
    assert len(spells) == 32_398
    late = pd.to_datetime(chicago["exit_date"]) > "2017-04-30"
    assert late.sum() == 1  # dated 2022: still in service
    assert spells["left"].sum() == 19_833 - 1
    assert dict(spells["trouble"].value_counts()) == {
        "left before being hired": 10,
        "no hire date": 6,
    }


def test_chicagos_exits_of_people_hired_again(leavers):
    spells = eq.service_spells(leavers)
    assert len(spells) == 6516
    negative = spells["trouble"] == "left before being hired"
    assert negative.sum() == 23
    assert spells.loc[negative, "months"].isna().all()
    assert (spells["trouble"] == "no hire date").sum() == 2
    assert spells["left"].sum() == 6516 - 320  # 320 have no date of leaving


def test_chicagos_roster_with_the_exits_of_later_years(chicago, leavers):
    """The two files share a key of names and dates; who shares it is set aside."""
    rows = chicago.assign(person_id=chicago["key"]).drop(columns="key")
    spells = eq.service_spells(rows, exits=leavers, end="2024-04-30")
    fine = spells[spells["trouble"].isna()]
    assert len(spells) >= rows["person_id"].nunique()
    assert (fine["months"] >= fine["entered"]).all()
    by_reason = fine["exit_reason"].value_counts()
    assert by_reason.idxmax() == "RESIGNED-PENSION(RETIREMENT)"
    assert by_reason.sum() > 4000


def test_nashvilles_yearly_rosters(real_data):
    raw = pd.read_csv(real_data / "workforce" / "nashville_police_2010-2021.csv", dtype=str)
    rows = roster.standardize(
        raw,
        columns={
            "person_id": "person_key",
            "year": "year",
            "race": "race_ethnicity",
            "sex": "gender",
            "title": "job_desc",
            "hire_date": "date_started",
        },
        scheme="us1977",
    )
    flows = eq.count(eq.add_flows(rows), by=["year"], of=["joined", "left"]).table
    people = raw.drop_duplicates(["person_key", "year"]).groupby("year")["person_key"].agg(set)
    gone = [len(a - b) for a, b in zip(people[:-1], people[1:], strict=True)]
    once = rows.drop_duplicates(["person_id", "year"])
    flows = eq.count(eq.add_flows(once), by=["year"], of=["joined", "left"]).table
    assert flows["left"].tolist()[:-1] == gone
    assert flows["left_known"].iloc[-1] == 0

    spells = eq.service_spells(rows)
    periods = 0
    for _, when in raw.assign(year=raw["year"].astype(int)).groupby("person_key")["year"]:
        there = set(when)
        periods += sum(year - 1 not in there for year in there)
    assert len(spells) == periods
    assert spells["left"].sum() == sum(gone)
