"""Traps in real files: Hartford's way of recording, and times that are not local."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import equity as eq

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def stops(real_data: Path) -> Path:
    return real_data / "stops"


@pytest.fixture(scope="module")
def hartford(stops: Path) -> pd.DataFrame:
    """Return Hartford's stops with year, race and a search as a yes or a no."""
    file = pd.read_csv(stops / "opp_ct_hartford.csv", low_memory=False)
    date = pd.to_datetime(file["date"], errors="coerce")
    return pd.DataFrame(
        {
            "year": date.dt.year.astype("Int64"),
            "month": date.dt.month.astype("Int64"),
            "hour": pd.to_datetime(file["time"], format="%H:%M:%S", errors="coerce").dt.hour,
            "subject_race": file["subject_race"].replace(
                {"asian/pacific islander": "asian_pacific", "other/unknown": "other"}
            ),
            "search_conducted": file["search_conducted"].astype("boolean"),
        }
    )


def by_hour(hours: pd.Series) -> pd.DataFrame:
    return hours.value_counts(dropna=False).rename_axis("hour").reset_index(name="n")


def test_hartford_jumps_from_1_9_to_57_7_percent_and_back(hartford: pd.DataFrame) -> None:
    """DATA.md: 1.9 % in 2013, 57.7 % in 2014, 12.4 % in 2015, 2.3 % in 2016."""
    counts = eq.count(hartford, by=["year", "subject_race"], of=["search_conducted"])
    table = eq.recording(counts)
    assert (100 * table.rate).round(1).tolist() == [1.9, 57.7, 12.4, 2.3]
    assert table.jump.tolist() == [False, True, True, True]
    assert eq.charts.recording(table).title.text == (
        "The share of stops with a search jumped from 1.9% in 2013 to 57.7% in 2014: look at how "
        "searches are recorded before comparing groups; 2 other jumps are marked"
    )


def test_hartford_by_month_rises_and_falls_for_all_groups(hartford: pd.DataFrame) -> None:
    """Nine of ten stops with a search in one month, one of a hundred in another, in each group."""
    by = ["year", "month", "subject_race"]
    counts = eq.count(hartford, by=by, of=["search_conducted"])
    table = eq.trend(counts, of="search_conducted", group="subject_race", reference="white").query(
        "x_known >= 50"
    )
    for _, part in table[table.group.isin(["black", "hispanic", "white"])].groupby("group"):
        assert part.rate.max() > 0.85 and part.rate.min() < 0.01


def test_minneapolis_has_times_of_utc(stops: Path) -> None:
    """Its `date` is UTC: rarest at 10-13, which is 4-7 in the morning there in summer or 3-6."""
    file = pd.read_csv(stops / "minneapolis_2017.csv", usecols=["date"])
    utc = pd.to_datetime(file["date"])
    table = eq.clock(by_hour(utc.dt.hour))
    assert (table.reason == "stops are rarest at 10-13: the times may be UTC, not local").all()
    local = utc.dt.tz_localize("UTC").dt.tz_convert("America/Chicago")
    assert eq.clock(by_hour(local.dt.hour)).reason.isna().all()


def test_hartford_has_local_times(hartford: pd.DataFrame) -> None:
    """Rarest from 3 to 6; four stops have no time."""
    table = eq.clock(by_hour(hartford["hour"]))
    assert table.loc[table.rarest, "hour"].tolist() == [3, 4, 5]
    assert table.reason.isna().all() and table.unknown.iloc[0] == 4


@pytest.mark.parametrize("month", ["2018-09", "2018-10"])
def test_london_is_near_utc_and_not_marked(stops: Path, month: str) -> None:
    """police.uk gives UTC, an hour off in summer: rarest at 5-8, which touches the night."""
    path = stops / "police_uk" / f"{month}-metropolitan-stop-and-search.csv"
    file = pd.read_csv(path, usecols=["Date"])
    table = eq.clock(by_hour(pd.to_datetime(file["Date"]).dt.hour))
    assert table.loc[table.rarest, "hour"].tolist() == [5, 6, 7]
    assert table.reason.isna().all()
    city = pd.read_csv(
        stops / "police_uk" / f"{month}-city-of-london-stop-and-search.csv", usecols=["Date"]
    )
    few = eq.clock(by_hour(pd.to_datetime(city["Date"]).dt.hour))
    assert few.reason.str.contains("500 are needed to tell").all()


def test_the_residents_of_2017_serve_hartfords_stops_of_2013_to_2016(
    hartford: pd.DataFrame,
) -> None:
    """A survey of 2013-2017 is near enough; one of 2023 is not, unless years are allowed."""
    counts = eq.count(hartford, by=["year", "subject_race"])
    people = pd.DataFrame(
        {"race": ["white", "black", "hispanic", "asian_pacific", "other"],
         "n": [560_997, 114_711, 154_977, 45_373, 21_359]}
    )  # fmt: skip
    call = {"group": "subject_race", "reference": "white"}
    near = eq.stop_rates(counts, people.assign(year=2017), **call)
    assert near.ratio.notna().all() and near.reason.isna().all()
    far = eq.stop_rates(counts, people.assign(year=2023), **call)
    assert far.ratio.isna().all()
    assert far.reason.iloc[0] == (
        "more than 5 years apart: counts of 2013-2016, residents of 2023"
    )
    assert (
        eq.stop_rates(counts, people.assign(year=2023), **call, years_apart=7).ratio.notna().all()
    )
