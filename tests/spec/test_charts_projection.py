"""Chart of the projection: a true title, words for never, one specification for all figures."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import equity as eq
from equity import charts
from equity.measures import parity_projection

LABELS = {"female": "Women", "male": "Men"}


def table(year=2025, **kw) -> pd.DataFrame:
    staff = pd.DataFrame({"sex": ["female", "male", None], "n": [10, 90, 3]})
    if year:
        staff["year"] = year
    usual = {"group": "sex", "focal": "female", "target": 0.3, "exit_rates": 0.1}
    return parity_projection(staff, **(usual | kw))


def drawn(**kw):
    return charts.parity_projection(table(**kw), labels=LABELS)


def lines(chart) -> str:
    return "\n".join(chart.title.subtitle)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"hire_share": 0.5},
            "With 50% of hires, women are expected to be 30% of the workforce in 2032",
        ),
        (
            {"hire_share": 0.2},
            "With 20% of hires, women do not reach 30% of the workforce: they level off at 20%",
        ),
        (
            {"hire_share": 0.3},
            "With 30% of hires, women approach 30% of the workforce and do not get there: 29.2% "
            "in 2055",
        ),
        (
            {"hire_share": 0.5, "years": 3},
            "With 50% of hires, women are expected to be 20.8% of the workforce in 2028, short "
            "of 30%",
        ),
        (
            {"hire_share": 0.5, "target": 0.05},
            "Women are 10% of the workforce today, at or above the target of 5%",
        ),
        (
            {"hire_share": 0.5, "year": None},
            "With 50% of hires, women are expected to be 30% of the workforce in 7 years",
        ),
    ],
)
def test_the_title_is_the_finding(given, says) -> None:
    """At 50 % of hires 0.5 - 0.4 * 0.9^t reaches 0.3 after seven years."""
    assert drawn(**given).title.text == says


def test_the_lines_below_say_what_it_rests_on() -> None:
    text = lines(drawn(hire_share=0.5, by_year=2028))
    assert "Now 10%, 10 of 100; 10 hires in the first year" in text
    assert "To reach 30% by 2028, " in text and "of the hires of every year" in text
    assert "95% of drawn futures, which reach the target between" in text
    assert "Left out because the group is not known: 3 people" in text
    assert text.endswith("it cannot show what will happen.")


def test_out_of_reach_is_said_in_words() -> None:
    text = lines(drawn(hire_share=0.2, by_year=2026))
    assert "By 2026 the target is out of reach: if everybody hired were of this group" in text


def test_the_goal_says_that_it_is_about_recruits() -> None:
    chart = drawn(goal=eq.THIRTY_BY_30)
    assert "30 of 100 people in police recruit classes are women by 2030" in lines(chart)
    assert "it is about recruits, not about the whole workforce" in lines(chart)


def test_who_came_from_other_posts_enters_and_is_not_hired() -> None:
    found = table(hire_share=0.5, by_year=2028).assign(moved_n=7)
    chart = charts.parity_projection(found, labels=LABELS)
    assert chart.title.text.startswith("With 50% of those who enter, women are expected to be 30%")
    assert "10 enter in the first year" in lines(chart)
    assert "of those who enter in every year until then" in lines(chart)


def test_the_specification_holds_no_figures() -> None:
    """So a page puts new figures into the chart that is there, at once, when a slider moves."""
    specs = []
    for kw in ({"hire_share": 0.5}, {"hire_share": 0.1, "target": 0.4}, {"hire_share": 0.9}):
        spec = drawn(**kw).to_dict(validate=False)
        for key in ("datasets", "title", "description"):
            spec.pop(key)
        specs.append(json.dumps(spec, sort_keys=True))
    assert len(set(specs)) == 1


def test_one_data_set_and_a_text_alternative() -> None:
    chart = drawn(hire_share=0.5)
    spec = chart.to_dict()
    assert set(spec["datasets"]) == {"table"}
    assert len(spec["datasets"]["table"]) == 31
    assert spec["description"].startswith(chart.title.text)
    assert len(spec["description"]) < 1000
    assert "2055, 48.3%" in spec["description"]


def test_the_band_may_be_missing() -> None:
    chart = drawn(hire_share=0.5, draws=0)
    assert "drawn futures" not in lines(chart)
    assert chart.to_dict()["datasets"]["table"][3]["low"] is None


def test_the_table_is_read_in_words() -> None:
    found = table(hire_share=0.5)
    named = [c[0] for c in charts.COLUMNS["parity_projection"]]
    assert set(named) == set(found.columns)
    assert set(charts.ON_PAGE["parity_projection"]) <= set(named)
