"""What the custom client API takes, checked field by field."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from openhandover.emulators.answers import Refused

_T = TypeVar("_T")
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
"""Lower case and version 4: the API is strict about it."""
Text = Annotated[str, Meta(min_length=1)]
MAX_FILE_BYTES = 5 * 1024 * 1024


class Strict(Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Whether unknown fields are refused over there is not documented: here they are."""


class Unauthenticated(Strict, kw_only=True):
    """Body of a request for an anonymous user's token."""

    org_id: Text
    es_developer_name: Text
    capabilities_version: Literal["1"]
    platform: Literal["Web", "Mobile"]
    device_id: str | None = None
    context: dict[str, str] | None = None


class Authenticated(Unauthenticated, kw_only=True):
    """The same for a verified user."""

    authorization_type: Literal["JWT"]
    customer_identity_token: Text


class Create(Strict):
    """Body that makes a conversation."""

    conversation_id: Uuid
    es_developer_name: Text
    routing_attributes: dict[str, str] = {}
    language: Text | None = None


class Content(Strict):
    """The text of a message."""

    format_type: Literal["Text"]
    text: Text


class Said(Strict):
    """A message; answers to choices are not emulated."""

    id: Uuid
    message_type: Literal["StaticContentMessage"]
    static_content: Content
    in_reply_to_message_id: str | None = None


class Message(Strict):
    """Body of a message."""

    message: Said
    es_developer_name: Text
    is_new_messaging_session: bool = False
    routing_attributes: dict[str, str] = {}
    language: Text | None = None


class Typing(Strict):
    """Body of a typing indicator."""

    entry_type: Literal["TypingStartedIndicator", "TypingStoppedIndicator"]
    id: Uuid


class Ack(Strict):
    """One acknowledgement."""

    id: Uuid
    entry_type: Literal["Delivery", "Read"]
    conversation_entry_id: Text


class Acks(Strict):
    """Body of acknowledgements."""

    acks: Annotated[list[Ack], Meta(min_length=1)]


class FileSaid(Strict):
    """The message that a file makes."""

    id: Uuid
    file_id: Uuid
    text: str | None = None
    in_reply_to_message_id: str | None = None


class FileEntry(Strict):
    """The part `messageEntry` of a file."""

    es_developer_name: Text
    message: FileSaid
    is_new_messaging_session: bool = False
    routing_attributes: dict[str, str] = {}
    language: Text | None = None


class Upload(Struct):
    """A file as it came."""

    entry: FileEntry
    name: str
    content_type: str
    content: bytes


def decoded(body: bytes, kind: type[_T]) -> _T:
    """The body, checked.

    Raises:
        Refused: 400, with the place that is wrong.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except ValueError as error:
        raise Refused(400, str(error)) from None


async def read(request: web.Request, kind: type[_T]) -> _T:
    """The JSON body of a request, checked.

    Raises:
        Refused: 415 without the content type, 400 for a wrong body.
    """
    if request.content_type != "application/json":
        raise Refused(415, "Content-Type must be application/json")
    return decoded(await request.read(), kind)


async def uploaded(request: web.Request, allowed: tuple[str, ...]) -> Upload:
    """The two parts of a file, whose type begins like one that is allowed.

    Raises:
        Refused: 415 for a type that is not allowed, 413 for more than 5 MB, 400 for anything else that is wrong.
    """
    if request.content_type != "multipart/form-data":
        raise Refused(415, "Content-Type must be multipart/form-data")
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    whole = BytesParser(policy=HTTP).parsebytes(head + await request.read())
    parts: dict[Any, Any] = {}
    for part in whole.iter_parts():
        parts[part.get_param("name", header="content-disposition")] = part
    if set(parts) != {"messageEntry", "fileData"}:
        raise Refused(400, "the parts must be messageEntry and fileData")
    entry, file = parts["messageEntry"], parts["fileData"]
    if entry.get_content_type() != "application/json":
        raise Refused(400, "messageEntry must be application/json")
    name, content = file.get_filename(), file.get_payload(decode=True)
    if not name or not content:
        raise Refused(400, "fileData must have a filename and content")
    if len(content) > MAX_FILE_BYTES:
        raise Refused(413, "the file is over 5 MB")
    if not file.get_content_type().startswith(allowed):
        raise Refused(415, "files of this type are not allowed")
    return Upload(decoded(entry.get_payload(decode=True), FileEntry), name, file.get_content_type(), content)
