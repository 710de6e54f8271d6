"""What the checks must not pass over, nor show: names, second sheets, files that are there twice.

Everything is planted: people, places and files are invented.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pytest

from data_checks import check
from data_checks.shown import about_somebody_sql, may_quote
from equity.agency import read_agency
from equity.pipeline.checking import check_agency
from equity.sources import roster, stops

pytestmark = pytest.mark.usefixtures("counted_only")

TODAY = dt.date(2026, 1, 1)
AGENCY = '[agency]\nname = "Riverton"\nplace = "Riverton"\nlatitude = 41.3\nlongitude = -72.9\n'
AGENCY += 'timezone = "UTC"\n'


def rule(report: Any, key: str) -> Any:
    keys = importlib.import_module(f"data_checks.{report.table}").KEYS
    return next(r for r in report.rules if int(r.id[1:]) == keys.index(key) + 1)


def loaded(folder: Path, section: str) -> dict[str, Any]:
    (folder / "equity.toml").write_text(AGENCY + section, encoding="utf-8")
    return check_agency(read_agency(folder / "equity.toml"), today=TODAY)


def days(n: int, first: str = "2023-01-01") -> list[str]:
    return [str(d.date()) for d in pd.date_range(first, periods=n)]


SHOWN = ["unknown date", "13/45/2024", "verbal", "Not Known", "Unknown", "#VALUE!", "3/4/24"]
OF_SOMEBODY = ["Doe0, Jane", "DOE, JANE", "O'Neil, Pat Q.", "J. Doe", "Sgt. Doe", "a@b.org",
               "Müller, Jörg", "555-12-1234", "(203) 555-0100"]  # fmt: skip
LABELS = ["Speeding, reckless", "North, East", "Capitol Hill", "Officer Initiated", "E. Precinct"]


def test_which_values_may_be_quoted() -> None:
    told = ["Doe0, Jane born 3/4/1980", "doe, jane", "Jane Doe", "2035550100", *OF_SOMEBODY]
    assert [v for v in [*SHOWN, *told] if may_quote(v, free=True)] == SHOWN
    assert [v for v in [*LABELS, *OF_SOMEBODY] if may_quote(v)] == LABELS
    known = duckdb.from_df(pd.DataFrame({"v": [*LABELS, *OF_SOMEBODY]}))
    assert known.filter(f"NOT {about_somebody_sql('v')}").fetchall() == [(v,) for v in LABELS]


def test_names_in_a_beat_or_a_date_are_nowhere_in_the_results(tmp_path: Path) -> None:
    names = [f"Jones{i}, Ann" for i in range(8)]
    rows = pd.DataFrame({"day": days(80), "race": ["white", "black"] * 40, "beat": names * 10})
    rows["district"] = ["North", "South", "Lee, Bo", "East"] * 20
    rows.loc[3:5, "day"] = ["Doe0, Jane born 3/4/1980", "Doe1, Jane", "unknown date"]
    section = (
        '[stops]\nformat = "stops"\nfiles = ["s.csv"]\n[stops.columns]\ndate = "day"\n'
        'subject_race = "race"\nbeat = "beat"\ndistrict = "district"\n'
    )
    rows.to_csv(tmp_path / "s.csv", index=False)
    loaded(tmp_path, section)
    rows["beat"], rows["district"] = [f"{n}a" for n in rows["beat"]], "West"
    rows.to_csv(tmp_path / "s.csv", index=False)
    found = loaded(tmp_path, section)["stops"]
    assert rule(found, "date:read").examples == ("unknown date",)
    assert rule(found, "drift:categories").examples == ("district “West”: 77 rows",)
    kept = json.loads(next((tmp_path / "private" / "accepted").glob("*.json")).read_text("utf-8"))
    assert "West" in str(kept)
    pages = [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix in (".html", ".json")]
    assert len(pages) > 4
    for page in pages:
        assert not [w for w in ("Jones", "Jane", "Lee, Bo") if w in page.read_text("utf-8")], page


def test_a_sheet_that_was_not_read_is_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for year, state in (("2023", "visible"), ("2024", "visible"), ("old", "hidden")):
        sheet = book.create_sheet(year)
        sheet.sheet_state = state
        for row in [["day", "race"], *([d, "white"] for d in days(30))]:
            sheet.append(row)
    book.create_sheet("blank")
    book.save(tmp_path / "s.xlsx")
    section = '[stops]\nformat = "stops"\nfiles = ["s.xlsx"]\n{}[stops.columns]\ndate = "day"\n'
    section += 'subject_race = "race"\n'
    report = loaded(tmp_path, section.format(""))["stops"]
    found = rule(report, "sheets")
    assert (found.outcome, found.examples) == ("failed", ("sheet “2024” of s.xlsx was not read",))
    assert (report.rows_in, report.exit_code) == (30, 1)
    both = loaded(tmp_path, section.format('sheet = "*"\n'))["stops"]
    assert (both.rows_in, rule(both, "sheets").outcome) == (60, "nothing to test")


def test_an_open_end_is_no_date_of_leaving(tmp_path: Path) -> None:
    left = [*days(36), "2026-05-01", "9999-12-31", "12/31/9999", "2200-01-01 00:00:00"]
    people = pd.DataFrame({"race": ["white", "black"] * 20, "left": left})
    people.to_csv(tmp_path / "exits.csv", index=False)
    report = loaded(
        tmp_path,
        '[exits]\nformat = "roster"\nfiles = ["exits.csv"]\n[exits.columns]\nrace = "race"\n'
        'exit_date = "left"\n',
    )["exits"]
    assert rule(report, "exit_date:read").bad == 0
    assert rule(report, "exit_date:present").bad == 3
    late = rule(report, "exit_date:not in the future")
    assert (late.bad, late.reason, late.severity) == (1, "has not left yet", "set the row aside")
    assert report.rows_set_aside == 4
    typed = pd.DataFrame({"race": ["white"] * 2, "left": [dt.date(9999, 12, 31), TODAY]})
    with duckdb.connect() as con:
        read = roster.standardize(
            con.from_df(typed).project("race, CAST(\"left\" AS DATE) AS \"left\""),
            columns={"race": "race", "exit_date": "left"}, table="workforce", year=2025,
        )  # fmt: skip
        assert read.project("exit_date").fetchall() == [(None,), (TODAY,)]


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for year in ("2023", "2024"):
        (tmp_path / year).mkdir()
        rows = pd.DataFrame({"day": days(20, f"{year}-01-01"), "race": ["white"] * 20})
        rows.to_csv(tmp_path / year / "stops.csv", index=False)
    paths = [tmp_path / year / "stops.csv" for year in ("2023", "2024")]
    with pytest.raises(ValueError, match=r"Two files are called stops\.csv\. Rename one"):
        stops.read(paths, columns={"date": "day", "subject_race": "race"})


def planted(folder: Path, number: list[Any], order: list[int]) -> Any:
    raw = pd.DataFrame({
        "source_file": "a.csv", "source_row": range(2, len(order) + 2),
        "day": [days(len(order))[i] for i in order],
        "race": [["white", "black", "hispanic"][i % 3] for i in order], "Row": number,
    })  # fmt: skip
    raw.astype({"Row": "str"}).to_parquet(folder / "raw.parquet", index=False)
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT source_file, source_row, CAST(day AS DATE) AS date, race AS "
            f"subject_race FROM '{folder / 'raw.parquet'}') TO '{folder / 'data.parquet'}'"
        )
    report = check(
        table="stops", data=folder / "data.parquet", raw=folder / "raw.parquet",
        context={"today": TODAY},
    )  # fmt: skip
    return rule(report, "delivered twice")


def test_a_file_that_is_there_twice_under_running_numbers(tmp_path: Path) -> None:
    found = planted(tmp_path, list(range(120)), [*range(60), *range(60)])
    assert found.examples == ("but for the column Row, every row is there 2 times",)
    assert (found.outcome, found.severity) == ("failed", "warn")
    for number, order in (
        (list(range(120)), [*range(60), *range(59), 60]),  # one row differs
        ([*range(119), 0], [*range(60), *range(60)]),  # Row is no running number
        (list(range(38)), [*range(19), *range(19)]),  # so few may well be alike
    ):
        assert planted(tmp_path, number, order).outcome == "passed"


def test_numbers_and_dates_that_have_no_room_are_set_aside(tmp_path: Path) -> None:
    data = tmp_path / "data.parquet"
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT CAST(date AS DATE) AS date, 'white' AS subject_race, CAST(age AS "
            "UBIGINT) AS subject_age FROM (SELECT '2024-01-01' AS date, '30' AS age FROM range(20)"
            " UNION ALL VALUES ('infinity', NULL), ('-infinity', NULL), (NULL, '1'), "
            f"('2024-02-01', '18446744073709551615'))) TO '{data}'"
        )
    report = check(table="stops", data=data, context={"today": TODAY})
    failed = ("date:not in the future", "date:not too early", "subject_age:bounds", "date:present")
    assert [rule(report, key).bad for key in failed] == [1, 1, 1, 1]
    assert (report.rows_set_aside, report.usable) == (4, True)
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT DATE '2024-01-01' AS date, 1 AS file_row_number) TO '{data}'")
    with pytest.raises(ValueError, match="has a column file_row_number"):
        check(table="stops", data=data)
