"""One conversation as Genesys Cloud keeps it: parties that come and go, and what was said."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid4, uuid5

from openhandover.emulators.callbacks import Callback

Purpose = Literal["customer", "workflow", "acd", "agent"]
State = Literal["alerting", "connected", "disconnected"]
Author = Literal["user", "bot", "agent", "system", "note"]


def now() -> str:
    """UTC, as the API writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_ms() -> int:
    """Milliseconds of the epoch, as events write them."""
    return int(time.time() * 1000)


def new_id() -> str:
    """An id of the vendor's."""
    return str(uuid4())


def user_id(name: str) -> str:
    """An agent keeps one id."""
    return str(uuid5(NAMESPACE_URL, f"agent/{name}"))


@dataclass(frozen=True)
class Sent:
    """A message that went out. The API knows it by another id than the webhook: `channel.messageId`."""

    body: dict[str, Any]
    callback: Callback | None

    @property
    def id(self) -> str:
        """By which a receipt names it."""
        return self.body["id"]

    @property
    def message_id(self) -> str:
        """By which the API knows it."""
        return self.body["channel"]["messageId"]

    def status(self, receipts: list[dict[str, Any]]) -> str:
        """`messageStatus`, as far as it is ours: what the receipts say, else how the webhook went."""
        told = {one["status"] for one in receipts if one["id"] == self.id}
        if told & {"Delivered", "Failed"}:
            return "delivery-success" if "Delivered" in told else "delivery-failed"
        if self.callback is not None and self.callback.given_up:
            return "failed"
        return "sent" if self.callback is not None and self.callback.delivered else "queued"


@dataclass
class Participant:
    """One party. A transfer adds another one; nobody comes back as the same."""

    purpose: Purpose
    name: str
    state: State = "connected"
    id: str = field(default_factory=new_id)
    session_id: str = field(default_factory=new_id)
    address: str = ""
    user_id: str = ""
    queue_id: str = ""
    disconnect_type: str = ""
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    started_at: str = field(default_factory=now)
    started_ms: int = field(default_factory=now_ms)
    connected_at: str = ""
    ended_at: str = ""
    wraps_up: bool = False
    sent: list[Sent] = field(default_factory=list[Sent])
    """What it wrote to the user."""

    @property
    def talked_ms(self) -> int:
        """How long it had the conversation; 0 for one that declined."""
        return max(now_ms() - self.started_ms, 1) if self.connected_at else 0

    def connect(self) -> None:
        """It answered."""
        self.state, self.connected_at = "connected", now()

    def disconnect(self, how: str) -> None:
        """It is gone; `how` as the conversation writes it: lower case, dotted."""
        if self.state != "disconnected":
            self.state, self.disconnect_type, self.ended_at = "disconnected", how, now()

    def shown(self, receipts: list[dict[str, Any]]) -> dict[str, Any]:
        """`MessageMediaParticipant`, without what is empty."""
        found: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "address": self.address,
            "purpose": self.purpose,
            "state": self.state,
            "startTime": self.started_at,
            "connectedTime": self.connected_at,
            "endTime": self.ended_at,
            "startAcwTime": self.ended_at if self.wraps_up else "",
            "disconnectType": self.disconnect_type,
            "attributes": self.attributes,
            "user": {"id": self.user_id} if self.user_id else None,
            "queue": {"id": self.queue_id} if self.queue_id else None,
            "wrapupRequired": self.purpose == "agent",
            "type": "open",
            "messages": [
                {
                    "messageId": one.message_id,
                    "messageStatus": one.status(receipts),
                    "messageTime": one.body["channel"]["time"],
                }
                for one in self.sent
            ],
        }
        return {key: value for key, value in found.items() if value not in ("", None, {}, [])}


@dataclass(frozen=True)
class Line:
    """One thing that was said."""

    author: Author
    text: str
    at: str
    id: str = field(default_factory=new_id)
    files: tuple[dict[str, str], ...] = ()


@dataclass
class Conversation:
    """All parties of one conversation and its lines."""

    address: str
    """`from.id` of the user: what a message is threaded by."""
    name: str
    id: str = field(default_factory=new_id)
    participants: list[Participant] = field(default_factory=list[Participant])
    lines: list[Line] = field(default_factory=list[Line])
    receipts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What became of the agents' messages, as our caller told it."""
    typed: int = 0
    """How often the user was said to type."""
    notes: list[str] = field(default_factory=list[str])

    def active(self, purpose: Purpose) -> Participant | None:
        """The party of this kind that is there or is being called."""
        return next(
            (one for one in self.participants if one.purpose == purpose and one.state != "disconnected"), None
        )

    @property
    def customer(self) -> Participant:
        """The user's party, the latest one."""
        return [one for one in self.participants if one.purpose == "customer"][-1]

    @property
    def side(self) -> Literal["waiting", "active", "ended"]:
        """Where it is."""
        if self.customer.state == "disconnected":
            return "ended"
        agent = self.active("agent")
        return "active" if agent is not None and agent.state == "connected" else "waiting"

    def shown(self) -> dict[str, Any]:
        """`MessageConversation`."""
        return {"id": self.id, "participants": [one.shown(self.receipts) for one in self.participants]}

    def message(self, message_id: str) -> dict[str, Any] | None:
        """`MessageData` of what an agent wrote, as it is without `useNormalizedMessage`."""
        every = [one for party in self.participants for one in party.sent]
        found = next((one for one in every if one.message_id == message_id), None)
        if found is None:
            return None
        return {
            "id": found.message_id,
            "timestamp": found.body["channel"]["time"],
            "fromAddress": found.body["channel"]["from"]["id"],
            "toAddress": self.address,
            "direction": "outbound",
            "messengerType": "open",
            "textBody": found.body.get("text", ""),
            "status": found.status(self.receipts),
            "normalizedMessage": found.body,
            "conversationId": self.id,
        }

    def for_page(self) -> dict[str, Any]:
        """What the emulator's page shows."""
        lines: list[dict[str, Any]] = []
        for line in self.lines:
            one: dict[str, Any] = {"author": line.author, "text": line.text, "at": line.at}
            if line.files:
                one["files"] = [{"name": file["name"], "url": file["url"]} for file in line.files]
            lines.append(one)
        return {
            "id": self.id,
            "name": self.name,
            "state": self.side,
            "facts": {"Address": self.address, **self.customer.attributes},
            "lines": lines,
        }
