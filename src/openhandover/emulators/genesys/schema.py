"""The bodies that Genesys Cloud takes, field by field as in its specification; anything else is refused.

`customAttributes` is the one exception: it is in no published schema, but partners rely on it.
"""

import re
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from .refusals import No

T = TypeVar("T")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class _Strict(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """Every field is named in the specification."""


class Sender(_Strict, frozen=True):
    """`OpenMessagingFromRecipient`, without `image`, which only answers have."""

    id: str
    id_type: Literal["Email", "Phone", "Opaque"]
    nickname: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""


class ChannelMetadata(_Strict, frozen=True):
    """`channel.metadata`: what partners send."""

    custom_attributes: dict[str, str] = {}


class MessageChannel(_Strict, frozen=True):
    """`OpenInboundMessageMessagingChannel`; the time is checked apart, because its refusals have codes of their own."""

    from_: Sender = msgspec.field(name="from")
    time: str = ""
    message_id: str = ""
    metadata: ChannelMetadata = ChannelMetadata()


class Attachment(_Strict, frozen=True):
    """`OpenContentAttachment`."""

    media_type: Literal["Image", "Video", "Audio", "File", "Link"]
    url: str
    mime: str
    id: str = ""
    text: str = ""
    sha256: str = ""
    filename: str = ""


class Content(_Strict, frozen=True):
    """`OpenInboundMessageContent`."""

    attachment: Attachment


class InboundMessage(_Strict, frozen=True):
    """`OpenInboundNormalizedMessage`."""

    channel: MessageChannel
    text: str = ""
    content: list[Content] = []
    metadata: dict[str, str] = {}


class EventChannel(_Strict, frozen=True):
    """`OpenInboundMessagingChannel`."""

    from_: Sender = msgspec.field(name="from")
    time: str = ""


class Typing(_Strict, frozen=True):
    """`OpenEvent`."""

    event_type: Literal["Typing"]


class InboundEvent(_Strict, frozen=True):
    """`OpenInboundNormalizedEvent`."""

    channel: EventChannel
    events: list[Typing]


class Recipient(_Strict, frozen=True):
    """`OpenMessagingToRecipient`, as far as a caller may fill it."""

    id: str
    email: str = ""


class ReceiptChannel(_Strict, frozen=True):
    """`OpenInboundMessagingReceiptChannel`."""

    to: Recipient
    time: str = ""


class Reason(_Strict, frozen=True):
    """`ConversationReason`."""

    message: str
    code: Literal[
        "MessageExpired",
        "RateLimited",
        "MessageNotAllowed",
        "GeneralError",
        "UnsupportedMessage",
        "UnknownMessage",
        "InvalidMessageStructure",
        "InvalidDestination",
        "ServerError",
        "MediaTypeNotAllowed",
        "InvalidMediaContentLength",
        "RecipientOptedOut",
        "DataFiltered",
    ] = "GeneralError"


class InboundReceipt(_Strict, frozen=True):
    """`OpenInboundNormalizedReceipt`; `Read` does not exist."""

    id: str
    channel: ReceiptChannel
    status: Literal["Sent", "Delivered", "Failed", "Published", "Removed"]
    reasons: list[Reason] = []
    is_final_receipt: bool = False


class Disconnect(_Strict, frozen=True):
    """`Conversation`, and what we take of `MediaParticipantRequest`: the one state that ends."""

    state: Literal["disconnected"]


class Predicate(_Strict, frozen=True):
    """`QueueObservationQueryPredicate`."""

    type: Literal["dimension", "property", "metric"]
    dimension: Literal["queueId", "mediaType"]
    operator: Literal["matches", "exists", "notExists"]
    value: str = ""


class Filter(_Strict, frozen=True):
    """`QueueObservationQueryFilter`, without clauses."""

    type: Literal["and", "or"]
    predicates: list[Predicate]


Metric = Literal[
    "oActiveUsers",
    "oAlerting",
    "oInteracting",
    "oLongestInteracting",
    "oLongestWaiting",
    "oMemberUsers",
    "oOffQueueUsers",
    "oOnQueueUsers",
    "oUserPresences",
    "oUserRoutingStatuses",
    "oWaiting",
]


class Observation(_Strict, frozen=True):
    """`QueueObservationQuery`."""

    filter: Filter
    metrics: list[Metric]


def read(body: Any, kind: type[T]) -> T:
    """The body as one of the above.

    Raises:
        No: 400 `bad.request`, it has another shape.
    """
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise No(400, "bad.request", str(error)) from None


def check_time(time: str) -> None:
    """UTC with milliseconds.

    Raises:
        No: 400, with another code for none than for a wrong one.
    """
    if not time:
        raise No(400, "missing.open.channel.date", "channel.time is required")
    if not _TIME.fullmatch(time):
        raise No(400, "invalid.date", "channel.time is ISO-8601 in UTC with milliseconds")


def plain(value: Any) -> Any:
    """A struct as the JSON that came."""
    return msgspec.to_builtins(value)
