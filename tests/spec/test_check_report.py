"""The result page and the extract: what a clerk with a spreadsheet open can act on."""

from __future__ import annotations

import csv
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from data_checks import extract, first, verdict, write_page, write_workbook
from data_checks.report import ASIDE, STOP, WARN, Report, RuleResult

FUTURE = RuleResult(
    "S09", "The date is not in the future.", ASIDE, "failed", 400, 222, 222 / 400,
    examples=("2031-01-01",), columns=("date",), do="Correct the date.",
    rows=tuple(f"row {n}" for n in range(2, 12)), reason="the date is in the future",
)  # fmt: skip
TOTAL = RuleResult(
    "S48", "The row is a record, not a total.", ASIDE, "failed", 400, 1, 1 / 400,
    do="Nothing need be done: a total is not counted as a person.", rows=("row 401",),
    expected=True,
)  # fmt: skip
RACE = RuleResult(
    "S14", "Race is missing in at most 5% of the rows.", WARN, "failed", 400, 40, 0.1, 0.05,
    columns=("subject_race",), reason="the race is missing in too many rows",
)  # fmt: skip
FINE = RuleResult("S24", "Time of day is between 00:00 and 23:59.", ASIDE, "passed", 400, 0, 0.0)
EMPTY = RuleResult("S15", "Sex is known.", ASIDE, "nothing to test", 0, 0, because="no column")
UNRUN = RuleResult("S13", "Race is a group.", WARN, "could not run", because="no such column")
NEEDED = RuleResult("S01", "The columns are there.", STOP, "failed", 3, 1, 1 / 3, unit="columns")


def report(*rules: RuleResult, **more) -> Report:
    """Return what was found in 400 stops."""
    aside = sum(r.bad or 0 for r in rules if r.severity == ASIDE and r.outcome == "failed")
    told = {"data_file": "stops.csv", "quarantine_file": "stops.csv", **more}
    return Report("stops", 400, 400 - aside, aside, rules, **told)


def words(folder: Path, *rules: RuleResult, **more) -> str:
    """Return the words of the page."""
    write_page({"stops": report(*rules, **more)}, folder / "index.html")
    text = (folder / "index.html").read_text(encoding="utf-8").split("</style>")[1]
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a_rule_says_what_where_how_many_what_then_and_how_to_mend(tmp_path):
    said = words(
        tmp_path, FUTURE, headers={"date": "Stop Date"}, workbook_file="stops.xlsx"
    )  # fmt: skip
    block = said.partition("What to do")[2].partition("Every rule")[0]
    assert block.split("How many")[0].strip() == (
        "✕ failed · The date is in the future. The rule The date is not in the future."
    )
    assert "Exceptions: 222 of 400 rows (55.5%)" in block
    assert "row 2, row 3, row 4, row 5, row 6, row 7, row 8, row 9, row 10, row 11" in block
    assert "and 212 more: see stops.xlsx" in block
    assert "Column Stop Date (here called date)" in block
    assert "2031-01-01" in block and "They are set aside and not counted." in block
    assert "Correct the date." in block
    assert "stops.xlsx and stops.csv" in said and "keep them in the office" in said


def test_what_is_wrong_stands_first_in_order_of_consequence(tmp_path):
    said = words(tmp_path, RACE, FINE, UNRUN, FUTURE, NEEDED)
    top = said.partition("What to look at first")[2].partition("What to do")[0]
    places = [top.index(r.wrong) for r in (NEEDED, FUTURE, RACE, UNRUN)]
    assert places == sorted(places)
    assert "Broken: The columns are there." in top  # never as if it were so
    assert "! warning · The race is missing in too many rows. The rule Race is" in said
    assert "rows.." not in said
    assert FINE.says not in top
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    for link in re.findall(r'href="#([^"]+)"', text):
        assert text.count(f'id="{link}"') == 1


def test_a_row_of_totals_is_no_failure(tmp_path):
    said = words(tmp_path, TOTAL, FINE)
    assert "There is nothing to do." in said and "failed" not in said
    assert "1 rule: set aside, nothing to be done" in said
    assert "= nothing to do" in said and "row 401" in said
    assert first({"stops": report(TOTAL, FINE)}) == "Nothing to do."
    assert report(TOTAL, rows_expected=1).exit_code == 0
    assert report(TOTAL).exit_code == 1  # a row that is a record


def test_totals_and_notes_are_told_apart_from_records_that_are_set_aside(tmp_path):
    both = report(FUTURE, TOTAL, rows_expected=1)
    assert both.rows_set_aside == 223
    assert both.sentence == (
        "177 of 400 rows can be used; 222 were set aside; 1 more is a total or a note "
        "(nothing to do); no warnings."
    )
    alone = report(TOTAL, rows_expected=1)
    assert alone.sentence == (
        "399 of 400 rows can be used; 1 is a total or a note (nothing to do); no warnings."
    )
    assert verdict({"stops": alone}) == (
        "The file can be used; 1 is a total or a note (nothing to do); no warnings."
    )
    said = words(tmp_path, TOTAL, rows_expected=1)
    assert "Nothing need be done: totals, headings and notes are not counted." in said
    assert "Mend the rows" not in said


def test_a_warning_does_not_promise_that_a_row_set_aside_is_counted(tmp_path):
    said = words(tmp_path, RACE)
    assert "They are kept and counted, unless another rule sets them aside." in said


def test_a_column_that_the_file_lacks_is_left_out(tmp_path):
    rule = replace(RACE, columns=("subject_race", "district", "a column of theirs"))
    said = words(tmp_path, rule, headers={"subject_race": "Race"})
    assert "Columns Race (here called subject_race), a column of theirs Then" in said


@pytest.mark.parametrize(
    ("rule", "mark", "tone"),
    [
        (FINE, "✓", "good"), (FUTURE, "✕", "bad"), (RACE, "!", "look"), (UNRUN, "?", "bad"),
        (EMPTY, "–", ""), (TOTAL, "=", ""),
    ],
)  # fmt: skip
def test_the_outcomes_differ_in_word_and_mark_and_only_what_passed_is_green(
    tmp_path, rule, mark, tone
):
    words(tmp_path, rule)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    (cell,) = re.findall(r'<td class="state">(.*?)</td>', text)
    assert re.sub(r"<[^>]+>", "", cell) == f"{mark} {rule.word}"
    assert cell.startswith(f'<span class="{tone}">')


def test_the_verdict_over_all_tables():
    reports = {"stops": report(RACE, FUTURE), "workforce": report(FINE), "exits": report(NEEDED)}
    assert verdict(reports) == (
        "2 of 3 files can be used; 222 of 1,200 rows were set aside; 1 warning."
    )
    assert first(reports).startswith("Exits cannot be used. None of the 400 rows can be used:")
    del reports["exits"]
    assert verdict(reports).startswith("Both files can be used; ")
    assert first(reports) == (
        "Look first at Stops: the date is in the future (222 of 400 rows, rule S09)."
    )
    assert first({"stops": report(FINE)}) == "Nothing to do."


def test_a_file_that_cannot_be_read_has_a_report(tmp_path):
    unread = Report.unread("stops", "a.csv is empty. Export it again.", data_file="a.csv")
    assert (unread.usable, unread.exit_code) == (False, 2)
    assert unread.sentence == "The file cannot be used yet: a.csv is empty. Export it again."
    unread.to_json(tmp_path / "r.json")
    assert Report.from_json(tmp_path / "r.json") == unread
    write_page({"stops": unread}, tmp_path / "i.html")
    page = (tmp_path / "i.html").read_text(encoding="utf-8")
    assert "✕" in page and "✓" not in page and "a.csv is empty" in page


# --- the workbook -----------------------------------------------------------------------------


def aside(folder: Path, *rows: list[str], header: str = "source_file source_row reasons a b"):
    """Write rows set aside as `data_checks.check` does, and a workbook of them."""
    with (folder / "stops.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header.split(), *rows])
    told = report(FUTURE, TOTAL, RACE, headers={"date": "Stop Date"})
    return write_workbook(folder / "stops.csv", folder / "stops.xlsx", told)


def test_every_cell_is_text_and_nothing_is_run(tmp_path):
    values = [
        "'=1+1",
        "'@x",
        "'+1 555",
        "#N/A",
        "007",
        "2024-01-05",
        "1e5",
        "TRUE",
        "'\tx",
        "-72.7",
    ]
    raw = ["=1+1", "@x", "+1 555", "#N/A", "007", "2024-01-05", "1e5", "TRUE", "\tx", "-72.7"]
    assert aside(tmp_path, *(["s.csv", str(n), "x", v, ""] for n, v in enumerate(values, 2))) == ""
    sheet = openpyxl.load_workbook(tmp_path / "stops.xlsx")["Rows set aside"]
    cells = [row[3] for row in sheet.iter_rows(min_row=2)]
    assert [c.value for c in cells] == raw
    assert {c.data_type for c in cells} == {"s"} and {c.number_format for c in cells} == {"@"}
    assert [row[1].value for row in sheet.iter_rows(min_row=2)] == list(range(2, 12))
    assert [c.value for c in sheet[1]] == ["File", "Row", "Why", "a", "b"]
    assert sheet["A1"].font.b and sheet.freeze_panes == "A2" and sheet.auto_filter.ref
    with zipfile.ZipFile(tmp_path / "stops.xlsx") as file:
        text = "".join(file.read(n).decode() for n in file.namelist() if n.endswith(".xml"))
    assert "<f>" not in text and 't="e"' not in text


def test_the_first_sheet_says_what_to_do(tmp_path):
    aside(tmp_path, ["s.csv", "2", "the date is in the future", "", ""])
    book = openpyxl.load_workbook(tmp_path / "stops.xlsx")
    assert book.sheetnames == ["What to do", "Rows set aside"]
    rows = [[c.value for c in row] for row in book["What to do"].iter_rows()]
    assert rows[1] == ["S09", "the date is in the future", 222, "Correct the date.", "Stop Date"]
    assert rows[2][0] == "S48" and rows[2][3].startswith("Nothing need be done")
    assert not any(row[0] == "S14" for row in rows)  # a warning sets no row aside
    assert "keep them inside the agency" in str(rows)


def test_what_a_sheet_cannot_hold_is_cut_or_replaced_and_marked(tmp_path):
    aside(tmp_path, ["s.csv", "2", "x", "a" * 40_000, "b\x01\ufffec\r\nd"])
    sheet = openpyxl.load_workbook(tmp_path / "stops.xlsx")["Rows set aside"]
    assert len(sheet["D2"].value) == 32_767 and sheet["D2"].value.endswith("in the CSV file]")
    assert sheet["E2"].value.replace("\r\n", "\n").replace("_x000D_", "") == "b\ufffd\ufffdc\nd"


def test_too_many_rows_or_columns_are_in_the_csv_only_and_the_page_says_so(tmp_path, monkeypatch):
    (tmp_path / "stops.xlsx").write_bytes(b"of an earlier load")
    monkeypatch.setattr(extract, "ROWS", 222)
    note = aside(tmp_path, ["s.csv", "2", "x", "", ""])
    assert note == "There is no workbook: it can hold 222 rows, and there are more."
    assert not (tmp_path / "stops.xlsx").exists()
    assert note in words(tmp_path, FUTURE, workbook_note=note)
    monkeypatch.undo()
    wide = "source_file source_row reasons " + " ".join(f"c{i}" for i in range(16_382))
    assert "16,384 columns" in aside(tmp_path, header=wide)


def test_there_is_no_workbook_where_no_row_was_set_aside(tmp_path):
    (tmp_path / "stops.xlsx").write_bytes(b"of an earlier load")
    assert write_workbook(tmp_path / "stops.csv", tmp_path / "stops.xlsx", report(FINE)) == ""
    assert not (tmp_path / "stops.xlsx").exists()
