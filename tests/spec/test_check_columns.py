"""What the checks say of delivered columns and files: personal data, copies, files twice, blanks.

Files are planted as text, as a spreadsheet would hold them; people and places are invented.
"""

from __future__ import annotations

import datetime as dt
import importlib
import random
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from data_checks import Report, check, columns, run

pytestmark = pytest.mark.usefixtures("counted_only")

JUDGE = run._judge
Rows = dict[str, list[Any]]


def checked(
    folder: Path, raw: Rows | list[Rows], data: dict[str, str], table: str, **context: Any
) -> Report:
    """Check files; `data` says of which delivered column each of ours is made."""
    files = raw if isinstance(raw, list) else [raw]
    parts = []
    for letter, file in zip("abcdefg", files, strict=False):
        part = pd.DataFrame(file, dtype="str")
        part.insert(0, "source_row", range(2, len(part) + 2))
        part.insert(0, "source_file", f"{letter}.csv")
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame.to_parquet(folder / "raw.parquet", index=False)
    days = {"date", "exit_date", "hire_date"}
    chosen = ", ".join(
        f'CAST("{theirs}" AS {"DATE" if ours in days else "BIGINT" if ours == "weight" else "VARCHAR"}) AS {ours}'  # noqa: E501
        for ours, theirs in data.items()
    )
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT source_file, source_row, {chosen} FROM '{folder / 'raw.parquet'}') "
            f"TO '{folder / 'data.parquet'}' (FORMAT parquet)"
        )
    return check(
        table=table,
        data=folder / "data.parquet",
        raw=folder / "raw.parquet",
        good=folder / "good.parquet",
        quarantine=folder / "aside.csv",
        context={"today": dt.date(2026, 1, 1), "groups": ("white", "black")} | context,
    )


def rule(report: Report, key: str):
    keys = importlib.import_module(f"data_checks.{report.table}").KEYS
    return next(r for r in report.rules if int(r.id[1:]) == keys.index(key) + 1)


def roster(n: int, **more: list[str]) -> Rows:
    days = [str(dt.date(1990, 1, 1) + dt.timedelta(days=37 * i)) for i in range(n)]
    return {"Race": ["white", "black"] * (n // 2), "Hired": days, **more}


ROSTER = {"race": "Race", "hire_date": "Hired"}
HUNDRED = [f"{i:03d}" for i in range(100)]

# --- personal columns ----------------------------------------------------------------------------

PERSONAL = [
    "First Name", "last_name", "EmployeeName", "Applicant Name", "DOB", "subject_dob",
    "Date of Birth", "BirthDate", "License Plate", "Vehicle Plate No", "VIN", "Driver's License",
    "driver_license_number", "Home Address", "Mailing Address", "Phone", "Cell Phone Number",
    "E-mail", "Email Address", "SSN", "Social Security Number", "Name", "Address",
]  # fmt: skip
PLAIN = [
    "Department Name", "agency_name", "Plate State", "license_plate_state", "Driver License State",
    "Template", "Birthplace", "Date of Birth Age", "Work Phone Type", "Office Address",
    "Home Address - City", "Vehicle Year", "Street Name Type", "Business Email", "Title",
    "Rename Reason", "Phone Search", "Location", "Species",
]  # fmt: skip


def test_names_of_columns_that_say_personal_data(tmp_path: Path) -> None:
    file = roster(100, **dict.fromkeys(PERSONAL + PLAIN, HUNDRED))
    found = rule(checked(tmp_path, file, ROSTER, "workforce"), "personal columns")
    assert (found.outcome, found.severity) == ("failed", "warn")
    assert found.bad == len(PERSONAL)
    assert found.tested == 2 + len(PERSONAL) + len(PLAIN)
    assert found.examples[0] == "“First Name”: a name"
    assert found.columns == tuple(PERSONAL[:12])


def test_the_address_of_a_stop_is_nobodys_home(tmp_path: Path) -> None:
    places = [f"{i} Main Street" for i in range(100)]
    file = {
        "id": HUNDRED, "date": ["2024-01-01"] * 100, "race": ["white"] * 100, "Address": places,
        "Street": places, "Name": HUNDRED, "location": [f"Elm St, No{c}" for c in "ab" * 50],
    }  # fmt: skip
    ours = {"stop_id": "id", "date": "date", "subject_race": "race"}
    found = rule(checked(tmp_path, file, ours, "stops"), "personal columns")
    assert (found.outcome, found.tested) == ("passed", 7)
    file = {"driver_address": places, **file}
    found = rule(checked(tmp_path, file, ours, "stops"), "personal columns")
    assert found.examples == ("“driver_address”: an address",)


LETTERS = [f"{a}{b}{c}" for a in "ABCDE" for b in "FGHIJ" for c in "KLMN"]
VALUES = [
    ([f"x{i}@mail.example" for i in HUNDRED], "an e-mail address"),
    (["-"] * 98 + ["call a.b@mail.example"] * 2, "an e-mail address"),
    ([f"123-45-6{i}" for i in HUNDRED], "a social security number"),
    ([f"(860) 555-0{i}" for i in HUNDRED], "a phone number"),
    ([f"860-555-0{i}" for i in HUNDRED], "a phone number"),
    ([f"{a} {i}" for a, i in zip(LETTERS, HUNDRED, strict=True)], "a number plate"),
    ([f"ABC{i}" for i in HUNDRED], None),  # numbers of records begin alike
    ([f"{a.title()}son, {a[::-1].title()}" for a in LETTERS], "a name"),
    ([f"{a}, Mary J." for a in LETTERS], "a name"),
    (["Officer, Police"] * 60 + [f"Clerk, {a.title()}" for a in LETTERS[:40]], None),
    ([f"{i} Elm St Apt 4" for i in HUNDRED], "an address"),
    ([f"{a.title()} County, Ohio" for a in LETTERS], None),
    ([f"2024-{i}-1234" for i in HUNDRED], None),
    ([f"900-12-3{i}" for i in HUNDRED], None),  # no social security number begins with 9
    (["-"] * 99 + ["a.b@mail.example"], None),  # one is not enough
]


@pytest.mark.parametrize(("values", "what"), VALUES)
def test_values_that_look_personal(tmp_path: Path, values: list[str], what: str | None) -> None:
    report = checked(tmp_path, roster(100, Extra=values), ROSTER, "workforce")
    found = rule(report, "personal columns")
    assert found.examples == ((f"“Extra”: {what}",) if what else ())
    report.to_json(tmp_path / "r.json")
    assert values[-1] not in (tmp_path / "r.json").read_text(encoding="utf-8")


def test_what_the_agency_file_names_is_known(tmp_path: Path) -> None:
    mails = [f"x{i}@mail.example" for i in HUNDRED]
    file = roster(100, Name=HUNDRED, Phone=HUNDRED, Key=mails)
    ours = ROSTER | {"title": "Name", "person_id": "Key"}
    mapped = {"Name": ["title"], "Key": ["person_id"], "Race": ["race"]}
    found = rule(checked(tmp_path, file, ours, "workforce", mapped=mapped), "personal columns")
    assert found.examples == ("“Phone”: a phone number",)
    mapped["Key"] = ["title"]  # it identifies people, and nobody said so
    found = rule(checked(tmp_path, file, ours, "workforce", mapped=mapped), "personal columns")
    assert found.examples == ("“Phone”: a phone number", "“Key”: an e-mail address")


def test_a_column_of_which_the_values_were_removed_is_not_told(tmp_path: Path) -> None:
    gone = roster(100, **{"Last Name": ["REMOVED"] * 100, "DOB": [""] * 100})
    found = rule(checked(tmp_path, gone, ROSTER, "workforce"), "personal columns")
    assert found.outcome == "passed"


def test_a_record_taken_for_the_header_is_not_shown(tmp_path: Path) -> None:
    mails = [f"x{i}@mail.example" for i in HUNDRED]
    file = roster(100, **{"zorro@mail.example": mails})
    report = checked(tmp_path, file, ROSTER, "workforce")
    found = rule(report, "personal columns")
    assert (found.examples, found.columns) == (("“column 3”: an e-mail address",), ("column 3",))
    without = check(table="workforce", data=tmp_path / "data.parquet", good=tmp_path / "g",
                    quarantine=tmp_path / "q")  # fmt: skip
    assert rule(without, "personal columns").outcome == "nothing to test"


def test_a_file_of_very_many_columns_is_looked_at_in_part(tmp_path: Path) -> None:
    file = roster(100, **{f"c{i}": HUNDRED for i in range(1500)}, Phone=HUNDRED)
    found = rule(checked(tmp_path, file, ROSTER, "workforce"), "personal columns")
    assert (found.bad, found.tested) == (1, 1503)


# --- copies --------------------------------------------------------------------------------------


def twice(file: Rows, rows: list[int]) -> Rows:
    return {c: [*values, *(values[r] for r in rows)] for c, values in file.items()}


def test_rows_that_are_the_same_are_told_and_kept(tmp_path: Path) -> None:
    report = checked(tmp_path, twice(roster(100), [5, 7, 7]), ROSTER, "workforce")
    found = rule(report, "whole copies")
    assert (found.outcome, found.severity, report.rows_set_aside) == ("failed", "warn", 0)
    assert found.examples == ("a.csv: 3 of 103 rows, such as row 102 as row 7",)
    clean = rule(checked(tmp_path, roster(100), ROSTER, "workforce"), "whole copies")
    assert (clean.outcome, clean.tested) == ("passed", 1)


def test_where_rows_look_alike_by_nature_or_have_a_key_nothing_is_told(tmp_path: Path) -> None:
    titles = {"Race": ["white", "black"] * 50, "Title": ["Officer", "Sergeant"] * 50}
    report = checked(tmp_path, titles, {"race": "Race", "title": "Title"}, "workforce")
    assert rule(report, "whole copies").outcome == "nothing to test"
    keyed = twice(roster(100, Key=HUNDRED), [5])
    report = checked(tmp_path, keyed, ROSTER | {"person_id": "Key"}, "workforce")
    assert rule(report, "whole copies").outcome == "nothing to test"
    assert rule(report, "person").bad == 1
    counted = twice(roster(100, People=["2"] * 100), [5])
    report = checked(tmp_path, counted, ROSTER | {"weight": "People"}, "workforce")
    assert rule(report, "whole copies").outcome == "nothing to test"


def test_the_same_person_in_two_snapshots_is_no_copy(tmp_path: Path) -> None:
    report = checked(tmp_path, [roster(50), roster(50)], ROSTER, "workforce")
    assert rule(report, "whole copies").outcome == "passed"
    assert rule(report, "delivered twice").outcome == "passed"
    assert rule(report, "snapshot:copy").outcome == "failed"


# --- files delivered twice -----------------------------------------------------------------------


def stops(first: int, last: int, seed: int = 0, *, key: bool = False) -> Rows:
    """Return stops in an order of chance; `key`: with their numbers."""
    order = list(range(first, last))
    random.Random(seed).shuffle(order)
    file = {
        "day": [str(dt.date(2020, 1, 1) + dt.timedelta(days=i)) for i in order],
        "race": ["white" if i % 3 else "black" for i in order],
    }
    return file | ({"id": [f"s{i}" for i in order]} if key else {})


STOPS = {"date": "day", "subject_race": "race"}


def test_a_file_that_is_there_again_stops_the_load(tmp_path: Path) -> None:
    files = [stops(0, 60), stops(60, 120), stops(0, 60, seed=1)]
    assert files[0]["day"] != files[2]["day"]
    report = checked(tmp_path, files, STOPS, "stops")
    found = rule(report, "delivered twice")
    assert (found.outcome, found.severity) == ("failed", "stop the load")
    assert found.examples == ("c.csv is a.csv again",)
    assert (found.bad, found.tested, report.exit_code) == (1, 3, 2)
    apart = checked(tmp_path, files[:2], STOPS, "stops")
    assert rule(apart, "delivered twice").outcome == "passed"
    small = checked(tmp_path, [stops(0, 19), stops(0, 19, seed=1)], STOPS, "stops")
    assert rule(small, "delivered twice").outcome == "passed"


def test_where_the_copies_are_set_aside_it_is_a_warning(tmp_path: Path) -> None:
    files = [stops(0, 200, key=True), stops(0, 30, seed=1, key=True), stops(0, 30, key=True)]
    ours = STOPS | {"stop_id": "id"}
    report = checked(tmp_path, files, ours, "stops")
    found = rule(report, "delivered twice")
    assert (found.outcome, found.severity) == ("failed", "warn")
    assert found.examples == (
        "a.csv and b.csv share 100% of the rows of b.csv",
        "c.csv is b.csv again",
    )
    kept = checked(tmp_path, files, ours, "stops", copies="keep")
    assert rule(kept, "delivered twice").severity == "stop the load"


@pytest.mark.parametrize(("first", "failed"), [(30, True), (31, False)])
def test_files_that_overlap_in_half_of_the_rows(tmp_path: Path, first: int, failed: bool) -> None:
    report = checked(tmp_path, [stops(0, 60), stops(first, first + 60)], STOPS, "stops")
    found = rule(report, "delivered twice")
    assert (found.outcome == "failed", report.exit_code < 2) == (failed, True)
    if failed:
        assert found.examples == ("a.csv and b.csv share 50% of the rows of a.csv",)


def test_two_lists_of_people_who_look_alike_do_not_overlap(tmp_path: Path) -> None:
    one = {"Race": ["white", "black"] * 30, "hired": ["no"] * 60}
    two = {"Race": ["white", "black"] * 40, "hired": ["no"] * 80}
    report = checked(tmp_path, [one, two], {"race": "Race"}, "applicants")
    assert rule(report, "delivered twice").outcome == "passed"


@pytest.mark.parametrize(
    ("table", "ours"),
    [("applicants", {"race": "race", "date": "day"}), ("exits", {"race": "race",
     "exit_date": "day"}), ("stops", STOPS)],
)  # fmt: skip
def test_one_file_that_holds_every_row_twice(
    tmp_path: Path, table: str, ours: dict[str, str]
) -> None:
    file = twice(stops(0, 40), list(range(40)))
    report = checked(tmp_path, file, ours, table)
    found = rule(report, "delivered twice")
    assert found.examples == ("a.csv holds every row 2 times",)
    assert (found.severity, report.exit_code) == ("stop the load", 2)
    report = checked(tmp_path, twice(stops(0, 40), list(range(39))), ours, table)
    assert rule(report, "delivered twice").outcome == "passed"
    report = checked(tmp_path, twice(stops(0, 19), list(range(19))), ours, table)
    assert rule(report, "delivered twice").outcome == "passed"  # so few may well be alike


def test_many_rows_are_compared_by_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data_checks import delivered

    monkeypatch.setattr(delivered, "SAMPLE", 100)
    files = [stops(0, 3000, key=True), stops(1000, 4000, key=True), stops(0, 3000, 1, key=True)]
    report = checked(tmp_path, files, STOPS | {"stop_id": "id"}, "stops")
    one, two = rule(report, "delivered twice").examples
    assert one.startswith("a.csv and b.csv share ") and two == "c.csv is a.csv again"
    assert 50 <= int(one.split()[4].rstrip("%")) <= 85  # two thirds


# --- columns without a value, and stage dates ----------------------------------------------------


def test_columns_that_the_statistics_tell_are_not_read(tmp_path: Path) -> None:
    file = roster(100, Blank=[""] * 100, NA=["NA", " "] * 50, Late=["NA"] * 99 + ["x"])
    report = checked(tmp_path, file, ROSTER, "workforce")
    found = rule(report, "empty columns")
    assert (found.bad, found.examples, found.tested) == (2, ("Blank", "NA"), 5)
    with duckdb.connect() as con:
        blank = ", ".join(f"'{word}'" for word in columns.BLANK)
        sure = columns._surely_filled(con, tmp_path / "raw.parquet", blank)
    assert sure - {"source_file", "source_row"} == {"Race", "Hired", "Late"}


def test_a_date_after_a_blank_stage_is_compared_with_the_one_before(tmp_path: Path) -> None:
    days = {
        "date": ["2024-01-10"] * 4, "one": ["2024-02-01"] * 4,
        "two": [None, "2024-03-01", None, "2024-01-20"],
        "three": ["2024-01-15", "2024-04-01", "2024-02-02", "2024-01-25"],
    }  # fmt: skip
    frame = pd.DataFrame(days).apply(lambda c: pd.to_datetime(c).dt.date)
    frame.columns = ["date", "test_date", "oral_date", "hired_date"]
    frame = frame.assign(race="white", test=True, oral=True, hired=True)
    frame.to_parquet(tmp_path / "d.parquet", index=False)
    report = check(table="applicants", data=tmp_path / "d.parquet", good=tmp_path / "g.parquet",
                   quarantine=tmp_path / "q.csv",
                   context={"stages": ("test", "oral", "hired"), "groups": ("white",),
                            "today": dt.date(2025, 1, 1)})  # fmt: skip
    found = [rule(report, f"stage {k}:date") for k in (1, 2, 3)]
    # row 1: hired on 15 January, tested on 1 February, no oral; row 4: oral and hired before it
    assert [(r.bad, r.tested) for r in found] == [(0, 4), (1, 2), (2, 4)]


def test_great_expectations_counts_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_judge", JUDGE)
    file = twice(roster(100, Phone=HUNDRED, Blank=[""] * 100), [5])
    report = checked(tmp_path, [file, roster(100, Phone=HUNDRED)], ROSTER, "exits")
    assert not [r for r in report.rules if r.outcome == "could not run" and r.severity == "warn"]
    for key, bad in {"personal columns": 1, "whole copies": 1, "delivered twice": 1,
                     "empty columns": 1}.items():  # fmt: skip
        assert rule(report, key).bad == bad, key
