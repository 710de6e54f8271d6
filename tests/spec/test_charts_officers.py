"""The chart of officers: sorted, by number, grey where nothing can be told."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from equity import charts, measures

NAN = math.nan


def table(differ=(3,), number=30, group="black") -> pd.DataFrame:
    """Officers 1 to `number`; those in `differ` stand apart."""
    rng = np.random.default_rng(1)
    ratio = np.exp(0.1 * rng.standard_normal(number))
    for i in differ:
        ratio[i - 1] = 2.5 if i % 2 else 0.4
    return pd.DataFrame(
        {
            "officer": pd.array(range(1, number + 1), dtype="Int64"),
            "group": group,
            "reference": "colleagues",
            "n": 200,
            "x": 80,
            "share": 0.4,
            "benchmark": 0.38,
            "odds_ratio": ratio,
            "odds_low": ratio * 0.7,
            "odds_high": ratio / 0.7,
            "differs": pd.array([i + 1 in differ for i in range(number)], dtype="boolean"),
            "method": "doubly robust",
            "reason": pd.Series([None] * number, dtype="str"),
        }
    )


def rows(chart) -> list[dict]:
    return chart.to_dict()["datasets"]["table"]


def test_officers_are_sorted_and_only_those_who_differ_have_colour_and_number() -> None:
    chart = charts.officers(table(differ=(3, 4)))
    data = rows(chart)
    ratios = [r["odds_ratio"] for r in data]
    assert ratios == sorted(ratios)
    assert [r["place"] for r in data] == list(range(1, 31))
    for r in data:
        apart = r["officer"] in (3, 4)
        assert (r["colour"] == charts.PALETTE["grey"]) != apart
        assert r["mark"] == (f"officer {r['officer']}" if apart else None)
        assert r["tells"] == ("differs" if apart else "cannot tell")


def test_the_title_says_what_was_found_in_the_words_of_the_contract() -> None:
    spec = charts.officers(table(differ=(3, 4))).to_dict()
    title = spec["title"]["text"]
    assert title == (
        "2 of 30 officers differ from colleagues in the same places and hours in how many of the "
        "stops are of Black people"
    )
    assert spec["description"].startswith(title)
    assert "Officer 3: 2.5" in spec["description"]
    text = " ".join(spec["title"]["subtitle"])
    assert "For review inside the agency" in text
    assert "cannot tell" in text
    assert "n = 6,000 stops" in text
    one = charts.officers(table(differ=(3,))).to_dict()["title"]["text"]
    assert one.startswith("1 of 30 officers differs from")
    none = charts.officers(table(differ=())).to_dict()
    assert none["title"]["text"].startswith("Of 30 officers, none clearly differs from colleagues")
    assert "numbers stand for" not in " ".join(none["title"]["subtitle"])


def test_officers_without_a_figure_are_counted() -> None:
    frame = table()
    frame.loc[:4, ["odds_ratio", "odds_low", "odds_high"]] = NAN
    frame.loc[:4, "differs"] = pd.NA
    frame.loc[:4, "reason"] = "fewer than 50 stops that can be compared"
    spec = charts.officers(frame).to_dict()
    assert len(spec["datasets"]["table"]) == 25
    assert "5 officers have no figure; the table says why." in spec["title"]["subtitle"]
    nobody = charts.officers(frame.head(5)).to_dict()
    assert nobody["title"]["text"].startswith("No officer has enough stops")
    assert nobody["layer"] == []


def test_one_group_at_a_time() -> None:
    both = pd.concat([table(), table(group="hispanic")])
    assert {r["group"] for r in rows(charts.officers(both))} == {"black"}
    one = charts.officers(both, of_group="hispanic")
    assert {r["group"] for r in rows(one)} == {"hispanic"}
    assert "Hispanic people" in one.to_dict()["title"]["text"]
    with pytest.raises(ValueError, match="of_group='white' is not in the table"):
        charts.officers(both, of_group="white")
    with pytest.raises(ValueError, match="has no column odds_ratio"):
        charts.officers(both.drop(columns="odds_ratio"))


def test_numbers_do_not_lie_on_one_another() -> None:
    frame = table(differ=(1, 3, 5, 7, 2, 4))
    data = [r for r in rows(charts.officers(frame)) if r["mark"]]
    for side in (True, False):
        heights = sorted(math.log(r["mark_at"]) for r in data if (r["at"] > 1) == side)
        assert min(np.diff(heights)) > 0.05


def test_one_data_set_the_ink_of_the_page_and_no_infinity() -> None:
    frame = table()
    frame.loc[0, ["odds_ratio", "odds_low", "odds_high"]] = [40.0, 0.001, math.inf]
    spec = charts.officers(frame).to_dict()
    assert list(spec["datasets"]) == ["table"]
    assert spec["width"] == "container"
    text = json.dumps(spec)
    assert "Infinity" not in text
    assert "NaN" not in text
    inks = [
        layer["mark"].get("color") for layer in spec["layer"] if layer["mark"]["type"] == "text"
    ]
    assert inks == [None] * len(inks)
    drawn = next(r for r in spec["datasets"]["table"] if r["officer"] == 1)
    assert (drawn["at"], drawn["start"], drawn["end"]) == (16, 1 / 16, 16)


def test_its_table_is_read_by_headings() -> None:
    columns = [c for c, *_ in charts.COLUMNS["officers"]]
    assert set(charts.ON_PAGE["officers"]) <= set(columns)
    stops = pd.DataFrame(
        {"officer_id": [1, 1, 2, 2], "hour": 8, "race": ["black", "white"] * 2, "n": 60}
    )
    found = measures.officers(stops, group="race", of_group="black", by=["hour"])
    assert columns == list(found.columns)
