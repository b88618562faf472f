"""The chat around its log: menu, files, signs, rating, and what is told while it is closed."""

import base64
import re
import struct
import zlib
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import opened
from tests.channels.screen import bot, handover, shows, site, the_conversation, write
from tests.channels.visitor import CONFIG
from tests.desk.floor import Agent
from tests.serving import Server, running_server

pytestmark = pytest.mark.browser


def picture() -> bytes:
    """A small PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x20\x80\x60" * 8) * 8
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


async def with_anna(server: Server, page: Page, **settings: object) -> tuple[Agent, str]:
    """The visitor talks to Anna; she and the handover."""
    anna = await Agent(server, "anna").here()
    await write(page, "help")
    handover_id = await handover(server, await the_conversation(server), **settings)
    await anna.accept(handover_id)
    await expect(page.get_by_role("heading", name="Anna")).to_be_visible()
    return anna, handover_id


async def give(page: Page, event: str, *files: tuple[str, str, bytes]) -> None:
    """Drop or paste files: (name, type, content)."""
    plain = [[name, kind, base64.b64encode(content).decode()] for name, kind, content in files]
    await page.get_by_label("Write a message").evaluate(
        """(field, [event, files]) => {
          const carried = new DataTransfer();
          for (const [name, type, content] of files)
            carried.items.add(new File([Uint8Array.from(atob(content), one => one.charCodeAt(0))], name, { type }));
          const about = { bubbles: true, composed: true, cancelable: true };
          field.dispatchEvent(event === "paste"
            ? new ClipboardEvent("paste", { ...about, clipboardData: carried })
            : new DragEvent("drop", { ...about, dataTransfer: carried }));
        }""",
        [event, plain],
    )


async def test_files_to_a_person(server: Server, browser: Browser) -> None:
    """Dropped and pasted files go with the message, pictures are shown; what is not taken says why and can be put away."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        await give(page, "drop", ("early.png", "image/png", picture()))
        await expect(page.get_by_text("Files cannot be sent now.")).to_be_visible()
        anna, handover_id = await with_anna(server, page)
        await give(page, "drop", ("one.png", "image/png", picture()), ("note.txt", "text/plain", b"hello"))
        await give(page, "paste", ("image.png", "image/png", picture()))
        await give(
            page,
            "drop",
            ("evil.png", "image/png", b"MZ\x90\x00" + b"\0" * 100),
            ("empty.txt", "text/plain", b""),
        )
        await give(page, "drop", ("big.txt", "text/plain", b"x" * (10 * 1024 * 1024 + 1)))
        chips = page.locator(".chips li")
        await expect(chips).to_have_count(6)
        await expect(chips.filter(has_text="We cannot take files of this kind.")).to_have_count(2)
        await expect(chips.filter(has_text="big.txt")).to_contain_text("This is too large.")
        await page.get_by_role("button", name="Remove big.txt").click()
        await page.get_by_role("button", name="Send").click()
        await expect(chips).to_have_count(0)
        shown = page.get_by_role("img")
        await expect(shown).to_have_count(2)
        assert await shown.evaluate_all("all => all.map(one => one.alt)") == ["one.png", "image.png"]
        await expect(page.get_by_role("link", name="note.txt")).to_be_visible()
        await page.get_by_role("link", name="one.png").scroll_into_view_if_needed()
        await page.wait_for_function(
            """() => [...document.querySelector('openhandover-chat').shadowRoot.querySelectorAll('.picture img')]
                 .every(one => one.naturalWidth === 8)"""
        )
        await anna.call("POST", f"handovers/{handover_id}/close", {})
        await expect(page.get_by_label("Attach a file")).to_have_count(0)


async def test_the_menu_by_keyboard(server: Server, browser: Browser) -> None:
    """Arrows move, Escape closes the innermost thing, focus comes back, and ending is asked twice."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        await write(page, "hello")
        await expect(page.locator(".waiting")).to_have_count(0)
        options = page.get_by_role("button", name="Options")
        await options.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("menuitemcheckbox", name="Sound")).to_be_focused()
        await page.keyboard.press("ArrowUp")
        await expect(page.get_by_role("menuitem", name="End chat")).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("menuitem", name="Save conversation")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("menu")).to_have_count(0)
        await expect(options).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Keep chatting")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(options).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Keep chatting")).to_be_focused()
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        await expect(options).to_be_focused()
        await page.get_by_role("button", name="New chat").press("Enter")
        await expect(page.get_by_label("Write a message")).to_be_focused()


async def test_sound_is_the_visitors_choice(server: Server, browser: Browser) -> None:
    """It is off; switched on it sounds for what others say, not for one's own words; the choice outlives a reload."""
    listen = """
      window.tones = 0;
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (...args) { window.tones++; return start.apply(this, args); };
    """
    async with opened(browser, f"{server.url}/chat/web") as page:
        await page.add_init_script(listen)
        await page.reload()
        await write(page, "hello")
        conversation_id = await the_conversation(server)
        await bot(server, conversation_id, "silent")
        await expect(page.get_by_text("silent")).to_be_visible()
        assert await page.evaluate("tones") == 0
        await page.get_by_role("button", name="Options").click()
        await page.get_by_role("menuitemcheckbox", name="Sound", checked=False).click()
        assert await page.evaluate("tones") == 2
        await write(page, "my own")
        await bot(server, conversation_id, "heard")
        await expect(page.get_by_text("heard")).to_be_visible()
        assert await page.evaluate("tones") == 4
        await page.reload()
        await expect(page.get_by_text("heard")).to_be_visible()
        assert await page.evaluate("tones") == 0
        await page.get_by_role("button", name="Options").click()
        await expect(page.get_by_role("menuitemcheckbox", name="Sound", checked=True)).to_be_visible()


async def test_a_rating_on_a_phone(server: Server, browser: Browser) -> None:
    """The field for a word to the score has a line of its own, so that its question can be read."""
    async with opened(browser, f"{server.url}/chat/web", viewport={"width": 360, "height": 740}) as page:
        anna, handover_id = await with_anna(server, page, rating={"ask": True})
        await anna.call("POST", f"handovers/{handover_id}/close", {})
        await page.get_by_role("radio", name="5 of 5").check()
        field = await page.get_by_label("Anything to add?").bounding_box()
        assert field is not None and field["width"] > 260


async def test_a_rating_for_each_talk(server: Server, browser: Browser) -> None:
    """The question comes once after each talk, answers by keyboard, and names the talk that it was asked for."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        for score in (4, 2):
            anna, handover_id = await with_anna(server, page, rating={"ask": True})
            await anna.call("POST", f"handovers/{handover_id}/close", {})
            await page.get_by_role("radio", name="3 of 5").focus()
            await page.keyboard.press("Space")
            await page.keyboard.press("ArrowRight" if score == 4 else "ArrowLeft")
            await page.get_by_label("Anything to add?").fill("kind")
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("Thank you for your answer.")).to_be_visible()
            await expect(page.get_by_role("radio")).to_have_count(0)
            await expect(page.get_by_label("Write a message")).to_be_focused()
            path = f"/v1/handovers/{handover_id}"
            rated = await server.until(path, lambda found: found["rating"])
            assert (rated["rating"]["score"], rated["rating"]["comment"]) == (score, "kind")
        await page.reload()
        await expect(page.get_by_text("The conversation with Anna has ended").first).to_be_visible()
        await expect(page.get_by_role("radio")).to_have_count(0)


async def test_a_rating_that_is_put_off(server: Server, browser: Browser) -> None:
    """ "Not now" is an answer: the question does not come back with a reload."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        anna, handover_id = await with_anna(server, page, rating={"ask": True})
        await anna.call("POST", f"handovers/{handover_id}/close", {})
        await page.get_by_role("button", name="Not now").click()
        await expect(page.get_by_role("radio")).to_have_count(0)
        await page.reload()
        await expect(page.get_by_text("The conversation with Anna has ended")).to_be_visible()
        await expect(page.get_by_role("radio")).to_have_count(0)


async def test_nobody_is_there(tmp_path: Path, browser: Browser) -> None:
    """Outside opening hours the chat says so and when the team is back, whatever the visitor's clock says."""
    config = CONFIG.replace("{type: desk}", '{type: desk, hours: "Mon 09:00-09:01 Europe/Amsterdam"}')
    async with running_server(tmp_path, config) as server:
        for locale, words in (
            ("en-GB", r"Our team is away\. We are back \S+ \d\d:\d\d\."),
            ("nl-NL", r"Ons team is er nu niet\. We zijn \S+ om \d\d:\d\d terug\."),
        ):
            async with opened(browser, "about:blank", locale=locale) as page:
                await page.clock.set_fixed_time("2001-01-01T12:00:00Z")
                await page.goto(f"{server.url}/chat/web")
                await expect(page.get_by_text(re.compile(words))).to_be_visible()
                await write(page, "anybody?")
                await expect(page.locator(".waiting")).to_have_count(0)
                await expect(page.locator(".day")).to_have_text("Today" if locale == "en-GB" else "Vandaag")


def shop(url: str) -> str:
    """A page with the chat in its corner."""
    return f'<!doctype html><html lang="en"><title>Shop</title><script src="{url}/widget.js" data-channel="web"></script>'


async def test_news_beside_the_closed_chat(tmp_path: Path, browser: Browser) -> None:
    """The newest message is told quietly, can be put away, and opens the chat; focus goes in and comes back."""
    async with site(tmp_path, shop) as (address, server), opened(browser, address) as page:
        launcher = page.get_by_role("button", name="Open the chat")
        await launcher.click()
        await expect(page.get_by_label("Write a message")).to_be_focused()
        await write(page, "hello")
        conversation_id = await the_conversation(server)
        await page.get_by_label("Write a message").fill("half a senten")
        await page.keyboard.press("Escape")
        await expect(launcher).to_be_focused()
        await bot(server, conversation_id, "first news")
        await expect(page.locator(".preview")).to_contain_text("first news")
        await page.get_by_role("button", name="Hide this message").click()
        await expect(page.locator(".preview")).to_have_count(0)
        await expect(page.get_by_role("button", name="1 new message")).to_be_visible()
        await bot(server, conversation_id, "second news")
        await page.get_by_role("button", name="second news").click()
        await expect(page.get_by_role("dialog", name="Harbour")).to_be_visible()
        await shows(page, "hello", "first news", "second news")
        await expect(page.get_by_label("Write a message")).to_have_value("half a senten")
        await expect(page).to_have_title("Shop")


async def test_a_talk_that_has_expired(server: Server, browser: Browser) -> None:
    """When the key to the talk opens nothing any more, the visitor is told, and what they write begins a new one."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        await write(page, "long ago")
        await bot(server, await the_conversation(server), "Good morning")
        await expect(page.get_by_text("Good morning")).to_be_visible()
        await page.evaluate(
            """() => {
              const [key, kept] = Object.entries(localStorage)[0];
              localStorage.setItem(key, JSON.stringify({ ...JSON.parse(kept), token: "v1.gone.gone" }));
            }"""
        )
        await page.reload()
        await expect(page.get_by_text("Your earlier chat has expired.")).to_be_visible()
        await write(page, "again")
        await expect(page.locator(".waiting")).to_have_count(0)
        await shows(page, "again")
        await server.until("/v1/conversations", lambda listed: len(listed["items"]) == 2)


async def test_a_file_that_comes_too_late(server: Server, browser: Browser) -> None:
    """A file that waits when the person leaves says that it cannot go, and does not hold back the next message."""
    async with opened(browser, f"{server.url}/chat/web") as page:
        anna, handover_id = await with_anna(server, page)
        await give(page, "paste", ("image.png", "image/png", picture()))
        await expect(page.get_by_role("button", name="Send")).to_be_enabled()
        await anna.call("POST", f"handovers/{handover_id}/close", {})
        await expect(page.get_by_text("Files cannot be sent now.")).to_be_visible()
        await expect(page.get_by_role("button", name="Send")).to_be_disabled()
        await write(page, "never mind")
        await expect(page.locator(".waiting")).to_have_count(0)
        await page.get_by_role("button", name="Remove image.png").click()
        await expect(page.get_by_text("Files cannot be sent now.")).to_have_count(0)
        await shows(page, "help", "One moment please, we are finding somebody for you.", "never mind")


async def test_a_page_wider_than_the_phone(tmp_path: Path, browser: Browser) -> None:
    """A site that is too wide is shown smaller by the phone; the open chat covers all of it, down to the last line."""

    def wide(url: str) -> str:
        return f"""<!doctype html><meta name="viewport" content="width=device-width"><div style="width: 440px">Shop</div>
        <script src="{url}/widget.js" data-channel="web" data-open="true"></script>"""

    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    async with site(tmp_path, wide) as (address, _), opened(browser, address, **phone) as page:
        panel = page.get_by_role("dialog")
        await expect(panel).to_be_visible()
        await page.wait_for_function("visualViewport.scale < 0.9")
        element = await panel.element_handle()
        covers = "panel => panel.getBoundingClientRect().height >= visualViewport.height - 1"
        await page.wait_for_function(covers, arg=element)
