"""What Live Helper Chat shows of a chat, and the facts that follow from looking at it again.

The chat's `status` and `user_id` are the truth; lines give texts and names. Their texts are localized, so nothing is read
from the words of a system line. Source: its REST API, release 4.90 (`GET /restapi/chat/{id}`, `fetchchatmessages`).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct, structs

from openhandover.core import events
from openhandover.core.errors import ProviderUnavailable
from openhandover.core.events import FromProvider, ProviderFact
from openhandover.core.model import Agent, Attachment

from .wire import BOT, SYSTEM

T = TypeVar("T")

PENDING, ACTIVE, CLOSED, WITH_BOT = 0, 1, 2, 5
"""Values of a chat's `status`."""
READ = 3
"""Value of a line's `del_st`: an operator has opened it."""
CONTACT_FORM, SURVEY = 2, 5
"""Values of `status_sub` with which the visitor can write no more."""

_FILE = re.compile(r"\[file=[^\]]*\]")
_TAGS = re.compile(r"\[/?(?:b|i|u|s|em|strong|strike|sub|sup|quote|code)\]")
_LINK = re.compile(r"\[url=([^\]\s]+)\](.*?)\[/url\]", re.DOTALL)
_BARE = re.compile(r"\[(url|img)\](.*?)\[/\1\]", re.DOTALL)


def mapping(value: Any) -> dict[str, Any]:
    """The value as an object; empty where it is something else. PHP writes an empty object as `[]`."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


class Chat(Struct, frozen=True):
    """A chat; everything else in the answer, a password's hash among it, is never read."""

    id: int
    status: int
    status_sub: int = 0
    user_id: int = 0
    dep_id: int = 0
    hash: str = ""
    chat_variables: str | dict[str, Any] | list[Any] | None = None
    plain_user_name: str | bool = False
    number_in_queue: int | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the visitor's side of it is over."""
        return self.status == CLOSED or self.status_sub in (CONTACT_FORM, SURVEY)

    @property
    def variables(self) -> dict[str, Any]:
        """The chat variables, which are stored as JSON text."""
        found = self.chat_variables
        if isinstance(found, str) and found:
            try:
                found = msgspec.json.decode(found)
            except ValueError:  # of a chat that somebody else made
                found = None
        return mapping(found)


class Media(Struct, frozen=True):
    """A file of a line."""

    id: int
    upload_name: str = ""
    type: str = ""
    size: int | None = None


_SILENCE = "autoclose_activity_timeout"
_REASONS = {
    "autoclose_timeout": "user_idle",
    _SILENCE: "user_idle",
    "autoclose_timeout_active": "total_timeout",
}
"""Why the installation closed a chat by itself, as its source writes it."""
_TO_THE_FORM = "nobody took the chat in time: the department sends waiting visitors to its contact form"
_UNSERVED = "nobody took the chat before Live Helper Chat closed it by itself"
_UNANSWERED = "Live Helper Chat closed the chat by itself while the user waited for an answer"


class Itself(Struct, frozen=True):
    """`close_reason`: why the installation closed a chat by itself."""

    reason: str = ""
    last_user_msg_time: int = 0
    last_op_msg_time: int = 0


class Line(Struct, frozen=True):
    """One message."""

    id: int
    user_id: int
    msg: str | None = ""
    meta_msg: str | None = ""
    time: int = 0
    name_support: str | None = ""
    media: list[Media] = []
    del_st: int = 0

    @property
    def content(self) -> dict[str, Any]:
        """What `meta_msg` says of it."""
        try:
            found = msgspec.json.decode(self.meta_msg or "{}")
        except ValueError:
            return {}
        return mapping(mapping(found).get("content"))

    @property
    def closed_itself(self) -> Itself | None:
        """Why the installation closed the chat, where this line says so."""
        why = self.content.get("close_reason")
        return read(Itself, why) if self.user_id == SYSTEM and isinstance(why, dict) else None


class Lines(Struct, frozen=True):
    """The answer of `fetchchatmessages`."""

    messages: list[Line] = []
    ot: str | None = ""
    """A sentence while an operator types, else empty."""


def read(kind: type[T], value: Any) -> T:
    """A part of an answer. Numbers may come as text; nonsense may be a proxy's, so it is worth another try."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ProviderUnavailable(f"Live Helper Chat's answer: {error}") from None


class View(Struct, frozen=True, omit_defaults=True):
    """How a chat looked the last time: the cursor of its session. `n` counts the facts that are no lines."""

    after: int = 0
    n: int = 0
    status: int = PENDING
    owner: int = 0
    place: int | None = None
    typing: bool = False
    spoken: int = 0
    """The latest line by which somebody was there: what is read again says nothing of who is there now."""

    @property
    def cursor(self) -> str:
        """As text."""
        return msgspec.json.encode(self).decode()

    @property
    def served(self) -> int:
        """The operator who has the chat; 0 while it waits."""
        return self.owner if self.status == ACTIVE else 0


def seen_before(cursor: str | None, after: int) -> View:
    """The view that a cursor stands for; without one, that of a chat which was just opened."""
    return msgspec.json.decode(cursor, type=View) if cursor else View(after=after)


class Sight:
    """One look at a chat: the facts since the view before, in their order."""

    def __init__(self, provider: str, base_url: str, before: View) -> None:
        self.view = before
        self._provider = provider
        self._files = f"{base_url}/restapi/file/"

    def facts(self, chat: Chat, lines: Lines, new: Sequence[Line]) -> Iterator[FromProvider]:
        """What happened. `new` are the lines that were not handled yet; the chat was read before its lines, so that
        what was said before its end is among them. The end itself is not told here."""
        was_served = bool(self.view.served)
        joined = self._owner(chat, lines)
        if joined is not None:
            yield self._changed(chat, joined)
        for line in sorted(new, key=lambda line: line.id):
            if (said := self._said(line)) is not None:
                self._spoke(line.id, said)
                yield self._origin(chat, f"message:{line.id}", said, line.time)
        typing = bool(lines.ot)
        if typing != self.view.typing:
            self.view = structs.replace(self.view, typing=typing)
            yield self._changed(chat, events.AgentTyping(typing))
        if was_served and chat.status == PENDING:
            self.view = structs.replace(self.view, status=PENDING, owner=0, place=None)
            yield self._changed(chat, events.AgentLeft())
        place = chat.number_in_queue if chat.status == PENDING else None
        if place is not None and place != self.view.place:
            self.view = structs.replace(self.view, place=place)
            yield self._changed(chat, events.QueueUpdated(position=place))

    def opened(self, chat: Chat, lines: Lines, unread: dict[int, str]) -> Iterator[FromProvider]:
        """What operators have seen of the user's; it is taken out of `unread` (line -> message)."""
        for line in lines.messages:
            if line.del_st == READ and (message_id := unread.pop(line.id, None)) is not None:
                yield self._origin(chat, f"read:{line.id}", events.MessageRead(message_id))

    def ended(self, chat: Chat, lines: Lines) -> FromProvider:
        """The chat is over. A contact form that the department shows to whoever waits too long means that nobody came."""
        if chat.status == PENDING and chat.status_sub == CONTACT_FORM:
            return self._changed(chat, events.Failed("unavailable", _TO_THE_FORM, sequenced=True))
        itself = next((found for line in reversed(lines.messages) if (found := line.closed_itself)), None)
        if itself is None:
            return self._changed(chat, events.Closed(sequenced=True))
        if not self.view.served:
            return self._changed(chat, events.Failed("unavailable", _UNSERVED, sequenced=True))
        if itself.last_user_msg_time > itself.last_op_msg_time and itself.reason == _SILENCE:
            return self._changed(chat, events.Failed("agent_timeout", _UNANSWERED, sequenced=True))
        return self._changed(chat, events.Closed(_REASONS.get(itself.reason), sequenced=True))

    def _owner(self, chat: Chat, lines: Lines) -> ProviderFact | None:
        """Somebody accepted it, or somebody else has it now."""
        served, before = chat.user_id if chat.status == ACTIVE else 0, self.view.served
        if not served or served == before:
            return None
        self.view = structs.replace(self.view, status=ACTIVE, owner=served, place=None)
        agent = Agent(id=str(served), name=_name(chat, lines))
        return events.AgentTransferred(agent) if before else events.AgentJoined(agent)

    def _spoke(self, line: int, said: ProviderFact) -> None:
        """Who writes is there, also where the chat was read a moment before it was accepted."""
        if line <= self.view.spoken:
            return
        self.view = structs.replace(self.view, spoken=line)
        wrote = isinstance(said, events.AgentMessage) and not said.note and said.agent
        if wrote and wrote.id and not self.view.served:
            self.view = structs.replace(self.view, status=ACTIVE, owner=int(wrote.id), place=None)

    def _said(self, line: Line) -> ProviderFact | None:
        """What an operator wrote. Ours are 0 and -2, the system's -1: also after a restart they are never inbound."""
        agent = Agent(id=str(line.user_id), name=line.name_support or None) if line.user_id > 0 else None
        automatic = line.user_id == BOT and line.content.get("auto_responder") is True
        if line.user_id < BOT:
            return events.Unknown(f"line by {line.user_id}")
        if agent is None and not automatic:
            return None
        files = tuple(
            Attachment(str(one.id), one.upload_name, one.type, one.size, f"{self._files}{one.id}")
            for one in line.media
        )
        text = text_of(line)
        if not text and not files:
            return None
        return events.AgentMessage(
            text,
            id=str(line.id),
            attachments=files,
            agent=agent,
            note=line.content.get("whisper") is True,
            automatic=automatic,
        )

    def _changed(self, chat: Chat, fact: ProviderFact) -> FromProvider:
        self.view = structs.replace(self.view, n=self.view.n + 1)
        return self._origin(chat, f"chat:{chat.id}:{self.view.n}", fact)

    def _origin(self, chat: Chat, event_id: str, fact: ProviderFact, at: int = 0) -> FromProvider:
        return FromProvider(
            self._provider, event_id, fact, external_id=str(chat.id), at=float(at) if at else None
        )


def text_of(line: Line) -> str:
    """The line for a reader who knows no BBCode: without file tokens and tags, links spelled out."""
    text = _FILE.sub("", line.msg or "")
    text = _LINK.sub(lambda m: m[2] if m[1] == m[2] else f"{m[2]} ({m[1]})", text)
    return _TAGS.sub("", _BARE.sub(lambda m: m[2], text)).strip()


def _name(chat: Chat, lines: Lines) -> str | None:
    """The operator's public name; their e-mail address and login name are nobody's business."""
    for line in reversed(lines.messages):
        accepted = mapping(line.content.get("accept_action"))
        if str(accepted.get("user_id")) == str(chat.user_id) and (name := accepted.get("name_support")):
            return str(name)
    if isinstance(chat.plain_user_name, str) and chat.plain_user_name:
        return chat.plain_user_name
    written = (one.name_support for one in lines.messages if one.user_id == chat.user_id)
    return next(written, None) or None
