"""Reading a TwoWay envelope: the documented properties in their documented casing, message types left open."""

from dataclasses import dataclass
from typing import Any, cast

from openhandover.emulators.answers import Refused

from .account import CHANNELS, Account, Adapter

ENVELOPE = {"chat", "conversationMessages", "conversationEvents"}
"""`targetAdaptersInfo` is added by the Router; nobody sends it."""
CHAT = {
    *("id", "sessionId", "accountId", "channel"),
    *("conversationClientId", "conversationHostId", "conversationClientName"),
}
REQUIRED = ("id", "accountId", "channel", "conversationClientId", "conversationHostId")
FROM_USER, TO_USER = "ClientOriginated", "ClientTerminated"


@dataclass(frozen=True)
class Sent:
    """An envelope that was accepted; the id of its chat is left out because it does not count."""

    channel: str
    client_id: str
    host_id: str
    client_name: str | None
    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]


def read(body: dict[str, Any], account: Account, adapter: Adapter) -> Sent:
    """The envelope as this adapter may send it.

    Raises:
        Refused: 400, with what is wrong. Which status the Router itself answers is not documented.
    """
    _known(body, ENVELOPE, "the envelope")
    chat = body.get("chat")
    if not isinstance(chat, dict):
        raise Refused(400, "chat must be an object")
    given = cast("dict[str, Any]", chat)
    _known(given, CHAT, "chat")
    for name in REQUIRED:
        if not isinstance(given.get(name), str) or not given[name]:
            raise Refused(400, f"chat.{name} is missing")
    if given["accountId"] != account.technical_link_id:
        raise Refused(400, "chat.accountId is not the account of the address")
    if given["channel"] not in CHANNELS:
        raise Refused(400, f"chat.channel {given['channel']!r} is not a channel of the Router")
    messages, events = _list(body, "conversationMessages"), _list(body, "conversationEvents")
    if not messages and not events:
        raise Refused(400, "there is neither a message nor an event")
    for message in messages:
        _check(message, TO_USER if adapter.role == "bot" else FROM_USER)
    return Sent(
        given["channel"],
        given["conversationClientId"],
        given["conversationHostId"],
        given.get("conversationClientName"),
        messages,
        events,
    )


def text_of(message: dict[str, Any]) -> str:
    """What a person reads of a message; one of another type is named by its type."""
    return message["text"] if _kind(message) == "text" else f"[{message['$type']}]"


def _check(message: dict[str, Any], direction: str) -> None:
    if not _kind(message):
        raise Refused(400, "a message has no $type")
    # A channel's side speaks for the user, a bot's side to the user. That the Router would take the other way round is
    # documented nowhere.
    if message.get("direction") != direction:
        raise Refused(400, f"direction of this adapter's messages is {direction}")
    if _kind(message) == "text" and not isinstance(message.get("text"), str):
        raise Refused(400, "a text message has no `text` (in lower case; `Text` is not recognised)")


def _kind(message: dict[str, Any]) -> str:
    kind = message.get("$type")
    return kind.lower() if isinstance(kind, str) else ""


def _list(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    given = body.get(name, [])
    if not isinstance(given, list):
        raise Refused(400, f"{name} must be a list")
    items = cast("list[Any]", given)
    if not all(isinstance(item, dict) and isinstance(item.get("$type"), str) for item in items):  # pyright: ignore[reportUnknownMemberType]  plain JSON
        raise Refused(400, f"each of {name} must be an object with $type")
    return items


def _known(given: dict[str, Any], names: set[str], where: str) -> None:
    if unknown := sorted(set(given) - names):
        raise Refused(400, f"{where} has no property {unknown[0]!r} (or not in this casing)")
