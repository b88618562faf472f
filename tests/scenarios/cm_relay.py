"""CM.com's side and ours: the bot outside the Router, or inside it, and short words for both."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from openhandover.emulators.cm import CmEmulator, ids
from openhandover.emulators.cm.chat import Chat
from tests.serving import KEY, Answer, Server, running_server

SECRET = "a-secret-shared-with-cm"
HEADERS = {"X-Openhandover-Secret": SECRET}
OUTSIDE = """
api: {{keys: [{{name: all, key: {key}, scopes: [conversations, handovers, analytics]}}]}}
languages: {{default: en, supported: [en]}}
channels: {{api: {{type: api, provider: msc, attachments: human}}}}
providers:
  msc:
    type: cm_msc
    {account}
    handback: session_end
    twoway: {{adapter_id: {adapter}, host_id: shop, secret: {secret}{more}}}
    presence: {{api_key: presence-key, url: "{url}/api/v1", cache_s: 0}}
"""
INSIDE = """
api: {{keys: [{{name: all, key: {key}, scopes: [conversations, handovers, analytics]}}]}}
languages: {{default: en, supported: [en]}}
channels:
  cm: {{type: cm, bot: main, provider: msc, secret: {secret}, adapter_id: {bot}, {flat}}}
bots: {{main: {{flow: main}}}}
providers:
  msc: {{type: cm_msc, bot_adapter: {bot}, {flat}}}
flows:
  main:
    - if: "'human' in input.text"
      then:
        - handover:
            message: "A person comes."
            route: {{messaging_adapter: {web}, user_name: "{{{{ user }}}}", user_email: ada@example.org}}
        - say: "Welcome back."
      else: [say: "You said: {{{{ input.text }}}}"]
"""
BESIDE = """
api: {{keys: [{{name: all, key: {key}, scopes: [conversations, handovers, analytics]}}]}}
channels: {{api: {{type: api, provider: msc}}}}
providers:
  msc: {{type: cm_msc, bot_adapter: {bot}, {flat}, {more}}}
"""
"""An own bot whose chats come from the Router: it hands them over by the API, under the chat's own id."""
ROUTE = {"user_name": 'Ada "Ä"', "user_email": "ada@example.org", "routing_keywords": ["billing"]}


def account(cm: CmEmulator) -> dict[str, str]:
    """Who we are at the emulator."""
    given = cm.account
    return {
        "technical_link_id": given.technical_link_id,
        "product_token": given.product_token,
        "base_url": f"'{cm.url}'",
        "session_url": f"'{cm.url}/router/control/v1'",
    }


def outside(cm: CmEmulator, more: str = "") -> str:
    """The configuration of shape b."""
    keys = "\n    ".join(f"{key}: {value}" for key, value in account(cm).items())
    return OUTSIDE.format(key=KEY, account=keys, adapter=ids.OUTSIDE, secret=SECRET, more=more, url=cm.url)


def inside(cm: CmEmulator) -> str:
    """The configuration of shape a."""
    keys = {key: value for key, value in account(cm).items() if key != "session_url"}
    flat = ", ".join(f"{key}: {value}" for key, value in keys.items())
    return INSIDE.format(key=KEY, secret=SECRET, bot=ids.BOT, web=ids.WEB, flat=flat)


class Relay:
    """Shape b: the server, CM's side, and one conversation."""

    def __init__(self, server: Server, cm: CmEmulator) -> None:
        self.server = server
        self.cm = cm
        self.chat_id = ""

    async def asks(self, *said: str, **settings: Any) -> str:
        """Id of a handover of a new conversation in which the user said this."""
        chat = await self.server.conversation(user={"id": "u1", "name": "Ada"})
        self.chat_id = chat["id"]
        for text in said:
            await self.server.said(self.chat_id, text=text)
        body = {"route": ROUTE, "message": "", "accepted_message": "", **settings}
        return (await self.server.handover(self.chat_id, settings=body))["id"]

    async def until(self, handover_id: str, **fields: Any) -> dict[str, Any]:
        """The handover as soon as it has these fields."""

        def holds(found: dict[str, Any]) -> bool:
            return all(found[name] == value for name, value in fields.items())

        return await self.server.until(f"/v1/handovers/{handover_id}", holds)

    async def said(self, author: str = "agent") -> list[str]:
        """What somebody said so far."""
        answer = await self.server.call("GET", f"/v1/conversations/{self.chat_id}/messages")
        return [message["text"] for message in answer.body["items"] if message["author"] == author]

    async def hears(self, *texts: str) -> None:
        """Wait until exactly these texts of the agent are there."""
        async with asyncio.timeout(10):
            while await self.said() != list(texts):
                await asyncio.sleep(0.02)

    async def callback(self, part: str, body: Any, secret: str | None = SECRET) -> Answer:
        """One callback of CM, made by hand."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-Openhandover-Secret": secret} if secret is not None else {}
        return await self.server.call("POST", f"/webhooks/msc/{part}", key=None, data=data, headers=headers)


def counted(report: Answer) -> list[tuple[str | None, int]]:
    """Group and number of handovers of each row of a report."""
    return [(row["key"], row["figures"]["handovers"]) for row in report.body["items"]]


def desk_lines(chat: Chat, author: str = "user") -> list[str]:
    """What the agent's screen shows of one side."""
    return [line.text for line in chat.lines if line.author == author]


@asynccontextmanager
async def relaying(folder: Path, more: str = "") -> AsyncGenerator[Relay]:
    """Shape b, running in this process."""
    async with CmEmulator() as cm, running_server(folder, outside(cm, more)) as server:
        cm.call_back("outside", f"{server.url}/webhooks/msc", HEADERS)
        yield Relay(server, cm)


def beside(cm: CmEmulator, more: str) -> str:
    """The configuration of a bot that hands chats of the Router over by the API."""
    flat = ", ".join(f"{key}: {value}" for key, value in account(cm).items())
    return BESIDE.format(key=KEY, bot=ids.BOT, flat=flat, more=more)
