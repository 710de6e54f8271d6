"""Who is let in, and what every answer says to the browser: names, token, headers, errors."""

from __future__ import annotations

import hmac
import ipaddress
import re
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError
from voila.utils import create_include_assets_functions

from equity.widgets._safety import report

__all__ = ["COOKIE", "HEADERS", "Doorkeeper", "Guard", "Hosts", "is_local", "log_request"]

COOKIE = "equity-viewer"
_DAYS = 1.0  # for which a log-in holds; it ends with the server too
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")

# voila.json may say otherwise under tornado_settings.headers
HEADERS = {
    # Voila writes scripts into its pages; anywidget loads its own from memory (blob:)
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; frame-src 'none'; frame-ancestors 'none'; base-uri 'self'; "
    "object-src 'none'; form-action 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def is_local(host: str) -> bool:
    """Return whether an address to listen on is open to this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Hosts:
    """The names under which the server answers.

    A page of another site can make its own name lead to this machine (DNS rebinding), and then
    its scripts could read the dashboards as if they were theirs; but its name stands in `Host`.

    Parameters
    ----------
    host : the address to listen on.
    names : other names: of a web server before this one, or of this machine in the network.
    """

    def __init__(self, host: str, names: Sequence[str] = ()):
        if not host:
            raise ValueError("Name the address to listen on, such as 127.0.0.1, or leave it out.")
        wrong = [name for name in names if not _PLAIN_HOST.fullmatch(name) or "://" in name]
        if wrong:
            raise ValueError(
                f"{wrong[0]!r} is not the name of a host. Write it without https:// and without a "
                "path, such as dashboards.example.gov."
            )
        self.local = is_local(host)
        self.names = {"localhost", host.lower(), *(_bare(name) for name in names)}
        if not self.local:
            self.names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    def knows(self, host: str) -> bool:
        """Return whether a request with this `Host` header is for us."""
        if not _PLAIN_HOST.fullmatch(host):
            return False
        name = _bare(host)
        try:
            number = ipaddress.ip_address(name)
        except ValueError:
            return name in self.names
        # a number is not a name that somebody else could make lead here
        return number.is_loopback or not self.local


class Doorkeeper(IdentityProvider):
    """Knows viewers by the token, or by the cookie that they got for it."""

    @property
    def auth_enabled(self) -> bool:
        """Whether a token is asked for."""
        return bool(self.token)

    def admits(self, token: str) -> bool:
        """Return whether this is the token; takes as long for a wrong one."""
        return hmac.compare_digest(token.encode(errors="replace"), str(self.token).encode())

    async def get_user(self, handler: Any) -> User | None:  # type: ignore[override]
        """Return a viewer, or None: no address is looked at, as addresses stand in logs."""
        if not self.token:
            return User("viewer")
        said = self.auth_header_pat.match(handler.request.headers.get("Authorization", ""))
        if said and self.admits(said.group(2)):
            return User("viewer")
        kept = handler.get_signed_cookie(COOKIE, max_age_days=_DAYS)
        return User("viewer") if kept == b"in" else None

    def let_in(self, handler: Any) -> None:
        """Give a viewer the cookie: not for scripts, not for other sites, and soon over."""
        handler.set_signed_cookie(
            COOKIE,
            "in",
            expires_days=_DAYS,
            path=handler.settings["base_url"],
            httponly=True,
            samesite="Lax",
            # said by the web server before this one; a viewer who lies harms nobody else
            secure="https"
            in (handler.request.protocol, handler.request.headers.get("X-Forwarded-Proto")),
        )


class Guard:
    """What every handler has: only names that we know, our headers, and errors in plain words."""

    def set_default_headers(self) -> None:
        """Set what a browser may do with an answer."""
        handler: Any = self
        host = handler.request.host
        if not _PLAIN_HOST.fullmatch(host):
            host = "127.0.0.1"
        for name, value in {**HEADERS, **handler.settings.get("headers", {})}.items():
            if name == "Content-Security-Policy":  # not every browser counts sockets as 'self'
                value = value.replace(
                    "connect-src 'self'", f"connect-src 'self' ws://{host} wss://{host}"
                )
            handler.set_header(name, value)
        handler.clear_header("Server")

    def prepare(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse what comes under a strange name, or from a page of another site."""
        handler: Any = self
        request = handler.request
        # else asking who it is would fail on the way to the words of the refusal
        handler.current_user = handler._jupyter_current_user = None
        if not handler.settings["hosts"].knows(request.host):
            raise HTTPError(421)
        if request.method not in ("GET", "HEAD") and not same_origin(request):
            raise HTTPError(403)
        for name in ("template", "theme", "classic-tree", "token"):  # nobody's to choose
            request.arguments.pop(name, None)
            request.query_arguments.pop(name, None)
        del handler._jupyter_current_user
        del handler._current_user
        return super().prepare(*args, **kwargs)  # type: ignore[misc]

    @property
    def xsrf_token(self) -> bytes:
        """Nothing: `prepare` looks at where a form was sent from, which needs no cookie."""
        return b""

    def set_cors_headers(self) -> None:
        """Let no other site read anything, whoever asks."""

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say in words what is the matter, and nothing of where in the code."""
        handler: Any = self
        settings = handler.settings
        page = settings["voila_jinja2_env"].get_template("error.html")
        handler.set_header("Content-Type", "text/html; charset=utf-8")
        if status_code == 503:
            handler.set_header("Retry-After", "60")
        words = page.render(
            status_code=status_code,
            base_url=settings["base_url"],
            reference=getattr(self, "_reference", ""),
            equity={} if status_code == 421 else settings["voila"].told,
            **create_include_assets_functions("equity", settings["base_url"]),
        )
        if isinstance(handler, APIHandler):  # which takes all it says for JSON
            handler.finish(words, set_content_type="text/html; charset=utf-8")
        else:
            handler.finish(words)

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Write a fault to the log of the dashboards, without the address, which may tell more."""
        if not isinstance(error, HTTPError):
            self._reference = report(error)


def same_origin(request: Any) -> bool:
    """Return whether a request was made by a page of ours, or by no page at all."""
    origin = request.headers.get("Origin") or request.headers.get("Sec-Websocket-Origin")
    return origin is None or urlsplit(origin.lower()).netloc == request.host.lower()


def log_request(handler: Any) -> None:
    """Write nothing about a request: what went wrong is in the log of the dashboards."""


def _bare(host: str) -> str:
    """Return a host without its port and brackets."""
    if host.startswith("["):
        return host[1 : host.index("]")].lower()
    return host.rsplit(":", 1)[0].lower() if host.count(":") == 1 else host.lower()
