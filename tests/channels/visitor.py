"""A visitor's page as the protocol describes it, for tests: a real socket to a real server."""

import asyncio
import io
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec

from tests.desk.floor import HASH
from tests.serving import KEY, Server

SITE = "https://shop.example"
PATIENCE_S = 30
"""For what never comes. The first sentence of a server waits for the language model, on a busy machine for long."""
OPENS = (datetime.now(UTC) + timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
"""When the team of the channel `night` is there next."""
CONFIG = f"""
api:
  keys:
    - {{name: all, key: {KEY}, scopes: [conversations, handovers, analytics, desk, admin]}}
channels:
  web: {{type: webchat, provider: support, allowed_origins: ["{SITE}"], title: {{en: Harbour, nl: Haven}}}}
  open: {{type: webchat, allowed_origins: ["{SITE}"], attachments: always}}
  flow: {{type: webchat, bot: guide, allowed_origins: ["{SITE}"], human_button: wants_human, attachments: always}}
  shut: {{type: webchat, allowed_origins: ["{SITE}"], attachments: never}}
  night: {{type: webchat, provider: closed, allowed_origins: ["{SITE}"], end_button: false, sound: true,
    bot_name: {{en: Robin, nl: Roos}}, bot_avatar_url: "https://shop.example/robin.png"}}
  member: {{type: webchat, allowed_origins: ["{SITE}"], identity: {{secret: "a secret that shop and chat share"}}}}
bots:
  guide: {{flow: main}}
events: {{wants_human: intake}}
flows:
  main: [{{say: "How can I help?"}}]
  intake: [{{ask: {{text: "Your name?", into: name}}}}, {{handover: {{provider: support}}}}, {{say: "Back with the bot"}}]
providers:
  support: {{type: desk}}
  closed: {{type: desk, hours: "{OPENS:%a} 00:00-00:01"}}
agents:
  anna: {{name: Anna, password_hash: "{HASH}", avatar_url: "https://shop.example/anna.png"}}
  bob: {{name: Bob, password_hash: "{HASH}"}}
"""


class Page:
    """One open socket of a visitor."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def send(self, type_: str, **fields: Any) -> None:
        """Send a frame."""
        await self.socket.send_str(msgspec.json.encode({"type": type_, **fields}).decode())

    async def next(self) -> dict[str, Any]:
        """The next frame but pings; the end of the socket is `{"type": "closed"}` with its code."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self.socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return {"type": "closed", "code": self.socket.close_code}
                frame = msgspec.json.decode(message.data)
                if frame["type"] != "ping":
                    self.frames.append(frame)
                    return frame

    async def until(self, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The next frame that fits."""
        while not holds(frame := await self.next()):
            assert frame["type"] != "closed", (frame, self.frames)
        return frame

    async def event(self, type_: str, holds: Callable[[Any], Any] = lambda _data: True) -> dict[str, Any]:
        """The next event of this type that fits."""
        frame = await self.until(
            lambda frame: (
                frame["type"] == "event" and frame["event"]["type"] == type_ and holds(frame["event"]["data"])
            )
        )
        return frame["event"]

    async def say(self, text: str, **more: Any) -> dict[str, Any]:
        """Send a message; the answer to it."""
        message_id = more.pop("id", None) or secrets.token_hex(16)
        await self.send("message", id=message_id, text=text, **more)
        return await self.until(
            lambda frame: frame.get("id") == message_id and frame["type"] in ("accepted", "refused")
        )

    async def hears(self, text: str) -> dict[str, Any]:
        """The message with this text."""
        return (await self.event("message.created", lambda data: data["text"] == text))["data"]


class Visitor:
    """Somebody on the site: one conversation, any number of pages."""

    def __init__(self, server: Server, channel: str, session: dict[str, Any]) -> None:
        self.server = server
        self.channel = channel
        self.session = session
        self.id: str = session["conversation_id"]
        self.token: str = session["token"]

    @classmethod
    async def comes(cls, server: Server, channel: str = "web", **body: Any) -> "Visitor":
        """Begin a conversation."""
        return cls(server, channel, (await start(server, channel, body)).body)

    @asynccontextmanager
    async def page(self, after: int = 0, token: str | None = None, **more: Any) -> AsyncIterator[Page]:
        """An open page that has said hello; its first frame is not read yet."""
        async with socket_to(self.server, self.channel) as page:
            await page.send("hello", token=token or self.token, after=after, **more)
            yield page

    async def here(self, page: Page) -> dict[str, Any]:
        """The page's `ready`."""
        return await page.until(lambda frame: frame["type"] == "ready")

    async def bot_says(self, text: str, **more: Any) -> dict[str, Any]:
        """The bot writes, over the API."""
        state = (await self.server.call("GET", f"/v1/conversations/{self.id}")).body
        body = {"author": "bot", "text": text, "epoch": state["epoch"], **more}
        answer = await self.server.call("POST", f"/v1/conversations/{self.id}/messages", body)
        assert answer.status == 201, answer
        return answer.body

    async def upload(
        self, content: bytes = b"hello", name: str = "note.txt", token: str | None = None
    ) -> Any:
        """Upload a file from the page."""
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(content), filename=name, content_type="text/plain")
        headers = {"Origin": SITE, "Authorization": f"Bearer {token or self.token}"}
        path = f"/webchat/{self.channel}/uploads"
        return await self.server.call("POST", path, data=form, headers=headers, key=None)

    async def needs_human(self, **settings: Any) -> str:
        """Ask for a human over the API; the id of the queued handover."""
        path = f"/v1/conversations/{self.id}/handovers?wait_s=10"
        answer = await self.server.call("POST", path, {"initiator": "user", "settings": settings})
        assert (answer.status, answer.body["status"]) == (201, "queued"), answer
        return answer.body["id"]

    async def messages(self) -> list[dict[str, Any]]:
        """What is stored."""
        return (await self.server.call("GET", f"/v1/conversations/{self.id}/messages")).body["items"]


async def start(server: Server, channel: str, body: Any, origin: str | None = SITE) -> Any:
    """The answer of `POST sessions`."""
    headers = {"Origin": origin} if origin is not None else {}
    return await server.call("POST", f"/webchat/{channel}/sessions", body, headers=headers, key=None)


@asynccontextmanager
async def socket_to(server: Server, channel: str = "web", origin: str | None = SITE) -> AsyncIterator[Page]:
    """An open socket that has said nothing."""
    headers = {"Origin": origin} if origin is not None else {}
    async with server.http.ws_connect(f"{server.url}/webchat/{channel}/socket", headers=headers) as socket:
        yield Page(socket)
