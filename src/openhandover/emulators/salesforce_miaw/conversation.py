"""One conversation: its entries, its messaging session, and who is in it."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from openhandover.emulators.answers import Refused

Publish = Callable[[str, str, dict[str, Any]], None]
"""Tell a subject's stream of an event: subject, name, data."""
EVENTS = {
    "Message": "CONVERSATION_MESSAGE",
    "ParticipantChanged": "CONVERSATION_PARTICIPANT_CHANGED",
    "RoutingResult": "CONVERSATION_ROUTING_RESULT",
    "RoutingWorkResult": "CONVERSATION_ROUTING_WORK_RESULT",
    "QueuePosition": "CONVERSATION_QUEUE_POSITION",
    "TypingStartedIndicator": "CONVERSATION_TYPING_STARTED_INDICATOR",
    "TypingStoppedIndicator": "CONVERSATION_TYPING_STOPPED_INDICATOR",
    "DeliveryAcknowledgement": "CONVERSATION_DELIVERY_ACKNOWLEDGEMENT",
    "ReadAcknowledgement": "CONVERSATION_READ_ACKNOWLEDGEMENT",
    "SessionStatusChanged": "CONVERSATION_SESSION_STATUS_CHANGED",
    "CloseConversation": "CONVERSATION_CLOSE_CONVERSATION",
    "ProgressIndicator": "CONVERSATION_PROGRESS_INDICATOR",
    "StreamingToken": "CONVERSATION_STREAMING_TOKEN",
}
CHANNEL = "22222222-3333-4444-8555-666666666666"
AUTHORS = {"EndUser": "user", "Agent": "agent", "Chatbot": "bot", "System": "system", "Supervisor": "note"}
APPS = {"Agent": "agent", "Chatbot": "chatbot", "EndUser": "iamessage"}


_LINK = re.compile(r"https?://\S+")


def contents(text: str) -> list[dict[str, Any]]:
    """What Salesforce makes of a text: an address at its beginning or its end becomes a message of its own."""
    first = _LINK.match(text)
    rest = text[first.end() :] if first else text
    last = _LINK.fullmatch(rest.rsplit(maxsplit=1)[-1]) if rest.strip() else None
    if last:
        rest = rest[: rest.rindex(last[0])]
    said = [{"formatType": "Text", "text": rest.strip() if first or last else rest}] if rest.strip() else []
    return [*([_link(first[0])] if first else []), *said, *([_link(last[0])] if last else [])]


def _link(url: str) -> dict[str, Any]:
    title = {"itemType": "TitleItem", "title": urlsplit(url).netloc}
    link = {"itemType": "LinkItem", "titleItem": title, "url": url}
    return {"formatType": "RichLink", "image": None, "linkItem": link, "text": None}


@dataclass
class Line:
    """What the agent's page shows."""

    author: str
    text: str
    at: str
    files: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


@dataclass
class Conversation:
    """A conversation belongs to one subject. `session` is the status of its MessagingSession, empty before the first."""

    id: str
    subject: str
    attributes: dict[str, str]
    language: str | None
    publish: Publish
    session: str = ""
    routing_status: str = "INITIAL"
    record: dict[str, str] = field(default_factory=dict[str, str])
    """Attributes that reached the MessagingSession: only those of a first message do."""
    agent: tuple[str, str] | None = None
    """Subject and name."""
    closed: bool = False
    entries: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    lines: list[Line] = field(default_factory=list[Line])
    acks: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    is_typing: bool = False
    sent_at: list[float] = field(default_factory=list[float])

    @property
    def state(self) -> str:
        """As the page names it."""
        if self.closed or self.session == "Ended":
            return "ended"
        return "active" if self.agent else "waiting"

    # --- entries

    def add(
        self,
        kind: str,
        payload: dict[str, Any],
        role: str = "System",
        who: tuple[str, str] | None = None,
        related: list[str] | None = None,
    ) -> None:
        """A new entry: in the history as an object, in the stream as text that holds JSON."""
        now = int(time.time() * 1000)
        stamp = max(now, self.entries[-1]["transcriptedTimestamp"] + 1) if self.entries else now
        subject, name = who or ("", "")
        entry: dict[str, Any] = {
            "identifier": str(uuid4()),
            "entryType": kind,
            "entryPayload": {"entryType": kind, "id": str(uuid4()), **payload},
            "sender": {"role": role, "appType": APPS.get(role, "system"), "subject": subject},
            "senderDisplayName": name,
            "transcriptedTimestamp": stamp,
            "clientTimestamp": stamp,
            "relatedRecords": related or [],
        }
        self.entries.append(entry)
        self._publish(EVENTS.get(kind, kind), entry)

    def _publish(self, name: str, entry: dict[str, Any]) -> None:
        told = {**entry, "entryPayload": json.dumps(entry["entryPayload"])}
        envelope = {
            "channelPlatformKey": CHANNEL,
            "channelType": "embedded_messaging",
            "channelAddressIdentifier": CHANNEL,
            "conversationId": self.id,
            "conversationEntry": told,
        }
        self.publish(self.subject, name, envelope)

    def say(self, role: str, content: dict[str, Any], who: tuple[str, str], id_: str | None = None) -> None:
        """A message of anybody."""
        id_ = id_ or str(uuid4())
        message: dict[str, Any] = {
            "messageType": "StaticContentMessage",
            "inReplyToMessageId": None,
            "id": id_,
            "references": [],
            "staticContent": content,
        }
        files = [{"name": file["name"], "url": file["url"]} for file in content.get("attachments", [])]
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        shown = content.get("text") or content.get("linkItem", {}).get("url", "")
        self.lines.append(Line(AUTHORS[role], shown, at, files))
        self.add("Message", {"id": id_, "abstractMessage": message, "messageReason": None}, role, who)

    # --- the user's side

    def from_user(self, id_: str, content: dict[str, Any], first: bool, attributes: dict[str, str]) -> None:
        """A message of the user; where there is no session, it begins one. A repeated id is shown again: whether
        Salesforce drops it is not documented."""
        begins = self.session in ("", "Ended")
        if first:
            self.record = dict(attributes)
        self.say("EndUser", content, (self.subject, "Guest"), id_)
        if begins:
            self.session, self.routing_status, self.agent = "Waiting", "INITIAL", None
            self.route("Initial")
        elif self.session == "Inactive":
            self.status("Active")

    def close(self) -> None:
        """The user's side closes it for good."""
        self.closed = True
        self.agent = None
        self.add("CloseConversation", {}, "EndUser")

    def end_session(self, role: str) -> None:
        """The session ends; the conversation stays."""
        self.status("Ended", role)

    # --- routing and the session

    def route(self, kind: str, failure: str = "None", wait_s: int | None = None) -> None:
        """The result of routing."""
        wait = {"isEWTRequested": wait_s is not None, "estimatedWaitTimeInSeconds": wait_s or 0}
        reason = None if failure == "None" else "no queue takes it"
        told = {"recordId": "0Mwxx0000000001", "routingType": kind, "failureType": failure}
        self.add("RoutingResult", {**told, "failureReason": reason, "estimatedWaitTime": wait}, "Router")

    def status(self, new: str, role: str | None = None) -> None:
        """The session's status changes."""
        before, self.session = self.session, new
        told = {"sessionStatus": new, "sessionStatusPrev": before or None, "sessionEndedByRole": role}
        self.add("SessionStatusChanged", told)

    def join(self, who: tuple[str, str]) -> None:
        """An agent takes it."""
        self._open()
        self.agent, self.routing_status = who, "ROUTED"
        self.add("RoutingWorkResult", {"workType": "Accepted"}, "Router")
        self._participant("add", who)
        if self.session != "Active":
            self.status("Active")

    def leave(self, becomes: str) -> None:
        """The agent leaves; `becomes` is the routing status from now on.

        Raises:
            Refused: 409, there is no agent.
        """
        if self.agent is None:
            raise Refused(409, "no agent has this conversation")
        who, self.agent, self.routing_status = self.agent, None, becomes
        self._participant("remove", who)

    def end(self) -> None:
        """The agent ends the chat: with it the session ends, not the conversation."""
        self._open()
        if self.agent is not None:
            self.say(
                "System", {"formatType": "Text", "text": "The chat has ended."}, ("", "Automated Process")
            )
            self.leave("NEEDS_ROUTING")
        self.end_session("Agent")

    def speaking(self) -> tuple[str, str]:
        """The agent who has it.

        Raises:
            Refused: 409, nobody has, or it has ended.
        """
        self._open()
        if self.agent is None:
            raise Refused(409, "no agent has this conversation; take it first")
        return self.agent

    def _open(self) -> None:
        if self.state == "ended":
            raise Refused(409, "this conversation has ended")

    def _participant(self, operation: str, who: tuple[str, str]) -> None:
        participant = {"role": "Agent", "subject": who[0], "appType": "agent", "clientIdentifier": "c-1"}
        change = {"operation": operation, "displayName": who[1], "participant": participant}
        self.add("ParticipantChanged", {"entries": [change]})

    # --- the page

    def shown(self) -> dict[str, Any]:
        """For the page and for tests."""
        named = [value for name, value in self.attributes.items() if "name" in name.lower()]
        created = {
            f"Created with {name}": value
            for name, value in self.attributes.items()
            if name not in self.record
        }
        language = {"Language": self.language} if self.language else {}
        lines = [
            {
                "author": one.author,
                "text": one.text,
                "at": one.at,
                **({"files": one.files} if one.files else {}),
            }
            for one in self.lines
        ]
        return {
            "id": self.id,
            "name": named[0] if named else "Guest",
            "state": self.state,
            "facts": {**language, **self.record, **created},
            "lines": lines,
        }
