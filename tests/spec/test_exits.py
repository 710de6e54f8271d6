"""Exits by recorded reason: shares, rates per 100 years of service, and ratios."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from equity import proportions as pr
from equity.measures import exits


def rows(*given, **columns) -> pd.DataFrame:
    """Rows: group, entered, months, reason, people, of whom left."""
    names = ["race", "entered", "months", "exit_reason", "n", "left"]
    frame = pd.DataFrame(list(given), columns=names)
    return frame.assign(left_known=frame.n, **columns)


def table_of(frame, **kw) -> pd.DataFrame:
    return exits(frame, group="race", reference="white", **kw)


CITY = rows(
    ("black", 12, 24, "resigned", 6, 6),
    ("black", 12, 24, "retired", 4, 4),
    ("black", 12, 36, None, 40, 0),
    ("white", 12, 24, "resigned", 8, 8),
    ("white", 12, 24, "retired", 20, 20),
    ("white", 12, 24, None, 2, 2),
    ("white", 12, 36, None, 235, 0),
)


def test_counts_shares_and_rates_by_hand() -> None:
    """90 years of service of Black officers: 10 exits, 11.1 per 100; 60 % of them resigned."""
    table = table_of(CITY).set_index(["exit_reason", "group"])
    assert table.person_years[("any reason", "black")] == 90
    assert table.person_years[("any reason", "white")] == 500
    row = table.loc[("resigned", "black")]
    assert (row.n, row.x, row.share) == (10, 6, 0.6)
    assert_allclose((row.low, row.high), pr.wilson(6, 10))
    assert_allclose(row.rate, 600 / 90)
    assert_allclose(row.ratio, (6 / 90) / (8 / 500))
    assert table.x[("not stated", "white")] == 2
    assert list(dict.fromkeys(table.index.get_level_values(0))) == [
        "any reason", "retired", "resigned", "not stated",
    ]  # fmt: skip


def test_the_interval_of_a_rate_is_that_of_the_tables() -> None:
    """Garwood: 10 events, 4.795 to 18.390."""
    row = table_of(CITY).set_index(["exit_reason", "group"]).loc[("any reason", "black")]
    ends = np.array([row.rate_low, row.rate_high]) * 90 / 100
    assert_allclose(ends, (4.795, 18.390), atol=5e-4)


def test_the_test_is_that_of_scipy_for_small_counts() -> None:
    """Given all 14 exits, those of Black officers are binomial with their share of the years."""
    row = table_of(CITY).set_index(["exit_reason", "group"]).loc[("resigned", "black")]
    assert "ratio: exact" in row.method
    assert_allclose(row.p_value, 2 * stats.binom.sf(5, 14, 90 / 590))  # twice the smaller tail
    own = pr.rate_ratio(6, 90, 8, 500)
    assert_allclose((row.ratio_low, row.ratio_high, row.p_value), (own.low, own.high, own.p_value))


def test_leaving_and_its_reasons_are_two_families() -> None:
    """Holm's adjustment for any reason, and for the single reasons."""
    table = table_of(CITY)
    whole = table.exit_reason == "any reason"
    assert_allclose(table.p_adjusted[whole], pr.holm(table.p_value[whole]))
    assert_allclose(table.p_adjusted[~whole], pr.holm(table.p_value[~whole]))
    assert table.p_value[whole].notna().sum() == 1


def test_half_a_month_for_those_seen_from_hire() -> None:
    """Completed months are rounded down at the end; for late entries on both sides."""
    frame = rows(("white", 0, 0, "resigned", 12, 12), ("black", 5, 17, None, 12, 0))
    years = table_of(frame).query("exit_reason == 'any reason'").set_index("group").person_years
    assert years.to_dict() == {"black": 12, "white": 0.5}


def test_reasons_sum_up_to_any_reason() -> None:
    table = table_of(CITY)
    total = table[table.exit_reason == "any reason"].set_index("group")
    parts = table[table.exit_reason != "any reason"].groupby("group")
    assert parts.x.sum().to_dict() == total.x.to_dict() == total.n.to_dict()
    assert_allclose(parts.rate.sum(), total.rate)
    assert_allclose(parts.share.sum(), 1)


def test_few_people_and_nobody_have_reasons() -> None:
    frame = pd.concat([CITY, rows(("asian", 0, 24, "resigned", 9, 3), ("aian", 3, 3, None, 1, 0))])
    table = table_of(frame).set_index(["exit_reason", "group"])
    row = table.loc[("resigned", "asian")]
    assert row.reason == "fewer than 10 people: too few people to tell"
    assert row.x == 3 and np.isnan(row.rate) and np.isnan(row.share) and np.isnan(row.p_value)
    assert table.reason[("resigned", "aian")] == "nobody of this group"
    assert table.left_out[("resigned", "aian")] == 1


def test_a_reason_nobody_of_the_reference_has() -> None:
    """No ratio, but how many times as often at least."""
    frame = pd.concat([CITY, rows(("black", 0, 24, "dismissed", 5, 5))])
    row = table_of(frame).set_index(["exit_reason", "group"]).loc[("dismissed", "black")]
    assert np.isnan(row.ratio) and row.ratio_low > 1 and np.isnan(row.ratio_high)
    assert row.reason == "no ratio: nobody of white left for this reason"


def test_within_the_year_of_exit_there_are_no_rates() -> None:
    """Those who stay have no year of exit: no years of service to divide by."""
    frame = CITY.assign(exit_year=np.where(CITY.left > 0, "2024", None))
    table = table_of(frame, within="exit_year")
    here = table[table.stratum == "2024"]
    assert here.rate.isna().all() and here.ratio.isna().all() and here.share.notna().any()
    assert set(here.reason) == {"no rate: exit_year is known only of those who left"}


def test_no_rates_within_what_is_not_known_of_those_who_left() -> None:
    """A list of leavers has no job category: a third of the exits would be no exits."""
    frame = CITY.assign(job="protective")
    frame.loc[0, "job"] = None  # six who resigned
    table = table_of(frame, within="job")
    here = table[table.stratum == "protective"]
    assert here.rate.isna().all() and here.ratio.isna().all() and here.p_value.isna().all()
    assert set(here.reason) == {
        "no rate: job is not known of 15 % of those who left, but of 0 % of those who stayed"
    }
    assert table_of(CITY.assign(job="protective"), within="job").rate.notna().any()


def test_nobody_left() -> None:
    frame = rows(("white", 0, 24, None, 50, 0), ("black", 0, 24, None, 50, 0))
    table = table_of(frame).set_index("group")
    assert table.exit_reason.tolist() == ["any reason"] * 2
    assert table.rate["black"] == 0 and np.isnan(table.share["black"])
    assert table.reason["black"] == "no ratio and no test: nobody left"


def test_unknown_groups_are_counted_beside() -> None:
    frame = pd.concat([CITY, rows((None, 0, 24, "resigned", 7, 7))])
    table = table_of(frame)
    assert set(table.unknown) == {7}
    pd.testing.assert_series_equal(table.x, table_of(CITY).x)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reference": "other"}, "reference='other' is not one of the groups"),
        ({"reasons": "why"}, "reasons='why': there is no such column"),
        ({"minimum": True}, "minimum=True must be a whole number"),
    ],
)
def test_errors_say_the_rule_and_the_way_out(change, words) -> None:
    with pytest.raises(ValueError, match=words):
        exits(CITY, **{"group": "race", "reference": "white", **change})


def test_the_shape_is_fixed() -> None:
    assert " ".join(table_of(CITY).columns) == (
        "stratum exit_reason group reference n x share low high person_years rate rate_low "
        "rate_high ratio ratio_low ratio_high p_value p_adjusted left_out unknown method reason"
    )
