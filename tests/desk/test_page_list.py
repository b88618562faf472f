"""The desk page: the list, the keyboard, and long lists and long talks."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Route, expect

from tests.desk.floor import Agent, queued
from tests.desk.screen import Screen
from tests.serving import Server

pytestmark = pytest.mark.browser

MANY = 120
LONG_TALK = 400


async def waits(server: Server, name: str, text: str = "hello", **route: object) -> None:
    """A visitor of this name who waits for a person."""
    await server.conversation(id=f"c_{name}", user={"id": name, "name": name})
    await server.said(f"c_{name}", text=text)
    await server.handover(f"c_{name}", id=name, settings={"route": route} if route else {})
    await server.until(f"/v1/handovers/{name}", lambda found: found["status"] == "queued", within_s=30)


async def test_offer_counts_down_and_long_waits_stand_out(server: Server, screen: Screen) -> None:
    """An offer shows how long it lasts and why a person is wanted; a wait past the limit says so in words, for those
    who see no colour."""
    await Agent(server, "anna").here()
    await queued(server, reason="Invoice")
    await expect(screen.line("Jo").get_by_text("Invoice", exact=True)).to_be_visible()
    await expect(screen.line("Jo").get_by_label("for you,")).to_be_visible()
    await expect(screen.page).to_have_title("(1) Desk · Anna")
    await screen.page.evaluate("const real = Date.now; Date.now = () => real() + 400_000")
    await expect(screen.line("Jo").get_by_text("waiting too long:")).to_be_attached()


async def test_filter_finds_by_name_text_and_inbox(server: Server, screen: Screen) -> None:
    """The slash key goes to the filter; every word has to fit somewhere; Escape empties it."""
    await Agent(server, "anna").here()
    await waits(server, "Kim", "the parcel is late")
    await waits(server, "Lee", "wrong colour")
    await expect(screen.line("Lee")).to_be_visible()
    await screen.page.locator("body").press("/")
    await expect(screen.page.get_by_role("searchbox")).to_be_focused()
    await screen.page.keyboard.type("PARCEL kim")
    await expect(screen.line("Kim")).to_be_visible()
    await expect(screen.line("Lee")).to_have_count(0)
    await screen.page.get_by_role("searchbox").fill("")
    await expect(screen.line("Lee")).to_be_visible()


async def test_the_keyboard_alone(server: Server, screen: Screen) -> None:
    """j and k walk, Enter opens, a accepts, r and n write, Escape goes back to the line; ? shows it all."""
    await Agent(server, "anna").here()
    await waits(server, "Kim")
    await waits(server, "Lee")
    await expect(screen.list.locator(".item .name")).to_have_text(["Kim", "Lee"])
    keys = screen.page.keyboard
    await keys.press("j")
    await expect(screen.line("Kim").get_by_role("button").first).to_be_focused()
    await keys.press("j")
    await expect(screen.line("Lee").get_by_role("button").first).to_be_focused()
    await keys.press("k")
    await keys.press("Enter")
    await expect(screen.page.get_by_role("heading", name="Kim", level=2)).to_be_visible()
    await keys.press("a")
    await expect(screen.field).to_be_focused()
    await keys.press("Escape")
    await keys.press("n")
    note = screen.page.get_by_role("textbox", name="Write a note that only colleagues see")
    await expect(note).to_be_focused()
    await keys.press("Escape")
    await keys.press("r")
    await expect(screen.field).to_be_focused()
    await expect(screen.field).to_have_value("")
    await keys.press("Escape")
    await keys.press("Escape")
    await expect(screen.line("Kim").get_by_role("button").first).to_be_focused()
    await keys.press("?")
    await expect(screen.dialog).to_contain_text("Next or previous in the list")


async def test_single_letters_can_be_switched_off(server: Server, screen: Screen) -> None:
    """Who dictates or uses a screen reader turns them off; Alt with the arrows still works."""
    await Agent(server, "anna").here()
    await waits(server, "Kim")
    await expect(screen.line("Kim")).to_be_visible()
    await screen.button("Settings").click()
    await screen.page.get_by_label("Single-letter shortcuts").uncheck()
    await screen.page.keyboard.press("Escape")
    await screen.page.keyboard.press("?")
    await screen.page.keyboard.press("Alt+ArrowDown")
    await expect(screen.page.get_by_role("heading", name="Kim", level=2)).to_be_visible()
    await expect(screen.dialog).to_have_count(0)


async def test_many_conversations_are_drawn_as_they_come_into_view(server: Server, screen: Screen) -> None:
    """Of a long queue only what is near the view is in the page, and the last is a keystroke away."""
    await Agent(server, "anna").here()
    for start in range(0, MANY, 20):
        await asyncio.gather(*(waits(server, f"Visitor {n:03}") for n in range(start, start + 20)))
    head = screen.page.get_by_role("heading", name=f"Waiting {MANY}")
    await expect(head).to_be_visible(timeout=20_000)
    assert await screen.list.get_by_role("listitem").count() < 60
    focused = screen.list.locator(".choose:focus .name")
    await screen.page.keyboard.press("j")
    first = await focused.inner_text()
    await screen.page.keyboard.press("End")
    await expect(focused).not_to_have_text(first)
    await expect(focused).to_be_in_viewport()
    await expect(head).not_to_be_in_viewport()
    await screen.page.keyboard.press("Home")
    await expect(head).to_be_in_viewport()


async def has_talk(server: Server, screen: Screen, lines: int) -> Locator:
    """Jo's conversation of so many lines is Anna's and open; the newest line, which is in sight."""
    await Agent(server, "anna").here()
    await server.conversation(id="c_h1", user={"id": "h1", "name": "Jo"})
    for n in range(lines):
        await server.said("c_h1", text=f"line {n}")
    await server.handover("c_h1", id="h1")
    await server.until("/v1/handovers/h1", lambda found: found["status"] == "queued")
    assert (await Agent(server, "anna").accept("h1")).status == 200
    await screen.has_open(1)
    await screen.opens("Jo")
    newest = screen.log.get_by_text(f"line {lines - 1}", exact=True)
    await expect(newest).to_be_in_viewport()
    return newest


async def test_a_long_talk_is_read_upwards_page_by_page(server: Server, screen: Screen) -> None:
    """The newest is there first; scrolling up brings earlier ones to the first; a new message does not move the reader,
    who gets to it by a button."""
    await has_talk(server, screen, LONG_TALK)
    assert await screen.log.locator("article").count() < 100
    first = screen.log.get_by_text("line 0", exact=True)
    async with asyncio.timeout(30):
        while not await first.count():
            await screen.log.evaluate("(log) => (log.scrollTop = 0)")
            await screen.page.evaluate("() => new Promise((drawn) => requestAnimationFrame(drawn))")
    await screen.log.evaluate("(log) => (log.scrollTop = 0)")
    await expect(first).to_be_in_viewport()
    await server.said("c_h1", text="one more")
    await screen.button("1 new message").click()
    await expect(screen.log.get_by_text("one more")).to_be_in_viewport()


SCROLLED_WHILE_IT_SHRINKS = """(log) => {
  log.scrollTop -= 1
  log.style.height = "9rem"
}"""
"""The page hears of the scrolling, a pixel off the end, only when there is less room already."""


async def test_less_room_does_not_take_the_reader_from_the_end(server: Server, screen: Screen) -> None:
    """Such as an answer that grows while the newest message comes in: it stays in sight."""
    newest = await has_talk(server, screen, 40)
    await screen.log.evaluate(SCROLLED_WHILE_IT_SHRINKS)
    await expect(newest).to_be_in_viewport()
    await server.said("c_h1", text="one more")
    await expect(screen.log.get_by_text("one more")).to_be_in_viewport()


async def test_who_left_the_bot_leaves_the_list(server: Server, screen: Screen) -> None:
    """The bot's conversations that went silent half an hour ago are not listed; the liveliest stands first."""
    for name in ("Ada", "Bea", "Cas"):
        await server.conversation(id=f"c_{name}", user={"id": name, "name": name})
        await server.said(f"c_{name}", text="hello, bot?")

    async def aged(route: Route) -> None:
        """As the server will answer when time has passed."""
        answer = await route.fetch()
        body = await answer.json()
        minutes = {"Ada": 31, "Bea": 29, "Cas": 0}
        for talk in body["items"]:
            at = datetime.now(UTC) - timedelta(minutes=minutes[talk["user"]["name"]])
            talk["updated_at"] = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        await route.fulfill(response=answer, json=body)

    await screen.page.route("**/v1/desk/conversations", aged)
    await screen.list.get_by_role("button", name="With the bot").click()
    await expect(screen.list.get_by_role("heading", name="With the bot 2")).to_be_visible()
    await expect(screen.list.locator(".item .name")).to_have_text(["Cas", "Bea"])
