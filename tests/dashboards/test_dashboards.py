"""The dashboards themselves, over the fictional agency, as `equity serve` opens them."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

DASHBOARDS = sorted((Path(__file__).parents[2] / "dashboards").glob("*.ipynb"))


@pytest.fixture(scope="module", params=DASHBOARDS, ids=lambda path: path.stem)
def dashboard(request, dashboards_server, browser):
    from real_browser import Visit

    visit = Visit(browser)
    visit.open(f"{dashboards_server.url}/voila/render/{request.param.name}")
    charts = "[...document.querySelectorAll('.eq-chart')].filter(e => e.checkVisibility())"
    drawn = "document.querySelectorAll('.eq-chart svg').length"
    for _ in range(200):
        visit.page.wait_for_timeout(100)
        wanted = visit.page.evaluate(f"{charts}.length")
        if wanted and visit.page.evaluate(drawn) == wanted:
            break
    assert visit.page.evaluate(drawn) == wanted > 0
    yield visit
    visit.leave()


def test_everything_is_drawn_and_nothing_fails(dashboard):
    page = dashboard.page
    told = (
        page.locator(".eq-problem, .eq-absent, .eq-notice, .eq-lost")
        .filter(visible=True)
        .all_inner_texts()
    )
    assert told == []
    assert dashboard.errors == []
    assert dashboard.outside == []
    assert page.get_by_text("Fictional sample data").first.is_visible()


def test_every_figure_has_a_heading_and_numbers(dashboard):
    for figure in dashboard.page.locator("figure").all():
        assert figure.get_by_role("heading", level=3).inner_text().strip()
        assert figure.get_by_role("button", name="CSV").count() == 1


def test_each_choice_can_be_made_without_a_traceback(dashboard):
    page = dashboard.page
    for choice in page.get_by_role("combobox").all():
        choice.select_option(index=choice.locator("option").count() - 1)
        page.wait_for_timeout(800)
    seen = page.content() + "".join(dashboard.frames)
    assert "Traceback" not in seen
    assert "could not be computed (reference" not in page.locator("body").inner_text()
    page.goto(page.url.split("?")[0])
    dashboard.drawn(1)


def test_axe_finds_nothing(dashboard, violations):
    page = dashboard.page
    page.wait_for_timeout(1500)
    for words in page.get_by_text("Show the numbers").all():
        if words.is_visible():
            words.click()
    assert violations(page) == {}


def test_a_small_screen_needs_no_sideways_scrolling(dashboard):
    page = dashboard.page
    page.set_viewport_size({"width": 320, "height": 700})
    page.wait_for_timeout(800)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
