"""The part of `multipart` that we use. Its own annotations are out of reach where `python-multipart` is installed
beside it: that one puts a package of the same name there, which loads the right module at run time only."""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

class MultipartError(ValueError): ...

class MultipartSegment:
    name: str
    filename: str | None
    content_type: str

class PushMultipartParser:
    closed: bool
    def __init__(self, boundary: str, *, max_segment_count: int = ..., strict: bool = ...) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def parse(self, chunk: bytes) -> Iterator[MultipartSegment | bytes | bytearray | None]: ...

def parse_options_header(header: str) -> tuple[str, dict[str, str]]: ...
