"""No page in no state has anything for axe-core to report, its best practices included."""

from __future__ import annotations

import pytest

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
