"""Typing, presence and receipts: sent once, in the background, without consequence, yet in order."""

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any

import structlog

from openhandover.core.effects import TellPresence, TellReceipt, TellTyping
from openhandover.core.errors import ProviderError
from openhandover.providers.base import Provider, Session

from .vendor_calls import calling

BEST_EFFORT_S = 5.0

_log = structlog.get_logger("openhandover.providers")


class Asides:
    """Calls that nobody waits for. Those with the same key go one after the other: a "stopped" that overtakes its
    "started" would stand for good."""

    def __init__(self) -> None:
        self._last: dict[Hashable, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def say(self, key: Hashable, call: Coroutine[Any, Any, None]) -> None:
        """Make the call as soon as the one before it with this key has ended."""
        task = asyncio.create_task(_after(self._last.get(key), call), name="aside")
        self._last[key] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._said(key, done))

    def _said(self, key: Hashable, done: asyncio.Task[None]) -> None:
        self._tasks.discard(done)
        if self._last.get(key) is done:
            del self._last[key]

    async def stop(self) -> None:
        """Let the calls go that are still under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _after(before: asyncio.Task[None] | None, call: Coroutine[Any, Any, None]) -> None:
    try:
        if before is not None:
            await asyncio.wait({before})
        await call
    finally:
        call.close()


async def tell(provider: Provider, session: Session, effect: TellPresence | TellReceipt | TellTyping) -> None:
    """Typing, presence and receipts: once, without consequence."""
    try:
        operation = type(effect).__name__.removeprefix("Tell").lower()
        with calling(session.handover_id, session.attempt, operation):
            async with asyncio.timeout(BEST_EFFORT_S):
                await _call(provider, session, effect)
    except (ProviderError, TimeoutError) as error:
        detail = str(error) or "no answer in time"
        _log.info(
            "best_effort_failed",
            provider=provider.name,
            call=type(effect).__name__,
            detail=detail,
            remedy="messages are not affected; `handover show ID --diagnose` has the call",
        )


async def _call(
    provider: Provider, session: Session, effect: TellPresence | TellReceipt | TellTyping
) -> None:
    match effect:
        case TellTyping(on=on):
            await provider.typing(session, on=on)
        case TellPresence(user=user, text=text):
            await provider.presence(session, user, text)
        case TellReceipt(message_id=message_id, state=state):
            await provider.receipt(session, message_id, state)
