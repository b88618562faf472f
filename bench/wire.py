"""HTTP/1.1 for load and for receivers, as cheap as it can be made, so that a bench measures the server and not itself."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections import deque
from collections.abc import Callable, Mapping

import httptools

Handler = Callable[[str, dict[str, str], bytes], tuple[int, bytes]]
"""(path, headers, body) -> (status, JSON body); status 0 closes the connection without an answer."""

SECRET = "whsec_" + base64.b64encode(b"a secret of the bench, 32 bytes.").decode()
_KEY = base64.b64decode(SECRET.removeprefix("whsec_"))

_TO_LETTERS = str.maketrans("0123456789", "abcdefghij")
_TO_DIGITS = str.maketrans("abcdefghij", "0123456789")


def signed(webhook_id: str, body: bytes) -> dict[str, str]:
    """The headers of a webhook of ours (Standard Webhooks)."""
    stamp = str(int(time.time()))
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": stamp,
        "webhook-signature": _signature(webhook_id, stamp, body),
    }


def text(number: int) -> str:
    """A text that tells when it was written; the clock is the same in all processes of a machine. In letters, because
    a long number may look like a card, and is redacted then."""
    return f"{number} {str(time.monotonic_ns()).translate(_TO_LETTERS)}"


def age_s(text: str) -> float:
    """How long ago a text was written."""
    return (time.monotonic_ns() - int(text.partition(" ")[2].translate(_TO_DIGITS))) / 1e9


def is_genuine(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the server signed this."""
    expected = _signature(headers.get("webhook-id", ""), headers.get("webhook-timestamp", ""), body)
    return expected in headers.get("webhook-signature", "").split()


def _signature(webhook_id: str, stamp: str, body: bytes) -> str:
    signed_text = f"{webhook_id}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_KEY, signed_text, hashlib.sha256)).decode()


class Receiver(asyncio.Protocol):
    """The serving side of one connection."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._path, self._headers, self._body = "", dict[str, str](), b""

    def connection_made(self, transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._path, self._headers, self._body = url.decode(), {}, b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        status, body = self._handler(self._path, self._headers, self._body)
        if not status:
            self._transport.close()
            return
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def receive(handler: Handler) -> tuple[asyncio.Server, int]:
    """A receiver on a free loopback port."""
    server = await asyncio.get_running_loop().create_server(lambda: Receiver(handler), "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


class _Connection(asyncio.Protocol):
    """The calling side of one connection; one request at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.answer: asyncio.Future[tuple[int, bytes]] | None = None
        self.transport: asyncio.Transport
        self._body = b""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_exception(exc or ConnectionResetError("closed"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_result((self._parser.get_status_code(), self._body))


class Caller:
    """Keeps connections to one address; a request that fails is raised as OSError and may be made again."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self.port = port
        self._fixed = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._free: deque[_Connection] = deque()

    async def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 15,
    ) -> tuple[int, bytes]:
        """(status, body)."""
        connection = await self._connect()
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n{self._fixed}{more}\r\n"
        )
        connection.answer = asyncio.get_running_loop().create_future()
        connection.transport.write(head.encode() + body)
        timer = asyncio.get_running_loop().call_later(timeout_s, connection.transport.abort)
        try:
            answer = await connection.answer
        finally:
            timer.cancel()
        self._free.append(connection)
        return answer

    async def _connect(self) -> _Connection:
        while self._free:
            connection = self._free.popleft()
            if not connection.transport.is_closing():
                return connection
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, "127.0.0.1", self.port)
        return connection

    def close(self) -> None:
        """Close what is open."""
        while self._free:
            self._free.popleft().transport.close()
