"""What agents do with a conversation besides answering it, and what becomes of it on the visitor's screen."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.pages.people import AgentScreen, Visitor, at_desk, named, visiting
from tests.pages.place import until
from tests.scenarios.house import House, open_house

pytestmark = pytest.mark.browser


@asynccontextmanager
async def three(folder: Path) -> AsyncIterator[tuple[House, Visitor, AgentScreen, AgentScreen]]:
    """Kim, who has said `kim-0` to the bot, and Anna and Bob at the desk."""
    async with open_house(folder) as house, AsyncExitStack() as stack:
        anna = await stack.enter_async_context(at_desk(house.browser, house.url, "anna"))
        bob = await stack.enter_async_context(at_desk(house.browser, house.url, "bob"))
        kim = await stack.enter_async_context(visiting(house.browser, f"{house.url}/chat/web"))
        await kim.says("kim-0")
        await kim.sees("How can I help?")
        await named(house.server, "kim-0", "Kim")
        yield house, kim, anna, bob


async def test_transferred_to_a_colleague(tmp_path: Path) -> None:
    """With a note that the visitor never sees; the colleague has the whole story and goes on in the same talk."""
    async with three(tmp_path) as (house, kim, anna, bob):
        await kim.asks_for_a_person()
        await anna.takes("Kim")
        await anna.says("anna-1")
        await anna.page.get_by_role("button", name="Transfer", exact=True).click()
        dialog = anna.page.get_by_role("dialog")
        await dialog.get_by_role("radio", name="Bob").check()
        await dialog.get_by_role("textbox", name="Note").fill("secret-1 from Anna")
        await dialog.get_by_role("button", name="Transfer", exact=True).click()
        await expect(bob.item("Kim").first).to_be_visible()
        if await bob.item("Kim").first.get_by_role("button", name="Accept").count():
            await bob.takes("Kim")
        else:
            await bob.opens("Kim")
        await bob.sees("secret-1 from Anna")
        await bob.says("bob-1")
        await kim.sees("bob-1")
        await kim.says("kim-1")
        await bob.sees("kim-1")
        assert await kim.marks() == ["kim-0", "anna-1", "bob-1", "kim-1"]
        handovers = (await house.server.call("GET", "/v1/handovers")).body["items"]
        assert [item["status"] for item in handovers] == ["active"]


async def test_private_notes_stay_private(tmp_path: Path) -> None:
    """A note is on the agent's screen, and never on the visitor's, also not after a reload."""
    async with three(tmp_path) as (_house, kim, anna, _bob):
        await kim.asks_for_a_person()
        await anna.takes("Kim")
        await anna.page.get_by_role("button", name="Note", exact=True).click()
        note = anna.page.get_by_role("textbox", name="Write a note")
        await note.fill("secret-1")
        await note.press("Enter")
        await anna.sees("secret-1")
        await anna.page.get_by_role("button", name="Message", exact=True).click()
        await anna.says("anna-1")
        await kim.sees("anna-1")
        await kim.page.reload()
        await kim.sees("anna-1")
        assert await kim.marks() == ["kim-0", "anna-1"]


async def test_the_visitor_leaves_and_comes_back(tmp_path: Path) -> None:
    """The agent sees that the page was closed, and that it is open again."""
    async with three(tmp_path) as (house, kim, anna, _bob):
        await kim.asks_for_a_person()
        await anna.takes("Kim")
        gone = anna.page.get_by_role("main").get_by_text("left the page")
        await expect(anna.field).to_be_visible()
        await expect(gone).to_have_count(0)
        await kim.page.goto("about:blank")
        await expect(gone.first).to_be_visible(timeout=15_000)
        await kim.page.goto(f"{house.url}/chat/web")
        await expect(gone).to_have_count(0, timeout=15_000)
        await anna.says("anna-1")
        await kim.sees("anna-1")


async def test_the_visitor_left_before_the_agent_came(tmp_path: Path) -> None:
    """Whoever opens the conversation of somebody who has left sees it, also after a reload of the desk."""
    async with three(tmp_path) as (house, kim, anna, _bob):
        await kim.asks_for_a_person()
        await expect(anna.item("Kim").first.get_by_role("button", name="Accept")).to_be_visible()
        await kim.page.goto("about:blank")
        await until(lambda: has_left(house))
        gone = anna.page.get_by_role("main").get_by_text("left the page")
        await anna.takes("Kim")
        await expect(gone.first).to_be_visible()
        await anna.page.reload()
        await expect(gone.first).to_be_visible()


async def test_the_visitor_leaves_while_the_story_loads(tmp_path: Path) -> None:
    """What happens before the conversation is all on the agent's screen is not forgotten."""
    async with three(tmp_path) as (house, kim, anna, _bob):

        async def late(route: Route) -> None:
            answer = await route.fetch()
            await kim.page.goto("about:blank")
            await until(lambda: has_left(house))
            await route.fulfill(response=answer)

        await anna.page.route(re.compile(r"/v1/desk/handovers/[^/?]+$"), late)
        await kim.asks_for_a_person()
        await anna.takes("Kim")
        await expect(anna.page.get_by_role("main").get_by_text("left the page").first).to_be_visible()


async def has_left(house: House) -> bool:
    """Whether the server knows that the visitor's page is closed."""
    (handover,) = (await house.server.call("GET", "/v1/handovers")).body["items"]
    happened = await house.server.call("GET", f"/v1/conversations/{handover['conversation_id']}/events")
    return any(event["type"] == "user.disconnected" for event in happened.body["items"])


async def test_an_agent_goes_offline(tmp_path: Path) -> None:
    """The conversation is offered to the colleague; the visitor stays connected and loses nothing."""
    async with three(tmp_path) as (_house, kim, anna, bob):
        await kim.asks_for_a_person()
        await anna.takes("Kim")
        await anna.says("anna-1")
        await kim.sees("anna-1")
        await anna.page.get_by_label("Your presence").select_option("offline")
        await anna.page.get_by_role("dialog").get_by_role("button", name="Go offline").click()
        await bob.takes("Kim")
        await bob.says("bob-1")
        await kim.sees("bob-1")
        assert await bob.marks() == ["kim-0", "anna-1", "bob-1"]


async def test_taking_over_from_the_bot(tmp_path: Path) -> None:
    """An agent steps into a talk with the bot without being asked, and gives it back."""
    async with three(tmp_path) as (_house, kim, anna, _bob):
        await anna.page.get_by_role("button", name="With the bot").click()
        await anna.item("Kim").first.get_by_role("button").first.click()
        await anna.page.get_by_role("main").get_by_role("button", name="Take over").click()
        await expect(anna.field).to_be_visible()
        await anna.says("anna-1")
        await kim.sees("anna-1")
        await expect(kim.page.get_by_role("heading", name="Anna")).to_be_visible()
        await anna.resolves()
        await expect(kim.page.get_by_role("heading", name="Anna")).to_have_count(0)
        await kim.says("kim-1")
        await kim.sees("How can I help?")


async def test_nobody_is_listed_twice(tmp_path: Path) -> None:
    """Who asks for a person leaves the list of those who talk to the bot."""
    async with three(tmp_path) as (_house, kim, anna, _bob):
        await anna.page.get_by_role("button", name="With the bot").click()
        await expect(anna.item("Kim")).to_have_count(1)
        await kim.asks_for_a_person()
        await anna.takes("Kim")
        await expect(anna.item("Kim")).to_have_count(1)


async def test_what_was_read_stays_read(tmp_path: Path) -> None:
    """The answer to an agent's message comes after the news that it was read; the message is shown as read."""
    async with three(tmp_path) as (house, kim, anna, _bob):
        await kim.asks_for_a_person()
        await anna.takes("Kim")

        async def late(route: Route) -> None:
            answer = await route.fetch()
            await until(lambda: is_read(house, "anna-1"))
            await route.fulfill(response=answer)

        await anna.page.route("**/v1/desk/handovers/*/messages", late)
        async with anna.page.expect_response("**/v1/desk/handovers/*/messages"):
            await anna.says("anna-1")
        await expect(anna.page.get_by_text("Sending")).to_have_count(0)
        await expect(anna.log.get_by_text("Read", exact=True)).to_be_visible()


async def is_read(house: House, text: str) -> bool:
    """Whether the visitor has read this message of an agent."""
    (handover,) = (await house.server.call("GET", "/v1/handovers")).body["items"]
    path = f"/v1/conversations/{handover['conversation_id']}/messages"
    said = (await house.server.call("GET", path)).body["items"]
    return [one["delivery"]["state"] for one in said if one["text"] == text] == ["read"]
