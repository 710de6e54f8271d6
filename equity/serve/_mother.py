"""Holds in memory what every page needs, and becomes the kernel of a page when it is asked to.

It runs by itself, see `equity.serve._forked`, which talks with it over the socket that it has for
its standard input: a line of JSON for each kernel that is wanted, and one for each that started
or ended. A kernel is a copy (fork) of this process, so what was imported and the count files that
were read here are there already, and in memory once. No code of a page runs here.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import sys
import time
from typing import Any

__all__ = ["MODULES", "main"]

MODULES = (
    "ipykernel.kernelapp",
    "sqlite3",  # the history of a kernel
    "anywidget",
    "altair",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "equity",
    "equity.charts",
    "equity.measures",
    "equity.widgets",
)
"""What is imported; each imports more."""
_SERVER = 0  # the number of the socket


def main() -> None:
    """Wait for what the server asks for, until the server is gone; in a copy, be the kernel."""
    code = 1
    # the last of all at the end: to take down what all have in common would copy it first
    atexit.register(lambda: os._exit(code))
    try:
        _prepare()
    except Exception as error:
        _tell(trouble=f"{type(error).__name__}: {error}")
        return
    wanted = _serve()
    if wanted is not None:
        _become(**wanted)
    code = 0


def _prepare() -> None:
    os.close(os.pidfd_open(os.getpid()))  # raises where the system cannot do this
    # garbage would leave gaps in pages of memory; filling them is what makes a copy of the page
    gc.disable()
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # a page has no debugger
    for name in MODULES:
        importlib.import_module(name)
    gc.freeze()  # or a copy would write into all of it when it looks for garbage
    _be_alone()


def _be_alone() -> None:
    threads = os.listdir("/proc/self/task")
    if len(threads) > 1:  # a lock that another thread holds would be held in a copy for ever
        raise RuntimeError(f"{len(threads)} threads are running")


def _serve() -> dict[str, Any] | None:
    """Return in each copy what kernel it is to be; here nothing, once the server is gone."""
    kernels: dict[int, int] = {}  # the system's handle of a process -> its id
    ready = select.poll()
    ready.register(_SERVER, select.POLLIN)
    begun = b""
    while True:
        for handle, _ in ready.poll():
            if handle != _SERVER:
                ready.unregister(handle)
                os.close(handle)
                pid, status = os.waitpid(kernels.pop(handle), 0)
                _tell(ended=pid, code=os.waitstatus_to_exitcode(status))
                continue
            try:
                heard = os.read(_SERVER, 65536)
            except ConnectionError:
                heard = b""
            if not heard:
                return None
            *lines, begun = (begun + heard).split(b"\n")
            for line in lines:
                wanted = json.loads(line)
                try:
                    _read(wanted["env"].get("EQUITY_COUNTS"))
                    _be_alone()
                    pid = os.fork()
                except Exception as error:
                    _tell(trouble=f"{type(error).__name__}: {error}")
                    continue
                if pid == 0:
                    for other in kernels:
                        os.close(other)
                    return wanted
                handle = os.pidfd_open(pid)
                kernels[handle] = pid
                ready.register(handle, select.POLLIN)
                _tell(started=pid)


def _read(counts: str | None) -> None:
    """Read the count files that are new since the last kernel."""
    from equity.widgets._stage import read_ahead

    if counts and read_ahead(counts):
        gc.freeze()


def _become(argv: list[str], cwd: str, env: dict[str, str]) -> None:
    """Be the kernel that `python -m ipykernel_launcher` with these arguments would be."""
    import ipywidgets
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _SERVER)  # what is said to the server is said by the one process alone
    os.close(nothing)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    if "numpy.random" in sys.modules:  # else all pages would draw the same numbers
        sys.modules["numpy.random"].seed()
    sys.argv[1:] = argv
    gc.enable()
    # with the parent's number it ends when its parent is gone
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize()
    ipywidgets.load_ipython_extension(app.shell)  # it does so itself if imported in a kernel
    _give_back_when_idle(app.shell)
    app.start()


def _give_back_when_idle(shell: Any) -> None:
    """Return memory that is no longer used, once all that a cell or a choice asked for is done.

    The C library keeps it otherwise: a third of what the page of a large file held.
    """
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is None:  # another C library
        return
    planned: asyncio.TimerHandle | None = None
    spent = 0.0

    def plan() -> None:
        nonlocal planned
        if planned is not None:
            planned.cancel()
        planned = asyncio.get_running_loop().call_later(1.0, look)

    def look() -> None:
        nonlocal spent
        before, spent = spent, time.process_time()
        if spent - before > 0.1:  # figures out of view are still drawn
            plan()
        else:
            give_back(0)

    shell.events.register("post_execute", plan)


def _tell(**words: Any) -> None:
    with contextlib.suppress(ConnectionError):  # the server is gone, as will be found at once
        os.write(_SERVER, json.dumps(words).encode() + b"\n")


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder of this file
    main()
