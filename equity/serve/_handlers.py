"""The addresses of the server: pages, the assets that they declare, and no other file."""

from __future__ import annotations

import asyncio
import re
from pathlib import PurePosixPath
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.web import HTTPError, authenticated
from voila.handler import BaseVoilaHandler
from voila.request_info_handler import RequestInfoSocketHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import (
    AllowListFileHandler,
    MultiStaticFileHandler,
    TemplateStaticFileHandler,
)
from voila.tornado.handler import TornadoVoilaHandler

from equity.serve._door import Guard

__all__ = [
    "Declared",
    "Extension",
    "Goodbye",
    "Kernel",
    "Landing",
    "Login",
    "NotFound",
    "Page",
    "Static",
    "TemplateAsset",
]

# no part begins with a dot, or is empty
_PLAIN_PATH = re.compile(r"(?:[\w@-][\w@.\-]*/)*[\w@-][\w@.\-]*", re.ASCII)
_CODE = {".js", ".mjs", ".css"}
_MEDIA = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".woff", ".woff2", ".ttf"}
_WRONG_TOKEN = 1.0  # second


class Page(Guard, TornadoVoilaHandler):
    """A notebook that is on offer, run in a kernel of its own for each viewer."""

    @authenticated
    async def get(self, path: Any = None) -> None:
        """Open the page, if there is room for one more viewer."""
        manager: Any = self.kernel_manager
        app: Any = self.settings["voila"]
        manager.forget_failed()
        app.renew_if_changed()
        if path not in {card["path"] for card in app.told["notebooks"]}:
            raise HTTPError(404)
        asked = self.request.headers
        if asked.get("Sec-Fetch-Site") == "cross-site" and (
            asked.get("Sec-Fetch-Mode") != "navigate" or asked.get("Sec-Fetch-Dest") != "document"
        ):
            raise HTTPError(403)  # a picture or a frame of another site would start a kernel
        if manager.full and not manager.ready(path):
            raise HTTPError(503)
        await super().get(path)  # type: ignore[misc]
        RequestInfoSocketHandler._cache.clear()  # kept for ever otherwise, for nobody


class Landing(Guard, BaseVoilaHandler):
    """The page that lists the dashboards."""

    @authenticated
    async def get(self, *_: Any) -> None:
        """Show what is on offer."""
        self.settings["voila"].renew_if_changed()
        self.set_header("Cache-Control", "no-store")
        self.write(self.render_template("tree.html"))


class Login(Guard, BaseVoilaHandler):
    """Where a viewer gives the token."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Ask for the token."""
        if self.current_user:
            self.redirect(self._next())
        else:
            self._ask()

    @allow_unauthenticated
    async def post(self) -> None:
        """Take the token, and lead on to where the viewer wanted to go."""
        keeper: Any = self.identity_provider
        if keeper.auth_enabled and not keeper.admits(self.get_body_argument("token", "").strip()):
            await asyncio.sleep(_WRONG_TOKEN)
            self.set_status(401)
            self._ask(failed=True)
            return
        keeper.let_in(self)
        self.redirect(self._next(), status=303)

    def _ask(self, failed: bool = False) -> None:
        self.set_header("Cache-Control", "no-store")
        self.write(self.render_template("login.html", failed=failed, next=self._next()))

    def _next(self) -> str:
        """Return an address of ours; never one that leads elsewhere."""
        asked = self.get_argument("next", "")
        ours = re.fullmatch(r"/(?!/)[\w@.\-/%?=&+~,:;!*'()]*", asked, re.ASCII)
        return asked if ours and asked.startswith(self.base_url) else self.base_url


class Goodbye(Guard, VoilaShutdownKernelHandler):
    """Where a page says that it is left; it does so twice, to be sure."""

    @authenticated
    async def post(self, kernel_id: str) -> None:
        """End the kernel of the page."""
        manager: Any = self.kernel_manager
        manager.forget_failed()
        if kernel_id in manager:
            await manager.shutdown_kernel(kernel_id)
        self.set_status(204)
        self.finish()


class Kernel(Guard, KernelHandler):
    """What a page asks of its kernel before it connects: whether it is there."""

    async def delete(self, kernel_id: str) -> None:  # type: ignore[override]
        """Refuse; a page says goodbye in its own way."""
        raise HTTPError(405)


class NotFound(Guard, BaseVoilaHandler):
    """Every other address."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Say that there is nothing."""
        await super().prepare()
        raise HTTPError(404)


class _Assets(Guard):
    """Files that belong to the pages themselves; they hold nothing about anyone."""

    suffixes = _CODE | _MEDIA

    def prepare(self, *args: Any, **kwargs: Any) -> Any:
        done = super().prepare(*args, **kwargs)
        handler: Any = self
        path = handler.path_args[0] if handler.path_args else ""
        if not self.declared(path):
            if asyncio.iscoroutine(done):
                done.close()
            raise HTTPError(404)
        return done

    def declared(self, path: str) -> bool:
        """Return whether a path is plain, and that of a file of a kind that pages are made of."""
        return (
            bool(_PLAIN_PATH.fullmatch(path))
            and PurePosixPath(path).suffix.lower() in self.suffixes
        )


class Static(_Assets, MultiStaticFileHandler):
    """The scripts of Voila."""


class TemplateAsset(_Assets, TemplateStaticFileHandler):
    """The scripts and sheets of our own page template, and of no other."""

    def declared(self, path: str) -> bool:
        """Return whether it is a file of our template."""
        return super().declared(path) and path.startswith("equity/static/")


class Extension(_Assets, FileFindHandler):
    """The scripts of the extensions that voila.json names: those that draw widgets."""

    def declared(self, path: str) -> bool:
        """Return whether it is a file of such an extension."""
        app: Any = self.settings["voila"]
        names = app.voila_configuration.extension_allowlist
        return super().declared(path) and any(path.startswith(f"{n}/static/") for n in names)


class Declared(_Assets, AllowListFileHandler):
    """Pictures and fonts that an agency declares in voila.json; never code, data or notebooks."""

    suffixes = _MEDIA

    async def prepare(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        super().prepare(*args, **kwargs)
        keeper: Any = self.settings["identity_provider"]
        if await keeper.get_user(self) is None:
            raise HTTPError(403)
        # an SVG can hold scripts
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
