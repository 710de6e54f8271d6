"""Days until each stage: medians with those still waiting, their intervals and tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import equity as eq
from equity import proportions as pr
from equity.measures import time_to_stage


def waits(seed: int = 1, size: int = 400) -> pd.DataFrame:
    """People one by one; some still wait."""
    rng = np.random.default_rng(seed)
    parts = []
    for stage, mean in (("tested", 20), ("hired", 80)):
        race = rng.choice(["white", "black"], size)
        days = rng.gamma(5, np.where(race == "black", 1.2, 1) * mean / 5).round()
        end = rng.integers(10, 200, size)
        parts.append(
            pd.DataFrame(
                {
                    "race": race,
                    "stage": stage,
                    "posting": rng.choice(["p1", "p2"], size),
                    "days": np.minimum(days, end).astype(int),
                    "reached": (days <= end).astype(int),
                }
            )
        )
    return pd.concat(parts, ignore_index=True).assign(n=1, reached_known=1)


def table_of(frame, **kw) -> pd.DataFrame:
    return time_to_stage(frame, group="race", reference="white", **kw)


def rows(*given) -> pd.DataFrame:
    """Rows: group, days, people, of whom reached."""
    frame = pd.DataFrame(list(given), columns=["race", "days", "n", "reached"])
    return frame.assign(stage="hired", reached_known=frame.n)


def test_medians_intervals_and_tests_agree_with_statsmodels() -> None:
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    frame = waits()
    table = table_of(frame, most_pending=1).set_index(["stage", "group"])
    for stage in ("tested", "hired"):
        for group in ("white", "black"):
            own = frame[(frame.stage == stage) & (frame.race == group)]
            other = SurvfuncRight(own.days, own.reached)
            row = table.loc[(stage, group)]
            with np.errstate(divide="ignore", invalid="ignore"):
                low, high = other.quantile_ci(0.5)
            assert (row["median"], row.low, row.high) == (other.quantile(0.5), low, high)
            quartiles = other.quantile(0.25), other.quantile(0.75)
            assert (row.quartile_1, row.quartile_3) == quartiles
        both = frame[frame.stage == stage]
        _, p = survdiff(both.days.to_numpy(), both.reached.to_numpy(), both.race.to_numpy())
        assert_allclose(table.p_value[(stage, "black")], p, rtol=1e-8, atol=1e-14)
    assert_allclose(table.p_adjusted, pr.holm(table.p_value))


def test_freireich_as_published() -> None:
    """Medians 23 (13 to open) and 8 (4 to 11): Gehan (1965), log-log interval."""
    mp = [(6, 3, 3), (6, 1, 0), (7, 1, 1), (9, 1, 0), (10, 2, 1), (11, 1, 0), (13, 1, 1)]
    mp += [(16, 1, 1), (17, 1, 0), (19, 1, 0), (20, 1, 0), (22, 1, 1), (23, 1, 1), (25, 1, 0)]
    mp += [(32, 2, 0), (34, 1, 0), (35, 1, 0)]
    pl = [(1, 2), (2, 2), (3, 1), (4, 2), (5, 2), (8, 4), (11, 2), (12, 2), (15, 1), (17, 1)]
    frame = rows(*(("6-mp", *r) for r in mp),
                 *(("placebo", t, n, n) for t, n in [*pl, (22, 1), (23, 1)]))  # fmt: skip
    table = time_to_stage(frame, group="race", reference="placebo", most_pending=1)
    table = table.set_index("group")
    own, other = table.loc["6-mp"], table.loc["placebo"]
    assert (own["median"], own.low) == (23, 13) and np.isnan(own.high)
    assert (other["median"], other.low, other.high) == (8, 4, 11)
    assert (own.n, own.x, own.pending, own.difference) == (21, 9, 12, 15)
    assert_allclose(own.p_value, 4.168809e-05, rtol=1e-6)
    # as in the textbook curve: 0.690 after 13 weeks
    assert own.quartile_1 == 13 and np.isnan(own.quartile_3)


def test_those_who_wait_lengthen_the_median() -> None:
    """The mean of those who are through would be too short."""
    through = rows(("white", 10, 20, 20), ("white", 30, 10, 10))
    waiting = pd.concat([through, rows(("white", 20, 30, 0))])
    assert table_of(through)["median"].item() == 10
    assert table_of(waiting)["median"].item() == 30
    assert table_of(waiting).pending.item() == 30


def test_on_the_day_of_the_application() -> None:
    """0 days count."""
    table = table_of(rows(("white", 0, 20, 20), ("white", 5, 10, 10)))
    assert table["median"].item() == 0


def test_few_people_and_late_stages_have_reasons() -> None:
    frame = rows(
        ("black", 5, 9, 9), ("white", 5, 30, 30), ("asian", 5, 20, 8), ("asian", 6, 20, 0)
    )
    table = table_of(frame, most_pending=1).set_index("group")
    assert table.reason["black"] == "fewer than 10 people: too few people to tell"
    assert np.isnan(table["median"]["black"]) and np.isnan(table.p_value["black"])
    assert table.reason["asian"].startswith("no median: fewer than half reached it so far")
    assert not np.isnan(table.p_value["asian"])
    assert not np.isnan(table_of(frame, minimum=5).set_index("group")["median"]["black"])
    few = time_to_stage(frame, group="race", reference="black").set_index("group")
    assert few.reason["white"] == "no difference: no median of black"


def test_stages_are_in_their_order_and_every_group_in_each() -> None:
    """As the provenance says, as they appear, or as asked for."""
    frame = waits().sort_values("stage")  # hired before tested
    assert table_of(frame).stage.unique().tolist() == ["hired", "tested"]
    asked = table_of(frame, stages=["tested", "hired"])
    assert asked.stage.unique().tolist() == ["tested", "hired"]
    counts = eq.CountTable(
        frame, ("race", "stage", "days"), ("reached",), pd.DataFrame(),
        {"stages": ["qualified", "tested", "hired"]},
    )  # fmt: skip
    assert table_of(counts).stage.unique().tolist() == ["tested", "hired"]
    one = pd.concat([frame, rows(("asian", 30, 12, 12))])
    table = table_of(one)
    assert len(table) == 6
    reason = table[(table.group == "asian") & (table.stage == "tested")].reason.item()
    assert reason == "nobody of this group reached this stage or waits for it"


def test_stages_and_parts_are_each_their_own() -> None:
    frame = waits(3)
    table = table_of(frame, within="posting")
    part = frame[(frame.posting == "p2") & (frame.stage == "hired")]
    alone = table_of(part)
    columns = ["group", "n", "x", "median", "low", "high", "difference", "p_value"]
    chosen = table[(table.stratum == "p2") & (table.stage == "hired")].reset_index(drop=True)
    pd.testing.assert_frame_equal(chosen[columns], alone[columns])


def test_who_cannot_be_used_is_counted() -> None:
    """Days that are missing or negative; unknown group apart."""
    frame = pd.concat(
        [
            rows(("white", 5, 30, 30), ("black", 9, 30, 30), ("black", -3, 4, 4), (None, 3, 6, 6)),
            rows(("black", None, 2, 2)),
        ]
    )
    table = table_of(frame).set_index("group")
    assert table.left_out.to_dict() == {"black": 6, "white": 0}
    assert table.n["black"] == 30 and set(table.unknown) == {6}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reference": "other"}, "reference='other' is not one of the groups"),
        ({"stage": "phase"}, "stage='phase': there is no such column in the waits"),
        ({"stages": ["tested", "sworn in"]}, "name each stage once, of those in the waits"),
        ({"event": "days"}, "'days_known'"),
        ({"most_pending": 5}, "most_pending=5 must be a share between 0 and 1"),
        ({"minimum": 2.5}, "minimum=2.5 must be a whole number"),
    ],
)
def test_errors_say_the_rule_and_the_way_out(change, words) -> None:
    with pytest.raises(ValueError, match=words):
        time_to_stage(waits(), **{"group": "race", "reference": "white", **change})


def test_the_shape_is_fixed() -> None:
    assert " ".join(table_of(waits()).columns) == (
        "stratum stage group reference n x pending median low high quartile_1 quartile_3 "
        "difference p_value p_adjusted left_out unknown method reason"
    )


# ---- while recruitment is open ---------------------------------------------------------------


def test_groups_are_not_compared_while_many_wait() -> None:
    """More than 5 in 100 of either wait: some will fail, and nobody knows who."""
    frame = rows(("black", 50, 94, 94), ("black", 60, 6, 0), ("white", 40, 300, 300))
    table = table_of(frame).set_index("group")
    assert np.isnan(table.difference["black"]) and np.isnan(table.p_value["black"])
    assert table["median"].to_dict() == {"black": 50, "white": 40}
    assert table.reason["black"] == (
        "no comparison: 6 of 100 still wait, and 0 of 300 of white; some of them will fail, "
        "nobody knows who"
    )
    five = rows(("black", 50, 95, 95), ("black", 60, 5, 0), ("white", 40, 300, 300))
    assert table_of(five).set_index("group").difference["black"] == 10
    turned = time_to_stage(frame, group="race", reference="black").set_index("group")
    assert np.isnan(turned.p_value["white"])
    assert table_of(frame, most_pending=1).set_index("group").p_value["black"] < 0.001


def world(seed: int, end: int) -> pd.DataFrame:
    """A year of applicants who wait alike; a third as many of one group pass."""
    rng = np.random.default_rng(seed)
    parts = []
    for race, size, passes in (("black", 300, 0.15), ("white", 900, 0.45)):
        applied = rng.uniform(0, 365, size)
        days = 150 * rng.lognormal(0, 0.25, size)
        done, ok = applied + days <= end, rng.random(size) < passes
        stop = np.where(done, days, end - applied).round().astype(int)
        frame = pd.DataFrame({"race": race, "days": stop, "reached": (done & ok).astype(int)})
        parts.append(frame[~(done & ~ok)])  # who failed waits no longer
    return pd.concat(parts).assign(n=1, stage="hired", reached_known=1)


def test_no_false_alarm_while_recruitment_is_open() -> None:
    """Groups that wait alike differ by the test, as the one of whom more fail has more waiting."""
    open_ = [table_of(world(s, 365), most_pending=1).p_value.min() for s in range(20)]
    assert np.mean(np.array(open_) < 0.05) > 0.5  # what would be said
    assert all(np.isnan(table_of(world(s, 365)).p_value).all() for s in range(20))
    over = np.array([table_of(world(s, 365 + 365)).p_value.min() for s in range(100)])
    assert not np.isnan(over).any() and np.mean(over < 0.05) < 0.12
