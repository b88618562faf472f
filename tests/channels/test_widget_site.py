"""The chat in other people's pages: their styles, their policies, and what their scripts may ask of it."""

import base64
import hashlib
import hmac
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import opened
from tests.channels.screen import bot, shows, site, the_conversation, write
from tests.channels.visitor import CONFIG
from tests.serving import Server

pytestmark = pytest.mark.browser

SECRET = "a secret of the site and of the chat server"
KNOWN = CONFIG.replace("provider: support,", f'provider: support, identity: {{secret: "{SECRET}"}},', 1)
HOSTILE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1"><style>
  *, *::before, *::after { all: unset !important; display: none !important; font: 60px serif !important; color: red !important }
  openhandover-chat { position: static !important; opacity: 0 !important; visibility: hidden !important; z-index: -1 !important }
  html, body { display: block !important; font-size: 60px !important; transform: none }
  body { transform: translateX(300px) scale(0.5) !important; filter: blur(3px) !important; overflow: hidden !important }
  body > div { display: block !important; position: fixed !important; inset: 0 !important; z-index: 2147483647 !important; background: pink !important }
</style><div>in the way</div><script src="URL/widget.js" data-channel="web" ATTRIBUTES></script></html>"""


def page_with(attributes: str = "", html: str = "<h1>Shop</h1>") -> Any:
    """A plain page with the chat."""
    return lambda url: (
        f'<!doctype html><html lang="en"><title>Shop</title>{html}'
        f'<script src="{url}/widget.js" data-channel="web" {attributes}></script>'
    )


def identity(sub: str, name: str) -> str:
    """What the site's own server says of a visitor, signed."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head = part(msgspec.json.encode({"alg": "HS256", "typ": "JWT"}))
    claims = part(msgspec.json.encode({"sub": sub, "name": name, "exp": int(time.time()) + 600}))
    signature = hmac.digest(SECRET.encode(), f"{head}.{claims}".encode(), hashlib.sha256)
    return f"{head}.{claims}.{part(signature)}"


@pytest.mark.parametrize("attributes", ["", 'data-position="left"'])
async def test_hostile_styles(tmp_path: Path, browser: Browser, attributes: str) -> None:
    """Whatever the page's styles say of everything, the chat is in its corner, on top, readable and in its own type."""
    async with (
        site(tmp_path, lambda url: HOSTILE.replace("URL", url).replace("ATTRIBUTES", attributes)) as (
            address,
            server,
        ),
        opened(browser, address, viewport={"width": 1000, "height": 700}) as page,
    ):
        launcher = page.get_by_role("button", name="Open the chat")
        box = await launcher.bounding_box()
        assert box is not None
        assert (box["width"], box["height"], box["y"]) == (56, 56, 700 - 76)
        assert box["x"] == (20 if attributes else 1000 - 76)
        await launcher.click()
        await write(page, "hello")
        await expect(page.locator(".bubble")).to_have_css("font-size", "15px")
        await expect(page.locator(".bubble")).not_to_have_css("color", "rgb(255, 0, 0)")
        await bot(server, await the_conversation(server), "Good morning")
        await expect(page.get_by_text("Good morning")).to_be_visible()
        box = await page.get_by_role("dialog").bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (400, 660)


async def test_colours_of_the_site(tmp_path: Path, browser: Browser) -> None:
    """The variables on the chat's element colour and shape it, by light and by dark, and nothing else has them."""
    style = """<style>
      openhandover-chat { --oh-accent: #0b5cad; --oh-on-accent: #fefefe; --oh-radius: 8px; --oh-font: monospace }
      @media (prefers-color-scheme: dark) { openhandover-chat { --oh-accent: #8cc2ff; --oh-on-accent: #06213d } }
    </style>"""
    html = page_with('data-open="true"', style)
    async with site(tmp_path, html) as (address, _), opened(browser, address, color_scheme="light") as page:
        await write(page, "hello")
        own = page.locator(".bubble")
        for scheme, ground, words in (
            ("light", "rgb(11, 92, 173)", "rgb(254, 254, 254)"),
            ("dark", "rgb(140, 194, 255)", "rgb(6, 33, 61)"),
        ):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            await expect(own).to_have_css("background-color", ground)
            await expect(own).to_have_css("color", words)
        await expect(own).to_have_css("border-start-start-radius", "8px")
        await expect(own).to_have_css("font-family", "monospace")
        own_name = "getComputedStyle(document.body).getPropertyValue('--oh-accent')"
        assert await page.evaluate(own_name) == ""


async def test_a_strict_policy(tmp_path: Path, browser: Browser) -> None:
    """The chat needs nothing of a site's content security policy but its own server; a broken rule would fail the test."""
    policy = "default-src 'none'; script-src {0}; connect-src {0} {1}; img-src {0}; require-trusted-types-for 'script'"
    places: list[str] = []

    def html(url: str) -> str:
        places.append(policy.format(url, url.replace("http", "ws")))
        return page_with()(url).replace(
            "<title>", f'<meta http-equiv="content-security-policy" content="{places[0]}"><title>'
        )

    async with site(tmp_path, html) as (address, server), opened(browser, address) as page:
        await page.get_by_role("button", name="Open the chat").click()
        await write(page, "hello")
        await bot(server, await the_conversation(server), "Good morning")
        await expect(page.get_by_text("Good morning")).to_be_visible()
        await page.get_by_role("button", name="Options").click()
        await expect(page.get_by_role("menu")).to_have_css("position", "absolute")


async def test_what_scripts_of_the_site_may_do(tmp_path: Path, browser: Browser) -> None:
    """They open and close the chat, hear of unread messages, and give facts that the conversation begins with."""
    waits = "<script>addEventListener('openhandover', () => { window.told = openhandover })</script>"
    async with (
        site(tmp_path, page_with('data-lang="nl"', f"<h1>Shop</h1><input>{waits}")) as (address, server),
        opened(browser, address) as page,
    ):
        assert await page.evaluate("told === openhandover")
        await page.evaluate(
            """window.heard = [];
            stop = openhandover.on("unread", count => heard.push(count));
            openhandover.on("open", is => heard.push(is));
            openhandover.set({ context: { order: "A-17" }, page: { title: "Basket" } });"""
        )
        await page.locator("input").focus()
        await page.evaluate("openhandover.open()")
        await expect(page.get_by_role("dialog", name="Haven")).to_be_visible()
        await write(page, "hallo")
        conversation_id = await the_conversation(server)
        context = (await server.call("GET", f"/v1/conversations/{conversation_id}")).body["context"]
        assert (context["order"], context["page"]["title"]) == ("A-17", "Basket")
        await page.evaluate("openhandover.toggle()")
        await bot(server, conversation_id, "Goedemorgen")
        await expect(page.get_by_role("button", name="1 nieuw bericht")).to_be_visible()
        assert await page.evaluate("heard") == [0, False, True, False, 1]
        await page.evaluate("stop(); openhandover.toggle(); openhandover.close()")
        assert (await page.evaluate("heard"))[5:] == [True, False]


async def test_a_chat_that_is_open_at_once(tmp_path: Path, browser: Browser) -> None:
    """With `data-open` the chat is open from the start, and the page keeps its focus."""
    async with (
        site(tmp_path, page_with('data-open="true"')) as (address, _),
        opened(browser, address) as page,
    ):
        await expect(page.get_by_label("Write a message")).to_be_visible()
        await expect(page.locator("body")).to_be_focused()


async def test_agents_see_the_page_that_the_visitor_is_on(tmp_path: Path, browser: Browser) -> None:
    """Where the conversation began is told, where the visitor goes by script too, and where they come by a link."""
    async with site(tmp_path, page_with()) as (address, server), opened(browser, address) as page:
        await page.get_by_role("button", name="Open the chat").click()
        await write(page, "hello")
        path = f"/v1/conversations/{await the_conversation(server)}"

        async def on(url: str, title: str) -> None:
            await server.until(
                path,
                lambda found: (
                    (found["context"]["page"]["url"], found["context"]["page"]["title"]) == (url, title)
                ),
            )

        await on(address, "Shop")
        await page.evaluate("history.pushState(null, '', '/order'); document.title = 'Your order'")
        await on(address.replace("/cart", "/order"), "Your order")
        await page.goto(address.replace("/cart", "/returns?a=" + "x" * 3_000))
        await on(address.replace("/cart", "/returns?a=" + "x" * 3_000)[:2_000], "Shop")


async def test_visitors_whom_the_site_knows(tmp_path: Path, browser: Browser) -> None:
    """Who logs in takes the talk along, still has it after a reload, and leaves nothing to whoever comes after them."""
    eva, bert = identity("customer-7", "Eva"), identity("customer-8", "Bert")
    async with site(tmp_path, page_with(), KNOWN) as (address, server), opened(browser, address) as page:
        await page.get_by_role("button", name="Open the chat").click()
        await write(page, "I am Eva")
        path = f"/v1/conversations/{await the_conversation(server)}"
        await expect(page.locator(".waiting")).to_have_count(0)
        await set_identity(page, eva)
        known = await server.until(path, lambda found: found["user"]["id"] == "customer-7")
        assert known["user"]["name"] == "Eva"
        await page.reload()
        await page.get_by_role("button", name="Open the chat").wait_for()
        await set_identity(page, eva)
        await page.get_by_role("button", name="Open the chat").click()
        await expect(page.get_by_text("I am Eva")).to_be_visible()
        await set_identity(page, bert)
        await expect(page.get_by_text("I am Eva")).to_have_count(0)
        await write(page, "I am Bert")
        await expect(page.locator(".waiting")).to_have_count(0)
        await set_identity(page, None)
        await expect(page.get_by_text("I am Bert")).to_have_count(0)
        await write(page, "I am nobody")
        await expect(page.locator(".waiting")).to_have_count(0)
        await shows(page, "I am nobody")
        talks = (await server.call("GET", "/v1/conversations")).body["items"]
        names = sorted(talk["user"].get("name") or "" for talk in talks)
        assert names == ["", "Bert", "Eva"]


async def set_identity(page: Page, token: str | None) -> None:
    """What the site's scripts do when somebody logs in or out."""
    await page.evaluate("identity => openhandover.set({ identity })", token)


async def test_a_forged_identity(tmp_path: Path, browser: Browser) -> None:
    """An identity that the site did not sign opens no chat, and nothing loops."""
    forged = identity("customer-7", "Eva")[:-4] + "AAAA"
    attributes = f'data-identity="{forged}" data-open="true"'
    async with site(tmp_path, page_with(attributes), KNOWN) as (address, server):
        context = await browser.new_context(locale="en-GB")
        page = await context.new_page()
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text))
        async with page.expect_console_message(lambda line: "the server refused the chat" in line.text):
            await page.goto(address)
        await expect(page.get_by_text("The chat is not available on this page.")).to_be_visible()
        assert sum("the server refused the chat" in line for line in said) == 1
        assert (await server.call("GET", "/v1/conversations")).body["items"] == []
        await context.close()


@pytest.mark.parametrize("size", [(740, 360), (360, 740), (720, 450)])
async def test_small_windows(tmp_path: Path, browser: Browser, size: tuple[int, int]) -> None:
    """A phone on its side, upright, and a window at 200 %: what one writes in and a message are in sight."""
    width, height = size
    async with (
        site(tmp_path, page_with()) as (address, server),
        opened(browser, address, viewport={"width": width, "height": height}) as page,
    ):
        await page.get_by_role("button", name="Open the chat").click()
        await write(page, "hello")
        await bot(server, await the_conversation(server), "Good morning")
        await expect(page.get_by_text("Good morning")).to_be_in_viewport(ratio=1)
        await expect(page.get_by_label("Write a message")).to_be_in_viewport(ratio=1)
        await expect(page.get_by_role("button", name="Close the chat")).to_be_in_viewport(ratio=1)


async def test_printing(server: Server, browser: Browser) -> None:
    """The full page prints the talk, not the field below it."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        await write(page, "hello")
        await page.emulate_media(media="print")
        await expect(page.get_by_text("hello")).to_be_visible()
        await expect(page.get_by_label("Write a message")).to_be_hidden()
