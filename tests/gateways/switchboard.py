"""The owner of a phone call, as somebody else would write it from the contract: strict about what it is sent."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

SECRET = "whsec_c3dpdGNoYm9hcmQtc2VjcmV0LTEyMzQ1Njc4"
CALL = {"gateway": "phone", "id": "call-1", "from": "+31612345678", "to": "+31201234567"}

Event = dict[str, Any]

ENVELOPE = {"id", "type", "conversation_id", "handover_id", "floor", "epoch", "at", "data"}
FIELDS = {
    "call.say": {"text", "language", "call"},
    "call.transfer": {"kind", "to", "mode", "type", "configuration", "call", "attempt"},
}
NEEDED = {"call.say": {"text", "language", "call"}, "call.transfer": {"kind", "call"}}


class Switchboard:
    """Takes `call.say` and `call.transfer`. `events` are those it took, each id once; `wrong` is everything that broke
    a promise, and a test ends only well when it is empty."""

    def __init__(self) -> None:
        self.url = ""
        self.events: list[Event] = []
        self.tries: list[str] = []
        """webhook-id of every call, taken or not."""
        self.wrong: list[str] = []
        self.speaking = asyncio.Event()
        """A text is being spoken."""
        self.may_speak = asyncio.Event()
        """Clear it, and a text is spoken until it is set."""
        self.may_speak.set()
        self._bodies: dict[str, bytes] = {}
        self._faults: dict[str, list[int]] = {"call.say": [], "call.transfer": []}
        self._answers = {type_: asyncio.Event() for type_ in FIELDS}
        for answers in self._answers.values():
            answers.set()
        self._lost: set[str] = set()
        self._news = asyncio.Event()

    def forget(self) -> None:
        """Begin a new list."""
        self.events.clear()
        self.tries.clear()

    def fail(self, type_: str, status: int, n: int = 1) -> None:
        """Answer the next `n` calls of this type with `status`, and take nothing."""
        self._faults[type_] += [status] * n

    def mend(self, type_: str) -> None:
        """Take calls of this type again."""
        self._faults[type_].clear()

    def hold(self, type_: str) -> None:
        """Take calls of this type, and answer none until they are released."""
        self._answers[type_].clear()

    def release(self, type_: str) -> None:
        """Answer again."""
        self._answers[type_].set()

    def lose_reply(self, type_: str) -> None:
        """Take the next call of this type, then cut the connection instead of answering."""
        self._lost.add(type_)

    def of(self, type_: str) -> list[Event]:
        """What was taken of one type."""
        return [event["data"] for event in self.events if event["type"] == type_]

    @property
    def said(self) -> list[str]:
        """The texts that were spoken, in order."""
        return [data["text"] for data in self.of("call.say")]

    async def asked(self, type_: str, n: int = 1, within_s: float = 20) -> Event:
        """The data of the nth call of a type that was taken."""
        async with asyncio.timeout(within_s):
            while len(self.of(type_)) < n:
                self._news.clear()
                await self._news.wait()
        return self.of(type_)[n - 1]

    async def tried(self, n: int, within_s: float = 20) -> None:
        """As soon as it was called so often."""
        async with asyncio.timeout(within_s):
            while len(self.tries) < n:
                self._news.clear()
                await self._news.wait()

    async def _called(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        webhook_id = request.headers.get("webhook-id", "")
        self._check(request, webhook_id, body)
        event: Event = json.loads(body)
        type_ = event["type"]
        self.tries.append(webhook_id)
        self._news.set()
        if self._faults.get(type_):
            return web.Response(status=self._faults[type_].pop(0))
        if type_ == "call.say":
            self.speaking.set()
            await self.may_speak.wait()
        if all(event["id"] != known["id"] for known in self.events):
            self.events.append(event)
        self._news.set()
        await self._answers[type_].wait()
        if type_ in self._lost:
            self._lost.discard(type_)
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=202)

    def _check(self, request: web.Request, webhook_id: str, body: bytes) -> None:
        stamp = request.headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > 60:
            self.wrong.append(f"{webhook_id}: timestamp {stamp!r}")
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        mac = hmac.digest(key, f"{webhook_id}.{stamp}.".encode() + body, hashlib.sha256)
        if f"v1,{base64.b64encode(mac).decode()}" not in request.headers.get("webhook-signature", "").split():
            self.wrong.append(f"{webhook_id}: bad signature")
        if self._bodies.setdefault(webhook_id, body) != body:
            self.wrong.append(f"{webhook_id}: a retry changed its body")
        event = json.loads(body)
        if event.keys() != ENVELOPE:
            self.wrong.append(f"{webhook_id}: envelope {sorted(event)}")
        if event["id"] != webhook_id:
            self.wrong.append(f"{webhook_id}: carries event {event['id']}")
        fields = event["data"].keys()
        if fields - FIELDS[event["type"]] or NEEDED[event["type"]] - fields:
            self.wrong.append(f"{webhook_id}: data {sorted(fields)}")
        if event["data"]["call"].keys() != {"gateway", "id", "from", "to"}:
            self.wrong.append(f"{webhook_id}: call {event['data']['call']}")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Switchboard"]:
        """Serve on a free loopback port; at the end nothing may have been wrong."""
        app = web.Application()
        app.router.add_post("/calls", self._called)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/calls"
        try:
            yield self
        finally:
            self.may_speak.set()
            for type_ in FIELDS:
                self.release(type_)
            await runner.cleanup()
        assert self.wrong == []
