"""Sets two periods, groups of people or agencies side by side, from published pages alone."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from equity import __version__
from equity.publish._assets import write_assets
from equity.publish._folder import check, mend, note_of, replacing
from equity.publish._pack import FORMAT
from equity.publish._templates import render, spoken_date

__all__ = ["compare", "write_compare"]

TITLE = "Side by side"
_OURS = "equity compare"
_OWN = ("assets", "compare.html", "index.html", "site.json", "states")
_DATA = "states/_compare.js"
_BEFORE, _AFTER = "globalThis.__equityPage=", ";"


def compare(sites: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str]) -> Path:
    """Make a folder in which published sites of several agencies stand side by side.

    It holds a copy of each site, an overview and a page that shows one figure of two of them, as
    each agency published it. Nothing is computed: a difference between two pictures is no test.

    Parameters
    ----------
    sites : two or more folders that `equity publish` wrote, each with a release of its own.
        One that lies in `out` already stays under its name; what it holds is not changed.
    out : the folder to write; one that this function wrote is made anew.

    Returns
    -------
    The folder.

    Raises
    ------
    ValueError
        There are fewer than two sites, one is named twice, is no site, is not complete or was
        written in another format; or the folder holds something that would be lost.

    It cannot show whether two agencies count the same things alike: their pages say what each
    counts. Figures are matched by the name of their page and file.
    """
    out = Path(out)
    folders = [Path(site) for site in sites]
    notes = _checked(folders, out)
    mend(out)
    before = note_of(out)
    ours = before.get("made_with") == _OURS
    there = [f.name for f in folders if f.resolve().parent == out.resolve()]
    check(
        out,
        "",
        free=[*there, *(before.get("copies", []) if ours else []), *(_OWN if ours else ())],
    )
    names = _names(folders, notes, there)
    with replacing(out) as part:
        for folder, name in zip(folders, names, strict=True):
            shutil.copytree(folder, part / name)
        held = [
            _site(part / name, note, key=name, root=f"{name}/")
            for name, note in zip(names, notes, strict=True)
        ]
        _tell_apart(held)
        write_assets(part)
        _write(held, part, _around(held))
        note = {
            "made_with": _OURS,
            "version": __version__,
            "format": FORMAT,
            "sites": [{k: s[k] for k in ("key", "agency", "place", "release")} for s in held],
            "copies": [name for name in names if name not in there],
        }
        text = json.dumps(note, indent=1, ensure_ascii=False) + "\n"
        (part / "site.json").write_text(text, encoding="utf-8")
    return out


def write_compare(site: Mapping[str, Any], folder: Path) -> None:
    """Write the page of one site on which two periods or groups of people stand side by side.

    Parameters
    ----------
    site : what is published: agency, place, fictional, release, minimum.
    folder : the folder of the site, with its pages and states.
    """
    note = {
        "agency": site["agency"],
        "place": site.get("place", ""),
        "fictional": bool(site.get("fictional")),
        "date": str(site["release"]),
        "pages": [{"title": p["title"], "file": f"{p['name']}.html"} for p in site["pages"]],
    }
    _write([_site(folder, note, key="here", root="")], folder, site)


# ------------------------------------------------------------------------------- the checks


def _checked(folders: Sequence[Path], out: Path) -> list[dict[str, Any]]:
    """Return what each site says of itself; refuse what cannot stand side by side."""
    if len(folders) < 2:
        raise ValueError("Name two sites at least: to compare takes two.")
    whole = [folder.resolve() for folder in folders]
    for folder, path in zip(folders, whole, strict=True):
        if whole.count(path) > 1:
            raise ValueError(
                f"The site {str(folder)!r} is named twice. Its own page compare.html sets two "
                "periods or groups of it side by side."
            )
        if out.resolve().is_relative_to(path):
            raise ValueError(
                f"The folder {out.name!r} lies in the site {str(folder)!r}. Name another."
            )
    return [_note(folder) for folder in folders]


def _note(folder: Path) -> dict[str, Any]:
    note = note_of(folder)
    if note.get("made_with") != "equity publish":
        raise ValueError(
            f"The folder {str(folder)!r} is no published site: it has no site.json of "
            "`equity publish`."
        )
    if note.get("format") != FORMAT:
        told = f"format {note['format']}" if "format" in note else "a format without a number"
        raise ValueError(
            f"The site of {note['agency']} ({str(folder)!r}) was written in {told}, by equity "
            f"{note.get('version', 'of an unknown version')}; equity {__version__} reads format "
            f"{FORMAT}. Publish all sites that are to be compared with one version."
        )
    missing = [name for name in note.get("files", {}) if not (folder / name).is_file()]
    if missing:
        raise ValueError(
            f"The site of {note['agency']} ({str(folder)!r}) is not complete: {missing[0]} is "
            "missing. Copy the whole folder, or publish it again."
        )
    return note


def _names(
    folders: Sequence[Path], notes: Sequence[Mapping[str, Any]], there: Sequence[str]
) -> list[str]:
    """Return the name of each site's folder: its own where it is there already."""
    names: list[str] = []
    for folder, note in zip(folders, notes, strict=True):
        stem = re.sub(r"[^a-z0-9]+", "-", str(note["agency"]).lower()).strip("-") or "agency"
        name, number = (folder.name, 1) if folder.name in there else (stem, 1)
        while name in names or name in _OWN or (name in there and name != folder.name):
            number += 1
            name = f"{stem}-{number}"
        names.append(name)
    return names


# -------------------------------------------------------------------------------- the sites


def _site(folder: Path, note: Mapping[str, Any], *, key: str, root: str) -> dict[str, Any]:
    """Return what the page asks of a site: where its states are, and which figures it has."""
    pages = {}
    for page in note["pages"]:
        name = Path(page["file"]).stem
        path = folder / "states" / name / "_page.js"
        if not path.is_file():
            continue
        about, mark = _read(path)
        pages[name] = {
            "title": page["title"],
            "file": page["file"],
            "states": f"states/{name}/_page.js?{mark}",
            "figures": {
                p["filename"]: pid for pid, p in about["panels"].items() if "filename" in p
            },
            "headings": {
                p["filename"]: p["heading"] for p in about["panels"].values() if "filename" in p
            },
        }
    return {
        "key": key,
        "root": root,
        "agency": note["agency"],
        "label": note["agency"],
        "place": note.get("place") or "",
        "release": spoken_date(note.get("date")),
        "fictional": bool(note.get("fictional")),
        "pages": pages,
    }


def _read(path: Path) -> tuple[dict[str, Any], str]:
    text = path.read_text(encoding="utf-8").strip()
    try:
        if not text.startswith(_BEFORE):
            raise ValueError("it begins with something else")
        about = json.loads(text.removeprefix(_BEFORE).removesuffix(_AFTER))
        if about["format"] != FORMAT:
            raise ValueError(f"it is in format {about['format']}")
    except (KeyError, ValueError) as error:
        where = "/".join(path.parts[-3:])
        raise ValueError(
            f"The states of a page cannot be read ({where}). Publish it again."
        ) from error
    return about, hashlib.sha256(text.encode()).hexdigest()[:10]


def _tell_apart(sites: Sequence[dict[str, Any]]) -> None:
    """Give sites of one agency names of their own: by release, else by folder."""
    for what in ("release", "key"):
        labels = [site["label"] for site in sites]
        for site in sites:
            if labels.count(site["label"]) > 1:
                site["label"] += f", {site[what]}"


def _figures(sites: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return title of a page -> figures of any site, each with the sites that have it."""
    titles: dict[str, str] = {}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for site in sites:
        for name, page in site["pages"].items():
            titles.setdefault(name, page["title"])
            for file, heading in page["headings"].items():
                usual = {"page": name, "file": file, "words": heading, "sites": []}
                found.setdefault(name, {}).setdefault(file, usual)["sites"].append(site["label"])
    out: dict[str, list[dict[str, Any]]] = {}
    for name, figures in found.items():
        title = titles[name]
        while title in out:
            title += f" ({name})"
        out[title] = list(figures.values())
        headings = [figure["words"] for figure in figures.values()]
        for place, figure in enumerate(figures.values()):
            heading = headings[place]
            if (every := headings.count(heading)) > 1:
                number = headings[: place + 1].count(heading)
                figure["words"] += f" (figure {number} of {every})"
            if len(figure["sites"]) < len(sites):
                figure["words"] += f" (only {', '.join(figure['sites'])})"
    return out


# -------------------------------------------------------------------------------- the pages


def _around(sites: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the frame of the pages says of several sites."""
    return {
        "agency": "Agencies side by side",
        "fictional": all(site["fictional"] for site in sites),
        "pages": [],
        "publish": {},
    }


def _write(sites: list[dict[str, Any]], folder: Path, around: Mapping[str, Any]) -> None:
    groups = _figures(sites)
    told = [{k: v for k, v in site.items() if k != "headings"} for site in sites]
    for site in told:
        site["pages"] = {
            name: {k: v for k, v in page.items() if k != "headings"}
            for name, page in site["pages"].items()
        }
    text = json.dumps({"format": FORMAT, "sites": told}, ensure_ascii=False, separators=(",", ":"))
    code = f"globalThis.__equityCompare={text};\n".replace("<", "\\u003c")
    path = folder / _DATA
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")
    several = len(sites) > 1
    common: dict[str, Any] = {"sites": sites, "several": several}
    if several:
        own = [(f"{site['root']}index.html", site["label"]) for site in sites]
        common["nav"] = [("index.html", "Overview"), ("compare.html", "Compare"), *own]
    page = render(
        "compare.html.j2",
        around,
        here="compare.html",
        title=TITLE,
        description="One figure twice, for two periods, groups of people or agencies.",
        groups=groups,
        data=f"{_DATA}?{hashlib.sha256(code.encode()).hexdigest()[:10]}",
        **common,
    )
    (folder / "compare.html").write_bytes(page.encode())
    if several:
        page = render(
            "compare_home.html.j2",
            around,
            here="index.html",
            title="Agencies side by side",
            description="Published figures of several agencies.",
            lacks=_lacks(groups, sites),
            **common,
        )
        (folder / "index.html").write_bytes(page.encode())


def _lacks(
    groups: Mapping[str, Sequence[Mapping[str, Any]]], sites: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return for each site how many figures stand on it alone, and how many all of them have."""
    figures = [figure for group in groups.values() for figure in group]
    shared = sum(len(figure["sites"]) == len(sites) for figure in figures)
    lines = [f"{shared} of {len(figures)} figures are published by all of them."]
    for site in sites:
        missing = sum(site["label"] not in figure["sites"] for figure in figures)
        if missing:
            lines.append(f"{site['label']} does not publish {missing} of them.")
    return lines
