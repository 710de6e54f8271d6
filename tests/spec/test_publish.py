"""Publishing: what a notebook shows becomes a page, and nothing that is hidden comes with it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest

import equity as eq
from equity.counts import CountTable
from equity.publish import publish
from equity.publish._capture import capture
from equity.publish._drawn import Drawn, at
from equity.publish._merge import Hidden, merge
from equity.publish._run import read_notebook, run
from equity.publish._stages import Publishing, Route, Rules
from equity.sections import Publish
from equity.widgets._stage import Part, playing

WORDS = "Hidden: fewer than 10 people, or it would give such a number away"


def table_of_applicants() -> CountTable:
    rows = []
    for race, size in (("white", 400), ("black", 260), ("hispanic", 190), ("asian", 24)):
        for sex, part in (("female", 0.35), ("male", 0.65)):
            for i, year in enumerate((2023, 2024)):
                n = round(size * part * (0.45 + 0.1 * i))
                qualified = round(n * (0.8 if race == "white" else 0.6))
                hired = round(qualified * 0.2)
                rows.append((race, sex, year, n, qualified, n, hired, qualified))
    names = ["race", "sex", "year", "n", "qualified", "qualified_known", "hired", "hired_known"]
    table = pd.DataFrame(rows, columns=names).astype({"race": "str", "sex": "str"})
    stages = [{"name": "qualified", "label": "Qualified"}, {"name": "hired", "label": "Hired"}]
    labels = {"race": {"white": "White", "black": "Black", "hispanic": "Hispanic"}}
    about = {"agency": "Testville", "fictional": True, "table": "applicants",
             "title": "Applicants", "stages": stages, "labels": labels,
             "rows_in": int(table["n"].sum())}  # fmt: skip
    ledger = pd.DataFrame(
        {"step": ["start"], "because": ["all"], "rows": [int(table["n"].sum())], "left_out": [0]}
    )
    return CountTable(table, ("race", "sex", "year"), ("qualified", "hired"), ledger, about)


CELLS = [
    ("m", "# Hiring\n\nWho is hired."),
    ("c", "import os\nimport equity as eq\nfolder = os.environ['EQUITY_COUNTS']\n"
          "eq.widgets.setup()"),
    ("c", "people = eq.widgets.load(folder, 'applicants')\n"
          "year = eq.widgets.choose(people, 'year', 'Year', all='All years')\n"
          "group = eq.widgets.choose_group(people)\n"
          "reference = eq.widgets.choose_reference(people, group)\n"
          "eq.widgets.choices_bar(year, group, reference)"),
    ("m", "## Who is hired?\n\nA sentence above the picture."),
    ("c", "eq.widgets.show(people, eq.adverse_impact, eq.charts.adverse_impact,"
          "\n    where={'year': year}, stages=['qualified', 'hired'],"
          "\n    group=group, reference=reference)"),
]  # fmt: skip


def notebook(folder, *more, name="page", cells=CELLS):
    made = nbformat.v4.new_notebook(metadata={"title": "Hiring", "tables": ["applicants"]})
    for kind, source, *tags in [*cells, *more]:
        make = nbformat.v4.new_markdown_cell if kind == "m" else nbformat.v4.new_code_cell
        made.cells.append(make(source, metadata={"tags": list(tags)}))
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, folder / f"{name}.ipynb")
    return folder


@pytest.fixture
def agency(tmp_path):
    counts = tmp_path / "agency" / "counts"
    table_of_applicants().write(counts / "applicants.parquet")
    return SimpleNamespace(counts=counts, publish=Publish(), stops=None)


@pytest.fixture
def made(agency, tmp_path):
    """Return a function that publishes a notebook with further cells; and the site's states."""

    def make(*cells, **publishing):
        found = {}
        folder = notebook(tmp_path / "notebooks", *cells)
        agency.publish = Publish(**publishing)
        result = publish(agency, site=tmp_path / "site", dashboards=folder)
        found["site"], found["result"] = tmp_path / "site", result
        found["text"] = "\n".join(
            p.read_text(encoding="utf-8")
            for p in sorted((tmp_path / "site").rglob("*"))
            if p.suffix in (".html", ".js", ".csv", ".json") and "vega" not in p.name
        )
        return found

    return make


# ---------------------------------------------------------------- several draws become one table


def draws(**columns):
    """Return one table for each draw; a column that differs is given as a list of columns."""
    number = max(len(v) for v in columns.values() if isinstance(v[0], list))
    return [
        pd.DataFrame({c: v[i] if isinstance(v[0], list) else v for c, v in columns.items()})
        for i in range(number)
    ]


def test_a_figure_on_which_the_draws_differ_is_hidden_and_says_why():
    tables = draws(
        group=["a", "b"], n=[40, 30], x=[[20, 4], [20, 7], [20, 1]],
        rate=[[0.5, 4 / 30], [0.5, 7 / 30], [0.5, 1 / 30]], reason=[None, None],
    )  # fmt: skip
    table = merge(tables, [], words=WORDS)
    assert table["n"].tolist() == [40, 30]
    assert table["x"].isna().tolist() == [False, True]
    assert table["rate"].isna().tolist() == [False, True]
    assert table["reason"].tolist() == [None, WORDS]


def test_where_a_ratio_is_hidden_a_verdict_on_which_the_draws_agree_by_chance_is_too():
    tables = draws(
        group=["b"], n=[30], rate=[0.3], ratio=[[0.6], [0.7], [0.5]],
        below_four_fifths=pd.array([True], dtype="boolean"), shortfall=[2],
    )  # fmt: skip
    table = merge(tables, [], words=WORDS)
    assert table["rate"].tolist() == [0.3]
    assert table[["ratio", "below_four_fifths", "shortfall"]].isna().all(axis=None)


def test_a_hidden_number_of_people_of_unknown_group_hides_no_group():
    tables = draws(group=["a"], n=[40], rate=[0.5], unknown=[[3], [5], [1]], reason=[None])
    table = merge(tables, [], words=WORDS)
    assert table["unknown"].isna().all()
    assert table["rate"].tolist() == [0.5]
    assert table["reason"].tolist() == [None]


def test_adjusted_p_values_are_those_of_the_groups_that_are_shown():
    tables = draws(
        group=["a", "b"], x=[[20, 4], [20, 7]], p_value=[[0.02, 0.3], [0.02, 0.9]],
        p_adjusted=[[0.04, 0.3], [0.04, 0.9]], reason=[None, None],
    )  # fmt: skip
    tables[1].loc[0, "p_adjusted"] = 0.03
    fewer = [pd.DataFrame({"group": ["a"], "p_value": [0.02], "p_adjusted": [0.02]})] * 2
    assert merge(tables, [], words=WORDS)["p_adjusted"].isna().all()
    assert merge(tables, fewer, words=WORDS)["p_adjusted"].tolist()[0] == 0.02


def stage_of(agency, *more):
    """Return a stage on which Asian men are hidden: in each draw there are others of them."""
    table = table_of_applicants().table
    few = table["race"].eq("asian") & table["sex"].eq("male")
    frames = [table, *(table.assign(**changed(table, few)) for changed in more)]
    stage = Publishing(Rules(), {"applicants": frames})
    return stage, stage.open(agency.counts / "applicants.parquet", "applicants")


def fewer_hired(table, few):
    return {"hired": table["hired"].where(~few, table["hired"] + 1)}


def more_men(table, few):
    women = table["race"].eq("asian") & ~few
    return {"n": table["n"] + few.astype(int) - women.astype(int)}


HOW = {"group": "race", "stages": ["qualified", "hired"], "reference": "white"}


@pytest.mark.parametrize("column", ["p_adjusted", "impact_ratio"])
def test_a_table_with_a_hidden_group_shows_the_others_as_if_that_group_were_not_there(
    agency, column
):
    stage, counts = stage_of(agency, fewer_hired)
    table = stage.measured(eq.adverse_impact, Part(counts), [], HOW)
    assert table.loc[table["group"].eq("asian") & table["stage"].eq("hired"), "x"].isna().all()
    true = table_of_applicants()
    rest = replace(true, table=true.table[true.table["race"].ne("asian")])
    alone = eq.adverse_impact(rest, **HOW)
    shown = table[table["group"].ne("asian") & table["stage"].eq("hired")]
    wanted = alone[alone["stage"].eq("hired")]
    assert wanted[column].notna().any()
    assert shown[column].tolist() == pytest.approx(wanted[column].tolist(), nan_ok=True)


def test_draws_that_a_measure_cannot_tell_apart_are_not_all_computed(agency):
    stage, counts = stage_of(agency, more_men, more_men, fewer_hired)
    seen = []

    def measure(counts, **how):
        seen.append(counts)
        return eq.adverse_impact(counts, **how).drop(columns=["p_adjusted", "p_bh"])

    stage.measured(measure, Part(counts), [], HOW)
    assert len(seen) == 2  # that men and women differ is not seen by race
    stage.measured(measure, Part(counts), [], {**HOW, "group": "sex", "reference": "male"})
    assert len(seen) == 5


def test_rows_that_only_some_draws_have_are_there_and_hidden():
    tables = [
        pd.DataFrame({"group": ["a", "b"], "n": [12, 4], "rate": [0.5, 0.25]}),
        pd.DataFrame({"group": ["a"], "n": [12], "rate": [0.5]}),
    ]
    table = merge(tables, [], words=WORDS)
    assert table["group"].tolist() == ["a", "b"]
    assert table["rate"].isna().tolist() == [False, True]


def test_rows_that_cannot_be_told_apart_are_not_published():
    twice = pd.DataFrame({"rate": [0.5, 0.5]})
    with pytest.raises(Hidden):
        merge([twice, twice], [], words=WORDS)


# ---------------------------------------------------------------- draws go in step


def test_parts_and_crossings_of_counts_are_made_of_every_draw():
    counts = table_of_applicants()
    other = CountTable(
        counts.table.assign(n=counts.table["n"] + 1), counts.by, counts.of, counts.ledger
    )
    both = Drawn(
        counts.table, counts.by, counts.of, counts.ledger, counts.provenance, "applicants",
        (counts, other),
    )  # fmt: skip
    part = both.crossed("race", "sex").where(year=2023)
    assert part.taken == {"year": 2023}
    assert part.crossings == {"race_sex": ("race", "sex")}
    first, second = (at(part, i).table for i in (0, 1))
    assert (second["n"] - first["n"]).eq(1).all()
    assert "race_sex" in second
    assert at({"a": [both]}, 1)["a"][0] is other
    held = at(eq.widgets.evidence(both, ages=both), 1)  # as the ladder of evidence gets them
    assert held.stops is other
    assert held.ages is other


# ------------------------------------------------- rows that are nearly people


def curves(tmp_path, name, rows, by, **about):
    frame = pd.DataFrame(rows)
    path = tmp_path / f"{name}.parquet"
    about = {"agency": "Testville", "table": "workforce", "rows_in": int(frame["n"].sum())} | about
    ledger = table_of_applicants().ledger
    CountTable(frame, by, (), ledger, about).write(path)
    return path


def test_a_part_of_rows_that_are_nearly_people_is_not_published(tmp_path):
    """From everybody and a part the rest would follow, however each table is protected."""
    table = {"race": ["a", "b"], "sex": ["f", "m"], "months": [3, 60], "n": [400, 300]}
    path = curves(tmp_path, "retention", table, ("race", "sex", "months"))
    stage = Publishing(Rules(), {})
    counts = stage.open(path, "retention")
    made = []

    def measure(counts, *, group):
        made.append(group)
        return pd.DataFrame({"group": ["a"], "reason": [None]})

    stage.measured(measure, Part(counts), [], {"group": "race"})
    assert made == ["race"]
    with pytest.raises(ValueError, match="for everybody together only"):
        stage.measured(measure, Part(counts, {"sex": "f"}), [], {"group": "race"})
    with pytest.raises(ValueError, match="for everybody together only"):
        both = counts.crossed("race", "sex")
        stage.measured(measure, Part(both), [], {"group": "race_sex"})
    assert made == ["race"]


def test_waits_are_shown_of_groups_only_whose_number_is(agency, tmp_path):
    table = {"race": ["white", "asian"], "year": [2023, 2023], "stage": ["hired", "hired"],
             "days": [90, 95], "n": [60, 40]}  # fmt: skip
    path = curves(tmp_path, "waits", table, ("race", "year", "stage", "days"), table="applicants")
    stage, _ = stage_of(agency, fewer_hired)  # fewer Asian men in the second draw
    counts = stage.open(path, "waits")

    def time_to_stage(counts, *, group):
        rows = pd.DataFrame({"stratum": "all", "stage": "hired", "group": ["white", "asian"]})
        figures = dict.fromkeys(("median", "low", "high", "quartile_1", "quartile_3"), 90.0)
        numbers = {"n": 60, "x": 60, "pending": 0, "left_out": 0, "unknown": 0}
        words = {"reference": "white", "method": "Kaplan-Meier", "reason": None}
        tests = {"difference": 0.0, "p_value": 0.5, "p_adjusted": 0.5}
        return rows.assign(**figures, **tests, **numbers, **words)

    counts = replace(counts, crossings={"race_sex": ("race", "sex")})  # as `load` gives them
    frames = [f.astype({"sex": "object"}) for f in stage.draws["applicants"]]
    for i, frame in enumerate(frames):  # of other people the sex is not known
        here = frame["race"].eq("white") & frame["sex"].eq("male")
        frame.loc[here & frame["year"].eq(2023 + i), "sex"] = None
    stage.draws = {"applicants": frames}
    for where in ({}, {"year": 2023}):
        found = stage.measured(time_to_stage, Part(counts, where), [], {"group": "race"})
        assert found["median"].notna().tolist() == [True, False]
        assert found["reason"].tolist()[1] == WORDS


# ---------------------------------------------------------------- ways out


@pytest.mark.parametrize(
    ("file", "about", "route"),
    [
        ("applicants", {"table": "applicants"}, Route.COUNTS),
        ("something_new", {"table": "something"}, Route.COUNTS),
        ("stops", {"table": "stops"}, Route.COUNTS),
        ("residents_stops", {"table": "residents"}, Route.PUBLIC),
        ("retention", {"table": "workforce"}, Route.MODEL),
        ("threshold_test", {"table": "stops", "measure": {"name": "threshold_test"}}, Route.MODEL),
        ("officers", {"table": "stops"}, Route.NEVER),
        ("x", {"table": "stops", "measure": {"name": "officers"}}, Route.NEVER),
    ],
)
def test_every_count_file_has_a_way_out_or_none(file, about, route):
    assert Rules().route(file, about) == route


def test_records_declared_public_need_no_protection_but_officers_never_leave():
    rules = Rules(public=frozenset({"stops"}))
    assert rules.route("stops_by_month", {"table": "stops"}) == Route.PUBLIC
    assert rules.route("officers", {"table": "stops"}) == Route.NEVER
    assert rules.route("applicants", {"table": "applicants"}) == Route.COUNTS


def test_counts_that_were_not_opened_by_us_are_not_published():
    stage = Publishing(Rules(), {})
    counts = table_of_applicants()
    with playing(stage):
        panel = eq.widgets.show(counts, eq.funnel, eq.charts.funnel, group="race",
                                stages=["qualified", "hired"])  # fmt: skip
        with pytest.raises(ValueError, match="were not opened with eq.widgets.load"):
            panel.figure.compute()


# ---------------------------------------------------------------- a site


def test_a_site_is_written_with_the_small_numbers_hidden(made):
    found = made()
    assert found["result"].problems == ()
    told = found["result"].protection["applicants"]
    assert told["primary"] > 0
    assert (found["site"] / "page.html").exists()
    assert (found["site"] / "index.html").exists()
    cells = pd.concat(pd.read_csv(p) for p in (found["site"] / "releases").rglob("cells-*.csv"))
    shown = pd.to_numeric(cells["value"], errors="coerce").dropna()
    assert not shown.between(1, 9).any()


def test_no_small_number_of_people_is_in_any_state_of_any_figure(agency, tmp_path):
    folder = notebook(tmp_path / "notebooks")
    states = _states(agency, folder)
    assert len(states) > 20
    numbers = [
        row.get(key) for s in states for row in s.get("rows", []) + s.get("data", [])
        for key in ("n", "x", "x_known") if row.get(key) is not None
    ]  # fmt: skip
    assert numbers
    assert not any(1 <= n <= 9 for n in numbers)
    failed = [
        row["n"] - row["x"] for s in states for row in s.get("rows", [])
        if row.get("n") is not None and row.get("x") is not None
    ]  # fmt: skip
    assert not any(1 <= n <= 9 for n in failed)
    hidden = [r for s in states for r in s.get("rows", []) if r.get("reason") == WORDS]
    assert hidden
    assert {r["group"] for r in hidden} >= {"Asian", "asian"} & {r["group"] for r in hidden}


def test_figures_that_are_shown_are_those_of_the_true_counts(agency, tmp_path):
    """What is not hidden is not changed either: hiding is no noise."""
    states = _states(agency, notebook(tmp_path / "notebooks"))
    true = eq.adverse_impact(
        table_of_applicants(), group="race", stages=["qualified", "hired"], reference="white"
    )
    rate = {(r.stage, r.group): r.selection_rate for r in true.itertuples()}
    names = {"Qualified": "qualified", "Hired": "hired", "White": "white", "Black": "black"}
    shown = [r for r in states[0]["rows"] if r.get("selection_rate") is not None]
    assert shown
    for row in shown:
        key = (
            names.get(row["stage"], row["stage"]),
            names.get(row["group"], row["group"].lower()),
        )
        if key in rate:
            assert row["selection_rate"] == pytest.approx(rate[key], abs=1e-12)


def _states(agency, folder):
    from equity.publish import DRAWS, _protect
    from equity.publish._capture import plan
    from equity.publish._stages import Planning

    rules = Rules()
    page = read_notebook(folder / "page.ipynb")
    planning = Planning(rules)
    with playing(planning):
        run(page, folder=agency.counts)
        plan(page, planning)
    protected = _protect(planning, {}, rules, lambda _: None)
    frames = protected["applicants"].complete(DRAWS)
    for cell in page.cells:
        cell.shown.clear()
    with playing(Publishing(rules, {"applicants": [f["applicants"] for f in frames]})):
        run(page, folder=agency.counts)
        made = capture(page)
    return [s for p in made["panels"].values() for s in p["pool"]]


def test_cells_for_the_inside_are_neither_run_nor_shown(made):
    found = made(
        ("m", "## For supervisors only\n\nNot for strangers.", "internal"),
        ("c", "raise RuntimeError('was run')", "internal"),
    )
    assert "supervisors" not in found["text"]
    assert found["result"].problems == ()


def test_counts_that_never_leave_are_as_if_they_were_not_there(made, agency):
    table_of_applicants().write(agency.counts / "officers.parquet")
    found = made(
        ("c", "officers = eq.widgets.load(folder, 'officers')"),
        ("m", "None of them is here."),
        ("c", "eq.widgets.show(officers, eq.adverse_impact, eq.charts.adverse_impact)"),
    )
    assert "None of them is here." in found["text"]
    assert "officers" not in found["result"].protection


def test_a_section_that_is_left_out_is_run_but_not_shown(made):
    found = made(
        ("m", "## How many?\n\nSome words."), ("c", "several = 3"),
        ("m", "## And then?\n\nMore words."), ("c", "several + 1;"),
        leave_out=["how-many"],
    )  # fmt: skip
    assert "Some words." not in found["text"]
    assert "More words." in found["text"]


def test_leaving_out_what_is_not_there_is_refused(made):
    with pytest.raises(ValueError, match="not a section of the pages.*who-is-hired"):
        made(leave_out=["officers"])


@pytest.mark.parametrize(
    "code",
    [
        "people.table",
        "eq.widgets.table(people.table, caption='All', filename='all')",
        "eq.widgets.note(f'There are {people.table.n.sum()} people.')",
        "print(people.table); people.table.head(2)",
    ],
)
def test_what_a_notebook_shows_by_itself_is_not_published_and_says_so(made, code, capsys):
    found = made(("m", "## More\n\nWords."), ("c", code))
    assert any("Cell 7" in words for words in found["result"].problems)
    assert "is not published" in found["text"]
    assert not re.search(r"There are \d+ people", found["text"])


def test_words_without_figures_are_published(made):
    found = made(
        ("m", "## More\n\nWords."), ("c", "eq.widgets.note('Ask the **records office**.')")
    )
    assert "<strong>records office</strong>" in found["text"]


def test_a_cell_that_fails_stops_the_publishing_and_is_named(made, tmp_path):
    with pytest.raises(
        ValueError, match=r"page\.ipynb cannot be published: cell 7 fails"
    ) as error:
        made(("m", "## More\n\nWords."), ("c", "dict(secret='Jane Doe')['name of Jane Doe']"))
    assert "Jane" not in str(error.value)
    assert not (tmp_path / "site").exists()


def test_a_measure_of_an_analyst_hides_itself_too(made):
    code = (
        "def share_of_women(counts, *, group):\n"
        "    t = counts.table.groupby(group)['n'].sum().reset_index()\n"
        "    return t.assign(share=t['n'] / t['n'].sum(), reason=None)\n"
        "import altair as alt\n"
        "def bars(table, **_):\n"
        "    return alt.Chart(table, title='Own').mark_bar().encode(x='share:Q', y='race:N')\n"
        "women = people.where(year=2024, sex='female')\n"
        "eq.widgets.show(women, share_of_women, bars, group='race')"
    )
    found = made(("m", "## Own\n\nWords."), ("c", code))
    counts = table_of_applicants().where(year=2024, sex="female").table
    small = counts.loc[counts["race"] == "asian", "n"].item()
    assert 1 <= small <= 9
    assert found["result"].problems == ()
    state = re.search(r"share-of-women-all\.csv", found["text"])
    assert state or "share_of_women" in found["text"]


def test_publishing_twice_gives_the_same_pages(made, tmp_path):
    first = made()["text"]
    second = made()["text"]
    strip = re.compile(r'"seconds": ?[\d.]+')
    assert strip.sub("", first) == strip.sub("", second)


def test_the_numbers_of_a_site_are_json(made):
    found = made()
    told = json.loads((found["site"] / "site.json").read_text(encoding="utf-8"))
    assert told["release"] == found["result"].release
    assert np.isfinite(found["result"].protection["applicants"]["share_hidden"])
