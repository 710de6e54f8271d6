"""Workbooks as HR has them: every trap drawn by openpyxl, read, and set aside with why."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from equity.agency import read_agency
from equity.pipeline import check_agency
from equity.sources import _columns, roster
from equity.sources._files import scan
from equity.sources._rows import HEADING, NOTE, REPEATED, TITLE, TOTAL, Judge, joined

HEADER = ["Name", "Race", "Sex", "Hired", "Pay"]
AT = dt.datetime(2018, 4, 17)


def workbook(path: Path, sheets: dict[str, list[list[Any]]], merge: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
        for cells in merge:
            page.merge_cells(cells)
    book.save(path)
    return path


def records(path: Path | list[Path], **options: Any) -> list[dict[str, Any]]:
    relation = scan(path, **options).order("source_file, source_row")
    rows = relation.fetchall()
    return [dict(zip(relation.columns, row, strict=True)) for row in rows]


REPORT: list[list[Any]] = [
    ["Personnel report of June"],
    [],
    HEADER,
    ["Department: Patrol"],
    ["a", "White", "M", AT, "$1,234.00"],
    ["b", "Black", "F", "4/17/2018", "$ -"],
    ["Subtotal Patrol", None, None, None, 1234],
    [],
    ["Personnel report of June"],
    HEADER,
    ["c", "Asian", "F", "2018-04-17 00:00:00", "(12)"],
    ["Total Quality Manager", "White", "F", AT, 5],
    [None, "Grand Total", None, None, "$1,227.00"],
    [],
    ["Source: personnel system"],
    ["* withheld by law"],
    ["Rows with a blank race were not asked"],
    [" ", None, " "],
]


def as_csv(path: Path, rows: list[list[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for row in rows:
            cells = [c.date().isoformat() if isinstance(c, dt.datetime) else c for c in row]
            writer.writerow([*cells, *[None] * (len(HEADER) - len(row))])
    return path


WRITE: dict[str, Callable[[Path], Path]] = {
    "xlsx": lambda folder: workbook(folder / "a.xlsx", {"s": REPORT}),
    "csv": lambda folder: as_csv(folder / "a.csv", REPORT),
}


@pytest.mark.parametrize("kind", WRITE)
def test_totals_headings_titles_and_notes_say_why_they_are_no_records(
    tmp_path: Path, kind: str
) -> None:
    rows = records(WRITE[kind](tmp_path), header_row=3)
    assert {r["source_row"]: r["not_a_record"] for r in rows} == {
        4: HEADING,
        5: None,
        6: None,
        7: TOTAL,
        9: TITLE,
        10: REPEATED,
        11: None,
        12: None,
        13: TOTAL,
        15: NOTE,
        16: NOTE,
        17: NOTE if kind == "xlsx" else rows[-1]["not_a_record"],
    }


def test_money_and_dates_in_every_form(tmp_path: Path) -> None:
    frame = scan(WRITE["xlsx"](tmp_path), header_row=3)
    columns = {"race": "Race", "sex": "Sex", "hire_date": "Hired", "pay": "Pay"}
    table = roster.standardize(frame, columns=columns, year=2020)
    rows = {r["source_row"]: r for r in table.df().to_dict("records")}
    assert {rows[n]["hire_date"].date() for n in (5, 6, 11, 12)} == {dt.date(2018, 4, 17)}
    assert rows[7]["not_a_record"] == TOTAL
    assert rows[10]["race"] != rows[10]["race"]  # the label "Race" is no race: missing


def test_the_pipeline_sets_them_aside_with_the_reason(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", {"s": REPORT})
    (tmp_path / "equity.toml").write_text(
        '[agency]\nname = "A"\nplace = "B"\ntimezone = "America/New_York"\n'
        '[workforce]\nformat = "roster"\nfiles = ["a.xlsx"]\nheader_row = 3\nyear = 2020\n'
        '[workforce.columns]\ntitle = "Name"\nrace = "Race"\nsex = "Sex"\n'
        'hire_date = "Hired"\n',
        encoding="utf-8",
    )
    agency = read_agency(tmp_path)
    report = check_agency(agency)["workforce"]
    assert report.usable  # two thirds of the rows are no records, and none of them went wrong
    assert (report.rows_in, report.rows_good, report.rows_set_aside) == (12, 4, 8)
    with (agency.private / "set_aside" / "workforce.csv").open(encoding="utf-8-sig") as file:
        reasons = {int(r["source_row"]): r["reasons"] for r in csv.DictReader(file)}
    assert reasons == {
        4: f"not a record: {HEADING}",
        7: f"not a record: {TOTAL}",
        9: f"not a record: {TITLE}",
        10: f"not a record: {REPEATED}",
        13: f"not a record: {TOTAL}",
        15: f"not a record: {NOTE}",
        16: f"not a record: {NOTE}",
        17: f"not a record: {NOTE}",
    }


@pytest.mark.parametrize(
    "row",
    [
        ["Total Quality Manager", "White", "F", "2018-04-17", "5"],
        ["Total Quality Manager", None, None, None, None],
        ["a", "Total Rewards", "F", None, "5"],
        ["Source, Anna", "White", "F", None, "5"],
        ["b", None, None, None, None],
        ["Department: Patrol", "White", None, None, None],
    ],
)
def test_a_row_that_may_be_a_record_stays_one(row: list[str | None]) -> None:
    assert Judge([HEADER])(row) is None


@pytest.mark.parametrize(
    "row",
    [
        ["TOTAL", None, None, None, "12"],
        ["Totals:", "1", "2", "3", "4"],
        ["Sub-total", None, None, None, "$ (12.00)"],
        ["Total for Patrol", None, None, None, "100 %"],
        ["Patrol", "Total", None, None, "7"],
        ["Record count: 700", None, None, None, None],
        ["Patrol Division Total", None, None, None, "7"],
    ],
)
def test_a_label_with_nothing_but_numbers_beside_it_is_a_total(row: list[str | None]) -> None:
    assert Judge([HEADER])(row) == TOTAL


def test_two_header_rows_with_merged_cells(tmp_path: Path) -> None:
    rows = [
        ["Staff by race and sex"],
        ["Division", "Male", None, "Female", None, None],
        [None, "White", "Black", "White", "Black", "All"],
        ["Patrol", 1, 2, 3, 4, 10],
    ]
    path = workbook(tmp_path / "a.xlsx", {"s": rows}, ("A2:A3", "B2:C2", "D2:E2"))
    columns = scan(path, header_row=[2, 3]).columns[:6]
    assert columns == [
        "Division",
        "Male White",
        "Male Black",
        "Female White",
        "Female Black",
        "All",
    ]
    assert records(path, header_row=[2, 3])[0]["Female Black"] == "4"


def test_two_header_rows_without_merged_cells_carry_to_the_right(tmp_path: Path) -> None:
    text = "Division,Male,,Female,\n,White,Black,White,Black\nPatrol,1,2,3,4\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    row = records(tmp_path / "a.csv", header_row=[1, 2])[0]
    assert row["source_row"] == 3
    assert list(row)[:5] == [
        "Division",
        "Male White",
        "Male Black",
        "Female White",
        "Female Black",
    ]
    assert joined([["Employee", None], ["ID", "Name"]]) == ["Employee ID", "Employee Name"]


@pytest.mark.parametrize("given", [[3, 2], [], [0, 1], 0, "3"])
def test_header_rows_that_make_no_sense(tmp_path: Path, given: Any) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises((ValueError, TypeError), match="header_row"):
        scan(tmp_path / "a.csv", header_row=given)


YEARS = {
    "2019": [["Roster"], ["Race", "Sex", "Ethnic Code"], ["White", "M", "02"]],
    "2020": [["Roster"], ["new system"], ["Race", "Gender", "Ethnic Code"], ["Black", "F", 2]],
    "Empty": [],
}


def test_one_sheet_per_year_with_changed_headers(tmp_path: Path) -> None:
    rows = records(workbook(tmp_path / "a.xlsx", YEARS), header_row=2, sheet="*")
    assert [
        (r["source_sheet"], r["source_row"], r["Race"], r["Sex"], r["Gender"]) for r in rows
    ] == [
        ("2019", 3, "White", "M", None),
        ("2020", 4, "Black", None, "F"),
    ]
    assert len({(r["source_file"], r["source_row"]) for r in rows}) == len(rows)


def test_some_sheets_by_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", YEARS)
    rows = records(path, header_row=3, sheet=["2020"])
    assert [(r["source_sheet"], r["Gender"]) for r in rows] == [("2020", "F")]
    with pytest.raises(ValueError, match="'2021' is not in a.xlsx. Its sheets are: '2019'"):
        scan(path, sheet=["2020", "2021"])


def test_rows_of_several_sheets_stay_apart_in_the_checks(tmp_path: Path) -> None:
    # row 3 is in both sheets: nothing may be counted twice or shown under the other
    header = ["Id", "Race", "Hired"]
    sheets: dict[str, list[list[Any]]] = {
        "2019": [header, ["a", "White", "2001-01-01"], ["Total", 1, 2]],
        "2020": [header, ["a", "White", "2001-01-01"], ["b", "Black", "2002-01-01"]],
    }
    workbook(tmp_path / "a.xlsx", sheets)
    (tmp_path / "equity.toml").write_text(
        '[agency]\nname = "A"\nplace = "B"\ntimezone = "America/New_York"\n'
        '[workforce]\nformat = "roster"\nfiles = ["a.xlsx"]\nsheet = "*"\n'
        '[workforce.columns]\nperson_id = "Id"\nrace = "Race"\nhire_date = "Hired"\n'
        'year = "source_sheet"\n',
        encoding="utf-8",
    )
    agency = read_agency(tmp_path)
    report = check_agency(agency)["workforce"]
    assert (report.rows_in, report.rows_good, report.rows_set_aside) == (4, 3, 1)
    account = next(r for r in report.rules if r.id == "W05")
    assert (account.outcome, account.bad) == ("passed", 0)
    text = (agency.private / "set_aside" / "workforce.csv").read_text(encoding="utf-8-sig")
    assert "2019" in text.splitlines()[1]
    assert "2020" not in text


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    rows = [["Race", "Location", "Location"], ["White", "East", "West"], ["Black", "x", None]]
    path = workbook(tmp_path / "a.xlsx", {"s": rows})
    assert scan(path).columns[:3] == ["Race", "Location", "Location (2)"]
    columns = {"race": "Race", "department": "Location"}
    with pytest.raises(ValueError, match=r"2 columns called 'Location'.*'Location \(1\)', 'Loc"):
        roster.read(path, columns=columns, year=2020)
    for which, value in (("(1)", "East"), ("(2)", "West")):
        table = roster.read(path, columns=columns | {"department": f"Location {which}"}, year=2020)
        assert table.df()["department"].tolist()[0] == value


def test_two_columns_of_one_name_that_hold_the_same_are_one(tmp_path: Path) -> None:
    rows = [["Race", "Location", "Location"], ["White", "East", "East"], ["Black", None, None]]
    path = workbook(tmp_path / "a.xlsx", {"s": rows})
    table = roster.read(path, columns={"race": "Race", "department": "Location"}, year=2020)
    assert table.df()["department"].tolist()[0] == "East"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("002", "2", True),
        ("1", "1.0", True),
        ("0", "00", True),
        ("2", "20", False),
        ("A2", "A02", False),
        ("", "0", False),
    ],
)
def test_codes_that_lost_their_zeros(one: str, other: str, same: bool) -> None:
    assert _columns.same_code(one, other) is same
    assert _columns.same_code(other, one) is same


def test_value_maps_match_codes_that_lost_their_zeros(tmp_path: Path) -> None:
    rows = [["Race", "Job"], ["02", "002"], [1, 2], ["1.0", "2.0"], [2, "20"], [2, "x"]]
    path = workbook(tmp_path / "a.xlsx", {"s": rows})
    table = roster.read(
        path,
        columns={"race": "Race", "job_category": "Job"},
        values={"race": {"01": "white", "2": "black"}, "job_category": {"02": "Professionals"}},
        year=2020,
    ).df()
    assert table["job_category"].tolist() == [*["Professionals"] * 3, "20", "x"]
    assert table["race"].tolist()[:2] == ["black", "white"]


def test_codes_that_differ_by_zeros_alone_stay_apart() -> None:
    assert _columns._codes({"1": "a", "01": "b"}) == set()
    assert _columns._codes({"1": "a", "x": "b"}) == set()
    assert _columns._codes({"1": "a", "02": "b"}) == {"1", "02"}
