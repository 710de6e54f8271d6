"""Where the figures of a notebook come from: the counts themselves, or what may be published."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from equity.counts import CountTable, read_counts
from equity.widgets._choices import Choice

__all__ = ["Figure", "Live", "Part", "playing", "read_ahead", "stage"]


@dataclass(frozen=True)
class Figure:
    """What stands behind a panel or a note: which choices it follows, and how it is made.

    choices : every choice that can change it.
    followed : returns those that change it as things stand.
    filters : those that narrow which records it shows, or break it down.
    groups : those that say by which column people are compared.
    within : those of the filters that break it down.
    beside : choices of the page that do not change it, and that it names where they are made.
    compute : returns what is shown, for the choices as they stand.
    """

    choices: Sequence[Choice]
    followed: Callable[[], list[Choice]]
    compute: Callable[[], dict[str, Any]]
    filters: Sequence[Choice] = ()
    groups: Sequence[Choice] = ()
    within: Sequence[Choice] = ()
    beside: Sequence[Choice] = ()
    name: str = ""


@dataclass(frozen=True)
class Part:
    """A part of counts, as a measure is to see it: which counts, and which of their rows.

    made : the counts of the part, where they were taken already.
    """

    counts: Any
    where: Mapping[str, Any] = field(default_factory=dict)
    made: Any = field(default=None, compare=False, repr=False)

    def taken(self) -> Any:
        """Return the counts of the part."""
        return self.counts.where(**self.where) if self.made is None else self.made


class Live:
    """In Voila and in JupyterLab: count files are opened as they are, measures get counts."""

    publishes = False

    def open(self, path: Any, name: str) -> CountTable | None:
        """Return the counts of a file; None where they may not be shown here."""
        known = _read.get(_version(Path(path)))
        return read_counts(path, coded=True) if known is None else known

    def measured(
        self,
        measure: Callable[..., pd.DataFrame],
        part: Part,
        beside: Sequence[Any],
        arguments: Mapping[str, Any],
    ) -> pd.DataFrame:
        """Return the table of a measure."""
        return measure(part.taken(), *beside, **arguments)


_read: dict[tuple[str, int, int], CountTable] = {}


def read_ahead(folder: str | os.PathLike[str]) -> bool:
    """Read the count files of a folder, so that pages that are copies of this process have them.

    Returns whether anything was read: files that were read before and have not changed are not
    read again. What cannot be read is left to the page, which says what is wrong.
    """
    there = {}
    for path in Path(folder).glob("*.parquet"):
        with suppress(OSError):  # gone by now
            there[_version(path)] = path
    for gone in _read.keys() - there.keys():
        del _read[gone]
    new = there.keys() - _read.keys()
    for version in new:
        with suppress(Exception):
            _read[version] = read_counts(there[version], coded=True)
    return bool(new)


def _version(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path.resolve()), found.st_mtime_ns, found.st_size


_playing: list[Live] = [Live()]


def stage() -> Live:
    """Return where figures come from now."""
    return _playing[-1]


@contextmanager
def playing(one: Live) -> Iterator[None]:
    """Let figures come from another place for a while."""
    _playing.append(one)
    try:
        yield
    finally:
        _playing.remove(one)
