"""Attempts: a lane's session at the provider, from the message before it to the vendor's answer, or to none."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from openhandover.core import events as e, table
from openhandover.core.errors import (
    NobodyThere,
    ProviderAuthError,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    SessionGone,
    Unsupported,
)
from openhandover.core.model import Conversation, Handover, Lane as LaneState, Message
from openhandover.core.view import message_of
from openhandover.providers.base import Brief, HandoverRequest, Opened
from openhandover.store.port import LogRow, Store
from openhandover.texts.scope import chat_id

from .calls import Calls, LiveCall
from .delivery import Delivery, Lane, pause_s
from .for_agents import ForAgents
from .providers import Providers, say_waits
from .queues import Queues
from .vendor_calls import calling

OPEN_TIMEOUT_S = 30.0
WITHDRAWN_S = 60.0
"""So long an open call is repeated after its attempt has ended, to learn what it opened and withdraw that."""

ORPHAN = "if a conversation waits at the provider for nobody, end it there by hand"
MEND = "mend what the detail names"
REASONS: tuple[tuple[type[ProviderError], str, str], ...] = (
    (NobodyThere, "unavailable", "see that somebody is there, or name another provider in `fallback`"),
    (ProviderAuthError, "auth", "check the provider's credentials"),
    (Unsupported, "unsupported", "choose a provider that can do this"),
    (SessionGone, "rejected", MEND),
    (ProviderRejected, "rejected", MEND),
    (ProviderError, "provider_error", MEND),
)
"""Why a handover fails when its open call does, and what would mend that."""

_log = structlog.get_logger("openhandover.providers")


class Attempts:
    """Asks the lanes' providers for sessions."""

    def __init__(
        self,
        delivery: Delivery,
        providers: Providers,
        for_agents: ForAgents,
        queues: Queues,
        calls: Calls,
    ) -> None:
        self._store = delivery.store
        self._work = delivery.work
        self._clock = delivery.clock
        self._providers = providers
        self._for_agents = for_agents
        self._queues = queues
        self._calls = calls

    async def open(self, lane: Lane, state: Conversation, known: LaneState, tries: int) -> int:
        """One step towards a session; how many open calls in a row have failed."""
        provider = self._providers.get(known.provider)
        handover = await handover_of(self._store, state, known)
        if known.say:
            await self._calls.say(state, handover, known)
            return 0
        if not known.opening:
            await self._gate(lane, known)
            await self._work.run(state.id, e.Opening(known.id))
            return 0
        call = self._calls.live(state, handover, known)
        try:
            if provider is None:
                raise ProviderRejected("this provider is no longer configured")
            if known.ending is None and self._providers.closed_until(known.provider) is not None:
                raise NobodyThere("it is outside the provider's opening hours")
            before = await self._before(state, handover, known)
            talk = await self._for_agents.transcript(before, handover.settings.agent_language)
            request = self._request(state, handover, known, talk, call)
            with calling(handover.id, known.attempt, "open"):
                opened = await asyncio.wait_for(provider.open(request), OPEN_TIMEOUT_S)
        except (ProviderUnavailable, TimeoutError) as error:
            if known.ending is not None:
                await self._untaken(state, known)
                if not self._withdraws(state, known):
                    lost = ("provider_error", "no answer, before the end or after it")
                    await self._failed(state, known, *lost, remedy=ORPHAN)
                    return 0
            say_waits(known, tries, error)
            await self._rest(lane, known, pause_s(tries + 1, getattr(error, "retry_after_s", None)))
            return tries + 1
        except ProviderError as error:
            reason, remedy = next(why for kind, *why in REASONS if isinstance(error, kind))
            await self._failed(state, known, reason, error.detail, remedy=remedy)
            return 0
        await self._opened(state, known, opened, before, call.order if call else None)
        return 0

    def _withdraws(self, state: Conversation, known: LaneState) -> bool:
        """Whether to go on after the end, lest a session of which only the vendor knows waits there for nobody.

        Not beside a later session at the same provider: there the user may be the same one, and would lose that.
        """
        later = any(one.id > known.id and one.provider == known.provider for one in state.lanes)
        return not later and self._clock() - (known.ended_at or 0) < WITHDRAWN_S

    async def _rest(self, lane: Lane, known: LaneState, seconds: float) -> None:
        """The pause before the next open call; only the end of the attempt cuts it short."""
        until = self._clock() + seconds
        while (left_s := until - self._clock()) > 0:
            lane.bell.clear()
            state = await self._store.conversation(lane.conversation_id)
            now = state.lane(known.id) if state else None
            if now is None or now.ended_at != known.ended_at:
                return
            await lane.rest(left_s)

    async def _failed(
        self, state: Conversation, known: LaneState, reason: str, detail: str, *, remedy: str
    ) -> None:
        _log.warning(
            "open_failed",
            provider=known.provider,
            handover_id=known.handover_id,
            reason=reason,
            detail=detail,
            remedy=remedy,
        )
        await self._work.run(state.id, e.OpenFailed(known.id, reason, detail))
        after = await self._store.conversation(state.id)
        if after:
            await self._untaken(after, known)

    async def _opened(
        self,
        state: Conversation,
        known: LaneState,
        opened: Opened,
        before: Sequence[LogRow],
        order: dict[str, Any] | None,
    ) -> None:
        taken = tuple(
            (row.entry.seq, message_of(row.entry))
            for row in before
            if row.entry.to_agent and row.delivered.agent is None
        )
        place = e.QueueUpdated(opened.position, opened.estimated_wait_ms)
        if state.handover is not None and order is None:
            place = await self._queues.completed(state.handover, place)
        event = e.Opened(
            known.id,
            opened.external_id,
            place.position,
            place.estimated_wait_ms,
            opened.vendor_state,
            taken,
            place.ours,
            order,
        )
        done = await self._work.run(state.id, event)
        if done.turn is not None:
            self._for_agents.preparing.begin_all(done.turn, state.language)

    async def _gate(self, lane: Lane, known: LaneState) -> None:
        """Rule 3: the user has the handover message before control leaves; but no wait is endless."""
        until = self._clock() + table.GRACE["gate"].seconds
        while self._clock() < until:
            lane.bell.clear()
            state = await self._store.conversation(lane.conversation_id)
            now = state.lane(known.id) if state else None
            if state is None or now is None or now.ending or state.user_done >= known.gate:
                return
            await lane.rest(until - self._clock())

    async def _before(self, state: Conversation, handover: Handover, known: LaneState) -> Sequence[LogRow]:
        """The messages before this attempt; without transcript only those since the handover began."""
        limit = handover.settings.max_messages
        rows: Sequence[LogRow] = ()
        if handover.settings.send_transcript and limit:
            return await self._talk(state.id, known.from_seq - 1, limit)
        if known.attempt > 1:
            rows = await self._store.log(
                state.id, handover.requested_seq, 1000, until=known.from_seq - 1, messages_only=True
            )
        return _spoken(rows)

    async def _talk(self, conversation_id: str, until: int, limit: int) -> Sequence[LogRow]:
        """The last messages that somebody wrote: system texts never count."""
        found: list[LogRow] = []
        while len(found) < limit and (rows := await self._store.tail(conversation_id, until, limit)):
            found = _spoken(rows) + found
            until = rows[0].entry.seq - 1
        return found[-limit:]

    def _request(
        self,
        state: Conversation,
        handover: Handover,
        known: LaneState,
        transcript: Sequence[Message],
        call: LiveCall | None,
    ) -> HandoverRequest:
        return HandoverRequest(
            handover_id=handover.id,
            attempt=known.attempt,
            reason=handover.why,
            initiator=handover.initiator,
            conversation=Brief(state.id, state.channel, state.language, state.medium),
            user=state.user,
            context=state.context,
            chat_id=chat_id(state),
            route=handover.chain[known.attempt - 1].route,
            transcript=transcript,
            call=call,
        )

    async def never_opened(self, state: Conversation, known: LaneState) -> None:
        """Its attempt ended before anybody was asked."""
        await self._work.run(state.id, e.LaneEnded(known.id))
        await self._untaken(state, known)

    async def _untaken(self, state: Conversation, known: LaneState) -> None:
        """The handover ended and no provider took these messages: they are failed, the digest has them."""
        handover = await handover_of(self._store, state, known)
        if handover.is_open:
            return
        after = handover.requested_seq
        while rows := await self._store.log(state.id, after, 500, until=handover.end_seq):
            for row in rows:
                after = row.entry.seq
                untaken = row.entry.to_agent and row.delivered.agent is None
                if untaken and row.entry.type == "message.created":
                    event = e.NotSent(
                        known.id, after, 0, message_of(row.entry), handover.id, "no provider took it"
                    )
                    await self._work.run(state.id, event)


async def handover_of(store: Store, state: Conversation, known: LaneState) -> Handover:
    """The lane's handover, also when the conversation is in its next one by now."""
    if state.handover is not None and state.handover.id == known.handover_id:
        return state.handover
    row = await store.handover(known.handover_id)
    assert row is not None  # a lane is made together with its handover
    return row.handover


def _spoken(rows: Sequence[LogRow]) -> list[LogRow]:
    return [row for row in rows if message_of(row.entry).author != "system"]
