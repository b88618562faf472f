"""One HTTP/1.1 connection to somebody: a request goes out in one piece, its answer is parsed as it comes.

A message is two calls out, so what a call costs is most of what a message costs (ADR 13).
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, cast

import httptools
import msgspec
from multidict import CIMultiDict

from .errors import TooLarge

_HEAD_BYTES = 64 * 1024
_BYTES_PER_BYTE = 8  # a chunked body that comes byte by byte has five bytes of framing for each
_TELLS_LENGTH = frozenset({"content-length", "transfer-encoding"})


class Reply(msgspec.Struct, frozen=True):
    """A complete answer; `headers` compare names without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is something else."""
        return msgspec.json.decode(self.body)


class Question(NamedTuple):
    """A request as it goes out, and what is taken as its answer."""

    method: str
    content: bytes
    """Head and body."""
    max_bytes: int
    """Of the answer's body."""

    @property
    def is_repeatable(self) -> bool:
        """Whether asking twice changes nothing."""
        return self.method in ("GET", "HEAD")


class Connection(asyncio.Protocol):
    """Asked by one caller at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[Reply] | None = None
        self._question = Question("", b"", 0)
        self._left = _most(self._question)
        self._status = 0
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._body = bytearray()
        self._stays = True
        self.idle_since = 0.0
        """When its last call ended, by the clock of the event loop."""

    @property
    def is_open(self) -> bool:
        """Whether it may be asked (again)."""
        return self._stays and not self._transport.is_closing()

    @property
    def is_silent(self) -> bool:
        """Whether nothing came since it was asked."""
        return self._left == _most(self._question)

    async def ask(self, question: Question) -> Reply:
        """The answer. Raises ConnectionError when it does not come whole, TooLarge when its body is over its limit; the
        connection is closed then, and when the caller stops waiting."""
        self._answer = self._loop.create_future()
        self._question = question
        self._left = _most(question)
        self._status = 0
        self._stays = False
        self._transport.write(question.content)
        try:
            return await self._answer
        finally:
            self._answer = None
            self.idle_since = self._loop.time()
            if not self._stays:
                self._transport.abort()

    def close(self) -> None:
        """Hang up; who waits for an answer gets none."""
        self._fail(ConnectionAbortedError("closed by us"))

    # --- what the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """A piece of the answer."""
        self._left -= len(data)
        if self._left < 0:
            self._fail(TooLarge("The answer is out of proportion", http_status=self._status or None))
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(ConnectionAbortedError("what came is not HTTP"))

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone. An answer that tells no length ends with it."""
        if exc is None and self._status and _TELLS_LENGTH.isdisjoint(map(str.lower, self._headers)):
            self._complete()
        self._fail(exc or ConnectionResetError("closed by the other side"))

    # --- what the parser finds

    def on_message_begin(self) -> None:
        """The first byte of an answer; one that nobody asked for is the end of our trust."""
        self._headers = CIMultiDict()
        self._body.clear()
        if self._answer is None or self._answer.done():
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or trailer."""
        self._headers.add(name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))

    def on_headers_complete(self) -> None:
        """The body follows, except after HEAD, of which the parser does not know."""
        self._status = self._parser.get_status_code()
        if self._question.method == "HEAD" and self._status >= HTTPStatus.OK:
            self._complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body += body
        if len(self._body) > self._question.max_bytes:
            limit = self._question.max_bytes
            self._fail(TooLarge(f"The answer is over {limit} bytes", http_status=self._status))

    def on_message_complete(self) -> None:
        """The last byte of an answer; after a 1xx comes another one."""
        if self._status < HTTPStatus.OK:
            self._status = 0
            return
        is_sent = not self._transport.get_write_buffer_size()
        is_head = self._question.method == "HEAD"
        self._stays = is_sent and not is_head and self._parser.should_keep_alive()
        self._complete()

    def _complete(self) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(Reply(self._status, self._headers, bytes(self._body)))

    def _fail(self, error: Exception) -> None:
        self._stays = False
        if self._answer and not self._answer.done():
            self._answer.set_exception(error)
        self._transport.abort()


def _most(question: Question) -> int:
    """So many bytes an answer may take with its head and framing."""
    return _HEAD_BYTES + question.max_bytes * _BYTES_PER_BYTE
