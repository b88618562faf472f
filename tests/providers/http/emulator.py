"""The example desk on a real port, with faults that can be switched on. It shares no code with the provider."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from examples.http_desk import Desk, Talk

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class FaultyDesk(Desk):
    """A desk whose network and server misbehave on demand; `calls` are the paths it did something for."""

    def __init__(self, secret: str = SECRET, webhooks: str | None = None) -> None:
        super().__init__(secret, webhooks)
        self.calls: list[str] = []
        self.emitted: list[str] = []
        """Types of the events, in order."""
        self.bodies: dict[str, list[bytes]] = {}
        self.url = ""
        self._fail: list[tuple[int, dict[str, str]]] = []
        self._lose = 0
        self._slow_s = 0.0
        self._down = False
        self.cut = 0
        """Calls that got nothing while it was down."""
        self._twice = False
        self._held: list[dict[str, Any]] | None = None
        self.answers: Counter[int] = Counter()
        """Statuses that our webhooks got."""

    def fail_next(self, status: int, n: int = 1, **headers: str) -> None:
        """Answer the next `n` calls with `status`, without doing anything."""
        self._fail += [(status, {name.replace("_", "-"): value for name, value in headers.items()})] * n

    def lose_next_reply(self) -> None:
        """Do what the next call asks, then cut the connection instead of answering."""
        self._lose += 1

    def slow(self, seconds: float) -> None:
        """Think this long before every answer."""
        self._slow_s = seconds

    def down(self, *, on: bool = True) -> None:
        """Cut every connection without reading."""
        self._down = on

    def duplicate_webhooks(self) -> None:
        """Post every event twice."""
        self._twice = True

    def reorder_webhooks(self, n: int = 2) -> None:
        """Hold the next `n` events and post them last first."""
        self._held = []
        self._group = n

    def emit(self, talk: Talk, kind: str, *, numbered: bool = True, **more: Any) -> None:
        """One event for the talk's queue."""
        self.emitted.append(kind)
        super().emit(talk, kind, numbered=numbered, **more)

    async def post(self, http: aiohttp.ClientSession, event: dict[str, Any]) -> bool:
        """One event out, through the faults."""
        if self._held is not None:
            self._held.append(event)
            if len(self._held) < self._group:
                return True
            batch, self._held = self._held[::-1], None
            return all([await super(FaultyDesk, self).post(http, one) for one in batch])
        done = await super().post(http, event)
        return await super().post(http, event) and done if self._twice else done

    @web.middleware
    async def _faults(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path in {"/", "/console"}:
            return await handler(request)
        if self._down:
            self.cut += 1
            return self._cut(request)
        await asyncio.sleep(self._slow_s)
        if self._fail:
            status, headers = self._fail.pop(0)
            return web.Response(status=status, headers=headers)
        self.bodies.setdefault(request.headers.get("webhook-id", ""), []).append(await request.read())
        response = await handler(request)
        self.calls.append(request.path)
        if self._lose:
            self._lose -= 1
            return self._cut(request)
        return response

    @staticmethod
    def _cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FaultyDesk"]:
        """Serve on a free loopback port while the context lasts; `url` is the address."""
        app = self.app()
        app.middlewares.append(self._faults)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()
