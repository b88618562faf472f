"""From what CM's Router posts to what a user said. Nothing is dropped: what is no text is described in words."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, cast

from msgspec import Struct

from openhandover.cm import business_messaging, twoway
from openhandover.cm.business_messaging import Media
from openhandover.cm.twoway import Envelope, Item
from openhandover.core.commands import MAX_TEXT_BYTES
from openhandover.texts.cutting import beginning
from openhandover.texts.templates import TemplateError, render

from .settings import MessageType, Settings

MAX_ID = 200
CONTEXT = "cm"
"""Where the conversation's context keeps how its user is reached."""

_PRINTABLE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*")


class Said(Struct, frozen=True):
    """One message of the user. `id` is empty where nothing tells two equal ones apart; `raw`: the message as it came,
    where the text does not say all of it."""

    id: str
    text: str
    file: Media | None = None
    raw: dict[str, Any] | None = None


class Arrived(Struct, frozen=True):
    """What one call brought; `own`: how many messages of our own direction were in it."""

    envelope: Envelope
    said: tuple[Said, ...]
    own: int = 0


def arrived(settings: Settings, body: bytes) -> Arrived:
    """Read a call of the Message Endpoint.

    Raises:
        PayloadError: nothing can be made of it; says where.
    """
    decode = business_messaging.decode if settings.api == "bmproxy" else twoway.decode
    envelope = decode(body)
    theirs = [item for item in envelope.items if item.direction == "from_user"]
    said = tuple(part for item in theirs for part in _parts(_said(settings, item)))
    return Arrived(envelope, said, len(envelope.items) - len(theirs))


def conversation_id(channel: str, chat_id: str, session_id: str | None) -> str:
    """The id of the conversation that a Router session of a chat is."""
    return f"cm_{_digest(channel, chat_id, session_id or '')}"


def chat_key(channel: str, chat_id: str) -> str:
    """The name under which the last conversation of a chat is kept."""
    return _digest(channel, chat_id)


def context(envelope: Envelope) -> dict[str, Any]:
    """What templates and our answers need of the chat: `chatId`, and the rest under `cm` in CM's own words."""
    place = {
        "channel": envelope.channel,
        "accountId": envelope.account_id,
        "conversationHostId": envelope.host_id,
        "conversationClientId": envelope.client_id,
        "sessionId": envelope.session_id,
    }
    return {"chatId": envelope.chat_id, CONTEXT: place}


def described(said: Said) -> str:
    """The message as words alone, for where its file cannot go."""
    if said.file is None:
        return said.text
    return "\n".join(part for part in (said.text, said.file.name, said.file.url) if part)


def _said(settings: Settings, item: Item) -> Said:
    told = settings.message_types.get(item.kind) or _any_case(settings.message_types, item.kind)
    if told is not None:
        found = _told(told, item)
        if found is not None:
            return found
    if item.text:
        return Said(_id(item), item.text)
    file = business_messaging.media(item.raw) if settings.api == "bmproxy" else None
    if file is not None:
        beside = item.raw.get("text")
        return Said(_id(item), beside if isinstance(beside, str) else "", file, item.raw)
    return Said(_id(item), twoway.readable(item) or f"[{item.kind}]", raw=item.raw)


def _told(told: MessageType, item: Item) -> Said | None:
    """The message as its type is configured; None when its templates do not fit it, or make nothing of it."""
    try:
        text = render(told.text, item.raw)
        url = render(told.url, item.raw).strip() if told.url else ""
        name, content_type = render(told.name, item.raw), render(told.content_type, item.raw)
    except TemplateError:
        return None
    file = Media(url, name, content_type) if url.startswith(("https://", "http://")) else None
    return Said(_id(item), text, file, item.raw) if text or file else None


def _any_case(types: dict[str, MessageType], kind: str) -> MessageType | None:
    return next((told for name, told in types.items() if name.lower() == kind), None)


def _parts(said: Said) -> Iterator[Said]:
    """A text over our limit as several messages; the file goes with the first."""
    if len(said.text.encode()) <= MAX_TEXT_BYTES:
        yield said
        return
    for place, text in enumerate(_pieces(said.text)):
        identity = f"{said.id}:{place}" if said.id and place else said.id
        yield Said(identity, text, said.file if place == 0 else None, said.raw if place == 0 else None)


def _pieces(text: str) -> Iterator[str]:
    while text:
        piece = beginning(text, MAX_TEXT_BYTES)
        yield piece
        text = text[len(piece) :]


def _id(item: Item) -> str:
    """The message's id as we can keep it."""
    if not item.id:
        return ""
    fits = len(item.id) <= MAX_ID - 10 and _PRINTABLE.fullmatch(item.id)
    return item.id if fits else _digest(item.id)


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def place_of(known: dict[str, Any]) -> dict[str, str]:
    """How the user is reached, from the conversation's context; what is missing is empty."""
    given: Any = known.get(CONTEXT)
    place = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    return {name: value for name, value in place.items() if isinstance(value, str)}


def is_in(known: dict[str, Any], session_id: str) -> bool:
    """Whether the conversation with this context can be in this session now: one of the two may name none."""
    now = place_of(known).get("sessionId", "")
    return not now or not session_id or now == session_id
