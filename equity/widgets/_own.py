"""Words and tables that a notebook makes by itself: live only, since nothing vouches for them."""

from __future__ import annotations

from functools import wraps
from typing import Any

from equity.widgets import _show
from equity.widgets._stage import stage

__all__ = ["note", "table"]


@wraps(_show.note)
def note(*args: Any, **kwargs: Any) -> Any:
    shown = _show.note(*args, **kwargs)
    shown.own = stage().publishes
    return shown


@wraps(_show.table)
def table(*args: Any, **kwargs: Any) -> Any:
    shown = _show.table(*args, **kwargs)
    shown.own = stage().publishes
    return shown
