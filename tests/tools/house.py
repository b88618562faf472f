"""A server with tools, the shop that they ask, and the user's and the bot's webhooks."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from openhandover.flow.code import registered
from tests.net.loopback import serving
from tests.scenarios.receiver import SECRET, Receiver
from tests.serving import KEY, Answer, Server, running_server

CONFIG = f"""
api:
  keys:
    - {{name: all, key: {KEY}, scopes: [conversations, handovers, analytics, desk, admin], agent: anna}}
    - {{name: chats, key: test-key-for-chats, scopes: [conversations]}}
languages: {{default: en, supported: [en, nl]}}
channels:
  api: {{type: api, bot: mine, provider: support, webhook: {{url: "CHANNEL", secret: {SECRET}}}}}
  plain: {{type: api, bot: flows, provider: support}}
bots:
  mine: {{http: {{url: "BOT", secret: {SECRET}}}}}
  flows: {{flow: main}}
providers: {{support: {{type: desk}}, log: {{type: logging}}}}
agents: {{anna: {{name: Anna}}}}
outbound: {{allow: ["SHOP"]}}
flows:
  main: [{{set: {{shop: Breda}}}}, {{say: hello}}]
  greet: [{{say: "Hello {{{{ name }}}}"}}, {{set: {{greeted: true}}}}]
  human: [{{handover: {{provider: log, message: "Bye"}}}}]
"""
TOOLS = """
tools:
  order_status:
    description: Where an order is.
    parameters:
      type: object
      properties:
        order: {type: string, minLength: 2}
        days: {type: integer, default: 30}
        note: {type: string}
      required: [order]
    steps:
      - call: {url: "SHOP/orders/{{ order }}?days={{ days }}", into: {state: state}, on_error: [{set: {state: unknown}}]}
    output: {order: "{{ order }}", state: "{{ state }}", note: "{{ note }}", days: "{{ days }}"}
  order_twice:
    description: Orders, with a word to the user.
    parameters: {type: object, properties: {order: {type: string}}}
    steps:
      - say: "Ordering {{ order }}"
      - call: {method: POST, url: "SHOP/orders/{{ order }}", into: first}
      - say: "Ordered {{ order }}"
      - call: {method: POST, url: "SHOP/bills/{{ order }}", into: second}
    output: "{{ first.state }} {{ second.state }}"
  look_around:
    description: Shows everything that a tool sees.
    parameters: {type: object, properties: {name: {type: string}, user_id: {type: string}}}
    steps:
      - check_availability: {provider: support, into: there}
      - lookup: there
        cases: {online: [{set: {word: open}}]}
        default: [{set: {word: closed}}]
      - code: tests.tools.house:shout
      - run: greet
      - if: word == 'open'
        then: [{end: {}}]
      - say: "never said"
    output: "{{ name }} {{ user.email }} {{ _context.page }} {{ shop }} {{ word }} {{ loud }} {{ greeted }} {{ input.text }}."
  wrong_output: {description: d, steps: [{set: {a: 1}}], output: "{{ a.b.c | round }}{{ range(2000) }}"}
  nothing: {description: d, steps: [{set: {a: 1}}]}
  talk_to_human:
    description: Give the conversation to a person.
    parameters: {type: object, properties: {name: {type: string}}}
    steps:
      - handover:
          provider: log
          message: {en: "You get a person, {{ name }}", nl: "U krijgt iemand, {{ name }}"}
  talk_to_anna:
    description: Give the conversation to the desk.
    steps: [{handover: {provider: support, message: "Anna comes", accepted_message: ""}}]
  bad_route: {description: d, steps: [{handover: {provider: support, route: {skills: "{{ 1 / 0 }}"}}}]}
  by_flow: {description: d, steps: [{run: human}]}
  maybe_human:
    description: d
    parameters: {type: object, properties: {angry: {type: boolean}}}
    steps: [{if: angry, then: [{handover: {provider: log}}], else: [{say: "Calm down"}]}]
"""


@registered
def shout(variables: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """What the owner's code adds."""
    return {"loud": str(variables["name"]).upper()}


class Shop:
    """The API that tools ask. `held` keeps it from answering until it is set."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str, str]] = []
        """Method, path with query, idempotency key."""
        self.status = 200
        self.held = asyncio.Event()
        self.held.set()
        self.reached = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        """One call."""
        key = request.headers.get("Idempotency-Key", "")
        self.asked.append((request.method, request.path_qs, key))
        self.reached.set()
        await self.held.wait()
        return web.json_response({"state": "sent"}, status=self.status)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator["Shop"]:
        """Serve on a free port."""
        async with serving(self.answer) as self.url:
            yield self


class House:
    """Everything together."""

    def __init__(self, server: Server, shop: Shop, channel: Receiver, bot: Receiver) -> None:
        self.server = server
        self.shop = shop
        self.channel = channel
        self.bot = bot

    async def began(self, **fields: Any) -> str:
        """The id of a new conversation."""
        return (await self.server.conversation(**fields))["id"]

    async def tool(
        self, tool: str, chat: str, call_id: str | None = None, epoch: int | None = 1, /, **arguments: Any
    ) -> Answer:
        """Call a tool."""
        body: dict[str, Any] = {"conversation_id": chat, "arguments": arguments}
        body |= {} if epoch is None else {"epoch": epoch}
        body |= {} if call_id is None else {"tool_call_id": call_id}
        return await self.server.call("POST", f"/v1/tools/{tool}", body)

    async def texts(self, chat: str) -> list[str]:
        """What was said to the user."""
        found = (await self.server.call("GET", f"/v1/conversations/{chat}/messages")).body["items"]
        return [message["text"] for message in found if message["author"] != "user"]


def written(shop: str, channel: str = "http://127.0.0.1:9/", bot: str = "http://127.0.0.1:9/") -> str:
    """The configuration."""
    return (CONFIG + TOOLS).replace("SHOP", shop).replace("CHANNEL", channel).replace("BOT", bot)


@asynccontextmanager
async def opened(folder: Path, shop: Shop | None = None, changed: str = "") -> AsyncGenerator[House]:
    """A house with its lights on; `shop` where one is open already, `changed` is said in place of "Ordered"."""
    async with AsyncExitStack() as stack:
        shop = shop or await stack.enter_async_context(Shop().serving())
        channel = await stack.enter_async_context(Receiver().serving())
        bot = await stack.enter_async_context(Receiver().serving())
        allow = f'"{shop.url}", "{channel.url.rstrip("/")}", "{bot.url.rstrip("/")}"'
        text = written(shop.url, channel.url, bot.url).replace(f'allow: ["{shop.url}"]', f"allow: [{allow}]")
        text = text.replace("Ordered", changed or "Ordered")
        server = await stack.enter_async_context(running_server(folder, text))
        await server.online()
        yield House(server, shop, channel, bot)
