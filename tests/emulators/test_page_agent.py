"""Everything that an agent can do on the page, and nothing that this vendor's agents cannot."""

import aiohttp
import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from openhandover.conform.caller import Caller
from openhandover.emulators.cm import CmEmulator
from openhandover.net.client import HttpClient
from tests.browser import accessible, artifact, chromium, opened, watched
from tests.contract.desk_emulator import SECRET, DeskEmulator
from tests.emulators.cm import calling

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}


async def told(desk: DeskEmulator, kind: str) -> None:
    """The desk has told this by webhook."""
    await desk.wait_until(lambda: any(one.kind == kind for one in desk.callbacks.sent))


async def work(browser: Browser, desk: DeskEmulator, file: FilePayload, **options: object) -> None:
    """An agent takes a chat, types, answers, notes, sends a file, tells the queue, gives it away, leaves and ends."""
    async with opened(browser, f"{desk.url}/", **options) as page, HttpClient() as http:
        faults = watched(page)
        await Caller(desk.url, SECRET, http).open()
        await page.locator("#chats button").click()
        await page.get_by_text("More that an agent does").click()
        await page.get_by_role("button", name="Tell the queue").click()
        await told(desk, "queue.updated")
        await page.get_by_role("button", name="Join").click()
        await expect(page.locator("#state")).to_have_text("with you")
        await page.get_by_label("Your message").press_sequentially("Good morning")
        await told(desk, "agent.typing")
        await page.keyboard.press("Enter")
        await told(desk, "agent.message")
        await note(page, desk)
        await page.locator("#file").set_input_files(file)
        link = page.get_by_role("log").get_by_role("link", name=file["name"])
        await expect(link).to_be_visible()
        async with (
            aiohttp.ClientSession() as session,
            session.get(str(await link.get_attribute("href"))) as answer,
        ):
            assert await answer.read() == file["buffer"]
        await page.get_by_role("button", name="Transfer").click()
        await told(desk, "agent.transferred")
        await page.get_by_role("button", name="Send an unknown event").click()
        await told(desk, "agent.sneezed")
        await accessible(page, "everything an agent does")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.screenshot(path=artifact(f"emulator-agent-{'phone' if options else 'desktop'}.png"))
        await page.get_by_role("button", name="Leave").click()
        await told(desk, "agent.left")
        await page.get_by_role("button", name="End", exact=True).click()
        await told(desk, "handover.closed")
        assert not faults


async def note(page: Page, desk: DeskEmulator) -> None:
    """Written for agents only, by the keyboard alone."""
    sent = len(desk.callbacks.sent)
    await page.get_by_text("Private note", exact=True).click()
    await expect(page.get_by_placeholder("For agents only")).to_be_visible()
    await page.get_by_label("Your message").fill("she is in a hurry")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log").locator(".note")).to_contain_text("she is in a hurry")
    assert len(desk.callbacks.sent) == sent
    await page.locator("#as").get_by_text("Agent", exact=True).click()


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
async def test_an_agent_does_everything(options: dict[str, object]) -> None:
    """Each button does at the vendor what it says; in the light and in the dark, wide and narrow."""
    file = FilePayload(name="answer.txt", mimeType="text/plain", buffer="schöne Grüße".encode())
    async with chromium() as browser, DeskEmulator() as desk:
        await work(browser, desk, file, **options)


async def test_there_is_no_button_for_what_the_vendor_cannot() -> None:
    """CM's agents answer and end; the page offers nothing else."""
    async with chromium() as browser, CmEmulator() as cm, opened(browser, f"{cm.url}/emulator/") as page:
        cm.visitor("ada", "Ada").says("hello")
        cm.take_over(next(iter(cm.chats)))
        await page.get_by_role("button", name="Ada").click()
        await expect(page.get_by_role("button", name="End", exact=True)).to_be_visible()
        for name in ("Join", "Leave", "File", "Transfer"):
            await expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
        await expect(page.get_by_text("More that an agent does")).to_be_hidden()
        await expect(page.get_by_text("Private note")).to_be_hidden()


class Waits(DeskEmulator):
    """A vendor that tells how long it will take, and no position."""

    queue_figures = frozenset({"wait_s"})


async def test_of_the_queue_only_what_the_vendor_tells_is_offered() -> None:
    """A figure that nobody would pass on has no field on the page, and is refused by HTTP."""
    async with chromium() as browser, Waits() as desk, HttpClient() as http:
        await Caller(desk.url, SECRET, http).open()
        async with opened(browser, f"{desk.url}/") as page:
            await page.locator("#chats button").click()
            await page.get_by_text("More that an agent does").click()
            await expect(page.get_by_label("Wait, seconds")).to_be_visible()
            await expect(page.get_by_label("Position")).to_be_hidden()
            await page.get_by_role("button", name="Tell the queue").click()
            await told(desk, "queue.updated")
        (said,) = [one for one in desk.callbacks.sent if one.kind == "queue.updated"]
        assert (b'"estimated_wait_ms": 120000' in said.body, b'"position": null' in said.body) == (True, True)
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{desk.url}/emulator/chats/x/queue", json={"position": 3}) as answer,
        ):
            assert answer.status == 501
            assert "cannot tell position" in (await answer.json())["error"]


async def test_what_cannot_be_done_is_refused_with_a_reason() -> None:
    """The same by HTTP: 501 for what this vendor lacks, 400 for what makes no sense."""
    async with CmEmulator() as cm, calling(cm) as caller:
        status, answer = await caller.call("POST", "/emulator/chats/x/joins", {})
        assert status == 501
        assert "cannot join" in str(answer)
    async with DeskEmulator() as desk, aiohttp.ClientSession() as http:
        for name, body, why in (
            ("queue", {"position": "three"}, "position"),
            ("sends-file", {"content": "not base64!"}, "base64"),
            ("notes", {}, "text"),
            ("transfers", {"name": " "}, "name"),
        ):
            async with http.post(f"{desk.url}/emulator/chats/x/{name}", json=body) as answer:
                assert answer.status == 400
                assert why in (await answer.json())["error"]
