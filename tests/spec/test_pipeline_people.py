"""Rosters, exits and applicants of an agency file: whose periods and waits are counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from equity import read_counts
from equity.agency import read_agency
from equity.pipeline import check_agency, count_agency

HEAD = """[agency]
name = "Smallville"
place = "Smallville"
timezone = "America/New_York"
"""
ROSTER = """
[workforce]
format = "roster"
files = ["data/roster.csv"]
[workforce.columns]
{person}date = "On"
race = "Race"
hire_date = "Hired"
"""
EXITS = """
[exits]
format = "roster"
files = ["data/exits.csv"]
[exits.columns]
person_id = "Id"
race = "Race"
department = "Unit"
hire_date = "Hired"
exit_date = "Left"
exit_reason = "Why"
"""
PEOPLE = [
    *(f"{i},{year}-07-01,White,2015-03-01" for i in range(20) for year in (2020, 2021, 2022)
      if not (i < 6 and year > 2020)),
]  # fmt: skip
GONE = [f"{i},White,{'Police' if i < 4 else 'Fire'},2015-03-01,2020-10-1{i},resigned"
        for i in range(6)]  # fmt: skip


def agency(path: Path, toml: str, *, exits: bool = False) -> Path:
    (path / "data").mkdir(parents=True)
    (path / "equity.toml").write_text(HEAD + toml + EXITS * exits, encoding="utf-8")
    roster = "\n".join(["Id,On,Race,Hired", *PEOPLE])
    (path / "data/roster.csv").write_text(roster, encoding="utf-8")
    gone = "\n".join(["Id,Race,Unit,Hired,Left,Why", *GONE])
    (path / "data/exits.csv").write_text(gone, encoding="utf-8")
    return path


def keyed(toml: str = "") -> str:
    return ROSTER.format(person='person_id = "Id"\n') + toml


def counted(path: Path, name: str):
    check_agency(read_agency(path))
    count_agency(read_agency(path))
    return read_counts(path / f"counts/{name}.parquet")


def test_rosters_alone_say_to_how_many_months_it_is_known_when_people_left(tmp_path) -> None:
    assert counted(agency(tmp_path / "a", keyed()), "retention").provenance["resolution"] == 12
    both = counted(agency(tmp_path / "b", keyed(), exits=True), "retention")
    assert both.provenance.get("resolution") is None
    assert both.table["exit_reason"].dropna().unique().tolist() == ["resigned"]


def test_exits_are_chosen_as_the_agency_file_says(tmp_path) -> None:
    rule = '[[exits.keep]]\ncolumn = "department"\nvalues = ["Police"]\nbecause = "police only"\n'
    folder = agency(tmp_path / "a", keyed(), exits=True)
    text = (folder / "equity.toml").read_text(encoding="utf-8")
    (folder / "equity.toml").write_text(text + rule, encoding="utf-8")
    table = counted(folder, "retention").table
    assert table.loc[table["exit_reason"] == "resigned", "left"].sum() == 4
    assert table["left"].sum() == 6  # the other two are gone from the next roster
    (folder / "equity.toml").write_text(text + rule.replace("department", "rank"), "utf-8")
    with pytest.raises(ValueError, match=r"\[\[exits.keep\]\] column = 'rank'"):
        check_agency(read_agency(folder))
        count_agency(read_agency(folder))


def test_several_rosters_without_a_key_have_no_periods_and_are_counted(tmp_path) -> None:
    folder = agency(tmp_path / "a", ROSTER.format(person=""), exits=True)
    assert counted(folder, "workforce").table["n"].sum() == 48
    assert not (folder / "counts/retention.parquet").exists()


def test_who_withdrew_is_not_waiting(tmp_path) -> None:
    folder = agency(
        tmp_path / "a",
        '[applicants]\nformat = "applicants"\nfiles = ["data/applicants.csv"]\n'
        '[applicants.columns]\nrace = "Race"\ndate = "Applied"\n'
        '[[applicants.stages]]\nname = "hired"\nlabel = "Hired"\ncolumn = "Result"\n'
        'date = "Start"\nreached = ["Hired"]\nunknown = ["Withdrew"]\n',
    )
    rows = ["Race,Applied,Result,Start", "White,2020-01-01,Hired,2020-05-01"]
    rows += ["White,2020-01-01,Withdrew,", "White,2020-01-01,,"]
    (folder / "data/applicants.csv").write_text("\n".join(rows), encoding="utf-8")
    waits = counted(folder, "waits")
    assert waits.table[["days", "n", "reached"]].to_numpy().tolist() == [[121, 2, 1]]
    assert "withdrew, or the outcome is not known" in waits.ledger["because"].tolist()
