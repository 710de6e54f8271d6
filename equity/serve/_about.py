"""What the landing page says: the agency, its sources, and the notebooks that can be opened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

__all__ = ["about"]


def about(counts: Path, dashboards: Path) -> dict[str, Any]:
    """Return what the landing page says: the agency, its sources, and the notebooks."""
    found: dict[str, Any] = {"agency": "", "fictional": False, "place": "", "sources": []}
    for path in sorted(counts.glob("*.parquet")):
        told = _provenance(path)
        found["agency"] = found["agency"] or _name(told.get("agency"))
        found["place"] = found["place"] or _name(told.get("place"))
        found["fictional"] = found["fictional"] or bool(told.get("fictional"))
        source = {
            "title": str(told.get("title") or path.stem.replace("_", " ").capitalize()),
            "first": str(told.get("first_date") or "")[:10],
            "last": str(told.get("last_date") or "")[:10],
            "rows": f"{told['rows_in']:,}" if isinstance(told.get("rows_in"), int) else "",
        }
        if source not in found["sources"]:
            found["sources"].append(source)
    found["notebooks"] = [
        _card(path, counts)
        for path in sorted(dashboards.glob("*.ipynb"))
        if path.name[0] not in "._"
    ]
    return found


def _provenance(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads((pq.read_schema(path).metadata or {})[b"equity"])
    except (KeyError, OSError, ValueError):
        return {}
    return told.get("provenance", told)


def _name(thing: Any) -> str:
    return str(thing.get("name", "") if isinstance(thing, Mapping) else thing or "")


def _card(path: Path, counts: Path) -> dict[str, str]:
    told = json.loads(path.read_text(encoding="utf-8")).get("metadata", {})
    title = str(told.get("title") or path.stem.replace("_", " ").capitalize())
    tables = [str(name) for name in told.get("tables", [])]
    absent = [name for name in tables if not (counts / f"{name}.parquet").exists()]
    without = f"This agency's file names no {' and no '.join(absent)}." if absent else ""
    return {
        "path": path.name,
        "title": title,
        "description": str(told.get("description", "")),
        "without": without,
    }
