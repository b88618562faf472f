"""A real Chromium for tests marked `browser`, the rules its pages are held to, and the place for their screenshots.

    async with chromium() as browser, opened(browser, "http://127.0.0.1:1234/desk") as page:
        ...
        await accessible(page)
        await page.screenshot(path=artifact("desk-accepted.png"))

`scripts/test` finds or installs the browser and names it in OPENHANDOVER_CHROMIUM; without that variable the one on PATH
is started, else Playwright's own.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

ROOT = Path(__file__).parent.parent

# A busy machine may take longer than the 5 s that are usual; what is there sooner is not waited for.
expect.set_options(timeout=15_000)

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


@asynccontextmanager
async def opened(browser: Browser, address: str, **options: Any) -> AsyncIterator[Page]:
    """A page at this address, in a profile of its own; what its scripts throw or its policy refuses fails the test."""
    size = {"width": 1440, "height": 900}
    context = await browser.new_context(**{"locale": "en-GB", "viewport": size, **options})
    try:
        page = await context.new_page()
        faults = watched(page)
        await page.goto(address)
        yield page
        assert not faults, "\n".join(faults)
    finally:
        await context.close()


def watched(page: Page) -> list[str]:
    """Everything that goes wrong in the page's scripts from now on, in a list that grows."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if _is_fault(line) else None)
    return faults


def _is_fault(line: ConsoleMessage) -> bool:
    """A refused or broken call is the page's to handle; every other error on the console is a fault."""
    handled = ("Failed to load resource", "WebSocket connection to", "net::ERR_")
    return line.type == "error" and not any(words in line.text for words in handled)


def artifact(name: str) -> Path:
    """Where a file is written that a person may want to see after the run."""
    folder = Path(os.environ.get("OPENHANDOVER_ARTIFACTS") or ROOT / "artifacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


# --- what every page is held to ---------------------------------------------------------------------------------


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text()


async def violations(page: Page) -> list[str]:
    """What axe-core finds wrong on the page as it is now, shadow roots included: one line for each broken rule."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(f"{_axe()};0")
    found = await page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(all => all.violations)"
    )
    return [_told(rule) for rule in found]


def _told(rule: dict[str, Any]) -> str:
    """One broken rule in a line: the first element that breaks it, why, and how many more do."""
    first, *others = rule["nodes"]
    reason = " ".join(first.get("failureSummary", "").split())
    more = f" (and {len(others)} more)" if others else ""
    return f"{rule['id']}: {first['target']} {first['html'][:120]} | {reason[:300]}{more}"


async def accessible(page: Page, state: str = "") -> None:
    """Fail with every violation that axe-core finds."""
    found = await violations(page)
    assert not found, "\n".join([f"{len(found)} violations {state}".rstrip(), *found])
