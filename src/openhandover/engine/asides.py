"""Typing, presence and receipts: sent once, in the background, without consequence, yet in order."""

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any


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
