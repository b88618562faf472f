"""A real Chromium for tests marked `browser`, and the place for their screenshots.

    async with chromium() as browser:
        page = await browser.new_page()
        ...
        await page.screenshot(path=artifact("desk-accepted.png"))

`scripts/test` finds or installs the browser and names it in OPENHANDOVER_CHROMIUM; without that variable the one on PATH
is started, else Playwright's own.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).parent.parent

# Nothing that a browser does by itself may need a network, and CI runs as root, where Chromium has no sandbox.
FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless browser with an empty profile, closed at the end."""
    async with async_playwright() as playwright:
        found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
        program = os.environ.get("OPENHANDOVER_CHROMIUM") or next(filter(None, found), None)
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


def artifact(name: str) -> Path:
    """Where a file is written that a person may want to see after the run."""
    folder = Path(os.environ.get("OPENHANDOVER_ARTIFACTS") or ROOT / "artifacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name
