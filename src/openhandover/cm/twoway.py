"""The TwoWay format of CM's Conversational Router: reading it leniently, writing it exactly, posting it.

Facts: CM's pages "TwoWay format" and "Integration" (envelope, both directions), its older "Router and Scripted Bot
API" (v1) and public integrations (v2 address, the body of the 201, `text` in lower case). Which fields other message
types than `text` have, and which events there are, is not in public documentation: they are kept as they came.
"""

import time
from collections.abc import Iterator
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from openhandover.core.errors import PayloadError
from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.statuses import MESSAGE, check

from .bodies import as_object, derived_id, field, part, read, required, word
from .settings import REFUSED_HINT, Account

Direction = Literal["from_user", "to_user"]

DIRECTIONS: dict[Direction, str] = {"from_user": "ClientOriginated", "to_user": "ClientTerminated"}
"""Our word -> CM's; compared without case when read."""

_OURS: dict[str, Direction] = {theirs.lower(): ours for ours, theirs in DIRECTIONS.items()}

_WORDS = ("text", "caption", "title", "label", "name", "address", "filename", "medianame", "description")
"""Fields that, in an unknown message, tell a reader something; no such list is documented."""

_READABLE_CHARACTERS = 2000
_DEEPEST = 20


class Item(Struct, frozen=True):
    """One message. `kind` is its `$type` in lower case; `text` only for kind `text`; `raw` as it came.

    `id` is the sender's; where it has none, one derived from the content with its time, or empty without a time.
    """

    kind: str
    id: str
    direction: Direction
    created_on: str = ""
    text: str | None = None
    raw: dict[str, Any] = {}


class Event(Struct, frozen=True):
    """One conversation event. `kind` is its `$type` in lower case."""

    kind: str
    id: str = ""
    created_on: str = ""
    raw: dict[str, Any] = {}


class Envelope(Struct, frozen=True, kw_only=True):
    """A chat with what was said and what happened in it. `client` is the user's side, `host` the business's."""

    chat_id: str
    account_id: str = ""
    channel: str = ""
    client_id: str = ""
    host_id: str = ""
    client_name: str | None = None
    session_id: str | None = None
    items: tuple[Item, ...] = ()
    events: tuple[Event, ...] = ()
    raw: dict[str, Any] = {}


def decode(body: bytes) -> Envelope:
    """Read what the Router posts. Property names are found without regard to case; unknown ones stay in `raw`.

    Raises:
        PayloadError: no JSON object, no `chat.id`, or a message without `$type` or direction; says where.
    """
    raw = read(body)
    chat = required(raw, "chat")
    chat_id = word(field(chat, "id"))
    if not chat_id:
        raise PayloadError("chat.id: is missing")
    messages = _maps(raw, "conversationMessages")
    return Envelope(
        chat_id=chat_id,
        session_id=word(field(chat, "sessionId")) or None,
        account_id=word(field(chat, "accountId")),
        channel=word(field(chat, "channel")),
        client_id=word(field(chat, "conversationClientId")),
        host_id=word(field(chat, "conversationHostId")),
        client_name=word(field(chat, "conversationClientName")) or None,
        items=tuple(_item(one, f"conversationMessages[{place}]") for place, one in enumerate(messages)),
        events=tuple(_event(one) for one in _maps(raw, "conversationEvents")),
        raw=raw,
    )


def encode(envelope: Envelope) -> bytes:
    """The bytes to post; the same for the same envelope. Fields of `raw` that have no place here are kept."""
    return encode_json(wire(envelope))


def wire(envelope: Envelope) -> dict[str, Any]:
    """The envelope in CM's own words."""
    chat: dict[str, Any] = {
        "id": envelope.chat_id,
        "accountId": envelope.account_id,
        "channel": envelope.channel,
        "conversationClientId": envelope.client_id,
        "conversationHostId": envelope.host_id,
    }
    if envelope.session_id is not None:
        chat["sessionId"] = envelope.session_id
    if envelope.client_name is not None:
        chat["conversationClientName"] = envelope.client_name
    written: dict[str, Any] = {"chat": chat, "conversationMessages": [_written(i) for i in envelope.items]}
    if envelope.events:
        written["conversationEvents"] = [
            _stamped(one.raw, {"$type": one.raw.get("$type", one.kind)}, one) for one in envelope.events
        ]
    return written


_HINTS = {
    401: REFUSED_HINT,
    403: "the product token may not send by TwoWay for this account",
    404: "the Router knows no such account, adapter or chat; check `technical_link_id` and `adapter_id`",
}


async def post(http: Sender, account: Account, envelope: Envelope, key: str) -> str:
    """Post once and answer the chat's id as CM derived it, empty when its answer does not tell.

    `key` is the id of a message that has none of its own: it stays the same on a retry, and the Router is idempotent
    on it.

    Raises:
        ProviderError: as `net.statuses.MESSAGE` says; 404 is `SessionGone`, 401 and 403 are `ProviderAuthError`.
    """
    request = Request(
        method="POST",
        url=account.twoway_url,
        headers=account.headers,
        body=encode(_named(envelope, key)),
    )
    reply = await http.send(request)
    check(reply, MESSAGE, time.time(), _HINTS)
    return _chat_id(reply)


def readable(item: Item) -> str:
    """What a person can read of a message of any kind: its text, else its kind, its words and its addresses."""
    if item.text is not None:
        return item.text
    said = [one for one in dict.fromkeys(_said(item.raw)) if one]
    return " ".join([f"[{item.kind}]", *said])[:_READABLE_CHARACTERS]


def _item(raw: dict[str, Any], place: str) -> Item:
    kind = word(field(raw, "$type")).lower()
    if not kind:
        raise PayloadError(f"{place}.$type: is missing")
    direction = _OURS.get(word(field(raw, "direction")).lower())
    if direction is None:
        raise PayloadError(f"{place}.direction: should be ClientOriginated or ClientTerminated")
    text = field(raw, "text") if kind == "text" else None
    if kind == "text" and not isinstance(text, str):
        raise PayloadError(f"{place}.text: should be a text")
    created_on = word(field(raw, "createdOn"))
    return Item(
        kind=kind,
        id=word(field(raw, "id")) or (derived_id(raw) if created_on else ""),
        direction=direction,
        created_on=created_on,
        text=text,
        raw=raw,
    )


def _event(raw: dict[str, Any]) -> Event:
    kind = word(field(raw, "$type")).lower()
    return Event(kind, word(field(raw, "id")), word(field(raw, "createdOn")), raw)


def _written(item: Item) -> dict[str, Any]:
    known: dict[str, Any] = {
        "$type": item.raw.get("$type", item.kind),
        "direction": DIRECTIONS[item.direction],
    }
    written = _stamped(item.raw, known, item)
    if item.text is not None:
        written = {name: value for name, value in written.items() if name.lower() != "text"}
        written["text"] = item.text  # in lower case only: `Text` is not recognised
    return written


def _stamped(raw: dict[str, Any], known: dict[str, Any], one: Item | Event) -> dict[str, Any]:
    if one.id:
        known["id"] = one.id
    if one.created_on:
        known["createdOn"] = one.created_on
    names = {name.lower() for name in known}
    return known | {name: value for name, value in raw.items() if name.lower() not in names}


def _named(envelope: Envelope, key: str) -> Envelope:
    """The envelope with an id for every message."""
    items = [
        one if one.id else msgspec.structs.replace(one, id=key if place == 0 else f"{key}:{place}")
        for place, one in enumerate(envelope.items)
    ]
    return msgspec.structs.replace(envelope, items=tuple(items))


def _chat_id(reply: Reply) -> str:
    try:
        answer = reply.json()
    except ValueError:
        return ""
    told = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
    return word(field(part(told, "chat"), "id"))


def _said(value: Any, depth: int = 0) -> Iterator[str]:
    """The words and addresses inside an unknown message, in its own order."""
    if isinstance(value, list):
        value = dict(enumerate(cast("list[Any]", value)))
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    for name, inner in cast("dict[Any, Any]", value).items():
        if isinstance(inner, dict | list):
            yield from _said(inner, depth + 1)
        elif isinstance(inner, str) and (_tells(str(name)) or inner.startswith(("https://", "http://"))):
            yield inner.strip()


def _tells(name: str) -> bool:
    return name.lower() in _WORDS


def _maps(raw: dict[str, Any], name: str) -> list[dict[str, Any]]:
    given: Any = field(raw, name)
    if given is None:
        return []
    if not isinstance(given, list):
        raise PayloadError(f"{name}: should be a list")
    return [as_object(one, f"{name}[{place}]") for place, one in enumerate(cast("list[Any]", given))]
