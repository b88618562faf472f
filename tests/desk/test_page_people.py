"""The desk page: presence, passing on, and what a supervisor sees."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from tests.desk.floor import CONFIG, Agent, listening, queued
from tests.desk.screen import Screen, at_desk
from tests.serving import Server, running_server

pytestmark = pytest.mark.browser


async def test_transfer_to_a_colleague(server: Server, screen: Screen) -> None:
    """Transferred in the dialog, which shows who is there and how busy, it leaves the agent's list."""
    await Agent(server, "anna").here()
    bob = await Agent(server, "bob").here()
    await queued(server)
    await Agent(server, "anna").accept("h1")
    await screen.has_open(1)
    await screen.opens("Jo")
    await screen.button("Transfer").click()
    await expect(screen.dialog.get_by_text("Online · 0 of 3")).to_be_visible()
    await expect(screen.dialog.get_by_role("radio", name="Sam")).to_be_disabled()
    await screen.dialog.get_by_role("radio", name="Bob").check()
    await screen.dialog.get_by_role("button", name="Transfer").click()
    await expect(screen.page.get_by_text("You have no conversations.")).to_be_visible()
    await bob.sees(lambda entries: [entry["id"] for entry in entries] == ["h1"], "mine")


async def test_a_transferred_conversation_is_told(server: Server, screen: Screen) -> None:
    """Who gets one from a colleague reads from whom, and it stands among their own."""
    await Agent(server, "anna").here()
    bob = await Agent(server, "bob").here()
    await queued(server)
    await bob.accept("h1")
    await bob.call("POST", "handovers/h1/transfer", {"agent": "anna"})
    await expect(screen.page.get_by_text("passed you the conversation with Jo").first).to_be_visible()
    await screen.has_open(1)


async def test_release_puts_it_back(server: Server, screen: Screen) -> None:
    """Released, it waits again and is nobody's."""
    await Agent(server, "anna").here()
    await queued(server)
    await Agent(server, "anna").accept("h1")
    await screen.has_open(1)
    await screen.opens("Jo")
    await screen.button("Release").click()
    await expect(screen.page.get_by_role("heading", name="Waiting 1")).to_be_visible()
    assert [entry["agent"] for entry in await Agent(server, "sue").entries("queue")] == [None]


async def test_going_offline_with_open_conversations_asks(server: Server, screen: Screen) -> None:
    """The page says what will happen; staying changes nothing, going leaves them to the others."""
    await Agent(server, "anna").here()
    await queued(server)
    await Agent(server, "anna").accept("h1")
    await screen.has_open(1)
    presence = screen.page.get_by_label("Your presence")
    await presence.select_option("offline")
    await expect(screen.dialog).to_contain_text("You have 1 open conversation. It goes back to the queue")
    await screen.dialog.get_by_role("button", name="Stay").click()
    await screen.is_present("online")
    await presence.select_option("offline")
    await screen.dialog.get_by_role("button", name="Go offline").click()
    await screen.is_present("offline")
    await Agent(server, "sue").sees(lambda entries: entries and entries[0]["agent"] is None)


def is_now(presence: str) -> Callable[[Any], bool]:
    """Whether an event tells that the agent is this now."""
    return lambda told: told["agent"]["presence"] == presence


def since(told: Any) -> datetime:
    """From when on the agent is as an event tells."""
    return datetime.fromisoformat(told["agent"]["presence_since"])


async def test_away_without_input_and_back_with_it(tmp_path: object, browser: Browser) -> None:
    """A desk nobody touches says so by itself, and the first move of the mouse ends it."""
    text = CONFIG.replace("desk:\n", "desk:\n  away_after_s: 60\n")
    async with (
        running_server(tmp_path, text) as server,  # type: ignore[arg-type]
        at_desk(browser, server) as screen,
        listening(Agent(server, "anna")) as heard,
    ):
        await screen.page.clock.install()
        await screen.page.get_by_label("Your presence").select_option("online")
        await heard.until("desk.presence", is_now("online"))
        await screen.page.clock.fast_forward(61_000)
        await expect(screen.page.get_by_text("You were set to away")).to_be_visible()
        told = (await Agent(server, "anna").call("GET", "me")).body["agent"]
        assert (told["presence"], told["auto"]) == ("away", True)
        await screen.page.mouse.move(200, 200)
        await screen.page.mouse.move(210, 210)
        await screen.is_present("online")
        await expect(screen.page.get_by_text("You were set to away")).to_have_count(0)


async def test_a_silent_screen_elsewhere(tmp_path: object, browser: Browser) -> None:
    """Who comes online on one device is not set to away at once by another one that nobody touches."""
    text = CONFIG.replace("desk:\n", "desk:\n  away_after_s: 3\n")
    async with (
        running_server(tmp_path, text) as server,  # type: ignore[arg-type]
        at_desk(browser, server) as silent,
        at_desk(browser, server) as used,
        listening(Agent(server, "anna")) as heard,
    ):
        await silent.page.get_by_label("Your presence").select_option("online")
        await heard.until("desk.presence", is_now("away"))  # whichever says it first
        for screen in (silent, used):
            await expect(screen.page.get_by_text("You were set to away")).to_be_visible()
        await used.page.mouse.move(200, 200)
        online = await heard.until("desk.presence", is_now("online"))
        away = await heard.until("desk.presence", is_now("away"))
        assert since(away) - since(online) > timedelta(seconds=2)


async def test_a_late_guess_of_another_screen(tmp_path: object, browser: Browser) -> None:
    """What an idle screen guessed before its agent came back on another one, and arrives after, changes nothing."""
    text = CONFIG.replace("desk:\n", "desk:\n  away_after_s: 1\n")
    guesses: asyncio.Queue[Route] = asyncio.Queue()

    async def hold(route: Route) -> None:
        """What the agent says goes on; what the page guesses does not."""
        said = route.request.post_data_json or {}
        await (guesses.put(route) if said.get("auto") else route.continue_())

    async with (
        running_server(tmp_path, text) as server,  # type: ignore[arg-type]
        at_desk(browser, server) as silent,
    ):
        await silent.page.route("**/v1/desk/presence", hold)
        await silent.page.get_by_label("Your presence").select_option("online")
        late = await asyncio.wait_for(guesses.get(), 15)
        elsewhere = await Agent(server, "anna").here("busy")
        await elsewhere.here("online")
        await silent.page.unroute("**/v1/desk/presence")
        answer = await late.fetch()
        assert (await answer.json())["presence"] == "online"


async def test_take_over_from_the_bot(server: Server, screen: Screen) -> None:
    """A bot's conversation can be read as it goes on, and taken over."""
    await screen.page.get_by_label("Your presence").select_option("online")
    await server.until("/v1/availability?provider=support", lambda found: found["open"])
    await server.conversation(id="c_b", user={"id": "b", "name": "Lena"})
    await server.said("c_b", text="where is my parcel?")
    await screen.list.get_by_role("button", name=re.compile("With the bot")).click()
    await screen.opens("Lena")
    await expect(screen.log).to_contain_text("where is my parcel?")
    await server.said("c_b", text="hello, bot?")
    await expect(screen.log).to_contain_text("hello, bot?", timeout=15_000)
    await screen.page.get_by_role("main").get_by_role("button", name="Take over").click()
    await screen.says("This is Anna")
    await expect(screen.log).to_contain_text("This is Anna")


async def test_alerts_only_when_asked_for(server: Server, browser: Browser) -> None:
    """Nothing asks for permission by itself; switched on, an offer on a hidden page makes a notification."""
    async with at_desk(browser, server, permissions=["notifications"]) as screen:
        watch = """() => {
          window.shown = [];
          window.Notification = class { constructor(title) { window.shown.push(title); } close() {}
            static permission = "granted"; static requestPermission = async () => "granted"; };
          Object.defineProperty(document, "hidden", { get: () => true });
        }"""
        await screen.button("Settings").click()
        box = screen.page.get_by_label("Notifications")
        await expect(box).not_to_be_checked()
        await screen.page.evaluate(watch)
        await box.check()
        await screen.page.evaluate("localStorage.setItem('openhandover.desk.input', '0')")
        await Agent(server, "anna").here()
        await queued(server)
        await screen.page.wait_for_function("window.shown.includes('Jo is waiting for you.')")


async def test_the_supervisor_sees_and_assigns(server: Server, browser: Browser) -> None:
    """Queue per inbox, today's figures and the agents; a waiting one is assigned, an agent set offline."""
    await Agent(server, "anna").here()
    bob = await Agent(server, "bob").here()
    await queued(server)
    async with at_desk(browser, server, "sue") as screen:
        await screen.button("Overview").click()
        main = screen.page.get_by_role("main")
        await expect(main.get_by_role("row", name=re.compile("^default 1"))).to_be_visible()
        await expect(main.get_by_role("row", name=re.compile("Anna.*Online"))).to_be_visible()
        await screen.picture("overview")
        await screen.button("Assign Jo").click()
        await screen.dialog.get_by_role("radio", name="Bob").check()
        await screen.dialog.get_by_role("button", name="Assign").click()
        await bob.sees(lambda entries: [entry["id"] for entry in entries] == ["h1"], "mine")
        await screen.button("Set Anna offline").click()
        await expect(main.get_by_role("row", name=re.compile("Anna.*Offline"))).to_be_visible()
        await screen.opens("Jo")
        await expect(screen.log).to_contain_text("my invoice is wrong")
        await expect(screen.button("Note")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_width_without_sideways_scrolling(
    server: Server, screen: Screen, width: int, scheme: str
) -> None:
    """On a phone, a tablet and a desktop, in both schemes, nothing sticks out."""
    await Agent(server, "anna").here()
    await queued(server)
    await Agent(server, "anna").accept("h1")
    await screen.has_open(1)
    await screen.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await screen.page.set_viewport_size({"width": width, "height": 780})
    await screen.opens("Jo")
    await expect(screen.log).to_contain_text("my invoice is wrong")
    await screen.picture(f"talk-{width}-{scheme}")
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_on_a_phone_each_thing_is_a_screen_of_its_own(server: Server, browser: Browser) -> None:
    """List, talk and details come one after the other, and the browser's way back leads from the talk to the list."""
    await Agent(server, "anna").here()
    await queued(server)
    await Agent(server, "anna").accept("h1")
    async with at_desk(browser, server, viewport={"width": 360, "height": 740}) as screen:
        await screen.opens("Jo")
        await expect(screen.list).to_be_hidden()
        await screen.button("Details").click()
        details = screen.page.get_by_role("complementary", name="Details")
        await expect(details).to_be_in_viewport()
        await screen.button("Back to the conversation").click()
        await expect(details).to_be_hidden()
        await screen.says("from my phone")
        await expect(screen.log).to_contain_text("from my phone")
        await screen.page.go_back()
        await expect(screen.line("from my phone")).to_be_visible()
        await screen.opens("Jo")
        await screen.button("Back to the list").click()
        await expect(screen.line("from my phone")).to_be_visible()


async def test_a_phone_with_nobody_waiting(server: Server, browser: Browser) -> None:
    """The list has the screen for itself until somebody waits; a supervisor's way to the analytics is in the menu."""
    await Agent(server, "anna").here()
    async with at_desk(browser, server, "sue", viewport={"width": 360, "height": 740}) as screen:
        await expect(screen.list.get_by_text("Nobody is waiting.")).to_be_visible()
        whole = await screen.list.bounding_box()
        assert whole is not None and whole["y"] + whole["height"] >= 739
        await screen.button("Settings").click()
        await expect(screen.page.get_by_role("link", name="Analytics")).to_be_visible()
        await screen.button("Settings").click()
        await queued(server)
        await expect(screen.page.get_by_text("1 person is waiting")).to_be_in_viewport()


async def test_the_middle_says_what_can_be_done(server: Server, screen: Screen) -> None:
    """ "Or" is said only where there is something else to do."""
    main = screen.page.get_by_role("main")
    await expect(main.get_by_text("Choose a conversation on the left.", exact=True)).to_be_visible()
    await screen.page.get_by_label("Your presence").select_option("online")
    await server.until("/v1/availability?provider=support", lambda found: found["open"])
    await queued(server)
    await expect(main.get_by_role("button", name="Take the next one")).to_be_visible()
    await expect(main.get_by_text("Or choose a conversation on the left.", exact=True)).to_be_visible()
