"""The page where a person plays the agent of an emulated vendor, in a real browser."""

import asyncio

import pytest
from playwright.async_api import Browser, Route, expect

from openhandover.emulators.cm import CmEmulator
from tests.browser import accessible, artifact, chromium, opened, watched
from tests.emulators.cm import CUT, calling
from tests.ports import free_port

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}


async def talk(browser: Browser, cm: CmEmulator, **options: object) -> None:
    """An agent comes online, answers, and ends; a visitor is played from the same page."""
    async with opened(browser, f"{cm.url}/", **options) as page, calling(cm) as caller:
        faults = watched(page)
        await page.get_by_role("button", name="Online").click()
        await cm.wait_until(lambda: cm.presence.channels)
        await page.get_by_role("button", name="New visitor").click()
        await page.get_by_label("Your message").fill("I need a person")
        await page.keyboard.press("Enter")
        chat = await cm.wait_until(lambda: next(iter(cm.chats.values()), None))
        await cm.wait_until(lambda: len(chat.lines) == 2)
        await caller.mutate(chat.id, CUT, {"CustomerInfo": '{"name": "Ada <b>Example</b>"}'})
        await page.get_by_text("Agent", exact=True).click()
        await page.get_by_label("Your message").fill("Here I am")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("log").get_by_text("Here I am")).to_be_visible()
        await cm.wait_until(lambda: cm.visitor("visitor-1").answers == ["Here I am"])
        await page.get_by_text("About this chat").click()
        await expect(page.get_by_text("Ada <b>Example</b>")).to_be_visible()
        await accessible(page, "a chat")
        name = "phone" if options else "desktop"
        await page.screenshot(path=artifact(f"emulator-cm-{name}.png"))
        await page.get_by_role("button", name="End", exact=True).click()
        await expect(page.locator("#state")).to_have_text("ended")
        if options:
            await page.get_by_role("button", name="All chats").click()
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.get_by_role("button", name="Calls").click()
        await page.get_by_text("POST mutation").click()
        await expect(page.get_by_text("ruleMutation").first).to_be_visible()
        await accessible(page, "the calls")
        assert not faults


async def test_a_person_is_the_agent_on_a_desktop():
    """From no chat to an ended one, with what was called to look at; nothing on the page is against the rules."""
    async with chromium() as browser, CmEmulator() as cm:
        await talk(browser, cm)


async def test_a_person_is_the_agent_on_a_phone():
    """The same in the dark on 360 pixels: one thing at a time, and nothing sticks out."""
    async with chromium() as browser, CmEmulator() as cm:
        await talk(browser, cm, **PHONE)


SCROLLED_WHILE_IT_SHRINKS = """() => {
  const lines = document.getElementById("lines")
  lines.scrollTop -= 1
  lines.style.flex = "0 0 9rem"
}"""
"""The page hears of the scrolling, a pixel off the end, only when there is less room already."""


async def test_the_newest_line_stays_in_sight():
    """What opens above takes room from older lines, and a screen with less room shows the newest, too."""
    async with chromium() as browser, CmEmulator() as cm:
        visitor = cm.visitor("ada", "Ada")
        for number in range(30):
            visitor.says(f"line {number}")
        async with opened(browser, f"{cm.url}/emulator/", **PHONE) as page:
            await page.get_by_role("button", name="Ada").click()
            newest = page.get_by_role("log").get_by_text("line 29")
            await expect(newest).to_be_in_viewport()
            await page.get_by_text("About this chat").click()
            await expect(newest).to_be_in_viewport()
            await page.set_viewport_size({"width": 360, "height": 480})
            await expect(newest).to_be_in_viewport()
            await page.set_viewport_size({"width": 360, "height": 780})
            await page.evaluate(SCROLLED_WHILE_IT_SHRINKS)
            await expect(newest).to_be_in_viewport()


async def test_where_it_is_narrow_the_way_of_a_call_is_seen():
    """A call whose name does not fit has its arrow, like every other one."""
    async with chromium() as browser, CmEmulator() as cm, calling(cm) as caller:
        await caller.mutate("nobody", CUT, {})
        async with opened(browser, f"{cm.url}/emulator/", viewport={"width": 220, "height": 600}) as page:
            await page.get_by_role("button", name="Calls").click()
            row = page.locator("#log li")
            await expect(row).to_have_count(1)
            way = await row.locator(".way").bounding_box()
            assert way
            assert way["width"] > 10
            assert await row.locator("summary").evaluate("row => row.scrollWidth <= row.clientWidth")


async def test_who_reads_the_calls_goes_on_reading_when_one_more_comes():
    """What has the focus keeps it, and what is being pressed stays under the finger."""
    async with chromium() as browser, CmEmulator() as cm, calling(cm) as caller:
        await caller.mutate("nobody", CUT, {})
        async with opened(browser, f"{cm.url}/emulator/") as page:
            await page.get_by_role("button", name="Calls").click()
            row = page.locator("#log li")
            await expect(row).to_have_count(1)
            first = row.first.locator("summary")
            await first.focus()
            await caller.mutate("nobody", CUT, {})
            await expect(row).to_have_count(2)
            await expect(first).to_be_focused()


async def test_who_is_offline_is_told_to_go_online():
    """An empty page says what is missing."""
    async with chromium() as browser, CmEmulator() as cm, opened(browser, f"{cm.url}/emulator/") as page:
        await expect(page.get_by_text("No chats yet. Go online")).to_be_visible()
        await page.get_by_role("button", name="Online").click()
        await expect(page.get_by_text("No chats yet. One appears here")).to_be_visible()


async def test_what_is_written_while_a_message_is_on_its_way_stays():
    """The answer to what was sent takes nothing away that was begun meanwhile."""
    under_way: asyncio.Queue[Route] = asyncio.Queue()
    async with chromium() as browser, CmEmulator() as cm, opened(browser, f"{cm.url}/emulator/") as page:
        cm.visitor("ada", "Ada").says("hello")
        cm.take_over(next(iter(cm.chats)))
        await page.route("**/says", under_way.put)
        await page.get_by_role("button", name="Ada").click()
        field = page.get_by_label("Your message")
        await field.fill("one")
        await page.keyboard.press("Enter")
        said = await asyncio.wait_for(under_way.get(), 10)
        await field.fill("two")
        await field.blur()
        await said.continue_()
        await expect(field).to_be_focused()
        await expect(field).to_have_value("two")


async def test_a_new_visitor_comes_on_screen_however_late_the_answer():
    """The page may hear of the new chat before it hears that it is the one it asked for."""
    async with chromium() as browser, CmEmulator() as cm, opened(browser, f"{cm.url}/emulator/") as page:

        async def late(route: Route) -> None:
            answer = await route.fetch()
            await expect(page.get_by_role("button", name="Visitor 1")).to_be_visible()
            await route.fulfill(response=answer)

        await page.route("**/says", late)
        await page.get_by_role("button", name="New visitor").click()
        await expect(page.get_by_role("log").get_by_text("Hello")).to_be_visible()


async def test_the_page_says_when_the_emulator_is_gone_and_comes_back_with_it():
    """A stopped emulator is told; once it answers on the same address, its new chats are shown."""
    async with chromium() as browser:
        first = CmEmulator(port=(port := free_port()))
        await first.start()
        async with opened(browser, f"{first.url}/emulator/") as page:
            await expect(page.get_by_text("No chats yet")).to_be_visible()
            await first.stop()
            await expect(page.get_by_role("alert")).to_be_visible()
            async with CmEmulator(port=port) as second:
                second.visitor("ada", "Ada").says("hello")
                await expect(page.get_by_role("button", name="Ada")).to_be_visible()
                await expect(page.get_by_role("alert")).to_be_hidden()


async def test_the_page_may_load_nothing_from_elsewhere():
    """Its policy allows its own files only, and no frame around it."""
    async with CmEmulator() as cm, calling(cm) as caller:
        for name in ("", "page.js", "page.css", "icon.svg"):
            assert (await caller.call("GET", f"/emulator/{name}"))[0] == 200
        async with caller.http.get(f"{cm.url}/emulator/") as answer:
            policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "frame-ancestors 'none'" in policy
