"""A dashboard in a real browser, with every other host blocked: scratch notebooks, real Voila."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import time

import pytest
import stand_in
from real_browser import WINDOW, Server, Visit

pytestmark = pytest.mark.browser

SCRATCH = "/voila/render/scratch.ipynb"
CHOICES = "/voila/render/choices.ipynb"
SECTIONS = [
    "Choose what to see",
    "Who is searched?",
    "Compared with residents",
    "Who is in and who is left out",
]


def until(page, script, wanted: object = True, seconds=20.0):
    """Ask the page until it answers as wanted (wait_for_function needs unsafe-eval)."""
    end = time.monotonic() + seconds
    while (got := page.evaluate(script)) != wanted:
        assert time.monotonic() < end, f"{script} is {got!r}, not {wanted!r}"
        page.wait_for_timeout(50)


def pick(page, label, words):
    page.get_by_label(label, exact=True).select_option(label=words)


def first(page):
    return page.locator("figure").first


def open_table(figure):
    figure.get_by_text("Show the numbers").click()
    figure.locator("tbody tr").first.wait_for()
    return figure.locator("table")


def cells(table):
    return [row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()]


def download(page, figure, name):
    with page.expect_download() as waiting:
        figure.get_by_role("button", name=name).click()
    path = waiting.value.path()
    return waiting.value.suggested_filename, path.read_bytes()


# ------------------------------------------------------------ figures


def test_charts_are_drawn_without_any_other_host(still):
    page = still.page
    assert page.locator("figure .eq-chart svg").count() == 2
    assert still.errors == []
    assert still.outside == []


def test_one_vega_runtime_serves_the_whole_page_from_a_file(still):
    page = still.page
    names = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    assert len([n for n in names if re.search(r"/static/vega-\w+\.js", n)]) == 1


def test_heading_sentence_and_text_alternative_say_what_is_shown(still):
    page = still.page
    figure = first(page)
    heading = figure.get_by_role("heading", level=3).inner_text()
    assert heading.startswith("White drivers were searched most often")
    assert figure.locator(".eq-summary").inner_text().startswith("7,800 stops.")
    said = figure.get_by_role("img").get_attribute("aria-label")
    assert said == f"4 groups. Finding: {heading}.", "the heading has just been read"


def test_the_source_stands_with_the_numbers_and_not_under_every_picture(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    source = first(page).locator(".eq-from")
    assert not source.is_visible()
    open_table(first(page))
    assert source.inner_text() == (
        "Source: Scratch Police Department (fictional sample data), Stops of drivers; "
        "the file covers January 1, 2021 to December 31, 2022."
    )


def test_a_screen_reader_stops_once_at_a_chart_and_hears_its_heading_once(still):
    page = still.page
    for figure in page.locator("figure:has(.eq-plot)").all():
        assert figure.get_by_role("img").count() == 1
        assert figure.locator("svg").get_attribute("aria-hidden") == "true"
        assert figure.locator("[role^=graphics]:not(svg *)").count() == 0
        heading = figure.get_by_role("heading", level=3).inner_text()
        assert not figure.get_by_role("img").get_attribute("aria-label").startswith(heading)
    tree = first(page).locator(".eq-chart").aria_snapshot()
    assert len(tree.splitlines()) == 1, tree
    assert page.locator("form").count() == 0


def test_a_figure_names_the_part_of_the_records_that_it_shows(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    shown = page.locator("figure .eq-shown")
    assert not shown.first.is_visible(), "everything is shown"
    pick(page, "District", "East Side")
    pick(page, "Year", "2022")
    until(
        page,
        "document.querySelector('.eq-shown').textContent",
        "Shown: District: East Side; Year: 2022.",
    )
    until(
        page,
        "document.querySelectorAll('.eq-shown')[1].textContent",
        "Shown: District: East Side.",
    )
    name, data = download(page, first(page), "SVG")
    assert name == "scratch-search-rates-district-east-side-year-2022-fictional.svg"
    assert b"Shown: District: East Side; Year: 2022." in data
    until(
        page,
        "document.querySelectorAll('.eq-unfollowed')[1].textContent",
        "This picture does not change with: Year.",
    )
    assert page.locator("figure .eq-unfollowed").nth(1).is_visible()
    assert not page.locator("figure .eq-unfollowed").first.is_visible()
    pick(page, "Trouble", "rule")
    first(page).locator(".eq-absent").wait_for()
    assert not shown.first.is_visible()


def test_downloads_are_named_alike_and_described_by_their_figure(still):
    figure = first(still.page)
    for kind in ("Excel", "CSV", "PNG", "SVG"):
        button = figure.get_by_role("button", name=f"Download {kind}", exact=True)
        described = button.get_attribute("aria-describedby")
        assert figure.get_by_role("heading").get_attribute("id") == described


def test_a_choice_changes_chart_words_table_and_alternative_in_place(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    figure = first(page)
    table = open_table(figure)
    before = cells(table)
    chart = figure.locator(".eq-plot").element_handle()
    pick(page, "District", "North")
    until(page, "document.querySelector('.eq-summary').textContent.startsWith('2,360')")
    after = cells(table)
    assert before[0] == after[0] and before[1:] != after[1:]
    assert chart.is_visible(), "the rows were pushed into the chart that was there"
    heading = figure.get_by_role("heading").inner_text()
    until(
        page,
        "document.querySelector('figure [role=img]').getAttribute('aria-label')"
        f".includes({heading!r})",
    )


def test_the_change_is_announced_once(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    pick(page, "District", "North")
    until(page, "document.getElementById('eq-live').textContent !== ''")
    said = page.locator("#eq-live").inner_text()
    heading = first(page).get_by_role("heading").inner_text()
    other = page.locator("figure").nth(1).get_by_role("heading").inner_text()
    assert said == f"Updated: {heading}. {other}."
    assert page.locator("#eq-live").get_attribute("role") == "status"


def test_only_what_changed_is_announced(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    pick(page, "Year", "2022")  # which the second figure does not follow
    until(page, "document.querySelector('.eq-summary').textContent.startsWith('3,900')")
    until(page, "document.getElementById('eq-live').textContent !== ''")
    heading = first(page).get_by_role("heading").inner_text()
    assert page.locator("#eq-live").inner_text() == f"Updated: {heading}."


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_figure_that_takes_long_says_that_it_is_at_work(visit_as, voila_server, motion):
    page = visit_as(reduced_motion=motion).open(voila_server.url + SCRATCH, figures=2)
    work = first(page).locator(".eq-work span")
    assert not work.is_visible()
    pick(page, "Trouble", "slow")
    page.locator("figure[aria-busy=true]").wait_for(timeout=2000)
    work.wait_for(timeout=2000)
    moving = "getComputedStyle(document.querySelector('.eq-work span'), '::after').animationName"
    assert page.evaluate(moving) == ("none" if motion == "reduce" else "eq-at-work")
    until(page, "document.querySelectorAll('[aria-busy]').length", 0)
    assert not work.is_visible()


def test_a_figure_is_not_at_work_for_ever_where_something_else_failed(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    pick(page, "Trouble", "callback")
    page.wait_for_timeout(1000)
    assert page.locator("figure[aria-busy]").count() == 0


def test_missing_figures_are_words_and_numbers_are_formatted(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    table = open_table(first(page))
    assert table.locator("caption").inner_text().startswith("White drivers")
    assert table.locator("thead th[scope=col]").count() == 6
    assert table.locator("tbody th[scope=row]").count() == 4
    pick(page, "District", "South")
    until(page, "document.querySelector('.eq-summary').textContent.startsWith('2,600')")
    asian = cells(table)[1]
    assert asian == ["Asian", "440", "0", "0.0%", "no events", "under .001"]
    assert cells(table)[3][5] == ".032"


def test_csv_has_all_rows_unrounded_and_its_name_says_what_was_chosen(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    pick(page, "District", "South")
    pick(page, "Year", "2021")
    until(page, "document.querySelector('.eq-summary').textContent.startsWith('1,300')")
    name, data = download(page, first(page), "CSV")
    assert name == "scratch-search-rates-district-south-year-2021-fictional.csv"
    assert data.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 by this mark"
    table, about = data.decode("utf-8-sig").split("\r\n\r\n")
    assert list(csv.reader(io.StringIO(about))) == [
        [
            "Source: Scratch Police Department (fictional sample data), Stops of drivers; "
            "the file covers January 1, 2021 to December 31, 2022."
        ],
        ["Shown: District: South; Year: 2021."],
        ["Fictional sample data"],
    ]
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [r["Group"] for r in rows] == ["Asian", "Black", "Hispanic", "White"]
    assert rows[0]["Why a figure is missing"] == "no events"
    assert re.fullmatch(r"0\.\d{6,}", rows[1]["Rate"])


def test_images_are_saved_with_their_heading_and_source(still):
    page = still.page
    name, data = download(page, first(page), "PNG")
    assert name == "scratch-search-rates-fictional.png"
    assert data.startswith(b"\x89PNG")
    name, data = download(page, first(page), "SVG")
    assert b"White drivers were searched" in data
    assert b"fictional sample data" in data


def test_no_words_of_an_image_run_off_its_edge(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH + "?district=east-side&year=2022", figures=2)
    until(page, "document.querySelector('.eq-shown').textContent !== ''")
    _, data = download(page, first(page), "SVG")
    past = page.evaluate(
        """svg => { const box = document.createElement('div'); box.innerHTML = svg;
        document.body.append(box); const edge = box.firstElementChild.getBoundingClientRect();
        return [...box.querySelectorAll('text')].filter(t => { const b = t.getBoundingClientRect();
          return b.left < edge.left || b.right > edge.right - 20; }).map(t => t.textContent); }""",
        data.decode(),
    )
    assert past == []


def test_a_table_without_a_chart_is_shown_open_and_can_be_saved(still):
    page = still.page
    figure = page.locator("figure").nth(2)
    assert cells(figure.locator("table"))[2] == ["drop", "no race", "8,800", "200"]
    name, data = download(page, figure, "CSV")
    assert name == "scratch-ledger.csv"
    assert figure.get_by_role("button", name="PNG").count() == 0
    assert page.locator(".eq-note strong").inner_text() == "bold"


def test_a_choice_of_residents_passes_on_the_table(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    table = open_table(page.locator("figure").nth(1))
    pick(page, "Compared with", "Nearby")
    until(page, "document.querySelectorAll('figure')[1].textContent.includes('Near')")
    assert "Near" in cells(table)[1]


# ------------------------------------------------------------ the address


def test_choices_stand_in_the_address_and_a_link_restores_them(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    pick(page, "District", "North")
    until(page, "location.search", "?district=north")
    pick(page, "District", "All districts")
    until(page, "location.search", "")
    page.goto(voila_server.url + SCRATCH + "?district=South&year=2022")
    visit.drawn(2)
    until(page, "document.querySelector('.eq-summary').textContent.startsWith('1,300')")
    year = page.get_by_label("Year", exact=True)
    assert year.evaluate("e => e.selectedOptions[0].text") == "2022"
    pick(page, "District", "East Side")
    until(page, "location.search", "?district=east-side&year=2022")


def test_what_is_not_on_offer_is_told_and_changes_nothing(visit, voila_server):
    page = visit.open(
        voila_server.url + SCRATCH + "?district=<script>alert(1)</script>&nothing=1&year=1999", 2
    )
    told = "document.querySelector('.eq-missed').textContent"
    until(page, f"{told} !== ''")
    assert page.evaluate(told) == (
        "Not available here: district <script>alert(1)</script>. Showing all. "
        "Not available here: year 1999. Showing all."
    )
    assert page.get_by_role("status").filter(has_text="year 1999").is_visible()
    assert not first(page).locator(".eq-shown").is_visible()
    pick(page, "Year", "2022")
    until(page, told, "")
    assert visit.errors == []


# ------------------------------------------------------------ problems


def test_a_broken_rule_is_told_in_its_own_words(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    pick(page, "Trouble", "rule")
    words = first(page).locator(".eq-absent").filter(has_text="Nowhere")
    words.wait_for()
    assert "does not occur in these counts" in words.inner_text()
    until(page, "document.getElementById('eq-live').textContent.includes('Nowhere')")
    assert not first(page).get_by_role("alert").is_visible(), "nothing went wrong"
    assert not first(page).get_by_role("heading").is_visible()
    assert page.get_by_role("figure", name=words.inner_text()).count() == 1
    assert not first(page).locator(".eq-chart").is_visible()
    assert not first(page).get_by_role("button", name="CSV").is_visible()
    pick(page, "Trouble", "None")
    first(page).locator(".eq-chart svg").wait_for()
    assert not words.is_visible()


@pytest.mark.parametrize("trouble", ["library", "callback"])
def test_what_an_error_says_reaches_the_log_and_nothing_else(visit, voila_server, trouble):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    logged = voila_server.log.read_text() if voila_server.log.exists() else ""
    pick(page, "Trouble", trouble)
    if trouble == "library":
        alert = first(page).get_by_role("alert")
        alert.filter(has_text="could not be computed (reference").wait_for()
    for _ in range(100):
        fresh = voila_server.log.read_text()[len(logged) :]
        if stand_in.SECRET in fresh:
            break
        page.wait_for_timeout(100)
    assert stand_in.SECRET in fresh
    page.wait_for_timeout(500)
    seen = page.content() + "".join(visit.frames)
    assert len(visit.frames) > 10
    for word in (stand_in.SECRET, "Traceback", "stand_in.py", "ipykernel_"):
        assert word not in seen


def test_no_source_code_is_sent(still):
    page = still.page
    seen = page.content() + "".join(still.frames)
    for word in ("import stand_in", "w.setup()", "choices_bar(district"):
        assert word not in seen


@pytest.mark.parametrize("name", ["broken", "unready"])
def test_a_page_that_fails_half_way_says_so(visit, voila_server, name):
    page = visit.page
    page.goto(voila_server.url + f"/voila/render/{name}.ipynb")
    page.get_by_text("The rest of this page could not be computed").wait_for()
    seen = page.content() + "".join(visit.frames)
    assert stand_in.SECRET not in seen
    assert "Traceback" not in seen
    assert "Never shown" not in seen


@pytest.mark.parametrize(
    "path",
    [
        "/voila/files/scratch.ipynb",
        "/voila/files/scratch.ipynb/",
        "/voila/api/contents/scratch.ipynb",
        "/api/contents/scratch.ipynb",
        "/voila/render/voila.json",
        "/voila/templates/equity/static/../../../../../voila.json",
    ],
)
def test_no_file_behind_the_page_is_served(voila_server, path):
    status, text = voila_server.get(path)
    assert status in (403, 404, 500)
    assert "import stand_in" not in text
    assert "VoilaConfiguration" not in text


def test_an_unknown_address_is_answered_in_words(visit, voila_server):
    for path in ("/nothing", "/voila/render/nothing.ipynb"):
        status, text = voila_server.get(path)
        assert status == 404
        assert "There is no page at this address" in text


# ------------------------------------------------------------ the page itself


def test_the_landing_page_knows_the_agency(visit, voila_server):
    page = visit.page
    page.goto(voila_server.url)
    assert page.get_by_role("heading", level=1).inner_text() == "Scratch Police Department"
    assert page.get_by_text("Fictional sample data").first.is_visible()
    assert "2021-01-01" in page.locator("table").inner_text()
    assert page.get_by_text("Who is searched, in figures that nobody made.").is_visible()
    page.get_by_role("link", name="Scratch figures").click()
    visit.drawn(2)
    assert page.title() == "Scratch figures"
    assert page.get_by_text("Fictional sample data").first.is_visible()
    page.get_by_role("link", name="Scratch Police Department").click()
    page.get_by_role("heading", level=1, name="Scratch Police Department").wait_for()


def test_headings_come_in_order_and_landmarks_are_there(still):
    page = still.page
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].filter(e => e.checkVisibility())"
        ".map(e => Number(e.tagName[1]))"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    for role in ("banner", "main", "contentinfo"):
        assert page.get_by_role(role).count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    order = page.evaluate("[...document.querySelectorAll('main, footer')].map(e => e.tagName)")
    assert order == ["MAIN", "FOOTER"]


def test_the_keyboard_reaches_everything_in_reading_order(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    order = []
    for _ in range(20):
        page.keyboard.press("Tab")
        order.append(
            page.evaluate(
                "(e => e.getAttribute('aria-label') || e.labels?.[0]?.innerText || e.innerText)"
                "(document.activeElement)"
            ).strip()
        )
    assert order[:2] == ["Skip to the figures", "Scratch Police Department"]
    assert order[2:5] == ["Light", "Dark", "Auto"]
    assert order[5:10] == ["On this page", *SECTIONS]
    assert order[10:14] == ["District", "Year", "Trouble", "Compared with"]
    assert order[14:18] == [f"Download {kind}" for kind in ("Excel", "CSV", "PNG", "SVG")]
    assert order[18] == "Show the numbers"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert first(page).locator("details").get_attribute("open") is not None


def test_the_skip_link_moves_the_focus(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"


def test_links_lead_to_the_sections_and_keep_the_choices(visit, visit_as, voila_server):
    page = visit.open(voila_server.url + SCRATCH + "?district=north", figures=2)
    links = page.get_by_role("navigation", name="On this page").get_by_role("link")
    assert links.all_inner_texts() == SECTIONS
    links.nth(2).click()
    assert page.evaluate("document.activeElement.innerText") == SECTIONS[2]
    assert page.evaluate("location.search") == "?district=north"
    phone = visit_as(viewport={"width": 320, "height": 700})
    page = phone.open(voila_server.url + SCRATCH, figures=2)
    links = page.get_by_role("navigation", name="On this page").get_by_role("link")
    assert links.count() == 0, "closed at first"
    page.get_by_text("On this page").click()
    assert links.count() == len(SECTIONS)


# ------------------------------------------------------------ paper, forced colours


def printed(page, width=680):
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": width, "height": 960})


def test_paper_says_what_is_chosen(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH + "?district=east-side&year=2022", figures=2)
    until(page, "document.querySelector('.eq-shown').textContent !== ''")
    assert not page.locator(".eq-made").is_visible()
    printed(page)
    assert page.locator(".eq-made").inner_text() == (
        "Shown: District: East Side; Year: 2022; Trouble: None; Compared with: Residents."
    )
    assert not page.get_by_label("District", exact=True).is_visible()
    assert not page.get_by_role("navigation").is_visible()
    assert page.locator("figure .eq-shown").first.is_visible()


def test_paper_is_never_wider_than_a_page_and_what_has_no_room_stays_closed(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    printed(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 680
    tables = page.locator("figure .eq-table table")
    assert tables.first.is_visible() and tables.first.bounding_box()["width"] <= 680
    assert not page.get_by_text("too wide for paper").first.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert not tables.first.is_visible()
    # a table of very many columns
    page.add_style_tag(content="figure .eq-table th { min-width: 200px !important }")
    printed(page)
    assert not tables.first.is_visible()
    assert page.get_by_text("the numbers are in the CSV").first.is_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 680


def test_forced_colours_reach_the_marks(visit_as, voila_server):
    page = visit_as(forced_colors="active").open(voila_server.url + SCRATCH, figures=2)
    mixed = page.evaluate(
        """() => { const ink = getComputedStyle(document.querySelector('h1')).color;
        return [...document.querySelectorAll('figure svg .role-mark :is(path, line)')].filter(e =>
          (!['none', 'transparent', null].includes(e.getAttribute('fill'))
            && getComputedStyle(e).fill !== ink) ||
          (!['none', 'transparent', null].includes(e.getAttribute('stroke'))
            && getComputedStyle(e).stroke !== ink)).map(e => e.outerHTML); }"""
    )
    assert mixed == []
    assert page.locator("figure svg .role-mark path").count() > 3


@pytest.mark.parametrize("width", [1280, 1440])
def test_no_label_of_a_choice_is_cut(visit_as, voila_server, width):
    page = visit_as(viewport={"width": width, "height": 900}).open(voila_server.url + SCRATCH, 2)
    cut = page.evaluate(
        "[...document.querySelectorAll('.eq-choice label')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    )
    assert cut == []


def test_touch_targets_are_large_enough(still):
    page = still.page
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, summary')]"
        ".filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44)"
        ".map(e => e.outerHTML)"
    )
    assert small == []


def test_a_small_screen_needs_no_sideways_scrolling(visit_as, voila_server):
    width = 320
    visit = visit_as(viewport={"width": width, "height": 700})
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    open_table(first(page))
    wide = "document.scrollingElement.scrollWidth"
    assert page.evaluate(wide) <= width
    svg = first(page).locator(".eq-chart svg").bounding_box()
    assert svg["x"] >= 0 and svg["x"] + svg["width"] <= width
    page.goto(voila_server.url)
    assert page.evaluate(wide) <= width


def test_the_caption_of_a_wide_table_stays_within_its_box(visit_as, voila_server):
    page = visit_as(viewport={"width": 360, "height": 700}).open(voila_server.url + SCRATCH, 2)
    open_table(first(page))
    box = first(page).locator(".eq-table")
    assert box.evaluate("e => e.scrollWidth > e.clientWidth"), "the table is wider than the box"
    for scrolled in (0, 60):
        box.evaluate("(e, x) => { e.scrollLeft = x; }", scrolled)
        edge, words = box.bounding_box(), box.locator("caption span").bounding_box()
        assert words["x"] >= edge["x"] - 1
        assert words["x"] + words["width"] <= edge["x"] + edge["width"] + 1


def test_a_chart_follows_the_width_of_the_window(still):
    page = still.page
    page.set_viewport_size({"width": 700, "height": 800})
    until(page, "document.querySelector('figure svg').getBoundingClientRect().width < 700")
    page.set_viewport_size(WINDOW)
    until(page, "document.querySelector('figure svg').getBoundingClientRect().width > 900")


# ------------------------------------------------------------ light and dark

CONTRASTS = """() => {
  const light = c => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255)
    .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('figure svg text')].filter(t => t.textContent.trim())
    .map(t => { const l = light(getComputedStyle(t).fill);
      return (Math.max(l, paper) + 0.05) / (Math.min(l, paper) + 0.05); });
}"""


def test_the_ink_of_a_chart_can_be_read_on_its_paper_and_follows_the_computer(still):
    page = still.page
    for scheme in ("light", "dark", "light"):
        drawn = int(first(page).get_attribute("data-eq-drawn"))
        changes = page.evaluate("document.querySelector('figure').dataset.eqScheme") != scheme
        page.emulate_media(color_scheme=scheme)
        if changes:
            until(page, f"Number(document.querySelector('figure').dataset.eqDrawn) > {drawn}")
            page.wait_for_timeout(300)
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 10
        assert min(contrasts) >= 4.5, scheme


def test_the_scheme_can_be_chosen_and_is_kept(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    drawn = int(first(page).get_attribute("data-eq-drawn"))
    page.get_by_role("button", name="Dark").click()
    until(page, f"Number(document.querySelector('figure').dataset.eqDrawn) > {drawn}")
    assert min(page.evaluate(CONTRASTS)) >= 4.5
    assert page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"
    page.goto(voila_server.url)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    page.get_by_role("button", name="Light").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


# ------------------------------------------------------------ connection


def test_a_page_that_is_left_leaves_no_kernel_behind(browser, scratch):
    server = Server(scratch.counts, scratch.dashboards, scratch.folder / "third.txt")

    def settled(wanted):
        end = time.monotonic() + 60
        while server.kernels() != wanted and time.monotonic() < end:
            time.sleep(0.2)
        return server.kernels()

    kept = len(list(scratch.dashboards.glob("*.ipynb")))
    try:
        assert settled(kept) == kept, "one is kept ready for each notebook"
        visit = Visit(browser)
        visit.open(server.url + SCRATCH, figures=2)
        assert settled(kept + 1) == kept + 1
        visit.leave()
        assert settled(kept) == kept
        visit = Visit(browser)
        visit.context.route("**/voila/static/voila.js", lambda route: route.abort())
        visit.page.goto(server.url + SCRATCH)
        assert settled(kept + 1) == kept + 1
        visit.leave()
        assert settled(kept) == kept, "left while it was still loading"
    finally:
        server.stop()


def test_a_lost_connection_is_told(visit, scratch):
    server = Server(scratch.counts, scratch.dashboards, scratch.folder / "second.txt")
    try:
        page = visit.open(server.url + SCRATCH, figures=2)
    finally:
        server.stop()
    page.get_by_text("The connection to the server has ended").wait_for(timeout=20000)


def test_a_page_that_is_left_alone_keeps_its_connection(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    # the server asks every 1.5 seconds here whether the page is there (else every 30)
    page.wait_for_timeout(5000)
    assert not page.locator("#eq-lost").is_visible()
    pick(page, "District", "North")
    until(page, "document.querySelector('.eq-summary').textContent.startsWith('2,360')")


SOCKETS = """(() => { const Plain = window.WebSocket, all = [];
  window.WebSocket = class extends Plain {
    constructor(address, protocols) {
      super(window.cut ? String(address).replace(/kernels\\/[^/]+/, "kernels/none") : address,
            protocols);
      all.push(this); } };
  window.cutOff = () => { window.cut = true; all.forEach((one) => one.close()); };
})()"""


def test_a_connection_that_comes_back_takes_the_notice_away(visit, voila_server):
    visit.context.add_init_script(SOCKETS)
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    page.evaluate("cutOff()")
    notice = page.locator("#eq-lost")
    notice.wait_for(timeout=20000)
    page.evaluate("window.cut = false")
    notice.wait_for(state="hidden", timeout=60000)
    pick(page, "District", "North")
    until(page, "document.querySelector('.eq-summary').textContent.startsWith('2,360')")


def test_when_the_computer_is_full_the_next_viewer_is_told(scratch, tmp_path, visit, violations):
    dashboards = tmp_path / "dashboards"
    shutil.copytree(scratch.dashboards, dashboards)
    settings = json.loads((dashboards / "voila.json").read_text())
    settings["CappedKernelManager"]["max_kernels"] = 2
    (dashboards / "voila.json").write_text(json.dumps(settings))
    server = Server(scratch.counts, dashboards, tmp_path / "full.txt")
    try:
        end = time.monotonic() + 60
        while server.kernels() < 2 and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(3)
        pages = [f"/voila/render/{p.name}" for p in sorted(dashboards.glob("*.ipynb"))]
        answers = [server.get(page) for page in pages]
        assert sorted(status for status, _ in answers) == [200, 200, *[503] * (len(pages) - 2)]
        told = next(text for status, text in answers if status == 503)
        assert "The dashboards are busy" in told
        busy = next(
            page for page, (status, _) in zip(pages, answers, strict=True) if status == 503
        )
        visit.page.goto(server.url + busy)
        visit.page.get_by_role("heading", level=1, name="The dashboards are busy").wait_for()
        assert violations(visit.page) == {}
        assert server.kernels() == 2
    finally:
        server.stop()


# ------------------------------------------------------------ choices of several parts


def chosen(page, number):
    box = f"document.querySelectorAll('.eq-choices select')[{number}]"
    return page.evaluate(f"{box}.selectedOptions[0].text").replace("\u00a0", " ")


def test_the_highest_rate_stays_in_its_box_and_the_figure_says_what_it_takes(visit, voila_server):
    page = visit.open(voila_server.url + CHOICES, figures=2)
    group, reference = (page.locator(".eq-choices select").nth(i) for i in (0, 1))
    said = "document.querySelector('.eq-unfollowed').textContent"
    reference.select_option("Highest rate")
    words = "Compared with {} here: this picture needs one group, the same throughout."
    until(page, said, words.format("White"))
    group.select_option("Sex")
    until(page, said, words.format("Men"))
    page.wait_for_timeout(300)
    assert chosen(page, 1) == "Highest rate"
    reference.select_option("Women")
    until(page, said, "")
    group.select_option("Race or ethnicity")
    until(page, "document.querySelector('.eq-title').textContent.includes('White')")
    page.wait_for_timeout(300)
    assert chosen(page, 1) == "White"


def test_a_row_of_choices_stays_in_sight_for_its_own_figures_only(visit, voila_server):
    """Another part has a choice of the same name; it is another choice all the same."""
    page = visit.open(voila_server.url + CHOICES, figures=2)
    bar = page.locator(".eq-follows")
    assert bar.count() == 1
    own, other = page.locator("figure").nth(0), page.locator("figure").nth(1)
    own.evaluate("(figure) => figure.scrollIntoView()")
    until(page, "!document.querySelector('.eq-follows.eq-done')")
    other.evaluate("(figure) => figure.scrollIntoView()")
    until(page, "!!document.querySelector('.eq-follows.eq-done')")
