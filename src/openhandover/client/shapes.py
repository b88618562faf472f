"""What the server answers, as types. Fields that a newer server adds are passed over, words it adds are kept as text."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

Floor = Literal["bot", "human"]
OPEN = frozenset({"requested", "queued", "active"})
"""The statuses of a handover that has not ended."""


class User(Struct, frozen=True):
    """The end user."""

    id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    attributes: dict[str, Any] = {}


class Conversation(Struct, frozen=True):
    """One end user on one channel. `handover_id` is the handover that has it now."""

    id: str
    channel: str
    user: User
    floor: Floor
    epoch: int
    seq: int
    created_at: datetime
    bot: str | None = None
    medium: str = "text"
    language: str = ""
    context: dict[str, Any] = {}
    handover_id: str | None = None


class Translation(Struct, frozen=True):
    """A text in another language."""

    language: str
    text: str


class Button(Struct, frozen=True):
    """A quick reply: the user sees `text`, the bot gets `value`."""

    text: str
    value: str


class Attachment(Struct, frozen=True):
    """A file of a message; a `url` of ours needs no header and ends after 24 hours."""

    id: str
    name: str
    content_type: str
    url: str
    size: int | None = None


class Delivery(Struct, frozen=True):
    """How far a message got: `pending`, `delivered`, `read` or `failed`."""

    state: str
    attempts: int = 0


class Message(Struct, frozen=True):
    """One message; `author` is `user`, `bot`, `agent` or `system`."""

    id: str
    seq: int
    author: str
    text: str
    at: datetime
    delivery: Delivery
    attachments: list[Attachment] = []
    author_name: str | None = None
    author_avatar_url: str | None = None
    to: str | None = None
    language: str | None = None
    translation: Translation | None = None
    buttons: list[Button] | None = None
    button: str | None = None
    intent: str | None = None
    metadata: dict[str, Any] | None = None
    late: bool = False


class Agent(Struct, frozen=True):
    """The human, as the user may know them."""

    id: str | None = None
    name: str | None = None
    avatar_url: str | None = None


class Attempt(Struct, frozen=True, rename={"from_": "from"}):
    """One provider that was tried, and why that ended."""

    provider: str
    from_: datetime
    to: datetime | None = None
    external_id: str | None = None
    reason: str | None = None


class Failure(Struct, frozen=True):
    """Why a handover failed: `reason` is `unsupported` or `error`, `code` the exact word."""

    reason: str
    code: str | None = None
    message: str = ""


class Queue(Struct, frozen=True):
    """The place in the queue; `estimated` marks the server's own estimate."""

    position: int | None = None
    estimated_wait_ms: int | None = None
    alternative_text: str | None = None
    estimated: bool = False


class Rating(Struct, frozen=True):
    """The user's rating, 1 to 5."""

    score: int
    comment: str | None = None


class ToolCall(Struct, frozen=True):
    """The call of a tool by a model; `tool_call_id` is the model's own."""

    tool: str
    tool_call_id: str | None = None


class Handover(Struct, frozen=True):
    """One attempt to give one conversation to a human."""

    id: str
    conversation_id: str
    provider: str
    status: str
    requested_at: datetime
    style: str = "relay"
    reason: str | None = None
    error: Failure | None = None
    ended_by: str | None = None
    initiator: str = "bot"
    attempt: int = 1
    attempts: list[Attempt] = []
    agent: Agent | None = None
    queue: Queue = Queue()
    inactivity_count: int = 0
    digest: dict[str, Any] | None = None
    rating: Rating | None = None
    queued_at: datetime | None = None
    active_at: datetime | None = None
    ended_at: datetime | None = None
    replaces: ToolCall | None = None
    """The tool call in whose place the digest belongs in the model's context."""

    @property
    def is_open(self) -> bool:
        """Whether a human has the conversation, or is still being found."""
        return self.status in OPEN


class Event(Struct, frozen=True):
    """A fact of a conversation. `seq` is None for what is not stored: typing."""

    type: str
    conversation_id: str
    data: dict[str, Any] = {}
    id: str | None = None
    seq: int | None = None
    handover_id: str | None = None
    floor: Floor | None = None
    epoch: int | None = None
    at: datetime | None = None

    @property
    def message(self) -> Message | None:
        """The message of a `message.created`."""
        return msgspec.convert(self.data, Message) if self.type == "message.created" else None

    @property
    def handover(self) -> Handover | None:
        """The handover of a `handover.*`."""
        return msgspec.convert(self.data, Handover) if self.type.startswith("handover.") else None


class ProofItem(Struct, frozen=True):
    """One message of a handover and whether it arrived; `direction` is `to_agent` or `to_user`."""

    id: str
    direction: str
    seq: int
    accepted_at: datetime
    delivered_at: datetime | None = None
    attempts: int = 0


class ProofCounts(Struct, frozen=True):
    """The sums of a proof."""

    accepted: int
    delivered: int
    pending: int
    failed: int
    repeated: int
    misordered: int


class Proof(Struct, frozen=True):
    """What became of every message of a handover."""

    items: list[ProofItem]
    counts: ProofCounts


class Availability(Struct, frozen=True):
    """Whether somebody is there; `open` None means that the provider cannot tell."""

    open: bool | None
    agents: int | None = None
    position: int | None = None
    estimated_wait_ms: int | None = None
    opens_at: str | None = None


class Upload(Struct, frozen=True):
    """A file given to the server; send it with a message by its `upload_id`."""

    upload_id: str
    name: str
    content_type: str
    size: int


class ToolHandover(Struct, frozen=True):
    """The handover that a tool began."""

    id: str
    status: str


class ToolResult(Struct, frozen=True):
    """What a tool answered: a result to tell the model, or a handover, after which the model says nothing."""

    result: Any = None
    handover: ToolHandover | None = None
