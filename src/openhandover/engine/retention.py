"""Forgetting in time: claims after 35 days, events of sessions that nobody came to know after one, texts and files by the configured retention."""

import asyncio

import structlog

from openhandover.config.model import Config
from openhandover.store.port import Store, StoreError

from .files import FileStore
from .work import Clock

EVERY_S = 3600.0
DAY_S = 86_400.0
CLAIMS_DAYS = 35

_log = structlog.get_logger("openhandover.retention")


class Retention:
    """Purges once an hour."""

    def __init__(self, config: Config, store: Store, files: FileStore, clock: Clock) -> None:
        self._days = config.retention
        self._store = store
        self._files = files
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the first purge comes after an hour, so that a start is quick."""
        self._task = asyncio.create_task(self._run(), name="retention")

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.purge()
            except StoreError as error:
                _log.error("purge_failed", detail=str(error), remedy="it is tried again in an hour")

    async def purge(self) -> None:
        """Forget what is old enough."""
        now = self._clock()
        messages, files = self._days.messages_days, self._days.files_days
        gone = await self._store.purge(
            claims_before=now - CLAIMS_DAYS * DAY_S,
            parked_before=now - DAY_S,
            messages_before=now - messages * DAY_S if messages else None,
            files_before=now - files * DAY_S if files else None,
        )
        await self._files.remove(gone)

    async def stop(self) -> None:
        """Stop."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
