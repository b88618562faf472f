"""A real server with one vendor's emulator behind it, and one user's talk in it."""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from openhandover.emulators.base import Emulator
from openhandover.emulators.recording import Recorded
from openhandover.engine import Engine, completing
from openhandover.engine.delivery import Delivery, Lane, pause_s
from openhandover.web import serve
from tests.ports import free_port
from tests.scenarios.receiver import Event
from tests.scenarios.world import World, living
from tests.serving import running_server

TEXT = """
api:
  keys: [{{name: all, key: {key}, scopes: [conversations, handovers, analytics, desk, admin]}}]
languages: {{default: en, supported: [en]}}
outbound: {{allow: ["127.0.0.1/32"]}}
channels:
  app: {{type: api, bot: mine, provider: vendor, webhook: {{url: "{channel}", secret: "{secret}"}}}}
bots:
  mine: {{http: {{url: "{bot}", secret: "{secret}"}}}}
"""
SETTINGS: Mapping[str, Any] = {"transcript": {"send": True}}
OFTEN = 10_000
"""So many calls go wrong that it is always."""
WITHIN_S = 15.0
patience = 1.0
"""By how much more or less everything is waited for; a test of the suite itself waits less."""
ENDED = {"completed", "cancelled", "error", "transferred"}


async def until(look: Callable[[], Any], what: str, within_s: float = WITHIN_S) -> Any:
    """What `look()` answers as soon as it is true; else a failure that says what was waited for."""
    try:
        async with asyncio.timeout(within_s * patience):
            while not (found := look()):
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {within_s:g} s: {what}") from None
    return found


def strings(value: Any) -> list[str]:
    """Every text inside a JSON value, keys included."""
    match value:
        case str():
            return [value]
        case Mapping():
            return [text for pair in value.items() for one in pair for text in strings(one)]
        case list() | tuple():
            return [text for one in value for text in strings(one)]
        case _:
            return []


class FastHours:
    """The engine's time, for worlds that begin after this: a pause before a repeat is over at once, and time has passed."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._ahead_s = 0.0
        self.pauses: list[float] = []
        self._due: list[tuple[float, Callable[[], None]]] = []

        async def pause(_: Delivery, __: Lane, tries: int, retry_after_s: float | None) -> None:
            self.pauses.append(pause_s(tries, retry_after_s))
            self._ahead_s += self.pauses[-1]
            for at, act in list(self._due):
                if at <= self():
                    self._due.remove((at, act))
                    act()
            await asyncio.sleep(0)

        patch.setattr(serve, "Engine", partial(Engine, clock=self))
        patch.setattr(Delivery, "pause", pause)

    def __call__(self) -> float:
        return time.time() + self._ahead_s

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Once so much time has passed, do this."""
        self._due.append((self() + seconds, act))


class VendorWorld(World):
    """A world whose provider `vendor` speaks with `emulator`; the server keeps its port over restarts."""

    emulator: Emulator
    webhooks: bool
    port: int

    async def start(self) -> None:
        """Start the server on the same database and port."""
        self.server = await self._stack.enter_async_context(running_server(self.folder, self.text, self.port))
        if self.webhooks:
            self.emulator.webhook_to(f"{self.server.url}/webhooks/vendor")

    def chats(self) -> list[dict[str, Any]]:
        """The chats at the vendor."""
        return self.emulator.shown()["chats"]

    def posted(self) -> list[Recorded]:
        """The vendor's calls that change something."""
        return [one for one in self.emulator.requests if one.method != "GET"]


@dataclass
class Talk:
    """One user, with a word in everything that is theirs: name, id and first message contain `token`."""

    world: VendorWorld
    route: Mapping[str, Any]
    token: str = field(default_factory=lambda: f"u{uuid4().hex[:10]}")
    id: str = ""
    handover_id: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of its handovers, beside what all have."""
    before: set[str] = field(default_factory=set[str])
    """Chats at the vendor that belong to an earlier handover of the same user."""

    # --- our side

    async def begin(self, *texts: str) -> "Talk":
        """A conversation with the bot, in which the user said this."""
        user = {"id": self.token, "name": f"Ann {self.token}", "email": f"{self.token}@example.com"}
        self.id = await self.world.began(channel="app", user=user)
        for text in texts or (f"Hello from {self.token}",):
            await self.says(text)
        return self

    async def says(self, text: str, **fields: Any) -> dict[str, Any]:
        """The user writes."""
        return await self.world.says(self.id, text, **fields)

    async def asks(self, settings: Mapping[str, Any] | None = None, **fields: Any) -> "Talk":
        """The user wants a human."""
        self.before |= {chat["id"] for chat in self.world.chats() if self.token in strings_of(chat)}
        wanted = {**SETTINGS, "route": dict(self.route), **self.settings, **(settings or {})}
        self.handover_id = await self.world.asks(self.id, wanted, **fields)
        return self

    async def handover(self) -> dict[str, Any]:
        """The handover as it is now."""
        return await self.world.handover(self.handover_id)

    async def is_(self, within_s: float = WITHIN_S, **fields: Any) -> dict[str, Any]:
        """The handover as soon as it has these fields; fails at once when it has ended otherwise."""
        over = asyncio.get_running_loop().time() + within_s * patience
        while True:
            found = await self.handover()
            if all(found[name] == value for name, value in fields.items()):
                return found
            ended = found["status"] in ENDED and "status" in fields
            assert not ended, f"the handover did not become {fields}; it is {found}"
            assert asyncio.get_running_loop().time() < over, f"the handover is not {fields} yet, but {found}"
            await asyncio.sleep(0.02)

    async def queued(self, *texts: str) -> "Talk":
        """A handover that the vendor has accepted."""
        await (await self.begin(*texts)).asks()
        await self.is_(status="queued")
        return self

    async def active(self, *texts: str) -> "Talk":
        """A handover with an agent in it, who said `hello TOKEN`."""
        await self.queued(*texts)
        await self.agent_says(f"hello {self.token}")
        await self.hears(f"hello {self.token}")
        await self.is_(status="active")
        return self

    def events(self, type_: str) -> list[Event]:
        """What the user's channel got of this type."""
        return [event for event in self.world.channel.of(type_) if event["conversation_id"] == self.id]

    def heard(self) -> list[str]:
        """The agents' texts that the user got, in order of arrival."""
        return [e["data"]["text"] for e in self.events("message.created") if e["data"]["author"] == "agent"]

    async def hears(self, text: str, within_s: float = WITHIN_S) -> Event:
        """The agent's message with this text, once the user has it."""
        await until(
            lambda: text in self.heard(), f"the user hears {text[:60]!r}: {self.heard()!r:.500}", within_s
        )
        return next(e for e in self.events("message.created") if e["data"]["text"] == text)

    async def got(self, type_: str, n: int = 1, within_s: float = WITHIN_S) -> Event:
        """The nth event of a type at the user's channel."""
        return (
            await until(
                lambda: self.events(type_)[n - 1 : n], f"the channel gets {type_} number {n}", within_s
            )
        )[0]

    async def bot_got(self, text: str) -> None:
        """The user's message reached the bot."""
        await until(lambda: text in self.world.bot.texts("user"), f"the bot gets {text!r}")

    async def settled(self, text: str) -> str:
        """What became of the user's message: `delivered`, `read` or `failed`."""
        found = "pending"
        async with asyncio.timeout(WITHIN_S * patience):
            while found == "pending":
                found = next(
                    one["delivery"]["state"]
                    for one in await self.world.messages(self.id)
                    if one["text"] == text
                )
                await asyncio.sleep(0.02)
        return found

    # --- the vendor's side

    def mine(self) -> list[dict[str, Any]]:
        """This handover's chats at the vendor: there should be one."""
        return [
            chat
            for chat in self.world.chats()
            if chat["id"] not in self.before and self.token in strings_of(chat)
        ]

    async def chat(self) -> dict[str, Any]:
        """This handover's chat at the vendor, as soon as it is there."""
        return (await until(self.mine, "a chat of the user at the vendor"))[-1]

    def lines(self, *authors: str) -> list[str]:
        """Texts that the agent sees, of these authors or all."""
        return [
            line["text"]
            for chat in self.mine()
            for line in chat["lines"]
            if not authors or line["author"] in authors
        ]

    async def shown(self, text: str, within_s: float = WITHIN_S) -> None:
        """The agent sees this text."""
        await until(
            lambda: any(text in line for line in self.lines()),
            f"the agent sees {text[:60]!r}: {self.lines()!r:.500}",
            within_s,
        )

    async def agent_says(self, text: str) -> None:
        """An agent takes the chat, where agents do that, and writes."""
        emulator, chat = self.world.emulator, await self.chat()
        if chat["state"] == "waiting" and emulator.plays("agent_joins"):
            await emulator.agent_joins(chat["id"])
        await emulator.agent_says(chat["id"], text)

    async def agent_ends(self) -> None:
        """An agent takes the chat, where agents do that, and ends it."""
        await self.world.emulator.agent_ends((await self.chat())["id"])


def strings_of(chat: dict[str, Any]) -> str:
    """Everything that a chat shows, to look for a word in it."""
    return "\n".join(strings(chat))


async def uploaded(world: VendorWorld, name: str, content: bytes, content_type: str) -> str:
    """Id of a file that the user gave us."""
    form = aiohttp.FormData()
    form.add_field("file", content, filename=name, content_type=content_type)
    answer = await world.call("POST", "/v1/uploads", data=form)
    assert answer.status == 201, answer
    return answer.body["upload_id"]


@asynccontextmanager
async def vendor_world(
    folder: Path, type_: str, emulator: Emulator, *, webhooks: bool, **more: Any
) -> AsyncGenerator[VendorWorld]:
    """A world with this emulator; `more` replaces single settings of the provider. Its engine waits for what completes an
    event as long as the tests do: what it does when that takes too long is shown in tests/web/test_webhooks_completed.py."""
    port = free_port()

    class Here(VendorWorld):
        pass

    Here.emulator, Here.webhooks, Here.port = emulator, webhooks, port
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(completing, "COMPLETE_S", WITHIN_S)
        async with emulator:
            # One world serves many tests that count calls: none may be forgotten meanwhile.
            emulator.requests = deque()
            emulator.set_online()
            settings = {"type": type_, **emulator.settings(), **more}
            server = json.dumps({"public_url": f"http://127.0.0.1:{port}"})
            block = json.dumps({"vendor": settings}, ensure_ascii=False).replace("$", "$$")
            config = f"server: {server}\nproviders: {block}\n"
            async with living(folder, config, TEXT, Here) as world:
                yield world
