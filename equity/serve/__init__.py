"""Serves the dashboards with Voila: on this machine unless told otherwise, errors in words."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from equity.serve._about import about
from equity.serve._app import Dashboards, free_port
from equity.serve._door import Hosts, is_local
from equity.serve._kernels import CappedKernelManager
from equity.widgets._runtime import TEMPLATE, build_runtime

__all__ = ["SHORTEST_TOKEN", "CappedKernelManager", "about", "lab", "serve"]

SHORTEST_TOKEN = 24  # characters
_HOST = "127.0.0.1"
_DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"


def serve(
    counts: str | os.PathLike[str],
    *,
    port: int = 8866,
    open_browser: bool = False,
    dashboards: str | os.PathLike[str] | None = None,
    compress: bool = False,
    host: str = _HOST,
    token: str | None = None,
    names: Sequence[str] = (),
    base_url: str = "/",
) -> None:
    """Serve the dashboards over a folder of count files until interrupted.

    Only this machine can open them, unless ``host`` says otherwise; then a token is asked for. It
    is taken from the log-in page or the ``Authorization`` header, never from an address.

    Parameters
    ----------
    counts : the folder with the count files (``*.parquet``) that ``equity count`` wrote.
    port : where to listen; the next free port if it is taken.
    open_browser : open the page in the default browser.
    dashboards : the folder of the notebooks, with ``voila.json`` and the page template.
    compress : send pages compressed: for viewers at the other end of a slow line.
    host : the address of this machine to listen on.
    token : what a viewer must know, of 24 characters or more. None: asked for only where ``host``
        is not this machine alone; it is then made and shown in the terminal, and never written.
    names : names under which viewers reach the server, such as that of a web server before it.
        An address with any other name is refused: it may be another site in disguise.
    base_url : the path under which a web server before this one shows the dashboards.

    Raises
    ------
    FileNotFoundError
        There are no count files, or no dashboards.
    ValueError
        The token is too short, or is needed and could only be written to a log.
    """
    counts, folder = _folders(counts, dashboards)
    hosts, base = Hosts(host, names), _base(base_url)
    token, made = _token(token, host)
    _environment(counts, folder)
    build_runtime(folder / TEMPLATE)
    free = free_port(port, host)
    if free != port:
        print(f"Port {port} is taken; using {free}.", flush=True)
    app = Dashboards(
        counts=counts,
        compress=compress,
        hosts=hosts,
        root_dir=str(folder),
        config_file_paths=[str(folder)],
        log_level="ERROR",
    )
    app.initialize([])
    app.ip, app.port, app.port_retries, app.open_browser = host, free, 0, open_browser
    app.token, app.base_url = token, base
    app.words = _where(app.address(), token, made, host)
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


def _token(token: str | None, host: str) -> tuple[str, bool]:
    """Return the token ("" where none is needed) and whether it was made here."""
    if token is not None:
        if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable():
            raise ValueError(
                f"A token has {SHORTEST_TOKEN} characters or more, of plain letters, digits and "
                f"signs; this one has {len(token)}. Without a token given, one is made."
            )
        return token, False
    if is_local(host):
        return "", False
    if not sys.stdout.isatty():
        raise ValueError(
            f"Listening on {host} needs a token, and one that is made here would end up in a log, "
            f"as there is no terminal. Give one of {SHORTEST_TOKEN} characters or more in the "
            "environment variable EQUITY_TOKEN."
        )
    return secrets.token_urlsafe(32), True


def _base(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    if any(
        not part.replace("-", "").replace("_", "").replace(".", "").isalnum() for part in parts
    ):
        raise ValueError(
            f"The base address is a path of letters, digits, '-' and '_', such as /equity/; "
            f"{path!r} is not."
        )
    return "/" + "".join(f"{part}/" for part in parts)


def _where(address: str, token: str, made: bool, host: str) -> list[str]:
    """Return what is said in the terminal when the dashboards are open."""
    words = [f"The dashboards are open at {address}"]
    if made:
        words.append(f"The log-in page asks for this token, which is kept nowhere: {token}")
    elif token:
        words.append("The log-in page asks for the token that you gave.")
    if not is_local(host):
        words.append(
            "Nothing is encrypted on the way: whoever can listen on the network can read the "
            "token and the figures. Put a web server with HTTPS before it: docs/serving.md."
        )
    return [*words, "They stay open until you press Ctrl+C."]


def _environment(counts: Path, folder: Path) -> None:
    """Set what the server and its kernels find in the environment."""
    os.environ.pop("EQUITY_TOKEN", None)  # not for the code of a page
    os.environ["EQUITY_COUNTS"] = str(counts)
    os.environ["EQUITY_SERVED"] = "yes"  # else `widgets.setup` refuses, see there
    os.environ.setdefault("EQUITY_LOG", str(counts.parent / "dashboards.log"))
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this Python's kernel, not another one's
    paths = [str(folder / "share" / "jupyter"), os.environ.get("JUPYTER_PATH", "")]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(p for p in paths if p)
