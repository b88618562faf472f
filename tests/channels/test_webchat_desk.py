"""Whether the team is there, as visitors' pages are told, against a running server."""

import asyncio
from typing import Any

import pytest

from openhandover.engine import Engine
from openhandover.providers.base import Availability
from openhandover.widget import desk
from tests.channels.visitor import OPENS, Visitor
from tests.desk.floor import Agent
from tests.serving import Server


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here waits 15 seconds for the next look, and a busy machine is no slow team."""
    monkeypatch.setattr(desk, "POLL_S", 0.02)
    monkeypatch.setattr(desk, "FIRST_ANSWER_S", 10)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, str | None]]:
    """Every question to a provider, as the engine passes it on."""
    questions: list[tuple[str, Any, str | None]] = []
    availability = Engine.availability

    async def noted(engine: Engine, provider: str, route: Any, language: str | None) -> Availability:
        questions.append((provider, route, language))
        return await availability(engine, provider, route, language)

    monkeypatch.setattr(Engine, "availability", noted)
    return questions


def told(page: Any) -> list[Any]:
    """What the page heard of the team since it opened."""
    return [frame["open"] for frame in page.frames if frame["type"] == "desk"]


async def test_a_page_knows_whether_the_team_is_there(server: Server) -> None:
    """At once when it opens, and by a frame when that changes; only then."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        assert (await visitor.here(page))["desk"] == {"open": False, "opens_at": None}
        anna = await Agent(server, "anna").here()
        assert await page.until(lambda frame: frame["type"] == "desk") == {
            "type": "desk",
            "open": True,
            "opens_at": None,
        }
        async with visitor.page() as second:
            assert (await visitor.here(second))["desk"]["open"] is True
        assert (await anna.call("PUT", "presence", {"presence": "offline"})).status < 300
        await page.until(lambda frame: frame["type"] == "desk")
        assert told(page) == [True, False]


async def test_a_closed_team_says_when_it_opens(server: Server) -> None:
    """Outside the provider's hours the next opening is told, whoever is online."""
    await Agent(server, "anna").here()
    visitor = await Visitor.comes(server, "night")
    async with visitor.page() as page:
        ready = await visitor.here(page)
        assert ready["desk"] == {"open": False, "opens_at": f"{OPENS:%Y-%m-%d}T00:00:00.000Z"}


async def test_a_channel_without_a_team_does_not_pretend(server: Server) -> None:
    """Without a provider nothing is known, and nobody is asked."""
    visitor = await Visitor.comes(server, "open")
    async with visitor.page() as page:
        assert (await visitor.here(page))["desk"] == {"open": None, "opens_at": None}


async def test_one_question_for_all_visitors(
    server: Server, asked: list[tuple[str, Any, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty pages of one language share a question; another language asks its own; without pages nobody asks."""
    monkeypatch.setattr(desk, "POLL_S", 3600)
    visitors = [await Visitor.comes(server) for _ in range(10)]
    async with visitors[0].page() as first:
        await visitors[0].here(first)
        for visitor in visitors:
            async with visitor.page() as page, visitor.page() as second:
                await visitor.here(page)
                await visitor.here(second)
        assert asked == [("support", {}, "en")]
        dutch = await Visitor.comes(server, language="nl")
        async with dutch.page() as page:
            await dutch.here(page)
        assert asked == [("support", {}, "en"), ("support", {}, "nl")]
    for visitor in (*visitors, dutch):
        path = f"/v1/conversations/{visitor.id}/events?limit=1000"
        await server.until(
            path, lambda listed: [item["type"] for item in listed["items"]][-1:] == ["user.disconnected"]
        )
    async with visitors[0].page() as page:
        await visitors[0].here(page)
    assert len(asked) == 3


async def test_a_slow_team_keeps_nobody_waiting(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page opens as unknown when the contact centre is slow to answer, and hears of it later."""
    answers = asyncio.Event()

    async def slow(_engine: Engine, _provider: str, _route: Any, _language: str | None) -> Availability:
        await answers.wait()
        return Availability(open=True)

    monkeypatch.setattr(desk, "FIRST_ANSWER_S", 0.02)
    monkeypatch.setattr(Engine, "availability", slow)
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        assert (await visitor.here(page))["desk"]["open"] is None
        answers.set()
        assert (await page.until(lambda frame: frame["type"] == "desk"))["open"] is True


async def test_a_broken_provider_does_not_end_the_talk(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault while asking counts as not known; the talk goes on, and the next answer is told."""
    faults = iter([True, True])

    async def faulty(_engine: Engine, _provider: str, _route: Any, _language: str | None) -> Availability:
        if next(faults, False):
            raise RuntimeError("a fault")
        return Availability(open=True)

    monkeypatch.setattr(Engine, "availability", faulty)
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        assert (await visitor.here(page))["desk"]["open"] is None
        assert (await page.until(lambda frame: frame["type"] == "desk"))["open"] is True
        assert (await page.say("still here"))["type"] == "accepted"
