"""The Vega runtime that draws every chart of a page: bundled once, kept as a file, no address."""

from __future__ import annotations

import hashlib
import os
import tempfile
from importlib.metadata import version
from pathlib import Path

__all__ = ["TEMPLATE", "build_runtime", "runtime_code"]

TEMPLATE = Path("share/jupyter/voila/templates/equity")
_ENTRY = "export default {vegaEmbed, vega};"
_NAME_FILE = "runtime_name.txt"  # the page template reads the versioned file name from here


def build_runtime(folder: str | os.PathLike[str] | None = None) -> Path:
    """Write the Vega runtime as one JavaScript module, unless it is there; return its path.

    Takes about a second the first time. Several processes may do it at once: each writes a file
    of its own and renames it.

    Parameters
    ----------
    folder : the Voila page template that serves it from ``static/``. None: a cache of the user.

    Examples
    --------
    >>> import tempfile
    >>> path = build_runtime(tempfile.mkdtemp())
    >>> path.suffix, path.stat().st_size > 500_000
    ('.js', True)
    """
    template = _cache() if folder is None else Path(folder)
    path = template / "static" / _file_name()
    if not path.exists():
        import vl_convert

        _write(path, vl_convert.javascript_bundle(_ENTRY, vl_version=_vega_lite()))
    name = template / _NAME_FILE
    if not name.exists() or name.read_text(encoding="utf-8") != path.name:
        _write(name, path.name)
    return path


def runtime_code() -> str:
    """Return the runtime as text, for pages that no template of ours serves (JupyterLab)."""
    return build_runtime().read_text(encoding="utf-8")


def _vega_lite() -> str:
    """Return the bundled Vega-Lite whose version is that of Altair's schema, or the newest."""
    import vl_convert
    from altair import SCHEMA_VERSION

    wanted = ".".join(SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    there = list(vl_convert.get_vegalite_versions())
    return wanted if wanted in there else there[-1]


def _file_name() -> str:
    key = f"{version('vl-convert-python')} {version('altair')} {_ENTRY}"
    return f"vega-{hashlib.sha256(key.encode()).hexdigest()[:12]}.js"


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "equity"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="equity-"))
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).chmod(0o644)
        os.replace(draft, path)
    finally:
        Path(draft).unlink(missing_ok=True)
