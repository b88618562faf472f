"""The whole job without a mouse, on both sides."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser import opened
from tests.desk.floor import PASSWORD
from tests.pages.people import AgentScreen, Keyboard, Visitor
from tests.scenarios.house import House, open_house

pytestmark = pytest.mark.browser


async def log_in_and_be_there(agent: AgentScreen, keys: Keyboard) -> None:
    """The log-in form, and the presence."""
    page = agent.page
    await keys.types(page.get_by_label("Agent"), "anna", end="Tab")
    await keys.types(page.get_by_label("Password"), PASSWORD)
    presence = page.get_by_label("Your presence")
    await expect(presence).to_be_visible()
    await keys.to(presence)
    await page.keyboard.type("Onl")
    await expect(presence).to_have_value("online")


async def test_visitor_and_agent_without_a_mouse(tmp_path: Path) -> None:
    """Ask the bot, get a person, withdraw, ask again, talk, resolve, rate and end: with Tab, arrows, Enter and Space."""
    async with (
        open_house(tmp_path) as house,
        opened(house.browser, f"{house.url}/desk") as desk,
        opened(house.browser, f"{house.url}/chat/web") as chat,
    ):
        anna, agent_keys = AgentScreen(desk), Keyboard(desk)
        kim, keys = Visitor(chat), Keyboard(chat)
        await log_in_and_be_there(anna, agent_keys)
        await keys.types(kim.field, "kim-0")
        await keys.presses(chat.get_by_role("button", name="Track my order"))
        await keys.presses(chat.get_by_role("button", name="Talk to a person"))
        await keys.presses(chat.get_by_role("button", name="Never mind"))
        await kim.sees("Back with the bot")
        await keys.presses(chat.get_by_role("button", name="Talk to a person"))
        await agent_keys.presses(desk.get_by_role("navigation").get_by_role("button", name="Accept"))
        await the_talk(house, anna, agent_keys, kim, keys)
        await rate_and_end(kim, keys)


async def the_talk(
    house: House, anna: AgentScreen, agent_keys: Keyboard, kim: Visitor, keys: Keyboard
) -> None:
    """Words both ways, a ready answer, and the end of the handover."""
    await expect(anna.field).to_be_visible()
    await expect(anna.field).to_be_focused()
    await anna.page.keyboard.type("anna-1")
    await anna.page.keyboard.press("Enter")
    await kim.sees("anna-1")
    await keys.types(kim.field, "kim-1")
    await anna.sees("kim-1")
    await agent_keys.to(anna.field)
    await anna.page.keyboard.press("/")
    await expect(anna.page.get_by_role("option", name="Greeting")).to_be_visible()
    await anna.page.keyboard.press("ArrowDown")
    await anna.page.keyboard.press("ArrowUp")
    await anna.page.keyboard.press("Enter")
    await expect(anna.field).to_have_value("Hello, I have read your story.")
    await expect(anna.field).to_be_focused()
    await anna.page.keyboard.press("Enter")
    await kim.sees("Hello, I have read your story.")
    await agent_keys.presses(anna.page.get_by_role("button", name="Resolve"))
    ended = await house.server.until(
        "/v1/handovers?status=completed", lambda answer: len(answer["items"]) == 1
    )
    assert ended["items"][0]["ended_by"] == "agent"


async def rate_and_end(kim: Visitor, keys: Keyboard) -> None:
    """Four of five, a word more, and the end of the chat."""
    page = kim.page
    await keys.to(page.get_by_role("radio").first)
    for _ in range(4):
        await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio").nth(4)).to_be_checked()
    await keys.types(page.get_by_role("textbox", name="Anything to add?"), "quick", end="Tab")
    await keys.presses(page.get_by_role("button", name="Send rating"))
    await expect(page.get_by_role("radio")).to_have_count(0)
    await keys.presses(page.get_by_role("button", name="Options"))
    await expect(page.get_by_role("menuitem").or_(page.get_by_role("menuitemcheckbox")).first).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_role("menuitem", name="End chat")).to_be_focused()
    await page.keyboard.press("Enter")
    await keys.presses(page.get_by_role("dialog").get_by_role("button", name="End chat"))
    await keys.presses(page.get_by_role("button", name="New chat"))
    await expect(kim.field).to_be_visible()
