"""The words of the field that stand on the pages, in plain words, each with a source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Word", "by_letter", "words"]

_FILE = Path(__file__).parent / "words" / "glossary.toml"


@dataclass(frozen=True)
class Word:
    """A word of the glossary: pages link to it as ``glossary.html#<id>``."""

    id: str
    term: str
    words: str
    source: str


@cache
def words() -> tuple[Word, ...]:
    """Return the words of the glossary in the order of the alphabet."""
    with _FILE.open("rb") as file:
        given = tomllib.load(file)
    found = [Word(id=key, **entry) for key, entry in given.items()]
    return tuple(sorted(found, key=lambda word: word.term.lower()))


def by_letter() -> dict[str, list[Word]]:
    """Return the words by their first letter."""
    out: dict[str, list[Word]] = {}
    for word in words():
        out.setdefault(word.term[0].upper(), []).append(word)
    return out
