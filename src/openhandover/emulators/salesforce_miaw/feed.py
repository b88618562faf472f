"""The streams of events: what each user was told, and who listens."""

import asyncio
import json
from collections import deque
from typing import Any

from aiohttp import web

from openhandover.emulators.recording import KEPT

Told = tuple[int, str, str, str]
"""Number, subject, name and data of an event."""


class Feed:
    """Every event of every user, numbered; a listener gets those after the number that it names."""

    def __init__(self, heartbeat_s: float) -> None:
        self.heartbeat_s = heartbeat_s
        self.last = 0
        self._told: deque[Told] = deque(maxlen=KEPT)
        self._news = asyncio.Event()
        self._open: set[asyncio.Task[Any]] = set()
        self._held = False

    def publish(self, subject: str, name: str, data: dict[str, Any]) -> None:
        """Something happened."""
        self.last += 1
        self._told.append((self.last, subject, name, json.dumps(data)))
        self.wake()

    def hold(self, on: bool) -> None:
        """Keep everything to ourselves for now, or go on."""
        self._held = on
        self.wake()

    def forget(self) -> None:
        """Lose what was told so far, as streams do that nobody promised to keep: the history still has it."""
        self._told.clear()

    def wake(self) -> None:
        """Let the listeners look."""
        self._news.set()
        self._news = asyncio.Event()

    def cut(self) -> None:
        """Break every stream off, in the middle of whatever it is."""
        for task in list(self._open):
            task.cancel()

    async def serve(
        self, request: web.Request, subject: str, after: int, ends_in_s: float
    ) -> web.StreamResponse:
        """One stream, until its token ends."""
        answer = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await answer.prepare(request)
        task = asyncio.create_task(self._write(answer, subject, after))
        self._open.add(task)
        try:
            await asyncio.wait({task}, timeout=ends_in_s)
        finally:
            self._open.discard(task)
            task.cancel()
        if request.transport is not None:
            request.transport.abort()
        return answer

    async def _write(self, answer: web.StreamResponse, subject: str, after: int) -> None:
        while True:
            news = self._news
            for number, whose, name, data in [] if self._held else list(self._told):
                if number > after:
                    after = number
                    if whose == subject:
                        await answer.write(f"id: {number:x}\nevent: {name}\ndata: {data}\n\n".encode())
            try:
                async with asyncio.timeout(self.heartbeat_s):
                    await news.wait()
            except TimeoutError:
                await answer.write(b"event: ping\ndata: \n\n")
