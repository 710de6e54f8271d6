"""Writes one published page: complete before any script runs, and alive where scripts may run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from equity.publish._assets import write_assets
from equity.publish._format import listed, meaning
from equity.publish._pack import FORMAT, write_states
from equity.publish._svg import NARROW, WIDE, still
from equity.publish._templates import render

__all__ = ["write_assets", "write_page"]

# pixels from which a picture does not fit on a sheet: with its heading, alone, at 65% of its size
_ON_PAPER = {"long": 1360, "higher": 1160, "high": 840}
_TAKEN: tuple[str, ...] = ("s",)  # words of an address that are not a choice


def write_page(page: Mapping[str, Any], site: Mapping[str, Any], out: Path) -> Path:
    """Write a page of a site and the states of its figures; return the path of the page.

    Parameters
    ----------
    page : what was captured from a notebook: title, lead, sections, choices, panels.
    site : agency, place, fictional, release, minimum, publish, pages.
    out : the folder of the site.
    """
    out = Path(out)
    name = page["name"]
    choices = _choices(page["choices"])
    states = out / "states" / name
    states.mkdir(parents=True, exist_ok=True)
    panels = {}
    pictures = _pictures(page)
    for pid, panel in page["panels"].items():
        where = write_states(pid, panel, states)
        panels[pid] = where | {"follows": panel["follows"], "beside": panel.get("beside", [])}
        panels[pid] |= pictures.get(pid, {})
    about = {
        "format": FORMAT,
        "name": name,
        "title": page["title"],
        "folder": f"states/{name}/",
        "choices": choices,
        "panels": panels,
        "sections": [section["id"] for section in page["sections"]],
    }
    (states / "_page.js").write_text(f"globalThis.__equityPage={_script(about)};\n", "utf-8")
    text = render(
        "page.html.j2",
        site,
        here=f"{name}.html",
        title=page["title"],
        description=page.get("description", ""),
        lead=Markup(page.get("lead", "")),
        page=page,
        sections=[_section(section, page, choices) for section in page["sections"]],
        states=f"states/{name}/_page.js?{_mark(about)}",
    )
    path = out / f"{name}.html"
    path.write_text(text, encoding="utf-8")
    return path


def _pictures(page: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return for each figure that has a chart what another site finds it by, and its section."""
    found: dict[str, dict[str, str]] = {}
    for section in page["sections"]:
        for part in section["parts"]:
            panel = page["panels"].get(part.get("panel"), {})
            if part["kind"] != "panel" or not any(_drawn(state) for state in panel["pool"]):
                continue
            stem = name = panel["filename"]
            taken, number = {one["filename"] for one in found.values()}, 1
            while name in taken:
                number += 1
                name = f"{stem}-{number}"
            about = {"filename": name, "section": section["id"], "heading": section["title"]}
            found[part["panel"]] = about
    return found


def _drawn(state: Mapping[str, Any]) -> bool:
    return bool(state.get("spec")) and not (state.get("problem") or state.get("absent"))


def _choices(choices: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the choices with a word of its own for each in the address."""
    made: dict[str, dict[str, Any]] = {}
    taken = list(_TAKEN)
    for cid, choice in choices.items():
        name, number = choice["name"], 2
        while name in taken:
            name, number = f"{choice['name']}-{number}", number + 1
        taken.append(name)
        parent = choice.get("parent")
        parents = [parent] if isinstance(parent, str) else list(parent or [])
        made[cid] = {
            "label": choice["label"],
            "name": name,
            "start": choice["start"],
            "options": choice["options"],
            "parents": parents,
            "by_parent": choice.get("by_parent") or {},
        }
    return made


def _section(
    section: Mapping[str, Any], page: Mapping[str, Any], choices: Mapping[str, Any]
) -> dict[str, Any]:
    parts = []
    for part in section["parts"]:
        kind = part["kind"]
        if kind == "text":
            parts.append({"kind": "text", "html": Markup(part["html"])})
        elif kind == "bar":
            parts.append({"kind": "bar", **_bar(part["choices"], choices)})
        elif kind == "note":
            pid = part["panel"]
            parts.append({"kind": "note", "id": pid, "html": Markup(_start(page, pid)["html"])})
        elif kind == "panel":
            parts.append({"kind": "panel", **_figure(part["panel"], page)})
        else:
            raise ValueError(f"A page has no part of the kind {kind!r}.")
    return {"id": section["id"], "title": section["title"], "parts": parts}


def _bar(cids: Sequence[str], choices: Mapping[str, Any]) -> dict[str, Any]:
    rows = []
    for cid in cids:
        if cid not in choices:
            continue  # there is nothing to choose
        choice = choices[cid]
        words = {key: words for key, words, _ in choice["options"]}
        rows.append(
            {
                "id": cid,
                "label": choice["label"],
                "options": choice["options"],
                "start": choice["start"],
                "hidden": len(choice["options"]) < 2,  # one thing is no choice
                "said": _said(choice["label"], words.get(choice["start"], choice["start"])),
            }
        )
    said = [row["said"] for row in rows if not row["hidden"]]
    return {"choices": rows, "made": f"Shown: {'; '.join(said)}." if said else ""}


def _said(label: str, words: str) -> str:
    if words.startswith("All "):
        return words
    return f"{label}{':' if ' ' in label or ' ' in words else ''} {words}"


def _figure(pid: str, page: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template of a figure asks for: the state in which the page opens."""
    panel = page["panels"][pid]
    state = _start(page, pid)
    failed = bool(state.get("problem") or state.get("absent"))
    drawn = _drawn(state)
    lists = bool(state.get("columns")) and not failed
    wide = still(state, WIDE, f"{pid}w") if drawn else ""
    return {
        "id": pid,
        "state": state,
        "failed": failed,
        "drawn": drawn,
        "lists": lists,
        "alone": not state.get("spec") and not failed,
        "narrow": Markup(still(state, NARROW, f"{pid}n")) if drawn else "",
        "wide": Markup(wide),
        "tall": _tall(wide),
        "alternative": _alternative(state),
        "table": listed(state),
        "means": meaning(state.get("rows") or []),
        "file": f"{panel['filename']}.csv" if any(s.get("rows") for s in panel["pool"]) else "",
        "csv": f"csv/{page['name']}/{panel['filename']}.csv",
    }


def _tall(picture: str) -> str:
    """Return how a picture goes on paper: as it is, "high" (made smaller), or "long" (in pieces).

    site.js and the sheet have the same bounds: none is made smaller than 65% of its size.
    """
    height = re.match(r'<svg[^>]*\sheight="([\d.]+)', picture)
    pixels = float(height[1]) if height else 0
    return next((name for name, most in _ON_PAPER.items() if pixels > most), "")


def _alternative(state: Mapping[str, Any]) -> str:
    """Return what stands for the picture; its heading has been read by then."""
    title = state.get("title") or ""
    words = state.get("description") or state.get("summary") or ""
    rest = words[len(title) :].lstrip(" .:;,") if title and words.startswith(title) else words
    return rest or words or title


def _start(page: Mapping[str, Any], pid: str) -> Mapping[str, Any]:
    panel = page["panels"][pid]
    if "" not in panel["states"]:
        raise ValueError(f"The figure {pid} of {page['name']} has no state to open with.")
    return panel["pool"][panel["states"][""]]


def _script(thing: Any) -> str:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _mark(thing: Any) -> str:
    return hashlib.sha256(_script(thing).encode()).hexdigest()[:10]
