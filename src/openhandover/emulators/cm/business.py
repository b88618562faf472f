"""Business Messaging: reading what a bot sends, writing what a user sent, in the shapes of CM.com's pages.

"Shared features" and the .NET SDK for the way out, "Incoming messages" for the way in, and the opening part of the "Router
and Scripted Bot API" for BM Proxy, which adds `conversationalRouter`. A file is `mediaName` and `mimeType` on the way out,
`title` and `contentType` on the way in.
"""

import json
import re
from typing import Any, cast

from openhandover.emulators.answers import Refused

from .account import CHANNELS, Account
from .chat import Chat

PHONE_CHANNELS = {"WhatsApp", "RCS", "Viber", "SMS"}
MESSAGE = {
    *("from", "to", "body", "allowedChannels", "reference", "customGrouping", "customGrouping2"),
    *("customGrouping3", "validity", "appKey", "richContent"),
}
ACTIONS = {
    "reply": {"description", "media"},
    "openUrl": {"url"},
    "Dial": {"dial"},
    "viewLocation": {"viewLocation"},
    "CreateCalendarEvent": {"calendar"},
}
"""Action of a suggestion -> what it may have beside label and postbackdata."""

_is_international = re.compile(r"00[1-9]\d{5,14}").fullmatch


def read(body: dict[str, Any], account: Account) -> list[dict[str, Any]]:
    """The messages of an outbound body.

    Raises:
        Refused: 401 for the token inside, 400 for what no page describes.
    """
    messages = _part(body, {"messages"}, "messages")
    authentication = _part(messages, {"authentication", "msg"}, "authentication")
    token = _only(authentication, {"productToken"}, "authentication").get("productToken")
    if not account.product_token or token != account.product_token:
        raise Refused(401, "messages.authentication.productToken is missing or wrong")
    given = _objects(messages, "msg")
    if not given:
        raise Refused(400, "messages.msg is empty")
    for message in given:
        _check(_only(message, MESSAGE, "a message"))
    return given


def text_of(message: dict[str, Any]) -> str:
    """What a person reads of it."""
    parts = _objects(message.get("richContent") or {}, "conversation", required=False)
    files = [
        f"{part['media']['mediaName']}: {part['media']['mediaUri']}" for part in parts if "media" in part
    ]
    return "\n".join(line for line in (message["body"]["content"], *files) if line)


def incoming(chat: Chat, message: dict[str, Any], account: Account) -> bytes:
    """The webhook's body for a user's message, as BM Proxy writes it."""
    body: dict[str, Any] = {
        "from": {"number": chat.client_id, "name": chat.client_name or ""},
        "to": {"number": chat.host_id, "name": ""},
        "message": {"text": message.get("text", ""), "media": message.get("media"), "custom": {}},
        "reference": message["id"],
        "groupings": ["", "", ""],
        "timeUtc": message["createdOn"],
        "channel": chat.channel,
        "messageContext": "",
        "conversationalRouter": {"chatId": chat.id, "accountId": account.technical_link_id},
    }
    return json.dumps(body).encode()


def _check(message: dict[str, Any]) -> None:
    if not isinstance(message.get("from"), str) or not message["from"]:
        raise Refused(400, "from is missing")
    body = _only(_part(message, None, "body"), {"type", "content"}, "body")
    if body.get("type") != "auto" or not isinstance(body.get("content"), str):
        raise Refused(400, "body needs type auto and content")
    channels = cast("list[Any]", message.get("allowedChannels") or [])
    if unknown := [channel for channel in channels if channel not in CHANNELS]:
        raise Refused(400, f"allowedChannels: {unknown[0]!r} is no channel")
    by_phone = not channels or bool(PHONE_CHANNELS & set(channels))
    for to in _objects(message, "to"):
        number = _only(to, {"number"}, "to").get("number")
        if not isinstance(number, str) or not number or (by_phone and not _is_international(number)):
            raise Refused(400, "to.number starts with 00 and the country code")
    if "richContent" in message:
        _check_rich(
            _only(_part(message, None, "richContent"), {"conversation", "suggestions"}, "richContent")
        )


def _check_rich(rich: dict[str, Any]) -> None:
    parts = _objects(rich, "conversation")
    suggestions = _objects(rich, "suggestions", required=False)
    for part in parts:
        _only(part, {"text", "suggestions", "context", "media"}, "a part of the conversation")
        if ("text" in part) == ("media" in part):
            raise Refused(400, "a part of the conversation is a text or a media")
        if "media" in part:
            media = _only(_part(part, None, "media"), {"mediaName", "mediaUri", "mimeType"}, "media")
            if not all(media.get(name) for name in ("mediaName", "mediaUri", "mimeType")):
                raise Refused(400, "media needs mediaName, mediaUri and mimeType")
        suggestions += _objects(part, "suggestions", required=False)
    for one in suggestions:
        action = one.get("action")
        if action not in ACTIONS or not one.get("label") or "postbackdata" not in one:
            raise Refused(400, "a suggestion has a known action, label and postbackdata")
        _only(one, {"action", "label", "postbackdata"} | ACTIONS[action], f"a suggestion {action}")


def _part(given: dict[str, Any], known: set[str] | None, name: str) -> dict[str, Any]:
    if known is not None:
        _only(given, known, "the body")
    part = given.get(name)
    if not isinstance(part, dict):
        raise Refused(400, f"{name} is missing")
    return cast("dict[str, Any]", part)


def _objects(given: dict[str, Any], name: str, *, required: bool = True) -> list[dict[str, Any]]:
    items = given.get(name)
    if items is None and not required:
        return []
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in cast("list[Any]", items)):
        raise Refused(400, f"{name} must be a list of objects")
    return list(cast("list[dict[str, Any]]", items))


def _only(given: dict[str, Any], known: set[str], where: str) -> dict[str, Any]:
    if unknown := sorted(set(given) - known):
        raise Refused(400, f"{where} has no property {unknown[0]!r}")
    return given
