"""The cases that everybody cites: their counts give the published figures."""

from __future__ import annotations

import json

import pytest
from numpy.testing import assert_allclose

import equity as eq
from equity.case_studies import CASES
from equity.measures import adverse_impact, pooled, representation, stage_decomposition
from equity.widgets._show import is_fictional, source_of

each = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def call(case) -> dict:
    return {"group": case.group, "reference": case.reference, "stages": case.stages}


@each
def test_a_case_is_whole(case) -> None:
    """Every part is there, and its own keys occur in its table."""
    assert eq.case_studies.CASES[case.name] is case
    for words in (case.title, case.citation, case.court_or_journal, case.about, case.what):
        assert words.strip()
    assert case.published
    assert case.reference in case.table.values(case.group)
    assert case.within is None or len(case.table.values(case.within)) > 1
    assert case.stages == case.table.of
    assert bool(case.stages) != bool(case.residents)


@each
def test_it_is_a_count_table_as_the_pipeline_makes_them(case, tmp_path) -> None:
    """Text keys, whole numbers, known outcomes; it can be written and read again."""
    table = case.table.table
    assert list(table) == [
        *case.table.by,
        "n",
        *(c for f in case.stages for c in (f, f"{f}_known")),
    ]
    assert {str(table[c].dtype) for c in case.table.by} == {"str"}
    assert {str(table[c].dtype) for c in table if c not in case.table.by} == {"int64"}
    again = eq.read_counts(case.table.write(tmp_path / "case.parquet"))
    assert again.table.equals(table) and dict(again.provenance) == dict(case.table.provenance)


@each
def test_it_says_where_it_is_from(case) -> None:
    """The line below a figure names the case and where it was published, and no fiction."""
    assert not is_fictional(case.table)
    line = source_of(case.table)
    assert line.startswith(f"Source: {case.title}, ") and line.endswith(".")
    assert any(mark in line for mark in ("U.S.", "Science 187 (1975), 398-404"))
    about = case.table.provenance
    assert about["case"] is True and about["rows_in"] == case.table.table["n"].sum()
    assert [s["name"] for s in about["stages"]] == list(case.stages)
    assert set(about["labels"][case.group]) == set(case.table.values(case.group))
    json.dumps(dict(about))


def test_teal() -> None:
    """The opinion's rates; METHODS: .681028, 2.490110, bottom line 1.695833."""
    case = CASES["teal"]
    table = adverse_impact(case.table, **call(case)).set_index(["stage", "group"])
    said = case.published
    for stage in ("test", "bottom line"):
        for group in ("black", "white"):
            rate = table.selection_rate[stage, group]
            assert_allclose(rate, said[f"{stage}, rate of {group}"], atol=5.1e-4)
    assert_allclose(
        table.impact_ratio.xs("black", level="group"), [0.681028, 2.490110, 1.695833], atol=5e-7
    )
    assert_allclose(table.impact_ratio["test", "black"], said["test, impact ratio"], atol=5e-3)
    parts = stage_decomposition(case.table, **call(case))
    assert_allclose(parts.log_ratio, [-0.384153, 0.912327, 0.528174], atol=5e-7)


def test_ricci() -> None:
    """The opinion's pass rates, and the ratios that follow from them."""
    case = CASES["ricci"]
    table = adverse_impact(case.table, **call(case), within=case.within)
    table = table[table.stage == "passed"].set_index(["stratum", "group"])
    for name, rate in case.published.items():
        posting, group = name.split(", rate of ")
        assert_allclose(table.selection_rate[posting, group], rate, atol=5.1e-4)
    others = table[table.index.get_level_values("group") != "white"]
    assert others.below_four_fifths.all()
    # as the text says: one is told apart by itself at 5 %, and both groups are over both
    assert (others.p_value < 0.05).sum() == 1
    rows = pooled(case.table, **call(case), within=case.within)
    rows = rows[(rows.stratum == "pooled") & (rows.stage == "passed")]
    assert rows.homogeneous.all() and (rows.p_adjusted < 0.05).all()


def test_hazelwood() -> None:
    """Expected 43.428 and 16.074, z -5.515 and -1.560 (METHODS; note 17 of the opinion)."""
    case = CASES["hazelwood"]
    table = representation(case.table, dict(case.residents), group="race", within="year")
    black = table[table.group == "black"].set_index(["stratum", "benchmark"])
    wide, narrow = case.residents
    first = black.loc["1972-1973"]
    assert_allclose(first.expected[[wide, narrow]], [43.428, 16.074], atol=5e-4)
    assert_allclose(first.z[[wide, narrow]], [-5.515, -1.560], atol=5e-4)
    for year in ("1972-1973", "1973-1974"):
        assert_allclose(black.share[year, wide], case.published[f"{year}, share"], atol=6e-4)
        for place, share in ((wide, "15.4 %"), (narrow, "5.7 %")):
            said = case.published[f"{year}, expected at {share}"]
            assert round(black.expected[year, place]) == said
    # note 17: more than three standard deviations in 1973-1974, and less than one
    second = black.loc["1973-1974"]
    assert second.z[wide] < -3 and -1 < second.z[narrow] < 0
    assert case.table.table["n"].sum() == 405
    # both years: more than six, and less than two
    both = representation(case.table, dict(case.residents), group="race")
    both = both[both.group == "black"].set_index("benchmark")
    assert both.z[wide] < -6 and -2 < both.z[narrow] < -1
    for place, share in ((wide, "15.4 %"), (narrow, "5.7 %")):
        assert round(both.expected[place]) == case.published[f"both years, expected at {share}"]


def test_berkeley() -> None:
    """Overall 44.5 and 30.4 %; within departments withheld; what R would pool."""
    case = CASES["berkeley"]
    said = case.published
    rates = eq.rates(case.table, of="admitted", group="sex", reference="male").set_index("group")
    assert rates.x.tolist() == [said["women admitted"], said["men admitted"]]
    assert rates.n.tolist() == [said["women"], said["men"]]
    assert rates.ratio_high["female"] < 1
    call = {"group": "sex", "reference": "male", "of": "admitted", "within": "department"}
    assert pooled(case.table, **call).withheld.iloc[-1]
    row = pooled(case.table, **call, homogeneity_level=0).iloc[-1]
    names = ("odds ratio, men to women (Mantel-Haenszel)", "its interval, low end")
    assert_allclose([1 / row.odds_ratio, 1 / row.high], [said[n] for n in names], atol=5e-8)
    assert_allclose(1 / row.low, said["its interval, high end"], atol=5e-8)
