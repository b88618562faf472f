"""Plays the whole story, prints each step, and exits with 1 when a step goes wrong.

    python examples/halo-handover/run.py

Needs openhandover with its extra `mcp`. CM.com is the emulator that comes with openhandover, the language model a stub.
"""

import asyncio
import base64
import json
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parent))

try:
    import model_stub
    from bot import Bot, app as bot_app
except ModuleNotFoundError as error:
    sys.exit(
        f"The package {error.name} is missing: the example needs openhandover with its extra `mcp`, see README.md."
    )

from openhandover.client import Client, Event
from openhandover.emulators.cm import CmEmulator

HERE = Path(__file__).parent
KEY = "key-of-the-example"


class Failed(Exception):
    """A step did not go as it should."""


def step(text: str) -> None:
    """The next step."""
    print(f"\n== {text}", flush=True)


def show(text: str) -> None:
    """What happened in it."""
    print(f"   {text}", flush=True)


def expect(holds: object, what: str) -> None:
    """Go on only if it is so."""
    if not holds:
        raise Failed(what)
    show(f"ok: {what}")


@asynccontextmanager
async def serving(app: web.Application) -> AsyncGenerator[str]:
    """A web application on a free port of this machine."""
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def openhandover(environment: dict[str, str], port: int) -> AsyncGenerator[None]:
    """`openhandover serve` with the configuration of this folder, as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "openhandover", "serve"),
        *("--config", str(HERE / "openhandover.yaml"), "--port", str(port)),
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    lines: list[str] = []
    serving = asyncio.Event()
    reading = asyncio.create_task(read(process, lines, serving))
    try:
        async with asyncio.timeout(30):
            await serving.wait()
        if process.returncode is not None:
            raise Failed("openhandover did not start:\n" + "".join(lines))
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await reading


async def read(process: asyncio.subprocess.Process, lines: list[str], serving: asyncio.Event) -> None:
    """Keep what the server writes, and tell when it serves, or ends without."""
    assert process.stdout is not None
    while line := await process.stdout.readline():
        lines.append(line.decode())
        if b"url=http" in line:
            serving.set()
    await process.wait()
    serving.set()


async def main() -> None:
    """Start the four parts, then play."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    shared, port = secrets.token_urlsafe(24), free_port()
    server = f"http://127.0.0.1:{port}"
    step("Starting: CM.com (emulator), a language model (stub), the bot, openhandover")
    with tempfile.TemporaryDirectory() as folder:
        async with CmEmulator() as cm, serving(model_stub.app()) as model:
            bot = Bot(server, KEY, secret, model, show)
            async with aclosing(bot), serving(bot_app(bot)) as bot_url:
                environment = {
                    "DATABASE": f"{folder}/openhandover.db",
                    "OPENHANDOVER_API_KEY": KEY,
                    "BOT_URL": bot_url,
                    "BOT_SECRET": secret,
                    "CM_URL": cm.url,
                    "CM_TECHNICAL_LINK_ID": cm.account.technical_link_id,
                    "CM_PRODUCT_TOKEN": cm.account.product_token,
                    "CM_PRESENCE_URL": f"{cm.url}/api/v1",
                    "CM_PRESENCE_KEY": cm.account.presence_key,
                    "CM_BOT_ADAPTER": cm.account.adapters["bot"].id,
                    "CM_MESSAGING_ADAPTER": cm.account.adapters["web"].id,
                    "CM_SHARED_SECRET": shared,
                }
                async with openhandover(environment, port), asyncio.timeout(60):
                    cm.call_back("bot", f"{server}/channels/web", {"X-Openhandover-Secret": shared})
                    show(f"openhandover {server}, bot {bot_url}, model {model}, CM.com {cm.url}")
                    await play(cm, bot)


async def play(cm: CmEmulator, bot: Bot) -> None:
    """The story."""
    step("A visitor of Web Conversations asks for a person; the model asks who it is")
    visitor = cm.visitor("visitor-1")
    chat = visitor.says("I want to talk to a person about my invoice")
    await cm.wait_until(lambda: len(visitor.answers) == 1)
    show(f"bot: {visitor.answers[-1]}")

    step("The visitor answers; the model calls the tool, over MCP")
    visitor.says("I am Zoë Example and my e-mail is zoe@example.org")
    await cm.wait_until(lambda: cm.requests_to("mutation"))
    await cm.chat_at_desk()
    expect(
        visitor.answers[-1] == "Thank you, Zoë Example. You will now be helped by a live agent!",
        "the tool told the visitor",
    )
    expect(len(visitor.answers) == 2, "and the model said nothing after it")

    step("What the Router got: one mutation request")
    (sent,) = cm.requests_to("mutation")
    show(f"{sent.method} {sent.path}")
    show(json.dumps(sent.json, ensure_ascii=False))
    expect(chat.context["RoutingKeywords"] == "billing", "the topic is the routing keyword")
    expect(json.loads(chat.context["CustomerInfo"])["name"] == "Zoë Example", "the agent sees who it is")

    step("The agent helps: the Router connects the two, the bot hears nothing of it")
    async with Client(bot.server, KEY) as client:
        asked = await anext(client.handovers.list())
        given = await heard(client, asked.conversation_id, "handover.transferred")
        show(f"handover {asked.id} is transferred, the floor is the {given.floor}'s, its epoch {given.epoch}")
        await cm.agent_says(chat.id, "Hello Zoë, your invoice is corrected.")
        visitor.says("Great, thank you!")
        expect(visitor.answers[-1] == "Hello Zoë, your invoice is corrected.", "the visitor reads the agent")

        step("The agent resolves the chat: the Router says so, and the conversation is the bot's again")
        await cm.agent_ends(chat.id)
        back = await heard(client, asked.conversation_id, "handover.returned")
        expect(
            back.data["replaces"]["tool"] == "talk_to_human", "the event names the tool call that it replaces"
        )
        expect(back.handover.digest["outcome"]["status"] == "transferred", "and has the digest")
        expect(
            (await client.conversations.get(asked.conversation_id)).floor == "bot", "the floor is the bot's"
        )

    step("The visitor writes again, and the model knows what happened")
    visitor.says("Is it sent by e-mail?")
    await cm.wait_until(lambda: len(visitor.answers) == 4)
    show(f"bot: {visitor.answers[-1]}")
    expect(
        "The conversation left to msc" in visitor.answers[-1],
        "the digest took the place of the tool's result",
    )


async def heard(client: Client, conversation_id: str, kind: str) -> Event:
    """The first event of this kind, from the conversation's beginning on."""
    async with aclosing(client.events(conversation_id)) as events:
        async for event in events:
            if event.type == kind:
                return event
    raise Failed(f"there was no {kind}")


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (Failed, TimeoutError) as error:
        print(f"\nFAILED: {error or 'something did not happen in time'}", file=sys.stderr)
        sys.exit(1)
    print("\nDone: every step went as it should.")
