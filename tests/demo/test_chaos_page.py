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
        await expect(page.get_by_text("The server is back")).to_be_visible(timeout=60_000)
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


NAMES = "(table) => { const all = { T, en: TEXTS.en }[table]; return [...Object.keys(all), ...Object.keys(all.log)].sort(); }"
BACK = {
    "en-GB": "The server is back",
    "nl-BE": "De server is terug",
    "de-AT": "Der Server ist als Prozess",
    "fr-FR": "Le serveur est de retour",
    "es-MX": "El servidor ha vuelto",
}


async def test_the_page_speaks_five_languages(tmp_path: Path) -> None:
    """Words, journal, numbers and times are in the browser's language, and no language lacks a sentence."""
    async with console(tmp_path) as chaos, chromium() as browser:
        address = str(chaos.http._base_url)
        await chaos.press(do="kill")
        await chaos.until(lambda state: any(line["what"] == "back" for line in state["log"]))
        for locale, sentence in BACK.items():
            async with opened(browser, address, locale=locale) as page:
                await expect(page.get_by_text(sentence)).to_be_visible()
                assert await page.evaluate("document.documentElement.lang") == locale[:2]
                empty = (
                    "node => [...node.querySelectorAll('[data-text]')].filter((each) => !each.textContent)"
                )
                assert await page.locator("body").evaluate(f"{empty}.length") == 0
                assert await page.evaluate(NAMES, "T") == await page.evaluate(NAMES, "en")


async def test_the_page_from_right_to_left(tmp_path: Path) -> None:
    """For who reads so, the page is laid out so, no wider than the screen."""
    look = {"viewport": {"width": 360, "height": 740}, "locale": "ar-EG"}
    async with (
        console(tmp_path) as chaos,
        chromium() as browser,
        opened(browser, str(chaos.http._base_url), **look) as page,
    ):
        await expect(page.locator("#status")).to_have_text("The server answers")
        assert await page.evaluate("document.documentElement.dir") == "rtl"
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        await accessible(page)
        await page.screenshot(path=artifact("chaos-360-rtl.png"), full_page=True)
