"""Kernels that are copies of one process which has imported what a page needs (Linux only).

Most of what a kernel holds is imported modules. Copies of one process have that memory in common
and need no time to import. Where this cannot be done, kernels start as Jupyter starts them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Any as AnyTrait

__all__ = ["Forked", "Mother"]

_MOTHER = Path(__file__).resolve().with_name("_mother.py")
_PATIENCE = 60.0  # seconds; a machine may be busy
_USUAL = [sys.executable, "-m", "ipykernel_launcher"]
_ENVIRONMENT = {
    # libraries start no threads as they are imported
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # what is free can be given back: see there
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
}


class Forked(LocalProvisioner):
    """Lets the mother start a kernel; one that is not the usual kernel starts as usual."""

    mother: Any = AnyTrait()

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel."""
        kernel = None
        if cmd[:3] == _USUAL:
            self.cwd = str(kwargs.get("cwd") or Path.cwd())
            try:
                kernel = await self.mother.start(argv=cmd[3:], cwd=self.cwd, env=kwargs["env"])
            except OSError as error:
                self.log.error("A page takes more time and memory than it might: %s", error)
        if kernel is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process: Any = kernel
        self.pid = self.pgid = kernel.pid
        return self.connection_info


class Kernel:
    """A copy of the mother, with what Jupyter asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, mother: Mother) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._mother = mother

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        self._mother.hear()
        return self.returncode

    wait = poll  # Jupyter waits for a kernel that has ended only

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class Mother:
    """The process that kernels are copies of: starts when one is wanted, and anew if it ended."""

    def __init__(self) -> None:
        self._usable = sys.platform == "linux"
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._begun = b""
        self._kernels: dict[int, Kernel] = {}
        self._newest: Kernel | None = None
        self._proven = False  # whether it has started one
        self._trouble = ""
        self._one_by_one = asyncio.Lock()

    async def start(self, **wanted: Any) -> Kernel | None:
        """Start a kernel; return None where that cannot be done, as was said once.

        Raises
        ------
        OSError
            It could not be done now, and why.
        """
        async with self._one_by_one:
            if not self._usable:
                return None
            try:
                return await asyncio.wait_for(self._ask(wanted), _PATIENCE)
            except TimeoutError:
                self._usable = False
                raise OSError(f"no kernel within {_PATIENCE:g} seconds") from None

    async def _ask(self, wanted: dict[str, Any]) -> Kernel:
        line, asked = json.dumps(wanted).encode() + b"\n", None
        self._newest, self._trouble = None, ""
        while self._newest is None:
            self.hear()
            if self._trouble:
                if not self._usable:
                    self.close()
                raise OSError(self._trouble)
            if asked is None or asked is not self._socket:  # or it ended before it could answer
                asked = self._socket or self._begin()
                with contextlib.suppress(ConnectionError):
                    await asyncio.get_running_loop().sock_sendall(asked, line)
            await asyncio.sleep(0.005)
        return self._newest

    def close(self) -> None:
        """End it, and what kernels there may be."""
        if self._socket is not None:
            self._gone()

    def _begin(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(_MOTHER)],
                stdin=theirs.fileno(),
                env={**os.environ, **_ENVIRONMENT},
                start_new_session=True,  # Ctrl+C in the terminal is for the server alone
            )
        ours.setblocking(False)
        self._socket, self._begun, self._proven = ours, b"", False
        return ours

    def hear(self) -> None:
        """Take what the mother has said: which kernels started, and which have ended.

        It does not wait, and needs no event loop: the last kernels are ended when there is none.
        """
        while self._socket is not None:
            try:
                heard = self._socket.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                heard = b""
            *lines, self._begun = (self._begun + heard).split(b"\n")
            for line in lines:
                self._take(**json.loads(line))
            if not heard:
                self._gone()

    def _take(self, started: int = 0, ended: int = 0, code: int = 0, trouble: str = "") -> None:
        if started:
            self._proven = True
            self._newest = self._kernels[started] = Kernel(started, self)
            if not self._usable:  # it comes too late, see `start`
                self._newest.kill()
        elif ended:
            self._kernels.pop(ended).returncode = code
        else:
            self._trouble, self._usable = trouble, self._proven

    def _gone(self) -> None:
        assert self._process and self._socket
        self._process.kill()  # it may have closed its end alone
        code = self._process.wait()
        self._socket.close()
        self._socket = None
        if not self._proven:
            self._usable = False
            self._trouble = self._trouble or f"the process to be copied ended ({code})"
        # they would end by themselves in a second; until then they hold ports that heirs need
        for kernel in self._kernels.values():
            kernel.kill()
            kernel.returncode = -signal.SIGKILL
        self._kernels.clear()
