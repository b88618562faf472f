"""A server whose channel `chat` is an adapter of CM's Router, and what a test does around it."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from openhandover.emulators.cm import CmEmulator
from openhandover.emulators.recording import Recorded
from tests.serving import KEY, Answer, Server, running_server

SECRET = "a-secret-shared-with-cm"
OLD_SECRET = "the-secret-of-last-month"
HEADER = "X-Openhandover-Secret"
CHAT = {
    "id": "chat-1",
    "sessionId": "session-1",
    "accountId": "7a1f0c52-0001-4c11-9a00-000000000001",
    "channel": "WhatsApp",
    "conversationClientId": "0031612345678",
    "conversationHostId": "0031201234567",
    "conversationClientName": "Ada",
}
FLOWS = """
    - say: "You said {{ input.text }} in {{ _context.chatId }}."
"""


def config(cm_url: str, *, channel: str = "", flow: str = FLOWS, more: str = "") -> str:
    """A configuration whose adapter is the emulator's bot adapter."""
    return f"""
api:
  keys:
    - {{name: all, key: {KEY}, scopes: [conversations, handovers, analytics, desk, admin], agent: anna}}
languages: {{supported: [en, nl]}}
channels:
  chat:
    type: cm
    bot: main
    provider: support
    technical_link_id: 7a1f0c52-0001-4c11-9a00-000000000001
    product_token: 00000000-aaaa-bbbb-cccc-000000000003
    adapter_id: bbbbbbbb-0000-4000-8000-000000000002
    base_url: {cm_url}
    secret: {SECRET}
    old_secret: {OLD_SECRET}
{channel}
bots: {{main: {{flow: main}}}}
providers:
  support: {{type: desk}}
  log: {{type: logging}}
agents: {{anna: {{name: Anna}}}}
flows:
  main:
{flow}
{more}
"""


class House:
    """The server, CM's side, and short words for both."""

    def __init__(self, server: Server, cm: CmEmulator) -> None:
        self.server = server
        self.cm = cm

    async def call(
        self, part: str, body: Any, *, secret: str | None = SECRET, channel: str = "chat"
    ) -> Answer:
        """Call one of our routes as the Router does; `body` as it is when it is bytes."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | ({HEADER: secret} if secret is not None else {})
        path = f"/channels/{channel}/{part}"
        return await self.server.call("POST", path, key=None, headers=headers, data=BytesIO(data))

    async def says(self, *texts: str, **chat: Any) -> Answer:
        """The user writes; each text is a message with an id of its own."""
        messages = [text(one) for one in texts]
        return await self.call("messages", {"chat": {**CHAT, **chat}, "conversationMessages": messages})

    async def conversations(self) -> list[dict[str, Any]]:
        """All conversations, oldest first."""
        answer = await self.server.call("GET", "/v1/conversations")
        return answer.body["items"][::-1]

    async def messages(self, conversation_id: str | None = None) -> list[dict[str, Any]]:
        """The messages of a conversation, of the only one where none is named."""
        if conversation_id is None:
            (conversation,) = await self.conversations()
            conversation_id = conversation["id"]
        answer = await self.server.call("GET", f"/v1/conversations/{conversation_id}/messages")
        return answer.body["items"]

    async def counted(self, part: str, result: str) -> int:
        """How many calls of a part came to this."""
        page = (await self.server.call("GET", "/metrics")).body.decode()
        name = f'openhandover_channel_calls_total{{channel="chat",part="{part}",result="{result}"}} '
        return next((int(float(line[len(name) :])) for line in page.splitlines() if line.startswith(name)), 0)

    async def posted(self, count: int = 1) -> list[dict[str, Any]]:
        """The first `count` TwoWay bodies that reached CM, once there are so many."""
        await self.cm.wait_until(lambda: len(self.cm.requests_to("twoway")) >= count)
        return [body_of(one) for one in self.cm.requests_to("twoway")]


def body_of(request: Recorded) -> dict[str, Any]:
    """A recorded body as data."""
    return json.loads(request.body)


def text(said: str, **more: Any) -> dict[str, Any]:
    """A text message of the user."""
    message = {"$type": "text", "id": str(uuid4()), "direction": "ClientOriginated"}
    return {**message, "createdOn": "2026-01-31T12:00:00Z", "text": said, **more}


@asynccontextmanager
async def house(folder: Path, **parts: str) -> AsyncGenerator[House]:
    """A running server beside a running emulator; their callbacks are connected."""
    async with CmEmulator() as cm, running_server(folder, config(cm.url, **parts)) as server:
        cm.call_back("bot", f"{server.url}/channels/chat", {HEADER: SECRET})
        yield House(server, cm)
