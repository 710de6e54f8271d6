"""Two agencies or two periods side by side: what is written, what is matched, what is refused."""

from __future__ import annotations

import copy
import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "dashboards"))

import made_page  # noqa: E402

from equity.publish import compare  # noqa: E402
from equity.publish._site import write_site  # noqa: E402
from equity.publish._templates import POLICY  # noqa: E402


def site(agency="Nowhere & Sons", **more):
    usual = made_page.site() | {"agency": agency, "sources": [], "protection": {}, "cells": {}}
    return usual | more


def with_figure(page, filename):
    """Return the page with a second figure in its first section."""
    page = copy.deepcopy(page)
    page["panels"]["p9"] = page["panels"]["p1"] | {"filename": filename}
    page["sections"][0]["parts"].append({"kind": "panel", "panel": "p9"})
    return page


class _Html(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def all(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]

    def words(self):
        return " ".join(" ".join(self.text).split())


def told(folder):
    text = (folder / "states" / "_compare.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("globalThis.__equityCompare=").removesuffix(";\n"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agencies")
    pages = [with_figure(made_page.page(), "ours")]
    write_site(site(), folder / "a")
    write_site(
        site("Anytown Police", release="2026-05-04", fictional=False, pages=pages), folder / "b"
    )
    compare([folder / "a", folder / "b"], folder / "both")
    return folder


def test_the_page_of_one_site_labels_every_list_and_says_what_it_is_not(made):
    page = _Html(made / "a" / "compare.html")
    labelled = {label["for"] for label in page.all("label")}
    assert {select["id"] for select in page.all("select")} == labelled
    assert [o["value"] for o in page.all("option")] == ["people/shares", "here", "here"]
    words = page.words()
    assert "no test of a difference" in words and "nothing new is published" in words
    assert "agencies" not in words
    assert any(a.get("href") == "compare.html" for a in _Html(made / "a" / "people.html").all("a"))
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy.replace(" file:", "") == POLICY
    for tag, attrs in page.tags:
        assert "style" not in attrs and not [name for name in attrs if name.startswith("on")], tag
    for script in page.all("script"):
        assert (made / "a" / script["src"].split("?")[0]).is_file()
    note = json.loads((made / "a" / "site.json").read_text(encoding="utf-8"))
    assert "compare.html" in note["files"] and "states/_compare.js" in note["files"]


def test_nothing_is_in_the_data_of_the_page_but_names_and_places(made):
    text = (made / "both" / "states" / "_compare.js").read_text(encoding="utf-8")
    assert not re.search(r"rows|pool|12345|Women", text)


def test_figures_are_matched_by_page_and_file_and_who_lacks_one_is_named(made):
    page = _Html(made / "both" / "compare.html")
    assert [o["value"] for o in page.all("option")][:2] == ["people/shares", "people/ours"]
    words = page.words()
    assert "Who is here? (figure 1 of 2)" in words and "(shares)" not in words
    assert "Who is here? (figure 2 of 2) (only Anytown Police)" in words
    first, second = told(made / "both")["sites"]
    assert (first["label"], first["release"]) == ("Nowhere & Sons", "November 22, 2026")
    assert first["fictional"] and not second["fictional"]
    assert words.count("Fictional sample data") == 1  # beside the one agency, not on all
    assert first["pages"]["people"]["figures"] == {"shares": "p1"}
    assert set(second["pages"]["people"]["figures"]) == {"shares", "ours"}
    for one in (first, second):
        assert (made / "both" / one["root"] / "states" / "people" / "p1.js").is_file()
    home = _Html(made / "both" / "index.html")
    assert "1 of 2 figures are published by all of them." in home.words()
    for file in (home, page):
        for attrs in file.all("a", "link"):
            where = attrs["href"].split("#")[0]
            assert where.startswith("data:") or not where or (made / "both" / where).is_file(), (
                where
            )


def test_two_releases_of_one_agency_have_names_of_their_own(made, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(made / "a", old)
    note = json.loads((old / "site.json").read_text(encoding="utf-8"))
    (old / "site.json").write_text(json.dumps(note | {"date": "2025-01-02"}), encoding="utf-8")
    out = compare([made / "a", old], tmp_path / "out")
    assert [s["label"] for s in told(out)["sites"]] == [
        "Nowhere & Sons, November 22, 2026",
        "Nowhere & Sons, January 2, 2025",
    ]
    assert {"nowhere-sons", "nowhere-sons-2"} < {p.name for p in out.iterdir()}


def test_a_comparison_is_made_anew_and_sites_in_it_stay(made, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(made / "b", out / "here")
    compare([made / "a", out / "here"], out)
    compare([out / "here", made / "a"], out)
    assert sorted(p.name for p in out.iterdir()) == [
        "assets", "compare.html", "here", "index.html", "nowhere-sons", "site.json", "states",
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"\(here\), which would be lost"):
        compare([made / "a", made / "b"], out)
    assert (out / "here" / "people.html").is_file()


def _format(folder):
    note = json.loads((folder / "site.json").read_text(encoding="utf-8"))
    (folder / "site.json").write_text(json.dumps(note | {"format": 99}), encoding="utf-8")


def _no_format(folder):
    note = json.loads((folder / "site.json").read_text(encoding="utf-8"))
    del note["format"]
    (folder / "site.json").write_text(json.dumps(note), encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_format, r"Nowhere & Sons .* written in format 99, .* reads format 1\. Publish all"),
        (_no_format, "a format without a number"),
        (lambda f: (f / "states" / "people" / "p1.js").unlink(), "not complete: states/people/p1"),
        (lambda f: (f / "site.json").unlink(), "no published site"),
        (lambda f: (f / "states/people/_page.js").write_text("x", "utf-8"), "cannot be read"),
    ],
)
def test_what_cannot_stand_side_by_side_is_refused_and_nothing_is_written(
    made, tmp_path, harm, words
):
    bad = tmp_path / "bad"
    shutil.copytree(made / "a", bad)
    harm(bad)
    with pytest.raises(ValueError, match=words):
        compare([made / "b", bad], tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["bad"]


def test_one_site_twice_none_or_a_folder_with_other_things_is_refused(made, tmp_path):
    a, b = made / "a", made / "b"
    with pytest.raises(ValueError, match="two sites at least"):
        compare([a], tmp_path / "out")
    with pytest.raises(ValueError, match="named twice"):
        compare([a, a / ".." / "a"], tmp_path / "out")
    with pytest.raises(ValueError, match="lies in the site"):
        compare([a, b], a / "both")
    (tmp_path / "thesis.docx").write_text("ten years of work")
    with pytest.raises(ValueError, match="thesis.docx"):
        compare([a, b], tmp_path)
    with pytest.raises(ValueError, match="would be lost"):
        compare([a, b], _copied(b, tmp_path / "site"))


def _copied(folder, to):
    shutil.copytree(folder, to)
    return to
