"""Messages: post one (the hot path), read them back."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from openhandover.core.commands import MAX_TEXT_BYTES
from openhandover.core.errors import Refused, invalid
from openhandover.core.events import PostMessage
from openhandover.core.model import Attachment, Button

from .bodies import AttachmentBody, MessageBody, attachment_errors, message_errors
from .call import Call
from .endpoint import Reply, json_reply, page
from .idempotency import fingerprint
from .requests import Known, Reader, raw_body, repeated, text_of
from .site import Site
from .validation import refusal

_reader = Reader(MessageBody, message_errors)


async def post(call: Call) -> Reply:
    """POST /v1/conversations/{id}/messages"""
    message, created = await accept(call.site, call.path["id"], await raw_body(call))
    return json_reply(message, 201 if created else 200)


async def accept(site: Site, conversation_id: str, raw: bytes) -> tuple[Any, bool]:
    """The message that a body asks for, and whether it is new; raises what the call answers."""
    find = _finder(site, conversation_id)
    body = _reader.quick(raw)
    if body is None:
        return (await _reader.slow(raw, "", find)).resource, False
    mark = fingerprint(raw) if body.id is not None else None
    files: tuple[Attachment, ...] = ()
    if body.attachments or too_long(body.text):
        known = await find({"id": body.id, "author": body.author})
        if known is not None:
            return repeated(known, mark or "").resource, False
        refuse_too_long(body.text)
        files = await attachments(site, body.attachments or [])
    return await site.engine.post(conversation_id, _command(body, files, mark))


def too_long(text: str | None) -> bool:
    """Whether a text is over its limit; the quick look spares encoding every short one."""
    return text is not None and len(text) * 4 > MAX_TEXT_BYTES and len(text.encode()) > MAX_TEXT_BYTES


def refuse_too_long(text: str | None) -> None:
    """Raises Refused: `too_large`."""
    if too_long(text):
        raise Refused("too_large", f"The text is larger than {MAX_TEXT_BYTES} bytes")


def _command(body: MessageBody, files: tuple[Attachment, ...], mark: str | None) -> PostMessage:
    return PostMessage(
        id=body.id or f"m_{secrets.token_urlsafe(12)}",
        author=body.author,
        text=body.text or "",
        attachments=files,
        buttons=tuple(Button(button.text, button.value) for button in body.buttons) if body.buttons else None,
        button=body.button,
        intent=body.intent,
        metadata=body.metadata,
        to=body.to,
        epoch=body.epoch,
        digest=mark,
    )


async def attachments(site: Site, files: list[AttachmentBody]) -> tuple[Attachment, ...]:
    """The files of a message; uploads must exist."""
    if errors := list(attachment_errors(files)):
        raise refusal(errors)
    made: list[Attachment] = []
    for number, file in enumerate(files):
        if file.upload_id is None:
            made.append(linked(file.url or "", file.name, file.content_type))
            continue
        upload = await site.engine.store.upload(file.upload_id)
        if upload is None:
            raise invalid(f"attachments[{number}].upload_id", "is not a file given to us")
        # The address of a file of ours is signed whenever the message is shown.
        made.append(Attachment(upload.id, file.name or upload.name, upload.content_type, upload.size, ""))
    return tuple(made)


def linked(url: str, name: str | None, content_type: str | None) -> Attachment:
    """A file that lies elsewhere; without a name it has that of its address."""
    called = name or url.partition("?")[0].rpartition("/")[2] or "file"
    kind = content_type or "application/octet-stream"
    return Attachment(f"f_{secrets.token_urlsafe(12)}", called, kind, None, url)


def _finder(site: Site, conversation_id: str) -> Callable[[Any], Awaitable[Known | None]]:
    async def known(data: Any) -> Known | None:
        """What the message's id stands for within its conversation and author; refuses an unknown conversation."""
        await site.engine.conversation(conversation_id)
        message_id, author = text_of(data, "id"), text_of(data, "author")
        if message_id is None or author is None:
            return None
        row = await site.engine.store.message(conversation_id, f"{author}:{message_id}")
        return Known(row.entry.digest, site.engine.message_view(row)) if row else None

    return known


async def listed(call: Call) -> Reply:
    """GET /v1/conversations/{id}/messages"""
    found = await call.engine.messages(call.path["id"], call.after, call.limit)
    return page(found.items, number_or_none(found.next))


def number_or_none(following: str | int | None) -> int | None:
    """The value for `after`: a seq."""
    return None if following is None else int(following)
