"""What a visitor may see, built field by field: what is added to our events later is not shown by accident."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from openhandover.core.model import (
    Attachment,
    Button,
    Conversation,
    Delivery,
    Entry,
    Handover,
    Rating,
    Status,
    Translation,
)

DELIVERY = frozenset({"message.delivered", "message.read", "message.failed"})
HANDOVER = frozenset(
    f"handover.{name}"
    for name in (
        *("requested", "queued", "queue_updated", "active", "agent_joined", "agent_changed", "agent_left"),
        *("inactive", "completed", "cancelled", "error", "transferred", "returned", "rated"),
    )
)
PASSING = DELIVERY | {"handover.queue_updated"}
"""Events that a later look at the message, or the next event, says better."""
TYPING = {"typing.started": True, "typing.stopped": False}


class _Message(Struct, omit_defaults=True):
    id: str
    seq: int
    author: Literal["user", "bot", "agent", "system"]
    text: str
    at: str
    attachments: list[Attachment] | None = None
    delivery: Delivery | None = None
    author_name: str | None = None
    author_avatar_url: str | None = None
    to: str | None = None
    language: str | None = None
    translation: Translation | None = None
    buttons: list[Button] | None = None
    metadata: dict[str, Any] | None = None
    late: bool = False

    def __post_init__(self) -> None:
        """Of a message that was erased, or is past its retention, only the bare facts are left."""
        self.attachments = self.attachments or []
        self.delivery = self.delivery or Delivery()


class _Agent(Struct):
    name: str | None = None
    avatar_url: str | None = None


class _Queue(Struct):
    position: int | None = None
    estimated_wait_ms: int | None = None
    alternative_text: str | None = None


class _Handover(Struct):
    id: str
    status: Status
    reason: str | None = None
    agent: _Agent | None = None
    queue: _Queue | None = None
    rating: Rating | None = None


class _To(Struct):
    to: str | None = None


class _Author(Struct):
    author: str


class _MessageRef(Struct):
    message_id: str


def is_shown(entry: Entry) -> bool:
    """Whether a line of the log is a message that the visitor may see."""
    return entry.type == "message.created" and msgspec.json.decode(entry.data, type=_To).to != "agent"


def frame_for(
    event: Mapping[str, Any], state: Conversation | None, *, past: bool = False
) -> dict[str, Any] | None:
    """The frame for an event, None when it is not for visitors. `state` is the conversation as it
    is now; only handover events need it. Of the `past`, only what still says something is shown."""
    kind: str = event["type"]
    if past and kind in PASSING:
        return None
    if kind in TYPING:
        author = _read(event["data"], _Author).author
        return {"type": "typing", "author": author, "on": TYPING[kind]} if author != "user" else None
    data = _visible(kind, event["data"], state)
    if data is None:
        return None
    names = ("id", "seq", "type", "conversation_id", "handover_id", "floor", "epoch", "at")
    shown = {name: event[name] for name in names if name in event}
    return {"type": "event", "event": {**shown, "data": data}}


def _visible(kind: str, data: Any, state: Conversation | None) -> Any:
    if kind == "message.created":
        message = _read(data, _Message)
        return None if message.to == "agent" else message
    if kind in DELIVERY:
        return _read(data, _MessageRef)
    if kind in HANDOVER:
        return shown_handover(data, state.handover if state else None)
    return data if kind == "floor.changed" else None


def shown_handover(data: Any, current: Handover | None) -> dict[str, Any]:
    """The visitor's view of a handover object; `current` is the conversation's newest handover, which knows what
    its step lets the visitor see and do."""
    handover = _read(data, _Handover)
    settings = current.settings if current and current.id == handover.id else None
    queue = handover.queue if handover.status is Status.QUEUED and settings else None
    if queue and settings:
        told = settings.queue
        queue = _Queue(
            position=queue.position if told.position else None,
            estimated_wait_ms=queue.estimated_wait_ms if told.estimated_wait else None,
            alternative_text=queue.alternative_text,
        )
    cancel = rating = None
    if settings and current:
        may_cancel = handover.status in ("requested", "queued") or (
            handover.status is Status.ACTIVE and settings.cancel_while_active
        )
        cancel = {"text": settings.cancel_button} if settings.cancel_button and may_cancel else None
        asks = settings.rating_text and handover.status is Status.COMPLETED and not current.rating
        rating = {"text": settings.rating_text} if asks and handover.rating is None else None
    return {
        "id": handover.id,
        "status": handover.status,
        "reason": handover.reason,
        "agent": handover.agent,
        "queue": queue,
        "cancel": cancel,
        "rating": rating,
        "rated": handover.rating.score if handover.rating else None,
        "files": bool(settings and current and current.takes_files),
    }


def _read(data: Any, kind: Any) -> Any:
    """Event data as this type: it comes as stored JSON or as plain data."""
    if isinstance(data, msgspec.Raw):
        return msgspec.json.decode(data, type=kind)
    return msgspec.convert(msgspec.to_builtins(data), kind)
