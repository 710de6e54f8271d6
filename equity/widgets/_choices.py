"""Choices: drop-down lists with readable words, whose state lives in the page's address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import anywidget
import ipywidgets
import traitlets

from equity.widgets._later import FromPage

__all__ = [
    "Choice",
    "Chosen",
    "Follower",
    "Part",
    "batch",
    "choice",
    "choices_bar",
    "choices_in",
    "key_of",
    "quiet",
    "resolve",
    "slug",
    "when",
]

_STATIC = Path(__file__).parent / "static"
_LONGEST = 40  # letters of an address that are repeated to its reader
_EVERYTHING = ""  # the key of "no choice": ipywidgets reads None as "nothing selected"


class Follower(Protocol):
    """What follows choices and may take its time."""

    def begin(self) -> None: ...

    def end(self) -> None: ...


class Chosen(FromPage):
    """What a viewer sets, whatever it looks like: base of the drop-down list and the slider.

    Beside what is here it has `value`, `start`, `picked`, `words`, `addresses` and `named`.
    """

    label_text: str
    name: str
    picked: Any
    words: Any
    followers: list[Follower]

    def notify_change(self, change: Any) -> None:
        """Tell the figures that follow first, all at once, so that each can say it is at work."""
        value = change["name"] == "value"
        if value:
            for one in self.followers:
                one.begin()
        try:
            super().notify_change(change)  # type: ignore[misc]
        finally:  # also where one of those told has failed
            if value:
                _ended(self.followers)

    @property
    def sentence(self) -> str:
        """Its label and what is chosen: "Year: 2024", "Who was stopped: Drivers", "All years"."""
        if self.words.startswith("All "):
            return self.words
        return f"{self.label_text}: {self.words}"

    @property
    def named_as(self) -> str:
        """Its label within a sentence: "who was stopped"."""
        return self.label_text[:1].lower() + self.label_text[1:]


class Choice(Chosen, ipywidgets.Dropdown):
    """A drop-down list; `picked` is what a measure gets."""

    def __init__(
        self, label: str, words: Mapping[Any, str], things: Mapping[Any, Any], value: Any
    ):
        self.label_text = label
        self.followers: list[Follower] = []
        self.name = slug(label)
        words = {key_of(k): word for k, word in words.items()}
        value = key_of(value)
        self.things = {_EVERYTHING: None, **{key_of(k): thing for k, thing in things.items()}}
        super().__init__(
            options=[(word, key) for key, word in words.items()],
            value=value,
            description=label,
            style={"description_width": "initial"},
            layout={"width": "auto"},
        )
        self.start = value
        self.add_class("eq-choice")

    @property
    def picked(self) -> Any:
        """What is chosen; None where everything is."""
        return self.things.get(self.value, self.value)

    @property
    def words(self) -> str:
        """What is chosen, as the viewer reads it."""
        return str(self.label)

    @property
    def is_made(self) -> bool:
        """Whether it narrows: it could be everything and is not, or is not as it was at first."""
        return self.value != self.start or (self.picked is not None and self.offers_all)

    @property
    def offers_all(self) -> bool:
        """Whether "everything" is on offer."""
        return any(key == _EVERYTHING for _, key in self.options)

    @property
    def addresses(self) -> dict[Any, str]:
        """How each option reads in the page's address: its words, or its key if they clash."""
        words = {key: slug(word) for word, key in self.options}
        often = list(words.values())
        return {k: w if w and often.count(w) == 1 else str(k) for k, w in words.items()}

    def named(self, text: str) -> Any:
        """Return the option that an address names by its words or its key; None if it has none."""
        given = slug(text)
        for key, word in self.addresses.items():
            if text in (word, str(key)) or (given and given == word):
                return key
        return None


class Part:
    """What a choice means for one argument: `things` by the key that is chosen."""

    def __init__(self, of: Choice, things: Mapping[Any, Any]):
        self.of, self.things = of, {key_of(k): thing for k, thing in things.items()}

    @property
    def picked(self) -> Any:
        """The thing for what is chosen."""
        return self.things.get(self.of.value)


def choice(
    label: str,
    options: Iterable[Any] | Mapping[str, Any],
    *,
    all: str | None = None,
    labels: Mapping[Any, str] | None = None,
    value: Any = None,
) -> Choice:
    """Return a drop-down list of choices, to be used as an argument of :func:`show`.

    Parameters
    ----------
    label : what is chosen: "Department".
    options : the values to choose from; or a mapping, whose keys are chosen and whose values are
        what the measure gets (a table of residents, a list of groups).
    all : words for "no choice", put first: "All departments". It stands for None.
    labels : words for the values; a value without words is shown as it is.
    value : what is chosen at first; None: the first.

    Raises
    ------
    ValueError
        There is nothing to choose from, or `value` is not among the options.

    Examples
    --------
    >>> year = choice("Year", [2021, 2022], all="All years")
    >>> year.picked is None, year.words
    (True, 'All years')
    >>> year.value = 2022
    >>> year.picked
    2022
    """
    things = dict(options) if isinstance(options, Mapping) else {}
    keys = list(options)
    labels = labels or {}
    words: dict[Any, str] = {_EVERYTHING: all} if all is not None else {}
    words |= {key: str(labels.get(key, key)) for key in keys}
    if not words:
        raise ValueError(f"choice({label!r}) has no options. Give at least one.")
    first = next(iter(words)) if value is None else value
    if first not in words:
        raise ValueError(
            f"value={value!r} is not one of the options of {label!r}: "
            f"{', '.join(str(k) for k in keys)}."
        )
    return Choice(label, words, things, first)


def choices_bar(*choices: Any) -> ipywidgets.Box:
    """Return a row of choices that wraps on a small screen; under Voila the address keeps them.

    A link with ``?department=patrol`` opens the page with that choice made. A value that is not
    on offer is told in words above the row; a name that is not is ignored. On paper the row is a
    sentence: what is chosen.

    Examples
    --------
    >>> bar = choices_bar(choice("Year", [2021, 2022]))
    """
    bar = ipywidgets.Box([*choices, _Address(choices)])
    bar.add_class("eq-choices")
    return bar


def choices_in(*things: Any) -> list[Choice]:
    """Return the choices among arguments, looking into lists and mappings, each once."""
    found: dict[int, Any] = {}
    for thing in things:
        if isinstance(thing, Part):
            thing = thing.of
        if isinstance(thing, Chosen):
            found[id(thing)] = thing
        elif isinstance(thing, Mapping):
            found |= {id(c): c for c in choices_in(*thing.values())}
        elif isinstance(thing, list | tuple):
            found |= {id(c): c for c in choices_in(*thing)}
    return list(found.values())


def resolve(thing: Any) -> Any:
    """Return an argument with every choice in it replaced by what is chosen."""
    if isinstance(thing, Chosen | Part):
        return thing.picked
    if isinstance(thing, Mapping):
        return {key: resolve(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return type(thing)(resolve(value) for value in thing)
    return thing


def slug(words: str) -> str:
    """Return words as they stand in a file name or an address: "All years" -> "all-years"."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


# Several choices are set at once when a link is opened: then each chart is drawn once, not once
# per choice.
_waiting: dict[int, Callable[[], None]] | None = None
_at_work: list[Follower] = []


@contextmanager
def batch() -> Iterator[None]:
    """Hold back what follows from choices until all of them are made."""
    global _waiting
    if _waiting is not None:
        yield
        return
    _waiting = {}
    try:
        yield
    finally:
        waiting, _waiting = _waiting, None
        late, _at_work[:] = list(_at_work), []
        try:
            for act in waiting.values():
                act()
        finally:
            _ended(late)


@contextmanager
def quiet() -> Iterator[None]:
    """Let choices change without anything that follows: what is shown is asked for elsewhere."""
    global _waiting
    before, _waiting = _waiting, {}
    try:
        yield
    finally:
        _waiting = before
        if before is None:
            _at_work.clear()


def _ended(followers: Iterable[Follower]) -> None:
    """Tell followers that the work is done; within a batch, at its end."""
    if _waiting is not None:
        _at_work.extend(followers)
        return
    for one in followers:
        one.end()


def when(
    choices: Iterable[Choice], act: Callable[[], None], follower: Follower | None = None
) -> None:
    """Call `act` whenever one of the choices changes; a follower is told before and after."""

    def changed(_: Any) -> None:
        if _waiting is None:
            act()
        else:
            _waiting[id(act)] = act

    for one in choices:
        one.observe(changed, names="value")
        if follower is not None:
            one.followers.append(follower)


def key_of(key: Any) -> Any:
    return _EVERYTHING if key is None else key


class _Address(FromPage, anywidget.AnyWidget):
    """Keeps choices in the page's address; says on paper what they are, and what is not here."""

    _esm = _STATIC / "address.js"
    names = traitlets.List().tag(sync=True)
    ids = traitlets.List().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)
    asked = traitlets.Dict().tag(sync=True)
    shown = traitlets.Unicode().tag(sync=True)
    missed = traitlets.Unicode().tag(sync=True)

    def __init__(self, choices: Iterable[Any]):
        self.choices = {one.name: one for one in choices}
        super().__init__(names=list(self.choices), ids=[one.model_id for one in choices])
        self.observe(self._take, names="asked")
        for one in self.choices.values():
            one.observe(self._tell, names="value")
        self._say()

    def _take(self, change: Any) -> None:
        missed = []
        with batch():
            asked = dict(change["new"])
            # in the order of the row: a choice may change what the next one offers
            for name, one in self.choices.items():
                if name not in asked:
                    continue
                key = one.named(asked[name])
                if key is None:
                    missed.append(_not_here(one, asked[name]))
                else:
                    one.value = key
        self.missed = " ".join(missed)

    def _tell(self, _: Any = None) -> None:
        self.chosen = {
            name: None if one.value == one.start else one.addresses.get(one.value, str(one.value))
            for name, one in self.choices.items()
        }
        self.missed = ""
        self._say()

    def _say(self) -> None:
        offered = [c for c in self.choices.values() if c.layout.display != "none"]
        self.shown = f"Shown: {'; '.join(c.sentence for c in offered)}." if offered else ""


def _not_here(one: Choice, asked: str) -> str:
    label = one.named_as
    asked = asked if len(asked) <= _LONGEST else asked[:_LONGEST] + "\u2026"
    instead = "all" if one.picked is None else one.words
    return f"Not available here: {label} {asked}. Showing {instead}."
