"""Broken files of the sample agency: each is refused with words, or read with every row of it."""

from __future__ import annotations

import csv
import datetime as dt
import random
import string
from collections import Counter
from dataclasses import replace
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import (
    RANDOM,
    Mutation,
    Rows,
    as_csv,
    csv_mutations,
    expect,
    records,
)
from mutations_of_books import bombs, parquet_mutations, workbook_mutations

from equity.agency import Agency, read_agency
from equity.pipeline import check_agency
from equity.sources import _csv, _encoding
from equity.sources._files import scan
from equity.sources._text import SPACES

NAMES = ("Ann Abernathy", "Peña, José", 'Bob "Bo" Quill', "Zoë O'Neill\nsecond line")
"""Of nobody; they are put beside the records, to be looked for in the words of errors."""
SURNAMES = ("Abernathy", "Peña", "Quill", "Neill")


def table_of(path: Path, rows: int = 40, columns: int = 9) -> Rows:
    """Return the beginning of a file, with names in it: quotation marks, commas, line breaks."""
    if path.suffix == ".xlsx":
        page = openpyxl.load_workbook(path, read_only=True).worksheets[0]
        cells = list(page.iter_rows(max_row=rows + 1, values_only=True))
        table = [["" if c is None else str(c) for c in row] for row in cells[3:]]
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = [row for _, row in zip(range(rows + 1), csv.reader(file), strict=False)]
    table = [row[:columns] for row in table]
    header, *body = table
    return [["who", *header], *([NAMES[i % 4], *row] for i, row in enumerate(body))]


FILES = {
    "stops_with_defects.csv": 11,
    "roster.csv": 12,
    "exits.csv": 13,
    "applicants.xlsx": 14,
}
ROUNDS = 12


@pytest.fixture(scope="module")
def tally() -> Counter[str]:
    """Return the number of mutations by outcome; the last test looks at it."""
    return Counter()


def run(mutations: list[Mutation], folder: Path, tally: Counter[str]) -> None:
    names = [m.name for m in mutations]
    assert len(set(names)) == len(names)
    for mutation in mutations:
        tally[expect(mutation, folder, SURNAMES)] += 1


@pytest.mark.parametrize("file", FILES)
def test_csv(riverton: Path, tmp_path: Path, tally: Counter[str], file: str) -> None:
    table = table_of(riverton / "data" / file)
    run(list(csv_mutations(table, FILES[file], ROUNDS, file)), tmp_path, tally)


def test_csv_that_is_too_large_for_memory(
    riverton: Path, tmp_path: Path, tally: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_csv, _encoding):
        monkeypatch.setattr(module, "IN_MEMORY_BYTES", 0)
    table = table_of(riverton / "data" / "exits.csv")
    made = csv_mutations(table, 17, 3, "large")
    # some that are read in memory are refused here, in words too
    run([replace(m, outcome=m.outcome.replace("loads", "")) for m in made], tmp_path, tally)


@pytest.mark.parametrize("file", FILES)
def test_workbook(riverton: Path, tmp_path: Path, tally: Counter[str], file: str) -> None:
    table = table_of(riverton / "data" / file)
    run(list(workbook_mutations(table, tmp_path, FILES[file], 6, file)), tmp_path, tally)


def test_parquet(riverton: Path, tmp_path: Path, tally: Counter[str]) -> None:
    header, *rows = table_of(riverton / "data" / "stops_with_defects.csv")
    path = tmp_path / "whole.parquet"
    columns = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    pq.write_table(pa.table(columns), path)
    run(list(parquet_mutations(path.read_bytes(), len(rows), 15, 30, "p")), tmp_path, tally)


def test_bombs(riverton: Path, tmp_path: Path, tally: Counter[str]) -> None:
    table = table_of(riverton / "data" / "exits.csv")
    run(list(bombs(table, tmp_path)), tmp_path, tally)


@pytest.mark.parametrize("last", [b"\n", b"\n,\n"])
def test_ten_thousand_columns(tmp_path: Path, tally: Counter[str], last: bytes) -> None:
    names = [f"c{i}" for i in range(10_000)]
    for kind, header in (("names", names), ("one name", ["c"] * 10_000)):
        content = as_csv([header, *([f"{i}"] * 10_000 for i in range(3))])[:-1] + last
        made = Mutation(f"10,000 of {kind}", content, records(content), outcome="loads")
        run([made], tmp_path, tally)


def test_at_least_1500_mutations_and_both_ends(tally: Counter[str]) -> None:
    assert tally.total() >= 1500
    assert min(tally["loads"], tally["fails"]) >= 500


CELLS = st.text(
    st.one_of(
        st.sampled_from("\"',;\t|\n\r =+-@\\#\u00a0\ufeffé😀"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    max_size=12,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.integers(1, 5).flatmap(
        lambda width: st.lists(
            st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=6
        )
    ),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
)
def test_any_table_of_text_in_any_dialect(
    tmp_path: Path, rows: Rows, delimiter: str, end: str, encoding: str, quoting: int
) -> None:
    header = list(string.ascii_lowercase[: len(rows[0])])
    table = [header, *rows, ["last"] * len(header)]
    content = as_csv(table, delimiter=delimiter, lineterminator=end, quoting=quoting)
    path = tmp_path / "a.csv"
    path.write_bytes(content.decode().encode(encoding))
    want = [row for row in table[1:] if any(cell.strip(SPACES) for cell in row)]
    try:
        relation = scan(path, delimiter=delimiter)
    except ValueError as error:  # too little of it is letters, or cells look like whole rows
        assert "is not text" in str(error) or "look like rows of their own" in str(error)
        return
    read = relation.order("source_row").fetchall()
    assert [[c or "" for c in row[: len(header)]] for row in read] == want


def agency(riverton: Path, folder: Path, files: list[Mutation]) -> Agency:
    """Return an agency of stops only, whose files are mutations."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    text = (riverton / "equity_defects.toml").read_text(encoding="utf-8")
    names = [f"data/{i}.csv" for i in range(len(files))]
    text = text.split("[[benchmarks]]")[0]
    text = text.replace('files = ["data/stops_with_defects.csv"]', f"files = {names}")
    (folder / "equity.toml").write_text(text, encoding="utf-8")
    for name, mutation in zip(names, files, strict=True):
        (folder / name).write_bytes(mutation.content)
    return read_agency(folder / "equity.toml")


def test_the_whole_way_of_100_mutations(riverton: Path, tmp_path: Path) -> None:
    table = table_of(riverton / "data" / "stops_with_defects.csv", rows=25)
    races = {row[-1] for row in table[1:]}
    head, body = as_csv(table[:1]), as_csv(table[1:])
    draw = random.Random(16)
    made = [
        Mutation(f"{kind} {i}", content, records(content))
        for i in range(8)
        for kind, change in RANDOM.items()
        for content in [head + change(body, draw)]
    ]
    place = table[0].index("subject_race")
    # a race that nobody has said the meaning of stops the load, as it should
    known = [m for m in made if all({*r[place : place + 1]} <= races for r in m.rows or ())]
    read = {m.name: expect(m, tmp_path) for m in made}
    fit = [m for m in known if read[m.name] == "loads"]
    broken = [m for m in made if read[m.name] == "fails"]
    assert min(len(fit), len(broken)) >= 40
    assert len(fit) + len(broken) >= 100
    # all that can be read are the files of one load: each row of each has to be in its account
    whole = agency(riverton, tmp_path / "fit", fit)
    report = check_agency(whole, today=dt.date(2026, 1, 1))["stops"]
    assert report.rows_in == sum(len(m.rows or ()) for m in fit)
    assert report.rows_in == report.rows_good + report.rows_set_aside
    assert not list(whole.private.glob(".work*"))
    for mutation in broken:
        one = agency(riverton, tmp_path / "broken", [mutation])
        report = check_agency(one, today=dt.date(2026, 1, 1))["stops"]
        assert (report.exit_code, report.usable, report.rows_in) == (2, False, 0)
        said = report.rules[0].because
        assert said.startswith("0.csv"), said
        assert not [n for n in SURNAMES if n in said]
        left = [p.relative_to(one.private).as_posix() for p in one.private.rglob("*")]
        assert sorted(left) == [".gitignore", "checked.json", "set_aside"]
