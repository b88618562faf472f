"""Every vendor tried without an account: `openhandover emulate`, a web chat, and a person who plays the agent."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.async_api import FilePayload, Page, expect

from openhandover.emulators import emulator_of, names
from openhandover.providers import provider_of
from tests.browser import artifact, chromium, opened
from tests.pages.people import Visitor, visiting
from tests.ports import free_port
from tests.serving import Server, running_server

pytestmark = pytest.mark.browser

START = "from openhandover.cli import main; main()"
TEXT = """
server: {{public_url: "http://127.0.0.1:{port}"}}
languages: {{default: en, supported: [en]}}
outbound: {{allow: ["127.0.0.1/32"]}}
channels:
  web: {{type: webchat, bot: shop, provider: {vendor}, attachments: human}}
bots:
  shop: {{flow: shop}}
flows:
  shop:
    - ask: {{text: "What is it about?", into: topic}}
    - handover: {{message: "I get a person for you.", reason: "{{{{ topic }}}}"}}
    - say: "The shop's bot again. I am glad that we could help."
"""
FILE = FilePayload(name="answer.txt", mimeType="text/plain", buffer=b"the answer")


class Agent:
    """A person at the emulator's page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_role("log", name="Messages")
        self.field = page.get_by_label("Your message")

    async def takes(self) -> None:
        """Open the one chat, and join where this vendor's agents do."""
        await self.page.locator("#chats button").click()
        await expect(self.page.locator("#state")).to_be_visible()
        join = self.page.get_by_role("button", name="Join")
        if await join.is_visible():
            await join.click()
            await expect(self.page.locator("#state")).to_have_text("with you")

    async def says(self, text: str) -> None:
        """Answer by the keyboard."""
        await self.field.fill(text)
        await self.field.press("Enter")


@asynccontextmanager
async def emulated(vendor: str, port: int) -> AsyncGenerator[tuple[str, dict[str, Any]]]:
    """The emulator as a process: its address, and the providers that it prints."""
    called = emulator_of(vendor).plays("webhook_to")
    webhooks = ("--webhooks", f"http://127.0.0.1:{port}/webhooks/{vendor}") if called else ()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-c", START, "emulate", vendor, *webhooks), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        said = b""
        async with asyncio.timeout(30):
            while b"providers:" not in said or not said.endswith(b"\n\n"):
                said += (line := await process.stdout.readline())
                assert line, said
        head, _, block = said.decode().partition("For openhandover.yaml:")
        found = re.search(r"http://127\.0\.0\.1:\d+", head)
        assert found
        yield found[0], yaml.safe_load(block)["providers"]
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


@asynccontextmanager
async def connected(folder: Path, vendor: str) -> AsyncGenerator[tuple[str, Server]]:
    """The emulator's address, and a server whose web chat hands over to it."""
    port = free_port()
    async with emulated(vendor, port) as (emulator, providers):
        block = json.dumps(providers).replace("$", "$$")
        text = TEXT.format(port=port, vendor=vendor) + f"providers: {block}\n"
        async with running_server(folder, text, port) as server:
            yield emulator, server


async def talk(agent: Agent, kim: Visitor, vendor: str) -> None:
    """From the first word to the bot that goes on."""
    can = provider_of(vendor).capabilities
    await kim.says("hello")
    await kim.sees("What is it about?")
    await kim.says("my invoice, kim-1")
    await kim.sees("I get a person for you.")
    await agent.takes()
    await agent.says("Good morning, agent-1")
    await kim.sees("agent-1")
    await kim.says("it is too high, kim-2")
    await expect(agent.log.get_by_text("kim-2")).to_be_visible()
    await agent.says("I mend it, agent-2")
    await kim.sees("agent-2")
    if can.attachments_in:
        await agent.page.locator("#file").set_input_files(FILE)
        link = kim.log.get_by_role("link", name="answer.txt")
        await expect(link).to_be_visible()
        answer = await kim.page.context.request.get(str(await link.evaluate("each => each.href")))
        assert await answer.body() == FILE["buffer"]
    if can.attachments_out:
        await kim.sends({"name": "invoice.txt", "mimeType": "text/plain", "buffer": b"the invoice"})
        await expect(kim.page.get_by_role("button", name="Remove invoice.txt")).to_be_visible()
        await kim.says("see this, kim-3")
        await expect(agent.log.get_by_text("kim-3")).to_be_visible()
        await expect(agent.log.get_by_role("link").last).to_be_visible()
    await agent.page.screenshot(path=artifact(f"emulator-{vendor}.png"))
    await agent.page.get_by_role("button", name="End", exact=True).click()
    await kim.sees("The shop's bot again.", within_s=30)


@pytest.mark.parametrize("vendor", [name for name in names() if name != "cm"])
async def test_a_person_plays_the_agent(tmp_path: Path, vendor: str) -> None:
    """A visitor asks for a human, a person on the emulator's page answers and ends it, the bot goes on."""
    async with connected(tmp_path, vendor) as (emulator, server), chromium() as browser:
        page = opened(browser, f"{emulator}/emulator/")
        async with page as desk, visiting(browser, f"{server.url}/chat/web") as kim:
            await talk(Agent(desk), kim, vendor)
