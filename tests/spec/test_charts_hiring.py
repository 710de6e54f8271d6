"""What the pictures of the pipeline and of its unknowns say and how; and what could be seen."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import equity as eq
from equity import charts
from equity.charts._style import INK, PALETTE

STAGES = ["tested", "interviewed", "hired"]


def applicants() -> pd.DataFrame:
    """Three groups, a small one, and people of unknown group; three results are open."""
    rows = [
        ("white", None, 400, 300, 200, 100, 100),
        ("black", None, 200, 100, 70, 30, 33),
        ("hispanic", None, 150, 110, 60, 30, 30),
        ("aian", None, 9, 6, 4, 2, 2),
        (None, "declined", 24, 18, 12, 6, 6),
        (None, "withheld", 6, 4, 2, 1, 1),
    ]
    names = ["race", "race_unknown", "n", *STAGES, "open"]
    frame = pd.DataFrame(rows, columns=names)
    later = frame.pop("open")
    for stage in STAGES:
        frame[f"{stage}_known"] = frame["n"]
    frame["hired_known"] -= later - frame["hired"]
    return frame


def funnel(frame: pd.DataFrame | None = None, **more) -> pd.DataFrame:
    given = applicants() if frame is None else frame
    return eq.funnel(given, group="race", stages=STAGES, **more)


def bounds(frame: pd.DataFrame | None = None, **more) -> pd.DataFrame:
    given = applicants() if frame is None else frame
    return eq.missing_bounds(given, **{"group": "race", "stages": STAGES, "reference": "white"}
                             | more)  # fmt: skip


def impact(frame: pd.DataFrame | None = None, **more) -> pd.DataFrame:
    given = applicants() if frame is None else frame
    return eq.adverse_impact(given, **{"group": "race", "stages": STAGES} | more)


def years(measure, frame: pd.DataFrame | None = None) -> pd.DataFrame:
    given = applicants() if frame is None else frame
    both = pd.concat([given.assign(year=y) for y in (2020, 2021)])
    return measure(both, within="year")


CASES = {
    "funnel": (charts.funnel, funnel),
    "missing_bounds": (charts.missing_bounds, bounds),
    "adverse_impact": (charts.adverse_impact, impact),
}
each = pytest.mark.parametrize("case", CASES)


def drawn(case: str):
    chart, table = CASES[case]
    return chart(table())


def rows_of(made) -> list[dict]:
    return made.to_dict()["datasets"]["table"]


def walk(node):
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


@each
def test_one_named_data_set_that_is_valid_json(case: str) -> None:
    """No NaN, no data hidden in the layers, the width of the page."""
    spec = drawn(case).to_dict()
    assert spec["data"] == {"name": "table"} and list(spec["datasets"]) == ["table"]
    assert not [v for k, v in walk(spec["layer"]) if k == "data"]
    assert "NaN" not in json.dumps(spec, allow_nan=False)
    assert spec["width"] == "container"


@each
def test_the_table_given_is_not_changed(case: str) -> None:
    """A chart works on a copy."""
    chart, table = CASES[case]
    given = table()
    before = given.copy(deep=True)
    chart(given)
    pd.testing.assert_frame_equal(given, before)


@each
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [340, 820])
def test_it_can_be_drawn_in_the_ink_of_the_page(case: str, width: int, dark: bool) -> None:
    """Narrow and wide, light and dark; nothing leaves the chart; no ink of the other page."""
    import vl_convert

    spec = charts.print_version(drawn(case), width=width, dark=dark).to_dict()
    svg = vl_convert.vegalite_to_svg(spec)
    assert float(svg.split('width="')[1].split('"')[0]) <= width + 25
    assert INK[not dark]["ink"] not in svg
    inks = [v for k, v in walk(drawn(case).to_dict()["layer"]) if k == "color"]
    assert all(c in PALETTE.values() for c in inks if isinstance(c, str))


@each
def test_an_empty_table_is_worded(case: str) -> None:
    """No rows: words, and no error."""
    chart, table = CASES[case]
    made = chart(table().head(0))
    assert rows_of(made) == [] and "There are no figures" in made.title.text


@each
def test_the_text_alternative_states_the_finding_and_is_short(case: str) -> None:
    """The title comes first; at most a thousand characters."""
    made = drawn(case)
    assert made.description.startswith(made.title.text)
    assert len(made.description) <= 1000


@each
def test_a_table_of_another_measure_is_refused(case: str) -> None:
    """The column that is missing is named."""
    with pytest.raises(ValueError, match="no column"):
        CASES[case][0](pd.DataFrame({"group": ["a"], "x": [1]}))


@each
def test_columns_of_the_table_have_headings(case: str) -> None:
    """Every column is listed once for the download, and the page lists some of them."""
    listed = [key for key, _, _ in charts.COLUMNS[case]]
    columns = list(CASES[case][1]())
    assert sorted(listed) == sorted(set(listed)) and set(listed) <= set(columns)
    assert set(columns) - set(listed) <= {"method"}
    assert set(charts.ON_PAGE[case]) <= set(listed)


# ---- funnel ----------------------------------------------------------------------------------


def test_counts_and_losses_are_printed_at_each_stage() -> None:
    """How many are still in, how many were lost, how many are open."""
    made = charts.funnel(funnel())
    black = [r for r in rows_of(made) if r["group"] == "black"]
    assert [r["label"] for r in black] == ["Applied", "Tested", "Interviewed", "Hired"]
    assert [r["value"] for r in black] == ["200 (100%)", "100 (50.0%)", "70 (35.0%)", "30 (15.0%)"]
    lost = [r["n_text"] for r in black]
    assert lost == [None, "100 lost", "30 lost", "37 lost, 3 open"]
    assert [r["note"] for r in black] == [None, "▼ most lost here", None, None]
    assert "Dashed grey: nobody knows yet." in made.title.subtitle


def test_a_bar_ends_where_the_loss_begins() -> None:
    """Still in, lost and open add up to the bar of the stage before."""
    for group in ("white", "black", "hispanic"):
        bars = [r for r in rows_of(charts.funnel(funnel())) if r["group"] == group]
        for before, row in zip(bars, bars[1:], strict=False):
            assert row["at"] <= row["lost_to"] <= row["open_to"]
            assert row["open_to"] == pytest.approx(before["at"])


def test_the_title_says_where_each_group_loses_most() -> None:
    """White at two stages alike; Black at the test; Hispanic at the interview."""
    made = charts.funnel(funnel())
    assert made.title.text == (
        "Black applicants lose most people at the stage “Tested”; Hispanic at “Interviewed”; "
        "for 2 groups there are too few people to tell"
    )
    sharp = applicants()
    sharp.loc[0, ["tested", "interviewed", "hired"]] = [210, 150, 100]
    sharp.loc[2, ["tested", "interviewed", "hired"]] = [60, 50, 30]
    made = charts.funnel(funnel(sharp.drop(index=3)))
    assert made.title.text == (
        "All groups lose most people at the stage “Tested”: 60.0% of Hispanic applicants who came "
        "so far, 47.5% of White applicants"
    )


def test_the_title_of_several_parts_and_of_none() -> None:
    """Years together; nobody lost; few people."""
    made = charts.funnel(years(funnel), strata_label="Year")
    assert made.title.text == "In all 2 years, most people are lost at the stage “Tested”"
    heads = {r["head"] for r in rows_of(made)} - {None}
    assert "2020 · Black" in heads
    everyone = applicants().assign(**{s: applicants()["n"] for s in STAGES})
    everyone["hired_known"] = everyone["n"]
    assert charts.funnel(funnel(everyone)).title.text == (
        "None of the applicants was lost at any stage"
    )
    few = funnel(applicants().iloc[[3]])
    assert charts.funnel(few).title.text == "There are too few people to tell where most are lost"


def test_many_groups_are_compact_and_marked() -> None:
    """More than 24 rows: the triangle stands beside the loss."""
    made = charts.funnel(years(funnel))
    lost = [r["n_text"] for r in rows_of(made) if r["group"] == "black"]
    assert lost[1] == "100 lost ▼"
    assert "most lost here" in next(r["aria"] for r in rows_of(made) if r["most"])


def test_a_group_that_did_not_apply_says_so() -> None:
    """Words in place of the bar."""
    frame = applicants()
    frame.loc[3, ["n", *STAGES, *(f"{s}_known" for s in STAGES)]] = 0
    gone = [r for r in rows_of(charts.funnel(funnel(frame))) if r["group"] == "aian"]
    assert gone[0]["missing"] == "cannot be computed: nobody of this group applied"


def test_labels_name_groups_and_stages() -> None:
    """An agency's own words."""
    made = charts.funnel(
        funnel(), labels={"tested": "Written test", "black": "Black or African American"}
    )
    assert "Black or African American applicants lose most people" in made.title.text
    assert "“Written test”" in made.title.text


# ---- missing bounds --------------------------------------------------------------------------


def test_the_title_says_for_whom_the_answer_could_change() -> None:
    """The bottom line first; the range in numbers."""
    table = bounds()
    row = table[(table.stage == "bottom line") & (table.group == "hispanic")].iloc[0]
    assert row.changes_finding
    text = charts.missing_bounds(table).title.text
    assert text == (
        "If the unknown groups were known, the answer on four-fifths could change at the bottom "
        "line for Hispanic applicants (ratio 0.80, could be from 0.66 to 1.00)"
    )


def test_the_title_where_no_answer_changes() -> None:
    """One unknown person does not matter; none at all; one group; several years."""
    frame = applicants().iloc[:2]
    one = pd.concat([frame, applicants().iloc[[5]].assign(n=1, tested=0, interviewed=0, hired=0,
                    tested_known=1, interviewed_known=1, hired_known=1)])  # fmt: skip
    assert charts.missing_bounds(bounds(one)).title.text == (
        "Whoever the people of unknown group are, no answer on four-fifths would change"
    )
    made = charts.missing_bounds(bounds(frame))
    assert made.title.text == (
        "The group of all applicants is known, so no answer could be another"
    )
    assert {r["note"] for r in rows_of(made)} == {"nobody unknown"}
    alone = charts.missing_bounds(bounds(frame.head(1)))
    assert alone.title.text == "There is only one group, and nothing to compare it with"
    made = charts.missing_bounds(years(bounds), strata_label="Year")
    assert made.title.text.endswith("could change in 2 of 2 years")


def test_why_groups_are_not_known_is_told() -> None:
    """Apart, in words; how many of all."""
    text = " ".join(charts.missing_bounds(bounds()).title.subtitle)
    assert "Group not known: 30 applicants with a known result, 3.8%" in text
    assert "(24 declined to say, 6 withheld by law or policy)" in text


def test_the_bar_lies_in_the_line_and_the_dot_in_the_bar() -> None:
    """Also where they are cut."""
    for row in rows_of(charts.missing_bounds(bounds())):
        if row["least"] is not None:
            assert row["start"] <= row["least"] <= row["at"] <= row["most"] <= row["end"]
            assert row["least"] <= row["proportional"] <= row["most"]


def test_readings_are_words() -> None:
    """Could change, always, never; a group too small to be judged; no figure at all."""
    frame = applicants()
    notes = {(r["stage"], r["group"]): r["note"] for r in rows_of(
        charts.missing_bounds(bounds(frame)))}  # fmt: skip
    assert notes["bottom line", "black"] == "always below four-fifths"
    assert notes["bottom line", "hispanic"] == "four-fifths: could change"
    assert notes["tested", "hispanic"] == "never below four-fifths"
    assert notes["tested", "aian"] == "too small a share to compare"
    frame.loc[0, "hired"] = 0
    last = [r for r in rows_of(charts.missing_bounds(bounds(frame))) if r["stage"] == "hired"]
    assert last[0]["value"].endswith("or more)") and last[0]["note"] is None


def test_what_it_is_compared_with_is_told() -> None:
    """The group that was named, or the highest rate as recorded; one stage alone."""
    assert "Compared with White." in charts.missing_bounds(bounds()).title.subtitle
    table = bounds(reference=None)
    made = charts.missing_bounds(table[table.stage == "bottom line"])
    assert "Compared with White, the highest rate as recorded." in made.title.subtitle
    assert "at the bottom line" not in made.title.text and "Hispanic" in made.title.text


# ---- adverse impact: what could be seen ------------------------------------------------------


def test_the_difference_that_could_be_seen_is_told() -> None:
    """In the subtitle, for the bottom line, and row by row in the tooltip."""
    table = impact(reference="white")
    made = charts.adverse_impact(table)
    bottom = table[(table.stage == "bottom line") & table.judged]
    points = 100 * bottom.detectable_difference.dropna()
    assert (
        f"With this many applicants a difference of {points.min():.1f} to {points.max():.1f} "
        "points below the comparison could be seen at the bottom line, depending on the group."
    ) in made.title.subtitle
    row = next(r for r in rows_of(made) if r["group"] == "black")
    seen = table[(table.group == "black") & (table.stage == "tested")].iloc[0]
    assert row["could_see"] == (
        f"{100 * seen.detectable_difference:.1f} points below, "
        f"a ratio of {seen.detectable_ratio:.2f} or less"
    )


def test_too_few_people_to_tell_is_said() -> None:
    """Where nothing could be seen, the row says so and the title counts it as no finding."""
    frame = pd.DataFrame({"race": ["white", "black", "asian"], "n": [100, 5, 6],
                          "hired": [30, 1, 0], "hired_known": [100, 5, 6]})  # fmt: skip
    made = charts.adverse_impact(impact(frame, stages=["hired"], reference="white"))
    assert made.title.text == "There are too few people in these groups to tell"
    rows = {r["group"]: r for r in rows_of(made)}
    assert rows["black"]["note"] == rows["asian"]["note"] == "too few people to tell"
    assert rows["black"]["could_see"] == "no difference below, with so few"
    assert "With this many applicants no difference below the comparison could be seen." in (
        made.title.subtitle
    )
    more = pd.concat([frame, pd.DataFrame({"race": ["hispanic"], "n": [90], "hired": [20],
                                           "hired_known": [90]})])  # fmt: skip
    made = charts.adverse_impact(impact(more, stages=["hired"], reference="white"))
    assert any(
        s.startswith("With this many applicants a difference of ")
        and s.endswith("could be seen; for 2 groups, none could.")
        for s in made.title.subtitle
    )
