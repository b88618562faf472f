"""Webhooks that leave something out, and vendors that ask who answers at our address."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from openhandover import providers
from openhandover.engine import completing
from tests.net.loopback import serving
from tests.serving import CONFIG, Answer, Server, running_server


class Later:
    """The clock, when the pause is over."""

    @staticmethod
    def monotonic() -> float:
        """Eleven seconds on."""
        return time.monotonic() + 11


class Vendor:
    """Knows the agents' names. `slow` lets the one of an id wait for its event."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.slow: dict[str, asyncio.Event] = {}
        self.status = 200

    async def called(self, request: web.Request) -> web.Response:
        """Every call."""
        agent_id = request.path[1:]
        self.asked.append(agent_id)
        if agent_id in self.slow:
            await self.slow[agent_id].wait()
        return web.Response(status=self.status, text=f"Agent {agent_id}")


class Desk:
    """A server with the provider `mine`, and a handover that it has."""

    def __init__(self, server: Server, vendor: Vendor) -> None:
        self.server, self.vendor = server, vendor
        self.chat = ""

    async def begin(self) -> None:
        """Hand over to it."""
        self.chat = (await self.server.conversation())["id"]
        handover = await self.server.handover(self.chat, provider="mine")
        await self.server.until(f"/v1/handovers/{handover['id']}", lambda one: one["status"] == "queued")

    async def says(self, text: str, agent: str = "1", session: str = "s1") -> Answer:
        """The vendor tells of a message."""
        body = json.dumps({"id": f"{session}-{text}", "session": session, "text": text, "agent": agent})
        return await self.server.call(
            "POST", "/webhooks/mine", data=body.encode(), headers={"x-key": "k"}, key=None
        )

    async def shown(self) -> list[tuple[str, str | None]]:
        """What the user sees, and from whom."""
        found = (await self.server.call("GET", f"/v1/conversations/{self.chat}/messages")).body["items"]
        return [(one["text"], one.get("author_name")) for one in found if one["author"] == "agent"]


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Desk]:
    """A handover at a vendor whose webhooks leave out names."""
    point = EntryPoint("webhook_desk", "tests.web.webhook_desk", providers.GROUP)
    monkeypatch.setattr(providers, "entry_points", lambda group: [point] if group == providers.GROUP else [])
    vendor = Vendor()
    async with serving(vendor.called) as url:
        text = CONFIG.replace("  log:", f"  mine: {{type: webhook_desk, url: '{url}'}}\n  log:")
        async with running_server(tmp_path, text) as server:
            found = Desk(server, vendor)
            await found.begin()
            yield found
            for waiting in vendor.slow.values():
                waiting.set()


async def test_what_a_webhook_leaves_out_is_asked_for(desk: Desk) -> None:
    """The name is there when the user sees the message."""
    assert (await desk.says("hi")).body == {"applied": True}
    assert await desk.shown() == [("hi", "Agent 1")]


async def test_one_session_stays_in_its_order_while_others_pass(desk: Desk) -> None:
    """The second message is not shown before the first, whose name takes longer; another session does not wait."""
    desk.vendor.slow["1"] = asyncio.Event()
    first = asyncio.create_task(desk.says("first", "1"))
    while not desk.vendor.asked:
        await asyncio.sleep(0.01)
    second = asyncio.create_task(desk.says("second", "2"))
    assert (await desk.says("elsewhere", "3", session="s9")).status == 200
    assert desk.vendor.asked == ["1", "3"]
    desk.vendor.slow["1"].set()
    assert [(await one).status for one in (first, second)] == [200, 200]
    assert await desk.shown() == [("first", "Agent 1"), ("second", "Agent 2")]


@pytest.mark.parametrize("fault", ["refused", "slow"])
async def test_without_an_answer_the_event_is_taken_as_it_came(
    desk: Desk, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused or too slow: it is shown, the log says so once, and the vendor is left alone for a moment."""
    monkeypatch.setattr(completing, "COMPLETE_S", 0.2)
    if fault == "slow":
        desk.vendor.slow["1"] = asyncio.Event()
    else:
        desk.vendor.status = 403
    with capture_logs() as logged:
        for text in ("one", "two"):
            assert (await desk.says(text)).body == {"applied": True}
    assert await desk.shown() == [("one", None), ("two", None)]
    assert desk.vendor.asked == ["1"]
    assert [one["provider"] for one in logged if one["event"] == "not_completed"] == ["mine"]
    monkeypatch.setattr(completing, "time", Later)
    monkeypatch.setattr(completing, "COMPLETE_S", 10)
    desk.vendor.status = 200
    desk.vendor.slow.pop("1", asyncio.Event()).set()
    await desk.says("three")
    assert (await desk.shown())[-1] == ("three", "Agent 1")


async def test_an_agent_whom_the_vendor_does_not_know_holds_up_nobody(desk: Desk) -> None:
    """Their message is shown without a name, the next one is asked for again; the log says so once."""
    desk.vendor.status = 404
    with capture_logs() as logged:
        for text in ("one", "two"):
            assert (await desk.says(text)).body == {"applied": True}
    desk.vendor.status = 200
    await desk.says("three")
    assert await desk.shown() == [("one", None), ("two", None), ("three", "Agent 1")]
    assert len([one for one in logged if one["event"] == "not_completed"]) == 1


async def test_a_fault_in_completing_does_not_cost_the_event(desk: Desk) -> None:
    """It is taken as it came."""
    with capture_logs() as logged:
        assert (await desk.says("hi", "bug")).body == {"applied": True}
    assert await desk.shown() == [("hi", None)]
    assert "completing_failed" in [one["event"] for one in logged]


# --- a vendor that asks who answers


async def greet(server: Server, path: str) -> Answer:
    """A GET of the vendor."""
    return await server.call("GET", f"/webhooks/{path}", key=None)


async def test_the_vendors_question_is_answered_as_it_demands(desk: Desk) -> None:
    """Proven as every webhook; without proof or question there is no answer."""
    answer = await greet(desk.server, "mine?key=k&challenge=42")
    assert (answer.status, answer.body) == (200, b"42")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (await greet(desk.server, "mine?challenge=42")).status == 401
    assert (await greet(desk.server, "mine?key=k")).status == 404


@pytest.mark.parametrize(
    ("path", "status", "allow"),
    [("support", 405, "POST"), ("nobody", 404, None), ("mine/part?key=k&challenge=1", 404, None)],
)
async def test_others_are_not_greeted(desk: Desk, path: str, status: int, allow: Any) -> None:
    """Providers whose vendor does not ask, providers that are not configured, addresses that they do not have."""
    answer = await greet(desk.server, path)
    assert (answer.status, answer.headers.get("allow")) == (status, allow)
