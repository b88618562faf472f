"""The one way out: every outbound HTTP call of the program goes through `HttpClient.send`.

Connections are pooled, cookies and proxy variables ignored, answers capped in size and time, redirects followed by
hand so that each hop is judged anew. Nothing here retries; that is the engine's work.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import msgspec

from .depth import MAX_DEPTH, is_too_deep
from .guard import Guard

if TYPE_CHECKING:
    from .pool import Pool

_JSON = msgspec.json.Encoder()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One call. `guard` None is for urls that the owner configured as provider or gateway only."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    timeout_s: float = 10.0
    """For everything together: connect, redirects, the last byte of the answer; of a stream, until it begins."""
    guard: Guard | None = None
    max_bytes: int = 1 << 20
    redirects: int = 0
    """How many redirects to follow; 0 returns the 3xx itself."""
    hidden: tuple[str, ...] = ()
    """What must not be on record, beside the secrets of the settings."""


class Reply(msgspec.Struct, frozen=True):
    """A complete answer; `headers` compare names without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is something else, or too deep to be kept."""
        try:
            value = msgspec.json.decode(self.body)
        except RecursionError:
            raise ValueError("it is nested too deep") from None
        if is_too_deep(self.body):
            raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
        return value


class Streamed(msgspec.Struct, frozen=True):
    """An answer whose body is read as it comes. `chunks` raises Unreachable when it breaks off, or is silent too long."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


class Sender(Protocol):
    """What performs requests: the client, or something that only prints them."""

    async def send(self, request: Request) -> Reply:
        """The answer, whatever its status. Raises Unreachable, Blocked, Unsendable, TooLarge."""
        ...

    def stream(self, request: Request, *, silence_s: float) -> AbstractAsyncContextManager[Streamed]:
        """An answer without a known end, for which redirects are not followed. Longer than `silence_s` without a byte
        counts as broken. Raises as `send`."""
        ...


def encode_json(value: Any) -> bytes:
    """JSON bytes that are the same for the same value, so that a retry repeats them."""
    return _JSON.encode(value)


class HttpClient:
    """A pool of connections; use as `async with`, or call `close`."""

    def __init__(self) -> None:
        self._pool: Pool | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; may be called twice."""
        if self._pool is not None:
            await self._pool.close()

    async def send(self, request: Request) -> Reply:
        """The answer, whatever its status. Raises Unreachable, Blocked, Unsendable, TooLarge."""
        pool = self._pool or await self._loaded()
        return await pool.send(request)

    @asynccontextmanager
    async def stream(self, request: Request, *, silence_s: float) -> AsyncGenerator[Streamed]:
        """An answer without a known end; see `Sender`."""
        pool = self._pool or await self._loaded()
        async with pool.stream(request, silence_s) as streamed:
            yield streamed

    async def _loaded(self) -> "Pool":
        # In a thread, because loading it would hold up everybody else for a fifth of a second.
        module = await asyncio.to_thread(import_module, "openhandover.net.pool")
        pool: Pool = self._pool or module.Pool()  # others may have waited for the same
        self._pool = pool
        return pool
