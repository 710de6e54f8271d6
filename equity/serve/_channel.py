"""The connection between a page and its kernel: choices go in, and nothing else does."""

from __future__ import annotations

import json
import struct
import time
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from traitlets import Float
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from equity.serve._door import Guard, same_origin

__all__ = ["LARGEST", "Channel", "Socket"]

LARGEST = 256 * 1024  # bytes of one message; a choice takes some hundred
_V1 = "v1.kernel.websocket.jupyter.org"
_MESSAGES = {
    "comm_open",
    "comm_msg",
    "comm_close",
    "comm_info_request",
    "kernel_info_request",
}
_CONTROL = "jupyter.widget.control"  # by which a page asks for the widgets that are there
_METHODS = {"update", "custom", "request_state", "request_states"}


class Channel(ZMQChannelsWebsocketConnection):
    """Hands on what a page of ours says; anything else is dropped, and a flood cut off.

    Voila refuses to run code. This refuses more: to open widgets that the page did not make, to
    end or restart the kernel, to speak on another channel than the page does, and messages that
    claim to have more parts than bytes, which would take all of the server's memory.
    """

    burst = Float(300.0, config=True, help="How many messages may come at once.")
    pace = Float(60.0, config=True, help="How many messages may come each second in the long run.")

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._room, self._asked = self.burst, time.monotonic()

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Hand a message to the kernel, if a page of ours would send it."""
        if not self._within_pace():
            self.websocket_handler.close(1008, "Too many messages.")
            return
        try:
            channel, header, content = self._read(incoming_msg)
            said = _is_ours(channel, header, content)
        except Exception:  # whatever it is, it is not a message
            self.websocket_handler.close(1007, "This is not a message.")
            return
        if said and self.channels:
            super().handle_incoming_message(incoming_msg)

    def _within_pace(self) -> bool:
        now = time.monotonic()
        self._room = min(self.burst, self._room + (now - self._asked) * self.pace) - 1
        self._asked = now
        return self._room >= 0

    def _read(self, message: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """Return the channel, the header and the content, as the server and the kernel read it."""
        if self.subprotocol == _V1:
            parts = int.from_bytes(message[:8], "little")
            if not 5 <= parts <= 64 or 8 * (parts + 1) > len(message):
                raise ValueError
            channel, listed = deserialize_msg_from_ws_v1(message)
            header, _, _, content = (self.session.unpack(part) for part in listed[:4])
            return channel, header, content
        if isinstance(message, bytes):
            parts = struct.unpack("!i", message[:4])[0]
            if not 1 <= parts <= 64 or 4 * (parts + 1) > len(message):
                raise ValueError
            said = deserialize_binary_message(message)
        else:
            said = json.loads(message)
        return said.get("channel"), said["header"], said["content"]


def _is_ours(channel: Any, header: dict[str, Any], content: dict[str, Any]) -> bool:
    kind = header["msg_type"]
    if channel != "shell" or kind not in _MESSAGES:
        return False
    if kind == "comm_open":
        return content.get("target_name") == _CONTROL
    if kind == "comm_msg":
        return content["data"].get("method") in _METHODS
    return True


class Socket(Guard, VoilaKernelWebsocketHandler):
    """The socket of a page: only for pages of this server, and for small messages."""

    def set_default_headers(self) -> None:
        """Set nothing: a socket has no page."""

    def check_origin(self, origin: str | None = None) -> bool:
        """Return whether the page is ours; a token does not make a strange page ours."""
        return same_origin(self.request)

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Write nothing where only the connection ended."""
        if not isinstance(error, KeyError):  # a kernel that is no more
            super().log_exception(kind, error, trace)
