"""What goes out: the vendor's calls to whoever is configured, in order, again when they are refused."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from .recording import KEPT

REDELIVERY_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before a refused callback is sent again. Vendors take minutes; nobody who is testing wants to."""
TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Endpoint:
    """Where callbacks go: an address and the headers that prove who calls."""

    url: str
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Callback:
    """One callback and how it went: `attempts` holds the status of each try, 0 where nobody answered."""

    lane: str
    kind: str
    endpoint: Endpoint
    body: bytes
    content_type: str = "application/json"
    attempts: list[int] = field(default_factory=list[int])
    given_up: bool = False
    swapped: bool = False
    """It was held back for its successor, as asked."""
    repeated: bool = False
    """It was sent once more although it had been taken, as asked."""
    at: float = field(default_factory=time.time)
    """When it was due: seconds of the epoch."""

    @property
    def delivered(self) -> bool:
        """Whether the latest try was answered 2xx."""
        return bool(self.attempts) and 200 <= self.attempts[-1] < 300

    def shown(self) -> dict[str, Any]:
        """For somebody outside, without the secret header."""
        return {
            "at": self.at,
            "lane": self.lane,
            "kind": self.kind,
            "url": self.endpoint.url,
            "body": self.body.decode(),
            "attempts": self.attempts,
            "delivered": self.delivered,
            "given_up": self.given_up,
        }


class Callbacks:
    """Sends callbacks lane by lane; within a lane they keep their order, unless a fault was asked for."""

    def __init__(self, changed: Callable[[], None], redelivery_s: tuple[float, ...] = REDELIVERY_S) -> None:
        self.sent: deque[Callback] = deque(maxlen=KEPT)
        """The callbacks, oldest first, also those still under way."""
        self.redelivery_s = redelivery_s
        self._changed = changed
        self._lanes: dict[str, asyncio.Queue[Callback]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._held_back: dict[str, Callback] = {}
        self._repeat = self._swap = 0
        self._late_s = 0.0
        self._go = asyncio.Event()
        self._go.set()
        self._http: aiohttp.ClientSession | None = None

    def repeat_next(self, n: int = 1) -> None:
        """Deliver each of the next `n` callbacks twice although the first was taken."""
        self._repeat += n

    def reorder_next(self, n: int = 1) -> None:
        """Deliver the next callback after the one that follows it in its lane, `n` times."""
        self._swap += n

    def late(self, seconds: float) -> None:
        """Wait this long before every callback, from now on."""
        self._late_s = seconds

    def hold(self) -> None:
        """Keep all callbacks until `release`."""
        self._go.clear()

    def release(self) -> None:
        """Send what was held."""
        self._go.set()

    @property
    def waiting(self) -> int:
        """Repetitions and swaps that were asked for and no callback has met yet."""
        return self._repeat + self._swap

    def clear(self) -> None:
        """Go by themselves again: what is held goes out, and nothing more is repeated, swapped or late."""
        self._repeat = self._swap = 0
        self._late_s = 0.0
        self.let_go()
        self.release()

    def let_go(self) -> None:
        """Send what was held back for a successor that did not come."""
        while self._held_back:
            self._put(self._held_back.popitem()[1])

    def post(self, callback: Callback) -> None:
        """Put it in its lane."""
        self.sent.append(callback)
        if callback.lane in self._held_back:
            self._put(callback)
            self._put(self._held_back.pop(callback.lane))
        elif self._swap:
            self._swap -= 1
            callback.swapped = True
            self._held_back[callback.lane] = callback
        else:
            self._put(callback)

    async def stop(self) -> None:
        """Forget what is under way."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    def _put(self, callback: Callback) -> None:
        if callback.lane not in self._lanes:
            lane = self._lanes[callback.lane] = asyncio.Queue()
            self._workers.add(asyncio.create_task(self._work(lane)))
        self._lanes[callback.lane].put_nowait(callback)

    async def _work(self, lane: asyncio.Queue[Callback]) -> None:
        while True:
            callback = await lane.get()
            await self._go.wait()
            if self._late_s:
                await asyncio.sleep(self._late_s)
            await self._deliver(callback)
            if self._repeat:
                self._repeat -= 1
                await self._try(callback)
                callback.repeated = True
                self._changed()

    async def _deliver(self, callback: Callback) -> None:
        for pause_s in (*self.redelivery_s, None):
            await self._try(callback)
            if callback.delivered:
                return
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        callback.given_up = True
        self._changed()

    async def _try(self, callback: Callback) -> None:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        headers = {"Content-Type": callback.content_type, **callback.endpoint.headers}
        try:
            async with self._http.post(
                callback.endpoint.url, data=callback.body, headers=headers, allow_redirects=False
            ) as answer:
                callback.attempts.append(answer.status)
        except (aiohttp.ClientError, TimeoutError):
            callback.attempts.append(0)
        self._changed()
