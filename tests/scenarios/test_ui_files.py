"""Files, both ways, and the ones that are refused."""

import re
import struct
import zlib
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.pages.people import AgentScreen, Upload, Visitor, at_desk, named, visiting
from tests.scenarios.house import open_house

pytestmark = pytest.mark.browser


def picture() -> bytes:
    """A real PNG, one pixel."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\x00\xff\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", body) + part(b"IEND", b"")


def upload(name: str, kind: str, content: bytes) -> Upload:
    """A file as the file dialog hands it over."""
    return {"name": name, "mimeType": kind, "buffer": content}


REFUSED = (
    upload("setup.exe", "application/x-msdownload", b"MZ" + b"\x00" * 200),
    upload("holiday.png", "image/png", b"MZ" + b"\x00" * 200),
    upload("film.txt", "text/plain", b"x" * 2_000_001),
)


async def fetched(page: Page, link: Locator) -> tuple[str, bytes]:
    """How the file behind the link is served, and what is in it."""
    answer = await page.context.request.get(str(await link.evaluate("each => each.href")))
    assert answer.status == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.headers["content-disposition"].partition(";")[0], await answer.body()


async def test_files_both_ways(tmp_path: Path) -> None:
    """Only while a person is there the visitor attaches files; what both send arrives, unchanged and as a download."""
    async with (
        open_house(tmp_path) as house,
        at_desk(house.browser, house.url, "anna") as anna,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        attach = kim.page.get_by_role("button", name="Attach a file")
        await kim.says("kim-0")
        await expect(kim.page.get_by_role("button", name="Track my order")).to_be_visible()
        await expect(attach).to_have_count(0)
        await named(house.server, "kim-0", "Kim")
        await kim.asks_for_a_person()
        await anna.takes("Kim")
        await expect(attach).to_be_visible()
        await kim.sends(upload("invoice.png", "image/png", picture()))
        await expect(kim.page.get_by_role("button", name="Remove invoice.png")).to_be_visible()
        await kim.says("see this")
        link = anna.log.get_by_role("link", name="invoice.png")
        await expect(link).to_be_visible()
        assert await fetched(anna.page, link) == ("attachment", picture())
        await give(anna, upload("answer.txt", "text/plain", b"the answer"))
        link = kim.log.get_by_role("link", name="answer.txt")
        await expect(link).to_be_visible()
        assert await fetched(kim.page, link) == ("attachment", b"the answer")
        await anna.resolves()
        await expect(attach).to_have_count(0)


async def give(anna: AgentScreen, file: Upload) -> None:
    """The agent attaches a file and sends it without a word."""
    await anna.page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    await expect(anna.page.get_by_role("button", name=f"Remove {file['name']}")).to_be_visible()
    await anna.page.get_by_role("button", name="Send", exact=True).click()


async def test_refused_files(tmp_path: Path) -> None:
    """By type, by what is really in it, and by size: each side reads why, nothing is attached, and the talk goes on."""
    async with (
        open_house(tmp_path) as house,
        at_desk(house.browser, house.url, "anna") as anna,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        await kim.says("kim-0")
        await named(house.server, "kim-0", "Kim")
        await kim.asks_for_a_person()
        await anna.takes("Kim")
        for file in REFUSED:
            for screen in (kim, anna):
                await screen.page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
                await reads_why(screen, "too large" if file["name"] == "film.txt" else "kind|type")
        await kim.says("kim-1")
        await anna.sees("kim-1")
        assert await anna.log.get_by_role("link", name=re.compile("setup|holiday|film")).count() == 0


async def reads_why(screen: Visitor | AgentScreen, words: str) -> None:
    """A sentence says what is wrong with the file; taken off the list, it is forgotten."""
    await expect(screen.page.get_by_role("alert").filter(has_text=re.compile(words))).to_be_visible()
    remove = screen.page.get_by_role("button", name=re.compile("^Remove "))
    await remove.click()
    await expect(remove).to_have_count(0)
