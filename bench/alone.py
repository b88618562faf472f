"""The engine without HTTP: accept a user's message, give it to a provider in the same process, record the delivery."""

import asyncio
import itertools
import random
import time
from pathlib import Path
from typing import Any

import msgspec
from wire import SECRET

from openhandover.config.load import load_text
from openhandover.core.events import CreateConversation, PostMessage, RequestHandover
from openhandover.core.model import Conversation, Entry, Message, Settings, Target, User
from openhandover.engine import Engine
from openhandover.providers.base import BaseProvider, Capabilities, HandoverRequest, Opened, Session
from openhandover.store.port import Changes, HandoverRow, Unit

TEXT = "My parcel was to come on Tuesday, but it is Friday now and nobody has rung the bell."
replace = msgspec.structs.replace


class Near(BaseProvider):
    """A contact centre in the same process."""

    capabilities = Capabilities(inbound="webhook")

    def __init__(self) -> None:
        super().__init__("near")
        self.got = 0

    async def open(self, request: HandoverRequest) -> Opened:
        """Always taken."""
        return Opened("s-" + request.key)

    async def send(self, session: Session, message: Message, key: str) -> None:
        """Counted."""
        self.got += 1


def config_text(folder: Path) -> str:
    """An installation whose channel fetches and whose desk is never called."""
    return (
        f"store: 'sqlite:{folder}/engine.db'\nchannels: {{app: {{type: api, provider: near}}}}\n"
        f"providers: {{near: {{type: http, url: 'http://127.0.0.1:9', secret: '{SECRET}'}}}}\n"
    )


class Alone:
    """A started engine with some open conversations."""

    def __init__(self, folder: Path) -> None:
        self.engine = Engine(load_text(config_text(folder)))
        self.near = Near()
        self.engine.providers._providers["near"] = self.near
        self._numbers = itertools.count()

    async def __aenter__(self) -> "Alone":
        await self.engine.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.stop()

    async def fill(self, count: int) -> None:
        """`count` conversations with an open handover: one is made, the others are copies of it."""
        await self.engine.create(CreateConversation("first", "app", User("u", "Anna", "anna@example.com")))
        ask = RequestHandover("h-first", (Target("near"),), Settings(), initiator="user")
        await self.engine.request_handover("first", ask)
        while (await self.engine.handover("h-first")).handover.status != "queued":
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        state = await self.engine.conversation("first")
        row = await self.engine.handover("h-first")
        for start in range(0, count, 2000):
            part = range(start, min(start + 2000, count))
            await asyncio.gather(*(self.engine.store.transact(_copy(state, row, n)) for n in part))

    async def post(self, n: int) -> None:
        """The user of the n-th conversation writes."""
        message = PostMessage(f"m-{next(self._numbers)}", "user", TEXT)
        await self.engine.post(name(n), message)

    async def rate(self, count: int, submitters: int, seconds: float) -> float:
        """Messages per second accepted, delivered and recorded; each submitter waits for its own acceptance."""
        chance = random.Random(1)
        posted, before = 0, self.near.got
        began = time.perf_counter()
        until = began + seconds

        async def submit(turn: int) -> None:
            nonlocal posted
            while time.perf_counter() < until:
                await self.post(chance.randrange(count) if count > submitters else turn % count)
                posted += 1

        await asyncio.gather(*(submit(turn) for turn in range(submitters)))
        while self.near.got - before < posted or self.engine._delivery._lanes:
            await asyncio.sleep(0.001)
        return posted / (time.perf_counter() - began)


def name(n: int) -> str:
    """The id of the n-th conversation."""
    return f"conv_{n:08d}"


def _copy(state: Conversation, row: HandoverRow, n: int) -> Unit:
    assert state.handover
    handover = replace(state.handover, id=f"h-{n}", conversation_id=name(n))
    lanes = tuple(replace(lane, handover_id=handover.id, external_id=f"s-{n}") for lane in state.lanes)
    user = replace(state.user, id=f"user_{n}")
    mine = replace(state, id=name(n), user=user, handover=handover, lanes=lanes)
    listed = HandoverRow(handover, row.channel, row.language)
    begun = Entry(
        mine.id,
        mine.seq,
        "handover.queued",
        time.time(),
        "human",
        mine.epoch,
        msgspec.Raw(b"{}"),
        handover.id,
    )
    return Unit(mine.id, lambda _: Changes(mine, (begun,), handovers=(listed,)))


async def engine_rate(folder: Path, conversations: int, submitters: int, seconds: float) -> dict[str, Any]:
    """Messages per second with so many open conversations."""
    async with Alone(folder) as alone:
        await alone.fill(conversations)
        await alone.rate(conversations, submitters, seconds / 4)
        found = await alone.rate(conversations, submitters, seconds)
        return {"conversations": conversations, "messages_per_s": round(found), "us": round(1e6 / found, 1)}
