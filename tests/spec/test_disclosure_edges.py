"""The edges of disclosure control: ledger, data checks, results of models, releases."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import equity as eq
from equity import measures, sources, widgets
from equity.agency import read_agency
from equity.disclosure._body import Disclosed, Table
from equity.disclosure._ledger import publishable
from equity.disclosure._models import RULES, passes, rounded
from equity.disclosure._releases import changed, known_from

# ------------------------------------------------------------------------------- the ledger


def ledger_of(start, *left, steps=None):
    rows = [start]
    for n in left:
        rows.append(rows[-1] - n)
    names = steps or ["start", *["drop"] * len(left)]
    words = ["all records in the file", *(f"reason {i}" for i in range(len(left)))]
    return pd.DataFrame({"step": names, "because": words, "rows": rows, "left_out": [0, *left]})


def rule(**more):
    base = {
        "id": "S01", "says": "A rule.", "severity": "set the row aside", "outcome": "failed",
        "tested": 503, "bad": 3, "share": 3 / 503, "allowed": 0.0, "examples": ["Jane Doe"],
        "columns": ["race"], "unit": "rows", "because": "", "do": "Look.",
    }  # fmt: skip
    return base | more


def about(**more):
    return {
        "agency": "Anytown", "table": "stops", "title": "Stops", "rows_in": 503,
        "rows_set_aside": 3, "checks": [rule()], "labels": {"race": {"a": "A"}},
        "sources": [{"file": "C:\\secret\\stops.csv", "rows": 503, "sha256": "ab" * 32}],
        "notes": ["Times were in UTC."],
    } | more  # fmt: skip


def ranges(protected, *, start=None, words=None):
    """Return least and most of each hidden number left out, by trying every possibility.

    The attacker knows every number shown, that hidden numbers are at least 1, and `start`.
    """
    rows, left = protected["rows"].tolist(), protected["left_out"].tolist()
    rows[0] = start if start is not None else rows[0]
    hidden = [i for i, n in enumerate(left) if n is pd.NA]
    top = 60
    seen = {i: set() for i in hidden}
    for trial in itertools.product(range(1, top), repeat=len(hidden)):
        full = [int(n) if n is not pd.NA else 0 for n in left]
        for i, n in zip(hidden, trial, strict=True):
            full[i] = n
        sums = np.concatenate([[0], np.cumsum(full[1:])])
        anchors = [int(r) + sums[i] for i, r in enumerate(rows) if r is not pd.NA]
        if len(set(anchors)) == 1:
            for i, n in zip(hidden, trial, strict=True):
                seen[i].add(n)
    return seen


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.integers(0, 6), st.integers(8, 30)), min_size=1, max_size=4),
    st.integers(10, 400),
    st.booleans(),
)
def test_an_attacker_learns_nothing_of_a_small_number_left_out(left, end, knows):
    minimum = 5
    ledger = ledger_of(end + sum(left), *left)
    protected = publishable({}, ledger, minimum=minimum)[1]
    if protected["left_out"].isna().sum() > 2:  # more are too many to try
        return
    assert protected["rows"].iloc[-1] == end
    small = [i for i, n in enumerate(left, 1) if 0 < n < minimum]
    assert protected["left_out"].isna()[small].all()
    larger = sum(n >= minimum for n in left)
    # whoever knows the start from another table learns nothing either, where more can be hidden
    start = int(ledger["rows"].iloc[0]) if knows and larger else None
    found = ranges(protected, start=start)
    for i in small:
        assert set(range(1, minimum)) <= found[i]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 25), min_size=1, max_size=7), st.integers(10, 400), st.data())
def test_numbers_published_elsewhere_give_no_small_number_away_or_it_is_refused(left, end, data):
    minimum = 10
    ledger = ledger_of(end + sum(left), *left)
    known = data.draw(st.sets(st.sampled_from(ledger["rows"].tolist())))
    try:
        protected = publishable({}, ledger, minimum=minimum, elsewhere=known)[1]
    except Disclosed as error:
        assert "published elsewhere" in str(error)
        return
    rows = protected["rows"].where(~ledger["rows"].isin(known), ledger["rows"])
    known_at = [i for i, r in enumerate(rows) if r is not pd.NA]
    hidden = protected["left_out"].isna().to_numpy()
    for a, b in itertools.pairwise(known_at):  # of each stretch the sum is known, by interval
        inside = [i for i in range(a + 1, b + 1) if hidden[i]]
        most = sum(int(ledger["left_out"][i]) for i in inside) - (len(inside) - 1)
        if any(ledger["left_out"][i] < minimum for i in inside):
            assert len(inside) > 1 and most >= minimum - 1


def test_what_is_large_enough_is_shown_as_it_is():
    ledger = ledger_of(500, 40, 0, 10)
    protected = publishable({}, ledger, minimum=10)[1]
    assert protected["rows"].tolist() == [500, 460, 460, 450]
    assert protected["left_out"].tolist() == [0, 40, 0, 10]


def test_a_small_number_hides_all_records_before_it_and_none_after():
    ledger = ledger_of(503, 3, 0, 20, steps=["start", "set aside", "keep", "drop"])
    said, protected = publishable(about(), ledger, minimum=10)
    assert protected["rows"].astype(object).where(protected["rows"].notna(), None).tolist() == [
        None, 500, 500, 480,
    ]  # fmt: skip
    assert protected["left_out"].isna().tolist() == [False, True, False, False]
    assert (said["rows_in"], said["rows_set_aside"]) == (None, None)
    assert said["hidden"]["left_out"] == "fewer than 10"
    json.dumps(said)


def test_few_records_in_all_show_nothing_but_words():
    protected = publishable({}, ledger_of(24, 20), minimum=10)[1]
    assert protected["rows"].isna().all() and protected["left_out"].isna().tolist() == [
        False,
        True,
    ]
    assert protected["because"].tolist() == ["all records in the file", "reason 0"]


def test_a_step_between_two_published_totals_is_refused():
    with pytest.raises(Disclosed, match="Join the step"):
        publishable({}, ledger_of(503, 3), minimum=10, elsewhere=[503])


def test_of_the_data_checks_no_small_number_follows():
    checks = [
        rule(id="S01"),
        rule(id="S02", bad=12, tested=500, share=0.024),
        rule(id="S03", severity="warn", bad=40, tested=497, share=0.08),
        rule(id="S04", bad=0, tested=488, share=0.0, outcome="passed"),
        rule(id="S05", severity="warn", unit="columns", bad=1, tested=20, share=0.05),
    ]
    said, _ = publishable(about(checks=checks, rows_set_aside=15), ledger_of(503, 15), minimum=10)
    found = {c["id"]: c for c in said["checks"]}
    assert (said["rows_in"], said["rows_set_aside"]) == (503, 15)
    # 15 set aside for two reasons: 12 for one would tell that 3 to 15 are of the other
    assert found["S01"]["bad"] is None and found["S02"]["bad"] is None
    assert found["S03"]["bad"] is None and found["S03"]["share"] is None
    assert found["S04"]["bad"] == 0 and found["S04"]["tested"] is None
    assert (found["S05"]["bad"], found["S05"]["tested"]) == (1, 20)
    assert all(c["examples"] == [] for c in said["checks"])
    one = [rule(bad=15, share=15 / 503)]
    said, _ = publishable(about(checks=one, rows_set_aside=15), ledger_of(503, 15), minimum=10)
    assert (said["checks"][0]["bad"], said["checks"][0]["tested"]) == (15, 503)


def test_what_nobody_has_looked_at_is_not_published():
    said, _ = publishable(
        about(secret="Jane Doe", measure={"name": "threshold_test", "hash": "f00"}),
        ledger_of(503, 3, steps=["start", "set aside"]), minimum=10,
    )  # fmt: skip
    assert "secret" not in said and said["measure"] == {"name": "threshold_test"}
    assert said["sources"] == [{"file": "stops.csv", "sha256": "ab" * 32}]
    assert "Jane" not in json.dumps(said) and "503" not in json.dumps(said)


def test_a_file_of_totals_has_no_fingerprint_whose_guesses_could_be_checked():
    ledger = ledger_of(900, 0).assign(
        because=["all applicants; 7 records of the file stand for them, 2 more failed a data "
                 "check and were set aside", "x"]
    )  # fmt: skip
    notes = ["7 rows of the file stand for 900 applicants."]
    said, protected = publishable(about(notes=notes), ledger, minimum=10)
    assert "sha256" not in said["sources"][0]
    assert not any(c.isdecimal() for c in "".join([*protected["because"], *said["notes"]]))


def test_public_records_are_unchanged_but_for_examples_and_paths():
    ledger = ledger_of(503, 3)
    said, same = publishable(about(extra=1), ledger, minimum=10, people=False)
    pd.testing.assert_frame_equal(same, ledger)
    checks = [rule(examples=[])]
    source = {"file": "stops.csv", "rows": 503, "sha256": "ab" * 32}
    assert said == about(extra=1, checks=checks, sources=[source])


def test_the_page_shows_hidden_numbers_in_words():
    ledger = ledger_of(503, 3, 20, steps=["start", "set aside", "drop"])
    said, protected = publishable(about(), ledger, minimum=10)
    table = pd.DataFrame({"race": ["a"], "n": [480]})
    panel = widgets.who(eq.CountTable(table, ("race",), (), protected, said), "stops")
    assert isinstance(panel, widgets.Panel)
    assert [r["left_out"] for r in panel.rows] == ["0", "fewer than 10", "20"]
    assert [r["rows"] for r in panel.rows] == ["hidden", "500", "480"]
    assert panel.summary.startswith("480 records are counted. Hidden: fewer than 10")
    shown = widgets.sources(eq.CountTable(table, ("race",), (), protected, said)).children
    first, found = (p for p in shown if isinstance(p, widgets.Panel))
    assert (first.rows[0]["rows"], first.rows[0]["aside"]) == ("hidden", "hidden")
    assert first.rows[0]["file"] == "stops.csv"
    assert found.rows[0]["exceptions"] == "hidden"
    few, shut = publishable(about(), ledger_of(30, 25), minimum=10)
    panel = widgets.who(eq.CountTable(table, ("race",), (), shut, few), "stops")
    assert panel.summary.startswith("How many records are counted is not shown:")


def test_the_page_of_counts_that_are_not_published_is_as_before():
    table = pd.DataFrame({"race": ["a"], "n": [500]})
    panel = widgets.who(eq.CountTable(table, ("race",), (), ledger_of(503, 3), about()), "stops")
    assert panel.rows[1]["left_out"] == 3 and panel.columns[2]["format"] == "whole"
    assert panel.summary == "500 of 503 records are counted."
    empty = ledger_of(503, 3).iloc[:0]
    widgets.who(eq.CountTable(table, ("race",), (), empty, about()), "stops")


# ------------------------------------------------------------------- the results of models


def hidden(table):
    return table["reason"].astype("str").str.startswith("Hidden").to_numpy()


def only_keys(table, keys):
    rows = table[hidden(table)].drop(columns=["reason", "method", *keys], errors="ignore")
    flags = rows.select_dtypes("bool")
    return rows.drop(columns=flags.columns).isna().all(axis=None) and not flags.any(axis=None)


@pytest.fixture(scope="module")
def spells(riverton):
    """Periods of service of the sample, counted as the pipeline counts them."""
    agency = read_agency(riverton / "equity.toml")
    tables = {}
    for name in ("workforce", "exits"):
        told = agency.inputs[name]
        raw = pd.read_csv(riverton / told.files[0], dtype=str, keep_default_na=False)
        tables[name] = sources.roster.standardize(
            raw, columns=told.columns, values=told.values, scheme="us1997", table=name
        )
    rows = eq.service_spells(tables["workforce"], exits=tables["exits"])
    good = rows[rows["trouble"].isna()].drop(columns="trouble")
    return eq.count(good, by=["race", "exit_reason", "entered", "months"], of=["left"])


def test_the_curves_of_the_sample_show_no_step_of_few(spells):
    true = measures.retention(spells, group="race", reference="white", resolution=None)
    out = passes(true, measure="retention", minimum=10)
    assert list(out.columns) == list(true.columns) and len(out) == len(true)
    assert only_keys(out, RULES["retention"].keys)
    seen = ~hidden(out)
    assert 8 <= seen.sum() < len(out)  # something is shown, and something is not
    for _, rows in true[seen].groupby("group"):
        if rows["n"].iloc[0]:
            steps = np.diff([0, *rows.sort_values("months")["left"]])
            assert all(s == 0 or s >= 10 for s in steps)
            assert (rows["n_at_risk"] >= 10).all()
    for column in ("n", "x", "n_at_risk", "left", "left_out", "unknown"):
        shown = out.loc[seen, column].dropna().astype(int)
        assert (shown % 10 == 0).all()
        both = shown.index
        assert (abs(shown - true.loc[both, column]) <= 5).all()
        assert not true.loc[both, column].between(1, 9).any()
    told = out.loc[seen, "survival"].dropna()
    assert (told == true.loc[told.index, "survival"].round(3)).all()
    assert out.loc[seen, "method"].str.contains("rounded to the nearest 10").all()
    few = (true["x"] < 10) | (true["n"] - true["x"]).between(1, 9)
    assert out.loc[few, ["months_lost", "lost_difference", "p_value"]].isna().all(axis=None)


def test_of_the_exits_of_the_sample_no_small_number_is_the_rest_of_a_sum(spells):
    true = measures.exits(spells, group="race", reference="white")
    out = passes(true, measure="exits", minimum=10)
    assert only_keys(out, RULES["exits"].keys)
    single = (true["exit_reason"] != "any reason").to_numpy()
    shut = hidden(out)
    assert not shut[single].all()
    assert shut[true["x"].between(1, 9)].all()
    for by in ("group", "exit_reason"):  # of a group of fewer than 10 the sum is hidden as well
        for _, rows in true[single & (true["n"] >= 10).to_numpy()].groupby(by):
            some = rows["x"][rows["x"] > 0]
            gone = some[shut[some.index]]
            if gone.between(1, 9).any() and (by == "group" or len(gone) < len(some)):
                assert len(gone) > 1 and gone.sum() - (len(gone) - 1) >= 9


def drawn_spells(rng, groups=("a", "b")):
    frames = []
    for group in groups:
        size = int(rng.integers(20, 200))
        months = rng.integers(0, 70, size)
        left = rng.random(size) < 0.5
        frames.append(pd.DataFrame({"race": group, "months": months, "left": left, "entered": 0}))
    rows = pd.concat(frames, ignore_index=True).assign(n=1, left_known=1)
    keys = ["race", "months", "entered"]
    return rows.astype({"left": int}).groupby(keys, as_index=False).sum()


@pytest.mark.parametrize("seed", range(12))
def test_a_drawn_curve_shows_points_with_enough_events_between(seed):
    rng = np.random.default_rng(seed)
    minimum = int(rng.choice([5, 10]))
    true = measures.retention(drawn_spells(rng), group="race", reference="a")
    out = passes(true, measure="retention", minimum=minimum)
    for _, rows in true[~hidden(out)].groupby("group"):
        steps = np.diff([0, *rows["left"]])
        assert all(s == 0 or s >= minimum for s in steps)
    # the curve itself, without the interval, is what a separate computation says
    seen = out["survival"].notna()
    assert np.allclose(out["survival"][seen], true["survival"][seen], atol=0.0005)


def test_a_median_has_enough_people_on_each_side():
    days = list(range(10, 60))
    frame = pd.DataFrame({
        "race": ["a"] * 50 + ["b"] * 19 + ["c"] * 50 + ["d"],
        "days": days + days[:19] + days + [70],
    }).assign(stage="tested", n=1, reached=1, reached_known=1)  # fmt: skip
    frame.loc[69:71, "reached"] = 0  # three of c wait
    true = measures.time_to_stage(frame, group="race", reference="a")
    out = passes(true, measure="time_to_stage", minimum=10).set_index("group")
    assert out.loc["a", "n"] == 50 and out.loc["a", "median"] == round(true["median"][0])
    assert pd.notna(out.loc["a", "quartile_1"])
    assert hidden(out).tolist() == [False, True, True, True]
    assert only_keys(out.reset_index(), RULES["time_to_stage"].keys)


def test_the_words_of_a_reason_tell_no_number_of_people():
    frame = pd.DataFrame({
        "race": ["a", "a", "b", "b"], "stage": "tested", "days": [10, 20, 15, 30],
        "n": [100, 30, 100, 33], "reached": [100, 0, 100, 0], "reached_known": [100, 30, 100, 33],
    })  # fmt: skip
    true = measures.time_to_stage(frame, group="race", reference="a")
    assert "33 of 133" in true["reason"][1]
    out = passes(true, measure="time_to_stage", minimum=10)
    assert out["reason"][1].startswith("no comparison: too many still wait; some of them")
    assert not any(c.isdecimal() for c in out["reason"][1])
    assert out["pending"].tolist() == [30, 30]


def veil(*, x_light=200, clusters=30, minimum=10, cluster="date"):
    rng = np.random.default_rng(3)
    rows = []
    for race, dark, number in (
        ("b", True, 150), ("b", False, x_light), ("w", True, 300), ("w", False, 280),
    ):  # fmt: skip
        for i in range(number):
            day = f"2024-01-{i % clusters + 1:02d}"
            rows.append((race, dark, int(rng.integers(220, 240)), day, 1))
    frame = pd.DataFrame(rows, columns=["race", "is_dark", "clock_bin", "date", "n"])
    frame = frame.groupby(["race", "is_dark", "clock_bin", "date"], as_index=False).sum()
    frame["date"] = pd.to_datetime(frame["date"])
    true = measures.veil_of_darkness(
        frame, group="race", reference="w", df=1, cluster=cluster, robustness=True
    )
    return true, passes(true, measure="veil_of_darkness", minimum=minimum)


def test_daylight_needs_stops_of_each_kind_and_degrees_of_freedom():
    true, out = veil()
    assert out["odds_ratio"].iloc[0] == round(true["odds_ratio"].iloc[0], 2)
    assert out["x_light"].iloc[0] == 200 and not hidden(out)[0]
    assert out["share_dark"].notna().tolist() == [True, *[False] * (len(out) - 1)]
    assert hidden(veil(x_light=9)[1]).all()
    assert hidden(veil(clusters=10)[1]).all()  # 9 degrees are left
    assert not hidden(veil(clusters=11)[1])[0]
    assert hidden(veil(cluster=None)[1]).all()  # nobody can tell how many are left
    assert only_keys(veil(x_light=9)[1], RULES["veil_of_darkness"].keys)


def test_of_bins_of_daylight_no_small_one_is_the_rest():
    frame = pd.DataFrame({
        "race": ["b", "w"] * 4, "minutes_since_dusk": np.repeat([0, 15, 30, 45], 2),
        "is_dark": pd.array([True] * 8, dtype="boolean"),
        "n": [30, 70, 4, 90, 14, 60, 40, 80],
    })  # fmt: skip
    true = measures.daylight_shares(frame, group="race", reference="w")
    out = passes(true, measure="daylight_shares", minimum=10)
    assert hidden(out).tolist() == [False, True, True, False]
    assert out["share"].iloc[0] == 0.3 and only_keys(out, RULES["daylight_shares"].keys)


def threshold(hits, areas=12):
    rows = []
    for scale in (1.0,):
        for stratum in ["all", *map(str, range(areas))]:
            for group in ("b", "w"):
                size = areas if stratum == "all" else 1
                found = {("3", "b"): hits}.get((stratum, group), 20)
                rows.append((stratum, group, "w", scale, 1000 * size, 60 * size, found * size))
    table = pd.DataFrame(
        rows, columns=["stratum", "group", "reference", "prior_scale", "n", "x", "hits"]
    )
    for column in RULES["threshold_test"].digits:
        table[column] = 0.12345
    more = {"rhat": 1.0, "ess": 900.0, "divergences": 0, "areas": areas, "draws": 4000}
    zero = {c: 0 for c in RULES["threshold_test"].counts if c.startswith(("left", "unknown"))}
    return table.assign(**more, **zero, converged=True, method="m", reason=None)


def test_a_threshold_needs_finds_and_degrees_of_freedom():
    out = passes(threshold(20), measure="threshold_test", minimum=10)
    assert not hidden(out).any() and (out["threshold"] == 0.123).all()
    out = passes(threshold(4), measure="threshold_test", minimum=10)
    gone = out[hidden(out)]
    assert ("3", "b") in set(zip(gone["stratum"], gone["group"], strict=True))
    assert len(gone) == 2 and not gone["converged"].any()  # and one more area of the group
    assert only_keys(out, RULES["threshold_test"].keys)
    few = passes(threshold(20, areas=4), measure="threshold_test", minimum=10)
    assert hidden(few).all()  # 2 x 8 rates less 2 x (4 + 2) terms


def test_what_has_no_rule_shows_nothing_and_officers_never():
    table = pd.DataFrame({
        "stratum": "all", "group": ["a", "b"], "reference": "a", "n": [900, 800], "rate": 0.5,
        "note": "12 people", "reason": None,
    })  # fmt: skip
    out = passes(table, measure="my_measure", minimum=10)
    assert hidden(out).all() and out[["n", "rate", "note"]].isna().all(axis=None)
    assert out["group"].tolist() == ["a", "b"]
    for measure in ("parity_projection", "pooled", "robust_outcome_test", "retention", "exits"):
        assert hidden(passes(table, measure=measure, minimum=10)).all()
    with pytest.raises(Disclosed, match="officers"):
        passes(table, measure="officers", minimum=10)


def test_a_column_that_nobody_has_looked_at_is_blank(spells):
    true = measures.exits(spells, group="race", reference="white").assign(secret=3.0)
    assert passes(true, measure="exits", minimum=10)["secret"].isna().all()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 300), min_size=1), st.integers(2, 30))
def test_rounding_never_turns_few_into_none(numbers, minimum):
    out = rounded(pd.Series(numbers), minimum)
    for n, shown in zip(numbers, out, strict=True):
        assert (shown is pd.NA) == (0 < n < minimum)
        assert shown is pd.NA or (shown % minimum == 0 and abs(shown - n) <= minimum / 2)


def test_each_rule_says_itself_and_names_columns_of_its_measure(spells):
    assert set(RULES) <= set(measures.__all__)
    assert all(
        "{k}" in r.says or "Not shown" in r.says or "degrees" in r.says for r in RULES.values()
    )
    for name, more in (("retention", {}), ("exits", {})):
        table = getattr(measures, name)(spells, group="race", reference="white", **more)
        rule = RULES[name]
        assert set(table.columns) == rule.needed | set(rule.words) | {"p_value", "p_adjusted"}


# ------------------------------------------------------------------------------ releases


def cells(*rows, table="stops"):
    """Make cells of (race, year, value); "" is summed over, None hidden."""
    made = []
    for race, year, value in rows:
        told = {k: v for k, v in {"race": race, "year": year}.items() if v}
        cell = ", ".join(f"{k}={v}" for k, v in told.items())
        made.append((table, cell, race, year, "n", value))
    columns = ["table", "cell", "race", "year", "quantity", "value"]
    frame = pd.DataFrame(made, columns=columns).astype({"value": "Int64"})
    return frame.assign(hidden=frame["value"].isna())


def with_values(frame, *values):
    return frame.assign(value=pd.array(values, dtype="Int64"))


OLD = cells(("a", "2023", 40), ("b", "2023", None), ("", "2023", 60), ("a", "", 40), ("", "", 60))


def test_what_changed_is_said_by_kind_with_published_numbers_only():
    new = cells(
        ("a", "2023", 40), ("b", "2023", None), ("c", "2023", None), ("", "2023", 90),
        ("a", "2024", 30), ("", "2024", 30), ("a", "", 70), ("", "", 120),
    )  # fmt: skip
    out = changed(OLD, new, 10)
    found = {k: (n, w) for k, n, w in zip(out["kind"], out["number"], out["words"], strict=True)}
    assert found == {
        "period added": (1, "Added: year 2024."),
        "category added": (1, "Added: race c."),
        "new": (3, "3 counts are new."),
        "revised": (3, "3 counts were revised, by 30 to 60."),
        "unchanged": (2, "2 counts are as before."),
    }
    back = changed(new, OLD, 10)
    assert set(back["kind"]) == {"period gone", "category gone", "gone", "revised", "unchanged"}
    assert back.loc[back["kind"] == "period gone", "words"].item() == "No longer there: year 2024."


def test_what_is_hidden_in_one_release_is_said_without_its_number():
    new = cells(
        ("a", "2023", None), ("b", "2023", 20), ("", "2023", 60), ("a", "", 40), ("", "", 60)
    )
    out = changed(OLD, new, 10)
    assert out["kind"].tolist() == ["shown now", "hidden now", "unchanged"]
    assert out["words"].iloc[0] == "1 count that was hidden can be shown now."
    assert not out["words"].str.contains("20").any()


def test_tables_that_came_or_went_are_named():
    out = changed(OLD, cells(("a", "2023", 40), table="searches"), 10)
    assert list(zip(out["table"], out["kind"], out["number"], strict=True)) == [
        ("searches", "table added", 1), ("stops", "table gone", 5),
    ]  # fmt: skip
    assert changed(OLD.iloc[:0], OLD.iloc[:0], 10).empty


@pytest.mark.parametrize("step", [-9, -1, 1, 9])
def test_a_count_that_moved_by_few_people_is_refused(step):
    new = with_values(OLD, 40, None, 60, 40 + step, 60)
    with pytest.raises(Disclosed, match=r"moved by fewer than 10") as caught:
        changed(OLD, new, 10)
    assert str(40 + step) not in str(caught.value)
    moved = with_values(OLD, 40, None, 60, 50, 60)
    assert "revised" in set(changed(OLD, moved, 10)["kind"])


def test_an_earlier_release_read_from_its_file_is_known_alike(tmp_path):
    OLD.to_csv(tmp_path / "cells.csv", index=False)
    again = pd.read_csv(tmp_path / "cells.csv")
    assert changed(OLD, again, 10)["kind"].tolist() == ["unchanged"]
    frame = pd.DataFrame({"race": ["a", "b"], "year": [2023, 2023], "n": [41, 19]})
    told = known_from(again, {"stops": Table(frame, ("race", "year"))})
    assert told["value"].tolist() == [40, 60, 40, 60] and not told["hidden"].any()
    assert told["year"].tolist() == ["2023", "2023", "", ""]
    # what is no longer counted by is not known of any cell of now
    told = known_from(
        again, {"stops": Table(frame.groupby("race").sum()[["n"]].reset_index(), ("race",))}
    )
    assert told["cell"].tolist() == ["race=a", ""] and "year" not in told
    assert known_from(again, {}).empty


def test_only_flags_that_are_still_there_are_known():
    old = pd.concat([OLD, OLD.iloc[:1].assign(quantity="searched: yes", value=12)])
    frame = pd.DataFrame({"race": ["a"], "year": [2023], "n": [40]})
    with_flag = frame.assign(searched=12, searched_known=40)
    assert len(known_from(old, {"stops": Table(frame, ("race", "year"))})) == 4
    assert len(known_from(old, {"stops": Table(with_flag, ("race", "year"), ("searched",))})) == 5


def test_cells_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="holds a cell twice"):
        changed(pd.concat([OLD, OLD]), OLD, 10)
    with pytest.raises(ValueError, match="no number of people"):
        changed(OLD.astype({"value": "Float64"}).assign(value=1.5), OLD, 10)
    with pytest.raises(ValueError, match="has no column 'quantity'"):
        known_from(OLD.drop(columns="quantity"), {})


@pytest.mark.parametrize("people", [True, False])
def test_who_accepted_a_file_is_told_but_not_its_load_nor_where_a_record_stands(people):
    checked = {"on": "2026-01-05", "suite": "0123456789ab", "by": "GX", "load": "2026-aaaaaaaa"}
    found = [{**rule(), "rows": ["row 17"]}]
    said, _ = publishable(
        about(checked=checked, checks=found), ledger_of(503, 15), minimum=10, people=people
    )
    assert said["checked"] == {"on": "2026-01-05", "suite": "0123456789ab", "by": "GX"}
    assert "row 17" not in str(said)
