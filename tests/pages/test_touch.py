"""A phone: whatever a finger presses is large enough to be hit, and no word of a head is broken in two."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import artifact, opened
from tests.desk.floor import Agent
from tests.pages.looks import settled
from tests.pages.people import log_in
from tests.pages.test_analytics_looks import a_day_at_the_desk, log_in as log_in_at_figures
from tests.pages.test_desk_looks import waits
from tests.serving import Server

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "locale": "de-DE"}

# How far from its middle a press still hits an element, also where its hit area is larger than what is drawn.
TOO_SMALL = """() => {
  const LEAST = 44;
  const deep = (node) => [...node.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? deep(each.shadowRoot) : [])]);
  const at = (x, y) => {
    let found = document.elementFromPoint(x, y);
    for (let inner; (inner = found?.shadowRoot?.elementFromPoint(x, y)) && inner !== found; ) found = inner;
    return found;
  };
  const height = (each) => {
    const label = each.closest("label");
    const box = (label ?? each).getBoundingClientRect();
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const hits = (dy) => { const found = at(x, y + dy); return each.contains(found) || !!label?.contains(found); };
    if (!hits(0)) return LEAST;  // something lies over it
    let up = 0, down = 0;
    while (up < LEAST && hits(-up - 1)) up += 1;
    while (down < LEAST && hits(down + 1)) down += 1;
    return up + down + 1;
  };
  return deep(document)
    .filter((each) => each.matches("button:not(:disabled), select, input:not([type=file]), textarea, .csv, [role=menuitem]"))
    .filter((each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter((each) => { const box = each.getBoundingClientRect(); return box.width > 2 && box.top >= 22 && box.bottom <= innerHeight - 22; })
    .map((each) => [each, height(each)])
    .filter(([, size]) => size < LEAST)
    .map(([each, size]) => `"${(each.ariaLabel ?? each.textContent ?? "").trim().slice(0, 30)}" is ${size} px high`);
}"""


@asynccontextmanager
async def on_a_phone(browser: Browser, address: str, **more: Any) -> AsyncGenerator[Page]:
    """A page that knows of fingers."""
    async with opened(browser, address, **{**PHONE, **more}) as page:
        yield page


async def fits(page: Page, state: str) -> None:
    """Nothing on the screen is too small for a finger."""
    await settled(page)
    await page.screenshot(path=artifact(f"touch-{state}.png"))
    assert await page.evaluate(TOO_SMALL) == [], state


async def test_the_chat(server: Server, browser: Browser) -> None:
    """Buttons of head, menu, quick replies, queue and composer."""
    await Agent(server, "anna").here()
    async with on_a_phone(browser, f"{server.url}/chat/web") as page:
        await page.get_by_role("textbox").fill("Hallo")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="A person, please")).to_be_visible()
        await fits(page, "chat-buttons")
        await page.get_by_role("button", name="Optionen").tap()
        await expect(page.get_by_role("menu")).to_be_visible()
        await fits(page, "chat-menu")
        await page.get_by_role("menuitem", name="Mit einem Menschen sprechen").tap()
        await expect(page.get_by_role("button", name="Doch nicht")).to_be_visible()
        await fits(page, "chat-queue")


async def test_the_desk(server: Server, browser: Browser) -> None:
    """Head, list, talk and transfer; the head's words stay whole, also for who is no supervisor."""
    async with on_a_phone(browser, f"{server.url}/desk", locale="en-GB") as page:
        await log_in(page, "anna")
        await page.get_by_label("Your presence").select_option("online")
        await waits(server, 1)
        accept = page.get_by_role("button", name="Accept")
        await expect(accept).to_be_visible()
        bar = await page.get_by_role("banner").bounding_box()
        assert bar is not None
        assert bar["height"] <= 60
        await fits(page, "desk-list")
        await accept.tap()
        await expect(page.get_by_role("textbox", name="Write a message")).to_be_visible()
        await fits(page, "desk-talk")
        await page.get_by_role("button", name="Transfer").tap()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await fits(page, "desk-transfer")


async def test_the_overview(server: Server, browser: Browser) -> None:
    """What a supervisor presses."""
    async with on_a_phone(browser, f"{server.url}/desk", locale="en-GB") as page:
        await log_in(page, "sue")
        await Agent(server, "anna").here()
        await waits(server, 1)
        await page.get_by_role("button", name="Overview").tap()
        await expect(page.get_by_role("heading", name="Queue per inbox")).to_be_visible()
        await fits(page, "overview")


async def test_the_analytics(server: Server, browser: Browser) -> None:
    """Filters, tables and the ways to CSV."""
    await a_day_at_the_desk(server)
    async with on_a_phone(browser, f"{server.url}/analytics") as page:
        await log_in_at_figures(page, "sue")
        await expect(page.get_by_role("main")).to_contain_text("Zustellung")
        await fits(page, "analytics-top")
        for heading in ("Kennzahlen", "Warum und wo", "Zustellung"):
            await page.get_by_role("heading", name=heading).scroll_into_view_if_needed()
            await fits(page, f"analytics-{heading}")
