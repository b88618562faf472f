"""The agent desk in every state, at every size, in every theme, in both directions."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import opened
from tests.desk.floor import Agent
from tests.pages.looks import SIDES, WAYS, Look
from tests.pages.people import log_in
from tests.pages.test_widget_looks import LONG
from tests.serving import Server

pytestmark = pytest.mark.browser


NAMES = ("Jo", "Kim " + "Longname" * 12, "Lee \u202eevil")


async def waits(server: Server, number: int, **settings: object) -> str:
    """A visitor with a story who waits for a person."""
    user = {"id": f"u{number}", "name": NAMES[number - 1], "email": f"jo{number}@shop.example"}
    await server.conversation(id=f"c{number}", user=user, context={"order": "12345", "plan": "gold"})
    await server.said(f"c{number}", text="my invoice is wrong")
    await server.said(f"c{number}", text=LONG)
    path = f"/v1/conversations/c{number}/handovers?wait_s=10"
    answer = await server.call("POST", path, {"id": f"h{number}", "initiator": "user", "settings": settings})
    assert answer.body["status"] == "queued", answer
    return f"h{number}"


async def talks(server: Server, anna: Agent, handover_id: str) -> None:
    """A talk with everything that can be in one: notes, files, many lines."""
    await anna.say(handover_id, "Good morning")
    await anna.say(handover_id, LONG)
    await anna.call("POST", f"handovers/{handover_id}/notes", {"text": "be kind"})
    for n in range(12):
        await server.said("c1", text=f"line {n}")


async def through_its_states(server: Server, page: Page, look: Look) -> None:
    """From the log-in over queue, talk and dialogs to the end."""
    await look("login")
    await log_in(page, "anna")
    await look("nobody")
    anna = await Agent(server, "anna").here()
    for number in (1, 2, 3):
        await waits(server, number, route={"priority": ("high", "urgent", "none")[number - 1]})
    items = page.get_by_role("navigation").get_by_role("listitem")
    await expect(items.filter(has_text=re.compile("Jo|Kim|Lee"))).to_have_count(3)
    await look("queue")
    await items.filter(has_text="Kim").first.get_by_role("button").first.click()
    await expect(page.get_by_role("log")).to_be_visible()
    await look("waiting")
    for handover_id in ("h1", "h2"):
        await anna.accept(handover_id)
    await expect(page.get_by_role("heading", name="My conversations 2")).to_be_visible()
    await page.keyboard.press("Escape")
    await items.filter(has_text="Jo").first.get_by_role("button").first.click()
    await expect(page.get_by_role("textbox", name="Write a message")).to_be_visible()
    await talks(server, anna, "h1")
    await expect(page.get_by_role("log")).to_contain_text("line 11")
    await look("talk")
    await page.get_by_role("button", name="Transfer").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await look("transfer")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Ready answers").click()
    await expect(page.get_by_role("option", name="Greeting")).to_be_visible()
    await look("answers")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Resolve").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await look("resolve")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_the_desk(server: Server, browser: Browser, direction: str) -> None:
    """In each state of the desk nothing sticks out, nothing is hidden, focus is seen, and axe finds nothing."""
    side = direction == "rtl"
    locale = "ar-EG" if side else "en-GB"
    async with opened(browser, f"{server.url}/desk", locale=locale) as page:
        await page.keyboard.press("Tab")
        if side:
            await expect(page.locator("html")).to_have_css("direction", "rtl")
        look = Look(page, f"desk-{direction}", SIDES if side else WAYS)
        await through_its_states(server, page, look)
        look.verdict()


@pytest.mark.timeout(180)
async def test_the_supervisor(server: Server, browser: Browser) -> None:
    """Overview, settings, keys and a broken connection look as they should in every way."""
    async with opened(browser, f"{server.url}/desk") as page:
        look = Look(page, "supervisor")
        await log_in(page, "sue")
        await Agent(server, "anna").here()
        for number in (1, 2, 3):
            await waits(server, number)
        await Agent(server, "anna").accept("h2")
        await page.get_by_role("button", name="Overview").click()
        await expect(page.get_by_role("heading", name="Queue per inbox")).to_be_visible()
        await look("overview")
        await page.get_by_role("button", name="Settings").click()
        await look("settings")
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await look("keys")
        await page.keyboard.press("Escape")
        await page.context.set_offline(True)
        await expect(page.get_by_text("Connecting again")).to_be_visible()
        await look("offline")
        look.verdict()
