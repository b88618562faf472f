"""The web chat in a real browser: what a visitor does, and what must never happen to them."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from openhandover.config.load import load_text
from openhandover.web import serve as servers
from tests.browser import artifact, opened
from tests.channels.screen import bot, handover, shows, site, texts, the_conversation, write
from tests.channels.visitor import CONFIG
from tests.desk.floor import HASH, Agent
from tests.ports import free_port
from tests.serving import Server, running_server

pytestmark = pytest.mark.browser


def hostile(url: str) -> str:
    """A page whose styles claim everything."""
    return f"""<!doctype html><html lang="nl"><meta name="viewport" content="width=device-width, initial-scale=1">
    <style>* {{ font: 40px serif !important; color: red !important; display: block; }} button {{ display: none !important; }}</style>
    <h1>Shop</h1><script src="{url}/widget.js" data-channel="web" async></script></html>"""


async def test_from_the_bot_to_a_person_and_back(server: Server, browser: Browser) -> None:
    """Write, press a button, wait in the queue, talk to Anna, send a file, reload, go on with the bot."""
    anna = await Agent(server, "anna").here()
    async with opened(browser, f"{server.url}/chat/web") as page:
        await write(page, "Where is my order?")
        conversation_id = await the_conversation(server)
        buttons = [{"text": "Track it", "value": "t"}, {"text": "A person, please", "value": "p"}]
        await bot(server, conversation_id, "What shall I do?", buttons=buttons)
        await expect(page.get_by_role("button", name="Track it")).to_be_visible()
        await expect(page.get_by_label("Attach a file")).to_have_count(0)
        await page.get_by_role("button", name="A person, please").click()
        await expect(page.get_by_role("button", name="Track it")).to_have_count(0)
        handover_id = await handover(
            server, conversation_id, queue={"position": True}, cancel={"button": "Never mind"}
        )
        await expect(page.get_by_text("Waiting for a person")).to_be_visible()
        await expect(page.get_by_text("You are next")).to_be_visible()
        await page.screenshot(path=artifact("webchat-queue-1440.png"))
        await anna.accept(handover_id)
        await expect(page.get_by_role("heading", name="Anna")).to_be_visible()
        await expect(page.get_by_text("Waiting for a person")).to_have_count(0)
        await expect(page.get_by_role("button", name="Never mind")).to_have_count(0)
        await anna.call("POST", f"handovers/{handover_id}/typing", {"on": True})
        await expect(page.get_by_text("Anna is typing")).to_be_attached()
        await anna.say(handover_id, "Good morning")
        await expect(page.get_by_text("Good morning")).to_be_visible()
        await expect(page.get_by_text("Anna is typing")).to_have_count(0, timeout=3_000)  # not by its own end
        file = {"name": "invoice.txt", "mimeType": "text/plain", "buffer": b"my invoice"}
        await page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
        await write(page, "Here it is")
        await expect(page.get_by_role("link", name="invoice.txt")).to_be_visible()
        before = await texts(page)
        await page.reload()
        await shows(page, *before)
        await expect(page.get_by_role("heading", name="Anna")).to_be_visible()
        await page.screenshot(path=artifact("webchat-active-1440.png"))
        await anna.call("POST", f"handovers/{handover_id}/close", {})
        await expect(page.get_by_role("heading", name="Harbour")).to_be_visible()
        await expect(page.get_by_label("Attach a file")).to_have_count(0)
        await bot(server, conversation_id, "Anything else?")
        await expect(page.get_by_text("Anything else?")).to_be_visible()


async def test_the_banner_and_the_sentence_say_the_same_wait(tmp_path: Path, browser: Browser) -> None:
    """75 seconds are two minutes in both, as waiting times are rounded up; in Dutch, who is next is not yet served."""
    more = "".join(f'  {name}: {{name: {name}, password_hash: "{HASH}"}}\n' for name in ("carl", "dora"))
    async with (
        running_server(tmp_path, CONFIG + more) as server,
        opened(browser, f"{server.url}/chat/web", locale="nl-NL") as page,
    ):
        for name in ("anna", "bob", "carl", "dora"):
            await Agent(server, name).here()
        await write(page, "hallo")
        told = {"position": True, "estimated_wait": True}
        await handover(server, await the_conversation(server), queue=told)
        await expect(page.get_by_text("De geschatte wachttijd is 2 minuten")).to_be_visible()
        await expect(page.get_by_text("U bent de volgende · ongeveer 2 minuten")).to_be_visible()


async def test_the_visitor_withdraws(server: Server, browser: Browser) -> None:
    """Pressing the cancel button takes the banner away and gives the conversation back to the bot."""
    await Agent(server, "anna").here()
    async with opened(browser, f"{server.url}/chat/web") as page:
        await write(page, "help")
        conversation_id = await the_conversation(server)
        handover_id = await handover(server, conversation_id, cancel={"button": "Never mind"})
        await page.get_by_role("button", name="Never mind").click()
        await expect(page.get_by_text("Waiting for a person")).to_have_count(0)
        ended = (await server.call("GET", f"/v1/handovers/{handover_id}")).body
        assert (ended["status"], ended["reason"]) == ("cancelled", "user_cancelled")


async def test_nothing_is_lost_while_the_server_is_away(tmp_path: Path, browser: Browser) -> None:
    """What is written while the server is down is shown as unsent, survives a reload and is sent once when it is back."""
    config = load_text(f"store: sqlite:{tmp_path}/chat.db\n{CONFIG}")
    async with aiohttp.ClientSession() as http:
        running = await servers.start(config, host="127.0.0.1", port=free_port())
        server = Server(running.url, running.engine, http)
        async with opened(browser, f"{server.url}/chat/web") as page:
            await write(page, "one")
            conversation_id = await the_conversation(server)
            await expect(page.get_by_text("Sent", exact=False)).to_be_visible()
            running.stop()
            await running.ended
            await write(page, "two")
            await write(page, "three")
            await expect(page.get_by_text("No connection.")).to_be_visible(timeout=10_000)
            await expect(page.locator(".waiting")).to_have_text(["two", "three"])
            running = await servers.start(config, host="127.0.0.1", port=running.port)
            server = Server(running.url, running.engine, http)
            await page.reload()
            await expect(page.locator(".waiting")).to_have_count(0, timeout=45_000)
            await expect(page.get_by_text("No connection.")).to_have_count(0)
            await shows(page, "one", "two", "three")
            stored = (await server.call("GET", f"/v1/conversations/{conversation_id}/messages")).body["items"]
            assert [item["text"] for item in stored] == ["one", "two", "three"]
        running.stop()
        await running.ended


EFFECTS_COME_LATE = """() => {
  const later = window.setTimeout
  window.requestAnimationFrame = () => 0
  window.setTimeout = (call, ms, ...rest) => later(call, ms > 0 && ms < 200 ? 1500 : ms, ...rest)
}"""
"""A device so busy that what the page does after painting comes after the server's answers."""


async def test_a_busy_device_shows_the_talk_as_well(server: Server, browser: Browser) -> None:
    """What comes before the page has painted for the first time is on the screen, without anything more to come."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        await write(page, "Where is my order?")
        await bot(server, await the_conversation(server), "On its way")
        await shows(page, "Where is my order?", "On its way")
        await page.add_init_script(f"({EFFECTS_COME_LATE})()")
        await page.reload()
        await shows(page, "Where is my order?", "On its way")


async def test_two_tabs_show_the_same(server: Server, browser: Browser) -> None:
    """Both tabs of a visitor are in one conversation, and each shows what the other said, once."""
    async with opened(browser, f"{server.url}/chat/web") as one:
        await write(one, "from one")
        await expect(one.locator(".waiting")).to_have_count(0)
        other = await one.context.new_page()
        await other.goto(f"{server.url}/chat/web")
        await expect(other.get_by_text("from one")).to_be_visible()
        await write(other, "from other")
        for page in (one, other):
            await shows(page, "from one", "from other")
        assert len((await server.call("GET", "/v1/conversations")).body["items"]) == 1


async def test_embedded_in_a_foreign_page_by_keyboard(tmp_path: Path, browser: Browser) -> None:
    """On a site with hostile styles the chat looks like itself, speaks the site's language and needs no mouse."""
    size = {"width": 360, "height": 740}
    async with (
        site(tmp_path, hostile) as (address, server),
        opened(browser, address, viewport=size, color_scheme="dark") as page,
    ):
        await use_by_keyboard(server, page)


async def use_by_keyboard(server: Server, page: Page) -> None:
    """Open, write, close, be told of news, open again."""
    launcher = page.get_by_role("button", name="Chat openen")
    await expect(launcher).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Haven")).to_be_visible()
    await expect(page.get_by_label("Schrijf een bericht")).to_be_focused()
    await page.keyboard.type("hallo")
    await page.keyboard.press("Enter")
    bubble = page.locator(".bubble")
    await expect(bubble).to_have_text("hallo")
    await expect(bubble).to_have_css("font-size", "15px")
    conversation_id = await the_conversation(server)
    await bot(server, conversation_id, "Goedemorgen, waarmee kan ik u helpen?")
    await expect(bubble).to_have_count(2)
    await page.screenshot(path=artifact("webchat-embedded-360-dark.png"))
    await page.keyboard.press("Escape")
    await expect(launcher).to_be_focused()
    await bot(server, conversation_id, "Bent u er nog?")
    await expect(page.get_by_role("button", name="1 nieuw bericht")).to_be_visible()
    await page.screenshot(path=artifact("webchat-badge-360-dark.png"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Bent u er nog?")).to_be_visible()
    path = f"/v1/conversations/{conversation_id}/messages"
    await server.until(path, lambda listed: listed["items"][-1]["delivery"]["state"] == "read")


async def test_a_site_that_is_not_listed_cannot_chat(tmp_path: Path, browser: Browser) -> None:
    """On another site the chat stays calm, says that it has no connection, and no conversation begins."""
    async with site(tmp_path, hostile) as (address, server):
        page = await browser.new_page()  # its console tells of the refusal
        await page.goto(address.replace("127.0.0.1", "localhost"))
        await page.get_by_role("button", name="Chat openen").click()
        await expect(page.get_by_text("Geen verbinding.")).to_be_visible(timeout=10_000)
        await page.close()
        assert (await server.call("GET", "/v1/conversations")).body["items"] == []


async def test_nobodys_html_is_rendered(server: Server, browser: Browser) -> None:
    """Markup and script from either side are shown as text; only web addresses become links, and they give nothing away."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        evil = "<img src=x onerror=alert(1)><script>alert(1)</script> javascript:alert(1)"
        await write(page, evil)
        conversation_id = await the_conversation(server)
        await bot(server, conversation_id, f"{evil} see https://shop.example/a?b=<i>")
        await expect(page.locator(".bubble")).to_have_count(2)
        assert (await texts(page))[0] == evil
        assert await page.locator(".bubble :is(img, script, i)").count() == 0
        links = page.locator(".bubble a")
        assert await links.evaluate_all("all => all.map(a => [a.href, a.rel])") == [
            ["https://shop.example/a?b=", "noopener noreferrer nofollow"]
        ]


async def test_the_visitor_ends_and_begins_again(server: Server, browser: Browser) -> None:
    """Ending asks once more, keeps the text on the screen, and a new chat is another conversation."""
    async with opened(browser, f"{server.url}/chat/web", locale="fr-FR") as page:
        field = page.get_by_label("Écrivez un message")
        await field.fill("bonjour")
        await field.press("Enter")
        await page.get_by_role("button", name="Options").click()
        await page.get_by_role("menuitem", name="Terminer la discussion").click()
        await page.get_by_role("dialog").get_by_role("button", name="Terminer la discussion").click()
        await expect(page.get_by_text("Vous avez terminé cette discussion.")).to_be_visible()
        await shows(page, "bonjour")
        await page.get_by_role("button", name="Nouvelle discussion").click()
        await expect(page.get_by_text("Bonjour !")).to_be_visible()
        await server.until("/v1/conversations", lambda listed: len(listed["items"]) == 2)


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "light"), (360, "dark"), (1440, "light"), (1440, "dark")]
)
async def test_it_fits_on_every_screen(server: Server, browser: Browser, width: int, scheme: Any) -> None:
    """Enormous words, many emoji and right-to-left text stay inside the page; nothing scrolls sideways."""
    size = {"width": width, "height": 740}
    async with opened(browser, f"{server.url}/chat/web", viewport=size, color_scheme=scheme) as page:
        for text in (
            "x" * 400,
            "\U0001f600" * 120,
            "שלום, איפה ההזמנה שלי? order 12",
            "a line\n\nand another",
        ):
            await write(page, text)
        await expect(page.locator(".waiting")).to_have_count(0)
        await bot(server, await the_conversation(server), "Hello " + "y" * 300)
        await expect(page.locator(".bubble")).to_have_count(5)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        sideways = "log => log.scrollWidth <= log.clientWidth"
        assert await page.get_by_role("log").evaluate(sideways)
        await page.screenshot(path=artifact(f"webchat-{width}-{scheme}.png"))


async def test_right_to_left(server: Server, browser: Browser) -> None:
    """On a page that reads from right to left the visitor's own messages stand on the left."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        await page.route(
            f"{server.url}/chat/web",
            lambda route: route.fulfill(
                body=f'<!doctype html><html dir="rtl"><link rel="stylesheet" href="/chat.css">'
                f'<script src="{server.url}/widget.js" data-channel="web" data-mode="page" defer></script>',
                content_type="text/html",
            ),
        )
        await page.reload()
        await write(page, "שלום")
        box = await page.locator(".user .bubble").bounding_box()
        assert box is not None
        assert box["x"] < 720
        await page.screenshot(path=artifact("webchat-rtl.png"))


async def test_a_chat_opened_by_a_finger_has_no_frame_around_it(server: Server, browser: Browser) -> None:
    """Where fingers are, the log takes the focus so that no keyboard comes up, and shows nothing of it."""
    async with opened(browser, f"{server.url}/chat/web", has_touch=True, is_mobile=True) as page:
        log = page.get_by_role("log")
        await expect(log).to_be_focused()
        await expect(log).to_have_css("outline-style", "none")
