"""Durations by hand: rows drawn as text, and what each of them becomes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

import equity as eq
from equity.durations.service import resolution


def drawn(text: str) -> pd.DataFrame:
    """Return rows drawn as a table of text: "-" is missing, columns named *date are dates."""
    head, *lines = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(lines, columns=head).replace("-", None)
    for column in frame:
        if str(column).endswith("date"):
            frame[column] = pd.to_datetime(frame[column])
        elif column == "year":
            frame[column] = frame[column].astype("Int64")
        elif column in ("sworn", "tested", "hired"):
            yes = {"yes": True, "no": False}
            frame[column] = frame[column].map(yes.get, na_action="ignore").astype("boolean")
        else:
            frame[column] = frame[column].astype("str")
    return frame


def shown(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    """Return the rows as sorted tuples, missing as None."""
    plain = frame[list(columns)].astype(object)
    plain = plain.where(plain.notna(), None)
    return sorted((tuple(r) for r in plain.to_numpy()), key=str)


def one(frame: pd.DataFrame, **columns: Any) -> dict[str, Any]:
    for column, value in columns.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1
    return {str(k): None if pd.isna(v) else v for k, v in frame.iloc[0].items()}


class TestFlows:
    def test_who_came_and_went(self):
        rows = drawn("""
            person_id  date
            a          2020-01-01
            b          2020-01-01
            b          2021-01-01
            c          2021-01-01
            a          2022-01-01
            c          2022-01-01
        """)
        flows = eq.add_flows(rows)
        assert flows[["person_id", "joined", "left"]].astype(object).where(
            flows.notna()[["person_id", "joined", "left"]], None
        ).to_numpy().tolist() == [
            ["a", None, True],
            ["b", None, False],
            ["b", False, True],
            ["c", True, False],
            ["a", True, None],  # gone and back
            ["c", False, None],
        ]
        assert flows["joined"].dtype == "boolean"

    def test_a_year_is_a_snapshot_where_there_is_no_date(self):
        rows = drawn("""
            person_id  year
            a          2020
            b          2021
        """)
        assert shown(eq.add_flows(rows), "person_id", "joined", "left") == [
            ("a", None, True),
            ("b", True, None),
        ]

    def test_without_a_key_nobody_can_be_followed(self):
        rows = drawn("""
            race   year
            black  2020
            white  2021
        """)
        assert shown(eq.add_flows(rows), "joined", "left") == [(None, None)] * 2
        keyed = drawn("""
            person_id  year
            a          2020
            -          2020
            a          2021
            -          2021
            b          -
        """)
        assert shown(eq.add_flows(keyed), "person_id", "joined", "left") == [
            ("a", False, None),
            ("a", None, False),
            ("b", None, None),
            (None, None, None),
            (None, None, None),
        ]

    def test_the_same_person_twice_has_the_same_flags_twice(self):
        rows = drawn("""
            person_id  title    year
            a          clerk    2020
            a          officer  2020
            b          officer  2021
        """)
        assert shown(eq.add_flows(rows), "person_id", "left") == [
            ("a", True),
            ("a", True),
            ("b", None),
        ]

    def test_rows_keep_their_order_index_and_other_columns(self):
        rows = drawn("""
            person_id  title    year
            b          officer  2021
            a          clerk    2020
            b          clerk    2020
        """).set_axis([7, 7, 3])
        flows = eq.add_flows(rows)
        pd.testing.assert_frame_equal(flows[list(rows.columns)], rows)
        assert flows["left"].isna().tolist() == [True, False, False]

    def test_a_cohort_stays_a_cohort_and_compares_all_rows(self):
        rows = drawn("""
            person_id  sworn  year
            a          yes    2020
            a          no     2021
        """)
        cohort = eq.Cohort(rows).keep(eq.col("sworn"), because="sworn only")
        flows = eq.add_flows(cohort)
        assert flows.ledger["rows"].tolist() == [2, 1]
        assert flows.rows.to_native()["left"].tolist() == [False]  # moved, not gone
        counts = eq.count(flows, by=["year"], of=["joined", "left"]).table
        assert counts[["left", "left_known"]].to_numpy().tolist() == [[0, 1]]

    def test_a_copy_of_a_snapshot_says_nothing_about_who_went(self):
        people = [f"p{i}" for i in range(500)]
        snapshots = {
            dt.date(2016, 4, 1): people,
            dt.date(2016, 7, 1): people[::-1],  # the same records in another order
            dt.date(2017, 7, 1): people[10:],
        }
        rows = pd.DataFrame(
            [(p, "clerk", date) for date, there in snapshots.items() for p in there],
            columns=["person_id", "title", "date"],
        )
        rows["date"] = pd.to_datetime(rows["date"])
        table = eq.count(eq.add_flows(rows), by=["date"], of=["joined", "left"]).table
        assert table["left_known"].tolist() == [0, 500, 0]
        assert table["left"].tolist() == [0, 10, 0]
        assert table["joined_known"].tolist() == [0, 0, 490]
        changed = rows.copy()
        changed.loc[600, "title"] = "chief"  # one differs: it is no copy
        table = eq.count(eq.add_flows(changed), by=["date"], of=["joined", "left"]).table
        assert table["left_known"].tolist() == [500, 500, 0]

    def test_fifteen_people_may_stand_still(self):
        rows = pd.DataFrame(
            [(f"p{i}", year) for year in (2020, 2021) for i in range(15)],
            columns=["person_id", "year"],
        )
        assert eq.add_flows(rows)["left"].notna().sum() == 15

    def test_rows_without_any_date_are_refused(self):
        with pytest.raises(ValueError, match="'date' or 'year'"):
            eq.add_flows(drawn("person_id\na"))
        with pytest.raises(TypeError, match="not a date"):
            eq.add_flows(pd.DataFrame({"person_id": ["a"], "date": ["2020-01-01"]}))


ROSTER = drawn("""
    person_id  race   date        hire_date   exit_date   exit_reason
    a          black  2017-04-30  2015-01-31  2016-01-30  resigned
    b          white  2017-04-30  2010-06-15  -           -
    c          white  2017-04-30  2012-01-01  2011-12-01  retired
    d          asian  2017-04-30  2016-01-15  2022-01-21  resigned
    e          white  2017-04-30  -           -           -
    f          black  2017-04-30  2017-05-15  -           -
    g          -      2017-04-30  2017-04-30  2017-04-30  cancelled
""")


class TestOneRoster:
    def test_months_are_completed_calendar_months(self):
        spells = eq.service_spells(ROSTER)
        assert shown(
            spells, "race", "hire_cohort", "entered", "months", "left", "trouble"
        ) == sorted(
            [
                ("black", "2015-2019", 0, 11, True, None),
                ("white", "2010-2014", 0, 82, False, None),
                ("white", "2010-2014", None, None, True, "left before being hired"),
                ("asian", "2015-2019", 0, 15, False, None),
                ("white", None, None, None, False, "no hire date"),
                ("black", "2015-2019", None, None, False, "hired after the file's own date"),
                (None, "2015-2019", 0, 0, True, None),
            ],
            key=str,
        )

    def test_an_exit_after_the_end_has_not_happened_yet(self):
        spells = eq.service_spells(ROSTER)
        dated = one(spells, race="asian")
        assert (dated["left"], dated["exit_reason"], dated["exit_year"]) == (False, None, None)
        later = one(eq.service_spells(ROSTER, end="2023-01-01"), race="asian")
        assert (later["left"], later["months"], later["exit_year"]) == (True, 72, 2022)
        assert later["exit_reason"] == "resigned"

    def test_who_left_before_people_were_followed_is_set_aside(self):
        spells = eq.service_spells(ROSTER, start="2016-06-01")
        assert (
            one(spells, hire_date=pd.Timestamp("2015-01-31"))["trouble"]
            == "left before people were followed"
        )
        assert one(spells, hire_date=pd.Timestamp("2010-06-15"))["entered"] == 71
        assert one(spells, race="asian")["entered"] == 4

    def test_the_first_of_the_next_month_completes_one_without_a_31st(self):
        rows = drawn("""
            date        hire_date   exit_date
            2021-01-01  2020-01-31  2020-02-29
            2021-01-01  2020-01-31  2020-03-01
            2021-01-01  2019-12-31  2020-12-31
            2021-01-01  2019-12-31  2020-12-30
        """)
        assert eq.service_spells(rows)["months"].tolist() == [0, 1, 12, 11]

    def test_without_a_date_the_end_is_asked_for(self):
        with pytest.raises(ValueError, match='end="2017-04-30"'):
            eq.service_spells(ROSTER.drop(columns="date"))
        spells = eq.service_spells(ROSTER.drop(columns="date"), end=dt.date(2017, 4, 30))
        assert shown(spells, "months", "left") == shown(
            eq.service_spells(ROSTER), "months", "left"
        )

    def test_two_periods_in_one_roster_and_rows_that_contradict_each_other(self):
        rows = drawn("""
            person_id  race   date        hire_date   exit_date
            a          black  2020-01-01  2000-01-01  2005-01-01
            a          black  2020-01-01  2010-01-01  -
            b          white  2020-01-01  2000-01-01  -
            b          white  2020-01-01  2010-01-01  -
            c          black  2020-01-01  2010-01-01  -
            c          asian  2020-01-01  2010-01-01  -
            d          white  2020-01-01  2010-01-01  -
            d          white  2020-01-01  2010-01-01  -
        """)
        assert shown(eq.service_spells(rows), "months", "left", "trouble") == sorted(
            [
                (60, True, None),
                (120, False, None),
                (None, False, "two periods of service at once"),
                (120, False, None),
                (None, False, "several rows of one date that contradict each other"),
                (120, False, None),
            ],
            key=str,
        )

    def test_nothing_that_says_who_left_is_refused(self):
        with pytest.raises(ValueError, match="does not say who left"):
            eq.service_spells(ROSTER.drop(columns=["exit_date", "exit_reason"]))
        with pytest.raises(TypeError, match="'hire_date' is String"):
            eq.service_spells(ROSTER.assign(hire_date="2015-01-01"))
        with pytest.raises(ValueError, match="start='soon'"):
            eq.service_spells(ROSTER, start="soon")


NO_NUMBER = "no person number to be followed by"
SNAPSHOTS = drawn("""
    person_id  race   rank      date        hire_date
    a          black  officer   2018-01-01  2010-01-01
    a          black  sergeant  2019-01-01  2010-01-01
    a          black  sergeant  2020-01-01  2010-01-01
    b          white  officer   2018-01-01  2017-10-15
    c          asian  officer   2019-01-01  2018-03-20
    c          asian  officer   2020-01-01  2018-03-20
    d          white  officer   2018-01-01  2000-01-01
    d          white  officer   2020-01-01  2000-01-01
    e          other  officer   2018-01-01  2000-01-01
    e          other  officer   2020-01-01  2019-02-01
    -          black  officer   2020-01-01  2000-01-01
""")


class TestSnapshots:
    def test_people_enter_when_first_seen_and_leave_in_the_middle(self):
        spells = eq.service_spells(SNAPSHOTS)
        assert shown(
            spells, "race", "rank", "entered", "months", "left", "exit_year", "trouble"
        ) == sorted(
            [
                ("black", "officer", 96, 120, False, None, None),  # as first seen
                ("white", "officer", 2, 8, True, 2018, None),  # 2018-07-02
                ("asian", "officer", 9, 21, False, None, None),
                ("white", "officer", 216, 222, True, 2018, None),
                (
                    "white",
                    "officer",
                    None,
                    None,
                    False,
                    None,
                    "came back, and the hire date is not that of the return",
                ),
                ("other", "officer", 216, 222, True, 2018, None),
                ("other", "officer", 11, 11, False, None, None),  # hired anew, first seen now
                (
                    "black",
                    "officer",
                    None,
                    None,
                    False,
                    None,
                    "no person number to be followed by",
                ),
            ],
            key=str,
        )

    def test_nobody_is_lost(self):
        spells = eq.service_spells(SNAPSHOTS)
        assert len(spells) == 5 + 2 + 1  # people, second periods, no number

    def test_what_comes_after_the_end_has_not_happened_yet(self):
        spells = eq.service_spells(SNAPSHOTS, end="2018-03-01")
        assert not one(spells, hire_date=pd.Timestamp("2017-10-15"))["left"]
        assert one(spells, race="asian")["trouble"] == "hired after the file's own date"

    def test_without_a_key_several_snapshots_are_refused(self):
        with pytest.raises(ValueError, match="3 snapshots and no column 'person_id'"):
            eq.service_spells(SNAPSHOTS.drop(columns="person_id"))

    def test_copies_of_a_snapshot_are_passed_over(self):
        rows = pd.DataFrame(
            [
                (f"p{i}", "2010-01-01", date)
                for date, n in (("2016-04-01", 500), ("2016-07-01", 500), ("2017-04-01", 400))
                for i in range(n)
            ],
            columns=["person_id", "hire_date", "date"],
        )
        for column in ("hire_date", "date"):
            rows[column] = pd.to_datetime(rows[column])
        spells = eq.service_spells(rows)
        gone = spells[spells["left"]]
        assert len(spells) == 500 and len(gone) == 100
        assert set(gone["exit_year"]) == {2016}  # 2016-09-30, not 2016-11-14
        assert set(gone["months"]) == {80}

    def test_a_cohort_gives_its_rows(self):
        cohort = eq.Cohort(SNAPSHOTS).drop(eq.col("race") == "other", because="for the test")
        spells = eq.service_spells(cohort)
        assert isinstance(spells, pd.DataFrame) and len(spells) == 6


EXITS = drawn("""
    person_id  race      hire_date   exit_date   exit_reason
    b          white     2017-10-15  2018-11-20  resigned
    f          hispanic  2018-02-01  2018-06-01  discharged
    g          hispanic  2016-01-01  2017-12-31  retired
    h          hispanic  2018-02-01  2019-06-01  retired
    i          hispanic  2020-02-01  2020-03-01  resigned
    j          hispanic  2020-02-01  2019-03-01  resigned
    k          hispanic  2018-02-01  -           resigned
    a          black     2010-01-01  2020-05-01  retired
    c          asian     2018-03-20  2019-06-30  resigned
""")


class TestFirstRecord:
    """What a person became later is not what they were while they could have left before."""

    ROWS = drawn("""
        person_id  race   sworn  rank      job_category  date        hire_date
        a          black  no     -         Trainees      2018-01-01  2017-10-01
        a          black  yes    officer   Protective    2019-01-01  2017-10-01
        a          black  yes    sergeant  Protective    2020-01-01  2017-10-01
        b          -      no     -         Trainees      2018-01-01  2017-11-01
        b          white  yes    officer   Protective    2019-01-01  2017-11-01
        c          white  yes    officer   Protective    2018-01-01  2010-01-01
        c          white  yes    sergeant  Protective    2020-01-01  2010-01-01
    """)
    WHAT = ("race", "sworn", "rank", "job_category", "months", "left")

    def test_columns_are_those_of_the_first_record_of_each_period(self):
        assert shown(eq.service_spells(self.ROWS), *self.WHAT) == sorted(
            [
                ("black", False, None, "Trainees", 27, False),
                (None, False, None, "Trainees", 20, True),
                ("white", True, "officer", "Protective", 102, True),
                ("white", True, "sergeant", "Protective", None, False),  # a period of its own
            ],
            key=str,
        )

    def test_those_known_only_from_exits_have_the_columns_of_the_exit(self):
        left = drawn("""
            person_id  race   sworn  rank     job_category  hire_date   exit_date
            d          asian  yes    officer  Protective    2018-02-01  2018-12-01
            b          white  yes    officer  Protective    2017-11-01  2019-06-01
        """)
        spells = eq.service_spells(self.ROWS, exits=left)
        assert shown(spells[spells["race"] == "asian"], *self.WHAT) == [
            ("asian", True, "officer", "Protective", 10, True)
        ]
        own = spells[spells["hire_date"] == pd.Timestamp("2017-11-01")]
        assert shown(own, "sworn", "job_category", "months") == [(False, "Trainees", 19)]

    def test_all_have_the_same_chance_to_stay_as_they_began(self):
        """Trainees become officers after 9 months; as they ended, officers would never leave."""
        rows = []
        for i in range(40):
            hired = pd.Timestamp("2018-01-01")
            for k, date in enumerate(pd.date_range("2018-01-01", periods=4, freq="QS")):
                if i % 4 >= k:
                    rows.append((f"p{i}", date, hired, k == 3))
        frame = pd.DataFrame(rows, columns=["person_id", "date", "hire_date", "sworn"])
        spells = eq.service_spells(frame)
        assert not spells["sworn"].any() and spells["left"].sum() == 30


class TestResolution:
    def test_it_is_the_largest_gap_between_snapshots(self):
        assert resolution(SNAPSHOTS) == 12
        assert resolution(SNAPSHOTS[SNAPSHOTS["date"] != pd.Timestamp("2019-01-01")]) == 24

    def test_dates_of_leaving_need_none(self):
        assert resolution(SNAPSHOTS, exits=EXITS) is None
        assert resolution(ROSTER) is None
        assert resolution(SNAPSHOTS.assign(exit_date=pd.Timestamp("2019-05-01"))) is None
        empty = SNAPSHOTS.assign(exit_date=pd.Series(pd.NaT, index=SNAPSHOTS.index))
        assert resolution(empty.astype({"exit_date": "datetime64[us]"})) == 12


class TestExits:
    def test_exits_give_date_and_reason(self):
        left = one(eq.service_spells(SNAPSHOTS, exits=EXITS), hire_date=pd.Timestamp("2017-10-15"))
        assert (left["months"], left["left"], left["exit_reason"]) == (13, True, "resigned")
        assert left["entered"] == 2  # people are followed since the first exit, 2017-12-31

    def test_who_was_never_on_a_roster(self):
        spells = eq.service_spells(SNAPSHOTS, exits=EXITS)
        assert shown(
            spells[spells["race"] == "hispanic"], "entered", "months", "left", "trouble"
        ) == sorted(
            [
                (0, 4, True, None),
                (23, 23, True, None),
                (None, None, True, "in service on the date of a roster without them"),
                (None, None, False, "hired after the last roster: known only because they left"),
                (None, None, True, "left before being hired"),
                (None, None, False, "no exit date"),
            ],
            key=str,
        )

    def test_after_the_last_snapshot_exits_count_up_to_the_end(self):
        at_roster = one(eq.service_spells(SNAPSHOTS, exits=EXITS), entered=95)
        assert (at_roster["left"], at_roster["months"]) == (False, 120)
        later = one(eq.service_spells(SNAPSHOTS, exits=EXITS, end="2020-12-31"), entered=95)
        assert (later["left"], later["months"], later["exit_reason"]) == (True, 124, "retired")

    def test_seen_after_the_exit(self):
        spells = eq.service_spells(SNAPSHOTS, exits=EXITS)
        assert one(spells, race="asian")["trouble"] == "seen in service after the date of the exit"

    def test_exits_without_dates_are_refused(self):
        with pytest.raises(ValueError, match="exits has no column 'exit_date'"):
            eq.service_spells(SNAPSHOTS, exits=EXITS.drop(columns="exit_date"))


APPLICANTS = drawn("""
    race   date        tested  tested_date  hired  hired_date
    black  2020-01-01  yes     2020-01-31   yes    2020-03-01
    white  2020-01-01  yes     2020-02-10   -      -
    white  2020-01-01  no      -            no     -
    asian  -           yes     2020-01-31   no     -
    asian  2020-01-01  yes     -            yes    2019-12-01
    other  2020-02-01  -       -            -      -
    other  2020-02-01  yes     2020-09-01   -      -
    other  2020-05-01  -       -            -      -
""")


class TestWaits:
    def test_days_from_application(self):
        waits = eq.stage_waits(APPLICANTS, stages=["tested", "hired"], end="2020-04-01")
        columns = ("race", "days", "reached", "trouble")
        assert shown(waits[waits["stage"] == "tested"], *columns) == sorted(
            [
                ("black", 30, True, None),
                ("white", 40, True, None),
                ("white", None, None, "did not pass"),
                ("asian", None, None, "no date of application"),
                ("asian", None, None, "no date of the stage"),
                ("other", 60, False, None),
                ("other", 60, False, None),  # dated after the end
                ("other", None, None, "applied after the file's own date"),
            ],
            key=str,
        )
        assert shown(waits[waits["stage"] == "hired"], *columns) == sorted(
            [
                ("black", 60, True, None),
                ("white", 91, False, None),
                ("white", None, None, "did not pass"),
                ("asian", None, None, "no date of application"),
                ("asian", None, None, "dated before the application"),
                ("other", 60, False, None),
                ("other", 60, False, None),
                ("other", None, None, "applied after the file's own date"),
            ],
            key=str,
        )
        assert len(waits) == 2 * len(APPLICANTS)
        assert waits["year"].dropna().unique().tolist() == [2020]

    def test_the_end_is_the_last_date_of_the_file(self):
        waits = eq.stage_waits(APPLICANTS, stages=["tested"])
        assert waits.loc[waits["reached"] == False, "days"].tolist() == [213, 123]  # noqa: E712

    def test_a_stage_without_a_flag_is_open_where_it_has_no_date(self):
        waits = eq.stage_waits(APPLICANTS.drop(columns="tested"), stages=["tested"])
        assert waits["reached"].sum() == 3
        assert "did not pass" not in set(waits["trouble"].dropna())

    def test_who_withdrew_or_whose_outcome_is_unknown_waits_for_nothing(self):
        """A missing flag is pending, but not where a word says that it is over."""
        rows = drawn("""
            race   date        tested  tested_date  hired  hired_date
            black  2020-01-01  yes     2020-01-31   -      -
            white  2020-01-01  yes     2020-01-31   -      -
            asian  2020-01-01  -       -            -      -
        """)
        rows["still_open"] = pd.array([False, True, None], dtype="boolean")
        waits = eq.stage_waits(rows, stages=["tested", "hired"], end="2020-04-01")
        gone = "withdrew, or the outcome is not known"
        assert shown(waits, "stage", "race", "days", "reached", "trouble") == sorted(
            [
                ("tested", "black", 30, True, None),
                ("tested", "white", 30, True, None),
                ("tested", "asian", 91, False, None),
                ("hired", "black", None, None, gone),
                ("hired", "white", 91, False, None),
                ("hired", "asian", 91, False, None),
            ],
            key=str,
        )

    def test_days_run_over_leap_days_and_centuries(self):
        days = [("1999-12-31", "2000-03-01"), ("2024-02-28", "2024-03-01"), ("1899-01-01",) * 2]
        rows = pd.DataFrame(days, columns=["date", "tested_date"]).apply(pd.to_datetime)
        assert eq.stage_waits(rows, stages=["tested"])["days"].tolist() == [61, 2, 0]

    def test_what_is_not_there_is_said(self):
        with pytest.raises(ValueError, match="no column 'interview_date'.*hired_date"):
            eq.stage_waits(APPLICANTS, stages=["interview"])
        with pytest.raises(ValueError, match="no column 'date'"):
            eq.stage_waits(APPLICANTS.drop(columns="date"), stages=["tested"])
        with pytest.raises(ValueError, match="at least one stage"):
            eq.stage_waits(APPLICANTS, stages=[])
        with pytest.raises(TypeError, match="not boolean"):
            eq.stage_waits(APPLICANTS.assign(tested="yes"), stages=["tested"])
