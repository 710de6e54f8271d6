"""Chart of pooled comparisons: a forest, a diamond, or the words that it is withheld."""

from __future__ import annotations

import functools

import pandas as pd
from chart_rules import ChartRules

from equity import charts
from equity.case_studies import CASES
from equity.measures import pooled

WORDS = {
    key: words
    for case in CASES.values()
    for column in case.table.provenance["labels"].values()
    for key, words in column.items()
}


def years(first: int = 2018, last: int = 2020, black: int = 20) -> pd.DataFrame:
    rows = []
    for year in range(first, last + 1):
        for race, x in (("black", black), ("hispanic", 38), ("white", 80)):
            n = 200 if race == "white" else 100
            rows.append((year, race, n, x, n, x // 2, n))
    columns = ["year", "race", "n", "tested", "tested_known", "hired", "hired_known"]
    return pd.DataFrame(rows, columns=columns)


CALL = {"group": "race", "reference": "white", "within": "year"}


def berkeley(**kw) -> pd.DataFrame:
    case = CASES["berkeley"]
    call = {"group": "sex", "reference": "male", "within": "department", "stages": case.stages}
    return pooled(case.table, **{**call, **kw})


def ricci() -> pd.DataFrame:
    case = CASES["ricci"]
    call = {"group": "race", "reference": "white", "within": "posting", "stages": case.stages}
    return pooled(case.table, **call)


def stages() -> pd.DataFrame:
    return pooled(years(), **CALL, stages=["tested", "hired"])


def one(**kw) -> pd.DataFrame:
    counts = years(**kw)
    return pooled(counts[counts.race != "hispanic"], **CALL, of="tested")


def gaps() -> pd.DataFrame:
    nobody = years(2021, 2021).assign(tested=0, hired=0)
    zero = years(2022, 2022)
    zero.loc[zero.race == "white", ["tested", "hired"]] = 0
    return pooled(pd.concat([years(), nobody, zero]), **CALL, of="tested")


TABLES = {"berkeley": berkeley, "ricci": ricci, "stages": stages, "one": one, "gaps": gaps}


def drawn(case: str):
    return charts.pooled(TABLES[case](), labels=WORDS)


def rows(chart) -> pd.DataFrame:
    return pd.DataFrame(chart.to_dict()["datasets"]["table"])


class TestEveryChart(ChartRules):
    cases = {
        name: (functools.partial(charts.pooled, labels=WORDS), f) for name, f in TABLES.items()
    }


def test_berkeley_is_withheld_in_words_and_its_departments_are_drawn() -> None:
    """The headline of the issue: no diamond, but the words, and why in the title."""
    made = charts.pooled(berkeley(), labels=WORDS, what="admitted", strata_label="department")
    assert made.title.text == (
        "The departments differ, so no pooled figure is given: female applicants were admitted "
        "more often than male applicants in 1 of 6; no clear difference can be told in 5"
    )
    table = rows(made).set_index("label")
    assert table.missing["All together"] == "withheld: the departments differ"
    assert pd.isna(table.at["All together", "at"]) and table["at"].notna().sum() == 6
    assert table.value["Department A"] == "2.86 (1.71–4.79)"
    assert "withheld: the departments differ" in made.description
    assert list(table.index)[-1] == "All together"


def test_where_strata_agree_a_diamond_stands_below() -> None:
    """The last row of each block, with what the test of homogeneity says."""
    made = charts.pooled(ricci(), labels=WORDS, who="candidates", what="promoted",
                         strata_label="posting")  # fmt: skip
    table = rows(made)
    together = table[table.is_pooled]
    assert set(together["shape"]) == {"diamond"} and together["at"].notna().all()
    assert set(together["note"]) == {"no sign that postings differ"}
    assert table["head"].dropna().tolist() == ["Black", "Hispanic"]
    assert table["label"].tolist() == ["Captain", "Lieutenant", "All together"] * 2
    assert made.title.text == (
        "Compared within each posting, the odds of Hispanic candidates of being promoted were "
        "0.23 times those of White candidates; 1 other comparison also differs"
    )


def test_titles_of_one_comparison() -> None:
    """Clear, not clear, and nothing to compare."""
    assert charts.pooled(one(), strata_label="year").title.text == (
        "Compared within each year, the odds of Black applicants of being selected were 0.38 "
        "times those of White applicants"
    )
    assert charts.pooled(one(black=39), strata_label="year").title.text == (
        "Compared within each year, no clear difference between Black applicants and White "
        "applicants can be told"
    )
    assert charts.pooled(one(black=0).assign(odds_ratio=float("nan"), low=float("nan"),
                         high=float("nan"), p_value=float("nan"), p_adjusted=float("nan")),
                         strata_label="year").title.text == (
        "Over all years, Black applicants and White applicants cannot be compared from these "
        "numbers"
    )  # fmt: skip


def test_an_interval_that_excludes_1_is_not_passed_over_in_silence() -> None:
    """The headline gives the figure of the diamond, and says for how many it is not clear."""
    shown = stages().query("stage == 'bottom line' and group == 'black'").assign(p_adjusted=0.06)
    made = charts.pooled(shown.reset_index(drop=True), strata_label="year")
    diamond = rows(made).query("is_pooled").iloc[0]
    size = diamond["value"].split(" ")[0]
    assert diamond["high"] < 1 and diamond["note"] == "no sign that years differ"
    assert made.title.text == (
        "Compared within each year, the odds of Black applicants of being selected were "
        f"{size} times those of White applicants, though not clear after allowing for 6 "
        "comparisons"
    )


def test_titles_of_several_comparisons() -> None:
    """The bottom line leads; what is withheld is counted."""
    assert charts.pooled(stages(), strata_label="year").title.text.startswith(
        "Compared within each year at the bottom line, the odds of Black applicants"
    )
    table = stages()
    none = table.assign(p_value=0.5, p_adjusted=1.0)
    title = charts.pooled(none, strata_label="year").title.text
    assert title.startswith("Compared within each year at the bottom line, the odds of Black")
    assert title.endswith("times those of White applicants, though not clear after allowing for 6 "
                          "comparisons")  # fmt: skip
    title = charts.pooled(none.assign(low=0.5, high=2.0), strata_label="year").title.text
    assert title.startswith("Compared within each year, no clear difference can be told")
    figures = ["odds_ratio", "low", "high", "p_value", "p_adjusted"]
    every = table.assign(withheld=True, **dict.fromkeys(figures, float("nan")))
    assert charts.pooled(every, strata_label="year").title.text == (
        "The years differ in all 6 comparisons, so no pooled figure is given"
    )


def test_a_stratum_that_tells_nothing_says_so() -> None:
    """In its row, and below the title which are left out of the pool."""
    made = charts.pooled(gaps(), strata_label="year")
    table = rows(made).set_index(["group", "label"])
    assert table.missing["black", "2021"] == "tells nothing: nobody passed"
    assert table.value["black", "2022"].endswith(" or more")
    assert "Left out of the pool, since nobody or everybody passed: 2021." in made.title.subtitle


def test_one_stage_is_drawn_once() -> None:
    """The bottom line of a single stage is that stage."""
    assert len(rows(charts.pooled(berkeley()))) == 7


def test_people_are_counted_once() -> None:
    """All groups of the first stage, and the reference once."""
    made = charts.pooled(berkeley(), what="admitted", strata_label="department")
    assert "n = 4,526 applicants" in made.title.subtitle[0]
    assert "n = 1,200 applicants" in charts.pooled(stages()).title.subtitle[0]
