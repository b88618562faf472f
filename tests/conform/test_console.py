"""The example desk's page in a real browser."""

import asyncio
import os

import pytest
from playwright.async_api import async_playwright, expect

from openhandover.conform.caller import Caller, message
from openhandover.net.client import HttpClient
from tests.providers.http.emulator import SECRET, FaultyDesk

CHROMIUM = os.environ.get("OPENHANDOVER_CHROMIUM") or None


async def newest(desk: FaultyDesk, event: str) -> None:
    """Until this is the newest event that the desk told."""
    async with asyncio.timeout(10):
        while desk.emitted[-1:] != [event]:
            await asyncio.sleep(0.01)


@pytest.mark.browser
async def test_a_person_answers_in_the_browser() -> None:
    """Accept, answer, close; what the user writes is shown as text, whatever it holds."""
    async with FaultyDesk().serving() as desk, HttpClient() as http, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(desk.url)
        caller = Caller(desk.url, SECRET, http)
        talk = await caller.open()
        await caller.post("/messages", talk.body(message=message(3, "<b id=bold>Help</b>")))
        await expect(page.get_by_text("<b id=bold>Help</b>")).to_be_visible()
        await page.get_by_role("button", name="Accept").click()
        await page.get_by_label("Your answer").fill("With pleasure")
        await newest(desk, "agent.typing")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("agent: With pleasure")).to_be_visible()
        await page.get_by_role("button", name="Close").click()
        await expect(page.get_by_role("heading", name="Conformance check: closed with Robin")).to_be_visible()
        await browser.close()
    assert errors == []
    assert desk.emitted == ["agent.joined", "agent.typing", "agent.message", "handover.closed"]
