"""What the charts of the veil of darkness say and how."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, rows_of, svg_of

from equity import charts
from equity.measures import daylight_shares, veil_of_darkness

NAN = math.nan
CALL = {"group": "race", "reference": "white"}
METHOD = (
    "logistic regression of black against white on darkness, allowing for clock time (natural "
    "cubic spline, 6 df, knots at quantiles of type 7), district (4 places); errors clustered by "
    "date (CR1); t interval and test"
)


def estimates(*rows, model: str = "main", **columns) -> pd.DataFrame:
    """Rows: group, odds ratio, low, high [, p adjusted]."""
    out = []
    for group, odds, low, high, *p in rows:
        share = 0.4
        out.append(
            {
                "model": model,
                "group": group,
                "reference": "white",
                "n": 1000,
                "n_dark": 500,
                "n_light": 500,
                "x_dark": 200,
                "x_light": 210,
                "share_dark": share,
                "share_light": 0.42,
                "log_odds": np.log(odds),
                "se": 0.1,
                "se_model": 0.1,
                "odds_ratio": odds,
                "low": low,
                "high": high,
                "clusters": 300,
                "p_value": NAN if math.isnan(low) else 0.01,
                "p_adjusted": p[0] if p else 0.02,
                "left_out": 10,
                "unknown": 7,
                "method": METHOD,
                "reason": "in darkness, no stop of white" if math.isnan(odds) else None,
            }
            | columns
        )
    return pd.DataFrame(out)


BLACK = ("black", 0.8, 0.7, 0.9)
MAIN = estimates(BLACK, ("hispanic", 1.02, 0.9, 1.15, 0.7), ("asian", NAN, NAN, NAN, NAN))
MANY = pd.concat(
    [MAIN]
    + [
        estimates(BLACK, ("hispanic", 1.02, 0.9, 1.15, 0.7), model=model)
        for model in ("no adjustment", "without place", "clock time, 4 df")
    ]
    + [estimates(("black", 1.2, 1.1, 1.4), model="with weekday")]
    + [estimates(("black", NAN, NAN, NAN, NAN), model="around clock changes")]
)


def bins(races=("white", "black", "asian"), seed: int = 1) -> pd.DataFrame:
    """Return the shares of drawn counts, with twilight and thin ends."""
    random = np.random.default_rng(seed)
    minutes = np.arange(-180, 180, 5)
    rows = [
        {
            "race": race,
            "minutes_since_dusk": m,
            "is_dark": dark,
            "n": random.poisson((60 if race == "white" else 30) * math.exp(-abs(m) / 70)),
        }
        for race in races
        for m in minutes
        for dark in (
            [True] if m >= 0 else [None] if m >= -25 else [None, False] if m > -35 else [False]
        )
    ]
    frame = pd.DataFrame(rows)
    return daylight_shares(frame.assign(is_dark=frame["is_dark"].astype("boolean")), **CALL)


CASES = {
    "main": (charts.veil_of_darkness, lambda: MAIN),
    "models": (charts.veil_of_darkness, lambda: MANY),
    "shares": (charts.daylight_shares, bins),
    "shares of many": (
        charts.daylight_shares,
        lambda: bins(("white", "black", "hispanic", "asian_pacific", "other")),
    ),
}


# ---- the specification ----------------------------------------------------------------------


class TestEveryChart(ChartRules):
    cases = CASES
    pages = ((300, False), (320, True), (860, False))

    def test_the_rows_of_the_table_are_all_there(self, case):
        rows, table = rows_of(self.drawn(case)), self.table(case)
        assert len(rows) == len(table)
        assert sorted(r["n"] for r in rows) == sorted(table["n"].tolist())

    def test_twice_the_stops_give_the_same_specification(self, case):
        specs = []
        for times in (1, 2):
            table = self.table(case)
            specs.append(CASES[case][0](table.assign(n=table["n"] * times)).to_dict())
            for key in ("datasets", "title", "description"):
                specs[-1].pop(key)
        assert specs[0] == specs[1]

    def test_what_cannot_be_drawn_is_refused(self, case):
        chart, table = CASES[case][0], self.table(case)
        with pytest.raises(ValueError, match="The table has no column"):
            chart(table.drop(columns="n"))
        with pytest.raises(ValueError, match="must lie between 0 and 1"):
            chart(table, confidence_level=95)


# ---- what the odds say ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (
            [BLACK],
            "At the same clock time, Black people made up a smaller share of stops after dark "
            "than in daylight, compared with White people (odds 0.80 times as high)",
        ),
        (
            [("black", 1.3, 1.1, 1.5)],
            "At the same clock time, Black people made up a larger share of stops after dark "
            "than in daylight, compared with White people (odds 1.3 times as high)",
        ),
        (
            [BLACK, ("hispanic", 0.9, 0.85, 0.95), ("asian", 1.2, 1.1, 1.3)],
            "At the same clock time, Black people made up a smaller share of stops after dark "
            "than in daylight, compared with White people (odds 0.80 times as high); so did "
            "Hispanic people; Asian people made up a larger share",
        ),
        (
            [BLACK, ("hispanic", 0.9, 0.7, 1.1, 0.5)],
            "At the same clock time, Black people made up a smaller share of stops after dark "
            "than in daylight, compared with White people (odds 0.80 times as high); no clear "
            "difference can be told for the other group",
        ),
        (
            [("black", 0.9, 0.7, 1.1, 0.5)],
            "No clear difference between daylight and darkness can be told from these numbers",
        ),
        (
            [("black", 0.9, 0.85, 0.99, 0.08), ("asian", 0.9, 0.7, 1.1, 0.5)],
            "No clear difference between daylight and darkness can be told once the number of "
            "comparisons is allowed for",
        ),
        (
            [("black", NAN, NAN, NAN, NAN)],
            "No comparison of daylight and darkness can be computed from these numbers",
        ),
        (
            [("black", 0.9, NAN, NAN, NAN)],
            "No interval can be computed from these numbers, so no difference between daylight "
            "and darkness can be told",
        ),
    ],
)
def test_the_title_is_the_finding(rows, title):
    assert charts.veil_of_darkness(estimates(*rows)).title.text == title


def test_without_the_clock_the_title_does_not_claim_it():
    plain = "logistic regression of black against white on darkness, without adjustment; errors"
    chart = charts.veil_of_darkness(estimates(BLACK, method=plain), who="drivers")
    assert chart.title.text.startswith("Black drivers made up a smaller share of stops")
    assert "Not compared at the same clock time: nothing is allowed for." in chart.title.subtitle


def test_the_subtitle_names_n_interval_reference_and_what_is_the_same():
    text = " ".join(charts.veil_of_darkness(MAIN).title.subtitle)
    assert "95% interval, n = 1,820 stops" in text  # 3 x 410 of the groups, 590 White
    assert "Compared with White" in text
    assert "Compared at the same clock time and district." in text
    assert "Left out because the group is not known: 7 stops" in text
    assert "no difference does not show that all are treated alike" in text
    assert not re.search("bias|discriminat|violat", text)


def test_other_models_stand_below_as_smaller_dots_and_are_summed_up():
    chart = charts.veil_of_darkness(MANY)
    rows = chart.to_dict()["datasets"]["table"]
    assert [r["head"] for r in rows if r["head"]] == [
        "Main estimate",
        "Black, in other models",
        "Hispanic, in other models",
    ]
    assert [r["label"] for r in rows][:4] == [
        "Black",
        "Hispanic",
        "Asian",
        "Nothing held equal (no adjustment)",
    ]
    assert {r["size"] for r in rows[:3]} == {90} and {r["size"] for r in rows[3:]} == {40}
    assert (
        "Black people: 3 of 4 other models say the same, a smaller share after dark, and 1 the "
        "opposite." in chart.title.subtitle
    )
    # the title is of the main estimates alone
    assert chart.title.text == charts.veil_of_darkness(MAIN).title.text
    text = svg_of(chart)
    assert "cannot be computed: in darkness, no stop of White" in text
    assert "Clock time as a curve of 4 parts (4 df)" in text


def test_the_text_alternative_has_every_main_estimate():
    text = charts.veil_of_darkness(MAIN).description
    assert "Black, odds 0.80 (0.70–0.90) times, 1,000 stops, 500 after dark." in text
    assert "Asian, cannot be computed: in darkness, no stop of White" in text


def test_it_draws_what_the_measure_returns():
    random = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "race": random.choice(["white", "black"], 3000),
            "is_dark": pd.array(random.random(3000) < 0.5, dtype="boolean"),
            "clock_bin": random.integers(210, 250, 3000),
            "date": np.datetime64("2021-01-01", "s")
            + random.integers(0, 300, 3000).astype("timedelta64[D]"),
            "n": 1,
        }
    )
    chart = charts.veil_of_darkness(veil_of_darkness(frame, **CALL, robustness=True))
    assert len(chart.to_dict()["datasets"]["table"]) == 10
    assert "cannot be computed: the counts have no days_from_change" in svg_of(chart)


# ---- what the shares show -------------------------------------------------------------------


def test_the_title_of_the_shares_describes_both_sides_of_dusk():
    table = pd.DataFrame(
        {
            "minutes": [-105, -45, -30, -15, 0, 60],
            "group": "black",
            "reference": "white",
            "n": [1000, 200, 30, 50, 100, 1000],
            "x": [0, 80, 12, 20, 30, 1000],
            "share": [0, 0.4, 0.4, NAN, 0.3, 1],
            "low": [0, 0.3, 0.3, NAN, 0.2, 0.9],
            "high": [0.1, 0.5, 0.5, NAN, 0.4, 1],
            "daylight": ["light", "light", "light", "twilight", "dark", "dark"],
            "unknown": 0,
            "reason": None,
        }
    )
    chart = charts.daylight_shares(table, who="drivers")
    assert chart.title.text == (
        "Of stops of Black drivers and White drivers, 40.0% were of Black drivers in the last "
        "light before dusk, and 30.0% in the hour after it"
    )
    assert "n = 2,330 stops" in chart.title.subtitle[0]
    assert (
        "Black, 40.0% (92 of 230) in the last 90 minutes of light, 30.0% (30 of 100) in the hour "
        "after dusk"
    ) in chart.description
    none = charts.daylight_shares(table[table["daylight"] != "dark"])
    assert none.title.text.startswith("No share can be computed on both sides of dusk")


def test_twilight_is_a_band_without_a_dot_and_dusk_a_line():
    chart = charts.daylight_shares(bins())
    rows = chart.to_dict()["datasets"]["table"]
    twilight = [r for r in rows if r["daylight"] == "twilight"]
    assert twilight and all(r["y"] is None for r in twilight) and any(r["band"] for r in twilight)
    assert not any(r["band"] for r in rows if r["daylight"] != "twilight")
    text = svg_of(chart)
    assert text.count(">light<") == text.count(">dark<") == 2  # one for each panel
    assert ">dusk<" in text and ">Black<" in text and ">Asian<" in text


def test_dots_stand_where_their_share_is_and_thin_bins_are_not_drawn():
    rows = charts.daylight_shares(bins()).to_dict()["datasets"]["table"]
    for group in ("black", "asian"):
        panel = [r for r in rows if r["group"] == group]
        ticks = [(r["tick_y"], float(r["tick"].rstrip("%")) / 100) for r in panel if r["tick"]]
        assert len(ticks) >= 3
        (y1, s1), (y2, s2) = ticks[0], ticks[-1]
        drawn = [r for r in panel if r["y"] is not None]
        for r in drawn:
            assert r["y"] == pytest.approx(y1 + (r["share"] - s1) * (y2 - y1) / (s2 - s1))
            assert r["top"] <= r["y_high"] <= r["y"] <= r["y_low"] <= r["bottom"]
            assert r["n"] >= 20 and r["middle"] == r["minutes"] + 7.5
        assert len(drawn) < len([r for r in panel if r["share"] is not None])
    assert "Bins of fewer than 20 stops are in the table only." in (
        charts.daylight_shares(bins()).title.subtitle
    )


@pytest.mark.parametrize("n", [0, 5])
def test_panels_without_a_dot_are_drawn_all_the_same(n):
    table = bins().head(3).assign(n=n, x=0)
    assert "<svg" in svg_of(charts.daylight_shares(table))
