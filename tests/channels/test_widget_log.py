"""The log of the chat: a long talk page by page, and texts that try to break out."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import opened
from tests.channels.screen import bot, shows, texts, the_conversation, write
from tests.serving import Server

pytestmark = pytest.mark.browser

LONG = 260
MOST = 151  # what may be in the page at a time, and what is on its way
PLACE = """log => {
  const top = log.getBoundingClientRect().top;
  const seen = [...log.querySelectorAll(".bubble")].find(one => one.getBoundingClientRect().top >= top);
  return [seen.innerText, seen.getBoundingClientRect().top - top];
}"""


async def a_long_talk(server: Server, page: Page) -> str:
    """The conversation of this page, with many numbered messages; the page is loaded anew."""
    await write(page, "text 0")
    conversation_id = await the_conversation(server)
    path = f"/v1/conversations/{conversation_id}/messages"
    await server.until(path, lambda listed: listed["items"])
    epoch = (await server.call("GET", f"/v1/conversations/{conversation_id}")).body["epoch"]
    await page.goto("about:blank")
    for number in range(1, LONG):
        body = {"author": "bot" if number % 2 else "user", "text": f"text {number}", "epoch": epoch}
        assert (await server.call("POST", path, body)).status == 201
    await page.goto(f"{server.url}/chat/web")
    await expect(page.get_by_text(f"text {LONG - 1}", exact=True)).to_be_in_viewport()
    await expect(page).to_have_title("Harbour")  # all of it is seen
    return conversation_id


async def place(page: Page, scrolled_to: str = "log.scrollTop") -> Any:
    """The text of the first message that is wholly in sight, and how far below the top of the log it is; of what
    scrolling brings, nothing is there yet."""
    return await page.get_by_role("log").evaluate(
        f"log => {{ log.scrollTop = {scrolled_to}; return ({PLACE})(log) }}"
    )


async def scroll(page: Page, to: str) -> None:
    """Scroll the log, and wait until what that brings is drawn."""
    await page.get_by_role("log").evaluate(
        f"""log => new Promise(done => {{
          log.scrollTop = {to};
          requestAnimationFrame(() => requestAnimationFrame(done));
        }})"""
    )


async def test_a_long_talk_is_read_backwards(server: Server, browser: Browser) -> None:
    """First the newest page is there; scrolling up brings the earlier ones, in order, each once, and never too many at a time."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        await a_long_talk(server, page)
        assert len(await texts(page)) <= 60
        seen: set[str] = set()
        while "text 0" not in seen:
            shown = await texts(page)
            numbers = [int(text.removeprefix("text ")) for text in shown]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            assert len(numbers) <= MOST
            seen |= set(shown)
            await scroll(page, "0")
        assert len(seen) == LONG
        await page.get_by_role("button", name="To the newest message").click()
        await expect(page.get_by_text(f"text {LONG - 1}", exact=True)).to_be_in_viewport()
        await expect(page.get_by_role("button", name="To the newest message")).to_have_count(0)
        while "text 0" not in await texts(page):
            await scroll(page, "0")
        while f"text {LONG - 1}" not in await texts(page):
            await scroll(page, "log.scrollHeight")
            assert len(await texts(page)) <= MOST


async def test_what_is_read_stays_where_it_is(server: Server, browser: Browser) -> None:
    """Neither earlier messages that load above nor new ones that come below move the text under the reader's eyes."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        conversation_id = await a_long_talk(server, page)
        before = len(await texts(page))
        was = await place(page, "300")
        await expect(page.locator(".bubble")).not_to_have_count(before)
        text, top = await place(page)
        assert text == was[0]
        assert abs(top - was[1]) <= 2
        await bot(server, conversation_id, "news")
        await expect(page.get_by_role("button", name="To the newest message")).to_have_text("1")
        text, top = await place(page)
        assert text == was[0]
        assert abs(top - was[1]) <= 2
        await expect(page).to_have_title("(1) Harbour")
        await page.get_by_role("button", name="To the newest message").click()
        await expect(page.get_by_text("news", exact=True)).to_be_in_viewport()
        await expect(page).to_have_title("Harbour")


async def test_the_whole_talk_can_be_kept(server: Server, browser: Browser) -> None:
    """The saved file has every message, also those that were never on the screen."""
    async with opened(browser, f"{server.url}/chat/web", accept_downloads=True) as page:
        await a_long_talk(server, page)
        await page.get_by_role("button", name="Options").click()
        async with page.expect_download() as download:
            await page.get_by_role("menuitem", name="Save conversation").click()
        file = await download.value
        assert file.suggested_filename == "Harbour.txt"
        lines = (await file.path()).read_text().splitlines()
        assert [line for line in lines if line.startswith("text ")] == [
            f"text {number}" for number in range(LONG)
        ]
        assert sum(line.endswith(" You") for line in lines) == LONG // 2


async def test_no_text_turns_the_page_around(server: Server, browser: Browser) -> None:
    """Overrides of direction, in messages and names, end where the text ends."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        trick = "\u202egnp.exe \u2066\u202e cod"
        await write(page, trick)
        await bot(server, await the_conversation(server), f"{trick} and more", metadata={})
        await expect(page.locator(".bubble")).to_have_count(2)
        for time in await page.locator("time").all():
            assert (await time.inner_text())[2] == ":"
        widths = await page.locator(".name bdi, .bubble p").evaluate_all(
            "all => all.map(one => getComputedStyle(one).unicodeBidi)"
        )
        assert set(widths) <= {"isolate", "plaintext"}


async def test_long_texts(server: Server, browser: Browser) -> None:
    """Ten thousand characters go through; near the limit the room is told, beyond it sending waits; what cannot be seen is not sent."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        field = page.get_by_label("Write a message")
        send = page.get_by_role("button", name="Send")
        await field.fill("\u200b\u2060 \u202e\ufeff")
        await expect(send).to_be_disabled()
        await field.fill("\U0001f600" * 8_192 + "x")
        await expect(page.get_by_text("This message is too long.")).to_be_visible()
        await expect(send).to_be_disabled()
        await field.fill("\U0001f600" * 8_000)
        await expect(page.get_by_text("768 characters left")).to_be_visible()
        await field.fill("word " * 2_000)
        await expect(page.get_by_text("characters left")).to_have_count(0)
        await field.press("Enter")
        await expect(page.locator(".waiting")).to_have_count(0)
        path = f"/v1/conversations/{await the_conversation(server)}/messages"
        stored = (await server.call("GET", path)).body["items"]
        assert [len(item["text"]) for item in stored] == [10_000]


async def test_too_fast(server: Server, browser: Browser) -> None:
    """Who sends too much at once is told kindly; everything arrives by itself, once and in order."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        sent = [f"quick {number}" for number in range(50)]
        await page.context.set_offline(True)  # so that it goes at once, however slowly it is typed
        for text in sent:
            await write(page, text)
        await page.context.set_offline(False)
        await expect(page.get_by_text("That was a lot at once.")).to_be_visible()
        await expect(page.locator(".waiting")).to_have_count(0, timeout=30_000)
        await expect(page.get_by_text("That was a lot at once.")).to_have_count(0)
        await shows(page, *sent)
