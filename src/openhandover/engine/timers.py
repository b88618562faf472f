"""Durable timers: the state says when to wake, a loop wakes it, the core re-checks what is due."""

import asyncio
import contextlib

import structlog

from openhandover.core.errors import Refused
from openhandover.core.events import Wake
from openhandover.store.port import Store, StoreError

from .work import Clock, Work

BATCH = 500
LONGEST_SLEEP_S = 30.0
AFTER_FAULT_S = 1.0

_log = structlog.get_logger("openhandover.timers")


class Timers:
    """Sleeps until the earliest timer of all conversations."""

    def __init__(self, store: Store, work: Work, clock: Clock) -> None:
        self._store = store
        self._work = work
        self._clock = clock
        self._next_at: float | None = None
        self._earlier = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ready_at = 0.0

    def start(self) -> None:
        """Begin to watch."""
        self._ready_at = self._clock()
        self._task = asyncio.create_task(self._watch(), name="timers")

    def note(self, wake_at: float | None) -> None:
        """A conversation wants to be woken then."""
        if wake_at is not None and (self._next_at is None or wake_at < self._next_at):
            self._next_at = wake_at
            self._earlier.set()

    async def _watch(self) -> None:
        while True:
            try:
                self._earlier.clear()
                self._next_at = await self._store.next_wake()
                now = self._clock()
                if self._next_at is None or self._next_at > now:
                    pause = min((self._next_at or now + LONGEST_SLEEP_S) - now, LONGEST_SLEEP_S)
                elif await self._fire(now):
                    continue
                else:
                    pause = AFTER_FAULT_S
            except StoreError as error:
                _log.error(
                    "timers_wait", detail=str(error), remedy="check disk space and rights of the database"
                )
                pause = AFTER_FAULT_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._earlier.wait(), max(pause, 0.001))

    async def _fire(self, now: float) -> bool:
        """Wake everybody who is due; False when somebody could not be woken."""
        due = await self._store.wakes(now, BATCH)
        return all(await asyncio.gather(*(self._wake(conversation_id) for conversation_id, _ in due)))

    async def _wake(self, conversation_id: str) -> bool:
        try:
            await self._work.run(conversation_id, Wake(self._ready_at))
        except Refused:
            return True  # erased meanwhile
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  (a fault of ours in one conversation must not stop all clocks)
            _log.error("wake_failed", conversation_id=conversation_id, exc_info=error)
            return False
        return True

    async def stop(self) -> None:
        """Stop watching; timers stay in the state."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
