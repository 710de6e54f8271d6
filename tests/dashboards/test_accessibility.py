"""No page in no state has anything for axe-core to report, its best practices included."""

from __future__ import annotations

import pytest
from real_browser import TOKEN

pytestmark = pytest.mark.browser

SCRATCH = "/voila/render/scratch.ipynb"


def test_a_dashboard_and_its_tables(visit, voila_server, violations):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    assert violations(page) == {}
    for words in page.get_by_text("Show the numbers").all():
        if words.is_visible():
            words.click()
    assert violations(page) == {}


def test_a_problem(visit, voila_server, violations):
    page = visit.open(voila_server.url + SCRATCH, figures=2)
    page.get_by_label("Trouble").select_option(label="library")
    page.get_by_text("could not be computed (reference").wait_for()
    assert violations(page) == {}


def test_the_log_in_page_and_a_page_under_another_path(visit, locked_server, violations):
    page = visit.page
    page.goto(locked_server.url + "/equity" + SCRATCH)
    assert violations(page) == {}
    page.get_by_label("Token").fill("not the token")
    page.get_by_role("button", name="Open the dashboards").click()
    page.get_by_role("alert").filter(has_text="That is not the token").wait_for()
    assert violations(page) == {}
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    visit.drawn(2)
    assert page.url == locked_server.url + "/equity" + SCRATCH
    page.get_by_label("Year", exact=True).select_option(label="2022")
    page.locator(".eq-shown").filter(has_text="Year: 2022", visible=True).first.wait_for()
    assert visit.errors == []


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_pages_around_it(visit, voila_server, violations, path):
    visit.page.goto(voila_server.url + path)
    assert violations(visit.page) == {}


def test_a_page_that_failed(visit, voila_server, violations):
    visit.page.goto(voila_server.url + "/voila/render/broken.ipynb")
    visit.page.get_by_text("The rest of this page could not be computed").wait_for()
    assert violations(visit.page) == {}


def test_a_page_that_is_loading(visit, voila_server, violations):
    # without its main script the page stays as it is while it loads
    visit.context.route("**/voila/static/voila.js", lambda route: route.abort())
    visit.page.goto(voila_server.url + SCRATCH)
    visit.page.get_by_role("heading", name="Opening").wait_for()
    assert visit.page.get_by_role("progressbar").is_visible()
    assert violations(visit.page) == {}
