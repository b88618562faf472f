"""The agent lanes: open a vendor session, give it its messages, end it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from openhandover.core import events as e, table
from openhandover.core.effects import TellPresence, TellReceipt, TellTyping
from openhandover.core.errors import (
    NobodyThere,
    NotTakenYet,
    ProviderAuthError,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    SessionEnded,
    SessionGone,
    Unsupported,
)
from openhandover.core.model import Conversation, Ending, Entry, Handover, Lane as LaneState, Message, Style
from openhandover.core.view import message_of
from openhandover.net.webhooks import GIVE_UP_S
from openhandover.providers.base import Brief, HandoverRequest, Opened, Provider, Session
from openhandover.store.port import LogRow
from openhandover.texts.scope import chat_id

from .asides import Asides, tell
from .calls import Calls, LiveCall
from .delivery import Delivery, Lane, pause_s
from .for_agents import ForAgents
from .providers import Providers, say_lost, session_of
from .queues import Queues
from .vendor_calls import calling

OPEN_TIMEOUT_S = 30.0

REASONS: tuple[tuple[type[ProviderError], str], ...] = (
    (NobodyThere, "unavailable"),
    (ProviderAuthError, "auth"),
    (Unsupported, "unsupported"),
    (SessionGone, "rejected"),
    (ProviderRejected, "rejected"),
)
"""Why a handover fails when its open call does."""

_log = structlog.get_logger("openhandover.providers")


class AgentLanes:
    """Carries out what agent lanes ask for."""

    def __init__(
        self,
        delivery: Delivery,
        providers: Providers,
        for_agents: ForAgents,
        queues: Queues,
        calls: Calls,
    ) -> None:
        self._delivery = delivery
        self._store = delivery.store
        self._work = delivery.work
        self._clock = delivery.clock
        self._providers = providers
        self._for_agents = for_agents
        self._queues = queues
        self._calls = calls
        self._asides = Asides()

    async def worker(self, lane: Lane) -> None:
        """Do what the lane's state asks for, until there is nothing left to do."""
        tries = 0
        while True:
            state = await self._store.conversation(lane.conversation_id)
            known = state.lane(int(lane.name)) if state else None
            if state is None or known is None:
                return
            if not known.opened:
                if known.ended_at is not None and known.ending is None:
                    return
                if known.ending is not None and not known.opening:
                    await self._never_opened(state, known)
                    return
                tries = await self._open(lane, state, known, tries)
                continue
            entry = await self._delivery.head(lane, known.done, state.shown)
            if entry is not None:
                tries = await self._send(lane, state, known, entry, tries)
            elif known.ending is not None and known.done >= known.last:
                tries = await self._end(lane, state, known, tries)
            else:
                return

    # --- open ----------------------------------------------------------------------------------------------

    async def _open(self, lane: Lane, state: Conversation, known: LaneState, tries: int) -> int:
        provider = self._providers.get(known.provider)
        handover = await self._handover_of(state, known)
        if known.say:
            await self._calls.say(state, handover, known)
            return 0
        if not known.opening:
            await self._gate(lane, known)
            await self._work.run(state.id, e.Opening(known.id))
            return 0
        ended = known.ending is not None
        if ended and (state.call is not None or _gives_away(provider)):  # perhaps it has: not once more
            return await self._end(lane, state, known, tries)
        call = self._calls.live(state, handover, known)
        try:
            if provider is None:
                raise ProviderRejected("this provider is no longer configured")
            if self._providers.closed_until(known.provider) is not None:
                raise NobodyThere("it is outside the provider's opening hours")
            before = await self._before(state, handover, known)
            talk = await self._for_agents.transcript(before, handover.settings.agent_language)
            request = self._request(state, handover, known, talk, call)
            with calling(handover.id, known.attempt, "open"):
                opened = await asyncio.wait_for(provider.open(request), OPEN_TIMEOUT_S)
        except (ProviderUnavailable, TimeoutError) as error:
            if ended:
                await self._failed(state, known, "provider_error", "no answer before the end")
                return 0
            self._waits(known, tries, error)
            await self._rest(lane, known, pause_s(tries + 1, getattr(error, "retry_after_s", None)))
            return tries + 1
        except ProviderError as error:
            reason = next((reason for kind, reason in REASONS if isinstance(error, kind)), "provider_error")
            await self._failed(state, known, reason, error.detail)
            return 0
        await self._opened(state, known, opened, before, call.order if call else None)
        return 0

    async def _handover_of(self, state: Conversation, known: LaneState) -> Handover:
        """The lane's handover, also when the conversation is in its next one by now."""
        if state.handover is not None and state.handover.id == known.handover_id:
            return state.handover
        row = await self._store.handover(known.handover_id)
        assert row is not None  # a lane is made together with its handover
        return row.handover

    async def _rest(self, lane: Lane, known: LaneState, seconds: float) -> None:
        """The pause before the next open call; only the end of the attempt cuts it short."""
        until = self._clock() + seconds
        while (left_s := until - self._clock()) > 0:
            lane.bell.clear()
            state = await self._store.conversation(lane.conversation_id)
            now = state.lane(known.id) if state else None
            if now is None or now.ended_at is not None:
                return
            await lane.rest(left_s)

    async def _failed(self, state: Conversation, known: LaneState, reason: str, detail: str) -> None:
        _log.warning(
            "open_failed",
            provider=known.provider,
            handover_id=known.handover_id,
            reason=reason,
            detail=detail,
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

    # --- send and end ----------------------------------------------------------------------------------------

    async def _send(self, lane: Lane, state: Conversation, known: LaneState, entry: Entry, tries: int) -> int:
        provider = self._providers.get(known.provider)
        if entry.type != "message.created":
            await self._delivery.settle(lane, entry, 1, delivered=True)
            return 0
        message = self._for_agents.message(message_of(entry))
        try:
            if provider is None:
                raise ProviderRejected("this provider is no longer configured")
            with calling(known.handover_id, known.attempt, "send"):
                await provider.send(session_of(known), message, f"{entry.conversation_id}:{entry.seq}")
        except NotTakenYet as error:
            await self._not_taken(lane, state, known, entry, error)
            return tries
        except (ProviderUnavailable, ProviderAuthError, TimeoutError) as error:
            if self._clock() - entry.at > GIVE_UP_S:
                await self._delivery.settle(lane, entry, tries + 1, delivered=False, detail="given up")
                return 0
            self._waits(known, tries, error)
            await self._delivery.pause(lane, tries + 1, getattr(error, "retry_after_s", None))
            return tries + 1
        except SessionGone as error:
            await self._gone(lane, known, entry, tries + 1, error)
            return 0
        except ProviderError as error:
            await self._delivery.settle(lane, entry, tries + 1, delivered=False, detail=error.detail)
            return 0
        await self._delivery.settle(lane, entry, tries + 1, delivered=True)
        return 0

    async def _not_taken(
        self, lane: Lane, state: Conversation, known: LaneState, entry: Entry, error: NotTakenYet
    ) -> None:
        """It stays due while somebody may come; the next attempt gets it with its open call; in the end it is failed."""
        if known.ended_at is None:
            await self._delivery.pause(lane, 1, None)
        elif (await self._handover_of(state, known)).is_open:
            await self._work.run(state.id, e.Sent(known.id, entry.seq, 0))
        else:
            await self._delivery.settle(lane, entry, 0, delivered=False, detail=error.detail)

    async def _gone(
        self, lane: Lane, known: LaneState, entry: Entry | None, tries: int, error: SessionGone
    ) -> None:
        """Nobody is left to take what is due: it has failed, and the handover ends with the digest saying so."""
        while entry is not None:
            await self._delivery.settle(lane, entry, tries, delivered=False, detail=error.detail)
            state = await self._store.conversation(lane.conversation_id)
            entry = await self._delivery.head(lane, entry.seq, state.shown) if state else None
            tries = 0
        say_lost(known, error)
        lost = e.SessionLost(known.id, error.detail, isinstance(error, SessionEnded))
        await self._work.run(lane.conversation_id, lost)

    async def _end(self, lane: Lane, state: Conversation, known: LaneState, tries: int) -> int:
        provider = self._providers.get(known.provider)
        ending = known.ending
        assert ending is not None
        if provider is not None and ending.kind != "none":
            try:
                with calling(known.handover_id, known.attempt, ending.kind):
                    await self._tell_end(state, provider, known, ending)
            except (ProviderUnavailable, ProviderAuthError, TimeoutError) as error:
                if self._clock() - (known.ended_at or 0) < GIVE_UP_S:
                    self._waits(known, tries, error)
                    await self._delivery.pause(lane, tries + 1, getattr(error, "retry_after_s", None))
                    return tries + 1
            except SessionGone:
                pass  # there is nothing left to end
            except ProviderError as error:
                _log.warning(
                    "end_refused",
                    provider=known.provider,
                    handover_id=known.handover_id,
                    detail=error.detail,
                    remedy="end the conversation in the contact centre by hand",
                )
        await self._work.run(lane.conversation_id, e.LaneEnded(known.id, ending.kind))
        return 0

    async def _tell_end(
        self, state: Conversation, provider: Provider, known: LaneState, ending: Ending
    ) -> None:
        handover = await self._handover_of(state, known)
        # An attempt that gives the chat away may have done so when it is broken off. Who has left, is not there any more.
        broken_off = provider.capabilities.hands_back and ending.reason != "user_left"
        if ending.kind == "return" or broken_off:
            session = Session(handover.id, known.attempt, known.external_id or chat_id(state) or "")
            await provider.hand_back(session, handover.chain[known.attempt - 1].route)
            return
        call = provider.cancel if ending.kind == "cancel" else provider.close
        await call(session_of(known), ending.reason)
        if state.call is not None:
            await self._calls.cancel(state, handover, known)

    async def _never_opened(self, state: Conversation, known: LaneState) -> None:
        await self._work.run(state.id, e.LaneEnded(known.id))
        await self._untaken(state, known)

    async def _untaken(self, state: Conversation, known: LaneState) -> None:
        """The handover ended and no provider took these messages: they are failed, the digest has them."""
        handover = await self._handover_of(state, known)
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

    def _waits(self, known: LaneState, tries: int, error: BaseException) -> None:
        if tries == 0:
            _log.warning(
                "provider_waits",
                provider=known.provider,
                handover_id=known.handover_id,
                detail=str(error) or type(error).__name__,
                remedy="check that the provider is up and its credentials are right; the call is repeated",
            )

    # --- best effort -----------------------------------------------------------------------------------------

    def tell(self, state: Conversation, effect: TellPresence | TellReceipt | TellTyping) -> None:
        """Typing, presence and receipts: once, in the background, without consequence."""
        known = state.lane(effect.lane)
        provider = self._providers.get(known.provider) if known else None
        if known is None or provider is None or not known.opened:
            return
        key = (state.id, effect.lane, type(effect))
        self._asides.say(key, tell(provider, session_of(known), effect))

    async def stop(self) -> None:
        """Let best-effort calls go."""
        await self._asides.stop()


def _gives_away(provider: Provider | None) -> bool:
    """Whether an open call leaves nothing there that could be cancelled."""
    return provider is not None and provider.capabilities.style is Style.TRANSFER


def _spoken(rows: Sequence[LogRow]) -> list[LogRow]:
    return [row for row in rows if message_of(row.entry).author != "system"]
