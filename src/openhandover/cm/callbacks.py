"""What CM's Router calls beside messages: the Hand Over Endpoint and the Event Endpoint of an adapter.

The Hand Over body is a template that an operator may edit; CM fills in its placeholders. It carries no kind of event:
it says that a handover happened on this chat, and nothing of a human. Its `context` is inserted without quotes, so
that an empty one makes the body invalid JSON. The list of events is not in public documentation; a session's end is
recognised by the words that public integrations look for.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from msgspec import Struct

from openhandover.core.errors import SignatureError
from openhandover.net.signatures import is_secret

from .bodies import field, part, read, word

ENDINGS = ("sessionended", "ended", "closed", "clientleft")
"""A kind that contains one of these, in whatever case, is the end of the session."""

_KINDS = ("$type", "eventType", "type")
_STRING = re.compile(r'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))', re.DOTALL)
"""Also one that never ends: or each quote inside it would be tried as its beginning, which takes for ever."""
_PLACEHOLDER = re.compile(r"\{\{\s*\$?\w+\s*\}\}")
_EMPTY_VALUE = re.compile(r"^(\s*:)(\s*)(?=[,}])")


class Notice(Struct, frozen=True):
    """A handover happened on this chat. What the body does not tell is empty; `raw` is all of it."""

    chat_id: str = ""
    session_id: str = ""
    account_id: str = ""
    channel: str = ""
    host_id: str = ""
    client_id: str = ""
    context: dict[str, Any] = {}
    """The mutation's Context, where the template asks for it."""
    raw: dict[str, Any] = {}


class Occurrence(Struct, frozen=True):
    """Something happened on a chat. `kind` is as CM wrote it; what the body does not tell is empty."""

    kind: str = ""
    chat_id: str = ""
    session_id: str = ""
    client_id: str = ""
    is_end: bool = False
    raw: dict[str, Any] = {}


def admit(headers: Mapping[str, str], name: str, *secrets: str | None) -> None:
    """Let a call in that shows one of our secrets in the header of this name; names in `headers` are in lower case.

    CM signs nothing (seen in public integrations): the secret is an extra header of the adapter's form.

    Raises:
        SignatureError: it is missing or another one.
    """
    if not is_secret(headers.get(name.lower(), "").encode("latin-1", "replace"), *secrets):
        raise SignatureError


def notice(body: bytes) -> Notice:
    """Read a Hand Over body, repaired where CM leaves a hole in it.

    Raises:
        PayloadError: it is no JSON object even then.
    """
    raw = _filled(read(body, _repaired))
    return Notice(
        chat_id=word(field(raw, "chatId")),
        session_id=word(field(raw, "sessionId")),
        account_id=word(field(raw, "accountId")),
        channel=word(field(raw, "channel")),
        host_id=word(field(raw, "conversationHostId")),
        client_id=word(field(raw, "conversationClientId")),
        context=_filled(part(raw, "context")),
        raw=raw,
    )


def occurrence(body: bytes) -> Occurrence:
    """Read what the Event Endpoint gets: ids at the top or in `chat`, kinds at the top or in `conversationEvents`.

    Raises:
        PayloadError: it is no JSON object.
    """
    raw = read(body)
    chat = part(raw, "chat")
    kinds = [kind for place in (raw, *_events(raw)) for kind in _kinds(place)]
    endings = [kind for kind in kinds if any(ending in kind.lower() for ending in ENDINGS)]
    return Occurrence(
        kind=(endings or kinds or [""])[0],
        chat_id=word(field(chat, "id")) or word(field(raw, "chatId")),
        session_id=word(field(chat, "sessionId")) or word(field(raw, "sessionId")),
        client_id=word(field(chat, "conversationClientId")) or word(field(raw, "conversationClientId")),
        is_end=bool(endings),
        raw=raw,
    )


def _repaired(text: str) -> str:
    """The text with nothing changed inside its strings; outside, a placeholder becomes null and a hole `{}`."""
    pieces = _STRING.split(text)
    pieces[::2] = [_EMPTY_VALUE.sub(r"\1{}\2", _PLACEHOLDER.sub("null", outside)) for outside in pieces[::2]]
    return "".join(pieces)


def _filled(raw: dict[str, Any]) -> dict[str, Any]:
    """Placeholders that CM did not know are left in the text: they say nothing."""
    return {name: None if _is_placeholder(value) else value for name, value in raw.items()}


def _is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(value.strip()) is not None


def _events(raw: dict[str, Any]) -> list[dict[str, Any]]:
    given: Any = field(raw, "conversationEvents")
    listed = cast("list[Any]", given) if isinstance(given, list) else []
    return [cast("dict[str, Any]", one) for one in listed if isinstance(one, dict)]


def _kinds(place: dict[str, Any]) -> list[str]:
    return [kind for name in _KINDS if (kind := word(field(place, name)))]
