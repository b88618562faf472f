"""The desk page in the hand of a test: a person at a screen, by the names that a screen reader tells."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from tests.browser import artifact, opened
from tests.desk.floor import PASSWORD
from tests.serving import Server


class Screen:
    """The desk page of an agent who is logged in."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_role("log")
        self.field = page.get_by_role("textbox", name="Write a message")
        self.dialog = page.get_by_role("dialog")
        self.list = page.get_by_role("navigation", name="Conversations")

    def line(self, name: str) -> Locator:
        """The line of this visitor in the list."""
        return self.list.get_by_role("listitem").filter(has_text=name)

    def button(self, name: str) -> Locator:
        """The button with exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True)

    async def opens(self, name: str) -> None:
        """Choose a conversation."""
        await self.line(name).get_by_role("button").first.click()
        await expect(self.page.get_by_role("heading", name=name, level=2)).to_be_visible()

    async def has_open(self, count: int) -> None:
        """Until the page shows so many conversations as the agent's own."""
        await expect(self.page.get_by_role("heading", name=f"My conversations {count}")).to_be_visible()

    async def says(self, text: str) -> None:
        """Write and send with Enter."""
        await self.field.fill(text)
        await self.field.press("Enter")

    async def is_present(self, presence: str) -> None:
        """Until the page shows the agent as this."""
        await expect(self.page.get_by_label("Your presence")).to_have_value(presence)

    async def picture(self, name: str) -> None:
        """Keep a picture of the page."""
        await self.page.screenshot(path=str(artifact(f"desk-{name}.png")))


async def log_in(page: Page, agent: str) -> Screen:
    """Fill in the log-in form, until the page listens to what happens."""
    await page.get_by_label("Agent").fill(agent)
    await page.get_by_label("Password").fill(PASSWORD)
    async with page.expect_response("**/v1/desk/events*"):  # from here on the page hears of everything
        await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name="Waiting")).to_be_visible()
    return Screen(page)


@asynccontextmanager
async def at_desk(
    browser: Browser, server: Server, agent: str = "anna", **options: Any
) -> AsyncIterator[Screen]:
    """An agent at the desk; what the page's scripts throw or its policy refuses fails the test."""
    async with opened(browser, f"{server.url}/desk", **options) as page:
        yield await log_in(page, agent)
