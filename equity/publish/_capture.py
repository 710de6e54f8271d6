"""Turns a notebook that was run into the page that the site shows: sections, choices, states."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets
import mistune

from equity.publish._run import Cell, Notebook
from equity.publish._stages import Planned, Planning
from equity.publish._states import Control, controls, each_state, is_choice
from equity.widgets._choices import slug
from equity.widgets._panel import Panel
from equity.widgets._safety import speaks_for_itself
from equity.widgets._show import Words

__all__ = ["capture", "figures_of", "plan"]

_STATE = (
    "spec", "data", "rows", "columns", "title", "summary", "description", "notes", "source",
    "shown", "unfollowed", "problem", "absent", "fictional", "filename",
)  # fmt: skip
_NOT_OURS = (
    "Something that the notebook shows here is not published: only figures made with "
    "eq.widgets.show are known to hold nothing but what may be published."
)
_FAILED = "This picture could not be made from what may be published."


def plan(notebook: Notebook, planning: Planning, *, together: int = 1) -> None:
    """Go through all states of all figures, and let `planning` note what they need.

    together : how many of the choices that narrow the records are away from their start at once.
    """
    of = _controls(notebook)
    for thing in figures_of(notebook):

        def act(weight: float, figure: Any = thing.figure) -> None:
            planning.weight = weight
            try:
                figure.compute()
            except Planned:
                pass
            except Exception as error:  # it will say the same when the page is made
                if not speaks_for_itself(error):
                    raise

        for _ in each_state(thing.figure, of, act, together=together):
            pass


def capture(
    notebook: Notebook, *, together: int = 1, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Return the page of a notebook, with all states of its figures."""
    return _Capture(notebook, together, tell).page()


def figures_of(notebook: Notebook) -> list[Any]:
    """Return the panels and notes of a notebook that have a figure behind them."""
    cells = [c for c in notebook.cells if c.published]
    found = [w for c in cells for thing in c.shown for w in _flat(thing)]
    return [w for w in found if getattr(w, "figure", None) is not None]


class _Capture:
    def __init__(self, notebook: Notebook, together: int, tell: Callable[[str], None]):
        self.notebook, self.together, self.tell = notebook, together, tell
        self.of = _controls(notebook)
        self.panels: dict[str, dict[str, Any]] = {}
        self.problems: list[str] = []

    def page(self) -> dict[str, Any]:
        lead: list[str] = []
        sections: list[dict[str, Any]] = []
        for cell in (c for c in self.notebook.cells if c.published):
            for title, html in _parts(cell.words):
                if title:
                    sections.append({"id": slug(title), "title": title, "parts": []})
                if html and sections:
                    sections[-1]["parts"].append({"kind": "text", "html": html})
                elif html:
                    lead.append(html)
            shown = [p for thing in cell.shown for w in _flat(thing) for p in self._part(w, cell)]
            if shown and not sections:
                sections.append({"id": "figures", "title": self.notebook.title, "parts": []})
            if shown:
                sections[-1]["parts"] += shown
        return {
            "name": self.notebook.name,
            "title": self.notebook.title,
            "description": self.notebook.description,
            "lead": "\n".join(lead),
            "sections": sections,
            "choices": {c.id: c.json() for c in _unique(self.of) if c.offered or c.parents},
            "panels": self.panels,
            "problems": list(dict.fromkeys(self.problems)),
        }

    def _part(self, widget: Any, cell: Cell) -> list[dict[str, Any]]:
        if isinstance(widget, _Bar):
            return [{"kind": "bar", "choices": [self.of[id(c)].id for c in widget.choices]}]
        own = getattr(widget, "own", False)
        if isinstance(widget, Words) and widget.figure is None and not own:
            return [{"kind": "text", "html": widget.value}] if widget.value.strip() else []
        fixed = isinstance(widget, Words) and widget.figure is None
        if fixed and own and widget.value.strip() and not re.search(r"\d", widget.value):
            return [{"kind": "text", "html": widget.value}]
        if fixed and own and not widget.value.strip():
            return []
        if own or not isinstance(widget, Panel | Words):
            self.problems.append(f"Cell {cell.number} shows something that is not published.")
            return [{"kind": "text", "html": f"<p>{_NOT_OURS}</p>"}]
        name = f"p{len(self.panels) + 1}"
        self.panels[name] = self._states(widget)
        return [{"kind": "panel" if isinstance(widget, Panel) else "note", "panel": name}]

    def _states(self, widget: Any) -> dict[str, Any]:
        figure = widget.figure
        if figure is None:
            state = {key: getattr(widget, key) for key in _STATE} | {"answers": False}
            return {"filename": widget.filename, "follows": [], "states": {"": 0}, "pool": [state]}
        self.tell(f"{self.notebook.title}: {figure.name.replace('_', ' ') or 'words'}")
        states: dict[str, int] = {}
        pool: list[dict[str, Any]] = []
        every = each_state(figure, self.of, lambda _: self._state(widget), together=self.together)
        for key, state in every:
            if state not in pool[-8:]:
                pool.append(state)
            states[key] = len(pool) - 1 if pool[-1] == state else pool.index(state)
        used = {part.split("=")[0] for key in states for part in key.split(";") if part}
        follows = [c.id for c in _unique(self.of) if c.id in used]
        name = getattr(widget, "filename", "") or "words"
        lost = [self.of[id(c)].id for c in figure.beside if id(c) in self.of]
        beside = [c for c in dict.fromkeys(lost) if c not in used]
        return {
            "filename": name,
            "follows": follows,
            "beside": beside,
            "states": states,
            "pool": pool,
        }

    def _state(self, widget: Any) -> dict[str, Any]:
        if isinstance(widget, Words):
            return widget.figure.compute()
        plain = {"answers": False, "problem": "", "absent": "", "filename": widget.filename}
        try:
            made = widget.figure.compute()
        except Exception as error:
            words = dict.fromkeys(("title", "summary", "description", "notes", "source"), "")
            if not speaks_for_itself(error):
                self.problems.append(f"{widget.filename}: {type(error).__name__}")
            said = str(error) if speaks_for_itself(error) else _FAILED
            return {**words, **plain, "shown": "", "unfollowed": "", "absent": said}
        return {**plain, **made, "filename": widget.filename}


class _Bar:
    """A row of choices."""

    def __init__(self, choices: Iterable[Any]):
        self.choices = list(choices)


def _flat(thing: Any) -> list[Any]:
    """Return the widgets within a box, a row of choices as one."""
    if isinstance(thing, ipywidgets.Box):
        if any(is_choice(child) for child in thing.children):
            return [_Bar(child for child in thing.children if is_choice(child))]
        return [w for child in thing.children for w in _flat(child)]
    return [thing]


def _controls(notebook: Notebook) -> dict[int, Control]:
    """Return the choices of a notebook in their order, by their identity."""
    cells = [c for c in notebook.cells if c.published]
    shown = [w for c in cells for thing in c.shown for w in _flat(thing)]
    choices = [c for w in shown if isinstance(w, _Bar) for c in w.choices]
    behind = [c for w in shown if getattr(w, "figure", None) for c in w.figure.choices]
    every = list({id(c): c for c in (*choices, *behind)}.values())
    return {id(c.one): c for c in controls(every)}


def _unique(of: dict[int, Control]) -> list[Control]:
    return sorted(of.values(), key=lambda c: int(c.id[1:]))


def _parts(words: str) -> list[tuple[str, str]]:
    """Split Markdown at its headings of the second level: (heading, HTML below it)."""
    if not words.strip():
        return []
    words = re.sub(r"^# .*$", "", words, flags=re.M)  # the page has its title already
    pieces = re.split(r"^## +(.*)$", words, flags=re.M)
    titles = ["", *pieces[1::2]]
    return [
        (title.strip(), str(_markdown(text)).strip())
        for title, text in zip(titles, pieces[0::2], strict=True)
        if title or text.strip()
    ]


_markdown = mistune.create_markdown(escape=True, plugins=["table"])
