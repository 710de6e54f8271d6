"""The ladder: every figure is that of its test alone, and a row reads by its stated rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import equity as eq
from equity.measures import evidence_ladder as _  # noqa: F401  (the module is where it should be)
from equity.measures._rungs import RUNGS

GROUPS = ("white", "black", "hispanic")


def table(by, of, rows):
    """Rows: values of `by`, n, then for each flag its yes and its known."""
    names = [*by, "n", *(c for f in of for c in (f, f"{f}_known"))]
    frame = pd.DataFrame(rows, columns=names)
    ledger = pd.DataFrame(columns=["step", "because", "rows", "left_out"])
    return eq.CountTable(frame, tuple(by), tuple(of), ledger, {"agency": "Drawn"})


def stops():
    flags = ("search_conducted", "contraband_found")
    by = ("subject_race", "district", "year", "search_basis")
    rows = []
    for district in ("NORTH", "SOUTH"):
        for year in (2023, 2024):
            for race, n, searched, found in (
                ("white", 1000, 40, 16),
                ("black", 1000, 90, 18),
                ("hispanic", 400, 17, 7),
            ):
                rows.append((race, district, year, "consent", searched, searched, searched,
                             found, searched))  # fmt: skip
                rows.append((race, district, year, None, n - searched, 0, n - searched, 0, 0))
    return table(by, flags, rows)


def residents():
    people = {"white": 50_000, "black": 20_000, "hispanic": 20_000}
    return pd.DataFrame({"race": list(people), "n": list(people.values()), "moe": 0})


def ages():
    rows = []
    for race, young in (("white", 0.3), ("black", 0.6), ("hispanic", 0.5)):
        for band, share, rate in (("18-24", young, 0.09), ("45-54", 1 - young, 0.03)):
            n = round(4000 * share)
            rows.append((race, "male", band, n, round(n * rate), n))
    return table(("subject_race", "subject_sex", "age_band"), ("search_conducted",), rows)


def daylight(seed=4):
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-01-01", periods=200)
    n = 6000
    frame = pd.DataFrame(
        {
            "is_dark": pd.array(rng.random(n) < 0.5, dtype="boolean"),
            "clock_bin": rng.integers(205, 240, n),
            "date": days[rng.integers(0, len(days), n)],
            "district": np.where(rng.random(n) < 0.5, "NORTH", "SOUTH"),
        }
    )
    black = 0.5 - 0.12 * frame["is_dark"].to_numpy(dtype=float)
    frame["subject_race"] = np.where(rng.random(n) < black, "black", "white")
    by = ["subject_race", "is_dark", "clock_bin", "date", "district"]
    frame = frame.groupby(by, observed=True).size().rename("n").reset_index()
    frame["is_dark"] = frame["is_dark"].astype("boolean")
    ledger = pd.DataFrame(columns=["step", "because", "rows", "left_out"])
    return eq.CountTable(frame, tuple(by), (), ledger, {})


def thresholds(reference="white"):
    rows = [
        {
            "stratum": "all", "group": g, "reference": reference, "prior_scale": s, "n": 1000,
            "x": 400, "difference": d, "difference_low": lo, "difference_high": hi,
            "method": "m", "reason": None,
        }
        for s in (0.5, 1.0)
        for g, d, lo, hi in (
            ("white", 0.0, np.nan, np.nan), ("black", -0.05, -0.07, -0.03),
            ("hispanic", 0.01, -0.02, 0.04),
        )
    ]  # fmt: skip
    return eq.CountTable(pd.DataFrame(rows), ("stratum", "group"), (), pd.DataFrame(), {})


def everything(**other):
    parts = {"residents": {"Residents": residents()}, "ages": ages(), "daylight": daylight()}
    return eq.Evidence(stops(), **{**parts, "thresholds": thresholds(), **other})


ASKED = {"group": "subject_race", "reference": "white"}


def of(ladder, rung, group="black"):
    rows = ladder[(ladder["rung"] == rung) & (ladder["group"] == group)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_there_is_a_row_for_every_rung_and_group_in_order():
    ladder = eq.evidence_ladder(everything(), **ASKED)
    assert list(dict.fromkeys(ladder["rung"])) == [r.name for r in RUNGS]
    for rung in RUNGS:
        groups = set(ladder.loc[ladder["rung"] == rung.name, "group"])
        assert groups == ({"all"} if rung.name == "kpt_test" else {"black", "hispanic"})
    assert ladder["question"].str.endswith("?").all()
    assert ladder[["assumes", "cannot_show", "figure"]].notna().all(axis=None)
    assert not [c for c in ladder if "score" in c or "total" in c]


def test_every_figure_is_that_of_its_test_alone():
    seen = everything()
    ladder = eq.evidence_ladder(seen, **ASKED)
    alone = {
        "stop_rates": (eq.stop_rates(seen.stops, {"Residents": residents()}, **ASKED), "ratio"),
        "veil_of_darkness": (
            eq.veil_of_darkness(seen.daylight, within="district", **ASKED),
            "odds_ratio",
        ),
        "rates": (eq.rates(seen.stops, of="search_conducted", **ASKED), "ratio"),
        "standardized_rates": (
            eq.standardized_rates(seen.ages, of="search_conducted", **ASKED),
            "ratio",
        ),
        "hit_rates": (eq.hit_rates(seen.stops, **ASKED), "ratio"),
        "robust_outcome_test": (eq.robust_outcome_test(seen.stops, **ASKED), "hit_ratio"),
    }
    for rung, (result, figure) in alone.items():
        mine = result.set_index("group").loc["black"]
        assert of(ladder, rung)["value"] == pytest.approx(mine[figure], rel=1e-12), rung
    kpt = eq.kpt_test(seen.stops, **ASKED).iloc[0]
    assert of(ladder, "kpt_test", "all")["value"] == pytest.approx(kpt["chi2"])
    assert of(ladder, "threshold_test")["value"] == -0.05


def test_black_people_here_are_stopped_and_searched_more_with_less_found():
    ladder = eq.evidence_ladder(everything(), **ASKED)
    for rung in ("stop_rates", "veil_of_darkness", "rates", "hit_rates", "robust_outcome_test",
                 "threshold_test"):  # fmt: skip
        assert of(ladder, rung)["reads"] == "points to a difference", rung
    # a test of all groups at once has no direction
    assert of(ladder, "kpt_test", "all")["reads"] == "groups differ"
    # drawn so that age alone makes the difference
    assert of(ladder, "standardized_rates")["reads"] == "cannot tell"
    assert of(ladder, "threshold_test", "hispanic")["reads"] == "cannot tell"
    assert of(ladder, "veil_of_darkness", "hispanic")["reads"] == "not computable"


def test_the_same_figures_seen_from_the_other_side_point_the_other_way():
    ladder = eq.evidence_ladder(everything(), group="subject_race", reference="black")
    for rung in ("stop_rates", "veil_of_darkness", "rates", "hit_rates", "robust_outcome_test"):
        assert of(ladder, rung, "white")["reads"] == "points the other way", rung


def test_what_is_missing_is_said_for_every_group():
    ladder = eq.evidence_ladder(eq.Evidence(stops()), **ASKED)
    for rung, words in (
        ("stop_rates", "names no residents"),
        ("veil_of_darkness", "time of each stop"),
        ("standardized_rates", "age"),
        ("threshold_test", "equity count"),
    ):
        for group in ("black", "hispanic"):
            row = of(ladder, rung, group)
            assert row["reads"] == "not computable" and words in row["reason"]
            assert pd.isna(row["value"]) and pd.isna(row["result"])


def test_a_file_of_searches_only_says_nothing_of_how_often_people_are_searched():
    """police.uk: its 1 (0.998 to 1) read "cannot tell", as if the numbers could have told."""
    counts = stops().table
    searches = counts[counts["search_basis"].notna()]
    ladder = eq.evidence_ladder(eq.Evidence(searches), group="subject_race", reference="white")
    rows = ladder[ladder["rung"] == "rates"]
    assert (rows["reads"] == "not computable").all()
    assert (rows["reason"] == "every stop in the records is a search, so no rate can differ").all()


def test_a_fit_against_another_group_is_not_passed_off_as_this_one():
    ladder = eq.evidence_ladder(everything(thresholds=thresholds("black")), **ASKED)
    row = of(ladder, "threshold_test", "hispanic")
    assert row["reads"] == "not computable" and "black" in row["reason"]


def test_an_interval_alone_is_no_finding_where_many_groups_are_compared():
    flags = ("search_conducted", "contraband_found")
    rows = [("white", 20_000, 800, 20_000, 0, 0), ("black", 2_000, 99, 2_000, 0, 0)]
    rows += [(f"g{i}", 2_000, 80, 2_000, 0, 0) for i in range(8)]
    seen = eq.Evidence(table(("subject_race",), flags, rows))
    row = of(eq.evidence_ladder(seen, **ASKED), "rates")
    assert row["low"] > 1 and row["p_value"] < 0.05 < row["p_adjusted"]
    assert row["reads"] == "cannot tell"


def test_a_choice_is_followed_where_it_can_be_and_said_where_not():
    part = everything().where(district="NORTH", year=2024)
    ladder = eq.evidence_ladder(part, **ASKED)
    assert of(ladder, "rates")["n"] == 1000
    assert of(ladder, "veil_of_darkness")["n"] < 6000
    assert pd.isna(of(ladder, "rates")["scope"])
    assert "all years" in of(ladder, "threshold_test")["scope"]
    assert "all districts" in of(ladder, "standardized_rates")["scope"]
    # residents of the whole city say nothing of one district
    assert of(ladder, "stop_rates")["reads"] == "not computable"
    assert "district" in of(ladder, "stop_rates")["reason"]


def test_a_part_that_was_looked_at_before_says_the_same_again():
    seen = everything()
    before = {
        (year, focus): eq.evidence_ladder(everything().where(year=year), focus=focus, **ASKED)
        for year in (2024, None)
        for focus in ("black", None)
    }
    for again in range(2):
        for (year, focus), table in before.items():
            found = eq.evidence_ladder(seen.where(year=year), focus=focus, **ASKED)
            pd.testing.assert_frame_equal(found, table, obj=f"{year}, {focus}, {again}")
    other = eq.evidence_ladder(seen.where(year=2024), group="subject_race", reference="black")
    assert set(other["reference"]) == {"black"}


def test_residents_of_a_district_are_used_for_it():
    by_district = pd.concat(
        [residents().assign(district="NORTH"), residents().assign(district="SOUTH", n=30_000)]
    )
    seen = everything(residents={"By district": by_district}).where(district="SOUTH")
    alone = eq.rates(seen.stops, of="search_conducted", **ASKED)["n"].sum()
    row = of(eq.evidence_ladder(seen, **ASKED), "stop_rates")
    assert alone == 4800 and row["value"] == pytest.approx(1.0)


def test_every_benchmark_has_a_row_of_its_own():
    two = {"Residents": residents(), "Adults": residents().assign(n=[50_000, 10_000, 20_000])}
    ladder = eq.evidence_ladder(everything(residents=two), **ASKED)
    rows = ladder[(ladder["rung"] == "stop_rates") & (ladder["group"] == "black")]
    assert rows["value"].tolist() == pytest.approx([2.5, 5.0])
    assert rows["figure"].str.contains("Adults").tolist() == [False, True]


def test_one_group_can_be_looked_at_with_p_values_for_all():
    whole = eq.evidence_ladder(everything(), **ASKED)
    one = eq.evidence_ladder(everything(), focus="black", **ASKED)
    assert set(one["group"]) == {"black", "all"}
    assert of(one, "rates")["p_adjusted"] == of(whole, "rates")["p_adjusted"]


def test_bad_input_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match="black, hispanic, white"):
        eq.evidence_ladder(everything(), group="subject_race", reference="White")
    with pytest.raises(ValueError, match="no such column"):
        eq.evidence_ladder(everything(), group="race", reference="white")
    with pytest.raises(ValueError, match="black, hispanic"):
        eq.evidence_ladder(everything(), focus="white", **ASKED)
    with pytest.raises(ValueError, match="does not occur"):
        everything().where(year=1999)


def test_numbers_are_written_as_they_are_read():
    ladder = eq.evidence_ladder(everything(), **ASKED)
    assert of(ladder, "threshold_test")["result"] == "\u22125.0 (\u22127.0 to \u22123.0)"
    row = of(ladder, "rates")
    assert row["result"] == f"{row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
    assert of(ladder, "kpt_test", "all")["result"] == "p < 0.001"
    robust = of(ladder, "robust_outcome_test")
    assert robust["result"] == f"searched 2.25, found {robust['value']:.2f}"


# ------------------------------------------------------------------- when a figure is not believed


def table_of(counts, frame):
    return eq.CountTable(frame, counts.by, counts.of, counts.ledger, counts.provenance)


def test_residents_of_another_place_point_nowhere():
    row = of(eq.evidence_ladder(everything(elsewhere=("Residents",)), **ASKED), "stop_rates")
    assert row["low"] > 1 and row["reads"] == "cannot tell"
    assert "another place" in row["reason"]


def test_what_stops_without_a_group_could_change_is_said():
    counts = stops()
    unknown = counts.table.head(1).assign(subject_race=None, n=900, search_conducted_known=900)
    with_some = table_of(counts, pd.concat([counts.table, unknown], ignore_index=True))
    seen = eq.Evidence(with_some, {"Residents": residents()})
    row = of(eq.evidence_ladder(seen, **ASKED), "stop_rates", "hispanic")
    assert row["unknown"] == 900 and "900 stops without a known group" in row["reason"]


def test_a_daylight_figure_that_is_the_seasons_alone_points_nowhere():
    """Who is stopped changes with the month, and never with the light."""
    rng = np.random.default_rng(8)
    n = 12_000
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 366, n), unit="D")
    winter = np.cos(2 * np.pi * day.day_of_year.to_numpy() / 366)
    black = rng.random(n) < 1 / (1 + np.exp(0.8 + 0.3 * winter))
    frame = pd.DataFrame(
        {
            "is_dark": pd.array(rng.random(n) < 0.5 + 0.4 * winter, dtype="boolean"),
            "clock_bin": rng.integers(205, 240, n),
            "date": day,
            "subject_race": np.where(black, "black", "white"),
        }
    )
    counts = eq.count(frame, by=["subject_race", "is_dark", "clock_bin", "date"])
    row = of(eq.evidence_ladder(everything(daylight=counts), **ASKED), "veil_of_darkness")
    assert row["high"] < 1, "the main model is misled"
    assert row["reads"] == "cannot tell" and "month held equal" in row["reason"]


def test_years_recorded_in_different_ways_are_not_pooled():
    counts = stops()
    frame = counts.table.copy()
    before = frame["year"] == 2023  # hardly any search was written down in the first year
    for flag in ("search_conducted", "contraband_found", "contraband_found_known"):
        frame.loc[before, flag] = frame.loc[before, flag] // 10
    seen = eq.Evidence(
        table_of(counts, frame), {"Residents": residents()}, thresholds=thresholds()
    )
    ladder = eq.evidence_ladder(seen, **ASKED)
    for rung in ("rates", "hit_rates", "threshold_test"):
        row = of(ladder, rung)
        assert row["reads"] == "cannot tell" and "jumped in 2024" in row["reason"], rung
    assert of(ladder, "stop_rates")["reads"] == "points to a difference"
    one_year = eq.evidence_ladder(seen.where(year=2024), **ASKED)
    assert of(one_year, "rates")["reads"] == "points to a difference"


def test_finds_of_a_handful_of_searches_point_nowhere():
    flags = ("search_conducted", "contraband_found")
    rows = [("white", 400, 8, 400, 8, 8), ("black", 300, 25, 300, 0, 25)]
    seen = eq.Evidence(table(("subject_race",), flags, rows))
    ladder = eq.evidence_ladder(seen, **ASKED)
    assert eq.hit_rates(seen.stops, **ASKED).set_index("group")["p_value"]["black"] < 0.001
    for rung in ("hit_rates", "robust_outcome_test"):
        row = of(ladder, rung)
        assert row["reads"] == "cannot tell"
        assert "25 of this group, 8 of the other" in row["reason"]
    assert "ground is not recorded" in of(ladder, "hit_rates")["figure"]


def test_a_threshold_that_hangs_on_the_priors_points_nowhere():
    fitted = thresholds()
    frame = fitted.table.copy()
    other = (frame["prior_scale"] == 0.5) & (frame["group"] == "black")
    frame.loc[other, ["difference", "difference_low", "difference_high"]] = [0.05, 0.02, 0.08]
    seen = everything(thresholds=table_of(fitted, frame))
    row = of(eq.evidence_ladder(seen, **ASKED), "threshold_test")
    assert row["reads"] == "cannot tell" and "other way" in row["reason"]


def test_a_threshold_that_just_misses_0_is_no_finding_among_several_groups():
    fitted = thresholds()
    frame = fitted.table.copy()
    frame.loc[frame["group"] == "black", "difference_high"] = -0.0001
    seen = everything(thresholds=table_of(fitted, frame))
    row = of(eq.evidence_ladder(seen, **ASKED), "threshold_test")
    assert row["reads"] == "cannot tell" and "number of groups" in row["reason"]


def test_a_choice_that_leaves_no_stop_for_a_test_is_said():
    flags = ("search_conducted", "contraband_found")
    rows = [
        (race, kind, 100, 9, 100, 3, 9)
        for race in ("white", "black")
        for kind in ("vehicular", "pedestrian")
    ]
    lit = daylight()
    drivers = eq.CountTable(
        lit.table.assign(type="vehicular"), (*lit.by, "type"), (), lit.ledger, {}
    )
    all_stops = table(("subject_race", "type"), flags, rows)
    seen = eq.Evidence(all_stops, daylight=drivers).where(type="pedestrian")
    row = of(eq.evidence_ladder(seen, **ASKED), "veil_of_darkness")
    assert row["reads"] == "not computable" and "drivers" in row["reason"]
