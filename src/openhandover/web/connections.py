"""Connections of strangers: what a request that never ends, an endless head or a client that reads nothing may cost.

The protocols of uvicorn, with the limits that they lack.
"""

import asyncio
import socket
import sys
from http import HTTPStatus
from typing import Any

from httptools import HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from .headers import completed
from .problems import problem

REQUEST_S = 20.0
"""So long a client may take over a request, and a new connection over its first byte ..."""
SLOWEST_BYTES_PER_S = 1_000
"""... and a second more for so many bytes of it that have come."""
MAX_HEAD_BYTES = 64 * 1024
"""Of a request's first line and headers."""
MOST_PIPELINED = 16
"""So many requests may wait for their answers on one connection."""
UNREAD_S = 60.0
"""A client that takes nothing of what is sent to it for so long is gone."""
BIT_BYTES = 8 * 1024
MOST_FRAMES = 1_000
"""So many frames of a socket may wait to be looked at, or belong to one message."""


class Connection(HttpToolsProtocol):
    """One HTTP connection; it ends when the client is too slow, or sends what is no request or too long a head."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self._cycles: list[RequestResponseCycle] = []
        self._begun = False
        self._in_head = True
        self._came = 0
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._refusal = "bad_http"
        self._over = False
        self._data = b""
        super().connection_made(transport)  # pyright: ignore[reportArgumentType]
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """All who answer are told, not only the one whose request came last."""
        self._arrived()
        for cycle in self._unanswered():
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless the connection is to end."""
        if self._over:
            return
        self._came += len(data)
        self._data = data
        super().data_received(data)
        if self._over:
            return
        if self._in_head and self._came > MAX_HEAD_BYTES:
            self._refuse("head_too_large")
        elif self._begun or not self._unanswered():
            self._wait()
        else:
            self._arrived()

    def handle_websocket_upgrade(self) -> None:
        """From here on another protocol has the connection."""
        self._over = True
        self._arrived()
        super().handle_websocket_upgrade()

    def _unsupported_upgrade_warning(self) -> None:
        """A request that offers another protocol (Java's client and curl offer HTTP/2): it is read again without the
        offer, because the parser leaves out its body."""
        upgrade = sys.exception()
        if self.parser.get_method() == b"CONNECT" or not isinstance(upgrade, HttpParserUpgrade):
            self._refuse("bad_http")
            return
        first = b"%s %s HTTP/%s" % (
            self.parser.get_method(),
            self.url,
            self.parser.get_http_version().encode(),
        )
        lines = [b"%s: %s" % item for item in self.headers if item[0] != b"upgrade"]
        self.parser = HttpRequestParser(self)
        super().data_received(b"\r\n".join((first, *lines, b"", self._data[upgrade.args[0] :])))

    def _is_offer(self) -> bool:
        return self.parser.should_upgrade() and not self._should_upgrade()

    def send_400_response(self, msg: str) -> None:
        """What came is not taken; `msg` is uvicorn's and says less."""
        self._refuse(self._refusal)

    # --- from the parser; what is raised here comes back as `send_400_response`

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; a trailer is none, whatever it says: nobody between here and the client has looked at it."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request is known, its body is not."""
        if self._is_offer():
            return
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES:
            self._refusal = "head_too_large"
            raise ValueError(self._refusal)
        if len(waiting := self._unanswered()) >= MOST_PIPELINED:
            raise ValueError("too many requests at once")
        super().on_headers_complete()
        self._in_head = False
        self._cycles = [*waiting, self.cycle]

    def on_message_complete(self) -> None:
        """The whole request is here."""
        if not self._is_offer():
            super().on_message_complete()
            self._begun, self._in_head, self._came = False, True, 0

    # --- time

    def _wait(self) -> None:
        if self._timer is None:
            self._since = self.loop.time()
            self._timer = self.loop.call_later(REQUEST_S, self._look)

    def _arrived(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        left_s = self._since + REQUEST_S + self._came / SLOWEST_BYTES_PER_S - self.loop.time()
        if left_s > 0 or self.flow.read_paused:  # where it is us who do not read, the client is not slow
            self._timer = self.loop.call_later(left_s if left_s > 0 else REQUEST_S, self._look)
        else:
            self._refuse("too_slow")

    # --- the end

    def _unanswered(self) -> list[RequestResponseCycle]:
        return [cycle for cycle in self._cycles if not cycle.response_complete]

    def _refuse(self, code: str) -> None:
        """Take nothing more. What was asked before is still answered; an answer that has begun is not written into."""
        self._over = True
        self._arrived()
        waiting = self._unanswered()
        if waiting and not waiting[-1].more_body:
            waiting[-1].keep_alive = False
            return
        unheard = not waiting and self._in_head and (self._begun or self._came)
        half_heard = len(waiting) == 1 and not waiting[0].response_started
        if unheard or half_heard:
            self.transport.write(_refusal(code))
        self.transport.close()


class SocketConnection(WebSocketsSansIOProtocol):
    """One WebSocket; what a client sends faster than it is looked at has a limit."""

    def data_received(self, data: bytes) -> None:
        """Take what came apart bit by bit: tens of thousands of frames may lie in it, and it may end at a thousand."""
        for at in range(0, len(data), BIT_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[at : at + BIT_BYTES])

    async def send(self, message: Any) -> None:
        """As always, but who sends after the end learns that the client is gone, and not of a fault."""
        await self.writable.wait()
        if self.close_sent:
            raise ClientDisconnected
        await super().send(message)

    def handle_ping(self) -> None:
        """Answered while the client reads answers; else they would pile up here."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_cont(self, event: Frame) -> None:
        """A further part of a message; parts may be empty, so their size is no limit."""
        if len(self.frames) < MOST_FRAMES:
            super().handle_cont(event)
        else:
            self._end(CloseCode.MESSAGE_TOO_BIG)

    def send_receive_event_to_app(self) -> None:
        """A whole message."""
        if self.queue.qsize() < MOST_FRAMES:
            super().send_receive_event_to_app()
        else:
            self._end(CloseCode.POLICY_VIOLATION)

    def _end(self, code: CloseCode) -> None:
        if not self.transport.is_closing():
            self.conn.fail(code)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.transport.close()


def end_when_unread(listener: socket.socket) -> None:
    """Have the system end the connections of this listener whose client takes nothing for `UNREAD_S`: without it, who
    reads nothing and stays in touch would hold what is written to it for ever."""
    option: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux
    if option is not None:
        listener.setsockopt(socket.IPPROTO_TCP, option, int(UNREAD_S * 1000))


def _refusal(code: str) -> bytes:
    """A whole answer, where no application was asked."""
    reply = problem(code)
    headers: list[tuple[bytes, Any]] = [
        (b"content-type", reply.content_type),
        (b"content-length", b"%d" % len(reply.body)),
        (b"connection", b"close"),
    ]
    lines = [b"%s: %s\r\n" % item for item in completed(headers)]
    first = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n".encode()
    return b"".join((first, *lines, b"\r\n", reply.body))
