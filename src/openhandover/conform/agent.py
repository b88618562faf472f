"""The other direction: a person (or the desk by itself) answers, and the desk's webhooks are checked as they come."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from openhandover.core.errors import SignatureError
from openhandover.net.signatures import decode_secrets, verify

from .caller import Caller, Failed, Talk, expect, message, new_id

NUMBERS = ("3", "1", "2")
QUESTION = "Conformance check: please accept this conversation and answer with the three numbers above, in their order."
FAREWELL = "Thank you. Please close this conversation now."


class Received(NamedTuple):
    """One webhook of the desk."""

    headers: dict[str, str]
    body: bytes
    event: dict[str, Any]
    signed: bool


class Receiver:
    """Takes the desk's webhooks as openhandover would; the first event of all is answered 503 once."""

    def __init__(self, secret: str) -> None:
        self._keys = decode_secrets(secret)
        self._news = asyncio.Condition()
        self.received: list[Received] = []
        self.url = ""
        self.talk: Talk | None = None
        """The conversation that the person answers; older ones may still have webhooks on the way."""

    async def take(self, request: web.Request) -> web.Response:
        """Record one webhook."""
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            verify(headers, body, self._keys, time.time())
            signed = True
        except SignatureError:
            signed = False
        try:
            event = msgspec.json.decode(body, type=dict[str, Any])
        except (ValueError, RecursionError):
            event = dict[str, Any]()
        async with self._news:
            first = not self.received
            self.received.append(Received(headers, body, event, signed))
            self._news.notify_all()
        return web.Response(status=503 if first else 204)

    async def wait_for(self, kind: str, talk: Talk, timeout_s: float) -> dict[str, Any]:
        """The first event of this type about `talk`; raises Failed after `timeout_s`."""

        def found() -> list[dict[str, Any]]:
            return [
                one.event
                for one in self.received[1:]  # the first was refused, only its repeat counts
                if one.event.get("type") == kind and one.event.get("handover_id") == talk.handover_id
            ]

        try:
            async with asyncio.timeout(timeout_s), self._news:
                await self._news.wait_for(lambda: bool(found()))
        except TimeoutError:
            raise Failed(f"no `{kind}` came within {timeout_s:g} s") from None
        return found()[0]

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncGenerator[None]:
        """Listen while the context lasts; port 0 takes a free one."""
        app = web.Application(client_max_size=1 << 20)
        app.router.add_post("/{path:.*}", self.take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            self.url = f"http://{host}:{runner.addresses[0][1]}/webhooks/conform"
            yield
        finally:
            await runner.cleanup()


async def answer(desk: Caller, receiver: Receiver, timeout_s: float) -> None:
    """A person reads three messages, one of them sent twice, and answers what they see."""
    talk = receiver.talk = await desk.open()
    for seq, number in enumerate(NUMBERS, start=3):
        body, key = talk.body(message=message(seq, number)), new_id()
        for _ in range(2 if number == "1" else 1):
            expect(await desk.post("/messages", body, key), 2)
    expect(await desk.post("/messages", talk.body(message=message(6, QUESTION))), 2)
    said = await receiver.wait_for("agent.message", talk, timeout_s)
    text = said.get("message", {}).get("text", "") if isinstance(said.get("message"), dict) else ""
    if tuple(re.findall(r"\d", str(text))) != NUMBERS:
        raise Failed(
            "the answer is not 3 1 2: messages were lost, shown twice or out of order, or it was mistyped"
        )
    expect(await desk.post("/messages", talk.body(message=message(7, FAREWELL))), 2)
    await receiver.wait_for("handover.closed", talk, timeout_s)


async def signed(receiver: Receiver) -> None:
    """Every webhook carries a good signature."""
    _some(receiver)
    bad = [one for one in receiver.received if not one.signed]
    if bad:
        raise Failed(
            f"{len(bad)} of {len(receiver.received)} webhooks had a missing, wrong or stale signature"
        )


async def complete(receiver: Receiver) -> None:
    """Every event has the keys that all events have."""
    _some(receiver)
    for one in receiver.received:
        for name in ("event_id", "type", "handover_id"):
            if not isinstance(one.event.get(name), str) or not one.event[name]:
                raise Failed(f"an event has no `{name}` that is a text")


async def repeated(receiver: Receiver) -> None:
    """The event that was answered 503 came again under its own id."""
    _some(receiver)
    first = receiver.received[0].event
    again = [one.event for one in receiver.received[1:] if one.event.get("event_id") == first.get("event_id")]
    if first.get("type") != "agent.typing" and not again:
        raise Failed("the event that was answered 503 did not come again with the same `event_id`")
    if any(one != first for one in again):
        raise Failed("the event that came again had the same `event_id` and other content")


async def ordered(receiver: Receiver) -> None:
    """Numbers, where the desk gives them, count from 1 without a gap."""
    _some(receiver)
    numbers: dict[str, int] = {}
    for one in receiver.received:
        seq = one.event.get("seq")
        if seq is None or receiver.talk is None or one.event.get("handover_id") != receiver.talk.handover_id:
            continue
        if not isinstance(seq, int) or isinstance(seq, bool):
            raise Failed("a `seq` is not a whole number")
        numbers[str(one.event.get("event_id"))] = seq
    given = sorted(numbers.values())
    if given != list(range(1, len(given) + 1)):
        raise Failed(f"the `seq`s are {given}, expected 1 to {len(given)}")


def _some(receiver: Receiver) -> None:
    if not receiver.received:
        raise Failed("no webhook came at all; check the address that the desk sends to")
