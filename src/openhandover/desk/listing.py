"""How agents and handovers are listed at the desk. No I/O."""

from typing import Any

from msgspec import Struct

from openhandover.core import view
from openhandover.core.model import OPEN, Handover, Message

from .board import Board, Place
from .shapes import AgentShape, Entry, Holder, LastMessage, OfferShape
from .sight import Sight

TAIL = 20
"""So many last messages are looked at to find one that a person or the bot wrote."""

LAST_LENGTH = 300
"""So much of the last message is listed."""


class Card(Struct, frozen=True):
    """What the list shows of a handover beside its place on the board."""

    handover: Handover
    channel: str
    language: str
    user_id: str
    """The user's own id, while `user` holds what agents may see."""
    user: dict[str, Any]
    display_name: str | None
    last_message: LastMessage | None
    last_seq: int


def agent_shape(board: Board, agent_id: str) -> AgentShape:
    """An agent as the desk shows them."""
    agent = board.agents[agent_id]
    standing = board.standing(agent_id)
    return AgentShape(
        id=agent_id,
        name=agent.name,
        avatar_url=agent.avatar_url,
        role=agent.role,
        presence=standing.presence,
        presence_since=view.optional_time(standing.since),
        auto=standing.auto,
        capacity=agent.capacity,
        open=board.load(agent_id),
        inboxes=list(agent.inboxes),
        skills=list(agent.skills),
        languages=list(agent.languages),
    )


def entry_of(board: Board, place: Place, card: Card) -> Entry:
    """A handover as listed, also one that is no longer on the board."""
    handover = card.handover
    waits = place.agent_id is None and handover.is_open
    offer = board.offers.get(place.handover_id)
    return Entry(
        id=handover.id,
        conversation_id=handover.conversation_id,
        status=handover.status.value,
        provider=place.provider,
        reason=handover.why if handover.status in OPEN else handover.reason,
        inbox=place.demand.inbox,
        skills=list(place.demand.skills),
        languages=list(place.demand.languages),
        priority=place.demand.priority,
        channel=card.channel,
        language=card.language,
        user=card.user,
        display_name=card.display_name,
        agent=Holder(place.agent_id, board.name(place.agent_id)) if place.agent_id else None,
        waiting_since=view.time(handover.requested_at),
        position=board.position(place) if waits else None,
        offer=OfferShape(offer.agent_id, view.time(offer.expires_at)) if offer and waits else None,
        last_message=card.last_message,
        last_seq=card.last_seq,
        requested_at=view.time(handover.requested_at),
        active_at=view.optional_time(handover.active_at),
        ended_at=view.optional_time(handover.ended_at),
    )


def last_message(message: Message, sight: Sight) -> LastMessage | None:
    """The message for the list, unless it is a system text or a private note."""
    if message.author == "system" or (message.author == "agent" and message.to == "agent"):
        return None
    text = message.text or ", ".join(file.name for file in message.attachments)
    shown = text if message.author == "agent" else sight.text(text)
    return LastMessage(message.author, shown[:LAST_LENGTH], message.at)
