"""Take the pictures of the README from a running demo. Usage: python -m scripts.pictures

A visitor and Anna talk in two browsers while the simulation fills the lists; what they see goes to docs/pictures/.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.browser import chromium

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
LIVELY_S = 45
"""So long the simulation works before the pictures are taken."""


async def main() -> None:
    """The three pictures, one after the other."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with demo(Path(folder)) as (base, password), chromium() as browser:
            await asyncio.sleep(LIVELY_S)
            desk = await window(browser, 1280, 800)
            await desk.goto(f"{base}/desk")
            await desk.get_by_label("Agent").fill("anna")
            await desk.get_by_label("Password").fill(password)
            await desk.keyboard.press("Enter")
            await desk.get_by_label("Your presence").select_option("online")
            chat = await window(browser, 390, 760)
            await talk(base, chat, desk)
            await desk.screenshot(path=PICTURES / "desk.png")
            await chat.screenshot(path=PICTURES / "chat.png")
            await desk.goto(f"{base}/analytics")
            await desk.get_by_role("heading", name="How they ended").wait_for()
            await desk.get_by_role("heading", name="Figures").scroll_into_view_if_needed()
            await desk.mouse.wheel(0, 420)
            await desk.wait_for_timeout(1000)  # the charts are drawn after their figures came
            await desk.screenshot(path=PICTURES / "analytics.png")


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """A simulated demo on a free port: its address and Anna's password."""
    start = ("-c", "from openhandover.cli import main; main()", "demo", "--simulate", "--seed", "7")
    running = await asyncio.create_subprocess_exec(
        sys.executable, *start, "--folder", str(folder / "demo"), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert running.stdout
        said = (await running.stdout.readuntil(b"Ctrl-C")).decode()
        base = re.search(r"Web chat\s+(http://[^/]+)/", said)
        password = re.search(r"anna / (\S+)", said)
        assert base, said
        assert password, said
        yield base[1], password[1]
    finally:
        running.terminate()
        await running.wait()


async def window(browser: Browser, width: int, height: int) -> Page:
    """A page of its own size and cookies, drawn sharp enough for dense screens."""
    context = await browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=2, locale="en-GB"
    )
    return await context.new_page()


async def talk(base: str, chat: Page, desk: Page) -> None:
    """A visitor asks for a person and gets Anna."""
    await chat.goto(f"{base}/chat/web")
    field = chat.get_by_role("textbox", name="Write a message")
    for words, answer in (
        ("I would like to talk to a person", "What is it about"),
        ("My invoice", "e-mail"),
        ("kim@example.com", "name"),
        ("Kim Novak", "helped by a person"),
    ):
        await field.fill(words)
        await field.press("Enter")
        await chat.get_by_text(answer).last.wait_for()
    await (
        desk.get_by_role("listitem").filter(has_text="Kim Novak").get_by_role("button", name="Accept").click()
    )
    reply = desk.get_by_role("textbox", name="Write a message")
    await reply.fill("Hello Kim, this is Anna. I have your invoice in front of me: which line is wrong?")
    await reply.press("Enter")
    await chat.get_by_text("this is Anna").wait_for()
    await field.fill("The second one. I sent those shoes back three weeks ago.")
    await field.press("Enter")
    await desk.get_by_text("sent those shoes back").last.wait_for()
    await field.fill("And can I still change the delivery address of my other order?")
    await field.press("Enter")
    await desk.get_by_text("change the delivery address").last.wait_for()
    await reply.press_sequentially("Yes, ", delay=30)
    await chat.get_by_text("is typing").wait_for(state="attached")


if __name__ == "__main__":
    asyncio.run(main())
