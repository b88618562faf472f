"""What happens in a conversation, as Salesforce tells it by its stream and its history, as facts."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import msgspec
from msgspec import Struct

from openhandover.core import events as e
from openhandover.core.model import Agent, Attachment
from openhandover.net.bodies import given, read_answer, without_nulls
from openhandover.net.client import Reply
from openhandover.net.sse import ServerSent

_PREFIX = "CONVERSATION_"
_OF_NO_USE = frozenset(
    {
        "RoutingWorkResult",  # work was offered, taken or closed: participants and session tell the same
        "DeliveryAcknowledgement",
        "StreamingToken",  # a part of a bot's text: the whole message follows
        "ClientAction",
        "ClientMenu",
        "EndUserConsentUpdated",
    }
)
PASSING = frozenset({"TypingStartedIndicator", "TypingStoppedIndicator", "ProgressIndicator"})
"""Kinds that are old news in a history."""


class Place(Struct, frozen=True):
    """Where we are in a conversation: the last id of the stream, and the newest entry's time in milliseconds."""

    event_id: str
    at: int = 0

    def text(self) -> str:
        """As a cursor."""
        return msgspec.json.encode(self).decode()


def place(cursor: str) -> Place:
    """The place that a cursor of ours tells."""
    return msgspec.json.decode(cursor, type=Place)


# --- entries ---------------------------------------------------------------------------------------------------


class Sender(Struct, frozen=True):
    """Who did something: `role` is EndUser, Agent, Chatbot, System, Router or Supervisor."""

    role: str = ""
    subject: str | None = None


class Entry(Struct, frozen=True, rename="camel"):
    """One entry of a conversation. The payload is text that holds JSON in the stream, and JSON itself in the history."""

    identifier: str
    entry_type: str = ""
    entry_payload: Any = None
    sender: Sender = Sender()
    sender_display_name: str | None = None
    transcripted_timestamp: int = 0
    related_records: list[str] = []

    def payload(self) -> dict[str, Any]:
        """The payload, whichever way it came; what is null there is left out. Raises ValueError."""
        found = self.entry_payload
        found = msgspec.json.decode(found) if isinstance(found, str) else found
        return msgspec.convert(without_nulls(found) or {}, dict[str, Any])


class _Envelope(Struct, frozen=True, rename="camel"):
    conversation_id: str
    conversation_entry: Entry


class _History(Struct, frozen=True, rename="camel"):
    conversation_entries: list[Any] = []


def history(reply: Reply) -> list[Entry]:
    """The entries of a history, oldest first; one that cannot be read is there as that, and hides no other."""
    found = map(_listed, read_answer(reply, _History, "the entries").conversation_entries)
    return sorted(found, key=lambda entry: entry.transcripted_timestamp)


def _listed(entry: Any) -> Entry:
    try:
        return msgspec.convert(without_nulls(entry), Entry)
    except msgspec.ValidationError:
        return Entry(hashlib.sha256(msgspec.json.encode(entry)).hexdigest(), "Unreadable")


def sent(entries: Iterable[Entry]) -> frozenset[str]:
    """The ids of the messages among them that came from the user's side."""
    return frozenset(id_ for one in entries if one.sender.role == "EndUser" for id_ in _message_ids(one))


def has_ended(entries: Sequence[Entry]) -> bool:
    """Whether the latest word on the session among them is that it ended."""
    last = next((one for one in reversed(entries) if one.entry_type == "SessionStatusChanged"), None)
    try:
        return last is not None and last.payload().get("sessionStatus") == "Ended"
    except ValueError:
        return False


def _message_ids(entry: Entry) -> Iterator[str]:
    try:
        payload = entry.payload()
    except ValueError:
        return
    for holder in (payload, payload.get("abstractMessage")):
        if isinstance(holder, dict):
            yield str(cast("dict[str, Any]", holder).get("id", ""))


def streamed(event: ServerSent, conversation_id: str) -> tuple[str, Entry | None] | None:
    """The kind of an event and its entry, if it can be read; None for what is of another conversation, or of none."""
    if not event.event.startswith(_PREFIX):
        return None
    kind = "".join(word.title() for word in event.event.removeprefix(_PREFIX).split("_"))
    try:
        envelope = given(event.data.encode(), _Envelope)
    except (ValueError, RecursionError):
        return kind, None
    return (kind, envelope.conversation_entry) if envelope.conversation_id == conversation_id else None


# --- facts -----------------------------------------------------------------------------------------------------


class _Participant(Struct, frozen=True):
    operation: str
    participant: Sender
    display_name: str | None = msgspec.field(default=None, name="displayName")


class _Participants(Struct, frozen=True):
    entries: list[_Participant] = []


class _Wait(Struct, frozen=True):
    requested: bool = msgspec.field(default=False, name="isEWTRequested")
    seconds: int | None = msgspec.field(default=None, name="estimatedWaitTimeInSeconds")


class _Routing(Struct, frozen=True, rename="camel"):
    failure_type: str | None = None
    failure_reason: str | None = None
    routing_type: str = "Initial"
    estimated_wait_time: _Wait | None = None


class _File(Struct, frozen=True):
    url: str
    id: str = ""
    name: str = ""
    mime_type: str = msgspec.field(default="", name="mimeType")


class _Files(Struct, frozen=True):
    attachments: list[_File] = []


class Reader:
    """Reads one conversation's entries. `left` is what an agent's leaving means; `named` gives our id of a message that
    we sent under theirs."""

    def __init__(self, left: e.ProviderFact, system: bool, named: Callable[[str], str | None]) -> None:
        self._left = left
        self._system = system
        self._named = named
        self._present: dict[str, Agent] = {}
        self._position: int | None = None
        self._wait_ms: int | None = None

    def facts(self, kind: str, entry: Entry | None) -> list[e.ProviderFact]:
        """What an entry means; what cannot be read, or is not known, is kept as that."""
        if entry is None:
            return [e.Unknown(kind)]
        try:
            return list(self._facts(kind, entry, entry.payload()))
        except (ValueError, RecursionError):
            return [e.Unknown(f"{kind} (unreadable)")]

    def _facts(self, kind: str, entry: Entry, payload: dict[str, Any]) -> Iterator[e.ProviderFact]:
        match kind:
            case "Message":
                yield from self._message(entry, payload)
            case "ParticipantChanged":
                for change in msgspec.convert(payload, _Participants).entries:
                    yield from self._participant(change)
            case "RoutingResult":
                yield from self._routed(msgspec.convert(payload, _Routing))
            case "QueuePosition":
                self._position = msgspec.convert(payload.get("position"), int)
                yield e.QueueUpdated(self._position, self._wait_ms)
            case "TypingStartedIndicator" | "TypingStoppedIndicator":
                if entry.sender.role == "Agent":
                    yield e.AgentTyping(kind == "TypingStartedIndicator")
            case "ProgressIndicator":
                yield e.AgentTyping(True)
            case "ReadAcknowledgement":
                yield from self._read(entry)
            case "SessionStatusChanged":
                if (
                    payload.get("sessionStatus") == "Ended"
                ):  # an inactive one may come back with the next message
                    yield e.Closed(sequenced=True)
            case "CloseConversation":
                yield e.Closed(sequenced=True)
            case _:
                if kind not in _OF_NO_USE:
                    yield e.Unknown(kind)

    def _participant(self, change: _Participant) -> Iterator[e.ProviderFact]:
        who = change.participant
        if who.role != "Agent":  # a bot is nobody who took the conversation
            return
        agent = Agent(who.subject, change.display_name)
        if change.operation == "add":
            self._present[who.subject or ""] = agent
            yield e.AgentJoined(agent)
        elif change.operation == "remove":
            self._present.pop(who.subject or "", None)
            others = list(self._present.values())
            yield e.AgentJoined(others[-1]) if others else self._left

    def _message(self, entry: Entry, payload: dict[str, Any]) -> Iterator[e.ProviderFact]:
        role = entry.sender.role
        if role not in {"Agent", "Chatbot"} and not (role == "System" and self._system):
            return  # our own echo, or words that are not for the user
        message = msgspec.convert(payload.get("abstractMessage"), dict[str, Any])
        content = message.get("staticContent")
        files = msgspec.convert(content, _Files).attachments if isinstance(content, dict) else []
        text = "\n".join(_texts(message))
        if not text and not files:
            yield e.Unknown(f"Message/{message.get('messageType')}")
            return
        agent = Agent(entry.sender.subject, entry.sender_display_name)
        if role == "Agent":
            self._present.setdefault(agent.id or "", agent)
        yield e.AgentMessage(
            text,
            entry.identifier,
            tuple(_file(entry.identifier, n, file) for n, file in enumerate(files)),
            agent,
            automatic=role != "Agent",
        )

    def _routed(self, result: _Routing) -> Iterator[e.ProviderFact]:
        if result.failure_type not in (None, "None"):
            if result.routing_type == "Initial":
                yield e.Failed("unavailable", result.failure_reason or result.failure_type, sequenced=True)
            else:  # of a transfer: whether the agent is still there, participants and session tell
                yield e.Unknown(f"RoutingResult/{result.routing_type} failed")
            return
        if result.routing_type == "Transfer":
            yield e.AgentTransferred()
        wait = result.estimated_wait_time
        if wait is not None and wait.requested and wait.seconds is not None and wait.seconds >= 0:
            self._wait_ms = wait.seconds * 1000
            yield e.QueueUpdated(self._position, self._wait_ms)

    def _read(self, entry: Entry) -> Iterator[e.ProviderFact]:
        of_us = entry.sender.role == "EndUser"
        message_id = self._named(entry.related_records[0]) if entry.related_records and not of_us else None
        if message_id is not None:
            yield e.MessageRead(message_id)


_READ = frozenset({"text", "title", "url"})
_SEEN = frozenset({"attachments", "image"})
"""Parts of a message that are files of their own, or pictures beside a link."""


def _texts(message: Any) -> Iterator[str]:
    """Everything in a message that is meant to be read, in its order: of rich messages the texts, titles and addresses.
    An address at the beginning or end of what an agent writes comes as a message of its own, of the format RichLink."""
    if isinstance(message, list):
        for one in cast("list[Any]", message):
            yield from _texts(one)
    elif isinstance(message, dict):
        for key, value in cast("dict[str, Any]", message).items():
            if key in _READ and isinstance(value, str):
                if value.strip():
                    yield value
            elif key not in _SEEN:
                yield from _texts(value)


def _file(identifier: str, n: int, file: _File) -> Attachment:
    return Attachment(file.id or f"{identifier}:{n}", file.name, file.mime_type, None, file.url)


def event_id(kind: str, entry: Entry | None, data: str, n: int) -> str:
    """The id of an entry's n-th fact: the same in stream and history."""
    whole = entry.identifier if entry else hashlib.sha256(f"{kind}\n{data}".encode()).hexdigest()
    return f"{whole}:{n}" if n else whole
