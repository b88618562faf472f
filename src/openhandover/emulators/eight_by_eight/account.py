"""One tenant of 8x8: its key, its channel and queue, who works there, and its conversations."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

State = Literal["created", "active", "idle"]
VERSION = "Chat Gateway v1.0"


@dataclass
class File:
    """An attachment; `grant` is what lets somebody have it without the key."""

    id: str
    name: str
    content_type: str
    content: bytes
    at: str
    grant: str = field(default_factory=lambda: secrets.token_hex(12))


@dataclass
class Line:
    """A message, as the gateway lists it and as an agent reads it."""

    id: str
    author: Literal["user", "bot", "agent", "system", "note"]
    author_id: str
    text: str
    at: str
    files: list[File] = field(default_factory=list[File])
    cards: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    history: bool = False
    """It was said before the conversation began there."""


@dataclass
class Conversation:
    """A conversation: `agent` is the id of who has it now."""

    id: str
    channel_id: str
    user: dict[str, Any]
    assignment: dict[str, Any]
    state: State = "created"
    agent: str | None = None
    lines: list[Line] = field(default_factory=list[Line])
    files: dict[str, File] = field(default_factory=dict[str, File])
    user_gone: bool = False

    @property
    def name(self) -> str:
        """Who it is with."""
        return self.user.get("name") or self.user.get("userId") or self.id

    def told(self) -> dict[str, Any]:
        """As the gateway tells of it."""
        return {
            "id": self.id,
            "channelId": self.channel_id,
            "state": self.state,
            "assignment": self.assignment,
            "user": self.user,
        }


@dataclass
class Account:
    """What a tenant has set up. `needs_tenant`: the customer has several, so that the header is required."""

    api_key: str = field(default_factory=lambda: f"key-{secrets.token_hex(12)}")
    tenant: str = "acmetenant01"
    customer: str = "0012J000042BkZzQAK"
    needs_tenant: bool = True
    channel_id: str = "Qx81-demo"
    webhook_id: str = "hook-1"
    webhook_uri: str = ""
    webhook_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    queues: dict[str, str] = field(default_factory=lambda: {"101": "Support", "102": "Billing"})
    agents: dict[str, str] = field(default_factory=lambda: {"ag-kim": "Kim"})
    client_id: str = "metrics-app"
    client_secret: str = field(default_factory=lambda: secrets.token_hex(12))
    status_user: str = "acme"
    status_token: str = field(default_factory=lambda: secrets.token_hex(12))
    metrics_on: bool = True
    """Whether the settings for this account include the real-time metrics."""
    online: bool = True
    waiting: int | None = None
    """Conversations in the queue as the metrics tell; None: as many as there are."""
    wait_ms: int | None = 45_000
    """How long people wait on average; None: nobody has waited lately, of which there is no average."""
    tenant_name: str = ""
    """What the agent status calls the tenant; empty: as everything else does."""
    conversations: dict[str, Conversation] = field(default_factory=dict[str, Conversation])

    def agent_named(self, name: str) -> str:
        """The id of the agent of this name, who works here from now on."""
        for agent_id, known in self.agents.items():
            if known == name:
                return agent_id
        agent_id = f"ag-{name.lower()}"
        self.agents[agent_id] = name
        return agent_id


def now() -> str:
    """UTC, as the gateway writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id(kind: str) -> str:
    """An id that cannot be guessed."""
    return f"{kind}-{secrets.token_urlsafe(9)}"
