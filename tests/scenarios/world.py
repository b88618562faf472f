"""The whole product in one process: a real server, desks, a channel and a bot of somebody else, all over HTTP."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from examples.http_desk import Talk
from tests.providers.http.emulator import SECRET as DESK_SECRET, FaultyDesk
from tests.scenarios.receiver import SECRET, Receiver
from tests.serving import KEY, Answer, Server, running_server

TEXT = """
api:
  keys: [{{name: all, key: {key}, scopes: [conversations, handovers, analytics, desk, admin]}}]
languages: {{default: en, supported: [en]}}
outbound: {{allow: ["127.0.0.1/32"]}}
channels:
  api: {{type: api, provider: support, webhook: {{url: "{channel}", secret: "{secret}"}}}}
  bots: {{type: api, bot: mine, provider: support, webhook: {{url: "{channel}", secret: "{secret}"}}}}
  quiet: {{type: api, provider: support}}
bots:
  mine: {{http: {{url: "{bot}", secret: "{secret}"}}}}
providers:
  support: {{type: http, url: "{support}", secret: "{desk_secret}"}}
  backup: {{type: http, url: "{backup}", secret: "{desk_secret}"}}
  log: {{type: logging}}
"""


def signed(webhook_id: str, body: bytes, stamp: int | None = None) -> dict[str, str]:
    """Headers of a webhook that the desk signs."""
    at = str(int(time.time()) if stamp is None else stamp)
    key = base64.b64decode(DESK_SECRET.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{webhook_id}.{at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
        "content-type": "application/json",
    }


class ScenarioDesk(FaultyDesk):
    """A desk that thinks as long as a test wants it to, not for a time that a busy machine may outlast."""

    def __init__(self) -> None:
        super().__init__()
        self.knocks: list[str] = []
        """Paths of all calls, from when they came, answered or not."""
        self.may_answer = asyncio.Event()
        """While it is not set every call waits, and nothing is done for it."""
        self.may_answer.set()

    @web.middleware
    async def _faults(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.knocks.append(request.path)
        await self.may_answer.wait()
        return await super()._faults(request, handler)


class World:
    """Everybody who takes part. `server` changes when it is restarted; everything else stays."""

    def __init__(self, folder: Path, text: str, receivers: tuple[Receiver, Receiver], desks: Any) -> None:
        self.folder = folder
        self.text = text
        self.channel, self.bot = receivers
        self.desk: ScenarioDesk
        self.backup: ScenarioDesk
        self.desk, self.backup = desks
        self.server: Server
        self._stack = AsyncExitStack()

    # --- the server

    async def start(self) -> None:
        """Start the server on the same database."""
        self.server = await self._stack.enter_async_context(running_server(self.folder, self.text))
        self.desk.webhooks = f"{self.server.url}/webhooks/support"
        self.backup.webhooks = f"{self.server.url}/webhooks/backup"

    async def stop(self) -> None:
        """Stop the server; desks and receivers go on."""
        await self._stack.aclose()

    async def restart(self) -> None:
        """Stop the server and start it anew on the same database."""
        await self.stop()
        await self.start()

    # --- what the channel, the bot and the operator do

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """One API call."""
        return await self.server.call(method, path, body, **options)

    async def began(self, **fields: Any) -> str:
        """Id of a new conversation."""
        return (await self.server.conversation(**fields))["id"]

    async def says(self, conversation_id: str, text: str, **fields: Any) -> dict[str, Any]:
        """The user writes."""
        return await self.server.said(conversation_id, text=text, **fields)

    async def asks(
        self, conversation_id: str, settings: Mapping[str, Any] | None = None, **fields: Any
    ) -> str:
        """Id of a new handover."""
        more = {"settings": dict(settings)} if settings else {}
        return (await self.server.handover(conversation_id, **more, **fields))["id"]

    async def handover(self, handover_id: str) -> dict[str, Any]:
        """The handover as it is now."""
        return (await self.call("GET", f"/v1/handovers/{handover_id}")).body

    async def until(self, handover_id: str, within_s: float = 10, **fields: Any) -> dict[str, Any]:
        """The handover as soon as it has these fields."""

        def holds(found: dict[str, Any]) -> bool:
            return all(found[name] == value for name, value in fields.items())

        return await self.server.until(f"/v1/handovers/{handover_id}", holds, within_s)

    async def events(self, conversation_id: str) -> list[dict[str, Any]]:
        """The stored events."""
        answer = await self.call("GET", f"/v1/conversations/{conversation_id}/events?limit=1000")
        return answer.body["items"]

    async def messages(self, conversation_id: str) -> list[dict[str, Any]]:
        """The messages as they are now."""
        answer = await self.call("GET", f"/v1/conversations/{conversation_id}/messages?limit=1000")
        return answer.body["items"]

    async def proof(self, handover_id: str) -> dict[str, Any]:
        """What was accepted and delivered."""
        return (await self.call("GET", f"/v1/handovers/{handover_id}/proof")).body

    async def bot_posts(self, conversation_id: str, text: str, epoch: int, **fields: Any) -> Answer:
        """The bot writes."""
        body = {"author": "bot", "text": text, "epoch": epoch, **fields}
        return await self.call("POST", f"/v1/conversations/{conversation_id}/messages", body)

    # --- the desk

    async def talk(self, handover_id: str, desk: FaultyDesk | None = None) -> Talk:
        """The desk's side of a handover, as soon as it was opened there."""
        at = desk or self.desk
        return await soon(
            lambda: next((talk for talk in at.talks.values() if talk.handover_id == handover_id), None)
        )

    async def queued(
        self, conversation_id: str, settings: Mapping[str, Any] | None = None
    ) -> tuple[str, Talk]:
        """A handover that the desk has accepted."""
        handover_id = await self.asks(conversation_id, settings)
        await self.until(handover_id, status="queued")
        return handover_id, await self.talk(handover_id)

    async def active(
        self, conversation_id: str, settings: Mapping[str, Any] | None = None
    ) -> tuple[str, Talk]:
        """A handover with an agent in it."""
        handover_id, talk = await self.queued(conversation_id, settings)
        self.desk.joins(talk)
        await self.until(handover_id, status="active")
        return handover_id, talk

    async def webhook(self, event: Any, *, provider: str = "support", **change: Any) -> Answer:
        """One event of the desk, posted by hand; `headers` replaces its signature."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        event_id = event.get("event_id", "x") if isinstance(event, dict) else "x"
        headers = change.get("headers", signed(event_id, body, change.get("stamp")))
        return await self.call("POST", f"/webhooks/{provider}", data=body, headers=headers, key=None)


def lines(talk: Talk, *authors: str) -> list[str]:
    """Texts that the agent sees, of these authors or all."""
    return [line["text"] for line in talk.lines if not authors or line["author"] in authors]


async def soon(look: Callable[[], Any], within_s: float = 10) -> Any:
    """What `look()` answers as soon as it is true."""
    async with asyncio.timeout(within_s):
        while not (found := look()):
            await asyncio.sleep(0.01)
        return found


W = TypeVar("W", bound=World)


@asynccontextmanager
async def living(folder: Path, more: str = "", text: str = TEXT, kind: type[W] = World) -> AsyncGenerator[W]:
    """A world with `more` configuration."""
    channel, bot, desk, backup = Receiver(), Receiver(), ScenarioDesk(), ScenarioDesk()
    async with channel.serving(), bot.serving(), desk.serving(), backup.serving():
        whole = text.format(
            key=KEY,
            secret=SECRET,
            desk_secret=DESK_SECRET,
            channel=channel.url,
            bot=bot.url,
            support=desk.url,
            backup=backup.url,
        )
        world = kind(folder, whole + more, (channel, bot), (desk, backup))
        await world.start()
        try:
            yield world
        finally:
            await world.stop()
