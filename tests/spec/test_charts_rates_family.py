"""What the charts around rates say and how: standardised, by month, by year, by hour, bounds."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, rows_of

import equity as eq
from equity import charts

CALL = {"group": "subject_race", "reference": "white"}


def months(rate: float = 0.09, seed: int = 1) -> pd.DataFrame:
    """Four years of stops of four groups: one month missing, one thin, one group small."""
    random = np.random.default_rng(seed)
    rows = []
    for serial in range(2019 * 12, 2023 * 12):
        year, month = serial // 12, serial % 12 + 1
        if (year, month) == (2020, 5):
            continue
        part = 0.3 if (year, month) == (2021, 8) else 1.0
        for group, n, p in (("white", 900, 0.05), ("black", 500, rate),
                            ("hispanic", 300, 0.05), ("aian", 12, 0.05)):  # fmt: skip
            size = random.poisson(n * part)
            rows.append((year, month, group, size, random.binomial(size, p), size))
    names = ["year", "month", "subject_race", "n", "search_conducted", "search_conducted_known"]
    return pd.DataFrame(rows, columns=names)


def trend() -> pd.DataFrame:
    return eq.trend(months(), of="search_conducted", **CALL)


def standard() -> pd.DataFrame:
    rows = []
    for group, size, mix, lift in (("white", 6000, (0.2, 0.3, 0.5), 1),
                                   ("black", 3000, (0.5, 0.3, 0.2), 1.4),
                                   ("hispanic", 1500, (0.4, 0.4, 0.2), 1.1),
                                   ("other", 30, (0.4, 0.4, 0.2), 1)):  # fmt: skip
        for sex, half, by_sex in (("male", 0.6, 1.2), ("female", 0.4, 0.6)):
            for age, p, share in zip("abc", (0.12, 0.08, 0.04), mix, strict=True):
                n = round(size * half * share)
                rows.append((group, sex, age, n, round(n * p * by_sex * lift), n))
    names = ["subject_race", "subject_sex", "age_band", "n", "search_conducted",
             "search_conducted_known"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=names)
    return eq.standardized_rates(frame, of="search_conducted", **CALL)


def by_year() -> pd.DataFrame:
    n = [1938, 7667, 5411, 3626]
    return pd.DataFrame(
        {
            "year": [2013, 2014, 2015, 2016],
            "n": n,
            "warning_issued": [340, 1352, 920, 867],
            "warning_issued_known": n,
            "search_conducted": [36, 4422, 672, 83],
            "search_conducted_known": n,
        }
    )


def hours() -> pd.DataFrame:
    n = [290, 280, 290, 340, 400, 330, 250, 220, 170, 90, 50, 30, 50, 110, 150, 180] + [230] * 8
    return eq.clock(pd.DataFrame({"hour": [*range(24), None], "n": [*n, 7]}))


STOPS = pd.DataFrame(
    {"subject_race": ["white", "black", "hispanic", None], "n": [6109, 7182, 40, 930]}
)
PEOPLE = pd.DataFrame({"race": ["white", "black", "hispanic"], "n": [560_997, 114_711, 900]})


def stop_rates(unknown: bool = True) -> pd.DataFrame:
    return eq.stop_rates(STOPS if unknown else STOPS.dropna(), PEOPLE, **CALL)


CASES = {
    "trend": (charts.trend, trend),
    "standardized_rates": (charts.standardized_rates, standard),
    "recording": (charts.recording, lambda: eq.recording(by_year())),
    "clock": (charts.clock, hours),
    "stop_rates": (charts.stop_rates, stop_rates),
}


class TestEveryChart(ChartRules):
    cases = CASES
    pages = ((340, False), (340, True), (860, False), (860, True))
    nothing = {"clock": "There are no stops with a known hour"}

    def test_the_rows_of_the_table_are_all_there(self, case: str) -> None:
        """None is left out, and none is added."""
        assert len(rows_of(self.drawn(case))) == len(self.table(case))


# ---- trend -----------------------------------------------------------------------------------


def test_gaps_are_not_bridged() -> None:
    """The months before and after the gap belong to different runs."""
    rows = charts.trend(trend()).to_dict()["datasets"]["table"]
    black = [r for r in rows if r["group"] == "black"]
    runs = {(r["year"], r["month"]): r["run"] for r in black if r["at"] is not None}
    assert (2020, 5) not in runs
    assert runs[2020, 3] == runs[2020, 4] != runs[2020, 6] == runs[2020, 7]
    assert len(set(runs.values())) == 2


def test_missing_and_thin_months_are_named_and_marked() -> None:
    """Crosses and strips, and the months in words."""
    made = charts.trend(trend(), unit="stops")
    text = " ".join(made.title.subtitle)
    assert "No records (orange crosses): May 2020." in text
    assert "Few records, or not a whole month (grey strips): August 2021." in text
    marks = [layer["mark"]["type"] for layer in made.to_dict()["layer"]]
    assert marks == ["rect", "point", "area", "line", "point", "text"]
    whole = eq.trend(months().query("year == 2019"), of="search_conducted", **CALL)
    marks = [layer["mark"]["type"] for layer in charts.trend(whole).to_dict()["layer"]]
    assert marks == ["area", "line", "point", "text"]


def test_lines_can_be_told_without_their_colour() -> None:
    """Each line has its own dash and marker, and its name at its end, where no other stands."""
    spec = charts.trend(trend()).to_dict()
    line = next(x for x in spec["layer"] if x["mark"]["type"] == "line")
    point = [x for x in spec["layer"] if "shape" in x["encoding"]][-1]
    dashes = line["encoding"]["strokeDash"]["scale"]["range"]
    drawn = {r["label"] for r in spec["datasets"]["table"] if r["at"] is not None}
    assert len({tuple(d) for d in dashes}) == len(dashes) == len(drawn) > 1
    look = set(zip(*(point["encoding"][k]["scale"]["range"] for k in ("color", "shape")),
                   strict=True))  # fmt: skip
    assert len(look) == len(drawn)
    named = [r for r in spec["datasets"]["table"] if r["end_name"]]
    assert {r["label"] for r in named} == drawn
    places = sorted(r["name_at"] for r in named)
    most = max(r["end"] for r in spec["datasets"]["table"] if r["end"] is not None)
    assert all(b - a >= 0.99 * 15 / 240 * most for a, b in itertools.pairwise(places))


def test_a_part_that_is_not_known_says_what_is_not() -> None:
    """In place of a heading "not known"."""
    both = pd.concat([STOPS.assign(district=d) for d in ("a", None)])
    flag = both.assign(search_conducted=both["n"] // 3, search_conducted_known=both["n"])
    table = eq.rates(flag, of="search_conducted", **CALL, within="district")
    rows = charts.rates(table, strata_label="district").to_dict()["datasets"]["table"]
    assert {r["head"] for r in rows if r["head"]} == {"a", "District not known"}


def test_a_month_that_is_not_over_is_marked() -> None:
    """The file ends on the 14th: the strip, and the words in the tooltip."""
    counts = SimpleNamespace(table=months(), provenance={"last_date": "2022-12-14"})
    table = eq.trend(counts, of="search_conducted", **CALL)
    made = charts.trend(table)
    assert "August 2021 and December 2022" in " ".join(made.title.subtitle)
    last = made.to_dict()["datasets"]["table"][-1]
    assert "the file ends on 14 December 2022" in last["reason"]


def test_the_title_of_a_trend_counts_months() -> None:
    """One group is clearly above in most months; chance is told."""
    made = charts.trend(trend(), what="search_conducted", who="drivers", unit="stops")
    assert made.title.text.startswith(
        "Black drivers were searched clearly more often than White drivers in "
    )
    assert made.title.text.endswith(" of 47 months")
    assert "would look clear by chance alone" in " ".join(made.title.subtitle)
    same = eq.trend(
        months(0.05).query("year == 2019 and month < 4"), of="search_conducted", **CALL
    )
    assert charts.trend(same).title.text == (
        "In no single month can a clear difference between groups be told"
    )


def test_groups_with_few_stops_are_not_drawn_and_named() -> None:
    """12 stops a month jump from 0 to 30 %: only the table has them."""
    made = charts.trend(trend(), unit="stops")
    rows = made.to_dict()["datasets"]["table"]
    assert all(r["at"] is None for r in rows if r["group"] == "aian")
    text = " ".join(made.title.subtitle)
    assert "but in the table: American Indian or Alaska Native" in text


def test_a_trend_is_of_one_part() -> None:
    """Several districts in one picture are refused, with the way out."""
    both = pd.concat([months().assign(district=d) for d in "ab"])
    table = eq.trend(both, of="search_conducted", **CALL, within="district")
    with pytest.raises(ValueError, match="drawn for one part; this table has 2: a, b.*Keep one"):
        charts.trend(table)
    assert charts.trend(table[table.stratum == "b"]).title.text


def test_each_figure_is_read_out() -> None:
    """Month, group, rate, counts, ratio."""
    row = charts.trend(trend()).to_dict()["datasets"]["table"][-1]
    assert row["aria"].startswith("December 2022, American Indian or Alaska Native, ")
    assert " of " in row["n_text"]


# ---- standardised ----------------------------------------------------------------------------


def test_the_title_names_what_was_held_equal_and_the_crude_ratio() -> None:
    """Both ratios in one sentence."""
    table = standard()
    made = charts.standardized_rates(table, what="search_conducted", who="drivers")
    black = table.set_index("group").loc["black"]
    assert made.title.text.startswith(
        "With the same sex and age, Black drivers were searched "
        f"{black.ratio:.2f} times as often as White drivers ({black.crude_ratio:.2f} as recorded)"
    )
    rows = made.to_dict()["datasets"]["table"]
    assert {r["group"]: r["crude"] for r in rows}["black"] == pytest.approx(black["rate"])
    ticks = [x for x in made.to_dict()["layer"] if x["mark"].get("shape") == "stroke"]
    assert len(ticks) == 1


def test_a_group_that_cannot_be_standardised_says_why() -> None:
    """Words in place of the dot, and no tick."""
    made = charts.standardized_rates(standard(), what="search_conducted")
    row = next(r for r in made.to_dict()["datasets"]["table"] if r["group"] == "other")
    assert row["missing"].startswith(
        "cannot be computed: too few of the same sex and age as White"
    )


# ---- recording -------------------------------------------------------------------------------


def test_hartford_in_words() -> None:
    """The title tells what to look at before comparing groups."""
    made = charts.recording(eq.recording(by_year()))
    assert made.title.text == (
        "The share of stops with a search jumped from 1.9% in 2013 to 57.7% in 2014: look at how "
        "searches are recorded before comparing groups; 2 other jumps are marked"
    )
    rows = made.to_dict()["datasets"]["table"]
    assert [r["flag"] for r in rows[:4]] == ["search_conducted"] * 4  # jumps come first
    assert [r["shape"] for r in rows[:4]] == ["circle", "diamond", "diamond", "diamond"]
    assert rows[1]["note"] == "31 times the year before"


def test_without_jumps_the_title_says_so() -> None:
    """And with one year there is nothing to compare."""
    calm = eq.recording(by_year(), of="warning_issued")
    assert charts.recording(calm).title.text == (
        "No share jumps from one year to the next, over 4 years"
    )
    assert "only one year" in charts.recording(calm.head(1)).title.text


def test_a_change_of_what_is_known_is_worded() -> None:
    """The share known falls from 100 % to 60 %."""
    frame = by_year()[["year", "n", "search_conducted", "search_conducted_known"]].head(1)
    two = pd.concat([frame, frame.assign(year=2014, search_conducted=22,
                                         search_conducted_known=1163)])  # fmt: skip
    made = charts.recording(eq.recording(two))
    assert made.title.text == (
        "In 2014, 60.0% of the stops say whether there was a search, against 100% in "
        "2013: look at how searches are recorded before comparing groups"
    )


@pytest.mark.parametrize("flag", ["force_used", "body_camera_on", "complaint_made", "own_flag"])
def test_any_flag_has_words(flag: str) -> None:
    """New flags and an agency's own."""
    frame = by_year()[["year", "n"]].assign(**{flag: [1, 900, 5, 5], f"{flag}_known": by_year().n})
    title = charts.recording(eq.recording(frame)).title.text
    assert title.startswith("The share of stops with ") and "_" not in title


# ---- clock -----------------------------------------------------------------------------------


def test_the_clock_in_words() -> None:
    """What speaks against local times is the title; else when stops are rarest."""
    made = charts.clock(hours())
    assert made.title.text == "Stops are rarest at 10-13: the times may be UTC, not local"
    assert "7 stops without an hour are not shown" in " ".join(made.title.subtitle)
    n = hours().n.tolist()
    local = eq.clock(pd.DataFrame({"hour": range(24), "n": n[8:] + n[:8]}))
    assert charts.clock(local).title.text == (
        "Stops are rarest from 2 to 5 o’clock, as is usual in local time"
    )
    around = eq.clock(pd.DataFrame({"hour": range(24), "n": n[12:] + n[:12]}))
    assert around.loc[around.rarest, "hour"].tolist() == [0, 22, 23] or around.rarest[23]


# ---- bounds and overdispersion of stop rates -------------------------------------------------


def test_bounds_are_a_band_and_in_words() -> None:
    """930 stops without a group: a pale band, and the range in words."""
    made = charts.stop_rates(stop_rates())
    text = " ".join(made.title.subtitle)
    table = stop_rates().set_index("group")
    low, high = table.loc["black", ["ratio_least", "ratio_most"]]
    assert "Left out because the group is not known: 930 stops. The pale bands show" in text
    assert f"Black {low:.2f} to {high:.2f}" in text
    bands = [x for x in made.to_dict()["layer"] if x["mark"].get("strokeWidth") == 11]
    assert len(bands) == 1
    row = next(r for r in made.to_dict()["datasets"]["table"] if r["group"] == "black")
    assert row["least"] == pytest.approx(low) and row["range"] == f"{low:.2f} to {high:.2f}"


def test_a_very_wide_band_is_cut_and_told_in_full() -> None:
    """40 stops against 930 unknown ones: at most eight times the ratio is drawn."""
    rows = charts.stop_rates(stop_rates()).to_dict()["datasets"]["table"]
    row = next(r for r in rows if r["group"] == "hispanic")
    assert row["most"] == pytest.approx(8 * row["ratio"]) and row["ratio_most"] > row["most"]
    assert row["range"].endswith(f"to {row['ratio_most']:.1f}")


def test_without_unknown_stops_there_is_no_band() -> None:
    """Nor a word about it."""
    made = charts.stop_rates(stop_rates(unknown=False))
    assert "pale" not in " ".join(made.title.subtitle)
    assert not [x for x in made.to_dict()["layer"] if x["mark"].get("strokeWidth") == 11]
    assert charts.stop_rates(stop_rates().drop(columns=["ratio_least", "ratio_most"]))


def test_widened_intervals_are_said() -> None:
    """The factor stands in the subtitle."""
    table = stop_rates()
    table.loc[table.group != "white", "dispersion"] = 2.3
    text = " ".join(charts.stop_rates(table).title.subtitle)
    assert "Intervals are 2.3 times as wide as chance alone would make them" in text


def test_refused_figures_stand_as_words() -> None:
    """Periods that are too far apart: the reason in place of the dot."""
    table = eq.stop_rates(STOPS.assign(year=2000), PEOPLE.assign(year=2020), **CALL)
    rows = charts.stop_rates(table).to_dict()["datasets"]["table"]
    assert rows[1]["missing"] == "cannot be computed: more than 5 years apart"
    assert all(v is None or math.isfinite(v) for r in rows for v in r.values()
               if isinstance(v, float))  # fmt: skip


def test_a_benchmark_without_districts_leaves_the_headline_to_the_next() -> None:
    """By district the first benchmark has no figures; the second speaks, by its name."""
    stops = pd.concat([STOPS.assign(district=d) for d in "ab"])
    people = pd.concat([PEOPLE.assign(district=d) for d in "ab"])
    both = {"a city": PEOPLE, "by district": people}
    table = eq.stop_rates(stops, both, **CALL, within="district")
    made = charts.stop_rates(table, strata_label="district")
    assert made.title.text.startswith("By the benchmark “by district”: In both districts, ")
    rows = [r for r in made.to_dict()["datasets"]["table"] if r["benchmark"] == "a city"]
    assert {r["missing"] for r in rows} == {
        "cannot be computed: a city has no numbers by district, only for the whole"
    }


def test_a_group_without_a_number_in_the_benchmark_is_said_shortly() -> None:
    """So that the words are not cut off on a narrow page."""
    people = PEOPLE.assign(n=[560_997.0, float("nan"), 900.0])
    rows = rows_of(charts.stop_rates(eq.stop_rates(STOPS, people, **CALL)))
    gone = {r["group"]: r["missing"] for r in rows if r["missing"]}
    assert gone["black"] == "no number in the benchmark"


# ---- rates of any flag -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("force_used", "Black people were subjected to force 3 times as often as White people"),
        ("body_camera_on", "Black people were recorded by a body camera 3 times as often as"),
        ("complaint_made", "Black people were in a stop with a complaint 3 times as often as"),
    ],
)
def test_rates_of_the_further_flags_are_worded(flag: str, words: str) -> None:
    """Force, camera, complaint: a sentence, and a choice on the page."""
    from equity.widgets._counts import FLAGS

    frame = pd.DataFrame(
        {"subject_race": ["black", "white"], "n": [1000, 1000], flag: [300, 100],
         f"{flag}_known": [1000, 1000]}
    )  # fmt: skip
    made = charts.rates(eq.rates(frame, of=flag, **CALL), what=flag)
    assert made.title.text.startswith(words)
    assert flag in FLAGS


def test_where_every_outcome_is_a_yes_there_is_nothing_to_compare():
    stops = pd.DataFrame({
        "race": ["black", "white"], "year": [2024] * 2, "month": [5] * 2, "n": [90, 80],
        "search_conducted": [90, 80], "search_conducted_known": [90, 80],
    })  # fmt: skip
    asked = {"of": "search_conducted", "group": "race", "reference": "white"}
    made = charts.rates(eq.rates(stops, **asked), what="search_conducted", unit="stops")
    assert made.title.text == "Every stop here has a search, so there is no share to compare"
    assert made.height < 50
    made = charts.trend(eq.trend(stops, **asked), what="search_conducted", unit="stops")
    assert made.title.text == "Only one month: nothing to follow over time"
    stops = pd.concat([stops, stops.assign(month=6)], ignore_index=True)
    made = charts.trend(eq.trend(stops, **asked), what="search_conducted", unit="stops")
    assert made.title.text == "Every stop here has a search, so there is no share to compare"


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (3, "as is usual in local time"),
        (4, "as is usual in local time"),
        (6, "somewhat later than usual (2 to 7)"),
        (1, "somewhat earlier than usual (2 to 7)"),
    ],
)
def test_the_clock_says_usual_only_inside_its_strip(first, words):
    n = [10 if first <= h < first + 3 else 90 for h in range(24)]
    title = charts.clock(eq.clock(pd.DataFrame({"hour": range(24), "n": n}))).title.text
    assert title == f"Stops are rarest from {first} to {first + 3} o’clock, {words}"
