"""The JSON of Messaging for In-App and Web, custom client API v2: what we send, and the answers that we read.

Facts: developer.salesforce.com, "Enhanced Chat (Messaging for In-App and Web) API". Where those pages are silent, public
clients of the same API were read; the provider's page names these places.
"""

import base64
import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from openhandover import __version__
from openhandover.core.model import Attachment, Message
from openhandover.net.bodies import T, read_answer
from openhandover.net.client import Reply, encode_json
from openhandover.net.forms import Part, form
from openhandover.providers.base import Availability, HandoverRequest
from openhandover.texts.cutting import in_parts
from openhandover.texts.readable import author, said, words

from .settings import END_ON_CHANGE, Settings

MAX_FILE_BYTES = 5 << 20


def uuid_of(*parts: object) -> str:
    """A lower-case UUID that is the same for the same parts, so that a repeated call is recognised. Salesforce checks
    that it is one of version 4."""
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


# --- the route -----------------------------------------------------------------------------------------------


class Routing(Struct, frozen=True):
    """A step's rendered route, as this vendor wants it."""

    attributes: dict[str, str]
    language: str | None
    identity: str
    end: str


def routing(route: Mapping[str, Any], settings: Settings, language: str = "") -> Routing:
    """Read a rendered route. Raises ValueError with what is wrong; never repeats a value."""
    attributes = _attributes(route.get("routing_attributes"))
    theirs = attributes.pop("language", "") or settings.languages.get(language, language.replace("-", "_"))
    identity = route.get("identity_token") or ""
    if not isinstance(identity, str):
        raise ValueError("`identity_token` should be a text")
    if settings.require_verified and not identity.strip():
        raise ValueError("`identity_token` is missing or empty, and `require_verified` is on")
    end = _end(route.get("end_on_participant_change"), settings)
    return Routing(attributes, theirs or None, identity.strip(), end)


def _end(given: Any, settings: Settings) -> str:
    if given is None or given == "":
        return settings.end_on_participant_change
    if isinstance(given, bool):
        return "immediate" if given else "never"
    if given not in END_ON_CHANGE:
        raise ValueError(f"`end_on_participant_change` is none of {', '.join(END_ON_CHANGE)}, true, false")
    return str(given)


def _attributes(given: Any) -> dict[str, str]:
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given) if given.strip() else None
        except ValueError:
            raise ValueError("`routing_attributes` is neither a map nor JSON") from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError("`routing_attributes` should be a map of names and values")
    found: dict[str, str] = {}
    for name, value in cast("dict[str, Any]", given).items():
        if isinstance(value, dict | list):
            raise ValueError(f"`routing_attributes.{name}` should be a plain value")
        if value is not None:
            found[name] = value if isinstance(value, str) else encode_json(value).decode()
    return found


# --- ours to Salesforce --------------------------------------------------------------------------------------


def identification(settings: Settings, identity: str = "") -> dict[str, Any]:
    """The body of a request for an access token."""
    body: dict[str, Any] = {
        "orgId": settings.org_id,
        "esDeveloperName": settings.es_developer_name,
        "capabilitiesVersion": settings.capabilities_version,
        "platform": settings.platform,
        "context": {"appName": "openhandover", "clientVersion": __version__},
    }
    return body | ({"authorizationType": "JWT", "customerIdentityToken": identity} if identity else {})


def conversation(settings: Settings, id_: str, to: Routing) -> dict[str, Any]:
    """The body that makes a conversation."""
    return {"conversationId": id_, "esDeveloperName": settings.es_developer_name, **_first(to)}


def text(settings: Settings, id_: str, said: str, first: Routing | None = None) -> dict[str, Any]:
    """The body of a message. The `first` one of a conversation carries the routing again: attributes that were given on
    creation only have been seen not to reach the session's record."""
    body: dict[str, Any] = {
        "message": {
            "id": id_,
            "messageType": "StaticContentMessage",
            "staticContent": {"formatType": "Text", "text": said},
        },
        "esDeveloperName": settings.es_developer_name,
    }
    return body if first is None else body | {"isNewMessagingSession": True, **_first(first)}


def _first(to: Routing) -> dict[str, Any]:
    language = {"language": to.language} if to.language else {}
    return {"routingAttributes": to.attributes, **language}


def typing(on: bool) -> dict[str, str]:
    """The body that says that the user types, or stopped."""
    return {
        "entryType": "TypingStartedIndicator" if on else "TypingStoppedIndicator",
        "id": str(uuid4()),
    }


def acknowledgement(entry_id: str, state: str) -> dict[str, Any]:
    """The body that says that the user got or read an entry."""
    kind = "Read" if state == "read" else "Delivery"
    return {"acks": [{"id": uuid_of(entry_id, kind), "entryType": kind, "conversationEntryId": entry_id}]}


def upload(settings: Settings, id_: str, file: Attachment, content: bytes) -> tuple[bytes, dict[str, str]]:
    """The multipart body of a file, and its header."""
    message = {"id": id_, "fileId": uuid_of(id_, "file")}
    entry = encode_json({"esDeveloperName": settings.es_developer_name, "message": message})
    kind, body = form(
        [
            Part("messageEntry", entry, "application/json"),
            Part("fileData", content, file.content_type, file.name),
        ]
    )
    return body, {"Content-Type": kind}


def link(file: Attachment) -> str:
    """A file by name and address, for where the file itself cannot go."""
    return f"{file.name}: {file.url}" if file.name else file.url


def line(message: Message) -> str:
    """A message's text for the agent. Everything comes from the user there, so others are named."""
    spoken = said(message)
    return spoken if message.author == "user" or not spoken else f"{author(message)}: {spoken}"


def opening(request: HandoverRequest, settings: Settings) -> list[str]:
    """What is said first: the transcript where the step sends it, else the opening line; the reason with either."""
    talk = "\n".join(f"{author(one)}: {words(one)}" for one in request.transcript if words(one))
    begin = f"{settings.opening_line}\n{request.reason}" if request.reason else settings.opening_line
    if not talk:
        return pieces(begin, settings.max_text_length)
    whole = f"{request.reason}\n\n{talk}" if request.reason else talk
    # More than a minute's share would not go out in one open call.
    most = min(settings.max_transcript_pieces, settings.messages_per_minute)
    return pieces(whole, settings.max_text_length)[-most:]


def pieces(whole: str, longest: int) -> list[str]:
    """The text in pieces of at most `longest` characters; none of an empty one."""
    return in_parts(whole.strip(), lambda rest: rest[:longest]) if whole.strip() else []


# --- Salesforce's answers ------------------------------------------------------------------------------------


class Token(Struct, frozen=True):
    """An access token as it is kept. Times are ours (epoch seconds), so that Salesforce's clock does not matter."""

    value: str
    renew_at: float
    ends_at: float
    event_id: str = "0"
    identity: str = ""


_EARLY = 0.8
"""Share of its life after which a token is renewed."""


class _EndUser(Struct, frozen=True):
    subject: str = ""


class _Context(Struct, frozen=True, rename="camel"):
    end_user: _EndUser = _EndUser()


class _Access(Struct, frozen=True, rename="camel"):
    access_token: str
    last_event_id: str = "0"
    context: _Context | None = None


class _Claims(Struct, frozen=True):
    exp: float | None = None
    iat: float | None = None


def token(reply: Reply, settings: Settings, identity: str = "") -> tuple[Token, bool]:
    """The token of an answer, and whether its user is a verified one."""
    found = _decoded(reply, _Access, "a request for an access token")
    now = time.time()
    life = _life_s(found.access_token, now) or settings.token_life_s
    subject = found.context.end_user.subject if found.context else ""
    made = Token(found.access_token, now + life * _EARLY, now + life, found.last_event_id, identity)
    return made, "/AUTH/" in subject


def _life_s(jwt: str, now: float) -> float | None:
    """Seconds that a JWT lives by its own word; None where it cannot be read. It is not ours to verify."""
    body = jwt.split(".")[1] if jwt.count(".") == 2 else ""
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=_Claims)
    except ValueError:
        return None
    life = None if claims.exp is None else claims.exp - (now if claims.iat is None else claims.iat)
    return life if life is not None and life > 0 else None


class _Status(Struct, frozen=True, rename="camel"):
    routing_status: str = ""


def is_rerouted(reply: Reply) -> bool:
    """Whether the conversation is on its way to another agent."""
    return _decoded(reply, _Status, "the conversation's status").routing_status in {"TRANSFER", "INITIAL"}


class _Interval(Struct, frozen=True, rename="camel"):
    start_time: int
    end_time: int


class _Hours(Struct, frozen=True, rename="camel"):
    is_active: bool = False
    business_hours: list[_Interval] = []


class _Info(Struct, frozen=True, rename="camel"):
    business_hours_info: _Hours | None = None


def hours(reply: Reply, now: float) -> Availability:
    """Whether now is within the deployment's business hours; None where it keeps none. Agents are not counted there."""
    if not reply.body.strip():
        return Availability(open=None)
    info = _decoded(reply, _Info, "the business hours").business_hours_info
    if info is None or not (info.is_active or info.business_hours):
        return Availability(open=None)
    at = now * 1000
    if any(one.start_time <= at < one.end_time for one in info.business_hours):
        return Availability(open=True)
    later = min((one.start_time for one in info.business_hours if one.start_time > at), default=None)
    opens = (
        None
        if later is None
        else datetime.fromtimestamp(later / 1000, UTC).isoformat().replace("+00:00", "Z")
    )
    return Availability(open=False, opens_at=opens)


def _decoded(reply: Reply, kind: type[T], what: str) -> T:
    return read_answer(reply, kind, f"to {what}; check `scrt_url`")
