"""The way to one server: how to get there, and the connections once there are any."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from .request import Request
from .shapes import Event

if TYPE_CHECKING:
    from .transport import Transport

T = TypeVar("T")


class Link:
    """Makes connections when the first call needs them, so that importing the client costs nothing."""

    def __init__(self, url: str, key: str, timeout_s: float, give_up_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError("the server's address begins with http:// or https:// and names a host")
        self._url = url.rstrip("/")
        self._key = key
        self._timeout_s = timeout_s
        self._give_up_s = give_up_s
        self._transport: Transport | None = None

    async def call(self, request: Request, kind: type[T]) -> T:
        """The answer as `kind`. Raises Unreachable, Unreadable or a Problem."""
        return await self._connected().call(request, kind)

    def events(self, target: str, after: int) -> AsyncGenerator[Event]:
        """Every event with a seq above `after`, over as many connections as it takes."""
        return self._connected().events(target, after)

    async def close(self) -> None:
        """Close all connections; may be called twice."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    def _connected(self) -> "Transport":
        if self._transport is None:
            from .transport import Transport

            self._transport = Transport(self._url, self._key, self._timeout_s, self._give_up_s)
        return self._transport
