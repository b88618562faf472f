"""Connections, retries and the event stream. The only module here that knows aiohttp, loaded with the first call."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar, cast

import aiohttp
import msgspec
from yarl import URL

from openhandover import __version__
from openhandover.core.errors import OpenHandoverError
from openhandover.net.statuses import retry_after_s

from .errors import Unreachable, Unreadable, problem_of
from .frames import Frames
from .patience import Patience
from .request import Request
from .shapes import Event

T = TypeVar("T")

SILENCE_S = 45.0
"""The server writes a line at least every 15 s; a stream that is silent for so long is dead."""

_event = msgspec.json.Decoder(Event).decode


class _Again(Exception):
    """This try came to nothing, and another may help."""

    def __init__(self, fault: OpenHandoverError, retry_after_s: float | None = None) -> None:
        self.fault = fault
        self.retry_after_s = retry_after_s


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Pooled connections to one server."""

    def __init__(self, url: str, key: str, timeout_s: float, give_up_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._give_up_s = give_up_s
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {key}", "User-Agent": f"openhandover-client/{__version__}"},
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close all connections; streams end."""
        await self._session.close()

    async def call(self, request: Request, kind: type[T]) -> T:
        """The answer as `kind`. Raises Unreachable, Unreadable or a Problem."""
        patience = Patience(self._give_up_s)
        while True:
            try:
                return await self._once(request, kind)
            except _Again as again:
                await patience.rest(again.fault, again.retry_after_s)

    async def _once(self, request: Request, kind: type[T]) -> T:
        options: dict[str, Any] = {"timeout": aiohttp.ClientTimeout(total=self._timeout_s + request.waits_s)}
        if request.file is not None:
            options["data"] = _form(request)
        elif request.body is not None:
            options["data"] = msgspec.json.encode(request.body)
            options["headers"] = {"Content-Type": "application/json"}
        try:
            url = URL(self._url + request.target, encoded=True)
            async with self._session.request(
                request.method, url, allow_redirects=False, **options
            ) as response:
                answer = _Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientError, OSError) as error:
            raise _after(error, repeatable=request.repeatable) from error
        _check(answer, repeatable=request.repeatable)
        try:
            return msgspec.json.decode(answer.body or b"{}", type=kind)
        except msgspec.MsgspecError as error:
            raise Unreadable(
                f"The answer to {request.method} {request.target} does not fit: {error}"
            ) from error

    async def events(self, target: str, after: int) -> AsyncGenerator[Event]:
        """Every event with a seq above `after`, in order and once, over as many connections as it takes; never ends."""
        patience = Patience(self._give_up_s)
        while True:
            try:
                async with self._stream(target, after) as content:
                    frames = Frames()
                    async for piece in content.iter_any():
                        patience = Patience(self._give_up_s)
                        for data in frames.feed(piece):
                            event = _event(data)
                            if event.seq is not None:
                                if event.seq <= after:
                                    continue
                                after = event.seq
                            yield event
                fault = _Again(Unreachable("The stream ended"))
            except msgspec.MsgspecError as error:
                raise Unreadable(f"The stream holds what is no event: {error}") from error
            except (aiohttp.ClientError, OSError) as error:
                fault = _after(error, repeatable=True)
            except _Again as again:
                fault = again
            await patience.rest(fault.fault, fault.retry_after_s)

    @asynccontextmanager
    async def _stream(self, target: str, after: int) -> AsyncGenerator[aiohttp.StreamReader]:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout_s, sock_read=SILENCE_S)
        url = URL(self._url + target, encoded=True)
        async with self._session.get(
            url, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            if response.status != 200:
                _check(_Answer(response.status, response.headers, await response.read()), repeatable=True)
            if response.content_type != "text/event-stream":
                raise Unreadable
            yield response.content


def _form(request: Request) -> aiohttp.FormData:
    """Made anew for every try: it can be sent once."""
    assert request.file is not None
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("id", request.file.upload_id)
    form.add_field(
        "file", request.file.content, filename=request.file.name, content_type=request.file.content_type
    )
    return form


def _after(error: Exception, *, repeatable: bool) -> _Again:
    """What follows from a broken connection. Raises Unreachable when another try may do it twice, or cannot help."""
    fault = Unreachable(f"No complete answer: {type(error).__name__}")
    unsent = isinstance(error, aiohttp.ClientConnectorError)
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.InvalidURL) or not (unsent or repeatable):
        raise fault from error
    return _Again(fault)


def _check(answer: _Answer, *, repeatable: bool) -> None:
    """Return on 2xx, else raise the Problem, or `_Again` where waiting helps."""
    if 200 <= answer.status < 300:
        return
    fault = problem_of(answer.status, _problem(answer.body))
    if answer.status == 429 or (answer.status >= 500 and repeatable):
        raise _Again(fault, retry_after_s(answer.headers, time.time()))
    raise fault


def _problem(body: bytes) -> Mapping[str, Any]:
    """The problem document; empty for what a proxy may have answered instead."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
