"""The answers of the API as types, for the OpenAPI document only: `core.view` makes the real ones, and a test holds
the two together."""

from typing import Any, Generic, Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType

from openhandover.core.model import (
    Agent,
    Audience,
    Author,
    Button,
    EndedBy,
    Floor,
    Initiator,
    Medium,
    Translation,
)

T = TypeVar("T")
Reason = str


class Problem(Struct):
    """Why a request was refused (RFC 9457); `code` is stable."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class FieldProblem(Struct):
    """One wrong field of a request."""

    path: str
    detail: str


class InvalidProblem(Problem):
    """A request that does not fit; every wrong field is named."""

    errors: list[FieldProblem]


class Listed(Struct, Generic[T]):
    """A page of a list; `next` is the value for `after` or `cursor`, null at the end."""

    items: list[T]
    next: str | int | None


class UserShape(Struct):
    """The end user."""

    id: str
    name: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET


class Conversation(Struct):
    """One end user on one channel. `handover_id` is the handover that has it now."""

    id: str
    channel: str
    bot: str | None
    medium: Medium
    language: str
    user: UserShape
    context: dict[str, Any]
    floor: Floor
    epoch: int
    seq: int
    handover_id: str | None
    created_at: str


class File(Struct):
    """A file of a message; `url` needs no header and ends after 24 hours where it is ours."""

    id: str
    name: str
    content_type: str
    size: int | None
    url: str


class DeliveryShape(Struct):
    """How far a message got."""

    state: Literal["pending", "delivered", "read", "failed"]
    attempts: int


class Message(Struct):
    """One message; its `seq` is that of its `message.created`."""

    id: str
    seq: int
    author: Author
    text: str
    attachments: list[File]
    at: str
    delivery: DeliveryShape
    author_name: str | UnsetType | None = UNSET
    author_avatar_url: str | UnsetType | None = UNSET
    to: Audience | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    translation: Translation | UnsetType | None = UNSET
    buttons: list[Button] | UnsetType | None = UNSET
    button: str | UnsetType | None = UNSET
    intent: str | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
    late: bool | UnsetType = UNSET


class AttemptShape(Struct, rename={"from_": "from"}):
    """One provider that was tried."""

    provider: str
    external_id: str | None
    reason: Reason | None
    from_: str
    to: str | None


class ErrorShape(Struct):
    """Why a handover failed: `reason` is one of two words, `code` the exact one."""

    reason: Literal["unsupported", "error"]
    code: Reason | None
    message: str


class QueueShape(Struct):
    """The place in the queue; `estimated` marks our own estimate."""

    position: int | None
    estimated_wait_ms: int | None
    alternative_text: str | None
    estimated: bool | UnsetType = UNSET


class RatingShape(Struct):
    """The user's rating."""

    score: int
    comment: str | None


class ReplacesShape(Struct):
    """The tool call that a handover came from: its digest belongs in the place of that call's result."""

    tool: str
    tool_call_id: str | None


class Handover(Struct):
    """One attempt to give one conversation to a human."""

    id: str
    conversation_id: str
    provider: str
    style: Literal["relay", "transfer"]
    status: Literal["requested", "queued", "active", "completed", "cancelled", "error", "transferred"]
    reason: Reason | None
    error: ErrorShape | None
    ended_by: EndedBy | None
    initiator: Initiator
    attempt: int
    attempts: list[AttemptShape]
    agent: Agent | None
    queue: QueueShape
    inactivity_count: int
    digest: dict[str, Any] | None
    rating: RatingShape | None
    requested_at: str
    queued_at: str | None
    active_at: str | None
    ended_at: str | None
    replaces: ReplacesShape | UnsetType = UNSET


class Event(Struct):
    """A fact of a conversation; SSE, webhooks and the log use the same envelope."""

    id: str
    seq: int
    type: str
    conversation_id: str
    floor: Floor
    epoch: int
    at: str
    data: dict[str, Any]
    handover_id: str | UnsetType = UNSET


class ProofItem(Struct):
    """One message and whether it arrived."""

    id: str
    direction: Literal["to_agent", "to_user"]
    seq: int
    accepted_at: str
    delivered_at: str | None
    attempts: int


class ProofCounts(Struct):
    """The sums of a proof."""

    accepted: int
    delivered: int
    pending: int
    failed: int
    repeated: int
    misordered: int


class Proof(Struct):
    """What became of every message of a handover."""

    items: list[ProofItem]
    counts: ProofCounts


class AvailabilityShape(Struct):
    """Whether somebody is there; `open` null means that the provider cannot tell."""

    open: bool | None
    agents: int | UnsetType | None = UNSET
    position: int | UnsetType | None = UNSET
    estimated_wait_ms: int | UnsetType | None = UNSET
    opens_at: str | UnsetType | None = UNSET


class Uploaded(Struct):
    """A file given to us."""

    upload_id: str
    name: str
    content_type: str
    size: int


class Sentence(Struct):
    """One sentence of a handover's life."""

    at: str
    text: str


class VendorCallShape(Struct):
    """One call to a contact centre (`out`), or one thing that it told us (`in`)."""

    at: str
    attempt: int
    direction: Literal["out", "in"]
    operation: str
    target: str
    status: int | None
    took_ms: int | None
    detail: str


class Diagnosis(Struct):
    """Why a handover is where it is."""

    handover: Handover
    sentences: list[Sentence]
    calls: list[VendorCallShape]
    counts: ProofCounts


class Applied(Struct):
    """What became of a webhook's event; `reason` says why it had no effect."""

    applied: bool
    reason: str | UnsetType = UNSET


class Health(Struct):
    """Whether the process, or the store behind it, can serve."""

    status: Literal["ok", "unavailable"]
