"""The page that is written: lines of TOML with comments, and the questions that are left."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

__all__ = ["Page", "key", "text"]


@dataclass
class Page:
    """The lines of an equity.toml; a line that is to be decided begins with `# DECIDE:`."""

    lines: list[str] = field(default_factory=list)
    questions: list[tuple[int, str]] = field(default_factory=list)

    def say(self, line: str = "") -> None:
        """Add a line of TOML."""
        self.lines.append(line)

    def remark(self, *words: str) -> None:
        """Add a comment, one or several lines, each cut at the width of a page."""
        for line in words:
            rest = _whole(line)
            while len(rest) > 96:
                cut = rest.rfind(" ", 0, 96)
                cut = cut if cut > 0 else 96
                self.lines.append(_plain(f"# {rest[:cut]}"))
                rest = rest[cut:].lstrip()
            self.lines.append(_plain(f"# {rest}"))

    def decide(self, question: str, *lines: str) -> None:
        """Add a question: lines of TOML that are not said yet, and what to write in them."""
        number = len(self.questions) + 1
        self.remark(f"{number}. {question}")
        first = len(self.lines) + 1
        self.lines += [f"# DECIDE: {line}" for line in lines]
        self.questions.append((first, question))

    def __str__(self) -> str:
        return "\n".join(self.lines) + "\n"


def _whole(line: str) -> str:
    """Return a line in which `# DECIDE: ` is one word, so that no line is cut inside it."""
    return re.sub(r"`# (\w+): `", "`#\x00\\1:\x00`", line)


def _plain(line: str) -> str:
    return line.replace("\x00", " ")


def text(value: str) -> str:
    """Return a text as TOML."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """Return the name of a key as TOML, in quotation marks."""
    return text(name)
