"""The desk emulator's faults do what they say, so that a scenario which passes under them means something."""

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from openhandover.conform.caller import Caller
from openhandover.net.client import HttpClient
from openhandover.net.signatures import decode_secrets, verify
from tests.net.loopback import serving

from .emulator import SECRET, FaultyDesk


class Inbox:
    """Receives the desk's webhooks, refusing the first `refuse` of them."""

    def __init__(self, refuse: int = 0) -> None:
        self.events: list[dict[str, Any]] = []
        self.refuse = refuse
        self.news = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        verify({k.lower(): v for k, v in request.headers.items()}, body, decode_secrets(SECRET), time.time())
        async with self.news:
            self.events.append(json.loads(body))
            self.news.notify_all()
        self.refuse -= 1
        return web.Response(status=503 if self.refuse >= 0 else 200)

    async def wait(self, n: int) -> list[Any]:
        """The `seq`s of the first `n` events."""
        async with asyncio.timeout(10), self.news:
            await self.news.wait_for(lambda: len(self.events) >= n)
        return [event.get("seq") for event in self.events]


async def talked(desk: FaultyDesk, inbox: Inbox, n: int) -> list[Any]:
    """Open one conversation, let the agent join, write and close; the `seq`s that arrived."""
    async with serving(inbox.take) as origin, desk.serving(), HttpClient() as http:
        desk.webhooks = origin
        talk = desk.talks[(await Caller(desk.url, SECRET, http).open()).external_id]
        desk.joins(talk)
        desk.says(talk, "Hi")
        desk.closes(talk)
        return await inbox.wait(n)


async def test_events_arrive_signed_and_in_order() -> None:
    """Without faults, each event comes once."""
    inbox = Inbox()
    assert await talked(FaultyDesk(), inbox, 3) == [1, 2, 3]
    assert [event["type"] for event in inbox.events] == ["agent.joined", "agent.message", "handover.closed"]


async def test_a_refused_event_comes_again_before_the_next() -> None:
    """The order holds across a retry, and the event is the same."""
    inbox = Inbox(refuse=1)
    assert await talked(FaultyDesk(), inbox, 4) == [1, 1, 2, 3]
    assert inbox.events[0] == inbox.events[1]


async def test_duplicates() -> None:
    """Every event comes twice."""
    desk = FaultyDesk()
    desk.duplicate_webhooks()
    assert await talked(desk, Inbox(), 6) == [1, 1, 2, 2, 3, 3]


async def test_reordering() -> None:
    """The next events come last first, those after them in order."""
    desk = FaultyDesk()
    desk.reorder_webhooks(2)
    assert await talked(desk, Inbox(), 3) == [2, 1, 3]
