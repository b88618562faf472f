"""The main job, as a visitor and two agents live it: the demo, started as a stranger starts it, in a real browser."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import artifact, chromium
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

START_S = 30.0
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


@dataclass
class Demo:
    """A running demo; `start` again on the same folder after it was killed."""

    folder: Path
    url: str = ""
    greeting: str = ""
    process: Process | None = None

    port: int = field(default_factory=free_port)

    async def start(self) -> None:
        """Start it and wait until it greets; always on the same port."""
        command = ("-m", "openhandover", "demo", "--port", str(self.port), "--folder", str(self.folder))
        self.process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE)
        assert self.process.stdout is not None
        self.greeting = ""
        async with asyncio.timeout(START_S):
            while "Ctrl-C" not in self.greeting:
                line = await self.process.stdout.readline()
                assert line, "the demo ended before it greeted"
                self.greeting += line.decode()
        found = re.search(r"Web chat\s+(http://\S+)/chat/web", self.greeting)
        assert found is not None
        self.url = found.group(1)

    def password(self, agent: str) -> str:
        """The password that the greeting shows."""
        found = re.search(rf"{agent} / (\S+)", self.greeting)
        assert found is not None
        return found.group(1)

    async def kill(self) -> None:
        """kill -9: nothing can be tidied up."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; answers the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            return await self.process.wait()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncGenerator[Demo]:
    """A demo with an empty database."""
    started = Demo(tmp_path / "demo")
    await started.start()
    yield started
    if started.process is not None and started.process.returncode is None:
        assert await started.stop() == 0


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    """A Chromium of its own."""
    async with chromium() as launched:
        yield launched


async def at_the_desk(browser: Browser, demo: Demo, agent: str) -> Page:
    """An agent, logged in and online."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = await context.new_page()
    await page.goto(f"{demo.url}/desk")
    await page.get_by_label("Agent").fill(agent)
    await page.get_by_label("Password").fill(demo.password(agent))
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_label("Your presence").select_option("online")
    await expect(page.get_by_text("You are offline")).to_have_count(0)
    return page


async def in_the_chat(browser: Browser, demo: Demo) -> Page:
    """A visitor on the chat's own page."""
    context = await browser.new_context(viewport={"width": 420, "height": 800}, locale="en-GB")
    page = await context.new_page()
    await page.goto(f"{demo.url}/chat/web")
    return page


async def say(page: Page, text: str) -> None:
    """Write a message, as visitor or agent."""
    field = page.get_by_role("textbox", name="Write a message")
    await field.fill(text)
    await field.press("Enter")


async def sees(page: Page, *texts: str) -> None:
    """Each text stands in the conversation exactly once."""
    for text in texts:
        await expect(page.get_by_role("log").get_by_text(text, exact=True)).to_have_count(1, timeout=15_000)


async def shot(page: Page, name: str) -> None:
    """Keep a picture."""
    await page.screenshot(path=str(artifact(f"story-{name}.png")))


async def ask_for_a_person(chat: Page) -> None:
    """From hello to the queue."""
    await say(chat, "hello")
    await expect(chat.locator("input[type=file]")).to_have_count(0)  # files are for humans only
    await chat.get_by_role("button", name="Talk to a person").last.click()
    await chat.get_by_role("button", name="Something else").click()
    await sees(chat, "What is your e-mail address?")
    await say(chat, "not an address")
    await sees(chat, "That does not look like an e-mail address. Please try again.")
    await say(chat, "ada@example.org")
    await sees(chat, "And your name?")
    await say(chat, "Ada")
    await sees(
        chat, "Thank you, Ada. You will now be helped by a person.", "We are finding somebody for you."
    )


async def test_bot_to_human_to_colleague_and_back(demo: Demo, browser: Browser, tmp_path: Path) -> None:
    """A visitor talks to the bot, waits, is helped by Anna, then by Ben, and the bot goes on in the same flow; a
    reload of either page and a killed server in the middle lose and repeat nothing."""
    anna, ben = await at_the_desk(browser, demo, "anna"), await at_the_desk(browser, demo, "ben")
    chat = await in_the_chat(browser, demo)
    await ask_for_a_person(chat)
    await expect(chat.get_by_text("You are number 1 in the queue.").first).to_be_visible()
    await shot(chat, "1-queue")

    await anna.get_by_role("button", name="Accept").first.click()
    await anna.get_by_role("button", name="Ada").first.click()
    await sees(anna, "ada@example.org", "hello")
    await say(anna, "Good morning Ada")
    await sees(chat, "Good morning Ada")
    await chat.get_by_role("textbox", name="Write a message").press_sequentially("My parcel")
    await expect(anna.get_by_text("typing").first).to_be_attached()
    await say(chat, "My parcel is late")
    await sees(anna, "My parcel is late")
    picture = tmp_path / "parcel.png"
    picture.write_bytes(PNG)
    await chat.locator("input[type=file]").set_input_files(str(picture))
    await chat.get_by_role("button", name="Send", exact=True).click()
    await expect(anna.get_by_role("log").get_by_text("parcel.png")).to_have_count(1)
    await shot(anna, "2-anna")
    await shot(chat, "2-chat")

    await chat.reload()
    await sees(chat, "hello", "Good morning Ada", "My parcel is late")
    await demo.kill()
    await say(chat, "are you still there?")
    await demo.start()
    await sees(anna, "are you still there?", "My parcel is late", "Good morning Ada")
    await say(anna, "Yes, here I am again")
    await sees(chat, "are you still there?", "Yes, here I am again", "Good morning Ada")

    await anna.get_by_role("button", name="Transfer").click()
    await anna.get_by_role("dialog").get_by_text("Ben").click()
    await anna.get_by_role("dialog").get_by_role("button", name="Transfer").click()
    await ben.get_by_role("button", name="Ada").first.click()
    await sees(ben, "Good morning Ada", "are you still there?", "Yes, here I am again")
    await say(ben, "Ben here, it arrives tomorrow")
    await sees(chat, "Ben here, it arrives tomorrow")
    await ben.reload()
    await ben.get_by_role("button", name="Ada").first.click()
    await sees(ben, "Good morning Ada", "Ben here, it arrives tomorrow")
    await shot(ben, "3-ben")

    await ben.get_by_role("button", name="Resolve").click()
    await sees(chat, "Welcome back, Ada. I hope that helped. Is there anything else?")
    await shot(chat, "4-back")
    await say(chat, "what are your opening hours?")
    await sees(chat, "The shop is open every day, around the clock.")
    await proof_is_clean(demo)


async def proof_is_clean(demo: Demo) -> None:
    """Everything that was accepted was delivered, once and in order."""
    found = re.search(r"key (\S+)", demo.greeting)
    assert found is not None
    headers = {"Authorization": f"Bearer {found.group(1)}"}
    async with aiohttp.ClientSession(demo.url, headers=headers) as http:
        async with http.get("/v1/handovers") as answer:
            handover = (await answer.json())["items"][0]
        assert (handover["status"], handover["reason"]) == ("completed", "agent_closed")
        async with http.get(f"/v1/handovers/{handover['id']}/proof") as answer:
            counts = (await answer.json())["counts"]
    assert counts["accepted"] == counts["delivered"] == 6
    assert [counts[key] for key in ("pending", "failed", "repeated", "misordered")] == [0, 0, 0, 0]


async def test_a_visitor_changes_their_mind(demo: Demo, browser: Browser) -> None:
    """The cancel button takes the visitor out of the queue, and the bot goes on."""
    anna = await at_the_desk(browser, demo, "anna")
    chat = await in_the_chat(browser, demo)
    await ask_for_a_person(chat)
    await expect(anna.get_by_role("button", name="Accept").first).to_be_visible()
    await chat.get_by_role("button", name="Never mind").first.click()
    await sees(chat, "All right, you stay with me. What can I do for you?")
    await expect(anna.get_by_text("Nobody is waiting.")).to_be_visible()


async def test_nobody_is_there(demo: Demo, browser: Browser) -> None:
    """With nobody online the bot says so honestly and asks the partner."""
    chat = await in_the_chat(browser, demo)
    await say(chat, "hello")
    await chat.get_by_role("button", name="Talk to a person").last.click()
    await sees(chat, "None of our own people is there right now, so I ask our partner.")
