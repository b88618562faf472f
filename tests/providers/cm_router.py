"""A stand-in for what one Router call needs: records every request whole, and answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.net.loopback import serving

ACCOUNT = "7a1f0c52-0001-4c11-9a00-000000000001"
CHAT = "3b9d6f10-0002-4e22-8b00-000000000002"
TOKEN = "00000000-aaaa-bbbb-cccc-000000000003"
CHANNEL_ADAPTER = "aaaaaaaa-0000-4000-8000-000000000001"
BOT_ADAPTER = "bbbbbbbb-0000-4000-8000-000000000002"
DESK_ADAPTER = "cccccccc-0000-4000-8000-000000000003"

CUT = {"$type": "ruleMutation", "action": "Disable", "operator": "And"} | {
    "sourceAdapterId": CHANNEL_ADAPTER,
    "targetAdapterId": BOT_ADAPTER,
}
JOIN = CUT | {"action": "Enable", "targetAdapterId": DESK_ADAPTER}
WITHOUT_BOT = {"$type": "disableComponent", "ComponentId": "CMBot"}


@dataclass
class Sent:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The body as JSON."""
        return json.loads(self.raw)


@dataclass
class RecordingRouter:
    """`answers` are used up one by one: a status, or `lost` for a connection that breaks after the request was taken."""

    url: str = ""
    sent: list[Sent] = field(default_factory=list[Sent])
    answers: list[int | str] = field(default_factory=list[int | str])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    status: int = 200
    wait_s: float = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Record, then answer."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = request.raw_path.partition("?")[0]
        self.sent.append(Sent(request.method, path, dict(request.query), headers, await request.read()))
        answer = self.answers.pop(0) if self.answers else self.status
        if self.wait_s:
            await asyncio.sleep(self.wait_s)
        if isinstance(answer, str):
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return web.Response(status=answer, body=self.body, headers=self.headers)


@asynccontextmanager
async def recording(**options: Any) -> AsyncIterator[RecordingRouter]:
    """A running recorder."""
    router = RecordingRouter(**options)
    async with serving(router.handle) as url:
        router.url = url
        yield router
