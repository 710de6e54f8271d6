"""What a chart says and how: true titles, one data set, ink from the page, nothing silent."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from chart_rules import walk

from equity import charts, measures
from equity.charts import _common, _draw, _findings, _words
from equity.charts._style import INK, marks

NAN = math.nan


def rates_table(rows, reference="white", **columns):
    """Rows: group, x, x_known, ratio, ratio_low, ratio_high [, stratum]."""
    out = []
    for group, x, known, ratio, low, high, *stratum in rows:
        there = known > 0
        rate = x / known if there else NAN
        out.append(
            {
                "stratum": stratum[0] if stratum else "all",
                "group": group,
                "reference": reference,
                "n": known,
                "x": x,
                "x_known": known,
                "rate": rate,
                "low": max(0, rate - 0.05),
                "high": min(1, rate + 0.05),
                "ratio": ratio,
                "ratio_low": low,
                "ratio_high": high,
                "difference": NAN,
                "difference_low": NAN,
                "difference_high": NAN,
                "p_value": 0.001,
                "p_adjusted": 0.002,
                "unknown": 7,
                "method": "Wilson; Koopman",
                "reason": None if there else "nobody of this group; nothing else",
            }
            | columns
        )
    return pd.DataFrame(out)


FOUR = [
    ("white", 100, 1000, 1.0, NAN, NAN),
    ("black", 230, 1000, 2.3, 1.9, 2.8),
    ("hispanic", 105, 1000, 1.05, 0.8, 1.3),
    ("aian", 0, 0, NAN, NAN, NAN),
]


def rates_one():
    return rates_table(FOUR)


def hits():
    return rates_one().assign(left_out_basis=3, left_out_unknown=2)


def rates_within(districts=8):
    return rates_table([(*row, f"District {i}") for i in range(districts) for row in FOUR])


def stops(benchmarks=("residents",), ratio=(3.4, 3.37, 3.44)):
    rows = []
    for b in benchmarks:
        for group, r in (("white", (1.0, NAN, NAN)), ("black", ratio), ("nhpi", (NAN,) * 3)):
            rows.append(
                {
                    "stratum": "all",
                    "benchmark": b,
                    "group": group,
                    "reference": "white",
                    "n": 500,
                    "share": 0.2,
                    "population": NAN if group == "nhpi" else 1000.0,
                    "population_moe": 10.0,
                    "population_share": 0.3,
                    "expected": 5.0,
                    "rate": 0.5,
                    "ratio": r[0],
                    "ratio_low": r[1],
                    "ratio_high": r[2],
                    "p_value": 0.001,
                    "p_adjusted": 0.002,
                    "unknown": 3,
                    "method": "log",
                    "reason": "no number of people" if group == "nhpi" else None,
                }
            )
    return pd.DataFrame(rows)


def shares(benchmarks=("residents",), black=(0.112, 0.273, 0.35, 0.48)):
    rows = []
    for b in benchmarks:
        for group, (s, q, low, high) in {
            "white": (0.827, 0.565, 1.3, 1.6),
            "black": black,
            "aian": (NAN, NAN, NAN, NAN),
        }.items():
            rows.append(
                {
                    "stratum": "all",
                    "benchmark": b,
                    "group": group,
                    "n": 1447,
                    "x": pd.NA if s != s else round(s * 1447),
                    "share": s,
                    "low": s - 0.01,
                    "high": s + 0.01,
                    "population": 1e5 * q,
                    "population_total": 1e5,
                    "population_share": q,
                    "population_share_se": 0.002,
                    "ratio": s / q,
                    "ratio_low": low,
                    "ratio_high": high,
                    "difference": s - q,
                    "expected": 1447 * q,
                    "shortfall": pd.NA if s != s else math.ceil(1447 * (q - s)),
                    "shortfall_exact": 1.5,
                    "hires_needed": 4.0,
                    "z": -3.0,
                    "p_value": 0.001,
                    "p_exact": 0.001,
                    "p_adjusted": 0.001,
                    "unknown": 0,
                    "method": "Wilson",
                    "reason": "no number of people of this group" if s != s else None,
                }
            )
    return pd.DataFrame(rows).astype({"x": "Int64", "shortfall": "Int64"})


TEAL = {  # Connecticut v. Teal, 457 U.S. 440 (1982): stage -> group -> passed, entered, ratio
    "test": {"white": (206, 259, 1.0, NAN, NAN), "black": (26, 48, 0.681028, 0.52, 0.89)},
    "promoted": {"white": (35, 206, 1.0, NAN, NAN), "black": (11, 26, 2.49011, 1.45, 4.28)},
    "bottom line": {"white": (35, 259, 1.0, NAN, NAN), "black": (11, 48, 1.695833, 0.93, 3.10)},
}


def impact(stages=None, **columns):
    rows = []
    for stage, groups in (stages or TEAL).items():
        b, m = groups["white"][:2]
        for group, (x, n, ratio, low, high) in groups.items():
            own = group == "white"
            rows.append(
                {
                    "stratum": "all",
                    "stage": stage,
                    "group": group,
                    "reference": "white",
                    "n": n,
                    "x_known": n,
                    "x": x,
                    "selection_rate": x / n if n else NAN,
                    "low": 0.1,
                    "high": 0.6,
                    "impact_ratio": ratio,
                    "ratio_low": low,
                    "ratio_high": high,
                    "below_four_fifths": False if own else bool(5 * x * m < 4 * b * n),
                    "too_few": False,
                    "judged": True,
                    "p_adjusted": 0.001,
                    "unknown": 1,
                    "method": "Koopman",
                    "reason": None,
                }
                | ({} if own else columns)
            )
    return pd.DataFrame(rows).astype({"below_four_fifths": "boolean", "too_few": "boolean"})


def decomposition():
    table = impact().query("group != 'white'").reset_index(drop=True)
    logs = {
        "log_ratio": np.log(table["impact_ratio"]),
        "low": np.log(table["ratio_low"]),
        "high": np.log(table["ratio_high"]),
        "share_of_total": NAN,
    }
    return table.assign(**logs)


def months():
    return pd.DataFrame({"year": [2023, 2023, 2024], "month": [11, 12, 2], "n": [90, 100, 80]})


CASES = {
    "rates": (charts.rates, rates_one),
    "rates within": (charts.rates, rates_within),
    "hit_rates": (charts.hit_rates, hits),
    "stop_rates": (charts.stop_rates, stops),
    "stop_rates, two benchmarks": (charts.stop_rates, lambda: stops(("residents", "adults"))),
    "representation": (charts.representation, shares),
    "representation, two benchmarks": (
        charts.representation,
        lambda: shares(("residents", "adults")),
    ),
    "adverse_impact": (charts.adverse_impact, impact),
    "stage_decomposition": (charts.stage_decomposition, decomposition),
    "coverage": (charts.coverage, months),
    "ledger": (
        charts.ledger,
        lambda: pd.DataFrame(
            {
                "step": ["start", "keep", "drop"],
                "because": ["", "drivers only", "race not recorded"],
                "rows": [1000, 900, 880],
                "left_out": [0, 100, 20],
            }
        ),
    ),
}
each = pytest.mark.parametrize("case", CASES)


def drawn(case):
    chart, table = CASES[case]
    return chart(table())


# ---- one chart, one data set ---------------------------------------------------------------


@each
def test_the_specification_is_valid_and_has_one_named_data_set(case):
    spec = drawn(case).to_dict()
    assert spec["data"] == {"name": "table"}
    assert list(spec["datasets"]) == ["table"]
    named = [v for k, v in walk(spec["layer"]) if k == "data"]
    assert named == []
    assert spec["width"] == "container"
    text = json.dumps(spec, allow_nan=False)  # raises for NaN and infinity
    assert "NaN" not in text
    assert '"nan"' not in text


@each
def test_counts_stay_whole_numbers(case):
    rows = drawn(case).to_dict()["datasets"]["table"]
    for row in rows:
        for key in ("n", "x", "x_known", "year", "month"):
            assert row.get(key) is None or isinstance(row[key], int), key


@each
def test_the_rows_of_the_table_are_all_there(case):
    chart, table = CASES[case]
    rows = chart(table()).to_dict()["datasets"]["table"]
    wanted = 4 if case == "coverage" else len(table())  # January 2024 is added as missing
    assert len(rows) == wanted


@each
def test_other_figures_of_the_same_groups_give_the_same_specification(case):
    chart, table = CASES[case]
    first, other = table(), table()
    for column in other.select_dtypes("number"):
        if column not in ("year", "month", "unknown"):
            other[column] = other[column] * 2 if column in ("n", "rows") else other[column] * 0.9
    for column in ("n", "x", "x_known", "shortfall"):
        if column in other:
            other[column] = other[column].round().astype("Int64")
    specs = [chart(t).to_dict() for t in (first, other)]
    for spec in specs:
        for key in ("datasets", "title", "description"):
            spec.pop(key)
    assert specs[0] == specs[1]


def test_the_table_given_is_not_changed():
    table = rates_one()
    before = table.copy(deep=True)
    charts.rates(table)
    pd.testing.assert_frame_equal(table, before)


def test_more_than_5000_rows_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match="at most 5,000 rows; this table has 5,004"):
        charts.rates(rates_within(1251))


def test_a_table_of_another_measure_is_refused():
    with pytest.raises(ValueError, match="no column .*population"):
        charts.stop_rates(rates_one())
    with pytest.raises(ValueError, match=r"confidence_level=95 must lie between 0 and 1"):
        charts.rates(rates_one(), confidence_level=95)


@each
@pytest.mark.parametrize("width", [300, 860])
def test_it_can_be_drawn(case, width):
    import vl_convert

    spec = charts.print_version(drawn(case), width=width).to_dict()
    assert "<svg" in vl_convert.vegalite_to_svg(spec)


@pytest.mark.parametrize("case", [c for c in CASES if c != "coverage"])
def test_on_a_narrow_page_no_word_leaves_the_chart(case):
    import vl_convert

    chart = charts.print_version(drawn(case), width=300)
    svg = vl_convert.vegalite_to_svg(chart.to_dict())
    assert float(svg.split('width="')[1].split('"')[0]) <= 325


@each
def test_an_empty_table_is_worded(case):
    chart, table = CASES[case]
    made = chart(table().head(0))
    assert made.to_dict()["datasets"]["table"] == []
    text = made.title.text.lower()
    assert "no figures" in text or "no stages" in text or "there are no" in text


@pytest.mark.parametrize("case", ["stop_rates", "adverse_impact", "stage_decomposition"])
def test_the_title_of_an_axis_of_ratios_is_short(case):
    titles = {
        value["title"]
        for key, value in walk(drawn(case).to_dict()["layer"])
        if key == "axis" and value
    }
    assert titles == {"Ratio to White (log scale)"}


def texts_of(chart, width):
    """Return the words drawn in an SVG with their size and place: words -> (x, y)."""
    import re

    import vl_convert

    svg = vl_convert.vegalite_to_svg(charts.print_version(chart, width=width).to_dict())
    found = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    height = float(svg.split('height="')[1].split('"')[0])
    return found, float(svg.split('width="')[1].split('"')[0]), height


STAGE = "Passed the written and the physical test"


@pytest.mark.parametrize("groups", [1, 9])
def test_on_a_narrow_page_stages_stand_in_full_above_their_bars_with_the_interval(groups):
    one = decomposition().replace({"stage": {"test": STAGE}})
    table = pd.concat([one.assign(group=f"G{i}") for i in range(groups)])
    made = charts.stage_decomposition(table)
    found, width, height = texts_of(made, 300)
    assert found.count(STAGE) == groups
    assert sum("0.68 (0.52" in t for t in found) == groups
    assert width <= 300
    if groups > 8:  # compact: words above the bar, twice as far apart
        assert height > 1.6 * texts_of(made, 860)[2]


def test_compact_rows_keep_the_sign_of_four_fifths_on_a_narrow_page():
    groups = {"white": (80, 100, 1.0, NAN, NAN), "black": (40, 100, 0.5, 0.4, 0.7)}
    made = charts.adverse_impact(impact({f"Stage {i}": groups for i in range(14)}))
    found, width, _ = texts_of(made, 300)
    assert any("0.50 (0.40" in t and "▼" in t for t in found)
    assert width <= 300


# ---- colour and ink ------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#111111"])
def test_every_mark_colour_has_3_to_1_on_light_and_dark(ground):
    for colour in charts.PALETTE.values():
        assert contrast(colour, ground) >= 3


@pytest.mark.parametrize("dark", [False, True])
def test_text_has_4_5_to_1_on_its_page(dark):
    # 0.8: the opacity of secondary words
    ink = INK[dark]
    for name in ("ink", "soft"):
        assert contrast(ink[name], ink["page"]) >= 4.5
    parts = [[int(ink[k][i : i + 2], 16) for k in ("ink", "page")] for i in (1, 3, 5)]
    mixed = "#" + "".join(f"{round(0.8 * over + 0.2 * under):02x}" for over, under in parts)
    assert contrast(mixed, ink["page"]) >= 4.5


@each
def test_no_colour_is_outside_the_palette_and_no_text_has_one(case):
    spec = drawn(case).to_dict()
    allowed = {*charts.PALETTE.values(), "transparent"}
    for key, value in walk(spec):
        if isinstance(value, str) and (value.startswith("#") or key in ("fill", "stroke")):
            assert value in allowed, (key, value)
    for layer in spec["layer"]:
        if layer["mark"]["type"] == "text":
            assert not {"color", "fill"} & {*layer["mark"], *layer["encoding"]}


@each
def test_no_words_are_smaller_than_12(case):
    sizes = [v for k, v in walk(drawn(case).to_dict()) if k.lower().endswith("fontsize")]
    assert sizes
    assert min(sizes) >= 12


SCHEMES = [
    ["white", "black", "hispanic", "asian", "nhpi", "aian", "multiple", "other"],
    ["white", "black", "hispanic", "asian_pacific", "aian", "multiple", "other"],
    ["white", "black", "hispanic", "asian_pacific", "other"],
    ["white", "black", "asian", "mixed", "other"],
    [f"group {i}" for i in range(20)],
]


@pytest.mark.parametrize("keys", SCHEMES, ids=len)
@pytest.mark.parametrize("at", [0, 1, 3, 4])
def test_neighbours_never_share_a_colour(keys, at):
    reference = keys[at]
    order = [reference, *(k for k in keys if k != reference)]
    look = marks(order)
    for picked in keys:  # another stage may be compared with another group
        rows = [k for k in keys if k not in (reference, picked)]
        colours = [look[k][0] for k in rows]
        assert all(a != b for a, b in zip(colours, colours[1:], strict=False))
    if len(keys) <= 16:
        assert len(set(look.values())) == len(keys)


def test_groups_are_told_apart_by_shape_too_and_look_alike_everywhere():
    keys = ["white", "black", "hispanic", "asian", "nhpi", "aian", "multiple", "other", "x", "y"]
    assert len(set(marks(keys).values())) == len(keys)
    assert marks(["black"])["black"] == marks(keys)["black"]


@pytest.mark.parametrize("case", ["rates", "stop_rates", "adverse_impact"])
def test_the_reference_is_grey_and_named(case):
    made = drawn(case)
    rows = made.to_dict()["datasets"]["table"]
    assert {r["colour"] for r in rows if r["is_reference"]} == {charts.PALETTE["grey"]}
    assert charts.PALETTE["grey"] not in {r["colour"] for r in rows if not r["is_reference"]}
    assert "Compared with White" in " ".join(made.title.subtitle)


# ---- text alternatives ---------------------------------------------------------------------


@pytest.mark.parametrize("case", [c for c in CASES if c not in ("coverage", "ledger")])
def test_the_description_tells_all(case):
    made = drawn(case)
    text = made.description
    assert text.startswith(made.title.text)
    assert len(text) <= 1000
    rows = made.to_dict()["datasets"]["table"]
    for label in {r.get("group_label") or r["label"] for r in rows}:
        assert label in text
    if not case.startswith("representation"):
        assert "Compared with White" in text


def test_the_description_has_each_value_with_its_interval():
    text = charts.rates(rates_one(), what="search_conducted").description
    assert "Black, 23.0% (18.0–28.0), 230 of 1,000, ratio 2.30 (1.90–2.80)" in text
    assert "American Indian or Alaska Native, cannot be computed: nobody of this group" in text


@each
def test_every_mark_that_stands_for_a_figure_has_a_description_and_the_rest_is_hidden(case):
    for layer in drawn(case).to_dict()["layer"]:
        described = "description" in layer["encoding"]
        assert described or layer["mark"].get("aria") is False


# ---- missing figures -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("rates", "cannot be computed: nobody of this group"),
        ("stop_rates", "cannot be computed: no number of people"),
        ("representation", "cannot be computed: no number of people of this group"),
    ],
)
def test_a_missing_figure_is_worded_at_its_row(case, words):
    rows = drawn(case).to_dict()["datasets"]["table"]
    gaps = [r for r in rows if r["missing"]]
    assert [r["missing"] for r in gaps] == [words]
    assert gaps[0]["at"] is None
    assert gaps[0]["value"] is None
    assert words in gaps[0]["aria"]


def test_a_hidden_figure_is_not_called_uncomputable():
    assert _common.cannot({"rate": None, "why": "hidden: fewer than 10"}, "rate").startswith("hid")
    assert _common.cannot({"rate": NAN, "why": ""}, "rate") == "cannot be computed"
    assert _common.cannot({"rate": 0.0, "why": ""}, "rate") is None


def test_reasons_that_are_no_calculation_are_not_called_uncomputable():
    table = decomposition()
    table.loc[2, ["impact_ratio", "ratio_low", "ratio_high", "log_ratio"]] = NAN
    table.loc[2, "reason"] = "a stage has no figure, so there is no sum"
    row = charts.stage_decomposition(table).to_dict()["datasets"]["table"][2]
    assert row["missing"] == row["reason"] == "no total: a stage has no figure"
    table = impact()
    table.loc[1, "reason"] = "not judged: under 2.0% of the applicants"
    table.loc[1, ["impact_ratio", "ratio_low", "ratio_high"]] = NAN
    row = charts.adverse_impact(table).to_dict()["datasets"]["table"][1]
    assert row["missing"] == row["reason"] == "not judged: under 2% of the applicants"
    assert _words.reason("under 0.5% and 10.0%") == "under 0.5% and 10%"


def test_zero_is_a_figure_and_is_drawn():
    rows = charts.rates(
        rates_table(
            [
                ("white", 10, 100, 1.0, NAN, NAN),
                ("black", 0, 50, 0.0, 0.0, 0.7),
            ]
        )
    ).to_dict()["datasets"]["table"]
    assert rows[1]["at"] == 0
    assert rows[1]["value"] == "0% (0–5.0)"


def test_a_ratio_of_zero_and_an_open_interval_are_arrows_on_the_log_axis():
    table = stops(ratio=(0.0, 0.0, 0.7))
    row = charts.stop_rates(table).to_dict()["datasets"]["table"][1]
    assert (row["at"], row["cut_low"], row["value"]) == (None, True, "0 (0–0.70)")
    row = charts.stop_rates(stops(ratio=(9.0, 2.0, math.inf))).to_dict()["datasets"]["table"][1]
    assert row["cut_high"]
    assert row["value"] == "9.00 (2.00 or more)"


def test_missing_months_are_marked_and_named():
    made = charts.coverage(months())
    rows = made.to_dict()["datasets"]["table"]
    assert [(r["name"], r["state"]) for r in rows] == [
        ("November 2023", "there"),
        ("December 2023", "there"),
        ("January 2024", "missing"),
        ("February 2024", "there"),
    ]
    assert made.title.text == (
        "270 stops from November 2023 to February 2024; 1 month between them without any"
    )
    assert "January 2024" in " ".join(made.title.subtitle)


def test_months_that_fall_short_are_in_the_headline_and_told_apart_by_shape():
    table = pd.DataFrame(
        {
            "year": 2024,
            "month": [1, 2, 3, 4],
            "n": [100, 100, 40, 100],
            "share_known": [0.9, 0.384, 0.9, 0.9],
            "thin": [False, False, True, False],
        }
    )
    made = charts.coverage(table)
    assert made.title.text == (
        "340 stops from January 2024 to April 2024; in March 2024 there are fewer than half as "
        "many as in the median month; in February 2024 the group is known for 38% of records"
    )
    said = " ".join(made.title.subtitle)
    assert "(orange, triangles): March 2024" in said
    assert "(purple, diamonds): February 2024" in said
    assert len(made.to_dict()["layer"]) == 2
    table["thin"] = [False, True, True, False]
    table.loc[3, "share_known"] = 0.498
    text = charts.coverage(table).title.text
    assert "; in 2 months there are fewer than half as many as in the median month" in text
    assert text.endswith("; in 2 months the group is known for fewer than half of records")
    near = charts.coverage(table.iloc[[0, 3]])
    assert near.title.text.endswith("; in April 2024 the group is known for 49.8% of records")


# ---- four-fifths ---------------------------------------------------------------------------


def test_four_fifths_is_read_from_the_column_never_from_the_ratio():
    # 64/100 v 80/100 is exactly .80 and not below; a ratio that rounds below must not matter
    stages = {"hired": {"white": (80, 100, 1.0, NAN, NAN), "black": (64, 100, 0.79, 0.6, 0.95)}}
    made = charts.adverse_impact(impact(stages))
    assert made.to_dict()["datasets"]["table"][1]["note"] == "not below four-fifths"
    assert made.title.text == "No group is below four-fifths"


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"too_few": True}, "too few people to tell"),
        ({"judged": False}, "too small a share to compare"),
        ({}, "below four-fifths"),
    ],
)
def test_too_few_and_too_small_are_said_instead(columns, words):
    stages = {"hired": {"white": (16, 80, 1.0, NAN, NAN), "black": (3, 20, 0.75, 0.2, 2.0)}}
    made = charts.adverse_impact(impact(stages, **columns))
    assert made.to_dict()["datasets"]["table"][1]["note"] == words


PICKED = "Koopman; reference: highest rate, p-values adjusted for all pairs of groups"


def test_the_subtitle_tells_true_which_group_has_the_highest_rate():
    table = impact().assign(method=PICKED)
    said = charts.adverse_impact(table).title.subtitle
    assert "Compared, at each stage, with the group that has the highest rate, shown in grey." in (
        said
    )
    assert not any("not judged" in s for s in said)
    small = table["group"] == "black"
    table.loc[small, "judged"] = False
    table.loc[small, "reason"] = "not judged: under 2.0% of the applicants"
    said = charts.adverse_impact(table).title.subtitle
    assert said[1] == (
        "Compared, at each stage, with the group of at least 2% of applicants that has the "
        "highest rate, shown in grey."
    )
    assert said[2] == "Groups under 2% of the applicants are shown but not judged."


def test_other_groups_below_four_fifths_are_counted():
    groups = {"white": (80, 100, 1.0, NAN, NAN), "black": (40, 100, 0.5, 0.4, 0.7)}
    groups |= {"asian": (50, 100, 0.625, 0.5, 0.8), "aian": (55, 100, 0.69, 0.5, 0.9)}
    two = charts.adverse_impact(impact({"hired": groups})).title.text
    assert two.endswith("below four-fifths; 2 other groups are also below four-fifths")
    del groups["aian"]
    one = charts.adverse_impact(impact({"hired": groups})).title.text
    assert one.endswith("below four-fifths; 1 other group is also below four-fifths")


def test_one_stage_and_its_bottom_line_are_drawn_once():
    one = {"white": (80, 100, 1.0, NAN, NAN), "black": (40, 100, 0.5, 0.4, 0.7)}
    made = charts.adverse_impact(impact({"hired": one, "bottom line": one}))
    assert len(made.to_dict()["datasets"]["table"]) == 2
    assert made.title.text == (
        "Black applicants were selected 0.50 times as often as White applicants: below four-fifths"
    )


# ---- the waterfall -------------------------------------------------------------------------


def test_each_bar_begins_where_the_stage_before_it_ended():
    rows = charts.stage_decomposition(decomposition()).to_dict()["datasets"]["table"]
    assert [r["start"] for r in rows] == pytest.approx([1, 0.681028, 1])
    assert rows[1]["at"] == pytest.approx(rows[2]["at"], rel=1e-5) == pytest.approx(1.695833)
    assert rows[1]["end_low"] == pytest.approx(0.681028 * 1.45)


def test_after_a_stage_without_a_figure_bars_have_no_place_and_say_so():
    table = decomposition()
    table.loc[0, ["impact_ratio", "ratio_low", "ratio_high", "log_ratio"]] = NAN
    table.loc[0, "reason"] = "nobody passed"
    rows = charts.stage_decomposition(table).to_dict()["datasets"]["table"]
    assert [r["missing"] for r in rows] == [
        "cannot be computed: nobody passed",
        "not drawn: a stage before it cannot be computed",
        None,
    ]


# ---- titles: what may be said --------------------------------------------------------------


def title(rows, **options):
    return charts.rates(rates_table(rows), what="search_conducted", **options).title.text


WHITE = ("white", 100, 1000, 1.0, NAN, NAN)
NOTHING_CLEAR = "No clear difference between groups can be told from these numbers"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [WHITE, ("black", 230, 1000, 2.3, 1.9, 2.8)],
            "Black people were searched 2.3 times as often as White people",
        ),
        (
            [WHITE, ("black", 50, 1000, 0.5, 0.3, 0.8)],
            "Black people were searched 0.50 times as often as White people",
        ),
        ([WHITE, ("black", 230, 1000, 2.3, 0.9, 5.8)], NOTHING_CLEAR),
        ([WHITE, ("black", 100, 1000, 1.0, 0.9, 1.1)], NOTHING_CLEAR),
        # an end at exactly 1 does not exclude 1
        ([WHITE, ("black", 130, 1000, 1.3, 1.0, 1.7)], NOTHING_CLEAR),
        # clear, yet so near to 1 that rounding would deny it
        (
            [WHITE, ("black", 100, 1000, 1.003, 1.001, 1.005)],
            "Black people were searched 1.003 times as often as White people",
        ),
        (
            [WHITE, ("black", 900, 1000, 250.4, 100, 700)],
            "Black people were searched 250 times as often as White people",
        ),
        (
            [WHITE, ("black", 900, 1000, 1234.0, 100, math.inf)],
            "Black people were searched 1,234 times as often as White people",
        ),
        (
            [WHITE, ("black", 0, 120, 0.0, 0.0, 0.3)],
            "Black people: none of 120 searched, clearly less often than White people",
        ),
        ([WHITE, ("black", 0, 3, 0.0, 0.0, 9.0)], NOTHING_CLEAR),
        ([WHITE], "There is only one group, and nothing to compare it with"),
        (
            [("black", 1, 2, NAN, NAN, NAN)],
            "No comparison between groups can be computed from these numbers",
        ),
        (
            [WHITE, ("black", 0, 0, NAN, NAN, NAN)],
            "No comparison between groups can be computed from these numbers",
        ),
        # a ratio without an interval, but with a test: the direction, not its size
        (
            [WHITE, ("black", 9, 10, 9.0, NAN, NAN)],
            "Black people were searched more often than White people",
        ),
        # nobody of the reference: a lower limit of the ratio, rounded down
        (
            [("white", 0, 500, NAN, NAN, NAN), ("black", 60, 500, NAN, 15.73, NAN)],
            "Black people were searched at least 15 times as often as White people",
        ),
        (
            [("white", 0, 500, NAN, NAN, NAN), ("black", 60, 500, NAN, 2.99, math.inf)],
            "Black people were searched at least 2.9 times as often as White people",
        ),
        (
            [("white", 0, 500, NAN, NAN, NAN), ("black", 60, 500, NAN, 1.004, math.inf)],
            "Black people were searched at least 1.004 times as often as White people",
        ),
        ([("white", 0, 500, NAN, NAN, NAN), ("black", 3, 500, NAN, 0.9, math.inf)], NOTHING_CLEAR),
        ([], "There are no figures to show"),
        # the difference that concerns most people, not the wildest ratio
        (
            [WHITE, ("black", 230, 1000, 2.3, 2.1, 2.5), ("nhpi", 3, 5, 6.0, 1.1, 30.0)],
            "Black people were searched 2.3 times as often as White people; "
            "the other group also differs clearly",
        ),
        (
            [WHITE, ("black", 230, 1000, 2.3, 2.1, 2.5), ("nhpi", 3, 5, 6.0, 0.4, 30.0)],
            "Black people were searched 2.3 times as often as White people; "
            "no clear difference can be told for the other group",
        ),
        (
            [
                WHITE,
                ("black", 230, 1000, 2.3, 2.1, 2.5),
                ("asian", 3, 50, 0.6, 0.4, 0.9),
                ("nhpi", 3, 5, 6.0, 0.4, 30.0),
            ],
            "Black people were searched 2.3 times as often as White people; "
            "1 other group also differs clearly",
        ),
        # a tie: the first in the order of the groups
        (
            [WHITE, ("black", 200, 1000, 2.0, 1.5, 2.5), ("hispanic", 200, 1000, 2.0, 1.5, 2.5)],
            "Black people were searched 2 times as often as White people; "
            "the other group also differs clearly",
        ),
    ],
)
def test_titles(rows, words):
    table = rates_table(rows) if rows else rates_one().head(0)
    assert charts.rates(table, what="search_conducted").title.text == words


def test_the_headline_names_the_difference_that_concerns_most_people():
    rows = [
        WHITE,
        ("black", 230, 1000, 2.3, 2.1, 2.5),
        ("nhpi", 3, 5, 6.0, 5.5, 7.0),  # the larger ratio, of five people
    ]
    table = rates_table(rows)
    table["difference"] = [0.0, 0.13, 0.5]
    assert charts.rates(table, what="search_conducted").title.text == (
        "Black people were searched 2.3 times as often as White people; "
        "the other group also differs clearly"
    )


def test_years_that_are_not_known_are_not_counted_among_the_years():
    rows = [
        (group, 100, 1000, ratio, low, high, year)
        for year in ("2021", "2022", "not known")
        for group, ratio, low, high in (("white", 1.0, NAN, NAN), ("black", 2.0, 1.5, 2.5))
    ]
    title = charts.rates(rates_table(rows), what="searched", strata_label="year").title.text
    assert title.startswith("In both years")


def test_an_interval_that_clears_1_alone_is_not_a_finding():
    rows = [WHITE, ("black", 130, 1000, 1.3, 1.01, 1.7)]
    table = rates_table(rows, p_adjusted=0.3)
    assert charts.rates(table).title.text == (
        "No clear difference between groups can be told "
        "once the number of comparisons is allowed for"
    )


ALLOWED = "Headlines allow for the number of comparisons"


@pytest.mark.parametrize("case", [c for c in CASES if c not in ("coverage", "ledger")])
def test_where_an_interval_alone_excludes_1_the_headline_is_explained(case):
    chart, table = CASES[case]
    for p, noted in ((0.3, True), (0.001, False)):
        said = " ".join(chart(table().assign(p_value=0.01, p_adjusted=p)).title.subtitle)
        assert (ALLOWED in said) is noted


def test_what_is_counted_can_be_named():
    assert "n = 3,000 records" in charts.rates(rates_one()).title.subtitle[0]
    made = charts.rates(rates_one(), unit="stops")
    assert "n = 3,000 stops" in made.title.subtitle[0]
    assert "not known: 7 stops" in " ".join(made.title.subtitle)


def test_over_strata_the_title_counts_and_tells_the_rest():
    up, down, flat = (2.0, 1.5, 2.5), (0.5, 0.3, 0.8), (1.1, 0.8, 1.4)
    rows = []
    for i, figures in enumerate([up, up, up, down, flat, (NAN, NAN, NAN)]):
        rows += [(*WHITE, str(i)), ("black", 100, 1000, *figures, str(i))]
    assert title(rows, strata_label="District") == (
        "In 3 of 6 districts, Black people were searched more often than White people; "
        "in 1, less often; in 1, no clear difference can be told; "
        "in 1, no comparison can be computed"
    )
    assert title(rows[:6], strata_label="category").startswith("In all 3 categories, Black")


def test_over_strata_groups_that_differ_the_other_way_are_named():
    up, down, flat = (2.0, 1.5, 2.5), (0.5, 0.3, 0.8), (1.1, 0.8, 1.4)
    rows = []
    for i in range(6):
        rows += [
            (*WHITE, str(i)),
            ("black", 100, 1000, *up, str(i)),
            ("hispanic", 100, 1000, *down, str(i)),
            ("asian", 100, 1000, *(up if i == 2 else flat), str(i)),
            ("aian", 100, 1000, *(up if i < 2 else flat), str(i)),
        ]
    assert title(rows, strata_label="district") == (
        "In all 6 districts, Black people were searched more often than White people; "
        "Hispanic people, less often in all 6; "
        "American Indian or Alaska Native people, more often in 2 of 6; "
        "1 other group differs clearly in some"
    )


def test_a_difference_in_a_part_that_is_not_known_is_no_finding_over_the_parts():
    up, flat = (2.0, 1.5, 2.5), (1.1, 0.8, 1.4)
    rows = []
    for part, figures in (("2021", flat), ("2022", flat), ("not known", up)):
        rows += [(*WHITE, part), ("black", 100, 1000, *figures, part)]
    assert title(rows, strata_label="year") == NOTHING_CLEAR


def zero_reference(**columns):
    table = rates_table([("white", 0, 500, NAN, NAN, NAN), ("black", 60, 500, NAN, NAN, NAN)])
    return table.assign(**{"difference": [NAN, 0.12]} | columns)


def test_where_only_the_difference_has_an_interval_it_is_read():
    searched = "Black people were searched more often than White people"
    for columns, words in (
        ({"difference_low": [NAN, 0.093], "difference_high": [NAN, 0.151]}, searched),
        ({"difference_low": [NAN, -0.01], "difference_high": [NAN, 0.151]}, NOTHING_CLEAR),
        ({"p_adjusted": [NAN, 1e-15]}, searched),
        ({"p_adjusted": [NAN, 0.2]}, NOTHING_CLEAR),
        (
            {"p_adjusted": NAN, "p_value": NAN},
            "No comparison between groups can be computed from these numbers",
        ),
    ):
        made = charts.rates(zero_reference(**columns), what="search_conducted")
        assert made.title.text == words


def test_a_ratio_with_a_lower_limit_only_is_drawn_as_an_arrow_and_worded():
    row = charts.stop_rates(stops(ratio=OPEN)).to_dict()["datasets"]["table"][1]
    assert (row["at"], row["start"], row["cut_high"]) == (None, 4.0, True)
    assert (row["value"], row["missing"]) == ("4.00 or more", None)
    assert row["end"] > 4
    note = charts.rates(zero_reference(ratio_low=[NAN, 15.7])).to_dict()["datasets"]["table"][1]
    assert note["note"] == "ratio 15.7 or more"


def test_the_direction_without_a_ratio_is_that_of_the_rates():
    table = stops(ratio=NONE)
    table["rate"] = [0.0, 0.5, NAN]
    assert charts.stop_rates(table).title.text.startswith(
        "Black people were stopped more often for their number in the benchmark than White people"
    )


def test_an_interval_is_drawn_whole_or_cut_with_an_arrow_beside_its_figure():
    # Hartford: the last interval is wide beside the others
    ratios = [(5.75, 5.55, 5.96), (3.05, 2.94, 3.16), (0.36, 0.31, 0.41), (0.12, 0.083, 0.18)]
    frame = pd.DataFrame(ratios, columns=["ratio", "low", "high"])
    drawn = _draw.clip(frame, "ratio", "low", "high", log=True)
    assert drawn["start"].tolist() == frame["low"].tolist()
    assert not (drawn["cut_low"] | drawn["cut_high"]).any()
    frame.loc[3, "low"] = 0.0001
    drawn = _draw.clip(frame, "ratio", "low", "high", log=True)
    assert drawn["cut_low"].tolist() == [False, False, False, True]
    assert drawn["start"][3] < 0.8 * 0.12


def test_long_labels_have_room():
    page = _draw.Page(["Native Hawaiian or Pacific Islander"], 8)
    assert page.left - 8 >= 7.5 * len("Native Hawaiian or Pacific Islander")


@each
def test_no_layer_that_is_read_out_is_empty(case):
    made = drawn(case).to_dict()
    rows = made["datasets"]["table"]
    for layer in made["layer"]:
        if layer["mark"].get("aria") is False:
            continue
        tests = [t["filter"] for t in layer.get("transform", [])]
        assert tests
        fields = [f.split(")")[0] for t in tests for f in t.split("isValid(datum.")[1:]]
        states = [t for t in tests if "datum.state" in t]
        if states:
            assert any((r["state"] == "missing") == ("==" in states[0]) for r in rows)
        else:
            assert any(all(r[f] is not None for f in fields) for r in rows), tests


def test_a_coverage_without_gaps_has_no_layer_of_gaps():
    whole = pd.DataFrame({"year": [2023, 2023], "month": [1, 2], "n": [90, 100]})
    assert len(charts.coverage(whole).to_dict()["layer"]) == 1
    assert len(charts.coverage(months()).to_dict()["layer"]) == 2


def test_a_chart_is_made_without_looking_through_the_schema_for_shorthands():
    import cProfile
    import pstats

    from altair.utils.schemapi import debug_mode

    table = impact()
    with debug_mode(False):
        charts.adverse_impact(table)
        profile = cProfile.Profile()
        profile.runcall(charts.adverse_impact, table)
    calls = {name for _, _, name in pstats.Stats(profile).stats}  # type: ignore[attr-defined]
    assert "hash_schema" not in calls
    assert "from_dict" not in calls
    assert "validate_jsonschema" not in calls


def test_words_of_the_caller_are_used():
    made = charts.rates(
        rates_one(), what="arrest_made", who="drivers", labels={"black": "African American"}
    )
    assert made.title.text.startswith(
        "African American drivers were arrested 2.3 times as often as White drivers"
    )
    unknown = rates_table([("A", 10, 100, 1.0, NAN, NAN), ("B", 30, 100, 3.0, 2.0, 4.0)], "A")
    assert charts.rates(unknown, what="stopped twice").title.text == (
        "People in the group B were stopped twice 3 times as often as people in the group A"
    )
    assert charts.rates(unknown).title.text == (
        "The rate of people in the group B was 3 times that of people in the group A"
    )


def test_hit_rates_speak_of_searches_and_what_was_left_out():
    made = charts.hit_rates(hits())
    assert made.title.text.startswith(
        "Searches of Black people found contraband 2.3 times as often as searches of White people"
    )
    said = " ".join(made.title.subtitle)
    assert "12 searches left out because of their legal basis" in said
    assert "one standard is applied to all" in said


def stop_title(*ratios):
    names = [f"benchmark {i}" for i in range(len(ratios))]
    table = pd.concat([stops((n,), r) for n, r in zip(names, ratios, strict=True)])
    table.loc[table["ratio_low"].isna(), ["p_value", "p_adjusted"]] = NAN
    return charts.stop_rates(table).title.text


UP, MORE, DOWN, FLAT = (3.4, 3.3, 3.5), (1.8, 1.6, 2.0), (0.5, 0.4, 0.6), (1.1, 0.9, 1.3)
NONE, NEVER = (NAN, NAN, NAN), (0.0, 0.0, 0.3)
OPEN, OPEN_LESS = (NAN, 4.0, math.inf), (NAN, 2.5, NAN)


@pytest.mark.parametrize(
    ("ratios", "words"),
    [
        (
            [UP],
            "For their number in “benchmark 0”, Black people were stopped 3.4 times as often as "
            "White people; no clear difference can be told for the other group",
        ),
        (
            [UP, MORE],
            "For their number in either benchmark, Black people were stopped 1.8 to 3.4 "
            "times as often as White people",
        ),
        (
            [UP, MORE, UP],
            "For their number in each of 3 benchmarks, Black people were stopped 1.8 to "
            "3.4 times as often as White people",
        ),
        (
            [NEVER, NEVER],
            "For their number in either benchmark, Black people were never stopped, "
            "clearly less often than White people",
        ),
        (
            [OPEN],
            "For their number in “benchmark 0”, Black people were stopped at least 4 times as "
            "often as White people; no clear difference can be told for the other group",
        ),
        (
            [OPEN, OPEN_LESS],
            "For their number in either benchmark, Black people were stopped at least "
            "2.5 times as often as White people",
        ),
        (
            [UP, DOWN],
            "The answer depends on the benchmark: for their number in it, Black people were "
            "stopped 0.50 to 3.4 times as often as White people",
        ),
        (
            [UP, NONE],
            "By the benchmark “benchmark 0”: For their number in the benchmark, Black people "
            "were stopped 3.4 times as often as White people; by “benchmark 1”, none can be "
            "computed",
        ),
        (
            [UP, FLAT],
            "The answer depends on the benchmark: no clear difference holds by all of them",
        ),
        ([FLAT, FLAT], "No clear difference between groups can be told by any of the benchmarks"),
        ([NONE, NONE], "No comparison between groups can be computed from these numbers"),
    ],
)
def test_titles_over_benchmarks(ratios, words):
    assert stop_title(*ratios) == words


@pytest.mark.parametrize(
    ("key", "label", "who", "words"),
    [
        ("black female", "Black women", "people", "Black women"),
        ("black female", "Black women", "applicants", "Black female applicants"),
        ("black female", None, "people", "Black women"),
        ("asian nonbinary", "Nonbinary Asian people", "people", "nonbinary Asian people"),
        ("multiple male", "Men of two or more races", "people", "men of two or more races"),
        ("multiple male", None, "drivers", "male drivers of two or more races"),
        ("black female", "Women, Black", "people", "Women, Black"),
        ("black female", "Women, Black", "drivers", "drivers in the group Women, Black"),
    ],
)
def test_people_of_a_race_and_a_sex_in_a_sentence(key, label, who, words):
    assert _words.people(key, {key: label} if label else None, who) == words


def test_people_of_a_race_and_a_sex_beside_a_mark():
    assert _words.name("black female") == "Black women"
    assert _words.name("multiple female") == "Women of two or more races"
    assert _words.name("multiple female", short=True) == "Two or more, women"
    assert _words.name("black male", {"black male": "Black men"}, short=True) == "Black men"
    order = ["female", "black female", "black male", "asian female", "unheard of"]
    ranks = [_words.rank(key) for key in order]
    assert ranks == sorted(set(ranks))


def test_representation_titles():
    assert charts.representation(shares()).title.text == (
        "White people are 82.7% of the workforce and 56.5% of the benchmark; "
        "Black people, 11.2% and 27.3%"
    )
    table = shares()
    flat = table.assign(ratio_low=0.8, ratio_high=1.2)
    assert charts.representation(flat).title.text == (
        "No clear difference from the benchmark can be told"
    )
    none = table.assign(ratio=NAN, ratio_low=NAN, ratio_high=NAN, p_value=NAN, p_adjusted=NAN)
    assert charts.representation(none).title.text == (
        "No comparison with the benchmark can be computed from these numbers"
    )


def test_over_benchmarks_representation_says_where_the_answer_turns():
    def said(low, high, share=0.5, **columns):
        table = shares(("residents", "drivers"))
        white = (table["group"] == "white") & (table["benchmark"] == "drivers")
        table.loc[white, ["ratio_low", "ratio_high"]] = low, high
        table.loc[white, "population_share"] = share
        for column, value in columns.items():
            table.loc[white, column] = value
        table = table[table["group"] != "black"]
        return charts.representation(table).title.text

    start = "White people are 82.7% of the workforce and 56.5% of the benchmark “residents”"
    assert said(0.8, 0.95, 0.9) == f"{start}; by “drivers” (90.0%) it is the other way round"
    assert said(0.9, 1.1, 0.8) == f"{start}; by “drivers”, no clear difference can be told"
    assert said(1.2, 1.3, 0.7) == start
    assert said(NAN, NAN, NAN, ratio=NAN, p_value=NAN, p_adjusted=NAN) == (
        f"{start}; by “drivers”, no comparison can be computed"
    )


def test_a_group_that_the_workforce_may_not_keep_apart_is_no_headline():
    table = shares(black=(0.0, 0.273, 0.0, 0.1))
    table.loc[1, "reason"] = (
        "nobody of this group in the counts: there are none, or it is not kept"
    )
    made = charts.representation(table)
    assert made.title.text == "White people are 82.7% of the workforce and 56.5% of the benchmark"
    row = made.to_dict()["datasets"]["table"][1]
    assert row["n_text"] == row["n_short"] == "none recorded"
    only = charts.representation(table.iloc[[1]])
    assert only.title.text == "No comparison with the benchmark can be computed from these numbers"


def test_representation_over_years_names_groups_that_differ_the_other_way():
    parts = []
    for year in ("2021", "2022"):
        table = shares().assign(stratum=year)
        parts.append(table)
    made = charts.representation(pd.concat(parts), strata_label="year")
    assert made.title.text == (
        "In both years, White people are a larger share than of the benchmark; "
        "Black people, a smaller share in both"
    )


def test_representation_says_how_many_would_match_and_the_sampling_error():
    row = charts.representation(shares()).to_dict()["datasets"]["table"][1]
    assert row["n_text"] == "162 of 1,447; 395 would match"  # Nashville 2017, as METHODS has it
    assert row["note"] == "benchmark 27.3% ±0.4"
    assert row["benchmark_high"] == pytest.approx(0.273 + 1.959964 * 0.002)


def test_adverse_impact_titles():
    assert charts.adverse_impact(impact()).title.text == (
        "At the stage “Test”, Black applicants were selected 0.68 times as often as White "
        "applicants: below four-fifths; at the bottom line no group is below four-fifths"
    )
    unsure = {"hired": {"white": (16, 25, 1.0, NAN, NAN), "black": (3, 8, 0.59, 0.2, 1.2)}}
    assert charts.adverse_impact(impact(unsure)).title.text.endswith(
        "below four-fifths, though a difference cannot be told from chance"
    )
    assert charts.adverse_impact(impact(unsure, too_few=True)).title.text == (
        "There are too few people in these groups to tell"
    )
    nobody = {"hired": {"white": (16, 25, 1.0, NAN, NAN), "black": (0, 80, 0.0, 0.0, 0.2)}}
    assert charts.adverse_impact(impact(nobody)).title.text == (
        "No Black applicants were selected (80 entered), below four-fifths"
    )


def test_too_few_is_said_only_of_those_below_four_fifths():
    # 4,999 v 5,000 of 10,000: one person would turn the order, but nobody is near four-fifths
    near = {
        "hired": {
            "white": (5000, 10000, 1.0, NAN, NAN),
            "black": (4999, 10000, 0.9998, 0.97, 1.03),
        }
    }
    made = charts.adverse_impact(impact(near, too_few=True))
    assert made.title.text == "No group is below four-fifths"
    assert made.to_dict()["datasets"]["table"][1]["note"] == "not below four-fifths"


def test_adverse_impact_says_of_whom_none_is_below_four_fifths():
    even = {"white": (50, 100, 1.0, NAN, NAN), "black": (49, 100, 0.98, 0.8, 1.2)}
    table = impact({"hired": even | {"nhpi": (0, 0, NAN, NAN, NAN)}})
    table.loc[2, "below_four_fifths"] = pd.NA
    assert charts.adverse_impact(table).title.text == (
        "No group that can be compared is below four-fifths"
    )
    stages = {"test": TEAL["test"], "hired": even, "bottom line": even}
    table = impact(stages)
    last = (table["stage"] == "bottom line") & (table["group"] == "black")
    table.loc[last, ["below_four_fifths", "too_few"]] = True
    title = charts.adverse_impact(table).title.text
    assert title.startswith("At the stage “Test”, Black")
    assert title.endswith("; at the bottom line there are too few people to tell")
    near = (table["stage"] == "test") & (table["group"] == "black")
    table.loc[near, "ratio_high"] = 1.1  # below four-fifths, but not clear
    assert charts.adverse_impact(table).title.text.startswith(
        "At the bottom line there are too few people to tell; at the stage “Test”, Black"
    )


def test_adverse_impact_where_nobody_of_the_reference_was_selected():
    rows = {"hired": {"white": (0, 500, NAN, NAN, NAN), "black": (60, 500, NAN, 15.7, NAN)}}
    table = impact(rows).assign(below_four_fifths=pd.NA)
    made = charts.adverse_impact(table, what="hired")
    assert made.title.text == (
        "Black applicants were hired at least 15 times as often as White applicants"
    )
    shown = made.to_dict()["datasets"]["table"]
    assert [r["value"] for r in shown] == [None, "15.7 or more"]
    assert [r["missing"] for r in shown] == ["the comparison, of whom nobody passed", None]


def stages_with_a_zero(**columns):
    """Return two groups: one of which nobody passed the test, one equal to the reference."""
    rows = [
        ("test", "black", 50, 0, NAN, NAN, NAN),
        ("hired", "black", 0, 0, NAN, NAN, NAN),
        ("bottom line", "black", 50, 0, NAN, NAN, NAN),
        ("test", "asian", 60, 30, 1.0, 0.7, 1.4),
        ("hired", "asian", 30, 15, 1.0, 0.6, 1.6),
        ("bottom line", "asian", 60, 15, 1.0, 0.56, 1.79),
    ]
    names = ["stage", "group", "n", "x", "impact_ratio", "ratio_low", "ratio_high"]
    table = pd.DataFrame(rows, columns=names).assign(stratum="all", reference="white")
    return table.assign(log_ratio=np.log(table["impact_ratio"]), reason="no logarithm", **columns)


def test_nobody_passed_a_stage_is_a_finding_or_is_said_not_to_be_compared():
    made = charts.stage_decomposition(stages_with_a_zero())
    assert made.title.text == (
        "No stage clearly lowers or raises the ratio of any group; at the stage “Test”, none of "
        "50 Black applicants passed, which is not compared here"
    )
    found = (
        "At the stage “Test”, none of 50 Black applicants passed, clearly less often than "
        "White applicants"
    )
    p = [1e-11, NAN, NAN, 1.0, 0.9, NAN]
    tested = stages_with_a_zero(p_value=p, p_adjusted=p)
    assert charts.stage_decomposition(tested).title.text == found
    limits = tested.copy()
    limits.loc[0, ["impact_ratio", "ratio_low", "ratio_high"]] = 0.0, 0.0, 0.14
    made = charts.stage_decomposition(limits)
    assert made.title.text == found
    rows = made.to_dict()["datasets"]["table"]
    words = {(r["group"], r["stage"]): r["missing"] for r in rows}
    assert words["black", "test"] == "none of 50 passed, clearly less often"
    assert words["black", "hired"] == "nobody of this group entered"
    unsure = tested.assign(p_adjusted=[0.3, NAN, NAN, 1.0, 1.0, NAN])
    assert charts.stage_decomposition(unsure).title.text == (
        "No stage clearly lowers or raises the ratio of any group; 1 of 4 figures cannot be "
        "computed"
    )


def test_nobody_of_the_reference_passed_a_stage():
    table = stages_with_a_zero().query("group == 'black'").reset_index(drop=True)
    table.loc[0, ["n", "x", "ratio_low"]] = 50, 20, 3.1
    assert charts.stage_decomposition(table).title.text == (
        "At the stage “Test”, Black applicants passed at least 3.1 times as often as White "
        "applicants"
    )
    table["ratio_low"] = NAN
    table["p_adjusted"] = [1e-6, NAN, NAN]
    assert charts.stage_decomposition(table).title.text == (
        "At the stage “Test”, Black applicants passed more often than White applicants"
    )


def test_a_stage_is_clear_only_after_the_number_of_comparisons_is_allowed_for():
    table = decomposition().assign(p_value=0.03, p_adjusted=0.2)
    made = charts.stage_decomposition(table)
    assert made.title.text == (
        "No stage clearly lowers or raises the ratio of any group "
        "once the number of comparisons is allowed for"
    )
    assert made.to_dict()["datasets"]["table"][0]["note"] == "no clear effect"


def test_decomposition_titles():
    assert charts.stage_decomposition(decomposition()).title.text == (
        "At the stage “Promoted”, Black applicants passed 2.5 times as often as White "
        "applicants; at “Test”, 0.68 times; all stages together, 1.7 times, where a difference "
        "cannot be told from chance"
    )
    flat = decomposition().assign(ratio_low=0.5, ratio_high=2.0)
    assert charts.stage_decomposition(flat).title.text == (
        "No stage clearly lowers or raises the ratio of any group"
    )


def test_a_remark_on_every_figure_is_said_on_the_chart():
    table = stops().assign(reason="different periods: stops 2017, residents 2013")
    assert "Different periods: stops 2017" in " ".join(charts.stop_rates(table).title.subtitle)


def test_no_title_judges():
    for case in CASES:
        made = drawn(case)
        said = f"{made.title.text} {made.title.subtitle} {made.description}".lower()
        for word in ("bias", "discriminat", "violat", "complian", "unfair", "racis"):
            assert word not in said


# ---- numbers as words ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (0.00012, "0.00012"),
        (0.68103, "0.68"),
        (1.0, "1.00"),
        (3.407, "3.41"),
        (12.34, "12.3"),
        (250.4, "250"),
        (1234.0, "1,234"),
        (None, "?"),
        (NAN, "?"),
    ],
)
def test_ratios_in_words(value, words):
    assert _words.ratio(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.112, "11.2%"),
        (0.0042, "0.42%"),
        (0.99999, "99.9%"),
        (0.000004, "0.00040%"),
        (pd.NA, "?"),
    ],
)
def test_percent_in_words(value, words):
    assert _words.percent(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2.31, "2.3"),
        (1.96, "2"),
        (1.46, "1.46"),
        (0.999, "0.999"),
        (1.0000001, "about 1"),
        (0.0001, "0.00010"),
        (0.5, "0.50"),
        (12.4, "12"),
        (1.0, "1"),
    ],
)
def test_times_in_words(value, words):
    assert _words.times(value) == words


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((0.0123, 0.008, 0.019), "1.2% (0.8–1.9)"),
        ((0.0028, 0.0011, 0.0071), "0.28% (0.11–0.71)"),
        ((0.0, 0.0, 0.076), "0% (0–7.6)"),
        ((1.0, 0.9, 1.0), "100% (90.0–100)"),
        ((0.5, NAN, NAN), "50.0%"),
    ],
)
def test_shares_with_intervals_in_words(figures, words):
    assert _words.share(*figures) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (15.73, "15"),
        (9.38, "9.3"),
        (2.0, "2"),
        (1.999, "1.99"),
        (1.004, "1.004"),
        (1250.0, "1,250"),
        (1.05, "1.05"),
    ],
)
def test_lower_limits_are_rounded_down(value, words):
    assert _words.at_least(value) == words
    assert _findings.size({"ratio": NAN, "ratio_low": value}) == f"at least {words} times"
    assert _findings.size({"ratio": NAN, "ratio_low": 1.0000001}) is None  # "more often", then


def test_reasons_are_shortened_at_a_clause():
    assert _words.shorten("nobody entered; the rest is long") == "nobody entered"
    assert len(_words.shorten("word " * 40)) <= 60


# ---- tables --------------------------------------------------------------------------------


def test_every_measure_has_columns_with_headings_and_formats():
    formats = {
        "text",
        "whole",
        "number",
        "ratio",
        "percent",
        "points",
        "per_thousand",
        "p",
        "flag",
    }
    assert set(charts.COLUMNS) == {*measures.__all__, "ledger"}
    for rows in charts.COLUMNS.values():
        keys = [key for key, _, _ in rows]
        assert len(set(keys)) == len(keys)
        assert {kind for _, _, kind in rows} <= formats
        assert all(
            heading[:1].isupper() or heading[:1] in "pz" or heading == "Cohen's h"
            for _, heading, _ in rows
        )


def test_the_page_and_the_print_have_their_ink():
    assert charts.theme(dark=True)["background"] == "#111111"
    made = charts.print_version(charts.rates(rates_one()), width=400, dark=True)
    assert made.config["text"]["color"] == INK[True]["ink"]
    assert made.width == 400
    assert _draw.NARROW > 320
