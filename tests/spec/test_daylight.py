"""Sun times agree with an ephemeris, and each row gets what the stated rules say, to the second.

The oracle of the sun is ephem (libastro, VSOP87), which shares nothing with our formula.
"""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

import ephem
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import equity as eq

UTC = dt.UTC
HARTFORD = {"latitude": 41.77, "longitude": -72.69, "timezone": "America/New_York"}
FAIRBANKS = {"latitude": 64.84, "longitude": -147.72, "timezone": "America/Anchorage"}
TROMSO = {"latitude": 69.65, "longitude": 18.96, "timezone": "Europe/Oslo"}
COLUMNS = ["daylight", "is_dark", "minutes_since_dusk", "days_from_change"]
EVENTS = ["sunset", "dusk", "sunrise", "dawn"]


def by_ephem(day: dt.date, *, latitude: float, longitude: float, timezone: str) -> dict:
    """Return the events around a civil date's noon as minutes of its clock, by ephem."""
    zone = ZoneInfo(timezone)
    noon = dt.datetime.combine(day, dt.time(12), zone).astimezone(UTC).replace(tzinfo=None)
    sun, found = ephem.Sun(), {}
    for name in EVENTS:
        here = ephem.Observer()
        here.lat, here.lon, here.elevation, here.pressure = str(latitude), str(longitude), 0, 0
        twilight = name in ("dusk", "dawn")
        here.horizon = "-6" if twilight else "-0:34"
        here.date = noon
        transits = here.previous_transit(sun), here.next_transit(sun)
        here.date = min(transits, key=lambda t: abs(t - ephem.Date(noon)))
        try:
            if name in ("sunset", "dusk"):
                event = here.next_setting(sun, use_center=twilight)
                same_day = event <= here.next_antitransit(sun)
            else:
                event = here.previous_rising(sun, use_center=twilight)
                same_day = event >= here.previous_antitransit(sun)
        except (ephem.AlwaysUpError, ephem.NeverUpError):
            same_day = False
        found[name] = math.nan
        if same_day:
            clock = event.datetime().replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
            found[name] = (clock - dt.datetime.combine(day, dt.time())).total_seconds() / 60
    return found


# --- sun times --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latitude", "longitude", "timezone", "seconds"),
    [
        (0.0, -78.5, "America/Guayaquil", 8),
        (40.0, -75.2, "America/New_York", 8),
        (-40.0, 175.6, "Pacific/Auckland", 8),
        (51.0, 0.0, "Europe/London", 8),
        (60.0, 25.0, "Europe/Helsinki", 10),
        (65.0, 25.5, "Europe/Helsinki", 60),
        (69.0, 18.9, "Europe/Oslo", 60),
        (39.5, 76.0, "Asia/Shanghai", 8),  # noon by the clock is three hours off
        (-13.8, -172.0, "Pacific/Apia", 8),  # over the date line
        (1.9, -157.4, "Pacific/Kiritimati", 8),
        (-31.6, 159.1, "Australia/Lord_Howe", 8),  # clocks change by half an hour
    ],
)
def test_sun_times_agree_with_ephem(latitude, longitude, timezone, seconds):
    place = {"latitude": latitude, "longitude": longitude, "timezone": timezone}
    days = [
        dt.date(year, 1, 1) + dt.timedelta(days=n)
        for year in (1990, 2015, 2024, 2040)
        for n in range(year % 5, 365, 11)
    ]
    ours, theirs = eq.sun_times(days, **place), pd.DataFrame([by_ephem(d, **place) for d in days])
    for name in EVENTS:
        assert (ours[name].isna() == theirs[name].isna()).all(), name
        assert (ours[name] - theirs[name]).abs().max() * 60 < seconds, name


@pytest.mark.parametrize(
    "place",
    [TROMSO, FAIRBANKS, {"latitude": 78.22, "longitude": 15.6, "timezone": "Arctic/Longyearbyen"}],
    ids=["Tromso", "Fairbanks", "Longyearbyen"],
)
def test_polar_day_and_night_are_those_of_ephem(place):
    days = [dt.date(2023, 1, 1) + dt.timedelta(days=n) for n in range(0, 365, 2)]
    ours, theirs = eq.sun_times(days, **place), pd.DataFrame([by_ephem(d, **place) for d in days])
    for name in EVENTS:
        differ = ours[name].isna() != theirs[name].isna()
        # on the very day of the turn, the sun touches the height within its own refraction
        assert differ.sum() <= 1, name
        assert theirs[name].isna().any() or place is FAIRBANKS


def test_philadelphia_is_as_published():
    """METHODS, veil of darkness: within two minutes."""
    times = eq.sun_times(
        ["2017-06-27", "2017-12-07"],
        latitude=39.9525839,
        longitude=-75.1652215,
        timezone="America/New_York",
    )
    published = [20 * 60 + 34 + 40 / 60, 16 * 60 + 36 + 53 / 60]
    assert times["sunset"].to_numpy() == pytest.approx(published, abs=2)
    published = [21 * 60 + 7 + 26 / 60, 17 * 60 + 7 + 9 / 60]
    assert times["dusk"].to_numpy() == pytest.approx(published, abs=2)


def test_on_the_day_of_the_change_times_are_those_of_the_wall_clock():
    times = eq.sun_times(["2024-03-09", "2024-03-10", "2024-03-11"], **HARTFORD)
    later = times[EVENTS].diff()
    assert later.iloc[1].to_numpy() == pytest.approx([61, 61, 58, 58], abs=1)
    assert later.iloc[2].abs().max() < 2
    times = eq.sun_times(["2024-11-02", "2024-11-03"], **HARTFORD)
    assert times["sunset"].diff()[1] == pytest.approx(-61, abs=1)


def test_each_event_is_carried_to_the_clock_on_its_own():
    """Nuuk's clocks go forward at 22:00 on a Saturday: between sunset and dusk of some years."""
    days = pd.date_range("2015-03-01", "2015-05-01")
    nuuk = {"latitude": 64.18, "longitude": -51.72, "timezone": "America/Nuuk"}
    times = eq.sun_times(days, **nuuk)
    change = times["date"] == "2015-03-28"  # clocks went from 21:59 to 23:00 that evening
    assert by_ephem(dt.date(2015, 3, 28), **nuuk)["dusk"] == pytest.approx(
        times.loc[change, "dusk"].item(), abs=0.2
    )
    # the offset of a day's noon is not that of all its events: dawn of the day of an early change
    lisbon = {"latitude": 38.7, "longitude": -9.1, "timezone": "Europe/Lisbon"}
    casablanca = {"latitude": 33.6, "longitude": -7.6, "timezone": "Africa/Casablanca"}
    for place in (lisbon, casablanca):
        for day in (dt.date(2019, 3, 31), dt.date(2019, 5, 5), dt.date(2019, 6, 9)):
            theirs, ours = by_ephem(day, **place), eq.sun_times([day], **place).loc[0, EVENTS]
            assert ours.to_list() == pytest.approx([theirs[e] for e in EVENTS], abs=0.2)


def test_a_dusk_after_midnight_stays_with_its_evening():
    times = eq.sun_times(["2023-06-21", "2023-05-14"], **FAIRBANKS)
    assert times.loc[0, "sunset"] == pytest.approx(24 * 60 + 47, abs=2)  # 00:47 on the 22nd
    assert math.isnan(times.loc[0, "dusk"])  # white night: a sunset, no dusk
    assert times.loc[1, "dusk"] > 24 * 60
    assert times.loc[1, "dawn"] > 0


def test_dates_may_repeat_be_missing_or_of_any_kind():
    kinds = [
        ["2024-02-29", None, "2023-01-01", "2024-02-29"],
        [dt.date(2024, 2, 29), None, dt.date(2023, 1, 1), dt.date(2024, 2, 29)],
        pd.Series(pd.to_datetime(["2024-02-29 13:00", None, "2023-01-01", "2024-02-29"],
                                 format="ISO8601")),
        np.array(["2024-02-29", "NaT", "2023-01-01", "2024-02-29"], dtype="datetime64[D]"),
    ]  # fmt: skip
    first = eq.sun_times(kinds[0], **HARTFORD)
    assert list(first.columns) == ["date", *EVENTS]
    assert first.loc[1].isna().all()
    assert first.loc[0].equals(first.loc[3].rename(0))
    for dates in kinds[1:]:
        pd.testing.assert_frame_equal(eq.sun_times(dates, **HARTFORD), first)
    assert len(eq.sun_times([], **HARTFORD)) == 0
    assert len(eq.sun_times("2024-02-29", **HARTFORD)) == 1


def test_dates_far_outside_are_not_known():
    times = eq.sun_times(["0001-01-01", "1799-12-31", "1800-01-01", "9999-12-31"], **HARTFORD)
    assert times["sunset"].isna().to_list() == [True, True, False, True]


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"latitude": 95.2}, ValueError, "latitude=95.2 is not on the globe.*exchanged"),
        ({"longitude": 181}, ValueError, "longitude=181 is not on the globe.*west negative"),
        ({"latitude": float("nan")}, ValueError, "latitude=nan"),
        ({"latitude": "41.8"}, TypeError, "latitude='41.8' is not a number"),
        ({"latitude": {"a": 41.8}}, TypeError, "latitude is a mapping.*place="),
        ({"timezone": {"a": "Europe/Oslo"}}, TypeError, "timezone is a mapping.*place="),
        ({"timezone": None}, ValueError, "without the time zone.*America/New_York"),
        ({"timezone": ""}, ValueError, "without the time zone"),
        ({"timezone": "New York"}, ValueError, "'New York' is not in the time-zone database"),
        ({"timezone": "America/New York"}, ValueError, "Perhaps 'America/New_York'"),
        ({"timezone": "america/chicag"}, ValueError, "Perhaps 'America/Chicago'"),
        ({"timezone": "../etc/passwd"}, ValueError, "not in the time-zone database"),
        ({"timezone": "America"}, ValueError, "not in the time-zone database"),
        ({"timezone": "EST"}, ValueError, "without daylight-saving time.*America/New_York"),
        ({"timezone": -5}, TypeError, "timezone=-5 is a int"),
    ],
)
def test_places_that_cannot_be_are_refused_with_the_way_out(change, kind, says):
    with pytest.raises(kind, match=says):
        eq.sun_times(["2024-01-01"], **HARTFORD | change)
    with pytest.raises(kind, match=says):
        eq.add_daylight(frame(["2024-01-01"], [0]), **HARTFORD | change)


@pytest.mark.parametrize(
    ("dates", "kind", "says"),
    [
        ([20240101], TypeError, "dates are numbers"),
        (["1 January"], ValueError, "cannot be read as calendar dates"),
        (pd.DatetimeIndex(["2024-01-01"], tz="UTC").to_series(), TypeError, "dates have a time z"),
    ],
)
def test_dates_that_are_none_are_refused(dates, kind, says):
    with pytest.raises(kind, match=says):
        eq.sun_times(dates, **HARTFORD)


# --- rows: the rules --------------------------------------------------------------------------


def frame(dates, seconds, **more) -> pd.DataFrame:
    return pd.DataFrame(
        {"date": pd.to_datetime(dates), "second_of_day": pd.array(seconds, dtype="Int64"), **more}
    )


def whole(minutes: float) -> int:
    return math.ceil(minutes * 60)


def label(frame: pd.DataFrame, **place) -> list:
    return eq.add_daylight(frame, **place)["daylight"].tolist()


def test_the_second_of_sunset_is_twilight_and_the_second_of_dusk_is_dark():
    day = "2024-03-20"
    times = eq.sun_times([day], **HARTFORD).loc[0]
    sunset, dusk = whole(times["sunset"]), whole(times["dusk"])
    at = [sunset - 1, sunset, dusk - 1, dusk]
    rows = eq.add_daylight(frame([day] * 4, at), **HARTFORD)
    assert rows["daylight"].tolist() == ["light", "twilight", "twilight", "dark"]
    assert rows["is_dark"].tolist() == [False, pd.NA, pd.NA, True]


def test_minutes_since_dusk_are_rounded_down_to_five():
    day = "2024-03-20"
    dusk = whole(eq.sun_times([day], **HARTFORD).loc[0, "dusk"])
    after = [-301, -300, -299, -1, 0, 1, 299, 300, 3599, 3600]
    rows = eq.add_daylight(frame([day] * len(after), [dusk + s for s in after]), **HARTFORD)
    assert rows["minutes_since_dusk"].tolist() == [-10, -5, -5, -5, 0, 0, 0, 5, 55, 60]


def test_the_window_runs_from_the_years_earliest_to_its_latest_dusk():
    for year in (2022, 2023):
        dusk = eq.sun_times(pd.date_range(f"{year}-01-01", f"{year}-12-31"), **HARTFORD)["dusk"]
        first, last = whole(dusk.min()), whole(dusk.max())
        at = [first - 1, first, last, last + 1, 0, 12 * 3600, 86_399]
        got = label(frame([f"{year}-02-01"] * len(at), at), **HARTFORD)
        assert got == ["outside the window", "light", "dark", *["outside the window"] * 4]
        at = [first - 1, first, last, last + 1]
        got = label(frame([f"{year}-06-27"] * len(at), at), **HARTFORD)
        assert got[:2] == ["outside the window", "light"]
        assert got[3] == "outside the window"


def test_what_is_not_known_stays_missing():
    rows = eq.add_daylight(
        frame(
            ["2024-03-20", None, "2024-03-20", "2024-03-20", "2024-03-20", "1700-01-01"],
            [None, 64_800, -1, 86_400, 64_800, 64_800],
            department=["a", "a", "a", "a", None, "a"],
        ),
        **HARTFORD,
        place="department",
    )
    assert rows[["daylight", "is_dark", "minutes_since_dusk"]].isna().all(axis=None)
    # what a date alone tells is told
    assert rows["days_from_change"].tolist() == [10, pd.NA, 10, 10, pd.NA, pd.NA]


def test_polar_day_and_night_have_no_sunset_but_a_polar_night_has_its_dark():
    noon, evening = 14 * 3600, 18 * 3600
    times = eq.sun_times(["2023-06-21", "2023-12-21"], **TROMSO)
    assert times["sunset"].isna().all()
    assert math.isnan(times.loc[0, "dusk"]) and 13 * 60 < times.loc[1, "dusk"] < 14 * 60 + 30
    dusk = whole(times.loc[1, "dusk"])
    rows = eq.add_daylight(
        frame(["2023-06-21"] * 2 + ["2023-12-21"] * 3, [noon, evening, dusk - 1, dusk, evening]),
        **TROMSO,
    )
    window = eq.sun_times(pd.date_range("2023-01-01", "2023-12-31"), **TROMSO)["dusk"]
    assert whole(window.min()) <= dusk
    before = "no sunset" if dusk - 1 >= whole(window.min()) else "outside the window"
    assert rows["daylight"].tolist() == ["no sunset", "no sunset", before, "dark", "dark"]
    assert rows["is_dark"].tolist() == [pd.NA, pd.NA, pd.NA, True, True]
    assert rows["minutes_since_dusk"].isna().tolist() == [True, True, True, False, False]


def test_where_dusk_never_comes_no_time_is_outside():
    pole = {"latitude": 90.0, "longitude": 0.0, "timezone": "Europe/London"}
    rows = eq.add_daylight(frame(["2023-06-21", "2023-12-21"], [0, 86_399]), **pole)
    assert rows["daylight"].tolist() == ["no sunset", "no sunset"]


def test_after_midnight_belongs_to_the_evening_before_where_dusk_comes_so_late():
    evening = eq.sun_times(["2023-05-14"], **FAIRBANKS).loc[0]
    dusk = whole(evening["dusk"]) - 86_400
    assert 0 < dusk < 5400
    rows = eq.add_daylight(
        frame(["2023-05-15"] * 2 + ["2023-06-22", "2023-06-22", "2023-12-22", "2023-12-22"],
              [dusk - 1, dusk, 10 * 60, 50 * 60, 10 * 60, 3 * 3600]),
        **FAIRBANKS,
    )  # fmt: skip
    # 21 June: sunset at 00:47, no dusk: a white night; December: dark since the afternoon before
    expected = ["twilight", "dark", "light", "twilight", "dark", "outside the window"]
    assert rows["daylight"].tolist() == expected
    assert rows["minutes_since_dusk"].tolist()[:4] == [-5, 0, pd.NA, pd.NA]
    assert rows["minutes_since_dusk"].tolist()[4] > 400


def test_the_first_of_january_looks_back_at_the_last_evening_of_the_year_before():
    rows = eq.add_daylight(frame(["2023-01-01"], [10 * 60]), **FAIRBANKS)
    dusk = whole(eq.sun_times(["2022-12-31"], **FAIRBANKS).loc[0, "dusk"])
    assert rows["minutes_since_dusk"].tolist() == [(86_400 + 600 - dusk) // 300 * 5]


@pytest.mark.parametrize(
    ("place", "days", "expected"),
    [
        (HARTFORD, ["2024-02-08", "2024-02-09", "2024-03-09", "2024-03-10", "2024-04-09",
                    "2024-04-10", "2024-11-02", "2024-11-03"],
         [None, -30, -1, 0, 30, None, -1, 0]),
        (HARTFORD, ["1974-01-05", "1974-01-06", "2005-03-13", "2005-04-03"],  # the dates moved
         [-1, 0, -21, 0]),
        ({"latitude": 33.4, "longitude": -112.1, "timezone": "America/Phoenix"},
         ["2024-03-10", "2024-11-03"], [None, None]),
        ({"latitude": -33.9, "longitude": 151.2, "timezone": "Australia/Sydney"},
         ["2024-04-06", "2024-04-07", "2024-10-06"], [-1, 0, 0]),
        # Samoa skipped 30 December 2011: the clocks showed the same time as before
        ({"latitude": -13.8, "longitude": -172.0, "timezone": "Pacific/Apia"},
         ["2011-12-29", "2011-12-31", "2012-04-01"], [None, None, 0]),
        # Ramadan is taken out of Morocco's summer: changes on 10 March and 14 April 2024
        ({"latitude": 33.6, "longitude": -7.6, "timezone": "Africa/Casablanca"},
         ["2024-03-10", "2024-03-27", "2024-03-28", "2024-04-14"], [0, 17, -17, 0]),
    ],
)  # fmt: skip
def test_days_from_the_change_are_those_of_the_time_zone_database(place, days, expected):
    got = eq.add_daylight(frame(days, [0] * len(days)), **place)["days_from_change"]
    assert [None if v is pd.NA else v for v in got] == expected


# --- rows: places -----------------------------------------------------------------------------


def test_each_place_has_its_own_sun_and_window():
    places = {
        "latitude": {"Hartford": 41.77, "O'Fallon": 38.81, "Fairbanks": 64.84},
        "longitude": {"Hartford": -72.69, "O'Fallon": -90.7, "Fairbanks": -147.72},
        "timezone": {
            "Hartford": "America/New_York",
            "O'Fallon": "America/Chicago",
            "Fairbanks": "America/Anchorage",
        },
    }
    rng = np.random.default_rng(5)
    n = 400
    days = (np.datetime64("2021-01-01") + rng.integers(0, 1000, n)).astype("datetime64[us]")
    name = rng.choice(["Hartford", "O'Fallon", "Fairbanks"], n)
    rows = frame(days, rng.integers(0, 86_400, n), town=name)
    got = eq.add_daylight(rows, **places, place="town")
    for town, part in rows.groupby("town"):
        alone = eq.add_daylight(part, **{role: values[town] for role, values in places.items()})
        pd.testing.assert_frame_equal(got.loc[part.index, COLUMNS], alone[COLUMNS])


def test_one_value_may_hold_for_all_places():
    rows = frame(["2024-03-20"] * 2, [68_000] * 2, town=[1, 2])
    some = {"latitude": {1: 41.77, 2: 41.0}, "longitude": pd.Series({1: -72.69, 2: -73.0})}
    got = eq.add_daylight(rows, **some, timezone="America/New_York", place="town")
    assert got["daylight"].notna().all()
    pd.testing.assert_frame_equal(
        got[COLUMNS].iloc[:1], eq.add_daylight(rows, **HARTFORD)[COLUMNS].iloc[:1]
    )


def test_a_place_that_is_not_in_a_mapping_is_refused_unless_it_is_said_to_be_unknown():
    rows = frame(["2024-03-20"] * 3, [64_800] * 3, town=["a", "b", "b"])
    where = {"longitude": -72.69, "timezone": "America/New_York", "place": "town"}
    with pytest.raises(ValueError, match="latitude has no value for 1 of the 2 values.*'b'.*None"):
        eq.add_daylight(rows, latitude={"a": 41.77}, **where)
    for unknown in (None, float("nan")):
        got = label(rows, latitude={"a": 41.77, "b": unknown}, **where)
        assert [isinstance(v, str) for v in got] == [True, False, False]
    with pytest.raises(ValueError, match="latitude=99 of town 'b' is not on the globe"):
        eq.add_daylight(rows, latitude={"a": 41.77, "b": 99}, **where)


@pytest.mark.parametrize(
    "change", [{"longitude": 72.69}, {"timezone": "UTC"}, {"timezone": "Asia/Tokyo"}]
)
def test_a_zone_that_is_not_the_places_own_is_refused(change):
    with pytest.raises(ValueError, match="do not belong together: the sun would stand highest at"):
        eq.add_daylight(frame(["2024-01-01"], [0]), **HARTFORD | change)


@pytest.mark.parametrize(
    ("rows", "more", "kind", "says"),
    [
        ({"second_of_day": [1]}, {}, ValueError, "'date' is needed for daylight"),
        ({"date": pd.to_datetime(["2024-01-01"])}, {}, ValueError, "'second_of_day' is needed"),
        ({"date": ["2024-01-01"], "second_of_day": [1]}, {}, TypeError, "not a date"),
        ({"date": pd.to_datetime(["2024-01-01"]), "second_of_day": ["x"]}, {}, TypeError,
         "seconds after midnight by the local clock"),
        ({"date": pd.to_datetime(["2024-01-01"], utc=True), "second_of_day": [1]}, {}, TypeError,
         "has the time zone UTC.*convert"),
        ({"date": pd.to_datetime(["2024-01-01"]), "second_of_day": [1]}, {"place": "town"},
         ValueError, "place='town' is needed"),
        ({"date": pd.to_datetime(["2024-01-01"]), "second_of_day": [1], "town": [0.5]},
         {"place": "town"}, TypeError, "place='town' is Float64"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_told_are_refused(rows, more, kind, says):
    with pytest.raises(kind, match=says):
        eq.add_daylight(pd.DataFrame(rows), **HARTFORD, **more)


# --- rows: laws -------------------------------------------------------------------------------

places = st.sampled_from([HARTFORD, FAIRBANKS, TROMSO])
moments = st.lists(
    st.tuples(
        st.one_of(st.none(), st.dates(dt.date(2019, 12, 1), dt.date(2022, 2, 1))),
        st.one_of(st.none(), st.integers(0, 86_399)),
    ),
    min_size=2,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(moments=moments, place=places, cut=st.integers(1, 11))
def test_what_a_row_gets_does_not_depend_on_the_other_rows(moments, place, cut):
    rows = frame([m[0] for m in moments], [m[1] for m in moments])
    every = eq.add_daylight(rows, **place)
    parts = [eq.add_daylight(rows.iloc[:cut], **place), eq.add_daylight(rows.iloc[cut:], **place)]
    pd.testing.assert_frame_equal(pd.concat(parts), every)


def test_rows_index_and_other_columns_stay_as_they_were():
    rows = frame(["2024-03-20", "2024-01-01", None], [64_800, 68_000, 3], searched=[True, None, 1])
    rows.index = pd.Index([7, 7, 3], name="stop")
    rows["searched"] = rows["searched"].astype(object)
    before = rows.copy(deep=True)
    got = eq.add_daylight(rows, **HARTFORD)
    pd.testing.assert_frame_equal(rows, before)
    pd.testing.assert_frame_equal(got[list(before.columns)], before)
    assert list(got.columns) == [*before.columns, *COLUMNS]
    assert [str(t) for t in got.dtypes[-4:]] == ["str", "boolean", "Int64", "Int64"]
    # a second time replaces the columns
    pd.testing.assert_frame_equal(eq.add_daylight(got, **HARTFORD), got)


def test_no_rows_and_no_dates_are_no_trouble():
    rows = frame(["2024-03-20"], [64_800])
    for few in (rows.iloc[:0], rows.assign(date=pd.to_datetime([None]))):
        got = eq.add_daylight(few, **HARTFORD)
        assert len(got) == len(few)
        assert got[COLUMNS].isna().all(axis=None)
        assert [str(t) for t in got.dtypes[-4:]] == ["str", "boolean", "Int64", "Int64"]


# --- cohorts ----------------------------------------------------------------------------------


def cohort() -> eq.Cohort:
    rows = frame(
        ["2024-03-20", "2024-03-20", "2024-12-20", None],
        [64_800, 68_400, 64_800, 64_800],
        type=["vehicular", "pedestrian", "vehicular", "vehicular"],
        weight=[2, 3, 5, 7],
    )
    return eq.Cohort(rows, weight="weight").keep(
        eq.col("type") == "vehicular", because="drivers only"
    )


def test_a_cohort_keeps_its_steps_its_weight_and_its_ledger():
    before = cohort()
    after = eq.add_daylight(before, **HARTFORD)
    assert isinstance(after, eq.Cohort)
    assert (after.steps, after.weight) == (before.steps, "weight")
    pd.testing.assert_frame_equal(after.ledger, before.ledger)
    known = after.drop(eq.col("is_dark").is_null(), because="neither light nor dark")
    pd.testing.assert_frame_equal(known.ledger.iloc[:2], before.ledger)
    assert known.ledger["rows"].tolist() == [17, 14, 7]
    counts = eq.count(known, by=["daylight", "is_dark", "minutes_since_dusk"])
    assert dict(zip(counts.table["daylight"], counts.table["n"], strict=True)) == {
        "dark": 5,
        "light": 2,
    }


def test_a_step_before_and_a_step_after_leave_out_the_same_rows():
    later = eq.add_daylight(eq.Cohort(cohort().frame, weight="weight"), **HARTFORD).keep(
        eq.col("type") == "vehicular", because="drivers only"
    )
    pd.testing.assert_frame_equal(
        later.rows.to_native(), eq.add_daylight(cohort(), **HARTFORD).rows.to_native()
    )


def test_rows_of_a_cohort_may_get_columns_but_not_leave():
    with pytest.raises(ValueError, match="made 1 rows of 4.*keep.. or drop"):
        cohort().map_rows(lambda rows: rows.head(1))
    with pytest.raises(ValueError, match="weight='weight' is not a column"):
        cohort().map_rows(lambda rows: rows.drop("weight"))
