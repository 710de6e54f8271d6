"""The site around the pages: files, words, releases, and that nothing is half written."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest

from equity import charts, widgets
from equity.publish import _dictionary, _glossary, _site
from equity.publish._csv import all_states, file_names, read, selected, text_of
from equity.publish._facts import lacking, protection, sources
from equity.publish._findings import findings
from equity.publish._releases import changes
from equity.publish._site import previous, write_site

JUDGING = r"\b(bias(ed)?|unbiased|complian(t|ce)|violat(es?|ions?)|discriminatory)\b"
HIDDEN = "Hidden: fewer than 10 people, or it would give such a number away"
COLUMNS = [
    {"key": "group", "heading": "Group", "format": "text"},
    {"key": "n", "heading": "Entered", "format": "whole"},
    {"key": "selection_rate", "heading": "Selection rate", "format": "percent"},
    {"key": "too_few", "heading": "Too few people to tell", "format": "flag"},
]


def row(group, n, rate, reason=None):
    return {"group": group, "n": n, "selection_rate": rate, "too_few": False, "reason": reason}


def state(*rows, **more):
    usual = {"title": "Who passes", "source": "Source: Anytown.", "shown": "", "unfollowed": ""}
    return {**usual, "columns": COLUMNS, "rows": list(rows), "fictional": False, **more}


def the_site(release="2026-11-22", value=120, **more):
    pool = [
        state(row("White", 120, 0.25), row("=SUM(A1)", None, None, HIDDEN), notes="A note."),
        state(row("White", 60, 1e-7)),
    ]
    year = {"label": "Year", "name": "year", "start": "all", "parent": None, "by_parent": {}}
    page = {
        "name": "hiring",
        "title": "Hiring",
        "description": "Who is hired.",
        "lead": "<p>Words.</p>",
        "sections": [
            {"id": "who", "title": "Who passes?", "parts": [{"kind": "panel", "panel": "p1"}]},
            {"id": "stay", "title": "Who stays?", "parts": [{"kind": "panel", "panel": "p2"}]},
        ],
        "choices": {
            "c1": {**year, "options": [["all", "All years", "all"], ["2024", "2024", "2024"]]}
        },
        "panels": {
            "p1": {"filename": "rates", "follows": ["c1"], "states": {"": 0, "c1=2024": 1},
                   "pool": pool},
            "p2": {
                "filename": "stay",
                "follows": [],
                "states": {"": 0},
                "pool": [{"absent": "This agency has no roster.", "columns": [], "rows": []}],
            },
        },
    }  # fmt: skip
    about = {
        "table": "applicants",
        "title": "Applicants",
        "sources": [{"file": "applicants.xlsx", "sha256": "f1ngerpr1nt"}],
        "first_date": "2024-01-15",
        "last_date": "2025-09-29",
        "rows_in": 6000,
        "rows_set_aside": 3,
        "checks": [
            {"says": "The date is known.", "outcome": "failed", "bad": 3, "tested": 6000,
             "severity": "set the row aside", "examples": ["Jane Roe, row 17"]},
            {"says": "There is a row.", "outcome": "passed", "bad": 0, "tested": 1},
        ],
        "ledger": pd.DataFrame(
            {"step": ["start"], "because": ["all"], "rows": [6000], "left_out": [0]}
        ),
    }  # fmt: skip
    usual = {
        "agency": "Anytown Police & Fire",
        "place": "Anytown",
        "fictional": False,
        "release": release,
        "minimum": 10,
        "publish": {"contact": "Data desk", "email": "data@anytown.example", "url": "",
                    "licence": "CC BY 4.0", "leave_out": ["pay"]},
        "pages": [page],
        "sources": [about],
        "protection": {"applicants": {"method": "exact", "primary": 1, "complementary": 3,
                                      "share_hidden": 0.0017, "narrowest": 9}},
        "cells": {"applicants": cells(value)},
    }  # fmt: skip
    return usual | more


def cells(value=120, years=("2024",), hidden=False):
    rows = [("applicants", "all", "", "n", value, False)]
    rows += [("applicants", f"year={y}", y, "n", pd.NA, True) for y in years]
    rows += [("applicants", "year=not known", "not known", "n", pd.NA if hidden else 0, hidden)]
    frame = pd.DataFrame(rows, columns=["table", "cell", "year", "quantity", "value", "hidden"])
    return frame.astype({"value": "Int64"})


def no_figures(folder):
    (folder / "hiring.html").write_text("<h2 id='who'>x</h2><h2 id='stay'>x</h2>", "utf-8")


def write(site, out):
    return write_site(site, out, pages=no_figures)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("published") / "site"
    write(the_site("2026-05-04", value=110), out)
    write(the_site(), out)
    return out


class Page(HTMLParser):
    """What a page holds that a rule is about."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.levels, self.text = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given[k] for k in ("href", "src") if k in given]
        self.levels += [int(tag[1])] if re.fullmatch(r"h[1-6]", tag) else []

    def handle_data(self, data):
        self.text.append(data)


PAGES = ["index.html", "glossary.html", "data.html", "releases/index.html"]
each = pytest.mark.parametrize("name", PAGES)


def opened(out, name):
    return Page((out / name).read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------- the pages


@each
def test_headings_are_in_order_and_ids_are_given_once(made, name):
    page = opened(made, name)
    assert page.levels[0] == 1 and page.levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(page.levels, page.levels[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))


@each
def test_nothing_is_inline_and_nothing_is_from_elsewhere(made, name):
    for tag, given in opened(made, name).tags:
        assert tag not in ("style", "script") or "src" in given
        assert not {"style", *(k for k in given if k.startswith("on"))} & set(given)
        address = given.get("href") or given.get("src") or ""
        assert not address.startswith(("http", "//", "/"))


@each
def test_every_link_leads_to_a_file_and_an_anchor_of_the_site(made, name):
    for link in opened(made, name).links:
        if link.startswith(("mailto:", "data:")):
            continue
        parts = urlsplit(link)
        to = (made / name).parent / unquote(parts.path) if parts.path else made / name
        assert to.resolve().is_file(), link
        if parts.fragment:
            assert parts.fragment in Page(to.read_text(encoding="utf-8")).ids, link


@each
def test_words_are_escaped_and_do_not_judge(made, name):
    page = opened(made, name)
    text = (made / name).read_text(encoding="utf-8")
    assert "Anytown Police &amp; Fire" in text and "\u2014" not in text
    prose = " ".join(page.text).replace("test of discrimination", "")
    assert not re.search(JUDGING, prose, re.I)


def test_the_overview_says_in_words_what_a_reader_has_to_know(made):
    text = re.sub(r"\s+", " ", " ".join(opened(made, "index.html").text))
    for words in (
        "Who is hired.",  # the page, in a sentence
        "Applicants, January 15, 2024 to September 29, 2025",
        "Data desk",
        "CC BY 4.0",
        "Release of November 22, 2026",
        "This agency has no roster.",
        "do not say why it happened",
        "of 3 numbers, 1 changed",
        "since that of May 4, 2026",
        "pay",
    ):
        assert words in text, words


def panel(number, **more):
    given = state(row("White", 120, 0.25), source="Source: Anytown Police & Fire, stops.") | more
    return {"filename": f"f{number}", "follows": [], "states": {"": 0}, "pool": [given]}


def with_panels(*sections):
    """Return the site with a page of these sections, each a list of figures."""
    site = the_site()
    page = site["pages"][0] | {"sections": [], "panels": {}, "choices": {}}
    for i, figures in enumerate(sections):
        parts = []
        for j, figure in enumerate(figures):
            page["panels"][f"p{i}x{j}"] = figure
            parts.append({"kind": "panel", "panel": f"p{i}x{j}"})
        page["sections"].append({"id": f"s{i}", "title": f"Section {i}?", "parts": parts})
    return site | {"pages": [page]}


SHUT = row("Black", None, None, HIDDEN)
NO_GROUP = [{"key": "month", "heading": "Month", "format": "text"}]


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ([{"title": "Black people passed 0.7 times as often"}], "Black people passed 0.7"),
        ([{"title": "No clear difference: 12% and 13%"}], "No clear difference"),
        ([{"title": "No clear difference can be told"}], "No clear"),  # and nothing is hidden
        ([{"title": "No clear difference; 14 of 35 figures are hidden",
           "rows": [row("White", 120, 0.25), SHUT]}], ""),
        ([{"title": "Who stays cannot be compared; 1 of 2 figures is hidden",
           "rows": [row("White", 120, 0.25), SHUT]}], ""),
        ([{"title": "All 8 groups are hidden", "rows": [SHUT]}], ""),
        ([{"title": "All hidden, 5", "rows": [SHUT]}, {"title": "Then 0.8 times"}], "Then 0.8"),
        ([{"title": "In February the group is known for 38%", "columns": NO_GROUP}], ""),
        ([{"title": "Selected 0.68 times as often", "source": "Source: a v. b."}], ""),
        ([{"title": "2 files", "columns": NO_GROUP}, {"title": "Half, 0.5 times"}], "Half"),
        ([{"title": "Not told", "rows": [row("White", 120, 0.25), SHUT]},
          {"title": "A large one, 9 times"}], ""),  # not the figure that differs most
        ([{"title": "5", "absent": "There is nothing."}], ""),
    ],
)  # fmt: skip
def test_what_stands_out_is_chosen_by_a_rule_that_knows_no_page(figures, said):
    site = with_panels([panel(i, **one) for i, one in enumerate(figures)])
    found = findings(site)
    words = [line["words"] for one in found for line in one.lines]
    assert len(words) == bool(said) and "".join(words).startswith(said)


def test_the_overview_lists_findings_in_page_order_and_names_what_is_hidden(tmp_path):
    told = [[panel(i, title=f"Group <b> {i}.5 times")] for i in range(8)]
    shut = panel(9, title="Nothing can be said: all 8 groups are hidden", rows=[SHUT])
    gone = panel(10, absent=HIDDEN, rows=[], columns=[])
    site = with_panels(*told, [shut], [shut, panel(11, title="No number here")], [gone])
    ids = "".join(f"<h2 id='s{i}'>x</h2>" for i in range(11))
    write_site(site, tmp_path / "s", pages=lambda f: (f / "hiring.html").write_text(ids, "utf-8"))
    page = opened(tmp_path / "s", "index.html")
    links = [link for link in page.links if link.startswith("hiring.html#s")]
    assert links[-9:-3] == [f"hiring.html#s{i}" for i in range(6)]
    assert links[-3:] == [f"hiring.html#s{i}" for i in (8, 9, 10)]
    words = " ".join(" ".join(page.text).split())
    assert "Group <b> 0.5 times" in words and "Group <b> 6.5 times" not in words
    assert "3 more sections of" in words  # the two beyond six, and one without a number
    start = words[words.index("hidden from the start:") :]
    assert start.startswith("hidden from the start: Section 8? ; Section 9? (1 of 2 figures)")
    assert start.count(HIDDEN) == 0  # named once, with the others


def test_the_glossary_names_the_number_below_which_is_hidden_and_the_words_of_the_law(tmp_path):
    write(the_site(minimum=7), tmp_path / "s")
    words = " ".join(" ".join(opened(tmp_path / "s", "glossary.html").text).split())
    assert "counts fewer than 7 people (the number is set by the agency)" in words
    law = "will generally be regarded by the Federal enforcement agencies as evidence of adverse"
    assert law in words and "{least}" not in words


def test_a_column_that_nobody_described_has_no_empty_sentence(tmp_path):
    own = [*COLUMNS, {"key": "mine", "heading": "My own", "format": "whole"}]
    site = with_panels([panel(1, columns=own)])
    write_site(site, tmp_path / "s", pages=lambda f: (f / "hiring.html").write_text("x", "utf-8"))
    text = (tmp_path / "s" / "data.html").read_text(encoding="utf-8")
    entry = text[text.index('id="column-mine-my-own"') :].partition("</div>")[0]
    assert entry.count("<dd") == 1 and "Whole number" in entry


def test_a_small_number_of_records_is_in_no_file_of_the_site(made):
    """The fixture forgets to hide 3 records, names a person and has a fingerprint."""
    for path in made.rglob("*"):
        if path.suffix in (".html", ".json", ".csv"):
            text = path.read_text(encoding="utf-8")
            assert "Jane Roe" not in text and "f1ngerpr1nt" not in text
            assert not re.search(r"\b3 (rows|records|of 6)", text)
            assert "complementary" not in text and "0.0017" not in text


def test_what_upstream_hid_is_told_as_hidden_never_as_nothing():
    told = the_site()["sources"][0] | {
        "rows_in": None,
        "rows_set_aside": None,
        "hidden": {"rows": "hidden", "left_out": "fewer than 10"},
        "ledger": pd.DataFrame(
            {"step": ["set aside"], "because": [""], "rows": [pd.NA], "left_out": [pd.NA]}
        ),
    }
    (source,) = sources(the_site(sources=[told, told]))
    assert (source["rows"], source["aside"]) == ("hidden", "fewer than 10")
    assert source["ledger"][0]["left_out"] == "fewer than 10"
    assert "Applicants, set aside by the data checks: fewer than 10." in lacking(
        the_site(sources=[told])
    )


def test_public_records_are_told_with_their_numbers():
    told = the_site()["sources"][0] | {"route": "public"}
    (source,) = sources(the_site(sources=[told]))
    assert source["aside"] == "3" and not source["people"]


def test_that_nothing_of_public_records_is_hidden_stands_on_every_page(tmp_path):
    write(the_site(public=["stops"]), tmp_path / "site")
    for name in ("index.html", "data.html", "glossary.html"):
        text = (tmp_path / "site" / name).read_text(encoding="utf-8")
        assert "of stops were declared public" in text or "records of stops public" in text


def test_the_share_of_people_hidden_is_told_in_round_words_only():
    (told,) = protection(the_site())
    assert told["people"] == "under 1%" and told["hidden"] == "1" and told["numbers"] == "3"


# ------------------------------------------------------------------------- glossary, columns


def test_every_word_has_few_sentences_a_source_and_an_anchor():
    words = _glossary.words()
    assert len(words) >= 45
    for word in words:
        assert re.fullmatch(r"[a-z][a-z0-9-]*", word.id)
        assert 1 <= len(re.findall(r"[.?!](?= [A-Z0-9]|$)", word.words)) <= 3, word.term
        assert word.source.endswith(".")


@pytest.mark.parametrize(
    "term",
    ["benchmark", "bottom line", "impact ratio", "four-fifths", "odds ratio", "p-value",
     "confidence interval", "adjusted p-value", "shortfall", "selection rate", "hit rate",
     "veil of darkness", "threshold test", "dissimilarity", "blau", "theil", "kaplan-meier",
     "median", "mantel-haenszel", "hidden"],
)  # fmt: skip
def test_the_words_of_the_field_are_in_the_glossary(term):
    assert any(term in word.term.lower() for word in _glossary.words())


def test_no_column_of_any_measure_lacks_its_meaning():
    lacking = [
        (measure, key, heading)
        for measure, columns in charts.COLUMNS.items()
        for key, heading, _ in columns
        if not _dictionary.meaning(key, heading)
    ]
    assert not lacking


def test_no_meaning_is_of_a_column_that_is_not_there():
    keys = {key for columns in charts.COLUMNS.values() for key, _, _ in columns}
    pairs = {f"{k}: {h}" for columns in charts.COLUMNS.values() for k, h, _ in columns}
    rooms = Path(widgets.__file__).parent.glob("*.py")  # files, checks and benchmarks
    about = "\n".join(path.read_text(encoding="utf-8") for path in rooms)
    pairs |= {f"{k}: {h}" for k, h in re.findall(r'"(\w+)": \("([^"]+)", "\w+"\)', about)}
    assert not set(_dictionary._meanings()) - keys - pairs


def test_every_format_of_a_column_has_a_type():
    for columns in charts.COLUMNS.values():
        for key, heading, form in columns:
            assert form in _dictionary._KINDS
            type_, unit = _dictionary.kind(key, heading, form)
            assert type_ == "text" or form == "flag" or unit or form in ("number", "whole")
    assert _dictionary.kind("median", "Median days", "number") == ("number", "days")


def test_columns_point_at_words_that_the_glossary_has():
    assert set(_dictionary._MORE.values()) <= {word.id for word in _glossary.words()}


# ----------------------------------------------------------------------------------- files


def test_a_table_opens_in_a_spreadsheet_as_the_button_of_the_page_saves_it(made):
    data = (made / "csv" / "hiring" / "rates.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert lines[0] == [c["heading"] for c in COLUMNS] + ["Why a figure is missing"]
    assert lines[1] == ["White", "120", "0.25", "false", ""]
    assert lines[2] == ["'=SUM(A1)", "", "", "false", HIDDEN]
    assert lines[3] == [] and lines[4] == ["Source: Anytown."] and ["A note."] in lines


def test_hidden_is_empty_and_never_zero():
    text = text_of(state(row("Asian", None, float("nan"), HIDDEN)))
    assert read(text)[1][1:3] == ["", ""]


def test_all_choices_are_rows_of_one_table_that_programs_read(made):
    frame = pd.read_csv(made / "csv" / "hiring" / "rates-all.csv")
    assert list(frame) == ["chosen_year", *(c["key"] for c in COLUMNS), "reason"]
    assert frame["chosen_year"].tolist() == ["All years", "All years", "2024"]
    assert frame["n"].tolist()[::2] == [120, 60] and frame["selection_rate"].iloc[2] == 1e-7


def test_a_choice_that_depends_on_another_is_told_by_its_own_start():
    usual = {"label": "", "filter": False}
    by = {"race": {"options": [["w", "White", "w"]], "start": "w"},
          "sex": {"options": [["m", "Men", "m"], ["f=1;c1=", "Women", "f"]],
                  "start": "m"}}  # fmt: skip
    page = {"choices": {
        "c2": {**usual, "name": "reference", "parent": "c1", "by_parent": by, **by["race"]},
        "c1": {**usual, "name": "group", "parent": None, "start": "race",
               "options": [["race", "Race", "race"], ["sex", "Sex", "sex"]]},
    }}  # fmt: skip
    assert selected(page, "") == {"c2": "White", "c1": "Race"}
    assert selected(page, "c1=sex") == {"c2": "Men", "c1": "Sex"}
    assert selected(page, "c1=sex;c2=m")["c2"] == "Men"


def test_two_tables_of_one_name_do_not_take_each_others_place():
    panel = {"follows": [], "states": {"": 0}, "pool": [state(row("a", 1, 1.0))]}
    given = {"p1": "a b", "p2": "a b", "p3": "a-b-all", "p4": "../x"}
    page = {"panels": {pid: {**panel, "filename": name} for pid, name in given.items()}}
    names = list(file_names(page).values())
    assert len({f"{n}{end}" for n in names for end in ("", "-all")}) == 8
    assert not any("/" in n or "." in n for n in names)
    assert all_states(page, "p4").startswith("\ufeffgroup,")


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@a", "'=1", "''-x", "\tx", "plain", "'quoted"]
)
def test_what_a_spreadsheet_would_run_is_marked_and_comes_back(text):
    made = text_of({"columns": COLUMNS[:1], "rows": [{"group": text}]})
    field = list(csv.reader(made.splitlines()))[1][0]
    assert not re.match(r"[=+\-@\t]", field)
    assert read(made)[1][0] == text


def test_the_note_for_programs_names_each_file_with_its_fingerprint(made):
    note = json.loads((made / "site.json").read_text(encoding="utf-8"))
    there = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
    assert set(note["files"]) == there - {"site.json"}
    for name, told in note["files"].items():
        assert hashlib.sha256((made / name).read_bytes()).hexdigest() == told["sha256"]
    assert note["releases"] == ["2026-11-22", "2026-05-04"]
    columns = pd.read_csv(made / note["columns"])
    assert columns["meaning"].notna().all() and set(columns["file"]) == {note["tables"][0]["all"]}


# -------------------------------------------------------------------------------- releases


def test_what_was_published_is_read_back_as_it_was(made):
    before = previous(made)
    assert before is not None and before["release"] == "2026-11-22" and before["minimum"] == 10
    pd.testing.assert_frame_equal(before["cells"]["applicants"], cells(), check_dtype=False)
    assert before["cells"]["applicants"]["value"].dtype == "Int64"


def test_earlier_releases_stay_and_are_listed(made):
    assert (made / "releases" / "2026-05-04" / "cells-applicants.csv").is_file()
    levels = [g["id"] for t, g in opened(made, "releases/index.html").tags if t == "h2"]
    assert levels[:2] == ["release-2026-11-22", "release-2026-05-04"]


def test_changes_are_told_from_what_was_published():
    before = {"pages": [], "minimum": 10, "cells": {"a": cells(), "b": cells()}}
    now = the_site(minimum=11, cells={"a": cells(121, ("2024", "2025"), True), "c": cells()})
    assert changes(before, now) == [
        "New page: Hiring.",
        "Counts of fewer than 11 people are hidden; before, it was 10.",
        "A: of 4 numbers, 1 changed, 1 new, 1 now hidden. New in year: 2025.",
        "C: published for the first time.",
        "B: no longer published.",
    ]
    assert changes(None, now) == ["This is the first release."]


def test_a_second_release_of_one_day_does_not_wipe_out_the_first(tmp_path):
    out = tmp_path / "site"
    for value in (1, 1, 2):
        write(the_site(value=value), out)
    assert sorted(p.name for p in (out / "releases").glob("2026*")) == [
        "2026-11-22",
        "2026-11-22-2",
    ]
    before = previous(out)
    assert before is not None and before["release"] == "2026-11-22-2"


@pytest.mark.parametrize("harm", ["change", "delete", "delete all"])
def test_a_release_that_cannot_be_read_again_stops_the_next(tmp_path, harm):
    out = tmp_path / "site"
    write(the_site(), out)
    file = out / "releases" / "2026-11-22" / "cells-applicants.csv"
    if harm == "change":
        file.write_text(file.read_text("utf-8").replace("120", "121"), "utf-8")
    else:
        file.unlink()
        if harm == "delete all":
            file.with_name("release.json").unlink()
    with pytest.raises(ValueError, match="cannot be read again.*Put the file back"):
        write(the_site("2026-12-01"), out)


def test_nothing_was_published_before_there_was_a_site(tmp_path):
    assert previous(tmp_path / "site") is None


# ------------------------------------------------------------------------------ the folder


def test_a_failure_on_the_way_leaves_the_old_site_and_no_other_folder(tmp_path):
    out = tmp_path / "site"
    write(the_site(), out)
    was = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}

    def fail(folder):
        raise RuntimeError("a page cannot be drawn")

    with pytest.raises(RuntimeError):
        write_site(the_site("2026-12-01"), out, pages=fail)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == was
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_if_the_new_site_cannot_take_its_place_the_old_one_comes_back(tmp_path, monkeypatch):
    out = tmp_path / "site"
    write(the_site(), out)
    real = _site.os.replace

    def stumble(source, target):
        if Path(source).name == ".site.part":
            raise PermissionError("a file of the folder is open")
        real(source, target)

    monkeypatch.setattr(_site.os, "replace", stumble)
    with pytest.raises(PermissionError):
        write(the_site("2026-12-01"), out)
    before = previous(out)
    assert before is not None and before["release"] == "2026-11-22"


def test_a_site_that_was_set_aside_when_the_power_failed_is_put_back(tmp_path):
    out = tmp_path / "site"
    write(the_site(), out)
    out.rename(tmp_path / ".site.old")
    write(the_site("2026-12-01"), out)
    assert (out / "releases" / "2026-11-22").is_dir()
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_a_folder_with_something_else_in_it_is_not_touched(tmp_path):
    (tmp_path / "thesis.docx").write_text("ten years of work")
    with pytest.raises(ValueError, match="something else than a published site.*thesis.docx"):
        write(the_site(), tmp_path)
    assert (tmp_path / "thesis.docx").exists()


def test_files_of_the_web_server_stay_and_what_is_no_longer_published_goes(tmp_path):
    out = tmp_path / "site"
    write(the_site(), out)
    (out / ".htaccess").write_text("Header set X-Test yes")
    write(the_site("2026-12-01", pages=[], cells={}), out)
    assert (out / ".htaccess").read_text() == "Header set X-Test yes"
    assert not (out / "csv" / "hiring").exists()


def test_the_same_site_is_written_to_the_byte(tmp_path, made):
    """In another process, so that no order of a set decides."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_publish_site as t; "
        "from pathlib import Path; out = Path(sys.argv[2]) / 'site'; "
        "t.write(t.the_site('2026-05-04', value=110), out); t.write(t.the_site(), out)"
    )
    args = [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)]
    subprocess.run(args, check=True, env={"PYTHONHASHSEED": "7", "PATH": ""})
    assert (tmp_path / "site" / "site.json").read_bytes() == (made / "site.json").read_bytes()
