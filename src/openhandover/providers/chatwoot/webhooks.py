"""Chatwoot's webhooks as facts.

Deliveries are neither unique nor ordered, and nothing is sent twice on purpose, so that every event id here is made
of what stays the same: two webhooks about one thing have one effect, and a message may be learned from any of them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct, field

from openhandover.core import events
from openhandover.core.events import FromProvider, ProviderFact
from openhandover.core.model import Agent, Attachment
from openhandover.net.bodies import read_webhook
from openhandover.providers.base import WebhookRequest

from . import wire
from .settings import Settings

_KINDS = {"incoming": 0, "outgoing": 1, "activity": 2, "template": 3}
_OUTGOING, _TEMPLATE = 1, 3
_SILENT = frozenset(
    {
        *("conversation_opened", "webwidget_triggered"),
        *("contact_created", "contact_updated", "inbox_created", "inbox_updated"),
    }
)
"""Known, and of no interest: nothing in them concerns who talks with whom."""
_HUMAN = "user"


# --- what comes ----------------------------------------------------------------------------------------------


class _Who(Struct):
    id: int | None = None
    name: str | None = None
    available_name: str | None = None
    type: str | None = None
    avatar_url: str | None = None
    thumbnail: str | None = None


class _Numbered(Struct):
    id: int | None = None


class _ContactInbox(Struct):
    source_id: str | None = None


class _Meta(Struct):
    assignee: _Who | None = None
    assignee_type: str | None = None


class _Shown(Struct):
    sender: _Who | None = None


class Talk(Struct):
    """A conversation as a webhook shows it: as it was when the webhook was written, not when the event happened."""

    id: int
    status: str | None = None
    contact_inbox: _ContactInbox | None = None
    meta: _Meta = field(default_factory=_Meta)
    messages: list[_Shown] = field(default_factory=list[_Shown])
    first_reply_created_at: Any = None

    @property
    def is_foreign(self) -> bool:
        """Whether somebody else began it."""
        source = self.contact_inbox.source_id if self.contact_inbox else None
        return source is not None and not source.startswith(wire.MARK)


class _File(Struct):
    file_type: str | None = None
    data_url: str | None = None
    content_type: str | None = None
    extension: str | None = None
    file_size: int | None = None
    fallback_title: str | None = None
    coordinates_lat: float | None = None
    coordinates_long: float | None = None


class _Attributes(Struct):
    deleted: bool | None = None
    items: list[dict[str, Any]] | None = None


class Said(Struct):
    """A message, in a webhook or in a list of messages."""

    id: int
    content: str | None = None
    content_type: str | None = None
    content_attributes: _Attributes | None = None
    message_type: str | int = ""
    private: bool | None = False
    source_id: str | None = None
    sender: _Who | None = None
    attachments: list[_File | None] | None = None
    created_at: str | float | None = None

    @property
    def kind(self) -> int | None:
        """Its type as a number, however it is written."""
        return self.message_type if isinstance(self.message_type, int) else _KINDS.get(self.message_type)


class _Envelope(Struct):
    event: str
    account: _Numbered | None = None


class _MessageEvent(Said, kw_only=True):
    conversation: Talk


class _TypingEvent(Struct):
    conversation: Talk
    user: _Who | None = None
    is_private: bool | None = False


class _Change(Struct):
    current_value: Any = None


class _TalkEvent(Talk, kw_only=True):
    changed_attributes: list[dict[str, _Change]] | None = None


# --- as facts ------------------------------------------------------------------------------------------------


class Reader:
    """Reads the webhooks of one configured provider."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings

    def read(self, request: WebhookRequest) -> Sequence[FromProvider]:
        """The facts of one webhook, none for what concerns somebody else.

        Raises:
            PayloadError: it is not what the documentation promises.
        """
        body = request.body
        envelope = read_webhook(body, _Envelope)
        if envelope.account is not None and envelope.account.id not in (None, self._settings.account_id):
            return []
        match envelope.event:
            case "message_created" | "message_updated":
                said = read_webhook(body, _MessageEvent)
                return self._one(
                    said.conversation, body, f"message:{said.id}", self.message(said, said.conversation), said
                )
            case "conversation_typing_on" | "conversation_typing_off":
                typing = read_webhook(body, _TypingEvent)
                on = envelope.event.endswith("_on")
                event_id = f"typing:{_fingerprint(body + repr(request.received_at).encode())}"
                return self._one(typing.conversation, body, event_id, _typing(typing, on=on))
            case (
                "conversation_created"
                | "conversation_updated"
                | "conversation_status_changed"
                | "conversation_resolved"
            ):
                return self._talk(read_webhook(body, _TalkEvent), envelope.event, body)
            case kind if kind in _SILENT:
                return []
            case kind:
                talk = _number_in(body)
                return [
                    FromProvider(
                        self._name,
                        f"unknown:{_fingerprint(body)}",
                        events.Unknown(kind),
                        external_id=talk,
                        raw=body,
                    )
                ]

    def message(self, said: Said, talk: Talk) -> ProviderFact | None:
        """What the user is to see of it; None for private notes, our own words and what only agents see."""
        attributes = said.content_attributes or _Attributes()
        if said.private or attributes.deleted or (said.source_id or "").startswith(wire.MARK):
            return None
        if said.kind not in (_OUTGOING, _TEMPLATE) or (
            said.content_type == "input_csat" and not self._settings.csat_survey
        ):
            return None
        text, files = _text(said, attributes), _files(said)
        if not text and not files:
            return None
        human = said.kind == _OUTGOING and said.sender is not None and said.sender.type == _HUMAN
        if not human and not self._settings.automatic_messages and said.content_type != "input_csat":
            return None
        agent = _named(said.sender, talk) if human and said.sender else None
        return events.AgentMessage(text, str(said.id), files, agent, automatic=not human)

    def _talk(self, talk: _TalkEvent, event: str, body: bytes) -> Sequence[FromProvider]:
        changes = {key: value for one in talk.changed_attributes or () for key, value in one.items()}
        status = _current(
            changes, "status", talk.status if "status" in event or event.endswith("resolved") else None
        )
        if status in self._settings.end_statuses:
            # One id for each status: a conversation that ended twice ended the first time.
            return self._one(talk, body, f"ended:{talk.id}:{status}", events.Closed("agent_closed"))
        if event == "conversation_created":
            holder = talk.meta.assignee
            if holder is None or holder.type not in (None, _HUMAN):
                return []
            return self._one(
                talk, body, f"assigned:{talk.id}:created", self._assigned(talk, holder.id, changes)
            )
        if "assignee_id" not in changes:
            return []
        fact = self._assigned(talk, _current(changes, "assignee_id", None), changes)
        return self._one(
            talk,
            body,
            f"assigned:{talk.id}:{_fingerprint(msgspec.json.encode(changes, order='sorted'))}",
            fact,
        )

    def _assigned(self, talk: Talk, assignee: Any, changes: Mapping[str, _Change]) -> ProviderFact | None:
        """Who has the conversation now. With `replied`, the first word tells who joined; from then on assignments count."""
        if self._settings.joined_when == "replied" and not talk.first_reply_created_at:
            return None
        if isinstance(assignee, int):
            return events.AgentJoined(_named(_Who(id=assignee, type=_HUMAN), talk))
        return events.AgentTransferred() if _current(changes, "team_id", None) else events.AgentLeft()

    def _one(
        self, talk: Talk, body: bytes, event_id: str, fact: ProviderFact | None, said: Said | None = None
    ) -> Sequence[FromProvider]:
        if fact is None or talk.is_foreign:
            return []
        return [FromProvider(self._name, event_id, fact, external_id=str(talk.id), at=_at(said), raw=body)]

    def listed(self, said: Said, talk_id: str) -> FromProvider | None:
        """A message from the list of a conversation, as its webhook would have told it."""
        fact = self.message(said, Talk(id=int(talk_id)))
        return None if fact is None else self.told(f"message:{said.id}", fact, talk_id, _at(said))

    def held(self, talk: wire.Talk) -> FromProvider | None:
        """Who has the conversation, where no webhook has told of anybody yet."""
        holder, replied = talk.meta.assignee, bool(talk.first_reply_created_at)
        if holder is None or talk.meta.assignee_type not in (None, "User"):
            return None
        if self._settings.joined_when == "replied" and not replied:
            return None
        joined = events.AgentJoined(holder.agent, only_if_free=True)
        return self.told(f"held:{talk.id}:{holder.id}", joined, str(talk.id))

    def ended(self, status: str, talk_id: str) -> FromProvider | None:
        """The end of a conversation, as its webhook would have told it."""
        if status not in self._settings.end_statuses:
            return None
        return self.told(f"ended:{talk_id}:{status}", events.Closed("agent_closed"), talk_id)

    def told(self, event_id: str, fact: ProviderFact, talk_id: str, at: float | None = None) -> FromProvider:
        """A fact that no webhook brought."""
        return FromProvider(self._name, event_id, fact, external_id=talk_id, at=at)


class _Somewhere(Struct):
    id: int | str | None = None
    conversation: _Numbered | str | int | None = None


def _number_in(body: bytes) -> str:
    """The conversation that an event of an unknown kind speaks of, where it says so."""
    found: _Somewhere = read_webhook(body, _Somewhere)
    place = found.conversation if isinstance(found.conversation, _Numbered) else found
    return str(place.id) if isinstance(place.id, int) else ""


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _current(changes: Mapping[str, _Change], name: str, otherwise: Any) -> Any:
    """What a changed attribute is now."""
    return changes[name].current_value if name in changes else otherwise


def _typing(typing: _TypingEvent, *, on: bool) -> ProviderFact | None:
    """Only a human, and not one who types a note: our own typing comes back as the contact's."""
    if typing.is_private or typing.user is None or typing.user.type != _HUMAN:
        return None
    return events.AgentTyping(on)


def _named(who: _Who, talk: Talk) -> Agent:
    """The agent, with the name for users and the picture, which only some parts of a webhook have."""
    known = [talk.meta.assignee, *(shown.sender for shown in talk.messages)]
    same = [one for one in known if one and one.id == who.id and one.type in (None, _HUMAN)]
    everything = [*same, who]
    names = [name for one in everything for name in (one.available_name,) if name]
    names += [one.name for one in everything if one.name]
    pictures = [url for one in everything for url in (one.avatar_url, one.thumbnail) if url]
    return Agent(
        id=None if who.id is None else str(who.id),
        name=next(iter(names), None),
        avatar_url=next(iter(pictures), None),
    )


def _text(said: Said, attributes: _Attributes) -> str:
    """The words: with the choices of a bot's form below, and files that are no files in words."""
    lines = [said.content or ""]
    for item in attributes.items or ():
        words = (str(item[key]) for key in ("title", "description", "link") if item.get(key))
        lines.append("- " + ": ".join(words))
    for file in filter(None, said.attachments or ()):
        if file.file_type == "location":
            place = f"{file.coordinates_lat},{file.coordinates_long}"
            lines.append(" ".join(filter(None, (file.fallback_title, place))))
        elif file.file_type in ("contact", "fallback"):
            lines.append(" ".join(filter(None, (file.fallback_title, file.data_url))))
    return "\n".join(line for line in lines if line)


def _files(said: Said) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    for n, file in enumerate(filter(None, said.attachments or ())):
        url = file.data_url or ""
        if file.file_type in ("location", "contact", "fallback") or not url.startswith(
            ("https://", "http://")
        ):
            continue
        name = unquote(urlsplit(url).path.rpartition("/")[2]) or f"file.{file.extension or 'bin'}"
        found.append(Attachment(f"message:{said.id}:{n}", name, file.content_type or "", file.file_size, url))
    return tuple(found)


def _at(said: Said | None) -> float | None:
    """When it was said, seconds of the epoch: webhooks write a date, lists a number."""
    if said is None or said.created_at is None:
        return None
    if not isinstance(said.created_at, str):
        return float(said.created_at)
    try:
        return datetime.fromisoformat(said.created_at).timestamp()
    except ValueError:
        return None
