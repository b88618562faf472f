"""8x8's webhooks as facts.

Source: 8x8's guide "Webhooks Events Reference". `AGENT_JOINED` is still in another of its guides.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from openhandover.core import events as e
from openhandover.core.errors import NotJsonError, PayloadError
from openhandover.core.events import FromProvider, ProviderFact
from openhandover.core.model import Agent, Attachment
from openhandover.net.bodies import given
from openhandover.net.signatures import is_secret

TRIAL = "WEB_HOOK_VERIFY"
IGNORED = frozenset({"adaptiveCard/action", "quickReply/action", "read-receipts"})
"""Activities of users in other channels, and receipts, which no channel sends."""
_DEPTH, _LINES = 12, 60


class _Envelope(Struct, frozen=True, rename="camel"):
    event_type: str
    conversation_id: str | None = None
    timestamp: float | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")
    agent_id: str | None = None
    agent_name: str | None = None


class _Assigned(Struct, frozen=True):
    type: str = ""
    id: str | None = None


class _Update(Struct, frozen=True):
    state: str = ""
    assignment: _Assigned = _Assigned()


class _Members(Struct, frozen=True, rename="camel"):
    member_type: str
    change: str
    id: str | None = None


class _Sender(Struct, frozen=True):
    type: str = ""
    id: str | None = None


class _File(Struct, frozen=True, rename="camel"):
    pre_signed_url: str = ""
    file_name: str = ""


class _Card(Struct, frozen=True, rename="camel"):
    content_type: str = ""
    content: Any = None


class _Message(Struct, frozen=True, rename="camel"):
    sender: _Sender = _Sender()
    is_echo: bool = False
    text: str | None = None
    attachments: list[_File] | None = None
    cards: list[_Card] | None = None


class _Activity(Struct, frozen=True):
    name: str
    value: Any = None


class _Typing(Struct, frozen=True):
    users: list[_Sender] = []


def is_trial(body: bytes) -> bool:
    """Whether this only asks if somebody is at the address. It has no effect, and nobody documents that it is signed."""
    try:
        return len(body) < 1024 and given(body, _Envelope).event_type == TRIAL
    except (ValueError, RecursionError):
        return False


class Named(Struct, frozen=True, rename="camel"):
    """Whom or what an event is about: the queue of a `QUEUED`, the member of a `MEMBERS_CHANGED`."""

    queue_id: str | int | None = None
    id: str | None = None


class _Event(Struct, frozen=True):
    data: Named = Named()


def named(body: bytes) -> Named:
    """Whom or what the webhook names; nobody where there was none."""
    return given(body, _Event).data if body else Named()


def misdirected(address: str, ours: str, secret: str | None) -> str | None:
    """What is wrong with the address that 8x8 calls, when it is to be ours with our secret in it; None: nothing."""
    there, _, query = address.partition("?")
    if there.rstrip("/") != ours:
        return (
            f"another address; set its URL in 8x8 to {ours}, or `server.public_url` here, or `channel_id` to the channel "
            "that calls us"
        )
    if secret is not None and not is_secret(dict(parse_qsl(query)).get("secret", "").encode(), secret):
        return f"our address without our secret; set it in 8x8 to {ours}?secret= and the value of `webhook_secret`"
    return None


def facts(provider: str, headers: Mapping[str, str], body: bytes, left_s: float) -> Sequence[FromProvider]:
    """What a verified webhook says; raises PayloadError with the place."""
    try:
        envelope = given(body, _Envelope)
        if envelope.event_type == TRIAL:
            return []
        if not envelope.conversation_id:
            raise PayloadError("no `conversationId`")
        event_id = headers.get("x-8x8-event-id", "")
        said = _fact(envelope, event_id, left_s)
    except msgspec.ValidationError as error:
        raise PayloadError(str(error)) from None
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from None
    if said is None:
        return []
    return [
        FromProvider(
            provider,
            event_id,
            said,
            external_id=envelope.conversation_id,
            at=envelope.timestamp / 1000 if envelope.timestamp is not None else None,
            raw=body,
        )
    ]


def _fact(envelope: _Envelope, event_id: str, left_s: float) -> ProviderFact | None:
    data = envelope.data
    match envelope.event_type:
        case "CONVERSATION_UPDATE":
            return _update(given(data, _Update))
        case "QUEUED":
            given(data, Named)
            return e.QueueUpdated()  # `complete` asks for the figures of the queue that it names
        case "MEMBERS_CHANGED":
            return _members(given(data, _Members), left_s)
        case "TRANSFER":
            return e.AgentTransferred()
        case "MESSAGE":
            return _message(given(data, _Message), event_id)
        case "ACTIVITY":
            return _activity(given(data, _Activity))
        case "AGENT_JOINED":
            return e.AgentJoined(Agent(envelope.agent_id, envelope.agent_name))
        case other:
            return e.Unknown(other)


def _update(told: _Update) -> ProviderFact | None:
    if told.state == "idle":  # no interaction any more: the one certain sign of the end
        return e.Closed()
    if told.assignment.type == "agent":
        return e.AgentJoined(Agent(told.assignment.id))
    return None


def _members(told: _Members, left_s: float) -> ProviderFact | None:
    match told.member_type, told.change:
        case "agent", "joined":
            return e.AgentJoined(Agent(told.id))
        case "agent", "left":
            return e.AgentLeft(end_after_s=left_s)
        case "user", "joined" | "left":  # our own doing
            return None
        case kind, change:
            return e.Unknown(f"MEMBERS_CHANGED {kind} {change}")


def _message(told: _Message, event_id: str) -> ProviderFact | None:
    if told.is_echo or told.sender.type in ("user", "bot"):
        return None
    if told.sender.type not in ("agent", "system"):
        return e.Unknown(f"MESSAGE of {told.sender.type or 'nobody'}")
    files = tuple(
        Attachment(f"{event_id}:{n}", one.file_name, "", None, one.pre_signed_url)
        for n, one in enumerate(told.attachments or ())
        if one.pre_signed_url.startswith(("https://", "http://"))
    )
    text = readable(told.text, [one.content for one in told.cards or ()])
    if not text and not files:
        return e.Unknown("MESSAGE of nothing readable")
    if told.sender.type == "system":
        return e.AgentMessage(text, attachments=files, automatic=True)
    return e.AgentMessage(text, attachments=files, agent=Agent(told.sender.id))


def _activity(told: _Activity) -> ProviderFact | None:
    if told.name != "typing":
        return None if told.name in IGNORED else e.Unknown(f"ACTIVITY {told.name}")
    users = msgspec.convert(told.value, _Typing).users
    if not users:
        return e.AgentTyping(on=False)
    return e.AgentTyping(on=True) if any(one.type == "agent" for one in users) else None


def readable(text: str | None, cards: Sequence[Any]) -> str:
    """A message's text, and below it what can be read of its cards: nothing of an agent's words is lost."""
    lines = [line for card in cards for line in _lines(card, _DEPTH)][:_LINES]
    return "\n".join(part for part in (text or "", *dict.fromkeys(lines)) if part)


def _lines(card: Any, depth: int) -> list[str]:
    """The texts, titles and addresses anywhere in a card, in their order."""
    if depth == 0 or not isinstance(card, (dict, list)):
        return []
    if isinstance(card, list):
        return [line for one in cast("list[Any]", card) for line in _lines(one, depth - 1)]
    found: list[str] = []
    for key, value in cast("dict[str, Any]", card).items():
        if key in ("text", "title", "url") and isinstance(value, str):
            found.append(value)
        else:
            found += _lines(value, depth - 1)
    return found
