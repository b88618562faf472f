"""A bare HTTP client of the CM emulator, and a place that takes its callbacks."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from openhandover.emulators.cm import CmEmulator
from openhandover.emulators.cm.account import BOT, MARKETPLACE, OUTSIDE, WEB

TOKEN = "00000000-aaaa-bbbb-cccc-000000000003"
ACCOUNT = "7a1f0c52-0001-4c11-9a00-000000000001"
SECRET = {"X-Shared-Secret": "s3cret"}

CUT = [
    {
        "$type": "ruleMutation",
        "action": "Disable",
        "operator": "And",
        "sourceAdapterId": WEB,
        "targetAdapterId": BOT,
    },
    {"$type": "disableComponent", "ComponentId": "CMBot"},
]
TO_MARKETPLACE = {
    "$type": "ruleMutation",
    "action": "Enable",
    "operator": "And",
    "sourceAdapterId": WEB,
    "targetAdapterId": MARKETPLACE,
}
WITHOUT_BOT = [{"$type": "disableComponent", "ComponentId": "CMBot"}]


class Caller:
    """Calls CM as a program with a token does."""

    def __init__(self, cm: CmEmulator, http: aiohttp.ClientSession) -> None:
        self.cm = cm
        self.http = http
        self.token: str | None = TOKEN

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """Status and text of the answer."""
        headers = {"X-Cm-Producttoken": self.token} if self.token is not None else {}
        async with self.http.request(
            method, self.cm.url + path, json=body, headers=headers | more.pop("headers", {}), **more
        ) as answer:
            return answer.status, await answer.text()

    async def mutate(self, chat_id: str, mutations: Any, context: Any = None, **body: Any) -> tuple[int, str]:
        """A mutation request in the spelling of CM's pages; `body` overrides."""
        whole = {"ChatId": chat_id, "Mutations": mutations, **({"Context": context} if context else {})}
        path = f"/conversational/control/v1/accounts/{ACCOUNT}/chats/{chat_id}/routing/mutationrequests"
        return await self.call("POST", path, whole | body)

    async def post(
        self, text: str, adapter: str = OUTSIDE, version: str = "v2", **message: Any
    ) -> tuple[int, str]:
        """One TwoWay text message from the user's side."""
        return await self.envelope(envelope(text, **message), adapter, version)

    async def envelope(self, body: Any, adapter: str = OUTSIDE, version: str = "v2") -> tuple[int, str]:
        """A whole TwoWay envelope."""
        return await self.call(
            "POST", f"/conversational/twoway/{version}/accounts/{ACCOUNT}/adapters/{adapter}", body
        )

    async def chat(self, text: str = "hello") -> str:
        """The id of a chat that begins with this."""
        status, answer = await self.post(text)
        assert status == 201, answer
        return json.loads(answer)["chat"]["id"]


def envelope(text: str, **message: Any) -> dict[str, Any]:
    """A TwoWay envelope with one text message of a user."""
    return {
        "chat": {
            "id": "anything",
            "accountId": ACCOUNT,
            "channel": "CXWebConversations",
            "conversationClientId": "client-1",
            "conversationHostId": "host-1",
        },
        "conversationMessages": [{"$type": "text", "direction": "ClientOriginated", "text": text, **message}],
    }


class Endpoints:
    """Takes callbacks; answers 201 unless told otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[tuple[str, str, dict[str, str]]] = []
        """Part of the address, body, headers."""
        self.statuses: list[int] = []
        self._news = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        """One callback."""
        status = self.statuses.pop(0) if self.statuses else 201
        if status < 300:
            self.got.append((request.match_info["part"], await request.text(), dict(request.headers)))
        self._news.set()
        return web.Response(status=status)

    async def wait_for(self, n: int) -> list[tuple[str, Any]]:
        """The first `n` callbacks that were taken: part and body, read as JSON where it is JSON."""
        async with asyncio.timeout(5):
            while len(self.got) < n:
                self._news.clear()
                await self._news.wait()
        return [(part, body) for part, body, _ in self.got[:n]]


@asynccontextmanager
async def endpoints() -> AsyncGenerator[Endpoints]:
    """Endpoints on a free port."""
    taking = Endpoints()
    app = web.Application()
    app.router.add_post("/cm/{part}", taking.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}/cm"
    yield taking
    await runner.cleanup()


@asynccontextmanager
async def calling(cm: CmEmulator) -> AsyncGenerator[Caller]:
    """A caller with a session of its own."""
    async with aiohttp.ClientSession() as http:
        yield Caller(cm, http)
