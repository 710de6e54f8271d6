"""How quick the house is: import, count files, measures, and the first chart in a browser.

Run it with ``.venv/bin/python benchmarks/house.py`` (add ``--browser`` for the last part, which
needs Chromium). Each row is measured side by side with a floor in the same run, because seconds
differ between machines and ratios hardly do.
"""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

import equity as eq
from equity.agency import read_agency
from equity.pipeline import check_agency, count_agency


def best(run: Callable[[], object], times: int = 3) -> float:
    """Return the seconds of the quickest of several runs."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def python(code: str) -> Callable[[], object]:
    """Return a call that runs code in a new interpreter."""
    return lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def once(run: Callable[[], object]) -> float:
    """Return the seconds of one run."""
    return best(run, times=1)


def main() -> None:
    """Measure, and print one table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--browser", action="store_true", help="also draw in Chromium")
    browser = options.parse_args().browser
    table = Table("What", "Seconds", "Must be under", "Floor", "Floor, seconds", "Ratio")
    missed = []

    def row(what: str, seconds: float, limit: float | None, floor: str, base: float) -> None:
        if limit is not None and seconds >= limit:
            missed.append(what)
        table.add_row(
            what,
            f"{seconds:.3f}",
            "" if limit is None else f"{limit:g}",
            floor,
            f"{base:.3f}",
            f"{seconds / base:.1f}",
        )

    pandas = best(python("import pandas"))
    ours = best(python("import equity"))
    row("import equity, in a new process", ours, 1, "import pandas", pandas)

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "riverton"
        drawn = once(lambda: eq.sample.write_sample(home))
        agency = read_agency(home)
        stops = str(agency.paths("stops")[0])
        scan = best(lambda: duckdb.sql(f"SELECT count(*) FROM read_csv('{stops}')").fetchall())
        floor = "DuckDB counts the rows of stops.csv"
        row("write the sample agency", drawn, None, floor, scan)
        checked = once(lambda: check_agency(agency))
        counted = once(lambda: count_agency(agency, fits=False))
        row("check every input", checked, None, floor, scan)
        row("count, without the threshold test", counted, None, floor, scan)
        row("check and count together", checked + counted, 10, floor, scan)
        again = once(lambda: count_agency(agency))
        row("count again, with the fits of the threshold test", again, None, floor, scan)

        counts = eq.read_counts(agency.counts / "stops.parquet")
        residents = eq.read_counts(agency.counts / "residents_stops.parquet").split("benchmark")
        sums = best(lambda: counts.table.groupby("subject_race")["n"].sum(), 20)
        who = {"group": "subject_race", "reference": "white"}
        for name, run in {
            "stop_rates": lambda: eq.stop_rates(counts, residents, **who),
            "rates in each district": lambda: eq.rates(
                counts, of="search_conducted", within="district", **who
            ),
            "hit_rates": lambda: eq.hit_rates(counts, **who),
        }.items():
            row(name, best(run, 20), None, "pandas adds the count table up", sums)
        if browser:
            for what, seconds, limit, base in in_browser(home):
                row(what, seconds, limit, "the landing page", base)

    console = Console()
    packages = ("pandas", "duckdb", "narwhals", "altair", "voila")
    versions = ", ".join(f"{p} {version(p)}" for p in packages)
    console.print(f"Python {platform.python_version()}, {platform.machine()}; {versions}")
    console.print(table)
    if missed:
        sys.exit(f"Over the limit: {', '.join(missed)}")


@contextmanager
def serving(agency: Path) -> Iterator[str]:
    """Serve an agency's dashboards in another process; give the address."""
    server = subprocess.Popen(
        [sys.executable, "-m", "equity", "serve", "--agency", str(agency), "--port", "8990"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if found := re.search(r"http://\S+", line):
                yield found[0]
                break
    finally:
        server.terminate()
        server.wait()


def in_browser(agency: Path) -> list[tuple[str, float, float | None, float]]:
    """Return what a viewer waits for on a warm server: what, seconds, limit, landing page."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    rows: list[tuple[str, float, float | None, float]] = []
    with serving(agency) as address, sync_playwright() as play:
        chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = chromium.new_page()

        def opened(url: str, ready: str) -> float:
            start = time.perf_counter()
            page.goto(url)
            page.wait_for_selector(ready, timeout=60_000)
            return time.perf_counter() - start

        landing = min(opened(address, "main h1") for _ in range(3))
        for name in ("hiring", "stops"):
            url = f"{address}voila/render/{name}.ipynb"
            opened(url, "figure svg")  # the first visit fills the browser's cache
            times = []
            for _ in range(3):
                page.goto(address)
                time.sleep(12)  # the server keeps kernels ready: let it make a new one
                times.append(opened(url, "figure svg"))
            rows.append((f"first chart of {name}, warm", min(times), 2, landing))
            rows.append((f"a choice redraws a chart of {name}", redrawn(page), 0.2, landing))
        chromium.close()
    return rows


def redrawn(page: Any) -> float:
    """Return the median seconds from a choice to the changed text of the chart it changes."""
    page.wait_for_timeout(3000)
    return page.evaluate(REDRAW)


REDRAW = """async () => {
  const times = [];
  const select = [...document.querySelectorAll('select')].find(s => s.options.length > 3);
  const panels = () => [...document.querySelectorAll('figure svg')].map(s => s.outerHTML).join();
  for (let i = 1; i < Math.min(select.options.length, 5); i++) {
    const before = panels(), start = performance.now();
    select.selectedIndex = i;
    select.dispatchEvent(new Event('change', {bubbles: true}));
    while (panels() === before && performance.now() - start < 5000)
      await new Promise(r => setTimeout(r, 4));
    times.push((performance.now() - start) / 1000);
    await new Promise(r => setTimeout(r, 1500));
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}"""


if __name__ == "__main__":
    main()
