"""The web chat in every state, at every size, in every theme, in both directions."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser import opened
from tests.desk.floor import Agent
from tests.pages.looks import SIDES, WAYS, Look
from tests.pages.people import Visitor
from tests.serving import Server

pytestmark = pytest.mark.browser

LONG = (
    "https://shop.example/"
    + "a" * 300
    + "\n"
    + "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 60
    + " \u202etxt.exe"
)


async def the_only(server: Server, path: str) -> str:
    """The id of the only item of a list."""
    listed = await server.until(path, lambda answer: answer["items"])
    return listed["items"][0]["id"]


async def through_its_states(server: Server, visitor: Visitor, look: Look) -> None:
    """From the first word over queue, agent, files, rating and end."""
    page = visitor.page
    anna = await Agent(server, "anna").here()
    await expect(visitor.field).to_be_visible()
    await look("empty")
    await visitor.says("Where is my order?")
    await expect(page.get_by_role("button", name="Track my order")).to_be_visible()
    await look("buttons")
    await visitor.asks_for_a_person()
    await expect(page.get_by_role("button", name="Never mind")).to_be_visible()
    await look("queue")
    handover_id = await the_only(server, "/v1/handovers?status=queued")
    assert (await anna.accept(handover_id)).status == 200
    await anna.say(handover_id, "Good morning")
    await visitor.says(LONG)
    file = {"name": "a-very-long-name-of-an-invoice-" + "x" * 60 + ".txt", "mimeType": "text/plain"}
    await visitor.sends({**file, "buffer": b"my invoice"})
    await expect(page.get_by_role("button", name="Remove a-very-long")).to_be_visible()
    await anna.call("POST", f"handovers/{handover_id}/typing", {"on": True})
    await look("talk")
    await anna.call("POST", f"handovers/{handover_id}/close", {})
    await expect(page.get_by_role("radio").first).to_be_attached()
    await look("rating")
    await page.get_by_role("radio", name="4 of 5").check(force=True)
    await look("rating-comment")
    await page.get_by_role("button", name="Send rating").click()
    await expect(page.get_by_role("radio")).to_have_count(0)
    await look("back")
    await page.get_by_role("button", name="Options").click()
    await look("menu")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await visitor.ends()
    await look("ended")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_the_full_page(server: Server, browser: Browser, direction: str) -> None:
    """In each state of a talk nothing sticks out, nothing is hidden, focus is seen, and axe finds nothing."""
    side = direction == "rtl"
    locale = "ar-EG" if side else "en-GB"
    async with opened(browser, f"{server.url}/chat/web", locale=locale) as page:
        await page.keyboard.press("Tab")
        visitor = Visitor(page)
        if side:
            await expect(visitor.log).to_have_css("direction", "rtl")
        look = Look(page, f"chat-{direction}", SIDES if side else WAYS)
        await through_its_states(server, visitor, look)
        look.verdict()


async def test_when_nobody_is_there(server: Server, browser: Browser) -> None:
    """The notice of the opening hours, and the one of a lost connection, leave room for the talk in every way."""
    async with opened(browser, f"{server.url}/chat/night") as page:
        look = Look(page, "chat-away")
        await expect(page.get_by_text("We are back").or_(page.get_by_text("Back ")).first).to_be_visible()
        await look("closed")
        await page.context.set_offline(True)
        await Visitor(page).says("kim-0")
        await expect(page.get_by_text("No connection")).to_be_visible(timeout=15_000)
        await look("offline")
        look.verdict()
