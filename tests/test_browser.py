"""The browser that the tests drive is really there."""

import pytest

from tests.browser import artifact, chromium


@pytest.mark.browser
async def test_the_browser_renders_a_page() -> None:
    """Chromium starts, runs a script on a page without network, and takes a picture of it."""
    picture = artifact("browser.png")
    async with chromium() as browser:
        page = await browser.new_page()
        await page.set_content("<p id=here></p><script>here.textContent = 6 * 7</script>")
        assert await page.inner_text("#here") == "42"
        await page.screenshot(path=picture)
    assert picture.stat().st_size > 500
