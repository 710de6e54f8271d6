"""What the pages say of a site as a whole: what is missing, hidden, and what it cannot show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from equity.publish._csv import start_state
from equity.publish._dictionary import plain_text
from equity.publish._format import HIDDEN

__all__ = ["cannot_show", "lacking", "protection", "sources"]

_STEPS = {"start": "In the file", "set aside": "Set aside", "keep": "Kept", "drop": "Left out"}
_ABOUT = {
    "stops": [
        "Residents are not the people on the road. Visitors are stopped too, and groups differ in "
        "where and when they drive.",
        "A stop of which no record was written is in no figure.",
    ],
    "applicants": [
        "People who never applied are in no figure on hiring, and residents are not all able or "
        "willing to apply.",
    ],
    "workforce": [
        "The records do not say why people came, stayed or left, beyond the reason that was "
        "written down.",
    ],
}


def cannot_show(site: Mapping[str, Any]) -> list[str]:
    """Return what no figure of a site can show, in sentences."""
    tables = {s.get("table") for s in site.get("sources", [])}
    said = [
        "Figures describe what happened. They do not say why it happened, nor who is to blame.",
        "Groups are those that were recorded. In stops that is often what the officer thought, "
        "not what the person would say.",
        "With few people, chance alone makes large differences. Each figure has an interval that "
        "says how large, and some answers are: too few people to tell.",
        *(line for table, lines in _ABOUT.items() if table in tables for line in lines),
    ]
    if site.get("minimum"):
        said.append(
            "What is hidden cannot be judged here: small groups are seen less often than large "
            "ones. That is the price of protecting them."
        )
    return said


def lacking(site: Mapping[str, Any]) -> list[str]:
    """Return what is missing from a site, in sentences."""
    said = []
    for page in site.get("pages", []):
        for section in page.get("sections", []):
            absent = _absent(page, section)
            if absent and not HIDDEN.match(absent):  # those are named together, see _findings.py
                said.append(f"{page['title']}, \u201c{section['title']}\u201d: {absent}")
    for source in sources(site):
        if source["aside"] not in ("", "0", "not told"):
            # "of 59,782" only where both numbers are told
            of = f" of {source['rows']}" if source["rows"][:1].isdigit() else ""
            aside = "a hidden number" if source["aside"] == "hidden" else source["aside"]
            said.append(f"{source['title']}, set aside by the data checks: {aside}{of}.")
    left = [str(name) for name in (site.get("publish") or {}).get("leave_out") or []]
    if left:
        said.append(f"Sections that the agency does not publish: {', '.join(left)}.")
    said.append("Figures about single officers are for the inside only and are never published.")
    return said


def _absent(page: Mapping[str, Any], section: Mapping[str, Any]) -> str:
    """Return why a section has nothing to show, where none of its figures has."""
    panels = [p["panel"] for p in section.get("parts", []) if p.get("kind") == "panel"]
    states = [start_state(page["panels"][pid]) for pid in panels]
    words = [s.get("absent") or s.get("problem") or "" for s in states]
    return plain_text(words[0]) if words and all(words) else ""


def protection(site: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return for each body of records how much of it is hidden, in words.

    What is told is rounded, and does not tell small numbers from those hidden beside them:
    otherwise it would itself be a clue.
    """
    said = []
    for body, report in (site.get("protection") or {}).items():
        cells = site.get("cells", {}).get(body)
        numbers = len(cells) if cells is not None else int(report.get("cells") or 0)
        hidden = int(cells["hidden"].sum()) if cells is not None else 0
        share = next((v for k, v in report.items() if "share" in k and v is not None), None)
        said.append(
            {
                "key": body,
                "body": body.replace("_", " ").capitalize(),
                "numbers": f"{numbers:,}",
                "hidden": f"{hidden:,}",
                "people": "" if share is None else _about(float(share)),
                "method": _METHODS.get(str(report.get("method")), str(report.get("method") or "")),
            }
        )
    return said


_METHODS = {
    "exact": "as few people hidden as can be (exact)",
    "heuristic": "more hidden than the least that would do (by a rule, then audited)",
}


def _about(share: float) -> str:
    """Return a share in words that give no number away."""
    if share <= 0:
        return "none"
    percent = round(100 * share)
    return f"about {percent}%" if percent >= 1 else "under 1%"


def sources(site: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is told of the records behind a site.

    A fingerprint of a file is not told: whoever can guess the file could make sure of it.
    """
    least = int(site.get("minimum") or 0)
    said = []
    seen = set()
    for about in site.get("sources", []):
        if about.get("table") in seen:  # several count files are made from the same records
            continue
        seen.add(about.get("table"))
        people = about.get("people") is not False and about.get("route") != "public"
        low, hidden = least if people else 0, about.get("hidden") or {}
        dates = [str(about[k])[:10] for k in ("first_date", "last_date") if about.get(k)]
        checks = [c for c in about.get("checks", []) if c.get("outcome") != "nothing to test"]
        broken = [c for c in checks if c.get("outcome") != "passed"]
        said.append(
            {
                "title": about.get("title") or _words(about.get("table")),
                "files": list(dict.fromkeys(s["file"] for s in about.get("sources", []))),
                "from": dates[0] if dates else "",
                "to": dates[-1] if dates else "",
                "rows": _told(about.get("rows_in"), low, hidden.get("rows")),
                "aside": _told(about.get("rows_set_aside"), low, hidden.get("left_out")),
                "made": str(about.get("made") or "")[:10],
                "checks": f"{len(checks) - len(broken)} of {len(checks)}" if checks else "",
                "accepted": _accepted(about.get("checked") or {}),
                "broken": [
                    {
                        "says": c.get("says", ""),
                        "bad": _bad(c, low),
                        "then": _then(c),
                    }
                    for c in broken
                ],
                "ledger": [
                    {
                        "step": _STEPS.get(step.get("step"), step.get("step")),
                        "because": step.get("because", ""),
                        "rows": _told(step.get("rows"), low, hidden.get("rows")),
                        "left_out": _told(step.get("left_out"), low, hidden.get("left_out")),
                    }
                    for step in _steps(about.get("ledger"))
                ],
                "scheme": about.get("scheme") or {},
                "people": people,
            }
        )
    return said


def _accepted(check: Mapping[str, Any]) -> str:
    """Return which version of the rules accepted the file, when, and what judged it."""
    if not check.get("suite"):
        return ""
    return f"rules {check['suite']}, on {check.get('on', '')}, by {check.get('by', '')}"


def _told(number: Any, least: int, hidden: str | None = None) -> str:
    """Return a number in words; one that is hidden, or should have been, as such."""
    if isinstance(number, str):
        return number
    if number is None or pd.isna(number):
        return hidden or "not told"
    count = int(number)
    return "hidden" if 0 < count < least else f"{count:,}"


def _steps(ledger: Any) -> list[Any]:
    if ledger is None:
        return []
    return ledger.to_dict("records") if isinstance(ledger, pd.DataFrame) else list(ledger)


def _bad(rule: Mapping[str, Any], least: int) -> str:
    if rule.get("outcome") == "could not run":
        return "could not be tested"
    if rule.get("bad") is None:
        return "some; how many is hidden" if rule.get("hidden") else "could not be tested"
    unit = rule.get("unit") or "rows"
    return f"{_told(rule['bad'], least if unit == 'rows' else 0)} {unit}"


def _then(rule: Mapping[str, Any]) -> str:
    if rule.get("severity") == "set the row aside" and rule.get("outcome") == "failed":
        return "set aside: in no figure"
    return "kept and counted" if rule.get("unit", "rows") == "rows" else "nothing is set aside"


def _words(table: Any) -> str:
    text = str(table or "Records").replace("_", " ")
    return text[:1].upper() + text[1:]
