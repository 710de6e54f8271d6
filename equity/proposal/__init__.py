"""The guided first step: looks at files and proposes an equity.toml, with what it cannot decide.

Nothing is guessed silently. What is proposed says why, in a comment; what cannot be told is a line
that begins with `# DECIDE:` and a numbered question. No value of a person is written or shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from equity.proposal._look import Looked
from equity.proposal._names import table_of
from equity.proposal._page import Page, text
from equity.proposal._sections import _relative, write_section
from equity.proposal._sheets import look

__all__ = ["Proposal", "propose", "write_proposal"]

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet")
_HEAD: str = """\
# Proposed by `equity init`, from the files that were named. Read it from top to bottom.
#
# - A line that begins with `# DECIDE: ` is a question. Take these characters away and write the
#   answer in the place of ?. Until then the line says nothing.
# - A line that begins with `# MAYBE: ` is a proposal that you may leave as it is.
# - All else was found in the files; the remark says how. Correct what is wrong.
# docs/your-own-data.md explains every key.
"""
_RESIDENTS = (
    "[[benchmarks]]",
    'name = "residents"',
    'label = "Residents of Anytown"',
    'file = "ACSDT5Y2023.B03002-Data.csv"',
    'place = "Anytown city, Ohio"',
)
_TABLES = ("workforce", "exits", "applicants", "promotions", "stops")


@dataclass(frozen=True)
class Proposal:
    """What is proposed: the text of an equity.toml, what each file is, and the questions left.

    questions : number of the line in the text, and what to write there.
    """

    text: str
    files: tuple[str, ...]
    questions: tuple[tuple[int, str], ...]


def propose(
    files: Sequence[str | os.PathLike[str]],
    *,
    folder: str | os.PathLike[str],
    tell: Callable[[str], None] = lambda _: None,
) -> Proposal:
    """Look at files and propose an equity.toml that lies in `folder`.

    Which table is each file, which column is which, and what can nobody tell from the file?

    Raises ValueError if there is no file, or none of them can be used.
    """
    root = Path(folder)
    paths = _paths(files)
    looked = []
    for path in paths:
        tell(f"Looking at {path.name}")
        looked.append(look(path))
    page = Page(_HEAD.splitlines())
    page.say()
    _agency(page)
    said: list[str] = []
    tables: dict[str, list[tuple[Looked, str]]] = {}
    for file in looked:
        table, form, why = ("", "", file.trouble) if file.trouble else table_of(file)
        said.append(_sentence(file, table, form, why))
        tables.setdefault(table, []).append((file, form))
    if not set(tables) - {""}:
        raise ValueError(f"None of the files can be used. {' '.join(said)}")
    for table in _TABLES:
        if table in tables:
            _table(page, table, tables[table], root)
    for file, form in tables.get("residents", []):
        _benchmark(page, file, form, root)
    if "residents" not in tables:
        page.remark(
            "No table of residents was named, so nothing can be compared with the people who live "
            "there. Download census table B03002 from data.census.gov, put the file into this "
            "folder, take away `# MAYBE: ` and write its name and your place:"
        )
        page.lines += [f"# MAYBE: {line}" for line in _RESIDENTS]
        page.say()
    for (file, _), words in zip(tables.get("", []), [s for s in said if "not used" in s],
                                strict=False):  # fmt: skip
        page.remark(f"Not used: {file.path.name}. {words.partition(': ')[2]}")
    return Proposal(str(page), tuple(said), tuple(page.questions))


def write_proposal(
    files: Sequence[str | os.PathLike[str]],
    *,
    folder: str | os.PathLike[str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Path, Proposal]:
    """Write the proposal into `folder`, that of the first file if not given; return where.

    An equity.toml that is there is never replaced: then it is equity.proposed.toml. Of these one
    is replaced only if no question in it was answered.
    """
    first = Path(_paths(files)[0])
    root = Path(folder) if folder is not None else first.parent
    if root.exists() and not root.is_dir():
        raise ValueError(f"{root} is a file. Name a folder with --folder.")
    proposal = propose(files, folder=root, tell=tell)
    root.mkdir(parents=True, exist_ok=True)
    path = root / "equity.toml"
    number = 1
    while path.exists() and not _untouched(path):
        path = root / f"equity.proposed{f'_{number}' if number > 1 else ''}.toml"
        number += 1
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(proposal.text)
    return path, proposal


def _untouched(path: Path) -> bool:
    """Return whether a file is an earlier proposal in which the first questions are open."""
    if path.name == "equity.toml":
        return False
    agency = path.read_text(encoding="utf-8", errors="replace").partition("[agency]")[2]
    return agency.count("\n# DECIDE: ") >= agency.partition("\n[")[0].count(' = "?"') >= 3


def _paths(files: Sequence[str | os.PathLike[str]]) -> list[Path]:
    found: list[Path] = []
    for given in files:
        path = Path(given)
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in ENDINGS)
            found += [p for p in inside if p.is_file() and p.name[:2] != "~$"]
        elif path.is_file():
            found.append(path)
        else:
            raise ValueError(
                f"There is no file {path.name} in {path.parent}. Check the name, or drag the file "
                "into the window after `equity init `."
            )
    if not found:
        raise ValueError(
            "There is no CSV, Excel or Parquet file there. Name the files that your system "
            "exported, such as: equity init roster.xlsx applicants.csv"
        )
    return list(dict.fromkeys(found))


def _sentence(file: Looked, table: str, form: str, why: str) -> str:
    name = file.path.name
    if not table:
        return f"{name} is not used: {why}."
    rows = f"{file.rows:,} rows" if file.rows < 200_000 else "200,000 rows or more"
    return f"{name}: [{table}], format {form!r}, {rows}; it {_because(why)}."


def _because(why: str) -> str:
    return why if why.startswith(("has", "is")) else f"was told by this: {why}"


def _agency(page: Page) -> None:
    page.say("[agency]")
    page.decide("What is the agency called? The pages show this name.", 'name = "?"')
    page.decide(
        "Which place does it serve? Write it as the census does, such as Anytown city, Ohio.",
        'place = "?"',
    )
    page.decide(
        "In which time zone is it? Such as America/New_York, America/Chicago, America/Denver, "
        "America/Phoenix, America/Los_Angeles, Europe/London.",
        'timezone = "?"',
    )
    page.say()


def _table(page: Page, table: str, files: list[tuple[Looked, str]], root: Path) -> None:
    """Write one section; files that cannot be read together with the first are asked about."""
    form = files[0][1]
    first = files[0][0]
    alike = [first]
    apart: list[tuple[Looked, str]] = []
    for file, other in files[1:]:
        why = _apart(file, other, first, form)
        if why:
            apart.append((file, why))
        else:
            alike.append(file)
    write_section(page, table, form, alike, root)
    for file, why in apart:
        page.decide(
            f"{file.path.name} also seems to be [{table}], but cannot be read together with "
            f"{first.path.name}: {why}. It is not in files. If it belongs there, make it alike in "
            "Excel and run equity init again. If it is something else, name it so that this is "
            "seen (such as promotion_exam_2024.csv), or leave it out. Write here, after the #, "
            "what you decided.",
            "# decided: ?",
        )


def _apart(file: Looked, other: str, first: Looked, form: str) -> str:
    """Return why a file cannot be in the section of the first; "" if it can."""
    if other != form:
        return f"its format is {other!r}, not {form!r}"
    if file.header_row != first.header_row:
        return (
            f"the names of its columns are in row {file.header_row}, there in row "
            f"{first.header_row}, and one header_row holds for all (add or delete rows above)"
        )
    books = [f for f in (file, first) if f.titles and "" not in f.titles]
    if len(books) == 2 and file.sheet != first.sheet:
        return "its people are on sheets of other names"
    return ""


def _benchmark(page: Page, file: Looked, form: str, root: Path) -> None:
    """Write the residents to compare with; their place is asked unless there is only one."""
    stem = "".join(c if c.isalnum() else "_" for c in file.path.stem.lower()).strip("_")
    page.say("[[benchmarks]]")
    page.say(f'name = "residents_{stem}"')
    page.say(f"label = {text(f'Residents ({file.path.stem})')}")
    page.say(f'format = "{form}"')
    page.say(f"file = {text(_relative(file.path, root))}")
    if file.header_row != 1 and form == "population":
        page.say(f"header_row = {file.header_row}")
    wanted = ("name", "geography", "geographic area name", "place")
    column = next((c for w in wanted for c in file.columns.values() if c.words == w), None)
    places = [v for v, _ in column.labels if v not in ("Geographic Area Name", "Geography")] \
        if column else []  # fmt: skip
    if len(places) == 1:
        page.say(f"place = {text(places[0])}    # the only one in the file")
    else:
        some = f" The file has {', '.join(map(repr, places[:5]))}." if places else ""
        page.decide(
            "Of which place are the residents? Write it as in the file." + some, 'place = "?"'
        )
    if form == "population":
        _population(page, file)
    page.say()


def _population(page: Page, file: Looked) -> None:
    """Write which columns of a table of residents are place, area, group and number."""
    page.decide(
        "Who was counted? Write true if everybody was (a census or register), false if it is a "
        "survey or an estimate.",
        "census = true",
    )
    page.say()
    page.say("[benchmarks.columns]")
    wanted = {
        "place": ("place", "city", "county", "jurisdiction"),
        "district": ("district", "precinct", "area"),
        "group": ("race", "group", "ethnicity", "race ethnicity"),
        "n": ("people", "population", "residents", "n", "count", "number"),
    }
    for ours, names in wanted.items():
        for column in file.columns.values():
            if column.words in names:
                page.say(f"{ours} = {text(column.name)}    # by its name")
                break
