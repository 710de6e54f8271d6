"""Voila with a landing page that knows the agency, its own addresses, and safe settings only."""

from __future__ import annotations

import os
import socket
import webbrowser
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.ioloop import IOLoop, PeriodicCallback
from traitlets import Any as AnyTrait
from traitlets import List
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import (
    AllowListFileHandler,
    MultiStaticFileHandler,
    TemplateStaticFileHandler,
)
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from equity.serve import _handlers as ours
from equity.serve._about import about
from equity.serve._channel import LARGEST, Channel, Socket
from equity.serve._door import Doorkeeper, log_request
from equity.serve._forked import Mother
from equity.serve._kernels import CappedKernelManager

__all__ = ["Dashboards", "free_port"]

_LARGEST_FORM = 64 * 1024  # bytes: the only form is that of the token
_EVERY = 2_000  # milliseconds between two looks for kernels without a page
_OURS = {
    AllowListFileHandler: ours.Declared,
    FileFindHandler: ours.Extension,
    KernelHandler: ours.Kernel,
    MultiStaticFileHandler: ours.Static,
    TemplateStaticFileHandler: ours.TemplateAsset,
    TornadoVoilaHandler: ours.Page,
    VoilaKernelWebsocketHandler: Socket,
    VoilaShutdownKernelHandler: ours.Goodbye,
}


class Dashboards(Voila):
    """Voila as a house would have it: whatever voila.json says, nothing of it opens a door."""

    name = "voila"  # under this name the settings are found
    counts = AnyTrait()
    compress = AnyTrait(False)
    hosts = AnyTrait()
    words = List()

    def initialize(self, argv: Any = None) -> None:
        """Read voila.json, and keep what must not depend on it."""
        super().initialize(argv)
        set_ = self.voila_configuration
        set_.page_config_hook = self._page_config
        set_.multi_kernel_manager_class = CappedKernelManager
        set_.allow_template_override = set_.allow_theme_override = "NO"
        set_.strip_sources, set_.show_tracebacks = True, False
        set_.extension_language_mapping, set_.progressive_rendering = {}, False
        self.identity_provider_class = Doorkeeper
        self.kernel_websocket_connection_class = Channel
        self.notebook_path, self.autoreload = None, False
        self._seen = self._files()
        self.told = about(self.counts, Path(self.root_dir))

    def init_settings(self) -> Any:
        """Add what our handlers read."""
        settings: Any = super().init_settings()
        self.kernel_manager.mother = Mother()
        settings["voila_jinja2_env"].globals["equity"] = self.told
        settings["default_handler_class"] = ours.NotFound
        settings["default_handler_args"] = {"voila_configuration": self.voila_configuration}
        settings["compress_response"] = bool(self.compress)
        settings["hosts"] = self.hosts
        settings["log_function"] = log_request
        settings["websocket_max_message_size"] = LARGEST
        # instead of Voila's check, which its own pages fail: see `Guard`, which looks at Origin
        settings["disable_check_xsrf"] = True
        return settings

    def init_handlers(self) -> Any:
        """Take of Voila's addresses those that a page needs, each with our own handler."""
        handlers: Any = super().init_handlers()
        declared = {"voila_configuration": self.voila_configuration}
        kept = [(path, _OURS[cls], *rest) for path, cls, *rest in handlers if cls in _OURS]
        return [
            *kept,
            (self.base_url, ours.Landing, declared),
            (f"{self.base_url}login", ours.Login, declared),
        ]

    def listen(self) -> None:
        """Open the port, and stay until interrupted."""
        self.app.listen(
            self.port, self.ip, max_body_size=_LARGEST_FORM, max_header_size=_LARGEST_FORM
        )
        self.ioloop = IOLoop.current()
        self.ioloop.add_callback(self._begin)
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            pass
        finally:
            self.stop()

    def stop(self) -> None:
        """End the kernels, and what they were started from."""
        super().stop()
        self.kernel_manager.mother.close()

    def address(self) -> str:
        """Return the address that people open."""
        host = socket.gethostname() if self.ip in ("0.0.0.0", "::") else self.ip
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}{self.base_url}"

    def renew_if_changed(self) -> None:
        """Take up new counts and changed notebooks without a restart."""
        files = self._files()
        if files == self._seen:
            return
        self._seen = files
        self.told.update(about(self.counts, Path(self.root_dir)))
        IOLoop.current().add_callback(self.kernel_manager.renew)

    def _files(self) -> tuple[tuple[str, int], ...]:
        paths = [*self.counts.glob("*.parquet"), *Path(self.root_dir).glob("*.ipynb")]
        return tuple(sorted((str(p), p.stat().st_mtime_ns) for p in paths))

    def _page_config(self, config: dict[str, Any], **_: Any) -> dict[str, Any]:
        config["equity"] = self.told
        return config

    def _begin(self) -> None:
        PeriodicCallback(self.kernel_manager.end_alone, _EVERY).start()
        for line in self.words:
            print(line, flush=True)
        if self.open_browser:
            webbrowser.open(self.address())


def free_port(port: int, host: str) -> int:
    """Return a port that can be listened on: this one, or the next free one."""
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, port + 50):
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # as the server itself will ask for it
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except socket.gaierror as error:
                raise OSError(f"{host} is not an address of this machine.") from error
            except OSError:
                continue
            return candidate
    raise OSError(f"No port is free from {port} to {port + 49}. Name another one with --port.")
