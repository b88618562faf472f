"""Facts from outside and commands: everything that can make a conversation move. One type each, no behaviour."""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from .facts import (
    AgentJoined as AgentJoined,
    AgentLeft as AgentLeft,
    AgentMessage as AgentMessage,
    AgentTransferred as AgentTransferred,
    AgentTyping as AgentTyping,
    Closed as Closed,
    Failed as Failed,
    Figure as Figure,
    FromProvider as FromProvider,
    MessageRead as MessageRead,
    Noticed as Noticed,
    ProviderFact as ProviderFact,
    QueueUpdated as QueueUpdated,
    Returned as Returned,
    Unknown as Unknown,
)
from .model import (
    Attachment,
    Audience,
    Button,
    Call,
    Handover,
    Initiator,
    Medium,
    Message,
    Settings,
    Target,
    User,
)
from .table import CallOutcome

# --- commands of the channel, the bot, the operator -------------------------------------------------------


class CreateConversation(Struct, frozen=True):
    """Begin a conversation; `digest` is the fingerprint of the request when the caller chose the id."""

    id: str
    channel: str
    user: User
    bot: str | None = None
    medium: Medium = "text"
    call: Call | None = None
    language: str = "en"
    context: dict[str, Any] = {}
    transcript: tuple["PostMessage", ...] = ()
    digest: str = ""
    chat_id: str | None = None


class PatchConversation(Struct, frozen=True):
    """Change what we know of the user; UNSET leaves a part as it is."""

    user: dict[str, Any] | UnsetType = UNSET
    language: str | UnsetType = UNSET
    context: dict[str, Any] | UnsetType = UNSET
    page: dict[str, str] | UnsetType = UNSET
    """Where on the site they are now; the rest of the context stays."""


class PostMessage(Struct, frozen=True):
    """A message of the user or the bot."""

    id: str
    author: Literal["user", "bot", "agent", "system"]
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    buttons: tuple[Button, ...] | None = None
    button: str | None = None
    intent: str | None = None
    metadata: dict[str, Any] | None = None
    to: Audience | None = None
    epoch: int | None = None
    digest: str | None = None
    intents: frozenset[str] = frozenset()
    """Names of all configured intents that the text matches."""
    language: str | None = None
    author_name: str | None = None
    at: float | None = None
    prepare: bool = False
    """A translation or download must come before it is shown."""
    evidence: dict[str, float] | None = None
    """The language evidence after this text, where detection ran."""


class SetPresence(Struct, frozen=True):
    """The user's connection came or went."""

    state: Literal["connected", "disconnected"]


class Trigger(Struct, frozen=True):
    """Fire a named event at the bot."""

    event: str


class RequestHandover(Struct, frozen=True):
    """Give the conversation to a human; `chain` is the provider and its fallbacks."""

    id: str
    chain: tuple[Target, ...]
    settings: Settings
    initiator: Initiator = "bot"
    why: str | None = None
    epoch: int | None = None
    digest: str | None = None


class Cancel(Struct, frozen=True):
    """The user withdraws."""

    handover_id: str


class Leave(Struct, frozen=True):
    """The user ends the chat, whatever it is waiting for."""


class Close(Struct, frozen=True):
    """The bot or an operator ends it."""

    handover_id: str
    by: Literal["bot", "operator"] = "bot"


class Return(Struct, frozen=True):
    """A transferred conversation comes back to the bot; `tell`: the contact centre does not know yet."""

    handover_id: str
    tell: bool = False


class Rate(Struct, frozen=True):
    """The user's rating, 1 to 5."""

    handover_id: str
    score: int
    comment: str | None = None
    ended: Handover | None = None
    """The handover as the store has it, for one that is no longer the conversation's current one."""


class FlowStep(Struct, frozen=True):
    """One step of a flow: its output together with its new position."""

    epoch: int
    run: str | None
    say: PostMessage | None = None
    handover: RequestHandover | None = None
    close_handover: bool = False
    context: dict[str, Any] | UnsetType = UNSET


# --- results of our own work ------------------------------------------------------------------------------


class Opening(Struct, frozen=True):
    """The open call of this lane is about to be made."""

    lane: int


class Opened(Struct, frozen=True):
    """The vendor accepted; `taken` are earlier messages of the user that it got with the transcript."""

    lane: int
    external_id: str
    position: int | None = None
    estimated_wait_ms: int | None = None
    vendor_state: str | None = None
    taken: tuple[tuple[int, Message], ...] = ()
    ours: tuple[Figure, ...] = ()
    """The figures that are our own estimate."""
    order: dict[str, Any] | None = None
    """On a phone call: the transfer that the gateway has taken, as `call.transfer` tells of it."""


class QueueEstimated(Struct, frozen=True):
    """Our own estimate has changed, for a handover whose vendor does not tell the place."""

    handover_id: str
    position: int
    estimated_wait_ms: int


class OpenFailed(Struct, frozen=True):
    """The vendor refused, or could not be reached in time."""

    lane: int
    reason: str
    message: str


class Sent(Struct, frozen=True):
    """The receiver of this lane has the entry; `message` is the message it held, if it was one."""

    lane: int | Literal["user", "bot"]
    seq: int
    attempts: int = 1
    message: Message | None = None
    handover_id: str | None = None


class NotSent(Struct, frozen=True):
    """The receiver refused the entry for good, or we gave up."""

    lane: int | Literal["user", "bot"]
    seq: int
    attempts: int = 1
    message: Message | None = None
    handover_id: str | None = None
    detail: str = ""


class ReadByUser(Struct, frozen=True):
    """The user has seen this message."""

    seq: int
    message: Message
    handover_id: str | None = None


class SessionLost(Struct, frozen=True):
    """The vendor no longer knows the session; `closed`: it knows it, and says that it was ended over there."""

    lane: int
    detail: str
    closed: bool = False


class Spoken(Struct, frozen=True):
    """The step's message was said on the call; `failed` says why it was not. Either way the handover goes on."""

    lane: int
    text: str
    language: str
    failed: str | None = None


class CallResult(Struct, frozen=True):
    """What became of a transferred call; `attempt` where the gateway says which one it means."""

    handover_id: str
    outcome: CallOutcome
    sip_status: int | None = None
    attempt: int | None = None
    order: dict[str, Any] | None = None
    """The transfer that the gateway is being asked for at this moment, as `call.transfer` tells of it."""


class LaneEnded(Struct, frozen=True):
    """Cancel, close or return reached the vendor, or we gave up on it; `kind` None: whatever it was."""

    lane: int
    kind: Literal["cancel", "close", "return", "none"] | None = None


class Prepared(Struct, frozen=True):
    """Translation and download are done, failed or too late; the message may be shown."""

    seq: int
    message: Message


class Summarized(Struct, frozen=True):
    """A better summary of an ended handover is there; `data` and `digest` are JSON as they are from now on."""

    seq: int
    handover_id: str
    data: bytes
    digest: bytes


class Wake(Struct, frozen=True):
    """A timer may be due; the state decides. `ready_at`: since then this process listens."""

    ready_at: float = 0


Event = (
    CreateConversation
    | PatchConversation
    | PostMessage
    | SetPresence
    | Trigger
    | RequestHandover
    | Cancel
    | Leave
    | Close
    | Return
    | Rate
    | FlowStep
    | FromProvider
    | Opening
    | Opened
    | QueueEstimated
    | OpenFailed
    | Sent
    | NotSent
    | ReadByUser
    | SessionLost
    | Spoken
    | CallResult
    | LaneEnded
    | Prepared
    | Summarized
    | Wake
)
