"""Selection rates by stage: four-fifths, flip rule, tests; cases of the courts."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity import proportions as pr
from equity.measures import adverse_impact

REAL = Path(__file__).parents[2].parent / "shared" / "data"


def drawn(text: str) -> pd.DataFrame:
    """Read a table drawn as text: a flag without a `_known` column is known for everyone."""
    frame = pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")
    flags = [c for c in frame if c not in ("race", "sex", "year", "n") and "_known" not in c]
    return frame.assign(**{f"{f}_known": frame["n"] for f in flags if f"{f}_known" not in frame})


def one(table: pd.DataFrame, group: str, stage: str = "bottom line") -> pd.Series:
    """Return the one row of a group and stage."""
    return table[(table.group == group) & (table.stage == stage)].iloc[0]


TEAL = drawn("""
 race     n  test  promoted
 black   48    26        11
 white  259   206        35
""")


def test_uniform_guidelines_example() -> None:
    """Uniform Guidelines, 29 CFR 1607.4D: rates 60, 45, 48, 51 % give .75, .80, .85; one below."""
    pool = drawn("""
     race        n  hired
     white     120     72
     black      80     36
     hispanic  100     48
     asian     100     51
    """)
    table = adverse_impact(pool, group="race", stages=["hired"])
    bottom = table[table.stage == "bottom line"].set_index("group")
    assert_allclose(bottom.impact_ratio[["black", "hispanic", "asian"]], [0.75, 0.80, 0.85])
    assert bottom.below_four_fifths.to_dict() == {
        "asian": False, "black": True, "hispanic": False, "white": False,
    }  # fmt: skip
    assert (bottom.reference == "white").all()


@pytest.mark.parametrize(
    "a, n1, b, n2, below",
    [
        (64, 100, 80, 100, False),
        (63, 100, 80, 100, True),
        (8, 30, 10, 30, False),
        (4, 50, 5, 50, 0),
    ],
)
def test_exactly_four_fifths_is_not_below(a: int, n1: int, b: int, n2: int, below: bool) -> None:
    """Decided in whole numbers: 5 a n2 < 4 b n1; exactly .80 is not below (29 CFR 1607.4D)."""
    pool = pd.DataFrame(
        {"race": ["focal", "other"], "n": [n1, n2], "hired": [a, b], "hired_known": [n1, n2]}
    )
    row = one(adverse_impact(pool, group="race", stages=["hired"], reference="other"), "focal")
    assert row.below_four_fifths == bool(below) == (row.impact_ratio < 0.8)


def test_teal_stages_and_bottom_line() -> None:
    """Connecticut v. Teal, 457 U.S. 440 (1982).

    Test 26 of 48 against 206 of 259: .681028 (z -3.757385, Fisher .000404); promoted given pass 11
    of 26 against 35 of 206: 2.490110; bottom line 1.695833.
    """
    table = adverse_impact(TEAL, group="race", stages=["test", "promoted"], reference="white")
    black = table[table.group == "black"].set_index("stage")
    assert black.index.tolist() == ["test", "promoted", "bottom line"]
    assert_allclose(black.impact_ratio, [0.681028, 2.490110, 1.695833], atol=5e-7)
    assert black[["n", "x"]].values.tolist() == [[48, 26], [26, 11], [48, 11]]
    assert_allclose(black.z["test"], -3.757385, atol=5e-7)
    assert_allclose(black.p_fisher["test"], 0.000404, atol=5e-7)
    assert black.below_four_fifths.tolist() == [True, False, False]


def test_morris_2017_tests_beside_each_other() -> None:
    """Morris 2017: 2 of 10 women, 15 of 25 men; the default is mid-p, the others stand beside."""
    pool = drawn("sex n hired\nfemale 10 2\nmale 25 15")
    row = one(adverse_impact(pool, group="sex", stages=["hired"]), "female")
    assert row.reference == "male"
    assert_allclose(
        [row.z, row.p_z, row.p_fisher, row.p_mid, row.p_boschloo, row.p_value],
        [-2.138963, 0.03243865, 0.0599, 0.0437, 0.0366, 0.0437],
        atol=5e-5,
    )
    assert row.method.endswith("test: mid-p")


def test_flip_rule_of_the_guidelines() -> None:
    """Uniform Guidelines Q&A 21: 3 of 20 against 16 of 80; flipped 4/20 v 15/80 is 1.067."""
    pool = drawn("race n hired\nblack 20 3\nwhite 80 16")
    row = one(adverse_impact(pool, group="race", stages=["hired"]), "black")
    assert_allclose(row.impact_ratio, 0.75)
    assert_allclose(row.flip_ratio, 16 / 15)
    assert row.too_few and row.below_four_fifths
    plenty = drawn("race n hired\nblack 200 30\nwhite 800 160")
    row = one(adverse_impact(plenty, group="race", stages=["hired"]), "black")
    assert_allclose(row.impact_ratio, 0.75)
    assert not row.too_few


def test_a_near_tie_of_many_is_not_too_few() -> None:
    """4,999 against 5,000 of 10,000 would reverse, but nothing rests on it: it is no finding."""
    pool = drawn("race n hired\na 10000 4999\nb 10000 5000")
    row = one(adverse_impact(pool, group="race", stages=["hired"], reference="b"), "a")
    assert row.flip_ratio > 1 and not row.below_four_fifths and not row.too_few


def test_flip_goes_the_other_way_for_a_higher_rate() -> None:
    """Above a named reference, one fewer of the group and one more of the reference."""
    pool = drawn("race n hired\nblack 20 5\nwhite 80 16")
    table = adverse_impact(pool, group="race", stages=["hired"], reference="white")
    row = one(table, "black")
    assert_allclose(row.flip_ratio, (4 / 20) / (17 / 80))
    assert not row.too_few and not row.below_four_fifths


def test_flip_to_equal_is_not_reversed() -> None:
    """An order that becomes a tie is not reversed: 4 of 20 against 6 of 20."""
    row = one(
        adverse_impact(drawn("race n hired\na 20 4\nb 20 6"), group="race", stages=["hired"]), "a"
    )
    assert_allclose(row.flip_ratio, 1.0)
    assert not row.too_few


RICCI = drawn("""
 exam        race   n  passed
 Captain     W     25      16
 Captain     B      8       3
 Captain     H      8       3
 Lieutenant  W     43      25
 Lieutenant  B     19       6
 Lieutenant  H     15       3
""").drop(columns="exam_known")


def check_ricci(counts: pd.DataFrame) -> None:
    """Check the pass rates of the record."""
    table = adverse_impact(counts, group="race", stages=["passed"], reference="W", within="exam")
    bottom = table[table.stage == "bottom line"].set_index(["stratum", "group"])
    assert_allclose(
        bottom.selection_rate[[(e, g) for e in ("Captain", "Lieutenant") for g in "WBH"]],
        [16 / 25, 3 / 8, 3 / 8, 25 / 43, 6 / 19, 3 / 15],
    )
    ratio = bottom.impact_ratio
    assert_allclose(ratio["Captain", "B"], 0.586, atol=5e-4)
    assert_allclose(ratio["Lieutenant", "H"], 0.344, atol=5e-4)
    others = [(e, g) for e in ("Captain", "Lieutenant") for g in "BH"]
    assert bottom.below_four_fifths[others].all()


def test_ricci_from_the_opinion() -> None:
    """Ricci v. DeStefano, 557 U.S. 557 (2009): passing both examinations by race."""
    check_ricci(RICCI)


@pytest.mark.real
def test_ricci_from_the_scores() -> None:
    """The same from the scores of the record (pass: combined 70 or more)."""
    file = REAL / "cases" / "ricci.csv"
    if not file.is_file():
        pytest.skip("the real files are not beside this repository")
    scores = pd.read_csv(file).rename(columns={"Race": "race", "Position": "exam"})
    scores["passed"] = scores["Combine"] >= 70
    counts = scores.groupby(["exam", "race"])["passed"].agg(n="size", passed="sum").reset_index()
    check_ricci(counts.assign(passed_known=counts["n"]))


def test_columns_are_fixed() -> None:
    """The table has one shape."""
    table = adverse_impact(TEAL, group="race", stages=["test", "promoted"])
    assert " ".join(table.columns) == (
        "stratum stage group reference n x_known x selection_rate low high impact_ratio "
        "ratio_low ratio_high below_four_fifths difference odds_ratio cohens_h "
        "shortfall_pooled shortfall_reference rejection_ratio z p_value p_fisher p_mid "
        "p_boschloo p_z p_adjusted p_bh detectable_difference detectable_ratio flip_ratio "
        "too_few share_of_pool judged unknown method reason"
    )
    assert table.dtypes[["below_four_fifths", "too_few", "judged"]].eq("boolean").all()


def test_figures_beside_the_ratio() -> None:
    """Each by its formula, for 26 of 48 against 206 of 259."""
    row = one(
        adverse_impact(TEAL, group="race", stages=["test"], reference="white"), "black", "test"
    )
    p1, p2, p = 26 / 48, 206 / 259, 232 / 307
    assert_allclose(row.difference, p1 - p2)
    assert_allclose(row.odds_ratio, (26 * 53) / (206 * 22))
    assert_allclose(row.cohens_h, 2 * np.arcsin(np.sqrt(p1)) - 2 * np.arcsin(np.sqrt(p2)))
    assert_allclose(row.shortfall_pooled, 48 * p - 26)
    assert_allclose(row.shortfall_reference, 48 * p2 - 26)
    assert_allclose(row.rejection_ratio, (1 - p1) / (1 - p2))
    assert_allclose((row.ratio_low, row.ratio_high), pr.koopman(26, 48, 206, 259))


def test_the_reference_is_the_highest_rate_of_each_stage() -> None:
    """Without a named reference each stage has its own: white at the test, black at promotion."""
    table = adverse_impact(TEAL, group="race", stages=["test", "promoted"])
    assert table.groupby("stage", sort=False).reference.first().to_dict() == {
        "test": "white", "promoted": "black", "bottom line": "black",
    }  # fmt: skip
    assert (table.impact_ratio <= 1).all()


def test_groups_under_two_percent_are_shown_and_not_judged() -> None:
    """1 of 1 is the highest rate, but 1 of 201 people is no reference and is not judged."""
    pool = drawn("race n hired\nblack 80 20\nwhite 120 60\nnhpi 1 1")
    table = adverse_impact(pool, group="race", stages=["hired"])
    small = one(table, "nhpi")
    assert one(table, "black").reference == "white"
    assert not small.judged and pd.isna(small.below_four_fifths) and pd.isna(small.too_few)
    assert small.selection_rate == 1 and small.impact_ratio == 2 and small.p_value > 0
    assert np.isnan(small.p_adjusted)
    assert small.reason == "not judged: under 2.0% of the applicants"
    assert_allclose(small.share_of_pool, 1 / 201)
    assert one(
        adverse_impact(pool, group="race", stages=["hired"], minimum_share=0), "nhpi"
    ).judged


def test_unknown_outcomes_are_not_failures() -> None:
    """40 entered, 10 still under review: 12 of 30 passed."""
    pool = drawn("race n hired hired_known\na 40 12 30\nb 50 25 50")
    row = one(adverse_impact(pool, group="race", stages=["hired"]), "a")
    assert (row.n, row.x_known, row.x) == (40, 30, 12)
    assert row.selection_rate == 0.4


@pytest.mark.parametrize("out_is", ["no", "empty"])
def test_who_never_came_so_far_may_be_no_or_empty(out_is: str) -> None:
    """The same figures whether a later flag is False or missing for those who were out before."""
    known = {"no": [100, 200], "empty": [60, 150]}[out_is]
    pool = drawn("race n test hired\na 100 60 12\nb 200 150 60").assign(hired_known=known)
    table = adverse_impact(pool, group="race", stages=["test", "hired"])
    assert_allclose(one(table, "a", "hired").selection_rate, 12 / 60)
    assert_allclose(one(table, "a").selection_rate, 12 / 100)
    assert one(table, "a", "hired").x_known == 60 and one(table, "a").x_known == 100


@pytest.mark.parametrize("later_is", ["empty", "no"])
def test_unknown_at_one_stage_is_unknown_at_the_next(later_is: str) -> None:
    """By hand: of 100, 40 failed t, 20 are not known at t (and at h), 40 passed, 10 of them h.

    Those 20 are no known failures before h: 10 of 40 passed it, against 50 of 100.
    """
    known = {"empty": [80, 200], "no": [100, 200]}[later_is]
    pool = drawn("race n t h\nb 100 40 10\nw 200 100 50").assign(t_known=[80, 200], h_known=known)
    table = adverse_impact(pool, group="race", stages=["t", "h"], reference="w")
    row = one(table, "b", "h")
    assert (row.n, row.x_known, row.x, row.impact_ratio) == (40, 40, 10, 0.5)
    if later_is == "empty":  # else it is known of them that they were not hired
        assert (one(table, "b").x_known, one(table, "b").impact_ratio) == (80, 0.5)


def test_a_stage_where_some_are_known_to_be_out_already() -> None:
    """Three stages: "no" for who was out before, whichever way each stage was kept.

    a: 100, of whom 60 pass t, 30 of these u, 10 of these h. At u empty for who was out, at h "no".
    """
    pool = drawn("race n t u h\na 100 60 30 10\nw 200 150 90 45")
    for u_known in ([60, 150], [100, 200]):
        table = adverse_impact(
            pool.assign(u_known=u_known), group="race", stages=["t", "u", "h"], reference="w"
        )
        assert one(table, "a", "h").x_known == 30 and one(table, "a", "u").x_known == 60


def test_unknown_group_is_counted_by_stage() -> None:
    """People without a known race are in no group; each stage says how many entered it."""
    pool = drawn("race n test hired\na 100 60 12\nb 200 150 60\n- 30 20 5")
    table = adverse_impact(pool, group="race", stages=["test", "hired"])
    assert table.groupby("stage").unknown.first().to_dict() == {
        "test": 30, "hired": 20, "bottom line": 30,
    }  # fmt: skip
    assert set(table.group) == {"a", "b"}


def test_nobody_left_is_a_reason() -> None:
    """Nobody of a group entered the last stage: its rate is missing, the bottom line is 0."""
    pool = drawn("race n test hired\na 100 0 0\nb 200 150 60")
    table = adverse_impact(pool, group="race", stages=["test", "hired"])
    gone = one(table, "a", "hired")
    assert gone.n == 0 and np.isnan(gone.selection_rate)
    assert gone.reason == "nobody of this group entered"
    assert pd.isna(gone.below_four_fifths)
    bottom = one(table, "a")
    assert bottom.impact_ratio == 0 and bottom.below_four_fifths


def test_nobody_passed_at_all() -> None:
    """Nobody hired: no reference, no ratio, and the reason."""
    pool = drawn("race n hired\na 100 0\nb 200 0")
    row = one(adverse_impact(pool, group="race", stages=["hired"]), "a")
    assert row.selection_rate == 0 and np.isnan(row.impact_ratio) and pd.isna(row.reference)
    assert row.reason == "no reference: no group passed, or none is large enough to be judged"


def test_adjusted_for_all_judged_comparisons() -> None:
    """Holm over strata, stages and groups together."""
    pool = pd.concat([TEAL.assign(year=2001), TEAL.assign(year=2002)])
    table = adverse_impact(
        pool, group="race", stages=["test", "promoted"], reference="white", within="year"
    )
    assert len(table) == 12
    assert_allclose(table.p_adjusted, pr.holm(table.p_value))


def test_a_reference_picked_for_its_rate_is_adjusted_for_all_pairs() -> None:
    """Five groups: 10 pairs at the one stage, so the smallest p counts 10 times, the next 9."""
    pool = drawn("race n hired\na 200 60\nb 200 50\nc 200 45\nd 200 40\ne 200 30")
    picked = adverse_impact(pool, group="race", stages=["hired"])
    named = adverse_impact(pool, group="race", stages=["hired"], reference="a")
    assert (picked.reference == "a").all() and picked.p_value.equals(named.p_value)
    bottom = picked[picked.stage == "bottom line"].set_index("group")
    p = bottom.p_value.sort_values()
    assert_allclose(bottom.p_adjusted["e"], 10 * p["e"])
    assert_allclose(bottom.p_adjusted["d"], 9 * p["d"])
    assert_allclose(named.p_adjusted.min(), 4 * p["e"])
    assert "adjusted for all pairs" in bottom.method["e"]
    assert "pairs" not in named.method.iloc[0]


def test_a_reference_of_whom_nobody_passed() -> None:
    """0 of 500 against 60 of 500: no ratio, but at least 16 times as often, and tested."""
    pool = drawn("race n hired\nblack 500 60\nwhite 500 0")
    row = one(adverse_impact(pool, group="race", stages=["hired"], reference="white"), "black")
    assert np.isnan(row.impact_ratio) and np.isnan(row.ratio_high)
    assert_allclose(row.ratio_low, pr.koopman(60, 500, 0, 500).low)
    assert row.ratio_low > 15 and row.p_value < 1e-14
    assert "a ratio of 16 or more fits the counts" in row.reason


def test_stages_that_are_not_nested_are_refused() -> None:
    """More hired than tested: the error names group, stages and numbers."""
    pool = drawn("race n test hired\na 100 60 70\nb 200 150 60")
    with pytest.raises(
        ValueError, match="of group 'a' 70 have 'hired' but only 60 have 'test'.*in their order"
    ):
        adverse_impact(pool, group="race", stages=["test", "hired"])


@pytest.mark.parametrize(
    "change, words",
    [
        ({"stages": []}, "name the flags of the stages in order"),
        ({"stages": ["test", "test"]}, "each stage is named once"),
        ({"stages": ["offered"]}, "stages='offered': there is no such column"),
        ({"reference": "White"}, "reference='White' is not one of the groups: black, white"),
        ({"minimum_share": 2}, "For 2 % write 0.02"),
        ({"within": "posting"}, "within='posting': there is no such column"),
        (
            {"power": 80},
            "power must lie between alpha (0.05) and 1, but is 80. For 80 % write 0.8",
        ),
    ],
)
def test_errors(change: dict, words: str) -> None:
    """An error says the rule, the value and the way out."""
    with pytest.raises(ValueError) as error:
        adverse_impact(TEAL, **{"group": "race", "stages": ["test"]} | change)
    assert words in str(error.value)


def test_the_bottom_line_of_a_single_stage_is_not_a_second_comparison():
    """Morris (2017): 2/10 v 15/25, mid-p .0437; one comparison, so nothing to adjust for."""
    counts = pd.DataFrame(
        {"race": ["a", "b"], "n": [10, 25], "hired": [2, 15], "hired_known": [10, 25]}
    )
    table = adverse_impact(counts, group="race", stages=["hired"], reference="b")
    focal = table[table["group"] == "a"]
    assert focal["p_adjusted"].tolist() == focal["p_value"].tolist()
    assert focal["p_value"].iloc[0] == pytest.approx(0.0437, abs=5e-5)


def test_benjamini_hochberg_stands_beside_holm() -> None:
    """Over the same family of comparisons, as statsmodels has it."""
    from statsmodels.stats.multitest import multipletests

    pool = drawn("race n hired\na 200 60\nb 200 50\nc 200 45\nd 200 40\ne 200 30")
    table = adverse_impact(pool, group="race", stages=["hired"], reference="a")
    bottom = table[(table.stage == "bottom line") & (table.group != "a")]
    assert_allclose(bottom.p_bh, multipletests(bottom.p_value, method="fdr_bh")[1])
    assert (bottom.p_bh <= bottom.p_adjusted).all()
    two = adverse_impact(TEAL, group="race", stages=["test", "promoted"], reference="white")
    assert_allclose(two.p_bh, pr.benjamini_hochberg(two.p_value))


def test_benjamini_hochberg_counts_all_pairs_where_the_reference_was_picked() -> None:
    """Five groups are 10 pairs: the four given p-values are the smallest of 10, the rest are 1."""
    from statsmodels.stats.multitest import multipletests

    pool = drawn("race n hired\na 200 60\nb 200 50\nc 200 45\nd 200 40\ne 200 30")
    table = adverse_impact(pool, group="race", stages=["hired"])
    bottom = table[(table.stage == "bottom line") & (table.group != "a")]
    padded = multipletests([*bottom.p_value, *[1.0] * 6], method="fdr_bh")[1]
    assert_allclose(bottom.p_bh, padded[:4])


@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
def test_a_difference_that_could_be_seen_as_statsmodels_has_it(power: float) -> None:
    """At the detectable rate, NormalIndPower gives the power that was asked for."""
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    row = one(
        adverse_impact(TEAL, group="race", stages=["test"], reference="white", power=power),
        "black",
        "test",
    )
    rate = 206 / 259
    seen = rate - row.detectable_difference
    assert 0 < seen < rate and row.detectable_ratio == pytest.approx(seen / rate)
    h = proportion_effectsize(seen, rate)
    assert_allclose(NormalIndPower().power(h, 48, 0.05, ratio=259 / 48), power)


def test_what_could_be_seen_is_what_the_page_would_find() -> None:
    """The level is .05 over the number of comparisons: pairs if the reference is picked."""
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    pool = drawn("""
     race     n  test  hired
     white 2400  1200    600
     black  800   400    200
     asian  500   250    125
    """)
    for reference, made in (("white", 6), (None, 9)):
        table = adverse_impact(pool, group="race", stages=["test", "hired"], reference=reference)
        row = one(table, "black", "test")
        h = proportion_effectsize(0.5 - row.detectable_difference, 0.5)
        power = NormalIndPower().power(h, 800, 0.05 / made, ratio=3)
        assert_allclose(power, 0.8)
        assert f"could be seen: at .05 / {made} comparisons" in row.method
    alone = adverse_impact(pool.iloc[:2], group="race", stages=["test"], reference="white")
    assert "could be seen" not in one(alone, "black").method


@pytest.mark.parametrize("reference", ["white", None])
def test_a_difference_that_could_be_seen_is_found_as_often_as_is_said(reference) -> None:
    """By the adjusted p-value, among four groups and three stages: 80 % of 250, or more."""
    random = np.random.default_rng(8)
    sizes = {"white": 2500, "black": 1500, "asian": 900, "other": 600}

    def row_of(rate: float, draw: bool = True) -> pd.Series:
        rows = []
        for race, n in sizes.items():
            x, row = n, {"race": race, "n": n}
            for stage in "abc":
                p = rate if (race, stage) == ("black", "b") else 0.6
                x = int(random.binomial(x, p)) if draw else round(x * p)
                row |= {stage: x, f"{stage}_known": n}
            rows.append(row)
        table = adverse_impact(
            pd.DataFrame(rows), group="race", stages=list("abc"), reference=reference
        )
        return one(table, "black", "b")

    gap = row_of(0.6, draw=False).detectable_difference
    seen = np.mean([row_of(0.6 - gap).p_adjusted < 0.05 for _ in range(250)])
    assert 0.75 < seen < 0.97


# ---- still in the running --------------------------------------------------------------------


def test_the_bottom_line_is_the_product_of_the_stages_where_results_are_open() -> None:
    """By hand: 60 of 100 x 10 of 30 = .2 against 150 of 200 x 60 of 150 = .3: two thirds.

    Of those known, 10 of 70 hired would be .143, and .476 times as often.
    """
    pool = drawn("race n t h\nb 100 60 10\nw 200 150 60").assign(h_known=[70, 200])
    table = adverse_impact(pool, group="race", stages=["t", "h"], reference="w")
    row, white = one(table, "b"), one(table, "w")
    assert (row.n, row.x_known, row.x) == (100, 70, 10)
    assert_allclose(
        [row.selection_rate, row.impact_ratio, row.difference], [0.2, 2 / 3, -0.1], rtol=1e-12
    )
    assert row.reason.startswith("30 still in the running: the rate is the product of the stages")
    assert "product of the stages" in row.method and row.below_four_fifths
    assert white.selection_rate == 0.3 and white.method.startswith("could be seen")
    # V = 1/60 - 1/100 + 1/10 - 1/30; so many people: .8 / (.2 V) = 54.5
    assert_allclose((row.low, row.high), pr.wilson(11, 54))
    assert_allclose((row.ratio_low, row.ratio_high), pr.koopman(11, 54, 60, 200))
    assert row.p_value == pytest.approx(float(pr.mid_p(11, 54, 60, 200)))
    assert_allclose(row.shortfall_reference, 100 * 0.1)


def test_the_open_bottom_line_is_that_of_stage_decomposition() -> None:
    """Two measures on one page say the same."""
    from equity.measures import stage_decomposition

    pool = drawn("race n t u h\nb 100 60 30 4\nw 200 150 90 40\na 90 50 33 9").assign(
        u_known=[95, 190, 90], h_known=[80, 170, 86]
    )
    call = {"group": "race", "stages": ["t", "u", "h"]}
    for reference in ("w", None):
        table = adverse_impact(pool, **call, reference=reference)
        parts = stage_decomposition(pool, **call, reference=reference)
        parts = parts[parts.stage == "bottom line"].set_index("group")
        bottom = table[table.stage == "bottom line"].set_index("group")
        assert (parts.reference == bottom.reference[parts.index]).all()
        assert_allclose(parts.impact_ratio, bottom.impact_ratio[parts.index])


def test_exactly_four_fifths_of_two_products_is_not_below() -> None:
    """.6 x .4 = .24 against .5 x .6 = .3, with results open in both: 0.8, and not below."""
    pool = drawn("race n t h\nb 500 300 80\nw 500 250 90").assign(h_known=[400, 400])
    row = one(adverse_impact(pool, group="race", stages=["t", "h"], reference="w"), "b")
    assert row.impact_ratio == pytest.approx(0.8) and not row.below_four_fifths
    pool.loc[0, "h"] -= 1
    row = one(adverse_impact(pool, group="race", stages=["t", "h"], reference="w"), "b")
    assert row.below_four_fifths


def test_only_the_reference_is_still_in_the_running() -> None:
    """The comparison rests on its product, and says so."""
    pool = drawn("race n t h\nb 100 50 10\nw 200 100 30").assign(h_known=[100, 160])
    table = adverse_impact(pool, group="race", stages=["t", "h"], reference="w")
    row = one(table, "b")
    assert row.selection_rate == 0.1
    assert_allclose(row.impact_ratio, 0.1 / (0.5 * 0.5))
    assert row.reason == "of w 40 still in the running"


def test_open_at_the_first_stage_alone_leaves_whole_numbers() -> None:
    """Nobody failed before it: those known are as good as all."""
    pool = drawn("race n t h\nb 100 40 10\nw 200 100 50").assign(
        t_known=[80, 200], h_known=[80, 200]
    )
    row = one(adverse_impact(pool, group="race", stages=["t", "h"], reference="w"), "b")
    assert (row.x_known, row.selection_rate) == (80, 0.125) and pd.isna(row.reason)


def test_a_stage_without_any_known_result() -> None:
    """All 50 who passed the test wait: no rate, not one of 0."""
    pool = drawn("race n t h\nb 100 50 0\nw 200 100 30").assign(h_known=[50, 200])
    row = one(adverse_impact(pool, group="race", stages=["t", "h"], reference="w"), "b")
    assert np.isnan(row.selection_rate) and np.isnan(row.impact_ratio)
    assert "50 still in the running, all of a stage" in row.reason


def test_one_known_result_of_many_is_worth_few_people() -> None:
    """1 of 1 known passed, 499 wait: the rate is .5, but its interval is wide."""
    pool = drawn("race n t h\nb 1000 500 1\nw 1000 500 250").assign(h_known=[501, 1000])
    row = one(adverse_impact(pool, group="race", stages=["t", "h"], reference="w"), "b")
    assert row.selection_rate == 0.5 and row.low < 0.2 and row.p_value > 0.05


def test_nobody_passed_so_far() -> None:
    """0 of 40 of the 50 who came so far: a ratio of 0, for 80 people, and the test of them."""
    pool = drawn("race n t h\nb 100 50 0\nw 200 100 60").assign(h_known=[90, 200])
    row = one(adverse_impact(pool, group="race", stages=["t", "h"], reference="w"), "b")
    assert row.impact_ratio == 0
    assert_allclose((row.low, row.high), pr.wilson(0, 80))
    assert row.p_value == pytest.approx(float(pr.mid_p(0, 80, 60, 200)))


@pytest.mark.parametrize("n, reps", [((300, 900), 300), ((40, 120), 300)])
def test_open_results_raise_no_false_alarms(n: tuple[int, int], reps: int) -> None:
    """No difference; of one group later results take a month longer. Then 5 % alarms, not 30."""
    random = np.random.default_rng(5)
    alarms, ratios, held = [], [], []
    for _ in range(reps):
        rows = []
        for race, size, slow in (("w", n[1], 0), ("b", n[0], 34)):
            applied = random.uniform(0, 365, size)
            told = applied + random.gamma(16, 30 / 16, size)
            then = told + (120 + slow) * random.lognormal(0, 0.25, size)
            t, h = random.random(size) < 0.6, random.random(size) < 0.3
            k1 = told <= 365
            k2 = k1 & t & (then <= 365)
            sums = [k1 & t, k1, k2 & h, k1 & ~t | k2]
            rows.append((race, size, *(int(v.sum()) for v in sums)))
        names = ["race", "n", "t", "t_known", "h", "h_known"]
        pool = pd.DataFrame(rows, columns=names)
        row = one(adverse_impact(pool, group="race", stages=["t", "h"], reference="w"), "b")
        alarms.append(row.p_value < 0.05)
        ratios.append(row.impact_ratio)
        held.append(row.ratio_low <= 1 <= row.ratio_high)
    assert np.mean(alarms) < 0.085
    assert np.mean(held) > 0.92
    assert 0.9 < np.median(ratios) < 1.1


def test_more_people_see_smaller_differences() -> None:
    """Ten times as many people: a third of the difference, on the scale of arcsines."""
    few = one(adverse_impact(TEAL, group="race", stages=["test"], reference="white"), "black")
    ten = TEAL.assign(**{c: 10 * TEAL[c] for c in TEAL if c != "race"})
    many = one(adverse_impact(ten, group="race", stages=["test"], reference="white"), "black")

    def h(row: pd.Series) -> float:
        rate = row.selection_rate - row.difference
        return np.arcsin(np.sqrt(rate)) - np.arcsin(np.sqrt(rate - row.detectable_difference))

    assert_allclose(h(few) / h(many), np.sqrt(10))


def test_too_few_to_see_any_difference() -> None:
    """Even a rate of 0 among 5 people would not be told from 30 %: too few, whatever the ratio."""
    pool = drawn("race n hired\na 5 2\nb 5 0\nc 100 30")
    table = adverse_impact(pool, group="race", stages=["hired"], reference="c", minimum_share=0.02)
    for group in "ab":
        row = one(table, group)
        assert np.isnan(row.detectable_difference) and np.isnan(row.detectable_ratio)
        assert row.too_few and row.p_value > 0.05
        assert row.reason.startswith("too few people: no rate below the reference's would be seen")
    reference = one(table, "c")
    assert np.isnan(reference.detectable_difference) and not reference.too_few


def test_a_difference_that_is_found_is_not_too_few() -> None:
    """4 of 4 against 10 of 100: none below could be seen, but this one above is (Fisher .0002)."""
    pool = drawn("race n hired\na 4 4\nb 100 10")
    row = one(adverse_impact(pool, group="race", stages=["hired"], reference="b"), "a")
    assert np.isnan(row.detectable_difference) and row.p_fisher < 0.001 and not row.too_few


def test_groups_that_are_not_judged_have_no_power_told() -> None:
    """And a reference of whom nobody passed has nobody below it."""
    pool = drawn("race n hired\nblack 80 20\nwhite 120 60\nnhpi 1 1")
    small = one(adverse_impact(pool, group="race", stages=["hired"]), "nhpi")
    assert np.isnan(small.detectable_difference) and pd.isna(small.too_few)
    pool = drawn("race n hired\nblack 500 60\nwhite 500 0")
    row = one(adverse_impact(pool, group="race", stages=["hired"], reference="white"), "black")
    assert np.isnan(row.detectable_difference) and np.isnan(row.detectable_ratio)


def test_cohens_table_of_h() -> None:
    """Cohen (1988), table 6.2.2: phi of .50 is 1.571, of .20 is .927; so h of the two is .644."""
    pool = drawn("race n hired\na 100 20\nb 100 50")
    row = one(adverse_impact(pool, group="race", stages=["hired"]), "a")
    assert_allclose(row.cohens_h, 0.927 - 1.571, atol=1e-3)


def test_by_race_and_sex_and_fast_enough_to_redraw() -> None:
    """18 groups by 6 stages: one row each, with its reference, in well under a second."""
    import time

    random = np.random.default_rng(1)
    stages = list("abcdef")
    rows = []
    for race in range(9):
        for sex in ("female", "male"):
            n = x = int(random.integers(40, 900))
            row = {"race": f"r{race} {sex}", "n": n}
            for stage in stages:
                x = int(random.binomial(x, 0.7))
                row |= {stage: x, f"{stage}_known": n}
            rows.append(row)
    counts = pd.DataFrame(rows).rename(columns={"race": "race_sex"})
    began = time.perf_counter()
    table = adverse_impact(counts, group="race_sex", stages=stages)
    assert time.perf_counter() - began < 0.5  # 0.03 on one core; the limit is for a busy machine
    assert len(table) == 18 * 7 and table.reference.notna().all()
