"""A published page in a real browser: from a drive and from a server under a strict policy."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path

import made_page
import pytest
from real_browser import Visit

from equity.publish._compare import compare, write_compare
from equity.publish._page import write_assets, write_page
from equity.publish._site import write_site
from equity.publish._templates import POLICY

pytestmark = pytest.mark.browser


class _Strict(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format, *args):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_assets(folder)
    write_page(made_page.page(), made_page.site(), folder)
    write_compare(made_page.site(), folder)
    return folder


@pytest.fixture(scope="module")
def server(site):
    handler = functools.partial(_Strict, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{one.server_address[1]}/people.html"
        one.shutdown()


@pytest.fixture
def opened(browser, server):
    """Open the page; at the end nothing broke the policy and nobody else was asked."""
    visits = []

    def make(hash_="", url=server, **options):
        visit = Visit(browser, **options)
        visit.refused = []
        visit.page.on(
            "console", lambda m: visit.refused.append(m.text) if m.type == "error" else None
        )
        visit.page.goto(url + hash_)
        visits.append(visit)
        return visit.page

    yield make
    for visit in visits:
        assert visit.errors == []
        assert visit.refused == []
        visit.leave()


def title(page):
    return page.locator("figure").first.locator(".eq-title")


def changed(page, words):
    page.locator("figure .eq-title", has_text=words).wait_for(timeout=15000)


def told(page):
    return page.locator("figure").first.locator(".eq-unfollowed").text_content()


def options(page, label):
    return page.get_by_label(label, exact=True).locator("option").all_inner_texts()


def test_choices_change_figure_words_note_and_address(opened):
    page = opened()
    assert page.locator(".eq-still svg").first.is_hidden()  # the one for a phone
    page.get_by_label("Year", exact=True).select_option("2024")
    changed(page, "31% of 2024")
    page.locator("figure[data-eq-drawn] svg.marks").first.wait_for()
    assert page.locator(".eq-still").count() == 0
    assert page.locator(".eq-note").inner_text() == "Of 2024."
    assert page.url.endswith("#year=2024")
    page.locator("#eq-live", has_text="Updated: Women are 31% of 2024.").wait_for()
    assert page.locator(".eq-plot[role=img]").get_attribute("aria-label") == "Men are half."


def test_what_is_not_published_takes_the_latest_choice_and_says_so(opened):
    page = opened()
    page.get_by_label("Year", exact=True).select_option("2024")
    changed(page, "31%")
    page.get_by_label("Unit", exact=True).select_option("Patrol")
    changed(page, "12% of patrol")
    stays = "Still shown: All years, not 2024. This combination is not published."
    assert told(page) == stays
    assert page.url.endswith("#year=2024&year-2=patrol")
    page.get_by_label("Year", exact=True).select_option("All years")
    page.wait_for_timeout(300)
    assert told(page) == ""
    page.get_by_label("Compare by").select_option("Race")
    changed(page, "44% of all by race")
    assert told(page) == "Still shown: All units, not Patrol. This combination is not published."
    notice = page.locator("figure").first.locator(".eq-unfollowed")
    shown = page.locator("figure").first.locator(".eq-shown, .eq-summary")
    assert notice.bounding_box()["y"] < min(
        one.bounding_box()["y"] for one in shown.all() if one.is_visible()
    )
    assert notice.evaluate("e => getComputedStyle(e).borderTopStyle") == "solid"
    assert options(page, "With") == ["White", "Black"]


def test_a_link_restores_section_and_choices_and_tells_what_is_not_here(opened):
    page = opened("#s=the-rest&compare-by=race&with=black&year=1999")
    changed(page, "44% of all by race")
    assert page.get_by_label("With", exact=True).input_value() == "black"
    assert told(page) == "Still shown: With White, not Black. This combination is not published."
    page.locator("#the-rest > #eq-missed", has_text="Not available here: year 1999.").wait_for()
    assert page.url.endswith("#s=the-rest&compare-by=race&with=black")
    assert page.evaluate("document.activeElement.id") == "the-rest-title"
    assert page.evaluate("scrollY") > 200


@pytest.mark.parametrize(
    ("link", "said", "mended"),
    [
        ("#foo=bar", "This page has no choice named foo: that part of the link was left out.", ""),
        ("#year=1999", "Not available here: year 1999. Showing All years.", ""),
        ("#s=gone&year=2024", "This page has no section named gone.", "#year=2024"),
        ("#gone", "This page has no section named gone.", ""),
        ("#%E0%A4%A", "This page has no section named %E0%A4%A.", ""),
    ],
)
def test_what_a_link_asks_for_in_vain_is_told_at_the_top_and_taken_out(opened, link, said, mended):
    page = opened(link)
    notice = page.locator("#eq-missed[role=status]")
    page.locator("#eq-missed", has_text="This page has").or_(
        page.locator("#eq-missed", has_text="Not available")
    ).wait_for()
    assert notice.inner_text() == said and notice.bounding_box()["y"] < 600
    assert page.url.partition("people.html")[2] == mended
    page.get_by_label("Unit", exact=True).select_option("Patrol")
    assert notice.inner_text() == ""


def test_a_choice_waits_for_the_script_that_follows_it(browser, server):
    visit = Visit(browser)
    held = []
    visit.context.route("**/assets/site-*.js", lambda route: held.append(route))
    page = visit.page
    page.goto(server, wait_until="commit")
    page.locator("#the-rest").wait_for()
    year = page.get_by_label("Year", exact=True)
    assert year.is_disabled()
    assert page.get_by_text("as soon as the page is ready").first.is_visible()
    for route in held:
        route.continue_()
    page.locator("html.eq-scripted").wait_for()
    assert year.is_enabled() and page.get_by_text("as soon as the page").first.is_hidden()
    year.select_option("2024")
    changed(page, "31% of 2024")
    visit.leave()


def test_a_picture_on_paper_is_never_below_65_percent_and_fits_where_it_can(browser, tmp_path):
    heights = {"p1": 500, "p5": 1000, "p6": 1280, "p7": 2500}
    own = made_page.page()
    for pid, height in heights.items():
        one = own["panels"]["p1"]["pool"][0]
        spec = one["spec"] | {"height": height}
        own["panels"][pid] = own["panels"]["p1"] | {
            "states": {"": 0}, "pool": [one | {"spec": spec}], "follows": []
        }  # fmt: skip
    own["sections"][1]["parts"] += [{"kind": "panel", "panel": p} for p in ("p5", "p6", "p7")]
    write_assets(tmp_path)
    write_page(own, made_page.site(), tmp_path)
    page = browser.new_page(viewport={"width": 696, "height": 930})  # a sheet of letter paper
    page.goto((tmp_path / "people.html").as_uri())
    page.emulate_media(media="print")
    for again in (False, True):  # as written, and as the script has it before printing
        if again:
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
        for pid in heights:
            svg = page.locator(f"[data-panel={pid}] .eq-wide svg")
            box, full = svg.bounding_box(), float(svg.get_attribute("height"))
            drawn = svg.evaluate("s => s.getScreenCTM().a")  # how much smaller it is drawn
            assert drawn >= 0.65, pid
            assert box["height"] <= 900 or full * 0.65 > 880, pid
            assert drawn > 0.85 or 840 < full < 1360, pid
    page.close()


def test_a_link_to_the_last_section_leads_there(opened):
    page = opened("#the-rest")
    page.wait_for_timeout(400)
    assert -5 < page.locator("#the-rest").bounding_box()["y"] < 900
    page.get_by_role("navigation", name="On this page").get_by_text("Who is here?").click()
    assert page.evaluate("document.activeElement.id") == "who-is-here-title"


def test_from_a_drive_with_the_policy_in_the_page(browser, site, axe):
    """Modules do not load from there; nothing here is one."""
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    errors = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((site / "people.html").as_uri() + "#year=2024")
    changed(page, "31% of 2024")
    figure = page.locator("figure").first
    got = {}
    for kind in ("CSV", "PNG", "SVG"):
        with page.expect_download() as waiting:
            figure.get_by_role("button", name=f"Download {kind}").click()
        got[kind] = Path(waiting.value.path()).read_bytes()
        assert waiting.value.suggested_filename == f"shares-fictional.{kind.lower()}"
    assert "Women,12345,0.31,-0.0213,0.0004,Wilson," in got["CSV"].decode("utf-8-sig")
    assert made_page.REASON in got["CSV"].decode("utf-8-sig")
    assert got["PNG"].startswith(b"\x89PNG") and b"<title>Women are 31%" in got["SVG"]
    assert page.get_by_role("button", name="Excel").count() == 0
    page.get_by_role("button", name="Link to this section").nth(1).click()
    page.get_by_text("Copied.").wait_for()
    assert errors == []
    context.close()


def test_the_table_of_the_page_is_that_of_the_live_figure(opened):
    """The words of numbers are written twice, by Python and by JavaScript: they agree."""
    page = opened()
    details = page.locator("figure").first.locator("details")
    details.get_by_text("Show the numbers").click()
    before = details.locator("table").evaluate("t => t.outerHTML")
    below = details.locator(".eq-means").inner_text()
    details.get_by_role("button", name="Copy").click()  # the figure is alive from here on
    page.get_by_text("Copied. Paste").or_(page.get_by_text("does not let")).wait_for()
    details.get_by_text("Show the numbers").click()
    details.get_by_text("Show the numbers").click()
    page.wait_for_timeout(200)
    assert details.locator("table").evaluate("t => t.outerHTML") == before
    assert details.locator(".eq-means").inner_text() == below
    assert below.startswith("hidden: fewer than 10 people")


def test_axe_has_nothing_to_report(browser, site, violations):
    page = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True).new_page()
    page.goto((site / "people.html").as_uri())
    assert violations(page) == {}
    page.get_by_label("Year", exact=True).select_option("2024")
    changed(page, "31%")
    page.get_by_text("Show the numbers").first.click()
    assert violations(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.context.close()


def test_without_scripts_everything_but_the_choices_is_there(opened):
    page = opened(
        java_script_enabled=False, color_scheme="dark", viewport={"width": 360, "height": 800}
    )
    assert page.locator(".eq-still .eq-narrow svg").is_visible()
    assert page.locator(".eq-still .eq-wide svg").is_hidden()
    assert page.get_by_label("Year", exact=True).is_hidden()
    assert page.get_by_text("Scripts are switched off").is_visible()
    ink = page.locator(".eq-narrow text").first
    assert ink.evaluate("e => getComputedStyle(e).fill") in (
        "rgb(242, 242, 240)",
        "rgb(184, 184, 180)",
    )


def test_keyboard_alone_reaches_and_changes_everything(opened):
    page = opened()
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim().slice(0, 24)"))
        if page.evaluate("document.activeElement.id") == "c0":
            page.keyboard.press("ArrowDown")
            break
    assert seen[0].startswith("Skip to")
    changed(page, "31% of 2024")


def test_paper_has_no_controls_and_open_tables(opened):
    page = opened()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    figure = page.locator("figure").first
    assert figure.locator("table").is_visible()
    assert figure.locator(".eq-wide svg").is_visible()
    for gone in ("select", "button", "nav"):
        assert not any(one.is_visible() for one in page.locator(gone).all()), gone
    assert page.get_by_text("Shown: All years; All units; Compare by: Sex; With Men.").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert not figure.locator("table").is_visible()


def test_states_that_do_not_come_are_told_and_the_next_choice_tries_again(opened, server, browser):
    visit = Visit(browser)
    page = visit.page
    visit.context.route("**/states/people/p1.js*", lambda route: route.abort())
    page.goto(server)
    page.get_by_label("Year", exact=True).select_option("2024")
    page.get_by_text("These figures did not come").wait_for()
    visit.context.unroute("**/states/people/p1.js*")
    page.get_by_label("Year", exact=True).select_option("All years")
    page.get_by_label("Year", exact=True).select_option("2024")
    changed(page, "31% of 2024")
    assert page.get_by_text("These figures did not come").is_hidden()
    visit.context.close()


def sides(page):
    page.locator("html.eq-scripted").wait_for()
    page.locator("figure[data-eq-drawn]").nth(1).wait_for(timeout=15000)
    return page.locator(".eq-figures h2").all_inner_texts()


def test_two_periods_side_by_side_by_keyboard_and_as_a_link(opened, server):
    at = server.replace("people.html", "compare.html")
    page = opened(url=at)
    assert sides(page) == ["First: All years", "Second: 2024"]
    assert page.locator("figure .eq-title").all_inner_texts() == [
        "Women are 25% of all",
        "Women are 31% of 2024",
    ]
    assert page.locator("#eq-scale").inner_text() == "Both pictures are drawn on the same scale."
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "first-c1":
            break
    page.keyboard.press("ArrowDown")
    changed(page, "12% of patrol")
    assert page.url.endswith("#page=people&figure=shares&first.year-2=patrol&second.year=2024")
    again = opened(url=page.url)
    assert sides(again) == ["First: All years, Patrol", "Second: 2024, All units"]
    own = again.locator("#second-link").get_attribute("href")
    assert own == "people.html#s=who-is-here&year=2024"
    again.get_by_label("Year", exact=True).nth(1).select_option("All years")
    again.get_by_label("Unit", exact=True).first.select_option("All units")
    again.get_by_text("Both sides show the same: choose").wait_for()


def test_side_by_side_opens_on_what_is_shown_on_both_sides(browser, tmp_path):
    """The first figure is hidden; of the second one year is: the two others are taken."""
    own = made_page.page()
    pool = own["panels"]["p1"]["pool"]
    hidden = [one | {"rows": [one["rows"][2]]} for one in pool]
    years = ["2022", "2023", "2024"]
    own["choices"]["c0"]["options"] = [["", "All years", "all"], *([y, y, y] for y in years)]
    states = {"": 0, **{f"c0={y}": i + 1 for i, y in enumerate(years)}}
    own["panels"]["p1"] |= {"pool": hidden[:4], "states": states}
    own["panels"]["p9"] = own["panels"]["p1"] | {
        "filename": "theirs",
        "pool": [pool[0], pool[1], pool[2], hidden[3]],
    }
    own["sections"][0]["parts"].append({"kind": "panel", "panel": "p9"})
    write_assets(tmp_path)
    write_page(own, made_page.site(), tmp_path)
    write_compare(made_page.site(), tmp_path)
    page = browser.new_page()
    page.goto((tmp_path / "compare.html").as_uri())
    assert sides(page) == ["First: 2022", "Second: 2023"]
    assert page.get_by_label("Figure").input_value() == "people/theirs"
    assert page.get_by_label("Figure").is_enabled()
    page.close()


def test_two_agencies_on_one_scale_and_what_one_lacks(browser, tmp_path, violations):
    """From a drive; the other agency has longer bars, one figure more and other choices."""
    other = made_page.page()
    other["panels"]["p1"]["pool"][0] = made_page.state("all", 0.8)
    for row in other["panels"]["p1"]["pool"][0]["data"]:
        row["rate"] *= 2
    other["panels"]["p9"] = other["panels"]["p1"] | {"filename": "theirs"}
    other["sections"][0]["parts"].append({"kind": "panel", "panel": "p9"})
    del other["choices"]["c0"]["options"][1], other["panels"]["p1"]["states"]["c0=2024"]
    usual = made_page.site() | {"sources": [], "protection": {}, "cells": {}}
    write_site(usual, tmp_path / "a")
    write_site(usual | {"agency": "Anytown", "pages": [other]}, tmp_path / "b")
    out = compare([tmp_path / "a", tmp_path / "b"], tmp_path / "both")
    page = browser.new_context(
        viewport={"width": 320, "height": 800}, bypass_csp=True, color_scheme="dark"
    ).new_page()
    page.goto((out / "compare.html").as_uri())
    assert sides(page) == ["First: Nowhere & Sons", "Second: Anytown"]
    assert "same scale" in page.locator("#eq-scale").inner_text()
    first, second = (
        float(box.locator("path[aria-label*=Men], .mark-rect path").last.bounding_box()["width"])
        for box in (page.locator("#first-figure"), page.locator("#second-figure"))
    )
    assert second == pytest.approx(2 * first, rel=0.02)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_label("Figure").select_option("people/theirs")
    page.get_by_text(
        "Nowhere & Sons does not publish this figure: Who is here? (figure 2 of 2)"
    ).wait_for()
    changed(page, "80% of all")
    assert violations(page) == {}
    page.context.close()


def test_sizes(site):
    bytes_ = sum(f.stat().st_size for f in (site / "assets").glob("site-*"))
    assert bytes_ < 100_000
    assert (site / "people.html").stat().st_size < 60_000
