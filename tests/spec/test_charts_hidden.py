"""Charts of hiring and workforce with hidden figures: hatched and said, never 0 or a claim."""

from __future__ import annotations

import functools
import json
import os
import random
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
import test_charts as first
import test_charts_hiring as hiring
import test_charts_pooled as together
import test_charts_projection as projection
import test_charts_retention as durations
import test_charts_workforce as workforce
from altair.utils.schemapi import debug_mode
from chart_rules import marks, svg_of, walk

from equity import charts
from equity.charts import _findings, _hidden

REASON = "Hidden: fewer than 10 people, or it would give such a number away"
LEGEND = REASON + "."
TIMES = int(os.environ.get("HIDDEN_TIMES", "1"))
KEYS = {
    *("stratum", "stage", "group", "reference", "benchmark", "index", "exit_reason", "months"),
    *("since", "when", "year", "ahead", "method", "reason", "population", "population_share"),
    *("population_share_se", "community", "target", "by_year", "hire_share", "step", "because"),
}
"""Columns that say of whom or when a row is, or that are of no person: never hidden."""
FIGURE = {
    "adverse_impact": "impact_ratio",
    "stage_decomposition": "impact_ratio",
    "funnel": "at",
    "pooled": "odds_ratio",
    "missing_bounds": "ratio_least",
    "time_to_stage": "median",
    "representation": "share",
    "representation_trend": "share",
    "diversity": "workforce",
    "retention": "survival",
    "exits": "rate",
    "parity_projection": "share",
    "ledger": "rows",
}

THROUGHOUT = (["p_adjusted"], ["unknown"], ["n", "x", "x_known"])
"""Columns that are hidden together in every row of a table."""
LACKING = {
    "p_adjusted": {
        *("funnel", "funnel by year", "missing_bounds", "representation_trend"),
        *("parity_projection", "ledger"),
    },
    "unknown": {"ledger"},
    "n": {"ledger"},
}
"""Cases whose table has no such column at all."""


def ledger() -> pd.DataFrame:
    """Return the steps of a count; a published one has reasons."""
    return first.CASES["ledger"][1]().assign(reason=None)


Made = Callable[[], pd.DataFrame]
CASES: dict[str, tuple[Callable[..., Any], Made]] = {
    **hiring.CASES,
    **{k: durations.CASES[k] for k in ("retention", "exits", "time_to_stage")},
    "retention by cohort": durations.CASES["retention by cohort"],
    "representation": (charts.representation, workforce.shares),
    **{k: workforce.CASES[k] for k in (
        "representation by rank", "representation, three benchmarks", "representation_trend",
        "diversity", "diversity by rank",
    )},
    "adverse_impact by year": (charts.adverse_impact, lambda: hiring.years(hiring.impact)),
    "funnel by year": (charts.funnel, lambda: hiring.years(hiring.funnel)),
    "stage_decomposition": first.CASES["stage_decomposition"],
    "pooled": (charts.pooled, together.stages),
    "parity_projection": (charts.parity_projection, lambda: projection.table(hire_share=0.5)),
    "ledger": (charts.ledger, ledger),
}  # fmt: skip


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Leave out what Altair checks of each part of a chart as it is made: one test has it all."""
    with debug_mode(False):
        yield


@functools.cache
def _made(case: str) -> pd.DataFrame:
    return CASES[case][1]()


def figure(case: str) -> str:
    """Return the column whose figure a chart draws."""
    return FIGURE[CASES[case][0].__name__]


def hide(table: pd.DataFrame, rows: list[bool], columns: list[str] | None = None) -> pd.DataFrame:
    """Return the table with `columns` (all but keys) missing in `rows`, and the reason there."""
    out = table.reset_index(drop=True).copy()
    if "reason" not in out:
        out["reason"] = None
    here = pd.Series(rows, index=out.index)
    for column in [c for c in out if c not in KEYS] if columns is None else columns:
        if column not in out:
            continue
        kind = out[column].dtype
        if kind.kind in "iu":
            out[column] = out[column].astype("Int64")
        elif kind.kind == "b":
            out[column] = out[column].astype("boolean")
        out.loc[here, column] = None if out[column].dtype == object else pd.NA
    out["reason"] = out["reason"].astype(object)
    out.loc[here, "reason"] = REASON
    return out


def other(table: pd.DataFrame) -> str | None:
    """Return a group that is not what others are compared with; None where rows have no group."""
    if "group" not in table:
        return None
    references = set(table["reference"]) if "reference" in table else set()
    return next((g for g in dict.fromkeys(table["group"]) if g not in references and g != "white"),
                None)  # fmt: skip


def one_hidden(case: str) -> pd.DataFrame:
    """Return a table of which one group is hidden, or the last row where there are no groups."""
    table = _made(case)
    group = other(table) if case != "parity_projection" else None
    rows = [False] * (len(table) - 1) + [True] if group is None else table["group"].eq(group)
    return hide(table, list(rows))


class Drawn:
    """A chart of a case as a page gets it: its specification, made once."""

    def __init__(self, case: str, table: pd.DataFrame, *, check: bool = False) -> None:
        self.chart = CASES[case][0](table)
        self.spec = self.chart.to_dict(validate=check)
        self.title: str = self.spec["title"]["text"]
        self.notes: list[str] = self.spec["title"]["subtitle"]
        self.description: str = self.spec["description"]
        self.rows: list[dict[str, Any]] = self.spec["datasets"]["table"]
        json.dumps(self.spec, allow_nan=False)

    def keeps_to_words(self) -> None:
        """Nothing that a program says of what is missing stands in a chart."""
        for _, value in walk(self.spec):
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str):
                    assert not re.search(r"\bnan\b|NaN|\bNone\b(?! of)|<NA>|\bNaT\b", text), text
        for text in (self.title, self.description, *self.notes):
            assert "?" not in text, text

    def hatched(self) -> int:
        """Return how many rows the hatched marks of a chart stand for."""
        number = 0
        for layer in marks(self.spec):
            if not str(layer["mark"].get("shape")).startswith("M"):
                continue
            test = json.dumps(layer["transform"])
            fields = re.findall(r"isValid\(datum\.(\w+)\)", test)
            number += sum(
                all(r.get(f) is not None for f in fields)
                and ("datum.hidden" not in test or r["hidden"])
                for r in self.rows
            )
        return number


@pytest.mark.parametrize("case", CASES)
def test_a_hidden_group_is_drawn_hatched_named_and_not_spoken_of(case: str) -> None:
    """Its rows are there, not as 0; title, notes and text alternative say that it is hidden."""
    chart = Drawn(case, one_hidden(case), check=True)
    chart.keeps_to_words()
    assert chart.hatched() >= 1
    assert LEGEND in chart.notes
    assert "hidden" in chart.title
    assert "too few" not in chart.title or case == "funnel"  # of one that is shown
    rows = [r for r in chart.rows if r.get("hidden")]
    assert rows
    for row in rows:
        for column in ("value", "n_text", "n_short", "note", "counted", "years", "aria"):
            text = str(row.get(column, ""))
            assert not re.search(r"(?<![\d.,])0(?![\d.,%])|not shown", text), row
        assert figure(case) == "at" or row[figure(case)] is None
    if case not in ("parity_projection", "ledger"):
        assert "Hidden: " in chart.description
    else:
        assert "hidden" in chart.description
    group = other(_made(case))
    if group and case not in ("parity_projection",) and "diversity" not in case:
        name = next(r for r in rows if r["group"] == group)
        name = name.get("group_label") or name["label"]
        assert name.lower() not in chart.title.lower()
        assert name in chart.description


@pytest.mark.parametrize("case", ["adverse_impact", "retention", "representation_trend"])
def test_a_hidden_group_can_be_drawn(case: str) -> None:
    """The picture holds the word, or the hatched square with a description."""
    svg = svg_of(CASES[case][0](one_hidden(case)), 340)
    assert "hidden" in svg
    assert "NaN" not in svg and ">null<" not in svg


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("case", CASES)
def test_a_table_that_is_hidden_throughout_says_only_that(case: str) -> None:
    """No finding, no count; every row is hatched."""
    table = _made(case)
    chart = Drawn(case, hide(table, [True] * len(table)))
    chart.keeps_to_words()
    assert re.search(r"hidden|Which .* are in", chart.title)
    assert not re.search(r"no clear|too few|computed|nobody|\d%", chart.title, re.I)
    assert chart.hatched() >= 1
    assert not re.search(r"\bn = 0\b", " ".join(chart.notes))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("case", "columns"),
    [(c, w) for c in CASES for w in THROUGHOUT if c not in LACKING.get(w[0], ())],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_column_that_is_hidden_throughout(case: str, columns: list[str]) -> None:
    """The figures that are shown stay; what is left out or summed up is not said to be 0."""
    table = _made(case)
    assert set(columns) & set(table.columns), "say in LACKING that the table has no such column"
    chart = Drawn(case, hide(table, [True] * len(table), columns))
    chart.keeps_to_words()
    assert LEGEND in chart.notes
    assert not re.search(
        r"n = 0\b|is known, so|with a known result is known", " ".join(chart.notes)
    )
    if "unknown" in columns:
        assert "is known" not in chart.title
    drawn = [r for r in chart.rows if r.get(figure(case)) is not None]
    assert drawn


def test_a_hidden_adjusted_p_value_stands_for_the_most_that_it_can_be() -> None:
    """Holm asks no more than Bonferroni: what is clear by the latter is, and nothing else."""
    row = {"group": "b", "reference": "w", "ratio_low": 0.5, "ratio_high": 0.9, "p_adjusted": None,
           "reason": REASON}  # fmt: skip
    row = row | {"ratio": 0.7, "stratum": "all"}
    each = (("b", 0.01), ("h", 0.02), ("a", 0.03), ("i", None))
    table = pd.DataFrame([row | {"group": g, "p_value": p} for g, p in each])
    rows = _hidden.bound(table).to_dict("records")
    assert [r["p_most"] for r in rows[:3]] == pytest.approx([0.04, 0.08, 0.12])
    assert [_findings.side(r, 0.05) for r in rows] == ["below", "alone", "alone", "hidden"]
    assert _findings.side(row | {"ratio": None, "ratio_low": None, "ratio_high": None}) == "hidden"
    assert _findings.side(row | {"reason": None, "ratio": 0.7}) == "below"


def test_a_headline_says_who_is_hidden_and_claims_nothing_for_them() -> None:
    """Not all, not no group, not too few: only those that are shown."""
    alike = {"tested": lambda t: t.n, "interviewed": lambda t: t.n, "hired": lambda t: t.n // 2}
    table = hiring.impact(hiring.applicants().assign(**alike))
    plain = charts.adverse_impact(table).title.text
    hidden = charts.adverse_impact(hide(table, list(table["group"].eq("hispanic")))).title.text
    assert "No group" in plain and "No group shown" in hidden
    assert hidden.endswith("; 1 other group hidden")
    one = table["group"].eq("hispanic") & table["stage"].eq("hired")
    assert charts.adverse_impact(hide(table, list(one))).title.text.endswith(
        f"; 1 of {len(table)} figures is hidden"
    )


def test_a_sum_leaves_out_what_is_hidden_and_says_so() -> None:
    """It is neither 0 nor whole."""
    table = hiring.funnel()
    chart = charts.funnel(hide(table, list(table["group"].eq("black"))))
    assert any("n = 559 applicants, without those hidden" in s for s in chart.title.subtitle)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("case", CASES)
def test_whatever_is_hidden_a_chart_is_made(case: str) -> None:
    """Any columns of any rows, as a release may leave them."""
    draw = random.Random(zlib.crc32(case.encode()))
    table = _made(case)
    columns = sorted(set(table.columns) - KEYS)
    for share in [0.5] * TIMES:
        rows = [True, *(draw.random() < share for _ in range(len(table) - 1))]
        chart = Drawn(case, hide(table, rows, [c for c in columns if draw.random() < 0.5]))
        chart.keeps_to_words()
        assert LEGEND in chart.notes
