"""Draws first what the reader looks at: figures out of view follow a choice afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["FromPage", "later"]


class Seen(Protocol):
    """What stands somewhere on a page."""

    @property
    def in_view(self) -> Any: ...


class FromPage:
    """A widget whose changes come from a page: first base of a choice.

    Where a notebook sets a choice itself, all figures have followed by the next line.
    """

    def set_state(self, sync_data: Any) -> None:
        """Take what the page says; figures out of view wait until the others are drawn."""
        later.asked = True
        try:
            super().set_state(sync_data)  # type: ignore[misc]
        finally:
            later.asked = False


class _Later:
    """What is still to be drawn. Between two figures the kernel hears what the page says.

    So a further choice, or a figure that has come into view by then, does not wait for figures
    that nobody looks at; and a figure that has not been drawn yet is drawn once for both choices.
    """

    def __init__(self) -> None:
        self.asked = False
        self._waiting: dict[int, tuple[Seen, Callable[[], None]]] = {}

    def waits(self, one: Seen) -> bool:
        """Return whether a figure is still to be drawn."""
        return id(one) in self._waiting

    def draw(self, one: Seen, act: Callable[[], None]) -> None:
        """Draw a figure: at once where it is in view, or nothing comes after."""
        loop = _loop() if self.asked and not one.in_view else None
        if loop is None:
            self._waiting.pop(id(one), None)
            act()
            return
        if not self._waiting:
            loop.call_soon(self._next, loop)
        self._waiting[id(one)] = (one, act)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._waiting:
            return
        first = next(iter(self._waiting))
        seen = (key for key, (one, _) in self._waiting.items() if one.in_view)
        _, act = self._waiting.pop(next(seen, first))
        try:
            act()
        finally:
            if self._waiting:  # after a moment: what the page has said comes before
                loop.call_later(_MOMENT, self._next, loop)


_MOMENT = 0.002  # seconds


def _loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


later = _Later()
