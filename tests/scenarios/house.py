"""A real server process with web chats and a desk, and a real browser, for the stories that people see."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser

from tests.browser import chromium
from tests.pages.place import config
from tests.scenarios.process import Process, client
from tests.serving import Server


class House:
    """The process, the browser, and a client of the API. The address stays over a restart."""

    def __init__(self, process: Process, server: Server, browser: Browser) -> None:
        self.process = process
        self.server = server
        self.browser = browser
        self.url = server.url

    async def restart(self) -> None:
        """Start the killed process again at the same address."""
        assert await self.process.start(int(self.url.rpartition(":")[2])) == self.url


@asynccontextmanager
async def open_house(folder: Path, text: str | None = None) -> AsyncGenerator[House]:
    """A running house; ends the process and the browser."""
    process = Process(folder, text or config())
    try:
        url = await process.start()
        async with client(url) as server, chromium() as browser:
            yield House(process, server, browser)
    finally:
        await process.end()
