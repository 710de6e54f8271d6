"""Charts of who stays, waits and leaves: true titles, what is not drawn is said, one data set."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, said

from equity import charts
from equity.measures import exits, retention, time_to_stage

KW = {"group": "race", "reference": "white"}


def spells(black: float = 0.5, small: int = 4) -> pd.DataFrame:
    """Half of the Black people left after 20 months, a tenth of the others."""
    out = []
    for part in ("2015-2019", "2020-2024"):
        for group, n, share in (
            ("white", 200, 0.1), ("black", 120, black), ("hispanic", 80, 0.1),
            ("aian", small, 0.5),
        ):  # fmt: skip
            gone = round(n * share)
            out.append((group, part, 0, 20, "resigned", gone, gone))
            out.append((group, part, 0, 60, None, n - gone, 0))
        out.append(("white", part, 0, 30, "retired", 20, 20))
        out.append(("hispanic", part, 0, 40, None, 2, 2))
    out.append((None, "2015-2019", 0, 40, None, 3, 0))
    names = ["race", "hire_cohort", "entered", "months", "exit_reason", "n", "left"]
    return pd.DataFrame(out, columns=names).assign(left_known=lambda t: t.n)


def waits(more: int = 25) -> pd.DataFrame:
    out = []
    for stage, at in (("tested", 20), ("hired", 90)):
        for posting in ("A", "B"):
            for day in range(10):
                out.append(("white", posting, stage, at + day, 10, 10))
                out.append(
                    ("black", posting, stage, at + day + (more * at) // 90, 10, 10 - day // 5)
                )
                out.append(("hispanic", posting, stage, at + day, 5, 5))
            out.append(("asian", posting, stage, at, 3, 3))
    names = ["race", "posting", "stage", "days", "n", "reached"]
    return pd.DataFrame(out, columns=names).assign(reached_known=lambda t: t.n)


CASES = {
    "retention": (charts.retention, lambda: retention(spells(), **KW)),
    "retention by cohort": (
        charts.retention, lambda: retention(spells(), within="hire_cohort", **KW)
    ),
    "exits": (charts.exits, lambda: exits(spells(), **KW)),
    "exits by cohort": (charts.exits, lambda: exits(spells(), within="hire_cohort", **KW)),
    "time_to_stage": (charts.time_to_stage, lambda: time_to_stage(waits(), **KW)),
    "time_to_stage by posting": (
        charts.time_to_stage, lambda: time_to_stage(waits(), within="posting", **KW)
    ),
}  # fmt: skip
each = pytest.mark.parametrize("case", CASES)


def drawn(case):
    chart, table = CASES[case]
    return chart(table())


class TestEveryChart(ChartRules):
    cases = CASES


@each
def test_people_without_a_group_are_counted(case) -> None:
    if not case.startswith("time"):
        assert "Left out because the group is not known: 3 people" in said(drawn(case))


# ---- who stays -----------------------------------------------------------------------------


def test_the_title_says_who_stays_and_the_months_lost() -> None:
    made = drawn("retention")
    assert made.title.text == (
        "After 5 years, 50.0% of Black people were still in service, against 81.8% of White "
        "people: 13.6 more months of service lost on average; no clear difference can be told for "
        "the other group that is large enough"
    )
    assert "Too few people to tell: American Indian or Alaska Native" in said(made)
    assert "Months of service lost on average in the first 5 years" in said(made)
    same = charts.retention(retention(spells(black=0.18), **KW)).title.text
    assert same == "No clear difference in who stays in service can be told from these numbers"


def test_the_title_over_parts_counts_them() -> None:
    made = charts.retention(
        retention(spells(), within="hire_cohort", **KW), strata_label="hire cohort"
    )
    assert made.title.text == (
        "In both hire cohorts, Black people left clearly sooner than White people"
    )


def test_too_few_people_are_worded_and_nothing_is_drawn() -> None:
    few = spells()
    few = few.assign(n=few.n // 50, left=few.left // 50, left_known=few.n // 50)
    made = charts.retention(retention(few, **KW))
    assert made.title.text == "Too few people to tell who stays in service"
    assert made.height < 50 and len(made.layer) == 1


def test_lines_begin_at_hire_and_their_words_do_not_meet() -> None:
    rows = drawn("retention").to_dict()["datasets"]["table"]
    assert {r["group"] for r in rows if r["months"] == 0} == {"white", "black", "hispanic"}
    ends = sorted(r["words_y"] for r in rows if r["words_y"] is not None)
    assert len(ends) == 3 and (np.diff(ends) >= 15.9).all()
    assert {r["words"].split("% ")[1] for r in rows if r["words"]} == {
        "White",
        "Black",
        "Hispanic",
    }


def test_a_line_that_ends_early_is_said() -> None:
    frame = spells()
    more = frame.assign(months=frame.months.clip(upper=30), left=frame.left * (frame.months < 30))
    more = pd.concat([frame[frame.race != "black"], more[more.race == "black"]])
    made = charts.retention(retention(more, **KW))
    assert "Lines end where too few are left to tell: Black after 2 years" in said(made)


def test_a_group_without_a_curve_is_not_among_those_large_enough() -> None:
    """Few were seen from hire, many later: no curve, no test, no contradiction."""
    more = spells(small=0).query("race != 'aian'")
    late = pd.DataFrame(
        [("aian", "a", 0, 3, "resigned", 1, 1), ("aian", "a", 24, 60, None, 90, 0)],
        columns=list(more.columns[:-1]),
    ).assign(left_known=lambda t: t.n)  # fmt: skip
    made = charts.retention(retention(pd.concat([more, late]), **KW))
    assert str(made.title.text).endswith("the other group that is large enough")
    assert "Too few people to tell: American Indian or Alaska Native" in said(made)


def test_a_curve_from_snapshots_begins_where_it_is_known() -> None:
    made = charts.retention(retention(spells(), resolution=12, **KW))
    assert str(made.title.text).startswith(
        "Of those who completed 1 year, 50.0% of Black people were still in service after 5 years"
    )
    words = said(made)
    assert "Share of those who completed 1 year who are still in service" in words
    assert "When people left is known to within 1 year only" in words
    rows = made.to_dict()["datasets"]["table"]
    starts = [r for r in rows if r["begins"]]
    assert {(r["months"], r["at"], r["survival"]) for r in starts} == {(12, 12, 1)}
    assert not any(r["survival"] for r in rows if r["months"] < 12)


def test_parts_that_are_not_known_of_leavers_are_worded() -> None:
    frame = spells()
    frame.loc[(frame.race == "black") & (frame.left > 0), "hire_cohort"] = None
    made = charts.retention(retention(frame, within="hire_cohort", **KW))
    assert made.title.text == "Who stays in service cannot be compared from these numbers"
    assert "Not stated: hire_cohort is not known of" in said(made)
    assert "Too few people to tell" not in said(made)


# ---- who waits -----------------------------------------------------------------------------


def test_the_title_says_who_waits_longer() -> None:
    made = drawn("time_to_stage")
    title = str(made.title.text)
    assert re.fullmatch(
        r"Until hired, Black applicants waited a median of \d+ days, \d+ days longer than White "
        r"applicants; the same group differs at 1 other stage too",
        title,
    )
    none = charts.time_to_stage(time_to_stage(waits(0), **KW)).title.text
    assert none in (
        "No clear difference in how long groups wait can be told from these numbers",
        title,
    )
    by = charts.time_to_stage(
        time_to_stage(waits(), within="posting", **KW), strata_label="posting"
    )
    assert by.title.text == (
        "In both postings, Black applicants waited clearly longer than White applicants "
        "until hired"
    )


def test_rows_of_waits_say_who_reached_it_and_who_waits() -> None:
    rows = drawn("time_to_stage").to_dict()["datasets"]["table"]
    own = next(r for r in rows if r["group"] == "black" and r["stage"] == "hired")
    assert own["n_text"] == "190 reached it, 10 wait"
    few = next(r for r in rows if r["group"] == "asian")
    assert few["missing"] == "too few people to tell" and few["value"] is None
    assert "Who failed or withdrew waits no longer" in said(drawn("time_to_stage"))


def test_waits_are_not_compared_while_many_wait() -> None:
    frame = waits()
    open_ = frame.assign(reached=frame.reached - 2 * (frame.race == "black"))
    made = charts.time_to_stage(time_to_stage(open_, **KW))
    hispanic = time_to_stage(open_, **KW).query("group == 'hispanic'")
    assert hispanic.p_value.notna().all()
    assert "Black" not in str(made.title.text)
    assert "Not compared where many still wait, of whom some will fail: until tested" in said(made)
    rows = made.to_dict()["datasets"]["table"]
    assert {r["note"] for r in rows if r["group"] == "black"} == {"not compared: many still wait"}
    everyone = open_[open_.race != "hispanic"]
    alone = charts.time_to_stage(time_to_stage(everyone, **KW))
    assert alone.title.text == "Too many applicants still wait to compare how long groups wait"


# ---- who leaves ----------------------------------------------------------------------------


def test_the_title_of_exits_is_of_any_reason() -> None:
    made = drawn("exits")
    assert re.match(
        r"Per 100 years served, Black people left [\d.]+ times as often as White people",
        str(made.title.text),
    )
    assert "Clear differences by reason: resigned, Black" in said(made)
    assert "Too few people to tell: American Indian or Alaska Native" in said(made)


def test_reasons_are_drawn_by_size_and_the_rest_is_said() -> None:
    rows = drawn("exits").to_dict()["datasets"]["table"]
    assert list(dict.fromkeys(r["exit_reason"] for r in rows)) == [
        "any reason", "resigned", "retired", "not stated",
    ]  # fmt: skip
    made = charts.exits(exits(spells(), **KW), most=1)
    assert "1 reason with fewer exits is in the table only" in said(made)


def test_few_everywhere_are_worded() -> None:
    few = spells()
    few = few.assign(n=few.n // 50, left=few.left // 50, left_known=few.n // 50)
    made = charts.exits(exits(few, **KW))
    assert made.title.text == "Too few people to tell how often each group leaves"
