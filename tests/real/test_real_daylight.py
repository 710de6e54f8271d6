"""Sun times against a public almanac, and the daylight of real stops against an ephemeris."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import ephem
import pandas as pd
import pytest

import equity as eq
from equity.sources import opp

DATA = Path(__file__).parents[2].parent / "shared" / "data"
HARTFORD = {"latitude": 41.77, "longitude": -72.69, "timezone": "America/New_York"}

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here"),
]


def test_los_angeles_is_as_in_the_almanac():
    """Every day of 2015, over both changes of the clocks; times are given by twelve hours.

    The almanac is up to a minute and a half off an ephemeris (spring sunrises), and we with the
    ephemeris: tests/spec/test_daylight.py holds us to seconds of it.
    """
    almanac = pd.read_csv(DATA / "sun" / "los_angeles_2015.txt", sep="\t")
    assert len(almanac) == 365
    dates = pd.to_datetime(almanac["Date"], format="%m/%d/%Y")
    times = eq.sun_times(dates, latitude=34.05, longitude=-118.24, timezone="America/Los_Angeles")
    for ours, theirs in (("sunrise", "Sunrise"), ("sunset", "Sunset")):
        clock = pd.to_datetime(almanac[theirs], format="%I:%M:%S %p")
        minutes = clock.dt.hour * 60 + clock.dt.minute + clock.dt.second / 60
        assert (times[ours] - minutes).abs().max() < 1.6, theirs  # minutes; two are allowed
        assert (times[ours] - minutes).abs().mean() < 0.9, theirs


def dark_by_ephem(date: dt.date, second: int) -> str:
    """Tell the light of a moment in Hartford by how high ephem sees the sun."""
    midnight = dt.datetime.combine(date, dt.time(), ZoneInfo(HARTFORD["timezone"]))
    local = (midnight + dt.timedelta(seconds=second)).astimezone(dt.UTC)  # by the wall clock
    here = ephem.Observer()
    here.lat, here.lon = str(HARTFORD["latitude"]), str(HARTFORD["longitude"])
    here.elevation, here.pressure, here.date = 0, 0, local.replace(tzinfo=None)
    height = float(ephem.Sun(here).alt) * 180 / ephem.pi
    if min(abs(height + 0.833), abs(height + 6)) < 0.05:  # the very minute of the passage
        return "either"
    return "light" if height > -0.833 else "dark" if height < -6 else "twilight"


def test_real_stops_are_dark_when_the_sun_was_low():
    stops = eq.add_daylight(opp.read(DATA / "stops" / "opp_ct_hartford.csv"), **HARTFORD)
    names = ["date", "second_of_day", "daylight"]
    rows = stops.project(", ".join(names)).df()
    assert len(rows) == 18_646
    lost = rows["date"].isna() | rows["second_of_day"].isna()
    assert (rows["daylight"].isna() == lost).all()
    told = rows[rows["daylight"].isin(["dark", "light", "twilight"])]
    assert len(told) > 3000
    some = told.sample(1500, random_state=3)
    for date, second, daylight in some.itertuples(index=False):
        assert dark_by_ephem(date.date(), int(second)) in (daylight, "either")


def test_hours_outside_the_window_are_never_dark_or_always():
    """In Hartford dusk comes between 16:49 and 21:04 by the clock, all year."""
    stops = eq.add_daylight(opp.read(DATA / "stops" / "opp_ct_hartford.csv"), **HARTFORD)
    rows = stops.project("second_of_day AS s, daylight").df().dropna()
    outside = rows[rows["daylight"] == "outside the window"]["s"]
    inside = rows[rows["daylight"] != "outside the window"]["s"]
    assert outside.between(17 * 3600, 21 * 3600).sum() == 0
    assert inside.min() >= 16 * 3600 + 45 * 60
    assert inside.max() <= 21 * 3600 + 5 * 60
