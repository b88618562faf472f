"""Access tokens that end: fetched once for all callers, renewed before their end, and once more when they are refused."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from openhandover.core.errors import ProviderError

from .client import Reply

UNAUTHORIZED = 401
_EARLY = 0.2
"""A token is renewed when this share of its life is left."""


class Token(NamedTuple):
    """An access token; `life_s` None: nobody said how long it lives."""

    value: str
    life_s: float | None = None


class Tokens:
    """The one token of an account. `fetch` asks for a new one and raises what the provider may raise."""

    def __init__(
        self, fetch: Callable[[], Awaitable[Token]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._value: str | None = None
        self._renew_at: float | None = None
        self._ends_at: float | None = None
        self._fetching: asyncio.Task[str] | None = None

    async def current(self) -> str:
        """The token as it is now; fetched when there is none, or too little of its life is left. Where that fails, the old
        one serves to its end; then it fails once for all who wait: each trying by itself would wait for all before it."""
        due = self._renew_at is not None and self._clock() >= self._renew_at
        if self._value is not None and not due:
            return self._value
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetched(), name="token")
            self._fetching.add_done_callback(self._forget)
        try:
            return await asyncio.shield(self._fetching)  # who gives up does not take it from the others
        except ProviderError:
            if self._value is None or self._ends_at is None or self._clock() >= self._ends_at:
                raise
            return self._value

    async def _fetched(self) -> str:
        token = await self._fetch()
        self._value = token.value
        life_s = token.life_s
        self._renew_at = None if life_s is None else self._clock() + life_s * (1 - _EARLY)
        self._ends_at = None if life_s is None else self._clock() + life_s
        return token.value

    def _forget(self, fetched: asyncio.Task[str]) -> None:
        self._fetching = None
        if not fetched.cancelled():
            fetched.exception()  # seen, also where nobody waits any more

    def refused(self, value: str) -> None:
        """This one is no longer good; another caller may have renewed it meanwhile."""
        if self._value == value:
            self._value = None

    async def call(self, send: Callable[[str], Awaitable[Reply]]) -> Reply:
        """The answer of `send`, called with a token; once more with a new one when it was refused with 401."""
        value = await self.current()
        reply = await send(value)
        if reply.status != UNAUTHORIZED:
            return reply
        self.refused(value)
        return await send(await self.current())
