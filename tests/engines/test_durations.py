"""Flows, periods of service and waits are the same on every engine, and nobody is lost."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import equity as eq
from equity.cohorts import Cohort

DATES = ("date", "hire_date", "exit_date", "tested_date", "hired_date")
FLAGS = ("sworn", "tested", "hired")
Rows = list[dict[str, Any]]


def typed(frame: Any) -> Any:
    """Return columns of text as dates and flags, in their engine."""
    lazy = nw.from_native(frame)
    names = lazy.collect_schema().names()
    made = [
        nw.col(c).cast(nw.String).str.to_datetime("%Y-%m-%d").cast(nw.Date)
        for c in names
        if c in DATES
    ]
    flags = [
        nw.when(~nw.col(c).is_null()).then(nw.col(c).cast(nw.String) == "yes").alias(c)
        for c in names
        if c in FLAGS
    ]
    return lazy.with_columns(*made, *flags).to_native()


def as_text(rows: Rows, columns: list[str]) -> dict[str, list[str | None]]:
    return {c: [None if r.get(c) is None else str(r[c]) for r in rows] for c in columns}


def made(engine: Any, rows: Rows, columns: list[str]) -> Any:
    frame: Any = engine(as_text(rows, columns))
    if isinstance(frame, (pl.DataFrame, pl.LazyFrame)):
        frame = frame.cast(dict.fromkeys(columns, pl.String))
    if type(frame).__module__.startswith("pandas"):
        frame = frame.astype("str")
    return typed(frame)


def found(result: Any) -> list[tuple]:
    """Return the rows of any engine as sorted tuples: dates as dates, missing as None."""
    frame = Cohort(result).rows
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect(backend="pyarrow")
    rows = frame.to_arrow().to_pylist()
    plain = [
        tuple(v.date() if isinstance(v, dt.datetime) else v for v in row.values()) for row in rows
    ]
    return sorted(plain, key=str)


ROSTER = ["person_id", "race", "sworn", "rank", "date", "hire_date"]
LEFT = ["person_id", "race", "hire_date", "exit_date", "exit_reason"]
APPLIED = ["race", "posting", "date", "tested", "tested_date", "hired", "hired_date"]


def day(draw: random.Random, low: int = 2015, high: int = 2021) -> dt.date | None:
    if draw.random() < 0.08:
        return None
    return dt.date(draw.randint(low, high), draw.randint(1, 12), draw.choice([1, 15, 28]))


def people(seed: int, n: int = 40) -> tuple[Rows, Rows, Rows]:
    draw = random.Random(seed)
    roster, left, applied = [], [], []
    for i in range(n):
        person = None if draw.random() < 0.05 else f"p{i % (n - 5)}"
        race = draw.choice(["black", "white", None])
        hired = day(draw, 2005, 2020)
        for year in range(2016, 2020):
            if draw.random() < 0.7:
                here = dt.date(year, 1, 1) if draw.random() < 0.95 else None
                rank = draw.choice(["officer", "sergeant"])
                roster.append(
                    dict(zip(ROSTER, [person, race, "yes", rank, here, hired], strict=True))
                )
        if draw.random() < 0.6:
            words = draw.choice(["resigned", "retired", None])
            left.append(dict(zip(LEFT, [person, race, hired, day(draw), words], strict=True)))
        steps = [draw.choice(["yes", "no", None]), day(draw, 2016, 2018)]
        steps += [draw.choice(["yes", "no", None]), day(draw, 2016, 2018)]
        first = [race, "2016", day(draw, 2015, 2017), *steps]
        applied.append(dict(zip(APPLIED, first, strict=True)))
    return roster, left, applied


def everywhere(function: Any, engine: Any) -> None:
    """Compare what the function finds on the engine with what it finds on Polars."""
    assert found(function(engine)) == found(function(pl.DataFrame))


def test_every_engine_finds_the_same(engine):
    roster, left, applied = people(seed=1)
    for function in (
        lambda e: eq.add_flows(made(e, roster, ROSTER)),
        lambda e: eq.service_spells(
            made(e, roster, ROSTER), exits=made(e, left, LEFT), end="2020-06-30"
        ),
        lambda e: eq.service_spells(made(e, left, LEFT), end="2020-06-30", start="2016-01-01"),
        lambda e: eq.stage_waits(made(e, applied, APPLIED), stages=["tested", "hired"]),
    ):
        everywhere(function, engine)


def test_lazy_frames_stay_lazy_and_each_engine_gets_its_own_back():
    roster, left, applied = people(3)
    for kind, engine in (
        (pl.LazyFrame, pl.LazyFrame),
        (pl.DataFrame, pl.DataFrame),
        (duckdb.DuckDBPyRelation, lambda t: duckdb.from_arrow(pl.DataFrame(t).to_arrow())),
    ):
        rows = made(engine, roster, ROSTER)
        assert isinstance(eq.add_flows(rows), kind)
        assert isinstance(eq.service_spells(rows, exits=made(pl.DataFrame, left, LEFT)), kind)
        assert isinstance(eq.stage_waits(made(engine, applied, APPLIED), stages=["hired"]), kind)


def test_exits_may_be_of_another_connection():
    roster, left, _ = people(4)
    here, there = duckdb.connect(), duckdb.connect()
    arrow, other = (
        made(pl.DataFrame, rows, columns).to_arrow()
        for rows, columns in ((roster, ROSTER), (left, LEFT))
    )
    spells = eq.service_spells(
        here.sql("SELECT * FROM arrow"), exits=there.sql("SELECT * FROM other")
    )
    alike = eq.service_spells(made(pl.DataFrame, roster, ROSTER), exits=pl.from_arrow(other))
    assert found(spells) == found(alike)
    assert arrow.num_rows == len(roster)


def test_a_connection_may_be_closed_to_what_is_outside():
    roster, left, applied = people(6)
    connection = duckdb.connect()
    for name, rows, columns in (
        ("roster", roster, ROSTER),
        ("gone", left, LEFT),
        ("applied", applied, APPLIED),
    ):
        arrow = made(pl.DataFrame, rows, columns).to_arrow()
        connection.sql(f"CREATE TABLE {name} AS SELECT * FROM arrow")
        assert arrow.num_rows == len(rows)
    connection.execute("SET enable_external_access = false")
    table = connection.table
    assert found(eq.service_spells(table("roster"), exits=table("gone"))) == found(
        eq.service_spells(made(pl.DataFrame, roster, ROSTER), exits=made(pl.DataFrame, left, LEFT))
    )
    assert found(eq.stage_waits(table("applied"), stages=["hired"])) == found(
        eq.stage_waits(made(pl.DataFrame, applied, APPLIED), stages=["hired"])
    )


def test_other_kinds_of_frames_are_refused_with_the_way_out():
    roster, *_ = people(5)
    arrow = made(pl.DataFrame, roster, ROSTER).to_arrow()
    with pytest.raises(TypeError, match="frame of pyarrow.*Convert the rows"):
        eq.service_spells(arrow)
    with pytest.raises(TypeError):
        eq.stage_waits([1, 2], stages=["hired"])


# --- laws ---------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_nobody_is_lost(seed):
    """Every period of every person is a row; those who left and those still there are all."""
    roster, left, applied = people(seed, n=25)
    years = sorted({r["date"] for r in roster if r["date"]})
    seen = defaultdict(set)
    for row in roster:
        if row["person_id"] and row["date"]:
            seen[row["person_id"]].add(years.index(row["date"]))
    periods = sum(sum(i - 1 not in when for i in when) for when in seen.values())
    alone = sum(not (r["person_id"] and r["date"]) for r in roster)

    rows = made(pl.DataFrame, roster, ROSTER)
    spells = eq.service_spells(rows)
    assert len(spells) == periods + alone
    assert spells["left"].null_count() == 0
    fine = spells.filter(pl.col("trouble").is_null())
    assert (
        fine.select(pl.col("months", "entered", "hire_cohort").null_count()).sum_horizontal()[0]
        == 0
    )
    assert (fine["months"] >= fine["entered"]).all() and (fine["entered"] >= 0).all()
    assert spells.filter(pl.col("trouble").is_not_null())["months"].null_count() == len(
        spells
    ) - len(fine)

    gone = made(pl.DataFrame, left, LEFT)
    both = eq.service_spells(rows, exits=gone, end="2022-01-01")
    assert len(spells) <= len(both) <= len(spells) + len(left)
    reasons = [r["exit_reason"] for r in left if r["exit_reason"] and r["person_id"]]
    assert both["exit_reason"].drop_nulls().len() <= len(left) and len(reasons) <= len(left)

    waits = eq.stage_waits(made(pl.DataFrame, applied, APPLIED), stages=["tested", "hired"])
    assert len(waits) == 2 * len(applied)
    assert ((waits["days"].is_null()) == (waits["trouble"].is_not_null())).all()
    assert (waits["days"].drop_nulls() >= 0).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_the_staff_of_a_snapshot_is_that_before_less_those_who_left_and_those_who_joined(seed):
    roster, *_ = people(seed, n=25)
    rows = made(pl.DataFrame, roster, ROSTER).filter(pl.col("person_id").is_not_null())
    rows = rows.filter(pl.col("date").is_not_null()).unique(["person_id", "date"])
    table = eq.count(eq.add_flows(rows), by=["date"], of=["joined", "left"]).table
    n, left, joined = (table[c].to_numpy() for c in ("n", "left", "joined"))
    assert (n[:-1] - left[:-1] + joined[1:] == n[1:]).all()


@settings(deadline=None, max_examples=50)
@given(st.dates(dt.date(1950, 1, 1)), st.dates(dt.date(1950, 1, 1)))
def test_days_and_months_are_those_of_the_calendar(one, other):
    first, last = sorted((one, other))
    if last.year > 2200:
        return
    rows = pl.DataFrame(
        {"date": [first], "hired_date": [last], "hire_date": [first], "exit_date": [last]}
    )
    waits = eq.stage_waits(rows, stages=["hired"], end=last)
    assert waits["days"].to_list() == [(last - first).days]
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    assert eq.service_spells(rows, end=last)["months"].to_list() == [months]
