"""Connections of the outbound client: the only module that knows aiohttp.

Loading it takes a third of the server's start, so `client` imports it with the first call.
"""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import NoReturn

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from openhandover import __version__

from .client import Reply, Request, Streamed
from .errors import Blocked, TooLarge, Unreachable, Unsendable
from .guard import Guard

_AGENT = f"openhandover/{__version__}"
_PER_HOST = 100  # connections; one slow receiver must not take every socket
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TO_GET = frozenset({301, 302})  # a POST becomes a GET, as browsers do (RFC 9110, 15.4)
_KEPT_ACROSS_ORIGINS = frozenset({"accept", "accept-language", "content-type", "idempotency-key"})
_BODY_HEADERS = frozenset({"content-type", "content-length", "content-encoding"})


class Pool:
    """Open connections, one set for each guard."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[Guard | None, int], aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close all connections; may be called twice."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    async def send(self, request: Request) -> Reply:
        """The answer, whatever its status. Raises Unreachable, Blocked, Unsendable, TooLarge."""
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._follow(request)
        except _THEIRS as error:
            _raise_ours(error, f"No complete answer within {request.timeout_s:g} s")

    @asynccontextmanager
    async def stream(self, request: Request, silence_s: float) -> AsyncGenerator[Streamed]:
        """An answer without a known end. Raises as `send`."""
        try:
            url = _url(request.url)
            if request.guard is not None:
                request.guard.check(url)
            async with asyncio.timeout(request.timeout_s):
                session = self._session(request.guard, 0)
                response = await _begun(session, request.method, url, request.headers, request.body)
        except _THEIRS as error:
            _raise_ours(error, f"No answer within {request.timeout_s:g} s")
        try:
            yield Streamed(response.status, response.headers, _chunks(response, silence_s))
        finally:
            response.close()  # half an answer is left: nobody can use this connection again

    async def _follow(self, request: Request) -> Reply:
        url, method, headers, body = _url(request.url), request.method, request.headers, request.body
        for left in range(request.redirects, -1, -1):
            if request.guard is not None:
                request.guard.check(url)
            reply = await self._once(method, url, headers, body, request)
            location = reply.headers.get("Location")
            if reply.status not in _REDIRECTS or not location or not request.redirects:
                return reply
            if not left:
                break
            url, previous = url.join(URL(location)), url
            if reply.status == HTTPStatus.SEE_OTHER or (reply.status in _TO_GET and method == "POST"):
                method, body = ("HEAD" if method == "HEAD" else "GET"), b""
                headers = _without(headers, _BODY_HEADERS)
            if url.origin() != previous.origin():
                # a key meant for one host must not travel to another
                headers = {k: v for k, v in headers.items() if k.lower() in _KEPT_ACROSS_ORIGINS}
        raise Unreachable(f"More than {request.redirects} redirects")

    async def _once(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes, request: Request
    ) -> Reply:
        response = await _begun(self._session(request.guard), method, url, headers, body)
        try:
            received = bytearray()
            while not response.content.at_eof():
                received += await response.content.readany()
                if len(received) > request.max_bytes:
                    raise TooLarge(
                        f"The answer is over {request.max_bytes} bytes", http_status=response.status
                    )
        except BaseException:
            response.close()  # half an answer is left; after a whole one the connection is free by itself
            raise
        return Reply(response.status, response.headers, bytes(received))

    def _session(self, guard: Guard | None, per_host: int = _PER_HOST) -> aiohttp.ClientSession:
        session = self._sessions.get((guard, per_host))
        if session is None:
            # Pooled connections may be reused only under the guard that judged their address.
            session = self._sessions[guard, per_host] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    limit_per_host=per_host,
                    resolver=PinningResolver(guard) if guard else None,
                    use_dns_cache=guard is None,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": _AGENT},
            )
        return session


class PinningResolver(AbstractResolver):
    """Resolves names and keeps only the addresses that the guard permits."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The permitted addresses. Raises Blocked when there are only others."""
        found = await self._inner.resolve(host, port, family)
        kept = [one for one in found if self._guard.permits(host, port, ip_address(one["host"]))]
        if found and not kept:
            raise Blocked
        return kept

    async def close(self) -> None:
        """Nothing to release beyond the inner resolver."""
        await self._inner.close()


_THEIRS = (TimeoutError, aiohttp.ClientError, ValueError, OSError)
"""What the client raises."""


def _raise_ours(error: Exception, too_late: str) -> NoReturn:
    """What the client raised, as what it means here."""
    match error:
        case TimeoutError():
            raise Unreachable(too_late) from error
        case aiohttp.InvalidURL() | ValueError():
            raise Unsendable from None  # the cause's text holds the whole url or header
        case aiohttp.ClientConnectorError():
            raise Unreachable(f"No connection: {_cause(error)}") from error
        case _:
            raise Unreachable(f"The connection broke off: {type(error).__name__}") from error


async def _begun(
    session: aiohttp.ClientSession, method: str, url: URL, headers: Mapping[str, str], body: bytes
) -> aiohttp.ClientResponse:
    """The answer, as far as its headers. A body goes out with the type that its caller gives it, or none."""
    typed = "content-type" in headers or "Content-Type" in headers
    return await session.request(
        method,
        url,
        headers=headers,
        data=body or None,
        allow_redirects=False,
        skip_auto_headers=None if typed else ("Content-Type",),
    )


async def _chunks(response: aiohttp.ClientResponse, silence_s: float) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(silence_s):
                chunk = await response.content.readany()
        except _THEIRS as error:
            _raise_ours(error, f"Nothing came for {silence_s:g} s")
        if not chunk:
            return
        yield chunk


@lru_cache(maxsize=256)
def _url(text: str) -> URL:
    """Most calls go to the few urls of the configuration."""
    return URL(text)


def _without(headers: Mapping[str, str], names: frozenset[str]) -> Mapping[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in names}


def _cause(error: aiohttp.ClientConnectorError) -> str:
    # The text of the error itself would repeat the address.
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "the host's name is unknown"
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate is not trusted"
        case aiohttp.ClientConnectorSSLError():
            return "no TLS is spoken there"
        case _:
            number = error.os_error.errno
            return os.strerror(number) if number else type(error.os_error).__name__
