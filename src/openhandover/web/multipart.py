"""Files as browsers send them: multipart bodies streamed to disk, with limits on everything."""

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from openhandover.core.errors import Refused, invalid
from openhandover.net.fetch import safe_name
from openhandover.net.sniff import content_type

from .body import ClientLeft, refuse_declared_length
from .endpoint import header_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .endpoint import AsgiScope, Receive

OVERHEAD_BYTES = 64 * 1024
"""What boundaries, headers and the small fields may add to the file."""
MAX_FIELD_BYTES = 1024
HEAD_BYTES = 4096
"""So much of the file is looked at to tell what it is."""


@dataclass(slots=True)
class Received:
    """A file that came, lying in a temporary place; `content_type` is what its first bytes say."""

    path: Path
    name: str = ""
    content_type: str = ""
    size: int = 0
    sha256: str = ""
    fields: dict[str, str] = field(default_factory=dict[str, str])


class _Writer:
    """Takes the parts of one body as they come."""

    def __init__(self, file: IO[bytes], max_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._head = b""
        self._field = b""
        self._name: str | None = None
        self._declared = ""
        self.seen = False
        self.received = Received(Path(file.name))

    def take(self, event: "MultipartSegment | bytes | bytearray | None") -> None:
        """One event of the parser: a part begins, goes on, or ends (None)."""
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif self._name is None:
            return
        elif event is not None:
            self._more(self._name, bytes(event))
        elif self._name != "file":
            self._end_field(self._name)

    def _begin(self, segment: MultipartSegment) -> None:
        self._name, self._field = segment.name or "", b""
        if self._name == "file":
            if self.seen:
                raise invalid("file", "only one file at a time")
            self.seen = True
            self.received.name = safe_name(segment.filename or "file")
            self._declared = segment.content_type or ""
        elif self._name != "id":
            raise invalid(self._name, "is not known here; fields are `file` and `id`")

    def _more(self, name: str, data: bytes) -> None:
        if name != "file":
            self._field += data
            if len(self._field) > MAX_FIELD_BYTES:
                raise invalid(name, "is too long")
            return
        self.received.size += len(data)
        if self.received.size > self._max_bytes:
            raise too_large(self._max_bytes)
        if len(self._head) < HEAD_BYTES:
            self._head += data[: HEAD_BYTES - len(self._head)]
        self._hash.update(data)
        self._file.write(data)

    def _end_field(self, name: str) -> None:
        try:
            self.received.fields[name] = self._field.decode()
        except UnicodeDecodeError:
            raise invalid(name, "is not UTF-8") from None

    def discard(self) -> None:
        """Leave nothing behind."""
        self.received.path.unlink(missing_ok=True)

    def finish(self) -> Received:
        """The whole file, safely on disk."""
        if not self.seen:
            raise invalid("file", "is required")
        if not self.received.size:
            raise invalid("file", "is empty")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.received.content_type = content_type(self._head, self._declared)
        self.received.sha256 = self._hash.hexdigest()
        return self.received


def too_large(max_bytes: int) -> Refused:
    """The refusal of a file over the limit."""
    return Refused("too_large", f"The file is larger than {max_bytes} bytes")


def _wrong_type(kind: str) -> Refused:
    """The refusal of a kind of file that is not taken: it names what the file is, whatever its name says."""
    detail = f"files of type {kind} are not taken"
    errors = [{"path": "file", "detail": detail}]
    return Refused("invalid", f"file: {detail}", errors=errors, content_type=kind)


async def receive_file(
    scope: "AsgiScope", receive: "Receive", folder: Path, *, max_bytes: int, types: "Sequence[str]"
) -> Received:
    """The file of a multipart body, in `folder`; the caller moves or removes it.

    Raises:
        Refused: `too_large`, or `invalid` for anything else that is wrong with it; nothing is left behind then.
        ClientLeft: the connection broke.
    """
    refuse_declared_length(scope, max_bytes + OVERHEAD_BYTES)
    boundary = _boundary(scope)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".upload-", delete=False) as file:
        writer = _Writer(file, max_bytes)
        try:
            await _parse(boundary, receive, writer, max_bytes + OVERHEAD_BYTES)
            received = writer.finish()
            if not allowed(received.content_type, types):
                raise _wrong_type(received.content_type)
        except BaseException:
            writer.discard()
            raise
    return received


async def _parse(boundary: str, receive: "Receive", writer: _Writer, limit: int) -> None:
    total = 0
    try:
        with PushMultipartParser(boundary, max_segment_count=4, strict=False) as parser:
            while not parser.closed:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                chunk: bytes = message.get("body", b"")
                total += len(chunk)
                if total > limit:
                    raise too_large(limit - OVERHEAD_BYTES)
                if chunk:
                    for event in parser.parse(chunk):
                        writer.take(event)
                if not message.get("more_body", False):
                    break
    except MultipartError:
        raise invalid("file", "the body is not well-formed multipart/form-data") from None


def _boundary(scope: "AsgiScope") -> str:
    kind, options = parse_options_header(header_of(scope, b"content-type") or "")
    if kind == "multipart/form-data" and options.get("boundary"):
        return options["boundary"]
    raise invalid("file", "send the file as multipart/form-data, in the field `file`")


def allowed(kind: str, types: "Sequence[str]") -> bool:
    """Whether a content type is in the list; `image/*` stands for all of a kind."""
    family = f"{kind.partition('/')[0]}/*"
    return kind in types or family in types or "*/*" in types
