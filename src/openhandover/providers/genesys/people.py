"""What the events leave out: who the agent is, and who has a conversation when one of them has left it."""

import time

from msgspec import structs

from openhandover.core import events as e
from openhandover.core.errors import ProviderError
from openhandover.core.model import Agent
from openhandover.core.recent import Recent
from openhandover.net.bodies import read_answer
from openhandover.providers.base import Host

from . import happenings, wire
from .api import Api

FRESH_S = 60.0
"""An agent's name is not asked for again within this time, unless an event says that somebody else has the conversation."""


def address_key(conversation_id: str) -> str:
    """Under what the host remembers whose conversation it is."""
    return f"conversation:{conversation_id}"


def conversation_key(external_id: str) -> str:
    """Under what the host remembers the conversation of a user id."""
    return f"of:{external_id}"


def ended_key(external_id: str) -> str:
    """Under what the host remembers that the conversation of a user id has ended; the value is the one that a late message
    began instead, if any."""
    return f"ended:{external_id}"


async def note_end(host: Host, external_id: str) -> None:
    """Know from now on that the conversation of a user id is over."""
    key = ended_key(external_id)
    if await host.recall(key) is None:
        await host.remember(key, "")


class People:
    """Asks for what is missing, and knows it for a while."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._agents: Recent[str, tuple[float, Agent]] = Recent()
        self._addresses: Recent[str, str] = Recent()
        """Conversation -> user id, as far as it is known at once."""
        self._ended: Recent[str, None] = Recent()
        """User ids whose conversation is over, as far as that is known at once."""

    def is_at(self, address: str, conversation_id: str) -> None:
        """Know from now on whose conversation it is."""
        self._addresses[conversation_id] = address

    def has_ended(self, address: str) -> bool:
        """Whether an event has said so since the start; what was noted before, the host remembers."""
        return address in self._ended

    def placed(self, event: e.FromProvider) -> e.FromProvider:
        """The event with its user id, where that is known at once. While nothing may be asked no event is completed, yet its
        end must be known."""
        conversation_id, _ = happenings.place_of(event)
        address = event.external_id or ""
        if address == conversation_id:
            address = self._addresses.get(conversation_id, address)
        elif conversation_id:
            self.is_at(address, conversation_id)
        if isinstance(event.fact, _ENDS):
            self._ended[address] = None
        return event if address == event.external_id else structs.replace(event, external_id=address)

    async def complete(self, event: e.FromProvider, host: Host, *, look_up: bool) -> e.FromProvider:
        """The event with its user id, and, where that may be asked, with what the conversation there tells."""
        conversation_id, _ = happenings.place_of(event)
        given = event
        if conversation_id and event.external_id == conversation_id:
            address = await host.recall(address_key(conversation_id))
            event = structs.replace(event, external_id=address or conversation_id)
        elif conversation_id and await host.recall(conversation_key(event.external_id or "")) is None:
            await host.remember(conversation_key(event.external_id or ""), conversation_id)
        if isinstance(event.fact, _ENDS):
            await note_end(host, event.external_id or "")
        if not look_up:
            return event
        try:
            found = await self._looked_up(event, conversation_id, host)
        except ProviderError:
            if event.external_id == given.external_id:
                raise
            return event  # at least we know now whose it is
        if isinstance(found.fact, _ENDS):
            await note_end(host, found.external_id or "")
        return found

    async def _looked_up(self, event: e.FromProvider, conversation_id: str, host: Host) -> e.FromProvider:
        if isinstance(event.fact, e.AgentMessage):
            return await self._signed(event, host)
        if event.fact != happenings.OFFERED and not isinstance(event.fact, _DOUBTFUL):
            return event
        self._agents.pop(event.external_id or "", None)
        there = await self.conversation(conversation_id)
        return structs.replace(event, fact=settled(event.fact, there))

    async def conversation(self, conversation_id: str) -> wire.MessageConversation:
        """The conversation as it is there now."""
        reply = await self._api.ask("GET", f"/api/v2/conversations/messages/{conversation_id}")
        return read_answer(reply, wire.MessageConversation)

    async def _signed(self, event: e.FromProvider, host: Host) -> e.FromProvider:
        """An agent's message with its author; a webhook never tells who wrote."""
        fact, address = event.fact, event.external_id or ""
        assert isinstance(fact, e.AgentMessage)
        if fact.automatic:
            return event
        asked_at, agent = self._agents.get(address, (0.0, Agent()))
        if agent.id is None or time.monotonic() - asked_at > FRESH_S:
            conversation_id = await host.recall(conversation_key(address))
            if not conversation_id:
                return event
            agent = (await self.conversation(conversation_id)).agent() or Agent()
            self._agents[address] = (time.monotonic(), agent)
        if agent == Agent():
            return event
        return structs.replace(event, fact=structs.replace(fact, agent=agent))


_ENDS = (e.Closed, e.Failed)
_DOUBTFUL = (e.AgentJoined, e.AgentLeft, e.AgentTransferred, e.Closed)
"""Facts that the conversation itself knows better: a wrap-up looks like an end."""


def settled(fact: e.ProviderFact, there: wire.MessageConversation) -> e.ProviderFact:
    """A doubtful fact, held against the conversation as it is."""
    has_it = there.agent()
    match fact:
        case e.AgentJoined() | e.Unknown():
            return fact if has_it is None else e.AgentJoined(has_it)
        case e.AgentLeft():
            if (how := there.ended()) is not None:
                return happenings.closed(how)
            if has_it is not None:
                return e.AgentJoined(has_it)
            return e.AgentLeft() if there.is_waiting() else fact
        case e.AgentTransferred():
            if has_it is not None:
                return e.AgentJoined(has_it)  # the other one was there before this one left
            return e.AgentLeft() if there.is_waiting() else fact
        case e.Closed("agent_closed") if not there.had_agent():
            return e.Failed("unavailable", "it was ended there before an agent had it")
        case _:
            return fact
