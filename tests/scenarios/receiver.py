"""A strict receiver of channel and bot webhooks: it checks what Standard Webhooks and the contract promise."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

Event = dict[str, Any]


class Receiver:
    """Takes events as a channel or bot of somebody else would. `events` are those it took, in order of arrival;
    `wrong` is everything that broke a promise, and a test ends only well when it is empty."""

    def __init__(self, answer: Callable[[Event], Any] | None = None) -> None:
        self.answer = answer or (lambda _: None)
        """Event -> body of the 2xx answer, None for an empty one."""
        self.url = ""
        self.events: list[Event] = []
        self.tries: list[str] = []
        """webhook-id of every call, taken or not."""
        self.may_answer = asyncio.Event()
        """While it is not set every call waits."""
        self.may_answer.set()
        self.bodies: dict[str, bytes] = {}
        self.wrong: list[str] = []
        self._taken: set[str] = set()
        self._last_seq: dict[str, int] = {}
        self._faults: list[tuple[int, dict[str, str]]] = []
        self._lose = 0
        self._slow_s = 0.0
        self._gone: set[str] = set()
        self._news = asyncio.Event()

    # --- faults

    def fail_next(self, status: int, n: int = 1, **headers: str) -> None:
        """Answer the next `n` calls with `status` and take nothing."""
        self._faults += [(status, {name.replace("_", "-"): value for name, value in headers.items()})] * n

    def lose_next_reply(self) -> None:
        """Take the next event, then cut the connection instead of answering."""
        self._lose += 1

    def slow(self, seconds: float) -> None:
        """Think this long before every answer."""
        self._slow_s = seconds

    def gone(self, *texts: str) -> None:
        """Answer 410 to messages with these texts."""
        self._gone |= set(texts)

    # --- what came

    def types(self, conversation_id: str | None = None) -> list[str]:
        """Types of the events taken, typing apart."""
        return [event["type"] for event in self.stored(conversation_id)]

    def stored(self, conversation_id: str | None = None) -> list[Event]:
        """The events with a seq."""
        return [
            event
            for event in self.events
            if "seq" in event and conversation_id in (None, event["conversation_id"])
        ]

    def texts(self, *authors: str) -> list[str]:
        """Texts of the messages taken, of these authors or all."""
        return [
            event["data"]["text"]
            for event in self.events
            if event["type"] == "message.created" and (not authors or event["data"]["author"] in authors)
        ]

    def of(self, type_: str) -> list[Event]:
        """The events of one type."""
        return [event for event in self.events if event["type"] == type_]

    async def until(self, holds: Callable[["Receiver"], Any], within_s: float = 10) -> Any:
        """What `holds(self)` answers as soon as it is true."""
        async with asyncio.timeout(within_s):
            while not (found := holds(self)):
                self._news.clear()
                await self._news.wait()
            return found

    async def got(self, type_: str, n: int = 1, within_s: float = 10) -> Event:
        """The nth event of a type."""
        await self.until(lambda self: len(self.of(type_)) >= n, within_s)
        return self.of(type_)[n - 1]

    async def heard(self, text: str, within_s: float = 10) -> Event:
        """The message with this text."""
        await self.until(lambda self: text in self.texts(), within_s)
        return next(event for event in self.of("message.created") if event["data"]["text"] == text)

    # --- serving

    async def _called(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        webhook_id = request.headers.get("webhook-id", "")
        self.tries.append(webhook_id)
        self._news.set()
        self._check(request, webhook_id, body)
        await asyncio.sleep(self._slow_s)
        await self.may_answer.wait()
        event: Event = json.loads(body)
        if event["type"] == "message.created" and event["data"]["text"] in self._gone:
            return web.Response(status=410)
        if self._faults:
            status, headers = self._faults.pop(0)
            return web.Response(status=status, headers=headers)
        if webhook_id not in self._taken:
            self._taken.add(webhook_id)
            self._in_order(event)
            self.events.append(event)
            self._news.set()
        if self._lose:
            self._lose -= 1
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        answer = self.answer(event)
        return web.Response(status=204) if answer is None else web.json_response(answer)

    def _check(self, request: web.Request, webhook_id: str, body: bytes) -> None:
        stamp = request.headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > 60:
            self.wrong.append(f"{webhook_id}: timestamp {stamp!r}")
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        mac = hmac.digest(key, f"{webhook_id}.{stamp}.".encode() + body, hashlib.sha256)
        if f"v1,{base64.b64encode(mac).decode()}" not in request.headers.get("webhook-signature", "").split():
            self.wrong.append(f"{webhook_id}: bad signature")
        if self.bodies.setdefault(webhook_id, body) != body:
            self.wrong.append(f"{webhook_id}: a retry changed its body")
        event = json.loads(body)
        if event["id"] != webhook_id:
            self.wrong.append(f"{webhook_id}: carries event {event['id']}")
        expected = {"id", "seq", "type", "conversation_id", "handover_id", "floor", "epoch", "at", "data"}
        if extra := event.keys() - expected:
            self.wrong.append(f"{webhook_id}: unknown keys {extra}")

    def _in_order(self, event: Event) -> None:
        seq = event.get("seq")
        if seq is None:
            return
        last = self._last_seq.get(event["conversation_id"], 0)
        if seq <= last:
            self.wrong.append(f"{event['id']}: came after seq {last}")
        self._last_seq[event["conversation_id"]] = seq

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Receiver"]:
        """Serve on a free loopback port; at the end nothing may have been wrong."""
        app = web.Application(client_max_size=4 << 20)
        app.router.add_post("/", self._called)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        try:
            yield self
        finally:
            await runner.cleanup()
        assert self.wrong == []
