"""The agent lanes: open a vendor session, give it its messages, end it."""

import structlog

from openhandover.core import events as e
from openhandover.core.effects import TellPresence, TellReceipt, TellTyping
from openhandover.core.errors import (
    NotTakenYet,
    ProviderAuthError,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    SessionEnded,
    SessionGone,
)
from openhandover.core.model import Conversation, Ending, Entry, Lane as LaneState, Style
from openhandover.core.view import message_of
from openhandover.net.webhooks import GIVE_UP_S
from openhandover.providers.base import Provider, Session
from openhandover.texts.scope import chat_id

from .asides import Asides, tell
from .attempts import Attempts, handover_of
from .calls import Calls
from .delivery import Delivery, Lane
from .for_agents import ForAgents
from .providers import Providers, say_lost, say_waits, session_of
from .vendor_calls import calling

_log = structlog.get_logger("openhandover.providers")


class AgentLanes:
    """Carries out what agent lanes ask for."""

    def __init__(
        self,
        delivery: Delivery,
        providers: Providers,
        attempts: Attempts,
        for_agents: ForAgents,
        calls: Calls,
    ) -> None:
        self._delivery = delivery
        self._providers = providers
        self._attempts = attempts
        self._for_agents = for_agents
        self._calls = calls
        self._store = delivery.store
        self._work = delivery.work
        self._clock = delivery.clock
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
                    await self._attempts.never_opened(state, known)
                    return
                if known.ending is not None and self._gave_away(state, known):
                    tries = await self._end(lane, state, known, tries)
                else:
                    tries = await self._attempts.open(lane, state, known, tries)
                continue
            entry = await self._delivery.head(lane, known.done, state.shown)
            if entry is not None:
                tries = await self._send(lane, state, known, entry, tries)
            elif known.ending is not None and known.done >= known.last:
                tries = await self._end(lane, state, known, tries)
            else:
                return

    def _gave_away(self, state: Conversation, known: LaneState) -> bool:
        """Whether an open call whose answer we do not know may have given the user away: then it is not made once more."""
        provider = self._providers.get(known.provider)
        transfers = provider is not None and provider.capabilities.style is Style.TRANSFER
        return not known.say and (state.call is not None or transfers)

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
            say_waits(known, tries, error)
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
        elif (await handover_of(self._store, state, known)).is_open:
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
                    say_waits(known, tries, error)
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
        handover = await handover_of(self._store, state, known)
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
