"""Great Expectations' own pages: they open without internet, say what we found, show no value."""

from __future__ import annotations

import copy
import datetime as dt
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from bs4 import BeautifulSoup

from data_checks import check, judge
from data_checks.data_docs import write_data_docs
from data_checks.report import Report

ROWS = """
    SELECT 'SECRET-' || i // 2 AS stop_id, 'a.csv' AS source_file, i + 1 AS source_row,
        DATE '2024-03-01' + CAST(i AS INTEGER) AS date, '2024-03-xx' AS raw_date,
        CASE i WHEN 3 THEN 'martian' WHEN 4 THEN NULL ELSE 'white' END AS subject_race,
        CASE i WHEN 5 THEN 171 ELSE 30 END AS subject_age, i = 7 AS search_conducted,
        CASE i WHEN 8 THEN TRUE END AS contraband_found, i = 9 AS frisk_performed
    FROM range(1, 21) AS r(i)
"""
"""Twenty stops: numbers given twice, an unknown race, an age of 171, a find without a search."""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Check the rows; return what Great Expectations returned, our report, and its page."""
    folder = tmp_path_factory.mktemp("docs")
    with duckdb.connect() as con:
        con.execute(f"COPY ({ROWS}) TO '{folder / 'data.parquet'}' (FORMAT parquet)")
    definition = judge.load().ValidationDefinition
    real, found = definition.run, []

    def kept(self, **more):
        found.append(real(self, **more))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(definition, "run", kept)
        report = check(
            table="stops", data=folder / "data.parquet", good=folder / "good.parquet",
            quarantine=folder / "aside.csv",
            context={"today": dt.date(2025, 6, 30), "groups": ("white", "black"),
                     "label": "Stops <b>2024</b>"},
        )  # fmt: skip
    page = folder / "docs" / "stops.html"
    write_data_docs(found, report, page)
    return found, report, page


def opened(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def told(path: Path) -> dict[str, tuple[str, str, str]]:
    """Return rule id -> outcome, words and numbers, as a reader sees them in the page."""
    rows = {}
    for row in opened(path).select("section tbody > tr"):
        outcome, words, numbers = (" ".join(c.get_text(" ").split()) for c in row.select("td"))
        assert words.split()[0] not in rows, "a rule stands on the page twice"
        rows[words.split()[0]] = (outcome, words, numbers)
    return rows


def test_every_rule_is_there_once_with_our_outcome_severity_and_numbers(done):
    _, report, path = done
    rows = told(path)
    assert set(rows) == {r.id for r in report.rules}
    marks = {
        "passed": "✓", "failed": "✕", "could not run": "?", "nothing to test": "–",
        "warning": "!", "nothing to do": "=",
    }  # fmt: skip
    for rule in report.rules:
        outcome, words, numbers = rows[rule.id]
        assert outcome == f"{marks[rule.word]} {rule.word}"
        assert f"If not: {rule.severity}." in words and rule.says in words
        if rule.share is not None:
            assert numbers.startswith(f"{rule.bad:,} of {rule.tested:,} {rule.unit} break it")
        else:
            assert numbers == rule.because


def test_their_words_stand_beside_our_rule_of_the_same_meaning(done):
    rows = told(done[2])
    by_words = {
        "S13": ("values must belong to this set: white black", "1 of 19"),
        "S23": ("less than or equal to 110.0", "1 of 20"),
        "S14": ("values must not be null, at least 95 % of the time", "1 of 20"),
        "S20": ("If search_conducted == False , then values must be null", "1 of"),
    }
    for rule, (theirs, numbers) in by_words.items():
        assert theirs in rows[rule][1], rule
        assert rows[rule][2].startswith(numbers), rule
    # Theirs would say "1 unexpected values found. 5.26% of 20 total rows" where 19 were tested.
    assert "total rows" not in done[2].read_text(encoding="utf-8")


def test_no_value_of_a_row_is_on_the_page(done):
    found, report, path = done
    assert any(r.examples for r in report.rules)  # our own page may quote three
    text = path.read_text(encoding="utf-8") + path.with_name("index.html").read_text("utf-8")
    for value in ("SECRET", "martian", "171", "2024-03"):
        assert value not in text


def test_neither_values_nor_folders_of_this_machine_come_through_an_error(done, tmp_path):
    found, report, _ = done
    broken = copy.deepcopy(found)
    for result in (r for run in broken for r in run.results):
        result.success = False
        result.result = {"partial_unexpected_list": ["SECRET"], "observed_value": "SECRET"}
        trouble = {"raised_exception": True, "exception_message": "SECRET",
                   "exception_traceback": 'File "/home/somebody/x.py"'}  # fmt: skip
        result.exception_info = {"MetricConfigurationID(...)": trouble}
    rules = tuple(replace(r, outcome="could not run", share=None, because="it is so")
                  for r in report.rules)  # fmt: skip
    write_data_docs(broken, replace(report, rules=rules), tmp_path / "stops.html")
    text = (tmp_path / "stops.html").read_text(encoding="utf-8")
    assert "SECRET" not in text and "/home" not in text
    assert {(o, n) for o, _, n in told(tmp_path / "stops.html").values()} == {
        ("? could not run", "it is so")
    }


def test_the_pages_ask_nobody_for_anything(done):
    for path in done[2].parent.glob("*.html"):
        text, page = path.read_text(encoding="utf-8"), opened(path)
        assert "//" not in text  # no address at all, in whatever attribute
        assert not page.select("script, img, link, iframe, [src], [style], [onclick]")
        for link in page.select("a"):
            target = str(link["href"])
            if target.startswith("#"):
                assert page.find(id=target[1:]) is not None
            elif target != "../index.html":  # the result page of the load
                assert (path.parent / target).is_file()


def test_only_the_pages_are_written_and_what_was_found_is_not_changed(done):
    found, _, path = done
    assert sorted(p.name for p in path.parent.iterdir()) == ["index.html", "stops.html"]
    assert path.stat().st_size < 100_000
    assert not all(r.success for run in found for r in run.results)
    assert all(r.expectation_config.description for run in found for r in run.results)


def test_text_from_a_file_or_an_office_is_never_markup(done, tmp_path):
    found, report, path = done
    first, *rest = report.rules
    first = replace(first, says="<script>alert(1)</script>", outcome="failed", share=None,
                    because="<img src=x>")  # fmt: skip
    write_data_docs(found, replace(report, rules=(first, *rest)), tmp_path / "stops.html")
    page = opened(tmp_path / "stops.html")
    assert not page.select("script, img, main b, header b")
    assert "<script>alert(1)</script>" in page.get_text() and "<b>2024</b>" in page.h1.get_text()


def test_markup_in_what_they_say_of_a_rule_is_text_too(done, tmp_path):
    found, report, _ = done
    hostile = copy.deepcopy(found)
    for result in (r for run in hostile for r in run.results):
        if "value_set" in result.expectation_config.kwargs:
            bad = '<p onclick="alert(1)">x</p><img src=x><a href="//x">y</a>'
            result.expectation_config.kwargs["value_set"] = [bad]
    write_data_docs(hostile, report, tmp_path / "stops.html")
    page = opened(tmp_path / "stops.html")
    assert not page.select("[onclick], img, section a")


def test_the_index_has_one_line_for_each_page(done, tmp_path):
    found, report, _ = done
    for name in ("stops", "other", "stops"):
        write_data_docs(found, replace(report, label=name), tmp_path / f"{name}.html")
    rows = [
        [" ".join(c.get_text(" ").split()) for c in row.select("td")]
        for row in opened(tmp_path / "index.html").select("tbody > tr")
    ]
    assert [row[0] for row in rows] == ["other", "stops"]
    failed = sum(r.word == "failed" for r in report.rules)
    warned = sum(r.word == "warning" for r in report.rules)
    for row in rows:
        assert row[1] == report.sentence
        assert f", {failed} failed, {warned} warning" in row[2]


def test_a_file_that_cannot_be_used_is_in_the_index_without_what_is_in_it(tmp_path):
    unread = Report.unread("workforce", "SECRET is not a group.", checked_on="2025-06-30")
    write_data_docs([], unread, tmp_path / "workforce.html")
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Workforce" in index and "The file cannot be used yet." in index
    assert "1 failed" in index
    assert "SECRET" not in index + (tmp_path / "workforce.html").read_text(encoding="utf-8")


def test_a_rule_that_the_report_does_not_have_is_not_left_out_silently(done, tmp_path):
    found, report, _ = done
    rules = tuple(r for r in report.rules if r.id != "S13")
    with pytest.raises(ValueError, match="The report has no rule S13"):
        write_data_docs(found, replace(report, rules=rules), tmp_path / "stops.html")
    assert not list(tmp_path.iterdir())


def test_it_is_silent(done, tmp_path, capfd, caplog):
    found, report, _ = done
    write_data_docs(found, report, tmp_path / "stops.html")
    assert capfd.readouterr() == ("", "") and caplog.records == []


@pytest.mark.browser
def test_in_a_browser_without_network_everything_is_seen(done):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("Chromium is not installed")
    # in a thread of its own: another test of this process may have a browser open already
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_look, chromium, sorted(done[2].parent.glob("*.html"))).result()


def _look(chromium, pages):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for path in pages:
            page = browser.new_context(offline=True, java_script_enabled=True).new_page()
            asked, errors = [], []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.on("console", lambda said, errors=errors: errors.append(said.text))
            page.goto(path.as_uri())
            for scheme, width in (("light", 1280), ("dark", 360)):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 900})
                assert Axe().run(page).response["violations"] == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            cell = page.locator("section tbody td, tbody td").first
            assert cell.is_visible() and cell.inner_text().strip()
            assert (asked, errors) == ([path.as_uri()], [])
        browser.close()
