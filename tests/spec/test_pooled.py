"""Groups compared within strata, and over all of them where the strata agree."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests

from equity import proportions as pr
from equity.case_studies import CASES
from equity.measures import adverse_impact, pooled

BERKELEY = {"group": "sex", "reference": "male", "of": "admitted", "within": "department"}


def drawn(text: str) -> pd.DataFrame:
    """Read a table drawn as text: a flag without a `_known` column is known for everyone."""
    frame = pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")
    flags = [c for c in frame if c not in ("race", "year", "n") and "_known" not in c]
    return frame.assign(**{f"{f}_known": frame["n"] for f in flags if f"{f}_known" not in frame})


YEARS = drawn("""
 year   race     n  tested  hired
 2022   black   80      40     12
 2022   white  200     140     52
 2022   asian   30      20      6
 2023   black   90      50     15
 2023   white  180     120     50
 2023   asian   25      15      5
""")
CALL = {"group": "race", "reference": "white", "within": "year"}
HIRING = {**CALL, "stages": ["tested", "hired"]}


def last(table: pd.DataFrame) -> pd.Series:
    """Return the pooled row of a table that has one."""
    rows = table[table["stratum"] == "pooled"]
    assert len(rows) == 1 and table["stratum"].iloc[-1] == "pooled"
    return rows.iloc[0]


class TestBerkeley:
    table = CASES["berkeley"].table

    def test_it_is_withheld(self) -> None:
        """Breslow-Day 18.825514, p .002071 (METHODS): the departments differ, no pooled figure."""
        row = last(pooled(self.table, **BERKELEY))
        assert_allclose(row.breslow_day, 18.825514, atol=5e-7)
        assert_allclose(row.p_homogeneity, 0.002071, atol=5e-7)
        assert row.breslow_day_df == 5 and row.strata == 6
        assert row.withheld is np.True_ or row.withheld is True
        assert not row.homogeneous
        figures = ["odds_ratio", "low", "high", "risk_ratio", "ratio_low", "ratio_high", "chi2"]
        assert row[[*figures, "p_chi2", "p_exact", "p_value", "p_adjusted"]].isna().all()
        assert row.reason == "withheld: the strata differ"
        assert (row.x, row.n, row.x_reference, row.n_reference) == (557, 1835, 1198, 2691)

    def test_the_departments_are_shown(self) -> None:
        """R, apply(UCBAdmissions, 3, ...), as in its documentation of mantelhaen.test.

        R's are men against women; these are women against men.
        """
        rows = pooled(self.table, **BERKELEY).iloc[:-1]
        published = [0.3492120, 0.8025007, 1.1330596, 0.9212838, 1.2216312, 0.8278727]
        assert_allclose(1 / rows.odds_ratio, published, atol=5e-8)
        assert rows.stratum.tolist() == list("ABCDEF")
        assert rows[["chi2", "strata", "withheld", "homogeneous"]].isna().all(axis=None)

    def test_what_would_be_pooled(self) -> None:
        """Without withholding: R's .9046968 (.7719074, 1.0603298), 1.5246 and p .2169."""
        row = last(pooled(self.table, **BERKELEY, homogeneity_level=0))
        ends = [1 / row.odds_ratio, 1 / row.high, 1 / row.low]
        assert_allclose(ends, [0.9046968, 0.7719074, 1.0603298], atol=5e-8)
        assert_allclose([row.chi2, row.p_value], [1.5246, 0.2169], atol=5e-5)
        corrected = last(pooled(self.table, **BERKELEY, homogeneity_level=0, correction=True))
        assert_allclose([corrected.chi2, corrected.p_value], [1.4269, 0.2323], atol=5e-5)
        assert "with continuity correction" in corrected.method


def test_the_shape_is_one_row_per_stage_group_and_stratum_and_the_pooled_row() -> None:
    """Stage, then group, then stratum with the pooled row last."""
    table = pooled(YEARS, **HIRING)
    keys = table[["stage", "group", "stratum"]].values.tolist()
    assert keys == [
        [stage, group, stratum]
        for stage in ("tested", "hired", "bottom line")
        for group in ("asian", "black")
        for stratum in ("2022", "2023", "pooled")
    ]
    assert (table.reference == "white").all()
    one = pooled(YEARS, **CALL, of="hired")
    assert one.columns.tolist() == table.columns.tolist()
    assert one.dtypes.astype(str).to_dict() == table.dtypes.astype(str).to_dict()


def test_pooled_rows_are_those_of_statsmodels() -> None:
    """Ratio, interval, test and homogeneity of each stage, by another's hand."""
    table = pooled(YEARS, **HIRING)
    bottom = table[(table.stage == "bottom line") & (table.stratum == "pooled")]
    for row in bottom.itertuples():
        mine = YEARS[YEARS.race == row.group].set_index("year")
        other = YEARS[YEARS.race == "white"].set_index("year")
        cells = [mine.hired, mine.n - mine.hired, other.hired, other.n - other.hired]
        peer = StratifiedTable(np.array(cells, dtype=float).reshape(2, 2, -1))
        assert_allclose(row.odds_ratio, peer.oddsratio_pooled)
        assert_allclose([row.low, row.high], peer.oddsratio_pooled_confint())
        assert_allclose(row.risk_ratio, peer.riskratio_pooled)
        assert_allclose(row.p_chi2, peer.test_null_odds().pvalue)
        assert_allclose(row.p_tarone, peer.test_equal_odds(adjust=True).pvalue)
        assert row.p_homogeneity == row.p_tarone
        assert row.homogeneous and not row.withheld


def test_strata_are_those_of_adverse_impact() -> None:
    """The same counts, ratio with interval, and p-value as where each year is compared alone."""
    table = pooled(YEARS, **HIRING)
    mine = table[table.stratum != "pooled"].set_index(["stratum", "stage", "group"]).sort_index()
    theirs = adverse_impact(YEARS, **HIRING).query("group != reference")
    theirs = theirs.set_index(["stratum", "stage", "group"]).sort_index()
    for one, other in {
        "n": "x_known", "x": "x", "risk_ratio": "impact_ratio", "ratio_low": "ratio_low",
        "ratio_high": "ratio_high", "p_value": "p_value", "odds_ratio": "odds_ratio",
    }.items():  # fmt: skip
        assert_allclose(mine[one].astype(float), theirs[other].astype(float))


def test_expected_and_observed() -> None:
    """The pooled row adds up the strata; expected is n times the rate of both together."""
    table = pooled(YEARS, **CALL, of="hired")
    black = table[table.group == "black"].set_index("stratum")
    assert_allclose(black.loc["2022", "expected"], 80 * 64 / 280)
    assert_allclose(black.expected["pooled"], black.expected[["2022", "2023"]].sum())
    assert black.x["pooled"] == 27 and black.n["pooled"] == 170


def test_families_are_adjusted_apart() -> None:
    """Holm over the pooled rows, and over the strata."""
    table = pooled(YEARS, **HIRING)
    both = table.stratum == "pooled"
    for rows in (table[both], table[~both]):
        assert_allclose(rows.p_adjusted, pr.holm(rows.p_value))


def test_a_withheld_comparison_was_one_all_the_same() -> None:
    """What is withheld still counts in the number of comparisons."""
    more = pd.concat([YEARS, drawn("""
     year   race     n  tested  hired
     2022   other  200     180    150
     2023   other  200      60     10
    """)])  # fmt: skip
    table = pooled(more, **CALL, of="hired")
    rows = table[table.stratum == "pooled"].set_index("group")
    assert rows.withheld["other"] and np.isnan(rows.p_value["other"])
    p = rows.p_value[["asian", "black"]]
    assert_allclose(rows.p_adjusted[["asian", "black"]], pr.holm(p, comparisons=3))


def test_one_stage_is_its_own_bottom_line() -> None:
    """It is not two comparisons."""
    table = pooled(YEARS, **CALL, stages=["hired"])
    stage, bottom = (table[table.stage == s] for s in ("hired", "bottom line"))
    assert_allclose(stage.p_adjusted, bottom.p_adjusted)
    assert_allclose(stage.p_adjusted, pooled(YEARS, **CALL, of="hired").p_adjusted)


class TestFew:
    def test_rabbits(self) -> None:
        """Little room (Mantel and Fleiss): the p-value is R's exact one, .0399449."""
        cells = zip(
            [0, 3, 6, 5, 2], [6, 6, 6, 6, 2], [0, 0, 2, 6, 5], [5, 6, 6, 6, 5], strict=True
        )
        rows = [
            row
            for dose, (a, m1, b, m2) in zip(("1/8", "1/4", "1/2", "1", "4"), cells, strict=True)
            for row in ((dose, "none", m1, a, m1), (dose, "1.5h", m2, b, m2))
        ]
        counts = pd.DataFrame(rows, columns=["dose", "delay", "n", "cured", "cured_known"])
        call = {"group": "delay", "reference": "1.5h", "of": "cured", "within": "dose"}
        row = last(pooled(counts, **call))
        assert_allclose([row.p_exact, row.p_value], 0.0399449, atol=5e-8)
        assert_allclose([row.odds_ratio, row.low, row.high], [7, 1.026713, 47.725133], atol=5e-7)
        assert row.strata == 3 and row.strata_without_information == 2
        assert row.left_out == "1/8, 4"
        assert row.reason == "left out since they tell nothing: 1/8, 4"
        assert row.method.endswith("homogeneity: Zelen's exact test; test: exact conditional")
        assert row.p_tarone < 0.05 < row.p_homogeneity and not row.withheld
        assert row.x == 14 and row.n == 18  # of the strata that tell something

    def test_zero_in_a_stratum(self) -> None:
        """Where one count is 0 the odds ratio is 0 or missing, with an exact end and a reason."""
        counts = drawn("""
         year   race   n  hired
         2022   black  9      0
         2022   white  9      4
         2023   black  9      5
         2023   white  9      0
         2024   black  9      9
         2024   white  9      9
         2025   black  0      0
         2025   white  9      3
        """)
        table = pooled(counts, **CALL, of="hired").set_index("stratum")
        first, second = table.loc["2022"], table.loc["2023"]
        assert first.odds_ratio == 0 == first.low and 1 < first.high < 1.3
        assert np.isnan(second.odds_ratio) and second.low > 0 and np.isnan(second.high)
        assert second.reason == "no odds ratio: 0 of 9 of white passed"
        assert table.reason["2024"] == "tells nothing: everyone of this group and of white passed"
        assert table.reason["2025"] == "nobody of this group has a known outcome"
        assert table.left_out["pooled"] == "2024, 2025"

    def test_all_strata_point_to_zero(self) -> None:
        """Nobody of the group anywhere: a ratio of 0, an exact upper end, homogeneity untold."""
        counts = drawn("""
         year   race   n  hired
         2022   black  9      0
         2022   white  9      4
         2023   black  9      0
         2023   white  9      5
        """)
        row = last(pooled(counts, **CALL, of="hired"))
        assert row.odds_ratio == 0 == row.low and 0 < row.high < 1
        assert row.homogeneous is pd.NA and not row.withheld
        assert "cannot be tested" in row.reason and row.p_value < 0.05

    def test_one_stratum_that_tells(self) -> None:
        """There is nothing to pool, and the row says so."""
        one = YEARS[YEARS.year == 2022]
        table = pooled(one, **CALL, of="hired")
        rows = table[table.group == "black"].set_index("stratum")
        assert_allclose(rows.odds_ratio["pooled"], rows.odds_ratio["2022"])
        assert_allclose(rows.low["pooled"], rows.low["2022"])
        assert rows.reason["pooled"].startswith("one stratum only")

    def test_nothing_told(self) -> None:
        """No stratum tells anything: missing with words."""
        none = YEARS.assign(hired=0)
        row = last(pooled(none[none.race != "asian"], **CALL, of="hired"))
        assert row.strata == 0 and np.isnan(row.p_value)
        assert row.reason.startswith("no stratum tells anything")


def test_people_of_an_unknown_stratum_are_shown_but_in_no_pool() -> None:
    """Nobody knows with whom to compare them."""
    extra = drawn("year race n hired\n - black 40 39\n - white 40 1")
    base = YEARS[YEARS.race != "asian"]
    table = pooled(pd.concat([base, extra]), **CALL, of="hired")
    assert table.stratum.tolist() == ["2022", "2023", "not known", "pooled"]
    assert_allclose(last(table).odds_ratio, last(pooled(base, **CALL, of="hired")).odds_ratio)
    assert last(table).reason == "left out: people whose stratum is not known"


def test_people_of_an_unknown_group_are_counted() -> None:
    """In each stratum, and added up in the pooled row."""
    extra = drawn("year race n hired\n 2022 - 7 1\n 2023 - 5 1")
    table = pooled(pd.concat([YEARS, extra]), **CALL, of="hired")
    assert table[table.group == "black"].unknown.tolist() == [7, 5, 12]


def test_unknown_outcomes_are_not_failures() -> None:
    """`n` are those whose outcome is known."""
    less = YEARS.assign(hired_known=YEARS.n - 10)
    table = pooled(less, **CALL, of="hired").query("group == 'black' and stratum == '2022'")
    assert table.n.item() == 70


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reference": "martian"}, "reference='martian' is not one of the groups: asian, black"),
        ({"within": "posting"}, "within='posting': there is no such column"),
        ({"of": "promoted"}, "of='promoted': there is no such column"),
        ({"of": None}, "name either the stages of a selection, or one flag"),
        ({"stages": ["hired"]}, "name either the stages of a selection, or one flag"),
        ({"homogeneity_level": 5}, "homogeneity_level must lie between 0 and 1"),
        ({"confidence_level": 95}, "confidence_level must lie between 0 and 1"),
    ],
)
def test_errors_say_the_rule_and_the_way_out(change, words) -> None:
    """Each with the value."""
    with pytest.raises(ValueError, match=words):
        pooled(YEARS, **{**CALL, "of": "hired", **change})


def test_a_stratum_named_pooled_is_refused() -> None:
    """Its rows could not be told from the pooled one."""
    with pytest.raises(ValueError, match="Give this value another name"):
        pooled(YEARS.assign(year="pooled"), **CALL, of="hired")
    wrong = YEARS.assign(hired_known=1)
    with pytest.raises(ValueError, match="more people are a yes than are known"):
        pooled(wrong, **CALL, of="hired")


def test_who_is_still_in_the_running_is_said_at_the_bottom_line() -> None:
    """Early failures count and late passes do not yet: 30 of 2023, none of 2022."""
    open_ = YEARS.assign(hired_known=[80, 200, 30, 70, 170, 25])
    table = pooled(open_, **HIRING)
    said = table[table.group == "black"].set_index(["stage", "stratum"]).reason.fillna("")
    words = "30 still in the running: early failures count"
    assert words in said["bottom line", "2023"] and words in said["bottom line", "pooled"]
    assert not said["bottom line", "2022"] and "running" not in " ".join(said["hired"])
    assert not pooled(YEARS, **HIRING).reason.fillna("").str.contains("running").any()


def test_a_pooled_row_is_adjusted_for_pooled_comparisons_only() -> None:
    """Groups by stages, the bottom line one of them; statsmodels' Holm. Strata have their own."""
    table = pooled(YEARS, **HIRING)
    for rows, number in (
        (table[table.stratum == "pooled"], 2 * 3),
        (table[table.stratum != "pooled"], 2 * 3 * 2),
    ):
        assert (rows.comparisons == number).all()
        assert_allclose(rows.p_adjusted, multipletests(rows.p_value, method="holm")[1])
    one = last(pooled(YEARS[YEARS.race != "asian"], **CALL, of="hired"))
    assert one.comparisons == 1 and one.p_adjusted == one.p_value
