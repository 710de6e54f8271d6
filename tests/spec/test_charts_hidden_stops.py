"""Charts of stops whose figures a published page hides: marked, named, and never counted as 0."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
import test_charts
import test_charts_ladder
import test_charts_outcome
import test_charts_rates_family
import test_charts_threshold
import test_charts_veil
from altair.utils.schemapi import debug_mode
from chart_rules import Case, marks

from equity import charts

REASON = "Hidden: fewer than 10 people, or it would give such a number away"
LADDER = test_charts_ladder.ladder
SIX = {"districts": tuple("ABCDEF")}

CASES: dict[str, Case] = {
    "rates": test_charts.CASES["rates"],
    "rates within": test_charts.CASES["rates within"],
    "hit_rates": test_charts.CASES["hit_rates"],
    "standardized_rates": test_charts_rates_family.CASES["standardized_rates"],
    "stop_rates": test_charts_rates_family.CASES["stop_rates"],
    "stop_rates, two": test_charts.CASES["stop_rates, two benchmarks"],
    "trend": test_charts_rates_family.CASES["trend"],
    "clock": test_charts_rates_family.CASES["clock"],
    "coverage": test_charts.CASES["coverage"],
    "recording": test_charts_rates_family.CASES["recording"],
    "daylight_shares": test_charts_veil.CASES["shares"],
    "veil": test_charts_veil.CASES["main"],
    "veil, models": test_charts_veil.CASES["models"],
    "kpt_test": test_charts_outcome.CASES["kpt_test"],
    "kpt_test within": test_charts_outcome.CASES["kpt_test by district"],
    "robust": test_charts_outcome.CASES["robust_outcome_test"],
    "robust within": test_charts_outcome.CASES["robust_outcome_test by district"],
    "outcome_scatter": (
        charts.outcome_scatter,
        lambda: test_charts_outcome.hits(**SIX),
    ),
    "threshold_test": (charts.threshold_test, test_charts_threshold.table),
    "ladder": (
        charts.evidence_ladder,
        lambda: LADDER([*["points to a difference"] * 4, *["cannot tell"] * 4]),
    ),
}
KEYS = {
    *("stratum", "group", "reference", "benchmark", "year", "month", "hour", "minutes", "flag"),
    *("daylight", "model", "prior_scale", "rung", "question", "figure", "scope", "method"),
    *("population", "population_moe", "population_share", "reason"),
}
"""Columns that say of what a row is, or are published elsewhere: they are never hidden."""
COUNTED = {"n", "n_known", "n_dark", "n_light"}
each = pytest.mark.parametrize("case", CASES)


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Leave out what Altair checks of each part of a chart as it is made: one test has it all."""
    with debug_mode(False):
        yield


@functools.cache
def made(case: str) -> pd.DataFrame:
    return CASES[case][1]().reset_index(drop=True)


def without(table: pd.DataFrame, rows: list[int], columns: list[str]) -> pd.DataFrame:
    """Hide columns in rows as a published table has it: missing, with the reason."""
    out = table.copy()
    if "reason" not in out:
        out["reason"] = None
    out["reason"] = out["reason"].astype(object)
    for column in columns:
        dtype = out[column].dtype
        if pd.api.types.is_bool_dtype(dtype):
            out[column] = out[column].astype("boolean")
        elif pd.api.types.is_integer_dtype(dtype):
            out[column] = out[column].astype("Int64")
        elif not pd.api.types.is_float_dtype(dtype):
            out[column] = out[column].astype(object)
        out.loc[rows, column] = None if out[column].dtype == object else pd.NA
    out.loc[rows, "reason"] = REASON
    return out


def figures(table: pd.DataFrame) -> list[str]:
    return [c for c in table.columns if c not in KEYS]


def some_rows(table: pd.DataFrame) -> list[int]:
    """Rows of one group, or every third; the reference is spared."""
    if "group" in table and "reference" in table:
        others = table.index[table["group"] != table["reference"]]
        if table.loc[others, "group"].nunique() > 1:
            first = table.loc[others[0], "group"]
            return list(table.index[table["group"] == first])
        return list(others[::2])
    return list(table.index[1::3]) or [0]


def drawn(case: str, table: pd.DataFrame) -> Any:
    made = CASES[case][0](table)
    text = json.dumps([list(made.datasets["table"]), *said(made)], allow_nan=False)
    wrong = re.search(r".{60}(\bnan\b|\bNone\b|<NA>|\bNaN\b|not shown of|\?%)", text)
    assert not wrong, wrong.group()
    for words in said(made):
        assert not re.search(r"\bnull\b|\?(?! )(?!$)", words), words
        assert "Hidden: Hidden" not in words and "computed: hidden" not in words.lower()
    return made


def said(made: Any) -> list[str]:
    return [made.title.text, made.description, *made.title.subtitle]


def hatched(made: Any) -> int:
    """How many rows a hatched layer draws, by its filter."""
    spec = made.to_dict(validate=False)
    rows = spec["datasets"]["table"]
    assert not re.search(r"\bnan\b|\bNone\b|<NA>|\bNaN\b", json.dumps(spec))
    number = 0
    for layer in marks(spec):
        mark = layer["mark"]
        if mark["type"] != "point" or not str(mark.get("shape")).startswith("M"):
            continue
        keep = layer["transform"][0]["filter"]
        number += sum(_kept(keep, row) for row in rows)
    return number


def _kept(keep: str, row: dict[str, Any]) -> bool:
    test = keep.replace("===", "==").replace("&&", " and ").replace("||", " or ")
    test = re.sub(r"isValid\(datum\.(\w+)\)", r"(row.get('\1') is not None)", test)
    test = re.sub(r"datum\.(\w+)", r"row.get('\1')", test)
    return bool(eval(test, {"row": row}))


@each
def test_whole_rows_are_hatched_named_and_not_counted(case: str) -> None:
    """Every hidden row has its mark, and the notes say what it means."""
    table = made(case)
    rows = some_rows(table)
    chart = drawn(case, without(table, rows, figures(table)))
    if case in ("outcome_scatter", "robust", "robust within"):  # a line for each group
        rows = rows[: table.loc[rows, "group"].nunique()]
    if case == "threshold_test":  # of the priors drawn: the group, and a line for its areas
        rows = rows[:2]
    if case == "kpt_test within":  # the rate of all, the lowest and the highest
        rows = rows * 3
    if case == "kpt_test":
        rows = [0] * 3
    assert hatched(chart) >= len(rows)
    assert REASON + "." in chart.title.subtitle
    assert "hidden" in chart.description
    assert "hidden" in chart.title.text, chart.title.text
    for row in chart.datasets["table"]:
        if str(row.get("reason")).startswith("Hidden") and row.get("at") is None:
            assert not re.match(r"0\b", str(row.get("value") or row.get("n_text") or ""))


@pytest.mark.usefixtures("unchecked")
@each
def test_all_hidden_makes_no_claim(case: str) -> None:
    """Nothing is left to say, and nothing is said."""
    table = made(case)
    chart = drawn(case, without(table, list(table.index), figures(table)))
    title = chart.title.text
    assert hatched(chart) and re.search("hidden|not shown", title), title
    assert not re.search(r"\bNo (clear|single|share jumps)|too few|[Nn]one of|times as", title)
    assert "n = 0" not in " ".join(said(chart))


@pytest.mark.usefixtures("unchecked")
@each
def test_rates_can_be_hidden_where_numbers_are_known(case: str) -> None:
    """A row of which only the number of records is shown."""
    table = made(case)
    rows = some_rows(table)
    columns = [c for c in figures(table) if c not in COUNTED]
    if columns and case != "coverage":
        chart = drawn(case, without(table, rows, columns))
        if case != "clock":
            assert hatched(chart)


@pytest.mark.usefixtures("unchecked")
@each
def test_columns_can_be_hidden_throughout(case: str) -> None:
    """Every fourth column at a time: always drawn, in words, never a crash."""
    table = made(case)
    if len(table) > 60:
        table = table[table.index < 60] if case == "trend" else table
    columns = figures(table)
    for first in range(4):
        drawn(case, without(table, list(table.index), columns[first::4]))


def test_a_hidden_adjusted_p_value_is_not_read_as_no_adjustment() -> None:
    """What is clear only without the adjustment is not called clear; with Bonferroni's it is."""
    table = test_charts.rates_one().assign(p_value=0.03)
    rows = [0, 1, 2]
    title = charts.rates(without(table, rows, ["p_adjusted"])).title.text
    assert "clear" not in title or "No clear" in title
    table = table.assign(p_value=0.001)
    assert "2.3 times" in charts.rates(without(table, rows, ["p_adjusted"])).title.text


def test_a_line_is_broken_at_a_hidden_month() -> None:
    """The months on both sides belong to different runs, and the lane has the month."""
    table = made("trend")
    here = table.index[
        (table["group"] == "black") & (table["year"] == 2019) & (table["month"] == 5)
    ]
    chart = drawn("trend", without(table, list(here), figures(table)))
    rows = chart.datasets["table"]
    run = {(r["year"], r["month"]): r["run"] for r in rows if r["group"] == "black" and r["at"]}
    assert (2019, 5) not in run and run[2019, 4] != run[2019, 6]
    assert "Hatched below the lines, hidden: Black, May 2019." in chart.title.subtitle
    assert [r["name"] for r in rows if r["lane"] is not None] == ["May 2019"]


def test_sums_of_hidden_counts_say_so() -> None:
    """Neither 0 nor silence stands for a hidden number."""
    table = made("rates")
    text = " ".join(said(charts.rates(without(table, [1], figures(table)))))
    assert "n = 2,000 records, without those hidden" in text
    text = " ".join(said(charts.rates(without(table, list(table.index), ["unknown"]))))
    assert "How many records are left out because their group is not known is hidden" in text
