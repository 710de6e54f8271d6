"""Makes one flag of several: yes if one says yes, no if they are known to say no."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

__all__ = ["any_of"]


def any_of(frame: Any, flags: Mapping[str, Sequence[str]]) -> Any:
    """Add each flag of `flags` of which the frame has columns; `raw_` texts go along.

    The flag is True if one column is True, False if one is False and none holds a text that
    could not be read, and else missing. `raw_<flag>` is the text that could not be read, else
    the first that is there. Files of two years under each other leave each other's columns empty.
    """
    there = frame.collect_schema().names()
    new = {}
    for ours, names in flags.items():
        parts = [n for n in names if n in there]
        if not parts:
            continue
        raw = [n for n in parts if f"raw_{n}" in there]
        yes = _either([nw.coalesce(nw.col(n), nw.lit(False)) for n in parts])
        known = _either([~nw.col(n).is_null() for n in parts])
        unread = [nw.col(n).is_null() & ~nw.col(f"raw_{n}").is_null() for n in raw]
        no = known & ~_either(unread) if unread else known
        new[ours] = nw.when(yes | no).then(yes)  # a null literal would be False on pandas
        if raw:
            failed = [
                nw.when(u).then(nw.col(f"raw_{n}")) for n, u in zip(raw, unread, strict=True)
            ]
            new[f"raw_{ours}"] = nw.coalesce(*failed, *(nw.col(f"raw_{n}") for n in raw))
    return frame.with_columns(**new)


def _either(flags: Sequence[nw.Expr]) -> nw.Expr:
    return functools.reduce(operator.or_, flags)
