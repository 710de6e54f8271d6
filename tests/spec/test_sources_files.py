"""Files as offices send them: layouts that are read, and errors that say the way out."""

from __future__ import annotations

import datetime as dt
import gc
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from equity.sources import _headers, roster
from equity.sources._files import plain_error, scan


def write(path: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def table(path: Any, **options: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    relation = scan(path, **options).order("source_file, source_row")
    return relation.columns, relation.fetchall()


def workbook(path: Path, *sheets: tuple[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets:
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("race,town\nblack,Peña\n", "utf-8"),
        ("race,town\r\nblack,Peña\r\n", "utf-8-sig"),
        ("race,town\nblack,Peña", "latin-1"),
        ("race,town\nblack,Peña\n", "utf-16"),
        ("race;town\nblack;Peña\n", "utf-8"),
        ("race\ttown\nblack\tPeña\n", "utf-16"),
        ("race|town\nblack|Peña\n", "cp1252"),
        ('"race","town"\n"black","Peña"\n', "utf-8"),
    ],
)
def test_encodings_and_delimiters(tmp_path: Path, content: str, encoding: str) -> None:
    columns, rows = table(write(tmp_path / "a.csv", content, encoding))
    assert columns == ["race", "town", "source_row", "source_file"]
    assert rows == [("black", "Peña", 2, "a.csv")]


def test_windows_quotation_marks(tmp_path: Path) -> None:
    _, rows = table(write(tmp_path / "a.csv", b"race,note\nblack,\x93so\x94 caf\xe9\n"))
    assert rows == [("black", "“so” café", 2, "a.csv")]


def test_everything_is_text_and_keeps_its_zeros(tmp_path: Path) -> None:
    _, rows = table(write(tmp_path / "a.csv", 'code,flag,note\n007,TRUE,"a, ""b""\nc"\n1,,\n'))
    assert rows == [("007", "TRUE", 'a, "b"\nc', 2, "a.csv"), ("1", None, None, 3, "a.csv")]


def test_title_rows_blank_rows_and_empty_columns_keep_the_row_numbers(tmp_path: Path) -> None:
    text = "Roster of the town\n\nrace,race,,\nblack,1,,\n\n,,,\nwhite,2,,\n"
    for end in ("\n", "\r\n"):
        path = write(tmp_path / "a.csv", text.replace("\n", end))
        columns, rows = table(path, header_row=3)
        assert columns == ["race", "race (2)", "source_row", "source_file"]
        assert [r[:3] for r in rows] == [("black", "1", 4), ("white", "2", 7)]


def test_a_column_without_a_name_is_kept_if_it_has_a_value(tmp_path: Path) -> None:
    columns, rows = table(write(tmp_path / "a.csv", "race,,\nblack,,\nwhite,x,\n"))
    assert columns == ["race", "column 2", "source_row", "source_file"]
    assert [r[1] for r in rows] == [None, "x"]


def test_rows_that_end_early_are_filled(tmp_path: Path) -> None:
    _, rows = table(write(tmp_path / "a.csv", 'a,b,c\n1\n2,"x\ny",3\n'))
    assert [r[:4] for r in rows] == [("1", None, None, 2), ("2", "x\ny", "3", 3)]


def test_brackets_and_quotes_in_a_name(tmp_path: Path) -> None:
    write(tmp_path / "b1.csv", "a\nwrong\n")
    _, rows = table(write(tmp_path / "b[1] o'clock (2).csv", "a,b\n1,2\n"))
    assert rows == [("1", "2", 2, "b[1] o'clock (2).csv")]


def test_several_files_by_name_and_the_relation_outlives_them_all(tmp_path: Path) -> None:
    one = write(tmp_path / "1.csv", "race,sex\nblack,f\n")
    two = workbook(tmp_path / "2.xlsx", ("s", [["sex", "year"], ["m", 2020]]))
    relation = scan([one, two])
    gc.collect()
    assert relation.order("source_file").fetchall() == [
        ("black", "f", 2, "1.csv", None),
        (None, "m", 2, "2.xlsx", "2020"),
    ]


def test_it_is_on_the_default_connection(tmp_path: Path) -> None:
    stops = scan(write(tmp_path / "a.csv", "race\nblack\n"))  # noqa: F841
    assert duckdb.sql(
        "SELECT race FROM stops JOIN (SELECT 2 AS source_row) USING (source_row)"
    ).fetchall() == [("black",)]


def test_parquet_keeps_types(tmp_path: Path) -> None:
    path = str(tmp_path / "a.parquet")
    duckdb.sql(
        "SELECT DATE '2020-01-02' AS date, 'x' AS race UNION ALL SELECT NULL, 'y'"
    ).write_parquet(path)
    columns, rows = table(path)
    assert columns == ["date", "race", "source_row", "source_file"]
    assert rows == [(dt.date(2020, 1, 2), "x", 2, "a.parquet"), (None, "y", 3, "a.parquet")]


def test_workbooks(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        ("empty", []),
        (
            "data",
            [
                ["Report of June"],
                ["Code", "Age", "Start", "Clock", "Active", "Pay", "Code", None],
                ["007", 38.0, dt.datetime(2020, 1, 2), dt.time(9, 5), True, 1.5, " x ", None],
                [None] * 8,
                ["008", None, dt.datetime(2020, 1, 2, 3, 4), None, False, None, "", None],
            ],
        ),
    )
    columns, rows = table(path, header_row=2)
    assert columns == [
        "Code",
        "Age",
        "Start",
        "Clock",
        "Active",
        "Pay",
        "Code (2)",
        "source_row",
        "source_file",
    ]
    assert rows == [
        ("007", "38", "2020-01-02", "09:05:00", "TRUE", "1.5", "x", 3, "a.xlsx"),
        ("008", None, "2020-01-02 03:04:00", None, "FALSE", None, None, 5, "a.xlsx"),
    ]
    assert table(path, header_row=2, sheet="data")[1] == rows


def test_zeros_that_a_number_format_shows(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ("s", [["class"], [7783]]))
    book = openpyxl.load_workbook(path)
    book["s"]["A2"].number_format = "00000"
    book.save(path)
    assert table(path)[1][0][0] == "07783"


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    return path


@pytest.mark.parametrize(
    ("name", "content", "options", "words"),
    [
        ("a.csv", b"", {}, "a.csv is empty"),
        ("a.csv", b"\xef\xbb\xbf \n\n", {}, "a.csv is empty"),
        ("a.csv", b"race,sex\n", {}, "has column names and no rows"),
        ("a.csv", b"race,sex\n\n,\n", {}, "has column names and no rows"),
        ("a.pdf", b"%PDF-1.7 ...", {}, "is a PDF. Ask for the table"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", {}, "old .xls workbook, or one with a password"),
        ("a.xls", b"<html><table><tr>", {}, "is a web page"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00", {}, "compressed (gzip). Unpack it"),
        ("a.json", b'[{"a": 1}]', {}, "is JSON"),
        ("a.csv", b"a,b\n1,\x00\n", {}, "is not text: it holds zero bytes"),
        ("a.xlsx", b"PK\x03\x04 broken", {}, "is damaged"),
        ("a.parquet", b"PAR1 broken", {}, "is damaged or not complete"),
        ("a.csv", b"a,b\nSmith,2,3\n", {}, "a.csv, line 2, has 3 values, the header has 2"),
        ("a.csv", b"Title\na,b\nSmith,2\n", {}, "then say so with header_row"),
        ("a.csv", b'a,b\n1,"Smith\n2,3\n', {}, "quotation mark that is not closed"),
        ("a.csv", b"a,b\n1,\xe9\n", {"encoding": "utf-8"}, "encoding='latin-1'"),
        ("a.csv", b"a,b\n1,2\n", {"encoding": "klingon"}, "encoding='klingon' is not known"),
        ("a.csv", b"a,b\n1,2\n", {"header_row": 9}, "Row 9 of a.csv, where the column names"),
        ("a.csv", b"a,b\n1,2\n", {"header_row": 0}, "header_row=0 must be a row number"),
        ("a.csv", b"a,b\n1,2\n", {"delimiter": "::"}, "delimiter='::'"),
    ],
)
def test_errors_say_the_way_out_and_no_record(
    tmp_path: Path, name: str, content: bytes, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        scan(write(tmp_path / name, content), **options)
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert "Smith" not in message


def test_errors_of_names_and_sheets(tmp_path: Path) -> None:
    write(tmp_path / "stops.csv", "a\n1\n")
    with pytest.raises(ValueError, match=r"no file stop\.csv .* In that folder are: stops\.csv"):
        scan(tmp_path / "stop.csv")
    with pytest.raises(ValueError, match="is a folder"):
        scan(tmp_path)
    with pytest.raises(ValueError, match="No file is named"):
        scan([])
    with pytest.raises(ValueError, match="is a ZIP archive"):
        scan(zipped(tmp_path / "a.zip"))
    book = workbook(tmp_path / "b.xlsx", ("one", [["a"], [1]]), ("two", []))
    with pytest.raises(ValueError, match="sheet='tow' is not in b.xlsx. Its sheets are: 'one'"):
        scan(book, sheet="tow")
    with pytest.raises(ValueError, match="Sheet 'two' of b.xlsx is empty"):
        scan(book, sheet="two")
    with pytest.raises(ValueError, match="is an Excel workbook, though its name ends in .csv"):
        scan(book.rename(tmp_path / "b.csv"))


def test_plain_error_of_a_file_that_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1,2\n")
    relation = scan(path)
    write(path, "a,b\nSmith,2,3\n")
    with pytest.raises(duckdb.Error) as caught:
        relation.fetchall()
    assert "Smith" not in str(plain_error(caught.value, "a.csv"))
    assert "line 2" in str(plain_error(caught.value, "a.csv"))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("tail", ["", " , \n", "   \n", ' ,"  "\n,\n', "\u00a0,\u00a0\n", "  "])
def test_rows_of_spaces_hold_nothing(tmp_path: Path, end: str, tail: str) -> None:
    text = f"race,sex\nblack,f\n , \nwhite,m\n\u00a0,\n{tail}"
    _, rows = table(write(tmp_path / "a.csv", text.replace("\n", end)))
    assert [r[:3] for r in rows] == [("black", "f", 2), ("white", "m", 4)]
    latin = write(tmp_path / "b.csv", text.replace("\n", end) + "\n\n", "utf-16")
    assert [r[:3] for r in table(latin)[1]] == [("black", "f", 2), ("white", "m", 4)]


RECORDS = [
    ["Roster of the town", None, None, None],
    ["Name", "Race", "Hired", "Pay"],
    ["Smith, Ann", "Black", "3/1/2004", "$71,000"],
    ["Jones, Bob", "White", "4/1/2010", "$52,000"],
]


def roster_of(tmp_path: Path, kind: str) -> Path:
    if kind == "xlsx":
        return workbook(tmp_path / "r.xlsx", ("Staff", RECORDS), ("Lookup", [["Code"], ["x"]]))
    lines = (",".join(f'"{c or ""}"' for c in row) for row in RECORDS)
    return write(tmp_path / "r.csv", "\n".join(lines) + "\n")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_header_row_that_is_a_record_is_never_quoted(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        roster.read(roster_of(tmp_path, kind), columns={"race": "Race"}, header_row=3)
    said = str(caught.value)
    assert "Row 3 looks like a record and not like column names" in said
    assert "Row 2 looks like the column names: set header_row = 2" in said
    assert not [w for w in ("Smith", "Black", "2004", "71") if w in said]


def test_a_file_without_column_names_is_not_quoted(tmp_path: Path) -> None:
    path = write(tmp_path / "n.csv", "Smith,Clerk,Black,F\nJones,Chief,White,M\n")
    with pytest.raises(ValueError, match="seems to have no column names") as caught:
        roster.read(path, columns={"race": "Race"})
    assert "Smith" not in str(caught.value)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_header_row_that_is_a_title_names_the_right_row(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ValueError, match=r"Row 2 looks like the column names: set header_row = 2"):
        roster.read(roster_of(tmp_path, kind), columns={"race": "Race"}, header_row=1)


def test_an_empty_header_row_names_the_right_row(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", "Title\n\nName,Race,Pay\nSmith,Black,7\n")
    with pytest.raises(ValueError, match=r"Row 3 looks like the column names"):
        scan(path, header_row=2)
    with pytest.raises(ValueError, match=r"Row 3 looks like the column names"):
        roster.read(path, columns={"race": "Race"})


def test_years_and_races_as_column_names_are_no_record() -> None:
    assert not _headers.record_like(["Race", "2019", "2020"])
    assert not _headers.record_like(["Place", "White", "Black", "Asian"])
    assert not _headers.record_like(["ID", "Other", "Step 1", "Pay (USD)", "401(k)"])
    for record in (
        ["Ann", "2004-03-01"],
        ["Ann", "White"],
        ["Ann", "F"],
        ["A-1002", "Clerk"],
        ["Ann", "a@b.example"],
        ["Ann", "$1"],
        ["Ann", "(860) 555-0100"],
    ):
        assert _headers.record_like(record), record


def test_the_wrong_sheet_is_named_with_the_others(tmp_path: Path) -> None:
    path = roster_of(tmp_path, "xlsx")
    with pytest.raises(ValueError, match=r"sheet that was read is 'Lookup'.* also has 'Staff'"):
        roster.read(path, columns={"race": "Race"}, sheet="Lookup")
    with pytest.raises(ValueError, match=r"Row 4 of r.xlsx, sheet 'Lookup' of 'Staff', 'Lookup'"):
        roster.read(path, columns={"race": "Race"}, sheet="Lookup", header_row=4)
