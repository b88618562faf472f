"""Whether somebody is there for the visitors: asked once per provider and language, told to every open page."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from openhandover.engine import Engine

POLL_S = 15.0
"""A page tells at most this long after the fact that the team came or went; four questions a minute are few enough
for any contact centre."""
FIRST_ANSWER_S = 0.5
"""A page that opens waits so long for the first answer; a slower one follows in a frame of its own."""
UNKNOWN: dict[str, Any] = {"open": None, "opens_at": None}

_log = structlog.get_logger("openhandover.webchat")


class Sign:
    """What the sign on the door of one provider says, in one language."""

    def __init__(self) -> None:
        self.says = UNKNOWN
        self.readers = 0
        self.asked = asyncio.Event()
        self.asking: asyncio.Task[None] | None = None
        self._turned = asyncio.Event()

    def turn(self, says: dict[str, Any]) -> None:
        """Write what is true now; readers hear of it when it is something else."""
        self.asked.set()
        if says != self.says:
            self.says = says
            turned, self._turned = self._turned, asyncio.Event()
            turned.set()

    async def first(self) -> dict[str, Any]:
        """What it says, once anybody has looked; unknown when that takes too long."""
        try:
            async with asyncio.timeout(FIRST_ANSWER_S):
                await self.asked.wait()
        except TimeoutError:
            return UNKNOWN
        return self.says

    async def other_than(self, seen: dict[str, Any]) -> dict[str, Any]:
        """What it says as soon as that differs."""
        while self.says == seen:
            await self._turned.wait()
        return self.says


class DeskWatch:
    """The signs that somebody is reading."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._signs: dict[tuple[str, str], Sign] = {}

    @asynccontextmanager
    async def reading(self, provider: str | None, language: str) -> AsyncGenerator[Sign]:
        """The sign of a provider, kept true while anybody reads it; that of none is always unknown."""
        if provider is None:
            sign = Sign()
            sign.turn(UNKNOWN)
            yield sign
            return
        key = provider, language
        sign = self._signs.setdefault(key, Sign())
        sign.readers += 1
        if sign.asking is None:
            sign.asking = asyncio.create_task(self._keep_true(sign, provider, language), name="webchat-desk")
        try:
            yield sign
        finally:
            sign.readers -= 1
            if not sign.readers:
                del self._signs[key]
                sign.asking.cancel()
                await asyncio.gather(sign.asking, return_exceptions=True)

    async def _keep_true(self, sign: Sign, provider: str, language: str) -> None:
        while True:
            try:
                found = await self._engine.availability(provider, {}, language)
            except Exception as error:  # noqa: BLE001  (a fault of one provider must not end its visitors' talks)
                _log.error("desk_watch_failed", provider=provider, error=type(error).__name__)
                sign.turn(UNKNOWN)
            else:
                sign.turn({"open": found.open, "opens_at": found.opens_at})
            await asyncio.sleep(POLL_S)
