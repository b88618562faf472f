"""Facts from contact centres: whose they are, what they wait for, and that each has one effect."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog

from openhandover.core import events as e
from openhandover.core.errors import Refused
from openhandover.core.model import Conversation, Handover
from openhandover.core.recent import Recent
from openhandover.store.port import Cursor, Store

from . import reads
from .metrics import Metrics
from .parking import Parking
from .preparing import Preparing
from .vendor_calls import VendorCalls
from .work import Work

replace = msgspec.structs.replace

_log = structlog.get_logger("openhandover.arrivals")


class Arrivals:
    """Takes in what providers report, by webhook, stream or poll."""

    def __init__(
        self, store: Store, work: Work, preparing: Preparing, vendor_calls: VendorCalls, metrics: Metrics
    ) -> None:
        self._store = store
        self._work = work
        self._preparing = preparing
        self._vendor_calls = vendor_calls
        self._metrics = metrics
        self._parking = Parking(store)
        self._places: Recent[tuple[str, str], str] = Recent()
        """Provider and handover -> conversation: who has had a handover once may always speak of it."""
        self.complete_queue: Callable[[Handover, e.QueueUpdated], Awaitable[e.QueueUpdated]]
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take in what was parked for sessions that have become known before a crash."""
        for provider, external_id in await self._parking.start():
            if await self._store.session(provider, external_id) is not None:
                await self._unpark(provider, external_id)

    async def take(self, event: e.FromProvider, cursor: Cursor | None = None) -> Mapping[str, Any]:
        """Take in a fact; answers once it is stored: `{"applied": bool, "reason"?}`. `cursor`: its place in the
        provider's stream, saved together with the fact.

        Raises:
            Refused: `not_found` for a handover that is unknown or not this provider's.
        """
        conversation_id = await self._conversation_of(event)
        if conversation_id is None:
            # Rule 2: an event that is earlier than its session waits for it.
            await self._parking.park(event)
            if cursor:
                await self.passed(cursor)
            if await self._conversation_of(event) is not None:  # the session became known just now
                await self._unpark(event.provider, event.external_id or "")
            return {"applied": True}
        if event.handover_id is None and self._parking.is_waiting(event.provider, event.external_id or ""):
            await self._unpark(event.provider, event.external_id or "")
        return await self._apply(conversation_id, event, cursor)

    async def _apply(
        self, conversation_id: str, event: e.FromProvider, cursor: Cursor | None = None
    ) -> Mapping[str, Any]:
        state = await reads.conversation(self._store, conversation_id)
        if isinstance(event.fact, e.QueueUpdated) and event.fact != e.QueueUpdated() and state.open_handover:
            event = replace(event, fact=await self.complete_queue(state.open_handover, event.fact))
        event = self._to_prepare(event, state)
        key = f"user:{event.fact.message_id}" if isinstance(event.fact, e.MessageRead) else None
        done = await self._work.run(
            conversation_id,
            event,
            claim=(event.provider, event.event_id),
            message_key=key,
            cursor=cursor,
        )
        if done.turn is not None:
            self._preparing.begin_all(done.turn, state.language)
        result = done.result or {"applied": True}
        if isinstance(event.fact, e.Unknown) and result.get("reason") != "repeated":
            self._metrics.unknown(event.provider)
        if not isinstance(event.fact, e.AgentTyping):
            outcome = "applied" if result["applied"] else str(result.get("reason", "not applied"))
            self._vendor_calls.heard(event, _handover_of(event, state), outcome)
        return result

    def _to_prepare(self, event: e.FromProvider, state: Conversation) -> e.FromProvider:
        """The event, marked when its message must be translated or fetched before it is shown."""
        if not isinstance(event.fact, e.AgentMessage):
            return event
        handover = state.open_handover
        source = event.fact.language or (handover.settings.agent_language if handover else state.language)
        if not self._preparing.is_needed(state, event.fact.attachments, source, state.language):
            return event
        return replace(event, fact=replace(event.fact, prepare=True, language=source))

    async def listened(self, event: e.FromProvider, cursor: Cursor) -> Mapping[str, Any]:
        """The same for a stream or poll: what is refused is passed over, or it would come again for ever."""
        try:
            return await self.take(event, cursor)
        except Refused as refused:
            _log.warning("listener_event_refused", provider=event.provider, code=refused.code)
            await self.passed(cursor)
            return {"applied": False, "reason": refused.code}

    async def passed(self, cursor: Cursor) -> None:
        """Nothing of interest up to here."""
        await self._store.put("cursor", cursor.name, cursor.value.encode(), at=cursor.at)

    async def _conversation_of(self, event: e.FromProvider) -> str | None:
        if event.handover_id is None:
            place = await self._store.session(event.provider, event.external_id or "")
            return place.rpartition("/")[0] if place else None
        key = (event.provider, event.handover_id)
        known = self._places.get(key)
        if known is not None:
            return known
        row = await self._store.handover(event.handover_id)
        tried = row.handover.attempts if row else ()
        if row is None or all(attempt.provider != event.provider for attempt in tried):
            raise Refused("not_found", "This provider has no handover with this id")
        self._places[key] = row.handover.conversation_id
        return row.handover.conversation_id

    def session_known(self, provider: str, external_id: str) -> None:
        """A session was opened: what waited for it comes now."""
        task = asyncio.create_task(self._unpark(provider, external_id), name="unpark")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _unpark(self, provider: str, external_id: str) -> None:
        async with self._parking.emptying(provider, external_id) as events:
            for event in events:
                conversation_id = await self._conversation_of(event)
                if conversation_id is not None:
                    await self._apply(conversation_id, event)

    async def stop(self) -> None:
        """Let go of what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _handover_of(event: e.FromProvider, state: Conversation) -> str | None:
    """The handover that an event speaks of, by name or by its session."""
    if event.handover_id is not None:
        return event.handover_id
    session = (event.provider, event.external_id)
    return next(
        (lane.handover_id for lane in state.lanes if (lane.provider, lane.external_id) == session), None
    )
