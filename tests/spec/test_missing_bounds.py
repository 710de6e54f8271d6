"""What a ratio could be if the unknown groups were known: bounds by hand, words, errors."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import adverse_impact, missing_bounds


def drawn(text: str) -> pd.DataFrame:
    """Read a table drawn as text: a flag without a `_known` column is known for everyone."""
    frame = pd.read_csv(io.StringIO(text.replace("not asked", "not_asked")), sep=r"\s+",
                        na_values="-")  # fmt: skip
    if "race_unknown" in frame:
        frame["race_unknown"] = frame["race_unknown"].str.replace("_", " ")
    skip = ("race", "race_sex", "sex", "year", "n", "race_unknown", "why")
    flags = [c for c in frame if c not in skip and "_known" not in c]
    return frame.assign(**{f"{f}_known": frame["n"] for f in flags if f"{f}_known" not in frame})


def one(table: pd.DataFrame, group: str, stage: str = "bottom line") -> pd.Series:
    """Return the one row of a group and stage."""
    return table[(table.group == group) & (table.stage == stage)].iloc[0]


POOL = drawn("race n hired\nblack 60 30\nwhite 80 50\n- 10 4")


def test_horowitz_and_manski_by_hand() -> None:
    """30 of 60, 50 of 80, and of 10 unknown 4 passed and 6 did not.

    The rate of Black applicants is least if the 6 are of them (30/66), most if the 4 are (34/64).
    The ratio is least if, besides, the 4 are white (54/84), most if the 6 are (50/86).
    """
    row = one(missing_bounds(POOL, group="race", of="hired", reference="white"), "black", "hired")
    assert (row.n, row.x, row.unknown, row.unknown_passed) == (60, 30, 10, 4)
    assert_allclose((row.rate, row.rate_least, row.rate_most), (0.5, 30 / 66, 34 / 64))
    assert_allclose(row.impact_ratio, 0.8)
    assert_allclose(row.ratio_least, (30 / 66) / (54 / 84))
    assert_allclose(row.ratio_most, (34 / 64) / (50 / 86))
    assert_allclose(row.unknown_share, 10 / 150)
    assert row.changes_finding


@pytest.mark.parametrize("passed", range(11))
def test_they_lie_in_the_bounds_without_results(passed: int) -> None:
    """Manski's [s/(n+m), (s+m)/(n+m)] is for results that nobody knows; ours are inside it.

    It is reached where all of the unknown passed, or none.
    """
    pool = POOL.assign(hired=[30, 50, passed])
    row = one(missing_bounds(pool, group="race", of="hired", reference="white"), "black", "hired")
    least, most = 30 / 70, 40 / 70
    assert least <= row.rate_least <= row.rate <= row.rate_most <= most
    assert (row.rate_least == least) == (passed == 0)
    assert (row.rate_most == most) == (passed == 10)


def test_the_proportional_version_by_hand() -> None:
    """Known: 30 of 80 who passed are Black, and 30 of 60 who did not.

    So of the 4, 1.5 are Black, of the 6, 3: 31.5/64.5 against 52.5/85.5.
    """
    row = one(missing_bounds(POOL, group="race", of="hired", reference="white"), "black", "hired")
    assert_allclose(row.ratio_proportional, (31.5 / 64.5) / (52.5 / 85.5))
    assert row.ratio_least < row.ratio_proportional < row.ratio_most


def test_the_range_with_chance_is_made_of_the_ends() -> None:
    """Low end of the interval of the least table, high end of that of the most (Koopman)."""
    row = one(missing_bounds(POOL, group="race", of="hired", reference="white"), "black", "hired")
    assert_allclose(row.ratio_low, pr.koopman(30, 66, 54, 84).low)
    assert_allclose(row.ratio_high, pr.koopman(34, 64, 50, 86).high)
    wide = one(
        missing_bounds(POOL, group="race", of="hired", reference="white", confidence_level=0.99),
        "black",
        "hired",
    )
    assert wide.ratio_low < row.ratio_low < row.ratio_high < wide.ratio_high


def test_without_unknown_people_it_is_adverse_impact() -> None:
    """Both ends are the ratio as recorded, and the interval is that of the ratio."""
    known = POOL.dropna()
    table = missing_bounds(known, group="race", stages=["hired"], reference="white")
    other = one(adverse_impact(known, group="race", stages=["hired"], reference="white"), "black")
    row = one(table, "black")
    ratios = [row[c] for c in ("impact_ratio", "ratio_least", "ratio_most", "ratio_proportional")]
    assert_allclose(ratios, other.impact_ratio)
    assert_allclose((row.ratio_low, row.ratio_high), (other.ratio_low, other.ratio_high))
    assert not row.changes_finding and row.unknown_share == 0


def test_the_answer_turns_in_whole_numbers() -> None:
    """64 of 100 against 80 of 100 is not below; one unknown who did not pass makes it so."""
    pool = drawn("race n hired\nblack 100 64\nwhite 100 80\n- 1 0")
    row = one(missing_bounds(pool, group="race", stages=["hired"], reference="white"), "black")
    assert row.impact_ratio == 0.8 and row.changes_finding
    pool = drawn("race n hired\nblack 100 66\nwhite 100 80\n- 1 0")
    row = one(missing_bounds(pool, group="race", stages=["hired"], reference="white"), "black")
    assert not row.changes_finding


WHY = drawn("""
 race   race_unknown  n   tested  hired
 black  -             60  40      20
 white  -             80  60      40
 -      declined      10   8       4
 -      withheld       5   5       1
 -      not_asked      3   0       0
 -      -              2   1       1
""")


def test_reasons_stay_apart_at_every_stage() -> None:
    """Declined, withheld, not asked; a missing reason is "not stated"."""
    table = missing_bounds(WHY, group="race", stages=["tested", "hired"], reference="white")
    columns = [f"unknown_{w}" for w in ("declined", "withheld", "not_asked", "not_stated")]
    assert [one(table, "black", s)[columns].tolist() for s in ("tested", "hired")] == [
        [10, 5, 3, 2],
        [8, 5, 0, 1],
    ]
    assert one(table, "black").unknown == 20 and one(table, "black").unknown_passed == 6
    assert (table[columns].sum(axis=1) == table.unknown).all()
    assert (table[columns].dtypes == "Int64").all()


def test_without_reasons_they_are_missing_not_zero() -> None:
    """And the figures are the same."""
    call = {"stages": ["tested", "hired"], "reference": "white"}
    table = missing_bounds(WHY.drop(columns="race_unknown"), group="race", **call)
    told = missing_bounds(WHY, group="race", **call)
    columns = [c for c in table if c.startswith("unknown_") and c not in
               ("unknown_passed", "unknown_share")]  # fmt: skip
    assert table[columns].isna().all(axis=None)
    pd.testing.assert_frame_equal(table.drop(columns=columns), told.drop(columns=columns))


def test_where_the_reason_stands() -> None:
    """`race_unknown` serves crossed groups too; another column can be named; sex has its own."""
    crossed = WHY.rename(columns={"race": "race_sex"})
    call = {"of": "hired", "reference": "white"}
    assert missing_bounds(crossed, group="race_sex", **call).unknown_declined[0] == 10
    named = WHY.rename(columns={"race_unknown": "why"})
    assert missing_bounds(named, group="race", because="why", **call).unknown_declined[0] == 10
    sex = WHY.rename(columns={"race": "sex"})
    assert missing_bounds(sex, group="sex", **call).unknown_declined.isna().all()


def test_columns_are_fixed() -> None:
    """The table has one shape, and with `of` no bottom line."""
    table = missing_bounds(POOL, group="race", of="hired", reference="white")
    assert " ".join(table.columns) == (
        "stratum stage group reference n x rate rate_least rate_most impact_ratio ratio_least "
        "ratio_most ratio_low ratio_high ratio_proportional unknown unknown_passed unknown_share "
        "unknown_declined unknown_withheld unknown_not_asked unknown_not_stated changes_finding "
        "method reason"
    )
    assert table.stage.unique().tolist() == ["hired"]
    staged = missing_bounds(POOL, group="race", stages=["hired"], reference="white")
    assert staged.stage.unique().tolist() == ["hired", "bottom line"]
    assert (staged.reference == "white").all()


def test_a_reference_whose_rate_could_be_zero() -> None:
    """0 of 80 passed, but two unknown people did: a least ratio, and no end above."""
    pool = drawn("race n hired\nblack 60 30\nwhite 80 0\n- 10 2")
    row = one(missing_bounds(pool, group="race", of="hired", reference="white"), "black", "hired")
    assert np.isnan(row.impact_ratio) and np.isnan(row.ratio_most) and np.isnan(row.ratio_high)
    assert_allclose(row.ratio_least, (30 / 68) / (2 / 82))
    assert row.reason == "no upper end: the rate of white could be 0"
    assert pd.isna(row.changes_finding)


def test_missing_figures_have_reasons() -> None:
    """Nobody of the group, nobody of the reference, nobody passed at all, a small group."""
    pool = drawn("""
     race  year  n   hired
     a     2020  40  10
     b     2021  50  20
     a     2022  40  0
     b     2022  40  0
     a     2023  99  9
     b     2023  1   1
    """)
    table = missing_bounds(pool, group="race", of="hired", reference="a", within="year")
    assert table.groupby("group", sort=False).reason.agg(list).to_dict()["b"] == [
        "nobody of this group with a known outcome",
        "no comparison: no known outcome for a",
        "no ratio: 0 in this group and in a",
        "not judged: under 2.0% of the applicants",
    ]
    last = table[(table.stratum == "2023") & (table.group == "b")].iloc[0]
    assert last.ratio_least == 11 and pd.isna(last.changes_finding)
    assert not missing_bounds(
        pool, group="race", of="hired", reference="a", within="year", minimum_share=0
    ).changes_finding[7]


def test_unknown_results_are_left_out() -> None:
    """Of 20 unknown people, 12 have a result: only they can move the figures."""
    pool = drawn("race n hired hired_known\nblack 60 30 60\nwhite 80 50 80\n- 20 4 12")
    row = one(missing_bounds(pool, group="race", of="hired", reference="white"), "black", "hired")
    assert (row.unknown, row.unknown_passed) == (12, 4)
    assert_allclose(row.rate_least, 30 / 68)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"stages": ["hired"]}, "not both"),
        ({"of": None}, "not none"),
        ({"reference": "White"}, "reference='White' is not one of the groups: black, white"),
        ({"because": "why"}, "because='why': there is no such column"),
        ({"minimum_share": 2}, "For 2 % write 0.02"),
        ({"of": "offered"}, "'offered': there is no such column"),
    ],
)
def test_errors(change: dict, words: str) -> None:
    """An error says the rule, the value and the way out."""
    with pytest.raises(ValueError) as error:
        missing_bounds(POOL, **{"group": "race", "of": "hired", "reference": "white"} | change)
    assert words in str(error.value)


def test_a_reason_that_is_not_one_of_the_four_is_refused() -> None:
    """Nothing is guessed: the word, the four, and the way out."""
    odd = WHY.assign(race_unknown=WHY["race_unknown"].replace("declined", "refused"))
    with pytest.raises(ValueError, match="says 'refused'.*declined, withheld, not asked"):
        missing_bounds(odd, group="race", of="hired", reference="white")


def test_nobody_of_a_known_group_is_refused() -> None:
    """There is nothing to compare."""
    with pytest.raises(ValueError, match="No row of the counts has a known 'race'"):
        missing_bounds(POOL[POOL.race.isna()], group="race", of="hired", reference="white")


def test_without_a_named_reference_it_is_the_highest_as_recorded() -> None:
    """As in adverse impact, at each stage; the same figures as with that group named."""
    pool = drawn("race n t h\na 60 50 20\nb 80 50 30\nc 1 1 1\n- 10 6 4")
    call = {"group": "race", "stages": ["t", "h"]}
    table = missing_bounds(pool, **call)
    other = adverse_impact(pool, **call)
    assert table.reference.tolist() == other.reference.tolist()
    assert table.groupby("stage", sort=False).reference.first().tolist() == ["a", "b", "b"]
    named = missing_bounds(pool, reference="b", **call)
    later = table.stage != "t"
    pd.testing.assert_frame_equal(
        table[later].drop(columns="method"), named[later].drop(columns="method")
    )
    assert table.method.str.startswith("reference: highest rate").all()


def test_where_nobody_passed_there_is_no_reference() -> None:
    """The reason, and the rates all the same."""
    pool = drawn("race n h\na 60 0\nb 80 0\n- 10 1")
    row = one(missing_bounds(pool, group="race", of="h"), "a", "h")
    assert (
        pd.isna(row.reference) and np.isnan(row.ratio_least) and np.isnan(row.ratio_proportional)
    )
    assert row.reason == "no reference: no group passed, or none is large enough to be judged"
    assert_allclose((row.rate_least, row.rate_most), (0, 1 / 61))


def test_who_is_still_in_the_running_is_said_at_the_bottom_line() -> None:
    """The bottom line is that of results known so far, which is too low: 19 and 34 are open."""
    pool = drawn("race n t h\nblack 100 60 10\nwhite 200 150 60\n- 20 12 4").assign(
        h_known=[81, 166, 20]
    )
    table = missing_bounds(pool, group="race", stages=["t", "h"], reference="white")
    assert one(table, "black").reason == (
        "19 still in the running: early failures count and late passes do not yet, so the rate "
        "is too low; of white 34 still in the running"
    )
    assert pd.isna(one(table, "black", "t").reason)
