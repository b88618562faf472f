"""Providers that are listened to or polled: one task each, resumed from the cursor saved with the last event."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from openhandover.core.errors import ProviderError
from openhandover.core.events import FromProvider
from openhandover.providers.base import Provider
from openhandover.store.port import Cursor, Store, StoreError

from .delivery import backoff_s

_log = structlog.get_logger("openhandover.listeners")

CURSOR = "cursor"
Take = Callable[[FromProvider, Cursor], Awaitable[Mapping[str, Any]]]


class Listeners:
    """Follows every provider whose events come by stream or poll."""

    def __init__(self, store: Store, providers: Mapping[str, Provider], take: Take) -> None:
        self._store = store
        self._providers = providers
        self._take = take
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen."""
        self._tasks = [
            asyncio.create_task(self._listen(name, provider), name=f"listen-{name}")
            for name, provider in self._providers.items()
            if provider.capabilities.inbound == "events"
        ]

    async def _listen(self, name: str, provider: Provider) -> None:
        tries = 0
        while True:
            try:
                cursor = await self._store.get(CURSOR, name)
                async for position, event in provider.events(cursor.decode() if cursor else None):
                    await self._take(event, Cursor(name, position))
                    if tries:
                        _log.info("listener_back", provider=name)
                    tries = 0
            except (ProviderError, StoreError) as error:
                if tries == 0:
                    _log.warning(
                        "listener_lost",
                        provider=name,
                        detail=str(error),
                        remedy="it is tried again by itself",
                    )
            except Exception as error:  # noqa: BLE001  (a fault of ours: the event stays due and is tried again)
                _log.error("listener_failed", provider=name, exc_info=error)
            tries += 1
            await asyncio.sleep(backoff_s(tries))

    async def stop(self) -> None:
        """Stop listening; the cursor is kept."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
