"""Visitors and agents with a browser of their own: what they do and see, by the names that a screen reader tells."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from tests.browser import opened
from tests.desk.floor import PASSWORD
from tests.serving import Server

MARK = re.compile(r"\b[a-z]+-\d+\b")
Upload = dict[str, Any]


class Visitor:
    """Somebody with the chat open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_role("log", name=re.compile("Messages|Berichten"))
        self.field = page.get_by_role("textbox", name=re.compile("Write a message|Schrijf een bericht"))

    async def says(self, text: str) -> None:
        """Write and send with Enter."""
        await self.field.fill(text)
        await self.field.press("Enter")

    async def sees(self, text: str, within_s: float = 10) -> None:
        """Until the text is in the log."""
        await expect(self.log.get_by_text(text).first).to_be_visible(timeout=within_s * 1000)

    async def marks(self) -> list[str]:
        """The words like `anna-1` in the log, in the order in which they are read."""
        return MARK.findall(await self.log.inner_text())

    async def asks_for_a_person(self) -> None:
        """Press the permanent button."""
        await self.page.get_by_role("button", name="Talk to a person").click()

    async def ends(self) -> None:
        """End the chat and confirm it."""
        await self.page.get_by_role("button", name="Options").click()
        await self.page.get_by_role("menuitem", name="End chat").click()
        await self.page.get_by_role("dialog").get_by_role("button", name="End chat").click()
        await expect(self.page.get_by_text("You ended this chat.")).to_be_visible()

    async def sends(self, *files: Upload) -> None:
        """Choose files, as the file dialog does."""
        await self.page.locator("input[type=file]").set_input_files(list(files))  # type: ignore[arg-type]


class AgentScreen:
    """An agent who is logged in at the desk page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.field = page.get_by_role("textbox", name="Write a message")
        self.log = page.get_by_role("main").get_by_role("log")

    def item(self, name: str) -> Locator:
        """The entry of this visitor in the list."""
        return self.page.get_by_role("navigation").get_by_role("listitem").filter(has_text=name)

    async def takes(self, name: str) -> None:
        """Accept the conversation of this visitor, and open it."""
        await self.item(name).first.get_by_role("button", name="Accept").click()
        await self.opens(name)

    async def opens(self, name: str) -> None:
        """Choose a conversation of the agent's own."""
        await self.item(name).first.get_by_role("button").first.click()
        await expect(self.field).to_be_visible()

    async def says(self, text: str) -> None:
        """Write to the visitor and send with Enter."""
        await self.field.fill(text)
        await self.field.press("Enter")

    async def sees(self, text: str, within_s: float = 10) -> None:
        """Until the text is in the log of the conversation on screen."""
        await expect(self.log.get_by_text(text).first).to_be_visible(timeout=within_s * 1000)

    async def marks(self) -> list[str]:
        """The words like `anna-1` in the log, in the order in which they are read."""
        return MARK.findall(await self.log.inner_text())

    async def resolves(self) -> None:
        """End the conversation; where the visitor's word is the last, the page asks once more."""
        await self.page.get_by_role("main").get_by_role("button", name="Resolve").click()
        ended = self.page.get_by_text("This conversation has ended.")
        again = self.page.get_by_role("dialog").get_by_role("button", name="Resolve")
        await expect(ended.or_(again).first).to_be_visible()
        if await again.count():
            await again.click()
        await expect(ended).to_be_visible()


@asynccontextmanager
async def visiting(browser: Browser, address: str, **options: Any) -> AsyncIterator[Visitor]:
    """A visitor at this address; the window is high enough to read a whole talk."""
    size = {"width": 1000, "height": 1600}
    async with opened(browser, address, **{"viewport": size, **options}) as page:
        yield Visitor(page)


@asynccontextmanager
async def at_desk(browser: Browser, url: str, agent: str, **options: Any) -> AsyncIterator[AgentScreen]:
    """An agent, logged in and online, with an English page."""
    size = {"width": 1440, "height": 1600}
    async with opened(browser, f"{url}/desk", **{"viewport": size, **options}) as page:
        await log_in(page, agent)
        await page.get_by_label("Your presence").select_option("online")
        yield AgentScreen(page)


async def log_in(page: Page, agent: str) -> None:
    """Fill in the log-in form of an English page, until the page listens to what happens."""
    await page.get_by_label("Agent").fill(agent)
    await page.get_by_label("Password").fill(PASSWORD)
    async with page.expect_response("**/v1/desk/events*"):
        await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name="Waiting")).to_be_visible()


async def named(server: Server, text: str, name: str) -> str:
    """Give whoever said this a name, which the agents see; the id of the conversation."""
    async with asyncio.timeout(10):
        while not (found := [each async for each in _who_said(server, text)]):
            await asyncio.sleep(0.02)
    answer = await server.call("PATCH", f"/v1/conversations/{found[0]}", {"user": {"name": name}})
    assert answer.status == 200, answer
    return found[0]


async def _who_said(server: Server, text: str) -> AsyncIterator[str]:
    for item in (await server.call("GET", "/v1/conversations")).body["items"]:
        said = await server.call("GET", f"/v1/conversations/{item['id']}/messages")
        if any(message["text"] == text for message in said.body["items"]):
            yield item["id"]


class Keyboard:
    """Somebody who uses no mouse."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def to(self, target: Locator, steps: int = 60) -> None:
        """Tab until the focus is on the target, which must be reached and be visible."""
        has_focus = "each => each.getRootNode().activeElement === each"
        for _ in range(steps):
            if await target.count() and await target.first.evaluate(has_focus):
                await expect(target.first).to_be_in_viewport()
                return
            await self._page.keyboard.press("Tab")
        raise AssertionError(f"{target} is not reached with the keyboard")

    async def presses(self, target: Locator, key: str = "Enter") -> None:
        """Go there and press a key."""
        await expect(target.first).to_be_visible()
        await self.to(target)
        await self._page.keyboard.press(key)

    async def types(self, target: Locator, text: str, end: str = "Enter") -> None:
        """Go to a field and write."""
        await expect(target.first).to_be_visible()
        await self.to(target)
        await self._page.keyboard.type(text)
        await self._page.keyboard.press(end)
