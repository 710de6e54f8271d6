"""The kernels behind the pages: no more than the machine can carry, and none without a viewer."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Dict, Int

from equity.serve._forked import Forked, Mother

__all__ = ["CappedKernelManager"]


class CappedKernelManager(AsyncMappingKernelManager):
    """Starts no more kernels than the machine can carry; without a cap a script could fill it.

    Kernels that Voila keeps ready count too. They wait for room; a viewer is told to come back.
    A kernel whose page was never opened, or has been gone for a while without a word (as when a
    browser crashes), is ended.
    """

    max_kernels = Int(40, config=True, help="How many pages can be open at once.")
    alone_timeout = Int(
        120,
        config=True,
        help="Seconds after which a kernel that no page is connected to is ended.",
    )
    mother: Mother | None = None  # None: kernels start as usual
    _starting = 0
    _alone = Dict()  # kernel -> since when no page is connected to it

    @property
    def full(self) -> bool:
        """Whether no further kernel may start."""
        return len(self.list_kernel_ids()) + self._starting >= self.max_kernels

    def pre_start_kernel(self, kernel_name: str | None, kwargs: Any) -> Any:
        """Have the kernel started by the mother, if there is one."""
        kernel, name, id_ = super().pre_start_kernel(kernel_name, kwargs)
        if self.mother is not None:
            kernel.provisioner = Forked(
                kernel_id=id_, kernel_spec=kernel.kernel_spec, parent=kernel, mother=self.mother
            )
        return kernel, name, id_

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

    async def end_alone(self) -> None:
        """End the kernels that no page has been connected to for `alone_timeout` seconds."""
        self.forget_failed()
        pools = getattr(self, "_pools", {}).values()
        spare = {t.result()["kernel_id"] for pool in pools for t in pool if t.done()}
        now, there = time.monotonic(), set(self.list_kernel_ids())
        for kernel in [k for k in self._alone if k not in there]:
            del self._alone[kernel]
        for kernel in there:
            at_work = getattr(self.get_kernel(kernel), "execution_state", "idle") != "idle"
            if at_work or kernel in spare or self._kernel_connections.get(kernel, 0) > 0:
                self._alone.pop(kernel, None)
            elif now - self._alone.setdefault(kernel, now) > self.alone_timeout and kernel in self:
                await self.shutdown_kernel(kernel)
