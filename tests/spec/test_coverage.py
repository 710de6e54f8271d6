"""Which months a file covers: gaps and thin months are marked before any rate is shown."""

from __future__ import annotations

import pandas as pd
import pytest

from equity.measures.coverage import coverage

FILE = """
year  month  race   n
2022  11     white  100
2022  11     -      20
2022  12     white  110
2023  2      black  40
2023  3      white  30
2023  3      -      90
-     -      white  7
"""


def counts() -> pd.DataFrame:
    lines = [line.split() for line in FILE.strip().splitlines()]
    frame = pd.DataFrame(lines[1:], columns=lines[0]).replace("-", None)
    return frame.astype({"year": "Int64", "month": "Int64", "n": "int64"})


def test_every_month_from_the_first_to_the_last_has_a_row():
    table = coverage(counts(), group="race")
    assert table[["year", "month", "n"]].to_numpy().tolist() == [
        [2022, 11, 120],
        [2022, 12, 110],
        [2023, 1, 0],
        [2023, 2, 40],
        [2023, 3, 120],
    ]


def test_missing_thin_and_unlabelled_months_are_marked_with_their_reason():
    table = coverage(counts(), group="race").set_index(["year", "month"])
    assert table.index[table["missing"]].tolist() == [(2023, 1)]
    # the median month that has records has 115: fewer than 57.5 is thin
    assert table.index[table["thin"]].tolist() == [(2023, 2)]
    assert table.loc[(2023, 3), "share_known"] == 30 / 120
    assert table["reason"].notna().tolist() == [False, False, True, True, True]
    assert pd.isna(table.loc[(2023, 1), "share_known"])


def test_records_without_a_date_are_counted_apart():
    assert set(coverage(counts(), group="race")["undated"]) == {7}


def test_without_any_date_nothing_can_be_said():
    with pytest.raises(ValueError, match="No record has a date"):
        coverage(counts().iloc[-1:], group="race")
