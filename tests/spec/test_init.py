"""The guided first step: what is proposed is right, what cannot be told is asked, nobody shows."""

from __future__ import annotations

import datetime as dt
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from equity.__main__ import main
from equity.agency import AgencyError, read_agency
from equity.pipeline import check_agency
from equity.proposal import propose, write_proposal
from equity.proposal._look import header_of
from equity.sample import write_sample

AGENCY = {"name": "Test PD", "place": "Testville city, Ohio", "timezone": "America/New_York"}


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def answered(text: str, **answers: str) -> str:
    """Do what the file says: take `# DECIDE: ` away, and write the answer in the place of ?."""
    answers = AGENCY | answers
    lines = []
    for line in text.splitlines():
        if line.startswith("# DECIDE: "):
            line = line.removeprefix("# DECIDE: ")
            key = line.partition(" =")[0].strip('"')
            line = line.replace('"?"', f'"{answers[key]}"') if '"?"' in line else line
        lines.append(line)
    return "\n".join(lines) + "\n"


def proposed(*files: Path, **answers: str) -> dict[str, Any]:
    return tomllib.loads(answered(propose(files, folder=files[0].parent).text, **answers))


PEOPLE: list[list[Any]] = [
    ["Personnel roster"],
    [],
    ["Emp ID", "Last Name", "Race", "Gender", "Rank", "Home Address", "Date of Hire"],
]
PEOPLE += [
    [
        f"E{n:05}",
        f"Zebedee{n}",
        ["White", "Black", "Martian"][n % 3],
        ["M", "F"][n % 2],
        ["Police Officer", "Sergeant", "Clerk"][n % 3],
        f"{n} Privet Drive",
        dt.datetime(2001 + n % 9, 1, 1 + n % 28),
    ]
    for n in range(60)
]


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    return workbook(tmp_path / "roster_20240701.xlsx", Roster=PEOPLE, Lookup=[["Code"], ["1"]])


def test_a_roster_with_title_rows_is_read_once_the_questions_are_answered(roster: Path) -> None:
    path, proposal = write_proposal([roster])
    assert path == roster.with_name("equity.toml")
    with pytest.raises(AgencyError):
        read_agency(path)  # nothing is said yet of the agency
    path.write_text(answered(proposal.text, Martian="other"), encoding="utf-8")
    report = check_agency(read_agency(path))["workforce"]
    assert report.usable
    assert (report.rows_in, report.rows_good) == (60, 60)


def test_what_it_finds_in_a_roster(roster: Path) -> None:
    given = proposed(roster, Martian="other")["workforce"]
    assert given["format"] == "roster"
    assert given["header_row"] == 3
    assert given["date_from"] == "file"
    assert given["columns"] == {
        "person_id": "Emp ID",
        "race": "Race",
        "sex": "Gender",
        "rank": "Rank",
        "hire_date": "Date of Hire",
    }
    assert given["values"] == {"race": {"Martian": "other"}}


def test_nobody_is_in_the_file_or_on_the_terminal(
    roster: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["equity", "init", str(roster)])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    shown = "".join(capsys.readouterr())
    text = roster.with_name("equity.toml").read_text(encoding="utf-8")
    for secret in ("Zebedee", "Privet", "E00001", "2001-01"):
        assert secret not in shown
        assert secret not in text
    assert "they say who somebody is: Last Name, Home Address" in text
    assert "Next: equity check" in shown
    for number, line in re.findall(r"^  (\d+)\. \(line (\d+)\)", shown, re.MULTILINE):
        assert text.splitlines()[int(line) - 1].startswith("# DECIDE: "), number


def test_an_agency_file_is_never_replaced(roster: Path) -> None:
    mine = roster.with_name("equity.toml")
    mine.write_text("# mine\n", encoding="utf-8")
    path, _ = write_proposal([roster])
    assert path.name == "equity.proposed.toml"
    assert mine.read_text(encoding="utf-8") == "# mine\n"


def test_every_undecided_line_is_a_question(roster: Path) -> None:
    proposal = propose([roster], folder=roster.parent)
    asked = [n for n, line in enumerate(proposal.text.splitlines(), 1) if "# DECIDE: " in line]
    first = [n for n, _ in proposal.questions]
    assert [n for n in asked if n > 5] == first  # the heading explains the word
    assert "Martian" in " ".join(q for _, q in proposal.questions)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    (folder / "equity.toml").rename(folder / "riverton.toml")
    return folder


class TestSample:
    def test_it_proposes_what_the_agency_file_of_the_sample_says(self, folder: Path) -> None:
        data = folder / "data"
        names = (
            "roster.csv",
            "exits.csv",
            "applicants.xlsx",
            "promotions.xlsx",
            "stops.csv",
            "ACSDT5Y2023.B03002-Data.csv",
            "residents_by_district.csv",
        )
        path, proposal = write_proposal([data / n for n in names], folder=folder)
        assert path == folder / "equity.toml"
        text = answered(proposal.text, place="Riverton city, Fictional State")
        given = tomllib.loads(text)
        truth = tomllib.loads((folder / "riverton.toml").read_text(encoding="utf-8"))
        for table in ("workforce", "exits", "applicants", "promotions"):
            right = truth[table]["columns"]
            assert {k: given[table]["columns"][k] for k in right} == right
        for table in ("applicants", "promotions"):
            assert given[table]["header_row"] == truth[table]["header_row"]
            stages = [(s["column"], s["date"]) for s in given[table]["stages"]]
            assert stages == [(s["column"], s["date"]) for s in truth[table]["stages"]]
        assert given["stops"]["format"] == "opp"
        assert [b["format"] for b in given["benchmarks"]] == ["acs", "population"]
        assert given["benchmarks"][1]["columns"] == truth["benchmarks"][1]["columns"]
        path.write_text(text, encoding="utf-8")
        agency = read_agency(folder)
        reports = check_agency(agency, today=dt.date(2026, 1, 5))
        assert all(r.usable for r in reports.values())

    def test_the_sworn_rule_is_proposed_and_left(self, folder: Path) -> None:
        text = propose([folder / "data" / "roster.csv"], folder=folder).text
        assert "workforce.rules" not in re.sub("(?m)^#.*", "", text)
        rule = tomllib.loads(re.sub("(?m)^# (?:MAYBE|DECIDE): ", "", text))["workforce"]["rules"]
        assert {"Officer", "Sergeant", "Chief"} <= set(rule["sworn"]["any_of"])
        assert rule["sworn"]["none_of"] == ["Trainee", "Community Service"]


def applicants(path: Path, *, outcome: bool) -> Path:
    head = ["Application ID", "Name", "Position", "Received Date", "Ethnicity", "Sex"]
    head += ["Disposition"] if outcome else ["Written Test", "Written Test Date", "Hire Flag"]
    rows = []
    for n in range(40):
        passed = n % 2 == 0
        row = [n + 1, f"Zebedee Zonk{n}", "Officer", dt.datetime(2024, 1, 1 + n % 28)]
        row += [["White", "Black"][n % 2], "Female"]
        word = "Hired" if n % 4 == 0 else "Failed test" if n % 4 == 1 else "Withdrew"
        flags = ["Yes" if passed else "No", dt.datetime(2024, 3, 1) if passed else None]
        rows.append([*row, *([word] if outcome else [*flags, "Y" if n % 4 == 0 else "N"])])
    return workbook(path, Export=[head, *rows])


def test_stages_of_yes_and_no_with_a_date_beside_them(tmp_path: Path) -> None:
    given = proposed(applicants(tmp_path / "a.xlsx", outcome=False))["applicants"]
    assert [(s["name"], s["column"], s.get("date")) for s in given["stages"]] == [
        ("written_test", "Written Test", "Written Test Date"),
        ("hire", "Hire Flag", None),
    ]


def test_an_outcome_in_one_column_is_asked_word_by_word(tmp_path: Path) -> None:
    path = applicants(tmp_path / "a.xlsx", outcome=True)
    proposal = propose([path], folder=tmp_path)
    asked = " ".join(q for _, q in proposal.questions)
    assert all(word in asked for word in ("Hired", "Failed test", "Withdrew"))
    assert "Zebedee" not in proposal.text + asked
    text = answered(
        "\n".join(
            line for line in proposal.text.splitlines() if 'failed."Hired"' not in line
        ).replace('passed = ["?"]', 'passed = ["Hired"]'),
        **{'failed."Failed test': "hired", 'failed."Withdrew': "hired"},
    )
    (tmp_path / "equity.toml").write_text(text, encoding="utf-8")
    assert check_agency(read_agency(tmp_path))["applicants"].usable


def test_several_snapshots_with_other_headers_and_one_twice(tmp_path: Path) -> None:
    body = "".join(f"{['White', 'Black'][n % 2]},F,Clerk {n}\n" for n in range(9))
    turned = "".join(reversed(body.splitlines(keepends=True)))
    (tmp_path / "20160401.csv").write_text("Race,Sex,Job Title\n" + body, encoding="utf-8")
    (tmp_path / "20160701.csv").write_text("Race,Sex,Job Title\n" + turned, encoding="utf-8")
    (tmp_path / "20170701.csv").write_text("Ethnicity,Sex,Title\n" + body, encoding="utf-8")
    proposal = propose([tmp_path], folder=tmp_path)
    given = tomllib.loads(answered(proposal.text))["workforce"]
    assert given["files"] == ["20160401.csv", "20160701.csv", "20170701.csv"]
    assert given["date_from"] == "file"
    assert given["columns"]["race"] == ["Race", "Ethnicity"]
    assert given["columns"]["title"] == ["Job Title", "Title"]
    asked = " ".join(q for _, q in proposal.questions)
    assert "20160701.csv holds exactly the records of 20160401.csv" in asked
    assert "20170701.csv holds" not in asked


def test_sheets_of_several_years(tmp_path: Path) -> None:
    head = ["Title", "Race", "Sex"]
    sheets = {y: [["Roster"], head, ["Clerk", "White", "F"]] for y in ("2019", "2020")}
    path = workbook(tmp_path / "staff.xlsx", **sheets)
    given = proposed(path)["workforce"]
    assert (given["sheet"], given["header_row"], given["date_from"]) == ("*", 2, "sheet")


def test_files_that_cannot_be_used_are_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("colour,size\nred,1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="x.csv is not used: no column is called race"):
        propose([tmp_path / "x.csv"], folder=tmp_path)
    with pytest.raises(ValueError, match="There is no file y.csv"):
        propose([tmp_path / "y.csv"], folder=tmp_path)
    with pytest.raises(ValueError, match="There is no CSV"):
        (tmp_path / "empty").mkdir()
        propose([tmp_path / "empty"], folder=tmp_path)


def test_a_file_without_names_of_columns_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("Zebedee,White,M,2001-01-01\n" * 3, encoding="utf-8")
    with pytest.raises(ValueError, match="no row looks like the names") as error:
        propose([tmp_path / "x.csv"], folder=tmp_path)
    assert "Zebedee" not in str(error.value)


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([["Race", "Sex", "Title"], ["White", "M", "Clerk"]], 1),
        ([["Roster 2024"], [], ["Race", "Sex", "Title"], ["White", "M", "Clerk"]], 3),
        ([["Last Name", "M", "Race"], ["Zed", None, "White"]], 1),  # M: the middle initial
        (
            [
                ["Report"],
                ["Division", "Male", None, "Female", None],
                [None, "White", "Black", "White", "Black"],
                ["Patrol", "1", "2", "3", "4"],
            ],
            [2, 3],
        ),
        ([["Zed", "White", "M", "1/2/2001"], ["Yak", "Black", "F", "1/2/2001"]], None),
    ],
)
def test_the_row_of_the_column_names(rows: list[list[str | None]], where: Any) -> None:
    assert header_of(rows) == where


def test_a_long_text_in_the_column_of_race_is_not_quoted(tmp_path: Path) -> None:
    text = "Zebedee asked that this be corrected by the office of personnel on Monday"
    rows = "".join(f"{['White', 'Black'][n % 2]},Clerk {n}\n" for n in range(9))
    (tmp_path / "a.csv").write_text(f"Race,Title\n{rows}{text},Clerk\n", encoding="utf-8")
    proposal = propose([tmp_path / "a.csv"], folder=tmp_path)
    asked = " ".join(q for _, q in proposal.questions)
    assert "Zebedee" not in proposal.text + asked
    assert f"holds a text of {len(text)} letters" in asked


def test_proposals_do_not_replace_what_was_answered(roster: Path) -> None:
    roster.with_name("equity.toml").write_text("# mine\n", encoding="utf-8")
    path, proposal = write_proposal([roster])
    assert write_proposal([roster])[0] == path  # nothing was answered in it
    path.write_text(answered(proposal.text, Martian="other"), encoding="utf-8")
    assert write_proposal([roster])[0].name == "equity.proposed_2.toml"
