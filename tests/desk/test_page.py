"""The desk page in a real browser."""

from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from tests.browser import artifact, chromium
from tests.desk.floor import PASSWORD, Agent, queued, texts
from tests.serving import Server

pytestmark = pytest.mark.browser


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    """A Chromium of its own."""
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def page(browser: Browser, server: Server) -> AsyncGenerator[Page]:
    """Anna's desk, logged in; anything that the browser's policy refuses or a script throws fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    made = await context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda message: wrong.append(message.text) if _is_fault(message) else None)
    await made.goto(f"{server.url}/desk")
    await made.get_by_label("Agent").fill("anna")
    await made.get_by_label("Password").fill(PASSWORD)
    await made.get_by_role("button", name="Log in").click()
    await expect(made.get_by_role("heading", name="Waiting")).to_be_visible()
    yield made
    await context.close()
    assert wrong == []


def _is_fault(message: ConsoleMessage) -> bool:
    """A refused call is the page's to handle; everything else on the console is a fault."""
    return message.type == "error" and "Failed to load resource" not in message.text


async def shot(page: Page, name: str) -> None:
    """Keep a picture of the page."""
    await page.screenshot(path=str(artifact(f"desk-{name}.png")))


async def test_a_conversation_from_queue_to_end(server: Server, page: Page) -> None:
    """The agent goes online, reads the story, accepts, talks, notes, and resolves; nothing is shown as HTML."""
    await page.get_by_label("Your presence").select_option("online")
    await server.until("/v1/availability?provider=support", lambda found: found["open"])
    await queued(server)
    await expect(page.get_by_text("my invoice is wrong")).to_be_visible()
    await shot(page, "queue")
    await page.get_by_role("button", name="Jo", exact=False).first.click()
    await expect(page.get_by_role("log")).to_contain_text("my invoice is wrong")
    await page.get_by_role("main").get_by_role("button", name="Accept").click()
    field = page.get_by_role("textbox", name="Write a message")
    await field.fill("Good morning")
    await field.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("Good morning")
    await server.said("c_h1", text="<img src=x onerror=alert(1)><b>bold</b>")
    await expect(page.get_by_role("log")).to_contain_text("<b>bold</b>")
    assert await page.get_by_role("log").locator("b").count() == 0
    await page.get_by_role("button", name="Note", exact=True).click()
    note = page.get_by_role("textbox", name="Write a note that only colleagues see")
    await note.fill("be kind")
    await note.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("be kind")
    await shot(page, "talk")
    await page.get_by_role("button", name="Resolve").click()
    await page.get_by_role("dialog").get_by_role("button", name="Resolve").click()
    await expect(page.get_by_text("This conversation has ended.")).to_be_visible()
    ended = (await server.call("GET", "/v1/handovers/h1")).body
    assert (ended["status"], ended["reason"]) == ("completed", "agent_closed")


async def test_reload_keeps_draft_and_shows_each_message_once(server: Server, page: Page) -> None:
    """After a reload in the middle the draft is in the field and every message is there once."""
    await Agent(server, "anna").here()
    await queued(server)
    await Agent(server, "anna").accept("h1")
    await page.get_by_role("button", name="Jo", exact=False).first.click()
    field = page.get_by_role("textbox", name="Write a message")
    for text in ("one", "two"):
        await field.fill(text)
        await field.press("Enter")
    await expect(page.get_by_role("log").get_by_text("two", exact=True)).to_be_visible()
    await field.fill("half a sent")
    await page.reload()
    await page.get_by_role("button", name="Jo", exact=False).first.click()
    await expect(field).to_have_value("half a sent")
    for text in ("my invoice is wrong", "one", "two"):
        await expect(page.get_by_role("log").get_by_text(text, exact=True)).to_have_count(1)
    assert await texts(server, "h1") == [("user", "my invoice is wrong"), ("agent", "one"), ("agent", "two")]


async def test_lost_connection_loses_and_repeats_nothing(server: Server, page: Page) -> None:
    """Offline for a while: what the agent sends and what the user says arrives once, in order, when it is back."""
    await Agent(server, "anna").here()
    await queued(server)
    await Agent(server, "anna").accept("h1")
    await page.get_by_role("button", name="Jo", exact=False).first.click()
    field = page.get_by_role("textbox", name="Write a message")
    await expect(field).to_be_visible()
    await page.context.set_offline(True)
    await field.fill("sent while offline")
    await field.press("Enter")
    await expect(page.get_by_text("Sending…")).to_be_visible()
    await server.said("c_h1", text="said while offline")
    await page.context.set_offline(False)
    log = page.get_by_role("log")
    for text in ("said while offline", "sent while offline"):
        await expect(log.get_by_text(text, exact=True)).to_have_count(1, timeout=20_000)
    await expect(page.get_by_text("Sending…")).to_have_count(0)
    sent = [text for author, text in await texts(server, "h1") if author == "agent"]
    assert sent == ["sent while offline"]


async def test_transfer_and_second_agent(server: Server, page: Page) -> None:
    """Transferred in the dialog, the conversation leaves the agent's list and is the colleague's."""
    await Agent(server, "anna").here()
    bob = await Agent(server, "bob").here()
    await queued(server)
    await Agent(server, "anna").accept("h1")
    await page.get_by_role("button", name="Jo", exact=False).first.click()
    await page.get_by_role("button", name="Transfer").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("radio", name="Bob").check()
    await dialog.get_by_role("button", name="Transfer").click()
    await expect(page.get_by_text("You have no conversations.")).to_be_visible()
    assert [entry["id"] for entry in await bob.entries("mine")] == ["h1"]


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_width_without_sideways_scrolling(
    server: Server, page: Page, width: int, scheme: str
) -> None:
    """On a phone, a tablet and a desktop, in both schemes, nothing sticks out."""
    await Agent(server, "anna").here()
    await queued(server)
    await Agent(server, "anna").accept("h1")
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": width, "height": 780})
    await page.get_by_role("button", name="Jo", exact=False).first.click()
    await expect(page.get_by_role("log")).to_contain_text("my invoice is wrong")
    await shot(page, f"talk-{width}-{scheme}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
