"""The page that shows the API to people."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser import opened
from tests.pages.looks import Look, Way
from tests.serving import Server

pytestmark = pytest.mark.browser


async def test_the_page_of_the_api(server: Server, browser: Browser) -> None:
    """`/docs` can be read at every width, and axe finds nothing."""
    async with opened(browser, f"{server.url}/docs") as page:
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        ways = [Way("1440-light", 1440, 900), Way("1440-dark", 1440, 900, "dark"), Way("360-light", 360, 740)]
        look = Look(page, "docs", ways)
        await look("top")
        await page.evaluate(
            "[...document.querySelectorAll('details')].slice(0, 3).forEach(each => each.open = true)"
        )
        await look("open")
        look.verdict()
