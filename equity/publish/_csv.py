"""The tables of a site as CSV files: what a reader sees first, and all choices in long form."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

__all__ = [
    "all_states",
    "file_names",
    "read",
    "selected",
    "start_state",
    "text_of",
    "unsafe",
    "written",
]

BOM = "\ufeff"  # Excel takes a file for UTF-8 only if it begins with this
REASON = {"key": "reason", "heading": "Why a figure is missing", "format": "text"}
_FORMULA = re.compile(r"'*[=+\-@\t\r]")  # what a spreadsheet would run, or has our mark already
_CHOSEN = "chosen_"
_FIXED = 1e-6  # numbers smaller than this are written as 1e-7, as a browser does


def file_names(page: Mapping[str, Any]) -> dict[str, str]:
    """Return panel -> name of its files without the ending, each name once in the page."""
    names: dict[str, str] = {}
    for pid, panel in page.get("panels", {}).items():
        if not any(_listed(state) for state in panel.get("pool", [])):
            continue  # words, or nothing to show: no table
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", panel.get("filename") or pid).strip("-") or pid
        name, number = stem, 1
        while name in names.values() or name.removesuffix("-all") in names.values():
            number += 1
            name = f"{stem}-{number}"
        names[pid] = name
    return names


def start_state(panel: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a panel shows when the page opens; {} where it has no such state."""
    number = panel.get("states", {}).get("")
    return panel["pool"][number] if number is not None else {}


def text_of(state: Mapping[str, Any], about: Iterable[str] = ()) -> str:
    """Return the table of a state as a CSV file: headings, rows, and what is said about it.

    Parameters
    ----------
    state : what a panel shows, as the page gets it.
    about : further lines for the end of the file.

    It is what the button of the page saves: shares are written 0 to 1, a hidden or missing figure
    is empty and its reason stands in the last column.
    """
    columns, rows = list(state.get("columns", [])), list(state.get("rows", []))
    if not any(c["key"] == "reason" for c in columns) and any(r.get("reason") for r in rows):
        columns.append(REASON)
    lines: list[list[Any]] = [[c["heading"] for c in columns]] if columns else []
    lines += [[row.get(c["key"]) for c in columns] for row in rows]
    said = [state.get(name) or "" for name in ("source", "shown", "unfollowed", "notes")]
    said += ["Fictional sample data" if state.get("fictional") else "", *about]
    ends = [[line] for line in said if line]
    return written([*lines, *([[]] if ends and lines else []), *ends])


def all_states(page: Mapping[str, Any], pid: str) -> str:
    """Return the tables of all choices of a panel as one CSV file in long form, for programs.

    First a column `chosen_<name>` for each choice that the panel follows, then the columns of the
    table by their keys. Where figures are fictional, a last column says so.
    """
    panel = page["panels"][pid]
    states = [(key, panel["pool"][number]) for key, number in panel.get("states", {}).items()]
    shown = [(selected(page, key), state) for key, state in states if _listed(state)]
    followed = set(panel.get("follows", []))
    followed |= {cid for key, _ in states for cid, _ in _departures(page, key)}
    choices = [(cid, c) for cid, c in page.get("choices", {}).items() if cid in followed]
    keys: dict[str, None] = {}
    for _, state in shown:
        keys |= dict.fromkeys(c["key"] for c in state["columns"])
        if any(row.get("reason") for row in state["rows"]):
            keys["reason"] = None
    fictional = any(state.get("fictional") for _, state in shown)
    names = _once([_CHOSEN + str(c.get("name") or cid) for cid, c in choices])
    lines: list[list[Any]] = [[*names, *keys, *(["fictional"] if fictional else [])]]
    for words, state in shown:
        chosen = [words[cid] for cid, _ in choices]
        lines += [
            [*chosen, *(row.get(key) for key in keys), *([True] if fictional else [])]
            for row in state["rows"]
        ]
    return written(lines)


def selected(page: Mapping[str, Any], key: str) -> dict[str, str]:
    """Return choice -> the words chosen in a state, those that are at their start too."""
    made = dict(_departures(page, key))
    keys: dict[str, str] = {}

    def value(cid: str) -> str:
        if cid not in keys:
            keys[cid] = ""  # a choice that depends on itself would never end
            keys[cid] = made[cid] if cid in made else str(_offer(cid)["start"])
        return keys[cid]

    def _offer(cid: str) -> Mapping[str, Any]:
        choice = page["choices"][cid]
        parents = choice.get("parent") or []
        parents = [parents] if isinstance(parents, str) else parents
        if not parents:
            return choice
        return choice.get("by_parent", {}).get("|".join(map(value, parents)), choice)

    def words(cid: str) -> str:
        offered = {str(o[0]): str(o[1]) for o in _offer(cid).get("options", [])}
        return offered.get(value(cid), value(cid))

    return {cid: words(cid) for cid in page.get("choices", {})}


def read(text: str) -> list[list[str]]:
    """Return the fields of a CSV file of a site, without the marks against formulas."""
    rows = csv.reader(io.StringIO(text.removeprefix(BOM), newline=""))
    return [[unsafe(field) for field in row] for row in rows]


def unsafe(text: str) -> str:
    """Return text as it was before it was made safe for spreadsheets."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _safe(text: str) -> str:
    return "'" + text if _FORMULA.match(text) else text


def written(lines: Iterable[Iterable[Any]]) -> str:
    """Return lines as a CSV file that Excel and programs read alike."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([_field(v) for v in line] for line in lines)
    return BOM + out.getvalue()


def _field(value: Any) -> str:
    """Return a value as a browser writes it: true, 0.25, nothing where it is missing."""
    if value is None or value != value:  # NaN differs from itself
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if abs(value) >= _FIXED or not value:
            return format(Decimal(repr(value)).normalize(), "f") if value else "0"
        return re.sub(r"e([+-])0+", r"e\1", repr(value))
    return str(value) if isinstance(value, int) else _safe(str(value))


def _listed(state: Mapping[str, Any]) -> bool:
    failed = state.get("problem") or state.get("absent")
    return bool(state.get("columns") and state.get("rows")) and not failed


def _departures(page: Mapping[str, Any], key: str) -> Iterator[tuple[str, str]]:
    """Return the choices of "c3=2024;c5=female"; a value may hold such signs itself."""
    known = "|".join(re.escape(cid) for cid in page.get("choices", {}))
    if key and known:
        parts = re.split(rf"(?:^|;)({known})=", key)
        yield from zip(parts[1::2], parts[2::2], strict=True)


def _once(names: list[str]) -> list[str]:
    """Return names, those that come again with a number."""
    return [n if n not in names[:i] else f"{n}_{i + 1}" for i, n in enumerate(names)]
