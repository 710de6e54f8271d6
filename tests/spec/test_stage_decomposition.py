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
    """Connecticut v. Teal (1982): ln -.384153 + .912327 = .528174; test .5212-.8899 (Katz)."""
    table = stage_decomposition(TEAL, **CALL).set_index("stage")
    assert table.index.tolist() == ["test", "promoted", "bottom line"]
    assert_allclose(table.log_ratio, [-0.384153, 0.912327, 0.528174], atol=5e-7)
    assert_allclose(table.impact_ratio, [0.681028, 2.490110, 1.695833], atol=5e-7)
    assert_allclose(
        table.loc["test", ["ratio_low", "ratio_high"]].astype(float), [0.5212, 0.8899], atol=5e-5
    )
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
        "ratio_high share_of_total reason"
    )
    assert table.stratum.tolist() == ["2001"] * 3 + ["2002"] * 3


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
