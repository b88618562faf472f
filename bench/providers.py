"""What each contact centre's provider costs, against its vendor's emulator on this machine.

    python bench/providers.py [--json] [--quick] [--only genesys chatwoot ...] [--folder DIR]

relay   `openhandover serve` in a process of its own; emulator, the user's channel and the load share this one. Users and
        agents write by turns, a message counts when the other end has it: the emulator for what users write, the
        channel's webhook for what agents write. `messages_per_s` with one message of each conversation on its way at any
        time; p50 and p99 at half of that rate, from before the post to the arrival. Emulators check every call and are
        no servers: the figures say what is left of the relay with a vendor behind it, not what a vendor can take.
call    `provider.send` beside the same request repeated by the HTTP client alone, to the same endpoint of the same
        emulator, by turns; both contain what the emulator does. `ratio` is what a provider adds.
"""

import argparse
import asyncio
import importlib
import json
import re
import statistics
import sys
import tempfile
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop
from relay import machine
from server import KEY, Server
from wire import SECRET, Caller, receive

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from openhandover.config.load import load_text
from openhandover.core.errors import NotTakenYet
from openhandover.core.model import Delivery, Message, User
from openhandover.emulators import names
from openhandover.net.client import HttpClient, Request
from openhandover.providers import provider_of
from openhandover.providers.base import Brief, HandoverRequest, Session
from openhandover.web.serve import collect_seldom
from tests.contract.provider_suite import ProviderSuite
from tests.ports import free_port

MARK = re.compile(rb"number-([a-z]+)-end")
_TO_LETTERS = str.maketrans(
    "0123456789", "abcdefghij"
)  # a long number may look like a card, and is redacted then
AT = "2026-01-01T12:00:00.000Z"
WAIT_S = 60.0
ANOTHER = 5_000_000
"""The client alone sends another message each time: where the vendor knows ours by its id, a second one is refused."""


def letters(number: int) -> str:
    """A number that nobody takes for a card, always as long."""
    return str(number).rjust(7, "0").translate(_TO_LETTERS)


def marked(number: int) -> str:
    """A text that can be found again, wherever it arrives."""
    return f"number-{letters(number)}-end"


def suite_of(vendor: str) -> type[ProviderSuite]:
    """What the vendor's tests know of it: emulator, endpoints, route."""
    module = importlib.import_module(f"tests.providers.{vendor}.test_contract")
    kinds = (one for one in vars(module).values() if isinstance(one, type) and issubclass(one, ProviderSuite))
    return next(one for one in kinds if one is not ProviderSuite)


class Arrivals:
    """When each marked text was posted and arrived; what arrives twice counts once."""

    def __init__(self) -> None:
        self.posted_at: dict[bytes, float] = {}
        self.took_s: list[float] = []
        self.last_at = 0.0
        self._waiting: dict[bytes, asyncio.Event] = {}

    def posts(self, text: str) -> asyncio.Event:
        """It is on its way from now on; the event tells that it has arrived."""
        key = text.encode()
        self.posted_at[key] = time.monotonic()
        return self._waiting.setdefault(key, asyncio.Event())

    def look(self, content: bytes) -> None:
        """Something arrived."""
        for found in MARK.finditer(content):
            if begun := self.posted_at.pop(found[0], None):
                self.last_at = time.monotonic()
                self.took_s.append(self.last_at - begun)
                self._waiting.pop(found[0]).set()


class Watched(deque[Any]):
    """An emulator's requests, each looked at as it comes."""

    def __init__(self, arrivals: Arrivals, endpoint: str) -> None:
        super().__init__(maxlen=1_000)
        self._arrivals, self._endpoint = arrivals, endpoint

    def append(self, item: Any) -> None:
        """One more request."""
        super().append(item)
        if item.endpoint == self._endpoint:
            self._arrivals.look(item.body + str(item.query).encode())


class Relay:
    """A server, the emulator of one vendor, and conversations that have an agent."""

    def __init__(self, suite: type[ProviderSuite], count: int) -> None:
        self.suite = suite
        self.emulator = suite.emulator()
        self.arrivals = Arrivals()
        self.emulator.requests = Watched(self.arrivals, suite.send_endpoint)
        self._count = count
        self._number = 0
        self._chats: list[str] = []
        self._caller: Caller

    async def begin(self, folder: Path, server: Server, channel: int) -> None:
        """Start the server with the emulator behind it, and bring an agent into every conversation."""
        port = free_port()
        self.emulator.set_online()
        providers = {"vendor": {"type": self.suite.type, **self.emulator.settings()}}
        (folder / "openhandover.yaml").write_text(
            f"server: {{public_url: 'http://127.0.0.1:{port}'}}\n"
            f"store: 'sqlite:{folder}/bench.db'\n"
            f"api: {{keys: [{{name: bench, key: {KEY}, scopes: [conversations, handovers, admin]}}]}}\n"
            "languages: {default: en, supported: [en]}\n"
            f"channels: {{app: {{type: api, provider: vendor, webhook: {{url: 'http://127.0.0.1:{channel}/', secret: '{SECRET}'}}}}}}\n"
            f"providers: {json.dumps(providers).replace('$', '$$')}\n"
            "outbound: {allow: ['127.0.0.1']}\n"
        )
        server.listens = port
        await server.spawn()
        await server.ready()
        if provider_of(self.suite.type).capabilities.inbound == "webhook":
            self.emulator.webhook_to(f"http://127.0.0.1:{port}/webhooks/vendor")
        self._caller = Caller(port, {"authorization": f"Bearer {KEY}"})
        for number in range(self._count):
            await self._open(number)

    async def _open(self, number: int) -> None:
        known = {chat["id"] for chat in self.emulator.shown()["chats"]}
        body = {"id": f"c{number}", "channel": "app", "user": {"id": f"u{number}", "name": f"Anna {number}"}}
        await self._call("/v1/conversations", body)
        wanted = {"id": f"h{number}", "initiator": "user", "settings": {"route": self.suite.route}}
        await self._call(f"/v1/conversations/c{number}/handovers?wait_s=20", wanted)

        def new() -> list[str]:
            return [chat["id"] for chat in self.emulator.shown()["chats"] if chat["id"] not in known]

        (chat,) = await self.emulator.wait_until(new, WAIT_S)
        self._chats.append(chat)
        if self.emulator.plays("agent_joins"):
            await self.emulator.agent_joins(chat)
        await self._say(number)

    async def post(self, number: int) -> None:
        """One message in this conversation, by turns by user and agent; returns when it has arrived."""
        self._number += 1
        if self._number % 2:
            text = marked(self._number)
            arrived = self.arrivals.posts(text)
            await self._call(f"/v1/conversations/c{number}/messages", {"author": "user", "text": text})
            await asyncio.wait_for(arrived.wait(), WAIT_S)
        else:
            await self._say(number)

    async def _say(self, number: int) -> None:
        self._number += self._number % 2 + 2
        text = marked(self._number)
        arrived = self.arrivals.posts(text)
        await self.emulator.agent_says(self._chats[number], text)
        await asyncio.wait_for(arrived.wait(), WAIT_S)

    async def _call(self, path: str, body: dict[str, Any]) -> None:
        status, answer = await self._caller.request("POST", path, json.dumps(body).encode())
        if status >= 300:
            raise RuntimeError(f"{path}: {status} {answer!r}")

    async def saturate(self, seconds: float) -> float:
        """Messages per second, one of each conversation on its way at any time."""
        begun = time.monotonic()

        async def turns(number: int) -> int:
            done = 0
            while time.monotonic() < begun + seconds:
                await self.post(number)
                done += 1
            return done

        done = sum(await asyncio.gather(*(turns(number) for number in range(self._count))))
        return done / (self.arrivals.last_at - begun)

    async def latency(self, rate: float, seconds: float) -> list[float]:
        """Seconds that each message took, sorted; posted evenly, whether or not the ones before have arrived."""
        self.arrivals.took_s.clear()
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for n in range(max(20, int(rate * seconds))):
                if (pause := begun + n / rate - time.monotonic()) > 0:
                    await asyncio.sleep(pause)
                group.create_task(self.post(n % self._count))
        return sorted(self.arrivals.took_s)


async def relay(suite: type[ProviderSuite], folder: Path, seconds: float, count: int) -> dict[str, Any]:
    """Rate and latency through the whole server."""
    bench = Relay(suite, count)

    def hook(_: str, __: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if b'"author":"agent"' in body.replace(b" ", b""):
            bench.arrivals.look(body)
        return 200, b"{}"

    channel, port = await receive(hook)
    server = Server(folder, port)
    try:
        async with bench.emulator:
            await bench.begin(folder, server, port)
            rate = await bench.saturate(seconds)
            took = await bench.latency(rate / 2, seconds)
            await server.stop()
    finally:
        await server.kill()
        channel.close()
    return {
        "conversations": count, "messages_per_s": round(rate), "at_per_s": round(rate / 2),
        "p50_ms": round(took[len(took) // 2] * 1000, 1), "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 1),
    }  # fmt: skip


def message(number: int) -> Message:
    """What the user writes."""
    return Message(f"m-{letters(number)}", number, "user", marked(number), None, (), AT, Delivery())


async def call(suite: type[ProviderSuite], times: int) -> dict[str, Any]:
    """One `send` beside the same request by the client alone, by turns."""
    emulator = suite.emulator()
    async with emulator, HttpClient() as http:
        emulator.set_online()
        block = json.dumps({"vendor": {"type": suite.type, **emulator.settings()}}).replace("$", "$$")
        settings = load_text(f"providers: {block}\n").providers["vendor"].settings
        provider = provider_of(suite.type)("vendor", settings, http)
        await provider.start()
        try:
            request = HandoverRequest(
                "h1",
                1,
                None,
                "user",
                Brief("c1", "app", "en", "text"),
                User("u1", "Anna"),
                {},
                suite.route,
                [],
            )
            opened = await provider.open(request)
            session = Session("h1", 1, opened.external_id, opened.vendor_state)
            listening = asyncio.create_task(_listen(provider, session))
            if provider.capabilities.inbound == "session" and emulator.plays("agent_joins"):
                await emulator.agent_joins(emulator.shown()["chats"][0]["id"])
            found = await _by_turns(
                suite, emulator, http, lambda one, key: provider.send(session, one, key), times
            )
            listening.cancel()
            return found
        finally:
            await provider.stop()


async def _listen(provider: Any, session: Session) -> None:
    """A vendor that streams expects that somebody listens."""
    if provider.capabilities.inbound == "session":
        with suppress(asyncio.CancelledError):
            async for _ in provider.listen(session, None):
                pass


async def _by_turns(
    suite: type[ProviderSuite], emulator: Any, http: HttpClient, send: Any, times: int
) -> dict[str, Any]:
    ours: list[float] = []
    bare: list[float] = []
    refused, signed = 0, False
    while True:
        try:
            await send(message(times + 1), f"c1:{letters(times + 1)}")
            break
        except NotTakenYet:  # the engine repeats it, too, until an agent is there
            await asyncio.sleep(0.05)
    for number in range(1, times + 1):
        begun = time.perf_counter()
        await send(message(number), f"c1:{letters(number)}")
        ours.append(time.perf_counter() - begun)
        last = emulator.requests_to(suite.send_endpoint)[-1]
        again = {
            name: value for name, value in last.headers.items() if name not in {"host", "content-length"}
        }
        url = f"{emulator.url}{last.path}" + (
            "?" + "&".join(f"{a}={b}" for a, b in last.query.items()) if last.query else ""
        )
        other = last.body.replace(letters(number).encode(), letters(ANOTHER + number).encode())
        took, well = await _timed(http, last.method, url, again, last.body if signed else other)
        if number == 1 and not well:  # the request is signed, and cannot be varied
            signed = True
            took, well = await _timed(http, last.method, url, again, last.body)
        bare.append(took)
        refused += not well
    own, client = statistics.median(ours), statistics.median(bare)
    return {
        "send_us": round(own * 1e6), "bare_us": round(client * 1e6), "ratio": round(own / client, 2),
        "bare_refused": refused, "requests_per_send": round(len(emulator.requests_to(suite.send_endpoint)) / times - 1, 2),
    }  # fmt: skip


async def _timed(
    http: HttpClient, method: str, url: str, headers: dict[str, str], body: bytes
) -> tuple[float, bool]:
    begun = time.perf_counter()
    reply = await http.send(Request(method=method, url=url, headers=headers, body=body))
    return time.perf_counter() - begun, reply.is_success


async def measure(vendors: list[str], folder: Path, *, quick: bool) -> dict[str, Any]:
    """Everything asked for, each vendor in a folder of its own."""
    found: dict[str, Any] = {"machine": machine()}
    for vendor in vendors:
        suite, place = suite_of(vendor), folder / vendor
        place.mkdir()
        found[vendor] = {
            "relay": await relay(suite, place, 1.5 if quick else 5.0, 8 if quick else 32),
            "call": await call(suite, 50 if quick else 500),
        }
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    vendors = [name for name in names() if name != "cm"]
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="short runs with few conversations")
    parser.add_argument("--only", nargs="+", choices=vendors, default=vendors)
    parser.add_argument(
        "--folder", type=Path, default=Path.cwd(), help="where the databases lie; its disk is measured"
    )
    asked = parser.parse_args()
    collect_seldom()  # as the server does
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        found = uvloop.run(measure(asked.only, Path(folder), quick=asked.quick))
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, part in found.items():
        print(name, *(f"  {key}: {value}" for key, value in part.items()), sep="\n")


if __name__ == "__main__":
    main()
