"""Scale in one table: counting, checks, models and the dashboard, each beside something else.

    make benchmarks                                  or, with choices:
    .venv/bin/python benchmarks/scale.py --folder SCRATCH [--large | --quick] [--only counting ...]

It runs `counting.py`, `checks.py`, `models.py` and `dashboard.py`, reads what they print, and
prints one table, with the targets that were missed under it; ``--into FILE`` writes it too.
``--large`` counts 100 million rows as well (1.5 GB in the folder, twenty minutes), ``--quick``
looks at small sizes in some minutes. Ratios are of processor seconds, which other work on the
machine disturbs least; the ratios to naive pandas also of the clock, which is what one waits for.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = (
    *("numpy", "pandas", "pyarrow", "duckdb", "polars", "narwhals", "scipy", "statsmodels"),
    *("glum", "nutpie", "pystan", "great-expectations", "pandera", "voila"),
)
MILLION = 1_000_000
MEMORY = 700.0
"""Megabytes that counting 100 million rows may take."""
PANDAS = {"rates": 15.0, "daylight": 9.0}
"""How many times as quick as naive pandas a table of 10 million rows is to be counted."""


@dataclass(frozen=True)
class Line:
    """One line of the table: what was measured beside what, and whether it is as aimed at."""

    what: str
    rows: str
    ours: str
    beside: str = ""
    ratio: str = ""
    target: str = ""
    memory: float | None = None
    missed: bool = False

    def cells(self) -> list[str]:
        """Return the line as text, cell by cell."""
        memory = "" if self.memory is None else f"{self.memory:,.0f}"
        target = f"{self.target} (missed)" if self.missed else self.target
        return [self.what, self.rows, self.ours, self.beside, self.ratio, target, memory]


HEADINGS = ["What", "Rows", "Ours", "Beside", "Ratio", "Target", "MB"]


def told(script: str, *options: str) -> str:
    """Run one of the other benchmarks, and return what it prints; what it says stays visible."""
    print(f"{time.strftime('%H:%M')} {script} {' '.join(options)}", file=sys.stderr, flush=True)
    command = [sys.executable, str(HERE / script), *options]
    wide = os.environ | {"COLUMNS": "200"}  # tables are not broken into several lines
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=wide)
    if done.returncode and not done.stdout.strip():
        raise RuntimeError(f"{script} ended without a figure")
    return done.stdout


def piped(text: str) -> Iterator[list[str]]:
    """Return the cells of every line of a table drawn with bars, without its headings."""
    for line in text.splitlines():
        cells = [c.strip() for c in re.split(r"[|│┃]", line.strip().strip("|│┃"))]
        if len(cells) > 3 and cells[0][:1].isdigit():
            yield cells


def counting(folder: Path, large: bool, quick: bool) -> Iterator[Line]:
    """Count two tables and ten at once, beside reading only and the other engines."""
    sizes = [MILLION] if quick else [MILLION, 10 * MILLION]
    sizes += [100 * MILLION] if large else []
    text = told("counting.py", "--folder", str(folder), "--rows", *map(str, sizes))
    yield from counted(text)


def counted(text: str) -> Iterator[Line]:
    """Return the lines of what `counting.py` printed."""
    found = {(c[0], c[1], c[2]): c for c in piped(text)}

    def cpu(rows: str, task: str, who: str) -> float:
        return float(found[rows, task, who][4])

    for (rows, task, who), cells in found.items():
        if who != "ours":
            continue
        big = int(rows.replace(",", "")) >= 100 * MILLION
        used, memory = float(cells[4]), float(cells[6].replace(",", ""))
        ours = f"{used:.2f} s"
        for other in ("reading only", "DuckDB", "Polars", "pandas"):
            if (rows, task, other) not in found:
                continue
            theirs = cpu(rows, task, other)
            beside = f"{other} {theirs:.2f} s"
            if other == "pandas":
                clock = float(found[rows, task, other][3]) / max(float(cells[3]), 0.01)
                aim = PANDAS.get(task, 0.0) if rows == "10,000,000" else 0.0
                ratio = f"{theirs / used:.1f} x as quick ({clock:.1f} x by the clock)"
                missed = bool(aim) and min(theirs / used, clock) < aim
                yield Line(task, rows, ours, beside, ratio, f"{aim:g} x" if aim else "",
                           memory, missed)  # fmt: skip
                continue
            aim = {"reading only": 2.5, "DuckDB": 1.05}.get(other, 0.0) if big else 0.0
            aim = 0.0 if task == "ten tables" else aim
            too_much = bool(aim) and memory > MEMORY
            words = f"at most {aim:g}, {MEMORY:.0f} MB" if aim else ""
            yield Line(task, rows, ours, beside, f"{used / theirs:.2f}", words, memory,
                       (bool(aim) and used / theirs > aim) or too_much)  # fmt: skip
        if task == "ten tables":
            one = cpu(rows, "rates", "ours")
            yield Line("ten tables", rows, ours, f"one table {one:.2f} s", f"{used / one:.2f}",
                       "at most 2", memory, used / one > 2)  # fmt: skip


def checks(folder: Path, large: bool, quick: bool) -> Iterator[Line]:
    """Check files of stops, beside one plain scan that counts the same."""
    sizes = ["600", "1e6"] if quick else ["600", "1e6", "1e7"]
    text = told("checks.py", "--folder", str(folder), "--rows", *sizes, *["1e8"] * large)
    base, late = "", text.split("Over the limit:")[-1]
    for rows, way, _, used, memory, ratio, target in piped(text):
        if way == "plain DuckDB scan":
            base = used
        elif way == "the suite":
            yield Line("data checks", rows, f"{used} s", f"plain scan {base} s", ratio,
                       f"at most {target}" if target else "", float(memory.replace(",", "")),
                       f"{way} at {rows}" in late)  # fmt: skip


def models(folder: Path, large: bool, quick: bool) -> Iterator[Line]:
    """Fit the models to the same counts as other programs."""
    yield from fitted(told("models.py", *["--quick"] * quick))


def fitted(text: str) -> Iterator[Line]:
    """Return the lines of what `models.py` printed."""
    what = rows = ours = ""
    for line in text.splitlines():
        if head := re.match(r"(veil of darkness|threshold test|intervals and tests)(.*)", line):
            what, rows = head[1], head[2].strip(": ")
            if cells := re.search(r"([\d,]+) cells", line):
                rows = cells[0]
            elif areas := re.search(r"(\d+ areas x 3 groups)", line):
                rows = areas[1]
            continue
        at = re.match(r"  (.{44})\s*([\d.]+) s  ?(.*)", line)
        if not at:
            if share := re.search(r"ours takes ([\d.]+) of its time", line):
                yield Line(what, rows, ours, "published model (Stan), equal effective size",
                           share[1], "at most 0.25", None,
                           float(share[1]) > 0.25 and rows.startswith("100"))  # fmt: skip
            continue
        name, seconds, more = at[1].strip(), float(at[2]), at[3]
        if name.startswith("equity") and what != "intervals and tests":
            if ours and name == "equity, counts":
                yield Line(what, rows, f"{seconds:.2f} s", f"as rows {ours}",
                           more.split(",")[0])  # fmt: skip
            ours = f"{seconds:.2f} s"
            if what == "threshold test":
                size = re.search(r"least ESS [\d,]*\d", more)
                yield Line(what, rows, ours, "", size[0] if size else "")
        elif times := re.match(r"([\d.,]+) x", more):
            large = int(re.sub(r"\D", "", rows) or 0) > 500_000
            aim = 50.0 if name.startswith("statsmodels") and large else 0.0
            yield Line(what, rows, ours, f"{name.split(',')[0]} {seconds:.2f} s",
                       f"{times[1]} x as quick", f"{aim:g} x" if aim else "", None,
                       float(times[1].replace(",", "")) < aim)  # fmt: skip
        elif name == "all of these":
            yield Line("500 pairs of groups", "500 pairs", f"{1000 * seconds:.0f} ms", "", "",
                       "50 ms", None, seconds > 0.05)  # fmt: skip


def dashboard(folder: Path, large: bool, quick: bool) -> Iterator[Line]:
    """Open the stops page on counts of 100 million stops."""
    yield from opened(json.loads(told("dashboard.py", "--json").splitlines()[-1]))


def opened(found: dict) -> Iterator[Line]:
    """Return the lines of what `dashboard.py` measured."""
    rows = f"{sum(n for k, n in found['rows'].items() if k[:4] in ('stop', 'dayl')):,} cells"
    first = found["first"]
    yield Line("first chart, warm", rows, f"{first:.2f} s", target="1.5 s", missed=first > 1.5)
    for name, (seconds, last) in found["choices"].items():
        yield Line(f"choice: {name}", rows, f"{1000 * seconds:.0f} ms", "the last picture",
                   f"{1000 * last:.0f} ms", "100 ms", None, seconds > 0.1)  # fmt: skip
    yield Line("a page's kernel", rows, f"{found['memory']:.0f} MB", "shared parts as well",
               f"{found['resident']:.0f} MB", "150 MB", found["memory"],
               found["memory"] > 150)  # fmt: skip


PARTS: dict[str, Callable[[Path, bool, bool], Iterator[Line]]] = {
    "counting": counting,
    "checks": checks,
    "models": models,
    "dashboard": dashboard,
}


def machine() -> str:
    """Return in words on what this runs: processor, memory, versions."""
    name = platform.machine()
    about = Path("/proc/cpuinfo")
    if about.exists() and (model := re.search(r"model name\s*: (.*)", about.read_text())):
        name = model[1].strip()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    there = []
    for package in PACKAGES:
        try:
            there.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            there.append(f"{package} not installed")
    load = os.getloadavg()[1]
    return (
        f"{name}, {os.cpu_count()} processors, {memory:.0f} GB of memory, Python "
        f"{platform.python_version()}; {time.strftime('%Y-%m-%d')}; load of the machine at the "
        f"end {load:.1f}.\n{', '.join(there)}."
    )


def table(lines: list[Line]) -> str:
    """Return the lines as one table in Markdown."""
    rows = [HEADINGS, ["---"] * len(HEADINGS), *(line.cells() for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Run what was asked for, and print one table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, help="where files are drawn, and stay")
    options.add_argument("--large", action="store_true", help="100 million rows as well")
    options.add_argument("--quick", action="store_true", help="small sizes only")
    options.add_argument("--only", nargs="+", choices=PARTS, default=[*PARTS])
    options.add_argument("--into", type=Path, help="a file that the table is written to")
    given = options.parse_args()
    lines: list[Line] = []
    ended = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for name in given.only:
            try:
                lines += PARTS[name](folder, given.large, given.quick)
            except (RuntimeError, ValueError, KeyError) as error:
                ended.append(f"{name}: {error}")
    missed = [f"{m.what}, {m.rows}" for m in lines if m.missed]
    text = f"{machine()}\n\n{table(lines)}\n\n"
    text += f"Missed: {'; '.join(dict.fromkeys(missed)) or 'nothing'}.\n"
    text += f"Not measured: {'; '.join(ended)}.\n" if ended else ""
    print(text)
    if given.into:
        given.into.write_text(text, encoding="utf-8")
    if ended:
        sys.exit(1)


if __name__ == "__main__":
    main()
