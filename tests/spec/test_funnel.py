"""The pipeline in numbers: who is still in after each stage, who was lost, who is open."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity.counts import count
from equity.measures import adverse_impact, funnel

STAGES = ["test", "promoted"]


def drawn(text: str) -> pd.DataFrame:
    """Read a table drawn as text: a flag without a `_known` column is known for everyone."""
    frame = pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")
    flags = [c for c in frame if c not in ("race", "sex", "year", "n") and "_known" not in c]
    return frame.assign(**{f"{f}_known": frame["n"] for f in flags if f"{f}_known" not in frame})


def one(table: pd.DataFrame, group: str, stage: str) -> pd.Series:
    """Return the one row of a group and stage."""
    return table[(table.group == group) & (table.stage == stage)].iloc[0]


TEAL = drawn("""
 race     n  test  promoted
 black   48    26        11
 white  259   206        35
""")


def test_connecticut_v_teal() -> None:
    """457 U.S. 440 (1982), 443-444: 48 and 259 took the test, 26 and 206 passed it.

    Of these, 11 and 35 were promoted: "a final selection rate of 22.9 %" and "13.5 %".
    """
    table = funnel(TEAL, group="race", stages=STAGES)
    assert table.stage.unique().tolist() == ["applied", "test", "promoted"]
    black, white = (table[table.group == g] for g in ("black", "white"))
    assert black.n.tolist() == [48, 26, 11] and black.lost.tolist() == [0, 22, 15]
    assert white.n.tolist() == [259, 206, 35] and white.lost.tolist() == [0, 53, 171]
    assert_allclose(black.share_of_applicants, [1, 0.54, 0.229], atol=5e-3)
    assert_allclose(white.share_of_applicants, [1, 0.7954, 0.135], atol=5e-4)
    assert_allclose(black.rate, [np.nan, 26 / 48, 11 / 26])
    assert_allclose(black.share_of_stage, [48 / 307, 26 / 232, 11 / 46])
    assert (table.pending == 0).all() and table.reason.isna().all()


def test_columns_are_fixed() -> None:
    """The table has one shape."""
    assert " ".join(funnel(TEAL, group="race", stages=STAGES).columns) == (
        "stratum stage group n lost withdrew pending share_of_applicants share_of_stage rate "
        "unknown reason"
    )


def test_it_has_the_rates_of_adverse_impact() -> None:
    """`rate` is the selection rate, and the people of a stage are those who passed it."""
    pool = drawn("race n t t_known u h\na 90 50 80 30 9\nb 120 70 110 55 20\n- 20 9 20 3 1")
    pool["u_known"], pool["h_known"] = [78, 108, 20], [75, 108, 20]
    stages = ["t", "u", "h"]
    table = funnel(pool, group="race", stages=stages)
    other = adverse_impact(pool, group="race", stages=stages, reference="b")
    for stage in stages:
        for group in "ab":
            mine, its = one(table, group, stage), one(other, group, stage)
            assert (mine.n, mine.rate) == (its.x, its.selection_rate)
            assert mine.lost == its.x_known - its.x and mine.pending == its.n - its.x_known


def test_open_results_are_not_losses() -> None:
    """40 applied: 12 hired, 18 turned down, 10 still under review."""
    pool = drawn("race n hired hired_known\na 40 12 30\nb 50 25 50")
    row = one(funnel(pool, group="race", stages=["hired"]), "a", "hired")
    assert (row.n, row.lost, row.pending) == (12, 18, 10)
    assert row.rate == 0.4 and row.share_of_applicants == 0.3


def test_who_withdrew_is_told_apart_from_who_waits() -> None:
    """A: 40 applied; the test: 30 passed, 4 failed, 5 withdrew, 1 waits; then 10, 12, 2, 6."""
    rows = (
        [("a", False, None, None)] * 4
        + [("a", None, None, False)] * 5
        + [("a", None, None, True)]
        + [("a", True, True, None)] * 10
        + [("a", True, False, None)] * 12
        + [("a", True, None, False)] * 2
        + [("a", True, None, True)] * 6
        + [("b", True, True, None)] * 3
        + [("b", None, None, None)] * 2
    )
    frame = pd.DataFrame(rows, columns=["race", "test", "hired", "still_open"])
    frame = frame.astype(dict.fromkeys(frame.columns[1:], "boolean"))
    counts = count(frame, by=["race", "still_open"], of=["test", "hired"])
    table = funnel(counts, group="race", stages=["test", "hired"])
    a = table[table.group == "a"]
    assert a.n.tolist() == [40, 30, 10] and a.lost.tolist() == [0, 4, 12]
    assert a.withdrew.tolist() == [0, 5, 2] and a.pending.tolist() == [0, 1, 6]
    assert one(table, "b", "test").pending == 2, "the file says nothing of them"
    plain = count(frame, by=["race"], of=["test", "hired"])
    before = funnel(plain, group="race", stages=["test", "hired"])
    assert (before.withdrew == 0).all()
    assert before.pending.tolist() == (table.pending + table.withdrew).tolist()
    same = ["n", "lost", "rate", "share_of_applicants"]
    pd.testing.assert_frame_equal(before[same], table[same])


def test_people_without_a_group_are_counted_at_each_stage() -> None:
    """They are in no share."""
    pool = drawn("race n t h\na 40 20 10\nb 60 20 10\n- 30 8 2")
    table = funnel(pool, group="race", stages=["t", "h"])
    assert table[table.group == "a"].unknown.tolist() == [30, 8, 2]
    assert_allclose(table[table.group == "a"].share_of_stage, [0.4, 0.5, 0.5])


def test_years_have_their_own_funnels() -> None:
    """And a group that did not apply in one of them says so."""
    pool = drawn("race year n t\na 2020 40 20\nb 2020 60 20\nb 2021 10 0")
    table = funnel(pool, group="race", stages=["t"], within="year")
    assert len(table) == 8
    gone = table[(table.stratum == "2021") & (table.group == "a")]
    assert gone.n.tolist() == [0, 0] and gone.share_of_applicants.isna().all()
    assert (gone.reason == "nobody of this group applied").all()
    nobody = table[(table.stratum == "2021") & (table.group == "b")].iloc[1]
    assert nobody.rate == 0 and np.isnan(nobody.share_of_stage)
    assert nobody.reason == "nobody passed this stage"


def test_nobody_left_and_nothing_known_are_reasons() -> None:
    """A stage that nobody entered, and one of which nobody knows the result."""
    pool = drawn("race n t h h_known\na 40 0 0 0\nb 60 20 0 0")
    table = funnel(pool, group="race", stages=["t", "h"])
    assert one(table, "a", "h").reason == "nobody of this group entered"
    assert one(table, "b", "h").reason == "no outcome is known for this group"
    assert one(table, "b", "h").pending == 20


@pytest.mark.parametrize(
    "change, words",
    [
        ({"stages": ["applied"]}, "'applied' is the name of the first stage"),
        ({"stages": []}, "name the flags of the stages in order"),
        ({"stages": ["promoted", "test"]}, "Stages must be nested"),
        ({"group": "gender"}, "group='gender': there is no such column"),
    ],
)
def test_errors(change: dict, words: str) -> None:
    """An error says the rule, the value and the way out."""
    with pytest.raises(ValueError) as error:
        funnel(TEAL, **{"group": "race", "stages": STAGES} | change)
    assert words in str(error.value)
