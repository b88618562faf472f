"""What we say to Live Helper Chat: chats, lines and the tokens in them. Source: its REST API, release 4.90."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from openhandover.core.model import Attachment, Message
from openhandover.net.forms import Part, form
from openhandover.providers.base import HandoverRequest, Session

from .settings import Settings

VISITOR, SYSTEM, BOT = 0, -1, -2
"""Who wrote a line, by its `user_id`; an operator's is above 0."""
MARK = "openhandover_id"
"""The chat variable that carries our key: by it a chat is found again, and webhooks are limited to our chats."""
NAME_LENGTH = 100

_BREAK = "\u200b"
"""A zero-width space: it keeps a token from being one, and is not seen."""
_TOKENS = re.compile(
    r"\[(?=\[msgitm\]\]|file=|/?html\b|button_action=|link_trigger=|survey=|fupload\b)", re.IGNORECASE
)
"""`[[msgitm]]` makes several messages of one, `[file=` refers to any upload. `[html]` takes the text away: of the visitor it is
not shown, and without a right of its own `addmsgadmin` throws the whole line away and says that it was taken. The others
make buttons and links that act in the operator's page."""


class Held(Struct, frozen=True):
    """What a session must know beside the chat's id: the visitor's secret, and the last line that we brought along."""

    hash: str
    after: int = 0


def held(session: Session) -> Held:
    """What was kept when the session was opened."""
    return msgspec.json.decode(session.vendor_state or '{"hash":""}', type=Held)


def state(chat_hash: str, after: int) -> str:
    """The same, to be kept."""
    return msgspec.json.encode(Held(chat_hash, after)).decode()


# --- texts -------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """A text in which nothing is a token of theirs."""
    return _TOKENS.sub("[" + _BREAK, text).strip()


def no_command(text: str) -> str:
    """A line by `addmsgadmin`: there, what begins with `!` would be an operator's command, whoever the sender is."""
    text = plain(text)
    return _BREAK + text if text.startswith("!") else text


def split(text: str, limit: int) -> list[str]:
    """The text in pieces of at most `limit` characters, cut between lines or words where that is possible."""
    pieces: list[str] = []
    rest = plain(text)
    while len(rest) > limit:
        cut = max(rest.rfind("\n", limit // 2, limit), rest.rfind(" ", limit // 2, limit))
        cut = cut if cut > 0 else limit
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [piece for piece in (*pieces, rest) if piece]


def link(file: Attachment) -> str:
    """A file as text, where it cannot be handed over itself."""
    return plain(f"{file.name}: {file.url}" if file.name else file.url)


def _said(message: Message) -> str:
    return plain("\n".join([message.text, *(link(file) for file in message.attachments)]))


# --- a new chat --------------------------------------------------------------------------------------------------


class Wanted(Struct, frozen=True):
    """Where a chat shall go, of the rendered route."""

    department: int
    priority: int | None = None
    operator: int | None = None


def number(value: Any) -> int | None:
    """A whole number of a route, which may have been written as text; None where it is absent.

    Raises:
        ValueError: it is something else.
    """
    return None if value in (None, "") else int(value)


def opening(request: HandoverRequest, settings: Settings, wanted: Wanted) -> dict[str, Any]:
    """The body of `POST /restapi/chat`."""
    earlier, question = _talk(request.transcript, settings)
    user = request.user
    fields = {
        "DepartamentID": wanted.department,  # their spelling
        "Username": plain(user.name or "")[:NAME_LENGTH],
        "Email": user.email,
        "Phone": (user.phone or "")[:NAME_LENGTH],
        "Question": question,
        "operator": wanted.operator,
    }
    column = {
        "remarks": request.reason,
        "priority": wanted.priority,
        "chat_locale": request.conversation.language,
    }
    return {
        "department": [wanted.department],
        "fields": {key: value for key, value in fields.items() if value},
        "ignore_required": True,  # also lifts the limit of the first message's length
        "ignore_bot": True,
        "chat_variables": {MARK: request.key},
        "additional_data": _facts({**user.attributes, **request.context}),
        "main_attr": {key: value for key, value in column.items() if value not in (None, "")},
        "messages": earlier,
    }


def _talk(transcript: Sequence[Message], settings: Settings) -> tuple[list[dict[str, Any]], str]:
    """The lines before the first message, and that message. They put it last, so it is the user's last word where the
    conversation ended with it."""
    spoken = [(one, text) for one in transcript if (text := _said(one))]
    question = plain(settings.question)
    if spoken and spoken[-1][0].author == "user":
        question = spoken.pop()[1]
    return [_line(one, text, settings) for one, text in spoken], question


def _line(message: Message, text: str, settings: Settings) -> dict[str, Any]:
    at = int(datetime.fromisoformat(message.at).timestamp())
    match message.author:
        case "user":
            return {"msg": text, "user_id": VISITOR, "time": at}
        case "system":
            return {"msg": text, "user_id": SYSTEM, "time": at}
        case _:  # also an agent of an earlier handover, who is no operator there
            return {"msg": text, "user_id": BOT, "name_support": bot_name(message, settings), "time": at}


def bot_name(message: Message, settings: Settings) -> str:
    """The name at a line that is not the user's."""
    return (message.author_name or settings.bot_name)[:NAME_LENGTH]


def _facts(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """What else is known, for the operator to read."""
    return [
        {"identifier": key, "key": key, "value": value if isinstance(value, str) else _json(value)}
        for key, value in values.items()
        if value not in (None, "", [], {})
    ]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


# --- a file ------------------------------------------------------------------------------------------------------


def form_with_file(chat_id: str, file: Attachment, content: bytes) -> tuple[str, bytes]:
    """Content type and body of an upload: `chat_id` and one `files`."""
    return form([Part("chat_id", chat_id.encode()), Part("files", content, file.content_type, file.name)])
