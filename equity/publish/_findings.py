"""What the overview says of the figures: what they find, and which are hidden from the start."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from equity.publish._csv import start_state
from equity.publish._format import HIDDEN, is_hidden

__all__ = ["MOST", "Findings", "Hidden", "all_hidden", "findings", "hidden_sections"]

MOST = 6  # findings of one page on the overview
_GROUPED = ("group", "groups")  # columns of a table that tells groups of people apart
_UNTOLD = re.compile(r"\bhidden\b", re.IGNORECASE)
_CANNOT = re.compile(r"\b(cannot be|nothing can be|no figure)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Findings:
    """What the figures of one page find as it opens."""

    page: str  # the title of the page
    href: str
    lines: tuple[Mapping[str, str], ...]  # `words`, `href` and title of the section, `shown`
    more: int  # how many further sections state a finding


@dataclass(frozen=True)
class Hidden:
    """Sections of one page of whose figures everything is hidden as it opens."""

    page: str
    lines: tuple[Mapping[str, str], ...]  # `words` and `href` of the section


def findings(site: Mapping[str, Any]) -> list[Findings]:
    """Return what stands out on each page, chosen by a rule that knows no page.

    Of each section the first figure counts that tells groups of people apart, is made from the
    records of the agency and is not hidden as a whole. Its heading is taken if it holds a number
    (those of hidden figures do not count), or if nothing in the figure is hidden: so "no clear
    difference" stands beside differences. Nothing is sorted by size.

    Parameters
    ----------
    site : agency and pages, as `write_site` takes them.

    It cannot show what is hidden, nor what a heading leaves out.
    """
    found = []
    for page in site.get("pages", []):
        lines = []
        for section, states in _sections(page):
            compared = [s for s in states if _compares(s, site["agency"]) and not all_hidden(s)]
            if compared and _states_something(compared[0]):
                lines.append(
                    {
                        "words": compared[0]["title"],
                        "href": f"{page['name']}.html#{section['id']}",
                        "section": section["title"],
                        "shown": compared[0].get("shown") or "",
                    }
                )
        if lines:
            more = max(0, len(lines) - MOST)
            found.append(
                Findings(page["title"], f"{page['name']}.html", tuple(lines[:MOST]), more)
            )
    return found


def hidden_sections(site: Mapping[str, Any]) -> list[Hidden]:
    """Return the sections of each page in which a figure is hidden as a whole when it opens."""
    found = []
    for page in site.get("pages", []):
        lines = []
        for section, states in _sections(page):
            shut = sum(all_hidden(state) for state in states)
            if shut:
                part = f" ({shut} of {len(states)} figures)" if shut < len(states) else ""
                href = f"{page['name']}.html#{section['id']}"
                lines.append({"words": section["title"], "part": part, "href": href})
        if lines:
            found.append(Hidden(page["title"], tuple(lines)))
    return found


def all_hidden(state: Mapping[str, Any]) -> bool:
    """Return whether a figure has nothing but hidden rows, or is hidden as a whole."""
    if HIDDEN.match(state.get("absent") or ""):
        return True
    rows = state.get("rows") or []
    return bool(rows) and all(is_hidden(row) for row in rows)


def _sections(page: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    """Return each section with what its figures show as the page opens."""
    for section in page.get("sections", []):
        panels = [p["panel"] for p in section.get("parts", []) if p.get("kind") == "panel"]
        yield section, [start_state(page["panels"][pid]) for pid in panels]


def _compares(state: Mapping[str, Any], agency: str) -> bool:
    """Return whether a figure tells groups apart, from records of this agency."""
    if state.get("problem") or state.get("absent") or not state.get("rows"):
        return False
    keys = {column["key"] for column in state.get("columns") or []}
    source = state.get("source") or ""  # that of a worked example names somebody else
    return bool(keys & set(_GROUPED)) and (not source or agency in source)


def _states_something(state: Mapping[str, Any]) -> bool:
    said = [part for part in re.split(r"[;:]\s", state.get("title") or "") if part]
    told = " ".join(part for part in said if not _UNTOLD.search(part))
    if not told or _CANNOT.search(told):
        return False
    whole = not any(is_hidden(row) for row in state["rows"])
    return whole or bool(re.search(r"\d", told))
