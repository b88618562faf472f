"""The bodies that clients send, as written in the contract. Unknown fields are refused: a misspelt one that is
silently ignored costs its sender a day."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from openhandover.core.model import Audience, Initiator
from openhandover.core.step import HandoverStep
from openhandover.core.table import CallOutcome

from .validation import FieldError

MAX_ID = 200

Id = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_ID,
        pattern=r"^[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        description="chosen by you; opaque to us, no control characters, not beginning with a space",
    ),
]
Epoch = Annotated[int, Meta(ge=0, le=2**53, description="the conversation's epoch that this is based on")]
Language = Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=35)]
Name = Annotated[str, Meta(min_length=1, max_length=500)]
Short = Annotated[str, Meta(max_length=2000)]
Time = Annotated[datetime, Meta(tz=True)]


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all bodies."""


class UserBody(Body, frozen=True):
    """The end user as your side knows them."""

    id: Name
    name: Short | None = None
    email: Short | None = None
    phone: Short | None = None
    attributes: dict[str, Any] | None = None


class UserPatch(Body, frozen=True):
    """What changed about the user; fields that are absent stay, null clears."""

    id: Name | UnsetType = UNSET
    name: Short | UnsetType | None = UNSET
    email: Short | UnsetType | None = UNSET
    phone: Short | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET


class CallBody(Body, frozen=True, rename={"from_": "from"}):
    """The phone call of a voice conversation."""

    gateway: Name
    id: Name
    from_: Short
    to: Short


class LineBody(Body, frozen=True):
    """One message said before the conversation came to us."""

    author: Literal["user", "bot", "agent", "system"]
    text: str
    at: Time
    name: Short | None = None


class ConversationBody(Body, frozen=True):
    """A conversation to begin."""

    channel: Name
    user: UserBody
    id: Id | None = None
    bot: Name | None = None
    medium: Literal["text", "voice"] = "text"
    call: CallBody | None = None
    language: Language | None = None
    context: dict[str, Any] | None = None
    transcript: Annotated[list[LineBody], Meta(max_length=10_000)] | None = None


class PatchBody(Body, frozen=True):
    """What changed; absent parts stay as they are."""

    user: UserPatch | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    context: dict[str, Any] | UnsetType = UNSET


class AttachmentBody(Body, frozen=True):
    """A file: by `url`, or by the `upload_id` of a file given to us before."""

    url: Annotated[str, Meta(min_length=1, max_length=8000, pattern="^https?://")] | None = None
    upload_id: Name | None = None
    name: Short | None = None
    content_type: Annotated[str, Meta(max_length=200)] | None = None


class ButtonBody(Body, frozen=True):
    """A quick reply: the user sees `text`, the bot gets `value`."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    value: Short


class MessageBody(Body, frozen=True):
    """A message of the user or the bot."""

    author: Literal["user", "bot"]
    id: Id | None = None
    text: (
        Annotated[str, Meta(description="at most 32 kB in UTF-8; may be empty with an attachment")] | None
    ) = None
    attachments: Annotated[list[AttachmentBody], Meta(max_length=20)] | None = None
    buttons: Annotated[list[ButtonBody], Meta(max_length=100)] | None = None
    button: Short | None = None
    intent: Annotated[str, Meta(max_length=200)] | None = None
    metadata: dict[str, Any] | None = None
    to: Audience | None = None
    epoch: Epoch | None = None


class TypingBody(Body, frozen=True):
    """Somebody types, or stopped."""

    author: Literal["user", "bot"]
    on: bool


class PresenceBody(Body, frozen=True):
    """The user's connection came or went."""

    state: Literal["connected", "disconnected"]


class TriggerBody(Body, frozen=True):
    """An event to fire at the bot."""

    event: Name


class HandoverBody(Body, frozen=True):
    """A request for a human."""

    id: Id | None = None
    provider: Name | None = None
    reason: Short | None = None
    initiator: Initiator = "bot"
    settings: HandoverStep | None = None
    epoch: Epoch | None = None


class CloseBody(Body, frozen=True):
    """Who ends the handover."""

    by: Literal["bot", "operator"] = "bot"


class NothingBody(Body, frozen=True):
    """An empty object, or no body at all."""


class RatingBody(Body, frozen=True):
    """The user's rating."""

    score: Annotated[int, Meta(ge=1, le=5)]
    comment: Annotated[str, Meta(max_length=10_000)] | None = None


class CallResultBody(Body, frozen=True):
    """What became of a phone call that its gateway was told to transfer."""

    outcome: CallOutcome
    sip_status: (
        Annotated[int, Meta(ge=100, le=699, description="of the last answer, where there is one")] | None
    ) = None
    attempt: (
        Annotated[
            int, Meta(ge=1, description="as in `call.transfer`; absent: the handover's current attempt")
        ]
        | None
    ) = None


def message_errors(fields: Mapping[str, Any]) -> Iterator[FieldError]:
    """What msgspec cannot see in a message: rules between its fields."""
    author = fields.get("author")
    if author == "bot" and fields.get("epoch") is None:
        yield {"path": "epoch", "detail": "is required from a bot"}
    if author == "user" and fields.get("to") is not None:
        yield {"path": "to", "detail": "is for the bot's output only"}
    if not fields.get("text") and not fields.get("attachments"):
        yield {"path": "text", "detail": "an empty text needs an attachment"}


def attachment_errors(files: list[AttachmentBody]) -> Iterator[FieldError]:
    """Each file is named in exactly one way."""
    for number, file in enumerate(files):
        if (file.url is None) == (file.upload_id is None):
            yield {"path": f"attachments[{number}]", "detail": "needs either `url` or `upload_id`"}


def conversation_errors(fields: Mapping[str, Any]) -> Iterator[FieldError]:
    """What msgspec cannot see in a new conversation."""
    if fields.get("call") is not None and fields.get("medium") != "voice":
        yield {"path": "call", "detail": "is for conversations with medium `voice`"}


def handover_errors(fields: Mapping[str, Any]) -> Iterator[FieldError]:
    """What msgspec cannot see in a request for a human."""
    if fields.get("initiator", "bot") == "bot" and fields.get("epoch") is None:
        yield {"path": "epoch", "detail": "is required from a bot"}
