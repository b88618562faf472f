"""Frames of the web chat socket and bodies of its calls, as in docs/reference/webchat-protocol.md."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from openhandover.core.commands import MAX_TEXT_BYTES
from openhandover.core.errors import Refused, invalid

MAX_SESSION_BYTES = 64 * 1024
MAX_FRAME_BYTES = 64 * 1024

Seq = Annotated[int, Meta(ge=0, le=2**53)]
MessageId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Short = Annotated[str, Meta(max_length=2000)]
Key = Annotated[str, Meta(min_length=1, max_length=100)]
Value = Short | int | float | bool | None
Jwt = Annotated[str, Meta(max_length=8192)]
Count = Annotated[int, Meta(ge=1, le=100)]
"""So many messages at a time."""
Language = Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=35)]


class Page(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the visitor is."""

    url: Short = ""
    title: Short = ""
    referrer: Short = ""


def page_of(context: Mapping[str, Any]) -> Page:
    """Where the visitor was last; nowhere when something else has been written there."""
    try:
        return msgspec.convert(context.get("page", {}), Page)
    except msgspec.ValidationError:
        return Page()


class SessionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST sessions`."""

    language: Language | None = None
    page: Page | None = None
    identity: Jwt | None = None
    context: Annotated[dict[Key, Value], Meta(max_length=50)] = {}

    def whole_context(self) -> dict[str, Any]:
        """What the site says of the visitor, with the page.

        Raises:
            Refused: `invalid` for a name that is the page's.
        """
        if "page" in self.context:
            raise invalid("context.page", "is a field of its own: send it as `page`")
        return {**self.context, "page": msgspec.to_builtins(self.page)} if self.page else dict(self.context)


class Frame(Struct, frozen=True, tag_field="type", tag=str.lower):
    """Base of what a page may send; a field we do not know is a newer client's and is ignored."""


class Hello(Frame, frozen=True):
    """The first frame: who is here, and what they have already; `last` limits what somebody with nothing gets."""

    token: str
    after: Seq = 0
    last: Count | None = None
    identity: Jwt | None = None


class History(Frame, frozen=True):
    """What was said before this seq."""

    before: Annotated[int, Meta(ge=1, le=2**53)]
    limit: Count = 50


class Move(Frame, frozen=True, tag="page"):
    """The visitor is on another page of the site now."""

    url: Short
    title: Short = ""
    referrer: Short | None = None


class FileRef(Struct, frozen=True):
    """A file uploaded before."""

    upload_id: Annotated[str, Meta(min_length=1, max_length=200)]


class Message(Frame, frozen=True):
    """The visitor says something; the same id again has no second effect."""

    id: MessageId
    text: str = ""
    attachments: Annotated[list[FileRef], Meta(max_length=10)] = []
    button: Short | None = None

    @property
    def digest(self) -> str:
        """Equal for equal contents."""
        files = [file.upload_id for file in self.attachments]
        return hashlib.sha256(msgspec.json.encode([self.text, files, self.button])).hexdigest()


class Typing(Frame, frozen=True):
    """The visitor writes, or stopped."""

    on: bool


class Ack(Frame, frozen=True):
    """The page has everything up to here."""

    seq: Seq


class Read(Frame, frozen=True):
    """The visitor has seen everything up to here."""

    seq: Seq


class Cancel(Frame, frozen=True):
    """The visitor withdraws the request for a human."""


class Human(Frame, frozen=True):
    """The visitor asks for a person."""


class End(Frame, frozen=True):
    """The visitor ends the chat."""


class Rating(Frame, frozen=True):
    """What the visitor thought of it."""

    handover_id: str
    score: Annotated[int, Meta(ge=1, le=5)]
    comment: Short | None = None


class Pong(Frame, frozen=True):
    """Still here."""


ClientFrame = Hello | History | Move | Message | Typing | Ack | Read | Cancel | Human | End | Rating | Pong
_decoder = msgspec.json.Decoder(ClientFrame)


def read_frame(raw: str | bytes) -> ClientFrame:
    """The frame in this text.

    Raises:
        Refused: `too_large`, `bad_json` or `invalid`; it names the place, never the content.
    """
    size = len(raw.encode("utf-8", "replace")) if isinstance(raw, str) else len(raw)
    if size > MAX_FRAME_BYTES:
        raise Refused("too_large", f"The frame is larger than {MAX_FRAME_BYTES} bytes")
    try:
        frame = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise Refused("invalid", _place(str(error))) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refused("bad_json", "The frame is not a JSON object in UTF-8") from None
    if isinstance(frame, Message):
        _check_message(frame)
    return frame


class _Named(Struct):
    type: Literal["message"]
    id: MessageId


def message_id_of(raw: str | bytes) -> str | None:
    """The id of a message frame that does not fit, so that its refusal can name it."""
    try:  # unlike msgspec, json reads a text with half a character in it, which is a reason to be refused
        return msgspec.convert(json.loads(raw), _Named).id
    except (msgspec.ValidationError, ValueError, RecursionError):
        return None


def _check_message(frame: Message) -> None:
    if len(frame.text.encode("utf-8")) > MAX_TEXT_BYTES:
        raise Refused("too_large", f"The text is larger than {MAX_TEXT_BYTES} bytes")
    if not frame.text and not frame.attachments:
        raise invalid("text", "must not be empty without an attachment")


def _place(error: str) -> str:
    """msgspec's sentence, which names the place and the wanted type; the value of an unknown `type` stays out."""
    return "`type` is none of the known frames" if error.startswith("Invalid value") else error


def refused(error: Refused, message_id: str | None) -> dict[str, Any]:
    """The frame that says that something was not done."""
    frame: dict[str, Any] = {"type": "refused"}
    if message_id is not None:
        frame["id"] = message_id
    frame |= {"code": error.code, "detail": error.detail}
    if "retry_after_s" in error.extra:
        frame["retry_after_s"] = error.extra["retry_after_s"]
    return frame
