"""The notebooks, run on protected counts, as accessible static pages: the only way out.

Privacy room. A page is made in two runs. The first notes which tables of counts the figures need;
`equity.disclosure` then decides which cells of all of them together are hidden, and draws several
tables that agree in everything else. The second run gives every measure these draws in place of
the counts: what is the same in all of them is shown, and nothing else.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from equity import disclosure
from equity.agency import Agency
from equity.publish._capture import capture, plan
from equity.publish._compare import compare
from equity.publish._run import Notebook, read_notebook, run
from equity.publish._stages import Planning, Publishing, Route, Rules
from equity.widgets._stage import playing

__all__ = ["Published", "compare", "publish"]

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"
DRAWS = 4


@dataclass(frozen=True)
class Published:
    """What was published.

    site : the folder of the site. release : its date. pages : how many states each page has.
    protection : body of records -> what was hidden. problems : what the notebooks show that is
    not on the pages, or failed there, in words.
    """

    site: Path
    release: str
    pages: Mapping[str, int]
    protection: Mapping[str, Mapping[str, Any]]
    problems: tuple[str, ...]


def publish(
    agency: Agency,
    *,
    site: str | os.PathLike[str] | None = None,
    release: dt.date | None = None,
    dashboards: str | os.PathLike[str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Published:
    """Publish the dashboards of an agency as a folder of static pages.

    Parameters
    ----------
    agency : an agency whose rows were checked and counted.
    site : the folder to write, made anew but for its earlier releases. None: ``site`` beside the
        agency's file.
    release : the date of this release; None: today.
    dashboards : the folder of the notebooks; None: those of this project.
    tell : called with words on what is being done.

    Raises
    ------
    FileNotFoundError
        There are no counts, or no notebooks.
    ValueError
        A notebook fails, or (:class:`equity.disclosure.Disclosed`) the tables cannot be protected.
        Then nothing is written.
    """
    from equity.publish._site import previous, write_site

    out = Path(site) if site is not None else agency.counts.parent / "site"
    notebooks = _notebooks(Path(dashboards or DASHBOARDS), agency)
    together = agency.publish.together
    rules = Rules(agency.publish.minimum, _public(agency))
    planning = Planning(rules)
    for notebook in notebooks:
        tell(f"Going through the choices of {notebook.title}")
        with playing(planning):
            run(notebook, folder=agency.counts)
            plan(notebook, planning, together=together)
    before = previous(out) or {}
    protected = _protect(planning, before.get("cells", {}), rules, tell)
    draws = {
        name: [draw[name] for draw in frames]
        for frames in (p.complete(DRAWS) for p in protected.values())
        for name in (frames[0] if frames else {})
    }
    untold = _untold(planning, protected)
    pages = []
    for notebook in notebooks:
        for cell in notebook.cells:
            cell.shown.clear()
        with playing(Publishing(rules, draws, untold)):
            run(notebook, folder=agency.counts)
            pages.append(capture(notebook, together=together, tell=tell))
    made = {
        **_about(agency, planning, rules, untold),
        "release": (release or dt.date.today()).isoformat(),
        "pages": pages,
        "protection": {body: dict(p.report) for body, p in protected.items()},
        "cells": {body: p.cells for body, p in protected.items()},
    }
    tell("Writing the pages")
    write_site(made, out)
    problems = [f"{page['title']}: {words}" for page in pages for words in page["problems"]]
    sizes = {p["name"]: sum(len(x["states"]) for x in p["panels"].values()) for p in pages}
    return Published(out, made["release"], sizes, made["protection"], tuple(problems))


def _notebooks(folder: Path, agency: Agency) -> list[Notebook]:
    if not list(agency.counts.glob("*.parquet")):
        raise FileNotFoundError(
            f"There are no counts in {agency.counts} yet. Run `equity count` first."
        )
    paths = [p for p in sorted(folder.glob("*.ipynb")) if p.name[0] not in "._"]
    if not paths:
        raise FileNotFoundError(f"There are no notebooks in {folder}.")
    out = agency.publish.leave_out
    found = [read_notebook(path, out) for path in paths]
    sections = {c.section for n in found for c in n.cells if c.section}
    if strangers := [name for name in out if name not in sections]:
        raise ValueError(
            f"[publish] leave_out names {strangers[0]!r}, which is not a section of the pages. "
            f"There are: {', '.join(sorted(sections))}."
        )
    there = {p.stem for p in agency.counts.glob("*.parquet")}
    kept = [n for n in found if not n.tables or there & set(n.tables)]
    if not kept:
        raise ValueError("None of the notebooks has a table that this agency's counts hold.")
    return kept


def _public(agency: Agency) -> frozenset[str]:
    """Return the tables whose records the agency's file declares public."""
    sections = {"stops": agency.stops}
    return frozenset(n for n, s in sections.items() if s is not None and s.people is False)


def _protect(
    planning: Planning,
    before: Mapping[str, pd.DataFrame],
    rules: Rules,
    tell: Callable[[str], None],
) -> dict[str, disclosure.Protection]:
    out = {}
    for body, (tables, margins) in planning.bodies().items():
        tell(f"Protecting small numbers of {body}")
        out[body] = disclosure.protect(
            tables, margins, minimum=rules.minimum, known=before.get(body)
        )
    return out


def _untold(planning: Planning, protected: Mapping[str, disclosure.Protection]) -> frozenset[str]:
    """Return the count files of which it is not published how many records they have."""
    told = {
        table
        for p in protected.values()
        for table in p.cells.loc[
            p.cells["cell"].eq("all") & p.cells["quantity"].eq("n") & ~p.cells["hidden"], "table"
        ]
    }
    protected_files = {m.table for margins in planning.margins.values() for m in margins}
    return frozenset(protected_files - told)


def _about(
    agency: Agency, planning: Planning, rules: Rules, untold: frozenset[str]
) -> dict[str, Any]:
    """Return what the site says about itself, without its pages."""
    sources, benchmarks = [], []
    for name, counts in planning.files.items():
        told = counts.provenance
        if told.get("table") == "residents":
            benchmarks += [b for b in told.get("benchmarks", []) if b not in benchmarks]
            continue
        route = rules.route(name, told)
        if route == Route.NEVER or told.get("measure"):
            continue
        provenance, ledger = rules.told(counts, name, untold=name in untold)
        sources.append({**provenance, "count_file": name, "ledger": ledger, "route": route})
    first = next(iter(planning.files.values())).provenance if planning.files else {}
    return {
        "agency": str(first.get("agency") or ""),
        "place": str(first.get("place") or ""),
        "fictional": bool(first.get("fictional")),
        "minimum": rules.minimum,
        "contact": str(first.get("contact") or ""),
        "publish": agency.publish.model_dump(),
        "public": sorted(rules.public),
        "sources": sources,
        "benchmarks": benchmarks,
    }
