"""The guided first step: what is proposed is right, what cannot be told is asked, nobody shows."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import shutil
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
from equity.proposal._outcomes import Ending, ending_of
from equity.proposal._when import said_day

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
def folder(riverton: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample without its agency file, with the stops of the first weeks only."""
    folder = tmp_path_factory.mktemp("sample") / "sample"
    shutil.copytree(riverton, folder)
    (folder / "equity.toml").rename(folder / "riverton.toml")
    stops = folder / "data" / "stops.csv"
    with stops.open(encoding="utf-8") as lines:
        first = list(itertools.islice(lines, 2000))
    stops.write_text("".join(first), encoding="utf-8")
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
    text = answered(proposal.text, **{'withdrew."Withdrew': "written"})
    given = tomllib.loads(text)["applicants"]
    assert [stage["name"] for stage in given["stages"]] == ["written", "hired"]
    assert given["disposition"] == {
        "column": "Disposition",
        "passed": ["Hired"],
        "failed": {"Failed test": "written"},
        "withdrew": {"Withdrew": "written"},
    }
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


WORDS_AND_CODES = [
    ("Failed written exam", "010", ("failed", "written")),
    ("No show - written", "005", ("withdrew", "written")),
    ("Failed PAT", "020", ("failed", "physical")),
    ("Failed oral board", "030", ("failed", "oral")),
    ("DQ - background", "040", ("failed", "background")),
    ("Offer declined", "095", ("withdrew", "hired")),
    ("Not selected", "060", ("failed", "hired")),
    ("Physical ability test scheduled", "070", ("pending", "physical")),
    ("Withdrew", "050", ("withdrew", "")),
    ("Hired", "090", ("passed", "")),
    ("Other", "099", ("", "")),
]


@pytest.mark.parametrize(("label", "code", "ending"), WORDS_AND_CODES)
def test_what_the_words_of_an_outcome_say(label: str, code: str, ending: tuple[str, str]) -> None:
    assert ending_of(label) == Ending(*ending)
    assert ending_of(code) == Ending()


def flow(path: Path, *, words: bool) -> Path:
    """An export with a title, dates in every row, and an outcome in codes, or words too."""
    head = ["Cand No", "Last Name", "Race/Ethnicity", "Req No", "Date Rec'd", "Disp Code"]
    head += [*(["Disposition"] if words else []), "Disp Date"]
    rows: list[list[Any]] = [["Applicant Flow Report - run 01/15/2025"], [], head]
    for n in range(88):
        label, code, _ = WORDS_AND_CODES[n % 11]
        day = dt.datetime(2023 + n % 2, 3, 1 + n % 28)
        row = [f"{n:06}", f"Zebedee{n}", ["White", "Black"][n % 2], f"23-PO-0{n % 3}", day, code]
        rows.append([*row, *([label] if words else []), day + dt.timedelta(days=90)])
    return workbook(path, Export=rows)


def test_words_of_an_outcome_win_over_columns_of_dates(tmp_path: Path) -> None:
    proposal = propose([flow(tmp_path / "flow.xlsx", words=True)], folder=tmp_path)
    before = tomllib.loads(proposal.text.replace("# DECIDE: name", "name"))["applicants"]
    assert "passed" not in before["disposition"]  # nothing is decided for anybody
    given = answered(
        proposal.text, **{'withdrew."Withdrew': "written", 'failed."Other': "background"}
    )
    table = tomllib.loads(given)["applicants"]
    assert [s["name"] for s in table["stages"]] == [
        "written", "physical", "oral", "background", "hired"
    ]  # fmt: skip
    assert not any("column" in s or "date" in s for s in table["stages"])
    assert table["disposition"]["column"] == "Disposition"
    for label, _, (how, stage) in WORDS_AND_CODES:
        if how == "passed":
            assert table["disposition"]["passed"] == [label]
        elif stage:
            assert table["disposition"][how][label] == stage
    assert (table["columns"]["date"], table["columns"]["posting"]) == ("Date Rec'd", "Req No")
    assert table["columns"]["applicant_id"] == "Cand No"
    (tmp_path / "equity.toml").write_text(given, encoding="utf-8")
    report = check_agency(read_agency(tmp_path))["applicants"]
    assert (report.usable, report.rows_good) == (True, 88)


def test_codes_alone_are_asked_beside_a_finished_example(tmp_path: Path) -> None:
    proposal = propose([flow(tmp_path / "flow.xlsx", words=False)], folder=tmp_path)
    questions = [q for _, q in proposal.questions]
    assert all(any(repr(code) in q for q in questions) for _, code, _ in WORDS_AND_CODES)
    assert any("Disp Code" in q and "passed every stage" in q for q in questions)
    example = re.findall(r"(?m)^#   ((?:passed|failed|withdrew|pending)\S* .*)$", proposal.text)
    said = tomllib.loads("\n".join(re.split(r"  +", line)[0] for line in example))
    assert set(said) == {"passed", "failed", "withdrew", "pending"}


def test_a_date_in_every_row_is_no_stage(tmp_path: Path) -> None:
    rows = "".join(f"A{n},White,2024-01-{1 + n % 28:02},2024-05-01\n" for n in range(30))
    path = tmp_path / "applicants.csv"
    path.write_text(f"Applicant ID,Race,Entered,Closed Out\n{rows}", encoding="utf-8")
    proposal = propose([path], folder=tmp_path)
    assert "stages" not in tomllib.loads(proposal.text)["applicants"]
    asked = " ".join(q for _, q in proposal.questions)
    assert "Which column is the day of the application? 'Entered'" in asked
    assert "No column says clearly how far people came" in asked


@pytest.mark.parametrize(
    "name",
    ["Date Rec'd", "Recd Date", "Received", "Date Filed", "Filed", "Applied", "Submitted Date"],
)
def test_names_of_the_day_of_the_application(tmp_path: Path, name: str) -> None:
    rows = "".join(f"A{n},White,2024-01-{1 + n % 28:02},Y\n" for n in range(30))
    path = tmp_path / "applicants.csv"
    path.write_text(f"Applicant ID,Race,{name},Hired\n{rows}", encoding="utf-8")
    assert proposed(path)["applicants"]["columns"]["date"] == name


def staff(year: int, head: list[str], titles: int = 2) -> list[list[Any]]:
    rows: list[list[Any]] = [[f"Personnel Roster as of 12/31/{year}"], *([[]] * (titles - 1))]
    body = [
        [f"E{n}", ["White", "Black"][n % 2], "MF"[n % 2], ["Officer", "Sergeant"][n % 2]]
        for n in range(12)
    ]
    return [*rows, head, *([*row, f"{1 + n % 9}/5/2015"] for n, row in enumerate(body))]


OLD = ["Emp ID", "Race", "Sex", "Rank", "Hire Date"]
NEW = ["Employee Number", "Ethnicity", "Gender", "Job Title", "Date of Hire"]


def test_sheets_with_other_headers_are_read_together_by_their_meaning(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "roster.xlsx", **{"2023": staff(2023, OLD), "2024": staff(2024, NEW)}
    )
    proposal = propose([path], folder=tmp_path)
    text = answered(proposal.text)
    given = tomllib.loads(text)["workforce"]
    assert (given["sheet"], given["date_from"]) == ("*", "sheet")
    assert given["columns"] == {
        "person_id": ["Emp ID", "Employee Number"],
        "race": ["Race", "Ethnicity"],
        "sex": ["Sex", "Gender"],
        "rank": ["Rank", "Job Title"],
        "hire_date": ["Hire Date", "Date of Hire"],
    }
    day = next(q for _, q in proposal.questions if "As of which day" in q)
    assert "2023: as of 12/31/2023" in day
    assert "Rename the sheets in Excel" in day
    assert "2024-12-31" in day
    (tmp_path / "equity.toml").write_text(text, encoding="utf-8")
    report = check_agency(read_agency(tmp_path))["workforce"]
    assert (report.usable, report.rows_good) == (True, 24)


def test_a_sheet_that_cannot_be_read_with_the_others_is_asked(tmp_path: Path) -> None:
    left = [["Emp ID", "Race", "Sex", "Separation Date"]]
    left += [[f"E{n}", "White", "M", f"2/{1 + n}/2023"] for n in range(12)]
    sheets = {
        "2023": staff(2023, OLD),
        "2024": staff(2024, NEW, titles=4),
        "Left": left,
        "Codes": [["Code", "Meaning"], ["1", "Clerk"]],
    }
    path = workbook(tmp_path / "roster.xlsx", **sheets)
    proposal = propose([path], folder=tmp_path)
    asked = [q for _, q in proposal.questions]
    row = next(q for q in asked if "'2024'" in q)
    assert "its names are in row 5, those of '2023' in 3" in row
    assert "the same names of columns, in the same row, and run equity init again" in row
    assert any("'Left'" in q and "it seems to be [exits]" in q for q in asked)
    assert not any("Codes" in q for q in asked)
    assert "Not read: the sheets 'Codes'" in proposal.text
    assert "sheet" not in tomllib.loads(answered(proposal.text))["workforce"]


def exam(path: Path, *, promoted: bool) -> Path:
    head = "Emp ID,Race,Gender,Score,Result" + (",Promoted" if promoted else "")
    rows = "".join(
        f"E{n},{['White', 'Black'][n % 2]},M,{60 + n},{'PASS' if n > 9 else 'FAIL'}"
        + (f",{'Y' if n > 20 else 'N'}" if promoted else "")
        + "\n"
        for n in range(30)
    )
    path.write_text(f"Sergeant Examination\n{head}\n{rows}", encoding="utf-8")
    return path


@pytest.mark.parametrize("promoted", [True, False])
def test_an_exam_is_no_roster(tmp_path: Path, promoted: bool) -> None:
    files = [
        workbook(tmp_path / "roster_20241231.xlsx", Roster=staff(2024, OLD)),
        exam(tmp_path / "sgt_exam_2024.csv", promoted=promoted),
    ]
    given = proposed(*files)
    assert given["workforce"]["files"] == ["roster_20241231.xlsx"]
    assert given["promotions"]["files"] == ["sgt_exam_2024.csv"]
    assert given["promotions"]["header_row"] == 2
    assert given["promotions"]["year"] == 2024
    columns = [stage["column"] for stage in given["promotions"]["stages"]]
    assert columns == ["Result", "Promoted"][: 1 + promoted]


def test_files_with_names_in_other_rows_are_not_read_together(tmp_path: Path) -> None:
    files = [
        workbook(tmp_path / "roster_20231231.xlsx", Roster=staff(2023, OLD)),
        workbook(tmp_path / "roster_20241231.xlsx", Roster=staff(2024, OLD, titles=4)),
    ]
    proposal = propose(files, folder=tmp_path)
    given = tomllib.loads(answered(proposal.text))["workforce"]
    assert (given["files"], given["header_row"]) == (["roster_20231231.xlsx"], 3)
    asked = " ".join(q for _, q in proposal.questions)
    assert "roster_20241231.xlsx also seems to be [workforce], but cannot be read" in asked
    assert "names of its columns are in row 5, there in row 3" in asked


@pytest.mark.parametrize(
    ("title", "day", "sure"),
    [
        ("Personnel Roster as of 12/31/2024", dt.date(2024, 12, 31), True),
        ("Staff, as of December 31, 2024", dt.date(2024, 12, 31), True),
        ("Status on 31 Dec. 2024 | printed 1/15/2025", dt.date(2024, 12, 31), True),
        ("Roster as of 2024-12-31", dt.date(2024, 12, 31), True),
        ("Roster, run 01/15/2025", dt.date(2025, 1, 15), False),
        ("1/1/2024 to 12/31/2024", None, False),
        ("as of 13/45/2024", None, False),
        ("Roster 2024", None, False),
    ],
)
def test_the_day_that_a_title_says(title: str, day: dt.date | None, sure: bool) -> None:
    assert said_day(title)[::2] == (day, sure)


def test_the_day_of_one_list(tmp_path: Path) -> None:
    rows = staff(2024, OLD)
    path = workbook(tmp_path / "roster.xlsx", Roster=rows)
    assert proposed(path)["workforce"]["date"] == "2024-12-31"
    rows[0] = ["Personnel Roster run 1/15/2025"]
    path = workbook(tmp_path / "staff_2024.xlsx", Roster=rows)
    proposal = propose([path], folder=tmp_path)
    assert "date" not in tomllib.loads(proposal.text)["workforce"]
    assert any("If it is the day, write 2025-01-15" in q for _, q in proposal.questions)
    rows[0] = ["Personnel Roster"]
    path = workbook(tmp_path / "staff_2024.xlsx", Roster=rows)
    day = next(q for _, q in propose([path], folder=tmp_path).questions if "as of which" in q)
    assert "The year 2024 is named and no day. Write the day, such as 2024-12-31" in day
    given = proposed(path, date="2024-12-31")["workforce"]
    assert given["date"] == "2024-12-31"


def test_a_year_in_the_name_of_a_file_is_proposed_for_promotions(tmp_path: Path) -> None:
    path = exam(tmp_path / "promotion_list_2024.csv", promoted=True)
    assert proposed(path)["promotions"]["year"] == 2024
    path = exam(tmp_path / "promotion_list.csv", promoted=True)
    questions = [q for _, q in propose([path], folder=tmp_path).questions]
    assert any("Write the year in which the candidates tried" in q for q in questions)


def test_residents_are_proposed_where_none_were_named(roster: Path) -> None:
    text = propose([roster], folder=roster.parent).text
    assert "[[benchmarks]]" not in re.sub("(?m)^#.*", "", text)
    taken = re.sub("(?m)^# MAYBE: ", "", answered(text, Martian="other"))
    assert set(tomllib.loads(taken)["benchmarks"][0]) == {"name", "label", "file", "place"}
