"""What a publisher calls its columns: those that a file has, and what the analyst says instead."""

from __future__ import annotations

from typing import Any

from equity.sources import _columns, _text
from equity.sources._people import Headers

__all__ = ["columns_of", "headers_of"]


def columns_of(
    frame: Any, preset: Headers, given: Headers | None, *, needed: tuple[str, ...] = ("race",)
) -> dict[str, str | list[str]]:
    """Return a preset's columns that the frame has, those that are `needed`, and all of `given`.

    A column that the analyst gives replaces that of the preset.
    """
    names = headers_of(frame)
    there = {
        ours: headers
        for ours, headers in preset.items()
        if ours in needed or any(_columns.find_header(names, h) for h in _list(headers))
    }
    return {**there, **(given or {})}


def headers_of(frame: Any) -> list[str]:
    """Return the names of a frame's columns."""
    return _text.start(frame).collect_schema().names()


def _list(headers: str | list[str]) -> list[str]:
    return [headers] if isinstance(headers, str) else headers
