"""The house stands: imports run downwards only, modules stay small, every name is documented."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(p for top in ("equity", "data_checks") for p in (ROOT / top).rglob("*.py"))

# room -> the rooms that it may import; a package is one room
MAY_IMPORT = {
    "equity.groups": set(),
    "equity.tables": {"equity.groups"},
    "equity.engine": {"equity.tables"},
    "equity.cohorts": {"equity.groups", "equity.tables", "equity.engine"},
    "equity.counts": {"equity.groups", "equity.tables", "equity.cohorts", "equity.engine"},
    "equity.daylight": {"equity.groups", "equity.tables", "equity.cohorts"},
    "equity.durations": {"equity.groups", "equity.tables", "equity.cohorts"},
    "equity.sources": {"equity.groups", "equity.tables"},
    "equity.proportions": set(),
    "equity.margins": set(),
    "equity.measures": {"equity.proportions", "equity.margins"},
    "equity.charts": set(),
    "equity.disclosure": set(),
    "equity.case_studies": {"equity.counts"},
    "equity.sample": {"equity.daylight"},
    "equity.sections": {"equity.groups"},
    "equity.agency": {"equity.groups", "equity.sections", "equity.tables"},
    "equity.proposal": {
        "equity.groups",
        "equity.sections",
        "equity.sources",
        "equity.tables",
    },
    "data_checks": {"equity.tables"},
}
ROOF = {
    "equity",
    "equity.widgets",
    "equity.pipeline",
    "equity.publish",
    "equity.serve",
    "equity.__main__",
}


def room(module: str) -> str:
    parts = module.split(".")
    return parts[0] if parts[0] == "data_checks" else ".".join(parts[:2])


def imports(path: Path) -> set[str]:
    """Return our own modules that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # "from equity import groups" imports the room equity.groups
            found |= {
                f"{node.module}.{alias.name}" if node.module == "equity" else node.module
                for alias in node.names
            }
    return {name for name in found if name.split(".")[0] in ("equity", "data_checks")}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_downwards_only(path):
    here = room(name_of(path))
    if here in ROOF:
        return
    assert here in MAY_IMPORT, f"{here} is a new room: say in MAY_IMPORT what it may import"
    upwards = (
        {room(name) for name in imports(path)} - MAY_IMPORT[here] - {here, "equity.__version__"}
    )
    assert not upwards, f"{here} imports {upwards}, which lie above it"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_are_small_and_opened_by_a_sentence(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 400
    opening = ast.get_docstring(ast.parse(text))
    assert opening, "a module is opened by one sentence"
    assert opening.split("\n\n")[0].rstrip().endswith((".", ":"))


def public_names():
    import equity

    for name in equity.__all__:
        thing = getattr(equity, name)
        yield f"equity.{name}", thing
        if inspect.ismodule(thing):
            for inner in getattr(thing, "__all__", ()):
                yield f"equity.{name}.{inner}", getattr(thing, inner)


def test_every_public_name_is_documented():
    silent = [
        name
        for name, thing in public_names()
        if (inspect.isroutine(thing) or inspect.isclass(thing) or inspect.ismodule(thing))
        and not (inspect.getdoc(thing) or "").strip()
    ]
    assert not silent


def test_every_measure_says_what_it_cannot_show_and_where_it_is_from():
    from equity import measures

    for name in measures.__all__:
        text = (inspect.getdoc(getattr(measures, name)) or "").lower()
        assert "cannot show" in text, f"{name} does not say what it cannot show"
        assert ">>>" in text, f"{name} has no worked example"


def test_every_measure_has_a_chart_of_its_name():
    from equity import charts, measures

    assert set(measures.__all__) <= set(charts.__all__)


@pytest.mark.parametrize(
    "late",
    [
        "altair",
        "great_expectations",
        "scipy.stats",
        "statsmodels",
        "anywidget",
        "voila",
        "nutpie",
        "arviz",
        "highspy",
        "jinja2",
        "mistune",
        "equity.disclosure",
        "equity.publish",
        "equity.serve",
    ],
)
def test_importing_equity_stays_light(late):
    code = f"import sys, equity; print({late!r} in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"


def test_great_expectations_is_known_to_the_checks_only():
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        if any(n.startswith("great_expectations") for n in names):
            assert name_of(path).startswith("data_checks")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "dashboards").glob("*.ipynb")), ids=lambda p: p.stem
)
class TestNotebook:
    @staticmethod
    def cells(path):
        return json.loads(path.read_text(encoding="utf-8"))["cells"]

    def test_it_keeps_its_outputs_to_itself(self, path):
        for cell in self.cells(path):
            assert not cell.get("outputs") and cell.get("execution_count") is None

    def test_cells_are_few_and_short(self, path):
        cells = self.cells(path)
        assert 10 <= len(cells) <= 90  # sixteen questions of stops, seventeen of hiring
        for cell in cells:
            if cell["cell_type"] == "code":
                assert len("".join(cell["source"]).splitlines()) <= 8

    def test_it_defines_nothing_and_draws_nothing_itself(self, path):
        for cell in self.cells(path):
            if cell["cell_type"] == "code":
                tree = ast.parse("".join(cell["source"]))
                kinds = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
                assert not any(isinstance(n, kinds) for n in ast.walk(tree))
                assert "alt." not in "".join(cell["source"])

    def test_a_sentence_stands_above_every_code_cell(self, path):
        cells = self.cells(path)
        for before, cell in zip(cells, cells[1:], strict=False):
            if cell["cell_type"] == "code":
                assert before["cell_type"] == "markdown"

    def test_the_parameters_come_first_then_who_is_in(self, path):
        cells = self.cells(path)
        code = [c for c in cells if c["cell_type"] == "code"]
        assert "parameters" in code[0]["metadata"].get("tags", [])
        headings = [
            line
            for c in cells
            if c["cell_type"] == "markdown"
            for line in "".join(c["source"]).splitlines()
            if line.startswith("## ")
        ]
        assert headings[0] == "## Who is in these figures, and who is left out"

    def test_every_question_says_what_its_answer_cannot_show(self, path):
        text = "\n\n".join(
            "".join(c["source"]) for c in self.cells(path) if c["cell_type"] == "markdown"
        )
        for section in text.split("\n## ")[1:]:
            if section.splitlines()[0].endswith("?"):
                assert "cannot show" in section
                assert "How to read" in section

    def test_what_is_for_the_inside_only_is_marked_whole(self, path):
        """A section whose figure is internal is internal from its heading to its last sentence."""
        sections: list[set[bool]] = [set()]
        for cell in self.cells(path):
            if cell["cell_type"] == "markdown" and "".join(cell["source"]).startswith("## "):
                sections.append(set())
            sections[-1].add("internal" in cell["metadata"].get("tags", []))
            later = "".join(cell["source"]).split("\n\n## ")[1:]
            assert not (later and "internal" in cell["metadata"].get("tags", []))
        assert not [s for s in sections if len(s) > 1 and True in s]
