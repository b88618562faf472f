"""What Genesys tells us: webhooks of the integration, and events of the conversation by EventBridge or a trigger."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
from msgspec import Struct

from openhandover.core import events as e
from openhandover.core.errors import PayloadError, SignatureError
from openhandover.core.model import Agent, Attachment
from openhandover.net.bodies import read_webhook

from .settings import Settings
from .wire import PREFIX

# --- the integration's webhook


def verify(given: str, body: bytes, *secrets: str | None) -> None:
    """`X-Hub-Signature-256: sha256=<base64>`, not hex as elsewhere under this name; over the raw bytes."""
    matches: list[bool] = []
    for secret in secrets:
        if secret:
            mac = hmac.digest(secret.encode(), body, "sha256")
            expected = b"sha256=" + base64.b64encode(mac)
            matches.append(hmac.compare_digest(expected, given.encode("utf-8", "replace")))
    if not any(matches):
        raise SignatureError(
            "compare `webhook_secret` with the integration's Outbound Notification Webhook Signature Secret Token"
        )


class _Party(Struct, frozen=True):
    id: str | None = None


class _Channel(Struct, frozen=True):
    to: _Party | None = None
    time: str | None = None


class _File(Struct, frozen=True):
    url: str
    mime: str | None = None
    filename: str | None = None
    text: str | None = None


class _Typing(Struct, frozen=True, rename="camel"):
    event_type: str = ""


class _Outbound(Struct, frozen=True, rename="camel"):
    type: str
    channel: _Channel | None = None
    id: str | None = None
    direction: str | None = None
    text: str | None = None
    content: list[dict[str, Any]] | None = None
    events: list[_Typing] | None = None
    originating_entity: str | None = None
    status: str | None = None


_ADDRESSED = ("Text", "Structured", "Event")
"""Types that concern nobody without a user; how a receipt or an unknown type names one is not documented."""


def webhook(provider: str, body: bytes, settings: Settings, user_id: str = "") -> list[e.FromProvider]:
    """The facts of one webhook; `user_id` is whose it is where it does not say so itself. Our own messages never come back this way, but what is marked `Inbound` is dropped.

    Raises:
        PayloadError: it is not what the documentation promises.
    """
    said = read_webhook(body, _Outbound)
    if said.direction not in (None, "Outbound"):
        return []
    channel = said.channel or _Channel()
    address = (channel.to.id if channel.to else None) or user_id
    if said.type in _ADDRESSED and not address:
        raise PayloadError("`channel.to.id` is missing")
    name = said.id or hashlib.sha256(body).hexdigest()
    return [
        e.FromProvider(
            provider,
            f"{said.type}:{name}" + (f":{n}" if n else ""),
            fact,
            external_id=address or "",
            at=_at(channel.time),
            raw=body,
        )
        for n, fact in enumerate(_facts(said, settings))
    ]


def _facts(said: _Outbound, settings: Settings) -> Iterator[e.ProviderFact]:
    match said.type:
        case "Text" | "Structured":
            yield from _message(said, settings)
        case "Event":
            for event in said.events or ():
                is_typing = event.event_type == "Typing"
                yield e.AgentTyping(on=True) if is_typing else e.Unknown(f"Event:{event.event_type}")
        case "Receipt":
            if said.status == "Failed":
                yield e.Unknown("Receipt:Failed")  # counted; which of our messages it means is not documented
        case other:
            yield e.Unknown(other)


def _message(said: _Outbound, settings: Settings) -> Iterator[e.ProviderFact]:
    automatic = said.originating_entity == "Bot"
    if automatic and not settings.bot_messages:
        return
    files: list[Attachment] = []
    lines = [said.text or ""]
    for n, item in enumerate(said.content or ()):
        if item.get("contentType") == "Attachment" and isinstance(item.get("attachment"), dict):
            file = _file(item["attachment"])
            files.append(
                Attachment(f"{said.id or ''}:{n}", file.filename or "", file.mime or "", None, file.url)
            )
            lines.append(file.text or "")
        else:
            lines += _words(item)
    text = "\n".join(dict.fromkeys(line for line in lines if line))
    if text or files:
        yield e.AgentMessage(text, said.id or None, tuple(files), automatic=automatic)
    else:
        kinds = ",".join(str(item.get("contentType")) for item in said.content or ())
        yield e.Unknown(f"{said.type}:{kinds}")


def _file(attachment: Any) -> _File:
    try:
        return msgspec.convert(attachment, _File)
    except msgspec.ValidationError as error:
        raise PayloadError(f"an attachment: {error}") from None


_READABLE = ("title", "text", "description", "url")


def _words(item: Any) -> Iterator[str]:
    """What can be read of a button, card or list: their exact shapes are not in the pages that we go by."""
    if isinstance(item, dict):
        parts = cast("dict[str, Any]", item)
        yield from (found for key in _READABLE if isinstance(found := parts.get(key), str))
        for key, inner in parts.items():
            if key not in _READABLE:
                yield from _words(inner)
    elif isinstance(item, list):
        for inner in cast("list[Any]", item):
            yield from _words(inner)


# --- events of the conversation


_Number = int | float | str | None


class Happened(Struct, frozen=True, rename="camel"):
    """One detail event, whichever way it came. A data action writes numbers as texts and leaves fields empty."""

    conversation_id: str
    participant_id: str | None = None
    user_id: str | None = None
    agent_id: str | None = None
    address_to: str | None = None
    address_from: str | None = None
    queue_id: str | None = None
    disconnect_type: str | None = None
    acd_outcome: str | None = None
    answered_user_id: str | None = None
    exit_reason: str | None = None
    media_type: str | None = None
    message_type: str | None = None
    event_time: _Number = None
    interacting_duration_ms: _Number = None

    @property
    def at(self) -> float | None:
        """When it happened, in seconds; the event counts milliseconds."""
        try:
            return float(self.event_time or "") / 1000
        except ValueError:
            return None


class _Trigger(Happened, frozen=True, kw_only=True, rename="camel"):
    topic: str


class _Detail(Struct, frozen=True, rename="camel"):
    event_body: Happened
    topic_name: str = ""


class _Envelope(Struct, frozen=True, rename={"detail_type": "detail-type"}):
    detail: _Detail
    detail_type: str = ""


def from_eventbridge(provider: str, body: bytes, settings: Settings) -> list[e.FromProvider]:
    """The fact of an EventBridge envelope; raises PayloadError."""
    envelope = read_webhook(body, _Envelope)
    topic = envelope.detail.topic_name or envelope.detail_type
    return _happened(provider, topic, envelope.detail.event_body, body, settings)


def from_trigger(provider: str, body: bytes, settings: Settings) -> list[e.FromProvider]:
    """The fact of what a trigger's data action posted; its `userId` is the user, `agentId` the agent. Raises PayloadError."""
    given = read_webhook(body, _Trigger)
    talked = "unknown" if given.interacting_duration_ms is None else given.interacting_duration_ms
    happened = msgspec.structs.replace(
        given,
        user_id=given.agent_id,
        address_to=given.address_to or given.user_id,
        interacting_duration_ms=talked,  # nobody passes it on unless told to
    )
    return _happened(provider, given.topic, happened, body, settings)


def _happened(
    provider: str, topic: str, event: Happened, body: bytes, settings: Settings
) -> list[e.FromProvider]:
    """The events of every conversation of the organisation come this way: those of other media are not for us."""
    kind = topic.split(".", 5)[-1] if topic.startswith("v2.detail.") else topic
    if (event.media_type or "MESSAGE") != "MESSAGE" or (event.message_type or "OPEN") != "OPEN":
        return []
    addresses = [one for one in (event.address_to, event.address_from) if one]
    ours = next((one for one in addresses if one.startswith(PREFIX)), None)
    if ours is None and addresses:
        return []
    fact = _KINDS[kind](event, settings) if kind in _KINDS else e.Unknown(kind)
    if fact is None:
        return []
    parts = (kind, event.conversation_id, event.participant_id or event.user_id or "", str(event.event_time))
    return [
        e.FromProvider(
            provider, ":".join(parts), fact, external_id=ours or event.conversation_id, at=event.at, raw=body
        )
    ]


class _Place(Struct, frozen=True, rename="camel"):
    conversation_id: str = ""
    queue_id: str | None = None


class _Inner(Struct, frozen=True, rename="camel"):
    event_body: _Place = _Place()


class _Somewhere(_Place, frozen=True, rename="camel"):
    detail: _Inner | None = None


def place_of(event: e.FromProvider) -> tuple[str, str]:
    """The conversation and the queue that an event names; a message of the webhook names neither."""
    found = read_webhook(event.raw, _Somewhere)
    place = found.detail.event_body if found.detail else found
    return place.conversation_id, place.queue_id or ""


OFFERED = e.Unknown("user.start")
"""Whether this event comes when it rings or when the agent answers, is not documented. It is a join only where the conversation
says so; else `acd.end` or the agent's first words tell it."""


def _user_start(_event: Happened, _settings: Settings) -> e.ProviderFact | None:
    return OFFERED


def _acd_start(_event: Happened, _settings: Settings) -> e.ProviderFact | None:
    return e.QueueUpdated()  # how long it takes is asked when the event is completed


def _acd_end(event: Happened, _: Settings) -> e.ProviderFact | None:
    if event.acd_outcome == "ANSWERED" and event.answered_user_id:
        return e.AgentJoined(Agent(event.answered_user_id))
    return None


def _user_end(event: Happened, settings: Settings) -> e.ProviderFact | None:
    how = event.disconnect_type or ""
    if str(event.interacting_duration_ms) in ("None", "", "0", "0.0") or how in _NOT_TAKEN:
        return None  # offered and not taken: the queue offers it to the next one
    if how.endswith("TRANSFER"):
        return e.AgentTransferred()
    return e.AgentLeft(end_after_s=settings.left_s)


_NOT_TAKEN = {"NO_ANSWER_TRANSFER", "NOT_AVAILABLE_TRANSFER", "DND_TRANSFER", "DND_ENDPOINT", "UNCALLABLE"}


def _acw(_event: Happened, settings: Settings) -> e.ProviderFact | None:
    return e.AgentLeft(end_after_s=settings.left_s)  # it comes in the middle of transfers, too


def _customer_end(event: Happened, _: Settings) -> e.ProviderFact | None:
    return closed(event.disconnect_type or "")


def _flow_end(event: Happened, _: Settings) -> e.ProviderFact | None:
    if event.exit_reason == "FLOW_ERROR_DISCONNECT":
        return e.Failed("provider_error", "the Architect flow ended with an error")
    return None


def _known(_event: Happened, _settings: Settings) -> e.ProviderFact | None:
    return None


_KINDS: dict[str, Callable[[Happened, Settings], e.ProviderFact | None]] = {
    "user.start": _user_start,
    "user.end": _user_end,
    "acd.start": _acd_start,
    "acd.end": _acd_end,
    "acw": _acw,
    "customer.end": _customer_end,
    "customer.start": _known,
    "flow.start": _known,
    "flow.end": _flow_end,
    "attributes": _known,
}


def closed(disconnect_type: str) -> e.Closed | e.Failed:
    """Why a conversation ended: upper case in events, lower case and dotted in the conversation itself."""
    kind = disconnect_type.upper().replace(".", "_")
    if kind in ("ERROR", "TRANSPORT_FAILURE"):
        return e.Failed("provider_error", f"the contact centre ended it: {kind}")
    return e.Closed(_REASONS.get(kind, "agent_closed"))


_REASONS = {
    "ENDPOINT": "user_left",
    "INACTIVITY": "user_idle",
    "SESSION_EXPIRED": "total_timeout",
    "TIMEOUT": "total_timeout",
}

# --- reading


def _at(time: str | None) -> float | None:
    try:
        return datetime.fromisoformat(time).timestamp() if time else None
    except ValueError:
        return None


Parts = dict[str, Callable[[str, bytes, Settings], Sequence[e.FromProvider]]]
PARTS: Parts = {"": webhook, "eventbridge": from_eventbridge, "trigger": from_trigger}
"""What may follow the webhook's address -> how its bodies are read."""
