"""Whether the way of recording changed, and whether times are local."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import clock, recording

HARTFORD = pd.DataFrame(
    # DATA.md: 1.9 % in 2013, 57.7 % in 2014, 12.4 % in 2015, 2.3 % in 2016
    {
        "year": [2013, 2014, 2015, 2016],
        "n": [1938, 7667, 5411, 3626],
        "search_conducted": [36, 4422, 672, 83],
        "search_conducted_known": [1938, 7667, 5411, 3626],
    }
)


def by_year(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    """Rows: year, n, known, yes."""
    frame = pd.DataFrame(rows, columns=["year", "n", "frisked_known", "frisked"])
    return frame[["year", "n", "frisked", "frisked_known"]]


def test_hartford_jumps_three_times() -> None:
    """Every year differs from the one before by more than a factor of three."""
    table = recording(HARTFORD).set_index("year")
    assert table.rate.round(3).to_dict() == {2013: 0.019, 2014: 0.577, 2015: 0.124, 2016: 0.023}
    assert table.jump.tolist() == [False, True, True, True]
    assert_allclose(table.times[2014], (4422 / 7667) / (36 / 1938))
    assert table.reason[2013] == "no year before"
    assert table.reason[2014] == (
        "31 times the share of 2013: the way of recording may have changed"
    )
    assert_allclose(table.low[2014], pr.wilson(4422, 7667).low)


def test_columns_are_fixed() -> None:
    """The table has one shape."""
    assert " ".join(recording(HARTFORD).columns) == (
        "flag year n x x_known rate low high share_known times jump reason"
    )


def test_the_factor_is_a_choice() -> None:
    """Twice is a jump only where it is asked for; at the factor exactly, it is one."""
    stops = by_year((2020, 1000, 1000, 100), (2021, 1000, 1000, 200))
    assert not recording(stops).jump.any()
    assert recording(stops, jump=2.0).jump.tolist() == [False, True]
    with pytest.raises(ValueError, match=r"jump=1 must be more than 1"):
        recording(stops, jump=1)


def test_a_factor_of_few_is_chance() -> None:
    """1 of 50 and then 4 of 50 is four times as many, and far from certain."""
    stops = by_year((2020, 50, 50, 1), (2021, 50, 50, 4))
    row = recording(stops).iloc[1]
    assert row.times == 4 and not row.jump
    assert row.reason == "4 times the share of 2020, which may be chance"


def test_from_and_to_zero() -> None:
    """0 of 1,000 and then 100: a jump without a factor; and back: a factor of 0."""
    stops = by_year((2020, 1000, 1000, 0), (2021, 1000, 1000, 100), (2022, 1000, 1000, 0))
    table = recording(stops)
    assert table.jump.tolist() == [False, True, True]
    assert np.isnan(table.times[1]) and table.times[2] == 0
    assert "0 in 2020 and not after it" in table.reason[1]
    still = recording(by_year((2020, 1000, 1000, 0), (2021, 1000, 1000, 0)))
    assert not still.jump.any()
    assert still.reason[1] == "no factor: the share in 2020 is 0"


def test_a_change_of_the_share_known_is_a_jump() -> None:
    """Known in 95 %, then in 60 % of records; 20 points exactly are none."""
    stops = by_year((2020, 1000, 950, 95), (2021, 1000, 600, 60), (2022, 1000, 400, 40))
    table = recording(stops)
    assert table.jump.tolist() == [False, True, False]
    assert table.reason[1] == "known in 60 % of records, in 2020 in 95 %"
    assert_allclose(table.share_known, [0.95, 0.6, 0.4])


def test_a_flag_that_stops_being_recorded() -> None:
    """Not known in any record of a year: no rate, a jump, and the year after it too."""
    stops = by_year((2020, 1000, 950, 95), (2021, 1000, 0, 0), (2022, 1000, 950, 95))
    table = recording(stops)
    assert np.isnan(table.rate[1]) and table.jump.tolist() == [False, True, True]
    assert table.reason[1].startswith("not known in any record of this year; known in 0 %")
    assert table.reason[2].startswith("no factor: not known in any record of 2021")


def test_years_that_are_not_next_to_each_other_say_so() -> None:
    """2020 and 2022 are compared, and the gap is named."""
    stops = by_year((2020, 1000, 1000, 100), (2022, 1000, 1000, 110))
    assert recording(stops).reason[1] == "compared with 2020: no records in between"


def test_contraband_is_of_searches() -> None:
    """It is known only after a search: that searches jump does not make it less known."""
    stops = HARTFORD.assign(
        contraband_found=[12, 45, 17, 11], contraband_found_known=HARTFORD.search_conducted
    )
    found = recording(stops, of="contraband_found")
    assert found.n.tolist() == [36, 4422, 672, 83]
    assert_allclose(found.share_known, 1)
    odd = stops.assign(
        contraband_found_known=stops.n
    )  # found without a search, as in Wethersfield
    assert recording(odd, of="contraband_found").n.tolist() == stops.n.tolist()


def test_all_flags_of_the_counts_over_all_groups() -> None:
    """Rows of several groups, one not known, are added up; a year not known is left out."""
    stops = pd.concat(
        [
            HARTFORD.assign(race="black", frisk=1, frisk_known=2),
            HARTFORD.assign(race=None, frisk=3, frisk_known=5),
            HARTFORD.tail(1).assign(year=None, frisk=0, frisk_known=0),
        ]
    )
    table = recording(stops)
    assert table.flag.unique().tolist() == ["search_conducted", "frisk"]
    assert table.n.head(4).tolist() == (2 * HARTFORD.n).tolist()
    assert table.x.tail(4).tolist() == [4] * 4
    assert recording(stops, of=["frisk"]).flag.unique().tolist() == ["frisk"]


def test_errors_of_recording() -> None:
    """No flag, no year, a flag that is not counted."""
    with pytest.raises(ValueError, match="The counts hold no flag"):
        recording(HARTFORD[["year", "n"]])
    with pytest.raises(ValueError, match="No record has a year"):
        recording(HARTFORD.assign(year=pd.NA))
    with pytest.raises(ValueError, match="of='arrest'.*no such column"):
        recording(HARTFORD, of="arrest")


# --------------------------------------------------------------------------------------- clock

# stops of Minneapolis in 2017 by hour of the text of `date`, which is UTC (DATA.md)
UTC = [2938, 2857, 2972, 3461, 4039, 3390, 2548, 2212, 1747, 975, 556, 387, 550, 1117, 1558, 1844,
       2153, 2272, 2416, 2444, 2412, 2203, 2203, 2666]  # fmt: skip


def hours(n: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"hour": range(24), "n": n})


def test_utc_times_of_minneapolis_are_told() -> None:
    """Rarest at 10-13, which is 4-7 in the morning by the clocks of Minneapolis."""
    table = clock(hours(UTC))
    assert table.loc[table.rarest, "hour"].tolist() == [10, 11, 12]
    assert (table.reason == "stops are rarest at 10-13: the times may be UTC, not local").all()
    assert_allclose(table.share.sum(), 1)
    assert_allclose(table.expected, sum(UTC) / 24)


def test_the_same_times_in_local_time_are_not() -> None:
    """Six hours back: rarest at 4-7."""
    table = clock(hours(UTC[6:] + UTC[:6]))
    assert table.loc[table.rarest, "hour"].tolist() == [4, 5, 6]
    assert table.reason.isna().all()


@pytest.mark.parametrize("back", range(24))
def test_exactly_the_zones_that_move_the_night_are_told(back: int) -> None:
    """A stretch that touches 2-7 is local enough: rarest at 0-3 up to 6-9."""
    table = clock(hours(UTC[back:] + UTC[:back]))
    first = (10 - back) % 24
    assert table.reason.isna().all() == (first in range(7))
    assert (
        table.rarest.to_numpy().nonzero()[0] == sorted((first + i) % 24 for i in range(3))
    ).all()


def test_few_stops_tell_nothing() -> None:
    """Below 500 stops: said on every row."""
    table = clock(hours([v // 110 for v in UTC]))
    assert table.reason.str.contains("stops with a known hour: 500 are needed to tell").all()


def test_even_hours_tell_nothing() -> None:
    """As many at every hour: the night is as quiet as any."""
    assert clock(hours([100] * 24)).reason.isna().all()
    near = [100] * 24
    near[14] = 95
    reason = clock(hours(near)).reason.iloc[0]
    assert "hardly rarer than at" in reason and "cannot be told" in reason


def test_columns_of_clock_and_hours_without_stops() -> None:
    """24 rows, whatever the counts; stops without an hour are counted beside."""
    table = clock(pd.DataFrame({"hour": [9, 9, 17, None], "n": [400, 100, 300, 25]}))
    assert " ".join(table.columns) == "hour n share rarest expected unknown reason"
    assert table.n.sum() == 800 and len(table) == 24 and table.n[9] == 500
    assert (table.unknown == 25).all()


def test_errors_of_clock() -> None:
    """An hour that is none, no hour, no column."""
    with pytest.raises(ValueError, match="hour=24: hours are whole numbers from 0 to 23"):
        clock(pd.DataFrame({"hour": [24], "n": [1]}))
    with pytest.raises(ValueError, match="No stop has a known hour"):
        clock(pd.DataFrame({"hour": [None], "n": [1]}))
    with pytest.raises(ValueError, match="hour='hour'.*no such column"):
        clock(pd.DataFrame({"n": [1]}))


def test_a_change_of_15_points_is_a_jump_and_one_of_few_records_is_not():
    def jumps(*years):
        frame = pd.DataFrame(years, columns=["camera", "camera_known"])
        frame = frame.assign(year=range(2020, 2020 + len(years)), n=frame["camera_known"])
        return recording(frame)["jump"].tolist()

    assert jumps((11930, 19262), (17391, 20111), (17723, 18665)) == [False, True, False]
    assert jumps((940, 1000), (990, 1000)) == [False, True]  # a sixth of the share of no
    assert jumps((2, 20), (18, 20)) == [False, False]  # p < .001, and a handful
