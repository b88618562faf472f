"""Two tabs on a bad line: whatever breaks when, each of them ends up with every message once and in order."""

import asyncio
import random
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.channels.visitor import CONFIG, Page, Visitor
from tests.desk.floor import Agent
from tests.serving import Server, running_server

MESSAGES = 40


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A server that lets a visitor write as fast as they can."""
    async with running_server(tmp_path, f"{CONFIG}\nrate_limits: {{visitor: null}}\n") as running:
        yield running


class Tab:
    """A page that keeps its log through any number of sockets, as the protocol tells a client to."""

    def __init__(self, visitor: Visitor, name: str, chance: random.Random) -> None:
        self.visitor = visitor
        self.chance = chance
        self.log: list[tuple[int, str]] = []
        self.after = 0
        self.before = 0
        self.more = False
        self.asked = False
        self.unsent = [f"{name}-{number:06}" for number in range(MESSAGES)]

    async def connect(self, frames: int | None = None, until: int = 0) -> None:
        """One socket: so many frames of it, or until nothing is left to send, and to read up to a number."""
        after = self.after
        async with self.visitor.page(after=after, last=self.chance.choice([1, 3, 10])) as page:
            ready = await page.next()
            assert ready["type"] == "ready", ready
            if after == 0:
                self.before, self.more = ready["first_seq"] + 1, ready["more"]
                self.after = ready["first_seq"]
            assert ready["first_seq"] == self.after
            self.asked = False
            await self.say_next(page)
            read = 0
            while read != frames and not (frames is None and self.is_done(until)):
                await self.take(page, await page.next())
                read += 1

    def is_done(self, until: int) -> bool:
        """Whether nothing is left to send, and nothing up to this number is missing."""
        return not self.unsent and not self.more and self.after >= until

    async def say_next(self, page: Page) -> None:
        """The first message that the server has not accepted yet; perhaps it has it all the same."""
        if self.unsent:
            await page.send("message", id=self.unsent[0], text=self.unsent[0])

    async def take(self, page: Page, frame: dict[str, Any]) -> None:
        """One frame; the server must never repeat a number, nor tell one out of order."""
        match frame["type"]:
            case "event":
                assert frame["event"]["seq"] > self.after
                self.after = frame["event"]["seq"]
                self.log += self.messages([frame["event"]])
            case "history":
                seqs = [event["seq"] for event in frame["events"]]
                assert seqs == sorted(set(seqs))
                assert all(seq < self.before for seq in seqs)
                self.log[:0] = self.messages(frame["events"])
                self.before, self.more, self.asked = min([self.before, *seqs]), frame["more"], False
            case "accepted":
                self.unsent = [each for each in self.unsent if each != frame["id"]]
                await self.say_next(page)
            case kind:
                assert kind in ("typing", "desk"), frame
        if self.more and not self.asked and self.chance.random() < 0.5:
            self.asked = True
            await page.send("history", before=self.before, limit=self.chance.choice([1, 5, 20]))

    def messages(self, events: list[dict[str, Any]]) -> list[tuple[int, str]]:
        """Number and text of the messages among these events."""
        return [
            (event["seq"], event["data"]["text"]) for event in events if event["type"] == "message.created"
        ]


async def bot_and_desk(visitor: Visitor, chance: random.Random) -> None:
    """The other side: the bot talks, people come and go, notes are written that are not for the visitor."""
    anna = await Agent(visitor.server, "anna").here()
    for number in range(MESSAGES // 4):
        await visitor.bot_says(f"bot {number}")
        if chance.random() < 0.3:
            handover_id = await visitor.needs_human()
            await anna.accept(handover_id)
            await anna.call("POST", f"handovers/{handover_id}/notes", {"text": "not for the visitor"})
            await anna.say(handover_id, f"agent {number}")
            await anna.call("POST", f"handovers/{handover_id}/close", {})
            path = f"/v1/handovers/{handover_id}"
            await visitor.server.until(path, lambda handover: handover["status"] == "completed")


async def on_a_bad_line(tab: Tab, breaks: int) -> None:
    """A socket that breaks so often, at any point."""
    for _ in range(breaks):
        await tab.connect(tab.chance.randrange(12))


@pytest.mark.parametrize("seed", range(4))
async def test_two_tabs_on_a_bad_line_get_everything_once(server: Server, seed: int) -> None:
    """Live stream, history, sending again and a second tab do not disturb each other, in any order of events."""
    chance = random.Random(seed)
    visitor = await Visitor.comes(server)
    for number in range(chance.randrange(30)):
        await visitor.bot_says(f"before {number}")
    tabs = [Tab(visitor, f"tab{number}", random.Random(f"{seed}{number}")) for number in range(2)]
    await asyncio.gather(bot_and_desk(visitor, chance), *(on_a_bad_line(tab, 15) for tab in tabs))
    await asyncio.gather(*(tab.connect() for tab in tabs))
    stored = [
        (item["seq"], item["text"])
        for item in (await server.call("GET", f"/v1/conversations/{visitor.id}/messages?limit=1000")).body[
            "items"
        ]
        if item.get("to") != "agent"
    ]
    assert len({text for _, text in stored if text.startswith("tab")}) == 2 * MESSAGES
    for tab in tabs:
        await tab.connect(until=stored[-1][0])
        assert tab.log == stored
