"""From our message to what CM's Router takes: buttons become numbers, files links, where nothing better is known."""

from uuid import NAMESPACE_URL, uuid5

from msgspec import structs

from openhandover.cm.business_messaging import Media, Outgoing, Suggestion
from openhandover.cm.twoway import Envelope, Item
from openhandover.core.model import Conversation, Message
from openhandover.texts.cutting import in_parts
from openhandover.texts.readable import said, words
from openhandover.texts.scope import chat_id

from .reading import place_of
from .settings import Settings


def text(message: Message, *, files: bool = True, numbers: bool = True) -> str:
    """The words that the user gets: in their language where it was translated, with links to files and a number
    before each button."""
    parts = [words(message) if files else said(message)]
    if numbers and message.buttons:
        options = "\n".join(f"{n}. {button.text}" for n, button in enumerate(message.buttons, 1))
        parts.append(f"\n{options}" if parts[0] else options)
    return "\n".join(part for part in parts if part)


def envelope(settings: Settings, state: Conversation, message: Message, key: str) -> Envelope:
    """The message as TwoWay; `key` is unique and stays the same on a retry."""
    place = place_of(state.context)
    pieces = cut(text(message), settings.longest_text)
    items = tuple(
        Item("text", message_id(key, part), "to_user", message.at, piece) for part, piece in enumerate(pieces)
    )
    return Envelope(
        chat_id=chat_id(state) or "",
        account_id=place.get("accountId") or settings.technical_link_id,
        channel=place.get("channel", ""),
        client_id=place.get("conversationClientId") or state.user.id,
        host_id=place.get("conversationHostId", ""),
        session_id=place.get("sessionId"),
        items=items,
    )


def outgoing(settings: Settings, state: Conversation, message: Message, key: str) -> list[Outgoing]:
    """The message as Business Messaging; files and quick replies go with its last part."""
    place = place_of(state.context)
    suggests = settings.buttons == "suggestions"
    files = [file for file in message.attachments if file.url]
    pieces = cut(text(message, files=False, numbers=not suggests), settings.longest_text)
    parts = [
        Outgoing(
            sender=place.get("conversationHostId", ""),
            to=place.get("conversationClientId") or state.user.id,
            channel=place.get("channel", ""),
            text=piece,
            reference=message_id(key, part),
        )
        for part, piece in enumerate(pieces)
    ]
    parts[-1] = structs.replace(
        parts[-1],
        media=tuple(Media(file.url, file.name, file.content_type) for file in files),
        suggestions=tuple(Suggestion(b.text, b.value) for b in message.buttons or ()) if suggests else (),
    )
    return parts


def cut(text: str, longest: int | None) -> list[str]:
    """The text in parts of at most so many characters."""
    return [text] if longest is None else in_parts(text, lambda rest: rest[:longest])


def message_id(key: str, part: int = 0) -> str:
    """A UUID for a part of what has this key: an id that every reading of "id" accepts."""
    return str(uuid5(NAMESPACE_URL, f"openhandover:{key}:{part}" if part else f"openhandover:{key}"))
