"""The analytics page, with something to show."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import opened
from tests.desk.floor import PASSWORD, Agent
from tests.pages.looks import SIDES, WAYS, Look
from tests.serving import Server

pytestmark = pytest.mark.browser


async def a_day_at_the_desk(server: Server) -> None:
    """Handovers of every end: resolved, withdrawn, open."""
    anna = await Agent(server, "anna").here()
    for number in range(8):
        await server.conversation(id=f"c{number}", user={"id": f"u{number}", "name": "Kim"})
        await server.said(f"c{number}", text="my invoice is wrong")
        path = f"/v1/conversations/c{number}/handovers?wait_s=10"
        handover = (await server.call("POST", path, {"initiator": "user"})).body["id"]
        if number % 3 == 0:
            await anna.accept(handover)
            await anna.say(handover, "Good morning")
            await anna.call("POST", f"handovers/{handover}/close", {})
        if number % 3 == 1:
            await server.call("POST", f"/v1/handovers/{handover}/cancel", {})


async def log_in(page: Page, agent: str) -> None:
    """The log-in form of the page."""
    await page.locator("input").nth(0).fill(agent)
    await page.locator("input").nth(1).fill(PASSWORD)
    await page.locator("input").nth(1).press("Enter")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_analytics(server: Server, browser: Browser, direction: str) -> None:
    """Log-in, refusal, figures by every grouping, and an empty period, at every size and in every theme."""
    await a_day_at_the_desk(server)
    locale = "en-GB" if direction == "ltr" else "ar-EG"
    async with opened(browser, f"{server.url}/analytics", locale=locale) as page:
        look = Look(page, f"analytics-{direction}", WAYS if direction == "ltr" else SIDES)
        await expect(page.get_by_label("Password")).to_be_visible()
        await look("login")
        await log_in(page, "anna")
        await expect(page.get_by_text("Only supervisors")).to_be_visible()
        await look("refused")
        await log_in(page, "sue")
        await expect(page.get_by_role("main")).to_contain_text("Delivery")
        await look("figures")
        await page.goto(f"{server.url}/analytics?from=2020-01-01&to=2020-01-07")
        await expect(page.get_by_role("main")).to_contain_text("No handovers")
        await look("empty")
        look.verdict()
