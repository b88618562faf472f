"""What breaks under way: reload, second tab, the network, the server. Nothing is missing, nothing is there twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.pages.people import AgentScreen, Visitor, at_desk, named, visiting
from tests.scenarios.house import House, open_house

pytestmark = pytest.mark.browser

# Longer than the 15 s between signs of life, and long enough for a few attempts to come back.
LOST_S = 20


@asynccontextmanager
async def talking(folder: Path) -> AsyncIterator[tuple[House, Visitor, AgentScreen]]:
    """Kim and Anna in the middle of a talk: `kim-0` and `anna-0` are said."""
    async with open_house(folder) as house, AsyncExitStack() as stack:
        anna = await stack.enter_async_context(at_desk(house.browser, house.url, "anna"))
        kim = await stack.enter_async_context(visiting(house.browser, f"{house.url}/chat/web"))
        await kim.says("kim-0")
        await named(house.server, "kim-0", "Kim")
        await kim.asks_for_a_person()
        await anna.takes("Kim")
        await anna.says("anna-0")
        await kim.sees("anna-0")
        yield house, kim, anna


async def the_same_everywhere(house: House, *screens: Visitor | AgentScreen) -> list[str]:
    """What was said, as stored; every screen shows exactly that, in that order."""
    listed = await house.server.call("GET", "/v1/conversations")
    path = f"/v1/conversations/{listed.body['items'][0]['id']}/messages?limit=1000"
    items = (await house.server.call("GET", path)).body["items"]
    stored = [item["text"] for item in items if "-" in item["text"]]
    for screen in screens:
        assert await screen.marks() == stored
    return stored


async def test_reload_and_second_tab(tmp_path: Path) -> None:
    """Both reload in the middle, the visitor opens a second tab, and all screens tell the same once."""
    async with talking(tmp_path) as (house, kim, anna):
        await kim.says("kim-1")
        await kim.page.reload()
        await anna.sees("kim-1")
        await anna.says("anna-1")
        await anna.page.reload()
        await kim.sees("anna-1")
        await anna.opens("Kim")
        tab = Visitor(await kim.page.context.new_page())
        await tab.page.goto(f"{house.url}/chat/web")
        await tab.sees("anna-1")
        await tab.says("kim-2")
        await kim.sees("kim-2")
        await anna.sees("kim-2")
        await anna.says("anna-2")
        for screen in (kim, tab):
            await screen.sees("anna-2")
        said = ["kim-0", "anna-0", "kim-1", "anna-1", "kim-2", "anna-2"]
        assert await the_same_everywhere(house, kim, tab, anna) == said


async def test_the_network_is_lost_for_a_while(tmp_path: Path) -> None:
    """Twenty seconds without a network for both, who go on writing: all of it arrives once, each one's words in order."""
    async with talking(tmp_path) as (house, kim, anna):
        for screen in (kim, anna):
            await screen.page.context.set_offline(True)
        for number in (1, 2, 3):
            await kim.says(f"kim-{number}")
            await anna.says(f"anna-{number}")
            await asyncio.sleep(LOST_S / 4)  # time is what this test is about
        for screen, words in ((kim, "No connection"), (anna, "Connecting again")):
            await expect(screen.page.get_by_text(words).first).to_be_visible()
        await asyncio.sleep(LOST_S / 4)
        for screen in (kim, anna):
            await screen.page.context.set_offline(False)
        await kim.sees("anna-3", 60)
        await anna.sees("kim-3", 60)
        await settled(kim, anna)
        said = await the_same_everywhere(house, kim, anna)
        for name in ("kim", "anna"):
            assert [each for each in said if each.startswith(name)] == [f"{name}-{n}" for n in range(4)]


async def test_the_server_is_killed_in_mid_conversation(tmp_path: Path) -> None:
    """kill -9 while both write, and a restart at the same address: nothing is missing, nothing is there twice."""
    async with talking(tmp_path) as (house, kim, anna):
        await kim.says("kim-1")
        await anna.says("anna-1")
        await house.process.kill()
        for number in (2, 3):
            await kim.says(f"kim-{number}")
            await anna.says(f"anna-{number}")
        await expect(kim.page.get_by_text("No connection").first).to_be_visible(timeout=20_000)
        await house.restart()
        await kim.sees("anna-3", 60)
        await anna.sees("kim-3", 60)
        await settled(kim, anna)
        said = await the_same_everywhere(house, kim, anna)
        for name in ("kim", "anna"):
            assert [each for each in said if each.startswith(name)] == [f"{name}-{n}" for n in range(4)]
        await kim.says("kim-4")
        await anna.sees("kim-4")
        await anna.says("anna-4")
        await kim.sees("anna-4")


async def test_a_word_overtakes_the_talk(tmp_path: Path) -> None:
    """What the visitor says while the agent's page still loads the talk is on the screen, once."""
    async with open_house(tmp_path) as house, at_desk(house.browser, house.url, "anna") as anna:
        talk = await house.server.conversation(user={"id": "kim", "name": "Kim"})
        await house.server.said(talk["id"], text="kim-0")
        await house.server.handover(talk["id"])

        async def slowly(route: Route) -> None:
            answer = await route.fetch()
            await house.server.said(talk["id"], text="kim-1")
            await expect(anna.item("Kim").first).to_contain_text("kim-1")
            await route.fulfill(response=answer)

        await anna.page.route("**/messages?*", slowly, times=1)
        await anna.takes("Kim")
        await anna.sees("kim-1")
        await anna.sees("kim-0")
        assert await anna.marks() == ["kim-0", "kim-1"]


async def settled(*screens: Any) -> None:
    """Until nobody is told any more that something is being sent, or that the connection is lost."""
    for screen in screens:
        for words in ("Sending…", "No connection", "Connecting again"):
            await expect(screen.page.get_by_text(words)).to_have_count(0, timeout=60_000)
