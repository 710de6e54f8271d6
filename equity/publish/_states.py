"""The states of a figure that a page can show, worked out one by one before it is published.

A state is what a figure shows for one set of choices. Of the choices that narrow the records one
at a time is away from its start, and of the others one: tables that cross more would be too fine
to publish. The columns that people are compared by (race, sex) are free.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from equity.widgets._choices import Choice, Chosen, quiet
from equity.widgets._stage import Figure

__all__ = ["Control", "controls", "each_state"]

_CROSSED = ("race_sex",)  # race and sex at once is fine enough: it is not narrowed besides
_STOPS = 8  # numbers of a slider that a page offers
MOST = 240  # states of one figure; where there would be more, one choice at a time


class Control:
    """A choice as a published page has it: its options, and those it has for other choices."""

    def __init__(self, one: Any, name: str):
        self.one, self.id = one, name
        self.parents: list[Control] = []
        self.by_parent: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.filter = False

    @property
    def keys(self) -> list[Any]:
        """What can be chosen now."""
        if isinstance(self.one, Choice):
            return [key for _, key in self.one.options]
        return _stops(self.one)

    @property
    def offered(self) -> bool:
        """Whether a reader can choose at all."""
        hidden = getattr(self.one.layout, "display", None) == "none"
        return not hidden and len(self.keys) > 1

    def told(self) -> dict[str, Any]:
        """Return its options now, as [key, words, word in the address], and its start."""
        if isinstance(self.one, Choice):
            address = self.one.addresses
            options = [[as_text(k), str(w), address[k]] for w, k in self.one.options]
            return {"options": options, "start": as_text(self.one.start)}
        options = []
        with quiet(), kept([self]):
            for key in self.keys:
                self.one.value = key
                options.append([as_text(key), self.one.words, self.one.addresses[self.one.value]])
        return {"options": options, "start": as_text(self.one.start)}

    def json(self) -> dict[str, Any]:
        """Return it as the page reads it."""
        parents = [p.id for p in self.parents]
        return {
            "label": self.one.label_text,
            "name": self.one.name,
            **self.told(),
            "offered": self.offered,
            "parent": parents or None,
            "by_parent": {"|".join(map(as_text, k)): v for k, v in self.by_parent.items()},
            "filter": self.filter,
        }


def as_text(key: Any) -> str:
    """Return the key of an option as text: numbers without needless decimals."""
    if isinstance(key, float):
        return f"{key:.10g}"
    return str(key)


@contextmanager
def kept(of: Sequence[Control]) -> Iterator[None]:
    """Put the choices back as they were."""
    before = [c.one.value for c in of]
    try:
        yield
    finally:
        with quiet():
            for control, value in zip(of, before, strict=True):
                control.one.value = value


def controls(choices: Sequence[Any]) -> list[Control]:
    """Return the choices of a page, with what each of them changes in those after it."""
    made = [Control(one, f"c{i}") for i, one in enumerate(choices)]
    plain = [c for c in made if isinstance(c.one, Choice)]
    for i, later in enumerate(made):
        later.parents = [p for p in plain[:] if p in made[:i] and _changes(p, later)]
    for later in made:
        if not later.parents:
            continue
        with quiet(), kept(later.parents):
            for combination in _combinations(later.parents):
                if all(_set(p, key) for p, key in zip(later.parents, combination, strict=True)):
                    later.by_parent[combination] = later.told()
    return made


def each_state(
    figure: Figure, of: Mapping[int, Control], act: Callable[[float], Any], *, together: int = 1
) -> Iterator[tuple[str, Any]]:
    """Go through the states of a figure: yield the key of each and what `act` returns there.

    act : called with the weight of the state: 1 for what a reader sees first; of a choice that
        narrows the records and has 12 further options, each has a twelfth.
    of : id of a choice -> its control.
    together : how many of the choices that narrow the records are away from their start at once.
    """
    led = [of[id(c)] for c in figure.choices if id(c) in of]
    led = sorted((c for c in dict.fromkeys(led) if len(c.keys) > 1), key=lambda c: int(c.id[1:]))
    groups = {id(c) for c in figure.groups}
    filters = {id(c) for c in figure.filters} - groups
    for control in led:
        control.filter |= id(control.one) in filters
    free = [c for c in led if id(c.one) in groups]
    narrow = [c for c in led if id(c.one) in filters]
    within = {id(w) for w in figure.within if w.picked is not None}
    standing = [c for c in narrow if id(c.one) in within]
    narrow = standing or narrow  # broken down from the start: that is its one filter
    others = [c for c in led if id(c.one) not in filters and c not in free]
    broken = bool(standing)
    plans = list(_plans(free, narrow, others, together, both=True, standing=broken))
    if len(plans) > MOST * together:
        plans = list(_plans(free, narrow, others, together, both=False, standing=broken))
    everything = list({id(c): c for c in of.values()}.values())
    with quiet(), kept(everything):
        for plan in plans:
            for control in everything:  # parents first, so that starts follow them
                control.one.value = control.one.start
            if not all(_set(c, key) for c, key in sorted(plan, key=lambda p: int(p[0].id[1:]))):
                continue
            if not all(id(c.one) in {id(x) for x in figure.followed()} for c, _ in plan):
                continue  # a choice that this figure does not follow as things stand
            name = ";".join(
                f"{c.id}={as_text(c.one.value)}" for c in led if c.one.value != c.one.start
            )
            away = [len(c.keys) - 1 for c, _ in plan if id(c.one) in filters]
            yield name, act(1 / math.prod(max(n, 1) for n in away))


def _plans(
    free: list[Control],
    narrow: list[Control],
    others: list[Control],
    together: int,
    *,
    both: bool,
    standing: bool,
) -> Iterator[list[tuple[Control, Any]]]:
    """Yield what to set: the groups freely, then filters, one other choice, or both."""
    seen: set[tuple[Any, ...]] = set()
    for combination in itertools.product(*(c.keys for c in free)):
        base = list(zip(free, combination, strict=True))
        with quiet(), kept([*free, *narrow, *others]):
            for control, key in base:
                _set(control, key)
            away = {c: [k for k in c.keys if k != c.one.start] for c in (*narrow, *others)}
        if any(key in _CROSSED for _, key in base):
            if standing:
                continue
            away |= {c: [] for c in narrow}
        filters = [
            list(zip(some, keys, strict=True))
            for many in range(1, together + 1)
            for some in itertools.combinations(narrow, many)
            for keys in itertools.product(*(away[c] for c in some))
        ]
        singles = [[(c, key)] for c in others for key in away[c]]
        pairs = [f + one for f in filters for one in singles] if both else []
        for more in [[], *filters, *singles, *pairs]:
            plan = [*base, *more]
            mark = tuple((c.id, as_text(k)) for c, k in plan)
            if mark not in seen:
                seen.add(mark)
                yield plan


def _set(control: Control, key: Any) -> bool:
    """Choose; return False where that is not on offer, such as a group of the other column."""
    if isinstance(control.one, Choice) and key not in control.keys:
        return False
    control.one.value = key
    return True


def _combinations(parents: Sequence[Control]) -> Iterator[tuple[Any, ...]]:
    """Yield what parents can be set to together: what one is set to may change the next one."""
    if not parents:
        yield ()
        return
    first, *rest = parents
    for key in list(first.keys):
        _set(first, key)
        for more in _combinations(rest):
            yield (key, *more)


def _changes(parent: Control, later: Control) -> bool:
    """Return whether a choice changes what a later one offers, or where it starts."""
    before = _offer(later)
    with quiet(), kept([parent, later]):
        for key in parent.keys:
            parent.one.value = key
            if _offer(later) != before:
                return True
    return False


def _offer(control: Control) -> tuple[Any, ...]:
    keys = tuple(control.keys) if isinstance(control.one, Choice) else ()
    return (keys, control.one.start)


def _stops(slider: Any) -> list[float]:
    """Return the numbers of a slider that a page offers: evenly spread, its start among them."""
    wide = (slider.high - slider.low) / (_STOPS - 1)
    spread = [slider.low + i * wide for i in range(_STOPS)]
    steps = [slider.low + round((v - slider.low) / slider.step) * slider.step for v in spread]
    near = [round(v, 10) for v in steps if abs(v - slider.start) > wide / 4]
    return sorted({*near, slider.start})


def is_choice(thing: Any) -> bool:
    """Return whether a widget is something to choose with."""
    return isinstance(thing, Chosen)
