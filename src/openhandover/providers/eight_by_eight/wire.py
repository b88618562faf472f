"""Ours to 8x8: conversations, messages and files.

Source: 8x8's OpenAPI document of the Chat Gateway v1.0 and its guide "Workflow - Connecting 3rd party channel".
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from openhandover.core.model import Message
from openhandover.net.forms import Part, form
from openhandover.providers.base import HandoverRequest
from openhandover.texts.cutting import in_parts
from openhandover.texts.readable import author, words

from .settings import Settings

USER = ("name", "userId", "email", "phone", "company", "caseId", "language")
MAX_PROPERTIES = 30
MAX_HISTORY = 200
HANDOVER = "handover"
"""The additional property that names the attempt, so that its conversation can be found again."""
REASON = "reason"
OURS = (HANDOVER, REASON)

LANGUAGES = frozenset(
    "en ru de ja es fr pt it pl hr nl ar da ko no sv vi cy th zh-CN zh-TW".split()  # noqa: SIM905  (as 8x8 lists them)
)
_OTHER_NAMES = {"nb": "no", "nn": "no", "zh": "zh-CN", "zh-hant": "zh-TW", "zh-hk": "zh-TW", "zh-tw": "zh-TW"}

Side = Literal["user", "bot"]


# --- the conversation ----------------------------------------------------------------------------------------


def wrong(route: Mapping[str, Any], settings: Settings) -> str | None:
    """What keeps this route from being sent."""
    if not (route.get("channel_id") or settings.channel_id):
        return "`channel_id` is empty; give the step's `route` or the provider the id of a Chat API channel"
    try:
        more = _extra(_properties(route))
    except ValueError as error:
        return f"`properties`: {error}"
    if len(more) > (room := MAX_PROPERTIES - len(OURS)):
        return (
            f"`properties`: {len(more)} additional properties; 8x8 takes 30, so {room} beside our {len(OURS)}"
        )
    return None


def opening(request: HandoverRequest, settings: Settings) -> dict[str, Any]:
    """The body of POST /conversations, for a route that `wrong` has nothing against."""
    queue_id = request.route.get("queue_id") or settings.queue_id
    body: dict[str, Any] = {
        "channelId": request.route.get("channel_id") or settings.channel_id,
        "user": _user(request),
    }
    if queue_id:
        body["assignment"] = {"type": "queue", "id": queue_id}
    if history := _history(request.transcript, settings.max_text):
        body["history"] = {"messages": history}
    return body


def _user(request: HandoverRequest) -> dict[str, Any]:
    user, given = request.user, _properties(request.route)
    known = {
        "name": user.name,
        "userId": user.id,
        "email": user.email,
        "phone": user.phone,
        "language": request.conversation.language,
    } | {key: given[key] for key in USER if given.get(key) not in (None, "")}
    told: dict[str, Any] = {key: _text(value) for key, value in known.items() if value not in (None, "")}
    if "language" in told:
        told["language"] = language(told["language"])
    ours = [{"key": HANDOVER, "value": request.key}]
    if request.reason:
        ours.append({"key": REASON, "value": request.reason})
    return {**told, "additionalProperties": [*_extra(given), *ours]}


def _properties(route: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the step wants told, also where a template made it a JSON text."""
    given = route.get("properties")
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given) if given.strip() else None
        except (ValueError, RecursionError):
            raise ValueError("it is a text, but not JSON") from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError("it must be an object")
    return cast("dict[str, Any]", given)


class _Property(Struct, frozen=True):
    key: str
    value: Any


def _extra(given: Mapping[str, Any]) -> list[dict[str, str]]:
    """The additional properties: those given as such, then every key that 8x8 has no field for."""
    try:
        listed = msgspec.convert(given.get("additionalProperties") or [], list[_Property])
    except msgspec.ValidationError:
        raise ValueError("`additionalProperties` must be a list of objects with `key` and `value`") from None
    others = [
        _Property(key, value)
        for key, value in given.items()
        if key not in USER and key != "additionalProperties"
    ]
    # 8x8 wants both a key and a value, so what is empty is left out.
    pairs = ((one.key, _text(one.value)) for one in (*listed, *others) if one.value is not None)
    return [{"key": key, "value": value} for key, value in pairs if key and value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def language(code: str) -> str:
    """The code by which 8x8 routes; English where it has none for it."""
    code = code.replace("_", "-")
    parts = code.lower().split("-")
    known = {one.lower(): one for one in LANGUAGES} | _OTHER_NAMES
    for length in range(len(parts), 0, -1):
        if found := known.get("-".join(parts[:length])):
            return found
    return "en"


# --- messages --------------------------------------------------------------------------------------------------


def side(message: Message) -> Side:
    """8x8 takes messages of the user and of the bot; whoever else wrote comes from the bot, by name."""
    return "user" if message.author == "user" else "bot"


def _history(transcript: Sequence[Message], max_text: int) -> list[dict[str, Any]]:
    return [{"authorType": side(one), "text": text} for one in transcript for text in texts(one, max_text)][
        -MAX_HISTORY:
    ]


def texts(message: Message, max_text: int) -> list[str]:
    """What is to be read of a message, its files by their addresses, in parts that are short enough."""
    text = words(message)
    offered = "\n".join(f"[{button.text}]" for button in message.buttons or ())
    whole = "\n".join(part for part in (text, offered) if part)
    if whole and message.author not in ("user", "bot"):
        whole = f"{author(message)}: {whole}"
    return in_parts(whole, lambda rest: rest[:max_text]) if whole.strip() else []


def message(by: Side, text: str, files: Sequence[str] = ()) -> dict[str, Any]:
    """The body of POST /conversations/{id}/messages; `files` are ids of what was uploaded."""
    body: dict[str, Any] = {"authorType": by}
    if text:
        body["text"] = text
    if files:
        body["attachments"] = [{"id": one} for one in files]
    return body


def upload(by: Side, name: str, content_type: str, content: bytes) -> tuple[str, bytes]:
    """Content type and body of POST /conversations/{id}/attachments."""
    return form([Part("authorType", by.encode()), Part("attachment", content, content_type, name)])
