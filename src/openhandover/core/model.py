"""What the program remembers of a conversation. Frozen: every change makes a new value.

Bookkeeping is stored once it changes, settings at once: other defaults of a later version change no open handover."""

from enum import StrEnum
from typing import Any, Literal

from msgspec import Raw, Struct

Floor = Literal["bot", "human"]
Author = Literal["user", "bot", "agent", "system"]
Audience = Literal["user", "agent", "both"]
Medium = Literal["text", "voice"]
Initiator = Literal["bot", "user", "agent", "operator"]
EndedBy = Literal["user", "agent", "bot", "system", "provider"]
BotKind = Literal["none", "http", "flow"]


class Status(StrEnum):
    """Where a handover stands."""

    REQUESTED = "requested"
    QUEUED = "queued"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    ERROR = "error"
    TRANSFERRED = "transferred"


OPEN = frozenset({Status.REQUESTED, Status.QUEUED, Status.ACTIVE})
"""The statuses in which a human may still come or is there."""


class Style(StrEnum):
    """Relay: we stay in the middle. Transfer: control leaves us."""

    RELAY = "relay"
    TRANSFER = "transfer"


class User(Struct, frozen=True, omit_defaults=True):
    """The end user as the channel knows them."""

    id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    attributes: dict[str, Any] = {}


class Call(Struct, frozen=True):
    """The phone call of a voice conversation; `from_` and `to` are numbers as the gateway wrote them."""

    gateway: str
    id: str
    from_: str
    to: str


class Agent(Struct, frozen=True, omit_defaults=True):
    """The human."""

    id: str | None = None
    name: str | None = None
    avatar_url: str | None = None


class Button(Struct, frozen=True):
    """A quick reply: the user sees `text`, the bot gets `value`."""

    text: str
    value: str


class Attachment(Struct, frozen=True):
    """A file of a message. `size` in bytes, None while unknown; `url` is ours once the file is re-hosted."""

    id: str
    name: str
    content_type: str
    size: int | None
    url: str


class Translation(Struct, frozen=True):
    """The same text in the other side's language."""

    language: str
    text: str


class Delivery(Struct, frozen=True):
    """How far a message got."""

    state: Literal["pending", "delivered", "read", "failed"] = "pending"
    attempts: int = 0


class Message(Struct, frozen=True, omit_defaults=True):
    """One message as it was accepted; `at` is RFC 3339. Encoded, it is the contract's message object."""

    id: str
    seq: int
    author: Author
    text: str
    translation: Translation | None
    attachments: tuple[Attachment, ...]
    at: str
    delivery: Delivery
    author_name: str | None = None
    author_avatar_url: str | None = None
    to: Audience | None = None
    language: str | None = None
    buttons: tuple[Button, ...] | None = None
    button: str | None = None
    intent: str | None = None
    metadata: dict[str, Any] | None = None
    late: bool = False
    external_id: str | None = None
    """The vendor's id of an agent's message."""


class Limits(Struct, frozen=True):
    """Every wait of a handover, in seconds; 0 = off. What each does is in `table.LIMITS`."""

    open_s: float = 30
    queue_s: float = 600
    first_reply_s: float = 300
    agent_idle_s: float = 1800
    user_idle_s: float = 900
    user_gone_s: float = 300
    total_s: float = 86400


class Target(Struct, frozen=True):
    """One provider of the chain, as far as the rules need to know it."""

    provider: str
    style: Style = Style.RELAY
    transferred: Literal["transferred", "logged", "ticket"] = "transferred"
    returns: Literal["message", "call"] = "message"
    route: dict[str, Any] = {}
    refuse: str | None = None
    """A configuration error found before anything was said, e.g. a required field that rendered empty."""
    files_after_notice: bool = False
    """Where files are for humans only: they are taken once the contact centre has told us of the handover."""
    hands_back: bool = False
    """The contact centre is told when a transferred conversation is given back by call."""


class QueueRules(Struct, frozen=True):
    """What the user hears about the queue; texts are rendered, with `{position}` and `{wait}` left open."""

    position: bool = False
    every_s: float = 30
    estimated_wait: bool = False
    wait_every_s: float = 30
    max_position: int | None = None
    max_wait_ms: int | None = None
    position_text: str = ""
    wait_text: str = ""
    alternative_text: str = ""


class Settings(Struct, frozen=True):
    """A handover's settings with every template rendered; an empty text means silent."""

    message: str = ""
    spoken: bool = False
    """The message is said on the phone call by its gateway, instead of being sent to the channel."""
    message_language: str = ""
    """The language of a spoken message; empty: the conversation's."""
    accepted: str = ""
    repeat_accepted: bool = False
    failure: str = ""
    cancel_intent: str | None = None
    cancel_button: str | None = None
    cancel_while_active: bool = False
    cancelled_text: str = ""
    resume_at: Literal["below", "entrypoint"] = "below"
    send_event: bool = True
    events: frozenset[Literal["queued", "active", "queue_updated", "inactive"]] = frozenset()
    queue: QueueRules = QueueRules()
    tell_joined: str = ""
    tell_left: str = ""
    send_transcript: bool = True
    max_messages: int = 200
    agent_identity: Literal["name", "none"] = "name"
    agent_alias: str | None = None
    limits: Limits = Limits()
    rating_text: str = ""
    agent_language: str = "en"


class Queue(Struct, frozen=True, omit_defaults=True):
    """What we know of the place in the queue; `estimated`: not all of it is the vendor's word, `ours`: what we estimate."""

    position: int | None = None
    estimated_wait_ms: int | None = None
    alternative_text: str | None = None
    estimated: bool = False
    ours: tuple[Literal["position", "wait"], ...] = ()


class Attempt(Struct, frozen=True, omit_defaults=True):
    """One provider that was tried; times are epoch seconds."""

    provider: str
    started_at: float
    external_id: str | None = None
    reason: str | None = None
    ended_at: float | None = None


class Rating(Struct, frozen=True):
    """What the user thought of it."""

    score: int
    comment: str | None = None


class Handover(Struct, frozen=True, omit_defaults=True):
    """One attempt to give the conversation to a human: one id, one status, one log."""

    id: str
    conversation_id: str
    chain: tuple[Target, ...]
    settings: Settings
    initiator: Initiator
    requested_at: float
    requested_seq: int
    lane: int
    why: str | None = None
    """The reason the requester gave; for the agent."""
    replaces: dict[str, str | None] | None = None
    """The tool call that it came from: `tool` and `tool_call_id`."""
    status: Status = Status.REQUESTED
    reason: str | None = None
    error_message: str | None = None
    ended_by: EndedBy | None = None
    attempts: tuple[Attempt, ...] = ()
    agent: Agent | None = None
    agents: tuple[Agent, ...] = ()
    queue: Queue = Queue()
    inactivity_count: int = 0
    rating: Rating | None = None
    queued_at: float | None = None
    active_at: float | None = None
    first_reply_at: float | None = None
    ended_at: float | None = None
    end_seq: int | None = None
    accepted_said: bool = False
    noticed: bool = False
    """The contact centre has told the user's side of the handover."""
    last_word: Literal["user", "agent"] | None = None
    position_said: int | None = None
    position_said_at: float = 0
    wait_said_ms: int | None = None
    wait_said_at: float = 0
    returned: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a human may still come or is there."""
        return self.status in OPEN

    @property
    def target(self) -> Target:
        """The provider of the current attempt."""
        return self.chain[len(self.attempts) - 1]

    @property
    def takes_files(self) -> bool:
        """Whether the user may send files where they are for humans only."""
        return self.is_open and (self.noticed or not self.target.files_after_notice)


class Held(Struct, frozen=True):
    """A desk event that waits for the ones before it, or for the open call to return."""

    event: Raw
    since_at: float
    seq: int | None = None


class Ending(Struct, frozen=True):
    """What the vendor session gets when its last message is out."""

    kind: Literal["cancel", "close", "return", "none"]
    reason: str


class Lane(Struct, frozen=True, omit_defaults=True):
    """The way to one vendor session: what it must get, in order, and how far we are."""

    id: int
    handover_id: str
    attempt: int
    provider: str
    from_seq: int
    """`handover.requested` of this attempt: the transcript ends before it."""
    gate: int = 0
    """The user must have this message before the vendor is called."""
    external_id: str | None = None
    vendor_state: str | None = None
    """What the provider wants to see again with every call, as JSON text."""
    say: bool = False
    """The handover's message is still to be said on the phone call, before the vendor is called."""
    opening: bool = False
    """The open call may have reached the vendor."""
    opened: bool = False
    done: int = 0
    last: int = 0
    ending: Ending | None = None
    ended_at: float | None = None
    late_ok: bool = False
    """It had the conversation when it was completed: its last words may still come."""
    next_seq: int = 1
    held: tuple[Held, ...] = ()


class Conversation(Struct, frozen=True, omit_defaults=True):
    """Everything that decides what happens next in one conversation."""

    id: str
    channel: str
    user: User
    created_at: float
    bot: str | None = None
    medium: Medium = "text"
    call: Call | None = None
    language: str = "en"
    evidence: dict[str, float] = {}
    """What language detection has seen so far."""
    context: dict[str, Any] = {}
    chat_id: str | None = None
    """The channel's own id of the chat, where it has one."""
    floor: Floor = "bot"
    epoch: int = 1
    seq: int = 0
    handover: Handover | None = None
    """The open handover, else the last one."""
    lanes: tuple[Lane, ...] = ()
    lane_count: int = 0
    user_done: int = 0
    user_last: int = 0
    bot_done: int = 0
    bot_last: int = 0
    deadlines: dict[str, float] = {}  # name of the timer -> epoch seconds
    preparing: dict[int, float] = {}
    """Entries not yet shown, because a translation, download or summary is under way -> its deadline."""
    run: str | None = None
    """The paused flow as JSON text; only the flow package reads it."""
    connected: bool = True
    told_left: bool = False
    late: int = 0
    repeated: int = 0
    digest: str = ""
    """Fingerprint of the creating request, when the caller chose the id."""

    @property
    def open_handover(self) -> Handover | None:
        """The handover that has the conversation now, if any."""
        return self.handover if self.handover and self.handover.is_open else None

    @property
    def shown(self) -> int:
        """The last seq that everybody may see."""
        return min(self.preparing) - 1 if self.preparing else self.seq

    def lane(self, lane_id: int) -> Lane | None:
        """The lane with this id, unless it is finished and forgotten."""
        for lane in self.lanes:  # asked for often: half the time of a generator
            if lane.id == lane_id:
                return lane
        return None


class Entry(Struct, frozen=True):
    """One line of the log: a fact, and who has to get it."""

    conversation_id: str
    seq: int
    type: str
    at: float
    floor: Floor
    epoch: int
    data: Raw
    handover_id: str | None = None
    to_user: bool = False
    to_bot: bool = False
    to_agent: int = 0
    """Id of the agent lane, 0 for none."""
    key: str | None = None
    """`author:id` of a message; unique within the conversation."""
    digest: str | None = None
    """Fingerprint of the request, when the caller chose the id."""
    source: str | None = None
    """`provider:event_id` of the vendor event behind it; for diagnosis."""
