"""The adapters for stops on public records as offices export them.

The figures were counted in the raw files by other readers (a plain query of DuckDB on text, the
csv and zoneinfo modules), without the adapters.
"""

from __future__ import annotations

import csv
import datetime as dt
import zoneinfo
from pathlib import Path
from typing import Any

import duckdb
import pytest

from equity.sources import ctrp3, police_uk

STOPS = Path(__file__).parents[2].parent / "shared" / "data" / "stops"
WETHERSFIELD = STOPS / "ctrp3_wethersfield_2019q1.csv"
SEARCHES = sorted((STOPS / "police_uk").glob("*.csv"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not STOPS.exists(), reason="../shared/data is not here"),
]


def counts(relation: Any, column: str) -> dict[Any, int]:
    return dict(relation.aggregate(f"{column}, count(*)", column).fetchall())


def raw(path: Path) -> Any:
    return duckdb.read_csv(str(path), all_varchar=True)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_wethersfield(suffix: str) -> None:
    stops = ctrp3.read(WETHERSFIELD.with_suffix(suffix))
    assert counts(stops, "subject_race") == {
        "white": 409,
        "hispanic": 298,
        "black": 176,
        "asian_pacific": 18,
    }
    assert counts(stops, "search_conducted") == {True: 59, False: 842}
    assert counts(stops, "search_basis") == {"other": 39, "consent": 20, None: 842}
    assert counts(stops, "contraband_found") == {True: 33, False: 26, None: 842}
    assert counts(stops, "outcome") == {
        "warning": 597,
        "summons": 126,
        "citation": 124,
        "arrest": 36,
        None: 18,
    }
    assert counts(stops, "technique") == {"general": 824, "blind": 69, "spot check": 8}
    assert counts(stops, "subject_sex") == {"male": 547, "female": 354}
    assert stops.aggregate("min(date), max(date)").fetchall() == [
        (dt.date(2019, 1, 1), dt.date(2019, 4, 1))
    ]
    unread = [c for c in stops.columns if c.startswith("raw_")]
    for column in unread:
        missing = f"{column} IS NOT NULL AND {column[4:]} IS NULL"
        assert counts(stops, missing) == {False: 901}, column


def test_contraband_without_a_search_loses_no_stop_and_can_be_seen() -> None:
    stops = ctrp3.read(WETHERSFIELD)
    odd = stops.filter("contraband_recorded AND NOT search_conducted")
    assert odd.project("contraband_found, raw_contraband_recorded").fetchall() == [(None, "TRUE")]
    assert counts(stops, "contraband_recorded") == {True: 34, False: 867}


def test_one_stop_of_wethersfield_is_there_twice() -> None:
    numbers = counts(ctrp3.read(WETHERSFIELD), "stop_id")
    assert {n: k for n, k in numbers.items() if k > 1} == {"CT0015900 TC19-01849": 2}


def test_the_workbook_holds_the_same_stops_as_the_csv() -> None:
    kept = None
    tables = []
    for path in (WETHERSFIELD, WETHERSFIELD.with_suffix(".xlsx")):
        stops = ctrp3.read(path)
        # a workbook writes "2019-01-03" where the CSV has "Thursday, January 3, 2019"
        own = ("source_file", "raw_date", "raw_second_of_day")
        kept = kept or ", ".join(c for c in stops.columns if c not in own)
        tables.append(sorted(stops.project(kept).fetchall(), key=str))
    assert tables[0] == tables[1] and len(tables[0]) == 901


def test_police_uk() -> None:
    stops = police_uk.read(SEARCHES)
    assert counts(stops, "source_file") == {
        "2018-09-city-of-london-stop-and-search.csv": 148,
        "2018-09-metropolitan-stop-and-search.csv": 11_630,
        "2018-10-city-of-london-stop-and-search.csv": 128,
        "2018-10-metropolitan-stop-and-search.csv": 12_654,
    }
    assert counts(stops, "department_name") == {"city-of-london": 276, "metropolitan": 24_284}
    assert counts(stops, "search_conducted") == {True: 24_560}
    assert counts(stops, "subject_race") == {
        "black": 7484,
        "white": 7444,
        "asian": 3796,
        "mixed": 979,
        "other": 663,
        None: 4194,
    }
    assert counts(police_uk.read(SEARCHES, ethnicity="officer-defined"), "subject_race") == {
        "black": 10_106,
        "white": 8674,
        "asian": 4446,
        "other": 942,
        None: 392,
    }
    assert counts(stops, "outcome") == {
        "arrest": 3822,
        "citation": 552,
        "summons": 302,
        "warning": 37,
        None: 19_847,
    }


@pytest.mark.parametrize("path", SEARCHES, ids=lambda p: p.stem)
def test_finds_copies_and_empty_columns_of_police_uk(path: Path) -> None:
    rows, stops = raw(path), police_uk.read(path)
    done = "Outcome <> 'A no further action disposal'"
    linked = "\"Outcome linked to object of search\" IS DISTINCT FROM 'False'"
    assert counts(stops, "contraband_found") == counts(
        rows, f"{done} AND ({linked} OR NOT {done})"
    )
    whole = len(rows.fetchall())
    copies = whole - len(rows.distinct().fetchall())
    shown = ", ".join(c for c in stops.columns if c != "source_row")
    assert whole - len(stops.project(shown).distinct().fetchall()) == copies
    assert copies == {"2018-09-m": 288, "2018-10-m": 349}.get(path.name[:9], 0)
    theirs = {name: ours for ours, (name, _) in police_uk.HEADERS.items()}
    for name in (c for c in rows.columns if c in theirs):
        empty = counts(rows.filter(f'"{name}" IS NOT NULL'), "1") == {}
        filled = stops.filter(f"{theirs[name]} IS NOT NULL").aggregate("count(*)").fetchall()
        assert empty == (filled == [(0,)]), name


@pytest.mark.parametrize("path", SEARCHES, ids=lambda p: p.stem)
def test_times_of_police_uk_are_londons(path: Path) -> None:
    london = zoneinfo.ZoneInfo("Europe/London")
    with path.open(newline="", encoding="utf-8") as file:
        instants = [dt.datetime.fromisoformat(row["Date"]) for row in csv.DictReader(file)]
    local = [t.astimezone(london) for t in instants]
    stops = police_uk.read(path).order("source_row").project("date, second_of_day")
    assert stops.fetchall() == [
        (t.date(), t.hour * 3600 + t.minute * 60 + t.second) for t in local
    ]
    months = {d.month for d, _ in stops.fetchall()}
    assert months == {int(path.name[5:7])}  # by UTC, September begins on 31 August
