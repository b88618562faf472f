"""Facts from the contact centre: what providers report. One type each, no behaviour."""

from typing import Literal

from msgspec import Struct

from .model import Agent, Attachment

Figure = Literal["position", "wait"]


class AgentJoined(Struct, frozen=True, tag=True):
    """A human took the conversation. `only_if_free`: where another one has it, they keep it, and this is not applied."""

    agent: Agent
    only_if_free: bool = False


class AgentMessage(Struct, frozen=True, tag=True):
    """The human wrote; implies that they joined. `note` is private: it never reaches the user. `only_if_free`: where
    another human has the conversation, it is not applied."""

    text: str
    id: str | None = None
    attachments: tuple[Attachment, ...] = ()
    agent: Agent | None = None
    note: bool = False
    prepare: bool = False
    language: str | None = None
    """The language the text is in, where it is known."""
    only_if_free: bool = False
    automatic: bool = False
    """The contact centre's own text, such as a greeting or a bot's: shown, but nobody has joined by it."""


class AgentTyping(Struct, frozen=True, tag=True):
    """The human is typing, or stopped."""

    on: bool


class AgentLeft(Struct, frozen=True, tag=True):
    """The human left; the conversation is still there for another one."""

    end_after_s: float | None = None
    """Where the vendor does not tell leaving from ending: it was the end unless somebody has it within so many seconds.
    Without it the vendor tells: the conversation goes on, also after an earlier word that it might have been the end."""


class AgentTransferred(Struct, frozen=True, tag=True):
    """Another human has it now (`agent`), or will have."""

    agent: Agent | None = None


class QueueUpdated(Struct, frozen=True, tag=True):
    """The place in the queue; `estimated` when the provider has worked it out, instead of being told."""

    position: int | None = None
    estimated_wait_ms: int | None = None
    estimated: bool = False
    ours: tuple[Figure, ...] = ()
    """The figures that the engine has added, because the vendor does not tell them."""


class Noticed(Struct, frozen=True, tag=True):
    """The contact centre has told the user's side of the handover: files are welcome from now on."""


class MessageRead(Struct, frozen=True, tag=True):
    """The human has seen the message with our id `message_id`."""

    message_id: str


class Closed(Struct, frozen=True, tag=True):
    """The contact centre ended it. `sequenced`: its place in the order is certain, no grace is needed."""

    reason: str | None = None
    sequenced: bool = False


class Failed(Struct, frozen=True, tag=True):
    """The contact centre gave up."""

    reason: str
    detail: str | None = None
    sequenced: bool = False


class Returned(Struct, frozen=True, tag=True):
    """A transferred conversation comes back."""


class Unknown(Struct, frozen=True, tag=True):
    """A kind of event we do not know; kept and counted."""

    kind: str


ProviderFact = (
    AgentJoined
    | AgentMessage
    | AgentTyping
    | AgentLeft
    | AgentTransferred
    | QueueUpdated
    | Noticed
    | MessageRead
    | Closed
    | Failed
    | Returned
    | Unknown
)


class FromProvider(Struct, frozen=True):
    """A fact with its origin. Either `handover_id` or `external_id` names the conversation; `seq` counts
    from 1 per attempt where the vendor numbers its events."""

    provider: str
    event_id: str
    fact: ProviderFact
    handover_id: str | None = None
    external_id: str | None = None
    seq: int | None = None
    at: float | None = None
    raw: bytes = b""
