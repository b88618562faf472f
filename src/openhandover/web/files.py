"""Files: given to us, and read through signed links."""

import secrets
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

from openhandover.core.errors import Refused, invalid
from openhandover.store.port import Upload

from .bodies import MAX_ID
from .call import Call
from .endpoint import Reply, Stream, json_reply
from .multipart import Received, receive_file

CHUNK_BYTES = 64 * 1024


async def upload(call: Call) -> Reply:
    """POST /v1/uploads"""
    rules = call.site.config.uploads
    received = await receive_file(
        call.scope, call.receive, call.engine.files.folder, max_bytes=rules.max_bytes, types=rules.types
    )
    try:
        kept, created = await keep(call, received)
    finally:
        received.path.unlink(missing_ok=True)
    answer = {"upload_id": kept.id, "name": kept.name, "content_type": kept.content_type, "size": kept.size}
    return json_reply(answer, 201 if created else 200)


async def keep(call: Call, received: Received) -> tuple[Upload, bool]:
    """Register a received file under the id its sender chose, or a new one; False when it was there already."""
    chosen = received.fields.get("id")
    if chosen is not None and not _is_id(chosen):
        raise invalid("id", "must be a text of 1 to 200 characters without control characters")
    fingerprint = f"{received.sha256}:{received.name}" if chosen is not None else None
    made = Upload(
        id=chosen or f"up_{secrets.token_urlsafe(16)}",
        name=received.name,
        content_type=received.content_type,
        size=received.size,
        at=call.engine.clock(),
        sha256=received.sha256,
        fingerprint=fingerprint,
    )
    kept = await call.engine.files.add(made, received.path)
    if kept is made or kept == made:
        return kept, True
    if kept.fingerprint != fingerprint:
        raise Refused("id_reused")
    return kept, False


async def read(call: Call) -> Reply | Stream:
    """GET /v1/files/{id}"""
    file_id = call.path["id"]
    signature = call.text("sig")
    if signature is None:
        call.site.keys.require(call.header(b"authorization"), "conversations")
    elif not call.engine.files.verify(file_id, signature, call.engine.clock()):
        raise Refused("forbidden", "This link is wrong or has ended; read the message again for a fresh one")
    kept = await call.engine.store.upload(file_id)
    path = None if kept is None else call.engine.files.path(kept)
    if kept is None or path is None or not path.is_file():
        raise Refused("not_found")
    name = quote(kept.name, safe="")
    return Stream(
        _chunks(path),
        kept.content_type.encode("latin-1", "ignore"),
        (
            (b"content-disposition", f"attachment; filename*=UTF-8''{name}".encode()),
            (b"content-security-policy", b"default-src 'none'; sandbox; frame-ancestors 'none'"),
            (b"cache-control", b"private, max-age=3600"),
        ),
        length=kept.size,
    )


async def _chunks(path: Path) -> AsyncGenerator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _is_id(text: str) -> bool:
    return 0 < len(text) <= MAX_ID and text.isprintable() and not text[0].isspace()
