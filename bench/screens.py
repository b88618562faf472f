"""A real browser with pages of the server, and probes inside them: when something was pressed, seen, or stuttered.

All pages live in one browser on one machine, so that their clocks are one (`performance.timeOrigin + performance.now()`).
"""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from playwright.async_api import Browser, CDPSession, Locator, Page, async_playwright
from server import KEY, Server

PASSWORD = "a password of the bench"
_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD).replace("$", "$$")
_CONFIG = f"""
api: {{keys: [{{name: bench, key: {KEY}, scopes: [conversations, handovers, desk, admin]}}]}}
channels:
  web: {{type: webchat, provider: support}}
  app: {{type: api, provider: support}}
providers: {{support: {{type: desk}}}}
agents: {{robin: {{name: Robin, password_hash: "{_HASH}", capacity: 2000}}}}
"""
_FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run")

# When a word is first painted: the observer sees it in the document, the second frame after that shows it.
WATCH = """() => {
  const now = () => performance.timeOrigin + performance.now();
  window.pressed = []; window.painted = {};
  addEventListener("keydown", (event) => event.key === "Enter" && window.pressed.push(now()), true);
  const roots = [document.body, ...[...document.querySelectorAll("*")].map((each) => each.shadowRoot).filter(Boolean)];
  const seen = (text) => {
    for (const [word] of text.matchAll(/word-\\d+-end/g)) {
      if (word in window.painted) continue;
      window.painted[word] = null;
      requestAnimationFrame(() => requestAnimationFrame(() => (window.painted[word] = now())));
    }
  };
  const observer = new MutationObserver((changes) => changes.forEach((change) => {
    const log = change.target.parentElement?.closest("[role=log]") ?? change.target.closest?.("[role=log]");
    if (log) for (const node of change.addedNodes) seen(node.textContent ?? "");
    if (log && change.type === "characterData") seen(change.target.data);
  }));
  for (const root of roots) observer.observe(root, { subtree: true, childList: true, characterData: true });
}"""

# Scroll step by step, one step a frame, and say how long the frames took and which tasks were long.
SCROLL = """async ([selector, steps, by]) => {
  const deep = (node) => [...node.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? deep(each.shadowRoot) : [])]);
  const within = deep(document).filter((each) => each.matches(selector)).flatMap((each) => [each, ...each.querySelectorAll("*"), each.parentElement]);
  const box = within.filter((each) => each && each.scrollHeight > each.clientHeight + 20 && /auto|scroll/.test(getComputedStyle(each).overflowY))[0];
  if (!box) throw new Error(`nothing scrolls in ${selector}`);
  let long = 0;
  const observer = new PerformanceObserver((list) => (long += list.getEntries().length));
  observer.observe({ type: "longtask" });
  const frames = [];
  const reached = () => {
    const lines = [...box.textContent.matchAll(/Line (\\d+) of/g)].map((found) => Number(found[1]));
    return lines.length ? { at_line: Math.min(...lines) } : {};
  };
  let last = await new Promise(requestAnimationFrame);
  for (let step = 0; step < steps; step++) {
    box.scrollTop += by;
    const at = await new Promise(requestAnimationFrame);
    frames.push(at - last);
    last = at;
  }
  await new Promise((done) => setTimeout(done, 100));
  observer.disconnect();
  frames.sort((one, other) => one - other);
  const at = (part) => Math.round(frames[Math.floor((frames.length - 1) * part)] * 10) / 10;
  return { frame_p50_ms: at(0.5), frame_p99_ms: at(0.99), long_tasks: long, ...reached() };
}"""


class WebServer(Server):
    """A server with a web chat and a desk, and one agent whom nothing is too much for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 9, hooked=False)
        (folder / "openhandover.yaml").write_text(f"store: 'sqlite:{folder}/bench.db'\n{_CONFIG}")

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """OPENHANDOVER_CHROMIUM, else the one on PATH, else Playwright's own."""
    async with async_playwright() as playwright:
        found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
        program = os.environ.get("OPENHANDOVER_CHROMIUM") or next(filter(None, found), None)
        browser = await playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(browser: Browser, address: str = "") -> AsyncIterator[Page]:
    """A page in a profile of its own, with nothing in its cache."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    try:
        page = await context.new_page()
        if address:
            await page.goto(address)
        yield page
    finally:
        await context.close()


async def log_in(page: Page, url: str) -> None:
    """Robin at the desk."""
    await page.goto(f"{url}/desk")
    await page.get_by_label("Agent").fill("robin")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Password").press("Enter")
    await page.get_by_label("Your presence").select_option("online")


def chat_field(page: Page) -> Locator:
    """Where the visitor writes."""
    return page.get_by_role("textbox", name=re.compile("Write a message"))


async def since_navigation_ms(page: Page, target: Locator) -> float:
    """From the navigation until the target is there, as the page's clock says."""
    await target.first.wait_for(timeout=60_000)
    return float(await page.evaluate("performance.now()"))


class Costs:
    """What the main thread of a page spends, as the browser counts it."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._before: dict[str, float] = {}

    @classmethod
    async def of(cls, page: Page) -> "Costs":
        """Begin to count."""
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable")
        return cls(session)

    async def since_ms(self) -> dict[str, float]:
        """What was spent since the last call, in ms: script, layout and all of it."""
        names = {"ScriptDuration": "script", "LayoutDuration": "layout", "TaskDuration": "all"}
        metrics: list[dict[str, Any]] = (await self._session.send("Performance.getMetrics"))["metrics"]
        now = {names[each["name"]]: each["value"] * 1000 for each in metrics if each["name"] in names}
        spent = {name: value - self._before.get(name, 0) for name, value in now.items()}
        self._before = now
        return spent
