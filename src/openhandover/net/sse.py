"""Server-sent events (WHATWG HTML, 9.2) of vendors that push over one long answer."""

from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from .client import Reply, Request, Sender
from .errors import TooLarge, Unreachable
from .statuses import NO_HINTS, Reactions, check

SILENCE_S = 90.0
"""Vendors send a sign of life every half minute or so; longer silence is a broken connection."""
_REFUSAL_BYTES = 65_536


class ServerSent(NamedTuple):
    """One event; `id` is the last one seen so far, with which the stream can be resumed, empty where there was none."""

    event: str
    data: str
    id: str


async def server_sent(
    http: Sender,
    request: Request,
    reactions: Reactions,
    *,
    hints: Mapping[int, str] = NO_HINTS,
    now: float = 0.0,
    silence_s: float = SILENCE_S,
) -> AsyncIterator[ServerSent]:
    """The events as they come, `message` where they have no name; those without data are signs of life only.

    Raises:
        ProviderUnavailable: it broke, was silent for too long or ended: a stream of events has no end of its own.
        ProviderError: by the status of its answer, as `statuses.check` says.
    """
    async with http.stream(request, silence_s=silence_s) as answer:
        if answer.status != 200:  # 204, that there is nothing to come back to, is no success either
            check(Reply(answer.status, answer.headers, await _begin(answer.chunks)), reactions, now, hints)
            raise Unreachable(f"HTTP status {answer.status} instead of a stream")
        parser = Parser(request.max_bytes)
        async for chunk in answer.chunks:
            for event in parser.feed(chunk):
                yield event
    raise Unreachable("The stream ended")


async def _begin(chunks: AsyncIterator[bytes]) -> bytes:
    found = b""
    async for chunk in chunks:
        found += chunk
        if len(found) >= _REFUSAL_BYTES:
            break
    return found


class Parser:
    """From bytes to events; `max_bytes` is the most that one may have."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._rest = bytearray()
        """The line that has not ended yet; it only grows, so that no byte is moved again for each that follows."""
        self._skip_newline = False
        self._event, self._id = "", ""
        self._data: list[str] = []
        self._size = 0
        self._first = True

    def feed(self, chunk: bytes) -> list[ServerSent]:
        """The events that this chunk completes. Raises TooLarge."""
        if self._skip_newline and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._skip_newline = False
        self._skip_newline = chunk.endswith(b"\r")
        events: list[ServerSent] = []
        *ended, last = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for piece in ended:
            line = bytes(self._rest) + piece
            self._rest.clear()
            if (event := self._line(line)) is not None:
                events.append(event)
        self._rest += last
        self._count(len(self._rest))
        return events

    def _count(self, more: int) -> None:
        if self._size + more > self._max_bytes:
            raise TooLarge(f"An event is over {self._max_bytes} bytes")

    def _line(self, line: bytes) -> ServerSent | None:
        if self._first:
            line, self._first = line.removeprefix(b"\xef\xbb\xbf"), False
        if not line:
            return self._dispatch()
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        self._count(len(line))
        self._size += len(line)
        match name:
            case "event":
                self._event = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
            case _:
                pass  # a comment, the wish for a pause, or a field of tomorrow
        return None

    def _dispatch(self) -> ServerSent | None:
        event, data = self._event, self._data
        self._event, self._data, self._size = "", [], 0
        return ServerSent(event or "message", "\n".join(data), self._id) if data else None
