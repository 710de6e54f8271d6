"""What a load is compared with: the load before it, and the agency's other tables."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from equity.agency import Agency
from equity.pipeline.files import residents, sha256, write_text

__all__ = ["accept", "compared"]

HELD = {"format", "unit", "flags", "cells", "categories"}
"""What the facts of a load hold at least."""


def compared(
    agency: Agency, name: str, facts: Path, benchmarks: Collection[str]
) -> dict[str, Any]:
    """Return what the checks of a table compare it with, for their `context`.

    facts : folder with what the tables of this load hold that were checked before this one.
    benchmarks : names of those that may be used.
    """
    scheme = agency.scheme(name)
    others: dict[str, Any] = {"residents": {}}
    for benchmark in agency.benchmarks_of(name):
        if benchmark.name in benchmarks:
            frame = residents(agency, benchmark, scheme)
            if "race" in frame:
                people = frame.groupby("race")["n"].sum()
                others["residents"][benchmark.label] = people.to_dict()
    workforce = facts / "workforce.json"
    if workforce.is_file():
        others["workforce"] = json.loads(workforce.read_text(encoding="utf-8"))
    return {"scheme": scheme, "last": _last(agency, name), "others": others}


def accept(agency: Agency, name: str, facts: Path, *, lost: bool, right: bool = False) -> None:
    """Keep what a table of this load holds, for the next load; nothing if it cannot be used.

    lost : whether records are missing, or are too many, beside the last accepted load. Such a
        load is kept only if `right`: a person says that the file is right. Else the next file,
        with the same records missing, would be like the last one.
    """
    path = facts / f"{name}.json"
    if not path.is_file():
        return
    files, old = _digests(agency, name), _kept(agency, name)
    right = right or (old.get("right", False) and old["files"] == files)
    if lost and not right:
        return
    kept = {
        "files": files,
        "facts": json.loads(path.read_text(encoding="utf-8")),
        "before": _last(agency, name),
        "right": right,
    }
    final = _path(agency, name)
    final.parent.mkdir(exist_ok=True)
    write_text(final, json.dumps(kept, ensure_ascii=False))


def _last(agency: Agency, name: str) -> dict[str, Any] | None:
    """Return the facts of the last accepted load of other files than these.

    The same files, checked a second time, are compared with what they were compared with at
    first: else a warning would go away by asking again.
    """
    kept = _kept(agency, name)
    if not kept:
        return None
    return kept["before" if kept["files"] == _digests(agency, name) else "facts"]


def _kept(agency: Agency, name: str) -> dict[str, Any]:
    """Return what was kept of the last accepted load; nothing if its file is damaged."""
    try:
        kept = json.loads(_path(agency, name).read_text(encoding="utf-8"))
        whole = isinstance(kept["files"], list) and kept["facts"].keys() >= HELD
        whole = whole and (kept["before"] is None or kept["before"].keys() >= HELD)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return kept if whole else {}


def _digests(agency: Agency, name: str) -> list[str]:
    return [sha256(p) for p in agency.paths(name)]


def _path(agency: Agency, name: str) -> Path:
    return agency.private / "accepted" / f"{name}.json"
