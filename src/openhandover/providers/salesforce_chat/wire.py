"""The JSON of the Chat REST API (Live Agent): what we send, and what its messages mean.

Facts: developer.salesforce.com, "Chat REST API Developer Guide".
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec import Struct

from openhandover import __version__
from openhandover.core import events as e
from openhandover.core.errors import ProviderUnavailable
from openhandover.core.model import Agent, Message
from openhandover.net.bodies import T, read_answer
from openhandover.net.client import Reply
from openhandover.providers.base import Availability, HandoverRequest
from openhandover.texts.cutting import in_parts
from openhandover.texts.readable import author, words

from .settings import Settings

_ID_LENGTH = 15  # the same record has an id of 15 characters and one of 18, which begins with it


# --- the route -----------------------------------------------------------------------------------------------


class Target(Struct, frozen=True):
    """Where a chat goes, from route and settings."""

    base_url: str
    api_version: str
    organization_id: str
    deployment_id: str
    button_id: str
    prechat_details: tuple[dict[str, Any], ...] = ()
    prechat_entities: tuple[dict[str, Any], ...] = ()


def target(route: Mapping[str, Any], settings: Settings) -> Target:
    """Read a rendered route. Raises ValueError with what is wrong; never repeats a value."""

    def text(name: str) -> str:
        value = route.get(name)
        if isinstance(value, dict | list):
            raise ValueError(f"`{name}` should be a text")
        return str(value).strip() if value not in (None, "") else str(getattr(settings, name))

    version, base_url = text("api_version"), text("base_url").rstrip("/")
    if not version.isdigit():
        raise ValueError("`api_version` is no number")
    if not base_url.startswith(("https://", "http://") if settings.any_host else "https://"):
        raise ValueError("`base_url` does not begin with https://")
    details = _objects(route, "prechat_details")
    return Target(
        base_url,
        version,
        text("organization_id"),
        text("deployment_id"),
        text("button_id"),
        tuple(one for one in details if one.get("value") not in (None, "")),
        tuple(_objects(route, "prechat_entities")),
    )


def _objects(route: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    given: Any = route.get(name)
    try:
        if isinstance(given, str):
            given = msgspec.json.decode(given) if given.strip() else None
        return msgspec.convert(given or [], list[dict[str, Any]])
    except ValueError:
        raise ValueError(f"`{name}` should be a list of objects, or JSON of one") from None


# --- ours to Salesforce --------------------------------------------------------------------------------------


def init(request: HandoverRequest, to: Target, settings: Settings, session_id: str) -> dict[str, Any]:
    """The body of `ChasitorInit`."""
    ours = request.conversation.language
    return {
        "organizationId": to.organization_id,
        "deploymentId": to.deployment_id,
        "buttonId": to.button_id,
        "agentId": settings.agent_id,
        "doFallback": True,
        "sessionId": session_id,
        "userAgent": f"openhandover/{__version__}",
        "language": settings.languages.get(ours, ours.replace("-", "_")) or "en_US",
        "screenResolution": "1920x1080",
        "visitorName": request.user.name or settings.visitor_name,
        "prechatDetails": to.prechat_details,
        "prechatEntities": to.prechat_entities,
        "receiveQueueUpdates": True,
        "isPost": True,
    }


def line(message: Message) -> str:
    """A message for the agent, files as links. Everything comes from the visitor there, so others are named."""
    spoken = words(message)
    return spoken if message.author == "user" or not spoken else f"{author(message)}: {spoken}"


def opening(request: HandoverRequest, settings: Settings) -> str:
    """What is said first: the transcript where the step sends it, else the opening line; the reason with either."""
    talk = "\n".join(f"{author(one)}: {words(one)}" for one in request.transcript if words(one))
    parts = (request.reason or "", talk) if talk else (settings.opening_line, request.reason or "")
    return "\n".join(part for part in parts if part)


def pieces(whole: str, longest: int) -> list[str]:
    """The text in pieces of at most `longest` characters; none of an empty one."""
    return in_parts(whole.strip(), lambda rest: rest[:longest]) if whole.strip() else []


# --- Salesforce's answers ------------------------------------------------------------------------------------


class Session(Struct, frozen=True, rename="camel"):
    """The answer of `SessionId`: where the session is, how it is proven, how long a poll may take (seconds)."""

    key: str
    id: str
    affinity_token: str
    client_poll_timeout: float = 40.0


class Occurrence(Struct, frozen=True):
    """One message of a poll."""

    type: str
    message: dict[str, Any] = {}


class Place(Struct, frozen=True, omit_defaults=True):
    """How far a chat was heard: the number of the last thing told since it has moved so often, and its offset."""

    moves: int = 0
    ack: int = -1
    offset: int = 0

    def text(self) -> str:
        """As a cursor."""
        return msgspec.json.encode(self).decode()


def place(cursor: str | None) -> Place:
    """The place that a cursor of ours tells; the beginning without one."""
    return msgspec.json.decode(cursor, type=Place) if cursor else Place()


class Batch(Struct, frozen=True):
    """The answer of a poll."""

    messages: list[Occurrence]
    sequence: int
    offset: int | None = None


class _Told(Struct, frozen=True):
    messages: list[Occurrence] = []


class _Reconnected(_Told, frozen=True, rename="camel"):
    affinity_token: str | None = None


def read(reply: Reply, kind: type[T], what: str) -> T:
    """An answer. A proxy in between may have given it instead, so nonsense is worth another try."""
    return read_answer(reply, kind, f"to {what}; check `base_url`")


def affinity(reply: Reply) -> str:
    """The token that the answer of `ReconnectSession` brings: by itself, or in a message as the availability is, which
    the guide leaves open."""
    found = read(reply, _Reconnected, "ReconnectSession")
    told = (one.message.get("affinityToken") for one in found.messages)
    token = found.affinity_token or next((one for one in told if isinstance(one, str)), None)
    if not token:
        raise ProviderUnavailable("ReconnectSession gave no affinity token", http_status=reply.status)
    return token


def availability(reply: Reply, button_id: str) -> Availability:
    """Whether agents are there for this button: what is not said to be available, is not."""
    found = read(reply, _Told, "the availability")
    for message in found.messages:
        for one in cast("list[Any]", message.message.get("results") or []):
            result = cast("dict[str, Any]", one if isinstance(one, dict) else {})
            if str(result.get("id", ""))[:_ID_LENGTH] == button_id[:_ID_LENGTH]:
                wait_ms = _milliseconds(result.get("estimatedWaitTime"))
                return Availability(open=result.get("isAvailable") is True, estimated_wait_ms=wait_ms)
    return Availability(open=False)


# --- what happened -------------------------------------------------------------------------------------------

_OF_NO_USE = frozenset(
    {
        "FileTransfer",  # the upload that the agent asks for is described nowhere; the user's files go as links
        "CustomEvent",
        "RichMessage",
        "NewVisitorBreadcrumb",
        "SensitiveDataRules",
    }
)


def facts(happened: Occurrence, left_s: float) -> Sequence[e.ProviderFact]:
    """What a message of a poll means."""
    told = happened.message
    match happened.type:
        case "ChatRequestSuccess" | "QueueUpdate" | "ChasitorSessionData":
            return _queue(told)
        case "ChatRequestFail":
            return [e.Failed("unavailable", str(told.get("reason") or "ChatRequestFail"), sequenced=True)]
        case "ChatEstablished":
            return [e.AgentJoined(_agent(told))]
        case "ChatTransferred":
            return [e.AgentTransferred(_agent(told))]
        case "TransferToButtonInitiated":
            return [e.AgentTransferred()]
        case "ChatMessage":
            text = told.get("text")
            return [e.AgentMessage(text, agent=_agent(told))] if isinstance(text, str) and text else []
        case "AgentTyping" | "AgentNotTyping":
            return [e.AgentTyping(happened.type == "AgentTyping")]
        case "AgentDisconnect":
            return [e.AgentLeft(left_s)]
        case "ChatEnded":
            return [e.Closed(sequenced=True)]
        case other:
            return [] if other in _OF_NO_USE else [e.Unknown(other)]


def _agent(told: Mapping[str, Any]) -> Agent:
    id_, name = told.get("userId") or told.get("agentId"), told.get("name")
    return Agent(str(id_)[:_ID_LENGTH] if id_ else None, str(name) if name else None)


def _queue(told: Mapping[str, Any]) -> list[e.ProviderFact]:
    position = told.get("queuePosition", told.get("position"))
    place = position if isinstance(position, int) and position > 0 else None
    wait_ms = _milliseconds(told.get("estimatedWaitTime"))
    return [] if place is None and wait_ms is None else [e.QueueUpdated(place, wait_ms)]


def _milliseconds(seconds: Any) -> int | None:
    return int(seconds * 1000) if isinstance(seconds, int | float) and seconds >= 0 else None
