"""Files as vendors want to have them: multipart/form-data (RFC 7578)."""

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from .fetch import safe_name

ANY_TYPE = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(; ?[\w-]+=[\w.+-]+)?", re.ASCII)


class Part(NamedTuple):
    """One field; a file has a file name, which may be any."""

    name: str
    content: bytes
    content_type: str = ""
    filename: str | None = None


def form(parts: Sequence[Part]) -> tuple[str, bytes]:
    """Content type and body; the same bytes for the same parts, so that a retry repeats them. Names and types that users
    chose cannot break out of their places."""
    whole = [_head(part).encode() + part.content + b"\r\n" for part in parts]
    boundary = hashlib.sha256(b"".join(whole)).hexdigest()
    body = b"".join(f"--{boundary}\r\n".encode() + part for part in whole)
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def _head(part: Part) -> str:
    named = "" if part.filename is None else f'; filename="{safe_name(part.filename)}"'
    kind = part.content_type if _MEDIA_TYPE.fullmatch(part.content_type) else ANY_TYPE
    typed = f"Content-Type: {kind}\r\n" if part.content_type or named else ""
    return f'Content-Disposition: form-data; name="{part.name}"{named}\r\n{typed}\r\n'
