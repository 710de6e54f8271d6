"""Real files, cut short and broken: each is refused with words, or read with every row of it."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest
from mutations import Rows, csv_mutations, expect
from mutations_of_books import workbook_mutations

pytestmark = pytest.mark.real

FILES = {
    "stops/opp_ct_hartford.csv": 21,
    "stops/ctrp3_wethersfield_2019q1.csv": 22,
    "stops/police_uk/2018-09-city-of-london-stop-and-search.csv": 23,
    "workforce/nashville_police_2010-2021.csv": 24,
    "workforce/chicago_police_exits_2015-2024.csv": 25,
}
ROWS = 25


def table_of(path: Path) -> Rows:
    """Return the beginning of a file as its rows; the first column and a note are added."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = [row[:12] for row in itertools.islice(csv.reader(file), ROWS + 1)]
    notes = ("", 'said "no, never"', "two\nlines", "Peña; José | x")
    return [["id", *table[0], "note"]] + [
        [str(i), *row, notes[i % 4]] for i, row in enumerate(table[1:])
    ]


@pytest.mark.parametrize("file", FILES)
def test_real_csv(real_data: Path, tmp_path: Path, file: str) -> None:
    made = list(csv_mutations(table_of(real_data / file), FILES[file], 3, file))
    assert len(made) >= 100
    ends = [expect(mutation, tmp_path) for mutation in made]
    assert min(map(ends.count, ("loads", "fails"))) >= 20


def test_real_workbook(real_data: Path, tmp_path: Path) -> None:
    table = table_of(real_data / "workforce/nashville_police_2010-2021.csv")
    made = list(workbook_mutations(table, tmp_path, 26, 4, "nashville"))
    ends = [expect(mutation, tmp_path) for mutation in made]
    assert min(map(ends.count, ("loads", "fails"))) >= 10
