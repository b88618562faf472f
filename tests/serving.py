"""A real server on a free loopback port, for tests of any package."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from openhandover.config.load import load_text
from openhandover.engine import Engine
from openhandover.web.serve import start

KEY = "test-key-for-everything"
CONFIG = f"""
api:
  keys:
    - {{name: all, key: {KEY}, scopes: [conversations, handovers, analytics, desk, admin], agent: anna}}
    - {{name: chats, key: test-key-for-chats, scopes: [conversations]}}
    - {{name: humans, key: test-key-for-humans, scopes: [handovers]}}
channels:
  api: {{type: api, provider: support}}
providers:
  support: {{type: desk}}
  log: {{type: logging}}
agents:
  anna: {{name: Anna}}
"""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The problem's code."""
        return self.body["code"]


@dataclass(frozen=True)
class Server:
    """A running server and a client of it that holds every scope."""

    url: str
    engine: Engine
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """One call; `body` is sent as JSON, unless `data` is given."""
        if body is not None:
            options["json"] = body
        key = options.pop("key", KEY)
        headers = dict(options.pop("headers", {}))
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key}")
        async with self.http.request(method, self.url + path, headers=headers, **options) as response:
            raw = await response.read()
            is_json = response.content_type.endswith("json") and raw
            return Answer(
                response.status, await response.json(content_type=None) if is_json else raw, response.headers
            )

    async def conversation(self, **fields: Any) -> dict[str, Any]:
        """A new conversation on the channel `api`."""
        answer = await self.call(
            "POST", "/v1/conversations", {"channel": "api", "user": {"id": "u1"}, **fields}
        )
        assert answer.status == 201, answer
        return answer.body

    async def said(self, conversation_id: str, **fields: Any) -> dict[str, Any]:
        """A new message of the user."""
        body = {"author": "user", "text": "hello", **fields}
        answer = await self.call("POST", f"/v1/conversations/{conversation_id}/messages", body)
        assert answer.status == 201, answer
        return answer.body

    async def handover(self, conversation_id: str, **fields: Any) -> dict[str, Any]:
        """A new handover, asked for by the user."""
        body = {"initiator": "user", **fields}
        answer = await self.call("POST", f"/v1/conversations/{conversation_id}/handovers", body)
        assert answer.status == 201, answer
        return answer.body

    async def online(self, presence: str = "online") -> None:
        """Anna is at the desk, or not."""
        answer = await self.call("PUT", "/v1/desk/presence?agent=anna", {"presence": presence})
        assert answer.status == 200, answer

    async def until(self, path: str, holds: Any, within_s: float = 10) -> Any:
        """The resource, as soon as `holds(resource)`."""
        last: Any = None
        try:
            async with asyncio.timeout(within_s):
                while True:
                    last = (await self.call("GET", path)).body
                    if holds(last):
                        return last
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{path} is still {last!r} after {within_s} s") from None


@asynccontextmanager
async def running_server(folder: Path, text: str = CONFIG, port: int = 0) -> AsyncGenerator[Server]:
    """A server with this configuration, on a free port unless one is given; its database lies in `folder` unless the text names a store."""
    if "\nstore:" not in f"\n{text}":
        text = f"store: sqlite:{folder}/openhandover.db\n{text}"
    running = await start(load_text(text), host="127.0.0.1", port=port)
    try:
        async with aiohttp.ClientSession() as http:
            yield Server(running.url, running.engine, http)
    finally:
        running.stop()
        await running.ended
