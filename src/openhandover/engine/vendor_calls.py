"""What we and the contact centres said to each other, call by call and without bodies, so that "stuck" can be explained."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

import msgspec
import structlog

from openhandover.config.model import Config
from openhandover.core.errors import OpenHandoverError
from openhandover.core.events import FromProvider, Unknown
from openhandover.core.settings import Secret
from openhandover.net.client import HttpClient, Reply, Request, Streamed
from openhandover.store.port import Store, StoreError, VendorCall
from openhandover.texts.redaction import redact

FLUSH_S = 0.3
"""Calls are saved together after so long; a crash loses the record of the last ones, never a message."""
MOST_WAITING = 10_000
"""More do not wait for a store that is slow; then the oldest are lost, which costs no message."""
DETAIL_CHARACTERS = 200
DETAIL_BYTES = 2_000
"""So much of an answer is looked at: a secret or a name must be whole to be recognised, so it is cut afterwards."""
MASK = "***"

_log = structlog.get_logger("openhandover.providers")


class _About(NamedTuple):
    handover_id: str
    attempt: int
    operation: str
    polled: dict[str, int | None] | None
    """While we listen: the call without its query -> its last status. Nobody wants to read each look of an hour."""


_about: ContextVar[_About | None] = ContextVar("vendor_call", default=None)


@contextmanager
def calling(handover_id: str, attempt: int, operation: str) -> Generator[None]:
    """Calls made inside belong to this handover; `operation` is what the engine wanted of the provider. Of `listen`,
    only the first of the same calls is noted, and those whose status differs from the one before."""
    token = _about.set(_About(handover_id, attempt, operation, {} if operation == "listen" else None))
    try:
        yield
    finally:
        _about.reset(token)


class VendorCalls:
    """Keeps the record, and stands between the providers and the HTTP client."""

    def __init__(self, config: Config, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._hidden = config.redaction.to_log
        self._secrets = sorted(_secrets(config.providers), key=len, reverse=True)
        self._waiting: deque[VendorCall] = deque()
        self._lost = 0
        self._stopping = asyncio.Event()
        self._saving: asyncio.Task[None] | None = None

    def heard(self, event: FromProvider, handover_id: str | None, outcome: str) -> None:
        """Note something that a contact centre told us, and what became of it."""
        if handover_id is not None:
            fact = event.fact
            named = f"{fact.kind} {event.event_id}" if isinstance(fact, Unknown) else event.event_id
            kind = type(fact).__name__
            self._note(VendorCall(self._clock(), handover_id, 0, "in", kind, named, detail=outcome))

    def said(self, about: _About, request: Request, began: float, status: int | None, detail: str) -> None:
        """Note one call of ours."""
        if about.polled is not None:
            call = f"{request.method} {request.url.partition('?')[0]}"
            if call in about.polled and about.polled[call] == status:
                return
            about.polled[call] = status
        self._note(
            VendorCall(
                self._clock(),
                about.handover_id,
                about.attempt,
                "out",
                about.operation,
                f"{request.method} {self._masked(request.url, request.hidden)}",
                status,
                round((time.perf_counter() - began) * 1000),
                detail and redact(self._masked(detail, request.hidden), self._hidden)[:DETAIL_CHARACTERS],
            )
        )

    def _masked(self, text: str, hidden: Iterable[str]) -> str:
        for secret in (*self._secrets, *(way for one in hidden for way in _written(one))):
            text = text.replace(secret, MASK)
        return text

    def _note(self, call: VendorCall) -> None:
        if len(self._waiting) == MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(call)
        if self._saving is None:
            self._saving = asyncio.create_task(self._save_soon(), name="vendor-calls")

    async def _save_soon(self) -> None:
        try:
            while self._waiting:
                with suppress(TimeoutError):
                    async with asyncio.timeout(FLUSH_S):
                        await self._stopping.wait()
                await self.save()
        finally:
            self._saving = None

    async def save(self) -> None:
        """Save what waits."""
        waiting = list(self._waiting)
        self._waiting.clear()
        if not waiting:
            return
        lost, self._lost = self._lost, 0
        detail = "the store is slow"
        try:
            await self._store.add_vendor_calls(waiting)
        except StoreError as error:
            lost, detail = lost + len(waiting), str(error)
        if lost:
            _log.warning("vendor_calls_lost", calls=lost, detail=detail, remedy="messages are not affected")

    async def stop(self) -> None:
        """Save the last ones."""
        self._stopping.set()
        if self._saving is not None:
            await self._saving


class Watched:
    """The HTTP client as providers get it: each call that belongs to a handover is noted."""

    def __init__(self, http: HttpClient, calls: VendorCalls) -> None:
        self._http = http
        self._calls = calls

    async def send(self, request: Request) -> Reply:
        """As the client."""
        about = _about.get()
        if about is None:
            return await self._http.send(request)
        began = time.perf_counter()
        try:
            reply = await self._http.send(request)
        except (OpenHandoverError, asyncio.CancelledError) as error:
            self._calls.said(about, request, began, None, str(error) or "broken off")
            raise
        detail = "" if reply.is_success else reply.body[:DETAIL_BYTES].decode("utf-8", "replace")
        self._calls.said(about, request, began, reply.status, detail)
        return reply

    @asynccontextmanager
    async def stream(self, request: Request, *, silence_s: float) -> AsyncGenerator[Streamed]:
        """As the client; what is noted is that the stream was opened, or why not."""
        about = _about.get()
        began = time.perf_counter()
        opened = False
        try:
            async with self._http.stream(request, silence_s=silence_s) as streamed:
                opened = True
                if about is not None:
                    self._calls.said(about, request, began, streamed.status, "")
                yield streamed
        except OpenHandoverError as error:
            if about is not None and not opened:
                self._calls.said(about, request, began, None, str(error))
            raise


def _written(secret: str) -> set[str]:
    """The secret, also as addresses write it."""
    return {str(secret), quote(secret), quote(secret, safe=""), quote_plus(secret)}


def _secrets(value: Any) -> Iterable[str]:
    """Every secret in the settings, also as addresses write it; what is shorter than a few characters would mask
    ordinary words."""
    if isinstance(value, Secret):
        if len(value) > 3:
            yield from _written(value)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():  # pyright: ignore[reportUnknownVariableType]
            yield from _secrets(item)
    elif isinstance(value, list | tuple):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _secrets(item)
