"""The chaos page in a real browser: it shows what is counted, and its buttons break things."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser import accessible, artifact, chromium, opened
from tests.demo.test_chaos import console

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
async def test_buttons_and_counters(tmp_path: Path, width: int, scheme: str) -> None:
    """A visitor's messages appear in the counters, a kill by keyboard shows the break, and the page is accessible and
    never wider than the screen."""
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    async with (
        console(tmp_path) as chaos,
        chromium() as browser,
        opened(browser, str(chaos.http._base_url), **look) as page,
    ):
        status = page.locator("#status")
        await expect(status).to_have_text("The server answers")
        await chaos.until(lambda state: state["counts"]["people"]["delivered"] > 4)
        first = page.get_by_role("row", name="By visitors" if width > 1000 else "Accepted").get_by_role(
            "cell"
        )
        await expect(first.first).not_to_have_text("0")
        await page.get_by_label("Send each one three times").check()
        await page.get_by_role("button", name="kill -9").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("The server is back")).to_be_visible()
        await expect(page.get_by_text("Killed once")).to_be_visible()
        await page.get_by_label("answers 503").check()
        await expect(page.get_by_text("answers 503 to every call")).to_be_visible()
        state = await chaos.state()
        assert state["faults"]["repeat"]
        assert state["faults"]["down"] == "503"
        for flaw in ("Lost", "Repeated", "Misordered"):
            await expect(page.locator(".flaws div", has_text=flaw).locator("dd")).to_have_text("0")
        await accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await expect(first.first).not_to_have_text("0")
        await page.screenshot(path=artifact(f"chaos-{width}-{scheme}.png"), full_page=True)
