"""The command line from raw files to count files, and what it says to bad input."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import pytest

import equity as eq
from equity.__main__ import main

TOML = """
[agency]
name = "Test PD"
place = "Testville"
timezone = "America/New_York"

[stops]
format = "opp"
files = ["stops.csv"]

[[benchmarks]]
name = "residents"
label = "Residents"
file = "acs.csv"
place = "Testville city, Fictional State"
"""
STOPS = """raw_row_number,date,time,subject_race,search_conducted,contraband_found
1,2023-01-01,10:00:00,white,FALSE,NA
2,2023-01-02,11:00:00,black,TRUE,TRUE
3,2023-13-45,12:34:56,black,FALSE,NA
4,2023-01-04,13:00:00,NA,FALSE,NA
5,2023-01-05,14:00:00,white,FALSE,NA
6,2023-01-06,15:00:00,hispanic,FALSE,NA
"""


def acs() -> str:
    """Return a file as data.census.gov writes it: 60 white, 30 Black, 10 Hispanic."""
    estimates = {1: 100, 2: 90, 3: 60, 4: 30, 12: 10, 13: 10}
    codes, labels, values = ["GEO_ID", "NAME"], ["Geography", "Geographic Area Name"], []
    for cell in range(1, 22):
        for kind, word in (("E", "Estimate"), ("M", "Margin of Error")):
            codes.append(f"B03002_{cell:03}{kind}")
            labels.append(f"{word}!!cell {cell}")
            values.append(str(estimates.get(cell, 0) if kind == "E" else 5))
    row = ["1600000US0000000", "Testville city, Fictional State", *values]
    return "\n".join(",".join(f'"{v}"' for v in line) for line in (codes, labels, row)) + "\n"


@pytest.fixture
def office(tmp_path) -> Path:
    (tmp_path / "equity.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "stops.csv").write_text(STOPS, encoding="utf-8")
    (tmp_path / "acs.csv").write_text(acs(), encoding="utf-8")
    return tmp_path


@pytest.fixture
def equity(monkeypatch, capfd):
    """Run the command line in this process; give its exit code and everything it said."""

    def run(*arguments) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["equity", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capfd.readouterr()
        return end.value.code or 0, " ".join((said.out + said.err).split())

    return run


def test_from_raw_files_to_counts(office, equity):
    code, said = equity("check", "--agency", office)
    assert code == 1, said  # one row was set aside
    assert "Both files can be used; 1 of 14 rows was set aside; " in said
    assert "Look first at Stops: the date could not be read as a date (1 of 6 rows" in said
    assert str(office / "checks" / "index.html") in said

    code, said = equity("count", "--agency", office)
    assert code == 0, said
    counts = eq.read_counts(office / "counts" / "stops.parquet")
    assert counts.table["n"].sum() == 5
    assert counts.ledger["left_out"].tolist() == [0, 1]
    residents = eq.read_counts(office / "counts" / "residents_stops.parquet")
    rates = eq.stop_rates(
        counts, residents.split("benchmark"), group="subject_race", reference="white"
    )
    assert rates.set_index("group").loc["black", "ratio"] == 1  # (1/30) / (2/60)

    code, said = equity("count", "--check", "--agency", office)
    assert (code, "up to date" in said) == (0, True)


def test_quick_leaves_out_the_threshold_test_and_says_so(office, equity, monkeypatch):
    header, *rows = STOPS.splitlines()
    rows = [f"{row},{district}" for row, district in zip(rows, "xyxyxy", strict=True)]
    text = "\n".join([f"{header},district", *rows]) + "\n"
    (office / "stops.csv").write_text(text, encoding="utf-8")
    code, said = equity("count", "--check", "--quick", office)
    assert code == 0, said
    fitted = office / "counts" / "threshold_test.parquet"
    assert (office / "counts" / "stops.parquet").is_file() and not fitted.exists()
    # the full run makes up for it, and a quick one then leaves it there
    code, said = equity("count", "--check", office)
    assert (code, "up to date" in said, fitted.is_file()) == (0, False, True)
    code, said = equity("count", "--check", "--quick", office)
    assert (code, "up to date" in said, fitted.is_file()) == (0, True, True)
    code, said = equity("count", "--help")
    assert "--quick" in said and "threshold test" in said


def test_a_row_that_cannot_be_used_is_set_aside_with_its_number_its_values_and_why(office, equity):
    equity("check", "--agency", office)
    with (office / "private" / "set_aside" / "stops.csv").open(encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert row["source_row"] == "4"  # the header is row 1
    assert row["date"] == "2023-13-45"
    assert "date" in row["reasons"] and "read" in row["reasons"]


def test_no_record_reaches_the_result_page_or_the_count_files(office, equity):
    equity("count", "--check", "--agency", office)
    pages = [p for p in (office / "checks").rglob("*") if p.is_file()]
    assert {p.name for p in pages} >= {"index.html", "loads.html", "load.json", "stops.json"}
    for path in pages:
        # examples of bad values are shown, never the record that they stand in
        assert "12:34:56" not in path.read_text(encoding="utf-8")
    for path in (office / "counts").glob("*.parquet"):
        assert "stop_id" not in eq.read_counts(path).table.columns
    assert (office / "private" / ".gitignore").read_text() == "*\n"


def test_a_changed_file_is_checked_and_counted_again(office, equity):
    equity("count", "--check", "--agency", office)
    more = STOPS + "7,2023-01-05,13:00:00,hispanic,FALSE,NA\n"
    (office / "stops.csv").write_text(more, encoding="utf-8")
    code, said = equity("count", "--check", "--agency", office)
    assert code == 0, said
    assert eq.read_counts(office / "counts" / "stops.parquet").table["n"].sum() == 6


BAD = {
    "a missing file": (("stops.csv", None), "there is no file 'stops.csv'"),
    "an empty file": (("stops.csv", ""), "empty"),
    "a header only": (("stops.csv", STOPS.splitlines()[0] + "\n"), "no records|no rows|header"),
    "a wrong format": (("stops.csv", "PK\x03\x04 not a table"), "stops.csv"),
    "a misspelt column": (
        ("stops.csv", STOPS.replace("subject_race", "subject_rase")),
        "subject_race.*subject_rase",
    ),
    "an unmapped race": (("stops.csv", STOPS.replace("white", "Wihte")), "'wihte'.*equity.toml"),
    "a place that is not in the file": (
        ("equity.toml", TOML.replace("Testville city", "Testvile city")),
        "Testvile city.*Testville city",
    ),
    "no time zone": (
        ("equity.toml", TOML.replace('timezone = "America/New_York"', "")),
        r"\[agency\] timezone is missing",
    ),
    "a missing agency file": (("equity.toml", None), "equity sample"),
}


@pytest.mark.parametrize("command", [("check",), ("count", "--check")])
@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_a_paragraph_with_the_way_out(office, equity, command, case):
    (name, text), says = BAD[case]
    if text is None:
        (office / name).unlink()
    else:
        (office / name).write_text(text, encoding="utf-8")
    code, said = equity(*command, "--agency", office)
    assert code == 2, said
    assert "Traceback" not in said
    assert "fault of ours" not in said, said
    assert re.search(says, said, flags=re.IGNORECASE), said
    assert not list(office.glob("counts/*.parquet")), "nothing is half-written"


def test_bad_input_leaves_the_last_good_counts_alone(office, equity):
    equity("count", "--check", "--agency", office)
    before = (office / "counts" / "stops.parquet").read_bytes()
    (office / "stops.csv").write_text("", encoding="utf-8")
    code, _ = equity("count", "--check", "--agency", office)
    assert code == 2
    assert (office / "counts" / "stops.parquet").read_bytes() == before


def test_without_arguments_it_explains_itself(equity):
    code, said = equity()
    for command in ("sample", "check", "count", "serve"):
        assert command in said


def test_serving_without_counts_says_what_to_run(office, equity):
    code, said = equity("serve", "--agency", office)
    assert code == 2
    assert "equity count" in said


def test_the_folder_may_be_named_with_or_without_the_option(office, equity):
    assert equity("check", office)[0] == equity("check", "--agency", office)[0] == 1
    code, said = equity("check", office, "--agency", office)
    assert (code, "named twice" in said) == (2, True)


def test_the_next_command_can_be_pasted(tmp_path, equity):
    code, said = equity("sample", tmp_path / "Police statistics 2025")
    assert code == 0
    assert f"equity check '{tmp_path}/Police statistics 2025'" in said


def test_a_file_that_is_no_agency_file_is_refused(office, equity):
    code, said = equity("check", office / "stops.csv")
    assert (code, "stops.csv is not an agency file" in said) == (2, True)


def test_without_a_benchmark_the_note_says_what_is_missing(office, equity):
    (office / "equity.toml").write_text(TOML.split("[[benchmarks]]")[0], encoding="utf-8")
    code, said = equity("count", "--check", office)
    assert (code, "names no [[benchmarks]]" in said) == (0, True)


def test_rows_are_kept_and_left_out_with_a_reason(office, equity):
    rules = """
[[stops.keep]]
column = "subject_race"
values = ["white", "black"]
missing = true
because = "two groups only"

[[stops.leave_out]]
column = "search_conducted"
values = ["true"]
because = "searched people answer another question"
"""
    (office / "equity.toml").write_text(TOML + rules, encoding="utf-8")
    assert equity("count", "--check", office)[0] == 0
    counts = eq.read_counts(office / "counts" / "stops.parquet")
    # 6 in the file, 1 unreadable date, 1 Hispanic, 1 searched
    assert counts.ledger["rows"].tolist() == [6, 5, 4, 3]
    assert counts.table["n"].sum() == 3


def test_what_was_not_checked_is_not_counted(office, equity):
    code, said = equity("count", office)
    assert (code, "The files were not checked: run `equity check` first" in said) == (2, True)
    equity("check", office)
    (office / "stops.csv").write_text(STOPS + "7,2023-01-05,13:00:00,white,FALSE,NA\n", "utf-8")
    code, said = equity("count", office)
    assert (
        code,
        "stops.csv was saved again, or is new, since the files were checked" in said,
    ) == (2, True)
    equity("check", office)
    toml = (office / "equity.toml").read_text(encoding="utf-8").replace("Test PD", "Test P.D.")
    (office / "equity.toml").write_text(toml, encoding="utf-8")
    code, said = equity("count", office)
    assert (code, "equity.toml, or equity itself, changed" in said) == (2, True)
    assert not (office / "counts").exists()


def test_rows_that_were_changed_after_the_check_are_not_counted(office, equity):
    equity("check", office)
    rows = office / "private" / "stops.parquet"
    rows.write_bytes(rows.read_bytes() + b" ")
    code, said = equity("count", office)
    assert (code, "stops.parquet are not as the check left them" in said) == (2, True)
    rows.unlink()
    assert equity("count", office)[0] == 2
    assert equity("count", "--check", office)[0] == 0


def test_rules_that_changed_after_the_check_ask_for_another(office, equity, monkeypatch):
    equity("check", office)
    monkeypatch.setattr("equity.pipeline.files.suite_version", lambda table: "another")
    code, said = equity("count", office)
    assert (code, "The rules of the data checks changed" in said) == (2, True)


def test_one_file_that_cannot_be_read_does_not_keep_the_others_from_being_checked(office, equity):
    (office / "acs.csv").write_text("no census table", encoding="utf-8")
    code, said = equity("check", office)
    assert code == 2
    assert "1 of 2 files can be used; 1 of 6 rows was set aside" in said
    assert "Residents: the file cannot be used yet: acs.csv" in said
    page = (office / "checks" / "index.html").read_text(encoding="utf-8")
    assert "5 of 6 rows can be used" in page and "R00" in page
    code, said = equity("count", office)
    assert (code, "residents: residents cannot be counted" in said) == (2, True)


def test_a_count_file_says_who_accepted_it(office, equity):
    equity("count", "--check", office)
    (load,) = (office / "checks" / "loads").iterdir()
    for name in ("stops", "residents_stops"):
        checked = eq.read_counts(office / "counts" / f"{name}.parquet").provenance["checked"]
        assert re.fullmatch("[0-9a-f]{12}", checked["suite"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", checked["on"])
        assert "Great Expectations" in checked["by"]
        assert checked["load"] == load.name
    rules = eq.read_counts(office / "counts" / "stops.parquet").provenance["checks"]
    assert not any("rows" in rule for rule in rules)  # where a record stands stays in the office
