"""Rates of a yes/no column by group."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import rates

COLUMNS = (
    "stratum group reference n x x_known rate low high ratio ratio_low ratio_high difference "
    "difference_low difference_high p_value p_adjusted unknown method reason"
)


def drawn(text: str) -> pd.DataFrame:
    """Read a small table drawn as text; a dash is missing."""
    return pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")


STOPS = drawn("""
 race      district   n  searched  searched_known
 white     north    100        10              90
 black     north     50        12              48
 hispanic  north     20         0              20
 -         north      7         1               7
 white     south    300        30             300
 black     south     80        20              80
 hispanic  south      4         0               0
 white     -         10         1              10
 black     -          5         2               5
""")


def test_columns_are_fixed() -> None:
    """The table has one shape, whatever goes in."""
    for within in (None, "district"):
        table = rates(STOPS, of="searched", group="race", reference="white", within=within)
        assert " ".join(table.columns) == COLUMNS
        assert table.dtypes[["n", "x", "x_known", "unknown"]].eq("int64").all()
        assert all(
            table.dtypes[c] == "str" for c in ("stratum", "group", "reference", "method", "reason")
        )


def test_unknown_is_not_no() -> None:
    """A rate is x / x_known: 10 of 90 known, not of 100."""
    table = rates(
        STOPS[STOPS.district == "north"], of="searched", group="race", reference="white"
    ).set_index("group")
    assert table.rate["white"] == 10 / 90
    assert table.n["white"] == 100
    assert table.x_known["white"] == 90


def test_figures_are_those_of_proportions() -> None:
    """Wilson, Newcombe, Koopman and the fixed test, of 12 of 48 against 10 of 90."""
    table = rates(STOPS[STOPS.district == "north"], of="searched", group="race", reference="white")
    row = table[table.group == "black"].iloc[0]
    assert_allclose((row.low, row.high), pr.wilson(12, 48))
    assert_allclose((row.ratio_low, row.ratio_high), pr.koopman(12, 48, 10, 90))
    assert_allclose((row.difference_low, row.difference_high), pr.newcombe(12, 48, 10, 90))
    assert_allclose(row.p_value, pr.mid_p(12, 48, 10, 90))
    assert_allclose(row.ratio, (12 / 48) / (10 / 90))
    assert row.method.endswith("test: mid-p") and "Koopman" in row.method


def test_reference_is_named_on_every_row_and_compared_with_nobody() -> None:
    """The reference's own ratio is 1 by definition, without interval or test."""
    table = rates(STOPS, of="searched", group="race", reference="white")
    assert (table.reference == "white").all()
    own = table[table.group == "white"].iloc[0]
    assert own.ratio == 1 and own.difference == 0
    assert np.isnan([own.ratio_low, own.ratio_high, own.p_value, own.p_adjusted]).all()


def test_unknown_group_is_counted_not_a_group() -> None:
    """Rows without a race are no group; each row of their stratum says how many there are."""
    table = rates(STOPS, of="searched", group="race", reference="white", within="district")
    assert sorted(set(table.group)) == ["black", "hispanic", "white"]
    assert table.groupby("stratum").unknown.first().to_dict() == {
        "north": 7,
        "south": 0,
        "not known": 0,
    }


def test_rows_without_a_stratum_are_shown_last() -> None:
    """A missing district is a stratum of its own, so that strata add up to the whole."""
    table = rates(STOPS, of="searched", group="race", reference="white", within="district")
    assert list(dict.fromkeys(table.stratum)) == ["north", "south", "not known"]
    whole = rates(STOPS, of="searched", group="race", reference="white")
    assert table.groupby("group").n.sum().to_dict() == whole.set_index("group").n.to_dict()


def test_missing_figures_have_a_reason() -> None:
    """Nobody, nobody known, and a rate of 0 in the reference are said in words."""
    table = rates(STOPS, of="searched", group="race", reference="white", within="district")
    by = table.set_index(["stratum", "group"])
    assert by.loc[("not known", "hispanic"), "reason"] == "nobody of this group"
    assert (
        by.loc[("south", "hispanic"), "reason"] == "searched is not known for anyone of this group"
    )
    assert np.isnan(by.loc[("south", "hispanic"), "rate"])
    against = rates(
        STOPS[STOPS.district == "north"], of="searched", group="race", reference="hispanic"
    ).set_index("group")
    black = against.loc["black"]
    low = pr.koopman(12, 48, 0, 20).low
    assert np.isnan(black.ratio) and black.difference == 0.25
    assert black.reason == (
        "no ratio: the rate of hispanic is 0 (0 of 20); "
        f"a ratio of {low:.2g} or more fits the counts"
    )


def test_a_rate_of_zero_is_zero() -> None:
    """0 of 20 known is a rate of 0 with an upper limit, not missing."""
    table = rates(
        STOPS[STOPS.district == "north"], of="searched", group="race", reference="white"
    ).set_index("group")
    assert table.rate["hispanic"] == 0 and table.ratio["hispanic"] == 0
    assert table.ratio_low["hispanic"] == 0 and table.ratio_high["hispanic"] > 0


def test_adjusted_for_all_comparisons_of_the_table() -> None:
    """Holm over every stratum and group that was tested."""
    table = rates(STOPS, of="searched", group="race", reference="white", within="district")
    assert_allclose(table.p_adjusted, pr.holm(table.p_value))
    assert (table.p_adjusted.dropna() >= table.p_value.dropna()).all()


def test_numbered_strata_are_in_order() -> None:
    """District 10 comes after district 9, also where the numbers are text."""
    frame = pd.DataFrame(
        {"d": ["10", "9", "1"] * 2, "g": ["a"] * 3 + ["b"] * 3, "n": 5, "f": 1, "f_known": 5}
    )
    table = rates(frame, of="f", group="g", reference="a", within="d")
    assert list(dict.fromkeys(table.stratum)) == ["1", "9", "10"]


def test_errors_say_the_rule_the_value_and_the_way_out() -> None:
    """A wrong reference, a missing column, an uncounted flag, no rows: each in one sentence."""
    call = {"of": "searched", "group": "race", "reference": "white"}
    with pytest.raises(
        ValueError, match="reference='White' is not one of the groups: black, hispanic, white"
    ):
        rates(STOPS, **call | {"reference": "White"})
    with pytest.raises(
        ValueError, match="within='precinct': there is no such column in the counts"
    ):
        rates(STOPS, **call, within="precinct")
    with pytest.raises(ValueError, match="The columns are: race, district, n"):
        rates(STOPS, **call | {"group": "subject_race"})
    with pytest.raises(ValueError, match=r"Count it with equity.count\(..., of=\['district'\]\)"):
        rates(STOPS, **call | {"of": "district"})
    with pytest.raises(ValueError, match="No row of the counts has a known 'race'"):
        rates(STOPS.iloc[:0], **call)
    with pytest.raises(TypeError, match="must be a count table"):
        rates([1, 2], **call)
    with pytest.raises(ValueError, match="x must not be larger than n"):
        rates(STOPS.assign(searched=1000), **call)


def test_the_input_is_not_changed() -> None:
    """A measure reads its counts and leaves them as they were."""
    before = STOPS.copy()
    rates(STOPS, of="searched", group="race", reference="white", within="district")
    pd.testing.assert_frame_equal(STOPS, before)


def test_a_reference_of_0_leaves_the_lower_end_and_the_test() -> None:
    """60 of 500 against 0 of 500: no ratio, yet at least 16 times as often, p 1.4e-15."""
    stops = pd.DataFrame(
        {"race": ["black", "white"], "n": 500, "searched": [60, 0], "searched_known": 500}
    )
    table = rates(stops, of="searched", group="race", reference="white").set_index("group")
    row = table.loc["black"]
    assert np.isnan(row.ratio) and np.isnan(row.ratio_high)
    assert_allclose(row.ratio_low, pr.koopman(60, 500, 0, 500).low)
    assert 15 < row.ratio_low < 16 and row.p_value < 1e-14


def test_whole_ratios_are_exact() -> None:
    """64 of 100 against 80 of 100 is 0.8, not .7999999999999999."""
    stops = pd.DataFrame(
        {"race": ["a", "b"], "n": 100, "searched": [64, 80], "searched_known": 100}
    )
    table = rates(stops, of="searched", group="race", reference="b").set_index("group")
    assert table.ratio["a"] == 0.8
    assert pr.rate_ratio(64, 100, 80, 100).ratio == 0.8


def test_keys_that_read_the_same_are_one() -> None:
    """1, 1.0 and "1" are one district; "not known" in words is what an empty cell says."""
    stops = pd.DataFrame(
        {
            "district": [1, "1", 1.0, "not known", None, "2"],
            "race": ["a", "a", "b", "a", "a", "b"],
            "n": [1, 2, 4, 8, 16, 32],
            "searched": 0,
            "searched_known": [1, 2, 4, 8, 16, 32],
        }
    )
    table = rates(stops, of="searched", group="race", reference="b", within="district")
    assert table.set_index(["stratum", "group"]).n.to_dict() == {
        ("1", "a"): 3, ("1", "b"): 4, ("2", "a"): 0, ("2", "b"): 32,
        ("not known", "a"): 24, ("not known", "b"): 0,
    }  # fmt: skip
