"""What people wait for: first paint, a word from one screen to the other, long lists and long talks.

    python bench/ui.py [--json] [--quick] [--only paint words many long] [--folder DIR]

paint    the widget with nothing in the cache: the full page until something is painted and until one can write; embedded
         in a page of one heading, until that page and until the launcher is there, beside the same page without it.
words    from the Enter of the agent to the visitor's screen, and back, one word at a time; both clocks are the browser's.
         A frame is 16.7 ms, and painting takes one or two of them.
many     the desk with many open conversations against one with few: until the list is there, what an incoming message
         costs the page's script, and the frames while the list is scrolled (long: tasks over 50 ms).
long     a conversation with many messages against one with few, on the desk and in the widget: until the newest is
         seen, and the frames while one scrolls back; `at_line` is where that led.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from playwright.async_api import Browser, Page
from relay import machine
from screens import (
    SCROLL,
    WATCH,
    Costs,
    WebServer,
    chat_field,
    chromium,
    log_in,
    opened,
    since_navigation_ms,
)
from server import KEY

SHOP = '<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1>{script}</html>'
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
ROWS = '[role=list], [role="listbox"], nav'


class Api:
    """The server's API, many calls at a time."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._slots = asyncio.Semaphore(32)

    async def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """One call that must be answered."""
        headers = {"Authorization": f"Bearer {KEY}"}
        async with (
            self._slots,
            self._http.request(method, f"{self._url}/v1{path}", json=body, headers=headers) as answer,
        ):
            if answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json()

    async def talk(self, number: int, lines: int = 0) -> str:
        """A conversation that Robin has accepted, with a talk behind it."""
        said = [
            {"author": ("user", "bot")[n % 2], "text": f"Line {n} of a talk.", "at": _time(n)}
            for n in range(lines)
        ]
        body = {
            "id": f"c{number}",
            "channel": "app",
            "user": {"id": f"u{number}", "name": f"Visitor {number}"},
        }
        await self("POST", "/conversations", {**body, "transcript": said})
        await self(
            "POST", f"/conversations/c{number}/messages", {"author": "user", "text": "Is anybody there?"}
        )
        handover = {"id": f"h{number}", "initiator": "user"}
        await self("POST", f"/conversations/c{number}/handovers?wait_s=20", handover)
        await self("POST", f"/desk/handovers/h{number}/accept?agent=robin", {})
        return f"c{number}"


def _time(number: int) -> str:
    return f"2026-01-12T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"


def spread(values: list[float]) -> dict[str, float]:
    """p50 and p90, in ms."""
    ordered = sorted(values)
    return {
        "p50_ms": round(statistics.median(ordered), 1),
        "p90_ms": round(ordered[int((len(ordered) - 1) * 0.9)], 1),
    }


# --- paint ------------------------------------------------------------------------------------------------------


async def paint(browser: Browser, server: WebServer, api: Api, scale: int) -> dict[str, Any]:
    """Cold loads of the full page, of a page that embeds the chat, and of that page without it."""
    found: dict[str, list[float]] = {}
    tag = f'<script src="{server.url}/widget.js" data-channel="web" async></script>'
    for _ in range(4 * scale):
        async with opened(browser, f"{server.url}/chat/web") as page:
            ready = await since_navigation_ms(page, chat_field(page))
            await page.wait_for_function(FIRST_PAINT)
            found.setdefault("page_can_write", []).append(ready)
            found.setdefault("page_first_paint", []).append(await page.evaluate(FIRST_PAINT))
        for name, script in (("embedded", tag), ("without", "")):
            async with opened(browser) as page:
                await page.route(f"{server.url}/shop", _shop(script))
                await page.goto(f"{server.url}/shop")
                if script:
                    launcher = page.get_by_role("button", name="Open the chat")
                    found.setdefault("launcher", []).append(await since_navigation_ms(page, launcher))
                await page.wait_for_function(FIRST_PAINT)
                found.setdefault(f"{name}_first_paint", []).append(await page.evaluate(FIRST_PAINT))
    return {name: spread(values) for name, values in found.items()} | {"runs": 4 * scale}


def _shop(script: str) -> Any:
    return lambda route: route.fulfill(body=SHOP.format(script=script), content_type="text/html")


# --- words ------------------------------------------------------------------------------------------------------


async def words(browser: Browser, server: WebServer, api: Api, scale: int) -> dict[str, Any]:
    """A word at a time, from Enter to the other's screen."""
    async with opened(browser) as desk, opened(browser, f"{server.url}/chat/web") as chat:
        await log_in(desk, server.url)
        field = chat_field(chat)
        await field.fill("Hello")
        await field.press("Enter")
        conversation = await _newest(api)
        body = {"initiator": "user"}
        handover = await api("POST", f"/conversations/{conversation}/handovers?wait_s=20", body)
        await api("POST", f"/desk/handovers/{handover['id']}/accept?agent=robin", {})
        await desk.get_by_role("navigation").get_by_text("Hello").first.click()
        answer = desk.get_by_role("textbox", name="Write a message")
        await answer.wait_for()
        for page in (desk, chat):
            await page.evaluate(WATCH)
        count = 12 * scale + 2
        to_visitor = [await _a_word(desk, answer, chat, f"word-{n}-end") for n in range(count)]
        to_agent = [await _a_word(chat, field, desk, f"word-{count + n}-end") for n in range(count)]
        # the first ones warm up
        return {
            "agent_to_visitor": spread(to_visitor[2:]),
            "visitor_to_agent": spread(to_agent[2:]),
            "words": count - 2,
        }


async def _newest(api: Api) -> str:
    async with asyncio.timeout(20):
        while not (listed := (await api("GET", "/conversations"))["items"]):
            await asyncio.sleep(0.02)
    return str(listed[0]["id"])


async def _a_word(sender: Page, field: Any, receiver: Page, word: str) -> float:
    """Milliseconds from Enter to paint."""
    await field.fill(word)
    await field.press("Enter")
    seen = await receiver.wait_for_function("(word) => window.painted[word]", arg=word, timeout=20_000)
    painted = float(await seen.json_value())
    await asyncio.sleep(0.35)  # nobody writes faster, and both pages limit how much comes at once
    return painted - float(await sender.evaluate("window.pressed.at(-1)"))


# --- many conversations -----------------------------------------------------------------------------------------


async def many(browser: Browser, server: WebServer, api: Api, scale: int) -> dict[str, Any]:
    """The desk with few and with many open conversations."""
    await api("PUT", "/desk/presence?agent=robin", {"presence": "online"})
    found: dict[str, Any] = {}
    made = 0
    for name, count in (("few", 5), ("many", 125 * scale)):
        await asyncio.gather(*(api.talk(n) for n in range(made, count)))
        made = count
        found[name] = {"conversations": count, **await _desk(browser, server, api, count)}
    few, lot = found["few"], found["many"]
    found["factor"] = {key: round(lot[key] / few[key], 2) for key in ("list_ms", "script_per_message_ms")}
    return found


async def _desk(browser: Browser, server: WebServer, api: Api, count: int) -> dict[str, Any]:
    async with opened(browser) as page:
        await log_in(page, server.url)
        item = page.get_by_role("navigation").get_by_text("Visitor").first
        await item.wait_for()
        loads: list[float] = []
        for _ in range(3):
            await page.goto(f"{server.url}/desk")
            loads.append(await since_navigation_ms(page, item))
        await page.wait_for_timeout(1000)
        messages = 50
        costs = await Costs.of(page)
        await costs.since_ms()
        for n in range(messages):
            body = {"author": "user", "text": f"News {n}"}
            await api("POST", f"/conversations/c{n % count}/messages", body)
            await asyncio.sleep(0.05)
        await page.wait_for_timeout(1000)
        spent = {
            f"{name}_per_message_ms": round(ms / messages, 2) for name, ms in (await costs.since_ms()).items()
        }
        scroll = await page.evaluate(SCROLL, [ROWS, 120, 60]) if count > 50 else {}
        return {
            "list_ms": round(statistics.median(loads)), **spent, **({"scroll": scroll} if scroll else {}),
        }  # fmt: skip


# --- a long conversation ----------------------------------------------------------------------------------------


async def long(browser: Browser, server: WebServer, api: Api, scale: int) -> dict[str, Any]:
    """A talk of few and of many messages, on both sides."""
    await api("PUT", "/desk/presence?agent=robin", {"presence": "online"})
    found: dict[str, Any] = {}
    for number, (name, lines) in enumerate((("few", 50), ("many", 1250 * scale))):
        await api.talk(10_000 + number, lines)
        desk = await _long_at_the_desk(browser, server, f"Visitor {10_000 + number}")
        found[name] = {
            "messages": lines,
            "desk": desk,
            "widget": await _long_chat(browser, server, api, lines),
        }
    found["factor"] = {
        side: round(found["many"][side]["open_ms"] / found["few"][side]["open_ms"], 2)
        for side in ("desk", "widget")
    }
    return found


async def _long_at_the_desk(browser: Browser, server: WebServer, name: str) -> dict[str, Any]:
    async with opened(browser) as page:
        await log_in(page, server.url)
        item = page.get_by_role("navigation").get_by_text(name, exact=True).first
        await item.wait_for()
        began = float(await page.evaluate("performance.now()"))
        await item.click()
        ready = await since_navigation_ms(page, page.get_by_role("log").get_by_text("Is anybody there?"))
        return {
            "open_ms": round(ready - began),
            "scroll": await page.evaluate(SCROLL, ["[role=log]", 240, -120]),
        }


async def _long_chat(browser: Browser, server: WebServer, api: Api, lines: int) -> dict[str, Any]:
    async with opened(browser, f"{server.url}/chat/web") as page:
        await chat_field(page).fill(f"Hello {lines}")
        await chat_field(page).press("Enter")
        conversation = await _that_says(api, f"Hello {lines}")
        for n in range(
            lines
        ):  # the visitor's own words, as from another device: nobody has to read them first
            said = {"author": "user", "text": f"Line {n} of a talk."}
            await api("POST", f"/conversations/{conversation}/messages", said)
        opens: list[float] = []
        for _ in range(5):
            await page.goto(f"{server.url}/chat/web")
            newest = page.get_by_role("log").get_by_text(f"Line {lines - 1} of")
            opens.append(await since_navigation_ms(page, newest))
        scroll = await page.evaluate(SCROLL, ["[role=log]", 240, -120])
        return {"open_ms": round(statistics.median(opens)), "scroll": scroll}


async def _that_says(api: Api, text: str) -> str:
    async with asyncio.timeout(20):
        while True:
            for item in (await api("GET", "/conversations?limit=20"))["items"]:
                said = (await api("GET", f"/conversations/{item['id']}/messages?limit=1"))["items"]
                if said and said[0]["text"] == text:
                    return str(item["id"])
            await asyncio.sleep(0.02)


# --- all of it --------------------------------------------------------------------------------------------------

Part = Callable[[Browser, WebServer, Api, int], Awaitable[dict[str, Any]]]
PARTS: dict[str, Part] = {"paint": paint, "words": words, "many": many, "long": long}


async def measure(folder: Path, only: list[str], *, quick: bool) -> dict[str, Any]:
    """Everything asked for, each with a server of its own."""
    found: dict[str, Any] = {"machine": machine()}
    for name in only:
        place = folder / name
        place.mkdir()
        server = WebServer(place)
        try:
            await server.spawn()
            await server.ready()
            async with chromium() as browser, aiohttp.ClientSession() as http:
                found["machine"]["chromium"] = browser.version
                found[name] = await PARTS[name](browser, server, Api(http, server.url), 1 if quick else 4)
        finally:
            await server.kill()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="a quarter of everything")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument(
        "--folder", type=Path, default=Path.cwd(), help="where the databases lie; its disk is measured"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        found = uvloop.run(measure(Path(folder), asked.only, quick=asked.quick))
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, part in found.items():
        print(name, *(f"  {key}: {value}" for key, value in part.items()), sep="\n")


if __name__ == "__main__":
    main()
