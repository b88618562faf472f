"""CM's Business Messaging shapes, and the older BM Proxy that carries them to and from the Router.

Facts: CM's pages "Shared features" and "Incoming messages", its .NET SDK, and the opening part of the "Router and
Scripted Bot API" (BM Proxy). Outbound and inbound differ: a file is `mediaName` and `mimeType` one way, `title` and
`contentType` the other.
"""

import time
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from openhandover.core.errors import PayloadError
from openhandover.net.client import Request, Sender, encode_json
from openhandover.net.statuses import MESSAGE, check

from .bodies import derived_id, field, part, read, required, word
from .settings import REFUSED_HINT, Connection
from .twoway import Envelope, Item


class Media(Struct, frozen=True):
    """A file: where it lies, its name and its media type, as far as they are known."""

    url: str
    name: str = ""
    content_type: str = ""


class Suggestion(Struct, frozen=True):
    """A quick reply: a tap sends `postback` back in place of the label."""

    label: str
    postback: str


class Outgoing(Struct, frozen=True, kw_only=True):
    """One message to a user. `reference` is ours, at most what identifies it; the channel is in CM's spelling."""

    sender: str
    to: str
    channel: str
    text: str
    reference: str = ""
    media: tuple[Media, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()


def decode(body: bytes) -> Envelope:
    """Read an inbound message as BM Proxy delivers it: the ordinary body with `conversationalRouter` beside it.

    What was written is a message of kind `text`, a file one of kind `media`, anything else one of kind `message`. The
    body has no id of the message that is documented as unique, so that the whole of it stands for one.

    Raises:
        PayloadError: no JSON object, no `conversationalRouter.chatId` or no `message`.
    """
    raw = read(body)
    router = required(raw, "conversationalRouter")
    chat_id = word(field(router, "chatId"))
    if not chat_id:
        raise PayloadError("conversationalRouter.chatId: is missing")
    message = required(raw, "message")
    sender, receiver = required(raw, "from"), part(raw, "to")
    text, time_utc = field(message, "text"), word(field(raw, "timeUtc"))
    file = media(message)
    words = text if isinstance(text, str) and text and file is None else None
    item = Item(
        kind="text" if words else "media" if file else "message",
        id=derived_id(raw) if time_utc else "",
        direction="from_user",
        created_on=time_utc,
        text=words,
        raw=message,
    )
    return Envelope(
        chat_id=chat_id,
        account_id=word(field(router, "accountId")),
        channel=word(field(raw, "channel")),
        client_id=word(field(sender, "number")),
        host_id=word(field(receiver, "number")),
        client_name=word(field(sender, "name")) or None,
        items=(item,),
        raw=raw,
    )


def media(message: dict[str, Any]) -> Media | None:
    """The file of an inbound message, if it has one with an address."""
    raw = part(message, "media")
    address = word(field(raw, "mediaUri"))
    if not address.startswith(("https://", "http://")):
        return None
    return Media(address, word(field(raw, "title")), word(field(raw, "contentType")))


def wire(token: str, messages: Sequence[Outgoing]) -> dict[str, Any]:
    """The ordinary Business Messaging body."""
    written = [_written(message) for message in messages]
    return {"messages": {"authentication": {"productToken": str(token)}, "msg": written}}


def international(number: str) -> str:
    """A phone number as this API wants it: `00` for the `+`. Ids of other channels stay as they are."""
    return f"00{number[1:]}" if number.startswith("+") else number


async def post(http: Sender, connection: Connection, messages: Sequence[Outgoing]) -> None:
    """Post once; an answer of 2xx means accepted, not delivered.

    The token is in the body, as for this API, and in the header, as for every call to the Router.

    Raises:
        ProviderError: as `net.statuses.MESSAGE` says.
    """
    request = Request(
        method="POST",
        url=connection.proxy_url,
        headers=connection.headers,
        body=encode_json(wire(connection.product_token, messages)),
    )
    check(await http.send(request), MESSAGE, time.time(), {401: REFUSED_HINT, 403: REFUSED_HINT})


def _written(message: Outgoing) -> dict[str, Any]:
    """One message; rich content only where the text alone is too little."""
    written: dict[str, Any] = {
        "from": message.sender,
        "to": [{"number": international(message.to)}],
        "body": {"type": "auto", "content": message.text},
        "allowedChannels": [message.channel],
    }
    if message.reference:
        written["reference"] = message.reference
    if message.media or message.suggestions:
        written["richContent"] = _rich(message)
    return written


def _rich(message: Outgoing) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"text": message.text}] if message.text else []
    parts += [
        {"media": {"mediaName": file.name, "mediaUri": file.url, "mimeType": file.content_type}}
        for file in message.media
    ]
    written: dict[str, Any] = {"conversation": parts}
    if message.suggestions:
        written["suggestions"] = [
            {"action": "reply", "label": one.label, "postbackdata": one.postback}
            for one in message.suggestions
        ]
    return written
