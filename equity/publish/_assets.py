"""What all pages of a site share: the sheet, the script and the Vega runtime, named by content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from equity.widgets._runtime import runtime_code

__all__ = ["asset_names", "write_assets"]

_OWN = Path(__file__).parent / "static"
_PANEL = Path(__file__).parents[1] / "widgets" / "static"
_EXPORT = re.compile(r"^export default \{ render \};\s*$", re.MULTILINE)
_FROM_PANEL = (
    "render",
    "announce",
    "onPaper",
    "copied",
    "tell",
    "ELSEWHERE",
)  # what site.js uses of it
_FOR_COMPARING = ("render", "announce", "copied", "tell", "finished", "options", "isDark", "INK")
_RUNTIME_EXPORT = re.compile(r"export\s*\{\s*(\w+) as default\s*\};?\s*\d*\s*$")


def write_assets(out: Path) -> dict[str, str]:
    """Write the files that all pages share to ``out/assets``; return their names.

    Parameters
    ----------
    out : the folder of the site.

    Returns
    -------
    "style", "script" and "vega" -> file name; "compare" and "compare_style": what one page has
    in addition, or instead. A name holds a hash of what is in the file, so that
    a browser may keep it for ever.
    """
    folder = Path(out) / "assets"
    folder.mkdir(parents=True, exist_ok=True)
    for kind, text in _texts().items():
        (folder / asset_names()[kind]).write_text(text, encoding="utf-8")
    return dict(asset_names())


@cache
def asset_names() -> dict[str, str]:
    """Return the names of the shared files without writing them."""
    stems = {
        "style": ("site", "css"),
        "script": ("site", "js"),
        "vega": ("vega", "js"),
        "compare": ("compare", "js"),
        "compare_style": ("compare", "css"),
    }
    return {
        kind: f"{stems[kind][0]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.{stems[kind][1]}"
        for kind, text in _texts().items()
    }


@cache
def _texts() -> dict[str, str]:
    return {
        "style": _read(_PANEL / "panel.css") + "\n" + _read(_OWN / "site.css"),
        "script": _script(_FROM_PANEL, "site.js"),
        "vega": _runtime(runtime_code()),
        "compare": _script(_FOR_COMPARING, "compare.js"),
        "compare_style": _read(_OWN / "compare.css"),
    }


def _script(names: Sequence[str], page: str) -> str:
    """Return one classic script: the drawing of a figure as the live page has it, and the page."""
    inner, found = _EXPORT.subn("", _read(_PANEL / "panel.js"))
    if found != 1:
        raise RuntimeError("panel.js does not end with its one export: the page cannot use it.")
    given = ", ".join(names)
    panel = f"const {{ {given} }} = (() => {{\n{inner}\nreturn {{ {given} }};\n}})();"
    own = _read(_OWN / "states.js") + "\n" + _read(_OWN / page)
    return f'(() => {{\n"use strict";\n{panel}\n{own}\n}})();\n'


def _runtime(module: str) -> str:
    """Return the runtime as a classic script: a module does not load from a drive."""
    found = _RUNTIME_EXPORT.search(module)
    if not found:
        raise RuntimeError("The Vega runtime does not end with its export: it cannot be wrapped.")
    body = module[: found.start()]
    return f"globalThis.__equityVega = (() => {{\n{body}\nreturn {found[1]};\n}})();\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
