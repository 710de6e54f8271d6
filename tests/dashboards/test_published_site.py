"""The pages around the figures of a published site, in a browser: axe, widths, no script."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "spec"))
import test_publish_site as spec
from conftest import RUN

pytestmark = pytest.mark.browser

PAGES = ["index.html", "glossary.html", "data.html", "releases/index.html"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("published") / "site"
    spec.write(spec.the_site("2026-05-04", value=110), out)
    spec.write(spec.the_site(), out)
    return out


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_cut_off(browser, axe, site, name):
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((site / name).as_uri())
    assert not said  # axe itself asks for files that a page on a drive may not read
    page.evaluate(axe)
    for scheme, width in (("light", 320), ("dark", 1280)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(RUN) == [], (scheme, width)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    context.close()


def test_the_pages_are_whole_without_script_and_under_their_policy(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((site / "index.html").as_uri())
    page.get_by_role("link", name="hidden", exact=True).click()
    assert page.url.endswith("glossary.html#hidden")
    assert page.get_by_text("Hidden is not zero").is_visible()
    assert not said
    context.close()
