"""WebSockets: one declaration per path, and what a handler may do with the connection."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .endpoint import AsgiScope, Receive, Send, header_of

if TYPE_CHECKING:
    from .site import Site

POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011


class Disconnected(Exception):
    """The connection is over, whoever ended it."""


class Socket:
    """One connection. It opens with `accept`; a `close` before that refuses it, and the client sees 403."""

    __slots__ = ("_over", "_receive", "_scope", "_send", "path", "site")

    def __init__(self, site: "Site", scope: AsgiScope, receive: Receive, send: Send) -> None:
        self.site = site
        self.path: Mapping[str, str] = {}
        self._scope = scope
        self._receive = receive
        self._send = send
        self._over = False

    def header(self, name: bytes) -> str | None:
        """The first header of this lower-case name."""
        return header_of(self._scope, name)

    async def accept(self) -> None:
        """Open it.

        Raises:
            Disconnected: the client has left already.
        """
        await self._take()
        await self._put({"type": "websocket.accept"})

    async def receive(self) -> str | bytes:
        """The next frame.

        Raises:
            Disconnected: there will be none.
        """
        message = await self._take()
        return message.get("text") or message.get("bytes") or b""

    async def send(self, text: str) -> None:
        """Send a text frame.

        Raises:
            Disconnected: nobody will read it.
        """
        await self._put({"type": "websocket.send", "text": text})

    async def close(self, code: int) -> None:
        """End it; does nothing when it is over already."""
        if self._over:
            return
        try:
            await self._put({"type": "websocket.close", "code": code})
        except Disconnected:
            return
        self._over = True

    async def _take(self) -> AsgiScope:
        if self._over:
            raise Disconnected
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._over = True
            raise Disconnected
        return message

    async def _put(self, message: AsgiScope) -> None:
        if self._over:
            raise Disconnected
        try:
            await self._send(message)
        except OSError:  # what ASGI servers raise when the client is gone
            self._over = True
            raise Disconnected from None


SocketHandler = Callable[[Socket], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SocketRoute:
    """Where a socket is; `path` has `{names}` as an endpoint's has."""

    path: str
    handler: SocketHandler
