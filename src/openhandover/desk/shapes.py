"""What the desk API takes and answers, as types; the reference page says what they mean."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from openhandover.web.bodies import AttachmentBody, Body, Id, Name
from openhandover.web.shapes import Conversation, Handover

from .board import Presence

Text = Annotated[str, Meta(max_length=100_000, description="at most 32 kB in UTF-8")]


class LoginBody(Body, frozen=True):
    """Who wants in."""

    agent: Name
    password: Annotated[str, Meta(max_length=1000)]


class PresenceBody(Body, frozen=True, rename={"for_": "for"}):
    """Where the agent is; a supervisor may say it for somebody else."""

    presence: Presence
    for_: Name | None = None


class SayBody(Body, frozen=True):
    """A message to the user."""

    id: Id | None = None
    text: Text = ""
    attachments: Annotated[tuple[AttachmentBody, ...], Meta(max_length=20)] = ()


class NoteBody(Body, frozen=True):
    """A note that only agents see."""

    text: Annotated[Text, Meta(min_length=1)]
    id: Id | None = None


class ReadBody(Body, frozen=True):
    """The last message of the user that the agent has seen."""

    message_id: Name


class TypingBody(Body, frozen=True):
    """The agent is typing, or stopped."""

    on: bool


class TransferBody(Body, frozen=True):
    """To whom; exactly one of `agent` and `inbox`."""

    agent: Name | None = None
    inbox: Name | None = None
    note: Text = ""


class TakeOverBody(Body, frozen=True):
    """Through which desk provider; the first configured one when absent."""

    provider: Name | None = None
    id: Id | None = None


class AgentShape(Struct, frozen=True):
    """An agent as the desk shows them; `open` counts the conversations they hold."""

    id: str
    name: str
    role: str
    presence: str
    capacity: int
    open: int
    inboxes: list[str]
    skills: list[str]
    languages: list[str]


class LoggedIn(Struct, frozen=True):
    """The answer of a log-in."""

    agent: AgentShape
    csrf: str


class Me(Struct, frozen=True):
    """Who is calling; `csrf` is empty for an API key."""

    agent: AgentShape
    csrf: str
    providers: list[str]


class Agents(Struct, frozen=True):
    """Everybody, and the inboxes there are."""

    items: list[AgentShape]
    inboxes: list[str]
    next: None = None


class CannedShape(Struct, frozen=True):
    """A ready answer."""

    name: str
    text: str


class Holder(Struct, frozen=True):
    """Who has a handover."""

    id: str
    name: str


class OfferShape(Struct, frozen=True):
    """Who has it on offer, and until when."""

    agent: str
    expires_at: str


class LastMessage(Struct, frozen=True):
    """The last thing somebody said."""

    author: str
    text: str
    at: str


class Entry(Struct, frozen=True):
    """A handover as the desk lists it."""

    id: str
    conversation_id: str
    status: str
    provider: str
    reason: str | None
    inbox: str
    skills: list[str]
    languages: list[str]
    priority: str
    channel: str
    language: str
    user: dict[str, Any]
    agent: Holder | None
    waiting_since: str
    position: int | None
    offer: OfferShape | None
    last_message: LastMessage | None
    last_seq: int
    requested_at: str
    active_at: str | None
    ended_at: str | None


class Entries(Struct, frozen=True):
    """The handovers of a view, and the place in the event stream that the list belongs to."""

    items: list[Entry]
    event_id: str
    next: None = None


class Fact(Struct, frozen=True):
    """Something the bot already knows."""

    name: str
    value: str


class Detail(Struct, frozen=True):
    """A handover with everything an agent should know before the first word."""

    handover: Handover
    entry: Entry
    conversation: Conversation
    facts: list[Fact]


class Talk(Struct, frozen=True):
    """A conversation that the bot has."""

    id: str
    channel: str
    language: str
    user: dict[str, Any]
    last_message: LastMessage | None
    updated_at: str
