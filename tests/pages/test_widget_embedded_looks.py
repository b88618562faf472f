"""The embedded chat: launcher, badge and panel beside somebody else's page."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from tests.browser import opened
from tests.desk.floor import Agent
from tests.pages.looks import SIDES, WAYS, Look
from tests.pages.people import Visitor
from tests.pages.place import config
from tests.serving import Server, running_server

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en" dir="{dir}"><title>Shop</title><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width, initial-scale=1"><main><h1>Shop</h1><p>{filling}</p></main>
<script src="{url}/widget.js" data-channel="web" async></script></html>"""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[tuple[Server, str]]:
    """A server, and the address of a site that embeds its chat; `/rtl` is written from right to left."""
    running: list[Server] = []

    async def page(request: web.Request) -> web.Response:
        direction = request.path.strip("/") or "ltr"
        text = PAGE.format(url=running[0].url, dir=direction, filling="word " * 400)
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{any:.*}", page)
    site = TestServer(app)
    await site.start_server()
    address = f"http://127.0.0.1:{site.port}"
    try:
        async with running_server(tmp_path, config(address)) as server:
            running.append(server)
            yield server, address
    finally:
        await site.close()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_the_embedded_chat(shop: tuple[Server, str], browser: Browser, direction: str) -> None:
    """Closed, open, with a person, and closed again with news, at every size, in every theme."""
    server, address = shop
    async with opened(browser, f"{address}/{direction}") as page:
        look = Look(page, f"embedded-{direction}", WAYS if direction == "ltr" else SIDES)
        visitor = Visitor(page)
        await expect(page.get_by_role("button", name="Open the chat")).to_be_visible()
        await look("closed")
        await page.get_by_role("button", name="Open the chat").click()
        anna = await Agent(server, "anna").here()
        await visitor.says("kim-0")
        await expect(page.get_by_role("button", name="Track my order")).to_be_visible()
        await look("bot")
        await visitor.asks_for_a_person()
        await expect(page.get_by_role("button", name="Never mind")).to_be_visible()
        listed = await server.until("/v1/handovers?status=queued", lambda answer: answer["items"])
        handover = listed["items"][0]
        assert (await anna.accept(handover["id"])).status == 200
        assert (await anna.say(handover["id"], "Good morning")).status == 201
        await visitor.sees("Good morning")
        await look("person")
        await page.get_by_role("button", name="Close the chat").click()
        await anna.say(handover["id"], "Are you there?")
        await expect(page.get_by_role("button", name="1 new message")).to_be_visible()
        await look("badge")
        look.verdict()
