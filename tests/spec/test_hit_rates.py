"""Outcome test: finds among discretionary searches."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import hit_rates


def drawn(text: str) -> pd.DataFrame:
    """Read a small table drawn as text; an underscore is a blank, a dash is missing."""
    frame = pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")
    frame["search_basis"] = frame["search_basis"].str.replace("_", " ")
    return frame


# 200 stops without a search, searches by ground; of 3 consent searches the outcome is not known
STOPS = drawn("""
 subject_race  search_basis        n  search_conducted  search_conducted_known  contraband_found  contraband_found_known
 black         -                 120                 0                     110                 0                       0
 black         consent            40                40                      40                 8                      37
 black         probable_cause     20                20                      20                10                      20
 black         incident_to_arrest 15                15                      15                 9                      15
 white         -                  80                 0                      80                 0                       0
 white         -                   6                 6                       6                 3                       6
 white         consent            30                30                      30                12                      30
 white         inventory           4                 4                       4                 1                       4
 -             consent             5                 5                       5                 1                       5
""")  # noqa: E501


def test_who_is_left_out_is_counted() -> None:
    """Searches by law are left out, so are unknown outcomes; a missing ground is probable cause.

    The rule of the Stanford Open Policing Project (Pierson and others 2020).
    """
    table = hit_rates(STOPS, group="subject_race", reference="white").set_index("group")
    black, white = table.loc["black"], table.loc["white"]
    assert black[["n", "left_out_basis", "left_out_unknown", "x_known", "x"]].tolist() == [
        75, 15, 3, 57, 18,
    ]  # fmt: skip
    assert white[["n", "left_out_basis", "left_out_unknown", "x_known", "x"]].tolist() == [
        40, 4, 0, 36, 15,
    ]  # fmt: skip
    assert black.n == black.left_out_basis + black.left_out_unknown + black.x_known
    assert black.rate == 18 / 57 and white.rate == 15 / 36
    assert (table.unknown == 5).all()


def test_figures_are_those_of_proportions() -> None:
    """18 of 57 against 15 of 36."""
    row = hit_rates(STOPS, group="subject_race", reference="white").set_index("group").loc["black"]
    assert_allclose(row.ratio, (18 / 57) / (15 / 36))
    assert_allclose((row.ratio_low, row.ratio_high), pr.koopman(18, 57, 15, 36))
    assert_allclose(row.p_value, pr.mid_p(18, 57, 15, 36))


def test_like_rates_with_two_columns_more() -> None:
    """The columns are those of rates, and who was left out."""
    table = hit_rates(STOPS, group="subject_race", reference="white")
    assert " ".join(table.columns) == (
        "stratum group reference n x x_known rate low high ratio ratio_low ratio_high "
        "difference difference_low difference_high p_value p_adjusted left_out_basis "
        "left_out_unknown unknown method reason"
    )


def test_without_a_ground_all_searches_are_taken_and_it_is_said() -> None:
    """No column, or basis=None: all searches, stated in `method`."""
    for frame, basis in (
        (STOPS, None),
        (STOPS.drop(columns="search_basis"), "search_basis"),
    ):
        table = hit_rates(frame, group="subject_race", reference="white", basis=basis)
        black = table.set_index("group").loc["black"]
        assert (black.n, black.left_out_basis, black.x_known, black.x) == (75, 0, 72, 27)
        assert black.method.startswith("all searches (their ground is not in the counts)")


def test_missing_ground_follows_probable_cause() -> None:
    """If probable cause does not count as discretionary, neither does a missing ground."""
    table = hit_rates(
        STOPS, group="subject_race", reference="white", discretionary=("consent",)
    ).set_index("group")
    assert table.left_out_basis.to_dict() == {"black": 35, "white": 10}


def test_search_as_a_column_of_the_table() -> None:
    """The search may be counted by instead of counted: the same figures."""
    known = STOPS["search_conducted"] > 0
    by = STOPS.drop(columns=["search_conducted", "search_conducted_known"]).assign(
        search_conducted=pd.array(np.where(known, True, False), dtype="boolean")
    )
    ours = hit_rates(by, group="subject_race", reference="white")
    pd.testing.assert_frame_equal(ours, hit_rates(STOPS, group="subject_race", reference="white"))


def test_finds_without_a_search_give_no_rate() -> None:
    """More outcomes than searches is an error of the file: no figure, and the reason."""
    frame = STOPS.assign(search_conducted=STOPS.search_conducted.where(STOPS.n != 20, 10))
    table = hit_rates(frame, group="subject_race", reference="white").set_index("group")
    assert np.isnan(table.rate["black"])
    assert "recorded for more stops than were searched" in table.reason["black"]
    assert table.rate["white"] == 15 / 36


def test_no_search_is_a_reason() -> None:
    """A group that was never searched has no hit rate, nor has one searched by law only."""
    frame = pd.concat(
        [
            STOPS,
            pd.DataFrame(
                {
                    "subject_race": ["asian", "other"],
                    "search_basis": [None, "inventory"],
                    "n": [9, 2],
                    "search_conducted": [0, 2],
                    "search_conducted_known": [9, 2],
                    "contraband_found": [0, 1],
                    "contraband_found_known": [0, 2],
                }
            ),
        ]
    )
    reason = hit_rates(frame, group="subject_race", reference="white").set_index("group").reason
    assert reason["asian"] == "no search of this group"
    assert reason["other"] == "no discretionary search of this group"


def test_within_compares_each_stratum_with_itself() -> None:
    """Two districts of the same counts give the same figures twice."""
    two = pd.concat([STOPS.assign(district="a"), STOPS.assign(district="b")])
    table = hit_rates(two, group="subject_race", reference="white", within="district")
    once = hit_rates(STOPS, group="subject_race", reference="white")
    for _, part in table.groupby("stratum"):
        assert_allclose(part.rate, once.rate)
        assert_allclose(part.p_value, once.p_value)


def test_a_misspelt_column_is_named() -> None:
    """The error names the argument, the value and the columns there are."""
    with pytest.raises(ValueError, match="searches='searched': there is no such column"):
        hit_rates(STOPS, group="subject_race", reference="white", searches="searched")
