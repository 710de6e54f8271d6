"""The impact ratio of the whole, taken apart by stage."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import stage_decomposition


def drawn(text: str) -> pd.DataFrame:
    """Read a table drawn as text: a flag without a `_known` column is known for everyone."""
    frame = pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")
    flags = [c for c in frame if c not in ("race", "year", "n") and "_known" not in c]
    return frame.assign(**{f"{f}_known": frame["n"] for f in flags if f"{f}_known" not in frame})


TEAL = drawn("""
 race     n  test  promoted
 black   48    26        11
 white  259   206        35
""")
CALL = {"group": "race", "stages": ["test", "promoted"], "reference": "white"}


def test_teal() -> None:
    """Connecticut v. Teal (1982): ln -.384153 + .912327 = .528174; intervals are Koopman's."""
    table = stage_decomposition(TEAL, **CALL).set_index("stage")
    assert table.index.tolist() == ["test", "promoted", "bottom line"]
    assert_allclose(table.log_ratio, [-0.384153, 0.912327, 0.528174], atol=5e-7)
    assert_allclose(table.impact_ratio, [0.681028, 2.490110, 1.695833], atol=5e-7)
    ends = table.loc["test", ["ratio_low", "ratio_high"]].astype(float)
    assert_allclose(ends, pr.koopman(26, 48, 206, 259))
    assert_allclose(table.loc["test", ["low", "high"]].astype(float), np.log(ends))
    assert (table.reference == "white").all() and (table.group == "black").all()


def test_stage_variances_add_up_to_the_bottom_line() -> None:
    """With all outcomes known the added variances are Katz's of the whole."""
    row = stage_decomposition(TEAL, **CALL).set_index("stage").loc["bottom line"]
    assert_allclose([row.ratio_low, row.ratio_high], pr.katz(11, 48, 35, 259))


def test_no_shares_where_stages_pull_apart() -> None:
    """Teal's stages have opposite signs: shares of the total would mislead."""
    table = stage_decomposition(TEAL, **CALL)
    assert table.share_of_total.isna().all()
    assert (table.reason == "no shares: the stages point in different directions").all()


def test_shares_where_all_stages_point_the_same_way() -> None:
    """Shares add up to 1 and the bottom line is the whole."""
    pool = drawn("race n test promoted\nblack 100 50 10\nwhite 100 80 40")
    table = stage_decomposition(pool, **CALL).set_index("stage")
    assert_allclose(table.share_of_total[["test", "promoted"]].sum(), 1)
    assert_allclose(table.share_of_total["test"], np.log(0.5 / 0.8) / np.log(0.1 / 0.4))
    assert table.share_of_total["bottom line"] == 1
    assert table.reason.isna().all()


def test_nobody_passed_has_no_logarithm() -> None:
    """0 of 26 promoted: no logarithm there, hence no sum; the test stage stays."""
    pool = drawn("race n test promoted\nblack 48 26 0\nwhite 259 206 35")
    table = stage_decomposition(pool, **CALL).set_index("stage")
    assert_allclose(table.log_ratio["test"], -0.384153, atol=5e-7)
    assert np.isnan(table.log_ratio[["promoted", "bottom line"]]).all()
    assert table.reason["promoted"] == "0 of 26 of this group passed: no logarithm"
    assert table.reason["bottom line"] == "a stage has no figure, so there is no sum"


def test_nobody_of_the_reference_passed() -> None:
    """The reference's own zero is named."""
    pool = drawn("race n test promoted\nblack 48 26 3\nwhite 259 206 0")
    reason = stage_decomposition(pool, **CALL).set_index("stage").reason
    assert reason["promoted"] == "0 of 206 of white passed: no logarithm"


def test_unknown_outcomes_do_not_count_as_failures() -> None:
    """6 of the 26 are still waiting: 11 of 20 are promoted."""
    pool = TEAL.assign(promoted_known=[42, 259])
    row = stage_decomposition(pool, **CALL).set_index("stage").loc["promoted"]
    assert (row.n, row.x) == (20, 11)
    assert_allclose(row.impact_ratio, (11 / 20) / (35 / 206))


def test_columns_are_fixed() -> None:
    """One shape, strata and groups in order."""
    pool = pd.concat([TEAL.assign(year=2001), TEAL.assign(year=2002)])
    table = stage_decomposition(pool, **CALL, within="year")
    assert " ".join(table.columns) == (
        "stratum stage group reference n x log_ratio low high impact_ratio ratio_low "
        "ratio_high p_value p_adjusted share_of_total unknown method reason"
    )
    assert table.stratum.tolist() == ["2001"] * 3 + ["2002"] * 3


def test_each_row_names_its_method_and_who_is_left_out() -> None:
    """Koopman and the test of the stage; the product at the bottom line; people of no group."""
    pool = pd.concat([TEAL, drawn("race n test promoted\n - 9 5 2").assign(race=None)])
    table = stage_decomposition(pool, **CALL).set_index("stage")
    assert table.unknown.tolist() == [9, 5, 9]
    assert table.method.tolist() == [
        "ratio: Koopman score; test: mid-p",
        "ratio: Koopman score; test: mid-p",
        "ratio: product of the stages, delta method",
    ]
    found = stage_decomposition(TEAL, group="race", stages=["test", "promoted"])
    assert found.method.str.startswith("reference: highest rate").all()


def test_p_values_are_those_of_the_stages_and_adjusted_together() -> None:
    """Each stage as in two_by_two_test; Holm over groups and stages, the bottom line left out."""
    pool = drawn("race n test promoted\nblack 48 26 11\nhispanic 60 40 9\nwhite 259 206 35")
    table = stage_decomposition(pool, **CALL)
    rows = table[table.stage != "bottom line"].set_index(["group", "stage"])
    assert_allclose(
        rows.p_value["black", "test"], pr.two_by_two_test(26, 48, 206, 259, beside=False).p_value
    )
    assert_allclose(rows.p_adjusted, pr.holm(rows.p_value))
    assert table[table.stage == "bottom line"][["p_value", "p_adjusted"]].isna().all(axis=None)


def test_a_reference_picked_for_its_rate_is_adjusted_for_all_pairs() -> None:
    """Three groups, two stages: 6 pairs, not 4."""
    pool = drawn("race n test promoted\nblack 48 26 4\nhispanic 60 40 9\nwhite 259 206 90")
    table = stage_decomposition(pool, **CALL | {"reference": None})
    assert (table.reference == "white").all()
    assert_allclose(table.p_adjusted, pr.holm(table.p_value, comparisons=6))


def test_everybody_passing_is_not_certainty() -> None:
    """3 of 3 against 50 of 100: 2.00 (.86-2.48), p .18; together no interval, and it says so."""
    pool = drawn("race n test promoted\nblack 3 3 3\nwhite 100 50 50")
    table = stage_decomposition(pool, **CALL).set_index("stage")
    first, second, last = table.loc["test"], table.loc["promoted"], table.loc["bottom line"]
    assert_allclose([first.ratio_low, first.ratio_high], [0.8629, 2.4763], atol=5e-5)
    assert_allclose(first.p_value, 0.177, atol=5e-4)
    assert second.impact_ratio == 1 and second.ratio_low < 0.5 < 1 < second.ratio_high
    assert last.impact_ratio == 2 and np.isnan([last.ratio_low, last.ratio_high]).all()
    assert "no interval: everyone of this group passed every stage" in last.reason


def test_a_stage_that_nobody_passed_is_a_ratio_of_0_and_is_tested() -> None:
    """0 of 50 against 40 of 80: a ratio of 0, at most .14 by these counts, p 1.6e-11."""
    pool = drawn("race n test promoted\nblack 50 0 0\nwhite 80 40 20")
    row = stage_decomposition(pool, **CALL).set_index("stage").loc["test"]
    assert np.isnan(row.log_ratio) and (row.impact_ratio, row.ratio_low) == (0, 0)
    assert_allclose(row.ratio_high, 0.1432, atol=5e-5)
    assert_allclose(row.p_value, 1.62e-11, rtol=0.01)


def test_a_stage_that_nobody_of_the_reference_passed() -> None:
    """The ratio has no upper end; its lower end and the test stand."""
    pool = drawn("race n test promoted\nblack 50 40 20\nwhite 80 0 0")
    row = stage_decomposition(pool, **CALL).set_index("stage").loc["test"]
    assert np.isnan([row.impact_ratio, row.ratio_high]).all()
    assert row.ratio_low > 5 and row.p_value < 1e-10


def test_unknown_outcomes_give_the_bottom_line_of_adverse_impact() -> None:
    """By hand: (40/80)/(100/200) x (10/40)/(50/100) = .50, as the bottom line (10/80)/(50/200)."""
    pool = drawn("race n t h\nb 100 40 10\nw 200 100 50").assign(
        t_known=[80, 200], h_known=[80, 200]
    )
    table = stage_decomposition(pool, group="race", stages=["t", "h"], reference="w")
    assert_allclose(table.impact_ratio, [1.0, 0.5, 0.5])


def test_errors() -> None:
    """A wrong reference and a wrong level are named."""
    with pytest.raises(ValueError, match="reference='asian' is not one of the groups: black, whi"):
        stage_decomposition(TEAL, **CALL | {"reference": "asian"})
    with pytest.raises(ValueError, match="For 95 % write 0.95"):
        stage_decomposition(TEAL, **CALL, confidence_level=95)


def test_without_a_reference_the_group_with_the_highest_rate_at_the_end_is_taken():
    """By hand: hired a 10/100, b 30/100; c 1 of 2, but c is under 2 % of the applicants."""
    counts = pd.DataFrame(
        {
            "race": ["a", "b", "c"],
            "n": [100, 100, 2],
            "tested": [50, 60, 2],
            "tested_known": [100, 100, 2],
            "hired": [10, 30, 1],
            "hired_known": [100, 100, 2],
        }
    )
    table = stage_decomposition(counts, group="race", stages=["tested", "hired"])
    assert set(table["reference"]) == {"b"}
