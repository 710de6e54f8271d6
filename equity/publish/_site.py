"""Writes the site around its pages: overview, glossary, data, releases; all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from equity import __version__
from equity.publish._assets import write_assets
from equity.publish._compare import write_compare
from equity.publish._csv import all_states, file_names, start_state, text_of, written
from equity.publish._dictionary import columns_of, files_of
from equity.publish._facts import cannot_show, lacking, protection, sources
from equity.publish._findings import findings, hidden_sections
from equity.publish._folder import check, mend, replacing
from equity.publish._glossary import by_letter
from equity.publish._pack import FORMAT
from equity.publish._releases import (
    changes,
    previous,
    release_name,
    releases,
    write_release,
)
from equity.publish._templates import render, spoken_date

__all__ = ["previous", "write_site"]

LICENCE = "CC BY 4.0"
TITLE = "Figures on equity"
LATEST = 5  # releases that the overview names
_OURS = "equity publish"


def write_site(
    site: Mapping[str, Any],
    out: str | os.PathLike[str],
    *,
    pages: Callable[[Path], object] | None = None,
) -> list[str]:
    """Write a site to a folder in place of the one that is there; keep its earlier releases.

    Everything is made in a folder beside it, which then takes its place. So a reader sees the old
    site or the new one, and a failure on the way leaves the old one as it was.

    Parameters
    ----------
    site : what is published: `agency`, `place`, `fictional`, `release` (a date, "2026-11-22"),
        `minimum`, `publish`, `pages`, `sources`, `protection`, `cells`. All of it must have been
        protected before: nothing is hidden here.
    out : the folder of the site, such as ``site/``. It is made where it is missing.
    pages : writes the pages with pictures, and their states, into the folder it is given; None:
        as `write_page` does.

    Returns
    -------
    Sentences that say what changed since the release before.

    Raises
    ------
    ValueError
        The folder holds something else than a site, or an earlier release cannot be read again.

    It cannot show whether what is published is harmless: see `equity.disclosure`.
    """
    out = Path(out)
    mend(out)
    check(out, _OURS)
    name = release_name(out, site)
    before = previous(out)
    if before is not None and before["release"] == name:  # the same again: compare with the last
        told = before["changes"]
    else:
        told = changes(before, site)
    with replacing(out) as part:
        if (out / "releases").is_dir():
            shutil.copytree(out / "releases", part / "releases")
        write_release(part, site, name, told)
        write_assets(part)
        _write_tables(site, part)
        if pages is None:
            _write_figures(site, part)
        else:
            pages(part)
        _write_pages(site, part, name)
        write_compare(site, part)
        _write_note(site, part, name)
    return told


# ------------------------------------------------------------------------------- the parts


def _write_figures(site: Mapping[str, Any], folder: Path) -> None:
    from equity.publish._page import write_page

    for page in site["pages"]:
        write_page(page, site, folder)


def _write_tables(site: Mapping[str, Any], folder: Path) -> None:
    about = f"Published {spoken_date(site['release'])} by {site['agency']}."
    about += " What the columns mean: data.html of the site."
    for page in site["pages"]:
        for pid, name in file_names(page).items():
            path = folder / "csv" / page["name"] / f"{name}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            state = start_state(page["panels"][pid])
            absent = state.get("absent") or state.get("problem") or ""
            _write(path, text_of(state, [absent, about]))
            _write(path.with_name(f"{name}-all.csv"), all_states(page, pid))
    rows = [["file", "column", "heading", "type", "unit", "meaning"]]
    for file in files_of(site):
        rows += [[file.all, c.key, c.heading, c.type, c.unit, c.meaning] for c in file.columns]
    path = folder / "csv" / "columns.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, written(rows))


def _write_pages(site: Mapping[str, Any], folder: Path, name: str) -> None:
    every = releases(folder)
    files = files_of(site)
    common = {"releases": every, "spoken": spoken_date, "words": _words}
    made = {
        "index.html": render(
            "home.html.j2",
            site,
            here="index.html",
            title=TITLE,
            description="Who is hired, who stays and who is stopped, by group.",
            now=every[0],
            latest=every[:LATEST],
            cite=_citation(site),
            licence=_publish(site).get("licence") or LICENCE,
            findings=findings(site),
            lacking=lacking(site),
            hidden=hidden_sections(site),
            cannot=cannot_show(site),
            sources=sources(site),
            protection=protection(site),
            version=__version__,
            **common,
        ),
        "glossary.html": render(
            "glossary.html.j2",
            site,
            here="glossary.html",
            title="Glossary",
            description="The words on these pages, in plain words.",
            letters=by_letter(),
        ),
        "data.html": render(
            "data.html.j2",
            site,
            here="data.html",
            title="Data, and how it is protected",
            description="Every table as a file, what its columns mean, and what is hidden.",
            now=every[0],
            files=_grouped(files),
            columns=columns_of(files),
            sources=sources(site),
            protection=protection(site),
            slug=_anchor,
            **common,
        ),
        "releases/index.html": render(
            "releases.html.j2",
            site,
            here="releases/index.html",
            root="../",
            title="Releases",
            description="What was published when, and what changed.",
            **common,
        ),
    }
    for where, text in made.items():
        _write(folder / where, text)


def _write_note(site: Mapping[str, Any], folder: Path, name: str) -> None:
    """Write what programs want to know of the site, and a fingerprint of each of its files."""
    files = {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    note = {
        "made_with": _OURS,
        "version": __version__,
        "format": FORMAT,
        "agency": site["agency"],
        "place": site.get("place", ""),
        "fictional": bool(site.get("fictional")),
        "release": name,
        "date": str(site["release"]),
        "minimum": site["minimum"],
        "licence": _publish(site).get("licence") or LICENCE,
        "url": _publish(site).get("url") or "",
        "contact": _publish(site).get("contact") or "",
        "pages": [{"title": p["title"], "file": f"{p['name']}.html"} for p in site["pages"]],
        "tables": [
            {"page": f.page, "title": f.title, "file": f.start, "all": f.all}
            for f in files_of(site)
        ],
        "columns": "csv/columns.csv",
        "releases": [r["release"] for r in releases(folder)],
        "files": files,
    }
    _write(folder / "site.json", json.dumps(note, indent=1, ensure_ascii=False) + "\n")


# ------------------------------------------------------------------------------- the words


def _citation(site: Mapping[str, Any]) -> str:
    url = _publish(site).get("url") or ""
    parts = [
        f"{site['agency']} ({str(site['release'])[:4]}). Figures on equity. Release of "
        f"{spoken_date(site['release'])}.",
        "Fictional sample data." if site.get("fictional") else "",
        url,
    ]
    return " ".join(part for part in parts if part)


def _publish(site: Mapping[str, Any]) -> Mapping[str, Any]:
    return site.get("publish") or {}


def _grouped(files: Iterable[Any]) -> dict[str, list[Any]]:
    out: dict[str, list[Any]] = {}
    for file in files:
        out.setdefault(file.page, []).append(file)
    return out


def _anchor(column: Any) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{column.key} {column.heading}".lower()).strip("-")


def _words(body: str) -> str:
    text = str(body).replace("_", " ")
    return text[:1].upper() + text[1:]


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))
