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
    """Where the agent is; a supervisor may say it for somebody else. `auto`: a page says it for want of input, knowing
    what is so since `presence_since`, or `online` because there is some."""

    presence: Presence
    auto: bool = False
    presence_since: str | None = None
    agent: Name | None = None
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
    """An agent as the desk shows them; `open` counts the conversations they hold, `auto` says that the system set
    the presence."""

    id: str
    name: str
    avatar_url: str | None
    role: str
    presence: str
    presence_since: str | None
    auto: bool
    capacity: int
    open: int
    inboxes: list[str]
    skills: list[str]
    languages: list[str]


class LoggedIn(Struct, frozen=True):
    """The answer of a log-in."""

    agent: AgentShape
    csrf: str


class DeskSettings(Struct, frozen=True):
    """What the desk page must know of the configuration; seconds, 0 = off."""

    away_after_s: float
    offline_after_s: float
    offer_s: float


class Me(Struct, frozen=True):
    """Who is calling; `csrf` is empty for an API key."""

    agent: AgentShape
    csrf: str
    providers: list[str]
    settings: DeskSettings


class Agents(Struct, frozen=True):
    """Everybody, and the inboxes there are."""

    items: list[AgentShape]
    inboxes: list[str]
    next: None = None


class CannedShape(Struct, frozen=True):
    """A ready answer; `shortcut` is what an agent types to find it."""

    name: str
    shortcut: str
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
    display_name: str | None
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
    """Something the bot already knows; `label` is its name for people."""

    name: str
    label: str
    value: str


class Page(Struct, frozen=True):
    """Where on the site the visitor is."""

    url: str
    title: str | None = None
    referrer: str | None = None


class Earlier(Struct, frozen=True):
    """An earlier handover of the same user; `rating` from 1 to 5. `worded`: its summary is in the words of a language
    model, where it had any."""

    handover_id: str
    conversation_id: str
    ended_at: str
    status: str
    reason: str | None
    agent: Holder | None
    summary: str | None
    worded: bool
    rating: int | None


class Detail(Struct, frozen=True):
    """A handover with everything an agent should know before the first word."""

    handover: Handover
    entry: Entry
    conversation: Conversation
    facts: list[Fact]
    page: Page | None
    present: bool
    """False once the user's page or app was said to have gone."""
    previous: list[Earlier]


class Talk(Struct, frozen=True):
    """A conversation that the bot has."""

    id: str
    channel: str
    language: str
    user: dict[str, Any]
    display_name: str | None
    last_message: LastMessage | None
    updated_at: str


class InboxQueue(Struct, frozen=True):
    """What waits in an inbox; the wait is that of one more handover, null when nobody is there for it."""

    inbox: str
    waiting: int
    oldest_since: str | None
    estimated_wait_ms: int | None


class Today(Struct, frozen=True):
    """The handovers of the desk since midnight; half of the answered ones waited at most `p50_wait_ms`."""

    since: str
    handovers: int
    answered: int
    abandoned: int
    p50_wait_ms: int | None


class Overview(Struct, frozen=True):
    """The desk as a supervisor sees it."""

    queue: list[InboxQueue]
    agents: list[AgentShape]
    today: Today
