"""Numbers and pictures that leave a page: files that open, words that say whose they are."""

from __future__ import annotations

import io
import time
from xml.etree import ElementTree

import openpyxl
import pytest

pytestmark = pytest.mark.browser

SCRATCH = "/voila/render/scratch.ipynb"
PROJECTION = "/voila/render/projection.ipynb"
SVG = "{http://www.w3.org/2000/svg}"


def download(page, figure, name):
    with page.expect_download() as waiting:
        figure.get_by_role("button", name=name).click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def first(page):
    return page.locator("figure").first


def until(page, script, wanted: object = True, seconds=20.0):
    end = time.monotonic() + seconds
    while (got := page.evaluate(script)) != wanted:
        assert time.monotonic() < end, f"{script} is {got!r}, not {wanted!r}"
        page.wait_for_timeout(50)


# ------------------------------------------------------------ workbook


def test_the_workbook_holds_numbers_as_numbers_and_says_whose_they_are(visit, voila_server):
    page = visit.open(voila_server.url + SCRATCH + "?district=south", figures=2)
    until(page, "document.querySelector('.eq-summary').textContent.startsWith('2,600')")
    name, data = download(page, first(page), "Download Excel")
    assert name == "scratch-search-rates-district-south-fictional.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Numbers (fictional)", "About"]
    numbers, about = book.worksheets
    rows = list(numbers.iter_rows())
    head = [c.value for c in rows[0]]
    assert head[:4] == ["Group", "All records", "Yes", "Rate"]
    assert head[-1] == "Why a figure is missing"
    black = dict(zip(head, rows[2], strict=True))
    assert black["Group"].value == "Black"
    assert isinstance(black["Rate"].value, float)
    assert black["Rate"].number_format == "0.0%"
    asian = dict(zip(head, (c.value for c in rows[1]), strict=True))
    assert asian["Why a figure is missing"] == "no events"
    assert asian["Ratio to the comparison"] is None
    said = {row[0]: row[1] for row in about.iter_rows(values_only=True)}
    assert said["Fictional"] == "Fictional sample data: this agency does not exist."
    assert said["Title"].startswith("White drivers") or "drivers" in said["Title"]
    assert said["What is shown"] == "Shown: District: South."
    assert said["Source"].startswith("Source: Scratch Police Department")
    assert visit.errors == []


def test_a_table_without_a_chart_gives_a_workbook_too(still):
    figure = still.page.locator("figure").nth(2)
    name, data = download(still.page, figure, "Download Excel")
    assert name == "scratch-ledger.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert [c.value for c in sheet[3]] == ["drop", "no race", 8800, 200]


def test_a_page_without_a_kernel_offers_no_workbook(voila_server, visit):
    page = visit.open(voila_server.url + PROJECTION, figures=1)
    alive, published = page.locator("figure").all()
    assert alive.get_by_role("button", name="Download Excel").count() == 1
    assert published.get_by_role("button", name="Download Excel").count() == 0
    assert published.get_by_role("button", name="Download CSV").count() == 1


# ------------------------------------------------------------ pictures


def test_a_drawing_stands_by_itself(still):
    name, data = download(still.page, first(still.page), "Download SVG")
    assert name.endswith(".svg")
    root = ElementTree.fromstring(data)
    title = root.find(f"{SVG}title").text
    assert title.startswith("White drivers were searched most often")
    words = " ".join(w for t in root.iter(f"{SVG}text") for w in t.itertext())
    assert " ".join(title.split()[:4]) in words
    assert "Source: Scratch Police Department (fictional sample data)" in " ".join(words.split())
    links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith(("href", "src"))]
    assert links == [], "nothing is fetched from elsewhere"
    assert root.find(f"{SVG}desc").text


# ------------------------------------------------------------ clipboard


def test_a_table_is_copied_as_a_sheet_takes_it(visit_as, voila_server):
    visit = visit_as(permissions=["clipboard-read", "clipboard-write"])
    page = visit.open(voila_server.url + SCRATCH + "?district=south", figures=2)
    until(page, "document.querySelector('.eq-summary').textContent.startsWith('2,600')")
    figure = first(page)
    figure.get_by_text("Show the numbers").click()
    figure.get_by_role("button", name="Copy the table").press("Enter")
    until(page, "document.querySelector('.eq-copied').textContent.startsWith('Copied')")
    text = page.evaluate("navigator.clipboard.readText()")
    lines = [line.split("\t") for line in text.rstrip("\n").split("\n")]
    assert lines[0][0] == "Group"
    assert lines[1] == ["Asian", "440", "0", "0.0%", "no events", "under .001"]
    assert all(len(line) == len(lines[0]) for line in lines)
    figure.get_by_role("button", name="Copy the table").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Copy the table"


def test_one_click_takes_a_number(visit_as, voila_server):
    visit = visit_as(permissions=["clipboard-read", "clipboard-write"])
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    figure = first(page)
    figure.get_by_text("Show the numbers").click()
    cell = figure.locator("td.eq-number").nth(2)
    cell.click()
    assert page.evaluate("getSelection().toString().trim()") == cell.inner_text()
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()").strip() == cell.inner_text()


# ------------------------------------------------------------ sliders


def test_a_slider_answers_while_it_is_set(visit, voila_server):
    page = visit.open(voila_server.url + PROJECTION, figures=1)
    handle = page.get_by_label("Women among hires", exact=True)
    assert handle.get_attribute("aria-valuetext") == "20%"
    assert "level off at 20%" in first(page).get_by_role("heading").inner_text()
    drawn = "Number(document.querySelector('figure').dataset.eqDrawn)"
    before = page.evaluate(drawn)
    handle.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuetext") == "40%"
    until(
        page,
        "document.querySelector('.eq-title').textContent.startsWith('With 40% of hires, women')",
    )
    assert page.locator(".eq-slider output").first.inner_text() == "40%"
    assert page.evaluate(drawn) > before
    until(page, "location.search", "?women-among-hires=40")
    page.keyboard.press("Home")
    until(page, "document.querySelector('.eq-title').textContent.includes('0% of hires')")
    assert visit.errors == []


def test_a_dragged_slider_ends_where_it_is_let_go(visit, voila_server):
    page = visit.open(voila_server.url + PROJECTION, figures=1)
    handle = page.get_by_label("Women among hires", exact=True)
    box = handle.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 3, middle)
    page.mouse.down()
    for i in range(30):
        page.mouse.move(box["x"] + box["width"] * (10 + i) / 40, middle)
    page.mouse.up()
    words = handle.get_attribute("aria-valuetext")
    until(page, f"document.querySelector('.eq-title').textContent.startsWith('With {words} of')")
    page.wait_for_timeout(500)
    assert handle.get_attribute("aria-valuetext") == words


def test_a_link_sets_the_sliders(visit, voila_server):
    address = PROJECTION + "?women-among-hires=45&target-year=2040&hires-in-a-year=99999"
    page = visit.open(voila_server.url + address, figures=1)
    until(page, "document.querySelector('.eq-title').textContent.startsWith('With 45%')")
    assert "by 2040" in page.locator(".eq-summary").first.inner_text()
    missed = page.locator(".eq-missed")
    assert missed.inner_text() == ("Not available here: hires in a year 99999. Showing 40 people.")


def test_every_slider_has_a_label_of_its_own(visit, voila_server):
    page = visit.open(voila_server.url + PROJECTION, figures=1)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids)), "an id is there once"
    for words in ("Women among hires", "Hires in a year", "Leave in a year", "Target year"):
        page.locator(".eq-slider-label", has_text=words).click()
        labels = "[...document.activeElement.labels].map((one) => one.textContent)"
        assert page.evaluate(labels) == [words]


def test_a_slider_begins_at_what_was_counted_and_says_so(visit, voila_server):
    page = visit.open(voila_server.url + PROJECTION, figures=1)
    handle = page.get_by_label("Leave in a year", exact=True)
    assert handle.get_attribute("aria-valuetext") == "6.8% as counted"
    assert "6.8%" in page.locator(".eq-summary").first.inner_text()
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuetext") == "8%"
    until(page, "document.querySelector('.eq-summary').textContent.includes('8% of this')")
    until(page, "location.search", "?leave-in-a-year=8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sliders_fit_a_small_screen_and_can_be_touched(visit_as, voila_server, scheme):
    visit = visit_as(viewport={"width": 320, "height": 700}, color_scheme=scheme)
    page = visit.open(voila_server.url + PROJECTION, figures=1)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
    for handle in page.locator(".eq-slider input").all():
        box = handle.bounding_box()
        assert box["height"] >= 44 and box["width"] >= 100
        assert box["x"] >= 0 and box["x"] + box["width"] <= 320
    tops = {b.bounding_box()["y"] for b in first(page).locator(".eq-tools button").all()}
    assert len(tops) == 1, "the downloads stand in one row"


def test_nothing_stands_in_the_way_of_anyone(visit, voila_server, violations):
    page = visit.open(voila_server.url + PROJECTION, figures=1)
    first(page).get_by_text("Show the numbers").click()
    assert violations(page) == {}
