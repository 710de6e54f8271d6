"""Packs the states of a figure into small scripts that a page fetches when a choice needs them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from equity.publish._format import is_hidden

__all__ = ["FORMAT", "write_states"]

FORMAT = 1  # of the states and what a page says of them: one more if old ones cannot be read
_ROOM = 120_000  # characters of one script; a figure with more states has several
_SHORT = 48  # what is no longer than this is not worth a number of its own
_PACKED = ("data", "rows")
_LEFT_OUT = ("answers", "follows", "busy")
_EXACT = 6  # digits of a number that is only drawn
_LARGE = 1e5  # numbers from here on may be times: they are kept as they are


def write_states(name: str, panel: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Write the states of one figure; return where each of them is.

    Parameters
    ----------
    name : the figure within its page.
    panel : its `states` (key -> number) and their `pool`.
    folder : where the scripts go.

    Returns
    -------
    `states` : key -> number; `files` : [first number, file name with the hash of its content];
    `blank` : the numbers of the states of which more than half is hidden, or all is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for first, text in _chunks(panel["pool"]):
        file = f"{name}.js" if not first else f"{name}-{first}.js"
        code = f'(globalThis.__equityStates??={{}})["{folder.name}/{name}/{first}"]={text};\n'
        (folder / file).write_text(code, encoding="utf-8")
        mark = hashlib.sha256(code.encode()).hexdigest()[:10]
        files.append([first, f"{file}?{mark}"])
    blank = [number for number, state in enumerate(panel["pool"]) if _blank(state)]
    return {"states": dict(panel["states"]), "files": files, "blank": blank}


def _blank(state: Mapping[str, Any]) -> bool:
    failed = state.get("absent") or state.get("problem")
    rows = state.get("rows") or []
    hidden = sum(is_hidden(row) for row in rows)
    return bool(failed) or 2 * hidden > len(rows)


def _chunks(pool: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    """Yield the first number and the text of each script."""
    first, box = 0, _Box()
    for number, state in enumerate(pool):
        if box.states and box.size > _ROOM:
            yield first, box.text()
            first, box = number, _Box()
        box.add(state)
    if box.states:
        yield first, box.text()


class _Box:
    """States that share what is the same in them."""

    def __init__(self):
        self.parts: list[str] = []
        self.known: dict[str, int] = {}
        self.states: list[dict[str, int]] = []
        self.size = 0

    def add(self, state: Mapping[str, Any]) -> None:
        kept = {k: v for k, v in state.items() if k not in _LEFT_OUT and v not in ("", [], {})}
        if "data" in kept:
            kept["data"] = _drawn(kept["data"], kept.get("spec") or {})
        self.states.append({key: self._packed(key, value) for key, value in kept.items()})

    def _packed(self, key: str, value: Any) -> Any:
        """Return where a trait is; of rows each column by itself, of a chart each of its parts."""
        if key in _PACKED:
            table = _columns(value)
            return [table["n"], table["keys"], [self._part(c) for c in table["columns"]]]
        return self._part(self._shared(value) if key == "spec" else value)

    def _shared(self, node: Any) -> Any:
        """Return a part of a chart in which each larger part stands as {"$": its number}."""
        if isinstance(node, Mapping):
            made: Any = {key: self._shared(value) for key, value in node.items()}
        elif isinstance(node, list):
            made = [self._shared(value) for value in node]
        else:
            return node
        return {"$": self._part(made)} if len(_json(made)) > _SHORT else made

    def _part(self, value: Any) -> int:
        text = _json(value)
        if text not in self.known:
            self.known[text] = len(self.parts)
            self.parts.append(text)
            self.size += len(text)
        return self.known[text]

    def text(self) -> str:
        return f'{{"parts":[{",".join(self.parts)}],"states":{_json(self.states)}}}'


def _drawn(rows: Sequence[Mapping[str, Any]], spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a chart with the columns only that it names, as exact as it draws."""
    text = json.dumps(spec)
    keys = dict.fromkeys(key for row in rows for key in row)
    named = [key for key in keys if key in text]
    return [{key: _rounded(row.get(key)) for key in named} for row in rows]


def _rounded(value: Any) -> Any:
    if isinstance(value, float) and abs(value) < _LARGE:
        return float(f"{value:.{_EXACT}g}")
    return value


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return rows by column; a column that is the same throughout has one value."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    columns = []
    for key in keys:
        values = [row.get(key) for row in rows]
        columns.append(_column(values))
    return {"n": len(rows), "keys": keys, "columns": columns}


def _column(values: list[Any]) -> Any:
    """Return one value where all are the same; else the different ones and which is where."""
    told = list(map(_json, values))
    different = list(dict.fromkeys(told))
    if len(different) == 1:
        return values[:1]
    which = {text: i for i, text in enumerate(different)}
    coded = {"d": [values[told.index(text)] for text in different], "i": [which[x] for x in told]}
    return coded if len(_json(coded)) < len(_json(values)) else values


def _json(thing: Any) -> str:
    text = json.dumps(thing, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
