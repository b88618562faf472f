"""A client of the desk API as the desk page is one: docs/reference/desk-api.md and nothing else."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, NamedTuple

import aiohttp

from .chat import RETRY_S

HEARTBEAT_S = 40.0
"""The stream sends a comment every 15 s; so long without one, and it is dead."""

Object = dict[str, Any]


class Answer(NamedTuple):
    """What came back; a refusal has its `code` in the body."""

    status: int
    body: Object


class DeskClient:
    """One agent's browser: logs in, calls until the server answers, and listens."""

    def __init__(self, base: str, agent_id: str, password: str) -> None:
        self.agent_id = agent_id
        self._at = f"{base}/v1/desk"
        self._password = password
        self._csrf = ""
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._login = asyncio.Lock()

    async def close(self) -> None:
        """Leave without logging out, as a closed browser does."""
        await self._http.close()

    async def call(self, method: str, path: str, body: Object | None = None) -> Answer:
        """One call, repeated until the server answers; logs in when it has to."""
        tries = 0
        while True:
            pause_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
            with suppress(aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
                answer = await self._once(method, path, body)
                if answer.status == 401 and path != "login":
                    await self.log_in()
                elif answer.status == 429:
                    pause_s = float(answer.body.get("retry_after_s", 1))
                elif answer.status < 500:
                    return answer
            tries += 1
            await asyncio.sleep(pause_s)

    async def log_in(self) -> None:
        """Start a session.

        Raises:
            PermissionError: the password is wrong.
        """
        async with self._login:
            answer = await self.call("POST", "login", {"agent": self.agent_id, "password": self._password})
            if answer.status != 200:
                raise PermissionError(f"the desk does not let {self.agent_id} in: {answer.body.get('code')}")
            self._csrf = answer.body["csrf"]

    async def _once(self, method: str, path: str, body: Object | None) -> Answer:
        headers = {"X-CSRF-Token": self._csrf} if self._csrf else {}
        async with self._http.request(method, f"{self._at}/{path}", json=body, headers=headers) as reply:
            raw = await reply.read()
            found: Object = json.loads(raw) if raw and reply.content_type.endswith("json") else {}
            if "Retry-After" in reply.headers:
                found = {**found, "retry_after_s": reply.headers["Retry-After"]}
            return Answer(reply.status, found)

    async def events(self, last_id: str) -> AsyncGenerator[tuple[str, Object]]:
        """(event, data) from this place on until the connection breaks; resume with the id in `data["_id"]`."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=HEARTBEAT_S)
        path = f"{self._at}/events"
        async with self._http.get(path, headers={"Last-Event-ID": last_id}, timeout=timeout) as reply:
            if reply.status != 200:
                return
            fields: dict[str, str] = {}
            async for raw in reply.content:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "event" in fields:
                    yield fields["event"], {**json.loads(fields["data"]), "_id": fields["id"]}
                    fields = {}
