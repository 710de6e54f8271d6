"""What the checks promise: each defect is found by its rule, no row is lost, nothing is published.

Rows are drawn as text: one line a row, `-` is missing, `~` is a blank within a value.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import data_checks
from data_checks import Report, check, extract, run, split
from data_checks.judge import Verdict
from equity.tables import TABLES

TODAY = dt.date(2025, 6, 30)
GROUPS = ("white", "black", "hispanic")
SQL = {"flag": "BOOLEAN", "date": "DATE", "integer": "BIGINT", "number": "DOUBLE"}
STAGES = ("qualified", "oral board", "hired")

STOPS = (
    "source_file source_row stop_id date raw_date second_of_day subject_age raw_subject_age "
    "subject_race subject_sex type outcome search_conducted search_basis contraband_found "
    "latitude longitude"
)
CLEAN = (
    "a.csv {row} s{row} 2024-03-{day:02d} 2024-03-{day:02d} 3600 30 30 "
    "white female vehicular warning FALSE - - 41.7 -72.6"
)


def write(path: Path, text: str, table: str = "stops", *, raw: bool = False, **types: str) -> Path:
    """Write rows drawn as text as a Parquet file, typed as declared, or (`raw`) as text."""
    head, *rows = [line.split() for line in text.strip().splitlines()]
    head = [h.replace("~", " ") for h in head]
    declared = {c.name: c.kind for c in TABLES[table].columns} | dict.fromkeys(STAGES, "flag")
    kinds = {name: SQL.get(declared.get(name, "text"), "VARCHAR") for name in head} | types
    if raw:
        kinds = {name: "BIGINT" if name == "source_row" else "VARCHAR" for name in head}
    con = duckdb.connect()
    names = ", ".join(f'"{h}" VARCHAR' for h in head)
    con.execute(f"CREATE TABLE t ({names})")
    if rows:
        cells = [[None if c == "-" else c.replace("~", " ") for c in row] for row in rows]
        con.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(head))})", cells)
    chosen = ", ".join(f'CAST("{h}" AS {kinds[h]}) AS "{h}"' for h in head)
    con.execute(f"COPY (SELECT {chosen} FROM t) TO '{path}' (FORMAT parquet)")
    con.close()
    return path


def stops(*defects: str, clean: int = 60) -> str:
    """Return clean stops and then these; `{row}` is the row number."""
    lines = [CLEAN.format(row=r, day=r % 28 + 1) for r in range(2, clean + 2)]
    lines += [d.format(row=clean + 2 + i) for i, d in enumerate(defects)]
    return STOPS + "\n" + "\n".join(lines)


def checked(folder: Path, text: str, table: str = "stops", *, raw: str = "", **more: object):
    """Check rows drawn as text; return the report and the rows set aside."""
    types = more.pop("types", {})
    context = {"today": TODAY, "groups": GROUPS, "stages": STAGES, **more}
    report = check(
        table=table,
        data=write(folder / "data.parquet", text, table, **types),  # type: ignore[arg-type]
        raw=write(folder / "raw.parquet", raw, table, raw=True) if raw else None,
        good=folder / "good.parquet",
        quarantine=folder / "aside.csv",
        context=context,
    )
    return report, aside(folder)


def aside(folder: Path) -> list[dict[str, str]]:
    path = folder / "aside.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def good(folder: Path) -> list[dict[str, object]]:
    path = folder / "good.parquet"
    if not path.exists():
        return []
    with duckdb.connect() as con:
        found = con.execute(f"SELECT * FROM '{path}'")
        names = [d[0] for d in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def rule(report: Report, key: str):
    """Return the result of the rule called `key`."""
    prefix = {"stops": "S", "workforce": "W", "applicants": "A", "residents": "R"}[report.table]
    keys = __import__(f"data_checks.{report.table}", fromlist=["KEYS"]).KEYS
    wanted = f"{prefix}{keys.index(key) + 1:02d}"
    return next(r for r in report.rules if r.id == wanted)


def failing(report: Report) -> dict[str, int | None]:
    """Return key -> how many rows break it, for every rule that failed or could not run."""
    keys = __import__(f"data_checks.{report.table}", fromlist=["KEYS"]).KEYS
    return {keys[int(r.id[1:]) - 1]: r.bad for r in report.rules if r.open}


# --- a clean file ------------------------------------------------------------------------------


def test_a_clean_file_passes_whole(tmp_path):
    report, set_aside = checked(tmp_path, stops())
    assert failing(report) == {}
    assert report.usable
    assert report.exit_code == 0
    assert report.sentence == "60 of 60 rows can be used; none were set aside; no warnings."
    assert (report.rows_in, report.rows_good, report.rows_set_aside) == (60, 60, 0)
    assert set_aside == [] and not (tmp_path / "aside.csv").exists()
    assert [r["source_row"] for r in good(tmp_path)] == list(range(2, 62))


def test_the_good_file_keeps_columns_types_and_order(tmp_path):
    checked(tmp_path, stops("a.csv {row} s{row} - - - - - white - - - - - - - -"))
    with duckdb.connect() as con:
        described = [
            con.execute(f"DESCRIBE SELECT * FROM '{tmp_path / name}.parquet'").fetchall()
            for name in ("data", "good")
        ]
    assert described[0] == described[1]
    assert [r["source_row"] for r in good(tmp_path)] == list(range(2, 62))


# --- planted defects: each is found by its own rule and by no other ------------------------------

STOP_DEFECTS = [
    # the row's defect, the rule, the reason that the quarantine file gives
    ("- - 3600 30 30 white female vehicular warning FALSE - -", "date:present",
     "the date is missing"),
    ("- 31/31/20 3600 30 30 white female vehicular warning FALSE - -", "date:read",
     "the date could not be read as a date: 31/31/20"),
    ("2025-07-01 2025-07-01 3600 30 30 white female vehicular warning FALSE - -",
     "date:not in the future", "the date is in the future: 2025-07-01"),
    ("1989-12-31 1989-12-31 3600 30 30 white female vehicular warning FALSE - -",
     "date:not too early", "the date is before 1990: 1989-12-31"),
    ("2024-01-01 2024-01-01 86400 30 30 white female vehicular warning FALSE - -",
     "second_of_day:bounds", "time of day is not between 00:00 and 23:59: 86400"),
    ("2024-01-01 2024-01-01 3600 111 111 white female vehicular warning FALSE - -",
     "subject_age:bounds", "age is not between 0 and 110 years: 111"),
    ("2024-01-01 2024-01-01 3600 -1 -1 white female vehicular warning FALSE - -",
     "subject_age:bounds", "age is not between 0 and 110 years: -1"),
    ("2024-01-01 2024-01-01 3600 30 30 martian female vehicular warning FALSE - -",
     "subject_race:allowed", "race is not one of the known values: martian"),
    ("2024-01-01 2024-01-01 3600 30 30 White female vehicular warning FALSE - -",
     "subject_race:allowed", "race is not one of the known values: White"),
    ("2024-01-01 2024-01-01 3600 30 30 white F vehicular warning FALSE - -",
     "subject_sex:allowed", "sex is not one of the known values: F"),
    ("2024-01-01 2024-01-01 3600 30 30 white female horse warning FALSE - -",
     "type:allowed", "kind of stop is not one of the known values: horse"),
    ("2024-01-01 2024-01-01 3600 30 30 white female vehicular hanged FALSE - -",
     "outcome:allowed", "outcome is not one of the known values: hanged"),
    ("2024-01-01 2024-01-01 3600 30 30 white female vehicular warning TRUE hunch FALSE",
     "search_basis:allowed", "search basis is not one of the known values: hunch"),
    ("2024-01-01 2024-01-01 3600 30 30 white female vehicular warning FALSE consent -",
     "search_basis:only if", "search basis is filled in although there was no search: consent"),
    ("2024-01-01 2024-01-01 3600 30 30 white female vehicular warning FALSE - TRUE",
     "contraband_found:only if",
     "contraband is filled in although there was no search: true"),
]  # fmt: skip


def planted(head_and_clean: str, rows: list[str], table: str, folder: Path):
    """Check clean rows with the defects after them, in the order given, in one file."""
    report, set_aside = checked(folder, head_and_clean + "\n" + "\n".join(rows), table)
    return report, {int(r["source_row"]): r["reasons"] for r in set_aside}


@pytest.fixture(scope="module")
def stops_with_defects(tmp_path_factory):
    rows = [f"a.csv {102 + i} s{102 + i} {d} - -" for i, (d, *_) in enumerate(STOP_DEFECTS)]
    return planted(stops(clean=100), rows, "stops", tmp_path_factory.mktemp("stops"))


@pytest.mark.parametrize(("place", "defect"), list(enumerate(STOP_DEFECTS)))
def test_a_defect_sets_its_row_aside_and_says_why(stops_with_defects, place, defect):
    report, reasons = stops_with_defects
    _, key, reason = defect
    assert reasons[102 + place] == reason
    assert rule(report, key).outcome == "failed"


def test_each_defect_breaks_its_own_rule_and_no_other(stops_with_defects):
    report, reasons = stops_with_defects
    expected = Counter(key for _, key, _ in STOP_DEFECTS)
    expected["date:present"] += 1  # a date that could not be read is not there either
    assert failing(report) == expected
    assert (report.rows_good, report.rows_set_aside, report.exit_code) == (100, 15, 1)
    assert len(reasons) == 15


def test_a_row_with_two_defects_is_set_aside_once_with_both_reasons(tmp_path):
    report, (row,) = checked(
        tmp_path,
        stops("a.csv {row} s{row} - - 3600 30 30 white X vehicular warning FALSE - - - -"),
    )
    assert row["reasons"] == "the date is missing; sex is not one of the known values: X"
    assert report.rows_set_aside == 1


STOP_WARNINGS = {
    "subject_age:read": "3600 - 4O white female vehicular warning FALSE - - - -",
    "subject_race:known": "3600 30 30 - female vehicular warning FALSE - - - -",
    "search_conducted:known": "3600 30 30 white female vehicular warning - - - - -",
    "contraband_found:stated": "3600 30 30 white female vehicular warning TRUE consent - - -",
    "latitude:bounds": "3600 30 30 white female vehicular warning FALSE - - 91 -72.6",
    "longitude:bounds": "3600 30 30 white female vehicular warning FALSE - - 41.7 181",
    "place": "3600 30 30 white female vehicular warning FALSE - - 0 0",
}


def test_a_warning_keeps_the_row(tmp_path):
    rows = [
        f"a.csv {{row}} s{{row}} 2024-01-01 2024-01-01 {defect}"
        for defect in STOP_WARNINGS.values()
        for _ in range(9)
    ]
    report, set_aside = checked(tmp_path, stops(*rows), bounding_box=(41.0, 42.0, -73.0, -72.0))
    assert failing(report) == {**dict.fromkeys(STOP_WARNINGS, 9), "place": 27}
    assert set_aside == []
    assert report.usable
    assert report.exit_code == 1
    assert report.sentence.endswith("none were set aside; 7 warnings.")


def test_few_missing_races_are_let_through(tmp_path):
    missing = "a.csv {row} s{row} 2024-01-01 - 60 30 - - female vehicular warning FALSE - - - -"
    report, _ = checked(tmp_path, stops(missing))
    known = rule(report, "subject_race:known")
    assert (known.outcome, known.bad, known.tested, known.allowed) == ("passed", 1, 61, 0.05)


def test_five_missing_races_in_a_hundred_are_at_the_limit_and_pass(tmp_path):
    missing = "a.csv {row} s{row} 2024-01-01 - 60 30 - - female vehicular warning FALSE - - - -"
    at, _ = checked(tmp_path, stops(*[missing] * 5, clean=95))
    over, _ = checked(tmp_path, stops(*[missing] * 6, clean=95))
    assert rule(at, "subject_race:known").outcome == "passed"
    assert rule(over, "subject_race:known").outcome == "failed"


# --- repeats -----------------------------------------------------------------------------------

RAW = "source_file source_row number date\n"
SAME = "2024-01-01 - 3600 30 - white female vehicular warning FALSE - - - -"


def test_later_copies_are_set_aside_and_the_first_is_kept(tmp_path):
    rows = [f"a.csv {r} x {SAME}" for r in (62, 63)] + [f"b.csv 2 x {SAME}"]
    report, set_aside = checked(tmp_path, stops(*rows))
    assert (rule(report, "copy").bad, rule(report, "copy").tested) == (2, 63)
    assert rule(report, "stop_id:unique").outcome == "passed"
    assert [(r["source_file"], r["source_row"], r["reasons"]) for r in set_aside] == [
        ("a.csv", "63", "the same as an earlier row in every column: row 62"),
        ("b.csv", "2", "the same as an earlier row in every column: row 62 of a.csv"),
    ]
    assert [r["source_row"] for r in good(tmp_path)][-1] == 62


def test_the_same_number_with_other_content_is_another_reason(tmp_path):
    report, set_aside = checked(
        tmp_path,
        stops(
            f"a.csv 62 x {SAME}",
            f"a.csv 63 x {SAME}",
            f"a.csv 64 x {SAME.replace('white', 'black')}",
            f"a.csv 65 - {SAME.replace('3600', '7200')}",
            f"a.csv 66 - {SAME.replace('3600', '7260')}",
        ),
    )
    assert [(r["source_row"], r["reasons"]) for r in set_aside] == [
        ("63", "the same as an earlier row in every column: row 62"),
        ("64", "another row, with different content, has the same stop number: row 62"),
    ]
    assert rule(report, "stop_id:unique").tested == 62  # no number, or a copy: not tested


def test_copies_are_told_by_the_delivered_rows(tmp_path):
    # Two rows that our columns cannot tell apart differ in a column that only the file has.
    rows = [f"a.csv {r} - {SAME}" for r in (62, 63, 64)]
    raw = RAW + "\n".join(f"a.csv {r} {r} x" for r in range(2, 63))
    raw += "\na.csv 63 y x\na.csv 64 y x"
    report, set_aside = checked(tmp_path, stops(*rows), raw=raw)
    assert [r["source_row"] for r in set_aside] == ["64"]
    assert rule(report, "account").outcome == "passed"


def test_without_number_and_time_a_copy_cannot_be_told_from_another_stop(tmp_path):
    text = "source_file source_row date subject_race\n" + "\n".join(
        f"a.csv {r} 2024-01-01 white" for r in range(2, 12)
    )
    report, set_aside = checked(tmp_path, text)
    assert set_aside == []
    assert rule(report, "copy").outcome == "nothing to test"
    assert report.exit_code == 0


# --- the file as a whole -----------------------------------------------------------------------


def test_a_missing_column_stops_the_load(tmp_path):
    report, _ = checked(tmp_path, "date source_row\n2024-01-01 2")
    assert not report.usable
    assert report.exit_code == 2
    assert rule(report, "columns").examples == ("subject_race",)
    known = rule(report, "subject_race:known")
    assert known.outcome == "could not run"
    assert known.because == "the column subject_race is missing"
    assert not (tmp_path / "good.parquet").exists()
    assert report.rows_in == report.rows_good + report.rows_set_aside == 1


def test_a_header_in_other_capitals_is_not_the_column(tmp_path):
    report, _ = checked(tmp_path, "date Subject_Race\n2024-01-01 white")
    assert not report.usable
    assert rule(report, "columns").examples == ("subject_race",)
    assert "'Subject_Race', which is not 'subject_race'" in rule(report, "columns").do
    assert rule(report, "names").outcome == "failed"
    report, _ = checked(tmp_path, "date subject_race Subject_Age\n2024-01-01 white 30")
    assert rule(report, "names").examples == ("Subject_Age",)
    assert rule(report, "subject_age:bounds").outcome == "could not run"
    assert not report.usable


def test_a_column_twice_in_other_capitals_stops_the_load(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    columns = {"date": [dt.date(2024, 1, 1)], "subject_race": ["white"], "Subject_Race": ["x"]}
    parquet.write_table(pa.table(columns), tmp_path / "two.parquet")
    report = check(
        table="stops",
        data=tmp_path / "two.parquet",
        good=tmp_path / "g",
        quarantine=tmp_path / "q",
    )
    assert rule(report, "names").examples == ("Subject_Race",)
    assert report.exit_code == 2


def test_yes_and_no_as_text_stop_the_load(tmp_path):
    # A condition on text "False" would match no row, and every rule with it would pass unseen.
    report, _ = checked(
        tmp_path,
        "date subject_race search_conducted contraband_found\n2024-01-01 white False TRUE",
        types={"search_conducted": "VARCHAR"},
    )
    assert rule(report, "types").examples == ("search_conducted: varchar instead of flag",)
    assert rule(report, "contraband_found:only if").outcome == "could not run"
    assert report.exit_code == 2


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    report, _ = checked(tmp_path, STOPS)
    assert failing(report) == {"rows": 1}
    assert report.exit_code == 2
    assert report.sentence == "There are no rows that could be used."
    outcomes = {r.outcome for r in report.rules if not r.id <= "S06"}
    assert outcomes == {"nothing to test"}


def test_a_column_without_any_value_is_nothing_to_test(tmp_path):
    text = (
        "date subject_race subject_sex search_conducted contraband_found\n2024-01-01 white - - -"
    )
    for types in ({}, {"subject_sex": "INTEGER", "search_conducted": "VARCHAR"}):
        report, _ = checked(tmp_path, text, types=types)
        for key in ("subject_sex:allowed", "contraband_found:only if", "contraband_found:stated"):
            assert rule(report, key).outcome == "nothing to test", key
        assert rule(report, "types").outcome == "passed"
        assert report.usable


def test_a_condition_that_matches_no_row_is_not_a_pass(tmp_path):
    report, _ = checked(
        tmp_path, "date subject_race search_conducted contraband_found\n2024-01-01 white TRUE TRUE"
    )
    assert rule(report, "contraband_found:only if").outcome == "nothing to test"
    assert rule(report, "contraband_found:stated").outcome == "passed"


def test_more_than_a_fifth_set_aside_stops_the_load(tmp_path):
    bad = "a.csv {row} s{row} - - 3600 30 30 white female vehicular warning FALSE - - - -"
    fifth, _ = checked(tmp_path, stops(*[bad] * 15, clean=60))
    assert fifth.usable
    more, set_aside = checked(tmp_path, stops(*[bad] * 16, clean=60))
    assert not more.usable
    assert failing(more) == {"date:present": 16, "set aside": 16}
    assert (more.rows_good, more.rows_set_aside, len(set_aside)) == (60, 16, 16)
    assert not (tmp_path / "good.parquet").exists()  # that of the load before is gone


def test_most_values_unreadable_stop_the_load(tmp_path):
    bad = "a.csv {row} s{row} 2024-01-01 - 3600 - thirty white female vehicular warning FALSE"
    report, _ = checked(tmp_path, stops(*[bad + " - - - -"] * 16, clean=60))
    assert failing(report) == {"subject_age:read": 16, "subject_age:mostly read": 16}
    assert rule(report, "subject_age:read").examples == ("thirty",)
    assert report.exit_code == 2


def test_nan_is_missing_and_not_a_number_out_of_bounds(tmp_path):
    report, _ = checked(
        tmp_path, "date subject_race latitude longitude raw_latitude\n2024-01-01 white nan nan x"
    )
    assert rule(report, "latitude:bounds").outcome == "nothing to test"
    assert rule(report, "latitude:read").bad == 1


def test_rows_lost_on_the_way_are_noticed(tmp_path):
    raw = RAW + "\n".join(f"a.csv {r} {r} x" for r in range(2, 64))
    report, _ = checked(tmp_path, stops(), raw=raw)
    assert rule(report, "account").examples == ("2 rows lost",)
    assert report.exit_code == 2  # nobody knows which rows they were


# --- the file of rows set aside ------------------------------------------------------------------


def test_the_quarantine_file_holds_the_row_as_it_was_delivered(tmp_path):
    raw = RAW + "\n".join(f"a.csv {r} {r} x" for r in range(2, 62)) + "\na.csv 62 =1+1 31/31/20"
    report, (row,) = checked(
        tmp_path,
        stops("a.csv 62 s62 - 31/31/20 3600 30 30 white female vehicular warning FALSE - - - -"),
        raw=raw,
    )
    assert (tmp_path / "aside.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(row) == ["source_file", "source_row", "reasons", "number", "date"]
    assert row["date"] == "31/31/20"
    assert row["number"] == "'=1+1"  # a spreadsheet would have run it
    assert report.quarantine_file == "aside.csv"


def test_numbers_below_zero_are_not_taken_for_formulas(tmp_path):
    _, (row,) = checked(
        tmp_path,
        stops("a.csv 62 +x - - 3600 30 30 white female vehicular warning FALSE - - 41 -72.7"),
    )
    assert (row["longitude"], row["stop_id"]) == ("-72.7", "'+x")


# --- persons -----------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_no_personal_column_is_ever_an_example(table):
    context = {"today": TODAY, "groups": GROUPS, "stages": STAGES, "bounding_box": (0, 1, 0, 1)}
    kinds = {c.name: c.kind for c in TABLES[table].columns} | dict.fromkeys(STAGES, "flag")
    kinds |= {f"raw_{name}": "raw" for name in kinds}
    suite = run.build(table, kinds, context)
    personal = {c.name for c in TABLES[table].columns if c.personal}
    shown = [r.shows for r in suite.rules if r.shows and run._may_show(suite, r)]
    assert shown
    assert not {s.removeprefix("raw_") for s in shown} & personal
    assert not any(s.startswith("check_") for s in shown)


def test_page_and_json_hold_no_record(tmp_path):
    secret = "a.csv {row} Zorro77 2024-01-01 - 3600 30 30 white female vehicular warning FALSE - -"
    report, set_aside = checked(
        tmp_path,
        stops(f"{secret} 95.4321 -190.1234", f"{secret} 95.4321 -190.1234"),
        bounding_box=(41, 42, -73, -72),
    )
    assert len(set_aside) == 1
    assert failing(report) == {
        "latitude:bounds": 2, "longitude:bounds": 2, "place": 2, "copy": 1
    } or failing(report)["stop_id:unique"] == 1  # fmt: skip
    report.to_json(tmp_path / "r.json")
    report.to_html(tmp_path / "r.html")
    for name in ("r.json", "r.html"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert not re.search(r"Zorro77|95\.43|190\.12", text)


# --- the other tables ----------------------------------------------------------------------------


def table_of(head: str, clean: str, *defects: str, n: int = 60) -> str:
    rows = [clean.format(row=r) for r in range(2, n + 2)]
    rows += [d.format(row=n + 2 + i) for i, d in enumerate(defects)]
    return "\n".join([head, *rows])


PEOPLE = "source_row person_id date year race sex hire_date raw_hire_date"
PERSON = "{row} p{row} 2024-01-01 2024 white male 2010-05-01 2010-05-01"


WORKFORCE_DEFECTS = [
        ("{row} p{row} 2024-01-01 2024 white male 2024-01-02 2024-01-02",
         "hire_date:not after snapshot", "hired after the date of the list: 2024-01-02"),
        ("{row} p{row} - 2024 white male 2025-07-01 2025-07-01",
         "hire_date:not in the future", "the hire date is in the future: 2025-07-01"),
        ("{row} p{row} 2024-01-01 2024 white male 1900-01-01 1900-01-01",
         "hire_date:not too early", "the hire date is before 1930: 1900-01-01"),
        ("{row} p2 2024-01-01 2024 white male 1999-05-01 1999-05-01",
         "person", "the employee number is in this list already: row 2"),
        ("{row} p{row} 2024-01-01 2026 white male 2010-05-01 2010-05-01",
         "year:not in the future", "the year is in the future: 2026"),
        ("{row} p{row} 2024-01-01 24 white male 2010-05-01 2010-05-01",
         "year:bounds", "year is not between 1900 and 2200: 24"),
        ("{row} p{row} 2025-07-01 2025 white male 2010-05-01 2010-05-01",
         "date:not in the future", "the date is in the future: 2025-07-01"),
        ("{row} p{row} 2024-01-01 2024 zebra male 2010-05-01 2010-05-01",
         "race:allowed", "race is not one of the known values: zebra"),
        ("{row} p{row} 2024-01-01 2024 white M 2010-05-01 2010-05-01",
         "sex:allowed", "sex is not one of the known values: M"),
]  # fmt: skip


def test_workforce_defects(tmp_path):
    rows = [d.format(row=62 + i) for i, (d, *_) in enumerate(WORKFORCE_DEFECTS)]
    report, reasons = planted(table_of(PEOPLE, PERSON), rows, "workforce", tmp_path)
    assert reasons == {62 + i: reason for i, (_, _, reason) in enumerate(WORKFORCE_DEFECTS)}
    assert failing(report) == Counter(key for _, key, _ in WORKFORCE_DEFECTS)


def test_a_key_shared_by_people_of_other_race_or_sex_loses_nobody(tmp_path):
    rows = (
        "{row} p2 2024-01-01 2024 black male 2010-05-01 -",
        ("{row} p3 2024-01-01 2024 white female 2010-05-01 -"),
    )
    report, set_aside = checked(tmp_path, table_of(PEOPLE, PERSON, *rows), "workforce")
    assert (failing(report), set_aside) == ({"person:shared key": 2}, [])
    assert report.usable


def test_hired_after_the_year_of_a_snapshot_without_a_date_is_a_warning(tmp_path):
    head, clean = "source_row year race hire_date", "{row} 2024 white 2010-05-01"
    report, set_aside = checked(
        tmp_path, table_of(head, clean, "{row} 2024 white 2025-01-01"), "workforce"
    )
    assert (failing(report), set_aside) == ({"hire_date:not after year": 1}, [])


def test_a_person_may_be_in_two_snapshots_and_a_row_without_key_repeats_nobody(tmp_path):
    report, set_aside = checked(
        tmp_path,
        table_of(
            PEOPLE,
            PERSON,
            "{row} p2 2024-07-01 2024 white male 2010-05-01 -",
            "{row} - 2024-01-01 2024 white male 2010-05-01 -",
            "{row} - 2024-01-01 2024 white male 2010-05-01 -",
        ),
        "workforce",
    )
    assert (failing(report), set_aside) == ({}, [])


APPLICANTS = "source_row applicant_id date year race sex qualified oral~board hired raw_hired"
APPLICANT = "{row} a{row} 2024-01-01 2024 white male TRUE TRUE FALSE no"


APPLICANT_DEFECTS = [
        ("{row} a{row} 2024-01-01 2024 white male FALSE TRUE FALSE -", {"stage 1:order": 1},
         "marked as not reaching qualified, yet as reaching a later stage"),
        ("{row} a{row} 2024-01-01 2024 white male FALSE - TRUE -",
         {"stage 1:order": 1, "stage 2:gap": 1},
         "marked as not reaching qualified, yet as reaching a later stage"),
        ("{row} a{row} 2024-01-01 2024 white male TRUE FALSE TRUE -", {"stage 2:order": 1},
         "marked as not reaching oral board, yet as reaching a later stage"),
        ("{row} a{row} 2024-01-01 2024 white male - TRUE FALSE -", {"stage 1:gap": 1}, None),
        ("{row} a{row} 2024-01-01 2024 white male TRUE FALSE - -", {}, None),
        ("{row} a{row} 2024-01-01 2024 white male TRUE TRUE - withdrew",
         {"stage 3:read": 1}, None),
        ("{row} a2 2024-01-01 2024 black male TRUE TRUE FALSE -", {"applicant_id:unique": 1},
         "another row has the same application number: row 2"),
        ("{row} a{row} 2025-07-01 2025 white male TRUE TRUE FALSE -",
         {"date:not in the future": 1}, "the date is in the future: 2025-07-01"),
        ("{row} a{row} 1924-01-01 1924 white male TRUE TRUE FALSE -",
         {"date:not too early": 1}, "the date is before 1950: 1924-01-01"),
        ("{row} a{row} 2024-01-01 2026 white male TRUE TRUE FALSE -",
         {"year:not in the future": 1}, "the year is in the future: 2026"),
]  # fmt: skip


def test_applicant_defects(tmp_path):
    rows = [d.format(row=62 + i) for i, (d, *_) in enumerate(APPLICANT_DEFECTS)]
    report, reasons = planted(table_of(APPLICANTS, APPLICANT), rows, "applicants", tmp_path)
    told = enumerate(reason for *_, reason in APPLICANT_DEFECTS)
    assert reasons == {62 + i: reason for i, reason in told if reason}
    expected: Counter[str] = Counter()
    for _, failed, _ in APPLICANT_DEFECTS:
        expected.update(failed)
    assert failing(report) == expected


def test_a_stage_that_the_agency_names_must_be_there(tmp_path):
    report, _ = checked(tmp_path, "race qualified hired\nwhite TRUE TRUE", "applicants")
    assert rule(report, "columns").examples == ("oral board",)
    assert rule(report, "stage 1:order").outcome == "could not run"
    assert not report.usable


RESIDENTS = """
place year race     n   moe
Here  2020 white    100 5
Here  2020 black     50 4
Here  2020 hispanic  20 0
There 2020 white      1 1
There 2020 black      2 -
There 2020 hispanic   0 1
"""


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ("", "", {}),
        ("hispanic  20 0", "hispanic  - 0", {"n:present": 1}),
        ("hispanic  20 0", "hispanic  nan 0", {"n:present": 1}),
        ("hispanic  20 0", "hispanic  -20 0", {"n:bounds": 1}),
        ("hispanic  20 0", "hispanic  20 -1", {"moe:bounds": 1}),
        ("Here  2020 hispanic", "Here  2020 martian", {"race:allowed": 1, "whole": 3}),
        ("Here  2020 hispanic", "Here  2020 black", {"once": 2, "whole": 3}),
        ("There 2020 hispanic   0 1", "", {"whole": 2}),
        ("There 2020 hispanic", "- 2020 hispanic", {"place:present": 1, "whole": 3}),
        ("There 2020 hispanic", "There 2021 hispanic", {"whole": 3}),
        ("There 2020 hispanic   0 1", "There 2020 -   0 1", {"race:present": 1, "whole": 3}),
    ],
)
def test_residents_are_used_whole_or_not_at_all(tmp_path, old, new, failed):
    text = RESIDENTS.replace(old, new) if old else RESIDENTS
    report, set_aside = checked(tmp_path, text, "residents")
    assert failing(report) == failed
    assert report.usable is not bool(failed)
    assert set_aside == []


BY_SEX = """
place year race     sex    n
Here  2020 white    female 60
Here  2020 white    male   40
Here  2020 black    female 30
Here  2020 black    male   20
Here  2020 hispanic female 10
Here  2020 hispanic male   10
"""


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ("", "", {}),
        ("black    male", "black    female", {"once": 2, "whole": 2}),
        ("Here  2020 hispanic male   10", "", {"whole": 2}),
        ("white    male", "white    men", {"sex:allowed": 1, "whole": 3}),
        ("white    male", "white    -", {"sex:present": 1, "whole": 3}),
    ],
)
def test_residents_by_race_and_sex_have_each_pair_once(tmp_path, old, new, failed):
    report, _ = checked(tmp_path, BY_SEX.replace(old, new) if old else BY_SEX, "residents")
    failed = failed | {"moe:known": 5 if "hispanic male" in old else 6}
    assert failing(report) == failed
    assert report.usable is (len(failed) == 1)


def test_residents_by_sex_alone_need_no_race(tmp_path):
    text = "place year sex n\nHere 2020 female 60\nHere 2020 male 40"
    report, _ = checked(tmp_path, text, "residents")
    assert failing(report) == {"moe:known": 2} and report.usable
    report, _ = checked(tmp_path, text.replace("female", "male"), "residents")
    assert failing(report) == {"moe:known": 2, "once": 2} and not report.usable
    report, _ = checked(tmp_path, "place year n\nHere 2020 60", "residents")
    assert not report.usable


def test_margins_of_error_that_are_all_missing_are_a_warning(tmp_path):
    blank = re.sub(r" \S+$", " -", RESIDENTS.replace("moe", "moe "), flags=re.M)
    gone = "\n".join(line.rsplit(maxsplit=1)[0] for line in RESIDENTS.strip().splitlines())
    for text in (blank.replace("n   -", "n   moe"), gone):
        report, _ = checked(tmp_path, text, "residents")
        assert failing(report) == {"moe:known": 6}
        assert report.usable and report.exit_code == 1


# --- fails closed --------------------------------------------------------------------------------


def test_a_rule_on_which_the_two_counts_differ_could_not_run(tmp_path, monkeypatch):
    def other(database, expectations, **more):
        found = real(database, expectations, **more)
        return {k: Verdict(True, v.tested, 0) for k, v in found.items()}

    real = run.gx.judge
    monkeypatch.setattr(run.gx, "judge", other)
    report, set_aside = checked(tmp_path, stops("a.csv 62 s62 - - - - - white" + " -" * 8))
    present = rule(report, "date:present")
    assert present.outcome == "could not run"
    assert present.because == (
        "two ways of counting differ: Great Expectations finds 0 of 61, the query that sets rows "
        "aside 1 of 61"
    )
    assert not report.usable and not (tmp_path / "good.parquet").exists()


def test_when_great_expectations_breaks_no_rule_passes(tmp_path, monkeypatch):
    def broken(*args, **kwargs):
        raise KeyError("Smith")

    monkeypatch.setattr(run.gx, "judge", broken)
    report, _ = checked(tmp_path, stops())
    judged = [r for r in report.rules if r.id > "S06" and r.outcome != "nothing to test"]
    assert {r.outcome for r in judged} == {"could not run"}
    assert {r.because for r in judged} == {"Great Expectations stopped with KeyError"}
    assert report.exit_code == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"table": "cars"}, "table='cars' is not one of: stops, workforce, exits, "),
        ({"data": "no.parquet"}, "There is no file no.parquet to check"),
        ({"data": __file__}, "could not be read as a Parquet file"),
    ],
)
def test_bad_input_is_said_in_words(tmp_path, more, words):
    what = {"table": "stops", "data": "x", "good": tmp_path / "g", "quarantine": tmp_path / "q"}
    with pytest.raises(ValueError, match=re.escape(words)):
        check(**{**what, **more})  # type: ignore[arg-type]


# --- law: whatever the rows are, none is lost ----------------------------------------------------

CELLS = {
    "stop_id": st.sampled_from(["-", "a", "b", "c", "d", "e", "f"]),
    "date": st.sampled_from(["-", "2024-01-01", "2030-01-01", "1950-01-01", "2024-02-29"]),
    "raw_date": st.sampled_from(["-", "NA", "x"]),
    "second_of_day": st.sampled_from(["-", "0", "86400", "-5"]),
    "subject_race": st.sampled_from(["-", "white", "black", "x"]),
    "latitude": st.sampled_from(["-", "nan", "41", "999", "inf"]),
    "longitude": st.sampled_from(["-", "-72"]),
    "search_conducted": st.sampled_from(["-", "TRUE", "FALSE"]),
    "search_basis": st.sampled_from(["-", "consent", "odd"]),
    "contraband_found": st.sampled_from(["-", "TRUE", "FALSE"]),
}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.fixed_dictionaries(CELLS), max_size=12), clean=st.sampled_from([0, 40]))
def test_good_rows_and_rows_set_aside_are_all_rows(tmp_path, rows, clean):
    text = " ".join(["source_file", "source_row", *CELLS]) + "\n"
    sound = "{0} {0} 2024-01-01 x 60 white 41 -72 FALSE - -"
    lines = [sound.format(r) for r in range(100, 100 + clean)]
    lines += [f"{i} " + " ".join(row[c] for c in CELLS) for i, row in enumerate(rows)]
    text += "\n".join(f"a.csv {line}" for line in lines)
    report, set_aside = checked(tmp_path, text, bounding_box=(41, 42, -73, -72))
    assert not [r for r in report.rules if r.outcome == "could not run"]
    assert report.rows_in == len(lines) == report.rows_good + report.rows_set_aside
    assert len(set_aside) == report.rows_set_aside
    assert all(row["reasons"] for row in set_aside)
    if report.usable:
        kept = [str(r["source_row"]) for r in good(tmp_path)]
        away = [r["source_row"] for r in set_aside]
        assert sorted(kept + away) == sorted(line.split()[0] for line in lines)
        again = check(
            table="stops", data=tmp_path / "good.parquet", good=tmp_path / "twice.parquet",
            quarantine=tmp_path / "none.csv", context={"today": TODAY, "groups": GROUPS},
        )  # fmt: skip
        assert again.rows_set_aside == 0  # what is good stays good
    else:
        assert not (tmp_path / "good.parquet").exists()


# --- the report ----------------------------------------------------------------------------------


def test_the_report_comes_back_from_json(tmp_path):
    report, _ = checked(tmp_path, stops("a.csv {row} s - - - - - x" + " -" * 8))
    report.to_json(tmp_path / "r.json")
    assert Report.from_json(tmp_path / "r.json") == report
    plain = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (plain["usable"], plain["exit_code"]) == (True, 1)
    assert re.fullmatch("[0-9a-f]{12}", plain["suite_version"])
    assert "Great Expectations 1.24.1" in plain["engine"]


def test_the_page_stands_alone_and_says_the_verdict(tmp_path):
    report, _ = checked(tmp_path, stops("a.csv {row} s - - - - - <b>x" + " -" * 8), fictional=True)
    data_checks.write_page(
        {"stops": report, "workforce": report}, tmp_path / "i.html", agency="A&B"
    )
    text = (tmp_path / "i.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in text
    assert text.count("<h1") == 1
    assert "60 of 61 rows can be used; 1 was set aside; no warnings." in text
    assert "&lt;b&gt;x" in text and "<b>x" not in text
    assert "A&amp;B" in text
    assert "Fictional data" in text
    assert "aside.csv" in text
    assert not re.search(r"https?:|//|src=|@import|url\(", text)
    for table in re.findall(r"<table.*?</table>", text, flags=re.S):
        assert "<caption>" in table
        assert 'scope="col"' in table and 'scope="row"' in table


def test_ids_are_unique_and_stay(tmp_path):
    # A rule's number is its place in the list: what stands there once must stay there.
    for table, first in {
        "stops": {
            "S07": "date:present",
            "S11": "copy",
            "S47": "contraband_found:mostly read",
            "S48": "record",
        },
        "workforce": {
            "W13": "person",
            "W25": "sworn:mostly read",
            "W28": "record",
            "W29": "rule words",
        },
        "applicants": {"A11": "applicant_id:unique", "A19": "stage 1:order", "A99": "record"},
        "residents": {"R07": "place:present", "R21": "year:mostly read"},
    }.items():
        keys = __import__(f"data_checks.{table}", fromlist=["KEYS"]).KEYS
        assert len(set(keys)) == len(keys)
        assert {i: keys[int(i[1:]) - 1] for i in first} == first


# --- totals, words of a rule, what the page says -------------------------------------------------

STAFF = "source_row person_id raw_date date race sex title department sworn"


def staff(*rows: str) -> str:
    clean = [f"{r} p{r} 2024-01-01 2024-01-01 white male Police~Officer Police TRUE"
             for r in range(2, 42)]  # fmt: skip
    return "\n".join([STAFF, *clean, *(r.format(row=42 + i) for i, r in enumerate(rows))])


@pytest.mark.parametrize(
    ("row", "total"),
    [
        ("{row} Total~employees:~57 - - - - - - -", True),
        ("{row} Grand~Total 2024-01-01 2024-01-01 - - - - -", True),
        ("{row} Total - - white - - - -", True),
        ("{row} - - - - - Subtotal~Police - -", True),
        ("{row} - - - - - - Subtotal~Police -", True),
        ("{row} - - - - - Police~Total Police -", True),
        ("{row} - Total:~57 - - - - - -", True),
        ("{row} 57 - - - - Subtotal~Police - -", True),
        ("{row} - - - - - Count:~1,204 - -", True),
        ("{row} p99 2024-01-01 2024-01-01 white male Total~Quality~Manager Police FALSE", False),
        ("{row} p99 2024-01-01 2024-01-01 - - Total~Quality~Manager Police FALSE", False),
        ("{row} p99 - - - - Total~Quality~Manager - FALSE", False),
        ("{row} - 2024-01-01 2024-01-01 black - Total~Quality~Manager - FALSE", False),
        ("{row} - 2024-01-01 2024-01-01 - male Totally~Other - FALSE", False),
        ("{row} - - - - - - - -", False),
    ],
)
def test_a_total_is_not_a_person(tmp_path, row, total):
    report, set_aside = checked(tmp_path, staff(row), "workforce")
    found = [r["reasons"] for r in set_aside if "total" in r["reasons"]]
    assert found == (["the row is a total, not a record"] if total else [])
    assert rule(report, "record").bad == total
    assert rule(report, "record").examples == ()


def test_totals_among_applicants_and_stops(tmp_path):
    rows = ("Total~applicants:~700 - - - - - - - - -", "- - - - - - - - - -")
    report, set_aside = checked(
        tmp_path,
        table_of(APPLICANTS, APPLICANT, *(f"{{row}} {r[:-2]}" for r in rows)),
        "applicants",
    )
    assert [r["reasons"] for r in set_aside] == ["the row is a total, not a record"]
    report, set_aside = checked(tmp_path, stops("a.csv {row} Total - Total" + " -" * 12))
    assert "the row is a total, not a record" in set_aside[0]["reasons"]
    assert rule(report, "record").bad == 1


RULE = {"column": "title", "starts_with": ["Police"], "any_of": ["Offcer"], "none_of": ["Aide"]}


def test_a_word_of_the_sworn_rule_that_no_title_holds_is_named(tmp_path):
    report, _ = checked(tmp_path, staff(), "workforce", rules={"sworn": RULE})
    found = rule(report, "rule words")
    assert (found.outcome, found.severity, found.tested, found.bad) == ("failed", "warn", 3, 2)
    assert found.says == "Every word of the sworn rule occurs in a title."
    assert found.examples == ("Offcer", "Aide")
    assert "No title holds “Offcer” (any_of); there is “officer”." in found.do
    assert report.usable and report.exit_code == 1
    mended = {"sworn": RULE | {"any_of": ["officer"], "none_of": ["Police"]}}
    report, _ = checked(tmp_path, staff(), "workforce", rules=mended)
    assert rule(report, "rule words").outcome == "passed"


@pytest.mark.parametrize("more", [{}, {"rules": {}}, {"rules": {"sworn": {"column": "rank"}}}])
def test_without_a_rule_there_is_no_word_to_test(tmp_path, more):
    report, _ = checked(tmp_path, staff(), "workforce", **more)
    assert rule(report, "rule words").outcome == "nothing to test"
    report, _ = checked(tmp_path, "race\nwhite", "workforce", rules={"sworn": RULE})
    assert rule(report, "rule words").because == "the file has no such column"


def test_words_are_found_as_the_roster_finds_them():
    import pandas as pd

    from data_checks.titles import _holds
    from equity.sources import roster

    titles = ["Police Officer", "Officers' Aide", "Co-Officer (acting)", "K9 Officer", "Sr. Clerk"]
    for condition in ("equals", "starts_with", "any_of"):
        for word in ("Officer", "police", "Clerk", "sr.", "K9", "k9 officer", "Co", "(acting)"):
            ruled = roster.standardize(
                pd.DataFrame({"t": titles, "r": "White"}), columns={"race": "r", "title": "t"},
                rules={"sworn": {"column": "title", condition: [word]}},
            )["sworn"].tolist()  # fmt: skip
            assert ruled == [_holds(condition, word, t.lower()) for t in titles], (condition, word)


def test_titles_are_shown_with_their_counts_and_rare_ones_are_summed(tmp_path):
    rows = [f"{{row}} q{i} - - white - Clerk City FALSE" for i in range(3)]
    rows += ["{row} r1 - - white - Poet City FALSE", "{row} r2 - - white - Bard City FALSE",
             "{row} r3 - - white - - City -", "{row} Grand~Total - - - - Total - -"]  # fmt: skip
    report, _ = checked(tmp_path, staff(*rows), "workforce")
    (table,) = report.tables
    assert table.rows == (
        ("Police Officer", "sworn", 40), ("Clerk", "not sworn", 3), ("(no title)", "not known", 1),
        ("other titles (2)", "not sworn", 2),
    )  # fmt: skip
    report.to_json(tmp_path / "r.json")
    assert Report.from_json(tmp_path / "r.json") == report
    report.to_html(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert '<th scope="row">Police Officer</th><td>sworn</td><td class="n">40</td>' in page
    assert "Poet" not in page


def test_at_most_forty_titles_are_shown(tmp_path):
    rows = [f"{{row}} q{i}-{k} - - white - T{i} City FALSE" for i in range(60) for k in range(3)]
    report, _ = checked(tmp_path, staff(*rows), "workforce")
    (table,) = report.tables
    assert len(table.rows) <= 40
    assert sum(int(n) for *_, n in table.rows) == 220


def test_a_person_in_several_snapshots_holds_a_title_once(tmp_path):
    rows = [f"{{row}} q1 202{y}-01-01 202{y}-01-01 white - Chief City TRUE" for y in range(4)]
    report, _ = checked(tmp_path, staff(*rows), "workforce")
    assert ("other titles (1)", "sworn", 1) in report.tables[0].rows
    assert "Chief" not in str(report.tables)


def test_the_sentence_names_the_rule_that_stops_the_load(tmp_path):
    rows = "\n".join(f"{r} - 3/{r}/24 white" for r in range(2, 12))
    text = "source_row date raw_date race\n" + rows
    report, _ = checked(tmp_path, text, "applicants", stages=())
    assert report.sentence == (
        "None of the 10 rows can be used: 1 rule stops the load. It says: “At least four in five "
        "values of date could be read as a date (write four digits of the year).”"
    )
    report, _ = checked(tmp_path, "source_row date raw_date subject_race\n" + rows)
    assert "At most 20% of the rows are set aside.” Most rows break this one" in report.sentence
    assert "write four digits of the year" in report.sentence


def test_the_page_calls_a_benchmark_once_and_names_the_delivered_files(tmp_path):
    head = {"residents: residents": "Residents", "residents: county": "Residents: county"}
    for name, title in head.items():
        report, _ = checked(tmp_path, RESIDENTS, "residents")
        data_checks.write_page({name: report, "x": report}, tmp_path / "i.html")
        page = (tmp_path / "i.html").read_text(encoding="utf-8")
        assert f">{title}</h2>" in page
        assert "</a> <span" in page  # read aloud and copied as two words
    report, _ = checked(tmp_path, RESIDENTS, "residents", label="People of Here", files=["b.csv"])
    data_checks.write_page({"residents: residents": report}, tmp_path / "i.html")
    page = (tmp_path / "i.html").read_text(encoding="utf-8")
    assert ">People of Here</h2>" in page and "From the file <code>b.csv</code>" in page


def test_every_class_of_the_page_has_its_style(tmp_path):
    report, _ = checked(tmp_path, staff(), "workforce")
    data_checks.write_page({"a": report, "b": report}, tmp_path / "i.html")
    page = (tmp_path / "i.html").read_text(encoding="utf-8")
    style, body = page.split("</style>")
    used = {c for group in re.findall(r'class="([^"]+)"', body) for c in group.split()}
    assert {c for c in used if f".{c}" not in style} == set()


# --- silence ------------------------------------------------------------------------------------


def test_a_check_prints_nothing_and_leaves_nothing_behind(tmp_path):
    write(tmp_path / "data.parquet", stops())
    (tmp_path / "tmp").mkdir()
    code = (
        "import sys\nimport data_checks\n"
        "assert not any(m.startswith('great_expectations') for m in sys.modules)\n"
        "data_checks.check(table='stops', data='data.parquet', good='g.parquet',"
        " quarantine='q.csv')\n"
    )
    (tmp_path / "once.py").write_text(code, encoding="utf-8")
    root = str(Path(data_checks.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-W", "error", "once.py"],
        cwd=tmp_path,
        env={
            "PYTHONPATH": root,
            "TMPDIR": str(tmp_path / "tmp"),
            "PATH": "",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert (tmp_path / "g.parquet").exists()


def test_what_we_lean_on_inside_sqlalchemy_and_great_expectations_is_still_there():
    from sqlalchemy.engine import cursor

    assert cursor._DEFAULT_FETCH is not None
    assert cursor.FullyBufferedCursorFetchStrategy
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations import row_conditions

    assert ProgressBarsConfig(globally=False)
    for name in ("AndCondition", "OrCondition", "NullityCondition", "ComparisonCondition"):
        assert hasattr(row_conditions, name)
    import great_expectations

    assert great_expectations.__version__ == "1.24.1"


# --- real files ----------------------------------------------------------------------------------


@pytest.mark.real
def test_hartford(tmp_path, real_data):
    from equity.sources import _files, opp

    path = real_data / "stops" / "opp_ct_hartford.csv"
    opp.read(path).write_parquet(str(tmp_path / "data.parquet"))
    _files.scan(path).write_parquet(str(tmp_path / "raw.parquet"))
    report = check(
        table="stops",
        data=tmp_path / "data.parquet",
        raw=tmp_path / "raw.parquet",
        good=tmp_path / "good.parquet",
        quarantine=tmp_path / "aside.csv",
        context={
            "today": TODAY,
            "groups": ("white", "black", "hispanic", "asian_pacific", "other"),
            "bounding_box": (41.26, 42.26, -73.18, -72.18),
        },
    )
    assert (report.rows_in, report.rows_good, report.rows_set_aside) == (18_646, 18_642, 4)
    assert [r["reasons"] for r in aside(tmp_path)] == ["the date is missing"] * 4
    assert aside(tmp_path)[0]["source_row"] == "6071"
    assert failing(report) == {"date:present": 4, "place": 7}
    assert report.data_file == "opp_ct_hartford.csv"


@pytest.mark.real
def test_nashville(tmp_path, real_data):
    from equity.groups import scheme
    from equity.sources import _files, roster

    path = real_data / "workforce" / "nashville_police_2010-2021.csv"
    columns = {
        "person_id": "person_key",
        "year": "year",
        "race": "race_ethnicity",
        "sex": "gender",
        "hire_date": "date_started",
    }
    rows = roster.read(path, columns=columns, scheme="us1977")
    rows.write_parquet(str(tmp_path / "data.parquet"))
    _files.scan(path).write_parquet(str(tmp_path / "raw.parquet"))
    report = check(
        table="workforce",
        data=tmp_path / "data.parquet",
        raw=tmp_path / "raw.parquet",
        good=tmp_path / "good.parquet",
        quarantine=tmp_path / "aside.csv",
        context={"today": TODAY, "groups": scheme("us1977").groups},
    )
    assert (report.rows_in, report.rows_set_aside) == (23_645, 2)
    # Three keys stand for two people each; 221 people of the roster of 2010 were hired later.
    assert failing(report) == {
        "person": 2,
        "person:shared key": 3,
        "hire_date:not after year": 221,
    }


def guarded(cell: str) -> str:
    with duckdb.connect() as con:
        return con.execute(f"SELECT {split._cell('x')} FROM (SELECT ? AS x)", [cell]).fetchall()[
            0
        ][0]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+cmd", "@SUM(1)", "-2+3", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\ufeff=1",
     "\uff1d1", "'=1", "''=1"],
)  # fmt: skip
def test_a_formula_is_text_and_comes_back_as_it_was(cell):
    assert guarded(cell) == f"'{cell}"
    assert extract._unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("cell", ["-72.7", "+1", "plain", "'s-Hertogenbosch", "a;=1", ""])
def test_what_is_no_formula_stays_as_it_is(cell):
    assert guarded(cell) == cell
    assert extract._unguarded(cell) == cell
