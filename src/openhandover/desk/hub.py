"""The event stream of the desk: one numbered ring for all agents, each of whom sees their part of it."""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Collection
from typing import Any, NamedTuple

import msgspec

KEPT = 5_000
"""So many events are kept for agents who reconnect; who missed more loads everything again."""


class Record(NamedTuple):
    """One event and who may see it."""

    frame: bytes
    audience: frozenset[str]


class Hub:
    """Events go in from one side and out to any number of agents; nobody slow holds up the others."""

    def __init__(self, kept: int = KEPT) -> None:
        self._boot = secrets.token_hex(4)
        self._ring: deque[Record] = deque(maxlen=kept)
        self._last = 0
        self._news = asyncio.Event()

    @property
    def place(self) -> str:
        """Where the stream is now; a stream resumed from here misses nothing."""
        return f"{self._boot}-{self._last}"

    def publish(self, kind: str, data: Any, audience: Collection[str]) -> None:
        """Tell these agents."""
        if not audience:
            return
        self._last += 1
        frame = b"id: %s\nevent: %s\ndata: %s\n\n" % (
            self.place.encode(),
            kind.encode(),
            msgspec.json.encode(data),
        )
        self._ring.append(Record(frame, frozenset(audience)))
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, agent_id: str, last_event_id: str | None) -> AsyncGenerator[bytes]:
        """Frames for an agent from the event after `last_event_id` on; `desk.resync` first where it is not known."""
        at = self._resumed(last_event_id)
        if at is None:
            at = self._last
            yield self._resync()
        while True:
            while at < self._last:
                oldest = self._last - len(self._ring) + 1
                if at + 1 < oldest:
                    at = self._last
                    yield self._resync()
                    continue
                record = self._ring[at + 1 - oldest]
                at += 1
                if agent_id in record.audience:
                    yield record.frame
            await self._news.wait()

    def _resync(self) -> bytes:
        return b"id: %s\nevent: desk.resync\ndata: {}\n\n" % self.place.encode()

    def _resumed(self, last_event_id: str | None) -> int | None:
        """The number that the client has seen last, None when this stream does not know it any more."""
        boot, _, number = (last_event_id or "").partition("-")
        if boot != self._boot or not (number.isascii() and number.isdigit()) or len(number) > 16:
            return None
        seen = int(number)
        return seen if self._last - len(self._ring) <= seen <= self._last else None
