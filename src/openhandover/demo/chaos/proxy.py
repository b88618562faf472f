"""The two ways between server and partner's desk, with a hand in between that breaks things."""

import asyncio
import json
from collections import deque
from contextlib import suppress
from random import Random
from typing import Any, Literal, NamedTuple

import aiohttp
from aiohttp import web
from msgspec import Struct

from .journal import Journal

Down = Literal["no", "503", "refused"]
SLOW_S = 4.0
HELD_S = 1.2
"""A shuffled webhook is held back for at most so long: less than the 3 s a gap is waited for."""
PATIENCE_S = 8.0
"""The desk's own client gives up after 10 s."""
RETRY_S = 0.2
RECENT = 20
HOP = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "keep-alive"}


class Faults(Struct):
    """What is broken now."""

    repeat: bool = False
    shuffle: bool = False
    drop_answers: bool = False
    slow: bool = False
    down: Down = "no"
    swallow: int = 0
    """So many of the next messages of agents vanish on the way: a real loss."""


class Carried(NamedTuple):
    """A request that passes through."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Passed(NamedTuple):
    """The answer to it."""

    status: int
    content_type: str
    body: bytes


class Proxy:
    """Both ways. `desk` and `server` are the addresses behind it."""

    def __init__(self, journal: Journal, random: Random) -> None:
        self.faults = Faults()
        self.desk = ""
        self.server = ""
        self.webhooks = 0
        self.repeats = 0
        self.shuffled = 0
        self.dropped = 0
        self._journal = journal
        self._random = random
        self._recent: deque[Carried] = deque(maxlen=RECENT)
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self._under_way: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Let go of what is under way."""
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._http.close()

    def app(self, way: Literal["to_desk", "to_server"]) -> web.Application:
        """The listener of one way."""
        app = web.Application(client_max_size=16 << 20)
        app.router.add_route("*", "/{path:.*}", self._calls if way == "to_desk" else self._webhook)
        return app

    # --- openhandover calls the desk

    async def _calls(self, request: web.Request) -> web.StreamResponse:
        carried = await _carried(request)
        if self.faults.slow:
            await asyncio.sleep(SLOW_S)
        if self.faults.down != "no":
            return web.json_response({"error": "the desk is down"}, status=503)
        try:
            answer = await self._pass(self.desk, carried)
        except (aiohttp.ClientError, TimeoutError):
            return web.Response(status=502)
        return await self._answered(request, answer)

    # --- the desk's webhooks

    async def _webhook(self, request: web.Request) -> web.StreamResponse:
        carried = await _carried(request)
        self.webhooks += 1
        if self.faults.swallow and _is_message(carried.body):
            self.faults.swallow -= 1
            self._journal.bad("swallowed")
            return web.json_response({"applied": True})
        self._recent.append(carried)
        if self.faults.shuffle:
            self.shuffled += 1
            self._later(carried)
            if self.faults.repeat:
                self.repeat([carried, carried])
            return web.json_response({"applied": True})
        try:
            answer = await asyncio.wait_for(self._until_passed(carried), PATIENCE_S)
        except TimeoutError:
            return web.Response(status=503)
        if self.faults.repeat:
            self.repeat([carried, carried])
        return await self._answered(request, answer)

    def repeat(self, carried: list[Carried] | None = None) -> int:
        """Send webhooks once more, in any order; the last ones where none are named. How many."""
        again = list(self._recent) if carried is None else carried
        self.repeats += len(again)
        for one in again:
            self._later(one)
        return len(again)

    def _later(self, carried: Carried) -> None:
        async def send() -> None:
            await asyncio.sleep(self._random.uniform(0, HELD_S))
            await self._until_passed(carried)

        task = asyncio.create_task(send())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    # --- carrying

    async def _until_passed(self, carried: Carried) -> Passed:
        """Try until the server has answered; a desk that is down tells nothing."""
        while True:
            if self.faults.down == "no":
                with suppress(aiohttp.ClientError, TimeoutError):
                    answer = await self._pass(self.server, carried)
                    if answer.status < 500:
                        return answer
            await asyncio.sleep(RETRY_S)

    async def _pass(self, target: str, carried: Carried) -> Passed:
        method, path, headers, body = carried
        async with self._http.request(method, target + path, headers=headers, data=body) as reply:
            return Passed(reply.status, reply.content_type, await reply.read())

    async def _answered(self, request: web.Request, answer: Passed) -> web.StreamResponse:
        if self.faults.drop_answers and self._random.random() < 0.5 and request.transport is not None:
            self.dropped += 1
            request.transport.abort()
        return web.Response(status=answer.status, body=answer.body, content_type=answer.content_type)


async def _carried(request: web.Request) -> Carried:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
    return Carried(request.method, request.path_qs, headers, await request.read())


def _is_message(body: bytes) -> bool:
    with suppress(ValueError):
        return json.loads(body).get("type") == "agent.message"
    return False


class Door:
    """A listener that can be shut and opened again at the same address."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=1)
        self._site: web.TCPSite | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Listen."""
        if self._runner.server is None:
            await self._runner.setup()
        if self._site is None:
            self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
            await self._site.start()
            self.port = self._runner.addresses[0][1]

    async def shut(self) -> None:
        """Refuse connections; those that are open are cut."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
            assert self._runner.server is not None
            for connection in list(self._runner.server.connections):
                if connection.transport is not None:
                    connection.transport.abort()

    async def close(self) -> None:
        """For good."""
        await self._runner.cleanup()
