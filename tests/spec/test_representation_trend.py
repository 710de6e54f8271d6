"""Shares of a workforce over snapshots, and where the categories themselves changed."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from equity.measures import representation, representation_trend


def drawn(text: str) -> pd.DataFrame:
    """Read a small table drawn as text; a dash is missing."""
    return pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")


def snapshots(counts: dict[str, list], years=None, when="year") -> pd.DataFrame:
    """Return counts of groups (key "-": unknown) at one snapshot after the other."""
    years = years or list(range(2016, 2016 + len(next(iter(counts.values())))))
    rows = [
        {"race": None if g == "-" else g, when: y, "n": n}
        for g, numbers in counts.items()
        for y, n in zip(years, numbers, strict=True)
        if n is not None
    ]
    return pd.DataFrame(rows)


TOWN = drawn("race n\nwhite 560\nblack 270\nhispanic 100\nasian 40\nmultiple 22\nother 8")
# Nashville police, 1 January of the year, from the yearly rosters
NASHVILLE = {
    "white": [1587, 1586, 1602, 1508],
    "black": [361, 373, 369, 332],
    "hispanic": [36, 36, 41, 45],
    "asian": [26, 25, 21, 22],
    "multiple": [None, None, 68, 64],
    "-": [3, 3, None, None],
}


def breaks(counts: dict[str, list], **more) -> dict[str, str]:
    table = representation_trend(snapshots(counts), TOWN, group="race", **more)
    one = table.drop_duplicates("when").set_index("when")
    return one.loc[one.break_before, "break_reason"].to_dict()


def test_columns_are_fixed_and_figures_are_those_of_each_snapshot() -> None:
    """As `representation` has it for that year alone."""
    force = snapshots(NASHVILLE)
    table = representation_trend(force, TOWN, group="race")
    assert " ".join(table.columns) == (
        "when benchmark group n x share low high population_share difference ratio ratio_low "
        "ratio_high break_before break_reason change unknown method reason"
    )
    assert table.break_before.dtype == bool
    same = ["group", "n", "x", "share", "low", "high", "difference", "ratio", "ratio_low"]
    for year in (2016, 2018):
        alone = representation(force[force.year == year], TOWN, group="race")
        here = table[table.when == str(year)].reset_index(drop=True)
        pd.testing.assert_frame_equal(here[same], alone[same])


def test_two_or_more_races_come_into_use() -> None:
    """Nashville police 2018: 68 people where there was nobody; every line is cut, none joined."""
    table = representation_trend(snapshots(NASHVILLE), TOWN, group="race")
    assert breaks(NASHVILLE) == {"2018": "multiple: nobody, then 68 people"}
    cut = table[table.when == "2018"]
    assert cut.break_before.all() and cut.change.isna().all()
    assert not table[table.when != "2018"].break_before.any()
    white = table[table.group == "white"].set_index("when")
    assert_allclose(white.change["2017"], 1586 / 2020 - 1587 / 2010)
    assert_allclose(white.change["2019"], 1508 / 1971 - 1602 / 2101)
    assert np.isnan(white.change["2016"])  # nothing came before


def test_a_code_of_a_few_that_becomes_one_of_many() -> None:
    """Nashville Metro: 2 people of 9,057, a year later 207 of 9,522."""
    counts = {
        "white": [6292, 6358],
        "black": [2429, 2570],
        "hispanic": [191, 218],
        "asian": [93, 112],
        "multiple": [2, 207],
        "-": [50, 57],
    }
    assert breaks(counts) == {"2017": "multiple: 2 people, then 207"}


def test_ordinary_years_have_no_break() -> None:
    """A tenth leaves and is replaced; a small group doubles; one person is the first."""
    counts = {
        "white": [1500, 1420, 1490],
        "black": [370, 330, 300],
        "hispanic": [20, 28, 41],
        "asian": [4, 8, 6],
        "other": [None, 1, 3],
    }
    assert breaks(counts) == {}


def test_a_code_that_is_dropped() -> None:
    """20 people of a group, and nobody of it a year later; and the group that got them."""
    assert breaks({"white": [500, 520], "other": [20, None]}) == {
        "2017": "other: 20 people, then nobody"
    }
    assert (
        "hispanic: 30 people, then 200"
        in breaks({"white": [900, 730], "hispanic": [30, 200]})["2017"]
    )


def test_many_who_become_known_are_a_break() -> None:
    """Race asked for the first time; a few unknown are none."""
    assert breaks({"white": [400, 700], "black": [100, 180], "-": [400, 20]}) == {
        "2017": "white: 400 people, then 700; not known: 400 people, then 20"
    }
    assert breaks({"white": [4000, 4030], "black": [1000, 1010], "-": [50, 0]}) == {}


def test_the_rule_by_hand() -> None:
    """1,000 staff, 15 % replaced a year: 150 hires, of whom 4 % Asian in the town: 6 of them.

    Times 3: 18, so from 20 to 38 is still possible, to 39 no more; with jump=5 it is.
    """
    for after, broken in ((38, False), (39, True)):
        counts = {"white": [980, 1000 - after], "asian": [20, after]}
        assert bool(breaks(counts)) == broken, after
        assert not breaks(counts, jump=5)
        assert not breaks(counts, turnover=0.3)
        assert not breaks(counts, least=20)
    # exits: 15 % of 100 Black staff, times 3: down to 55 it may be
    assert not breaks({"white": [900, 945], "black": [100, 55]})
    assert breaks({"white": [900, 946], "black": [100, 54]})


def test_years_between_snapshots_count() -> None:
    """Three years make three times the hires; a quarter makes a quarter."""
    force = {"white": [980, 960], "asian": [20, 40]}
    for years, when, broken in (
        ([2016, 2017], "year", True),
        ([2016, 2019], "year", False),
        (["2016-01-01", "2019-01-01"], "date", False),
        (["2016-01-01", "2016-04-01"], "date", True),
        (["first", "second"], "round", True),  # no dates: as a year
    ):
        rows = snapshots(force, years, when)
        table = representation_trend(rows, TOWN, group="race", when=when)
        assert table.break_before.any() == broken, years


def flows(rows: list[tuple]) -> pd.DataFrame:
    """Rows: race, year, n, joined, left (None: not known)."""
    out = []
    for race, year, n, joined, left in rows:
        out.append({
            "race": race, "year": year, "n": n,
            "joined": joined or 0, "joined_known": 0 if joined is None else n,
            "left": left or 0, "left_known": 0 if left is None else n,
        })  # fmt: skip
    return pd.DataFrame(out)


def test_people_who_stay_are_followed_where_it_can_be() -> None:
    """A wave of hires is none; the same numbers, of people who stayed, are a break."""
    wave = flows([
        ("white", 2016, 900, None, 90), ("hispanic", 2016, 40, None, 4),
        ("white", 2017, 860, 50, None), ("hispanic", 2017, 140, 104, None),
    ])  # fmt: skip
    recoded = wave.assign(joined=[0, 0, 130, 24])
    found = [representation_trend(f, TOWN, group="race") for f in (wave, recoded)]
    assert not found[0].break_before.any()
    assert found[1].break_reason.dropna().unique().tolist() == [
        "hispanic: 80 people who stayed got this code (40 people, then 140)"
    ]
    # without the flags the wave itself is more than the rule allows
    assert representation_trend(wave[["race", "year", "n"]], TOWN, group="race").break_before.any()


def test_a_group_of_nobody_is_not_a_line_at_zero() -> None:
    """It may not be kept apart: no change from 0, and the words of `representation`."""
    table = representation_trend(snapshots(NASHVILLE), TOWN, group="race")
    none = table[(table.group == "multiple") & (table.when == "2017")].iloc[0]
    assert "nobody of this group in the counts" in none.reason and np.isnan(none.ratio)
    assert np.isnan(none.change)


def test_the_same_file_once_more_is_noticed() -> None:
    """Every count as in the snapshot before."""
    counts = {"white": [100, 100, 101], "black": [40, 40, 40], "-": [2, 2, 2]}
    table = representation_trend(snapshots(counts), TOWN, group="race")
    said = table.drop_duplicates("when").set_index("when").reason.fillna("")
    assert "same file once more" in said["2017"]
    assert "same file" not in said["2016"] + said["2018"]


def test_benchmarks_of_their_own_years_and_several_of_them() -> None:
    """A survey for each year goes with its snapshot; a year without one has no share."""
    many = pd.concat(
        [drawn("race n\nwhite 3\nblack 1").assign(year=2016),
         drawn("race n\nwhite 1\nblack 1").assign(year=2017)]
    )  # fmt: skip
    force = snapshots({"white": [60, 60, 60], "black": [40, 41, 42]})
    table = representation_trend(force, {"by year": many, "one": TOWN}, group="race")
    black = table[(table.group == "black")].set_index(["benchmark", "when"])
    assert black.population_share["by year", "2016"] == 0.25
    assert black.population_share["by year", "2017"] == 0.5
    assert np.isnan(black.population_share["by year", "2018"])
    assert "by year" in black.reason["by year", "2018"]
    assert black.share["by year", "2018"] == 42 / 102
    assert "the same one for every year" in black.method["one", "2016"]
    assert table.when.tolist() == sorted(table.when)


def test_people_of_no_snapshot_are_left_out_and_counted() -> None:
    """And where nobody has one, there is no trend."""
    force = snapshots({"white": [60, 60], "black": [40, 41]})
    lost = pd.concat([force, pd.DataFrame({"race": ["white"], "year": [None], "n": [7]})])
    table = representation_trend(lost, TOWN, group="race")
    assert table.n.max() == 101 and "7 people without a year left out" in table.method[0]
    with pytest.raises(ValueError, match="there is no snapshot"):
        representation_trend(lost.assign(year=None), TOWN, group="race")


@pytest.mark.parametrize("rule", [{"jump": 0.5}, {"turnover": 2}, {"least": 0}])
def test_rules_are_checked(rule) -> None:
    """With the defaults as a way out."""
    with pytest.raises(ValueError, match="The defaults are"):
        representation_trend(snapshots(NASHVILLE), TOWN, group="race", **rule)


def test_one_snapshot_is_a_table_without_breaks() -> None:
    """Nothing came before."""
    table = representation_trend(snapshots({"white": [5], "black": [3]}), TOWN, group="race")
    assert not table.break_before.any() and table.change.isna().all()
