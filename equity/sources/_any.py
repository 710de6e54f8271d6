"""Makes one flag of several: yes if one says yes, no if all say no, else not known."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

__all__ = ["any_of", "either"]


def either(
    parts: Sequence[str], *others: Sequence[str], blank: Mapping[str, nw.Expr] | None = None
) -> nw.Expr:
    """Return yes where any of the columns says yes, no where all say no, else missing.

    With `others`, each is a set of columns of files of another year: a set of which all cells
    are empty is that of another file, and of it nothing is asked. `blank` says where a cell is
    empty, if that is more than missing: one that could not be read is no empty cell.
    """
    sets = [s for s in (parts, *others) if s]
    blank = blank or {}
    yes = _any(~nw.col(p).is_null() & nw.col(p) for s in sets for p in s)
    no = [_all(~nw.col(p).is_null() & ~nw.col(p) for p in s) for s in sets]
    if len(sets) > 1:
        empty = [_all(blank.get(p, nw.col(p).is_null()) for p in s) for s in sets]
        known = _any(no) & _all(n | e for n, e in zip(no, empty, strict=True))
    else:
        known = no[0]
    # no literal True and False: pandas would make a column of objects of them
    return nw.when(yes | known).then(yes)


def any_of(frame: Any, flags: Mapping[str, Sequence[Sequence[str]]]) -> Any:
    """Add each flag of `flags` of which the frame has columns; `raw_` texts go along.

    `flags` is ours -> sets of columns, as in `either`. `raw_<flag>` is the text that could not
    be read, else the first that is there.
    """
    there = frame.collect_schema().names()
    new = {}
    for ours, named in flags.items():
        sets = [found for s in named if (found := [n for n in s if n in there])]
        if not sets:
            continue
        raw = [n for s in sets for n in s if f"raw_{n}" in there]
        blank = {n: nw.col(n).is_null() & nw.col(f"raw_{n}").is_null() for n in raw}
        new[ours] = either(*sets, blank=blank)
        if raw:
            failed = [nw.when(nw.col(n).is_null()).then(nw.col(f"raw_{n}")) for n in raw]
            new[f"raw_{ours}"] = nw.coalesce(*failed, *(nw.col(f"raw_{n}") for n in raw))
    return frame.with_columns(**new)


def _any(flags: Any) -> nw.Expr:
    return functools.reduce(operator.or_, flags)


def _all(flags: Any) -> nw.Expr:
    return functools.reduce(operator.and_, flags)
