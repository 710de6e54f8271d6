"""The server in a process of its own, and a browser that notes what it asks for and is told."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
TOKEN = "a-token-of-the-tests-alone-0123456789"
WINDOW = {"width": 1280, "height": 900}
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # no other host is found; to ask the tests about each request took half of their time
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`equity serve` in a process of its own."""

    def __init__(self, counts: Path, dashboards: Path, log: Path, **options: Any):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log.with_name("viewers.log")
        self.out = log
        code = (
            f"from equity.serve import serve; serve({str(counts)!r}, port={self.port}, "
            f"dashboards={str(dashboards)!r}, **{options!r})"
        )
        env = {
            **os.environ,
            "EQUITY_LOG": str(self.log),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]),
        }
        self._file = log.open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=self._file, stderr=subprocess.STDOUT, env=env
        )
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            if self.process.poll() is not None:
                break
            if "open at http" in self.out.read_text():
                return
            time.sleep(0.2)
        raise RuntimeError(f"the server did not start:\n{self.out.read_text()}")

    def kernels(self) -> int:
        """How many kernels this server has, counted as processes."""
        return len(self.kernel_ids())

    def kernel_ids(self) -> list[str]:
        """Return the ids of the processes of its kernels."""
        mother = self._children("_mother.py")
        copies = self._children("", of=mother[0]) if mother else []
        return [*copies, *self._children("ipykernel")]

    def _children(self, words: str, of: str = "") -> list[str]:
        found = subprocess.run(
            ["pgrep", "-f", "-P", of or str(self.process.pid), words],
            capture_output=True,
            text=True,
            check=False,
        )
        return found.stdout.split()

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self._file.close()


class Visit:
    """Opens pages, and keeps what a viewer's browser asked for and was told."""

    def __init__(self, browser: Any, **options: Any):
        self.outside: list[str] = []
        self.frames: list[str] = []
        self.errors: list[str] = []
        self.context = browser.new_context(**{"viewport": WINDOW, **options})
        self.context.on("request", self._only_here)
        self.page = self.context.new_page()
        self.page.on("websocket", self._listen)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _only_here(self, request: Any) -> None:
        if not request.url.startswith(("http://127.0.0.1", "data:", "blob:", "about:")):
            self.outside.append(request.url)

    def _listen(self, socket: Any) -> None:
        def keep(frame: Any) -> None:
            text = frame.decode("utf-8", "replace") if isinstance(frame, bytes) else frame
            self.frames.append(text)

        socket.on("framereceived", keep)

    def open(self, url: str, figures: int = 1) -> Any:
        """Open a dashboard and wait until its charts are drawn."""
        self.page.goto(url)
        self.drawn(figures)
        return self.page

    def drawn(self, figures: int) -> None:
        self.page.locator("figure[data-eq-drawn]").nth(figures - 1).wait_for(timeout=60000)

    def leave(self) -> None:
        # the page says goodbye to its kernel as it is left: not if the context is closed under
        # it, and not through a route
        self.context.unroute_all()
        self.page.goto("about:blank")
        self.page.wait_for_timeout(200)
        self.context.close()
        assert self.outside == [], f"asked other hosts: {self.outside}"
