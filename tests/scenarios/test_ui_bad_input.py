"""What people paste, and what goes wrong around them: each has a kind word, and nothing is lost."""

import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser import artifact, watched
from tests.desk.floor import Agent
from tests.pages.people import AgentScreen, Visitor, at_desk, log_in, named, visiting
from tests.scenarios.house import House, open_house

pytestmark = pytest.mark.browser

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
ODD = {
    "markup": "<img src=x onerror=alert(1)><script>alert(1)</script><b>bold</b> {{7*7}} javascript:alert(1)",
    "word": "w" * 4000,
    "emoji": FAMILY * 300,
    "marks": "Z" + "\u0351\u0352\u0353\u0354" * 200 + "o",
    "unseen": "\u200b\u200c\u200d\ufeff\u2060 a\u200bb \u00ad\u00ad",
    "bidi": "\u202egpj.exe\u202e \u2067\u2066 abc \u05d0\u05d1\u05d2 12",
    "nothing": "\x07\x1b[31m tab\there",
    "long": "A sentence of ordinary length. " * 322 + "The end.",
}


def sideways(page: Page) -> Any:
    """Whether anything that holds the talk can be scrolled sideways."""
    return page.get_by_role("log").first.evaluate("each => each.scrollWidth > each.clientWidth")


async def met(house: House, kim: Visitor, anna: AgentScreen, name: str = "Kim") -> str:
    """Kim and Anna talk; the id of the conversation."""
    await kim.says("kim-0")
    conversation_id = await named(house.server, "kim-0", name)
    await kim.asks_for_a_person()
    await anna.takes("Kim")
    return conversation_id


async def test_odd_texts_both_ways(tmp_path: Path) -> None:
    """Markup, endless words, emoji, stacked marks, invisible and turning characters, 10,000 characters: stored as they are, shown as text."""
    assert len(ODD["long"]) > 9_900
    async with (
        open_house(tmp_path) as house,
        at_desk(house.browser, house.url, "anna") as anna,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        conversation_id = await met(house, kim, anna)
        for name, text in ODD.items():
            await kim.says(text)
            await anna.says(text)
            await kim.says(f"after-{name} kim-1")
            await anna.sees(f"after-{name}")
        path = f"/v1/conversations/{conversation_id}/messages?limit=1000"
        count = 3 * len(ODD)
        items = (
            await house.server.until(path, lambda got: sum(_said(item) for item in got["items"]) == count + 1)
        )["items"]
        for author in ("user", "agent"):
            texts = [item["text"] for item in items if item["author"] == author]
            assert [text for text in texts if text in ODD.values()] == list(ODD.values())
        await expect(kim.page.get_by_text("Sending…")).to_have_count(0)
        for screen in (kim, anna):
            assert await screen.log.locator("img, script, b").count() == 0
            for width in (1440, 360):
                await screen.page.set_viewport_size({"width": width, "height": 900})
                assert not await sideways(screen.page)
                wide = "document.scrollingElement.scrollWidth > innerWidth"
                assert not await screen.page.evaluate(wide)
                await screen.page.screenshot(path=artifact(f"story-odd-{type(screen).__name__}-{width}.png"))


def _said(item: dict[str, Any]) -> bool:
    return item["author"] in ("user", "agent")


async def test_a_name_turns_nothing_around(tmp_path: Path) -> None:
    """A turning character in the visitor's name or words does not reverse what stands beside it."""
    async with (
        open_house(tmp_path) as house,
        at_desk(house.browser, house.url, "anna") as anna,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        await met(house, kim, anna, "Kim \u202eevil")
        await kim.says("words kim-1 \u202eturned")
        await anna.sees("kim-1")
        for button in ("Resolve", "Transfer"):
            await expect(anna.page.get_by_role("button", name=button, exact=True)).to_be_visible()
        await kim.page.keyboard.type("I am writing")
        await expect(anna.page.get_by_text("is typing")).to_be_visible()
        assert await anna.page.evaluate(TURNED) == []
        await anna.page.screenshot(path=artifact("story-turned-name.png"))


# A turning character acts to the end of its block unless something isolates it: what stands behind it would be turned.
TURNED = """() => {
  const found = [];
  const isolates = (each) => /isolate|plaintext/.test(getComputedStyle(each).unicodeBidi);
  const inline = (each) => getComputedStyle(each).display === "inline";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const at = node.data.lastIndexOf("\\u202e");
    if (at < 0 || /[\\u202c\\u2069]/.test(node.data.slice(at))) continue;
    if (!/^\\S*$/.test(node.data.slice(at))) found.push(node.data);
    for (let each = node; each.parentElement; each = each.parentElement) {
      for (let next = each.nextSibling; next; next = next.nextSibling) {
        if (next.nodeType === Node.ELEMENT_NODE && !inline(next)) break;
        if (next.textContent.trim()) found.push(`${node.data}${next.textContent}`);
      }
      if (isolates(each.parentElement) || !inline(each.parentElement)) break;
    }
  }
  return found;
}"""


async def test_the_visitors_clock_is_wrong(tmp_path: Path) -> None:
    """With a clock a year behind the visitor's words are sent, ordered and shown; nothing is renewed or repeated."""
    async with (
        open_house(tmp_path) as house,
        at_desk(house.browser, house.url, "anna") as anna,
        visiting(house.browser, "about:blank", timezone_id="Pacific/Kiritimati") as kim,
    ):
        await kim.page.clock.set_system_time((time.time() - 365 * 86400) * 1000 // 1000)
        await kim.page.goto(f"{house.url}/chat/web")
        await met(house, kim, anna)
        await anna.says("anna-1")
        await kim.sees("anna-1")
        await kim.says("kim-1")
        await anna.sees("kim-1")
        await kim.page.reload()
        await kim.sees("kim-1")
        assert await kim.marks() == await anna.marks() == ["kim-0", "anna-1", "kim-1"]
        assert await kim.page.get_by_text("expired").count() == 0


async def test_the_agents_clock_is_wrong(tmp_path: Path) -> None:
    """With a clock a day ahead the agent sees plausible waiting times, and can accept what is offered."""
    async with (
        open_house(tmp_path) as house,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
        visiting(house.browser, "about:blank") as blank,
    ):
        await blank.page.clock.set_system_time(time.time() + 86400)
        await blank.page.goto(f"{house.url}/desk")
        await log_in(blank.page, "anna")
        await blank.page.get_by_label("Your presence").select_option("online")
        anna = AgentScreen(blank.page)
        await kim.says("kim-0")
        await named(house.server, "kim-0", "Kim")
        await kim.asks_for_a_person()
        await expect(anna.item("Kim").first).to_be_visible()
        text = await anna.item("Kim").first.inner_text()
        assert "day" not in text
        assert "hr" not in text
        assert "-" not in text.replace("kim-0", "")
        await anna.takes("Kim")


async def test_the_token_expires_in_mid_talk(tmp_path: Path) -> None:
    """The visitor's key is worthless after a break: they are told, and what they wrote meanwhile begins the new chat."""
    async with (
        open_house(tmp_path) as house,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        await kim.says("kim-0")
        await kim.sees("How can I help?")
        await kim.page.evaluate("Math.random = () => 0.999")  # the longest pauses
        await house.process.kill()
        await kim.says("kim-1")
        for _ in range(3):  # the pauses have grown long; the new chat is not kept waiting for that
            await kim.page.wait_for_event("websocket", timeout=15_000)
        # As if the key had been signed by nobody: the server cannot tell it from one that has ended.
        await kim.page.evaluate(
            """() => Object.keys(localStorage).forEach((key) => {
                 const kept = JSON.parse(localStorage[key]);
                 if (kept.token) localStorage[key] = JSON.stringify({ ...kept, token: kept.token.slice(0, -4) + "AAAA" });
               })"""
        )
        await house.restart()
        await expect(kim.page.get_by_text("Your earlier chat has expired.")).to_be_visible(timeout=60_000)
        await kim.sees("kim-1", 30)
        conversations = await house.server.until("/v1/conversations", lambda got: len(got["items"]) == 2)
        assert len(conversations["items"]) == 2
        assert await kim.marks() == ["kim-1"]


async def test_the_agent_is_logged_out_elsewhere(tmp_path: Path) -> None:
    """The page says so kindly, and after the log-in the words in the field are still there."""
    async with (
        open_house(tmp_path) as house,
        at_desk(house.browser, house.url, "anna") as anna,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        await met(house, kim, anna)
        await anna.field.fill("half a sent")
        for cookie in await anna.page.context.cookies():
            assert cookie.get("httpOnly") or "csrf" in str(cookie.get("name")).lower()
        await log_out_elsewhere(anna.page, house.url)
        await expect(anna.page.get_by_text("Your session has ended.")).to_be_visible()
        await log_in(anna.page, "anna")
        await anna.page.get_by_label("Your presence").select_option("online")
        await anna.takes("Kim")  # by logging out she gave Kim back to the queue
        await expect(anna.field).to_have_value("half a sent")


async def log_out_elsewhere(page: Page, url: str) -> None:
    """End the session of this page from another tab, as the person would."""
    tab = await page.context.new_page()
    await tab.goto(f"{url}/desk")
    await tab.get_by_role("button", name="Settings").click()
    await tab.get_by_role("button", name="Log out").click()
    await tab.get_by_role("dialog").get_by_role("button", name="Log out").click()  # a conversation is open
    await expect(tab.get_by_label("Password")).to_be_visible()
    await tab.close()


async def test_two_accept_at_once(tmp_path: Path) -> None:
    """Exactly one gets the conversation; the other reads who was first, and nothing is broken."""
    async with (
        open_house(tmp_path) as house,
        at_desk(house.browser, house.url, "anna") as anna,
        at_desk(house.browser, house.url, "bob") as bob,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        await kim.says("kim-0")
        await named(house.server, "kim-0", "Kim")
        await kim.asks_for_a_person()
        for agent in (anna, bob):
            await expect(agent.item("Kim").first).to_be_visible()
        faults = watched(bob.page)
        # Bob's page still shows the entry when he presses: the news of it is held back.
        await bob.page.route("**/v1/desk/handovers/*/accept", lambda route: after(anna, route))
        await bob.item("Kim").first.get_by_role("button", name="Accept").click()
        await expect(bob.page.get_by_text("Anna was first.").first).to_be_visible()
        await expect(anna.item("Kim").first).to_be_visible()
        assert faults == []
        active = (await house.server.call("GET", "/v1/handovers?status=active")).body["items"]
        assert [item["agent"]["name"] for item in active] == ["Anna"]


async def after(anna: AgentScreen, route: Any) -> None:
    """Let the call through once Anna has accepted."""
    await anna.takes("Kim")
    await route.continue_()


async def test_the_handover_ends_while_the_agent_writes(tmp_path: Path) -> None:
    """The visitor leaves in the middle of the agent's sentence: the agent is told, and keeps the words."""
    async with (
        open_house(tmp_path) as house,
        at_desk(house.browser, house.url, "anna") as anna,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        await met(house, kim, anna)
        await anna.field.fill("half a sent")
        await kim.ends()
        await expect(anna.page.get_by_text("has ended").first).to_be_visible()
        assert (await Agent(house.server, "anna").entries("mine")) == []
