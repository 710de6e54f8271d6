"""Charts of the workforce family: true titles, marks told apart, breaks seen, one data set."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from chart_rules import ChartRules, said

from equity import charts
from equity.measures import diversity, representation, representation_trend

GROUPS = ["white", "black", "hispanic", "asian", "aian"]
TOWN = pd.DataFrame({
    "race": [*GROUPS, "multiple"], "n": [56_400, 27_300, 10_100, 3_600, 300, 2_300],
    "moe": [300, 300, 0, 90, 60, 200],
})  # fmt: skip
POOL = pd.DataFrame({"race": [*GROUPS, "multiple"], "n": [700, 160, 95, 25, 2, 18]})
LABOUR = TOWN.assign(n=[33_000, 14_000, 6_000, 2_500, 150, 700])
MANY = {"residents": TOWN, "labour force": LABOUR, "applicants": POOL}


def staff(ranks=("officer",)) -> pd.DataFrame:
    rows = []
    for i, rank in enumerate(ranks):
        part = 4**-i
        for group, n in zip([*GROUPS, None], [1000, 160, 45, 20, 3, 4], strict=True):
            rows.append((rank, group, round(n * part)))
    return pd.DataFrame(rows, columns=["rank", "race", "n"])


RANKS = ("officer", "sergeant", "captain")


def shares(benchmarks=None, ranks=("officer",), **more):
    within = "rank" if len(ranks) > 1 else None
    town = TOWN if benchmarks is None else benchmarks
    return representation(staff(ranks), town, group="race", within=within, **more)


def indices(benchmarks=None, ranks=("officer",)):
    within = "rank" if len(ranks) > 1 else None
    town = TOWN if benchmarks is None else benchmarks
    return diversity(staff(ranks), town, group="race", within=within, draws=400)


def years(benchmarks=None, broken=True, first=2015):
    rows = []
    for year in range(first, 2020):
        for group, n in zip([*GROUPS, None], [1500, 370, 36, 25, 2, 3], strict=True):
            rows.append((year, group, n + (year - 2015) * (-20 if group == "black" else 1)))
        if broken and year > 2016:
            rows.append((year, "multiple", 68))
    counts = pd.DataFrame(rows, columns=["year", "race", "n"])
    return representation_trend(counts, TOWN if benchmarks is None else benchmarks, group="race")


CASES = {
    "representation by rank": (charts.representation, lambda: shares(ranks=RANKS)),
    "representation, three benchmarks by rank": (
        charts.representation,
        lambda: shares(MANY, RANKS),
    ),
    "representation, three benchmarks": (charts.representation, lambda: shares(MANY)),
    "representation_trend": (charts.representation_trend, years),
    "representation_trend, benchmarks": (charts.representation_trend, lambda: years(MANY)),
    "representation_trend, no break": (charts.representation_trend, lambda: years(broken=False)),
    "diversity": (charts.diversity, indices),
    "diversity by rank": (charts.diversity, lambda: indices(ranks=RANKS)),
    "diversity, benchmarks": (charts.diversity, lambda: indices(MANY)),
}


def rows(chart) -> list[dict]:
    return chart.to_dict()["datasets"]["table"]


class TestEveryChart(ChartRules):
    cases = CASES


# ---- representation: side by side, drilled down --------------------------------------------


def test_several_benchmarks_share_the_row_of_a_group_in_each_rank() -> None:
    """One row for each rank and group, and a grey mark of its own for each benchmark."""
    made = charts.representation(shares(MANY, RANKS), strata_label="rank")
    table = rows(made)
    assert len(table) == 3 * 3 * 5  # the sixth group is nobody
    first = [r for r in table if r["first"]]
    assert len(first) == 15 and {r["benchmark"] for r in first} == {"residents"}
    spots = {(r["stratum"], r["group"], r["y"]) for r in table}
    assert len(spots) == 15  # the others stand on the same rows
    assert all(r["value"] is None and r["n_text"] is None for r in table if not r["first"])
    black = next(r for r in first if (r["stratum"], r["group"]) == ("officer", "black"))
    assert black["note"].startswith("benchmark") is False
    assert re.fullmatch(
        r"residents 27.3% ±0.3, labour force 24.8% ±\d.\d, applicants 16.0%", black["benchmarks"]
    )
    assert black["note"] == "| 27.3% ▼ 24.8% ▲ 16.0%"
    assert black["n_text"] == "160 of 1,228; 197 to 336 would match"
    shapes = [
        layer["mark"]["shape"] for layer in made.to_dict()["layer"]
        if layer["mark"].get("shape") and "benchmark" in str(layer.get("transform"))
    ]  # fmt: skip
    assert shapes == ["triangle-down", "triangle-up"]
    assert "| residents; ▼ labour force; ▲ applicants" in said(made)


def test_groups_of_nobody_are_named_once_and_not_drawn_in_every_rank() -> None:
    """In a single stratum they have their row, and its words."""
    made = charts.representation(shares(ranks=RANKS), strata_label="rank")
    assert "multiple" not in {r["group"] for r in rows(made)}
    assert "Not drawn, nobody recorded (they may not be kept apart): Two or more races" in said(
        made
    )
    alone = rows(charts.representation(shares()))
    assert next(r for r in alone if r["group"] == "multiple")["n_text"] == "none recorded"


def test_several_benchmarks_share_the_row_of_a_group_of_the_whole_workforce() -> None:
    """In the order in which they were given, each figure beside its mark."""
    for names in (list(MANY), list(MANY)[::-1]):
        made = charts.representation(shares({name: MANY[name] for name in names}))
        first = [r for r in rows(made) if r["first"]]
        assert len({r["y"] for r in rows(made)}) == len(first) == 6
        assert f"| {names[0]}; ▼ {names[1]}; ▲ {names[2]}" in said(made)
        black = next(r for r in first if r["group"] == "black")
        figures = {"residents": "27.3%", "labour force": "24.8%", "applicants": "16.0%"}
        signs = zip("|▼▲", names, strict=True)
        assert black["note"] == " ".join(f"{sign} {figures[name]}" for sign, name in signs)


def test_a_group_that_the_first_benchmark_lacks_has_no_line_for_it() -> None:
    """The mark of a benchmark is drawn for its own rows alone."""
    table = shares(MANY)
    gone = (table["group"] == "asian") & (table["benchmark"] == "residents")
    made = charts.representation(table[~gone])
    row = next(r for r in rows(made) if r["group"] == "asian" and r["first"])
    assert row["note"].startswith("▼")
    (tick,) = [la for la in made.to_dict()["layer"] if la["mark"]["type"] == "tick"]
    assert "datum.benchmark == 'residents'" in str(tick["transform"])


def test_five_benchmarks_stand_under_one_another() -> None:
    """More than four marks cannot be told apart on one row."""
    five = {f"b{i}": TOWN for i in range(5)}
    made = charts.representation(shares(five, RANKS))
    assert len({r["y"] for r in rows(made)}) == 5 * 3 * 5
    alone = rows(charts.representation(shares(five)))
    assert len({r["y"] for r in alone}) == 5 * 6
    black = [r for r in alone if r["group"] == "black"]
    assert [r["label"] for r in black] == list(five)
    assert re.fullmatch(r"Black, \d+\.\d% \(.*\), [\d,]+ of [\d,]+", black[0]["head"])
    assert all(re.fullmatch(r"27\.3% ±0\.3; \d+ would match", r["value"]) for r in black)
    assert all(r["n_text"] is None for r in black)  # it would run into the name of the benchmark


# ---- over snapshots ------------------------------------------------------------------------


def test_the_trend_title_has_first_and_last_and_says_that_categories_changed() -> None:
    """Of the groups farthest above and below."""
    made = charts.representation_trend(years(), what="police force")
    assert made.title.text == (
        "White people were 77.6% of the police force in 2015 and 77.6% in 2019, against 56.4% of "
        "the benchmark; Black people, 19.1% and 15.0%, against 27.3%; the categories changed in "
        "between"
    )
    calm = charts.representation_trend(years(broken=False))
    assert "categories changed" not in calm.title.text + said(calm)
    one = charts.representation_trend(years(first=2019))
    assert one.title.text == "There is only one snapshot, and nothing to follow over time"


def test_a_line_is_not_joined_over_a_break() -> None:
    """Another run on each side, a dashed rule between, and words for it."""
    made = charts.representation_trend(years())
    table = [r for r in rows(made) if r["group"] == "white"]
    assert [r["run"] for r in table] == [0, 0, 1, 1, 1]
    assert [r["broken_at"] for r in table] == [None, None, 2016.5, None, None]
    assert "before 2017 (Two or more races: nobody, then 68 people)" in said(made)
    text = [la["mark"].get("text") for la in made.to_dict()["layer"]]
    assert text.count("categories changed") == 2  # on the one side or on the other
    lines = [la for la in made.to_dict()["layer"] if la["mark"]["type"] == "line"]
    assert {"field": "run", "type": "quantitative"} in lines[-1]["encoding"]["detail"]


def test_a_snapshot_without_a_group_has_no_point() -> None:
    """Nobody of it is not a share of 0 on the line; the table has the row."""
    table = [r for r in rows(charts.representation_trend(years())) if r["group"] == "multiple"]
    assert [r["y"] is None for r in table] == [True, True, False, False, False]
    assert table[0]["value"] == "none recorded"


def test_benchmarks_are_grey_lines_of_different_dashes() -> None:
    """A line, long dashes, dots."""
    made = charts.representation_trend(years(MANY))
    dashes = [
        la["mark"].get("strokeDash") for la in made.to_dict()["layer"]
        if la["mark"]["type"] == "line" and la["mark"].get("color") == charts.PALETTE["grey"]
    ]  # fmt: skip
    assert dashes == [[], [7, 4], [2, 3]]
    assert "line, residents; long dashes, labour force; dots, applicants" in said(made)
    assert len([r for r in rows(made) if r["y"] is not None]) == 5 * 5 + 3  # once, not thrice


def test_dates_stand_at_their_distance() -> None:
    """A quarter is less than a year; the same counts again are noticed."""
    counts = pd.DataFrame({
        "race": ["white", "black"] * 3, "n": [60, 40, 60, 40, 66, 41],
        "date": ["2016-04-01"] * 2 + ["2016-07-01"] * 2 + ["2017-07-01"] * 2,
    })  # fmt: skip
    made = charts.representation_trend(
        representation_trend(counts, TOWN, group="race", when="date")
    )
    spots = [r["time"] for r in rows(made) if r["group"] == "white"]
    assert spots[1] - spots[0] == pytest.approx(0.25, abs=0.01)
    assert spots[2] - spots[1] == pytest.approx(1, abs=0.01)
    assert "perhaps the same file: 2016-07-01" in said(made)
    assert " on 2016-04-01 and " in made.title.text


# ---- one number ----------------------------------------------------------------------------


def test_the_diversity_title_says_whether_chance_explains_it() -> None:
    """How many would have to be of another group; by which benchmark; in how many ranks."""
    assert charts.diversity(indices()).title.text == (
        "The workforce is further from the benchmark than chance alone explains: 23.7% of the "
        "people, about 291, would have to be of another group to match it"
    )
    drawn_ = diversity(
        pd.DataFrame({"race": ["white", "black"], "n": [56, 27]}), TOWN, group="race"
    )
    assert charts.diversity(drawn_, what="sworn officers").title.text == (
        "The sworn officers are no further from the benchmark than people drawn at random could be"
    )
    parts = charts.diversity(indices(ranks=RANKS), strata_label="rank").title.text
    assert parts == (
        "In all 3 ranks, the workforce is further from the benchmark than chance alone explains"
    )


def test_too_few_people_to_tell() -> None:
    """Not a blank."""
    few = diversity(pd.DataFrame({"race": ["white", "black"], "n": [5, 1]}), TOWN, group="race")
    made = charts.diversity(few)
    assert made.title.text == (
        "There are too few people to tell whether more than chance is at work"
    )
    assert "Too few people to tell." in said(made)
    assert all(r["value"] for r in rows(made))


def test_a_benchmark_by_which_it_is_otherwise_is_named() -> None:
    """Far from the residents, not from those who applied."""
    applied = pd.DataFrame({"race": GROUPS, "n": [1010, 158, 44, 20, 3]})
    made = charts.diversity(indices({"residents": TOWN, "applicants": applied}))
    assert made.title.text.endswith("; by “applicants”, no difference from chance can be told")


def test_the_band_is_the_range_of_chance_around_the_benchmark() -> None:
    """And an orange diamond lies beyond it."""
    table = rows(charts.diversity(indices()))
    by = {r["index"]: r for r in table}
    blau = by["blau"]
    assert blau["chance_low"] < blau["community"] < blau["chance_high"]
    assert blau["at"] < blau["chance_low"] and blau["shape"] == "diamond"
    assert by["dissimilarity"]["chance_low"] >= 0
    assert by["theil"]["label"] == "Mixture (Theil)"
