"""Providers that are listened to session by session: one task from the acceptance until nothing can come any more."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import structlog
from msgspec.structs import replace

from openhandover.core import table
from openhandover.core.errors import ProviderAuthError, ProviderError, Refused, SessionEnded, SessionGone
from openhandover.core.events import FromProvider, SessionLost
from openhandover.core.model import Lane
from openhandover.core.turn import Turn
from openhandover.providers.base import BaseProvider, Provider
from openhandover.store.port import Cursor, Store, StoreError

from .arrivals import Arrivals
from .delivery import LONGEST_RETRY_S, pause_s
from .listeners import CURSOR
from .providers import say_lost, session_of
from .vendor_calls import calling
from .work import Clock, Work

_log = structlog.get_logger("openhandover.listeners")

PER_SECOND = 200
"""So many streams are opened again after a start: thousands at once look like an attack."""

Place = tuple[str, int]
"""Conversation and lane."""


class Sessions:
    """Listens to the sessions of providers that have a stream for each, or look for what webhooks did not bring."""

    def __init__(
        self, store: Store, work: Work, providers: Mapping[str, Provider], arrivals: Arrivals, clock: Clock
    ) -> None:
        self._store = store
        self._work = work
        self._arrivals = arrivals
        self._clock = clock
        self._providers = {
            name: provider
            for name, provider in providers.items()
            if getattr(provider.listen, "__func__", None) is not BaseProvider.listen
        }
        self._tasks: dict[Place, asyncio.Task[None]] = {}
        self._ends: dict[Place, asyncio.TimerHandle] = {}
        self._lost: set[str] = set()
        """Providers of which the log says that they are not heard."""

    async def start(self) -> None:
        """Listen again wherever something may still come."""
        if not self._providers:
            return
        names = json.dumps(list(self._providers))
        since = self._clock() - table.GRACE["late_message"].seconds
        for row in await self._store.report("heard_sessions", {"providers": names, "since": since}):
            state = await self._store.conversation(row["conversation_id"])
            for lane in state.lanes if state else ():
                if lane.opened:
                    self._begin(row["conversation_id"], lane, len(self._tasks) / PER_SECOND)

    def note(self, turn: Turn) -> None:
        """A turn was committed: it may have opened a session, or ended one."""
        if not self._providers:
            return
        opened = {external_id for _, external_id, _ in turn.sessions}
        for lane in turn.state.lanes:
            if lane.external_id in opened:
                self._begin(turn.state.id, lane)
            elif lane.ended_at is not None:
                self._end((turn.state.id, lane.id), lane)

    def _begin(self, conversation_id: str, lane: Lane, after_s: float = 0) -> None:
        place = (conversation_id, lane.id)
        provider = self._providers.get(lane.provider)
        if provider is None or place in self._tasks or self._left_s(lane) == 0:
            return
        task = asyncio.create_task(self._follow(conversation_id, lane, provider, after_s), name="session")
        self._tasks[place] = task
        task.add_done_callback(lambda _: self._forget(place))
        if lane.ended_at is not None:
            self._end(place, lane)

    def _end(self, place: Place, lane: Lane) -> None:
        """Last words may still come for a while."""
        task = self._tasks.get(place)
        if task is not None and place not in self._ends:
            loop = asyncio.get_running_loop()
            self._ends[place] = loop.call_later(self._left_s(lane) or 0, task.cancel)

    def _left_s(self, lane: Lane) -> float | None:
        """How long it is still listened to; None as long as it has not ended."""
        if lane.ended_at is None:
            return None
        grace = table.GRACE["late_message"].seconds if lane.late_ok else 0
        return max(lane.ended_at + grace - self._clock(), 0)

    def _forget(self, place: Place) -> None:
        self._tasks.pop(place, None)
        end = self._ends.pop(place, None)
        if end is not None:
            end.cancel()

    # --- one session

    async def _follow(self, conversation_id: str, lane: Lane, provider: Provider, after_s: float) -> None:
        await asyncio.sleep(after_s)
        tries = 0
        while True:
            began = time.monotonic()
            wish: float | None = None
            try:
                with calling(lane.handover_id, lane.attempt, "listen"):
                    async for _ in self._heard(conversation_id, lane, provider):
                        tries = 0
                return
            except Refused:
                return  # there is no such conversation any more: its user was erased
            except (ProviderError, StoreError) as error:
                wish = getattr(error, "retry_after_s", None)
                if time.monotonic() - began > LONGEST_RETRY_S:
                    tries = 0  # long streams break now and then
                self._say_lost(provider.name, lane, error, tries)
            except Exception as error:  # noqa: BLE001  (a fault of ours: the event stays due and is tried again)
                _log.error("listener_failed", provider=provider.name, exc_info=error)
            tries += 1
            await asyncio.sleep(pause_s(tries, wish))

    async def _heard(self, conversation_id: str, lane: Lane, provider: Provider) -> AsyncIterator[None]:
        """Take in what comes, from the last place on, and that nothing can come any more; a step for each."""
        try:
            async for _ in self._taken(lane, provider):
                yield
        except SessionGone as error:
            say_lost(lane, error)
            lost = SessionLost(lane.id, error.detail, isinstance(error, SessionEnded))
            await self._work.run(conversation_id, lost)

    async def _taken(self, lane: Lane, provider: Provider) -> AsyncIterator[None]:
        name = f"{provider.name}:{lane.external_id}"
        known = await self._store.get(CURSOR, name)
        last = known.decode() if known else None
        async with _closing(provider.listen(session_of(lane), last)) as stream:
            async for position, event in stream:
                cursor = Cursor(name, position, self._clock())
                if event is not None:
                    mine = event if event.handover_id else replace(event, external_id=lane.external_id)
                    await self._arrivals.listened(mine, cursor)
                elif position != last:
                    await self._arrivals.passed(cursor)
                last = position
                if provider.name in self._lost:
                    self._lost.discard(provider.name)
                    _log.info("listener_back", provider=provider.name)
                yield

    def _say_lost(self, name: str, lane: Lane, error: Exception, tries: int) -> None:
        """Once for each time that a provider is lost; that a stream breaks once is nothing special."""
        refused = isinstance(error, ProviderAuthError)
        if name in self._lost or (tries == 0 and not refused):
            return
        self._lost.add(name)
        _log.warning(
            "listener_lost",
            provider=name,
            handover_id=lane.handover_id,
            detail=str(error),
            remedy="check the provider's credentials; it is tried again by itself"
            if refused
            else "it is tried again by itself",
        )

    async def stop(self) -> None:
        """Stop listening; the cursors are kept."""
        self._providers = {}  # what is still being written begins nothing any more
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def _closing(
    stream: AsyncIterator[tuple[str, FromProvider | None]],
) -> AsyncGenerator[AsyncIterator[tuple[str, FromProvider | None]]]:
    """The stream, closed at the end: whoever listens holds a connection."""
    try:
        yield stream
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
