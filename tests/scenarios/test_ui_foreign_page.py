"""The widget embedded in somebody else's page: hostile styles, a strict policy of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from tests.browser import artifact, opened
from tests.pages.people import Visitor, at_desk, named
from tests.pages.place import config
from tests.scenarios.house import House, open_house

pytestmark = pytest.mark.browser

HOSTILE = """
body * { font: 40px/3 serif !important; color: red !important; text-transform: uppercase !important; letter-spacing: 1em !important;
    opacity: .3 !important; transform: rotate(20deg) !important; float: left !important; overflow: hidden !important;
    width: 50px !important; max-height: 20px !important; visibility: hidden !important;
    z-index: -1 !important; pointer-events: none !important; display: none !important; position: static !important; }
button, textarea, section { display: none !important; }
"""
PAGE = """<!doctype html><html lang="en"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/hostile.css">
<main><h1 id="shop">Shop</h1><p>{filling}</p></main><script src="{url}/widget.js" data-channel="web" async></script></html>"""


@asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[tuple[House, str]]:
    """A house, and the address of a shop of another origin that embeds its chat."""
    house: list[House] = []

    async def page(_: web.Request) -> web.Response:
        url = house[0].url
        policy = (
            f"default-src 'none'; style-src 'self'; script-src {url}; connect-src {url} ws{url.removeprefix('http')};"
            " base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
        )
        text = PAGE.format(url=url, filling="word " * 2000)
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def style(_: web.Request) -> web.Response:
        return web.Response(text=HOSTILE, content_type="text/css")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/hostile.css", style)
    site = TestServer(app)
    await site.start_server()
    address = f"http://127.0.0.1:{site.port}"
    try:
        async with open_house(folder, config(address)) as opened_house:
            house.append(opened_house)
            yield opened_house, address
    finally:
        await site.close()


async def test_a_hostile_page_with_a_strict_policy(tmp_path: Path) -> None:
    """The whole talk works in it: the chat looks like itself, stays in its corner, and breaks no rule of the page."""
    async with (
        shop(tmp_path) as (house, address),
        opened(house.browser, address) as page,
        at_desk(house.browser, house.url, "anna") as anna,
    ):
        kim = Visitor(page)
        launcher = page.get_by_role("button", name="Open the chat")
        await in_the_corner(page, await launcher.bounding_box())
        await page.screenshot(path=artifact("story-hostile-closed.png"))
        await launcher.click()
        await kim.says("kim-0")
        await named(house.server, "kim-0", "Kim")
        await kim.asks_for_a_person()
        await anna.takes("Kim")
        await anna.says("anna-1")
        await kim.sees("anna-1")
        await page.screenshot(path=artifact("story-hostile-open.png"))
        said = kim.log.get_by_text("anna-1")
        for name, value in {
            "font-size": "15px",
            "text-transform": "none",
            "letter-spacing": "normal",
        }.items():
            await expect(said).to_have_css(name, value)
        panel = page.get_by_role("dialog", name="Harbour")
        await in_the_corner(page, await panel.bounding_box())
        await page.keyboard.press("Escape")
        await anna.says("anna-2")
        await expect(page.get_by_role("button", name="1 new message")).to_be_visible()


async def in_the_corner(page: Page, box: object) -> None:
    """Wholly inside the window, in its lower end corner, and seen as it is."""
    assert isinstance(box, dict)
    size = page.viewport_size
    assert size is not None
    assert box["x"] > size["width"] / 2
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= size["height"]
    host = page.locator("openhandover-chat")
    for name, value in {"opacity": "1", "transform": "none", "visibility": "visible"}.items():
        await expect(host).to_have_css(name, value)


async def test_the_page_is_left_as_it_is(tmp_path: Path) -> None:
    """The widget adds one element to the page and one name to its scripts."""
    async with shop(tmp_path) as (house, address), opened(house.browser, address) as page:
        names = "() => Object.keys(window)"
        await page.get_by_role("button", name="Open the chat").click()
        await expect(Visitor(page).field).to_be_visible()
        elements = "[...document.querySelectorAll('html > *, body > *')].map(each => each.tagName)"
        expected = {"HEAD", "BODY", "MAIN", "SCRIPT", "OPENHANDOVER-CHAT"}
        assert set(await page.evaluate(elements)) == expected
        with_widget = await page.evaluate(names)
        await page.route("**/widget.js", lambda route: route.abort())
        await page.goto(f"{address}/?without")
        assert set(with_widget) - set(await page.evaluate(names)) == {"openhandover"}
        await house.server.until("/v1/conversations", lambda answer: len(answer["items"]) == 1)
