"""What the pictures of the pipeline and of its unknowns say and how; and what could be seen."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from chart_rules import ChartRules, rows_of, svg_of

import equity as eq
from equity import charts

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


class TestEveryChart(ChartRules):
    cases = CASES
    pages = ((340, False), (340, True), (820, False), (820, True))


# ---- funnel ----------------------------------------------------------------------------------


def test_counts_and_losses_are_printed_at_each_stage() -> None:
    """How many are still in, how many were lost, how many are open."""
    made = charts.funnel(funnel())
    black = [r for r in rows_of(made) if r["group"] == "black"]
    assert [r["label"] for r in black] == ["Applied", "Tested", "Interviewed", "Hired"]
    assert [r["value"] for r in black] == ["200 (100%)", "100 (50.0%)", "70 (35.0%)", "30 (15.0%)"]
    lost = [r["n_text"] for r in black]
    assert lost == [None, "100 lost", "30 lost", "37 lost, 3 without result"]
    assert [r["note"] for r in black] == [None, "▼ most lost here", None, None]
    assert "Dashed grey: no result, whether still open or withdrawn." in made.title.subtitle


def test_withdrawn_and_open_are_kept_apart_in_words_and_in_the_picture() -> None:
    """A withdrawal is no loss and nobody waits for it."""
    frame = applicants()
    gone = frame[frame.race == "black"].assign(still_open=False, n=9, tested=9, tested_known=9)
    gone = gone.assign(interviewed=9, interviewed_known=9, hired=0, hired_known=0)
    table = funnel(pd.concat([frame.assign(still_open=None), gone]))
    made = charts.funnel(table)
    black = [r for r in rows_of(made) if r["group"] == "black"]
    assert black[-1]["n_text"] == "37 lost, 9 withdrew, 3 open"
    assert black[-1]["gone_to"] - black[-1]["lost_to"] == pytest.approx(9 / 209)
    assert black[-1]["open_to"] - black[-1]["gone_to"] == pytest.approx(3 / 209)
    assert (
        "Grey: withdrew, or another word for no result; they were not turned down; dashed grey: "
        "still open, as far as the file tells."
    ) in made.title.subtitle
    assert "9 withdrew" in black[-1]["aria"]


@pytest.mark.parametrize("width", [340, 720, 820])
def test_a_long_stage_has_room_beside_the_words_of_its_loss(width: int) -> None:
    """In compact rows both stand in one line: neither runs into the other, in any usual font."""
    counts = applicants().assign(n=lambda t: 10 * t.n, tested=lambda t: 9 * t.tested)
    counts["tested_known"] = counts["n"] - 30
    label = "Passed interview and background"
    made = charts.funnel(years(funnel, counts), labels={"tested": label})
    said = max((r["n_text"] for r in rows_of(made) if r["stage"] == "tested"), key=len)
    assert re.fullmatch(r"[\d,]+ lost ▼, [\d,]+ no result", said)

    def places(words: str) -> list[tuple[float, float]]:
        at = r'translate\(([\d.]+),([\d.]+)\)"[^>]*>'
        found = re.findall(at + re.escape(words) + "</text>", svg)
        return [(float(x), float(y)) for x, y in found]

    svg = svg_of(made, width)
    for x, y in places(said):
        beside = [left for left, top in places(label) if abs(top - y) < 10]
        assert bool(beside) == (width > 700)  # on a narrow page they stand in two lines
        # the widths of letters in DejaVu Sans, the widest of the fonts that a page may have
        assert all(left + 7.1 * len(label) + 8 < x - 5.9 * len(said) for left in beside)
    assert places(said)


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
    assert made.title.text == "In both years, most people are lost at the stage “Tested”"
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
        "points below the comparison could be seen at the bottom line among the 8 comparisons "
        "made here, depending on the group."
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
    assert (
        "With this many applicants no difference below the comparison could be seen among the 2 "
        "comparisons made here."
    ) in made.title.subtitle
    more = pd.concat([frame, pd.DataFrame({"race": ["hispanic"], "n": [90], "hired": [20],
                                           "hired_known": [90]})])  # fmt: skip
    made = charts.adverse_impact(impact(more, stages=["hired"], reference="white"))
    assert any(
        s.startswith("With this many applicants a difference of ")
        and s.endswith(
            "could be seen among the 3 comparisons made here; for 2 groups, none could."
        )
        for s in made.title.subtitle
    )
    one = charts.adverse_impact(impact(frame.head(2), stages=["hired"], reference="white"))
    assert not any("comparisons made here" in s for s in one.title.subtitle)


# ---- adverse impact: which finding leads, and who is still in the running --------------------


def closed(rows: dict[str, tuple[int, ...]]) -> pd.DataFrame:
    """Everybody's result is known."""
    frame = pd.DataFrame(rows, index=["n", *STAGES]).T.rename_axis("race").reset_index()
    return frame.assign(**{f"{s}_known": frame["n"] for s in STAGES})


def test_a_clear_stage_leads_where_no_bottom_line_is_clear() -> None:
    """Half as often at the test, of hundreds; at the end 9 against 21, and nobody can tell."""
    frame = closed({"white": (400, 300, 60, 21), "black": (300, 120, 30, 9)})
    table = impact(frame, reference="white")
    p = table[table.group == "black"].set_index("stage").p_adjusted
    assert p["tested"] < 1e-6 and p["bottom line"] > 0.05
    title = charts.adverse_impact(table, labels={"tested": "Passed written test"}).title.text
    assert title == (
        "At the stage “Passed written test”, Black applicants were selected 0.53 times as often "
        "as White applicants: below four-fifths; at the bottom line no difference can be told "
        "from chance"
    )
    more = frame.copy()
    numbers = [c for c in more if c != "race"]
    more[numbers] *= 20  # then the bottom line is clear, and leads
    title = charts.adverse_impact(impact(more, reference="white")).title.text
    assert title.startswith("At the bottom line, Black applicants were selected 0.57 times")


def test_a_clear_stage_above_four_fifths_leads_too() -> None:
    """900 of 1,000 against 980: 0.92 times as often, and clear; nothing else is."""
    frame = closed({"white": (1000, 980, 490, 100), "black": (1000, 900, 450, 95)})
    assert charts.adverse_impact(impact(frame, reference="white")).title.text == (
        "At the stage “Tested”, Black applicants were selected 0.92 times as often as White "
        "applicants: a clear difference; at the bottom line no group is below four-fifths"
    )


def test_a_clear_stage_leads_over_years() -> None:
    """In both years the test is clear, and the bottom line in none."""
    frame = closed({"white": (400, 300, 60, 21), "black": (300, 120, 30, 9)})
    table = years(lambda f, **more: impact(f, reference="white", **more), frame)
    assert charts.adverse_impact(table, strata_label="year").title.text == (
        "At the stage “Tested”, a clear difference can be told in 2 of 2 years; at the bottom "
        "line, at least one group is below four-fifths in 2 of 2 years; a clear difference can "
        "be told in none of these"
    )


def test_who_is_still_in_the_running_is_told() -> None:
    """The counts of the row, so that nobody divides what is not the rate."""
    made = charts.adverse_impact(impact(reference="white"))
    rows = [r for r in rows_of(made) if r["group"] == "black"]
    assert rows[0]["n_text"] == "100 of 200 (50.0%)"
    # 100 of 200, 70 of 100, 30 of 67
    assert rows[-1]["n_text"] == "30 so far, 3 open (15.7%)"
    assert any("the product of the stages" in s for s in made.title.subtitle)


def test_a_ratio_below_four_fifths_is_said_in_people():
    """64 of 100 would have been 80 at the rate of the others, of whom 160 of 200 passed."""
    counts = pd.DataFrame(
        {"race": ["a", "b", "c"], "n": [200, 100, 100], "passed": [160, 50, 79]}
    ).assign(passed_known=lambda t: t.n)
    table = eq.adverse_impact(counts, group="race", stages=["passed"], reference="a")
    said = charts.adverse_impact(table, labels={"b": "Blue"}).to_dict()["title"]["subtitle"]
    whole = " ".join(said)
    assert "At the rate of the comparison so many more would have passed: Blue 30." in whole
