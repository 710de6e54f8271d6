"""The picture of the ladder: where each mark stands, and a headline that counts nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from equity import charts

RUNGS = (
    "stop_rates", "veil_of_darkness", "rates", "standardized_rates", "hit_rates", "kpt_test",
    "robust_outcome_test", "threshold_test",
)  # fmt: skip
POINTS, OTHER, UNCLEAR, NONE = (
    "points to a difference", "points the other way", "cannot tell", "not computable",
)  # fmt: skip


def ladder(reads, group="black", **more):
    """One row for each rung, reading as given; None where there is no figure."""
    rows = []
    for rung, said in zip(RUNGS, reads, strict=True):
        there = said != NONE
        rows.append(
            {
                "rung": rung,
                "question": "Asked?",
                "group": "all" if rung == "kpt_test" else group,
                "reference": "white",
                "figure": "times as often",
                "result": "1.98 (1.93 to 2.03)" if there else None,
                "n": 1234 if there else None,
                "reads": said,
                "scope": None,
                "reason": None if there else "no benchmark: the file names no residents. Add one.",
            }
            | more
        )
    return pd.DataFrame(rows)


def drawn(chart):
    return pd.DataFrame(chart.datasets["table"]).set_index("rung")


def title(*reads):
    return charts.evidence_ladder(ladder(reads)).title.text


def test_each_mark_stands_where_its_test_reads():
    table = drawn(charts.evidence_ladder(ladder([POINTS, OTHER, UNCLEAR, NONE, *[POINTS] * 4])))
    assert table.loc["stop_rates", "at"] == 1
    assert table.loc["veil_of_darkness", "at"] == -1
    assert table.loc["rates", "at"] == 0
    assert pd.isna(table.loc["standardized_rates", "at"])
    # shape and colour both tell the side
    assert len({table.loc[r, "shape"] for r in ("stop_rates", "veil_of_darkness", "rates")}) == 3
    assert len({table.loc[r, "colour"] for r in ("stop_rates", "veil_of_darkness", "rates")}) == 3


def test_what_cannot_be_computed_says_why():
    table = drawn(charts.evidence_ladder(ladder([NONE, *[POINTS] * 7])))
    assert table.loc["stop_rates", "missing"].startswith("not computable, because no benchmark")
    assert pd.isna(table.loc["stop_rates", "n_text"]) and pd.isna(table.loc["stop_rates", "note"])


def test_the_test_over_all_groups_stands_in_its_place_on_the_ladder():
    made = drawn(charts.evidence_ladder(ladder([POINTS] * 8)))
    assert made.index.tolist() == list(RUNGS)
    assert made["head"].isna().all()


def test_the_headline_names_the_tests_and_counts_none():
    assert title(*[POINTS] * 8) == (
        "Black people: every test that can be computed points to a difference"
    )
    assert title(*[POINTS] * 7, UNCLEAR) == (
        "Black people: all tests but “suspicion before a search” point to a difference"
    )
    assert title(POINTS, *[UNCLEAR] * 7) == (
        "Black people: “stops for each resident” points to a difference; the rest cannot tell"
    )
    assert title(POINTS, OTHER, *[UNCLEAR] * 6) == (
        "Black people: “stops for each resident” points to a difference; “stops after dark” "
        "points the other way; the rest cannot tell"
    )
    assert title(*[UNCLEAR] * 8) == "Black people: none of these tests can tell a difference"
    assert title(*[NONE] * 8) == "Black people: no test can be computed"
    for reads in ([POINTS] * 8, [UNCLEAR] * 8, [POINTS] * 4 + [OTHER] * 4):
        assert not any(letter.isdigit() for letter in title(*reads))


def test_the_headline_does_not_call_what_is_missing_unclear():
    assert title(UNCLEAR, NONE, POINTS, *[NONE] * 5) == (
        "Black people: “searches” points to a difference; others cannot tell; the rest cannot be "
        "computed"
    )
    assert title(UNCLEAR, *[NONE] * 7) == (
        "Black people: “stops for each resident” cannot tell a difference; the rest cannot be "
        "computed"
    )


def test_a_test_of_all_groups_points_at_none_of_them():
    reads = [*[UNCLEAR] * 5, "groups differ", *[UNCLEAR] * 2]
    made = charts.evidence_ladder(ladder(reads))
    assert made.title.text == "Black people: none of these tests can tell a difference"
    row = drawn(made).loc["kpt_test"]
    assert pd.isna(row["at"]) and row["missing"] == "groups differ; it does not say which"


def test_why_a_clear_figure_is_not_read_as_one_stands_below_the_title():
    table = ladder([POINTS, UNCLEAR, *[POINTS] * 6])
    table["reason"] = table["reason"].astype(object)
    table.loc[1, "reason"] = "with the month held equal it is 0.91 (0.7 to 1.1); more"
    lines = charts.evidence_ladder(table).title.subtitle
    assert "Stops after dark: with the month held equal it is 0.91 (0.7 to 1.1)." in lines


def test_benchmarks_that_disagree_point_nowhere():
    two = pd.concat([ladder([POINTS, *[UNCLEAR] * 7]), ladder([OTHER, *[UNCLEAR] * 7]).head(1)])
    assert charts.evidence_ladder(two).title.text == (
        "Black people: none of these tests can tell a difference"
    )


def test_a_benchmark_and_a_wider_scope_are_written_beside_the_figure():
    table = ladder([POINTS] * 8)
    table.loc[0, "figure"] += ", against Adults"
    table.loc[7, "scope"] = "all years; all districts"
    made = drawn(charts.evidence_ladder(table))
    assert made.loc["stop_rates", "note"] == "ratio, Adults"
    assert made.loc["threshold_test", "note"] == "points, 0 is equal, all years, all districts"


def test_several_groups_stand_in_blocks():
    several = pd.concat([ladder([POINTS] * 8), ladder([UNCLEAR] * 8, group="hispanic")])
    made = charts.evidence_ladder(several)
    assert made.title.text == "What each test says of each group"
    heads = [h for h in drawn(made)["head"] if isinstance(h, str)]
    assert heads == ["Black", "Hispanic", "All groups at once"]


def test_it_is_told_in_words_too():
    made = charts.evidence_ladder(ladder([POINTS, NONE, *[UNCLEAR] * 6]))
    assert "Stops for each resident, points to a difference, 1.98" in made.description
    assert "Stops after dark, not computable" in made.description
    assert any("cannot be added up to a score" in line for line in made.title.subtitle)


def test_it_needs_the_table_of_the_measure():
    with pytest.raises(ValueError, match="reads"):
        charts.evidence_ladder(ladder([POINTS] * 8).drop(columns="reads"))
