"""A real Voila, a real browser, and no other host: fixtures for the tests of the dashboards."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DASHBOARDS = ROOT / "dashboards"
sys.path.insert(0, str(HERE))  # pytest's importlib mode leaves it out

from real_browser import CHROMIUM, FLAGS, TOKEN, Server, Visit  # noqa: E402

# ------------------------------------------------------------ notebooks, counts


def _markdown(text: str) -> Any:
    return nbformat.v4.new_markdown_cell(text)


def _code(text: str) -> Any:
    return nbformat.v4.new_code_cell(text)


def _notebook(path: Path, cells: list[Any], **metadata: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
        **metadata,
    }
    nbformat.write(notebook, path)


SCRATCH = [
    _markdown("# Scratch figures\n\nFigures to test the page with. **Not** of anyone."),
    _code(
        "import pandas as pd\nimport stand_in\nfrom equity import widgets as w\nw.setup()\n"
        "counts = stand_in.counts()"
    ),
    _markdown("## Choose what to see"),
    _code(
        "district = w.choose(counts, 'district', 'District', all='All districts')\n"
        "year = w.choice('Year', counts.values('year'), all='All years')\n"
        "trouble = w.choice('Trouble', ['rule', 'library', 'callback', 'slow'], all='None')\n"
        "home = pd.DataFrame({'place': ['Scratch']}); near = pd.DataFrame({'place': ['Near']})\n"
        "benchmark = w.choice('Compared with', {'Residents': home, 'Nearby': near})\n"
        "def stumble(change):\n"
        "    if change['new'] == 'callback': raise RuntimeError(stand_in.SECRET)\n"
        "trouble.observe(stumble, names='value')\n"
        "w.choices_bar(district, year, trouble, benchmark)"
    ),
    _markdown("## Who is searched?\n\nHow to read it: the dot is the rate."),
    _code(
        "w.show(counts, stand_in.rates, stand_in.chart,\n"
        "    where=dict(district=district, year=year), of='searched', group='race',\n"
        "    reference='white', trouble=trouble, filename='search-rates',\n"
        "    columns=['group', 'n', 'x', 'rate', 'ratio', 'p_value'])"
    ),
    _markdown("## Compared with residents"),
    _code(
        "w.show(counts, stand_in.residents_rates, stand_in.chart, residents=benchmark,\n"
        "    where=dict(district=district), unfollowed=[year], of='searched', group='race',\n"
        "    reference='white', filename='residents')"
    ),
    _markdown("## Who is in and who is left out"),
    _code("w.table(counts.ledger, caption='Records left after each step', filename='ledger')"),
    _code("w.note('Live words, in **bold**.')"),
]

PROJECTION = [
    _markdown("# Scratch projection"),
    _code(
        "import stand_in\nfrom equity import charts, measures\nfrom equity import widgets as w\n"
        "w.setup()"
    ),
    _markdown("## Choose what to assume"),
    _code(
        "share = w.slider('Women among hires', 0, 0.6, 0.01, 0.2, '%')\n"
        "hires = w.slider('Hires in a year', 0, 100, 5, 40, 'people')\n"
        "leave = w.slider('Leave in a year', 0, 0.2, 0.01, 0.07, '%')\n"
        "leave.begin(0.0684, 'as counted')\n"
        "by = w.slider('Target year', 2026, 2050, 1, 2032, 'year')\n"
        "w.choices_bar(share, hires, leave, by)"
    ),
    _markdown("## When are women 30 % of the staff?"),
    _code(
        "w.show(stand_in.staff(), measures.parity_projection, charts.parity_projection,\n"
        "    group='sex', focal='female', target=0.3, hires=hires, hire_share=share,\n"
        "    exit_rates=leave, by_year=by, filename='projection')"
    ),
    _markdown("## As a published page has it"),
    _code(
        "staff = w.table(stand_in.staff().ledger, caption='Staff', filename='staff')\n"
        "staff.answers = False\nstaff"
    ),
]


CHOICES = [
    _markdown("# Scratch choices"),
    _code(
        "import stand_in\nfrom equity import charts, measures\nfrom equity import widgets as w\n"
        "w.setup()\ncounts = stand_in.candidates()"
    ),
    _markdown("## Choose which candidates to see"),
    _code(
        "group = w.choose_group(counts)\n"
        "reference = w.choose_reference(counts, group, highest='Highest rate')\n"
        "w.choices_bar(group, reference)"
    ),
    _markdown("## Is it the same in every year?"),
    _code(
        "w.show(counts, measures.pooled, charts.pooled, group=group, reference=reference,\n"
        "    within='year', stages=['hired'], filename='pooled')"
    ),
    _markdown("## Another part of the page"),
    _code("other = w.choice('Compared with', ['white', 'black'])\nw.choices_bar(other)"),
    _code(
        "w.show(counts, measures.adverse_impact, charts.adverse_impact, group='race',\n"
        "    reference=other, stages=['hired'], filename='other')"
    ),
    _markdown("## The end\n\n" + "Words.\n\n" * 60),
]


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A folder of dashboards with our template and settings, and one of counts."""
    import stand_in

    folder = tmp_path_factory.mktemp("scratch")
    dashboards = folder / "dashboards"
    dashboards.mkdir()
    settings = json.loads((DASHBOARDS / "voila.json").read_text())
    # milliseconds: a page that is left alone is asked whether it is there sooner than usual
    settings["Voila"]["tornado_settings"] = {"ws_ping_interval": 1500}
    (dashboards / "voila.json").write_text(json.dumps(settings))
    shutil.copytree(DASHBOARDS / "share", dashboards / "share")
    stand_in.counts().write(folder / "counts" / "stops.parquet")
    _notebook(
        dashboards / "scratch.ipynb",
        SCRATCH,
        title="Scratch figures",
        description="Who is searched, in figures that nobody made.",
    )
    _notebook(dashboards / "projection.ipynb", PROJECTION, title="Scratch projection")
    _notebook(dashboards / "choices.ipynb", CHOICES, title="Scratch choices")
    broken = [
        _markdown("# Broken page"),
        _code("from equity import widgets as w\nw.setup()"),
        _code("import stand_in\nraise RuntimeError(stand_in.SECRET)"),
        _markdown("## Never shown"),
    ]
    _notebook(dashboards / "broken.ipynb", broken, title="Broken page")
    unready = [_markdown("# Unready page"), _code(f"raise RuntimeError({stand_in.SECRET!r})")]
    _notebook(dashboards / "unready.ipynb", unready, title="Unready page")
    return SimpleNamespace(folder=folder, dashboards=dashboards, counts=folder / "counts")


@pytest.fixture(scope="session")
def sample_counts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The count files of the fictional agency, made by the command line as a user makes them."""
    folder = tmp_path_factory.mktemp("sample") / "riverton"
    for words in (["sample", str(folder)], ["count", "--check", "--agency", str(folder)]):
        done = subprocess.run(
            [sys.executable, "-m", "equity", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"equity {words[0]}: {done.stdout}{done.stderr}"
    from equity.agency import read_agency

    return Path(read_agency(folder / "equity.toml").counts)


# ------------------------------------------------------------ servers


@pytest.fixture(scope="session")
def voila_server(scratch: SimpleNamespace) -> Iterator[Server]:
    server = Server(scratch.counts, scratch.dashboards, scratch.folder / "server.txt")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def locked_server(
    scratch: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server as one behind another web server: a token, a name and a path; no kernels ready."""
    folder = tmp_path_factory.mktemp("locked")
    shutil.copytree(scratch.dashboards, folder / "dashboards")
    settings = json.loads((folder / "dashboards" / "voila.json").read_text())
    settings["VoilaConfiguration"]["preheat_kernel"] = False
    settings["CappedKernelManager"]["alone_timeout"] = 3
    (folder / "dashboards" / "voila.json").write_text(json.dumps(settings))
    server = Server(
        scratch.counts,
        folder / "dashboards",
        folder / "server.txt",
        token=TOKEN,
        base_url="/equity/",
        names=["dashboards.example.gov"],
    )
    yield server
    server.stop()


@pytest.fixture(scope="session")
def dashboards_server(
    sample_counts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The real notebooks over the fictional agency."""
    server = Server(sample_counts, DASHBOARDS, tmp_path_factory.mktemp("real") / "server.txt")
    yield server
    server.stop()


# ------------------------------------------------------------ browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Visit]:
    visit = Visit(browser)
    yield visit
    visit.leave()


@pytest.fixture
def visit_as(browser: Any) -> Iterator[Any]:
    """A visit with options: ``visit_as(color_scheme="dark")``."""
    visits: list[Visit] = []

    def make(**options: Any) -> Visit:
        visits.append(Visit(browser, **options))
        return visits[-1]

    yield make
    for one in visits:
        one.leave()


@pytest.fixture(scope="module")
def still(browser: Any, voila_server: Server) -> Iterator[Visit]:
    """The scratch dashboard, opened once for all tests that only look at it."""
    visit = Visit(browser)
    visit.open(voila_server.url + "/voila/render/scratch.ipynb", figures=2)
    yield visit
    visit.leave()


# ------------------------------------------------------------ axe


RUN = """() => axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa',
  'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
  .then(r => r.violations.map(v => [v.id, v.help, ...v.nodes.map(n => n.html.slice(0, 200))]))"""


@pytest.fixture(scope="session")
def axe():
    """Return the source of axe-core, which a Python package carries."""
    import axe_playwright_python

    found = sorted(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
    return found[0].read_text(encoding="utf-8")


@pytest.fixture
def violations(axe):
    """Return what axe finds in a page, light and dark, wide and narrow."""

    def look(page):
        page.evaluate(axe)
        found = {}
        for scheme in ("light", "dark"):
            for width in (1280, 320):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 900})
                page.wait_for_timeout(400)  # charts are drawn again in the other ink
                found[scheme, width] = page.evaluate(RUN)
        return {state: list_ for state, list_ in found.items() if list_}

    return look
