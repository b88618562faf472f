"""What a provider is: a thin translator between us and one contact centre.

It has no retries, no state machine and no database. The engine calls it in order per session, repeats calls that
raise `ProviderUnavailable`, and turns the other errors of `core.errors` into reasons. A second call with the same key
must have no second effect, as far as the vendor allows.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from msgspec import Struct

from openhandover.core.errors import ProviderRejected, Unsupported
from openhandover.core.events import FromProvider
from openhandover.core.model import Attachment, Call, Initiator, Medium, Message, Style, User
from openhandover.gateways.base import Transfer


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the vendor can do at all; the feature matrix is made from it."""

    style: Style = Style.RELAY
    media: frozenset[Medium] = frozenset(("text",))
    """The conversations that it takes."""
    transferred: Literal["transferred", "logged", "ticket"] = "transferred"
    inbound: Literal["none", "webhook", "events", "session"] = "none"
    """How we hear of the agents: by webhook, by one stream or poll for all, or by one for each session."""
    availability: bool = False
    queue_position: bool = False
    estimated_wait: bool = False
    typing_in: bool = False
    typing_out: bool = False
    attachments_in: bool = False
    attachments_out: bool = False
    presence: bool = False
    receipts: bool = False
    agent_name: bool = False
    needs_chat_id: bool = False
    """It works on the chat as the user's channel knows it, so a conversation without such an id cannot be given."""
    returns: Literal["message", "call"] | None = None
    """What gives a transferred conversation back, where neither provider nor step says it; None: as the channel."""
    hands_back: bool = False
    """It wants to know when a transferred conversation was given back by call."""
    files_after_notice: bool = False
    """Where files are for humans only, they are taken once it has told the user's side of the handover."""
    sends_transcript: bool = True
    """It gets the talk so far where the step does not say whether it should."""
    webhook_parts: frozenset[str] = frozenset({""})
    """What may follow `/webhooks/{name}/`; empty for nothing."""
    webhook_get: bool = False
    """The vendor proves the address by a GET, which is verified as every webhook and answered by `reply`."""


class Availability(Struct, frozen=True, omit_defaults=True):
    """Whether somebody is there; `open` None = the vendor cannot tell."""

    open: bool | None
    agents: int | None = None
    position: int | None = None
    estimated_wait_ms: int | None = None
    opens_at: str | None = None


class Brief(Struct, frozen=True):
    """The conversation as an agent needs to know it."""

    id: str
    channel: str
    language: str
    medium: str


class Host(Protocol):
    """The program around a provider, as far as a provider may use it."""

    @property
    def webhook_url(self) -> str:
        """Where this provider's webhooks arrive, seen from outside; empty where nobody serves."""
        ...

    async def recall(self, key: str) -> str | None:
        """What this provider remembered under the key; None after 35 days, or when there was nothing."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Keep a small text over restarts, such as a renewed token."""
        ...

    async def content(self, file: Attachment) -> bytes:
        """The bytes of a file that the user sent, for vendors that want them instead of a link.

        Raises:
            ProviderRejected: it is gone, or not ours.
        """
        ...


class Alone:
    """A host for a provider that is tried by itself: it forgets everything at the end and has no files."""

    def __init__(self, webhook_url: str = "") -> None:
        self.webhook_url = webhook_url
        self._known: dict[str, str] = {}

    async def recall(self, key: str) -> str | None:
        """As long as the process lives."""
        return self._known.get(key)

    async def remember(self, key: str, value: str) -> None:
        """As long as the process lives."""
        self._known[key] = value

    async def content(self, file: Attachment) -> bytes:
        """There are no files."""
        raise ProviderRejected("there are no files here")


class PhoneCall(Protocol):
    """The call of a voice conversation, to be given away."""

    call: Call

    async def transfer(self, transfer: Transfer) -> None:
        """Returns when the gateway has taken the order; raises the `ProviderError`s of `core.errors`."""
        ...


@dataclass(frozen=True, slots=True)
class HandoverRequest:
    """What the contact centre gets at the start. `route` are the step's rendered routing keys."""

    handover_id: str
    attempt: int
    reason: str | None
    initiator: Initiator
    conversation: Brief
    user: User
    context: Mapping[str, Any]
    route: Mapping[str, Any]
    transcript: Sequence[Message]
    call: "PhoneCall | None" = None
    """The phone call, where the conversation is one that a configured gateway holds."""
    chat_id: str | None = None
    """The id that the user's channel gives the chat, where it has one."""

    @property
    def key(self) -> str:
        """The idempotency key of the open call."""
        return f"{self.handover_id}:{self.attempt}"


@dataclass(frozen=True, slots=True)
class Session:
    """The vendor's side of one attempt."""

    handover_id: str
    attempt: int
    external_id: str
    vendor_state: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The vendor accepted; position from 1, wait in milliseconds, None where it does not tell."""

    external_id: str
    position: int | None = None
    estimated_wait_ms: int | None = None
    vendor_state: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """An inbound call as it came: header names in lower case, the body untouched."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: float
    part: str = ""
    """What followed `/webhooks/{name}/`, one of `Capabilities.webhook_parts`."""


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """A fixed answer that a vendor demands."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Provider(Protocol):
    """One configured contact centre. Network calls may raise the `ProviderError`s of `core.errors`."""

    name: str
    host: Host
    capabilities: ClassVar[Capabilities]

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def connect(self) -> str | None: ...
    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability: ...
    async def open(self, request: HandoverRequest) -> Opened: ...
    async def send(self, session: Session, message: Message, key: str) -> None: ...
    async def typing(self, session: Session, *, on: bool) -> None: ...
    async def presence(
        self, session: Session, user: Literal["connected", "disconnected"], text: str
    ) -> None: ...
    async def receipt(
        self, session: Session, message_id: str, state: Literal["delivered", "read", "failed"]
    ) -> None: ...
    async def cancel(self, session: Session, reason: str) -> None: ...
    async def close(self, session: Session, reason: str) -> None: ...
    async def hand_back(self, session: Session, route: Mapping[str, Any]) -> None: ...
    def refuse(self, route: Mapping[str, Any]) -> str | None: ...
    def transfer(self, route: Mapping[str, Any]) -> Transfer | None: ...
    def preview(self, request: HandoverRequest) -> str | None: ...
    async def prepare(self, request: WebhookRequest) -> None: ...
    def verify(self, request: WebhookRequest) -> None: ...
    def parse(self, request: WebhookRequest) -> Sequence[FromProvider]: ...
    def reply(self, request: WebhookRequest) -> WebhookReply | None: ...
    async def complete(self, event: FromProvider) -> FromProvider: ...
    async def file_headers(self, session: Session, url: str) -> Mapping[str, str]: ...
    def origins(self) -> frozenset[str]: ...
    def events(self, cursor: str | None) -> AsyncIterator[tuple[str, FromProvider]]: ...
    def listen(
        self, session: Session, cursor: str | None
    ) -> AsyncIterator[tuple[str, FromProvider | None]]: ...


class BaseProvider:
    """Safe defaults: what is not said is not supported. `name` is the configured name, not the type."""

    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(self, name: str) -> None:
        self.name = name
        self.host: Host = Alone()

    async def start(self) -> None:
        """Build what the calls need; raises `ConfigError` or `ProviderAuthError`."""

    async def stop(self) -> None:
        """Let go of it; never raises."""

    async def connect(self) -> str | None:
        """Try to reach the vendor with our credentials, for `check --connect`; leaves nothing behind there. Returns what
        only a handover can prove, where somebody should know."""

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """Whether somebody is there; "nobody" is an answer, not an error."""
        return Availability(open=None)

    async def open(self, request: HandoverRequest) -> Opened:
        """Start a session; the same `request.key` again gives the same session."""
        raise Unsupported

    async def send(self, session: Session, message: Message, key: str) -> None:
        """Give the agent one message; `key` stays the same on every retry."""
        raise Unsupported

    async def typing(self, session: Session, *, on: bool) -> None:
        """Best effort: the user is typing."""

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """Best effort: the user joined or left; `text` is the sentence in the agent's language."""

    async def receipt(
        self, session: Session, message_id: str, state: Literal["delivered", "read", "failed"]
    ) -> None:
        """Best effort: what became of the agent's message that they sent under `message_id`."""

    async def cancel(self, session: Session, reason: str) -> None:
        """The user withdrew, or we gave up; a session that is gone counts as done."""

    async def close(self, session: Session, reason: str) -> None:
        """Our side ended it; a session that is gone counts as done."""

    async def hand_back(self, session: Session, route: Mapping[str, Any]) -> None:
        """A transferred conversation was given back by call; only for `hands_back`."""

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """What is wrong with the rendered route, e.g. a required field that is empty; None when it is fine."""
        return None

    def transfer(self, route: Mapping[str, Any]) -> Transfer | None:
        """What a phone call with this route, which was not refused, is given to; None: nothing is done with it."""
        return None

    def preview(self, request: HandoverRequest) -> str | None:
        """What `open` would send by other ways than HTTP, shown in a dry run instead; None: by HTTP only."""
        return None

    async def prepare(self, request: WebhookRequest) -> None:
        """Get what `verify` needs and does not have yet, such as the vendor's public key. The request may be anybody's.
        Where that fails, the webhook is refused for now, so that the vendor sends it again."""

    def verify(self, request: WebhookRequest) -> None:
        """Raise `SignatureError` unless the vendor sent this; over the raw bytes."""
        raise Unsupported

    def parse(self, request: WebhookRequest) -> Sequence[FromProvider]:
        """The facts of a verified webhook; raises `PayloadError`. Pure."""
        raise Unsupported

    def reply(self, request: WebhookRequest) -> WebhookReply | None:
        """A fixed answer the vendor demands instead of ours; for `webhook_get` also the one to its GET."""
        return None

    async def complete(self, event: FromProvider) -> FromProvider:
        """The same event with what its webhook left out, such as the agent's name. It may ask the vendor, and should
        remember what it said; where that fails or takes over 2 s, the event is taken as it came. A vendor that is
        not there is left alone for 10 s."""
        return event

    async def file_headers(self, session: Session, url: str) -> Mapping[str, str]:
        """What a download of an agent's file must send along; for addresses of the vendor only. It does not follow a
        redirect to another origin."""
        return {}

    def origins(self) -> frozenset[str]:
        """The configured addresses at whose host and port agents' files are fetched though they are private, as those of a
        vendor in the own network; for all others only `outbound.allow` says so."""
        return frozenset()

    async def events(self, cursor: str | None) -> AsyncIterator[tuple[str, FromProvider]]:
        """(cursor, fact) from a stream or poll, resumable; only for `inbound="events"`."""
        raise Unsupported
        yield  # pragma: no cover  (makes this an async generator)

    async def listen(
        self, session: Session, cursor: str | None
    ) -> AsyncIterator[tuple[str, FromProvider | None]]:
        """(cursor, fact) of one session, resumable; only for `inbound="session"`. A fact of None only moves the cursor.

        It ends by itself when the vendor's session has ended. Raises `ProviderUnavailable` when the connection broke, to be
        called again from the last cursor, and `SessionGone` when there is nothing left to come back to. Server-sent events
        are read by `net.sse.server_sent`.
        """
        raise Unsupported
        yield  # pragma: no cover  (makes this an async generator)


class CallProvider(BaseProvider):
    """Gives phone calls away: says to whom by `transfer`, and leaves the rest to the call's gateway."""

    capabilities: ClassVar[Capabilities] = Capabilities(style=Style.TRANSFER, media=frozenset(("voice",)))

    async def open(self, request: HandoverRequest) -> Opened:
        """Returns when the gateway has taken the order. There is no session: its key serves as the id."""
        transfer = self.transfer(request.route)
        if request.call is None or transfer is None:
            raise ProviderRejected("no configured gateway holds this call")
        await request.call.transfer(transfer)
        return Opened(request.key)
