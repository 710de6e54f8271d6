"""Kernels that are copies of one process: as good as new ones, and gone when they should be."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from real_browser import Server
from traitlets.config import LoggingConfigurable

from equity.serve import _forked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are copied on Linux only")

# a page that says what it finds, and leaves marks that no other page may find
LOOK = """
import gc, json, os, random
import numpy, psutil, equity
from equity.widgets import _stage
found = {
    "read": sorted(os.path.basename(path) for path, _, _ in _stage._read),
    "pid": os.getpid(), "ppid": os.getppid(), "group": os.getpgrp(), "cwd": os.getcwd(),
    "marked": [hasattr(equity, "mark"), "MARK" in os.environ, "mark" in dir()],
    "drawn": [random.random(), numpy.random.random()],
    "env": sorted(os.environ), "counts": os.environ["EQUITY_COUNTS"],
    "software": os.environ["SERVER_SOFTWARE"],
    "input": os.readlink("/proc/self/fd/0"), "collects": gc.isenabled(),
    "targets": sorted(get_ipython().kernel.comm_manager.targets),
}
blocks = [b"x" * 10_000 for _ in range(8_000)]
blocks = blocks[::100]  # 80 MB are free, but in many places
found["held"] = psutil.Process().memory_info().rss
equity.mark = mark = os.environ["MARK"] = "left by another page"
with open("found.json", "w") as file:
    json.dump(found, file)
"""


@pytest.fixture(scope="module")
def server(scratch: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("forked")
    shutil.copytree(scratch.dashboards / "share", folder / "share")
    settings = json.loads((scratch.dashboards / "voila.json").read_text())
    settings["VoilaConfiguration"]["preheat_kernel"] = False
    (folder / "voila.json").write_text(json.dumps(settings))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LOOK)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "look.ipynb")
    server = Server(scratch.counts, folder, folder / "server.txt")
    yield server
    server.stop()


def look(server: Server) -> dict[str, Any]:
    """Open the page; return what it found, and the name of its kernel."""
    status, page = server.get("/voila/render/look.ipynb")
    assert status == 200
    found = json.loads((server.out.parent / "found.json").read_text())
    return found | {"kernel": re.findall(r'"kernelId": ?"([^"]+)"', page)[0]}


def mother(server: Server) -> psutil.Process:
    [one] = psutil.Process(server.process.pid).children()
    assert any("_mother.py" in word for word in one.cmdline())
    return one


def soon(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return what()


def test_a_page_is_a_copy_that_finds_nothing_of_another_page(server):
    first, second = look(server), look(server)
    assert first["ppid"] == second["ppid"] == mother(server).pid
    assert mother(server).num_threads() == 1
    for page in (first, second):
        assert page["marked"] == [False, False, False]
        assert page["group"] == page["pid"], "signals go to the page alone"
        assert page["software"].startswith("voila")
        assert Path(page["counts"]).is_dir()
        assert "MALLOC_ARENA_MAX" not in page["env"], "as the server says, and no more"
        assert page["input"] == "/dev/null", "not the line to the server"
        assert page["collects"]
        assert page["read"] == sorted(p.name for p in Path(page["counts"]).glob("*.parquet"))
        assert page["targets"] == ["jupyter.widget", "jupyter.widget.control"]
    assert len({*first["drawn"], *second["drawn"]}) == 4, "no page draws what another draws"
    one = psutil.Process(first["pid"])
    assert soon(lambda: one.memory_info().rss < first["held"] - 60e6), "what is free is given back"
    assert one.memory_full_info().uss < one.memory_info().rss / 2, "most is held in common"


def test_a_kernel_that_is_left_or_dies_is_noticed(server):
    left, killed = look(server), look(server)
    goodbye = f"{server.url}/voila/api/shutdown/{left['kernel']}"
    with urllib.request.urlopen(goodbye, data=b"", timeout=30) as said:
        assert said.status == 204
    assert not psutil.pid_exists(left["pid"])
    os.kill(killed["pid"], signal.SIGKILL)
    assert soon(lambda: not psutil.pid_exists(killed["pid"])), "nor is it left as a zombie"


def test_when_the_mother_ends_the_next_page_has_another(server):
    before = look(server)
    mother(server).kill()
    after = look(server)
    assert after["ppid"] == mother(server).pid != before["ppid"]
    assert not psutil.pid_exists(before["pid"]) or not runs(psutil.Process(before["pid"]))


def test_nothing_is_left_when_the_server_dies(server):
    look(server)
    there = psutil.Process(server.process.pid).children(recursive=True)
    assert len(there) >= 2
    server.process.kill()
    assert soon(lambda: not any(map(runs, there)))


def runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


# ------------------------------------------------------------ where it cannot be done


@pytest.mark.parametrize(
    ("why", "said"),
    [("it ends", "ended (3)"), ("a thread runs", "2 threads are running"), ("no Linux", None)],
)
def test_where_no_copy_can_be_made_kernels_start_as_usual(
    why, said, tmp_path, monkeypatch, caplog
):
    async def usual(*_: Any, **__: Any) -> str:
        return "as usual"

    async def three() -> list[Any]:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "nowhere.json"]
        parent, mother = LoggingConfigurable(log=logging.getLogger()), _forked.Mother()
        pages = [_forked.Forked(parent=parent, mother=mother) for _ in range(3)]
        try:
            return await asyncio.gather(*(page.launch_kernel(command, env={}) for page in pages))
        finally:
            mother.close()

    monkeypatch.setattr(LocalProvisioner, "launch_kernel", usual)
    if why == "it ends":
        (tmp_path / "ends.py").write_text("raise SystemExit(3)")
        monkeypatch.setattr(_forked, "_MOTHER", tmp_path / "ends.py")
    elif why == "a thread runs":
        thread = "import threading, time\nthreading.Thread(target=time.sleep, args=[9]).start()"
        (tmp_path / "sitecustomize.py").write_text(thread)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    else:
        monkeypatch.setattr(sys, "platform", "darwin")
    with ThreadPoolExecutor(1) as pool:  # a browser of another test may hold this thread's loop
        assert pool.submit(asyncio.run, three()).result() == ["as usual"] * 3
    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(lines) == (1 if said else 0), "it is said once"
    assert all(said in line for line in lines)
