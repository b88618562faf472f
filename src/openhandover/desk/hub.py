"""The event stream of the desk: one numbered ring for all agents, each of whom sees their part of it."""

import asyncio
import secrets
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Collection
from typing import Any, NamedTuple

import msgspec

KEPT = 5_000
"""So many events are kept for agents who reconnect; who missed more loads everything again."""

_encode = msgspec.json.Encoder().encode


class Record(NamedTuple):
    """One event and who may see it."""

    frame: bytes
    audience: frozenset[str]


class _Follower:
    """An open stream: the frames it has not sent yet. `session` None for one by API key."""

    def __init__(self, session: str | None) -> None:
        self.session = session
        self.frames: deque[bytes] = deque()
        self.behind = False
        """It missed so much that it must load everything again."""
        self.goodbye: bytes | None = None
        self.news = asyncio.Event()

    def put(self, frame: bytes, limit: int) -> None:
        if len(self.frames) >= limit:
            self.frames.clear()
            self.behind = True
        if not self.behind:
            self.frames.append(frame)
        self.news.set()


class Hub:
    """Events go in from one side and out to those whom they concern; nobody slow holds up the others."""

    def __init__(self, kept: int = KEPT) -> None:
        self._boot = secrets.token_hex(4)
        self._ring: deque[Record] = deque(maxlen=kept)
        self._kept = kept
        self._last = 0
        self._followers: defaultdict[str, set[_Follower]] = defaultdict(set)

    @property
    def place(self) -> str:
        """Where the stream is now; a stream resumed from here misses nothing."""
        return f"{self._boot}-{self._last}"

    def publish(self, kind: str, data: Any, audience: Collection[str]) -> None:
        """Tell these agents."""
        if not audience:
            return
        self._last += 1
        frame = b"id: %s\nevent: %s\ndata: %s\n\n" % (self.place.encode(), kind.encode(), _encode(data))
        self._ring.append(Record(frame, frozenset(audience)))
        for agent_id in audience:
            for follower in self._followers.get(agent_id, ()):
                follower.put(frame, self._kept)

    async def follow(
        self, agent_id: str, last_event_id: str | None, session: str | None = None
    ) -> AsyncGenerator[bytes]:
        """Frames for an agent from the event after `last_event_id` on; `desk.resync` first where it is not known.
        Ends when the session is dismissed."""
        follower = _Follower(session)
        at = self._resumed(last_event_id)
        if at is None:
            follower.behind = True
        else:
            oldest = self._last - len(self._ring) + 1
            missed = (self._ring[number - oldest] for number in range(at + 1, self._last + 1))
            follower.frames.extend(record.frame for record in missed if agent_id in record.audience)
        self._followers[agent_id].add(follower)
        try:
            while True:
                if follower.behind:
                    follower.behind = False
                    yield self._resync()
                while follower.frames and not follower.behind:
                    yield follower.frames.popleft()
                if follower.behind:
                    continue
                if follower.goodbye:
                    yield follower.goodbye
                    return
                follower.news.clear()
                await follower.news.wait()
        finally:
            followers = self._followers[agent_id]
            followers.discard(follower)
            if not followers:
                del self._followers[agent_id]

    def dismiss(self, agent_id: str, reason: str, whose: Callable[[str | None], bool]) -> None:
        """End an agent's streams whose session (None: by API key) is meant; the last word says why."""
        frame = b"event: desk.logged_out\ndata: %s\n\n" % _encode({"reason": reason})
        for follower in self._followers.get(agent_id, ()):
            if whose(follower.session):
                follower.goodbye = follower.goodbye or frame
                follower.news.set()

    def _resync(self) -> bytes:
        return b"id: %s\nevent: desk.resync\ndata: {}\n\n" % self.place.encode()

    def _resumed(self, last_event_id: str | None) -> int | None:
        """The number that the client has seen last, None when this stream does not know it any more."""
        boot, _, number = (last_event_id or "").partition("-")
        if boot != self._boot or not (number.isascii() and number.isdigit()) or len(number) > 16:
            return None
        seen = int(number)
        return seen if self._last - len(self._ring) <= seen <= self._last else None
