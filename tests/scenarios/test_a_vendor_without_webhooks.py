"""A provider that is listened to: resumed where it was, nothing missing, nothing twice, nothing too early."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from aiohttp import web

from openhandover import providers
from tests.net.loopback import serving
from tests.scenarios.world import World, living, soon


class Vendor:
    """The vendor: sessions, what was said in them, and one numbered list of events."""

    def __init__(self) -> None:
        self.sessions: dict[str, str] = {}
        self.said: list[tuple[str, str]] = []
        self.list: list[dict[str, object]] = []
        self.asked: list[int] = []
        self.fail = 0
        self.may_open = asyncio.Event()
        """While it is not set the open call waits."""
        self.may_open.set()
        self._keys: set[str] = set()

    def emit(self, session: str, kind: str, text: str = "") -> None:
        """One more event."""
        self.list.append({"n": len(self.list) + 1, "session": session, "kind": kind, "text": text})

    async def called(self, request: web.Request) -> web.Response:
        """Every call."""
        if request.path == "/events":
            if self.fail:
                self.fail -= 1
                return web.Response(status=503)
            after = int(request.query["after"])
            self.asked.append(after)
            return web.json_response(self.list[after:])
        body = await request.json()
        if request.path == "/open":
            session = self.sessions.setdefault(body["key"], f"s{len(self.sessions) + 1}")
            await self.may_open.wait()
            return web.json_response({"session": session})
        if body["key"] not in self._keys:
            self._keys.add(body["key"])
            self.said.append((body["session"], body["text"]))
        return web.json_response({})


@asynccontextmanager
async def listened(folder: Path) -> AsyncGenerator[tuple[World, Vendor]]:
    """A world with the provider `stream`."""
    vendor = Vendor()
    async with (
        serving(vendor.called) as url,
        living(folder, f"  stream: {{type: stream, url: '{url}'}}\n") as world,
    ):
        yield world, vendor


@pytest.fixture(autouse=True)
def stream_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's package announces the type."""
    point = EntryPoint("stream", "tests.scenarios.stream_desk", providers.GROUP)
    monkeypatch.setattr(providers, "entry_points", lambda group: [point] if group == providers.GROUP else [])


async def test_both_sides_write(tmp_path: Path) -> None:
    """The main story over a list of events."""
    async with listened(tmp_path) as (world, vendor):
        chat = await world.began()
        handover_id = await world.asks(chat, provider="stream")
        await world.until(handover_id, status="queued")
        vendor.emit("s1", "joined")
        await world.says(chat, "hello")
        vendor.emit("s1", "message", "hi")
        await world.channel.heard("hi")
        await soon(lambda: vendor.said == [("s1", "hello")])
        vendor.emit("s1", "closed")
        await world.until(handover_id, status="completed")


async def test_it_resumes_after_a_restart(tmp_path: Path) -> None:
    """Events of the time in between come after the restart, those before do not come again."""
    async with listened(tmp_path) as (world, vendor):
        handover_id = await world.asks(await world.began(), provider="stream")
        await world.until(handover_id, status="queued")
        for n in range(3):
            vendor.emit("s1", "message", f"before {n}")
        await world.channel.heard("before 2")
        await world.stop()
        for n in range(3):
            vendor.emit("s1", "message", f"meanwhile {n}")
        vendor.asked.clear()
        await world.start()
        await world.channel.heard("meanwhile 2")
        assert vendor.asked[0] == 3
        assert world.channel.texts("agent") == [
            f"{when} {n}" for when in ("before", "meanwhile") for n in range(3)
        ]
        assert (await world.handover(handover_id))["status"] == "active"


async def test_trouble_at_the_vendor_loses_nothing(tmp_path: Path) -> None:
    """It is asked again, from the cursor."""
    async with listened(tmp_path) as (world, vendor):
        handover_id = await world.asks(await world.began(), provider="stream")
        await world.until(handover_id, status="queued")
        vendor.fail = 2
        for n in range(3):
            vendor.emit("s1", "message", f"m{n}")
        await world.channel.heard("m2")
        assert world.channel.texts("agent") == ["m0", "m1", "m2"]


async def test_early_events_wait_for_their_session(tmp_path: Path) -> None:
    """The vendor's agent writes before the open call has returned: kept, then shown in order."""
    async with listened(tmp_path) as (world, vendor):
        vendor.may_open.clear()
        handover_id = await world.asks(await world.began(), provider="stream")
        await soon(lambda: vendor.sessions)
        for n in range(5):
            vendor.emit("s1", "message", f"early {n}")
        await soon(lambda: vendor.asked[-1:] == [5])
        assert (await world.handover(handover_id))["status"] == "requested"
        for n in range(5):
            await soon(lambda seen=5 + n: vendor.asked[-1] == seen)
            vendor.emit("s1", "message", f"later {n}")
            if n == 2:
                vendor.may_open.set()
        await world.channel.heard("later 4")
        expected = [f"{when} {n}" for when in ("early", "later") for n in range(5)]
        assert world.channel.texts("agent") == expected


async def test_early_events_survive_a_restart(tmp_path: Path) -> None:
    """Parked, then the server goes away before its open call returned: nothing is lost, nothing comes twice."""
    async with listened(tmp_path) as (world, vendor):
        vendor.may_open.clear()
        handover_id = await world.asks(await world.began(), provider="stream")
        await soon(lambda: vendor.sessions)
        vendor.emit("s1", "message", "early")
        await soon(lambda: vendor.asked[-1:] == [1])
        await world.stop()
        vendor.may_open.set()
        await world.start()
        await world.channel.heard("early")
        assert world.channel.texts("agent") == ["early"]
        assert vendor.sessions == {f"{handover_id}:1": "s1"}


async def test_events_of_nobody_are_passed_over(tmp_path: Path) -> None:
    """A session that never becomes known does not hold up the others."""
    async with listened(tmp_path) as (world, vendor):
        vendor.emit("foreign", "message", "not for us")
        handover_id = await world.asks(await world.began(), provider="stream")
        await world.until(handover_id, status="queued")
        vendor.emit("s1", "message", "for us")
        await world.channel.heard("for us")
        assert world.channel.texts("agent") == ["for us"]
