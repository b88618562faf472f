"""A desk with agents on a real server, for the tests of this folder."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from argon2 import PasswordHasher

from tests.serving import KEY, Answer, Server

PASSWORD = "correct horse battery"
HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD).replace("$", "$$")
ANNA_KEY = "test-key-that-is-annas"

CONFIG = f"""
api:
  keys:
    - {{name: all, key: {KEY}, scopes: [conversations, handovers, analytics, desk, admin]}}
    - {{name: anna, key: {ANNA_KEY}, scopes: [desk], agent: anna}}
    - {{name: chats, key: test-key-for-chats, scopes: [conversations]}}
channels:
  api: {{type: api, provider: support}}
providers:
  support: {{type: desk}}
agents:
  anna: {{name: Anna, password_hash: "{HASH}", skills: [billing], languages: [nl, en]}}
  bob: {{name: Bob, password_hash: "{HASH}", languages: [en]}}
  sam: {{name: Sam, password_hash: "{HASH}", inboxes: [sales]}}
  sue: {{name: Sue, password_hash: "{HASH}", role: supervisor, inboxes: [sales]}}
desk:
  canned: [{{name: Greeting, text: "Hello there {{{{ user.name }}}}"}}]
"""


class Agent:
    """One agent, by API key."""

    def __init__(self, server: Server, agent_id: str) -> None:
        self.server = server
        self.id = agent_id

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """A call of the desk API in this agent's name."""
        mark = "&" if "?" in path else "?"
        return await self.server.call(method, f"/v1/desk/{path}{mark}agent={self.id}", body, **options)

    async def here(self, presence: str = "online") -> "Agent":
        """Set the presence."""
        answer = await self.call("PUT", "presence", {"presence": presence})
        assert answer.status == 200, answer
        return self

    async def accept(self, handover_id: str) -> Answer:
        """Take a handover."""
        return await self.call("POST", f"handovers/{handover_id}/accept", {})

    async def say(self, handover_id: str, text: str, **more: Any) -> Answer:
        """Write to the user."""
        return await self.call("POST", f"handovers/{handover_id}/messages", {"text": text, **more})

    async def entries(self, view: str = "open") -> list[dict[str, Any]]:
        """What the desk lists for this agent."""
        return (await self.call("GET", f"handovers?view={view}")).body["items"]

    async def sees(self, holds: Any, view: str = "open") -> list[dict[str, Any]]:
        """The list, as soon as `holds(list)`."""
        async with asyncio.timeout(10):
            while True:
                listed = await self.entries(view)
                if holds(listed):
                    return listed
                await asyncio.sleep(0.02)


class Browser(Agent):
    """One agent who is logged in, as the desk page is."""

    headers: dict[str, str]

    async def log_in(self) -> "Browser":
        """Begin a session."""
        answer = await self.server.call(
            "POST", "/v1/desk/login", {"agent": self.id, "password": PASSWORD}, key=None
        )
        assert answer.status == 200, answer
        session = answer.headers["Set-Cookie"].partition(";")[0]
        self.headers = {"Cookie": session, "X-CSRF-Token": answer.body["csrf"]}
        return self

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """A call of the desk API from this browser."""
        return await self.server.call(
            method, f"/v1/desk/{path}", body, key=None, headers=self.headers, **options
        )

    async def until(self, path: str, holds: Any) -> Any:
        """The answer of a GET, as soon as it `holds`."""
        async with asyncio.timeout(10):
            while True:
                found = (await self.call("GET", path)).body
                if holds(found):
                    return found
                await asyncio.sleep(0.02)


async def queued(server: Server, handover_id: str = "h1", **settings: Any) -> str:
    """A conversation `c_<id>` whose user waits for a human."""
    conversation = await server.conversation(id=f"c_{handover_id}", user={"id": handover_id, "name": "Jo"})
    await server.said(conversation["id"], text="my invoice is wrong", id="m0")
    path = f"/v1/conversations/{conversation['id']}/handovers?wait_s=10"
    body = {"id": handover_id, "initiator": "user", "settings": settings}
    answer = await server.call("POST", path, body)
    assert (answer.status, answer.body["status"]) == (201, "queued"), answer
    return handover_id


async def texts(server: Server, handover_id: str) -> list[tuple[str, str]]:
    """What was said in the handover's conversation, as (author, text), without system texts."""
    answer = await server.call("GET", f"/v1/conversations/c_{handover_id}/messages")
    return [(item["author"], item["text"]) for item in answer.body["items"] if item["author"] != "system"]


class Listening:
    """An event stream in the hand of a test."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.last_id = ""
        self.seen: list[tuple[str, Any]] = []

    async def until(self, kind: str, holds: Any = lambda _data: True) -> Any:
        """The data of the next event of this kind that fits."""
        async with asyncio.timeout(10):
            async for name, data in self._events():
                self.seen.append((name, data))
                if name == kind and holds(data):
                    return data
        raise AssertionError(f"the stream ended before {kind}; seen: {self.seen}")

    async def ended(self) -> bool:
        """Whether the server has closed the stream, which is waited for."""
        async with asyncio.timeout(10):
            return not [event async for event in self._events()]

    async def _events(self) -> AsyncIterator[tuple[str, Any]]:
        fields: dict[str, str] = {}
        while line := await self._response.content.readline():
            text = line.decode().rstrip("\n")
            if text:
                name, _, value = text.partition(": ")
                fields[name] = value
            elif "event" in fields:
                self.last_id = fields.get("id", self.last_id)
                yield fields["event"], msgspec.json.decode(fields["data"])
                fields = {}


@asynccontextmanager
async def listening(agent: Agent, last_event_id: str | None = None) -> AsyncIterator[Listening]:
    """The agent's event stream; without a place it begins with a re-sync."""
    headers = dict(agent.headers) if isinstance(agent, Browser) else {"Authorization": f"Bearer {KEY}"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = last_event_id
    named = "" if isinstance(agent, Browser) else f"?agent={agent.id}"
    url = f"{agent.server.url}/v1/desk/events{named}"
    async with agent.server.http.get(url, headers=headers) as response:
        assert response.status == 200, await response.text()
        yield Listening(response)
