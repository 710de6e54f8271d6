"""The documentation is complete and runs: every key, public name, link and example."""

from __future__ import annotations

import doctest
import importlib
import re
import tomllib
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

import equity
from equity import measures
from equity.agency import Agency, read_agency

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")],
    key=lambda path: path.relative_to(ROOT).as_posix(),
)
OUR_DATA = ROOT / "docs" / "your-own-data.md"
# pictures that are made from the running pages, and may not be there yet
PICTURES = {"docs/images/hiring.png", "docs/images/stops.png"}
# what `read_agency` fills in itself; they are not keys
OWN = {"folder", "results"}
# names of other hosts that a page may give; nothing else on the pages is an address
HOSTS = {"127.0.0.1", "keepachangelog.com", "www.anytown.example"}
# a picture or a figure describes; it does not judge
JUDGING = r"\b(bias(ed)?|unbiased|complian(t|ce)|violat(es?|ions?)|discriminatory)\b"

FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>\w*)\n(?P<text>.*?)^(?P=indent)```", re.M | re.S)
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]
page = pytest.mark.parametrize("path", PAGES, ids=NAMES)


def blocks(path: Path, kind: str) -> Iterator[tuple[int, str]]:
    """Return the line and the text of each fenced block of a kind, without its indent."""
    text = path.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        if found["kind"] == kind:
            line = text.count("\n", 0, found.start()) + 1
            width = len(found["indent"])
            yield line, "".join(row[width:] or "\n" for row in found["text"].splitlines(True))


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """Return what the headings of a page are called in links, as code hosts call them."""
    headings = re.findall(r"^#+ +(.*)$", prose(path), re.M)
    return {re.sub(r"[^\w\- ]", "", h.strip().lower()).replace(" ", "-") for h in headings}


# ------------------------------------------------------------------------- the agency file


def models(kind: object) -> Iterator[type[BaseModel]]:
    """Return the models that a field of this type holds."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    elif typing.get_origin(kind) is not None or isinstance(kind, types.UnionType):
        for inner in typing.get_args(kind):
            yield from models(inner)


def keys(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, str]]:
    """Return (section, key) for every key of the agency file, sections inside sections too."""
    for name, field in model.model_fields.items():
        if not above and name in OWN:
            continue
        inner = list(models(field.annotation))
        if above:
            yield above, name
        for part in inner:
            yield from keys(part, name)


def sections() -> dict[str, str]:
    """Return section of the agency file -> the part of the page under its heading."""
    parts = re.split(r"^### (.*)$", OUR_DATA.read_text(encoding="utf-8"), flags=re.M)
    found = {}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        for name in re.findall(r"`\[+([\w.]+)\]+`", heading):
            found[name.rsplit(".")[-1]] = text.split("\n## ")[0]
    return found


@pytest.mark.parametrize(("section", "key"), sorted(set(keys(Agency))))
def test_every_key_of_the_agency_file_is_explained_under_its_section(section, key):
    told = sections()
    assert section in told, f"docs/your-own-data.md has no heading with `[{section}]`"
    row = re.search(rf"^\| `{key}` \|(.*)$", told[section], re.M)
    assert row, f"docs/your-own-data.md, [{section}]: no row for `{key}`"
    meaning, example, error = row[1].strip().strip("|").split(" | ")
    assert all(part.strip() for part in (meaning, example, error))


def test_no_key_is_explained_that_is_not_there():
    there = set(keys(Agency))
    for section, text in sections().items():
        table = text.split("####")[0]
        for key in re.findall(r"^\| `(\w+)` \|", table, re.M):
            assert (section, key) in there, f"[{section}] {key} is explained, but is not a key"


def test_whole_agency_files_in_the_pages_are_valid(tmp_path):
    seen = 0
    for path in PAGES:
        for line, text in blocks(path, "toml"):
            where = f"{path.relative_to(ROOT)}, line {line}"
            given = tomllib.loads(text)
            if "agency" in given:
                file = tmp_path / f"{seen}.toml"
                file.write_text(text, encoding="utf-8")
                assert read_agency(file).inputs, where
                seen += 1
    assert seen >= 4


# ------------------------------------------------------------------------------ the checks


@pytest.mark.parametrize("table", ["stops", "workforce", "exits", "applicants", "residents"])
def test_every_rule_of_the_data_checks_is_listed(table):
    suite = importlib.import_module(f"data_checks.{table}")
    text = (ROOT / "docs" / "data-checks.md").read_text(encoding="utf-8")
    silent = [
        number
        for place, key in enumerate(suite.KEYS, start=1)
        if not key.startswith("stage ")
        and (number := f"{suite.PREFIX}{place:02d}")
        and not re.search(rf"\b{number}\b", text)
    ]
    assert not silent


# ----------------------------------------------------------------------- names, links, words


def test_every_public_name_is_in_the_list_of_names():
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8").split("\n## Names")[1]
    assert not [name for name in equity.__all__ if f"\n| `eq.{name}` |" not in text]


def test_every_module_stands_in_the_tree_of_the_house_and_no_other():
    tree = next(text for _, text in blocks(ROOT / "CONTRIBUTING.md", "") if "__main__.py" in text)
    # the part of the tree that lists Python code: from equity/ to dashboards/
    told = set(re.findall(r"\b(\w+\.py)\b", tree.split("dashboards/")[0]))
    there = {
        path.name
        for top in ("equity", "data_checks")
        for path in (ROOT / top).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert not there - told, "these are missing in the tree in CONTRIBUTING.md"
    assert not told - there - {"__init__.py"}, (
        "the tree in CONTRIBUTING.md names what is not there"
    )


@pytest.mark.parametrize("name", measures.__all__)
def test_every_measure_has_a_page_with_all_its_parts(name):
    found = [
        path
        for path in (ROOT / "docs" / "questions").glob("*.md")
        if f"`equity.{name}`" in path.read_text(encoding="utf-8").split("\n## ")[0]
    ]
    assert len(found) == 1, f"docs/questions has no page for {name}, or more than one"
    text = found[0].read_text(encoding="utf-8")
    for part in (
        "The question",
        "The formula",
        "The interval",
        "The picture",
        "What it cannot show",
        "Assumptions",
        "The published number",
        "Example",
        "References",
    ):
        assert f"\n## {part}" in text, f"{found[0].name} has no part {part!r}"
    assert f"eq.{name}(" in text, f"{found[0].name} has no example of {name}"


@page
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        to = (path.parent / name).resolve() if name else path
        if to.relative_to(ROOT).as_posix() in PICTURES:
            continue
        assert to.exists(), f"{target} leads nowhere"
        if anchor and to.suffix == ".md":
            assert anchor in anchors(to), f"{target}: {to.name} has no such heading"


@page
def test_pages_name_no_other_host_and_no_place_on_a_machine(path):
    text = path.read_text(encoding="utf-8")
    assert not set(re.findall(r"https?://([\w.-]+)", text)) - HOSTS
    assert not re.search(r"(?<![\w.])/(home|Users|work|root|tmp|opt)/", text)


@page
def test_words_describe_and_do_not_judge(path):
    assert not re.search(JUDGING, prose(path), re.I)


@page
def test_words_are_plain_and_lines_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert "\u2014" not in text, "write two sentences instead of a long dash"
    assert not re.search(r"\d ?% (more|less) likely", text), "write: 2.3 times as likely"


# -------------------------------------------------------------------------------- examples


@page
def test_examples_run(path, tmp_path, monkeypatch):
    """Examples with >>> give what they say; others run. Those of a page share their names."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for line, text in blocks(path, "python"):
        where = f"{path.relative_to(ROOT)}, line {line}"
        if ">>>" not in text:
            exec(compile(text, where, "exec"), names)
            continue
        test = doctest.DocTestParser().get_doctest(text, names, where, str(path), line)
        said: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)
        runner.run(test, out=said.append, clear_globs=False)
        assert not runner.failures, "".join(said)
        names.update(test.globs)
