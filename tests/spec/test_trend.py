"""A rate month by month: months that are missing, thin or not whole."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import rates, trend

CALL = {"of": "searched", "group": "race", "reference": "white"}


def months(*rows: tuple) -> pd.DataFrame:
    """Rows: year, month, race, n, searched."""
    frame = pd.DataFrame(rows, columns=["year", "month", "race", "n", "searched"])
    return frame.assign(searched_known=frame["n"])


STOPS = months(
    (2023, 11, "black", 100, 9),
    (2023, 11, "white", 300, 12),
    (2023, 12, "black", 120, 12),
    (2023, 12, "white", 280, 14),
    (2024, 2, "black", 90, 9),
    (2024, 2, "white", 310, 0),
    (2024, 3, "white", 60, 6),
    (2024, 3, None, 20, 2),
)


def test_columns_are_fixed() -> None:
    """The table has one shape."""
    assert " ".join(trend(STOPS, **CALL).columns) == (
        "stratum year month group reference n x x_known rate low high ratio ratio_low ratio_high "
        "missing thin unknown method reason"
    )


def test_each_month_is_what_rates_makes_of_it() -> None:
    """Rates, Wilson limits and Koopman limits of one month alone."""
    table = trend(STOPS, **CALL)
    for year, month in ((2023, 11), (2023, 12)):
        alone = STOPS[(STOPS.year == year) & (STOPS.month == month)]
        wanted = rates(alone, **CALL)
        ours = table[(table.year == year) & (table.month == month)]
        for column in ("n", "x", "x_known", "rate", "low", "high", "ratio", "ratio_low",
                       "ratio_high"):  # fmt: skip
            assert_allclose(ours[column], wanted[column], err_msg=column)
    assert_allclose(table.low.iloc[0], pr.wilson(9, 100).low)


def test_a_month_without_records_is_there_and_marked() -> None:
    """January 2024 has rows of zeros, a mark and a reason, and no figures."""
    table = trend(STOPS, **CALL)
    assert list(zip(table.year, table.month, strict=True))[::2] == [
        (2023, 11), (2023, 12), (2024, 1), (2024, 2), (2024, 3),
    ]  # fmt: skip
    gap = table[table.missing]
    assert gap.month.tolist() == [1, 1] and gap.group.tolist() == ["black", "white"]
    assert (gap.n == 0).all() and gap[["rate", "low", "ratio"]].isna().all(axis=None)
    assert (gap.reason == "no records in this month").all()


def test_a_thin_month_is_marked_and_keeps_its_figures() -> None:
    """March has 80 records, of a median of 400; those of unknown group count for that."""
    march = trend(STOPS, **CALL).query("month == 3")
    assert march.thin.all() and (march.unknown == 20).all()
    black, white = march.to_dict("records")
    assert white["rate"] == 0.1
    assert black["reason"] == (
        "nobody of this group in this month; fewer than half as many records as in the median "
        "month"
    )


def test_a_reference_rate_of_zero_leaves_a_lower_limit() -> None:
    """February: 9 of 90 against 0 of 310."""
    row = trend(STOPS, **CALL).query("month == 2 and group == 'black'").iloc[0]
    assert np.isnan(row.ratio) and row.ratio_low > 1 and np.isnan(row.ratio_high)
    assert row.reason == "no ratio: the rate of white is 0"


def about(first: str, last: str) -> SimpleNamespace:
    return SimpleNamespace(table=STOPS, provenance={"first_date": first, "last_date": last})


def test_months_that_the_file_does_not_cover_whole_are_thin() -> None:
    """Only the dates of the file tell a month that is not over."""
    table = trend(about("2023-11-20", "2024-02-14"), **CALL)
    first = table.query("month == 11")
    assert first.thin.all() and (first.reason == "the file begins on 20 November 2023").all()
    last = table.query("month == 2 and group == 'black'").iloc[0]
    assert last.thin and last.reason.endswith("; the file ends on 14 February 2024")
    assert not table.query("month == 12").thin.any()
    assert not trend(STOPS, **CALL).query("month == 11").thin.any()


def test_a_month_that_lacks_a_day_or_two_is_whole() -> None:
    """No stop on the last two days is common: nine tenths of a month will do."""
    table = trend(about("2023-11-02", "2024-02-27"), **CALL)
    assert not table.query("month in (11, 2)").thin.any()


def test_months_in_which_the_group_is_hardly_recorded_are_said() -> None:
    """As in `coverage`: three quarters without a group."""
    stops = pd.concat([STOPS, months((2023, 12, None, 1300, 100))])
    december = trend(stops, **CALL).query("month == 12")
    said = "the group is not recorded in most records of this month"
    assert (december.reason == said).all() and (december.unknown == 1300).all()


def test_strata_share_the_months_of_the_whole() -> None:
    """A district without records in a month that others have is missing there."""
    both = pd.concat([STOPS.assign(district="a"), STOPS[STOPS.month == 12].assign(district="b")])
    table = trend(both, **CALL, within="district")
    b = table[table.stratum == "b"]
    assert len(b) == 10 and b[~b.missing].month.unique().tolist() == [12]
    assert len(trend(both[both.district == "b"], **CALL)) == 2


def test_records_without_a_date_are_left_out_and_counted() -> None:
    """They are in no month; the method says how many."""
    stops = pd.concat([STOPS, months((2023, None, "black", 1234, 7))])
    table = trend(stops, **CALL)
    assert table.n.sum() == trend(STOPS, **CALL).n.sum()
    assert table.method.iloc[0].endswith("; 1,234 records without a date left out")


def test_errors() -> None:
    """No date at all, no column of months, a reference that is not there."""
    with pytest.raises(ValueError, match="No record has a date"):
        trend(STOPS.assign(month=pd.NA), **CALL)
    with pytest.raises(ValueError, match="month='month'.*no such column"):
        trend(STOPS.drop(columns="month"), **CALL)
    with pytest.raises(ValueError, match="reference='Black' is not one of the groups"):
        trend(STOPS, **CALL | {"reference": "Black"})
