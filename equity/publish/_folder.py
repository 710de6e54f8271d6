"""Puts a finished folder of pages in the place of another, all of it or nothing."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["beside", "carry", "check", "mend", "note_of", "replacing", "swap"]

# what a web server needs, and whoever runs it has put there
_THEIRS = (".htaccess", "web.config", "_headers", "robots.txt", "CNAME", ".well-known")


def check(out: Path, ours: str, *, free: Collection[str] = ()) -> None:
    """Refuse a folder that holds something else than pages of ours.

    Parameters
    ----------
    out : the folder, which need not be there.
    ours : what its ``site.json`` says it was made with if it may be replaced: "equity publish".
    free : names in it that may be replaced without that.

    Raises
    ------
    ValueError
        Something would be lost.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise ValueError(f"{out.name!r} is a file. The site needs a folder of its own.")
    held = sorted(p.name for p in out.iterdir() if p.name not in (*_THEIRS, *free))
    if not held or note_of(out).get("made_with") == ours:
        return
    named = ", ".join(held[:3]) + (" ..." if len(held) > 3 else "")
    raise ValueError(
        f"The folder {out.name!r} holds something else than a published site ({named}), which "
        "would be lost. Name an empty folder, or one that this command wrote."
    )


def note_of(folder: Path) -> dict[str, Any]:
    """Return what ``site.json`` says of a folder of pages; {} where it says nothing."""
    try:
        note = json.loads((folder / "site.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def carry(out: Path, part: Path) -> None:
    """Copy the files of the web server from the old folder to the new one."""
    for name in _THEIRS:
        here = out / name
        if here.is_dir():
            shutil.copytree(here, part / name, dirs_exist_ok=True)
        elif here.is_file():
            shutil.copy2(here, part / name)


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which then takes the place of `out`, all of it or nothing."""
    part = beside(out, "part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        carry(out, part)
        swap(part, out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def swap(part: Path, out: Path) -> None:
    """Put a finished folder in the place of another; the old one comes back if that fails."""
    old = beside(out, "old")
    shutil.rmtree(old, ignore_errors=True)
    if not out.exists():
        os.replace(part, out)
        return
    os.replace(out, old)
    try:
        os.replace(part, out)
    except OSError:
        os.replace(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def mend(out: Path) -> None:
    """Put back a site that was set aside when the machine stopped in the middle of a swap."""
    old = beside(out, "old")
    if old.is_dir() and not out.exists():
        os.replace(old, out)


def beside(out: Path, what: str) -> Path:
    """Return the folder next to another in which it is made, or set aside."""
    return out.with_name(f".{out.name}.{what}")
