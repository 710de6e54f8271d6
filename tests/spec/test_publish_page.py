"""The files of a published page, read without a browser: rules of HTML, and of a strict policy."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "dashboards"))

import made_page  # noqa: E402

from equity.publish._assets import asset_names, write_assets  # noqa: E402
from equity.publish._format import written  # noqa: E402
from equity.publish._page import write_page  # noqa: E402
from equity.publish._templates import POLICY  # noqa: E402

VOID = {"meta", "link", "br", "img", "input", "hr", "col", "path", "line", "rect", "use"}


class _Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.script = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            self.script.append(data)

    def all(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_assets(folder)
    write_page(made_page.page(), made_page.site(), folder)
    return folder


@pytest.fixture(scope="module")
def page(site):
    return _Page((site / "people.html").read_text(encoding="utf-8"))


def test_nothing_inline_and_nothing_from_elsewhere(page, site):
    assert page.open == []  # every element is closed
    assert page.script == []
    for tag, attrs in page.tags:
        assert "style" not in attrs and tag not in ("style", "base", "iframe"), tag
        assert not [name for name in attrs if name.startswith("on")]
        for name in ("src", "href", "action"):
            where = attrs.get(name) or ""
            assert not re.match(r"(https?:)?//|javascript:", where), where
    for script in page.all("script"):
        assert "type" not in script  # a module does not load from a drive
        assert (site / script["src"].split("?")[0]).is_file()
    assert (site / page.all("script")[-1]["data-vega"]).is_file()
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert "unsafe" not in policy
    assert policy.replace(" file:", "") == POLICY


def test_headings_landmarks_language_and_names(page):
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))
    for landmark in ("header", "main", "footer"):
        assert len(page.all(landmark)) == 1
    assert all(nav.get("aria-label") for nav in page.all("nav"))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.tags:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert set((attrs.get(name) or "").split()) <= set(ids), attrs
    assert {label["for"] for label in page.all("label")} == {s["id"] for s in page.all("select")}
    plots = [attrs for _, attrs in page.tags if "eq-still" in (attrs.get("class") or "")]
    assert [p["role"] for p in plots] == ["img"]
    assert plots[0]["aria-label"] == "Men are half."  # the heading has been read by then


def test_words_are_escaped_and_hidden_cells_say_so_once(site):
    text = (site / "people.html").read_text(encoding="utf-8")
    assert "A sentence &lt;b&gt;in words&lt;/b&gt;." in text
    assert "Nowhere &amp; Sons" in text
    assert text.count('<td class="eq-missing">hidden</td>') == 2 * 4
    assert "hidden: fewer than 10 people, or it would give such a number away." in text
    assert made_page.REASON not in text
    assert 'href="csv/people/shares.csv"' in text


def test_drawings_hold_no_style_and_no_name_twice_and_two_widths(site):
    text = (site / "people.html").read_text(encoding="utf-8")
    drawings = re.findall(r"<svg.*?</svg>", text, re.S)
    assert [re.search(r'width="(\d+)"', d)[1] for d in drawings] == ["340", "760"]
    assert all('fill="#1b1b1b"' in d and "#123456" not in d for d in drawings)  # our ink
    assert all("31%" not in d and "<style" not in d for d in drawings)


def unpack(box, number):
    """Undo the packing, by its description alone."""
    parts = box["parts"]

    def whole(node):
        if isinstance(node, dict):
            if "$" in node:
                return whole(parts[node["$"]])
            return {k: whole(v) for k, v in node.items()}
        return [whole(v) for v in node] if isinstance(node, list) else node

    def column(c, i):
        if isinstance(c, dict):
            return c["d"][c["i"][i]]
        return c[0] if len(c) == 1 else c[i]

    out = {}
    for key, at in box["states"][number].items():
        if key in ("rows", "data"):
            n, keys, columns = at
            out[key] = [
                {k: column(parts[c], i) for k, c in zip(keys, columns, strict=True)}
                for i in range(n)
            ]
        else:
            out[key] = whole(parts[at])
    return out


def test_states_hold_everything_that_was_captured(site):
    text = (site / "states" / "people" / "p1.js").read_text(encoding="utf-8")
    box = json.loads(text[text.index("]=") + 2 :].rstrip(";\n"))
    for number, state in enumerate(made_page.page()["panels"]["p1"]["pool"]):
        got = unpack(box, number)
        for key, value in state.items():
            if key == "data":  # a column that the chart does not name is not sent
                assert got[key] == [{k: r[k] for k in ("group", "rate")} for r in value]
            else:
                assert got.get(key, type(value)()) == value, key


def test_names_follow_the_content_and_addresses_do_not_clash(site):
    for kind, name in asset_names().items():
        assert re.fullmatch(r"(site|vega|compare)-[0-9a-f]{12}\.(js|css)", name), kind
        code = (site / "assets" / name).read_text(encoding="utf-8")
        assert not re.search(r"^(import|export) ", code, re.M)
    text = (site / "states" / "people" / "_page.js").read_text(encoding="utf-8")
    about = json.loads(text.partition("=")[2].rstrip(";\n"))
    assert [c["name"] for c in about["choices"].values()] == [
        "year",
        "year-2",
        "compare-by",
        "with",
    ]


def test_a_figure_without_a_start_is_refused(tmp_path):
    page = made_page.page()
    del page["panels"]["p1"]["states"][""]
    with pytest.raises(ValueError, match="no state to open with"):
        write_page(page, made_page.site(), tmp_path)


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (1234567, "whole", "1,234,567"),
        (2.5, "number", "2.5"),
        (3.0, "number", "3"),
        (1.005, "ratio", "1.01"),  # halves away from zero, as Intl.NumberFormat does
        (0.999, "p", ".999"),
        (0.9999, "p", "over .999"),
        (0.0161, "per_thousand", "16.1"),
        (True, "flag", "yes"),
        (2024, "text", "2024"),
        (None, "text", ""),
        (None, "whole", "not computed"),
    ],
)
def test_numbers_are_written_as_on_the_live_page(value, kind, words):
    assert written(value, {"format": kind}) == words
