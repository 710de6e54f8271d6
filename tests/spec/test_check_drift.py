"""A load beside the last accepted one: what is planted is named, what is usual raises no warning.

Most tests look at the table `summary` alone, which both judges read; some go by the front door.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pytest

from data_checks import check, facts, run, sql, structure
from equity.tables import TABLES

TODAY = dt.date(2025, 6, 30)
GROUPS = ("white", "black", "hispanic")
MIX = {"white": 120, "black": 60, "hispanic": 20}
RULES = ("rows", "months", "groups", "rates", "categories")


def months(first: str, n: int) -> list[str]:
    return [str(m) for m in pd.period_range(first, periods=n, freq="M")]


def stops(of: dict[str, dict[str, int]], *, rate: dict | float = 0.1, **more) -> pd.DataFrame:
    """Return so many stops of each month and group, of which `rate` (or of a month) searched."""
    rows = []
    for month, mix in of.items():
        share = rate.get(month, 0.1) if isinstance(rate, dict) else rate
        for group, n in mix.items():
            rows += [(f"{month}-05", group, i < round(share * n)) for i in range(n)]
    frame = pd.DataFrame(rows, columns=["date", "subject_race", "search_conducted"])
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[us]")
    return frame.assign(stop_id=[f"s{i}" for i in range(len(frame))], **more)


def steady(n: int = 12, **more) -> pd.DataFrame:
    return stops(dict.fromkeys(months("2024-01", n), MIX), **more)


class Looked(NamedTuple):
    """What the rules judge: key -> (name, value); what the load holds; the rules by key."""

    found: dict[str, list[tuple[str, float]]]
    facts: dict[str, Any]
    rules: dict[str, Any]


def looked(folder: Path, frame: pd.DataFrame, last=None, table="stops", **context) -> Looked:
    """Look at a load, and return what the rules would judge."""
    data = folder / "data.parquet"
    data.unlink(missing_ok=True)
    with duckdb.connect() as con:
        con.register("frame", frame)
        con.execute(f"COPY frame TO '{data}' (FORMAT parquet)")
    keys = importlib.import_module(f"data_checks.{table}").KEYS
    context = {"today": TODAY, "groups": GROUPS, "facts": True, "last": last, **context}
    with duckdb.connect() as con:
        seen = structure.profile(con, data, TABLES[table], context.get("stages", ()))
        suite = run.build(table, seen.kinds, context)
        sql.prepare(con, suite, data=data, columns=seen.columns, raw=None, raw_columns=())
        sql.summarize(con, suite)
        found, rules = {}, {keys[int(r.id[1:]) - 1]: r for r in suite.rules}
        for key in [
            k for k in rules if k.partition(":")[0] in ("drift", "groups", "above residents")
        ]:
            column = suite.id(key)
            found[key] = (
                con.execute(
                    f'SELECT name, "{column}" FROM summary WHERE "{column}" IS NOT NULL'
                ).fetchall()
                if column in suite.summaries
                else []
            )
        return Looked(found, facts.facts_of(con, suite), rules)


def bad(seen: Looked) -> dict[str, list[str]]:
    """Return rule -> the names that break it, for the rules that some name breaks."""
    broken = {}
    for key, rows in seen.found.items():
        limits = seen.rules[key].expectation
        low = -1 if limits.min_value is None else limits.min_value
        names = [name for name, value in rows if not low <= value <= limits.max_value]
        if names:
            broken[key.removeprefix("drift:")] = names
    return broken


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """The facts of twelve even months."""
    return looked(tmp_path_factory.mktemp("before"), steady(district="North")).facts


# --- what a load holds ---------------------------------------------------------------------------


def test_the_facts_are_the_counts_of_the_rows_that_may_be_used(tmp_path):
    frame = stops({"2024-01": {"white": 30, "black": 10}, "2024-02": {"white": 20}})
    frame["district"] = ["North"] * 50 + [None] * 10
    frame["search_conducted"] = frame["search_conducted"].astype("boolean")
    frame.loc[0, ["subject_race", "search_conducted"]] = [None, pd.NA]
    frame.loc[59, "date"] = pd.Timestamp("2031-01-01")  # in the future: set aside
    with duckdb.connect() as con:
        con.register("frame", frame)
        con.execute(f"COPY frame TO '{tmp_path}/d.parquet' (FORMAT parquet)")
    report = check(
        table="stops", data=tmp_path / "d.parquet", good=tmp_path / "g.parquet",
        quarantine=tmp_path / "q.csv", facts=tmp_path / "f.json",
        context={"today": TODAY, "groups": GROUPS},
    )  # fmt: skip
    assert report.rows_set_aside == 1
    text = (tmp_path / "f.json").read_text(encoding="utf-8")
    kept = json.loads(text)
    assert (kept["unit"], kept["flags"]) == ("months", ["search_conducted"])
    assert kept["cells"] == [
        ["2024-01-01", "black", 10, 1, 10],
        ["2024-01-01", "not known", 1, 0, 0],
        ["2024-01-01", "white", 29, 2, 29],
        ["2024-02-01", "white", 19, 2, 19],
    ]
    assert kept["categories"]["district"] == {"North": 50}
    assert "s12" not in text and "stop_id" not in text
    results = {r.id: r for r in report.rules}
    for rule in RULES:
        shown = results[
            f"S{importlib.import_module('data_checks.stops').KEYS.index(f'drift:{rule}') + 1}"
        ]
        assert (shown.outcome, shown.because) == (
            "nothing to test",
            "no earlier load was accepted",
        )


def test_a_row_with_a_weight_counts_as_often(tmp_path):
    plain = looked(tmp_path, steady(3).drop(columns="stop_id")).facts
    by = ["date", "subject_race", "search_conducted"]
    grouped = steady(3).groupby(by).size().reset_index(name="weight")
    weighed = looked(tmp_path, grouped).facts
    assert weighed["cells"] == plain["cells"]


def test_totals_by_sex_are_not_counted_twice(tmp_path):
    frame = pd.DataFrame({
        "year": 2024, "margin": ["race", "race", "sex"], "race": ["white", "black", None],
        "sex": [None, None, "male"], "weight": [30, 10, 40],
    })  # fmt: skip
    kept = looked(tmp_path, frame, table="applicants").facts
    assert [c for c in kept["cells"] if c[2]] == [
        ["2024-01-01", "black", 10], ["2024-01-01", "white", 30]
    ]  # fmt: skip


def test_a_column_of_many_values_is_no_list_of_categories(tmp_path):
    frame = steady(2)
    kept = looked(tmp_path, frame.assign(beat=[f"b{i % 201}" for i in range(400)])).facts
    assert kept["categories"]["beat"] is None
    kept = looked(tmp_path, frame.assign(beat=[f"b{i % 200}" for i in range(400)])).facts
    assert len(kept["categories"]["beat"]) == 200


# --- nothing has changed -------------------------------------------------------------------------


def test_the_same_rows_again_and_a_usual_month_more(tmp_path, before):
    for n, tested in ((12, 12), (13, 12)):
        seen = looked(tmp_path, steady(n, district="North"), before)
        assert bad(seen) == {}
        assert len(seen.found["drift:months"]) == tested
        assert len(seen.found["drift:rates"]) == n - 11  # all months of then, and each new one
        assert seen.found["drift:rows"][0][1] == 1
        assert seen.found["drift:categories"]


def test_a_file_that_begins_later_has_lost_nothing(tmp_path, before):
    frame = steady(13, district="North")
    later = frame[frame["date"] > "2024-04-01"]
    seen = looked(tmp_path, later.iloc[150:], before)  # April is cut through as well
    assert bad(seen) == {}
    assert seen.found["drift:months"][0][0].startswith("May 2024: 200, before 200")
    stray = frame[(frame["date"] > "2024-04-01") | (frame.index == 7)]  # one row is older
    assert bad(looked(tmp_path, stray, before)) == {}


def test_a_load_of_new_months_alone_has_no_month_to_compare(tmp_path, before):
    frame = stops(dict.fromkeys(months("2025-01", 3), MIX), district="North")
    seen = looked(tmp_path, frame, before)
    assert seen.found["drift:rows"] == [] and seen.found["drift:months"] == []
    assert seen.rules["drift:rows"].because.startswith("no month or year")
    assert len(seen.found["drift:groups"]) == 3 and bad(seen) == {}


# --- planted: rows and months --------------------------------------------------------------------


def test_a_month_that_lost_rows_is_named(tmp_path, before):
    frame = steady(district="North")
    march = frame.index[frame["date"].dt.month == 3]
    seen = looked(tmp_path, frame.drop(march[::2]), before)
    assert bad(seen) == {"months": ["March 2024: 100, before 200"]}
    seen = looked(tmp_path, frame.drop(march[:12]), before)
    assert "months" not in bad(seen)  # 188 of 200


@pytest.mark.parametrize(("month", "named"), [(6, True), (11, False), (12, False)])
def test_late_entries_may_add_to_the_last_two_months(tmp_path, before, month, named):
    mixes = dict.fromkeys(months("2024-01", 12), MIX)
    mixes[f"2024-{month:02d}"] = {g: 3 * n // 2 for g, n in MIX.items()}
    seen = looked(tmp_path, stops(mixes, district="North"), before)
    assert bad(seen) == ({"months": ["June 2024: 300, before 200"]} if named else {})


def test_doubled_and_cut_short_and_older(tmp_path, before):
    frame = steady(district="North")
    seen = looked(tmp_path, pd.concat([frame, frame]), before)
    assert bad(seen)["rows"] == ["4,800 stops in the months that both loads hold, before 2,400"]
    assert len(bad(seen)["months"]) == 10
    older = frame[frame["date"] < "2024-10-01"]
    seen = looked(tmp_path, older, before)
    assert seen.found["drift:rows"][0][1] == pytest.approx(0.75)
    assert bad(seen)["months"] == [
        f"{month} 2024: 0, before 200" for month in ("October", "November", "December")
    ]


# --- planted: groups, rates, categories ----------------------------------------------------------


def test_words_for_race_that_changed(tmp_path, before):
    frame = steady(district="North")
    frame["subject_race"] = frame["subject_race"].replace("hispanic", "white")
    seen = looked(tmp_path, frame, before)
    assert bad(seen) == {
        "groups": [
            "hispanic: 0.0% of 2,000, before 10.0% of 2,000",
            "white: 70.0% of 2,000, before 60.0% of 2,000",
        ]
    }  # the last two months may still grow, and are left out


def test_shares_of_new_months(tmp_path, before):
    usual = dict.fromkeys(months("2024-01", 12), MIX)
    moved = usual | {"2025-01": {"white": 80, "black": 100, "hispanic": 20}}
    seen = looked(tmp_path, stops(moved, district="North"), before)
    assert bad(seen)["groups"] == [
        "black in the new months: 50.0% of 200, before 30.0% of 2,400",
        "white in the new months: 40.0% of 200, before 60.0% of 2,400",
    ]
    few = usual | {"2025-01": {"white": 8, "black": 10, "hispanic": 2}}  # the same, by chance
    assert bad(looked(tmp_path, stops(few, district="North"), before)) == {}
    gone = usual | {"2025-01": {"white": 600, "black": 300}}
    assert (
        "hispanic in the new months: 0.0% of 900, before 10.0% of 2,400"
        in (bad(looked(tmp_path, stops(gone, district="North"), before))["groups"])
    )


def test_months_that_differ_among_themselves_leave_more_room(tmp_path):
    # black stops swing between 20 % and 40 %: a new month of 46 % is told of even months only
    swing = {
        month: {"white": 140 - 40 * (i % 2), "black": 40 + 40 * (i % 2), "hispanic": 20}
        for i, month in enumerate(months("2024-01", 12))
    }
    last = looked(tmp_path, stops(swing)).facts
    new = {"2025-01": {"white": 88, "black": 92, "hispanic": 20}}
    assert "groups" not in bad(looked(tmp_path, stops(swing | new), last))
    even = dict.fromkeys(months("2024-01", 12), MIX)
    last = looked(tmp_path, stops(even)).facts
    assert "groups" in bad(looked(tmp_path, stops(even | new), last))


def test_other_groups_are_not_compared(tmp_path, before):
    frame = steady(district="North").replace({"subject_race": {"hispanic": "white"}})
    seen = looked(tmp_path, frame, before, scheme="us1977")
    assert seen.found["drift:groups"] == []
    assert seen.rules["drift:groups"].because == "the last accepted load was read in other groups"
    assert not any(name.startswith("race") for name, _ in seen.found["drift:categories"])


def test_search_rates(tmp_path, before):
    seen = looked(tmp_path, steady(district="North", rate=0.3), before)
    assert bad(seen) == {"rates": ["Search: 30.0%, before 10.0%"]}
    for share, named in ((0.3, True), (0.14, False), (0.0, True)):
        frame = steady(13, district="North", rate={"2025-01": share})
        seen = looked(tmp_path, frame, before)
        said = [f"Search in January 2025: {100 * share:.1f}%, before 10.0%"]
        assert bad(seen) == ({"rates": said} if named else {})


def test_a_small_group_that_is_gone_from_new_months(tmp_path):
    # of 300 new stops 12 would be expected; of 200 eight, and 2 times 5 are needed
    mix = {"white": 130, "black": 62, "hispanic": 8}
    usual = dict.fromkeys(months("2024-01", 12), mix)
    last = looked(tmp_path, stops(usual)).facts
    for n, gone in ((300, True), (200, False)):
        new = {"2025-01": {"white": n * 2 // 3, "black": n - n * 2 // 3}}
        said = bad(looked(tmp_path, stops(usual | new), last))
        assert said == (
            {"groups": ["hispanic in the new months: 0.0% of 300, before 4.0% of 2,400"]}
            if gone else {}
        )  # fmt: skip


def test_a_rate_that_halved_is_seen_in_several_new_months(tmp_path, before):
    # of 200 stops 10 instead of 20 are searched: 2.2 standard errors, in three months 3.4
    for n in (1, 3):
        new = months("2025-01", n)
        frame = steady(12 + n, district="North", rate=dict.fromkeys(new, 0.05))
        said = bad(looked(tmp_path, frame, before))
        assert said == (
            {"rates": ["Search in all new months: 5.0%, before 10.0%"]} if n > 1 else {}
        )


def test_a_rate_is_not_judged_by_five_months(tmp_path):
    last = looked(tmp_path, steady(5)).facts
    assert len(looked(tmp_path, steady(6, rate={"2024-06": 0.9}), last).found["drift:rates"]) == 1


def test_new_categories_are_named_where_they_are_no_single_rows(tmp_path, before):
    frame = steady(district="North")
    frame.loc[:2, "district"] = "O'Brien"
    frame.loc[3:4, "district"] = "Smith, 12 Elm St"
    frame["beat"] = "B7"  # a column that the last load had not
    seen = looked(tmp_path, frame, before)
    assert bad(seen) == {
        "categories": [
            "district “O'Brien”: 3 rows", "a value of district in fewer than 3 rows"
        ]
    }  # fmt: skip


def test_warnings_come_by_chance_in_few_loads(tmp_path):
    # months of 100 to 400 stops; shares of groups vary twice as much as chance alone makes them
    draw = np.random.default_rng(7)
    told = ["date", "subject_race", "search_conducted", "weight"]
    false = 0
    for _ in range(12):
        rows, cells = [], []
        for month in months("2023-01", 25):
            of = draw.multinomial(draw.integers(100, 400), draw.dirichlet([150, 75, 25]))
            for group, n in zip(GROUPS, map(int, of), strict=True):
                yes = int(draw.binomial(n, 0.08))
                day = pd.Timestamp(f"{month}-01")
                rows += [(day, group, True, yes), (day, group, False, n - yes)]
                cells.append([f"{month}-01", group, n, yes, n])
        frame = pd.DataFrame(rows, columns=told)
        frame["date"] = frame["date"].astype("datetime64[us]")
        last = {"format": 1, "unit": "months", "scheme": None, "flags": ["search_conducted"],
                "cells": cells[:-3], "categories": {}}  # fmt: skip
        seen = looked(tmp_path, frame, last)
        assert len(seen.found["drift:rates"]) == 2 and len(seen.found["drift:groups"]) == 6
        false += bool(bad(seen))
    assert false <= 1


# --- other tables --------------------------------------------------------------------------------


def applicants(*, hired: int, n: int = 100, years=(2022, 2023, 2024)) -> pd.DataFrame:
    rows = [(y, g, i < n // 2, i < hired) for y in years for g in GROUPS for i in range(n)]
    return pd.DataFrame(rows, columns=["year", "race", "written", "hired"])


def test_stages_of_applicants_by_year(tmp_path):
    told = {"table": "applicants", "stages": ("written", "hired")}
    last = looked(tmp_path, applicants(hired=10), **told).facts
    assert (last["unit"], last["flags"]) == ("years", ["written", "hired"])
    seen = looked(tmp_path, applicants(hired=20), last, **told)
    assert bad(seen) == {"rates": ["Hired: 20.0%, before 10.0%"]}
    more = pd.concat([applicants(hired=10), applicants(hired=0, years=(2024, 2025))])
    seen = looked(tmp_path, more, last, **told)
    assert bad(seen) == {}  # a year that is not over has more applicants, few hired
    fewer = applicants(hired=10).iloc[50:]
    seen = looked(tmp_path, fewer, last, **told)
    assert bad(seen)["months"] == ["2022: 250, before 300"]


def test_of_a_roster_the_latest_list_counts(tmp_path):
    def roster(dates: dict[str, int], **more) -> pd.DataFrame:
        frame = pd.concat([
            pd.DataFrame({"date": pd.Timestamp(d), "race": ["white", "black"] * (n // 2)})
            for d, n in dates.items()
        ])  # fmt: skip
        return frame.assign(date=frame["date"].astype("datetime64[us]"), **more)

    last = looked(tmp_path, roster({"2024-01-01": 200}), table="workforce").facts
    seen = looked(tmp_path, roster({"2025-01-01": 190}), last, "workforce")
    assert bad(seen) == {}
    seen = looked(tmp_path, roster({"2025-01-01": 120}), last, "workforce")
    assert bad(seen) == {"rows": ["120 people in the latest list, before 200"]}
    both = roster({"2024-01-01": 180, "2025-01-01": 200}, title="New Title")
    seen = looked(tmp_path, both, last, "workforce")
    assert bad(seen) == {}  # 20 fewer than 200 may be: twice the root is 28
    undated = roster({"2024-01-01": 100}).drop(columns="date")
    seen = looked(tmp_path, undated, last, "workforce")
    assert (
        seen.rules["drift:rows"].because == "the last accepted load told the time in another way"
    )


def test_a_file_without_any_date_is_compared_whole(tmp_path):
    told = {"table": "applicants", "stages": ("hired",)}
    frame = applicants(hired=10).drop(columns=["year", "written"])
    last = looked(tmp_path, frame, **told).facts
    assert last["unit"] == ""
    seen = looked(tmp_path, frame.iloc[:140], last, **told)
    assert bad(seen)["rows"] == ["140 people in the file, before 900"]
    assert seen.rules["drift:months"].because.startswith("the file has no dates")


# --- an agency -----------------------------------------------------------------------------------


def test_the_sample_and_a_month_more(tmp_path, riverton):
    from equity.sources import opp

    told = ["date", "subject_race", "search_conducted", "district", "reason_for_stop"]
    frame = opp.read(riverton / "data/stops.csv").df()[told]
    groups = tuple(frame["subject_race"].dropna().unique())
    whole = looked(tmp_path, frame, groups=groups).facts
    latest = whole["cells"][-1][0]
    earlier = whole | {"cells": [c for c in whole["cells"] if c[0] < latest]}
    for last, shared in ((earlier, 35), (whole, 36)):
        seen = looked(tmp_path, frame, last, groups=groups)
        assert bad(seen) == {} and len(seen.found["drift:months"]) == shared


AGENCY = """
[agency]
name = "Somewhere"
place = "Somewhere"
timezone = "America/New_York"
[workforce]
format = "roster"
files = ["roster.csv"]
date = "2024-01-01"
scheme = "stanford"
columns = { race = "race", person_id = "id" }
"""


def test_what_was_accepted_is_kept_and_asking_again_changes_nothing(tmp_path):
    from equity.agency import read_agency
    from equity.pipeline import check_agency

    (tmp_path / "equity.toml").write_text(AGENCY, encoding="utf-8")

    def deliver(people: int, *, header: str = "id,race", **more) -> dict[str, Any]:
        rows = [f"p{i},{'Black' if i % 3 else 'White'}" for i in range(people)]
        (tmp_path / "roster.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
        reports = check_agency(read_agency(tmp_path), today=TODAY, **more)
        keys = importlib.import_module("data_checks.workforce").KEYS
        return {
            keys[int(r.id[1:]) - 1]: r
            for r in reports["workforce"].rules if r.id != "W00"
        }  # fmt: skip

    assert deliver(200)["drift:rows"].outcome == "nothing to test"
    kept = tmp_path / "private" / "accepted" / "workforce.json"
    first = kept.read_bytes()
    assert deliver(200)["drift:rows"].outcome == "nothing to test"  # the same files
    assert kept.read_bytes() == first
    for people in (100, 100, 101):  # a row more does not make the loss the usual
        said = deliver(people)["drift:rows"]
        assert (said.outcome, said.examples) == (
            "failed", (f"{people} people in the latest list, before 200",)
        )  # fmt: skip
        assert "equity check --accept" in said.do and kept.read_bytes() == first
    assert deliver(101, accept=True)["drift:rows"].outcome == "failed"  # still told of this file
    held = kept.read_bytes()
    assert held != first
    assert deliver(101)["drift:rows"].outcome == "failed" and kept.read_bytes() == held
    deliver(300, header="id,nothing")  # cannot be used: what was accepted stays
    assert kept.read_bytes() == held
    assert deliver(105)["drift:rows"].outcome == "passed"
    for damaged in ("", "[]", '{"files": [], "facts": {}, "before": null}', "\x00"):
        kept.write_text(damaged, encoding="utf-8")
        assert deliver(40)["drift:rows"].because == "no earlier load was accepted"
        assert json.loads(kept.read_text(encoding="utf-8"))["before"] is None
    assert not list((tmp_path / "checks").rglob("*accepted*"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: f.iloc[:0],
        lambda f: f.drop(columns="subject_race"),
        lambda f: f.drop(columns="date"),
        lambda f: f.drop(columns=["search_conducted", "district"]),
        lambda f: f.assign(subject_race=None, search_conducted=None, date=None),
        lambda f: f.assign(date="03/05/24", search_conducted="maybe", subject_race=7),
    ],
)
def test_whatever_the_file_is_the_comparison_can_be_made(tmp_path, before, spoil):
    spoiled = spoil(steady(district="North"))
    seen = looked(tmp_path, spoiled, before, others={"residents": {"b": {"white": 9.0}}})
    assert set(seen.found) >= {f"drift:{rule}" for rule in RULES}
    again = looked(tmp_path, steady(district="North"), seen.facts)  # and the next one after it
    assert set(again.found) == set(seen.found)
