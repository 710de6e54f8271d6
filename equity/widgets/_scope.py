"""Tells which choices a figure follows, which it does not, and that it is at work on them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import pandas as pd

from equity.measures.evidence_ladder import Evidence
from equity.widgets._choices import Choice, choices_in
from equity.widgets._later import later
from equity.widgets._panel import Panel

__all__ = [
    "Work",
    "applying",
    "marked",
    "one_reference",
    "rounding",
    "shown_in",
    "unfollowed_in",
]


class Work:
    """Says on the panel that it is at work, where it has to compute."""

    def __init__(self, panel: Panel, needed: Callable[[], bool]):
        self.panel, self.needed = panel, needed

    def begin(self) -> None:
        """Say so before the work."""
        with suppress(Exception):  # what is wrong is told when the figure is drawn
            self.panel.busy = self.needed()

    def end(self) -> None:
        """Say that it is over, however it went; not while it is still to be drawn."""
        if not later.waits(self.panel):
            self.panel.busy = False


def applying(counts: Any, where: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters without the choices for columns that the counts lack.

    Evidence takes them all: it is parted as far as it goes, and says its scope itself.
    """
    by = getattr(counts, "by", None)
    if by is None or isinstance(counts, Evidence):
        return dict(where)
    return {k: v for k, v in where.items() if k in by or not isinstance(v, Choice)}


def unfollowed_in(counts: Any, where: Mapping[str, Any], beside: Iterable[Choice]) -> str:
    """Return a sentence that names the choices made that this figure does not follow; or ""."""
    those = applying(counts, where)
    lost = choices_in([v for k, v in where.items() if k not in those])
    made = [c for c in lost if c.picked is not None]
    made += [c for c in beside if c not in lost and c.picked is not None and c.is_made]
    named = ", ".join(dict.fromkeys(c.label_text for c in made))
    return f"This picture does not change with: {named}." if made else ""


def one_reference(
    measure: Callable[..., Any], arguments: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """Return the group to compare with where the choice names none and the measure needs one.

    With it a sentence that says so: the choice stands on "Highest rate", the figure does not.
    """
    chosen = arguments.get("reference")
    needs = inspect.signature(measure).parameters.get("reference")
    if not isinstance(chosen, Choice) or needs is None or needs.default is None:
        return {}, ""
    if chosen.picked is not None or not chosen.start:
        return {}, ""
    words = {key: words for words, key in chosen.options}.get(chosen.start, chosen.start)
    said = f"Compared with {words} here: this picture needs one group, the same throughout."
    return {"reference": chosen.start}, said


def rounding(counts: Any, table: pd.DataFrame) -> str:
    """Return a sentence on numbers that the table holds rounded; "" where they are exact.

    A table that a stated rule lets be published says so in its column `method`.
    """
    words = table["method"].dropna().astype("str") if "method" in table else []
    found = next(filter(None, (_ROUNDED.search(w) for w in words)), None)
    if found is None:
        return ""
    of_stops = any(str(c).startswith("subject_") for c in getattr(counts, "by", ()))
    what = "stops" if of_stops else "people"
    to = "tens" if found[1] == "10" else f"the nearest {found[1]}"
    return f"Numbers of {what} are rounded to {to}; 0 means none."


_ROUNDED = re.compile(r"numbers of people rounded to the nearest (\d+)")


def shown_in(where: Mapping[str, Any]) -> str:
    """Return a sentence that names the part of the records that is shown; "" for all of them."""
    made = [c.sentence for c in choices_in(where) if c.picked is not None]
    return f"Shown: {'; '.join(made)}." if made else ""


def marked(thing: Any) -> Any:
    """Return what tells arguments apart: plain values by themselves, tables by their identity."""
    if isinstance(thing, Mapping):
        return [(key, marked(value)) for key, value in thing.items()]
    if isinstance(thing, list | tuple):
        return [marked(value) for value in thing]
    plain = isinstance(thing, str | int | float | bool | type(None))
    return (type(thing), thing if plain else id(thing))
