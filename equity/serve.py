"""Serves the dashboards on this machine with Voila: no other host, and every error in words."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.ioloop import IOLoop
from tornado.web import HTTPError
from traitlets import Any as AnyTrait
from traitlets import Int
from voila.app import Voila
from voila.handler import BaseVoilaHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler

from equity.widgets._runtime import TEMPLATE, build_runtime

__all__ = ["CappedKernelManager", "about", "lab", "serve"]

_HOST = "127.0.0.1"
_DASHBOARDS = Path(__file__).resolve().parents[1] / "dashboards"


def serve(
    counts: str | os.PathLike[str],
    *,
    port: int = 8866,
    open_browser: bool = False,
    dashboards: str | os.PathLike[str] | None = None,
    compress: bool = False,
) -> None:
    """Serve the dashboards over a folder of count files until interrupted.

    Only this machine can open them: to let others in, put a web server with a login before it.

    Parameters
    ----------
    counts : the folder with the count files (``*.parquet``) that ``equity count`` wrote.
    port : where to listen; the next free port if it is taken.
    open_browser : open the page in the default browser.
    dashboards : the folder of the notebooks, with ``voila.json`` and the page template.
    compress : send pages compressed: for viewers at the other end of a slow line.

    Raises
    ------
    FileNotFoundError
        There are no count files, or no dashboards.
    """
    counts, folder = _folders(counts, dashboards)
    _environment(counts, folder)
    build_runtime(folder / TEMPLATE)
    free = _free_port(port)
    if free != port:
        print(f"Port {port} is taken; using {free}.", flush=True)
    app = _Dashboards(
        counts=counts,
        compress=compress,
        root_dir=str(folder),
        config_file_paths=[str(folder)],
        log_level="ERROR",
    )
    app.initialize([])
    app.port, app.port_retries, app.open_browser = free, 0, open_browser
    app.start()


def lab(
    counts: str | os.PathLike[str], *, dashboards: str | os.PathLike[str] | None = None
) -> None:
    """Open the notebooks behind the dashboards in JupyterLab, on the same count files."""
    counts, folder = _folders(counts, dashboards)
    _environment(counts, folder)
    build_runtime(folder / TEMPLATE)
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.ip={_HOST}"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None"]
    command += ["--LabApp.extension_manager=readonly"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    # without a question about news from other hosts, see labconfig in this folder
    os.environ["JUPYTER_CONFIG_PATH"] = str(folder / "share" / "jupyter")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # as in a container
        command.append("--allow-root")
    # in this folder, so that "Render with Voila" finds voila.json
    subprocess.run(command, cwd=folder, check=False)


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


class CappedKernelManager(AsyncMappingKernelManager):
    """Starts no more kernels than the machine can carry; without a cap a script could fill it.

    Kernels that Voila keeps ready count too. They wait for room; a viewer is told to come back.
    """

    max_kernels = Int(40, config=True, help="How many pages can be open at once.")
    _starting = 0

    @property
    def full(self) -> bool:
        """Whether no further kernel may start."""
        return len(self.list_kernel_ids()) + self._starting >= self.max_kernels

    async def start_kernel(self, *args: Any, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel, if there is room."""
        spare = (kwargs.get("env") or {}).get("VOILA_PREHEAT") == "True"
        while spare and self.full:
            await asyncio.sleep(1)
        if self.full:
            raise HTTPError(503)
        self._starting += 1
        try:
            # what a kernel warns of is for its developer, not for whoever serves the pages
            kwargs.setdefault("extra_arguments", ["--IPKernelApp.log_level=ERROR"])
            return await super().start_kernel(*args, **kwargs)
        finally:
            self._starting -= 1

    def ready(self, notebook: str) -> bool:
        """Return whether a kernel that has run this notebook is waiting for a viewer."""
        pool = getattr(self, "_pools", {}).get(notebook, [])
        return bool(pool) and pool[0].done()

    def forget_failed(self) -> None:
        """Drop waiting kernels that never came up: asking for their result raises."""
        for pool in getattr(self, "_pools", {}).values():
            pool[:] = [t for t in pool if not (t.done() and (t.cancelled() or t.exception()))]

    async def renew(self) -> None:
        """Replace the waiting kernels: they have read what is no longer there."""
        pools = getattr(self, "_pools", {})
        stale = [task for pool in pools.values() for task in pool]
        for name, pool in pools.items():
            pool.clear()
            self.fill_if_needed(delay=0, notebook_name=name)  # type: ignore[attr-defined]
        for task in stale:
            try:
                kernel = (await task)["kernel_id"]
            except Exception:
                continue
            await self.shutdown_kernel(kernel)


class _Dashboards(Voila):
    """Voila with a landing page that knows the agency, and every refusal in words."""

    name = "voila"  # under this name the settings are found
    counts = AnyTrait()
    compress = AnyTrait(False)

    def initialize(self, argv: Any = None) -> None:
        super().initialize(argv)
        self.voila_configuration.page_config_hook = self._page_config
        self._seen = self._files()
        self._told = about(self.counts, Path(self.root_dir))

    def init_settings(self) -> Any:
        settings: Any = super().init_settings()
        settings["voila_jinja2_env"].globals["equity"] = self._told
        settings["default_handler_class"] = _NotFound
        settings["default_handler_args"] = {"voila_configuration": self.voila_configuration}
        settings["compress_response"] = bool(self.compress)
        return settings

    def init_handlers(self) -> Any:
        handlers: Any = super().init_handlers()
        ours = {TornadoVoilaHandler: _Page, VoilaShutdownKernelHandler: _Goodbye}
        return [
            (path, ours.get(cls, cls), *rest)
            for path, cls, *rest in handlers
            if cls is not VoilaContentsHandler  # it answers with the source of a notebook
        ]

    def start(self) -> None:
        IOLoop.current().add_callback(self._say_where)
        super().start()

    def renew_if_changed(self) -> None:
        """Take up new counts and changed notebooks without a restart."""
        files = self._files()
        if files == self._seen:
            return
        self._seen = files
        self._told.update(about(self.counts, Path(self.root_dir)))
        IOLoop.current().add_callback(self.kernel_manager.renew)

    def _files(self) -> tuple[tuple[str, int], ...]:
        paths = [*self.counts.glob("*.parquet"), *Path(self.root_dir).glob("*.ipynb")]
        return tuple(sorted((str(p), p.stat().st_mtime_ns) for p in paths))

    def _page_config(self, config: dict[str, Any], **_: Any) -> dict[str, Any]:
        config["equity"] = self._told
        return config

    def _say_where(self) -> None:
        print(f"The dashboards are open at http://{_HOST}:{self.port}/", flush=True)
        print("They stay open until you press Ctrl+C.", flush=True)


class _Page(TornadoVoilaHandler):
    async def get(self, path: Any = None) -> None:
        manager: Any = self.kernel_manager
        manager.forget_failed()
        self.settings["voila"].renew_if_changed()
        if manager.full and not manager.ready(path):
            raise HTTPError(503)
        await super().get(path)  # type: ignore[misc]


class _Goodbye(VoilaShutdownKernelHandler):
    async def post(self, kernel_id: str) -> None:  # a page says goodbye twice, to be sure
        manager: Any = self.kernel_manager
        manager.forget_failed()
        if kernel_id in manager:
            await manager.shutdown_kernel(kernel_id)
        self.set_status(204)
        self.finish()


class _NotFound(BaseVoilaHandler):
    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        raise HTTPError(404)


def _folders(counts: Any, dashboards: Any) -> tuple[Path, Path]:
    folder = Path(dashboards or _DASHBOARDS).resolve()
    if not (folder / "voila.json").exists():
        raise FileNotFoundError(
            f"There are no dashboards in {folder}: a folder with notebooks and voila.json is "
            "needed. Run this from the project's folder, or name it with dashboards=."
        )
    counts = Path(counts).resolve()
    if not list(counts.glob("*.parquet")):
        raise FileNotFoundError(f"There are no count files in {counts}. Run `equity count` first.")
    return counts, folder


def _environment(counts: Path, folder: Path) -> None:
    """Set what the server and its kernels find in the environment."""
    os.environ["EQUITY_COUNTS"] = str(counts)
    os.environ.setdefault("EQUITY_LOG", str(counts.parent / "dashboards.log"))
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this Python's kernel, not another one's
    paths = [str(folder / "share" / "jupyter"), os.environ.get("JUPYTER_PATH", "")]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(p for p in paths if p)


def _free_port(port: int) -> int:
    for candidate in range(port, port + 50):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # as the server itself will ask for it
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, candidate))
            except OSError:
                continue
            return candidate
    raise OSError(f"No port is free from {port} to {port + 49}. Name another one with --port.")


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
