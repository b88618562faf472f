"""The one way out: every outbound HTTP call of the program goes through `HttpClient.send`.

Connections are pooled, cookies and proxy variables ignored, answers capped in size and time, redirects followed by
hand so that each hop is judged anew. Nothing here retries; that is the engine's work.
"""

import asyncio
import re
import zlib
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from types import TracebackType
from typing import Any, Protocol, Self

import msgspec
from yarl import URL

from openhandover import __version__

from .connection import Question
from .connection import Reply as Reply
from .errors import TooLarge, Unreachable, Unsendable
from .guard import Guard, origin_of
from .pool import Pool

_JSON = msgspec.json.Encoder()
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TO_GET = frozenset({301, 302})  # a POST becomes a GET, as browsers do (RFC 9110, 15.4)
_KEPT_ACROSS_ORIGINS = frozenset({"accept", "accept-language", "content-type", "idempotency-key"})
_BODY_HEADERS = frozenset({"content-type", "content-length", "content-encoding"})
_OURS = frozenset({"connection", "content-length", "transfer-encoding"})
_DEFAULTS = {"User-Agent": f"openhandover/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_GZIP_OR_ZLIB = 47


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One call. `guard` None is for urls that the owner configured as provider or gateway only."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    timeout_s: float = 10.0
    """For everything together: connect, redirects, the last byte of the answer."""
    guard: Guard | None = None
    max_bytes: int = 1 << 20
    redirects: int = 0
    """How many redirects to follow; 0 returns the 3xx itself."""


class Sender(Protocol):
    """What performs requests: the client, or something that only prints them."""

    async def send(self, request: Request) -> Reply:
        """The answer, whatever its status. Raises Unreachable, Blocked, Unsendable, TooLarge."""
        ...


def encode_json(value: Any) -> bytes:
    """JSON bytes that are the same for the same value, so that a retry repeats them."""
    return _JSON.encode(value)


class HttpClient:
    """Calls on connections that stay open; use as `async with`, or call `close`."""

    def __init__(self) -> None:
        self._pool = Pool()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; may be called twice."""
        self._pool.close()

    async def send(self, request: Request) -> Reply:
        """The answer, whatever its status. Raises Unreachable, Blocked, Unsendable, TooLarge."""
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._follow(request)
        except TimeoutError as error:
            raise Unreachable(f"No complete answer within {request.timeout_s:g} s") from error
        except OSError as error:
            raise Unreachable(f"The connection broke off: {type(error).__name__}") from error
        except ValueError:
            raise Unsendable from None  # the cause's text holds the whole url or header

    async def _follow(self, request: Request) -> Reply:
        url, method, body = _url(request.url), request.method, request.body
        headers: Mapping[str, str] = request.headers
        for left in range(request.redirects, -1, -1):
            if request.guard is not None:
                request.guard.check(url)
            question = Question(method, _written(method, url, headers, body), request.max_bytes)
            reply = await self._pool.ask(origin_of(url), request.guard, question)
            location = reply.headers.get("Location")
            if reply.status not in _REDIRECTS or not location or not request.redirects:
                return _plain(reply, request.max_bytes)
            if not left:
                break
            url, previous = url.join(URL(location)), url
            if reply.status == HTTPStatus.SEE_OTHER or (reply.status in _TO_GET and method == "POST"):
                method, body = ("HEAD" if method == "HEAD" else "GET"), b""
                headers = {
                    name: value for name, value in headers.items() if name.lower() not in _BODY_HEADERS
                }
            if url.origin() != previous.origin():
                # a key meant for one host must not travel to another
                headers = {
                    name: value for name, value in headers.items() if name.lower() in _KEPT_ACROSS_ORIGINS
                }
        raise Unreachable(f"More than {request.redirects} redirects")


@lru_cache(maxsize=256)
def _url(text: str) -> URL:
    """Most calls go to the few urls of the configuration."""
    return URL(text)


def _written(method: str, url: URL, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request as it goes out. Raises ValueError for what would not arrive as it was meant."""
    given = {name.lower() for name in headers}
    lines = [f"{method} {url.raw_path_qs} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {url.host_port_subcomponent}")
    lines += [f"{name}: {value}" for name, value in _DEFAULTS.items() if name.lower() not in given]
    if url.raw_user is not None and "authorization" not in given:
        credentials = f"{url.user or ''}:{url.password or ''}".encode()
        lines.append(f"Authorization: Basic {b64encode(credentials).decode()}")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(name)
        if name.lower() not in _OURS:
            lines.append(f"{name}: {value}")
    if body or method not in ("GET", "HEAD"):
        lines.append(f"Content-Length: {len(body)}")
    if not _TOKEN.fullmatch(method) or _CONTROL.search("".join(lines)):
        raise ValueError(method)
    return "\r\n".join((*lines, "\r\n")).encode() + body


def _plain(reply: Reply, max_bytes: int) -> Reply:
    """The answer with its body as it was before it was packed; some pack it though we ask them not to."""
    packing = reply.headers.get("Content-Encoding", "identity").strip().lower()
    if packing == "identity" or not reply.body:
        return reply
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise Unreachable("The answer is packed in a way that we did not ask for")
    unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        body = unpacking.decompress(reply.body, max_bytes + 1)
    except zlib.error as error:
        raise Unreachable("The answer cannot be unpacked") from error
    if len(body) > max_bytes:
        raise TooLarge(f"The answer is over {max_bytes} bytes", http_status=reply.status)
    if not unpacking.eof:
        raise Unreachable("The answer cannot be unpacked")
    return msgspec.structs.replace(reply, body=body)
