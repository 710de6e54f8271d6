"""Charts of the outcome tests: true titles, what is not drawn is said, one data set."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, marks, rows_of, said

from equity import charts
from equity.measures import hit_rates, kpt_test, robust_outcome_test

CITY = [  # group, stops, discretionary searches, finds
    ("white", 4000, 200, 60),
    ("black", 2000, 200, 30),
    ("hispanic", 2000, 200, 62),
    ("asian", 400, 4, 0),
    ("aian", 30, 0, 0),
]


def counts(rows=CITY, districts=("all",)) -> pd.DataFrame:
    out = []
    for district in districts:
        for group, n, s, x in rows:
            out += [
                (district, group, "consent", n, s, n, x, s),
                (district, group, "inventory", 9, 9, 9, 2, 9),
            ]
    columns = ["district", "race", "search_basis", "n", "search_conducted"]
    columns += ["search_conducted_known", "contraband_found", "contraband_found_known"]
    return pd.DataFrame(out, columns=columns)


def robust(rows=CITY, **kw):
    return robust_outcome_test(counts(rows, **kw), group="race", reference="white", **within(kw))


def kpt(rows=CITY, **kw):
    return kpt_test(counts(rows, **kw), group="race", **within(kw))


def hits(rows=CITY, **kw):
    return hit_rates(counts(rows, **kw), group="race", reference="white", **within(kw))


def within(kw) -> dict[str, Any]:
    return {"within": "district"} if kw else {}


TWO = {"districts": ("North", "South")}
CASES = {
    "robust_outcome_test": (charts.robust_outcome_test, robust),
    "robust_outcome_test by district": (charts.robust_outcome_test, lambda: robust(**TWO)),
    "kpt_test": (charts.kpt_test, kpt),
    "kpt_test by district": (charts.kpt_test, lambda: kpt(**TWO)),
    "outcome_scatter": (charts.outcome_scatter, lambda: hits(**TWO)),
}
each = pytest.mark.parametrize("case", CASES)


def drawn(case):
    chart, table = CASES[case]
    return chart(table())


class TestEveryChart(ChartRules):
    cases = CASES
    measures = {"outcome_scatter": "hit_rates"}


@each
def test_infra_marginality_is_one_sentence_at_every_hit_rate(case) -> None:
    """Wherever a hit rate is shown, also in the chart of hit rates itself."""
    for made in (drawn(case), charts.hit_rates(hits())):
        assert said(made).count("infra-marginality") == 1


@each
def test_what_was_left_out_is_said(case) -> None:
    """The searches by law, in every chart that shows a hit rate."""
    assert re.search(r"\d+ searches( of the groups compared)? left out because", said(drawn(case)))
    assert "45 searches left out because of their legal basis" in said(charts.hit_rates(hits()))


def test_that_no_ground_is_known_is_said() -> None:
    """Without grounds all searches are counted: the charts say it, not only `method`."""
    bare = counts().drop(columns="search_basis")
    table = hit_rates(bare, group="race", reference="white")
    assert "their legal basis is not in the counts" in said(charts.hit_rates(table))
    assert "not in the counts" in said(charts.kpt_test(kpt_test(bare, group="race")))
    assert "not in the counts" not in said(charts.hit_rates(hits()))


# ---- the robust outcome test ---------------------------------------------------------------


def test_the_robust_title_says_what_both_rates_point_to() -> None:
    """The conclusion, then for how many there is none."""
    title = charts.robust_outcome_test(robust()).title.text
    assert title == (
        "Black people were searched 2 times as often as White people, and contraband was found "
        "0.50 times as often: together this points to a lower bar; for 2 other groups the test is "
        "inconclusive"
    )
    higher = robust([CITY[0], ("black", 4000, 100, 70)])
    assert charts.robust_outcome_test(higher).title.text == (
        "Black people were searched 0.50 times as often as White people, and contraband was found "
        "2.33 times as often: together this points to a higher bar"
    )
    none = charts.robust_outcome_test(robust([CITY[0], CITY[2]])).title.text
    assert none == "Search rate and hit rate together lead to no conclusion for any group"
    nothing = charts.robust_outcome_test(robust([CITY[0], CITY[4]]).assign(conclusion=None))
    assert nothing.title.text == ("Search rate and hit rate cannot be compared from these numbers")


def test_the_robust_title_counts_districts() -> None:
    """The group that is clear in most districts leads."""
    made = charts.robust_outcome_test(robust(**TWO), strata_label="district")
    assert made.title.text.startswith(
        "In both districts, the two rates together point to a lower bar for Black people"
    )


def test_who_has_no_place_on_the_plane_is_named() -> None:
    """No find has no logarithm; no search has no ratio."""
    text = said(charts.robust_outcome_test(robust()))
    # the nine searches by law leave American Indians stopped, and not searched by choice
    assert "Not drawn: Asian (no search found anything)" in text
    assert "American Indian or Alaska Native (no discretionary search of this group)" in text


def test_all_four_corners_are_worded() -> None:
    """In words, and the reference in the middle."""
    spec = charts.robust_outcome_test(robust()).to_dict()
    words = [
        " ".join(m["mark"]["text"]) for m in marks(spec) if isinstance(m["mark"].get("text"), list)
    ]
    assert sorted(words) == [
        "searched less, found less: cannot tell",
        "searched less, found more: higher bar",
        "searched more, found less: lower bar",
        "searched more, found more: cannot tell",
    ]


def test_a_conclusion_is_filled_and_the_rest_hollow() -> None:
    """By two layers that share the rows."""
    spec = charts.robust_outcome_test(robust()).to_dict()
    rows = {r["group"]: r["concluded"] for r in spec["datasets"]["table"]}
    assert rows == {"black": True, "hispanic": False, "asian": False, "aian": False}
    filled = {
        m["mark"]["filled"]: m["transform"][0]["filter"]
        for m in marks(spec)
        if m["mark"]["type"] == "point" and "filled" in m["mark"]
    }
    assert filled[True].endswith("&& datum.concluded")
    assert filled[False].endswith("&& !datum.concluded")


def test_labels_of_neighbours_stand_on_different_sides() -> None:
    """Two groups in one place: their names do not hide each other."""
    rows = [CITY[0], ("black", 2000, 200, 30), ("hispanic", 2000, 201, 30)]
    table = charts.robust_outcome_test(robust(rows)).to_dict()["datasets"]["table"]
    assert table[0]["label_place"] != table[1]["label_place"]


# ---- the test of equal hit rates -----------------------------------------------------------


def test_the_kpt_title_says_whether_chance_explains_it() -> None:
    """The lowest and the highest; or that nothing can be told; or that there is no test."""
    assert charts.kpt_test(kpt()).title.text == (
        "Searches of the groups found contraband unequally often, by more than chance explains: "
        "from 15.0% for Black people to 31.0% for Hispanic people"
    )
    same = charts.kpt_test(kpt([CITY[0], CITY[2]]))
    assert same.title.text == (
        "Searches of 2 groups found contraband, and no difference between their hit rates can be "
        "told from chance"
    )
    alone = charts.kpt_test(kpt([CITY[0]]))
    assert alone.title.text == ("Hit rates of the groups cannot be compared from these numbers")
    assert "Nothing to compare: counted searches of one group only, White" in said(alone)
    both = charts.kpt_test(kpt(**TWO), strata_label="district").title.text
    assert both == (
        "In all 2 districts, searches of the groups found contraband unequally often, by more "
        "than chance explains"
    )


def test_the_kpt_subtitle_has_the_statistic() -> None:
    """Chi-square, degrees of freedom and the p-value, and how it was made."""
    table = kpt()
    text = said(charts.kpt_test(table))
    assert f"over 4 groups: {table.chi2[0]:.2f}, 3 degrees of freedom, p < 0.001" in text
    assert "from all tables with the same totals since some groups are small" in text


def test_kpt_rows_are_all_groups_the_lowest_and_the_highest_or_every_group() -> None:
    """With the table of hit rates, every group is drawn."""
    rows = charts.kpt_test(kpt()).to_dict()["datasets"]["table"]
    assert [r["label"] for r in rows] == ["All groups", "Black", "Hispanic"]
    rows = charts.kpt_test(kpt(), rates=hits()).to_dict()["datasets"]["table"]
    assert [r["label"] for r in rows] == ["All groups", "White", "Black", "Hispanic", "Asian"]


def test_a_group_looks_as_in_other_charts() -> None:
    """Whichever group is lowest in the first district."""
    rows = charts.kpt_test(kpt(**TWO)).to_dict()["datasets"]["table"]
    other = charts.hit_rates(hits()).to_dict()["datasets"]["table"]
    look = {r["group"]: (r["colour"], r["shape"]) for r in other if not r["is_reference"]}
    for row in rows:
        if row["group"] in look:
            assert (row["colour"], row["shape"]) == look[row["group"]]


# ---- the scatter of areas ------------------------------------------------------------------


def test_the_scatter_counts_areas_below_the_line() -> None:
    """The group with most searches leads; clear differences are counted."""
    rows = [CITY[0], CITY[1]]
    few = ("white", 300, 20, 9), ("black", 200, 20, 1)
    frame = pd.concat([counts(rows, districts=("A", "B")), counts(list(few), districts=("C",))])
    table = hit_rates(frame, group="race", reference="white", within="district")
    made = charts.outcome_scatter(table, strata_label="district")
    assert made.title.text == (
        "In all 2 districts, searches of Black people found contraband less often than searches "
        "of White people; 2 of these differences are clear"
    )
    assert (
        "Not drawn, with fewer than 30 counted searches of the group or of the comparison: "
        "districts, 1 for Black"
    ) in said(made)
    rows = {r["stratum"]: r for r in made.to_dict()["datasets"]["table"]}
    assert rows["C"]["at"] is None and rows["A"]["at"] == 0.15 and rows["A"]["reference_at"] == 0.3


def test_circles_are_named_and_none_is_of_a_place_that_is_not_known() -> None:
    """Few circles: each has its name; of many, those that differ clearly."""
    frame = pd.concat(
        [counts(list(CITY), districts=("A", "B")), counts(list(CITY), districts=(None,))]
    )
    table = hit_rates(frame, group="race", reference="white", within="district")
    assert "not known" in set(table["stratum"])
    made = charts.outcome_scatter(table, strata_label="district")
    rows = rows_of(made)
    assert {r["stratum"] for r in rows} == {"A", "B"}
    assert {r["name"] for r in rows if r["drawn"]} == {"A", "B"}
    lost = table[table["stratum"] == "not known"]["x_known"].sum()
    assert f"Not drawn: {lost:,} searches of which the district is not known" in said(made)
    many = counts(list(CITY), districts=tuple("abcdefghi"))
    rows = rows_of(
        charts.outcome_scatter(
            hit_rates(many, group="race", reference="white", within="district"),
            strata_label="district",
        )
    )
    own = [r for r in rows if r["drawn"]]
    assert any(r["clear"] for r in own) and not all(r["clear"] for r in own)
    assert all((r["name"] is not None) == r["clear"] for r in own)


def test_too_few_searches_everywhere_leave_no_picture_but_words() -> None:
    """Nothing is drawn as a fact."""
    table = hits([("white", 300, 20, 9), ("black", 200, 20, 1)], **TWO)
    made = charts.outcome_scatter(table, strata_label="district")
    assert made.title.text == (
        "No district has enough searches of two groups to compare their hit rates"
    )
    assert not any(r["drawn"] for r in made.to_dict()["datasets"]["table"])
    assert charts.outcome_scatter(table, minimum=5).title.text.startswith("In all 2 areas")


def test_a_panel_for_each_group_that_has_something_to_draw() -> None:
    """Asian and American Indian searches are too few for one."""
    spec = charts.outcome_scatter(hits(**TWO)).to_dict()
    assert len(spec["layer"]) == 2
    headings = [m["mark"]["text"] for m in marks(spec) if m["mark"].get("fontWeight") == "bold"]
    assert headings == ["Black", "Hispanic"]
    assert np.isin([r["panel"] for r in spec["datasets"]["table"]], [-1, 0, 1]).all()


def test_headlines_do_not_rest_on_a_handful_of_searches():
    few = [("white", 400, 8, 6), ("black", 400, 7, 1)]  # 0.19 times, p below .05
    for made in (charts.hit_rates(hits(few)), charts.kpt_test(kpt(few))):
        assert made.title.text == "Too few searches to say more: 15 in all"
    both = charts.robust_outcome_test(robust(few))
    assert both.title.text == "Too few searches to say more: 7 of Black people"
    assert not any(r["concluded"] for r in both.datasets["table"])
    assert "fewer than 30 counted searches" in hits(few)["reason"].iloc[0]
    assert hits(few)["ratio"].iloc[0] == pytest.approx(0.19, abs=0.01)  # the figure stands
    some = charts.hit_rates(hits([*CITY[:2], ("hispanic", 400, 29, 1)])).title.text
    assert some == (
        "Searches of Black people found contraband 0.50 times as often as searches of White "
        "people; there are too few searches of 1 other group to say more"
    )


def test_where_nothing_is_drawn_there_is_no_empty_grid():
    made = charts.outcome_scatter(hits([("white", 40, 9, 2), ("black", 40, 9, 1)], **TWO))
    assert made.height < 50
    assert len(made.layer) == 1
    assert made.title.text.startswith("No area has enough searches")


def test_parts_have_the_words_of_the_table():
    made = charts.hit_rates(hits(**TWO), labels={"North": "North side"})
    assert {r["stratum"] for r in made.datasets["table"]} == {"North side", "South"}
