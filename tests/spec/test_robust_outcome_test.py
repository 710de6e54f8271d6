"""Search rate and hit rate read together (Gaebler and Goel 2025)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from equity import proportions as pr
from equity.measures import hit_rates, robust_outcome_test


def counts(rows, **columns) -> pd.DataFrame:
    """Rows: group, stops, searches, finds [, district]; without a ground."""
    return pd.DataFrame(
        [
            {
                "race": group,
                "district": district[0] if district else "all",
                "n": n,
                "search_conducted": s,
                "search_conducted_known": n,
                "contraband_found": x,
                "contraband_found_known": s,
            }
            | columns
            for group, n, s, x, *district in rows
        ]
    )


WHITE = ("white", 4000, 200, 60)


def found_in(rows, **kw) -> pd.DataFrame:
    table = robust_outcome_test(counts([WHITE, *rows]), group="race", reference="white", **kw)
    return table.set_index("group")


@pytest.mark.parametrize(
    ("row", "conclusion", "reads"),
    [
        (("g", 2000, 200, 30), "lower bar for this group", "points to a lower bar"),
        (("g", 4000, 100, 60), "higher bar for this group", "points to a higher bar"),
        (
            ("g", 2000, 200, 90),
            "inconclusive",
            "the two rates point different ways (searched more often and found more often)",
        ),
        (
            ("g", 8000, 200, 30),
            "inconclusive",
            "the two rates point different ways (searched less often and found less often)",
        ),
        (("g", 2000, 200, 55), "inconclusive", "the hit rate is not clear from chance"),
        (("g", 4000, 210, 30), "inconclusive", "the search rate is not clear from chance"),
        (("g", 4000, 210, 60), "inconclusive", "neither rate is clear from chance"),
    ],
)
def test_it_concludes_only_where_both_point_the_same_way(row, conclusion, reads) -> None:
    """The four corners, and what is not clear from chance."""
    found: Any = found_in([row]).loc["g"]
    assert found.conclusion == conclusion
    assert reads in found.reads
    assert (found.p_value < 0.05) == (conclusion != "inconclusive")


def test_the_figures_are_those_of_both_comparisons() -> None:
    """200 of 2,000 against 200 of 4,000 searched; 30 against 60 of 200 found."""
    row = found_in([("black", 2000, 200, 30)]).loc["black"]
    assert (row.n, row.x, row.x_known, row.hits, row.searches) == (2000, 200, 2000, 30, 200)
    assert (row.search_rate, row.search_rate_reference) == (0.1, 0.05)
    assert (row.hit_rate, row.hit_rate_reference) == (0.15, 0.3)
    assert_allclose((row.search_ratio, row.hit_ratio), (2, 0.5))
    assert_allclose((row.search_low, row.search_high), pr.koopman(200, 2000, 200, 4000))
    assert_allclose((row.hit_low, row.hit_high), pr.koopman(30, 200, 60, 200))
    assert_allclose(row.p_search, pr.pooled_z(200, 2000, 200, 4000)[1])
    assert_allclose(row.p_hit, stats.chi2_contingency([[30, 170], [60, 140]], False).pvalue)


def test_the_p_value_is_the_larger_of_the_two() -> None:
    """Intersection-union (Berger 1982); 1 where the two rates differ in the same direction."""
    row: Any = found_in([("black", 2000, 200, 30)]).loc["black"]
    assert row.p_value == max(row.p_search, row.p_hit)
    assert found_in([("black", 2000, 200, 90)]).p_value["black"] == 1


def test_holm_over_the_groups() -> None:
    """A conclusion that is clear alone may not be for the number of comparisons."""
    alone = ("black", 2000, 200, 41)
    assert found_in([alone]).conclusion["black"] == "lower bar for this group"
    table = found_in([alone, ("a", 1000, 50, 15), ("b", 1000, 50, 15)])
    assert_allclose(table.p_adjusted, pr.holm(table.p_value))
    assert table.p_value["black"] < 0.05 <= table.p_adjusted["black"]
    assert table.conclusion["black"] == "inconclusive"
    assert "clear alone, but not for the number of comparisons" in table.reads["black"]


def test_the_reference_has_no_row_and_no_share_in_holm() -> None:
    """One row for each other group."""
    table = found_in([("black", 2000, 200, 30), ("asian", 10, 1, 0)])
    assert sorted(table.index) == ["asian", "black"]
    assert (table.reference == "white").all()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("g", 50, 0, 0), "no discretionary search of this group"),
        (("g", 0, 0, 0), "no stop of this group"),
    ],
)
def test_without_searches_there_is_no_conclusion(row, words) -> None:
    """Missing, with the reason: not "inconclusive"."""
    found: Any = found_in([row]).loc["g"]
    assert pd.isna(found.conclusion) and np.isnan(found.p_value)
    assert found.reads == "not computable"
    assert found.reason.startswith(words)


def test_finds_of_nobody_can_be_compared_and_finds_of_neither_cannot() -> None:
    """No find in 60 searches is a lower hit rate; none in both groups is no comparison."""
    row = found_in([("g", 300, 60, 0)]).loc["g"]
    assert (row.hit_ratio, row.conclusion) == (0, "lower bar for this group")
    rows = counts([("white", 4000, 200, 0), ("g", 300, 60, 0)])
    row = robust_outcome_test(rows, group="race", reference="white").iloc[0]
    assert pd.isna(row.conclusion)
    assert "of hit rates, no ratio and no test: 0 in this group and in white" in row.reason


def test_a_search_of_which_it_is_not_known_is_no_stop_without_search() -> None:
    """The search rate is over the stops in which it is known."""
    frame = counts([WHITE, ("black", 2000, 200, 30)])
    frame.loc[1, "search_conducted_known"] = 1000
    row = robust_outcome_test(frame, group="race", reference="white").iloc[0]
    assert (row.n, row.x_known, row.search_rate) == (2000, 1000, 0.2)


def test_searches_by_law_are_stops_without_a_discretionary_search() -> None:
    """As in the replication materials of the paper: only discretionary searches are searches."""
    free = counts([("black", 1900, 200, 30), ("white", 3950, 200, 60)], search_basis="consent")
    law = counts([("black", 100, 100, 80), ("white", 50, 50, 40)], search_basis="inventory")
    table = robust_outcome_test(pd.concat([free, law]), group="race", reference="white")
    row = table.iloc[0]
    assert (row.x, row.x_known, row.searches, row.left_out_basis) == (200, 2000, 200, 100)
    assert_allclose((row.search_ratio, row.hit_ratio), (2, 0.5))


def test_hit_rates_are_those_of_hit_rates() -> None:
    """The same searches, the same rates, intervals and p-values."""
    frame = counts([WHITE, ("black", 2000, 200, 30), ("asian", 300, 9, 4)])
    ours = robust_outcome_test(frame, group="race", reference="white").set_index("group")
    theirs = hit_rates(frame, group="race", reference="white").set_index("group").loc[ours.index]
    for own, other in (
        ("hit_rate", "rate"),
        ("hit_ratio", "ratio"),
        ("hit_low", "ratio_low"),
        ("hit_high", "ratio_high"),
        ("p_hit", "p_value"),
    ):
        assert_allclose(ours[own], theirs[other])


def test_a_search_may_be_a_column_of_the_table() -> None:
    """Counted by whether there was a search: the same figures; not known stays not known."""
    frame = counts([WHITE, ("black", 2000, 200, 30)])
    split = []
    for row in frame.to_dict("records"):
        s, n = row["search_conducted"], row["n"]
        for flag, number in ((True, s), (False, n - s), (None, 5)):
            split.append(
                {
                    "race": row["race"],
                    "n": number,
                    "search_conducted": flag,
                    "contraband_found": row["contraband_found"] if flag else 0,
                    "contraband_found_known": s if flag else 0,
                }
            )
    by = pd.DataFrame(split).astype({"search_conducted": "boolean"})
    ours = robust_outcome_test(by, group="race", reference="white")
    assert ours.n[0] == 2005
    same = robust_outcome_test(frame, group="race", reference="white").drop(columns="n")
    pd.testing.assert_frame_equal(ours.drop(columns="n"), same)


def test_within_each_stratum_and_errors() -> None:
    """Two districts; a reference that is not there is named."""
    rows = [(*WHITE, "a"), ("black", 2000, 200, 30, "a"), ("black", 20, 2, 0, "b")]
    table = robust_outcome_test(
        counts(rows), group="race", reference="white", within="district"
    ).set_index("stratum")
    assert table.conclusion["a"] == "lower bar for this group"
    assert pd.isna(table.conclusion["b"])
    assert "no comparison: no known outcome for white" in table.reason["b"]
    with pytest.raises(ValueError, match="reference='blue' is not one of the groups"):
        robust_outcome_test(counts(rows), group="race", reference="blue")


def test_more_searches_than_stops_is_an_error_of_the_file() -> None:
    """No figure, and the reason."""
    frame = counts([WHITE, ("black", 2000, 200, 30)])
    frame.loc[1, "search_conducted_known"] = 100
    row = robust_outcome_test(frame, group="race", reference="white").iloc[0]
    assert np.isnan(row.search_rate) and pd.isna(row.conclusion)
    assert row.reason.startswith("more searches are recorded than stops")


def test_the_shape_is_fixed() -> None:
    """Whatever is counted, the same columns."""
    assert " ".join(found_in([("black", 2000, 200, 30)]).reset_index().columns) == (
        "group stratum reference n x x_known search_rate search_rate_reference search_ratio "
        "search_low search_high hits searches hit_rate hit_rate_reference hit_ratio hit_low "
        "hit_high p_search p_hit p_value p_adjusted conclusion reads left_out_basis "
        "left_out_unknown unknown method reason"
    )
