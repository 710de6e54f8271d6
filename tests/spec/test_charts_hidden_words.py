"""What charts of hiring and workforce say and draw of hidden figures, as readers took them."""

from __future__ import annotations

import re

import pandas as pd
import pytest
import test_charts_hiring as hiring
import test_charts_retention as durations
import test_charts_workforce as workforce
from chart_rules import marks, svg_of
from test_charts_hidden import REASON, hide

from equity import charts
from equity.charts import _durations, _hidden, _words

SHARES = ["share", "low", "high", "ratio", "ratio_low", "ratio_high", "shortfall"]


@pytest.mark.parametrize(("width", "ends"), [(760, (267, 560)), (340, (14, 302))])
def test_the_band_of_a_hidden_row_is_as_wide_as_all_values(
    width: int, ends: tuple[int, int]
) -> None:
    """From one end of the plot to the other: no reader can take it for a value or an interval."""
    table = workforce.shares()
    chart = charts.representation(hide(table, list(table["group"].eq("asian")), SHARES))
    drawn = re.findall(
        r'transform="translate\(([\d.]+),[\d.]+\)" d="(M0,5L[^"]+)"', svg_of(chart, width)
    )
    assert len(drawn) == 1
    left, path = float(drawn[0][0]), drawn[0][1]
    at = sorted({float(x) for x in re.findall(r"[ML](-?[\d.]+),", path)})
    assert left == ends[0] and at[0] == 0
    assert ends[1] - 9 <= left + at[-1] <= ends[1]
    gap = max(b - a for a, b in zip(at, at[1:], strict=False))
    assert 40 < gap < 75  # the word stands there, and nothing crosses it


def test_no_mark_of_a_benchmark_stands_in_a_hidden_row() -> None:
    """It would be read as the hidden share."""
    table = workforce.shares()
    spec = charts.representation(hide(table, list(table["group"].eq("asian")), SHARES)).to_dict()
    ticks = [m for m in marks(spec) if m["mark"]["type"] == "tick"]
    assert ticks
    assert all("!datum.hidden || isValid(datum.share)" in str(m["transform"]) for m in ticks)


@pytest.mark.parametrize(
    ("x", "n", "said"),
    [
        (12, 340, "12 of 340"),
        (2523, None, "2,523, total hidden"),
        (0, None, "none, total hidden"),
        (None, 361, "number hidden, of 361"),
        (None, None, "numbers hidden"),
    ],
)
def test_counts_of_which_a_part_is_hidden(x: int | None, n: int | None, said: str) -> None:
    """Each reads as words, and no hidden number as 0."""
    assert _hidden.counts({"x": x, "n": n, "reason": REASON}, "x", "n") == said


def test_where_only_the_share_is_hidden_the_headline_says_the_share() -> None:
    """Counts beside it are shown, so something can be said."""
    table = workforce.shares()
    every = [True] * len(table)
    chart = charts.representation(hide(table, every, [*SHARES, "n"]))
    assert chart.title.text == (
        "The share of every group is hidden: the total would give a small number away"
    )
    gone = charts.representation(hide(table, every)).title.text
    assert gone == f"Nothing can be said: all {len(table)} groups are hidden"
    two = table.head(2)
    assert "both groups are hidden" in charts.representation(hide(two, [True, True])).title.text


def test_a_finding_that_is_shown_is_said_before_what_is_hidden() -> None:
    """With how many others are hidden."""
    table = workforce.shares()
    plain = charts.representation(table).title.text
    some = list(table["group"].isin(["asian", "aian"]))
    hidden = charts.representation(hide(table, some)).title.text
    assert hidden == f"{plain}; 2 other groups hidden"


FIGURES = ["survival", "low", "high", "n_at_risk", "left", "n", "x", "months_lost",
           "lost_difference", "lost_low", "lost_high", "p_value", "p_adjusted"]  # fmt: skip


def test_who_stays_is_said_though_the_last_year_is_hidden() -> None:
    """The comparison is of the whole time; the months lost of every group that has them stand."""
    table = durations.CASES["retention"][1]()
    last = table["months"].eq(table["months"].max()) & ~table["group"].eq("white")
    chart = charts.retention(hide(table, list(last), FIGURES))
    assert "of Black people were still in service, against" in chart.title.text
    assert "more months of service lost on average" in chart.title.text
    lost = next(s for s in chart.title.subtitle if s.startswith("Months of service lost"))
    plain = charts.retention(table).title.subtitle
    assert lost in plain


def test_what_is_hidden_of_a_line_stands_below_its_axis() -> None:
    """As a band with words, not as a mark at a time."""
    table = durations.CASES["retention"][1]()
    rows = table["group"].eq("black") & table["months"].isin([36, 48])
    spec = charts.retention(hide(table, list(rows), FIGURES)).to_dict()
    data = [r for r in spec["datasets"]["table"] if r["lane"] is not None]
    assert [r["lane_words"] for r in data] == ["Black: hidden after 3 and 4 years"]
    axis = next(m["encoding"]["x"]["axis"] for m in marks(spec)
                if m["encoding"].get("x", {}).get("axis"))  # fmt: skip
    assert data[0]["lane"] > spec["height"] + axis["offset"] + 24
    assert spec["height"] >= data[0]["lane"] + 5


def test_stages_in_which_many_still_wait_are_counted_in_the_headline() -> None:
    """It does not say of them that no difference is clear."""
    table = durations.CASES["time_to_stage"][1]()
    first, *_ = dict.fromkeys(table["stage"])
    rows = table["stage"].eq(first)
    table["p_adjusted"] = table["p_adjusted"].where(rows & table["p_adjusted"].isna(), 0.5)
    table.loc[~rows, ["p_value", "p_adjusted", "difference"]] = float("nan")
    table["reason"] = table["reason"].astype(object)
    table.loc[~rows, "reason"] = "no comparison: many still wait"
    number = table["stage"].nunique()
    assert charts.time_to_stage(table).title.text.startswith(
        f"{number - 1} of {number} stages {'is' if number == 2 else 'are'} not compared, because "
        "many still wait; no clear difference"
    )


def test_only_the_part_of_a_bar_that_is_hidden_is_named() -> None:
    """The bar is drawn, and the key says nothing of marks that are not."""
    table = hiring.funnel()
    chart = charts.funnel(hide(table, [True] * len(table), ["withdrew"]))
    rows = chart.to_dict()["datasets"]["table"]
    assert all(r["at"] is not None and r["missing"] is None for r in rows)
    assert any(r["n_text"] and r["n_text"].endswith("withdrew hidden") for r in rows)
    assert not re.search("Grey|grey", " ".join(chart.title.subtitle))
    share = charts.funnel(hide(table, [True] * len(table), ["share_of_applicants"]))
    assert all(r["at"] is not None for r in share.to_dict()["datasets"]["table"])


def test_parts_in_words() -> None:
    """Of the two sexes by name; other nouns in their plural."""
    assert _words.for_parts(2, 2, "Sex") == "For both women and men"
    assert _words.for_parts(1, 2, "Sex") == "In 1 of 2 sexes"
    assert _words.for_parts(2, 2, "Posting") == "In both postings"
    assert _words.for_parts(3, 3, "branch") == "In all 3 branches"


def test_a_name_for_a_narrow_page_is_cut_between_words() -> None:
    """And not at all where there is room."""
    labels = {"sor": "Some other race", "long": "People of some other race or origin"}
    assert _words.name("sor", labels, short=True) == "Some other race"
    assert _words.name("long", labels, short=True) == "People of some…"


def test_a_column_of_a_hidden_year_is_as_high_as_the_plot() -> None:
    """It stands at its year and covers all values."""
    table = workforce.CASES["representation_trend"][1]()
    rows = table["group"].eq("black") & table["when"].eq(table["when"].iloc[-1])
    spec = charts.representation_trend(hide(table, list(rows), SHARES)).to_dict()
    mark = next(m["mark"] for m in marks(spec) if str(m["mark"].get("shape")).startswith("M"))
    ends = [float(y) for y in re.findall(r"[M,V](-?[\d.]+)(?=[VML]|$)", mark["shape"])]
    unit = mark["size"] ** 0.5 / 2
    assert (max(ends) - min(ends)) * unit == pytest.approx(110)


def test_times_that_are_hidden_are_listed() -> None:
    """Whole years together, other times by themselves."""
    months = pd.Series([6, 12, 24, 36])
    gone = pd.Series([True, False, True, True])
    assert _durations._when_hidden(months, gone) == "hidden after 6 months and 2 and 3 years"
    assert _durations._when_hidden(months, gone | True) == "hidden"


def test_a_group_that_the_first_benchmark_does_not_have_is_told_by_the_next():
    table = workforce.years(workforce.MANY)
    first = table["benchmark"].iloc[0]
    group = table["group"].iloc[-1]
    fewer = table[~(table["benchmark"].eq(first) & table["group"].eq(group))]
    assert table["benchmark"].nunique() > 1
    assert fewer["group"].eq(group).any()
    assert charts.representation_trend(fewer).to_dict()
