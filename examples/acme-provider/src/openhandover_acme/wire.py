"""The JSON of Acme Desk: our calls as it wants them, its webhooks as facts. Pure; no network, no clock."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from openhandover.core import events as e
from openhandover.core.errors import NotJsonError, PayloadError, ProviderUnavailable
from openhandover.core.model import Agent, Message
from openhandover.net.client import Reply
from openhandover.providers.base import Availability, HandoverRequest

# --- ours to Acme --------------------------------------------------------------------------------------------


def opening(request: HandoverRequest) -> dict[str, Any]:
    """The body of a new chat. `reference` makes a repeated call find the chat of the first."""
    return {
        "reference": request.key,
        "customer": {"id": request.user.id, "name": request.user.name or "Visitor"},
        "subject": request.reason or "",
        "team": request.route.get("team"),
        "history": [{"from": one.author, "text": text_of(one)} for one in request.transcript],
    }


def line(message: Message, key: str) -> dict[str, Any]:
    """The body of one message."""
    return {"reference": key, "from": message.author, "text": text_of(message)}


def text_of(message: Message) -> str:
    """What an agent reads: the translation where there is one, files as links, because Acme takes no files."""
    said = message.translation.text if message.translation else message.text
    return "\n".join(filter(None, (said, *(f"{file.name}: {file.url}" for file in message.attachments))))


# --- Acme's answers ------------------------------------------------------------------------------------------


class _Chat(Struct):
    id: Annotated[str, Meta(min_length=1)]


class _Agents(Struct):
    online: Annotated[int, Meta(ge=0)]


def chat_id(reply: Reply) -> str:
    """The id of the chat. Nonsense may come from a proxy in between, so it is worth another try."""
    try:
        return msgspec.json.decode(reply.body, type=_Chat).id
    except ValueError as error:
        raise ProviderUnavailable(f"the answer to a new chat: {error}", http_status=reply.status) from None


def available(reply: Reply) -> Availability:
    """How many agents are there."""
    try:
        online = msgspec.json.decode(reply.body, type=_Agents).online
    except ValueError as error:
        raise ProviderUnavailable(f"the answer about agents: {error}", http_status=reply.status) from None
    return Availability(open=online > 0, agents=online)


# --- Acme's webhooks -----------------------------------------------------------------------------------------


class _Person(Struct):
    id: str
    name: str


class _Event(Struct):
    event_id: Annotated[str, Meta(min_length=1, max_length=255)]
    chat_id: Annotated[str, Meta(min_length=1, max_length=255)]
    type: str
    at: datetime | None = None
    agent: _Person | None = None
    message_id: str | None = None
    text: str = ""
    on: bool = False
    private: bool = False


def fact(provider: str, body: bytes) -> e.FromProvider:
    """One webhook as a fact; raises PayloadError. A type that is not documented is Unknown."""
    try:
        event = msgspec.json.decode(body, type=_Event)
    except msgspec.ValidationError as error:
        raise PayloadError(str(error)) from None
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from None
    at = event.at.timestamp() if event.at else None
    return e.FromProvider(provider, event.event_id, _said(event), external_id=event.chat_id, at=at, raw=body)


def _said(event: _Event) -> e.ProviderFact:
    agent = Agent(event.agent.id, event.agent.name) if event.agent else None
    match event.type:
        case "agent_joined":
            return e.AgentJoined(agent or Agent())
        case "message":
            return e.AgentMessage(event.text, event.message_id, agent=agent, note=event.private)
        case "typing":
            return e.AgentTyping(event.on)
        case "agent_left":
            return e.AgentLeft()
        case "closed":
            return e.Closed()
        case other:
            return e.Unknown(other)
